//! What this pallet stores.

use super::*;
use frame::deps::frame_support::stored;

/// A URL, UTF-8.
pub type Url = BoundedVec<u8, ConstU32<MAX_URL>>;

/// A base model, on which adapters are fine-tuned.
#[stored(no_skip_type_params)]
pub struct Base<AccountId, Ticket> {
	/// Who registered it and publishes its files.
	pub registrant: AccountId,
	/// BLAKE2b-256 of its manifest, which names its files by their hashes.
	pub manifest: Hash,
	/// Where its blobs are served.
	pub endpoint: Url,
	/// Runs and model versions that are based on it.
	pub models: u32,
	/// Pays for this entry.
	pub ticket: Ticket,
}

/// How far a model version is.
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
	/// Its adapters are being trained.
	#[codec(index = 0)]
	Training {
		/// The block in which the run was started.
		since: u32,
	},
	/// It can be served.
	#[codec(index = 1)]
	Ready {
		/// Hash of the published adapter.
		adapter: Hash,
	},
}

/// What an answer costs, and what its developer gives up.
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
pub struct Price {
	/// Wei for a thousand tokens of prompt.
	pub input: Balance,
	/// Wei for a thousand tokens of answer.
	pub output: Balance,
	/// Basis points of the developer's share that go to the contributors.
	pub donation: u16,
}

/// What a fine-tuning run trains.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Run {
	/// The base model.
	pub base: BaseId,
	/// The Datanet that it is trained on.
	pub datanet: DatanetId,
	/// The version of that Datanet.
	pub version: Version,
	/// BLAKE2b-256 of the run's manifest: recipe, rows and seeds.
	pub manifest: Hash,
	/// How influence on its answers is measured.
	pub method: Method,
	/// Counterfactual adapters beside the published one, or columns of features.
	pub adapters: u16,
	/// The execution class in which they are trained, and trained again.
	pub class: Class,
	/// Where the manifest, the rows and the adapters are served.
	pub endpoint: Url,
	/// The model version that it improves on.
	pub parent: Option<ModelId>,
}

/// A fine-tuning run, and the model version that comes of it.
#[stored(no_skip_type_params)]
pub struct Model<AccountId, Ticket> {
	/// Who trains it and is paid the developer's share.
	pub developer: AccountId,
	/// What is trained.
	pub run: Run,
	/// How far it is.
	pub stage: Stage,
	/// What its answers cost.
	pub price: Price,
	/// The block in which its developer retired it.
	pub retired: Option<u32>,
	/// Pays for this entry.
	pub ticket: Ticket,
}

/// One who serves a model version.
#[stored(no_skip_type_params)]
pub struct Operator<Ticket> {
	/// Where it answers and publishes blobs.
	pub endpoint: Url,
	/// Pays for this entry.
	pub ticket: Ticket,
}
