//! What was released stays, and the files for clients say what the runtime does.

#[path = "../examples/interfaces/abi.rs"]
mod abi;

use openledger_precompiles::{
	abi::{IAgents, IAttribution, IDatanets, IModels, IOpen, IRegistry},
	address_of, INTERFACES,
};
use openledger_spans::{abi as calldata, Builder, Index};
use openledger_spans_math::{reference::Deepest, Commitment};
use pallet_revive::precompiles::alloy::{primitives::hex, sol_types::SolInterface};
use std::collections::{BTreeMap, BTreeSet};

/// Functions and events that were released, with the version of the interface that brought them.
const RELEASED: &str = include_str!("../selectors.txt");

/// Interface, kind, signature, selector.
type Entry = (String, String, String, String);

/// What the runtime decodes and logs.
fn compiled() -> BTreeSet<Entry> {
	let mut all = BTreeSet::new();
	macro_rules! add {
		($interface:ident, $kind:literal, $items:ident) => {
			for (selector, signature) in
				$interface::$items::SELECTORS.iter().zip($interface::$items::SIGNATURES)
			{
				all.insert((
					stringify!($interface).into(),
					$kind.into(),
					signature.to_string(),
					hex::encode_prefixed(selector),
				));
			}
		};
	}
	add!(IRegistry, "function", IRegistryCalls);
	add!(IDatanets, "function", IDatanetsCalls);
	add!(IDatanets, "event", IDatanetsEvents);
	add!(IModels, "function", IModelsCalls);
	add!(IModels, "event", IModelsEvents);
	add!(IAgents, "function", IAgentsCalls);
	add!(IAgents, "event", IAgentsEvents);
	add!(IAttribution, "function", IAttributionCalls);
	add!(IAttribution, "event", IAttributionEvents);
	add!(IOpen, "function", IOpenCalls);
	add!(IOpen, "event", IOpenEvents);
	all
}

/// The released list: entries and the version that brought each.
fn released() -> BTreeMap<Entry, u32> {
	RELEASED
		.lines()
		.filter(|line| !line.is_empty() && !line.starts_with('#'))
		.map(|line| {
			let [interface, kind, signature, selector, since] =
				line.split_whitespace().collect::<Vec<_>>()[..]
			else {
				panic!("`{line}` has not five columns");
			};
			let entry = (interface.into(), kind.into(), signature.into(), selector.into());
			(entry, since.parse().expect("a version is a number"))
		})
		.collect()
}

/// The row of the registry for an interface.
fn row(interface: &str) -> &'static openledger_precompiles::Interface {
	let name = interface.trim_start_matches('I').to_lowercase();
	INTERFACES
		.iter()
		.find(|known| known.name == name)
		.unwrap_or_else(|| panic!("{interface} is not in INTERFACES"))
}

#[test]
fn selectors_should_be_those_released_when_the_interfaces_are_compiled() {
	let (compiled, released) = (compiled(), released());
	let lost: Vec<_> = released.keys().filter(|entry| !compiled.contains(*entry)).collect();
	assert!(lost.is_empty(), "contracts in use call what is gone: {lost:#?}");
	let new: Vec<String> = compiled
		.iter()
		.filter(|entry| !released.contains_key(*entry))
		.map(|(interface, kind, signature, selector)| {
			let next = row(interface).version;
			format!("{interface} {kind} {signature} {selector} {next}")
		})
		.collect();
	let new = new.join("\n");
	assert!(new.is_empty(), "raise the version in INTERFACES and append to selectors.txt:\n{new}");
}

#[test]
fn version_should_be_that_of_the_newest_selector_when_the_registry_names_it() {
	let mut newest = BTreeMap::<String, u32>::new();
	for ((interface, ..), since) in released() {
		let known = newest.entry(interface).or_default();
		*known = since.max(*known);
	}
	assert_eq!(newest.len(), INTERFACES.len());
	for (interface, since) in newest {
		assert_eq!(row(&interface).version, since, "{interface}");
	}
}

#[test]
fn abi_should_have_the_signatures_of_the_runtime_when_read_from_the_same_files() {
	let compiled: BTreeSet<_> = compiled()
		.into_iter()
		.map(|(interface, kind, signature, _)| (interface, kind, signature))
		.collect();
	let mut read = BTreeSet::new();
	for interface in abi::interfaces() {
		for item in &interface.abi {
			let kind = item["type"].as_str().unwrap().to_string();
			assert!(read.insert((interface.name.clone(), kind, abi::signature(item))));
		}
	}
	assert_eq!(read, compiled);
}

#[test]
fn abi_should_describe_types_as_the_compiler_does_when_they_are_declared() {
	let interfaces = abi::interfaces();
	let item = |interface: &str, name: &str| {
		let found = interfaces.iter().find(|one| one.name == interface).unwrap();
		found.abi.iter().find(|item| item["name"] == name).unwrap().clone()
	};
	let receipt = item("IAttribution", "receipt");
	assert_eq!(receipt["stateMutability"], "view");
	let phase = &receipt["outputs"][4];
	assert_eq!((&phase["name"], &phase["type"]), (&"phase".into(), &"uint8".into()));
	assert_eq!(phase["internalType"], "enum IAttribution.Phase");
	let all = &item("IRegistry", "interfaces")["outputs"][0];
	assert_eq!(all["type"], "tuple[]");
	assert_eq!(all["internalType"], "struct IRegistry.Interface[]");
	assert_eq!(all["components"][2]["name"], "version");
	assert_eq!(item("IAgents", "callSkill")["stateMutability"], "payable");
	assert_eq!(item("IOpen", "transfer")["stateMutability"], "nonpayable");
	let transfer = item("IOpen", "Transfer");
	assert_eq!(transfer["inputs"][1]["indexed"], true);
	assert_eq!(transfer["inputs"][2]["indexed"], false);
}

#[test]
fn address_should_be_that_of_the_registry_when_a_file_names_it() {
	for interface in abi::interfaces() {
		let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/sol");
		let text = std::fs::read_to_string(format!("{folder}/{}.sol", interface.name)).unwrap();
		let at = hex::encode_prefixed(address_of(row(&interface.name).at).0);
		assert!(text.to_lowercase().contains(&format!("at {at}.")), "{}", interface.name);
	}
}

#[test]
fn calldata_should_be_what_the_runtime_decodes_when_an_index_proves() {
	use codec::Encode;
	use IAttribution::IAttributionCalls as Call;
	let decode = |data: &[u8]| Call::abi_decode_validate(data).unwrap();
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("index");
	let mut builder = Builder::new();
	builder.push(&[1, 2, 3]).unwrap();
	let commitment = builder.write(&path, &|_| {}).unwrap();
	let index = Index::open(&path).unwrap();
	for query in [&[2, 3][..], &[7], &[3; 64]] {
		let proof = index.prove(query).unwrap();
		let data = calldata::verify_span(7, 9, query, &proof);
		let Call::verifySpan(call) = decode(&data) else { panic!("another function") };
		assert_eq!((call.datanet, call.version, &call.query[..]), (7, 9, query));
		assert_eq!(call.proof, proof.encode());
		assert_eq!(Call::verifySpan(call).abi_encode(), data);

		let proof = index.prove_count(query).unwrap();
		let data = calldata::verify_count(7, 9, query, &proof);
		let Call::verifyCount(call) = decode(&data) else { panic!("another function") };
		assert_eq!((&call.span[..], &call.proof[..]), (query, &proof.encode()[..]));
	}
	let span = [2, 3];
	let proof = index.prove_occurrence(&span, index.ranks(&span).start).unwrap();
	let data = calldata::verify_occurrence(7, 9, &span, &proof);
	let Call::verifyOccurrence(call) = decode(&data) else { panic!("another function") };
	assert_eq!((&call.span[..], &call.proof[..]), (&span[..], &proof.encode()[..]));

	let data = calldata::register(7, 9, &commitment);
	let Call::registerSpans(call) = decode(&data) else { panic!("another function") };
	let read = Commitment {
		tokens: call.tokens,
		text_root: call.textRoot.0.into(),
		suffix_root: call.suffixRoot.0.into(),
	};
	assert_eq!((call.datanet, call.version, read), (7, 9, commitment));

	let fraud = Deepest::new(40).fraud;
	let data = calldata::challenge(7, 9, &fraud);
	let Call::challengeSpans(call) = decode(&data) else { panic!("another function") };
	assert_eq!((call.datanet, call.version, &call.fraud[..]), (7, 9, &fraud.encode()[..]));
}
