//! What pallets do, as the logs of their precompiles: for Ethereum's view of native transactions and
//! of hooks, in which no precompile runs that could log it.
//!
//! Every event of a pallet that has a precompile is a log: the compiler asks for each. Left out is
//! `__Ignore` alone, which FRAME adds to every event for its type parameter and nobody can make. The
//! node makes these logs of what blocks deposit anyway; on chain they cost nothing.

use crate::*;
use codec::Encode;
use openledger_core::{Balance, Method};
use openledger_precompiles::{
	abi::{IAgents, IAttribution, IDatanets, IModels, IOpen},
	address_of, word, AGENTS, ATTRIBUTION, DATANETS, MODELS, OPEN,
};
use pallet_revive::precompiles::alloy::{
	primitives::{Address as EthAddress, FixedBytes, U256},
	sol_types::SolEvent,
};
use pallet_staking::RewardDestination;
use sp_core::{H160, H256};

/// The parts of an Ethereum log that do not depend on where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EthLog {
	/// The precompile.
	pub address: H160,
	/// At most four; the first is the hash of the event's signature.
	pub topics: Vec<H256>,
	/// The arguments that are not indexed, as the Solidity ABI has them.
	pub data: Vec<u8>,
}

impl EthLog {
	fn new(precompile: u16, event: &impl SolEvent) -> Self {
		let (topics, data) = event.encode_log_data().split();
		Self {
			address: address_of(precompile),
			topics: topics.into_iter().map(|topic| H256(topic.0)).collect(),
			data: data.to_vec(),
		}
	}
}

fn address(who: &AccountId) -> EthAddress {
	openledger_precompiles::address::<Runtime>(who)
}

fn wei(amount: &Balance) -> U256 {
	U256::from(*amount)
}

/// The logs of an event that has a form in Solidity: one, or two if it says more than that form, which
/// stays as it was released.
pub fn logs(event: &RuntimeEvent) -> Vec<EthLog> {
	log(event).into_iter().chain(more(event)).collect()
}

/// What an event says beyond its first form.
fn more(event: &RuntimeEvent) -> Option<EthLog> {
	match event {
		RuntimeEvent::Attribution(pallet_attribution::Event::Settled {
			model,
			period,
			netted,
			..
		}) => Some(EthLog::new(
			ATTRIBUTION,
			&IAttribution::Netted { model: *model, period: *period, amount: wei(netted) },
		)),
		RuntimeEvent::Datanets(pallet_datanets::Event::TermsSet { datanet, terms }) => {
			Some(EthLog::new(
				DATANETS,
				&IDatanets::AtRiskSet { id: *datanet, amount: wei(&terms.at_risk) },
			))
		},
		_ => None,
	}
}

/// The first log of an event.
pub fn log(event: &RuntimeEvent) -> Option<EthLog> {
	match event {
		RuntimeEvent::Balances(event) => balances(event),
		RuntimeEvent::Staking(event) => staking(event),
		RuntimeEvent::Datanets(event) => datanets(event),
		RuntimeEvent::Models(event) => models(event),
		RuntimeEvent::Agents(event) => agents(event),
		RuntimeEvent::Attribution(event) => attribution(event),
		RuntimeEvent::Spans(event) => spans(event),
		// Of pallets that no precompile shows.
		_ => None,
	}
}

fn moved(from: EthAddress, to: EthAddress, amount: &Balance) -> Option<EthLog> {
	Some(EthLog::new(OPEN, &IOpen::Transfer { from, to, value: wei(amount) }))
}

/// Moves of what an account can spend. `Withdraw` and `Deposit` are fees here, which make no log on
/// Ethereum either.
fn balances(event: &pallet_balances::Event<Runtime>) -> Option<EthLog> {
	use pallet_balances::Event::*;
	let nobody = EthAddress::ZERO;
	let held = EthAddress::from(address_of(OPEN).0);
	match event {
		Transfer { from, to, amount } => moved(address(from), address(to), amount),
		Minted { who, amount } | Restored { who, amount } => moved(nobody, address(who), amount),
		Burned { who, amount } | Suspended { who, amount } | Slashed { who, amount } => {
			moved(address(who), nobody, amount)
		},
		Held { who, amount, .. } | Reserved { who, amount } => moved(address(who), held, amount),
		Released { who, amount, .. } | Unreserved { who, amount } => {
			moved(held, address(who), amount)
		},
		// Out of what is held for the source, free for who gets it.
		TransferOnHold { dest, amount, .. } => moved(held, address(dest), amount),
		TransferAndHold { source, transferred, .. } => moved(address(source), held, transferred),
		_ => None,
	}
}

fn staking(event: &pallet_staking::Event<Runtime>) -> Option<EthLog> {
	use pallet_staking::Event::*;
	match event {
		Rewarded { dest: RewardDestination::None, .. } => None,
		Rewarded { dest: RewardDestination::Account(to), amount, .. }
		| Rewarded { stash: to, amount, .. } => moved(EthAddress::ZERO, address(to), amount),
		_ => None,
	}
}

fn datanets(event: &pallet_datanets::Event<Runtime>) -> Option<EthLog> {
	use pallet_datanets::{Event::*, Outcome};
	Some(match event {
		Created { datanet, owner } => {
			EthLog::new(DATANETS, &IDatanets::Created { id: *datanet, owner: address(owner) })
		},
		TermsSet { datanet, terms } => EthLog::new(
			DATANETS,
			&IDatanets::TermsSet {
				id: *datanet,
				rights: terms.rights.0,
				price: wei(&terms.price),
				period: terms.period,
				curatorCut: terms.curator_cut,
			},
		),
		Closed { datanet } => EthLog::new(DATANETS, &IDatanets::Closed { id: *datanet }),
		CuratorSet { datanet, curator } => EthLog::new(
			DATANETS,
			&IDatanets::CuratorSet { id: *datanet, curator: address(curator) },
		),
		Contributed { datanet, batch, contributor, rows, .. } => EthLog::new(
			DATANETS,
			&IDatanets::Contributed {
				id: *datanet,
				batch: *batch,
				contributor: address(contributor),
				rows: *rows,
			},
		),
		Reviewed { datanet, batch, outcome } => EthLog::new(
			DATANETS,
			&IDatanets::Reviewed {
				id: *datanet,
				batch: *batch,
				accepted: matches!(outcome, Outcome::Accepted(_)),
			},
		),
		RowVoided { datanet, hash, exhibitor, bounty, .. } => EthLog::new(
			DATANETS,
			&IDatanets::RowVoided {
				id: *datanet,
				row: word(*hash),
				exhibitor: address(exhibitor),
				bounty: wei(bounty),
			},
		),
		RowDemanded { datanet, hash, who, until } => EthLog::new(
			DATANETS,
			&IDatanets::RowDemanded {
				id: *datanet,
				row: word(*hash),
				account: address(who),
				until: *until,
			},
		),
		RowShown { datanet, hash, who } => EthLog::new(
			DATANETS,
			&IDatanets::RowShown { id: *datanet, row: word(*hash), account: address(who) },
		),
		DemandEnded { datanet, hash, who } => EthLog::new(
			DATANETS,
			&IDatanets::RowDemandEnded { id: *datanet, row: word(*hash), account: address(who) },
		),
		// Solidity knows one way in which a row becomes void, and somebody gets a part of its bond.
		RowWithheld { datanet, hash, who, reward, .. } => EthLog::new(
			DATANETS,
			&IDatanets::RowVoided {
				id: *datanet,
				row: word(*hash),
				exhibitor: address(who),
				bounty: wei(reward),
			},
		),
		RowWithdrawn { datanet, hash } | RowMoved { datanet, hash, .. } => {
			EthLog::new(DATANETS, &IDatanets::RowWithdrawn { id: *datanet, row: word(*hash) })
		},
		Published { datanet, version, root, blocks } => EthLog::new(
			DATANETS,
			&IDatanets::Published {
				id: *datanet,
				version: *version,
				root: word(*root),
				blocks: *blocks,
			},
		),
		LicenceBought { datanet, who, rights, .. } => EthLog::new(
			DATANETS,
			&IDatanets::LicenceBought { id: *datanet, account: address(who), rights: rights.0 },
		),
		Claimed { datanet, who, amount } => EthLog::new(
			DATANETS,
			&IDatanets::Claimed { id: *datanet, account: address(who), amount: wei(amount) },
		),
		PutAtRisk { datanet, who, amount } => EthLog::new(
			DATANETS,
			&IDatanets::PutAtRisk { id: *datanet, account: address(who), amount: wei(amount) },
		),
		RiskReleased { datanet, who, amount } => EthLog::new(
			DATANETS,
			&IDatanets::RiskReleased { id: *datanet, account: address(who), amount: wei(amount) },
		),
		Seized { datanet, who, amount } => EthLog::new(
			DATANETS,
			&IDatanets::Seized { id: *datanet, account: address(who), amount: wei(amount) },
		),
		Distributed { datanet, version, block, amount } => EthLog::new(
			DATANETS,
			&IDatanets::Distributed {
				id: *datanet,
				version: *version,
				blockIndex: *block,
				amount: wei(amount),
			},
		),
		BlockBought { datanet, who, price } => EthLog::new(
			DATANETS,
			&IDatanets::BlockBought { id: *datanet, account: address(who), price: wei(price) },
		),
		BlockLeft { datanet, who } => {
			EthLog::new(DATANETS, &IDatanets::BlockLeft { id: *datanet, account: address(who) })
		},
		Announced { who, commitment } => EthLog::new(
			DATANETS,
			&IDatanets::Announced { account: address(who), commitment: word(*commitment) },
		),
		Retracted { who, commitment } => EthLog::new(
			DATANETS,
			&IDatanets::Retracted { account: address(who), commitment: word(*commitment) },
		),
		BondReleased { datanet, hash } => {
			EthLog::new(DATANETS, &IDatanets::BondReleased { id: *datanet, row: word(*hash) })
		},
		Recommitted { datanet, batch, root } => EthLog::new(
			DATANETS,
			&IDatanets::Recommitted { id: *datanet, batch: *batch, root: word(*root) },
		),
		VersionRemoved { datanet, version } => {
			EthLog::new(DATANETS, &IDatanets::VersionRemoved { id: *datanet, version: *version })
		},
		LicenceRemoved { datanet, who } => EthLog::new(
			DATANETS,
			&IDatanets::LicenceRemoved { id: *datanet, account: address(who) },
		),
		Credited { datanet, who, amount } => EthLog::new(
			DATANETS,
			&IDatanets::Credited { id: *datanet, account: address(who), amount: wei(amount) },
		),
		RowsRewarded { datanet, amount } => {
			EthLog::new(DATANETS, &IDatanets::RowsRewarded { id: *datanet, amount: wei(amount) })
		},
		__Ignore(..) => return None,
	})
}

fn models(event: &pallet_models::Event<Runtime>) -> Option<EthLog> {
	use pallet_models::Event::*;
	Some(match event {
		BaseRegistered { base, registrant, manifest } => EthLog::new(
			MODELS,
			&IModels::BaseRegistered {
				base: *base,
				registrant: address(registrant),
				manifest: word(*manifest),
			},
		),
		BaseRemoved { base } => EthLog::new(MODELS, &IModels::BaseRemoved { base: *base }),
		RunStarted { model, developer, datanet, version } => EthLog::new(
			MODELS,
			&IModels::RunStarted {
				model: *model,
				developer: address(developer),
				datanet: *datanet,
				version: *version,
			},
		),
		RunCancelled { model } => EthLog::new(MODELS, &IModels::RunCancelled { model: *model }),
		VersionRegistered { model, adapter } => EthLog::new(
			MODELS,
			&IModels::VersionRegistered { model: *model, adapter: word(*adapter) },
		),
		PriceSet { model, price } => EthLog::new(
			MODELS,
			&IModels::PriceSet {
				model: *model,
				inputPrice: wei(&price.input),
				outputPrice: wei(&price.output),
				donation: price.donation,
			},
		),
		Serving { model, operator, endpoint } => EthLog::new(
			MODELS,
			&IModels::Serving {
				model: *model,
				operator: address(operator),
				endpoint: String::from_utf8_lossy(endpoint).into_owned(),
			},
		),
		StoppedServing { model, operator } => EthLog::new(
			MODELS,
			&IModels::StoppedServing { model: *model, operator: address(operator) },
		),
		Retired { model, until } => {
			EthLog::new(MODELS, &IModels::Retired { model: *model, until: *until })
		},
		VersionRemoved { model } => EthLog::new(MODELS, &IModels::VersionRemoved { model: *model }),
		__Ignore(..) => return None,
	})
}

fn agents(event: &pallet_agents::Event<Runtime>) -> Option<EthLog> {
	use pallet_agents::Event::*;
	Some(match event {
		Registered { agent, owner, card, .. } => EthLog::new(
			AGENTS,
			&IAgents::Registered { agent: *agent, owner: address(owner), card: word(*card) },
		),
		CardSet { agent, card } => {
			EthLog::new(AGENTS, &IAgents::CardSet { agent: *agent, card: word(*card) })
		},
		ActiveSet { agent, active } => {
			EthLog::new(AGENTS, &IAgents::ActiveSet { agent: *agent, active: *active })
		},
		Transferred { agent, owner } => {
			EthLog::new(AGENTS, &IAgents::Transferred { agent: *agent, owner: address(owner) })
		},
		SkillListed { agent, skill, card, price } => EthLog::new(
			AGENTS,
			&IAgents::SkillListed {
				agent: *agent,
				skill: *skill,
				card: word(*card),
				price: wei(price),
			},
		),
		SkillUnlisted { agent, skill } => {
			EthLog::new(AGENTS, &IAgents::SkillUnlisted { agent: *agent, skill: *skill })
		},
		SkillCalled { call, agent, skill, caller, input, .. } => EthLog::new(
			AGENTS,
			&IAgents::SkillCalled {
				call: *call,
				agent: *agent,
				skill: *skill,
				caller: address(caller),
				input: word(*input),
			},
		),
		Withdrawn { agent, to, amount } => EthLog::new(
			AGENTS,
			&IAgents::Withdrawn { agent: *agent, to: address(to), amount: wei(amount) },
		),
		Deregistered { agent, to, amount } => EthLog::new(
			AGENTS,
			&IAgents::Deregistered { agent: *agent, to: address(to), amount: wei(amount) },
		),
		__Ignore(..) => return None,
	})
}

fn attribution(event: &pallet_attribution::Event<Runtime>) -> Option<EthLog> {
	use pallet_attribution::{Doubt, Event::*, Role, SeatId};
	Some(match event {
		ParametersSet { parameters } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::ParametersSet { parameters: parameters.encode().into() },
		),
		PausedSet { paused } => {
			EthLog::new(ATTRIBUTION, &IAttribution::PausedSet { paused: *paused })
		},
		ScorerBonded { scorer, bond, .. } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::ScorerBonded { scorer: address(scorer), bond: wei(bond) },
		),
		ScorerLeft { scorer, forced } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::ScorerLeft { scorer: address(scorer), forced: *forced },
		),
		BondWithdrawn { scorer, bond } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::BondWithdrawn { scorer: address(scorer), bond: wei(bond) },
		),
		DesignOpened { model, blocks, method, adapters } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::DesignOpened {
				model: *model,
				blocks: *blocks,
				method: match method {
					Method::Counterfactual => IAttribution::Method::Counterfactual,
					Method::Gradient => IAttribution::Method::Gradient,
				},
				adapters: *adapters,
			},
		),
		SeedDrawn { model, seed } => {
			EthLog::new(ATTRIBUTION, &IAttribution::SeedDrawn { model: *model, seed: word(*seed) })
		},
		DesignGivenUp { model, who, amount } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::DesignGivenUp {
				model: *model,
				account: address(who),
				amount: wei(amount),
			},
		),
		DesignClosed { model } => {
			EthLog::new(ATTRIBUTION, &IAttribution::DesignClosed { model: *model })
		},
		ChannelFunded { payer, operator, amount, .. } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::ChannelFunded {
				payer: address(payer),
				operator: address(operator),
				amount: wei(amount),
			},
		),
		ChannelClosing { payer, operator, .. } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::ChannelClosing { payer: address(payer), operator: address(operator) },
		),
		ChannelClosed { payer, operator, .. } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::ChannelClosed { payer: address(payer), operator: address(operator) },
		),
		ReceiptSubmitted { receipt, model, payer, operator, fee } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::ReceiptSubmitted {
				receipt: word(*receipt),
				model: *model,
				payer: address(payer),
				operator: address(operator),
				fee: wei(fee),
			},
		),
		SharePaid { receipt, who, role, amount } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::SharePaid {
				receipt: word(*receipt),
				account: address(who),
				role: match role {
					Role::Curator => IAttribution::Role::Curator,
					Role::Developer => IAttribution::Role::Developer,
					Role::Operator => IAttribution::Role::Operator,
					Role::Scorer => IAttribution::Role::Scorer,
					Role::Stakers => IAttribution::Role::Stakers,
					Role::Protocol => IAttribution::Role::Protocol,
					Role::Panels => IAttribution::Role::Panels,
				},
				amount: wei(amount),
			},
		),
		ReceiptScored { receipt, model, period, prior, .. } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::ReceiptScored {
				receipt: word(*receipt),
				model: *model,
				period: *period,
				prior: *prior,
			},
		),
		ReceiptUnscored { receipt, period } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::ReceiptUnscored { receipt: word(*receipt), period: *period },
		),
		// What netting left of the rest is a log of its own.
		Settled { model, period, total, paid, rest, netted: _ } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::Settled {
				model: *model,
				period: *period,
				total: wei(total),
				paid: wei(paid),
				rest: wei(rest),
			},
		),
		Earned { model, period, who, amount } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::Earned {
				model: *model,
				period: *period,
				account: address(who),
				amount: wei(amount),
			},
		),
		Owed { model, who, debt } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::Owed { model: *model, account: address(who), debt: wei(debt) },
		),
		Claimed { who, amount } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::Claimed { account: address(who), amount: wei(amount) },
		),
		ReceiptVoided { receipt, refunded } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::ReceiptVoided { receipt: word(*receipt), refunded: wei(refunded) },
		),
		CommitteeDrawn { work, attempt, panel, scorers } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::CommitteeDrawn {
				work: of(work),
				attempt: *attempt,
				panel: *panel,
				scorers: scorers.iter().map(address).collect(),
			},
		),
		Committed { seat: SeatId { work, attempt, index } } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::Committed { work: of(work), attempt: *attempt, seat: *index },
		),
		Revealed { seat: SeatId { work, attempt, index } } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::Revealed { work: of(work), attempt: *attempt, seat: *index },
		),
		Agreed { work, until } => {
			EthLog::new(ATTRIBUTION, &IAttribution::Agreed { work: of(work), until: *until })
		},
		PanelAsked { work, doubt } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::PanelAsked {
				work: of(work),
				doubt: match doubt {
					Doubt::Disagreement => IAttribution::Doubt::Disagreement,
					Doubt::Audit => IAttribution::Doubt::Audit,
					Doubt::Challenge => IAttribution::Doubt::Challenge,
				},
			},
		),
		Untested { model } => EthLog::new(ATTRIBUTION, &IAttribution::Untested { model: *model }),
		Challenged { work, who, bond } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::Challenged { work: of(work), challenger: address(who), bond: wei(bond) },
		),
		ChallengeEnded { work, who, won } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::ChallengeEnded { work: of(work), challenger: address(who), won: *won },
		),
		SlashDeferred { id, who, amount, work, due, .. } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::SlashDeferred {
				id: *id,
				account: address(who),
				work: of(work),
				amount: wei(amount),
				due: *due,
			},
		),
		Slashed { id, who, amount, .. } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::Slashed { id: *id, account: address(who), amount: wei(amount) },
		),
		SlashCancelled { id, who, amount } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::SlashCancelled { id: *id, account: address(who), amount: wei(amount) },
		),
		VersionActive { model } => {
			EthLog::new(ATTRIBUTION, &IAttribution::VersionActive { model: *model })
		},
		VersionVoid { model } => {
			EthLog::new(ATTRIBUTION, &IAttribution::VersionVoid { model: *model })
		},
		PanelPaid { work, who, amount } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::PanelPaid { work: of(work), account: address(who), amount: wei(amount) },
		),
		TrainerPaid { model, who, amount } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::TrainerPaid {
				model: *model,
				account: address(who),
				amount: wei(amount),
			},
		),
		ReceiptPruned { receipt } => {
			EthLog::new(ATTRIBUTION, &IAttribution::ReceiptPruned { receipt: word(*receipt) })
		},
		VoucherRedeemed { batch, payer, amount, nonce } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::VoucherRedeemed {
				batch: *batch,
				payer: address(payer),
				amount: wei(amount),
				nonce: *nonce,
			},
		),
		BatchSubmitted { batch, model, operator, root, count, fee, .. } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::BatchSubmitted {
				batch: *batch,
				model: *model,
				operator: address(operator),
				root: word(*root),
				count: *count,
				fee: wei(fee),
			},
		),
		SampleDrawn { batch, seed } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::SampleDrawn { batch: *batch, seed: word(*seed) },
		),
		BatchScored { batch, pages, until } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::BatchScored { batch: *batch, pages: word(*pages), until: *until },
		),
		BatchUnscored { batch } => {
			EthLog::new(ATTRIBUTION, &IAttribution::BatchUnscored { batch: *batch })
		},
		PagePosted { batch, page, period, answers, amount } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::PagePosted {
				batch: *batch,
				page: *page,
				period: *period,
				answers: *answers,
				amount: wei(amount),
			},
		),
		BatchClosed { batch, rest, refunded } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::BatchClosed { batch: *batch, rest: wei(rest), refunded: wei(refunded) },
		),
		DebtForgotten { model, who, debt, taken } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::DebtForgotten {
				model: *model,
				account: address(who),
				debt: wei(debt),
				taken: wei(taken),
			},
		),
		__Ignore(..) => return None,
	})
}

/// A receipt, or the number of a model version or of a batch.
fn of(work: &pallet_attribution::Work) -> FixedBytes<32> {
	match work {
		pallet_attribution::Work::Answer(receipt) => word(*receipt),
		pallet_attribution::Work::Training(model) => word(Hash::from_low_u64_be(u64::from(*model))),
		pallet_attribution::Work::Batch(id) => word(Hash::from_low_u64_be(*id)),
	}
}

fn spans(event: &pallet_spans::Event<Runtime>) -> Option<EthLog> {
	use pallet_spans::Event::*;
	Some(match event {
		Registered { datanet, version, registrant, commitment, final_at } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::SpansRegistered {
				datanet: *datanet,
				version: *version,
				registrant: address(registrant),
				tokens: commitment.tokens,
				textRoot: word(commitment.text_root),
				suffixRoot: word(commitment.suffix_root),
				finalAt: *final_at,
			},
		),
		Refuted { datanet, version, registrant, challenger, reward, .. } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::SpansRefuted {
				datanet: *datanet,
				version: *version,
				challenger: address(challenger),
				registrant: address(registrant),
				reward: wei(reward),
			},
		),
		Retired { datanet, version, free_at } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::SpansRetired { datanet: *datanet, version: *version, freeAt: *free_at },
		),
		Removed { datanet, version } => EthLog::new(
			ATTRIBUTION,
			&IAttribution::SpansRemoved { datanet: *datanet, version: *version },
		),
		Demanded { datanet, version, leaf, who, until } => {
			let (in_text, place) = leaf.parts();
			EthLog::new(
				ATTRIBUTION,
				&IAttribution::SpanDemanded {
					datanet: *datanet,
					version: *version,
					account: address(who),
					inText: in_text,
					place,
					until: *until,
				},
			)
		},
		Shown { datanet, version, leaf, who } => {
			let (in_text, place) = leaf.parts();
			EthLog::new(
				ATTRIBUTION,
				&IAttribution::SpanShown {
					datanet: *datanet,
					version: *version,
					account: address(who),
					inText: in_text,
					place,
				},
			)
		},
		DemandEnded { datanet, version, leaf, who } => {
			let (in_text, place) = leaf.parts();
			EthLog::new(
				ATTRIBUTION,
				&IAttribution::SpanDemandEnded {
					datanet: *datanet,
					version: *version,
					account: address(who),
					inText: in_text,
					place,
				},
			)
		},
		__Ignore(..) => return None,
	})
}
