use super::{account, open, show_open, Common};
use crate::{
	address::{mapping_key, Address},
	chain::{Chain, Result, Signer},
};
use jsonrpsee::rpc_params;
use openledger_eth_rpc::checksummed;
use polkadot_sdk::*;
use serde_json::json;
use sp_core::crypto::Ss58Codec;

/// Who pays: a development account that no default of another command uses, as two that sign for
/// one account at once would take the same nonce.
const PAYER: &str = "//Ferdie";

/// Gives an account $OPEN on a development chain.
///
/// Anybody may ask: the payer is //Ferdie, whose key is public and whom only the genesis of a
/// development chain makes rich. On every other chain it refuses; there, buy $OPEN or ask its owner:
/// `openledger account transfer`.
#[derive(Debug, clap::Args)]
pub struct FaucetCommand {
	/// Who receives: an Ethereum address, an SS58 address, 32 bytes, or a development path.
	#[arg(long, value_name = "ADDRESS", value_parser = receiver)]
	to: Address,
	/// How much, in $OPEN.
	#[arg(long, value_parser = open, default_value = "10")]
	amount: u128,
}

fn receiver(text: &str) -> std::result::Result<Address, String> {
	if text.starts_with("//") {
		return account(text).map(Address::Native);
	}
	text.parse()
}

impl FaucetCommand {
	pub async fn run(&self, common: &Common) -> Result<()> {
		let chain = common.chain().await?;
		refuse_public(&chain).await?;
		let mapped = chain.read(&mapping_key(&self.to.ethereum())).await?;
		let to = self.to.account(mapped);
		let call = pallet_balances::Call::transfer_keep_alive {
			dest: sp_runtime::MultiAddress::Id(to.clone()),
			value: self.amount,
		};
		let included = chain.send(&Signer::from_uri(PAYER)?, call).await?;
		let balance = chain.balance(&to, Some(included.block)).await?.free;
		let name = match self.to {
			Address::Ethereum(address) => checksummed(address),
			Address::Native(_) => to.to_ss58check(),
		};
		let (hash, block) = (included.extrinsic, included.block);
		let text = format!(
			"{name} received {} $OPEN and has {}\ntransaction {hash:?} in block {block:?}",
			show_open(self.amount),
			show_open(balance),
		);
		let json = json!({
			"to": name,
			"amount": self.amount.to_string(),
			"balance": balance.to_string(),
			"transaction": hash,
			"block": block,
		});
		common.print(text, json);
		Ok(())
	}
}

/// Fails on a chain that is not for trying things.
async fn refuse_public(chain: &Chain) -> Result<()> {
	let kind: serde_json::Value = chain.ask("system_chainType", rpc_params![]).await?;
	if ["Development", "Local"].iter().any(|public| kind.as_str() == Some(public)) {
		return Ok(());
	}
	let name: String = chain.ask("system_chain", rpc_params![]).await?;
	Err(format!(
		"{name:?} is no development chain, and its $OPEN is nobody's to give away: have some sent \
		 with `openledger account transfer`, or start a chain of your own with `openledger --dev`"
	)
	.into())
}
