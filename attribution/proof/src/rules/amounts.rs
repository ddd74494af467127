//! How a receipt's part splits: among the kinds by running bps, within a kind by running weights.

use crate::evidence::Entry;
use crate::math::running_share;
use crate::params::{ParameterSet, Policy};
use crate::{limits, Error};
use alloc::vec::Vec;

/// What goes to (span, influence, retrieval) of a part.
///
/// # Errors
/// [`Error::Overflow`] if the policy is not valid.
pub fn split_kinds(part: u128, policy: &Policy) -> Result<[u128; 3], Error> {
    let whole = u128::from(limits::BPS);
    let span = u128::from(policy.span_bps);
    let influence = span.checked_add(u128::from(policy.influence_bps)).ok_or(Error::Overflow)?;
    let retrieval = influence.checked_add(u128::from(policy.retrieval_bps)).ok_or(Error::Overflow)?;
    Ok([
        running_share(part, 0, span, whole)?,
        running_share(part, span, influence, whole)?,
        running_share(part, influence, retrieval, whole)?,
    ])
}

/// An entry's kind (0 span or exempt, 1 influence, 2 retrieval) and its weight within the kind.
pub fn weight(entry: &Entry, params: &ParameterSet) -> (usize, u128) {
    match entry {
        Entry::Span(span) => (0, u128::from(span.len)),
        Entry::Exempt(exempt) => (0, u128::from(exempt.len)),
        Entry::Influence(influence) => (1, u128::try_from(influence.score).unwrap_or(0)),
        Entry::Retrieval(retrieval) => (2, u128::from(params.weight(retrieval.rank))),
    }
}

/// The amounts of the entries, in their order.
///
/// # Errors
/// [`Error::Overflow`] if the policy is not valid.
pub fn of_entries(part: u128, policy: &Policy, params: &ParameterSet, entries: &[Entry]) -> Result<Vec<u128>, Error> {
    let shares = split_kinds(part, policy)?;
    let mut totals = [0u128; 3];
    for entry in entries {
        let (kind, weight) = weight(entry, params);
        let total = totals.get_mut(kind).ok_or(Error::Overflow)?;
        *total = total.checked_add(weight).ok_or(Error::Overflow)?;
    }
    let mut running = [0u128; 3];
    let mut amounts = Vec::with_capacity(entries.len());
    for entry in entries {
        let (kind, weight) = weight(entry, params);
        let before = running.get_mut(kind).ok_or(Error::Overflow)?;
        let after = before.checked_add(weight).ok_or(Error::Overflow)?;
        let share = *shares.get(kind).ok_or(Error::Overflow)?;
        let total = *totals.get(kind).ok_or(Error::Overflow)?;
        amounts.push(running_share(share, *before, after, total)?);
        *before = after;
    }
    Ok(amounts)
}

/// Sets the entries' amounts.
///
/// # Errors
/// As [`of_entries`].
pub fn fill(part: u128, policy: &Policy, params: &ParameterSet, entries: &mut [Entry]) -> Result<(), Error> {
    let amounts = of_entries(part, policy, params, entries)?;
    for (entry, amount) in entries.iter_mut().zip(amounts) {
        entry.set_amount(amount);
    }
    Ok(())
}
