//! A node's state at a block, lent to copies.

use std::sync::Arc;

use scale::Decode;
use subxt::{Metadata, backend::rpc::rpc_params, utils::H256};

use super::{Client, codec, node, run};
use crate::{
    BlockNumber, ChainError, ContractEvent, EXISTENTIAL_DEPOSIT, Native,
    embedded::{DEPOSIT_PER_BYTE, DEPOSIT_PER_ITEM, Lender, Loan},
};

/// Under this key with its id appended stands a child trie.
const CHILD_TRIE: &[u8] = b":child_storage:default:";

/// What copies read, with the fields that their runtime knows. Another runtime may keep something else there.
const LAYOUTS: [(&str, &str, &[&str]); 3] = [
    ("System", "Account", &["nonce", "consumers", "providers", "sufficients", "data"]),
    (
        "Contracts",
        "ContractInfoOf",
        &[
            "trie_id",
            "code_hash",
            "storage_bytes",
            "storage_items",
            "storage_byte_deposit",
            "storage_item_deposit",
            "storage_base_deposit",
            "delegate_dependencies",
        ],
    ),
    ("Contracts", "CodeInfoOf", &["owner", "deposit", "refcount", "determinism", "code_len"]),
];

/// The node at one of its blocks.
struct AtBlock {
    runtime: tokio::runtime::Handle,
    client: Arc<Client>,
    number: BlockNumber,
    hash: H256,
}

impl Lender for AtBlock {
    fn value(&self, trie: Option<&[u8]>, key: &[u8]) -> Result<Option<Vec<u8>>, ChainError> {
        let (client, hash) = (Arc::clone(&self.client), self.hash);
        let (trie, key) = (trie.map(<[u8]>::to_vec), key.to_vec());
        run(&self.runtime, async move {
            match trie {
                None => client.methods.state_get_storage(&key, Some(hash)).await.map_err(node),
                Some(trie) => client.child_value(&trie, &key, hash).await,
            }
        })
    }

    fn events(&self) -> Result<Vec<ContractEvent>, ChainError> {
        run(&self.runtime, Arc::clone(&self.client).events_through(0, self.number))
    }
}

impl Client {
    /// The state at the best block.
    ///
    /// # Errors
    /// [`ChainError::NoCopy`] if the node's runtime keeps contracts in another form than ours, or for other deposits.
    pub(super) async fn lend(self: Arc<Self>, runtime: tokio::runtime::Handle) -> Result<Loan, ChainError> {
        let metadata = self.api.metadata();
        let alike = LAYOUTS.iter().all(|(pallet, item, names)| has_fields(&metadata, pallet, item, names))
            && deposits().iter().all(|(pallet, name, amount)| constant(&metadata, pallet, name) == Some(*amount));
        if !alike {
            return Err(ChainError::NoCopy);
        }
        let contracts_index = metadata.pallet_by_name("Contracts").ok_or(ChainError::NoCopy)?.index();
        let best = self.methods.chain_get_block_hash(None).await.map_err(node)?;
        let hash = best.ok_or_else(|| ChainError::Node("it has no block".into()))?;
        let header = self.methods.chain_get_header(Some(hash)).await.map_err(node)?;
        let number = header.map_or(0, |header| header.number);
        // Right after the block: whatever is read from the node itself is of that time too.
        let clock = self.methods.state_get_storage(&codec::storage_key("Timestamp", "Now", &[]), Some(hash)).await;
        let clock = u64::decode(&mut clock.map_err(node)?.unwrap_or_default().as_slice()).unwrap_or_default();
        let time_ms = clock.saturating_add(1);
        let genesis = self.genesis;
        let lender = Arc::new(AtBlock { runtime, client: self, number, hash });
        Ok(Loan { lender, genesis, number, hash: hash.0, time_ms, contracts_index })
    }

    /// A value in a child trie.
    async fn child_value(&self, trie: &[u8], key: &[u8], hash: H256) -> Result<Option<Vec<u8>>, ChainError> {
        let text = |bytes: &[u8]| format!("0x{}", hex::encode(bytes));
        let trie = text(&[CHILD_TRIE, trie].concat());
        let found: Option<String> =
            self.rpc.request("childstate_getStorage", rpc_params![trie, text(key), Some(hash)]).await.map_err(node)?;
        let value = found.map(|value| hex::decode(value.trim_start_matches("0x"))).transpose();
        value.map_err(|cause| ChainError::Decode(format!("a contract's storage: {cause}")))
    }
}

/// What our runtime takes for storage.
fn deposits() -> [(&'static str, &'static str, Native); 3] {
    [
        ("Contracts", "DepositPerItem", DEPOSIT_PER_ITEM),
        ("Contracts", "DepositPerByte", DEPOSIT_PER_BYTE),
        ("Balances", "ExistentialDeposit", EXISTENTIAL_DEPOSIT),
    ]
}

/// An amount that a pallet's runtime was built with.
fn constant(metadata: &Metadata, pallet: &str, name: &str) -> Option<Native> {
    let value = metadata.pallet_by_name(pallet)?.constant_by_name(name)?.value();
    Native::decode(&mut &*value).ok()
}

/// Whether a storage item's values have these fields, in order.
fn has_fields(metadata: &Metadata, pallet: &str, item: &str, names: &[&str]) -> bool {
    let value = || {
        let entry = metadata.pallet_by_name(pallet)?.storage()?.entry_by_name(item)?;
        metadata.types().resolve(entry.entry_type().value_ty())
    };
    match value().map(|value| &value.type_def) {
        Some(scale_info::TypeDef::Composite(composite)) => {
            composite.fields.iter().map(|field| field.name.as_deref()).eq(names.iter().map(|name| Some(*name)))
        }
        _ => false,
    }
}
