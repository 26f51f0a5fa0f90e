//! The same methods by dattri (Deng et al. 2024), the library in which the field compares them: on the
//! same checkpoints, rows and queries, on one core each, and judged by the same retrainings.
//!
//! `peers.py` is given a folder with `task.json`, `x.f32`, `y.i64`, `checkpoints.f32` and `trak.f32`,
//! little endian, and writes scores `[rows, queries]` and `results.json`. Queries are the held-out
//! ones, by which both sides' dampings are chosen, then the reported ones.

use super::{
	curvature::EkFac,
	data::Rows,
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
	projected: f64,
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

/// Methods of ours that dattri has too, and the gradient method.
fn methods(trak: Trak, rank: usize) -> Vec<Box<dyn Method + Send>> {
	vec![
		Box::new(Gradients { cosine: false, path: false }),
		Box::new(Gradients { cosine: true, path: false }),
		Box::new(Gradients { cosine: false, path: true }),
		Box::new(DataInf),
		Box::new(Fisher::new(Compression::Sparse, SIDE)),
		Box::new(Fisher::new(Compression::Kronecker, SIDE)),
		Box::new(trak),
		Box::new(EkFac::new(1)),
		Box::new(Unrolled::new(1, rank)),
	]
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
	let [known, truth] = evaluation
		.truth("halves of the rows", &members, &part, options.seed ^ 0xa2)?
		.map(|values| values.mean_axis(Axis(1)).unwrap_or_default());
	let judge = |scores: &Array2<f32>| {
		let all = lds(&known, &members, scores);
		all.iter().sum::<f64>() / all.len().max(1) as f64
	};
	let one = rayon::ThreadPoolBuilder::new()
		.num_threads(1)
		.build()
		.map_err(|e| Error::Unfit(e.to_string()))?;
	one.install(|| evaluation.speed(&runs))?;

	let subject = evaluation.subject(&evaluation.rows, &runs, &part, n);
	let mut trak = Trak::new(1);
	trak.fit(&subject)?;
	let models = trak.models().to_vec();
	let (mut names, mut dampings) = (Vec::new(), BTreeMap::new());
	let mut ours: BTreeMap<String, Side> = BTreeMap::new();
	for mut method in methods(trak, options.rank) {
		let name = method.name();
		dampings.insert(name.clone(), method.dampings());
		if !evaluation.wanted(method.as_ref()) {
			continue;
		}
		let scored = one.install(|| evaluation.scored(method.as_mut(), &subject, &judge))?;
		let Scored { scores, fitting, scoring, .. } = scored;
		let lds = lds(&truth, &members, &scores);
		ours.insert(name.clone(), Side { lds, fitting, scoring, queries: scores.ncols() });
		names.push(name);
	}
	let projection = random_projection(&evaluation.model, SIDE, options.seed);
	let mut projector = Projector::new(&evaluation.model, &projection)?;
	let last = runs[0].last().ok_or(Error::Unfit("a run has no checkpoint".into()))?;
	let start = Instant::now();
	projector.features(last, &evaluation.rows, &evaluation.rows.y)?;
	let projected = n as f64 / start.elapsed().as_secs_f64();

	let held_out = evaluation.held_out.len();
	let task = Task {
		layers: evaluation.model.layers(),
		rows: n,
		recipe: options.recipe,
		checkpoints: runs[0].len(),
		trak: models.len(),
		dampings,
	};
	let all = evaluation.rows.and(&evaluation.held_out)?.and(&evaluation.queries)?;
	let results = ask(&task, &all, [&runs[0], &models], python, folder)?;
	// Of each method the damping that is best on held-out queries.
	let queries = all.len() - n;
	let mut best: BTreeMap<String, (f64, Side)> = BTreeMap::new();
	let wanted = |name: &str| options.only.as_ref().is_none_or(|only| name.contains(only));
	for one in results.methods.iter().filter(|one| wanted(&one.method)) {
		let scores = read(&folder.join(&one.scores), n, queries)?;
		let found = judge(&scores.slice(s![.., ..held_out]).to_owned());
		if !names.contains(&one.method) {
			names.push(one.method.clone());
		}
		if best.get(&one.method).is_none_or(|(most, _)| found > *most) {
			let lds = lds(&truth, &members, &scores.slice(s![.., held_out..]).to_owned());
			let Theirs { fitting, scoring, .. } = *one;
			best.insert(one.method.clone(), (found, Side { lds, fitting, scoring, queries }));
		}
	}
	let theirs: BTreeMap<String, Side> =
		best.into_iter().map(|(name, (_, side))| (name, side)).collect();

	println!("\nBeside {}, one thread each: LDS of rows, speeds", results.versions);
	println!("{}", table(&names, &ours, &theirs, n, options.seed));
	let figures = &mut evaluation.report.figures;
	let [trained, gradients] = ["trained_per_second", "gradients_per_second"]
		.map(|name| figures.get(name).copied().unwrap_or_default());
	let mut speeds = Table::new();
	speeds.set_header(["rows per second", "ours", "PyTorch's"]);
	for (what, ours, theirs) in [
		("training", trained, results.trained),
		("gradients of single rows", gradients, results.gradients),
		("the same projected as LoGRA does", projected, results.projected),
	] {
		speeds.add_row([what.into(), format!("{ours:.0}"), format!("{theirs:.0}")]);
	}
	println!("{speeds}");

	let unrolled = ours.get(&Unrolled::new(1, options.rank).name());
	let strongest = theirs.values().max_by(|a, b| a.mean().total_cmp(&b.mean()));
	// Of the methods that both have, the best of each side.
	let of_both = |a: &BTreeMap<String, Side>, b: &BTreeMap<String, Side>| {
		let both = a.iter().filter(|(name, _)| b.contains_key(*name));
		both.map(|(_, side)| side.mean()).max_by(f64::total_cmp)
	};
	let all_work = |side: &Side| side.rows_per_second(n);
	for (name, value) in [
		("dattri_lds", of_both(&theirs, &ours)),
		("ours_lds_same_checkpoints", of_both(&ours, &theirs)),
		("best_lds_same_checkpoints", unrolled.map(Side::mean)),
		("features_per_second", unrolled.map(all_work)),
		("pytorch_features_per_second", strongest.map(all_work)),
		("projected_per_second", Some(projected)),
		("pytorch_projected_per_second", Some(results.projected)),
		("pytorch_gradients_per_second", Some(results.gradients)),
		("pytorch_trained_per_second", Some(results.trained)),
		("gradient_over_training_step", Some(trained.max(results.trained) / gradients)),
	] {
		value.map(|value| figures.insert(name.into(), value));
	}
	Ok(evaluation.report)
}

/// Writes what dattri needs, runs it and reads what it came to. `models`: the run's checkpoints, and
/// TRAK's models.
fn ask(
	task: &Task,
	all: &Rows,
	models: [&[Vec<f32>]; 2],
	python: &Path,
	folder: &Path,
) -> Result<Results> {
	let write = |name: &str, bytes: Vec<u8>| {
		let path = folder.join(name);
		fs::write(&path, bytes).map_err(|e| Error::file(&path, e))
	};
	let floats = |v: &mut dyn Iterator<Item = f32>| v.flat_map(f32::to_le_bytes).collect();
	write("task.json", serde_json::to_vec(task).unwrap_or_default())?;
	write("x.f32", floats(&mut all.x.iter().copied()))?;
	write("y.i64", all.y.iter().flat_map(|y| (*y as i64).to_le_bytes()).collect())?;
	for (name, models) in ["checkpoints.f32", "trak.f32"].iter().zip(models) {
		write(name, floats(&mut models.iter().flatten().copied()))?;
	}
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
	let bytes = fs::read(&path).map_err(|e| Error::file(&path, e))?;
	serde_json::from_slice(&bytes).map_err(|e| Error::file(&path, e))
}

/// A line for each method, of both sides where both have it.
fn table(
	names: &[String],
	ours: &BTreeMap<String, Side>,
	theirs: &BTreeMap<String, Side>,
	rows: usize,
	seed: u64,
) -> Table {
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
	for name in names {
		let (a, b) = (ours.get(name), theirs.get(name));
		let difference = a.zip(b).map(|(a, b)| {
			let each: Vec<f64> = a.lds.iter().zip(&b.lds).map(|(a, b)| a - b).collect();
			let (_, low, high) = interval(&each, seed);
			format!("{low:.3} to {high:.3}")
		});
		table.add_row([
			name.clone(),
			cell(a.map(Side::mean), 4),
			cell(b.map(Side::mean), 4),
			difference.unwrap_or_default(),
			cell(a.map(|side| side.rows_per_second(rows)), 0),
			cell(b.map(|side| side.rows_per_second(rows)), 0),
			cell(a.map(|side| side.pairs_per_second(rows)), 0),
			cell(b.map(|side| side.pairs_per_second(rows)), 0),
		]);
	}
	table
}

/// Scores `[rows, queries]` of a file.
fn read(path: &Path, rows: usize, queries: usize) -> Result<Array2<f32>> {
	let bytes = fs::read(path).map_err(|e| Error::file(path, e))?;
	let floats = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
	Array2::from_shape_vec((rows, queries), floats.collect()).map_err(|e| Error::file(path, e))
}
