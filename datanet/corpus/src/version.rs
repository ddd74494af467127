//! A Datanet version's texts, checked against what the chain says of them.

use proof::Blake2;
use proof::tree::{MerkleTree, Tree};
use proof::version::{VersionLeaf, version_root};

use crate::document::text_root;
use crate::error::{Error, Result};
use crate::{Cid, Store};

/// A contribution as the chain lists it; its place in the list is its index in the version's tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its leaf in the version's tree (tree 02).
    pub leaf: VersionLeaf,
    /// Its text's name in the store.
    pub cid: Cid,
    /// Its text's length in bytes.
    pub bytes: u64,
}

/// A version with the texts at hand.
#[derive(Clone, Debug)]
pub struct Version {
    /// Root of the version (tree 02, count and top).
    pub root: [u8; 32],
    /// The contributions by their index.
    pub contributions: Vec<Held>,
}

/// A contribution with its text.
#[derive(Clone, Debug)]
pub struct Held {
    /// What the chain lists.
    pub listed: Listed,
    /// The text's bytes; empty if it is missing.
    pub text: Vec<u8>,
}

impl Held {
    /// The text, or nothing where its bytes aren't UTF-8 (which only this program's ingest makes sure of).
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.text).ok()
    }
}

/// Opens a version: reads each listed text and checks it against root and length, and the list against the
/// version's root if it is given.
///
/// # Errors
/// `WrongVersion` if the list's root is another, `Missing`, `Corrupted` or `WrongText` for the first text that
/// can't be had.
pub fn open_version(store: &Store, listed: &[Listed], root: Option<&[u8; 32]>) -> Result<Version> {
    let (version, missing) = open_available(store, listed, root)?;
    match missing.into_iter().next() {
        None => Ok(version),
        Some((_, cause)) => Err(cause),
    }
}

/// As [`open_version`], for those who go on without the texts that nobody publishes: returns the version, where
/// those texts are empty and so hold nothing, and the indices of those with the reasons.
///
/// # Errors
/// `WrongVersion`, `Store`.
pub fn open_available(
    store: &Store,
    listed: &[Listed],
    root: Option<&[u8; 32]>,
) -> Result<(Version, Vec<(u32, Error)>)> {
    let found = list_root(listed);
    let wrong = |wanted: &[u8; 32]| Error::WrongVersion {
        count: listed.len(),
        found: found.map_or_else(|| "none".into(), hex::encode),
        wanted: hex::encode(wanted),
    };
    if let Some(wanted) = root.filter(|wanted| found.as_ref() != Some(wanted)) {
        return Err(wrong(wanted));
    }
    let root = found.ok_or_else(|| wrong(&proof::ZERO))?;
    let mut missing = Vec::new();
    let mut contributions = Vec::with_capacity(listed.len());
    for (index, listed) in (0u32..).zip(listed) {
        let text = match read_text(store, listed) {
            Ok(text) => text,
            Err(cause @ Error::Store { .. }) => return Err(cause),
            Err(cause) => {
                missing.push((index, cause));
                Vec::new()
            }
        };
        contributions.push(Held { listed: *listed, text });
    }
    Ok((Version { root, contributions }, missing))
}

fn list_root(listed: &[Listed]) -> Option<[u8; 32]> {
    let count = u32::try_from(listed.len()).ok()?;
    let leaves = listed.iter().map(|l| l.leaf.node::<Blake2>()).collect();
    let tree = MerkleTree::build::<Blake2>(Tree::Version, leaves).ok()?;
    Some(version_root::<Blake2>(count, &tree.top().hash))
}

fn read_text(store: &Store, listed: &Listed) -> Result<Vec<u8>> {
    let text = store.get(&listed.cid)?;
    check_text(listed, &text)?;
    Ok(text)
}

/// Checks the bytes of a contribution, wherever they were fetched, against its root and length.
///
/// # Errors
/// `WrongText`.
pub fn check_text(listed: &Listed, text: &[u8]) -> Result<()> {
    let wrong = |problem| Error::WrongText { contribution: listed.leaf.contribution, cid: listed.cid, problem };
    if text.len() as u64 != listed.bytes {
        return Err(wrong(format!("its text is {} bytes long, the chain says {}", text.len(), listed.bytes)));
    }
    if text_root(text) != Some(listed.leaf.content_root) {
        let wanted = hex::encode(listed.leaf.content_root);
        return Err(wrong(format!("its text doesn't have the root {wanted} that the chain keeps")));
    }
    Ok(())
}
