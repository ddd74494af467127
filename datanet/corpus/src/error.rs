//! What can go wrong with a contributor's text, said so that its author can put it right.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::{Cid, MAX_CONTRIBUTION};

/// Where a document came from: a file, and the line of it where one line is one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file as the caller named it.
    pub file: PathBuf,
    /// The line, from 1, in a file that holds a document a line.
    pub line: Option<u64>,
}

impl Place {
    /// A whole file.
    pub fn file(path: &Path) -> Self {
        Self { file: path.to_path_buf(), line: None }
    }

    /// One line of a file, counted from 1.
    pub fn line(path: &Path, line: u64) -> Self {
        Self { file: path.to_path_buf(), line: Some(line) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(out, "{}, line {line}", self.file.display()),
            None => write!(out, "{}", self.file.display()),
        }
    }
}

/// The first one who brought a text that somebody brings again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The collection that holds the text.
    pub collection: String,
    /// Its author.
    pub author: String,
    /// Its title.
    pub title: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "\"{}\" by {} in collection {}", self.title, self.author, self.collection)
    }
}

/// Errors of this crate. Each names the thing, the cause and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are not UTF-8.
    #[error("{file}: byte {offset} (line {line}) is not UTF-8; save the file as UTF-8 and try again", file = file.display())]
    NotUtf8 {
        /// The file.
        file: PathBuf,
        /// Line of the bad byte, from 1.
        line: u64,
        /// Offset of the bad byte in the file, from 0.
        offset: u64,
    },
    /// Nothing is left of the text in canonical form.
    #[error("{place}: the text is empty; give it words or leave it out")]
    Empty {
        /// Where.
        place: Place,
    },
    /// The canonical text is longer than a contribution may be.
    #[error(
        "{place}: the text is {bytes} bytes long and a contribution at most {MAX_CONTRIBUTION}; split it into parts"
    )]
    TooLong {
        /// Where.
        place: Place,
        /// Bytes read, or bytes of the canonical text.
        bytes: u64,
    },
    /// Nobody is named as the author.
    #[error("{place}: no author; {advice}")]
    NoAuthor {
        /// Where.
        place: Place,
        /// How to name one in this kind of file.
        advice: String,
    },
    /// The same text is there already.
    #[error("{place}: the same text is already held as {holder}; leave the copy out")]
    Duplicate {
        /// Where the copy stands.
        place: Place,
        /// Who brought it first.
        holder: Holder,
    },
    /// A file's form is not what its kind asks for.
    #[error("{place}: {problem}")]
    Malformed {
        /// Where.
        place: Place,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// Nothing to read.
    #[error("{path}: {problem}", path = path.display())]
    NoDocuments {
        /// The path that was given.
        path: PathBuf,
        /// What was looked for.
        problem: String,
    },
    /// A name that can't be a collection's.
    #[error("\"{0}\" can't name a collection; use 1 to 64 of a-z, 0-9, '-', '_' and '.', not starting with '.'")]
    BadName(String),
    /// A string that is no CID of this store's kind.
    #[error("\"{text}\" is not a CID of a contribution: {problem}")]
    BadCid {
        /// The string.
        text: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The object isn't in the store.
    #[error("object {cid} is not in the store at {store}; fetch it from a host that publishes it, or ingest it again")]
    Missing {
        /// The object.
        cid: Cid,
        /// The store.
        store: String,
    },
    /// The object's bytes aren't those that its CID names.
    #[error(
        "object {cid} in the store at {store} is corrupted: its bytes hash to {found}; delete it and fetch or ingest it again"
    )]
    Corrupted {
        /// The object.
        cid: Cid,
        /// What its bytes hash to.
        found: Cid,
        /// The store.
        store: String,
    },
    /// A version names a text whose bytes don't have its root or length.
    #[error("contribution {contribution} (object {cid}): {problem}")]
    WrongText {
        /// The contribution's id.
        contribution: u64,
        /// The object that was read.
        cid: Cid,
        /// What differs.
        problem: String,
    },
    /// The contributions listed don't add up to the version's root.
    #[error(
        "the {count} contributions listed have the root {found}, the version has {wanted}; list them again from the chain"
    )]
    WrongVersion {
        /// How many were listed.
        count: usize,
        /// Root of the list, hexadecimal.
        found: String,
        /// Root of the version, hexadecimal.
        wanted: String,
    },
    /// Another process writes to the same store.
    #[error("another process is writing to the store at {store}; wait until it is done")]
    Locked {
        /// The store.
        store: String,
    },
    /// The operating system refused.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The object store refused.
    #[error("store at {store}: {source}")]
    Store {
        /// The store.
        store: String,
        /// Why.
        source: object_store::Error,
    },
}

/// Results of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Adds the path to an error of the operating system.
pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Error + '_ {
    move |source| Error::Io { path: path.to_path_buf(), source }
}
