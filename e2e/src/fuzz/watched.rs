//! A chain that looks at every call: what came of it is counted, and what must never happen is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chain::{
    AccountId, BlockNumber, Chain, ChainCopy, ChainError, ContractEvent, DryRun, Embedded, Gas, Keypair, Native,
    Receipt,
};
use ink::env::Event;
use openledger_abi::datanet::ContributionStruck;
use openledger_abi::gas_station::{GasFunded, GasSwapped, GasWithdrawn};
use openledger_abi::payout::{BatchRecorded, ReportDelayed, ReportVoided};
use openledger_abi::staking::Slashed;
use openledger_abi::timelock::{OperationCancelled, OperationScheduled, ProposerSet, TimelockParametersSet};
use openledger_abi::token::{DelegateChanged, DelegateVotesChanged};
use suite::Suite;

use crate::metadata::{Interface, Message, interface};

/// What came of the calls of one message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    pub calls: u64,
    /// Those that did what they should.
    pub done: u64,
    /// Done inside a call of another contract's.
    pub inside: u64,
    /// Refusals by the error's name.
    pub errors: BTreeMap<String, u64>,
}

/// What came of all calls, by contract and message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    pub messages: BTreeMap<(&'static str, String), Reach>,
}

impl Coverage {
    fn of(&mut self, contract: &'static str, message: &str) -> &mut Reach {
        self.messages.entry((contract, message.to_owned())).or_default()
    }

    /// Adds another count to this one.
    pub fn add(&mut self, other: &Coverage) {
        for ((contract, message), theirs) in &other.messages {
            let ours = self.of(contract, message);
            ours.calls += theirs.calls;
            ours.done += theirs.done;
            ours.inside += theirs.inside;
            for (error, count) in &theirs.errors {
                *ours.errors.entry(error.clone()).or_default() += count;
            }
        }
    }

    /// Calls over all messages.
    pub fn calls(&self) -> u64 {
        self.messages.values().map(|reach| reach.calls).sum()
    }
}

/// What was seen.
#[derive(Debug, Default)]
pub struct Notes {
    pub coverage: Coverage,
    /// What must never happen.
    pub faults: Vec<String>,
    /// OPEN by account, as the token's events tell.
    pub balances: BTreeMap<AccountId, u128>,
    /// Native coin that the gas station was given, less what it gave, as its events tell.
    pub gas: i128,
    /// Whose OPEN or votes moved.
    pub accounts: BTreeSet<AccountId>,
    /// Contracts in which something changed since this was last emptied.
    pub touched: BTreeSet<AccountId>,
    /// Calls that changed something.
    pub changes: u64,
}

impl Notes {
    /// Keeps what the gas station has.
    fn follow_gas(&mut self, event: &ContractEvent) {
        let signed = |amount: u128| i128::try_from(amount).unwrap_or(i128::MAX);
        if let Some(swapped) = event.decode::<GasSwapped>() {
            self.gas -= signed(swapped.native);
        } else if let Some(funded) = event.decode::<GasFunded>() {
            self.gas += signed(funded.amount);
        } else if let Some(withdrawn) = event.decode::<GasWithdrawn>() {
            self.gas -= signed(withdrawn.amount);
        }
    }

    /// Keeps the balances and whom votes belong to.
    fn follow(&mut self, event: &ContractEvent) {
        if let Some(moved) = event.decode::<DelegateVotesChanged>() {
            self.accounts.insert(moved.delegate);
        }
        if let Some(moved) = event.decode::<DelegateChanged>() {
            self.accounts.insert(moved.delegator);
        }
        let Some(moved) = event.decode::<psp22::Transfer>() else { return };
        self.accounts.extend([moved.from, moved.to].into_iter().flatten());
        if let Some(from) = moved.from {
            let balance = self.balances.entry(from).or_default();
            match balance.checked_sub(moved.value) {
                Some(rest) => *balance = rest,
                None => self.faults.push(format!("{from:?} sent {} and had {balance}", moved.value)),
            }
        }
        if let Some(to) = moved.to {
            let balance = self.balances.entry(to).or_default();
            *balance = balance.saturating_add(moved.value);
        }
    }

    /// Of all accounts together.
    pub fn supply(&self) -> u128 {
        self.balances.values().sum()
    }
}

/// A fork of a chain under watch.
pub struct Watched {
    chain: Embedded,
    contracts: BTreeMap<AccountId, &'static Interface>,
    notes: Mutex<Notes>,
}

/// What one call came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// The message's own error.
    Refused(String),
    /// The chain's.
    Impossible(String),
}

/// Events that tell of a message that another contract called.
fn told(event: &ContractEvent) -> Option<(&'static str, &'static str)> {
    let is = |topic: Option<[u8; 32]>| topic.is_some() && event.topics.first().copied() == topic;
    let table: [(Option<[u8; 32]>, &'static str, &'static str); 9] = [
        (ProposerSet::SIGNATURE_TOPIC, "timelock", "Timelock::administer"),
        (TimelockParametersSet::SIGNATURE_TOPIC, "timelock", "Timelock::administer"),
        (BatchRecorded::SIGNATURE_TOPIC, "payout", "Payout::record_batch"),
        (ReportVoided::SIGNATURE_TOPIC, "payout", "Payout::void"),
        (ReportDelayed::SIGNATURE_TOPIC, "payout", "Payout::delay"),
        (Slashed::SIGNATURE_TOPIC, "staking", "Staking::slash_false_report"),
        (ContributionStruck::SIGNATURE_TOPIC, "datanet_registry", "DatanetRegistry::strike"),
        (OperationScheduled::SIGNATURE_TOPIC, "timelock", "Timelock::schedule"),
        (OperationCancelled::SIGNATURE_TOPIC, "timelock", "Timelock::cancel"),
    ];
    table.into_iter().find(|(topic, _, _)| is(*topic)).map(|(_, contract, message)| (contract, message))
}

impl Watched {
    /// Watches calls of a suite's contracts on a chain on which accounts have so much OPEN.
    pub fn new(chain: Embedded, suite: &Suite, balances: BTreeMap<AccountId, u128>) -> Self {
        let named = suite.named();
        let contracts =
            named.iter().filter_map(|(name, account)| interface(name).ok().map(|known| (*account, known))).collect();
        let notes = Mutex::new(Notes { balances, ..Notes::default() });
        Watched { chain, contracts, notes }
    }

    /// What was seen so far.
    pub fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls as anybody, contracts too; nobody signs.
    pub fn call_as(&self, origin: AccountId, contract: AccountId, input: &[u8], native: Native) -> Outcome {
        let result = self.chain.call_as(origin, contract, input, native);
        self.seen(contract, input, native, &result)
    }

    /// Tries what a call by anybody would do.
    pub fn probe(&self, origin: AccountId, contract: AccountId, input: &[u8], native: Native) -> Outcome {
        let result = self.chain.dry_run(origin, contract, input, native).and_then(|run| {
            if run.reverted {
                return Err(ChainError::Reverted { returned: run.returned });
            }
            Ok(Receipt { returned: run.returned, ..Receipt::default() })
        });
        self.seen(contract, input, native, &result)
    }

    fn seen(&self, contract: AccountId, input: &[u8], native: Native, result: &Result<Receipt, ChainError>) -> Outcome {
        let Some(known) = self.contracts.get(&contract) else { return Outcome::Impossible("no contract".into()) };
        let message = input.get(..4).and_then(|selector| known.of_selector(selector));
        let outcome = self.judged(known, message, native, result);
        let mut notes = self.notes();
        let label = message.map_or("(no message)", |message| message.label.as_str());
        let reach = notes.coverage.of(known.name, label);
        reach.calls += 1;
        match &outcome {
            Outcome::Done => {
                reach.done += 1;
                notes.changes += 1;
            }
            Outcome::Refused(error) | Outcome::Impossible(error) => {
                *reach.errors.entry(error.clone()).or_default() += 1;
            }
        }
        if let Ok(receipt) = result {
            for event in &receipt.events {
                if let Some((inner, message)) = told(event) {
                    if inner != known.name || message == "Timelock::administer" {
                        notes.coverage.of(inner, message).inside += 1;
                    }
                }
                notes.touched.insert(event.contract);
                notes.follow(event);
                notes.follow_gas(event);
            }
            notes.touched.insert(contract);
        }
        outcome
    }

    /// What a result means; what must never happen is noted.
    fn judged(
        &self,
        known: &Interface,
        message: Option<&Message>,
        native: Native,
        result: &Result<Receipt, ChainError>,
    ) -> Outcome {
        let fault = |what: String| {
            let label = message.map_or("bytes that are no message", |message| message.label.as_str());
            self.notes().faults.push(format!("{}, {label}: {what}", known.name));
        };
        match result {
            Ok(receipt) => {
                let Some(message) = message else {
                    fault("was taken".into());
                    return Outcome::Done;
                };
                match known.outcome(message, &receipt.returned) {
                    Ok(None) => Outcome::Done,
                    Ok(Some(error)) => {
                        fault(format!("{error} was returned, but what the call did was kept"));
                        Outcome::Refused(error)
                    }
                    Err(error) => {
                        fault(format!("{error:#}"));
                        Outcome::Done
                    }
                }
            }
            Err(ChainError::Reverted { returned }) => {
                // Result<_, LangError>'s error: bytes that are no message, or no arguments.
                if returned.first() == Some(&1) {
                    return Outcome::Refused("CouldNotReadInput".into());
                }
                match message.map(|message| known.outcome(message, returned)) {
                    Some(Ok(Some(error))) => Outcome::Refused(error),
                    _ => {
                        fault("undone without an error".into());
                        Outcome::Refused("none".into())
                    }
                }
            }
            // ink! refuses native coin for a message that takes none by a trap, before any of the contract's own code.
            Err(ChainError::Dispatch { reason })
                if reason.ends_with("ContractTrapped") && native > 0 && !message.is_some_and(|m| m.payable) =>
            {
                Outcome::Impossible("native coin for a message that takes none".into())
            }
            Err(ChainError::Dispatch { reason }) if money(reason) => Outcome::Impossible(reason.clone()),
            Err(error) => {
                fault(error.to_string());
                Outcome::Impossible(error.to_string())
            }
        }
    }
}

/// Whether the chain refused since the caller has too little native coin.
fn money(reason: &str) -> bool {
    ["StorageDepositNotEnoughFunds", "StorageDepositLimitExhausted", "TransferFailed", "FundsUnavailable"]
        .iter()
        .any(|known| reason.contains(known))
}

impl Chain for Watched {
    fn genesis(&self) -> [u8; 32] {
        self.chain.genesis()
    }

    fn now(&self) -> Result<u64, ChainError> {
        self.chain.now()
    }

    fn block_number(&self) -> Result<BlockNumber, ChainError> {
        self.chain.block_number()
    }

    fn upload(&self, key: &Keypair, wasm: &[u8]) -> Result<([u8; 32], Receipt), ChainError> {
        self.chain.upload(key, wasm)
    }

    fn upload_and_instantiate(
        &self,
        key: &Keypair,
        wasm: &[u8],
        input: &[u8],
        salt: &[u8],
        value: Native,
    ) -> Result<(AccountId, Receipt), ChainError> {
        self.chain.upload_and_instantiate(key, wasm, input, salt, value)
    }

    fn submit(&self, key: &Keypair, contract: AccountId, input: &[u8], value: Native) -> Result<Receipt, ChainError> {
        // Unsigned: what the chain does with signatures is its own tests' concern, and this is faster.
        let result = self.chain.call_as(key.account(), contract, input, value);
        self.seen(contract, input, value, &result);
        result
    }

    fn dry_run(
        &self,
        origin: AccountId,
        contract: AccountId,
        input: &[u8],
        value: Native,
    ) -> Result<DryRun, ChainError> {
        self.chain.dry_run(origin, contract, input, value)
    }

    fn advance(&self, by: Duration) -> Result<(), ChainError> {
        self.chain.advance(by)
    }

    fn events(&self, from: BlockNumber) -> Result<Vec<ContractEvent>, ChainError> {
        self.chain.events(from)
    }

    fn transfer(&self, key: &Keypair, to: AccountId, value: Native) -> Result<Receipt, ChainError> {
        self.chain.transfer(key, to, value)
    }

    fn balance(&self, account: AccountId) -> Result<Native, ChainError> {
        self.chain.balance(account)
    }

    fn code_hash(&self, contract: AccountId) -> Result<Option<[u8; 32]>, ChainError> {
        self.chain.code_hash(contract)
    }

    fn fee(&self, contract: AccountId, input: &[u8], value: Native, gas: Gas) -> Result<Native, ChainError> {
        self.chain.fee(contract, input, value, gas)
    }

    fn copy(&self) -> Result<Arc<dyn ChainCopy>, ChainError> {
        self.chain.copy()
    }
}
