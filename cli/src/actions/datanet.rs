//! Datanets: create, contribute under signed terms, judge, cut versions, read them back.

use anyhow::{Context as _, Result};
use chain::{Keypair, account_bytes};
use corpus::{Cid, Listed, Store, Version};
use ink::message_builder;
use openledger_abi::datanet::{
    Contribution, ContributionStatus, Datanet, DatanetError, DatanetPolicy, DatanetRegistry, MAX_DATANET_PAGE,
    MAX_REBUILD, NewContribution, Terms, Use, Version as Cut,
};
use proof::signed::Signable;
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

/// Creates a Datanet of the key's.
pub fn create(context: &Context, owner: &Keypair, name: &str, policy: DatanetPolicy, floor_bps: u16) -> Result<u32> {
    let call = message_builder!(DatanetRegistry).create(name.as_bytes().to_vec(), Vec::new(), policy, floor_bps);
    Ok(context.send("creating the Datanet", owner, context.suite.datanet_registry, call)?.value)
}

/// The contributor signs the terms, `relayer` sends them in and pays for the transaction.
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
    let nonce = context.read(registry, message_builder!(DatanetRegistry).nonce(account))?;
    let deadline = context.chain.now()?.saturating_add(SIGNATURE_LIFE_MS);
    let cid = text.cid.to_bytes();
    let body = proof::terms::Terms {
        datanet,
        content_root: text.root,
        length: text.length,
        cid: Blake2::blake2_256(&cid),
        contributor: account_bytes(&account),
        licence: terms.into(),
        nonce,
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
        nonce,
        deadline,
        contributor: account,
    };
    let call = message_builder!(DatanetRegistry).contribute(new, signature);
    Ok(context.send("contributing", relayer, registry, call)?.value)
}

/// A validator's verdict. Returns where the contribution stands then.
pub fn verdict(
    context: &Context,
    validator: &Keypair,
    contribution: u64,
    accept: bool,
    quality_bps: u16,
) -> Result<ContributionStatus> {
    let call = message_builder!(DatanetRegistry).verdict(contribution, accept, quality_bps);
    Ok(context.send("the verdict", validator, context.suite.datanet_registry, call)?.value)
}

/// Cuts a version over all that is accepted.
pub fn cut_version(context: &Context, owner: &Keypair, datanet: u32) -> Result<u32> {
    let call = message_builder!(DatanetRegistry).cut_version(datanet);
    Ok(context.send("cutting the version", owner, context.suite.datanet_registry, call)?.value)
}

/// The owner of a curated Datanet refuses a contribution that is pending.
pub fn veto(context: &Context, owner: &Keypair, contribution: u64) -> Result<()> {
    let call = message_builder!(DatanetRegistry).veto(contribution);
    context.send("the veto", owner, context.suite.datanet_registry, call)?;
    Ok(())
}

/// Withdraws a contribution from all new versions and models.
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
    let mut all = Vec::new();
    loop {
        let from = u32::try_from(all.len())?;
        let call = message_builder!(DatanetRegistry).contributions(datanet, from, MAX_DATANET_PAGE);
        let page = context.read(registry, call)?;
        if page.is_empty() {
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
/// The first term that the use breaks, and whose it is.
pub fn check_source(context: &Context, datanet: u32, version: u32, wanted: Use) -> Result<()> {
    let call = message_builder!(DatanetRegistry).check_source(datanet, version, wanted);
    context.read(context.suite.datanet_registry, call)?.map_err(|refusal: DatanetError| {
        let debug = format!("{refusal:?}");
        let hint = crate::hints::hint(&debug).map(|hint| format!(": {hint}")).unwrap_or_default();
        anyhow::anyhow!("version {datanet}:{version} may not be used so: {debug}{hint}")
    })
}

/// Leaves out of the Datanet's tree what was revoked, struck, passed over or has expired, in as many transactions as
/// that takes. Versions are cut from the new tree from then on.
pub fn rebuild(context: &Context, owner: &Keypair, datanet: u32) -> Result<()> {
    loop {
        let call = message_builder!(DatanetRegistry).rebuild(datanet, MAX_REBUILD);
        if context.send("rebuilding the Datanet", owner, context.suite.datanet_registry, call)?.value.finished {
            return Ok(());
        }
    }
}

/// How many verdicts must agree.
pub fn agreeing(context: &Context) -> Result<u8> {
    Ok(context.read(context.suite.datanet_registry, message_builder!(DatanetRegistry).parameters())?.agreeing)
}

/// Which contribution holds a text's root, if one does.
pub fn holder(context: &Context, root: [u8; 32]) -> Result<Option<u64>> {
    context.read(context.suite.datanet_registry, message_builder!(DatanetRegistry).contribution_of_root(root))
}

/// A version's contributions in order, with their texts from the store, all checked against the chain.
pub fn version(context: &Context, store: &Store, datanet: u32, number: u32) -> Result<Version> {
    let registry = context.suite.datanet_registry;
    let cut = cut(context, datanet, number)?;
    let mut listed = Vec::new();
    while (listed.len() as u32) < cut.count {
        let from = listed.len() as u32;
        let call = message_builder!(DatanetRegistry).leaves(datanet, cut.generation, from, PAGE.min(cut.count - from));
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
