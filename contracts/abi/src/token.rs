//! Contract: token.
