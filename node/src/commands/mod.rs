//! What a person does with the chain, step by step.

mod account;
mod address;
mod ask;
mod batch;
mod datanet;
mod demands;
mod duplicates;
mod earnings;
mod eval;
mod faucet;
mod metamask;
mod model;
mod scorer;
mod serve;
mod spans;

pub use account::AccountCommand;
pub use address::AddressCommand;
pub use ask::AskCommand;
pub use batch::BatchCommand;
pub use datanet::DatanetCommand;
pub use earnings::{ClaimCommand, EarningsCommand, ReceiptCommand, SettleCommand, VerifyCommand};
pub use eval::EvalCommand;
pub use faucet::FaucetCommand;
pub use metamask::MetamaskCommand;
pub use model::ModelCommand;
pub use scorer::ScorerCommand;
pub use serve::ServeCommand;
pub use spans::SpansCommand;

use crate::chain::{Chain, Result, Signer};
use indicatif::{ProgressBar, ProgressStyle};
use openledger_blobs::{Space, Store};
use openledger_core::Method;
use openledger_factory::Base;
use polkadot_sdk::*;
use runtime::{AccountId, Hash, UNIT};
use serde_json::Value;
use sp_core::crypto::Ss58Codec;
use std::path::PathBuf;

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
	/// For people.
	Text,
	/// For programs.
	Json,
}

/// How influence on the answers of a model version is measured.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	clap::ValueEnum,
	serde::Serialize,
	serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
	/// By adapters that are trained on subsets of the rows.
	#[default]
	Counterfactual,
	/// By gradients with respect to the published adapter, where governance allows it.
	Gradient,
}

impl From<Measure> for Method {
	fn from(measure: Measure) -> Self {
		match measure {
			Measure::Counterfactual => Self::Counterfactual,
			Measure::Gradient => Self::Gradient,
		}
	}
}

impl From<Method> for Measure {
	fn from(method: Method) -> Self {
		match method {
			Method::Counterfactual => Self::Counterfactual,
			Method::Gradient => Self::Gradient,
		}
	}
}

/// What every command takes.
#[derive(Clone, Debug, clap::Args)]
pub struct Common {
	/// The node to talk to.
	#[arg(long, global = true, env = "OPENLEDGER_URL", default_value = "ws://127.0.0.1:9944")]
	pub url: String,
	/// Who signs: a mnemonic, or a development account such as //Alice.
	#[arg(long, global = true, env = "OPENLEDGER_SURI", default_value = "//Alice")]
	pub suri: String,
	/// The folder of content-addressed blobs.
	#[arg(long, global = true, env = "OPENLEDGER_BLOBS", default_value = "blobs")]
	pub blobs: PathBuf,
	/// How results are printed.
	#[arg(long, global = true, value_enum, default_value = "text")]
	pub output: Output,
	/// Development accounts that are shown by their names, such as //Alice,//Bob.
	#[arg(long, global = true, env = "OPENLEDGER_NAMES", value_delimiter = ',')]
	pub names: Vec<String>,
}

impl Common {
	/// Connects to the node.
	pub async fn chain(&self) -> Result<Chain> {
		Chain::connect(&self.url).await
	}

	/// An account by its name in `--names`, or by its address.
	pub fn name(&self, address: &str) -> String {
		let is = |name: &&String| {
			Signer::from_uri(name).is_ok_and(|s| s.account().to_ss58check() == address)
		};
		self.names.iter().find(is).cloned().unwrap_or_else(|| address.into())
	}

	/// Who signs.
	pub fn signer(&self) -> Result<Signer> {
		Signer::from_uri(&self.suri)
	}

	/// Prints a result.
	pub fn print(&self, text: impl std::fmt::Display, json: Value) {
		match self.output {
			Output::Text => println!("{text}"),
			Output::Json => println!("{json}"),
		}
	}

	/// A bar for long work, on the terminal alone.
	pub fn bar(&self, what: &str, length: u64) -> ProgressBar {
		let bar = ProgressBar::new(length);
		let style = ProgressStyle::with_template("{msg:30} {wide_bar} {pos}/{len} {eta:>5}");
		bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
		bar.set_message(what.to_string());
		bar
	}

	/// Opens the blob store.
	pub fn store(&self) -> Result<Blobs> {
		Ok(Blobs(Store::open(&self.blobs)?))
	}
}

/// The public blobs of a store, by the chain's hash type.
pub struct Blobs(pub Store);

impl Blobs {
	/// Stores bytes under their hash.
	pub fn put(&self, bytes: &[u8]) -> Result<Hash> {
		Ok(self.0.put(Space::Public, bytes)?.into())
	}

	/// A base model by its manifest.
	pub fn base(&self, manifest: &Hash) -> Result<Base> {
		let blob = |hash: &[u8; 32]| self.0.get(Space::Public, hash);
		Ok(Base::load(&manifest.0, blob, |hash| self.0.file(Space::Public, hash))?)
	}

	/// The bytes of a hash, checked.
	pub fn get(&self, hash: &Hash) -> Result<Vec<u8>> {
		Ok(self.0.get(Space::Public, &hash.0)?)
	}
}

/// An amount in $OPEN, such as 1.25, in wei.
pub fn open(text: &str) -> std::result::Result<u128, String> {
	let wrong = || format!("{text:?} is no amount of $OPEN: write for example 1.25");
	let (whole, part) = text.split_once('.').unwrap_or((text, ""));
	if part.len() > 18 || text.is_empty() {
		return Err(wrong());
	}
	let digits = |s: &str| if s.is_empty() { Ok(0) } else { s.parse::<u128>() };
	let fraction = format!("{part:0<18}");
	let whole = digits(whole).map_err(|_| wrong())?;
	let fraction = digits(&fraction).map_err(|_| wrong())?;
	whole.checked_mul(UNIT).and_then(|w| w.checked_add(fraction)).ok_or_else(wrong)
}

/// Wei as $OPEN with six digits.
pub fn show_open(wei: u128) -> String {
	format!("{}.{:06}", wei / UNIT, wei % UNIT / 1_000_000_000_000)
}

/// An empty table as all commands print it.
pub fn table(header: impl Into<comfy_table::Row>) -> comfy_table::Table {
	let mut table = comfy_table::Table::new();
	table.load_preset(comfy_table::presets::UTF8_FULL_CONDENSED).set_header(header);
	table
}

/// An account from its address, or from a development path such as //Alice.
pub fn account(text: &str) -> std::result::Result<AccountId, String> {
	if text.starts_with("//") {
		return Signer::from_uri(text).map(|s| s.account()).map_err(|e| e.to_string());
	}
	AccountId::from_ss58check(text).map_err(|e| format!("{text:?} is no account: {e:?}"))
}

/// A hash in hexadecimal.
pub fn hash(text: &str) -> std::result::Result<Hash, String> {
	text.trim_start_matches("0x")
		.parse()
		.map_err(|_| format!("{text:?} is no hash of 64 hexadecimal digits"))
}

/// The first event that `pick` wants.
pub fn event<T>(
	included: crate::chain::Included,
	pick: impl Fn(runtime::RuntimeEvent) -> Option<T>,
) -> Result<T> {
	let found = included.events.into_iter().find_map(pick);
	found.ok_or_else(|| "the transaction did not do what it should".into())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn open_should_read_amounts_when_written_as_people_do() {
		assert_eq!(open("1"), Ok(UNIT));
		assert_eq!(open("0.000000000000000001"), Ok(1));
		assert_eq!(open(".5"), Ok(UNIT / 2));
		for wrong in ["", "x", "-1", "1.0000000000000000001", "1e3"] {
			assert!(open(wrong).is_err(), "{wrong}");
		}
	}
}
