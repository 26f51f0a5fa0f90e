//! How long an epoch is: fixed by the genesis, so that one runtime serves a development chain, whose
//! sessions and eras are over in minutes, and a live one.

pub use pallet::*;

/// Keeps the length of an epoch. There is no call: a change would stop block production.
#[polkadot_sdk::frame_support::pallet]
pub mod pallet {
	use frame_support::{pallet_prelude::*, traits::ConstU64};
	use polkadot_sdk::*;

	/// Slots of an epoch unless the genesis says otherwise.
	pub const QUICK_EPOCH: u64 = 20;

	#[pallet::config]
	pub trait Config: polkadot_sdk::frame_system::Config {}

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// Slots of an epoch.
	#[pallet::storage]
	pub type Slots<T> = StorageValue<_, u64, ValueQuery, ConstU64<QUICK_EPOCH>>;

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Slots of an epoch.
		pub slots: Option<core::num::NonZeroU64>,
		#[serde(skip)]
		pub _config: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			if let Some(slots) = self.slots {
				Slots::<T>::put(slots.get());
			}
		}
	}
}
