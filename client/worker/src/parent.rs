use crate::{
	batch::{drawn, written},
	corpus,
	protocol::{self, Done, Score, Train, Work},
};
use codec::{Decode, Encode};
use openledger_blobs::{authorization, fetch, Fetch, Hash, Space, Store};
use openledger_factory::Run;
use openledger_influence_math::{
	batch::root,
	host::{Answer, BatchJob, Corpus, Engine, Job, Query, Retraining},
	Spans,
};
use parking_lot::Mutex;
use sp_core::crypto::KeyTypeId;
use sp_keystore::Keystore;
use std::{
	collections::HashMap,
	io::{BufRead, BufReader, Write},
	path::PathBuf,
	process::{Child, ChildStdin, Command, Stdio},
	sync::{mpsc, Arc},
	time::Duration,
};

/// Jobs that may wait at the same time.
const QUEUE: usize = 64;
/// How many times the patience for an answer is that for adapters.
const TRAINING: u32 = 6;
/// What it logs under, in both processes.
pub const LOG_TARGET: &str = "engine";

/// What the engine needs of the node.
pub struct Options {
	/// Blobs, and the results that survive a restart.
	pub store: Store,
	/// Holds the scorers' hot keys.
	pub keystore: Arc<dyn Keystore>,
	/// Their key type.
	pub key_type: KeyTypeId,
	/// Starts the child: the program and its arguments.
	pub child: (PathBuf, Vec<String>),
	/// The number of the last finalized block.
	pub finalized: Arc<dyn Fn() -> u32 + Send + Sync>,
}

/// How patient the engine is with its child.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
	/// How often a job is tried when its child dies.
	pub tries: u32,
	/// How long the child may take to score an answer before it counts as dead; six times that to
	/// make parts of a run again.
	pub patience: Duration,
	/// How long it waits before a second try; twice as long before each further one.
	pub backoff: Duration,
}

impl Default for Limits {
	fn default() -> Self {
		Self { tries: 3, patience: Duration::from_secs(600), backoff: Duration::from_secs(1) }
	}
}

/// How far a job is.
enum State {
	Pending,
	Failed(Trouble),
}

/// Why a job is not done.
enum Trouble {
	/// What it needs cannot be had, or is of no use, or is not what was paid for.
	Missing(String),
	/// This machine cannot.
	Broken(String),
}

impl std::fmt::Display for Trouble {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		let (Self::Missing(why) | Self::Broken(why)) = self;
		f.write_str(why)
	}
}

impl From<Trouble> for Answer {
	fn from(trouble: Trouble) -> Self {
		match trouble {
			Trouble::Missing(why) => Self::Missing(why.into_bytes()),
			Trouble::Broken(why) => Self::Failed(why.into_bytes()),
		}
	}
}

/// The engine, on threads of its own.
pub struct Parent {
	jobs: Arc<Mutex<HashMap<Hash, State>>>,
	queue: mpsc::SyncSender<(Hash, Task)>,
	store: Store,
	results: PathBuf,
	finalized: Arc<dyn Fn() -> u32 + Send + Sync>,
}

/// What the chain asks the engine to do.
// Few are alive at once.
#[allow(clippy::large_enum_variant)]
enum Task {
	Score(Job),
	Train(Retraining),
	Batch(BatchJob),
}

/// An answer for the child to score: its blobs, each with the tokens that it is said to have.
fn score(
	base: &openledger_influence_math::Hash,
	adapters: (&openledger_influence_math::Hash, &[openledger_influence_math::Hash]),
	map: Option<&openledger_influence_math::Hash>,
	(prompt, prompt_tokens): (&openledger_influence_math::Hash, u32),
	(response, completion_tokens): (&openledger_influence_math::Hash, u32),
	corpus: Option<&Corpus>,
) -> Work {
	let text = |hash: &openledger_influence_math::Hash| hex::encode(hash.0);
	Work::Score(Score {
		base: text(base),
		adapters: std::iter::once(adapters.0).chain(adapters.1).map(text).collect(),
		map: map.map(text),
		prompt: text(prompt),
		prompt_tokens,
		response: text(response),
		completion_tokens,
		corpus: corpus.map(|corpus| protocol::Corpus {
			manifest: text(&corpus.manifest),
			root: text(&corpus.root),
			blocks: corpus.blocks.clone(),
			least: corpus.least,
		}),
	})
}

impl Task {
	/// Names it by everything that its result depends on.
	fn name(&self) -> Hash {
		openledger_blobs::hash(&match self {
			Self::Score(job) => {
				Job { receipt: Default::default(), endpoints: vec![], key: [0; 32], ..job.clone() }
					.encode()
			},
			Self::Train(job) => Retraining { endpoints: vec![], ..job.clone() }.encode(),
			// The batch alone: where its blobs are and who asks changes nothing.
			Self::Batch(job) => {
				BatchJob { endpoints: vec![], key: [0; 32], ..job.clone() }.encode()
			},
		})
	}
}

impl std::fmt::Display for Task {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		match self {
			Self::Score(job) => write!(f, "receipt {:?}", job.receipt),
			Self::Train(job) => write!(f, "run {:?}", job.manifest),
			Self::Batch(job) => write!(f, "batch {}", job.batch),
		}
	}
}

impl Parent {
	/// Starts the engine.
	pub fn start(options: Options) -> std::io::Result<Arc<Self>> {
		Self::start_with(options, Limits::default())
	}

	/// Starts the engine with other limits than the usual ones.
	pub fn start_with(options: Options, limits: Limits) -> std::io::Result<Arc<Self>> {
		let results = options.store.root().join("results");
		std::fs::create_dir_all(&results)?;
		let (queue, waiting) = mpsc::sync_channel::<(Hash, Task)>(QUEUE);
		let jobs = Arc::new(Mutex::new(HashMap::new()));
		let parent = Arc::new(Self {
			jobs: jobs.clone(),
			queue,
			store: options.store.clone(),
			results: results.clone(),
			finalized: options.finalized.clone(),
		});
		std::thread::Builder::new().name("engine".into()).spawn(move || {
			let mut child = None;
			for (name, task) in waiting {
				// Asked for again in the moment in which it was finished.
				let done = match kept(&results, &name) {
					Some(_) => Ok(()),
					None => work(&options, limits, &task, &mut child)
						.and_then(|done| keep(&results, &name, &done).map_err(broken)),
				};
				let mut jobs = jobs.lock();
				match done {
					Ok(()) => {
						jobs.remove(&name);
					},
					Err(why) => {
						log::warn!(target: LOG_TARGET, "{task}: {why}");
						jobs.insert(name, State::Failed(why));
					},
				}
			}
		})?;
		Ok(parent)
	}

	fn answer(&self, task: Task) -> Answer {
		let name = task.name();
		if let Some(done) = kept(&self.results, &name) {
			return done;
		}
		let mut jobs = self.jobs.lock();
		let answer = match jobs.remove(&name) {
			Some(State::Pending) => {
				jobs.insert(name, State::Pending);
				return Answer::Pending;
			},
			Some(State::Failed(why)) => why.into(),
			None => Answer::Pending,
		};
		// New, or failed and tried again.
		match self.queue.try_send((name, task)) {
			Ok(()) => {
				jobs.insert(name, State::Pending);
				answer
			},
			Err(_) => Answer::Busy,
		}
	}
}

impl Engine for Parent {
	fn poll(&self, query: Query) -> Answer {
		match query {
			Query::Score(job) => self.answer(Task::Score(job)),
			Query::Train(job) => self.answer(Task::Train(job)),
			Query::Batch(job) => self.answer(Task::Batch(job)),
			Query::Page(hash) => match self.store.get(Space::Public, &hash.0) {
				Ok(page) => Answer::Page(page),
				Err(error) => Answer::Failed(error.to_string().into_bytes()),
			},
			Query::Finalized => Answer::Finalized((self.finalized)()),
		}
	}
}

/// Results are files named by their tasks, so that a restart loses none.
fn keep(folder: &std::path::Path, name: &Hash, done: &Answer) -> std::io::Result<()> {
	let path = folder.join(hex::encode(name));
	let part = path.with_extension("part");
	std::fs::write(&part, done.encode())?;
	std::fs::rename(part, path)
}

fn kept(folder: &std::path::Path, name: &Hash) -> Option<Answer> {
	let bytes = std::fs::read(folder.join(hex::encode(name))).ok()?;
	Answer::decode(&mut &bytes[..]).ok()
}

fn broken(why: impl ToString) -> Trouble {
	Trouble::Broken(why.to_string())
}

/// Fetches what a task needs and lets the child do it.
fn work(
	options: &Options,
	limits: Limits,
	task: &Task,
	child: &mut Option<Running>,
) -> Result<Answer, Trouble> {
	tokio::runtime::Builder::new_current_thread()
		.enable_all()
		.build()
		.map_err(broken)?
		.block_on(gather(options, task))
		.map_err(Trouble::Missing)?;
	let text = |hash: &openledger_influence_math::Hash| hex::encode(hash.0);
	match task {
		Task::Score(job) => {
			let adapters = (&job.adapter, &job.adapters[..]);
			let (map, corpus) = (job.map.as_ref(), job.corpus.as_ref());
			let prompt = (&job.prompt, job.prompt_tokens);
			let response = (&job.response, job.completion_tokens);
			let work = score(&job.base, adapters, map, prompt, response, corpus);
			ask(options, limits, &work, child)
		},
		Task::Train(job) => {
			let work = Work::Train(Train {
				base: text(&job.base),
				manifest: text(&job.manifest),
				root: text(&job.root),
				blocks: job.blocks.clone(),
				parts: job.parts.iter().cloned().map(Into::into).collect(),
				seed: text(&job.seed),
				columns: job.columns,
			});
			ask(options, limits, &work, child)
		},
		Task::Batch(job) => score_batch(options, limits, job, child),
	}
}

/// Lets the child score the sample of a batch and keeps the pages, which anybody may read.
fn score_batch(
	options: &Options,
	limits: Limits,
	job: &BatchJob,
	child: &mut Option<Running>,
) -> Result<Answer, Trouble> {
	let blob = options.store.get(Space::Private, &job.items.0).map_err(broken)?;
	let Some(sample) = drawn(job, &blob) else {
		return Err(Trouble::Missing("the items are not what was paid for".into()));
	};
	let (mut scored, adapters) = (Vec::new(), (&job.adapter, &job.adapters[..]));
	for one in sample {
		let (map, corpus) = (job.map.as_ref(), job.corpus.as_ref());
		let prompt = (&one.prompt, one.prompt_tokens);
		let response = (&one.response, one.completion_tokens);
		let work = score(&job.base, adapters, map, prompt, response, corpus);
		match ask(options, limits, &work, child)? {
			Answer::Scored(y, spans) => scored.push((one, y, spans)),
			// Who overcharges for one that is drawn overcharges for others that are not.
			miscounted @ Answer::Miscounted(_) => return Ok(miscounted),
			_ => return Err(broken("the engine's process answered another question")),
		}
	}
	let pages = written(job, &scored);
	let root = root(&pages, job.count, job.columns);
	let kept = pages.iter().map(|page| options.store.put(Space::Public, page).map(Into::into));
	Ok(Answer::Root { root, pages: kept.collect::<Result<_, _>>().map_err(broken)? })
}

/// One question to the child, again if it is lost.
fn ask(
	options: &Options,
	limits: Limits,
	work: &Work,
	child: &mut Option<Running>,
) -> Result<Answer, Trouble> {
	let patience = match work {
		Work::Score(_) => limits.patience,
		Work::Train(_) => limits.patience.saturating_mul(TRAINING),
	};
	let mut last = String::new();
	for attempt in 0..limits.tries {
		if attempt > 0 {
			// What killed the last child, such as want of memory, may pass.
			std::thread::sleep(limits.backoff.saturating_mul(1 << (attempt - 1).min(16)));
		}
		match Running::ask(child, options, patience, work) {
			Ok(Done::Scored(y, spans)) => return Ok(Answer::Scored(y, Spans::from_bytes(&spans))),
			Ok(Done::Trained(hashes)) => {
				return Ok(Answer::Trained(hashes.into_iter().map(Into::into).collect()))
			},
			Ok(Done::Miscounted(why)) => return Ok(Answer::Miscounted(why.into_bytes())),
			Ok(Done::Failed(why)) => return Err(Trouble::Missing(why)),
			Err(error) => {
				log::warn!(target: LOG_TARGET, "the engine's process is given up: {error}");
				last = error.to_string();
				*child = None;
			},
		}
	}
	Err(broken(format!("the engine's process was lost {} times, at last: {last}", limits.tries)))
}

/// Gets every blob that a task needs into the store.
async fn gather(options: &Options, task: &Task) -> Result<(), String> {
	let (base, endpoints) = match task {
		Task::Score(job) => (&job.base, &job.endpoints),
		Task::Train(job) => (&job.base, &job.endpoints),
		Task::Batch(job) => (&job.base, &job.endpoints),
	};
	let endpoints: Vec<String> =
		endpoints.iter().map(|url| String::from_utf8_lossy(url).into_owned()).collect();
	let get = |space, hash: Hash, key: Option<[u8; 32]>| {
		// Only the operator has prompts and answers. Another one that saw the signature could use it
		// there while it is good.
		let from = if key.is_some() { 1 } else { endpoints.len() };
		let authorization =
			key.and_then(|key| authorization(&*options.keystore, options.key_type, key, &hash));
		let endpoints = &endpoints[..from.min(endpoints.len())];
		let wanted = Fetch { space, hash, endpoints, authorization };
		async { fetch(&options.store, wanted).await.map_err(|error| error.to_string()) }
	};
	let public = |hash| get(Space::Public, hash, None);
	let rows = async |manifest: &openledger_influence_math::Hash| {
		let run = Run::from_file(&public(manifest.0).await?).map_err(|e| e.to_string())?;
		for row in run.contents().map_err(|e| e.to_string())? {
			public(row).await?;
		}
		Ok::<_, String>(())
	};
	let looked_in = async |corpus: &Option<Corpus>| match corpus {
		// Once its index is built the rows are not needed any more.
		Some(Corpus { manifest, .. }) if !corpus::path(&options.store, &manifest.0).exists() => {
			rows(manifest).await
		},
		_ => Ok(()),
	};
	let manifest = public(base.0).await?;
	let manifest: openledger_factory::base::Manifest =
		serde_json::from_slice(&manifest).map_err(|e| format!("the base's manifest: {e}"))?;
	for file in [&manifest.config, &manifest.model, &manifest.tokenizer] {
		let mut hash = [0; 32];
		hex::decode_to_slice(file, &mut hash).map_err(|e| format!("the base's manifest: {e}"))?;
		public(hash).await?;
	}
	match task {
		Task::Score(job) => {
			for blob in std::iter::once(&job.adapter).chain(&job.adapters).chain(&job.map) {
				public(blob.0).await?;
			}
			looked_in(&job.corpus).await?;
			for private in [&job.prompt, &job.response] {
				get(Space::Private, private.0, Some(job.key)).await?;
			}
		},
		Task::Batch(job) => {
			for blob in std::iter::once(&job.adapter).chain(&job.adapters).chain(&job.map) {
				public(blob.0).await?;
			}
			looked_in(&job.corpus).await?;
			let blob = get(Space::Private, job.items.0, Some(job.key)).await?;
			for one in drawn(job, &blob).into_iter().flatten() {
				for private in [one.prompt, one.response] {
					get(Space::Private, private.0, Some(job.key)).await?;
				}
			}
		},
		Task::Train(job) => {
			rows(&job.manifest).await?;
		},
	}
	Ok(())
}

/// The child process and its pipes.
struct Running {
	process: Child,
	input: ChildStdin,
	/// Its lines, read on a thread of their own so that waiting for one can end.
	output: mpsc::Receiver<std::io::Result<String>>,
}

impl Running {
	fn start(options: &Options) -> std::io::Result<Self> {
		let (program, arguments) = &options.child;
		let mut process = Command::new(program)
			.args(arguments)
			.stdin(Stdio::piped())
			.stdout(Stdio::piped())
			.spawn()?;
		let closed = || std::io::Error::other("the engine's process has no pipes");
		let input = process.stdin.take().ok_or_else(closed)?;
		let lines = BufReader::new(process.stdout.take().ok_or_else(closed)?).lines();
		let (read, output) = mpsc::channel();
		// Ends with the child, which closes the pipe.
		std::thread::Builder::new().name("engine output".into()).spawn(move || {
			for line in lines {
				if read.send(line).is_err() {
					break;
				}
			}
		})?;
		log::info!(target: LOG_TARGET, "scoring in process {}", process.id());
		Ok(Self { process, input, output })
	}

	/// One question to the child, which is started if there is none.
	fn ask(
		child: &mut Option<Self>,
		options: &Options,
		patience: Duration,
		work: &Work,
	) -> std::io::Result<Done> {
		let running = match child {
			Some(running) => running,
			None => child.insert(Self::start(options)?),
		};
		let mut line = serde_json::to_string(work)?;
		line.push('\n');
		running.input.write_all(line.as_bytes())?;
		running.input.flush()?;
		let answer = running.output.recv_timeout(patience).map_err(|error| match error {
			mpsc::RecvTimeoutError::Timeout => {
				std::io::Error::other(format!("it gave no answer for {patience:?}"))
			},
			mpsc::RecvTimeoutError::Disconnected => {
				std::io::Error::other("it ended in the middle of a job")
			},
		})??;
		Ok(serde_json::from_str(&answer)?)
	}
}

impl Drop for Running {
	fn drop(&mut self) {
		let _ = self.process.kill();
		let _ = self.process.wait();
	}
}
