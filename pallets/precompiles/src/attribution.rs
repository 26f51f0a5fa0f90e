//! Attribution for Solidity.

use crate::{
	abi::{
		IAttribution,
		IAttribution::{
			answerItemsCall, answerItemsReturn, challengeAdaptersCall, challengeCall,
			challengeVersionCall, channelCall, channelReturn, claimCall, closeChannelCall,
			currentPeriodCall, fundChannelCall, isActiveCall, pendingRewardsCall, receiptCall,
			receiptReturn, scoresCall, scoresReturn, unsettledCall, unsettledReturn,
			withdrawChannelCall, Doubt, IAttributionCalls, Phase,
		},
	},
	context::{
		account, address, addresses, amount, caller, hash, log, mutable, refused, revert, signed,
		without_value,
	},
	spans,
};
use alloc::vec::Vec;
use core::marker::PhantomData;
use openledger_core::{AttributionCall, AttributionFace, ReceiptPhase, SpansFace};
use pallet_revive::{
	precompiles::{
		alloy::{
			primitives::{B256, U256 as Word},
			sol_types::SolCall,
		},
		AddressMatcher, Error, Ext, Precompile,
	},
	Config,
};

/// [`crate::abi::IAttribution`] over attribution `P` and span indices `S`.
pub struct AttributionPrecompile<T, P, S>(PhantomData<(T, P, S)>);

impl<T: Config, P: AttributionFace<T::AccountId>, S: SpansFace<T::AccountId>> Precompile
	for AttributionPrecompile<T, P, S>
{
	type T = T;
	type Interface = IAttributionCalls;
	const MATCHER: AddressMatcher = crate::fixed(crate::ATTRIBUTION);
	const HAS_CONTRACT_INFO: bool = false;

	fn call(
		_: &[u8; 20],
		input: &Self::Interface,
		env: &mut impl Ext<T = T>,
	) -> Result<Vec<u8>, Error> {
		use IAttributionCalls as Call;
		let (weight, changes) = match input {
			Call::claim(_) => (AttributionCall::Claim, true),
			Call::fundChannel(_) => (AttributionCall::FundChannel, true),
			Call::closeChannel(_) => (AttributionCall::CloseChannel, true),
			Call::withdrawChannel(_) => (AttributionCall::WithdrawChannel, true),
			Call::challenge(_) | Call::challengeVersion(_) | Call::challengeAdapters(_) => {
				(AttributionCall::Challenge, true)
			},
			// The first two charge for the size of the design once it is read.
			Call::scores(_)
			| Call::answerItems(_)
			| Call::receipt(_)
			| Call::pendingRewards(_)
			| Call::isActive(_)
			| Call::currentPeriod(_)
			| Call::unsettled(_)
			| Call::channel(_) => (AttributionCall::Read, false),
			// Charged as `spans` says.
			Call::spanIndex(_)
			| Call::verifySpan(_)
			| Call::verifyCount(_)
			| Call::verifyOccurrence(_) => (AttributionCall::Read, false),
			Call::registerSpans(_)
			| Call::challengeSpans(_)
			| Call::retireSpans(_)
			| Call::removeSpans(_)
			| Call::demandSpan(_)
			| Call::showSpan(_)
			| Call::endSpanDemand(_) => (AttributionCall::Read, true),
		};
		env.charge(spans::weight::<T, S>(input).unwrap_or_else(|| P::weight(weight)))?;
		without_value(env)?;
		if changes {
			mutable(env)?;
		}
		match input {
			Call::scores(scoresCall { model, y }) => {
				let (blocks, adapters) = P::design(*model).unwrap_or_default();
				env.charge(P::weight(AttributionCall::Scores { blocks, adapters }))?;
				let scores = P::scores(*model, y).ok_or_else(|| {
					revert("no such model, or not one entry for the base and each adapter")
				})?;
				Ok(scoresCall::abi_encode_returns(&scoresReturn {
					accounts: addresses::<T>(scores.iter().map(|(who, _)| who)),
					values: scores.iter().map(|(_, score)| signed(*score)).collect(),
				}))
			},
			Call::receipt(receiptCall { id }) => {
				let receipt = P::receipt(hash(id)).ok_or_else(|| revert("NoReceipt"))?;
				let phase = match receipt.phase {
					ReceiptPhase::Waiting => Phase::Waiting,
					ReceiptPhase::Commit => Phase::Commit,
					ReceiptPhase::Reveal => Phase::Reveal,
					ReceiptPhase::Scored => Phase::Scored,
					ReceiptPhase::Prior => Phase::Prior,
					ReceiptPhase::Review => Phase::Review,
					ReceiptPhase::Void => Phase::Void,
					ReceiptPhase::Withheld => Phase::Withheld,
				};
				Ok(receiptCall::abi_encode_returns(&receiptReturn {
					payer: address::<T>(&receipt.payer),
					operator: address::<T>(&receipt.operator),
					model: receipt.model,
					fee: Word::from(receipt.fee),
					phase,
				}))
			},
			Call::answerItems(answerItemsCall { id }) => {
				let receipt = P::receipt(hash(id)).ok_or_else(|| revert("NoReceipt"))?;
				let (blocks, adapters) = P::design(receipt.model).unwrap_or_default();
				env.charge(P::weight(AttributionCall::AnswerItems { blocks, adapters }))?;
				let items =
					P::answer_items(hash(id)).ok_or_else(|| revert("the receipt is not scored"))?;
				Ok(answerItemsCall::abi_encode_returns(&answerItemsReturn {
					accounts: addresses::<T>(items.iter().map(|(who, ..)| who)),
					amounts: items.iter().map(|(_, amount, _)| signed(*amount)).collect(),
					errors: items.iter().map(|(.., error)| Word::from(*error)).collect(),
				}))
			},
			Call::pendingRewards(pendingRewardsCall { account: of }) => {
				let who = account(env, *of)?;
				let amount = Word::from(P::pending_rewards(&who));
				Ok(pendingRewardsCall::abi_encode_returns(&amount))
			},
			Call::claim(claimCall { account: to }) => {
				let who = account(env, *to)?;
				let amount = Word::from(P::claim(who).map_err(refused)?);
				log(env, &IAttribution::Claimed { account: *to, amount })?;
				Ok(claimCall::abi_encode_returns(&amount))
			},
			Call::channel(channelCall { payer, operator }) => {
				let (payer, operator) = (account(env, *payer)?, account(env, *operator)?);
				let (balance, nonce) = P::channel(&payer, &operator).unwrap_or_default();
				let balance = Word::from(balance);
				Ok(channelCall::abi_encode_returns(&channelReturn { balance, nonce }))
			},
			Call::fundChannel(fundChannelCall { operator, amount: wei }) => {
				let (who, to) = (caller(env)?, account(env, *operator)?);
				P::fund_channel(who.clone(), to, amount(wei)?).map_err(refused)?;
				let (payer, operator, amount) = (address::<T>(&who), *operator, *wei);
				log(env, &IAttribution::ChannelFunded { payer, operator, amount })?;
				Ok(Vec::new())
			},
			Call::closeChannel(closeChannelCall { operator }) => {
				let (who, to) = (caller(env)?, account(env, *operator)?);
				P::close_channel(who.clone(), to).map_err(refused)?;
				let (payer, operator) = (address::<T>(&who), *operator);
				log(env, &IAttribution::ChannelClosing { payer, operator })?;
				Ok(Vec::new())
			},
			Call::withdrawChannel(withdrawChannelCall { operator }) => {
				let (who, to) = (caller(env)?, account(env, *operator)?);
				P::withdraw_channel(who.clone(), to).map_err(refused)?;
				let (payer, operator) = (address::<T>(&who), *operator);
				log(env, &IAttribution::ChannelClosed { payer, operator })?;
				Ok(Vec::new())
			},
			Call::challenge(challengeCall { id }) => {
				let who = caller(env)?;
				let bond = Word::from(P::challenge(who.clone(), hash(id)).map_err(refused)?);
				let (work, challenger) = (*id, address::<T>(&who));
				log(env, &IAttribution::Challenged { work, challenger, bond })?;
				log(env, &IAttribution::PanelAsked { work, doubt: Doubt::Challenge })?;
				Ok(challengeCall::abi_encode_returns(&bond))
			},
			Call::challengeVersion(challengeVersionCall { model }) => {
				let bond = challenge_version::<T, P>(*model, Vec::new(), env)?;
				Ok(challengeVersionCall::abi_encode_returns(&bond))
			},
			Call::challengeAdapters(challengeAdaptersCall { model, adapters }) => {
				let bond = challenge_version::<T, P>(*model, adapters.clone(), env)?;
				Ok(challengeAdaptersCall::abi_encode_returns(&bond))
			},
			Call::isActive(isActiveCall { model }) => {
				Ok(isActiveCall::abi_encode_returns(&P::is_active(*model)))
			},
			Call::currentPeriod(_) => Ok(currentPeriodCall::abi_encode_returns(&P::period())),
			Call::unsettled(unsettledCall { model, period }) => {
				let (total, answers) = P::unsettled(*model, *period);
				let total = Word::from(total);
				Ok(unsettledCall::abi_encode_returns(&unsettledReturn { total, answers }))
			},

			Call::spanIndex(call) => spans::span_index::<T, S>(call),
			Call::verifySpan(call) => spans::verify_span::<T, S>(call, env),
			Call::verifyCount(call) => spans::verify_count::<T, S>(call, env),
			Call::verifyOccurrence(call) => spans::verify_occurrence::<T, S>(call, env),
			Call::registerSpans(call) => spans::register::<T, S>(call, env),
			Call::challengeSpans(call) => spans::challenge::<T, S>(call, env),
			Call::retireSpans(call) => spans::retire::<T, S>(call, env),
			Call::removeSpans(call) => spans::remove::<T, S>(call, env),
			Call::demandSpan(call) => spans::demand::<T, S>(call, env),
			Call::showSpan(call) => spans::show::<T, S>(call, env),
			Call::endSpanDemand(call) => spans::end_demand::<T, S>(call, env),
		}
	}
}

/// Puts the caller's bond up that adapters of a version do not reproduce, drawn ones if none is named.
fn challenge_version<T: Config, P: AttributionFace<T::AccountId>>(
	model: u32,
	adapters: Vec<u16>,
	env: &mut impl Ext<T = T>,
) -> Result<Word, Error> {
	let who = caller(env)?;
	let (bond, agreed) = P::challenge_version(who.clone(), model, adapters).map_err(refused)?;
	let (work, bond) = (B256::from(Word::from(model)), Word::from(bond));
	let challenger = address::<T>(&who);
	log(env, &IAttribution::Challenged { work, challenger, bond })?;
	if agreed {
		log(env, &IAttribution::PanelAsked { work, doubt: Doubt::Challenge })?;
	}
	Ok(bond)
}
