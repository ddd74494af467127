//! Fraud proofs against reports and their signers (PROTOCOL.md section 5).
//!
//! Whoever finds a false report commits to a proof with a bond and reveals it at least one block later. A proof that
//! holds voids the report (but for equivocation, which only slashes) and slashes each signer; up to 30 % of that is the
//! prover's. The hash names the prover, so nobody can take a proof seen on its way and reveal it as his own: a commit
//! of his would come too late.
//!
//! The bond comes back with the reveal of a proof that holds, and also if the report was voided by somebody else's proof
//! first. A proof that doesn't hold changes nothing: the reveal fails, and may be tried again until `reveal_ms` after the
//! commit. A commit that isn't revealed by then kept a report from going live for nothing: its bond is burned.

use crate::{AccountId, AdminError, Balance, Bytes32, Timestamp};
use ink::prelude::vec::Vec;

pub use proof::check::credits::CreditFault;
pub use proof::check::equivocation::EquivocationWitness;
pub use proof::check::form::FormWitness;
pub use proof::check::influence::InfluenceWitness;
pub use proof::check::outranked::OutrankedWitness;
pub use proof::check::payouts::PayoutWitness;
pub use proof::check::receipt::ReceiptWitness;
pub use proof::check::span::SpanWitness;
pub use proof::check::tree::TreeWitness;
pub use proof::check::{Fraud, Proof};
pub use proof::{Error as ProofError, Node};

/// The longest proof, in bytes.
pub const MAX_PROOF_BYTES: usize = 16_000;

/// A report, by its epoch and how many were voided before it.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportId {
    pub epoch: u32,
    pub attempt: u16,
}

/// What became of a commit.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitStatus {
    /// It waits for its reveal.
    Open,
    /// Its proof held; the bond went back.
    Proven,
    /// Its bond went back, since the report was voided by another proof.
    Returned,
    /// Its bond was burned.
    Forfeited,
}

/// A promise to show a proof.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub prover: AccountId,
    /// blake2b-256 over the prover's 32 bytes, then the proof's bytes.
    pub hash: Bytes32,
    /// The report that the proof voids; `None` for an equivocation, which voids none.
    pub report: Option<ReportId>,
    pub bond: Balance,
    pub at: Timestamp,
    /// Its block: the reveal comes in a later one.
    pub block: u32,
    /// The reveal comes at this time or before.
    pub reveal_by: Timestamp,
    pub status: CommitStatus,
}

/// A fraud, shown. The first byte of its SCALE bytes is the proof's number in the protocol; 0x83 and 0x84 are 3 and 4
/// against the host of a private receipt.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FraudProof {
    /// The oracle at this place of the set signed two reports of one slot. It is slashed; no report is voided.
    #[codec(index = 1)]
    Equivocation(u8, EquivocationWitness),
    /// An evidence leaf is not its batch's receipt, or has the wrong part or status.
    #[codec(index = 2)]
    Receipt(ReceiptWitness),
    /// A span or exempt range of a public receipt that the bytes don't bear out.
    #[codec(index = 3)]
    Span(SpanWitness),
    /// A public receipt's spans are outranked by what was left out.
    #[codec(index = 4)]
    Outranked(OutrankedWitness),
    /// Influence that the sketches don't give.
    #[codec(index = 5)]
    Influence(InfluenceWitness),
    /// A leaf of wrong form or amounts.
    #[codec(index = 6)]
    Form(FormWitness),
    /// Credits that the evidence doesn't give.
    #[codec(index = 7)]
    Credits(CreditFault),
    /// A sum tree that is none.
    #[codec(index = 8)]
    Tree(TreeWitness),
    /// A total that is not the old one and its credits.
    #[codec(index = 9)]
    Payouts(PayoutWitness),
    /// 3 on a private receipt: its host wrote the entries, so the host is slashed and the report stands.
    #[codec(index = 0x83)]
    PrivateSpan(HostsReceipt, SpanWitness),
    /// 4 on a private receipt.
    #[codec(index = 0x84)]
    PrivateOutranked(HostsReceipt, OutrankedWitness),
}

impl FraudProof {
    /// A proof against a report's signers; `None` for an equivocation, which also needs the oracle's place.
    pub fn against_signers(proof: Proof) -> Option<Self> {
        Some(match proof {
            Proof::Equivocation(_) => return None,
            Proof::Receipt(witness) => Self::Receipt(witness),
            Proof::Span(witness) => Self::Span(witness),
            Proof::Outranked(witness) => Self::Outranked(witness),
            Proof::Influence(witness) => Self::Influence(witness),
            Proof::Form(witness) => Self::Form(witness),
            Proof::Credits(fault) => Self::Credits(fault),
            Proof::Tree(witness) => Self::Tree(witness),
            Proof::Payouts(witness) => Self::Payouts(witness),
        })
    }
}

/// Where the receipt of a proof was redeemed: its payer signed it, its host was paid for it.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostsReceipt {
    /// The batch.
    pub batch: u64,
    /// The receipt's path in the batch's tree 03.
    pub path: Vec<Node>,
}

/// The hash that a prover commits to: blake2b-256 over its 32 bytes, then the proof's.
pub fn commit_hash<H: proof::Hasher>(prover: &AccountId, proof: &[u8]) -> Bytes32 {
    let account: &[u8; 32] = prover.as_ref();
    let mut preimage = Vec::with_capacity(proof.len().saturating_add(account.len()));
    preimage.extend_from_slice(account);
    preimage.extend_from_slice(proof);
    H::blake2_256(&preimage)
}

/// What a proof that holds did.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The report is void, each signer was slashed; the sum.
    Voided { report: ReportId, signers: Vec<AccountId>, slashed: Balance },
    /// The report stands; an oracle that equivocated, or the host of a private receipt, was slashed (by 0 if somebody
    /// proved the same before: the bond comes back all the same).
    Slashed { operator: AccountId, slashed: Balance },
}

/// Bond, times and rates, set by the admin. A commit keeps the bond and the time it was made with.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DisputeParameters {
    /// What a commit locks, in 10^-18 OPEN; at least 1.
    pub bond: Balance,
    /// How long after the commit its proof can be revealed.
    pub reveal_ms: u64,
    /// What a signer of a voided report, or the host of a false private receipt, loses of its stake; 1 to 10,000.
    pub report_bps: u16,
    /// What an oracle that equivocates loses; 1 to 10,000.
    pub equivocation_bps: u16,
}

/// Why disputes refused. Appended to, never reordered.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DisputesError {
    /// Wiring and the admin role.
    Admin(AdminError),
    Overflow,
    BadParameters,
    NoSuchCommit,
    /// Only the account that committed may do this.
    NotProver,
    /// The commit was revealed, returned or forfeited before.
    CommitSpent,
    /// The reveal must come in a later block than the commit.
    TooEarly,
    /// The time to reveal is over.
    TooLate,
    /// The commit can still be revealed.
    RevealOpen,
    /// The commit's hash is not that of this proof and the caller.
    WrongPreimage,
    /// The proof is longer than 16,000 bytes.
    ProofTooLong,
    /// The proof's bytes decode to nothing.
    BadProof,
    /// The proof speaks of another report than the commit.
    WrongReport,
    /// Payout doesn't know the epoch, the report or the oracle set.
    NoSuchReport,
    /// The report is live or void already.
    NotPending,
    /// The report's window was over when the commit came.
    WindowOver,
    /// Payout doesn't know the batch, or it is none of the epoch's.
    NoSuchBatch,
    /// The model registry doesn't know the model or its revision.
    NoSuchModel,
    /// The Datanet registry doesn't know the version or contribution.
    NoSuchContribution,
    /// Opened bytes lead nowhere, or break no rule.
    NotProven(ProofError),
    /// The proof is against another than what it was sent as: a private receipt's entries are its host's word, not the
    /// signers', and a public one's the signers'.
    WrongAgainst,
    /// The receipt is not in the batch, or its host did not write these entries (with amounts 0 they are the preimage of the
    /// receipt's credits hash).
    NotTheHosts,
    /// The token contract refused the transfer of the bond.
    TransferFailed,
    /// Payout could not be asked, or refused.
    PayoutFailed,
    /// The model registry could not be asked.
    ModelRegistryFailed,
    /// The Datanet registry could not be asked.
    DatanetRegistryFailed,
    /// Staking refused the slash.
    StakingFailed,
    /// Escrow could not be asked.
    EscrowFailed,
}

impl From<AdminError> for DisputesError {
    fn from(error: AdminError) -> Self {
        Self::Admin(error)
    }
}

/// The peers of disputes.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputesPeers {
    pub token: AccountId,
    pub payout: AccountId,
    pub staking: AccountId,
    pub model_registry: AccountId,
    pub datanet_registry: AccountId,
}

/// Commit, reveal, slash. Constructor: `new(token, genesis, parameters)`.
#[ink::trait_definition]
pub trait Disputes {
    /// Sets the peers and makes `timelock` the admin. Once, by the deployer; all that changes state errors until then.
    #[ink(message)]
    fn wire(
        &mut self,
        payout: AccountId,
        staking: AccountId,
        model_registry: AccountId,
        datanet_registry: AccountId,
        timelock: AccountId,
    ) -> Result<(), DisputesError>;

    /// Commits to a proof: `hash` is blake2b-256 over the caller's 32 bytes and the proof's bytes. Takes the bond by
    /// `transfer_from`. With a report, it must be pending and within its window; it then doesn't go live before
    /// `reveal_ms` are over. Returns the commit's number.
    #[ink(message)]
    fn commit(&mut self, report: Option<ReportId>, hash: Bytes32) -> Result<u64, DisputesError>;

    /// Shows the proof: the SCALE bytes of a [`FraudProof`]. By the prover, in a later block, through `reveal_by`.
    #[ink(message)]
    fn reveal(&mut self, commit: u64, proof: Vec<u8>) -> Result<Outcome, DisputesError>;

    /// Settles a commit that is not to be revealed any more, by anyone: its bond goes back if its report was voided, and
    /// is burned once the time to reveal is over. Returns what it became.
    #[ink(message)]
    fn settle(&mut self, commit: u64) -> Result<CommitStatus, DisputesError>;

    /// By the admin.
    #[ink(message)]
    fn set_parameters(&mut self, parameters: DisputeParameters) -> Result<(), DisputesError>;

    #[ink(message)]
    fn commit_of(&self, commit: u64) -> Option<Commit>;

    /// Commits are numbered from 0 to this.
    #[ink(message)]
    fn commit_count(&self) -> u64;

    #[ink(message)]
    fn parameters(&self) -> DisputeParameters;

    /// `None` until wired.
    #[ink(message)]
    fn peers(&self) -> Option<DisputesPeers>;
}

/// Somebody committed to a proof.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ProofCommitted {
    #[ink(topic)]
    pub commit: u64,
    pub prover: AccountId,
    pub report: Option<ReportId>,
    pub bond: Balance,
    pub reveal_by: Timestamp,
}

/// A proof held. `fraud` names what it showed.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct FraudProven {
    #[ink(topic)]
    pub commit: u64,
    pub prover: AccountId,
    pub fraud: Fraud,
    /// The report that is void; `None` if it stands.
    pub report: Option<ReportId>,
    /// Who was slashed.
    pub slashed: Vec<AccountId>,
    pub amount: Balance,
}

/// A commit ended without a proof.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct CommitSettled {
    #[ink(topic)]
    pub commit: u64,
    pub status: CommitStatus,
    pub bond: Balance,
}

/// Bond, times and rates changed.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct DisputeParametersSet {
    pub parameters: DisputeParameters,
}
