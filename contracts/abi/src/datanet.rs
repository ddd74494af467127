//! Datanets: who contributed which text under which terms, which of it was accepted, and the versions that models name.
//!
//! A contribution enters by its contributor's signature over the terms. Validators judge it; k agreeing verdicts accept it,
//! give it the global acceptance number and append it to its Datanet's tree, of which the contract keeps the right edge. So
//! the root of a version is the contract's own word. Revoking, striking and passing over are facts with a time: nothing that
//! was earned before is touched.

use crate::{AccountId, AdminError, Bytes32, Timestamp};
use ink::prelude::vec::Vec;

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
/// Contributions that one `rebuild` call goes through.
pub const MAX_REBUILD: u32 = 256;
/// Times that a contribution's payee can change.
pub const MAX_PAYEES: usize = 8;
/// Agreeing verdicts that can be demanded.
pub const MAX_AGREEING: u8 = 15;

/// Functions that can be paused ([`crate::Pausable`]). Vetoing, revoking and what disputes says never pause.
pub mod pause {
    /// `create`, `contribute`.
    pub const CONTRIBUTE: u8 = 0;
    /// `verdict`.
    pub const VERDICT: u8 = 1;
    /// `cut_version`, `rebuild`.
    pub const VERSION: u8 = 2;
    /// How many there are.
    pub const FUNCTIONS: u8 = 3;
}

/// Who has a say in what a Datanet accepts.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatanetPolicy {
    /// The validators alone.
    Open,
    /// The owner may veto what is pending; verdicts count after it had its time to.
    Curated,
}

/// What a contributor allows: the `Licence` of crate proof, in a form that storage knows.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// H of the licence's SPDX expression in ASCII, or of its text.
    pub licence: Bytes32,
    pub train: bool,
    pub retrieve: bool,
    pub display: bool,
    /// May be used by models with a price.
    pub commercial: bool,
    /// What is built from it must be shared under the same terms.
    pub share_alike: bool,
    /// The least share of a fee that must go to contributors.
    pub min_bps: u16,
    /// Until when new versions and models may use it; 0 for ever.
    pub expires_at: Timestamp,
}

impl From<Terms> for proof::terms::Licence {
    fn from(terms: Terms) -> Self {
        Self {
            licence: terms.licence,
            train: terms.train,
            retrieve: terms.retrieve,
            display: terms.display,
            commercial: terms.commercial,
            share_alike: terms.share_alike,
            min_bps: terms.min_bps,
            expires_at: terms.expires_at,
        }
    }
}

impl From<proof::terms::Licence> for Terms {
    fn from(licence: proof::terms::Licence) -> Self {
        Self {
            licence: licence.licence,
            train: licence.train,
            retrieve: licence.retrieve,
            display: licence.display,
            commercial: licence.commercial,
            share_alike: licence.share_alike,
            min_bps: licence.min_bps,
            expires_at: licence.expires_at,
        }
    }
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
    /// [`DatanetRegistry::nonce`] of the contributor.
    pub nonce: u64,
    /// The signature can be used strictly before this.
    pub deadline: Timestamp,
    pub contributor: AccountId,
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
    pub policy: DatanetPolicy,
    /// The least share of a fee that models must give to contributors, whatever the single terms say.
    pub floor_bps: u16,
    /// The owner takes no contributions for now.
    pub paused: bool,
    pub created_at: Timestamp,
    /// All contributions ever made to it.
    pub contributions: u32,
    /// Versions, numbered from 0.
    pub versions: u32,
    /// The tree that versions are cut from; `rebuild` starts the next one.
    pub generation: u32,
}

/// Where a contribution stands.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContributionStatus {
    /// Waits for verdicts.
    Pending,
    Accepted,
    /// k validators refused it. Its root is free again.
    Rejected,
    /// The owner of the curated Datanet refused it. Its root is free again.
    Vetoed,
    /// Its contributor took it back before it was accepted. Its root is free again.
    Retracted,
}

/// A contribution, with what happened to it and when.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    pub datanet: u32,
    pub root: Bytes32,
    pub length: u64,
    pub cid: Vec<u8>,
    pub contributor: AccountId,
    /// Who is paid for it now: the contributor, until an ownership claim is upheld.
    pub payee: AccountId,
    pub terms: Terms,
    pub status: ContributionStatus,
    pub contributed_at: Timestamp,
    /// The registry's global acceptance number, from 0.
    pub seq: Option<u64>,
    /// Its leaf in the tree of the Datanet's generation, which stands below; `None` if that doesn't hold it.
    pub index: Option<u32>,
    pub generation: u32,
    pub accepted_at: Option<Timestamp>,
    /// Mean quality of the accepting verdicts.
    pub quality_bps: u16,
    /// Verdicts for it so far.
    pub accepts: u8,
    /// Verdicts against it so far.
    pub rejects: u8,
    /// Its contributor revoked it: no new version or model may hold it.
    pub withdrawn_at: Option<Timestamp>,
    /// A bonded verdict found that it was not the contributor's.
    pub struck_at: Option<Timestamp>,
    /// Its data was demanded in vain.
    pub passed_over_at: Option<Timestamp>,
}

/// What all contributions of a version allow together. Where a term forbids, the first contribution that does is named.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VersionTerms {
    /// The first contribution that forbids training; `None` if none does.
    pub no_training: Option<u64>,
    pub no_retrieval: Option<u64>,
    pub no_display: Option<u64>,
    pub no_commerce: Option<u64>,
    /// The first that demands share-alike.
    pub share_alike: Option<u64>,
    /// The highest least share; the Datanet's floor included when the version is cut.
    pub min_bps: u16,
    /// The first contribution that demands it; `None` if it is the floor.
    pub min_bps_by: Option<u64>,
    /// The earliest expiry; 0 if none expires.
    pub expires_at: Timestamp,
    /// The contribution that expires then.
    pub expires_by: Option<u64>,
}

/// A version: an immutable tree 02 over the accepted contributions in order of acceptance.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The Datanet's generation: its leaves are [`DatanetRegistry::leaves`] of it, from 0 to `count`.
    pub generation: u32,
    pub count: u32,
    /// The tree's top.
    pub top: Bytes32,
    /// The version's root: H(0x82 ‖ count ‖ top).
    pub root: Bytes32,
    pub cut_at: Timestamp,
    pub terms: VersionTerms,
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

/// The term that a use breaks, and the contribution that it is of.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breach {
    ForbidsTraining {
        contribution: u64,
    },
    ForbidsRetrieval {
        contribution: u64,
    },
    ForbidsDisplay {
        contribution: u64,
    },
    ForbidsCommerce {
        contribution: u64,
    },
    /// Contributors' share below the least; `contribution` is `None` if the Datanet's floor is the least.
    ShareTooLow {
        wanted_bps: u16,
        contribution: Option<u64>,
    },
    Expired {
        contribution: u64,
        expires_at: Timestamp,
    },
    /// A contribution in it was revoked, struck or passed over.
    HoldsRevoked {
        contribution: u64,
    },
    /// The Datanet was rebuilt without some of what this version holds: name a version of the new generation.
    Superseded {
        generation: u32,
    },
}

/// A validator's judgement.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    pub accept: bool,
    /// Quality of the text, 0 to 10,000.
    pub quality_bps: u16,
    pub at: Timestamp,
}

/// How validators decided a contribution.
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
    /// Agreeing verdicts that decide, 1 to [`MAX_AGREEING`].
    pub agreeing: u8,
    /// Time that the owner of a curated Datanet has for a veto before verdicts are taken, ms.
    pub veto_ms: u64,
}

/// The contracts that the registry works with.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatanetPeers {
    pub staking: AccountId,
    pub disputes: AccountId,
}

/// How far a rebuild came.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RebuildProgress {
    /// Leaves of the old generation gone through.
    pub done: u32,
    /// Leaves of the old generation.
    pub of: u32,
    /// The new generation is the Datanet's from now on.
    pub finished: bool,
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
    /// This text is in the registry already, as this contribution.
    RootTaken {
        contribution: u64,
    },
    /// The terms have expired already.
    TermsExpired,
    /// The signature's deadline is over.
    SignatureExpired,
    /// Not the contributor's next nonce.
    WrongNonce {
        expected: u64,
    },
    /// The signature is not the contributor's over these terms, for this contract on this chain.
    BadSignature,
    /// Only the contributor may do this.
    NotContributor,
    /// The caller is no active validator.
    NotValidator,
    /// A validator does not judge its own text.
    OwnContribution,
    /// The validator has judged this contribution already.
    AlreadyJudged,
    /// The contribution is decided.
    NotPending,
    /// The contribution is not accepted.
    NotAccepted,
    /// The owner of the curated Datanet may still veto; verdicts are taken from then on.
    VetoOpen {
        until: Timestamp,
    },
    /// The Datanet isn't curated: its owner has no veto.
    NotCurated,
    /// Revoked already.
    AlreadyRevoked,
    /// The tree holds 2^20 contributions.
    TreeFull,
    /// Nothing was accepted since the last version.
    NothingNew,
    /// The tree holds a contribution that was revoked, struck or passed over, or has expired: rebuild first.
    MustRebuild {
        contribution: u64,
    },
    /// The tree holds nothing that was revoked, struck, passed over or has expired.
    NothingToRebuild,
    /// A limit of 0.
    ZeroLimit,
    /// The use breaks a term of the version.
    Breach(Breach),
    /// Only disputes may do this.
    NotDisputes,
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
    fn wire(&mut self, staking: AccountId, timelock: AccountId, disputes: AccountId) -> Result<(), DatanetError>;

    /// Creates a Datanet of the caller's. Returns its number, from 0.
    #[ink(message)]
    fn create(
        &mut self,
        name: Vec<u8>,
        metadata_cid: Vec<u8>,
        policy: DatanetPolicy,
        floor_bps: u16,
    ) -> Result<u32, DatanetError>;

    /// Changes what describes a Datanet and the floor of versions from now on. By its owner.
    #[ink(message)]
    fn describe(&mut self, datanet: u32, metadata_cid: Vec<u8>, floor_bps: u16) -> Result<(), DatanetError>;

    /// Stops contributions to a Datanet, or takes them again. By its owner.
    #[ink(message)]
    fn set_datanet_paused(&mut self, datanet: u32, paused: bool) -> Result<(), DatanetError>;

    /// The owner offers a Datanet to another account.
    #[ink(message)]
    fn offer_datanet(&mut self, datanet: u32, to: AccountId) -> Result<(), DatanetError>;

    /// The account that was offered a Datanet takes it.
    #[ink(message)]
    fn accept_datanet(&mut self, datanet: u32) -> Result<(), DatanetError>;

    /// Enters a text under terms that its contributor signed (sr25519 over `Signable::terms`, raw or as wallets wrap it).
    /// Anyone may send it in. Returns the contribution's number, from 0 over all Datanets.
    #[ink(message)]
    fn contribute(&mut self, new: NewContribution, signature: [u8; 64]) -> Result<u64, DatanetError>;

    /// The calling validator's judgement, one a contribution. The k-th agreeing one decides: accepted, the contribution gets
    /// the next global acceptance number and its leaf. Returns where the contribution stands then.
    #[ink(message)]
    fn verdict(
        &mut self,
        contribution: u64,
        accept: bool,
        quality_bps: u16,
    ) -> Result<ContributionStatus, DatanetError>;

    /// Refuses what is pending in a curated Datanet. By its owner.
    #[ink(message)]
    fn veto(&mut self, contribution: u64) -> Result<(), DatanetError>;

    /// Takes a contribution back, at any time: no new version or model may hold it. What it earned stays; what it would earn from
    /// now on goes to nobody. By its contributor.
    #[ink(message)]
    fn revoke(&mut self, contribution: u64) -> Result<(), DatanetError>;

    /// Fixes all that is accepted now as a version. By the owner. Returns its number.
    #[ink(message)]
    fn cut_version(&mut self, datanet: u32) -> Result<u32, DatanetError>;

    /// Goes through up to `max_items` (and [`MAX_REBUILD`]) leaves of the Datanet's tree and puts those that stand (not revoked, struck,
    /// passed over or expired) into the next generation; call until `finished`. Versions are cut from the new generation then, and new models can't name older ones.
    /// By the owner. Acceptances go on meanwhile.
    #[ink(message)]
    fn rebuild(&mut self, datanet: u32, max_items: u32) -> Result<RebuildProgress, DatanetError>;

    /// A contribution was stolen: from now on it is as if not there. By disputes.
    #[ink(message)]
    fn strike(&mut self, contribution: u64) -> Result<(), DatanetError>;

    /// A contribution's data was demanded in vain. By disputes.
    #[ink(message)]
    fn pass_over(&mut self, contribution: u64) -> Result<(), DatanetError>;

    /// An ownership claim was upheld: `payee` is paid from now on. By disputes.
    #[ink(message)]
    fn set_payee(&mut self, contribution: u64, payee: AccountId) -> Result<(), DatanetError>;

    /// By the admin.
    #[ink(message)]
    fn set_parameters(&mut self, parameters: DatanetParameters) -> Result<(), DatanetError>;

    #[ink(message)]
    fn datanet(&self, datanet: u32) -> Option<Datanet>;

    #[ink(message)]
    fn datanet_count(&self) -> u32;

    /// Datanets `from..`, at most `limit` and [`MAX_DATANET_PAGE`].
    #[ink(message)]
    fn datanets(&self, from: u32, limit: u32) -> Vec<Datanet>;

    #[ink(message)]
    fn contribution(&self, contribution: u64) -> Option<Contribution>;

    #[ink(message)]
    fn contribution_count(&self) -> u64;

    /// A Datanet's contributions by their order in it, `from..`, at most `limit` and [`MAX_DATANET_PAGE`], each with its number.
    #[ink(message)]
    fn contributions(&self, datanet: u32, from: u32, limit: u32) -> Vec<(u64, Contribution)>;

    /// The contribution that holds a root now.
    #[ink(message)]
    fn contribution_of_root(&self, root: Bytes32) -> Option<u64>;

    /// Contributions accepted so far, over all Datanets: the next acceptance number.
    #[ink(message)]
    fn accepted_count(&self) -> u64;

    /// Leaves `from..` of a generation's tree, at most `limit` and [`MAX_LEAVES_PAGE`]: all that a program needs to rebuild a
    /// version's tree.
    #[ink(message)]
    fn leaves(&self, datanet: u32, generation: u32, from: u32, limit: u32) -> Vec<LeafInfo>;

    /// The leaf of a contribution in a generation's tree.
    #[ink(message)]
    fn index_in(&self, contribution: u64, generation: u32) -> Option<u32>;

    #[ink(message)]
    fn version(&self, datanet: u32, version: u32) -> Option<Version>;

    /// Versions `from..`, at most `limit` and [`MAX_DATANET_PAGE`].
    #[ink(message)]
    fn versions(&self, datanet: u32, from: u32, limit: u32) -> Vec<Version>;

    /// Whether a new model may use a version so.
    ///
    /// # Errors
    /// `UnknownDatanet`, `UnknownVersion`, or `Breach` with the first term that it breaks.
    #[ink(message)]
    fn check_source(&self, datanet: u32, version: u32, wanted: Use) -> Result<(), DatanetError>;

    /// A validator's verdict over a contribution.
    #[ink(message)]
    fn verdict_of(&self, contribution: u64, validator: AccountId) -> Option<Verdict>;

    /// All verdicts over a contribution in their order: fewer than twice [`MAX_AGREEING`].
    #[ink(message)]
    fn verdicts(&self, contribution: u64) -> Vec<(AccountId, Verdict)>;

    /// How validators decided a contribution; `None` while they have not, and for what was vetoed or taken back before.
    #[ink(message)]
    fn outcome(&self, contribution: u64) -> Option<VerdictOutcome>;

    /// Who was paid for a contribution at a time: changes that are strictly earlier count.
    #[ink(message)]
    fn payee_at(&self, contribution: u64, at: Timestamp) -> Option<AccountId>;

    /// The nonce that a contributor signs next.
    #[ink(message)]
    fn nonce(&self, contributor: AccountId) -> u64;

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
    pub policy: DatanetPolicy,
    pub floor_bps: u16,
}

/// A Datanet's description or floor changed.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct DatanetDescribed {
    #[ink(topic)]
    pub datanet: u32,
    pub metadata_cid: Vec<u8>,
    pub floor_bps: u16,
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

/// A text was entered.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ContributionMade {
    #[ink(topic)]
    pub contributor: AccountId,
    pub contribution: u64,
    pub datanet: u32,
    pub root: Bytes32,
    pub length: u64,
    pub cid: Vec<u8>,
    pub terms: Terms,
}

/// A validator judged a contribution.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct VerdictGiven {
    #[ink(topic)]
    pub contribution: u64,
    pub validator: AccountId,
    pub accept: bool,
    pub quality_bps: u16,
}

/// A contribution was accepted and stands at `index` in the tree of its Datanet's `generation`.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ContributionAccepted {
    #[ink(topic)]
    pub contribution: u64,
    pub datanet: u32,
    pub seq: u64,
    pub generation: u32,
    pub index: u32,
    pub quality_bps: u16,
}

/// A contribution was refused, by validators or (status `Vetoed`) by the owner.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ContributionRefused {
    #[ink(topic)]
    pub contribution: u64,
    pub status: ContributionStatus,
}

/// A contribution was taken back by its contributor.
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

/// A contribution is passed over.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ContributionPassedOver {
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
    pub generation: u32,
    pub count: u32,
    pub root: Bytes32,
    pub terms: VersionTerms,
}

/// A rebuild went through leaves up to `done` of the old generation; `kept` stand in the new one so far.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct DatanetRebuilt {
    #[ink(topic)]
    pub datanet: u32,
    pub generation: u32,
    pub done: u32,
    pub kept: u32,
    pub finished: bool,
}

/// Governance set the parameters.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct DatanetParametersSet {
    pub parameters: DatanetParameters,
}
