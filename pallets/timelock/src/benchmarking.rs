//! Benchmarks of the calls.
#![allow(missing_docs)]

use super::*;
use frame::benchmarking::prelude::*;

/// The longest proposal that is measured: a compressed runtime fits.
const MAX_BYTES: u32 = 2_000_000;

fn proposal<T: Config>(bytes: u32) -> Box<T::Proposal> {
	let remark = alloc::vec![1; bytes as usize];
	Box::new(frame_system::Call::<T>::remark { remark }.into())
}

#[benchmarks]
mod benches {
	use super::*;

	#[cfg(test)]
	use crate::mock::{state, Test};
	impl_benchmark_test_suite!(Pallet, state(), Test);

	/// A proposal of `n` bytes.
	#[benchmark]
	fn schedule(n: Linear<0, MAX_BYTES>) -> Result<(), BenchmarkError> {
		let origin = T::ScheduleOrigin::try_successful_origin().map_err(|_| "no origin")?;
		let proposal = proposal::<T>(n);
		let id = proposal.using_encoded(blake2_256);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, proposal);

		assert!(T::Scheduler::next_dispatch_time(id).is_ok());
		Ok(())
	}

	#[benchmark]
	fn cancel() -> Result<(), BenchmarkError> {
		let origin = T::ScheduleOrigin::try_successful_origin().map_err(|_| "no origin")?;
		let proposal = proposal::<T>(MAX_BYTES);
		let id = proposal.using_encoded(blake2_256);
		Pallet::<T>::schedule(origin, proposal)?;
		let origin = T::CancelOrigin::try_successful_origin().map_err(|_| "no origin")?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id);

		assert!(T::Scheduler::next_dispatch_time(id).is_err());
		Ok(())
	}

	#[benchmark]
	fn set_delay() -> Result<(), BenchmarkError> {
		let origin = T::AdminOrigin::try_successful_origin().map_err(|_| "no origin")?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, 7u32.into());

		assert_eq!(Delay::<T>::get(), 7u32.into());
		Ok(())
	}
}
