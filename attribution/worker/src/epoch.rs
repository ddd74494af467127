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
use proof::request::SignedRequest;
use proof::rules::epoch::{Carry, EpochBuilder, Totals, part};
use proof::rules::leaf::{Answer, Facts, attribute};
use proof::rules::validity::Slot;
use proof::signed::{Domain, Signable};
use proof::terms::Standing;
use proof::tree::MerkleTree;
use proof::version::VersionLeaf;
use proof::{Account, Blake2};

use crate::files::ReportFiles;
use crate::published::ReceiptRecord;

/// Everything that the report of one epoch is a function of.
pub struct EpochData {
    pub epoch: u32,
    /// Which of its cuts this is.
    pub attempt: u32,
    /// The oracle set that reports it.
    pub set: u32,
    /// Where requests count: escrow on this chain.
    pub domain: Domain,
    /// The batches `from .. to`, in order.
    pub from: u64,
    pub to: u64,
    pub batches: Vec<BatchData>,
    pub carry: Carry,
    /// When it was cut, ms: struck contributions and payees count if strictly earlier.
    pub closed_at: u64,
    /// The live payouts, which the report continues.
    pub previous: Vec<PayoutLeaf>,
    /// Every revision of the epoch's models that exists, by (model, revision).
    pub models: BTreeMap<(u32, u32), Arc<ModelData>>,
    /// The parameter sets that the batches name.
    pub parameters: BTreeMap<u32, ParameterSet>,
}

/// One batch and what its host publishes of it.
pub struct BatchData {
    pub channel: u64,
    pub model: u32,
    /// Who signed its requests and its voucher.
    pub key: Account,
    pub params: u32,
    /// When it was redeemed, ms.
    pub at: u64,
    pub count_from: u64,
    pub count_to: u64,
    pub fee_from: u128,
    pub fee_to: u128,
    /// What the cut takes of its pot.
    pub pot: u128,
    /// Tree 03 through the batch, and its top on chain.
    pub tree: MerkleTree,
    pub top: [u8; 32],
    /// The places `count_from .. count_to`, opened against the batch's top, each `None` if it is unfilled; all `None` if the batch is
    /// withheld.
    pub places: Option<Vec<Option<OpenReceipt>>>,
}

impl BatchData {
    /// Its receipts, in order.
    pub fn receipts(&self) -> impl Iterator<Item = &OpenReceipt> {
        self.places.iter().flatten().flatten()
    }
}

/// A receipt that was checked against its place in tree 03 and against what its host hands over.
pub struct OpenReceipt {
    pub receipt: Receipt,
    pub record: ReceiptRecord,
}

impl OpenReceipt {
    /// The answer as the rules take it.
    pub fn answer(&self) -> Answer<'_> {
        let record = &self.record;
        let (request, context) = (&record.request, record.context.as_slice());
        Answer { receipt: &self.receipt, request, response: record.text(), context }
    }
}

/// Whether a request is signed by its key.
pub fn is_signed(domain: &Domain, request: &SignedRequest) -> bool {
    let signable = Signable::request::<Blake2>(domain, &request.body);
    signable.verified_by(|message| chain::verify(&request.key, message, &request.signature))
}

/// One revision of a model, with the texts and sketches it rests on.
pub struct ModelData {
    pub revision: Revision,
    pub sources: Vec<SourceData>,
    /// The sources' texts, by (source, index).
    pub texts: BTreeMap<(u8, u32), Vec<u8>>,
    /// Those that count (are not struck), indexed.
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

/// What counts of a contribution, with the times from which it counts (PROTOCOL.md, "When facts count").
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
    pub standing: Standing,
}

impl ContributionFacts {
    /// As if not there: struck before the epoch was cut.
    pub fn absent(&self, closed_at: u64) -> bool {
        !self.standing.counts(closed_at)
    }

    /// Who is due what it earns in a batch redeemed at `batch_at`.
    pub fn due(&self, closed_at: u64, batch_at: u64) -> Option<Account> {
        self.standing.earns(closed_at, batch_at).then_some(self.payee)
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

/// A report's numbers, and the files behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub totals: Totals,
    pub files: ReportFiles,
}

impl Plan {
    /// The body that is signed.
    pub fn body(&self, data: &EpochData) -> ReportBody {
        ReportBody {
            set: data.set,
            epoch: data.epoch,
            attempt: data.attempt,
            from: data.from,
            to: data.to,
            previous: self.totals.previous,
            evidence: self.totals.evidence,
            credits: self.totals.credits,
            payouts: self.totals.payouts,
            carry_out: self.totals.carry_out,
            files: self.files.digest(),
        }
    }
}

struct BatchFacts<'a> {
    model: Option<&'a ModelData>,
    closed_at: u64,
    batch_at: u64,
}

impl Facts for BatchFacts<'_> {
    fn due(&self, source: u8, index: u32) -> Option<Account> {
        let source = self.model?.sources.get(usize::from(source))?;
        source.contributions.get(index as usize)?.due(self.closed_at, self.batch_at)
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
    let nobody = BatchFacts { model: None, closed_at: data.closed_at, batch_at: batch.at };
    let Some(places) = &batch.places else {
        for _ in batch.count_from..batch.count_to {
            builder.push::<Blake2>(&EvidenceLeaf::withheld(), &nobody)?;
        }
        return Ok(());
    };
    let params = data.parameters.get(&batch.params).ok_or(PlanError::NoParameters(number))?;
    let pot = data.carry.grown(batch.pot)?;
    let mut prefix = batch.fee_from;
    for (sequence, place) in (batch.count_from..).zip(places) {
        let Some(open) = place else {
            builder.push::<Blake2>(&EvidenceLeaf::unfilled::<Blake2>(), &nobody)?;
            continue;
        };
        let at = |error| PlanError::Receipt { batch: number, sequence, error };
        let fee = open.receipt.fee;
        let share = part(pot, prefix, fee, batch.fee_from, batch.fee_to).map_err(at)?;
        let slot = Slot {
            channel: batch.channel,
            model: batch.model,
            key: batch.key,
            params: batch.params,
            sequence,
            fee,
            at: batch.at,
        };
        let model = data.models.get(&(open.receipt.model, open.receipt.revision)).map(Arc::as_ref);
        let leaf = leaf_of(open, share, &slot, params, model, data).map_err(at)?;
        let facts = BatchFacts { model, closed_at: data.closed_at, batch_at: batch.at };
        builder.push::<Blake2>(&leaf, &facts).map_err(at)?;
        prefix = proof::math::add(prefix, fee).map_err(at)?;
    }
    Ok(())
}

fn leaf_of(
    open: &OpenReceipt,
    share: u128,
    slot: &Slot,
    params: &ParameterSet,
    model: Option<&ModelData>,
    data: &EpochData,
) -> Result<EvidenceLeaf, proof::Error> {
    let answer = open.answer();
    let revision = model.map(|model| &model.revision);
    let attributed = |matches: &dyn proof::rules::spans::Matches, scores: Vec<(u32, i32)>| {
        let signed = |request: &SignedRequest| is_signed(&data.domain, request);
        attribute::<Blake2, _>(&answer, share, slot, revision, params, signed, matches, scores)
    };
    match model {
        None => attributed(&proof::rules::spans::Scan::new(&[], &[]), Vec::new()),
        Some(model) => {
            let matches = model.spans.response(answer.response.bytes);
            attributed(&matches, scores(open, model, data.closed_at))
        }
    }
}

/// The scores of all rows that count; none for an answer whose sketch is not of the model's length.
fn scores(open: &OpenReceipt, model: &ModelData, closed_at: u64) -> Vec<(u32, i32)> {
    let Some(rows) = &model.rows else { return Vec::new() };
    if open.record.sketch.len() != rows.dimension() {
        return Vec::new();
    }
    let counts = |row: u32| {
        let place = rows.row(row)?;
        let contribution = model.sources.get(usize::from(place.source))?.contributions.get(place.index as usize)?;
        (!contribution.absent(closed_at)).then_some(())
    };
    rows.scores(&open.record.sketch).into_iter().filter(|(row, _)| counts(*row).is_some()).collect()
}
