//! Batches: what an operator lists is checked against what was paid, a sample is drawn, and what the
//! child scores is written into pages.

use codec::{Decode, DecodeAll};
use openledger_core::{payers_of, Item, Redeemed};
use openledger_influence_math::{
	batch::{pages, sample, Entry},
	host::BatchJob,
	merkle, money, Hash,
};
use sp_core::crypto::AccountId32;

/// An answer that is drawn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Drawn {
	/// Hash of the prompt blob.
	pub prompt: Hash,
	/// Hash of the response blob.
	pub response: Hash,
	/// Its entry, without what it scores.
	place: (u16, u8, u32, u128),
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
	let right =
		|item: &Item<AccountId32>| item.is_right(job.genesis, &operator, job.model, job.adapter);
	if !items.iter().all(right) {
		return None;
	}
	let fees = weights(&items, job.input_price, job.output_price)?;
	let found = |(index, amount): (u16, u128)| {
		let Item { request, reply, .. } = items.get(usize::from(index))?;
		let payer = *payers.get(usize::from(index))?;
		Some(Drawn {
			prompt: request.prompt,
			response: reply.response,
			place: (index, payer, reply.completion_tokens, amount),
		})
	};
	sample(&job.seed, &fees, job.paid, job.full, job.pool)?
		.into_iter()
		.map(found)
		.collect()
}

/// The pages of the answers that were drawn, each with its log-probabilities.
pub(crate) fn written(job: &BatchJob, scored: &[(Drawn, Vec<i32>)]) -> Vec<Vec<u8>> {
	let entry = |(drawn, y): &(Drawn, Vec<i32>)| {
		let (item, payer, tokens, amount) = drawn.place;
		Entry::new(item, payer, tokens, amount, y)
	};
	let entries: Vec<Entry> = scored.iter().map(entry).collect();
	pages(&entries, job.adapters.len() as u16)
}
