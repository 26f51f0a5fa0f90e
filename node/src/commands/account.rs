use super::{account, open, show_open, Common};
use crate::chain::Result;
use pallet_balances::AccountData;
use polkadot_sdk::*;
use runtime::AccountId;
use serde_json::json;
use sp_core::crypto::Ss58Codec;

/// Balances and transfers.
#[derive(Debug, clap::Subcommand)]
pub enum AccountCommand {
	/// Shows what an account has.
	Show {
		/// An address or a development path.
		#[arg(value_parser = account)]
		who: AccountId,
	},
	/// Sends $OPEN to one or more accounts.
	Transfer {
		/// How much each receives.
		#[arg(long, value_parser = open)]
		amount: u128,
		/// Addresses or development paths.
		#[arg(required = true, value_parser = account)]
		to: Vec<AccountId>,
	},
}

impl AccountCommand {
	pub async fn run(&self, common: &Common) -> Result<()> {
		let chain = common.chain().await?;
		match self {
			Self::Show { who } => {
				let AccountData { free, reserved, .. } = chain.balance(who, None).await?;
				let text = format!(
					"{}: {} $OPEN free, {} held",
					who.to_ss58check(),
					show_open(free),
					show_open(reserved)
				);
				let free = free.to_string();
				common.print(text, json!({ "free": free, "held": reserved.to_string() }));
			},
			Self::Transfer { amount, to } => {
				let calls = to
					.iter()
					.map(|who| {
						let dest = sp_runtime::MultiAddress::Id(who.clone());
						pallet_balances::Call::transfer_keep_alive { dest, value: *amount }.into()
					})
					.collect();
				let batch = pallet_utility::Call::batch_all { calls };
				chain.send(&common.signer()?, batch).await?;
				let text = format!("{} $OPEN to each of {}", show_open(*amount), to.len());
				common.print(text, json!({ "receivers": to.len() }));
			},
		}
		Ok(())
	}
}
