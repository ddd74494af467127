//! The span rule beside a reference that follows PROTOCOL.md word for word, on random texts over a small alphabet.

mod common;

use common::Dice;
use proof::evidence::{Entry, Exempt, Place, Span};
use proof::params::Policy;
use proof::rules::spans::{entries, Scan, SourceText};
use proptest::prelude::*;

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

fn runs_word_to_word(text: &[u8], start: usize, end: usize) -> bool {
    start < end
        && end <= text.len()
        && is_word(text[start])
        && (start == 0 || !is_word(text[start - 1]))
        && is_word(text[end - 1])
        && (end == text.len() || !is_word(text[end]))
}

fn words(range: &[u8]) -> usize {
    range.split(|byte| !is_word(*byte)).filter(|word| !word.is_empty()).count()
}

/// All (text, offset) that hold the range, by seq, offset, source, index.
fn holders<'a>(response: &[u8], start: usize, end: usize, texts: &'a [SourceText]) -> Vec<(&'a SourceText, usize)> {
    let range = &response[start..end];
    let mut found = Vec::new();
    for text in texts {
        for offset in 0..text.text.len().saturating_sub(range.len() - 1) {
            let stop = offset + range.len();
            if &text.text[offset..stop] == range && runs_word_to_word(&text.text, offset, stop) {
                found.push((text, offset));
            }
        }
    }
    found.sort_by_key(|(text, offset)| (text.seq, *offset, text.source, text.index));
    found
}

fn is_match(response: &[u8], start: usize, end: usize, policy: &Policy, texts: &[SourceText]) -> bool {
    runs_word_to_word(response, start, end)
        && words(&response[start..end]) >= usize::from(policy.min_words)
        && end - start <= 2_048
        && end <= 65_535
        && !holders(response, start, end, texts).is_empty()
}

fn place((text, offset): (&SourceText, usize)) -> Place {
    Place { source: text.source, index: text.index, offset: offset as u32 }
}

fn reference(response: &[u8], policy: &Policy, texts: &[SourceText]) -> Vec<Entry> {
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
    taken.into_iter().map(|(start, end)| judge(response, start, end, policy, texts)).collect()
}

fn judge(response: &[u8], start: usize, end: usize, policy: &Policy, texts: &[SourceText]) -> Entry {
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
    if len <= 256 && contributors.len() > usize::from(policy.c_max) {
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

fn random_text(dice: &mut Dice, words: u64) -> Vec<u8> {
    let vocabulary: [&[u8]; 5] = [b"a", b"b", b"ab", "\u{e9}".as_bytes(), b"ba"];
    let gaps: [&[u8]; 4] = [b" ", b" ", b", ", b"."];
    let mut text = Vec::new();
    if dice.below(4) == 0 {
        text.extend_from_slice(b" ");
    }
    for _ in 0..words {
        text.extend_from_slice(vocabulary[dice.below(5) as usize]);
        text.extend_from_slice(gaps[dice.below(4) as usize]);
    }
    if dice.below(2) == 0 {
        text.pop();
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn the_span_rule_agrees_with_the_word_for_word_reference(seed in any::<u64>()) {
        let mut dice = Dice::new(seed);
        let count = dice.below(5) + 1;
        let texts: Vec<SourceText> = (0..count)
            .map(|i| {
                let words = dice.below(14);
                SourceText {
                    source: dice.below(2) as u8,
                    index: i as u32,
                    // Two places of one contribution (in two sources) share a seq.
                    seq: dice.below(4),
                    contributor: [dice.below(3) as u8; 32],
                    text: random_text(&mut dice, words),
                }
            })
            .collect();
        let response_words = dice.below(16);
        let response = random_text(&mut dice, response_words);
        let policy = Policy {
            span_bps: 10_000,
            influence_bps: 0,
            retrieval_bps: 0,
            min_words: dice.below(4) as u16 + 1,
            c_max: dice.below(4) as u8,
        };
        let ours = entries(&response, &policy, &Scan::new(&response, &texts)).unwrap();
        prop_assert_eq!(&ours, &reference(&response, &policy, &texts));
        prop_assert_eq!(proof::rules::form::check(&ours, policy.c_max), Ok(()));
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
    let found: Vec<(u16, u16, u32)> = entries(response.as_bytes(), &policy, &Scan::new(response.as_bytes(), &texts))
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
        "one two three. four five six seven",
        &["four five six seven", "one two three"],
        2,
        &[(15, 19, 0), (0, 13, 1)],
    );
    check("aa bb cc dd", &["cc dd", "aa bb"], 2, &[(0, 5, 1), (6, 5, 0)]);
}

#[test]
fn a_copy_with_a_word_before_it_earns_nothing() {
    check(
        "new the whole old sentence here",
        &["the whole old sentence here", "new the whole old sentence here"],
        2,
        &[(0, 31, 0)],
    );
}

#[test]
fn a_match_does_not_begin_or_end_inside_a_word() {
    check("the cathedral stands", &["the cat"], 2, &[]);
    check("the cat", &["the cathedral stands"], 2, &[]);
    check("bathe cat sat", &["the cat sat"], 2, &[(6, 7, 0)]);
}

#[test]
fn a_match_is_cut_at_2048_bytes() {
    let long = "abcdefg ".repeat(400);
    let long = long.trim();
    check(long, &[long], 2, &[(0, 2047, 0), (2048, 1151, 0)]);
}
