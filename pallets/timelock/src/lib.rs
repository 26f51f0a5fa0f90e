//! # Timelock Pallet
//!
//! What governance decides happens after a delay in which everybody can see it coming.
//!
//! ## Overview
//!
//! A proposal that [`Config::ScheduleOrigin`] accepts is put on the schedule and dispatched when the
//! delay is over, with an origin of its own: it does what asks for [`EnsureMatured`], and nothing
//! that asks for root or for anybody's signature, so governance cannot take what is not its own.
//! Until then [`Config::CancelOrigin`] can take it off again, and whoever disagrees can leave.
//!
//! | who | calls |
//! |---|---|
//! | governance | [`schedule`](Pallet::schedule), [`cancel`](Pallet::cancel) |
//! | a matured proposal | [`set_delay`](Pallet::set_delay) |

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub mod weights;

pub use pallet::*;
pub use weights::WeightInfo;

use alloc::boxed::Box;
use frame::{
	deps::frame_support::traits::{
		schedule::{v3::Named, DispatchTime, HIGHEST_PRIORITY},
		OriginTrait, StorePreimage,
	},
	hashing::blake2_256,
	prelude::*,
};

/// The hash of a scheduled proposal, which names it.
pub type Id = [u8; 32];

#[frame::pallet]
pub mod pallet {
	use super::*;

	/// In-code storage version.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Configuration.
	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// What may be proposed.
		type Proposal: Parameter + From<frame_system::Call<Self>>;

		/// The origins of the runtime's pallets.
		type PalletsOrigin: From<Origin>;

		/// Dispatches proposals when the delay is over.
		type Scheduler: Named<
			BlockNumberFor<Self>,
			Self::Proposal,
			Self::PalletsOrigin,
			Hasher = Self::Hashing,
		>;

		/// Keeps proposals until then.
		type Preimages: StorePreimage<H = Self::Hashing>;

		/// May schedule proposals.
		type ScheduleOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// May cancel them.
		type CancelOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// May set the delay.
		type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// What proposals are dispatched with.
	#[pallet::origin]
	#[derive(
		Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
	)]
	pub enum Origin {
		/// The delay of this proposal is over.
		#[codec(index = 0)]
		Matured,
	}

	/// Blocks between decision and dispatch.
	#[pallet::storage]
	pub type Delay<T> = StorageValue<_, BlockNumberFor<T>, ValueQuery>;

	/// Sets the delay at genesis.
	#[pallet::genesis_config]
	#[derive(frame::derive::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// In blocks.
		pub delay: BlockNumberFor<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			Delay::<T>::put(self.delay);
		}
	}

	/// Events.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A proposal will be dispatched.
		Scheduled {
			/// The hash of its encoding.
			id: Id,
			/// In this block, or soon after if that is full.
			at: BlockNumberFor<T>,
		},
		/// A proposal will not be dispatched.
		Cancelled {
			/// The hash of its encoding.
			id: Id,
		},
		/// The delay of proposals from now on.
		DelaySet {
			/// In blocks.
			delay: BlockNumberFor<T>,
		},
	}

	#[pallet::call(weight = T::WeightInfo)]
	impl<T: Config> Pallet<T> {
		/// Schedules a proposal, to be dispatched after the delay. One that waits cannot be scheduled
		/// again.
		///
		/// ## Dispatch Origin
		///
		/// Must be [`Config::ScheduleOrigin`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::schedule(proposal.encoded_size() as u32))]
		pub fn schedule(origin: OriginFor<T>, proposal: Box<T::Proposal>) -> DispatchResult {
			T::ScheduleOrigin::ensure_origin(origin)?;
			let id = proposal.using_encoded(blake2_256);
			// This block's agenda is done already.
			let delay = Delay::<T>::get().max(One::one());
			let at = frame_system::Pallet::<T>::block_number().saturating_add(delay);
			T::Scheduler::schedule_named(
				id,
				DispatchTime::At(at),
				None,
				HIGHEST_PRIORITY,
				Origin::Matured.into(),
				T::Preimages::bound(*proposal)?,
			)?;
			Self::deposit_event(Event::Scheduled { id, at });
			Ok(())
		}

		/// Takes a proposal off the schedule.
		///
		/// ## Dispatch Origin
		///
		/// Must be [`Config::CancelOrigin`].
		#[pallet::call_index(1)]
		pub fn cancel(origin: OriginFor<T>, id: Id) -> DispatchResult {
			T::CancelOrigin::ensure_origin(origin)?;
			T::Scheduler::cancel_named(id)?;
			Self::deposit_event(Event::Cancelled { id });
			Ok(())
		}

		/// Sets the delay of what is scheduled from now on, in blocks.
		///
		/// ## Dispatch Origin
		///
		/// Must be [`Config::AdminOrigin`].
		#[pallet::call_index(2)]
		pub fn set_delay(origin: OriginFor<T>, delay: BlockNumberFor<T>) -> DispatchResult {
			T::AdminOrigin::ensure_origin(origin)?;
			Delay::<T>::put(delay);
			Self::deposit_event(Event::DelaySet { delay });
			Ok(())
		}
	}
}

/// A proposal whose delay is over.
pub struct EnsureMatured;

impl<O: OriginTrait + From<Origin>> EnsureOrigin<O> for EnsureMatured
where
	for<'a> &'a O::PalletsOrigin: TryInto<&'a Origin>,
{
	type Success = ();

	fn try_origin(origin: O) -> Result<(), O> {
		let matured = matches!(origin.caller().try_into(), Ok(Origin::Matured));
		matured.then_some(()).ok_or(origin)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn try_successful_origin() -> Result<O, ()> {
		Ok(Origin::Matured.into())
	}
}
