//! One account and all its names: an Ethereum address, an SS58 address, 32 bytes.
//!
//! An Ethereum key's native account is its address and twelve bytes 0xEE; nothing is stored for it.
//! Any other native account has the last 20 bytes of its Keccak-256 hash as address. The way back is
//! a storage item of the EVM's pallet, written when the account first receives money.

use openledger_eth_rpc::checksummed;
use pallet_revive::AddressMapper;
use polkadot_sdk::*;
use runtime::{AccountId, Runtime};
use serde::{Deserialize, Serialize};
use sp_core::{
	crypto::{Ss58Codec, UncheckedFrom},
	H160,
};

type Mapper = <Runtime as pallet_revive::Config>::AddressMapper;

/// An account by one of its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
	/// 20 bytes.
	Ethereum(H160),
	/// 32 bytes.
	Native(AccountId),
}

impl std::str::FromStr for Address {
	type Err = String;

	/// Reads 20 or 32 bytes in hexadecimal, or SS58.
	fn from_str(text: &str) -> Result<Self, String> {
		let Some(digits) = text.strip_prefix("0x") else {
			return AccountId::from_ss58check(text).map(Self::Native).map_err(|error| {
				format!("{text:?} is no address ({error:?}): give 0x… of 20 or 32 bytes, or SS58")
			});
		};
		let bytes = hex::decode(digits).map_err(|error| format!("{text:?}: {error}"))?;
		if let Ok(bytes) = <[u8; 32]>::try_from(&bytes[..]) {
			return Ok(Self::Native(AccountId::unchecked_from(bytes.into())));
		}
		let bytes = <[u8; 20]>::try_from(&bytes[..])
			.map_err(|_| format!("{text:?} has {} bytes: an address has 20 or 32", bytes.len()))?;
		let mixed = digits.contains(|c: char| c.is_ascii_uppercase())
			&& digits.contains(|c: char| c.is_ascii_lowercase());
		let address = H160(bytes);
		if mixed && checksummed(address) != text {
			return Err(format!(
				"{text:?} has a wrong checksum (EIP-55): a letter was changed; copy it again, or \
				 write it in lower case to go without"
			));
		}
		Ok(Self::Ethereum(address))
	}
}

/// Whose key an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
	/// An Ethereum key, or a contract.
	Ethereum,
	/// A key of polkadot-js, or an account of a pallet.
	Substrate,
}

/// All names of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Names {
	/// 20 bytes in hexadecimal, with the checksum of EIP-55.
	pub ethereum: String,
	/// SS58 of this chain.
	pub substrate: String,
	/// 32 bytes in hexadecimal.
	pub account_id: String,
	/// Whose key it is.
	pub kind: Kind,
	/// Whether the chain finds the native account by the Ethereum address; none if nobody looked.
	pub mapped: Option<bool>,
}

/// Where the chain keeps the native account of an Ethereum address that is a hash of it.
pub fn mapping_key(address: &H160) -> Vec<u8> {
	let map = frame_support::storage::storage_prefix(b"Revive", b"OriginalAccount");
	[&map[..], address.as_bytes()].concat()
}

impl Address {
	/// The 20 bytes.
	pub fn ethereum(&self) -> H160 {
		match self {
			Self::Ethereum(address) => *address,
			Self::Native(account) => Mapper::to_address(account),
		}
	}

	/// The native account, given what the chain has under [`mapping_key`].
	pub fn account(&self, mapped: Option<AccountId>) -> AccountId {
		match self {
			Self::Ethereum(address) => {
				mapped.unwrap_or_else(|| Mapper::to_fallback_account_id(address))
			},
			Self::Native(account) => account.clone(),
		}
	}

	/// All names, given what the chain has under [`mapping_key`]; none if nobody looked.
	pub fn names(&self, mapping: Option<Option<AccountId>>) -> Names {
		let account = self.account(mapping.clone().flatten());
		let ethereum = Mapper::is_eth_derived(&account);
		Names {
			ethereum: checksummed(self.ethereum()),
			substrate: account.to_ss58check(),
			account_id: format!("0x{}", hex::encode(&account)),
			kind: if ethereum { Kind::Ethereum } else { Kind::Substrate },
			// Nobody can know offline whether an address is the hash of an account.
			mapped: match (&self, mapping) {
				(Self::Native(_), _) if ethereum => Some(true),
				(_, None) => None,
				(_, Some(found)) => Some(ethereum || found == Some(account)),
			},
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use sp_keyring::Sr25519Keyring;

	const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
	const ALICE_ID: &str = "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
	const ALICE_H160: &str = "0x9621DDe636dE098B43Efb0fA9b61fAcFE328F99D";

	fn read(text: &str) -> Address {
		text.parse().unwrap()
	}

	#[test]
	fn address_should_be_read_when_its_checksum_is_right_or_it_has_none() {
		let text = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
		for same in [text.to_lowercase(), format!("0x{}", text[2..].to_uppercase())] {
			assert_eq!(read(&same), read(text));
		}
	}

	#[test]
	fn address_should_be_refused_when_it_was_mistyped() {
		for wrong in [
			"",
			"0x",
			"0x12",
			"Alice",
			"//Alice",
			// A letter of another case; a digit too few; a digit that is none.
			"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed",
			"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe",
			"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeg",
			"5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQZ",
		] {
			assert!(wrong.parse::<Address>().is_err(), "{wrong}");
		}
	}

	#[test]
	fn substrate_account_should_have_its_hash_as_address_when_it_is_alice() {
		let alice = Sr25519Keyring::Alice.to_account_id();
		for text in [ALICE, ALICE_ID] {
			assert_eq!(read(text), Address::Native(alice.clone()));
		}
		let names = read(ALICE).names(Some(Some(alice.clone())));
		assert_eq!(names.ethereum, ALICE_H160);
		assert_eq!((&names.substrate[..], &names.account_id[..]), (ALICE, ALICE_ID));
		assert_eq!((names.kind, names.mapped), (Kind::Substrate, Some(true)));
		assert_eq!(read(ALICE).names(Some(None)).mapped, Some(false));
		assert_eq!(read(ALICE).names(None).mapped, None);
		// And back, which only the chain can tell.
		assert_eq!(read(ALICE_H160).names(Some(Some(alice))), names);
	}

	#[test]
	fn ethereum_key_should_be_padded_when_it_has_no_other_account() {
		let address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
		let id = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266eeeeeeeeeeeeeeeeeeeeeeee";
		let names = read(address).names(Some(None));
		assert_eq!((&names.ethereum[..], &names.account_id[..]), (address, id));
		assert_eq!((names.kind, names.mapped), (Kind::Ethereum, Some(true)));
		for other in [id, &names.substrate] {
			assert_eq!(read(other).names(None), names);
		}
		assert_eq!(read(address).names(None).mapped, None);
	}
}
