//! Adapters and scores of a tiny model, on ONNX Runtime.

use openledger_factory::{
	adapter,
	base::Pretraining,
	train::{self, ALL},
	Base, Recipe, Row, Subset,
};
use openledger_graph::Gpt;
use openledger_influence::{
	baselines::Gradients,
	gradient::{solve, Features, Map, Names, Solution, DAMPING},
	Generator, Sampling, Scorer, NAT,
};
use openledger_influence_math::{psi::ONE, Psi};
use std::sync::{Arc, OnceLock};

const TINY: Gpt = Gpt { vocabulary: 280, context: 16, width: 16, layers: 1, heads: 2, rank: 2 };
const RECIPE: Recipe = Recipe { epochs: 2, rows: 2, rate: 1e-2, averaged: 0.0, slots: 3, seed: 5 };

fn base() -> &'static Arc<Base> {
	static BASE: OnceLock<Arc<Base>> = OnceLock::new();
	BASE.get_or_init(|| {
		let text = "the quick brown fox jumps over the lazy dog and runs away\n".repeat(60);
		let how = Pretraining { steps: 30, rows: 4, rate: 3e-3, seed: 1 };
		Arc::new(Base::train(TINY, &text, how, 1, &mut |_: usize, _: usize, _: f32| {}).unwrap())
	})
}

fn rows() -> Vec<Row> {
	["permission is granted", "without warranty of any kind", "copy and distribute", "the dog"]
		.iter()
		.enumerate()
		.map(|(block, text)| Row { block, tokens: base().tokenizer.encode(text).unwrap() })
		.collect()
}

fn subset(blocks: &[usize]) -> Subset {
	let mut subset = [0; 32];
	blocks.iter().for_each(|u| subset[u / 8] |= 1 << (u % 8));
	subset
}

fn trained(subsets: &[Subset]) -> Vec<Vec<f32>> {
	train::train(base(), &rows(), subsets, &RECIPE, 1, &mut |_: usize, _: usize, _: f32| {})
		.unwrap()
}

#[test]
fn train_should_give_the_same_bits_when_trained_again_in_other_company() {
	let (a, b, c) = (subset(&[0, 1]), subset(&[2, 3]), subset(&[0, 3]));
	let all = trained(&[ALL, a, b, c, a]);
	assert_eq!(all[1], all[4]);
	assert_ne!(all[1], all[2]);
	assert_eq!(trained(&[c, a])[1], all[1]);
}

#[test]
fn train_should_change_nothing_when_the_subset_is_empty() {
	let empty = trained(&[subset(&[])]).remove(0);
	assert_eq!(empty, train::initial(base(), RECIPE.seed));
	let mut scorer = Scorer::new(base().clone(), &[empty], 1).unwrap();
	let answer = base().tokenizer.encode("over the lazy dog").unwrap();
	let y = scorer.score(&[], &answer).unwrap();
	assert_eq!(y[0], y[1]);
}

#[test]
fn score_should_follow_the_answer_and_nothing_else() {
	let adapters = trained(&[ALL, subset(&[0, 1]), subset(&[2, 3])]);
	let tokens = |text: &str| base().tokenizer.encode(text).unwrap();
	let mut scorer = Scorer::new(base().clone(), &adapters, 1).unwrap();
	let y = scorer.score(&tokens("permission"), &tokens(" is granted to the fox")).unwrap();
	assert_eq!(y.len(), 4);
	assert!(y.iter().all(|v| *v < 0));
	let again = scorer.score(&tokens("permission"), &tokens(" is granted to the fox")).unwrap();
	assert_eq!(y, again);
	let other = scorer.score(&tokens("permission"), &tokens(" is granted to the dog")).unwrap();
	assert!(y.iter().zip(&other).all(|(a, b)| a != b), "{y:?} and {other:?}");
}

#[test]
fn row_scores_should_be_those_of_blocks_when_every_block_is_a_row() {
	let adapter = trained(&[ALL]).remove(0);
	let tokens = |text: &str| base().tokenizer.encode(text).unwrap();
	let answers =
		[(tokens("copy"), tokens(" and run")), (tokens("the"), tokens(" dog is granted"))];
	// Of one window each: blocks cut longer rows, single ones are read as answers are.
	let mut rows = rows();
	rows.iter_mut().for_each(|row| row.tokens.truncate(TINY.context));
	let mut gradients = Gradients::new(base().clone(), adapter, &rows, 4, 1).unwrap();
	let asked: Vec<_> = answers.iter().map(|(p, c)| (&p[..], &c[..])).collect();
	let by_row = gradients.row_scores(&rows, &asked).unwrap();
	for (q, (prompt, completion)) in asked.iter().enumerate() {
		let by_block = gradients.scores(prompt, completion).unwrap();
		for (rows, blocks) in by_row.iter().zip(&by_block) {
			let size = blocks.iter().fold(0f64, |most, v| most.max(v.abs()));
			assert!(size > 0.0);
			for (row, block) in rows[q].iter().zip(blocks) {
				assert!((row - block).abs() < 1e-6 * size, "{row} and {block}");
			}
		}
	}
}

const COLUMNS: u16 = 48;

fn names() -> Names {
	Names { adapter: [1; 32], manifest: [2; 32], seed: [3; 32], columns: COLUMNS }
}

fn solved(adapter: &[f32], names: &Names) -> Solution {
	solve(base().clone(), adapter.to_vec(), &rows(), 4, names, 1).unwrap()
}

/// Scores of all blocks for an answer, in nats, as the runtime computes them.
fn scored(solution: &Solution, features: &[i32]) -> Vec<f64> {
	let psi = Psi::new(4, COLUMNS, solution.psi()).unwrap();
	assert_eq!(psi.check_bounds(), Ok(()));
	let y: Vec<i32> = [&[0, 9][..], features].concat();
	let nats = |score: i128| score as f64 / f64::from(ONE) / NAT;
	psi.scores(&y).unwrap().into_iter().map(nats).collect()
}

#[test]
fn gradient_should_give_the_same_bits_when_made_again() {
	let adapter = trained(&[ALL]).remove(0);
	let tokens = |text: &str| base().tokenizer.encode(text).unwrap();
	let (prompt, long) = (tokens("copy"), tokens(&" and distribute the dog".repeat(6)));
	let make = || {
		let solution = solved(&adapter, &names());
		let file = solution.map.to_file().unwrap();
		let map = Map::from_file(&file).unwrap();
		assert_eq!((&map, map.to_file().unwrap()), (&solution.map, file));
		let mut features = Features::new(base().clone(), adapter.clone(), &map, 1).unwrap();
		let short = features.of(&prompt, &tokens(" and run")).unwrap();
		let first = features.of(&prompt, &long).unwrap();
		// Whatever was asked before.
		assert_eq!(features.of(&prompt, &tokens(" and run")).unwrap(), short);
		(solution, first, short)
	};
	let (one, again) = (make(), make());
	assert_eq!(one, again);
	assert_eq!(one.1.len(), usize::from(COLUMNS));
	assert_ne!(one.1, one.2);
	let other = solved(&adapter, &Names { seed: [4; 32], ..names() });
	assert_ne!(other.rows, one.0.rows);
}

/// By dense matrices, in real numbers, from features that nothing rounded.
#[test]
fn gradient_should_score_as_real_numbers_do_when_rounded() {
	let adapter = trained(&[ALL]).remove(0);
	let tokens = |text: &str| base().tokenizer.encode(text).unwrap();
	let solution = solved(&adapter, &names());
	// So fine a scale that rounding is nothing: the same features, many times as long.
	let fine = Map { scale: solution.map.scale + 12, ..solution.map.clone() };
	let mut exact = Features::new(base().clone(), adapter.clone(), &fine, 1).unwrap();
	let unit = NAT * 2f64.powi(fine.scale);
	let mut feature = |prompt: &[u32], text: &[u32]| -> Vec<f64> {
		exact.of(prompt, text).unwrap().iter().map(|v| f64::from(*v) / unit).collect()
	};
	let windows: Vec<(usize, Vec<f64>)> = rows()
		.iter()
		.flat_map(|row| {
			row.tokens
				.chunks(TINY.context)
				.map(|w| (row.block, w.to_vec()))
				.collect::<Vec<_>>()
		})
		.map(|(block, window)| (block, feature(&[], &window)))
		.collect();
	let (n, d) = (windows.len() as f64, usize::from(COLUMNS));
	let mut fisher = ndarray::Array2::<f64>::zeros((d, d));
	let mut sums = ndarray::Array2::<f64>::zeros((d, 4));
	for (block, v) in &windows {
		for i in 0..d {
			sums[[i, *block]] += v[i] / n;
			(0..d).for_each(|j| fisher[[i, j]] += v[i] * v[j] / n);
		}
	}
	let damping = DAMPING * fisher.diag().sum() / d as f64;
	fisher.diag_mut().iter_mut().for_each(|cell| *cell += damping);
	// Conjugate gradients, another way than the one that is tested.
	let solve = |b: ndarray::Array1<f64>| {
		let mut x = ndarray::Array1::<f64>::zeros(d);
		let (mut r, mut p) = (b.clone(), b);
		for _ in 0..4 * d {
			let square = r.dot(&r);
			if square < 1e-30 {
				break;
			}
			let along = fisher.dot(&p);
			let step = square / p.dot(&along);
			x.scaled_add(step, &p);
			r.scaled_add(-step, &along);
			p = &r + &(p * (r.dot(&r) / square));
		}
		x
	};
	let solved: Vec<_> = (0..4).map(|u| solve(sums.column(u).to_owned())).collect();
	let mut features = Features::new(base().clone(), adapter.clone(), &solution.map, 1).unwrap();
	for (prompt, answer) in [("copy", " and distribute"), ("the", " dog is granted"), ("", "fox")] {
		let (prompt, answer) = (tokens(prompt), tokens(answer));
		let found = scored(&solution, &features.of(&prompt, &answer).unwrap());
		let asked = ndarray::Array1::from(feature(&prompt, &answer));
		let largest = found.iter().fold(0f64, |most, v| most.max(v.abs()));
		for (found, solved) in found.iter().zip(&solved) {
			let expected = solved.dot(&asked);
			assert!((found - expected).abs() < 1e-3 * largest, "{found} and {expected}");
		}
	}
}

#[test]
fn gradient_should_favour_the_block_that_the_answer_comes_from() {
	let adapter = trained(&[ALL]).remove(0);
	let solution = solved(&adapter, &names());
	let mut features = Features::new(base().clone(), adapter, &solution.map, 1).unwrap();
	for row in rows() {
		let scores = scored(&solution, &features.of(&[], &row.tokens).unwrap());
		let best = (0..4).max_by(|a, b| scores[*a].total_cmp(&scores[*b])).unwrap();
		assert_eq!(best, row.block, "{scores:?}");
		assert!(scores[best] > 0.0);
	}
}

#[test]
fn solve_should_fill_the_bound_of_a_row_and_fail_when_there_are_no_rows() {
	let adapter = trained(&[ALL]).remove(0);
	let solution = solved(&adapter, &names());
	let norm = |row: &Vec<i32>| row.iter().map(|a| u64::from(a.unsigned_abs())).sum::<u64>();
	let longest = solution.rows.iter().map(norm).max().unwrap();
	let most = openledger_influence_math::psi::MAX_NORM;
	assert!(longest <= most && longest > most / 2 - 1_000, "{longest}");
	assert!(solution
		.rows
		.iter()
		.all(|row| row[0] == 0 && row.len() == usize::from(COLUMNS) + 1));
	assert!(solve(base().clone(), adapter, &[], 4, &names(), 1).is_err());
}

#[test]
fn score_should_be_what_the_generator_drew_by_when_the_answer_is_longer_than_the_context() {
	let adapter = trained(&[ALL]).remove(0);
	let prompt = base().tokenizer.encode("the quick").unwrap();
	let mut generator = Generator::new(base().clone(), adapter.clone(), 1).unwrap();
	let how = Sampling { temperature: 0.8, max_tokens: 40, seed: 3 };
	let (answer, _) = generator.generate(&prompt, how, |_| true).unwrap();
	let (again, _) = generator.generate(&prompt, how, |_| true).unwrap();
	assert_eq!(answer, again);
	// Token by token, each after all before it.
	let mut scorer = Scorer::new(base().clone(), &[adapter], 1).unwrap();
	let whole = scorer.log_probabilities(&prompt, &answer).unwrap();
	let mut sum = 0.0;
	for n in 0..answer.len() {
		let before = [&prompt[..], &answer[..n]].concat();
		sum += scorer.log_probabilities(&before, &answer[n..n + 1]).unwrap()[1];
	}
	assert!((whole[1] - sum).abs() < 1.0 / NAT, "{} and {sum}", whole[1]);
}

#[test]
fn load_should_be_a_clear_error_when_a_file_is_corrupt() {
	let files = base().files().unwrap();
	let manifest = files.last().unwrap().0;
	let model = files[1].0;
	let load = |spoil: bool| {
		let blob = |hash: &[u8; 32]| {
			let file = files.iter().find(|(h, _)| h == hash).map(|(_, bytes)| bytes.clone());
			let mut file = file.ok_or("it is not here")?;
			if spoil && *hash == model {
				file[100] ^= 1;
			}
			Ok::<_, &str>(file)
		};
		Base::load(&manifest, blob, |_| Err("it is not on disk"))
	};
	assert_eq!(load(false).unwrap().files().unwrap(), files);
	let error = load(true).err().unwrap().to_string();
	assert!(error.contains("model.safetensors") && error.contains("its hash is not"), "{error}");
	let file = adapter::to_file(base(), &train::initial(base(), 1)).unwrap();
	assert!(adapter::from_file(base(), &file[..file.len() - 4]).is_err());
}
