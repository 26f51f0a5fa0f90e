//! OpenLoRA: pinned adapters served over HTTP in OpenAI's wire format, each answer paid from a
//! channel before it is made.
//!
//! An answer's receipt is the id of its request, known before the first token. What the payer and
//! the operator signed is written to disk before the answer leaves, and submitted until the chain has
//! it: a crash loses no receipt.

mod api;
mod ledger;
mod outbox;
mod server;

pub use api::{ChatMessage, Paid, PromptBlob, ResponseBlob};
pub use ledger::{Ledger, Refusal, Served};
pub use outbox::{Entry, Outbox};
pub use server::{router, Server};
