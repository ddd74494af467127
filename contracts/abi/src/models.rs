//! Models: what they were made from, what they cost, how their use is attributed; and the hosts that serve them.
//!
//! A model has an owner, a kind, parents that share in the owner's part, and numbered immutable revisions. A receipt is judged by
//! the revision it names, whatever was changed since.

use crate::datanet::DatanetError;
use crate::{AccountId, AdminError, Balance, Bytes32, Timestamp};
use ink::prelude::vec::Vec;

/// Parents of a model.
pub const MAX_MODEL_PARENTS: usize = 8;
/// Sources of a revision.
pub const MAX_SOURCES: usize = 16;
/// Bytes of a content identifier.
pub const MAX_MODEL_CID: usize = 128;
/// Bytes of a host's endpoint.
pub const MAX_ENDPOINT: usize = 256;
/// Models that a host announces.
pub const MAX_HOSTED: usize = 64;
/// Entries of one sketch.
pub const MAX_SKETCH: u16 = 4_096;
/// Rows of a model's sketch tree.
pub const MAX_ROWS: u32 = 1 << 20;
/// Rows of a page.
pub const MAX_MODEL_PAGE: u32 = 16;

/// Functions that can be paused ([`crate::Pausable`]). Withdrawing an announcement never pauses.
pub mod pause {
    /// `register`, `revise`.
    pub const REGISTER: u8 = 0;
    /// `announce`.
    pub const ANNOUNCE: u8 = 1;
    /// How many there are.
    pub const FUNCTIONS: u8 = 2;
}

/// What a model is.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelKind {
    /// Whole weights; needs no sources.
    Base,
    /// A LoRA adapter. Its first parent is the model of kind `Base` or `Adapter` that it stands on.
    Adapter,
    /// A program that uses models: at least one parent.
    Agent,
}

/// Whether a model can be used.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelStatus {
    Active,
    /// Not now; the owner can resume it.
    Paused,
    /// For good.
    Retired,
}

/// A model that shares in the owner's part of another's fees.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parent {
    pub model: u32,
    /// Of the owner's part.
    pub royalty_bps: u16,
}

/// A Datanet's version that a model rests on.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    pub datanet: u32,
    pub version: u32,
}

/// The sketches of a revision's rows, tree 04: header and top.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SketchRoot {
    /// Rows; with none, all else is zero.
    pub count: u32,
    /// Entries of one sketch.
    pub d: u16,
    /// Digest of projection seed, whitening and scales.
    pub digest: Bytes32,
    pub top: Bytes32,
}

/// How a part splits among the kinds of attribution; bounds as in `proof::params::Policy`.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttributionPolicy {
    /// The three sum to 10,000.
    pub span_bps: u16,
    pub influence_bps: u16,
    /// At most 2,000: what was retrieved is the payer's word.
    pub retrieval_bps: u16,
    /// The fewest words of a match.
    pub min_words: u16,
    /// The most contributors that may hold a short range before it is common knowledge.
    pub c_max: u8,
}

impl From<AttributionPolicy> for proof::params::Policy {
    fn from(policy: AttributionPolicy) -> Self {
        Self {
            span_bps: policy.span_bps,
            influence_bps: policy.influence_bps,
            retrieval_bps: policy.retrieval_bps,
            min_words: policy.min_words,
            c_max: policy.c_max,
        }
    }
}

/// Who may use a model.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Open,
    /// Whom the owner lists.
    Allowlist,
    /// Who has at least so much bonded in staking.
    Stake(Balance),
}

/// What a revision is made of.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRevision {
    pub artefact_cid: Vec<u8>,
    /// H of the artefact; not zero.
    pub artefact_hash: Bytes32,
    /// At most [`MAX_SOURCES`], none twice; position = `source` in evidence. Kind `Adapter` must have some.
    pub sources: Vec<Source>,
    pub sketches: SketchRoot,
    /// For 1,000 tokens.
    pub price_in: Balance,
    pub price_out: Balance,
    /// The least share of a fee that goes to contributors: terms of sources are checked against it, and escrow pays at least it.
    /// Within the governed bounds.
    pub contributors_bps: u16,
    pub policy: AttributionPolicy,
    pub access: Access,
    /// H of the evaluation's record; zeros if there is none.
    pub evaluation_hash: Bytes32,
    /// Model card; may be empty.
    pub card_cid: Vec<u8>,
}

/// A model to be registered.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewModel {
    pub kind: ModelKind,
    /// At most [`MAX_MODEL_PARENTS`], none twice, none retired; they have lower numbers, so no cycle can be.
    pub parents: Vec<Parent>,
    /// Becomes revision 0.
    pub revision: NewRevision,
}

/// A model.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    pub owner: AccountId,
    /// To whom the owner offers it.
    pub offered: Option<AccountId>,
    pub kind: ModelKind,
    pub status: ModelStatus,
    pub parents: Vec<Parent>,
    /// The newest revision.
    pub revision: u32,
    pub created_at: Timestamp,
}

/// A revision: immutable, kept for ever.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    pub artefact_cid: Vec<u8>,
    pub artefact_hash: Bytes32,
    pub sources: Vec<Source>,
    pub sketches: SketchRoot,
    pub price_in: Balance,
    pub price_out: Balance,
    pub contributors_bps: u16,
    pub policy: AttributionPolicy,
    pub access: Access,
    pub evaluation_hash: Bytes32,
    pub card_cid: Vec<u8>,
    /// It judges batches that are strictly younger.
    pub created_at: Timestamp,
}

/// What escrow needs to split a fee.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    pub owner: AccountId,
    /// The owners of the direct parents and their royalties of the owner's part; sums to at most the cap.
    pub parents: Vec<(AccountId, u16)>,
    /// Neither paused nor retired.
    pub active: bool,
    /// The newest revision, whose prices and share these are.
    pub revision: u32,
    pub price_in: Balance,
    pub price_out: Balance,
    /// The least share of a fee that goes to contributors.
    pub contributors_bps: u16,
}

/// A model at a host's price.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostedModel {
    pub model: u32,
    /// For 1,000 tokens.
    pub price_in: Balance,
    pub price_out: Balance,
}

/// What a host announces: where it answers and what it serves.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// URL in UTF-8, 1 to [`MAX_ENDPOINT`] bytes.
    pub endpoint: Vec<u8>,
    /// At most [`MAX_HOSTED`], none twice.
    pub models: Vec<HostedModel>,
}

/// A host's announcement.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostInfo {
    pub host: Host,
    pub announced_at: Timestamp,
}

/// A host that serves a model.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostOffer {
    pub host: AccountId,
    pub endpoint: Vec<u8>,
    pub price_in: Balance,
    pub price_out: Balance,
    pub announced_at: Timestamp,
}

/// What governance may set.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelParameters {
    /// The most that all parents together take of the owner's part.
    pub royalty_cap_bps: u16,
    /// Bounds of a revision's `contributors_bps`. What escrow pays above its own contributors' share comes from the owner's part: the
    /// upper bound is at most the two together.
    pub min_contributors_bps: u16,
    pub max_contributors_bps: u16,
}

/// The contracts that the registry works with.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelPeers {
    pub datanet_registry: AccountId,
    pub staking: AccountId,
}

/// Why the registry refused. Appended to, never reordered.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelError {
    /// Not wired yet, not the admin, not the deployer.
    Admin(AdminError),
    /// The admin paused this function.
    FunctionPaused,
    /// A number is beyond its type.
    Overflow,
    UnknownModel,
    /// Only the model's owner may do this.
    NotOwner,
    /// Nobody offered the caller this model.
    NotOffered,
    /// The model is retired.
    Retired,
    /// The model has that status already.
    SameStatus,
    /// No artefact hash.
    NoArtefact,
    /// A CID of more than [`MAX_MODEL_CID`] bytes, or none where there must be one.
    BadCid,
    TooManyParents,
    /// This parent does not exist, or is retired.
    BadParent {
        model: u32,
    },
    /// This parent is named twice.
    DoubleParent {
        model: u32,
    },
    /// An adapter whose first parent is not a base or an adapter, or an agent without a parent.
    NeedsParent,
    /// The parents' royalties exceed the cap.
    RoyaltiesAboveCap {
        cap_bps: u16,
    },
    TooManySources,
    /// This source is named twice.
    DoubleSource {
        source: u8,
    },
    /// An adapter without sources.
    NeedsSource,
    /// The Datanet registry refuses this source (its position), and says which term the model breaks.
    SourceRefused {
        source: u8,
        error: DatanetError,
    },
    /// The three parts don't sum to 10,000, retrieval has more than 2,000, `min_words` is not 3 to 16, or `c_max` not 2 or 3.
    BadPolicy,
    /// Sketches without entries, with more than allowed, or something where there are no rows.
    BadSketches,
    /// A contributors' share outside the governed bounds.
    ShareOutOfBounds {
        min_bps: u16,
        max_bps: u16,
    },
    /// A revision of the same artefact must keep the sources.
    SourcesChanged,
    /// The caller is no active host.
    NotHost,
    /// The caller has announced nothing.
    NotAnnounced,
    /// An empty endpoint, one too long, or not UTF-8.
    BadEndpoint,
    TooManyHosted,
    /// This model is announced twice.
    DoubleHosted {
        model: u32,
    },
    /// A parameter outside its bounds.
    BadParameters,
    /// Staking could not be asked.
    StakingFailed,
    /// The Datanet registry could not be asked.
    DatanetRegistryFailed,
    /// A revision that promises contributors less than the one before it: answers that are not redeemed yet would be paid by it.
    ShareLowered,
}

impl From<AdminError> for ModelError {
    fn from(error: AdminError) -> Self {
        Self::Admin(error)
    }
}

/// Models and hosts; beside it stand [`crate::Administered`] and [`crate::Pausable`].
/// Constructor: `new(guardian: Option<AccountId>, parameters: ModelParameters)`.
#[ink::trait_definition]
pub trait ModelRegistry {
    /// Sets the peers and makes `timelock` the admin. Once, by the deployer; all that changes state errors until then.
    #[ink(message)]
    fn wire(&mut self, datanet_registry: AccountId, staking: AccountId, timelock: AccountId) -> Result<(), ModelError>;

    /// Registers a model of the caller's. Every source is checked against its terms: trained on by bases and adapters; retrieved
    /// from if the policy pays retrieval, or by agents; shown if the policy pays spans; used for money if it has a price.
    /// Returns its number, from 0.
    #[ink(message)]
    fn register(&mut self, entry: NewModel) -> Result<u32, ModelError>;

    /// Adds a revision. With the same artefact the sources must stay and the data is the one agreed on: only the terms that the change
    /// touches (price, contributors' share, policy) are checked again, when it asks for more than the revision before; with another
    /// artefact all sources are checked as in `register`. The contributors' share may not fall: answers that are not redeemed yet are
    /// paid by it. By the owner. Returns its number.
    #[ink(message)]
    fn revise(&mut self, model: u32, revision: NewRevision) -> Result<u32, ModelError>;

    /// Pauses, resumes or retires a model. By the owner; retired is for good.
    #[ink(message)]
    fn set_status(&mut self, model: u32, status: ModelStatus) -> Result<(), ModelError>;

    /// The owner offers a model to another account.
    #[ink(message)]
    fn offer_model(&mut self, model: u32, to: AccountId) -> Result<(), ModelError>;

    /// The account that was offered a model takes it.
    #[ink(message)]
    fn accept_model(&mut self, model: u32) -> Result<(), ModelError>;

    /// Lists an account among those that may use a model with `Access::Allowlist`, or takes it off. By the owner.
    #[ink(message)]
    fn set_allowed(&mut self, model: u32, account: AccountId, allowed: bool) -> Result<(), ModelError>;

    /// Announces where the caller, an active host, answers and what it serves; replaces what it announced before.
    #[ink(message)]
    fn announce(&mut self, host: Host) -> Result<(), ModelError>;

    /// Takes the caller's announcement back.
    #[ink(message)]
    fn withdraw_announcement(&mut self) -> Result<(), ModelError>;

    /// By the admin.
    #[ink(message)]
    fn set_parameters(&mut self, parameters: ModelParameters) -> Result<(), ModelError>;

    #[ink(message)]
    fn model(&self, model: u32) -> Option<Model>;

    #[ink(message)]
    fn model_count(&self) -> u32;

    /// Models `from..`, at most `limit` and [`MAX_MODEL_PAGE`].
    #[ink(message)]
    fn models(&self, from: u32, limit: u32) -> Vec<Model>;

    #[ink(message)]
    fn revision(&self, model: u32, revision: u32) -> Option<Revision>;

    /// What escrow needs to split a fee of this model's.
    ///
    /// # Errors
    /// `UnknownModel`.
    #[ink(message)]
    fn settlement(&self, model: u32) -> Result<Settlement, ModelError>;

    /// Whether an account may use a model as its newest revision says; false for a model that is not active.
    #[ink(message)]
    fn may_use(&self, model: u32, account: AccountId) -> bool;

    #[ink(message)]
    fn host(&self, account: AccountId) -> Option<HostInfo>;

    #[ink(message)]
    fn host_count_of(&self, model: u32) -> u32;

    /// Hosts that announced a model, `from..`, at most `limit` and [`MAX_MODEL_PAGE`]. The order changes when one leaves.
    #[ink(message)]
    fn hosts_of(&self, model: u32, from: u32, limit: u32) -> Vec<HostOffer>;

    #[ink(message)]
    fn parameters(&self) -> ModelParameters;

    /// `None` until wired.
    #[ink(message)]
    fn peers(&self) -> Option<ModelPeers>;
}

/// A model was registered; its revision 0 follows as [`RevisionAdded`].
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ModelRegistered {
    #[ink(topic)]
    pub model: u32,
    pub owner: AccountId,
    pub kind: ModelKind,
    pub parents: Vec<Parent>,
}

/// A model has a new revision.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct RevisionAdded {
    #[ink(topic)]
    pub model: u32,
    pub revision: u32,
    pub content: Revision,
}

/// A model was paused, resumed or retired.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ModelStatusSet {
    #[ink(topic)]
    pub model: u32,
    pub status: ModelStatus,
}

/// A model was offered to an account.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ModelOffered {
    #[ink(topic)]
    pub model: u32,
    pub to: AccountId,
}

/// A model has a new owner.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ModelTransferred {
    #[ink(topic)]
    pub model: u32,
    pub to: AccountId,
}

/// An account was listed among a model's users, or taken off.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct AllowedSet {
    #[ink(topic)]
    pub model: u32,
    pub account: AccountId,
    pub allowed: bool,
}

/// A host announced itself; replaces what it announced before.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct HostAnnounced {
    #[ink(topic)]
    pub account: AccountId,
    pub host: Host,
}

/// A host took its announcement back.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct HostWithdrawn {
    #[ink(topic)]
    pub account: AccountId,
}

/// Governance set the parameters.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ModelParametersSet {
    pub parameters: ModelParameters,
}
