//! Challenges of what a Datanet holds, judged by the bonded validators: the ink! shell.
//!
//! `opening` knows what can be challenged and the bonds, `judging` commits and reveals, `closing` how it ends and what is owed then,
//! `state` is where all is kept, `calls` asks other contracts. What the messages do is documented in
//! `openledger_abi::arbitration`.
#![cfg_attr(not(feature = "std"), no_std, no_main)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap
    )
)]

pub mod calls;
pub mod closing;
pub mod judging;
pub mod opening;
#[cfg(test)]
mod sequences_tests;
pub mod state;
#[cfg(test)]
mod tests;

#[ink::contract]
mod arbitration {
    use crate::calls::{self, Overturned};
    use crate::judging::snapshot_at;
    use crate::opening;
    use crate::state::{Cases, Config};
    use ink::prelude::vec::Vec;
    use ink::storage::traits::ManualKey;
    use ink::storage::Lazy;
    use openledger_abi::arbitration::*;
    use openledger_abi::host::HostHasher;
    use openledger_abi::times::Unit;
    use openledger_abi::{roles, Admin, AdminError, Administered, Bytes32};

    /// The version of the storage's layout that this code reads and writes.
    pub const STORAGE_VERSION: u16 = 1;

    #[ink(storage)]
    pub struct ArbitrationContract {
        admin: Lazy<Admin, ManualKey<0x4152_0001>>,
        config: Lazy<Config, ManualKey<0x4152_0002>>,
        cases: Cases,
    }

    type Outcome<T> = Result<T, ArbitrationError>;

    impl ArbitrationContract {
        /// Arbitration with bonds in `token`; whoever deploys it may `wire` it.
        ///
        /// # Errors
        /// `BadParameters`.
        #[ink(constructor)]
        pub fn new(token: AccountId, unit: Unit, parameters: ArbitrationParameters) -> Outcome<Self> {
            opening::validate(unit, &parameters)?;
            let mut contract = Self { admin: Lazy::new(), config: Lazy::new(), cases: Cases::default() };
            contract.admin.set(&Admin::new(Self::env().caller()));
            contract.config.set(&Config { token, unit, parameters, peers: None });
            Self::env().emit_event(ArbitrationParametersSet { parameters });
            Ok(contract)
        }

        /// The configuration, if the storage is of the version that this code reads.
        fn config(&self) -> Option<Config> {
            let known = roles::admin(&self.admin).storage_version == STORAGE_VERSION;
            known.then(|| self.config.get()).flatten()
        }

        /// The configuration of a wired contract, and its peers.
        fn ensure_running(&self) -> Outcome<(Config, ArbitrationPeers)> {
            roles::admin(&self.admin).ensure_current(STORAGE_VERSION)?;
            let config = self.config.get().ok_or(AdminError::NotMigrated)?;
            let peers = config.peers.clone().ok_or(AdminError::NotWired)?;
            Ok((config, peers))
        }

        /// Caller and time.
        fn now(&self) -> (AccountId, Timestamp) {
            (self.env().caller(), self.env().block_timestamp())
        }

        fn take(&self, token: AccountId, amount: Balance) -> Outcome<()> {
            calls::take(token, self.env().caller(), self.env().account_id(), amount)
        }
    }

    impl Arbitration for ArbitrationContract {
        #[ink(message)]
        fn wire(&mut self, peers: ArbitrationPeers, timelock: AccountId) -> Outcome<()> {
            roles::wire(&mut self.admin, timelock)?;
            let mut config = self.config().ok_or(AdminError::NotMigrated)?;
            config.peers = Some(peers);
            self.config.set(&config);
            Ok(())
        }

        #[ink(message)]
        fn challenge(&mut self, contribution: u64, ground: Ground) -> Outcome<u64> {
            let (config, peers) = self.ensure_running()?;
            self.cases.ensure_not_open(contribution, ground)?;
            let (challenger, now) = self.now();
            let subject = calls::subject(peers.datanet_registry, contribution, ground)?;
            let mut but = subject.parties(challenger);
            but.extend(subject.authors(&but));
            let total_stake = calls::total_stake(peers.staking, &but, now.saturating_sub(1))?;
            let terms = (config.unit, config.parameters);
            let (number, opened) = self.cases.open(terms, (challenger, now), &subject, ground, total_stake)?;
            let Challenge { bond, commit_until, reveal_until, due_at, .. } = opened;
            self.env().emit_event(ChallengeOpened {
                challenge: number,
                contribution,
                ground,
                challenger,
                bond,
                total_stake,
                commit_until,
                reveal_until,
                due_at,
            });
            self.take(config.token, bond)?;
            Ok(number)
        }

        #[ink(message)]
        fn back(&mut self, challenge: u64, choice: Choice, amount: Balance) -> Outcome<()> {
            let (config, _) = self.ensure_running()?;
            let (account, now) = self.now();
            self.cases.back(challenge, (account, now), choice, amount)?;
            self.env().emit_event(ChallengeBacked { challenge, account, choice, amount });
            self.take(config.token, amount)
        }

        #[ink(message)]
        fn commit(&mut self, challenge: u64, hash: Bytes32) -> Outcome<()> {
            let (_, peers) = self.ensure_running()?;
            let (validator, now) = self.now();
            let pool = calls::pool(peers.staking, validator)?;
            let known = self.cases.ensure_committable(challenge, (validator, now))?;
            let snapshot = calls::stake_at(peers.staking, validator, snapshot_at(&known))?;
            let weight = self.cases.commit(challenge, validator, hash, pool, snapshot)?;
            self.env().emit_event(JudgeCommitted { challenge, validator, hash, weight });
            Ok(())
        }

        #[ink(message)]
        fn reveal(&mut self, challenge: u64, choice: Choice, salt: Bytes32) -> Outcome<Balance> {
            let (_, peers) = self.ensure_running()?;
            let (validator, now) = self.now();
            let pool = calls::pool(peers.staking, validator)?;
            let weight = self.cases.reveal::<HostHasher>(challenge, (validator, now), choice, &salt, pool)?;
            self.env().emit_event(JudgeRevealed { challenge, validator, choice, weight });
            Ok(weight)
        }

        #[ink(message)]
        fn execute(&mut self, challenge: u64) -> Outcome<ChallengeStatus> {
            let (config, peers) = self.ensure_running()?;
            let (closed, burned) = self.cases.close(challenge, self.env().block_timestamp())?;
            let (mut applied, mut overturned, mut slashed) = (false, Overturned::default(), 0);
            if closed.status == ChallengeStatus::Upheld {
                if let Some(found) = calls::remedy(peers.datanet_registry, &closed)? {
                    slashed = calls::slash(peers.staking, &found, closed.terms.slash_bps, closed.challenger)?;
                    (applied, overturned) = (true, found);
                }
            }
            self.env().emit_event(ChallengeClosed {
                challenge,
                contribution: closed.contribution,
                status: closed.status,
                applied,
                overturned: overturned.validators,
                slashed,
                burned,
            });
            calls::burn(config.token, burned)?;
            Ok(closed.status)
        }

        #[ink(message)]
        fn undo(&mut self, challenge: u64) -> Outcome<()> {
            roles::ensure_admin(&self.admin)?;
            self.ensure_running()?;
            let closed = self.cases.undo(challenge, self.env().block_timestamp())?;
            self.env().emit_event(ChallengeClosed {
                challenge,
                contribution: closed.contribution,
                status: closed.status,
                applied: false,
                overturned: Vec::new(),
                slashed: 0,
                burned: 0,
            });
            Ok(())
        }

        #[ink(message)]
        fn claim(&mut self, challenge: u64) -> Outcome<Balance> {
            let (config, _) = self.ensure_running()?;
            let account = self.env().caller();
            let (amount, burned) = self.cases.claim(challenge, account)?;
            self.env().emit_event(ChallengeClaimed { challenge, account, amount, burned });
            calls::pay(config.token, account, amount)?;
            calls::burn(config.token, burned)?;
            Ok(amount)
        }

        #[ink(message)]
        fn set_parameters(&mut self, parameters: ArbitrationParameters) -> Outcome<()> {
            roles::ensure_admin(&self.admin)?;
            let mut config = self.config().ok_or(AdminError::NotMigrated)?;
            opening::validate(config.unit, &parameters)?;
            config.parameters = parameters;
            self.config.set(&config);
            self.env().emit_event(ArbitrationParametersSet { parameters });
            Ok(())
        }

        #[ink(message)]
        fn price(&self, contribution: u64, ground: Ground) -> Outcome<Balance> {
            let config = self.config().ok_or(AdminError::NotMigrated)?;
            opening::price(self.cases.line(contribution, ground), &config.parameters)
        }

        #[ink(message)]
        fn open_challenge(&self, contribution: u64, ground: Ground) -> Option<u64> {
            self.cases.line(contribution, ground).open
        }

        #[ink(message)]
        fn challenge_of(&self, challenge: u64) -> Option<Challenge> {
            self.cases.challenge(challenge).ok()
        }

        #[ink(message)]
        fn challenge_count(&self) -> u64 {
            self.cases.count()
        }

        #[ink(message)]
        fn challenges(&self, start: u64, limit: u32) -> Vec<Challenge> {
            self.cases.page(start, limit)
        }

        #[ink(message)]
        fn bond_of(&self, challenge: u64, choice: Choice, account: AccountId) -> Balance {
            self.cases.bond(challenge, choice, account)
        }

        #[ink(message)]
        fn judgement_of(&self, challenge: u64, validator: AccountId) -> Option<Judgement> {
            self.cases.judgement(challenge, validator)
        }

        #[ink(message)]
        fn claimable(&self, challenge: u64, account: AccountId) -> Balance {
            self.cases.due(challenge, account).map_or(0, |(_, due)| due.amount)
        }

        #[ink(message)]
        fn parameters(&self) -> ArbitrationParameters {
            self.config().map_or_else(ArbitrationParameters::default, |config| config.parameters)
        }

        #[ink(message)]
        fn unit(&self) -> Unit {
            self.config().map_or_else(Unit::default, |config| config.unit)
        }

        #[ink(message)]
        fn peers(&self) -> Option<ArbitrationPeers> {
            self.config().and_then(|config| config.peers)
        }

        #[ink(message)]
        fn token(&self) -> Option<AccountId> {
            self.config().map(|config| config.token)
        }
    }

    impl Administered for ArbitrationContract {
        #[ink(message)]
        fn admin(&self) -> Admin {
            roles::admin(&self.admin)
        }

        #[ink(message)]
        fn transfer_admin(&mut self, to: AccountId) -> Result<(), AdminError> {
            roles::transfer(&mut self.admin, to)
        }

        #[ink(message)]
        fn accept_admin(&mut self) -> Result<(), AdminError> {
            roles::accept(&mut self.admin)
        }

        #[ink(message)]
        fn upgrade(&mut self, code_hash: Bytes32) -> Result<(), AdminError> {
            roles::upgrade(&self.admin, code_hash)
        }
    }
}
