//! Questions about a pending report, and their answers (PROTOCOL.md section 10).
//!
//! What nobody can get, nobody can check: signers who hide what their report rests on would be safe from every proof. So until
//! the window's end anyone may ask, with a bond, for a leaf or nodes of the report's trees, or for what an opened leaf rests on. Anyone may answer
//! within `answer_ms`, with bytes that hash. What stays unanswered makes the report fall: it is void, its signers are slashed
//! as for a false one, and the asker counts as its first prover.
//!
//! **Lines.** A question may follow an answered one that it rests on, until `step_ms` after that answer, also when the window is
//! over; so may a commit of a proof. The report is not live before then. A line has at most nine steps.
//!
//! **Bonds.** The bond of an answered question is half burned, half the answerer's; what is burned counts as lost on the report, and is
//! repaid if that falls later. Each question that is open on a report makes the next a sixteenth dearer; after the window each step of a
//! line costs double.
//!
//! What may be asked and what answers it is decided by [`proof::question`]; questions about the chain's facts are resolved by
//! the [judge](crate::judge).

use crate::disputes::DisputesError;
use crate::judge::{JudgeError, ReportId};
use crate::{AccountId, AdminError, Balance, Timestamp};
use ink::prelude::vec::Vec;

pub use proof::question::{Answer, Asked, NodeOpening, Question, ReceiptOf, ReportTree, Scope};
pub use proof::question::{MAX_ANSWER_BYTES, MAX_STEPS};
pub use proof::Error as ProofError;

/// What became of a question.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuestionStatus {
    /// It waits for its answer.
    Open,
    /// It was answered; its bond is gone.
    Answered,
    /// Nobody answered: the report fell, the bond went back.
    Unanswered,
    /// The bond went back, since the report fell without it, or was live before anybody settled it.
    Returned,
}

/// A question as the contract keeps it.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionInfo {
    pub asker: AccountId,
    pub report: ReportId,
    /// Its place in its line, from 1.
    pub step: u8,
    pub bond: Balance,
    /// What an answer must be.
    pub asked: Asked,
    /// Where in the report it is: what follows it has to lie under this.
    pub scope: Scope,
    /// Answers are taken through this time.
    pub answer_by: Timestamp,
    /// Until when a next step is taken, once it is answered.
    pub step_by: Timestamp,
    pub status: QuestionStatus,
}

// By hand, since what is asked is of a crate that knows nothing of ink!.
#[cfg(feature = "std")]
impl ink::storage::traits::StorageLayout for QuestionInfo {
    fn layout(key: &ink::primitives::Key) -> ink::metadata::layout::Layout {
        ink::metadata::layout::Layout::Leaf(ink::metadata::layout::LeafLayout::from_key::<Self>((*key).into()))
    }
}

/// Bond and times, set by the admin. A question keeps those it was asked with.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AvailabilityParameters {
    /// What the first question open on a report locks, in 10^-18 OPEN; at least 16.
    pub bond: Balance,
    /// How long a question can be answered.
    pub answer_ms: u64,
    /// How long after an answer the next step of its line is taken, and after `answer_ms` an unanswered question settled.
    pub step_ms: u64,
}

/// Why availability refused. Appended to, never reordered.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AvailabilityError {
    /// Wiring and the admin role.
    Admin(AdminError),
    Overflow,
    BadParameters,
    NoSuchQuestion,
    /// Payout doesn't know the report.
    NoSuchReport,
    /// The report is live or void already.
    NotPending,
    /// The report's window is over, and the question follows no answer within its time.
    WindowOver,
    /// The question that it follows is of another report, or not answered.
    NotAnswered,
    /// It does not lie under what it follows, or goes no further.
    AnotherLine,
    /// The line has its nine steps.
    LineTooLong,
    /// The bytes are no question.
    BadQuestion,
    /// The judge refused the question: what may not be asked, or openings that lead nowhere.
    Judge(JudgeError),
    /// The judge could not be asked.
    JudgeFailed,
    /// The question was answered or settled before.
    QuestionSpent,
    /// The time for answers is over.
    TooLate,
    /// The bytes do not answer it.
    WrongAnswer(ProofError),
    /// It can still be answered.
    AnswerOpen,
    /// Disputes refused to void the report.
    Disputes(DisputesError),
    /// Disputes could not be asked.
    DisputesFailed,
    /// The token contract refused a transfer.
    TransferFailed,
    /// Payout could not be asked, or refused.
    PayoutFailed,
}

impl From<AdminError> for AvailabilityError {
    fn from(error: AdminError) -> Self {
        Self::Admin(error)
    }
}

/// The peers of availability.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AvailabilityPeers {
    pub token: AccountId,
    pub payout: AccountId,
    pub disputes: AccountId,
    pub judge: AccountId,
}

/// Ask, answer, or the report falls. Constructor: `new(token, unit, parameters)`.
#[ink::trait_definition]
pub trait Availability {
    /// Sets the peers and makes `timelock` the admin. Once, by the deployer; all that changes state errors until then.
    #[ink(message)]
    fn wire(
        &mut self,
        payout: AccountId,
        disputes: AccountId,
        judge: AccountId,
        timelock: AccountId,
    ) -> Result<(), AvailabilityError>;

    /// Asks, with the SCALE bytes of a [`Question`], about a pending report. Takes [`Availability::bond_for`] the report by `transfer_from`.
    /// Within the window; or until `step_ms` after the answer to the question that it `follows`, lies under and goes further than. The report doesn't go live before
    /// an answer and its next step are over. Returns the question's number.
    #[ink(message)]
    fn ask(&mut self, report: ReportId, question: Vec<u8>, follows: Option<u64>) -> Result<u64, AvailabilityError>;

    /// Answers, with the SCALE bytes of an [`Answer`]. By anyone, through `answer_by`; half of the bond is the caller's.
    #[ink(message)]
    fn answer(&mut self, question: u64, answer: Vec<u8>) -> Result<(), AvailabilityError>;

    /// Settles a question that nobody answered, by anyone: the report falls if it is still pending, and the bond goes back.
    /// Returns what the question became.
    #[ink(message)]
    fn settle(&mut self, question: u64) -> Result<QuestionStatus, AvailabilityError>;

    /// By the admin.
    #[ink(message)]
    fn set_parameters(&mut self, parameters: AvailabilityParameters) -> Result<(), AvailabilityError>;

    #[ink(message)]
    fn question_of(&self, question: u64) -> Option<QuestionInfo>;

    /// Questions are numbered from 0 to this.
    #[ink(message)]
    fn question_count(&self) -> u64;

    /// What the next question about a report locks: bond · (1 + k/16) with k questions open on it. After the window the n-th step of a
    /// line locks 2^(n − 1) times as much.
    #[ink(message)]
    fn bond_for(&self, report: ReportId) -> Balance;

    /// Questions about a report that wait for their answer.
    #[ink(message)]
    fn open_questions(&self, report: ReportId) -> u32;

    #[ink(message)]
    fn parameters(&self) -> AvailabilityParameters;

    /// `None` until wired.
    #[ink(message)]
    fn peers(&self) -> Option<AvailabilityPeers>;
}

/// Somebody asked.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct QuestionAsked {
    #[ink(topic)]
    pub question: u64,
    pub asker: AccountId,
    pub report: ReportId,
    pub follows: Option<u64>,
    pub step: u8,
    pub bond: Balance,
    pub asked: Asked,
    pub scope: Scope,
    pub answer_by: Timestamp,
}

/// Somebody answered, with these bytes.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct QuestionAnswered {
    #[ink(topic)]
    pub question: u64,
    pub answerer: AccountId,
    pub answer: Vec<u8>,
    pub step_by: Timestamp,
}

/// A question ended without an answer.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct QuestionSettled {
    #[ink(topic)]
    pub question: u64,
    pub status: QuestionStatus,
    pub bond: Balance,
}

/// Bond and times changed.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct AvailabilityParametersSet {
    pub parameters: AvailabilityParameters,
}
