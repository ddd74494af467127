//! Signed messages: m = tag ‖ genesis id ‖ contract ‖ body, signed as H(m) or as `<Bytes>`H(m)`</Bytes>`.
//!
//! The scheme is sr25519 with context `substrate`; making and checking signatures stays outside.

use crate::attestation::BatchBody;
use crate::receipt::Receipt;
use crate::report::ReportBody;
use crate::request::Request;
use crate::terms::Terms;
use crate::voucher::Voucher;
use crate::{Account, Hash, Hasher};
use alloc::vec::Vec;
use scale::Encode;

/// 16 bytes of ASCII, zero-padded.
pub type Tag = [u8; 16];

/// A report of an epoch, for the payout contract.
pub const REPORT: Tag = tag("OL-REPORT-1");
/// A voucher, for the escrow contract.
pub const VOUCHER: Tag = tag("OL-VOUCHER-1");
/// A request for one answer, for the escrow contract.
pub const REQUEST: Tag = tag("OL-REQUEST-1");
/// A receipt, body the receipt's hash, for the escrow contract.
pub const RECEIPT: Tag = tag("OL-RECEIPT-1");
/// A host's consent to close a channel, for the escrow contract.
pub const CLOSE: Tag = tag("OL-CLOSE-1");
/// A batch whose bytes an oracle holds, for the escrow contract.
pub const BATCH: Tag = tag("OL-BATCH-1");
/// A contributor's terms, for the Datanet registry.
pub const TERMS: Tag = tag("OL-TERMS-1");

/// A tag from its name; what is longer than 16 bytes is cut.
pub const fn tag(name: &str) -> Tag {
    let bytes = name.as_bytes();
    let mut tag = [0u8; 16];
    let mut i = 0usize;
    while i < 16 && i < bytes.len() {
        tag[i] = bytes[i];
        i = i.saturating_add(1);
    }
    tag
}

/// Where a signed message counts: on which chain, for which contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Domain {
    /// The chain's genesis id.
    pub genesis: Hash,
    /// The contract's account.
    pub contract: Account,
}

/// H(m) of a message, in the two forms that may be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signable {
    /// H(m).
    pub digest: Hash,
    /// `<Bytes>` H(m) `</Bytes>`, as wallets sign.
    pub wrapped: [u8; 47],
}

impl Signable {
    /// The message of a tag and an encoded body.
    pub fn new<H: Hasher>(tag: &Tag, domain: &Domain, body: &[u8]) -> Self {
        let mut m = Vec::with_capacity(body.len().saturating_add(80));
        m.extend_from_slice(tag);
        m.extend_from_slice(&domain.genesis);
        m.extend_from_slice(&domain.contract);
        m.extend_from_slice(body);
        Self::of_digest(H::blake2_256(&m))
    }

    /// The two forms of a digest.
    pub fn of_digest(digest: Hash) -> Self {
        let mut wrapped = [0u8; 47];
        wrapped[..7].copy_from_slice(b"<Bytes>");
        wrapped[7..39].copy_from_slice(&digest);
        wrapped[39..].copy_from_slice(b"</Bytes>");
        Signable { digest, wrapped }
    }

    /// A report's.
    pub fn report<H: Hasher>(domain: &Domain, body: &ReportBody) -> Self {
        Self::new::<H>(&REPORT, domain, &body.encode())
    }

    /// A voucher's.
    pub fn voucher<H: Hasher>(domain: &Domain, voucher: &Voucher) -> Self {
        Self::new::<H>(&VOUCHER, domain, &voucher.encode())
    }

    /// A request's.
    pub fn request<H: Hasher>(domain: &Domain, request: &Request) -> Self {
        Self::new::<H>(&REQUEST, domain, &request.encode())
    }

    /// A batch's.
    pub fn batch<H: Hasher>(domain: &Domain, body: &BatchBody) -> Self {
        Self::new::<H>(&BATCH, domain, &body.encode())
    }

    /// A receipt's.
    pub fn receipt<H: Hasher>(domain: &Domain, receipt: &Receipt) -> Self {
        Self::new::<H>(&RECEIPT, domain, &receipt.hash::<H>())
    }

    /// A host's consent to close a channel at what was spent of it.
    pub fn close<H: Hasher>(domain: &Domain, channel: u64, spent: u128, deadline: u64) -> Self {
        Self::new::<H>(&CLOSE, domain, &(channel, spent, deadline).encode())
    }

    /// A contributor's terms'.
    pub fn terms<H: Hasher>(domain: &Domain, terms: &Terms) -> Self {
        Self::new::<H>(&TERMS, domain, &terms.encode())
    }

    /// Whether `verify` accepts either form: first the bare digest, then the wrapped one.
    pub fn verified_by(&self, verify: impl Fn(&[u8]) -> bool) -> bool {
        verify(&self.digest) || verify(&self.wrapped)
    }
}
