//! The protocol of attribution to the byte.
#![cfg_attr(not(feature = "std"), no_std)]
