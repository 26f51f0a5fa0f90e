//! The evaluation of a small file from its bytes to its tables, on ONNX Runtime.

use ndarray::Array2;
use openledger_graph::{Mlp, Sgd};
use openledger_influence::eval::{
	data::Rows,
	methods::{Gradients, Method, Subject},
	model::{initial, predict, Job, Recipe},
	run,
	truth::{Cache, Laboratory, Measure},
	Options,
};
use rand_chacha::{
	rand_core::{RngCore, SeedableRng},
	ChaCha8Rng,
};
use std::{fmt::Write, fs};

const RECIPE: Recipe =
	Recipe { epochs: 8, batch: 16, rate: 0.05, sgd: Sgd { momentum: 0.9, decay: 1e-2 } };

/// Three clouds of points in five dimensions.
fn clouds(n: usize) -> Rows {
	let mut rng = ChaCha8Rng::seed_from_u64(3);
	let mut noise = || rng.next_u32() as f32 / u32::MAX as f32 * 4.0 - 2.0;
	let y: Vec<usize> = (0..n).map(|i| i % 3).collect();
	let x = Array2::from_shape_fn((n, 5), |(i, j)| noise() + if j == y[i] { 2.0 } else { 0.0 });
	Rows { x, y, text: Vec::new() }
}

fn csv(rows: &Rows) -> String {
	let mut text = "a,b,c,d,e,kind\n".to_string();
	for (row, kind) in rows.x.rows().into_iter().zip(&rows.y) {
		row.iter().for_each(|v| write!(text, "{v},").unwrap());
		writeln!(text, "k{kind}").unwrap();
	}
	text
}

#[test]
fn run_should_rank_methods_when_the_file_is_small_and_the_model_convex() {
	let folder = tempfile::tempdir().unwrap();
	let data = folder.path().join("mine.csv");
	fs::write(&data, csv(&clouds(150))).unwrap();
	let options = Options {
		data,
		label: Some("kind".into()),
		recipe: RECIPE,
		queries: 25,
		subsets: 40,
		runs: 2,
		checkpoints: 3,
		rank: 200,
		widths: [18, 36],
		contributors: 20,
		adapters: 60,
		kept: Some(folder.path().join("kept")),
		..Options::default()
	};
	let report = run(&options).unwrap();
	let mean = |title: &str, method: &str| report.value(title, method).unwrap().value.0;
	let rows = |method: &str| mean("LDS of rows", method);
	assert!(rows("random").abs() < 0.2);
	assert!(rows("unrolled, 1 run") > 0.7, "{}", rows("unrolled, 1 run"));
	assert!(rows("unrolled, 1 run") > rows("gradient dot"));
	let (real, integers) = ("unrolled, 2 runs, D = 36", "unrolled, 2 runs, D = 36, integers");
	assert!((rows(real) - rows(integers)).abs() < 0.02);
	assert!(mean("contributors: ", "counterfactual, K = 60") > 0.2);
	assert!(mean("contributors: ", "with gradients, K = 60") > 0.5);
	assert!(mean("wrong label", "unrolled, 1 run") > 0.6);
	assert!(mean("L1 error", "counterfactual, K = 64") < mean("L1 error", "equal"));
	report.plots(&folder.path().join("plots"), "eval").unwrap();
	assert!(folder.path().join("plots/eval-1.svg").exists());
}

#[test]
fn logits_should_be_an_error_when_a_kept_retraining_was_changed() {
	let folder = tempfile::tempdir().unwrap();
	let (model, rows) = (Mlp { inputs: 5, hidden: vec![4], classes: 3 }, clouds(40));
	let logits = |recompute: bool| {
		let cache = Cache::at(folder.path(), recompute).unwrap();
		let laboratory = Laboratory {
			model: &model,
			recipe: &RECIPE,
			rows: &rows,
			queries: &rows,
			cache: &cache,
		};
		let jobs: Vec<Job> = (0..3).map(|seed| Job { rows: (0..30).collect(), seed }).collect();
		laboratory.logits("a test", &jobs, 1)
	};
	let first = logits(false).unwrap();
	assert_eq!(logits(false).unwrap(), first);
	for file in fs::read_dir(folder.path()).unwrap() {
		let path = file.unwrap().path();
		let mut bytes = fs::read(&path).unwrap();
		bytes[7] ^= 0x40;
		fs::write(&path, bytes).unwrap();
	}
	let error = logits(false).unwrap_err().to_string();
	assert!(error.contains("use --recompute"), "{error}");
	assert_eq!(logits(true).unwrap(), first);
}

#[test]
fn gradients_should_foretell_a_small_step_on_a_row() {
	let (model, rows) = (Mlp { inputs: 5, hidden: vec![4], classes: 3 }, clouds(30));
	let (folder, start) = (tempfile::tempdir().unwrap(), initial(&model, 1));
	let recipe = Recipe { epochs: 1, batch: 1, rate: 1e-3, sgd: Sgd { momentum: 0.0, decay: 0.0 } };
	let block: Vec<usize> = (0..rows.len()).collect();
	let subject = Subject {
		model: &model,
		recipe: &recipe,
		rows: &rows,
		block: &block,
		blocks: rows.len(),
		runs: &[vec![start.clone()]],
		measure: Measure::LogProbability,
		cache: &Cache::at(folder.path(), false).unwrap(),
		seed: 1,
	};
	let mut method = Gradients { cosine: false, path: false };
	let scores = method.scores(&subject, &rows, 0.0).unwrap();
	let before = predict(&model, &[start], &rows).unwrap().remove(0);
	// One step of descent on one row, from the same parameters.
	for row in [0, 7, 20] {
		let jobs = [Job { rows: vec![row], seed: 1 }];
		let trained =
			openledger_influence::eval::model::train(&model, &recipe, &rows, &jobs, 1, &|_| {})
				.unwrap();
		let after = predict(&model, &trained[0], &rows).unwrap().remove(0);
		for q in 0..rows.len() {
			let of = |logits: &Array2<f32>| Measure::LogProbability.of(logits.row(q), rows.y[q]);
			let gain = (of(&after) - of(&before)) / f64::from(recipe.rate);
			let score = f64::from(scores[[row, q]]);
			assert!((gain - score).abs() < 0.02 + 0.02 * score.abs(), "{gain} and {score}");
		}
	}
}
