//! Measures the weights of a runtime's calls: `scripts/bench weights` says how.

use clap::Parser;
use polkadot_sdk::*;

fn main() -> sc_cli::Result<()> {
	sc_cli::LoggerBuilder::new("warn").init()?;
	frame_benchmarking_cli::PalletCmd::parse()
		.run_with_spec::<sp_runtime::traits::BlakeTwo256, openledger_influence_math::host::HostFunctions>(
			None,
		)
}
