//! The command line.

use crate::{
	commands::{
		AccountCommand, AddressCommand, AskCommand, BatchCommand, ClaimCommand, Common,
		DatanetCommand, EarningsCommand, EvalCommand, FaucetCommand, MetamaskCommand, ModelCommand,
		ReceiptCommand, ScorerCommand, ServeCommand, SettleCommand, SpansCommand, VerifyCommand,
	},
	eth::Limits,
	extrinsic,
	sealing::Sealing,
	service,
};
use clap::Parser;
use polkadot_sdk::*;
use sc_cli::SubstrateCli;
use sc_service::{ChainType, PartialComponents, Properties};
use std::path::PathBuf;

/// The chain on which AI models pay the people whose data made them.
#[derive(Debug, Parser)]
pub struct Cli {
	#[command(subcommand)]
	pub subcommand: Option<Subcommand>,
	#[clap(flatten)]
	pub run: sc_cli::RunCmd,
	/// Scores answers: runs the off-chain worker with its engine for the hot keys in this node's
	/// keystore (see `openledger scorer bond`).
	#[arg(long)]
	pub scorer: bool,
	/// Where a scorer keeps blobs and results; by default beside the chain's data.
	#[arg(long)]
	pub scorer_blobs: Option<PathBuf>,
	/// Makes blocks on demand instead of one in each slot, final at once; only on a development
	/// chain.
	///
	/// instant: for each transaction, at once. manual: when somebody calls evm_mine or
	/// engine_createBlock. interval=MS: every MS milliseconds; 3000 without a number. While it runs,
	/// evm_setAutomine and evm_setIntervalMining change this, evm_increaseTime and
	/// evm_setNextBlockTimestamp move the time. A block takes a slot of 3 s, so faster blocks run
	/// ahead of the clock.
	#[arg(long, value_name = "instant|manual|interval[=MS]")]
	pub sealing: Option<Sealing>,
	/// Where compiled runtimes are kept, so that the next start need not compile them for seconds.
	/// Whoever can write there decides what this node runs. Nothing is kept without it.
	#[arg(long, env = "OPENLEDGER_RUNTIME_CACHE", value_name = "PATH")]
	pub runtime_cache: Option<PathBuf>,
	#[command(flatten)]
	pub ethereum: Limits,
}

/// A command against a running node, with what all of them take.
#[derive(Debug, clap::Args)]
pub struct Client<C: clap::Subcommand> {
	#[command(flatten)]
	common: Common,
	#[command(subcommand)]
	command: C,
}

/// A command without subcommands, with what all of them take.
#[derive(Debug, clap::Args)]
pub struct ClientArgs<C: clap::Args> {
	#[command(flatten)]
	common: Common,
	#[command(flatten)]
	command: C,
}

#[derive(Debug, clap::Subcommand)]
pub enum Subcommand {
	/// Balances and transfers.
	Account(Client<AccountCommand>),
	/// Converts an address between Ethereum and Substrate.
	Address(ClientArgs<AddressCommand>),
	/// Gives an account $OPEN on a development chain.
	Faucet(ClientArgs<FaucetCommand>),
	/// Shows what MetaMask and other wallets need to know of this chain.
	Metamask(ClientArgs<MetamaskCommand>),
	/// Datanets: data that its contributors are paid for.
	Datanet(Client<DatanetCommand>),
	/// Base models, fine-tuning, prices and serving.
	Model(Client<ModelCommand>),
	/// Scorers: run the off-chain worker for pay.
	Scorer(Client<ScorerCommand>),
	/// Which spans of an answer stand in a Datanet, and proofs of it.
	Spans(Client<SpansCommand>),
	/// Serves the models that you announced with `openledger model serve`: OpenLoRA over HTTP.
	Serve(ClientArgs<ServeCommand>),
	/// The engine's process; the node starts it.
	#[command(hide = true)]
	Engine {
		/// The blob store.
		store: PathBuf,
	},
	/// Pays for an answer of a model.
	Ask(ClientArgs<AskCommand>),
	/// Shows one paid answer: who was paid for it, and why.
	Receipt(ClientArgs<ReceiptCommand>),
	/// Shows batches: many answers that are paid by vouchers and scored by sample.
	Batch(ClientArgs<BatchCommand>),
	/// Verifies an exported receipt offline.
	Verify(ClientArgs<VerifyCommand>),
	/// Turns finished periods of a model version into earnings.
	Settle(ClientArgs<SettleCommand>),
	/// Pays accounts what their data earned.
	Claim(ClientArgs<ClaimCommand>),
	/// Shows what the contributors of a model version earned.
	Earnings(ClientArgs<EarningsCommand>),
	/// Measures methods of attribution on your own data against retrainings; needs no node.
	Eval(EvalCommand),
	/// Key management.
	#[command(subcommand)]
	Key(sc_cli::KeySubcommand),
	/// Export the chain specification.
	ExportChainSpec(sc_cli::ExportChainSpecCmd),
	/// Validate blocks.
	CheckBlock(sc_cli::CheckBlockCmd),
	/// Remove the whole chain.
	PurgeChain(sc_cli::PurgeChainCmd),
	/// Print a signed extrinsic of a development account, in hexadecimal.
	DevExtrinsic(extrinsic::Command),
}

/// A chain specification whose genesis is built with this node's host functions.
type ChainSpec =
	sc_service::GenericChainSpec<Option<()>, openledger_influence_math::host::HostFunctions>;

fn spec(id: &str) -> Result<ChainSpec, String> {
	let (preset, name, kind) = match id {
		"dev" => ("development", "Development", ChainType::Development),
		"live" => ("live", "OpenLedger", ChainType::Live),
		"local" => ("local_testnet", "Local Testnet", ChainType::Local),
		path => return ChainSpec::from_json_file(path.into()),
	};
	let wasm = runtime::WASM_BINARY.ok_or("this node was built without a runtime")?;
	let mut properties = Properties::new();
	properties.insert("tokenSymbol".into(), "OPEN".into());
	properties.insert("tokenDecimals".into(), 18.into());
	properties.insert("ss58Format".into(), 42.into());
	Ok(ChainSpec::builder(wasm, None)
		.with_name(name)
		.with_id(id)
		.with_chain_type(kind)
		.with_properties(properties)
		.with_genesis_config_preset_name(preset)
		.build())
}

impl SubstrateCli for Cli {
	fn impl_name() -> String {
		"OpenLedger".into()
	}
	fn impl_version() -> String {
		env!("CARGO_PKG_VERSION").into()
	}
	fn description() -> String {
		"The chain on which AI models pay the people whose data made them".into()
	}
	fn author() -> String {
		"OpenLedger contributors".into()
	}
	fn support_url() -> String {
		"https://github.com/openledger/openledger/issues".into()
	}
	fn copyright_start_year() -> i32 {
		2026
	}
	fn load_spec(&self, id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
		let id = if id.is_empty() { "local" } else { id };
		Ok(Box::new(spec(id)?))
	}
}

pub fn run() -> sc_cli::Result<()> {
	let cli = Cli::from_args();
	match &cli.subcommand {
		Some(Subcommand::Key(cmd)) => cmd.run(&cli),
		Some(Subcommand::ExportChainSpec(cmd)) => cmd.run(cli.load_spec(&cmd.chain)?),
		Some(Subcommand::DevExtrinsic(cmd)) => cmd.run(),
		Some(Subcommand::CheckBlock(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.async_run(|config| {
				let PartialComponents { client, task_manager, import_queue, .. } =
					service::partial(&config, cli.runtime_cache.as_deref())?;
				Ok((cmd.run(client, import_queue), task_manager))
			})
		},
		Some(Subcommand::PurgeChain(cmd)) => {
			cli.create_runner(cmd)?.sync_run(|config| cmd.run(config.database))
		},
		Some(Subcommand::Account(c)) => client(c.command.run(&c.common)),
		Some(Subcommand::Address(c)) => client(c.command.run(&c.common)),
		Some(Subcommand::Faucet(c)) => client(c.command.run(&c.common)),
		Some(Subcommand::Metamask(c)) => client(c.command.run(&c.common)),
		Some(Subcommand::Datanet(c)) => client(c.command.run(&c.common)),
		Some(Subcommand::Model(c)) => client(c.command.run(&c.common)),
		Some(Subcommand::Scorer(c)) => client(c.command.run(&c.common)),
		Some(Subcommand::Spans(c)) => client(c.command.run(&c.common)),
		Some(Subcommand::Serve(c)) => {
			sc_cli::LoggerBuilder::new("info").init()?;
			client(c.command.run(&c.common))
		},
		Some(Subcommand::Engine { store }) => {
			// Its log goes where the node's does, but only what it says itself.
			let log = format!("warn,{}=info", openledger_worker::LOG_TARGET);
			sc_cli::LoggerBuilder::new(log).init()?;
			openledger_worker::run_child(store, std::io::stdin().lock(), std::io::stdout().lock())
				.map_err(Into::into)
		},
		Some(Subcommand::Ask(c)) => client(c.command.run(&c.common)),
		Some(Subcommand::Receipt(c)) => client(c.command.run(&c.common)),
		Some(Subcommand::Batch(c)) => client(c.command.run(&c.common)),
		Some(Subcommand::Verify(c)) => client(async { c.command.run(&c.common) }),
		Some(Subcommand::Settle(c)) => client(c.command.run(&c.common)),
		Some(Subcommand::Claim(c)) => client(c.command.run(&c.common)),
		Some(Subcommand::Earnings(c)) => client(c.command.run(&c.common)),
		Some(Subcommand::Eval(c)) => client(async { c.run() }),
		None => cli.create_runner(&cli.run)?.run_node_until_exit(|mut config| async move {
			let (scorer, blobs) = (cli.scorer, cli.scorer_blobs);
			config.offchain_worker.enabled |= scorer;
			let scorer =
				scorer.then(|| blobs.unwrap_or_else(|| config.base_path.path().join("blobs")));
			let cache = cli.runtime_cache.as_deref();
			service::full(config, scorer, cli.sealing, cli.ethereum, cache)
				.map_err(sc_cli::Error::Service)
		}),
	}
}

/// Runs a command against a node.
fn client(
	command: impl std::future::Future<Output = crate::chain::Result<()>>,
) -> sc_cli::Result<()> {
	if let Err(error) = tokio::runtime::Runtime::new()?.block_on(command) {
		eprintln!("error: {error}");
		std::process::exit(1);
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn demand_should_name_one_row_when_it_is_read() {
		let reads = |words: &str| {
			let words = format!("openledger datanet {words}");
			Cli::try_parse_from(words.split(' ')).is_ok()
		};
		let row = "0x".to_string() + &"ab".repeat(32);
		assert!(reads(&format!("demand 0 {row} --wait")) && reads("demand 0 --file row"));
		assert!(!reads("demand 0") && !reads(&format!("demand 0 {row} --file row")));
		assert!(reads("show-rows 0 one two --watch") && reads("show 0 --batch 1"));
	}

	#[test]
	fn price_should_be_read_when_an_output_is_chosen_too() {
		let words = "openledger model price 0 --input-price 1 --output-price 2 --output json";
		assert!(Cli::try_parse_from(words.split(' ')).is_ok());
	}
}
