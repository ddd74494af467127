//! What can go wrong, with what to do about it.

use std::path::PathBuf;

/// An error of the engine.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be opened or read.
    #[error("cannot read {path}: {cause}")]
    Read { path: PathBuf, cause: std::io::Error },
    /// A file could not be written.
    #[error("cannot write {path}: {cause}")]
    Write { path: PathBuf, cause: std::io::Error },
    /// The base model's file is no GGUF, is cut short, or lacks something.
    #[error("{path} ({bytes} bytes) is not a usable GGUF model: {problem}. Fetch the file again and compare its hash")]
    Gguf { path: PathBuf, bytes: u64, problem: String },
    /// The file describes a model that this engine has no forward pass for.
    #[error("{path} holds a model that this engine does not run: {problem}")]
    Unsupported { path: PathBuf, problem: String },
    /// The adapter's files are damaged or incomplete.
    #[error(
        "{path} is not a usable PEFT LoRA adapter: {problem}. Export it again, or fetch it again and compare its hash"
    )]
    Adapter { path: PathBuf, problem: String },
    /// The adapter was made for another base.
    #[error(
        "adapter {path} does not fit this base model: {tensor} is {found:?}, but the base needs {expected:?}. Use the base that the adapter was trained on"
    )]
    AdapterShape { path: PathBuf, tensor: String, expected: Vec<usize>, found: Vec<usize> },
    /// A LoRA configuration that makes no sense.
    #[error("invalid LoRA configuration: {0}")]
    LoraConfig(String),
    /// A model configuration that makes no sense.
    #[error("invalid model configuration: {0}")]
    ModelConfig(String),
    /// The tokenizer could not be built or used.
    #[error("tokenizer: {0}")]
    Tokenizer(String),
    /// The chat template failed.
    #[error("chat template: {0}")]
    ChatTemplate(String),
    /// A request that the model cannot answer.
    #[error("invalid request: {0}")]
    Request(String),
    /// More tokens than the model's context.
    #[error(
        "{tokens} tokens are more than the model's context of {context}: shorten the prompt or ask for fewer tokens"
    )]
    TooLong { tokens: usize, context: usize },
}

/// Result of the engine's calls.
pub type Result<T> = std::result::Result<T, Error>;
