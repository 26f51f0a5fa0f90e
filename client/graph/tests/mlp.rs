//! Multilayer perceptrons against differences and against steps by hand, on ONNX Runtime.

use openledger_graph::{count, Graph, Mlp, Sgd};
use openledger_onnx::{Runtime, Session, Tensor};

const ROWS: usize = 5;
const HOW: Sgd = Sgd { momentum: 0.9, decay: 0.01 };

fn tiny() -> Mlp {
	Mlp { inputs: 4, hidden: vec![6, 5], classes: 3 }
}

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

fn labels(n: usize) -> Vec<i64> {
	(0..n as i64).map(|i| i * 2 % 3).collect()
}

/// Each row's loss, in f64, by hand.
fn losses(model: &Mlp, parameters: &[f64], x: &[f32], labels: &[i64]) -> Vec<f64> {
	let rows = x.chunks(model.inputs).zip(labels);
	rows.map(|(x, label)| {
		let mut values: Vec<f64> = x.iter().map(|v| f64::from(*v)).collect();
		let (mut from, layers) = (0, model.layers());
		for (i, (inputs, outputs)) in layers.iter().enumerate() {
			let (weight, bias) = (&parameters[from..], &parameters[from + inputs * outputs..]);
			values = (0..*outputs)
				.map(|o| {
					let dot: f64 = (0..*inputs).map(|k| values[k] * weight[k * outputs + o]).sum();
					let z = dot + bias[o];
					if i + 1 < layers.len() {
						z.max(0.0)
					} else {
						z
					}
				})
				.collect();
			from += (inputs + 1) * outputs;
		}
		values.iter().map(|z| z.exp()).sum::<f64>().ln() - values[*label as usize]
	})
	.collect()
}

/// Every row's gradient by central differences: `[rows, total]`.
fn differences(model: &Mlp, parameters: &[f32], x: &[f32], labels: &[i64]) -> Vec<Vec<f64>> {
	let at: Vec<f64> = parameters.iter().map(|v| f64::from(*v)).collect();
	let mut gradients = vec![Vec::new(); labels.len()];
	for i in 0..at.len() {
		let moved = |by: f64| {
			let mut moved = at.clone();
			moved[i] += by;
			losses(model, &moved, x, labels)
		};
		let (up, down) = (moved(1e-5), moved(-1e-5));
		for (row, gradient) in gradients.iter_mut().enumerate() {
			gradient.push((up[row] - down[row]) / 2e-5);
		}
	}
	gradients
}

fn close(found: &[f32], expected: &[f64], tolerance: f64) {
	assert_eq!(found.len(), expected.len());
	for (i, (a, b)) in found.iter().zip(expected).enumerate() {
		assert!((f64::from(*a) - b).abs() < tolerance, "entry {i}: {a} and {b}");
	}
}

fn inputs(model: &Mlp, parameters: &[f32], x: &[f32]) -> Vec<(&'static str, Tensor)> {
	vec![
		("parameters.in", Tensor::Floats(vec![parameters.len()], parameters.to_vec())),
		("x", Tensor::Floats(vec![ROWS, model.inputs], x.to_vec())),
		("labels", Tensor::Integers(vec![ROWS], labels(ROWS))),
	]
}

/// The identity as a projection: of `n` inputs and the bias's one to `n + 1` numbers.
fn identity(n: usize) -> Vec<f32> {
	(0..(n + 1) * (n + 1)).map(|i| f32::from(i % (n + 2) == 0)).collect()
}

#[test]
fn features_should_be_the_gradients_when_nothing_is_projected() {
	for model in [tiny(), Mlp { hidden: vec![], ..tiny() }] {
		let (parameters, x) =
			(numbers(1, count(&model.weights())), numbers(2, ROWS * model.inputs));
		let shape: Vec<(usize, usize)> =
			model.layers().iter().map(|(from, to)| (from + 1, *to)).collect();
		let mut projection = Vec::new();
		for (from, to) in model.layers() {
			projection.extend(identity(from));
			projection.extend((0..to * to).map(|i| f32::from(i % (to + 1) == 0)));
		}
		let mut all = inputs(&model, &parameters, &x);
		all.push(("projection", Tensor::Floats(vec![projection.len()], projection)));
		let features = session(&model.features(ROWS, &shape)).run(all).unwrap();
		let expected = differences(&model, &parameters, &x, &labels(ROWS)).concat();
		// Weight and bias of a layer lie one after another in both.
		close(&features["feature"], &expected, 1e-5);
	}
}

#[test]
fn features_should_be_projected_gradients_when_projected() {
	let model = tiny();
	let (parameters, x) = (numbers(1, count(&model.weights())), numbers(2, ROWS * model.inputs));
	let shape = [(3, 2), (2, 3), (2, 2)];
	let projection = numbers(7, count(&model.projections(&shape)));
	let mut all = inputs(&model, &parameters, &x);
	all.push(("projection", Tensor::Floats(vec![projection.len()], projection.clone())));
	let features = session(&model.features(ROWS, &shape)).run(all).unwrap();
	let gradients = differences(&model, &parameters, &x, &labels(ROWS));
	let mut expected = Vec::new();
	for gradient in &gradients {
		let (mut at, mut of) = (0, 0);
		for ((from, to), (p, q)) in model.layers().into_iter().zip(shape) {
			let (input, output) = (&projection[of..], &projection[of + (from + 1) * p..]);
			for i in 0..p {
				for j in 0..q {
					let mut sum = 0.0;
					for k in 0..=from {
						for l in 0..to {
							let weight = f64::from(input[k * p + i]) * f64::from(output[l * q + j]);
							sum += weight * gradient[at + k * to + l];
						}
					}
					expected.push(sum);
				}
			}
			at += (from + 1) * to;
			of += (from + 1) * p + to * q;
		}
	}
	close(&features["feature"], &expected, 1e-5);
}

#[test]
fn factors_should_make_the_gradients_when_multiplied() {
	let model = tiny();
	let (parameters, x) = (numbers(1, count(&model.weights())), numbers(2, ROWS * model.inputs));
	let out = session(&model.factors(ROWS)).run(inputs(&model, &parameters, &x)).unwrap();
	for (row, gradient) in differences(&model, &parameters, &x, &labels(ROWS)).iter().enumerate() {
		let mut made = Vec::new();
		for (i, (from, to)) in model.layers().into_iter().enumerate() {
			let a = &out[&format!("a.{i}")][row * from..(row + 1) * from];
			let d = &out[&format!("d.{i}")][row * to..(row + 1) * to];
			a.iter().chain(&[1.0]).for_each(|a| made.extend(d.iter().map(|d| a * d)));
		}
		close(&made, gradient, 1e-5);
	}
}

/// Parameters of two models after two steps in one graph, model `first` in the first segment.
fn trained(first: usize, rates: [f32; 2]) -> [Vec<f32>; 2] {
	let (model, total) = (tiny(), count(&tiny().weights()));
	let (steps, start) = (2, numbers(1, total));
	let x = |model: usize| numbers(20 + model as u64, steps * ROWS * 4);
	let order = [first, 1 - first];
	let all = |f: &dyn Fn(usize) -> Vec<f32>| order.map(f).concat();
	let mut session = session(&model.train(2, steps, ROWS, HOW));
	let out = session
		.run(vec![
			("parameters.in", Tensor::Floats(vec![2, total], start.repeat(2))),
			("velocity.in", Tensor::Floats(vec![2, total], vec![0.0; 2 * total])),
			("x", Tensor::Floats(vec![2, steps, ROWS, 4], all(&x))),
			("labels", Tensor::Integers(vec![2, steps, ROWS], labels(steps * ROWS).repeat(2))),
			("weight", Tensor::Floats(vec![2, steps, ROWS], vec![1.0 / ROWS as f32; 4 * ROWS])),
			("rate", Tensor::Floats(vec![2, steps], order.map(|m| vec![rates[m]; steps]).concat())),
		])
		.unwrap();
	[0, 1].map(|m| out["parameters"][order[m] * total..][..total].to_vec())
}

#[test]
fn train_should_take_the_steps_of_descent_with_momentum() {
	let (model, total) = (tiny(), count(&tiny().weights()));
	let (x, labels) = (numbers(20, 2 * ROWS * 4), labels(2 * ROWS));
	let mut parameters = numbers(1, total);
	let mut velocity = vec![0f64; total];
	for step in 0..2 {
		let (x, labels) = (&x[step * ROWS * 4..][..ROWS * 4], &labels[step * ROWS..][..ROWS]);
		let gradients = differences(&model, &parameters, x, labels);
		for (i, (w, v)) in parameters.iter_mut().zip(&mut velocity).enumerate() {
			let mean = gradients.iter().map(|g| g[i]).sum::<f64>() / ROWS as f64;
			*v = f64::from(HOW.momentum) * *v + mean + f64::from(HOW.decay) * f64::from(*w);
			*w -= (0.1 * *v) as f32;
		}
	}
	let expected: Vec<f64> = parameters.iter().map(|v| f64::from(*v)).collect();
	close(&trained(0, [0.1, 0.1])[0], &expected, 1e-5);
}

#[test]
fn train_should_give_the_same_bits_when_a_model_sits_elsewhere() {
	let models = trained(0, [0.1, 0.2]);
	assert_eq!(models, trained(1, [0.1, 0.2]));
	assert_ne!(models[0], models[1]);
}

#[test]
fn train_should_leave_a_model_as_it_is_when_its_rate_is_zero() {
	let start = numbers(1, count(&tiny().weights()));
	let models = trained(0, [0.1, 0.0]);
	assert_eq!(models[1], start);
	assert_ne!(models[0], start);
}

#[test]
fn to_onnx_should_give_the_same_bytes_when_built_again() {
	let graph = |rows| tiny().train(2, 3, rows, HOW).to_onnx();
	assert_eq!(graph(4), graph(4));
	assert_ne!(graph(4), graph(5));
}
