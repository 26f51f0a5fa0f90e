//! A chain of balances and this pallet, with a Datanet and a model that tests set up.
#![allow(missing_docs)]

use crate as pallet_attribution;
use crate::*;
use alloc::{collections::BTreeMap, vec::Vec};
use core::cell::RefCell;
use frame::{
	deps::{
		frame_support::traits::{
			fungible::HoldConsideration, tokens::Preservation, LinearStoragePrice,
		},
		sp_core::{
			ecdsa,
			offchain::{
				testing::{PoolState, TestOffchainExt, TestTransactionPoolExt},
				OffchainDbExt, OffchainWorkerExt, TransactionPoolExt,
			},
			sr25519, Pair,
		},
		sp_runtime::{AccountId32, MultiSignature, RuntimeAppPublic},
	},
	runtime::prelude::*,
	testing_prelude::*,
};
pub use openledger_core::Hash;
use openledger_core::{
	account_of_address, Datanets, Designs as _, ModelInfo, Rights, RunInfo, Version, VersionInfo,
};
use openledger_influence_math::{
	design::{contains, draw},
	host::{Answer, Engine, EngineExt, Query},
	Psi,
};
use parking_lot::RwLock;
use sp_keystore::{testing::MemoryKeystore, KeystoreExt};
use std::sync::Arc;

type Extension = (frame_system::AuthorizeCall<Test>, frame_system::CheckNonce<Test>);
pub type BlockOf = frame::runtime::types_common::BlockOf<Test, Extension>;
pub type UncheckedExtrinsic = <BlockOf as frame::traits::Block>::Extrinsic;
pub type Executive = frame::runtime::prelude::Executive<
	Test,
	BlockOf,
	frame_system::ChainContext<Test>,
	Test,
	AllPalletsWithSystem,
>;
pub type AccountId = AccountId32;

#[frame_construct_runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(2)]
	pub type Attribution = pallet_attribution;
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Test {
	type Block = BlockOf;
	type AccountData = pallet_balances::AccountData<u128>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = u128;
	type ExistentialDeposit = ConstU128<EXISTENTIAL>;
	type AccountStore = System;
}

pub const EXISTENTIAL: u128 = 1_000;
pub const OPEN: u128 = 1_000_000_000_000_000_000;
pub const MODEL: ModelId = 7;
pub const ADAPTERS: u16 = 16;
pub const BLOCKS: usize = 8;
/// The execution class of all scorers but those that a test puts into another one.
pub const CLASS: Class = 1;

parameter_types! {
	pub const Hold: RuntimeHoldReason =
		RuntimeHoldReason::Attribution(pallet_attribution::HoldReason::Storage);
	pub const Base: u128 = 1_000;
	pub const PerByte: u128 = 10;
	pub const PotId: PalletId = PalletId(*b"olg/attr");
	pub static MaximumWeight: Weight = Weight::MAX;
	pub Stakers: AccountId = account(201);
	pub Protocol: AccountId = account(202);
	pub Typed: Eip712Domain = Eip712Domain { chain: 1, contract: Default::default() };
	pub Entropy: Hash = frame::hashing::blake2_256(&System::block_number().encode()).into();
}

impl Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Consideration =
		HoldConsideration<AccountId, Balances, Hold, LinearStoragePrice<Base, PerByte, u128>>;
	type Datanets = World;
	type Models = World;
	type Entropy = Entropy;
	type MaximumWeight = MaximumWeight;
	type Eip712 = Typed;
	type AdminOrigin = EnsureRoot<AccountId>;
	type PalletId = PotId;
	type StakersPot = Stakers;
	type ProtocolPot = Protocol;
	type WeightInfo = crate::weights::SubstrateWeight<Test>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = World;
}

impl<LocalCall> CreateTransactionBase<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	type RuntimeCall = RuntimeCall;
	type Extrinsic = UncheckedExtrinsic;
}

impl<LocalCall> CreateTransaction<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	type Extension = Extension;
	fn create_transaction(call: RuntimeCall, extension: Extension) -> UncheckedExtrinsic {
		UncheckedExtrinsic::new_transaction(call, extension)
	}
}

impl<LocalCall> CreateAuthorizedTransaction<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	fn create_extension() -> Extension {
		(frame_system::AuthorizeCall::new(), frame_system::CheckNonce::from(0))
	}
}

/// The Datanet and the model around the pallet.
pub struct World;

#[derive(Clone)]
pub struct Terms {
	pub donation: u16,
	pub curator_cut: u16,
	pub input_price: u128,
	pub output_price: u128,
}

std::thread_local! {
	pub static TERMS: RefCell<Terms> = const {
		RefCell::new(Terms { donation: 0, curator_cut: 0, input_price: OPEN, output_price: 3 * OPEN })
	};
}

std::thread_local! {
	/// Bytes of each block that are left.
	pub static LEFT: RefCell<Option<Vec<u64>>> = const { RefCell::new(None) };
	/// What contributors have at risk.
	pub static AT_RISK: RefCell<BTreeMap<AccountId, u128>> = const { RefCell::new(BTreeMap::new()) };
	/// Who serves the model too.
	pub static OPERATOR: RefCell<Option<AccountId>> = const { RefCell::new(None) };
}

#[cfg(feature = "runtime-benchmarks")]
impl BenchmarkHelper<AccountId> for World {
	fn model(operator: &AccountId, blocks: u32, adapters: u16) -> ModelId {
		OPERATOR.set(Some(operator.clone()));
		Attribution::cancel(&developer(), MODEL);
		let owners: Vec<AccountId> =
			(0..blocks).map(|n| frame::hashing::blake2_256(&n.encode()).into()).collect();
		design_of(&owners, adapters);
		Committees::<Test>::remove(Work::Training(MODEL));
		Designs::<Test>::mutate_extant(MODEL, |design| design.standing = Standing::Active);
		MODEL
	}
}

impl Datanets<AccountId> for World {
	fn version(_: u32, _: Version) -> Option<VersionInfo<AccountId>> {
		None
	}
	fn is_stale(_: u32, _: Version) -> bool {
		LEFT.with_borrow(Option::is_some)
	}
	fn source(_: u32, _: Version) -> Option<openledger_core::Source> {
		None
	}
	fn row(_: u32, _: Version, _: u64) -> Option<openledger_core::RowInfo<AccountId>> {
		None
	}
	fn retain(_: u32, _: Version) -> DispatchResult {
		Ok(())
	}
	fn release(_: u32, _: Version) {}
	fn is_licensed(_: &AccountId, _: u32, _: Rights) -> bool {
		true
	}
	fn blocks_of_batches(_: u32, _: Version) -> Option<Vec<u16>> {
		None
	}
	fn bytes_left(_: u32, _: Version) -> Option<(Vec<u64>, u32)> {
		LEFT.with_borrow(Clone::clone).map(|left| (left, 1))
	}
	fn curator(_: u32) -> Option<(AccountId, u16)> {
		Some((curator(), TERMS.with_borrow(|terms| terms.curator_cut)))
	}
	fn reward_rows(_: u32, from: &AccountId, amount: u128) -> DispatchResult {
		Balances::transfer(from, &rows_pot(), amount, Preservation::Preserve).map(|_| ())
	}
	fn seize(_: u32, _: Version, who: &AccountId, amount: u128) -> Result<u128, DispatchError> {
		AT_RISK.with_borrow_mut(|all| {
			let left = all.entry(who.clone()).or_default();
			let taken = amount.min(*left);
			*left -= taken;
			Ok(taken)
		})
	}
}

impl Models<AccountId> for World {
	fn run(id: ModelId) -> Option<RunInfo> {
		let ModelInfo { base, datanet, version, .. } = <Self as Models<AccountId>>::model(id)?;
		Some(RunInfo { base, manifest: Hash::repeat_byte(8), datanet, version })
	}
	fn model(id: ModelId) -> Option<ModelInfo<AccountId>> {
		let terms = TERMS.with_borrow(Clone::clone);
		(id == MODEL).then(|| ModelInfo {
			developer: developer(),
			base: Hash::repeat_byte(1),
			datanet: 0,
			version: 1,
			adapter: adapter(),
			input_price: terms.input_price,
			output_price: terms.output_price,
			donation: terms.donation,
		})
	}
	fn is_operator(id: ModelId, who: &AccountId) -> bool {
		let benchmarked = OPERATOR.with_borrow(|one| one.as_ref() == Some(who));
		id == MODEL && (*who == operator().1 || benchmarked)
	}
	fn endpoints(_: ModelId, _: Option<&AccountId>) -> Vec<Vec<u8>> {
		vec![b"http://operator".to_vec()]
	}
}

pub fn account(n: u8) -> AccountId {
	[n; 32].into()
}
pub fn challenger() -> AccountId {
	account(206)
}
pub fn curator() -> AccountId {
	account(203)
}
pub fn developer() -> AccountId {
	account(204)
}
/// Takes what the prior pays.
pub fn rows_pot() -> AccountId {
	account(205)
}
pub fn contributor(u: usize) -> AccountId {
	account(10 + u as u8)
}
pub fn adapter() -> Hash {
	Hash::repeat_byte(2)
}
/// Of all counterfactual adapters.
pub fn counterfactual() -> Hash {
	Hash::repeat_byte(9)
}

fn signer(n: u8) -> (sr25519::Pair, AccountId) {
	let pair = sr25519::Pair::from_seed(&[n; 32]);
	let id = AccountId::from(pair.public());
	(pair, id)
}
pub fn payer() -> (sr25519::Pair, AccountId) {
	signer(101)
}
pub fn operator() -> (sr25519::Pair, AccountId) {
	signer(102)
}
/// A payer with an Ethereum wallet.
pub fn wallet() -> (ecdsa::KeccakPair, AccountId) {
	let address = "5c0fe4435ba32d64fb96ed1c37e6fc1f72641d22".parse().unwrap();
	(ecdsa::KeccakPair::from_seed(&[103; 32]), account_of_address(&address))
}
/// Its signature of a typed hash.
pub fn by_wallet(hash: &[u8; 32]) -> MultiSignature {
	MultiSignature::Eth(wallet().0.sign_prehashed(hash))
}
/// Accounts for scorers.
pub const SCORERS: u8 = 12;

pub fn scorer(n: u8) -> AccountId {
	account(110 + n)
}

/// The hot key of a scorer, in the keystore of the test.
pub fn key(n: u8) -> ScorerId {
	ScorerId::generate_pair(Some(format!("//scorer{n}").into_bytes()))
}

pub fn bond_scorer(n: u8) {
	bond_scorer_of(n, CLASS)
}

pub fn bond_scorer_of(n: u8, class: Class) {
	let who = scorer(n);
	let payload = (crate::scorers::SCORER_DOMAIN, Attribution::genesis(), &who).encode();
	let proof = key(n).sign(&payload).unwrap();
	let by = RuntimeOrigin::signed(who);
	assert_ok!(Attribution::bond(by, key(n), proof, class, 1_000 * OPEN));
}

/// Blocks of the design: `sizes` bytes each, one per contributor.
pub fn blocks(owners: &[AccountId]) -> Vec<Block<AccountId>> {
	owners
		.iter()
		.map(|owner| Block { owner: owner.clone(), rows: 10, bytes: 1_000 })
		.collect()
}

/// Opens, seeds and closes the design of the model, and lets the scorers train its adapters again.
pub fn design(owners: &[AccountId]) {
	design_of(owners, ADAPTERS);
	let work = Work::Training(MODEL);
	run_to(Attribution::now() + DELAY);
	find(work, |_| retrained(work));
	review(work);
	assert_eq!(Designs::<Test>::get(MODEL).unwrap().standing, Standing::Active);
}

/// What training the drawn adapters again gives.
pub fn retrained(work: Work) -> Finding {
	let hash = |index: &u16| if *index == 0 { adapter() } else { counterfactual() };
	let drawn = Committees::<Test>::get(work).unwrap().drawn;
	Finding::Adapters(BoundedVec::truncate_from(drawn.iter().map(hash).collect()))
}

fn design_of(owners: &[AccountId], adapters: u16) {
	let method = Method::Counterfactual;
	assert_ok!(Attribution::open(&developer(), MODEL, blocks(owners), method, adapters, CLASS));
	run_to(Attribution::now() + DELAY);
	let seed = Designs::<Test>::get(MODEL).unwrap().seed.unwrap();
	let subsets = draw(seed, owners.len() as u16, adapters);
	let psi = Psi::solve(&subsets, &vec![1_000; owners.len()]).unwrap();
	let hashes = vec![counterfactual(); adapters.into()];
	assert_ok!(Attribution::close(MODEL, hashes, psi.entries().to_vec()));
}

/// The vector of an answer to which contributor `u` adds `worth[u]` nats.
pub fn vector(worth: &[i32]) -> Vec<Nats> {
	let seed = Designs::<Test>::get(MODEL).unwrap().seed.unwrap();
	let base = -400 * 65_536;
	let value = |subset: &[u8; 32]| -> i32 {
		let inside = worth.iter().enumerate().filter(|(u, _)| contains(subset, *u));
		inside.map(|(_, nats)| nats * 65_536).sum()
	};
	let all = worth.iter().sum::<i32>() * 65_536;
	let subsets = draw(seed, worth.len() as u16, ADAPTERS);
	[base, base + all]
		.into_iter()
		.chain(subsets.iter().map(|s| base + value(s)))
		.collect()
}

pub fn request(nonce: u64) -> Request<AccountId> {
	Request {
		genesis: Attribution::genesis(),
		payer: payer().1,
		operator: operator().1,
		model: MODEL,
		adapter: adapter(),
		prompt: Hash::repeat_byte(3),
		maximum: 10 * OPEN,
		nonce,
		expiry: 10_000,
	}
}

pub fn reply(request: &Request<AccountId>) -> Reply {
	Reply {
		request: request.id(),
		response: Hash::repeat_byte(4),
		prompt_tokens: 100,
		completion_tokens: 50,
	}
}

pub fn submit(request: &Request<AccountId>, reply: &Reply) -> DispatchResult {
	let by_payer: MultiSignature = payer().0.sign(&request.payload()).into();
	let by_operator: MultiSignature = operator().0.sign(&reply.payload()).into();
	Attribution::submit_receipt(
		RuntimeOrigin::signed(operator().1),
		request.clone(),
		by_payer,
		reply.clone(),
		by_operator,
	)
}

/// A paid answer; returns its receipt.
pub fn answer(nonce: u64) -> Hash {
	let request = request(nonce);
	assert_ok!(submit(&request, &reply(&request)));
	request.id()
}

pub fn nonce(n: u64) -> u64 {
	Channels::<Test>::get(payer().1, operator().1).unwrap().nonce + n
}

/// Applies an authorized call as a block would.
pub fn apply(call: Call<Test>) -> Result<(), TransactionValidityError> {
	let extrinsic =
		<Test as CreateAuthorizedTransaction<Call<Test>>>::create_authorized_transaction(
			call.into(),
		);
	Executive::apply_extrinsic(extrinsic).map(|outcome| outcome.unwrap())
}

pub fn committee(work: Work) -> Committee<AccountId> {
	Committees::<Test>::get(work).unwrap()
}

/// The scorers whose turn it is, by their numbers.
pub fn turn(work: Work) -> Vec<u8> {
	let committee = committee(work);
	let number = |index: usize| {
		let who = &committee.seats[index].scorer;
		(0..SCORERS).find(|n| scorer(*n) == *who).unwrap()
	};
	committee.turn().map(number).collect()
}

pub fn seat(work: Work, who: &AccountId) -> SeatId {
	let index = Assignments::<Test>::get(who, work).unwrap();
	SeatId { work, attempt: committee(work).attempt, index }
}

pub fn scores(y: &[Nats]) -> Finding {
	Finding::Scores(y.to_vec().try_into().unwrap(), Default::default())
}

pub fn commit_call(n: u8, work: Work, finding: &Finding) -> Call<Test> {
	let (seat, key) = (seat(work, &scorer(n)), key(n));
	let commitment = Attribution::commitment(&seat, &key, finding, &Hash::repeat_byte(n));
	let signature = key.sign(&Attribution::commit_payload(&seat, &commitment)).unwrap();
	Call::commit { seat, commitment, signature }
}

pub fn reveal_call(n: u8, work: Work, finding: &Finding) -> Call<Test> {
	let (seat, key, salt) = (seat(work, &scorer(n)), key(n), Hash::repeat_byte(n));
	let signature = key.sign(&Attribution::reveal_payload(&seat, finding, &salt)).unwrap();
	Call::reveal { seat, finding: finding.clone(), salt, signature }
}

/// All whose turn it is commit to what they find, and reveal it.
pub fn find(work: Work, found: impl Fn(u8) -> Finding) {
	let turn = turn(work);
	for n in &turn {
		assert_ok!(apply(commit_call(*n, work, &found(*n))));
	}
	for n in &turn {
		assert_ok!(apply(reveal_call(*n, work, &found(*n))));
	}
}

/// Lets the time pass in which what was found can be challenged. Audits are off.
pub fn review(work: Work) {
	run_to(committee(work).due);
}

/// The three scorers commit and reveal, and nobody challenges them.
pub fn score(receipt: Hash, vectors: [&[Nats]; 3]) {
	let work = Work::Answer(receipt);
	run_to(Attribution::now() + DELAY);
	find(work, |n| scores(vectors[usize::from(n)]));
	review(work);
}

pub fn run_to(block: u32) {
	System::run_to_block::<AllPalletsWithSystem>(block);
}

/// Ends the present period.
pub fn next_period() -> u32 {
	let settings = Settings::<Test>::get();
	let period = Attribution::period_of(Attribution::now());
	run_to((period + 1) * settings.period);
	period
}

/// An engine that tests tell what to answer.
pub struct Scripted(pub std::sync::Mutex<Answer>, pub u32);
impl Engine for Scripted {
	fn poll(&self, query: Query) -> Answer {
		match query {
			Query::Finalized => Answer::Finalized(self.1),
			_ => self.0.lock().unwrap().clone(),
		}
	}
}

/// Externalities with a keystore, a pool and an engine.
pub fn state(engine: Arc<dyn Engine>) -> (TestState, Arc<RwLock<PoolState>>) {
	let rich = |who: AccountId| (who, 1_000_000 * OPEN);
	let mut balances: Vec<(AccountId, u128)> =
		vec![rich(payer().1), rich(operator().1), rich(developer()), rich(Attribution::pot())];
	balances.extend((0..SCORERS).map(|n| rich(scorer(n))));
	balances.extend([challenger(), wallet().1].map(rich));
	balances.extend([account(201), account(202), rows_pot()].map(|who| (who, EXISTENTIAL)));
	let storage = RuntimeGenesisConfig {
		balances: pallet_balances::GenesisConfig { balances, ..Default::default() },
		attribution: pallet_attribution::GenesisConfig {
			parameters: Parameters {
				commit_window: 20,
				reveal_window: 20,
				challenge_window: 12,
				posting_window: 30,
				audit_rate: 0,
				..Default::default()
			},
			..Default::default()
		},
		..Default::default()
	}
	.build_storage()
	.unwrap();
	let mut state = TestState::new(storage);
	let (offchain, _) = TestOffchainExt::new();
	let (pool, pooled) = TestTransactionPoolExt::new();
	state.register_extension(OffchainDbExt::new(offchain.clone()));
	state.register_extension(OffchainWorkerExt::new(offchain));
	state.register_extension(TransactionPoolExt::new(pool));
	state.register_extension(KeystoreExt::new(MemoryKeystore::new()));
	state.register_extension(EngineExt(engine));
	(state, pooled)
}

/// The state in which each benchmark begins.
#[cfg(feature = "runtime-benchmarks")]
pub fn benchmark_state() -> TestState {
	let (mut state, _) = state(Arc::new(Scripted(Answer::Pending.into(), 0)));
	state.execute_with(|| run_to(1));
	state
}

pub fn build_and_execute(test: impl FnOnce()) {
	let (mut state, _) = state(Arc::new(Scripted(Answer::Pending.into(), 0)));
	state.execute_with(|| {
		run_to(1);
		test();
		Attribution::do_try_state().unwrap();
	});
}

/// Three scorers, a design of eight contributors and a funded channel.
pub fn ready() {
	(0..3).for_each(bond_scorer);
	design(&(0..BLOCKS).map(contributor).collect::<Vec<_>>());
	let funded =
		Attribution::fund_channel(RuntimeOrigin::signed(payer().1), operator().1, 1_000 * OPEN);
	assert_ok!(funded);
}
