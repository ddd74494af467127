//! Questions about a pending report: answered, or the report falls.
//!
//! This file is the ink! shell: storage, messages, events. [`line`] knows no chain, [`calls`] asks the other contracts; what may be
//! asked and what answers it is decided by `proof::question`. What the messages do is documented in `openledger_abi::availability`.
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
pub mod line;

#[cfg(test)]
mod tests;

#[ink::contract]
mod availability {
    use crate::{calls, line};
    use ink::prelude::vec::Vec;
    use ink::scale::DecodeAll;
    use ink::storage::traits::ManualKey;
    use ink::storage::{Lazy, Mapping};
    use openledger_abi::admin::{Admin, AdminError, Administered};
    use openledger_abi::availability::*;
    use openledger_abi::disputes::price;
    use openledger_abi::host::HostHasher;
    use openledger_abi::judge::ReportId;
    use openledger_abi::payout::ReportStatus;
    use openledger_abi::times::Unit;
    use openledger_abi::{ensure, roles, Bytes32};

    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    #[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
    #[derive(Debug, Clone)]
    pub struct Config {
        token: AccountId,
        unit: Unit,
        parameters: AvailabilityParameters,
        peers: Option<AvailabilityPeers>,
    }

    #[ink(storage)]
    pub struct AvailabilityContract {
        admin: Lazy<Admin, ManualKey<0xA7A1_0001>>,
        config: Lazy<Config, ManualKey<0xA7A1_0002>>,
        count: Lazy<u64, ManualKey<0xA7A1_0003>>,
        questions: Mapping<u64, QuestionInfo, ManualKey<0xA7A1_0004>>,
        open: Mapping<ReportId, u32, ManualKey<0xA7A1_0005>>,
    }

    impl AvailabilityContract {
        /// Errors with `BadParameters`.
        #[ink(constructor)]
        pub fn new(
            token: AccountId,
            unit: Unit,
            parameters: AvailabilityParameters,
        ) -> Result<Self, AvailabilityError> {
            line::validate(unit, &parameters)?;
            let mut contract = Self {
                admin: Lazy::new(),
                config: Lazy::new(),
                count: Lazy::new(),
                questions: Mapping::new(),
                open: Mapping::new(),
            };
            contract.admin.set(&Admin::new(Self::env().caller()));
            contract.config.set(&Config { token, unit, parameters, peers: None });
            Self::env().emit_event(AvailabilityParametersSet { parameters });
            Ok(contract)
        }

        fn config(&self) -> Result<Config, AvailabilityError> {
            self.config.get().ok_or(AvailabilityError::Admin(AdminError::NotWired))
        }

        /// The configuration of a wired contract.
        fn wired(&self) -> Result<(Config, AvailabilityPeers), AvailabilityError> {
            let config = self.config()?;
            let peers = config.peers.ok_or(AdminError::NotWired)?;
            Ok((config, peers))
        }

        fn load(&self, question: u64) -> Result<QuestionInfo, AvailabilityError> {
            self.questions.get(question).ok_or(AvailabilityError::NoSuchQuestion)
        }

        /// A question is open no more.
        fn close(&mut self, report: ReportId) {
            let open = self.open.get(report).unwrap_or(0).saturating_sub(1);
            self.open.insert(report, &open);
        }
    }

    impl Availability for AvailabilityContract {
        #[ink(message)]
        fn wire(
            &mut self,
            payout: AccountId,
            disputes: AccountId,
            judge: AccountId,
            timelock: AccountId,
        ) -> Result<(), AvailabilityError> {
            roles::wire(&mut self.admin, timelock)?;
            let mut config = self.config()?;
            config.peers = Some(AvailabilityPeers { token: config.token, payout, disputes, judge });
            self.config.set(&config);
            Ok(())
        }

        #[ink(message)]
        fn ask(&mut self, report: ReportId, question: Vec<u8>, follows: Option<u64>) -> Result<u64, AvailabilityError> {
            let (config, peers) = self.wired()?;
            let (asker, now, p) = (self.env().caller(), self.env().block_timestamp(), config.parameters);
            let scope =
                Question::decode_all(&mut question.as_slice()).map_err(|_| AvailabilityError::BadQuestion)?.scope();
            let before = follows.map(|number| self.load(number)).transpose()?;
            let info = calls::report_of(peers.payout, report)?;
            let step = line::step(&info, report, &scope, before.as_ref(), now)?;
            let asked = calls::resolved(peers.judge, report, question)?;

            let open = self.open.get(report).unwrap_or(0);
            let bond = line::bond(&p, open, step, &info, now)?;
            self.open.insert(report, &open.checked_add(1).ok_or(AvailabilityError::Overflow)?);
            let answer_by = now.checked_add(p.answer_ms).ok_or(AvailabilityError::Overflow)?;
            // Through the time for a next step, and for who settles what nobody answered.
            let step_by = answer_by.checked_add(p.step_ms).ok_or(AvailabilityError::Overflow)?;
            let status = QuestionStatus::Open;
            let kept = QuestionInfo { asker, report, step, bond, asked, scope, answer_by, step_by, status };
            let number = self.count.get().unwrap_or(0);
            self.count.set(&number.checked_add(1).ok_or(AvailabilityError::Overflow)?);
            self.questions.insert(number, &kept);
            self.env().emit_event(QuestionAsked {
                question: number,
                asker,
                report,
                follows,
                step,
                bond,
                asked,
                scope,
                answer_by,
            });
            calls::take(config.token, asker, self.env().account_id(), bond)?;
            calls::delay(peers.payout, report, step_by, None)?;
            Ok(number)
        }

        #[ink(message)]
        fn answer(&mut self, question: u64, answer: Vec<u8>) -> Result<(), AvailabilityError> {
            let (config, peers) = self.wired()?;
            let (answerer, now) = (self.env().caller(), self.env().block_timestamp());
            let (number, mut kept) = (question, self.load(question)?);
            line::ensure_answerable(&kept, now)?;
            let status = calls::report_of(peers.payout, kept.report)?.status;
            ensure!(status == ReportStatus::Pending, AvailabilityError::NotPending);
            kept.asked.answered_by::<HostHasher>(&answer).map_err(AvailabilityError::WrongAnswer)?;

            kept.status = QuestionStatus::Answered;
            kept.step_by =
                now.checked_add(config.parameters.step_ms).ok_or(AvailabilityError::Overflow)?.min(kept.step_by);
            self.questions.insert(number, &kept);
            self.close(kept.report);
            self.env().emit_event(QuestionAnswered { question: number, answerer, answer, step_by: kept.step_by });
            calls::delay(peers.payout, kept.report, kept.step_by, Some(kept.step_by))?;
            let half = kept.bond.checked_div(2).ok_or(AvailabilityError::Overflow)?;
            calls::pay(config.token, answerer, half)?;
            // The other half is in somebody's hands: who asks and answers itself would be repaid what it never lost.
            let burned = kept.bond.checked_sub(half).ok_or(AvailabilityError::Overflow)?;
            calls::burn(config.token, burned)?;
            calls::lose(peers.disputes, kept.report, kept.asker, burned)
        }

        #[ink(message)]
        fn settle(&mut self, question: u64) -> Result<QuestionStatus, AvailabilityError> {
            let (config, peers) = self.wired()?;
            let (number, mut kept) = (question, self.load(question)?);
            let report = calls::report_of(peers.payout, kept.report)?.status;
            kept.status = line::settle(&kept, report, self.env().block_timestamp())?;
            self.questions.insert(number, &kept);
            self.close(kept.report);
            let (status, bond) = (kept.status, kept.bond);
            self.env().emit_event(QuestionSettled { question: number, status, bond });
            if status == QuestionStatus::Unanswered {
                calls::convict(peers.disputes, kept.report, kept.asker)?;
            }
            calls::pay(config.token, kept.asker, bond)?;
            Ok(status)
        }

        #[ink(message)]
        fn set_parameters(&mut self, parameters: AvailabilityParameters) -> Result<(), AvailabilityError> {
            roles::ensure_admin(&self.admin)?;
            let mut config = self.config()?;
            line::validate(config.unit, &parameters)?;
            config.parameters = parameters;
            self.config.set(&config);
            self.env().emit_event(AvailabilityParametersSet { parameters });
            Ok(())
        }

        #[ink(message)]
        fn question_of(&self, question: u64) -> Option<QuestionInfo> {
            self.questions.get(question)
        }

        #[ink(message)]
        fn question_count(&self) -> u64 {
            self.count.get().unwrap_or(0)
        }

        #[ink(message)]
        fn bond_for(&self, report: ReportId) -> Balance {
            let bond = Availability::parameters(self).bond;
            price(bond, self.open.get(report).unwrap_or(0)).unwrap_or(Balance::MAX)
        }

        #[ink(message)]
        fn open_questions(&self, report: ReportId) -> u32 {
            self.open.get(report).unwrap_or(0)
        }

        #[ink(message)]
        fn parameters(&self) -> AvailabilityParameters {
            self.config.get().map_or_else(AvailabilityParameters::default, |config| config.parameters)
        }

        #[ink(message)]
        fn peers(&self) -> Option<AvailabilityPeers> {
            self.config.get().and_then(|config| config.peers)
        }
    }

    impl Administered for AvailabilityContract {
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
