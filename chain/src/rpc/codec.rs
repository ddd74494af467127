//! SCALE by hand: what is sent to a node and read from it.

use scale::{Compact, Decode, Encode};
use sp_core::hashing::{blake2_128, twox_64, twox_128};
use subxt::{Metadata, SubstrateConfig, error::DispatchError, events::EventDetails};

use crate::{AccountId, BlockNumber, ChainError, ContractEvent, DryRun, Gas};

/// A weight as it is encoded.
#[derive(Debug, Clone, Copy, Encode, Decode)]
pub(super) struct Weight {
    #[codec(compact)]
    pub ref_time: u64,
    #[codec(compact)]
    pub proof_size: u64,
}

impl From<Weight> for Gas {
    fn from(weight: Weight) -> Self {
        Gas { ref_time: weight.ref_time, proof_size: weight.proof_size }
    }
}

/// `MultiAddress::Id`.
pub(super) fn address(account: [u8; 32]) -> (u8, [u8; 32]) {
    (0, account)
}

/// The key of a storage value, or of a map's entry with its hashed key appended.
pub(super) fn storage_key(pallet: &str, item: &str, hashed: &[u8]) -> Vec<u8> {
    [&twox_128(pallet.as_bytes()), &twox_128(item.as_bytes()), hashed].concat()
}

pub(super) fn blake2_128_concat(key: &[u8]) -> Vec<u8> {
    [&blake2_128(key), key].concat()
}

pub(super) fn twox_64_concat(key: &[u8]) -> Vec<u8> {
    [&twox_64(key), key].concat()
}

fn unreadable(what: &str) -> impl Fn(scale::Error) -> ChainError {
    let what = what.to_owned();
    move |cause| ChainError::Decode(format!("{what}: {cause}"))
}

/// A dispatch error as the runtime names it, `Pallet::Error`.
pub(super) fn dispatch_error(bytes: &[u8], metadata: &Metadata) -> ChainError {
    let reason = match DispatchError::decode_from(bytes.to_vec(), metadata.clone()) {
        Ok(DispatchError::Module(module)) => module.details_string(),
        Ok(other) => other.to_string(),
        Err(_) => format!("an unknown error, 0x{}", hex::encode(bytes)),
    };
    ChainError::Dispatch { reason }
}

/// Reads the answer of `ContractsApi_call` or `_instantiate`: a `ContractResult`, whose tail differs from
/// version to version and is left unread. For an instantiation the new account follows the flags and data.
pub(super) fn contract_result(answer: &[u8], metadata: &Metadata) -> Result<(DryRun, Option<AccountId>), ChainError> {
    type Head = (Weight, Weight, (u8, u128), Vec<u8>, u8);
    let input = &mut &answer[..];
    let (_consumed, required, (is_charge, amount), _debug, failed) =
        Head::decode(input).map_err(unreadable("the dry run"))?;
    if failed != 0 {
        return Err(dispatch_error(input, metadata));
    }
    let (flags, returned) = <(u32, Vec<u8>)>::decode(input).map_err(unreadable("the dry run's result"))?;
    let amount = i128::try_from(amount).unwrap_or(i128::MAX);
    let outcome = DryRun {
        gas: required.into(),
        // StorageDeposit: 0 refund, 1 charge.
        deposit: if is_charge == 1 { amount } else { amount.saturating_neg() },
        reverted: flags & 1 == 1,
        returned,
    };
    Ok((outcome, <[u8; 32]>::decode(input).ok().map(AccountId::from)))
}

/// The event, if a contract emitted it.
pub(super) fn contract_emitted(
    block: BlockNumber,
    event: &EventDetails<SubstrateConfig>,
) -> Result<Option<ContractEvent>, ChainError> {
    if event.pallet_name() != "Contracts" || event.variant_name() != "ContractEmitted" {
        return Ok(None);
    }
    let (contract, data) =
        <([u8; 32], Vec<u8>)>::decode(&mut event.field_bytes()).map_err(unreadable("a contract's event"))?;
    Ok(Some(ContractEvent {
        block,
        contract: AccountId::from(contract),
        topics: event.topics().iter().map(|topic| topic.0).collect(),
        data,
    }))
}

/// What a transaction's system events say of it.
#[derive(Default)]
pub(super) struct Tally {
    pub gas: Gas,
    pub fee: u128,
    pub deposit: i128,
    pub instantiated: Option<AccountId>,
}

impl Tally {
    /// Counts an event in.
    pub fn add(&mut self, event: &EventDetails<SubstrateConfig>) {
        let fields = &mut event.field_bytes();
        let amount_of = |fields: &mut &[u8]| {
            // from, to, amount
            <([u8; 32], [u8; 32], u128)>::decode(fields)
                .ok()
                .and_then(|(_, _, amount)| i128::try_from(amount).ok())
                .unwrap_or(0)
        };
        match (event.pallet_name(), event.variant_name()) {
            ("System", "ExtrinsicSuccess") => {
                if let Ok(weight) = Weight::decode(fields) {
                    self.gas = weight.into();
                }
            }
            ("TransactionPayment", "TransactionFeePaid") => {
                // who, fee and tip, tip
                if let Ok((_, fee)) = <([u8; 32], u128)>::decode(fields) {
                    self.fee = fee;
                }
            }
            ("Contracts", "StorageDepositTransferredAndHeld") => {
                self.deposit = self.deposit.saturating_add(amount_of(fields));
            }
            ("Contracts", "StorageDepositTransferredAndReleased") => {
                self.deposit = self.deposit.saturating_sub(amount_of(fields));
            }
            ("Contracts", "Instantiated") => {
                // deployer, contract; the outermost is the last
                if let Ok((_, contract)) = <([u8; 32], [u8; 32])>::decode(fields) {
                    self.instantiated = Some(AccountId::from(contract));
                }
            }
            _ => {}
        }
    }
}

/// Arguments of `Contracts.call`.
pub(super) fn call_arguments(contract: [u8; 32], value: u128, limit: Weight, input: &[u8]) -> Vec<u8> {
    (address(contract), Compact(value), limit, None::<Compact<u128>>, input).encode()
}

/// Arguments of `Contracts.instantiate_with_code`.
pub(super) fn instantiate_arguments(value: u128, limit: Weight, code: &[u8], input: &[u8], salt: &[u8]) -> Vec<u8> {
    (Compact(value), limit, None::<Compact<u128>>, code, input, salt).encode()
}

/// Arguments of `Contracts.upload_code`: no deposit limit, determinism enforced.
pub(super) fn upload_arguments(code: &[u8]) -> Vec<u8> {
    (code, None::<Compact<u128>>, 0u8).encode()
}
