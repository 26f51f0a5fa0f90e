//! The ABI of the interfaces, read from the files in `sol/` that the runtime is compiled from.

use proc_macro2::TokenStream;
use serde_json::{json, Value};
use std::path::Path;
use syn_solidity::{Item, ItemContract, Type, VariableDeclaration};

/// An interface: its name and its ABI as the Solidity compiler describes it.
pub struct Interface {
	pub name: String,
	pub abi: Vec<Value>,
}

/// All interfaces of the crate, by their names.
pub fn interfaces() -> Vec<Interface> {
	let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sol");
	let files = std::fs::read_dir(folder).expect("the crate has its sources");
	let mut all: Vec<_> = files
		.map(|file| {
			let path = file.expect("the folder is readable").path();
			parse(&std::fs::read_to_string(&path).expect("the file is text"))
				.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
		})
		.collect();
	all.sort_by(|a, b| a.name.cmp(&b.name));
	all
}

/// Name and parameter types of a function or an event, which its selector is the hash of.
#[allow(dead_code)]
pub fn signature(item: &Value) -> String {
	format!("{}{}", item["name"].as_str().unwrap_or_default(), types(&item["inputs"]))
}

fn types(parameters: &Value) -> String {
	let all: Vec<String> = parameters
		.as_array()
		.into_iter()
		.flatten()
		.map(|parameter| {
			let name = parameter["type"].as_str().unwrap_or_default();
			match name.strip_prefix("tuple") {
				Some(array) => types(&parameter["components"]) + array,
				None => name.into(),
			}
		})
		.collect();
	format!("({})", all.join(","))
}

fn parse(text: &str) -> Result<Interface, Box<dyn std::error::Error>> {
	let file = syn_solidity::parse2(text.parse::<TokenStream>()?)?;
	let contract = file
		.items
		.iter()
		.find_map(|item| match item {
			Item::Contract(contract) => Some(contract),
			_ => None,
		})
		.ok_or("the file has no interface")?;
	let abi = contract.body.iter().filter_map(|item| describe(contract, item).transpose());
	Ok(Interface { name: contract.name.to_string(), abi: abi.collect::<Result<_, _>>()? })
}

/// The entry of an item; types have none.
fn describe(contract: &ItemContract, item: &Item) -> Result<Option<Value>, String> {
	let entry = match item {
		Item::Function(function) => {
			let outputs = function.returns.as_ref().map(|returns| &returns.returns);
			let mutability = function.attributes.mutability();
			json!({
				"type": "function",
				"name": function.name().to_string(),
				"inputs": parameters(contract, function.parameters.iter())?,
				"outputs": parameters(contract, outputs.into_iter().flat_map(|list| list.iter()))?,
				"stateMutability": mutability.map_or("nonpayable".into(), |one| one.to_string()),
			})
		},
		Item::Event(event) => {
			let mut inputs = parameters(contract, event.params().iter())?;
			for (described, one) in inputs.iter_mut().zip(&event.parameters) {
				described["indexed"] = one.is_indexed().into();
			}
			json!({
				"type": "event",
				"name": event.name.to_string(),
				"inputs": inputs,
				"anonymous": event.is_anonymous(),
			})
		},
		Item::Struct(_) | Item::Enum(_) => return Ok(None),
		_ => return Err("an interface has functions, events, structs and enums".into()),
	};
	Ok(Some(entry))
}

fn parameters<'a>(
	contract: &ItemContract,
	all: impl Iterator<Item = &'a VariableDeclaration>,
) -> Result<Vec<Value>, String> {
	all.map(|one| {
		let mut described = parameter(contract, &one.ty)?;
		described["name"] = one.name.as_ref().map(ToString::to_string).unwrap_or_default().into();
		Ok(described)
	})
	.collect()
}

/// A parameter without its name: structs are tuples, enums are `uint8`.
fn parameter(contract: &ItemContract, ty: &Type) -> Result<Value, String> {
	let wanted = match ty {
		Type::Array(array) => {
			let size = array.size().map(|size| size.to_string()).unwrap_or_default();
			let mut described = parameter(contract, &array.ty)?;
			for field in ["type", "internalType"] {
				let element = described[field].as_str().unwrap_or_default();
				described[field] = format!("{element}[{size}]").into();
			}
			return Ok(described);
		},
		Type::Custom(path) => path.to_string(),
		_ => return Ok(json!({ "type": ty.to_string(), "internalType": ty.to_string() })),
	};
	let full = format!("{}.{wanted}", contract.name);
	for item in &contract.body {
		match item {
			Item::Enum(found) if found.name == wanted => {
				return Ok(json!({ "type": "uint8", "internalType": format!("enum {full}") }));
			},
			Item::Struct(found) if found.name == wanted => {
				return Ok(json!({
					"type": "tuple",
					"internalType": format!("struct {full}"),
					"components": parameters(contract, found.fields.iter())?,
				}));
			},
			_ => (),
		}
	}
	Err(format!("{full} is not declared"))
}
