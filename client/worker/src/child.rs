use crate::{
	corpus::Corpus,
	protocol::{self, Done, Part, PromptBlob, ResponseBlob, Score, Train, Work},
};
use openledger_blobs::{Hash, Space, Store};
use openledger_factory::{adapter, hash, train::ALL, Base, Run, Wanted};
use openledger_influence::{
	gradient::{self, Features, Map, Names},
	Scorer,
};
use openledger_influence_math::Spans;
use std::{
	io::{BufRead, Write},
	path::Path,
	sync::Arc,
};

pub(crate) type Failure = Box<dyn std::error::Error>;

/// How many models stay loaded, and how many corpora.
const LOADED: usize = 4;

/// The child process: reads a [`Work`] a line, writes an answer a line, until its input ends.
pub fn run_child(store: &Path, input: impl BufRead, mut output: impl Write) -> std::io::Result<()> {
	let mut loaded = Loaded::default();
	for line in input.lines() {
		let done = work(store, &line?, &mut loaded)
			.unwrap_or_else(|error| Done::Failed(error.to_string()));
		serde_json::to_writer(&mut output, &done)?;
		output.write_all(b"\n")?;
		output.flush()?;
	}
	Ok(())
}

fn parse(text: &str) -> Result<Hash, Failure> {
	let mut hash = [0; 32];
	hex::decode_to_slice(text, &mut hash)?;
	Ok(hash)
}

/// A model that is loaded.
struct Model {
	/// Hashes of all that it is made of.
	name: Vec<String>,
	base: Arc<Base>,
	scorer: Scorer,
	features: Option<Features>,
}

impl Model {
	fn new(store: &Store, work: &Score, name: Vec<String>) -> Result<Self, Failure> {
		let base = Arc::new(load(store, &work.base)?);
		let mut adapters = Vec::new();
		for hash in &work.adapters {
			let file = store.get(Space::Public, &parse(hash)?)?;
			adapters.push(adapter::from_file(&base, &file)?);
		}
		let scorer = Scorer::new(base.clone(), &adapters, 1)?;
		let mut features = None;
		if let Some(hash) = &work.map {
			let map = Map::from_file(&store.get(Space::Public, &parse(hash)?)?)?;
			if work.adapters.first() != Some(&map.adapter) {
				return Err("the map is of another adapter".into());
			}
			features = Some(Features::new(base.clone(), adapters.remove(0), &map, 1)?);
		}
		Ok(Self { name, base, scorer, features })
	}
}

/// What is loaded.
#[derive(Default)]
struct Loaded {
	models: Vec<Model>,
	corpora: Vec<(protocol::Corpus, Corpus)>,
}

/// The place of what `is` this, loaded if it is not there; the first goes if there are too many.
fn place<V>(
	all: &mut Vec<V>,
	is: impl Fn(&V) -> bool,
	load: impl FnOnce() -> Result<V, Failure>,
) -> Result<&mut V, Failure> {
	let place = match all.iter().position(is) {
		Some(place) => place,
		None => {
			let loaded = load()?;
			if all.len() == LOADED {
				all.remove(0);
			}
			all.push(loaded);
			all.len() - 1
		},
	};
	Ok(&mut all[place])
}

fn work(folder: &Path, line: &str, loaded: &mut Loaded) -> Result<Done, Failure> {
	let store = Store::open(folder)?;
	Ok(match serde_json::from_str(line)? {
		Work::Score(work) => score(&store, &work, loaded)?,
		Work::Train(work) => Done::Trained(train(&store, &work)?),
	})
}

fn load(store: &Store, base: &str) -> Result<Base, Failure> {
	let blob = |hash: &Hash| store.get(Space::Public, hash);
	Ok(Base::load(&parse(base)?, blob, |hash| store.file(Space::Public, hash))?)
}

/// A run by the hash of its manifest, which is given back; its rows must give the version's root.
pub(crate) fn run(store: &Store, manifest: &str, root: &str) -> Result<(Hash, Run), Failure> {
	let manifest = parse(manifest)?;
	let run = Run::from_file(&store.get(Space::Public, &manifest)?)?;
	if run.root()? != parse(root)? {
		return Err("the run's manifest names other rows than the version has".into());
	}
	Ok((manifest, run))
}

/// Makes parts of a run as it made them; gives their hashes.
fn train(store: &Store, work: &Train) -> Result<Vec<[u8; 32]>, Failure> {
	let (manifest, run) = run(store, &work.manifest, &work.root)?;
	if run.base != work.base {
		return Err("the run's manifest names another base model".into());
	}
	let base = load(store, &work.base)?;
	let rows = run.rows(&base, &work.blocks, |hash| store.get(Space::Public, hash))?;
	// Maps and pages are of the published adapter, which is trained for them if it is not asked for.
	let (mut wanted, published) = (Vec::new(), Wanted::from(ALL));
	for part in &work.parts {
		let Part::Adapter(subset, group) = part else { continue };
		wanted.push(Wanted { subset: *subset, group: *group });
	}
	let features = wanted.len() < work.parts.len();
	if features && !wanted.contains(&published) {
		wanted.push(published);
	}
	let files = run.train(&base, &rows, &wanted, 1, &mut |_: usize, _: usize, _: f32| ())?;
	let mut solution = None;
	if let (true, Some(at)) = (features, wanted.iter().position(|one| *one == published)) {
		let published = adapter::from_file(&base, &files[at])?;
		let (adapter, seed) = (hash(&files[at]), parse(&work.seed)?);
		let names = Names { adapter, manifest, seed, columns: work.columns };
		let blocks = work.blocks.iter().max().map_or(0, |last| usize::from(*last) + 1);
		solution = Some(gradient::solve(base.into(), published, &rows, blocks, &names, 1)?);
	}
	let mut files = files.iter();
	let mut made = |part: &Part| -> Result<Option<[u8; 32]>, Failure> {
		Ok(match (part, &solution) {
			(Part::Adapter(..), _) => files.next().map(|file| hash(file)),
			(Part::Map, Some(solution)) => Some(solution.hash()?),
			(Part::Page(block), Some(solution)) => solution.page((*block).into())?,
			(_, None) => None,
		})
	};
	let mut hashes = Vec::new();
	for part in &work.parts {
		hashes.push(made(part)?.ok_or("the run has no such part")?);
	}
	Ok(hashes)
}

fn score(store: &Store, work: &Score, loaded: &mut Loaded) -> Result<Done, Failure> {
	let prompt: PromptBlob =
		serde_json::from_slice(&store.get(Space::Private, &parse(&work.prompt)?)?)?;
	let response: ResponseBlob =
		serde_json::from_slice(&store.get(Space::Private, &parse(&work.response)?)?)?;
	let name: Vec<String> = std::iter::once(&work.base)
		.chain(&work.adapters)
		.chain(&work.map)
		.cloned()
		.collect();
	let is = |model: &Model| model.name == name;
	let model = place(&mut loaded.models, is, || Model::new(store, work, name.clone()))?;
	let Model { base, scorer, features, .. } = model;
	if base.tokenizer.decode(&response.tokens)? != response.text {
		return Err("the answer's tokens do not spell its text".into());
	}
	// Decoding skips the end token: without this, ends in the middle would be paid and not read.
	if response.tokens.iter().any(|token| base.tokenizer.is_end(*token)) {
		return Err("the answer's tokens go on behind its end".into());
	}
	let known = base.tokenizer.vocabulary() as u32;
	if response.tokens.is_empty() || response.tokens.iter().any(|token| *token >= known) {
		return Err("the answer has no tokens, or one that the model does not know".into());
	}
	let asked = base.tokenizer.encode(&prompt.prompt)?;
	// The counts set the fee, and how unlikely an answer may be.
	let (counted, said) =
		((asked.len(), response.tokens.len()), (work.prompt_tokens, work.completion_tokens));
	if counted != (said.0 as usize, said.1 as usize) {
		let why = format!("prompt and answer have {counted:?} tokens, paid are {said:?}");
		return Ok(Done::Miscounted(why));
	}
	let mut y = scorer.score(&asked, &response.tokens)?;
	if let (Some(features), Some(first)) = (features, y.first().copied()) {
		// Added, so that differences from the first entry are the features themselves.
		let found = features.of(&asked, &response.tokens)?;
		y.extend(found.into_iter().map(|feature| first.saturating_add(feature)));
	}
	let Some(corpus) = &work.corpus else {
		return Ok(Done::Scored(y, Spans::default().to_bytes()));
	};
	let open = || Ok((corpus.clone(), Corpus::open(store, corpus)?));
	let (_, corpus) = place(&mut loaded.corpora, |(of, _)| of == corpus, open)?;
	Ok(Done::Scored(y, corpus.find(&prompt.prompt, &response.text).to_bytes()))
}
