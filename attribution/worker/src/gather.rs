//! From the chain and the hosts to an [`EpochData`]: everything that is read is checked against what the chain commits to.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use chain::{AccountId, Chain, ChainError, Keypair, account_bytes, read};
use corpus::Cid;
use influence::RowIndex;
use ink::message_builder;
use openledger_abi::datanet::DatanetRegistry;
use openledger_abi::escrow::Escrow;
use openledger_abi::models::ModelRegistry;
use openledger_abi::payout::{Live, NewBatch, Payout};
use proof::params::{ParameterSet, Revision};
use proof::payouts::PayoutLeaf;
use proof::report::ReportBody;
use proof::request::SignedRequest;
use proof::rules::epoch::Carry;
use proof::rules::validity::{Slot, Terms, judge};
use proof::sketch::{SketchHead, SketchHeader};
use proof::tree::MerkleTree;
use proof::version::{VersionHead, VersionLeaf};
use proof::{Blake2, Node, SumHead, Tree};
use suite::Suite;

use crate::card::ModelCard;
use crate::epoch::{BatchData, ContributionFacts, EpochData, ModelData, OpenReceipt, SourceData, is_signed};
use crate::fetch::{Allowance, FetchError, Fetcher, leaf_of, patience};
use crate::files::ReportFiles;
use crate::held::{Held, HeldError};
use crate::published::{FetchOrder, Lane, PrivateText, ReceiptRecord};

/// How long an order to fetch a private text counts.
const ORDER_LIFE_MS: u64 = 600_000;
/// Batches, leaves or hosts of one read.
const BATCH_PAGE: u32 = 50;
/// The longest model card that is read.
const MAX_CARD: u64 = 4 << 20;
const LEAF_PAGE: u32 = 128;

/// Why an epoch's data is not complete.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("the chain has no {0}")]
    Absent(String),
    #[error("host {host}: {reason}")]
    Host { host: String, reason: String },
    #[error("{0}: its text is private; only oracles of the current set, who sign for it, get it")]
    Private(String),
    #[error("{what} is invalid: {reason}")]
    Invalid { what: String, reason: String },
    #[error(transparent)]
    Held(#[from] HeldError),
    #[error("this process has no folder to hold batches in, so it attests none")]
    HoldsNothing,
    #[error("{what}: what is published is not what the chain commits to ({reason})")]
    Mismatch { what: String, reason: String },
}

fn mismatch(what: impl Into<String>, reason: impl ToString) -> GatherError {
    GatherError::Mismatch { what: what.into(), reason: reason.to_string() }
}

/// Tree 03 through a batch, and the batch's places.
type Opened = (MerkleTree, Vec<Option<OpenReceipt>>);

/// A revision's data, and what it was made for.
type Known = (MadeFor, Arc<ModelData>);

/// What a revision's data depends on beside what never changes: the facts about its sources' contributions, and which of them were as if
/// not there. The same facts leave out other contributions as of another time.
#[derive(Debug, PartialEq, Eq)]
struct MadeFor {
    facts: Vec<Vec<ContributionFacts>>,
    left_out: Vec<(u8, u32)>,
}

impl MadeFor {
    fn of(sources: &[SourceData], closed_at: u64) -> Self {
        let facts: Vec<_> = sources.iter().map(|source| source.contributions.clone()).collect();
        let left_out = (0u8..).zip(&facts).flat_map(|(position, facts)| {
            let absent = (0u32..).zip(facts).filter(move |(_, contribution)| contribution.absent(closed_at));
            absent.map(move |(index, _)| (position, index))
        });
        let left_out = left_out.collect();
        Self { facts, left_out }
    }
}

/// Reads epochs of one suite on one chain. Keeps what never changes (models, texts, trees) between epochs.
pub struct Gatherer {
    chain: Arc<dyn Chain>,
    suite: Suite,
    fetcher: Fetcher,
    /// Places that may have objects, besides the hosts.
    mirrors: Vec<String>,
    /// Other oracles, which publish the files of earlier reports.
    oracles: Vec<String>,
    /// An oracle's signing key, for the texts of private answers.
    reader: Option<Keypair>,
    /// What this oracle attested.
    held: Option<Held>,
    /// The reports that this oracle publishes.
    reports: Option<PathBuf>,
    /// Never locked while anything is fetched, but for one model's own.
    known: Mutex<Memory>,
}

/// What a gatherer remembers.
#[derive(Default)]
struct Memory {
    /// Each with a lock of its own: who fetches a model keeps nobody from another.
    models: HashMap<(u32, u32), Arc<Mutex<Option<Known>>>>,
    payouts: HashMap<[u8; 32], Vec<PayoutLeaf>>,
    /// Leaves of tree 03 that were checked against a batch's top, from the first on.
    leaves: HashMap<Lane, Vec<Node>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Gatherer {
    /// A gatherer; `mirrors` and `oracles` are base URLs.
    pub fn new(
        chain: Arc<dyn Chain>,
        suite: Suite,
        fetcher: Fetcher,
        mirrors: Vec<String>,
        oracles: Vec<String>,
    ) -> Self {
        Self {
            chain,
            suite,
            fetcher,
            mirrors,
            oracles,
            reader: None,
            held: None,
            reports: None,
            known: Mutex::default(),
        }
    }

    /// The same, which fetches the texts of private answers by an oracle's signing key.
    pub fn reading_as(mut self, key: Keypair) -> Self {
        self.reader = Some(key);
        self
    }

    /// The same, which keeps in this folder what it is to attest, and reads it first.
    pub fn holding(mut self, held: Held) -> Self {
        self.held = Some(held);
        self
    }

    /// The same, which looks for the files of earlier reports in this folder first.
    pub fn publishing(mut self, reports: PathBuf) -> Self {
        self.reports = Some(reports);
        self
    }

    /// The chain.
    pub fn chain(&self) -> &Arc<dyn Chain> {
        &self.chain
    }

    /// The contracts.
    pub fn suite(&self) -> &Suite {
        &self.suite
    }

    /// The fetcher.
    pub fn fetcher(&self) -> &Fetcher {
        &self.fetcher
    }

    /// Base URLs of the oracles that publish reports.
    pub fn oracles(&self) -> &[String] {
        &self.oracles
    }

    /// Takes note of payouts that are known to be those of a report, for the epoch after it.
    pub fn remember_payouts(&self, head: &SumHead, payouts: Vec<PayoutLeaf>) {
        locked(&self.known).payouts.insert(head.top, payouts);
    }

    /// All that the report of an epoch's cut is a function of. The report before it must be final.
    pub fn epoch(&self, number: u32, attempt: u32) -> Result<EpochData, GatherError> {
        let live = read(&*self.chain, self.suite.payout, message_builder!(Payout).live())?;
        if live.epochs != number {
            return Err(GatherError::Absent(format!("final report of epoch {}", number.saturating_sub(1))));
        }
        self.epoch_after(number, attempt, &live.payouts)
    }

    /// The same of an epoch whose own report is final already, for audits.
    pub fn final_epoch(&self, number: u32) -> Result<EpochData, GatherError> {
        let body = read(&*self.chain, self.suite.payout, message_builder!(Payout).report(number))?
            .ok_or_else(|| GatherError::Absent(format!("report of epoch {number}")))?
            .body;
        self.epoch_after(number, body.attempt, &body.previous)
    }

    /// A cut of an epoch that continues these payouts.
    fn epoch_after(&self, number: u32, attempt: u32, payouts: &SumHead) -> Result<EpochData, GatherError> {
        let payout = self.suite.payout;
        let chain = self.chain.clone();
        let cut = read(&*chain, payout, message_builder!(Payout).cut(number, attempt))?
            .ok_or_else(|| GatherError::Absent(format!("cut {number}.{attempt}")))?;
        let previous = self.previous(number, payouts)?;
        let mut batches = Vec::new();
        let mut raw = Vec::new();
        let mut at = cut.from;
        while at < cut.to {
            let limit = BATCH_PAGE.min(u32::try_from(cut.to - at).unwrap_or(BATCH_PAGE));
            let page = read(&*chain, payout, message_builder!(Payout).batches(at, limit))?;
            if page.is_empty() {
                return Err(GatherError::Absent(format!("batch {at}")));
            }
            at += page.len() as u64;
            raw.extend(page);
        }
        let mut parameters = BTreeMap::new();
        for (number, batch) in (cut.from..).zip(&raw) {
            self.parameter_set(batch.params, &mut parameters)?;
            let pot = cut.pot_of(number, batch);
            batches.push(self.batch(&batch.redeemed(), pot, cut.withheld.contains(&number))?);
        }
        let mut models = BTreeMap::new();
        for open in batches.iter().flat_map(BatchData::receipts) {
            let key = (open.receipt.model, open.receipt.revision);
            if let std::collections::btree_map::Entry::Vacant(entry) = models.entry(key) {
                if let Some(model) = self.model(key, cut.closed_at)? {
                    entry.insert(model);
                }
            }
        }
        Ok(EpochData {
            epoch: number,
            attempt,
            set: cut.set,
            domain: Suite::domain(self.chain.genesis(), self.suite.escrow),
            from: cut.from,
            to: cut.to,
            batches,
            carry: Carry { carry_in: cut.carry_in, pots: cut.pots, carry_bps: cut.carry_bps },
            closed_at: cut.closed_at,
            previous,
            models,
            parameters,
        })
    }

    /// The leaves of the payouts that claims are paid by.
    pub fn live_payouts(&self, live: &Live) -> Result<Vec<PayoutLeaf>, GatherError> {
        self.previous(live.epochs, &live.payouts)
    }

    /// The payouts with this head, from memory or from the files of the report before.
    fn previous(&self, number: u32, head: &SumHead) -> Result<Vec<PayoutLeaf>, GatherError> {
        if head.count == 0 {
            return Ok(Vec::new());
        }
        if let Some(known) = locked(&self.known).payouts.get(&head.top) {
            return Ok(known.clone());
        }
        let before = number.saturating_sub(1);
        let report = read(&*self.chain, self.suite.payout, message_builder!(Payout).report(before))?
            .ok_or_else(|| GatherError::Absent(format!("report of epoch {before}")))?;
        let files = match self.published(&report.body) {
            Some(files) => files,
            None => self.fetcher.files(&self.oracles, &report.body)?,
        };
        let what = || format!("payouts of epoch {before}");
        let leaves = files.payout_leaves().map_err(|e| mismatch(what(), e))?;
        let tree = MerkleTree::build::<Blake2>(Tree::Payouts, leaves.iter().map(PayoutLeaf::node::<Blake2>).collect())
            .map_err(|e| mismatch(what(), e))?;
        if tree.sum_head() != *head {
            return Err(mismatch(what(), "another tree"));
        }
        locked(&self.known).payouts.insert(head.top, leaves.clone());
        Ok(leaves)
    }

    /// A report's files, if this oracle published just these.
    fn published(&self, report: &ReportBody) -> Option<ReportFiles> {
        let folder = self.reports.as_ref()?.join(report.epoch.to_string()).join(report.attempt.to_string());
        ReportFiles::read(&folder).ok().filter(|files| files.digest() == report.files)
    }

    fn parameter_set(&self, number: u32, known: &mut BTreeMap<u32, ParameterSet>) -> Result<(), GatherError> {
        if let std::collections::btree_map::Entry::Vacant(entry) = known.entry(number) {
            let set = read(&*self.chain, self.suite.escrow, message_builder!(Escrow).parameters(number))?
                .ok_or_else(|| GatherError::Absent(format!("parameter set {number}")))?;
            entry.insert(set.into());
        }
        Ok(())
    }

    fn host_endpoint(&self, host: AccountId) -> Result<String, GatherError> {
        let name = || chain::ss58(&host);
        let info = read(&*self.chain, self.suite.model_registry, message_builder!(ModelRegistry).host(host))?
            .ok_or_else(|| GatherError::Host { host: name(), reason: "it announces no endpoint".into() })?;
        String::from_utf8(info.host.endpoint)
            .map_err(|_| GatherError::Host { host: name(), reason: "its endpoint is not UTF-8".into() })
    }

    /// A batch with its receipts, checked against its top; of one that is withheld nothing is fetched, nor what was checked of
    /// earlier batches again. What this oracle holds itself is read first, then the host is asked, then other oracles.
    fn batch(&self, batch: &NewBatch, pot: u128, withheld: bool) -> Result<BatchData, GatherError> {
        let data = |tree: MerkleTree, places: Option<_>| BatchData {
            channel: batch.channel,
            model: batch.model,
            key: batch.key,
            params: batch.params,
            at: batch.at,
            count_from: batch.count_from,
            count_to: batch.count_to,
            fee_from: batch.fee_from,
            fee_to: batch.fee_to,
            pot,
            tree,
            top: batch.top,
            places,
        };
        if withheld {
            let none = MerkleTree::build::<Blake2>(Tree::Receipts, Vec::<proof::Node>::new());
            return Ok(data(none.map_err(|e| mismatch("a withheld batch", e))?, None));
        }
        let lane = lane_of(batch);
        let first = usize::try_from(batch.count_from).unwrap_or(usize::MAX);
        let checked = self.checked(&lane, first);
        if let Some((tree, places)) = self.held(batch, &checked) {
            return Ok(data(tree, Some(places)));
        }
        let host = self.host_endpoint(batch.host);
        let at_host = host.as_ref().ok().map(|host| (host, true));
        let mut last = None;
        for (endpoint, is_host) in at_host.into_iter().chain(self.oracles.iter().map(|at| (at, false))) {
            let found = self.fetched(batch, endpoint, is_host, &checked, host.as_deref().ok());
            match found {
                Ok((tree, places)) => return Ok(data(tree, Some(places))),
                // The host's own trouble says more than that nobody else has what it hides.
                Err(error) => last = last.or(Some(error)),
            }
        }
        Err(last.or(host.err()).unwrap_or_else(|| GatherError::Absent(format!("receipts of {lane}"))))
    }

    /// Leaves of a lane before this place that were checked.
    fn checked(&self, lane: &Lane, before: usize) -> Vec<Node> {
        let known = locked(&self.known);
        known.leaves.get(lane).map_or(&[][..], |known| &known[..known.len().min(before)]).to_vec()
    }

    /// A batch as this oracle holds it. What can't be read or is not what was redeemed is as if it were not held: a damaged file is
    /// fetched anew.
    fn held(&self, batch: &NewBatch, checked: &[Node]) -> Option<Opened> {
        let (held, lane) = (self.held.as_ref()?, lane_of(batch));
        let leaves = match checked.len() as u64 == batch.count_from {
            true => checked.to_vec(),
            false => held.leaves(&lane, batch.count_from).ok().flatten().unwrap_or_else(|| checked.to_vec()),
        };
        let mut records = held.get(&lane, leaves.len() as u64, batch.count_to).ok().flatten()?;
        let own = usize::try_from(batch.count_from).ok()?.checked_sub(leaves.len())?;
        let places = records.split_off(own.min(records.len()));
        let leaves = leaves.into_iter().chain(records.iter().map(leaf_of)).collect();
        self.opened(batch, leaves, places, &mut Vec::new(), &mut Allowance::of_batch(batch)).ok()
    }

    /// A batch as its host or another oracle has it. What this oracle attested and has lost is kept anew.
    fn fetched(
        &self,
        batch: &NewBatch,
        endpoint: &str,
        is_host: bool,
        checked: &[Node],
        host: Option<&str>,
    ) -> Result<Opened, GatherError> {
        let lane = lane_of(batch);
        let known = checked.len() as u64;
        let leaves = match (known == batch.count_from, is_host) {
            (true, _) => checked.to_vec(),
            // An oracle holds the places that it attested, and of those before them the leaves alone.
            (_, false) => self.fetcher.leaves(endpoint, &lane, batch.count_from)?,
            (_, true) => {
                let rest = self.fetcher.published_leaves(endpoint, &lane, known, batch.count_from)?;
                checked.iter().copied().chain(rest).collect()
            }
        };
        let mut allowance = Allowance::of_batch(batch);
        let records = self.fetcher.receipts(endpoint, &lane, batch.count_from, batch.count_to, &mut allowance)?;
        let mut sources = Vec::new();
        if records.iter().flatten().any(ReceiptRecord::is_withheld) {
            let oracles = self.oracles.iter().filter_map(|oracle| Some((oracle.clone(), self.member_at(oracle)?)));
            sources = host.map(|host| (host.to_owned(), batch.host)).into_iter().chain(oracles).collect();
            if !is_host && host.is_some() {
                sources.rotate_left(1);
            }
        }
        let opened = self.opened(batch, leaves, records, &mut sources, &mut allowance)?;
        if let Some(held) = self.held.as_ref().filter(|held| held.has(&lane, batch.count_from, batch.count_to)) {
            let places = opened.1.iter().map(|place| place.as_ref().map(|open| open.record.clone()));
            held.put(&lane, batch.count_from, &places.collect::<Vec<_>>())?;
        }
        Ok(opened)
    }

    /// The places of a batch, opened, of its records, which follow these leaves of its lane.
    fn opened(
        &self,
        batch: &NewBatch,
        mut leaves: Vec<Node>,
        places: Vec<Option<ReceiptRecord>>,
        sources: &mut [(String, AccountId)],
        allowance: &mut Allowance,
    ) -> Result<Opened, GatherError> {
        let lane = lane_of(batch);
        let what = || format!("receipts of {lane}");
        leaves.extend(places.iter().map(leaf_of));
        let tree = MerkleTree::build::<Blake2>(Tree::Receipts, leaves.clone()).map_err(|e| mismatch(what(), e))?;
        if tree.sum_head() != (SumHead { count: batch.count_to, sum: batch.fee_to, top: batch.top }) {
            return Err(mismatch(what(), "another tree than the redeemed voucher's"));
        }
        if tree.prefix(batch.count_from).ok() != Some(batch.fee_from) {
            return Err(mismatch(what(), "the fees before the batch have another sum"));
        }
        let mut open = |record: ReceiptRecord| {
            let record = self.with_text(record, sources, allowance)?;
            let receipt = record.open().map_err(|e| mismatch(what(), e))?;
            Ok::<_, GatherError>(OpenReceipt { receipt, record })
        };
        let places = places.into_iter().map(|record| record.map(&mut open).transpose());
        let places = places.collect::<Result<Vec<_>, GatherError>>()?;
        let mut known = locked(&self.known);
        if known.leaves.get(&lane).is_none_or(|known| known.len() < leaves.len()) {
            known.leaves.insert(lane, leaves);
        }
        drop(known);
        Ok((tree, places))
    }

    /// Fetches all that a batch rests on, checks each receipt by the rule that a proof checks it by, and keeps the records: what an
    /// oracle does before it attests. The revisions that the receipts name are kept with their texts and sketches in the store.
    ///
    /// # Errors
    /// What is missing, hidden or invalid, with the receipt and the field.
    pub fn hold(&self, batch: &NewBatch) -> Result<(), GatherError> {
        let held = self.held.clone().ok_or_else(|| GatherError::HoldsNothing)?;
        let data = self.batch(batch, batch.pot, false)?;
        let lane = lane_of(batch);
        let now = self.chain.now()?;
        let domain = Suite::domain(self.chain.genesis(), self.suite.escrow);
        let mut parameters = BTreeMap::new();
        self.parameter_set(batch.params, &mut parameters)?;
        let params = &parameters[&batch.params];
        let places = data.places.unwrap_or_default();
        let (mut filled, mut kib) = (0u64, 0u64);
        for (sequence, open) in (batch.count_from..).zip(&places) {
            let Some(open) = open else { continue };
            let receipt = &open.receipt;
            let what = || format!("receipt {sequence} of {lane}");
            let model = self.model((receipt.model, receipt.revision), now)?;
            let revision = model.as_ref().map(|model| (model.revision.adapter, model.revision.created_at));
            let slot = Slot {
                channel: batch.channel,
                model: batch.model,
                key: batch.key,
                params: batch.params,
                sequence,
                fee: receipt.fee,
                at: batch.at,
            };
            let answer = open.answer();
            let opened = answer.opened().map_err(|e| mismatch(what(), e))?;
            let signed = |request: &SignedRequest| is_signed(&domain, request);
            let judged = judge::<Blake2>(&opened, &Terms { slot: &slot, revision, params }, signed);
            if let Some(invalid) = judged.map_err(|e| mismatch(what(), e))? {
                return Err(GatherError::Invalid { what: what(), reason: invalid.to_string() });
            }
            filled += 1;
            kib += (open.record.response.len() as u64).div_ceil(1024);
        }
        if filled != batch.filled || kib > batch.kib {
            let reason = format!(
                "{filled} places are filled and {kib} KiB answered, where {} and {} were redeemed",
                batch.filled, batch.kib
            );
            return Err(GatherError::Invalid { what: format!("batch of {lane}"), reason });
        }
        // What lies before may never have been attested, and then nobody else has it once its host is gone.
        let before = self.checked(&lane, usize::try_from(batch.count_from).unwrap_or(usize::MAX));
        held.put_leaves(&lane, &before)?;
        let records: Vec<_> = places.into_iter().map(|place| place.map(|open| open.record)).collect();
        held.put(&lane, batch.count_from, &records)?;
        Ok(())
    }

    /// A record with its text, which of a private answer is fetched apart, by a signed order, from the first of these places that
    /// has it; who did not have it is asked last from then on.
    fn with_text(
        &self,
        record: ReceiptRecord,
        sources: &mut [(String, AccountId)],
        allowance: &mut Allowance,
    ) -> Result<ReceiptRecord, GatherError> {
        if !record.is_withheld() {
            return Ok(record);
        }
        let hidden =
            || GatherError::Private(format!("receipt {} of {}", record.receipt.sequence, Lane::of(&record.request)));
        let Some(reader) = &self.reader else { return Err(hidden()) };
        let mut last = None;
        for _ in 0..sources.len() {
            let (endpoint, account) = &sources[0];
            match self.ordered(reader, endpoint, *account, record.receipt.response, allowance) {
                Ok(text) => {
                    let mut full = record.clone();
                    (full.response, full.random, full.sketch) = (text.response, Some(text.random), text.sketch);
                    match full.open() {
                        Ok(_) => return Ok(full),
                        Err(error) => last = last.or(Some(mismatch("a private text", error))),
                    }
                }
                // The host's own trouble says more than that nobody else has what it hides.
                Err(error) => last = last.or(Some(error)),
            }
            sources.rotate_left(1);
        }
        Err(last.unwrap_or_else(hidden))
    }

    /// Whose the oracle at this address says it is, if that is a member of the current set: only members are asked for private texts.
    fn member_at(&self, oracle: &str) -> Option<AccountId> {
        let account = AccountId::from(self.fetcher.operator(oracle).ok()?);
        let member = read(&*self.chain, self.suite.payout, message_builder!(Payout).is_oracle(account)).ok()?;
        member.then_some(account)
    }

    /// A private text by an order that this oracle signs for the account at an address.
    fn ordered(
        &self,
        reader: &Keypair,
        endpoint: &str,
        account: AccountId,
        object: proof::Hash,
        allowance: &mut Allowance,
    ) -> Result<PrivateText, GatherError> {
        let domain = Suite::domain(self.chain.genesis(), self.suite.escrow);
        let deadline = self.chain.now()?.saturating_add(ORDER_LIFE_MS);
        let key = reader.public();
        let signable = FetchOrder::signable(&domain, &account_bytes(&account), &object, &key, deadline);
        let order = FetchOrder { object, key, deadline, signature: reader.sign(&signable.digest) };
        Ok(self.fetcher.private_text(endpoint, &order, allowance)?)
    }

    /// A model's revision with texts, index and sketches; `None` if it does not exist.
    pub fn model(&self, key: (u32, u32), closed_at: u64) -> Result<Option<Arc<ModelData>>, GatherError> {
        let (model, number) = key;
        let registry = self.suite.model_registry;
        let Some(revision) = read(&*self.chain, registry, message_builder!(ModelRegistry).revision(model, number))?
        else {
            return Ok(None);
        };
        let mut sources = Vec::new();
        let mut heads = Vec::new();
        for source in &revision.sources {
            let (head, data) = self.source(source.datanet, source.version, closed_at)?;
            heads.push(head);
            sources.push(data);
        }
        // Facts change with time; texts, indices and sketches don't, unless a contribution stops to count.
        let made_for = MadeFor::of(&sources, closed_at);
        let kept = locked(&self.known).models.entry(key).or_default().clone();
        let mut kept = locked(&kept);
        if let Some((known, data)) = &*kept {
            if *known == made_for {
                return Ok(Some(data.clone()));
            }
        }
        let sketches = &revision.sketches;
        let head = (sketches.count > 0).then_some(SketchHead {
            header: SketchHeader { count: sketches.count, d: sketches.d, digest: sketches.digest },
            top: sketches.top,
        });
        let rows = match &head {
            None => None,
            Some(head) => Some(self.rows(key, &revision.card_cid, head)?),
        };
        let endpoints = self.endpoints(model)?;
        // What was fetched until then is in the store, and the next try goes on from there.
        let lengths = sources.iter().flat_map(|source| &source.contributions).map(|contribution| contribution.length);
        let pieces = lengths.clone().count() as u64;
        let until = Instant::now() + patience(lengths.fold(0, u64::saturating_add), pieces);
        let mut texts = BTreeMap::new();
        let mut indexed = Vec::new();
        for (position, source) in (0u8..).zip(&sources) {
            for (index, contribution) in (0u32..).zip(&source.contributions) {
                texts.insert((position, index), self.text(contribution, &endpoints, until)?);
            }
            indexed
                .push(index_of(position, source, &texts).map_err(|e| mismatch(format!("texts of model {model}"), e))?);
        }
        let spans = spans::Index::new(indexed).map_err(|e| mismatch(format!("texts of model {model}"), e))?;
        let data = Arc::new(ModelData {
            revision: Revision {
                policy: revision.policy.into(),
                adapter: revision.artefact_hash,
                sketches: head,
                sources: heads,
                created_at: revision.created_at,
            },
            spans: if made_for.left_out.is_empty() { spans } else { spans.without(&made_for.left_out) },
            texts,
            sources,
            rows,
        });
        *kept = Some((made_for, data.clone()));
        Ok(Some(data))
    }

    /// Base URLs where objects of a model may be: mirrors, then the hosts that announced it.
    pub fn endpoints(&self, model: u32) -> Result<Vec<String>, GatherError> {
        let registry = self.suite.model_registry;
        let hosts = read(&*self.chain, registry, message_builder!(ModelRegistry).hosts_of(model, 0, 16))?;
        let announced = hosts.into_iter().filter_map(|host| String::from_utf8(host.endpoint).ok());
        Ok(self.mirrors.iter().cloned().chain(announced).collect())
    }

    fn rows(&self, (model, revision): (u32, u32), card: &[u8], head: &SketchHead) -> Result<RowIndex, GatherError> {
        let what = || format!("sketches of model {model}, revision {revision}");
        let endpoints = self.endpoints(model)?;
        let card = Cid::from_bytes(card).map_err(|e| mismatch(what(), e))?;
        let card = self.fetcher.object(&card, &endpoints, Allowance::of(MAX_CARD))?;
        let card = ModelCard::parse(&card).map_err(|e| mismatch(what(), e))?;
        let sketches = card.sketches_cid.ok_or_else(|| mismatch(what(), "the card names none"))?;
        let bytes = self.fetcher.object(&sketches, &endpoints, Allowance::of(RowIndex::file_bytes(&head.header)))?;
        let rows = RowIndex::open(&bytes).map_err(|e| mismatch(what(), e))?;
        if rows.head() != *head {
            return Err(mismatch(what(), "another tree than the registered one"));
        }
        Ok(rows)
    }

    fn text(
        &self,
        contribution: &ContributionFacts,
        endpoints: &[String],
        until: Instant,
    ) -> Result<Vec<u8>, GatherError> {
        let what = || format!("contribution {}", contribution.contribution);
        let cid = Cid::from_bytes(&contribution.cid).map_err(|e| mismatch(what(), e))?;
        let text = self.fetcher.object(&cid, endpoints, Allowance::by(contribution.length, until))?;
        let root = proof::text::root_of::<Blake2>(&text).map_err(|e| mismatch(what(), e))?;
        if root != contribution.root {
            return Err(mismatch(what(), "its text has another root"));
        }
        Ok(text)
    }

    /// A Datanet version: its leaves, checked against its top, with the facts about each contribution.
    fn source(&self, datanet: u32, version: u32, closed_at: u64) -> Result<(VersionHead, SourceData), GatherError> {
        let registry = self.suite.datanet_registry;
        let what = || format!("Datanet {datanet}, version {version}");
        let cut = read(&*self.chain, registry, message_builder!(DatanetRegistry).version(datanet, version))?
            .ok_or_else(|| GatherError::Absent(what()))?;
        let mut leaves = Vec::new();
        while (leaves.len() as u32) < cut.count {
            let from = leaves.len() as u32;
            let limit = LEAF_PAGE.min(cut.count - from);
            let call = message_builder!(DatanetRegistry).leaves(datanet, from, limit);
            let page = read(&*self.chain, registry, call)?;
            if page.is_empty() {
                return Err(GatherError::Absent(format!("leaf {from} of {}", what())));
            }
            leaves.extend(page);
        }
        let nodes: Vec<VersionLeaf> = leaves
            .iter()
            .map(|leaf| VersionLeaf {
                seq: leaf.seq,
                contribution: leaf.contribution,
                content_root: leaf.root,
                contributor: account_bytes(&leaf.contributor),
            })
            .collect();
        let tree = MerkleTree::build::<Blake2>(Tree::Version, nodes.iter().map(VersionLeaf::node::<Blake2>).collect())
            .map_err(|e| mismatch(what(), e))?;
        if tree.top().hash != cut.top {
            return Err(mismatch(what(), "its leaves have another top"));
        }
        let mut contributions = Vec::new();
        for leaf in &nodes {
            contributions.push(self.facts(leaf, closed_at)?);
        }
        let head = VersionHead { count: cut.count, top: cut.top };
        Ok((head, SourceData { datanet, version, leaves: nodes, tree, contributions }))
    }

    fn facts(&self, leaf: &VersionLeaf, closed_at: u64) -> Result<ContributionFacts, GatherError> {
        let registry = self.suite.datanet_registry;
        let number = leaf.contribution;
        let absent = || GatherError::Absent(format!("contribution {number}"));
        let call = message_builder!(DatanetRegistry).contribution(number);
        let contribution = read(&*self.chain, registry, call)?.ok_or_else(absent)?;
        let call = message_builder!(DatanetRegistry).payee_at(number, closed_at);
        let payee = read(&*self.chain, registry, call)?.ok_or_else(absent)?;
        Ok(ContributionFacts {
            contribution: number,
            seq: leaf.seq,
            contributor: leaf.contributor,
            payee: account_bytes(&payee),
            root: leaf.content_root,
            cid: contribution.cid.clone(),
            length: contribution.length,
            standing: contribution.standing(),
        })
    }
}

/// Where a batch's receipts stand.
fn lane_of(batch: &NewBatch) -> Lane {
    Lane { channel: batch.channel, model: batch.model, key: batch.key }
}

/// A source's texts as a searchable index.
fn index_of(
    position: u8,
    source: &SourceData,
    texts: &BTreeMap<(u8, u32), Vec<u8>>,
) -> Result<spans::Source, spans::Error> {
    let range = (position, 0)..=(position, u32::MAX);
    let segments =
        spans::Segment::in_memory(source.tree.top().hash, texts.range(range).map(|(_, text)| text.as_slice()))?;
    let holders = source.leaves.iter().map(|leaf| spans::Holder { seq: leaf.seq, contributor: leaf.contributor });
    spans::Source::new(segments, holders.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proof::terms::Standing;

    fn source(struck_at: Option<u64>) -> SourceData {
        let contribution = ContributionFacts {
            contribution: 7,
            seq: 1,
            contributor: [1; 32],
            payee: [1; 32],
            root: [2; 32],
            cid: Vec::new(),
            length: 1,
            standing: Standing { struck_at, ..Standing::default() },
        };
        let tree = MerkleTree::build::<Blake2>(Tree::Version, Vec::new()).unwrap();
        SourceData { datanet: 0, version: 0, leaves: Vec::new(), tree, contributions: vec![contribution] }
    }

    #[test]
    fn data_made_for_one_time_is_not_taken_for_another_by_which_a_text_was_struck() {
        let struck = [source(Some(100))];
        let (before, after) = (MadeFor::of(&struck, 100), MadeFor::of(&struck, 101));
        assert_eq!((before.left_out.as_slice(), after.left_out.as_slice()), (&[][..], &[(0, 0)][..]));
        assert_ne!(before, after);
        assert_eq!(after, MadeFor::of(&struck, 1_000));
        assert_ne!(before, MadeFor::of(&[source(None)], 100));
    }
}
