//! Datanets, contributions under signed terms, verdicts, versions.
#![cfg_attr(not(feature = "std"), no_std, no_main)]
