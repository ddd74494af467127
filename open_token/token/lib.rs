//! The OPEN token: PSP22 with votes by timestamp checkpoints.
//!
//! The shell: storage, messages, events. Rules in [`data`], one account in [`account`], the past in [`checkpoints`],
//! the shortest way to the commonest messages in [`entry`]; the messages are documented in the traits of `psp22` and `openledger_abi`.
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

mod account;
mod checkpoints;
mod data;
// On a chain and in tests: programs link the token for its types alone.
#[cfg(any(test, all(target_arch = "wasm32", not(feature = "ink-as-dependency"))))]
mod entry;
#[cfg(test)]
mod tests;

#[ink::contract]
mod open_token {
    use crate::data::AllowanceChange::{Less, More};
    use crate::data::{TokenData, TokenEvent};
    use ink::prelude::{string::String, vec::Vec};
    use ink::storage::{traits::ManualKey, Lazy};
    use openledger_abi::host::{signed_by, HostHasher};
    use openledger_abi::token::{self, Token, TokenError};
    use openledger_abi::{ensure, roles, Admin, AdminError, Administered, Bytes32};
    use proof::signed::{Domain, Signable, Tag};
    use psp22::{PSP22Burnable, PSP22Error, PSP22Metadata, PSP22};

    /// Nothing in the root cell: it is read and written with every transfer.
    #[ink(storage)]
    pub struct OpenToken {
        data: TokenData,
        admin: Lazy<Admin, ManualKey<0x4f50_0005>>,
        genesis: Lazy<Bytes32, ManualKey<0x4f50_0006>>,
    }

    impl OpenToken {
        /// Gives the whole supply to `holder`. `genesis` is the chain's genesis id, which signatures must name.
        #[ink(constructor)]
        pub fn new(genesis: Bytes32, holder: AccountId) -> Self {
            Self::with_supply(genesis, holder, token::TOTAL_SUPPLY)
        }

        pub(crate) fn with_supply(genesis: Bytes32, holder: AccountId, supply: Balance) -> Self {
            let data = TokenData::new(holder, supply, Self::env().block_timestamp(), &mut Self::emit);
            let mut contract = Self { data, admin: Lazy::new(), genesis: Lazy::new() };
            contract.admin.set(&Admin::new(Self::env().caller()));
            contract.genesis.set(&genesis);
            contract
        }

        fn emit(event: TokenEvent) {
            match event {
                TokenEvent::Transfer(event) => Self::env().emit_event(event),
                TokenEvent::Approval(event) => Self::env().emit_event(event),
                TokenEvent::DelegateChanged(event) => Self::env().emit_event(event),
                TokenEvent::DelegateVotesChanged(event) => Self::env().emit_event(event),
            }
        }

        /// Does what was called, if it is one of the commonest messages, and leaves the contract; comes back otherwise.
        #[cfg(all(target_arch = "wasm32", not(feature = "ink-as-dependency")))]
        pub(crate) fn call_common() {
            use crate::entry::{Common, Read};
            use ink::env::ReturnFlags;
            let Ok(Read(Some(common))) = ink::env::decode_input::<Read>() else { return };
            if Self::env().transferred_value() != 0 {
                return;
            }
            let (mut data, caller, now) = (TokenData::default(), Self::env().caller(), Self::env().block_timestamp());
            let outcome = match common {
                Common::Transfer { to, value } => data.transfer(caller, to, value, now, &mut Self::emit),
                Common::TransferFrom { from, to, value } => {
                    data.transfer_from(caller, from, to, value, now, &mut Self::emit)
                }
                Common::Approve { spender, value } => {
                    data.approve(caller, spender, value, &mut Self::emit);
                    Ok(())
                }
            };
            let flags = if outcome.is_ok() { ReturnFlags::empty() } else { ReturnFlags::REVERT };
            ink::env::return_value::<ink::MessageResult<Result<(), PSP22Error>>>(flags, &Ok(outcome))
        }

        fn now(&self) -> Timestamp {
            self.env().block_timestamp()
        }

        /// Errors unless `signer` signed `body` for this contract on this chain and the deadline has not passed.
        fn ensure_signed(
            &self,
            tag: &Tag,
            body: &[u8],
            signer: AccountId,
            deadline: Timestamp,
            signature: &[u8; 64],
        ) -> Result<(), TokenError> {
            ensure!(self.now() <= deadline, TokenError::SignatureExpired);
            let domain = Domain { genesis: self.genesis(), contract: *self.env().account_id().as_ref() };
            let message = Signable::new::<HostHasher>(tag, &domain, body);
            ensure!(signed_by(&message, signature, signer.as_ref()), TokenError::BadSignature);
            Ok(())
        }
    }

    impl PSP22 for OpenToken {
        #[ink(message)]
        fn total_supply(&self) -> u128 {
            self.data.total_supply()
        }

        #[ink(message)]
        fn balance_of(&self, owner: AccountId) -> u128 {
            self.data.balance_of(owner)
        }

        #[ink(message)]
        fn allowance(&self, owner: AccountId, spender: AccountId) -> u128 {
            self.data.allowance(owner, spender)
        }

        #[ink(message)]
        fn transfer(&mut self, to: AccountId, value: u128, _data: Vec<u8>) -> Result<(), PSP22Error> {
            self.data.transfer(self.env().caller(), to, value, self.now(), &mut Self::emit)
        }

        #[ink(message)]
        fn transfer_from(
            &mut self,
            from: AccountId,
            to: AccountId,
            value: u128,
            _data: Vec<u8>,
        ) -> Result<(), PSP22Error> {
            self.data.transfer_from(self.env().caller(), from, to, value, self.now(), &mut Self::emit)
        }

        #[ink(message)]
        fn approve(&mut self, spender: AccountId, value: u128) -> Result<(), PSP22Error> {
            self.data.approve(self.env().caller(), spender, value, &mut Self::emit);
            Ok(())
        }

        #[ink(message)]
        fn increase_allowance(&mut self, spender: AccountId, delta_value: u128) -> Result<(), PSP22Error> {
            self.data.change_allowance(self.env().caller(), spender, More(delta_value), &mut Self::emit)
        }

        #[ink(message)]
        fn decrease_allowance(&mut self, spender: AccountId, delta_value: u128) -> Result<(), PSP22Error> {
            self.data.change_allowance(self.env().caller(), spender, Less(delta_value), &mut Self::emit)
        }
    }

    impl PSP22Metadata for OpenToken {
        #[ink(message)]
        fn token_name(&self) -> Option<String> {
            Some(String::from("OpenLedger"))
        }

        #[ink(message)]
        fn token_symbol(&self) -> Option<String> {
            Some(String::from("OPEN"))
        }

        #[ink(message)]
        fn token_decimals(&self) -> u8 {
            18
        }
    }

    impl PSP22Burnable for OpenToken {
        #[ink(message)]
        fn burn(&mut self, value: u128) -> Result<(), PSP22Error> {
            let caller = self.env().caller();
            self.data.burn(caller, caller, value, self.now(), &mut Self::emit)
        }
    }

    impl Token for OpenToken {
        #[ink(message)]
        fn wire(&mut self, timelock: AccountId) -> Result<(), TokenError> {
            Ok(roles::wire(&mut self.admin, timelock)?)
        }

        #[ink(message)]
        fn delegate(&mut self, to: Option<AccountId>) -> Result<(), TokenError> {
            self.data.delegate(self.env().caller(), to, self.now(), &mut Self::emit)
        }

        #[ink(message)]
        fn delegate_by_sig(
            &mut self,
            delegator: AccountId,
            to: Option<AccountId>,
            deadline: Timestamp,
            signature: [u8; 64],
        ) -> Result<(), TokenError> {
            let body = token::delegate_body(&delegator, to.as_ref(), self.data.nonce_of(delegator), deadline);
            self.ensure_signed(&token::DELEGATE_TAG, &body, delegator, deadline, &signature)?;
            self.data.use_nonce(delegator)?;
            self.data.delegate(delegator, to, self.now(), &mut Self::emit)
        }

        #[ink(message)]
        fn delegates(&self, account: AccountId) -> Option<AccountId> {
            self.data.delegate_of(account)
        }

        #[ink(message)]
        fn get_votes(&self, account: AccountId) -> Balance {
            self.data.votes_of(account)
        }

        #[ink(message)]
        fn get_past_votes(&self, account: AccountId, at: Timestamp) -> Result<Balance, TokenError> {
            self.data.past_votes_of(account, at, self.now())
        }

        #[ink(message)]
        fn get_past_total_supply(&self, at: Timestamp) -> Result<Balance, TokenError> {
            self.data.past_total_supply(at, self.now())
        }

        #[ink(message)]
        fn burn_from(&mut self, from: AccountId, value: Balance) -> Result<(), PSP22Error> {
            self.data.burn(self.env().caller(), from, value, self.now(), &mut Self::emit)
        }

        #[ink(message)]
        fn checkpoint_count(&self, account: Option<AccountId>) -> u32 {
            self.data.checkpoint_count(account)
        }

        #[ink(message)]
        fn checkpoints(&self, account: Option<AccountId>, from: u32, limit: u32) -> Vec<(Timestamp, Balance)> {
            self.data.checkpoints(account, from, limit)
        }

        #[ink(message)]
        fn permit(
            &mut self,
            owner: AccountId,
            spender: AccountId,
            value: Balance,
            deadline: Timestamp,
            signature: [u8; 64],
        ) -> Result<(), TokenError> {
            let body = token::permit_body(&owner, &spender, value, self.data.nonce_of(owner), deadline);
            self.ensure_signed(&token::PERMIT_TAG, &body, owner, deadline, &signature)?;
            self.data.use_nonce(owner)?;
            self.data.approve(owner, spender, value, &mut Self::emit);
            Ok(())
        }

        #[ink(message)]
        fn nonces(&self, account: AccountId) -> u64 {
            self.data.nonce_of(account)
        }

        #[ink(message)]
        fn clock(&self) -> Timestamp {
            self.now()
        }

        #[ink(message)]
        fn clock_mode(&self) -> String {
            String::from("mode=timestamp")
        }

        #[ink(message)]
        fn genesis(&self) -> Bytes32 {
            self.genesis.get().unwrap_or_default()
        }
    }

    impl Administered for OpenToken {
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
