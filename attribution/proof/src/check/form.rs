//! Fraud proof 6: form and amounts.

use super::{parameters_of, show, EpochFacts, EvidenceOpening, Fraud, RevisionFacts};
use crate::evidence::{Entry, EvidenceLeaf, ATTRIBUTED};
use crate::receipt::{unfilled, Receipt};
use crate::request::{context_hash, no_context, SignedRequest};
use crate::rules::leaf::retrieval;
#[cfg(feature = "std")]
use crate::rules::leaf::Answer;
use crate::rules::{amounts, form};
use crate::tree::TreeHead;
use crate::{Error, Hasher};
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// What is wrong with the leaf.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
#[allow(clippy::cast_possible_truncation)] // the codec's derive casts the variant's index
#[allow(clippy::large_enum_variant)] // made once, passed by reference: a box would only cost an allocation
pub enum FormFault {
    /// It doesn't decode.
    Undecodable,
    /// It has entries though its status is not 0, or its place is unfilled.
    EntriesOfNothing,
    /// Order, counts, overlap, lengths, ¾, w, scores or ranks, by the policy of this receipt's revision and the parameters of this
    /// batch.
    Form(Receipt, u64),
    /// The amounts, by the receipt's policy and the parameters of this batch.
    Amounts(Receipt, u64),
    /// The retrieval entries, by the context list of this receipt's request (empty if it has none).
    Retrieval(Receipt, SignedRequest, Vec<u8>),
}

/// A leaf of a report's evidence and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct FormWitness {
    /// The evidence leaf.
    pub evidence: EvidenceOpening,
    /// What is wrong.
    pub fault: FormFault,
}

/// Checks the witness against the evidence of a report.
///
/// # Errors
/// [`Error::NotFraud`] if the leaf is right in what was opened, [`Error::WitnessMismatch`] for another receipt or batch, [`Error::WrongHash`] for
/// another request or list.
pub fn check<H: Hasher>(
    evidence: &TreeHead,
    witness: &FormWitness,
    facts: &(impl EpochFacts + RevisionFacts),
) -> Result<Fraud, Error> {
    witness.evidence.verify::<H>(evidence)?;
    let decoded = EvidenceLeaf::decode(&witness.evidence.fields);
    if let FormFault::Undecodable = witness.fault {
        return show(decoded.is_err(), Fraud::Undecodable);
    }
    let leaf = decoded?;
    if let FormFault::EntriesOfNothing = witness.fault {
        let nothing = leaf.status != ATTRIBUTED || leaf.receipt == crate::ZERO || leaf.receipt == unfilled::<H>();
        let wrong = nothing && !leaf.entries.is_empty();
        return show(wrong, Fraud::BadForm);
    }
    if leaf.status != ATTRIBUTED {
        return Err(Error::NotFraud);
    }
    let receipt = match &witness.fault {
        FormFault::Undecodable | FormFault::EntriesOfNothing => return Err(Error::NotFraud),
        FormFault::Form(receipt, _) | FormFault::Amounts(receipt, _) | FormFault::Retrieval(receipt, ..) => receipt,
    };
    if receipt.hash::<H>() != leaf.receipt {
        return Err(Error::WitnessMismatch);
    }
    if let FormFault::Retrieval(_, request, list) = &witness.fault {
        let right: Vec<Entry> = retrieval(named_list::<H>(receipt, request, list)?).collect();
        return show(retrieved(&leaf.entries) != right, Fraud::WrongRetrieval);
    }
    // Without its revision the receipt is invalid: fraud proof 2's.
    let policy = facts.revision(receipt.model, receipt.revision).ok_or(Error::WitnessMismatch)?.policy;
    let params = |batch: u64| parameters_of(facts, batch, witness.evidence.index);
    match &witness.fault {
        FormFault::Form(_, batch) => {
            let flaw = form::check(&leaf.entries, policy.c_max, params(*batch)?.common_max);
            show(flaw.is_err(), Fraud::BadForm)
        }
        FormFault::Amounts(_, batch) => {
            let params = params(*batch)?;
            let right = amounts::of_entries(leaf.part, &policy, &params, &leaf.entries)?;
            show(leaf.entries.iter().map(Entry::amount).ne(right), Fraud::WrongAmounts)
        }
        _ => Err(Error::NotFraud),
    }
}

/// The context list that a receipt's request names.
fn named_list<'a, H: Hasher>(receipt: &Receipt, request: &SignedRequest, list: &'a [u8]) -> Result<&'a [u8], Error> {
    if request.hash::<H>() != receipt.request {
        return Err(Error::WrongHash);
    }
    let context = &request.body.context;
    if no_context::<H>(context) {
        return Ok(&[]);
    }
    if list.is_empty() || context_hash::<H>(list) != *context {
        return Err(Error::WrongHash);
    }
    Ok(list)
}

/// The retrieval entries among these, with amounts 0.
fn retrieved(entries: &[Entry]) -> Vec<Entry> {
    let mut entries: Vec<Entry> =
        entries.iter().filter(|entry| matches!(entry, Entry::Retrieval(_))).cloned().collect();
    entries.iter_mut().for_each(|entry| entry.set_amount(0));
    entries
}

/// The first fault of form or amounts of a published leaf; `None` if there is none.
///
/// `answer` is what the batch has at that place (fraud proof 2 shows if the leaf names another receipt); `None` if it is unfilled.
///
/// # Errors
/// [`Error::WitnessMismatch`] if the leaf names another receipt or is not of the batch, [`Error::WrongHash`] for another list.
#[cfg(feature = "std")]
pub fn find<H: Hasher>(
    evidence: EvidenceOpening,
    head: &TreeHead,
    batch: u64,
    answer: Option<&Answer<'_>>,
    facts: &(impl EpochFacts + RevisionFacts),
) -> Result<Option<FormWitness>, Error> {
    let mut faults = alloc::vec![FormFault::Undecodable, FormFault::EntriesOfNothing];
    if let Some(Answer { receipt, request, context, .. }) = answer {
        if facts.revision(receipt.model, receipt.revision).is_some() {
            faults.push(FormFault::Form(**receipt, batch));
            faults.push(FormFault::Retrieval(**receipt, **request, context.to_vec()));
            faults.push(FormFault::Amounts(**receipt, batch));
        }
    }
    for fault in faults {
        let witness = FormWitness { evidence: evidence.clone(), fault };
        match check::<H>(head, &witness, facts) {
            Ok(_) => return Ok(Some(witness)),
            Err(Error::NotFraud) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}
