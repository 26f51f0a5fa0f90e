//! The engine over real files, real HTTP and a real child process.

use codec::Encode;
use openledger_blobs::{router, Readers, Space, Store};
use openledger_core::{Item, Redeemed, Reply, Request};
use openledger_factory::{
	base::Pretraining,
	run::{RowEntry, Run},
	train::{Recipe, ALL},
	Base, Wanted,
};
use openledger_graph::Gpt;
use openledger_influence::{
	gradient::{solve, Features, Names, Solution},
	Scorer,
};
use openledger_influence_math::{
	batch::{page_hashes, read_page, sample, Entry},
	host::{Answer, BatchJob, Corpus, Engine, Job, Part, Query, Retraining},
	merkle, Spans,
};
use openledger_worker::{Limits, Options, Parent, PromptBlob, ResponseBlob};
use sp_core::{
	crypto::{AccountId32, KeyTypeId},
	sr25519, Pair,
};
use sp_keystore::{testing::MemoryKeystore, Keystore};
use std::{
	path::PathBuf,
	sync::Arc,
	time::{Duration, Instant},
};

const KIND: KeyTypeId = KeyTypeId(*b"olsc");
const TINY: Gpt = Gpt { vocabulary: 280, context: 16, width: 8, layers: 1, heads: 2, rank: 2 };
/// Of the map.
const SEED: [u8; 32] = [7; 32];
const COLUMNS: u16 = 6;
/// Nobody waits longer for a score of a tiny model.
const DEADLINE: Duration = Duration::from_secs(120);

/// An operator that publishes a tiny model and one answer, and a scorer's machine.
struct World {
	operator: tempfile::TempDir,
	scorer: tempfile::TempDir,
	trouble: PathBuf,
	keystore: Arc<MemoryKeystore>,
	job: Job,
	/// The answer.
	blob: ResponseBlob,
	/// Entries of a vector behind that of the published adapter.
	columns: u16,
	/// What the answer scores, computed here.
	expected: Vec<i32>,
	/// Adapters that were trained together with others.
	retraining: Retraining,
	/// Their hashes.
	trained: Vec<[u8; 32]>,
}

/// What is wrong with the answer that the operator published.
#[derive(Clone, Copy, PartialEq)]
enum Wrong {
	Nothing,
	Text,
	EndInside,
}

/// Serves a node's store over HTTP; returns its URL.
async fn serve(store: Store, readers: Readers) -> String {
	let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
	let url = format!("http://{}", listener.local_addr().unwrap());
	tokio::spawn(async move { axum::serve(listener, router(store, readers)).await });
	url
}

/// Takes a blob out of a node's store; returns its content.
fn withhold(store: &Store, space: Space, hash: &[u8; 32]) -> Vec<u8> {
	let content = store.get(space, hash).unwrap();
	std::fs::remove_file(store.file(space, hash).unwrap()).unwrap();
	content
}

/// Fails unless nobody had a blob.
fn assert_missing(answer: Answer, hash: &[u8; 32]) {
	let why = match answer {
		Answer::Missing(why) => String::from_utf8(why).unwrap(),
		other => panic!("it did not fail: {other:?}"),
	};
	assert!(why.contains("404") && why.contains(&hex::encode(hash)), "{why}");
}

/// Who registered the rows, and a node that publishes them.
struct Registrant {
	/// Its store; goes with it.
	folder: tempfile::TempDir,
	/// Hashes of the rows.
	rows: Vec<[u8; 32]>,
}

impl Registrant {
	fn store(&self) -> Store {
		Store::open(self.folder.path()).unwrap()
	}
}

impl World {
	async fn new(wrong: Wrong) -> Self {
		let operator = tempfile::tempdir().unwrap();
		let store = Store::open(operator.path()).unwrap();
		let text = "the cat sat on the mat and the dog sat on the log\n".repeat(40);
		let how = Pretraining { steps: 2, rows: 2, ..Default::default() };
		let base = Base::train(TINY, &text, how, 1, &mut |_: usize, _: usize, _: f32| ()).unwrap();
		let mut manifest = [0; 32];
		for (hash, bytes) in base.files().unwrap() {
			store.put(Space::Public, &bytes).unwrap();
			manifest = hash;
		}
		let row = |text: &str| {
			let hash = store.put(Space::Public, text.as_bytes()).unwrap();
			vec![RowEntry { hash: hex::encode(hash), bytes: text.len() as u32 }]
		};
		let run = Run {
			adapters: 2,
			base: hex::encode(manifest),
			batches: vec![row("the cat sat on the mat"), row("the dog sat on the log")],
			datanet: 0,
			recipe: Recipe { epochs: 2, rows: 1, slots: 2, ..Default::default() },
			version: 1,
		};
		let (mut first, mut second) = ([0; 32], [0; 32]);
		(first[0], second[0]) = (1, 2);
		let blocks = vec![0, 1];
		let rows = run.rows(&base, &blocks, |hash| store.get(Space::Public, hash)).unwrap();
		let quiet = &mut |_: usize, _: usize, _: f32| ();
		let second = Wanted { subset: second, group: 3 };
		let wanted = [Wanted::from(ALL), first.into(), second];
		let written = run.train(&base, &rows, &wanted, 1, quiet).unwrap();
		let flat: Vec<Vec<f32>> = written[..2]
			.iter()
			.map(|file| openledger_factory::adapter::from_file(&base, file).unwrap())
			.collect();
		let files: Vec<_> =
			written.iter().map(|file| store.put(Space::Public, file).unwrap()).collect();
		let named = store.put(Space::Public, &serde_json::to_vec(&run).unwrap()).unwrap();

		let asked = "the cat";
		let mut tokens = base.tokenizer.encode(" sat on the log").unwrap();
		let mut said = base.tokenizer.decode(&tokens).unwrap();
		let prompt_tokens = base.tokenizer.encode(asked).unwrap();
		let base = Arc::new(base);
		let expected = Scorer::new(base.clone(), &flat, 1)
			.unwrap()
			.score(&prompt_tokens, &tokens)
			.unwrap();
		match wrong {
			Wrong::Nothing => {},
			Wrong::Text => said.push('!'),
			Wrong::EndInside => tokens.insert(1, base.tokenizer.begin()),
		}
		let prompt = PromptBlob {
			salt: "00".repeat(16),
			prompt: asked.into(),
			temperature: 1.0,
			max_tokens: 8,
			seed: 1,
		};
		let blob = ResponseBlob { salt: "01".repeat(16), tokens, text: said };
		let put = |bytes: Vec<u8>| store.put(Space::Private, &bytes).unwrap();
		let prompt = put(serde_json::to_vec(&prompt).unwrap());
		let response = put(serde_json::to_vec(&blob).unwrap());

		let keystore = Arc::new(MemoryKeystore::new());
		let key = keystore.sr25519_generate_new(KIND, None).unwrap().0;
		let readers: Readers = Arc::new(move |by, _| Box::pin(async move { by == key }));
		let url = serve(store, readers).await;
		let job = Job {
			receipt: [9; 32].into(),
			base: manifest.into(),
			adapter: files[0].into(),
			adapters: vec![files[1].into()],
			map: None,
			prompt: prompt.into(),
			prompt_tokens: prompt_tokens.len() as u32,
			response: response.into(),
			completion_tokens: blob.tokens.len() as u32,
			corpus: None,
			endpoints: vec![url.clone().into_bytes()],
			key,
		};
		let retraining = Retraining {
			base: manifest.into(),
			manifest: named.into(),
			root: run.root().unwrap().into(),
			blocks,
			parts: vec![Part::Adapter(second.subset, second.group), Part::Adapter(ALL, 0)],
			seed: SEED.into(),
			columns: COLUMNS,
			endpoints: vec![url.into_bytes()],
		};
		let trained = vec![files[2], files[0]];
		let scorer = tempfile::tempdir().unwrap();
		let trouble = scorer.path().join("trouble");
		let columns = 1;
		Self {
			operator,
			scorer,
			trouble,
			keystore,
			job,
			blob,
			columns,
			expected,
			retraining,
			trained,
		}
	}

	/// Moves the rows from the operator's store to that of a node of their registrant, which is asked after
	/// the operator.
	async fn registrant(&mut self) -> Registrant {
		let operator = Store::open(self.operator.path()).unwrap();
		let manifest = operator.get(Space::Public, &self.retraining.manifest.0).unwrap();
		let rows = Run::from_file(&manifest).unwrap().contents().unwrap();
		let registrant = Registrant { folder: tempfile::tempdir().unwrap(), rows };
		let store = registrant.store();
		for row in &registrant.rows {
			let content = withhold(&operator, Space::Public, row);
			store.put(Space::Public, &content).unwrap();
		}
		// It serves nothing private.
		let readers: Readers = Arc::new(move |_, _| Box::pin(async move { false }));
		let url = serve(store, readers).await.into_bytes();
		self.job.endpoints.push(url.clone());
		self.retraining.endpoints.push(url);
		registrant
	}

	/// Another scorer's machine takes the place of this one, whose store is given back.
	fn another_scorer(&mut self) -> tempfile::TempDir {
		std::mem::replace(&mut self.scorer, tempfile::tempdir().unwrap())
	}

	/// The rows of the run, in which spans of so many bytes at least are looked for.
	fn corpus(&self, least: u16) -> Corpus {
		Corpus {
			manifest: self.retraining.manifest,
			root: self.retraining.root,
			blocks: self.retraining.blocks.clone(),
			least,
		}
	}

	/// Map and Ψ of the published adapter, computed here and published, and what the answer scores by them.
	fn by_gradients(&mut self) -> Solution {
		let store = Store::open(self.operator.path()).unwrap();
		let get = |hash: &[u8; 32]| store.get(Space::Public, hash);
		let file = |hash: &[u8; 32]| store.file(Space::Public, hash);
		let base = Arc::new(Base::load(&self.job.base.0, get, file).unwrap());
		let Retraining { manifest, blocks, .. } = &self.retraining;
		let rows = Run::from_file(&get(&manifest.0).unwrap()).unwrap();
		let rows = rows.rows(&base, blocks, get).unwrap();
		let adapter = self.job.adapter.0;
		let flat = openledger_factory::adapter::from_file(&base, &get(&adapter).unwrap()).unwrap();
		let names = Names { adapter, manifest: manifest.0, seed: SEED, columns: COLUMNS };
		let solution = solve(base.clone(), flat.clone(), &rows, 2, &names, 1).unwrap();
		let map = store.put(Space::Public, &solution.map.to_file().unwrap()).unwrap();
		let [asked, said] =
			["the cat", " sat on the log"].map(|t| base.tokenizer.encode(t).unwrap());
		let mut features = Features::new(base, flat, &solution.map, 1).unwrap();
		let features = features.of(&asked, &said).unwrap();
		let first = self.expected[0];
		self.expected.truncate(2);
		self.expected.extend(features.iter().map(|feature| first + feature));
		(self.job.adapters, self.job.map, self.columns) = (vec![], Some(map.into()), COLUMNS);
		solution
	}

	/// What scores the answer if it says the same so many times over.
	fn repeated(&self, times: u32) -> Job {
		let ResponseBlob { salt, tokens, text } = self.blob.clone();
		let (tokens, text) = (tokens.repeat(times as usize), text.repeat(times as usize));
		let blob = serde_json::to_vec(&ResponseBlob { salt, tokens, text }).unwrap();
		let store = Store::open(self.operator.path()).unwrap();
		Job {
			response: store.put(Space::Private, &blob).unwrap().into(),
			completion_tokens: self.job.completion_tokens * times,
			..self.job.clone()
		}
	}

	/// A batch of the same answer, each so many times over, at a wei a token.
	fn batch(&self, times: &[u32]) -> BatchJob {
		let [payer, operator] = [[1; 32], [2; 32]].map(|seed| sr25519::Pair::from_seed(&seed));
		let by = |pair: &sr25519::Pair| AccountId32::from(pair.public());
		let item = |(nonce, times): (u64, &u32)| {
			let job = self.repeated(*times);
			let request = Request {
				genesis: [8; 32].into(),
				payer: by(&payer),
				operator: by(&operator),
				model: 7,
				adapter: self.job.adapter,
				prompt: self.job.prompt,
				maximum: 1_000,
				nonce,
				expiry: 10,
			};
			let reply = Reply {
				request: request.id(),
				response: job.response,
				prompt_tokens: job.prompt_tokens,
				completion_tokens: job.completion_tokens,
			};
			Item {
				payer_signature: payer.sign(&request.payload()).into(),
				operator_signature: operator.sign(&reply.payload()).into(),
				request,
				reply,
			}
		};
		let items: Vec<_> = (1..).zip(times).map(item).collect();
		let (tokens, nonce) = (u128::from(self.job.completion_tokens), times.len() as u64);
		let paid = tokens * u128::from(times.iter().sum::<u32>());
		let redeemed = vec![Redeemed { payer: by(&payer), amount: paid, after: 0, nonce }];
		let hashes: Vec<_> = items.iter().map(Item::hash).collect();
		let store = Store::open(self.operator.path()).unwrap();
		BatchJob {
			batch: 3,
			genesis: [8; 32].into(),
			operator: operator.public().0,
			model: 7,
			base: self.job.base,
			adapter: self.job.adapter,
			adapters: self.job.adapters.clone(),
			map: self.job.map,
			columns: self.columns,
			items: store.put(Space::Private, &items.encode()).unwrap().into(),
			root: merkle::root(&hashes),
			count: items.len() as u16,
			input_price: 0,
			output_price: 1_000,
			paid,
			redeemed: redeemed.encode(),
			seed: [6; 32].into(),
			full: 3 * tokens,
			pool: 1_000,
			corpus: self.job.corpus.clone(),
			endpoints: self.job.endpoints.clone(),
			key: self.job.key,
			evm_chain: 1,
			contract: [4; 20],
		}
	}

	fn engine(&self, program: PathBuf, patience: Duration) -> Arc<Parent> {
		let arguments = [self.scorer.path(), &self.trouble];
		let arguments = arguments.iter().map(|path| path.to_string_lossy().into_owned());
		let options = Options {
			store: Store::open(self.scorer.path()).unwrap(),
			keystore: self.keystore.clone(),
			key_type: KIND,
			child: (program, arguments.collect()),
			finalized: Arc::new(|| 7),
		};
		let limits = Limits { tries: 2, patience, backoff: Duration::ZERO };
		Parent::start_with(options, limits).unwrap()
	}

	/// Polls as the off-chain worker does, until the answer is final.
	async fn scored(&self, engine: &Parent) -> Answer {
		self.answer(engine, Query::Score(self.job.clone())).await
	}

	async fn answer(&self, engine: &Parent, query: Query) -> Answer {
		let start = Instant::now();
		loop {
			match engine.poll(query.clone()) {
				Answer::Pending if start.elapsed() < DEADLINE => {
					tokio::time::sleep(Duration::from_millis(5)).await
				},
				answer => return answer,
			}
		}
	}
}

/// The child, which cargo builds beside this test.
fn child() -> PathBuf {
	let here = std::env::current_exe().unwrap();
	here.parent().unwrap().parent().unwrap().join("examples").join("engine")
}

#[tokio::test(flavor = "multi_thread")]
async fn poll_should_give_the_score_also_after_a_restart_when_the_operator_is_gone() {
	let mut world = World::new(Wrong::Nothing).await;
	let engine = world.engine(child(), DEADLINE);
	assert_eq!(engine.poll(Query::Finalized), Answer::Finalized(7));
	assert_eq!(engine.poll(Query::Score(world.job.clone())), Answer::Pending);
	assert_eq!(
		world.scored(&engine).await,
		Answer::Scored(world.expected.clone(), Spans::default())
	);
	drop(engine);
	// Neither the operator nor a child is there: the result can only come from the disk.
	world.job.endpoints = Vec::new();
	let again = world.engine("/nonexistent".into(), DEADLINE);
	let answer = again.poll(Query::Score(world.job.clone()));
	assert_eq!(answer, Answer::Scored(world.expected.clone(), Spans::default()));
}

#[tokio::test(flavor = "multi_thread")]
async fn poll_should_give_the_score_when_the_child_dies_in_the_middle_of_the_job() {
	let world = World::new(Wrong::Nothing).await;
	std::fs::write(&world.trouble, "die").unwrap();
	let engine = world.engine(child(), DEADLINE);
	assert_eq!(
		world.scored(&engine).await,
		Answer::Scored(world.expected.clone(), Spans::default())
	);
	assert!(!world.trouble.exists(), "the first child did not take the job");
}

#[tokio::test(flavor = "multi_thread")]
async fn poll_should_give_the_score_when_the_child_hangs() {
	let world = World::new(Wrong::Nothing).await;
	std::fs::write(&world.trouble, "hang").unwrap();
	let engine = world.engine(child(), Duration::from_secs(10));
	assert_eq!(
		world.scored(&engine).await,
		Answer::Scored(world.expected.clone(), Spans::default())
	);
	assert!(!world.trouble.exists(), "the first child did not take the job");
}

#[tokio::test(flavor = "multi_thread")]
async fn poll_should_fail_when_every_child_dies() {
	let world = World::new(Wrong::Nothing).await;
	let engine = world.engine("/bin/false".into(), DEADLINE);
	let Answer::Failed(why) = world.scored(&engine).await else { panic!("it did not fail") };
	let why = String::from_utf8(why).unwrap();
	assert!(why.contains("2 times"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn poll_should_fail_when_tokens_and_text_of_the_answer_differ() {
	for (wrong, reason) in [(Wrong::Text, "do not spell"), (Wrong::EndInside, "behind its end")] {
		let world = World::new(wrong).await;
		let engine = world.engine(child(), DEADLINE);
		let Answer::Missing(why) = world.scored(&engine).await else { panic!("it did not fail") };
		let why = String::from_utf8(why).unwrap();
		assert!(why.contains(reason), "{why}");
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn poll_should_fail_when_the_hot_key_was_not_drawn() {
	let mut world = World::new(Wrong::Nothing).await;
	world.job.key = world.keystore.sr25519_generate_new(KIND, None).unwrap().0;
	let engine = world.engine(child(), DEADLINE);
	let Answer::Missing(why) = world.scored(&engine).await else { panic!("it did not fail") };
	let why = String::from_utf8(why).unwrap();
	assert!(why.contains("403"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn poll_should_give_the_hashes_of_the_run_when_its_adapters_are_trained_again() {
	let mut world = World::new(Wrong::Nothing).await;
	let engine = world.engine(child(), DEADLINE);
	// In another order and company than the run trained them.
	let train = |world: &World| Query::Train(world.retraining.clone());
	let hashes = world.trained.iter().map(|hash| (*hash).into()).collect();
	assert_eq!(world.answer(&engine, train(&world)).await, Answer::Trained(hashes));

	world.retraining.root = [1; 32].into();
	let Answer::Missing(why) = world.answer(&engine, train(&world)).await else {
		panic!("it did not fail")
	};
	let why = String::from_utf8(why).unwrap();
	assert!(why.contains("other rows"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn poll_should_give_spans_when_they_are_paid() {
	let mut world = World::new(Wrong::Nothing).await;
	let engine = world.engine(child(), DEADLINE);
	// The answer is " sat on the log", which ends the row of block 1, after a prompt without it.
	world.job.corpus = Some(world.corpus(8));
	let spans = Spans::new(&[(1, 15)], 15);
	assert_eq!(world.scored(&engine).await, Answer::Scored(world.expected.clone(), spans));
	world.job.corpus = Some(world.corpus(16));
	let none = Answer::Scored(world.expected.clone(), Spans::default());
	assert_eq!(world.scored(&engine).await, none);
	let batch = BatchJob { corpus: Some(world.corpus(8)), ..world.batch(&[1]) };
	let Answer::Root { pages, .. } = world.answer(&engine, Query::Batch(batch)).await else {
		panic!("there is no root")
	};
	let Answer::Page(page) = engine.poll(Query::Page(pages[0])) else { panic!("no page") };
	assert_eq!(read_page(&page, 1).unwrap()[0].spans, spans);

	let strange = Corpus { root: [1; 32].into(), ..world.corpus(8) };
	world.job.corpus = Some(strange);
	let Answer::Missing(why) = world.scored(&engine).await else { panic!("it did not fail") };
	assert!(String::from_utf8(why).unwrap().contains("other rows"));
}

#[tokio::test(flavor = "multi_thread")]
async fn poll_should_find_an_answer_missing_when_the_operator_withholds_a_part_of_it() {
	for response in [false, true] {
		let mut world = World::new(Wrong::Nothing).await;
		let engine = world.engine(child(), DEADLINE);
		let scored = Answer::Scored(world.expected.clone(), Spans::default());
		assert_eq!(world.scored(&engine).await, scored);
		let part = if response { world.job.response } else { world.job.prompt };
		withhold(&Store::open(world.operator.path()).unwrap(), Space::Private, &part.0);
		// Who had it keeps what it found, in a store of its own; whoever comes later has nothing.
		let first = world.another_scorer();
		let other = world.engine(child(), DEADLINE);
		assert_missing(world.scored(&other).await, &part.0);
		let has = |folder: &tempfile::TempDir| {
			Store::open(folder.path()).unwrap().has(Space::Private, &part.0)
		};
		assert!(has(&first) && !has(&world.scorer));
		assert_eq!(world.scored(&engine).await, scored);
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn poll_should_find_a_batch_missing_when_the_operator_withholds_its_items_or_a_prompt() {
	for prompt in [false, true] {
		let world = World::new(Wrong::Nothing).await;
		let engine = world.engine(child(), DEADLINE);
		let batch = world.batch(&[100]);
		let blob = if prompt { world.job.prompt } else { batch.items };
		withhold(&Store::open(world.operator.path()).unwrap(), Space::Private, &blob.0);
		assert_missing(world.answer(&engine, Query::Batch(batch)).await, &blob.0);
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn poll_should_give_hashes_and_spans_when_the_registrant_alone_has_the_rows() {
	let mut world = World::new(Wrong::Nothing).await;
	let registrant = world.registrant().await;
	let operator = Store::open(world.operator.path()).unwrap();
	let mine = Store::open(world.scorer.path()).unwrap();
	let rows = &registrant.rows;
	assert!(rows.iter().all(|row| !operator.has(Space::Public, row)));
	assert!(rows.iter().all(|row| !mine.has(Space::Public, row)));
	let engine = world.engine(child(), DEADLINE);
	let hashes = world.trained.iter().map(|hash| (*hash).into()).collect();
	let train = Query::Train(world.retraining.clone());
	assert_eq!(world.answer(&engine, train).await, Answer::Trained(hashes));
	assert!(rows.iter().all(|row| mine.has(Space::Public, row)));
	world.job.corpus = Some(world.corpus(8));
	let spans = Spans::new(&[(1, 15)], 15);
	assert_eq!(world.scored(&engine).await, Answer::Scored(world.expected.clone(), spans));
}

#[tokio::test(flavor = "multi_thread")]
async fn poll_should_find_a_run_missing_when_the_registrant_withholds_a_row() {
	let mut world = World::new(Wrong::Nothing).await;
	let registrant = world.registrant().await;
	let [first, second] = [registrant.rows[0], registrant.rows[1]];
	let content = withhold(&registrant.store(), Space::Public, &second);
	let engine = world.engine(child(), DEADLINE);
	let train = Query::Train(world.retraining.clone());
	assert_missing(world.answer(&engine, train.clone()).await, &second);
	let mine = Store::open(world.scorer.path()).unwrap();
	assert!(mine.has(Space::Public, &first) && !mine.has(Space::Public, &second));
	// An answer needs the rows where spans of it are paid, and there alone.
	let without = world.job.clone();
	world.job.corpus = Some(world.corpus(8));
	assert_missing(world.scored(&engine).await, &second);
	let scored = Answer::Scored(world.expected.clone(), Spans::default());
	assert_eq!(world.answer(&engine, Query::Score(without)).await, scored);

	// A row that was shown on chain can be published by anybody.
	let _first = world.another_scorer();
	Store::open(world.operator.path())
		.unwrap()
		.put(Space::Public, &content)
		.unwrap();
	let other = world.engine(child(), DEADLINE);
	let hashes = world.trained.iter().map(|hash| (*hash).into()).collect();
	assert_eq!(world.answer(&other, train).await, Answer::Trained(hashes));
}

#[tokio::test(flavor = "multi_thread")]
async fn poll_should_give_root_and_pages_of_a_batch_when_its_sample_is_scored() {
	let world = World::new(Wrong::Nothing).await;
	let engine = world.engine(child(), DEADLINE);
	let times = [3, 1, 1, 1, 1, 8];
	let job = world.batch(&times);
	let Answer::Root { root, pages } = world.answer(&engine, Query::Batch(job.clone())).await
	else {
		panic!("there is no root")
	};
	let page = |hash| match engine.poll(Query::Page(hash)) {
		Answer::Page(page) => page,
		other => panic!("{other:?}"),
	};
	let pages: Vec<Vec<u8>> = pages.into_iter().map(page).collect();
	assert_eq!(merkle::root(&page_hashes(&pages, job.count, 1)), root);
	let fees = times.map(|n| u128::from(n * world.job.completion_tokens));
	let mut expected = Vec::new();
	for (item, amount) in sample(&job.seed, &fees, job.paid, job.full, job.pool).unwrap() {
		let alone = world.repeated(times[usize::from(item)]);
		let tokens = alone.completion_tokens;
		let Answer::Scored(y, _) = world.answer(&engine, Query::Score(alone)).await else {
			panic!("it is not scored alone")
		};
		expected.push(Entry::new(item, 0, tokens, amount, &y));
	}
	assert_eq!(read_page(&pages[0], 1).unwrap(), expected);
	assert_eq!((pages.len(), expected.len()), (1, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn poll_should_say_so_when_the_operator_miscounts_tokens() {
	let mut world = World::new(Wrong::Nothing).await;
	let engine = world.engine(child(), DEADLINE);
	let (asked, said) = (world.job.prompt_tokens, world.job.completion_tokens);
	assert!(asked > 1 && said > 1);
	for claimed in [(asked + 1, said), (asked - 1, said), (asked, said + 1), (asked, 1)] {
		(world.job.prompt_tokens, world.job.completion_tokens) = claimed;
		for query in [Query::Score(world.job.clone()), Query::Batch(world.batch(&[1]))] {
			let Answer::Miscounted(why) = world.answer(&engine, query).await else {
				panic!("it was scored")
			};
			let why = String::from_utf8(why).unwrap();
			assert!(why.contains("tokens, paid are"), "{why}");
		}
	}
	(world.job.prompt_tokens, world.job.completion_tokens) = (asked, said);
	let good = Answer::Scored(world.expected.clone(), Spans::default());
	assert_eq!(world.scored(&engine).await, good);
}

#[tokio::test(flavor = "multi_thread")]
async fn poll_should_fail_when_the_items_of_a_batch_are_not_what_was_paid() {
	let world = World::new(Wrong::Nothing).await;
	let engine = world.engine(child(), DEADLINE);
	let good = world.batch(&[3, 1]);
	let changes: [fn(&mut BatchJob); 4] = [
		|job| job.root = [1; 32].into(),
		|job| job.count += 1,
		|job| job.genesis = [1; 32].into(),
		|job| job.redeemed = Vec::<Redeemed<AccountId32>>::new().encode(),
	];
	for change in changes {
		let mut job = good.clone();
		change(&mut job);
		let Answer::Missing(why) = world.answer(&engine, Query::Batch(job)).await else {
			panic!("it did not fail")
		};
		let why = String::from_utf8(why).unwrap();
		assert!(why.contains("not what was paid"), "{why}");
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn poll_should_give_map_and_pages_when_they_are_made_again_without_the_adapter() {
	let mut world = World::new(Wrong::Nothing).await;
	let solution = world.by_gradients();
	let engine = world.engine(child(), DEADLINE);
	let mut retraining = world.retraining.clone();
	retraining.parts = vec![Part::Page(1), Part::Map, Part::Page(0)];
	let [first, second] = [0, 1].map(|u| solution.page(u).unwrap().unwrap().into());
	let map = solution.hash().unwrap().into();
	let hashes = Answer::Trained(vec![second, map, first]);
	assert_eq!(world.answer(&engine, Query::Train(retraining.clone())).await, hashes);
	// With adapters among them, in any order.
	let [other, all] = [0, 1].map(|n| world.trained[n].into());
	let adapters = world.retraining.parts.clone();
	retraining.parts = vec![adapters[1].clone(), Part::Map, adapters[0].clone(), Part::Page(1)];
	let hashes = Answer::Trained(vec![all, map, other, second]);
	assert_eq!(world.answer(&engine, Query::Train(retraining.clone())).await, hashes);

	retraining.parts = vec![Part::Page(2)];
	let Answer::Missing(why) = world.answer(&engine, Query::Train(retraining)).await else {
		panic!("it did not fail")
	};
	let why = String::from_utf8(why).unwrap();
	assert!(why.contains("no such part"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn poll_should_give_features_when_an_answer_or_a_batch_is_scored_by_a_map() {
	let mut world = World::new(Wrong::Nothing).await;
	world.by_gradients();
	let engine = world.engine(child(), DEADLINE);
	assert_eq!(world.expected.len(), 2 + usize::from(COLUMNS));
	let expected = Answer::Scored(world.expected.clone(), Spans::default());
	assert_eq!(world.scored(&engine).await, expected);
	let job = world.batch(&[1]);
	let Answer::Root { pages, .. } = world.answer(&engine, Query::Batch(job.clone())).await else {
		panic!("there is no root")
	};
	let Answer::Page(page) = engine.poll(Query::Page(pages[0])) else { panic!("there is no page") };
	let tokens = world.job.completion_tokens;
	let expected = Entry::new(0, 0, tokens, job.pool, &world.expected);
	assert_eq!(read_page(&page, COLUMNS).unwrap(), [expected]);

	// A map is of one adapter.
	(world.job.adapter, world.job.receipt) = (world.trained[0].into(), [8; 32].into());
	let Answer::Missing(why) = world.scored(&engine).await else { panic!("it did not fail") };
	let why = String::from_utf8(why).unwrap();
	assert!(why.contains("another adapter"), "{why}");
}
