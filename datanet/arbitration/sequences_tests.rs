//! Whatever is called in whatever order, what was bonded is what was paid out, burned, and is still owed.
use crate::judging::Pool;
use crate::opening::Subject;
use crate::tests::{account, contribution, on_chain, terms, ALL, SALT, START, UNIT};
use openledger_abi::arbitration::*;
use openledger_abi::datanet::ContributionStatus;
use openledger_abi::{Balance, OPEN};
use proptest::prelude::*;
use proptest::sample::Index;

const ACCOUNTS: u8 = 6;

#[derive(Debug, Clone)]
enum Call {
    Open {
        by: u8,
        worthless: bool,
    },
    Back {
        challenge: Index,
        by: u8,
        choice: Choice,
        amount: Balance,
    },
    /// What it chooses follows from who it is, so that most reveals are of what was committed to.
    Commit {
        challenge: Index,
        by: u8,
        stake: Balance,
    },
    Reveal {
        challenge: Index,
        by: u8,
        stake: Balance,
        other: bool,
    },
    Close {
        challenge: Index,
    },
    Undo {
        challenge: Index,
    },
    Claim {
        challenge: Index,
        by: u8,
    },
    Wait {
        ms: u64,
    },
}

/// Two of three uphold.
fn chosen(by: u8) -> Choice {
    if by % 3 == 2 {
        Choice::Dismiss
    } else {
        Choice::Uphold
    }
}

fn choice() -> impl Strategy<Value = Choice> {
    prop_oneof![Just(Choice::Uphold), Just(Choice::Dismiss)]
}

fn call() -> impl Strategy<Value = Call> {
    let (who, which) = (0..ACCOUNTS, any::<Index>());
    let amount = prop_oneof![1..20u128, 1..1_000 * OPEN];
    let stake = prop_oneof![1 => 0..20u128, 3 => ALL / 4..ALL];
    prop_oneof![
        1 => (who.clone(), any::<bool>()).prop_map(|(by, worthless)| Call::Open { by, worthless }),
        3 => (which.clone(), who.clone(), choice(), amount)
            .prop_map(|(challenge, by, choice, amount)| Call::Back { challenge, by, choice, amount }),
        6 => (which.clone(), who.clone(), stake.clone())
            .prop_map(|(challenge, by, stake)| Call::Commit { challenge, by, stake }),
        8 => (which.clone(), who.clone(), stake, prop::bool::weighted(0.1))
            .prop_map(|(challenge, by, stake, other)| Call::Reveal { challenge, by, stake, other }),
        2 => which.clone().prop_map(|challenge| Call::Close { challenge }),
        1 => which.clone().prop_map(|challenge| Call::Undo { challenge }),
        5 => (which, who).prop_map(|(challenge, by)| Call::Claim { challenge, by }),
        3 => prop_oneof![3 => 2_000..12_000u64, 1 => Just(200_000u64)].prop_map(|ms| Call::Wait { ms }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn bonds_in_are_bonds_out_burned_and_owed(calls in proptest::collection::vec(call(), 1..200)) {
        on_chain(|cases| {
            let (mut now, mut paid_in, mut out, mut burned) = (START, 0u128, 0u128, 0u128);
            let pick = |index: &Index, count: u64| index.index(count.max(1) as usize) as u64;
            for call in calls {
                // As on a chain: an error undoes what the call did, so no rule may write before it knows that it will not fail.
                let count = cases.count();
                match call {
                    Call::Open { by, worthless } => {
                        let (number, ground) = (u64::from(by), if worthless {
                            Ground::Worthless
                        } else {
                            Ground::Copied { original: 99, remedy: Remedy::Strike }
                        });
                        let subject = Subject {
                            number,
                            contribution: contribution(ContributionStatus::Pending),
                            original: None,
                        };
                        let opened = cases.open((UNIT, terms()), (account(20 + by), now), &subject, ground, ALL);
                        if let Ok((_, challenge)) = opened {
                            paid_in += challenge.bond;
                        }
                    }
                    Call::Back { challenge, by, choice, amount } => {
                        let challenge = pick(&challenge, count);
                        if cases.back(challenge, (account(20 + by), now), choice, amount).is_ok() {
                            paid_in += amount;
                        }
                    }
                    Call::Commit { challenge, by, stake } => {
                        let (challenge, validator) = (pick(&challenge, count), account(20 + by));
                        let hash = judgement_hash::<proof::Blake2>(challenge, &validator, chosen(by), &SALT);
                        if cases.ensure_committable(challenge, (validator, now)).is_ok() {
                            let _ = cases.commit(challenge, validator, hash, Pool { in_service: true, active: stake }, ALL);
                        }
                    }
                    Call::Reveal { challenge, by, stake, other } => {
                        let choice = if other { chosen(by).other() } else { chosen(by) };
                        let (challenge, by) = (pick(&challenge, count), (account(20 + by), now));
                        let pool = Pool { in_service: true, active: stake };
                        let _ = cases.reveal::<proof::Blake2>(challenge, by, choice, &SALT, pool);
                    }
                    Call::Close { challenge } => {
                        if let Ok((_, fee)) = cases.close(pick(&challenge, count), now) {
                            burned += fee;
                        }
                    }
                    Call::Undo { challenge } => {
                        let _ = cases.undo(pick(&challenge, count), now);
                    }
                    Call::Claim { challenge, by } => {
                        if let Ok((amount, rest)) = cases.claim(pick(&challenge, count), account(20 + by)) {
                            out += amount;
                            burned += rest;
                        }
                    }
                    Call::Wait { ms } => now += ms,
                }
                let held: Balance = (0..cases.count())
                    .map(|number| cases.challenge(number).unwrap())
                    .map(|known| match known.status {
                        ChallengeStatus::Open => known.uphold.bonded + known.dismiss.bonded,
                        _ => known.owed,
                    })
                    .sum();
                assert_eq!(paid_in, out + burned + held);
            }
            // At the end everybody comes: nothing is left.
            now += 10_000_000;
            for number in 0..cases.count() {
                if let Ok((_, fee)) = cases.close(number, now) {
                    burned += fee;
                }
                for by in 0..ACCOUNTS {
                    if let Ok((amount, rest)) = cases.claim(number, account(20 + by)) {
                        out += amount;
                        burned += rest;
                    }
                }
            }
            assert_eq!(paid_in, out + burned);
        });
    }
}
