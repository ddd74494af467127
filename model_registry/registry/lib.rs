//! Models, their sources, parents, price and policy; hosts.
#![cfg_attr(not(feature = "std"), no_std, no_main)]
