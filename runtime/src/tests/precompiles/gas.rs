//! Estimates: enough for every function of every precompile, and little more. `IOpen` has its own.

use super::*;
use frame_support::{
	storage::{with_transaction, TransactionOutcome},
	traits::fungible::Inspect,
};
use std::collections::BTreeSet;

/// What wallets were told and what they paid.
#[derive(Default)]
struct Table {
	measured: BTreeSet<(u16, &'static str)>,
}

impl Table {
	/// Estimates a call of alith's and makes it; `moved` is what she pays beside gas, in wei.
	fn call<C: SolCall>(&mut self, precompile: u16, moved: i128, input: C) {
		let (from, to) = (alith().address(), Some(address_of(precompile)));
		let input = input.abi_encode();
		let tx = GenericTransactionV1 {
			from: Some(from),
			to,
			input: input.clone().into(),
			..Default::default()
		};
		let gas = estimate(tx).as_u128();
		let before = Balances::total_balance(&owner()) as i128;
		send(to, 0, input, gas.into());
		let paid = before - moved - Balances::total_balance(&owner()) as i128;
		let used = paid as u128 / super::super::price().as_u128();
		println!("{precompile:#06x} {}: estimate {gas}, used {used}", C::SIGNATURE);
		assert!(paid > 0 && used <= gas, "{}: {paid} wei", C::SIGNATURE);
		assert!(gas * 100 <= used * 105, "{}: {gas} for {used}", C::SIGNATURE);
		self.measured.insert((precompile, C::SIGNATURE));
	}
}

#[test]
fn estimate_should_be_at_most_a_twentieth_above_use_when_any_function_is_called() {
	development().execute_with(|| {
		let mut table = Table::default();
		let (me, them, operator) = (at(&owner()), at(&other()), native(Sr25519Keyring::Bob));
		let nothing = 0;

		table.call(REGISTRY, nothing, IRegistry::namesCall {});
		table.call(REGISTRY, nothing, IRegistry::interfacesCall {});
		table.call(REGISTRY, nothing, IRegistry::addressOfCall { name: "open".into() });

		// A model on Datanet 0, and Datanet 1 of somebody else.
		let model = trained();
		let rights = Rights::FINE_TUNE.0;
		assert_eq!(ask(&other(), DATANETS, create(10 * UNIT)), Ok(1));
		assert_eq!(ask(&other(), DATANETS, contribute(1, &[1])), Ok(0));
		publish(&other(), 1, &[0]);
		table.call(DATANETS, nothing, create(UNIT));
		table.call(DATANETS, nothing, contribute(2, &[1]));
		table.call(DATANETS, nothing, contribute(2, &(2..=255).collect::<Vec<_>>()));
		table.call(DATANETS, nothing, IDatanets::setCuratorCall { id: 2, curator: them });
		let buy = IDatanets::buyLicenceCall { id: 1, rights, maximum: Word::MAX };
		table.call(DATANETS, 10 * UNIT as i128, buy);
		table.call(DATANETS, nothing, IDatanets::termsCall { id: 1 });
		table.call(DATANETS, nothing, IDatanets::versionCall { id: 1, number: 1 });
		let licensed = IDatanets::isLicensedCall { id: 1, account: me, rights };
		table.call(DATANETS, nothing, licensed);
		table.call(DATANETS, nothing, IDatanets::claimableCall { id: 1, account: them });
		table.call(DATANETS, nothing, IDatanets::claimCall { id: 1, account: them });
		table.call(DATANETS, nothing, IDatanets::setAtRiskCall { id: 2, amount: wei(UNIT) });
		table.call(DATANETS, nothing, IDatanets::putAtRiskCall { id: 2, maximum: Word::MAX });
		table.call(DATANETS, nothing, IDatanets::atRiskCall { id: 2, account: me });
		table.call(DATANETS, nothing, IDatanets::releaseAtRiskCall { id: 2, account: me });
		// Both share a block.
		assert_eq!(ask(&owner(), DATANETS, contribute(1, &[2])), Ok(1));
		accept(&other(), 1, &[1]);
		let group = publish_group(&other(), 1, 2, &[0, 1]);
		assert_ok!(Balances::mint_into(&group, UNIT));
		let share = IDatanets::distributeCall { id: 1, number: 2, blockIndex: 0 };
		table.call(DATANETS, nothing, share);
		let price = openledger::BlockPrice::get() as i128;
		table.call(DATANETS, price, IDatanets::buyBlockCall { id: 1, maximum: Word::MAX });
		table.call(DATANETS, nothing, IDatanets::leaveBlockCall { id: 1 });

		table.call(MODELS, nothing, IModels::modelCall { id: model });
		table.call(MODELS, nothing, IModels::lineageCall { id: model });
		let serves = IModels::isOperatorCall { id: model, account: at(&operator) };
		table.call(MODELS, nothing, serves);
		let urls = IModels::endpointsCall { id: model, operator: at(&operator) };
		table.call(MODELS, nothing, urls);

		let (agent, skill, card, price) = (0, 0, word(7), wei(2 * UNIT));
		table.call(AGENTS, nothing, IAgents::registerCall { card });
		table.call(AGENTS, nothing, IAgents::listSkillCall { agent, card, price });
		assert_eq!(ask(&other(), AGENTS, IAgents::registerCall { card }), Ok(1));
		let listed = IAgents::listSkillCall { agent: 1, card, price };
		assert_eq!(ask(&other(), AGENTS, listed), Ok(0));
		let hire =
			|agent| IAgents::callSkillCall { agent, skill, maximum: Word::MAX, input: word(9) };
		assert_eq!(ask(&other(), AGENTS, hire(agent)), Ok(0));
		table.call(AGENTS, 2 * UNIT as i128, hire(1));
		table.call(AGENTS, nothing, IAgents::agentOfCall { agent });
		table.call(AGENTS, nothing, IAgents::skillOfCall { agent, skill });
		table.call(AGENTS, nothing, IAgents::walletCall { agent });
		let take = IAgents::withdrawCall { agent, to: me, amount: wei(UNIT) };
		table.call(AGENTS, -(UNIT as i128), take);

		// An answer that Alice pays for.
		bond_scorers(model);
		let fund =
			IAttribution::fundChannelCall { operator: at(&operator), amount: wei(20 * UNIT) };
		let payer = native(Sr25519Keyring::Alice);
		ask(&payer, ATTRIBUTION, fund.clone()).unwrap();
		let (_, nonce) = <Attribution as AttributionFace<_>>::channel(&payer, &operator).unwrap();
		let receipt = answer(model, nonce + 1);
		run_to(System::block_number() + pallet_attribution::DELAY);
		score(receipt, &vector(model));
		let length = pallet_attribution::Settings::<Runtime>::get().period;
		let Phase::Scored { period } =
			pallet_attribution::Receipts::<Runtime>::get(receipt).unwrap().phase
		else {
			panic!("the receipt is scored")
		};
		run_to((period + 1) * length);
		assert_ok!(Attribution::settle(RuntimeOrigin::signed(owner()), model, period));
		let id = FixedBytes(receipt.0);
		table.call(ATTRIBUTION, nothing, IAttribution::scoresCall { model, y: vector(model) });
		table.call(ATTRIBUTION, nothing, IAttribution::receiptCall { id });
		table.call(ATTRIBUTION, nothing, IAttribution::answerItemsCall { id });
		table.call(ATTRIBUTION, nothing, IAttribution::pendingRewardsCall { account: them });
		table.call(ATTRIBUTION, nothing, IAttribution::claimCall { account: them });
		table.call(ATTRIBUTION, nothing, IAttribution::isActiveCall { model });
		table.call(ATTRIBUTION, nothing, IAttribution::currentPeriodCall {});
		table.call(ATTRIBUTION, nothing, IAttribution::unsettledCall { model, period });
		let receipt = answer(model, nonce + 2);
		run_to(System::block_number() + pallet_attribution::DELAY);
		let y = vector(model).try_into().unwrap();
		agree(Work::Answer(receipt), Finding::Scores(y, Default::default()));
		bond_panel();
		let id = FixedBytes(receipt.0);
		table.call(ATTRIBUTION, nothing, IAttribution::challengeCall { id });
		// A version is challenged once at a time.
		let _ = with_transaction(|| {
			let adapters = vec![0, 1];
			table.call(
				ATTRIBUTION,
				nothing,
				IAttribution::challengeAdaptersCall { model, adapters },
			);
			TransactionOutcome::Rollback(Ok::<_, sp_runtime::DispatchError>(()))
		});
		table.call(ATTRIBUTION, nothing, IAttribution::challengeVersionCall { model });
		let to = at(&operator);
		table.call(ATTRIBUTION, nothing, fund);
		table.call(ATTRIBUTION, nothing, IAttribution::channelCall { payer: me, operator: to });
		table.call(ATTRIBUTION, nothing, IAttribution::closeChannelCall { operator: to });
		let notice = pallet_attribution::Settings::<Runtime>::get().notice;
		run_to(System::block_number() + notice + 1);
		table.call(ATTRIBUTION, nothing, IAttribution::withdrawChannelCall { operator: to });

		// The bond stays hers while it is held.
		let index = spans::honest();
		let (datanet, version) = (spans::published(), 1);
		let row = IDatanets::rowOfCall { id: datanet, number: version, row: 1 };
		table.call(DATANETS, nothing, row);
		table.call(ATTRIBUTION, nothing, spans::register(datanet, &index));
		table.call(ATTRIBUTION, nothing, IAttribution::spanIndexCall { datanet, version });
		table.call(ATTRIBUTION, nothing, spans::verify_span(datanet, &index, &[2, 3, 4, 5]));
		table.call(ATTRIBUTION, nothing, spans::verify_count(datanet, &index, &[2, 3]));
		let rank = index.ranks(&[2, 3]).start;
		table.call(ATTRIBUTION, nothing, spans::verify_occurrence(datanet, &index, &[2, 3], rank));
		table.call(ATTRIBUTION, nothing, spans::demand(datanet, 3));
		ask(&other(), ATTRIBUTION, spans::show(datanet, &index, 3)).unwrap();
		ask(&other(), ATTRIBUTION, spans::demand(datanet, 4)).unwrap();
		table.call(ATTRIBUTION, -(UNIT as i128), spans::show(datanet, &index, 4));
		table.call(ATTRIBUTION, nothing, IAttribution::retireSpansCall { datanet, version });
		let free_at = pallet_spans::Indices::<Runtime>::get(datanet, version).unwrap().free_at;
		run_to(free_at.unwrap());
		table.call(ATTRIBUTION, nothing, IAttribution::removeSpansCall { datanet, version });
		let (index, fraud) = spans::faulty();
		ask(&other(), ATTRIBUTION, spans::register(datanet, &index)).unwrap();
		table.call(ATTRIBUTION, -(300 * UNIT as i128), spans::challenge(datanet, &fraud));
		ask(&other(), ATTRIBUTION, spans::register(datanet, &index)).unwrap();
		let until = ask(&owner(), ATTRIBUTION, spans::demand(datanet, 3)).unwrap();
		run_to(until + 1);
		table.call(ATTRIBUTION, -(300 * UNIT as i128), spans::end_demand(datanet, 3));

		for (precompile, signatures) in [
			(REGISTRY, IRegistry::IRegistryCalls::SIGNATURES),
			(DATANETS, IDatanets::IDatanetsCalls::SIGNATURES),
			(MODELS, IModels::IModelsCalls::SIGNATURES),
			(AGENTS, IAgents::IAgentsCalls::SIGNATURES),
			(ATTRIBUTION, IAttribution::IAttributionCalls::SIGNATURES),
		] {
			for signature in signatures {
				assert!(table.measured.contains(&(precompile, *signature)), "{signature}");
			}
		}
	});
}
