//! # Attribution Pallet
//!
//! Proof of Attribution: who is paid for an answer, and how much.
//!
//! ## Overview
//!
//! A payer funds a [`Channel`] to an operator and signs requests against it; the operator answers,
//! signs its reply and submits both. The fee is split at once, and the contributors' part waits. A
//! committee of scorers is drawn from randomness that did not exist when the receipt was fixed.
//! Each member computes, off chain, the log-probability of the answer under the base model, the
//! published adapter and the counterfactual adapters, commits to that vector and reveals it. From
//! the median vector on all is exact integer arithmetic on chain (`openledger-influence-math`):
//! scores are `Ψ·y`, weighted by money into a [`Period`] per model version, and settled as earnings
//! that contributors claim.
//!
//! What a committee finds stands for a while in which anybody can challenge it with a bond. If its
//! members disagree, if it is challenged, or if an audit is drawn, a panel of others looks again, and
//! who was wrong is slashed, with a delay in which that can be cancelled. By the same way a committee
//! trains drawn adapters of a new model version again: only what reproduces bit by bit is paid for.
//!
//! Where governance allows it, the entries behind those of the base model and the published adapter are
//! an answer's features, projected gradients, and Ψ is what the rows add to them ([`Method::Gradient`]).
//! All that follows from Ψ and `y` is the same.
//!
//! Many cheap answers are paid by [`Voucher`]s and submitted as a [`Batch`] under one root. The seed of
//! its committee's draw picks those that are scored; the committee agrees on the root over pages of
//! what it found, and the runtime computes scores and money of every page that is posted.
//!
//! | who | calls |
//! |---|---|
//! | scorer | [`bond`](Pallet::bond), [`unbond`](Pallet::unbond), [`withdraw_bond`](Pallet::withdraw_bond); its off-chain worker [`commit`](Pallet::commit), [`reveal`](Pallet::reveal), [`post_page`](Pallet::post_page) |
//! | payer | [`fund_channel`](Pallet::fund_channel), [`close_channel`](Pallet::close_channel), [`withdraw_channel`](Pallet::withdraw_channel) |
//! | operator | [`submit_receipt`](Pallet::submit_receipt), [`submit_batch`](Pallet::submit_batch) |
//! | anybody | [`settle`](Pallet::settle), [`claim_for`](Pallet::claim_for), [`prune`](Pallet::prune), [`advance`](Pallet::advance), [`challenge`](Pallet::challenge), [`challenge_adapters`](Pallet::challenge_adapters), [`apply_slash`](Pallet::apply_slash), [`close_batch`](Pallet::close_batch) |
//! | developer | [`activate`](Pallet::activate), if no committee came to an end |
//! | governance | [`set_parameters`](Pallet::set_parameters), [`set_paused`](Pallet::set_paused), [`cancel_slash`](Pallet::cancel_slash) |

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod agenda;
mod batches;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod committee;
mod designs;
mod face;
#[cfg(test)]
mod mock;
mod offchain;
mod receipts;
pub mod scorers;
mod settlement;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod state;
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
	deps::sp_runtime::{app_crypto::KeyTypeId, AccountId32, MultiSignature},
	prelude::*,
	token::fungible::{Inspect, Mutate, MutateHold},
	traits::{Consideration, Footprint},
};
use openledger_core::{
	Balance, Block, Class, Datanets, Eip712Domain, Hash, Method, ModelId, Models, Redeemed, Reply,
	Request, Voucher, BASIS_POINTS, MAX_ADAPTERS, MAX_BATCHES, MAX_BLOCKS, MAX_PSI,
};
use openledger_influence_math::{
	batch::{page_count, MAX_ITEMS, MAX_PAGE},
	Nats, Pool,
};

const LOG_TARGET: &str = "runtime::attribution";

/// Key type of the scorers' hot keys.
pub const KEY_TYPE: KeyTypeId = KeyTypeId(*b"olsc");
/// How many VRF outputs are folded into a seed.
pub const FOLD: u32 = 10;
/// How many blocks after something was fixed its randomness is drawn: all outputs come from
/// later blocks, and that of a block is known when the next one begins.
pub const DELAY: u32 = FOLD + 1;
/// The most seats of a committee.
pub const MAX_COMMITTEE: u32 = 8;
/// The most seats of a panel.
pub const MAX_PANEL: u32 = 21;
/// The most seats of both.
pub const MAX_SEATS: u32 = MAX_COMMITTEE + MAX_PANEL;
/// The most adapters that are trained again.
pub const MAX_RETRAINED: u32 = 8;
/// How many times the contributors' part of an answer a scorer's bond is at least.
pub const BOND_OVER_POOL: Balance = 10;
/// Basis points of a version's bond that a run costs which is given up when its subsets are drawn.
pub const GIVEN_UP: u16 = 1_000;
/// The most scorers.
pub const MAX_SCORERS: u32 = 1_024;
/// The most tasks of a block; more wait for the next one with room.
pub const MAX_TASKS: u32 = 128;
/// Blocks that are searched for room for a task; after them anybody may take a committee's step.
pub const PUT_OFF: u32 = 16;
/// How often a committee or panel is drawn again before the prior pays.
pub const MAX_REDRAWS: u8 = 2;
/// Seats missed or lost after which a scorer is no longer drawn.
pub const MAX_MISSED: u8 = 10;
/// The most seats that a scorer has to fill at the same time: it is drawn for no more, and its worker
/// looks at no more.
pub const MAX_SEATS_AT_ONCE: u32 = 32;
/// Scorers that are looked at for a seat, as long as those before have no room for it.
pub const CANDIDATES_A_SEAT: u32 = 4;
/// Columns of Ψ: the published and all counterfactual adapters.
pub const MAX_COLUMNS: u32 = MAX_ADAPTERS + 1;
/// Entries of a scorer's vector.
pub const MAX_VECTOR: u32 = MAX_ADAPTERS + 2;
/// The most vouchers of a batch.
pub const MAX_VOUCHERS: u32 = 64;
/// The most steps from a page of a batch up to the root.
pub const MAX_DEPTH: u32 = 8;

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
	pub trait Config:
		CreateAuthorizedTransaction<Call<Self>>
		+ frame_system::Config<
			AccountId: From<AccountId32> + Into<AccountId32>,
			Hash = Hash,
			RuntimeEvent: From<Event<Self>>,
		>
	{
		/// $OPEN.
		type Currency: Inspect<Self::AccountId, Balance = Balance>
			+ Mutate<Self::AccountId>
			+ MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

		/// The runtime's hold reasons.
		type RuntimeHoldReason: From<HoldReason>;

		/// Takes deposits for stored items.
		type Consideration: Consideration<Self::AccountId, Footprint>;

		/// The Datanets behind the models.
		type Datanets: Datanets<Self::AccountId>;

		/// The models that are paid for.
		type Models: Models<Self::AccountId>;

		/// The VRF output of the block before.
		type Entropy: Get<Hash>;

		/// What the tasks that are due in a block may weigh together; the others wait.
		type MaximumWeight: Get<Weight>;

		/// What Ethereum wallets sign requests and vouchers under.
		type Eip712: Get<Eip712Domain>;

		/// May set parameters and pause.
		type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Whose account holds what is not paid out yet.
		#[pallet::constant]
		type PalletId: Get<PalletId>;

		/// Takes the stakers' part.
		type StakersPot: Get<Self::AccountId>;

		/// Takes the protocol's part.
		type ProtocolPot: Get<Self::AccountId>;

		/// Weights of the calls and hooks.
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
		/// What a payer set aside for an operator.
		#[codec(index = 1)]
		Channel,
		/// A scorer's bond.
		#[codec(index = 2)]
		Bond,
		/// What a challenger put up.
		#[codec(index = 3)]
		Challenge,
		/// What a developer pays for training adapters again.
		#[codec(index = 4)]
		Training,
		/// What a developer put up for a model version.
		#[codec(index = 5)]
		Version,
	}

	/// What governance set.
	#[pallet::storage]
	pub type Settings<T> = StorageValue<_, Parameters, ValueQuery>;

	/// No receipts are taken while set.
	#[pallet::storage]
	pub type Paused<T> = StorageValue<_, bool, ValueQuery>;

	/// VRF outputs of the last blocks, the newest last.
	#[pallet::storage]
	pub type Entropies<T> = StorageValue<_, BoundedVec<Hash, ConstU32<FOLD>>, ValueQuery>;

	/// What is to be done at the start of a block.
	// `Twox64Concat`: the key is a block number.
	#[pallet::storage]
	pub type Agenda<T> =
		StorageMap<_, Twox64Concat, u32, BoundedVec<Due, ConstU32<MAX_TASKS>>, ValueQuery>;

	/// All scorers, also those that left and are still bonded.
	#[pallet::storage]
	pub type Scorers<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, Scorer<T::Consideration>, OptionQuery>;

	/// The scorers that may be drawn, with their execution classes.
	#[pallet::storage]
	pub type Drawable<T: Config> =
		StorageValue<_, BoundedVec<(T::AccountId, Class), ConstU32<MAX_SCORERS>>, ValueQuery>;

	/// Whose hot key it is.
	#[pallet::storage]
	pub type KeyOwner<T: Config> =
		StorageMap<_, Blake2_128Concat, ScorerId, T::AccountId, OptionQuery>;

	/// The seats that a scorer has to fill.
	#[pallet::storage]
	pub type Assignments<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		Blake2_128Concat,
		Work,
		u8,
		OptionQuery,
	>;

	/// In which committees a scorer sits whose end has not come: it answers for them.
	#[pallet::storage]
	pub type Liable<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Load, ValueQuery>;

	/// How many committees there were.
	#[pallet::storage]
	pub type NextCommittee<T> = StorageValue<_, u64, ValueQuery>;

	/// Committees that have not come to an end.
	#[pallet::storage]
	pub type Committees<T: Config> =
		StorageMap<_, Blake2_128Concat, Work, Committee<T::AccountId>, OptionQuery>;

	/// What the seats of a committee revealed; removed with it.
	#[pallet::storage]
	pub type Findings<T> =
		StorageDoubleMap<_, Blake2_128Concat, Work, Twox64Concat, u8, Finding, OptionQuery>;

	/// How many slashes there were.
	#[pallet::storage]
	pub type NextSlash<T> = StorageValue<_, u32, ValueQuery>;

	/// Slashes that are not taken yet.
	// `Twox64Concat`: slashes are numbered one after another.
	#[pallet::storage]
	pub type Slashes<T: Config> =
		StorageMap<_, Twox64Concat, u32, Slash<T::AccountId>, OptionQuery>;

	/// What panels are paid from, in wei.
	#[pallet::storage]
	pub type PanelFund<T> = StorageValue<_, Balance, ValueQuery>;

	/// Designs of runs and model versions.
	// `Twox64Concat`: models are numbered one after another.
	#[pallet::storage]
	pub type Designs<T: Config> =
		StorageMap<_, Twox64Concat, ModelId, Design<T::AccountId, T::Consideration>, OptionQuery>;

	/// Hashes of the counterfactual adapters of a model version, in the order of the subsets; by gradients
	/// that of the map alone.
	#[pallet::storage]
	pub type Adapters<T> =
		StorageMap<_, Twox64Concat, ModelId, BoundedVec<Hash, ConstU32<MAX_ADAPTERS>>, OptionQuery>;

	/// Ψ of a model version: blocks x (adapters + 1) entries, row by row.
	#[pallet::storage]
	pub type Psis<T> = StorageMap<_, Twox64Concat, ModelId, Entries, OptionQuery>;

	/// Channels, by payer and operator.
	#[pallet::storage]
	pub type Channels<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		Blake2_128Concat,
		T::AccountId,
		Channel<T::Consideration>,
		OptionQuery,
	>;

	/// Receipts, by the id of their request.
	#[pallet::storage]
	pub type Receipts<T: Config> =
		StorageMap<_, Blake2_128Concat, Hash, Receipt<T::AccountId, T::Consideration>, OptionQuery>;

	/// Receipts of a model version that are not pruned: they need its design.
	#[pallet::storage]
	pub type Kept<T> = StorageMap<_, Twox64Concat, ModelId, u32, ValueQuery>;

	/// The vector by which a receipt was scored.
	#[pallet::storage]
	pub type Vectors<T> = StorageMap<_, Blake2_128Concat, Hash, Vector, OptionQuery>;

	/// How many batches there were.
	#[pallet::storage]
	pub type NextBatch<T> = StorageValue<_, BatchId, ValueQuery>;

	/// Batches that are not closed.
	// `Twox64Concat`: batches are numbered one after another.
	#[pallet::storage]
	pub type Batches<T: Config> =
		StorageMap<_, Twox64Concat, BatchId, Batch<T::AccountId, T::Consideration>, OptionQuery>;

	/// Who paid for them.
	#[pallet::storage]
	pub type BatchPayers<T: Config> =
		StorageMap<_, Twox64Concat, BatchId, Payers<T::AccountId>, ValueQuery>;

	/// What is to be settled, by model version and period.
	#[pallet::storage]
	pub type Periods<T> =
		StorageDoubleMap<_, Twox64Concat, ModelId, Twox64Concat, u32, Period, OptionQuery>;

	/// What accounts may claim, in wei.
	#[pallet::storage]
	pub type Earnings<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, Balance, ValueQuery>;

	/// What contributors of a model version owe from periods that their rows made worse.
	#[pallet::storage]
	pub type Debts<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		ModelId,
		Blake2_128Concat,
		T::AccountId,
		Balance,
		ValueQuery,
	>;

	/// Sets the parameters at genesis.
	#[pallet::genesis_config]
	#[derive(frame::derive::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// What governance may change later.
		pub parameters: Parameters,
		/// Nothing else is set.
		#[serde(skip)]
		pub _config: PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			assert!(self.parameters.is_valid(), "invalid parameters of attribution");
			Settings::<T>::put(&self.parameters);
		}
	}

	/// Events.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Governance set the parameters.
		ParametersSet {
			/// The new ones.
			parameters: Parameters,
		},
		/// Governance paused receipts or let them go on.
		PausedSet {
			/// Whether they are paused.
			paused: bool,
		},
		/// A scorer may be drawn.
		ScorerBonded {
			/// Who.
			scorer: T::AccountId,
			/// With this hot key.
			key: ScorerId,
			/// Of this execution class.
			class: Class,
			/// Held, in wei.
			bond: Balance,
		},
		/// A scorer is no longer drawn.
		ScorerLeft {
			/// Who.
			scorer: T::AccountId,
			/// It missed too many seats.
			forced: bool,
		},
		/// A scorer took its bond back.
		BondWithdrawn {
			/// Who.
			scorer: T::AccountId,
			/// In wei.
			bond: Balance,
		},
		/// The data of a run is frozen.
		DesignOpened {
			/// The run.
			model: ModelId,
			/// Blocks of rows.
			blocks: u32,
			/// How influence is measured.
			method: Method,
			/// Counterfactual adapters, or columns of features.
			adapters: u16,
		},
		/// The subsets of a run are drawn.
		SeedDrawn {
			/// The run.
			model: ModelId,
			/// Seeds its subsets.
			seed: Hash,
		},
		/// The adapters of a run are registered and its Ψ is right.
		DesignClosed {
			/// The model version.
			model: ModelId,
		},
		/// A channel holds more.
		ChannelFunded {
			/// Who pays.
			payer: T::AccountId,
			/// Whom.
			operator: T::AccountId,
			/// Added, in wei.
			amount: Balance,
			/// Now held.
			balance: Balance,
		},
		/// A channel ends.
		ChannelClosing {
			/// Who pays.
			payer: T::AccountId,
			/// Whom.
			operator: T::AccountId,
			/// The last block that takes receipts for sure.
			until: u32,
		},
		/// A channel has ended.
		ChannelClosed {
			/// Who paid.
			payer: T::AccountId,
			/// Whom.
			operator: T::AccountId,
			/// Given back, in wei.
			amount: Balance,
		},
		/// An answer was paid for.
		ReceiptSubmitted {
			/// The receipt.
			receipt: Hash,
			/// The model version.
			model: ModelId,
			/// Who paid.
			payer: T::AccountId,
			/// Who answered.
			operator: T::AccountId,
			/// In wei.
			fee: Balance,
		},
		/// A part of a fee was paid.
		SharePaid {
			/// The receipt.
			receipt: Hash,
			/// To whom.
			who: T::AccountId,
			/// For what.
			role: Role,
			/// In wei.
			amount: Balance,
		},
		/// A committee or panel was drawn.
		CommitteeDrawn {
			/// What it works on.
			work: Work,
			/// How often seats were drawn before.
			attempt: u8,
			/// Whether it is a panel.
			panel: bool,
			/// Its members, by seat.
			scorers: BoundedVec<T::AccountId, ConstU32<MAX_SEATS>>,
		},
		/// A seat committed.
		Committed {
			/// The seat.
			seat: SeatId,
		},
		/// A seat revealed.
		Revealed {
			/// The seat.
			seat: SeatId,
		},
		/// A committee agrees; what it found stands unless it is challenged or audited.
		Agreed {
			/// What it works on.
			work: Work,
			/// The last block in which it can be challenged.
			until: u32,
		},
		/// Somebody put up a bond against what a committee found.
		Challenged {
			/// What it works on.
			work: Work,
			/// Who.
			who: T::AccountId,
			/// In wei.
			bond: Balance,
		},
		/// A panel is to look again.
		PanelAsked {
			/// What it works on.
			work: Work,
			/// Why.
			doubt: Doubt,
		},
		/// The panel has decided about a challenge.
		ChallengeEnded {
			/// What it was about.
			work: Work,
			/// The challenger.
			who: T::AccountId,
			/// Whether the committee or the version was wrong.
			won: bool,
		},
		/// Somebody loses money unless that is cancelled in time.
		SlashDeferred {
			/// The slash.
			id: u32,
			/// Who loses it.
			who: T::AccountId,
			/// What for.
			offence: Offence,
			/// In wei.
			amount: Balance,
			/// What was done wrong.
			work: Work,
			/// The block from which it is taken.
			due: u32,
		},
		/// A slash was taken.
		Slashed {
			/// The slash.
			id: u32,
			/// Who lost it.
			who: T::AccountId,
			/// In wei.
			amount: Balance,
			/// Who is paid a part of it; without one panels are.
			reporter: Option<T::AccountId>,
		},
		/// A slash was cancelled.
		SlashCancelled {
			/// The slash.
			id: u32,
			/// Who would have lost it.
			who: T::AccountId,
			/// In wei.
			amount: Balance,
		},
		/// The adapters of a model version reproduce: its answers are paid for.
		VersionActive {
			/// The model version.
			model: ModelId,
		},
		/// The adapters of a model version do not reproduce: no more answers are paid for.
		VersionVoid {
			/// The model version.
			model: ModelId,
		},
		/// No committee could say whether the adapters of a model version reproduce: its answers are not
		/// paid for, or not any more if a panel could not have rows that were withdrawn before.
		Untested {
			/// The model version.
			model: ModelId,
		},
		/// A panel's member was paid.
		PanelPaid {
			/// What the panel worked on.
			work: Work,
			/// Who.
			who: T::AccountId,
			/// In wei.
			amount: Balance,
		},
		/// A scorer was paid for training adapters again.
		TrainerPaid {
			/// The model version.
			model: ModelId,
			/// Who.
			who: T::AccountId,
			/// In wei.
			amount: Balance,
		},
		/// The committee agreed; the contributors are paid with this period.
		ReceiptScored {
			/// The receipt.
			receipt: Hash,
			/// The model version.
			model: ModelId,
			/// The period.
			period: u32,
			/// Seats that agreed, one bit each.
			agreed: u32,
			/// The answer gained too little to tell contributors apart: the prior pays.
			prior: bool,
		},
		/// No committee agreed: the prior pays.
		ReceiptUnscored {
			/// The receipt.
			receipt: Hash,
			/// The period.
			period: u32,
		},
		/// The tokens of an answer cannot have come from its model, or the operator miscounted them: the
		/// payer has the contributors' and the operator's part back.
		ReceiptVoided {
			/// The receipt.
			receipt: Hash,
			/// In wei.
			refunded: Balance,
		},
		/// A period of a model version was settled.
		Settled {
			/// The model version.
			model: ModelId,
			/// The period.
			period: u32,
			/// Contributors' parts of all its fees, in wei.
			total: Balance,
			/// Earned by influence.
			paid: Balance,
			/// Gone to the accepted rows by the prior.
			rest: Balance,
			/// What of the rest netting and rounding alone left, in wei: the contributors' parts of the
			/// answers that were paid by influence and spans, less what each block earns by all of them
			/// together, where that is positive. Not in it is what was the prior's before any netting
			/// (answers that nobody scored, or whose scores do not count), nor what blocks earn and are
			/// not paid, as their rows are withdrawn or void or their owners repay debts.
			netted: Balance,
		},
		/// A contributor earned by influence.
		Earned {
			/// The model version.
			model: ModelId,
			/// The period.
			period: u32,
			/// Who.
			who: T::AccountId,
			/// In wei.
			amount: Balance,
		},
		/// A contributor's rows made answers worse: later earnings pay for it.
		Owed {
			/// The model version.
			model: ModelId,
			/// Who.
			who: T::AccountId,
			/// All that it owes, in wei.
			debt: Balance,
		},
		/// Earnings were paid out. What a group divides is in its Datanet's event instead.
		Claimed {
			/// To whom.
			who: T::AccountId,
			/// In wei.
			amount: Balance,
		},
		/// A receipt was removed from the state.
		ReceiptPruned {
			/// The receipt.
			receipt: Hash,
		},
		/// A payer paid for many answers at once.
		VoucherRedeemed {
			/// The batch that they are in.
			batch: BatchId,
			/// Who paid.
			payer: T::AccountId,
			/// In wei.
			amount: Balance,
			/// The last nonce that is paid.
			nonce: u64,
		},
		/// A batch was paid for.
		BatchSubmitted {
			/// The batch.
			batch: BatchId,
			/// The model version.
			model: ModelId,
			/// Who answered.
			operator: T::AccountId,
			/// Root over its items.
			root: Hash,
			/// The blob that lists them.
			items: Hash,
			/// How many.
			count: u16,
			/// In wei.
			fee: Balance,
		},
		/// The items of a batch that are scored are drawn.
		SampleDrawn {
			/// The batch.
			batch: BatchId,
			/// Draws them.
			seed: Hash,
		},
		/// The committee agreed: pages can be posted.
		BatchScored {
			/// The batch.
			batch: BatchId,
			/// Root over its pages.
			pages: Hash,
			/// The last block that takes them.
			until: u32,
		},
		/// No committee agreed, or it could not have the batch: the prior takes the contributors' part, and
		/// the scorers' or the operator's. Or the operator miscounted tokens: the payers have the
		/// contributors' and the operator's part back when the batch is closed.
		BatchUnscored {
			/// The batch.
			batch: BatchId,
		},
		/// Answers of a batch are paid for with a period.
		PagePosted {
			/// The batch.
			batch: BatchId,
			/// The page.
			page: u16,
			/// The period.
			period: u32,
			/// Answers that tell contributors apart.
			answers: u32,
			/// What all answers of the page are worth, in wei; nothing if the page adds up to more
			/// than there is.
			amount: Balance,
		},
		/// A batch was removed from the state.
		BatchClosed {
			/// The batch.
			batch: BatchId,
			/// Gone to the accepted rows by the prior, in wei.
			rest: Balance,
			/// Gone back to payers, in wei.
			refunded: Balance,
		},
		/// A model version that somebody owes something goes, and the debt with it.
		DebtForgotten {
			/// The model version.
			model: ModelId,
			/// Who.
			who: T::AccountId,
			/// All that it owed, in wei.
			debt: Balance,
			/// What of that was taken from what it had at risk, in wei.
			taken: Balance,
		},
		/// A run was given up when its subsets were drawn, and a part of its bond is panels'.
		DesignGivenUp {
			/// The run.
			model: ModelId,
			/// Who lost it.
			who: T::AccountId,
			/// In wei.
			amount: Balance,
		},
	}

	/// Errors.
	#[pallet::error]
	pub enum Error<T> {
		/// The split must sum to 10,000 basis points, windows be positive, seats fit a committee.
		InvalidParameters,
		/// Receipts are paused by governance.
		Paused,
		/// Too much is due in the coming blocks: try again later.
		Busy,
		/// This account is a scorer already.
		AlreadyBonded,
		/// This hot key belongs to another scorer.
		KeyTaken,
		/// The hot key did not sign for this account.
		BadKeyProof,
		/// The bond is below the minimum in the parameters.
		BondTooLow,
		/// There is no place for another scorer.
		TooManyScorers,
		/// This account is no scorer.
		NotScorer,
		/// Call `unbond` first.
		StillBonded,
		/// The bond is free when unbonding is over.
		StillUnbonding,
		/// The bond answers for works whose end has not come.
		StillLiable,
		/// This model has no design, or has one already.
		NoDesign,
		/// The design's blocks times adapters are out of bounds.
		DesignOutOfBounds,
		/// The seed is drawn eleven blocks after the run was opened.
		SeedNotDrawn,
		/// One hash is needed for each subset.
		WrongAdapterCount,
		/// Ψ must have one row a block and one column an adapter, the published one's first.
		PsiShape,
		/// Ψ does not solve the normal equations of the design.
		PsiNormalEquations,
		/// There is no such channel: fund it first.
		NoChannel,
		/// The channel is to be closed first, and its notice to pass.
		ChannelOpen,
		/// The request was signed for another chain.
		WrongChain,
		/// The request has expired.
		Expired,
		/// A request with this or a later nonce was paid already.
		NonceUsed,
		/// No such model version is registered.
		NoModel,
		/// The request pins another adapter.
		WrongAdapter,
		/// This account does not serve the model.
		NotOperator,
		/// The reply answers another request.
		WrongReply,
		/// The payer's signature is wrong.
		BadPayerSignature,
		/// The operator's signature is wrong.
		BadOperatorSignature,
		/// The answer has no token.
		EmptyAnswer,
		/// The fee is above the request's maximum.
		AboveMaximum,
		/// The fee is above what one answer may cost: the contributors' part is at most a tenth of
		/// the least bond of a scorer.
		FeeTooHigh,
		/// The channel holds less than the fee.
		ChannelTooLow,
		/// This receipt is known.
		ReceiptKnown,
		/// No such receipt, or none at this stage.
		NoReceipt,
		/// The model version is not active: its adapters were not trained again yet, cannot be any more,
		/// or do not reproduce.
		NotActive,
		/// The model version is active or void, or a committee is at work on it.
		NotUntested,
		/// This account does not develop the model version.
		NotDeveloper,
		/// No committee is at work on this.
		NoCommittee,
		/// Only what a committee agrees on can be challenged, in its window, or an active version.
		NotInReview,
		/// There are too few other scorers for a panel.
		NoPanel,
		/// The version has no adapter, map or row of Ψ of this number.
		NoAdapter,
		/// There is no such slash.
		NoSlash,
		/// The time to object to the slash is not over.
		SlashPending,
		/// The receipt is kept until its retention is over and its period settled.
		StillNeeded,
		/// No such seat at this stage.
		NoSeat,
		/// Nothing is overdue for this committee.
		NotOverdue,
		/// Nothing to settle for this model version and period.
		NoPeriod,
		/// The period is not over.
		PeriodRunning,
		/// Nothing to claim.
		NothingToClaim,
		/// A sum is out of its type.
		Overflow,
		/// The voucher is for another model version.
		WrongModel,
		/// All that the voucher owes was paid.
		NothingToRedeem,
		/// A batch has a voucher and an item at least, and 15,616 items at most.
		BatchOutOfBounds,
		/// The batch costs less than an answer must, or its items less on average than they must.
		FeeTooLow,
		/// No such batch.
		NoBatch,
		/// There is no such page to post, or it was posted.
		NoPage,
		/// Governance has not switched this method of attribution on.
		MethodOff,
		/// By gradients the published adapter's column of Ψ is zero, and a row sums to at most 64 units.
		PsiBounds,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(now: BlockNumberFor<T>) -> Weight {
			Self::take_entropy();
			T::WeightInfo::on_initialize().saturating_add(Self::run_agenda(now.saturated_into()))
		}

		fn offchain_worker(now: BlockNumberFor<T>) {
			Self::work(now.saturated_into());
		}

		fn integrity_test() {
			assert!(Parameters::default().is_valid());
			// `Posting::posted` has a bit for each page.
			assert!(page_count(MAX_ITEMS as u16, MAX_ADAPTERS as u16) <= 1 << MAX_DEPTH);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::deps::sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// What a payer has left with an operator, and the last nonce paid.
		pub fn channel(payer: T::AccountId, operator: T::AccountId) -> Option<(Balance, u64)> {
			Channels::<T>::get(payer, operator).map(|channel| (channel.balance, channel.nonce))
		}

		/// What an account may claim, in wei.
		pub fn earnings(who: T::AccountId) -> Balance {
			Earnings::<T>::get(who)
		}

		/// What a scored answer earns each block of rows, signed, with its standard error, in wei. By
		/// gradients no error is known: in its place stands the item's own size.
		pub fn answer_items(receipt: Hash) -> Option<Vec<(T::AccountId, i128, Balance)>> {
			Self::items(receipt)
		}

		/// Scores of a vector under a model version, in nats with 36 fraction bits.
		pub fn scores(model: ModelId, y: Vec<Nats>) -> Option<Vec<(T::AccountId, i128)>> {
			Self::do_scores(model, &y)
		}

		/// By how much each block's score moves at most if a committee is biased together within the
		/// tolerance between execution classes, in nats with 36 fraction bits.
		pub fn worst_bias(model: ModelId) -> Option<Vec<i128>> {
			let tolerance = Settings::<T>::get().tolerance;
			Self::psi(model).map(|psi| psi.worst_bias(tolerance))
		}

		/// The settlement period of a block.
		pub fn period_of(block: u32) -> u32 {
			block / Settings::<T>::get().period.max(1)
		}
	}

	#[pallet::call(weight = T::WeightInfo)]
	impl<T: Config> Pallet<T> {
		/// Sets the parameters.
		///
		/// ## Dispatch Origin
		///
		/// Must be [`Config::AdminOrigin`].
		#[pallet::call_index(0)]
		pub fn set_parameters(origin: OriginFor<T>, parameters: Parameters) -> DispatchResult {
			T::AdminOrigin::ensure_origin(origin)?;
			Self::do_set_parameters(parameters)
		}

		/// Pauses receipts, or lets them go on. What was paid is scored and settled all the same.
		///
		/// ## Dispatch Origin
		///
		/// Must be [`Config::AdminOrigin`].
		#[pallet::call_index(1)]
		pub fn set_paused(origin: OriginFor<T>, paused: bool) -> DispatchResult {
			T::AdminOrigin::ensure_origin(origin)?;
			Self::do_set_paused(paused)
		}

		/// Becomes a scorer: holds `bond` and registers the hot key, which signs
		/// `("openledger/scorer/v1", genesis hash, account)` as proof, and the execution class of its
		/// node.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`.
		#[pallet::call_index(2)]
		pub fn bond(
			origin: OriginFor<T>,
			key: ScorerId,
			proof: ScorerSignature,
			class: Class,
			#[pallet::compact] bond: Balance,
		) -> DispatchResult {
			Self::do_bond(ensure_signed(origin)?, key, proof, class, bond)
		}

		/// Leaves: no new seats from now on.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by a scorer.
		#[pallet::call_index(3)]
		pub fn unbond(origin: OriginFor<T>) -> DispatchResult {
			Self::do_unbond(ensure_signed(origin)?)
		}

		/// Takes the bond back after unbonding.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by a scorer that left.
		#[pallet::call_index(4)]
		pub fn withdraw_bond(origin: OriginFor<T>) -> DispatchResult {
			Self::do_withdraw_bond(ensure_signed(origin)?)
		}

		/// Sets money aside for an operator's answers: opens a channel, or adds to it and cancels
		/// its closing.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by the payer.
		#[pallet::call_index(5)]
		pub fn fund_channel(
			origin: OriginFor<T>,
			operator: T::AccountId,
			#[pallet::compact] amount: Balance,
		) -> DispatchResult {
			Self::do_fund_channel(ensure_signed(origin)?, operator, amount)
		}

		/// Announces that a channel ends, so that the operator can submit what it answered.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by the payer.
		#[pallet::call_index(6)]
		pub fn close_channel(origin: OriginFor<T>, operator: T::AccountId) -> DispatchResult {
			Self::do_close_channel(ensure_signed(origin)?, operator)
		}

		/// Takes back what a closed channel has left, after its notice.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by the payer.
		#[pallet::call_index(7)]
		pub fn withdraw_channel(origin: OriginFor<T>, operator: T::AccountId) -> DispatchResult {
			Self::do_withdraw_channel(ensure_signed(origin)?, operator)
		}

		/// Turns a signed request and its signed reply into money: the fee leaves the channel, is
		/// split, and the contributors' part waits for a committee.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by the operator: a payer could else use up the nonces of its earlier requests.
		#[pallet::call_index(8)]
		pub fn submit_receipt(
			origin: OriginFor<T>,
			request: Request<T::AccountId>,
			payer_signature: MultiSignature,
			reply: Reply,
			operator_signature: MultiSignature,
		) -> DispatchResult {
			ensure!(ensure_signed(origin)? == request.operator, Error::<T>::NotOperator);
			Self::do_submit_receipt(request, payer_signature, reply, operator_signature)
		}

		/// Commits a seat to what it found: see [`Pallet::commitment`].
		///
		/// ## Dispatch Origin
		///
		/// Must be `Authorized`: signed by the hot key of the seat.
		#[pallet::call_index(9)]
		#[pallet::authorize(Self::authorize_commit)]
		#[pallet::weight((T::WeightInfo::commit(), DispatchClass::Operational, Pays::No))]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_commit())]
		pub fn commit(
			origin: OriginFor<T>,
			seat: SeatId,
			commitment: Hash,
			_signature: ScorerSignature,
		) -> DispatchResult {
			ensure_authorized(origin)?;
			Self::do_commit(seat, commitment)
		}

		/// Reveals what a seat found.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Authorized`: signed by the hot key of the seat.
		#[pallet::call_index(10)]
		#[pallet::authorize(Self::authorize_reveal)]
		#[pallet::weight((
			T::WeightInfo::reveal().max(T::WeightInfo::conclude(MAX_COMMITTEE, MAX_PANEL)),
			DispatchClass::Operational,
			Pays::No
		))]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_reveal(finding.words()))]
		pub fn reveal(
			origin: OriginFor<T>,
			seat: SeatId,
			finding: Finding,
			_salt: Hash,
			_signature: ScorerSignature,
		) -> DispatchResultWithPostInfo {
			ensure_authorized(origin)?;
			let work = seat.work;
			let weight = match Self::do_reveal(seat, finding)? {
				Some((members, panel)) => Self::conclude_weight(work, members, panel),
				None => T::WeightInfo::reveal(),
			};
			Ok((Some(weight), Pays::No).into())
		}

		/// Turns a finished period of a model version into earnings.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`, by anybody.
		#[pallet::call_index(11)]
		#[pallet::weight(Pallet::<T>::settle_weight(MAX_BLOCKS, MAX_BATCHES))]
		pub fn settle(
			origin: OriginFor<T>,
			model: ModelId,
			period: u32,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_settle(model, period)
		}

		/// Pays an account what it earned.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`, by anybody.
		#[pallet::call_index(12)]
		pub fn claim_for(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_claim(who).map(|_| ())
		}

		/// Removes a receipt that is no longer needed and gives its deposit back.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`, by anybody.
		#[pallet::call_index(13)]
		pub fn prune(origin: OriginFor<T>, receipt: Hash) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_prune(receipt)
		}

		/// Does the step of a committee that is overdue because too much was due in its block.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`, by anybody.
		#[pallet::call_index(14)]
		#[pallet::weight(Pallet::<T>::weight_of_any_step())]
		pub fn advance(origin: OriginFor<T>, work: Work) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_advance(work)
		}

		/// Puts a bond up against what a committee agrees on, or against an active model version: a
		/// panel looks again. Whoever is right has its bond back and a part of what is slashed; whoever
		/// is wrong pays for panels.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`, by anybody.
		#[pallet::call_index(15)]
		pub fn challenge(origin: OriginFor<T>, work: Work) -> DispatchResult {
			Self::do_challenge(ensure_signed(origin)?, work, Drawn::new()).map(|_| ())
		}

		/// Lets another committee train drawn adapters of a model version again, as none has come to
		/// an end.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by the developer, who pays for it.
		#[pallet::call_index(16)]
		// Whether the version is stale.
		#[pallet::weight(T::WeightInfo::activate().saturating_add(T::DbWeight::get().reads(1)))]
		pub fn activate(origin: OriginFor<T>, model: ModelId) -> DispatchResult {
			Self::do_activate(ensure_signed(origin)?, model)
		}

		/// Takes a slash whose time has come.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`, by anybody.
		#[pallet::call_index(17)]
		pub fn apply_slash(origin: OriginFor<T>, id: u32) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_apply_slash(id)
		}

		/// Cancels a slash before it is taken. A scorer that it took out of the draws bonds again.
		///
		/// ## Dispatch Origin
		///
		/// Must be [`Config::AdminOrigin`].
		#[pallet::call_index(18)]
		pub fn cancel_slash(origin: OriginFor<T>, id: u32) -> DispatchResult {
			T::AdminOrigin::ensure_origin(origin)?;
			Self::do_cancel_slash(id)
		}

		/// Turns vouchers into money for many answers at once: what they owe beyond what was paid
		/// leaves the channels, is split as a receipt's fee, and the contributors' part waits for a
		/// committee. `root` is the Merkle root over the hashes of `count`
		/// [items](openledger_core::Item), `items` the hash of the blob that lists them (SCALE), which
		/// the operator serves to the committee: voucher by voucher, by rising nonces. An item's part of
		/// the fee is what its tokens cost, at the present prices.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by the operator.
		#[pallet::call_index(19)]
		#[pallet::weight(T::WeightInfo::submit_batch(vouchers.len() as u32))]
		pub fn submit_batch(
			origin: OriginFor<T>,
			model: ModelId,
			vouchers: Vouchers<T::AccountId>,
			root: Hash,
			items: Hash,
			count: u16,
		) -> DispatchResult {
			Self::do_submit_batch(ensure_signed(origin)?, model, vouchers, root, items, count)
		}

		/// Posts a page of what was found about a batch: its scores are computed and its answers' money
		/// is added to the period.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Authorized`: a page under the root on which the committee agreed, from anybody.
		#[pallet::call_index(20)]
		#[pallet::authorize(Self::authorize_page)]
		#[pallet::weight((
			Pallet::<T>::most_page_weight(page.len()),
			DispatchClass::Normal,
			Pays::No
		))]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_page((page.len() as u32).div_ceil(1_024)))]
		pub fn post_page(
			origin: OriginFor<T>,
			batch: BatchId,
			index: u16,
			page: Page,
			_proof: PageProof,
		) -> DispatchResultWithPostInfo {
			ensure_authorized(origin)?;
			let weight = Self::do_post_page(batch, index, &page)?;
			Ok((Some(weight), Pays::No).into())
		}

		/// Ends a batch once all its money is spent, or the time for its pages is over, and its period is
		/// settled: what is left goes to the prior, refunds to payers, and the deposit back.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`, by anybody.
		#[pallet::call_index(21)]
		#[pallet::weight(T::WeightInfo::close_batch(MAX_VOUCHERS))]
		pub fn close_batch(origin: OriginFor<T>, batch: BatchId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let refunded = Self::do_close_batch(batch)?;
			Ok(Some(T::WeightInfo::close_batch(refunded)).into())
		}

		/// Puts a bond up that some adapters of an active model version do not reproduce, by their numbers;
		/// 0 is the published one, the counterfactual ones follow in their order, or by gradients the map and
		/// the rows of Ψ. As [`challenge`](Pallet::challenge), which has them drawn.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`, by anybody.
		#[pallet::call_index(22)]
		#[pallet::weight(T::WeightInfo::challenge())]
		pub fn challenge_adapters(
			origin: OriginFor<T>,
			model: ModelId,
			adapters: Drawn,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_challenge(who, Work::Training(model), adapters).map(|_| ())
		}
	}
}
