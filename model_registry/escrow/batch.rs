//! A fee that was taken, and what becomes of it.

use openledger_abi::escrow::{Channel, EscrowError, ParameterSet, Redemption};
use openledger_abi::models::Settlement;
use openledger_abi::payout::NewBatch;
use openledger_abi::{AccountId, Balance, Bytes32, Timestamp};

use crate::split::{split, Split};
use crate::voucher::Increase;

/// A fee that was taken from a channel, with all that its batch is settled by: nothing of it changes any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub channel: u64,
    pub host: AccountId,
    pub model: u32,
    pub key: Bytes32,
    /// The number of the parameter set.
    pub params: u32,
    pub at: Timestamp,
    /// The places `count_from .. count_to` of (channel, model, key).
    pub count_from: u64,
    pub count_to: u64,
    pub fee_from: Balance,
    pub fee_to: Balance,
    pub top: Bytes32,
    pub filled: u64,
    pub kib: u64,
    pub owner: AccountId,
    pub split: Split,
}

impl Taken {
    /// Fixes what an increase is split into.
    pub fn new(
        (redemption, increase): (&Redemption, &Increase),
        (channel, key): (&Channel, Bytes32),
        (params, parameters): (u32, &ParameterSet),
        settlement: &Settlement,
        at: Timestamp,
    ) -> Result<Self, EscrowError> {
        Ok(Taken {
            channel: redemption.voucher.channel,
            host: channel.host,
            model: redemption.voucher.model,
            key,
            params,
            at,
            count_from: increase.before.count,
            count_to: increase.after.count,
            fee_from: increase.before.fee,
            fee_to: increase.after.fee,
            top: increase.top,
            filled: redemption.filled,
            kib: redemption.kib,
            owner: settlement.owner,
            split: split(increase.fee, parameters, settlement)?,
        })
    }

    /// The fee that was taken.
    pub fn fee(&self) -> Balance {
        self.fee_to.saturating_sub(self.fee_from)
    }

    /// What payout is told with the pot.
    pub fn batch(&self) -> NewBatch {
        NewBatch {
            channel: self.channel,
            host: self.host,
            model: self.model,
            key: self.key,
            params: self.params,
            at: self.at,
            count_from: self.count_from,
            count_to: self.count_to,
            fee_from: self.fee_from,
            fee_to: self.fee_to,
            top: self.top,
            filled: self.filled,
            kib: self.kib,
            pot: self.split.pot,
        }
    }
}
