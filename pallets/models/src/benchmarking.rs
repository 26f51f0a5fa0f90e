//! Benchmarks of the calls, each in its worst case.
#![allow(missing_docs)]

use super::*;
use frame::benchmarking::prelude::*;
use openledger_core::Hash;

/// Makes what benchmarks need of other pallets.
pub trait BenchmarkHelper<AccountId> {
	/// Gives an account what deposits need.
	fn endow(who: &AccountId);
	/// A published version with `blocks` contributors, on which `developer` may fine-tune.
	fn version(developer: &AccountId, blocks: u32) -> (DatanetId, Version);
	/// Hashes of adapters and the Ψ by which the design of a run can be closed now.
	fn trained(run: ModelId) -> (Vec<Hash>, Vec<i32>);
	/// Ends the committee that trains drawn adapters of a model version again.
	fn tested(model: ModelId);
}

const HASH: Hash = Hash::repeat_byte(1);

fn rich<T: Config>(name: &'static str) -> T::AccountId {
	let who = account(name, 0, 0);
	T::BenchmarkHelper::endow(&who);
	who
}

fn url() -> Url {
	BoundedVec::truncate_from(alloc::vec![b'a'; MAX_URL as usize])
}

fn base<T: Config>() -> BaseId {
	Pallet::<T>::do_register_base(rich::<T>("registrant"), HASH, url())
		.expect("the registrant is rich; qed")
}

/// A run on the rows of `blocks` contributors.
fn run<T: Config>(developer: &T::AccountId, blocks: u32, adapters: u16) -> ModelId {
	let (datanet, version) = T::BenchmarkHelper::version(developer, blocks);
	let base = base::<T>();
	Pallet::<T>::do_start_run(developer.clone(), what(base, (datanet, version), adapters, None))
		.expect("the developer may; qed")
}

fn what(
	base: BaseId,
	(datanet, version): (DatanetId, Version),
	adapters: u16,
	parent: Option<ModelId>,
) -> Run {
	let (method, endpoint) = (Method::Counterfactual, url());
	Run { base, datanet, version, manifest: HASH, method, adapters, class: 0, endpoint, parent }
}

/// A model version that can be served.
fn ready<T: Config>(developer: &T::AccountId) -> ModelId {
	let model = run::<T>(developer, 8, 16);
	let (adapters, psi) = T::BenchmarkHelper::trained(model);
	Pallet::<T>::do_register_version(
		developer.clone(),
		model,
		HASH,
		adapters,
		psi,
		Price::default(),
	)
	.expect("it is trained; qed");
	model
}

/// Retires a model version and lets its delay pass.
fn end<T: Config>(developer: T::AccountId, model: ModelId) -> DispatchResult {
	Pallet::<T>::do_retire(developer, model)?;
	T::BenchmarkHelper::tested(model);
	let over = Pallet::<T>::now().saturating_add(RETIRE_DELAY).saturating_add(1);
	frame_system::Pallet::<T>::set_block_number(over.into());
	Ok(())
}

#[benchmarks]
mod benches {
	use super::*;

	#[cfg(test)]
	use crate::mock::{state, Test};
	impl_benchmark_test_suite!(Pallet, state(), Test);

	#[benchmark]
	fn register_base() {
		let id = NextBase::<T>::get();

		#[extrinsic_call]
		_(RawOrigin::Signed(rich::<T>("registrant")), HASH, url());

		assert!(Bases::<T>::contains_key(id));
	}

	/// On the rows of the most contributors, improving on another model.
	#[benchmark]
	fn start_run() {
		let developer = rich::<T>("developer");
		let parent = ready::<T>(&developer);
		let version = T::BenchmarkHelper::version(&developer, openledger_core::MAX_BLOCKS);
		let (base, id) = (base::<T>(), NextModel::<T>::get());
		let caller = RawOrigin::Signed(developer);

		#[extrinsic_call]
		_(caller, what(base, version, 62, Some(parent)));

		assert!(Models::<T>::contains_key(id));
	}

	/// A Ψ of `n` entries, for the most contributors. The subsets are weighed apart.
	#[benchmark]
	fn register_version(n: Linear<768, MAX_PSI>) {
		let blocks = openledger_core::MAX_BLOCKS;
		let developer = rich::<T>("developer");
		let model = run::<T>(&developer, blocks, ((n / blocks - 1) / 2 * 2) as u16);
		let (adapters, psi) = T::BenchmarkHelper::trained(model);
		let (adapters, psi) = (BoundedVec::truncate_from(adapters), BoundedVec::truncate_from(psi));
		let caller = RawOrigin::Signed(developer);

		#[extrinsic_call]
		_(caller, model, HASH, adapters, psi, Price::default());

		assert!(Models::<T>::get(model).is_some_and(|m| matches!(m.stage, Stage::Ready { .. })));
	}

	#[benchmark]
	fn set_price() {
		let developer = rich::<T>("developer");
		let model = ready::<T>(&developer);
		let price = Price { input: 1, output: 2, donation: 3 };

		#[extrinsic_call]
		_(RawOrigin::Signed(developer), model, price);

		assert!(Models::<T>::get(model).is_some_and(|m| m.price == price));
	}

	#[benchmark]
	fn serve() {
		let model = ready::<T>(&rich::<T>("developer"));
		let operator = rich::<T>("operator");

		#[extrinsic_call]
		_(RawOrigin::Signed(operator.clone()), model, url());

		assert!(Operators::<T>::contains_key(model, operator));
	}

	#[benchmark]
	fn stop_serving() -> Result<(), BenchmarkError> {
		let model = ready::<T>(&rich::<T>("developer"));
		let operator = rich::<T>("operator");
		Pallet::<T>::do_serve(operator.clone(), model, url())?;

		#[extrinsic_call]
		_(RawOrigin::Signed(operator.clone()), model);

		assert!(!Operators::<T>::contains_key(model, operator));
		Ok(())
	}

	#[benchmark]
	fn cancel_run() {
		let developer = rich::<T>("developer");
		let model = run::<T>(&developer, openledger_core::MAX_BLOCKS, 62);
		// Its subsets are drawn, which costs more.
		T::BenchmarkHelper::trained(model);

		#[extrinsic_call]
		_(RawOrigin::Signed(developer), model);

		assert!(!Models::<T>::contains_key(model));
	}

	#[benchmark]
	fn remove_base() {
		let base = base::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(rich::<T>("registrant")), base);

		assert!(!Bases::<T>::contains_key(base));
	}

	#[benchmark]
	fn retire() {
		let developer = rich::<T>("developer");
		let model = ready::<T>(&developer);

		#[extrinsic_call]
		_(RawOrigin::Signed(developer), model);

		assert!(Models::<T>::get(model).is_some_and(|model| model.retired.is_some()));
	}

	#[benchmark]
	fn remove_operator() -> Result<(), BenchmarkError> {
		let developer = rich::<T>("developer");
		let (model, operator) = (ready::<T>(&developer), rich::<T>("operator"));
		Pallet::<T>::do_serve(operator.clone(), model, url())?;
		end::<T>(developer, model)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(account("anybody", 0, 0)), model, operator.clone());

		assert!(!Operators::<T>::contains_key(model, operator));
		Ok(())
	}

	#[benchmark]
	fn remove_version() -> Result<(), BenchmarkError> {
		let developer = rich::<T>("developer");
		let model = ready::<T>(&developer);
		end::<T>(developer, model)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(account("anybody", 0, 0)), model);

		assert!(!Models::<T>::contains_key(model));
		Ok(())
	}

	/// Looks a model version and its base model up.
	#[benchmark]
	fn read() {
		let model = ready::<T>(&rich::<T>("developer"));
		let found;

		#[block]
		{
			found = <Pallet<T> as openledger_core::Models<_>>::model(model);
		}

		assert!(found.is_some());
	}
}
