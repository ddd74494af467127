//! Datanets: who contributed which text under which terms, which of it was accepted, and the versions that models name.
//!
//! Precedence is that of a commitment, which shows nothing before it is opened: a contribution opens one a block later or more,
//! with terms that its contributor signed. Those whom the Datanet named judge it; what is accepted is appended to the Datanet's
//! one tree, of which the contract keeps the right edge. So the root of a version is the contract's own word. Revoking and
//! striking are facts with a time: nothing that was earned before is touched, and nothing is rebuilt.

use crate::{AccountId, AdminError, Bytes32, Timestamp};
use ink::prelude::vec::Vec;
/// What a contributor allows. The least share and the end are held to the Datanet's [`LicenceFloor`].
pub use proof::terms::Licence as Terms;
use proof::terms::Standing;

/// Bytes of a Datanet's name.
pub const MAX_NAME: usize = 64;
/// Bytes of a content identifier.
pub const MAX_CID: usize = 128;
/// Contributions in a Datanet's tree.
pub const MAX_VERSION: u32 = 1 << 20;
/// Rows of a page of contributions or versions.
pub const MAX_DATANET_PAGE: u32 = 16;
/// Rows of a page of [`DatanetRegistry::leaves`].
pub const MAX_LEAVES_PAGE: u32 = 128;
/// Times that a contribution's payee can change.
pub const MAX_PAYEES: usize = 8;
/// Agreeing verdicts that can be demanded of validators.
pub const MAX_AGREEING: u8 = 15;
/// Curators of a Datanet.
pub const MAX_CURATORS: usize = 16;
/// How long a commitment can be opened, ms: 30 days.
pub const OPENING_MS: u64 = 30 * 24 * 3_600_000;
/// After how long its contributor may enter a rejected text again, ms: 30 days.
pub const AGAIN_MS: u64 = 30 * 24 * 3_600_000;

/// Functions that can be paused ([`crate::Pausable`]). Committing, revoking and what arbitration decides never pause.
pub mod pause {
    /// `create`, `contribute`.
    pub const CONTRIBUTE: u8 = 0;
    /// `verdict`.
    pub const VERDICT: u8 = 1;
    /// `cut_version`.
    pub const VERSION: u8 = 2;
    /// How many there are.
    pub const FUNCTIONS: u8 = 3;
}

/// Who judges what is contributed to a Datanet, from its creation on.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judges {
    /// These accounts, at most [`MAX_CURATORS`] and none twice; `threshold` agreeing ones decide.
    Curators { members: Vec<AccountId>, threshold: u8 },
    /// The bonded validators; so many agreeing ones decide: [`DatanetParameters::min_agreeing`] to [`MAX_AGREEING`].
    Validators { agreeing: u8 },
}

impl Judges {
    /// Verdicts of one kind that decide.
    pub fn agreeing(&self) -> u8 {
        match self {
            Self::Curators { threshold, .. } => *threshold,
            Self::Validators { agreeing } => *agreeing,
        }
    }
}

/// What a Datanet states at its creation about the terms of all texts in it, so that no single text can end it: whoever allows
/// less, asks more or ends sooner is refused, and models are held to it whatever the texts' own terms are.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LicenceFloor {
    /// A text must allow training. If it need not, no model is trained on the Datanet; so with the next three.
    pub train: bool,
    pub retrieve: bool,
    pub display: bool,
    pub commercial: bool,
    /// A text may demand that what is built from it is shared alike.
    pub share_alike: bool,
    /// The highest `min_bps` that a text may ask, and the least share of a fee that a model gives to contributors.
    pub share_bps: u16,
    /// The earliest end of a text's terms; 0: they must never end.
    pub earliest_end: Timestamp,
}

/// A term of a licence.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    Training,
    Retrieval,
    Display,
    Commerce,
    ShareAlike,
    /// The share of a fee that goes to contributors.
    Share,
    /// When the terms end.
    End,
}

/// A contribution as its contributor signs it: the body under tag `OL-TERMS-1` is `proof::terms::Terms` of these fields, with
/// H(cid) for `cid`.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewContribution {
    pub datanet: u32,
    /// Root of tree 01 over the canonical text.
    pub root: Bytes32,
    /// Bytes of the canonical text: 1 to 2^24.
    pub length: u64,
    /// Where the text is stored; at most [`MAX_CID`] bytes.
    pub cid: Vec<u8>,
    pub terms: Terms,
    /// The salt of the commitment that is opened: the signed terms open no other.
    pub salt: Bytes32,
    /// The signature can be used strictly before this.
    pub deadline: Timestamp,
    pub contributor: AccountId,
}

/// Where a commitment stands in the tree that was committed to.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Commitments of the tree; 1 for one alone.
    pub count: u32,
    pub index: u32,
    /// Siblings bottom-up; none for one alone.
    pub path: Vec<Bytes32>,
}

/// A tree of commitments that was entered.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommitmentInfo {
    /// Its number, from 0: precedence is by it, then by the index in the tree.
    pub number: u64,
    /// It opens strictly after this, and until [`OPENING_MS`] later.
    pub committed_at: Timestamp,
}

/// A Datanet.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datanet {
    pub owner: AccountId,
    /// To whom the owner offers it.
    pub offered: Option<AccountId>,
    pub name: Vec<u8>,
    pub metadata_cid: Vec<u8>,
    pub floor: LicenceFloor,
    pub judges: Judges,
    /// The owner takes no contributions for now.
    pub paused: bool,
    pub created_at: Timestamp,
    /// All contributions ever made to it.
    pub contributions: u32,
    /// The newest of them.
    pub last: Option<u64>,
    /// Versions, numbered from 0.
    pub versions: u32,
}

/// Where a contribution stands.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContributionStatus {
    /// Waits for verdicts.
    Pending,
    Accepted,
    /// Refused by verdicts. Arbitration may find that wrong.
    Rejected,
}

/// A contribution, with what happened to it and when.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    pub datanet: u32,
    pub root: Bytes32,
    pub length: u64,
    pub cid: Vec<u8>,
    pub contributor: AccountId,
    /// Who is paid for it now: the contributor, until arbitration decides otherwise.
    pub payee: AccountId,
    pub terms: Terms,
    pub status: ContributionStatus,
    pub contributed_at: Timestamp,
    /// Its precedence, from its commitment: the lower comes first.
    pub seq: u64,
    /// Its leaf in the Datanet's tree; `None` until it is admitted.
    pub index: Option<u32>,
    /// When verdicts decided it, or arbitration reinstated it.
    pub decided_at: Option<Timestamp>,
    /// Mean quality of the accepting verdicts.
    pub quality_bps: u16,
    /// Verdicts for it so far.
    pub accepts: u8,
    /// Verdicts against it so far.
    pub rejects: u8,
    /// It was revoked: it holds its text, and earns nothing from now on.
    pub withdrawn_at: Option<Timestamp>,
    /// Arbitration found that it was copied or is worthless: it is as if not there.
    pub struck_at: Option<Timestamp>,
    /// A vote lifted the strike, for good.
    pub restored_at: Option<Timestamp>,
    /// The contribution before it in its Datanet.
    pub previous: Option<u64>,
}

impl Contribution {
    /// What happened to it, as the rules read it.
    pub fn standing(&self) -> Standing {
        Standing {
            expires_at: self.terms.expires_at,
            withdrawn_at: self.withdrawn_at,
            struck_at: self.struck_at,
            restored_at: self.restored_at,
        }
    }
}

// By hand, since the terms' type belongs to a crate that knows nothing of ink!.
#[cfg(feature = "std")]
impl ink::storage::traits::StorageLayout for Contribution {
    fn layout(key: &ink::primitives::Key) -> ink::metadata::layout::Layout {
        ink::metadata::layout::Layout::Leaf(ink::metadata::layout::LeafLayout::from_key::<Self>((*key).into()))
    }
}

/// A version: the first leaves of the Datanet's tree 02, in order of admission.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub count: u32,
    /// The tree's top.
    pub top: Bytes32,
    /// The version's root: H(0x82 ‖ count ‖ top).
    pub root: Bytes32,
    pub cut_at: Timestamp,
}

/// A leaf of a Datanet's tree.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeafInfo {
    pub seq: u64,
    pub contribution: u64,
    pub root: Bytes32,
    pub contributor: AccountId,
}

/// What a model wants to do with a source.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use {
    pub train: bool,
    pub retrieve: bool,
    pub display: bool,
    pub commercial: bool,
    /// Share of its fees that goes to contributors.
    pub contributors_bps: u16,
}

/// A judge's verdict.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    pub accept: bool,
    /// Quality of the text, 0 to 10,000.
    pub quality_bps: u16,
    pub at: Timestamp,
}

/// How validators judged a contribution. What arbitration made of it later changes nothing here.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictOutcome {
    pub accepted: bool,
    /// The validators who said so, in the order of their verdicts.
    pub agreeing: Vec<AccountId>,
}

/// What governance may set.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatanetParameters {
    /// The fewest agreeing validators that a new Datanet may name, 1 to [`MAX_AGREEING`].
    pub min_agreeing: u8,
}

/// The contracts that the registry works with.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatanetPeers {
    pub staking: AccountId,
    pub arbitration: AccountId,
}

/// Why the registry refused. Appended to, never reordered.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatanetError {
    /// Not wired yet, not the admin, not the deployer.
    Admin(AdminError),
    /// The admin paused this function.
    FunctionPaused,
    /// A number is beyond its type.
    Overflow,
    UnknownDatanet,
    UnknownContribution,
    UnknownVersion,
    /// Only the Datanet's owner may do this.
    NotOwner,
    /// Nobody offered the caller this Datanet.
    NotOffered,
    /// An empty name, or one of more than [`MAX_NAME`] bytes.
    BadName,
    /// A CID of more than [`MAX_CID`] bytes, or none where there must be one.
    BadCid,
    /// More than 10,000 bps.
    BadBps,
    /// The Datanet's owner takes no contributions for now.
    DatanetPaused,
    /// The root is all zeros.
    ZeroRoot,
    /// A text of no bytes.
    Empty,
    /// A text above 16 MiB.
    TooLong,
    /// A tree of no commitments, or of more than 2^20.
    BadCount,
    /// This tree can be opened already, as this commitment.
    AlreadyCommitted {
        commitment: u64,
    },
    /// Nobody committed to this root for this contributor with this salt, or not at this place of a tree like that; or it was
    /// opened.
    UnknownCommitment,
    /// A commitment opens in a later block.
    CommittedNow,
    /// The commitment could be opened until then.
    CommitmentLapsed {
        until: Timestamp,
    },
    /// This place of the tree was opened.
    AlreadyOpened,
    /// The commitment can still be opened, until then.
    StillOpen {
        until: Timestamp,
    },
    /// The contributor has entered this text in this Datanet, as this contribution. A rejected one is forgotten after [`AGAIN_MS`].
    AlreadyEntered {
        contribution: u64,
    },
    /// The Datanet asks for better terms than these.
    BelowFloor(Term),
    /// No judges, too many, one twice, or a number of agreeing ones that can't be reached or is too low.
    BadJudges,
    /// The terms have expired already.
    TermsExpired,
    /// The signature's deadline is over.
    SignatureExpired,
    /// The signature is not the contributor's over these terms, for this contract on this chain.
    BadSignature,
    /// Only who is paid for the contribution may do this: its contributor, until arbitration decides otherwise.
    NotPayee,
    /// The caller is no active validator.
    NotValidator,
    /// The caller is none of the Datanet's curators.
    NotCurator,
    /// Nobody judges a text of its own.
    OwnContribution,
    /// The caller has judged this contribution already.
    AlreadyJudged,
    /// The contribution is decided.
    NotPending,
    /// The contribution is not rejected.
    NotRejected,
    /// The contribution is struck.
    Struck,
    /// The contribution is not struck, or was restored.
    NotStruck,
    /// The contribution was revoked.
    Withdrawn,
    /// Revoked already.
    AlreadyRevoked,
    /// The tree holds 2^20 contributions.
    TreeFull,
    /// Nothing was accepted since the last version.
    NothingNew,
    /// The Datanet does not promise this term of all its texts.
    NotPromised(Term),
    /// Only arbitration may do this.
    NotArbitration,
    /// The fact is set already.
    AlreadySet,
    /// The payee changed as often as it may.
    TooManyPayees,
    /// A parameter outside its bounds.
    BadParameters,
    /// Staking could not be asked.
    StakingFailed,
}

impl From<AdminError> for DatanetError {
    fn from(error: AdminError) -> Self {
        Self::Admin(error)
    }
}

/// Datanets, contributions, verdicts, versions; beside it stand [`crate::Administered`] and [`crate::Pausable`].
/// Constructor: `new(genesis: Bytes32, guardian: Option<AccountId>, parameters: DatanetParameters)`.
#[ink::trait_definition]
pub trait DatanetRegistry {
    /// Sets the peers and makes `timelock` the admin. Once, by the deployer; all that changes state errors until then.
    #[ink(message)]
    fn wire(&mut self, staking: AccountId, timelock: AccountId, arbitration: AccountId) -> Result<(), DatanetError>;

    /// Creates a Datanet of the caller's, with the floor of its terms and who judges, for good. Returns its number, from 0.
    #[ink(message)]
    fn create(
        &mut self,
        name: Vec<u8>,
        metadata_cid: Vec<u8>,
        floor: LicenceFloor,
        judges: Judges,
    ) -> Result<u32, DatanetError>;

    /// Changes what describes a Datanet. By its owner.
    #[ink(message)]
    fn describe(&mut self, datanet: u32, metadata_cid: Vec<u8>) -> Result<(), DatanetError>;

    /// Stops contributions to a Datanet, or takes them again. By its owner.
    #[ink(message)]
    fn set_datanet_paused(&mut self, datanet: u32, paused: bool) -> Result<(), DatanetError>;

    /// The owner offers a Datanet to another account.
    #[ink(message)]
    fn offer_datanet(&mut self, datanet: u32, to: AccountId) -> Result<(), DatanetError>;

    /// The account that was offered a Datanet takes it.
    #[ink(message)]
    fn accept_datanet(&mut self, datanet: u32) -> Result<(), DatanetError>;

    /// Commits to contributions that will be made: `top` and `count` of a tree 0F over them (alone, the leaf itself and 1). By anyone
    /// for anyone. The same top and count are not entered again while they can be opened. Returns the commitment's number.
    #[ink(message)]
    fn commit(&mut self, top: Bytes32, count: u32) -> Result<u64, DatanetError>;

    /// Enters a text under terms that its contributor signed (sr25519 over `Signable::terms`, raw or as wallets wrap it). Opens a
    /// commitment to it, which an earlier block took, at most [`OPENING_MS`] ago; each place of a tree opens once, and one that stands alone
    /// leaves storage, so its deposit is given back. Anyone may send it in. Returns the contribution's number, from 0 over all Datanets.
    #[ink(message)]
    fn contribute(
        &mut self,
        entry: NewContribution,
        opening: Opening,
        signature: [u8; 64],
    ) -> Result<u64, DatanetError>;

    /// Takes a commitment that can be opened no more out of storage; its deposit is given to the caller. By anyone.
    #[ink(message)]
    fn forget(&mut self, top: Bytes32, count: u32) -> Result<(), DatanetError>;

    /// The caller's judgement, one a contribution: a validator's or a curator's, as the Datanet says. The last one needed of one kind
    /// decides; what is accepted is appended to the Datanet's tree. Returns where the contribution stands then.
    #[ink(message)]
    fn verdict(
        &mut self,
        contribution: u64,
        accept: bool,
        quality_bps: u16,
    ) -> Result<ContributionStatus, DatanetError>;

    /// Takes a contribution back, at any time: what it earned stays; what it would earn from now on goes to nobody, and no new
    /// model may rest on it. By who is paid for it.
    #[ink(message)]
    fn revoke(&mut self, contribution: u64) -> Result<(), DatanetError>;

    /// Fixes all that is in the Datanet's tree now as a version. By the owner. Returns its number.
    #[ink(message)]
    fn cut_version(&mut self, datanet: u32) -> Result<u32, DatanetError>;

    /// A contribution was copied or is worthless: from now on it is as if not there. By arbitration.
    #[ink(message)]
    fn strike(&mut self, contribution: u64) -> Result<(), DatanetError>;

    /// A contribution was somebody else's: `payee` is paid from now on. By arbitration.
    #[ink(message)]
    fn set_payee(&mut self, contribution: u64, payee: AccountId) -> Result<(), DatanetError>;

    /// A contribution was wrongly rejected: it is accepted. By arbitration.
    #[ink(message)]
    fn reinstate(&mut self, contribution: u64) -> Result<(), DatanetError>;

    /// Lifts a strike; what was restored is never struck again. By the admin.
    #[ink(message)]
    fn restore(&mut self, contribution: u64) -> Result<(), DatanetError>;

    /// By the admin.
    #[ink(message)]
    fn set_parameters(&mut self, parameters: DatanetParameters) -> Result<(), DatanetError>;

    #[ink(message)]
    fn datanet(&self, datanet: u32) -> Option<Datanet>;

    #[ink(message)]
    fn datanet_count(&self) -> u32;

    /// Datanets from `first` on, at most `limit` and [`MAX_DATANET_PAGE`].
    #[ink(message)]
    fn datanets(&self, first: u32, limit: u32) -> Vec<Datanet>;

    #[ink(message)]
    fn contribution(&self, contribution: u64) -> Option<Contribution>;

    #[ink(message)]
    fn contribution_count(&self) -> u64;

    /// A Datanet's contributions from the newest back, at most `limit` and [`MAX_DATANET_PAGE`], each with its number; those before
    /// the contribution `before`, if one of the Datanet's is given.
    #[ink(message)]
    fn contributions(&self, datanet: u32, before: Option<u64>, limit: u32) -> Vec<(u64, Contribution)>;

    /// What a contributor entered last with this root in a Datanet.
    #[ink(message)]
    fn entered(&self, datanet: u32, root: Bytes32, contributor: AccountId) -> Option<u64>;

    /// A commitment that can be opened, or could be and was not forgotten yet.
    #[ink(message)]
    fn commitment(&self, top: Bytes32, count: u32) -> Option<CommitmentInfo>;

    /// Commitments so far, over all Datanets: the next one's number.
    #[ink(message)]
    fn commitment_count(&self) -> u64;

    /// Leaves of a Datanet's tree from `first` on, at most `limit` and [`MAX_LEAVES_PAGE`]: all that a program needs to rebuild a
    /// version's tree.
    #[ink(message)]
    fn leaves(&self, datanet: u32, first: u32, limit: u32) -> Vec<LeafInfo>;

    #[ink(message)]
    fn version(&self, datanet: u32, version: u32) -> Option<Version>;

    /// Versions from `first` on, at most `limit` and [`MAX_DATANET_PAGE`].
    #[ink(message)]
    fn versions(&self, datanet: u32, first: u32, limit: u32) -> Vec<Version>;

    /// Whether a new model may use a version so: whether the floor of the Datanet's terms allows it. So the answer never depends on
    /// what a single text says or what became of it.
    ///
    /// # Errors
    /// `UnknownDatanet`, `UnknownVersion`, or `NotPromised` with the first term that it breaks.
    #[ink(message)]
    fn check_source(&self, datanet: u32, version: u32, wanted: Use) -> Result<(), DatanetError>;

    /// A judge's verdict over a contribution.
    #[ink(message)]
    fn verdict_of(&self, contribution: u64, judge: AccountId) -> Option<Verdict>;

    /// All verdicts over a contribution in their order: fewer than twice as many as decide.
    #[ink(message)]
    fn verdicts(&self, contribution: u64) -> Vec<(AccountId, Verdict)>;

    /// How validators decided a contribution; `None` while they have not, and where curators judge.
    #[ink(message)]
    fn outcome(&self, contribution: u64) -> Option<VerdictOutcome>;

    /// Who was paid for a contribution at a time: changes that are strictly earlier count.
    #[ink(message)]
    fn payee_at(&self, contribution: u64, at: Timestamp) -> Option<AccountId>;

    #[ink(message)]
    fn parameters(&self) -> DatanetParameters;

    /// `None` until wired.
    #[ink(message)]
    fn peers(&self) -> Option<DatanetPeers>;

    /// The genesis id that signatures must name.
    #[ink(message)]
    fn genesis(&self) -> Bytes32;
}

/// A Datanet was created.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct DatanetCreated {
    #[ink(topic)]
    pub datanet: u32,
    pub owner: AccountId,
    pub name: Vec<u8>,
    pub metadata_cid: Vec<u8>,
    pub floor: LicenceFloor,
    pub judges: Judges,
}

/// A Datanet's description changed.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct DatanetDescribed {
    #[ink(topic)]
    pub datanet: u32,
    pub metadata_cid: Vec<u8>,
}

/// A Datanet takes no contributions (`paused`), or takes them again.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct DatanetPauseSet {
    #[ink(topic)]
    pub datanet: u32,
    pub paused: bool,
}

/// A Datanet was offered to an account.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct DatanetOffered {
    #[ink(topic)]
    pub datanet: u32,
    pub to: AccountId,
}

/// A Datanet has a new owner.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct DatanetTransferred {
    #[ink(topic)]
    pub datanet: u32,
    pub to: AccountId,
}

/// Contributions were committed to.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct Committed {
    #[ink(topic)]
    pub commitment: u64,
    pub top: Bytes32,
    pub count: u32,
}

/// A commitment that could be opened no more left storage.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct CommitmentForgotten {
    #[ink(topic)]
    pub commitment: u64,
}

/// A text was entered; `seq` says which place of which commitment it opened.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ContributionMade {
    #[ink(topic)]
    pub contributor: AccountId,
    pub contribution: u64,
    pub datanet: u32,
    pub seq: u64,
    pub root: Bytes32,
    pub length: u64,
    pub cid: Vec<u8>,
    pub terms: Terms,
}

/// A contribution was judged.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct VerdictGiven {
    #[ink(topic)]
    pub contribution: u64,
    pub judge: AccountId,
    pub accept: bool,
    pub quality_bps: u16,
}

/// A contribution was accepted, by verdicts or (quality 0) by arbitration.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ContributionAccepted {
    #[ink(topic)]
    pub contribution: u64,
    pub quality_bps: u16,
}

/// A contribution stands at `index` in the tree of its Datanet.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ContributionAdmitted {
    #[ink(topic)]
    pub contribution: u64,
    pub datanet: u32,
    pub seq: u64,
    pub index: u32,
}

/// A contribution was refused by verdicts.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ContributionRejected {
    #[ink(topic)]
    pub contribution: u64,
}

/// A contribution was taken back.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ContributionRevoked {
    #[ink(topic)]
    pub contribution: u64,
    pub at: Timestamp,
}

/// A contribution was struck.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ContributionStruck {
    #[ink(topic)]
    pub contribution: u64,
    pub at: Timestamp,
}

/// A strike was lifted.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ContributionRestored {
    #[ink(topic)]
    pub contribution: u64,
    pub at: Timestamp,
}

/// Somebody else is paid for a contribution from now on.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct PayeeSet {
    #[ink(topic)]
    pub contribution: u64,
    pub payee: AccountId,
    pub at: Timestamp,
}

/// A version was cut.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct VersionCut {
    #[ink(topic)]
    pub datanet: u32,
    pub version: u32,
    pub count: u32,
    pub root: Bytes32,
}

/// Governance set the parameters.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct DatanetParametersSet {
    pub parameters: DatanetParameters,
}
