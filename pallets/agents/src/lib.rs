//! Agents: identity, wallet, skills and paid calls.
#![cfg_attr(not(feature = "std"), no_std)]
