//! Which addresses are contributed, and what is asked about them.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use corpus::{Manifest, Version};
use influence::RowIndex;

/// Addresses of a president in one Datanet, at most.
const PER_AUTHOR: usize = 2;
/// The first year of the second Datanet.
const SECOND_FROM: u32 = 1901;
/// Words of a prompt.
const PROMPT_WORDS: usize = 14;

/// One contribution to be.
#[derive(Debug, Clone)]
pub struct Document {
    pub author: String,
    pub title: String,
    pub text: crate::actions::datanet::Text,
}

/// The addresses of the two Datanets: those before 1901 and those since.
pub fn choose(manifest: &Manifest) -> [Vec<Document>; 2] {
    let mut chosen = [Vec::new(), Vec::new()];
    let mut taken: BTreeMap<(usize, &str), usize> = BTreeMap::new();
    for entry in &manifest.documents {
        let year = entry.date.as_deref().and_then(|date| date.get(..4)).and_then(|year| year.parse::<u32>().ok());
        let era = usize::from(year.unwrap_or(0) >= SECOND_FROM);
        let count = taken.entry((era, &entry.author)).or_default();
        if *count < PER_AUTHOR {
            *count += 1;
            chosen[era].push(Document {
                author: entry.author.clone(),
                title: entry.title.clone(),
                text: crate::actions::datanet::Text { cid: entry.cid, root: entry.root, length: entry.bytes },
            });
        }
    }
    chosen
}

/// Where training begins in an address: after the formal opening, at a sentence.
pub fn begin(text: &str) -> usize {
    let from = text.len().min(1_000) / 2 + text.len().min(1_000) / 4;
    sentence_after(text, from)
}

/// The first byte of a sentence at or after `from`; 0 if there is none.
fn sentence_after(text: &str, from: usize) -> usize {
    let from = (from..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.get(from..).and_then(|rest| rest.find(". ")).map_or(0, |at| from + at + 2)
}

fn first_words(text: &str) -> String {
    text.split_whitespace().take(PROMPT_WORDS).collect::<Vec<_>>().join(" ")
}

/// Openings of training rows, spread over them.
pub fn seen(version: &Version, rows: &RowIndex, count: usize) -> Result<Vec<String>> {
    let mut prompts = Vec::new();
    let all = rows.rows();
    for i in 0..count {
        let row = all.get(i * all.len() / count.max(1)).context("an adapter without rows")?;
        let held = version.contributions.get(row.index as usize).context("a row of no contribution")?;
        let text = held.text().and_then(|text| text.get(row.offset as usize..)).context("a row beyond its text")?;
        prompts.push(first_words(text));
    }
    Ok(prompts)
}

/// Sentences of the same authors that no row holds: from two thirds into their addresses.
pub fn held_out(version: &Version, count: usize) -> Result<Vec<String>> {
    let mut prompts = Vec::new();
    let all = &version.contributions;
    for i in 0..count {
        let held = all.get((2 * i + 1) * all.len() / (2 * count.max(1))).context("a version without contributions")?;
        let text = held.text().context("a text that is not UTF-8")?;
        let from = sentence_after(text, text.len() * 2 / 3);
        prompts.push(first_words(text.get(from..).unwrap_or_default()));
    }
    Ok(prompts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn training_begins_at_a_sentence() {
        let text = format!("{}. Then it begins here. And goes on.", "word ".repeat(300).trim());
        let at = begin(&text);
        assert!(text[at..].starts_with("Then it begins"), "{}", &text[at..]);
    }

    #[test]
    fn a_text_without_a_sentence_is_trained_whole() {
        assert_eq!(begin("no full stop"), 0);
    }
}
