use super::{event, open, show_open, Common};
use crate::chain::Result;
use codec::{Decode, Encode};
use openledger_onnx::ExecutionClass;
use pallet_attribution::{
	scorers::SCORER_DOMAIN, Call, Event, ScorerId, ScorerSignature, KEY_TYPE,
};
use polkadot_sdk::*;
use runtime::RuntimeEvent;
use sc_keystore::LocalKeystore;
use serde_json::json;
use sp_core::crypto::Ss58Codec;
use sp_keystore::Keystore;
use std::path::PathBuf;

/// Scorers: run the off-chain worker for pay.
#[derive(Debug, clap::Subcommand)]
pub enum ScorerCommand {
	/// Makes a hot key in a node's keystore, bonds $OPEN and registers it.
	Bond {
		/// The keystore of the node that will score: BASE_PATH/chains/CHAIN/keystore.
		#[arg(long)]
		keystore: PathBuf,
		/// How much is bonded.
		#[arg(long, value_parser = open, default_value = "1000")]
		amount: u128,
	},
	/// Takes no more seats; the bond is free when unbonding is over.
	Unbond,
	/// Takes the bond back.
	Withdraw,
}

impl ScorerCommand {
	pub async fn run(&self, common: &Common) -> Result<()> {
		let chain = common.chain().await?;
		let signer = common.signer()?;
		let who = signer.account();
		match self {
			Self::Bond { keystore, amount } => {
				let store = LocalKeystore::open(keystore, None)
					.map_err(|e| format!("no keystore at {}: {e}", keystore.display()))?;
				let key = match store.sr25519_public_keys(KEY_TYPE).first() {
					Some(key) => *key,
					None => store.sr25519_generate_new(KEY_TYPE, None)?,
				};
				let payload = (SCORER_DOMAIN, chain.genesis, &who).encode();
				let proof = store
					.sr25519_sign(KEY_TYPE, &key, &payload)?
					.ok_or("the keystore has lost the key")?;
				let call = Call::bond {
					key: ScorerId::decode(&mut &key.encode()[..])?,
					proof: ScorerSignature::decode(&mut &proof.encode()[..])?,
					class: ExecutionClass::current().id(),
					bond: *amount,
				};
				event(chain.send(&signer, call).await?, |event| match event {
					RuntimeEvent::Attribution(Event::ScorerBonded { .. }) => Some(()),
					_ => None,
				})?;
				let text = format!("{} bonded {} $OPEN", who.to_ss58check(), show_open(*amount));
				common.print(text, json!({ "scorer": who.to_ss58check() }));
			},
			Self::Unbond => {
				chain.send(&signer, Call::unbond {}).await?;
				common.print("no more seats", json!({}));
			},
			Self::Withdraw => {
				chain.send(&signer, Call::withdraw_bond {}).await?;
				common.print("the bond is yours again", json!({}));
			},
		}
		Ok(())
	}
}
