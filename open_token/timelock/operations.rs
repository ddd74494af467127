//! When an operation may be scheduled, executed and cancelled, and what it may hold.

use ink::prelude::vec::Vec;
use ink::scale::Encode;
use openledger_abi::timelock::{Call, OperationState, TimelockError, GRACE, MAX_CALLS, MAX_CALLS_BYTES};
use openledger_abi::times::{Unit, QUEUE_SLACK, TIMELOCK_DELAY};
use openledger_abi::{ensure, AccountId, Bytes32, Timestamp};

/// What governance sets about the timelock itself, and the unit of its bounds, which nobody sets.
#[derive(Debug, Clone, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub struct Parameters {
    /// The shortest delay, within [`TIMELOCK_DELAY`].
    pub min_delay_ms: Timestamp,
    /// How long an operation stays ready, within [`GRACE`].
    pub grace_ms: Timestamp,
    /// Who may cancel beside the proposers.
    pub guardian: Option<AccountId>,
    pub unit: Unit,
}

impl Parameters {
    /// These parameters, or `BadParameters` if they would make every operation impossible, or a vote longer than it may be.
    pub fn checked(self) -> Result<Self, TimelockError> {
        let good = TIMELOCK_DELAY.allow(self.unit, self.min_delay_ms) && GRACE.allow(self.unit, self.grace_ms);
        ensure!(good, TimelockError::BadParameters);
        Ok(self)
    }
}

/// How an operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub enum End {
    Done,
    Cancelled,
    /// A later one was executed before it.
    Superseded,
}

/// What is kept of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub struct Record {
    pub ready_at: Timestamp,
    /// From when on none that was queued before it holds it back; not before `ready_at`.
    pub free_at: Timestamp,
    pub expires_at: Timestamp,
    pub end: Option<End>,
    /// All that it does is to name another guardian, or none: the one there is can't cancel it.
    pub names_guardian: bool,
}

impl Record {
    /// From when on it holds no later one back.
    pub fn yields_at(&self, unit: Unit) -> Timestamp {
        self.free_at.saturating_add(unit.ms(QUEUE_SLACK))
    }
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
        Some(Record { end: Some(End::Cancelled), .. }) => OperationState::Cancelled,
        Some(Record { end: Some(End::Superseded), .. }) => OperationState::Expired,
        Some(record) if now < record.ready_at => OperationState::Waiting,
        Some(record) if now < record.expires_at => OperationState::Ready,
        Some(_) => OperationState::Expired,
    }
}

/// Whether an operation may still be executed.
pub fn is_open(record: Option<&Record>, now: Timestamp) -> bool {
    matches!(state(record, now), OperationState::Waiting | OperationState::Ready)
}

/// What an operation is scheduled with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Plan {
    /// `None`: the least.
    pub delay_ms: Option<Timestamp>,
    /// Whether it names a guardian and does nothing else.
    pub names_guardian: bool,
    /// From when on none of those before it holds it back.
    pub free_at: Timestamp,
}

/// The record of an operation scheduled at `now`; `before` is what is known of it.
pub fn schedule(
    before: Option<&Record>,
    parameters: &Parameters,
    plan: Plan,
    now: Timestamp,
) -> Result<Record, TimelockError> {
    use OperationState::{Cancelled, Expired, Unset};
    ensure!(matches!(state(before, now), Unset | Cancelled | Expired), TimelockError::AlreadyScheduled);
    let min_delay_ms = parameters.min_delay_ms;
    let delay_ms = plan.delay_ms.unwrap_or(min_delay_ms);
    ensure!(delay_ms >= min_delay_ms, TimelockError::DelayTooShort { min_delay_ms });
    let later = |at: Timestamp, ms: Timestamp| at.checked_add(ms).ok_or(TimelockError::Overflow);
    let ready_at = later(now, delay_ms)?;
    // Its times to be executed and to hold others back count from then.
    let free_at = ready_at.max(plan.free_at);
    let expires_at = later(free_at, parameters.grace_ms)?;
    Ok(Record { ready_at, free_at, expires_at, end: None, names_guardian: plan.names_guardian })
}

/// The record of an operation that one queued after it is executed before. Errors with `PredecessorOpen` while it holds that back.
pub fn supersede(before: &Record, unit: Unit, now: Timestamp) -> Result<Record, TimelockError> {
    ensure!(now >= before.yields_at(unit), TimelockError::PredecessorOpen);
    Ok(Record { end: Some(End::Superseded), ..*before })
}

/// The record of an operation after it was executed at `now`.
pub fn execute(before: Option<&Record>, now: Timestamp) -> Result<Record, TimelockError> {
    let state = state(before, now);
    match (before, state) {
        (Some(record), OperationState::Ready) => Ok(Record { end: Some(End::Done), ..*record }),
        _ => Err(TimelockError::WrongState(state)),
    }
}

/// The record of an operation after it was cancelled at `now`.
pub fn cancel(before: Option<&Record>, by: By, now: Timestamp) -> Result<Record, TimelockError> {
    let state = state(before, now);
    match (before, state) {
        (Some(record), OperationState::Waiting | OperationState::Ready) => {
            // Else a guardian could stay for good.
            ensure!(by == By::Proposer || !record.names_guardian, TimelockError::MayNotCancel);
            Ok(Record { end: Some(End::Cancelled), ..*record })
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

/// The contracts that calls are on, each once.
pub fn targets(calls: &[Call]) -> Vec<AccountId> {
    let mut targets = Vec::with_capacity(calls.len());
    for call in calls {
        if !targets.contains(&call.target) {
            targets.push(call.target);
        }
    }
    targets
}

/// The bytes whose hash is the operation's id.
pub fn preimage(calls: &[Call], salt: &Bytes32) -> Vec<u8> {
    (calls, salt).encode()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use OperationState::*;

    const DAY: Timestamp = 86_400_000;
    const PARAMETERS: Parameters =
        Parameters { min_delay_ms: 2 * DAY, grace_ms: 14 * DAY, guardian: None, unit: Unit::Day };

    fn scheduled(now: Timestamp) -> Record {
        schedule(None, &PARAMETERS, Plan::default(), now).unwrap()
    }

    fn delayed(delay_ms: Timestamp) -> Plan {
        Plan { delay_ms: Some(delay_ms), ..Plan::default() }
    }

    #[test]
    fn an_operation_waits_is_ready_and_expires_to_the_millisecond() {
        let record = scheduled(1_000);
        let (ready, end) = (1_000 + 2 * DAY, 1_000 + 16 * DAY);
        for (now, expected) in
            [(1_000, Waiting), (ready - 1, Waiting), (ready, Ready), (end - 1, Ready), (end, Expired)]
        {
            assert_eq!(state(Some(&record), now), expected, "at {now}");
        }
        assert_eq!(state(None, 5), Unset);
    }

    #[test]
    fn a_delay_below_the_least_is_refused_and_a_longer_one_kept() {
        let short = schedule(None, &PARAMETERS, delayed(2 * DAY - 1), 0);
        assert_eq!(short, Err(TimelockError::DelayTooShort { min_delay_ms: 2 * DAY }));
        assert_eq!(schedule(None, &PARAMETERS, delayed(5 * DAY), 7).unwrap().ready_at, 5 * DAY + 7);
        assert_eq!(schedule(None, &PARAMETERS, delayed(u64::MAX), 7), Err(TimelockError::Overflow));
    }

    #[test]
    fn what_is_open_or_done_is_not_scheduled_again() {
        let open = scheduled(0);
        let done = execute(Some(&open), 2 * DAY).unwrap();
        let cancelled = cancel(Some(&open), By::Proposer, DAY).unwrap();
        let again = |record: &Record, now| schedule(Some(record), &PARAMETERS, Plan::default(), now);
        assert_eq!(again(&open, 3 * DAY), Err(TimelockError::AlreadyScheduled));
        assert_eq!(again(&done, 99 * DAY), Err(TimelockError::AlreadyScheduled));
        assert_eq!(again(&cancelled, 3 * DAY).unwrap().ready_at, 5 * DAY);
        assert_eq!(again(&open, 16 * DAY).unwrap().ready_at, 18 * DAY);
    }

    #[test]
    fn only_a_ready_operation_is_executed_and_only_once() {
        let open = scheduled(0);
        assert_eq!(execute(None, 2 * DAY), Err(TimelockError::WrongState(Unset)));
        assert_eq!(execute(Some(&open), 2 * DAY - 1), Err(TimelockError::WrongState(Waiting)));
        assert_eq!(execute(Some(&open), 16 * DAY), Err(TimelockError::WrongState(Expired)));
        let done = execute(Some(&open), 2 * DAY).unwrap();
        assert_eq!(execute(Some(&done), 2 * DAY + 1), Err(TimelockError::WrongState(Done)));
        assert_eq!(cancel(Some(&done), By::Proposer, 2 * DAY + 1), Err(TimelockError::WrongState(Done)));
    }

    #[test]
    fn a_cancelled_operation_is_not_executed() {
        let cancelled = cancel(Some(&scheduled(0)), By::Proposer, 5).unwrap();
        assert_eq!(execute(Some(&cancelled), 2 * DAY), Err(TimelockError::WrongState(Cancelled)));
        assert_eq!(cancel(None, By::Proposer, 5), Err(TimelockError::WrongState(Unset)));
    }

    #[test]
    fn a_guardian_cancels_everything_but_what_replaces_it() {
        let plain = scheduled(0);
        let replacing = schedule(None, &PARAMETERS, Plan { names_guardian: true, ..Plan::default() }, 0).unwrap();
        for now in [0, 2 * DAY - 1, 2 * DAY, 16 * DAY - 1] {
            assert!(cancel(Some(&plain), By::Guardian, now).is_ok());
            assert_eq!(cancel(Some(&replacing), By::Guardian, now), Err(TimelockError::MayNotCancel));
            assert!(cancel(Some(&replacing), By::Proposer, now).is_ok());
        }
        assert_eq!(cancel(Some(&plain), By::Guardian, 16 * DAY), Err(TimelockError::WrongState(Expired)));
    }

    #[test]
    fn parameters_that_would_end_all_operations_are_refused() {
        let (delay, grace) = (Unit::Day.ms(TIMELOCK_DELAY.max), Unit::Day.ms(GRACE.max));
        let edge = Parameters { min_delay_ms: delay, grace_ms: grace, guardian: None, unit: Unit::Day };
        assert_eq!(edge.clone().checked(), Ok(edge.clone()));
        for senseless in [
            Parameters { grace_ms: Unit::Day.ms(GRACE.min) - 1, ..edge.clone() },
            Parameters { grace_ms: grace + 1, ..edge.clone() },
            Parameters { min_delay_ms: delay + 1, ..edge.clone() },
            Parameters { unit: Unit::TenSeconds, ..edge },
        ] {
            assert_eq!(senseless.checked(), Err(TimelockError::BadParameters));
        }
    }

    #[test]
    fn an_operation_holds_others_back_for_a_unit_after_it_could_be_executed() {
        let first = scheduled(0);
        assert_eq!(first.yields_at(Unit::Day), 3 * DAY);
        assert_eq!(supersede(&first, Unit::Day, 3 * DAY - 1), Err(TimelockError::PredecessorOpen));
        let closed = supersede(&first, Unit::Day, 3 * DAY).unwrap();
        assert_eq!(state(Some(&closed), 3 * DAY), Expired);
        assert!(!is_open(Some(&closed), 3 * DAY));
        assert_eq!(execute(Some(&closed), 3 * DAY), Err(TimelockError::WrongState(Expired)));
    }

    #[test]
    fn who_was_held_back_has_its_whole_time_afterwards() {
        let first = scheduled(0);
        let plan = Plan { free_at: first.yields_at(Unit::Day), ..Plan::default() };
        let second = schedule(None, &PARAMETERS, plan, 1).unwrap();
        assert_eq!(second.ready_at, 2 * DAY + 1, "ready as soon as the first one is done");
        assert_eq!((second.free_at, second.yields_at(Unit::Day), second.expires_at), (3 * DAY, 4 * DAY, 17 * DAY));
    }

    #[test]
    fn an_operation_has_one_to_sixteen_calls_of_eight_kibibytes() {
        let call = |input| Call { target: AccountId::from([1; 32]), selector: [0; 4], input, value: 0 };
        assert_eq!(ensure_calls(&[]), Err(TimelockError::BadCalls));
        assert_eq!(ensure_calls(&vec![call(vec![]); 16]), Ok(()));
        assert_eq!(ensure_calls(&vec![call(vec![]); 17]), Err(TimelockError::BadCalls));
        assert_eq!(ensure_calls(&[call(vec![0; 8_000])]), Ok(()));
        assert_eq!(ensure_calls(&[call(vec![0; 8_192])]), Err(TimelockError::BadCalls));
        assert_eq!(targets(&[call(vec![]), call(vec![1])]), [AccountId::from([1; 32])]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        /// Nothing runs before its delay nor after its grace, whatever the numbers.
        #[test]
        fn no_operation_runs_outside_its_time(
            now: u64, delay_ms: Option<u64>, min_delay_ms: u64, grace_ms in 1u64.., free_at: u64, later: u64,
        ) {
            let parameters = Parameters { min_delay_ms, grace_ms, guardian: None, unit: Unit::Day };
            let plan = Plan { delay_ms, names_guardian: false, free_at };
            if let Ok(record) = schedule(None, &parameters, plan, now) {
                let may = later >= record.ready_at && later < record.expires_at;
                prop_assert!(record.ready_at - now >= min_delay_ms);
                prop_assert!(record.expires_at - record.ready_at >= grace_ms);
                prop_assert_eq!(execute(Some(&record), later).is_ok(), may);
            }
        }
    }
}
