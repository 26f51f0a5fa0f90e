//! # Spans Pallet
//!
//! Which spans of an answer stand in a Datanet, proved against an index that somebody answers for.
//!
//! ## Overview
//!
//! Anybody registers, for a published version of a Datanet, the commitment to its text and suffix
//! array (`openledger-spans-math`), and a bond is held. The text is that of the version's rows, a token
//! for each byte, batch by batch and in a batch by rising hash, so that everybody who has the rows has
//! the same. Proofs against it are verified for other pallets, for contracts and for whoever asks.
//!
//! An index is provisional until the window for challenges is over, then final. Whoever shows a
//! [`Fraud`], at any time as long as the index is there, removes it and gets a part of its bond; the
//! protocol gets the rest. A leaf that somebody cannot have is demanded, and shown, or the index falls
//! as if it had a fault; meanwhile it is provisional. The registrant ends an index by announcing it,
//! and takes its bond back after a delay in which it can still be challenged. A version has one index
//! at a time; the next may come once that is gone. As long as there is one the version stays.
//!
//! | who | calls |
//! |---|---|
//! | registrant | [`register`](Pallet::register), [`retire`](Pallet::retire) |
//! | anybody | [`challenge`](Pallet::challenge), [`remove`](Pallet::remove) |
//! | who cannot have a leaf | [`demand`](Pallet::demand), [`end_demand`](Pallet::end_demand) |
//! | who has it | [`show`](Pallet::show) |
//!
//! ## What is proved, and by what
//!
//! - *A span stands at a position of the committed text, in a row.* The text's Merkle root proves it;
//!   that it is this row and no other rests on the chunks counting rows, which a fraud proof can
//!   refute. A row is one of a batch, a block and a contributor ([`openledger_core::Datanets::row`]).
//! - *The text is the version's.* It is refused if it is not exactly as long. Each token that is not
//!   what the rows have there has a fraud proof in one step: the chunk with the token, the list of the
//!   batch's rows under the version's root, and the content of the row. It needs no other part of the
//!   text, so whatever is shown of a text can be refuted by whoever has the rows.
//! - *No longer beginning of the query stands anywhere; a span stands there so often.* This rests on
//!   the committed array being the text's suffix array. Each way in which leaves that are known can be
//!   wrong has a fraud proof in one step, and whoever has the index finds one in linear time
//!   (`Index::audit` of `client/spans`). So it holds as long as one honest party reads the index
//!   before somebody relies on it: that is what the window is for, and why a provisional index says
//!   that it is.
//! - *Each leaf can be had.* A hash that nobody can open can be neither used in a proof nor refuted.
//!   Whoever cannot have a leaf demands it, and it is shown within the window for challenges or the
//!   index falls. Who builds the index from the rows, as everybody can, and compares the paths that
//!   are shown with its own knows after each demand where to look next. So nobody keeps a version
//!   from being indexed by committing to nothing.
//! - *Not proved: what a row was whose content nobody has left.* Versions are trained on from their
//!   contents, so those of versions in use are at hand.
//!
//! ## Money
//!
//! The bond, [`Config::Bond`], is the same for every index: it has to pay a challenger for reading
//! one, which takes minutes of a small machine, and to be far above what a false index can earn. Spans
//! are reported beside influence and move no money yet; where they come to do so, the bond has to be
//! at least ten times what depends on an index within its window. [`CHALLENGER_CUT`] of it goes to
//! the challenger: whoever refutes its own index before others do loses the rest.
//!
//! A demand stakes [`Config::DemandStake`], which pays whoever shows the leaf for its transaction: that
//! need not be the registrant, since whoever has the rows has the same leaves. If nobody does, the
//! stake returns, and whoever demanded the leaf gets the challenger's part of the bond.
//!
//! A challenge needs no bond: one that does not hold is an error and changes nothing, and its fee is
//! what it costs. A proof can be copied while it waits for its block, and the copy be paid instead;
//! the index is gone either way.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod demands;
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

use alloc::{boxed::Box, vec::Vec};
use frame::{
	prelude::*,
	token::fungible::{Inspect, MutateHold},
	traits::{Consideration, Footprint},
};
use openledger_core::{Balance, DatanetId, Datanets, Spans, Version, BASIS_POINTS};
use openledger_spans_math::{
	Commitment, CountProof, Excerpt, Fraud, Leaf, Match, Opening, Place, Shown, SpanError,
	SpanProof,
};

/// The challenger's part of the bond of an index with a fault, in basis points.
pub const CHALLENGER_CUT: u16 = 3_000;
/// Levels of the smallest index that verification is measured on.
pub const MIN_LEVELS: u32 = 7;

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
		/// $OPEN.
		type Currency: Inspect<Self::AccountId, Balance = Balance>
			+ MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

		/// The runtime's hold reasons.
		type RuntimeHoldReason: From<HoldReason>;

		/// Takes deposits for stored items.
		type Consideration: Consideration<Self::AccountId, Footprint>;

		/// The Datanets that are indexed.
		type Datanets: Datanets<Self::AccountId>;

		/// What is held of a registrant, in wei.
		#[pallet::constant]
		type Bond: Get<Balance>;

		/// What is held for a demand, in wei: more than showing a leaf costs, and than the deposit for
		/// an entry, which it stands for.
		#[pallet::constant]
		type DemandStake: Get<Balance>;

		/// Takes what the challenger does not get of a bond. Its account exists.
		type ProtocolPot: Get<Self::AccountId>;

		/// Weights of the calls and of verification.
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
		/// The bond of an index.
		#[codec(index = 1)]
		Bond,
		/// The stake of a demand.
		#[codec(index = 2)]
		Demand,
	}

	/// How long indices are watched.
	#[pallet::storage]
	pub type Watch<T> = StorageValue<_, Windows, ValueQuery>;

	/// Registered indices.
	// `Twox64Concat`: Datanets and versions are numbered one after another.
	#[pallet::storage]
	pub type Indices<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		DatanetId,
		Twox64Concat,
		Version,
		Index<T::AccountId, T::Consideration>,
		OptionQuery,
	>;

	/// The serial number of the next index.
	#[pallet::storage]
	pub type NextIndex<T> = StorageValue<_, u64, ValueQuery>;

	/// Leaves that are to be shown.
	// `Blake2_128Concat`: whoever demands a leaf chooses it.
	#[pallet::storage]
	pub type Demands<T: Config> = StorageNMap<
		_,
		(
			NMapKey<Twox64Concat, DatanetId>,
			NMapKey<Twox64Concat, Version>,
			NMapKey<Blake2_128Concat, Leaf>,
		),
		Demand<T::AccountId>,
		OptionQuery,
	>;

	/// Sets the windows at genesis, for good.
	#[pallet::genesis_config]
	#[derive(frame::derive::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// How long indices are watched.
		pub windows: Windows,
		/// Nothing else is set.
		#[serde(skip)]
		pub _config: PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			assert!(self.windows.is_valid(), "invalid windows of spans");
			Watch::<T>::put(self.windows);
		}
	}

	/// Events.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An index was registered.
		Registered {
			/// The Datanet.
			datanet: DatanetId,
			/// The version.
			version: Version,
			/// Who answers for it.
			registrant: T::AccountId,
			/// What it commits to.
			commitment: Commitment,
			/// The block from which on it is final.
			final_at: u32,
		},
		/// An index had a fault and is gone.
		Refuted {
			/// The Datanet.
			datanet: DatanetId,
			/// The version.
			version: Version,
			/// Whose bond was slashed.
			registrant: T::AccountId,
			/// Who showed it.
			challenger: T::AccountId,
			/// The challenger's part of the bond, in wei.
			reward: Balance,
			/// The protocol's part, in wei.
			rest: Balance,
		},
		/// The end of an index was announced.
		Retired {
			/// The Datanet.
			datanet: DatanetId,
			/// The version.
			version: Version,
			/// The block from which on it may be removed.
			free_at: u32,
		},
		/// An index was removed, and its registrant has its bond back.
		Removed {
			/// The Datanet.
			datanet: DatanetId,
			/// The version.
			version: Version,
		},
		/// A leaf of an index is to be shown, or the index falls.
		Demanded {
			/// The Datanet.
			datanet: DatanetId,
			/// The version.
			version: Version,
			/// Which.
			leaf: Leaf,
			/// Who wants to see it.
			who: T::AccountId,
			/// The last block in which it may be shown.
			until: u32,
		},
		/// A leaf that was demanded was shown.
		Shown {
			/// The Datanet.
			datanet: DatanetId,
			/// The version.
			version: Version,
			/// Which.
			leaf: Leaf,
			/// Who showed it and has the stake.
			who: T::AccountId,
		},
		/// A demand is over without the leaf, and its stake returned.
		DemandEnded {
			/// The Datanet.
			datanet: DatanetId,
			/// The version.
			version: Version,
			/// Which leaf.
			leaf: Leaf,
			/// Who demanded it.
			who: T::AccountId,
		},
	}

	/// Errors.
	#[pallet::error]
	pub enum Error<T> {
		/// No such version of a Datanet.
		NoVersion,
		/// The version has an index; one that is wrong can be challenged.
		AlreadyIndexed,
		/// A text has a token for each byte of the version's rows and a separator for each row.
		WrongLength,
		/// A text has at most 2^40 - 2 tokens.
		TooLong,
		/// The version has no index.
		NoIndex,
		/// Only the registrant may do this.
		NotRegistrant,
		/// The end of this index was announced before.
		AlreadyRetired,
		/// The end of this index was not announced.
		NotRetired,
		/// The delay of this index is not over.
		StillBonded,
		/// A query has 1 to 64 tokens, none of them 65,535.
		BadQuery,
		/// The suffixes do not stand at these ranks of the committed array, or may not.
		WrongSuffixes,
		/// The query does not fall between the two suffixes.
		WrongBracket,
		/// The chunks are not those of the committed text that the stretch lies in.
		WrongText,
		/// The text at this position is another.
		Mismatch,
		/// What is shown is no fault of the index.
		NoFault,
		/// The rows are not those of the version that stand there.
		WrongRows,
		/// The index has no such leaf.
		NoLeaf,
		/// This leaf is demanded; a demand of an index that is gone can be ended.
		AlreadyDemanded,
		/// The index may be removed before the leaf would have to be shown.
		EndsBefore,
		/// Nobody demands this leaf.
		NotDemanded,
		/// The time to show this leaf is over.
		TooLate,
		/// The time to show this leaf is not over.
		StillOpen,
		/// Leaves of this index are demanded.
		StillDemanded,
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
		/// What the index of a version commits to, and whether it is final.
		pub fn span_index(datanet: DatanetId, version: Version) -> Option<(Commitment, bool)> {
			<Self as Spans>::span_index(datanet, version)
		}

		/// What a proof says of the longest beginning of a query that stands in the text; `None` if
		/// it does not hold.
		pub fn verify_span(
			datanet: DatanetId,
			version: Version,
			query: Vec<u16>,
			proof: SpanProof,
		) -> Option<Match> {
			<Self as Spans>::verify_span(datanet, version, &query, &proof).ok()
		}

		/// How often a span stands in the text; `None` if the proof does not hold.
		pub fn verify_count(
			datanet: DatanetId,
			version: Version,
			span: Vec<u16>,
			proof: CountProof,
		) -> Option<u64> {
			let ranks = <Self as Spans>::verify_count(datanet, version, &span, &proof).ok()?;
			ranks.end.checked_sub(ranks.start)
		}
	}

	#[pallet::call(weight = T::WeightInfo)]
	impl<T: Config> Pallet<T> {
		/// Registers the index of a published version, provisional at first. Holds the bond and a
		/// deposit. The index itself has to be published for others to read.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`.
		#[pallet::call_index(0)]
		pub fn register(
			origin: OriginFor<T>,
			datanet: DatanetId,
			version: Version,
			commitment: Commitment,
		) -> DispatchResult {
			Self::do_register(ensure_signed(origin)?, datanet, version, commitment).map(|_| ())
		}

		/// Shows a fault of an index: it is removed at once, its bond is slashed, and the caller gets
		/// a part of it.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`.
		#[pallet::call_index(1)]
		#[pallet::weight(Pallet::<T>::challenge_weight())]
		pub fn challenge(
			origin: OriginFor<T>,
			datanet: DatanetId,
			version: Version,
			fraud: Box<Fraud>,
		) -> DispatchResult {
			Self::do_challenge(ensure_signed(origin)?, datanet, version, &fraud).map(|_| ())
		}

		/// Announces that an index ends, for good. Until it is removed it answers and can be
		/// challenged.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by the registrant.
		#[pallet::call_index(2)]
		pub fn retire(
			origin: OriginFor<T>,
			datanet: DatanetId,
			version: Version,
		) -> DispatchResult {
			Self::do_retire(ensure_signed(origin)?, datanet, version).map(|_| ())
		}

		/// Removes a retired index after its delay; bond and deposit return to its registrant.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`, by anybody.
		#[pallet::call_index(3)]
		pub fn remove(
			origin: OriginFor<T>,
			datanet: DatanetId,
			version: Version,
		) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_remove(datanet, version)
		}

		/// Demands that a leaf of an index be shown, which its registrant or anybody else does within
		/// the window for challenges; else the index falls. Holds a stake, which goes to whoever shows
		/// the leaf.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`.
		#[pallet::call_index(4)]
		pub fn demand(
			origin: OriginFor<T>,
			datanet: DatanetId,
			version: Version,
			leaf: Leaf,
		) -> DispatchResult {
			Self::do_demand(ensure_signed(origin)?, datanet, version, leaf).map(|_| ())
		}

		/// Shows a leaf that is demanded; the caller gets the stake.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`, by anybody.
		#[pallet::call_index(5)]
		pub fn show(
			origin: OriginFor<T>,
			datanet: DatanetId,
			version: Version,
			shown: Box<Shown>,
		) -> DispatchResult {
			Self::do_show(ensure_signed(origin)?, datanet, version, &shown)
		}

		/// Ends a demand that was not met in time: the index is removed as if a fault of it had been
		/// shown by whoever demanded the leaf, and the stake returns. Ends one of an index that is
		/// gone at any time.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`, by anybody.
		#[pallet::call_index(6)]
		pub fn end_demand(
			origin: OriginFor<T>,
			datanet: DatanetId,
			version: Version,
			leaf: Leaf,
		) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_end_demand(datanet, version, leaf).map(|_| ())
		}
	}
}
