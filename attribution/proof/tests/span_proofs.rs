//! Fraud proof 3, case by case, on five small texts.

use proof::check::span::{check, find, Library, SpanFault, SpanWitness, Which};
use proof::check::{BatchTerms, EpochFacts, Fraud, SourceFacts};
use proof::evidence::{evidence_node, Entry, EvidenceLeaf, Exempt, Place, Span};
use proof::params::{ParameterSet, Policy};
use proof::receipt::Receipt;
use proof::rules::epoch::Carry;
use proof::text::{root_of, Text};
use proof::tree::{MerkleTree, Tree};
use proof::version::{VersionHead, VersionLeaf};
use proof::{Blake2, Error, ZERO};

const RESPONSE: &str =
    "see the cat sat on mats and the old man slept, he said again; incomprehensibilities truly; 守灯的老人每天清晨";

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
            "hear: the cat sat on mats",
            "早上守灯的老人每天清晨走",
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
                // The first and the fifth are of one contributor.
                contributor: [(i % 4) as u8; 32],
            })
            .collect();
        let nodes = leaves.iter().map(VersionLeaf::node::<Blake2>).collect();
        Texts { texts, leaves, tree: MerkleTree::build::<Blake2>(Tree::Version, nodes).unwrap(), struck: 13 }
    }
}

const POLICY: Policy = Policy { span_bps: 10_000, influence_bps: 0, retrieval_bps: 0, min_words: 3, c_max: 2 };
const COMMON_MAX: u16 = 48;

impl SourceFacts for Texts {
    fn policy(&self, _: u32, _: u32) -> Option<Policy> {
        Some(POLICY)
    }
    fn source(&self, _: u32, _: u32, source: u8) -> Option<VersionHead> {
        (source == 0).then(|| VersionHead { count: 7, top: self.tree.top().hash })
    }
    fn counts(&self, _: u32, _: u32, _: u8, contribution: u64) -> bool {
        contribution != self.struck
    }
}

impl EpochFacts for Texts {
    fn batch(&self, batch: u64) -> Option<BatchTerms> {
        (batch == 0).then_some(BatchTerms {
            first: 0,
            channel: 0,
            model: 0,
            key: ZERO,
            params: 0,
            at: 0,
            count_from: 0,
            count_to: 7,
            fee_from: 0,
            fee_to: 0,
            top: ZERO,
            pot: 0,
            withheld: false,
        })
    }
    fn parameters(&self, _: u64) -> Option<ParameterSet> {
        Some(ParameterSet { min_fee: 1, rank_weights: vec![], common_max: COMMON_MAX })
    }
    fn carry(&self) -> Carry {
        Carry { carry_in: 0, pots: 0, carry_bps: 0 }
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

/// A receipt over a response, or of no response.
fn receipt(response: Option<Text<'_>>) -> Receipt {
    let response = response.map_or(ZERO, |text| text.root::<Blake2>().unwrap());
    Receipt { fee: 1, response, ..Receipt::UNFILLED }
}

const PUBLIC: Text<'static> = Text::public(RESPONSE.as_bytes());
const PRIVATE: Text<'static> = Text::private(RESPONSE.as_bytes(), [8; 32]);

fn publish(receipt: &Receipt, entry: Entry) -> (Vec<u8>, MerkleTree) {
    let leaf = EvidenceLeaf { receipt: receipt.hash::<Blake2>(), part: 9, status: 0, entries: vec![entry] };
    let fields = leaf.fields().unwrap();
    let others = (0..6u8).map(|n| evidence_node::<Blake2>(&[n]));
    let nodes = std::iter::once(evidence_node::<Blake2>(&fields)).chain(others).collect();
    (fields, MerkleTree::build::<Blake2>(Tree::Evidence, nodes).unwrap())
}

fn judge(receipt: &Receipt, response: Text<'_>, entry: Entry) -> Option<Fraud> {
    let texts = Texts::new();
    let (fields, tree) = publish(receipt, entry);
    let witness = found(&fields, &tree, receipt, response, &texts)?;
    Some(check::<Blake2>(&tree.head(), &witness, &texts).unwrap())
}

fn found(
    fields: &[u8],
    tree: &MerkleTree,
    receipt: &Receipt,
    response: Text<'_>,
    texts: &Texts,
) -> Option<SpanWitness> {
    find::<Blake2>(fields, 0, tree, (0, COMMON_MAX), receipt, response, &POLICY, texts).unwrap()
}

fn place(index: u32, offset: u32) -> Place {
    Place { source: 0, index, offset }
}

/// "the cat sat on mats" in the response, credited and held whole at one place.
fn span(at: Place) -> Span {
    Span { start: 4, len: 19, skip: 0, held: 19, credited: at, whole: at, amount: 0 }
}

fn expect(entry: Entry, fraud: Option<Fraud>) {
    // A private answer is judged as a public one, by openings with salts.
    for text in [PUBLIC, PRIVATE] {
        assert_eq!(judge(&receipt(Some(text)), text, entry.clone()), fraud, "{entry:?}");
    }
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
    let last = RESPONSE.len() as u16;
    expect(Entry::Span(Span { start: last - 10, len: 19, ..span(place(0, 0)) }), Some(Fraud::BeyondResponse));
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
    expect(Entry::Span(span(place(7, 0))), Some(Fraud::NoSuchContribution));
    expect(Entry::Span(span(place(0, 1))), Some(Fraud::NoSuchOffset));
    expect(Entry::Span(span(place(0, u32::MAX))), Some(Fraud::NoSuchOffset));
    // Both places of a span are judged.
    expect(Entry::Span(Span { whole: place(7, 0), ..span(place(0, 0)) }), Some(Fraud::NoSuchContribution));
    expect(Entry::Span(Span { credited: place(7, 0), ..span(place(0, 0)) }), Some(Fraud::NoSuchContribution));
}

#[test]
fn a_letter_of_a_script_without_spaces_begins_and_ends_a_word_and_its_bytes_do_not() {
    let start = RESPONSE.find('守').unwrap() as u16;
    let at = place(6, "早上".len() as u32);
    let letters = Span { start, len: 27, skip: 0, held: 27, credited: at, whole: at, amount: 0 };
    expect(Entry::Span(letters), None);
    expect(Entry::Span(Span { len: 24, held: 24, ..letters }), None);
    expect(Entry::Span(Span { start: start + 3, len: 24, held: 24, ..letters }), Some(Fraud::DifferingByte));
    expect(Entry::Span(Span { len: 25, held: 25, ..letters }), Some(Fraud::ResponseBoundary));
    expect(Entry::Span(Span { start: start + 1, len: 26, held: 26, ..letters }), Some(Fraud::ResponseBoundary));
    // Five letters have five bytes for each of three words, four have not.
    expect(Entry::Span(Span { len: 15, held: 15, ..letters }), None);
    expect(Entry::Span(Span { len: 12, held: 12, ..letters }), Some(Fraud::TooFewWords));
}

#[test]
fn a_boundary_is_judged_by_four_bytes_on_each_side_and_by_no_fewer() {
    let texts = Texts::new();
    let receipt = receipt(Some(PUBLIC));
    let start = RESPONSE.find('守').unwrap() as u16;
    let at = place(6, "早上".len() as u32);
    let inside = Span { start, len: 25, skip: 0, held: 25, credited: at, whole: at, amount: 0 };
    let (fields, tree) = publish(&receipt, Entry::Span(inside));
    let witness = found(&fields, &tree, &receipt, PUBLIC, &texts).unwrap();
    let SpanFault::ResponseBoundary(which, side, _) = witness.fault.clone() else { panic!("{witness:?}") };
    // The response is one chunk, so an opening shows it whole or nothing; a longer text is cut by its chunks.
    let nothing = proof::text::TextOpening::of::<Blake2>(RESPONSE.as_bytes(), 0, 0).unwrap();
    let cut = SpanWitness { fault: SpanFault::ResponseBoundary(which, side, nothing), ..witness };
    assert_eq!(check::<Blake2>(&tree.head(), &cut, &texts), Err(Error::WitnessMismatch));
    let long = [b"a ".repeat(127), "的的的 b".as_bytes().to_vec()].concat();
    assert_eq!(long.len(), 265);
    let root = root_of::<Blake2>(&long).unwrap();
    let opened = |from, to| {
        let opening = proof::text::TextOpening::of::<Blake2>(&long, from, to).unwrap();
        let text = opening.verify::<Blake2>(&root).unwrap();
        // Byte 254 begins a letter that goes on in the second chunk.
        (
            proof::words::starts_word(&text, 254),
            proof::words::ends_word(&text, 257),
            proof::words::starts_word(&text, 260),
        )
    };
    assert_eq!(opened(0, 265), (Some(true), Some(true), Some(true)));
    assert_eq!(opened(0, 256), (None, None, None));
    assert_eq!(opened(256, 265), (None, None, Some(true)));
}

#[test]
fn too_few_words_are_shown_for_the_range_and_for_the_part_held() {
    // Long enough, but two words.
    let two = RESPONSE.find("incomp").unwrap() as u16;
    expect(Entry::Span(Span { start: two, len: 27, held: 27, ..span(place(0, 0)) }), Some(Fraud::TooFewWords));
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
    let (first, second, third) = (place(0, 0), place(2, 23), place(5, 6));
    expect(exempt(vec![first, second, third]), None);
    expect(exempt(vec![first, second]), Some(Fraud::WrongWitnesses));
    expect(exempt(vec![first, second, place(4, 11), third]), Some(Fraud::WrongWitnesses));
    expect(exempt(vec![first, second, place(4, 11)]), Some(Fraud::OneContributor));
    expect(exempt(vec![first, second, first]), Some(Fraud::OneContributor));
    expect(exempt(vec![first, place(2, 22), third]), Some(Fraud::DifferingByte));
    expect(exempt(vec![first, place(1, 29), third]), Some(Fraud::HoldingBoundary));
    let long = |len| Entry::Exempt(Exempt { start: 0, len, amount: 0, witnesses: vec![first, second, third] });
    expect(long(COMMON_MAX + 1), Some(Fraud::TooLong));
    expect(long(COMMON_MAX), Some(Fraud::ResponseBoundary));
}

#[test]
fn a_span_of_no_response_is_shown() {
    let absent = receipt(None);
    assert_eq!(judge(&absent, PUBLIC, Entry::Span(span(place(0, 0)))), Some(Fraud::AbsentResponse));
}

#[test]
fn a_witness_of_other_bytes_shows_nothing() {
    let texts = Texts::new();
    let receipt = receipt(Some(PUBLIC));
    let (fields, tree) = publish(&receipt, Entry::Span(span(place(2, 0))));
    let witness = found(&fields, &tree, &receipt, PUBLIC, &texts).unwrap();
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
    assert_eq!(refused(&with(SpanFault::TooLong(0))), Error::NotFraud);
    // A batch to which the leaf does not belong.
    assert_eq!(refused(&with(SpanFault::TooLong(1))), Error::WitnessMismatch);

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
    fn judge(response: Text<'_>, claimed: Vec<Entry>) -> Option<Fraud> {
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
        let scan = Scan::new(RESPONSE.as_bytes(), &counting);
        let right = entries(RESPONSE.as_bytes(), &POLICY, COMMON_MAX, &scan).unwrap();
        let receipt = receipt(Some(response));
        let leaf = EvidenceLeaf { receipt: receipt.hash::<Blake2>(), part: 9, status: 0, entries: claimed };
        let fields = leaf.fields().unwrap();
        let tree = MerkleTree::build::<Blake2>(Tree::Evidence, vec![evidence_node::<Blake2>(&fields)]).unwrap();
        let opening = EvidenceOpening::of(&fields, &tree, 0).unwrap();
        let witness = find::<Blake2>(opening, 0, &receipt, response, &right, &texts).unwrap()?;
        // A witness whose holding is of other bytes shows nothing.
        let mut forged = witness.clone();
        if let OutrankedFault::Match(_, _, holding) = &mut forged.fault {
            holding.place.offset += 1;
            assert!(check::<Blake2>(&tree.head(), &forged, &texts).is_err());
        }
        // Nor does one that names a batch to which the leaf does not belong.
        if let OutrankedFault::Common(batch, ..) = &mut forged.fault {
            *batch = 1;
            assert_eq!(check::<Blake2>(&tree.head(), &forged, &texts), Err(Error::WitnessMismatch));
        }
        Some(check::<Blake2>(&tree.head(), &witness, &texts).unwrap())
    }

    #[test]
    fn a_match_that_was_left_out_is_shown_of_a_private_answer_too() {
        assert_eq!(judge(PUBLIC, vec![]), Some(Fraud::MatchLeftOut));
        assert_eq!(judge(PRIVATE, vec![]), Some(Fraud::MatchLeftOut));
    }

    #[test]
    fn a_rival_that_copied_a_text_with_more_around_it_is_outranked_by_the_earlier_holder() {
        let exempt = Exempt { start: 4, len: 19, amount: 0, witnesses: vec![place(0, 0), place(2, 23), place(5, 6)] };
        let start = RESPONSE.find('守').unwrap() as u16;
        let at = place(6, "早上".len() as u32);
        let letters = Entry::Span(Span { start, len: 27, skip: 0, held: 27, credited: at, whole: at, amount: 0 });
        let rest = Entry::Span(Span {
            start: 24,
            len: 21,
            skip: 0,
            held: 21,
            credited: place(2, 44),
            whole: place(2, 0),
            amount: 0,
        });
        let judged = judge(PUBLIC, vec![letters.clone(), rest.clone(), Entry::Exempt(exempt.clone())]);
        assert_eq!(judged, Some(Fraud::EarlierHolding));
        let Entry::Span(mut first) = rest else { unreachable!() };
        first.credited = place(2, 0);
        let first = Entry::Span(first);
        let all = vec![letters.clone(), first.clone(), Entry::Exempt(exempt.clone())];
        assert_eq!(judge(PUBLIC, all), None);
        // The letters were left out.
        let judged = judge(PUBLIC, vec![first.clone(), Entry::Exempt(exempt)]);
        assert_eq!(judged, Some(Fraud::MatchLeftOut));
        // Credited to contribution 4: but three contributors hold it, and c_max is 2.
        let late = Entry::Span(span(place(4, 11)));
        assert_eq!(judge(PUBLIC, vec![letters, first, late]), Some(Fraud::CommonKnowledge));
    }
}
