//! When an operation may be scheduled, executed and canceled, and what it may hold.

use ink::scale::Encode;
use openledger_abi::timelock::{Call, OperationState, TimelockError, MAX_CALLS, MAX_CALLS_BYTES, MAX_DELAY};
use openledger_abi::{ensure, AccountId, Bytes32, Timestamp};

/// What governance sets about the timelock itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub struct Parameters {
    /// The shortest delay, ms; ≤ [`MAX_DELAY`].
    pub min_delay: Timestamp,
    /// How long an operation stays ready, ms; 1 to [`MAX_DELAY`].
    pub grace: Timestamp,
    /// Who may cancel beside the proposers.
    pub guardian: Option<AccountId>,
}

impl Parameters {
    /// These parameters, or `BadParameters` if they would make every operation impossible.
    pub fn checked(self) -> Result<Self, TimelockError> {
        ensure!(self.min_delay <= MAX_DELAY && (1..=MAX_DELAY).contains(&self.grace), TimelockError::BadParameters);
        Ok(self)
    }
}

/// How an operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub enum End {
    Done,
    Canceled,
}

/// What is kept of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub struct Record {
    pub ready_at: Timestamp,
    pub expires_at: Timestamp,
    pub end: Option<End>,
    /// All that it does is to name another guardian, or none: the one there is can't cancel it.
    pub names_guardian: bool,
}

/// Who cancels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Proposer,
    Guardian,
}

/// Where the operation of a record, if there is one, stands at `now`.
pub fn state(record: Option<&Record>, now: Timestamp) -> OperationState {
    match record {
        None => OperationState::Unset,
        Some(Record { end: Some(End::Done), .. }) => OperationState::Done,
        Some(Record { end: Some(End::Canceled), .. }) => OperationState::Canceled,
        Some(record) if now < record.ready_at => OperationState::Waiting,
        Some(record) if now < record.expires_at => OperationState::Ready,
        Some(_) => OperationState::Expired,
    }
}

/// The record of an operation scheduled at `now`, `delay` ms ahead or the least. `before` is what is known of it,
/// `names_guardian` whether it names a guardian and does nothing else.
pub fn schedule(
    before: Option<&Record>,
    parameters: &Parameters,
    delay: Option<Timestamp>,
    names_guardian: bool,
    now: Timestamp,
) -> Result<Record, TimelockError> {
    use OperationState::{Canceled, Expired, Unset};
    ensure!(matches!(state(before, now), Unset | Canceled | Expired), TimelockError::AlreadyScheduled);
    let min_delay = parameters.min_delay;
    let delay = delay.unwrap_or(min_delay);
    ensure!(delay >= min_delay, TimelockError::DelayTooShort { min_delay });
    let ready_at = now.checked_add(delay).ok_or(TimelockError::Overflow)?;
    let expires_at = ready_at.checked_add(parameters.grace).ok_or(TimelockError::Overflow)?;
    Ok(Record { ready_at, expires_at, end: None, names_guardian })
}

/// The record of an operation after it was executed at `now`. `predecessor` is where the operation before it stands,
/// if it names one.
pub fn execute(
    before: Option<&Record>,
    predecessor: Option<OperationState>,
    now: Timestamp,
) -> Result<Record, TimelockError> {
    let state = state(before, now);
    match (before, state) {
        (Some(record), OperationState::Ready) => {
            ensure!(matches!(predecessor, None | Some(OperationState::Done)), TimelockError::PredecessorNotDone);
            Ok(Record { end: Some(End::Done), ..*record })
        }
        _ => Err(TimelockError::WrongState(state)),
    }
}

/// The record of an operation after it was canceled at `now`.
pub fn cancel(before: Option<&Record>, by: By, now: Timestamp) -> Result<Record, TimelockError> {
    let state = state(before, now);
    match (before, state) {
        (Some(record), OperationState::Waiting | OperationState::Ready) => {
            // Else a guardian could stay for good.
            ensure!(by == By::Proposer || !record.names_guardian, TimelockError::MayNotCancel);
            Ok(Record { end: Some(End::Canceled), ..*record })
        }
        _ => Err(TimelockError::WrongState(state)),
    }
}

/// Errors with `BadCalls` unless an operation can have these calls.
pub fn ensure_calls(calls: &[Call]) -> Result<(), TimelockError> {
    ensure!(
        !calls.is_empty() && calls.len() <= MAX_CALLS && calls.encoded_size() <= MAX_CALLS_BYTES,
        TimelockError::BadCalls
    );
    Ok(())
}

/// The bytes whose hash is the operation's id.
pub fn preimage(calls: &[Call], predecessor: &Bytes32, salt: &Bytes32) -> ink::prelude::vec::Vec<u8> {
    (calls, predecessor, salt).encode()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use OperationState::*;

    const PARAMETERS: Parameters = Parameters { min_delay: 100, grace: 50, guardian: None };

    fn scheduled(now: Timestamp) -> Record {
        schedule(None, &PARAMETERS, None, false, now).unwrap()
    }

    #[test]
    fn an_operation_waits_is_ready_and_expires_to_the_millisecond() {
        let record = scheduled(1_000);
        for (now, expected) in [(1_000, Waiting), (1_099, Waiting), (1_100, Ready), (1_149, Ready), (1_150, Expired)] {
            assert_eq!(state(Some(&record), now), expected, "at {now}");
        }
        assert_eq!(state(None, 5), Unset);
    }

    #[test]
    fn a_delay_below_the_least_is_refused_and_a_longer_one_kept() {
        assert_eq!(
            schedule(None, &PARAMETERS, Some(99), false, 0),
            Err(TimelockError::DelayTooShort { min_delay: 100 })
        );
        assert_eq!(schedule(None, &PARAMETERS, Some(500), false, 7).unwrap().ready_at, 507);
        assert_eq!(schedule(None, &PARAMETERS, Some(u64::MAX), false, 7), Err(TimelockError::Overflow));
    }

    #[test]
    fn what_is_open_or_done_is_not_scheduled_again() {
        let open = scheduled(0);
        let done = execute(Some(&open), None, 100).unwrap();
        let canceled = cancel(Some(&open), By::Proposer, 100).unwrap();
        assert_eq!(schedule(Some(&open), &PARAMETERS, None, false, 120), Err(TimelockError::AlreadyScheduled));
        assert_eq!(schedule(Some(&done), &PARAMETERS, None, false, 9_999), Err(TimelockError::AlreadyScheduled));
        assert_eq!(schedule(Some(&canceled), &PARAMETERS, None, false, 120).unwrap().ready_at, 220);
        assert_eq!(schedule(Some(&open), &PARAMETERS, None, false, 150).unwrap().ready_at, 250);
    }

    #[test]
    fn only_a_ready_operation_is_executed_and_only_once() {
        let open = scheduled(0);
        assert_eq!(execute(None, None, 100), Err(TimelockError::WrongState(Unset)));
        assert_eq!(execute(Some(&open), None, 99), Err(TimelockError::WrongState(Waiting)));
        assert_eq!(execute(Some(&open), None, 150), Err(TimelockError::WrongState(Expired)));
        let done = execute(Some(&open), None, 100).unwrap();
        assert_eq!(execute(Some(&done), None, 101), Err(TimelockError::WrongState(Done)));
        assert_eq!(cancel(Some(&done), By::Proposer, 101), Err(TimelockError::WrongState(Done)));
    }

    #[test]
    fn a_canceled_operation_is_not_executed() {
        let canceled = cancel(Some(&scheduled(0)), By::Proposer, 5).unwrap();
        assert_eq!(execute(Some(&canceled), None, 100), Err(TimelockError::WrongState(Canceled)));
        assert_eq!(cancel(None, By::Proposer, 5), Err(TimelockError::WrongState(Unset)));
    }

    #[test]
    fn a_guardian_cancels_everything_but_what_replaces_it() {
        let plain = scheduled(0);
        let replacing = schedule(None, &PARAMETERS, None, true, 0).unwrap();
        for now in [0, 99, 100, 149] {
            assert!(cancel(Some(&plain), By::Guardian, now).is_ok());
            assert_eq!(cancel(Some(&replacing), By::Guardian, now), Err(TimelockError::MayNotCancel));
            assert!(cancel(Some(&replacing), By::Proposer, now).is_ok());
        }
        assert_eq!(cancel(Some(&plain), By::Guardian, 150), Err(TimelockError::WrongState(Expired)));
    }

    #[test]
    fn parameters_that_would_end_all_operations_are_refused() {
        let edge = Parameters { min_delay: MAX_DELAY, grace: MAX_DELAY, guardian: None };
        assert_eq!(edge.clone().checked(), Ok(edge.clone()));
        for senseless in [
            Parameters { grace: 0, ..edge.clone() },
            Parameters { grace: MAX_DELAY + 1, ..edge.clone() },
            Parameters { min_delay: MAX_DELAY + 1, ..edge },
        ] {
            assert_eq!(senseless.checked(), Err(TimelockError::BadParameters));
        }
    }

    #[test]
    fn an_operation_waits_for_the_one_before_it() {
        let open = scheduled(0);
        for before in [Unset, Waiting, Ready, Expired, Canceled] {
            assert_eq!(execute(Some(&open), Some(before), 100), Err(TimelockError::PredecessorNotDone));
        }
        assert!(execute(Some(&open), Some(Done), 100).is_ok());
    }

    #[test]
    fn an_operation_has_one_to_sixteen_calls_of_eight_kibibytes() {
        let call = |input| Call { target: AccountId::from([1; 32]), selector: [0; 4], input, value: 0 };
        assert_eq!(ensure_calls(&[]), Err(TimelockError::BadCalls));
        assert_eq!(ensure_calls(&vec![call(vec![]); 16]), Ok(()));
        assert_eq!(ensure_calls(&vec![call(vec![]); 17]), Err(TimelockError::BadCalls));
        assert_eq!(ensure_calls(&[call(vec![0; 8_000])]), Ok(()));
        assert_eq!(ensure_calls(&[call(vec![0; 8_192])]), Err(TimelockError::BadCalls));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        /// Nothing runs before its delay nor after its grace, whatever the numbers.
        #[test]
        fn no_operation_runs_outside_its_time(
            now: u64, delay: Option<u64>, min_delay: u64, grace in 1u64.., later: u64,
        ) {
            let parameters = Parameters { min_delay, grace, guardian: None };
            if let Ok(record) = schedule(None, &parameters, delay, false, now) {
                let may = later >= record.ready_at && later < record.expires_at;
                prop_assert!(record.ready_at - now >= min_delay);
                prop_assert_eq!(execute(Some(&record), None, later).is_ok(), may);
            }
        }
    }
}
