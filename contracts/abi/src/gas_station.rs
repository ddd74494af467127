//! The gas station: native coin for OPEN, for holders who have none to send a transaction with.
//!
//! Constructor: `new(token: AccountId, genesis: Bytes32, treasury: AccountId, guardian: Option<AccountId>,
//! parameters: GasParameters)`; errors with `BadParameters`.
//!
//! A holder signs an order, and a permit of the token that lets the station take the order's OPEN. Anyone relays both:
//! the relayer gets the order's tip in OPEN, the station the rest, the holder native coin at the governed rate. What can
//! leave the station is limited by account and in total, for each period. Periods are the stretches of `period_ms`
//! counted from the Unix epoch (days from midnight UTC), so what two limits allow can leave around a period's edge.

use crate::admin::AdminError;
use crate::common::{AccountId, Balance, Timestamp};
use crate::token::TokenError;
use proof::signed::{tag, Tag};

/// The tag of a signed order.
pub const ORDER_TAG: Tag = tag("OL-GAS-1");

/// The longest period, ms: a year.
pub const MAX_PERIOD: Timestamp = 365 * 86_400_000;

/// Bits of the pause mask.
pub mod pause {
    /// [`swap`](super::GasStation::swap).
    pub const SWAP: u8 = 0;
    /// [`collect`](super::GasStation::collect).
    pub const COLLECT: u8 = 1;
}

/// `native` of the native coin's smallest units for `open` units of OPEN (10^-18).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub struct GasRate {
    pub native: Balance,
    pub open: Balance,
}

/// What governance sets. Amounts of native coin are in its smallest unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub struct GasParameters {
    /// Neither side 0.
    pub rate: GasRate,
    /// The tip in OPEN that a relayer may expect: at the rate, it covers the fee and the deposit that a holder's first
    /// swap costs its relayer. Nobody is held to it: an order names its own tip.
    pub tip: Balance,
    /// The least native coin of a swap; the chain's existential deposit is the least in any case.
    pub least: Balance,
    /// The most native coin for one account in a period, at least `least`.
    pub account_limit: Balance,
    /// The most native coin for all together in a period, at least `account_limit`.
    pub total_limit: Balance,
    /// Native coin that no swap touches, above the existential deposit that the station keeps in any case.
    pub reserve: Balance,
    /// The length of a period, ms, 1 to [`MAX_PERIOD`].
    pub period_ms: Timestamp,
}

/// What a holder signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct GasOrder {
    /// Who pays OPEN and gets native coin, and whose signature this is.
    pub holder: AccountId,
    /// What the station takes, tip included, in units of OPEN.
    pub open: Balance,
    /// The least native coin that the holder agrees to.
    pub least_native: Balance,
    /// Of `open`, what the relayer gets.
    pub tip: Balance,
    /// [`GasStation::order_nonce`] of the holder.
    pub nonce: u64,
    /// The last time at which the order counts, ms.
    pub deadline: Timestamp,
}

/// What [`Token::permit`](crate::token::Token::permit) needs beside holder and station.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct GasPermit {
    pub value: Balance,
    pub deadline: Timestamp,
    pub signature: [u8; 64],
}

/// What is left in the current period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct GasLeft {
    /// Native coin that the account can still get.
    pub account: Balance,
    /// Native coin that all together can still get.
    pub total: Balance,
    /// Native coin that the station has to give, whatever the limits say.
    pub funds: Balance,
    /// When the limits begin anew, ms.
    pub renewed_at: Timestamp,
}

/// Why the station refused. Appended to, never reordered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub enum GasStationError {
    /// See [`AdminError`].
    Admin(AdminError),
    /// The function is paused.
    FunctionPaused,
    /// Parameters against what [`GasParameters`] says.
    BadParameters,
    /// The order's deadline has passed.
    OrderExpired,
    /// The order's nonce is not the holder's next one: used before, or too early.
    WrongNonce {
        /// The nonce that the next order must carry.
        expected: u64,
    },
    /// The signature is not the holder's over this order: another key, order, contract or chain.
    BadSignature,
    /// The tip is more than all that the order pays.
    TipAboveOrder,
    /// The order gives less native coin than the least of a swap.
    BelowLeast {
        /// What it would give.
        native: Balance,
        /// The least.
        least: Balance,
    },
    /// At the rate, the order gives less than the holder agreed to.
    BelowOrder {
        /// What it would give.
        native: Balance,
    },
    /// More than the account can still get in this period.
    AccountLimit {
        /// Native coin that is left to it.
        left: Balance,
    },
    /// More than all together can still get in this period.
    TotalLimit {
        /// Native coin that is left.
        left: Balance,
    },
    /// More than the station has to give.
    OutOfFunds {
        /// Native coin that it has to give.
        funds: Balance,
    },
    /// The station may not take that much OPEN of the holder, and the token refused the permit, if there was one, for
    /// this reason.
    NotAllowed(Option<TokenError>),
    /// The holder has less OPEN than the order pays.
    InsufficientBalance,
    /// The token did not answer, or refused for another reason.
    TokenFailed,
    /// The chain did not move the native coin.
    TransferFailed,
    /// Nothing was sent along, or there is nothing to collect.
    ZeroAmount,
    /// An amount is beyond its type.
    Overflow,
}

impl From<AdminError> for GasStationError {
    fn from(error: AdminError) -> Self {
        Self::Admin(error)
    }
}

/// Native coin for OPEN.
#[ink::trait_definition]
pub trait GasStation {
    /// Hands the admin role to the timelock. Once, by the deployer; nothing but `fund` works before. Emits `Wired`.
    /// Errors: `Admin(AlreadyWired | NotDeployer)`.
    #[ink(message)]
    fn wire(&mut self, timelock: AccountId) -> Result<(), GasStationError>;

    /// Executes a holder's order, signed (sr25519) over [`order_body`] under [`ORDER_TAG`]; by anyone, who gets the tip.
    /// Uses up the order's nonce. A permit that the token refuses, for instance since somebody brought it to the token
    /// before, stops nothing as long as the station may take the order's OPEN. Returns the native coin that the holder
    /// got: ⌊(open − tip) · rate.native / rate.open⌋. Emits `GasSwapped`. Function [`pause::SWAP`].
    /// Errors: `Admin(NotWired | NotMigrated)`, `FunctionPaused`, `OrderExpired`, `WrongNonce`, `BadSignature`,
    /// `TipAboveOrder`, `BelowLeast`, `BelowOrder`, `AccountLimit`, `TotalLimit`, `OutOfFunds`, `NotAllowed`,
    /// `InsufficientBalance`, `TokenFailed`, `TransferFailed`, `Overflow`.
    #[ink(message)]
    fn swap(
        &mut self,
        order: GasOrder,
        signature: [u8; 64],
        permit: Option<GasPermit>,
    ) -> Result<Balance, GasStationError>;

    /// Gives the station the native coin sent along. Anyone; a plain transfer does the same without an event. Emits
    /// `GasFunded`. Errors: `ZeroAmount`.
    #[ink(message, payable)]
    fn fund(&mut self) -> Result<(), GasStationError>;

    /// Sends the OPEN that was taken to the treasury, but for one unit, whose entry in the token would otherwise be paid
    /// for by the next relayer. Anyone. Returns what was sent. Emits `GasCollected`. Function [`pause::COLLECT`].
    /// Errors: `Admin(NotWired | NotMigrated)`, `FunctionPaused`, `ZeroAmount`, `TokenFailed`.
    #[ink(message)]
    fn collect(&mut self) -> Result<Balance, GasStationError>;

    /// Sends native coin to an account; the station keeps the existential deposit. By the admin. Emits `GasWithdrawn`.
    /// Errors: `Admin(NotWired | NotAdmin)`, `OutOfFunds`, `TransferFailed`, `ZeroAmount`.
    #[ink(message)]
    fn withdraw(&mut self, to: AccountId, amount: Balance) -> Result<(), GasStationError>;

    /// Sets the parameters, from the next swap on. By the admin. Emits `GasParametersSet`.
    /// Errors: `Admin(NotWired | NotAdmin)`, `BadParameters`.
    #[ink(message)]
    fn set_parameters(&mut self, parameters: GasParameters) -> Result<(), GasStationError>;

    /// Sets where `collect` sends. By the admin. Emits `GasTreasurySet`. Errors: `Admin(NotWired | NotAdmin)`.
    #[ink(message)]
    fn set_treasury(&mut self, treasury: AccountId) -> Result<(), GasStationError>;

    /// The parameters in force.
    #[ink(message)]
    fn parameters(&self) -> GasParameters;

    /// Where `collect` sends.
    #[ink(message)]
    fn treasury(&self) -> Option<AccountId>;

    /// The token that the station takes.
    #[ink(message)]
    fn token(&self) -> Option<AccountId>;

    /// The nonce that `holder`'s next order must carry.
    #[ink(message)]
    fn order_nonce(&self, holder: AccountId) -> u64;

    /// The native coin that an order of so much OPEN with such a tip gives now. Limits aside.
    /// Errors: `TipAboveOrder`, `BelowLeast`, `Overflow`.
    #[ink(message)]
    fn quote(&self, open: Balance, tip: Balance) -> Result<Balance, GasStationError>;

    /// What `holder` can get before the limits begin anew.
    #[ink(message)]
    fn left(&self, holder: AccountId) -> GasLeft;
}

/// What the holder signs for [`GasStation::swap`]: holder 32 ‖ open u128 ‖ least native u128 ‖ tip u128 ‖ nonce u64 ‖
/// deadline u64.
pub fn order_body(order: &GasOrder) -> [u8; 96] {
    let mut body = [0; 96];
    body[..32].copy_from_slice(order.holder.as_ref());
    body[32..48].copy_from_slice(&order.open.to_le_bytes());
    body[48..64].copy_from_slice(&order.least_native.to_le_bytes());
    body[64..80].copy_from_slice(&order.tip.to_le_bytes());
    body[80..88].copy_from_slice(&order.nonce.to_le_bytes());
    body[88..].copy_from_slice(&order.deadline.to_le_bytes());
    body
}

/// An order was executed.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct GasSwapped {
    #[ink(topic)]
    pub holder: AccountId,
    pub relayer: AccountId,
    /// OPEN taken, tip included.
    pub open: Balance,
    pub tip: Balance,
    /// Native coin given.
    pub native: Balance,
    /// The order's.
    pub nonce: u64,
}

/// Native coin came in.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct GasFunded {
    pub by: AccountId,
    pub amount: Balance,
}

/// OPEN went to the treasury.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct GasCollected {
    pub treasury: AccountId,
    pub amount: Balance,
}

/// The admin took native coin out.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct GasWithdrawn {
    pub to: AccountId,
    pub amount: Balance,
}

/// The parameters, after a change and at the start.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct GasParametersSet {
    pub parameters: GasParameters,
}

/// Where `collect` sends, after a change and at the start.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct GasTreasurySet {
    pub treasury: AccountId,
}

#[cfg(test)]
mod tests {
    use super::*;
    use ink::scale::Encode;

    #[test]
    fn the_signed_body_is_the_documented_bytes() {
        let order =
            GasOrder { holder: AccountId::from([1; 32]), open: 2, least_native: 3, tip: 4, nonce: 5, deadline: 6 };
        let mut body = [1u8; 32].to_vec();
        for amount in [2u128, 3, 4] {
            body.extend(amount.to_le_bytes());
        }
        body.extend(5u64.to_le_bytes());
        body.extend(6u64.to_le_bytes());
        assert_eq!(order_body(&order).as_slice(), body);
        assert_eq!(order.encode(), body);
    }
}
