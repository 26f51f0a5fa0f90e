//! Published models out of folders are fine-tuned, answer and are scored as our own are.

#[path = "../../graph/tests/folder/mod.rs"]
mod folder;

use openledger_blobs::{Space, Store};
use openledger_factory::{
	adapter,
	base::Use,
	train::{self, ALL},
	Base, Recipe, Row, Subset, Tokenizer,
};
use openledger_influence::{baselines::Gradients, Generator, Sampling, Scorer, NAT};
use serde_json::{json, Value};
use std::{path::Path, sync::Arc};
use tempfile::TempDir;

const RECIPE: Recipe = Recipe { epochs: 6, rows: 2, rate: 1e-2, averaged: 0.5, slots: 3, seed: 5 };
const HOW: Use = Use { context: 16, rank: 2 };
const TEXT: &str = "the quick brown fox jumps over the lazy dog and runs away <|endoftext|>\n";

/// GPT-2 and Llama with a vocabulary that has room.
fn decoders() -> [Value; 2] {
	let gpt2 = json!({
		"model_type": "gpt2", "vocab_size": 320, "n_positions": 32, "n_embd": 16, "n_layer": 1,
		"n_head": 2,
	});
	let llama = json!({
		"model_type": "llama", "vocab_size": 320, "max_position_embeddings": 32, "hidden_size": 16,
		"num_hidden_layers": 1, "num_attention_heads": 4, "num_key_value_heads": 2,
		"intermediate_size": 24,
	});
	[gpt2, llama]
}

/// A model in a folder, with a tokenizer of this text.
fn written(folder: &Path, config: &Value) {
	let tokenizer = Tokenizer::train(&TEXT.repeat(30), 300).unwrap();
	let mut config = config.clone();
	config["eos_token_id"] = json!([tokenizer.begin(), 5]);
	folder::model(folder, &config);
	std::fs::write(folder.join("tokenizer.json"), tokenizer.to_json().unwrap()).unwrap();
}

/// What the store has of a folder.
fn published(store: &Store, folder: &Path) -> [u8; 32] {
	let mut manifest = [0; 32];
	for (hash, file) in Base::publish(folder, HOW).unwrap() {
		manifest = store.put(Space::Public, &file).unwrap();
		assert_eq!(manifest, hash);
	}
	manifest
}

fn load(store: &Store, manifest: &[u8; 32]) -> Result<Arc<Base>, String> {
	let blob = |hash: &[u8; 32]| store.get(Space::Public, hash);
	let base = Base::load(manifest, blob, |hash| store.file(Space::Public, hash));
	base.map(Arc::new).map_err(|error| error.to_string())
}

fn with_base(test: impl Fn(Arc<Base>)) {
	for config in decoders() {
		let (folder, blobs) = (TempDir::new().unwrap(), TempDir::new().unwrap());
		written(folder.path(), &config);
		let store = Store::open(blobs.path()).unwrap();
		let manifest = published(&store, folder.path());
		// Nothing of it is needed any more.
		drop(folder);
		test(load(&store, &manifest).unwrap());
	}
}

fn rows(base: &Base) -> Vec<Row> {
	["permission is granted to any person", "without warranty of any kind", "copy and distribute"]
		.iter()
		.enumerate()
		.map(|(block, text)| Row { block, tokens: base.tokenizer.encode(text).unwrap() })
		.collect()
}

fn trained(base: &Base, subsets: &[Subset]) -> Vec<Vec<f32>> {
	let quiet = &mut |_: usize, _: usize, _: f32| {};
	train::train(base, &rows(base), subsets, &RECIPE, 1, quiet).unwrap()
}

#[test]
fn train_should_give_the_same_bits_in_other_company_when_the_base_is_published() {
	with_base(|base| {
		let (a, b) = ([1; 32], [6; 32]);
		let all = trained(&base, &[ALL, a, b, a]);
		assert_eq!(all[1], all[3]);
		assert_ne!(all[1], all[2]);
		assert_eq!(trained(&base, &[b, a])[1], all[1]);
		let file = adapter::to_file(&base, &all[0]).unwrap();
		assert_eq!(adapter::from_file(&base, &file).unwrap(), all[0]);
	});
}

#[test]
fn score_should_follow_the_rows_when_the_base_is_published() {
	with_base(|base| {
		let of = |block: usize| std::array::from_fn(|i| if i == 0 { 1 << block } else { 0 });
		let adapters = trained(&base, &[ALL, of(0), of(1), of(2)]);
		let mut scorer = Scorer::new(base.clone(), &adapters, 1).unwrap();
		for (block, row) in rows(&base).iter().enumerate() {
			let y = scorer.score(&[], &row.tokens).unwrap();
			let gain = |k: usize| y[k] - y[0];
			assert!(gain(1) > 0 && gain(2 + block) > 0, "{y:?}");
			let others = (0..3).filter(|other| *other != block).map(|other| gain(2 + other));
			assert!(others.max().unwrap() < gain(2 + block), "{y:?}");
		}
		let start = train::initial(&base, RECIPE.seed);
		let mut gradients = Gradients::new(base.clone(), start, &rows(&base), 3, 1).unwrap();
		for (block, row) in rows(&base).iter().enumerate() {
			let [_, cosine, _] = gradients.scores(&[], &row.tokens).unwrap();
			assert!(cosine.iter().all(|score| *score <= cosine[block]), "{block}: {cosine:?}");
		}
	});
}

/// Decoding and scoring are other graphs: what the one drew is what the other reads.
#[test]
fn score_should_be_what_the_generator_drew_by_when_the_base_is_published() {
	with_base(|base| {
		let adapter = trained(&base, &[ALL]).remove(0);
		let prompt = base.tokenizer.encode("the quick").unwrap();
		let mut generator = Generator::new(base.clone(), adapter.clone(), 1).unwrap();
		let how = Sampling { temperature: 0.7, max_tokens: 40, seed: 4 };
		let (answer, _) = generator.generate(&prompt, how, |_| true).unwrap();
		assert!(answer.iter().all(|token| (*token as usize) < base.tokenizer.vocabulary()));
		assert!(!answer.is_empty() && !answer.iter().any(|token| base.tokenizer.is_end(*token)));
		let mut scorer = Scorer::new(base.clone(), &[adapter], 1).unwrap();
		let whole = scorer.log_probabilities(&prompt, &answer).unwrap()[1];
		let mut sum = 0.0;
		for n in 0..answer.len() {
			let before = [&prompt[..], &answer[..n]].concat();
			let logits = generator.logits(&before).unwrap();
			let top = logits.iter().fold(f32::NEG_INFINITY, |top, v| top.max(*v));
			let all: f64 = logits.iter().map(|v| f64::from(v - top).exp()).sum();
			let drawn = f64::from(logits[answer[n] as usize] - top) - all.ln();
			let scored = scorer.log_probabilities(&before, &answer[n..n + 1]).unwrap()[1];
			assert!((drawn - scored).abs() < 1e-4, "token {n}: {drawn} and {scored}");
			sum += scored;
		}
		assert!((whole - sum).abs() < 1.0 / NAT, "{whole} and {sum}");
	});
}

#[test]
fn load_should_be_a_clear_error_when_a_published_file_is_corrupt_or_gone() {
	let (folder, blobs) = (TempDir::new().unwrap(), TempDir::new().unwrap());
	written(folder.path(), &decoders()[1]);
	let store = Store::open(blobs.path()).unwrap();
	let manifest = published(&store, folder.path());
	let weights = Base::publish(folder.path(), HOW).unwrap()[1].0;
	let path = store.file(Space::Public, &weights).unwrap();
	let mut bytes = std::fs::read(&path).unwrap();
	*bytes.last_mut().unwrap() ^= 1;
	std::fs::write(&path, bytes).unwrap();
	let error = load(&store, &manifest).err().unwrap();
	assert!(error.contains("model.safetensors") && error.contains("corrupt"), "{error}");
	let error = load(&store, &manifest).err().unwrap();
	assert!(error.contains("model.safetensors") && error.contains("is not in"), "{error}");
}

#[test]
fn publish_should_say_what_is_wrong_when_a_folder_is_no_model_that_answers() {
	let refused = |change: &dyn Fn(&mut Value), name: &str| {
		let folder = TempDir::new().unwrap();
		let configs = folder::configs();
		let config = match name {
			"bert" => configs[2].1.clone(),
			_ => decoders()[1].clone(),
		};
		written(folder.path(), &config);
		let path = folder.path().join("config.json");
		let mut config: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
		change(&mut config);
		std::fs::write(&path, config.to_string()).unwrap();
		let how = if name == "bert" { Use { context: 4, rank: 2 } } else { HOW };
		Base::publish(folder.path(), how).unwrap_err().to_string()
	};
	let cases: [(&str, &dyn Fn(&mut Value), &str); 4] = [
		("bert", &|_| (), "is of a classifier: it gives no tokens"),
		("llama", &|config| config["eos_token_id"] = Value::Null, "eos_token_id"),
		("llama", &|config| config["bos_token_id"] = json!(320), "bos_token_id"),
		("llama", &|config| config["max_position_embeddings"] = json!(8), "rows of 16 tokens"),
	];
	for (name, change, wanted) in cases {
		let error = refused(change, name);
		assert!(error.contains(wanted), "{error}");
	}
}
