use crate::protocol::{Done, Work};
use codec::{Decode, Encode};
use openledger_blobs::{authorization, fetch, Fetch, Hash, Space, Store};
use openledger_influence_math::host::{Answer, Engine, Job, Query};
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
const LOG_TARGET: &str = "engine";

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
	/// How long the child may take for a job before it counts as dead.
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
	Failed(String),
}

/// The engine, on threads of its own.
pub struct Parent {
	jobs: Arc<Mutex<HashMap<Hash, State>>>,
	queue: mpsc::SyncSender<(Hash, Job)>,
	results: PathBuf,
	finalized: Arc<dyn Fn() -> u32 + Send + Sync>,
}

/// Names a job by everything that its result depends on.
fn name(job: &Job) -> Hash {
	openledger_blobs::hash(
		&(&job.base, &job.adapter, &job.adapters, &job.prompt, &job.response).encode(),
	)
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
		let (queue, waiting) = mpsc::sync_channel::<(Hash, Job)>(QUEUE);
		let jobs = Arc::new(Mutex::new(HashMap::new()));
		let parent = Arc::new(Self {
			jobs: jobs.clone(),
			queue,
			results: results.clone(),
			finalized: options.finalized.clone(),
		});
		std::thread::Builder::new().name("engine".into()).spawn(move || {
			let mut child = None;
			for (name, job) in waiting {
				// Asked for again in the moment in which it was finished.
				let done = match kept(&results, &name) {
					Some(_) => Ok(()),
					None => work(&options, limits, &job, &mut child)
						.and_then(|y| keep(&results, &name, &y).map_err(|e| e.to_string())),
				};
				let mut jobs = jobs.lock();
				match done {
					Ok(()) => {
						jobs.remove(&name);
					},
					Err(why) => {
						log::warn!(target: LOG_TARGET, "receipt {:?}: {why}", job.receipt);
						jobs.insert(name, State::Failed(why));
					},
				}
			}
		})?;
		Ok(parent)
	}

	fn score(&self, job: Job) -> Answer {
		let name = name(&job);
		if let Some(y) = kept(&self.results, &name) {
			return Answer::Scored(y);
		}
		let mut jobs = self.jobs.lock();
		let answer = match jobs.remove(&name) {
			Some(State::Pending) => {
				jobs.insert(name, State::Pending);
				return Answer::Pending;
			},
			Some(State::Failed(why)) => Answer::Failed(why.into_bytes()),
			None => Answer::Pending,
		};
		// New, or failed and tried again.
		match self.queue.try_send((name, job)) {
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
			Query::Score(job) => self.score(job),
			Query::Finalized => Answer::Finalized((self.finalized)()),
		}
	}
}

/// Results are files named by their jobs, so that a restart loses none.
fn keep(folder: &std::path::Path, name: &Hash, y: &[i32]) -> std::io::Result<()> {
	let path = folder.join(hex::encode(name));
	let part = path.with_extension("part");
	std::fs::write(&part, y.encode())?;
	std::fs::rename(part, path)
}

fn kept(folder: &std::path::Path, name: &Hash) -> Option<Vec<i32>> {
	let bytes = std::fs::read(folder.join(hex::encode(name))).ok()?;
	Vec::<i32>::decode(&mut &bytes[..]).ok()
}

/// Fetches what a job needs and lets the child do it.
fn work(
	options: &Options,
	limits: Limits,
	job: &Job,
	child: &mut Option<Running>,
) -> Result<Vec<i32>, String> {
	tokio::runtime::Builder::new_current_thread()
		.enable_all()
		.build()
		.map_err(|error| error.to_string())?
		.block_on(gather(options, job))?;
	let text = |hash: &openledger_influence_math::Hash| hex::encode(hash.0);
	let work = Work {
		base: text(&job.base),
		adapters: std::iter::once(&job.adapter).chain(&job.adapters).map(text).collect(),
		prompt: text(&job.prompt),
		response: text(&job.response),
	};
	let mut last = String::new();
	for attempt in 0..limits.tries {
		if attempt > 0 {
			// What killed the last child, such as want of memory, may pass.
			std::thread::sleep(limits.backoff.saturating_mul(1 << (attempt - 1).min(16)));
		}
		match Running::ask(child, options, limits.patience, &work) {
			Ok(Done::Scored(y)) => return Ok(y),
			Ok(Done::Failed(why)) => return Err(why),
			Err(error) => {
				log::warn!(target: LOG_TARGET, "the engine's process is given up: {error}");
				last = error.to_string();
				*child = None;
			},
		}
	}
	Err(format!("the engine's process was lost {} times, at last: {last}", limits.tries))
}

/// Gets every blob that a job needs into the store.
async fn gather(options: &Options, job: &Job) -> Result<(), String> {
	let endpoints: Vec<String> = job
		.endpoints
		.iter()
		.map(|url| String::from_utf8_lossy(url).into_owned())
		.collect();
	let get = |space, hash: Hash| {
		let (authorization, from) = match space {
			Space::Public => (None, endpoints.len()),
			// Only the operator has prompts and answers. Another one that saw the signature could
			// use it there while it is good.
			Space::Private => {
				(authorization(&*options.keystore, options.key_type, job.key, &hash), 1)
			},
		};
		let endpoints = &endpoints[..from.min(endpoints.len())];
		let wanted = Fetch { space, hash, endpoints, authorization };
		async { fetch(&options.store, wanted).await.map_err(|error| error.to_string()) }
	};
	let manifest = get(Space::Public, job.base.0).await?;
	let manifest: openledger_factory::base::Manifest =
		serde_json::from_slice(&manifest).map_err(|e| format!("the base's manifest: {e}"))?;
	for file in [&manifest.config, &manifest.model, &manifest.tokenizer] {
		let mut hash = [0; 32];
		hex::decode_to_slice(file, &mut hash).map_err(|e| format!("the base's manifest: {e}"))?;
		get(Space::Public, hash).await?;
	}
	for adapter in std::iter::once(&job.adapter).chain(&job.adapters) {
		get(Space::Public, adapter.0).await?;
	}
	get(Space::Private, job.prompt.0).await?;
	get(Space::Private, job.response.0).await?;
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
