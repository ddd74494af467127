//! Commitments to contributions: entered by anyone, opened once in time, then forgotten.
// The types of mappings, spelled out by ink!.
#![allow(clippy::type_complexity)]

use ink::storage::traits::ManualKey;
use ink::storage::Mapping;
use openledger_abi::datanet::{CommitmentInfo, DatanetError, Opening, OPENING_MS};
use openledger_abi::{ensure, Bytes32, Timestamp};
use proof::limits::MAX_COMMITMENTS;
use proof::terms::{seq, Commitment};
use proof::Hasher;

type Outcome<T> = Result<T, DatanetError>;

/// Places of a tree that share a storage item of marks.
const MARKS: u32 = 256;

/// All commitments that can be opened.
#[ink::storage_item]
#[derive(Debug, Default)]
pub struct Commitments {
    count: u64,
    /// By top and count: if the top alone were the key, whoever sees one on its way could enter it under another count, in
    /// which it never opens.
    entered: Mapping<(Bytes32, u32), CommitmentInfo, ManualKey<0xDA7A_0010>>,
    /// Which places were opened of a tree of two or more, a bit each; by the commitment's number and the place's group.
    opened: Mapping<(u64, u32), [u8; 32], ManualKey<0xDA7A_0011>>,
}

impl Commitments {
    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn get(&self, top: Bytes32, count: u32) -> Option<CommitmentInfo> {
        self.entered.get((top, count))
    }

    /// Enters a tree of commitments. Returns its number.
    ///
    /// # Errors
    /// `BadCount`, `AlreadyCommitted`, `Overflow`.
    pub fn enter(&mut self, now: Timestamp, top: Bytes32, count: u32) -> Outcome<u64> {
        ensure!(count > 0 && u64::from(count) <= MAX_COMMITMENTS, DatanetError::BadCount);
        if let Some(known) = self.get(top, count).filter(|known| now <= until(known)) {
            return Err(DatanetError::AlreadyCommitted { commitment: known.number });
        }
        let number = self.count;
        // What is opened has a place in u64; the last number that has is far away.
        ensure!(seq(number, count.saturating_sub(1)).is_ok(), DatanetError::Overflow);
        self.count = number.checked_add(1).ok_or(DatanetError::Overflow)?;
        self.entered.insert((top, count), &CommitmentInfo { number, committed_at: now });
        Ok(number)
    }

    /// Opens one place of an entered tree, once. Returns the precedence of what opens it.
    ///
    /// # Errors
    /// `UnknownCommitment`, `CommittedNow`, `CommitmentLapsed`, `AlreadyOpened`.
    pub fn open<H: Hasher>(&mut self, now: Timestamp, commitment: &Commitment, opening: &Opening) -> Outcome<u64> {
        let Opening { count, index, path } = opening;
        let top = commitment.top::<H>(*index, *count, path).map_err(|_| DatanetError::UnknownCommitment)?;
        let entered = self.get(top, *count).ok_or(DatanetError::UnknownCommitment)?;
        // Blocks have times of their own: of the same block is of the same time.
        ensure!(now > entered.committed_at, DatanetError::CommittedNow);
        let until = until(&entered);
        ensure!(now <= until, DatanetError::CommitmentLapsed { until });
        if *count == 1 {
            self.entered.remove((top, 1));
        } else {
            self.mark(entered.number, *index)?;
        }
        seq(entered.number, *index).map_err(|_| DatanetError::Overflow)
    }

    fn mark(&mut self, number: u64, index: u32) -> Outcome<()> {
        let (group, place) = (index.div_euclid(MARKS), index.rem_euclid(MARKS));
        let mut marks = self.opened.get((number, group)).unwrap_or_default();
        let byte = usize::try_from(place.div_euclid(8)).map_err(|_| DatanetError::Overflow)?;
        let byte = marks.get_mut(byte).ok_or(DatanetError::Overflow)?;
        let bit = 1u8 << place.rem_euclid(8);
        ensure!(*byte & bit == 0, DatanetError::AlreadyOpened);
        *byte |= bit;
        self.opened.insert((number, group), &marks);
        Ok(())
    }

    /// Drops a commitment that can be opened no more. Returns its number.
    ///
    /// # Errors
    /// `UnknownCommitment`, `StillOpen`.
    pub fn forget(&mut self, now: Timestamp, top: Bytes32, count: u32) -> Outcome<u64> {
        let entered = self.get(top, count).ok_or(DatanetError::UnknownCommitment)?;
        let until = until(&entered);
        ensure!(now > until, DatanetError::StillOpen { until });
        self.entered.remove((top, count));
        Ok(entered.number)
    }
}

/// The last time at which a commitment opens.
fn until(commitment: &CommitmentInfo) -> Timestamp {
    commitment.committed_at.saturating_add(OPENING_MS)
}
