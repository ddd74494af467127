//! Questions about a report: what answers them, and what to ask of signers who publish nothing.
//!
//! Both are functions of what was gathered and planned. An answer is looked for by the hash or head that is asked for, so it does not
//! matter how the question came about.

use chain::{AccountId, Chain, ChainError, read};
use ink::message_builder;
use openledger_abi::availability::{Availability, QuestionInfo, QuestionStatus};
use openledger_abi::judge::ReportId;
use proof::check::EvidenceOpening;
use proof::credits::CreditLeaf;
use proof::evidence::evidence_node;
use proof::payouts::PayoutLeaf;
use proof::question::{Answer, Asked, LEVELS, NodeOpening, Question, ReportTree};
use proof::receipt::ReceiptLeaf;
use proof::report::ReportBody;
use proof::tree::{MerkleTree, Node, Tree};
use proof::{Blake2, Error, Hash, SumHead};
use scale::Encode;

use crate::epoch::{BatchData, EpochData, ModelData, OpenReceipt, Plan};
use crate::files::FilesError;

/// Why no answer or question was made.
#[derive(Debug, thiserror::Error)]
pub enum RespondError {
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error("{0}")]
    Proof(#[from] Error),
}

/// The questions about the pending report that wait for their answer.
#[derive(Debug, Default)]
pub struct Waiting {
    report: Option<ReportId>,
    /// Questions before this one were seen: there is one pending report at a time, so the others are about what is past.
    seen: u64,
    open: Vec<u64>,
}

impl Waiting {
    /// Those about this report that are open now. One that was not answered stays among them, whatever the reason.
    ///
    /// # Errors
    /// If the chain can't be read.
    pub fn look(
        &mut self,
        chain: &dyn Chain,
        availability: AccountId,
        report: ReportId,
    ) -> Result<Vec<(u64, QuestionInfo)>, ChainError> {
        if self.report != Some(report) {
            (self.report, self.open) = (Some(report), Vec::new());
        }
        let count = read(chain, availability, message_builder!(Availability).question_count())?;
        self.open.extend(self.seen..count);
        self.seen = self.seen.max(count);
        let mut found = Vec::new();
        let mut open = Vec::new();
        for number in self.open.drain(..) {
            let info = read(chain, availability, message_builder!(Availability).question_of(number))?;
            let waits = |info: &QuestionInfo| info.report == report && info.status == QuestionStatus::Open;
            if let Some(info) = info.filter(waits) {
                open.push(number);
                found.push((number, info));
            }
        }
        self.open = open;
        Ok(found)
    }
}

/// The trees of a report, with their leaves' fields.
struct Own {
    trees: [(ReportTree, MerkleTree, Vec<Vec<u8>>); 3],
}

impl Own {
    fn of(plan: &Plan) -> Result<Self, RespondError> {
        let evidence: Vec<Vec<u8>> = plan.files.evidence_leaves()?.into_iter().map(<[u8]>::to_vec).collect();
        let (credits, payouts) = (plan.files.credit_leaves()?, plan.files.payout_leaves()?);
        let build = |tree, nodes| MerkleTree::build::<Blake2>(tree, nodes);
        let trees = [
            (
                ReportTree::Evidence,
                build(Tree::Evidence, evidence.iter().map(|fields| evidence_node::<Blake2>(fields)).collect())?,
                evidence,
            ),
            (
                ReportTree::Credits,
                build(Tree::Credits, credits.iter().map(CreditLeaf::node::<Blake2>).collect())?,
                credits.iter().map(Encode::encode).collect(),
            ),
            (
                ReportTree::Payouts,
                build(Tree::Payouts, payouts.iter().map(PayoutLeaf::node::<Blake2>).collect())?,
                payouts.iter().map(Encode::encode).collect(),
            ),
        ];
        Ok(Self { trees })
    }
}

fn heads(tree: &MerkleTree, head: &SumHead) -> bool {
    tree.count() == head.count && tree.top().hash == head.top
}

fn receipts(data: &EpochData) -> impl Iterator<Item = &OpenReceipt> {
    data.batches.iter().flat_map(BatchData::receipts)
}

fn models(data: &EpochData) -> impl Iterator<Item = &ModelData> {
    data.models.values().map(std::sync::Arc::as_ref)
}

/// The answer to a question, if it is among what was gathered and planned.
///
/// # Errors
/// If the plan's own files can't be read.
pub fn answer(asked: &Asked, data: &EpochData, plan: &Plan) -> Result<Option<Answer>, RespondError> {
    Ok(match asked {
        Asked::Leaf(tree, index, head) => leaf(*tree, *index, head, data, plan)?,
        Asked::Nodes(tree, node, _) => {
            let own = Own::of(plan)?;
            let known = own.trees.iter().find(|(kind, ..)| kind.kind() == *tree);
            known.and_then(|(_, whole, _)| nodes(whole, node))
        }
        Asked::Preimage(_, hash) => preimage(hash, data).map(Answer::Preimage),
        Asked::Chunks(root, first) => match text(root, data) {
            Some(text) => Some(Answer::chunks::<Blake2>(text, *first)?),
            None => None,
        },
    })
}

fn leaf(tree: Tree, index: u64, head: &SumHead, data: &EpochData, plan: &Plan) -> Result<Option<Answer>, RespondError> {
    let at = usize::try_from(index).map_err(|_| Error::Overflow)?;
    let found = match tree {
        Tree::Evidence | Tree::Credits | Tree::Payouts => {
            let own = Own::of(plan)?;
            let known = own.trees.iter().find(|(kind, whole, _)| kind.kind() == tree && heads(whole, head));
            known.and_then(|(_, whole, leaves)| Some(Answer::leaf(leaves.get(at)?, whole, index)))
        }
        Tree::Receipts => data.batches.iter().find(|batch| heads(&batch.tree, head)).and_then(|batch| {
            let within = index.checked_sub(batch.count_from).and_then(|within| usize::try_from(within).ok())?;
            let leaf = match batch.places.as_ref()?.get(within)? {
                Some(open) => open.receipt.leaf(open.receipt.hash::<Blake2>()),
                None => ReceiptLeaf::unfilled::<Blake2>(),
            };
            Some(Answer::leaf(&leaf.encode(), &batch.tree, index))
        }),
        Tree::Version => {
            let mut sources = models(data).flat_map(|model| &model.sources);
            let source = sources.find(|source| heads(&source.tree, head));
            source.and_then(|source| Some(Answer::leaf(&source.leaves.get(at)?.encode(), &source.tree, index)))
        }
        Tree::Sketches => {
            let rows = models(data).filter_map(|model| model.rows.as_ref()).find(|rows| heads(rows.tree(), head));
            let row = u32::try_from(index).ok();
            rows.zip(row).and_then(|(rows, row)| Some(Answer::leaf(&rows.leaf(row)?.fields(), rows.tree(), index)))
        }
        Tree::Text | Tree::Commitments => None,
    };
    Ok(found.transpose()?)
}

/// The nodes below this one, wherever it stands.
fn nodes(whole: &MerkleTree, node: &Node) -> Option<Answer> {
    (1..whole.depth()).find_map(|level| {
        let width = whole.count().div_ceil(1 << level);
        let index = (0..width).find(|index| whole.node(level, *index).as_ref() == Some(node))?;
        Some(Answer::nodes(whole, u8::try_from(level).ok()?, index))
    })
}

/// What a receipt's hash, or one in a receipt or its request, is of.
fn preimage(hash: &Hash, data: &EpochData) -> Option<Vec<u8>> {
    receipts(data).find_map(|open| {
        let (receipt, record) = (&open.receipt, &open.record);
        if receipt.hash::<Blake2>() == *hash {
            return Some(receipt.encode());
        }
        if receipt.request == *hash {
            return Some(record.request.encode());
        }
        let objects = [(receipt.sketch, &record.sketch), (record.request.body.context, &record.context)];
        objects.into_iter().find(|(known, _)| known == hash).map(|(_, bytes)| bytes.clone())
    })
}

fn text<'a>(root: &Hash, data: &'a EpochData) -> Option<&'a [u8]> {
    let response = receipts(data).find(|open| open.receipt.response == *root);
    if let Some(open) = response {
        return Some(&open.record.response);
    }
    models(data).find_map(|model| {
        let sources = (0u8..).zip(&model.sources);
        let (source, index) = sources
            .flat_map(|(number, source)| {
                (0u32..)
                    .zip(&source.leaves)
                    .filter(|(_, leaf)| leaf.content_root == *root)
                    .map(move |(at, _)| (number, at))
            })
            .next()?;
        model.texts.get(&(source, index)).map(Vec::as_slice)
    })
}

/// What to ask of signers whose report is not ours and whose files can't be fetched: the top of the first tree that differs, or
/// its only leaf.
///
/// # Errors
/// If the plan's own files can't be read.
pub fn first_question(report: &ReportBody, plan: &Plan) -> Result<Option<Question>, RespondError> {
    let own = Own::of(plan)?;
    let differing = own.trees.iter().find(|(tree, whole, _)| !heads(whole, &tree.head(report)));
    Ok(differing.and_then(|(tree, ..)| {
        let head = tree.head(report);
        match head.count {
            0 => None,
            1 => Some(Question::Leaf(*tree, 0)),
            count => {
                let level = u8::try_from(u64::BITS - (count - 1).leading_zeros()).ok()?;
                let (node, path) = (Node { hash: head.top, sum: head.sum }, Vec::new());
                Some(Question::Nodes(NodeOpening { tree: *tree, level, index: 0, node, path }))
            }
        }
    }))
}

/// The next step after an answer of nodes: the first node that is not ours, or the leaf there. `None` after a leaf, or if nothing differs.
///
/// # Errors
/// If the plan's own files can't be read, or the answer opens nothing.
pub fn next_question(question: &Question, answer: &Answer, plan: &Plan) -> Result<Option<Question>, RespondError> {
    let (Question::Nodes(above), Answer::Nodes(nodes)) = (question, answer) else { return Ok(None) };
    let own = Own::of(plan)?;
    let (tree, whole, _) = own.trees.iter().find(|(tree, ..)| *tree == above.tree).ok_or(Error::WitnessMismatch)?;
    let level = above.level.saturating_sub(LEVELS);
    let first = above.index << (above.level - level);
    // Sums mean nothing in a tree without them.
    let sums = tree.kind().sums();
    let nodes: Vec<Node> = nodes.iter().map(|node| if sums { *node } else { Node::plain(node.hash) }).collect();
    let differs = |(at, node): &(u64, &Node)| whole.node(usize::from(level), *at).as_ref() != Some(*node);
    let Some((index, node)) = (first..).zip(&nodes).find(differs) else { return Ok(None) };
    if level == 0 {
        return Ok(Some(Question::Leaf(*tree, index)));
    }
    // The siblings within its subtree, then those of the node above.
    let within = MerkleTree::build::<Blake2>(tree.kind(), nodes.clone())?;
    let mut path: Vec<Node> = within.path(index - first)?;
    path.extend_from_slice(&above.path);
    Ok(Some(Question::Nodes(NodeOpening { tree: *tree, level, index, node: *node, path })))
}

/// The evidence leaf that an answer opens.
pub fn opened(question: &Question, answer: &Answer) -> Option<EvidenceOpening> {
    let (Question::Leaf(ReportTree::Evidence, index), Answer::Leaf(fields, path)) = (question, answer) else {
        return None;
    };
    let path = path.iter().map(|node| node.hash).collect();
    Some(EvidenceOpening { index: *index, fields: fields.clone(), path })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proof::evidence::{ATTRIBUTED, EvidenceLeaf};
    use proof::receipt::{Receipt, sketch_hash};
    use proof::request::{Request, SignedRequest};
    use proof::rules::epoch::{Carry, Totals};
    use proof::signed::Domain;
    use proof::text::{root_of, text_root};
    use proof::{TreeHead, ZERO};

    use super::*;

    use crate::files::ReportFiles;
    use crate::published::ReceiptRecord;

    /// Nothing that these trees hold is earned by a contribution.
    impl proof::check::PayeeFacts for crate::refute::Case<'_> {
        fn payee(&self, _: u64, _: &proof::Account, _: u64) -> Option<proof::Account> {
            None
        }
    }

    /// The place that no answer took.
    const UNFILLED: usize = 5;
    const RESPONSE: &[u8] = b"He kept a ledger of every ship that came in.";

    /// A hundred and fifty receipts of one batch, of which the payouts go to as many accounts.
    fn gathered() -> (EpochData, Plan) {
        let sketch = vec![1, 2, 3];
        let opened: Vec<OpenReceipt> = (0..150)
            .map(|sequence| {
                let body = Request {
                    channel: 1,
                    model: 2,
                    revision: 0,
                    params: 0,
                    sequence,
                    prompt: [4; 32],
                    prompt_bytes: 9,
                    max_tokens_out: 99,
                    max_fee: 7,
                    flags: 0,
                    context: ZERO,
                    deadline: 10,
                };
                let request = SignedRequest { body, key: [5; 32], signature: [6; 64] };
                let receipt = Receipt {
                    channel: 1,
                    model: 2,
                    revision: 0,
                    adapter: [7; 32],
                    sequence,
                    tokens_in: 3,
                    tokens_out: 4,
                    fee: 5,
                    request: request.hash::<Blake2>(),
                    response: root_of::<Blake2>(RESPONSE).unwrap(),
                    sketch: sketch_hash::<Blake2>(&sketch),
                };
                let (response, sketch) = (RESPONSE.to_vec(), sketch.clone());
                let record = ReceiptRecord {
                    receipt,
                    signature: [8; 64],
                    request,
                    response,
                    random: None,
                    sketch,
                    context: Vec::new(),
                };
                OpenReceipt { receipt, record }
            })
            .collect();
        let hashes: Vec<Hash> = opened.iter().map(|open| open.receipt.hash::<Blake2>()).collect();
        let filled = |(at, (open, hash)): (usize, (&OpenReceipt, &Hash))| {
            let leaf = if at == UNFILLED { ReceiptLeaf::unfilled::<Blake2>() } else { open.receipt.leaf(*hash) };
            leaf.node::<Blake2>()
        };
        let leaves = opened.iter().zip(&hashes).enumerate().map(filled).collect();
        let tree = MerkleTree::build::<Blake2>(Tree::Receipts, leaves).unwrap();
        let evidence: Vec<Vec<u8>> = hashes
            .iter()
            .map(|hash| {
                let leaf = EvidenceLeaf { receipt: *hash, part: 1, status: ATTRIBUTED, entries: Vec::new() };
                leaf.fields().unwrap()
            })
            .collect();
        let payouts: Vec<PayoutLeaf> =
            (1..=150u8).map(|byte| PayoutLeaf { account: [byte; 32], cumulative: 2 }).collect();
        let files = ReportFiles::of(&evidence, &[], &payouts);
        let head = tree.sum_head();
        let batch = BatchData {
            channel: 1,
            model: 2,
            key: [5; 32],
            params: 0,
            at: 0,
            count_from: 0,
            count_to: 150,
            fee_from: 0,
            fee_to: head.sum,
            pot: 300,
            top: head.top,
            tree,
            places: Some(opened.into_iter().enumerate().map(|(at, open)| (at != UNFILLED).then_some(open)).collect()),
        };
        let data = EpochData {
            epoch: 0,
            attempt: 0,
            set: 1,
            domain: Domain { genesis: ZERO, contract: ZERO },
            from: 0,
            to: 1,
            batches: vec![batch],
            carry: Carry { carry_in: 0, pots: 300, carry_bps: 0 },
            closed_at: 0,
            previous: Vec::new(),
            models: BTreeMap::new(),
            parameters: BTreeMap::new(),
        };
        let empty = Totals {
            previous: SumHead::EMPTY,
            evidence: TreeHead::EMPTY,
            credits: SumHead::EMPTY,
            payouts: SumHead::EMPTY,
            carry_out: 0,
        };
        let mut plan = Plan { totals: empty, files };
        let own = Own::of(&plan).unwrap();
        let [(_, evidence, _), _, (_, payouts, _)] = &own.trees;
        (plan.totals.evidence, plan.totals.payouts) = (evidence.head(), payouts.sum_head());
        (data, plan)
    }

    #[test]
    fn what_was_gathered_answers_what_is_asked_about_it() {
        let (data, plan) = gathered();
        let own = Own::of(&plan).unwrap();
        let [(_, evidence, _), _, (_, payouts, _)] = &own.trees;
        let open = &data.batches[0].places.as_ref().unwrap()[3].as_ref().unwrap();
        let receipts = data.batches[0].tree.sum_head();
        for asked in [
            Asked::Leaf(Tree::Evidence, 149, evidence.sum_head()),
            Asked::Leaf(Tree::Payouts, 7, payouts.sum_head()),
            Asked::Leaf(Tree::Receipts, 3, receipts),
            Asked::Leaf(Tree::Receipts, UNFILLED as u64, receipts),
            Asked::Nodes(Tree::Evidence, evidence.node(8, 0).unwrap(), 75),
            Asked::Nodes(Tree::Payouts, payouts.node(7, 1).unwrap(), 22),
            Asked::Preimage(8, open.receipt.hash::<Blake2>()),
            Asked::Preimage(0x0C, open.receipt.request),
            Asked::Preimage(9, open.receipt.sketch),
            Asked::Chunks(open.receipt.response, 0),
            Asked::Chunks(open.receipt.response, 5),
        ] {
            let answer = answer(&asked, &data, &plan).unwrap().unwrap_or_else(|| panic!("no answer to {asked:?}"));
            assert_eq!(asked.answered_by::<Blake2>(&answer.encode()), Ok(()), "{asked:?}");
        }
        for unknown in [
            Asked::Preimage(8, [1; 32]),
            Asked::Chunks(text_root::<Blake2>(3, &[1; 32]), 0),
            Asked::Leaf(Tree::Evidence, 0, SumHead { count: 150, sum: 0, top: [1; 32] }),
            Asked::Leaf(Tree::Version, 0, SumHead { count: 1, sum: 0, top: [1; 32] }),
        ] {
            assert_eq!(answer(&unknown, &data, &plan).unwrap(), None, "{unknown:?}");
        }
    }

    #[test]
    fn every_node_that_may_be_asked_about_is_found_where_it_was_asked_about() {
        let (data, plan) = gathered();
        let (body, own, mut asked_about) = (plan.body(&data), Own::of(&plan).unwrap(), 0);
        for (tree, whole, _) in &own.trees {
            for level in 1..whole.depth() {
                for index in 0..whole.count().div_ceil(1 << level) {
                    let opening = NodeOpening::of(*tree, whole, u8::try_from(level).unwrap(), index).unwrap();
                    let question = Question::Nodes(opening);
                    let Ok(asked) = question.resolve::<Blake2>(&body, &crate::refute::Case { data: &data }) else {
                        continue;
                    };
                    let answer = answer(&asked, &data, &plan).unwrap().unwrap();
                    assert_eq!(asked.answered_by::<Blake2>(&answer.encode()), Ok(()), "{tree:?} {level} {index}");
                    asked_about += 1;
                }
            }
        }
        assert_eq!(asked_about, 2 * (75 + 37 + 19 + 9 + 5 + 2 + 1 + 1), "of 150 leaves, promoted nodes left out");
    }

    #[test]
    fn a_walk_down_from_the_top_ends_at_the_leaf_that_differs() {
        let (data, plan) = gathered();
        let mut leaves: Vec<Vec<u8>> = plan.files.evidence_leaves().unwrap().into_iter().map(<[u8]>::to_vec).collect();
        leaves[133][32] ^= 1;
        let false_plan = Plan { files: ReportFiles::of(&leaves, &[], &[]), totals: plan.totals };
        let theirs = Own::of(&false_plan).unwrap();
        let body = ReportBody { evidence: theirs.trees[0].1.head(), ..plan.body(&data) };
        let mut question = first_question(&body, &plan).unwrap().unwrap();
        let mut steps = 1;
        loop {
            let asked = question.resolve::<Blake2>(&body, &crate::refute::Case { data: &data }).unwrap();
            let answer = answer(&asked, &data, &false_plan).unwrap().unwrap();
            let Some(next) = next_question(&question, &answer, &plan).unwrap() else {
                let opening = opened(&question, &answer).unwrap();
                assert_eq!((opening.index, opening.verify::<Blake2>(&body.evidence)), (133, Ok(())));
                let found = crate::refute::find_opened(&body, &data, &plan, opening).unwrap().unwrap().0;
                let shown = found.check::<Blake2>(&body, &crate::refute::Case { data: &data });
                assert_eq!(shown, Ok(proof::check::Fraud::WrongPart));
                break;
            };
            assert!(question.scope().leads_to(&next.scope()));
            (question, steps) = (next, steps + 1);
        }
        assert_eq!(steps, 3, "128 nodes under the top, the leaves under one of them, the leaf");
    }

    #[test]
    fn of_a_hidden_report_the_first_tree_that_differs_is_asked_for() {
        let (data, plan) = gathered();
        let truth = plan.body(&data);
        assert_eq!(first_question(&truth, &plan).unwrap(), None);
        let top = SumHead { top: [9; 32], ..truth.payouts };
        let Some(Question::Nodes(nodes)) = first_question(&ReportBody { payouts: top, ..truth }, &plan).unwrap() else {
            panic!("no nodes are asked for");
        };
        assert_eq!((nodes.tree, nodes.level, nodes.index), (ReportTree::Payouts, 8, 0));
        assert_eq!(nodes.node, Node { hash: [9; 32], sum: truth.payouts.sum });
        let alone = SumHead { count: 1, ..top };
        let question = first_question(&ReportBody { payouts: alone, ..truth }, &plan).unwrap();
        assert_eq!(question, Some(Question::Leaf(ReportTree::Payouts, 0)));
    }
}
