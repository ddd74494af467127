//! `datanet preview|contribute`: text in, under terms that its author signs; first shown, since nothing takes it back.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use corpus::{Corpus, Entry, Options, Preview};
use openledger_abi::datanet::Terms;
use serde_json::json;

use super::common::{Common, KeyArg, bps};
use crate::actions::datanet::{self, Text};
use crate::output::confirm;
use crate::{table, time};

/// Documents of a preview that are shown one by one.
const SHOWN: usize = 20;

/// Text to look at or to send.
#[derive(Args, Debug, Clone)]
pub struct TextArgs {
    /// A text file, a Markdown file, JSONL (a document a line), or a folder of them.
    path: PathBuf,
    /// The author of documents that name none.
    #[arg(long)]
    author: Option<String>,
    /// The folder that keeps texts, which a host publishes.
    #[arg(long, env = "OPENLEDGER_STORE", default_value = ".openledger/store")]
    store: PathBuf,
}

impl TextArgs {
    fn options(&self, key: Option<&str>) -> Options {
        let author = self.author.clone().or_else(|| key.map(|key| key.trim_start_matches('/').to_owned()));
        Options { author, ..Options::default() }
    }
}

/// Show what contributing a text would make public, with warnings. Nothing is sent or written.
///
/// Example: openledger datanet preview poems.txt --author Maria
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct PreviewArgs {
    #[command(flatten)]
    text: TextArgs,
    /// One JSON value for machines.
    #[arg(long)]
    json: bool,
}

impl PreviewArgs {
    pub fn run(self) -> Result<()> {
        let shown = preview(&self.text, self.text.options(None))?;
        crate::output::Output { json: self.json }.say(&serde_json::to_value(&shown)?, describe(&shown))
    }
}

fn preview(text: &TextArgs, options: Options) -> Result<Preview> {
    // A store that does not exist yet holds nothing, and a preview makes none.
    match text.store.is_dir() {
        true => Ok(Corpus::open(&text.store)?.preview(&text.path, &options)?),
        false => Ok(corpus::preview(&text.path, &options)?),
    }
}

fn describe(shown: &Preview) -> String {
    let rows: Vec<_> = shown
        .documents
        .iter()
        .take(SHOWN)
        .map(|document| {
            vec![
                document.entry.title.chars().take(40).collect(),
                document.entry.author.clone(),
                document.words.to_string(),
                document.entry.bytes.to_string(),
            ]
        })
        .collect();
    let mut text = table::render(&["text", "author", "words", "bytes"], &rows);
    if shown.documents.len() > SHOWN {
        text.push_str(&format!("  … and {} more\n", shown.documents.len() - SHOWN));
    }
    if let Some(first) = shown.documents.first() {
        let opening: String = first.opening.chars().take(120).collect();
        let more = if opening.len() as u64 == first.entry.bytes { "" } else { "…" };
        text.push_str(&format!("\nbegins: “{opening}{more}”\n"));
    }
    for document in &shown.documents {
        for warning in &document.warnings {
            text.push_str(&format!("! {}: looks personal: {}\n", document.place, warning.text));
        }
        if let Some(holder) = &document.copy_of {
            text.push_str(&format!("! {}: the same text as {holder}\n", document.place));
        }
    }
    for (a, b, share) in &shown.near_duplicates {
        let title = |at: &usize| shown.documents.get(*at).map_or("?", |document| document.entry.title.as_str());
        text.push_str(&format!("! “{}” and “{}” share about {} % of their text\n", title(a), title(b), share / 100));
    }
    text.push_str(&format!(
        "\n{} text(s), {} bytes in all would be public for good: anybody can fetch, copy and keep them.",
        shown.documents.len(),
        shown.bytes
    ));
    text
}

/// Contribute text under terms that the author signs. Shows first what becomes public, and asks.
///
/// First the registry gets commitments, which show nothing but fix who comes first, a block later the texts' terms. Interrupted, run it
/// again: what was committed to or contributed is not done twice.
/// Example: openledger datanet contribute 3 poems.txt --author-key maria --key maria --min-bps 4000
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct ContributeArgs {
    /// The Datanet's number.
    datanet: u32,
    #[command(flatten)]
    text: TextArgs,
    /// The author's key, which signs the terms and is paid; --key if not given.
    #[arg(long)]
    author_key: Option<String>,
    /// The collection that the texts are kept in; the file's name if not given.
    #[arg(long)]
    collection: Option<String>,
    /// Models may not be trained on it.
    #[arg(long)]
    no_train: bool,
    /// It may not be retrieved from while a model answers.
    #[arg(long)]
    no_retrieve: bool,
    /// Answers may not show it word by word, and it earns nothing by spans.
    #[arg(long)]
    no_display: bool,
    /// Models with a price may not use it.
    #[arg(long)]
    no_commercial: bool,
    /// What is built from it must be shared under the same terms.
    #[arg(long)]
    share_alike: bool,
    /// The least share of a fee that must go to contributors; a Datanet says how much may be asked.
    #[arg(long, default_value = "0", value_parser = bps)]
    min_bps: u16,
    /// SPDX expression of the licence.
    #[arg(long, default_value = "CC-BY-4.0")]
    licence: String,
    /// When the terms end, from when on it earns nothing: YYYY-MM-DD (UTC); never if not given.
    #[arg(long, value_parser = |text: &str| time::parse_day(text).map_err(|error| error.to_string()))]
    expires: Option<u64>,
    /// Don't ask.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    key: KeyArg,
    #[command(flatten)]
    common: Common,
}

impl ContributeArgs {
    fn terms(&self) -> Terms {
        Terms {
            train: !self.no_train,
            retrieve: !self.no_retrieve,
            display: !self.no_display,
            commercial: !self.no_commercial,
            share_alike: self.share_alike,
            expires_at: self.expires.unwrap_or(0),
            ..datanet::open_terms(&self.licence, self.min_bps)
        }
    }

    fn collection(&self) -> String {
        let named = self.collection.clone().or_else(|| Some(self.text.path.file_stem()?.to_str()?.to_lowercase()));
        let cleaned = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
        match named {
            Some(name) if self.collection.is_some() => name,
            Some(name) => {
                name.chars().map(cleaned).collect::<String>().trim_start_matches('.').chars().take(64).collect()
            }
            None => "texts".into(),
        }
    }

    pub fn run(self) -> Result<()> {
        let author_name = self.author_key.as_deref().unwrap_or(&self.key.key);
        let options = self.text.options(Some(author_name));
        let shown = preview(&self.text, options.clone())?;
        let (context, relayer) = self.common.signed(&self.key)?;
        let author = self.common.chain.key(author_name)?;
        // Said before anybody decides: a Datanet that isn't there, what the author entered before.
        let target = datanet::show(&context, self.datanet)?;
        let mut sent = BTreeMap::new();
        for document in &shown.documents {
            let root = document.entry.root;
            let Some(number) = datanet::standing_entry(&context, self.datanet, root, author.account())? else {
                continue;
            };
            // A collection of which a part was sent can be sent again.
            if shown.documents.len() == 1 {
                bail!("{}: the author contributed this text already, as contribution {number}", document.place);
            }
            sent.insert(root, number);
        }
        eprintln!("{}\n\n{}", describe(&shown), self.describe_terms());
        confirm(&format!("Contribute to Datanet {} as {}?", self.datanet, author.address()), self.yes)?;
        let text = |entry: &Entry| Text { cid: entry.cid, root: entry.root, length: entry.bytes };
        let entries = shown.documents.iter().map(|document| &document.entry);
        let new: Vec<_> =
            entries.filter(|entry| !sent.contains_key(&entry.root)).map(|entry| (&author, text(entry))).collect();
        // First of all: the store may be published.
        datanet::commit(&context, &relayer, self.datanet, &new)?;
        let corpus = Corpus::open(&self.text.store)?;
        let manifest = corpus.ingest(&self.collection(), &self.text.path, &options)?.manifest;
        let mut made = Vec::new();
        for document in &shown.documents {
            // The file may have changed while somebody looked at it: only what was shown is sent.
            if !manifest.documents.iter().any(|entry| entry.root == document.entry.root) {
                bail!("{}: it changed while it was shown; look at it again", document.place);
            }
            let entry = &document.entry;
            let number = match sent.get(&entry.root) {
                Some(number) => *number,
                None => datanet::contribute(&context, &relayer, &author, self.datanet, &text(entry), self.terms())?,
            };
            made.push((number, entry));
        }
        let rows: Vec<_> = made
            .iter()
            .map(|(number, entry)| {
                vec![entry.title.chars().take(40).collect(), number.to_string(), entry.cid.to_string()]
            })
            .collect();
        let value = json!(
            made.iter()
                .map(|(number, entry)| json!({
                    "contribution": number,
                    "title": entry.title,
                    "cid": entry.cid.to_string(),
                    "root": hex::encode(entry.root),
                    "bytes": entry.bytes,
                }))
                .collect::<Vec<_>>()
        );
        let text = format!(
            "{}\n{} agreeing verdicts accept each",
            table::render(&["text", "contribution", "object"], &rows),
            target.judges.agreeing()
        );
        self.common.output().say(&value, text)
    }

    fn describe_terms(&self) -> String {
        let terms = self.terms();
        let word = |allowed: bool| if allowed { "yes" } else { "no" };
        let mut text = format!(
            "terms: licence {}; training {}, retrieval {}, display {}, models with a price {}",
            self.licence,
            word(terms.train),
            word(terms.retrieve),
            word(terms.display),
            word(terms.commercial)
        );
        if terms.share_alike {
            text.push_str(", share alike");
        }
        if terms.min_bps > 0 {
            text.push_str(&format!("; at least {} bps of fees to contributors", terms.min_bps));
        }
        if terms.expires_at > 0 {
            text.push_str(&format!("; until {} UTC", time::show(terms.expires_at)));
        }
        text
    }
}
