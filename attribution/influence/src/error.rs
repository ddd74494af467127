//! What can go wrong.

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] engine::Error),
    /// The layout does not fit the model or adapter.
    #[error("sketch layout: {0}")]
    Layout(String),
    /// A published file does not decode.
    #[error("{file} is damaged: {problem}. Fetch it again and compare its hash")]
    Damaged { file: &'static str, problem: String },
    /// The file of sketches was made with another meta file.
    #[error("the sketches name meta file {expected}, this one is {found}: fetch the one that the model's card names")]
    OtherMeta { expected: String, found: String },
    /// A row or response without a token whose loss counts.
    #[error("nothing to sketch: {0}")]
    Empty(String),
    /// The tree could not be built.
    #[error("the tree of sketches: {0}")]
    Tree(String),
}

/// Result of this crate's calls.
pub type Result<T> = std::result::Result<T, Error>;
