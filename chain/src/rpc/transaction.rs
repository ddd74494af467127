//! Signing, sending and waiting: nonces under concurrency, gas from the dry run, the receipt.

use std::time::Duration;

use subxt::{
    Metadata,
    config::DefaultExtrinsicParamsBuilder,
    tx::{Payload, TxStatus},
};

use super::{
    Client,
    codec::{self, Tally, Weight},
    node,
};
use crate::{AccountId, ChainError, DryRun, Gas, Keypair, Native, Receipt};
use scale::{Decode, Encode};

/// How often a transaction is signed anew because its nonce was used by somebody else.
const NONCE_ATTEMPTS: u32 = 12;

/// How often a call is dry-run and sent anew because it ran out of gas: others changed what it meets.
const GAS_ATTEMPTS: u64 = 3;

/// Three quarters of a block's two seconds: what one transaction may ask for.
const MAX_REF_TIME: u64 = 1_400_000_000_000;

/// How long a transaction may take to be in a block, or in a final one.
const INCLUSION_TIMEOUT: Duration = Duration::from_secs(180);

/// Bytes of a signed transaction beside its call, about: signer, signature, nonce, era, length.
const SIGNED_OVERHEAD: u32 = 108;

type Connection = subxt::OnlineClient<subxt::SubstrateConfig>;
type Progress = subxt::tx::TxProgress<subxt::SubstrateConfig, Connection>;
type InBlock = subxt::tx::TxInBlock<subxt::SubstrateConfig, Connection>;

/// A call whose arguments are encoded already.
struct Call {
    pallet: &'static str,
    name: &'static str,
    arguments: Vec<u8>,
}

impl Payload for Call {
    fn encode_call_data_to(&self, metadata: &Metadata, out: &mut Vec<u8>) -> Result<(), subxt::ext::subxt_core::Error> {
        let pallet = metadata.pallet_by_name_err(self.pallet)?;
        let call = pallet
            .call_variant_by_name(self.name)
            .ok_or_else(|| subxt::error::MetadataError::CallNameNotFound(self.name.to_owned()))?;
        out.push(pallet.index());
        out.push(call.index);
        out.extend(&self.arguments);
        Ok(())
    }
}

/// Half as much again as the dry run needed, and more at each attempt.
fn limit(needed: Gas, attempt: u64) -> Weight {
    let grow = |amount: u64| {
        let half = amount / 2;
        amount.saturating_add(half.saturating_mul(attempt))
    };
    Weight { ref_time: grow(needed.ref_time).min(MAX_REF_TIME), proof_size: grow(needed.proof_size) }
}

fn ran_out_of_gas(error: &ChainError) -> bool {
    matches!(error, ChainError::Dispatch { reason } if reason == "Contracts::OutOfGas")
}

fn reverted(error: &ChainError) -> bool {
    matches!(error, ChainError::Dispatch { reason } if reason == "Contracts::ContractReverted")
}

/// Whether the pool refused the transaction for its nonce: stale, or one like it is there already.
fn nonce_taken(text: &str) -> bool {
    ["1010", "1012", "1013", "1014", "outdated", "Priority is too low", "already imported", "stale"]
        .iter()
        .any(|sign| text.contains(sign))
        && !text.contains("payment")
        && !text.contains("exhaust")
}

impl Client {
    /// Calls a contract.
    pub(super) async fn call(
        &self,
        key: &Keypair,
        contract: [u8; 32],
        input: &[u8],
        value: Native,
    ) -> Result<Receipt, ChainError> {
        let mut attempt = 1;
        loop {
            let dry = accepted(self.dry_run(key.public(), contract, input, value).await?)?;
            let arguments = codec::call_arguments(contract, value, limit(dry.gas, attempt), input);
            match self.transact(key, "Contracts", "call", arguments).await {
                Ok(receipt) => return Ok(Receipt { returned: dry.returned, ..receipt }),
                Err(error) if ran_out_of_gas(&error) && attempt < GAS_ATTEMPTS => attempt += 1,
                Err(error) if reverted(&error) => {
                    // Somebody was faster. What the message would return now is most likely why.
                    accepted(self.dry_run(key.public(), contract, input, value).await?)?;
                    return Err(error);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// What a call costs if it uses just `gas`.
    pub(super) async fn fee(
        &self,
        contract: [u8; 32],
        input: &[u8],
        value: Native,
        gas: Gas,
    ) -> Result<Native, ChainError> {
        let weight = Weight { ref_time: gas.ref_time, proof_size: gas.proof_size };
        let arguments = codec::call_arguments(contract, value, weight, input);
        let mut question = Vec::new();
        Call { pallet: "Contracts", name: "call", arguments }
            .encode_call_data_to(&self.api.metadata(), &mut question)
            .map_err(|cause| ChainError::Node(cause.to_string()))?;
        let length = u32::try_from(question.len()).unwrap_or(u32::MAX).saturating_add(SIGNED_OVERHEAD);
        length.encode_to(&mut question);
        let api = "TransactionPaymentCallApi_query_call_info";
        let answer = self.methods.state_call(api, Some(&question), None).await.map_err(node)?;
        // The weight, the class, then the fee.
        type Info = (scale::Compact<u64>, scale::Compact<u64>, u8, Native);
        let (_, _, _, fee) =
            Info::decode(&mut answer.as_slice()).map_err(|cause| ChainError::Decode(format!("{api}: {cause}")))?;
        Ok(fee)
    }

    /// Uploads code and instantiates it.
    pub(super) async fn instantiate(
        &self,
        key: &Keypair,
        code: &[u8],
        input: &[u8],
        salt: &[u8],
        value: Native,
    ) -> Result<(AccountId, Receipt), ChainError> {
        let no_limits: (Option<Weight>, Option<Native>) = (None, None);
        // Code::Upload is variant 0.
        let question = (key.public(), value, no_limits, (0u8, code), input, salt).encode();
        let answer = self.methods.state_call("ContractsApi_instantiate", Some(&question), None).await.map_err(node)?;
        let (dry, predicted) = codec::contract_result(&answer, &self.api.metadata())?;
        let dry = accepted(dry)?;
        let arguments = codec::instantiate_arguments(value, limit(dry.gas, 1), code, input, salt);
        let (receipt, instantiated) = self
            .transact_with_tally(key, "Contracts", "instantiate_with_code", arguments)
            .await
            .map(|(receipt, tally)| (receipt, tally.instantiated))?;
        let contract =
            instantiated.or(predicted).ok_or_else(|| ChainError::Decode("the node names no new contract".into()))?;
        Ok((contract, Receipt { returned: dry.returned, ..receipt }))
    }

    /// Uploads code.
    pub(super) async fn upload(&self, key: &Keypair, code: &[u8]) -> Result<([u8; 32], Receipt), ChainError> {
        let arguments = codec::upload_arguments(code);
        let receipt = self.transact(key, "Contracts", "upload_code", arguments).await?;
        Ok((sp_core::hashing::blake2_256(code), receipt))
    }

    /// Sends a transaction and waits until it is in a block.
    pub(super) async fn transact(
        &self,
        key: &Keypair,
        pallet: &'static str,
        name: &'static str,
        arguments: Vec<u8>,
    ) -> Result<Receipt, ChainError> {
        self.transact_with_tally(key, pallet, name, arguments).await.map(|(receipt, _)| receipt)
    }

    async fn transact_with_tally(
        &self,
        key: &Keypair,
        pallet: &'static str,
        name: &'static str,
        arguments: Vec<u8>,
    ) -> Result<(Receipt, Tally), ChainError> {
        let call = Call { pallet, name, arguments };
        let account = subxt::utils::AccountId32(key.public());
        let lock = self.key_lock(key);
        let mut attempt = 0;
        let progress = loop {
            let alone = lock.lock().await;
            let nonce = self.methods.system_account_next_index(&account).await.map_err(node)?;
            let parameters = DefaultExtrinsicParamsBuilder::new().nonce(nonce).build();
            let signed = self.api.tx().create_signed_offline(&call, key, parameters).map_err(node)?;
            let sent = signed.submit_and_watch().await;
            drop(alone);
            match sent {
                Ok(progress) => break progress,
                Err(error) => {
                    let text = error.to_string();
                    attempt += 1;
                    if !nonce_taken(&text) || attempt >= NONCE_ATTEMPTS {
                        return Err(ChainError::Node(text));
                    }
                    // Another process signs with this key: let its transaction pass.
                    tokio::time::sleep(Duration::from_millis(20 * u64::from(attempt))).await;
                }
            }
        };
        tokio::time::timeout(INCLUSION_TIMEOUT, self.included(progress)).await.unwrap_or_else(|_| {
            Err(ChainError::Node(format!(
                "it took no block for the transaction within {} s; it may still come",
                INCLUSION_TIMEOUT.as_secs()
            )))
        })
    }

    /// Waits until the transaction is in a block that counts.
    async fn included(&self, mut progress: Progress) -> Result<(Receipt, Tally), ChainError> {
        while let Some(status) = progress.next().await {
            match status.map_err(node)? {
                TxStatus::InFinalizedBlock(block) => return self.receipt(&block).await,
                TxStatus::InBestBlock(block) if self.seals_on_demand => return self.receipt(&block).await,
                TxStatus::Error { message } | TxStatus::Invalid { message } | TxStatus::Dropped { message } => {
                    return Err(ChainError::Node(message));
                }
                TxStatus::InBestBlock(_)
                | TxStatus::Validated
                | TxStatus::Broadcasted { .. }
                | TxStatus::NoLongerInBestBlock => {}
            }
        }
        Err(ChainError::Node("subscription dropped: it stopped telling about the transaction".into()))
    }

    async fn receipt(&self, block: &InBlock) -> Result<(Receipt, Tally), ChainError> {
        let hash = block.block_hash();
        let header = self.methods.chain_get_header(Some(hash)).await.map_err(node)?;
        let number = header.ok_or_else(|| ChainError::Node(format!("it has no block {hash:?}")))?.number;
        let events = block.fetch_events().await.map_err(node)?;
        let mut tally = Tally::default();
        let mut emitted = Vec::new();
        for event in events.iter() {
            let event = event.map_err(node)?;
            if event.pallet_name() == "System" && event.variant_name() == "ExtrinsicFailed" {
                return Err(codec::dispatch_error(event.field_bytes(), &self.api.metadata()));
            }
            tally.add(&event);
            emitted.extend(codec::contract_emitted(number, &event)?);
        }
        let receipt = Receipt {
            block: number,
            gas: tally.gas,
            deposit: tally.deposit,
            fee: tally.fee,
            events: emitted,
            returned: Vec::new(),
        };
        Ok((receipt, tally))
    }
}

/// A dry run that would change something; else the message's error.
fn accepted(dry: DryRun) -> Result<DryRun, ChainError> {
    if dry.reverted {
        return Err(ChainError::Reverted { returned: dry.returned });
    }
    Ok(dry)
}
