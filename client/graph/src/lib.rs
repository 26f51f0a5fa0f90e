//! The ONNX graph builder with reverse-mode differentiation, and model architectures.
//!
//! A [`Graph`] grows operator by operator, differentiates itself and is written as ONNX bytes, the
//! same for the same graph. [`Transformer`] and [`Mlp`] are the architectures: forward, per-example
//! gradient, training steps and decoding come from one definition of each. [`Gpt`] is a transformer
//! whose weights are an input, [`Pretrained`] one whose weights lie in a file.

mod gpt;
mod mlp;
mod pretrained;
mod proto;
mod tape;
mod transformer;

pub use gpt::Gpt;
pub use mlp::{Mlp, Sgd};
pub use pretrained::{Error, Pretrained};
pub use tape::{Graph, Var};
pub use transformer::{
	count, Activation, Biases, Norm, Output, Positions, Stretch, Tensors, Transformer, BETAS,
};
