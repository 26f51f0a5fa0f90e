//! What benchmarks of one pallet need of the others, and the list of all benchmarks.

use crate::*;
use alloc::{vec, vec::Vec};
use codec::Encode;
use frame_support::{traits::fungible::Mutate, BoundedVec};
use openledger_core::{DatanetId, Method, ModelId, Rights, Version, MAX_BLOCKS};
use openledger_influence_math::{design, Psi};
use sp_runtime::AccountId32;

frame_benchmarking::define_benchmarks!(
	[pallet_agents, Agents]
	[pallet_attribution, Attribution]
	[pallet_datanets, Datanets]
	[pallet_models, Models]
	[pallet_spans, Spans]
	[pallet_timelock, Timelock]
);

/// All benchmarks, and what is stored where.
pub fn list(
	extra: bool,
) -> (Vec<frame_benchmarking::BenchmarkList>, Vec<frame_support::traits::StorageInfo>) {
	use frame_benchmarking::BenchmarkList;
	use frame_support::traits::StorageInfoTrait;
	let mut list = Vec::<BenchmarkList>::new();
	list_benchmarks!(list, extra);
	(list, AllPalletsWithSystem::storage_info())
}

/// Runs one.
pub fn dispatch(
	config: frame_benchmarking::BenchmarkConfig,
) -> Result<Vec<frame_benchmarking::BenchmarkBatch>, alloc::string::String> {
	use frame_benchmarking::BenchmarkBatch;
	use frame_support::traits::WhitelistedStorageKeys;
	let whitelist = AllPalletsWithSystem::whitelisted_storage_keys();
	let mut batches = Vec::<BenchmarkBatch>::new();
	let params = (&config, &whitelist);
	add_benchmarks!(params, batches);
	Ok(batches)
}

/// Sets the scene with the real pallets.
pub struct Scene;

fn endow(who: &AccountId) {
	Balances::mint_into(who, 1_000_000 * UNIT).expect("nobody is that rich; qed");
}

fn rich(n: u32) -> AccountId {
	let who = AccountId32::from(sp_io::hashing::blake2_256(&(b"benchmark", n).encode()));
	endow(&who);
	who
}

/// A Datanet of `owner` with a version of `blocks` contributors, one row each.
fn version(owner: &AccountId, blocks: u32) -> (DatanetId, Version) {
	let name = BoundedVec::truncate_from(b"benchmark".to_vec());
	let terms = pallet_datanets::Terms {
		rights: Rights::FINE_TUNE,
		price: UNIT,
		period: 0,
		curator_cut: 1_000,
		at_risk: UNIT,
	};
	let id = Datanets::do_create(owner.clone(), name, terms).expect("the owner is rich; qed");
	let scores =
		pallet_datanets::Scores { authenticity: 1, ownership: 1, quality: 1, uniqueness: 1 };
	let batches = (0..blocks.min(MAX_BLOCKS)).map(|n| {
		let row = pallet_datanets::Row { hash: Hash::from_low_u64_be(n.into()), bytes: 1_000 };
		let rows = BoundedVec::truncate_from(vec![row]);
		let contributor = rich(n);
		Datanets::do_put_at_risk(contributor.clone(), id, UNIT)
			.expect("the contributor is rich; qed");
		let batch = Datanets::do_contribute(contributor, id, rows).expect("the row is new; qed");
		let verdict = pallet_datanets::Verdict::Accept(scores);
		Datanets::review(RuntimeOrigin::signed(owner.clone()), id, batch, verdict)
			.expect("the owner curates; qed");
		batch
	});
	let batches = BoundedVec::truncate_from(batches.collect());
	let version = Datanets::do_publish(owner.clone(), id, batches, MAX_BLOCKS as u16)
		.expect("all is accepted; qed");
	(id, version)
}

impl pallet_models::BenchmarkHelper<AccountId> for Scene {
	fn endow(who: &AccountId) {
		endow(who)
	}

	fn version(developer: &AccountId, blocks: u32) -> (DatanetId, Version) {
		version(developer, blocks)
	}

	fn trained(run: ModelId) -> (Vec<Hash>, Vec<i32>) {
		let seed = Hash::repeat_byte(7);
		pallet_attribution::Designs::<Runtime>::mutate_extant(run, |d| d.seed = Some(seed));
		let design = pallet_attribution::Designs::<Runtime>::get(run).expect("it was opened; qed");
		let subsets = design::draw(seed, design.blocks.len() as u16, design.adapters);
		let sizes: Vec<u64> = design.blocks.iter().map(|block| block.bytes).collect();
		let psi = Psi::solve(&subsets, &sizes).expect("there are blocks and subsets; qed");
		(vec![Hash::repeat_byte(8); design.adapters.into()], psi.entries().to_vec())
	}

	fn tested(model: ModelId) {
		let work = pallet_attribution::Work::Training(model);
		pallet_attribution::Committees::<Runtime>::remove(work);
	}
}

impl pallet_attribution::BenchmarkHelper<AccountId> for Scene {
	fn model(operator: &AccountId, blocks: u32, adapters: u16) -> ModelId {
		use pallet_models::BenchmarkHelper;
		let developer = rich(u32::MAX);
		let url = || BoundedVec::truncate_from(b"http://operator".to_vec());
		let hash = Hash::repeat_byte(9);
		let (datanet, version) = version(&developer, blocks);
		let base = Models::do_register_base(developer.clone(), hash, url()).expect("rich; qed");
		let run = pallet_models::Run {
			base,
			datanet,
			version,
			manifest: hash,
			method: Method::Counterfactual,
			adapters,
			class: 0,
			endpoint: url(),
			parent: None,
		};
		let model = Models::do_start_run(developer.clone(), run)
			.expect("the developer owns the Datanet; qed");
		let (adapters, psi) = Scene::trained(model);
		let by = RuntimeOrigin::signed;
		Models::register_version(
			by(developer),
			model,
			hash,
			BoundedVec::truncate_from(adapters),
			BoundedVec::truncate_from(psi),
			pallet_models::Price { input: UNIT, output: UNIT, donation: 1_000 },
		)
		.expect("it is trained; qed");
		Models::serve(by(operator.clone()), model, url()).expect("it is ready; qed");
		<Scene as pallet_models::BenchmarkHelper<_>>::tested(model);
		pallet_attribution::Designs::<Runtime>::mutate_extant(model, |design| {
			design.standing = pallet_attribution::Standing::Active;
		});
		model
	}
}

impl pallet_spans::BenchmarkHelper<AccountId> for Scene {
	fn endow(who: &AccountId) {
		endow(who)
	}

	fn version(curator: &AccountId, blocks: u32) -> (DatanetId, Version) {
		version(curator, blocks)
	}
}
