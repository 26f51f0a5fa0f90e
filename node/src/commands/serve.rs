use super::{
	batch::{drawn, items, listed, open_batches, read as read_batch, Listed},
	earnings::Receipt,
	model::{BaseEntry, Design, Model},
	open, show_open, Common,
};
use crate::chain::{all, Chain, Result, Signer};
use async_trait::async_trait;
use codec::{Decode, Encode};
use jsonrpsee::rpc_params;
use openledger_blobs::Store;
use openledger_core::{Balance, Eip712Domain, ModelId, Reply, Request, Voucher, BASIS_POINTS};
use openledger_influence_math::money::MAX_POOL;
use openledger_openlora::{
	router, Account, Batching, Entry, Failure, Ledger, NewBatch, Outbox, Refusal, Served, Server,
	Terms,
};
use pallet_attribution::{BatchId, Call, Event, Parameters, ScorerId, Work, MAX_VOUCHERS};
use pallet_models::Stage;
use polkadot_sdk::*;
use runtime::{AccountId, Hash, Runtime};
use sp_core::crypto::Ss58Codec;
use sp_runtime::MultiSignature;
use std::{
	collections::{BTreeMap, BTreeSet, HashMap},
	net::SocketAddr,
	sync::Arc,
};
use tokio::sync::Mutex;

/// Blocks after which a request that a wallet of this server signed is void.
const EXPIRY: u32 = 1_000;

/// Serves the models that you announced with `openledger model serve`: OpenLoRA over HTTP.
#[derive(Debug, clap::Args)]
pub struct ServeCommand {
	/// Where to listen.
	#[arg(long, default_value = "127.0.0.1:8080")]
	listen: SocketAddr,
	/// Lets OpenAI clients pay: an API key and the account behind it, KEY=//Name. The server holds
	/// that account's key.
	#[arg(long, value_parser = api_key)]
	api_key: Vec<(String, String)>,
	/// What such an account sets aside when its channel is too low, in $OPEN.
	#[arg(long, value_parser = open, default_value = "50")]
	top_up: u128,
	/// Days that prompts and answers are kept.
	#[arg(long, default_value_t = 30)]
	retention: u64,
	/// Collects answers into batches of so many, which cost less than receipts: payers sign vouchers for
	/// what they owe. Zero submits every answer alone.
	///
	/// The server signs for the accounts of its API keys; others give a voucher with their next request
	/// or to POST /v1/vouchers, as `openledger ask` does; Ethereum wallets sign its typed data. An answer
	/// that no voucher pays 100 blocks before its request ends is submitted alone, at the price of a
	/// receipt.
	#[arg(long, value_name = "N", default_value_t = 0)]
	batch: usize,
	/// Submits a smaller batch when an answer of it waits for so many blocks.
	#[arg(long, value_name = "BLOCKS", default_value_t = 200, requires = "batch")]
	batch_after: u32,
}

fn api_key(text: &str) -> std::result::Result<(String, String), String> {
	let (key, uri) = text.split_once('=').ok_or("write KEY=//Name")?;
	Ok((key.into(), uri.into()))
}

type Channel = pallet_attribution::Channel<<Runtime as pallet_attribution::Config>::Consideration>;

/// The chain as the server sees it, and what is promised but not yet on it.
struct ChainLedger {
	chain: Chain,
	signer: Signer,
	store: Store,
	keys: HashMap<String, Signer>,
	top_up: Balance,
	/// Answers on their way: nonce and highest cost, by payer.
	pending: Mutex<HashMap<AccountId, BTreeMap<u64, Balance>>>,
	/// Batches of this operator that are not closed.
	batches: Mutex<BTreeSet<BatchId>>,
}

impl ServeCommand {
	pub async fn run(&self, common: &Common) -> Result<()> {
		let keys = self
			.api_key
			.iter()
			.map(|(key, uri)| Ok((key.clone(), Signer::from_uri(uri)?)))
			.collect::<Result<_>>()?;
		let store = Store::open(&common.blobs)?;
		let ledger = ChainLedger {
			chain: common.chain().await?,
			signer: common.signer()?,
			store: store.clone(),
			keys,
			top_up: self.top_up,
			pending: Mutex::default(),
			batches: Mutex::default(),
		};
		ledger.find_batches().await?;
		let who = ledger.signer.account().to_ss58check();
		let served = ledger.served().await?;
		// Answers that a crash left on their way: their nonces are used, their fees promised.
		for entry in Outbox::open(&store.root().join("outbox"))?.waiting()? {
			let Entry { request, reply, .. } = entry;
			let tokens = (reply.prompt_tokens as usize, reply.completion_tokens as usize);
			let this = |one: &&Served| (one.model, one.adapter) == (request.model, request.adapter);
			let model = served.iter().find(this);
			let cost = model.map_or(request.maximum, |model| model.fee(tokens.0, tokens.1));
			let mut pending = ledger.pending.lock().await;
			let mine: &mut BTreeMap<u64, Balance> = pending.entry(request.payer).or_default();
			mine.insert(request.nonce, cost);
		}
		let forgotten = store.forget(self.retention)?;
		let batching = Batching { size: self.batch, after: self.batch_after };
		let ledger = Arc::new(ledger);
		let server = Server::new(ledger.clone(), store, batching)?;
		let listener = tokio::net::TcpListener::bind(self.listen)
			.await
			.map_err(|e| format!("{} cannot be listened at: {e}", self.listen))?;
		println!("{who} serves at http://{}", self.listen);
		for model in &served {
			let (input, output) = (show_open(model.input_price), show_open(model.output_price));
			println!("  {}: {input} / {output} $OPEN per 1,000 tokens in / out", model.name());
		}
		if forgotten > 0 {
			println!(
				"  {forgotten} prompts and answers older than {} days removed",
				self.retention
			);
		}
		// What a server sent before it was stopped changes what is to be submitted.
		let submitting = server.clone();
		tokio::spawn(async move {
			if let Err(why) = ledger.chain.idle(&ledger.signer.account()).await {
				log::warn!(target: "openlora", "{why}");
			}
			submitting.submit_receipts().await
		});
		axum::serve(listener, router(server)).await?;
		Ok(())
	}
}

impl ChainLedger {
	async fn read<V: Decode>(&self, key: &[u8]) -> std::result::Result<Option<V>, Refusal> {
		self.chain.read(key).await.map_err(Refusal::server)
	}

	async fn channel_of(&self, payer: &AccountId) -> std::result::Result<Option<Channel>, Refusal> {
		let operator = self.signer.account();
		self.read(&pallet_attribution::Channels::<Runtime>::hashed_key_for(payer, operator))
			.await
	}

	async fn settings(&self) -> std::result::Result<Parameters, Refusal> {
		let settings = pallet_attribution::Settings::<Runtime>::hashed_key();
		Ok(self.read(&settings).await?.unwrap_or_default())
	}

	/// Finds the batches of this operator that are not closed: a crash may have come before they were
	/// listed.
	async fn find_batches(&self) -> Result<()> {
		let me = self.signer.account();
		for (id, batch) in open_batches(&self.chain).await? {
			if batch.operator == me {
				self.list(id, batch.items).await?;
			}
		}
		Ok(())
	}

	async fn list(&self, batch: BatchId, items: Hash) -> Result<()> {
		self.batches.lock().await.insert(batch);
		Ok(listed(&self.store)?.put(&Listed { batch, items })?)
	}

	/// Whether a batch is closed; closes it if it is done.
	async fn close(&self, id: BatchId) -> Result<bool> {
		let Some(batch) = read_batch(&self.chain, id).await? else { return Ok(true) };
		let Some(posting) = batch.posting else { return Ok(false) };
		let done = batch.left == 0 || self.chain.number().await? > posting.until;
		let key =
			pallet_attribution::Periods::<Runtime>::hashed_key_for(batch.model, posting.period);
		let settled = self.chain.read::<pallet_attribution::Period>(&key).await?.is_none();
		if !done || !settled {
			return Ok(false);
		}
		self.chain.send(&self.signer, Call::close_batch { batch: id }).await?;
		log::info!(target: "openlora", "batch {id} is closed");
		Ok(true)
	}

	/// What a channel has left with everything on its way taken off, and the last nonce used.
	async fn left(&self, payer: &AccountId) -> std::result::Result<(Balance, u64), Refusal> {
		let channel = self.channel_of(payer).await?.filter(|channel| channel.closing.is_none());
		let channel = channel.ok_or_else(|| {
			let operator = self.signer.account().to_ss58check();
			Refusal::payment(format!(
				"{} has no open channel to {operator}: `openledger ask` opens one, or call \
				 attribution.fundChannel",
				payer.to_ss58check()
			))
		})?;
		let mut pending = self.pending.lock().await;
		let mine = pending.entry(payer.clone()).or_default();
		mine.retain(|nonce, _| *nonce > channel.nonce);
		let promised: Balance = mine.values().sum();
		let last = mine.keys().next_back().copied().unwrap_or(channel.nonce);
		Ok((channel.balance.saturating_sub(promised), last))
	}
}

impl ChainLedger {
	/// Whether a seat of this work reads a private blob.
	async fn is_read_for(&self, work: Work, blob: Hash) -> Result<bool> {
		Ok(match work {
			Work::Answer(id) => {
				let key = pallet_attribution::Receipts::<Runtime>::hashed_key_for(id);
				let receipt: Option<Receipt> = self.chain.read(&key).await?;
				receipt.is_some_and(|r| r.prompt == blob || r.response == blob)
			},
			Work::Batch(id) => {
				let Some(batch) = read_batch(&self.chain, id).await? else { return Ok(false) };
				let listed = items(&self.store, &batch.items).unwrap_or_default();
				let drawn = drawn(&batch, &listed).unwrap_or_default();
				let mut drawn = drawn.iter().filter_map(|item| listed.get(usize::from(*item)));
				blob == batch.items
					|| drawn.any(|one| one.request.prompt == blob || one.reply.response == blob)
			},
			Work::Training(_) => false,
		})
	}
}

#[async_trait]
impl Ledger for ChainLedger {
	async fn served(&self) -> std::result::Result<Vec<Served>, Refusal> {
		let me = self.signer.account();
		let settings = self.settings().await?;
		let prefix = all("Models", "Operators");
		let keys = self.chain.keys(&prefix).await.map_err(Refusal::server)?;
		let mut served = Vec::new();
		for key in keys {
			// Twox64Concat of the model, Blake2_128Concat of the operator.
			let mut rest = &key[prefix.len() + 8..];
			let Ok(id) = ModelId::decode(&mut rest) else { continue };
			if AccountId::decode(&mut &rest[16..]) != Ok(me.clone()) {
				continue;
			}
			let key = pallet_models::Models::<Runtime>::hashed_key_for(id);
			let Some(model) = self.read::<Model>(&key).await? else { continue };
			let Stage::Ready { adapter } = model.stage else { continue };
			if model.retired.is_some() {
				continue;
			}
			let key = pallet_models::Bases::<Runtime>::hashed_key_for(model.run.base);
			let Some(base) = self.read::<BaseEntry>(&key).await? else { continue };
			let key = pallet_attribution::Designs::<Runtime>::hashed_key_for(id);
			let Some(design) = self.read::<Design>(&key).await? else { continue };
			served.push(Served {
				model: id,
				adapter,
				base: base.manifest,
				input_price: model.price.input,
				output_price: model.price.output,
				minimum_fee: settings.minimum_fee,
				scoring: settings.scoring(design.scored_under()),
			});
		}
		served.sort_by_key(|served| served.model);
		Ok(served)
	}

	async fn channel(&self, payer: &AccountId) -> std::result::Result<(Balance, u64), Refusal> {
		self.left(payer).await
	}

	async fn check(
		&self,
		request: &Request<AccountId>,
		signature: &MultiSignature,
		cost: Balance,
	) -> std::result::Result<(), Refusal> {
		if request.genesis != self.chain.genesis {
			return Err(Refusal::payment("the request was signed for another chain"));
		}
		if request.operator != self.signer.account() {
			return Err(Refusal::payment("the request pays another operator"));
		}
		if cost > request.maximum {
			return Err(Refusal::payment(format!(
				"the answer may cost {} $OPEN, the request pays at most {}",
				show_open(cost),
				show_open(request.maximum)
			)));
		}
		if !request.is_signed(signature, &self.domain()) {
			return Err(Refusal::payment("the payer's signature is wrong"));
		}
		let now = self.chain.number().await.map_err(Refusal::server)?;
		if request.expiry < now.saturating_add(20) {
			return Err(Refusal::payment(
				"the request expires too soon: give it 20 blocks or more",
			));
		}
		let (left, last) = self.left(&request.payer).await?;
		if request.nonce <= last {
			return Err(Refusal::payment(format!("nonce {last} was used: take a higher one")));
		}
		if left < cost {
			return Err(Refusal::payment(format!(
				"the channel has {} $OPEN left, the answer may cost {}: fund it",
				show_open(left),
				show_open(cost)
			)));
		}
		let mut pending = self.pending.lock().await;
		pending.entry(request.payer.clone()).or_default().insert(request.nonce, cost);
		Ok(())
	}

	async fn request_for_key(
		&self,
		key: &str,
		model: &Served,
		prompt: Hash,
		maximum: Balance,
	) -> std::result::Result<(Request<AccountId>, MultiSignature), Refusal> {
		let signer = self.keys.get(key).ok_or_else(|| Refusal {
			status: 401,
			kind: "invalid_request_error",
			message: "this API key is unknown here".into(),
		})?;
		let payer = signer.account();
		let (left, _) = self.left(&payer).await.unwrap_or((0, 0));
		if left < maximum {
			let operator = self.signer.account();
			let amount = self.top_up.max(maximum);
			let call = Call::fund_channel { operator, amount };
			self.chain.send(signer, call).await.map_err(Refusal::payment)?;
		}
		let (_, last) = self.left(&payer).await?;
		let now = self.chain.number().await.map_err(Refusal::server)?;
		let request = Request {
			genesis: self.chain.genesis,
			payer,
			operator: self.signer.account(),
			model: model.model,
			adapter: model.adapter,
			prompt,
			maximum,
			nonce: last + 1,
			expiry: now.saturating_add(EXPIRY),
		};
		let signature = signer.sign(&request.payload());
		Ok((request, signature))
	}

	fn sign(&self, reply: &Reply) -> MultiSignature {
		self.signer.sign(&reply.payload())
	}

	async fn submit(&self, entry: &Entry) -> std::result::Result<(), String> {
		let entry = entry.clone();
		let id = entry.request.id();
		let call = Call::submit_receipt {
			request: entry.request,
			payer_signature: entry.payer_signature,
			reply: entry.reply,
			operator_signature: entry.operator_signature,
		};
		match self.chain.send(&self.signer, call).await.map_err(failure) {
			Ok(_) => Ok(()),
			Err(Failure::Never(why)) => {
				log::error!(target: "openlora", "receipt {id:?} is given up: {why}");
				Ok(())
			},
			Err(Failure::Later(why)) => Err(why),
		}
	}

	async fn may_read(&self, key: [u8; 32], blob: Hash) -> bool {
		let check = async {
			let key = ScorerId::decode(&mut &key[..])?;
			let owner = pallet_attribution::KeyOwner::<Runtime>::hashed_key_for(&key);
			let Some(owner) = self.chain.read::<AccountId>(&owner).await? else {
				return Ok(false);
			};
			let hashed = <frame_support::Blake2_128Concat as frame_support::StorageHasher>::hash(
				&owner.encode(),
			);
			let prefix = [all("Attribution", "Assignments"), hashed].concat();
			for key in self.chain.keys(&prefix).await? {
				// Behind the hash of the work.
				let work = Work::decode(&mut &key[prefix.len() + 16..])?;
				if self.is_read_for(work, blob).await? {
					return Ok(true);
				}
			}
			Result::Ok(false)
		};
		check.await.unwrap_or(false)
	}

	async fn terms(&self) -> std::result::Result<Terms, Refusal> {
		let settings = self.settings().await?;
		// What may become the contributors' part.
		let share = settings.split.contributors.saturating_add(settings.split.developer).max(1);
		let most = settings
			.largest_pool()
			.saturating_mul(BASIS_POINTS.into())
			.checked_div(share.into())
			.unwrap_or(0);
		Ok(Terms {
			genesis: self.chain.genesis,
			block: self.chain.number().await.map_err(Refusal::server)?,
			minimum_fee: settings.minimum_fee,
			minimum_item: settings.minimum_item,
			most: most.min(MAX_POOL),
			vouchers: MAX_VOUCHERS as usize,
		})
	}

	async fn account(&self, payer: &AccountId) -> std::result::Result<Option<Account>, Refusal> {
		let Some(channel) = self.channel_of(payer).await? else { return Ok(None) };
		let operator = self.signer.account();
		let key = pallet_attribution::Channels::<Runtime>::hashed_key_for(payer, operator);
		let settled = async {
			let last: Hash = self.chain.ask("chain_getFinalizedHead", rpc_params![]).await?;
			self.chain.read_at::<Channel>(&key, Some(last)).await
		};
		let settled = settled.await.map_err(Refusal::server)?;
		Ok(Some(Account {
			balance: channel.balance,
			redeemed: channel.redeemed,
			nonce: channel.nonce,
			settled: settled.map_or(0, |channel| channel.nonce),
			closing: channel.closing.is_some(),
		}))
	}

	fn domain(&self) -> Eip712Domain {
		runtime::openledger::Eip712::get()
	}

	fn sign_voucher(&self, voucher: &Voucher<AccountId>) -> Option<MultiSignature> {
		let signer = self.keys.values().find(|signer| signer.account() == voucher.payer)?;
		Some(signer.sign(&voucher.payload()))
	}

	async fn submit_batch(&self, batch: &NewBatch) -> std::result::Result<(), Failure> {
		let count = batch.items.len();
		let call = Call::submit_batch {
			model: batch.model,
			vouchers: batch.vouchers.clone().try_into().map_err(|_| too_many())?,
			root: batch.root(),
			items: openledger_blobs::hash(&batch.blob()).into(),
			count: u16::try_from(count).map_err(|_| too_many())?,
		};
		let included = self.chain.send(&self.signer, call).await.map_err(failure)?;
		let submitted = super::event(included, |event| match event {
			runtime::RuntimeEvent::Attribution(Event::BatchSubmitted {
				batch, items, fee, ..
			}) => Some((batch, items, fee)),
			_ => None,
		});
		let (id, items, fee) = submitted.map_err(failure)?;
		let fee = show_open(fee);
		log::info!(target: "openlora", "batch {id}: {count} answers for {fee} $OPEN");
		self.list(id, items).await.map_err(failure)
	}

	async fn close_batches(&self) -> std::result::Result<(), String> {
		let open: Vec<BatchId> = self.batches.lock().await.iter().copied().collect();
		for id in open {
			let closed = self.close(id).await;
			if closed.map_err(|why| format!("batch {id} cannot be closed: {why}"))? {
				self.batches.lock().await.remove(&id);
			}
		}
		Ok(())
	}

	async fn next_block(&self) -> std::result::Result<(), String> {
		let next = async {
			let before = self.chain.number().await?;
			let check = || async { Ok((self.chain.number().await? > before).then_some(())) };
			self.chain.until(check).await
		};
		next.await.map_err(|error| error.to_string())
	}
}

fn too_many() -> Failure {
	Failure::Never("it has too many items or vouchers".into())
}

/// What the chain itself refuses for another reason than its present state, it refuses for ever.
fn failure(error: crate::chain::Error) -> Failure {
	let why = error.to_string();
	let later = ["Attribution.Busy", "Attribution.NotActive", "Attribution.Paused"];
	let refused = why.starts_with("the chain refused (Attribution.");
	if refused && !later.iter().any(|name| why.contains(name)) {
		Failure::Never(why)
	} else {
		Failure::Later(why)
	}
}
