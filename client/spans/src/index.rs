use crate::{
	layout::{Header, Layout, Refused, HEADER, VERSION},
	leaves::Leaves,
	Error,
};
use memmap2::Mmap;
use openledger_spans_math::{Commitment, Place, SEPARATOR};
use rayon::prelude::*;
use std::{
	cmp::Ordering,
	fs,
	ops::Range,
	path::{Path, PathBuf},
};

/// The longest match of a query.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Longest {
	/// How many of the query's tokens, from its first, stand in the text together.
	pub length: usize,
	/// The ranks of all suffixes that begin with them; empty if the length is 0.
	pub ranks: Range<u64>,
}

/// A span of an answer that stands in the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Span {
	/// Its first token in the answer.
	pub start: usize,
	/// Its tokens.
	pub length: usize,
	/// The ranks of all suffixes that begin with it.
	pub ranks: Range<u64>,
}

impl Span {
	/// How often it stands in the text.
	pub fn count(&self) -> u64 {
		self.ranks.end.saturating_sub(self.ranks.start)
	}
}

/// An index in a file that is mapped into memory: what is not asked for is not read.
///
/// Answers of a damaged file may be wrong; [`prove`](Self::prove) never gives a wrong proof, and
/// [`check`](Self::check) reads the whole file.
#[derive(Debug)]
pub struct Index {
	pub(crate) path: PathBuf,
	map: Mmap,
	header: Header,
	pub(crate) layout: Layout,
}

impl Index {
	/// Opens a file. Errors: `Read`, `Foreign`, `Version`, `Length`, `Damaged` (its header).
	pub fn open(path: &Path) -> Result<Self, Error> {
		let read = |why| Error::Read { path: path.into(), why };
		let file = fs::File::open(path).map_err(read)?;
		let found = file.metadata().map_err(read)?.len();
		if found == 0 {
			return Err(Error::Foreign(path.into()));
		}
		// SAFETY: an index is renamed to its name when it is whole, and nothing changes it then.
		// Whoever does so all the same from outside ends this process with SIGBUS, or gets answers
		// of other bytes, which are only compared and decoded as integers.
		let map = unsafe { Mmap::map(&file) }.map_err(read)?;
		let header = Header::decode(map.get(..HEADER as usize).unwrap_or(&map)).map_err(|why| {
			let path = path.to_path_buf();
			match why {
				Refused::Foreign => Error::Foreign(path),
				Refused::Version(found) => Error::Version { path, found, known: VERSION },
				Refused::Damaged if found < HEADER => {
					Error::Length { path, found, expected: HEADER }
				},
				Refused::Damaged => {
					Error::Damaged { path, what: "its header has another checksum" }
				},
			}
		})?;
		let layout = Layout::new(header.commitment.tokens);
		if found != layout.end {
			return Err(Error::Length { path: path.into(), found, expected: layout.end });
		}
		Ok(Self { path: path.into(), map, header, layout })
	}

	/// What a version that it indexes commits to.
	pub fn commitment(&self) -> Commitment {
		self.header.commitment
	}

	/// Rows of the text.
	pub fn rows(&self) -> u64 {
		self.header.rows
	}

	/// Bytes of the file.
	pub fn bytes(&self) -> u64 {
		self.layout.end
	}

	/// Bytes of the file; zeros beyond its end, where no damage to pointers shall lead to a panic.
	pub(crate) fn read<const N: usize>(&self, offset: u64, length: usize) -> [u8; N] {
		let mut bytes = [0; N];
		let at = offset as usize;
		if let Some(found) = at.checked_add(length).and_then(|end| self.map.get(at..end)) {
			bytes[..length].copy_from_slice(found);
		}
		bytes
	}

	/// How a suffix compares with a query, and how many tokens they have in common; `from` of them
	/// are known to be. A suffix that begins with the query is equal.
	fn compare(&self, rank: u64, query: &[u16], from: usize) -> (Ordering, usize) {
		let position = self.pointer(rank);
		for (length, token) in query.iter().enumerate().skip(from) {
			let stored = self.stored(position.saturating_add(length as u64));
			match stored.cmp(&(token + 1)) {
				Ordering::Equal => {},
				other => return (other, length),
			}
		}
		(Ordering::Equal, query.len())
	}

	/// The first rank of `ranks` that is not below, and the tokens that the query has in common with
	/// its neighbours below and above (Manber and Myers 1990, §3); `below` says which are.
	fn cut(
		&self,
		query: &[u16],
		ranks: Range<u64>,
		below: impl Fn(Ordering) -> bool,
	) -> (u64, usize, usize) {
		let (mut low, mut high) = (ranks.start, ranks.end);
		let (mut left, mut right) = (0, 0);
		while low < high {
			let middle = low + (high - low) / 2;
			// All between have in common with the query what both ends have.
			let (order, common) = self.compare(middle, query, left.min(right));
			if below(order) {
				(low, left) = (middle + 1, common);
			} else {
				(high, right) = (middle, common);
			}
		}
		(low, left, right)
	}

	/// The first rank whose suffix is not below the query.
	pub(crate) fn lower(&self, query: &[u16]) -> u64 {
		self.cut(query, 0..self.tokens(), Ordering::is_lt).0
	}

	/// The ranks of all suffixes that begin with `span`, of any length. A separator ends it as it
	/// ends rows.
	pub fn ranks(&self, span: &[u16]) -> Range<u64> {
		let span = within(span);
		let lower = self.lower(span);
		lower..self.cut(span, lower..self.tokens(), Ordering::is_le).0
	}

	/// The longest beginning of `query` that stands in the text, of any length. A separator ends the
	/// query as it ends rows.
	pub fn longest_match(&self, query: &[u16]) -> Longest {
		let query = within(query);
		let n = self.tokens();
		let (at, left, right) = self.cut(query, 0..n, Ordering::is_lt);
		let length = left.max(right);
		let Some(span) = query.get(..length).filter(|span| !span.is_empty()) else {
			return Longest { length: 0, ranks: at..at };
		};
		let lower = if left == length { self.cut(span, 0..at, Ordering::is_lt).0 } else { at };
		let upper = if right == length { self.cut(span, at..n, Ordering::is_le).0 } else { at };
		Longest { length, ranks: lower..upper }
	}

	/// All maximal spans of an answer of at least `least` tokens: those that stand in the text and
	/// that no longer one of the answer contains. By where they start; searched in parallel.
	pub fn spans(&self, answer: &[u16], least: usize) -> Vec<Span> {
		let longest: Vec<Longest> = (0..answer.len())
			.into_par_iter()
			.with_min_len(8)
			.map(|start| self.longest_match(answer.get(start..).unwrap_or_default()))
			.collect();
		let mut reached = 0;
		let mut spans = Vec::new();
		for (start, Longest { length, ranks }) in longest.into_iter().enumerate() {
			// Ends never go back, so that a span is inside another exactly if one reached its end.
			if start + length > reached && length >= least {
				spans.push(Span { start, length, ranks });
			}
			reached = reached.max(start + length);
		}
		spans
	}

	/// An answer from its first token on in spans of at least `least` tokens, each the longest that stands in
	/// the text from where it starts; a token that starts none is passed over. Spans do not overlap.
	pub fn parse(&self, answer: &[u16], least: usize) -> Vec<Span> {
		let (mut start, mut spans) = (0, Vec::new());
		while let Some(rest) = answer.get(start..).filter(|rest| !rest.is_empty()) {
			let Longest { length, ranks } = self.longest_match(rest);
			if length >= least.max(1) {
				spans.push(Span { start, length, ranks });
				start += length;
			} else {
				start += 1;
			}
		}
		spans
	}

	/// The place of the suffix at a rank.
	pub fn place(&self, rank: u64) -> Option<Place> {
		let position = (rank < self.tokens()).then(|| self.pointer(rank))?;
		(position < self.tokens()).then(|| Place { position, row: self.row(position) })
	}

	/// The places of ranks, in their order.
	pub fn places(&self, ranks: Range<u64>) -> impl Iterator<Item = Place> + '_ {
		ranks.filter_map(|rank| self.place(rank))
	}

	/// A row's tokens from a position in it to its end, at most so many.
	pub fn tokens_at(&self, position: u64, length: usize) -> Vec<u16> {
		(position..position.saturating_add(length as u64))
			.map(|position| self.stored(position))
			.take_while(|stored| *stored != 0)
			.map(|stored| stored - 1)
			.collect()
	}
}

/// What a query has before a separator.
fn within(query: &[u16]) -> &[u16] {
	query.split(|token| *token == SEPARATOR).next().unwrap_or_default()
}

impl Leaves for Index {
	fn tokens(&self) -> u64 {
		self.header.commitment.tokens
	}

	fn stored(&self, position: u64) -> u16 {
		if position >= self.tokens() {
			return 0;
		}
		u16::from_le_bytes(self.read(HEADER + 2 * position, 2))
	}

	fn pointer(&self, rank: u64) -> u64 {
		let width = self.layout.width;
		u64::from_le_bytes(self.read(self.layout.pointers + width * rank, width as usize))
	}

	fn counter(&self, block: u64) -> u64 {
		u64::from_le_bytes(self.read(self.layout.counters + 8 * block, 8))
	}
}
