//! The one host function: the runtime's off-chain worker asks, the node's engine answers.
//!
//! It is small, non-blocking and versioned: bytes in, bytes out, SCALE-encoded [`Query`] and
//! [`Answer`]. The engine is attached only to runs of the off-chain worker; anywhere else, and
//! for a question that the node does not know, the answer is [`Answer::Unavailable`].

use crate::{score::Nats, Hash, Spans, Subset};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;
use sp_runtime_interface::{
	pass_by::{AllocateAndReturnByCodec, PassFatPointerAndRead},
	runtime_interface,
};

/// What the off-chain worker asks.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
// A box would cost an allocation for each query, and few queries are alive at once.
#[allow(clippy::large_enum_variant)]
pub enum Query {
	/// How far is this job? It is started if it is new.
	#[codec(index = 0)]
	Score(Job),
	/// The number of the last finalized block.
	#[codec(index = 1)]
	Finalized,
	/// How far are these adapters, maps and pages? They are made if they are new.
	#[codec(index = 2)]
	Train(Retraining),
	/// How far is this batch? It is started if it is new.
	#[codec(index = 3)]
	Batch(BatchJob),
	/// The page of a batch that has this hash, found before.
	#[codec(index = 4)]
	Page(Hash),
}

/// The rows in which spans of answers are looked for.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Corpus {
	/// Hash of the run's manifest, which names the rows by batch.
	pub manifest: Hash,
	/// Merkle root over the batches' roots: what the manifest's rows must give.
	pub root: Hash,
	/// The block of each batch.
	pub blocks: Vec<u16>,
	/// The least bytes of a span.
	pub least: u16,
}

/// A batch of answers to score by sample. Everything it needs is a blob of the given hash.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct BatchJob {
	/// The batch's number.
	pub batch: u64,
	/// The chain: hash of its genesis block.
	pub genesis: Hash,
	/// Who answered.
	pub operator: [u8; 32],
	/// The model version.
	pub model: u32,
	/// Hash of the base model's manifest.
	pub base: Hash,
	/// Hash of the published adapter.
	pub adapter: Hash,
	/// Hashes of the counterfactual adapters, in order.
	pub adapters: Vec<Hash>,
	/// Hash of the map of the features that follow, if there are any.
	pub map: Option<Hash>,
	/// Entries of a vector behind that of the published adapter.
	pub columns: u16,
	/// Hash of the blob that lists the items.
	pub items: Hash,
	/// Merkle root over the items' hashes.
	pub root: Hash,
	/// How many items.
	pub count: u16,
	/// Wei for a thousand tokens of prompt.
	pub input_price: u128,
	/// Wei for a thousand tokens of answer.
	pub output_price: u128,
	/// What was paid for all, in wei.
	pub paid: u128,
	/// SCALE-encoded list of what was redeemed of each payer.
	pub redeemed: Vec<u8>,
	/// Draws the items that are scored.
	pub seed: Hash,
	/// What an item costs that is scored for sure (f₀), in wei.
	pub full: u128,
	/// The contributors' money, in wei.
	pub pool: u128,
	/// Where spans are looked for, if any are paid.
	pub corpus: Option<Corpus>,
	/// URLs of nodes that publish blobs, the operator's first.
	pub endpoints: Vec<Vec<u8>>,
	/// The scorer's hot key (sr25519), which authenticates it to the operator.
	pub key: [u8; 32],
	/// The EVM chain id under which Ethereum wallets sign.
	pub evm_chain: u64,
	/// The contract under which they do.
	pub contract: [u8; 20],
}

/// An answer to score. Everything it needs is a blob of the given hash.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Job {
	/// The receipt: identifies the job.
	pub receipt: Hash,
	/// Hash of the base model's manifest.
	pub base: Hash,
	/// Hash of the published adapter.
	pub adapter: Hash,
	/// Hashes of the counterfactual adapters, in order.
	pub adapters: Vec<Hash>,
	/// Hash of the map of the features that follow, if there are any.
	pub map: Option<Hash>,
	/// Hash of the prompt blob.
	pub prompt: Hash,
	/// Tokens that the operator says the prompt has.
	pub prompt_tokens: u32,
	/// Hash of the response blob.
	pub response: Hash,
	/// Tokens that the operator says the answer has.
	pub completion_tokens: u32,
	/// Where spans are looked for, if any are paid.
	pub corpus: Option<Corpus>,
	/// URLs of nodes that publish blobs, the operator's first.
	pub endpoints: Vec<Vec<u8>>,
	/// The scorer's hot key (sr25519), which authenticates it to the operator.
	pub key: [u8; 32],
}

/// A thing that a run made and that is made again.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub enum Part {
	/// The adapter that is trained on these blocks, under the seed of this [`group`](crate::design::group).
	#[codec(index = 0)]
	Adapter(Subset, u8),
	/// The map that makes an answer's features, by gradients with respect to the published adapter.
	#[codec(index = 1)]
	Map,
	/// What the rows of a block add to features: its row of Ψ, hashed as [`page`](crate::psi::page).
	#[codec(index = 2)]
	Page(u16),
}

/// Adapters, maps and pages to make as a run made them. Everything it needs is a blob of the given hash.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Retraining {
	/// Hash of the base model's manifest.
	pub base: Hash,
	/// Hash of the run's manifest, which has the recipe and names the rows by batch.
	pub manifest: Hash,
	/// Merkle root over the batches' roots: what the manifest's rows must give.
	pub root: Hash,
	/// The block of each batch.
	pub blocks: Vec<u16>,
	/// One hash each.
	pub parts: Vec<Part>,
	/// Seeds the map.
	pub seed: Hash,
	/// Columns of the map.
	pub columns: u16,
	/// URLs of nodes that publish the blobs.
	pub endpoints: Vec<Vec<u8>>,
}

/// What the engine answers.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub enum Answer {
	/// No engine here, or one that does not know the question.
	#[codec(index = 0)]
	Unavailable,
	/// The queue is full: ask again at a later block.
	#[codec(index = 1)]
	Busy,
	/// Accepted, not finished.
	#[codec(index = 2)]
	Pending,
	/// The job cannot be done; the reason is for the log. It is tried again when asked again.
	#[codec(index = 3)]
	Failed(Vec<u8>),
	/// Log-probabilities under the base model, the published adapter and each counterfactual one, and
	/// that under the base model plus each feature; and what stands in the corpus.
	#[codec(index = 4)]
	Scored(Vec<Nats>, Spans),
	/// The number of the last finalized block.
	#[codec(index = 5)]
	Finalized(u32),
	/// The hashes of what was made again, in the order of the parts.
	#[codec(index = 6)]
	Trained(Vec<Hash>),
	/// The root over the pages of a batch. The pages are public blobs of this node.
	#[codec(index = 7)]
	Root {
		/// The root.
		root: Hash,
		/// The pages' hashes.
		pages: Vec<Hash>,
	},
	/// A page.
	#[codec(index = 8)]
	Page(Vec<u8>),
	/// What the job needs cannot be had, or is of no use, or is not what was paid for; the reason is for
	/// the log. It is tried again when asked again.
	#[codec(index = 9)]
	Missing(Vec<u8>),
	/// The prompt or the answer has another number of tokens than the operator says; the reason is for the
	/// log.
	#[codec(index = 10)]
	Miscounted(Vec<u8>),
}

/// The node's side. Must return at once: long work belongs on the engine's own threads.
#[cfg(feature = "std")]
pub trait Engine: Send + Sync {
	/// Answers a question.
	fn poll(&self, query: Query) -> Answer;
}

#[cfg(feature = "std")]
sp_externalities::decl_extension! {
	/// Lets the host function reach the node's engine.
	pub struct EngineExt(std::sync::Arc<dyn Engine>);
}

/// Asks the engine; never traps.
pub fn ask(query: &Query) -> Answer {
	let answer = influence::poll(&query.encode());
	Answer::decode(&mut answer.as_slice()).unwrap_or(Answer::Unavailable)
}

/// The host interface.
#[runtime_interface]
pub trait Influence {
	/// SCALE-encoded [`Query`] in, SCALE-encoded [`Answer`] out.
	fn poll(&mut self, query: PassFatPointerAndRead<&[u8]>) -> AllocateAndReturnByCodec<Vec<u8>> {
		use sp_externalities::ExternalitiesExt;
		let engine = self.extension::<EngineExt>();
		let answer = match (engine, Query::decode(&mut &query[..])) {
			(Some(EngineExt(engine)), Ok(query)) => engine.poll(query),
			_ => Answer::Unavailable,
		};
		answer.encode()
	}
}

/// To be added to the host functions of every executor that runs this runtime.
#[cfg(feature = "std")]
pub type HostFunctions = (influence::HostFunctions,);

#[cfg(test)]
mod tests {
	use super::*;
	use std::sync::Arc;

	struct Seven;
	impl Engine for Seven {
		fn poll(&self, _: Query) -> Answer {
			Answer::Finalized(7)
		}
	}

	#[test]
	fn ask_should_be_unavailable_when_no_engine_is_attached() {
		sp_io::TestExternalities::default()
			.execute_with(|| assert_eq!(ask(&Query::Finalized), Answer::Unavailable));
	}

	#[test]
	fn ask_should_reach_the_engine_when_attached() {
		let mut ext = sp_io::TestExternalities::default();
		ext.register_extension(EngineExt(Arc::new(Seven)));
		ext.execute_with(|| assert_eq!(ask(&Query::Finalized), Answer::Finalized(7)));
	}

	#[test]
	fn poll_should_answer_unavailable_when_the_question_is_unknown() {
		let mut ext = sp_io::TestExternalities::default();
		ext.register_extension(EngineExt(Arc::new(Seven)));
		ext.execute_with(|| assert_eq!(influence::poll(&[99]), Answer::Unavailable.encode()));
	}
}
