//! Filters: what happened since a client last asked.
//!
//! Nothing is done for a filter while nobody asks. All of them read the same two journals, one of
//! the chain and one of the pool, each from where it stopped reading.

use crate::{
	block::Transaction, indexer::ChainUpdate, rpc::Inner, types::LogFilter, types::Quantity, Error,
	EthClient, EthRpc, Log,
};
use jsonrpsee::{
	core::{async_trait, RpcResult},
	proc_macros::rpc,
};
use parking_lot::Mutex;
use sc_transaction_pool_api::TransactionPool;
use serde_json::{json, Value};
use sp_core::{H256, U256};
use sp_runtime::traits::Block as BlockT;
use std::{
	collections::{HashMap, VecDeque},
	sync::Arc,
	time::{Duration, Instant},
};

/// Bytes of blocks and of transactions that the journals hold for filters that do not ask.
const JOURNAL_BYTES: usize = 64 << 20;

/// The methods of filters; names and shapes as in the Ethereum execution API specification.
#[rpc(server)]
pub trait EthFilterApi {
	/// A filter for logs.
	#[method(name = "eth_newFilter", blocking)]
	fn new_filter(&self, filter: LogFilter) -> RpcResult<U256>;

	/// A filter for the hashes of new blocks.
	#[method(name = "eth_newBlockFilter", blocking)]
	fn new_block_filter(&self) -> RpcResult<U256>;

	/// A filter for transactions that enter the pool: their hashes, or the whole of them.
	#[method(name = "eth_newPendingTransactionFilter")]
	async fn new_pending_filter(&self, whole: Option<bool>) -> RpcResult<U256>;

	/// What happened since the last time.
	#[method(name = "eth_getFilterChanges", blocking)]
	fn filter_changes(&self, id: Quantity) -> RpcResult<Vec<Value>>;

	/// All that a filter for logs admits in its range of blocks.
	#[method(name = "eth_getFilterLogs", blocking)]
	fn filter_logs(&self, id: Quantity) -> RpcResult<Vec<Log>>;

	/// Whether there was such a filter; there is none now.
	#[method(name = "eth_uninstallFilter")]
	fn uninstall_filter(&self, id: Quantity) -> RpcResult<bool>;
}

/// What a filter looks for.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
	/// New blocks.
	Blocks,
	/// Logs.
	Logs(Arc<LogFilter>),
	/// Transactions in the pool, `true` for the whole of them.
	Pending(bool),
}

/// Items in the order of their arrival, the oldest of which go when there are too many bytes.
struct Journal<T> {
	/// The index of the first item that is left.
	first: u64,
	/// With their bytes.
	items: VecDeque<(T, usize)>,
	bytes: usize,
}

impl<T> Default for Journal<T> {
	fn default() -> Self {
		Self { first: 0, items: VecDeque::new(), bytes: 0 }
	}
}

impl<T> Journal<T> {
	/// The index after the last item.
	fn end(&self) -> u64 {
		self.first.saturating_add(self.items.len() as u64)
	}

	fn push(&mut self, item: T, bytes: usize, capacity: usize) {
		self.items.push_back((item, bytes));
		self.bytes = self.bytes.saturating_add(bytes);
		while self.bytes > capacity && self.drop_first() {}
	}

	fn drop_first(&mut self) -> bool {
		let Some((_, bytes)) = self.items.pop_front() else { return false };
		self.first = self.first.saturating_add(1);
		self.bytes = self.bytes.saturating_sub(bytes);
		true
	}

	/// Drops what is before `index`.
	fn trim(&mut self, index: u64) {
		while self.first < index && self.drop_first() {}
	}

	/// The items from `index` on; none if some of them are gone.
	fn since(&self, index: u64) -> Option<impl Iterator<Item = &T>> {
		let skip = usize::try_from(index.checked_sub(self.first)?).ok()?;
		Some(self.items.iter().skip(skip).map(|(item, _)| item))
	}
}

/// The filters of all clients.
pub(crate) struct Filters(Mutex<State>);

struct State {
	installed: HashMap<U256, Installed>,
	chain: Journal<Arc<ChainUpdate>>,
	pool: Journal<Arc<Transaction>>,
	limits: Limits,
}

/// Limits on filters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
	/// Filters at one time.
	pub(crate) filters: usize,
	/// How long a filter lives that nobody asks for.
	pub(crate) idle: Duration,
	/// Items in one answer; the next one goes on from there.
	pub(crate) items: usize,
	/// Bytes in each journal.
	pub(crate) bytes: usize,
}

impl Default for Limits {
	fn default() -> Self {
		Self { filters: 1_000, idle: Duration::from_secs(300), items: 10_000, bytes: JOURNAL_BYTES }
	}
}

struct Installed {
	kind: Kind,
	/// Where it goes on reading its journal.
	next: u64,
	used: Instant,
}

impl Default for Filters {
	fn default() -> Self {
		Self::new(Limits::default())
	}
}

impl Filters {
	fn new(limits: Limits) -> Self {
		Self(Mutex::new(State {
			installed: HashMap::new(),
			chain: Journal::default(),
			pool: Journal::default(),
			limits,
		}))
	}

	/// Changes the number of filters, how long they live unused, and the items of an answer.
	pub(crate) fn limit(&self, filters: usize, idle: Duration, items: usize) {
		let mut state = self.0.lock();
		state.limits = Limits { filters, idle, items, ..state.limits };
	}

	/// Adds a filter and gives its id, which nobody can guess.
	pub(crate) fn install(&self, kind: Kind, now: Instant) -> Result<U256, Error> {
		let mut state = self.0.lock();
		state.expire(now);
		if state.installed.len() >= state.limits.filters {
			return Err(Error::Limit(format!(
				"too many filters: the node holds {} already; uninstall those that you do not use, \
				 or try again later",
				state.limits.filters
			)));
		}
		let next = match kind {
			Kind::Pending(_) => state.pool.end(),
			_ => state.chain.end(),
		};
		let id = U256::from(rand::random::<u128>());
		state.installed.insert(id, Installed { kind, next, used: now });
		Ok(id)
	}

	/// Removes a filter; false if there is none.
	pub(crate) fn uninstall(&self, id: U256) -> bool {
		let mut state = self.0.lock();
		let was = state.installed.remove(&id).is_some();
		state.trim();
		was
	}

	/// What a filter for logs looks for.
	pub(crate) fn criteria(&self, id: U256, now: Instant) -> Result<Arc<LogFilter>, Error> {
		let mut state = self.0.lock();
		state.expire(now);
		match state.installed.get_mut(&id) {
			Some(Installed { kind: Kind::Logs(filter), used, .. }) => {
				*used = now;
				Ok(filter.clone())
			},
			_ => Err(Error::refused("filter not found")),
		}
	}

	/// What a filter found since the last time.
	pub(crate) fn changes(&self, id: U256, now: Instant) -> Result<Vec<Value>, Error> {
		let mut guard = self.0.lock();
		guard.expire(now);
		let State { installed, chain, pool, limits } = &mut *guard;
		let filter = installed.get_mut(&id).ok_or_else(|| Error::refused("filter not found"))?;
		let mut found = Vec::new();
		let read = match &filter.kind {
			Kind::Blocks => chain.since(filter.next).map(|updates| {
				gather(updates, limits.items, &mut found, |update| {
					Ok(update.enacted.iter().map(|block| json!(block.hash())).collect())
				})
			}),
			Kind::Logs(logs) => chain.since(filter.next).map(|updates| {
				gather(updates, limits.items, &mut found, |update| {
					update.logs(logs).map(|log| to_value(&log)).collect()
				})
			}),
			Kind::Pending(whole) => pool.since(filter.next).map(|arrivals| {
				gather(arrivals, limits.items, &mut found, |arrived| {
					let item = if *whole { arrived.to_json(None)? } else { json!(arrived.hash) };
					Ok(vec![item])
				})
			}),
		};
		let Some(read) = read else {
			installed.remove(&id);
			return Err(Error::refused(
				"filter not found: more happened than is kept for a filter that does not ask; make \
				 a new one and ask eth_getLogs for what lies between",
			));
		};
		filter.next = filter.next.saturating_add(read?);
		filter.used = now;
		guard.trim();
		Ok(found)
	}

	/// A change of the best chain, for filters of blocks and logs.
	pub(crate) fn on_chain(&self, update: Arc<ChainUpdate>, now: Instant) {
		let mut state = self.0.lock();
		state.expire(now);
		let blocks = update.retracted.iter().chain(&update.enacted);
		let bytes = blocks.map(|block| 1_024 + 2 * block.rlp().len()).sum();
		let capacity = state.limits.bytes;
		state.chain.push(update, bytes, capacity);
		state.trim();
	}

	/// A transaction in the pool, for filters of those.
	pub(crate) fn on_pool(&self, transaction: Arc<Transaction>, now: Instant) {
		let mut state = self.0.lock();
		state.expire(now);
		// Once as it was signed, once decoded.
		let bytes = 512 + 2 * transaction.payload.len();
		let capacity = state.limits.bytes;
		state.pool.push(transaction, bytes, capacity);
		state.trim();
	}
}

impl State {
	fn expire(&mut self, now: Instant) {
		let idle = self.limits.idle;
		self.installed
			.retain(|_, filter| now.saturating_duration_since(filter.used) <= idle);
	}

	/// Drops what every filter has read.
	fn trim(&mut self) {
		let (mut chain, mut pool) = (self.chain.end(), self.pool.end());
		for filter in self.installed.values() {
			match filter.kind {
				Kind::Pending(_) => pool = pool.min(filter.next),
				_ => chain = chain.min(filter.next),
			}
		}
		self.chain.trim(chain);
		self.pool.trim(pool);
	}
}

/// Adds what is found in each of `items` until there is enough, and gives the number of items.
fn gather<'a, T: 'a>(
	items: impl Iterator<Item = &'a Arc<T>>,
	enough: usize,
	found: &mut Vec<Value>,
	find: impl Fn(&T) -> Result<Vec<Value>, Error>,
) -> Result<u64, Error> {
	let mut read = 0;
	for item in items {
		if found.len() >= enough {
			break;
		}
		found.extend(find(item)?);
		read += 1;
	}
	Ok(read)
}

fn to_value(log: &Log) -> Result<Value, Error> {
	serde_json::to_value(log).map_err(Error::internal)
}

impl<Block, C, P> Inner<Block, C, P>
where
	Block: BlockT<Hash = H256>,
	C: EthClient<Block>,
	P: TransactionPool<Block = Block> + 'static,
{
	fn install(&self, kind: Kind) -> Result<U256, Error> {
		// What is in a block by now is not new to the filter.
		self.indexer.catch_up()?;
		self.indexer.filters.install(kind, Instant::now())
	}
}

#[async_trait]
impl<Block, C, P> EthFilterApiServer for EthRpc<Block, C, P>
where
	Block: BlockT<Hash = H256>,
	C: EthClient<Block>,
	P: TransactionPool<Block = Block> + 'static,
{
	fn new_filter(&self, filter: LogFilter) -> RpcResult<U256> {
		filter.check()?;
		filter.check_changes()?;
		Ok(self.0.install(Kind::Logs(Arc::new(filter)))?)
	}

	fn new_block_filter(&self) -> RpcResult<U256> {
		Ok(self.0.install(Kind::Blocks)?)
	}

	async fn new_pending_filter(&self, whole: Option<bool>) -> RpcResult<U256> {
		// The journal is written from now on.
		drop(self.0.arrivals());
		let kind = Kind::Pending(whole.unwrap_or(false));
		Ok(self.0.indexer.filters.install(kind, Instant::now())?)
	}

	fn filter_changes(&self, id: Quantity) -> RpcResult<Vec<Value>> {
		self.0.indexer.catch_up()?;
		Ok(self.0.indexer.filters.changes(id.0, Instant::now())?)
	}

	fn filter_logs(&self, id: Quantity) -> RpcResult<Vec<Log>> {
		let filter = self.0.indexer.filters.criteria(id.0, Instant::now())?;
		Ok(self.0.logs(&filter)?)
	}

	fn uninstall_filter(&self, id: Quantity) -> RpcResult<bool> {
		Ok(self.0.indexer.filters.uninstall(id.0))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::indexer::tests::loaded;
	use pallet_revive::evm::{Account, Transaction1559Unsigned, TransactionUnsigned};
	use serde_json::from_value;
	use sp_core::H160;

	fn update(retracted: &[(u64, u8, &[u64])], enacted: &[(u64, u8, &[u64])]) -> Arc<ChainUpdate> {
		let blocks = |of: &[(u64, u8, &[u64])]| {
			of.iter().map(|(number, fork, nonces)| loaded(*number, *fork, nonces)).collect()
		};
		Arc::new(ChainUpdate { retracted: blocks(retracted), enacted: blocks(enacted) })
	}

	fn logs_of(address: u8) -> Kind {
		let filter = json!({ "address": H160::repeat_byte(address) });
		Kind::Logs(Arc::new(from_value(filter).unwrap()))
	}

	fn transaction(nonce: u64) -> Arc<Transaction> {
		let tx = Transaction1559Unsigned { nonce: nonce.into(), ..Default::default() };
		let tx = TransactionUnsigned::from(tx);
		let payload = Account::default().sign_transaction(tx).signed_payload();
		Arc::new(Transaction::decode(0, &payload).unwrap())
	}

	fn message<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
		result.unwrap_err().to_string()
	}

	#[test]
	fn filter_should_show_logs_as_removed_when_their_block_is_retracted() {
		let (filters, now) = (Filters::default(), Instant::now());
		filters.on_chain(update(&[], &[(1, 0, &[0])]), now);
		let id = filters.install(logs_of(1), now).unwrap();
		filters.on_chain(update(&[], &[(2, 0, &[0, 1])]), now);
		filters.on_chain(update(&[(2, 0, &[0, 1])], &[(2, 1, &[]), (3, 1, &[0])]), now);
		let found = filters.changes(id, now).unwrap();
		let seen: Vec<_> = found
			.iter()
			.map(|log| (log["blockNumber"].as_str().unwrap(), log["removed"].as_bool().unwrap()))
			.collect();
		assert_eq!(seen, [("0x2", false), ("0x2", true), ("0x3", false)]);
		assert_eq!(found[0]["blockHash"], found[1]["blockHash"]);
		assert_eq!(found[0]["logIndex"], found[1]["logIndex"]);
		assert_eq!(filters.changes(id, now).unwrap(), Vec::<Value>::new());
	}

	#[test]
	fn block_filter_should_give_the_hashes_that_joined_when_the_chain_reorganises() {
		let (filters, now) = (Filters::default(), Instant::now());
		let id = filters.install(Kind::Blocks, now).unwrap();
		filters.on_chain(update(&[], &[(1, 0, &[])]), now);
		filters.on_chain(update(&[(1, 0, &[])], &[(1, 1, &[]), (2, 1, &[])]), now);
		let expected =
			[(1, 0), (1, 1), (2, 1)].map(|(number, fork)| json!(loaded(number, fork, &[]).hash()));
		assert_eq!(filters.changes(id, now).unwrap(), expected);
	}

	#[test]
	fn pending_filter_should_give_hashes_or_the_whole_when_transactions_arrive() {
		let (filters, now) = (Filters::default(), Instant::now());
		let hashes = filters.install(Kind::Pending(false), now).unwrap();
		let whole = filters.install(Kind::Pending(true), now).unwrap();
		let transaction = transaction(3);
		filters.on_pool(transaction.clone(), now);
		assert_eq!(filters.changes(hashes, now).unwrap(), [json!(transaction.hash)]);
		let found = filters.changes(whole, now).unwrap();
		assert_eq!(found[0]["nonce"], "0x3");
		assert_eq!(found[0]["blockHash"], Value::Null);
		let late = filters.install(Kind::Pending(false), now).unwrap();
		assert!(filters.changes(late, now).unwrap().is_empty());
	}

	#[test]
	fn filter_should_expire_when_nobody_asks_for_it() {
		let (filters, start) = (Filters::default(), Instant::now());
		let [asked, idle] = [1, 2].map(|_| filters.install(Kind::Blocks, start).unwrap());
		let later = start + Duration::from_secs(299);
		filters.changes(asked, later).unwrap();
		let end = start + Duration::from_secs(301);
		assert_eq!(message(filters.changes(idle, end)), "filter not found");
		filters.changes(asked, end).unwrap();
	}

	#[test]
	fn filter_should_be_gone_when_it_is_uninstalled_or_never_was() {
		let (filters, now) = (Filters::default(), Instant::now());
		let id = filters.install(logs_of(1), now).unwrap();
		assert!(filters.criteria(id, now).is_ok());
		assert!(filters.uninstall(id));
		assert!(!filters.uninstall(id));
		assert_eq!(message(filters.changes(id, now)), "filter not found");
		assert_eq!(message(filters.criteria(id, now)), "filter not found");
		let blocks = filters.install(Kind::Blocks, now).unwrap();
		assert_eq!(message(filters.criteria(blocks, now)), "filter not found");
	}

	#[test]
	fn install_should_be_refused_when_there_are_too_many_until_some_expire() {
		let (filters, now) = (Filters::default(), Instant::now());
		filters.limit(2, Duration::from_secs(10), 100);
		for _ in 0..2 {
			filters.install(Kind::Blocks, now).unwrap();
		}
		assert!(message(filters.install(Kind::Blocks, now)).starts_with("too many filters"));
		filters.install(Kind::Blocks, now + Duration::from_secs(11)).unwrap();
	}

	#[test]
	fn changes_should_come_in_parts_when_there_are_many() {
		let (filters, now) = (Filters::default(), Instant::now());
		filters.limit(2, Duration::from_secs(10), 2);
		let id = filters.install(Kind::Pending(false), now).unwrap();
		let all: Vec<_> = (0..3).map(transaction).collect();
		all.iter().for_each(|transaction| filters.on_pool(transaction.clone(), now));
		let parts: Vec<_> = (0..3).map(|_| filters.changes(id, now).unwrap()).collect();
		assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 0]);
		let hashes: Vec<_> = all.iter().map(|transaction| json!(transaction.hash)).collect();
		assert_eq!(parts.concat(), hashes);
	}

	#[test]
	fn filter_should_fail_and_not_skip_when_it_fell_behind_the_journal() {
		let limits = Limits { bytes: 4_000, ..Limits::default() };
		let (filters, now) = (Filters::new(limits), Instant::now());
		let id = filters.install(Kind::Blocks, now).unwrap();
		for number in 0..10 {
			filters.on_chain(update(&[], &[(number, 0, &[])]), now);
		}
		assert!(message(filters.changes(id, now)).starts_with("filter not found: more happened"));
		assert_eq!(message(filters.changes(id, now)), "filter not found");
	}

	#[test]
	fn journals_should_be_empty_when_no_filter_reads_them() {
		let (filters, now) = (Filters::default(), Instant::now());
		let held = |filters: &Filters| {
			let state = filters.0.lock();
			(state.chain.items.len(), state.chain.bytes, state.pool.items.len())
		};
		filters.on_chain(update(&[], &[(1, 0, &[0])]), now);
		filters.on_pool(transaction(0), now);
		assert_eq!(held(&filters), (0, 0, 0));
		let [one, two] = [1, 2].map(|_| filters.install(Kind::Blocks, now).unwrap());
		filters.on_chain(update(&[], &[(2, 0, &[])]), now);
		filters.changes(one, now).unwrap();
		assert_eq!(held(&filters).0, 1, "the other has not asked yet");
		filters.uninstall(two);
		assert_eq!(held(&filters), (0, 0, 0));
	}
}
