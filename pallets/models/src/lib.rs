//! Base models, fine-tuning runs, versions, prices and serving operators.
#![cfg_attr(not(feature = "std"), no_std)]
