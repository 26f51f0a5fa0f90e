//! Gradients against central differences, and the same bytes for the same graph, on ONNX Runtime.

use openledger_graph::{count, Gpt, Graph, Mlp, Sgd, Var};
use openledger_onnx::{Runtime, Session, Tensor};
use std::collections::BTreeMap;

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

fn session(graph: &Graph) -> Session {
	Session::new(&Runtime::load().unwrap(), &graph.to_onnx(), 1).unwrap()
}

/// The worst difference between the gradient of `f` at `x` and central differences, relative to
/// the largest entry.
fn check(shape: &[usize], x: &[f32], f: impl Fn(&mut Graph, Var) -> Var) -> f64 {
	let mut graph = Graph::default();
	let input = graph.input("x", shape);
	let y = f(&mut graph, input);
	// Weighs outputs differently, so that a gradient that only sums is not enough.
	let weights = numbers(99, graph.shape(y).iter().product());
	let shape_y = graph.shape(y).to_vec();
	let weights = graph.constant(&shape_y, weights);
	let weighted = graph.mul(y, weights);
	let gradient = graph.gradients(weighted, &[input])[0];
	assert_eq!(graph.shape(gradient), shape);
	graph.output("y", weighted);
	graph.output("dx", gradient);
	let mut session = session(&graph);
	let mut run =
		|x: &[f32]| session.run(vec![("x", Tensor::Floats(shape.to_vec(), x.to_vec()))]).unwrap();
	let analytic = run(x)["dx"].clone();
	let total = |out: BTreeMap<String, Vec<f32>>| out["y"].iter().map(|v| *v as f64).sum::<f64>();
	let step = 1e-2f32;
	let scale = analytic.iter().fold(1e-3f32, |m, v| m.max(v.abs())) as f64;
	let mut worst = 0f64;
	for i in 0..x.len() {
		let at = |by: f32| {
			let mut moved = x.to_vec();
			moved[i] += by;
			moved
		};
		let near = total(run(&at(step))) - total(run(&at(-step)));
		let far = total(run(&at(2.0 * step))) - total(run(&at(-2.0 * step)));
		let difference = (8.0 * near - far) / (12.0 * step as f64);
		worst = worst.max((difference - analytic[i] as f64).abs() / scale);
	}
	worst
}

#[test]
fn gradients_should_match_differences_when_operators_are_simple() {
	type Rule = fn(&mut Graph, Var) -> Var;
	let rules: Vec<(&str, Rule)> = vec![
		("add", |g, x| {
			let c = g.constant(&[4], vec![1.0; 4]);
			g.add(c, x)
		}),
		("sub", |g, x| {
			let s = g.sum(x, &[1]);
			g.sub(s, x)
		}),
		("mul", |g, x| {
			let s = g.sum(x, &[0]);
			g.mul(x, s)
		}),
		("div", |g, x| {
			let e = g.exp(x);
			let s = g.sum(e, &[2]);
			g.div(x, s)
		}),
		("neg", |g, x| g.neg(x)),
		("log", |g, x| {
			let e = g.exp(x);
			let one = g.number(1.0);
			let e = g.add(e, one);
			g.log(e)
		}),
		("sqrt", |g, x| {
			let e = g.exp(x);
			g.sqrt(e)
		}),
		("softmax", |g, x| g.softmax(x)),
		("log_softmax", |g, x| g.log_softmax(x)),
		("relu", |g, x| g.relu(x)),
		("tanh", |g, x| g.tanh(x)),
		("sigmoid", |g, x| g.sigmoid(x)),
		("erf", |g, x| g.erf(x)),
		("slice", |g, x| {
			let part = g.slice(x, 1, 1, 3);
			g.exp(part)
		}),
		("pad", |g, x| {
			let wide = g.pad(x, 2, 1, 2);
			g.exp(wide)
		}),
		("concat, with a part twice", |g, x| {
			let part = g.slice(x, 2, 0, 1);
			let square = g.mul(x, x);
			let joined = g.concat(&[part, square, part], 2);
			g.exp(joined)
		}),
		("expand", |g, x| g.expand(x, &[5, 2, 3, 4])),
		("transpose", |g, x| {
			let t = g.transpose(x, &[2, 0, 1]);
			let e = g.exp(t);
			g.reshape(e, &[6, 4])
		}),
		("matmul of a stack", |g, x| {
			let t = g.transpose(x, &[0, 2, 1]);
			g.matmul(x, t)
		}),
		("matmul with a matrix", |g, x| {
			let w = g.sum(x, &[0]);
			let w = g.reshape(w, &[4, 3]);
			g.matmul(x, w)
		}),
		("linear, its rows", |g, x| {
			let w = g.constant(&[4, 2], numbers(5, 8));
			let y = g.linear(x, w, false);
			g.exp(y)
		}),
		("linear, its rows, transposed", |g, x| {
			let w = g.constant(&[2, 4], numbers(5, 8));
			let y = g.linear(x, w, true);
			g.exp(y)
		}),
		("linear, its matrix", |g, x| {
			let rows = g.constant(&[2, 2, 6], numbers(6, 24));
			let w = g.reshape(x, &[6, 4]);
			let y = g.linear(rows, w, false);
			g.exp(y)
		}),
		("linear, its matrix, transposed", |g, x| {
			let rows = g.constant(&[2, 2, 6], numbers(6, 24));
			let w = g.reshape(x, &[4, 6]);
			let y = g.linear(rows, w, true);
			g.exp(y)
		}),
		("gather", |g, x| {
			let table = g.reshape(x, &[6, 4]);
			let flat = g.constant(&[2, 6], numbers(5, 12));
			let soft = g.softmax(flat);
			let mixed = g.matmul(soft, table);
			g.exp(mixed)
		}),
	];
	for (name, rule) in rules {
		// Away from the kink of ReLU.
		let x: Vec<f32> = numbers(3, 24).iter().map(|v| v + 0.1 * v.signum()).collect();
		let worst = check(&[2, 3, 4], &x, rule);
		assert!(worst < 2e-3, "{name}: {worst}");
	}
}

fn batch(segments: usize, rows: usize) -> Vec<(&'static str, Tensor)> {
	let n = segments * rows * TINY.context;
	let tokens: Vec<i64> = (0..n as i64).map(|i| i * 7 % 11).collect();
	let targets: Vec<i64> = (0..n as i64).map(|i| i * 5 % 11).collect();
	let shape = vec![segments, rows, TINY.context];
	vec![
		("tokens", Tensor::Integers(shape.clone(), tokens)),
		("targets", Tensor::Integers(shape.clone(), targets)),
		("mask", Tensor::Floats(shape, vec![1.0; n])),
	]
}

#[test]
fn gradient_graph_should_match_differences_when_all_adapters_move() {
	let (w, a) = (count(&TINY.weights()), count(&TINY.adapter()));
	let base: Vec<f32> = numbers(1, w).iter().map(|v| v * 0.7).collect();
	let adapter: Vec<f32> = numbers(2, 2 * a).iter().map(|v| v * 0.5).collect();
	let mut session = session(&TINY.gradient(2));
	let mut run = |adapter: &[f32]| {
		let mut inputs = batch(2, 1);
		inputs.push(("base", Tensor::Floats(vec![w], base.clone())));
		inputs.push(("parameters.in", Tensor::Floats(vec![2, a], adapter.to_vec())));
		session.run(inputs).unwrap()
	};
	let gradient = run(&adapter)["gradient"].clone();
	for seed in 0..4 {
		let direction = numbers(50 + seed, 2 * a);
		let at = |run: &mut dyn FnMut(&[f32]) -> BTreeMap<String, Vec<f32>>, by: f32| -> Vec<f64> {
			let moved: Vec<f32> = adapter.iter().zip(&direction).map(|(p, d)| p + by * d).collect();
			run(&moved)["objective"].iter().map(|v| *v as f64).collect()
		};
		let step = 2e-3f32;
		let (up, down) = (at(&mut run, step), at(&mut run, -step));
		let (up2, down2) = (at(&mut run, 2.0 * step), at(&mut run, -2.0 * step));
		for row in 0..2 {
			let difference =
				(8.0 * (up[row] - down[row]) - (up2[row] - down2[row])) / (12.0 * step as f64);
			// The graph gives the gradient of the loss, the objective is its negative.
			let analytic: f64 = (row * a..(row + 1) * a)
				.map(|i| -(gradient[i] as f64) * direction[i] as f64)
				.sum();
			let error = (difference - analytic).abs() / (analytic.abs() + 1.0);
			assert!(error < 5e-3, "row {row}: {difference} against {analytic}");
		}
	}
}

fn trained(segments: usize, adapters: &[f32], rates: &[f32]) -> BTreeMap<String, Vec<f32>> {
	let (w, a) = (count(&TINY.weights()), count(&TINY.adapter()));
	let mut session = session(&TINY.train(segments, 1));
	let one = TINY.context;
	let row = |data: Vec<i64>| data.repeat(segments);
	let shape = vec![segments, 1, one];
	session
		.run(vec![
			("base", Tensor::Floats(vec![w], numbers(1, w))),
			("parameters.in", Tensor::Floats(vec![segments, a], adapters.to_vec())),
			("first.in", Tensor::Floats(vec![segments, a], vec![0.0; segments * a])),
			("second.in", Tensor::Floats(vec![segments, a], vec![0.0; segments * a])),
			("tokens", Tensor::Integers(shape.clone(), row((0..one as i64).collect()))),
			("targets", Tensor::Integers(shape.clone(), row((1..one as i64 + 1).collect()))),
			("mask", Tensor::Floats(shape, vec![1.0; segments * one])),
			("rate", Tensor::Floats(vec![segments, 1], rates.to_vec())),
			("correct1", Tensor::Floats(vec![segments, 1], vec![0.1; segments])),
			("correct2", Tensor::Floats(vec![segments, 1], vec![0.01; segments])),
		])
		.unwrap()
}

#[test]
fn train_should_leave_an_adapter_as_it_is_when_its_rate_is_zero() {
	let a = count(&TINY.adapter());
	let adapters = numbers(2, 2 * a);
	let after = &trained(2, &adapters, &[0.0, 1e-2])["parameters"];
	assert_eq!(after[..a], adapters[..a]);
	assert_ne!(after[a..], adapters[a..]);
}

#[test]
fn train_should_give_the_same_bits_when_an_adapter_sits_elsewhere() {
	let a = count(&TINY.adapter());
	let (mine, other) = (numbers(2, a), numbers(3, a));
	let first = trained(3, &[mine.clone(), other.clone(), other.clone()].concat(), &[1e-2; 3]);
	let last = trained(3, &[other.clone(), other, mine].concat(), &[1e-2; 3]);
	assert_eq!(first["parameters"][..a], last["parameters"][2 * a..]);
}

#[test]
fn to_onnx_should_give_the_same_bytes_when_built_again() {
	assert_eq!(TINY.train(3, 2).to_onnx(), TINY.train(3, 2).to_onnx());
	assert_ne!(TINY.train(3, 2).to_onnx(), TINY.train(3, 1).to_onnx());
}

/// Caches and execution classes are named by the bytes of these graphs.
#[test]
fn to_onnx_should_keep_its_bytes_when_the_builder_grows() {
	use blake2::{digest::consts::U8, Blake2b, Digest};
	let hash = |graph: Graph| -> String {
		let digest = Blake2b::<U8>::digest(graph.to_onnx());
		digest.iter().map(|byte| format!("{byte:02x}")).collect()
	};
	let mlp = Mlp { inputs: 4, hidden: vec![6, 5], classes: 3 };
	let how = Sgd { momentum: 0.9, decay: 0.01 };
	let graphs = [
		(TINY.pretrain(2), "e375c89f99bf5e04"),
		(TINY.train(3, 2), "4832ddfbf03c9174"),
		(TINY.gradient(3), "dd187f537fafc600"),
		(TINY.score(3, 2), "444cc923bd4dd960"),
		(TINY.decode(2), "b95bde8836fab7fd"),
		(mlp.predict(2, 3), "b162e15079ebf3c6"),
		(mlp.train(2, 3, 5, how), "25555312bc3ca889"),
		(mlp.factors(5), "15788583305f235c"),
		(mlp.features(5, &[(3, 2), (2, 3), (2, 2)]), "c5778ad1c748d989"),
	];
	for (graph, expected) in graphs {
		assert_eq!(hash(graph), expected);
	}
}
