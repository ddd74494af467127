//! The `openledger` program.
fn main() {}
