//! Scores of 48 blocks against retrainings on halves of them: the linear datamodeling score (Park et
//! al. 2023), that is how well the sum of the scores of the blocks in a half ranks what retraining on
//! the halves shows, per answer.

use crate::lab::*;
use comfy_table::Table;
use openledger_factory::{hash, Row, Subset};
use openledger_influence::baselines::{Gradients, Metric, Overlap};
use openledger_influence_math::{
	design::{contains, draw, permutation},
	Psi,
};

/// Blocks of a licence.
const PARTS: usize = 6;
/// Blocks of all.
const UNITS: usize = PARTS * BLOCKS;
/// Retrainings that the truth is measured on.
const HALVES: usize = 60;
/// Counterfactual adapters; the smaller designs are the beginnings of the largest.
const SIZES: [u16; 4] = [16, 32, 64, 128];

/// All rows, those of a licence in order and cut into blocks.
fn rows(all: &[Vec<Vec<u32>>]) -> Vec<Row> {
	let rows = |(of, rows): (usize, &Vec<Vec<u32>>)| {
		let block = |i: usize| of * PARTS + i * PARTS / rows.len();
		let row = |(i, tokens): (usize, &Vec<u32>)| Row { block: block(i), tokens: tokens.clone() };
		rows.iter().enumerate().map(row).collect::<Vec<_>>()
	};
	all.iter().enumerate().flat_map(rows).collect()
}

/// A random half of the blocks.
fn half(seed: u64) -> Subset {
	let order = permutation(hash(&seed.to_le_bytes()).into(), UNITS as u16);
	let mut subset = Subset::default();
	order[..UNITS / 2]
		.iter()
		.for_each(|u| subset[usize::from(u / 8)] |= 1 << (u % 8));
	subset
}

fn every() -> Subset {
	std::array::from_fn(|i| if i < UNITS / 8 { u8::MAX } else { 0 })
}

/// The score of each answer in `set`, averaged.
fn lds(set: &Set, halves: &[Subset], truth: &[Vec<f64>], scores: &[Vec<f64>]) -> f64 {
	let one = |i: usize| {
		let held =
			|half: &Subset| (0..UNITS).filter(|u| contains(half, *u)).map(|u| scores[i][u]).sum();
		rank_correlation(&halves.iter().map(held).collect::<Vec<f64>>(), &truth[i])
	};
	mean(set.answers.clone().map(one))
}

/// Measures all methods on all answers.
pub fn arm(bench: &Bench, data: &Data, figures: &mut Figures) -> Result<()> {
	let (options, base) = (&bench.options, &bench.base);
	let rows = rows(&data.rows);
	let sizes_of = sizes(&rows, UNITS);
	let most = SIZES[SIZES.len() - 1];
	let seed = hash(&options.seed("design").to_le_bytes());
	let subsets = draw(seed.into(), UNITS as u16, most);
	let with_published = [vec![every()], subsets.clone()].concat();
	let registered =
		bench.retrain("registered adapters", &rows, &with_published, "registered", false)?;
	let published = (registered.flat[0].clone(), &registered.notes[0]);
	let Asked { answers, sets, .. } = bench.asked(published, &data.passages)?;
	let found = bench.values("registered adapters", &registered.flat, &answers)?;

	let halves: Vec<Subset> =
		(0..HALVES).map(|i| half(options.seed(&format!("half/{i}")))).collect();
	let table = |which: &str| -> Result<Vec<Vec<f64>>> {
		let adapters = bench.retrain(which, &rows, &halves, which, false)?;
		let table = bench.values(which, &adapters.flat, &answers)?;
		Ok(table.into_iter().map(|row| row[1..].to_vec()).collect())
	};
	let (one, two) = (table("truth")?, table("ceiling")?);
	let truth: Vec<Vec<f64>> = one
		.iter()
		.zip(&two)
		.map(|(one, two)| one.iter().zip(two).map(|(a, b)| (a + b) / 2.0).collect())
		.collect();

	let mut methods: Vec<(String, Option<String>, Vec<Vec<f64>>)> = Vec::new();
	for adapters in SIZES {
		let subsets = &subsets[..usize::from(adapters)];
		let psi = Psi::solve(subsets, &sizes_of).map_err(|e| format!("the design: {e:?}"))?;
		psi.check(subsets, &sizes_of).map_err(|e| format!("the design: {e:?}"))?;
		let y = |row: &Vec<f64>| fixed(row[..usize::from(adapters) + 2].iter().copied());
		let scores = found.iter().map(|row| scores(&psi, &y(row))).collect();
		let title = format!("counterfactual adapters, K = {adapters}");
		methods.push((title, Some(format!("block_lds_k{adapters}")), scores));
	}
	let texts = rows
		.iter()
		.map(|row| Ok((row.block, base.tokenizer.decode(&row.tokens)?)))
		.collect::<Result<Vec<_>>>()?;
	let overlap = Overlap::new(UNITS, texts.iter().map(|(block, text)| (*block, text.as_str())));
	let shared = answers
		.iter()
		.map(|answer| Ok(overlap.scores(&base.tokenizer.decode(&answer.completion)?)))
		.collect::<Result<Vec<_>>>()?;
	methods.push(("shared 6-grams".into(), Some("block_lds_overlap".into()), shared));
	let gradient = Gradients::new(base.clone(), registered.flat[0].clone(), &rows, UNITS, 2)?;
	let by_gradients = bench.gradients(gradient, &answers)?;
	for (metric, scores) in Metric::ALL.iter().zip(by_gradients) {
		methods.push((format!("gradients, {metric:?}").to_lowercase(), None, scores));
	}

	let mut shown = Table::new();
	let mut header = vec![format!("LDS of {UNITS} blocks")];
	header.extend(sets.iter().map(|set| set.name.to_string()));
	shown.set_header(header);
	for (title, key, scores) in &methods {
		let mut cells = vec![title.clone()];
		for set in &sets {
			let value = lds(set, &halves, &truth, scores);
			cells.push(format!("{value:.3}"));
			if let Some(key) = key {
				figures.insert(format!("{key}_{}", set.name), value);
			}
		}
		shown.add_row(cells);
	}
	// Spearman and Brown's correction for the mean of two retrainings.
	let mut cells = vec!["reliability of the retrainings".to_string()];
	for set in &sets {
		let rho = mean(set.answers.clone().map(|i| rank_correlation(&one[i], &two[i])));
		cells.push(format!("{:.3}", 2.0 * rho / (1.0 + rho)));
		figures.insert(format!("block_reliability_{}", set.name), 2.0 * rho / (1.0 + rho));
	}
	shown.add_row(cells);
	println!("{shown}");
	println!(
		"{} rows, {most} adapters trained in {:.0} processor seconds",
		rows.len(),
		registered.seconds()
	);
	Ok(())
}
