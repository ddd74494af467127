//! Operators bond OPEN, anyone bonds to them, slashers take it.
#![cfg_attr(not(feature = "std"), no_std, no_main)]
