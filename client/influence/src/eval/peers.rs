//! The same methods by dattri (Deng et al. 2024), the library in which the field compares them: on the
//! same checkpoints, rows and queries, on one core each, and judged by the same retrainings.
//!
//! `peers.py` is given a folder with `task.json`, `x.f32`, `y.i64`, `checkpoints.f32` and `trak.f32`,
//! little endian, and writes scores `[rows, queries]` and `results.json`. Queries are the held-out
//! ones, by which both sides' dampings are chosen, then the reported ones.

use super::{
	curvature::EkFac,
	harness::{Evaluation, Scored},
	methods::{random_projection, Compression, DataInf, Fisher, Gradients, Method, Trak},
	metrics::{interval, lds},
	model::{Projector, Recipe},
	report::Report,
	truth::halves,
	unrolled::Unrolled,
	Error, Options, Result,
};
use comfy_table::Table;
use ndarray::{s, Array2, Axis};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fs, path::Path, process::Command, time::Instant};

/// The program that runs dattri.
const PROGRAM: &str = include_str!("peers.py");
/// Numbers of each side of a layer that LoGRA keeps.
const SIDE: usize = 16;

/// What dattri is to do.
#[derive(Serialize)]
struct Task {
	/// Inputs and outputs of each layer.
	layers: Vec<(usize, usize)>,
	rows: usize,
	held_out: usize,
	recipe: Recipe,
	/// Checkpoints of the run, and models of TRAK.
	checkpoints: usize,
	trak: usize,
	/// The dampings of each method, to choose from, relative to the size of its matrix.
	dampings: BTreeMap<String, Vec<f64>>,
}

/// What dattri came to.
#[derive(Deserialize)]
struct Results {
	/// Names the versions.
	versions: String,
	methods: Vec<Theirs>,
	/// Rows per second: of training, of per-example gradients, of these as LoGRA projects them.
	trained: f64,
	gradients: f64,
	features: f64,
}

/// One method of dattri with one damping.
#[derive(Deserialize)]
struct Theirs {
	method: String,
	fitting: f64,
	scoring: f64,
	/// The file of the scores.
	scores: String,
}

/// What a method came to on one side.
struct Side {
	/// The score of each reported query.
	lds: Vec<f64>,
	fitting: f64,
	scoring: f64,
	queries: usize,
}

impl Side {
	fn mean(&self) -> f64 {
		self.lds.iter().sum::<f64>() / self.lds.len().max(1) as f64
	}

	/// Rows per second of all that a method does.
	fn rows_per_second(&self, rows: usize) -> f64 {
		rows as f64 / (self.fitting + self.scoring)
	}

	fn pairs_per_second(&self, rows: usize) -> f64 {
		(rows * self.queries) as f64 / self.scoring
	}
}

/// Runs both sides and prints them beside each other. `python` has torch and dattri, `folder` is
/// written to. Errors: as [`super::run`], and what Python says.
pub fn run(options: &Options, python: &Path, folder: &Path) -> Result<Report> {
	let mut evaluation = Evaluation::new(options)?;
	let runs = evaluation.runs(&evaluation.rows, "models to explain")?;
	evaluation.accuracy(&runs)?;
	let n = evaluation.rows.len();
	let part: Vec<usize> = (0..n).collect();
	let members = halves(options.subsets, n, options.seed ^ 0xa1);
	let [known, truth] =
		evaluation.truth("halves of the rows", &members, &part, options.seed ^ 0xa2)?;
	let known = known.mean_axis(Axis(1)).unwrap_or_default();
	let truth = truth.mean_axis(Axis(1)).unwrap_or_default();
	let judge = |scores: &Array2<f32>| {
		let all = lds(&known, &members, scores);
		all.iter().sum::<f64>() / all.len().max(1) as f64
	};

	let mut trak = Trak::new(1);
	trak.fit(&evaluation.subject(&evaluation.rows, &runs, &part, n))?;
	let models = trak.models().to_vec();
	let one = rayon::ThreadPoolBuilder::new()
		.num_threads(1)
		.build()
		.map_err(|e| Error::Unfit(e.to_string()))?;
	one.install(|| evaluation.speed(&runs))?;
	let subject = evaluation.subject(&evaluation.rows, &runs, &part, n);
	let mut names = Vec::new();
	let mut dampings = BTreeMap::new();
	let mut ours: BTreeMap<String, Side> = BTreeMap::new();
	let mut methods: Vec<Box<dyn Method + Send>> = Vec::new();
	for (cosine, path) in [(false, false), (true, false), (false, true)] {
		methods.push(Box::new(Gradients { cosine, path }));
	}
	methods.push(Box::new(DataInf));
	methods.push(Box::new(Fisher::new(Compression::Sparse, SIDE)));
	methods.push(Box::new(Fisher::new(Compression::Kronecker, SIDE)));
	methods.push(Box::new(trak));
	methods.push(Box::new(EkFac::new(1)));
	methods.push(Box::new(Unrolled::new(1, options.rank)));
	for mut method in methods {
		let name = method.name();
		let scored = one.install(|| evaluation.scored(method.as_mut(), &subject, &judge))?;
		let Scored { scores, fitting, scoring, .. } = scored;
		let lds = lds(&truth, &members, &scores);
		ours.insert(name.clone(), Side { lds, fitting, scoring, queries: scores.ncols() });
		dampings.insert(name.clone(), method.dampings());
		names.push(name);
	}
	let projection = random_projection(&evaluation.model, SIDE, options.seed);
	let mut projector = Projector::new(&evaluation.model, &projection)?;
	let last = runs[0].last().ok_or(Error::Unfit("a run has no checkpoint".into()))?;
	let start = Instant::now();
	projector.features(last, &evaluation.rows, &evaluation.rows.y)?;
	let features = n as f64 / start.elapsed().as_secs_f64();

	let task = Task {
		layers: evaluation.model.layers(),
		rows: n,
		held_out: evaluation.held_out.len(),
		recipe: options.recipe,
		checkpoints: runs[0].len(),
		trak: models.len(),
		dampings,
	};
	let write = |name: &str, bytes: Vec<u8>| {
		let path = folder.join(name);
		fs::write(&path, bytes).map_err(|e| Error::file(&path, e))
	};
	let all = evaluation.rows.and(&evaluation.held_out)?.and(&evaluation.queries)?;
	let floats = |v: &mut dyn Iterator<Item = f32>| v.flat_map(f32::to_le_bytes).collect();
	write("task.json", serde_json::to_vec(&task).unwrap_or_default())?;
	write("x.f32", floats(&mut all.x.iter().copied()))?;
	write("y.i64", all.y.iter().flat_map(|y| (*y as i64).to_le_bytes()).collect())?;
	write("checkpoints.f32", floats(&mut runs[0].iter().flatten().copied()))?;
	write("trak.f32", floats(&mut models.iter().flatten().copied()))?;
	write("peers.py", PROGRAM.into())?;
	let status = Command::new(python)
		.arg("peers.py")
		.current_dir(folder)
		.status()
		.map_err(|e| Error::file(python, e))?;
	if !status.success() {
		return Err(Error::file(python, "dattri did not end well: see above"));
	}
	let path = folder.join("results.json");
	let results: Results = fs::read(&path)
		.map_err(|e| e.to_string())
		.and_then(|bytes| serde_json::from_slice(&bytes).map_err(|e| e.to_string()))
		.map_err(|e| Error::file(&path, e))?;

	// Of each method the damping that is best on held-out queries.
	let (queries, held_out) = (all.len() - n, evaluation.held_out.len());
	let mut theirs: BTreeMap<String, (f64, Side)> = BTreeMap::new();
	for one in &results.methods {
		let scores = read(&folder.join(&one.scores), n, queries)?;
		let found = judge(&scores.slice(s![.., ..held_out]).to_owned());
		if !names.contains(&one.method) {
			names.push(one.method.clone());
		}
		if theirs.get(&one.method).is_none_or(|(best, _)| found > *best) {
			let lds = lds(&truth, &members, &scores.slice(s![.., held_out..]).to_owned());
			let Theirs { fitting, scoring, .. } = *one;
			theirs.insert(one.method.clone(), (found, Side { lds, fitting, scoring, queries }));
		}
	}

	let mut table = Table::new();
	table.set_header([
		"method",
		"LDS",
		"dattri's",
		"difference, 95 %",
		"rows/s",
		"dattri's",
		"pairs/s",
		"dattri's",
	]);
	let cell = |v: Option<f64>, digits: usize| v.map_or(String::new(), |v| format!("{v:.digits$}"));
	for name in &names {
		let (a, b) = (ours.get(name), theirs.get(name).map(|(_, side)| side));
		let difference = a.zip(b).map(|(a, b)| {
			let each: Vec<f64> = a.lds.iter().zip(&b.lds).map(|(a, b)| a - b).collect();
			let (_, low, high) = interval(&each, options.seed);
			format!("{low:.3} to {high:.3}")
		});
		table.add_row([
			name.clone(),
			cell(a.map(Side::mean), 4),
			cell(b.map(Side::mean), 4),
			difference.unwrap_or_default(),
			cell(a.map(|side| side.rows_per_second(n)), 0),
			cell(b.map(|side| side.rows_per_second(n)), 0),
			cell(a.map(|side| side.pairs_per_second(n)), 0),
			cell(b.map(|side| side.pairs_per_second(n)), 0),
		]);
	}
	println!("\nBeside {}, one thread each: LDS of rows, speeds\n{table}", results.versions);

	let figures = &mut evaluation.report.figures;
	let trained = figures.get("trained_per_second").copied().unwrap_or_default();
	let gradients = figures.get("gradients_per_second").copied().unwrap_or_default();
	let mut speeds = Table::new();
	speeds.set_header(["rows per second", "ours", "PyTorch's"]);
	for (what, ours, theirs) in [
		("training", trained, results.trained),
		("gradients of single rows", gradients, results.gradients),
		("the same projected as LoGRA does", features, results.features),
	] {
		speeds.add_row([what.into(), format!("{ours:.0}"), format!("{theirs:.0}")]);
	}
	println!("{speeds}");

	// Of the methods that both have, the best of each side.
	let best = |sides: &mut dyn Iterator<Item = (&String, &Side)>| {
		let mut both = sides.filter(|(name, _)| ours.contains_key(*name));
		both.try_fold(f64::MIN, |best, (_, side)| Some(best.max(side.mean())))
			.unwrap_or_default()
	};
	let unrolled = ours.get(&Unrolled::new(1, options.rank).name());
	let all_ours = || ours.iter().filter(|(name, _)| theirs.contains_key(*name));
	let fastest = theirs.iter().max_by(|a, b| a.1 .1.mean().total_cmp(&b.1 .1.mean()));
	for (name, value) in [
		("dattri_lds", best(&mut theirs.iter().map(|(name, (_, side))| (name, side)))),
		("ours_lds_same_checkpoints", best(&mut all_ours())),
		("best_lds_same_checkpoints", unrolled.map_or(0.0, Side::mean)),
		("features_per_second", unrolled.map_or(0.0, |side| side.rows_per_second(n))),
		(
			"pytorch_features_per_second",
			fastest.map_or(0.0, |(_, (_, side))| side.rows_per_second(n)),
		),
		("projected_per_second", features),
		("pytorch_projected_per_second", results.features),
		("pytorch_gradients_per_second", results.gradients),
		("pytorch_trained_per_second", results.trained),
		("gradient_over_training_step", trained.max(results.trained) / gradients),
	] {
		figures.insert(name.into(), value);
	}
	Ok(evaluation.report)
}

/// Scores `[rows, queries]` of a file.
fn read(path: &Path, rows: usize, queries: usize) -> Result<Array2<f32>> {
	let bytes = fs::read(path).map_err(|e| Error::file(path, e))?;
	let floats = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
	Array2::from_shape_vec((rows, queries), floats.collect()).map_err(|e| Error::file(path, e))
}
