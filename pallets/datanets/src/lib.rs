//! Communities' sourced, curated and licensed datasets.
#![cfg_attr(not(feature = "std"), no_std)]
