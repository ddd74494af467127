//! Fraud proofs: each is one pure function of opened bytes and of facts that the chain keeps.
//!
//! A check returns [`Verdict`] if the witness shows a fraud, [`Error::NotFraud`] if it opens everything and nothing is wrong,
//! another error if it opens something else. A true report can be refuted by no witness: each check asks for exactly what the rules
//! forbid. Beside each check stands (feature `std`) the constructor that finds the witness in what was published.

pub mod equivocation;
pub mod span;
pub mod tree;

use crate::evidence::{evidence_node, EvidenceLeaf};
use crate::params::Policy;
use crate::tree::{verify_path, Tree, TreeHead};
use crate::version::VersionHead;
use crate::{Error, Hash, Hasher};
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// Who has to answer for a fraud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum Against {
    /// All signers of the report; it is void.
    Signers,
    /// The batch's host, who wrote a private receipt's entries; the report stands.
    Host,
    /// The one oracle that signed twice; no report is void.
    Oracle,
}

/// What a fraud proof shows. Appended to, never reordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum Fraud {
    /// 1: two payloads of one (set, epoch, attempt, round), signed by one oracle.
    Equivocation,
    /// 3: a byte of the response differs from the named holding's.
    DifferingByte,
    /// 3: a range of the response that doesn't run word start to word end.
    ResponseBoundary,
    /// 3: a holding that doesn't run word start to word end in its contribution.
    HoldingBoundary,
    /// 3: fewer words than the policy's `min_words`.
    TooFewWords,
    /// 3: longer than 2,048 bytes (256 if exempt), or an end beyond 65,535.
    TooLong,
    /// 3: a range that ends beyond the response.
    BeyondResponse,
    /// 3: a source that the revision doesn't have.
    NoSuchSource,
    /// 3: an index that the source's version doesn't have.
    NoSuchContribution,
    /// 3: a holding that ends beyond its contribution, or a contribution longer than 16 MiB.
    NoSuchOffset,
    /// 3: a struck or passed-over contribution.
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
}

/// A fraud that was shown, and who answers for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Verdict {
    /// What was shown.
    pub fraud: Fraud,
    /// Who answers.
    pub against: Against,
}

impl Verdict {
    const fn signers(fraud: Fraud) -> Self {
        Verdict { fraud, against: Against::Signers }
    }
}

/// What the chain knows of a model's revision and of contributions, for the epoch in dispute.
pub trait SourceFacts {
    /// The policy of a revision, if it exists.
    fn policy(&self, model: u32, revision: u32) -> Option<Policy>;

    /// The version that a revision names as its source number `source`, if it names that many.
    fn source(&self, model: u32, revision: u32, source: u8) -> Option<VersionHead>;

    /// Whether a contribution (by its id, within that source's Datanet) counts: not struck strictly before `closed_at(epoch)`,
    /// not passed over by a demand made before the epoch's `demand_end`. A withdrawn one counts.
    fn counts(&self, model: u32, revision: u32, source: u8, contribution: u64) -> bool;
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
