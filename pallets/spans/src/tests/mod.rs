//! Tests of this pallet, by topic.

mod bonds;
mod challenges;
mod indices;
mod proofs;
