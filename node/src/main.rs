//! The OpenLedger node.

mod chain;
mod cli;
mod commands;
mod eth;
mod extrinsic;
mod rpc;
mod service;

fn main() -> polkadot_sdk::sc_cli::Result<()> {
	cli::run()
}
