//! The Solidity face of the chain: one interface and one module per precompile.
#![cfg_attr(not(feature = "std"), no_std)]
