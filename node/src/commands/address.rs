use super::Common;
use crate::{
	address::{Address, Kind, Names},
	chain::Result,
};
use jsonrpsee::rpc_params;
use serde_json::json;

/// Converts an address between Ethereum and Substrate.
///
/// The two are one account with one balance. An Ethereum key's native account is its 20 bytes and
/// twelve bytes 0xEE. A Substrate account's Ethereum address is the end of its Keccak-256 hash; the
/// chain finds the way back once the account has received something, which maps it. A node that
/// answers at --url knows what is mapped; without one, the rest is shown.
#[derive(Debug, clap::Args)]
pub struct AddressCommand {
	/// 0x and 20 or 32 bytes, or SS58.
	address: String,
}

impl AddressCommand {
	pub async fn run(&self, common: &Common) -> Result<()> {
		let address: Address = self.address.parse()?;
		let (names, nobody) = match common.chain().await {
			Ok(chain) => (chain.ask("openledger_address", rpc_params![&self.address]).await?, None),
			Err(error) => (address.names(None), Some(error)),
		};
		let why = nobody.map(|error| format!(" ({error})")).unwrap_or_default();
		let Names { ethereum, substrate, account_id, .. } = &names;
		let text = format!(
			"Ethereum   {ethereum}\nSubstrate  {substrate}\naccount id {account_id}\n{}{why}",
			explain(&address, &names)
		);
		common.print(text, json!(names));
		Ok(())
	}
}

/// What the kind of an account means for its owner.
fn explain(address: &Address, names: &Names) -> &'static str {
	match (names.kind, names.mapped, address) {
		(Kind::Ethereum, Some(_), _) => {
			"An Ethereum key's account or a contract: nothing has to be mapped."
		},
		(Kind::Substrate, Some(true), _) => {
			"A Substrate account. It is mapped: contracts and wallets reach it by its Ethereum address."
		},
		(Kind::Substrate, Some(false), _) => {
			"A Substrate account that is not mapped yet: $OPEN sent to its Ethereum address would not \
			 reach it. Send some to its Substrate address first, which maps it."
		},
		(_, None, Address::Native(_)) => {
			"A Substrate account. Whether it is mapped, only a node knows."
		},
		(_, None, Address::Ethereum(_)) => {
			"The account of an Ethereum key or a contract, unless the address is the hash of a \
			 Substrate account, which only a node knows."
		},
	}
}
