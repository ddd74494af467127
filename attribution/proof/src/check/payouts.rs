//! Fraud proof 9: an account's new total is not the old one plus its credits.

use super::{show, Fraud};
use crate::credits::CreditLeaf;
use crate::payouts::PayoutLeaf;
use crate::report::ReportBody;
use crate::tree::{Absence, Node, SumHead, Tree};
use crate::{Account, Error, Hasher};
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// An account in a payouts tree: its leaf, or that there is none.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
#[allow(clippy::cast_possible_truncation)] // the codec's derive casts the variant's index
pub enum Standing {
    /// The cumulative amount, the leaf's index and its path.
    Present(u128, u64, Vec<Node>),
    /// The gap where the account would stand.
    Absent(Absence<PayoutLeaf, Node>),
}

impl Standing {
    /// The account's cumulative amount, 0 if it has no leaf.
    fn verify<H: Hasher>(&self, head: &SumHead, account: Account) -> Result<u128, Error> {
        match self {
            Standing::Present(cumulative, index, path) => {
                let leaf = PayoutLeaf { account, cumulative: *cumulative };
                leaf.verify::<H>(head, *index, path)?;
                Ok(*cumulative)
            }
            Standing::Absent(absence) => {
                absence.verify::<H>(Tree::Payouts, head.count, head.sum, &head.top, &account)?;
                Ok(0)
            }
        }
    }
}

/// An account in the payouts before, in the new ones, and the two ends of its credits.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct PayoutWitness {
    /// The account.
    pub account: Account,
    /// In the payouts of the epoch before.
    pub old: Standing,
    /// In the report's payouts.
    pub new: Standing,
    /// The gap before its first credit.
    pub from: Absence<CreditLeaf, Node>,
    /// The gap after its last credit.
    pub to: Absence<CreditLeaf, Node>,
}

/// Checks the witness against a report.
///
/// # Errors
/// [`Error::NotFraud`] if the new total is right, else an error of the openings.
pub fn check<H: Hasher>(report: &ReportBody, witness: &PayoutWitness) -> Result<Fraud, Error> {
    let account = witness.account;
    let old = witness.old.verify::<H>(&report.previous, account)?;
    let new = witness.new.verify::<H>(&report.payouts, account)?;
    let head = &report.credits;
    let gap = |gap: &Absence<CreditLeaf, Node>, before: &dyn Fn(&CreditLeaf) -> bool| {
        gap.verify_gap::<H>(Tree::Credits, head.count, head.sum, &head.top, before, |leaf| !before(leaf))
    };
    let before = gap(&witness.from, &|leaf| leaf.account < account)?;
    let through = gap(&witness.to, &|leaf| leaf.account <= account)?;
    let credited = through.checked_sub(before).ok_or(Error::WitnessMismatch)?;
    // Payout has checked that the trees' sums add up in u128, so the sum of two of their parts fits unless a tree lies about its sums.
    let right = old.checked_add(credited);
    show(right != Some(new), Fraud::WrongPayout)
}

/// The first account whose new total is wrong, as a witness; `None` if all are right.
///
/// All three lists must strictly ascend (fraud proof 8 shows if one doesn't), the trees be theirs.
///
/// # Errors
/// Of the openings, or [`Error::Overflow`] of an account's total.
#[cfg(feature = "std")]
pub fn find(
    (previous, previous_tree): (&[PayoutLeaf], &crate::tree::MerkleTree),
    (credits, credits_tree): (&[CreditLeaf], &crate::tree::MerkleTree),
    (payouts, payouts_tree): (&[PayoutLeaf], &crate::tree::MerkleTree),
) -> Result<Option<PayoutWitness>, Error> {
    use crate::rules::epoch::MergePayouts;
    let mut right = Vec::new();
    for leaf in MergePayouts::new(previous.iter().copied(), credits.iter().copied()) {
        right.push(leaf?);
    }
    let differs = |a: &[PayoutLeaf], b: &[PayoutLeaf]| {
        a.iter().find(|leaf| b.binary_search(leaf).is_err()).map(|leaf| leaf.account)
    };
    let Some(account) = differs(&right, payouts).or_else(|| differs(payouts, &right)) else {
        return Ok(None);
    };
    let standing = |leaves: &[PayoutLeaf], tree: &crate::tree::MerkleTree| -> Result<Standing, Error> {
        let at = leaves.partition_point(|leaf| leaf.account < account);
        let index = u64::try_from(at).map_err(|_| Error::Overflow)?;
        Ok(match leaves.get(at).filter(|leaf| leaf.account == account) {
            Some(leaf) => Standing::Present(leaf.cumulative, index, tree.path(index)?),
            None => Standing::Absent(Absence::of(leaves, tree, index)?),
        })
    };
    let gap = |at: usize| -> Result<Absence<CreditLeaf, Node>, Error> {
        Absence::of(credits, credits_tree, u64::try_from(at).map_err(|_| Error::Overflow)?)
    };
    Ok(Some(PayoutWitness {
        account,
        old: standing(previous, previous_tree)?,
        new: standing(payouts, payouts_tree)?,
        from: gap(credits.partition_point(|leaf| leaf.account < account))?,
        to: gap(credits.partition_point(|leaf| leaf.account <= account))?,
    }))
}
