//! What counterfactual scores are measured against: equal shares, text that is shared, gradients.
//!
//! None of these is what money follows; they stand beside it in the table of `scripts/bench
//! attribution`.

use super::{
	gradient::{trained_on, Probe, BATCH},
	window,
};
use openledger_factory::{train::Row, Base, Error};
use openledger_graph::count;
use std::{
	collections::{HashMap, HashSet},
	sync::Arc,
};

/// Shares of scores: the positive ones, scaled to sum to one; all the same if none is positive.
pub fn shares(scores: &[f64]) -> Vec<f64> {
	let sum: f64 = scores.iter().map(|v| v.max(0.0)).sum();
	if sum > 0.0 && sum.is_finite() {
		scores.iter().map(|v| v.max(0.0) / sum).collect()
	} else {
		vec![1.0 / scores.len().max(1) as f64; scores.len()]
	}
}

/// Bytes of a shared piece of text.
const GRAM: usize = 6;

/// Which contributor's text an answer shares the most 6-grams of bytes with.
pub struct Overlap {
	blocks: Vec<HashSet<[u8; GRAM]>>,
	/// How many blocks hold each 6-gram.
	holding: HashMap<[u8; GRAM], usize>,
}

fn grams(text: &str) -> HashSet<[u8; GRAM]> {
	let gram = |w: &[u8]| w.try_into().unwrap_or([0; GRAM]);
	text.as_bytes().windows(GRAM).map(gram).collect()
}

impl Overlap {
	/// `texts`: block and text of every training row; blocks are `0..blocks`.
	pub fn new<'a>(blocks: usize, texts: impl IntoIterator<Item = (usize, &'a str)>) -> Self {
		let mut all = vec![HashSet::new(); blocks];
		for (block, text) in texts {
			if let Some(set) = all.get_mut(block) {
				set.extend(grams(text));
			}
		}
		let mut holding = HashMap::new();
		all.iter().flatten().for_each(|gram| *holding.entry(*gram).or_default() += 1);
		Self { blocks: all, holding }
	}

	/// How many of the answer's distinct 6-grams each block holds, and a half, so that an answer
	/// that shares nothing is split equally.
	pub fn scores(&self, answer: &str) -> Vec<f64> {
		let answer = grams(answer);
		self.blocks
			.iter()
			.map(|block| answer.intersection(block).count() as f64 + 0.5)
			.collect()
	}

	/// The same, each 6-gram weighed by `ln (1 + U)/n`, with `n` of all `U` blocks holding it (the
	/// inverse document frequency of Spärck Jones 1972), and nothing added.
	pub fn rare(&self, answer: &str) -> Vec<f64> {
		let answer = grams(answer);
		let all = 1.0 + self.blocks.len() as f64;
		let weight =
			|gram: &[u8; GRAM]| (all / self.holding.get(gram).map_or(all, |n| *n as f64)).ln();
		// Sorted, so that sums do not depend on the order of a set.
		let sum = |block: &HashSet<[u8; GRAM]>| {
			let mut shared: Vec<f64> = answer.intersection(block).map(weight).collect();
			shared.sort_by(f64::total_cmp);
			shared.iter().sum()
		};
		self.blocks.iter().map(sum).collect()
	}
}

/// How gradients are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Metric {
	/// Inner products (TracIn, Pruthi et al. 2020, at the last checkpoint).
	Plain,
	/// Inner products of gradients scaled to length one.
	Cosine,
	/// Inner products under the inverse of the damped diagonal of the empirical Fisher matrix (the
	/// influence functions of Koh and Liang 2017 with a diagonal Hessian).
	Whitened,
}

impl Metric {
	/// All of them.
	pub const ALL: [Self; 3] = [Self::Plain, Self::Cosine, Self::Whitened];
}

/// Gradients of the published adapter's loss: an answer's against every contributor's rows.
pub struct Gradients {
	probe: Probe,
	/// By block: sums of the rows' gradients.
	plain: Vec<Vec<f64>>,
	/// By block: sums of the rows' gradients scaled to length one.
	unit: Vec<Vec<f64>>,
	/// The damped diagonal of the empirical Fisher matrix.
	fisher: Vec<f64>,
}

/// One window: tokens, targets, and one where a target counts.
pub(crate) type Window = (Vec<i64>, Vec<i64>, Vec<f32>);

/// Damping of the diagonal, as a part of its mean.
const DAMPING: f64 = 0.1;

impl Gradients {
	/// `rows` are those that `adapter` was trained on; blocks are `0..blocks`.
	pub fn new(
		base: Arc<Base>,
		adapter: Vec<f32>,
		rows: &[Row],
		blocks: usize,
		threads: usize,
	) -> Result<Self, Error> {
		let size = count(&base.adapter());
		let windows = trained_on(rows, blocks, base.context());
		let zero = vec![vec![0.0; size]; blocks];
		let (plain, unit, fisher) = (zero.clone(), zero, vec![0.0; size]);
		let mut all = Self { probe: Probe::new(base, adapter, threads)?, plain, unit, fisher };
		let mut seen = 0usize;
		for batch in windows.chunks(BATCH) {
			let texts: Vec<_> = batch.iter().map(|(_, tokens)| (&[][..], *tokens)).collect();
			for ((block, _), gradient) in batch.iter().zip(all.probe.gradients(&texts)?) {
				let length = norm(&gradient);
				seen += 1;
				let to = all.plain[*block].iter_mut().zip(&mut all.unit[*block]);
				for (((plain, unit), fisher), g) in to.zip(&mut all.fisher).zip(&gradient) {
					*plain += g;
					*unit += g / length;
					*fisher += g * g;
				}
			}
		}
		let mean = all.fisher.iter().sum::<f64>() / size as f64 / seen.max(1) as f64;
		all.fisher
			.iter_mut()
			.for_each(|f| *f = *f / seen.max(1) as f64 + (DAMPING * mean).max(f64::MIN_POSITIVE));
		Ok(all)
	}

	/// Scores of single rows for each answer, a prompt and a completion: `[metric][answer][row]`, the
	/// metrics those of [`Metric::ALL`] in their order. Gradients of rows are not kept, so that
	/// memory is that of the answers. Fails if ONNX Runtime does.
	pub fn row_scores(
		&mut self,
		rows: &[Row],
		answers: &[(&[u32], &[u32])],
	) -> Result<[Vec<Vec<f64>>; 3], Error> {
		let asked = self.probe.gradients(answers)?;
		let mut scores = [(); 3].map(|()| vec![Vec::with_capacity(rows.len()); answers.len()]);
		for batch in rows.chunks(BATCH) {
			let texts: Vec<_> = batch.iter().map(|row| (&[][..], &row.tokens[..])).collect();
			for row in self.probe.gradients(&texts)? {
				let white: Vec<f64> = row.iter().zip(&self.fisher).map(|(g, f)| g / f).collect();
				let length = norm(&row);
				for (q, answer) in asked.iter().enumerate() {
					let dot = |x: &[f64]| x.iter().zip(answer).map(|(a, b)| a * b).sum::<f64>();
					let plain = dot(&row);
					scores[0][q].push(plain);
					scores[1][q].push(plain / length / norm(answer));
					scores[2][q].push(dot(&white));
				}
			}
		}
		Ok(scores)
	}

	/// Scores of all blocks for an answer, under each of [`Metric::ALL`]: positive for rows whose
	/// gradients would have made the answer more likely.
	pub fn scores(&mut self, prompt: &[u32], completion: &[u32]) -> Result<[Vec<f64>; 3], Error> {
		let answer = self.probe.gradients(&[(prompt, completion)])?.remove(0);
		let length = norm(&answer);
		let unit: Vec<f64> = answer.iter().map(|g| g / length).collect();
		let white: Vec<f64> = answer.iter().zip(&self.fisher).map(|(g, f)| g / f).collect();
		let against = |blocks: &[Vec<f64>], answer: &[f64]| -> Vec<f64> {
			let dot = |block: &Vec<f64>| block.iter().zip(answer).map(|(a, b)| a * b).sum();
			blocks.iter().map(dot).collect()
		};
		Ok(Metric::ALL.map(|metric| match metric {
			Metric::Plain => against(&self.plain, &answer),
			Metric::Cosine => against(&self.unit, &unit),
			Metric::Whitened => against(&self.plain, &white),
		}))
	}
}

/// The length of a vector; never zero.
fn norm(v: &[f64]) -> f64 {
	v.iter().map(|x| x * x).sum::<f64>().sqrt().max(f64::MIN_POSITIVE)
}

/// The windows in which the scorer predicts the completion's tokens, each token in one of them.
pub(crate) fn windows(end: u32, prompt: &[u32], completion: &[u32], context: usize) -> Vec<Window> {
	let all = [&[end], prompt, completion].concat();
	let mut found = Vec::new();
	let mut position = 1 + prompt.len();
	while position < all.len() {
		let from = window(position - 1, context);
		let to = (from + context + 1).min(all.len());
		let last = (position..to).take_while(|p| window(p - 1, context) == from).count();
		let (mut tokens, mut targets) = (vec![0i64; context], vec![0i64; context]);
		let mut mask = vec![0f32; context];
		for i in 0..to - 1 - from {
			tokens[i] = i64::from(all[from + i]);
			targets[i] = i64::from(all[from + i + 1]);
		}
		(position..position + last).for_each(|p| mask[p - 1 - from] = 1.0);
		found.push((tokens, targets, mask));
		position += last;
	}
	found
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn shares_should_sum_to_one_when_scores_are_any() {
		assert_eq!(shares(&[3.0, -2.0, 1.0]), [0.75, 0.0, 0.25]);
		assert_eq!(shares(&[-3.0, 0.0]), [0.5, 0.5]);
	}

	#[test]
	fn overlap_should_favour_the_block_whose_text_is_repeated() {
		let texts = [(0, "the licensee shall not"), (1, "a freely given permission")];
		let scores = Overlap::new(2, texts).scores("freely given");
		assert_eq!(scores, [0.5, 7.5]);
	}

	#[test]
	fn rare_should_weigh_pieces_more_when_fewer_blocks_hold_them() {
		let texts = [(0, "abcdef"), (1, "abcdef"), (1, "uvwxyz"), (2, "123456")];
		let scores = Overlap::new(3, texts).rare("abcdef uvwxyz");
		assert_eq!(scores, [2f64.ln(), 2f64.ln() + 4f64.ln(), 0.0]);
	}

	#[test]
	fn windows_should_predict_every_token_once_when_the_answer_is_long() {
		for (asked, answered) in [(0, 5), (3, 8), (20, 41), (0, 64)] {
			let prompt: Vec<u32> = (1..=asked).collect();
			let completion: Vec<u32> = (100..100 + answered).collect();
			let mut seen = Vec::new();
			for (_, targets, mask) in windows(0, &prompt, &completion, 8) {
				seen.extend(
					targets.iter().zip(&mask).filter(|(_, m)| **m > 0.0).map(|(t, _)| *t as u32),
				);
			}
			assert_eq!(seen, completion);
		}
	}
}
