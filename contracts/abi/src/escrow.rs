//! Contract: escrow.
