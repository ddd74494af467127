//! What calls weigh, on any chain, and psp22's own token beside ours.
//!
//! Each module measures the messages of one part of the suite, in a world that it may leave in any state.

mod asking;
mod governance;
mod judging;
mod proofs;
mod settlement;
mod stake;
mod token;

use anyhow::{Context, Result, anyhow};
use chain::{CallError, Receipt, Sent};

pub use asking::{asking, hiding};
pub use governance::governance;
pub use judging::judging;
pub use proofs::{PROOFS, large_set, measure_a_large_set, proofs};
pub use settlement::{large_claims, settlement};
pub use stake::stake;
pub use token::token;

/// psp22 2.0.0's own contract, built with our flags by `scripts/build-contracts psp22_peer`.
pub const PEER: &[u8] = include_bytes!("../../psp22_peer/psp22_peer.wasm");

/// What a chain charges for each byte of code that a call loads, in ps of ref time.
#[derive(Debug, Clone, Copy)]
pub struct CodePrice(pub u64);

/// pallet-contracts 31's; it hides all else.
pub const EMBEDDED: CodePrice = CodePrice(33_471);
/// pallet-contracts 38's.
pub const NODE: CodePrice = CodePrice(700);

/// A block's ref time in ps: 2 s.
pub const BLOCK: u64 = 2_000_000_000_000;

/// What a weight should stay within.
#[derive(Debug, Clone, Copy)]
pub enum Want {
    /// No goal.
    Nothing,
    /// At most so many parts in 10,000 of a block.
    OfBlock(u64),
    /// At most so many hundredths of what the same call of psp22's contract weighs, both without code.
    Peer(u64),
}

/// One call's weight.
#[derive(Debug, Clone)]
pub struct Row {
    pub call: String,
    /// ps of ref time.
    pub ref_time: u64,
    /// Bytes of storage proof.
    pub proof_size: u64,
    /// Native coin locked for storage, in its smallest unit; negative: given back.
    pub deposit: i128,
    /// Bytes of code that the call loads, over all contracts that take part.
    pub code: u64,
    /// ps that the chain charged for loading them.
    pub code_time: u64,
    /// The same call of psp22's contract.
    pub peer: Option<Box<Row>>,
    pub want: Want,
}

impl Row {
    fn new(call: &str, receipt: &Receipt, code: usize, price: CodePrice) -> Self {
        let code = code as u64;
        Row {
            call: call.to_owned(),
            ref_time: receipt.gas.ref_time,
            proof_size: receipt.gas.proof_size,
            deposit: receipt.deposit,
            code,
            code_time: price.0.saturating_mul(code),
            peer: None,
            want: Want::Nothing,
        }
    }

    /// Ref time without what the chain charged for loading code.
    pub fn without_code(&self) -> u64 {
        self.ref_time.saturating_sub(self.code_time)
    }

    /// Our weight in parts of the peer's, both without code.
    pub fn ratio(&self) -> Option<f64> {
        let peer = self.peer.as_ref()?;
        Some(self.without_code() as f64 / peer.without_code() as f64)
    }

    /// Whether it stays within what is wanted, judged by `ref_time` ps; `None` if nothing is.
    pub fn met(&self, ref_time: u64) -> Option<bool> {
        match self.want {
            Want::Nothing => None,
            Want::OfBlock(parts) => Some(ref_time <= BLOCK / 10_000 * parts),
            Want::Peer(hundredths) => self.ratio().map(|ratio| ratio <= hundredths as f64 / 100.0),
        }
    }
}

/// Rows as they are weighed.
#[derive(Debug)]
pub struct Scale {
    price: CodePrice,
    pub rows: Vec<Row>,
}

impl Scale {
    /// An empty one, on a chain that charges so for code.
    pub fn new(price: CodePrice) -> Self {
        Scale { price, rows: Vec::new() }
    }

    /// Adds what a call weighed that these contracts took part in.
    fn add(&mut self, call: &str, receipt: &Receipt, contracts: &[&str], want: Want) {
        self.rows.push(Row { want, ..Row::new(call, receipt, code(contracts), self.price) });
    }

    /// Adds a call that must have succeeded, without a goal; what it returned.
    fn weigh<T, E: std::fmt::Debug>(
        &mut self,
        call: &str,
        contracts: &[&str],
        outcome: std::result::Result<Sent<T>, CallError<E>>,
    ) -> Result<T> {
        let sent = outcome.map_err(|e| anyhow!("{e}")).with_context(|| call.to_owned())?;
        self.add(call, &sent.receipt, contracts, Want::Nothing);
        Ok(sent.value)
    }
}

/// Code of these contracts, in bytes.
fn code(names: &[&str]) -> usize {
    names.iter().filter_map(|name| suite::artifact(name)).map(|artifact| artifact.wasm.len()).sum()
}

fn taken<T, E: std::fmt::Debug>(call: &str, outcome: std::result::Result<Sent<T>, CallError<E>>) -> Result<Receipt> {
    Ok(outcome.map_err(|e| anyhow!("{e}")).with_context(|| call.to_owned())?.receipt)
}
