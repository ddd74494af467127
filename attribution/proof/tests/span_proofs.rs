//! Fraud proof 3, case by case, on five small texts.

use proof::check::span::{check, find, Library, SpanFault, SpanWitness, Which};
use proof::check::{Against, Fraud, SourceFacts};
use proof::evidence::{evidence_node, Entry, EvidenceLeaf, Exempt, Place, Span};
use proof::params::Policy;
use proof::receipt::Receipt;
use proof::text::root_of;
use proof::tree::{MerkleTree, Tree};
use proof::version::{VersionHead, VersionLeaf};
use proof::{Blake2, Error, ZERO};

const RESPONSE: &str = "see the cat sat on mats and the old man slept, he said again";

struct Texts {
    texts: Vec<Vec<u8>>,
    leaves: Vec<VersionLeaf>,
    tree: MerkleTree,
    struck: u64,
}

impl Texts {
    fn new() -> Self {
        let texts: Vec<Vec<u8>> = [
            "the cat sat on mats",
            "breathe cat sat on matsy but the cat sat on matsy",
            "and the old man slept; the cat sat on mats, and the old man slept",
            "the cat sat on mats (struck)",
            "once more: the cat sat on mats",
        ]
        .iter()
        .map(|text| text.as_bytes().to_vec())
        .collect();
        let leaves: Vec<VersionLeaf> = (0u64..)
            .zip(&texts)
            .map(|(i, text)| VersionLeaf {
                seq: i,
                contribution: 10 + i,
                content_root: root_of::<Blake2>(text).unwrap(),
                // The first and the last are of one contributor.
                contributor: [(i % 4) as u8; 32],
            })
            .collect();
        let nodes = leaves.iter().map(VersionLeaf::node::<Blake2>).collect();
        Texts { texts, leaves, tree: MerkleTree::build::<Blake2>(Tree::Version, nodes).unwrap(), struck: 13 }
    }
}

const POLICY: Policy = Policy { span_bps: 10_000, influence_bps: 0, retrieval_bps: 0, min_words: 4, c_max: 1 };

impl SourceFacts for Texts {
    fn policy(&self, _: u32, _: u32) -> Option<Policy> {
        Some(POLICY)
    }
    fn source(&self, _: u32, _: u32, source: u8) -> Option<VersionHead> {
        (source == 0).then(|| VersionHead { count: 5, top: self.tree.top().hash })
    }
    fn counts(&self, _: u32, _: u32, _: u8, contribution: u64) -> bool {
        contribution != self.struck
    }
}

impl Library for Texts {
    fn version(&self, source: u8) -> Option<(&[VersionLeaf], &MerkleTree)> {
        (source == 0).then_some((self.leaves.as_slice(), &self.tree))
    }
    fn text(&self, _: u8, index: u32) -> Option<&[u8]> {
        self.texts.get(index as usize).map(Vec::as_slice)
    }
    fn counts(&self, source: u8, contribution: u64) -> bool {
        SourceFacts::counts(self, 0, 0, source, contribution)
    }
}

fn receipt(private: bool, absent: bool) -> Receipt {
    Receipt {
        channel: 0,
        model: 0,
        revision: 0,
        adapter: ZERO,
        sequence: 0,
        flags: u8::from(private),
        tokens_in: 0,
        tokens_out: 0,
        fee: 1,
        prompt: ZERO,
        response: if absent { ZERO } else { root_of::<Blake2>(RESPONSE.as_bytes()).unwrap() },
        sketch: ZERO,
        context: ZERO,
        credits: ZERO,
    }
}

fn publish(receipt: &Receipt, entry: Entry) -> (Vec<u8>, MerkleTree) {
    let leaf = EvidenceLeaf { receipt: receipt.hash::<Blake2>(), part: 9, status: 0, entries: vec![entry] };
    let fields = leaf.fields().unwrap();
    let others = (0..6u8).map(|n| evidence_node::<Blake2>(&[n]));
    let nodes = std::iter::once(evidence_node::<Blake2>(&fields)).chain(others).collect();
    (fields, MerkleTree::build::<Blake2>(Tree::Evidence, nodes).unwrap())
}

fn judge(receipt: &Receipt, entry: Entry) -> Option<(Fraud, Against)> {
    let texts = Texts::new();
    let (fields, tree) = publish(receipt, entry);
    let witness = find::<Blake2>(&fields, 0, &tree, receipt, RESPONSE.as_bytes(), &POLICY, &texts).unwrap()?;
    let verdict = check::<Blake2>(&tree.head(), &witness, &texts).unwrap();
    Some((verdict.fraud, verdict.against))
}

fn place(index: u32, offset: u32) -> Place {
    Place { source: 0, index, offset }
}

/// "the cat sat on mats" in the response, credited and held whole at one place.
fn span(at: Place) -> Span {
    Span { start: 4, len: 19, skip: 0, held: 19, credited: at, whole: at, amount: 0 }
}

fn expect(entry: Entry, fraud: Option<Fraud>) {
    assert_eq!(judge(&receipt(false, false), entry.clone()), fraud.map(|fraud| (fraud, Against::Signers)), "{entry:?}");
}

#[test]
fn a_true_span_is_no_fraud() {
    expect(Entry::Span(span(place(0, 0))), None);
    expect(Entry::Span(span(place(2, 23))), None);
    expect(Entry::Span(Span { credited: place(2, 23), ..span(place(0, 0)) }), None);
}

#[test]
fn a_changed_place_or_range_is_shown_by_its_bytes() {
    expect(Entry::Span(span(place(2, 0))), Some(Fraud::DifferingByte));
    expect(Entry::Span(Span { start: 5, ..span(place(0, 0)) }), Some(Fraud::ResponseBoundary));
    expect(Entry::Span(Span { len: 18, held: 18, ..span(place(0, 0)) }), Some(Fraud::ResponseBoundary));
    expect(Entry::Span(Span { start: 50, len: 19, ..span(place(0, 0)) }), Some(Fraud::BeyondResponse));
    expect(Entry::Span(Span { start: u16::MAX, ..span(place(0, 0)) }), Some(Fraud::TooLong));
    expect(Entry::Span(Span { len: 2_049, ..span(place(0, 0)) }), Some(Fraud::TooLong));
    expect(Entry::Span(Span { skip: 1, held: 18, ..span(place(0, 0)) }), Some(Fraud::ResponseBoundary));
}

#[test]
fn a_holding_inside_a_word_of_its_contribution_is_shown() {
    // "brea|the cat sat on mats|y": equal bytes, but neither end is a word's.
    expect(Entry::Span(span(place(1, 4))), Some(Fraud::HoldingBoundary));
    // "the cat sat on mats|y": only the end is wrong.
    expect(Entry::Span(span(place(1, 29))), Some(Fraud::HoldingBoundary));
}

#[test]
fn a_place_that_does_not_exist_is_shown() {
    expect(Entry::Span(span(Place { source: 1, index: 0, offset: 0 })), Some(Fraud::NoSuchSource));
    expect(Entry::Span(span(place(5, 0))), Some(Fraud::NoSuchContribution));
    expect(Entry::Span(span(place(0, 1))), Some(Fraud::NoSuchOffset));
    expect(Entry::Span(span(place(0, u32::MAX))), Some(Fraud::NoSuchOffset));
    // Both places of a span are judged.
    expect(Entry::Span(Span { whole: place(5, 0), ..span(place(0, 0)) }), Some(Fraud::NoSuchContribution));
    expect(Entry::Span(Span { credited: place(5, 0), ..span(place(0, 0)) }), Some(Fraud::NoSuchContribution));
}

#[test]
fn too_few_words_are_shown_for_the_range_and_for_the_part_held() {
    // "the cat sat"
    expect(Entry::Span(Span { len: 11, held: 11, ..span(place(0, 0)) }), Some(Fraud::TooFewWords));
    expect(Entry::Span(Span { held: 11, ..span(place(0, 0)) }), Some(Fraud::TooFewWords));
    expect(Entry::Span(Span { held: 0, ..span(place(0, 0)) }), Some(Fraud::TooFewWords));
    expect(Entry::Span(Span { len: 0, held: 0, ..span(place(0, 0)) }), Some(Fraud::TooFewWords));
}

#[test]
fn a_struck_contribution_is_shown() {
    expect(Entry::Span(span(place(3, 0))), Some(Fraud::DoesNotCount));
}

#[test]
fn an_exempt_range_needs_c_max_and_one_witnesses_of_distinct_contributors_that_hold_it() {
    let exempt = |witnesses: Vec<Place>| Entry::Exempt(Exempt { start: 4, len: 19, amount: 0, witnesses });
    expect(exempt(vec![place(0, 0), place(2, 23)]), None);
    expect(exempt(vec![place(0, 0)]), Some(Fraud::WrongWitnesses));
    expect(exempt(vec![place(0, 0), place(2, 23), place(4, 11)]), Some(Fraud::WrongWitnesses));
    expect(exempt(vec![place(0, 0), place(4, 11)]), Some(Fraud::OneContributor));
    expect(exempt(vec![place(0, 0), place(0, 0)]), Some(Fraud::OneContributor));
    expect(exempt(vec![place(0, 0), place(2, 22)]), Some(Fraud::DifferingByte));
    expect(exempt(vec![place(0, 0), place(1, 29)]), Some(Fraud::HoldingBoundary));
    let long = Exempt { start: 0, len: 257, amount: 0, witnesses: vec![place(0, 0), place(2, 23)] };
    expect(Entry::Exempt(long), Some(Fraud::TooLong));
}

#[test]
fn a_span_of_no_response_is_shown() {
    let absent = receipt(false, true);
    assert_eq!(judge(&absent, Entry::Span(span(place(0, 0)))), Some((Fraud::AbsentResponse, Against::Signers)));
}

#[test]
fn a_false_span_of_a_private_receipt_is_the_hosts() {
    let private = receipt(true, false);
    let judged = |entry| judge(&private, entry);
    assert_eq!(judged(Entry::Span(span(place(2, 0)))), Some((Fraud::DifferingByte, Against::Host)));
    assert_eq!(judged(Entry::Span(span(place(5, 0)))), Some((Fraud::NoSuchContribution, Against::Host)));
    // Nobody can know what will be struck; lengths and w make the receipt invalid instead (proof 2).
    assert_eq!(judged(Entry::Span(span(place(3, 0)))), None);
    let exempt = Entry::Exempt(Exempt { start: 4, len: 19, amount: 0, witnesses: vec![place(0, 0)] });
    assert_eq!(judged(exempt), None);
}

#[test]
fn a_witness_of_other_bytes_shows_nothing() {
    let texts = Texts::new();
    let receipt = receipt(false, false);
    let (fields, tree) = publish(&receipt, Entry::Span(span(place(2, 0))));
    let witness = find::<Blake2>(&fields, 0, &tree, &receipt, RESPONSE.as_bytes(), &POLICY, &texts).unwrap().unwrap();
    let refused = |witness: &SpanWitness| check::<Blake2>(&tree.head(), witness, &texts).unwrap_err();
    let SpanFault::DifferingByte(which, at, ours, contribution, theirs) = witness.fault.clone() else {
        panic!("{witness:?}")
    };
    let with = |fault| SpanWitness { fault, ..witness.clone() };

    let mut forged = ours.clone();
    forged.bytes[4] ^= 1;
    let fault = SpanFault::DifferingByte(which, at, forged, contribution.clone(), theirs.clone());
    assert_eq!(refused(&with(fault)), Error::WrongHash);

    let mut forged = theirs.clone();
    forged.bytes[0] ^= 1;
    let fault = SpanFault::DifferingByte(which, at, ours.clone(), contribution.clone(), forged);
    assert_eq!(refused(&with(fault)), Error::WrongHash);

    let mut other = contribution.clone();
    other.leaf.seq += 1;
    let fault = SpanFault::DifferingByte(which, at, ours.clone(), other, theirs.clone());
    assert_eq!(refused(&with(fault)), Error::WrongHash);

    // A byte beyond the holding.
    let fault = SpanFault::DifferingByte(which, 19, ours.clone(), contribution.clone(), theirs.clone());
    assert_eq!(refused(&with(fault)), Error::WitnessMismatch);

    // Another receipt, another entry, another kind of place.
    let mut other = witness.clone();
    other.receipt.fee += 1;
    assert_eq!(refused(&other), Error::WitnessMismatch);
    let mut other = witness.clone();
    other.entry = 1;
    assert_eq!(refused(&other), Error::NoSuchEntry);
    let fault = SpanFault::DifferingByte(Which::Witness(0), at, ours, contribution, theirs);
    assert_eq!(refused(&with(fault)), Error::NoSuchEntry);
    assert_eq!(refused(&with(SpanFault::NoSuchSource(Which::Credited))), Error::NotFraud);
    assert_eq!(refused(&with(SpanFault::TooLong)), Error::NotFraud);

    // A leaf of another report.
    let mut other = witness.clone();
    other.evidence.fields[40] ^= 1;
    assert_eq!(refused(&other), Error::WrongHash);
}

mod outranked {
    use super::*;
    use proof::check::outranked::{check, find, OutrankedFault};
    use proof::check::EvidenceOpening;
    use proof::rules::spans::{entries, Scan, SourceText};

    /// What proof 4 shows of a leaf with these entries; the rules' own come from the texts that count.
    fn judge(receipt: &Receipt, claimed: Vec<Entry>) -> Option<(Fraud, Against)> {
        let texts = Texts::new();
        let counting: Vec<SourceText> = (0u32..)
            .zip(&texts.leaves)
            .filter(|(_, leaf)| leaf.contribution != texts.struck)
            .map(|(index, leaf)| SourceText {
                source: 0,
                index,
                seq: leaf.seq,
                contributor: leaf.contributor,
                text: texts.texts[index as usize].clone(),
            })
            .collect();
        let right = entries(RESPONSE.as_bytes(), &POLICY, &Scan::new(RESPONSE.as_bytes(), &counting)).unwrap();
        let leaf = EvidenceLeaf { receipt: receipt.hash::<Blake2>(), part: 9, status: 0, entries: claimed };
        let fields = leaf.fields().unwrap();
        let tree = MerkleTree::build::<Blake2>(Tree::Evidence, vec![evidence_node::<Blake2>(&fields)]).unwrap();
        let opening = EvidenceOpening::of(&fields, &tree, 0).unwrap();
        let witness = find::<Blake2>(opening, receipt, RESPONSE.as_bytes(), &right, &texts).unwrap()?;
        // A witness whose holding is of other bytes shows nothing.
        let mut forged = witness.clone();
        if let OutrankedFault::Match(_, _, holding) = &mut forged.fault {
            holding.place.offset += 1;
            assert!(check::<Blake2>(&tree.head(), &forged, &texts).is_err());
        }
        let verdict = check::<Blake2>(&tree.head(), &witness, &texts).unwrap();
        Some((verdict.fraud, verdict.against))
    }

    #[test]
    fn a_match_that_was_left_out_is_shown_and_on_a_private_receipt_the_host_answers() {
        assert_eq!(judge(&receipt(false, false), vec![]), Some((Fraud::MatchLeftOut, Against::Signers)));
        assert_eq!(judge(&receipt(true, false), vec![]), Some((Fraud::MatchLeftOut, Against::Host)));
    }

    #[test]
    fn a_rival_that_copied_a_text_with_more_around_it_is_outranked_by_the_earlier_holder() {
        let exempt = Exempt { start: 4, len: 19, amount: 0, witnesses: vec![place(0, 0), place(2, 23)] };
        let rest = Entry::Span(Span {
            start: 24,
            len: 21,
            skip: 0,
            held: 21,
            credited: place(2, 44),
            whole: place(2, 0),
            amount: 0,
        });
        let judged = judge(&receipt(false, false), vec![rest.clone(), Entry::Exempt(exempt.clone())]);
        assert_eq!(judged, Some((Fraud::EarlierHolding, Against::Signers)));
        let Entry::Span(mut first) = rest else { unreachable!() };
        first.credited = place(2, 0);
        let first = Entry::Span(first);
        assert_eq!(judge(&receipt(false, false), vec![first.clone(), Entry::Exempt(exempt)]), None);
        // Credited to contribution 4, accepted last: but two contributors hold it, and c_max is 1.
        let late = Entry::Span(span(place(4, 11)));
        assert_eq!(judge(&receipt(false, false), vec![first, late]), Some((Fraud::CommonKnowledge, Against::Signers)));
    }
}
