//! Contract: timelock.
