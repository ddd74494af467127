//! Datanets: create, commit to texts, contribute them under signed terms, judge, cut versions, read them back.

use anyhow::{Context as _, Result};
use chain::{AccountId, Keypair, account_bytes};
use corpus::{Cid, Listed, Store, Version};
use ink::message_builder;
use openledger_abi::datanet::{
    AGAIN_MS, Contribution, ContributionStatus, Datanet, DatanetError, DatanetRegistry, Judges, LicenceFloor,
    MAX_DATANET_PAGE, NewContribution, OPENING_MS, Opening, Terms, Use, Version as Cut,
};
use proof::signed::Signable;
use proof::terms::Commitment;
use proof::version::VersionLeaf;
use proof::{Blake2, Hasher};
use suite::Suite;

use crate::context::Context;

/// Leaves of one read.
const PAGE: u32 = 128;
/// How long a contributor's signature can be used, in chain time.
const SIGNATURE_LIFE_MS: u64 = 24 * 3_600_000;

/// A text to be contributed: its canonical bytes are in the store under `cid`.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    pub cid: Cid,
    pub root: [u8; 32],
    pub length: u64,
}

/// Terms that let a text be used for everything for money, for at least `min_bps` of the fees.
pub fn open_terms(licence: &str, min_bps: u16) -> Terms {
    Terms {
        licence: Blake2::blake2_256(licence.as_bytes()),
        train: true,
        retrieve: true,
        display: true,
        commercial: true,
        share_alike: false,
        min_bps,
        expires_at: 0,
    }
}

/// A floor under which texts allow everything for good, and ask for at most `share_bps` of the fees.
pub fn open_floor(share_bps: u16) -> LicenceFloor {
    LicenceFloor {
        train: true,
        retrieve: true,
        display: true,
        commercial: true,
        share_alike: false,
        share_bps,
        earliest_end: 0,
    }
}

/// Creates a Datanet of the key's.
pub fn create(context: &Context, owner: &Keypair, name: &str, floor: LicenceFloor, judges: Judges) -> Result<u32> {
    let call = message_builder!(DatanetRegistry).create(name.as_bytes().to_vec(), Vec::new(), floor, judges);
    Ok(context.send("creating the Datanet", owner, context.suite.datanet_registry, call)?.value)
}

/// The commitment to a text. Its salt is the contributor's secret, and the same each time, so that there is nothing to keep or lose: whoever
/// was interrupted comes to the same commitment again.
fn commitment(context: &Context, contributor: &Keypair, datanet: u32, root: [u8; 32]) -> Commitment {
    let registry = account_bytes(&context.suite.datanet_registry);
    let purpose = [&proof::signed::TERMS[..], &context.chain.genesis(), &registry, &datanet.to_le_bytes(), &root];
    let salt = contributor.secret_for(&purpose.concat());
    Commitment { content_root: root, contributor: contributor.public(), salt }
}

/// Commits to texts, each alone, where that wasn't done before, and waits until they can be opened: from then on their precedence is fixed,
/// and nothing of them has been shown. `relayer` pays.
pub fn commit(context: &Context, relayer: &Keypair, datanet: u32, texts: &[(&Keypair, Text)]) -> Result<()> {
    let registry = context.suite.datanet_registry;
    let mut last = 0;
    for (contributor, text) in texts {
        let top = commitment(context, contributor, datanet, text.root).node::<Blake2>().hash;
        let known = || context.read(registry, message_builder!(DatanetRegistry).commitment(top, 1));
        let now = context.chain.now()?;
        let live = known()?.filter(|known| now <= known.committed_at.saturating_add(OPENING_MS));
        let entered = match live {
            Some(entered) => entered,
            None => {
                let call = message_builder!(DatanetRegistry).commit(top, 1);
                context.send("committing to the text", relayer, registry, call)?;
                known()?.context("the commitment is not in the registry")?
            }
        };
        last = last.max(entered.committed_at);
    }
    Ok(chain::advance_to(&*context.chain, last.saturating_add(1))?)
}

/// Opens the commitment to a text: the contributor signs the terms, `relayer` sends them in and pays for the transaction.
pub fn contribute(
    context: &Context,
    relayer: &Keypair,
    contributor: &Keypair,
    datanet: u32,
    text: &Text,
    terms: Terms,
) -> Result<u64> {
    let registry = context.suite.datanet_registry;
    let account = contributor.account();
    let deadline = context.chain.now()?.saturating_add(SIGNATURE_LIFE_MS);
    let cid = text.cid.to_bytes();
    let body = proof::terms::Terms {
        datanet,
        content_root: text.root,
        length: text.length,
        cid: Blake2::blake2_256(&cid),
        contributor: account_bytes(&account),
        licence: terms,
        salt: commitment(context, contributor, datanet, text.root).salt,
        deadline,
    };
    let domain = Suite::domain(context.chain.genesis(), registry);
    let signature = contributor.sign(&Signable::terms::<Blake2>(&domain, &body).digest);
    let new = NewContribution {
        datanet,
        root: text.root,
        length: text.length,
        cid,
        terms,
        salt: body.salt,
        deadline,
        contributor: account,
    };
    let alone = Opening { count: 1, index: 0, path: Vec::new() };
    let call = message_builder!(DatanetRegistry).contribute(new, alone, signature);
    Ok(context.send("contributing", relayer, registry, call)?.value)
}

/// A validator's or curator's verdict. Returns where the contribution stands then.
pub fn verdict(
    context: &Context,
    judge: &Keypair,
    contribution: u64,
    accept: bool,
    quality_bps: u16,
) -> Result<ContributionStatus> {
    let call = message_builder!(DatanetRegistry).verdict(contribution, accept, quality_bps);
    Ok(context.send("the verdict", judge, context.suite.datanet_registry, call)?.value)
}

/// Cuts a version over all that is in the Datanet.
pub fn cut_version(context: &Context, owner: &Keypair, datanet: u32) -> Result<u32> {
    let call = message_builder!(DatanetRegistry).cut_version(datanet);
    Ok(context.send("cutting the version", owner, context.suite.datanet_registry, call)?.value)
}

/// Takes a contribution back: it earns nothing from now on, and no new model may rest on it.
pub fn revoke(context: &Context, contributor: &Keypair, contribution: u64) -> Result<()> {
    let call = message_builder!(DatanetRegistry).revoke(contribution);
    context.send("revoking", contributor, context.suite.datanet_registry, call)?;
    Ok(())
}

/// A contribution as the chain keeps it.
pub fn contribution(context: &Context, number: u64) -> Result<Contribution> {
    context
        .read(context.suite.datanet_registry, message_builder!(DatanetRegistry).contribution(number))?
        .with_context(|| format!("the registry has no contribution {number}"))
}

/// A Datanet as the chain keeps it.
pub fn show(context: &Context, datanet: u32) -> Result<Datanet> {
    context
        .read(context.suite.datanet_registry, message_builder!(DatanetRegistry).datanet(datanet))?
        .with_context(|| format!("the registry has no Datanet {datanet}; see `openledger datanet list`"))
}

/// All Datanets; a Datanet's number is its place.
pub fn list(context: &Context) -> Result<Vec<Datanet>> {
    let registry = context.suite.datanet_registry;
    let mut all = Vec::new();
    loop {
        let from = u32::try_from(all.len())?;
        let page = context.read(registry, message_builder!(DatanetRegistry).datanets(from, MAX_DATANET_PAGE))?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// A Datanet's contributions, each with its number, in the order of coming.
pub fn contributions(context: &Context, datanet: u32) -> Result<Vec<(u64, Contribution)>> {
    let registry = context.suite.datanet_registry;
    let mut all: Vec<(u64, Contribution)> = Vec::new();
    loop {
        let before = all.last().map(|(number, _)| *number);
        let call = message_builder!(DatanetRegistry).contributions(datanet, before, MAX_DATANET_PAGE);
        let page = context.read(registry, call)?;
        if page.is_empty() {
            all.reverse();
            return Ok(all);
        }
        all.extend(page);
    }
}

/// A version as the chain keeps it.
pub fn cut(context: &Context, datanet: u32, number: u32) -> Result<Cut> {
    context
        .read(context.suite.datanet_registry, message_builder!(DatanetRegistry).version(datanet, number))?
        .with_context(|| {
            format!("Datanet {datanet} has no version {number}; cut one with `openledger datanet version {datanet}`")
        })
}

/// Asks the registry whether a new model may use a version so.
///
/// # Errors
/// The first term that the Datanet does not promise of its texts.
pub fn check_source(context: &Context, datanet: u32, version: u32, wanted: Use) -> Result<()> {
    let call = message_builder!(DatanetRegistry).check_source(datanet, version, wanted);
    context.read(context.suite.datanet_registry, call)?.map_err(|refusal: DatanetError| {
        let debug = format!("{refusal:?}");
        let hint = crate::hints::hint(&debug).map(|hint| format!(": {hint}")).unwrap_or_default();
        anyhow::anyhow!("version {datanet}:{version} may not be used so: {debug}{hint}")
    })
}

/// The fewest agreeing validators that a new Datanet may name.
pub fn min_agreeing(context: &Context) -> Result<u8> {
    Ok(context.read(context.suite.datanet_registry, message_builder!(DatanetRegistry).parameters())?.min_agreeing)
}

/// What an account entered with this root in a Datanet, unless it was rejected long enough ago to be entered again.
pub fn standing_entry(context: &Context, datanet: u32, root: [u8; 32], contributor: AccountId) -> Result<Option<u64>> {
    let Some(number) = entered(context, datanet, root, contributor)? else { return Ok(None) };
    let found = contribution(context, number)?;
    let rejected_at = found.decided_at.filter(|_| found.status == ContributionStatus::Rejected);
    let now = context.chain.now()?;
    Ok(Some(number).filter(|_| rejected_at.is_none_or(|at| now <= at.saturating_add(AGAIN_MS))))
}

fn entered(context: &Context, datanet: u32, root: [u8; 32], contributor: AccountId) -> Result<Option<u64>> {
    context.read(context.suite.datanet_registry, message_builder!(DatanetRegistry).entered(datanet, root, contributor))
}

/// A version's contributions in order, with their texts from the store, all checked against the chain.
pub fn version(context: &Context, store: &Store, datanet: u32, number: u32) -> Result<Version> {
    let registry = context.suite.datanet_registry;
    let cut = cut(context, datanet, number)?;
    let mut listed = Vec::new();
    while (listed.len() as u32) < cut.count {
        let from = listed.len() as u32;
        let call = message_builder!(DatanetRegistry).leaves(datanet, from, PAGE.min(cut.count - from));
        let page = context.read(registry, call)?;
        anyhow::ensure!(!page.is_empty(), "the registry does not list leaf {from} of Datanet {datanet}");
        for leaf in page {
            let known = contribution(context, leaf.contribution)?;
            listed.push(Listed {
                leaf: VersionLeaf {
                    seq: leaf.seq,
                    contribution: leaf.contribution,
                    content_root: leaf.root,
                    contributor: account_bytes(&leaf.contributor),
                },
                cid: Cid::from_bytes(&known.cid)?,
                bytes: known.length,
            });
        }
    }
    Ok(corpus::open_version(store, &listed, Some(&cut.root))?)
}
