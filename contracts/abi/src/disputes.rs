//! Contract: disputes.
