//! What a host was asked, what it answered and what it holds for it: one append-only journal a (channel, model, key), and
//! the highest voucher beside it.
//!
//! A request is synced to disk before its answer is begun, a receipt before the last byte of its answer leaves, a voucher
//! before it counts. So after a crash the host can redeem all that it was promised, a payer never holds a receipt that the
//! host does not know, and no place is given to two requests.
//!
//! Places fill in any order; tree 03 goes as far as they are filled without a gap. A place that *lapsed* is the leaf (Z, 0).
//! Its answer, if it had one, stays on disk: a voucher that its payer signed over it puts it back.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use proof::receipt::ReceiptLeaf;
use proof::request::SignedRequest;
use proof::tree::MerkleTree;
use proof::voucher::Voucher;
use proof::{Account, Blake2, Hash, Node, SumFrontier, SumHead, Tree};
use serde::{Deserialize, Serialize};
use worker::published::{Lane, ReceiptRecord, decimal, hexed, scaled};

/// A voucher with the signature over it, as it travels and stands on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedVoucher {
    pub channel: u64,
    pub model: u32,
    pub count: u64,
    /// In 10^-18 OPEN.
    #[serde(with = "decimal")]
    pub fee: u128,
    #[serde(with = "hexed")]
    pub top: Hash,
    /// Chain time in ms until which it may be redeemed.
    pub deadline: u64,
    /// The key that signed: the payer's account or a session key of the channel.
    #[serde(with = "hexed")]
    pub key: Account,
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

    /// Whose receipts it covers.
    pub fn lane(&self) -> Lane {
        Lane { channel: self.channel, model: self.model, key: self.key }
    }
}

/// Why the ledger refuses, or can't go on.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error(
        "{path}, line {line}: not the entry that belongs there; restore the file from a copy, vouchers depend on it"
    )]
    Corrupt { path: PathBuf, line: u64 },
    #[error("place {sequence} of {lane} was asked for by another request: a place has one, resend that one")]
    OtherRequest { lane: Lane, sequence: u64 },
    #[error("place {sequence} of {lane} has lapsed: sign a request for a later one")]
    Lapsed { lane: Lane, sequence: u64 },
    #[error("place {sequence} of {lane} has no request that waits for this answer")]
    NotAsked { lane: Lane, sequence: u64 },
    #[error("the voucher's count is {got}, but {lane} has {answered} places filled: sign for at most {answered}")]
    BeyondAnswered { lane: Lane, answered: u64, got: u64 },
    #[error(
        "the voucher's {what} is not that of the first {count} places of {lane}: ask for the host's head and compare"
    )]
    OtherTree { lane: Lane, count: u64, what: &'static str },
    #[error("the voucher's count is {got}, fewer than the {held} that an earlier one covers")]
    Lower { held: u64, got: u64 },
    #[error("the receipts' fees exceed what 128 bits hold")]
    Overflow,
}

impl From<proof::Error> for LedgerError {
    fn from(_: proof::Error) -> Self {
        LedgerError::Overflow
    }
}

/// What a host tells of a lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Places that are filled without a gap.
    pub count: u64,
    /// Their fees, in 10^-18 OPEN.
    #[serde(with = "decimal")]
    pub fee: u128,
    #[serde(with = "hexed")]
    pub top: Hash,
    /// Places that a voucher covers.
    pub vouched: u64,
    /// Of the places beyond those, which lapsed.
    pub lapsed: Vec<u64>,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// The place is this request's now, or was already and has no answer yet.
    Waiting,
    /// It was answered.
    Answered(Box<ReceiptRecord>),
}

/// A line of the journal.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    Taken(#[serde(with = "scaled")] Box<SignedRequest>),
    Answered(Box<ReceiptRecord>),
    Lapsed(u64),
    /// A place that lapsed has its answer again.
    Restored(u64),
}

#[derive(Default)]
struct Place {
    request: Option<Asked>,
    answer: Option<Filed>,
    lapsed: bool,
}

/// What is remembered of a request.
struct Asked {
    hash: Hash,
    params: u32,
    max_fee: u128,
    deadline: u64,
}

/// Where an answer stands in the journal.
struct Filed {
    offset: u64,
    bytes: u64,
    leaf: ReceiptLeaf,
    kib: u64,
    /// The response's root.
    response: Hash,
}

impl Place {
    /// Its leaf of tree 03, if it is filled.
    fn leaf(&self, restored: bool) -> Option<ReceiptLeaf> {
        match &self.answer {
            Some(filed) if restored || !self.lapsed => Some(filed.leaf),
            _ if self.lapsed => Some(ReceiptLeaf::unfilled::<Blake2>()),
            _ => None,
        }
    }

    /// The most that its payer may come to owe for it.
    fn bound(&self) -> u128 {
        match (&self.answer, &self.request) {
            (Some(filed), _) => filed.leaf.fee,
            (None, Some(asked)) if !self.lapsed => asked.max_fee,
            _ => 0,
        }
    }
}

/// A place that is filled, as redeeming counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filled {
    /// The parameter set that its request names.
    pub params: u32,
    /// KiB of its response, rounded up.
    pub kib: u64,
    pub fee: u128,
}

struct Book {
    lane: Lane,
    path: PathBuf,
    file: File,
    /// Bytes of the journal.
    length: u64,
    places: Vec<Place>,
    frontier: SumFrontier,
    /// The leaves of the places that are filled without a gap.
    leaves: Vec<Node>,
    /// `heads[n]` is the tree's head over the first n places.
    heads: Vec<SumHead>,
    voucher: Option<SignedVoucher>,
    /// Places that are paid, as far as the host has asked the chain since it started.
    paid: u64,
}

/// All books of a host, under one folder.
pub struct Ledger {
    dir: PathBuf,
    books: BTreeMap<Lane, Book>,
}

impl Ledger {
    /// Opens the folder, reading every journal back; a last line cut short by a crash is dropped (what it says was not told to
    /// anybody).
    pub fn open(dir: &Path) -> Result<Self, LedgerError> {
        let io = |source| LedgerError::Io { path: dir.to_path_buf(), source };
        // It holds the texts of private answers.
        worker::files::private_folder(dir).map_err(io)?;
        let mut ledger = Self { dir: dir.to_path_buf(), books: BTreeMap::new() };
        for entry in std::fs::read_dir(dir).map_err(io)? {
            let name = entry.map_err(io)?.file_name();
            let lane = name.to_str().and_then(|name| name.strip_suffix(".jsonl")).and_then(parse_lane);
            if let Some(lane) = lane {
                ledger.book(lane)?;
            }
        }
        Ok(ledger)
    }

    /// Gives a place to a request whose signature was checked, or says what became of it there.
    pub fn take(&mut self, request: &SignedRequest) -> Result<Taken, LedgerError> {
        let (lane, sequence) = (Lane::of(request), request.body.sequence);
        let book = self.book(lane)?;
        if let Some(asked) = book.place(sequence).and_then(|place| place.request.as_ref()) {
            if asked.hash != request.hash::<Blake2>() {
                return Err(LedgerError::OtherRequest { lane, sequence });
            }
            return match book.record(sequence)? {
                Some(record) => Ok(Taken::Answered(Box::new(record))),
                None if book.place(sequence).is_some_and(|place| place.lapsed) => {
                    Err(LedgerError::Lapsed { lane, sequence })
                }
                None => Ok(Taken::Waiting),
            };
        }
        if book.place(sequence).is_some_and(|place| place.lapsed) {
            return Err(LedgerError::Lapsed { lane, sequence });
        }
        book.write(Entry::Taken(Box::new(*request)))?;
        Ok(Taken::Waiting)
    }

    /// What became of a request, if its place is its own.
    pub fn taken(&self, request: &SignedRequest) -> Result<Option<Taken>, LedgerError> {
        let (lane, sequence) = (Lane::of(request), request.body.sequence);
        let Some(book) = self.books.get(&lane) else { return Ok(None) };
        let asked = book.place(sequence).and_then(|place| place.request.as_ref());
        match asked.is_some_and(|asked| asked.hash == request.hash::<Blake2>()) {
            true => Ok(Some(book.record(sequence)?.map_or(Taken::Waiting, |record| Taken::Answered(Box::new(record))))),
            false => Ok(None),
        }
    }

    /// Fills a place with the answer to its request, and syncs it.
    pub fn answer(&mut self, record: &ReceiptRecord) -> Result<SumHead, LedgerError> {
        let (lane, sequence) = (Lane::of(&record.request), record.receipt.sequence);
        let book = self.book(lane)?;
        let waits = book.place(sequence).is_some_and(|place| {
            let asked = place.request.as_ref().is_some_and(|asked| asked.hash == record.receipt.request);
            asked && place.answer.is_none() && !place.lapsed
        });
        if !waits {
            return Err(LedgerError::NotAsked { lane, sequence });
        }
        book.write(Entry::Answered(Box::new(record.clone())))?;
        Ok(book.head())
    }

    /// The head over the places that are filled without a gap.
    pub fn head(&self, lane: &Lane) -> SumHead {
        self.books.get(lane).map_or(SumHead::EMPTY, Book::head)
    }

    /// The same, with what its payer needs to go on.
    pub fn told(&self, lane: &Lane) -> Head {
        let head = self.head(lane);
        let vouched = self.vouched(lane);
        let places = self.books.get(lane).map(|book| book.places.as_slice()).unwrap_or_default();
        let lapsed = (0u64..).zip(places).filter(|(sequence, place)| *sequence >= vouched && place.lapsed);
        Head {
            count: head.count,
            fee: head.sum,
            top: head.top,
            vouched,
            lapsed: lapsed.map(|(sequence, _)| sequence).collect(),
        }
    }

    /// Lets places lapse that no voucher covers and whose deadlines were over at `now`, in the order of their indexes; a place
    /// whose request never came has its successor's deadline. An answer lapses only once it has stood in the tree, where its
    /// payer could have signed for it.
    pub fn lapse(&mut self, lane: &Lane, now: u64) -> Result<(), LedgerError> {
        let Some(book) = self.books.get_mut(lane) else { return Ok(()) };
        let in_tree = book.leaves.len();
        for at in usize::try_from(book.vouched()).unwrap_or(usize::MAX)..book.places.len() {
            if book.places[at].lapsed {
                continue;
            }
            let asked = book.places[at..].iter().find_map(|place| place.request.as_ref());
            let over = asked.is_some_and(|asked| asked.deadline < now);
            if !over || (book.places[at].answer.is_some() && at >= in_tree) {
                break;
            }
            book.write(Entry::Lapsed(at as u64))?;
        }
        Ok(())
    }

    /// Places of the channel, over all models and keys, that were served or are being served and that no batch can pay for: those
    /// beyond what can be redeemed, and answers that lapsed, until a voucher puts them back.
    pub fn ahead(&self, channel: u64) -> u64 {
        self.lanes(channel).map(Book::ahead).sum()
    }

    /// Takes note of how many places of a lane are paid, by the chain.
    pub fn note_paid(&mut self, lane: &Lane, count: u64) {
        if let Some(book) = self.books.get_mut(lane) {
            book.paid = book.paid.max(count);
        }
    }

    /// Places that a request at `sequence` adds to [`Ledger::ahead`]: its own, and those before it that nobody asked for yet.
    pub fn added(&self, lane: &Lane, sequence: u64) -> u64 {
        let known = self.books.get(lane).map_or(0, |book| book.places.len() as u64);
        sequence.saturating_add(1).saturating_sub(known)
    }

    /// The most that all answers of the channel so far may cost, over all models and keys: fees of those that were given, the
    /// highest fee of those that were asked for.
    pub fn committed(&self, channel: u64) -> u128 {
        self.lanes(channel).map(Book::committed).fold(0, u128::saturating_add)
    }

    /// The same of one key, over all models.
    pub fn committed_by(&self, channel: u64, key: &Account) -> u128 {
        let own = self.lanes(channel).filter(|book| book.lane.key == *key);
        own.map(Book::committed).fold(0, u128::saturating_add)
    }

    fn lanes(&self, channel: u64) -> impl Iterator<Item = &Book> {
        let first = Lane { channel, model: 0, key: [0; 32] };
        let last = Lane { channel, model: u32::MAX, key: [0xff; 32] };
        self.books.range(first..=last).map(|(_, book)| book)
    }

    /// Takes a voucher whose signature was checked: it must cover a prefix of the tree, and no fewer places than the last one.
    /// Its tree is the tree: answers that it covers and that lapsed are put back.
    pub fn accept(&mut self, voucher: &SignedVoucher) -> Result<(), LedgerError> {
        let (lane, count) = (voucher.lane(), voucher.count);
        let held = self.vouched(&lane);
        if count < held {
            return Err(LedgerError::Lower { held, got: count });
        }
        if count == 0 {
            return match (voucher.fee, voucher.top) {
                (0, proof::ZERO) => Ok(()),
                (0, _) => Err(LedgerError::OtherTree { lane, count, what: "top" }),
                _ => Err(LedgerError::OtherTree { lane, count, what: "fee" }),
            };
        }
        let answered = self.head(&lane).count;
        let beyond = LedgerError::BeyondAnswered { lane, answered, got: count };
        let Some(book) = self.books.get_mut(&lane) else { return Err(beyond) };
        match usize::try_from(count).ok().and_then(|n| book.heads.get(n).copied()) {
            Some(head) if head.sum == voucher.fee && head.top == voucher.top => {}
            now => {
                if !book.restore_for(voucher)? {
                    let Some(head) = now else { return Err(beyond) };
                    let what = if head.sum == voucher.fee { "top" } else { "fee" };
                    return Err(LedgerError::OtherTree { lane, count, what });
                }
            }
        }
        let path = voucher_path(&self.dir, &lane);
        let json =
            serde_json::to_vec_pretty(voucher).map_err(|e| LedgerError::Io { path: path.clone(), source: e.into() })?;
        worker::files::write_whole(&path, &json)
            .map_err(|e| LedgerError::Io { path, source: std::io::Error::other(e) })?;
        book.voucher = Some(voucher.clone());
        Ok(())
    }

    /// The highest voucher of a lane.
    pub fn voucher(&self, lane: &Lane) -> Option<&SignedVoucher> {
        self.books.get(lane)?.voucher.as_ref()
    }

    /// Places of a lane that a voucher covers.
    pub fn vouched(&self, lane: &Lane) -> u64 {
        self.books.get(lane).map_or(0, Book::vouched)
    }

    /// All highest vouchers.
    pub fn vouchers(&self) -> Vec<SignedVoucher> {
        self.books.values().filter_map(|book| book.voucher.clone()).collect()
    }

    /// Tree 03 over the first `count` places.
    pub fn tree(&self, lane: &Lane, count: u64) -> Result<MerkleTree, LedgerError> {
        let answered = self.head(lane).count;
        let prefix = usize::try_from(count).ok().and_then(|count| self.books.get(lane)?.leaves.get(..count));
        let Some(prefix) = prefix else {
            return Err(LedgerError::BeyondAnswered { lane: *lane, answered, got: count });
        };
        Ok(MerkleTree::build::<Blake2>(Tree::Receipts, prefix.to_vec())?)
    }

    /// The places `from..to` that are in the tree: `None` for an unfilled one.
    pub fn filled(&self, lane: &Lane, from: u64, to: u64) -> Vec<Option<Filled>> {
        let Some(book) = self.books.get(lane) else { return Vec::new() };
        let range = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).min(book.leaves.len());
        let places = book.places.get(range(from)..range(to)).unwrap_or_default();
        let of = |place: &Place| match (&place.answer, &place.request) {
            (Some(filed), Some(asked)) if !place.lapsed => {
                Some(Filled { params: asked.params, kib: filed.kib, fee: filed.leaf.fee })
            }
            _ => None,
        };
        places.iter().map(of).collect()
    }

    /// The places `from..to` that a voucher covers, as far as there are, at most `limit`: `None` for an unfilled one.
    pub fn records(
        &self,
        lane: &Lane,
        from: u64,
        to: u64,
        limit: u64,
    ) -> Result<Vec<Option<ReceiptRecord>>, LedgerError> {
        let Some(book) = self.books.get(lane) else { return Ok(Vec::new()) };
        let end = to.min(book.vouched()).min(from.saturating_add(limit));
        let of = |sequence| match book.place(sequence).is_some_and(|place| place.lapsed) {
            true => Ok(None),
            false => book.record(sequence),
        };
        (from..end).map(of).collect()
    }

    /// The answer with this response root, for whom it is fetched.
    pub fn by_response(&self, root: &Hash) -> Result<Option<ReceiptRecord>, LedgerError> {
        // Private answers alone are asked for so, seldom and by few: no index is kept for it.
        for book in self.books.values() {
            for (sequence, place) in (0u64..).zip(&book.places) {
                if place.answer.as_ref().is_some_and(|filed| filed.response == *root) {
                    return book.record(sequence);
                }
            }
        }
        Ok(None)
    }

    fn book(&mut self, lane: Lane) -> Result<&mut Book, LedgerError> {
        match self.books.entry(lane) {
            std::collections::btree_map::Entry::Occupied(entry) => Ok(entry.into_mut()),
            std::collections::btree_map::Entry::Vacant(entry) => Ok(entry.insert(Book::open(&self.dir, lane)?)),
        }
    }
}

impl Book {
    fn open(dir: &Path, lane: Lane) -> Result<Self, LedgerError> {
        let path = dir.join(format!("{}.jsonl", file_name(&lane)));
        let io = |source| LedgerError::Io { path: path.clone(), source };
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(io)?;
        let mut reader = BufReader::new(file.try_clone().map_err(io)?);
        let mut book = Book {
            lane,
            path: path.clone(),
            file: file.try_clone().map_err(io)?,
            length: 0,
            places: Vec::new(),
            frontier: SumFrontier::new(),
            leaves: Vec::new(),
            heads: vec![SumHead::EMPTY],
            voucher: None,
            paid: 0,
        };
        let mut text = Vec::new();
        for line in 1.. {
            text.clear();
            let read = reader.read_until(b'\n', &mut text).map_err(io)?;
            if read == 0 || text.last() != Some(&b'\n') {
                break;
            }
            let corrupt = || LedgerError::Corrupt { path: path.clone(), line };
            let entry: Entry = serde_json::from_slice(&text).map_err(|_| corrupt())?;
            if !book.follows(&entry) {
                return Err(corrupt());
            }
            book.apply(&entry, read as u64)?;
        }
        file.set_len(book.length).map_err(io)?;
        file.seek(SeekFrom::End(0)).map_err(io)?;
        let path = voucher_path(dir, &lane);
        if let Ok(bytes) = std::fs::read(&path) {
            let corrupt = |_| LedgerError::Corrupt { path: path.clone(), line: 1 };
            book.voucher = Some(serde_json::from_slice(&bytes).map_err(corrupt)?);
        }
        Ok(book)
    }

    fn place(&self, sequence: u64) -> Option<&Place> {
        usize::try_from(sequence).ok().and_then(|at| self.places.get(at))
    }

    fn head(&self) -> SumHead {
        self.heads.last().copied().unwrap_or(SumHead::EMPTY)
    }

    fn vouched(&self) -> u64 {
        self.voucher.as_ref().map_or(0, |voucher| voucher.count)
    }

    fn ahead(&self) -> u64 {
        let payable = self.payable();
        let unpaid = |(at, place): &(u64, &Place)| match place.lapsed {
            true => place.answer.is_some(),
            false => *at >= payable,
        };
        (0u64..).zip(&self.places).filter(unpaid).count() as u64
    }

    /// How far batches can pay: to the end of the longest stretch after what is paid that a voucher covers and of which no more
    /// places are unfilled than filled.
    fn payable(&self) -> u64 {
        let (mut places, mut filled, mut payable) = (0u64, 0u64, self.paid);
        for at in self.paid..self.vouched() {
            places += 1;
            filled += u64::from(self.place(at).is_some_and(|place| place.answer.is_some() && !place.lapsed));
            if places <= filled.saturating_mul(2) {
                payable = at + 1;
            }
        }
        payable
    }

    fn committed(&self) -> u128 {
        self.places.iter().map(Place::bound).fold(0, u128::saturating_add)
    }

    /// Whether a line of the journal can stand where it stands.
    fn follows(&self, entry: &Entry) -> bool {
        match entry {
            Entry::Taken(request) => {
                let place = self.place(request.body.sequence);
                Lane::of(request) == self.lane && place.is_none_or(|place| place.request.is_none() && !place.lapsed)
            }
            Entry::Answered(record) => {
                let asked = self.place(record.receipt.sequence).and_then(|place| place.request.as_ref());
                asked.is_some_and(|asked| asked.hash == record.receipt.request)
            }
            Entry::Lapsed(at) | Entry::Restored(at) => self.place(*at).is_some(),
        }
    }

    /// Syncs a line, then lets it count.
    fn write(&mut self, entry: Entry) -> Result<(), LedgerError> {
        let io = |source| LedgerError::Io { path: self.path.clone(), source };
        let mut line = serde_json::to_vec(&entry).map_err(|e| io(e.into()))?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(io)?;
        self.file.sync_data().map_err(io)?;
        self.apply(&entry, line.len() as u64)
    }

    fn apply(&mut self, entry: &Entry, bytes: u64) -> Result<(), LedgerError> {
        let offset = self.length;
        self.length += bytes;
        match entry {
            Entry::Taken(request) => {
                let body = &request.body;
                let at = usize::try_from(body.sequence).map_err(|_| LedgerError::Overflow)?;
                if self.places.len() <= at {
                    self.places.resize_with(at + 1, Place::default);
                }
                self.places[at].request = Some(Asked {
                    hash: request.hash::<Blake2>(),
                    params: body.params,
                    max_fee: body.max_fee,
                    deadline: body.deadline,
                });
            }
            Entry::Answered(record) => {
                let receipt = &record.receipt;
                let at = usize::try_from(receipt.sequence).map_err(|_| LedgerError::Overflow)?;
                self.places[at].answer = Some(Filed {
                    offset,
                    bytes,
                    leaf: receipt.leaf(receipt.hash::<Blake2>()),
                    kib: (record.response.len() as u64).div_ceil(1024),
                    response: receipt.response,
                });
            }
            Entry::Lapsed(at) => self.set_lapsed(*at, true)?,
            Entry::Restored(at) => self.set_lapsed(*at, false)?,
        }
        self.grow()
    }

    fn set_lapsed(&mut self, at: u64, lapsed: bool) -> Result<(), LedgerError> {
        let at = usize::try_from(at).map_err(|_| LedgerError::Overflow)?;
        self.places[at].lapsed = lapsed;
        if at < self.leaves.len() {
            self.leaves.truncate(at);
            self.heads.truncate(at + 1);
            self.frontier = frontier(&self.leaves)?;
        }
        Ok(())
    }

    /// Takes into the tree what is filled without a gap.
    fn grow(&mut self) -> Result<(), LedgerError> {
        while let Some(leaf) = self.places.get(self.leaves.len()).and_then(|place| place.leaf(false)) {
            let leaf = leaf.node::<Blake2>();
            self.frontier.append::<Blake2>(Tree::Receipts, leaf)?;
            self.leaves.push(leaf);
            self.heads.push(self.frontier.sum_head::<Blake2>(Tree::Receipts)?);
        }
        Ok(())
    }

    /// Puts lapsed answers back where that gives the voucher's tree. Places lapse in order and a payer signs for what it took in
    /// order, so there is one place from which on all are back.
    fn restore_for(&mut self, voucher: &SignedVoucher) -> Result<bool, LedgerError> {
        let count = usize::try_from(voucher.count).map_err(|_| LedgerError::Overflow)?;
        if count > self.places.len() {
            return Ok(false);
        }
        let held = usize::try_from(self.vouched()).map_err(|_| LedgerError::Overflow)?;
        let back = |place: &Place| place.lapsed && place.answer.is_some();
        for first in (held..count).filter(|at| back(&self.places[*at])) {
            let mut tree = frontier(&self.leaves[..held])?;
            let leaves = (held..count).map(|at| self.places[at].leaf(at >= first));
            let Some(leaves) = leaves.collect::<Option<Vec<_>>>() else { continue };
            for leaf in leaves {
                tree.append::<Blake2>(Tree::Receipts, leaf.node::<Blake2>())?;
            }
            let head = tree.sum_head::<Blake2>(Tree::Receipts)?;
            if head.sum == voucher.fee && head.top == voucher.top {
                for at in first..count {
                    if back(&self.places[at]) {
                        self.write(Entry::Restored(at as u64))?;
                    }
                }
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A place's answer, lapsed or not.
    fn record(&self, sequence: u64) -> Result<Option<ReceiptRecord>, LedgerError> {
        let Some(filed) = self.place(sequence).and_then(|place| place.answer.as_ref()) else { return Ok(None) };
        let io = |source| LedgerError::Io { path: self.path.clone(), source };
        let mut file = File::open(&self.path).map_err(io)?;
        file.seek(SeekFrom::Start(filed.offset)).map_err(io)?;
        let mut line = Vec::new();
        file.take(filed.bytes).read_to_end(&mut line).map_err(io)?;
        match serde_json::from_slice(&line) {
            Ok(Entry::Answered(record)) => Ok(Some(*record)),
            _ => Err(LedgerError::Corrupt { path: self.path.clone(), line: sequence }),
        }
    }
}

fn frontier(leaves: &[Node]) -> Result<SumFrontier, LedgerError> {
    let mut frontier = SumFrontier::new();
    for leaf in leaves {
        frontier.append::<Blake2>(Tree::Receipts, *leaf)?;
    }
    Ok(frontier)
}

fn file_name(lane: &Lane) -> String {
    format!("{}-{}-{}", lane.channel, lane.model, hex::encode(lane.key))
}

fn voucher_path(dir: &Path, lane: &Lane) -> PathBuf {
    dir.join(format!("{}.voucher.json", file_name(lane)))
}

fn parse_lane(name: &str) -> Option<Lane> {
    let mut parts = name.splitn(3, '-');
    let (channel, model, key) = (parts.next()?, parts.next()?, parts.next()?);
    let key = hex::decode(key).ok()?.try_into().ok()?;
    Some(Lane { channel: channel.parse().ok()?, model: model.parse().ok()?, key })
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
