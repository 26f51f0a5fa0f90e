//! Methods of attribution against retrainings, on one's own data.

use crate::chain::Result;
use openledger_influence::eval::{harness::hidden, run, Options};
use std::path::PathBuf;

/// `openledger eval`: needs no node.
#[derive(Debug, clap::Args)]
pub struct EvalCommand {
	/// A .csv, .csv.gz or .jsonl file, a folder of IDX files, or a folder of text files.
	#[arg(long)]
	data: PathBuf,
	/// The column or field of the class; by default `label`, `class` or `target`, or the last column.
	#[arg(long)]
	label: Option<String>,
	/// logistic, or mlp: and the widths of hidden layers.
	#[arg(long, default_value = "mlp:64,48")]
	model: String,
	/// The most training rows.
	#[arg(long, default_value_t = Options::default().rows)]
	rows: usize,
	/// Queries that are reported; as many others choose dampings.
	#[arg(long, default_value_t = Options::default().queries)]
	queries: usize,
	/// Random halves of the rows, and of the contributors, that are retrained on.
	#[arg(long, default_value_t = Options::default().subsets)]
	subsets: usize,
	/// Retrainings of each.
	#[arg(long, default_value_t = Options::default().retrainings)]
	retrainings: usize,
	/// Contributors between whom rows are divided.
	#[arg(long, default_value_t = Options::default().contributors)]
	contributors: usize,
	/// Counterfactual models.
	#[arg(long, default_value_t = Options::default().adapters)]
	adapters: u16,
	/// Seeds everything.
	#[arg(long, default_value_t = Options::default().seed)]
	seed: u64,
	/// Makes retrainings that were kept anew.
	#[arg(long)]
	recompute: bool,
	/// Where plots are written.
	#[arg(long)]
	plots: Option<PathBuf>,
}

impl EvalCommand {
	pub fn run(&self) -> Result<()> {
		let report = run(&Options {
			data: self.data.clone(),
			label: self.label.clone(),
			hidden: hidden(&self.model)?,
			rows: self.rows,
			queries: self.queries,
			subsets: self.subsets,
			retrainings: self.retrainings,
			contributors: self.contributors,
			adapters: self.adapters,
			seed: self.seed,
			recompute: self.recompute,
			..Options::default()
		})?;
		if let Some(folder) = &self.plots {
			report.plots(folder, "eval")?;
		}
		Ok(())
	}
}
