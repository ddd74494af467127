//! Stake through time, with the storage that the contract uses.
use crate::history::History;

use crate::pool::{Global, Operator};
use ink::env::DefaultEnvironment;
use openledger_abi::staking::{Role, StakingError};
use openledger_abi::{AccountId, Balance, Timestamp};
use proptest::prelude::*;

fn account(byte: u8) -> AccountId {
    AccountId::from([byte; 32])
}

fn pool(role: Role, active: Balance) -> Operator {
    let mut operator = Operator::new(role, [1; 32], 0, 1, &Global::default());
    operator.pool.active = active;
    operator
}

fn on_chain(test: impl FnOnce(&mut History)) {
    ink::env::test::run_test::<DefaultEnvironment, _>(|_| {
        test(&mut History::default());
        Ok(())
    })
    .unwrap();
}

fn note(history: &mut History, validator: u8, active: Balance, now: Timestamp) {
    history.note(account(validator), &pool(Role::Validator, active), now).unwrap();
}

fn stake_at(history: &History, validator: u8, at: Timestamp) -> Balance {
    history.stake_at(account(validator), &pool(Role::Validator, 0), at).unwrap()
}

#[test]
fn a_pools_stake_counts_from_the_end_of_the_block_that_changed_it() {
    on_chain(|history| {
        note(history, 1, 5, 10);
        note(history, 1, 7, 20);
        note(history, 1, 3, 20);
        note(history, 1, 0, 30);
        for (at, expected) in [(9, 0), (10, 5), (19, 5), (20, 3), (29, 3), (30, 0), (u64::MAX, 0)] {
            assert_eq!(stake_at(history, 1, at), expected, "at {at}");
            assert_eq!(history.role_stake_at(Role::Validator, at), Ok(expected), "at {at}");
        }
    });
}

#[test]
fn other_roles_are_not_kept_and_do_not_count() {
    on_chain(|history| {
        note(history, 1, 5, 10);
        for role in [Role::Oracle, Role::Host, Role::Agent] {
            history.note(account(2), &pool(role, 9), 10).unwrap();
            assert_eq!(history.stake_at(account(2), &pool(role, 9), 10), Err(StakingError::NotKept));
            assert_eq!(history.role_stake_at(role, 10), Err(StakingError::NotKept));
        }
        assert_eq!(history.role_stake_at(Role::Validator, 10), Ok(5));
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_past_is_what_it_was_and_the_whole_the_sum_of_the_pools(
        changes in proptest::collection::vec((0u8..3, 0u128..100, 0u64..3), 1..40),
    ) {
        on_chain(|history| {
            let (mut now, mut stakes) = (1, [0u128; 3]);
            let mut seen = Vec::new();
            for (validator, active, pause) in changes {
                if pause > 0 {
                    seen.push((now, stakes));
                    now += pause;
                }
                note(history, validator, active, now);
                stakes[usize::from(validator)] = active;
            }
            for (at, stakes) in seen {
                for (validator, active) in (0u8..).zip(stakes) {
                    assert_eq!(stake_at(history, validator, at), active);
                }
                assert_eq!(history.role_stake_at(Role::Validator, at), Ok(stakes.iter().sum()));
            }
        });
    }
}
