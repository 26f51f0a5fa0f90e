//! Writes graphs with inputs and what ONNX Runtime makes of them, for another runtime to check:
//! `dump FOLDER`, then `python3 client/graph/tests/reference.py FOLDER`.

#[path = "../tests/folder/mod.rs"]
mod folder;

use openledger_graph::{count, Gpt, Graph, Output, Pretrained};
use openledger_onnx::{Runtime, Session, Tensor};
use serde_json::{json, Value};
use std::path::Path;

const TINY: Gpt = Gpt { vocabulary: 11, context: 6, width: 8, layers: 2, heads: 2, rank: 2 };

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
/// Inputs of a graph by name: shape, values for the other runtime and for ours.
type Inputs = Vec<(&'static str, (Vec<usize>, Value, Tensor))>;

fn numbers(seed: u64, n: usize) -> Vec<f32> {
	folder::numbers(seed, n).collect()
}

fn floats(shape: &[usize], values: Vec<f32>) -> (Vec<usize>, Value, Tensor) {
	(shape.to_vec(), json!(values), Tensor::Floats(shape.to_vec(), values))
}

fn indices(shape: &[usize], step: i64) -> (Vec<usize>, Value, Tensor) {
	below(TINY.vocabulary, shape, step)
}

fn below(bound: usize, shape: &[usize], step: i64) -> (Vec<usize>, Value, Tensor) {
	let n: usize = shape.iter().product();
	let values: Vec<i64> = (0..n as i64).map(|i| i * step % bound as i64).collect();
	(shape.to_vec(), json!(values), Tensor::Integers(shape.to_vec(), values))
}

/// Writes a graph with inputs and outputs; `run` makes a session of its bytes.
fn write(
	folder: &Path,
	name: &str,
	graph: Graph,
	inputs: Inputs,
	run: impl Fn(&[u8]) -> std::result::Result<Session, openledger_onnx::Error>,
) -> Result<()> {
	let bytes = graph.to_onnx();
	std::fs::write(folder.join(format!("{name}.onnx")), &bytes)?;
	let mut given = serde_json::Map::new();
	let mut tensors = Vec::new();
	for (input, (shape, values, tensor)) in inputs {
		given.insert(input.into(), json!({ "shape": shape, "values": values }));
		tensors.push((input, tensor));
	}
	let outputs = run(&bytes)?.run(tensors)?;
	let dump = json!({ "inputs": given, "outputs": outputs });
	std::fs::write(folder.join(format!("{name}.json")), dump.to_string())?;
	Ok(())
}

/// The graphs of a model out of a folder, which is made.
fn pretrained(folder: &Path, config: &Value) -> Result<()> {
	let (s, b, t) = (2, 2, 6);
	folder::model(folder, config);
	let model = Pretrained::open(folder, t, 2)?;
	let a = count(&model.adapter());
	let inputs = |s: usize, b: usize, scored: bool| {
		let shape = [s, b, t];
		let mut inputs = vec![
			("parameters.in", floats(&[s, a], numbers(2, s * a).iter().map(|v| v * 0.5).collect())),
			("tokens", indices(&shape, 7)),
		];
		let mut answers = (&shape[..], TINY.vocabulary);
		if let Output::Class { classes, kinds } = model.model().output {
			answers = (&shape[..2], classes);
			let present = (0..s * b * t).map(|i| f32::from(i % t < 4)).collect();
			inputs
				.extend([("kinds", below(kinds, &shape, 1)), ("present", floats(&shape, present))]);
		}
		if scored {
			let n = answers.0.iter().product();
			let mask = numbers(9, n).iter().map(|v| v.abs()).collect();
			inputs.extend([
				("targets", below(answers.1, answers.0, 5)),
				("mask", floats(answers.0, mask)),
			]);
		}
		inputs
	};
	let mut train = inputs(s, b, true);
	for (name, shape, value) in [
		("first.in", [s, a], 0.01),
		("second.in", [s, a], 0.001),
		("rate", [s, 1], 1e-2),
		("correct1", [s, 1], 0.5),
		("correct2", [s, 1], 0.25),
	] {
		train.push((name, floats(&shape, vec![value; shape[0] * shape[1]])));
	}
	let mut graphs = vec![
		("logits", model.logits(s, b), inputs(s, b, false)),
		("score", model.score(s, b), inputs(s, b, true)),
		("gradient", model.gradient(s), inputs(s, 1, true)),
		("train", model.train(s, b), train),
	];
	if let Ok(decode) = model.decode(s) {
		let mut inputs = inputs(s, 1, false);
		inputs.push((
			"pick",
			floats(&[s, 1, t], (0..s * t).map(|i| f32::from(i % t == 3)).collect()),
		));
		graphs.push(("decode", decode, inputs));
	}
	for (name, graph, inputs) in graphs {
		write(folder, name, graph, inputs, |bytes| {
			Session::with_files(&Runtime::load()?, bytes, 1, model.folder())
		})?;
	}
	Ok(())
}

fn main() -> Result<()> {
	let folder = std::env::args().nth(1).ok_or("usage: dump FOLDER")?;
	let folder = Path::new(&folder);
	for (name, config) in folder::configs() {
		pretrained(&folder.join(name), &config)?;
	}
	let (w, a, t) = (count(&TINY.weights()), count(&TINY.adapter()), TINY.context);
	let (s, b) = (3, 2);
	let base = || floats(&[w], numbers(1, w).iter().map(|v| v * 0.7).collect());
	let adapters = |n: usize| floats(&[n, a], numbers(2, n * a).iter().map(|v| v * 0.5).collect());
	let state = |n: usize, seed: u64| {
		floats(&[n, a], numbers(seed, n * a).iter().map(|v| v * v * 0.01).collect())
	};
	let rows = |n: usize, b: usize| {
		let shape = [n, b, t];
		vec![
			("tokens", indices(&shape, 7)),
			("targets", indices(&shape, 5)),
			("mask", floats(&shape, numbers(9, n * b * t).iter().map(|v| v.abs()).collect())),
		]
	};
	let per_segment = |v: f32| floats(&[s, 1], vec![v; s]);
	let mut train = rows(s, b);
	train.extend([
		("base", base()),
		("parameters.in", adapters(s)),
		("first.in", state(s, 4)),
		("second.in", state(s, 5)),
		("rate", per_segment(1e-2)),
		("correct1", per_segment(0.5)),
		("correct2", per_segment(0.25)),
	]);
	let mut score = rows(s, b);
	score.extend([("base", base()), ("parameters.in", adapters(s))]);
	let mut gradient = rows(s, 1);
	gradient.extend([("base", base()), ("parameters.in", adapters(s))]);
	let mut pick = vec![0.0; 2 * t];
	(pick[3], pick[t + 5]) = (1.0, 1.0);
	let decode = vec![
		("tokens", indices(&[2, 1, t], 7)),
		("pick", floats(&[2, 1, t], pick)),
		("base", base()),
		("parameters.in", adapters(2)),
	];
	let mut pretrain = rows(1, b);
	pretrain.extend([
		("parameters.in", floats(&[1, w], numbers(1, w))),
		("first.in", floats(&[1, w], vec![0.0; w])),
		("second.in", floats(&[1, w], vec![0.0; w])),
		("rate", floats(&[1, 1], vec![1e-2])),
		("correct1", floats(&[1, 1], vec![0.1])),
		("correct2", floats(&[1, 1], vec![0.01])),
	]);
	let graphs: Vec<(&str, Graph, Inputs)> = vec![
		("train", TINY.train(s, b), train),
		("score", TINY.score(s, b), score),
		("gradient", TINY.gradient(s), gradient),
		("decode", TINY.decode(2), decode),
		("pretrain", TINY.pretrain(b), pretrain),
	];
	for (name, graph, inputs) in graphs {
		write(folder, name, graph, inputs, |bytes| Session::new(&Runtime::load()?, bytes, 1))?;
	}
	Ok(())
}
