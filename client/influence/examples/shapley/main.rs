//! `scripts/bench attribution`: shares of answers against exact Shapley values.
//!
//! Eight licence texts are eight contributors. The truth of an answer is the Shapley value of
//! every contributor in `v(S)`, the log-probability of the answer's tokens under the adapter that
//! was trained on the rows of `S`, from retrainings on all 256 subsets, under other seeds than
//! those of the adapters that are measured. The shares are computed from the vector `y` by the very
//! integer arithmetic that the runtime has (`openledger-influence-math`).
//!
//! Retrainings and scores are kept by content hash under `$OPENLEDGER_CACHE/bench/attribution`
//! (`~/.cache/openledger` by default), so that a run that was cut short goes on where it was.

mod blocks;
mod cost;
mod device;
mod exact;
mod facts;
mod lab;

use lab::*;
use openledger_factory::{
	base::{Pretraining, SMALL},
	Recipe,
};
use std::{fs, sync::Arc, time::Instant};

fn machine() -> String {
	let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
	let name = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
	let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
	format!("{}, {cores} cores", name.unwrap_or("an unknown processor"))
}

fn main() {
	if let Err(error) = run() {
		eprintln!("error: {error}");
		std::process::exit(1);
	}
}

fn run() -> Result<()> {
	let start = Instant::now();
	let options = Options::parse()?;
	let cache = Cache::open()?;
	println!("{}", machine());
	let influence = matches!(options.arms[..], ["text" | "fortunes" | "facts" | "cost" | "device"]);
	let file = options
		.output
		.join(if influence { "influence.json" } else { "attribution.json" });
	let mut figures = Figures::new();
	if influence || options.chain.is_some() {
		// Beside what other arms measured.
		let kept = fs::read(&file).ok().and_then(|kept| serde_json::from_slice(&kept).ok());
		figures = kept.unwrap_or_default();
	}
	fs::create_dir_all(&options.output)?;
	if let Some((exported, store)) = options.chain.clone() {
		exact::chain_arm(cache, options, &exported, &store, &mut figures)?;
		Cache::write(&file, &serde_json::to_vec_pretty(&figures)?)?;
		println!("{} after {:.0} s", file.display(), start.elapsed().as_secs_f64());
		return Ok(());
	}
	if let ["device"] = options.arms[..] {
		device::arm(cache, &options.output, &mut figures)?;
		return Cache::write(&file, &serde_json::to_vec_pretty(&figures)?);
	}
	let usual = Pretraining::default();
	let (base, base_hash) = match options.arms[..] {
		["facts"] => {
			let how = Pretraining { rows: 32, steps: 2000, ..usual };
			base(&cache, facts::model(), &facts::known(), how)?
		},
		_ => base(&cache, SMALL, "", usual)?,
	};
	let mut bench = Bench { cache, base: Arc::new(base), base_hash, options };
	for name in bench.options.arms.clone() {
		let usual = Recipe::default().epochs;
		let epochs = match name {
			"equal" => 2 * usual,
			"facts" => facts::EPOCHS,
			_ => usual,
		};
		bench.options.recipe.epochs = bench.options.epochs.unwrap_or(epochs);
		match name {
			"text" => blocks::arm(&bench, &blocks::licences(data(&bench.base)?), &mut figures)?,
			"fortunes" => blocks::arm(&bench, &blocks::fortunes(&bench.base)?, &mut figures)?,
			"facts" => facts::arm(&bench, &mut figures)?,
			"cost" => cost::arm(&bench, &mut figures)?,
			_ => exact::arm(&bench, &data(&bench.base)?, name, &mut figures)?,
		}
		let prefix = if influence { format!("{name}_") } else { String::new() };
		figures.insert(format!("{prefix}seed"), bench.options.seed as f64);
		figures.insert(format!("{prefix}seconds"), start.elapsed().as_secs_f64());
		Cache::write(&file, &serde_json::to_vec_pretty(&figures)?)?;
		println!("{} after {:.0} s", file.display(), start.elapsed().as_secs_f64());
	}
	Ok(())
}
