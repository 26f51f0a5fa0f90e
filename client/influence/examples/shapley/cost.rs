//! What attribution costs as it grows: Ψ by blocks and adapters, features and scores by rows, training
//! by adapters at once, scoring by the answer's length, and scoring over serving. On one thread;
//! beside each column of seconds the slope of its logarithm by that of what grows.

use crate::lab::*;
use comfy_table::Table;
use openledger_factory::{train, train::initial, train::ALL as EVERY, Recipe, Row, Task};
use openledger_graph::{count, Mlp};
use openledger_influence::{
	eval::{
		data::Rows,
		methods::random_projection,
		model::{initial as fresh, uniform, Projector},
	},
	window, Generator, Sampling, Scorer, NAT,
};
use openledger_influence_math::{design::draw, Feature, Psi};
use openledger_onnx::Tensor;
use rand_chacha::{rand_core::SeedableRng, ChaCha8Rng};
use std::{fs, hint::black_box, time::Instant};

/// Counterfactual adapters of the scorer.
const K: usize = 64;
/// Windows that one run scores, where several are scored at once.
const AT_ONCE: usize = 8;
/// Answers by which scoring is compared with serving.
const SERVED: usize = 6;
/// Queries that every row is scored for.
const QUERIES: usize = 16;
/// Rows that are in memory at a time.
const PART: usize = 10_000;

/// Seconds of the fastest of so many times.
fn fastest(times: usize, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
	let mut best = f64::INFINITY;
	for _ in 0..times {
		let start = Instant::now();
		work()?;
		best = best.min(start.elapsed().as_secs_f64());
	}
	Ok(best)
}

/// The slope of the least squares line through the points' logarithms.
fn slope(points: &[(f64, f64)]) -> f64 {
	let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
	let (x, y) = (mean(logs.iter().map(|p| p.0)), mean(logs.iter().map(|p| p.1)));
	let product: f64 = logs.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
	product / logs.iter().map(|p| (p.0 - x).powi(2)).sum::<f64>()
}

/// One sweep: prints its table with the slopes below, and keeps them in the figures.
struct Sweep {
	/// Names the sweep in figures.
	name: &'static str,
	/// What grows, then what is measured.
	header: Vec<&'static str>,
	lines: Vec<Vec<f64>>,
}

impl Sweep {
	fn new(name: &'static str, header: &[&'static str]) -> Self {
		Self { name, header: header.to_vec(), lines: Vec::new() }
	}

	fn end(self, figures: &mut Figures) {
		let mut table = Table::new();
		table.set_header(&self.header);
		for line in &self.lines {
			table.add_row(line.iter().map(|v| match v {
				v if *v >= 1000.0 || v.fract() == 0.0 => format!("{v:.0}"),
				v => format!("{v:.4}"),
			}));
		}
		let mut slopes = vec!["slope".to_string()];
		for (column, what) in self.header.iter().enumerate().skip(1) {
			let points: Vec<_> = self.lines.iter().map(|line| (line[0], line[column])).collect();
			slopes.push(format!("{:.2}", slope(&points)));
			let key = format!("cost_{}_{}_slope", self.name, what.replace([' ', ','], "_"));
			figures.insert(key, slope(&points));
		}
		table.add_row(slopes);
		println!("{table}");
		for line in &self.lines {
			for (what, value) in self.header.iter().zip(line).skip(1) {
				let what = what.replace([' ', ','], "_");
				figures.insert(format!("cost_{}_{}_{what}", self.name, line[0]), *value);
			}
		}
	}
}

/// Ψ of so many blocks and adapters: milliseconds to draw the design, to solve, to check, and
/// microseconds to score an answer.
fn psi(blocks: u16, adapters: u16) -> Result<Vec<f64>> {
	let sizes: Vec<u64> = (0..u64::from(blocks)).map(|u| 1_000 + 37 * u).collect();
	let mut subsets = Vec::new();
	let drawn = fastest(5, || {
		subsets = draw([7; 32].into(), blocks, adapters);
		Ok(())
	})?;
	let wrong = |e| format!("the design: {e:?}");
	let psi = Psi::solve(&subsets, &sizes).map_err(wrong)?;
	let solved = fastest(10, || {
		black_box(Psi::solve(black_box(&subsets), &sizes).map_err(wrong)?);
		Ok(())
	})?;
	let checked = fastest(10, || Ok(black_box(&psi).check(&subsets, &sizes).map_err(wrong)?))?;
	let y: Vec<i32> = (0..i32::from(adapters) + 2).map(|k| -(1 << 24) + k * 7_919).collect();
	const TIMES: usize = 100;
	let scored = fastest(10, || {
		(0..TIMES).for_each(|_| drop(black_box(psi.scores(black_box(&y)))));
		Ok(())
	})?;
	Ok(vec![1e3 * drawn, 1e3 * solved, 1e3 * checked, 1e6 * scored / TIMES as f64])
}

/// Seconds to project the gradients of so many rows of a digit's size and to round them to integers,
/// and seconds to score all for [`QUERIES`] queries.
fn rows(count: usize) -> Result<[f64; 3]> {
	let model = Mlp { inputs: 64, hidden: vec![48], classes: 10 };
	let parameters = fresh(&model, 1);
	let mut projector = Projector::new(&model, &random_projection(&model, 16, 1))?;
	let mut rng = ChaCha8Rng::seed_from_u64(1);
	let mut rows = |n: usize| Rows {
		x: ndarray::Array2::from_shape_simple_fn((n, 64), || uniform(&mut rng)),
		y: (0..n).map(|i| i % 10).collect(),
		text: Vec::new(),
	};
	let rounded = |values: ndarray::ArrayView1<f32>| {
		let whole: Vec<i64> = values.iter().map(|v| (v * NAT as f32).round() as i64).collect();
		Feature::round(&whole).ok_or("a feature has too many numbers")
	};
	let mut seconds = [0f64; 3];
	let asked = rows(QUERIES);
	let asked = projector.features(&parameters, &asked, &asked.y)?;
	let asked = asked
		.rows()
		.into_iter()
		.map(rounded)
		.collect::<std::result::Result<Vec<_>, _>>()?;
	for from in (0..count).step_by(PART) {
		let part = rows(PART.min(count - from));
		let start = Instant::now();
		let found = projector.features(&parameters, &part, &part.y)?;
		seconds[0] += start.elapsed().as_secs_f64();
		let start = Instant::now();
		let features = found
			.rows()
			.into_iter()
			.map(rounded)
			.collect::<std::result::Result<Vec<_>, _>>()?;
		seconds[1] += start.elapsed().as_secs_f64();
		let start = Instant::now();
		let mut values = Vec::new();
		for feature in &features {
			values.clear();
			values.extend(feature.values());
			for query in &asked {
				black_box(query.score(&values).ok_or("widths differ")?);
			}
		}
		seconds[2] += start.elapsed().as_secs_f64();
	}
	Ok(seconds)
}

/// Memory of this process in use, in MiB.
fn resident() -> f64 {
	let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
	let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
	let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
	kibibytes.unwrap_or(f64::NAN) / 1024.0
}

/// Seconds of an adapter's step, and MiB in use, where so many adapters train at once.
fn training(bench: &Bench, slots: usize) -> Result<[f64; 2]> {
	let recipe = Recipe { slots, epochs: 1, ..Recipe::default() };
	// The fastest counts: the first plans memory, and the next one takes it.
	let steps = if slots < 64 { 4 } else { 3 };
	let tokens = vec![7; bench.base.context()];
	let all = vec![Row { block: 0, tokens }; steps * recipe.rows];
	let (mut ends, mut memory) = (Vec::new(), 0f64);
	let mut step = |_: usize, _: usize, _: f32| {
		ends.push(Instant::now());
		memory = memory.max(resident());
	};
	train(&bench.base, &all, &vec![EVERY; slots], &recipe, 1, &mut step)?;
	let pairs = ends.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64());
	Ok([pairs.fold(f64::INFINITY, f64::min) / slots as f64, memory])
}

/// How many windows an answer is scored in.
fn windows(asked: usize, answered: usize, context: usize) -> usize {
	let mut all: Vec<usize> = (asked..asked + answered).map(|p| window(p, context)).collect();
	all.dedup();
	all.len()
}

/// Seconds of a window under all adapters, where one run scores [`AT_ONCE`].
fn several(bench: &Bench, adapters: &[Vec<f32>]) -> Result<f64> {
	let (base, t) = (&bench.base, bench.base.context());
	let segments = adapters.len() + 1;
	let mut session = base.session(Task::Score { segments, rows: AT_ONCE }, 1)?;
	let size = count(&base.adapter());
	let stack: Vec<f32> = [vec![0.0; size], adapters.concat()].concat();
	let shape = vec![segments, AT_ONCE, t];
	let cells = shape.iter().product();
	let seconds = fastest(3, || {
		let tokens = || Tensor::Integers(shape.clone(), vec![7; cells]);
		session.run(base.inputs(vec![
			("parameters.in", Tensor::Floats(vec![segments, size], stack.clone())),
			("tokens", tokens()),
			("targets", tokens()),
			("mask", Tensor::Floats(shape.clone(), vec![1.0; cells])),
		]))?;
		Ok(())
	})?;
	Ok(seconds / AT_ONCE as f64)
}

/// Measures all and prints it.
pub fn arm(bench: &Bench, figures: &mut Figures) -> Result<()> {
	let costs = ["draw ms", "solve ms", "check ms", "score us"];
	println!("\nΨ by blocks, {K} adapters");
	let mut sweep = Sweep::new("psi_blocks", &[&["blocks"], &costs[..]].concat());
	for blocks in [8, 16, 32, 64, 128, 256] {
		sweep.lines.push([vec![f64::from(blocks)], psi(blocks, K as u16)?].concat());
	}
	sweep.end(figures);
	println!("\nΨ by adapters, 48 blocks");
	let mut sweep = Sweep::new("psi_adapters", &[&["adapters"], &costs[..]].concat());
	for adapters in [16, 32, 64, 128, 256, 512] {
		sweep.lines.push([vec![f64::from(adapters)], psi(48, adapters)?].concat());
	}
	sweep.end(figures);

	println!(
		"\nGradients of rows of 64 numbers, a network with 48 hidden units, {QUERIES} queries"
	);
	let header = ["rows", "features s", "integers s", "scores s"];
	let mut sweep = Sweep::new("rows", &header);
	for count in [1_000, 10_000, 100_000, 1_000_000] {
		sweep.lines.push([&[count as f64][..], &rows(count)?].concat());
	}
	sweep.end(figures);

	println!("\nAdapters trained at once, one thread");
	let mut sweep = Sweep::new("training", &["adapters", "s per adapter step", "MiB"]);
	for slots in [1, 2, 4, 8, 16, 32, 64, 128, 256] {
		sweep.lines.push([&[slots as f64][..], &training(bench, slots)?].concat());
	}
	sweep.end(figures);

	let (base, t) = (&bench.base, bench.base.context());
	let adapters: Vec<Vec<f32>> = (0..=K as u64).map(|seed| initial(base, seed)).collect();
	let mut scorer = Scorer::new(base.clone(), &adapters, 1)?;
	println!(
		"\nAnswers by length, K = {K}: a context has {t} tokens, and longer ones are read in windows \
		 that overlap by half"
	);
	let mut sweep = Sweep::new("length", &["tokens", "score s", "windows"]);
	let prompt = vec![7; PROMPT];
	for tokens in [32, 64, 128, 256, 512, 1024] {
		let answer = vec![9; tokens];
		let seconds = fastest(2, || {
			scorer.log_probabilities(&prompt, &answer)?;
			Ok(())
		})?;
		let count = windows(PROMPT, tokens, t) as f64;
		sweep.lines.push(vec![tokens as f64, seconds, count]);
	}
	sweep.end(figures);

	let mut generator = Generator::new(base.clone(), adapters[0].clone(), 1)?;
	let (mut serving, mut scoring, mut forwards) = (0.0, 0.0, [0usize; 2]);
	for seed in 0..SERVED as u64 {
		let how = Sampling { temperature: 1.0, max_tokens: ROW - PROMPT, seed };
		let prompt: Vec<u32> =
			(0..PROMPT as u32).map(|i| 3 + (i * 31 + seed as u32) % 200).collect();
		let start = Instant::now();
		let (answer, _) = generator.generate(&prompt, how, |_| true)?;
		serving += start.elapsed().as_secs_f64();
		let start = Instant::now();
		scorer.log_probabilities(&prompt, &answer)?;
		scoring += start.elapsed().as_secs_f64();
		forwards[0] += answer.len();
		forwards[1] += (K + 2) * windows(PROMPT, answer.len(), t);
	}
	let [served, scored] = forwards.map(|n| n.max(1) as f64);
	let window = several(bench, &adapters)?;
	let together = window * scored / (K + 2) as f64;
	println!(
		"\n{SERVED} answers, K = {K}: served in {serving:.2} s, {served:.0} passes of {:.2} ms; scored \
		 in {scoring:.2} s, {scored:.0} passes of {:.2} ms, {AT_ONCE} windows at once in {together:.2} \
		 s, {:.2} ms",
		1e3 * serving / served,
		1e3 * scoring / scored,
		1e3 * together / scored,
	);
	for (name, value) in [
		("scoring_over_serving_k64", scoring / serving),
		("scoring_over_serving_k64_at_once", together / serving),
		("passes_over_serving_k64", scored / served),
	] {
		println!("{name:40} {value:.3}");
		figures.insert(name.into(), value);
	}
	Ok(())
}
