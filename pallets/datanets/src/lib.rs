//! # Datanets Pallet
//!
//! Communities' datasets: sourced, curated, licensed.
//!
//! ## Overview
//!
//! A contributor registers a batch of rows by their hashes; the content stays off chain. The
//! curator accepts it with four sub-scores or rejects it with a reason, and publishes versions: a
//! Merkle root, and the rows cut into blocks per contributor. Builders buy licences with the
//! rights they need. Licence fees, and what attribution pays by the prior, go to the accepted
//! rows, the same per byte.
//!
//! Whoever stores something pays a deposit, which comes back when it goes: with the last row of a
//! batch or its rejection, with a licence that has expired, with a version that no model is trained
//! on and that has no span index, with a Datanet that is empty. Who has something at risk gets it back when
//! none of its batches stand and no version has rows of it.
//!
//! | who | calls |
//! |---|---|
//! | owner | [`create`](Pallet::create), [`set_terms`](Pallet::set_terms), [`set_curator`](Pallet::set_curator), [`close`](Pallet::close) |
//! | contributor | [`announce`](Pallet::announce), [`contribute`](Pallet::contribute), [`contribute_announced`](Pallet::contribute_announced), [`withdraw_row`](Pallet::withdraw_row), [`buy_block`](Pallet::buy_block), [`leave_block`](Pallet::leave_block), [`put_at_risk`](Pallet::put_at_risk), [`release_at_risk`](Pallet::release_at_risk) |
//! | curator | [`review`](Pallet::review), [`publish`](Pallet::publish) and [`publish_in`](Pallet::publish_in), [`remove_version`](Pallet::remove_version) |
//! | builder | [`buy_licence`](Pallet::buy_licence) |
//! | anybody | [`announce`](Pallet::announce) and [`exhibit`](Pallet::exhibit), [`claim_for`](Pallet::claim_for), [`distribute`](Pallet::distribute), [`recommit`](Pallet::recommit), [`remove_licence`](Pallet::remove_licence), [`retract`](Pallet::retract), [`release_bond`](Pallet::release_bond) |
//! | who cannot have a row | [`demand`](Pallet::demand), [`end_demand`](Pallet::end_demand) |
//! | who has it | [`show`](Pallet::show) |
//!
//! ## Blocks
//!
//! Models are trained on versions, and influence is measured by blocks of rows. Each contributor has one,
//! up to as many as the curator chooses. If there are more contributors, some of them can buy blocks of
//! their own ([`Config::BlockPrice`], to the accepted rows), and the others are dealt into groups in an
//! order that is drawn when the version is published. A group's pay is divided among its members by the
//! bytes that are left of their rows.
//!
//! ## Duplicates
//!
//! The first to register a row keeps it. The same row again is refused by its hash. For one that is
//! nearly the same its contributor stakes a bond: whoever shows, with the content of the rows, that
//! at least [`Config::NearDuplicate`] of it stand in up to [`MAX_EARLIER`] rows registered before
//! makes it void. It leaves its batch as if it were withdrawn: licence fees and the prior pay it no
//! more, and versions that may have it are stale, so that no run starts on them. What models already
//! trained on them would pay it goes to the accepted rows. The
//! exhibitor gets [`BOUNTY`] of the bond, the protocol the rest. Bonds of other rows return: when
//! a batch is rejected at once, when a row is withdrawn [`WINDOW`] blocks later, so that nobody
//! saves it by withdrawing the row that is about to be shown.
//!
//! A row counts as registered at the block of its batch, or, if it was announced, at the block of the
//! announcement; then by batch. Of two rows of one batch either may be shown as the earlier one. Who
//! announces cannot be overtaken by somebody who sees the rows on their way into a block: if these
//! were registered meanwhile, they move. Exhibits are always announced, or bounties would go to
//! whoever copies them. What is shown is in the chain for ever, as the content of rows is public
//! anyway.
//!
//! ## Withheld rows
//!
//! Models are trained on rows, and trained again by whoever checks them, so the content of accepted rows
//! must be there for others. Whoever cannot have a row demands it and stakes as much as is staked for
//! such a row. Within [`CHALLENGE_WINDOW`] blocks its contributor, or anybody else who has it, shows the
//! content on chain, where all can read it, and gets the stake, which is several times what that costs.
//! If nobody does, the row is void as a duplicate is, the stake returns, and whoever demanded the row
//! gets [`BOUNTY`] of its bond. Withdrawing a row that is demanded saves nothing, nor does giving it again
//! under an earlier announcement: nobody takes it over until it is shown, which who announced it can do.
//!
//! Who demands chooses the row, by its hash: it knows best what it cannot have, and who keeps some rows
//! of a batch loses the others. A row proves itself by hash and length, which are those under the root of
//! its batch, so that no path is needed.
//!
//! ## Harm
//!
//! Rows that make answers worse owe. Terms may want that who contributes has an amount at risk, once
//! for all its rows: if a model version goes and a contributor still owes something, attribution takes
//! it from there for the protocol. Contributing never puts more at risk than the contributor did
//! itself, for a maximum of its own, so that terms that change meanwhile cost nothing. It answers for
//! batches and versions that came after it.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod demands;
mod exhibits;
mod face;
mod groups;
mod impls;
#[cfg(test)]
mod mock;
mod risk;
#[cfg(test)]
mod tests;

pub mod types;
pub mod weights;

pub use openledger_core::{MAX_ROWS, MAX_ROW_BYTES};
pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

use alloc::vec::Vec;
use frame::{
	prelude::*,
	token::fungible::{Inspect, Mutate, MutateHold},
	traits::{Consideration, Footprint},
};
use openledger_core::{
	Balance, BatchId, Block, DatanetId, Extent, Hash, Rights, Source, Version, VersionInfo,
	BASIS_POINTS, MAX_BATCHES, MAX_BLOCKS, MAX_EARLIER, MAX_EXHIBIT_BYTES, MAX_LATER,
};

/// The longest name, in bytes.
pub const MAX_NAME: u32 = 64;
/// The most that a curator may take of what contributors earn, in basis points.
pub const MAX_CURATOR_CUT: u16 = 1_000;
/// The protocol's part of a licence fee, in basis points.
pub const PROTOCOL_CUT: u16 = 500;
/// The part of the bond of a void row, in basis points, for who showed that it stands in earlier ones or
/// demanded it in vain.
pub const BOUNTY: u16 = 3_000;
/// Blocks from the announcement of an exhibit until it is shown: whoever copies it then is so much
/// too late.
pub const NOTICE: u32 = 10;
/// The most contributors of a Datanet that have bought a block.
pub const MAX_APART: u32 = 128;
/// The most members of a group.
pub const MAX_MEMBERS: u32 = 1_024;
/// Blocks for which an announcement counts, and for which the bond of a withdrawn row stays.
pub const WINDOW: u32 = 1_200;
/// Blocks in which a row that is demanded may be shown: a day, at 3 s a block.
pub const CHALLENGE_WINDOW: u32 = 28_800;

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
			+ Mutate<Self::AccountId>
			+ MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

		/// The runtime's hold reasons.
		type RuntimeHoldReason: From<HoldReason>;

		/// Takes deposits for stored items.
		type Consideration: Consideration<Self::AccountId, Footprint>;

		/// Whose account holds what contributors have not claimed.
		#[pallet::constant]
		type PalletId: Get<PalletId>;

		/// Takes the protocol's part of licence fees, and of the bonds of void rows.
		type ProtocolPot: Get<Self::AccountId>;

		/// What a contributor stakes for a row, in wei, and who demands one. The bounty must pay for an
		/// exhibit, and it is more than the deposits for a withdrawn row and for a demand, which it stands
		/// for.
		#[pallet::constant]
		type RowBond: Get<Balance>;

		/// What a contributor stakes for a byte of a row beside that, in wei.
		#[pallet::constant]
		type ByteBond: Get<Balance>;

		/// The part of a row that must stand in earlier ones to make it void, in basis points.
		#[pallet::constant]
		type NearDuplicate: Get<u16>;

		/// What a contributor pays for a block of its own, in wei.
		#[pallet::constant]
		type BlockPrice: Get<Balance>;

		/// What nobody could know before this block: groups are drawn from it.
		type Entropy: Get<Hash>;

		/// What groups earn.
		type Earnings: openledger_core::Earnings<Self::AccountId>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Why this pallet holds money in accounts.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// A deposit for stored items.
		#[codec(index = 0)]
		Storage,
		/// A stake on the rows' being new.
		#[codec(index = 1)]
		Bond,
		/// What pays for rows that make answers worse.
		#[codec(index = 2)]
		AtRisk,
		/// The stake of a demand.
		#[codec(index = 3)]
		Demand,
	}

	/// The next Datanet.
	#[pallet::storage]
	pub type NextDatanet<T> = StorageValue<_, DatanetId, ValueQuery>;

	/// All Datanets.
	// `Twox64Concat` here and below: ids are counted by the pallet.
	#[pallet::storage]
	pub type Datanets<T: Config> = StorageMap<
		_,
		Twox64Concat,
		DatanetId,
		Datanet<T::AccountId, T::Consideration>,
		OptionQuery,
	>;

	/// Batches of a Datanet.
	#[pallet::storage]
	pub type Batches<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		DatanetId,
		Twox64Concat,
		BatchId,
		Batch<T::AccountId, T::Consideration>,
		OptionQuery,
	>;

	/// The exact-hash index: the batch and length of every row that is not rejected or withdrawn.
	/// Paid with the batch.
	#[pallet::storage]
	pub type RowIndex<T> = StorageDoubleMap<
		_,
		Twox64Concat,
		DatanetId,
		Blake2_128Concat,
		Hash,
		(BatchId, u32),
		OptionQuery,
	>;

	/// What accounts announced, by its hash, and did not show yet.
	#[pallet::storage]
	pub type Announcements<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		Blake2_128Concat,
		Hash,
		Announcement<T::Consideration>,
		OptionQuery,
	>;

	/// Rows that were withdrawn lately: their bonds stay for a while, and pay for these entries.
	#[pallet::storage]
	pub type Withdrawn<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		DatanetId,
		Blake2_128Concat,
		Hash,
		(Staked<T::AccountId>, u32),
		OptionQuery,
	>;

	/// Rows that are to be shown.
	#[pallet::storage]
	pub type Demands<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		DatanetId,
		Blake2_128Concat,
		Hash,
		Demand<T::AccountId>,
		OptionQuery,
	>;

	/// Published versions.
	#[pallet::storage]
	pub type Versions<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		DatanetId,
		Twox64Concat,
		Version,
		Published<T::AccountId, T::Consideration>,
		OptionQuery,
	>;

	/// Who may use a Datanet, and for what.
	#[pallet::storage]
	pub type Licences<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		DatanetId,
		Blake2_128Concat,
		T::AccountId,
		Licence<T::Consideration>,
		OptionQuery,
	>;

	/// What the accepted rows were given in all.
	#[pallet::storage]
	pub type RowRewards<T> = StorageMap<_, Twox64Concat, DatanetId, Rewards, ValueQuery>;

	/// What each contributor's accepted rows are owed, and anybody else who could not take a
	/// payment. Goes when there are neither rows nor money left.
	#[pallet::storage]
	pub type Contributors<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		DatanetId,
		Blake2_128Concat,
		T::AccountId,
		Share,
		ValueQuery,
	>;

	/// Who has bought a block of its own, and what each paid for its entry.
	#[pallet::storage]
	pub type Apart<T: Config> = StorageMap<
		_,
		Twox64Concat,
		DatanetId,
		BoundedVec<(T::AccountId, T::Consideration), ConstU32<MAX_APART>>,
		ValueQuery,
	>;

	/// What contributors have at risk.
	#[pallet::storage]
	pub type AtRisk<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		DatanetId,
		Blake2_128Concat,
		T::AccountId,
		Risk<T::Consideration>,
		OptionQuery,
	>;

	/// Events.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A Datanet was created.
		Created {
			/// The Datanet.
			datanet: DatanetId,
			/// Its owner and first curator.
			owner: T::AccountId,
		},
		/// Terms were set.
		TermsSet {
			/// The Datanet.
			datanet: DatanetId,
			/// For licences bought from now on.
			terms: Terms,
		},
		/// A Datanet was closed.
		Closed {
			/// The Datanet.
			datanet: DatanetId,
		},
		/// A curator was set.
		CuratorSet {
			/// The Datanet.
			datanet: DatanetId,
			/// Who.
			curator: T::AccountId,
		},
		/// Rows were contributed.
		Contributed {
			/// The Datanet.
			datanet: DatanetId,
			/// The batch.
			batch: BatchId,
			/// Who gave it.
			contributor: T::AccountId,
			/// Merkle root over the rows.
			root: Hash,
			/// How many.
			rows: u32,
		},
		/// A batch was reviewed.
		Reviewed {
			/// The Datanet.
			datanet: DatanetId,
			/// The batch.
			batch: BatchId,
			/// What became of it.
			outcome: Outcome,
		},
		/// A row was withdrawn: earlier versions are stale.
		RowWithdrawn {
			/// The Datanet.
			datanet: DatanetId,
			/// The row.
			hash: Hash,
		},
		/// A hash was announced.
		Announced {
			/// By whom.
			who: T::AccountId,
			/// Over what will be shown.
			commitment: Hash,
		},
		/// An announcement was retracted.
		Retracted {
			/// Whose it was.
			who: T::AccountId,
			/// What was announced.
			commitment: Hash,
		},
		/// A row left its batch for that of somebody who announced it before: earlier versions are
		/// stale.
		RowMoved {
			/// The Datanet.
			datanet: DatanetId,
			/// The row.
			hash: Hash,
			/// The batch that it left.
			from: BatchId,
		},
		/// A row was shown to stand in earlier ones: it is void, and earlier versions are stale.
		RowVoided {
			/// The Datanet.
			datanet: DatanetId,
			/// The row.
			hash: Hash,
			/// Who gave it.
			contributor: T::AccountId,
			/// Who showed it.
			exhibitor: T::AccountId,
			/// How much of it stands in earlier ones, in basis points.
			contained: u16,
			/// What the exhibitor got, in wei.
			bounty: Balance,
		},
		/// A row is to be shown, or it is void.
		RowDemanded {
			/// The Datanet.
			datanet: DatanetId,
			/// The row.
			hash: Hash,
			/// Who wants to see it.
			who: T::AccountId,
			/// The last block in which it may be shown.
			until: u32,
		},
		/// A row that was demanded was shown.
		RowShown {
			/// The Datanet.
			datanet: DatanetId,
			/// The row.
			hash: Hash,
			/// Who showed it and has the stake.
			who: T::AccountId,
		},
		/// A demand is over without the row, and its stake returned.
		DemandEnded {
			/// The Datanet.
			datanet: DatanetId,
			/// The row.
			hash: Hash,
			/// Who demanded it.
			who: T::AccountId,
		},
		/// A row was not shown on demand: it is void, and earlier versions are stale.
		RowWithheld {
			/// The Datanet.
			datanet: DatanetId,
			/// The row.
			hash: Hash,
			/// Who gave it.
			contributor: T::AccountId,
			/// Who demanded it.
			who: T::AccountId,
			/// What that one got of its bond, in wei.
			reward: Balance,
		},
		/// The bond of a withdrawn row returned.
		BondReleased {
			/// The Datanet.
			datanet: DatanetId,
			/// The row.
			hash: Hash,
		},
		/// A batch is committed to again.
		Recommitted {
			/// The Datanet.
			datanet: DatanetId,
			/// The batch.
			batch: BatchId,
			/// Merkle root over the rows that are left.
			root: Hash,
		},
		/// A version was published.
		Published {
			/// The Datanet.
			datanet: DatanetId,
			/// The version.
			version: Version,
			/// Merkle root over the roots of its batches.
			root: Hash,
			/// Blocks of contributors and groups.
			blocks: u32,
		},
		/// A contributor bought a block of its own in versions to come.
		BlockBought {
			/// The Datanet.
			datanet: DatanetId,
			/// Who.
			who: T::AccountId,
			/// Paid to the accepted rows, in wei.
			price: Balance,
		},
		/// A contributor gave its block up: it is in a group in versions to come.
		BlockLeft {
			/// The Datanet.
			datanet: DatanetId,
			/// Who.
			who: T::AccountId,
		},
		/// What a group earned was divided among its members, who may claim it.
		Distributed {
			/// The Datanet.
			datanet: DatanetId,
			/// The version.
			version: Version,
			/// The group's block.
			block: u16,
			/// In wei.
			amount: Balance,
		},
		/// A version was removed.
		VersionRemoved {
			/// The Datanet.
			datanet: DatanetId,
			/// The version.
			version: Version,
		},
		/// A licence was bought.
		LicenceBought {
			/// The Datanet.
			datanet: DatanetId,
			/// By whom.
			who: T::AccountId,
			/// For what.
			rights: Rights,
			/// The last block; never without one.
			expires: Option<u32>,
			/// Paid, in wei.
			price: Balance,
		},
		/// A licence was removed.
		LicenceRemoved {
			/// The Datanet.
			datanet: DatanetId,
			/// Whose it was.
			who: T::AccountId,
		},
		/// An account could not take a payment and may claim it.
		Credited {
			/// The Datanet.
			datanet: DatanetId,
			/// Who.
			who: T::AccountId,
			/// In wei.
			amount: Balance,
		},
		/// The accepted rows were given money.
		RowsRewarded {
			/// The Datanet.
			datanet: DatanetId,
			/// In wei.
			amount: Balance,
		},
		/// An account was paid what it was owed.
		Claimed {
			/// The Datanet.
			datanet: DatanetId,
			/// Who.
			who: T::AccountId,
			/// In wei.
			amount: Balance,
		},
		/// An account put at risk what the terms want.
		PutAtRisk {
			/// The Datanet.
			datanet: DatanetId,
			/// Who.
			who: T::AccountId,
			/// All that it has at risk, in wei.
			amount: Balance,
		},
		/// What an account had at risk returned.
		RiskReleased {
			/// The Datanet.
			datanet: DatanetId,
			/// Who.
			who: T::AccountId,
			/// In wei.
			amount: Balance,
		},
		/// An account's rows made answers worse: the protocol got what it had at risk.
		Seized {
			/// The Datanet.
			datanet: DatanetId,
			/// Who.
			who: T::AccountId,
			/// In wei.
			amount: Balance,
		},
	}

	/// Errors.
	#[pallet::error]
	pub enum Error<T> {
		/// No such Datanet.
		NoDatanet,
		/// No such batch.
		NoBatch,
		/// No such row, or not this contributor's.
		NoRow,
		/// Only the owner may do this.
		NotOwner,
		/// Only the curator may do this.
		NotCurator,
		/// A name has 1 to 64 bytes of UTF-8.
		BadName,
		/// Terms grant at least one known right; a curator takes at most a tenth.
		BadTerms,
		/// A batch has at least one row.
		EmptyBatch,
		/// A row has at least one byte.
		EmptyRow,
		/// A row has at most 65,536 bytes: cut it.
		RowTooLong,
		/// This row is in the Datanet, or was until lately, or is twice in the batch.
		RowKnown,
		/// The batch was reviewed already.
		AlreadyReviewed,
		/// A sub-score is at most 100.
		BadScores,
		/// These are not all the rows that are left of the batch, each once.
		WrongRows,
		/// Rows of the batch were withdrawn: `recommit` it first.
		RootOutdated,
		/// The root of the batch covers what is left of it: nothing to do.
		RootCurrent,
		/// Only accepted batches are published, each once, and only their rows demanded.
		NotAccepted,
		/// A version has at least one batch with rows.
		EmptyVersion,
		/// A version has at most 16,384 contributors.
		TooManyContributors,
		/// No such version.
		NoVersion,
		/// Models or a span index are based on this version: it can be removed when they are.
		VersionInUse,
		/// The version is fresh: who published it may remove it after the next one, nobody else.
		VersionFresh,
		/// These rights are not for sale.
		RightsNotOffered,
		/// The price is above the caller's maximum.
		AboveMaximum,
		/// This licence does not expire: nothing to renew.
		AlreadyLicensed,
		/// The account holds rights that this licence has not, or for longer: buy all of them.
		NarrowsLicence,
		/// No such licence.
		NoLicence,
		/// The licence has not expired: only its holder may give it up.
		LicenceRuns,
		/// Something is left: batches, versions, licences, demands, money that is at risk or not claimed.
		NotEmpty,
		/// Nothing to claim.
		NothingToClaim,
		/// This is announced already.
		AlreadyAnnounced,
		/// The account has not announced this.
		NotAnnounced,
		/// Announced too long ago: announce it again.
		AnnouncementExpired,
		/// The announcement counts: only who made it may retract it.
		AnnouncementCounts,
		/// An exhibit is shown ten blocks after its announcement, not earlier.
		ShownEarly,
		/// An exhibit has at least one earlier and one later row, each once.
		BadExhibit,
		/// An exhibit has at most 327,680 bytes of content: show fewer rows.
		ExhibitTooLong,
		/// This row was registered before one that is shown as earlier.
		NotLater,
		/// Too little of this row stands in the earlier ones.
		NotContained,
		/// The row was withdrawn lately, or not at all: its bond stays.
		BondStays,
		/// A number is out of its type.
		Overflow,
		/// A version has at most 256 blocks.
		TooManyBlocks,
		/// At least half of the blocks are for groups, of at most 1,024 contributors each: publish more
		/// blocks.
		TooFewBlocks,
		/// This block is a contributor's, not a group's.
		NoGroup,
		/// A group of the version has money: `distribute` it first.
		NotDivided,
		/// The account has a block of its own.
		HasBlock,
		/// The account has no block of its own.
		HasNoBlock,
		/// 128 contributors of the Datanet have blocks of their own, as many as may.
		NoBlocksLeft,
		/// The terms want more at risk: call `put_at_risk` first.
		TooLittleAtRisk,
		/// The account has nothing at risk.
		NothingAtRisk,
		/// Batches of the account stand, or versions have rows of it.
		RiskStays,
		/// This row is demanded; a demand of a row that has left its batch can be ended.
		AlreadyDemanded,
		/// Nobody demands this row.
		NotDemanded,
		/// The time to show this row is over.
		TooLate,
		/// The time to show this row is not over.
		StillOpen,
		/// This row was registered with another length.
		WrongLength,
		/// This row is demanded: show it, or wait until the demand is ended.
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
		/// What an account may claim, in wei.
		pub fn claimable(datanet: DatanetId, who: T::AccountId) -> Balance {
			Self::owed(datanet, &who).unwrap_or(0)
		}

		/// Whether an account may use a Datanet in this way now.
		pub fn licensed(datanet: DatanetId, who: T::AccountId, rights: Rights) -> bool {
			<Self as openledger_core::Datanets<_>>::is_licensed(&who, datanet, rights)
		}

		/// Root and contributors' blocks of a version, and whether rows were withdrawn since.
		pub fn version(
			datanet: DatanetId,
			version: Version,
		) -> Option<(Hash, Vec<Block<T::AccountId>>, bool)> {
			let info = <Self as openledger_core::Datanets<_>>::version(datanet, version)?;
			Some((info.root, info.blocks, info.stale))
		}
	}

	#[pallet::call(weight = T::WeightInfo)]
	impl<T: Config> Pallet<T> {
		/// Creates a Datanet; the caller owns and curates it.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`.
		#[pallet::call_index(0)]
		pub fn create(origin: OriginFor<T>, name: Name, terms: Terms) -> DispatchResult {
			Self::do_create(ensure_signed(origin)?, name, terms).map(|_| ())
		}

		/// Sets the terms of licences that are bought, and of rows that are contributed, from now on.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by the owner.
		#[pallet::call_index(1)]
		pub fn set_terms(origin: OriginFor<T>, datanet: DatanetId, terms: Terms) -> DispatchResult {
			Self::change_terms(&ensure_signed(origin)?, datanet, |_| terms).map(|_| ())
		}

		/// Appoints another curator.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by the owner.
		#[pallet::call_index(2)]
		pub fn set_curator(
			origin: OriginFor<T>,
			datanet: DatanetId,
			curator: T::AccountId,
		) -> DispatchResult {
			Self::do_set_curator(ensure_signed(origin)?, datanet, curator)
		}

		/// Contributes rows by their hashes and lengths. Their content must be served to the
		/// curator from a node's blob store, and the caller must have at risk what the terms want.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::contribute(rows.len() as u32))]
		pub fn contribute(origin: OriginFor<T>, datanet: DatanetId, rows: Rows) -> DispatchResult {
			Self::do_contribute(ensure_signed(origin)?, datanet, rows).map(|_| ())
		}

		/// Accepts a batch with sub-scores, or rejects it with a reason: it goes, and its deposit
		/// returns.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by the curator.
		#[pallet::call_index(4)]
		#[pallet::weight(match verdict {
			Verdict::Accept(_) => T::WeightInfo::accept(),
			Verdict::Reject { rows, .. } => T::WeightInfo::reject(rows.len() as u32),
		})]
		pub fn review(
			origin: OriginFor<T>,
			datanet: DatanetId,
			batch: BatchId,
			verdict: Verdict,
		) -> DispatchResult {
			Self::do_review(ensure_signed(origin)?, datanet, batch, verdict)
		}

		/// Freezes accepted batches as a version that models are trained on. More than 256 contributors
		/// share blocks, see [`Pallet::publish_in`].
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by the curator.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::publish(batches.len() as u32))]
		pub fn publish(
			origin: OriginFor<T>,
			datanet: DatanetId,
			batches: BoundedVec<BatchId, ConstU32<MAX_BATCHES>>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_publish(who, datanet, batches, MAX_BLOCKS as u16).map(|_| ())
		}

		/// Withdraws a row: it earns no more, its deposit returns, and all versions so far are
		/// stale. A batch with rows left must be committed to again before it is published.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by its contributor.
		#[pallet::call_index(6)]
		pub fn withdraw_row(
			origin: OriginFor<T>,
			datanet: DatanetId,
			hash: Hash,
		) -> DispatchResult {
			Self::do_withdraw_row(ensure_signed(origin)?, datanet, hash)
		}

		/// Buys a licence, or renews it, for at most `maximum` wei.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`.
		#[pallet::call_index(7)]
		pub fn buy_licence(
			origin: OriginFor<T>,
			datanet: DatanetId,
			rights: Rights,
			#[pallet::compact] maximum: Balance,
		) -> DispatchResult {
			Self::do_buy_licence(ensure_signed(origin)?, datanet, rights, maximum).map(|_| ())
		}

		/// Pays an account what it is owed.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`, by anybody.
		#[pallet::call_index(8)]
		pub fn claim_for(
			origin: OriginFor<T>,
			datanet: DatanetId,
			who: T::AccountId,
		) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_claim(datanet, who)
		}

		/// Commits a batch of which rows were withdrawn to those that are left.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`, by anybody.
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::recommit(rows.len() as u32))]
		pub fn recommit(
			origin: OriginFor<T>,
			datanet: DatanetId,
			batch: BatchId,
			rows: Rows,
		) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_recommit(datanet, batch, rows)
		}

		/// Removes a licence and returns its deposit to the holder.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`: by the holder, or by anybody once the licence has expired.
		#[pallet::call_index(10)]
		pub fn remove_licence(
			origin: OriginFor<T>,
			datanet: DatanetId,
			who: T::AccountId,
		) -> DispatchResult {
			Self::do_remove_licence(ensure_signed(origin)?, datanet, who)
		}

		/// Closes a Datanet without batches, versions, licences and debts, and returns its deposit.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by the owner.
		#[pallet::call_index(11)]
		pub fn close(origin: OriginFor<T>, datanet: DatanetId) -> DispatchResult {
			Self::do_close(ensure_signed(origin)?, datanet)
		}

		/// Removes a version that no run or model version is based on, and returns its deposit to
		/// who published it.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`: by anybody if the version is stale, or by who published it if there
		/// is a newer one.
		#[pallet::call_index(12)]
		pub fn remove_version(
			origin: OriginFor<T>,
			datanet: DatanetId,
			version: Version,
		) -> DispatchResult {
			Self::do_remove_version(ensure_signed(origin)?, datanet, version)
		}

		/// Announces by its hash what will be shown: a batch or an exhibit. See
		/// [`openledger_core::commitment`].
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`.
		#[pallet::call_index(13)]
		pub fn announce(origin: OriginFor<T>, commitment: Hash) -> DispatchResult {
			Self::do_announce(ensure_signed(origin)?, commitment)
		}

		/// Contributes rows that the caller announced; they count as registered at that block. Rows
		/// that others registered after it move here.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by who announced them.
		#[pallet::call_index(14)]
		// Whether a row that moves is demanded.
		#[pallet::weight(
			T::WeightInfo::contribute_announced(rows.len() as u32)
				.saturating_add(T::DbWeight::get().reads(rows.len() as u64))
		)]
		pub fn contribute_announced(
			origin: OriginFor<T>,
			datanet: DatanetId,
			rows: Rows,
			salt: Hash,
		) -> DispatchResult {
			Self::do_contribute_announced(ensure_signed(origin)?, datanet, rows, salt).map(|_| ())
		}

		/// Shows that each of some rows stands in others that were registered before, and makes it
		/// void. All or none.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by who announced it, [`NOTICE`] blocks ago at least.
		#[pallet::call_index(15)]
		#[pallet::weight(T::WeightInfo::exhibit(size(earlier).saturating_add(size(later)), later.len() as u32))]
		pub fn exhibit(
			origin: OriginFor<T>,
			datanet: DatanetId,
			earlier: BoundedVec<Content, ConstU32<MAX_EARLIER>>,
			later: BoundedVec<Content, ConstU32<MAX_LATER>>,
			salt: Hash,
		) -> DispatchResult {
			Self::do_exhibit(ensure_signed(origin)?, datanet, &earlier, &later, salt)
		}

		/// Removes an announcement and returns its deposit to who made it.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`: by who made it, or by anybody once it counts no more.
		#[pallet::call_index(16)]
		pub fn retract(
			origin: OriginFor<T>,
			who: T::AccountId,
			commitment: Hash,
		) -> DispatchResult {
			Self::do_retract(ensure_signed(origin)?, who, commitment)
		}

		/// Returns the bond of a row that was withdrawn more than [`WINDOW`] blocks ago and is not
		/// demanded; its hash is free again.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`, by anybody.
		#[pallet::call_index(17)]
		pub fn release_bond(
			origin: OriginFor<T>,
			datanet: DatanetId,
			hash: Hash,
		) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_release_bond(datanet, hash)
		}

		/// Freezes accepted batches as a version of at most `blocks` blocks: fewer blocks are measured
		/// better by as many adapters. If there are more contributors, those that bought a block have it,
		/// and the others are dealt into groups at random, which divide their pay by size.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by the curator.
		#[pallet::call_index(18)]
		#[pallet::weight(T::WeightInfo::publish(batches.len() as u32))]
		pub fn publish_in(
			origin: OriginFor<T>,
			datanet: DatanetId,
			batches: BoundedVec<BatchId, ConstU32<MAX_BATCHES>>,
			blocks: u16,
		) -> DispatchResult {
			Self::do_publish(ensure_signed(origin)?, datanet, batches, blocks).map(|_| ())
		}

		/// Divides what a group has earned among its members, by the bytes that are left of their rows;
		/// they may claim it.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`, by anybody.
		#[pallet::call_index(19)]
		#[pallet::weight(Pallet::<T>::distribute_weight(MAX_MEMBERS, MAX_BATCHES))]
		pub fn distribute(
			origin: OriginFor<T>,
			datanet: DatanetId,
			version: Version,
			block: u16,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let (_, _, weight) = Self::do_distribute(datanet, version, block)?;
			Ok(Some(weight).into())
		}

		/// Buys a block of its own in all versions to come for at most `maximum` wei, which go to the
		/// accepted rows.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by a contributor.
		#[pallet::call_index(20)]
		pub fn buy_block(
			origin: OriginFor<T>,
			datanet: DatanetId,
			#[pallet::compact] maximum: Balance,
		) -> DispatchResult {
			Self::do_buy_block(ensure_signed(origin)?, datanet, maximum).map(|_| ())
		}

		/// Gives the block of its own up; the deposit returns, the price does not.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by who bought it.
		#[pallet::call_index(21)]
		pub fn leave_block(origin: OriginFor<T>, datanet: DatanetId) -> DispatchResult {
			Self::do_leave_block(ensure_signed(origin)?, datanet)
		}

		/// Puts at risk what the terms want beyond what the caller has, for at most `maximum` wei
		/// in all.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`.
		#[pallet::call_index(22)]
		pub fn put_at_risk(
			origin: OriginFor<T>,
			datanet: DatanetId,
			#[pallet::compact] maximum: Balance,
		) -> DispatchResult {
			Self::do_put_at_risk(ensure_signed(origin)?, datanet, maximum).map(|_| ())
		}

		/// Returns what an account has at risk, if none of its batches stand and no version has
		/// rows of it.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`: by the account, or by the owner of the Datanet.
		#[pallet::call_index(23)]
		pub fn release_at_risk(
			origin: OriginFor<T>,
			datanet: DatanetId,
			who: T::AccountId,
		) -> DispatchResult {
			Self::do_release_at_risk(ensure_signed(origin)?, datanet, who).map(|_| ())
		}

		/// Demands that a row of an accepted batch be shown, which its contributor or anybody else does
		/// within [`CHALLENGE_WINDOW`] blocks; else it is void. Holds a stake, which goes to whoever shows
		/// the row.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`.
		#[pallet::call_index(24)]
		pub fn demand(origin: OriginFor<T>, datanet: DatanetId, hash: Hash) -> DispatchResult {
			Self::do_demand(ensure_signed(origin)?, datanet, hash).map(|_| ())
		}

		/// Shows a row that is demanded by its content; the caller gets the stake.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`, by anybody.
		#[pallet::call_index(25)]
		#[pallet::weight(T::WeightInfo::show(content.len() as u32))]
		pub fn show(origin: OriginFor<T>, datanet: DatanetId, content: Content) -> DispatchResult {
			Self::do_show(ensure_signed(origin)?, datanet, &content)
		}

		/// Ends a demand that was not met in time: the row is void, whoever demanded it gets [`BOUNTY`] of
		/// its bond, and the stake returns. Ends one of a row that has left its batch for another, or is
		/// void, at any time.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`, by anybody.
		#[pallet::call_index(26)]
		pub fn end_demand(origin: OriginFor<T>, datanet: DatanetId, hash: Hash) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_end_demand(datanet, hash)
		}
	}
}
