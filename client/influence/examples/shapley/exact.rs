//! Shares against exact Shapley values of eight contributors, and what a chain paid.

use crate::lab::*;
use comfy_table::Table;
use openledger_factory::{hash, Base, Hash, Recipe, Row, Subset, Wanted};
use openledger_influence::baselines::{shares, Metric, Overlap};
use openledger_influence::{Scorer, NAT};
use openledger_influence_math::{
	design::draw,
	score::{positive, standard_errors},
	Pool, Psi,
};
use serde::Deserialize;
use std::{fs, path::Path, sync::Arc, time::Instant};

/// Licences that 70 % of the demand of a period falls on.
const WANTED: [usize; 2] = [0, 4];
/// Half the length of an error bar, in standard errors.
const BAR: f64 = 2.0;

/// Exact Shapley values of values by mask, `v[0]` that of the base model.
fn shapley(v: &[f64]) -> Vec<f64> {
	let blocks = v.len().ilog2() as usize;
	let factorial = |n: usize| (1..=n).map(|i| i as f64).product::<f64>();
	let weight = |n: usize| factorial(n) * factorial(blocks - 1 - n) / factorial(blocks);
	(0..blocks)
		.map(|u| {
			(0..v.len())
				.filter(|mask| mask >> u & 1 == 0)
				.map(|mask| weight(mask.count_ones() as usize) * (v[mask | 1 << u] - v[mask]))
				.sum()
		})
		.collect()
}

fn l1(a: &[f64], b: &[f64]) -> f64 {
	a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum()
}

/// What the answers of a period pay: each its own part, by its positive scores.
fn period(answers: &[Answer], scores: &[Vec<f64>]) -> Vec<f64> {
	let mut sum = vec![0.0; scores.first().map_or(0, Vec::len)];
	for (answer, scores) in answers.iter().zip(scores) {
		let positive: f64 = scores.iter().map(|s| s.max(0.0)).sum();
		let part = demand(answer) as f64 / positive.max(1e-9);
		sum.iter_mut().zip(scores).for_each(|(sum, s)| *sum += part * s);
	}
	shares(&sum)
}

/// What an answer costs of a period's fees, so that 70 % fall on two licences of eight.
fn demand(answer: &Answer) -> u128 {
	let (wanted, rest) = (WANTED.len() as u128, (BLOCKS - WANTED.len()) as u128);
	let part = if WANTED.contains(&answer.of) { 70 * rest } else { 30 * wanted };
	part * 1_000_000_000_000_000
}

/// The same through the runtime's pool.
fn period_paid(answers: &[Answer], psi: &Psi, ys: &[Vec<i32>]) -> Result<Vec<f64>> {
	let mut pool = Pool::default();
	for (answer, y) in answers.iter().zip(ys) {
		pool.add(psi, y, demand(answer)).ok_or("an answer does not fit the pool")?;
	}
	let settled = pool.settle(psi).ok_or("the period cannot be settled")?;
	Ok(shares(&settled.amounts.iter().map(|a| *a as f64).collect::<Vec<_>>()))
}

/// Measures one way of choosing training rows.
pub fn arm(bench: &Bench, data: &Data, name: &str, figures: &mut Figures) -> Result<()> {
	let rows = &if name == "equal" { equal(&data.rows) } else { natural(&data.rows) };
	let (options, prefix) = (&bench.options, if name == "equal" { "" } else { "natural_" });
	let base = &bench.base;
	let sizes_of = sizes(rows, BLOCKS);

	// What is registered: the published adapter, and the adapters that the chain's seed draws.
	let subsets = draw(hash(&options.seed("design").to_le_bytes()).into(), 8, options.adapters);
	let psi = Psi::solve(&subsets, &sizes_of).map_err(|e| format!("the design: {e:?}"))?;
	psi.check(&subsets, &sizes_of).map_err(|e| format!("the design: {e:?}"))?;
	let with_published = Wanted::version(&subsets, BLOCKS);
	let registered = bench.retrain(
		bench.options.recipe,
		"registered adapters",
		rows,
		&with_published,
		"registered",
		true,
	)?;

	// Answers: passages that were held out, and what the published adapter says instead.
	let published = (registered.flat[0].clone(), &registered.notes[0]);
	let Asked { answers, sets, serving, key } = bench.asked(published, &data.passages)?;

	// The vectors that scorers commit to.
	let (ys, scoring): (Vec<Vec<i32>>, f64) = {
		let key = [
			key.clone(),
			serde_json::to_vec(&registered.notes.iter().map(|n| &n.adapter).collect::<Vec<_>>())?,
		]
		.concat();
		bench.cache.value("registered", &key, || {
			let mut scorer = Scorer::new(base.clone(), &registered.flat, 1)?;
			let (mut ys, mut seconds) = (Vec::new(), 0.0);
			for (i, answer) in answers.iter().enumerate() {
				let start = Instant::now();
				ys.push(scorer.score(&answer.prompt, &answer.completion)?);
				if !sets[0].answers.contains(&i) {
					seconds += start.elapsed().as_secs_f64();
				}
			}
			Ok((ys, seconds))
		})?
	};

	// The truth, and the truth of other seeds.
	let every: Vec<Subset> = (1..=ALL).map(subset).collect();
	let mut tables = Vec::new();
	let mut notes = Vec::new();
	for which in ["truth", "ceiling"] {
		let adapters = bench.retrain(
			bench.options.recipe,
			&format!("{which}, {name}"),
			rows,
			&every,
			which,
			false,
		)?;
		let table = bench.values(&format!("{which}, {name}"), &adapters.flat, &answers)?;
		let held = &sets[0].answers;
		let tokens: usize = answers[held.clone()].iter().map(|a| a.completion.len()).sum();
		for (mask, note) in (1..=ALL).zip(&adapters.notes) {
			let loss = -table[held.clone()].iter().map(|v| v[mask]).sum::<f64>() / tokens as f64;
			notes.push(serde_json::json!({
				"seed": options.seed(which), "subset": mask, "adapter": note.adapter,
				"held_out_nats_per_token": loss,
			}));
		}
		tables.push(table);
	}
	let file = bench.cache.folder.join(format!("retrainings-{name}-{}.json", options.seed));
	Cache::write(&file, &serde_json::to_vec_pretty(&notes)?)?;
	let truths: Vec<Vec<f64>> = tables[0].iter().map(|v| shapley(v)).collect();
	let others: Vec<Vec<f64>> = tables[1].iter().map(|v| shapley(v)).collect();
	let truth: Vec<Vec<f64>> = truths.iter().map(|s| shares(s)).collect();

	// What would be paid, and what others would pay.
	let estimates: Vec<Vec<f64>> = ys.iter().map(|y| scores(&psi, y)).collect();
	let texts = rows
		.iter()
		.map(|row| Ok((row.block, base.tokenizer.decode(&row.tokens)?)))
		.collect::<Result<Vec<_>>>()?;
	let overlap = Overlap::new(BLOCKS, texts.iter().map(|(block, text)| (*block, text.as_str())));
	let overlap = answers
		.iter()
		.map(|answer| Ok(overlap.scores(&base.tokenizer.decode(&answer.completion)?)))
		.collect::<Result<Vec<_>>>()?;
	let published = (registered.flat[0].clone(), &registered.notes[0]);
	let gradients = bench.gradients(published.clone(), rows, BLOCKS, &answers)?;
	let features = [64, 512]
		.map(|columns| {
			let scores = bench.by_features(published.clone(), rows, BLOCKS, &answers, columns)?;
			Ok((columns, scores))
		})
		.into_iter()
		.collect::<Result<Vec<_>>>()?;

	// Controls: the trained numbers in a random order, and adapters of rows whose owners are drawn.
	let mut untrained = registered.flat[1..].to_vec();
	for (i, flat) in untrained.iter_mut().enumerate() {
		shuffle(options.seed(&format!("untrained/{i}")), flat);
	}
	let untrained = [registered.flat[..1].to_vec(), untrained].concat();
	let untrained = bench.values("untrained adapters", &untrained, &answers)?;
	let mut drawn = rows.clone();
	let mut owners: Vec<usize> = rows.iter().map(|row| row.block).collect();
	shuffle(options.seed("owners"), &mut owners);
	drawn.iter_mut().zip(owners).for_each(|(row, block)| row.block = block);
	let drawn = bench.retrain(
		bench.options.recipe,
		"shuffled owners",
		&drawn,
		&with_published,
		"registered",
		true,
	)?;
	let drawn = bench.values("shuffled owners", &drawn.flat, &answers)?;
	let by_psi = |table: &[Vec<f64>]| -> Vec<Vec<f64>> {
		table.iter().map(|v| scores(&psi, &fixed(v.iter().copied()))).collect()
	};
	let (untrained, drawn) = (by_psi(&untrained), by_psi(&drawn));

	// A ninth contributor, of shuffled characters.
	let mut with_junk = rows.clone();
	let mut characters: Vec<char> = texts.iter().flat_map(|(_, text)| text.chars()).collect();
	shuffle(options.seed("junk"), &mut characters);
	let junk = base.tokenizer.encode(&characters.into_iter().collect::<String>())?;
	let count = rows.len() / BLOCKS;
	let junk = junk.chunks_exact(ROW).take(count);
	with_junk.extend(junk.map(|tokens| Row { block: BLOCKS, tokens: tokens.to_vec() }));
	let blocks = BLOCKS + 1;
	let junk_subsets =
		draw(hash(&options.seed("junk").to_le_bytes()).into(), blocks as u16, options.adapters + 2);
	let junk_psi = Psi::solve(&junk_subsets, &sizes(&with_junk, blocks))
		.map_err(|e| format!("the design with nine: {e:?}"))?;
	let all = Wanted::version(&junk_subsets, blocks);
	let junk = bench.retrain(
		bench.options.recipe,
		"with a junk contributor",
		&with_junk,
		&all,
		"registered",
		true,
	)?;
	let junk: Vec<Vec<i32>> = bench
		.values("with a junk contributor", &junk.flat, &answers)?
		.into_iter()
		.map(fixed)
		.collect();

	// The tables.
	let error = |estimates: &[Vec<f64>], set: &Set| {
		mean(set.answers.clone().map(|i| l1(&shares(&estimates[i]), &truth[i])))
	};
	let uniform = vec![vec![1.0; BLOCKS]; answers.len()];
	let mut table = Table::new();
	let mut header = vec![format!("L1 error of an answer's shares, {name} rows")];
	header.extend(sets.iter().map(|set| set.name.to_string()));
	table.set_header(header);
	let mut line =
		|title: &str, key: Option<&str>, of: &dyn Fn(&Set) -> f64, figures: &mut Figures| {
			let mut cells = vec![title.to_string()];
			for set in &sets {
				let value = of(set);
				cells.push(format!("{value:.3}"));
				if let Some(key) = key {
					figures.insert(format!("{prefix}{key}answer_l1_{}", set.name), value);
				}
			}
			table.add_row(cells);
		};
	let paid = format!("counterfactual adapters, K = {}", options.adapters);
	line(&paid, Some(""), &|set| error(&estimates, set), figures);
	for adapters in [16u16, 32, 64] {
		// The same regression on the second set of retrainings, over several designs.
		let designs = (0..8)
			.map(|i| {
				let seed = hash(format!("{}/design/{i}", options.seed).as_bytes());
				let subsets = draw(seed.into(), BLOCKS as u16, adapters);
				let psi = Psi::solve(&subsets, &sizes_of).map_err(|e| format!("{e:?}"))?;
				let estimate = |v: &Vec<f64>| {
					let mask = |s: &Subset| usize::from(s[0]);
					let picked = subsets.iter().map(|s| v[mask(s)]);
					scores(&psi, &fixed([v[0], v[ALL]].into_iter().chain(picked)))
				};
				Ok(tables[1].iter().map(estimate).collect())
			})
			.collect::<Result<Vec<Vec<Vec<f64>>>>>()?;
		let title = format!("  eight other designs, K = {adapters}");
		let key = format!("designs_k{adapters}_");
		line(&title, Some(&key), &|set| mean(designs.iter().map(|e| error(e, set))), figures);
	}
	line("ceiling: the truth of other seeds", Some("ceiling_"), &|s| error(&others, s), figures);
	line("equal split", Some("uniform_"), &|set| error(&uniform, set), figures);
	line("shared 6-grams", Some("overlap_"), &|set| error(&overlap, set), figures);
	for (metric, scores) in Metric::ALL.iter().zip(&gradients) {
		let title = format!("  gradients, {metric:?}").to_lowercase();
		line(&title, None, &|set| error(scores, set), figures);
	}
	let best = |set: &Set| gradients.iter().map(|g| error(g, set)).fold(f64::INFINITY, f64::min);
	line("gradients, the best of these", Some("gradient_"), &best, figures);
	for (columns, scores) in &features {
		let title = format!("the gradient method, D = {columns}");
		let key = format!("features_d{columns}_");
		line(&title, Some(&key), &|set| error(scores, set), figures);
	}
	line("control: untrained adapters", None, &|set| error(&untrained, set), figures);
	line("control: shuffled owners", None, &|set| error(&drawn, set), figures);
	println!("{table}");

	let everywhere = |estimates: &[Vec<f64>]| mean(sets.iter().map(|set| error(estimates, set)));
	let correlation = |estimates: &[Vec<f64>]| {
		mean((0..answers.len()).map(|i| rank_correlation(&estimates[i], &truths[i])))
	};
	let (mut worst_period, mut ceiling_period, mut uniform_period) = (0f64, 0f64, 0f64);
	let (mut junk_share, mut junk_period) = (0f64, 0f64);
	for set in &sets {
		let at = set.answers.clone();
		let truth = period(&answers[at.clone()], &truths[at.clone()]);
		let paid = period_paid(&answers[at.clone()], &psi, &ys[at.clone()])?;
		worst_period = worst_period.max(l1(&paid, &truth));
		let other = period(&answers[at.clone()], &others[at.clone()]);
		ceiling_period = ceiling_period.max(l1(&other, &truth));
		uniform_period = uniform_period.max(l1(&uniform_share(), &truth));
		let share = |y: &Vec<i32>| shares(&scores(&junk_psi, y))[BLOCKS];
		junk_share = junk_share.max(mean(junk[at.clone()].iter().map(share)));
		let paid = period_paid(&answers[at.clone()], &junk_psi, &junk[at])?;
		junk_period = junk_period.max(paid[BLOCKS]);
	}
	let (mut covered, mut bars) = (0usize, Vec::new());
	for (i, y) in ys.iter().enumerate() {
		let errors = standard_errors(&psi, &subsets, y).unwrap_or_default();
		let sum = positive(&psi.scores(y).unwrap_or_default()).max(1) as f64;
		for (u, error) in errors.iter().enumerate() {
			let bar = BAR * *error as f64 / sum;
			covered += usize::from((shares(&estimates[i])[u] - truth[i][u]).abs() <= bar);
			bars.push(bar);
		}
	}
	// The gain, in nats a byte of the held-out passages.
	let held = &sets[0].answers;
	let mut bytes = 0;
	for answer in &answers[held.clone()] {
		bytes += base.tokenizer.decode(&answer.completion)?.len();
	}
	let loss = |i: usize| {
		-ys[held.clone()].iter().map(|y| f64::from(y[i]) / NAT).sum::<f64>() / bytes as f64
	};
	let rest = [
		("rank_correlation", correlation(&estimates)),
		("ceiling_rank_correlation", correlation(&others)),
		("overlap_rank_correlation", correlation(&overlap)),
		(
			"gradient_rank_correlation",
			gradients.iter().map(|g| correlation(g)).fold(-1.0, f64::max),
		),
		("period_l1", worst_period),
		("ceiling_period_l1", ceiling_period),
		("uniform_period_l1", uniform_period),
		("junk_share", junk_share),
		("junk_period_share", junk_period),
		("coverage", covered as f64 / bars.len() as f64),
		("error_bar", mean(bars.iter().copied())),
		("control_untrained_l1", everywhere(&untrained)),
		("control_shuffled_l1", everywhere(&drawn)),
		("base_nats_per_byte", loss(0)),
		("adapter_nats_per_byte", loss(1)),
		(
			"negative_shares_in_truth",
			mean(truths.iter().flatten().map(|s| f64::from(u8::from(*s < 0.0)))),
		),
		("rows", rows.len() as f64),
		("adapters", f64::from(options.adapters)),
		("training_seconds", registered.seconds()),
		("scoring_seconds_over_serving_seconds", scoring / serving),
	];
	let mut table = Table::new();
	table.set_header([&format!("figure, {name} rows"), ""]);
	for (key, value) in rest {
		table.add_row([key.to_string(), format!("{value:.3}")]);
		figures.insert(format!("{prefix}{key}"), value);
	}
	println!("{table}");
	println!("loss and adapter hash of every retraining: {}", file.display());
	Ok(())
}

/// A model version and its scored answers, as `openledger model export` writes them.
#[derive(Deserialize)]
struct Exported {
	base: String,
	recipe: Recipe,
	rows: Vec<(usize, String)>,
	answers: Vec<PaidAnswer>,
}

/// An answer that was paid for.
#[derive(Deserialize)]
struct PaidAnswer {
	prompt: String,
	temperature: f32,
	tokens: Vec<u32>,
	/// What each block is paid, signed, and its standard error, in wei.
	items: Vec<(String, String)>,
}

/// Measures what a chain paid: its own rows, adapters, committees and runtime; the truth from
/// retrainings by the same recipe under other seeds.
pub fn chain_arm(
	cache: Cache,
	mut options: Options,
	exported: &Path,
	store: &Path,
	figures: &mut Figures,
) -> Result<()> {
	let file = fs::read(exported).map_err(|e| format!("{}: {e}", exported.display()))?;
	let Exported { base, recipe, rows, answers } = serde_json::from_slice(&file)?;
	let mut manifest = Hash::default();
	hex::decode_to_slice(base.trim_start_matches("0x"), &mut manifest)?;
	let blob = |hash: &Hash| store.join("blobs").join(hex::encode(hash));
	let base =
		Base::load(&manifest, |hash| fs::read(blob(hash)), |hash| Ok::<_, String>(blob(hash)))?;
	let rows = rows
		.iter()
		.map(|(block, text)| Ok(Row { block: *block, tokens: base.tokenizer.encode(text)? }))
		.collect::<Result<Vec<_>>>()?;
	let number = |text: &String| Ok(text.parse::<f64>()?);
	let paid = |answer: &PaidAnswer| answer.items.iter().map(|(a, _)| number(a)).collect();
	let paid: Vec<Vec<f64>> = answers.iter().map(paid).collect::<Result<_>>()?;
	let bars = |answer: &PaidAnswer| answer.items.iter().map(|(_, e)| number(e)).collect();
	let bars: Vec<Vec<f64>> = answers.iter().map(bars).collect::<Result<_>>()?;
	let asked = answers
		.iter()
		.map(|answer| {
			let prompt = base.tokenizer.encode(&answer.prompt)?;
			Ok(Answer { prompt, completion: answer.tokens.clone(), of: 0 })
		})
		.collect::<Result<Vec<_>>>()?;

	options.recipe = recipe;
	let bench = Bench { cache, base: Arc::new(base), base_hash: manifest, options };
	let every: Vec<Subset> = (1..=ALL).map(subset).collect();
	let adapters = bench.retrain(
		bench.options.recipe,
		"truth of the chain's model",
		&rows,
		&every,
		"truth",
		false,
	)?;
	let table = bench.values("truth of the chain's model", &adapters.flat, &asked)?;
	let truths: Vec<Vec<f64>> = table.iter().map(|v| shapley(v)).collect();
	let truth: Vec<Vec<f64>> = truths.iter().map(|s| shares(s)).collect();

	let all: Vec<usize> = (0..answers.len()).collect();
	let mut table = Table::new();
	table.set_header([
		"L1 error of an answer's shares",
		"answers",
		"paid by the chain",
		"equal split",
	]);
	for (temperature, name) in TEMPERATURES {
		let of = |i: &&usize| answers[**i].temperature == temperature;
		let set: Vec<usize> = all.iter().filter(of).copied().collect();
		let error = |estimate: &dyn Fn(usize) -> Vec<f64>| {
			mean(set.iter().map(|i| l1(&estimate(*i), &truth[*i])))
		};
		let (ours, equal) = (error(&|i| shares(&paid[i])), error(&|_| uniform_share()));
		table.add_row([
			format!("temperature {temperature}"),
			set.len().to_string(),
			format!("{ours:.3}"),
			format!("{equal:.3}"),
		]);
		figures.insert(format!("chain_answer_l1_{name}"), ours);
		figures.insert(format!("chain_uniform_answer_l1_{name}"), equal);
	}
	println!("{table}");
	let covered = |i: &usize| {
		let whole: f64 = paid[*i].iter().map(|v| v.max(0.0)).sum::<f64>().max(1.0);
		let inside =
			|u: usize| (shares(&paid[*i])[u] - truth[*i][u]).abs() <= BAR * bars[*i][u] / whole;
		mean((0..BLOCKS).map(|u| f64::from(u8::from(inside(u)))))
	};
	for (key, value) in [
		("chain_answers", answers.len() as f64),
		("chain_coverage", mean(all.iter().map(covered))),
		(
			"chain_rank_correlation",
			mean(all.iter().map(|i| rank_correlation(&paid[*i], &truths[*i]))),
		),
	] {
		println!("{key}: {value:.3}");
		figures.insert(key.into(), value);
	}
	Ok(())
}
fn uniform_share() -> Vec<f64> {
	vec![1.0 / BLOCKS as f64; BLOCKS]
}
