//! Writes graphs with inputs and what ONNX Runtime makes of them, for another runtime to check:
//! `dump FOLDER`, then `python3 client/graph/tests/reference.py FOLDER`.

use openledger_graph::{count, Gpt, Graph};
use openledger_onnx::{Runtime, Session, Tensor};
use serde_json::{json, Value};

const TINY: Gpt = Gpt { vocabulary: 11, context: 6, width: 8, layers: 2, heads: 2, rank: 2 };

/// Numbers between −1 and 1 from a linear congruence.
fn numbers(seed: u64, n: usize) -> Vec<f32> {
	let mut state = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
	(0..n)
		.map(|_| {
			state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
			((state >> 40) as f32 / (1u64 << 23) as f32) - 1.0
		})
		.collect()
}

fn floats(shape: &[usize], values: Vec<f32>) -> (Vec<usize>, Value, Tensor) {
	(shape.to_vec(), json!(values), Tensor::Floats(shape.to_vec(), values))
}

fn indices(shape: &[usize], step: i64) -> (Vec<usize>, Value, Tensor) {
	let n: usize = shape.iter().product();
	let values: Vec<i64> = (0..n as i64).map(|i| i * step % TINY.vocabulary as i64).collect();
	(shape.to_vec(), json!(values), Tensor::Integers(shape.to_vec(), values))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
	let folder = std::env::args().nth(1).ok_or("usage: dump FOLDER")?;
	std::fs::create_dir_all(&folder)?;
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
	let graphs: Vec<(&str, Graph, _)> = vec![
		("train", TINY.train(s, b), train),
		("score", TINY.score(s, b), score),
		("gradient", TINY.gradient(s), gradient),
		("decode", TINY.decode(2), decode),
		("pretrain", TINY.pretrain(b), pretrain),
	];
	for (name, graph, inputs) in graphs {
		let bytes = graph.to_onnx();
		std::fs::write(format!("{folder}/{name}.onnx"), &bytes)?;
		let mut given = serde_json::Map::new();
		let mut tensors = Vec::new();
		for (input, (shape, values, tensor)) in inputs {
			given.insert(input.into(), json!({ "shape": shape, "values": values }));
			tensors.push((input, tensor));
		}
		let outputs = Session::new(&Runtime::load()?, &bytes, 1)?.run(tensors)?;
		let dump = json!({ "inputs": given, "outputs": outputs });
		std::fs::write(format!("{folder}/{name}.json"), dump.to_string())?;
	}
	Ok(())
}
