//! Scores of 40 or 48 blocks of text against retrainings on halves of them: the linear datamodeling
//! score (Park et al. 2023), that is how well the sum of the scores of the blocks in a half ranks what
//! retraining on the halves shows, per answer.

use crate::lab::*;
use comfy_table::Table;
use ndarray::Array2;
use openledger_factory::{hash, Base, Recipe, Row, Subset, Wanted};
use openledger_influence::{
	baselines::{Metric, Overlap},
	control::controlled,
};
use openledger_influence_math::{
	design::{contains, draw, group, permutation},
	Psi,
};

/// Blocks of a licence.
pub const PARTS: usize = 6;
/// Categories of fortunes that are contributors: the largest ones.
const CATEGORIES: usize = 40;
/// Training rows of a category.
const PER_CATEGORY: usize = 8;
/// Retrainings that the truth is measured on.
const HALVES: usize = 60;
/// Counterfactual adapters; the smaller designs are the beginnings of the largest, but under one seed.
const SIZES: [u16; 4] = [16, 32, 64, 128];
/// The most adapters of the smaller designs.
const FEW: usize = 64;

/// Adapters with controls, by all epochs.
const CONTROLLED: [u16; 5] = [16, 32, 48, 64, 128];
/// Adapters with controls that see each row once, in steps of a quarter of the windows.
const SHORT: [u16; 3] = [32, 48, 64];

/// What blocks are made of, and passages that were held out.
pub struct Corpus {
	rows: Vec<Row>,
	blocks: usize,
	passages: Vec<Answer>,
	/// Begins the keys of its figures.
	prefix: &'static str,
}

/// All rows of the licences, those of one in order and cut into blocks.
pub fn licences(data: Data) -> Corpus {
	let rows = |(of, rows): (usize, &Vec<Vec<u32>>)| {
		let block = |i: usize| of * PARTS + i * PARTS / rows.len();
		let row = |(i, tokens): (usize, &Vec<u32>)| Row { block: block(i), tokens: tokens.clone() };
		rows.iter().enumerate().map(row).collect::<Vec<_>>()
	};
	let rows = data.rows.iter().enumerate().flat_map(rows).collect();
	Corpus { rows, blocks: PARTS * BLOCKS, passages: data.passages, prefix: "" }
}

/// As many rows of every category of fortunes, from all over it, and the passage in its middle.
pub fn fortunes(base: &Base) -> Result<Corpus> {
	let (mut rows, mut passages) = (Vec::new(), Vec::new());
	for (block, text) in categories(CATEGORIES)?.iter().enumerate() {
		let tokens = base.tokenizer.encode(text)?;
		let mut all: Vec<&[u32]> = tokens.chunks_exact(ROW).collect();
		if all.len() <= PER_CATEGORY {
			return Err("the categories of fortunes are too small".into());
		}
		let (prompt, completion) = all.remove(all.len() / 2).split_at(PROMPT);
		passages.push(Answer {
			prompt: prompt.to_vec(),
			completion: completion.to_vec(),
			of: block,
		});
		let row = |i: usize| Row { block, tokens: all[i * all.len() / PER_CATEGORY].to_vec() };
		rows.extend((0..PER_CATEGORY).map(row));
	}
	Ok(Corpus { rows, blocks: CATEGORIES, passages, prefix: "fortunes_" })
}

/// A random half of the blocks.
fn half(seed: u64, blocks: usize) -> Subset {
	let order = permutation(hash(&seed.to_le_bytes()).into(), blocks as u16);
	let mut subset = Subset::default();
	order[..blocks / 2]
		.iter()
		.for_each(|u| subset[usize::from(u / 8)] |= 1 << (u % 8));
	subset
}

/// The score of each answer in `set`, averaged.
fn lds(set: &Set, halves: &[Subset], truth: &[Vec<f64>], scores: &[Vec<f64>]) -> f64 {
	let one = |i: usize| {
		let held = |half: &Subset| {
			let held = scores[i].iter().enumerate().filter(|(u, _)| contains(half, *u));
			held.map(|(_, score)| score).sum()
		};
		rank_correlation(&halves.iter().map(held).collect::<Vec<f64>>(), &truth[i])
	};
	mean(set.answers.clone().map(one))
}

/// Scores of retrainings on subsets, the values `[answer][retraining]`, with controls
/// `[answer][block]`.
fn control(
	subsets: &[Subset],
	blocks: usize,
	values: &[Vec<f64>],
	controls: &[&Vec<Vec<f64>>],
) -> Result<Vec<Vec<f64>>> {
	let members = Array2::from_shape_fn((subsets.len(), blocks), |(k, u)| {
		f64::from(u8::from(contains(&subsets[k], u)))
	});
	let turned = |table: &[Vec<f64>], rows| {
		Array2::from_shape_fn((rows, table.len()), |(row, answer)| table[answer][row])
	};
	let controls: Vec<_> = controls.iter().map(|scores| turned(scores, blocks)).collect();
	let groups: Vec<u8> = (0..subsets.len()).map(|k| group(k, blocks, subsets.len())).collect();
	let found = controlled(&members, &turned(values, subsets.len()), &controls, &groups)?;
	Ok(found.scores.columns().into_iter().map(|scores| scores.to_vec()).collect())
}

/// The values of each answer but the first `n`.
fn after(values: &[Vec<f64>], n: usize) -> Vec<Vec<f64>> {
	values.iter().map(|row| row[n..].to_vec()).collect()
}

/// Measures all methods on all answers.
pub fn arm(bench: &Bench, corpus: &Corpus, figures: &mut Figures) -> Result<()> {
	let (options, base) = (&bench.options, &bench.base);
	let Corpus { rows, blocks, passages, prefix } = corpus;
	let blocks = *blocks;
	let sizes_of = sizes(rows, blocks);
	let most = SIZES[SIZES.len() - 1];
	let seed = hash(&options.seed("design").to_le_bytes());
	let subsets = draw(seed.into(), blocks as u16, most);
	let retrain = |what: &str, wanted: &[Wanted]| {
		bench.retrain(options.recipe, what, rows, wanted, "registered", false)
	};
	// The largest design, under its seeds, and the others.
	let registered = retrain("registered adapters", &Wanted::version(&subsets, blocks))?;
	let few: Vec<Wanted> = subsets[..FEW].iter().map(|subset| (*subset).into()).collect();
	let counterfactual = retrain("adapters of one seed", &few)?;
	let published = (registered.flat[0].clone(), &registered.notes[0]);
	let Asked { answers, sets, .. } = bench.asked(published, passages)?;
	let found = bench.values("registered adapters", &registered.flat, &answers)?;
	let by_few = bench.values("adapters of one seed", &counterfactual.flat, &answers)?;
	// The values of a design for each answer, behind those of the base model and the published adapter. What
	// is more than few is the largest design.
	let values = |count: usize| -> Vec<Vec<f64>> {
		let row = |(found, few): (&Vec<f64>, &Vec<f64>)| match few.get(1..=count) {
			Some(few) => [&found[..2], few].concat(),
			None => found.clone(),
		};
		found.iter().zip(&by_few).map(row).collect()
	};

	let halves: Vec<Subset> =
		(0..HALVES).map(|i| half(options.seed(&format!("half/{i}")), blocks)).collect();
	let table = |which: &str| -> Result<Vec<Vec<f64>>> {
		let adapters = bench.retrain(bench.options.recipe, which, rows, &halves, which, false)?;
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
		let ys = values(adapters.into()).into_iter().map(fixed);
		let scores = ys.map(|y| scores(&psi, &y)).collect();
		let title = format!("counterfactual adapters, K = {adapters}");
		methods.push((title, Some(format!("block_lds_k{adapters}")), scores));
	}
	let texts = rows
		.iter()
		.map(|row| Ok((row.block, base.tokenizer.decode(&row.tokens)?)))
		.collect::<Result<Vec<_>>>()?;
	let overlap = Overlap::new(blocks, texts.iter().map(|(block, text)| (*block, text.as_str())));
	let said = answers
		.iter()
		.map(|answer| Ok(base.tokenizer.decode(&answer.completion)?))
		.collect::<Result<Vec<_>>>()?;
	let shared = said.iter().map(|text| overlap.scores(text)).collect();
	methods.push(("shared 6-grams".into(), Some("block_lds_overlap".into()), shared));
	let rare: Vec<Vec<f64>> = said.iter().map(|text| overlap.rare(text)).collect();
	methods.push(("shared 6-grams, rare ones more".into(), None, rare.clone()));
	let published = (registered.flat[0].clone(), &registered.notes[0]);
	let by_gradients = bench.gradients(published, rows, blocks, &answers)?;
	for (metric, scores) in Metric::ALL.iter().zip(by_gradients) {
		methods.push((format!("gradients, {metric:?}").to_lowercase(), None, scores));
	}

	// The same retrainings with these as controls, and others that see each row once.
	let recipe = Recipe { epochs: 1, rows: options.recipe.rows / 4, ..options.recipe };
	let short = bench.retrain(recipe, "short training", rows, &few, "registered", false)?;
	let by_short = bench.values("short training", &short.flat, &answers)?;
	let mut controlled_ones = Vec::new();
	let usual = options.recipe.epochs;
	for (epochs, adapters, designs) in
		[(usual, &counterfactual, &CONTROLLED[..]), (1, &short, &SHORT[..])]
	{
		let gradients = bench.mean_gradients(adapters, rows, blocks, &answers)?;
		for count in designs.iter().map(|count| usize::from(*count)) {
			let values = if epochs == 1 { after(&by_short, 1) } else { after(&values(count), 2) };
			let found = control(&subsets[..count], blocks, &values, &[&rare, &gradients])?;
			let seen = if epochs == 1 { ", short" } else { "" };
			let key = format!("block_lds_controlled{}_k{count}", seen.replace(", ", "_"));
			methods.push((format!("with controls{seen}, K = {count}"), Some(key), found));
			// Epochs of half of the rows, against those of 64 adapters; gradients see all rows.
			let cost = (epochs * count + 2 * PROBES) as f64 / (64 * usual) as f64;
			controlled_ones.push((methods.len() - 1, cost));
		}
		methods.push((format!("gradients of {PROBES}, {epochs} epochs"), None, gradients));
	}

	let mut shown = Table::new();
	let mut header = vec![format!("LDS of {blocks} blocks")];
	header.extend(sets.iter().map(|set| set.name.to_string()));
	shown.set_header(header);
	let mut all = Vec::new();
	for (title, key, scores) in &methods {
		let mut cells = vec![title.clone()];
		let values: Vec<f64> = sets.iter().map(|set| lds(set, &halves, &truth, scores)).collect();
		for (set, value) in sets.iter().zip(values.iter().copied()) {
			cells.push(format!("{value:.3}"));
			if let Some(key) = key {
				figures.insert(format!("{prefix}{key}_{}", set.name), value);
			}
		}
		all.push(values);
		shown.add_row(cells);
	}
	// Spearman and Brown's correction for the mean of two retrainings.
	let mut cells = vec!["reliability of the retrainings".to_string()];
	for set in &sets {
		let rho = mean(set.answers.clone().map(|i| rank_correlation(&one[i], &two[i])));
		cells.push(format!("{:.3}", 2.0 * rho / (1.0 + rho)));
		figures.insert(format!("{prefix}block_reliability_{}", set.name), 2.0 * rho / (1.0 + rho));
	}
	shown.add_row(cells);
	println!("{shown}");
	// The least training by which the LDS of 64 adapters without controls is reached.
	let mut least = |name: &str, of: &dyn Fn(&[f64]) -> f64| {
		let wanted = of(&all[SIZES.iter().position(|size| *size == 64).unwrap_or(0)]);
		let enough = controlled_ones.iter().filter(|(method, _)| of(&all[*method]) >= wanted);
		let cost = enough.map(|(_, cost)| *cost).fold(f64::INFINITY, f64::min);
		println!("{name} of K = 64 is reached by {cost:.3} of its training");
		figures.insert(format!("{prefix}{}", name.replace(' ', "_")), cost);
	};
	least("cost for k64 error", &|values| mean(values.iter().copied()));
	for (i, set) in sets.iter().enumerate() {
		least(&format!("cost for k64 error {}", set.name), &|values| values[i]);
	}
	println!(
		"{} rows, {most} adapters trained in {:.0} processor seconds, {} for one epoch in {:.0}",
		rows.len(),
		registered.seconds(),
		few.len(),
		short.seconds(),
	);
	Ok(())
}
