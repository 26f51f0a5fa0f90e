//! Measures the span index on real text: what Debian installs under `/usr/share`.
//!
//! Rows are paragraphs of at most 1,024 tokens, each once, as a Datanet has no row twice. Tokens are
//! words with the space before them, runs of white space, and single other characters; the 65,279
//! most frequent of them are the vocabulary. What is not in it is cut into the longest beginnings
//! that are, and at last into bytes. So equal ids are equal text, which a hash of words would not
//! give; tokens are words and parts of them as those of language models are, which bytes would not
//! give; and nothing has to be trained or fetched.
//!
//! Answers are windows of 256 tokens from documents that are not indexed. Of an answer, and of
//! everything that takes microseconds, the fastest of ten times counts; building is timed once.

use codec::Encode;
use comfy_table::Table;
use flate2::read::MultiGzDecoder;
use indicatif::{ProgressBar, ProgressStyle};
use openledger_spans::{Builder, Index, Progress, Stage};
use openledger_spans_math::{verify_count, verify_span, SPAN};
use rand::Rng;
use rand_chacha::{rand_core::SeedableRng, ChaCha8Rng};
use std::{
	collections::{HashMap, HashSet},
	fs,
	hash::{DefaultHasher, Hash, Hasher},
	hint::black_box,
	io::Read,
	path::{Path, PathBuf},
	sync::Mutex,
	time::{Duration, Instant},
};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const FOLDERS: [&str; 6] = [
	"/usr/share/common-licenses",
	"/usr/share/doc",
	"/usr/share/info",
	"/usr/share/man",
	"/usr/share/perl",
	"/usr/share/perl5",
];
/// Tokens of an answer.
const ANSWER: usize = 256;
/// One of so many documents is held out for answers.
const HELD_OUT: usize = 20;
/// Ids below are bytes.
const BYTES: u16 = 256;
/// Tokens of a row, at most.
const ROW: usize = 1024;
/// Bytes of text to read for a token: more than it turns out to have.
const READ: usize = 8;
/// Of so many times of the same the least one counts: what else the machine does is not measured.
const ROUNDS: usize = 10;
/// The longest document that is read.
const DOCUMENT: u64 = 16 << 20;

/// Size, search and proofs of the span index, on text that this machine has.
#[derive(clap::Parser)]
struct Options {
	/// Tokens to index, one run for each.
	#[arg(long, value_delimiter = ',', default_value = "1e5,1e7")]
	tokens: Vec<String>,
	/// Answers to search.
	#[arg(long, default_value_t = 400)]
	answers: usize,
	/// Which windows are answers.
	#[arg(long, default_value_t = 1)]
	seed: u64,
	/// Where spans.json is written.
	#[arg(long, default_value = "bench-results")]
	output: PathBuf,
	/// Where indices are written, and removed again.
	#[arg(long)]
	folder: Option<PathBuf>,
}

fn hash(value: impl Hash) -> u64 {
	let mut hasher = DefaultHasher::new();
	value.hash(&mut hasher);
	hasher.finish()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
	// What cannot be read is not there.
	for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
		match entry.file_type() {
			Ok(kind) if kind.is_dir() => walk(&entry.path(), files),
			Ok(kind) if kind.is_file() => files.push(entry.path()),
			_ => {},
		}
	}
}

/// A file's text, decompressed; none if it is no text.
fn read(path: &Path) -> Option<String> {
	let file = fs::File::open(path).ok()?;
	let mut bytes = Vec::new();
	if path.extension().is_some_and(|extension| extension == "gz") {
		MultiGzDecoder::new(file).take(DOCUMENT).read_to_end(&mut bytes).ok()?;
	} else {
		file.take(DOCUMENT).read_to_end(&mut bytes).ok()?;
	}
	String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

fn paragraphs(text: &str) -> impl Iterator<Item = &str> {
	text.split("\n\n")
		.map(str::trim_end)
		.filter(|paragraph| !paragraph.trim().is_empty())
}

/// Words with the space before them, runs of white space, other characters one by one.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
	let word = |c: char| c.is_alphanumeric() || c == '_';
	let mut rest = text;
	std::iter::from_fn(move || {
		let first = rest.chars().next()?;
		let after = rest.strip_prefix(' ').filter(|after| after.starts_with(word));
		let length = if let Some(after) = after {
			1 + after.find(|c| !word(c)).unwrap_or(after.len())
		} else if word(first) {
			rest.find(|c| !word(c)).unwrap_or(rest.len())
		} else if first.is_whitespace() {
			rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len())
		} else {
			first.len_utf8()
		};
		let (piece, next) = rest.split_at(length);
		rest = next;
		Some(piece)
	})
}

/// A piece as the longest beginning that the vocabulary has, and so on; bytes where it has none.
fn spell(piece: &str, vocabulary: &HashMap<&str, u16>, ids: &mut Vec<u16>) {
	let mut rest = piece;
	while let Some(first) = rest.chars().next() {
		// Longer ones are no words.
		let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8()).take(32);
		let ends: Vec<usize> = ends.collect();
		let known = ends.iter().rev().find_map(|end| Some((*end, *vocabulary.get(&rest[..*end])?)));
		let length = match known {
			Some((length, id)) => {
				ids.push(id);
				length
			},
			None => {
				ids.extend(rest.bytes().take(first.len_utf8()).map(u16::from));
				first.len_utf8()
			},
		};
		rest = &rest[length..];
	}
}

struct Corpus {
	/// Paragraphs as tokens, in the order in which they are indexed.
	rows: Vec<Vec<u16>>,
	/// Documents as tokens that are not indexed.
	held_out: Vec<Vec<u16>>,
	bytes_per_token: f64,
}

impl Corpus {
	fn read(tokens: usize) -> Result<Self> {
		let mut files = Vec::new();
		FOLDERS.iter().for_each(|folder| walk(Path::new(folder), &mut files));
		// Any number of them is a mixture of all, the same on every run.
		files.sort_by_cached_key(|path| (hash(path), path.clone()));
		let bar = ProgressBar::new((tokens * READ) as u64)
			.with_style(ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes}")?);
		bar.set_message("reading");
		let (mut seen, mut kept, mut held_out, mut size) = (HashSet::new(), vec![], vec![], 0);
		for (number, path) in files.iter().enumerate() {
			let Some(text) = read(path) else { continue };
			if number % HELD_OUT == 0 {
				held_out.push(text);
				continue;
			}
			for paragraph in paragraphs(&text).filter(|paragraph| seen.insert(hash(paragraph))) {
				size += paragraph.len();
				kept.push(paragraph.to_owned());
			}
			bar.set_position(size as u64);
			if size > tokens * READ {
				break;
			}
		}
		bar.set_message("counting words");
		let mut counts: HashMap<&str, u64> = HashMap::new();
		for paragraph in &kept {
			pieces(paragraph).for_each(|piece| *counts.entry(piece).or_default() += 1);
		}
		let mut counts: Vec<(&str, u64)> = counts.into_iter().filter(|(_, n)| *n > 1).collect();
		counts.sort_by(|(a, n), (b, m)| m.cmp(n).then(a.cmp(b)));
		let vocabulary: HashMap<&str, u16> =
			counts.iter().map(|(piece, _)| *piece).zip(BYTES..u16::MAX).collect();
		bar.set_message("making tokens");
		let encode = |text: &str| {
			let mut ids = Vec::with_capacity(text.len() / 4 + 1);
			for piece in pieces(text) {
				spell(piece, &vocabulary, &mut ids);
			}
			ids
		};
		let cut = |paragraph: Vec<u16>| paragraph.chunks(ROW).map(Vec::from).collect::<Vec<_>>();
		let rows: Vec<_> = kept.iter().flat_map(|paragraph| cut(encode(paragraph))).collect();
		let held_out = held_out.iter().map(|text| encode(text)).collect();
		let count: usize = rows.iter().map(Vec::len).sum();
		bar.finish_and_clear();
		Ok(Self { rows, held_out, bytes_per_token: size as f64 / count.max(1) as f64 })
	}

	fn answers(&self, count: usize, seed: u64) -> Result<Vec<&[u16]>> {
		let long: Vec<_> = self.held_out.iter().filter(|text| text.len() >= ANSWER).collect();
		if long.is_empty() {
			return Err("there is no document of 256 tokens here to take answers from".into());
		}
		let mut random = ChaCha8Rng::seed_from_u64(seed);
		let window = |_| {
			let text = long[random.random_range(0..long.len())];
			let at = random.random_range(0..=text.len() - ANSWER);
			&text[at..at + ANSWER]
		};
		Ok((0..count).map(window).collect())
	}
}

/// The value below which so many hundredths are.
fn percentile(values: &mut [f64], hundredths: usize) -> f64 {
	values.sort_by(f64::total_cmp);
	values[(values.len() - 1) * hundredths / 100]
}

/// Seconds of the fastest round, for one of the things that a round does.
fn fastest(things: usize, mut round: impl FnMut()) -> f64 {
	let mut best = Duration::MAX;
	for _ in 0..ROUNDS {
		let start = Instant::now();
		round();
		best = best.min(start.elapsed());
	}
	best.as_secs_f64() / things as f64
}

/// What one run measures.
struct Figures {
	tokens: u64,
	rows: u64,
	disk: f64,
	build: f64,
	find_us: f64,
	answer_ms: [f64; 2],
	spans: f64,
	matched: f64,
	prove_ms: f64,
	proof_bytes: f64,
	proof_bytes_max: usize,
	verify_us: f64,
	count_bytes: f64,
	count_us: f64,
}

fn measure(corpus: &Corpus, tokens: usize, answers: &[&[u16]], path: &Path) -> Result<Figures> {
	let style = ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} tokens")?;
	let bar = ProgressBar::new(tokens as u64).with_style(style);
	bar.enable_steady_tick(Duration::from_millis(200));
	let start = Instant::now();
	let mut builder = Builder::with_capacity(tokens);
	for row in &corpus.rows {
		if builder.tokens() as usize + row.len() + 1 > tokens {
			break;
		}
		builder.push(row)?;
	}
	let stage = Mutex::new(None);
	let commitment = builder.write(path, &|Progress { stage: at, done, total }| {
		if let Ok(mut stage) = stage.lock() {
			if stage.replace(at) != Some(at) {
				bar.set_message(match at {
					Stage::Sorting => "sorting ",
					Stage::Checking => "checking",
					Stage::Hashing => "hashing ",
					Stage::Writing => "writing ",
				});
			}
		}
		bar.set_length(total);
		bar.set_position(done);
	})?;
	let build = start.elapsed().as_secs_f64();
	bar.finish_and_clear();

	let index = Index::open(path)?;
	index.check()?;
	let (mut spans, mut matched) = (0, 0);
	let mut times = vec![f64::MAX; answers.len()];
	for _ in 0..ROUNDS {
		for (answer, time) in answers.iter().zip(&mut times) {
			let start = Instant::now();
			black_box(index.spans(answer, 1));
			*time = time.min(start.elapsed().as_secs_f64() * 1e3);
		}
	}
	for answer in answers {
		let found = index.spans(answer, 1);
		spans += found.len();
		let mut covered = [false; ANSWER];
		// Spans of some length, since single words stand everywhere.
		for span in found.iter().filter(|span| span.length >= 8) {
			covered[span.start..span.start + span.length].fill(true);
		}
		matched += covered.iter().filter(|covered| **covered).count();
	}
	let queries: Vec<&[u16]> = answers
		.iter()
		.flat_map(|answer| (0..ANSWER).step_by(8).map(|start| &answer[start..]))
		.collect();
	let find = fastest(queries.len(), || {
		for query in &queries {
			black_box(index.longest_match(query));
		}
	});
	let cut = |query: &&[u16]| query.iter().copied().take(SPAN as usize).collect::<Vec<u16>>();
	let some: Vec<Vec<u16>> = queries.iter().step_by(16).map(cut).collect();
	let start = Instant::now();
	let mut proofs = Vec::new();
	for query in &some {
		proofs.push((query, index.prove(query)?));
	}
	let prove = start.elapsed().as_secs_f64() / some.len() as f64;
	let mut counts = Vec::new();
	for (query, proof) in &proofs {
		let length = verify_span(&commitment, query, proof).map_err(|e| format!("{e:?}"))?.length;
		let span = &query[..length.max(1) as usize];
		counts.push((span, index.prove_count(span)?));
	}
	let sizes: Vec<usize> = proofs.iter().map(|(_, proof)| proof.encoded_size()).collect();
	let count_sizes: usize = counts.iter().map(|(_, proof)| proof.encoded_size()).sum();
	let verify = fastest(proofs.len(), || {
		for (query, proof) in &proofs {
			let _ = black_box(verify_span(&commitment, black_box(query), black_box(proof)));
		}
	});
	let count = fastest(counts.len(), || {
		for (span, proof) in &counts {
			let _ = black_box(verify_count(&commitment, black_box(span), black_box(proof)));
		}
	});
	let some = sizes.len() as f64;
	Ok(Figures {
		tokens: commitment.tokens,
		rows: index.rows(),
		disk: index.bytes() as f64 / commitment.tokens as f64,
		build,
		find_us: find * 1e6,
		answer_ms: [percentile(&mut times, 50), percentile(&mut times, 99)],
		spans: spans as f64 / answers.len() as f64,
		matched: matched as f64 / (ANSWER * answers.len()) as f64,
		prove_ms: prove * 1e3,
		proof_bytes: sizes.iter().sum::<usize>() as f64 / some,
		proof_bytes_max: sizes.iter().copied().max().unwrap_or_default(),
		verify_us: verify * 1e6,
		count_bytes: count_sizes as f64 / some,
		count_us: count * 1e6,
	})
}

fn machine() -> String {
	let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
	let model = cpus
		.lines()
		.find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
	let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
	let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
	let load = load.split(' ').next().unwrap_or("?");
	format!("{}, {cores} cores, load {load}", model.unwrap_or("an unknown processor"))
}

fn main() -> Result<()> {
	let options = <Options as clap::Parser>::parse();
	let sizes = options.tokens.iter().map(|asked| match asked.parse::<f64>() {
		Ok(tokens) if (1e3..=1e11).contains(&tokens) => Ok((asked, tokens as usize)),
		_ => Err(format!("--tokens takes numbers from 1e3 on, such as 1e5,1e7, and not {asked}")),
	});
	let sizes = sizes.collect::<std::result::Result<Vec<_>, _>>()?;
	let largest = sizes.iter().map(|(_, tokens)| *tokens).max().unwrap_or_default();
	let machine = machine();
	let corpus = Corpus::read(largest)?;
	let answers = corpus.answers(options.answers.max(1), options.seed)?;
	let folder = options.folder.unwrap_or_else(std::env::temp_dir);
	let folder = tempfile::tempdir_in(folder)?;
	let mut table = Table::new();
	table.set_header([
		"tokens",
		"rows",
		"B/token",
		"build s",
		"FIND µs",
		"answer p50 ms",
		"p99 ms",
		"spans",
		"in spans of 8 or more",
		"prove ms",
		"proof B",
		"largest",
		"verify µs",
		"count B",
		"verify µs",
	]);
	let mut json = serde_json::json!({
		"machine": machine,
		"text": FOLDERS,
		"vocabulary": "the 65,279 most frequent words and signs, parts of them, bytes",
		"bytes_per_token": corpus.bytes_per_token,
		"answers": answers.len(),
		"answer_tokens": ANSWER,
		"span_verify_us": {},
		"span_proof_bytes": {},
		"runs": [],
	});
	let mut notes = Vec::new();
	for (asked, tokens) in sizes {
		let figures = measure(&corpus, tokens, &answers, &folder.path().join("index"))?;
		if figures.tokens < tokens as u64 * 9 / 10 {
			notes.push(format!(
				"{asked} tokens were asked for; this machine has text for {}, none is repeated",
				figures.tokens
			));
		}
		let Figures { answer_ms: [p50, p99], .. } = figures;
		table.add_row([
			format!("{}", figures.tokens),
			format!("{}", figures.rows),
			format!("{:.2}", figures.disk),
			format!("{:.2}", figures.build),
			format!("{:.2}", figures.find_us),
			format!("{p50:.2}"),
			format!("{p99:.2}"),
			format!("{:.0}", figures.spans),
			format!("{:.0} %", 100.0 * figures.matched),
			format!("{:.2}", figures.prove_ms),
			format!("{:.0}", figures.proof_bytes),
			format!("{}", figures.proof_bytes_max),
			format!("{:.1}", figures.verify_us),
			format!("{:.0}", figures.count_bytes),
			format!("{:.1}", figures.count_us),
		]);
		json["span_verify_us"][asked] = figures.verify_us.into();
		json["span_proof_bytes"][asked] = figures.proof_bytes.into();
		let run = serde_json::json!({
			"asked": asked,
			"tokens": figures.tokens,
			"rows": figures.rows,
			"disk_bytes_per_token": figures.disk,
			"build_s": figures.build,
			"find_us": figures.find_us,
			"answer_p50_ms": p50,
			"answer_p99_ms": p99,
			"spans_per_answer": figures.spans,
			"share_in_spans_of_8": figures.matched,
			"prove_ms": figures.prove_ms,
			"proof_bytes": figures.proof_bytes,
			"proof_bytes_max": figures.proof_bytes_max,
			"verify_us": figures.verify_us,
			"count_proof_bytes": figures.count_bytes,
			"count_verify_us": figures.count_us,
		});
		json["runs"].as_array_mut().ok_or("no runs")?.push(run);
	}
	println!("{machine}; {:.1} bytes of text a token", corpus.bytes_per_token);
	println!("{table}");
	notes.iter().for_each(|note| println!("{note}"));
	fs::create_dir_all(&options.output)?;
	let (file, part) = (options.output.join("spans.json"), options.output.join("spans.json.part"));
	fs::write(&part, serde_json::to_vec_pretty(&json)?)?;
	fs::rename(&part, &file)?;
	println!("{}", file.display());
	Ok(())
}
