//! Spans of an answer that stand in a Datanet, verified without the Datanet: the same natively and in
//! the runtime's WebAssembly.
//!
//! # The text
//!
//! Rows are token ids below [`SEPARATOR`]. The text is every row followed by one separator, which no
//! span contains, so that none crosses from one row into the next. The text is committed in chunks of
//! [`CHUNK`] tokens under one Merkle root; a chunk's leaf says of which row its first token is, so that
//! a position proves its row. The text of a version of a Datanet has a token for each byte of its
//! rows, in their one order ([`source`]), so that everybody has the same and the chain can tell.
//!
//! # The suffix array
//!
//! What stands from a position to the end of its row, cut after [`SPAN`] tokens, is the position's
//! *prefix* ([`Suffix`]). The suffix array (Manber and Myers 1990) lists all positions by their
//! prefixes, compared as slices of tokens compare; where prefixes are equal any order will do, and
//! nothing is claimed of what comes after [`SPAN`] tokens. It is committed as a second Merkle tree
//! with a leaf (slot, position, prefix) for each position, between two sentinels that are below and
//! above every query: n tokens make n + 2 leaves, rank r stands in slot r + 1, and every query, the
//! empty text's too, falls between two leaves that are neighbours.
//!
//! # What is proved
//!
//! [`verify_span`]: of the query's longest beginning that stands in the text, the length and a
//! place. The place is opened in the text. That nothing longer was left out follows from two
//! neighbours of the suffix array that the query falls between: whatever lies further off agrees
//! with the query no longer than the nearer one does. A length of [`SPAN`] means “at least that”.
//! [`verify_count`]: the ranks of all places that a span stands at, by the neighbours below the
//! first and above the last of them.
//!
//! Presence in the committed text needs nobody's honesty. That this is the version's, absence and
//! counts need the commitment to be what it claims to be, against which [`Fraud`] has a proof in one
//! step for every way to be wrong.
//!
//! | module | what it has |
//! |---|---|
//! | [`types`] | the commitment, leaves and proofs |
//! | [`source`] | the rows that a text is made of |
//! | [`tree`] | Merkle proofs of neighbouring leaves |
//! | [`span`] | verification of spans, counts and places |
//! | [`fraud`] | verification of fraud proofs |
//! | [`demand`] | leaves that have to be shown |
//! | `reference` | an index in memory, for tests and benchmarks |

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod demand;
pub mod fraud;
#[cfg(any(test, feature = "std", feature = "runtime-benchmarks"))]
pub mod reference;
pub mod source;
pub mod span;
pub mod tree;
pub mod types;

#[cfg(test)]
mod tests;

pub use demand::{verify_shown, Leaf, Shown};
pub use fraud::{verify_fraud, Fraud};
pub use openledger_influence_math::Hash;
pub use source::{Evidence, Extent, Listed, Listing, Source, MAX_ROWS, MAX_ROW_BYTES};
pub use span::{
	verify_chunks, verify_count, verify_lower, verify_occurrence, verify_opening, verify_span,
	verify_text, verify_upper,
};
pub use types::{
	Chunk, Commitment, CountProof, Cut, Excerpt, Match, Opening, Path, Place, SpanError, SpanProof,
	Suffix, Tokens,
};

/// Tokens that a span can be proved for; what is longer is “at least that long”. L of the design.
pub const SPAN: u32 = 64;
/// Tokens of a chunk of the text. Not below [`SPAN`], so that a span touches at most two.
pub const CHUNK: u32 = 64;
/// Ends every row; no token.
pub const SEPARATOR: u16 = u16::MAX;
/// Levels of a tree above its leaves, at most.
pub const MAX_DEPTH: u32 = 40;
/// Tokens of a text, separators counted, at most: with two sentinels they fill [`MAX_DEPTH`] levels.
pub const MAX_TOKENS: u64 = (1 << MAX_DEPTH) - 2;
