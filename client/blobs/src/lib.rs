//! The content-addressed blob store and its HTTP face.
//!
//! A blob is named by its BLAKE2b-256 hash and checked against it at every read. Public blobs (base
//! models, adapters, rows) are served to anybody, private ones (prompts and answers) to the committee
//! that was drawn to score them, which authenticates by its hot keys.

mod http;
mod store;

pub use http::{authorization, fetch, router, Fetch, Readers};
pub use store::{hash, Error, Hash, Space, Store};
