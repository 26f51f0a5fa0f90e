//! The span index of a Datanet: which spans of an answer stand in it, how often, where, and the
//! proofs that [`openledger_spans_math`] verifies on chain.
//!
//! A [`Builder`] takes rows of tokens and writes one file; [`Index`] maps it into memory, finds the
//! longest match of a query, all maximal spans of an answer in parallel, and proves them. The search
//! is that of Infini-gram (Liu et al. 2024), the spans are those of OLMoTrace (Liu et al. 2025). The
//! suffix array is made by libsais (Grebnov; SA-IS, Nong, Zhang and Chan 2009).
//!
//! | module | what it has |
//! |---|---|
//! | [`abi`] | calldata by which Solidity verifies |
//! | [`text`] | tokens that are bytes |
//! | `layout` | the format of the file |
//! | `leaves` | the leaves of both trees, from memory while building and from the file later |
//! | `build` | sorting, checking, hashing, writing |
//! | `index` | opening and searching |
//! | `prove` | proofs, the check of a whole file, the search for fraud |
//! | `demand` | leaves that somebody wants to see |
//! | `version` | the text of a Datanet's version |

pub mod abi;
mod build;
mod demand;
mod error;
mod index;
mod layout;
mod leaves;
mod prove;
pub mod text;
mod version;

#[cfg(test)]
mod tests;

pub use build::{Builder, Progress, Stage};
pub use error::Error;
pub use index::{Index, Longest, Span};
