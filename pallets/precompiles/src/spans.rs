//! Span indices for Solidity: a part of `IAttribution`.

use crate::{
	abi::{
		IAttribution,
		IAttribution::{
			challengeSpansCall, demandSpanCall, endSpanDemandCall, registerSpansCall,
			removeSpansCall, retireSpansCall, showSpanCall, spanIndexCall, spanIndexReturn,
			verifyCountCall, verifyCountReturn, verifyOccurrenceCall, verifyOccurrenceReturn,
			verifySpanCall, verifySpanReturn, IAttributionCalls,
		},
	},
	context::{address, caller, hash, log, refused, revert, word},
};
use alloc::vec::Vec;
use codec::DecodeAll;
use frame::prelude::Weight;
use openledger_core::{DatanetId, SpansCall, SpansFace, Version};
use openledger_spans_math::{
	Commitment, CountProof, Excerpt, Leaf, Opening, Place, Shown, SpanProof,
};
use pallet_revive::{
	precompiles::{
		alloy::{primitives::U256 as Word, sol_types::SolCall},
		Error, Ext,
	},
	Config,
};

type Answer = Result<Vec<u8>, Error>;

/// What a call costs before it is known how large the index is; none if it is not of spans.
pub fn weight<T: Config, S: SpansFace<T::AccountId>>(input: &IAttributionCalls) -> Option<Weight> {
	use IAttributionCalls as Call;
	let call = match input {
		Call::spanIndex(_)
		| Call::verifySpan(_)
		| Call::verifyCount(_)
		| Call::verifyOccurrence(_) => SpansCall::Read,
		Call::registerSpans(_) => SpansCall::Register,
		Call::challengeSpans(_) => SpansCall::Challenge,
		Call::retireSpans(_) => SpansCall::Retire,
		Call::removeSpans(_) => SpansCall::Remove,
		Call::demandSpan(_) => SpansCall::Demand,
		Call::showSpan(_) => SpansCall::Show,
		Call::endSpanDemand(_) => SpansCall::EndDemand,
		_ => return None,
	};
	Some(S::weight(call))
}

fn index<T: Config, S: SpansFace<T::AccountId>>(
	datanet: DatanetId,
	version: Version,
) -> Result<(Commitment, bool), Error> {
	S::span_index(datanet, version).ok_or_else(|| revert("NoIndex"))
}

/// Charges for verification in an index of this size; returns whether it is final.
fn charge<T: Config, S: SpansFace<T::AccountId>>(
	datanet: DatanetId,
	version: Version,
	env: &mut impl Ext<T = T>,
	call: impl Fn(u32) -> SpansCall,
) -> Result<bool, Error> {
	let (commitment, is_final) = index::<T, S>(datanet, version)?;
	env.charge(S::weight(call(commitment.levels())))?;
	Ok(is_final)
}

/// Reads a proof, all of the bytes.
fn decode<P: DecodeAll>(mut bytes: &[u8]) -> Result<P, Error> {
	P::decode_all(&mut bytes).map_err(|_| revert("the bytes are no such proof"))
}

pub fn span_index<T: Config, S: SpansFace<T::AccountId>>(call: &spanIndexCall) -> Answer {
	let (commitment, is_final) = index::<T, S>(call.datanet, call.version)?;
	let registrant = S::registrant(call.datanet, call.version).ok_or_else(|| revert("NoIndex"))?;
	Ok(spanIndexCall::abi_encode_returns(&spanIndexReturn {
		registrant: address::<T>(&registrant),
		tokens: commitment.tokens,
		textRoot: word(commitment.text_root),
		suffixRoot: word(commitment.suffix_root),
		isFinal: is_final,
	}))
}

pub fn verify_span<T: Config, S: SpansFace<T::AccountId>>(
	call: &verifySpanCall,
	env: &mut impl Ext<T = T>,
) -> Answer {
	let verifySpanCall { datanet, version, query, proof } = call;
	let is_final = charge::<T, S>(*datanet, *version, env, |levels| SpansCall::Span { levels })?;
	let proof: SpanProof = decode(proof)?;
	let found = S::verify_span(*datanet, *version, query, &proof).map_err(refused)?;
	let Place { position, row } = found.place.unwrap_or_default();
	let length = found.length;
	let answer = verifySpanReturn { length, position, row, isFinal: is_final };
	Ok(verifySpanCall::abi_encode_returns(&answer))
}

pub fn verify_count<T: Config, S: SpansFace<T::AccountId>>(
	call: &verifyCountCall,
	env: &mut impl Ext<T = T>,
) -> Answer {
	let verifyCountCall { datanet, version, span, proof } = call;
	let is_final = charge::<T, S>(*datanet, *version, env, |levels| SpansCall::Count { levels })?;
	let proof: CountProof = decode(proof)?;
	let ranks = S::verify_count(*datanet, *version, span, &proof).map_err(refused)?;
	let count = ranks.end.saturating_sub(ranks.start);
	let answer = verifyCountReturn { count, first: ranks.start, isFinal: is_final };
	Ok(verifyCountCall::abi_encode_returns(&answer))
}

pub fn verify_occurrence<T: Config, S: SpansFace<T::AccountId>>(
	call: &verifyOccurrenceCall,
	env: &mut impl Ext<T = T>,
) -> Answer {
	let verifyOccurrenceCall { datanet, version, span, proof } = call;
	let is_final =
		charge::<T, S>(*datanet, *version, env, |levels| SpansCall::Occurrence { levels })?;
	let (opening, text): (Opening, Excerpt) = decode(proof)?;
	let Place { position, row } =
		S::verify_occurrence(*datanet, *version, span, &opening, &text).map_err(refused)?;
	// The first slot is a sentinel's, in which no span stands.
	let rank = opening.slot.saturating_sub(1);
	let answer = verifyOccurrenceReturn { rank, position, row, isFinal: is_final };
	Ok(verifyOccurrenceCall::abi_encode_returns(&answer))
}

pub fn register<T: Config, S: SpansFace<T::AccountId>>(
	call: &registerSpansCall,
	env: &mut impl Ext<T = T>,
) -> Answer {
	let registerSpansCall { datanet, version, tokens, textRoot, suffixRoot } = *call;
	let (text_root, suffix_root) = (hash(&textRoot), hash(&suffixRoot));
	let who = caller(env)?;
	let commitment = Commitment { tokens, text_root, suffix_root };
	let registrant = address::<T>(&who);
	let final_at = S::register(who, datanet, version, commitment).map_err(refused)?;
	log(
		env,
		&IAttribution::SpansRegistered {
			datanet,
			version,
			registrant,
			tokens,
			textRoot,
			suffixRoot,
			finalAt: final_at,
		},
	)?;
	Ok(registerSpansCall::abi_encode_returns(&final_at))
}

pub fn challenge<T: Config, S: SpansFace<T::AccountId>>(
	call: &challengeSpansCall,
	env: &mut impl Ext<T = T>,
) -> Answer {
	let challengeSpansCall { datanet, version, fraud } = call;
	let (who, fraud) = (caller(env)?, decode(fraud)?);
	let challenger = address::<T>(&who);
	let (registrant, reward) = S::challenge(who, *datanet, *version, fraud).map_err(refused)?;
	let (registrant, reward) = (address::<T>(&registrant), Word::from(reward));
	let (datanet, version) = (*datanet, *version);
	let event = IAttribution::SpansRefuted { datanet, version, challenger, registrant, reward };
	log(env, &event)?;
	Ok(challengeSpansCall::abi_encode_returns(&reward))
}

pub fn retire<T: Config, S: SpansFace<T::AccountId>>(
	call: &retireSpansCall,
	env: &mut impl Ext<T = T>,
) -> Answer {
	let retireSpansCall { datanet, version } = *call;
	let free_at = S::retire(caller(env)?, datanet, version).map_err(refused)?;
	log(env, &IAttribution::SpansRetired { datanet, version, freeAt: free_at })?;
	Ok(retireSpansCall::abi_encode_returns(&free_at))
}

pub fn remove<T: Config, S: SpansFace<T::AccountId>>(
	call: &removeSpansCall,
	env: &mut impl Ext<T = T>,
) -> Answer {
	let removeSpansCall { datanet, version } = *call;
	S::remove(datanet, version).map_err(refused)?;
	log(env, &IAttribution::SpansRemoved { datanet, version })?;
	Ok(Vec::new())
}

pub fn demand<T: Config, S: SpansFace<T::AccountId>>(
	call: &demandSpanCall,
	env: &mut impl Ext<T = T>,
) -> Answer {
	let demandSpanCall { datanet, version, inText, place } = *call;
	let who = caller(env)?;
	let account = address::<T>(&who);
	let until = S::demand(who, datanet, version, Leaf::of(inText, place)).map_err(refused)?;
	log(env, &IAttribution::SpanDemanded { datanet, version, account, inText, place, until })?;
	Ok(demandSpanCall::abi_encode_returns(&until))
}

pub fn show<T: Config, S: SpansFace<T::AccountId>>(
	call: &showSpanCall,
	env: &mut impl Ext<T = T>,
) -> Answer {
	let showSpanCall { datanet, version, shown } = call;
	let (who, shown) = (caller(env)?, decode::<Shown>(shown)?);
	let (datanet, version, account) = (*datanet, *version, address::<T>(&who));
	let (in_text, place) = shown.leaf().parts();
	S::show(who, datanet, version, shown).map_err(refused)?;
	log(env, &IAttribution::SpanShown { datanet, version, account, inText: in_text, place })?;
	Ok(Vec::new())
}

pub fn end_demand<T: Config, S: SpansFace<T::AccountId>>(
	call: &endSpanDemandCall,
	env: &mut impl Ext<T = T>,
) -> Answer {
	let endSpanDemandCall { datanet, version, inText, place } = *call;
	let (by, refuted) =
		S::end_demand(datanet, version, Leaf::of(inText, place)).map_err(refused)?;
	let account = address::<T>(&by);
	log(env, &IAttribution::SpanDemandEnded { datanet, version, account, inText, place })?;
	if let Some((registrant, reward)) = refuted {
		let (registrant, reward) = (address::<T>(&registrant), Word::from(reward));
		let challenger = account;
		let event = IAttribution::SpansRefuted { datanet, version, challenger, registrant, reward };
		log(env, &event)?;
	}
	Ok(Vec::new())
}
