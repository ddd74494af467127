//! Trees of every small size: paths, ranges, prefix sums, frontiers, absence.

use proof::tree::{
    climb, path_len, range_len, subtrees, verify_path, verify_range, Absence, Frontier, MerkleTree, Node, Sibling, Tree,
};
use proof::{credits::CreditLeaf, payouts::PayoutLeaf, Blake2, Error, Hash, Hasher};

fn leaves(tree: Tree, count: u64) -> Vec<Node> {
    (0..count)
        .map(|i| Node {
            hash: Blake2::blake2_256(&i.to_le_bytes()),
            sum: if tree.sums() { u128::from(i) * 7 + 1 } else { 0 },
        })
        .collect()
}

/// RFC 9162's own definition: split at the largest power of two below n.
fn by_recursion(tree: Tree, leaves: &[Node]) -> Node {
    match leaves {
        [] => Node::EMPTY,
        [one] => *one,
        _ => {
            let half = leaves.len().next_power_of_two() / 2;
            let (left, right) = leaves.split_at(half);
            proof::tree::join::<Blake2>(tree, &by_recursion(tree, left), &by_recursion(tree, right)).unwrap()
        }
    }
}

fn paths_hold<S: Sibling + std::fmt::Debug>(tree: Tree) {
    for count in 0..70u64 {
        let leaves = leaves(tree, count);
        let built = MerkleTree::build::<Blake2>(tree, leaves.clone()).unwrap();
        let top = built.top();
        assert_eq!(top, by_recursion(tree, &leaves));
        let mut prefix = 0;
        for index in 0..count {
            let leaf = leaves[index as usize];
            let path: Vec<S> = built.path(index).unwrap();
            assert_eq!(path.len(), path_len(index, count));
            assert_eq!(
                verify_path::<Blake2, S>(tree, &top.hash, top.sum, leaf, index, count, &path),
                Ok(if tree.sums() { prefix } else { 0 })
            );
            assert_eq!(built.prefix(index), Ok(prefix));
            prefix += leaf.sum;
            // Another index, leaf, count or a missing sibling fails.
            for other in (0..count).filter(|other| *other != index) {
                assert!(verify_path::<Blake2, S>(tree, &top.hash, top.sum, leaf, other, count, &path).is_err());
            }
            let strange = Node { hash: [9; 32], ..leaf };
            assert_eq!(
                verify_path::<Blake2, S>(tree, &top.hash, top.sum, strange, index, count, &path),
                Err(Error::WrongHash)
            );
            if let Some((_, short)) = path.split_last() {
                assert_eq!(climb::<Blake2, S>(tree, leaf, index, count, short), Err(Error::PathLength));
            }
            let mut long = path.clone();
            long.push(S::of(&leaf));
            assert_eq!(climb::<Blake2, S>(tree, leaf, index, count, &long), Err(Error::PathLength));
        }
        assert_eq!(built.prefix(count), Ok(prefix));
        assert!(climb::<Blake2, S>(tree, Node::EMPTY, count, count, &[]).is_err());
    }
}

#[test]
fn every_path_of_a_plain_tree_leads_to_its_top_and_no_other_leaf_does() {
    paths_hold::<Hash>(Tree::Evidence);
}

#[test]
fn every_path_of_a_sum_tree_gives_the_sum_before_its_leaf() {
    paths_hold::<Node>(Tree::Credits);
}

#[test]
fn every_range_leads_to_the_top_with_the_sum_before_it() {
    for count in 1..34u64 {
        let leaves = leaves(Tree::Payouts, count);
        let built = MerkleTree::build::<Blake2>(Tree::Payouts, leaves.clone()).unwrap();
        for from in 0..count {
            for to in from + 1..=count {
                let range = leaves[from as usize..to as usize].to_vec();
                let path: Vec<Node> = built.range_path(from, to - from).unwrap();
                assert_eq!(path.len(), range_len(from, to - from, count));
                let climbed = verify_range::<Blake2, Node>(Tree::Payouts, range.clone(), from, count, &path).unwrap();
                assert_eq!(climbed.top, built.top());
                assert_eq!(Ok(climbed.prefix), built.prefix(from));
                let mut wrong = range.clone();
                wrong[0].hash[0] ^= 1;
                let climbed = verify_range::<Blake2, Node>(Tree::Payouts, wrong, from, count, &path).unwrap();
                assert_ne!(climbed.top, built.top());
                if let Some((_, short)) = path.split_last() {
                    let short = verify_range::<Blake2, Node>(Tree::Payouts, range, from, count, short);
                    assert_eq!(short, Err(Error::PathLength));
                }
            }
        }
        assert_eq!(verify_range::<Blake2, Node>(Tree::Payouts, vec![], 0, count, &[]), Err(Error::Empty));
    }
}

#[test]
fn a_frontier_has_the_top_of_the_whole_tree_at_every_count() {
    for tree in [Tree::Version, Tree::Receipts] {
        let all = leaves(tree, 300);
        let mut frontier = Frontier::<Node>::new();
        let mut plain = Frontier::<Hash>::new();
        for (i, leaf) in all.iter().enumerate() {
            let whole = MerkleTree::build::<Blake2>(tree, all[..i].to_vec()).unwrap();
            assert_eq!(frontier.sum_head::<Blake2>(tree).unwrap(), whole.sum_head());
            assert_eq!(frontier.append::<Blake2>(tree, *leaf), Ok(i as u64));
            frontier = Frontier::from_parts(frontier.count, frontier.peaks).unwrap();
            if !tree.sums() {
                plain.append::<Blake2>(tree, *leaf).unwrap();
                assert_eq!(plain.head::<Blake2>(tree), frontier.head::<Blake2>(tree));
            }
        }
        assert_eq!(Frontier::<Node>::from_parts(3, vec![]), Err(Error::BadFrontier));
    }
}

#[test]
fn a_full_tree_takes_no_more_leaves() {
    let full = 1u64 << 20;
    let mut frontier = Frontier::<Hash>::from_parts(full, vec![[1; 32]]).unwrap();
    assert_eq!(frontier.append::<Blake2>(Tree::Version, Node::plain([2; 32])), Err(Error::TooLarge));
    assert_eq!(frontier.count, full);
}

#[test]
fn sums_that_overflow_are_refused_and_change_nothing() {
    let mut frontier = Frontier::<Node>::new();
    let big = Node { hash: [1; 32], sum: u128::MAX };
    let one = Node { hash: [2; 32], sum: 1 };
    frontier.append::<Blake2>(Tree::Receipts, big).unwrap();
    assert_eq!(frontier.append::<Blake2>(Tree::Receipts, one), Err(Error::Overflow));
    let zero = Node { hash: [3; 32], sum: 0 };
    frontier.append::<Blake2>(Tree::Receipts, zero).unwrap();
    // Another subtree, so nothing is joined yet, but the total would not fit.
    assert_eq!(frontier.append::<Blake2>(Tree::Receipts, one), Err(Error::Overflow));
    assert_eq!(frontier.count, 2);
    assert_eq!(frontier.sum_head::<Blake2>(Tree::Receipts).unwrap().sum, u128::MAX);
}

#[test]
fn a_forged_sum_in_a_path_does_not_reach_the_top() {
    let leaves = leaves(Tree::Payouts, 9);
    let built = MerkleTree::build::<Blake2>(Tree::Payouts, leaves.clone()).unwrap();
    let mut path: Vec<Node> = built.path(4).unwrap();
    path[0].sum += 1;
    let top = built.top();
    assert_eq!(
        verify_path::<Blake2, Node>(Tree::Payouts, &top.hash, top.sum, leaves[4], 4, 9, &path),
        Err(Error::WrongHash)
    );
}

#[test]
fn absence_is_shown_for_every_key_that_is_absent_and_for_none_that_is_there() {
    for count in 0..12u8 {
        let leaves: Vec<PayoutLeaf> =
            (0..count).map(|i| PayoutLeaf { account: [2 * i + 1; 32], cumulative: u128::from(i) + 1 }).collect();
        let nodes = leaves.iter().map(PayoutLeaf::node::<Blake2>).collect();
        let built = MerkleTree::build::<Blake2>(Tree::Payouts, nodes).unwrap();
        let head = built.sum_head();
        for key in 0..=2 * count + 1 {
            for at in 0..=u64::from(count) {
                let neighbour = |i: u64| -> Option<(PayoutLeaf, Vec<Node>)> {
                    Some((*leaves.get(i as usize)?, built.path(i).ok()?))
                };
                let absence = Absence { before: at.checked_sub(1).and_then(neighbour), after: neighbour(at), at };
                let shown = absence.verify::<Blake2>(Tree::Payouts, head.count, head.sum, &head.top, &[key; 32]);
                let present = key % 2 == 1 && key / 2 < count;
                let truly = !present && at == u64::from(key / 2);
                assert_eq!(shown.is_ok(), truly, "key {key} at {at} of {count}");
                if truly {
                    assert_eq!(shown, built.prefix(at));
                }
            }
        }
    }
}

#[test]
fn any_flipped_byte_of_a_credit_leaf_fails() {
    use scale::{Decode, Encode};
    let credits: Vec<CreditLeaf> =
        (0..5).map(|i| CreditLeaf { account: [7; 32], evidence: 3, entry: i, amount: 5 }).collect();
    let built =
        MerkleTree::build::<Blake2>(Tree::Credits, credits.iter().map(CreditLeaf::node::<Blake2>).collect()).unwrap();
    let head = built.sum_head();
    let path: Vec<Node> = built.path(2).unwrap();
    let bytes = credits[2].encode();
    assert_eq!(bytes.len(), CreditLeaf::BYTES);
    for i in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[i] ^= 0x10;
        let leaf = CreditLeaf::decode(&mut &flipped[..]).unwrap();
        let node = leaf.node::<Blake2>();
        assert!(verify_path::<Blake2, Node>(Tree::Credits, &head.top, head.sum, node, 2, head.count, &path).is_err());
    }
}

#[test]
fn a_prefix_grows_by_complete_subtrees_to_the_whole_trees_top_through_any_count_between() {
    let all = leaves(Tree::Receipts, 70);
    for count in 0..=70u64 {
        let whole = MerkleTree::build::<Blake2>(Tree::Receipts, all[..count as usize].to_vec()).unwrap();
        for from in 0..=count {
            let prefix: Frontier<Node> = whole.frontier(from).unwrap();
            let kept = MerkleTree::build::<Blake2>(Tree::Receipts, all[..from as usize].to_vec()).unwrap();
            assert_eq!(prefix.sum_head::<Blake2>(Tree::Receipts), Ok(kept.sum_head()));
            for to in (from..=count).step_by(3) {
                let mut frontier = prefix.clone();
                frontier.extend::<Blake2>(Tree::Receipts, to, &whole.between(from, to).unwrap()).unwrap();
                assert_eq!(frontier, whole.frontier(to).unwrap());
                frontier.extend::<Blake2>(Tree::Receipts, count, &whole.between(to, count).unwrap()).unwrap();
                assert_eq!(frontier.sum_head::<Blake2>(Tree::Receipts), Ok(whole.sum_head()));
            }
        }
        assert_eq!(whole.between::<Node>(0, count + 1), Err(Error::IndexOutOfRange));
    }
}

#[test]
fn a_longer_tree_with_another_beginning_has_another_top() {
    let all = leaves(Tree::Receipts, 41);
    let whole = MerkleTree::build::<Blake2>(Tree::Receipts, all.clone()).unwrap();
    for from in 1..41u64 {
        for changed in 0..from as usize {
            let mut other = all.clone();
            other[changed].sum += 1;
            let other = MerkleTree::build::<Blake2>(Tree::Receipts, other).unwrap();
            let mut frontier: Frontier<Node> = other.frontier(from).unwrap();
            frontier.extend::<Blake2>(Tree::Receipts, 41, &whole.between(from, 41).unwrap()).unwrap();
            assert_ne!(frontier.sum_head::<Blake2>(Tree::Receipts).unwrap().top, whole.top().hash);
        }
        let mut nodes: Vec<Node> = whole.between(from, 41).unwrap();
        let short = whole.frontier::<Node>(from).unwrap().extend::<Blake2>(Tree::Receipts, 41, &nodes[1..]);
        assert_eq!(short, Err(Error::PathLength));
        nodes.push(nodes[0]);
        let long = whole.frontier::<Node>(from).unwrap().extend::<Blake2>(Tree::Receipts, 41, &nodes);
        assert_eq!(long, Err(Error::PathLength));
        nodes.pop();
        nodes[0].sum = u128::MAX;
        let above = whole.frontier::<Node>(from).unwrap().extend::<Blake2>(Tree::Receipts, 41, &nodes);
        assert_eq!(above, Err(Error::Overflow));
    }
}

#[test]
fn subtrees_fill_what_is_between_and_are_few() {
    for (from, to) in [(0, 0), (5, 5), (9, 3), (0, 1 << 32), (1, (1 << 32) - 1), (u64::MAX - 1, u64::MAX)] {
        let levels: Vec<u32> = subtrees(from, to).collect();
        assert!(levels.len() <= 64);
        let mut at = from;
        for level in levels {
            assert_eq!(at % (1 << level), 0);
            at += 1 << level;
        }
        assert_eq!(at, to.max(from));
    }
}
