//! The OpenLedger node.

mod address;
mod chain;
mod cli;
mod commands;
mod eth;
mod extrinsic;
mod keys;
mod rpc;
mod sealing;
mod service;

fn main() -> polkadot_sdk::sc_cli::Result<()> {
	cli::run()
}
