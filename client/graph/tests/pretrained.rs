//! Models out of folders: their graphs against differences and each other, and what errors say.

mod folder;

use folder::{configs, decoders, model};
use openledger_graph::{count, Graph, Output, Pretrained};
use openledger_onnx::{Runtime, Session, Tensor};
use serde_json::{json, Value};
use std::{collections::BTreeMap, fs, path::Path};
use tempfile::TempDir;

const CONTEXT: usize = 6;
const RANK: usize = 2;

fn numbers(seed: u64, n: usize) -> Vec<f32> {
	folder::numbers(seed, n).collect()
}

fn opened(config: &Value) -> (TempDir, Pretrained) {
	let folder = TempDir::new().unwrap();
	model(folder.path(), config);
	let opened = Pretrained::open(folder.path(), CONTEXT, RANK).unwrap();
	(folder, opened)
}

fn session(model: &Pretrained, graph: Graph) -> Session {
	Session::with_files(&Runtime::load().unwrap(), &graph.to_onnx(), 1, model.folder()).unwrap()
}

fn classifies(model: &Pretrained) -> bool {
	matches!(model.model().output, Output::Class { .. })
}

/// A batch under adapters; with targets if it is scored. Segment `i` has the texts of `order[i]`.
fn batch(
	model: &Pretrained,
	order: &[usize],
	rows: usize,
	adapters: Vec<f32>,
	scored: bool,
) -> Vec<(&'static str, Tensor)> {
	let (tokens, segments) = (vec![order.len(), rows, CONTEXT], order.len());
	let made = |shape: &[usize], step: usize, of: usize| {
		let n: usize = shape[1..].iter().product();
		let values =
			order.iter().flat_map(|s| (0..n).map(move |i| ((s * 3 + i) * step % of) as i64));
		Tensor::Integers(shape.to_vec(), values.collect())
	};
	let total = count(&model.adapter());
	let mut inputs = vec![
		("parameters.in", Tensor::Floats(vec![segments, total], adapters)),
		("tokens", made(&tokens, 7, 11)),
	];
	let mut answers = (tokens.clone(), 11);
	if classifies(model) {
		answers = (tokens[..2].to_vec(), 3);
		let present = (0..segments * rows * CONTEXT).map(|i| f32::from(i % CONTEXT < 4)).collect();
		inputs.push(("kinds", made(&tokens, 1, 2)));
		inputs.push(("present", Tensor::Floats(tokens, present)));
	}
	if scored {
		let n = answers.0.iter().product::<usize>();
		inputs.push(("targets", made(&answers.0, 5, answers.1)));
		inputs.push(("mask", Tensor::Floats(answers.0, vec![0.7; n])));
	}
	inputs
}

#[test]
fn gradient_graph_should_match_differences_when_all_adapters_move() {
	for (name, config) in configs() {
		let (_folder, model) = opened(&config);
		let a = count(&model.adapter());
		let adapter: Vec<f32> = numbers(2, 2 * a).iter().map(|v| v * 0.5).collect();
		let mut session = session(&model, model.gradient(2));
		let mut run = |adapter: &[f32]| {
			session.run(batch(&model, &[0, 1], 1, adapter.to_vec(), true)).unwrap()
		};
		let gradient = run(&adapter)["gradient"].clone();
		for seed in 0..4 {
			let direction = numbers(50 + seed, 2 * a);
			let mut at = |by: f32| -> Vec<f64> {
				let moved: Vec<f32> =
					adapter.iter().zip(&direction).map(|(p, d)| p + by * d).collect();
				run(&moved)["objective"].iter().map(|v| f64::from(*v)).collect()
			};
			let step = 2e-3f32;
			let (up, down, up2, down2) = (at(step), at(-step), at(2.0 * step), at(-2.0 * step));
			for row in 0..2 {
				let difference = (8.0 * (up[row] - down[row]) - (up2[row] - down2[row]))
					/ (12.0 * f64::from(step));
				// The graph gives the gradient of the loss, the objective is its negative.
				let analytic: f64 = (row * a..(row + 1) * a)
					.map(|i| -f64::from(gradient[i]) * f64::from(direction[i]))
					.sum();
				let error = (difference - analytic).abs() / (analytic.abs() + 1.0);
				assert!(error < 5e-3, "{name}, row {row}: {difference} against {analytic}");
			}
		}
	}
}

#[test]
fn decode_should_agree_with_score_when_tokens_are_served() {
	let [gpt2, llama, _] = configs().map(|(_, config)| config);
	let mut tied = llama.clone();
	tied["tie_word_embeddings"] = json!(true);
	for config in [gpt2, llama, tied] {
		let (_folder, model) = opened(&config);
		let adapters = numbers(3, 2 * count(&model.adapter()));
		let served = batch(&model, &[0, 1], 1, adapters.clone(), true);
		let Some(("targets", Tensor::Integers(_, targets))) = served.get(2) else { panic!() };
		let targets = targets.clone();
		let log = session(&model, model.score(2, 1)).run(served).unwrap()["log"].clone();
		let mut decode = session(&model, model.decode(2).unwrap());
		for place in 0..CONTEXT {
			let mut inputs = batch(&model, &[0, 1], 1, adapters.clone(), false);
			let pick = (0..2 * CONTEXT).map(|i| f32::from(i % CONTEXT == place)).collect();
			inputs.push(("pick", Tensor::Floats(vec![2, 1, CONTEXT], pick)));
			let out = decode.run(inputs).unwrap();
			for (row, logits) in out["logits"].chunks(11).enumerate() {
				let sum: f64 = logits.iter().map(|v| f64::from(*v).exp()).sum();
				let target = row * CONTEXT + place;
				let decoded = f64::from(logits[targets[target] as usize]) - sum.ln();
				let apart = (decoded - f64::from(log[target])).abs();
				assert!(apart < 1e-4, "{config}: {decoded} and {}", log[target]);
			}
		}
	}
}

#[test]
fn logits_should_not_see_what_comes_later_when_the_model_decodes() {
	for (name, config) in configs() {
		let (_folder, model) = opened(&config);
		let mut session = session(&model, model.logits(1, 1));
		let adapters = numbers(3, count(&model.adapter()));
		let mut run = |changed: usize| {
			let mut inputs = batch(&model, &[0], 1, adapters.clone(), false);
			let Tensor::Integers(_, tokens) = &mut inputs[1].1 else { panic!() };
			tokens[changed] = (tokens[changed] + 1) % 11;
			session.run(inputs).unwrap()["logits"].clone()
		};
		// Places 4 and 5 are behind the classifier's text, whose first token sees all others.
		let [early, late, last] = [2, 4, 5].map(&mut run);
		let seen = if classifies(&model) { 3 } else { 4 * 11 };
		assert_eq!(late[..seen], last[..seen], "{name}");
		assert_ne!(early[..seen], last[..seen], "{name}");
	}
}

fn trained(model: &Pretrained, order: &[usize], adapters: Vec<f32>, rates: Vec<f32>) -> Vec<f32> {
	let (s, total) = (order.len(), count(&model.adapter()));
	let mut inputs = batch(model, order, 2, adapters, true);
	inputs.extend([
		("first.in", Tensor::Floats(vec![s, total], vec![0.0; s * total])),
		("second.in", Tensor::Floats(vec![s, total], vec![0.0; s * total])),
		("rate", Tensor::Floats(vec![s, 1], rates)),
		("correct1", Tensor::Floats(vec![s, 1], vec![0.1; s])),
		("correct2", Tensor::Floats(vec![s, 1], vec![0.01; s])),
	]);
	session(model, model.train(s, 2)).run(inputs).unwrap()["parameters"].clone()
}

#[test]
fn train_should_give_the_same_bits_when_an_adapter_sits_elsewhere() {
	for (name, config) in configs() {
		let (_folder, model) = opened(&config);
		let a = count(&model.adapter());
		let (mine, other) = (numbers(2, a), numbers(3, a));
		let first = [mine.clone(), other.clone(), other.clone()].concat();
		let first = trained(&model, &[0, 1, 2], first, vec![1e-2; 3]);
		let last = [other.clone(), other, mine.clone()].concat();
		let last = trained(&model, &[1, 2, 0], last, vec![1e-2; 3]);
		assert_eq!(first[..a], last[2 * a..], "{name}");
		assert_ne!(first[..a], mine, "{name}");
	}
}

/// Large enough that products are divided among threads.
#[test]
fn gradient_should_give_the_same_bits_when_more_threads_run() {
	for config in decoders(256, 2) {
		let folder = TempDir::new().unwrap();
		model(folder.path(), &config);
		let model = Pretrained::open(folder.path(), 64, RANK).unwrap();
		let a = count(&model.adapter());
		let mut gradients = [1, 2, 3].map(|threads| {
			let graph = model.gradient(4).to_onnx();
			let runtime = Runtime::load().unwrap();
			let mut session =
				Session::with_files(&runtime, &graph, threads, model.folder()).unwrap();
			let shape = vec![4, 1, 64];
			let tokens = |step: i64| (0..4 * 64).map(|i| i * step % 1000).collect();
			let inputs = vec![
				("parameters.in", Tensor::Floats(vec![4, a], numbers(3, 4 * a))),
				("tokens", Tensor::Integers(shape.clone(), tokens(7))),
				("targets", Tensor::Integers(shape.clone(), tokens(5))),
				("mask", Tensor::Floats(shape, vec![1.0; 4 * 64])),
			];
			session.run(inputs).unwrap().remove("gradient").unwrap()
		});
		let one = std::mem::take(&mut gradients[0]);
		assert!(one.iter().any(|v| *v != 0.0));
		assert!(gradients[1..].iter().all(|other| *other == one), "{config}");
	}
}

#[test]
fn train_should_leave_an_adapter_as_it_is_when_its_rate_is_zero() {
	for (name, config) in configs() {
		let (_folder, model) = opened(&config);
		let a = count(&model.adapter());
		let before = numbers(2, 2 * a);
		let after = trained(&model, &[0, 1], before.clone(), vec![0.0, 1e-2]);
		assert_eq!(after[..a], before[..a], "{name}");
		assert_ne!(after[a..], before[a..], "{name}");
	}
}

#[test]
fn to_onnx_should_hold_no_weights_when_they_lie_in_a_file() {
	for (name, config) in configs() {
		let (folder, model) = opened(&config);
		let graph = model.gradient(2).to_onnx();
		let weights = fs::read(folder.path().join("model.safetensors")).unwrap();
		// The last tensor that is asked for is one of the head or of the last block.
		let some = &weights[weights.len() - 16..];
		assert!(!graph.windows(16).any(|part| part == some), "{name}");
		assert_eq!(graph, model.gradient(2).to_onnx(), "{name}");
	}
}

#[test]
fn open_should_take_a_file_of_the_bare_model_when_names_lack_their_first_part() {
	let folder = TempDir::new().unwrap();
	let named = model(folder.path(), &configs()[0].1);
	let bare: Vec<(String, Vec<usize>)> = named
		.iter()
		.map(|(name, shape)| (name.trim_start_matches("transformer.").into(), shape.clone()))
		.collect();
	assert_ne!(named, bare);
	let outputs = |named: &[(String, Vec<usize>)]| {
		folder::tensors(folder.path(), named, "F32", 4);
		let model = Pretrained::open(folder.path(), CONTEXT, RANK).unwrap();
		let adapters = numbers(3, count(&model.adapter()));
		session(&model, model.logits(1, 1))
			.run(batch(&model, &[0], 1, adapters, false))
			.unwrap()
	};
	assert_eq!(outputs(&named), outputs(&bare));
}

/// As the cache of Hugging Face's own tools is laid out.
#[cfg(unix)]
#[test]
fn session_should_find_the_weights_when_files_are_links() {
	let (folder, model) = opened(&configs()[1].1);
	let links = TempDir::new().unwrap();
	for name in ["config.json", "model.safetensors"] {
		std::os::unix::fs::symlink(folder.path().join(name), links.path().join(name)).unwrap();
	}
	let linked = Pretrained::open(links.path(), CONTEXT, RANK).unwrap();
	let run = |model: &Pretrained| {
		let adapters = numbers(3, count(&model.adapter()));
		let inputs = batch(model, &[0], 1, adapters, false);
		session(model, model.logits(1, 1)).run(inputs).unwrap()
	};
	assert_eq!(run(&linked), run(&model));
}

#[test]
fn module_should_name_the_published_layer_when_an_adapter_is_exported() {
	let expected = BTreeMap::from([
		("gpt2", ["transformer.h.0.attn.c_attn", "lm_head"]),
		("llama", ["model.layers.0.self_attn.q_proj", "lm_head"]),
		("bert", ["bert.encoder.layer.0.attention.self.query", "classifier"]),
	]);
	for (name, config) in configs() {
		let (_folder, model) = opened(&config);
		let modules: Vec<String> = model
			.adapter()
			.iter()
			.map(|(tensor, _)| model.module(tensor).unwrap())
			.collect();
		assert_eq!([&modules[0], &modules[modules.len() - 1]], expected[name].each_ref());
		assert_eq!(model.module("layers.0.nothing.lora_A"), None);
	}
}

fn message(folder: &Path) -> String {
	match Pretrained::open(folder, CONTEXT, RANK) {
		Ok(_) => panic!("it opens"),
		Err(error) => error.to_string(),
	}
}

#[test]
fn open_should_say_what_to_do_when_a_config_is_not_built() {
	let [gpt2, llama, bert] = configs().map(|(_, config)| config);
	let cases = [
		(&gpt2, "model_type", json!("t5"), "known are gpt2, llama, mistral, qwen2 and bert"),
		(&gpt2, "model_type", Value::Null, "known are gpt2, llama, mistral, qwen2 and bert"),
		(&gpt2, "n_head", json!(3), "n_embd = 8: n_head = 3 must divide it"),
		(&gpt2, "n_head", json!(0), "n_head = 0: it must be between 1 and 16777216"),
		(&gpt2, "n_layer", json!(16_000_000), "has fewer tensors: are both files of the same"),
		(&gpt2, "n_layer", json!(-1), "n_layer = -1: it must be between"),
		(&gpt2, "n_embd", json!(u64::MAX), "it must be between 1 and 16777216"),
		(&gpt2, "n_embd", json!("wide"), "it must be between 1 and 16777216"),
		(&gpt2, "n_embd", Value::Null, "is [11, 8], but config.json asks for [11, 768]"),
		(&gpt2, "n_positions", json!(5), "rows of 6 tokens: "),
		(&gpt2, "activation_function", json!("mish"), "known are relu, gelu,"),
		(&gpt2, "layer_norm_epsilon", json!(-1), "it must be a positive number"),
		(&gpt2, "tie_word_embeddings", json!(false), "this variant is not built"),
		(&gpt2, "vocab_size", json!(12), "is [11, 8], but config.json asks for [12, 8]"),
		(&llama, "num_key_value_heads", json!(3), "it must divide num_attention_heads = 4"),
		(&llama, "head_dim", json!(3), "rotary positions need an even number"),
		(&llama, "hidden_size", json!(null), "it must be between 1 and 16777216"),
		(&llama, "rope_scaling", json!({ "rope_type": "yarn" }), "default, linear and llama3"),
		(&llama, "rope_scaling", json!({ "type": "linear" }), "factor = null: it must be a pos"),
		(
			&llama,
			"rope_scaling",
			json!({
				"rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 4,
				"original_max_position_embeddings": 8,
			}),
			"its low factor below the high",
		),
		(&llama, "attention_bias", json!(true), "self_attn.q_proj.bias of F32 [16], which"),
		(&bert, "position_embedding_type", json!("relative_key"), "only absolute is built"),
		(&bert, "problem_type", json!("regression"), "only single_label_classification is built"),
		(&bert, "id2label", json!({ "0": "one" }), "a classifier has two classes or more"),
		(&bert, "num_hidden_layers", json!(3), "bert.encoder.layer.2.attention.output.LayerNorm"),
	];
	for (config, name, value, expected) in cases {
		let folder = TempDir::new().unwrap();
		model(folder.path(), config);
		let mut changed = config.clone();
		changed[name] = value;
		fs::write(folder.path().join("config.json"), changed.to_string()).unwrap();
		let message = message(folder.path());
		assert!(message.contains(expected), "{message}");
	}
}

#[test]
fn open_should_say_what_to_do_when_a_file_is_not_what_it_should_be() {
	let folder = TempDir::new().unwrap();
	let path = |name: &str| folder.path().join(name);
	let expect = |expected: &str| {
		let message = message(folder.path());
		assert!(message.contains(expected), "{message}");
	};
	expect("config.json cannot be read");
	let all = model(folder.path(), &configs()[1].1);
	for (kind, bytes) in [("BF16", 2), ("F16", 2)] {
		folder::tensors(folder.path(), &all, kind, bytes);
		expect(&format!("embed_tokens.weight is {kind}, but graphs compute with F32: load it"));
	}
	folder::tensors(folder.path(), &all[..all.len() - 1], "F32", 4);
	let (name, shape) = &all[all.len() - 1];
	expect(&format!("model.safetensors has no tensor {name} of F32 {shape:?}, which"));
	folder::tensors(folder.path(), &all, "F32", 4);
	let whole = fs::read(path("model.safetensors")).unwrap();
	fs::write(path("model.safetensors"), &whole[..whole.len() - 1]).unwrap();
	expect("model.safetensors is not what it should be");
	fs::write(path("model.safetensors"), [255; 9]).unwrap();
	expect("model.safetensors is not what it should be");
	fs::write(path("model.safetensors"), []).unwrap();
	expect("model.safetensors is not what it should be");
	fs::remove_file(path("model.safetensors")).unwrap();
	expect("model.safetensors cannot be read");
	for other in ["pytorch_model.bin", "model.safetensors.index.json"] {
		fs::write(path(other), []).unwrap();
		expect(&format!("{other} has its weights in several files, or in the format of pickle"));
	}
	fs::write(path("config.json"), "nothing").unwrap();
	expect("config.json is not what it should be");
}

#[test]
fn open_should_never_panic_when_a_folder_is_from_a_stranger() {
	let strange = [0, 1, 2, 3, 4, 5, 16, 1 << 24, i64::MAX, -1].map(|n| json!(n));
	let others = [json!(0.5), json!(1e300), json!(true), json!("silu"), json!({}), json!([1])];
	let (mut opened, mut refused) = (0, 0);
	// What opens can be built and run, too.
	let mut try_open = |folder: &Path| match Pretrained::open(folder, CONTEXT, RANK) {
		Ok(model) => {
			let mut session = session(&model, model.score(1, 1));
			let adapter = vec![0.0; count(&model.adapter())];
			let mut inputs = batch(&model, &[0], 1, adapter, true);
			// A class or a kind may be one that the model no longer has.
			for (name, tensor) in &mut inputs {
				if let (Tensor::Integers(_, values), "targets" | "kinds") = (tensor, *name) {
					values.fill(0);
				}
			}
			session.run(inputs).unwrap();
			opened += 1;
		},
		Err(error) => {
			assert!(!error.to_string().is_empty());
			refused += 1;
		},
	};
	for (_, config) in configs() {
		let folder = TempDir::new().unwrap();
		model(folder.path(), &config);
		let path = |name: &str| folder.path().join(name);
		for name in config.as_object().unwrap().keys() {
			for value in strange.iter().chain(&others).chain(&[Value::Null]) {
				let mut changed = config.clone();
				changed[name] = value.clone();
				fs::write(path("config.json"), changed.to_string()).unwrap();
				try_open(folder.path());
			}
		}
		fs::write(path("config.json"), config.to_string()).unwrap();
		let whole = fs::read(path("model.safetensors")).unwrap();
		let list = u64::from_le_bytes(std::array::from_fn(|i| whole[i])) as usize;
		for at in (0..8 + list).step_by(11) {
			let mut changed = whole.clone();
			changed[at] ^= 1 + at as u8 % 16;
			fs::write(path("model.safetensors"), changed).unwrap();
			try_open(folder.path());
		}
	}
	assert!(opened > 50 && refused > 200, "{opened} open, {refused} do not");
}

#[test]
fn graphs_should_be_refused_when_the_model_cannot_answer_them() {
	let (folder, classifier) = opened(&configs()[2].1);
	let message = classifier.decode(1).err().unwrap().to_string();
	assert!(message.contains("is of a classifier: it gives no tokens"), "{message}");
	for (context, rank) in [(0, 1), (9, 1), (1, 0), (1, 9)] {
		let error = Pretrained::open(folder.path(), context, rank).err().unwrap().to_string();
		assert!(error.contains("takes between 1 and"), "{error}");
	}
	fs::remove_file(folder.path().join("tokenizer.json")).unwrap();
	let message = classifier.tokenizer().unwrap_err().to_string();
	assert!(message.contains("tokenizer.json cannot be read"), "{message}");
}
