use crate::{Balance, BatchId, Class, DatanetId, Hash, ModelId, Rights, Version};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::ops::Range;
use openledger_spans_math::{
	Commitment, CountProof, Excerpt, Match, Opening, Place, Source, SpanProof,
};
use scale_info::TypeInfo;
use sp_runtime::{DispatchError, DispatchResult, Weight};

/// Rows that are weighed together: of one contributor, or of a group.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Block<AccountId> {
	/// Who is paid for the rows: the account that contributed them, or a group's.
	pub owner: AccountId,
	/// How many rows.
	pub rows: u32,
	/// How many bytes: the size prior.
	pub bytes: u64,
}

/// A frozen version of a Datanet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VersionInfo<AccountId> {
	/// Merkle root over the roots of its batches.
	pub root: Hash,
	/// Its rows, cut per contributor or group.
	pub blocks: Vec<Block<AccountId>>,
	/// Rows were withdrawn after it was published.
	pub stale: bool,
}

/// A row of a frozen version: where it stands and whose it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RowInfo<AccountId> {
	/// The batch.
	pub batch: BatchId,
	/// Which row of the batch, by rising hash.
	pub index: u32,
	/// The block of the version.
	pub block: u16,
	/// Who contributed it; who is paid for its block if its batch is gone.
	pub owner: AccountId,
}

/// What other pallets ask of the Datanets.
pub trait Datanets<AccountId> {
	/// A published version.
	fn version(datanet: DatanetId, version: Version) -> Option<VersionInfo<AccountId>>;
	/// Whether rows were withdrawn or became void since this version was published.
	fn is_stale(datanet: DatanetId, version: Version) -> bool;
	/// What the rows of a published version are known by; what an index of it is compared with.
	fn source(datanet: DatanetId, version: Version) -> Option<Source>;
	/// A row of a published version, counted batch by batch and in a batch by rising hash.
	fn row(datanet: DatanetId, version: Version, row: u64) -> Option<RowInfo<AccountId>>;
	/// Keeps a published version for a run on it or an index of it, until as many calls of `release`.
	fn retain(datanet: DatanetId, version: Version) -> DispatchResult;
	/// The index is gone, or the run or the model version that came of it.
	fn release(datanet: DatanetId, version: Version);
	/// Whether `who` holds an unexpired licence with `rights`, or owns the Datanet.
	fn is_licensed(who: &AccountId, datanet: DatanetId, rights: Rights) -> bool;
	/// The block of each batch of a published version, in the order of the batches under its root.
	fn blocks_of_batches(datanet: DatanetId, version: Version) -> Option<Vec<u16>>;
	/// How many bytes of each block of a published version are left, if rows were withdrawn or are void
	/// since, and how many batches were read for it; else `None`.
	fn bytes_left(datanet: DatanetId, version: Version) -> Option<(Vec<u64>, u32)>;
	/// The curator and its part of the contributors' pay, in basis points.
	fn curator(datanet: DatanetId) -> Option<(AccountId, u16)>;
	/// Moves `amount` from `from` to the accepted rows of a Datanet, each the same per byte.
	fn reward_rows(datanet: DatanetId, from: &AccountId, amount: Balance) -> DispatchResult;
	/// Moves up to `amount` of what `who` has at risk in a Datanet, since before this version of it, to
	/// the protocol. Returns how much.
	fn seize(
		datanet: DatanetId,
		version: Version,
		who: &AccountId,
		amount: Balance,
	) -> Result<Balance, DispatchError>;
}

/// What other pallets ask of what accounts earn by influence.
pub trait Earnings<AccountId> {
	/// What an account may claim, in wei.
	fn owed(who: &AccountId) -> Balance;
	/// Pays what `who` may claim to `to`; returns how much. The caller deposits an event of it.
	fn collect(who: &AccountId, to: &AccountId) -> Result<Balance, DispatchError>;
	/// Weight of [`Earnings::collect`].
	fn collect_weight() -> Weight;
}

/// Nobody earns anything.
impl<AccountId> Earnings<AccountId> for () {
	fn owed(_: &AccountId) -> Balance {
		0
	}
	fn collect(_: &AccountId, _: &AccountId) -> Result<Balance, DispatchError> {
		Ok(0)
	}
	fn collect_weight() -> Weight {
		Weight::zero()
	}
}

/// A model version that can be served.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModelInfo<AccountId> {
	/// Who is paid the developer's share.
	pub developer: AccountId,
	/// Hash of the base model's manifest.
	pub base: Hash,
	/// The Datanet that it was trained on.
	pub datanet: DatanetId,
	/// The version of that Datanet.
	pub version: Version,
	/// Hash of the published adapter.
	pub adapter: Hash,
	/// Wei for a thousand tokens of prompt.
	pub input_price: Balance,
	/// Wei for a thousand tokens of answer.
	pub output_price: Balance,
	/// Basis points of the fee that the developer gives up to the contributors.
	pub donation: u16,
}

/// What the adapters of a model version are a function of, beside their subsets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunInfo {
	/// Hash of the base model's manifest.
	pub base: Hash,
	/// Hash of the run's manifest, which has the recipe and names the rows.
	pub manifest: Hash,
	/// The Datanet.
	pub datanet: DatanetId,
	/// The version of that Datanet.
	pub version: Version,
}

/// What other pallets ask of the models.
pub trait Models<AccountId> {
	/// A run, trained or not.
	fn run(id: ModelId) -> Option<RunInfo>;
	/// A registered model version; `None` while it trains.
	fn model(id: ModelId) -> Option<ModelInfo<AccountId>>;
	/// Whether `who` serves it.
	fn is_operator(id: ModelId, who: &AccountId) -> bool;
	/// URLs that publish the blobs of a model, and of answers if an operator is named: the
	/// operator's first, then the developer's, then that of the base model's registrant.
	fn endpoints(id: ModelId, operator: Option<&AccountId>) -> Vec<Vec<u8>>;
}

/// How influence is measured. With either method the scores of an answer are `Ψ·d`, Ψ one row for each
/// block of rows and `d` the differences of the answer's vector from its first entry.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Default,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Method {
	/// By adapters that are trained on subsets of the rows: `d` are the answer's gains under them, Ψ solves
	/// the Shapley regression (Ilyas et al. 2022; Lundberg and Lee 2017).
	#[default]
	#[codec(index = 0)]
	Counterfactual,
	/// By gradients with respect to the published adapter: `d` are the answer's features, Ψ the sums of
	/// the blocks' features under the inverse of the damped empirical Fisher matrix (LoGRA, Choe et al.
	/// 2024).
	#[codec(index = 1)]
	Gradient,
}

impl Method {
	/// How many hashes are registered beside that of the published adapter: of the counterfactual
	/// adapters, or of the map that makes features of an answer.
	pub fn hashes(self, adapters: u16) -> u16 {
		match self {
			Self::Counterfactual => adapters,
			Self::Gradient => 1,
		}
	}
}

/// The designs by which influence is measured.
pub trait Designs<AccountId> {
	/// Freezes the blocks of a run; the seed of its subsets, or of its projection, is drawn from later
	/// blocks. `adapters` counts counterfactual adapters, or the columns of features. `who` pays for the
	/// storage, for training drawn adapters again in the same execution class, and answers for it that
	/// they reproduce. Fails if the method is switched off.
	fn open(
		who: &AccountId,
		model: ModelId,
		blocks: Vec<Block<AccountId>>,
		method: Method,
		adapters: u16,
		class: Class,
	) -> DispatchResult;
	/// Takes Ψ (blocks x (adapters + 1), row by row, the published adapter's column first) and hashes:
	/// the counterfactual adapters' in the order of the subsets, for which Ψ must satisfy the normal
	/// equations; or the map's alone, for which the published adapter's column must be zero.
	fn close(model: ModelId, adapters: Vec<Hash>, psi: Vec<i32>) -> Result<(), DispatchError>;
	/// Weight of drawing the subsets of so many adapters, which `close` does.
	fn draw_weight(adapters: u32) -> Weight;
	/// Weight of [`Designs::forget`] with as many debts as blocks, the most that go with a design.
	fn forget_weight() -> Weight;
	/// Forgets the design of a retired model version; `who` opened it and gets the deposit back. What
	/// contributors still owe is taken from what they have at risk. Fails while a receipt is not pruned.
	fn forget(who: &AccountId, model: ModelId) -> DispatchResult;
	/// Forgets the design of a run that was given up; `who` opened it and gets its deposits back, but for a
	/// part of the version's bond if the subsets were drawn.
	fn cancel(who: &AccountId, model: ModelId);
}

/// What other pallets ask of the span indices: each says of a proof what it proves of the index that
/// is registered for a version, and fails if there is none. The arguments are those of the functions
/// of the same names in `openledger-spans-math`.
pub trait Spans {
	/// What is committed to, and whether it is final: the window for challenges is over, and no leaf is
	/// demanded.
	fn span_index(datanet: DatanetId, version: Version) -> Option<(Commitment, bool)>;
	/// The longest beginning of `query` that stands in the text, and where.
	fn verify_span(
		datanet: DatanetId,
		version: Version,
		query: &[u16],
		proof: &SpanProof,
	) -> Result<Match, DispatchError>;
	/// The ranks of all places that `span` stands at: as many as there are places.
	fn verify_count(
		datanet: DatanetId,
		version: Version,
		span: &[u16],
		proof: &CountProof,
	) -> Result<Range<u64>, DispatchError>;
	/// The place of the suffix at one of these ranks.
	fn verify_occurrence(
		datanet: DatanetId,
		version: Version,
		span: &[u16],
		opening: &Opening,
		text: &Excerpt,
	) -> Result<Place, DispatchError>;
}
