//! Whether a fraud proof holds against a report (PROTOCOL.md section 9).
//!
//! The judge holds no money and changes nothing: it reads the record that payout keeps of a report and its cut, asks the
//! registries and escrow for the facts that a proof rests on, and runs the proof's own check. Whoever asks gets the same
//! answer, before and after the report is void, so provers can try a proof without sending it.

use crate::{AccountId, AdminError};
use ink::prelude::vec::Vec;
use proof::question::Asked;

pub use proof::check::credits::CreditFault;
pub use proof::check::form::FormWitness;
pub use proof::check::influence::InfluenceWitness;
pub use proof::check::outranked::OutrankedWitness;
pub use proof::check::payouts::PayoutWitness;
pub use proof::check::receipt::ReceiptWitness;
pub use proof::check::span::SpanWitness;
pub use proof::check::tree::TreeWitness;
pub use proof::check::{Fraud, Proof};
pub use proof::Error as ProofError;

/// A report, by its epoch and the attempt of its cut.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportId {
    pub epoch: u32,
    pub attempt: u32,
}

/// Why the judge did not find a fraud. Appended to, never reordered.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JudgeError {
    /// Wiring and the admin role.
    Admin(AdminError),
    /// Payout doesn't know the report or its cut.
    NoSuchReport,
    /// The bytes are no proof, lead nowhere, or break no rule.
    NotProven(ProofError),
    /// Payout could not be asked.
    PayoutFailed,
    /// The model registry could not be asked.
    ModelRegistryFailed,
    /// The Datanet registry could not be asked.
    DatanetRegistryFailed,
    /// Escrow could not be asked.
    EscrowFailed,
}

impl From<AdminError> for JudgeError {
    fn from(error: AdminError) -> Self {
        Self::Admin(error)
    }
}

/// The peers of the judge.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JudgePeers {
    pub payout: AccountId,
    pub escrow: AccountId,
    pub model_registry: AccountId,
    pub datanet_registry: AccountId,
}

/// What a proof shows; beside it stands [`crate::Administered`]. Constructor: `new()`.
#[ink::trait_definition]
pub trait Judge {
    /// Sets the peers and makes `timelock` the admin. Once, by the deployer.
    #[ink(message)]
    fn wire(
        &mut self,
        payout: AccountId,
        escrow: AccountId,
        model_registry: AccountId,
        datanet_registry: AccountId,
        timelock: AccountId,
    ) -> Result<(), JudgeError>;

    /// What a proof (the SCALE bytes of a [`Proof`]) shows of a report, by the record that payout keeps of it, in whatever state
    /// the report is. Errors unless it shows a fraud.
    #[ink(message)]
    fn check(&self, report: ReportId, proof: Vec<u8>) -> Result<Fraud, JudgeError>;

    /// What answers a question (the SCALE bytes of a [`proof::question::Question`]) about a report. Errors with `NotProven` and the reason if it may
    /// not be asked, or its openings lead nowhere.
    #[ink(message)]
    fn resolve(&self, report: ReportId, question: Vec<u8>) -> Result<Asked, JudgeError>;

    /// `None` until wired.
    #[ink(message)]
    fn peers(&self) -> Option<JudgePeers>;
}
