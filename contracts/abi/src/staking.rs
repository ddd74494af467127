//! Contract: staking.
