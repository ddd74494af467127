//! The span rule beside a reference that follows PROTOCOL.md word for word, on random texts over a small alphabet.

mod common;

use common::Dice;
use proof::evidence::{Entry, Exempt, Place, Span};
use proof::params::Policy;
use proof::rules::spans::{entries, Scan, SourceText};
use proof::text::OpenText;
use proof::words::{count_words, ends_word, is_boundary, listed_len, starts_word, Words};
use proptest::prelude::*;

/// The code points that are words by themselves, as PROTOCOL.md lists them.
fn is_listed(letter: char) -> bool {
    matches!(letter,
        '\u{e00}'..='\u{eff}'
        | '\u{1000}'..='\u{109f}'
        | '\u{1780}'..='\u{17ff}'
        | '\u{19e0}'..='\u{19ff}'
        | '\u{2e80}'..='\u{2fdf}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{30ff}'
        | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{a9e0}'..='\u{a9ff}'
        | '\u{aa60}'..='\u{aa7f}'
        | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9f}'
        | '\u{116d0}'..='\u{116ff}'
        | '\u{1aff0}'..='\u{1b16f}'
        | '\u{20000}'..='\u{3ffff}')
}

/// What a byte is part of.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Part {
    Nothing,
    /// A word that goes on as long as such bytes follow.
    Word,
    /// The listed code point that begins at this byte.
    Listed(usize),
}

fn parts(text: &[u8]) -> Vec<Part> {
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte >= 0x80;
    let mut parts: Vec<Part> = text.iter().map(|byte| if word(byte) { Part::Word } else { Part::Nothing }).collect();
    for at in 0..text.len() {
        for len in 3..=4 {
            let letters = text.get(at..at + len).and_then(|bytes| std::str::from_utf8(bytes).ok());
            let mut letters = letters.unwrap_or_default().chars();
            if let (Some(letter), None) = (letters.next(), letters.next()) {
                if is_listed(letter) {
                    parts[at..at + len].fill(Part::Listed(at));
                }
            }
        }
    }
    parts
}

fn runs_word_to_word(parts: &[Part], start: usize, end: usize) -> bool {
    let boundary = |at: usize| at == 0 || at == parts.len() || parts[at - 1] != parts[at];
    start < end
        && end <= parts.len()
        && parts[start] != Part::Nothing
        && parts[end - 1] != Part::Nothing
        && boundary(start)
        && boundary(end)
}

fn words(parts: &[Part]) -> usize {
    let first = |at: usize| at == 0 || parts[at - 1] != parts[at];
    (0..parts.len()).filter(|at| parts[*at] != Part::Nothing && first(*at)).count()
}

/// All (text, offset) that hold the range, by seq, offset, source, index.
fn holders<'a>(response: &[u8], start: usize, end: usize, texts: &'a [SourceText]) -> Vec<(&'a SourceText, usize)> {
    let range = &response[start..end];
    let mut found = Vec::new();
    for text in texts {
        for offset in 0..text.text.len().saturating_sub(range.len() - 1) {
            let stop = offset + range.len();
            if &text.text[offset..stop] == range && runs_word_to_word(&parts(&text.text), offset, stop) {
                found.push((text, offset));
            }
        }
    }
    found.sort_by_key(|(text, offset)| (text.seq, *offset, text.source, text.index));
    found
}

fn is_match(response: &[u8], start: usize, end: usize, policy: &Policy, texts: &[SourceText]) -> bool {
    let parts = parts(response);
    runs_word_to_word(&parts, start, end)
        && words(&parts[start..end]) >= usize::from(policy.min_words)
        && end - start >= 5 * usize::from(policy.min_words)
        && end - start <= 2_048
        && end <= 65_535
        && !holders(response, start, end, texts).is_empty()
}

fn place((text, offset): (&SourceText, usize)) -> Place {
    Place { source: text.source, index: text.index, offset: offset as u32 }
}

fn reference(response: &[u8], policy: &Policy, common_max: u16, texts: &[SourceText]) -> Vec<Entry> {
    let mut matches = Vec::new();
    for start in 0..response.len() {
        for end in start + 1..=response.len() {
            if is_match(response, start, end, policy, texts) {
                matches.push((start, end));
            }
        }
    }
    let mut taken: Vec<(usize, usize)> = Vec::new();
    while taken.len() < 24 {
        let free = matches.iter().filter(|(s, e)| taken.iter().all(|(ts, te)| e <= ts || te <= s));
        match free.min_by_key(|(s, e)| (usize::MAX - (e - s), *s)) {
            Some(range) => taken.push(*range),
            None => break,
        }
    }
    taken.into_iter().map(|range| judge(response, range, policy, common_max, texts)).collect()
}

fn judge(
    response: &[u8],
    (start, end): (usize, usize),
    policy: &Policy,
    common_max: u16,
    texts: &[SourceText],
) -> Entry {
    let whole = holders(response, start, end, texts);
    let len = end - start;
    let mut contributors = Vec::new();
    let mut witnesses = Vec::new();
    for holder in &whole {
        if !contributors.contains(&holder.0.contributor) {
            contributors.push(holder.0.contributor);
            witnesses.push(place(*holder));
        }
    }
    if len <= usize::from(common_max) && contributors.len() > usize::from(policy.c_max) {
        witnesses.truncate(usize::from(policy.c_max) + 1);
        return Entry::Exempt(Exempt { start: start as u16, len: len as u16, amount: 0, witnesses });
    }
    type Rank = (u64, usize, usize, usize, u8, u32);
    let mut best: Option<(Rank, usize, usize, Place)> = None;
    for s in start..end {
        for e in s + 1..=end {
            if (e - s) * 4 < len * 3 || !is_match(response, s, e, policy, texts) {
                continue;
            }
            for (text, offset) in holders(response, s, e, texts) {
                let rank = (text.seq, usize::MAX - (e - s), s - start, offset, text.source, text.index);
                if best.as_ref().is_none_or(|(known, ..)| rank < *known) {
                    best = Some((rank, s, e, place((text, offset))));
                }
            }
        }
    }
    let (_, s, e, credited) = best.unwrap();
    Entry::Span(Span {
        start: start as u16,
        len: len as u16,
        skip: (s - start) as u16,
        held: (e - s) as u16,
        credited,
        whole: place(whole[0]),
        amount: 0,
    })
}

/// Letters of many scripts and bytes that are none: each with the others beside it, so that sequences are cut, begin anew and
/// overlap in every way.
const TOKENS: [&[u8]; 22] = [
    b"a",
    b"be",
    b"c3",
    "\u{e9}".as_bytes(),
    "\u{7684}".as_bytes(), // Han
    "\u{7685}".as_bytes(),
    "\u{3042}".as_bytes(),  // Hiragana
    "\u{e01}".as_bytes(),   // Thai
    "\u{1780}".as_bytes(),  // Khmer
    "\u{20bb7}".as_bytes(), // Han of four bytes
    "\u{3002}".as_bytes(),  // a full stop that is not listed
    "\u{1f600}".as_bytes(), // four bytes that are not listed
    b"\xe7\x9a",            // cut short
    b"\x84",
    b"\xf0\xa0",
    b"\xf0\x87\x9a\x84", // U+7684 in four bytes: not well-formed
    b"\xed\xa0\x80",     // a surrogate
    b"\xff",
    b" ",
    b" ",
    b", ",
    b".",
];

fn random_text(dice: &mut Dice, tokens: u64) -> Vec<u8> {
    (0..tokens).flat_map(|_| TOKENS[dice.below(TOKENS.len() as u64) as usize]).copied().collect()
}

/// A text of phrases that others say too, cut anywhere, with something of its own between them.
fn collage(dice: &mut Dice, phrases: &[Vec<u8>], most: u64) -> Vec<u8> {
    let mut text = Vec::new();
    for _ in 0..dice.below(most + 1) {
        let own = dice.below(3);
        text.extend(random_text(dice, own));
        let phrase = &phrases[dice.below(phrases.len() as u64) as usize];
        let mut cut = |longest: u64| if dice.below(3) == 0 { dice.below(longest) as usize } else { 0 };
        let (from, until) = (cut(6), cut(6));
        text.extend_from_slice(
            &phrase[from.min(phrase.len())..phrase.len().saturating_sub(until).max(from.min(phrase.len()))],
        );
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn the_span_rule_agrees_with_the_word_for_word_reference(seed in any::<u64>()) {
        let mut dice = Dice::new(seed);
        let phrases: Vec<Vec<u8>> = (0..3)
            .map(|_| {
                let tokens = 5 + dice.below(9);
                random_text(&mut dice, tokens)
            })
            .collect();
        let count = dice.below(5) + 1;
        let texts: Vec<SourceText> = (0..count)
            .map(|i| SourceText {
                source: dice.below(2) as u8,
                index: i as u32,
                // Two places of one contribution (in two sources) share a seq.
                seq: dice.below(4),
                contributor: [dice.below(4) as u8; 32],
                text: collage(&mut dice, &phrases, 4),
            })
            .collect();
        let response = collage(&mut dice, &phrases, 4);
        let policy = Policy {
            span_bps: 10_000,
            influence_bps: 0,
            retrieval_bps: 0,
            min_words: dice.below(2) as u16 + 3,
            c_max: dice.below(2) as u8 + 2,
        };
        let common_max = dice.below(48) as u16 + 1;
        let ours = entries(&response, &policy, common_max, &Scan::new(&response, &texts)).unwrap();
        prop_assert_eq!(&ours, &reference(&response, &policy, common_max, &texts));
        prop_assert_eq!(proof::rules::form::check(&ours, policy.c_max, common_max), Ok(()));
    }

    #[test]
    fn words_are_the_references_also_where_only_eight_bytes_are_opened(seed in any::<u64>()) {
        let mut dice = Dice::new(seed);
        let tokens = dice.below(30);
        let text = random_text(&mut dice, tokens);
        let expect = parts(&text);
        let found = Words::of(&text, u32::MAX);
        let starts = (0..text.len()).filter(|at| expect[*at] != Part::Nothing && (*at == 0 || expect[at - 1] != expect[*at]));
        prop_assert_eq!(&found.starts, &starts.map(|at| at as u32).collect::<Vec<_>>());
        prop_assert_eq!(found.ends.len(), found.starts.len());
        prop_assert_eq!(count_words(&text) as usize, words(&expect));
        let whole = OpenText::whole(&text).unwrap();
        for at in 0..=text.len() + 1 {
            let (start, end) = (found.starts.contains(&(at as u32)), found.ends.contains(&(at as u32)));
            prop_assert_eq!((starts_word(&whole, at as u64), ends_word(&whole, at as u64)), (Some(start), Some(end)));
            // The same from four bytes on each side, as far as the text has them.
            let (before, after) = (&text[..at.min(text.len())], &text[at.min(text.len())..]);
            let near = is_boundary(&before[before.len().saturating_sub(4)..], &after[..after.len().min(4)]);
            prop_assert_eq!(near, is_boundary(before, after));
        }
    }
}

/// Four bytes on each side of a place are needed and are enough, whatever stands beyond them.
#[test]
fn no_byte_further_than_four_away_moves_a_boundary() {
    let bytes = [0x20, 0x61, 0x84, 0x9a, 0xbf, 0xe7, 0xe3, 0xf0, 0xf4, 0xa0];
    let mut dice = Dice::new(1);
    for _ in 0..200_000 {
        let text: Vec<u8> = (0..16).map(|_| bytes[dice.below(10) as usize]).collect();
        let boundary = |text: &[u8]| {
            let parts = parts(text);
            parts[7] == Part::Nothing || parts[8] == Part::Nothing || parts[7] != parts[8]
        };
        let mut other = text.clone();
        for at in (0..4).chain(12..16) {
            other[at] = bytes[dice.below(10) as usize];
        }
        assert_eq!(boundary(&text), boundary(&other), "{text:x?} {other:x?}");
        assert_eq!(boundary(&text), is_boundary(&text[4..8], &text[8..12]), "{text:x?}");
    }
}

#[test]
fn the_list_is_the_references() {
    for point in 0x800..=0x10_ffff {
        let Some(letter) = char::from_u32(point) else { continue };
        let mut bytes = [0; 4];
        let bytes = letter.encode_utf8(&mut bytes).as_bytes();
        let expect = if is_listed(letter) { bytes.len() } else { 0 };
        assert_eq!(listed_len(bytes), expect, "{point:x}");
    }
}

fn check(response: &str, texts: &[&str], min_words: u16, expect: &[(u16, u16, u32)]) {
    let texts: Vec<SourceText> = texts
        .iter()
        .zip(0u32..)
        .map(|(text, index)| SourceText {
            source: 0,
            index,
            seq: u64::from(index),
            contributor: [index as u8; 32],
            text: text.as_bytes().to_vec(),
        })
        .collect();
    let policy = Policy { span_bps: 10_000, influence_bps: 0, retrieval_bps: 0, min_words, c_max: 3 };
    let found: Vec<(u16, u16, u32)> =
        entries(response.as_bytes(), &policy, 48, &Scan::new(response.as_bytes(), &texts))
            .unwrap()
            .into_iter()
            .map(|entry| match entry {
                Entry::Span(span) => (span.start, span.len, span.credited.index),
                other => panic!("{other:?}"),
            })
            .collect();
    assert_eq!(found, expect);
}

#[test]
fn the_longest_match_is_taken_first_then_the_leftmost() {
    check(
        "one two three fore. four five six seven",
        &["four five six seven", "one two three fore"],
        3,
        &[(20, 19, 0), (0, 18, 1)],
    );
    check("aaaa bbbb cccc dddd eeee ffff", &["dddd eeee ffff", "aaaa bbbb cccc"], 3, &[]);
    check("aaaaa bbbb cccc ddddd eeee ffff", &["ddddd eeee ffff", "aaaaa bbbb cccc"], 3, &[(0, 15, 1), (16, 15, 0)]);
}

#[test]
fn a_copy_with_a_word_before_it_earns_nothing() {
    check(
        "new the whole old sentence here",
        &["the whole old sentence here", "new the whole old sentence here"],
        3,
        &[(0, 31, 0)],
    );
}

#[test]
fn a_match_does_not_begin_or_end_inside_a_word() {
    check("with all the cathedral stands", &["with all the cat"], 3, &[]);
    check("with all the cat", &["with all the cathedral stands"], 3, &[]);
    check("bathe old cat sat down", &["the old cat sat down"], 3, &[(6, 16, 0)]);
}

#[test]
fn a_match_has_five_bytes_for_each_word_that_it_must_have() {
    check("he is on it as we do", &["he is on it as we do"], 3, &[(0, 20, 0)]);
    check("he is on it as we", &["he is on it as we"], 3, &[(0, 17, 0)]);
    check("he is on it as", &["he is on it as"], 3, &[]);
    check("one two three fo", &["one two three fo"], 4, &[]);
}

#[test]
fn a_letter_of_a_script_without_spaces_is_a_word() {
    // Five letters of three bytes.
    check(
        "\u{5b88}\u{706f}\u{7684}\u{8001}\u{4eba}",
        &["\u{4e00}\u{5b88}\u{706f}\u{7684}\u{8001}\u{4eba}"],
        3,
        &[(0, 15, 0)],
    );
    check("\u{5b88}\u{706f}\u{7684}\u{8001}", &["\u{5b88}\u{706f}\u{7684}\u{8001}"], 3, &[]);
    // A match begins and ends between letters, whatever stands beside it.
    check(
        "x\u{e01}\u{e02}\u{e03}\u{e04}\u{e05}y",
        &["\u{e07}\u{e01}\u{e02}\u{e03}\u{e04}\u{e05}\u{e07}"],
        3,
        &[(1, 15, 0)],
    );
    // Latin beside them is a word of its own; a letter of another script is part of one.
    check("GPT\u{7684}\u{8001}\u{4eba}\u{5b88}", &["aGPT\u{7684}\u{8001}\u{4eba}\u{5b88}"], 3, &[]);
    check("GPT\u{7684}\u{8001}\u{4eba}\u{5b88}", &["\u{5b88}GPT\u{7684}\u{8001}\u{4eba}\u{5b88}"], 3, &[(0, 15, 0)]);
}

/// What was an attack: who copied a quote later made it due to nobody, and its author earned nothing for it.
#[test]
fn a_long_quote_that_many_hold_is_credited_to_the_first_and_a_short_one_is_common() {
    let quote = "the lantern keeper walks to the harbour every morning";
    assert_eq!(quote.len(), 53);
    let copies = [quote; 4];
    check(quote, &copies, 3, &[(0, 53, 0)]);
    let short = &quote[..45];
    let texts: Vec<SourceText> = (0..4u8)
        .map(|i| SourceText { source: 0, index: i.into(), seq: i.into(), contributor: [i; 32], text: short.into() })
        .collect();
    let policy = Policy { span_bps: 10_000, influence_bps: 0, retrieval_bps: 0, min_words: 3, c_max: 3 };
    let scan = Scan::new(short.as_bytes(), &texts);
    let kind = |common_max| entries(short.as_bytes(), &policy, common_max, &scan).unwrap();
    assert!(matches!(kind(45)[..], [Entry::Exempt(_)]) && matches!(kind(44)[..], [Entry::Span(_)]));
}

#[test]
fn a_match_is_cut_at_2048_bytes() {
    let long = "abcdefg ".repeat(400);
    let long = long.trim();
    check(long, &[long], 3, &[(0, 2047, 0), (2048, 1151, 0)]);
}
