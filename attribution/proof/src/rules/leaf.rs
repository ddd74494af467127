//! One receipt's evidence leaf, and who is due what of it.

use super::form::private_entries;
use super::spans::Matches;
use super::{amounts, influence, spans};
use crate::credits::CreditLeaf;
use crate::evidence::{Entry, EvidenceLeaf, Retrieval, ATTRIBUTED, INVALID};
use crate::params::{ParameterSet, Revision};
use crate::receipt::{decode_context, no_context, no_sketch, Receipt};
use crate::text;
use crate::{Account, Error, Hash, Hasher};
use alloc::vec::Vec;

/// What is known of a receipt from its batch and its leaf in tree 03.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The batch's channel.
    pub channel: u64,
    /// The batch's model.
    pub model: u32,
    /// The leaf's index in tree 03.
    pub sequence: u64,
    /// The leaf's fee.
    pub fee: u128,
    /// The batch's time, ms.
    pub at: u64,
}

/// Whether the receipt is its slot's and its revision's. If not, its status is [`INVALID`].
///
/// `revision` is the adapter's hash and the time of registration of the revision that the receipt names, `None` if there is none.
pub fn fits(receipt: &Receipt, slot: &Slot, revision: Option<(Hash, u64)>) -> bool {
    let Some((adapter, created_at)) = revision else { return false };
    receipt.channel == slot.channel
        && receipt.model == slot.model
        && receipt.sequence == slot.sequence
        && receipt.fee == slot.fee
        && receipt.adapter == adapter
        && created_at < slot.at
}

/// What a host publishes with a receipt. What the receipt has none of is ignored.
#[derive(Clone, Copy, Debug, Default)]
pub struct Published<'a> {
    /// The response's bytes (public receipts).
    pub response: &'a [u8],
    /// The context list's bytes (public receipts).
    pub context: &'a [u8],
    /// The credits preimage (private receipts).
    pub credits: &'a [u8],
}

impl Published<'_> {
    /// Checks what is published against the receipt's hashes.
    ///
    /// # Errors
    /// [`Error::WrongHash`]: then the data is missing, and has to be demanded.
    pub fn verify<H: Hasher>(&self, receipt: &Receipt) -> Result<(), Error> {
        let right = if receipt.is_private() {
            crate::receipt::no_credits::<H>(&receipt.credits)
                || crate::receipt::credits_hash::<H>(self.credits) == receipt.credits
        } else {
            let response = receipt.response == crate::ZERO || text::root_of::<H>(self.response)? == receipt.response;
            let context =
                no_context::<H>(&receipt.context) || crate::receipt::context_hash::<H>(self.context) == receipt.context;
            response && context
        };
        if right {
            Ok(())
        } else {
            Err(Error::WrongHash)
        }
    }
}

/// Who is due what a contribution earns, at the times that count for the epoch and the batch.
pub trait Facts {
    /// The account that is due what (source, index) earns: its contributor, or the payee by an upheld claim as of `closed_at`.
    /// `None` if it does not exist, or is withdrawn (as of the batch's time), struck or passed over.
    fn due(&self, source: u8, index: u32) -> Option<Account>;

    /// The contribution in which a row of the model's sketches lies, as (source, index).
    fn row(&self, row: u32) -> Option<(u8, u32)>;
}

/// The evidence of one receipt whose batch is not withheld.
///
/// `scores` are (row, score) of all rows that count (existing contribution, not struck, not passed over), for a public
/// receipt with a sketch of d bytes; ignored otherwise. `published` must have passed [`Published::verify`].
///
/// # Errors
/// [`Error::BadSource`] if `matches` contradicts itself, [`Error::Overflow`] if the policy is not valid.
#[allow(clippy::too_many_arguments)]
pub fn attribute<H: Hasher, M: Matches + ?Sized>(
    receipt: &Receipt,
    part: u128,
    slot: &Slot,
    revision: Option<&Revision>,
    params: &ParameterSet,
    published: &Published<'_>,
    matches: &M,
    scores: impl IntoIterator<Item = (u32, i32)>,
) -> Result<EvidenceLeaf, Error> {
    let hash = receipt.hash::<H>();
    let invalid = EvidenceLeaf { receipt: hash, part, status: INVALID, entries: Vec::new() };
    let revision = match revision {
        Some(revision) if fits(receipt, slot, Some((revision.adapter, revision.created_at))) => revision,
        _ => return Ok(invalid),
    };
    let mut entries = if receipt.is_private() {
        match private_entries::<H>(receipt, published.credits, revision.policy.c_max, params.common_max) {
            Ok(entries) => entries,
            Err(_) => return Ok(invalid),
        }
    } else {
        public_entries::<H, M>(receipt, revision, params, published, matches, scores)?
    };
    amounts::fill(part, &revision.policy, params, &mut entries)?;
    Ok(EvidenceLeaf { receipt: hash, part, status: ATTRIBUTED, entries })
}

fn public_entries<H: Hasher, M: Matches + ?Sized>(
    receipt: &Receipt,
    revision: &Revision,
    params: &ParameterSet,
    published: &Published<'_>,
    matches: &M,
    scores: impl IntoIterator<Item = (u32, i32)>,
) -> Result<Vec<Entry>, Error> {
    let mut entries = if receipt.response == crate::ZERO {
        Vec::new()
    } else {
        spans::entries(published.response, &revision.policy, params.common_max, matches)?
    };
    if !no_sketch::<H>(&receipt.sketch) && revision.sketches.is_some_and(|sketches| sketches.usable()) {
        entries.extend(influence::best(scores).into_iter().map(Entry::Influence));
    }
    if !no_context::<H>(&receipt.context) {
        entries.extend(retrieval(published.context));
    }
    Ok(entries)
}

/// The retrieval entries of a context list, amounts 0.
pub fn retrieval(list: &[u8]) -> impl Iterator<Item = Entry> {
    decode_context(list).into_iter().zip(0u8..).map(|(chunk, rank)| {
        Entry::Retrieval(Retrieval { rank, source: chunk.source, index: chunk.index, chunk: chunk.chunk, amount: 0 })
    })
}

/// Who is due an entry's amount, if anybody.
pub fn due<F: Facts + ?Sized>(entry: &Entry, facts: &F) -> Option<Account> {
    match entry {
        Entry::Span(span) => facts.due(span.credited.source, span.credited.index),
        Entry::Exempt(_) => None,
        Entry::Influence(influence) => {
            let (source, index) = facts.row(influence.row)?;
            facts.due(source, index)
        }
        Entry::Retrieval(chunk) => facts.due(chunk.source, chunk.index),
    }
}

/// The credits of the evidence leaf at `evidence`, in the order of its entries (not yet by account).
pub fn credits<F: Facts + ?Sized>(leaf: &EvidenceLeaf, evidence: u64, facts: &F) -> Vec<CreditLeaf> {
    leaf.entries
        .iter()
        .zip(0u8..)
        .filter(|(entry, _)| entry.amount() > 0)
        .filter_map(|(line, entry)| {
            Some(CreditLeaf { account: due(line, facts)?, evidence, entry, amount: line.amount() })
        })
        .collect()
}
