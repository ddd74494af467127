//! The index against a search that compares every byte with every byte.

use proof::evidence::Place;
use proof::params::Policy;
use proof::rules::spans::{Holding, Matches, Scan, SourceText, entries};
use proof::words::Words;
use proptest::prelude::*;
use spans::{Holder, Index, Segment, Source};

/// Few letters, so that much matches; letters that are words by themselves beside such that are none and begin with the same bytes, and
/// bytes of no letter, so that letters are cut, begin anew and follow each other in every way; separators, the index's own
/// among them.
const LETTERS: [&[u8]; 20] = [
    b"a",
    b"b",
    b" ",
    b" ",
    b".",
    b"9",
    "é".as_bytes(),
    "あ".as_bytes(),
    "い".as_bytes(),
    "的".as_bytes(),
    "。".as_bytes(),
    "々".as_bytes(),
    "ก".as_bytes(),
    "𠮷".as_bytes(),
    "𠮸".as_bytes(),
    "😀".as_bytes(),
    b"\xa9",
    b"\xe3\x81",
    b"\xf0\xa0\xae",
    b"\xff",
];

fn text(letters: usize, longest: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(0..letters, 0..longest).prop_map(|picks| {
        // The last letter is the zero byte, in some cases only: an index without any has a way of its own.
        picks.into_iter().flat_map(|i| LETTERS.get(i).map_or(&b"\0"[..], |l| *l)).copied().collect()
    })
}

fn texts() -> impl Strategy<Value = Vec<SourceText>> {
    (1..=4usize, 20..=21usize).prop_flat_map(|(sources, letters)| {
        let one = (0..sources, 0u64..6, 0u8..3, text(letters, 40));
        prop::collection::vec(one, 0..8).prop_map(|list| {
            let mut next = [0u32; 4];
            list.into_iter()
                .map(|(source, seq, who, text)| {
                    let index = next[source];
                    next[source] += 1;
                    SourceText { source: source as u8, index, seq, contributor: [who; 32], text }
                })
                .collect()
        })
    })
}

fn index(texts: &[SourceText], limit: usize) -> Index {
    let of = |number: u8| {
        let mine: Vec<&SourceText> = texts.iter().filter(|t| t.source == number).collect();
        let segments = Segment::in_memory_with([1; 32], mine.iter().map(|t| &t.text[..]), limit).unwrap();
        let holders = mine.iter().map(|t| Holder { seq: t.seq, contributor: t.contributor }).collect();
        Source::new(segments, holders).unwrap()
    };
    Index::new((0..4).map(of).collect()).unwrap()
}

fn sorted(mut holdings: Vec<Holding>) -> Vec<(Place, u64)> {
    holdings.sort_by_key(|h| h.place);
    holdings.iter().map(|h| (h.place, h.seq)).collect()
}

#[track_caller]
fn check(response: &[u8], texts: &[SourceText], index: &Index, limits: &[u32]) {
    let (fast, slow) = (index.response(response), Scan::new(response, texts));
    let words = Words::of(response, 65_535);
    for &start in &words.starts {
        for &limit in limits {
            assert_eq!(fast.farthest(start, limit), slow.farthest(start, limit), "from {start} up to {limit}");
        }
        for &end in words.ends.iter().filter(|&&end| end > start) {
            assert_eq!(sorted(fast.holdings(start, end)), sorted(slow.holdings(start, end)), "{start}..{end}");
            assert_eq!(fast.first(start, end), slow.first(start, end), "{start}..{end}");
            for n in [1, 2, 4] {
                assert_eq!(fast.first_of_each(start, end, n), slow.first_of_each(start, end, n), "{start}..{end}");
            }
        }
    }
    // The rule takes any policy, also one that nobody may register: so short texts have matches too.
    for (min_words, c_max, common_max) in [(1, 1, 256), (3, 2, 20)] {
        let policy = Policy { span_bps: 10_000, influence_bps: 0, retrieval_bps: 0, min_words, c_max };
        let found = |matches: &dyn Matches| entries(response, &policy, common_max, matches).unwrap();
        assert_eq!(found(&fast), found(&slow));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_index_finds_what_a_full_comparison_finds(
        texts in texts(), own in text(21, 40), copied in prop::collection::vec((0usize..8, 0usize..40, 0usize..40), 0..4),
        left_out in prop::collection::vec((0u8..4, 0u32..3), 0..3), segment in 200usize..600, cut in 0u32..60,
    ) {
        // A response with stretches of the texts in it.
        let mut response = own;
        for (which, from, length) in copied {
            if let Some(text) = texts.get(which) {
                response.extend(text.text.iter().skip(from).take(length));
            }
        }
        let index = index(&texts, segment);
        check(&response, &texts, &index, &[cut, 65_535]);
        let rest: Vec<_> = texts.into_iter().filter(|t| !left_out.contains(&(t.source, t.index))).collect();
        check(&response, &rest, &index.without(&left_out), &[65_535]);
    }
}

fn one(texts: &[&[u8]]) -> Vec<SourceText> {
    (0u32..)
        .zip(texts)
        .map(|(index, text)| SourceText {
            source: 0,
            index,
            seq: u64::from(index),
            contributor: [index as u8; 32],
            text: text.to_vec(),
        })
        .collect()
}

#[track_caller]
fn longest(response: &str, texts: &[&str], expect: &[&str]) {
    let texts: Vec<&[u8]> = texts.iter().map(|t| t.as_bytes()).collect();
    let texts = one(&texts);
    let index = index(&texts, usize::MAX);
    check(response.as_bytes(), &texts, &index, &[65_535]);
    let found = index.response(response.as_bytes()).longest_matches(2);
    let found: Vec<_> = found.iter().map(|&(s, e)| &response[s as usize..e as usize]).collect();
    assert_eq!(found, expect);
}

#[test]
fn a_match_runs_from_word_start_to_word_end_on_both_sides() {
    longest("the cat sat", &["a cat saturated"], &[]);
    longest("the cat sat on", &["bobcat sat on it"], &["sat on"]);
    longest("one two", &["one two"], &["one two"]);
    longest("one two", &["one two."], &["one two"]);
    longest("(one two)", &["one two, three"], &["one two"]);
    longest("one two three", &["one twofold", "one two; three"], &["one two"]);
}

#[test]
fn no_match_crosses_from_one_contribution_into_the_next() {
    longest("one two", &["one", "two"], &[]);
    longest("one\0two", &["one", "two"], &[]);
    longest("one\0two", &["a one\0two b", "one", "two"], &["one\0two"]);
}

#[test]
fn bytes_of_other_scripts_are_word_bytes() {
    longest("café noir", &["cafés noir"], &[]);
    longest("un café noir", &["le café noir"], &["café noir"]);
    longest("она идёт", &["она идёт домой"], &["она идёт"]);
    longest("она идёт", &["она идётъ"], &[]);
}

#[test]
fn each_letter_of_a_script_without_spaces_is_a_word() {
    longest("日本 語", &["日本 語学"], &["日本 語", "本 語"]);
    longest("守灯的", &["老守灯人"], &["守灯"]);
    longest("GPT的人", &["aGPT的人", "GPT的船"], &["GPT的", "的人"]);
    // The last letters differ in their last byte, so that the bytes agree into the middle of a letter.
    longest("ab cd的", &["ab cd皅", "ab cd"], &["ab cd"]);
    // What follows is no letter, so that its bytes go on with the word before them.
    longest("ab cd的", &["ab cd。"], &[]);
    longest("ab cd", &["ab cd。", "ab cd的"], &["ab cd"]);
}

#[test]
fn a_word_ends_before_any_of_very_many_letters_and_before_none_that_is_cut() {
    let listed: String = ('\u{4e00}'..='\u{9fff}').step_by(7).map(|letter| format!("x y{letter} ")).collect();
    let cut: Vec<u8> = (0xe4u8..=0xe9).flat_map(|lead| [b"x y".as_slice(), &[lead, 0x80], b" "].concat()).collect();
    let texts = one(&[listed.as_bytes(), &cut, "x y。 x y😀".as_bytes()]);
    let index = index(&texts, usize::MAX);
    let (held, total) = index.holdings(b"x y", 0, usize::MAX);
    assert_eq!(total, listed.matches(' ').count() / 2);
    assert!(held.iter().all(|holding| holding.place.index == 0));
    assert_eq!(index.first(b"x y").map(|holding| holding.place.offset), Some(0));
    assert_eq!(index.without(&[(0, 0)]).first(b"x y"), None);
}

#[test]
fn a_match_is_at_most_2048_bytes_long() {
    let long = "word ".repeat(1_000);
    let texts = one(&[long.as_bytes()]);
    let index = index(&texts, usize::MAX);
    let found = index.response(long.as_bytes()).longest_matches(6);
    // 409 words of five bytes and one of four are 2,049 bytes: one word too many.
    assert_eq!(found[0], (0, 2_044));
}

#[test]
fn holdings_are_complete_page_by_page() {
    let texts: Vec<String> = (0..7).map(|i| "x y. ".repeat(i)).collect();
    let texts = one(&texts.iter().map(|t| t.as_bytes()).collect::<Vec<_>>());
    let index = index(&texts, 40);
    let (all, total) = index.holdings(b"x y", 0, usize::MAX);
    assert_eq!((all.len(), total), (21, 21));
    for page in 1..25 {
        let pages = (0..total.div_ceil(page)).flat_map(|n| {
            let (some, known) = index.holdings(b"x y", n * page, page);
            assert_eq!(known, 21);
            some
        });
        assert_eq!(pages.collect::<Vec<_>>(), all);
    }
    assert_eq!(index.holdings(b"nowhere", 0, 5), (vec![], 0));
}

#[test]
fn the_first_of_very_many_holdings_is_found_without_looking_at_each() {
    let many = "x y. ".repeat(5_000);
    let mut texts = one(&[many.as_bytes(), b"z x y", many.as_bytes(), b"x y"]);
    texts[0].seq = 9;
    texts[2].seq = 7;
    let index = index(&texts, usize::MAX);
    let place = |left_out: &[(u8, u32)]| index.without(left_out).first(b"x y").map(|h| (h.place.index, h.place.offset));
    assert_eq!(place(&[]), Some((1, 2)));
    assert_eq!(place(&[(0, 1)]), Some((3, 0)));
    assert_eq!(place(&[(0, 1), (0, 3)]), Some((2, 0)));
    assert_eq!(place(&[(0, 1), (0, 3), (0, 2)]), Some((0, 0)));
    assert_eq!(place(&[(0, 0), (0, 1), (0, 2), (0, 3)]), None);
}

#[test]
fn an_index_of_nothing_finds_nothing() {
    let empty = Index::new(vec![]).unwrap();
    assert!(empty.response(b"one two").longest_matches(1).is_empty());
    longest("one two", &[], &[]);
    longest("one two", &["", ""], &[]);
    longest("", &["one"], &[]);
}

#[test]
fn a_text_above_sixteen_mebibytes_holds_nothing() {
    let long = "one two ".repeat(2 * 1024 * 1024 + 1);
    let texts = one(&[long.as_bytes(), b"two one"]);
    let found = index(&texts, usize::MAX).response(b"two one two").longest_matches(2);
    assert_eq!(found, [(0, 7)]);
}

#[test]
fn sources_whose_parts_do_not_fit_are_refused() {
    let segments = |limit| Segment::in_memory_with([0; 32], [&b"one"[..], b"two", b"three"], limit).unwrap();
    let holder = Holder { seq: 0, contributor: [0; 32] };
    assert!(Source::new(segments(6), vec![holder; 2]).is_err());
    assert_eq!(segments(6).len(), 3);
    let mut gap = segments(6);
    gap.remove(1);
    assert!(Source::new(gap, vec![holder; 2]).is_err());
    let source = Source::new(segments(100), vec![holder; 3]).unwrap();
    assert!(Index::new(vec![source; 17]).is_err());
}
