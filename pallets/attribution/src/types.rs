//! What this pallet stores.

use super::*;
use frame::deps::frame_support::stored;
use openledger_influence_math::{design::draw, money::MAX_POOL, score::NAT, Spans, Subset};

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
	/// Blocks in which it commits to what takes long: adapters that it trains again, and batches.
	pub training_window: u32,
	/// Blocks in which the committee reveals.
	pub reveal_window: u32,
	/// How many scorers look again when a committee disagrees, is audited or challenged.
	pub panel: u8,
	/// The least number of scorers outside the committee that a panel is drawn from; with fewer
	/// the committee's majority decides.
	pub minimum_panel: u8,
	/// Basis points of all works that a panel looks at again, beside those for what is at stake.
	pub audit_rate: u16,
	/// Basis points of the scorers' part that pay for panels.
	pub audit_share: u16,
	/// Blocks in which what a committee found can be challenged.
	pub challenge_window: u32,
	/// What a challenger loses at least if the panel finds the same, in wei: what the panel is paid, if that
	/// is more.
	pub challenge_bond: Balance,
	/// Basis points of its bond that a scorer loses for a wrong finding.
	pub slash: u16,
	/// Basis points of its bond that a scorer loses when it has missed too many seats.
	pub absence: u16,
	/// Blocks in which a slash can be cancelled.
	pub slash_delay: u32,
	/// Basis points of a slash that whoever proved it is paid.
	pub reporter_share: u16,
	/// Blocks between the announcement that a channel closes and its end.
	pub notice: u32,
	/// Blocks of a settlement period.
	pub period: u32,
	/// Blocks that a receipt stays on chain after its committee is done.
	pub retention: u32,
	/// Blocks that a scorer's bond stays after it left.
	pub unbonding: u32,
	/// The least fee, in wei: what a receipt costs the chain.
	pub minimum_fee: Balance,
	/// What scoring costs, in wei for a token under one adapter: the least fee of a receipt grows with its
	/// tokens and its model's adapters, so that nobody keeps scorers busy for less than their work costs.
	pub scoring_price: Balance,
	/// The least that an answer of a batch costs on average, in wei: what reading it costs.
	pub minimum_item: Balance,
	/// What an answer of a batch costs that is scored for sure (f₀), in wei; a cheaper one is scored
	/// with the probability that its fee is of this, so that fees pay for the scoring.
	pub full_fee: Balance,
	/// Blocks in which the pages of a batch can be posted.
	pub posting_window: u32,
	/// The least bond of a scorer, in wei.
	pub minimum_bond: Balance,
	/// By how much entries of honest vectors may differ between execution classes.
	pub tolerance: u32,
	/// By how much no honest vector is off in any class.
	pub gross: u32,
	/// Nats per token below which the served tokens cannot come from the published adapter.
	pub served_band: u8,
	/// Adapters that a committee trains again before a model version is paid for.
	pub retrained: u8,
	/// What a seat is paid for training an adapter again, in wei for each MiB of rows.
	pub training_price: Balance,
	/// What a developer loses if the adapters of a version do not reproduce, in wei.
	pub version_bond: Balance,
	/// What spans of answers carry of the contributors' money.
	pub spans: SpanTerms,
	/// Whether runs may be started whose influence is measured by gradients.
	pub gradient: bool,
}

impl Default for Parameters {
	fn default() -> Self {
		Self {
			split: FeeSplit::default(),
			committee: 3,
			commit_window: 200,
			training_window: 1_200,
			reveal_window: 200,
			panel: MAX_PANEL as u8,
			minimum_panel: 7,
			audit_rate: 200,
			audit_share: 2_000,
			challenge_window: 200,
			challenge_bond: 10_000_000_000_000_000_000,
			slash: BASIS_POINTS,
			absence: 100,
			slash_delay: 28_800,
			reporter_share: 3_000,
			notice: 1_200,
			period: 1_200,
			retention: 28_800,
			unbonding: 28_800,
			minimum_fee: 1_000_000_000_000_000,
			// 256 tokens under base, published and 16 other adapters cost the least fee.
			scoring_price: 1_000_000_000_000_000 / (256 * 18),
			minimum_item: 10_000_000_000_000,
			full_fee: 1_000_000_000_000_000,
			posting_window: 600,
			minimum_bond: 1_000_000_000_000_000_000_000,
			tolerance: 64,
			gross: 4 * NAT.unsigned_abs(),
			served_band: 12,
			retrained: 3,
			training_price: 100_000_000_000_000_000,
			version_bond: 100_000_000_000_000_000_000,
			spans: SpanTerms { share: 0, least: 64 },
			gradient: false,
		}
	}
}

impl Parameters {
	/// Whether the protocol works with these.
	pub fn is_valid(&self) -> bool {
		let windows = [
			self.commit_window,
			self.training_window,
			self.reveal_window,
			self.challenge_window,
			self.slash_delay,
			self.posting_window,
			self.notice,
			self.period,
			self.retention,
			self.unbonding,
		];
		let shares = [
			self.audit_rate,
			self.audit_share,
			self.slash,
			self.absence,
			self.reporter_share,
			self.spans.share,
		];
		self.split.is_valid()
			&& (1..=MAX_COMMITTEE as u8).contains(&self.committee)
			&& (1..=MAX_PANEL as u8).contains(&self.panel)
			&& (1..=self.panel).contains(&self.minimum_panel)
			&& (1..=MAX_RETRAINED as u8).contains(&self.retrained)
			&& windows.iter().all(|window| *window > 0)
			&& shares.iter().all(|share| *share <= BASIS_POINTS)
			// A token can be paid for under any design.
			&& self.scoring(MAX_VECTOR) <= MAX_POOL
			&& self.tolerance <= self.gross
			&& self.spans.least > 0
			&& self.served_band > 0
	}

	/// What scoring a token costs, in wei, of answers that are scored under so many adapters.
	pub fn scoring(&self, adapters: u32) -> Balance {
		self.scoring_price.saturating_mul(adapters.into())
	}

	/// The most that the contributors' part of an answer or batch may be, in wei: no committee gains by
	/// a false finding what a tenth of one bond is worth.
	pub fn largest_pool(&self) -> Balance {
		self.minimum_bond / BOND_OVER_POOL
	}
}

/// What spans of answers carry of the contributors' money: parts of an answer that stand in the rows of its
/// model word for word. The rest follows influence.
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
pub struct SpanTerms {
	/// Basis points of the pool that an answer pays for spans if all of it stands there; 0 for none.
	pub share: u16,
	/// The least bytes of a span.
	pub least: u16,
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
	/// Its execution class: inside one, findings are equal bit by bit.
	pub class: Class,
	/// Held while it may be drawn and until it answers for nothing any more, in wei.
	pub bond: Balance,
	/// Seats that it missed or in which it was outvoted, each made good by one that agreed.
	pub missed: u8,
	/// The block at which it left; the bond is free when unbonding is over.
	pub left_at: Option<u32>,
	/// Pays for this entry.
	pub ticket: Ticket,
}

/// What a scorer has to do, and what it answers for with its bond.
#[stored]
#[derive(Default)]
pub struct Load {
	/// Committees in which it sits whose end has not come.
	pub works: u32,
	/// Of these, those in which it has a seat to fill now.
	pub seats: u32,
	/// The contributors' parts of what they all work on, in wei.
	pub pools: Balance,
}

impl Load {
	/// Whether it may be drawn for more: it has no more seats to fill than its worker looks at, and answers
	/// for no more than `largest`, the largest pool that an answer may have.
	///
	/// So it never answers for more than two of these. That what it would be drawn for is not counted is for
	/// the largest answers: they would else find nobody as long as everybody has a cheap one.
	pub fn has_room(&self, largest: Balance) -> bool {
		self.seats < MAX_SEATS_AT_ONCE && self.pools <= largest
	}

	/// Takes a seat in a committee that works on so much.
	pub(crate) fn sit(&mut self, pool: Balance) {
		self.works = self.works.saturating_add(1);
		self.seats = self.seats.saturating_add(1);
		self.pools = self.pools.saturating_add(pool);
	}

	/// Has nothing more to do in a committee that has not come to an end.
	pub(crate) fn stand(&mut self) {
		self.seats = self.seats.saturating_sub(1);
	}

	/// What is left after the end of a committee that worked on so much, if there is anything.
	pub(crate) fn without(self, pool: Balance) -> Option<Self> {
		let works = self.works.saturating_sub(1);
		(works > 0).then(|| Self { works, pools: self.pools.saturating_sub(pool), ..self })
	}
}

/// How influence on the answers of a run is measured: its subsets, or the projection of its gradients,
/// are drawn from a seed that did not exist when its data was frozen.
#[stored(no_skip_type_params)]
pub struct Design<AccountId, Ticket> {
	/// The rows, cut per contributor or group.
	pub blocks: BoundedVec<Block<AccountId>, ConstU32<MAX_BLOCKS>>,
	/// By counterfactual adapters, or by gradients.
	pub method: Method,
	/// How many counterfactual adapters are trained, or columns features have.
	pub adapters: u16,
	/// The execution class in which all is trained.
	pub class: Class,
	/// Seeds the subsets or the projection, once it is drawn.
	pub seed: Option<Hash>,
	/// Whether its answers are paid for.
	pub standing: Standing,
	/// Held from who opened it until it is forgotten, in wei.
	pub bond: Balance,
	/// Held from who opened it for training again, in wei.
	pub escrow: Balance,
	/// Pays for this entry, the adapters' hashes and Ψ.
	pub ticket: Ticket,
}

impl<AccountId, Ticket> Design<AccountId, Ticket> {
	/// The last number of what a committee may be asked to make again. 0 is the published adapter, then
	/// come those whose hashes are registered, and by gradients the rows of Ψ.
	pub fn last(&self) -> u16 {
		let hashes = self.method.hashes(self.adapters);
		match self.method {
			Method::Counterfactual => hashes,
			Method::Gradient => hashes.saturating_add(self.blocks.len() as u16),
		}
	}

	/// Under how many adapters an answer is scored, the base model counted as one: the entries of its vector.
	pub fn scored_under(&self) -> u32 {
		u32::from(self.adapters).saturating_add(2)
	}

	/// The subsets that counterfactual adapters are trained on, none by gradients; `None` before the seed is
	/// drawn.
	pub fn subsets(&self) -> Option<Vec<Subset>> {
		let seed = self.seed?;
		Some(match self.method {
			Method::Counterfactual => draw(seed, self.blocks.len() as u16, self.adapters),
			Method::Gradient => Vec::new(),
		})
	}
}

/// Whether answers of a model version are paid for.
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
pub enum Standing {
	/// Not yet, or no longer: nobody has trained its adapters again, or nobody can any more as its rows were
	/// withdrawn.
	#[codec(index = 0)]
	Untested,
	/// A committee trained drawn adapters again, bit by bit.
	#[codec(index = 1)]
	Active,
	/// Its adapters do not reproduce.
	#[codec(index = 2)]
	Void,
}

/// Money set aside by a payer for one operator's answers.
#[stored(no_skip_type_params)]
pub struct Channel<Ticket> {
	/// What is left, held in the payer's account, in wei.
	pub balance: Balance,
	/// The nonce of the last request that was paid.
	pub nonce: u64,
	/// What was paid since it was opened, in wei: what vouchers are cumulative over.
	pub redeemed: Balance,
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
	/// A committee is to be drawn, or at work.
	#[codec(index = 0)]
	Pending,
	/// Scored: contributors are paid by influence with this period.
	#[codec(index = 1)]
	Scored {
		/// The period.
		period: u32,
	},
	/// Not scored, or without a measurable gain: contributors are paid by the prior.
	#[codec(index = 2)]
	Prior {
		/// The period.
		period: u32,
	},
	/// The tokens cannot have come from the model: the payer has its money back.
	#[codec(index = 3)]
	Void,
	/// A panel could not have the prompt or the answer: contributors are paid by the prior, the operator's
	/// part with theirs, and the operator loses its deposit.
	#[codec(index = 4)]
	Withheld {
		/// The period.
		period: u32,
	},
	/// Prompt or answer have other numbers of tokens than the operator signed: the payer has its money
	/// back, and the operator loses its deposit.
	#[codec(index = 5)]
	Miscounted,
}

/// One paid answer.
#[stored(no_skip_type_params)]
pub struct Receipt<AccountId, Ticket> {
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
	/// The scorers' part of it.
	pub reward: Balance,
	/// The operator's part of it, which waits until the answer is found to be there and the model's.
	pub service: Balance,
	/// What of the pool follows spans.
	pub terms: SpanTerms,
	/// The block that took it.
	pub submitted: u32,
	/// Where it stands.
	pub phase: Phase,
	/// What of it stands in the rows, once it is scored.
	pub spans: Spans,
	/// Who scored it, once it is scored: members of the committee, and of the panel if none of them
	/// was right.
	pub scorers: BoundedVec<AccountId, ConstU32<MAX_COMMITTEE>>,
	/// Paid by the operator for this entry, its vector and its committee.
	pub ticket: Ticket,
}

/// Answers that are paid and scored together.
#[stored(no_skip_type_params)]
pub struct Batch<AccountId, Ticket> {
	/// Who answered.
	pub operator: AccountId,
	/// The model version.
	pub model: ModelId,
	/// Merkle root over the items' hashes; names the batch where shares are paid.
	pub root: Hash,
	/// Hash of the blob that lists the items.
	pub items: Hash,
	/// How many items.
	pub count: u16,
	/// Counterfactual adapters that score them, or columns of their features.
	pub adapters: u16,
	/// What was paid for all, in wei.
	pub fee: Balance,
	/// The contributors' part of it.
	pub pool: Balance,
	/// The scorers' part of it.
	pub reward: Balance,
	/// The operator's part of it, which waits until the answers are found to be there.
	pub service: Balance,
	/// Wei for a thousand tokens of prompt when it was submitted, and of answer: what an item's part of
	/// the fee follows.
	pub prices: (Balance, Balance),
	/// What an item costs that is scored for sure (f₀), in wei.
	pub full: Balance,
	/// What of the pool follows spans.
	pub terms: SpanTerms,
	/// Draws the items that are scored, once the first committee is drawn.
	pub seed: Option<Hash>,
	/// What its pages are checked against, once it is scored.
	pub posting: Option<Posting>,
	/// Whether a panel could not have what is to be scored, or the operator miscounted tokens: it loses its
	/// part and its deposit.
	pub withheld: bool,
	/// What no page has spent, in wei.
	pub left: Balance,
	/// Paid by the operator for this entry, its payers and its committee.
	pub ticket: Ticket,
}

/// How far the pages of a batch are posted.
#[stored]
pub struct Posting {
	/// Root over the pages; zero if there are none.
	pub root: Hash,
	/// The last block that takes pages.
	pub until: u32,
	/// The period of that block, with which all pages are paid.
	pub period: u32,
	/// The pages that were posted, a bit each.
	pub posted: U256,
}

impl Posting {
	/// Of a batch that is not scored.
	pub(crate) fn without_pages() -> Self {
		Self { root: Hash::zero(), until: 0, period: 0, posted: U256::zero() }
	}

	/// Whether this page was posted, or there can be none.
	pub fn has(&self, index: usize) -> bool {
		index >= 1 << MAX_DEPTH || self.posted.bit(index)
	}
}

/// Who paid for items of a batch.
#[stored(no_skip_type_params)]
pub struct Paying<AccountId> {
	/// What was redeemed.
	pub redeemed: Redeemed<AccountId>,
	/// What goes back when the batch is closed, in wei: for tokens that the model cannot have drawn, or that
	/// the operator miscounted.
	pub refund: Balance,
}

/// What a committee works on.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Work {
	/// Scores the answer of a receipt.
	#[codec(index = 0)]
	Answer(Hash),
	/// Trains drawn adapters of a model version again.
	#[codec(index = 1)]
	Training(ModelId),
	/// Scores a sample of the answers of a batch.
	#[codec(index = 2)]
	Batch(BatchId),
}

/// What a seat found.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Finding {
	/// The log-probabilities of an answer, its features if there are any, and what of it stands in the rows.
	#[codec(index = 0)]
	Scores(Vector, Spans),
	/// The hashes of what was made again, in the order of [`Committee::drawn`].
	#[codec(index = 1)]
	Adapters(BoundedVec<Hash, ConstU32<MAX_RETRAINED>>),
	/// The root over the pages of a batch.
	#[codec(index = 2)]
	Root(Hash),
	/// What the work is about could not be had in time, or is of no use, or is not what was paid for.
	#[codec(index = 3)]
	Withheld,
	/// The prompt or the answer, or one that is drawn of a batch, has another number of tokens than the
	/// operator signed.
	#[codec(index = 4)]
	Miscounted,
}

impl Finding {
	/// Its size, in entries of a vector.
	pub fn words(&self) -> u32 {
		match self {
			Self::Scores(y, _) => y.len() as u32,
			Self::Adapters(hashes) => (hashes.len() as u32).saturating_mul(8),
			Self::Root(_) => 8,
			Self::Withheld | Self::Miscounted => 1,
		}
	}
}

/// What is made again of a version, by numbers: see [`Design::last`].
pub type Drawn = BoundedVec<u16, ConstU32<MAX_RETRAINED>>;

/// Why a panel is asked.
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
pub enum Doubt {
	/// The committee's members disagree, or found that a version does not reproduce or that something
	/// is withheld or miscounted.
	#[codec(index = 0)]
	Disagreement,
	/// Chance drew it.
	#[codec(index = 1)]
	Audit,
	/// Somebody put up a bond.
	#[codec(index = 2)]
	Challenge,
}

/// A place in a committee or panel.
#[stored(no_skip_type_params)]
pub struct Seat<AccountId> {
	/// Who sits there.
	pub scorer: AccountId,
	/// What it committed to.
	pub commitment: Option<Hash>,
	/// Whether it revealed; what it found is in [`Findings`].
	pub revealed: bool,
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
	/// What it works on.
	pub work: Work,
	/// Which draw.
	pub attempt: u8,
	/// Which seat.
	pub index: u8,
}

/// How far a committee is.
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
pub enum Stage {
	/// Seats are to be drawn.
	#[codec(index = 0)]
	Waiting,
	/// They commit.
	#[codec(index = 1)]
	Commit,
	/// They reveal, since this block.
	#[codec(index = 2)]
	Reveal {
		/// The block in which the last commit came or the window closed.
		since: u32,
	},
	/// They agree: what they found stands unless it is challenged or audited.
	#[codec(index = 3)]
	Review,
}

/// Scorers at work on one thing: first a small committee, and a panel if that is in doubt.
#[stored(no_skip_type_params)]
pub struct Committee<AccountId> {
	/// Counts all committees: what seats are drawn by, which nobody can try again.
	pub sequence: u64,
	/// How often seats were drawn before.
	pub attempt: u8,
	/// How often in a row nothing came of it.
	pub failed: u8,
	/// How far it is.
	pub stage: Stage,
	/// The block in which its next step is due.
	pub due: u32,
	/// The first committee's seats, then the panel's.
	pub seats: BoundedVec<Seat<AccountId>, ConstU32<MAX_SEATS>>,
	/// How many seats are the first committee's, once a panel is asked.
	pub panel_from: Option<u8>,
	/// Who wants a panel, and what it put up for that, in wei.
	pub challenger: Option<(AccountId, Balance)>,
	/// What is to be made again; 0 is the published adapter.
	pub drawn: Drawn,
	/// Whether rows of the version that it trains again were withdrawn before it was asked for: later on is
	/// too late to excuse that they cannot be had.
	pub stale: bool,
}

impl<AccountId> Committee<AccountId> {
	/// The seats whose turn it is.
	pub fn turn(&self) -> core::ops::Range<usize> {
		usize::from(self.panel_from.unwrap_or(0))..self.seats.len()
	}

	/// How many seats the committee has, and how many the panel.
	pub fn sizes(&self) -> (u32, u32) {
		let all = self.seats.len() as u32;
		let members = self.panel_from.map_or(all, u32::from);
		(members, all.saturating_sub(members))
	}
}

/// What somebody loses when the time to object is over.
#[stored(no_skip_type_params)]
pub struct Slash<AccountId> {
	/// Who loses it; it is held in its account.
	pub who: AccountId,
	/// What it was put up for.
	pub offence: Offence,
	/// In wei.
	pub amount: Balance,
	/// Who is paid a part of it; without one panels are.
	pub reporter: Option<AccountId>,
	/// What was done wrong.
	pub work: Work,
	/// The block from which it is taken.
	pub due: u32,
}

/// Why a bond is slashed.
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
pub enum Offence {
	/// A scorer found what is not so, or missed too many seats.
	#[codec(index = 0)]
	Finding,
	/// A developer registered adapters that do not reproduce.
	#[codec(index = 1)]
	Version,
}

/// What is done at the start of a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Due {
	/// Draw the seed of a run's design.
	#[codec(index = 0)]
	Seed(ModelId),
	/// A committee's next step.
	#[codec(index = 1)]
	Step(Work),
	/// Take what is slashed.
	#[codec(index = 2)]
	Slash(u32),
}

/// The contributors' money of one model version and period.
#[stored]
#[derive(Default)]
pub struct Period {
	/// Contributors' parts of all fees, in wei.
	pub total: Balance,
	/// What of that is the prior's from the start, in wei; see [`Pool::prior`].
	pub prior: Balance,
	/// Answers that were scored.
	pub answers: u32,
	/// Their gains weighted by money; see [`Pool::weighted`].
	pub weighted: BoundedVec<i128, ConstU32<MAX_COLUMNS>>,
	/// What spans are paid, block by block, in wei.
	pub by_spans: BoundedVec<Balance, ConstU32<MAX_BLOCKS>>,
}

impl TryFrom<Pool> for Period {
	type Error = ();
	fn try_from(Pool { total, prior, answers, weighted, by_spans }: Pool) -> Result<Self, ()> {
		let weighted = weighted.try_into().map_err(|_| ())?;
		let by_spans = by_spans.try_into().map_err(|_| ())?;
		Ok(Self { total, prior, answers, weighted, by_spans })
	}
}

impl From<Period> for Pool {
	fn from(period: Period) -> Self {
		Self {
			total: period.total,
			prior: period.prior,
			answers: period.answers,
			weighted: period.weighted.into_inner(),
			by_spans: period.by_spans.into_inner(),
		}
	}
}

/// Log-probabilities of one answer: base model, published adapter, counterfactual adapters. By gradients
/// its features stand in place of the last, each added to the first entry.
pub type Vector = BoundedVec<Nats, ConstU32<MAX_VECTOR>>;
/// Numbers batches one after another.
pub type BatchId = u64;
/// What payers signed for a batch.
pub type Vouchers<AccountId> =
	BoundedVec<(Voucher<AccountId>, MultiSignature), ConstU32<MAX_VOUCHERS>>;
/// Who paid for a batch, voucher by voucher.
pub type Payers<AccountId> = BoundedVec<Paying<AccountId>, ConstU32<MAX_VOUCHERS>>;
/// Entries of a batch; see [`openledger_influence_math::batch`].
pub type Page = BoundedVec<u8, ConstU32<MAX_PAGE>>;
/// Siblings on the way from a page up to the root.
pub type PageProof = BoundedVec<Hash, ConstU32<MAX_DEPTH>>;
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
	/// Scoring other answers again: kept for panels.
	#[codec(index = 6)]
	Panels,
}
