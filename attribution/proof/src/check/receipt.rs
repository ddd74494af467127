//! Fraud proof 2: a leaf that is not its batch's receipt, or has the wrong part or status.

use super::{show, EpochFacts, EvidenceOpening, Fraud, RequestFacts, RevisionFacts};
use crate::evidence::{EvidenceLeaf, ATTRIBUTED, INVALID, WITHHELD};
use crate::receipt::{Receipt, ReceiptLeaf};
use crate::request::SignedRequest;
use crate::rules::epoch::part;
#[cfg(feature = "std")]
use crate::rules::leaf::Answer;
use crate::rules::validity::{judge, Opened, Terms};
use crate::text::TextOpening;
use crate::tree::{verify_path, Node, Tree, TreeHead};
use crate::{Error, Hasher};
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// A leaf of tree 03 with its path in its batch's tree.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct ReceiptOpening {
    /// The leaf.
    pub leaf: ReceiptLeaf,
    /// Siblings bottom-up.
    pub path: Vec<Node>,
}

/// What is wrong with the leaf.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
#[allow(clippy::cast_possible_truncation)] // the codec's derive casts the variant's index
#[allow(clippy::large_enum_variant)] // made once, passed by reference: a box would only cost an allocation
pub enum ReceiptFault {
    /// The batch is withheld and the leaf is not, or the other way round.
    Withheld,
    /// The leaf names another receipt than tree 03.
    Receipt(ReceiptOpening),
    /// The part is wrong.
    Part(ReceiptOpening),
    /// The status is wrong.
    Status(StatusOpening),
}

/// A receipt with as much of what it rests on as its judgement needs.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct StatusOpening {
    /// The leaf of tree 03.
    pub opening: ReceiptOpening,
    /// The receipt; zeros of an unfilled place.
    pub receipt: Receipt,
    /// The request that it names. Not needed if the receipt is invalid by itself.
    pub request: Option<SignedRequest>,
    /// The response's length alone. Not needed if the receipt is invalid without it, or has no response.
    pub response: Option<TextOpening>,
}

/// A leaf of a report's evidence, its batch, and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct ReceiptWitness {
    /// The evidence leaf.
    pub evidence: EvidenceOpening,
    /// The number of its batch.
    pub batch: u64,
    /// What is wrong.
    pub fault: ReceiptFault,
}

/// Checks the witness against the evidence of a report.
///
/// # Errors
/// [`Error::NotFraud`] if the leaf is right in what was opened, [`Error::WitnessMismatch`] for another batch or receipt,
/// [`Error::NotOpened`] if the judgement needs more, or an error of the openings. A leaf that doesn't decode is fraud proof 6's.
pub fn check<H: Hasher>(
    evidence: &TreeHead,
    witness: &ReceiptWitness,
    facts: &(impl EpochFacts + RevisionFacts + RequestFacts),
) -> Result<Fraud, Error> {
    let leaf = witness.evidence.open::<H>(evidence)?;
    let batch = facts.batch(witness.batch).ok_or(Error::WitnessMismatch)?;
    let sequence = batch.sequence(witness.evidence.index)?;
    if let ReceiptFault::Withheld = witness.fault {
        let wrong = if batch.withheld { leaf != EvidenceLeaf::withheld() } else { leaf.status == WITHHELD };
        return show(wrong, Fraud::WrongWithheld);
    }
    if batch.withheld {
        return Err(Error::NotFraud);
    }
    let open = |opening: &ReceiptOpening| -> Result<u128, Error> {
        let node = opening.leaf.node::<H>();
        let (top, sum, count) = (&batch.top, batch.fee_to, batch.count_to);
        verify_path::<H, Node>(Tree::Receipts, top, sum, node, sequence, count, &opening.path)
    };
    match &witness.fault {
        ReceiptFault::Withheld => Err(Error::NotFraud),
        ReceiptFault::Receipt(opening) => {
            open(opening)?;
            show(opening.leaf.receipt != leaf.receipt, Fraud::WrongReceipt)
        }
        ReceiptFault::Part(opening) => {
            let prefix = open(opening)?;
            let pot = facts.carry().grown(batch.pot)?;
            let right = part(pot, prefix, opening.leaf.fee, batch.fee_from, batch.fee_to)?;
            show(leaf.part != right, Fraud::WrongPart)
        }
        ReceiptFault::Status(status) => {
            let StatusOpening { opening, receipt, request, response } = status;
            open(opening)?;
            if receipt.hash::<H>() != opening.leaf.receipt {
                return Err(Error::WitnessMismatch);
            }
            let response_bytes = match response {
                Some(text) => Some(text.verify::<H>(&receipt.response)?.length),
                None => None,
            };
            let revision = facts.revision(receipt.model, receipt.revision);
            let terms = Terms {
                slot: &batch.slot(sequence, opening.leaf.fee),
                revision: revision.map(|terms| (terms.adapter, terms.created_at)),
                params: &facts.parameters(witness.batch).ok_or(Error::WitnessMismatch)?,
            };
            let opened = Opened { receipt, request: request.as_ref(), response_bytes };
            let valid = opening.leaf == ReceiptLeaf::unfilled::<H>()
                || judge::<H>(&opened, &terms, |request| facts.signed(request))?.is_none();
            show(leaf.status != if valid { ATTRIBUTED } else { INVALID }, Fraud::WrongStatus)
        }
    }
}

/// The first fault of a published leaf as its batch's receipt; `None` if receipt, part and status are right.
///
/// `receipts` is tree 03 through the batch, `answer` what stands at that place; `None` if it is unfilled.
///
/// # Errors
/// Of the leaf's encoding, or [`Error::WitnessMismatch`] if the leaf is not of the batch.
#[cfg(feature = "std")]
pub fn find<H: Hasher>(
    evidence: EvidenceOpening,
    head: &TreeHead,
    batch: u64,
    receipts: &crate::tree::MerkleTree,
    answer: Option<&Answer<'_>>,
    facts: &(impl EpochFacts + RevisionFacts + RequestFacts),
) -> Result<Option<ReceiptWitness>, Error> {
    let terms = facts.batch(batch).ok_or(Error::WitnessMismatch)?;
    let sequence = terms.sequence(evidence.index)?;
    let mut faults = alloc::vec![ReceiptFault::Withheld];
    if !terms.withheld {
        let fee = receipts.leaves().get(usize::try_from(sequence).map_err(|_| Error::Overflow)?);
        let receipt = answer.map_or(Receipt::UNFILLED, |answer| *answer.receipt);
        let leaf = ReceiptLeaf { receipt: receipt.hash::<H>(), fee: fee.ok_or(Error::IndexOutOfRange)?.sum };
        let opening = ReceiptOpening { leaf, path: receipts.path(sequence)? };
        faults.push(ReceiptFault::Receipt(opening.clone()));
        faults.push(ReceiptFault::Part(opening.clone()));
        let response = match answer {
            Some(answer) if receipt.response != crate::ZERO => Some(answer.response.open::<H>(0, 0)?),
            _ => None,
        };
        let request = answer.map(|answer| *answer.request);
        faults.push(ReceiptFault::Status(StatusOpening { opening, receipt, request, response }));
    }
    for fault in faults {
        let witness = ReceiptWitness { evidence: evidence.clone(), batch, fault };
        match check::<H>(head, &witness, facts) {
            Ok(_) => return Ok(Some(witness)),
            Err(Error::NotFraud) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}
