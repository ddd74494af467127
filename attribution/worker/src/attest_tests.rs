use openledger_abi::escrow::Split;
use openledger_abi::payout::NewBatch;

use super::*;

fn waiting(host: u8) -> WaitingBatch {
    let batch = NewBatch {
        channel: 1,
        host: [host; 32].into(),
        model: 2,
        key: [3; 32],
        params: 0,
        at: 0,
        count_from: 0,
        count_to: 1,
        fee_from: 0,
        fee_to: 1,
        top: [0; 32],
        filled: 1,
        kib: 1,
        pot: 1,
    };
    let split = Split { platform: 0, host: 0, owner: 0, parents: Vec::new(), stakers: 0, pot: 1 };
    WaitingBatch { batch, owner: [9; 32].into(), split, advanced: false }
}

fn of(hosts: &[u8]) -> Attesting {
    let mut state = Attesting::default();
    let batches = (0u64..).zip(hosts).map(|(number, host)| (number, waiting(*host))).collect();
    state.looked(0, hosts.len() as u64, batches);
    state
}

fn fail(state: &mut Attesting, number: u64, host: u8) {
    state.done(number, [host; 32].into(), Some("it drips".into()));
}

#[test]
fn a_batch_that_fails_is_tried_again_later_and_later_and_never_given_up() {
    let now = Instant::now();
    let mut wait = Wait::new(now);
    let mut waits = Vec::new();
    for _ in 0..12 {
        wait.fail(now);
        waits.push(wait.next - now);
    }
    assert_eq!(waits[..4], [1, 2, 4, 8].map(Duration::from_secs));
    assert_eq!(waits.last(), Some(&LAST_WAIT));
}

#[test]
fn rounds_go_through_all_that_waits_and_begin_again() {
    let mut state = Attesting::default();
    assert_eq!(state.page(0), 0);
    assert_eq!(state.page(120), 0);
    state.looked(0, 120, Vec::new());
    assert_eq!((state.low, state.page(120)), (50, 50));
    state.looked(50, 120, Vec::new());
    state.looked(100, 120, Vec::new());
    assert_eq!(state.low, 120);
    assert_eq!(state.page(121), 120);
}

#[test]
fn fifty_batches_of_one_slow_host_take_one_thread_and_another_hosts_batch_is_next() {
    let mut hosts = vec![1; 49];
    hosts.push(2);
    let mut state = of(&hosts);
    let now = Instant::now();
    assert_eq!(state.next(now, false).unwrap().0, 0);
    // Host 1 is still being fetched from.
    assert_eq!(state.next(now, false).unwrap().0, 49);
    assert_eq!(state.next(now, false), None);
    fail(&mut state, 0, 1);
    state.done(49, [2; 32].into(), None);
    assert!(matches!(state.known(49), Known::Held(_)));
    // A host that failed is left alone, all of its batches, and later and later.
    assert_eq!(state.next(Instant::now(), false), None);
    let later = Instant::now() + Duration::from_secs(2);
    assert_eq!(state.next(later, false).unwrap().0, 1);
    fail(&mut state, 1, 1);
    assert_eq!(state.next(Instant::now() + Duration::from_millis(1_500), false), None);
}

#[test]
fn hosts_that_failed_never_take_the_thread_that_is_kept_for_others() {
    let mut state = of(&[1, 2]);
    let now = Instant::now();
    assert_eq!(state.next(now, true).unwrap().0, 0);
    fail(&mut state, 0, 1);
    let later = now + LAST_WAIT * 2;
    assert_eq!(state.next(later, true).unwrap().0, 1);
    assert_eq!(state.next(later, true), None);
    assert_eq!(state.next(later, false).unwrap().0, 0);
}

#[test]
fn what_is_held_or_failed_is_answered_from_memory_and_only_what_is_held_is_attested() {
    let mut state = of(&[1, 2]);
    assert_eq!(state.known(7), Known::Unseen);
    assert!(state.due(Duration::ZERO).is_empty());
    let now = Instant::now();
    state.next(now, false).unwrap();
    fail(&mut state, 0, 1);
    assert!(matches!(state.known(0), Known::NotYet(reason) if reason.contains("it drips")));
    state.next(now, false).unwrap();
    state.done(1, [2; 32].into(), None);
    assert_eq!(state.known(1), Known::Held(Box::new(waiting(2))));
    let due: Vec<_> = state.due(Duration::ZERO).into_iter().map(|(number, _)| number).collect();
    assert_eq!(due, [1]);
    assert!(state.due(Duration::from_secs(60)).is_empty());
}

#[test]
fn what_failed_most_is_forgotten_first_when_there_is_too_much_to_remember() {
    let mut state = of(&[1, 2]);
    state.next(Instant::now(), false).unwrap();
    fail(&mut state, 0, 1);
    for number in 2..=REMEMBERED as u64 {
        state.see(number, waiting(3));
    }
    assert_eq!(state.seen.len(), REMEMBERED);
    assert_eq!(state.known(0), Known::Unseen);
    assert!(matches!(state.known(1), Known::NotYet(_)));
}
