//! An evaluation from a file to its tables.

use super::{
	curvature::{EkFac, Source},
	data::{self, Rows, Scale},
	features::Reduced,
	methods::{
		Compression, Controlled, Counterfactual, DataInf, Equal, Fisher, Gradients, LeaveOneOut,
		Likeness, Method, Random, Size, Subject, Trak, Unit,
	},
	metrics::{auc, by_block, interval, lds, pay, reliability},
	model::{self, below, shuffle, uniform, Job, Probe, Recipe},
	report::{Line, Report},
	truth::{bar, halves, Cache, Laboratory, Measure},
	unrolled::Unrolled,
	Error, Result,
};
use ndarray::{Array2, Array3, Axis};
use openledger_graph::{Mlp, Sgd};
use openledger_influence_math::{
	design::MAX_SINGLE,
	score::{positive, standard_errors},
};
use rand_chacha::{
	rand_core::{RngCore, SeedableRng},
	ChaCha8Rng,
};
use std::{path::PathBuf, time::Instant};

/// The most rows for which every row is scored for every row.
const MOST_OWN: usize = 2000;
/// One of so many rows, or blocks, is spoiled.
const SPOILED: usize = 10;
/// Contributors whose Shapley values are exact: all their subsets are trained on.
const FEW: usize = 8;
/// Half the length of an error bar, in standard errors.
const BAR: f64 = 2.0;

/// What to evaluate, on what.
#[derive(Clone, Debug)]
pub struct Options {
	/// A file or folder, as [`data::load`] takes it.
	pub data: PathBuf,
	/// The column or field of the class.
	pub label: Option<String>,
	/// Whether all columns keep their scale to each other, as pixels do; as the file says, if absent.
	pub alike: Option<bool>,
	/// Widths of hidden layers; none for softmax regression.
	pub hidden: Vec<usize>,
	/// How it is trained.
	pub recipe: Recipe,
	/// What of a query is explained.
	pub measure: Measure,
	/// The most training rows.
	pub rows: usize,
	/// Queries that are reported; as many others choose dampings.
	pub queries: usize,
	/// Random halves that are retrained on.
	pub subsets: usize,
	/// Retrainings of each half.
	pub retrainings: usize,
	/// Trainings on all rows that gradient methods may average.
	pub runs: usize,
	/// Checkpoints of a training.
	pub checkpoints: usize,
	/// About how many gradients make the curvature of a checkpoint.
	pub rank: usize,
	/// Numbers of a feature, with one run and with all.
	pub widths: [usize; 2],
	/// Contributors between whom rows are divided; fewer if each would have less than four rows.
	pub contributors: usize,
	/// Counterfactual models.
	pub adapters: u16,
	/// What the names of methods must hold; all are measured, if absent.
	pub only: Option<String>,
	/// Whether rows are scored.
	pub of_rows: bool,
	/// Whether contributors are.
	pub of_contributors: bool,
	/// Whether to spoil data and to compute exact Shapley values too.
	pub more: bool,
	/// Seeds everything.
	pub seed: u64,
	/// Whether to make kept retrainings anew.
	pub recompute: bool,
	/// Where retrainings are kept; as [`Cache::open`] says, if absent.
	pub kept: Option<PathBuf>,
}

impl Default for Options {
	fn default() -> Self {
		Self {
			data: PathBuf::new(),
			label: None,
			alike: None,
			hidden: Vec::new(),
			recipe: Recipe {
				epochs: 30,
				batch: 32,
				rate: 0.05,
				sgd: Sgd { momentum: 0.9, decay: 1e-3 },
			},
			measure: Measure::LogProbability,
			rows: 1200,
			queries: 150,
			subsets: 50,
			retrainings: 2,
			runs: 5,
			checkpoints: 6,
			rank: 2048,
			widths: [512, 1023],
			contributors: 60,
			adapters: 120,
			only: None,
			of_rows: true,
			of_contributors: true,
			more: true,
			seed: 1,
			recompute: false,
			kept: None,
		}
	}
}

/// The hidden layers of `logistic` or `mlp:64,48`.
pub fn hidden(model: &str) -> std::result::Result<Vec<usize>, String> {
	let wrong = || format!("there is no model {model}: try logistic, or mlp:64,48");
	match model.split_once(':') {
		None if model == "logistic" => Ok(Vec::new()),
		Some(("mlp", widths)) => {
			let width =
				|w: &str| w.parse().ok().filter(|w| (1..=4096).contains(w)).ok_or_else(wrong);
			widths.split(',').map(width).collect()
		},
		_ => Err(wrong()),
	}
}

/// A method's scores of the reported queries.
pub(super) struct Scored {
	/// `[rows or blocks, queries]`.
	pub(super) scores: Array2<f32>,
	/// Seconds to look at the training rows.
	pub(super) fitting: f64,
	/// Seconds to score.
	pub(super) scoring: f64,
	/// The damping that held-out queries chose, if there was a choice.
	pub(super) damping: Option<f64>,
}

/// An evaluation under way.
pub(super) struct Evaluation<'a> {
	options: &'a Options,
	pub(super) model: Mlp,
	cache: Cache,
	/// Training rows, held-out queries, reported queries.
	pub(super) rows: Rows,
	pub(super) held_out: Rows,
	pub(super) queries: Rows,
	contributors: usize,
	pub(super) report: Report,
}

/// Loads, retrains, scores and prints. The report holds what was printed.
pub fn run(options: &Options) -> Result<Report> {
	let mut evaluation = Evaluation::new(options)?;
	let runs = evaluation.runs(&evaluation.rows, "models to explain")?;
	evaluation.accuracy(&runs)?;
	evaluation.speed(&runs)?;
	let mut dampings = Vec::new();
	if options.of_rows {
		dampings.extend(evaluation.rows_table(&runs)?);
	}
	if options.of_contributors {
		dampings.extend(evaluation.blocks_table(&runs)?);
	}
	if options.more {
		evaluation.mislabelled_rows(&dampings)?;
		evaluation.spoiled_blocks(&dampings)?;
		evaluation.shapley(&dampings)?;
	}
	Ok(evaluation.report)
}

/// The damping that was chosen for each method, by its name.
type Dampings = Vec<(String, f64)>;

/// The damping that was chosen for a method, or the middle one.
fn chosen(dampings: &Dampings, method: &mut dyn Method) -> f64 {
	let name = method.name();
	let all = method.dampings();
	dampings
		.iter()
		.find(|(n, _)| *n == name)
		.map_or(all[all.len() / 2], |(_, d)| *d)
}

impl<'a> Evaluation<'a> {
	pub(super) fn new(options: &'a Options) -> Result<Self> {
		let data = data::load(&options.data, options.label.as_deref())?;
		let mut order: Vec<usize> = (0..data.rows.len()).collect();
		shuffle(&mut ChaCha8Rng::seed_from_u64(options.seed), &mut order);
		let asked = match &data.test {
			Some(_) => 0,
			// A third of a small file is asked, not trained on.
			None => (2 * options.queries).min(order.len() / 3),
		};
		let (train, rest) = order.split_at((order.len() - asked).min(options.rows));
		let mut rows = data.rows.take(train);
		let (mut held_out, mut queries) = match data.test {
			Some(test) => {
				let mut order: Vec<usize> = (0..test.len()).collect();
				shuffle(&mut ChaCha8Rng::seed_from_u64(options.seed + 1), &mut order);
				order.truncate(2 * options.queries);
				let (held_out, queries) = order.split_at(order.len() / 2);
				(test.take(held_out), test.take(queries))
			},
			None => {
				let rest = &rest[..asked];
				let (held_out, queries) = rest.split_at(asked / 2);
				(data.rows.take(held_out), data.rows.take(queries))
			},
		};
		if queries.len() < 2 || rows.len() < 4 * FEW {
			let why = format!("{} rows are too few", data.rows.len());
			return Err(Error::file(&options.data, why));
		}
		let scale = Scale::fit(&rows.x, options.alike.unwrap_or(data.alike));
		[&mut rows, &mut held_out, &mut queries]
			.into_iter()
			.for_each(|part| scale.apply(&mut part.x));
		let model = Mlp {
			inputs: rows.x.ncols(),
			hidden: options.hidden.clone(),
			classes: data.classes.len(),
		};
		println!(
			"{}: {} training rows of {} numbers, {} classes, {} held-out and {} reported queries; \
			 seed {}",
			options.data.display(),
			rows.len(),
			model.inputs,
			model.classes,
			held_out.len(),
			queries.len(),
			options.seed,
		);
		let cache = match &options.kept {
			Some(folder) => Cache::at(folder, options.recompute)?,
			None => Cache::open(options.recompute)?,
		};
		let contributors = options.contributors.min(rows.len() / 4).min(256);
		let report = Report::default();
		Ok(Self { options, model, cache, rows, held_out, queries, contributors, report })
	}

	pub(super) fn subject<'b>(
		&'b self,
		rows: &'b Rows,
		runs: &'b [Vec<Vec<f32>>],
		block: &'b [usize],
		blocks: usize,
	) -> Subject<'b> {
		Subject {
			model: &self.model,
			recipe: &self.options.recipe,
			rows,
			block,
			blocks,
			runs,
			measure: self.options.measure,
			cache: &self.cache,
			seed: self.options.seed ^ 0x5eed,
		}
	}

	/// Trainings on all of some rows.
	pub(super) fn runs(&self, rows: &Rows, what: &str) -> Result<Vec<Vec<Vec<f32>>>> {
		let mut rng = ChaCha8Rng::seed_from_u64(self.options.seed ^ 0x12);
		let job = |_| Job { rows: (0..rows.len()).collect(), seed: rng.next_u64() };
		let jobs: Vec<Job> = (0..self.options.runs).map(job).collect();
		let bar = bar(what, jobs.len());
		let done = |n| bar.inc(n as u64);
		let Options { recipe, checkpoints, .. } = self.options;
		let runs = model::train(&self.model, recipe, rows, &jobs, *checkpoints, &done)?;
		bar.finish_and_clear();
		Ok(runs)
	}

	pub(super) fn accuracy(&mut self, runs: &[Vec<Vec<f32>>]) -> Result<()> {
		let finals: Vec<Vec<f32>> = runs.iter().filter_map(|run| run.last().cloned()).collect();
		let right = |logits: &Array2<f32>, labels: &[usize]| {
			let most = |row: ndarray::ArrayView1<f32>| {
				let of = |best: usize, (c, v): (usize, &f32)| if *v > row[best] { c } else { best };
				row.iter().enumerate().fold(0, of)
			};
			logits
				.rows()
				.into_iter()
				.zip(labels)
				.filter(|(row, y)| most(*row) == **y)
				.count()
		};
		let all = model::predict(&self.model, &finals, &self.queries)?;
		let right: usize = all.iter().map(|logits| right(logits, &self.queries.y)).sum();
		let accuracy = right as f64 / (all.len() * self.queries.len()) as f64;
		println!("accuracy on the reported queries {accuracy:.3}, mean of {} models", all.len());
		self.report.figures.insert("accuracy".into(), accuracy);
		Ok(())
	}

	/// Rows per second, on one core: of training, and of every row's own gradient.
	pub(super) fn speed(&mut self, runs: &[Vec<Vec<f32>>]) -> Result<()> {
		let Some(last) = runs.first().and_then(|run| run.last()) else { return Ok(()) };
		let job = Job { rows: (0..self.rows.len()).collect(), seed: self.options.seed };
		let jobs = vec![job; model::together(&self.model)];
		let recipe = Recipe { epochs: 2, ..self.options.recipe };
		let start = Instant::now();
		model::train(&self.model, &recipe, &self.rows, &jobs, 1, &|_| {})?;
		let seen = jobs.len() * recipe.epochs * self.rows.len();
		let training = seen as f64 / start.elapsed().as_secs_f64();
		let mut probe = Probe::new(&self.model, last)?;
		let start = Instant::now();
		probe.factors(&self.rows)?;
		let gradients = self.rows.len() as f64 / start.elapsed().as_secs_f64();
		println!("{training:.0} rows/s trained, gradients of {gradients:.0} rows/s");
		for (name, value) in [
			("trained_per_second", training),
			("gradients_per_second", gradients),
			("gradient_over_training_step", training / gradients),
		] {
			self.report.figures.insert(name.into(), value);
		}
		Ok(())
	}

	/// Values `[subsets, retrainings, queries]` of held-out and of reported queries.
	pub(super) fn truth(
		&self,
		what: &str,
		members: &Array2<f32>,
		part: &[usize],
		seed: u64,
	) -> Result<[Array3<f64>; 2]> {
		let all = Rows { text: Vec::new(), ..self.held_out.and(&self.queries)? };
		let laboratory = Laboratory {
			model: &self.model,
			recipe: &self.options.recipe,
			rows: &self.rows,
			queries: &all,
			cache: &self.cache,
		};
		let Options { retrainings, measure, .. } = *self.options;
		let values = laboratory.truth(what, members, part, retrainings, measure, seed)?;
		let (held_out, reported) = values.view().split_at(Axis(2), self.held_out.len());
		Ok([held_out.to_owned(), reported.to_owned()])
	}

	pub(super) fn wanted(&self, method: &dyn Method) -> bool {
		self.options.only.as_ref().is_none_or(|only| method.name().contains(only))
	}

	/// Methods that score rows, cheapest first.
	fn row_methods(&self) -> Vec<Box<dyn Method>> {
		let Options { rank, widths, runs, .. } = *self.options;
		let mut all: Vec<Box<dyn Method>> = vec![Box::new(Random), Box::new(Size)];
		if !self.rows.text.is_empty() {
			all.push(Box::new(Likeness::Bm25));
			all.push(Box::new(Likeness::Overlap));
		}
		all.push(Box::new(Likeness::Embedding));
		for (cosine, path) in [(false, false), (true, false), (false, true)] {
			all.push(Box::new(Gradients { cosine, path }));
		}
		all.push(Box::new(DataInf));
		all.push(Box::new(Fisher::new(Compression::Sparse, 16)));
		all.push(Box::new(Fisher::new(Compression::Kronecker, 16)));
		all.push(Box::new(Trak::new(1)));
		all.push(Box::new(EkFac::new(1)));
		if runs > 1 {
			all.push(Box::new(Trak::new(runs)));
			all.push(Box::new(EkFac::new(runs)));
		}
		all.push(Box::<Source>::default());
		for (runs, width) in [(1, widths[0]), (runs, widths[1])].into_iter().take(runs) {
			let forms = Reduced::forms(Box::new(Unrolled::new(runs, rank)), width);
			all.extend(forms.map(|m| Box::new(m) as Box<dyn Method>));
		}
		all.retain(|method| self.wanted(method.as_ref()));
		all
	}

	/// Fits a method, chooses its damping by the held-out queries, and scores the reported ones.
	pub(super) fn scored(
		&self,
		method: &mut dyn Method,
		subject: &Subject,
		held_out: &dyn Fn(&Array2<f32>) -> f64,
	) -> Result<Scored> {
		let start = Instant::now();
		method.fit(subject)?;
		let fitting = start.elapsed().as_secs_f64();
		let dampings = method.dampings();
		let mut best = (f64::NEG_INFINITY, dampings[0]);
		if dampings.len() > 1 {
			for damping in &dampings {
				let found = held_out(&method.draft(subject, &self.held_out, *damping)?);
				if found > best.0 {
					best = (found, *damping);
				}
			}
		}
		let start = Instant::now();
		let scores = method.scores(subject, &self.queries, best.1)?;
		let scoring = start.elapsed().as_secs_f64();
		let damping = (dampings.len() > 1).then_some(best.1);
		Ok(Scored { scores, fitting, scoring, damping })
	}

	fn line(
		&self,
		method: &str,
		values: &[f64],
		ceiling: Option<f64>,
		damping: Option<f64>,
		seconds: f64,
	) -> Line {
		let value = interval(values, self.options.seed);
		let of_ceiling = ceiling.map(|ceiling| value.0 / ceiling);
		Line { method: method.into(), damping, value, of_ceiling, seconds }
	}

	fn rows_table(&mut self, runs: &[Vec<Vec<f32>>]) -> Result<Dampings> {
		let n = self.rows.len();
		let part: Vec<usize> = (0..n).collect();
		let members = halves(self.options.subsets, n, self.options.seed ^ 0xa1);
		let start = Instant::now();
		let [held_out, reported] =
			self.truth("halves of the rows", &members, &part, self.options.seed ^ 0xa2)?;
		let seconds = start.elapsed().as_secs_f64();
		let rho = reliability(&reported, self.options.seed);
		let ceiling = rho.map(f64::sqrt);
		let mean = |values: &Array3<f64>| values.mean_axis(Axis(1)).unwrap_or_default();
		let (known, truth) = (mean(&held_out), mean(&reported));
		let (mut lines, mut dampings) = (Vec::new(), Vec::new());
		for mut method in self.row_methods() {
			let subject = self.subject(&self.rows, runs, &part, n);
			let judge = |scores: &Array2<f32>| {
				let all = lds(&known, &members, scores);
				all.iter().sum::<f64>() / all.len().max(1) as f64
			};
			let Scored { scores, fitting, scoring, damping } =
				self.scored(method.as_mut(), &subject, &judge)?;
			let values = lds(&truth, &members, &scores);
			let seconds = fitting + scoring;
			lines.push(self.line(&method.name(), &values, ceiling, damping, seconds));
			dampings.extend(damping.map(|damping| (method.name(), damping)));
		}
		let Options { subsets, retrainings, .. } = self.options;
		let title = format!(
			"LDS of rows: {subsets} halves, {retrainings} retrainings each ({seconds:.0} s), \
			 reliability {}",
			rho.map_or("unknown".into(), |rho| format!("{rho:.3}")),
		);
		self.report.table(&title, lines);
		if let Some(rho) = rho {
			self.report.figures.insert("reliability".into(), rho);
		}
		Ok(dampings)
	}

	/// Rows in the order of their classes, cut into as many contributors, so that each knows little
	/// else than one class.
	fn contributors(&self, count: usize) -> Vec<usize> {
		let n = self.rows.len();
		let mut order: Vec<usize> = (0..n).collect();
		order.sort_by_key(|i| self.rows.y[*i]);
		let mut block = vec![0; n];
		order
			.iter()
			.enumerate()
			.for_each(|(place, row)| block[*row] = place * count / n);
		block
	}

	/// The gradient method and the best known ones, for tables of blocks.
	fn block_methods(&self, blocks: usize, adapters: &[u16]) -> Vec<Box<dyn Method>> {
		let Options { rank, widths, runs, .. } = *self.options;
		let features = |runs, width| Reduced::integers(Box::new(Unrolled::new(runs, rank)), width);
		let one = features(1, widths[0]);
		let mut all: Vec<Box<dyn Method>> = vec![Box::new(Random), Box::new(Size), Box::new(Equal)];
		all.push(Box::new(Gradients { cosine: false, path: false }));
		all.push(Box::new(DataInf));
		all.push(Box::new(one.clone()));
		if runs > 1 {
			all.push(Box::new(features(runs, widths[1])));
		}
		if self.options.more {
			all.push(Box::new(LeaveOneOut));
		}
		for adapters in adapters {
			let counterfactual = Counterfactual { adapters: *adapters };
			// Where every block is measured alone, halves are few.
			if blocks > usize::from(MAX_SINGLE) {
				let features = Box::new(one.clone());
				all.push(Box::new(Controlled { counterfactual, features }));
			}
			all.push(Box::new(counterfactual));
		}
		all.retain(|method| self.wanted(method.as_ref()));
		all
	}

	/// As many counterfactual models as there are blocks, and the wanted number.
	fn adapters(&self) -> Vec<u16> {
		let mut all = vec![self.contributors as u16 / 2 * 2, self.options.adapters];
		all.sort_unstable();
		all.dedup();
		all
	}

	/// Scores of blocks for the reported queries, with the damping that was chosen before.
	fn block_scores(
		&self,
		method: &mut dyn Method,
		subject: &Subject,
		dampings: &Dampings,
	) -> Result<(Array2<f32>, f64)> {
		let start = Instant::now();
		method.fit(subject)?;
		let chosen = chosen(dampings, method);
		let scores = method.scores(subject, &self.queries, chosen)?;
		let scores = match method.unit() {
			Unit::Rows => by_block(&scores, subject.block, subject.blocks),
			Unit::Blocks => scores,
		};
		Ok((scores, start.elapsed().as_secs_f64()))
	}

	fn blocks_table(&mut self, runs: &[Vec<Vec<f32>>]) -> Result<Dampings> {
		let count = self.contributors;
		let block = self.contributors(count);
		let members = halves(self.options.subsets, count, self.options.seed ^ 0xb1);
		let [held_out, reported] =
			self.truth("halves of the blocks", &members, &block, self.options.seed ^ 0xb2)?;
		let rho = reliability(&reported, self.options.seed);
		let known = held_out.mean_axis(Axis(1)).unwrap_or_default();
		let truth = reported.mean_axis(Axis(1)).unwrap_or_default();
		let (mut lines, mut dampings) = (Vec::new(), Vec::new());
		for mut method in self.block_methods(count, &self.adapters()) {
			let subject = self.subject(&self.rows, runs, &block, count);
			let summed = |scores: &Array2<f32>| match scores.nrows() == count {
				true => scores.clone(),
				false => by_block(scores, &block, count),
			};
			let judge = |scores: &Array2<f32>| {
				let all = lds(&known, &members, &summed(scores));
				all.iter().sum::<f64>() / all.len().max(1) as f64
			};
			let Scored { scores, fitting, scoring, damping } =
				self.scored(method.as_mut(), &subject, &judge)?;
			let values = lds(&truth, &members, &summed(&scores));
			let (ceiling, seconds) = (rho.map(f64::sqrt), fitting + scoring);
			lines.push(self.line(&method.name(), &values, ceiling, damping, seconds));
			dampings.extend(damping.map(|damping| (method.name(), damping)));
		}
		let title = format!(
			"LDS of {count} contributors: {} halves, {} retrainings each, reliability {}",
			self.options.subsets,
			self.options.retrainings,
			rho.map_or("unknown".into(), |rho| format!("{rho:.3}")),
		);
		self.report.table(&title, lines);
		Ok(dampings)
	}

	/// Another class than the row's.
	fn wrong(&self, label: usize, rng: &mut ChaCha8Rng) -> usize {
		(label + 1 + below(rng, self.model.classes - 1)) % self.model.classes
	}

	/// How well a row's score for itself tells rows with a wrong label.
	fn mislabelled_rows(&mut self, dampings: &Dampings) -> Result<()> {
		let n = self.rows.len();
		if n > MOST_OWN {
			return Ok(());
		}
		let mut rng = ChaCha8Rng::seed_from_u64(self.options.seed ^ 0xc1);
		let mut order: Vec<usize> = (0..n).collect();
		shuffle(&mut rng, &mut order);
		let mut rows = self.rows.clone();
		let mut marked = vec![false; n];
		for i in &order[..n / SPOILED] {
			rows.y[*i] = self.wrong(rows.y[*i], &mut rng);
			marked[*i] = true;
		}
		let runs = self.runs(&rows, "models with wrong labels")?;
		let part: Vec<usize> = (0..n).collect();
		let mut lines = Vec::new();
		for mut method in self.row_methods() {
			let name = method.name();
			// Others know no score of a row for itself.
			if name.starts_with("TRAK") || name.contains("random") || name.contains("size") {
				continue;
			}
			let subject = Subject {
				measure: Measure::LogProbability,
				..self.subject(&rows, &runs, &part, n)
			};
			let start = Instant::now();
			method.fit(&subject)?;
			let chosen = chosen(dampings, method.as_mut());
			let scores = method.scores(&subject, &rows, chosen)?;
			let own: Vec<f64> = scores.diag().iter().map(|v| f64::from(*v)).collect();
			let found = auc(&own, &marked);
			lines.push(Line {
				method: name,
				damping: None,
				value: (found, found, found),
				of_ceiling: None,
				seconds: start.elapsed().as_secs_f64(),
			});
		}
		let title = format!("Area under the curve of {} rows with a wrong label", n / SPOILED);
		self.report.table(&title, lines);
		Ok(())
	}

	/// What blocks with wrong labels, and blocks of noise, are paid.
	fn spoiled_blocks(&mut self, dampings: &Dampings) -> Result<()> {
		let (n, count) = (self.rows.len(), self.contributors);
		let mut rng = ChaCha8Rng::seed_from_u64(self.options.seed ^ 0xd1);
		let mut order: Vec<usize> = (0..n).collect();
		shuffle(&mut rng, &mut order);
		let mut block = vec![0; n];
		order
			.iter()
			.enumerate()
			.for_each(|(place, row)| block[*row] = place * count / n);
		let few = (count / SPOILED).max(1);
		let mut rows = self.rows.clone();
		for (i, block) in block.iter().enumerate() {
			match block {
				b if *b < few => rows.y[i] = self.wrong(rows.y[i], &mut rng),
				b if *b < 2 * few => {
					rows.x.row_mut(i).mapv_inplace(|_| uniform(&mut rng) * 3f32.sqrt());
					rows.y[i] = below(&mut rng, self.model.classes);
				},
				_ => {},
			}
		}
		let runs = self.runs(&rows, "models with spoiled blocks")?;
		let [mut wrong, mut noise] = [Vec::new(), Vec::new()];
		for mut method in self.block_methods(count, &self.adapters()) {
			let subject = self.subject(&rows, &runs, &block, count);
			let (scores, seconds) = self.block_scores(method.as_mut(), &subject, dampings)?;
			let paid = pay(&scores);
			for (lines, part) in [(&mut wrong, &paid[..few]), (&mut noise, &paid[few..2 * few])] {
				let share: f64 = part.iter().sum();
				lines.push(Line {
					method: method.name(),
					damping: None,
					value: (share, share, share),
					of_ceiling: None,
					seconds,
				});
			}
		}
		self.report
			.table(&format!("Share paid to {few} of {count} blocks with wrong labels"), wrong);
		self.report
			.table(&format!("Share paid to {few} of {count} blocks of noise"), noise);
		Ok(())
	}

	/// Shares of few contributors against their exact Shapley values, from retrainings on all subsets.
	fn shapley(&mut self, dampings: &Dampings) -> Result<()> {
		let block = self.contributors(FEW);
		let all = 1usize << FEW;
		let members = Array2::from_shape_fn((all - 1, FEW), |(s, u)| ((s + 1) >> u & 1) as f32);
		let [_, values] = self.truth("all subsets", &members, &block, self.options.seed ^ 0xe1)?;
		let values = values.mean_axis(Axis(1)).unwrap_or_default();
		let runs = self.runs(&self.rows, "models to explain")?;
		let untrained: Vec<Vec<f32>> =
			(0..8).map(|s| model::initial(&self.model, self.options.seed ^ s)).collect();
		let untrained = model::predict(&self.model, &untrained, &self.queries)?;
		let base = |q: usize| {
			let one =
				|logits: &Array2<f32>| self.options.measure.of(logits.row(q), self.queries.y[q]);
			untrained.iter().map(one).sum::<f64>() / untrained.len() as f64
		};
		let truth: Vec<Vec<f64>> = (0..self.queries.len())
			.map(|q| {
				let base = base(q);
				exact_shapley(&|s| if s == 0 { base } else { values[[s - 1, q]] })
			})
			.collect();
		let mut lines = Vec::new();
		let adapters = [16, 32, 64];
		for mut method in self.block_methods(FEW, &adapters) {
			let subject = self.subject(&self.rows, &runs, &block, FEW);
			let (scores, seconds) = self.block_scores(method.as_mut(), &subject, dampings)?;
			let error = |(q, truth): (usize, &Vec<f64>)| {
				let found = shares(scores.column(q).iter().map(|v| f64::from(*v)));
				let wanted = shares(truth.iter().copied());
				found.iter().zip(&wanted).map(|(a, b)| (a - b).abs()).sum::<f64>()
			};
			let errors: Vec<f64> = truth.iter().enumerate().map(error).collect();
			lines.push(self.line(&method.name(), &errors, None, None, seconds));
		}
		let title = format!("L1 error of the shares of {FEW} contributors against Shapley values");
		self.report.table(&title, lines);
		for adapters in adapters {
			let subject = self.subject(&self.rows, &runs, &block, FEW);
			let (mut inside, mut bars) = (0usize, 0usize);
			let method = Counterfactual { adapters };
			let (subsets, psi) = method.design(&subject)?;
			let vectors = method.vectors(&subject, &self.queries, &subsets)?;
			for (y, truth) in vectors.iter().zip(&truth) {
				let (Some(scores), Some(errors)) =
					(psi.scores(y), standard_errors(&psi, &subsets, y))
				else {
					return Err(Error::Unfit("y does not fit Ψ".into()));
				};
				// As money is divided: in proportion to what is above nothing.
				let unit = positive(&scores).max(1) as f64;
				let whole: f64 = truth.iter().map(|value| value.max(0.0)).sum();
				for ((score, error), truth) in scores.iter().zip(errors).zip(truth) {
					bars += 1;
					let off = (*score as f64 / unit - truth / whole.max(f64::MIN_POSITIVE)).abs();
					inside += usize::from(off <= BAR * error as f64 / unit);
				}
			}
			let coverage = inside as f64 / bars.max(1) as f64;
			println!("error bars of {BAR} standard errors at K = {adapters} hold {coverage:.3}");
			self.report.figures.insert(format!("coverage_k{adapters}"), coverage);
		}
		Ok(())
	}
}

/// The positive parts, scaled to sum to one.
fn shares(scores: impl Iterator<Item = f64>) -> Vec<f64> {
	crate::baselines::shares(&scores.collect::<Vec<f64>>())
}

/// Shapley values (1953) of [`FEW`] players in a game over subsets as bits.
fn exact_shapley(value: &dyn Fn(usize) -> f64) -> Vec<f64> {
	let factorial = |n: usize| (1..=n).map(|v| v as f64).product::<f64>();
	let weight = |size: usize| factorial(size) * factorial(FEW - 1 - size) / factorial(FEW);
	(0..FEW)
		.map(|u| {
			(0..1usize << FEW)
				.filter(|s| s >> u & 1 == 0)
				.map(|s| weight(s.count_ones() as usize) * (value(s | 1 << u) - value(s)))
				.sum()
		})
		.collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn exact_shapley_should_be_each_ones_part_when_the_game_is_additive() {
		let values = exact_shapley(&|s| (0..FEW).filter(|u| s >> u & 1 == 1).sum::<usize>() as f64);
		for (u, value) in values.iter().enumerate() {
			assert!((value - u as f64).abs() < 1e-9, "{value} for {u}");
		}
	}

	#[test]
	fn hidden_should_read_the_names_of_models() {
		assert_eq!(hidden("logistic"), Ok(vec![]));
		assert_eq!(hidden("mlp:64,48"), Ok(vec![64, 48]));
		for wrong in ["mlp", "mlp:", "mlp:0", "mlp:64,x", "tree"] {
			assert!(hidden(wrong).unwrap_err().contains("try logistic"), "{wrong}");
		}
	}
}
