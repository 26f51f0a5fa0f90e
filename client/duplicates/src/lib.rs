//! Finds the rows of a Datanet whose text stands in rows that were there before them, with what an
//! exhibit needs to prove it on chain.
//!
//! Candidates come from an index of some shingles: those whose hash is divisible by [`SAMPLE`], the
//! same of every row (the sketch MOD of Broder 1997). It finds rows that are parts or mixtures of
//! others as well as copies, which MinHash with bands does not: that estimates resemblance, and a
//! part resembles the whole little. A row of n shingles, all in another, is missed with probability
//! (1 − 1/SAMPLE)ⁿ: of 64 shingles, one in a hundred million. What is found is then computed exactly
//! by the function that the chain uses.

mod find;
mod group;
#[cfg(test)]
mod tests;

pub use find::{find, find_with, Found};
pub use group::{group, Exhibit};

/// One shingle of so many is in the index.
pub const SAMPLE: u64 = 4;
/// The most rows that the index knows for one shingle, the earliest: later ones are near-duplicates
/// of these, or the shingle is a common phrase that shows nothing.
pub const POSTINGS: usize = 64;
/// How often [`find_with`] takes a step for each row.
pub const STEPS: u64 = 2;
