use openledger_influence_math::{host, spans};
use serde::{Deserialize, Serialize};

/// A prompt as it is stored and hashed: JSON, salted so that the hash says nothing.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PromptBlob {
	/// Random, hexadecimal.
	pub salt: String,
	/// What was asked.
	pub prompt: String,
	/// How the answer is drawn.
	pub temperature: f32,
	/// The most tokens of the answer.
	pub max_tokens: usize,
	/// Seeds the draws.
	pub seed: u64,
}

/// An answer as it is stored and hashed: JSON, salted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ResponseBlob {
	/// Random, hexadecimal.
	pub salt: String,
	/// The tokens that were drawn.
	pub tokens: Vec<u32>,
	/// Their text.
	pub text: String,
}

/// One job for the child.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Work {
	/// Scores an answer.
	Score(Score),
	/// Makes adapters, maps and pages again.
	Train(Train),
}

/// A thing that a run made and that is made again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Part {
	/// The adapter that is trained on these blocks, under the seed of this group.
	Adapter([u8; 32], u8),
	/// The map of features.
	Map,
	/// A block's row of Ψ.
	Page(u16),
}

impl From<host::Part> for Part {
	fn from(part: host::Part) -> Self {
		match part {
			host::Part::Adapter(subset, group) => Self::Adapter(subset, group),
			host::Part::Map => Self::Map,
			host::Part::Page(block) => Self::Page(block),
		}
	}
}

/// Adapters, maps and pages to make again: hashes in hexadecimal of blobs that are in the child's store.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Train {
	/// The base model's manifest.
	pub base: String,
	/// The run's manifest.
	pub manifest: String,
	/// The root that the manifest's rows must give.
	pub root: String,
	/// The block of each batch.
	pub blocks: Vec<u16>,
	/// One hash each.
	pub parts: Vec<Part>,
	/// Seeds the map, hexadecimal.
	pub seed: String,
	/// Columns of the map.
	pub columns: u16,
}

/// An answer to score: hashes in hexadecimal of blobs that are in the child's store.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Score {
	/// The base model's manifest.
	pub base: String,
	/// The published adapter, then the counterfactual ones.
	pub adapters: Vec<String>,
	/// The map of the features that follow, if there are any.
	pub map: Option<String>,
	/// The prompt blob.
	pub prompt: String,
	/// Tokens that the operator says the prompt has.
	pub prompt_tokens: u32,
	/// The response blob.
	pub response: String,
	/// Tokens that the operator says the answer has.
	pub completion_tokens: u32,
	/// Where spans are looked for, if any are paid.
	pub corpus: Option<Corpus>,
}

/// The rows in which spans are looked for; hashes in hexadecimal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Corpus {
	/// The run's manifest.
	pub manifest: String,
	/// The root that the manifest's rows must give.
	pub root: String,
	/// The block of each batch.
	pub blocks: Vec<u16>,
	/// The least bytes of a span.
	pub least: u16,
}

/// What the child answers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Done {
	/// The vector, and the bytes of the spans.
	Scored(Vec<i32>, [u8; spans::SIZE]),
	/// The hashes of the parts.
	Trained(Vec<[u8; 32]>),
	/// The prompt or the answer has another number of tokens than the operator says, and which.
	Miscounted(String),
	/// Why there is none.
	Failed(String),
}
