//! Payment channels and the split of each fee.
//!
//! This file is the ink! shell: storage, messages, calls, events. The rules are in [`channel`], [`voucher`], [`split`] and
//! [`batch`], which know no chain; [`calls`] asks the other contracts; what the messages do is documented in `openledger_abi::escrow`.
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
// ink!'s enum of messages: it is decoded once a call, and a box would only cost an allocation.
#![allow(clippy::large_enum_variant)]

pub mod batch;
pub mod calls;
pub mod channel;
pub mod split;
pub mod voucher;

#[cfg(test)]
mod tests;

#[ink::contract]
mod escrow {
    use crate::{batch as batches, calls, channel as life, split, voucher};
    use ink::prelude::vec::Vec;
    use ink::storage::traits::ManualKey;
    use ink::storage::{Lazy, Mapping};
    use openledger_abi::admin::{Admin, AdminError, Administered};
    use openledger_abi::escrow::*;
    use openledger_abi::host::{signed_by, HostHasher};
    use openledger_abi::times::{Unit, EXIT_DELAY};
    use openledger_abi::{ensure, quorum, roles, Bytes32, BPS};
    use proof::signed::{Domain, Signable};

    /// Channels and batches of a page.
    const MAX_PAGE: u64 = 50;

    /// Channel, model and key: what has a tree 03 of its own.
    type Lane = (u64, u32, Bytes32);

    /// What nearly every message reads.
    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    #[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
    #[derive(Debug, Clone)]
    pub struct Config {
        token: AccountId,
        genesis: Bytes32,
        unit: Unit,
        exit_delay_ms: u64,
        pot_floor_bps: u16,
        /// The current parameter set.
        parameters: u32,
        peers: Option<EscrowPeers>,
    }

    /// What changes with the money.
    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    #[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
    #[derive(Debug, Clone, Default)]
    pub struct Counters {
        channels: u64,
        /// Deposits not spent and not refunded, fees that wait, and credits not withdrawn.
        owed: Balance,
        /// Batches that were redeemed.
        waiting: u64,
    }

    #[ink(storage)]
    pub struct EscrowContract {
        admin: Lazy<Admin, ManualKey<0xE5C0_0001>>,
        config: Lazy<Config, ManualKey<0xE5C0_0002>>,
        counters: Lazy<Counters, ManualKey<0xE5C0_0003>>,
        channels: Mapping<u64, Channel, ManualKey<0xE5C0_0004>>,
        sessions: Mapping<(u64, Bytes32), Session, ManualKey<0xE5C0_0005>>,
        paid: Mapping<Lane, Paid, ManualKey<0xE5C0_0006>>,
        credits: Mapping<AccountId, Balance, ManualKey<0xE5C0_0007>>,
        parameters: Mapping<u32, ParameterSet, ManualKey<0xE5C0_0008>>,
        /// When a set made room for the next.
        replaced_at: Mapping<u32, Timestamp, ManualKey<0xE5C0_0009>>,
        waiting: Mapping<u64, WaitingBatch, ManualKey<0xE5C0_000A>>,
    }

    impl EscrowContract {
        /// Errors with `BadParameters` or `BelowPotFloor` for a first parameter set that isn't one, or an exit delay out of bounds.
        #[ink(constructor)]
        pub fn new(
            token: AccountId,
            genesis: Bytes32,
            unit: Unit,
            exit_delay_ms: u64,
            pot_floor_bps: u16,
            parameters: ParameterSet,
        ) -> Result<Self, EscrowError> {
            split::validate(&parameters, pot_floor_bps)?;
            ensure!(EXIT_DELAY.allow(unit, exit_delay_ms), EscrowError::BadParameters);
            let mut contract = Self {
                admin: Lazy::new(),
                config: Lazy::new(),
                counters: Lazy::new(),
                channels: Mapping::new(),
                sessions: Mapping::new(),
                paid: Mapping::new(),
                credits: Mapping::new(),
                parameters: Mapping::new(),
                replaced_at: Mapping::new(),
                waiting: Mapping::new(),
            };
            contract.admin.set(&Admin::new(Self::env().caller()));
            let config = Config { token, genesis, unit, exit_delay_ms, pot_floor_bps, parameters: 0, peers: None };
            contract.config.set(&config);
            contract.counters.set(&Counters::default());
            contract.parameters.insert(0, &parameters);
            Self::env().emit_event(ParametersAdded { number: 0, parameters });
            Ok(contract)
        }

        fn config(&self) -> Result<Config, EscrowError> {
            self.config.get().ok_or(EscrowError::Admin(AdminError::NotWired))
        }

        /// The configuration of a wired contract.
        fn wired(&self) -> Result<(Config, EscrowPeers), EscrowError> {
            let config = self.config()?;
            let peers = config.peers.clone().ok_or(AdminError::NotWired)?;
            Ok((config, peers))
        }

        fn load(&self, channel: u64) -> Result<Channel, EscrowError> {
            self.channels.get(channel).ok_or(EscrowError::NoSuchChannel)
        }

        /// Changes what the contract owes: `plus` comes in, `minus` goes out.
        fn account(&mut self, plus: Balance, minus: Balance) -> Result<(), EscrowError> {
            let mut counters = self.counters.get_or_default();
            let owed = counters.owed.checked_add(plus).ok_or(EscrowError::Overflow)?;
            counters.owed = owed.checked_sub(minus).ok_or(EscrowError::Overflow)?;
            self.counters.set(&counters);
            Ok(())
        }

        fn credit(&mut self, account: AccountId, amount: Balance) -> Result<(), EscrowError> {
            if amount > 0 {
                let credit = self.credits.get(account).unwrap_or(0);
                self.credits.insert(account, &credit.checked_add(amount).ok_or(EscrowError::Overflow)?);
            }
            Ok(())
        }

        fn domain(&self, config: &Config) -> Domain {
            Domain { genesis: config.genesis, contract: *self.env().account_id().as_ref() }
        }

        /// Credits a closed channel's rest to its payer.
        fn refund(&mut self, number: u64, channel: &Channel, refund: Balance) -> Result<(), EscrowError> {
            self.channels.insert(number, channel);
            self.credit(channel.payer, refund)?;
            self.env().emit_event(ChannelWasClosed { channel: number, refund });
            Ok(())
        }

        fn store_session(&mut self, channel: u64, key: Bytes32, session: &Session) {
            self.sessions.insert((channel, key), session);
            self.env().emit_event(SessionChanged { channel, key, cap: session.cap, expires_at: session.expires_at });
        }

        /// A parameter set that a batch may name now.
        fn counting_parameters(&self, number: u32, config: &Config) -> Result<ParameterSet, EscrowError> {
            if number != config.parameters {
                let replaced_at = self.replaced_at.get(number).ok_or(EscrowError::ParametersExpired)?;
                let counts = voucher::still_counts(replaced_at, config.exit_delay_ms, self.env().block_timestamp());
                ensure!(counts, EscrowError::ParametersExpired);
            }
            self.parameters.get(number).ok_or(EscrowError::ParametersExpired)
        }

        /// Judges a redemption, takes its fee and fixes all that it is settled by.
        fn take(&mut self, r: &Redemption, config: &Config, peers: &EscrowPeers) -> Result<WaitingBatch, EscrowError> {
            let (number, model, now) = (r.voucher.channel, r.voucher.model, self.env().block_timestamp());
            let mut channel = self.load(number)?;
            // Whoever else could redeem could put in a voucher over receipts that the host never gave, under which none of the
            // host's own would be a continuation.
            ensure!(channel.host == self.env().caller(), EscrowError::NotHost);
            let mut session = match r.session {
                Some(key) => Some(self.sessions.get((number, key)).ok_or(EscrowError::NoSuchSession)?),
                None => None,
            };
            let key = r.session.unwrap_or(*channel.payer.as_ref());
            let message = Signable::voucher::<HostHasher>(&self.domain(config), &r.voucher);
            ensure!(signed_by(&message, &r.signature, &key), EscrowError::BadSignature);

            let increase = voucher::increase::<HostHasher>(r, self.paid(number, model, key))?;
            let params = voucher::named_parameters::<HostHasher>(r, &increase)?;
            let parameters = self.counting_parameters(params, config)?;
            voucher::book(r, &increase, &parameters, &mut channel, session.as_mut(), now)?;
            self.channels.insert(number, &channel);
            self.paid.insert((number, model, key), &increase.after);
            if let (Some(key), Some(session)) = (r.session, &session) {
                self.sessions.insert((number, key), session);
            }
            let settlement = calls::settlement(peers.model_registry, model)?;
            batches::fix((r, &increase), (&channel, key), (params, &parameters), &settlement, now)
        }

        fn load_waiting(&self, waiting: u64) -> Result<WaitingBatch, EscrowError> {
            self.waiting.get(waiting).ok_or(EscrowError::NotWaiting)
        }

        /// Keeps a batch until it is attested or expires. Returns its number.
        fn wait(&mut self, taken: WaitingBatch) -> Result<u64, EscrowError> {
            let mut counters = self.counters.get_or_default();
            let waiting = counters.waiting;
            counters.waiting = waiting.checked_add(1).ok_or(EscrowError::Overflow)?;
            self.counters.set(&counters);
            self.waiting.insert(waiting, &taken);
            let WaitingBatch { batch, owner, split, .. } = taken;
            self.env().emit_event(VoucherRedeemed {
                channel: batch.channel,
                model: batch.model,
                waiting,
                key: batch.key,
                count: batch.count_to,
                filled: batch.filled,
                kib: batch.kib,
                fee: batch.fee_to.saturating_sub(batch.fee_from),
                parameters: batch.params,
                platform: split.platform,
                host: split.host,
                owner,
                owner_share: split.owner,
                stakers: split.stakers,
                pot: split.pot,
                parents: split.parents,
            });
            Ok(waiting)
        }

        /// Credits the shares of a batch that waits no more and hands its pot to payout. Returns the batch's number there.
        fn pay_out(&mut self, taken: WaitingBatch, config: &Config, peers: &EscrowPeers) -> Result<u64, EscrowError> {
            let WaitingBatch { batch, owner, split, .. } = taken;
            self.credit(peers.treasury, split.platform)?;
            self.credit(batch.host, split.host)?;
            self.credit(owner, split.owner)?;
            for (parent, share) in &split.parents {
                self.credit(*parent, *share)?;
            }
            self.credit(peers.staking, split.stakers)?;
            self.account(0, split.pot)?;
            // Payout counts on the pot being there when the batch is recorded.
            calls::push(config.token, peers.payout, split.pot)?;
            calls::record(peers.payout, batch)
        }
    }

    impl Escrow for EscrowContract {
        #[ink(message)]
        fn wire(
            &mut self,
            model_registry: AccountId,
            payout: AccountId,
            staking: AccountId,
            timelock: AccountId,
            treasury: AccountId,
        ) -> Result<(), EscrowError> {
            roles::wire(&mut self.admin, timelock)?;
            let mut config = self.config()?;
            config.peers = Some(EscrowPeers { token: config.token, model_registry, payout, staking, treasury });
            self.config.set(&config);
            Ok(())
        }

        #[ink(message)]
        fn open(&mut self, host: AccountId, deposit: Balance, session: Option<NewSession>) -> Result<u64, EscrowError> {
            let (config, peers) = self.wired()?;
            let (payer, now) = (self.env().caller(), self.env().block_timestamp());
            let channel = life::open(payer, host, deposit, now)?;
            calls::ensure_host(peers.staking, host)?;
            let mut counters = self.counters.get_or_default();
            let number = counters.channels;
            counters.channels = number.checked_add(1).ok_or(EscrowError::Overflow)?;
            self.counters.set(&counters);
            self.account(deposit, 0)?;
            self.channels.insert(number, &channel);
            self.env().emit_event(ChannelOpened { channel: number, payer, host, deposit });
            if let Some(new) = session {
                self.store_session(number, new.key, &life::set_session(None, &new, now)?);
            }
            calls::pull(config.token, payer, self.env().account_id(), deposit)?;
            Ok(number)
        }

        #[ink(message)]
        fn top_up(&mut self, channel: u64, amount: Balance) -> Result<(), EscrowError> {
            let (config, _) = self.wired()?;
            let mut state = self.load(channel)?;
            life::top_up(&mut state, amount)?;
            self.channels.insert(channel, &state);
            self.account(amount, 0)?;
            let account = self.env().caller();
            self.env().emit_event(ChannelToppedUp { channel, account, amount });
            calls::pull(config.token, account, self.env().account_id(), amount)
        }

        #[ink(message)]
        fn set_session(&mut self, channel: u64, session: NewSession) -> Result<(), EscrowError> {
            self.wired()?;
            life::ensure_payer(&self.load(channel)?, self.env().caller())?;
            let known = self.sessions.get((channel, session.key));
            let set = life::set_session(known, &session, self.env().block_timestamp())?;
            self.store_session(channel, session.key, &set);
            Ok(())
        }

        #[ink(message)]
        fn revoke_session(&mut self, channel: u64, key: Bytes32) -> Result<(), EscrowError> {
            let (config, _) = self.wired()?;
            life::ensure_payer(&self.load(channel)?, self.env().caller())?;
            let mut session = self.sessions.get((channel, key)).ok_or(EscrowError::NoSuchSession)?;
            life::revoke_session(&mut session, self.env().block_timestamp(), config.exit_delay_ms)?;
            self.store_session(channel, key, &session);
            Ok(())
        }

        #[ink(message)]
        fn redeem(&mut self, redemption: Redemption) -> Result<u64, EscrowError> {
            let (config, peers) = self.wired()?;
            let taken = self.take(&redemption, &config, &peers)?;
            self.wait(taken)
        }

        #[ink(message)]
        fn attest(&mut self, waiting: u64, signers: u32, signatures: Vec<[u8; 64]>) -> Result<u64, EscrowError> {
            let (config, peers) = self.wired()?;
            let taken = self.load_waiting(waiting)?;
            let (set, keys) = calls::oracles(peers.payout)?;
            let body = taken.body(waiting, set);
            let message = Signable::batch::<HostHasher>(&self.domain(&config), &body);
            quorum::signers(&message, &keys, signers, &signatures)?;
            self.waiting.remove(waiting);
            let batch = self.pay_out(taken, &config, &peers)?;
            self.env().emit_event(BatchAttested { waiting, batch, set, signers });
            Ok(batch)
        }

        #[ink(message)]
        fn advance(&mut self, waiting: u64) -> Result<(), EscrowError> {
            let (config, _) = self.wired()?;
            let mut taken = self.load_waiting(waiting)?;
            let now = self.env().block_timestamp();
            let (host, owner) = batches::advance(&mut taken, self.env().caller(), config.unit, now)?;
            self.credit(taken.batch.host, host)?;
            self.credit(taken.owner, owner)?;
            self.waiting.insert(waiting, &taken);
            self.env().emit_event(SharesAdvanced { waiting, host, owner });
            Ok(())
        }

        #[ink(message)]
        fn expire(&mut self, waiting: u64) -> Result<(), EscrowError> {
            let (config, peers) = self.wired()?;
            let taken = self.load_waiting(waiting)?;
            let amount = batches::expire(&taken, config.unit, self.env().block_timestamp())?;
            self.waiting.remove(waiting);
            self.account(0, amount)?;
            self.env().emit_event(BatchExpired { waiting, amount });
            calls::push(config.token, peers.payout, amount)?;
            calls::record_expired(peers.payout, amount)
        }

        #[ink(message)]
        fn close(&mut self, channel: u64) -> Result<(), EscrowError> {
            self.wired()?;
            let mut state = self.load(channel)?;
            ensure!(state.host == self.env().caller(), EscrowError::NotHost);
            let refund = life::close(&mut state)?;
            self.refund(channel, &state, refund)
        }

        #[ink(message)]
        fn close_by_consent(
            &mut self,
            channel: u64,
            spent: Balance,
            deadline: Timestamp,
            signature: [u8; 64],
        ) -> Result<(), EscrowError> {
            let (config, peers) = self.wired()?;
            let mut state = self.load(channel)?;
            ensure!(self.env().block_timestamp() <= deadline, EscrowError::Expired);
            ensure!(state.spent == spent, EscrowError::SpentMismatch);
            let message = Signable::close::<HostHasher>(&self.domain(&config), channel, spent, deadline);
            ensure!(calls::host_signed(peers.staking, state.host, &message, &signature), EscrowError::BadSignature);
            let refund = life::close(&mut state)?;
            self.refund(channel, &state, refund)
        }

        #[ink(message)]
        fn request_exit(&mut self, channel: u64) -> Result<Timestamp, EscrowError> {
            let (config, _) = self.wired()?;
            let mut state = self.load(channel)?;
            let now = self.env().block_timestamp();
            let exit_at = life::request_exit(&mut state, self.env().caller(), now, config.exit_delay_ms)?;
            self.channels.insert(channel, &state);
            self.env().emit_event(ExitRequested { channel, exit_at });
            Ok(exit_at)
        }

        #[ink(message)]
        fn cancel_exit(&mut self, channel: u64) -> Result<(), EscrowError> {
            self.wired()?;
            let mut state = self.load(channel)?;
            life::cancel_exit(&mut state, self.env().caller())?;
            self.channels.insert(channel, &state);
            self.env().emit_event(ExitCancelled { channel });
            Ok(())
        }

        #[ink(message)]
        fn exit(&mut self, channel: u64) -> Result<(), EscrowError> {
            self.wired()?;
            let mut state = self.load(channel)?;
            let refund = life::exit(&mut state, self.env().block_timestamp())?;
            self.refund(channel, &state, refund)
        }

        #[ink(message)]
        fn withdraw(&mut self) -> Result<Balance, EscrowError> {
            let (config, _) = self.wired()?;
            let account = self.env().caller();
            let amount = self.credits.take(account).unwrap_or(0);
            ensure!(amount > 0, EscrowError::NothingToWithdraw);
            self.account(0, amount)?;
            self.env().emit_event(ShareWithdrawn { account, amount });
            calls::push(config.token, account, amount)?;
            Ok(amount)
        }

        #[ink(message)]
        fn set_parameters(&mut self, parameters: ParameterSet) -> Result<u32, EscrowError> {
            roles::ensure_admin(&self.admin)?;
            let mut config = self.config()?;
            split::validate(&parameters, config.pot_floor_bps)?;
            let number = config.parameters.checked_add(1).ok_or(EscrowError::Overflow)?;
            self.replaced_at.insert(config.parameters, &self.env().block_timestamp());
            config.parameters = number;
            self.config.set(&config);
            self.parameters.insert(number, &parameters);
            self.env().emit_event(ParametersAdded { number, parameters });
            Ok(number)
        }

        #[ink(message)]
        fn set_pot_floor(&mut self, bps: u16) -> Result<(), EscrowError> {
            roles::ensure_admin(&self.admin)?;
            ensure!(bps <= BPS, EscrowError::BadParameters);
            let mut config = self.config()?;
            let current = self.parameters.get(config.parameters).ok_or(EscrowError::BadParameters)?;
            ensure!(current.contributors_bps >= bps, EscrowError::BelowPotFloor);
            config.pot_floor_bps = bps;
            self.config.set(&config);
            self.env().emit_event(PotFloorSet { bps });
            Ok(())
        }

        #[ink(message)]
        fn set_exit_delay(&mut self, exit_delay_ms: u64) -> Result<(), EscrowError> {
            roles::ensure_admin(&self.admin)?;
            let mut config = self.config()?;
            ensure!(EXIT_DELAY.allow(config.unit, exit_delay_ms), EscrowError::BadParameters);
            config.exit_delay_ms = exit_delay_ms;
            self.config.set(&config);
            self.env().emit_event(ExitDelaySet { exit_delay_ms });
            Ok(())
        }

        #[ink(message)]
        fn set_treasury(&mut self, treasury: AccountId) -> Result<(), EscrowError> {
            roles::ensure_admin(&self.admin)?;
            let (mut config, peers) = self.wired()?;
            config.peers = Some(EscrowPeers { treasury, ..peers });
            self.config.set(&config);
            self.env().emit_event(TreasurySet { treasury });
            Ok(())
        }

        #[ink(message)]
        fn channel(&self, channel: u64) -> Option<Channel> {
            self.channels.get(channel)
        }

        #[ink(message)]
        fn channel_count(&self) -> u64 {
            self.counters.get_or_default().channels
        }

        #[ink(message)]
        fn channels(&self, first: u64, limit: u32) -> Vec<Channel> {
            let end = first.saturating_add(u64::from(limit).min(MAX_PAGE)).min(self.channel_count());
            (first..end).filter_map(|number| self.channels.get(number)).collect()
        }

        #[ink(message)]
        fn session(&self, channel: u64, key: Bytes32) -> Option<Session> {
            self.sessions.get((channel, key))
        }

        #[ink(message)]
        fn paid(&self, channel: u64, model: u32, key: Bytes32) -> Paid {
            self.paid.get((channel, model, key)).unwrap_or_default()
        }

        #[ink(message)]
        fn waiting(&self, waiting: u64) -> Option<WaitingBatch> {
            self.waiting.get(waiting)
        }

        #[ink(message)]
        fn waiting_count(&self) -> u64 {
            self.counters.get_or_default().waiting
        }

        #[ink(message)]
        fn waiting_batches(&self, first: u64, limit: u32) -> Vec<(u64, WaitingBatch)> {
            let end = first.saturating_add(u64::from(limit).min(MAX_PAGE)).min(self.waiting_count());
            (first..end).filter_map(|number| Some((number, self.waiting.get(number)?))).collect()
        }

        #[ink(message)]
        fn withdrawable(&self, account: AccountId) -> Balance {
            self.credits.get(account).unwrap_or(0)
        }

        #[ink(message)]
        fn parameters(&self, number: u32) -> Option<ParameterSet> {
            self.parameters.get(number)
        }

        #[ink(message)]
        fn current_parameters(&self) -> u32 {
            self.config.get().map_or(0, |config| config.parameters)
        }

        #[ink(message)]
        fn pot_floor(&self) -> u16 {
            self.config.get().map_or(0, |config| config.pot_floor_bps)
        }

        #[ink(message)]
        fn exit_delay(&self) -> u64 {
            self.config.get().map_or(0, |config| config.exit_delay_ms)
        }

        #[ink(message)]
        fn owed(&self) -> Balance {
            self.counters.get_or_default().owed
        }

        #[ink(message)]
        fn peers(&self) -> Option<EscrowPeers> {
            self.config.get().and_then(|config| config.peers)
        }
    }

    impl Administered for EscrowContract {
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
