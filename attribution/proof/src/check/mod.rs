//! Fraud proofs: each is one pure function of opened bytes and of facts that the chain keeps.
//!
//! A check returns the [`Fraud`] that the witness shows, [`Error::NotFraud`] if it opens everything and nothing is wrong,
//! another error if it opens something else. A true report can be refuted by no witness: each check asks for exactly what the rules
//! forbid. Beside each check stands (feature `std`) the constructor that finds the witness in what was published.

pub mod credits;
pub mod form;
pub mod influence;
pub mod outranked;
pub mod payouts;
mod proof;
pub mod receipt;
pub mod span;
pub mod tree;

pub use proof::{check_encoded, Proof};
#[cfg(feature = "std")]
pub use proof::{find_leaf, Published};

use crate::evidence::{evidence_node, EvidenceLeaf};
use crate::params::{ParameterSet, Policy};
use crate::request::SignedRequest;
use crate::rules::epoch::Carry;
use crate::rules::validity::Slot;
use crate::sketch::SketchHead;
use crate::tree::{verify_path, Tree, TreeHead};
use crate::version::VersionHead;
use crate::{Account, Error, Hash, Hasher};
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// What a fraud proof shows. Appended to, never reordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum Fraud {
    /// 3: a byte of the response differs from the named holding's.
    DifferingByte,
    /// 3: a range of the response that doesn't run word start to word end.
    ResponseBoundary,
    /// 3: a holding that doesn't run word start to word end in its contribution.
    HoldingBoundary,
    /// 3: fewer words than the policy's `min_words`, or fewer bytes than five for each of these.
    TooFewWords,
    /// 3: longer than 2,048 bytes (the parameter set's `common_max` if exempt), or an end beyond 65,535.
    TooLong,
    /// 3: a range that ends beyond the response.
    BeyondResponse,
    /// 3: a source that the revision doesn't have.
    NoSuchSource,
    /// 3: an index that the source's version doesn't have.
    NoSuchContribution,
    /// 3: a holding that ends beyond its contribution, or a contribution longer than 16 MiB.
    NoSuchOffset,
    /// 3: a struck contribution.
    DoesNotCount,
    /// 3: a span of a receipt that has no response.
    AbsentResponse,
    /// 3: an exempt range that does not name c_max + 1 witnesses.
    WrongWitnesses,
    /// 3: two witnesses of one contributor.
    OneContributor,
    /// 8: a node, leaf or top whose stated sum is not the sum of what is below.
    WrongSum,
    /// 8: a node whose children's sums overflow.
    SumOverflow,
    /// 8: bytes under a node's hash that are no node.
    MalformedNode,
    /// 8: bytes under a leaf's hash that are no leaf of this tree.
    LeafWidth,
    /// 8: a leaf with amount 0.
    ZeroAmount,
    /// 8: two adjacent leaves that don't strictly ascend.
    NotAscending,
    /// 8: a head that no tree has: count 0 with a sum or a top, or more leaves than a tree may have.
    BadHead,
    /// 2: a leaf of a withheld batch that is not the withheld leaf, or the withheld status in another batch.
    WrongWithheld,
    /// 2: the leaf names another receipt than the batch has there.
    WrongReceipt,
    /// 2: the part is not what fees and pot give.
    WrongPart,
    /// 2: attributed though the receipt is invalid, or invalid though it is not.
    WrongStatus,
    /// 4: a match that outranks every entry it touches was left out.
    MatchLeftOut,
    /// 4: a holding of at least ¾ comes before the credited one.
    EarlierHolding,
    /// 4: a range of at most `common_max` bytes was credited though more than c_max contributors hold it.
    CommonKnowledge,
    /// 5: a score that is not the dot product.
    WrongScore,
    /// 5: a row that ranks higher was left out.
    RowLeftOut,
    /// 5: a row that is absent, or lies in a struck contribution.
    RowDoesNotCount,
    /// 5: influence of a response that has no sketch.
    NoSketch,
    /// 6: a leaf that doesn't decode.
    Undecodable,
    /// 6: order, counts, overlap, lengths, ¾, w, scores or ranks; entries where there may be none.
    BadForm,
    /// 6: amounts other than the rules give.
    WrongAmounts,
    /// 6: retrieval entries other than the request's context list.
    WrongRetrieval,
    /// 7: an entry that is due to an account has no credit leaf.
    CreditMissing,
    /// 7: a credit leaf has no entry, or another amount than its entry.
    CreditWithoutEntry,
    /// 7: a credit leaf of an account that is not due.
    CreditNotDue,
    /// 9: an account's total is not the old one plus its credits, or the account was dropped or added.
    WrongPayout,
}

/// [`Error::NotFraud`] unless it is shown.
pub(crate) fn show(shown: bool, fraud: Fraud) -> Result<Fraud, Error> {
    if shown {
        Ok(fraud)
    } else {
        Err(Error::NotFraud)
    }
}

/// What the chain knows of a model's revision and of contributions, for the epoch in dispute.
pub trait SourceFacts {
    /// The policy of a revision, if it exists.
    fn policy(&self, model: u32, revision: u32) -> Option<Policy>;

    /// The version that a revision names as its source number `source`, if it names that many.
    fn source(&self, model: u32, revision: u32, source: u8) -> Option<VersionHead>;

    /// Whether a contribution (by its id, within that source's Datanet) counts: [`crate::terms::Standing::counts`] as of the
    /// cut's `closed_at`.
    fn counts(&self, model: u32, revision: u32, source: u8, contribution: u64) -> bool;
}

/// What the chain knows of a model revision beside its sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct RevisionTerms {
    /// The attribution policy.
    pub policy: Policy,
    /// Hash of the adapter's artefact.
    pub adapter: Hash,
    /// The rows' sketches, if the model has any.
    pub sketches: Option<SketchHead>,
    /// When it was registered, ms.
    pub created_at: u64,
}

/// Revisions by their number.
pub trait RevisionFacts {
    /// The revision, if it exists.
    fn revision(&self, model: u32, revision: u32) -> Option<RevisionTerms>;
}

/// A batch of the epoch in dispute, as payout keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct BatchTerms {
    /// Receipts of the epoch before this batch: the index of its first evidence leaf (from Σ counts).
    pub first: u64,
    /// The channel.
    pub channel: u64,
    /// The model.
    pub model: u32,
    /// The key that signed its requests and its voucher.
    pub key: Account,
    /// The number of its parameter set.
    pub params: u32,
    /// When it was redeemed, ms.
    pub at: u64,
    /// Receipts of the (channel, model, key) before the batch.
    pub count_from: u64,
    /// Receipts through it.
    pub count_to: u64,
    /// Fees before it.
    pub fee_from: u128,
    /// Fees through it.
    pub fee_to: u128,
    /// The top of tree 03 through it.
    pub top: Hash,
    /// What the cut takes of what it brought into the pot.
    pub pot: u128,
    /// Whether the cut marks it as withheld.
    pub withheld: bool,
}

impl BatchTerms {
    /// The index in tree 03 of the receipt whose evidence leaf is at `index`.
    ///
    /// # Errors
    /// [`Error::WitnessMismatch`] if that leaf is not of this batch.
    pub fn sequence(&self, index: u64) -> Result<u64, Error> {
        let within = index.checked_sub(self.first).ok_or(Error::WitnessMismatch)?;
        let sequence = self.count_from.checked_add(within).ok_or(Error::WitnessMismatch)?;
        if sequence >= self.count_to {
            return Err(Error::WitnessMismatch);
        }
        Ok(sequence)
    }

    /// The place of a leaf of this batch's tree 03.
    pub const fn slot(&self, sequence: u64, fee: u128) -> Slot {
        let BatchTerms { channel, model, key, params, at, .. } = *self;
        Slot { channel, model, key, params, sequence, fee, at }
    }
}

/// The epoch in dispute.
pub trait EpochFacts {
    /// A batch by its number, if it belongs to the epoch.
    fn batch(&self, batch: u64) -> Option<BatchTerms>;
    /// The parameter set of that batch.
    fn parameters(&self, batch: u64) -> Option<ParameterSet>;
    /// Carry in, Σ pots and carry_bps of the epoch.
    fn carry(&self) -> Carry;
}

/// The parameter set by which the evidence leaf at `index` is judged, which must be of that batch.
pub(crate) fn parameters_of(facts: &impl EpochFacts, batch: u64, index: u64) -> Result<ParameterSet, Error> {
    facts.batch(batch).ok_or(Error::WitnessMismatch)?.sequence(index)?;
    facts.parameters(batch).ok_or(Error::WitnessMismatch)
}

/// Whose signature stands under a request.
pub trait RequestFacts {
    /// Whether the request's signature is that of its key over its body, for escrow on this chain.
    fn signed(&self, request: &SignedRequest) -> bool;
}

/// Who is due what a contribution earns.
pub trait PayeeFacts {
    /// The account that is due what a contribution earns: its contributor, or the payee by a decision as of the cut's `closed_at`.
    /// `None` if it earns nothing: [`crate::terms::Standing::earns`].
    fn payee(&self, contribution: u64, contributor: &Account, batch_at: u64) -> Option<Account>;
}

/// A leaf of the evidence tree with its path.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct EvidenceOpening {
    /// The leaf's index.
    pub index: u64,
    /// The leaf's fields, as hashed after the tag.
    pub fields: Vec<u8>,
    /// Siblings bottom-up.
    pub path: Vec<Hash>,
}

impl EvidenceOpening {
    /// Checks that the leaf stands in the report's evidence.
    ///
    /// # Errors
    /// As [`verify_path`].
    pub fn verify<H: Hasher>(&self, head: &TreeHead) -> Result<(), Error> {
        let node = evidence_node::<H>(&self.fields);
        verify_path::<H, Hash>(Tree::Evidence, &head.top, 0, node, self.index, head.count, &self.path).map(|_| ())
    }

    /// [`EvidenceOpening::verify`], and the leaf decoded.
    ///
    /// # Errors
    /// As [`verify_path`] and [`EvidenceLeaf::decode`].
    pub fn open<H: Hasher>(&self, head: &TreeHead) -> Result<EvidenceLeaf, Error> {
        self.verify::<H>(head)?;
        EvidenceLeaf::decode(&self.fields)
    }

    /// From the published leaves' tree.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`].
    pub fn of(fields: &[u8], tree: &crate::tree::MerkleTree, index: u64) -> Result<Self, Error> {
        Ok(EvidenceOpening { index, fields: fields.to_vec(), path: tree.path(index)? })
    }
}
