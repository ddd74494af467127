//! A world in which actions are performed.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use chain::{AccountId, Keypair, read};
use ink::message_builder;
use ink::scale::Encode;
use openledger_abi::arbitration::{Choice, judgement_hash};
use openledger_abi::gas_station::GasStation;
use openledger_abi::governor::{Governor, Proposal};
use openledger_abi::payout::{Payout, ReportStatus};
use proof::Hasher;

use super::action::Action;
use super::signing;
use super::start::{Cast, Start};
use super::value::{Known, Names, Spec};
use super::watched::{Outcome, Watched};
use crate::epoch::{Closed, Report};
use crate::{H, World};

/// Time doesn't jump further in one step: 400 days.
const FURTHEST: u64 = 400 * 86_400_000;

/// A sequence's world.
pub struct Stage {
    pub world: World,
    pub watched: Arc<Watched>,
    pub cast: Cast,
    /// The last report that was taken, while it is not live.
    pub pending: Option<(Closed, Report)>,
}

/// Whether a contract may really be the caller: what it does in the code, or what a vote could make the timelock do.
/// Otherwise it is only tried what would happen.
fn lawful(by: &str, contract: &str, message: &str) -> bool {
    match by {
        "timelock" => contract != "timelock",
        "governor" => contract == "timelock",
        "disputes" => matches!(message, "void" | "delay" | "slash_false_report") && contract != by,
        "availability" => matches!(message, "delay" | "convict" | "lose"),
        "arbitration" => {
            matches!(message, "slash" | "slash_many" | "strike" | "set_payee" | "reinstate") && contract != by
        }
        other => crate::metadata::interface(other).is_err(),
    }
}

impl Stage {
    /// Begins where a start left off.
    ///
    /// # Errors
    /// If its chain can't be read.
    pub fn begin(start: &Start) -> Result<Self> {
        let (watched, world, report) = start.begin();
        let pending = match report {
            Some(report) => Some((world.closed(report.body.epoch)?, report)),
            None => None,
        };
        Ok(Stage { world, watched, cast: start.cast(), pending })
    }

    /// Somebody's key; `None` for contracts and ghosts.
    pub fn key(&self, name: &str) -> Option<Keypair> {
        self.world.people.named().into_iter().find(|(known, _)| known == name).map(|(_, key)| key.clone())
    }

    /// An account by its name.
    ///
    /// # Errors
    /// If nobody has it.
    pub fn account_of(&self, name: &str) -> Result<AccountId> {
        self.cast.accounts.get(name).copied().with_context(|| format!("nobody is called `{name}`"))
    }

    /// Performs an action. What contracts refuse is no error here: the watched chain knows of it.
    ///
    /// # Errors
    /// If the action could not be tried: a name that nobody has, nothing to report.
    pub fn perform(&mut self, action: &Action) -> Result<()> {
        match action {
            Action::Call { by, call } => self.call(by, call).map(|_| ()),
            Action::Raw { by, contract, input, native } => {
                let (origin, contract) = (self.account_of(by)?, self.account_of(contract)?);
                self.watched.call_as(origin, contract, input, *native);
                Ok(())
            }
            Action::Wait { ms } => self.wait(*ms),
            Action::WaitFor { edge, by } => {
                let Some(at) = self.edge(*edge)? else { return Ok(()) };
                self.until(at.saturating_add_signed(*by))
            }
            other => self.perform_together(other),
        }?;
        self.sync()
    }

    /// Calls a message as somebody.
    ///
    /// # Errors
    /// If the call can't be encoded.
    pub fn call(&self, by: &str, call: &Spec) -> Result<Outcome> {
        let (origin, contract, input) = self.encoded(by, call)?;
        let name = call.message.rsplit("::").next().unwrap_or_default();
        if lawful(by, &call.contract, name) {
            Ok(self.watched.call_as(origin, contract, &input, call.native))
        } else {
            Ok(self.watched.probe(origin, contract, &input, call.native))
        }
    }

    /// What a call by somebody would come to. Nothing changes.
    ///
    /// # Errors
    /// If the call can't be encoded.
    pub fn tried(&self, by: &str, call: &Spec) -> Result<Outcome> {
        let (origin, contract, input) = self.encoded(by, call)?;
        Ok(self.watched.probe(origin, contract, &input, call.native))
    }

    /// A call's sender, contract and bytes, signed where they should be.
    fn encoded(&self, by: &str, call: &Spec) -> Result<(AccountId, AccountId, Vec<u8>)> {
        let mut input = call.encode(self)?;
        let (origin, contract) = (self.account_of(by)?, self.account_of(&call.contract)?);
        let name = call.message.rsplit("::").next().unwrap_or_default();
        if let Some((who, wrapped)) = call.signer() {
            if let Some(key) = self.key(who) {
                signing::sign(&self.world, name, contract, &mut input, &key, wrapped)?;
            }
        }
        Ok((origin, contract, input))
    }

    /// Lets time pass.
    ///
    /// # Errors
    /// The chain's.
    pub fn wait(&self, ms: u64) -> Result<()> {
        Ok(self.world.chain.advance(Duration::from_millis(ms.min(FURTHEST)))?)
    }

    /// Lets the next call happen at exactly this time, if it has not passed.
    ///
    /// # Errors
    /// The chain's.
    pub fn until(&self, at: u64) -> Result<()> {
        let now = self.world.chain.now()?;
        // An advance ends with a block of its own, and the next one is a millisecond later.
        match at.checked_sub(now + 1) {
            Some(ms) => self.wait(ms),
            None => Ok(()),
        }
    }

    /// Takes note of a report that went live.
    fn sync(&mut self) -> Result<()> {
        let Some((_, report)) = &self.pending else { return Ok(()) };
        let reported = self.world.reported(report.body.epoch)?;
        if reported.body.attempt != report.body.attempt || reported.status == ReportStatus::Pending {
            return Ok(());
        }
        if reported.status == ReportStatus::Live {
            self.world.payouts = report.payouts.clone();
            self.world.closed = None;
        }
        self.pending = None;
        Ok(())
    }

    /// The id and content of the proposal of this number, `u32::MAX` for the last one.
    ///
    /// # Errors
    /// The chain's.
    pub fn proposal(&self, number: u32) -> Result<Option<([u8; 32], Proposal)>> {
        let (chain, governor) = (&*self.world.chain, self.world.suite.governor);
        let number = match number {
            u32::MAX => read(chain, governor, message_builder!(Governor).proposal_count())?.saturating_sub(1),
            number => number,
        };
        let ids = read(chain, governor, message_builder!(Governor).proposals(number, 1))?;
        let Some(id) = ids.first() else { return Ok(None) };
        Ok(read(chain, governor, message_builder!(Governor).proposal(*id))?.map(|proposal| (*id, proposal)))
    }

    /// The number of the next epoch to be reported, closed if need be.
    ///
    /// # Errors
    /// If there is nothing to report.
    pub fn next_closed(&mut self) -> Result<Closed> {
        let live = self.world.live()?;
        let count = read(&*self.world.chain, self.world.suite.payout, message_builder!(Payout).epoch_count())?;
        if live.epochs < count {
            return self.world.closed(live.epochs);
        }
        self.world.close_epoch()
    }
}

impl Names for Stage {
    fn account(&self, name: &str) -> Result<[u8; 32]> {
        Ok(chain::account_bytes(&self.account_of(name)?))
    }

    fn now(&self) -> Result<u64> {
        Ok(self.world.chain.now()?)
    }

    fn known(&self, kind: Known, number: u32) -> Result<[u8; 32]> {
        let named = self.world.suite.named();
        Ok(match kind {
            Known::Zero => [0; 32],
            Known::Fresh => H::blake2_256(&number.to_le_bytes()),
            Known::Judgement => {
                let (validator, salt) = (self.world.people.validator.account(), H::blake2_256(&0u32.to_le_bytes()));
                judgement_hash::<H>(number.into(), &validator, Choice::Uphold, &salt)
            }
            Known::Code => {
                let (name, _) = named.get(number as usize % named.len()).context("no contract")?;
                H::blake2_256(suite::artifact(name).context("no artifact")?.wasm)
            }
            Known::Key => {
                let people = self.world.people.named();
                people.get(number as usize % people.len()).context("nobody")?.1.public()
            }
            Known::Proposal => self.proposal(number)?.map_or([0; 32], |(id, _)| id),
            Known::Operation => self.proposal(number)?.and_then(|(_, proposal)| proposal.operation).unwrap_or_default(),
        })
    }

    fn nonce(&self, contract: &str, name: &str) -> Result<u64> {
        let account = self.account_of(name)?;
        let (chain, suite) = (&*self.world.chain, &self.world.suite);
        Ok(match contract {
            "gas_station" => read(chain, suite.gas_station, message_builder!(GasStation).order_nonce(account))?,
            other => anyhow::bail!("{other} has no nonces"),
        })
    }

    fn calls_of(&self, proposal: u32) -> Result<Vec<u8>> {
        let Some((id, _)) = self.proposal(proposal)? else { return Ok(vec![0]) };
        let calls = read(&*self.world.chain, self.world.suite.governor, message_builder!(Governor).proposal_calls(id))?;
        Ok(calls.unwrap_or_default().encode())
    }
}
