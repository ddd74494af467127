//! Contract: payout.
