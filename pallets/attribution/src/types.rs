//! What this pallet stores.

use super::*;
use frame::deps::frame_support::stored;

/// What governance may set.
#[derive(
	Clone,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	serde::Serialize,
	serde::Deserialize,
)]
pub struct Parameters {
	/// How a fee is split.
	pub split: FeeSplit,
	/// How many scorers are drawn for an answer.
	pub committee: u8,
	/// Blocks in which the committee commits.
	pub commit_window: u32,
	/// Blocks in which the committee reveals.
	pub reveal_window: u32,
	/// Blocks between the announcement that a channel closes and its end.
	pub notice: u32,
	/// Blocks of a settlement period.
	pub period: u32,
	/// Blocks that a receipt stays on chain after its committee is done.
	pub retention: u32,
	/// Blocks that a scorer's bond stays after it left.
	pub unbonding: u32,
	/// The least fee: what scoring an answer costs, in wei.
	pub minimum_fee: Balance,
	/// The least bond of a scorer, in wei.
	pub minimum_bond: Balance,
	/// By how much entries of honest vectors may differ between execution classes.
	pub tolerance: u32,
	/// Nats per token beyond which a vector cannot be one of a model that answered.
	pub band: u8,
}

impl Default for Parameters {
	fn default() -> Self {
		Self {
			split: FeeSplit::default(),
			committee: 3,
			commit_window: 200,
			reveal_window: 200,
			notice: 1_200,
			period: 1_200,
			retention: 28_800,
			unbonding: 28_800,
			minimum_fee: 1_000_000_000_000_000,
			minimum_bond: 1_000_000_000_000_000_000_000,
			tolerance: 64,
			band: 32,
		}
	}
}

impl Parameters {
	/// Whether the protocol works with these.
	pub fn is_valid(&self) -> bool {
		let windows = [
			self.commit_window,
			self.reveal_window,
			self.notice,
			self.period,
			self.retention,
			self.unbonding,
		];
		self.split.is_valid()
			&& (1..=MAX_SEATS as u8).contains(&self.committee)
			&& windows.iter().all(|window| *window > 0)
			&& self.band > 0
	}
}

/// Parts of a fee, in basis points.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	serde::Serialize,
	serde::Deserialize,
)]
pub struct FeeSplit {
	/// To the contributors of the model's Datanet.
	pub contributors: u16,
	/// To the model's developer.
	pub developer: u16,
	/// To the operator that answered.
	pub operator: u16,
	/// To the committee that scored.
	pub scorers: u16,
	/// To the stakers.
	pub stakers: u16,
	/// To the protocol.
	pub protocol: u16,
}

impl Default for FeeSplit {
	fn default() -> Self {
		Self {
			contributors: 4_000,
			developer: 2_000,
			operator: 2_500,
			scorers: 500,
			stakers: 500,
			protocol: 500,
		}
	}
}

impl FeeSplit {
	/// The parts in the order of the fields.
	pub const fn parts(&self) -> [u16; 6] {
		[
			self.contributors,
			self.developer,
			self.operator,
			self.scorers,
			self.stakers,
			self.protocol,
		]
	}

	/// Whether the parts make a whole.
	pub fn is_valid(&self) -> bool {
		self.parts().iter().map(|part| u32::from(*part)).sum::<u32>() == u32::from(BASIS_POINTS)
	}
}

/// One who runs the off-chain worker for pay.
#[stored(no_skip_type_params)]
pub struct Scorer<Ticket> {
	/// Signs commits and reveals.
	pub key: ScorerId,
	/// Held while it may be drawn, in wei.
	pub bond: Balance,
	/// Seats that it missed or in which it was outvoted, each made good by one that agreed.
	pub missed: u8,
	/// The block at which it left; the bond is free when unbonding is over.
	pub left_at: Option<u32>,
	/// Pays for this entry.
	pub ticket: Ticket,
}

/// The subsets of a run: drawn from a seed that did not exist when its data was frozen.
#[stored(no_skip_type_params)]
pub struct Design<AccountId, Ticket> {
	/// The rows, cut per contributor.
	pub blocks: BoundedVec<Block<AccountId>, ConstU32<MAX_BLOCKS>>,
	/// How many counterfactual adapters are trained.
	pub adapters: u16,
	/// Seeds the subsets, once it is drawn.
	pub seed: Option<Hash>,
	/// Pays for this entry, the adapters' hashes and Ψ.
	pub ticket: Ticket,
}

/// Money set aside by a payer for one operator's answers.
#[stored(no_skip_type_params)]
pub struct Channel<Ticket> {
	/// What is left, held in the payer's account, in wei.
	pub balance: Balance,
	/// The nonce of the last request that was paid.
	pub nonce: u64,
	/// The block after which it may be withdrawn, once its end was announced.
	pub closing: Option<u32>,
	/// Pays for this entry.
	pub ticket: Ticket,
}

/// Where a receipt stands.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Phase {
	/// The committee is not drawn yet.
	#[codec(index = 0)]
	Waiting,
	/// The committee commits.
	#[codec(index = 1)]
	Commit,
	/// The committee reveals, since this block.
	#[codec(index = 2)]
	Reveal {
		/// The block in which the last commit came or the window closed.
		since: u32,
	},
	/// Scored: contributors are paid by influence with this period.
	#[codec(index = 3)]
	Scored {
		/// The period.
		period: u32,
	},
	/// Not scored, or without a measurable gain: contributors are paid by the prior.
	#[codec(index = 4)]
	Prior {
		/// The period.
		period: u32,
	},
}

/// A place in a committee.
#[stored(no_skip_type_params)]
pub struct Seat<AccountId> {
	/// Who sits there.
	pub scorer: AccountId,
	/// What it committed to.
	pub commitment: Option<Hash>,
	/// Whether it revealed; the vector is in [`Reveals`].
	pub revealed: bool,
}

/// One paid answer.
#[stored(no_skip_type_params)]
pub struct Receipt<AccountId, Ticket> {
	/// Counts all receipts: what the committee is drawn by, which no poster can retry.
	pub sequence: u64,
	/// Who paid.
	pub payer: AccountId,
	/// Who answered.
	pub operator: AccountId,
	/// The model version.
	pub model: ModelId,
	/// Hash of the salted prompt blob.
	pub prompt: Hash,
	/// Hash of the salted response blob.
	pub response: Hash,
	/// Tokens of the prompt.
	pub prompt_tokens: u32,
	/// Tokens of the answer.
	pub completion_tokens: u32,
	/// What was paid, in wei.
	pub fee: Balance,
	/// The contributors' part of it.
	pub pool: Balance,
	/// The committee's part of it.
	pub reward: Balance,
	/// The block that took it.
	pub submitted: u32,
	/// How often a committee was drawn before.
	pub attempt: u8,
	/// Where it stands.
	pub phase: Phase,
	/// The block in which its next task is due, while a committee has to be drawn or is at work.
	pub due: u32,
	/// The committee.
	pub seats: BoundedVec<Seat<AccountId>, ConstU32<MAX_SEATS>>,
	/// Paid by the operator for this entry.
	pub ticket: Ticket,
}

/// Names a seat in signatures.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct SeatId {
	/// The receipt.
	pub receipt: Hash,
	/// Which of its committees.
	pub attempt: u8,
	/// Which seat of the committee.
	pub index: u8,
}

/// What is done at the start of a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Due {
	/// Draw the seed of a run's design.
	#[codec(index = 0)]
	Seed(ModelId),
	/// Draw a receipt's committee.
	#[codec(index = 1)]
	Draw(Hash),
	/// The commit window of a receipt's committee ends.
	#[codec(index = 2)]
	CloseCommits(Hash, u8),
	/// Its reveal window ends.
	#[codec(index = 3)]
	CloseReveals(Hash, u8),
}

/// The contributors' money of one model version and period.
#[stored]
#[derive(Default)]
pub struct Period {
	/// Contributors' parts of all fees, in wei.
	pub total: Balance,
	/// Answers that were scored.
	pub answers: u32,
	/// Their gains weighted by money; see [`Pool::weighted`].
	pub weighted: BoundedVec<i128, ConstU32<MAX_COLUMNS>>,
}

impl From<Period> for Pool {
	fn from(period: Period) -> Self {
		Self {
			total: period.total,
			answers: period.answers,
			weighted: period.weighted.into_inner(),
		}
	}
}

/// Log-probabilities of one answer: base model, published adapter, counterfactual adapters.
pub type Vector = BoundedVec<Nats, ConstU32<MAX_VECTOR>>;
/// Ψ's entries, row by row.
pub type Entries = BoundedVec<i32, ConstU32<MAX_PSI>>;

/// The scorers' hot keys.
pub mod crypto {
	use frame::deps::sp_runtime::app_crypto::{app_crypto, sr25519};
	app_crypto!(sr25519, super::KEY_TYPE);
}

/// A scorer's hot key.
pub type ScorerId = crypto::Public;
/// A signature by a hot key.
pub type ScorerSignature = crypto::Signature;

/// What a part of a fee is paid for.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Role {
	/// Curating the Datanet.
	#[codec(index = 0)]
	Curator,
	/// Developing the model.
	#[codec(index = 1)]
	Developer,
	/// Answering.
	#[codec(index = 2)]
	Operator,
	/// Scoring the answer.
	#[codec(index = 3)]
	Scorer,
	/// Staking.
	#[codec(index = 4)]
	Stakers,
	/// Governing.
	#[codec(index = 5)]
	Protocol,
}
