//! Calldata of the functions of `IAttribution` that take proofs, for wallets and contracts: what
//! Solidity's ABI makes of their arguments, whose proofs are SCALE bytes.

use codec::Encode;
use openledger_spans_math::{Commitment, CountProof, Excerpt, Fraud, Opening, SpanProof};
use sp_crypto_hashing::keccak_256;

const WORD: usize = 32;

/// Of `verifySpan`: that a query's longest match is what [`Index::prove`](crate::Index::prove) says.
pub fn verify_span(datanet: u32, version: u32, query: &[u16], proof: &SpanProof) -> Vec<u8> {
	let signature = "verifySpan(uint32,uint32,uint16[],bytes)";
	verify(signature, datanet, version, query, &proof.encode())
}

/// Of `verifyCount`: how often a span stands in the text.
pub fn verify_count(datanet: u32, version: u32, span: &[u16], proof: &CountProof) -> Vec<u8> {
	let signature = "verifyCount(uint32,uint32,uint16[],bytes)";
	verify(signature, datanet, version, span, &proof.encode())
}

/// Of `verifyOccurrence`: one of the places of a span.
pub fn verify_occurrence(
	datanet: u32,
	version: u32,
	span: &[u16],
	proof: &(Opening, Excerpt),
) -> Vec<u8> {
	let signature = "verifyOccurrence(uint32,uint32,uint16[],bytes)";
	verify(signature, datanet, version, span, &proof.encode())
}

/// Of `registerSpans`.
pub fn register(datanet: u32, version: u32, commitment: &Commitment) -> Vec<u8> {
	let mut data = begin("registerSpans(uint32,uint32,uint64,bytes32,bytes32)", datanet, version);
	data.extend(word(commitment.tokens));
	data.extend(commitment.text_root.as_bytes());
	data.extend(commitment.suffix_root.as_bytes());
	data
}

/// Of `challengeSpans`: a fault that [`Index::audit`](crate::Index::audit) found.
pub fn challenge(datanet: u32, version: u32, fraud: &Fraud) -> Vec<u8> {
	let mut data = begin("challengeSpans(uint32,uint32,bytes)", datanet, version);
	data.extend(word(3 * WORD as u64));
	data.extend(bytes(&fraud.encode()));
	data
}

fn verify(signature: &str, datanet: u32, version: u32, tokens: &[u16], proof: &[u8]) -> Vec<u8> {
	let mut data = begin(signature, datanet, version);
	// Where the array and the bytes begin, after four arguments and after the array.
	data.extend(word(4 * WORD as u64));
	data.extend(word(((5 + tokens.len()) * WORD) as u64));
	data.extend(word(tokens.len() as u64));
	data.extend(tokens.iter().flat_map(|token| word(u64::from(*token))));
	data.extend(bytes(proof));
	data
}

/// The selector and the first two arguments.
fn begin(signature: &str, datanet: u32, version: u32) -> Vec<u8> {
	let mut data = keccak_256(signature.as_bytes())[..4].to_vec();
	data.extend(word(datanet.into()));
	data.extend(word(version.into()));
	data
}

fn word(number: u64) -> [u8; WORD] {
	let mut word = [0; WORD];
	word[WORD - 8..].copy_from_slice(&number.to_be_bytes());
	word
}

/// The length, and the bytes up to a whole word.
fn bytes(content: &[u8]) -> Vec<u8> {
	let mut data = word(content.len() as u64).to_vec();
	data.extend(content);
	data.resize(data.len().next_multiple_of(WORD), 0);
	data
}
