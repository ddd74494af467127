//! One receipt's evidence leaf, and who is due what of it.

use super::spans::Matches;
use super::validity::{self, Opened, Slot, Terms};
use super::{amounts, influence, spans};
use crate::credits::CreditLeaf;
use crate::evidence::{Entry, EvidenceLeaf, Retrieval, ATTRIBUTED, INVALID};
use crate::params::{ParameterSet, Revision};
use crate::receipt::{no_sketch, Receipt};
use crate::request::{context_hash, decode_context, no_context, SignedRequest};
use crate::text::Text;
use crate::{Account, Error, Hasher};
use alloc::vec::Vec;

/// An answer as its host hands it over, all of it under the receipt's hashes.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The receipt.
    pub receipt: &'a Receipt,
    /// What was asked for.
    pub request: &'a SignedRequest,
    /// The response; salted by random bytes if and only if the request is private. Ignored if the receipt has none.
    pub response: Text<'a>,
    /// The context list. Ignored if the request has none.
    pub context: &'a [u8],
}

impl Answer<'_> {
    /// Checks what was handed over against the receipt's and the request's hashes. A response that is salted though the payer
    /// did not ask for a private answer, or the other way round, is no response.
    ///
    /// # Errors
    /// [`Error::WrongHash`]: then something is missing.
    pub fn verify<H: Hasher>(&self) -> Result<(), Error> {
        let Answer { receipt, request, response, context } = self;
        let asked = request.hash::<H>() == receipt.request;
        let said = receipt.response == crate::ZERO
            || (response.random.is_some() == request.body.is_private() && response.root::<H>()? == receipt.response);
        let retrieved = no_context::<H>(&request.body.context) || context_hash::<H>(context) == request.body.context;
        if asked && said && retrieved {
            Ok(())
        } else {
            Err(Error::WrongHash)
        }
    }

    /// What [`validity::judge`] takes.
    ///
    /// # Errors
    /// [`Error::Overflow`] (never on a 64-bit machine).
    pub fn opened(&self) -> Result<Opened<'_>, Error> {
        let response_bytes = Some(self.response.length()?);
        Ok(Opened { receipt: self.receipt, request: Some(self.request), response_bytes })
    }
}

/// Who is due what a contribution earns, at the times that count for the epoch and the batch.
pub trait Facts {
    /// The account that is due what (source, index) earns: its contributor, or the payee by a decision as of `closed_at`.
    /// `None` if it does not exist, or earns nothing: [`crate::terms::Standing::earns`].
    fn due(&self, source: u8, index: u32) -> Option<Account>;

    /// The contribution in which a row of the model's sketches lies, as (source, index).
    fn row(&self, row: u32) -> Option<(u8, u32)>;
}

/// The evidence of one answer whose batch is not withheld; an unfilled place has [`EvidenceLeaf::unfilled`].
///
/// `scores` are (row, score) of all rows that count (existing contribution, not struck), for a receipt with a sketch of d bytes;
/// ignored otherwise. `answer` must have passed [`Answer::verify`]. `signed` as in [`validity::judge`].
///
/// # Errors
/// [`Error::BadSource`] if `matches` contradicts itself, [`Error::Overflow`] if the policy is not valid, else as
/// [`validity::judge`].
#[allow(clippy::too_many_arguments)]
pub fn attribute<H: Hasher, M: Matches + ?Sized>(
    answer: &Answer<'_>,
    part: u128,
    slot: &Slot,
    revision: Option<&Revision>,
    params: &ParameterSet,
    signed: impl FnOnce(&SignedRequest) -> bool,
    matches: &M,
    scores: impl IntoIterator<Item = (u32, i32)>,
) -> Result<EvidenceLeaf, Error> {
    let receipt = answer.receipt.hash::<H>();
    let named = revision.map(|revision| (revision.adapter, revision.created_at));
    let terms = Terms { slot, revision: named, params };
    let invalid = validity::judge::<H>(&answer.opened()?, &terms, signed)?.is_some();
    let (false, Some(revision)) = (invalid, revision) else {
        return Ok(EvidenceLeaf { receipt, part, status: INVALID, entries: Vec::new() });
    };
    let mut entries = entries::<H, M>(answer, revision, params, matches, scores)?;
    amounts::fill(part, &revision.policy, params, &mut entries)?;
    Ok(EvidenceLeaf { receipt, part, status: ATTRIBUTED, entries })
}

fn entries<H: Hasher, M: Matches + ?Sized>(
    answer: &Answer<'_>,
    revision: &Revision,
    params: &ParameterSet,
    matches: &M,
    scores: impl IntoIterator<Item = (u32, i32)>,
) -> Result<Vec<Entry>, Error> {
    let receipt = answer.receipt;
    let mut entries = if receipt.response == crate::ZERO {
        Vec::new()
    } else {
        spans::entries(answer.response.bytes, &revision.policy, params.common_max, matches)?
    };
    if !no_sketch::<H>(&receipt.sketch) && revision.sketches.is_some_and(|sketches| sketches.usable()) {
        entries.extend(influence::best(scores).into_iter().map(Entry::Influence));
    }
    if !no_context::<H>(&answer.request.body.context) {
        entries.extend(retrieval(answer.context));
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
