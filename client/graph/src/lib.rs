//! The ONNX graph builder with reverse-mode differentiation, and model architectures.
//!
//! A [`Graph`] grows operator by operator, differentiates itself and is written as ONNX bytes, the
//! same for the same graph. [`Gpt`] is the architecture: forward, per-example gradient, training
//! steps and decoding come from one definition of it.

mod gpt;
mod proto;
mod tape;

pub use gpt::{count, Gpt, Tensors, BETAS};
pub use tape::{Graph, Var};
