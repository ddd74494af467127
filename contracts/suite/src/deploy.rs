//! Deploying and wiring.

use chain::{AccountId, CallError, Chain, ChainError, Keypair, deploy, send, send_value};
use openledger_abi::arbitration::{Arbitration, ArbitrationError, ArbitrationPeers};
use openledger_abi::availability::{Availability, AvailabilityError};
use openledger_abi::datanet::{DatanetError, DatanetRegistry};
use openledger_abi::disputes::{Disputes, DisputesError};
use openledger_abi::escrow::{Escrow, EscrowError};
use openledger_abi::gas_station::{GasStation, GasStationError};
use openledger_abi::governor::{Governor, GovernorError, GovernorParameters};
use openledger_abi::judge::{Judge, JudgeError};
use openledger_abi::models::{ModelError, ModelRegistry};
use openledger_abi::payout::{Payout, PayoutError};
use openledger_abi::staking::{Staking, StakingError};
use openledger_abi::timelock::{Timelock, TimelockError};
use openledger_abi::token::{Token, TokenError};
use scale::{Decode, Encode};

use crate::{Suite, SuiteConfig, artifact};

/// Which step of a deployment failed, and why.
#[derive(Debug, thiserror::Error)]
#[error("{step} of `{contract}`: {reason}")]
pub struct DeployError {
    pub contract: &'static str,
    pub step: &'static str,
    pub reason: String,
}

fn instantiate<E: Decode + std::fmt::Debug>(
    chain: &dyn Chain,
    deployer: &Keypair,
    contract: &'static str,
    arguments: &impl Encode,
) -> Result<AccountId, DeployError> {
    let fail = |reason: String| DeployError { contract, step: "deploying", reason };
    let code = artifact(contract).ok_or_else(|| fail("no such artifact".into()))?;
    // The salt is the time, so that one deployer can have several suites on a chain.
    let salt = chain.now().map_err(|e| fail(e.to_string()))?.to_le_bytes();
    let (account, _) = deploy::<_, E>(chain, deployer, code.wasm, &chain::input("new", arguments), &salt)
        .map_err(|e| fail(e.to_string()))?;
    Ok(account)
}

fn wired<T, E: std::fmt::Debug>(
    contract: &'static str,
    outcome: Result<chain::Sent<T>, CallError<E>>,
) -> Result<(), DeployError> {
    done(contract, "wiring", outcome)
}

fn done<T, E: std::fmt::Debug>(
    contract: &'static str,
    step: &'static str,
    outcome: Result<chain::Sent<T>, CallError<E>>,
) -> Result<(), DeployError> {
    outcome.map(|_| ()).map_err(|e| DeployError { contract, step, reason: e.to_string() })
}

impl Suite {
    /// Deploys the contracts, wires all but payout, and funds the gas station. The deployer must have native coin;
    /// OPEN's whole supply goes to the configured holder.
    ///
    /// # Errors
    /// The contract and step that failed, with the contract's own reason.
    pub fn deploy(chain: &dyn Chain, deployer: &Keypair, config: &SuiteConfig) -> Result<Self, DeployError> {
        let genesis = chain.genesis();
        let c = config;
        let token = instantiate::<TokenError>(chain, deployer, "open_token", &(genesis, c.holder))?;
        let governor = GovernorParameters {
            voting_delay_ms: c.voting_delay_ms,
            voting_period_ms: c.voting_period_ms,
            threshold: c.proposal_threshold,
            quorum_bps: c.quorum_bps,
            late_quorum_extension_ms: c.late_quorum_extension_ms,
        };
        let guardian = Some(c.guardian);
        let timelock = (c.timelock_delay_ms, c.timelock_grace_ms, guardian, c.unit);
        let payout = (token, genesis, guardian, c.unit, c.payout);
        let availability = (token, c.unit, c.availability);
        let escrow = (token, genesis, c.unit, c.exit_delay_ms, c.pot_floor_bps, &c.fees);
        let datanets = (genesis, guardian, &c.datanets);
        let arbitration = (token, c.unit, &c.arbitration);
        let station = (token, genesis, c.treasury, Some(c.guardian), c.gas);
        let suite = Suite {
            token,
            staking: instantiate::<StakingError>(chain, deployer, "staking", &(token, guardian, c.unit, &c.staking))?,
            governor: instantiate::<GovernorError>(chain, deployer, "governor", &(genesis, c.unit, governor))?,
            timelock: instantiate::<TimelockError>(chain, deployer, "timelock", &timelock)?,
            gas_station: instantiate::<GasStationError>(chain, deployer, "gas_station", &station)?,
            datanet_registry: instantiate::<DatanetError>(chain, deployer, "datanet_registry", &datanets)?,
            arbitration: instantiate::<ArbitrationError>(chain, deployer, "arbitration", &arbitration)?,
            model_registry: instantiate::<ModelError>(chain, deployer, "model_registry", &(guardian, &c.models))?,
            escrow: instantiate::<EscrowError>(chain, deployer, "escrow", &escrow)?,
            payout: instantiate::<PayoutError>(chain, deployer, "payout", &payout)?,
            disputes: instantiate::<DisputesError>(chain, deployer, "disputes", &(token, c.unit, c.disputes))?,
            judge: instantiate::<JudgeError>(chain, deployer, "judge", &genesis)?,
            availability: instantiate::<AvailabilityError>(chain, deployer, "availability", &availability)?,
        };
        suite.wire(chain, deployer, config)?;
        Ok(suite)
    }

    fn wire(&self, chain: &dyn Chain, deployer: &Keypair, config: &SuiteConfig) -> Result<(), DeployError> {
        let s = self;
        let token = ink::message_builder!(Token).wire(s.timelock);
        wired("open_token", send(chain, deployer, s.token, token))?;
        let staking = ink::message_builder!(Staking).wire(
            s.escrow,
            s.disputes,
            s.datanet_registry,
            s.arbitration,
            s.payout,
            s.timelock,
        );
        wired("staking", send(chain, deployer, s.staking, staking))?;
        let governor = ink::message_builder!(Governor).wire(s.token, s.staking, s.timelock);
        wired("governor", send(chain, deployer, s.governor, governor))?;
        let timelock = ink::message_builder!(Timelock).wire(s.governor);
        wired("timelock", send(chain, deployer, s.timelock, timelock))?;
        let station = ink::message_builder!(GasStation).wire(s.timelock);
        wired("gas_station", send(chain, deployer, s.gas_station, station))?;
        if config.gas_funds > 0 {
            let fund = ink::message_builder!(GasStation).fund();
            let funded = send_value(chain, deployer, s.gas_station, fund, config.gas_funds);
            done("gas_station", "funding", funded)?;
        }
        let datanets = ink::message_builder!(DatanetRegistry).wire(s.staking, s.timelock, s.arbitration);
        wired("datanet_registry", send(chain, deployer, s.datanet_registry, datanets))?;
        let peers = ArbitrationPeers { staking: s.staking, datanet_registry: s.datanet_registry };
        let arbitration = ink::message_builder!(Arbitration).wire(peers, s.timelock);
        wired("arbitration", send(chain, deployer, s.arbitration, arbitration))?;
        let models = ink::message_builder!(ModelRegistry).wire(s.datanet_registry, s.staking, s.timelock);
        wired("model_registry", send(chain, deployer, s.model_registry, models))?;
        let escrow =
            ink::message_builder!(Escrow).wire(s.model_registry, s.payout, s.staking, s.timelock, config.treasury);
        wired("escrow", send(chain, deployer, s.escrow, escrow))?;
        let judge =
            ink::message_builder!(Judge).wire(s.payout, s.escrow, s.model_registry, s.datanet_registry, s.timelock);
        wired("judge", send(chain, deployer, s.judge, judge))?;
        let availability = ink::message_builder!(Availability).wire(s.payout, s.disputes, s.judge, s.timelock);
        wired("availability", send(chain, deployer, s.availability, availability))?;
        let disputes = ink::message_builder!(Disputes).wire(s.payout, s.staking, s.judge, s.timelock);
        wired("disputes", send(chain, deployer, s.disputes, disputes))
    }

    /// Wires payout, with the first oracle set: operators that have bonded as oracles; and who steps in for them. Until then no batch
    /// can be recorded.
    ///
    /// # Errors
    /// The contract's own reason, for instance that an account is no bonded oracle.
    pub fn wire_payout(
        &self,
        chain: &dyn Chain,
        deployer: &Keypair,
        oracles: &[AccountId],
        reserves: &[AccountId],
    ) -> Result<(), DeployError> {
        let call = ink::message_builder!(Payout).wire(
            self.escrow,
            self.disputes,
            self.availability,
            self.staking,
            self.timelock,
            oracles.to_vec(),
            reserves.to_vec(),
        );
        wired("payout", send(chain, deployer, self.payout, call))?;
        // Their pools earn while they are in the set, and there was none before.
        for oracle in oracles {
            let refresh = ink::message_builder!(Staking).refresh(*oracle);
            done("staking", "refreshing", send(chain, deployer, self.staking, refresh))?;
        }
        Ok(())
    }
}

impl From<ChainError> for DeployError {
    fn from(error: ChainError) -> Self {
        DeployError { contract: "suite", step: "reading the chain", reason: error.to_string() }
    }
}
