//! Contract: datanet.
