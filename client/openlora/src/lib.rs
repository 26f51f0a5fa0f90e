//! OpenLoRA: pinned adapters served over HTTP in OpenAI's wire format, each answer paid from a
//! channel before it is made.
//!
//! An answer's receipt is the id of its request, known before the first token. What the payer and
//! the operator signed is written to disk before the answer leaves, and submitted until the chain has
//! it: a crash loses no receipt.
//!
//! With [`Batching`] answers wait for vouchers and are submitted together; what no voucher pays in time
//! is submitted alone.

mod api;
mod batch;
mod collect;
mod ledger;
mod outbox;
mod server;

pub use api::{ChatMessage, Paid, PaidLater, PromptBlob, ResponseBlob};
pub use batch::{Account, Batching, NewBatch, Signed, Terms, MARGIN};
pub use ledger::{Failure, Ledger, Refusal, Served};
pub use outbox::{Entry, Folder, Kept, Outbox};
pub use server::{router, Server};
