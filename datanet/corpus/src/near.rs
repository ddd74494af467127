//! Near duplicates: MinHash signatures and locality-sensitive hashing.
//!
//! Broder 1997: the share of equal minima of two sets under random hash functions estimates the share of
//! elements that both hold (Jaccard). Bands of rows (Leskovec et al., Mining of Massive Datasets, 3.4) find the
//! likely pairs without comparing all.

use std::collections::{HashMap, HashSet};

use proof::words::WordsIn;

/// Hash functions, so entries of a signature.
const HASHES: usize = 128;
/// Entries of a band: 16 bands of 8 catch a pair that shares 70 % with 61 %, 80 % with 95 %, 90 % with 99.99 %.
const BAND: usize = 8;
/// Words in a row that make one element of a text's set.
const SHINGLE: usize = 5;
/// What a pair must share to be reported, in basis points.
const NEAR_BPS: u16 = 7_000;

/// The minima of a text's five-word sequences under 128 hash functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature([u32; HASHES]);

impl Signature {
    /// The signature of a canonical text; case and punctuation don't count.
    pub fn of(text: &str) -> Self {
        let words: Vec<u64> = text
            .split(|c: char| !c.is_alphanumeric())
            // The protocol's words: a letter of a script without spaces is one, else a whole sentence would be.
            .flat_map(|run| WordsIn::of(run.as_bytes()).filter_map(|(start, end)| run.get(start..end)))
            .map(|word| word.chars().flat_map(char::to_lowercase).fold(FNV, |h, c| fnv(h, c as u64)))
            .collect();
        let mut minima = [u32::MAX; HASHES];
        // A text of fewer words than a shingle is one shingle.
        for shingle in words.windows(SHINGLE.min(words.len()).max(1)) {
            let mut state = shingle.iter().fold(FNV, |h, &word| fnv(h, word));
            for minimum in &mut minima {
                state = splitmix(state);
                *minimum = (*minimum).min((state >> 32) as u32);
            }
        }
        Self(minima)
    }

    /// The estimated share of sequences that both texts hold, in basis points.
    pub fn shared_bps(&self, other: &Self) -> u16 {
        let equal = self.0.iter().zip(&other.0).filter(|(a, b)| a == b).count();
        (equal * 10_000 / HASHES) as u16
    }
}

/// The pairs that share at least 70 %, as (earlier, later, share in basis points), in order.
pub fn near_duplicates(signatures: &[Signature]) -> Vec<(usize, usize, u16)> {
    let mut pairs = HashSet::new();
    for band in 0..HASHES / BAND {
        let mut buckets: HashMap<&[u32], Vec<usize>> = HashMap::new();
        for (i, signature) in signatures.iter().enumerate() {
            buckets.entry(&signature.0[band * BAND..][..BAND]).or_default().push(i);
        }
        for bucket in buckets.values() {
            // Beside the first of a bucket: a text copied a thousand times is a thousand pairs, not a million.
            pairs.extend(bucket[1..].iter().map(|&later| (bucket[0], later)));
        }
    }
    let mut near: Vec<_> = pairs
        .into_iter()
        .map(|(a, b)| (a, b, signatures[a].shared_bps(&signatures[b])))
        .filter(|&(_, _, share)| share >= NEAR_BPS)
        .collect();
    near.sort_unstable();
    near
}

const FNV: u64 = 0xcbf2_9ce4_8422_2325;

/// One step of FNV-1a over a whole word; [`splitmix`] mixes what it leaves unmixed.
fn fnv(hash: u64, value: u64) -> u64 {
    (hash ^ value).wrapping_mul(0x0000_0100_0000_01b3)
}

/// SplitMix64 (Steele, Lea, Flood 2014): a chain of it gives each shingle its 128 hashes.
fn splitmix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words `from..to` of an endless text without repetitions.
    fn text(from: usize, to: usize) -> String {
        (from..to).map(|i| format!("w{i}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_text_with_a_changed_word_is_near_and_another_text_is_not() {
        let original = text(0, 500);
        let changed = original.replace("w250 ", "other ");
        let signatures = [original, text(1_000, 1_500), changed].map(|t| Signature::of(&t));
        let near = near_duplicates(&signatures);
        assert_eq!(near.iter().map(|&(a, b, _)| (a, b)).collect::<Vec<_>>(), [(0, 2)]);
    }

    #[test]
    fn a_text_without_spaces_with_a_changed_letter_is_near() {
        let original: String = ('\u{4e00}'..).step_by(3).take(300).collect();
        let changed = original.replace('\u{4f00}', "\u{9f00}").replace('\u{4e96}', "\u{9f01}");
        assert_ne!(original, changed);
        let other: String = ('\u{6e00}'..).step_by(3).take(300).collect();
        let signatures = [original, other, changed].map(|t| Signature::of(&t));
        let near = near_duplicates(&signatures);
        assert_eq!(near.iter().map(|&(a, b, _)| (a, b)).collect::<Vec<_>>(), [(0, 2)]);
    }

    #[test]
    fn case_and_punctuation_hide_no_copy() {
        let (a, b) = (Signature::of("We, the People of the States"), Signature::of("we the people of the states"));
        assert_eq!(a.shared_bps(&b), 10_000);
    }

    #[test]
    fn the_estimate_is_close_to_the_share() {
        // 996 and 996 sequences, 796 in both: 796 / 1196 = 66.6 %.
        let (a, b) = (Signature::of(&text(0, 1_000)), Signature::of(&text(200, 1_200)));
        let share = a.shared_bps(&b);
        assert!((5_400..7_900).contains(&share), "{share}");
    }

    #[test]
    fn short_and_empty_texts_have_signatures_too() {
        assert_eq!(Signature::of("a b").shared_bps(&Signature::of("a b")), 10_000);
        assert_eq!(Signature::of("a b").shared_bps(&Signature::of("a c")), 0);
        Signature::of("");
    }
}
