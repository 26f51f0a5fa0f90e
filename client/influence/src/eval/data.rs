//! Rows with labels: from CSV, IDX, JSON lines, and folders of text files.

use super::{Error, Result};
use flate2::read::GzDecoder;
use ndarray::{concatenate, Array1, Array2, Axis};
use serde::Deserialize;
use std::{
	collections::BTreeMap,
	fs,
	hash::Hasher,
	io::Read,
	path::{Path, PathBuf},
};

/// The most values of a column of text.
const MAX_VALUES: usize = 64;
/// Numbers that a text is hashed to.
const TEXT_WIDTH: usize = 1024;
/// The shortest paragraph of a text file that is a row, in bytes.
const MIN_PARAGRAPH: usize = 40;

/// Rows with their classes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
	/// `[rows, inputs]`.
	pub x: Array2<f32>,
	/// The class of each row.
	pub y: Vec<usize>,
	/// The text of each row; empty if rows have none.
	pub text: Vec<String>,
}

impl Rows {
	/// How many there are.
	pub fn len(&self) -> usize {
		self.y.len()
	}

	/// Whether there are none.
	pub fn is_empty(&self) -> bool {
		self.y.is_empty()
	}

	/// Some of them, in that order. An index out of range is a mistake of the program and panics.
	pub fn take(&self, which: &[usize]) -> Self {
		let text = match self.text.is_empty() {
			true => Vec::new(),
			false => which.iter().map(|i| self.text[*i].clone()).collect(),
		};
		Self {
			x: self.x.select(Axis(0), which),
			y: which.iter().map(|i| self.y[*i]).collect(),
			text,
		}
	}

	/// These, then others.
	pub fn and(&self, others: &Self) -> Result<Self> {
		let x = concatenate(Axis(0), &[self.x.view(), others.x.view()])
			.map_err(|e| Error::Unfit(e.to_string()))?;
		let text = [&self.text[..], &others.text].concat();
		Ok(Self { x, y: [&self.y[..], &others.y].concat(), text })
	}
}

/// What a file or folder holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
	/// All rows, or those to train on.
	pub rows: Rows,
	/// Rows to test on, where the data sets some apart.
	pub test: Option<Rows>,
	/// The names of the classes.
	pub classes: Vec<String>,
	/// Whether all columns are alike, as pixels are, and so keep their scale to each other.
	pub alike: bool,
}

/// Makes numbers of mean zero, by the rows that it is fitted on.
pub struct Scale {
	mean: Array1<f32>,
	size: Array1<f32>,
}

impl Scale {
	/// Every column to deviation one; or, where they are alike, all together to a range of one.
	pub fn fit(x: &Array2<f32>, alike: bool) -> Self {
		let n = x.nrows().max(1) as f64;
		let mean = x.mapv(f64::from).sum_axis(Axis(0)) / n;
		let size = |size: f64| if size > 1e-6 { size as f32 } else { 1.0 };
		if alike {
			let (low, high) =
				x.iter().fold((f32::MAX, f32::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
			let all = |v: f32| Array1::from_elem(x.ncols(), v);
			let mean = mean.mean().unwrap_or(0.0) as f32;
			return Self { mean: all(mean), size: all(size(f64::from(high - low))) };
		}
		let off = x.mapv(f64::from) - &mean;
		let deviation = ((&off * &off).sum_axis(Axis(0)) / n).mapv(f64::sqrt);
		Self { mean: mean.mapv(|v| v as f32), size: deviation.mapv(size) }
	}

	/// Scales in place.
	pub fn apply(&self, x: &mut Array2<f32>) {
		*x -= &self.mean;
		*x /= &self.size;
	}
}

/// Reads a file or folder. `label` names the column of a CSV file or the field of JSON lines that
/// holds the class: without it, the one called `label`, `class` or `target`, or the last.
///
/// | path | rows |
/// |---|---|
/// | `*.csv`, `*.csv.gz` | lines; columns that are not numbers become one column for each value |
/// | `*.jsonl` | lines, objects with a `text` and a label |
/// | a folder with `train-images-idx3-ubyte.gz` and its companions | images (LeCun's IDX format) |
/// | another folder | paragraphs of its text files; a file is a class |
pub fn load(path: &Path, label: Option<&str>) -> Result<Data> {
	let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
	let plain = name.strip_suffix(".gz").unwrap_or(name);
	if path.is_dir() {
		let images = idx_file(path, "train-images-idx3-ubyte");
		return if images.exists() { idx_folder(path) } else { text_folder(path) };
	}
	match plain.rsplit('.').next() {
		Some("csv") => csv(path, &text(path)?, label),
		Some("jsonl") => json_lines(path, &text(path)?, label),
		_ => Err(Error::file(path, "this is no .csv, .csv.gz or .jsonl file and no folder")),
	}
}

/// The bytes of a file, unpacked.
fn bytes(path: &Path) -> Result<Vec<u8>> {
	let packed = fs::read(path).map_err(|e| Error::file(path, e))?;
	if path.extension().is_none_or(|e| e != "gz") {
		return Ok(packed);
	}
	let mut plain = Vec::new();
	GzDecoder::new(&packed[..])
		.read_to_end(&mut plain)
		.map_err(|e| Error::file(path, e))?;
	Ok(plain)
}

fn text(path: &Path) -> Result<String> {
	String::from_utf8(bytes(path)?).map_err(|_| Error::file(path, "it is not UTF-8"))
}

/// Names in the order in which they appear first, and each one's place.
fn classes<'a>(labels: impl Iterator<Item = &'a str>) -> (Vec<String>, Vec<usize>) {
	let labels: Vec<&str> = labels.collect();
	let mut names: Vec<String> = labels.iter().map(|l| l.to_string()).collect();
	names.sort();
	names.dedup();
	let places: BTreeMap<&str, usize> =
		names.iter().enumerate().map(|(i, name)| (name.as_str(), i)).collect();
	let y = labels.iter().map(|l| places[l]).collect();
	(names, y)
}

/// The fields of a line of CSV; quoted ones may hold commas and doubled quotes.
fn fields(line: &str) -> Vec<String> {
	let (mut all, mut field, mut quoted) = (Vec::new(), String::new(), false);
	let mut letters = line.chars().peekable();
	while let Some(letter) = letters.next() {
		match letter {
			'"' if quoted && letters.peek() == Some(&'"') => {
				letters.next();
				field.push('"');
			},
			'"' => quoted = !quoted,
			',' if !quoted => all.push(std::mem::take(&mut field)),
			_ => field.push(letter),
		}
	}
	all.push(field);
	all.iter().map(|f| f.trim().to_string()).collect()
}

fn csv(path: &Path, text: &str, label: Option<&str>) -> Result<Data> {
	let lines: Vec<(usize, Vec<String>)> = text
		.lines()
		.enumerate()
		.filter(|(_, line)| !line.trim().is_empty())
		.map(|(i, line)| (i + 1, fields(line)))
		.collect();
	let first = lines.first().map(|(_, f)| f.clone()).unwrap_or_default();
	let number = |field: &String| field.parse::<f32>().is_ok();
	let header = !first.iter().all(number);
	let named = |name: &str| first.iter().position(|f| header && f == name);
	let at = match label {
		Some(name) => named(name)
			.or_else(|| name.parse().ok().filter(|i| *i < first.len()))
			.ok_or_else(|| {
				Error::file(path, format!("no column is called {name}: {}", first.join(", ")))
			})?,
		None => ["label", "class", "target"]
			.iter()
			.find_map(|name| named(name))
			.unwrap_or(first.len().saturating_sub(1)),
	};
	let body = &lines[usize::from(header)..];
	if let Some((line, found)) = body.iter().find(|(_, f)| f.len() != first.len()) {
		let why = format!("line {line} has {} fields, not {}", found.len(), first.len());
		return Err(Error::file(path, why));
	}
	let mut columns: Vec<Vec<f32>> = Vec::new();
	for column in (0..first.len()).filter(|c| *c != at) {
		let values = || body.iter().map(|(_, fields)| &fields[column]);
		let (given, missing): (Vec<&String>, Vec<&String>) = values().partition(|v| !v.is_empty());
		if given.iter().all(|v| number(v)) {
			let known = |v: &&String| v.parse::<f32>().unwrap_or(0.0);
			let mean = given.iter().map(known).sum::<f32>() / given.len().max(1) as f32;
			// What is missing is as the mean.
			let value = |v: &String| v.parse::<f32>().unwrap_or(mean);
			columns.push(values().map(value).collect());
			continue;
		}
		let (names, places) = classes(values().map(String::as_str));
		if names.len() > MAX_VALUES {
			let why = format!(
				"column {} is text with {} values, more than {MAX_VALUES}",
				first[column],
				names.len() - usize::from(!missing.is_empty()),
			);
			return Err(Error::file(path, why));
		}
		for value in 0..names.len() {
			columns.push(places.iter().map(|p| f32::from(*p == value)).collect());
		}
	}
	let x = Array2::from_shape_fn((body.len(), columns.len()), |(i, j)| columns[j][i]);
	let (classes, y) = classes(body.iter().map(|(_, fields)| fields[at].as_str()));
	finish(path, Rows { x, y, text: Vec::new() }, classes, false)
}

fn finish(path: &Path, rows: Rows, classes: Vec<String>, alike: bool) -> Result<Data> {
	if rows.x.iter().any(|v| !v.is_finite()) {
		return Err(Error::file(path, "a number is not finite"));
	}
	match (rows.x.ncols(), classes.len()) {
		(0, _) => Err(Error::file(path, "there is nothing beside the label")),
		(_, 0 | 1) => Err(Error::file(path, "there are not two classes")),
		_ => Ok(Data { rows, test: None, classes, alike }),
	}
}

/// The bag of a text's words and pairs of words, hashed (Weinberger et al. 2009), of length one.
pub fn hashed(text: &str) -> Vec<f32> {
	let mut bag = vec![0f32; TEXT_WIDTH];
	let words = words(text);
	let pairs = words.windows(2).map(|pair| pair.join(" "));
	for term in words.iter().cloned().chain(pairs) {
		let mut hasher = Fnv(0xcbf29ce484222325);
		hasher.write(term.as_bytes());
		let hash = hasher.finish();
		bag[(hash >> 1) as usize % TEXT_WIDTH] += if hash & 1 == 0 { 1.0 } else { -1.0 };
	}
	let length = bag.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-6);
	bag.iter().map(|v| v / length).collect()
}

/// Fowler, Noll and Vo's hash: the same everywhere, unlike the standard library's.
struct Fnv(u64);

impl Hasher for Fnv {
	fn finish(&self) -> u64 {
		// The low bits depend on the low bits alone.
		self.0 ^ self.0 >> 32
	}
	fn write(&mut self, bytes: &[u8]) {
		for byte in bytes {
			self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100000001b3);
		}
	}
}

/// The words of a text, in lower case.
pub fn words(text: &str) -> Vec<String> {
	text.split(|c: char| !c.is_alphanumeric())
		.filter(|word| !word.is_empty())
		.map(str::to_lowercase)
		.collect()
}

fn texts(path: &Path, rows: Vec<(String, String)>) -> Result<Data> {
	let (classes, y) = classes(rows.iter().map(|(label, _)| label.as_str()));
	let mut x = Array2::zeros((rows.len(), TEXT_WIDTH));
	for (mut row, (_, text)) in x.rows_mut().into_iter().zip(&rows) {
		row.assign(&Array1::from(hashed(text)));
	}
	let text = rows.into_iter().map(|(_, text)| text).collect();
	finish(path, Rows { x, y, text }, classes, true)
}

fn json_lines(path: &Path, content: &str, label: Option<&str>) -> Result<Data> {
	#[derive(Deserialize)]
	struct Line {
		text: String,
		#[serde(flatten)]
		rest: BTreeMap<String, serde_json::Value>,
	}
	let mut rows = Vec::new();
	for (i, line) in content.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
		let wrong = |why: String| Error::file(path, format!("line {}: {why}", i + 1));
		let line: Line = serde_json::from_str(line).map_err(|e| wrong(e.to_string()))?;
		let names: Vec<&str> = label.map_or(vec!["label", "class", "target"], |name| vec![name]);
		let value = names.iter().find_map(|name| line.rest.get(*name));
		let value =
			value.ok_or_else(|| wrong(format!("there is no field {}", names.join(" or "))))?;
		let value = value.as_str().map_or_else(|| value.to_string(), str::to_string);
		rows.push((value, line.text));
	}
	texts(path, rows)
}

fn text_folder(folder: &Path) -> Result<Data> {
	let entries = fs::read_dir(folder).map_err(|e| Error::file(folder, e))?;
	let mut files: Vec<PathBuf> =
		entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.is_file()).collect();
	files.sort();
	let mut rows = Vec::new();
	for file in files {
		let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
		// A folder of texts may hold pictures too.
		let Ok(content) = String::from_utf8(bytes(&file)?) else { continue };
		let content = content.replace("\r\n", "\n");
		let paragraphs = content.split("\n\n").map(str::trim);
		rows.extend(
			paragraphs
				.filter(|p| p.len() >= MIN_PARAGRAPH)
				.map(|p| (name.clone(), p.to_string())),
		);
	}
	texts(folder, rows)
}

/// A file of that name, packed or not.
fn idx_file(folder: &Path, name: &str) -> PathBuf {
	let packed = folder.join(format!("{name}.gz"));
	if packed.exists() {
		packed
	} else {
		folder.join(name)
	}
}

/// Dimensions and bytes of an IDX file of bytes.
fn idx(path: &Path) -> Result<(Vec<usize>, Vec<u8>)> {
	let all = bytes(path)?;
	let word = |i: usize| {
		let four = all.get(4 * i..4 * i + 4)?;
		Some(u32::from_be_bytes([four[0], four[1], four[2], four[3]]) as usize)
	};
	let rank = word(0).filter(|magic| magic >> 8 == 8).map(|magic| magic & 0xff);
	let shape: Option<Vec<usize>> = rank.and_then(|rank| (1..=rank).map(word).collect());
	let count = |shape: &[usize]| shape.iter().try_fold(1usize, |a, b| a.checked_mul(*b));
	match shape {
		Some(shape) if count(&shape) == all.len().checked_sub(4 * (shape.len() + 1)) => {
			let content = all[4 * (shape.len() + 1)..].to_vec();
			Ok((shape, content))
		},
		_ => Err(Error::file(path, "it is no IDX file of bytes, or it is cut")),
	}
}

fn idx_folder(folder: &Path) -> Result<Data> {
	let read = |part: &str| -> Result<Rows> {
		let path = idx_file(folder, &format!("{part}-images-idx3-ubyte"));
		let (shape, pixels) = idx(&path)?;
		let (_, labels) = idx(&idx_file(folder, &format!("{part}-labels-idx1-ubyte")))?;
		let width = shape[1..].iter().product::<usize>();
		let x: Vec<f32> = pixels.iter().map(|p| f32::from(*p) / 255.0).collect();
		let x = Array2::from_shape_vec((shape[0], width), x).map_err(|e| Error::file(&path, e))?;
		if labels.len() != shape[0] {
			return Err(Error::file(&path, format!("it has {} labels", labels.len())));
		}
		Ok(Rows { x, y: labels.iter().map(|l| usize::from(*l)).collect(), text: Vec::new() })
	};
	let (rows, test) = (read("train")?, read("t10k")?);
	let most = rows.y.iter().chain(&test.y).max().map_or(0, |y| y + 1);
	let classes = (0..most).map(|c| c.to_string()).collect();
	Ok(Data { test: Some(test), ..finish(folder, rows, classes, true)? })
}

#[cfg(test)]
mod tests {
	use super::*;

	fn file(name: &str, content: &[u8]) -> (tempfile::TempDir, PathBuf) {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join(name);
		fs::write(&path, content).unwrap();
		(folder, path)
	}

	#[test]
	fn load_should_read_numbers_and_words_when_the_file_is_csv() {
		let text = "size,colour,kind\n1.5,red,\"a, b\"\n,blue,c\n2.5,red,c\n";
		let (_folder, path) = file("mine.csv", text.as_bytes());
		let data = load(&path, Some("kind")).unwrap();
		assert_eq!(data.classes, ["a, b", "c"]);
		assert_eq!(data.rows.y, [0, 1, 1]);
		let expected = ndarray::arr2(&[[1.5, 0.0, 1.0], [2.0, 1.0, 0.0], [2.5, 0.0, 1.0]]);
		assert_eq!(data.rows.x, expected);
		assert_eq!(load(&path, None).unwrap(), data);
		let error = load(&path, Some("weight")).unwrap_err().to_string();
		assert!(error.contains("no column is called weight: size, colour, kind"), "{error}");
	}

	#[test]
	fn load_should_name_the_line_when_fields_are_missing() {
		let (_folder, path) = file("mine.csv", b"1,2,0\n3,1\n");
		let error = load(&path, None).unwrap_err().to_string();
		assert!(error.contains("line 2 has 2 fields, not 3"), "{error}");
	}

	#[test]
	fn load_should_read_json_lines_when_they_have_text_and_label() {
		let lines =
			b"{\"text\": \"a good day\", \"label\": 1}\n{\"text\": \"bad\", \"label\": 0}\n";
		let (_folder, path) = file("mine.jsonl", lines);
		let data = load(&path, None).unwrap();
		assert_eq!((data.rows.y, data.classes), (vec![1, 0], vec!["0".into(), "1".into()]));
		assert_eq!(data.rows.text, ["a good day", "bad"]);
		assert_ne!(data.rows.x.row(0), data.rows.x.row(1));
	}

	#[test]
	fn load_should_read_images_when_the_folder_holds_idx_files() {
		let folder = tempfile::tempdir().unwrap();
		let images = [&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2][..], &[0, 255, 51, 0]];
		for part in ["train", "t10k"] {
			let path = |kind: &str| folder.path().join(format!("{part}-{kind}-ubyte"));
			fs::write(path("images-idx3"), images.concat()).unwrap();
			fs::write(path("labels-idx1"), [0, 0, 8, 1, 0, 0, 0, 2, 1, 0]).unwrap();
		}
		let data = load(folder.path(), None).unwrap();
		assert_eq!(data.rows.x, ndarray::arr2(&[[0.0, 1.0], [0.2, 0.0]]));
		assert_eq!(data.test.unwrap().y, [1, 0]);
		fs::write(folder.path().join("train-images-idx3-ubyte"), [0, 0, 8, 3, 0]).unwrap();
		assert!(load(folder.path(), None).unwrap_err().to_string().contains("it is cut"));
	}

	#[test]
	fn load_should_take_paragraphs_when_the_folder_holds_texts() {
		let folder = tempfile::tempdir().unwrap();
		let long = "a paragraph that is long enough to be a row of its own";
		fs::write(folder.path().join("one.txt"), format!("{long}\n\nshort\n\n{long} too")).unwrap();
		fs::write(folder.path().join("two.txt"), format!("{long} as well")).unwrap();
		let data = load(folder.path(), None).unwrap();
		assert_eq!((data.rows.y, data.classes), (vec![0, 0, 1], vec!["one".into(), "two".into()]));
	}

	#[test]
	fn scale_should_leave_mean_zero_and_deviation_or_range_one() {
		let mut x = ndarray::arr2(&[[1.0, 5.0], [3.0, 5.0]]);
		Scale::fit(&x, false).apply(&mut x);
		assert_eq!(x, ndarray::arr2(&[[-1.0, 0.0], [1.0, 0.0]]));
		let mut x = ndarray::arr2(&[[0.0, 16.0], [8.0, 8.0]]);
		Scale::fit(&x, true).apply(&mut x);
		assert_eq!(x, ndarray::arr2(&[[-0.5, 0.5], [0.0, 0.0]]));
	}
}
