//! Whether a fraud proof holds: a contract without money, which changes nothing.
//!
//! This file is the ink! shell. What a proof shows is decided by the pure functions of `proof::check`; [`facts`] asks the
//! other contracts for what it rests on. What the messages do is documented in `openledger_abi::judge`.
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

pub mod facts;

#[ink::contract]
mod judge {
    use crate::facts::{self, OnChain};
    use ink::prelude::vec::Vec;
    use ink::scale::DecodeAll;
    use ink::storage::traits::ManualKey;
    use ink::storage::Lazy;
    use openledger_abi::admin::{Admin, AdminError, Administered};
    use openledger_abi::host::HostHasher;
    use openledger_abi::judge::*;
    use openledger_abi::{roles, Bytes32};
    use proof::check::check_encoded;
    use proof::question::{Asked, Question};

    #[ink(storage)]
    pub struct JudgeContract {
        admin: Lazy<Admin, ManualKey<0x10D6_0001>>,
        peers: Lazy<JudgePeers, ManualKey<0x10D6_0002>>,
        /// Of the chain: a request's signature names it.
        genesis: Lazy<Bytes32, ManualKey<0x10D6_0003>>,
    }

    impl JudgeContract {
        #[ink(constructor)]
        pub fn new(genesis: Bytes32) -> Self {
            let mut contract = Self { admin: Lazy::new(), peers: Lazy::new(), genesis: Lazy::new() };
            contract.admin.set(&Admin::new(Self::env().caller()));
            contract.genesis.set(&genesis);
            contract
        }
    }

    impl Judge for JudgeContract {
        #[ink(message)]
        fn wire(
            &mut self,
            payout: AccountId,
            escrow: AccountId,
            model_registry: AccountId,
            datanet_registry: AccountId,
            timelock: AccountId,
        ) -> Result<(), JudgeError> {
            roles::wire(&mut self.admin, timelock)?;
            self.peers.set(&JudgePeers { payout, escrow, model_registry, datanet_registry });
            Ok(())
        }

        #[ink(message)]
        fn check(&self, report: ReportId, proof: Vec<u8>) -> Result<Fraud, JudgeError> {
            let peers = self.peers.get().ok_or(AdminError::NotWired)?;
            let (body, cut) = facts::record(peers.payout, report)?;
            let facts = OnChain::new(&peers, self.genesis.get_or_default(), &cut);
            let fraud = check_encoded::<HostHasher>(&body, &proof, &facts);
            facts.failure()?;
            fraud.map_err(JudgeError::NotProven)
        }

        #[ink(message)]
        fn resolve(&self, report: ReportId, question: Vec<u8>) -> Result<Asked, JudgeError> {
            let peers = self.peers.get().ok_or(AdminError::NotWired)?;
            let (body, cut) = facts::record(peers.payout, report)?;
            let facts = OnChain::new(&peers, self.genesis.get_or_default(), &cut);
            let question = Question::decode_all(&mut question.as_slice())
                .map_err(|_| JudgeError::NotProven(ProofError::BadQuestion))?;
            let asked = question.resolve::<HostHasher>(&body, &facts);
            facts.failure()?;
            asked.map_err(JudgeError::NotProven)
        }

        #[ink(message)]
        fn peers(&self) -> Option<JudgePeers> {
            self.peers.get()
        }
    }

    impl Administered for JudgeContract {
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
