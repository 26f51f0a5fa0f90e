//! What pallets do, as the logs of their precompiles.

use crate::{
	logs::{log, logs, EthLog},
	*,
};
use codec::{Decode, Encode};
use openledger_core::Method;
use openledger_precompiles::{
	abi::{IAgents, IAttribution, IDatanets, IModels},
	address_of, AGENTS, ATTRIBUTION, DATANETS, MODELS,
};
use pallet_attribution::{Doubt, SeatId, Work};
use scale_info::{TypeDef, TypeInfo};
use sp_core::{H160, H256};
use sp_io::{hashing::keccak_256, TestExternalities};
use std::collections::BTreeSet;

type Attributed = pallet_attribution::Event<Runtime>;
type Shared = pallet_datanets::Event<Runtime>;
type Modelled = pallet_models::Event<Runtime>;

/// Every event of a pallet by its name, with zeros and empty lists in it.
fn smallest<E: Decode + TypeInfo + Into<RuntimeEvent>>() -> Vec<(String, RuntimeEvent)> {
	let TypeDef::Variant(of) = E::type_info().type_def else { panic!("events are an enumeration") };
	let mut all = Vec::new();
	for variant in of.variants {
		let mut bytes = vec![0u8; 4_096];
		bytes[0] = variant.index;
		let event = E::decode(&mut &bytes[..]);
		let event = event.unwrap_or_else(|error| panic!("{}: {error}", variant.name));
		all.push((variant.name.to_string(), event.into()));
	}
	all
}

/// Every event of the pallets that have precompiles.
fn events() -> Vec<(String, RuntimeEvent)> {
	[
		smallest::<Shared>(),
		smallest::<Modelled>(),
		smallest::<pallet_agents::Event<Runtime>>(),
		smallest::<Attributed>(),
		smallest::<pallet_spans::Event<Runtime>>(),
	]
	.concat()
}

/// Every event of their interfaces: precompile, signature and first topic.
fn declared() -> Vec<(H160, &'static str, H256)> {
	let mut all = Vec::new();
	macro_rules! add {
		($precompile:ident, $interface:ident, $events:ident) => {
			for (topic, signature) in
				$interface::$events::SELECTORS.iter().zip($interface::$events::SIGNATURES)
			{
				all.push((address_of($precompile), *signature, H256(*topic)));
			}
		};
	}
	add!(DATANETS, IDatanets, IDatanetsEvents);
	add!(MODELS, IModels, IModelsEvents);
	add!(AGENTS, IAgents, IAgentsEvents);
	add!(ATTRIBUTION, IAttribution, IAttributionEvents);
	all
}

#[test]
fn event_should_be_a_log_of_its_interface_when_its_pallet_has_a_precompile() {
	TestExternalities::default().execute_with(|| {
		let declared = declared();
		let mut logged = BTreeSet::new();
		for (name, event) in events() {
			let logs = logs(&event);
			assert!(!logs.is_empty(), "{name} is no log");
			for EthLog { address, topics, .. } in logs {
				assert!((1..=4).contains(&topics.len()), "{name}");
				let is = |at: &H160, topic: &H256| (*at, *topic) == (address, topics[0]);
				let known = declared.iter().any(|(at, _, topic)| is(at, topic));
				assert!(known, "{name} is in no interface");
				logged.insert((address, topics[0]));
			}
		}
		for (address, signature, topic) in declared {
			assert_eq!(topic.0, keccak_256(signature.as_bytes()), "{signature}");
			assert!(logged.contains(&(address, topic)), "nothing makes a log of {signature}");
		}
	});
}

fn number(number: u64) -> H256 {
	H256::from_low_u64_be(number)
}

/// An account of an Ethereum address, and that as a word.
fn account(byte: u8) -> (AccountId, H256) {
	let address = H160::repeat_byte(byte);
	(openledger_core::account_of_address(&address), address.into())
}

#[test]
fn log_should_hold_what_its_event_says_when_its_words_are_read() {
	let ((who, who_word), (other, other_word)) = (account(1), account(2));
	let (hash, seed) = (H256::repeat_byte(3), H256::repeat_byte(4));
	let training = Work::Training(7);
	let seat = |work| SeatId { work, attempt: 1, index: 2 };
	let parameters = pallet_attribution::Parameters::default();
	let encoded = parameters.encode();
	let mut bytes = vec![number(32), number(encoded.len() as u64)];
	bytes.extend(encoded.chunks(32).map(|chunk| {
		let mut word = [0; 32];
		word[..chunk.len()].copy_from_slice(chunk);
		H256(word)
	}));
	// The event, its signature, the topics behind that and the words of the data.
	let table: Vec<(RuntimeEvent, &str, Vec<H256>, Vec<H256>)> = vec![
		(
			Shared::Announced { who: who.clone(), commitment: hash }.into(),
			"Announced(address,bytes32)",
			vec![who_word, hash],
			vec![],
		),
		(
			Shared::Retracted { who: who.clone(), commitment: hash }.into(),
			"Retracted(address,bytes32)",
			vec![who_word, hash],
			vec![],
		),
		(
			Shared::BondReleased { datanet: 5, hash }.into(),
			"BondReleased(uint32,bytes32)",
			vec![number(5), hash],
			vec![],
		),
		(
			Shared::Recommitted { datanet: 5, batch: 6, root: hash }.into(),
			"Recommitted(uint32,uint32,bytes32)",
			vec![number(5), number(6)],
			vec![hash],
		),
		(
			Shared::VersionRemoved { datanet: 5, version: 6 }.into(),
			"VersionRemoved(uint32,uint32)",
			vec![number(5), number(6)],
			vec![],
		),
		(
			Shared::LicenceRemoved { datanet: 5, who: who.clone() }.into(),
			"LicenceRemoved(uint32,address)",
			vec![number(5), who_word],
			vec![],
		),
		(
			Shared::Credited { datanet: 5, who: who.clone(), amount: 6 }.into(),
			"Credited(uint32,address,uint256)",
			vec![number(5), who_word],
			vec![number(6)],
		),
		(
			Shared::RowsRewarded { datanet: 5, amount: 6 }.into(),
			"RowsRewarded(uint32,uint256)",
			vec![number(5)],
			vec![number(6)],
		),
		(Modelled::BaseRemoved { base: 5 }.into(), "BaseRemoved(uint32)", vec![number(5)], vec![]),
		(
			Modelled::VersionRemoved { model: 5 }.into(),
			"VersionRemoved(uint32)",
			vec![number(5)],
			vec![],
		),
		(Attributed::ParametersSet { parameters }.into(), "ParametersSet(bytes)", vec![], bytes),
		(Attributed::PausedSet { paused: true }.into(), "PausedSet(bool)", vec![], vec![number(1)]),
		(
			Attributed::BondWithdrawn { scorer: who.clone(), bond: 6 }.into(),
			"BondWithdrawn(address,uint256)",
			vec![who_word],
			vec![number(6)],
		),
		(
			Attributed::DesignOpened { model: 7, blocks: 5, method: Method::Gradient, adapters: 6 }
				.into(),
			"DesignOpened(uint32,uint32,uint8,uint16)",
			vec![number(7)],
			vec![number(5), number(1), number(6)],
		),
		(
			Attributed::SeedDrawn { model: 7, seed }.into(),
			"SeedDrawn(uint32,bytes32)",
			vec![number(7)],
			vec![seed],
		),
		(
			Attributed::DesignClosed { model: 7 }.into(),
			"DesignClosed(uint32)",
			vec![number(7)],
			vec![],
		),
		(
			Attributed::CommitteeDrawn {
				work: Work::Answer(hash),
				attempt: 1,
				panel: true,
				scorers: vec![who.clone(), other].try_into().unwrap(),
			}
			.into(),
			"CommitteeDrawn(bytes32,uint8,bool,address[])",
			vec![hash],
			vec![number(1), number(1), number(96), number(2), who_word, other_word],
		),
		(
			Attributed::Committed { seat: seat(Work::Answer(hash)) }.into(),
			"Committed(bytes32,uint8,uint8)",
			vec![hash],
			vec![number(1), number(2)],
		),
		(
			Attributed::Revealed { seat: seat(Work::Batch(8)) }.into(),
			"Revealed(bytes32,uint8,uint8)",
			vec![number(8)],
			vec![number(1), number(2)],
		),
		(
			Attributed::Agreed { work: training, until: 9 }.into(),
			"Agreed(bytes32,uint32)",
			vec![number(7)],
			vec![number(9)],
		),
		(
			Attributed::PanelAsked { work: training, doubt: Doubt::Challenge }.into(),
			"PanelAsked(bytes32,uint8)",
			vec![number(7)],
			vec![number(2)],
		),
		(Attributed::Untested { model: 7 }.into(), "Untested(uint32)", vec![number(7)], vec![]),
		(
			Attributed::ReceiptPruned { receipt: hash }.into(),
			"ReceiptPruned(bytes32)",
			vec![hash],
			vec![],
		),
		(
			Attributed::SampleDrawn { batch: 8, seed }.into(),
			"SampleDrawn(uint64,bytes32)",
			vec![number(8)],
			vec![seed],
		),
		(
			Attributed::DebtForgotten { model: 7, who, debt: 9, taken: 6 }.into(),
			"DebtForgotten(uint32,address,uint256,uint256)",
			vec![number(7), who_word],
			vec![number(9), number(6)],
		),
	];
	for (event, signature, indexed, data) in table {
		let precompile = match event {
			RuntimeEvent::Datanets(_) => DATANETS,
			RuntimeEvent::Models(_) => MODELS,
			_ => ATTRIBUTION,
		};
		let topics = [vec![H256(keccak_256(signature.as_bytes()))], indexed].concat();
		let data = data.iter().flat_map(|word| word.0).collect();
		let expected = EthLog { address: address_of(precompile), topics, data };
		assert_eq!(log(&event), Some(expected), "{signature}");
	}
}

#[test]
fn settled_should_be_two_logs_when_its_released_form_says_less() {
	let (total, paid, rest, netted) = (9, 5, 4, 3);
	let event = Attributed::Settled { model: 7, period: 8, total, paid, rest, netted }.into();
	let expected = |signature: &str, words: &[u64]| EthLog {
		address: address_of(ATTRIBUTION),
		topics: vec![H256(keccak_256(signature.as_bytes())), number(7), number(8)],
		data: words.iter().flat_map(|word| number(*word).0).collect(),
	};
	let settled = expected("Settled(uint32,uint32,uint256,uint256,uint256)", &[9, 5, 4]);
	assert_eq!(logs(&event), [settled, expected("Netted(uint32,uint32,uint256)", &[3])]);
}
