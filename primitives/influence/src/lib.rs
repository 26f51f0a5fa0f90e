//! The exact arithmetic of Proof of Attribution, the same natively and in the runtime's
//! WebAssembly: integers only, no allocation that the caller's input does not bound.
//!
//! An answer is scored under the base model, the published adapter and K counterfactual adapters,
//! which gives a vector `y` of K + 2 log-probabilities ([`Nats`]). Contributors' Shapley values
//! are estimated by the regression of Datamodels (Ilyas et al. 2022) and KernelSHAP (Lundberg and
//! Lee 2017), whose solution is linear in `y`: `S = Ψ·d` with `d` the differences from the base
//! model. [`Psi`] holds that matrix as integers, [`Pool`] turns scores into money.
//!
//! | module | what it computes |
//! |---|---|
//! | [`design`] | the subsets that a chain seed draws |
//! | [`psi`] | the regression's solution, and the check that it solves the normal equations |
//! | [`score`] | scores of an answer, their standard errors, medians of a committee |
//! | [`feature`] | gradient features of rows, their sums and scores |
//! | [`money`] | what a period pays whom, to the last unit |
//! | [`batch`] | which answers of a batch are scored, and the pages of what was found |
//! | [`merkle`] | roots and proofs over rows |
//! | [`shingles`] | how much of a row stands in others |
//! | [`spans`] | what part of an answer stands in the data, and what that is paid |
//! | [`host`] | the one host function behind the off-chain worker |

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod batch;
pub mod design;
pub mod feature;
pub mod host;
pub mod merkle;
pub mod money;
pub mod psi;
pub mod score;
pub mod shingles;
pub mod spans;

pub use design::Subset;
pub use feature::Feature;
pub use money::{split, Pool};
pub use psi::{Psi, PsiError};
pub use score::Nats;
pub use shingles::Shingles;
pub use spans::Spans;

/// A BLAKE2b-256 hash.
pub type Hash = sp_core::H256;
