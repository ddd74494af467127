//! The OPEN token: PSP22 with votes by timestamp checkpoints.
#![cfg_attr(not(feature = "std"), no_std, no_main)]
