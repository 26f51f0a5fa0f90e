//! Fine-tuning: the published adapter and its counterfactual ones, many in one batch.
//!
//! An adapter is a function of base, recipe, rows, subset and group alone: not of the slot it is trained
//! in nor of what else is trained. All of a group start from the same weights, and rows that two subsets share
//! come in the same order, so that two adapters differ by their data and as little as possible by
//! chance. For the same reason the learning rate is low, and an adapter is the mean of its weights in
//! the last steps (stochastic weight averaging, Izmailov et al. 2018). What an answer's shares owe to
//! the seed all the same is what `scripts/bench attribution` prints as the ceiling; its `--rate` and
//! `--averaged` show what these two do to it.

use crate::{
	base::{corrections, schedule, Base, Task},
	hash, noise, Error, Hash, Progress,
};
use openledger_graph::count;
use openledger_influence_math::design::{contains, group, Subset};
use openledger_onnx::{Session, Tensor};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Every block.
pub const ALL: Subset = [0xff; 32];

/// An adapter that is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
	/// The blocks that it is trained on.
	pub subset: Subset,
	/// Whose seed it has, see [`group`].
	pub group: u8,
}

impl Wanted {
	/// The adapters of a version: the published one, then those of a design's subsets.
	pub fn version(subsets: &[Subset], blocks: usize) -> Vec<Self> {
		let of = |k| group(k, blocks, subsets.len());
		let drawn = subsets.iter().enumerate();
		let counterfactual = drawn.map(|(k, subset)| Self { subset: *subset, group: of(k) });
		std::iter::once(Self::from(ALL)).chain(counterfactual).collect()
	}

	/// The seed of its weights and order, if the first group has `first`, as the published adapter does.
	pub fn seed(&self, first: u64) -> u64 {
		if self.group == 0 {
			return first;
		}
		let hash =
			hash(&[&b"openledger/group/v1"[..], &first.to_le_bytes(), &[self.group]].concat());
		let mut seed = [0; 8];
		seed.copy_from_slice(&hash[..8]);
		u64::from_le_bytes(seed)
	}
}

/// In the first group.
impl From<Subset> for Wanted {
	fn from(subset: Subset) -> Self {
		Self { subset, group: 0 }
	}
}

/// A training row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
	/// The block that it belongs to.
	pub block: usize,
	/// Its tokens.
	pub tokens: Vec<u32>,
}

/// How adapters are trained.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Recipe {
	/// How often each row is seen.
	pub epochs: usize,
	/// Windows of a row that an adapter sees in a step.
	pub rows: usize,
	/// The highest learning rate.
	pub rate: f32,
	/// The last part of the steps, of 1, over which the adapter is the mean of its weights; 0 for
	/// the last weights alone.
	pub averaged: f32,
	/// Adapters that are trained at once.
	pub slots: usize,
	/// Seeds weights and order of the first group; those of others follow from it, see [`Wanted::seed`].
	pub seed: u64,
}

impl Default for Recipe {
	fn default() -> Self {
		Self { epochs: 4, rows: 8, rate: 2e-3, averaged: 0.5, slots: 6, seed: 1 }
	}
}

/// Rows cut into windows of the model's context.
struct Windows {
	/// Block, and tokens with their targets; at most the context long.
	all: Vec<(usize, Vec<u32>)>,
	begin: u32,
}

impl Windows {
	fn new(base: &Base, rows: &[Row]) -> Self {
		let cut = |row: &Row| {
			let windows: Vec<_> =
				row.tokens.chunks(base.context()).map(|w| (row.block, w.to_vec())).collect();
			windows
		};
		Self { all: rows.iter().flat_map(cut).collect(), begin: base.tokenizer.begin() }
	}

	/// The windows of a subset in the order in which they are seen in an epoch.
	fn order(&self, subset: &Subset, seed: u64, epoch: usize) -> Vec<usize> {
		let key = |i: &usize| {
			let mut input = [0; 24];
			input[..8].copy_from_slice(&seed.to_le_bytes());
			input[8..16].copy_from_slice(&(epoch as u64).to_le_bytes());
			input[16..].copy_from_slice(&(*i as u64).to_le_bytes());
			hash(&input)
		};
		let mut order: Vec<usize> =
			(0..self.all.len()).filter(|i| contains(subset, self.all[*i].0)).collect();
		order.sort_by_cached_key(key);
		order
	}
}

/// An adapter in training.
struct Job {
	index: usize,
	/// Windows still to be seen.
	queue: VecDeque<usize>,
	step: usize,
	steps: usize,
	parameters: Vec<f32>,
	first: Vec<f32>,
	second: Vec<f32>,
	mean: Mean,
}

/// The running mean of weights.
#[derive(Default)]
struct Mean {
	sum: Vec<f32>,
	n: f32,
}

impl Mean {
	fn add(&mut self, weights: &[f32]) {
		self.sum.resize(weights.len(), 0.0);
		self.n += 1.0;
		for (sum, weight) in self.sum.iter_mut().zip(weights) {
			*sum += weight;
		}
	}

	fn value(self) -> Option<Vec<f32>> {
		(self.n > 0.0).then(|| self.sum.iter().map(|sum| sum / self.n).collect())
	}
}

/// The adapter that all start from: it changes nothing.
pub fn initial(base: &Base, seed: u64) -> Vec<f32> {
	let mut flat = Vec::new();
	for (i, (name, shape)) in base.adapter().into_iter().enumerate() {
		let n = shape.iter().product();
		flat.extend(if name.ends_with("lora_A") {
			let mut input = *b"openledger/adapter/v1...........";
			input[24..].copy_from_slice(&(seed ^ (i as u64) << 32).to_le_bytes());
			noise(hash(&input), n, (shape[0] as f32).powf(-0.5))
		} else {
			vec![0.0; n]
		});
	}
	flat
}

/// Trains adapters; they come back in the order in which they are wanted. An empty subset gives the
/// adapter that changes nothing.
pub fn train(
	base: &Base,
	rows: &[Row],
	wanted: &[impl Into<Wanted> + Copy],
	recipe: &Recipe,
	threads: usize,
	progress: &mut dyn Progress,
) -> Result<Vec<Vec<f32>>, Error> {
	let windows = Windows::new(base, rows);
	let (slots, per_step, t) = (recipe.slots, recipe.rows, base.context());
	let size = count(&base.adapter());
	let job = |(index, wanted): (usize, Wanted)| {
		let seed = wanted.seed(recipe.seed);
		let queue: VecDeque<usize> = (0..recipe.epochs)
			.flat_map(|epoch| windows.order(&wanted.subset, seed, epoch))
			.collect();
		let steps = queue.len().div_ceil(per_step);
		let zero = vec![0.0; size];
		Job {
			index,
			queue,
			step: 0,
			steps,
			parameters: initial(base, seed),
			first: zero.clone(),
			second: zero,
			mean: Mean::default(),
		}
	};
	let mut waiting: Vec<Job> =
		wanted.iter().map(|one| (*one).into()).enumerate().map(job).collect();
	// The longest first, so that the last ones end together.
	waiting.sort_by_key(|job| (job.steps, usize::MAX - job.index));
	let (all, mut done) = (waiting.iter().map(|job| job.steps).sum::<usize>(), 0);
	let mut finished: Vec<Vec<f32>> = vec![Vec::new(); wanted.len()];
	let mut running: Vec<Option<Job>> = (0..slots).map(|_| None).collect();
	let mut session = base.session(Task::Train { segments: slots, rows: per_step }, threads)?;
	loop {
		for slot in &mut running {
			while slot.as_ref().is_none_or(|job| job.queue.is_empty()) {
				if let Some(job) = slot.take() {
					finished[job.index] = job.mean.value().unwrap_or(job.parameters);
				}
				match waiting.pop() {
					Some(job) => *slot = Some(job),
					None => break,
				}
			}
		}
		let active = running.iter().flatten().count();
		if active == 0 {
			return Ok(finished);
		}
		let step = run(&mut session, base, &windows, &mut running, recipe, t, size)?;
		done += active;
		progress.step(done, all, step / active as f32);
	}
}

/// One step of all running adapters; the sum of their losses.
fn run(
	session: &mut Session,
	base: &Base,
	windows: &Windows,
	running: &mut [Option<Job>],
	recipe: &Recipe,
	t: usize,
	size: usize,
) -> Result<f32, Error> {
	let (slots, rows) = (running.len(), recipe.rows);
	let mut tokens = vec![0i64; slots * rows * t];
	let mut targets = tokens.clone();
	let mut mask = vec![0f32; slots * rows * t];
	let [mut parameters, mut first, mut second] =
		[(); 3].map(|()| Vec::with_capacity(slots * size));
	let [mut rate, mut correct1, mut correct2] = [(); 3].map(|()| Vec::new());
	for (s, slot) in running.iter_mut().enumerate() {
		let Some(job) = slot else {
			for v in [&mut parameters, &mut first, &mut second] {
				v.resize((s + 1) * size, 0.0);
			}
			rate.push(0.0);
			correct1.push(1.0);
			correct2.push(1.0);
			continue;
		};
		let taken: Vec<usize> = job.queue.drain(..rows.min(job.queue.len())).collect();
		let seen: usize = taken.iter().map(|i| windows.all[*i].1.len()).sum();
		for (row, index) in taken.iter().enumerate() {
			let window = &windows.all[*index].1;
			let from = (s * rows + row) * t;
			for (i, token) in window.iter().enumerate() {
				let before = if i == 0 { windows.begin } else { window[i - 1] };
				tokens[from + i] = before.into();
				targets[from + i] = i64::from(*token);
				mask[from + i] = 1.0 / seen as f32;
			}
		}
		parameters.append(&mut job.parameters);
		first.append(&mut job.first);
		second.append(&mut job.second);
		rate.push(schedule(recipe.rate, job.step, job.steps));
		job.step += 1;
		let (c1, c2) = corrections(job.step);
		correct1.push(c1);
		correct2.push(c2);
	}
	let shape = vec![slots, rows, t];
	let state = |v| Tensor::Floats(vec![slots, size], v);
	let per_slot = |v| Tensor::Floats(vec![slots, 1], v);
	let out = session.run(base.inputs(vec![
		("parameters.in", state(parameters)),
		("first.in", state(first)),
		("second.in", state(second)),
		("tokens", Tensor::Integers(shape.clone(), tokens)),
		("targets", Tensor::Integers(shape.clone(), targets)),
		("mask", Tensor::Floats(shape, mask)),
		("rate", per_slot(rate)),
		("correct1", per_slot(correct1)),
		("correct2", per_slot(correct2)),
	]))?;
	for (s, job) in running.iter_mut().enumerate().filter_map(|(s, job)| Some((s, job.as_mut()?))) {
		let part = |name: &str| out[name][s * size..(s + 1) * size].to_vec();
		job.parameters = part("parameters");
		job.first = part("first");
		job.second = part("second");
		if job.step as f32 > (1.0 - recipe.averaged) * job.steps as f32 {
			job.mean.add(&job.parameters);
		}
	}
	Ok(-out["objective"].iter().sum::<f32>())
}

/// Names what an adapter is a function of, beside the execution class.
pub fn fingerprint(base: &Hash, rows: &[Row], wanted: &Wanted, recipe: &Recipe) -> Hash {
	let mut input = Vec::new();
	input.extend(base);
	for row in rows.iter().filter(|row| contains(&wanted.subset, row.block)) {
		input.extend((row.tokens.len() as u64).to_le_bytes());
		input.extend(row.tokens.iter().flat_map(|t| t.to_le_bytes()));
	}
	for number in [recipe.epochs, recipe.rows, recipe.slots] {
		input.extend((number as u64).to_le_bytes());
	}
	for number in [recipe.rate, recipe.averaged] {
		input.extend(number.to_le_bytes());
	}
	input.extend(wanted.seed(recipe.seed).to_le_bytes());
	hash(&input)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn seed_should_be_that_of_the_recipe_in_the_first_group_alone() {
		let seed = |group, first| Wanted { subset: ALL, group }.seed(first);
		assert_eq!(seed(0, 7), 7);
		let all: std::collections::BTreeSet<u64> = [1, 2]
			.into_iter()
			.flat_map(|first| (0..8).map(move |group| seed(group, first)))
			.collect();
		assert_eq!(all.len(), 16);
	}

	#[test]
	fn version_should_be_the_published_adapter_and_halves_in_their_groups() {
		let subsets = vec![[1; 32]; 128];
		let wanted = Wanted::version(&subsets, 48);
		assert_eq!(wanted[0], Wanted::from(ALL));
		let groups: Vec<u8> = wanted.iter().map(|wanted| wanted.group).collect();
		// 64 halves in six groups, then their complements.
		assert_eq!(groups[1..9], [0, 1, 2, 3, 4, 5, 0, 1]);
		assert_eq!(groups[1..65], groups[65..]);
		assert!(Wanted::version(&subsets[..64], 48).iter().all(|wanted| wanted.group == 0));
	}
}
