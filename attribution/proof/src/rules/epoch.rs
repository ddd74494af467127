//! An epoch: what each batch may give out, each receipt's part, and from credits to payouts and the report.

use crate::credits::CreditLeaf;
use crate::evidence::{evidence_node, EvidenceLeaf};
use crate::math::{add, mul_div, running_share, sub};
use crate::payouts::PayoutLeaf;
use crate::tree::{Frontier, PlainFrontier, SumHead, Tree, TreeHead};
use crate::{limits, Account, Error, Hasher};
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::iter::Peekable;
use scale::{Decode, Encode};

/// What an epoch's carry is shared by. From the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Carry {
    /// What the epoch before carried out.
    pub carry_in: u128,
    /// Σ pots of the epoch's batches, withheld ones too.
    pub pots: u128,
    /// The most that the carry may add, in basis points of the pots.
    pub carry_bps: u16,
}

impl Carry {
    /// B = min(carry in, ⌊P·carry_bps/10⁴⌋).
    ///
    /// # Errors
    /// [`Error::Overflow`] if the bound exceeds u128 (not for carry_bps ≤ 10,000).
    pub fn spent(&self) -> Result<u128, Error> {
        let bound = mul_div(self.pots, u128::from(self.carry_bps), u128::from(limits::BPS))?;
        Ok(bound.min(self.carry_in))
    }

    /// A batch's pot with what the carry adds: pot + ⌊pot·B/P⌋.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn grown(&self, pot: u128) -> Result<u128, Error> {
        add(pot, mul_div(pot, self.spent()?, self.pots)?)
    }
}

/// A receipt's part of its batch's grown pot: ⌊pot·F(i+1)/F⌋ − ⌊pot·F(i)/F⌋.
///
/// `prefix` is the sum of the fees before the receipt in tree 03, `fee_from` and `fee_to` the batch's cumulative fees.
///
/// # Errors
/// [`Error::Overflow`] if the receipt does not lie in the batch's fees.
pub fn part(grown_pot: u128, prefix: u128, fee: u128, fee_from: u128, fee_to: u128) -> Result<u128, Error> {
    let before = sub(prefix, fee_from)?;
    let after = add(before, fee)?;
    let whole = sub(fee_to, fee_from)?;
    if after > whole {
        return Err(Error::Overflow);
    }
    running_share(grown_pot, before, after, whole)
}

/// Adds an epoch's credits to the payouts before it: both sorted by account, out comes the new payouts, sorted.
///
/// Streams: holds one leaf of each side. An input that is out of order, or a sum beyond u128, ends it with an error.
pub struct MergePayouts<P: Iterator<Item = PayoutLeaf>, C: Iterator<Item = CreditLeaf>> {
    previous: Peekable<P>,
    credits: Peekable<C>,
    last: Option<Account>,
}

impl<P: Iterator<Item = PayoutLeaf>, C: Iterator<Item = CreditLeaf>> MergePayouts<P, C> {
    /// Merges two sorted inputs.
    pub fn new(previous: impl IntoIterator<IntoIter = P>, credits: impl IntoIterator<IntoIter = C>) -> Self {
        MergePayouts { previous: previous.into_iter().peekable(), credits: credits.into_iter().peekable(), last: None }
    }
}

impl<P: Iterator<Item = PayoutLeaf>, C: Iterator<Item = CreditLeaf>> Iterator for MergePayouts<P, C> {
    type Item = Result<PayoutLeaf, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let account = match (self.previous.peek(), self.credits.peek()) {
            (None, None) => return None,
            (Some(old), None) => old.account,
            (None, Some(credit)) => credit.account,
            (Some(old), Some(credit)) => old.account.min(credit.account),
        };
        if self.last.is_some_and(|last| last.cmp(&account) != Ordering::Less) {
            return Some(Err(Error::NotAscending));
        }
        self.last = Some(account);
        let mut cumulative = 0u128;
        if let Some(old) = self.previous.next_if(|old| old.account == account) {
            cumulative = old.cumulative;
        }
        while let Some(credit) = self.credits.next_if(|credit| credit.account == account) {
            match add(cumulative, credit.amount) {
                Ok(sum) => cumulative = sum,
                Err(error) => return Some(Err(error)),
            }
        }
        Some(Ok(PayoutLeaf { account, cumulative }))
    }
}

/// The numbers of an epoch's report that its trees give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Totals {
    /// The payouts of the epoch before.
    pub previous: SumHead,
    /// Tree 05.
    pub evidence: TreeHead,
    /// Tree 06.
    pub credits: SumHead,
    /// Tree 07.
    pub payouts: SumHead,
    /// Σ pots + carry in − credited.
    pub carry_out: u128,
}

impl Totals {
    /// What payout checks of a report's sums: credited + carry out = Σ pots + carry in; payouts Σ = previous Σ + credited.
    pub fn balanced(&self, carry: &Carry) -> bool {
        let funded = carry.pots.checked_add(carry.carry_in);
        let payouts = self.previous.sum.checked_add(self.credits.sum);
        funded.is_some() && self.credits.sum.checked_add(self.carry_out) == funded && payouts == Some(self.payouts.sum)
    }
}

/// Builds an epoch's trees in memory, leaf by leaf in (batch, index) order.
#[derive(Clone, Debug, Default)]
pub struct EpochBuilder {
    evidence: PlainFrontier,
    /// The encoded fields of every evidence leaf.
    pub leaves: Vec<Vec<u8>>,
    /// Credits, sorted after [`EpochBuilder::finish`].
    pub credits: Vec<CreditLeaf>,
    /// Payouts after [`EpochBuilder::finish`].
    pub payouts: Vec<PayoutLeaf>,
}

impl EpochBuilder {
    /// An epoch without receipts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends the next receipt's evidence and its credits.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub fn push<H: Hasher>(
        &mut self,
        leaf: &EvidenceLeaf,
        facts: &(impl super::leaf::Facts + ?Sized),
    ) -> Result<(), Error> {
        let fields = leaf.fields()?;
        let index = self.evidence.append::<H>(Tree::Evidence, evidence_node::<H>(&fields))?;
        self.leaves.push(fields);
        self.credits.extend(super::leaf::credits(leaf, index, facts));
        Ok(())
    }

    /// Sorts the credits, merges them into the payouts before and sums up.
    ///
    /// # Errors
    /// [`Error::NotAscending`] if `previous` is out of order, [`Error::Overflow`] if more was credited than funded.
    pub fn finish<H: Hasher>(&mut self, previous: &[PayoutLeaf], carry: &Carry) -> Result<Totals, Error> {
        self.credits.sort_unstable();
        self.payouts =
            MergePayouts::new(previous.iter().copied(), self.credits.iter().copied()).collect::<Result<Vec<_>, _>>()?;
        let credits = sum_head::<H>(Tree::Credits, self.credits.iter().map(CreditLeaf::node::<H>))?;
        Ok(Totals {
            previous: sum_head::<H>(Tree::Payouts, previous.iter().map(PayoutLeaf::node::<H>))?,
            evidence: self.evidence.head::<H>(Tree::Evidence)?,
            credits,
            payouts: sum_head::<H>(Tree::Payouts, self.payouts.iter().map(PayoutLeaf::node::<H>))?,
            carry_out: sub(add(carry.pots, carry.carry_in)?, credits.sum)?,
        })
    }
}

fn sum_head<H: Hasher>(tree: Tree, nodes: impl Iterator<Item = crate::Node>) -> Result<SumHead, Error> {
    let mut frontier = Frontier::<crate::Node>::new();
    for node in nodes {
        frontier.append::<H>(tree, node)?;
    }
    frontier.sum_head::<H>(tree)
}
