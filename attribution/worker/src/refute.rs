//! From a false report's published files to the fraud proof that shows it.

use std::collections::HashMap;

use proof::check::credits::{self, DueOpening};
use proof::check::influence::{RowOpening, Rows};
use proof::check::span::{ContributionOpening, Library};
use proof::check::{
    BatchTerms, EpochFacts, EvidenceOpening, Proof, Published, RequestFacts, RevisionFacts, RevisionTerms, SourceFacts,
    find_leaf, payouts, tree,
};
use proof::credits::CreditLeaf;
use proof::evidence::{Entry, EvidenceLeaf, evidence_node};
use proof::params::{ParameterSet, Policy};
use proof::payouts::PayoutLeaf;
use proof::report::ReportBody;
use proof::request::SignedRequest;
use proof::rules::epoch::Carry;
use proof::tree::{MerkleTree, Tree, join};
use proof::version::{VersionHead, VersionLeaf};
use proof::{Blake2, Error, Hash, Hasher};
use scale::Encode;

use crate::epoch::{BatchData, EpochData, ModelData, OpenReceipt, Plan, is_signed};
use crate::files::{FilesError, ReportFiles};

/// Why no proof could be looked for.
#[derive(Debug, thiserror::Error)]
pub enum RefuteError {
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error("{0}")]
    Proof(#[from] Error),
}

/// The first fraud that a report's files show, and what it is in words; `None` if none of the proofs shows any.
///
/// `ours` is the plan of the same epoch by the rules. In order: soundness of the sum trees (8), evidence leaves (2 to 6),
/// credits (7), payouts (9).
pub fn find(
    report: &ReportBody,
    data: &EpochData,
    ours: &Plan,
    files: &ReportFiles,
) -> Result<Option<(Proof, String)>, RefuteError> {
    for kind in [tree::SumTree::Credits, tree::SumTree::Payouts] {
        let known = preimages(files, kind)?;
        match tree::find::<Blake2>(kind, report, &|hash| known.get(hash).cloned()) {
            Ok(Some(witness)) => {
                return Ok(Some((Proof::Tree(witness), format!("the {kind:?} tree is not sound"))));
            }
            // Not all of the tree is published: what is hidden can be asked for.
            Ok(None) | Err(Error::Absent) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let case = Case { data };
    let theirs = files.evidence_leaves()?;
    let nodes = theirs.iter().map(|fields| evidence_node::<Blake2>(fields)).collect();
    let evidence = MerkleTree::build::<Blake2>(Tree::Evidence, nodes)?;
    if let Some(found) = case.leaf(ours, &theirs, &evidence)? {
        return Ok(Some(found));
    }
    let credit_leaves = files.credit_leaves()?;
    let credit_tree =
        MerkleTree::build::<Blake2>(Tree::Credits, credit_leaves.iter().map(CreditLeaf::node::<Blake2>).collect())?;
    let right = ours.files.credit_leaves()?;
    let open = |index: u64| EvidenceOpening::of(fields_at(&theirs, index)?, &evidence, index);
    let due = |index: u64, entry: u8| case.due(&theirs, &evidence, index, entry);
    if let Some(fault) = credits::find(&credit_leaves, &credit_tree, &right, report, open, due)? {
        return Ok(Some((Proof::Credits(fault), "a credit that the evidence does not give".into())));
    }
    let build = |leaves: &[PayoutLeaf]| {
        MerkleTree::build::<Blake2>(Tree::Payouts, leaves.iter().map(PayoutLeaf::node::<Blake2>).collect())
    };
    let payout_leaves = files.payout_leaves()?;
    let (before, after) = (build(&data.previous)?, build(&payout_leaves)?);
    let witness = payouts::find((&data.previous, &before), (&credit_leaves, &credit_tree), (&payout_leaves, &after))?;
    Ok(witness.map(|witness| (Proof::Payouts(witness), "a total that is not the old one and its credits".to_owned())))
}

/// The fraud that one opened leaf of a report's evidence shows, whose other leaves nobody has to know.
///
/// # Errors
/// Those of [`find`].
pub fn find_opened(
    report: &ReportBody,
    data: &EpochData,
    ours: &Plan,
    opening: EvidenceOpening,
) -> Result<Option<(Proof, String)>, RefuteError> {
    opening.verify::<Blake2>(&report.evidence)?;
    let mut leaves = ours.files.evidence_leaves()?;
    let at = usize::try_from(opening.index).ok().and_then(|at| leaves.get_mut(at)).ok_or(Error::IndexOutOfRange)?;
    *at = &opening.fields;
    // Looked for among our own leaves with theirs put in, and then shown with its own path.
    let nodes = leaves.iter().map(|fields| evidence_node::<Blake2>(fields)).collect();
    let mixed = MerkleTree::build::<Blake2>(Tree::Evidence, nodes)?;
    let Some((mut proof, shown)) = (Case { data }).leaf(ours, &leaves, &mixed)? else { return Ok(None) };
    let evidence = match &mut proof {
        Proof::Receipt(witness) => &mut witness.evidence,
        Proof::Span(witness) => &mut witness.evidence,
        Proof::Outranked(witness) => &mut witness.evidence,
        Proof::Influence(witness) => &mut witness.evidence,
        Proof::Form(witness) => &mut witness.evidence,
        Proof::Credits(_) | Proof::Tree(_) | Proof::Payouts(_) => return Ok(None),
    };
    *evidence = opening.clone();
    Ok(Some((proof, shown)))
}

fn fields_at<'a>(leaves: &[&'a [u8]], index: u64) -> Result<&'a [u8], Error> {
    usize::try_from(index).ok().and_then(|at| leaves.get(at)).copied().ok_or(Error::IndexOutOfRange)
}

fn proven(proof: Proof, index: u64) -> Option<(Proof, String)> {
    let at = |what: &str| format!("receipt {index} of the epoch: {what}");
    let text = match &proof {
        Proof::Receipt(_) => at("its leaf is not its batch's receipt, or has the wrong part or status"),
        Proof::Span(witness) => at(&format!("entry {}: {}", witness.entry, span_fault(&witness.fault))),
        Proof::Outranked(_) => at("what was left out outranks its spans"),
        Proof::Influence(_) => at("influence that the sketches don't give"),
        Proof::Form(_) => at("wrong form or amounts"),
        // Those are of whole reports, not of a leaf.
        Proof::Credits(_) | Proof::Tree(_) | Proof::Payouts(_) => return None,
    };
    Some((proof, text))
}

fn span_fault(fault: &proof::check::span::SpanFault) -> &'static str {
    use proof::check::span::SpanFault;
    match fault {
        SpanFault::DifferingByte(..) => "a byte of the response is not the one at the place that is named",
        SpanFault::ResponseBoundary(..) => "the range does not begin and end with a word of the response",
        SpanFault::HoldingBoundary(..) => "the place does not begin and end with a word of the contribution",
        SpanFault::TooFewWords(..) => "the range has too few words or bytes",
        SpanFault::TooLong(..) => "the range is longer than it may be",
        SpanFault::NoSuchOffset(..) => "the place lies beyond the contribution's end",
        _ => "it names what is not there",
    }
}

/// An epoch's data as the checks ask for it.
pub struct Case<'a> {
    pub data: &'a EpochData,
}

/// Where an evidence leaf belongs.
struct Slot<'a> {
    number: u64,
    batch: &'a BatchData,
    /// `None` in a withheld batch, and of an unfilled place.
    open: Option<&'a OpenReceipt>,
}

impl<'a> Case<'a> {
    fn slots(&self) -> impl Iterator<Item = Slot<'a>> {
        let data = self.data;
        (data.from..).zip(&data.batches).flat_map(|(number, batch)| {
            (batch.count_from..batch.count_to).enumerate().map(move |(at, _)| Slot {
                number,
                batch,
                open: batch.places.as_ref().and_then(|places| places.get(at)?.as_ref()),
            })
        })
    }

    fn model(&self, model: u32, revision: u32) -> Option<&'a ModelData> {
        self.data.models.get(&(model, revision)).map(std::sync::Arc::as_ref)
    }

    fn leaf(
        &self,
        ours: &Plan,
        theirs: &[&[u8]],
        evidence: &MerkleTree,
    ) -> Result<Option<(Proof, String)>, RefuteError> {
        let right = ours.files.evidence_leaves()?;
        for ((index, slot), (fields, right)) in (0u64..).zip(self.slots()).zip(theirs.iter().zip(&right)) {
            if fields == right {
                continue;
            }
            let right = EvidenceLeaf::decode(right)?;
            let published = slot.batch.places.as_ref().map(|_| Published {
                receipts: &slot.batch.tree,
                answer: slot.open.map(OpenReceipt::answer),
                sketch: slot.open.map_or(&[], |open| open.record.sketch.as_slice()),
            });
            let model = slot.open.and_then(|open| self.model(open.receipt.model, open.receipt.revision));
            let shelf = Shelf { model, closed_at: self.data.closed_at };
            let found = find_leaf::<Blake2>(fields, index, evidence, slot.number, &right, published, &shelf, self)?;
            if let Some(found) = found.and_then(|proof| proven(proof, index)) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// What has to be opened to know who is due an entry.
    fn due(&self, theirs: &[&[u8]], evidence: &MerkleTree, index: u64, entry: u8) -> Result<DueOpening, Error> {
        let fields = fields_at(theirs, index)?;
        let slot = usize::try_from(index).ok().and_then(|at| self.slots().nth(at)).ok_or(Error::IndexOutOfRange)?;
        let open = slot.open.ok_or(Error::WitnessMismatch)?;
        let model = self.model(open.receipt.model, open.receipt.revision);
        let leaf = EvidenceLeaf::decode(fields)?;
        let mut row = None;
        let place = match leaf.entries.get(usize::from(entry)) {
            Some(Entry::Span(span)) => Some((span.credited.source, span.credited.index)),
            Some(Entry::Retrieval(chunk)) => Some((chunk.source, chunk.index)),
            Some(Entry::Influence(influence)) => {
                let rows = model.and_then(|model| model.rows.as_ref()).ok_or(Error::BadSource)?;
                let leaf = rows.leaf(influence.row).ok_or(Error::BadSource)?;
                let found = (leaf.source, leaf.index);
                row = Some(RowOpening { fields: leaf.fields(), path: rows.tree().path(u64::from(influence.row))? });
                Some(found)
            }
            _ => None,
        };
        let contribution = match place {
            None => None,
            Some((source, index)) => model.and_then(|model| {
                let source = model.sources.get(usize::from(source))?;
                let leaf = *source.leaves.get(index as usize)?;
                Some(ContributionOpening { leaf, path: source.tree.path(u64::from(index)).ok()? })
            }),
        };
        Ok(DueOpening {
            evidence: EvidenceOpening::of(fields, evidence, index)?,
            receipt: open.receipt,
            batch: slot.number,
            row,
            contribution,
        })
    }
}

impl SourceFacts for Case<'_> {
    fn policy(&self, model: u32, revision: u32) -> Option<Policy> {
        Some(self.model(model, revision)?.revision.policy)
    }

    fn source(&self, model: u32, revision: u32, source: u8) -> Option<VersionHead> {
        self.model(model, revision)?.revision.sources.get(usize::from(source)).copied()
    }

    fn counts(&self, model: u32, revision: u32, source: u8, contribution: u64) -> bool {
        counts(self.model(model, revision), self.data.closed_at, source, contribution)
    }
}

impl RevisionFacts for Case<'_> {
    fn revision(&self, model: u32, revision: u32) -> Option<RevisionTerms> {
        let revision = &self.model(model, revision)?.revision;
        Some(RevisionTerms {
            policy: revision.policy,
            adapter: revision.adapter,
            sketches: revision.sketches,
            created_at: revision.created_at,
        })
    }
}

impl RequestFacts for Case<'_> {
    fn signed(&self, request: &SignedRequest) -> bool {
        is_signed(&self.data.domain, request)
    }
}

impl EpochFacts for Case<'_> {
    fn batch(&self, number: u64) -> Option<BatchTerms> {
        let at = usize::try_from(number.checked_sub(self.data.from)?).ok()?;
        let batch = self.data.batches.get(at)?;
        let before = self.data.batches.iter().take(at).map(|batch| batch.count_to - batch.count_from);
        Some(BatchTerms {
            first: before.sum(),
            channel: batch.channel,
            model: batch.model,
            key: batch.key,
            params: batch.params,
            at: batch.at,
            count_from: batch.count_from,
            count_to: batch.count_to,
            fee_from: batch.fee_from,
            fee_to: batch.fee_to,
            top: batch.top,
            pot: batch.pot,
            withheld: batch.places.is_none(),
        })
    }

    fn parameters(&self, number: u64) -> Option<ParameterSet> {
        let at = usize::try_from(number.checked_sub(self.data.from)?).ok()?;
        self.data.parameters.get(&self.data.batches.get(at)?.params).cloned()
    }

    fn carry(&self) -> Carry {
        self.data.carry
    }
}

fn counts(model: Option<&ModelData>, closed_at: u64, source: u8, contribution: u64) -> bool {
    let source = model.and_then(|model| model.sources.get(usize::from(source)));
    let known = source.and_then(|s| s.contributions.iter().find(|facts| facts.contribution == contribution));
    known.is_some_and(|facts| !facts.absent(closed_at))
}

/// What a model's data shows of its sources and rows.
struct Shelf<'a> {
    model: Option<&'a ModelData>,
    closed_at: u64,
}

impl Library for Shelf<'_> {
    fn version(&self, source: u8) -> Option<(&[VersionLeaf], &MerkleTree)> {
        let source = self.model?.sources.get(usize::from(source))?;
        Some((&source.leaves, &source.tree))
    }

    fn text(&self, source: u8, index: u32) -> Option<&[u8]> {
        self.model?.texts.get(&(source, index)).map(Vec::as_slice)
    }

    fn counts(&self, source: u8, contribution: u64) -> bool {
        counts(self.model, self.closed_at, source, contribution)
    }
}

impl Rows for Shelf<'_> {
    fn row(&self, row: u32) -> Option<Vec<u8>> {
        Some(self.model?.rows.as_ref()?.leaf(row)?.fields())
    }

    fn rows(&self) -> Option<&MerkleTree> {
        Some(self.model?.rows.as_ref()?.tree())
    }
}

/// Every preimage of a published tree's nodes and leaves.
fn preimages(files: &ReportFiles, kind: tree::SumTree) -> Result<HashMap<Hash, Vec<u8>>, RefuteError> {
    let (tree, leaves): (Tree, Vec<Vec<u8>>) = match kind {
        tree::SumTree::Credits => (Tree::Credits, files.credit_leaves()?.iter().map(CreditLeaf::encode).collect()),
        tree::SumTree::Payouts => (Tree::Payouts, files.payout_leaves()?.iter().map(PayoutLeaf::encode).collect()),
    };
    let mut known = HashMap::new();
    let mut nodes = Vec::new();
    for leaf in leaves {
        let preimage = [&[tree.tag()], leaf.as_slice()].concat();
        let hash = Blake2::blake2_256(&preimage);
        // The amount is the last 16 bytes of either leaf.
        let sum = leaf.last_chunk::<16>().map_or(0, |bytes| u128::from_le_bytes(*bytes));
        nodes.push(proof::Node { hash, sum });
        known.insert(hash, preimage);
    }
    while nodes.len() > 1 {
        let mut next = Vec::with_capacity(nodes.len().div_ceil(2));
        for pair in nodes.chunks(2) {
            let [left, right] = pair else {
                next.extend_from_slice(pair);
                continue;
            };
            let preimage = [&[tree.node_tag()][..], &(left, right).encode()].concat();
            let parent = join::<Blake2>(tree, left, right)?;
            known.insert(parent.hash, preimage);
            next.push(parent);
        }
        nodes = next;
    }
    Ok(known)
}
