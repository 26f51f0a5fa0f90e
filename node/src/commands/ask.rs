use super::Common;
use crate::chain::Result;
use openledger_core::ModelId;

/// Pays for an answer of a model: funds a channel to an operator if need be, signs the request,
/// sends it and prints the answer and its receipt.
#[derive(Debug, clap::Args)]
pub struct AskCommand {
	/// The model version.
	pub model: ModelId,
	/// The question.
	pub prompt: String,
}

impl AskCommand {
	pub async fn run(&self, _common: &Common) -> Result<()> {
		unimplemented!()
	}
}
