//! Delays and executes what the governor passed; holds the roles.
#![cfg_attr(not(feature = "std"), no_std, no_main)]
