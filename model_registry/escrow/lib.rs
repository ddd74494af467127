//! Payment channels and the split of each fee.
#![cfg_attr(not(feature = "std"), no_std, no_main)]
