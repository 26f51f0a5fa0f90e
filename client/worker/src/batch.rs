//! Batches: what an operator lists is checked against what was paid, a sample is drawn, and what the
//! child scores is written into pages.

use codec::{Decode, DecodeAll};
use openledger_core::{payers_of, Eip712Domain, Item, Redeemed};
use openledger_influence_math::{
	batch::{pages, sample, Entry},
	host::BatchJob,
	merkle, money, Hash, Spans,
};
use sp_core::crypto::AccountId32;

/// An answer that is drawn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Drawn {
	/// Hash of the prompt blob.
	pub prompt: Hash,
	/// Tokens that the operator says the prompt has.
	pub prompt_tokens: u32,
	/// Hash of the response blob.
	pub response: Hash,
	/// Tokens that the operator says the answer has.
	pub completion_tokens: u32,
	/// Its item, who paid for it, and its part of the pool.
	place: (u16, u8, u128),
}

/// What each item of a batch counts, at the prices of its submission. Nobody chooses that: it follows
/// the tokens, even where they cost nothing.
pub fn weights(
	items: &[Item<AccountId32>],
	input_price: u128,
	output_price: u128,
) -> Option<Vec<u128>> {
	let cost = |Item { reply, .. }: &Item<AccountId32>| {
		let input = (input_price, reply.prompt_tokens);
		money::fee(input, (output_price, reply.completion_tokens), 1)
	};
	items.iter().map(cost).collect()
}

/// The answers of a batch that are scored, from the blob that lists its items. `None` if that is not
/// what was paid for: not the root or count on chain, an item that is not signed by both sides, or
/// items that the vouchers do not cover.
pub(crate) fn drawn(job: &BatchJob, blob: &[u8]) -> Option<Vec<Drawn>> {
	let items = Vec::<Item<AccountId32>>::decode_all(&mut &blob[..]).ok()?;
	let redeemed = Vec::<Redeemed<AccountId32>>::decode(&mut &job.redeemed[..]).ok()?;
	let hashes: Vec<Hash> = items.iter().map(Item::hash).collect();
	if items.len() != usize::from(job.count) || merkle::root(&hashes) != job.root {
		return None;
	}
	let payers = payers_of(&items, &redeemed)?;
	let operator = AccountId32::new(job.operator);
	let domain = Eip712Domain { chain: job.evm_chain, contract: job.contract.into() };
	let right = |item: &Item<AccountId32>| {
		item.is_right(job.genesis, &operator, job.model, job.adapter, &domain)
	};
	if !items.iter().all(right) {
		return None;
	}
	let fees = weights(&items, job.input_price, job.output_price)?;
	let found = |(index, amount): (u16, u128)| {
		let Item { request, reply, .. } = items.get(usize::from(index))?;
		let payer = *payers.get(usize::from(index))?;
		Some(Drawn {
			prompt: request.prompt,
			prompt_tokens: reply.prompt_tokens,
			response: reply.response,
			completion_tokens: reply.completion_tokens,
			place: (index, payer, amount),
		})
	};
	sample(&job.seed, &fees, job.paid, job.full, job.pool)?
		.into_iter()
		.map(found)
		.collect()
}

/// The pages of the answers that were drawn, each with its vector and spans.
pub(crate) fn written(job: &BatchJob, scored: &[(Drawn, Vec<i32>, Spans)]) -> Vec<Vec<u8>> {
	let entry = |(drawn, y, spans): &(Drawn, Vec<i32>, Spans)| {
		let (item, payer, amount) = drawn.place;
		Entry { spans: *spans, ..Entry::new(item, payer, drawn.completion_tokens, amount, y) }
	};
	let entries: Vec<Entry> = scored.iter().map(entry).collect();
	pages(&entries, job.columns)
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Encode;
	use openledger_core::{account_of_address, Reply, Request};
	use sp_core::{ecdsa, sr25519, Pair};
	use sp_runtime::MultiSignature;

	const DOMAIN: Eip712Domain = Eip712Domain { chain: 918_273, contract: sp_core::H160([4; 20]) };

	/// A job of three answers to an Ethereum wallet, all of which are scored, and its list of items.
	fn job() -> (BatchJob, Vec<u8>) {
		let wallet = ecdsa::KeccakPair::from_seed(&[1; 32]);
		let operator = sr25519::Pair::from_seed(&[2; 32]);
		let address = "1a642f0e3c3af545e7acbd38b07251b3990914f1".parse().unwrap();
		let payer = account_of_address(&address);
		let item = |nonce: u64| {
			let request = Request {
				genesis: [8; 32].into(),
				payer: payer.clone(),
				operator: operator.public().into(),
				model: 7,
				adapter: [3; 32].into(),
				prompt: [nonce as u8; 32].into(),
				maximum: 1_000,
				nonce,
				expiry: 10,
			};
			let (id, response) = (request.id(), [5; 32].into());
			let reply = Reply { request: id, response, prompt_tokens: 2, completion_tokens: 100 };
			let by_wallet = wallet.sign_prehashed(&request.typed_hash(&DOMAIN));
			Item {
				payer_signature: MultiSignature::Eth(by_wallet),
				operator_signature: operator.sign(&reply.payload()).into(),
				request,
				reply,
			}
		};
		let items: Vec<_> = (1..=3).map(item).collect();
		let hashes: Vec<_> = items.iter().map(Item::hash).collect();
		let job = BatchJob {
			batch: 3,
			genesis: [8; 32].into(),
			operator: operator.public().0,
			model: 7,
			base: Hash::zero(),
			adapter: [3; 32].into(),
			adapters: Vec::new(),
			map: None,
			columns: 0,
			items: Hash::zero(),
			root: merkle::root(&hashes),
			count: 3,
			input_price: 0,
			output_price: 1_000,
			paid: 300,
			redeemed: vec![Redeemed { payer, amount: 300, after: 0, nonce: 3 }].encode(),
			seed: [6; 32].into(),
			full: 100,
			pool: 120,
			corpus: None,
			endpoints: Vec::new(),
			key: [0; 32],
			evm_chain: DOMAIN.chain,
			contract: DOMAIN.contract.0,
		};
		(job, items.encode())
	}

	#[test]
	fn drawn_should_give_the_answers_of_an_ethereum_wallet_when_it_signed_for_this_chain() {
		let (job, items) = job();
		let all = drawn(&job, &items).unwrap();
		let prompts: Vec<_> = all.iter().map(|one| one.prompt).collect();
		assert_eq!(prompts, [1, 2, 3].map(Hash::repeat_byte));
		assert!(all.iter().all(|one| (one.prompt_tokens, one.completion_tokens) == (2, 100)));
		assert_eq!(drawn(&BatchJob { evm_chain: 1, ..job.clone() }, &items), None);
		assert_eq!(drawn(&BatchJob { contract: [5; 20], ..job }, &items), None);
	}
}
