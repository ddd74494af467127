//! A proposal's life: OpenZeppelin's state machine and its simple counting. No chain, no clock of its own.

use ink::prelude::vec::Vec;
use ink::scale::Encode;
use openledger_abi::governor::{
    Ballot, GovernorError, GovernorParameters, Proposal, ProposalState, Support, MAX_QUORUM_BPS, MAX_THRESHOLD,
};
use openledger_abi::timelock::{Call, OperationState, MAX_CALLS, MAX_CALLS_BYTES};
use openledger_abi::times::{Unit, VOTING};
use openledger_abi::{ensure, AccountId, Balance, Bytes32, Timestamp, BPS};

/// Errors with `BadParameters` for what would end all voting, or make a vote longer than others count on: no time to vote in, too
/// much of it, no votes that suffice.
pub fn ensure_parameters(parameters: &GovernorParameters, unit: Unit) -> Result<(), GovernorError> {
    let times = [parameters.voting_delay_ms, parameters.voting_period_ms, parameters.late_quorum_extension_ms];
    let whole = times.iter().fold(0, |sum: Timestamp, ms| sum.saturating_add(*ms));
    ensure!(
        VOTING.allow(unit, whole)
            && parameters.voting_period_ms > 0
            && parameters.threshold <= MAX_THRESHOLD
            && parameters.quorum_bps <= MAX_QUORUM_BPS,
        GovernorError::BadParameters
    );
    Ok(())
}

/// Errors with `BadCalls` unless the timelock would take these calls.
pub fn ensure_calls(calls: &[Call]) -> Result<(), GovernorError> {
    ensure!(
        !calls.is_empty() && calls.len() <= MAX_CALLS && calls.encoded_size() <= MAX_CALLS_BYTES,
        GovernorError::BadCalls
    );
    Ok(())
}

/// The bytes whose hash is the proposal's id.
pub fn preimage(governor: &AccountId, proposer: &AccountId, calls: &[Call], description_hash: &Bytes32) -> Vec<u8> {
    (governor, proposer, calls, description_hash).encode()
}

/// A proposal made at `now` by a proposer that had `votes` just before; `grace_ms` is the timelock's.
pub fn propose(
    parameters: &GovernorParameters,
    proposer: AccountId,
    description_hash: Bytes32,
    votes: Balance,
    grace_ms: Timestamp,
    now: Timestamp,
) -> Result<Proposal, GovernorError> {
    let threshold = parameters.threshold;
    ensure!(votes >= threshold, GovernorError::BelowThreshold { votes, threshold });
    let snapshot_at = now.checked_add(parameters.voting_delay_ms).ok_or(GovernorError::Overflow)?;
    let deadline_at = snapshot_at.checked_add(parameters.voting_period_ms).ok_or(GovernorError::Overflow)?;
    Ok(Proposal {
        proposer,
        description_hash,
        proposed_at: now,
        snapshot_at,
        deadline_at,
        votes_against: 0,
        votes_for: 0,
        votes_abstain: 0,
        threshold,
        quorum_bps: parameters.quorum_bps,
        quorum: None,
        cancelled: false,
        operation: None,
        late_quorum_extension_ms: parameters.late_quorum_extension_ms,
        grace_ms,
    })
}

/// The share of a supply that makes a quorum, rounded down.
pub fn quorum(supply: Balance, bps: u16) -> Result<Balance, GovernorError> {
    // Split so that no product of a supply within 128 bits can overflow.
    let whole = supply.checked_div(u128::from(BPS)).unwrap_or(0);
    let rest = supply.checked_rem(u128::from(BPS)).unwrap_or(0);
    let bps = u128::from(bps);
    let of_rest = rest.checked_mul(bps).and_then(|product| product.checked_div(u128::from(BPS)));
    whole.checked_mul(bps).zip(of_rest).and_then(|(whole, rest)| whole.checked_add(rest)).ok_or(GovernorError::Overflow)
}

/// Where the proposal stands at `now`; `operation` is where its operation stands in the timelock, if it is queued.
pub fn state(proposal: &Proposal, now: Timestamp, operation: Option<OperationState>) -> ProposalState {
    if proposal.cancelled {
        return ProposalState::Cancelled;
    }
    match operation {
        Some(OperationState::Waiting | OperationState::Ready) => return ProposalState::Queued,
        Some(OperationState::Done) => return ProposalState::Executed,
        Some(OperationState::Expired) => return ProposalState::Expired,
        // By the guardian; or the timelock forgot it.
        Some(OperationState::Cancelled | OperationState::Unset) => return ProposalState::Cancelled,
        None => {}
    }
    if now <= proposal.snapshot_at {
        ProposalState::Pending
    } else if now <= proposal.deadline_at {
        ProposalState::Active
    } else if !passed(proposal) {
        ProposalState::Defeated
    } else if now > proposal.deadline_at.saturating_add(proposal.grace_ms) {
        // Else what was decided in another time could be brought into force whenever it suits somebody.
        ProposalState::Expired
    } else {
        ProposalState::Succeeded
    }
}

/// More for than against, and a quorum.
fn passed(proposal: &Proposal) -> bool {
    proposal.votes_for > proposal.votes_against && has_quorum(proposal)
}

/// For and abstain reach the quorum. Before the first vote, when it isn't known, nothing does.
fn has_quorum(proposal: &Proposal) -> bool {
    let took_part = proposal.votes_for.saturating_add(proposal.votes_abstain);
    proposal.quorum.is_some_and(|quorum| took_part >= quorum)
}

/// Counts a vote that is allowed: the proposal is active and the voter has not voted. `quorum` is what makes one. Returns the new
/// deadline if this vote brought the quorum so late that the vote is extended.
pub fn count(
    proposal: &mut Proposal,
    ballot: Ballot,
    quorum: Balance,
    now: Timestamp,
) -> Result<Option<Timestamp>, GovernorError> {
    ensure!(ballot.weight > 0, GovernorError::NoVotes);
    let had_quorum = has_quorum(proposal);
    let side = match ballot.support {
        Support::Against => &mut proposal.votes_against,
        Support::For => &mut proposal.votes_for,
        Support::Abstain => &mut proposal.votes_abstain,
    };
    *side = side.checked_add(ballot.weight).ok_or(GovernorError::Overflow)?;
    proposal.quorum = Some(quorum);
    if had_quorum || !has_quorum(proposal) {
        return Ok(None);
    }
    // The count only grows, so a quorum is reached once.
    let until = now.checked_add(proposal.late_quorum_extension_ms).ok_or(GovernorError::Overflow)?;
    if until <= proposal.deadline_at {
        return Ok(None);
    }
    proposal.deadline_at = until;
    Ok(Some(until))
}

/// Errors unless `caller` may cancel a proposal in `state`; `votes` asks for the proposer's votes now.
pub fn ensure_may_cancel(
    proposal: &Proposal,
    state: ProposalState,
    caller: AccountId,
    votes: impl FnOnce() -> Result<Balance, GovernorError>,
) -> Result<(), GovernorError> {
    use ProposalState::{Active, Pending, Queued, Succeeded};
    ensure!(matches!(state, Pending | Active | Succeeded | Queued), GovernorError::WrongState(state));
    if state == Pending && caller == proposal.proposer {
        return Ok(());
    }
    ensure!(votes()? < proposal.threshold, GovernorError::MayNotCancel);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ProposalState::*;

    const PARAMETERS: GovernorParameters = GovernorParameters {
        voting_delay_ms: 10,
        voting_period_ms: 100,
        threshold: 50,
        quorum_bps: 400,
        late_quorum_extension_ms: 30,
    };
    const GRACE: Timestamp = 500;

    fn account(byte: u8) -> AccountId {
        AccountId::from([byte; 32])
    }

    fn proposal() -> Proposal {
        propose(&PARAMETERS, account(1), [2; 32], 50, GRACE, 1_000).unwrap()
    }

    fn voted(votes: &[(Support, Balance)], quorum: Balance) -> Proposal {
        let mut proposal = proposal();
        for (support, weight) in votes {
            count(&mut proposal, Ballot { support: *support, weight: *weight }, quorum, 1_011).unwrap();
        }
        proposal
    }

    #[test]
    fn a_vote_opens_after_the_snapshot_and_closes_after_the_deadline() {
        let proposal = proposal();
        for (now, expected) in [(1_000, Pending), (1_010, Pending), (1_011, Active), (1_110, Active), (1_111, Defeated)]
        {
            assert_eq!(state(&proposal, now, None), expected, "at {now}");
        }
    }

    #[test]
    fn a_proposer_below_the_threshold_is_refused() {
        assert_eq!(
            propose(&PARAMETERS, account(1), [2; 32], 49, GRACE, 1_000),
            Err(GovernorError::BelowThreshold { votes: 49, threshold: 50 })
        );
        let late = propose(&PARAMETERS, account(1), [2; 32], 50, GRACE, u64::MAX);
        assert_eq!(late, Err(GovernorError::Overflow));
    }

    #[test]
    fn more_for_than_against_and_a_quorum_succeed() {
        use Support::{Abstain, Against, For};
        for (votes, expected) in [
            (vec![(For, 40)], Succeeded),
            (vec![(For, 39)], Defeated),
            (vec![(For, 20), (Abstain, 20)], Succeeded),
            (vec![(Abstain, 100)], Defeated),
            (vec![(For, 50), (Against, 50)], Defeated),
            (vec![(For, 51), (Against, 50)], Succeeded),
            (vec![(For, 10), (Against, 90), (Abstain, 90)], Defeated),
            (vec![(For, 30), (Against, 20)], Defeated),
        ] {
            assert_eq!(state(&voted(&votes, 40), 1_111, None), expected, "{votes:?}");
        }
    }

    #[test]
    fn a_quorum_of_zero_still_needs_a_vote_for_it() {
        assert_eq!(state(&proposal(), 1_111, None), Defeated);
        assert_eq!(state(&voted(&[(Support::For, 1)], 0), 1_111, None), Succeeded);
    }

    #[test]
    fn a_vote_of_nothing_is_refused() {
        let ballot = Ballot { support: Support::For, weight: 0 };
        assert_eq!(count(&mut proposal(), ballot, 1, 1_011), Err(GovernorError::NoVotes));
    }

    #[test]
    fn a_quorum_that_comes_late_leaves_time_to_answer_it() {
        // The vote is open until 1,110; the extension is 30.
        for (at, extended) in [(1_080, None), (1_081, Some(1_111)), (1_110, Some(1_140))] {
            let mut proposal = proposal();
            let vote = |support, weight| Ballot { support, weight };
            assert_eq!(count(&mut proposal, vote(Support::For, 39), 40, at), Ok(None), "no quorum yet");
            assert_eq!(count(&mut proposal, vote(Support::Against, 1_000), 40, at), Ok(None), "against makes none");
            assert_eq!(count(&mut proposal, vote(Support::Abstain, 1), 40, at), Ok(extended), "at {at}");
            let deadline = extended.unwrap_or(1_110);
            assert_eq!(state(&proposal, deadline, None), Active);
            assert_eq!(state(&proposal, deadline + 1, None), Defeated);
            // Once: what comes after the quorum moves nothing.
            assert_eq!(count(&mut proposal, vote(Support::For, 5_000), 40, deadline), Ok(None));
            assert_eq!(proposal.deadline_at, deadline);
            assert_eq!(state(&proposal, deadline + 1, None), Succeeded);
        }
    }

    #[test]
    fn without_an_extension_no_vote_gets_longer() {
        let parameters = GovernorParameters { late_quorum_extension_ms: 0, ..PARAMETERS };
        let mut proposal = propose(&parameters, account(1), [2; 32], 50, GRACE, 1_000).unwrap();
        let ballot = Ballot { support: Support::For, weight: 40 };
        assert_eq!(count(&mut proposal, ballot, 40, 1_110), Ok(None));
        assert_eq!(proposal.deadline_at, 1_110);
    }

    #[test]
    fn a_quorum_of_zero_is_reached_by_the_first_vote() {
        let mut proposal = proposal();
        let against = Ballot { support: Support::Against, weight: 1 };
        assert_eq!(count(&mut proposal, against, 0, 1_100), Ok(Some(1_130)));
        assert_eq!(count(&mut proposal, against, 0, 1_120), Ok(None));
    }

    #[test]
    fn a_queued_proposal_stands_where_its_operation_stands() {
        let proposal = voted(&[(Support::For, 100)], 40);
        for (operation, expected) in [
            (OperationState::Waiting, Queued),
            (OperationState::Ready, Queued),
            (OperationState::Done, Executed),
            (OperationState::Expired, Expired),
            (OperationState::Cancelled, Cancelled),
            (OperationState::Unset, Cancelled),
        ] {
            assert_eq!(state(&proposal, 9_999, Some(operation)), expected);
        }
    }

    #[test]
    fn a_cancelled_proposal_stays_so() {
        let proposal = Proposal { cancelled: true, ..voted(&[(Support::For, 100)], 40) };
        for now in [1_000, 1_011, 1_111] {
            assert_eq!(state(&proposal, now, None), Cancelled);
        }
    }

    #[test]
    fn the_proposer_cancels_while_pending_and_anyone_once_it_sold_its_votes() {
        let proposal = proposal();
        let may = |state, caller, votes| ensure_may_cancel(&proposal, state, account(caller), || Ok(votes));
        assert_eq!(may(Pending, 1, 50), Ok(()));
        assert_eq!(may(Active, 1, 50), Err(GovernorError::MayNotCancel));
        assert_eq!(may(Pending, 2, 50), Err(GovernorError::MayNotCancel));
        for state in [Pending, Active, Succeeded, Queued] {
            assert_eq!(may(state, 2, 49), Ok(()));
        }
        for state in [Cancelled, Defeated, Expired, Executed] {
            assert_eq!(may(state, 1, 0), Err(GovernorError::WrongState(state)));
        }
    }

    #[test]
    fn four_percent_of_a_billion_is_forty_million() {
        assert_eq!(quorum(1_000_000_000, 400), Ok(40_000_000));
        assert_eq!(quorum(Balance::MAX, BPS), Ok(Balance::MAX));
        assert_eq!(quorum(99, 100), Ok(0));
        assert_eq!(quorum(0, BPS), Ok(0));
    }

    #[test]
    fn parameters_that_would_end_all_voting_are_refused() {
        let unit = Unit::Day;
        let edge = GovernorParameters {
            voting_delay_ms: unit.ms(2),
            voting_period_ms: unit.ms(VOTING.max - 5),
            threshold: MAX_THRESHOLD,
            quorum_bps: MAX_QUORUM_BPS,
            late_quorum_extension_ms: unit.ms(3),
        };
        assert_eq!(ensure_parameters(&PARAMETERS, unit), Ok(()));
        assert_eq!(ensure_parameters(&edge, unit), Ok(()));
        assert_eq!(ensure_parameters(&edge, Unit::TenSeconds), Err(GovernorError::BadParameters));
        for senseless in [
            GovernorParameters { voting_period_ms: 0, ..edge },
            GovernorParameters { voting_period_ms: edge.voting_period_ms + 1, ..edge },
            GovernorParameters { voting_delay_ms: edge.voting_delay_ms + 1, ..edge },
            GovernorParameters { threshold: MAX_THRESHOLD + 1, ..edge },
            GovernorParameters { quorum_bps: MAX_QUORUM_BPS + 1, ..edge },
            GovernorParameters { late_quorum_extension_ms: u64::MAX, ..edge },
        ] {
            assert_eq!(ensure_parameters(&senseless, unit), Err(GovernorError::BadParameters));
        }
    }

    #[test]
    fn what_nobody_queued_within_the_grace_expires() {
        let passed = voted(&[(Support::For, 100)], 40);
        let last = passed.deadline_at + GRACE;
        assert_eq!(state(&passed, last, None), Succeeded);
        assert_eq!(state(&passed, last + 1, None), Expired);
        assert_eq!(state(&passed, last + 1, Some(OperationState::Waiting)), Queued, "in time");
        assert_eq!(state(&proposal(), last + 1, None), Defeated);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn a_quorum_is_the_exact_share_rounded_down(supply in 0u128..1 << 112, bps in 0u16..=BPS) {
            prop_assert_eq!(quorum(supply, bps), Ok(supply * u128::from(bps) / 10_000));
        }

        /// The count is the sum of the ballots, whatever their order.
        #[test]
        fn every_vote_is_counted_once(votes in proptest::collection::vec((0u8..3, 1u128..1 << 100), 0..20)) {
            let side = |n: u8| [Support::Against, Support::For, Support::Abstain][usize::from(n)];
            let votes: Vec<_> = votes.into_iter().map(|(n, weight)| (side(n), weight)).collect();
            let proposal = voted(&votes, 1);
            let sum = |s| votes.iter().filter(|(side, _)| *side == s).map(|(_, weight)| weight).sum::<u128>();
            prop_assert_eq!(proposal.votes_against, sum(Support::Against));
            prop_assert_eq!(proposal.votes_for, sum(Support::For));
            prop_assert_eq!(proposal.votes_abstain, sum(Support::Abstain));
        }
    }
}
