//! Tests of this pallet, by topic.

mod bonds;
mod challenges;
mod demands;
mod indices;
mod proofs;
