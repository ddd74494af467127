//! What shows that a private receipt and its entries are its host's own word.

use openledger_abi::disputes::{DisputesError, HostsReceipt};
use openledger_abi::ensure;
use openledger_abi::payout::Batch;
use proof::evidence::{encode_entries, EvidenceLeaf};
use proof::receipt::{credits_hash, Receipt};
use proof::tree::{verify_path, Tree};
use proof::Hasher;

/// Checks that the receipt was redeemed in the batch, and that the entries of the evidence leaf are the preimage of its
/// credits hash. Without that a report's signers could have a host slashed for what they wrote themselves.
pub fn ensure_hosts_word<H: Hasher>(
    batch: &Batch,
    redeemed: &HostsReceipt,
    receipt: &Receipt,
    evidence: &[u8],
) -> Result<(), DisputesError> {
    ensure!(receipt.channel == batch.channel && receipt.model == batch.model, DisputesError::NotTheHosts);
    ensure!((batch.count_from..batch.count_to).contains(&receipt.sequence), DisputesError::NotTheHosts);
    let leaf = receipt.leaf(receipt.hash::<H>()).node::<H>();
    verify_path::<H, _>(
        Tree::Receipts,
        &batch.top,
        batch.fee_to,
        leaf,
        receipt.sequence,
        batch.count_to,
        &redeemed.path,
    )
    .map_err(|_| DisputesError::NotTheHosts)?;

    let mut evidence = EvidenceLeaf::decode(evidence).map_err(DisputesError::NotProven)?;
    for entry in &mut evidence.entries {
        entry.set_amount(0);
    }
    let preimage = encode_entries(&evidence.entries).map_err(DisputesError::NotProven)?;
    ensure!(credits_hash::<H>(&preimage) == receipt.credits, DisputesError::NotTheHosts);
    Ok(())
}
