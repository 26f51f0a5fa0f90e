//! Text without a tokenizer: a token is a byte, so that everybody has the same tokens.

use crate::{Error, Index, Span};
use openledger_spans_math::Place;
use std::{fs, path::Path};

/// A text's tokens: its bytes.
pub fn tokens(text: &[u8]) -> Vec<u16> {
	text.iter().copied().map(u16::from).collect()
}

/// The text of tokens that are bytes, for people to read: line ends and what is no UTF-8 or no byte
/// are replaced.
pub fn show(tokens: &[u16]) -> String {
	let bytes: Vec<u8> = tokens.iter().map(|token| u8::try_from(*token).unwrap_or(b'?')).collect();
	let text = String::from_utf8_lossy(&bytes);
	text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The rows of a text, as tokens: of a folder each file, in the order of their names; of a file each
/// line that is not empty. Errors: `Read`.
pub fn rows(path: &Path) -> Result<Vec<Vec<u16>>, Error> {
	let failed = |path: &Path| {
		let path = path.to_path_buf();
		move |why| Error::Read { path, why }
	};
	if !path.is_dir() {
		let text = fs::read(path).map_err(failed(path))?;
		let lines = text.split(|byte| *byte == b'\n');
		let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
		return Ok(lines.filter(|line| !line.is_empty()).map(tokens).collect());
	}
	let entries = fs::read_dir(path).map_err(failed(path))?;
	let mut files = Vec::new();
	for entry in entries {
		let file = entry.map_err(failed(path))?.path();
		if file.is_file() {
			files.push(file);
		}
	}
	files.sort();
	files
		.iter()
		.map(|file| Ok(tokens(&fs::read(file).map_err(failed(file))?)))
		.collect()
}

/// A span of an answer, for people to read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
	/// Where it is in the answer and in the index.
	pub span: Span,
	/// One of its places, the first in the order of the text.
	pub place: Place,
	/// What it says.
	pub text: String,
}

/// [`Index::spans`] of an answer of at least `least` tokens, the longest first, each with its first
/// place among at most 1,000 that are looked at.
pub fn find(index: &Index, answer: &[u16], least: usize) -> Vec<Found> {
	let spans = index.spans(answer, least).into_iter();
	let found = spans.filter_map(|span| {
		let places = index.places(span.ranks.clone()).take(1_000);
		let place = places.min_by_key(|place| place.position)?;
		let text = show(answer.get(span.start..span.start + span.length)?);
		Some(Found { span, place, text })
	});
	let mut found: Vec<Found> = found.collect();
	// Of equal length those that come first in the answer.
	found.sort_by_key(|one| core::cmp::Reverse(one.span.length));
	found
}
