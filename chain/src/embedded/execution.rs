//! One envelope in an open block: its effects and its fee, or the fee alone.

use frame_support::{
    traits::{
        fungible::{Inspect, Mutate},
        tokens::{Fortitude, Precision, Preservation},
    },
    weights::Weight,
};
use pallet_contracts::{Code, CollectEvents, DebugInfo, Determinism, WeightInfo};
use scale::Encode;
use sp_runtime::{AccountId32, DispatchError};

use super::runtime::{Balance, Balances, Contracts, Runtime, System};
use crate::{
    AccountId, ChainError, Gas, Native, Receipt,
    account::account_bytes,
    envelope::{Call, Envelope},
    ledger::Applied,
};

/// What one call may use: three quarters of a block's two seconds, as on the node.
pub(super) const CALL_REF_TIME: u64 = 1_500_000_000_000;

/// What a copy's caller has for storage deposits at least.
const DEPOSITS: Native = 1 << 60;

pub(super) fn native(account: &AccountId) -> AccountId32 {
    AccountId32::new(account_bytes(account))
}

pub(super) fn spendable(account: &AccountId32) -> Balance {
    Balances::reducible_balance(account, Preservation::Protect, Fortitude::Polite)
}

/// Weight of a transaction without what a contract does in it.
pub(super) fn base_weight(call: &Call) -> Weight {
    type Weights = <Runtime as pallet_contracts::Config>::WeightInfo;
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    match call {
        Call::Upload { code } => Weights::upload_code_determinism_enforced(length(code)),
        Call::Instantiate { code, input, salt, .. } => {
            Weights::instantiate_with_code(length(code), length(input), length(salt))
        }
        Call::Message { .. } => Weights::call(),
        Call::Transfer { .. } => <() as pallet_balances::WeightInfo>::transfer_keep_alive(),
    }
}

/// A unit for each picosecond and each byte, as on the node.
pub(super) fn fee_of(weight: Weight, envelope: &Envelope) -> Native {
    let length = u128::try_from(envelope.encoded_size()).unwrap_or(u128::MAX);
    u128::from(weight.ref_time()).saturating_add(length)
}

/// The fee of a transaction that calls a message and uses `used` in it.
pub(crate) fn message_fee(contract: AccountId, input: &[u8], value: Native, used: Gas) -> Native {
    let call = Call::Message { contract, input: input.to_vec(), value };
    let weight = base_weight(&call).saturating_add(Weight::from_parts(used.ref_time, used.proof_size));
    // Who signs changes no length.
    let envelope = Envelope { signer: contract, nonce: 0, call, signature: [0; 64] };
    fee_of(weight, &envelope)
}

/// A message called by an account that signed nothing and pays no fee, for copies. It is given coin for deposits.
pub(super) fn execute_as(
    origin: &AccountId,
    contract: &AccountId,
    input: Vec<u8>,
    value: Native,
) -> Result<Applied, ChainError> {
    let account = native(origin);
    let wanted = DEPOSITS.saturating_add(value);
    let missing = wanted.saturating_sub(spendable(&account));
    <Balances as Mutate<AccountId32>>::mint_into(&account, missing).map_err(refused)?;
    let call = Call::Message { contract: *contract, input, value };
    let envelope = Envelope { signer: *origin, nonce: 0, call, signature: [0; 64] };
    sp_io::storage::start_transaction();
    let effect = perform(&account, &envelope, Weight::from_parts(CALL_REF_TIME, u64::MAX));
    match effect.outcome {
        Ok(mut applied) => {
            sp_io::storage::commit_transaction();
            applied.receipt.gas = gas(effect.gas);
            Ok(applied)
        }
        Err(error) => {
            sp_io::storage::rollback_transaction();
            Err(error)
        }
    }
}

/// Takes the fee, as far as the account has it.
pub(super) fn charge(signer: &AccountId32, fee: Native) -> Native {
    let payable = fee.min(spendable(signer));
    Balances::burn_from(signer, payable, Precision::BestEffort, Fortitude::Polite).unwrap_or(0)
}

pub(super) fn gas(weight: Weight) -> Gas {
    Gas { ref_time: weight.ref_time(), proof_size: weight.proof_size() }
}

pub(super) fn deposit(deposit: &pallet_contracts::StorageDeposit<Balance>) -> i128 {
    use pallet_contracts::StorageDeposit::{Charge, Refund};
    let signed = |amount: &Balance| i128::try_from(*amount).unwrap_or(i128::MAX);
    match deposit {
        Charge(amount) => signed(amount),
        Refund(amount) => signed(amount).saturating_neg(),
    }
}

pub(super) fn refused(error: DispatchError) -> ChainError {
    let reason = match error {
        DispatchError::Module(module) => {
            let pallet = match module.index {
                1 => "Timestamp",
                2 => "Balances",
                3 => "Contracts",
                _ => "System",
            };
            format!("{pallet}::{}", module.message.unwrap_or("an unnamed error"))
        }
        other => format!("{other:?}"),
    };
    ChainError::Dispatch { reason }
}

/// What a call did before its fee.
struct Effect {
    gas: Weight,
    outcome: Result<Applied, ChainError>,
}

/// Runs the envelope in the open block: its effects and the fee, or the fee alone.
pub(super) fn execute(envelope: &Envelope) -> Result<Applied, ChainError> {
    let signer = native(&envelope.signer);
    System::inc_account_nonce(&signer);
    let base = base_weight(&envelope.call);
    // A call gets no more weight than its sender could pay for.
    let payable = spendable(&signer).saturating_sub(fee_of(base, envelope));
    let limit = u64::try_from(payable).unwrap_or(u64::MAX).min(CALL_REF_TIME);

    sp_io::storage::start_transaction();
    let effect = perform(&signer, envelope, Weight::from_parts(limit, u64::MAX));
    let weight = base.saturating_add(effect.gas);
    let fee = fee_of(weight, envelope);
    let outcome = effect.outcome.and_then(|applied| {
        let available = spendable(&signer);
        if available < fee {
            return Err(ChainError::CannotPay { needed: fee, available });
        }
        Ok(applied)
    });
    match outcome {
        Ok(mut applied) => {
            sp_io::storage::commit_transaction();
            applied.receipt.fee = charge(&signer, fee);
            applied.receipt.gas = gas(weight);
            Ok(applied)
        }
        Err(error) => {
            sp_io::storage::rollback_transaction();
            charge(&signer, fee);
            Err(error)
        }
    }
}

/// The call's own effects.
fn perform(signer: &AccountId32, envelope: &Envelope, limit: Weight) -> Effect {
    let receipt = |held: i128, returned: Vec<u8>| Receipt { deposit: held, returned, ..Receipt::default() };
    match &envelope.call {
        Call::Upload { code } => {
            let outcome = Contracts::bare_upload_code(signer.clone(), code.clone(), None, Determinism::Enforced);
            let outcome = outcome.map_err(refused).map(|uploaded| Applied {
                receipt: receipt(i128::try_from(uploaded.deposit).unwrap_or(i128::MAX), Vec::new()),
                contract: None,
                code_hash: Some(uploaded.code_hash.0),
            });
            Effect { gas: Weight::zero(), outcome }
        }
        Call::Instantiate { code, input, salt, value } => {
            let result = Contracts::bare_instantiate(
                signer.clone(),
                *value,
                limit,
                None,
                Code::Upload(code.clone()),
                input.clone(),
                salt.clone(),
                DebugInfo::Skip,
                CollectEvents::Skip,
            );
            let held = deposit(&result.storage_deposit);
            let outcome = result.result.map_err(refused).and_then(|made| {
                if made.result.did_revert() {
                    return Err(ChainError::Reverted { returned: made.result.data });
                }
                Ok(Applied {
                    receipt: receipt(held, made.result.data),
                    contract: Some(AccountId::from(<[u8; 32]>::from(made.account_id))),
                    code_hash: None,
                })
            });
            Effect { gas: result.gas_consumed, outcome }
        }
        Call::Message { contract, input, value } => {
            let result = Contracts::bare_call(
                signer.clone(),
                native(contract),
                *value,
                limit,
                None,
                input.clone(),
                DebugInfo::Skip,
                CollectEvents::Skip,
                Determinism::Enforced,
            );
            let held = deposit(&result.storage_deposit);
            let outcome = result.result.map_err(refused).and_then(|returned| {
                if returned.did_revert() {
                    return Err(ChainError::Reverted { returned: returned.data });
                }
                Ok(Applied { receipt: receipt(held, returned.data), contract: None, code_hash: None })
            });
            Effect { gas: result.gas_consumed, outcome }
        }
        Call::Transfer { to, value } => {
            let outcome =
                <Balances as Mutate<AccountId32>>::transfer(signer, &native(to), *value, Preservation::Preserve);
            let outcome = outcome.map_err(refused).map(|_| Applied {
                receipt: Receipt::default(),
                contract: None,
                code_hash: None,
            });
            Effect { gas: Weight::zero(), outcome }
        }
    }
}
