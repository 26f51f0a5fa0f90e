//! What is submitted next, as receipts of single answers or as batches, of what payers signed: a
//! function of what is on disk and what the chain says, so that a crash changes nothing.

use crate::outbox::Entry;
use codec::Encode;
use openledger_core::{Balance, Hash, ModelId, Request, Voucher};
use openledger_influence_math::{batch::MAX_ITEMS, merkle};
use sp_core::crypto::AccountId32;
use sp_runtime::MultiSignature;
use std::collections::{BTreeMap, BTreeSet};

/// Blocks before the end of its request at which an answer is submitted, with what there is.
pub const MARGIN: u32 = 100;

/// A voucher with its payer's signature.
pub type Signed = (Voucher<AccountId32>, MultiSignature);

/// When answers are submitted together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Batching {
	/// As soon as vouchers pay for so many; zero submits every answer alone.
	pub size: usize,
	/// Or one of them waits for so many blocks.
	pub after: u32,
}

/// What the chain says that batches depend on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Terms {
	/// Hash of the genesis block.
	pub genesis: Hash,
	/// The number of the best block.
	pub block: u32,
	/// The least that a batch costs, in wei.
	pub minimum_fee: Balance,
	/// The least that an answer of a batch costs, in wei.
	pub minimum_item: Balance,
	/// The most that a batch may cost, in wei.
	pub most: Balance,
	/// The most vouchers of a batch.
	pub vouchers: usize,
}

/// A channel, as the chain has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Account {
	/// What is left, in wei.
	pub balance: Balance,
	/// What was paid since it was opened, in wei.
	pub redeemed: Balance,
	/// The last nonce that was paid.
	pub nonce: u64,
	/// The same in a final block.
	pub settled: u64,
	/// Whether its payer announced its end.
	pub closing: bool,
}

/// A batch to submit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewBatch {
	/// The model version.
	pub model: ModelId,
	/// Who pays.
	pub vouchers: Vec<Signed>,
	/// What for: voucher by voucher, by rising nonces.
	pub items: Vec<Entry>,
}

impl NewBatch {
	/// The root over its items.
	pub fn root(&self) -> Hash {
		let hashes: Vec<Hash> = self.items.iter().map(Entry::hash).collect();
		merkle::root(&hashes)
	}

	/// The blob that lists them.
	pub fn blob(&self) -> Vec<u8> {
		self.items.encode()
	}
}

/// What is to be submitted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Step {
	/// A receipt.
	Single(Box<Entry>),
	/// Many answers at once.
	Batch(NewBatch),
}

/// An answer that is not paid yet.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
	/// What both sides signed.
	pub entry: Entry,
	/// The block since which it waits.
	pub since: u32,
	/// Whether it can only be a receipt.
	pub alone: bool,
}

impl Waiting {
	fn nonce(&self) -> u64 {
		self.entry.request.nonce
	}

	/// What a voucher pays for only one of.
	fn version(&self) -> (ModelId, Hash) {
		(self.entry.request.model, self.entry.request.adapter)
	}
}

/// What one payer owes.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
	/// Its channel, if there is one.
	pub account: Option<Account>,
	/// Its answers that are not paid, by rising nonces.
	pub waiting: Vec<Waiting>,
	/// Its vouchers that are not redeemed, by rising nonces.
	pub vouchers: Vec<Signed>,
}

/// What one voucher pays.
struct Part {
	voucher: Signed,
	items: Vec<Entry>,
	amount: Balance,
	since: u32,
	urgent: bool,
}

impl Queue {
	/// The last request.
	fn last(&self) -> Option<&Request<AccountId32>> {
		self.waiting.last().map(|one| &one.entry.request)
	}

	/// How many of the answers must go on chain now: those that cannot wait and all before them, as
	/// nonces rise.
	fn urgent(&self, terms: &Terms) -> usize {
		let open = self.account.is_some_and(|account| !account.closing);
		let until = terms.block.saturating_add(MARGIN);
		let now = |one: &Waiting| one.alone || !open || one.entry.request.expiry < until;
		self.waiting.iter().rposition(now).map_or(0, |last| last + 1)
	}

	/// The first of the answers behind a nonce that one voucher can pay for.
	fn run(&self, after: u64) -> &[Waiting] {
		let from = self.waiting.partition_point(|one| one.nonce() <= after);
		let rest = &self.waiting[from..];
		let version = rest.first().map(Waiting::version);
		let ends = |one: &Waiting| one.alone || Some(one.version()) != version;
		&rest[..rest.iter().position(ends).unwrap_or(rest.len())]
	}

	/// What the payer is to sign for answers up to a nonce beyond what it signed before. `None` if that
	/// is nothing, or `price` knows no price of an answer.
	pub fn owed(
		&self,
		upto: u64,
		terms: &Terms,
		price: impl Fn(&Entry) -> Option<Balance>,
	) -> Option<Voucher<AccountId32>> {
		let account = self.account?;
		let signed = self.vouchers.iter().rev().find(|(voucher, _)| voucher.nonce < upto);
		let (after, paid) = signed.map_or((account.nonce, account.redeemed), |(voucher, _)| {
			(voucher.nonce, voucher.cumulative.max(account.redeemed))
		});
		let (mut sum, mut last) = (0, None);
		let run = self.run(after).iter().take_while(|one| one.nonce() <= upto);
		for one in run.take(MAX_ITEMS as usize) {
			let with = price(&one.entry)?.checked_add(sum).filter(|sum| *sum <= terms.most);
			let Some(with) = with else { break };
			(sum, last) = (with, Some(one.entry.request.clone()));
		}
		let Request { payer, operator, model, adapter, nonce, .. } = last?;
		let paid_for = self.waiting.iter().take_while(|one| one.nonce() <= nonce);
		Some(Voucher {
			genesis: terms.genesis,
			payer,
			operator,
			model,
			adapter,
			cumulative: paid.checked_add(sum)?,
			nonce,
			// No answer outlives its voucher.
			expiry: paid_for.map(|one| one.entry.request.expiry).max().unwrap_or(0),
		})
	}

	/// The first answers with the voucher that pays for most of them.
	fn part(&self, terms: &Terms) -> Option<Part> {
		let account = self.account?;
		let run = self.run(account.nonce);
		let first = run.first()?;
		self.vouchers.iter().rev().find_map(|signed| {
			let (voucher, _) = signed;
			let count = self.waiting.partition_point(|one| one.nonce() <= voucher.nonce);
			let paid_for = run.get(..count)?;
			let amount = voucher.cumulative.checked_sub(account.redeemed)?;
			let least = terms.minimum_item.saturating_mul(count as Balance).max(1);
			let fits = (1..=MAX_ITEMS as usize).contains(&count)
				&& (least..=terms.most.min(account.balance)).contains(&amount)
				&& (voucher.model, voucher.adapter) == first.version()
				&& voucher.expiry > terms.block;
			fits.then(|| Part {
				voucher: signed.clone(),
				items: paid_for.iter().map(|one| one.entry.clone()).collect(),
				amount,
				since: paid_for.iter().map(|one| one.since).min().unwrap_or(0),
				urgent: self.urgent(terms) > 0,
			})
		})
	}
}

/// A batch of what vouchers pay for one model version, what cannot wait first; `None` if it is to
/// grow.
fn compose(mut parts: Vec<Part>, terms: &Terms, batching: Batching) -> Option<NewBatch> {
	parts.sort_by_key(|part| (!part.urgent, part.since));
	let urgent = parts.first().is_some_and(|part| part.urgent);
	let oldest = parts.iter().map(|part| part.since).min()?;
	let (mut vouchers, mut items, mut fee) = (Vec::new(), Vec::new(), 0);
	for part in parts {
		let with = part.amount.saturating_add(fee);
		let fits = vouchers.len() < terms.vouchers
			&& items.len() + part.items.len() <= MAX_ITEMS as usize
			&& with <= terms.most;
		if fits {
			fee = with;
			items.extend(part.items);
			vouchers.push(part.voucher);
		}
	}
	let old = oldest.saturating_add(batching.after) <= terms.block;
	let ready = urgent || old || items.len() >= batching.size;
	let model = vouchers.first()?.0.model;
	(ready && fee >= terms.minimum_fee).then_some(NewBatch { model, vouchers, items })
}

/// What is submitted next: full, old or urgent batches, and what cannot wait and is in none.
pub(crate) fn plan(queues: &[Queue], terms: &Terms, batching: Batching) -> Vec<Step> {
	let mut parts: BTreeMap<(ModelId, Hash), Vec<Part>> = BTreeMap::new();
	let mut paying = BTreeMap::new();
	for part in queues.iter().filter_map(|queue| queue.part(terms)) {
		let version = (part.voucher.0.model, part.voucher.0.adapter);
		paying.insert(part.voucher.0.payer.clone(), version);
		parts.entry(version).or_default().push(part);
	}
	let mut batched = BTreeSet::new();
	let mut steps = Vec::new();
	for (version, parts) in parts {
		if let Some(batch) = compose(parts, terms, batching) {
			batched.insert(version);
			steps.push(Step::Batch(batch));
		}
	}
	for queue in queues {
		// Who finds no place in this batch finds it in the next one.
		let waits = queue
			.last()
			.and_then(|request| paying.get(&request.payer))
			.is_some_and(|version| batched.contains(version));
		if !waits {
			let urgent = queue.waiting.iter().take(queue.urgent(terms));
			steps.extend(urgent.map(|one| Step::Single(Box::new(one.entry.clone()))));
		}
	}
	steps
}

#[cfg(test)]
mod tests {
	use super::*;
	use openledger_core::{payers_of, Redeemed, Reply};
	use proptest::prelude::*;

	/// Its key is this server's.
	const KEYED: u8 = 0;

	fn terms(block: u32) -> Terms {
		let (minimum_fee, minimum_item, most) = (100, 10, 2_000);
		Terms { genesis: Hash::zero(), block, minimum_fee, minimum_item, most, vouchers: 2 }
	}

	fn account(n: u8) -> AccountId32 {
		[n; 32].into()
	}

	fn signature() -> MultiSignature {
		sp_core::sr25519::Signature::from_raw([0; 64]).into()
	}

	/// An answer whose tokens cost `tokens` wei.
	fn entry(payer: u8, model: ModelId, nonce: u64, tokens: u32, expiry: u32) -> Entry {
		let request = Request {
			genesis: Hash::zero(),
			payer: account(payer),
			operator: account(9),
			model,
			adapter: Hash::zero(),
			prompt: Hash::zero(),
			maximum: 1_000,
			nonce,
			expiry,
		};
		let (request_, response) = (request.id(), Hash::zero());
		let reply =
			Reply { request: request_, response, prompt_tokens: 0, completion_tokens: tokens };
		let (payer_signature, operator_signature) = (signature(), signature());
		Entry { request, payer_signature, reply, operator_signature }
	}

	fn cost(entry: &Entry) -> Balance {
		entry.reply.completion_tokens.into()
	}

	fn price(entry: &Entry) -> Option<Balance> {
		Some(cost(entry).max(terms(0).minimum_item))
	}

	/// What survives a crash: the disk, and the chain with the rules of its pallet.
	#[derive(Default)]
	struct World {
		block: u32,
		entries: Vec<(Entry, u32)>,
		vouchers: Vec<Signed>,
		channels: BTreeMap<AccountId32, (Balance, u64)>,
		paid: BTreeMap<Hash, Step>,
		batches: usize,
	}

	impl World {
		fn queue(&self, payer: &AccountId32) -> Queue {
			let (redeemed, nonce) = self.channels.get(payer).copied().unwrap_or_default();
			let account = Account {
				balance: 1_000_000 - redeemed,
				redeemed,
				nonce,
				settled: nonce,
				closing: false,
			};
			let open =
				|request: &Request<AccountId32>| request.payer == *payer && request.nonce > nonce;
			let waiting = self.entries.iter().filter(|(entry, _)| open(&entry.request));
			let waiting = waiting.map(|(entry, since)| Waiting {
				entry: entry.clone(),
				since: *since,
				alone: false,
			});
			let signed = |(voucher, _): &&Signed| voucher.payer == *payer && voucher.nonce > nonce;
			let mut vouchers: Vec<Signed> = self.vouchers.iter().filter(signed).cloned().collect();
			vouchers.sort_by_key(|(voucher, _)| voucher.nonce);
			Queue { account: Some(account), waiting: waiting.collect(), vouchers }
		}

		/// Every payer's queue, with vouchers for what the server signs itself.
		fn queues(&self) -> Vec<Queue> {
			let payers: BTreeSet<AccountId32> =
				self.entries.iter().map(|(entry, _)| entry.request.payer.clone()).collect();
			let mut queues: Vec<Queue> = payers.iter().map(|payer| self.queue(payer)).collect();
			queues.retain(|queue| !queue.waiting.is_empty());
			for queue in &mut queues {
				let owed = queue.owed(u64::MAX, &terms(self.block), price);
				let keyed = owed.filter(|voucher| voucher.payer == account(KEYED));
				queue.vouchers.extend(keyed.map(|voucher| (voucher, signature())));
			}
			queues
		}

		fn answer(&mut self, payer: u8, model: ModelId, tokens: u32, lasts: u32) {
			let nonce = self.entries.len() as u64 + 1;
			let entry = entry(payer, model, nonce, tokens, self.block + lasts);
			self.entries.push((entry, self.block));
		}

		fn sign(&mut self, payer: u8) {
			let owed = self.queue(&account(payer)).owed(u64::MAX, &terms(self.block), price);
			self.vouchers.extend(owed.map(|voucher| (voucher, signature())));
		}

		/// The chain takes a step, or the test fails.
		fn take(&mut self, step: Step) {
			let items = match &step {
				Step::Single(entry) => {
					let Request { payer, nonce, expiry, .. } = &entry.request;
					let (redeemed, last) = self.channels.entry(payer.clone()).or_default();
					assert!(nonce > last && *expiry >= self.block);
					*last = *nonce;
					*redeemed += cost(entry).max(terms(0).minimum_fee);
					vec![(**entry).clone()]
				},
				Step::Batch(batch) => {
					let (mut fee, mut all) = (0, Vec::new());
					for (voucher, _) in &batch.vouchers {
						let channel = self.channels.entry(voucher.payer.clone()).or_default();
						let (redeemed, after) = *channel;
						assert!(voucher.nonce > after && voucher.expiry >= self.block);
						assert!(voucher.cumulative > redeemed && voucher.model == batch.model);
						*channel = (voucher.cumulative, voucher.nonce);
						let (payer, nonce) = (voucher.payer.clone(), voucher.nonce);
						let amount = voucher.cumulative - redeemed;
						fee += amount;
						all.push(Redeemed { payer, amount, after, nonce });
					}
					let terms = terms(self.block);
					let least = terms.minimum_item * batch.items.len() as Balance;
					assert!((least.max(terms.minimum_fee)..=terms.most).contains(&fee));
					assert!(batch.vouchers.len() <= terms.vouchers);
					assert!(batch.items.iter().all(|item| item.request.model == batch.model));
					assert!(payers_of(&batch.items, &all).is_some());
					self.batches += 1;
					batch.items.clone()
				},
			};
			for item in items {
				let before = self.paid.insert(item.request.id(), step.clone());
				assert_eq!(before, None, "an answer is paid twice");
			}
		}

		/// Submits what the plan says; a crash leaves the rest of it undone.
		fn submit(&mut self, batching: Batching, steps: usize) -> usize {
			let plan = plan(&self.queues(), &terms(self.block), batching);
			let done = plan.len().min(steps);
			plan.into_iter().take(done).for_each(|step| self.take(step));
			done
		}
	}

	#[derive(Clone, Debug)]
	enum Op {
		Answer(u8, ModelId, u32, u32),
		Sign(u8),
		Blocks(u32),
		Crash(usize),
	}

	fn op() -> impl Strategy<Value = Op> {
		prop_oneof![
			6 => (0u8..4, 0u32..2, 1u32..300, 120u32..400)
				.prop_map(|(who, model, tokens, lasts)| Op::Answer(who, model, tokens, lasts)),
			3 => (0u8..4).prop_map(Op::Sign),
			2 => (1u32..20).prop_map(Op::Blocks),
			1 => (0usize..3).prop_map(Op::Crash),
		]
	}

	proptest! {
		#[test]
		fn plan_should_pay_every_answer_once_when_servers_crash_and_vouchers_are_late(
			ops in prop::collection::vec(op(), 1..120), size in 0usize..6, after in 0u32..150,
		) {
			let (batching, mut world) = (Batching { size, after }, World::default());
			for op in ops {
				match op {
					Op::Answer(who, model, tokens, lasts) => world.answer(who, model, tokens, lasts),
					Op::Sign(who) => world.sign(who),
					Op::Blocks(blocks) => world.block += blocks,
					Op::Crash(steps) => {
						world.submit(batching, steps);
					},
				}
				// Until nothing is to be done in this block.
				while world.submit(batching, usize::MAX) > 0 {}
			}
			while world.paid.len() < world.entries.len() {
				world.block += 1;
				while world.submit(batching, usize::MAX) > 0 {}
			}
			for payer in (0..4).map(account) {
				let mine = || world.entries.iter().filter(|(e, _)| e.request.payer == payer);
				let least: Balance = mine().filter_map(|(entry, _)| price(entry)).sum();
				let most: Balance = mine().map(|(e, _)| cost(e).max(terms(0).minimum_fee)).sum();
				let (redeemed, _) = world.channels.get(&payer).copied().unwrap_or_default();
				prop_assert!((least..=most).contains(&redeemed), "{} {} {}", least, redeemed, most);
			}
		}
	}

	const FOUR: Batching = Batching { size: 4, after: 50 };

	#[test]
	fn plan_should_make_one_batch_when_enough_answers_are_paid() {
		let mut world = World::default();
		for (who, tokens) in [(KEYED, 40), (1, 30), (KEYED, 5)] {
			world.answer(who, 7, tokens, 1_000);
		}
		world.sign(1);
		assert_eq!(world.submit(FOUR, usize::MAX), 0, "three are not enough");
		world.answer(1, 7, 60, 1_000);
		assert_eq!(world.submit(FOUR, usize::MAX), 0, "nobody pays the fourth");
		world.sign(1);
		assert_eq!(world.submit(FOUR, usize::MAX), 1);
		assert_eq!((world.batches, world.paid.len()), (1, 4));
		// The keyed payer's cheapest answer costs the minimum of an item.
		assert_eq!(world.channels[&account(KEYED)].0 + world.channels[&account(1)].0, 140);
	}

	#[test]
	fn plan_should_submit_answers_alone_when_no_voucher_came_in_time() {
		let mut world = World::default();
		world.answer(1, 7, 30, 300);
		world.answer(1, 7, 200, 400);
		world.block = 200;
		assert_eq!(world.submit(FOUR, usize::MAX), 0);
		world.block = 201;
		assert_eq!(world.submit(FOUR, usize::MAX), 1);
		assert_eq!((world.paid.len(), world.channels[&account(1)]), (1, (100, 1)));
	}

	#[test]
	fn plan_should_submit_a_small_batch_when_it_is_old_and_costs_enough() {
		let mut world = World::default();
		world.answer(KEYED, 7, 60, 1_000);
		world.block = 50;
		assert_eq!(world.submit(FOUR, usize::MAX), 0, "it costs less than a receipt must");
		world.answer(KEYED, 7, 60, 1_000);
		assert_eq!(world.submit(FOUR, usize::MAX), 1);
		assert_eq!((world.batches, world.paid.len()), (1, 2));
	}

	#[test]
	fn owed_should_stop_where_the_model_changes_and_go_on_behind_a_voucher() {
		let mut world = World::default();
		for (model, tokens) in [(7, 30), (7, 40), (8, 50)] {
			world.answer(1, model, tokens, 1_000);
		}
		let owed = |world: &World| {
			let voucher = world.queue(&account(1)).owed(u64::MAX, &terms(0), price)?;
			Some((voucher.model, voucher.cumulative, voucher.nonce))
		};
		assert_eq!(owed(&world), Some((7, 70, 2)));
		world.sign(1);
		assert_eq!(owed(&world), Some((8, 120, 3)));
		world.sign(1);
		assert_eq!(owed(&world), None);
	}
}
