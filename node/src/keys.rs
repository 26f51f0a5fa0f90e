//! The keys that every tool of Ethereum's developers knows, for chains on which people try things.

use openledger_eth_rpc::Keys;
use polkadot_sdk::*;
use sp_core::{H160, H256};
use subxt_signer::{
	bip39::Mnemonic,
	eth::{DerivationPath, Keypair},
};

/// The phrase that Hardhat and Anvil start with.
const PHRASE: &str = "test test test test test test test test test test test junk";
/// How many accounts of it they show.
const ACCOUNTS: u32 = 10;

/// Keys of the phrase, by their addresses.
pub struct DevelopmentKeys(Vec<(H160, Keypair)>);

impl DevelopmentKeys {
	/// Derives them: BIP-39, then BIP-32 at m/44'/60'/0'/0/i.
	pub fn derive() -> Result<Self, String> {
		let phrase = Mnemonic::parse(PHRASE).map_err(|error| error.to_string())?;
		let key = |index| {
			let key = Keypair::from_phrase(&phrase, None, DerivationPath::eth(0, index))
				.map_err(|error| error.to_string())?;
			// The first byte says that the key is not compressed.
			let hash = sp_io::hashing::keccak_256(&key.public_key().0[1..]);
			Ok((H160::from_slice(&hash[12..]), key))
		};
		(0..ACCOUNTS).map(key).collect::<Result<_, _>>().map(Self)
	}
}

impl Keys for DevelopmentKeys {
	fn accounts(&self) -> Vec<H160> {
		self.0.iter().map(|(address, _)| *address).collect()
	}

	fn sign(&self, account: &H160, hash: &H256) -> Option<[u8; 65]> {
		let (_, key) = self.0.iter().find(|(address, _)| address == account)?;
		Some(key.sign_prehashed(&hash.0).0)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use pallet_revive::evm::{Account, TransactionLegacyUnsigned, TransactionUnsigned};

	#[test]
	fn accounts_should_be_those_that_genesis_makes_rich_when_derived() {
		let keys = DevelopmentKeys::derive().unwrap();
		// After alith and baltathar, which have another phrase.
		let rich = runtime::genesis::ETHEREUM_ACCOUNTS[2..].iter().map(|a| H160(*a));
		assert_eq!(keys.accounts(), rich.collect::<Vec<_>>());
	}

	#[test]
	fn signature_should_recover_to_the_account_when_a_transaction_is_signed() {
		let keys = DevelopmentKeys::derive().unwrap();
		for account in keys.accounts() {
			let tx: TransactionUnsigned =
				TransactionLegacyUnsigned { chain_id: Some(1.into()), ..Default::default() }.into();
			let hash = H256(sp_io::hashing::keccak_256(&tx.unsigned_payload()));
			let signed = tx.with_signature(keys.sign(&account, &hash).unwrap());
			assert_eq!(signed.recover_eth_address(), Ok(account));
		}
	}

	#[test]
	fn sign_should_give_nothing_when_the_account_is_another() {
		let keys = DevelopmentKeys::derive().unwrap();
		assert_eq!(keys.sign(&Account::default().address(), &H256::zero()), None);
	}
}
