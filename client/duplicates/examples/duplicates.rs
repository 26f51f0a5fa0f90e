//! Measures near-duplicate detection on real text: what Debian installs under `/usr/share`.
//!
//! Documents are texts that differ; their rows are cut as `openledger datanet contribute` cuts them.
//! Three tables: rows that stand in rows of other documents, by width of shingles and threshold;
//! copies with changes of known kind and extent that are found; and what it costs.

use comfy_table::{presets::NOTHING, Table};
use flate2::read::MultiGzDecoder;
use openledger_duplicates::find;
use openledger_influence_math::{
	shingles::{canonical, LEAST, NEAR_DUPLICATE, WIDTH},
	Shingles,
};
use rand::{seq::SliceRandom, Rng};
use rand_chacha::{rand_core::SeedableRng, ChaCha8Rng};
use rayon::prelude::*;
use serde_json::json;
use std::{
	collections::{BTreeMap, BTreeSet, HashMap, HashSet},
	fs,
	hint::black_box,
	io::Read,
	path::{Path, PathBuf},
	time::Instant,
};

const WIDTHS: [usize; 3] = [8, 12, 16];
const THRESHOLDS: [u16; 7] = [2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000];
/// Rows with a run this long in another are copied in part: nobody writes it twice.
const RUN: usize = 64;
const RATES: [usize; 7] = [1, 2, 5, 10, 15, 20, 30];
/// The most documents shown together, as the chain has it.
const TOGETHER: usize = openledger_core::MAX_EARLIER as usize;

/// False and missed near-duplicates, on text that this machine has.
#[derive(clap::Parser)]
struct Options {
	/// Rows of each kind of text, at most.
	#[arg(long, default_value_t = 10_000)]
	rows: usize,
	/// Bytes of a row, about: one run for each.
	#[arg(long, value_delimiter = ',', default_value = "128,256,1024,4096")]
	row_bytes: Vec<usize>,
	/// Which documents, and which changes.
	#[arg(long, default_value_t = 1)]
	seed: u64,
	/// Prints so many pairs of rows above each threshold, to be read.
	#[arg(long, default_value_t = 0)]
	show: usize,
	/// Where duplicates.json is written.
	#[arg(long, default_value = "bench-results")]
	output: PathBuf,
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
	let mut file = fs::File::open(path).ok()?;
	let mut bytes = Vec::new();
	if path.extension().is_some_and(|extension| extension == "gz") {
		MultiGzDecoder::new(file).read_to_end(&mut bytes).ok()?;
	} else {
		file.read_to_end(&mut bytes).ok()?;
	}
	String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

/// A manual page without its requests to the formatter.
fn prose(page: &str) -> String {
	let lines = page.lines().filter(|line| !line.starts_with(['.', '\'']));
	lines.collect::<Vec<_>>().join("\n").replace("\\-", "-").replace('\\', " ")
}

/// The kinds of text, and documents of each that differ, in an order drawn by the seed.
fn corpora(random: &mut ChaCha8Rng) -> BTreeMap<&'static str, Vec<String>> {
	let texts = |folders: &[&str], wanted: &dyn Fn(&Path) -> bool, clean: fn(&str) -> String| {
		let mut files = Vec::new();
		folders.iter().for_each(|folder| walk(Path::new(folder), &mut files));
		files.retain(|file| wanted(file));
		let texts: Vec<String> = files.par_iter().filter_map(|file| read(file)).collect();
		let texts = texts.iter().map(|text| clean(text)).filter(|text| text.len() >= 2_000);
		texts.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
	};
	let all = |_: &Path| true;
	// Thousands of pages generated from one template are not many documents.
	let written = |path: &Path| {
		!path
			.file_name()
			.is_some_and(|name| name.as_encoded_bytes().starts_with(b"gcloud"))
	};
	let named = |name: &'static str| move |path: &Path| path.file_name() == Some(name.as_ref());
	let ending = |end: &'static str| move |path: &Path| path.extension() == Some(end.as_ref());
	let manuals = [1, 2, 3, 4, 5, 6, 7, 8].map(|section| format!("/usr/share/man/man{section}"));
	let manuals: Vec<&str> = manuals.iter().map(String::as_str).collect();
	let mut corpora = BTreeMap::from([
		("licences", texts(&["/usr/share/common-licenses"], &all, str::to_string)),
		("copyright files", texts(&["/usr/share/doc"], &named("copyright"), str::to_string)),
		("manual pages", texts(&manuals, &written, prose)),
		(
			"Perl's modules",
			texts(&["/usr/share/perl", "/usr/share/perl5"], &ending("pm"), str::to_string),
		),
		("Japanese manual pages", texts(&["/usr/share/man/ja"], &all, prose)),
	]);
	corpora.values_mut().for_each(|documents| documents.shuffle(random));
	corpora
}

/// Text cut at spaces into rows of about so many bytes, white space made one space.
fn cut(text: &str, bytes: usize) -> Vec<String> {
	let mut rows = vec![String::new()];
	for word in text.split_whitespace() {
		if rows
			.last()
			.is_some_and(|row| !row.is_empty() && row.len() + word.len() >= bytes)
		{
			rows.push(String::new());
		}
		if let Some(row) = rows.last_mut() {
			if !row.is_empty() {
				row.push(' ');
			}
			row.push_str(word);
		}
	}
	// What is left at the end is as long as it happens to be.
	rows.retain(|row| row.len() >= bytes / 2);
	rows
}

/// Rows with their documents, each text once.
fn cut_all(documents: &[String], bytes: usize, most: usize) -> Vec<(usize, String)> {
	let mut known = BTreeSet::new();
	let rows = documents.iter().enumerate();
	let rows = rows.flat_map(|(at, text)| cut(text, bytes).into_iter().map(move |row| (at, row)));
	rows.filter(|(_, row)| known.insert(row.clone())).take(most).collect()
}

/// How much of a row stands in one row of another document before it, in the best four, and in
/// which.
#[derive(Clone, Copy, Default)]
struct Nearest {
	one: u16,
	four: u16,
	resembles: u16,
	best: usize,
	/// The longest run of canonical bytes in one of the four, about.
	run: usize,
	/// Pairs with rows before it of other documents, by threshold.
	pairs: [usize; THRESHOLDS.len()],
}

/// Compares every row with all rows of other documents before it, exactly.
fn nearest(rows: &[(usize, String)], width: usize) -> Vec<Nearest> {
	let sets: Vec<Vec<u128>> = rows
		.par_iter()
		.map(|(_, row)| Shingles::wide([row.as_bytes()], width).iter().collect())
		.collect();
	let mut index: Vec<(u128, u32)> = sets
		.par_iter()
		.enumerate()
		.flat_map_iter(|(row, set)| set.iter().map(move |shingle| (*shingle, row as u32)))
		.collect();
	index.par_sort_unstable();
	let with = |shingle: u128| {
		let from = index.partition_point(|(other, _)| *other < shingle);
		let all = index[from..].iter().take_while(move |(other, _)| *other == shingle);
		all.map(|(_, row)| *row as usize)
	};
	let one = |later: usize| {
		let set = &sets[later];
		let other = |row: &usize| rows[*row].0 != rows[later].0;
		let mut left: Vec<Vec<usize>> = set
			.iter()
			.map(|shingle| with(*shingle).take_while(|row| *row < later).filter(other).collect())
			.collect();
		let mut found = Nearest::default();
		let part =
			|count: usize| if count < LEAST { 0 } else { (count * 10_000 / set.len()) as u16 };
		let (mut covered, mut chosen) = (0, Vec::new());
		for round in 0..TOGETHER {
			let mut counts = HashMap::<usize, usize>::new();
			left.iter().flatten().for_each(|row| *counts.entry(*row).or_default() += 1);
			let best = counts.iter().max_by_key(|(row, count)| (**count, usize::MAX - **row));
			let Some((best, count)) = best.map(|(row, count)| (*row, *count)) else { break };
			if round == 0 {
				(found.one, found.best) = (part(count), best);
				let both = set.len() + sets[best].len() - count;
				found.resembles = (count * 10_000 / both) as u16;
				for (pairs, threshold) in found.pairs.iter_mut().zip(THRESHOLDS) {
					*pairs = counts.values().filter(|count| part(**count) >= threshold).count();
				}
			}
			covered += count;
			chosen.push(best);
			left.retain(|rows| !rows.contains(&best));
		}
		found.four = part(covered);
		let runs = chosen.iter().map(|best| run(&rows[later].1, &sets[*best], width));
		found.run = runs.max().unwrap_or_default();
		found
	};
	(0..rows.len()).into_par_iter().map(one).collect()
}

/// The longest run of a row whose shingles are all in a set, in canonical bytes.
fn run(row: &str, set: &[u128], width: usize) -> usize {
	let text = canonical(row.as_bytes());
	let (mut length, mut longest) = (0, 0);
	for window in text.windows(width) {
		let shingle = window.iter().fold(0u128, |all, byte| all << 8 | u128::from(*byte));
		length = if set.binary_search(&shingle).is_ok() { length + 1 } else { 0 };
		longest = longest.max(length);
	}
	if longest == 0 {
		0
	} else {
		longest + width - 1
	}
}

/// The changes that are made to copies, by name.
const CHANGES: [&str; 9] = [
	"words replaced",
	"words left out",
	"words put in",
	"letters replaced",
	"case, spaces, signs",
	"sentences moved",
	"foreign text appended",
	"two rows interleaved by sentences",
	"second half of the row alone",
];

/// A copy in which `rate` per cent were changed.
fn changed(
	row: &str,
	other: &str,
	kind: &str,
	rate: usize,
	words: &[&str],
	random: &mut ChaCha8Rng,
) -> String {
	let hit = |random: &mut ChaCha8Rng| random.random_range(0..100) < rate;
	let word = |random: &mut ChaCha8Rng| words[random.random_range(0..words.len())];
	let split = |text: &str| -> Vec<String> {
		let words: Vec<&str> = text.split(' ').collect();
		words.chunks(12).map(|sentence| sentence.join(" ")).collect()
	};
	let mut out: Vec<String> = Vec::new();
	match kind {
		"words replaced" => out.extend(
			row.split(' ')
				.map(|old| if hit(random) { word(random) } else { old }.to_string()),
		),
		"words left out" => out.extend(row.split(' ').filter(|_| !hit(random)).map(str::to_string)),
		"words put in" => {
			for old in row.split(' ') {
				out.push(old.to_string());
				if hit(random) {
					out.push(word(random).to_string());
				}
			}
		},
		"letters replaced" => {
			let letter = |random: &mut ChaCha8Rng| char::from(random.random_range(b'a'..=b'z'));
			let changed = row.chars().map(|old| if hit(random) { letter(random) } else { old });
			out.push(changed.collect());
		},
		"case, spaces, signs" => {
			for old in row.chars() {
				let mut new = old.to_string();
				if hit(random) {
					new = old.to_uppercase().chain([' ', '\n', '.', '-']).collect();
				}
				out.push(new);
			}
			return out.concat();
		},
		"sentences moved" => {
			let mut sentences = split(row);
			let moved = (sentences.len() * rate).div_ceil(100);
			for _ in 0..moved {
				let from = random.random_range(0..sentences.len());
				let sentence = sentences.remove(from);
				sentences.insert(random.random_range(0..=sentences.len()), sentence);
			}
			out = sentences;
		},
		"foreign text appended" => {
			let more =
				other.char_indices().map(|(at, _)| at).nth(other.chars().count() * rate / 100);
			out.extend([row.to_string(), other[..more.unwrap_or(other.len())].to_string()]);
		},
		"two rows interleaved by sentences" => {
			let (a, b) = (split(row), split(other));
			let pairs = a.len().max(b.len());
			for at in 0..pairs {
				out.extend(a.get(at).cloned());
				out.extend(b.get(at).cloned());
			}
		},
		_ => {
			let half = row.char_indices().map(|(at, _)| at).nth(row.chars().count() / 2);
			out.push(row[half.unwrap_or(0)..].to_string());
		},
	}
	out.join(" ")
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

fn percent(part: usize, whole: usize) -> String {
	format!("{:.2}", 100. * part as f64 / whole.max(1) as f64)
}

/// Rows of other documents' rows, by threshold.
fn false_ones(corpora: &BTreeMap<&str, Vec<String>>, options: &Options) -> Vec<serde_json::Value> {
	let mut table = Table::new();
	table.load_preset(NOTHING);
	let mut header: Vec<String> =
		["text", "row B", "rows", "width", "% of rows"].map(String::from).into();
	header.extend(THRESHOLDS.iter().map(|t| format!("≥ {} %", t / 100)));
	table.set_header(header);
	let mut all = Vec::new();
	for bytes in &options.row_bytes {
		for (name, documents) in corpora {
			let rows = cut_all(documents, *bytes, options.rows);
			let mut sizes = HashMap::<usize, usize>::new();
			rows.iter().for_each(|(document, _)| *sizes.entry(*document).or_default() += 1);
			let same: usize = sizes.values().map(|n| n * (n - 1) / 2).sum();
			let pairs = rows.len() * rows.len().saturating_sub(1) / 2 - same;
			for width in WIDTHS {
				let nearest = nearest(&rows, width);
				let measures: [(&str, fn(&Nearest) -> u16); 4] = [
					("in four rows", |near| near.four),
					(
						"… without a run of 64 bytes",
						|near| if near.run < RUN { near.four } else { 0 },
					),
					("in one row", |near| near.one),
					("resemble one", |near| near.resembles),
				];
				for (of, measure) in measures {
					let above = |t| nearest.iter().filter(|near| measure(near) >= t).count();
					let counts = THRESHOLDS.map(above);
					// All of them are in the file.
					if of == "in four rows" || width == WIDTH {
						let mut line = vec![
							name.to_string(),
							bytes.to_string(),
							rows.len().to_string(),
							width.to_string(),
							of.to_string(),
						];
						line.extend(counts.map(|count| percent(count, rows.len())));
						table.add_row(line);
					}
					all.push(json!({ "text": name, "row_bytes": bytes, "rows": rows.len(),
						"pairs": pairs, "width": width, "measure": of, "thresholds": THRESHOLDS,
						"rows_above": counts }));
				}
				let above = |i: usize| nearest.iter().map(|n| n.pairs[i]).sum::<usize>();
				let counts: Vec<usize> = (0..THRESHOLDS.len()).map(above).collect();
				all.push(json!({ "text": name, "row_bytes": bytes, "width": width,
					"measure": "pairs", "pairs": pairs, "thresholds": THRESHOLDS,
					"pairs_above": counts }));
				if width == WIDTH && options.show > 0 {
					show(&rows, &nearest, options, name);
				}
			}
		}
	}
	println!("\n% of rows that stand in rows of other documents before them\n{table}");
	all
}

/// Rows of one half of the documents that stand in the shingles which most documents of the other
/// half have, as many as an exhibit shows: about the most that common phrases can hold.
fn hoards(corpora: &BTreeMap<&str, Vec<String>>, options: &Options) -> Vec<serde_json::Value> {
	let mut table = Table::new();
	table.load_preset(NOTHING);
	let mut header: Vec<String> = ["text", "row B", "rows", "width"].map(String::from).into();
	header.extend(THRESHOLDS.iter().map(|t| format!("≥ {} %", t / 100)));
	table.set_header(header);
	let mut all = Vec::new();
	for (name, documents) in corpora {
		let (theirs, victims) = documents.split_at(documents.len() / 2);
		for width in WIDTHS {
			let mut counts = HashMap::<u128, u32>::new();
			for text in theirs.iter().take(3_000) {
				let shingles = Shingles::wide([text.as_bytes()], width);
				shingles.iter().for_each(|shingle| *counts.entry(shingle).or_default() += 1);
			}
			let mut ranked: Vec<(u32, u128)> =
				counts.into_iter().map(|(shingle, count)| (count, shingle)).collect();
			ranked.par_sort_unstable_by(|a, b| b.cmp(a));
			ranked.truncate(TOGETHER * openledger_core::MAX_ROW_BYTES as usize);
			let hoard: HashSet<u128> = ranked.into_iter().map(|(_, shingle)| shingle).collect();
			for bytes in &options.row_bytes {
				let rows = cut_all(victims, *bytes, options.rows);
				let share = |(_, row): &(usize, String)| {
					let set = Shingles::wide([row.as_bytes()], width);
					let inside = set.iter().filter(|shingle| hoard.contains(shingle)).count();
					if inside < LEAST {
						0
					} else {
						(inside * 10_000 / set.len()) as u16
					}
				};
				let shares: Vec<u16> = rows.par_iter().map(share).collect();
				let counts = THRESHOLDS.map(|t| shares.iter().filter(|share| **share >= t).count());
				if width == WIDTH {
					let mut line = vec![
						name.to_string(),
						bytes.to_string(),
						rows.len().to_string(),
						width.to_string(),
					];
					line.extend(counts.map(|count| percent(count, rows.len())));
					table.add_row(line);
				}
				all.push(json!({ "text": name, "row_bytes": bytes, "rows": rows.len(),
					"width": width, "thresholds": THRESHOLDS, "rows_above": counts }));
			}
		}
	}
	println!("\n% of rows that stand in the most common shingles of other documents\n{table}");
	all
}

/// Prints pairs between one threshold and the next, to be read.
fn show(rows: &[(usize, String)], nearest: &[Nearest], options: &Options, name: &str) {
	let mut random = ChaCha8Rng::seed_from_u64(options.seed);
	for pair in THRESHOLDS.windows(2) {
		let inside = |near: &Nearest| near.run < RUN && (pair[0]..pair[1]).contains(&near.four);
		let mut some: Vec<usize> = (0..rows.len()).filter(|row| inside(&nearest[*row])).collect();
		some.shuffle(&mut random);
		for later in some.into_iter().take(options.show) {
			let near = nearest[later];
			println!(
				"{name}: {} basis points\n< {}\n> {}\n",
				near.four, rows[near.best].1, rows[later].1
			);
		}
	}
}

/// Copies that are found, by change and extent.
fn found_ones(
	corpora: &BTreeMap<&str, Vec<String>>,
	options: &Options,
	random: &mut ChaCha8Rng,
) -> Vec<serde_json::Value> {
	let mut table = Table::new();
	table.load_preset(NOTHING);
	let mut header: Vec<String> = ["change", "row B", "width"].map(String::from).into();
	header.extend(RATES.map(|rate| format!("{rate} %")));
	table.set_header(header);
	let mut all = Vec::new();
	let documents = &corpora["manual pages"];
	for bytes in &options.row_bytes {
		let rows = cut_all(documents, *bytes, 1_000);
		if rows.len() < 2 {
			continue;
		}
		let words: Vec<&str> = rows.iter().flat_map(|(_, row)| row.split(' ')).collect();
		for kind in CHANGES {
			let copies: Vec<Vec<String>> = RATES
				.iter()
				.map(|rate| {
					(0..rows.len())
						.map(|at| {
							let (row, other) =
								(&rows[at].1, &rows[(at + rows.len() / 2) % rows.len()].1);
							changed(row, other, kind, *rate, &words, random)
						})
						.collect()
				})
				.collect();
			for width in WIDTHS {
				let shares: Vec<Vec<u16>> = copies
					.iter()
					.map(|copies| {
						copies
							.par_iter()
							.enumerate()
							.map(|(at, copy)| {
								let mut shown = vec![rows[at].1.as_bytes()];
								if kind.starts_with("two rows") {
									shown.push(
										rows[(at + rows.len() / 2) % rows.len()].1.as_bytes(),
									);
								}
								let copy = Shingles::wide([copy.as_bytes()], width);
								copy.stands_in(&Shingles::wide(shown, width), 0).unwrap_or(0)
							})
							.collect()
					})
					.collect();
				for threshold in THRESHOLDS {
					let recall = shares.iter().map(|all| {
						all.iter().filter(|share| **share >= threshold).count() as f64
							/ rows.len() as f64
					});
					let recall: Vec<f64> = recall.collect();
					if threshold == NEAR_DUPLICATE {
						let mut line = vec![kind.to_string(), bytes.to_string(), width.to_string()];
						line.extend(recall.iter().map(|part| format!("{:.1}", part * 100.)));
						table.add_row(line);
					}
					all.push(json!({ "change": kind, "row_bytes": bytes, "width": width,
						"threshold": threshold, "rates": RATES, "recall": recall }));
				}
			}
		}
	}
	println!(
		"\n% of copies found at {} %, by how much of them was changed\n{table}",
		NEAR_DUPLICATE / 100
	);
	all
}

/// What an exact comparison and a search cost.
fn cost(corpora: &BTreeMap<&str, Vec<String>>, options: &Options) -> serde_json::Value {
	let mut table = Table::new();
	table.load_preset(NOTHING);
	table.set_header(["what", "bytes", "time"]);
	let text = corpora["manual pages"].join(" ");
	let text = &text.as_bytes()[..text.len().min(64 << 20)];
	let longest = openledger_core::MAX_ROW_BYTES as usize;
	let mut shingle_us = f64::MAX;
	for row in text.chunks_exact(longest).take(20) {
		let start = Instant::now();
		black_box(Shingles::of([black_box(row)]));
		shingle_us = shingle_us.min(start.elapsed().as_secs_f64() * 1e6);
	}
	table.add_row([
		"shingles of the longest row",
		&longest.to_string(),
		&format!("{shingle_us:.0} µs"),
	]);
	let mut rows: Vec<String> = cut(&String::from_utf8_lossy(text), 256);
	rows.truncate(10 * options.rows);
	let start = Instant::now();
	let found = find(&rows, NEAR_DUPLICATE);
	let seconds = start.elapsed().as_secs_f64();
	let bytes: usize = rows.iter().map(String::len).sum();
	let what = format!("search of {} rows, {} found", rows.len(), found.len());
	table.add_row([&what, &bytes.to_string(), &format!("{seconds:.2} s")]);
	println!("cost\n{table}");
	json!({ "shingles_longest_row_us": shingle_us, "search_rows": rows.len(),
		"search_bytes": bytes, "search_seconds": seconds, "search_found": found.len() })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
	let options = <Options as clap::Parser>::parse();
	let mut random = ChaCha8Rng::seed_from_u64(options.seed);
	let corpora = corpora(&mut random);
	for (name, documents) in &corpora {
		let bytes: usize = documents.iter().map(String::len).sum();
		println!("{name}: {} documents, {bytes} bytes", documents.len());
	}
	let machine = machine();
	let result = json!({
		"machine": machine,
		"seed": options.seed,
		"false": false_ones(&corpora, &options),
		"hoards": hoards(&corpora, &options),
		"found": found_ones(&corpora, &options, &mut random),
		"cost": cost(&corpora, &options),
	});
	println!("{machine}");
	fs::create_dir_all(&options.output)?;
	let path = options.output.join("duplicates.json");
	fs::write(&path, serde_json::to_vec_pretty(&result)?)?;
	println!("{}", path.display());
	Ok(())
}
