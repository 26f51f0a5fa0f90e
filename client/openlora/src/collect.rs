use crate::{
	batch::{plan, Batching, NewBatch, Queue, Signed, Step, Terms, Waiting, MARGIN},
	ledger::{Failure, Ledger, Refusal, Served},
	outbox::{Entry, Folder, Outbox},
};
use codec::Encode;
use openledger_blobs::{Space, Store};
use openledger_core::{
	Balance, Eip712Domain, Hash, Voucher, EIP712_NAME, EIP712_TYPE, EIP712_VERSION, VOUCHER_TYPE,
};
use parking_lot::Mutex;
use serde_json::{json, Value};
use sp_core::crypto::AccountId32;
use std::{
	collections::{BTreeMap, BTreeSet, HashMap, HashSet},
	sync::Arc,
};

const LOG_TARGET: &str = "openlora";

/// Answers and vouchers on their way to the chain.
pub(crate) struct Collector {
	ledger: Arc<dyn Ledger>,
	store: Store,
	/// Answers that are not paid, or not in a final block.
	pub outbox: Outbox,
	vouchers: Folder<Signed>,
	batching: Batching,
	memory: Mutex<Memory>,
}

/// What may be forgotten.
#[derive(Default)]
struct Memory {
	/// The block in which an answer was seen first.
	since: HashMap<Hash, u32>,
	/// Answers of a batch that the chain refused.
	refused: HashSet<Hash>,
}

type ByPayer<T> = BTreeMap<AccountId32, Vec<T>>;

/// How much was submitted.
#[derive(Default)]
pub(crate) struct Submitted {
	pub receipts: u64,
	pub batches: u64,
}

/// What an answer costs in a batch, if its model version is served.
fn price<'a>(served: &'a [Served], terms: &'a Terms) -> impl Fn(&Entry) -> Option<Balance> + 'a {
	|Entry { request, reply, .. }| {
		let this = |one: &&Served| (one.model, one.adapter) == (request.model, request.adapter);
		let tokens = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
		let (prompt, answer) = (tokens(reply.prompt_tokens), tokens(reply.completion_tokens));
		Some(served.iter().find(this)?.cost(prompt, answer, terms.minimum_item))
	}
}

impl Collector {
	/// Over the folders `outbox` and `vouchers` of a store.
	pub fn open(
		ledger: Arc<dyn Ledger>,
		store: Store,
		batching: Batching,
	) -> std::io::Result<Self> {
		let outbox = Outbox::open(&store.root().join("outbox"))?;
		let vouchers = Folder::open(&store.root().join("vouchers"))?;
		Ok(Self { ledger, store, outbox, vouchers, batching, memory: Mutex::default() })
	}

	/// All that is on disk, by payer.
	fn kept(&self) -> std::io::Result<(ByPayer<Entry>, ByPayer<Signed>)> {
		let (mut entries, mut vouchers) = (ByPayer::new(), ByPayer::new());
		for entry in self.outbox.waiting()? {
			let mine: &mut Vec<Entry> = entries.entry(entry.request.payer.clone()).or_default();
			mine.push(entry);
		}
		for signed in self.vouchers.waiting()? {
			let mine: &mut Vec<Signed> = vouchers.entry(signed.0.payer.clone()).or_default();
			mine.push(signed);
		}
		Ok((entries, vouchers))
	}

	/// Everybody's answers that are not paid, or those of one payer; forgets what is paid for good.
	async fn queues(&self, of: Option<&AccountId32>, terms: &Terms) -> Result<Vec<Queue>, Refusal> {
		let (mut entries, mut vouchers) = self.kept().map_err(Refusal::server)?;
		let payers: BTreeSet<AccountId32> =
			entries.keys().chain(vouchers.keys()).cloned().collect();
		let mut queues = Vec::new();
		for payer in payers.into_iter().filter(|payer| of.is_none_or(|of| of == payer)) {
			let entries = entries.remove(&payer).unwrap_or_default();
			let mut signed = vouchers.remove(&payer).unwrap_or_default();
			let account = self.ledger.account(&payer).await?;
			let (nonce, settled) = account.map_or((0, 0), |one| (one.nonce, one.settled));
			for entry in entries.iter().filter(|entry| entry.request.nonce <= settled) {
				self.outbox.done(entry).map_err(Refusal::server)?;
			}
			for voucher in signed.iter().filter(|(voucher, _)| voucher.nonce <= settled) {
				self.vouchers.done(voucher).map_err(Refusal::server)?;
			}
			signed.retain(|(voucher, _)| voucher.nonce > nonce);
			let open = entries.into_iter().filter(|entry| entry.request.nonce > nonce);
			let waiting: Vec<Waiting> = open.map(|entry| self.waiting(entry, terms)).collect();
			if !waiting.is_empty() {
				queues.push(Queue { account, waiting, vouchers: signed });
			}
		}
		Ok(queues)
	}

	fn waiting(&self, entry: Entry, terms: &Terms) -> Waiting {
		let id = entry.request.id();
		let mut memory = self.memory.lock();
		let alone = memory.refused.contains(&id) || !self.batches();
		Waiting { since: *memory.since.entry(id).or_insert(terms.block), alone, entry }
	}

	/// The queue of one payer.
	async fn queue(&self, payer: &AccountId32, terms: &Terms) -> Result<Option<Queue>, Refusal> {
		Ok(self.queues(Some(payer), terms).await?.pop())
	}

	/// Whether answers wait for a batch.
	pub fn batches(&self) -> bool {
		self.batching.size > 0
	}

	/// The voucher that a payer is to sign, in JSON: for all that waits and is not paid by one, up to a
	/// change of the model. `None` if nothing is owed, or this server signs itself.
	pub async fn owed(&self, payer: &AccountId32) -> Result<Option<Value>, Refusal> {
		// Every answer asks: nothing is read where none waits for a batch.
		if !self.batches() {
			return Ok(None);
		}
		let (terms, served) = (self.ledger.terms().await?, self.ledger.served().await?);
		let queue = self.queue(payer, &terms).await?;
		let owed = queue.and_then(|queue| queue.owed(u64::MAX, &terms, price(&served, &terms)));
		let owed = owed.filter(|voucher| self.ledger.sign_voucher(voucher).is_none());
		Ok(owed.map(|voucher| describe(&voucher, &self.ledger.domain())))
	}

	/// Keeps a voucher that pays what its answers cost. The refusal says what to sign.
	pub async fn accept(&self, signed: Signed) -> Result<(), Refusal> {
		let (voucher, signature) = &signed;
		if !self.batches() {
			return Err(Refusal::request("this server takes no vouchers: send requests alone"));
		}
		if !voucher.is_signed(signature, &self.ledger.domain()) {
			return Err(Refusal::payment(
				"the payer's signature of the voucher is wrong: sign its bytes, or with an Ethereum \
				 wallet its typed data",
			));
		}
		let (terms, served) = (self.ledger.terms().await?, self.ledger.served().await?);
		let queue = self.queue(&voucher.payer, &terms).await?;
		let queue = queue.ok_or_else(|| Refusal::request("no answer waits for a voucher"))?;
		let owed = queue.owed(voucher.nonce, &terms, price(&served, &terms));
		let owed = owed.ok_or_else(|| {
			Refusal::request(format!("no answer up to nonce {} waits for a voucher", voucher.nonce))
		})?;
		let Voucher { cumulative, expiry, .. } = *voucher;
		let same = Voucher { cumulative: owed.cumulative, expiry: owed.expiry, ..voucher.clone() };
		if same != owed || cumulative < owed.cumulative || expiry < owed.expiry {
			return Err(Refusal::payment(format!(
				"the voucher does not pay what is owed: sign cumulative {} wei, nonce {}, model {}, \
				 adapter {:?}, expiry {} or later",
				owed.cumulative, owed.nonce, owed.model, owed.adapter, owed.expiry
			)));
		}
		let left = queue.account.map(|account| account.redeemed.saturating_add(account.balance));
		if left.is_none_or(|left| cumulative > left) {
			return Err(Refusal::payment("the channel holds less than the voucher owes: fund it"));
		}
		self.vouchers.put(&signed).map_err(Refusal::server)
	}

	/// Signs what the payers owe whose keys this server holds.
	fn sign(&self, queue: &mut Queue, served: &[Served], terms: &Terms) {
		let Some(mut voucher) = queue.owed(u64::MAX, terms, price(served, terms)) else { return };
		// What waited too long to be a receipt is paid all the same.
		voucher.expiry = voucher.expiry.max(terms.block.saturating_add(MARGIN));
		if let Some(signature) = self.ledger.sign_voucher(&voucher) {
			queue.vouchers.push((voucher, signature));
		}
	}

	fn forget(&self, queues: &[Queue]) {
		let waiting = queues.iter().flat_map(|queue| &queue.waiting);
		let ids: HashSet<Hash> = waiting.map(|one| one.entry.request.id()).collect();
		let mut memory = self.memory.lock();
		memory.since.retain(|id, _| ids.contains(id));
		memory.refused.retain(|id| ids.contains(id));
	}

	/// Submits what is to be submitted now; the rest waits for the next block.
	pub async fn submit(&self, done: &mut Submitted) -> Result<(), String> {
		let (entries, vouchers) = self.kept().map_err(|error| error.to_string())?;
		if entries.is_empty() && vouchers.is_empty() {
			return Ok(());
		}
		let why = |refusal: Refusal| refusal.message;
		let terms = self.ledger.terms().await.map_err(why)?;
		let served = self.ledger.served().await.map_err(why)?;
		let mut queues = self.queues(None, &terms).await.map_err(why)?;
		self.forget(&queues);
		queues.iter_mut().for_each(|queue| self.sign(queue, &served, &terms));
		let mut failed = None;
		for step in plan(&queues, &terms, self.batching) {
			match step {
				// A later receipt would use up the nonce of one that failed.
				Step::Single(entry) => {
					let id = entry.request.id();
					let waits = |why| format!("receipt {id:?} waits: {why}");
					self.ledger.submit(&entry).await.map_err(waits)?;
					self.outbox.done(&entry).map_err(|error| error.to_string())?;
					done.receipts += 1;
				},
				Step::Batch(batch) => match self.submit_batch(&batch).await {
					Ok(taken) => done.batches += u64::from(taken),
					Err(why) => failed = Some(why),
				},
			}
		}
		failed.map_or(Ok(()), Err)
	}

	/// Whether the chain took the batch. Its answers stay in the outbox until that is final.
	async fn submit_batch(&self, batch: &NewBatch) -> Result<bool, String> {
		let stored = self.store.put(Space::Private, &batch.blob());
		stored.map_err(|error| error.to_string())?;
		match self.ledger.submit_batch(batch).await {
			Ok(()) => Ok(true),
			Err(Failure::Later(why)) => Err(format!("a batch waits: {why}")),
			Err(Failure::Never(why)) => {
				log::error!(target: LOG_TARGET, "a batch becomes single receipts: {why}");
				let ids = batch.items.iter().map(|item| item.request.id());
				self.memory.lock().refused.extend(ids);
				Ok(false)
			},
		}
	}
}

/// A voucher to sign, for clients: its bytes, and what an Ethereum wallet signs of it.
fn describe(voucher: &Voucher<AccountId32>, domain: &Eip712Domain) -> Value {
	json!({ "cumulative": voucher.cumulative.to_string(), "nonce": voucher.nonce,
		"model": voucher.model, "adapter": format!("{:?}", voucher.adapter),
		"expiry": voucher.expiry, "voucher": hex::encode(voucher.encode()),
		"typedData": typed_data(voucher, domain) })
}

/// What `eth_signTypedData_v4` takes to sign a voucher (EIP-712).
fn typed_data(voucher: &Voucher<AccountId32>, domain: &Eip712Domain) -> Value {
	let Voucher { genesis, payer, operator, model, adapter, cumulative, nonce, expiry } = voucher;
	let account = |who: &AccountId32| format!("0x{}", hex::encode(who));
	json!({
		"types": { "EIP712Domain": fields(EIP712_TYPE), "Voucher": fields(VOUCHER_TYPE) },
		"primaryType": "Voucher",
		"domain": { "name": EIP712_NAME, "version": EIP712_VERSION, "chainId": domain.chain,
			"verifyingContract": format!("{:?}", domain.contract) },
		// As texts: JavaScript's numbers are not exact.
		"message": { "genesis": format!("{genesis:?}"), "payer": account(payer),
			"operator": account(operator), "model": model, "adapter": format!("{adapter:?}"),
			"cumulative": cumulative.to_string(), "nonce": nonce.to_string(), "expiry": expiry },
	})
}

/// The fields of a type as EIP-712 writes it: `Name(type name,…)`.
fn fields(of: &str) -> Value {
	let list = of.split_once('(').map_or("", |(_, list)| list.trim_end_matches(')'));
	let field = |(kind, name): (&str, &str)| json!({ "name": name, "type": kind });
	list.split(',').filter_map(|one| one.split_once(' ')).map(field).collect()
}
