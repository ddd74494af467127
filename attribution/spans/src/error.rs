//! Why a segment can't be built or read.

use std::path::{Path, PathBuf};

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file doesn't begin as a segment does.
    #[error("{path}: not a span segment; build the index again", path = path.display())]
    NotASegment {
        /// The file.
        path: PathBuf,
    },
    /// A segment of a form that this program doesn't know.
    #[error("{path}: segment format {found}, this program reads {known}; build the index again", path = path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The format known.
        known: u32,
    },
    /// The file's length is not what its header says.
    #[error("{path}: cut short or grown: {found} bytes where its header says {wanted}; build the index again", path = path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// Its length.
        found: u64,
        /// What the header says.
        wanted: u128,
    },
    /// The file's bytes are not those that were written.
    #[error("{path}: damaged, its digest doesn't hold; build the index again", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The segment of other texts.
    #[error("{path}: the segment of {found}, not of {wanted}; build the index again", path = path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The version whose texts it holds, hexadecimal.
        found: String,
        /// The version that was asked for, hexadecimal.
        wanted: String,
    },
    /// One text alone doesn't fit a segment.
    #[error("contribution {index} is {bytes} bytes long, a segment holds {limit}")]
    TooLong {
        /// The contribution's index in the version.
        index: u32,
        /// Its length.
        bytes: usize,
        /// The most that a segment holds.
        limit: usize,
    },
    /// More contributions than a version may have.
    #[error("more than {0} contributions in a version")]
    TooMany(usize),
    /// The suffix array could not be built.
    #[error("suffix array of {bytes} bytes: {problem}")]
    Suffixes {
        /// Length of the text.
        bytes: usize,
        /// What libsais said.
        problem: String,
    },
    /// Segments and holders of a source don't fit each other.
    #[error("source {source_number}: {problem}; open the version again")]
    Source {
        /// The source among the revision's.
        source_number: usize,
        /// What doesn't fit.
        problem: String,
    },
}

/// Results of this crate.
pub type Result<T> = std::result::Result<T, Error>;

pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Error + '_ {
    move |source| Error::Io { path: path.to_path_buf(), source }
}
