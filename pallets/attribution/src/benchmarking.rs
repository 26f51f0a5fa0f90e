//! Benchmarks of the calls and hooks, each in its worst case, with real keys and signatures.
//!
//! Where costs are not linear they are convex, so that a line through both ends (`--steps 2`) is
//! nowhere below them.
#![allow(missing_docs)]

use super::*;
use frame::{
	benchmarking::prelude::*,
	deps::{
		sp_core::{crypto::KeyTypeId, sr25519},
		sp_io::crypto::{sr25519_generate, sr25519_sign},
		sp_runtime::RuntimeAppPublic,
	},
	traits::Authorize,
};
use openledger_core::{Hash, ModelInfo};
use openledger_influence_math::{
	batch::{self, Entry},
	design, merkle,
	score::NAT,
	Spans,
};

/// Makes what benchmarks need of other pallets.
pub trait BenchmarkHelper<AccountId> {
	/// A model version with a design of `blocks` contributors and `adapters` counterfactual
	/// adapters, served by `operator`.
	fn model(operator: &AccountId, blocks: u32, adapters: u16) -> ModelId;
}

/// The execution class of all scorers.
const CLASS: Class = 1;
const KEYS: KeyTypeId = KeyTypeId(*b"acco");
/// In wei.
const FORTUNE: Balance = 1_000_000_000_000_000_000_000_000;
/// The most blocks and adapters.
const LARGEST: (u32, u16) = (MAX_BLOCKS, MAX_ADAPTERS as u16);

fn rich<T: Config>(who: T::AccountId) -> T::AccountId {
	T::Currency::mint_into(&who, FORTUNE).expect("nobody is that rich; qed");
	who
}

/// A rich account that can sign.
fn signer<T: Config>() -> (sr25519::Public, T::AccountId) {
	let key = sr25519_generate(KEYS, None);
	(key, rich::<T>(AccountId32::from(key).into()))
}

/// As wallets sign: the payload is not signed as it is, which is found out first.
fn sign(key: &sr25519::Public, payload: &[u8]) -> MultiSignature {
	let wrapped = [b"<Bytes>", payload, b"</Bytes>"].concat();
	sr25519_sign(KEYS, key, &wrapped).expect("the key was generated; qed").into()
}

/// As many as there may be of an answer of a model of so many blocks.
fn spans(blocks: u32) -> Spans {
	let found: Vec<(u16, u64)> = (0..blocks as u16).map(|block| (block, 1)).collect();
	Spans::new(&found, blocks.into())
}

/// Spans are paid as well.
fn pay_for_spans<T: Config>() {
	Settings::<T>::mutate(|settings| settings.spans.share = BASIS_POINTS / 2);
}

/// Every contributor to a model version owes something.
fn in_debt<T: Config>(model: ModelId) -> Result<(), BenchmarkError> {
	let design = Designs::<T>::get(model).ok_or("it is designed")?;
	design
		.blocks
		.iter()
		.for_each(|block| Debts::<T>::insert(model, &block.owner, 1));
	Ok(())
}

fn hot_key<T: Config>(who: &T::AccountId) -> (ScorerId, ScorerSignature) {
	let key = ScorerId::generate_pair(None);
	let payload = (scorers::SCORER_DOMAIN, Pallet::<T>::genesis(), who).encode();
	let proof = key.sign(&payload).expect("the key was generated; qed");
	(key, proof)
}

fn set_now<T: Config>(block: u32) {
	System::<T>::set_block_number(block.into());
}

/// Leaves room in the agenda at the end of the search alone.
fn crowd<T: Config>(from: u32) {
	let tasks = BoundedVec::truncate_from(alloc::vec![Due::Seed(0); MAX_TASKS as usize]);
	(from..from + PUT_OFF - 1).for_each(|block| Agenda::<T>::insert(block, &tasks));
}

/// Bonds a scorer; `n` others can be drawn.
fn bonded<T: Config>(n: u32) -> (T::AccountId, ScorerId) {
	let (_, who) = signer::<T>();
	let (key, proof) = hot_key::<T>(&who);
	Drawable::<T>::put(BoundedVec::truncate_from(others::<T>(0..n)));
	Pallet::<T>::do_bond(who.clone(), key.clone(), proof, CLASS, minimum_bond::<T>())
		.expect("the proof is right; qed");
	(who, key)
}

/// Scorers that can be drawn and never act.
fn others<T: Config>(numbers: core::ops::Range<u32>) -> Vec<(T::AccountId, Class)> {
	numbers.map(|i| (account("scorer", i, 0), CLASS)).collect()
}

fn minimum_bond<T: Config>() -> Balance {
	Settings::<T>::get().minimum_bond
}

/// A signed request and reply that were not submitted.
struct Answered<T: Config> {
	request: Request<T::AccountId>,
	payer_signature: MultiSignature,
	reply: Reply,
	operator_signature: MultiSignature,
}

impl<T: Config> Answered<T> {
	fn new((blocks, adapters): (u32, u16)) -> Self {
		let (operator_key, operator) = signer::<T>();
		let (payer_key, payer) = signer::<T>();
		rich::<T>(Pallet::<T>::pot());
		pay_for_spans::<T>();
		let model = T::BenchmarkHelper::model(&operator, blocks, adapters);
		let ModelInfo { adapter, .. } = T::Models::model(model).expect("it is ready; qed");
		Pallet::<T>::do_fund_channel(payer.clone(), operator.clone(), FORTUNE / 2)
			.expect("the payer is rich; qed");
		let channel = Channels::<T>::get(&payer, &operator).expect("it was funded; qed");
		let request = Request {
			genesis: Pallet::<T>::genesis(),
			payer,
			operator,
			model,
			adapter,
			prompt: Hash::repeat_byte(1),
			maximum: FORTUNE / 2,
			nonce: channel.nonce + 1,
			expiry: u32::MAX,
		};
		let reply = Reply {
			request: request.id(),
			response: Hash::repeat_byte(2),
			prompt_tokens: 1_000,
			completion_tokens: 1_000,
		};
		Self {
			payer_signature: sign(&payer_key, &request.payload()),
			operator_signature: sign(&operator_key, &reply.payload()),
			request,
			reply,
		}
	}

	/// Submits it and lets a committee of so many be drawn; a panel would be of so many.
	fn seated(shape: (u32, u16), (members, panel): (u32, u32)) -> Seated<T> {
		let answered = Self::new(shape);
		let (work, (blocks, adapters)) = (Work::Answer(answered.request.id()), shape);
		Settings::<T>::mutate(|settings| {
			settings.committee = members as u8;
			settings.panel = panel as u8;
			settings.minimum_panel = 1;
		});
		Drawable::<T>::kill();
		let Self { request, payer_signature, reply, operator_signature } = answered;
		Pallet::<T>::do_submit_receipt(request, payer_signature, reply, operator_signature)
			.expect("it is paid; qed");
		let (seats, sizes) = (Vec::new(), (members, panel));
		let mut seated = Seated { work, seats, sizes, blocks, adapters, _config: PhantomData };
		seated.draw(members);
		seated
	}
}

/// The most seats of a committee and of a panel.
const MOST: (u32, u32) = (MAX_COMMITTEE, MAX_PANEL);

/// A committee, or it and a panel.
struct Seated<T: Config> {
	work: Work,
	/// Those whose turn it is.
	seats: Vec<(SeatId, ScorerId)>,
	/// Of the committee and of the panel.
	sizes: (u32, u32),
	blocks: u32,
	adapters: u16,
	_config: PhantomData<T>,
}

/// The salt of every commitment.
const SALT: Hash = Hash::repeat_byte(3);

impl<T: Config> Seated<T> {
	fn committee(&self) -> Committee<T::AccountId> {
		Committees::<T>::get(self.work).expect("it is at work; qed")
	}

	/// Bonds so many scorers and lets them be drawn.
	fn draw(&mut self, seats: u32) {
		Drawable::<T>::kill();
		let keys: Vec<_> = (0..seats)
			.map(|_| {
				let (_, who) = signer::<T>();
				let (key, proof) = hot_key::<T>(&who);
				Pallet::<T>::do_bond(who.clone(), key.clone(), proof, CLASS, minimum_bond::<T>())
					.expect("the proof is right; qed");
				(who, key)
			})
			.collect();
		set_now::<T>(self.committee().due);
		Pallet::<T>::step(self.work).expect("there are scorers; qed");
		let attempt = self.committee().attempt;
		let seat = |(who, key): (T::AccountId, ScorerId)| {
			let index = Assignments::<T>::get(&who, self.work).expect("all are drawn; qed");
			// Another seat missed is the last one, and all other scorers are looked through.
			Scorers::<T>::mutate_extant(&who, |scorer| scorer.missed = MAX_MISSED - 1);
			(SeatId { work: self.work, attempt, index }, key)
		};
		let mut seats: Vec<_> = keys.into_iter().map(seat).collect();
		seats.sort_by_key(|(seat, _)| seat.index);
		self.seats = seats;
		let drawn = Drawable::<T>::get().into_inner();
		let all = [others::<T>(drawn.len() as u32..MAX_SCORERS), drawn].concat();
		Drawable::<T>::put(BoundedVec::truncate_from(all));
	}

	/// A committee that disagreed, so that a panel is to be drawn.
	fn disagreed(shape: (u32, u16), sizes: (u32, u32)) -> Self {
		let seated = Answered::<T>::seated(shape, sizes);
		seated.find();
		seated.reveal_at(seated.seats.len() - 1);
		seated
	}

	/// The panel that follows it.
	fn panel(shape: (u32, u16), sizes: (u32, u32)) -> Self {
		let mut seated = Self::disagreed(shape, sizes);
		seated.draw(sizes.1);
		seated
	}

	/// What a seat finds: of a committee all but the last lie, and of a panel the lesser half.
	fn finding(&self, index: u8) -> Finding {
		let (members, panel) = self.sizes;
		let lies = u32::from(index) < members - 1
			|| (members..members + (panel - 1) / 2).contains(&index.into());
		let off = if lies { 100 * NAT + i32::from(index) } else { 0 };
		let y = (0..i32::from(self.adapters) + 2).map(|k| (k - 1_000) * NAT - off);
		Finding::Scores(Vector::truncate_from(y.collect()), spans(self.blocks))
	}

	fn commitment(&self, n: usize) -> (SeatId, Hash, ScorerSignature) {
		let (seat, key) = &self.seats[n];
		let commitment = Pallet::<T>::commitment(seat, key, &self.finding(seat.index), &SALT);
		let payload = Pallet::<T>::commit_payload(seat, &commitment);
		(*seat, commitment, key.sign(&payload).expect("the key was generated; qed"))
	}

	fn commit(&self, seats: usize) {
		for n in 0..seats {
			let (seat, commitment, _) = self.commitment(n);
			Pallet::<T>::do_commit(seat, commitment).expect("it is the time; qed");
		}
	}

	fn reveal(&self, n: usize) -> (SeatId, Finding, ScorerSignature) {
		let (seat, key) = &self.seats[n];
		let finding = self.finding(seat.index);
		let payload = Pallet::<T>::reveal_payload(seat, &finding, &SALT);
		(*seat, finding, key.sign(&payload).expect("the key was generated; qed"))
	}

	fn reveal_at(&self, n: usize) {
		let (seat, finding, _) = self.reveal(n);
		Pallet::<T>::do_reveal(seat, finding).expect("it is the time; qed");
	}

	/// All whose turn it is commit, and all but the last one reveal.
	fn find(&self) {
		self.commit(self.seats.len());
		(0..self.seats.len() - 1).for_each(|n| self.reveal_at(n));
	}

	/// A committee of the most seats that agrees.
	fn agreed(shape: (u32, u16)) -> Self {
		let mut seated = Answered::<T>::seated(shape, MOST);
		// All find what the last one finds.
		let last = (MAX_COMMITTEE - 1) as u8;
		let finding = seated.finding(last);
		Committees::<T>::mutate_extant(seated.work, |committee| {
			committee.stage = Stage::Reveal { since: 0 };
			committee.seats.iter_mut().for_each(|seat| seat.commitment = Some(SALT));
		});
		for (seat, _) in seated.seats.drain(..) {
			Pallet::<T>::do_reveal(seat, finding.clone()).expect("it is the time; qed");
		}
		seated
	}

	fn id(&self) -> Hash {
		match self.work {
			Work::Answer(id) => id,
			Work::Training(_) | Work::Batch(_) => Hash::zero(),
		}
	}

	fn receipt(&self) -> Receipt<T::AccountId, T::Consideration> {
		Receipts::<T>::get(self.id()).expect("it was submitted; qed")
	}
}

/// A slash of a scorer that is due.
fn slashed<T: Config>() -> (T::AccountId, u32) {
	let (who, _) = bonded::<T>(MAX_SCORERS - 1);
	rich::<T>(Pallet::<T>::pot());
	Pallet::<T>::accuse(&who, Work::Training(0), Some(account("reporter", 0, 0)));
	set_now::<T>(Pallet::<T>::now() + Settings::<T>::get().slash_delay);
	(who, 0)
}

/// A batch of as many items as there may be, paid by so many vouchers, each of another payer.
struct Batched<T: Config> {
	operator: T::AccountId,
	model: ModelId,
	vouchers: Vouchers<T::AccountId>,
	blocks: u32,
	adapters: u16,
}

/// Items of a batch.
const ITEMS: u16 = MAX_ITEMS as u16;
/// Tokens of an item.
const TOKENS: u32 = 1_000;

impl<T: Config> Batched<T> {
	fn new((blocks, adapters): (u32, u16), vouchers: u32) -> Self {
		let (_, operator) = signer::<T>();
		rich::<T>(Pallet::<T>::pot());
		pay_for_spans::<T>();
		let model = T::BenchmarkHelper::model(&operator, blocks, adapters);
		let ModelInfo { adapter, .. } = T::Models::model(model).expect("it is ready; qed");
		let owed = Settings::<T>::get().full_fee * Balance::from(ITEMS) / Balance::from(vouchers);
		let voucher = |_| {
			let (key, payer) = signer::<T>();
			Pallet::<T>::do_fund_channel(payer.clone(), operator.clone(), FORTUNE / 2)
				.expect("the payer is rich; qed");
			let voucher = Voucher {
				genesis: Pallet::<T>::genesis(),
				payer,
				operator: operator.clone(),
				model,
				adapter,
				cumulative: owed,
				nonce: u64::MAX,
				expiry: u32::MAX,
			};
			let signature = sign(&key, &voucher.payload());
			(voucher, signature)
		};
		let vouchers = BoundedVec::truncate_from((0..vouchers).map(voucher).collect());
		Self { operator, model, vouchers, blocks, adapters }
	}

	/// Submits it and lets a committee agree on the pages of these entries.
	fn agreed(self, entries: &[Entry]) -> Posted {
		let Self { operator, model, vouchers, adapters, .. } = self;
		Pallet::<T>::do_submit_batch(operator, model, vouchers, SALT, SALT, ITEMS)
			.expect("it is paid; qed");
		let batch = NextBatch::<T>::get() - 1;
		Committees::<T>::remove(Work::Batch(batch));
		let mut pages = batch::pages(entries, adapters);
		let hashes = batch::page_hashes(&pages, ITEMS, adapters);
		Pallet::<T>::open_pages(batch, merkle::root(&hashes)).expect("it was submitted; qed");
		let proof = merkle::proof(&hashes, 0).expect("there is a page; qed");
		let (page, proof) = (Page::truncate_from(pages.remove(0)), PageProof::truncate_from(proof));
		Posted { batch, page, proof }
	}

	/// A page of so many answers that are scored, and so many that go back to the first payer.
	fn page(self, scored: u32, refunded: u32) -> Posted {
		let adapters = i32::from(self.adapters);
		let base = -500 * NAT;
		let y: Vec<Nats> = core::iter::once(base)
			.chain((0..=adapters).map(|k| base + 90 * NAT - k * NAT / 8))
			.collect();
		// Of one token it cannot be.
		let tokens = |n: u32| if n < scored { TOKENS } else { 1 };
		let spans = spans(self.blocks);
		let entry = |n: u32| Entry { spans, ..Entry::new(n as u16, 0, tokens(n), 1 << 40, &y) };
		let entries: Vec<Entry> = (0..scored + refunded).map(entry).collect();
		self.agreed(&entries)
	}
}

/// A page that can be posted.
struct Posted {
	batch: BatchId,
	page: Page,
	proof: PageProof,
}

impl Posted {
	fn assert_posted<T: Config>(&self) {
		let posting = Batches::<T>::get(self.batch).and_then(|batch| batch.posting);
		assert_eq!(posting.map(|posting| posting.posted), Some(U256::one()));
	}
}

#[benchmarks]
mod benches {
	use super::*;

	#[cfg(test)]
	use crate::mock::{benchmark_state, Test};
	impl_benchmark_test_suite!(Pallet, benchmark_state(), Test);

	/// A block in which nothing is due.
	#[benchmark]
	fn on_initialize() {
		(0..FOLD).for_each(|_| Pallet::<T>::take_entropy());

		#[block]
		{
			Pallet::<T>::take_entropy();
			Pallet::<T>::run_agenda(1);
		}

		assert!(Entropies::<T>::get().is_full());
	}

	#[benchmark]
	fn draw_seed() -> Result<(), BenchmarkError> {
		let (_, operator) = signer::<T>();
		let model = T::BenchmarkHelper::model(&operator, LARGEST.0, LARGEST.1);
		Designs::<T>::mutate_extant(model, |design| design.seed = None);
		(0..FOLD).for_each(|_| Pallet::<T>::take_entropy());

		#[block]
		{
			Pallet::<T>::draw_seed(model)?;
		}

		assert!(Designs::<T>::get(model).is_some_and(|design| design.seed.is_some()));
		Ok(())
	}

	/// A panel of `n` from all scorers, the last ones of those that are looked at: the others have no room.
	#[benchmark]
	fn draw_committee(n: Linear<1, MAX_PANEL>) -> Result<(), BenchmarkError> {
		let seated = Seated::<T>::disagreed(LARGEST, (MAX_COMMITTEE, n));
		let all = others::<T>(0..MAX_SCORERS);
		Drawable::<T>::put(BoundedVec::truncate_from(all.clone()));
		(0..FOLD).for_each(|_| Pallet::<T>::take_entropy());
		let Committee { sequence, attempt, due, .. } = seated.committee();
		let seed = Pallet::<T>::seed(b"openledger/committee/v1", (sequence, attempt));
		let busy = (CANDIDATES_A_SEAT - 1) * n;
		for index in design::permutation(seed, MAX_SCORERS as u16).into_iter().take(busy as usize) {
			let full = Load { works: MAX_SEATS_AT_ONCE, seats: MAX_SEATS_AT_ONCE, pools: 0 };
			Liable::<T>::insert(&all[usize::from(index)].0, full);
		}
		set_now::<T>(due);
		crowd::<T>(Pallet::<T>::now() + Settings::<T>::get().commit_window);

		#[block]
		{
			Pallet::<T>::step(seated.work)?;
		}

		assert_eq!(seated.committee().sizes(), (MAX_COMMITTEE, n));
		Ok(())
	}

	/// Nobody of a panel of `n` committed: all leave, and another one is to be drawn.
	#[benchmark]
	fn close_commits(n: Linear<1, MAX_PANEL>) -> Result<(), BenchmarkError> {
		let seated = Seated::<T>::panel(LARGEST, (MAX_COMMITTEE, n));
		set_now::<T>(seated.committee().due);
		crowd::<T>(Pallet::<T>::now() + DELAY);

		#[block]
		{
			Pallet::<T>::step(seated.work)?;
		}

		assert_eq!(seated.committee().sizes(), (MAX_COMMITTEE, 0));
		Ok(())
	}

	/// A panel of `n` after a committee of `m`: the greater half of the panel and one of the committee
	/// were right and are paid, all others are accused and leave.
	#[benchmark]
	fn conclude(
		m: Linear<2, MAX_COMMITTEE>,
		n: Linear<3, MAX_PANEL>,
	) -> Result<(), BenchmarkError> {
		let seated = Seated::<T>::panel(LARGEST, (m, n));
		seated.find();
		let (seat, finding, _) = seated.reveal(seated.seats.len() - 1);
		PanelFund::<T>::put(FORTUNE / 1_000);
		crowd::<T>(Pallet::<T>::now() + Settings::<T>::get().slash_delay);

		#[block]
		{
			Pallet::<T>::do_reveal(seat, finding)?;
		}

		assert!(matches!(seated.receipt().phase, Phase::Scored { .. }));
		assert_eq!(NextSlash::<T>::get(), m - 1 + (n - 1) / 2);
		Ok(())
	}

	#[benchmark]
	fn set_parameters() -> Result<(), BenchmarkError> {
		let origin = T::AdminOrigin::try_successful_origin().map_err(|_| "no admin")?;
		let parameters = Parameters { committee: 5, ..Default::default() };

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, parameters.clone());

		assert_eq!(Settings::<T>::get(), parameters);
		Ok(())
	}

	#[benchmark]
	fn set_paused() -> Result<(), BenchmarkError> {
		let origin = T::AdminOrigin::try_successful_origin().map_err(|_| "no admin")?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, true);

		assert!(Paused::<T>::get());
		Ok(())
	}

	#[benchmark]
	fn bond() {
		let (_, who) = signer::<T>();
		let (key, proof) = hot_key::<T>(&who);
		Drawable::<T>::put(BoundedVec::truncate_from(others::<T>(1..MAX_SCORERS)));

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), key, proof, CLASS, minimum_bond::<T>());

		assert!(Scorers::<T>::contains_key(who));
	}

	#[benchmark]
	fn unbond() {
		let (who, _) = bonded::<T>(MAX_SCORERS - 1);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		assert!(!Drawable::<T>::get().contains(&(who, CLASS)));
	}

	#[benchmark]
	fn withdraw_bond() -> Result<(), BenchmarkError> {
		let (who, _) = bonded::<T>(0);
		Pallet::<T>::do_unbond(who.clone())?;
		set_now::<T>(Pallet::<T>::now() + Settings::<T>::get().unbonding);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		assert!(!Scorers::<T>::contains_key(who));
		Ok(())
	}

	#[benchmark]
	fn fund_channel() {
		let (_, payer) = signer::<T>();
		let operator: T::AccountId = account("operator", 0, 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(payer.clone()), operator.clone(), FORTUNE / 2);

		assert!(Channels::<T>::contains_key(payer, operator));
	}

	#[benchmark]
	fn close_channel() -> Result<(), BenchmarkError> {
		let (_, payer) = signer::<T>();
		let operator: T::AccountId = account("operator", 0, 0);
		Pallet::<T>::do_fund_channel(payer.clone(), operator.clone(), FORTUNE / 2)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(payer.clone()), operator.clone());

		assert!(Channels::<T>::get(payer, operator).is_some_and(|open| open.closing.is_some()));
		Ok(())
	}

	#[benchmark]
	fn withdraw_channel() -> Result<(), BenchmarkError> {
		let (_, payer) = signer::<T>();
		let operator: T::AccountId = account("operator", 0, 0);
		Pallet::<T>::do_fund_channel(payer.clone(), operator.clone(), FORTUNE / 2)?;
		Pallet::<T>::do_close_channel(payer.clone(), operator.clone())?;
		set_now::<T>(Pallet::<T>::now() + Settings::<T>::get().notice + 1);

		#[extrinsic_call]
		_(RawOrigin::Signed(payer.clone()), operator.clone());

		assert!(!Channels::<T>::contains_key(payer, operator));
		Ok(())
	}

	#[benchmark]
	fn submit_receipt() {
		let Answered { request, payer_signature, reply, operator_signature } =
			Answered::<T>::new(LARGEST);
		crowd::<T>(Pallet::<T>::now() + DELAY);
		let (id, operator) = (request.id(), RawOrigin::Signed(request.operator.clone()));

		#[extrinsic_call]
		_(operator, request, payer_signature, reply, operator_signature);

		assert!(Receipts::<T>::contains_key(id));
	}

	/// The last one of a panel.
	#[benchmark]
	fn commit() {
		let seated = Seated::<T>::panel(LARGEST, MOST);
		seated.commit(seated.seats.len() - 1);
		crowd::<T>(Pallet::<T>::now() + Settings::<T>::get().reveal_window);
		let (seat, commitment, signature) = seated.commitment(seated.seats.len() - 1);

		#[extrinsic_call]
		_(RawOrigin::Authorized, seat, commitment, signature);

		assert!(matches!(seated.committee().stage, Stage::Reveal { .. }));
	}

	#[benchmark]
	fn authorize_commit() -> Result<(), BenchmarkError> {
		let (seat, commitment, signature) = Seated::<T>::panel(LARGEST, MOST).commitment(0);
		let call = Call::<T>::commit { seat, commitment, signature };

		#[block]
		{
			authorize(&call)?;
		}

		Ok(())
	}

	/// Not the last one of a panel.
	#[benchmark]
	fn reveal() {
		let seated = Seated::<T>::panel(LARGEST, MOST);
		seated.commit(seated.seats.len());
		let (seat, finding, signature) = seated.reveal(0);

		#[extrinsic_call]
		_(RawOrigin::Authorized, seat, finding, SALT, signature);

		assert!(Findings::<T>::contains_key(seat.work, seat.index));
	}

	#[benchmark]
	fn authorize_reveal(n: Linear<4, MAX_VECTOR>) -> Result<(), BenchmarkError> {
		let adapters = (n - 2) / 2 * 2;
		let seated = Seated::<T>::panel((MAX_BLOCKS, adapters as u16), MOST);
		seated.commit(seated.seats.len());
		let (seat, finding, signature) = seated.reveal(0);
		let call = Call::<T>::reveal { seat, finding, salt: SALT, signature };

		#[block]
		{
			authorize(&call)?;
		}

		Ok(())
	}

	/// Against a committee that agrees, with all scorers to draw from.
	#[benchmark]
	fn challenge() -> Result<(), BenchmarkError> {
		let seated = Seated::<T>::agreed(LARGEST);
		let (_, who) = signer::<T>();
		crowd::<T>(Pallet::<T>::now() + DELAY);

		#[extrinsic_call]
		_(RawOrigin::Signed(who), seated.work);

		assert!(seated.committee().challenger.is_some());
		Ok(())
	}

	#[benchmark]
	fn activate() -> Result<(), BenchmarkError> {
		let (_, operator) = signer::<T>();
		let model = T::BenchmarkHelper::model(&operator, LARGEST.0, LARGEST.1);
		Committees::<T>::remove(Work::Training(model));
		Designs::<T>::mutate_extant(model, |design| design.standing = Standing::Untested);
		crowd::<T>(Pallet::<T>::now() + DELAY);
		let developer = T::Models::model(model).ok_or("it is registered")?.developer;

		#[extrinsic_call]
		_(RawOrigin::Signed(developer), model);

		assert!(Committees::<T>::contains_key(Work::Training(model)));
		Ok(())
	}

	#[benchmark]
	fn apply_slash() {
		let (_, id) = slashed::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(account("anybody", 0, 0)), id);

		assert!(!Slashes::<T>::contains_key(id));
	}

	#[benchmark]
	fn cancel_slash() -> Result<(), BenchmarkError> {
		let (who, id) = slashed::<T>();
		let origin = T::AdminOrigin::try_successful_origin().map_err(|_| "no admin")?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id);

		assert!(Scorers::<T>::get(who).is_some_and(|scorer| scorer.bond > 0));
		Ok(())
	}

	/// `n` contributors, each in debt.
	#[benchmark]
	fn settle(n: Linear<1, MAX_BLOCKS>) -> Result<(), BenchmarkError> {
		let (_, operator) = signer::<T>();
		rich::<T>(Pallet::<T>::pot());
		let model = T::BenchmarkHelper::model(&operator, n, LARGEST.1);
		in_debt::<T>(model)?;
		let psi = Pallet::<T>::psi(model).ok_or("it is trained")?;
		let y: Vec<Nats> = [-1_000, -100]
			.into_iter()
			.chain((0..i32::from(LARGEST.1)).map(|k| -200 - k))
			.map(|nats| nats * NAT)
			.collect();
		let mut sums = Pool::default();
		let pool = sums.add_spans(&spans(n), n as usize, FORTUNE / 1_000, BASIS_POINTS / 2);
		let pool = pool.ok_or("they are valid")?;
		sums.add(&psi, &y, pool).ok_or("it is within bounds")?;
		let period = Period::try_from(sums).map_err(|()| "it is within bounds")?;
		Periods::<T>::insert(model, 0, period);
		set_now::<T>(Settings::<T>::get().period * 2);

		#[extrinsic_call]
		_(RawOrigin::Signed(account("anybody", 0, 0)), model, 0);

		assert!(!Periods::<T>::contains_key(model, 0));
		Ok(())
	}

	#[benchmark]
	fn claim_for() {
		rich::<T>(Pallet::<T>::pot());
		let who: T::AccountId = account("contributor", 0, 0);
		Earnings::<T>::insert(&who, FORTUNE / 2);

		#[extrinsic_call]
		_(RawOrigin::Signed(account("anybody", 0, 0)), who.clone());

		assert_eq!(T::Currency::balance(&who), FORTUNE / 2);
	}

	#[benchmark]
	fn prune() -> Result<(), BenchmarkError> {
		let seated = Seated::<T>::agreed(LARGEST);
		set_now::<T>(seated.committee().due);
		Settings::<T>::mutate(|settings| settings.audit_rate = 0);
		Pallet::<T>::step(seated.work)?;
		let Receipt { model, submitted, .. } = seated.receipt();
		let _ = Periods::<T>::clear_prefix(model, u32::MAX, None);
		set_now::<T>(submitted + Settings::<T>::get().retention + 1);

		#[extrinsic_call]
		_(RawOrigin::Signed(account("anybody", 0, 0)), seated.id());

		assert!(!Receipts::<T>::contains_key(seated.id()));
		Ok(())
	}

	/// Draws the subsets of `n` adapters for the most contributors.
	#[benchmark]
	fn draw(n: Linear<2, MAX_ADAPTERS>) {
		let subsets;

		#[block]
		{
			subsets = design::draw(SALT, MAX_BLOCKS as u16, n as u16);
		}

		assert_eq!(subsets.len(), n as usize);
	}

	/// Every contributor is in debt.
	#[benchmark]
	fn forget() -> Result<(), BenchmarkError> {
		let (_, operator) = signer::<T>();
		let model = T::BenchmarkHelper::model(&operator, LARGEST.0, LARGEST.1);
		let developer = T::Models::model(model).ok_or("it is registered")?.developer;
		in_debt::<T>(model)?;

		#[block]
		{
			<Pallet<T> as openledger_core::Designs<_>>::forget(&developer, model)?;
		}

		assert!(Debts::<T>::iter_key_prefix(model).next().is_none());
		Ok(())
	}

	/// Multiplies a Ψ of `n` entries by a vector.
	#[benchmark]
	fn scores(n: Linear<768, MAX_PSI>) -> Result<(), BenchmarkError> {
		let (_, operator) = signer::<T>();
		let adapters = (n / MAX_BLOCKS - 1) / 2 * 2;
		let model = T::BenchmarkHelper::model(&operator, MAX_BLOCKS, adapters as u16);
		let y: Vec<Nats> = (0..adapters as i32 + 2).map(|k| (k - 1_000) * NAT).collect();
		let found;

		#[block]
		{
			found = Pallet::<T>::do_scores(model, &y);
		}

		assert!(found.is_some());
		Ok(())
	}

	/// Looks a receipt and its committee up, the largest entries that are read alone.
	#[benchmark]
	fn read() -> Result<(), BenchmarkError> {
		let seated = Seated::<T>::panel(LARGEST, MOST);
		let (receipt, committee);

		#[block]
		{
			receipt = Receipts::<T>::get(seated.id());
			committee = Committees::<T>::get(seated.work);
		}

		assert!(receipt.is_some() && committee.is_some());
		Ok(())
	}

	#[benchmark]
	fn submit_batch(n: Linear<1, MAX_VOUCHERS>) {
		let Batched { operator, model, vouchers, .. } = Batched::<T>::new(LARGEST, n);
		crowd::<T>(Pallet::<T>::now() + DELAY);

		#[extrinsic_call]
		_(RawOrigin::Signed(operator), model, vouchers, SALT, SALT, ITEMS);

		assert_eq!(NextBatch::<T>::get(), 1);
	}

	/// `n` answers by the widest Ψ, and one that goes back to its payer: what an answer costs. What the
	/// page does is `open_page`.
	#[benchmark]
	fn post_page(n: Linear<1, 240>) {
		let posted = Batched::<T>::new(LARGEST, MAX_VOUCHERS).page(n, 1);
		let (batch, page, proof) = (posted.batch, posted.page.clone(), posted.proof.clone());

		#[extrinsic_call]
		_(RawOrigin::Authorized, batch, 0, page, proof);

		posted.assert_posted::<T>();
		assert!(BatchPayers::<T>::get(batch).iter().any(|paying| paying.refund > 0));
	}

	/// A page of one answer and one that goes back, by a Ψ of `n` entries, which is read and laid out.
	#[benchmark]
	fn open_page(n: Linear<768, MAX_PSI>) -> Result<(), BenchmarkError> {
		let adapters = (n / MAX_BLOCKS - 1) / 2 * 2;
		let shape = (MAX_BLOCKS, adapters as u16);
		let Posted { batch, page, .. } = Batched::<T>::new(shape, MAX_VOUCHERS).page(1, 1);

		#[block]
		{
			Pallet::<T>::do_post_page(batch, 0, &page)?;
		}

		Ok(())
	}

	/// A page of `n` KiB, with as many pages as there may be.
	#[benchmark]
	fn authorize_page(n: Linear<2, 256>) -> Result<(), BenchmarkError> {
		let entries = n * 1_024 / batch::entry_size(LARGEST.1) as u32;
		let Posted { batch, page, proof } =
			Batched::<T>::new(LARGEST, MAX_VOUCHERS).page(entries, 0);
		let call = Call::<T>::post_page { batch, index: 0, page, proof };

		#[block]
		{
			authorize(&call)?;
		}

		Ok(())
	}

	/// So many of the most payers have something back, and something is left for the rows.
	#[benchmark]
	fn close_batch(n: Linear<0, MAX_VOUCHERS>) {
		let Posted { batch, .. } = Batched::<T>::new(LARGEST, MAX_VOUCHERS).page(1, 0);
		BatchPayers::<T>::mutate(batch, |payers| {
			let some = payers.iter_mut().take(n as usize);
			some.for_each(|paying| paying.refund = T::Currency::minimum_balance())
		});
		set_now::<T>(Pallet::<T>::now() + Settings::<T>::get().posting_window + 1);

		#[extrinsic_call]
		_(RawOrigin::Signed(account("anybody", 0, 0)), batch);

		assert!(!Batches::<T>::contains_key(batch));
	}

	/// `n` answers at 16 adapters; this and the next two are for `scripts/bench poa`.
	#[benchmark(extra)]
	fn page_16(n: Linear<1, 255>) -> Result<(), BenchmarkError> {
		let Posted { batch, page, .. } = Batched::<T>::new((8, 16), 1).page(n, 0);

		#[block]
		{
			Pallet::<T>::do_post_page(batch, 0, &page)?;
		}

		Ok(())
	}

	/// `n` answers at 64 adapters.
	#[benchmark(extra)]
	fn page_64(n: Linear<1, 255>) -> Result<(), BenchmarkError> {
		let Posted { batch, page, .. } = Batched::<T>::new((32, 64), 1).page(n, 0);

		#[block]
		{
			Pallet::<T>::do_post_page(batch, 0, &page)?;
		}

		Ok(())
	}

	/// `n` answers at 256 adapters.
	#[benchmark(extra)]
	fn page_256(n: Linear<1, 115>) -> Result<(), BenchmarkError> {
		let Posted { batch, page, .. } = Batched::<T>::new((128, 256), 1).page(n, 0);

		#[block]
		{
			Pallet::<T>::do_post_page(batch, 0, &page)?;
		}

		Ok(())
	}

	fn authorize<T: Config>(call: &Call<T>) -> Result<(), BenchmarkError> {
		call.authorize(TransactionSource::External)
			.ok_or("the call is authorized")?
			.map_err(|_| "the authorization is right")?;
		Ok(())
	}
}
