//! What can go wrong between a program and a chain.

use std::fmt;

use scale::{Decode, Encode};

/// Why a chain refused, failed or could not be reached. Each says what to do, where something
/// can be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Encode, Decode)]
pub enum ChainError {
    /// The message or constructor ran and returned an error: nothing but the fee changed. `returned`
    /// is what it gave back, a SCALE `Result<Result<T, E>, LangError>`.
    #[error("the contract refused the call (returned 0x{})", hex::encode(returned))]
    Reverted {
        /// The bytes the contract returned.
        returned: Vec<u8>,
    },
    /// The call failed outside the contract's own rules: a trap, no gas, no such contract.
    #[error("the chain refused the call: {reason}")]
    Dispatch {
        /// `Pallet::Error`, as the runtime names it.
        reason: String,
    },
    /// The contract has no such message, or can't read its arguments.
    #[error("the contract does not understand this message: was it built from other sources?")]
    UnknownMessage,
    /// The signature of an envelope doesn't fit its content.
    #[error("the envelope's signature does not fit its content")]
    BadSignature,
    /// Another call of the same account came first.
    #[error("the account's next nonce is {expected}, the call carries {got}")]
    StaleNonce {
        /// What the chain waits for.
        expected: u32,
        /// What the envelope said.
        got: u32,
    },
    /// The account has too little native coin for the fee.
    #[error("the account has {available} of native coin to spend and needs {needed}: send it some")]
    CannotPay {
        /// Fee in native units.
        needed: u128,
        /// What the account can spend.
        available: u128,
    },
    /// Another process has the chain's state open.
    #[error("`{path}` is in use by process {pid}: stop it, or reach its chain over http")]
    Locked {
        /// The state's folder.
        path: String,
        /// The process that holds the lock (0 if it didn't say).
        pid: u32,
    },
    /// A file of the chain's state is damaged.
    #[error(
        "`{file}` is damaged at byte {offset}: {what}. Restore it from a copy, or start a new chain in an empty folder"
    )]
    Corrupt {
        /// The file.
        file: String,
        /// Where in it.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
    /// Something belongs to another chain.
    #[error("{what} belongs to the chain 0x{}, this is 0x{}", hex::encode(theirs), hex::encode(ours))]
    OtherChain {
        /// What it is.
        what: String,
        /// Its genesis id.
        theirs: [u8; 32],
        /// Ours.
        ours: [u8; 32],
    },
    /// The disk or the network.
    #[error("{0}")]
    Io(String),
    /// Nobody answers at the chain's address.
    #[error("no chain answers at {url}: {reason}")]
    Unreachable {
        /// Where.
        url: String,
        /// Why.
        reason: String,
    },
    /// The node answered with an error of its own.
    #[error("the node answered: {0}")]
    Node(String),
    /// An answer that we can't read.
    #[error("can't read the answer: {0}")]
    Decode(String),
    /// The runtime panicked inside a call; the call was rolled back.
    #[error("the runtime panicked and the call was rolled back: {0}")]
    Panicked(String),
    /// What the caller gave makes no sense.
    #[error("{0}")]
    Input(String),
    /// A copy is asked for one of its own, or a node's runtime keeps contracts in a form that ours doesn't read.
    #[error("this chain gives no copy of its state to try things out on")]
    NoCopy,
}

impl ChainError {
    /// For an I/O error on a file: names it.
    pub fn file(path: &std::path::Path, cause: std::io::Error) -> Self {
        ChainError::Io(format!("{}: {cause}", path.display()))
    }

    /// The error `E` that a reverting message or constructor returned, if this is one and reads so.
    pub fn message_error<E: Decode>(&self) -> Option<E> {
        let ChainError::Reverted { returned } = self else {
            return None;
        };
        // Result<Result<T, E>, LangError>: Ok, then Err, then E.
        match returned.as_slice() {
            [0, 1, rest @ ..] => E::decode(&mut &rest[..]).ok(),
            _ => None,
        }
    }
}

/// Why a typed call failed: the contract's own error, or the chain's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallError<E> {
    /// The message returned `Err(E)`.
    Message(E),
    /// Everything else.
    Chain(ChainError),
}

impl<E> CallError<E> {
    /// The message's own error, if it is one.
    pub fn message(&self) -> Option<&E> {
        match self {
            CallError::Message(error) => Some(error),
            CallError::Chain(_) => None,
        }
    }
}

impl<E> From<ChainError> for CallError<E> {
    fn from(error: ChainError) -> Self {
        CallError::Chain(error)
    }
}

impl<E: fmt::Debug> fmt::Display for CallError<E> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::Message(error) => write!(out, "the contract refused: {error:?}"),
            CallError::Chain(error) => write!(out, "{error}"),
        }
    }
}

impl<E: fmt::Debug> std::error::Error for CallError<E> {}
