//! Fraud proof 6: form and amounts.

use super::{show, EpochFacts, EvidenceOpening, Fraud, RevisionFacts, Verdict};
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
    /// Order, counts, overlap, lengths, ¾, w, scores or ranks, judged by the policy of this receipt's revision.
    Form(Receipt),
    /// The amounts, by the receipt's policy and the parameters of this batch.
    Amounts(Receipt, u64),
    /// The retrieval entries, by the context list of this public receipt (empty if it has none).
    Retrieval(Receipt, Vec<u8>),
    /// The entries, by the credits preimage of this private receipt (empty if it has none).
    Private(Receipt, Vec<u8>),
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
    let named = |receipt: &Receipt| -> Result<(), Error> {
        if receipt.hash::<H>() == leaf.receipt {
            Ok(())
        } else {
            Err(Error::WitnessMismatch)
        }
    };
    // Without its revision the receipt is invalid: fraud proof 2's.
    let policy = |receipt: &Receipt| {
        facts.revision(receipt.model, receipt.revision).map(|terms| terms.policy).ok_or(Error::WitnessMismatch)
    };
    let fraud = match &witness.fault {
        FormFault::Undecodable | FormFault::EntriesWithoutStatus => Err(Error::NotFraud),
        FormFault::Form(receipt) => {
            named(receipt)?;
            show(form::check(&leaf.entries, policy(receipt)?.c_max).is_err(), Fraud::BadForm)
        }
        FormFault::Amounts(receipt, batch) => {
            named(receipt)?;
            facts.batch(*batch).ok_or(Error::WitnessMismatch)?.sequence(witness.evidence.index)?;
            let params = facts.parameters(*batch).ok_or(Error::WitnessMismatch)?;
            let right = amounts::of_entries(leaf.part, &policy(receipt)?, &params, &leaf.entries)?;
            show(leaf.entries.iter().map(Entry::amount).ne(right), Fraud::WrongAmounts)
        }
        FormFault::Retrieval(receipt, list) => {
            named(receipt)?;
            if receipt.is_private() {
                return Err(Error::PrivateText);
            }
            let list: &[u8] = if no_context::<H>(&receipt.context) { &[] } else { list };
            if !list.is_empty() && context_hash::<H>(list) != receipt.context {
                return Err(Error::WrongHash);
            }
            if list.is_empty() && !no_context::<H>(&receipt.context) {
                return Err(Error::WrongHash);
            }
            let named = leaf.entries.iter().filter(|entry| matches!(entry, Entry::Retrieval(_)));
            show(!retrieval(list).eq(named.map(without_amount)), Fraud::WrongRetrieval)
        }
        FormFault::Private(receipt, preimage) => {
            named(receipt)?;
            if !receipt.is_private() {
                return Err(Error::WitnessMismatch);
            }
            if !no_credits::<H>(&receipt.credits) && credits_hash::<H>(preimage) != receipt.credits {
                return Err(Error::WrongHash);
            }
            // A preimage that breaks the rules makes the receipt invalid: fraud proof 2's.
            let right =
                form::private_entries::<H>(receipt, preimage, policy(receipt)?.c_max).map_err(|_| Error::NotFraud)?;
            show(leaf.entries.iter().map(without_amount).ne(right), Fraud::WrongPrivateEntries)
        }
    };
    fraud.map(Verdict::signers)
}

fn without_amount(entry: &Entry) -> Entry {
    let mut entry = entry.clone();
    entry.set_amount(0);
    entry
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
        faults.push(FormFault::Form(*receipt));
        faults.push(if receipt.is_private() {
            FormFault::Private(*receipt, list.to_vec())
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
