//! What a host has answered and what it holds for it: one append-only file of receipts a (channel, model), and the
//! highest voucher beside it.
//!
//! A receipt is synced to disk before the last byte of its answer leaves, a voucher before the answer it pays for is
//! begun. So after a crash the host can redeem all that it was promised, and a payer never holds a receipt that the host
//! does not know.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use proof::tree::MerkleTree;
use proof::voucher::Voucher;
use proof::{Blake2, Node, SumFrontier, SumHead, Tree};
use serde::{Deserialize, Serialize};
use worker::published::{ReceiptRecord, decimal, hexed};

/// A voucher with the signature over it, as it travels in x402 payloads and stands on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedVoucher {
    pub channel: u64,
    pub model: u32,
    pub count: u64,
    /// In 10^-18 OPEN.
    #[serde(with = "decimal")]
    pub fee: u128,
    #[serde(with = "hexed")]
    pub top: [u8; 32],
    /// Chain time in ms until which it may be redeemed.
    pub deadline: u64,
    /// The session key that signed, if not the payer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    #[serde(with = "hexed")]
    pub signature: [u8; 64],
}

impl SignedVoucher {
    /// The signed body.
    pub fn body(&self) -> Voucher {
        Voucher {
            channel: self.channel,
            model: self.model,
            count: self.count,
            fee: self.fee,
            top: self.top,
            deadline: self.deadline,
        }
    }

    /// The session key's bytes.
    pub fn session_key(&self) -> Result<Option<[u8; 32]>, LedgerError> {
        let Some(text) = &self.session else { return Ok(None) };
        let bytes = hex::decode(text).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        bytes.map(Some).ok_or_else(|| LedgerError::BadSession(text.clone()))
    }
}

/// Why the ledger refuses, or can't go on.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error(
        "{path}, line {line}: not the receipt that belongs there; restore the file from a copy, vouchers depend on it"
    )]
    Corrupt { path: PathBuf, line: u64 },
    #[error("receipt {got} does not follow: channel {channel}, model {model} stands at {expected}")]
    OutOfOrder { channel: u64, model: u32, expected: u64, got: u64 },
    #[error(
        "the voucher covers {got} answers, but channel {channel}, model {model} has had {answered}: sign for at most {answered}"
    )]
    BeyondAnswered { channel: u64, model: u32, answered: u64, got: u64 },
    #[error(
        "the voucher's {what} is not that of the host's first {count} receipts of channel {channel}, model {model}: fetch them from /openledger/receipts and compare"
    )]
    OtherTree { channel: u64, model: u32, count: u64, what: &'static str },
    #[error("the voucher covers {got} answers, fewer than the {held} that an earlier one covers")]
    Lower { held: u64, got: u64 },
    #[error("`{0}` is not a session key: 64 hex digits wanted")]
    BadSession(String),
    #[error("the receipts' fees exceed what 128 bits hold")]
    Overflow,
}

impl From<proof::Error> for LedgerError {
    fn from(_: proof::Error) -> Self {
        LedgerError::Overflow
    }
}

struct Book {
    path: PathBuf,
    file: File,
    frontier: SumFrontier,
    leaves: Vec<Node>,
    /// `heads[n]` is the tree's head over the first n receipts.
    heads: Vec<SumHead>,
    /// Byte offsets of the records in the file, with the file's end last.
    offsets: Vec<u64>,
    voucher: Option<SignedVoucher>,
}

/// All books of a host, under one folder.
pub struct Ledger {
    dir: PathBuf,
    books: BTreeMap<(u64, u32), Book>,
}

impl Ledger {
    /// Opens the folder, reading back every receipt; a last line cut short by a crash is dropped (its answer never ended).
    pub fn open(dir: &Path) -> Result<Self, LedgerError> {
        let io = |source| LedgerError::Io { path: dir.to_path_buf(), source };
        std::fs::create_dir_all(dir).map_err(io)?;
        let mut ledger = Self { dir: dir.to_path_buf(), books: BTreeMap::new() };
        for entry in std::fs::read_dir(dir).map_err(io)? {
            let name = entry.map_err(io)?.file_name();
            let Some(key) = name.to_str().and_then(|name| name.strip_suffix(".receipts.jsonl")).and_then(parse_key)
            else {
                continue;
            };
            ledger.book(key)?;
        }
        Ok(ledger)
    }

    /// The head over all receipts so far.
    pub fn head(&self, channel: u64, model: u32) -> SumHead {
        self.books.get(&(channel, model)).and_then(|book| book.heads.last().copied()).unwrap_or(SumHead::EMPTY)
    }

    /// Answers of the channel, over all models, that no voucher covers yet.
    pub fn unpaid(&self, channel: u64) -> u64 {
        let of = |book: &Book| book.frontier.count - book.voucher.as_ref().map_or(0, |voucher| voucher.count);
        self.books.range((channel, 0)..=(channel, u32::MAX)).map(|(_, book)| of(book)).sum()
    }

    /// Fees of all answers of the channel so far, over all models.
    pub fn charged(&self, channel: u64) -> u128 {
        let sums = self.books.range((channel, 0)..=(channel, u32::MAX));
        sums.filter_map(|(_, book)| book.heads.last()).fold(0, |total, head| total.saturating_add(head.sum))
    }

    /// Appends the next receipt and syncs it.
    pub fn append(&mut self, record: &ReceiptRecord) -> Result<SumHead, LedgerError> {
        let (channel, model) = (record.receipt.channel, record.receipt.model);
        let book = self.book((channel, model))?;
        let (expected, got) = (book.frontier.count, record.receipt.sequence);
        if expected != got {
            return Err(LedgerError::OutOfOrder { channel, model, expected, got });
        }
        let mut line =
            serde_json::to_vec(record).map_err(|e| LedgerError::Io { path: book.path.clone(), source: e.into() })?;
        line.push(b'\n');
        let next = book.next(record)?;
        let io = |source| LedgerError::Io { path: book.path.clone(), source };
        book.file.write_all(&line).map_err(io)?;
        book.file.sync_data().map_err(io)?;
        Ok(book.push(next, line.len() as u64))
    }

    /// Takes a voucher whose signature was checked: it must cover a prefix of the receipts, and no fewer than the last one.
    pub fn accept(&mut self, voucher: &SignedVoucher) -> Result<(), LedgerError> {
        let (channel, model, count) = (voucher.channel, voucher.model, voucher.count);
        let held = self.voucher(channel, model).map_or(0, |held| held.count);
        if count < held {
            return Err(LedgerError::Lower { held, got: count });
        }
        let answered = self.head(channel, model).count;
        let book = self.books.get(&(channel, model));
        let head = match book {
            Some(book) => usize::try_from(count).ok().and_then(|n| book.heads.get(n).copied()),
            None => (count == 0).then_some(SumHead::EMPTY),
        };
        let Some(head) = head else {
            return Err(LedgerError::BeyondAnswered { channel, model, answered, got: count });
        };
        if head.sum != voucher.fee {
            return Err(LedgerError::OtherTree { channel, model, count, what: "fee" });
        }
        if head.top != voucher.top {
            return Err(LedgerError::OtherTree { channel, model, count, what: "top" });
        }
        if count == 0 {
            return Ok(());
        }
        let path = self.dir.join(format!("{channel}-{model}.voucher.json"));
        let json =
            serde_json::to_vec_pretty(voucher).map_err(|e| LedgerError::Io { path: path.clone(), source: e.into() })?;
        worker::files::write_whole(&path, &json)
            .map_err(|e| LedgerError::Io { path: path.clone(), source: std::io::Error::other(e) })?;
        self.book((channel, model))?.voucher = Some(voucher.clone());
        Ok(())
    }

    /// The highest voucher of a (channel, model).
    pub fn voucher(&self, channel: u64, model: u32) -> Option<&SignedVoucher> {
        self.books.get(&(channel, model))?.voucher.as_ref()
    }

    /// All highest vouchers.
    pub fn vouchers(&self) -> Vec<SignedVoucher> {
        self.books.values().filter_map(|book| book.voucher.clone()).collect()
    }

    /// The path of leaf `index` in the tree of the first `count` receipts, for redeeming.
    pub fn path(&self, channel: u64, model: u32, index: u64, count: u64) -> Result<(Node, Vec<Node>), LedgerError> {
        let missing = LedgerError::BeyondAnswered { channel, model, answered: 0, got: count };
        let Some(book) = self.books.get(&(channel, model)) else { return Err(missing) };
        let answered = book.frontier.count;
        let prefix = usize::try_from(count).ok().and_then(|count| book.leaves.get(..count));
        let Some(prefix) = prefix.filter(|_| index < count) else {
            return Err(LedgerError::BeyondAnswered { channel, model, answered, got: count });
        };
        let tree = MerkleTree::build::<Blake2>(Tree::Receipts, prefix.to_vec())?;
        let leaf = tree.node(0, index).ok_or(LedgerError::Overflow)?;
        Ok((leaf, tree.path(index)?))
    }

    /// The records `from..to`, as far as there are, at most `limit`.
    pub fn records(
        &self,
        channel: u64,
        model: u32,
        from: u64,
        to: u64,
        limit: u64,
    ) -> Result<Vec<ReceiptRecord>, LedgerError> {
        let Some(book) = self.books.get(&(channel, model)) else { return Ok(Vec::new()) };
        let end = to.min(book.frontier.count).min(from.saturating_add(limit));
        if from >= end {
            return Ok(Vec::new());
        }
        let io = |source| LedgerError::Io { path: book.path.clone(), source };
        let mut file = File::open(&book.path).map_err(io)?;
        file.seek(SeekFrom::Start(book.offsets[from as usize])).map_err(io)?;
        let mut records = Vec::new();
        for (line, text) in (from..end).zip(BufReader::new(file).lines()) {
            let text = text.map_err(io)?;
            let corrupt = |_| LedgerError::Corrupt { path: book.path.clone(), line: line + 1 };
            records.push(serde_json::from_str(&text).map_err(corrupt)?);
        }
        Ok(records)
    }

    fn book(&mut self, key: (u64, u32)) -> Result<&mut Book, LedgerError> {
        match self.books.entry(key) {
            std::collections::btree_map::Entry::Occupied(entry) => Ok(entry.into_mut()),
            std::collections::btree_map::Entry::Vacant(entry) => Ok(entry.insert(Book::open(&self.dir, key)?)),
        }
    }
}

impl Book {
    fn open(dir: &Path, (channel, model): (u64, u32)) -> Result<Self, LedgerError> {
        let path = dir.join(format!("{channel}-{model}.receipts.jsonl"));
        let io = |source| LedgerError::Io { path: path.clone(), source };
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(io)?;
        let mut reader = BufReader::new(file.try_clone().map_err(io)?);
        let mut book = Book {
            path: path.clone(),
            file: file.try_clone().map_err(io)?,
            frontier: SumFrontier::new(),
            leaves: Vec::new(),
            heads: vec![SumHead::EMPTY],
            offsets: vec![0],
            voucher: None,
        };
        let mut text = Vec::new();
        loop {
            text.clear();
            let read = reader.read_until(b'\n', &mut text).map_err(io)?;
            if read == 0 || text.last() != Some(&b'\n') {
                break;
            }
            let line = book.frontier.count + 1;
            let corrupt = || LedgerError::Corrupt { path: path.clone(), line };
            let record: ReceiptRecord = serde_json::from_slice(&text).map_err(|_| corrupt())?;
            let follows = record.receipt.sequence == book.frontier.count
                && (record.receipt.channel, record.receipt.model) == (channel, model);
            if !follows {
                return Err(corrupt());
            }
            let next = book.next(&record)?;
            book.push(next, read as u64);
        }
        file.set_len(book.offsets.last().copied().unwrap_or(0)).map_err(io)?;
        file.seek(SeekFrom::End(0)).map_err(io)?;
        let path = dir.join(format!("{channel}-{model}.voucher.json"));
        if let Ok(bytes) = std::fs::read(&path) {
            let corrupt = |_| LedgerError::Corrupt { path: path.clone(), line: 1 };
            book.voucher = Some(serde_json::from_slice(&bytes).map_err(corrupt)?);
        }
        Ok(book)
    }

    fn next(&self, record: &ReceiptRecord) -> Result<(SumFrontier, Node, SumHead), LedgerError> {
        let receipt = proof::receipt::Receipt::from(record.receipt.clone());
        let leaf = receipt.leaf(receipt.hash::<Blake2>()).node::<Blake2>();
        let mut frontier = self.frontier.clone();
        frontier.append::<Blake2>(Tree::Receipts, leaf)?;
        let head = frontier.sum_head::<Blake2>(Tree::Receipts)?;
        Ok((frontier, leaf, head))
    }

    fn push(&mut self, (frontier, leaf, head): (SumFrontier, Node, SumHead), bytes: u64) -> SumHead {
        self.frontier = frontier;
        self.leaves.push(leaf);
        self.heads.push(head);
        self.offsets.push(self.offsets.last().copied().unwrap_or(0) + bytes);
        head
    }
}

fn parse_key(name: &str) -> Option<(u64, u32)> {
    let (channel, model) = name.split_once('-')?;
    Some((channel.parse().ok()?, model.parse().ok()?))
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
