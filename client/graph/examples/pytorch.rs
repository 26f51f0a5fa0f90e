//! Compares graphs of published models with PyTorch: `client/graph/tests/pytorch.py FOLDER` writes models and what it
//! computes on them, then `pytorch FOLDER`.

use openledger_graph::{Graph, Output, Pretrained, BETAS};
use openledger_onnx::{Runtime, Session, Tensor};
use safetensors::{Dtype, SafeTensors};
use std::{collections::BTreeMap, error::Error, path::Path};

const RANK: usize = 3;
const RATE: f32 = 1e-2;
const STEPS: i32 = 2;
/// The largest difference of logits and log-probabilities.
const LOGITS: f32 = 5e-5;
/// The largest difference of gradients, relative to the largest entry of the same tensor.
const GRADIENTS: f32 = 1e-4;
/// The largest difference of trained adapters, as part of a step's learning rate.
const TRAINED: f32 = 1e-3;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What PyTorch computed, by name.
struct Reference(BTreeMap<String, Tensor>);

impl Reference {
	fn read(path: &Path) -> Result<Self> {
		let bytes = std::fs::read(path)?;
		let tensor = |view: safetensors::tensor::TensorView| {
			let shape = view.shape().to_vec();
			match view.dtype() {
				Dtype::F32 => Tensor::Floats(shape, numbers(view.data(), f32::from_le_bytes)),
				_ => Tensor::Integers(shape, numbers(view.data(), i64::from_le_bytes)),
			}
		};
		let parsed = SafeTensors::deserialize(&bytes)?;
		Ok(Self(parsed.tensors().into_iter().map(|(name, view)| (name, tensor(view))).collect()))
	}

	fn shape(&self, name: &str) -> Result<&[usize]> {
		match self.0.get(name).ok_or(format!("the reference has no {name}"))? {
			Tensor::Floats(shape, _) | Tensor::Integers(shape, _) => Ok(shape),
		}
	}

	fn floats(&self, name: &str) -> Result<&[f32]> {
		match self.0.get(name) {
			Some(Tensor::Floats(_, values)) => Ok(values),
			_ => Err(format!("the reference has no numbers {name}").into()),
		}
	}

	/// An input, in the given segments and rows.
	fn input(&self, name: &str, segments: usize, rows: usize) -> Result<Tensor> {
		let shape = [&[segments, rows], &self.shape(name)?[2..]].concat();
		Ok(match &self.0[name] {
			Tensor::Floats(_, values) => Tensor::Floats(shape, values.clone()),
			Tensor::Integers(_, values) => Tensor::Integers(shape, values.clone()),
		})
	}

	/// Vectors of adapters, one a segment, out of tensors `{kind}.{module}.lora_A` and `…_B`.
	fn adapters(&self, model: &Pretrained, kind: &str, segments: usize) -> Result<Vec<f32>> {
		let mut flat = Vec::new();
		for segment in 0..segments {
			for (name, shape) in model.adapter() {
				let module = model.module(&name).ok_or(format!("{name} has no module"))?;
				let theirs = format!("{kind}.{module}{}", &name[name.len() - 7..]);
				assert_eq!(self.shape(&theirs)?[1..], shape, "{theirs}");
				let n: usize = shape.iter().product();
				flat.extend(&self.floats(&theirs)?[segment * n..][..n]);
			}
		}
		Ok(flat)
	}
}

fn numbers<T, const N: usize>(data: &[u8], from: fn([u8; N]) -> T) -> Vec<T> {
	data.chunks_exact(N).map(|b| from(std::array::from_fn(|i| b[i]))).collect()
}

fn worst(ours: &[f32], theirs: &[f32]) -> f32 {
	assert_eq!(ours.len(), theirs.len(), "both have as many numbers");
	// Not a number is the worst of all.
	let difference = |(a, b): (&f32, &f32)| {
		let d = (a - b).abs();
		if d.is_nan() {
			f32::INFINITY
		} else {
			d
		}
	};
	ours.iter().zip(theirs).map(difference).fold(0.0, f32::max)
}

fn compare(folder: &Path) -> Result<String> {
	let reference = Reference::read(&folder.join("reference.safetensors"))?;
	let [s, b, context] = *reference.shape("tokens")? else { return Err("no tokens".into()) };
	let model = Pretrained::open(folder, context, RANK)?;
	assert!(model.tokenizer()?.starts_with(b"{"), "tokenizer.json is JSON");
	let total = model.adapter().iter().map(|(_, shape)| shape.iter().product::<usize>()).sum();
	let classifier = matches!(model.model().output, Output::Class { .. });
	let runtime = Runtime::load()?;
	let session = |graph: Graph| Session::with_files(&runtime, &graph.to_onnx(), 1, model.folder());
	let batch = |adapters: Vec<f32>, s: usize, b: usize, scored: bool| -> Result<Vec<_>> {
		let mut inputs = vec![("parameters.in", Tensor::Floats(vec![s, total], adapters))];
		let mut names = vec!["tokens"];
		if classifier {
			names.extend(["kinds", "present"]);
		}
		if scored {
			names.extend(["targets", "mask"]);
		}
		for name in names {
			inputs.push((name, reference.input(name, s, b)?));
		}
		Ok(inputs)
	};
	let mut lines = Vec::new();
	let mut check = |what: &str, worst: f32, bound: f32| -> Result<()> {
		lines.push(format!("{what} {worst:.1e}"));
		if worst < bound {
			Ok(())
		} else {
			Err(format!(
				"{}: {what} differ by {worst:.1e}, not below {bound:.0e}",
				folder.display()
			)
			.into())
		}
	};

	let adapters = reference.adapters(&model, "adapter", s)?;
	let mut logits = session(model.logits(s, b))?;
	let base = logits.run(batch(vec![0.0; s * total], s, b, false)?)?;
	check("base logits", worst(&base["logits"], reference.floats("base")?), LOGITS)?;
	let adapted = logits.run(batch(adapters.clone(), s, b, false)?)?;
	check("logits", worst(&adapted["logits"], reference.floats("logits")?), LOGITS)?;
	let scored = session(model.score(s, b))?.run(batch(adapters.clone(), s, b, true)?)?;
	check("scores", worst(&scored["log"], reference.floats("log")?), LOGITS)?;

	// Each row's gradient, with the adapter of its segment as its own.
	let own: Vec<f32> = adapters.chunks(total).flat_map(|a| a.repeat(b)).collect();
	let out = session(model.gradient(s * b))?.run(batch(own, s * b, 1, true)?)?;
	let rows: Vec<Vec<f32>> = (0..b)
		.map(|row| reference.adapters(&model, &format!("gradient.{row}"), s))
		.collect::<Result<_>>()?;
	let mut furthest = 0f32;
	for (i, ours) in out["gradient"].chunks(total).enumerate() {
		let theirs = &rows[i % b][i / b * total..][..total];
		let mut from = 0;
		for (_, shape) in model.adapter() {
			let to = from + shape.iter().product::<usize>();
			let largest = theirs[from..to].iter().fold(1e-3f32, |m, v| m.max(v.abs()));
			furthest = furthest.max(worst(&ours[from..to], &theirs[from..to]) / largest);
			from = to;
		}
	}
	check("gradients", furthest, GRADIENTS)?;

	let mut train = session(model.train(s, b))?;
	let mut state = [adapters, vec![0.0; s * total], vec![0.0; s * total]];
	for step in 1..=STEPS {
		let [parameters, first, second] = state;
		let mut inputs = batch(parameters, s, b, true)?;
		let corrections = [BETAS.0, BETAS.1].map(|beta| 1.0 - beta.powi(step));
		inputs.extend([
			("first.in", Tensor::Floats(vec![s, total], first)),
			("second.in", Tensor::Floats(vec![s, total], second)),
			("rate", Tensor::Floats(vec![s, 1], vec![RATE; s])),
			("correct1", Tensor::Floats(vec![s, 1], vec![corrections[0]; s])),
			("correct2", Tensor::Floats(vec![s, 1], vec![corrections[1]; s])),
		]);
		let mut out = train.run(inputs)?;
		state = ["parameters", "first", "second"].map(|name| out.remove(name).unwrap_or_default());
	}
	let trained = reference.adapters(&model, "trained", s)?;
	check("trained adapters, of the rate", worst(&state[0], &trained) / RATE, TRAINED)?;
	Ok(lines.join(", "))
}

fn main() -> Result<()> {
	let folder = std::env::args().nth(1).ok_or("usage: pytorch FOLDER")?;
	let mut models: Vec<_> = std::fs::read_dir(&folder)?
		.map(|entry| Ok(entry?.path()))
		.collect::<Result<_>>()?;
	models.sort();
	if models.is_empty() {
		return Err(format!("no models in {folder}").into());
	}
	for model in models {
		let name = model.file_name().unwrap_or_default().to_string_lossy().into_owned();
		println!("{name}, worst differences to PyTorch: {}", compare(&model)?);
	}
	Ok(())
}
