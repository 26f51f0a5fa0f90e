//! A client of a running node: storage by the runtime's own types, extrinsics by its own calls.

use codec::{Decode, Encode};
use frame_support::view_functions::{ViewFunction, ViewFunctionDispatchError};
use jsonrpsee::{
	core::{
		client::{ClientT, Subscription, SubscriptionClientT},
		traits::ToRpcParams,
	},
	rpc_params,
	ws_client::{WsClient, WsClientBuilder},
};
use pallet_balances::AccountData;
use pallet_revive::evm::tx_extension::SetOrigin;
use polkadot_sdk::frame_support::__private::metadata as frame_metadata;
use polkadot_sdk::*;
use runtime::{AccountId, Hash, Runtime, RuntimeCall, RuntimeEvent, SignedPayload, VERSION};
use sp_core::{sr25519, Pair};
use sp_runtime::{
	generic::{self, Era},
	DispatchError, ModuleError, MultiAddress, MultiSignature,
};

/// An error with what to do about it.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
/// What commands give.
pub type Result<T> = std::result::Result<T, Error>;

/// Signs extrinsics: an sr25519 key.
#[derive(Clone)]
pub struct Signer {
	pair: sr25519::Pair,
}

impl Signer {
	/// A key from a secret URI: a mnemonic, a seed in hexadecimal, or a development path such as
	/// `//Alice`.
	pub fn from_uri(uri: &str) -> Result<Self> {
		let pair = sr25519::Pair::from_string(uri, None)
			.map_err(|e| format!("{uri:?} is no secret URI ({e}): give a mnemonic or //Name"))?;
		Ok(Self { pair })
	}

	/// Its account.
	pub fn account(&self) -> AccountId {
		self.pair.public().into()
	}

	/// Sixteen random bytes.
	pub fn random() -> [u8; 16] {
		rand::random()
	}

	/// A signature over bytes.
	pub fn sign(&self, bytes: &[u8]) -> MultiSignature {
		self.pair.sign(bytes).into()
	}
}

/// A connection to a node.
pub struct Chain {
	rpc: WsClient,
	/// Hash of the genesis block.
	pub genesis: Hash,
}

/// What an extrinsic in a block did.
pub struct Included {
	/// The hash of the extrinsic.
	pub extrinsic: Hash,
	/// The hash of the block.
	pub block: Hash,
	/// Its events.
	pub events: Vec<RuntimeEvent>,
}

fn hex(bytes: &[u8]) -> String {
	format!("0x{}", hex::encode(bytes))
}

fn unhex(text: &str) -> Result<Vec<u8>> {
	Ok(hex::decode(text.trim_start_matches("0x"))?)
}

impl Chain {
	/// Connects to the RPC of a node of this version.
	pub async fn connect(url: &str) -> Result<Self> {
		let rpc = WsClientBuilder::default()
			.max_response_size(64 << 20)
			.build(url)
			.await
			.map_err(|e| format!("no node at {url} ({e}): start one with `openledger --dev`"))?;
		let genesis: Hash = rpc.request("chain_getBlockHash", rpc_params![0]).await?;
		let version: serde_json::Value =
			rpc.request("state_getRuntimeVersion", rpc_params![]).await?;
		let theirs = version["specVersion"].as_u64().unwrap_or(0);
		if theirs != u64::from(VERSION.spec_version) {
			let ours = VERSION.spec_version;
			return Err(format!(
				"the chain runs version {theirs}, this program {ours}: use the program of that version"
			)
			.into());
		}
		Ok(Self { rpc, genesis })
	}

	/// The answer of the node to a method of its RPC.
	pub async fn ask<T: serde::de::DeserializeOwned>(
		&self,
		method: &str,
		parameters: impl ToRpcParams + Send,
	) -> Result<T> {
		Ok(self.rpc.request(method, parameters).await?)
	}

	/// The number of the best block.
	pub async fn number(&self) -> Result<u32> {
		let header: serde_json::Value = self.rpc.request("chain_getHeader", rpc_params![]).await?;
		let number = header["number"].as_str().unwrap_or("0x0");
		Ok(u32::from_str_radix(number.trim_start_matches("0x"), 16)?)
	}

	/// The hash of a block of the best chain.
	pub async fn hash(&self, number: u32) -> Result<Hash> {
		Ok(self.rpc.request("chain_getBlockHash", rpc_params![number]).await?)
	}

	/// A value of the best state.
	pub async fn read<V: Decode>(&self, key: &[u8]) -> Result<Option<V>> {
		self.read_at(key, None).await
	}

	/// A value of a block's state.
	pub async fn read_at<V: Decode>(&self, key: &[u8], at: Option<Hash>) -> Result<Option<V>> {
		let value: Option<String> =
			self.rpc.request("state_getStorage", rpc_params![hex(key), at]).await?;
		value.map(|value| Ok(V::decode(&mut &unhex(&value)?[..])?)).transpose()
	}

	/// What an account has, in a block's state or the best one.
	pub async fn balance(&self, who: &AccountId, at: Option<Hash>) -> Result<AccountData<u128>> {
		let key = frame_system::Account::<Runtime>::hashed_key_for(who);
		let info: Option<frame_system::AccountInfo<u32, AccountData<u128>>> =
			self.read_at(&key, at).await?;
		Ok(info.unwrap_or_default().data)
	}

	/// What the runtime answers to a view function in the best state.
	pub async fn view<F>(&self, function: F) -> Result<F::ReturnType>
	where
		F: ViewFunction + Encode,
		F::ReturnType: Decode,
	{
		let arguments = (F::id(), function.encode()).encode();
		let method = "RuntimeViewFunction_execute_view_function";
		let answer: String =
			self.rpc.request("state_call", rpc_params![method, hex(&arguments)]).await?;
		let output = std::result::Result::<Vec<u8>, ViewFunctionDispatchError>::decode(
			&mut &unhex(&answer)?[..],
		)?
		.map_err(|error| format!("the runtime has no such view function: {error:?}"))?;
		Ok(F::ReturnType::decode(&mut &output[..])?)
	}

	/// All keys that begin with a prefix.
	pub async fn keys(&self, prefix: &[u8]) -> Result<Vec<Vec<u8>>> {
		let mut all: Vec<Vec<u8>> = Vec::new();
		loop {
			let after = all.last().map(|key| hex(key));
			let page: Vec<String> = self
				.rpc
				.request("state_getKeysPaged", rpc_params![hex(prefix), 1000, after])
				.await?;
			for key in &page {
				all.push(unhex(key)?);
			}
			if page.len() < 1000 {
				return Ok(all);
			}
		}
	}

	/// All values under a prefix, with what follows the prefix in their keys.
	pub async fn values<V: Decode>(&self, prefix: &[u8]) -> Result<Vec<(Vec<u8>, V)>> {
		let mut all = Vec::new();
		for key in self.keys(prefix).await? {
			if let Some(value) = self.read(&key).await? {
				all.push((key[prefix.len()..].to_vec(), value));
			}
		}
		Ok(all)
	}

	/// Signs, sends and waits until the extrinsic is in a block; a failed dispatch is an error.
	pub async fn send(&self, signer: &Signer, call: impl Into<RuntimeCall>) -> Result<Included> {
		let extrinsic = self.sign(signer, call.into()).await?.encode();
		let mut watch: Subscription<serde_json::Value> = self
			.rpc
			.subscribe(
				"author_submitAndWatchExtrinsic",
				rpc_params![hex(&extrinsic)],
				"author_unwatchExtrinsic",
			)
			.await
			.map_err(|e| format!("the node refused the transaction: {e}"))?;
		while let Some(status) = watch.next().await {
			let status = status?;
			if let Some(block) = status["inBlock"].as_str() {
				return self.outcome(block.parse()?, &extrinsic).await;
			}
			for end in ["dropped", "invalid", "usurped", "finalityTimeout"] {
				if status.get(end).is_some() || status.as_str() == Some(end) {
					return Err(format!("the transaction was {end}: {status}").into());
				}
			}
		}
		Err("the node closed the connection before the transaction was in a block".into())
	}

	/// Waits until no transaction of an account is on its way.
	pub async fn idle(&self, who: &AccountId) -> Result<()> {
		let key = frame_system::Account::<Runtime>::hashed_key_for(who);
		self.until(|| async {
			let next = self.next_nonce(who).await?;
			let info: Option<frame_system::AccountInfo<u32, AccountData<u128>>> =
				self.read(&key).await?;
			Ok((info.unwrap_or_default().nonce == next).then_some(()))
		})
		.await
	}

	/// The nonce of an account's next transaction, those on their way counted.
	async fn next_nonce(&self, who: &AccountId) -> Result<u32> {
		use sp_core::crypto::Ss58Codec;
		self.ask("system_accountNextIndex", rpc_params![who.to_ss58check()]).await
	}

	async fn sign(
		&self,
		signer: &Signer,
		call: RuntimeCall,
	) -> Result<runtime::UncheckedExtrinsic> {
		let nonce = self.next_nonce(&signer.account()).await?;
		Ok(signed(call, nonce, self.genesis, signer))
	}

	async fn outcome(&self, block: Hash, extrinsic: &[u8]) -> Result<Included> {
		let body: serde_json::Value =
			self.rpc.request("chain_getBlock", rpc_params![block]).await?;
		let sent = hex(extrinsic);
		let index = body["block"]["extrinsics"]
			.as_array()
			.and_then(|all| all.iter().position(|one| one.as_str() == Some(&sent)))
			.ok_or("the block does not hold the transaction")?;
		let events: Vec<RuntimeEvent> = self
			.events(block)
			.await?
			.into_iter()
			.filter(|(phase, _)| *phase == frame_system::Phase::ApplyExtrinsic(index as u32))
			.map(|(_, event)| event)
			.collect();
		let failed = events.iter().find_map(|event| match event {
			RuntimeEvent::System(frame_system::Event::ExtrinsicFailed {
				dispatch_error, ..
			}) => Some(explain(dispatch_error)),
			_ => None,
		});
		match failed {
			Some(why) => Err(why.into()),
			None => {
				let extrinsic = sp_io::hashing::blake2_256(extrinsic).into();
				Ok(Included { extrinsic, block, events })
			},
		}
	}

	/// The calls of a block's extrinsics.
	pub async fn calls(&self, block: Hash) -> Result<Vec<RuntimeCall>> {
		let body: serde_json::Value =
			self.rpc.request("chain_getBlock", rpc_params![block]).await?;
		let call = |extrinsic: &serde_json::Value| -> Result<RuntimeCall> {
			let bytes = unhex(extrinsic.as_str().unwrap_or_default())?;
			Ok(runtime::UncheckedExtrinsic::decode(&mut &bytes[..])?.0.function)
		};
		let extrinsics = body["block"]["extrinsics"].as_array();
		extrinsics.ok_or("the node does not have the block")?.iter().map(call).collect()
	}

	/// The events of a block.
	pub async fn events(&self, block: Hash) -> Result<Vec<(frame_system::Phase, RuntimeEvent)>> {
		let key = frame_support::storage::storage_prefix(b"System", b"Events");
		let records: Vec<frame_system::EventRecord<RuntimeEvent, Hash>> =
			self.read_at(&key, Some(block)).await?.unwrap_or_default();
		Ok(records.into_iter().map(|record| (record.phase, record.event)).collect())
	}

	/// Waits for new best blocks: `check` is asked at once and after each until it answers.
	pub async fn until<T, F>(&self, mut check: impl FnMut() -> F) -> Result<T>
	where
		F: std::future::Future<Output = Result<Option<T>>>,
	{
		let mut heads: Subscription<serde_json::Value> = self
			.rpc
			.subscribe("chain_subscribeNewHeads", rpc_params![], "chain_unsubscribeNewHeads")
			.await?;
		loop {
			if let Some(answer) = check().await? {
				return Ok(answer);
			}
			heads.next().await.ok_or("the node closed the connection")??;
		}
	}
}

/// An immortal extrinsic of a chain with this genesis, signed.
pub fn signed(
	call: RuntimeCall,
	nonce: u32,
	genesis: Hash,
	signer: &Signer,
) -> runtime::UncheckedExtrinsic {
	let extension = runtime::evm::extension(nonce, 0, Era::Immortal, SetOrigin::default());
	let (spec, transaction) = (VERSION.spec_version, VERSION.transaction_version);
	let implicit = ((), (), spec, transaction, genesis, genesis, (), (), (), (), None, ());
	let payload = SignedPayload::from_raw(call, extension, implicit);
	let signature = payload.using_encoded(|data| signer.sign(data));
	let (call, extension, _) = payload.deconstruct();
	let address = MultiAddress::Id(signer.account());
	generic::UncheckedExtrinsic::new_signed(call, address, signature, extension).into()
}

/// The keys of a double map under a first key that is hashed with Twox64Concat.
pub fn under(pallet: &str, item: &str, first: u32) -> Vec<u8> {
	let map = frame_support::storage::storage_prefix(pallet.as_bytes(), item.as_bytes());
	let key = <frame_support::Twox64Concat as frame_support::StorageHasher>::hash(&first.encode());
	[&map[..], &key[..]].concat()
}

/// The keys of a map.
pub fn all(pallet: &str, item: &str) -> Vec<u8> {
	frame_support::storage::storage_prefix(pallet.as_bytes(), item.as_bytes()).to_vec()
}

/// A dispatch error by its name and what its documentation says.
fn explain(error: &DispatchError) -> String {
	let DispatchError::Module(ModuleError { index, error: code, .. }) = error else {
		return format!("the chain refused: {error:?}");
	};
	let named = || {
		// Some constants of the runtime are read from storage: there must be one, if an empty one.
		let described = sp_io::TestExternalities::new_empty().execute_with(Runtime::metadata);
		let metadata = match described.1 {
			frame_metadata::RuntimeMetadata::V14(metadata) => metadata,
			_ => return None,
		};
		let pallet = metadata.pallets.iter().find(|pallet| pallet.index == *index)?;
		let kind = metadata.types.resolve(pallet.error.as_ref()?.ty.id)?;
		let scale_info::TypeDef::Variant(variants) = &kind.type_def else { return None };
		let variant = variants.variants.iter().find(|variant| variant.index == code[0])?;
		let docs = variant.docs.join(" ");
		Some(format!("the chain refused ({}.{}): {}", pallet.name, variant.name, docs.trim()))
	};
	named().unwrap_or_else(|| format!("the chain refused: {error:?}"))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn explain_should_name_the_error_when_a_pallet_refuses() {
		let error = pallet_attribution::Error::<Runtime>::MethodOff.into();
		let why = explain(&error);
		assert!(why.starts_with("the chain refused (Attribution.MethodOff): "), "{why}");
	}
}
