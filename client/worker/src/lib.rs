//! The engine behind the off-chain worker.
//!
//! [`Parent`] lives in the node: it takes jobs from the runtime's host function, fetches blobs,
//! hands the work to a child process and keeps results on disk. [`run_child`] is that process: an
//! abort in ONNX Runtime ends it and not the node, and its job is done again by the next one.

mod batch;
mod child;
mod corpus;
mod parent;
mod protocol;

pub use batch::weights;
pub use child::run_child;
pub use parent::{Limits, Options, Parent, LOG_TARGET};
pub use protocol::{PromptBlob, ResponseBlob, Work};
