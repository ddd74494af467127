//! What the contracts of OpenLedger say to each other and to programs: traits, types, events, errors.
#![cfg_attr(not(feature = "std"), no_std)]
