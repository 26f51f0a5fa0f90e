//! # Models Pallet
//!
//! Base models, fine-tuning runs, model versions, prices and serving operators.
//!
//! ## Overview
//!
//! A developer with a licence starts a run on a published version of a Datanet: that freezes the
//! data, and the chain draws the subsets for the counterfactual adapters. When all adapters are
//! trained their hashes and Ψ are registered, and the run becomes a model version that operators
//! serve at the developer's price. One [`ModelId`] names both.
//!
//! A version that its developer retires gets no new operators. Receipts of it are taken for
//! [`RETIRE_DELAY`] blocks more, so that no answer goes unpaid. When the last of them is pruned
//! anybody may remove the version, and all its deposits return.
//!
//! | who | calls |
//! |---|---|
//! | anybody | [`register_base`](Pallet::register_base), and its registrant [`remove_base`](Pallet::remove_base) |
//! | developer | [`start_run`](Pallet::start_run), [`register_version`](Pallet::register_version), [`set_price`](Pallet::set_price), [`cancel_run`](Pallet::cancel_run), [`retire`](Pallet::retire) |
//! | anybody, of a version that is over | [`remove_operator`](Pallet::remove_operator), [`remove_version`](Pallet::remove_version) |
//! | operator | [`serve`](Pallet::serve), [`stop_serving`](Pallet::stop_serving) |

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod face;
mod impls;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub mod types;
pub mod weights;

#[cfg(feature = "runtime-benchmarks")]
pub use benchmarking::BenchmarkHelper;
pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

use alloc::vec::Vec;
use frame::{
	prelude::*,
	traits::{Consideration, Footprint},
};
use openledger_core::{
	Balance, BaseId, Class, DatanetId, Datanets, Designs, Hash, Method, ModelId, Rights, Version,
	BASIS_POINTS, MAX_ADAPTERS, MAX_PSI,
};

/// The longest URL, in bytes.
pub const MAX_URL: u32 = 128;
/// Blocks for which receipts of a retired model version are taken: a week of 3 s slots. After
/// that it may be removed.
pub const RETIRE_DELAY: u32 = 201_600;

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
		/// The data that models are trained on.
		type Datanets: Datanets<Self::AccountId>;

		/// The designs of the counterfactual adapters.
		type Designs: Designs<Self::AccountId>;

		/// Takes deposits for stored items.
		type Consideration: Consideration<Self::AccountId, Footprint>;

		/// Blocks after which anybody may cancel a run that was not finished.
		#[pallet::constant]
		type RunDeadline: Get<u32>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;

		/// Makes what benchmarks need of other pallets.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: BenchmarkHelper<Self::AccountId>;
	}

	/// Why this pallet holds money in accounts.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// A deposit for stored items.
		#[codec(index = 0)]
		Storage,
	}

	/// The next base model.
	#[pallet::storage]
	pub type NextBase<T> = StorageValue<_, BaseId, ValueQuery>;

	/// Base models.
	// `Twox64Concat` here and below: ids are counted by the pallet.
	#[pallet::storage]
	pub type Bases<T: Config> =
		StorageMap<_, Twox64Concat, BaseId, Base<T::AccountId, T::Consideration>, OptionQuery>;

	/// The next run.
	#[pallet::storage]
	pub type NextModel<T> = StorageValue<_, ModelId, ValueQuery>;

	/// Runs and model versions.
	#[pallet::storage]
	pub type Models<T: Config> =
		StorageMap<_, Twox64Concat, ModelId, Model<T::AccountId, T::Consideration>, OptionQuery>;

	/// Who serves a model version.
	#[pallet::storage]
	pub type Operators<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		ModelId,
		Blake2_128Concat,
		T::AccountId,
		Operator<T::Consideration>,
		OptionQuery,
	>;

	/// Events.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A base model was registered.
		BaseRegistered {
			/// The base model.
			base: BaseId,
			/// By whom.
			registrant: T::AccountId,
			/// Hash of its manifest.
			manifest: Hash,
		},
		/// A base model was removed.
		BaseRemoved {
			/// The base model.
			base: BaseId,
		},
		/// A run was started.
		RunStarted {
			/// The run.
			model: ModelId,
			/// By whom.
			developer: T::AccountId,
			/// On this Datanet.
			datanet: DatanetId,
			/// And this version of it.
			version: Version,
		},
		/// A run was given up.
		RunCancelled {
			/// The run.
			model: ModelId,
		},
		/// A model version can be served.
		VersionRegistered {
			/// The model version.
			model: ModelId,
			/// Hash of the published adapter.
			adapter: Hash,
		},
		/// A model version takes no new requests.
		Retired {
			/// The model version.
			model: ModelId,
			/// The last block in which its receipts are taken.
			until: u32,
		},
		/// A retired model version is no more.
		VersionRemoved {
			/// The model version.
			model: ModelId,
		},
		/// The price of answers was set.
		PriceSet {
			/// The model version.
			model: ModelId,
			/// From now on.
			price: Price,
		},
		/// An operator serves, or serves elsewhere.
		Serving {
			/// The model version.
			model: ModelId,
			/// Who.
			operator: T::AccountId,
			/// Where.
			endpoint: Url,
		},
		/// An operator serves no more.
		StoppedServing {
			/// The model version.
			model: ModelId,
			/// Who.
			operator: T::AccountId,
		},
	}

	/// Errors.
	#[pallet::error]
	pub enum Error<T> {
		/// No such base model.
		NoBase,
		/// Only the registrant may do this.
		NotRegistrant,
		/// Runs or model versions are based on it.
		BaseInUse,
		/// No such run or model version.
		NoModel,
		/// No such version of the Datanet.
		NoVersion,
		/// Rows of this version were withdrawn: train on a newer one.
		StaleVersion,
		/// Buy a licence with the right to fine-tune first.
		NotLicensed,
		/// Only the developer may do this.
		NotDeveloper,
		/// Counterfactual adapters come in pairs: an even number from 2 to 512. Columns of features are 1 to
		/// 512.
		BadAdapterCount,
		/// A developer gives up at most 10,000 basis points of its share.
		BadPrice,
		/// A URL has 1 to 128 bytes of UTF-8.
		BadUrl,
		/// The run is finished.
		NotTraining,
		/// The run is not finished.
		NotReady,
		/// Its developer retired this model version: use another one.
		Retired,
		/// The version is not retired, or its receipts are still taken.
		NotOver,
		/// Operators are listed: remove them first.
		StillServed,
		/// Its developer has more time.
		RunNotOverdue,
		/// This account does not serve the model.
		NotOperator,
		/// A number is out of its type.
		Overflow,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::deps::sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Operators of a model version and where they answer.
		pub fn operators(model: ModelId) -> Vec<(T::AccountId, Url)> {
			Operators::<T>::iter_prefix(model)
				.map(|(who, operator)| (who, operator.endpoint))
				.collect()
		}

		/// The model versions that one improves on, the nearest first; at most 32.
		pub fn lineage(model: ModelId) -> Vec<ModelId> {
			let parent = |id: &ModelId| Models::<T>::get(id)?.run.parent;
			core::iter::successors(parent(&model), parent).take(32).collect()
		}
	}

	#[pallet::call(weight = T::WeightInfo)]
	impl<T: Config> Pallet<T> {
		/// Registers a base model by the hash of its manifest.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`.
		#[pallet::call_index(0)]
		pub fn register_base(
			origin: OriginFor<T>,
			manifest: Hash,
			endpoint: Url,
		) -> DispatchResult {
			Self::do_register_base(ensure_signed(origin)?, manifest, endpoint).map(|_| ())
		}

		/// Starts a run: its data is frozen, and the subsets for its counterfactual adapters are drawn
		/// eleven blocks later.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`, by the Datanet's owner or with a licence to fine-tune.
		#[pallet::call_index(1)]
		pub fn start_run(origin: OriginFor<T>, run: Run) -> DispatchResult {
			Self::do_start_run(ensure_signed(origin)?, run).map(|_| ())
		}

		/// Registers what a run trained: the published adapter, the counterfactual ones in the order
		/// of the subsets or the map of the gradient method alone, and Ψ.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by the developer.
		#[pallet::call_index(2)]
		#[pallet::weight(
			T::WeightInfo::register_version(psi.len() as u32)
				.saturating_add(T::Designs::draw_weight(adapters.len() as u32))
				// Whether the version of the data is stale.
				.saturating_add(T::DbWeight::get().reads(2))
		)]
		pub fn register_version(
			origin: OriginFor<T>,
			model: ModelId,
			adapter: Hash,
			adapters: BoundedVec<Hash, ConstU32<MAX_ADAPTERS>>,
			psi: BoundedVec<i32, ConstU32<MAX_PSI>>,
			price: Price,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_register_version(who, model, adapter, adapters.into(), psi.into(), price)
		}

		/// Sets what answers cost from now on.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by the developer.
		#[pallet::call_index(3)]
		pub fn set_price(origin: OriginFor<T>, model: ModelId, price: Price) -> DispatchResult {
			Self::do_set_price(ensure_signed(origin)?, model, price)
		}

		/// Serves a model version, or moves its endpoint.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`.
		#[pallet::call_index(4)]
		pub fn serve(origin: OriginFor<T>, model: ModelId, endpoint: Url) -> DispatchResult {
			Self::do_serve(ensure_signed(origin)?, model, endpoint)
		}

		/// Serves a model version no more.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by an operator.
		#[pallet::call_index(5)]
		pub fn stop_serving(origin: OriginFor<T>, model: ModelId) -> DispatchResult {
			Self::do_stop_serving(ensure_signed(origin)?, model)
		}

		/// Gives up a run that is not finished. Once its subsets are drawn that costs its developer a part of
		/// the version's bond, so that nobody tries draws until one suits.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`: by the developer, or after [`Config::RunDeadline`] by anybody.
		#[pallet::call_index(6)]
		pub fn cancel_run(origin: OriginFor<T>, model: ModelId) -> DispatchResult {
			Self::do_cancel_run(ensure_signed(origin)?, model)
		}

		/// Removes a base model that no run or model version uses, and returns its deposit.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by its registrant.
		#[pallet::call_index(7)]
		pub fn remove_base(origin: OriginFor<T>, base: BaseId) -> DispatchResult {
			Self::do_remove_base(ensure_signed(origin)?, base)
		}

		/// Retires a model version: nobody starts to serve it, and its receipts are taken for
		/// [`RETIRE_DELAY`] blocks more.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by the developer.
		#[pallet::call_index(8)]
		pub fn retire(origin: OriginFor<T>, model: ModelId) -> DispatchResult {
			Self::do_retire(ensure_signed(origin)?, model)
		}

		/// Removes an operator of a version that was retired [`RETIRE_DELAY`] blocks ago, and
		/// returns its deposit.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`, by anybody.
		#[pallet::call_index(9)]
		pub fn remove_operator(
			origin: OriginFor<T>,
			model: ModelId,
			operator: T::AccountId,
		) -> DispatchResult {
			ensure_signed(origin)?;
			Self::over(model)?;
			Self::do_stop_serving(operator, model)
		}

		/// Removes a version that was retired [`RETIRE_DELAY`] blocks ago, has no operators and
		/// whose receipts are pruned, and returns its developer's deposits.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`, by anybody.
		#[pallet::call_index(10)]
		#[pallet::weight(
			T::WeightInfo::remove_version().saturating_add(T::Designs::forget_weight())
		)]
		pub fn remove_version(origin: OriginFor<T>, model: ModelId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_remove_version(model)
		}
	}
}
