//! Contract: governor.
