//! A report built by the rules passes every check; a changed one is refuted, and what refutes it refutes no true report.

mod common;

use common::world::{body, World};
use common::Dice;
use proof::check::{credits, find_leaf, payouts, tree, EvidenceOpening, Proof};
use proof::credits::CreditLeaf;
use proof::evidence::{evidence_node, Entry, EvidenceLeaf, Exempt, Influence, Place, Retrieval, Span};
use proof::payouts::PayoutLeaf;
use proof::report::ReportBody;
use proof::tree::{MerkleTree, Node, Tree};
use proof::{Blake2, Error, Hash};
use proptest::prelude::*;
use scale::{Decode, Encode};

fn evidence_tree(leaves: &[Vec<u8>]) -> MerkleTree {
    let nodes = leaves.iter().map(|fields| evidence_node::<Blake2>(fields)).collect();
    MerkleTree::build::<Blake2>(Tree::Evidence, nodes).unwrap()
}

fn credits_tree(leaves: &[CreditLeaf]) -> MerkleTree {
    MerkleTree::build::<Blake2>(Tree::Credits, leaves.iter().map(CreditLeaf::node::<Blake2>).collect()).unwrap()
}

fn payouts_tree(leaves: &[PayoutLeaf]) -> MerkleTree {
    MerkleTree::build::<Blake2>(Tree::Payouts, leaves.iter().map(PayoutLeaf::node::<Blake2>).collect()).unwrap()
}

/// All preimages of a sum tree.
fn preimages(tree: &MerkleTree, leaves: Vec<Vec<u8>>) -> std::collections::HashMap<Hash, Vec<u8>> {
    let mut known = std::collections::HashMap::new();
    for fields in leaves {
        let mut preimage = vec![tree.kind().tag()];
        preimage.extend(fields);
        known.insert(<Blake2 as proof::Hasher>::blake2_256(&preimage), preimage);
    }
    for level in 1..tree.depth() {
        let mut index = 0;
        while let Some(parent) = tree.node(level, index) {
            if let (Some(left), Some(right)) = (tree.node(level - 1, 2 * index), tree.node(level - 1, 2 * index + 1)) {
                let mut preimage = vec![tree.kind().node_tag()];
                preimage.extend((left, right).encode());
                known.insert(parent.hash, preimage);
            }
            index += 1;
        }
    }
    known
}

fn whose(world: &World, evidence: &MerkleTree, leaves: &[Vec<u8>], index: u64, entry: u8) -> credits::DueOpening {
    use proof::check::influence::RowOpening;
    use proof::check::span::ContributionOpening;
    let (b, i) = world.slots()[index as usize];
    let fields = &leaves[index as usize];
    let leaf = EvidenceLeaf::decode(fields).unwrap();
    let mut row = None;
    let place = match leaf.entries.get(usize::from(entry)) {
        Some(Entry::Span(span)) => Some((span.credited.source, span.credited.index)),
        Some(Entry::Retrieval(chunk)) => Some((chunk.source, chunk.index)),
        Some(Entry::Influence(influence)) => {
            let found = &world.rows[influence.row as usize];
            let path = world.rows_tree.path(u64::from(influence.row)).unwrap();
            row = Some(RowOpening { fields: found.fields(), path });
            Some((found.source, found.index))
        }
        _ => None,
    };
    let contribution = place.and_then(|(source, index)| {
        let source = world.sources.get(usize::from(source))?;
        let leaf = *source.leaves.get(index as usize)?;
        Some(ContributionOpening { leaf, path: source.tree.path(u64::from(index)).ok()? })
    });
    credits::DueOpening {
        evidence: EvidenceOpening::of(fields, evidence, index).unwrap(),
        receipt: world.receipt(b, i),
        batch: b as u64,
        row,
        contribution,
    }
}

fn refute(world: &World, leaves: &[Vec<u8>], index: usize, right: &EvidenceLeaf) -> Result<Option<Proof>, Error> {
    let tree = evidence_tree(leaves);
    let (b, i) = world.slots()[index];
    let fields = &leaves[index];
    find_leaf::<Blake2>(fields, index as u64, &tree, b as u64, right, world.published(b, i), world, world)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn a_report_built_by_the_rules_passes_all_checks(seed in any::<u64>()) {
        let world = World::new(seed);
        let (builder, totals) = world.report();
        prop_assert!(totals.balanced(&world.carry));
        let report = body(&totals);
        let evidence = evidence_tree(&builder.leaves);
        prop_assert_eq!(evidence.head(), totals.evidence);
        for (index, (b, i)) in world.slots().into_iter().enumerate() {
            let leaf = world.leaf(b, i);
            let fields = &builder.leaves[index];
            prop_assert_eq!(&EvidenceLeaf::decode(fields).unwrap(), &leaf);
            prop_assert!(fields.len() <= proof::limits::MAX_EVIDENCE_BYTES);
            let due: u128 = leaf.entries.iter().map(Entry::amount).sum();
            prop_assert!(due <= leaf.part);
            // With a right leaf that differs, find_leaf tries every proof; none may be shown.
            let mut other = leaf.clone();
            other.part += 1;
            prop_assert_eq!(refute(&world, &builder.leaves, index, &other).ok().flatten(), None);
            // Nor is what an invalid receipt would be due, were it valid, left out of its leaf.
            other.entries = world.entries_if_valid(b, i);
            let found = refute(&world, &builder.leaves, index, &other).ok().flatten();
            prop_assert!(found.is_none_or(|proof| proof.check::<Blake2>(&report, &world).is_err()));
        }
        let credits = credits_tree(&builder.credits);
        let payouts = payouts_tree(&builder.payouts);
        let credit_bytes = builder.credits.iter().map(Encode::encode).collect();
        let payout_bytes = builder.payouts.iter().map(Encode::encode).collect();
        let known = preimages(&credits, credit_bytes);
        let found = tree::find::<Blake2>(tree::SumTree::Credits, &report, &|hash| known.get(hash).cloned());
        prop_assert_eq!(found, Ok(None));
        let known = preimages(&payouts, payout_bytes);
        let found = tree::find::<Blake2>(tree::SumTree::Payouts, &report, &|hash| known.get(hash).cloned());
        prop_assert_eq!(found, Ok(None));
        let previous = payouts_tree(&world.previous);
        let found = payouts::find((&world.previous, &previous), (&builder.credits, &credits), (&builder.payouts, &payouts));
        prop_assert_eq!(found, Ok(None));
        // Every credit is due, and every entry that is due has its credit.
        for (index, leaf) in (0u64..).zip(&builder.credits) {
            let credit = credits::CreditOpening { leaf: *leaf, index, path: credits.path(index).unwrap() };
            let opening = whose(&world, &evidence, &builder.leaves, leaf.evidence, leaf.entry);
            let fault = credits::CreditFault::NotDue(credit.clone(), opening.clone());
            prop_assert_eq!(credits::check::<Blake2>(&report, &fault, &world), Err(Error::NotFraud));
            let fault = credits::CreditFault::NoEntry(credit, Some(opening.evidence));
            prop_assert_eq!(credits::check::<Blake2>(&report, &fault, &world), Err(Error::NotFraud));
        }
    }

    #[test]
    fn a_changed_leaf_is_refuted_and_its_proof_refutes_no_true_report(seed in any::<u64>()) {
        let world = World::new(seed);
        let (builder, totals) = world.report();
        let mut dice = Dice::new(seed ^ 0x5555);
        for _ in 0..12 {
            let index = dice.below(builder.leaves.len() as u64) as usize;
            let (b, i) = world.slots()[index];
            let right = world.leaf(b, i);
            let mut leaves = builder.leaves.clone();
            leaves[index] = change(&mut dice, &world, index, &right);
            if leaves[index] == builder.leaves[index] {
                continue;
            }
            let false_report = ReportBody { evidence: evidence_tree(&leaves).head(), ..body(&totals) };
            match refute(&world, &leaves, index, &right).unwrap() {
                Some(proof) => {
                    prop_assert!(proof.check::<Blake2>(&false_report, &world).is_ok());
                    let bytes = proof.encode();
                    prop_assert!(bytes.len() <= proof::limits::MAX_PROOF_BYTES);
                    prop_assert_eq!(&Proof::decode(&mut &bytes[..]).unwrap(), &proof);
                    // Against the true report, even with its own leaf and path put in, it shows nothing.
                    let report = body(&totals);
                    prop_assert!(proof.check::<Blake2>(&report, &world).is_err());
                    let own = EvidenceOpening::of(&builder.leaves[index], &evidence_tree(&builder.leaves), index as u64).unwrap();
                    prop_assert!(transplant(proof, own).check::<Blake2>(&report, &world).is_err());
                }
                None => {
                    let theirs = EvidenceLeaf::decode(&leaves[index]).unwrap();
                    prop_assert_eq!(unordered(&theirs), unordered(&right), "no proof against {:?}", theirs);
                }
            }
        }
    }

    #[test]
    fn changed_credits_are_refuted(seed in any::<u64>()) {
        let world = World::new(seed);
        let (builder, totals) = world.report();
        let evidence = evidence_tree(&builder.leaves);
        let mut dice = Dice::new(seed ^ 0x7777);
        for _ in 0..6 {
            let mut changed = builder.credits.clone();
            match dice.below(4) {
                0 if !changed.is_empty() => {
                    changed.remove(dice.below(changed.len() as u64) as usize);
                }
                1 if !changed.is_empty() => {
                    let at = dice.below(changed.len() as u64) as usize;
                    changed[at].amount += 1;
                }
                2 if !changed.is_empty() => {
                    let at = dice.below(changed.len() as u64) as usize;
                    changed[at].account[3] ^= 1;
                }
                _ => changed.push(CreditLeaf {
                    account: [2; 32],
                    evidence: dice.below(builder.leaves.len() as u64 + 2),
                    entry: dice.below(4) as u8,
                    amount: 5,
                }),
            }
            changed.sort_unstable();
            changed.dedup_by_key(|leaf| (leaf.account, leaf.evidence, leaf.entry));
            if changed == builder.credits {
                continue;
            }
            let tree = credits_tree(&changed);
            let report = ReportBody { credits: tree.sum_head(), ..body(&totals) };
            let open = |index: u64| EvidenceOpening::of(&builder.leaves[index as usize], &evidence, index);
            let due = |index: u64, entry: u8| Ok(whose(&world, &evidence, &builder.leaves, index, entry));
            let fault = credits::find(&changed, &tree, &builder.credits, &report, open, due).unwrap();
            let proof = Proof::Credits(fault.unwrap());
            prop_assert!(proof.check::<Blake2>(&report, &world).is_ok());
            prop_assert!(proof.check::<Blake2>(&body(&totals), &world).is_err());
        }
    }

    #[test]
    fn changed_payouts_are_refuted(seed in any::<u64>()) {
        let world = World::new(seed);
        let (builder, totals) = world.report();
        let mut dice = Dice::new(seed ^ 0x9999);
        let (credits, previous) = (credits_tree(&builder.credits), payouts_tree(&world.previous));
        for _ in 0..6 {
            let mut changed = builder.payouts.clone();
            match dice.below(3) {
                0 if !changed.is_empty() => {
                    changed.remove(dice.below(changed.len() as u64) as usize);
                }
                1 if !changed.is_empty() => {
                    let at = dice.below(changed.len() as u64) as usize;
                    changed[at].cumulative += 1;
                }
                _ => changed.push(PayoutLeaf { account: [dice.below(9) as u8; 32], cumulative: 3 }),
            }
            changed.sort_unstable();
            changed.dedup_by_key(|leaf| leaf.account);
            if changed == builder.payouts {
                continue;
            }
            let tree = payouts_tree(&changed);
            let report = ReportBody { payouts: tree.sum_head(), ..body(&totals) };
            let found = payouts::find((&world.previous, &previous), (&builder.credits, &credits), (&changed, &tree));
            let proof = Proof::Payouts(found.unwrap().unwrap());
            prop_assert!(proof.check::<Blake2>(&report, &world).is_ok());
            prop_assert!(proof.check::<Blake2>(&body(&totals), &world).is_err());
        }
    }
}

/// Whole places and witnesses other than the first are no fraud.
fn unordered(leaf: &EvidenceLeaf) -> EvidenceLeaf {
    let mut leaf = leaf.clone();
    for entry in &mut leaf.entries {
        match entry {
            Entry::Span(span) => span.whole = Place { source: 0, index: 0, offset: 0 },
            Entry::Exempt(exempt) => exempt.witnesses.clear(),
            _ => {}
        }
    }
    leaf
}

fn transplant(proof: Proof, own: EvidenceOpening) -> Proof {
    let mut proof = proof;
    match &mut proof {
        Proof::Receipt(witness) => witness.evidence = own,
        Proof::Span(witness) => witness.evidence = own,
        Proof::Outranked(witness) => witness.evidence = own,
        Proof::Influence(witness) => witness.evidence = own,
        Proof::Form(witness) => witness.evidence = own,
        _ => {}
    }
    proof
}

/// A false leaf: changed somewhere and, mostly, brought into form again with amounts to match, as a careful liar would.
fn change(dice: &mut Dice, world: &World, index: usize, right: &EvidenceLeaf) -> Vec<u8> {
    let fields = change_anything(dice, right);
    let Ok(mut leaf) = EvidenceLeaf::decode(&fields) else { return fields };
    if leaf.entries == right.entries || leaf.status != 0 || dice.below(5) == 0 {
        return fields;
    }
    let mut spans: Vec<Entry> = Vec::new();
    let mut influence = Vec::new();
    let mut retrieval = Vec::new();
    leaf.entries.sort_by_key(|entry| entry.range().map_or((0, 0), |(start, end)| (u32::MAX - (end - start), start)));
    for entry in leaf.entries {
        match entry {
            Entry::Influence(row) => influence.push(row),
            Entry::Retrieval(_) => retrieval.push(entry),
            _ => {
                let (start, end) = entry.range().unwrap();
                let free = |other: &Entry| other.range().is_none_or(|(s, e)| end <= s || e <= start);
                if start < end && spans.iter().all(free) {
                    spans.push(entry);
                }
            }
        }
    }
    influence.sort_by_key(|row| (i32::MAX - row.score, row.row));
    influence.dedup_by_key(|row| row.row);
    leaf.entries = spans;
    leaf.entries.extend(influence.into_iter().map(Entry::Influence));
    leaf.entries.extend(retrieval);
    let params = &world.batches[world.slots()[index].0].params;
    proof::rules::amounts::fill(leaf.part, &world.revision.policy, params, &mut leaf.entries).unwrap();
    leaf.fields().unwrap()
}

fn change_anything(dice: &mut Dice, right: &EvidenceLeaf) -> Vec<u8> {
    let mut leaf = right.clone();
    let small = |dice: &mut Dice| dice.below(3) as u16 + 1;
    let count = leaf.entries.len() as u64;
    match dice.below(20) {
        0 => leaf.part += 1,
        1 => leaf.receipt[0] ^= 1,
        2 => leaf.status = (leaf.status + 1) % 3,
        3 => {
            let mut fields = leaf.fields().unwrap();
            if dice.below(2) == 0 {
                fields.pop();
            } else {
                fields.push(0);
            }
            return fields;
        }
        4 if count > 0 => {
            leaf.entries.remove(dice.below(count) as usize);
        }
        5 if count > 1 => {
            let at = dice.below(count - 1) as usize;
            leaf.entries.swap(at, at + 1);
        }
        6 => leaf.entries.push(Entry::Retrieval(Retrieval { rank: 0, source: 0, index: 0, chunk: 0, amount: 0 })),
        7 => leaf.entries.insert(0, Entry::Influence(Influence { row: dice.below(30) as u32, score: 9, amount: 0 })),
        8 => {
            let place =
                Place { source: dice.below(3) as u8, index: dice.below(5) as u32, offset: dice.below(40) as u32 };
            let len = dice.below(20) as u16 + 1;
            let span = Span {
                start: dice.below(50) as u16,
                len,
                skip: 0,
                held: len,
                credited: place,
                whole: place,
                amount: 0,
            };
            leaf.entries.insert(0, Entry::Span(span));
        }
        _ if count > 0 => {
            let at = dice.below(count) as usize;
            let n = small(dice);
            leaf.entries[at] = match leaf.entries[at].clone() {
                Entry::Span(mut span) => match dice.below(10) {
                    0 => {
                        span.start = span.start.wrapping_add(n);
                        Entry::Span(span)
                    }
                    1 => {
                        span.len = span.len.wrapping_sub(n);
                        span.held = span.held.min(span.len);
                        Entry::Span(span)
                    }
                    2 => {
                        span.skip += n;
                        Entry::Span(span)
                    }
                    3 => {
                        span.held = span.held.saturating_sub(n);
                        Entry::Span(span)
                    }
                    4 => {
                        span.credited.offset += u32::from(n);
                        Entry::Span(span)
                    }
                    5 => {
                        span.credited.index = (span.credited.index + 1) % 6;
                        Entry::Span(span)
                    }
                    6 => {
                        span.credited.source ^= 1;
                        Entry::Span(span)
                    }
                    7 => {
                        span.whole.offset += u32::from(n);
                        Entry::Span(span)
                    }
                    8 => {
                        span.credited = span.whole;
                        span.skip = 0;
                        span.held = span.len;
                        Entry::Span(span)
                    }
                    _ => Entry::Exempt(Exempt {
                        start: span.start,
                        len: span.len,
                        amount: span.amount,
                        witnesses: vec![span.whole; usize::from(n % 2) + 3],
                    }),
                },
                Entry::Exempt(mut exempt) => match dice.below(4) {
                    0 => {
                        exempt.witnesses.pop();
                        Entry::Exempt(exempt)
                    }
                    1 => {
                        exempt.witnesses[0].offset += 1;
                        Entry::Exempt(exempt)
                    }
                    2 => {
                        exempt.witnesses[0].source ^= 1;
                        Entry::Exempt(exempt)
                    }
                    _ => Entry::Span(Span {
                        start: exempt.start,
                        len: exempt.len,
                        skip: 0,
                        held: exempt.len,
                        credited: exempt.witnesses[0],
                        whole: exempt.witnesses[0],
                        amount: exempt.amount,
                    }),
                },
                Entry::Influence(mut row) => match dice.below(3) {
                    0 => {
                        row.score += i32::from(n as i16);
                        Entry::Influence(row)
                    }
                    1 => {
                        row.row += u32::from(n);
                        Entry::Influence(row)
                    }
                    _ => {
                        row.amount += 1;
                        Entry::Influence(row)
                    }
                },
                Entry::Retrieval(mut chunk) => match dice.below(3) {
                    0 => {
                        chunk.index += 1;
                        Entry::Retrieval(chunk)
                    }
                    1 => {
                        chunk.rank += 1;
                        Entry::Retrieval(chunk)
                    }
                    _ => {
                        chunk.amount += 1;
                        Entry::Retrieval(chunk)
                    }
                },
            };
        }
        _ => leaf.part += 2,
    }
    leaf.fields().unwrap()
}

#[test]
fn a_credit_tree_that_lies_about_a_sum_is_refuted_where_it_lies() {
    let leaves: Vec<CreditLeaf> =
        (0..5).map(|i| CreditLeaf { account: [i; 32], evidence: 0, entry: i, amount: 10 }).collect();
    let honest = credits_tree(&leaves);
    let mut known = preimages(&honest, leaves.iter().map(Encode::encode).collect());
    // The node above leaves 2 and 3 states 90 for leaf 3 towards its parents.
    let forge = |left: Node, right: Node, known: &mut std::collections::HashMap<Hash, Vec<u8>>| {
        let parent = proof::tree::join::<Blake2>(Tree::Credits, &left, &right).unwrap();
        let mut preimage = vec![Tree::Credits.node_tag()];
        preimage.extend((left, right).encode());
        known.insert(parent.hash, preimage);
        parent
    };
    let node = |level, index| honest.node(level, index).unwrap();
    let lie = Node { sum: 90, ..node(0, 3) };
    let right = forge(node(0, 2), lie, &mut known);
    let four = forge(node(1, 0), right, &mut known);
    let top = forge(four, node(0, 4), &mut known);
    let mut report = body(&World::new(1).report().1);
    report.credits = proof::SumHead { count: 5, sum: top.sum, top: top.hash };
    let lookup = |hash: &Hash| known.get(hash).cloned();
    let witness = tree::find::<Blake2>(tree::SumTree::Credits, &report, &lookup).unwrap().unwrap();
    assert_eq!(tree::check::<Blake2>(&report, &witness), Ok(proof::check::Fraud::WrongSum));
    // A top whose stated Σ is another.
    let mut report = body(&World::new(1).report().1);
    report.credits = proof::SumHead { sum: 51, ..honest.sum_head() };
    let witness = tree::find::<Blake2>(tree::SumTree::Credits, &report, &lookup).unwrap().unwrap();
    assert_eq!(tree::check::<Blake2>(&report, &witness).unwrap(), proof::check::Fraud::WrongSum);
    // The honest tree under its own head.
    report.credits = honest.sum_head();
    assert_eq!(tree::find::<Blake2>(tree::SumTree::Credits, &report, &lookup), Ok(None));
}

fn tree_fraud(leaves: Vec<Vec<u8>>, sums: &[u128]) -> Option<proof::check::Fraud> {
    let nodes = leaves
        .iter()
        .zip(sums)
        .map(|(fields, sum)| Node { hash: proof::tree::leaf_hash::<Blake2>(Tree::Payouts, fields), sum: *sum })
        .collect();
    let tree = MerkleTree::build::<Blake2>(Tree::Payouts, nodes).unwrap();
    let known = preimages(&tree, leaves);
    let mut report = body(&World::new(1).report().1);
    report.payouts = tree.sum_head();
    let lookup = |hash: &Hash| known.get(hash).cloned();
    let witness = tree::find::<Blake2>(tree::SumTree::Payouts, &report, &lookup).unwrap()?;
    Some(tree::check::<Blake2>(&report, &witness).unwrap())
}

#[test]
fn leaves_that_do_not_ascend_are_refuted_as_are_wrong_widths_amounts_and_heads() {
    use proof::check::Fraud;
    let leaf = |n: u8, cumulative| PayoutLeaf { account: [n; 32], cumulative }.encode();
    assert_eq!(tree_fraud(vec![leaf(1, 5), leaf(2, 6), leaf(3, 7)], &[5, 6, 7]), None);
    assert_eq!(tree_fraud(vec![leaf(1, 5), leaf(3, 6), leaf(2, 7)], &[5, 6, 7]), Some(Fraud::NotAscending));
    assert_eq!(tree_fraud(vec![leaf(1, 5), leaf(1, 6)], &[5, 6]), Some(Fraud::NotAscending));
    assert_eq!(tree_fraud(vec![leaf(1, 5), vec![1; 47]], &[5, 6]), Some(Fraud::LeafWidth));
    assert_eq!(tree_fraud(vec![vec![1; 49]], &[5]), Some(Fraud::LeafWidth));
    assert_eq!(tree_fraud(vec![leaf(1, 0), leaf(2, 6)], &[0, 6]), Some(Fraud::ZeroAmount));
    assert_eq!(tree_fraud(vec![leaf(1, 5), leaf(2, 6)], &[5, 7]), Some(Fraud::WrongSum));
    assert_eq!(tree_fraud(vec![leaf(1, 5)], &[6]), Some(Fraud::WrongSum));
    let mut report = body(&World::new(1).report().1);
    report.payouts = proof::SumHead { count: 0, sum: 1, top: proof::ZERO };
    let witness = tree::find::<Blake2>(tree::SumTree::Payouts, &report, &|_| None).unwrap().unwrap();
    assert_eq!(tree::check::<Blake2>(&report, &witness).unwrap(), Fraud::BadHead);
    report.payouts = proof::SumHead::EMPTY;
    assert_eq!(tree::find::<Blake2>(tree::SumTree::Payouts, &report, &|_| None), Ok(None));
}

#[test]
fn a_node_that_is_none_is_refuted() {
    // Two leaves are claimed, but what the top hashes is no node.
    let bytes = b"not a node".to_vec();
    let top = <Blake2 as proof::Hasher>::blake2_256(&bytes);
    let mut report = body(&World::new(1).report().1);
    report.payouts = proof::SumHead { count: 2, sum: 9, top };
    let lookup = |hash: &Hash| (*hash == top).then(|| bytes.clone());
    let witness = tree::find::<Blake2>(tree::SumTree::Payouts, &report, &lookup).unwrap().unwrap();
    assert_eq!(tree::check::<Blake2>(&report, &witness), Ok(proof::check::Fraud::MalformedNode));
}

#[test]
fn each_way_to_be_invalid_is_met_and_a_leaf_with_the_other_status_is_refuted() {
    use proof::check::Fraud;
    use proof::evidence::{ATTRIBUTED, INVALID};
    use proof::rules::validity::Invalid;
    let mut met = std::collections::BTreeMap::<String, u32>::new();
    for seed in 0..400u64 {
        let world = World::new(seed.wrapping_mul(0x9876_5432_1fed_cba9));
        let (builder, totals) = world.report();
        for (index, (b, i)) in world.slots().into_iter().enumerate() {
            if world.batches[b].terms.withheld {
                continue;
            }
            let right = world.leaf(b, i);
            let why = world.invalid(b, i);
            assert_eq!(right.status, if why.is_some() { INVALID } else { ATTRIBUTED });
            *met.entry(format!("{why:?}")).or_default() += 1;
            let mut leaves = builder.leaves.clone();
            let other = EvidenceLeaf { status: INVALID - right.status, entries: Vec::new(), ..right.clone() };
            leaves[index] = other.fields().unwrap();
            let proof = refute(&world, &leaves, index, &right).unwrap().expect("no proof of a wrong status");
            let report = ReportBody { evidence: evidence_tree(&leaves).head(), ..body(&totals) };
            assert_eq!(proof.check::<Blake2>(&report, &world), Ok(Fraud::WrongStatus), "{why:?}");
        }
    }
    for why in [
        Invalid::Channel,
        Invalid::Model,
        Invalid::Sequence,
        Invalid::Fee,
        Invalid::FeeBelowLeast,
        Invalid::NoRevision,
        Invalid::Adapter,
        Invalid::RequestedChannel,
        Invalid::RequestedModel,
        Invalid::RequestedRevision,
        Invalid::RequestedParams,
        Invalid::RequestedSequence,
        Invalid::RequestedKey,
        Invalid::UnknownFlag,
        Invalid::Signature,
        Invalid::FeeAboveMost,
        Invalid::TokensOutAboveMost,
        Invalid::TokensInAbovePrompt,
        Invalid::SketchOfPrivate,
        Invalid::TokensOutAboveResponse,
    ] {
        assert!(met.contains_key(&format!("{:?}", Some(why))), "{why:?} never met: {met:#?}");
    }
    assert!(met.contains_key("None"));
}

#[test]
fn random_changes_meet_every_kind_of_leaf_fraud() {
    use proof::check::Fraud;
    let mut met = std::collections::BTreeMap::<String, u32>::new();
    for seed in 0..600u64 {
        let world = World::new(seed.wrapping_mul(0x1234_5678_9abc_def1));
        let (builder, totals) = world.report();
        let mut dice = Dice::new(seed);
        for _ in 0..10 {
            let index = dice.below(builder.leaves.len() as u64) as usize;
            let (b, i) = world.slots()[index];
            let right = world.leaf(b, i);
            let mut leaves = builder.leaves.clone();
            leaves[index] = change(&mut dice, &world, index, &right);
            if let Some(proof) = refute(&world, &leaves, index, &right).unwrap() {
                let report = ReportBody { evidence: evidence_tree(&leaves).head(), ..body(&totals) };
                let fraud = proof.check::<Blake2>(&report, &world).unwrap();
                *met.entry(format!("{fraud:?}")).or_default() += 1;
            } else {
                *met.entry("none".into()).or_default() += 1;
            }
        }
    }
    for fraud in [
        Fraud::DifferingByte,
        Fraud::ResponseBoundary,
        Fraud::BeyondResponse,
        Fraud::NoSuchContribution,
        Fraud::NoSuchOffset,
        Fraud::DoesNotCount,
        Fraud::OneContributor,
        Fraud::WrongWithheld,
        Fraud::WrongReceipt,
        Fraud::WrongPart,
        Fraud::WrongStatus,
        Fraud::MatchLeftOut,
        Fraud::EarlierHolding,
        Fraud::CommonKnowledge,
        Fraud::WrongScore,
        Fraud::RowLeftOut,
        Fraud::RowDoesNotCount,
        Fraud::NoSketch,
        Fraud::Undecodable,
        Fraud::BadForm,
        Fraud::WrongAmounts,
        Fraud::WrongRetrieval,
    ] {
        assert!(met.contains_key(&format!("{fraud:?}")), "{fraud:?} never met: {met:#?}");
    }
}
