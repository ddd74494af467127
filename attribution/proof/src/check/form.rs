//! Fraud proof 6: form and amounts.

use super::{parameters_of, show, EpochFacts, EvidenceOpening, Fraud, RevisionFacts, Verdict};
use crate::evidence::{Entry, EvidenceLeaf, ATTRIBUTED};
use crate::receipt::{context_hash, credits_hash, no_context, no_credits, Receipt};
use crate::rules::leaf::retrieval;
use crate::rules::{amounts, form};
use crate::tree::TreeHead;
use crate::{Error, Hasher};
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// What is wrong with the leaf.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
#[allow(clippy::cast_possible_truncation)] // the codec's derive casts the variant's index
pub enum FormFault {
    /// It doesn't decode.
    Undecodable,
    /// It has entries though its status is not 0.
    EntriesWithoutStatus,
    /// Order, counts, overlap, lengths, ¾, w, scores or ranks, by the policy of this receipt's revision and the parameters of this
    /// batch.
    Form(Receipt, u64),
    /// The amounts, by the receipt's policy and the parameters of this batch.
    Amounts(Receipt, u64),
    /// The retrieval entries, by the context list of this public receipt (empty if it has none).
    Retrieval(Receipt, Vec<u8>),
    /// The entries, by the credits preimage of this private receipt (empty if it has none) and the parameters of this batch.
    Private(Receipt, u64, Vec<u8>),
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
/// another list or preimage.
pub fn check<H: Hasher>(
    evidence: &TreeHead,
    witness: &FormWitness,
    facts: &(impl EpochFacts + RevisionFacts),
) -> Result<Verdict, Error> {
    witness.evidence.verify::<H>(evidence)?;
    let decoded = EvidenceLeaf::decode(&witness.evidence.fields);
    if let FormFault::Undecodable = witness.fault {
        return show(decoded.is_err(), Fraud::Undecodable).map(Verdict::signers);
    }
    let leaf = decoded?;
    if let FormFault::EntriesWithoutStatus = witness.fault {
        let wrong = leaf.status != ATTRIBUTED && !leaf.entries.is_empty();
        return show(wrong, Fraud::BadForm).map(Verdict::signers);
    }
    if leaf.status != ATTRIBUTED {
        return Err(Error::NotFraud);
    }
    let receipt = match &witness.fault {
        FormFault::Undecodable | FormFault::EntriesWithoutStatus => return Err(Error::NotFraud),
        FormFault::Form(receipt, _)
        | FormFault::Amounts(receipt, _)
        | FormFault::Retrieval(receipt, _)
        | FormFault::Private(receipt, ..) => receipt,
    };
    if receipt.hash::<H>() != leaf.receipt {
        return Err(Error::WitnessMismatch);
    }
    if let FormFault::Retrieval(_, list) = &witness.fault {
        let right: Vec<Entry> = retrieval(named_list::<H>(receipt, list)?).collect();
        let named = |entry: &Entry| matches!(entry, Entry::Retrieval(_));
        return show(without_amounts(&leaf.entries, named) != right, Fraud::WrongRetrieval).map(Verdict::signers);
    }
    // Without its revision the receipt is invalid: fraud proof 2's.
    let policy = facts.revision(receipt.model, receipt.revision).ok_or(Error::WitnessMismatch)?.policy;
    let params = |batch: u64| parameters_of(facts, batch, witness.evidence.index);
    let fraud = match &witness.fault {
        FormFault::Form(_, batch) => {
            let flaw = form::check(&leaf.entries, policy.c_max, params(*batch)?.common_max);
            show(flaw.is_err(), Fraud::BadForm)
        }
        FormFault::Amounts(_, batch) => {
            let params = params(*batch)?;
            let right = amounts::of_entries(leaf.part, &policy, &params, &leaf.entries)?;
            show(leaf.entries.iter().map(Entry::amount).ne(right), Fraud::WrongAmounts)
        }
        FormFault::Private(_, batch, preimage) => {
            if !receipt.is_private() {
                return Err(Error::WitnessMismatch);
            }
            if !no_credits::<H>(&receipt.credits) && credits_hash::<H>(preimage) != receipt.credits {
                return Err(Error::WrongHash);
            }
            // A preimage that breaks the rules makes the receipt invalid: fraud proof 2's.
            let common_max = params(*batch)?.common_max;
            let right =
                form::private_entries::<H>(receipt, preimage, policy.c_max, common_max).map_err(|_| Error::NotFraud)?;
            show(without_amounts(&leaf.entries, |_| true) != right, Fraud::WrongPrivateEntries)
        }
        _ => Err(Error::NotFraud),
    };
    fraud.map(Verdict::signers)
}

/// The context list that a public receipt names.
fn named_list<'a, H: Hasher>(receipt: &Receipt, list: &'a [u8]) -> Result<&'a [u8], Error> {
    if receipt.is_private() {
        return Err(Error::PrivateText);
    }
    if no_context::<H>(&receipt.context) {
        return Ok(&[]);
    }
    if list.is_empty() || context_hash::<H>(list) != receipt.context {
        return Err(Error::WrongHash);
    }
    Ok(list)
}

/// Those of the entries that are wanted, with amounts 0.
fn without_amounts(entries: &[Entry], wanted: impl Fn(&Entry) -> bool) -> Vec<Entry> {
    let mut entries: Vec<Entry> = entries.iter().filter(|entry| wanted(entry)).cloned().collect();
    entries.iter_mut().for_each(|entry| entry.set_amount(0));
    entries
}

/// The first fault of form or amounts of a published leaf; `None` if there is none.
///
/// `receipt` is the batch's at that place (fraud proof 2 shows if the leaf names another), `list` its published context list or,
/// if it is private, its credits preimage.
///
/// # Errors
/// [`Error::WitnessMismatch`] if the leaf names another receipt or is not of the batch, [`Error::WrongHash`] for another list.
#[cfg(feature = "std")]
pub fn find<H: Hasher>(
    evidence: EvidenceOpening,
    head: &TreeHead,
    batch: u64,
    receipt: &Receipt,
    list: &[u8],
    facts: &(impl EpochFacts + RevisionFacts),
) -> Result<Option<FormWitness>, Error> {
    let mut faults = alloc::vec![FormFault::Undecodable, FormFault::EntriesWithoutStatus];
    if facts.revision(receipt.model, receipt.revision).is_some() {
        faults.push(FormFault::Form(*receipt, batch));
        faults.push(if receipt.is_private() {
            FormFault::Private(*receipt, batch, list.to_vec())
        } else {
            FormFault::Retrieval(*receipt, list.to_vec())
        });
        faults.push(FormFault::Amounts(*receipt, batch));
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
