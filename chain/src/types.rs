//! What a chain gives back.

use scale::{Decode, Encode};

use crate::AccountId;

/// A block number.
pub type BlockNumber = u32;

/// Native coin, in its smallest unit (10^12 make one).
pub type Native = u128;

/// Two-dimensional weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, Decode)]
pub struct Gas {
    /// Picoseconds of computation on the reference machine.
    pub ref_time: u64,
    /// Bytes of storage proof.
    pub proof_size: u64,
}

/// What a contract emitted.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ContractEvent {
    /// The block it was emitted in.
    pub block: BlockNumber,
    /// Who emitted it.
    pub contract: AccountId,
    /// Its topics; the first is the event's signature.
    pub topics: Vec<[u8; 32]>,
    /// All its fields, SCALE.
    pub data: Vec<u8>,
}

impl ContractEvent {
    /// This event as an `E`, if its signature topic says that it is one and its fields read so.
    pub fn decode<E: ink::env::Event + Decode>(&self) -> Option<E> {
        let signature = E::SIGNATURE_TOPIC?;
        if self.topics.first() != Some(&signature) {
            return None;
        }
        E::decode(&mut self.data.as_slice()).ok()
    }
}

/// What a transaction did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Receipt {
    /// The block it is in.
    pub block: BlockNumber,
    /// Its whole weight.
    pub gas: Gas,
    /// Storage deposit taken from the sender; negative: given back.
    pub deposit: i128,
    /// Fee in native units.
    pub fee: Native,
    /// What contracts emitted, in order.
    pub events: Vec<ContractEvent>,
    /// What the message returned: a SCALE `Result<T, LangError>`. A node doesn't tell; there these are the bytes of
    /// the dry run just before.
    pub returned: Vec<u8>,
}

impl Receipt {
    /// The `E`s that `contract` emitted in this transaction.
    pub fn events_of<E: ink::env::Event + Decode>(&self, contract: AccountId) -> Vec<E> {
        self.events.iter().filter(|event| event.contract == contract).filter_map(ContractEvent::decode).collect()
    }
}

/// What a call would do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct DryRun {
    /// The gas limit that it needs (without the transaction's own base weight).
    pub gas: Gas,
    /// Storage deposit that it would take from the caller; negative: give back.
    pub deposit: i128,
    /// Whether the message returned an error, so that nothing would change.
    pub reverted: bool,
    /// What it returned: a SCALE `Result<T, LangError>`.
    pub returned: Vec<u8>,
}
