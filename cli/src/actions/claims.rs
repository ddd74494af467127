//! What contributors earned, and paying it.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use chain::{AccountId, Keypair, account_bytes};
use ink::message_builder;
use openledger_abi::payout::{Claim, Payout};
use proof::evidence::{Entry, EvidenceLeaf};
use proof::payouts::PayoutLeaf;
use proof::tree::{MerkleTree, Tree};
use proof::{Account, Blake2, Node};
use worker::fetch::Fetcher;
use worker::files::ReportFiles;

use crate::context::Context;

/// Claims of one transaction: a path of 32 nodes is 1.5 KB, and an input may have 16.
const CLAIMS_A_CALL: usize = 8;

/// The files of the final report of an epoch, from oracles, checked against the chain.
pub fn files(context: &Context, fetcher: &Fetcher, oracles: &[String], epoch: u32) -> Result<ReportFiles> {
    let report = context
        .read(context.suite.payout, message_builder!(Payout).report(epoch))?
        .with_context(|| format!("epoch {epoch} has no report"))?;
    Ok(fetcher.files(oracles, &report.body)?)
}

/// The leaves of the live payouts: the files of the last final report.
pub fn live_payouts(context: &Context, fetcher: &Fetcher, oracles: &[String]) -> Result<Vec<PayoutLeaf>> {
    let live = context.read(context.suite.payout, message_builder!(Payout).live())?;
    match live.epochs.checked_sub(1) {
        None => Ok(Vec::new()),
        Some(last) => Ok(files(context, fetcher, oracles, last)?.payout_leaves()?),
    }
}

/// Pays everybody in `leaves` (or only `accounts`) what the live payouts owe them. Returns each account's amount.
pub fn claim(
    context: &Context,
    pusher: &Keypair,
    leaves: &[PayoutLeaf],
    accounts: Option<&[AccountId]>,
) -> Result<BTreeMap<Account, u128>> {
    let payout = context.suite.payout;
    let tree = MerkleTree::build::<Blake2>(Tree::Payouts, leaves.iter().map(PayoutLeaf::node::<Blake2>).collect())?;
    let live = context.read(payout, message_builder!(Payout).live())?;
    ensure!(tree.sum_head() == live.payouts, "these payouts are not the live ones on chain: fetch them again");
    let mut claims = Vec::new();
    let mut paid = BTreeMap::new();
    for (index, leaf) in (0u64..).zip(leaves) {
        let account = AccountId::from(leaf.account);
        if accounts.is_some_and(|accounts| !accounts.contains(&account)) {
            continue;
        }
        let claimed = context.read(payout, message_builder!(Payout).claimed(account))?;
        let due = leaf.cumulative.saturating_sub(claimed);
        if due > 0 {
            paid.insert(leaf.account, due);
            claims.push(Claim { account, cumulative: leaf.cumulative, index, path: tree.path::<Node>(index)? });
        }
    }
    for page in claims.chunks(CLAIMS_A_CALL) {
        let call = message_builder!(Payout).claim_many(page.to_vec());
        context.send("claiming", pusher, payout, call)?;
    }
    Ok(paid)
}

/// What an account earned in one epoch, by kind of attribution.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Earned {
    pub span_credits: u32,
    pub influence_credits: u32,
    pub retrieval_credits: u32,
    #[serde(with = "worker::published::decimal")]
    pub spans: u128,
    #[serde(with = "worker::published::decimal")]
    pub influence: u128,
    #[serde(with = "worker::published::decimal")]
    pub retrieval: u128,
}

impl Earned {
    /// All kinds together.
    pub fn total(&self) -> u128 {
        self.spans.saturating_add(self.influence).saturating_add(self.retrieval)
    }
}

/// Adds an epoch's credits to each account's earnings.
pub fn earnings(files: &ReportFiles, earned: &mut BTreeMap<Account, Earned>) -> Result<()> {
    let evidence = files.evidence_leaves()?;
    for credit in files.credit_leaves()? {
        let fields = usize::try_from(credit.evidence).ok().and_then(|at| evidence.get(at));
        let leaf = EvidenceLeaf::decode(fields.context("a credit names evidence that is not published")?)?;
        let entry = leaf.entries.get(usize::from(credit.entry)).context("a credit names an entry that is not there")?;
        let sums = earned.entry(credit.account).or_default();
        let (count, amount) = match entry {
            Entry::Span(_) | Entry::Exempt(_) => (&mut sums.span_credits, &mut sums.spans),
            Entry::Influence(_) => (&mut sums.influence_credits, &mut sums.influence),
            Entry::Retrieval(_) => (&mut sums.retrieval_credits, &mut sums.retrieval),
        };
        *count += 1;
        *amount = amount.saturating_add(credit.amount);
    }
    Ok(())
}

/// The bytes of an account, for looking up in maps.
pub fn key(account: &AccountId) -> Account {
    account_bytes(account)
}
