//! The crate's one error: why bytes open nothing, or why a rule refuses them.

use scale::{Decode, Encode};

/// Why something was refused. Appended to, never reordered: contracts pass it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum Error {
    /// An amount, count or position does not fit its type.
    Overflow,
    /// A leaf index at or beyond the tree's count.
    IndexOutOfRange,
    /// A path with more or fewer siblings than (index, count) gives.
    PathLength,
    /// A path, range or preimage that does not lead to the committed hash.
    WrongHash,
    /// More leaves, bytes or entries than the limits allow.
    TooLarge,
    /// A list that must not be empty is.
    Empty,
    /// Bytes end early.
    Truncated,
    /// Bytes follow where an encoding must end.
    TrailingBytes,
    /// A status byte that is none of 0, 1, 2.
    UnknownStatus,
    /// An entry kind byte that is none of 0, 1, 2, 3.
    UnknownEntry,
    /// An exempt range with more witnesses than any policy allows.
    TooManyWitnesses,
    /// Leaves that must strictly ascend do not.
    NotAscending,
    /// A leaf whose amount may not be zero has none.
    ZeroAmount,
    /// A text leaf that is not min(256, length − 256·i) bytes.
    ChunkLength,
    /// A stored frontier whose peaks don't fit its count.
    BadFrontier,
    /// Policy or parameters outside their bounds.
    BadPolicy,
    /// Terms outside their bounds.
    BadTerms,
    /// The entry that a proof points at does not exist, or is of another kind.
    NoSuchEntry,
    /// The witness opens something, but not what the proof needs.
    WitnessMismatch,
    /// Everything was opened and no rule is broken: the report stands on this point.
    NotFraud,
    /// A signature does not verify.
    BadSignature,
    /// An opening of a private text with more or fewer salts than chunks.
    SaltCount,
    /// An account has no payout yet, or a key is not in the tree.
    Absent,
    /// A source of facts for the rules contradicts itself (for instance a match that isn't one).
    BadSource,
    /// The rule needs the request or the response's length, which was not opened.
    NotOpened,
    /// The bytes of a fraud proof decode to nothing.
    BadProof,
    /// The text of a private answer can't be asked for.
    PrivateText,
    /// Nothing stands there that could be asked for: zeros, an unfilled place, a withheld batch.
    NothingThere,
    /// The bytes of a question decode to nothing.
    BadQuestion,
    /// The bytes of an answer decode to nothing, or not to all that was asked for.
    BadAnswer,
}

#[cfg(feature = "std")]
impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Error::Overflow => "an amount, count or position does not fit its type",
            Error::IndexOutOfRange => "leaf index beyond the tree's count",
            Error::PathLength => "the path has another length than index and count give",
            Error::WrongHash => "the opened bytes do not lead to the committed hash",
            Error::TooLarge => "more leaves, bytes or entries than the limits allow",
            Error::Empty => "a list that must not be empty is",
            Error::Truncated => "the bytes end early",
            Error::TrailingBytes => "bytes follow where the encoding must end",
            Error::UnknownStatus => "unknown status in an evidence leaf",
            Error::UnknownEntry => "unknown entry kind in an evidence leaf",
            Error::TooManyWitnesses => "an exempt range names more witnesses than any policy allows",
            Error::NotAscending => "leaves do not strictly ascend",
            Error::ZeroAmount => "a leaf with amount zero",
            Error::ChunkLength => "a text leaf of the wrong length",
            Error::BadFrontier => "the frontier's peaks do not fit its count",
            Error::BadPolicy => "policy or parameters outside their bounds",
            Error::BadTerms => "terms outside their bounds",
            Error::NoSuchEntry => "the entry that the proof points at does not exist or is of another kind",
            Error::WitnessMismatch => "the witness does not open what the proof needs",
            Error::NotFraud => "no rule is broken here",
            Error::BadSignature => "the signature does not verify",
            Error::SaltCount => "an opening of a private text needs one salt a chunk",
            Error::Absent => "the key is not in the tree",
            Error::BadSource => "the source of matches contradicts itself",
            Error::NotOpened => "the rule needs the request or the response's length, which was not opened",
            Error::BadProof => "the bytes are no fraud proof",
            Error::PrivateText => "the text of a private answer can't be asked for",
            Error::NothingThere => "nothing stands there that could be asked for",
            Error::BadQuestion => "the bytes are no question",
            Error::BadAnswer => "the bytes are not the answer to what was asked",
        })
    }
}

#[cfg(feature = "std")]
impl std::error::Error for Error {}
