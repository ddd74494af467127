//! Links psp22's own contract, whose `call` and `deploy` this crate's wasm exports. Built by
//! `scripts/build-contracts psp22_peer`, with the flags of our own contracts.
#![cfg_attr(not(feature = "std"), no_std, no_main)]
extern crate psp22 as _;
