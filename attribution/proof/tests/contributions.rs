//! Commitments to contributions, and when what happened to one counts.

use proof::limits::MAX_COMMITMENTS;
use proof::terms::{seq, Commitment, Standing};
use proof::tree::MerkleTree;
use proof::{Blake2, Error, Hash, Tree};

fn commitment(byte: u8) -> Commitment {
    Commitment { content_root: [byte; 32], contributor: [byte ^ 0x55; 32], salt: [byte ^ 0xAA; 32] }
}

fn tree(count: u8) -> MerkleTree {
    let nodes = (0..count).map(|byte| commitment(byte).node::<Blake2>()).collect();
    MerkleTree::build::<Blake2>(Tree::Commitments, nodes).unwrap()
}

#[test]
fn each_commitment_opens_at_its_own_index_alone() {
    for count in 1..9u8 {
        let tree = tree(count);
        for index in 0..count {
            let path = tree.path::<Hash>(u64::from(index)).unwrap();
            for claimed in 0..count {
                let top = commitment(index).top::<Blake2>(u32::from(claimed), u32::from(count), &path);
                assert_eq!(top == Ok(tree.top().hash), claimed == index, "{index} of {count} at {claimed}");
            }
        }
    }
}

#[test]
fn a_lone_commitment_is_its_own_top() {
    assert_eq!(commitment(3).top::<Blake2>(0, 1, &[]), Ok(commitment(3).node::<Blake2>().hash));
    assert_eq!(commitment(3).top::<Blake2>(1, 1, &[]), Err(Error::IndexOutOfRange));
}

#[test]
fn another_root_contributor_or_salt_is_another_commitment() {
    let one = commitment(1);
    let top = one.node::<Blake2>();
    for other in [
        Commitment { content_root: [9; 32], ..one },
        Commitment { contributor: [9; 32], ..one },
        Commitment { salt: [9; 32], ..one },
    ] {
        assert_ne!(other.node::<Blake2>(), top);
    }
}

#[test]
fn every_leaf_of_an_earlier_commitment_comes_before_a_later_one() {
    let last = (MAX_COMMITMENTS - 1) as u32;
    assert_eq!(seq(0, 0), Ok(0));
    assert!(seq(6, last).unwrap() < seq(7, 0).unwrap());
    assert_eq!(seq(0, last + 1), Err(Error::IndexOutOfRange));
    assert!(seq((1 << 44) - 1, last).is_ok());
    assert_eq!(seq(1 << 44, 0), Err(Error::Overflow));
}

#[test]
fn a_strike_counts_for_epochs_that_close_later_until_it_was_lifted() {
    let standing = Standing { struck_at: Some(10), restored_at: Some(20), ..Standing::default() };
    assert!(standing.counts(10), "an event of the same time is not earlier");
    assert!(!standing.counts(11) && !standing.counts(20));
    assert!(standing.counts(21));
    assert!(standing.earns(21, 5));
}

#[test]
fn what_was_withdrawn_or_ended_before_a_batch_earns_nothing_in_it() {
    let withdrawn = Standing { withdrawn_at: Some(10), ..Standing::default() };
    let ended = Standing { expires_at: 10, ..Standing::default() };
    for standing in [withdrawn, ended] {
        assert!(standing.counts(100), "it still holds its text");
        assert!(standing.earns(100, 10) && !standing.earns(100, 11));
    }
    assert!(Standing::default().earns(u64::MAX, u64::MAX));
}
