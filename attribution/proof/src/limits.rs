//! The protocol's fixed limits. What governance may change stands in [`crate::params`] instead.

/// Bytes of one text leaf; only the last may be shorter.
pub const CHUNK_BYTES: u64 = 256;
/// The longest contribution that holds anything, in bytes: 16 MiB.
pub const MAX_CONTRIBUTION_BYTES: u64 = 1 << 24;
/// Contributions in one Datanet version.
pub const MAX_VERSION_LEAVES: u64 = 1 << 20;
/// Rows in one model's sketch tree.
pub const MAX_SKETCH_ROWS: u64 = 1 << 20;
/// Leaves of one tree of commitments: what a contribution's `seq` leaves room for.
pub const MAX_COMMITMENTS: u64 = 1 << 20;
/// Leaves of every other tree.
pub const MAX_LEAVES: u64 = 1 << 32;
/// Receipts in one batch.
pub const MAX_BATCH_RECEIPTS: u64 = 1 << 20;
/// Receipts in one epoch.
pub const MAX_EPOCH_RECEIPTS: u64 = 1 << 26;
/// The end of a match in the response: start + len ≤ this.
pub const MAX_SPAN_END: u32 = 65_535;
/// The longest match, in bytes.
pub const MAX_SPAN_BYTES: u16 = 2_048;
/// The highest `common_max`: the longest range that may be exempt under any parameter set, in bytes.
pub const MAX_COMMON_BYTES: u16 = 256;
/// Bytes that a match has at least for each word that it must have.
pub const BYTES_PER_WORD: u16 = 5;
/// The largest share of a part that a policy may give to retrieval, in basis points: what is retrieved is the payer's word.
pub const MAX_RETRIEVAL_BPS: u16 = 2_000;
/// The smallest `min_words` a policy may name.
pub const MIN_MIN_WORDS: u16 = 3;
/// The largest `min_words` a policy may name.
pub const MAX_MIN_WORDS: u16 = 16;
/// Spans and exempts together in one evidence leaf.
pub const MAX_SPANS: usize = 24;
/// Influence entries in one evidence leaf.
pub const MAX_INFLUENCE: usize = 16;
/// Retrieval entries in one evidence leaf, and chunks in a context list.
pub const MAX_RETRIEVAL: usize = 16;
/// Tokens that a bill may count beyond the prompt's bytes: what a template adds.
pub const SPARE_TOKENS_IN: u64 = 256;
/// Entries in one evidence leaf.
pub const MAX_ENTRIES: usize = 56;
/// The smallest `c_max` a policy may name.
pub const MIN_C_MAX: u8 = 2;
/// The largest `c_max` a policy may name.
pub const MAX_C_MAX: u8 = 3;
/// Witnesses that an exempt range can name: `MAX_C_MAX` + 1.
pub const MAX_WITNESSES: usize = 4;
/// The longest context list that holds anything, in bytes: 9 a chunk.
pub const MAX_CONTEXT_BYTES: usize = MAX_RETRIEVAL * 9;
/// The longest sketch, in int8 entries.
pub const MAX_SKETCH_BYTES: usize = 4_096;
/// Sources of one model revision.
pub const MAX_SOURCES: usize = 16;
/// The longest encoded evidence leaf: 24 exempts of 58 bytes, 16 influence of 25, 16 retrieval of 27, 50 before them.
pub const MAX_EVIDENCE_BYTES: usize = 2_274;
/// The longest input of one fraud proof, in bytes (ink!'s buffer is 16,384).
pub const MAX_PROOF_BYTES: usize = 16_000;
/// Basis points of a whole.
pub const BPS: u16 = 10_000;
/// The highest `carry_bps`.
pub const MAX_CARRY_BPS: u16 = 1_000;
/// Oracles in one set, at least: with fewer, f would be 0 and one that fails would stop everything.
pub const MIN_ORACLES: u32 = 4;
/// Oracles in one set, at most.
pub const MAX_ORACLES: u32 = 31;

/// f = ⌊(n − 1) / 3⌋: how many of n oracles may be false. 0 for n = 0.
pub const fn faults(n: u32) -> u32 {
    n.saturating_sub(1) / 3
}

/// q = n − f: signatures of a set of n that a report or an attestation needs, exactly. With f + 1 liars there are still fewer.
pub const fn quorum(n: u32) -> u32 {
    n.saturating_sub(faults(n))
}
