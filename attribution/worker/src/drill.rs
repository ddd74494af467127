//! For drills on a test chain: an oracle that lies, so that people see a false report refuted.
//!
//! It gives the first span of an epoch to another contribution than the one that holds it, and the money to that one's
//! contributor, with all trees and sums in order: only the bytes tell. Who runs it loses its stake when somebody watches.

use proof::Blake2;
use proof::credits::CreditLeaf;
use proof::evidence::{Entry, EvidenceLeaf};
use proof::rules::epoch::MergePayouts;
use proof::tree::{Frontier, Tree, top_of};

use crate::epoch::{EpochData, Plan, PlanError};
use crate::files::ReportFiles;

/// When to lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drill {
    /// In this epoch's first attempt.
    pub epoch: u32,
}

impl Drill {
    /// Whether it is time.
    pub fn applies(&self, data: &EpochData) -> bool {
        data.epoch == self.epoch && data.attempt == 0
    }

    /// The plan with the first span moved to the next contribution of its source; the plan itself if it has no span.
    pub fn falsify(&self, data: &EpochData, plan: &Plan) -> Result<Plan, PlanError> {
        let leaves = plan.files.evidence_leaves().map_err(|_| proof::Error::Truncated)?;
        let mut leaves: Vec<Vec<u8>> = leaves.into_iter().map(<[u8]>::to_vec).collect();
        let mut credits = plan.files.credit_leaves().map_err(|_| proof::Error::Truncated)?;
        let Some((at, entry, account)) = self.victim(data, &mut leaves)? else { return Ok(plan.clone()) };
        let Some(credit) = credits.iter_mut().find(|credit| credit.evidence == at && credit.entry == entry) else {
            return Ok(plan.clone());
        };
        credit.account = account;
        credits.sort_unstable();
        let payouts =
            MergePayouts::new(data.previous.iter().copied(), credits.iter().copied()).collect::<Result<Vec<_>, _>>()?;
        let mut evidence = Frontier::<proof::Hash>::new();
        for leaf in &leaves {
            evidence.append::<Blake2>(Tree::Evidence, proof::evidence::evidence_node::<Blake2>(leaf))?;
        }
        let mut totals = plan.totals;
        totals.evidence = evidence.head::<Blake2>(Tree::Evidence)?;
        totals.credits = top_of::<Blake2>(Tree::Credits, credits.iter().map(CreditLeaf::node::<Blake2>))?;
        totals.payouts =
            top_of::<Blake2>(Tree::Payouts, payouts.iter().map(proof::payouts::PayoutLeaf::node::<Blake2>))?;
        Ok(Plan { totals, files: ReportFiles::of(&leaves, &credits, &payouts) })
    }

    /// Rewrites the first credited span in place; returns its leaf, its entry and who gets the money now.
    fn victim(&self, data: &EpochData, leaves: &mut [Vec<u8>]) -> Result<Option<(u64, u8, proof::Account)>, PlanError> {
        let places = data.batches.iter().flat_map(|batch| batch.places.iter().flatten());
        for ((at, fields), place) in (0u64..).zip(leaves.iter_mut()).zip(places) {
            let Some(open) = place else { continue };
            let mut leaf = EvidenceLeaf::decode(fields)?;
            let Some(model) = data.models.get(&(open.receipt.model, open.receipt.revision)) else { continue };
            for (entry, line) in (0u8..).zip(leaf.entries.iter_mut()) {
                let Entry::Span(span) = line else { continue };
                let Some(source) = model.sources.get(usize::from(span.credited.source)) else { continue };
                let count = source.contributions.len() as u32;
                let other = (span.credited.index + 1) % count.max(1);
                let Some(thief) = source.contributions.get(other as usize) else { continue };
                if span.amount == 0 || other == span.credited.index {
                    continue;
                }
                span.credited.index = other;
                span.whole.index = other;
                let account = thief.payee;
                *fields = leaf.fields()?;
                return Ok(Some((at, entry, account)));
            }
        }
        Ok(None)
    }
}
