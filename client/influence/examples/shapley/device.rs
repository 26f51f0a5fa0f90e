//! The same work where `OPENLEDGER_PROVIDER` says: adapters trained, answers scored and gradient
//! features. On the processor it writes down what came out and how long it took; on a GPU it compares.

use crate::lab::*;
use comfy_table::Table;
use openledger_factory::{
	base::{Pretraining, SMALL},
	train,
	train::ALL as EVERY,
	Base, Hash, Recipe, Row,
};
use openledger_graph::Mlp;
use openledger_influence::{
	eval::{
		data::Rows,
		methods::random_projection,
		model::{initial as fresh, uniform, Projector},
	},
	Scorer,
};
use openledger_onnx::ExecutionClass;
use rand_chacha::{rand_core::SeedableRng, ChaCha8Rng};
use serde::{Deserialize, Serialize};
use std::{fs, path::Path, sync::Arc, thread, time::Instant};

/// Adapters that are trained at once, and that score beside the published one.
const K: usize = 64;
/// Steps of each, of which the first is not timed.
const STEPS: usize = 4;
/// Answers that are scored.
const ANSWERS: usize = 12;
/// Rows whose features are taken, of the size of Fashion-MNIST's.
const ROWS: usize = 4_096;
/// What scores may differ by, in nats.
const TOLERANCE: f64 = 1.0 / 1024.0;

/// What one provider came to.
#[derive(Serialize, Deserialize)]
struct Found {
	class: ExecutionClass,
	threads: usize,
	/// Adapter steps, answers and rows per second.
	speeds: [f64; 3],
	/// The adapters that were trained, one after another.
	adapters: Vec<f32>,
	/// The log-probabilities of each answer under the processor's adapters.
	scores: Vec<Vec<f64>>,
	/// Features of a few rows.
	features: Vec<f32>,
}

fn measure(base: Arc<Base>, rows: &[Row], adapters: Option<&[f32]>) -> Result<Found> {
	let threads = thread::available_parallelism()?.get();
	let recipe = Recipe { slots: K + 1, epochs: 1, ..Recipe::default() };
	let mut ends = Vec::new();
	let mut step = |_: usize, _: usize, _: f32| ends.push(Instant::now());
	let trained = train(&base, rows, &[EVERY; K + 1], &recipe, threads, &mut step)?.concat();
	let seconds = match (ends.first(), ends.last()) {
		(Some(first), Some(last)) => (*last - *first).as_secs_f64(),
		_ => return Err("nothing was trained".into()),
	};
	let training = ((K + 1) * (ends.len() - 1)) as f64 / seconds;

	let size = trained.len() / (K + 1);
	let given: Vec<Vec<f32>> =
		adapters.unwrap_or(&trained).chunks(size).map(<[f32]>::to_vec).collect();
	let mut scorer = Scorer::new(base.clone(), &given, threads)?;
	let (mut scores, mut start) = (Vec::new(), Instant::now());
	for answer in 0..=ANSWERS as u32 {
		let tokens: Vec<u32> = (0..ROW as u32).map(|i| 3 + (i * 31 + answer * 17) % 400).collect();
		let (prompt, completion) = tokens.split_at(PROMPT);
		scores.push(scorer.log_probabilities(prompt, completion)?);
		// The first is not timed.
		start = if answer == 0 { Instant::now() } else { start };
	}
	let scoring = ANSWERS as f64 / start.elapsed().as_secs_f64();

	let model = Mlp { inputs: 784, hidden: vec![512, 256, 128], classes: 10 };
	let mut rng = ChaCha8Rng::seed_from_u64(1);
	let x = ndarray::Array2::from_shape_simple_fn((ROWS, model.inputs), || uniform(&mut rng));
	let rows = Rows { x, y: (0..ROWS).map(|i| i % model.classes).collect(), text: Vec::new() };
	let mut projector = Projector::new(&model, &random_projection(&model, 16, 1))?;
	let parameters = fresh(&model, 1);
	let some = rows.take(&(0..64).collect::<Vec<_>>());
	let features = projector.features(&parameters, &some, &some.y)?;
	let start = Instant::now();
	projector.features(&parameters, &rows, &rows.y)?;
	let extracting = ROWS as f64 / start.elapsed().as_secs_f64();
	Ok(Found {
		class: ExecutionClass::current(),
		threads,
		speeds: [training, scoring, extracting],
		adapters: trained,
		scores,
		features: features.into_iter().collect(),
	})
}

/// The largest difference.
fn off<'a>(a: impl IntoIterator<Item = &'a f64>, b: impl IntoIterator<Item = &'a f64>) -> f64 {
	a.into_iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// On the processor writes `processor.json` and the base model to the folder `device` of the results;
/// on a GPU reads these and prints both. Errors: scores that differ by more than [`TOLERANCE`].
pub fn arm(cache: Cache, output: &Path, figures: &mut Figures) -> Result<()> {
	let folder = output.join("device");
	let (known, blob) =
		(folder.join("processor.json"), |hash: &Hash| folder.join(hex::encode(hash)));
	let gpu = ExecutionClass::current().provider != "CPU";
	if !gpu {
		fs::create_dir_all(&folder)?;
		let (base, manifest) = base(&cache, SMALL, "", Pretraining::default())?;
		for (hash, file) in base.files()? {
			Cache::write(&blob(&hash), &file)?;
		}
		let rows = rows(&base);
		let found = measure(Arc::new(base), &rows, None)?;
		println!("{:?}: {:.1?} adapter steps, answers, rows per second", found.class, found.speeds);
		return Cache::write(&known, &serde_json::to_vec(&(manifest, found))?);
	}
	let bytes = fs::read(&known)
		.map_err(|e| format!("{}: {e}: measure the processor first", known.display()))?;
	let (manifest, processor): (Hash, Found) = serde_json::from_slice(&bytes)?;
	let base =
		Base::load(&manifest, |hash| fs::read(blob(hash)), |hash| Ok::<_, String>(blob(hash)))?;
	let rows = rows(&base);
	let found = measure(Arc::new(base), &rows, Some(&processor.adapters))?;
	println!("{:?}", found.class);
	let mut table = Table::new();
	let threads = format!("processor, {} threads", processor.threads);
	table.set_header(["per second", &threads, &found.class.provider, "times"]);
	let names = ["adapter_steps", "answers", "features"];
	for ((name, a), b) in names.iter().zip(processor.speeds).zip(found.speeds) {
		table.add_row([
			name.to_string(),
			format!("{a:.1}"),
			format!("{b:.1}"),
			format!("{:.1}", b / a),
		]);
		figures.insert(format!("gpu_{name}_per_second"), b);
		figures.insert(format!("gpu_{name}_over_processor"), b / a);
	}
	println!("{table}");
	let wide = |v: &[f32]| v.iter().map(|v| f64::from(*v)).collect::<Vec<f64>>();
	let most = |v: &[f64]| v.iter().fold(0f64, |most, v| most.max(v.abs()));
	let scores = off(processor.scores.iter().flatten(), found.scores.iter().flatten());
	let features = wide(&processor.features);
	let adapters = wide(&processor.adapters);
	for (name, value) in [
		("gpu_scores_off_nats", scores),
		("gpu_features_off", off(&features, &wide(&found.features)) / most(&features)),
		("gpu_adapters_off", off(&adapters, &wide(&found.adapters)) / most(&adapters)),
	] {
		println!("{name:40} {value:e}");
		figures.insert(name.into(), value);
	}
	if scores.is_nan() || scores > TOLERANCE {
		return Err(format!("scores differ by {scores} nats, more than {TOLERANCE}").into());
	}
	Ok(())
}

/// Rows for [`STEPS`] steps.
fn rows(base: &Base) -> Vec<Row> {
	let t = base.context() as u32;
	let row =
		|r: u32| Row { block: 0, tokens: (0..t).map(|i| 3 + (i * 13 + r * 29) % 400).collect() };
	(0..(STEPS * Recipe::default().rows) as u32).map(row).collect()
}
