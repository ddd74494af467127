//! Values with a past: the votes of each delegate, and the supply.
//!
//! The newest checkpoint stands with the count in one value, older ones apart: to ask for the present reads one value,
//! to change it writes one, or two when the newest checkpoint is of an earlier time.

use crate::account::OutOfRange;
use ink::prelude::vec::Vec;
use ink::storage::{traits::ManualKey, Mapping};
use openledger_abi::{AccountId, Balance, Timestamp};

/// Whose value: a delegate's votes, or with `None` the supply.
pub type Series = Option<AccountId>;

/// The value from `at` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub struct Checkpoint {
    pub at: Timestamp,
    pub value: Balance,
}

/// The newest checkpoint, and how many older ones there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub struct Head {
    newest: Checkpoint,
    older: u32,
}

impl Head {
    /// The head after the value became `value` at `now`, and the checkpoint that became an older one.
    fn set(self, now: Timestamp, value: Balance) -> Result<(Self, Option<Checkpoint>), OutOfRange> {
        let newest = Checkpoint { at: now, value };
        if self.newest.at == now {
            return Ok((Self { newest, ..self }, None));
        }
        let older = self.older.checked_add(1).ok_or(OutOfRange)?;
        Ok((Self { newest, older }, Some(self.newest)))
    }

    /// The value at the end of `at`; `older(i)` reads the older checkpoint i, from 0, oldest first.
    fn value_at(self, at: Timestamp, older: impl Fn(u32) -> Option<Checkpoint>) -> Balance {
        if self.newest.at <= at {
            return self.newest.value;
        }
        let mut found = 0;
        let (mut low, mut high) = (0u32, self.older);
        while low < high {
            let middle = low.midpoint(high);
            match older(middle) {
                Some(checkpoint) if checkpoint.at <= at => {
                    found = checkpoint.value;
                    low = middle.saturating_add(1);
                }
                _ => high = middle,
            }
        }
        found
    }
}

/// All series.
#[ink::storage_item]
#[derive(Debug, Default)]
pub struct Checkpoints {
    heads: Mapping<Series, Head, ManualKey<0x4f50_0003>>,
    older: Mapping<(Series, u32), Checkpoint, ManualKey<0x4f50_0004>>,
}

impl Checkpoints {
    /// The value now.
    pub fn latest(&self, series: Series) -> Balance {
        self.heads.get(series).map_or(0, |head| head.newest.value)
    }

    /// The value at the end of `at`.
    pub fn value_at(&self, series: Series, at: Timestamp) -> Balance {
        match self.heads.get(series) {
            Some(head) => head.value_at(at, |i| self.older.get((series, i))),
            None => 0,
        }
    }

    /// How many checkpoints there are.
    pub fn count(&self, series: Series) -> u32 {
        self.heads.get(series).map_or(0, |head| head.older.saturating_add(1))
    }

    /// Up to `limit` checkpoints from number `from` on, oldest first.
    pub fn page(&self, series: Series, from: u32, limit: u32) -> Vec<Checkpoint> {
        let Some(head) = self.heads.get(series) else { return Vec::new() };
        let end = from.saturating_add(limit).min(head.older.saturating_add(1));
        let checkpoint = |i| if i == head.older { Some(head.newest) } else { self.older.get((series, i)) };
        (from..end).filter_map(checkpoint).collect()
    }

    /// Changes the value at `now` by `change`; returns the value before and after.
    pub fn update(
        &mut self,
        series: Series,
        now: Timestamp,
        change: impl FnOnce(Balance) -> Option<Balance>,
    ) -> Result<(Balance, Balance), OutOfRange> {
        let Some(head) = self.heads.get(series) else {
            let value = change(0).ok_or(OutOfRange)?;
            self.heads.insert(series, &Head { newest: Checkpoint { at: now, value }, older: 0 });
            return Ok((0, value));
        };
        let before = head.newest.value;
        let after = change(before).ok_or(OutOfRange)?;
        let (next, replaced) = head.set(now, after)?;
        if let Some(replaced) = replaced {
            self.older.insert((series, head.older), &replaced);
        }
        self.heads.insert(series, &next);
        Ok((before, after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn series() -> Series {
        Some(AccountId::from([1; 32]))
    }

    #[ink::test]
    fn two_changes_at_one_time_make_one_checkpoint() {
        let mut checkpoints = Checkpoints::default();
        assert_eq!(checkpoints.update(series(), 10, |v| v.checked_add(5)), Ok((0, 5)));
        assert_eq!(checkpoints.update(series(), 10, |v| v.checked_add(5)), Ok((5, 10)));
        assert_eq!(checkpoints.heads.get(series()).unwrap().older, 0);
        assert_eq!(checkpoints.value_at(series(), 9), 0);
        assert_eq!(checkpoints.value_at(series(), 10), 10);
        assert_eq!(checkpoints.value_at(series(), 11), 10);
    }

    #[ink::test]
    fn a_change_out_of_range_changes_nothing() {
        let mut checkpoints = Checkpoints::default();
        checkpoints.update(series(), 1, |_| Some(7)).unwrap();
        assert_eq!(checkpoints.update(series(), 2, |v| v.checked_sub(8)), Err(OutOfRange));
        assert_eq!(checkpoints.latest(series()), 7);
        assert_eq!(checkpoints.value_at(series(), 2), 7);
    }

    #[ink::test]
    fn pages_together_are_the_whole_past() {
        let mut checkpoints = Checkpoints::default();
        assert_eq!(checkpoints.page(series(), 0, 10), []);
        let all: Vec<_> = (1..=7u64).map(|at| Checkpoint { at, value: u128::from(at) * 10 }).collect();
        for Checkpoint { at, value } in &all {
            checkpoints.update(series(), *at, |_| Some(*value)).unwrap();
        }
        assert_eq!(checkpoints.count(series()), 7);
        for limit in 1..9 {
            let pages = (0..7).step_by(limit as usize).flat_map(|from| checkpoints.page(series(), from, limit));
            assert_eq!(pages.collect::<Vec<_>>(), all);
        }
        assert_eq!(checkpoints.page(series(), 7, u32::MAX), []);
        assert_eq!(checkpoints.page(series(), u32::MAX, u32::MAX), []);
        assert_eq!(checkpoints.page(series(), 0, 0), []);
    }

    #[ink::test]
    fn series_do_not_mix() {
        let mut checkpoints = Checkpoints::default();
        checkpoints.update(series(), 1, |_| Some(7)).unwrap();
        checkpoints.update(None, 1, |_| Some(8)).unwrap();
        assert_eq!(checkpoints.latest(series()), 7);
        assert_eq!(checkpoints.latest(None), 8);
        assert_eq!(checkpoints.latest(Some(AccountId::from([2; 32]))), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        /// The look-up agrees with a scan of all that happened.
        #[test]
        fn a_past_value_is_the_last_one_set_until_then(
            steps in proptest::collection::vec((0u64..4, 0u128..1_000), 0..40),
            asked in 0u64..120,
        ) {
            ink::env::test::run_test::<ink::env::DefaultEnvironment, _>(|_| {
                let mut checkpoints = Checkpoints::default();
                let mut now = 1;
                let mut history = vec![];
                for (wait, value) in &steps {
                    now += wait;
                    checkpoints.update(series(), now, |_| Some(*value)).unwrap();
                    history.push((now, *value));
                }
                let expected = history.iter().rev().find(|(at, _)| *at <= asked).map_or(0, |(_, value)| *value);
                assert_eq!(checkpoints.value_at(series(), asked), expected);
                Ok(())
            }).unwrap();
        }
    }
}
