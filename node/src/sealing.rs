//! Blocks on demand instead of one in each slot, for developing on a chain of one node.
//!
//! The blocks are BABE's all the same: the node claims a slot with the validator's key, so a block
//! has its VRF output, and what draws from these outputs works as ever. What differs is who decides
//! when: a block is made for a transaction, for a request or at an interval, and is final at once.
//! As each block needs a slot of its own, the chain's time runs ahead of the clock where blocks come
//! faster than slots, and waits for it afterwards.

use crate::service::{inherents, BabeImport, FullClient, FullPool, SelectChain};
use futures::{
	channel::{mpsc, oneshot},
	SinkExt, Stream, StreamExt,
};
use openledger_eth_rpc::Sealer;
use parking_lot::Mutex;
use polkadot_sdk::*;
use runtime::{Hash, OpaqueBlock as Block};
use sc_basic_authorship::ProposerFactory;
use sc_client_api::HeaderBackend;
use sc_consensus_babe::{find_pre_digest, BabeLink};
use sc_consensus_manual_seal::{
	consensus::babe::BabeConsensusDataProvider, rpc, run_manual_seal, EngineCommand,
	ManualSealParams,
};
use sc_transaction_pool_api::TransactionPool;
use sp_core::crypto::{key_types, ByteArray};
use sp_keystore::KeystorePtr;
use std::{future::Future, str::FromStr, sync::Arc, time::Duration};
use tokio::sync::watch;

/// Commands that may wait for the author.
const COMMANDS: usize = 1_024;
/// How long the pool may take to see a block.
const POOL_PATIENCE: Duration = Duration::from_secs(10);
/// The latest time of a block, in seconds since 1970: what milliseconds in JavaScript can hold.
const END_OF_TIME: u64 = (1 << 53) / 1_000;

/// When blocks are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealing {
	/// For each transaction, at once.
	Instant,
	/// When somebody asks.
	Manual,
	/// Every so often.
	Interval(Duration),
}

impl FromStr for Sealing {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let milliseconds = match text {
			"instant" => return Ok(Self::Instant),
			"manual" => return Ok(Self::Manual),
			"interval" => Some(runtime::SLOT_MILLIS),
			other => other.strip_prefix("interval=").and_then(|digits| digits.parse().ok()),
		};
		milliseconds
			.filter(|milliseconds| *milliseconds > 0)
			.map(|milliseconds| Self::Interval(Duration::from_millis(milliseconds)))
			.ok_or_else(|| "write instant, manual, interval or interval=MILLISECONDS".into())
	}
}

/// The time of blocks: the machine's, moved as somebody asked, and never in a slot that is taken.
pub struct Clock {
	/// Milliseconds of a slot.
	slot: u64,
	/// Milliseconds since 1970.
	wall: fn() -> u64,
	time: Mutex<Time>,
}

#[derive(Default)]
struct Time {
	/// Milliseconds from the machine's time to the chain's.
	ahead: i64,
	/// What the next block has, if somebody said so.
	next: Option<u64>,
	/// The last slot in which a block was made on demand.
	last: u64,
}

impl Time {
	fn next(&self, wall: u64, slot: u64) -> u64 {
		let free = self.last.saturating_add(1).saturating_mul(slot);
		self.next.unwrap_or_else(|| wall.saturating_add_signed(self.ahead)).max(free)
	}
}

impl Clock {
	/// The machine's time, in slots of so many milliseconds.
	pub fn new(slot: u64) -> Self {
		let wall = || *sp_timestamp::Timestamp::current();
		Self { slot, wall, time: Default::default() }
	}

	/// Milliseconds since 1970 that a block has, if it is made now.
	pub fn now(&self) -> u64 {
		self.time.lock().next((self.wall)(), self.slot)
	}

	/// Remembers that a slot has a block.
	fn reserve(&self, slot: u64) {
		let mut time = self.time.lock();
		time.last = time.last.max(slot);
	}

	/// Takes the time of a block on top of one in slot `parent`.
	fn take(&self, parent: u64) -> u64 {
		self.reserve(parent);
		let wall = (self.wall)();
		let mut time = self.time.lock();
		let taken = time.next(wall, self.slot);
		if time.next.take().is_some() {
			time.ahead = taken as i64 - wall as i64;
		}
		time.last = taken / self.slot;
		taken
	}

	/// Moves the time forward by seconds; gives the seconds that it is ahead of the machine's.
	fn increase(&self, seconds: u64) -> Result<i64, String> {
		let wall = (self.wall)();
		let mut time = self.time.lock();
		let moved = time.next(wall, self.slot).saturating_add(seconds.saturating_mul(1_000));
		check(moved / 1_000)?;
		time.ahead = moved as i64 - wall as i64;
		time.next = None;
		Ok(time.ahead / 1_000)
	}

	/// Sets the time of the next block, in seconds.
	fn set_next(&self, seconds: u64) -> Result<(), String> {
		check(seconds)?;
		let mut time = self.time.lock();
		let first = time.last.saturating_add(1).saturating_mul(self.slot).div_ceil(1_000);
		if seconds < first {
			return Err(format!(
				"timestamp {seconds} is too early: the next block has {first} or later, as each \
				 block has a slot of {} ms of its own",
				self.slot
			));
		}
		time.next = Some(seconds * 1_000);
		Ok(())
	}
}

fn check(seconds: u64) -> Result<(), String> {
	if seconds > END_OF_TIME {
		return Err(format!(
			"the time would be beyond {END_OF_TIME}: give seconds, not milliseconds"
		));
	}
	Ok(())
}

/// Which blocks are made without being asked for.
#[derive(Clone, Copy)]
struct Mode {
	automine: bool,
	interval: Option<Duration>,
}

impl From<Sealing> for Mode {
	fn from(sealing: Sealing) -> Self {
		Self {
			automine: sealing == Sealing::Instant,
			interval: match sealing {
				Sealing::Interval(interval) => Some(interval),
				Sealing::Instant | Sealing::Manual => None,
			},
		}
	}
}

/// Asks the author for blocks.
pub struct Demand {
	clock: Arc<Clock>,
	client: Arc<FullClient>,
	pool: Arc<FullPool>,
	commands: mpsc::Sender<EngineCommand<Hash>>,
	mode: watch::Sender<Mode>,
	/// Held while a block is made and finalized: the next one comes after it.
	turn: tokio::sync::Mutex<()>,
}

impl Demand {
	/// With the commands that the author is to follow.
	pub fn new(
		sealing: Sealing,
		clock: Arc<Clock>,
		client: Arc<FullClient>,
		pool: Arc<FullPool>,
	) -> (Arc<Self>, mpsc::Receiver<EngineCommand<Hash>>) {
		let (commands, receiver) = mpsc::channel(COMMANDS);
		let mode = watch::Sender::new(sealing.into());
		let turn = Default::default();
		(Arc::new(Self { clock, client, pool, commands, mode, turn }), receiver)
	}

	/// A way to the author, for the methods that the SDK has for it.
	pub fn commands(&self) -> mpsc::Sender<EngineCommand<Hash>> {
		self.commands.clone()
	}

	/// Makes the blocks that nobody asks for. Ends with the node.
	pub async fn run(self: Arc<Self>) {
		let mut mode = self.mode.subscribe();
		let mut imports = self.pool.import_notification_stream();
		loop {
			let Mode { automine, interval } = *mode.borrow_and_update();
			let mut ticks = ticks(interval);
			if automine {
				self.mine_all().await;
			}
			loop {
				tokio::select! {
					changed = mode.changed() => match changed {
						Ok(()) => break,
						Err(_) => return,
					},
					import = imports.next() => match import {
						Some(_) if automine => self.mine_all().await,
						Some(_) => {},
						None => return,
					},
					_ = ticks.next() => warn(self.seal().await),
				}
			}
		}
	}

	/// Makes blocks until no transaction is left that may go into one.
	async fn mine_all(&self) {
		let mut before = usize::MAX;
		loop {
			let _turn = self.turn.lock().await;
			let best = self.client.chain_info().best_hash;
			let ready = self.pool.ready_at_with_timeout(best, POOL_PATIENCE).await.count();
			// Those that a block did not take would not be taken by an equal one.
			if ready == 0 || ready >= before {
				return;
			}
			before = ready;
			warn(self.make().await);
		}
	}

	/// Has the author follow a command; gives what it answers.
	async fn command<T>(
		&self,
		command: impl FnOnce(rpc::Sender<T>) -> EngineCommand<Hash>,
	) -> Result<T, String> {
		let gone = || "the author is gone: start the node again".to_string();
		let (sender, receiver) = oneshot::channel();
		let sent = self.commands.clone().send(command(Some(sender))).await;
		sent.map_err(|_| gone())?;
		match receiver.await {
			Ok(answer) => answer.map_err(|error| error.to_string()),
			Err(_) => Err(gone()),
		}
	}

	/// Makes a block and finalizes it. The caller holds the turn.
	async fn make(&self) -> Result<(), String> {
		let block = self
			.command(|sender| EngineCommand::SealNewBlock {
				create_empty: true,
				// BABE looks up what it finalizes, and an import is not yet there.
				finalize: false,
				parent_hash: None,
				sender,
			})
			.await?;
		self.command(|sender| EngineCommand::FinalizeBlock {
			hash: block.hash,
			sender,
			justification: None,
		})
		.await?;
		// Whoever goes on from this block finds the pool there.
		self.pool.ready_at_with_timeout(block.hash, POOL_PATIENCE).await;
		Ok(())
	}
}

/// Tells of a block that nobody waits for and that was not made.
fn warn(made: Result<(), String>) {
	if let Err(error) = made {
		log::warn!("No block was made: {error}");
	}
}

/// What makes the blocks.
pub struct Author {
	pub block_import: BabeImport,
	pub env: ProposerFactory<FullPool, FullClient>,
	pub client: Arc<FullClient>,
	pub pool: Arc<FullPool>,
	pub select_chain: SelectChain,
	pub babe_link: BabeLink<Block>,
	pub keystore: KeystorePtr,
	pub clock: Arc<Clock>,
	pub commands: mpsc::Receiver<EngineCommand<Hash>>,
}

impl Author {
	/// Makes blocks as commanded. Fails if the node has not the keys of all validators, as each slot
	/// has one validator that may take it.
	pub fn run(self) -> Result<impl Future<Output = ()>, String> {
		let Self { client, pool, keystore, clock, .. } = self;
		let validators = self.babe_link.config().authorities.clone();
		let has = |key: &[u8]| keystore.has_keys(&[(key.to_vec(), key_types::BABE)]);
		if !validators.iter().all(|(key, _)| has(key.as_slice())) {
			return Err("--sealing needs the validator's key: start the node with --dev, or with \
			            --alice on a chain that has no other validator"
				.into());
		}
		let slot_of = |client: &FullClient, hash| -> Result<u64, sp_blockchain::Error> {
			let header = client.expect_header(hash)?;
			let digest = find_pre_digest::<Block>(&header)
				.map_err(|error| sp_blockchain::Error::Application(Box::new(error)))?;
			Ok(*digest.slot())
		};
		let best = slot_of(&client, client.chain_info().best_hash);
		clock.reserve(best.map_err(|error| error.to_string())?);
		let slot_duration = self.babe_link.config().slot_duration();
		let digests = BabeConsensusDataProvider::new(
			client.clone(),
			keystore,
			self.babe_link.epoch_changes().clone(),
			validators,
		)
		.map_err(|error| error.to_string())?;
		let parents = client.clone();
		let (heads, ready) = (client.clone(), pool.clone());
		Ok(run_manual_seal(ManualSealParams {
			block_import: self.block_import,
			env: self.env,
			client,
			pool,
			commands_stream: self
				.commands
				.then(move |command| {
					let (heads, ready) = (heads.clone(), ready.clone());
					async move { prepared(command, &heads, &ready).await }
				})
				.boxed(),
			select_chain: self.select_chain,
			consensus_data_provider: Some(Box::new(digests)),
			create_inherent_data_providers: move |parent, ()| {
				let slot = slot_of(&parents, parent);
				let clock = clock.clone();
				async move { Ok(inherents(clock.take(slot?), slot_duration)) }
			},
		}))
	}
}

/// A command as the SDK is to get it. Before a block, the pool has to know the one that it is built
/// on: till then it has no transactions for it, though their senders were told that it has.
async fn prepared(
	command: EngineCommand<Hash>,
	client: &FullClient,
	pool: &FullPool,
) -> EngineCommand<Hash> {
	match command {
		EngineCommand::SealNewBlock { create_empty, finalize, parent_hash, sender } => {
			let parent = parent_hash.unwrap_or_else(|| client.chain_info().best_hash);
			let ready = pool.ready_at_with_timeout(parent, POOL_PATIENCE).await.count();
			// The SDK takes a block of one transaction for an empty one, as it counts BABE's
			// inherent, which is no extrinsic.
			let create_empty = create_empty || ready > 0;
			EngineCommand::SealNewBlock { create_empty, finalize, parent_hash, sender }
		},
		other => other,
	}
}

/// One item for each interval that has gone by; nothing ever without one.
fn ticks(interval: Option<Duration>) -> impl Stream<Item = ()> + Unpin {
	futures::stream::unfold(interval, |interval| async move {
		match interval {
			Some(interval) => tokio::time::sleep(interval).await,
			None => std::future::pending().await,
		}
		Some(((), Some(interval?)))
	})
	.boxed()
}

#[async_trait::async_trait]
impl Sealer for Demand {
	async fn seal(&self) -> Result<(), String> {
		let _turn = self.turn.lock().await;
		self.make().await
	}

	async fn settled(&self) {
		let automine = self.mode.borrow().automine;
		if automine {
			self.mine_all().await;
		}
	}

	fn set_automine(&self, on: bool) {
		self.mode.send_modify(|mode| mode.automine = on);
	}

	fn set_interval(&self, interval: Option<Duration>) {
		self.mode.send_modify(|mode| mode.interval = interval);
	}

	fn increase_time(&self, seconds: u64) -> Result<i64, String> {
		self.clock.increase(seconds)
	}

	fn set_next_timestamp(&self, seconds: u64) -> Result<(), String> {
		self.clock.set_next(seconds)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// A clock of slots of three seconds on a machine on which it is always second 100.
	fn clock() -> Clock {
		Clock { slot: 3_000, wall: || 100_000, time: Default::default() }
	}

	#[test]
	fn sealing_should_be_read_when_it_is_written_as_in_the_help() {
		assert_eq!("instant".parse(), Ok(Sealing::Instant));
		assert_eq!("manual".parse(), Ok(Sealing::Manual));
		let interval = |milliseconds| Ok(Sealing::Interval(Duration::from_millis(milliseconds)));
		assert_eq!("interval=250".parse(), interval(250));
		assert_eq!("interval".parse(), interval(runtime::SLOT_MILLIS));
		for wrong in ["", "Instant", "interval=", "interval=0", "interval=-1", "interval=1s"] {
			assert!(wrong.parse::<Sealing>().is_err(), "{wrong}");
		}
	}

	#[test]
	fn time_should_be_the_machines_when_slots_are_free() {
		let clock = clock();
		assert_eq!(clock.now(), 100_000);
		assert_eq!(clock.take(5), 100_000);
	}

	#[test]
	fn time_should_advance_by_slots_when_blocks_come_faster() {
		let clock = clock();
		assert_eq!(clock.take(0), 100_000);
		// Slot 33 began at 99,000 and is taken.
		assert_eq!((clock.now(), clock.take(33)), (102_000, 102_000));
		// On an older block, too: no validator makes two blocks in a slot.
		assert_eq!(clock.take(33), 105_000);
		assert_eq!(clock.take(40), 123_000);
	}

	#[test]
	fn time_should_go_on_from_there_when_it_was_moved() {
		let clock = clock();
		assert_eq!(clock.increase(60), Ok(60));
		assert_eq!((clock.now(), clock.take(0)), (160_000, 160_000));
		assert_eq!(clock.set_next(1_000), Ok(()));
		assert_eq!((clock.now(), clock.take(0)), (1_000_000, 1_000_000));
		assert_eq!(clock.take(0), 1_002_000);
		// By as much as was asked, from where the chain is and not from where the machine is.
		assert_eq!(clock.increase(60), Ok(965));
		assert_eq!(clock.take(0), 1_065_000);
	}

	#[test]
	fn time_should_be_refused_when_it_is_past_or_absurd() {
		let clock = clock();
		assert_eq!(clock.take(0), 100_000);
		assert!(clock.set_next(101).unwrap_err().contains("102 or later"));
		assert_eq!(clock.set_next(102), Ok(()));
		assert!(clock.set_next(1_700_000_000_000_000).is_err());
		assert!(clock.increase(u64::MAX).is_err());
		assert_eq!(clock.take(0), 102_000);
	}
}
