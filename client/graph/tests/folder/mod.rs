//! Random models in folders as Hugging Face lays them out.
#![allow(dead_code)] // Each test uses a part.

use openledger_graph::{Error, Pretrained};
use serde_json::{json, Map, Value};
use std::{
	fs::{self, File},
	io::{BufWriter, Write},
	path::Path,
};

/// Configs of small models, by name: two decoders and a classifier.
pub fn configs() -> [(&'static str, Value); 3] {
	let gpt2 = json!({
		"model_type": "gpt2", "vocab_size": 11, "n_positions": 8, "n_embd": 8, "n_layer": 2,
		"n_head": 2,
	});
	let llama = json!({
		"model_type": "llama", "vocab_size": 11, "max_position_embeddings": 8, "hidden_size": 8,
		"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 4,
		"intermediate_size": 10,
	});
	let bert = json!({
		"model_type": "bert", "vocab_size": 11, "max_position_embeddings": 8, "hidden_size": 8,
		"num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 10,
		"id2label": { "0": "no", "1": "yes", "2": "perhaps" },
	});
	[("gpt2", gpt2), ("llama", llama), ("bert", bert)]
}

/// Configs of larger decoders, with heads of 64 numbers.
pub fn decoders(width: usize, layers: usize) -> [Value; 2] {
	let gpt2 = json!({
		"model_type": "gpt2", "vocab_size": 1000, "n_positions": 64, "n_embd": width,
		"n_layer": layers, "n_head": width / 64,
	});
	let llama = json!({
		"model_type": "llama", "vocab_size": 1000, "max_position_embeddings": 64,
		"hidden_size": width, "intermediate_size": width / 4 * 11, "num_hidden_layers": layers,
		"num_attention_heads": width / 64, "num_key_value_heads": 2,
	});
	[gpt2, llama]
}

/// Numbers between −1 and 1 from a linear congruence.
pub fn numbers(seed: u64, n: usize) -> impl Iterator<Item = f32> {
	let mut state = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
	(0..n).map(move |_| {
		state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
		((state >> 40) as f32 / (1u64 << 23) as f32) - 1.0
	})
}

/// Writes `model.safetensors` with tensors of a type, of which a number has so many bytes.
pub fn tensors(folder: &Path, tensors: &[(String, Vec<usize>)], kind: &str, bytes: usize) {
	let file = listed(folder, tensors, kind, bytes);
	let mut file = BufWriter::new(file);
	for (i, (name, shape)) in tensors.iter().enumerate() {
		let (middle, size) = match shape[..] {
			[_] if name.ends_with("weight") => (1.0, 0.2),
			[_] => (0.0, 0.2),
			_ => (0.0, 1.7 * (shape[shape.len() - 1] as f32).powf(-0.5)),
		};
		// One after another: tests of memory would see a vector of all.
		for v in numbers(i as u64, shape.iter().product()) {
			file.write_all(&(middle + size * v).to_le_bytes()[4 - bytes..]).unwrap();
		}
	}
	file.flush().unwrap();
}

/// The file with its list and room for the tensors, at the end of the list.
fn listed(folder: &Path, tensors: &[(String, Vec<usize>)], kind: &str, bytes: usize) -> File {
	let (mut list, mut from) = (Map::new(), 0);
	for (name, shape) in tensors {
		let to = from + bytes * shape.iter().product::<usize>();
		let entry = json!({ "dtype": kind, "shape": shape, "data_offsets": [from, to] });
		list.insert(name.clone(), entry);
		from = to;
	}
	let list = serde_json::to_vec(&list).unwrap();
	let mut file = File::create(folder.join("model.safetensors")).unwrap();
	file.write_all(&(list.len() as u64).to_le_bytes()).unwrap();
	file.write_all(&list).unwrap();
	file.set_len((8 + list.len() + from) as u64).unwrap();
	file
}

/// Writes a model: the tensors that errors ask for, one after another.
pub fn model(folder: &Path, config: &Value) -> Vec<(String, Vec<usize>)> {
	fs::create_dir_all(folder).unwrap();
	fs::write(folder.join("config.json"), config.to_string()).unwrap();
	fs::write(folder.join("tokenizer.json"), "{}").unwrap();
	let mut all: Vec<_> = (0..16).map(|i| (format!("unused.{i}"), vec![1])).collect();
	loop {
		listed(folder, &all, "F32", 4);
		match Pretrained::open(folder, 1, 1) {
			Err(Error::Missing(_, name, shape)) => all.push((name, shape)),
			Err(error) => panic!("{error}"),
			Ok(_) => break,
		}
	}
	tensors(folder, &all, "F32", 4);
	all
}
