//! Verification of spans, counts and places.

use crate::{
	tree::fold,
	types::{
		separators, Chunk, Commitment, CountProof, Cut, Excerpt, Match, Opening, Path, Place,
		SpanError, SpanProof, Suffix,
	},
	Hash, CHUNK, SEPARATOR, SPAN,
};
use alloc::vec::Vec;
use core::ops::Range;

fn check_query(query: &[u16]) -> Result<(), SpanError> {
	let fits = !query.is_empty() && query.len() <= SPAN as usize && !query.contains(&SEPARATOR);
	if fits {
		Ok(())
	} else {
		Err(SpanError::Query)
	}
}

fn common(a: &[u16], b: &[u16]) -> usize {
	a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

fn start(tokens: &[u16], length: usize) -> &[u16] {
	tokens.get(..length).unwrap_or(tokens)
}

/// Whether the items stand from `slot` on in the committed suffix array.
pub(crate) fn verify_items(
	commitment: &Commitment,
	slot: u64,
	items: &[Hash],
	path: &Path,
) -> Result<(), SpanError> {
	commitment.check()?;
	match fold(commitment.slots(), slot, items, path) {
		Some(root) if root == commitment.suffix_root => Ok(()),
		_ => Err(SpanError::Suffixes),
	}
}

fn check_fits(commitment: &Commitment, slot: u64, suffix: &Suffix) -> Result<(), SpanError> {
	if suffix.fits(slot, commitment.tokens) {
		Ok(())
	} else {
		Err(SpanError::Suffixes)
	}
}

/// Whether a leaf stands where it says. Errors: `TooLong`, `Suffixes`.
pub fn verify_opening(commitment: &Commitment, opening: &Opening) -> Result<(), SpanError> {
	let Opening { slot, suffix, path } = opening;
	check_fits(commitment, *slot, suffix)?;
	verify_items(commitment, *slot, &[suffix.item(*slot)], path)
}

/// Whether neighbours stand where they say, in whichever order.
pub(crate) fn verify_neighbours(commitment: &Commitment, cut: &Cut) -> Result<(), SpanError> {
	let right = cut.rank.checked_add(1).ok_or(SpanError::Suffixes)?;
	let items = [cut.left.item(cut.rank), cut.right.item(right)];
	verify_items(commitment, cut.rank, &items, &cut.path)
}

fn verify_cut(commitment: &Commitment, cut: &Cut) -> Result<(), SpanError> {
	verify_neighbours(commitment, cut)?;
	check_fits(commitment, cut.rank, &cut.left)?;
	check_fits(commitment, cut.rank.saturating_add(1), &cut.right)
}

/// The rank of the first suffix that `span` is a prefix of or that is above it: how many suffixes are
/// below the span. `span`: 1 to [`SPAN`] tokens. Errors: `TooLong`, `Query`, `Suffixes`, `Bracket`.
pub fn verify_lower(commitment: &Commitment, span: &[u16], cut: &Cut) -> Result<u64, SpanError> {
	check_query(span)?;
	verify_cut(commitment, cut)?;
	if &cut.left.prefix[..] < span && span <= &cut.right.prefix[..] {
		Ok(cut.rank)
	} else {
		Err(SpanError::Bracket)
	}
}

/// The rank after the last suffix that `span` is a prefix of. Arguments and errors are those of
/// [`verify_lower`].
pub fn verify_upper(commitment: &Commitment, span: &[u16], cut: &Cut) -> Result<u64, SpanError> {
	check_query(span)?;
	verify_cut(commitment, cut)?;
	let (left, right) = (start(&cut.left.prefix, span.len()), start(&cut.right.prefix, span.len()));
	if left <= span && span < right {
		Ok(cut.rank)
	} else {
		Err(SpanError::Bracket)
	}
}

/// The ranks of all suffixes that `span` is a prefix of; their number is how often the span stands
/// in the text, overlapping places counted each. Arguments and errors are those of [`verify_lower`].
pub fn verify_count(
	commitment: &Commitment,
	span: &[u16],
	proof: &CountProof,
) -> Result<Range<u64>, SpanError> {
	let lower = verify_lower(commitment, span, &proof.lower)?;
	let upper = verify_upper(commitment, span, &proof.upper)?;
	// Only an array that is not in order has them the other way round.
	if lower <= upper {
		Ok(lower..upper)
	} else {
		Err(SpanError::Bracket)
	}
}

/// Whether chunks stand from index `first` on in the committed text, each as long as it has to be.
/// Errors: `TooLong`, `Text`.
pub fn verify_chunks(
	commitment: &Commitment,
	first: u64,
	excerpt: &Excerpt,
) -> Result<(), SpanError> {
	commitment.check()?;
	let fits =
		|(at, chunk): (u64, &Chunk)| chunk.tokens.len() as u64 == commitment.chunk_length(at);
	if !(first..).zip(&excerpt.chunks).all(fits) {
		return Err(SpanError::Text);
	}
	let items: Vec<Hash> = (first..).zip(&excerpt.chunks).map(|(at, c)| c.item(at)).collect();
	match fold(commitment.chunks(), first, &items, &excerpt.path) {
		Some(root) if root == commitment.text_root => Ok(()),
		_ => Err(SpanError::Text),
	}
}

/// The row of the token at `position`, and the `length` tokens from there on.
pub(crate) fn read(
	commitment: &Commitment,
	position: u64,
	length: u64,
	excerpt: &Excerpt,
) -> Result<(u64, Vec<u16>), SpanError> {
	let end = position.checked_add(length).ok_or(SpanError::Text)?;
	if length == 0 || end > commitment.tokens {
		return Err(SpanError::Text);
	}
	let (first, offset) = (position / u64::from(CHUNK), (position % u64::from(CHUNK)) as usize);
	let chunks = end.div_ceil(CHUNK.into()) - first;
	// More than needed would be a second proof of the same.
	if excerpt.chunks.len() as u64 != chunks {
		return Err(SpanError::Text);
	}
	verify_chunks(commitment, first, excerpt)?;
	let chunk = excerpt.chunks.first().ok_or(SpanError::Text)?;
	let row = chunk.row.saturating_add(separators(start(&chunk.tokens, offset)));
	let tokens = excerpt.chunks.iter().flat_map(|chunk| chunk.tokens.iter().copied());
	Ok((row, tokens.skip(offset).take(length as usize).collect()))
}

/// The row in which `span` stands at `position`. Needs the text's root alone. `span`: 1 to [`SPAN`]
/// tokens. Errors: `TooLong`, `Query`, `Text`, `Mismatch`.
pub fn verify_text(
	commitment: &Commitment,
	position: u64,
	span: &[u16],
	excerpt: &Excerpt,
) -> Result<u64, SpanError> {
	check_query(span)?;
	let (row, tokens) = read(commitment, position, span.len() as u64, excerpt)?;
	if tokens == span {
		Ok(row)
	} else {
		Err(SpanError::Mismatch)
	}
}

/// The place of the suffix at one rank of those that [`verify_count`] gives, for example of one that
/// the chain draws. `span`: 1 to [`SPAN`] tokens. Errors: `TooLong`, `Query`, `Suffixes`, `Text`,
/// `Mismatch`.
pub fn verify_occurrence(
	commitment: &Commitment,
	span: &[u16],
	opening: &Opening,
	text: &Excerpt,
) -> Result<Place, SpanError> {
	verify_opening(commitment, opening)?;
	let position = opening.suffix.position;
	Ok(Place { position, row: verify_text(commitment, position, span, text)? })
}

/// The longest beginning of `query` that stands in the text, and where.
///
/// `query`: 1 to [`SPAN`] tokens. It is the caller who cuts it from the answer and who has to take
/// as many tokens as there are, up to [`SPAN`]: of a shorter query no longer match is said to be
/// absent.
///
/// Errors: `TooLong`, `Query`, `Suffixes`, `Bracket`, `Text`, `Mismatch`.
pub fn verify_span(
	commitment: &Commitment,
	query: &[u16],
	proof: &SpanProof,
) -> Result<Match, SpanError> {
	verify_lower(commitment, query, &proof.cut)?;
	let Cut { left, right, .. } = &proof.cut;
	let (below, above) = (common(&left.prefix, query), common(&right.prefix, query));
	let (length, suffix) = if below > above { (below, left) } else { (above, right) };
	let place = match &proof.text {
		None if length == 0 => None,
		Some(text) if length > 0 => {
			let row = verify_text(commitment, suffix.position, start(query, length), text)?;
			Some(Place { position: suffix.position, row })
		},
		_ => return Err(SpanError::Text),
	};
	Ok(Match { length: length as u32, place })
}
