//! What a report is a function of, and that function: no I/O, no clock, no float.
//!
//! [`EpochData`] is gathered from the chain and from what hosts publish (see [`crate::gather`]); [`plan`] turns it into the
//! evidence, the credits, the payouts and the report's numbers. Two oracles with the same data get the same bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use influence::RowIndex;
use proof::evidence::EvidenceLeaf;
use proof::params::{ParameterSet, Revision};
use proof::payouts::PayoutLeaf;
use proof::receipt::Receipt;
use proof::report::ReportBody;
use proof::rules::epoch::{Carry, EpochBuilder, Totals, part};
use proof::rules::leaf::{Facts, Published, Slot, attribute};
use proof::tree::MerkleTree;
use proof::version::VersionLeaf;
use proof::{Account, Blake2};

use crate::files::ReportFiles;
use crate::published::ReceiptRecord;

/// Everything that the report of one epoch is a function of.
pub struct EpochData {
    pub epoch: u32,
    /// Reports of this epoch that were voided.
    pub attempt: u16,
    /// The batches `from .. to`, in order.
    pub from: u64,
    pub to: u64,
    pub batches: Vec<BatchData>,
    pub carry: Carry,
    pub as_of: AsOf,
    /// The live payouts, which the report continues.
    pub previous: Vec<PayoutLeaf>,
    /// Every revision of the epoch's models that exists, by (model, revision).
    pub models: BTreeMap<(u32, u32), Arc<ModelData>>,
    /// The parameter sets that the batches name.
    pub parameters: BTreeMap<u32, ParameterSet>,
}

/// The times as of which facts count for an epoch, ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOf {
    /// When it was closed: struck contributions and payees count if strictly earlier.
    pub closed_at: u64,
    /// Until when data could be demanded: what was passed over counts if strictly earlier.
    pub demand_end: u64,
}

/// One batch and what its host publishes of it.
pub struct BatchData {
    pub channel: u64,
    pub model: u32,
    pub params: u32,
    /// When it was redeemed, ms.
    pub at: u64,
    pub count_from: u64,
    pub count_to: u64,
    pub fee_from: u128,
    pub fee_to: u128,
    pub pot: u128,
    /// Tree 03 through the batch, and its top on chain.
    pub tree: MerkleTree,
    pub top: [u8; 32],
    /// The receipts `count_from .. count_to`, opened against the batch's top; `None` if the batch is withheld.
    pub receipts: Option<Vec<OpenReceipt>>,
}

/// A receipt that was checked against its place in tree 03 and against what its host publishes.
pub struct OpenReceipt {
    pub receipt: Receipt,
    pub record: ReceiptRecord,
    /// Its leaf's fee in tree 03.
    pub fee: u128,
}

/// One revision of a model, with the texts and sketches it rests on.
pub struct ModelData {
    pub revision: Revision,
    pub sources: Vec<SourceData>,
    /// The sources' texts, by (source, index).
    pub texts: BTreeMap<(u8, u32), Vec<u8>>,
    /// Those that count (neither struck nor passed over), indexed.
    pub spans: spans::Index,
    /// The rows' sketches, if the revision has any.
    pub rows: Option<RowIndex>,
}

/// One Datanet version among a revision's sources.
pub struct SourceData {
    pub datanet: u32,
    pub version: u32,
    /// The version's leaves and their tree.
    pub leaves: Vec<VersionLeaf>,
    pub tree: MerkleTree,
    pub contributions: Vec<ContributionFacts>,
}

/// What counts of a contribution, with the times from which it counts (PROTOCOL.md section 3, "When facts count").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContributionFacts {
    /// Its number in the registry.
    pub contribution: u64,
    pub seq: u64,
    pub contributor: Account,
    /// Who is due what it earns.
    pub payee: Account,
    pub root: [u8; 32],
    /// Its text's name in the store, binary.
    pub cid: Vec<u8>,
    pub length: u64,
    pub withdrawn_at: Option<u64>,
    pub struck_at: Option<u64>,
    pub passed_over_at: Option<u64>,
}

impl ContributionFacts {
    /// As if not there: struck before the epoch closed, or passed over before its demand time was over.
    pub fn absent(&self, as_of: AsOf) -> bool {
        let before = |fact: Option<u64>, time: u64| fact.is_some_and(|at| at < time);
        before(self.struck_at, as_of.closed_at) || before(self.passed_over_at, as_of.demand_end)
    }

    /// Who is due what it earns in a batch redeemed at `batch_at`.
    pub fn due(&self, as_of: AsOf, batch_at: u64) -> Option<Account> {
        let withdrawn = self.withdrawn_at.is_some_and(|at| at < batch_at);
        (!self.absent(as_of) && !withdrawn).then_some(self.payee)
    }
}

/// Why no report can be made of the data.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error("batch {0} names a parameter set that escrow doesn't have")]
    NoParameters(u64),
    #[error("batch {batch}, receipt {sequence}: {error}")]
    Receipt { batch: u64, sequence: u64, error: proof::Error },
    #[error("the epoch's sums don't work out: {0}")]
    Sums(#[from] proof::Error),
}

/// A report but for what its signers choose (set, round, deadline).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub totals: Totals,
    pub files: ReportFiles,
}

impl Plan {
    /// The body that oracle set `set` signs.
    pub fn body(&self, data: &EpochData, set: u32, round: u16, deadline: u64) -> ReportBody {
        ReportBody {
            set,
            epoch: data.epoch,
            attempt: data.attempt,
            round,
            from: data.from,
            to: data.to,
            previous: self.totals.previous,
            evidence: self.totals.evidence,
            credits: self.totals.credits,
            payouts: self.totals.payouts,
            carry_out: self.totals.carry_out,
            files: self.files.digest(),
            deadline,
        }
    }
}

struct BatchFacts<'a> {
    model: Option<&'a ModelData>,
    as_of: AsOf,
    batch_at: u64,
}

impl Facts for BatchFacts<'_> {
    fn due(&self, source: u8, index: u32) -> Option<Account> {
        let source = self.model?.sources.get(usize::from(source))?;
        source.contributions.get(index as usize)?.due(self.as_of, self.batch_at)
    }

    fn row(&self, row: u32) -> Option<(u8, u32)> {
        let row = self.model?.rows.as_ref()?.row(row)?;
        Some((row.source, row.index))
    }
}

/// The report of an epoch: each receipt's evidence, everybody's credits, the new payouts.
pub fn plan(data: &EpochData) -> Result<Plan, PlanError> {
    let mut builder = EpochBuilder::new();
    for (number, batch) in (data.from..).zip(&data.batches) {
        plan_batch(data, number, batch, &mut builder)?;
    }
    let totals = builder.finish::<Blake2>(&data.previous, &data.carry)?;
    Ok(Plan { totals, files: ReportFiles::of(&builder.leaves, &builder.credits, &builder.payouts) })
}

fn plan_batch(data: &EpochData, number: u64, batch: &BatchData, builder: &mut EpochBuilder) -> Result<(), PlanError> {
    let nobody = BatchFacts { model: None, as_of: data.as_of, batch_at: batch.at };
    let Some(receipts) = &batch.receipts else {
        for _ in batch.count_from..batch.count_to {
            builder.push::<Blake2>(&EvidenceLeaf::withheld(), &nobody)?;
        }
        return Ok(());
    };
    let params = data.parameters.get(&batch.params).ok_or(PlanError::NoParameters(number))?;
    let pot = data.carry.grown(batch.pot)?;
    let mut prefix = batch.fee_from;
    for (sequence, open) in (batch.count_from..).zip(receipts) {
        let at = |error| PlanError::Receipt { batch: number, sequence, error };
        let share = part(pot, prefix, open.fee, batch.fee_from, batch.fee_to).map_err(at)?;
        let slot = Slot { channel: batch.channel, model: batch.model, sequence, fee: open.fee, at: batch.at };
        let model = data.models.get(&(open.receipt.model, open.receipt.revision)).map(Arc::as_ref);
        let leaf = leaf_of(open, share, &slot, params, model, data.as_of).map_err(at)?;
        let facts = BatchFacts { model, as_of: data.as_of, batch_at: batch.at };
        builder.push::<Blake2>(&leaf, &facts).map_err(at)?;
        prefix = proof::math::add(prefix, open.fee).map_err(at)?;
    }
    Ok(())
}

fn leaf_of(
    open: &OpenReceipt,
    share: u128,
    slot: &Slot,
    params: &ParameterSet,
    model: Option<&ModelData>,
    as_of: AsOf,
) -> Result<EvidenceLeaf, proof::Error> {
    let published =
        Published { response: &open.record.response, context: &open.record.context, credits: &open.record.credits };
    let revision = model.map(|model| &model.revision);
    let attributed = |matches: &dyn proof::rules::spans::Matches, scores: Vec<(u32, i32)>| {
        attribute::<Blake2, _>(&open.receipt, share, slot, revision, params, &published, matches, scores)
    };
    match model {
        None => attributed(&proof::rules::spans::Scan::new(&[], &[]), Vec::new()),
        Some(model) => {
            let matches = model.spans.response(published.response);
            attributed(&matches, scores(open, model, as_of))
        }
    }
}

/// The scores of all rows that count; none for a private answer or one whose sketch is not of the model's length.
fn scores(open: &OpenReceipt, model: &ModelData, as_of: AsOf) -> Vec<(u32, i32)> {
    let Some(rows) = &model.rows else { return Vec::new() };
    if open.receipt.is_private() || open.record.sketch.len() != rows.dimension() {
        return Vec::new();
    }
    let counts = |row: u32| {
        let place = rows.row(row)?;
        let contribution = model.sources.get(usize::from(place.source))?.contributions.get(place.index as usize)?;
        (!contribution.absent(as_of)).then_some(())
    };
    rows.scores(&open.record.sketch).into_iter().filter(|(row, _)| counts(*row).is_some()).collect()
}
