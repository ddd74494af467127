//! The gas station: native coin for OPEN, by signed orders that anyone relays.
//!
//! The shell: storage, messages, events. What an order gives and what may leave is in [`station`], what is asked of the
//! token in [`calls`]; the messages are documented in `openledger_abi::gas_station`.
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
pub mod station;
#[cfg(test)]
mod tests;

#[ink::contract]
pub mod gas_station {
    use crate::calls;
    use crate::station::{self, Account, Config, Window};
    use ink::storage::{traits::ManualKey, Lazy, Mapping};
    use openledger_abi::admin::is_paused;
    use openledger_abi::gas_station::*;
    use openledger_abi::host::{signed_by, HostHasher};
    use openledger_abi::{ensure, roles, Admin, AdminError, Administered, Bytes32, Pausable};
    use proof::signed::{Domain, Signable};

    /// The version of the storage's layout that this code reads and writes.
    pub const STORAGE_VERSION: u16 = 1;
    /// Functions that can be paused.
    const FUNCTIONS: u8 = 2;

    #[ink(storage)]
    pub struct GasStationContract {
        config: Lazy<Config, ManualKey<0x4753_0001>>,
        admin: Lazy<Admin, ManualKey<0x4753_0002>>,
        total: Lazy<Window, ManualKey<0x4753_0003>>,
        accounts: Mapping<AccountId, Account, ManualKey<0x4753_0004>>,
    }

    type Outcome<T> = Result<T, GasStationError>;

    impl GasStationContract {
        /// A station for `token`; whoever deploys it may `wire` it. Errors: `BadParameters`.
        #[ink(constructor)]
        pub fn new(
            token: AccountId,
            genesis: Bytes32,
            treasury: AccountId,
            guardian: Option<AccountId>,
            parameters: GasParameters,
        ) -> Outcome<Self> {
            station::validate(&parameters)?;
            let mut contract =
                Self { config: Lazy::new(), admin: Lazy::new(), total: Lazy::new(), accounts: Mapping::new() };
            contract.admin.set(&Admin::guarded(Self::env().caller(), guardian));
            contract.config.set(&Config { token, genesis, treasury, parameters, paused: 0 });
            Self::env().emit_event(GasParametersSet { parameters });
            Self::env().emit_event(GasTreasurySet { treasury });
            Ok(contract)
        }

        /// The configuration, if the storage is of the version that this code reads.
        fn config(&self) -> Option<Config> {
            let known = roles::admin(&self.admin).storage_version == STORAGE_VERSION;
            known.then(|| self.config.get()).flatten()
        }

        /// The configuration of a wired contract, if the function is not paused.
        fn running(&self, function: u8) -> Outcome<Config> {
            roles::admin(&self.admin).ensure_current(STORAGE_VERSION)?;
            let config = self.config.get().ok_or(AdminError::NotMigrated)?;
            ensure!(!is_paused(config.paused, function), GasStationError::FunctionPaused);
            Ok(config)
        }

        /// Changes the configuration, by the admin.
        fn change(&mut self, change: impl FnOnce(&mut Config)) -> Outcome<()> {
            roles::ensure_admin(&self.admin)?;
            let mut config = self.config().ok_or(AdminError::NotMigrated)?;
            change(&mut config);
            self.config.set(&config);
            Ok(())
        }

        fn set_paused(&mut self, function: u8, stopped: bool) -> Result<(), AdminError> {
            let mut config = self.config().ok_or(AdminError::NotMigrated)?;
            roles::set_paused(&self.admin, &mut config.paused, function, FUNCTIONS, stopped)?;
            self.config.set(&config);
            Ok(())
        }

        fn ensure_signed(&self, config: &Config, order: &GasOrder, signature: &[u8; 64]) -> Outcome<()> {
            let domain = Domain { genesis: config.genesis, contract: *self.env().account_id().as_ref() };
            let message = Signable::new::<HostHasher>(&ORDER_TAG, &domain, &order_body(order));
            ensure!(signed_by(&message, signature, order.holder.as_ref()), GasStationError::BadSignature);
            Ok(())
        }

        fn funds(&self, parameters: &GasParameters) -> Balance {
            station::funds(parameters, self.env().balance(), self.env().minimum_balance())
        }

        fn pay(&self, to: AccountId, amount: Balance) -> Outcome<()> {
            self.env().transfer(to, amount).map_err(|_| GasStationError::TransferFailed)
        }
    }

    impl GasStation for GasStationContract {
        #[ink(message)]
        fn wire(&mut self, timelock: AccountId) -> Outcome<()> {
            Ok(roles::wire(&mut self.admin, timelock)?)
        }

        #[ink(message)]
        fn swap(&mut self, order: GasOrder, signature: [u8; 64], permit: Option<GasPermit>) -> Outcome<Balance> {
            let config = self.running(pause::SWAP)?;
            let parameters = &config.parameters;
            let now = self.env().block_timestamp();
            ensure!(now <= order.deadline, GasStationError::OrderExpired);
            let account = self.accounts.get(order.holder).unwrap_or_default();
            ensure!(account.nonce == order.nonce, GasStationError::WrongNonce { expected: account.nonce });
            self.ensure_signed(&config, &order, &signature)?;

            let native = station::price(parameters, self.env().minimum_balance(), &order)?;
            let total = self.total.get().unwrap_or_default();
            let (account, total) = station::spend(parameters, account, total, native, now)?;
            let funds = self.funds(parameters);
            ensure!(native <= funds, GasStationError::OutOfFunds { funds });

            self.accounts.insert(order.holder, &account);
            self.total.set(&total);
            let relayer = self.env().caller();
            calls::take(config.token, &order, self.env().account_id(), relayer, permit)?;
            self.pay(order.holder, native)?;
            let GasOrder { holder, open, tip, nonce, .. } = order;
            self.env().emit_event(GasSwapped { holder, relayer, open, tip, native, nonce });
            Ok(native)
        }

        #[ink(message, payable)]
        fn fund(&mut self) -> Outcome<()> {
            let (by, amount) = (self.env().caller(), self.env().transferred_value());
            ensure!(amount > 0, GasStationError::ZeroAmount);
            self.env().emit_event(GasFunded { by, amount });
            Ok(())
        }

        #[ink(message)]
        fn collect(&mut self) -> Outcome<Balance> {
            let Config { token, treasury, .. } = self.running(pause::COLLECT)?;
            let amount = calls::balance(token, self.env().account_id())?.saturating_sub(1);
            ensure!(amount > 0, GasStationError::ZeroAmount);
            calls::send(token, treasury, amount)?;
            self.env().emit_event(GasCollected { treasury, amount });
            Ok(amount)
        }

        #[ink(message)]
        fn withdraw(&mut self, to: AccountId, amount: Balance) -> Outcome<()> {
            roles::ensure_admin(&self.admin)?;
            ensure!(amount > 0, GasStationError::ZeroAmount);
            let funds = self.env().balance().saturating_sub(self.env().minimum_balance());
            ensure!(amount <= funds, GasStationError::OutOfFunds { funds });
            self.pay(to, amount)?;
            self.env().emit_event(GasWithdrawn { to, amount });
            Ok(())
        }

        #[ink(message)]
        fn set_parameters(&mut self, parameters: GasParameters) -> Outcome<()> {
            roles::ensure_admin(&self.admin)?;
            station::validate(&parameters)?;
            self.change(|config| config.parameters = parameters)?;
            self.env().emit_event(GasParametersSet { parameters });
            Ok(())
        }

        #[ink(message)]
        fn set_treasury(&mut self, treasury: AccountId) -> Outcome<()> {
            self.change(|config| config.treasury = treasury)?;
            self.env().emit_event(GasTreasurySet { treasury });
            Ok(())
        }

        #[ink(message)]
        fn parameters(&self) -> GasParameters {
            self.config().map_or_else(GasParameters::default, |config| config.parameters)
        }

        #[ink(message)]
        fn treasury(&self) -> Option<AccountId> {
            self.config().map(|config| config.treasury)
        }

        #[ink(message)]
        fn token(&self) -> Option<AccountId> {
            self.config().map(|config| config.token)
        }

        #[ink(message)]
        fn order_nonce(&self, holder: AccountId) -> u64 {
            self.accounts.get(holder).unwrap_or_default().nonce
        }

        #[ink(message)]
        fn quote(&self, open: Balance, tip: Balance) -> Outcome<Balance> {
            let parameters = self.config().ok_or(AdminError::NotMigrated)?.parameters;
            let least = station::least(&parameters, self.env().minimum_balance());
            station::native_for(parameters.rate, open, tip, least)
        }

        #[ink(message)]
        fn left(&self, holder: AccountId) -> GasLeft {
            let parameters = GasStation::parameters(self);
            let account = self.accounts.get(holder).unwrap_or_default();
            let total = self.total.get().unwrap_or_default();
            station::left(&parameters, account, total, self.funds(&parameters), self.env().block_timestamp())
        }
    }

    impl Administered for GasStationContract {
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

    impl Pausable for GasStationContract {
        #[ink(message)]
        fn pause(&mut self, number: u8) -> Result<(), AdminError> {
            self.set_paused(number, true)
        }

        #[ink(message)]
        fn unpause(&mut self, number: u8) -> Result<(), AdminError> {
            self.set_paused(number, false)
        }

        #[ink(message)]
        fn paused(&self) -> u8 {
            self.config().map_or(0, |config| config.paused)
        }

        #[ink(message)]
        fn set_guardian(&mut self, guardian: Option<AccountId>) -> Result<(), AdminError> {
            roles::set_guardian(&mut self.admin, guardian)
        }

        #[ink(message)]
        fn guardian(&self) -> Option<AccountId> {
            roles::admin(&self.admin).guardian
        }
    }
}
