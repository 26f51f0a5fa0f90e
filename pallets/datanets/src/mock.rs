//! A chain of balances and this pallet.
#![allow(missing_docs)]

use crate as pallet_datanets;
use crate::*;
use alloc::collections::BTreeMap;
use frame::{
	deps::frame_support::traits::{
		fungible::HoldConsideration, tokens::Preservation, LinearStoragePrice,
	},
	runtime::prelude::*,
	testing_prelude::*,
};
pub use openledger_core::{commitment, Announced, Hash};
use openledger_influence_math::shingles::NEAR_DUPLICATE;

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
pub const PROTOCOL: u64 = 90;
pub const BLOCK_PRICE: u128 = 1_000_000;

parameter_types! {
	pub const Hold: RuntimeHoldReason =
		RuntimeHoldReason::Datanets(pallet_datanets::HoldReason::Storage);
	pub const Base: u128 = 1_000;
	pub const PerByte: u128 = 10;
	pub const PotId: PalletId = PalletId(*b"olg/data");
	pub const Protocol: u64 = PROTOCOL;
}

/// What accounts earn by influence.
pub struct Ledger;

parameter_types! {
	pub static Drawn: Hash = Hash::repeat_byte(9);
	pub static Earned: BTreeMap<u64, u128> = BTreeMap::new();
}

/// Who pays what accounts earned.
pub const INFLUENCE: u64 = 91;

impl openledger_core::Earnings<u64> for Ledger {
	fn owed(who: &u64) -> u128 {
		Earned::get().get(who).copied().unwrap_or(0)
	}
	fn collect(who: &u64, to: &u64) -> Result<u128, DispatchError> {
		let owed = Earned::mutate(|earned| earned.remove(who)).unwrap_or(0);
		Balances::transfer(&INFLUENCE, to, owed, Preservation::Preserve)
	}
	fn collect_weight() -> Weight {
		Weight::zero()
	}
}

/// An account earns by influence.
pub fn earn(who: u64, amount: u128) {
	Earned::mutate(|earned| *earned.entry(who).or_default() += amount);
}

impl Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Consideration =
		HoldConsideration<u64, Balances, Hold, LinearStoragePrice<Base, PerByte, u128>>;
	type PalletId = PotId;
	type ProtocolPot = Protocol;
	type RowBond = ConstU128<50_000>;
	type ByteBond = ConstU128<20>;
	type NearDuplicate = ConstU16<NEAR_DUPLICATE>;
	type BlockPrice = ConstU128<BLOCK_PRICE>;
	type Entropy = Drawn;
	type Earnings = Ledger;
	type WeightInfo = crate::weights::SubstrateWeight<Test>;
}

/// Owner and curator of the Datanet 0.
pub const OWNER: u64 = 1;
/// Contributors are 10 and up, builders 20 and up.
pub const ALICE: u64 = 10;
pub const BOB: u64 = 11;
pub const BUILDER: u64 = 20;

pub const TERMS: Terms =
	Terms { rights: Rights(0b11), price: 1_000_003, period: 100, curator_cut: 500, at_risk: 0 };

pub fn row(n: u8, bytes: u32) -> Row {
	Row { hash: Hash::repeat_byte(n), bytes }
}

pub fn rows(all: &[Row]) -> Rows {
	all.to_vec().try_into().unwrap()
}

pub fn origin(who: u64) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub const GOOD: Scores = Scores { authenticity: 90, ownership: 100, quality: 70, uniqueness: 100 };

pub fn create() {
	let name = b"law".to_vec().try_into().unwrap();
	assert_ok!(Datanets::create(origin(OWNER), name, TERMS));
}

/// Contributes and accepts one row.
pub fn accepted(who: u64, n: u8, bytes: u32) -> BatchId {
	let batch = crate::Datanets::<Test>::get(0).unwrap().next_batch;
	assert_ok!(Datanets::contribute(origin(who), 0, rows(&[row(n, bytes)])));
	assert_ok!(Datanets::review(origin(OWNER), 0, batch, Verdict::Accept(GOOD)));
	batch
}

/// Waits until the bonds of withdrawn rows may return, and returns them.
pub fn release(rows: &[u8]) {
	System::set_block_number(System::block_number() + u64::from(WINDOW) + 1);
	for n in rows {
		assert_ok!(Datanets::release_bond(origin(OWNER), 0, row(*n, 0).hash));
	}
}

pub const SALT: Hash = Hash::repeat_byte(0xaa);

/// A text of eighty words; those of four numbers differ in two words, others share none.
pub fn text(n: u8) -> String {
	let word = |i: u32| {
		let seed = if i == 20 || i == 60 { (u32::from(n), i) } else { (u32::from(n / 4) << 8, i) };
		let hash = seed.using_encoded(frame::hashing::blake2_256);
		hash[..6].iter().map(|byte| char::from(b'a' + byte % 26)).collect::<String>()
	};
	(0..80).map(word).collect::<Vec<_>>().join(" ")
}

/// The row with a content, said to have so many bytes.
pub fn row_of(content: &str, bytes: u32) -> Row {
	Row { hash: frame::hashing::blake2_256(content.as_bytes()).into(), bytes }
}

/// The row with text `n`.
pub fn written(n: u8, bytes: u32) -> Row {
	row_of(&text(n), bytes)
}

/// What announces a batch.
pub fn promise(who: u64, rows: &[Row]) -> Hash {
	commitment(&who, 0, &Announced::Batch(Datanets::root(rows)), &SALT)
}

/// Announces an exhibit of texts and shows it when it may be; `meanwhile` comes before that.
pub fn show(who: u64, earlier: &[u8], later: &[u8], meanwhile: impl FnOnce()) -> DispatchResult {
	let texts = |all: &[u8]| all.iter().map(|n| text(*n)).collect::<Vec<_>>();
	exhibit(who, &texts(earlier), &texts(later), meanwhile)
}

/// The same with any contents.
pub fn exhibit(
	who: u64,
	earlier: &[String],
	later: &[String],
	meanwhile: impl FnOnce(),
) -> DispatchResult {
	let hashes = |all: &[String]| all.iter().map(|text| row_of(text, 0).hash).collect();
	let what = Announced::Exhibit { earlier: hashes(earlier), later: hashes(later) };
	Datanets::announce(origin(who), commitment(&who, 0, &what, &SALT))?;
	System::set_block_number(System::block_number() + u64::from(NOTICE));
	meanwhile();
	let contents = |all: &[String]| -> Vec<Content> {
		all.iter()
			.map(|text| Content::truncate_from(text.as_bytes().to_vec()))
			.collect()
	};
	let (earlier, later) = (contents(earlier), contents(later));
	let earlier = earlier.try_into().map_err(|_| "too many earlier rows")?;
	let later = later.try_into().map_err(|_| "too many later rows")?;
	Datanets::exhibit(origin(who), 0, earlier, later, SALT)
}

/// The state in which every test begins.
pub fn state() -> TestState {
	Earned::take();
	let rich = [OWNER, ALICE, BOB, 12, 13, BUILDER, 21, INFLUENCE].map(|who| (who, RICH));
	let poor = [(PROTOCOL, EXISTENTIAL), (Datanets::pot(), EXISTENTIAL)];
	let storage = RuntimeGenesisConfig {
		balances: pallet_balances::GenesisConfig {
			balances: rich.into_iter().chain(poor).collect(),
			..Default::default()
		},
		..Default::default()
	};
	let mut state = TestState::new(storage.build_storage().unwrap());
	state.execute_with(|| System::set_block_number(1));
	state
}

pub fn build_and_execute(test: impl FnOnce()) {
	state().execute_with(|| {
		test();
		Datanets::do_try_state().unwrap();
	});
}
