//! A chain of balances, Datanets and this pallet.
#![allow(missing_docs)]

use crate as pallet_spans;
use crate::*;
use frame::{
	deps::frame_support::traits::{fungible::HoldConsideration, LinearStoragePrice},
	runtime::prelude::*,
	testing_prelude::*,
};
use openledger_core::Rights;
use openledger_spans_math::reference::{Corpus, Leaves, Reference};
use pallet_datanets::{Row, Scores, Terms, Verdict};

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
	pub type Datanets = pallet_datanets;
	#[runtime::pallet_index(3)]
	pub type Spans = pallet_spans;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = MockBlock<Test>;
	type AccountData = pallet_balances::AccountData<u128>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = u128;
	type ExistentialDeposit = ConstU128<EXISTENTIAL>;
	type AccountStore = System;
}

pub const EXISTENTIAL: u128 = 1_000;
pub const RICH: u128 = 1 << 100;
/// No multiple of anything: parts of it have to be rounded.
pub const BOND: u128 = 1_000_003;
pub const STAKE: u128 = 101;
pub const WINDOWS: Windows = Windows { challenge: 10, unbonding: 15 };

parameter_types! {
	pub const DatanetsHold: RuntimeHoldReason =
		RuntimeHoldReason::Datanets(pallet_datanets::HoldReason::Storage);
	pub const SpansHold: RuntimeHoldReason =
		RuntimeHoldReason::Spans(pallet_spans::HoldReason::Storage);
	pub const Base: u128 = 1_000;
	pub const PerByte: u128 = 10;
	pub const PotId: PalletId = PalletId(*b"olg/data");
	pub const Protocol: u64 = PROTOCOL;
}

type Deposit<Reason> =
	HoldConsideration<u64, Balances, Reason, LinearStoragePrice<Base, PerByte, u128>>;

parameter_types! {
	pub const NoEntropy: openledger_core::Hash = openledger_core::Hash::zero();
}

impl pallet_datanets::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type RowBond = ConstU128<0>;
	type ByteBond = ConstU128<0>;
	type BlockPrice = ConstU128<0>;
	type Entropy = NoEntropy;
	type Earnings = ();
	type NearDuplicate = ConstU16<10_000>;
	type Consideration = Deposit<DatanetsHold>;
	type PalletId = PotId;
	type ProtocolPot = Protocol;
	type WeightInfo = pallet_datanets::weights::SubstrateWeight<Test>;
}

impl Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Consideration = Deposit<SpansHold>;
	type Datanets = Datanets;
	type Bond = ConstU128<BOND>;
	type DemandStake = ConstU128<STAKE>;
	type ProtocolPot = Protocol;
	type WeightInfo = crate::weights::SubstrateWeight<Test>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Scene;
}

/// Sets the scene for benchmarks.
#[cfg(feature = "runtime-benchmarks")]
pub struct Scene;

#[cfg(feature = "runtime-benchmarks")]
impl BenchmarkHelper<u64> for Scene {
	fn endow(who: &u64) {
		use frame::token::fungible::Mutate;
		Balances::mint_into(who, RICH).unwrap();
	}
	fn version(_: &u64, _: u32) -> (DatanetId, Version) {
		(0, 1)
	}
}

/// Owns and curates the Datanet 0.
pub const CURATOR: u64 = 1;
pub const ALICE: u64 = 10;
pub const BOB: u64 = 11;
pub const POOR: u64 = 12;
pub const CAROL: u64 = 13;
pub const DAVE: u64 = 14;
pub const PROTOCOL: u64 = 90;

/// The versions of the Datanet 0 that are published.
pub const VERSIONS: core::ops::RangeInclusive<Version> = 1..=3;

/// The rows of every version of the Datanet 0: Carol's batch and Dave's.
pub fn corpus() -> Corpus {
	Corpus::new(&[vec![vec![1, 2, 3], vec![2, 3, 4]], vec![vec![7; 70]]])
}

pub fn origin(who: u64) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub fn run_to(block: u32) {
	System::set_block_number(block.into());
}

/// An honest index of a version.
pub fn honest() -> Reference {
	corpus().index()
}

/// An index of the same text, one of whose leaves is another.
pub fn forged(change: impl FnOnce(&mut Leaves)) -> Reference {
	let mut leaves = honest().leaves().clone();
	change(&mut leaves);
	Reference::of(leaves)
}

/// Neighbours in the wrong order.
pub fn disordered() -> (Commitment, Fraud) {
	let index = forged(|leaves| leaves.suffixes.swap(3, 6));
	let cut = (0..8).filter_map(|rank| index.cut(rank));
	let cut = { cut }.find(|cut| cut.left.prefix[..] > cut.right.prefix[..]).unwrap();
	(index.commitment(), Fraud::Order(cut))
}

pub fn register(who: u64, version: Version, commitment: Commitment) -> DispatchResult {
	Spans::register(origin(who), 0, version, commitment)
}

pub fn challenge(who: u64, version: Version, fraud: &Fraud) -> DispatchResult {
	Spans::challenge(origin(who), 0, version, Box::new(fraud.clone()))
}

/// Publishes a version of a new Datanet, whose batches Carol and Dave contribute in turn, or the same
/// again.
pub fn publish(datanet: DatanetId, corpus: &Corpus) {
	if !pallet_datanets::Datanets::<Test>::contains_key(datanet) {
		let terms =
			Terms { rights: Rights::FINE_TUNE, price: 0, period: 0, curator_cut: 0, at_risk: 0 };
		let name = b"law".to_vec().try_into().unwrap();
		assert_ok!(Datanets::create(origin(CURATOR), name, terms));
		let contributors = [CAROL, DAVE].into_iter().cycle();
		for (batch, (who, rows)) in contributors.zip(corpus.listing().batches()).enumerate() {
			let rows: Vec<Row> =
				rows.iter().map(|(hash, bytes)| Row { hash: *hash, bytes: *bytes }).collect();
			assert_ok!(Datanets::contribute(origin(who), datanet, rows.try_into().unwrap()));
			let scores = Scores { authenticity: 1, ownership: 1, quality: 1, uniqueness: 1 };
			let verdict = Verdict::Accept(scores);
			assert_ok!(Datanets::review(origin(CURATOR), datanet, batch as u32, verdict));
		}
	}
	let batches: Vec<u32> = (0..corpus.listing().batches().len() as u32).collect();
	assert_ok!(Datanets::publish(origin(CURATOR), datanet, batches.try_into().unwrap()));
}

/// The state in which every test begins.
pub fn state() -> TestState {
	let rich = [CURATOR, ALICE, BOB, CAROL, DAVE].map(|who| (who, RICH));
	let poor = [(PROTOCOL, EXISTENTIAL), (POOR, BOND + EXISTENTIAL)];
	let storage = RuntimeGenesisConfig {
		balances: pallet_balances::GenesisConfig {
			balances: rich.into_iter().chain(poor).collect(),
			..Default::default()
		},
		spans: pallet_spans::GenesisConfig { windows: WINDOWS, ..Default::default() },
		..Default::default()
	};
	let mut state = TestState::new(storage.build_storage().unwrap());
	state.execute_with(|| {
		System::set_block_number(1);
		for _ in VERSIONS {
			publish(0, &corpus());
		}
	});
	state
}

pub fn build_and_execute(test: impl FnOnce()) {
	state().execute_with(|| {
		test();
		Spans::do_try_state().unwrap();
	});
}
