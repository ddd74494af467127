//! What may be asked about a pending report, and what answers it (PROTOCOL.md, "Availability of a report").
//!
//! A [`Question`] carries the openings that it rests on. [`Question::resolve`] checks them once, against the report and what the
//! chain knows, and gives an [`Asked`]: a few fixed bytes that say by themselves which answers count. So an answer needs no facts, and what
//! can't be opened in the form that its tree demands can't be answered: a malformed tree falls by itself.
//!
//! Nothing may be asked that somebody honest could not answer: beyond a count, under zeros, about an unfilled place or a withheld batch,
//! or for the text of a private answer.

use crate::check::span::ContributionOpening;
use crate::check::{EpochFacts, EvidenceOpening, RevisionFacts, SourceFacts};
use crate::evidence::{EvidenceLeaf, Place, WITHHELD};
use crate::receipt::{no_sketch, unfilled, Receipt, RECEIPT_BYTES};
use crate::report::ReportBody;
use crate::request::{no_context, SignedRequest, REQUEST_BYTES};
use crate::text::{chunk_count, TextOpening};
use crate::tree::{leaf_hash, verify_path, verify_range, Node, SumHead, Tree};
use crate::{limits, Error, Hash, Hasher, ZERO};
use alloc::vec::Vec;
use scale::{Decode, DecodeAll, Encode};

/// The longest answer, in bytes: it fits a call with what stands beside it.
pub const MAX_ANSWER_BYTES: usize = 14 * 1024;
/// Levels between a node and those that are asked for below it.
pub const LEVELS: u8 = 7;
/// Leaves of a text that one question is about.
pub const CHUNKS: u64 = 32;
/// Steps of a line of questions, each about what the answer before opened.
pub const MAX_STEPS: u8 = 9;

/// A tree of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum ReportTree {
    /// Tree 05.
    #[codec(index = 5)]
    Evidence,
    /// Tree 06.
    #[codec(index = 6)]
    Credits,
    /// Tree 07.
    #[codec(index = 7)]
    Payouts,
}

impl ReportTree {
    /// The kind of tree.
    pub const fn kind(self) -> Tree {
        match self {
            ReportTree::Evidence => Tree::Evidence,
            ReportTree::Credits => Tree::Credits,
            ReportTree::Payouts => Tree::Payouts,
        }
    }

    /// Its head in a report; without sums the sum is 0.
    pub const fn head(self, report: &ReportBody) -> SumHead {
        match self {
            ReportTree::Evidence => SumHead { count: report.evidence.count, sum: 0, top: report.evidence.top },
            ReportTree::Credits => report.credits,
            ReportTree::Payouts => report.payouts,
        }
    }
}

/// A node of a report's tree, opened: level 0 are the leaves.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct NodeOpening {
    /// Which tree.
    pub tree: ReportTree,
    /// How far above the leaves.
    pub level: u8,
    /// Its place among the nodes of its level.
    pub index: u64,
    /// The node; its sum is 0 in a tree without sums.
    pub node: Node,
    /// Siblings bottom-up.
    pub path: Vec<Node>,
}

/// An evidence leaf, opened, with the receipt under its hash.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct ReceiptOf {
    /// The leaf.
    pub evidence: EvidenceOpening,
    /// The receipt that it names.
    pub receipt: Receipt,
}

/// A receipt of the evidence, with the request under its hash.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct RequestOf {
    /// The receipt.
    pub at: ReceiptOf,
    /// The request that it names.
    pub request: SignedRequest,
}

/// What is asked, with the openings that it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
#[allow(clippy::cast_possible_truncation)] // the codec's derive casts the variant's index
pub enum Question {
    /// A leaf of a report's tree.
    Leaf(ReportTree, u64),
    /// The nodes seven levels below an opened one, or its leaves if they are nearer.
    Nodes(NodeOpening),
    /// The receipt that an evidence leaf names.
    Receipt(EvidenceOpening),
    /// The leaf of tree 03 at the place of an evidence leaf in this batch.
    ReceiptLeaf(EvidenceOpening, u64),
    /// The request that a receipt names.
    Request(ReceiptOf),
    /// The request's list of retrieved chunks.
    Context(RequestOf),
    /// The leaves of a public response from this one on.
    Response(RequestOf, u64),
    /// A public response's sketch.
    Sketch(RequestOf),
    /// The leaf of a source's tree 02 at this index.
    Contribution(ReceiptOf, u8, u32),
    /// The leaves of that contribution's text from this one on.
    Text(ReceiptOf, u8, u32, ContributionOpening, u64),
    /// A row of the model's tree 04.
    Row(ReceiptOf, u32),
}

/// Where in a report a question is: what a next step has to lie under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Scope {
    /// Which tree.
    pub tree: ReportTree,
    /// How far above the leaves.
    pub level: u8,
    /// The place on that level.
    pub index: u64,
    /// How far the question goes: down the tree, then from a leaf to what it names, and to what that names.
    pub depth: u8,
}

impl Scope {
    /// Whether another question lies under the place of this one, or at it, and goes further: so a line ends.
    pub fn leads_to(&self, other: &Scope) -> bool {
        let Some(up) = self.level.checked_sub(other.level) else { return false };
        let under = other.index.checked_shr(u32::from(up)).unwrap_or(0) == self.index;
        self.tree == other.tree && under && other.depth > self.depth
    }
}

/// What an answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
#[allow(clippy::cast_possible_truncation)] // the codec's derive casts the variant's index
pub enum Asked {
    /// The leaf at this index, with its path to this head.
    Leaf(Tree, u64, SumHead),
    /// So many nodes that fold to this one.
    Nodes(Tree, Node, u8),
    /// What H(tag ‖ …) is of.
    Preimage(u8, Hash),
    /// The leaves of the text of this root from this one on.
    Chunks(Hash, u64),
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
#[allow(clippy::cast_possible_truncation)] // the codec's derive casts the variant's index
pub enum Answer {
    /// A leaf's fields, and its siblings bottom-up (with sums 0 in a tree without sums).
    Leaf(Vec<u8>, Vec<Node>),
    /// Nodes, from the left.
    Nodes(Vec<Node>),
    /// Bytes after a tag.
    Preimage(Vec<u8>),
    /// Leaves of a text; its length alone, if it has none there.
    Chunks(TextOpening),
}

/// What the chain has to know to [`Question::resolve`].
pub trait Facts: SourceFacts + RevisionFacts + EpochFacts {}
impl<T: SourceFacts + RevisionFacts + EpochFacts> Facts for T {}

const RECEIPT: u8 = 0x08;
const SKETCH: u8 = 0x09;
const CONTEXT: u8 = 0x0A;
const REQUEST: u8 = 0x0C;
/// The depth of a leaf in a [`Scope`]: more than a tree has levels.
const LEAF_DEPTH: u8 = 64;

/// Whether what a tag is for can have so many bytes.
fn fits(tag: u8, bytes: usize) -> bool {
    match tag {
        RECEIPT => bytes == RECEIPT_BYTES,
        REQUEST => bytes == REQUEST_BYTES,
        SKETCH => bytes <= limits::MAX_SKETCH_BYTES,
        CONTEXT => bytes <= limits::MAX_CONTEXT_BYTES,
        _ => false,
    }
}

/// Nodes on a level of a tree of `count` leaves.
const fn width(count: u64, level: u8) -> u64 {
    if level >= 64 {
        return if count == 0 { 0 } else { 1 };
    }
    let below = count >> level;
    if below << level == count {
        below
    } else {
        below.saturating_add(1)
    }
}

impl NodeOpening {
    /// How many nodes stand seven levels below it, after checking that it stands in its tree.
    fn open<H: Hasher>(&self, report: &ReportBody) -> Result<u8, Error> {
        let (kind, head) = (self.tree.kind(), self.tree.head(report));
        let (here, below) = (width(head.count, self.level), self.level.saturating_sub(LEVELS));
        if self.level == 0 || self.level > LEAF_DEPTH || (!kind.sums() && self.node.sum != 0) {
            return Err(Error::WitnessMismatch);
        }
        // A node with one child is that child, promoted, or stands above the top: whoever looks for it would find it elsewhere.
        let children = self.level.checked_sub(1).map_or(0, |level| width(head.count, level));
        if children.saturating_sub(self.index.saturating_mul(2)) < 2 {
            return Err(Error::IndexOutOfRange);
        }
        verify_path::<H, Node>(kind, &head.top, head.sum, self.node, self.index, here, &self.path)?;
        let down = u32::from(self.level.saturating_sub(below));
        let first = self.index.checked_shl(down).ok_or(Error::Overflow)?;
        let end = self.index.checked_add(1).and_then(|next| next.checked_shl(down)).ok_or(Error::Overflow)?;
        let count = end.min(width(head.count, below)).checked_sub(first).ok_or(Error::Overflow)?;
        u8::try_from(count).map_err(|_| Error::Overflow)
    }
}

/// The leaf, if something may be asked about what it names.
fn named<H: Hasher>(evidence: &EvidenceOpening, report: &ReportBody) -> Result<EvidenceLeaf, Error> {
    let leaf = evidence.open::<H>(&report.evidence)?;
    if leaf.status == WITHHELD || leaf.receipt == ZERO || leaf.receipt == unfilled::<H>() {
        return Err(Error::NothingThere);
    }
    Ok(leaf)
}

impl ReceiptOf {
    fn open<H: Hasher>(&self, report: &ReportBody) -> Result<&Receipt, Error> {
        let leaf = named::<H>(&self.evidence, report)?;
        if self.receipt.hash::<H>() != leaf.receipt {
            return Err(Error::WitnessMismatch);
        }
        Ok(&self.receipt)
    }
}

impl RequestOf {
    fn open<H: Hasher>(&self, report: &ReportBody) -> Result<&Receipt, Error> {
        let receipt = self.at.open::<H>(report)?;
        if self.request.hash::<H>() != receipt.request {
            return Err(Error::WitnessMismatch);
        }
        Ok(receipt)
    }

    /// The same, if the answer is public.
    fn open_public<H: Hasher>(&self, report: &ReportBody) -> Result<&Receipt, Error> {
        let receipt = self.open::<H>(report)?;
        if self.request.body.is_private() {
            return Err(Error::PrivateText);
        }
        Ok(receipt)
    }
}

/// A preimage, unless there is none.
fn preimage(tag: u8, hash: Hash, absent: bool) -> Result<Asked, Error> {
    if absent {
        return Err(Error::NothingThere);
    }
    Ok(Asked::Preimage(tag, hash))
}

fn leaf(tree: Tree, index: u64, head: SumHead) -> Result<Asked, Error> {
    if index >= head.count {
        return Err(Error::IndexOutOfRange);
    }
    Ok(Asked::Leaf(tree, index, head))
}

impl Question {
    /// Where in the report it is.
    pub fn scope(&self) -> Scope {
        let of = |evidence: &EvidenceOpening, beyond: u8| Scope {
            tree: ReportTree::Evidence,
            level: 0,
            index: evidence.index,
            depth: LEAF_DEPTH.saturating_add(beyond),
        };
        match self {
            Question::Leaf(tree, index) => Scope { tree: *tree, level: 0, index: *index, depth: LEAF_DEPTH },
            Question::Nodes(node) => {
                let depth = LEAF_DEPTH.saturating_sub(node.level);
                Scope { tree: node.tree, level: node.level, index: node.index, depth }
            }
            Question::Receipt(evidence) | Question::ReceiptLeaf(evidence, _) => of(evidence, 1),
            Question::Request(at) => of(&at.evidence, 2),
            Question::Contribution(at, ..) | Question::Row(at, _) => of(&at.evidence, 3),
            Question::Context(of_request) | Question::Response(of_request, _) | Question::Sketch(of_request) => {
                of(&of_request.at.evidence, 3)
            }
            Question::Text(at, ..) => of(&at.evidence, 4),
        }
    }

    /// Checks the openings, and says what answers it.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`] beyond a count, [`Error::NothingThere`] under zeros or of a withheld batch, [`Error::PrivateText`],
    /// [`Error::WitnessMismatch`], or an error of the openings.
    pub fn resolve<H: Hasher>(&self, report: &ReportBody, facts: &impl Facts) -> Result<Asked, Error> {
        match self {
            Question::Leaf(tree, index) => leaf(tree.kind(), *index, tree.head(report)),
            Question::Nodes(node) => Ok(Asked::Nodes(node.tree.kind(), node.node, node.open::<H>(report)?)),
            Question::Receipt(evidence) => Ok(Asked::Preimage(RECEIPT, named::<H>(evidence, report)?.receipt)),
            Question::ReceiptLeaf(evidence, batch) => {
                // Whatever the report says of the place: the tree of the batch can be opened there, at an unfilled place too.
                evidence.verify::<H>(&report.evidence)?;
                let batch = facts.batch(*batch).ok_or(Error::WitnessMismatch)?;
                if batch.withheld {
                    return Err(Error::NothingThere);
                }
                let sequence = batch.sequence(evidence.index)?;
                leaf(Tree::Receipts, sequence, SumHead { count: batch.count_to, sum: batch.fee_to, top: batch.top })
            }
            Question::Request(at) => Ok(Asked::Preimage(REQUEST, at.open::<H>(report)?.request)),
            Question::Context(at) => {
                at.open::<H>(report)?;
                let context = at.request.body.context;
                preimage(CONTEXT, context, no_context::<H>(&context))
            }
            Question::Response(at, first) => {
                let receipt = at.open_public::<H>(report)?;
                if receipt.response == ZERO {
                    return Err(Error::NothingThere);
                }
                Ok(Asked::Chunks(receipt.response, *first))
            }
            Question::Sketch(at) => {
                let receipt = at.open_public::<H>(report)?;
                preimage(SKETCH, receipt.sketch, no_sketch::<H>(&receipt.sketch))
            }
            Question::Contribution(at, source, index) => {
                let receipt = at.open::<H>(report)?;
                let version = facts.source(receipt.model, receipt.revision, *source).ok_or(Error::WitnessMismatch)?;
                let head = SumHead { count: u64::from(version.count), sum: 0, top: version.top };
                leaf(Tree::Version, u64::from(*index), head)
            }
            Question::Text(at, source, index, contribution, first) => {
                let receipt = at.open::<H>(report)?;
                let place = Place { source: *source, index: *index, offset: 0 };
                let opened = contribution.open::<H>(receipt, &place, facts)?;
                // Nothing rests on the text of what was struck, and nobody has to keep it.
                if !facts.counts(receipt.model, receipt.revision, *source, opened.contribution) {
                    return Err(Error::NothingThere);
                }
                Ok(Asked::Chunks(opened.content_root, *first))
            }
            Question::Row(at, row) => {
                let receipt = at.open::<H>(report)?;
                let terms = facts.revision(receipt.model, receipt.revision).ok_or(Error::WitnessMismatch)?;
                let sketches = terms.sketches.ok_or(Error::NothingThere)?;
                let head = SumHead { count: u64::from(sketches.header.count), sum: 0, top: sketches.top };
                leaf(Tree::Sketches, u64::from(*row), head)
            }
        }
    }
}

/// The node of a leaf's fields, if a leaf of this tree may have them.
fn leaf_node<H: Hasher>(tree: Tree, fields: &[u8]) -> Result<Node, Error> {
    let fits = match tree {
        Tree::Version => fields.len() == 80,
        Tree::Receipts | Tree::Payouts => fields.len() == 48,
        Tree::Credits => fields.len() == 57,
        Tree::Commitments => fields.len() == 96,
        // A row of another length counts as absent; a longer one fits no proof that says so.
        Tree::Sketches => fields.len() <= limits::MAX_SKETCH_BYTES.saturating_add(13),
        // What doesn't decode there is a matter of proof 6.
        Tree::Text | Tree::Evidence => true,
    };
    if !fits {
        return Err(Error::Truncated);
    }
    let sum = match fields.last_chunk::<16>() {
        Some(amount) if tree.sums() => u128::from_le_bytes(*amount),
        _ => 0,
    };
    Ok(Node { hash: leaf_hash::<H>(tree, fields), sum })
}

impl Asked {
    /// Checks an encoded [`Answer`].
    ///
    /// # Errors
    /// [`Error::TooLarge`] beyond [`MAX_ANSWER_BYTES`], [`Error::BadAnswer`] if the bytes are no answer of the kind that is asked for,
    /// else why they don't open what was asked for.
    pub fn answered_by<H: Hasher>(&self, answer: &[u8]) -> Result<(), Error> {
        if answer.len() > MAX_ANSWER_BYTES {
            return Err(Error::TooLarge);
        }
        let mut bytes = answer;
        let answer = Answer::decode_all(&mut bytes).map_err(|_| Error::BadAnswer)?;
        match (self, answer) {
            (Asked::Leaf(tree, index, head), Answer::Leaf(fields, path)) => {
                let node = leaf_node::<H>(*tree, &fields)?;
                verify_path::<H, Node>(*tree, &head.top, head.sum, node, *index, head.count, &path).map(|_| ())
            }
            (Asked::Nodes(tree, node, count), Answer::Nodes(nodes)) => {
                if nodes.len() != usize::from(*count) {
                    return Err(Error::PathLength);
                }
                let folded = verify_range::<H, Node>(*tree, nodes, 0, u64::from(*count), &[])?.top;
                if folded.hash != node.hash || (tree.sums() && folded.sum != node.sum) {
                    return Err(Error::WrongHash);
                }
                Ok(())
            }
            (Asked::Preimage(tag, hash), Answer::Preimage(bytes)) => {
                // Other bytes under the hash would answer a question that no proof can be made of.
                if !fits(*tag, bytes.len()) {
                    return Err(Error::BadAnswer);
                }
                if crate::hash::tagged::<H>(*tag, &bytes) != *hash {
                    return Err(Error::WrongHash);
                }
                Ok(())
            }
            (Asked::Chunks(root, first), Answer::Chunks(text)) => {
                text.verify::<H>(root)?;
                let count = chunk_count(text.length);
                let asked = count.saturating_sub(*first).min(CHUNKS);
                let opened = chunk_count(u64::try_from(text.bytes.len()).map_err(|_| Error::Overflow)?);
                // All that was asked for; of a text that ends before, its length.
                if opened != asked || (asked > 0 && text.first != *first) {
                    return Err(Error::BadAnswer);
                }
                Ok(())
            }
            _ => Err(Error::BadAnswer),
        }
    }
}

/// For those who have the trees: openings and answers.
#[cfg(feature = "std")]
mod find {
    use super::*;
    use crate::tree::MerkleTree;

    impl NodeOpening {
        /// From a whole tree.
        ///
        /// # Errors
        /// [`Error::IndexOutOfRange`].
        pub fn of(tree: ReportTree, whole: &MerkleTree, level: u8, index: u64) -> Result<Self, Error> {
            let node = whole.node(usize::from(level), index).ok_or(Error::IndexOutOfRange)?;
            let mut path = Vec::new();
            let mut at = index;
            for level in usize::from(level)..whole.depth() {
                path.extend(whole.node(level, at ^ 1));
                at >>= 1;
            }
            Ok(NodeOpening { tree, level, index, node, path })
        }
    }

    impl Answer {
        /// The leaf at this index, whose fields these are.
        ///
        /// # Errors
        /// [`Error::IndexOutOfRange`].
        pub fn leaf(fields: &[u8], whole: &MerkleTree, index: u64) -> Result<Self, Error> {
            Ok(Answer::Leaf(fields.to_vec(), whole.path(index)?))
        }

        /// The nodes seven levels below one.
        pub fn nodes(whole: &MerkleTree, level: u8, index: u64) -> Self {
            let below = level.saturating_sub(LEVELS);
            let down = u32::from(level.saturating_sub(below));
            let first = index.checked_shl(down).unwrap_or(u64::MAX);
            let count = 1u64.checked_shl(down).unwrap_or(u64::MAX);
            let range = first..first.saturating_add(count);
            Answer::Nodes(range.map_while(|at| whole.node(usize::from(below), at)).collect())
        }

        /// The leaves of a text from this one on, or its length if it has none there.
        ///
        /// # Errors
        /// [`Error::Overflow`].
        pub fn chunks<H: Hasher>(text: &[u8], first: u64) -> Result<Self, Error> {
            let length = u64::try_from(text.len()).map_err(|_| Error::Overflow)?;
            let start = first.saturating_mul(limits::CHUNK_BYTES).min(length);
            let end = first.saturating_add(CHUNKS).saturating_mul(limits::CHUNK_BYTES).min(length);
            TextOpening::of::<H>(text, start, end).map(Answer::Chunks)
        }
    }
}

const _: () = assert!(limits::CHUNK_BYTES * CHUNKS < MAX_ANSWER_BYTES as u64);
