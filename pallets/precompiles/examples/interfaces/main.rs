//! Writes the ABI of every precompile as JSON and as TypeScript:
//!
//! ```text
//! cargo run --example interfaces -p openledger-precompiles -- OUT
//! ```
//!
//! `OUT/IOpen.json` is the ABI that the Solidity compiler would write, `OUT/IOpen.ts` exports it
//! `as const` with its address, for viem, wagmi and abitype to infer types from, and
//! `OUT/index.ts` exports all.

mod abi;

use openledger_precompiles::{address_of, INTERFACES};
use pallet_revive::precompiles::alloy::primitives::Address;
use std::{error::Error, fs, path::PathBuf};

const NOTE: &str =
	"// Written by the example `interfaces` of openledger-precompiles; do not edit.\n";

fn main() -> Result<(), Box<dyn Error>> {
	let out = std::env::args_os().nth(1).map(PathBuf::from);
	let out = out.ok_or("say where: cargo run --example interfaces -- OUT")?;
	fs::create_dir_all(&out)?;
	let mut index = NOTE.to_string();
	for interface in abi::interfaces() {
		let file = &interface.name;
		let name = file.trim_start_matches('I').to_lowercase();
		let known = INTERFACES
			.iter()
			.find(|known| known.name == name)
			.ok_or_else(|| format!("{file} is not in INTERFACES"))?;
		let json = serde_json::to_string_pretty(&interface.abi)?;
		fs::write(out.join(format!("{file}.json")), format!("{json}\n"))?;
		let at = Address::from(address_of(known.at).0);
		let note = if known.deprecated { "/** @deprecated */\n" } else { "" };
		let typescript = format!(
			"{NOTE}\n{note}export const {name}Address = \"{at}\" as const;\n\
			 {note}export const {name}Version = {} as const;\n\
			 {note}export const {name}Abi = {json} as const;\n",
			known.version
		);
		fs::write(out.join(format!("{file}.ts")), typescript)?;
		index += &format!("export * from \"./{file}\";\n");
	}
	fs::write(out.join("index.ts"), index)?;
	Ok(())
}
