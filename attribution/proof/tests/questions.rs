//! What may be asked about a report, and what answers it.

mod common;

use common::world::{body, World, MODEL};
use common::Dice;
use proof::check::span::ContributionOpening;
use proof::check::{EvidenceOpening, SourceFacts};
use proof::credits::CreditLeaf;
use proof::evidence::{evidence_node, WITHHELD};
use proof::payouts::PayoutLeaf;
use proof::question::{
    Answer, Asked, NodeOpening, Question, ReceiptOf, ReportTree, RequestOf, Scope, LEVELS, MAX_ANSWER_BYTES,
};
use proof::receipt::{no_sketch, unfilled, ReceiptLeaf};
use proof::report::ReportBody;
use proof::request::{no_context, SignedRequest};
use proof::text::TextOpening;
use proof::tree::{leaf_hash, MerkleTree, Node, Tree};
use proof::{Blake2, Error, SumHead, TreeHead, ZERO};
use proptest::prelude::*;
use scale::Encode;

fn evidence_tree(leaves: &[Vec<u8>]) -> MerkleTree {
    MerkleTree::build::<Blake2>(Tree::Evidence, leaves.iter().map(|f| evidence_node::<Blake2>(f)).collect()).unwrap()
}

/// A question that may be asked is answered by these bytes, and by none in which a byte differs.
fn answered(dice: &mut Dice, world: &World, report: &ReportBody, question: Question, answer: &Answer) -> Asked {
    let asked = question.resolve::<Blake2>(report, world).unwrap();
    let mut bytes = answer.encode();
    assert!(bytes.len() <= MAX_ANSWER_BYTES);
    assert_eq!(asked.answered_by::<Blake2>(&bytes), Ok(()), "{question:?}");
    let at = dice.below(bytes.len() as u64) as usize;
    bytes[at] ^= 1 << dice.below(8);
    // The sums on the path of a tree without sums are hashed by nobody.
    let loose = matches!(&asked, Asked::Leaf(tree, ..) | Asked::Nodes(tree, ..) if !tree.sums());
    assert!(loose || asked.answered_by::<Blake2>(&bytes).is_err(), "byte {at} of {answer:?}");
    bytes.push(0);
    assert!(asked.answered_by::<Blake2>(&bytes).is_err());
    asked
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    /// So nobody's bond can make a true report fall: whoever has what was published can answer all that may be asked.
    #[test]
    fn all_that_may_be_asked_about_a_true_report_can_be_answered(seed in any::<u64>()) {
        let world = World::new(seed);
        let dice = &mut Dice::new(seed ^ 0x77);
        let (builder, totals) = world.report();
        let report = body(&totals);
        let evidence = evidence_tree(&builder.leaves);
        let credits = MerkleTree::build::<Blake2>(
            Tree::Credits, builder.credits.iter().map(CreditLeaf::node::<Blake2>).collect()).unwrap();
        let payouts = MerkleTree::build::<Blake2>(
            Tree::Payouts, builder.payouts.iter().map(PayoutLeaf::node::<Blake2>).collect()).unwrap();
        for (tree, whole) in
            [(ReportTree::Evidence, &evidence), (ReportTree::Credits, &credits), (ReportTree::Payouts, &payouts)]
        {
            for level in 1..whole.depth() {
                let index = dice.below(whole.count().div_ceil(1 << level));
                let opening = NodeOpening::of(tree, whole, level as u8, index).unwrap();
                if whole.node(level - 1, 2 * index + 1).is_none() {
                    // Promoted: it is its only child.
                    let refused = Question::Nodes(opening).resolve::<Blake2>(&report, &world);
                    prop_assert_eq!(refused, Err(Error::IndexOutOfRange));
                    continue;
                }
                let nodes = Answer::nodes(whole, level as u8, index);
                answered(dice, &world, &report, Question::Nodes(opening), &nodes);
            }
            prop_assert_eq!(
                Question::Leaf(tree, whole.count()).resolve::<Blake2>(&report, &world), Err(Error::IndexOutOfRange));
        }
        for (index, leaf) in (0u64..).zip(&builder.credits) {
            let answer = Answer::leaf(&leaf.encode(), &credits, index).unwrap();
            answered(dice, &world, &report, Question::Leaf(ReportTree::Credits, index), &answer);
        }
        for (index, leaf) in (0u64..).zip(&builder.payouts) {
            let answer = Answer::leaf(&leaf.encode(), &payouts, index).unwrap();
            answered(dice, &world, &report, Question::Leaf(ReportTree::Payouts, index), &answer);
        }
        for (index, (b, i)) in (0u64..).zip(world.slots()) {
            let fields = &builder.leaves[index as usize];
            let answer = Answer::leaf(fields, &evidence, index).unwrap();
            answered(dice, &world, &report, Question::Leaf(ReportTree::Evidence, index), &answer);
            let opening = EvidenceOpening::of(fields, &evidence, index).unwrap();
            let (batch, served) = (&world.batches[b], &world.batches[b].places[i]);
            let number = b as u64;
            let refused = |question: Question| question.resolve::<Blake2>(&report, &world).unwrap_err();
            if fields[48] == WITHHELD {
                prop_assert_eq!(refused(Question::Receipt(opening.clone())), Error::NothingThere);
                prop_assert_eq!(refused(Question::ReceiptLeaf(opening, number)), Error::NothingThere);
                continue;
            }
            let Some(served) = served else {
                prop_assert_eq!(&fields[..32], &unfilled::<Blake2>());
                prop_assert_eq!(refused(Question::Receipt(opening.clone())), Error::NothingThere);
                let empty = Answer::leaf(&ReceiptLeaf::unfilled::<Blake2>().encode(), &batch.tree, i as u64).unwrap();
                answered(dice, &world, &report, Question::ReceiptLeaf(opening, number), &empty);
                continue;
            };
            let receipt = served.receipt;
            answered(dice, &world, &report, Question::Receipt(opening.clone()), &Answer::Preimage(receipt.encode()));
            let leaf = Answer::leaf(&receipt.leaf(receipt.hash::<Blake2>()).encode(), &batch.tree, i as u64).unwrap();
            let honest = batch.tree.leaves()[i] == receipt.leaf(receipt.hash::<Blake2>()).node::<Blake2>();
            if honest {
                answered(dice, &world, &report, Question::ReceiptLeaf(opening.clone(), number), &leaf);
            }
            let at = ReceiptOf { evidence: opening, receipt };
            let request = served.request;
            answered(dice, &world, &report, Question::Request(at.clone()), &Answer::Preimage(request.encode()));
            let of_request = RequestOf { at: at.clone(), request };
            let another = RequestOf { request: SignedRequest { key: [0x5a; 32], ..request }, ..of_request.clone() };
            prop_assert_eq!(refused(Question::Response(another, 0)), Error::WitnessMismatch);
            let (response, sketch) = (Question::Response(of_request.clone(), 0), Question::Sketch(of_request.clone()));
            if request.body.is_private() {
                prop_assert_eq!(refused(response), Error::PrivateText);
                prop_assert_eq!(refused(sketch), Error::PrivateText);
            } else {
                if receipt.response != ZERO {
                    for first in [0, served.response.len() as u64 / 256 + 1] {
                        let text = Answer::chunks::<Blake2>(&served.response, first).unwrap();
                        answered(dice, &world, &report, Question::Response(of_request.clone(), first), &text);
                    }
                }
                if no_sketch::<Blake2>(&receipt.sketch) {
                    prop_assert_eq!(refused(sketch), Error::NothingThere);
                } else {
                    answered(dice, &world, &report, sketch, &Answer::Preimage(served.sketch.clone()));
                }
            }
            let context = Question::Context(of_request);
            if no_context::<Blake2>(&request.body.context) {
                prop_assert_eq!(refused(context), Error::NothingThere);
            } else {
                answered(dice, &world, &report, context, &Answer::Preimage(served.context.clone()));
            }
            if (receipt.model, receipt.revision) != (MODEL, 0) {
                continue;
            }
            for (source, version) in (0u8..).zip(&world.sources) {
                let index = dice.below(version.leaves.len() as u64 + 1) as u32;
                let question = Question::Contribution(at.clone(), source, index);
                let Some(leaf) = version.leaves.get(index as usize) else {
                    prop_assert_eq!(refused(question), Error::IndexOutOfRange);
                    continue;
                };
                let whole = &version.tree;
                let answer = Answer::leaf(&leaf.encode(), whole, u64::from(index)).unwrap();
                answered(dice, &world, &report, question, &answer);
                let opened = ContributionOpening { leaf: *leaf, path: whole.path(u64::from(index)).unwrap() };
                let text = &world.member(source, index).unwrap().text;
                let question = Question::Text(at.clone(), source, index, opened, 0);
                if !SourceFacts::counts(&world, MODEL, 0, source, leaf.contribution) {
                    prop_assert_eq!(refused(question), Error::NothingThere);
                    continue;
                }
                answered(dice, &world, &report, question, &Answer::chunks::<Blake2>(text, 0).unwrap());
            }
            if world.revision.sketches.is_some() {
                let row = dice.below(world.rows.len() as u64);
                let fields = world.rows[row as usize].fields();
                let answer = Answer::leaf(&fields, &world.rows_tree, row).unwrap();
                answered(dice, &world, &report, Question::Row(at.clone(), row as u32), &answer);
                let beyond = Question::Row(at, world.rows.len() as u32);
                prop_assert_eq!(refused(beyond), Error::IndexOutOfRange);
            }
        }
    }
}

/// A head over leaves whose nodes these are.
fn head(tree: Tree, nodes: Vec<Node>) -> (SumHead, MerkleTree) {
    let whole = MerkleTree::build::<Blake2>(tree, nodes).unwrap();
    (whole.sum_head(), whole)
}

#[test]
fn a_leaf_that_is_none_can_not_be_answered() {
    let payout = |byte: u8| PayoutLeaf { account: [byte; 32], cumulative: 5 };
    let good = payout(1).node::<Blake2>();
    // The second states twice what it holds; the third is a node's hash; the fourth is too long.
    let long = [payout(4).encode(), vec![0]].concat();
    let nodes = vec![
        good,
        Node { sum: 10, ..payout(2).node::<Blake2>() },
        Node { hash: [9; 32], sum: 5 },
        Node { hash: leaf_hash::<Blake2>(Tree::Payouts, &long), sum: 5 },
    ];
    let (head, whole) = head(Tree::Payouts, nodes);
    let answer = |fields: &[u8], index: u64| {
        let bytes = Answer::leaf(fields, &whole, index).unwrap().encode();
        Asked::Leaf(Tree::Payouts, index, head).answered_by::<Blake2>(&bytes)
    };
    assert_eq!(answer(&payout(1).encode(), 0), Ok(()));
    assert_eq!(answer(&payout(2).encode(), 1), Err(Error::WrongHash));
    assert_eq!(answer(&payout(3).encode(), 2), Err(Error::WrongHash));
    assert_eq!(answer(&long, 3), Err(Error::Truncated));
}

#[test]
fn nodes_whose_sums_do_not_add_up_can_not_be_answered() {
    let nodes: Vec<Node> = (0..200u8).map(|i| Node { hash: [i; 32], sum: 1 }).collect();
    let (_, whole) = head(Tree::Credits, nodes);
    for (level, index, count) in [(7, 0, 128), (7, 1, 72), (8, 0, 100)] {
        let node = whole.node(level, index).unwrap();
        let answer = Answer::nodes(&whole, level as u8, index);
        let right = Asked::Nodes(Tree::Credits, node, count);
        assert_eq!(right.answered_by::<Blake2>(&answer.encode()), Ok(()), "level {level}");
        let other = Asked::Nodes(Tree::Credits, Node { sum: node.sum + 1, ..node }, count);
        assert_eq!(other.answered_by::<Blake2>(&answer.encode()), Err(Error::WrongHash));
        let Answer::Nodes(mut few) = answer else { unreachable!() };
        few.pop();
        assert_eq!(right.answered_by::<Blake2>(&Answer::Nodes(few).encode()), Err(Error::PathLength));
    }
}

#[test]
fn a_node_is_asked_for_where_it_stands() {
    let nodes: Vec<Node> = (0..200u8).map(|i| Node::plain([i; 32])).collect();
    let (head, whole) = head(Tree::Evidence, nodes);
    let evidence = TreeHead { count: head.count, top: head.top };
    let report = ReportBody {
        set: 0,
        epoch: 0,
        attempt: 0,
        from: 0,
        to: 1,
        previous: SumHead::EMPTY,
        evidence,
        credits: SumHead::EMPTY,
        payouts: SumHead::EMPTY,
        carry_out: 0,
        files: ZERO,
    };
    let world = World::new(1);
    let opening = NodeOpening::of(ReportTree::Evidence, &whole, 7, 1).unwrap();
    let resolve = |opening: NodeOpening| Question::Nodes(opening).resolve::<Blake2>(&report, &world);
    let asked = Asked::Nodes(Tree::Evidence, opening.node, 72);
    assert_eq!(resolve(opening.clone()), Ok(asked));
    assert!(resolve(NodeOpening { index: 0, ..opening.clone() }).is_err());
    assert!(resolve(NodeOpening { level: 6, ..opening.clone() }).is_err());
    assert_eq!(resolve(NodeOpening { index: 2, ..opening.clone() }), Err(Error::IndexOutOfRange));
    let leaf = NodeOpening::of(ReportTree::Evidence, &whole, 0, 3).unwrap();
    assert_eq!(resolve(leaf), Err(Error::WitnessMismatch));
    let top = NodeOpening::of(ReportTree::Evidence, &whole, 8, 0).unwrap();
    assert_eq!(resolve(top.clone()), Ok(Asked::Nodes(Tree::Evidence, top.node, 100)));
}

#[test]
fn a_text_answers_with_its_leaves_or_with_its_length() {
    let text = vec![b'x'; 40 * 256 + 7];
    let root = proof::text::root_of::<Blake2>(&text).unwrap();
    let check = |first, answer: &Answer| Asked::Chunks(root, first).answered_by::<Blake2>(&answer.encode());
    let chunks = |first| Answer::chunks::<Blake2>(&text, first).unwrap();
    for first in [0, 8, 9, 40, 41, u64::MAX] {
        assert_eq!(check(first, &chunks(first)), Ok(()), "from leaf {first}");
    }
    assert_eq!(check(1, &chunks(0)), Err(Error::BadAnswer), "other leaves");
    assert_eq!(check(0, &chunks(41)), Err(Error::BadAnswer), "the length alone, where there are leaves");
    let few = Answer::Chunks(TextOpening::of::<Blake2>(&text, 0, 256).unwrap());
    assert_eq!(check(0, &few), Err(Error::BadAnswer), "fewer than were asked for");
}

#[test]
fn bytes_that_are_no_answer_are_refused() {
    let asked = Asked::Preimage(9, proof::receipt::sketch_hash::<Blake2>(&[1, 2]));
    assert_eq!(asked.answered_by::<Blake2>(&Answer::Preimage(vec![1, 2]).encode()), Ok(()));
    assert_eq!(asked.answered_by::<Blake2>(&Answer::Preimage(vec![1, 3]).encode()), Err(Error::WrongHash));
    assert_eq!(asked.answered_by::<Blake2>(&Answer::Nodes(vec![]).encode()), Err(Error::BadAnswer));
    assert_eq!(asked.answered_by::<Blake2>(&[]), Err(Error::BadAnswer));
    assert_eq!(asked.answered_by::<Blake2>(&vec![0; MAX_ANSWER_BYTES + 1]), Err(Error::TooLarge));
}

#[test]
fn a_scope_leads_to_what_lies_under_it_and_goes_further() {
    let at = |level, index, depth| Scope { tree: ReportTree::Evidence, level, index, depth };
    let nodes = at(LEVELS, 1, 57);
    assert!(nodes.leads_to(&at(0, 128, 64)) && nodes.leads_to(&at(0, 255, 65)));
    assert!(!nodes.leads_to(&at(0, 127, 64)) && !nodes.leads_to(&at(0, 256, 64)));
    assert!(!nodes.leads_to(&nodes), "the same again");
    assert!(!at(0, 128, 64).leads_to(&nodes));
    assert!(at(0, 1, 64).leads_to(&at(0, 1, 65)) && !at(0, 1, 65).leads_to(&at(0, 1, 65)));
    assert!(!at(0, 1, 64).leads_to(&Scope { tree: ReportTree::Credits, ..at(0, 1, 65) }));
}

/// Whoever looks for the node that is asked about has to find it in one place, with what hangs there.
#[test]
fn nodes_above_the_top_promoted_ones_and_those_with_sums_where_there_are_none_are_not_asked_about() {
    let world = World::new(1);
    for count in [1u64, 2, 300, 515, 1_536] {
        let nodes = (0..count).map(|i| Node::plain(proof::tree::leaf_hash::<Blake2>(Tree::Evidence, &i.encode())));
        let (head, whole) = head(Tree::Evidence, nodes.collect());
        let (empty, evidence) = (SumHead::EMPTY, TreeHead { count: head.count, top: head.top });
        let body = ReportBody { evidence, credits: empty, payouts: empty, ..body(&world.report().1) };
        let top = |level| NodeOpening {
            tree: ReportTree::Evidence,
            level,
            index: 0,
            node: Node::plain(head.top),
            path: Vec::new(),
        };
        let depth = whole.depth() as u8;
        for level in [depth, depth + 1, 40, 63, 64, 65, 255] {
            assert!(Question::Nodes(top(level)).resolve::<Blake2>(&body, &world).is_err(), "{count}: {level}");
        }
        if count > 1 {
            assert!(Question::Nodes(top(depth - 1)).resolve::<Blake2>(&body, &world).is_ok());
            let loose = NodeOpening { node: Node { hash: head.top, sum: 1 }, ..top(depth - 1) };
            assert_eq!(Question::Nodes(loose).resolve::<Blake2>(&body, &world), Err(Error::WitnessMismatch));
        }
    }
}

#[test]
fn bytes_that_are_no_receipt_answer_no_question_under_their_hash_either() {
    let preimage = |tag: u8, bytes: usize| {
        let preimage = vec![7; bytes];
        let hash = <Blake2 as proof::Hasher>::blake2_256(&[&[tag][..], &preimage].concat());
        Asked::Preimage(tag, hash).answered_by::<Blake2>(&Answer::Preimage(preimage).encode())
    };
    for (tag, right, wrong) in [(8, 176, 1), (0x0C, 221, 220), (9, 4_096, 4_097), (0x0A, 144, 145)] {
        assert_eq!(preimage(tag, right), Ok(()), "{tag}");
        assert_eq!(preimage(tag, wrong), Err(Error::BadAnswer), "{tag}");
    }
}

#[test]
fn the_longest_answers_fit() {
    let any = Node { hash: [1; 32], sum: 1 };
    let leaf = Answer::Leaf(vec![1; 13 + proof::limits::MAX_SKETCH_BYTES], vec![any; 32]);
    let text = TextOpening { length: 1, first: 1, bytes: vec![1; 32 * 256], path: vec![[1; 32]; 64], salts: vec![] };
    for answer in [leaf, Answer::Nodes(vec![any; 128]), Answer::Chunks(text)] {
        assert!(answer.encoded_size() <= MAX_ANSWER_BYTES, "{}", answer.encoded_size());
    }
}
