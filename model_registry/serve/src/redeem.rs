//! What a host redeems: of each voucher as much as one batch may hold.

use anyhow::Context as _;
use chain::{Keypair, account_bytes, read, send};
use ink::message_builder;
use openledger_abi::escrow::{AnswerOpening, Escrow, MAX_BATCH, Redemption};
use proof::Node;
use worker::published::{Lane, ReceiptRecord};

use crate::cashier::Cashier;
use crate::ledger::{Filled, LedgerError, SignedVoucher};

/// A voucher, or a part of one, that was paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redeemed {
    pub lane: Lane,
    /// Its number among the batches that wait to be attested.
    pub waiting: u64,
    /// The fees that it added, in 10^-18 OPEN.
    pub fee: u128,
}

/// The first places of those that a voucher covers and that are not paid, as far as one batch may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    places: u64,
    filled: u64,
    kib: u64,
    fee: u128,
    /// The first of them that holds a receipt.
    first: u64,
}

/// A batch names one parameter set, at least half of its places are filled, and it has at most [`MAX_BATCH`] of them.
fn part(places: &[Option<Filled>]) -> Option<Part> {
    let first = places.iter().position(Option::is_some)?;
    let params = places.get(first).copied().flatten()?.params;
    let mut so_far = Part { places: 0, filled: 0, kib: 0, fee: 0, first: first as u64 };
    let mut longest = None;
    for place in places.iter().take(usize::try_from(MAX_BATCH).unwrap_or(usize::MAX)) {
        if place.is_some_and(|filled| filled.params != params) {
            break;
        }
        so_far.places += 1;
        if let Some(filled) = place {
            so_far.filled += 1;
            so_far.kib = so_far.kib.saturating_add(filled.kib);
            so_far.fee = so_far.fee.saturating_add(filled.fee);
        }
        if so_far.places <= so_far.filled.saturating_mul(2) {
            longest = Some(so_far);
        }
    }
    longest
}

impl Cashier {
    /// Redeems of every voucher what is not paid yet. One that is refused stops none of the others.
    pub fn redeem(&self, key: &Keypair) -> Vec<anyhow::Result<Redeemed>> {
        let vouchers = self.with_ledger(|ledger| ledger.vouchers());
        let redeemed = vouchers.iter().map(|voucher| {
            let outcome = self.redeem_one(key, voucher);
            outcome.with_context(|| format!("redeeming channel {}, model {}", voucher.channel, voucher.model))
        });
        redeemed.filter_map(anyhow::Result::transpose).collect()
    }

    /// `None` if nothing of it can be redeemed now.
    fn redeem_one(&self, key: &Keypair, voucher: &SignedVoucher) -> anyhow::Result<Option<Redeemed>> {
        let (chain, escrow) = (&**self.chain(), self.suite().escrow);
        let lane = voucher.lane();
        let paid = read(chain, escrow, message_builder!(Escrow).paid(lane.channel, lane.model, lane.key))?;
        let channel = read(chain, escrow, message_builder!(Escrow).channel(lane.channel))?
            .with_context(|| format!("escrow has no channel {}", lane.channel))?;
        let places = self.with_ledger(|ledger| {
            ledger.note_paid(&lane, paid.count);
            ledger.filled(&lane, paid.count, voucher.count)
        });
        let Some(part) = part(&places) else { return Ok(None) };
        let count = paid.count.saturating_add(part.places);
        let (tree, record) = self.with_ledger(|ledger| {
            let tree = ledger.tree(&lane, voucher.count)?;
            let index = paid.count.saturating_add(part.first);
            let record = ledger.records(&lane, index, index.saturating_add(1), 1)?.into_iter().next().flatten();
            Ok::<_, LedgerError>((tree, record))
        })?;
        let ReceiptRecord { receipt, request, .. } = record.context("the ledger has no receipt at a filled place")?;
        let broken = |error| anyhow::anyhow!("the receipts' tree: {error}");
        let redemption = Redemption {
            voucher: voucher.body(),
            session: (lane.key != account_bytes(&channel.payer)).then_some(lane.key),
            signature: voucher.signature,
            count,
            added: tree.between(paid.count, count).map_err(broken)?,
            rest: tree.between(count, voucher.count).map_err(broken)?,
            filled: part.filled,
            kib: part.kib,
            answer: AnswerOpening {
                receipt,
                request,
                index: receipt.sequence,
                path: tree.path::<Node>(receipt.sequence).map_err(broken)?,
            },
        };
        let sent = send(chain, key, escrow, message_builder!(Escrow).redeem(redemption))
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(Some(Redeemed { lane, waiting: sent.value, fee: part.fee }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(params: u32) -> Option<Filled> {
        Some(Filled { params, kib: 2, fee: 7 })
    }

    #[test]
    fn a_part_ends_where_the_parameter_set_changes_or_too_few_are_filled() {
        let all = part(&[filled(0), None, filled(0)]).unwrap();
        assert_eq!(all, Part { places: 3, filled: 2, kib: 4, fee: 14, first: 0 });
        let until_the_next_set = part(&[None, filled(0), filled(1)]).unwrap();
        assert_eq!(until_the_next_set, Part { places: 2, filled: 1, kib: 2, fee: 7, first: 1 });
        let half = part(&[filled(0), None, None, None]).unwrap();
        assert_eq!((half.places, half.filled), (2, 1));
        assert_eq!(part(&[None, None, filled(0)]), None);
        assert_eq!(part(&[None]), None);
    }
}
