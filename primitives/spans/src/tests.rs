use crate::{
	reference::{Deepest, Leaves, Reference},
	*,
};
use codec::{Decode, Encode, MaxEncodedLen};
use openledger_influence_math::merkle;
use proptest::prelude::*;

/// Rows over a small alphabet, so that repeats, equal rows and empty ones are many, and the largest
/// token is among them.
fn rows() -> impl Strategy<Value = Vec<Vec<u16>>> {
	let token = prop_oneof![Just(0u16), Just(1), Just(SEPARATOR - 1)];
	let row = prop_oneof![
		4 => prop::collection::vec(token.clone(), 0..12),
		1 => prop::collection::vec(token, 60..150),
		1 => (60usize..140).prop_map(|length| vec![1; length]),
	];
	prop::collection::vec(row, 0..8)
}

fn query() -> impl Strategy<Value = Vec<u16>> {
	let token = prop_oneof![4 => Just(0u16), 4 => Just(1), 2 => Just(SEPARATOR - 1), 1 => Just(7)];
	prop_oneof![
		prop::collection::vec(token.clone(), 1..8),
		prop::collection::vec(token, 1..=SPAN as usize),
		(1..=SPAN as usize).prop_map(|length| vec![1; length]),
	]
}

/// Of a commitment alone.
fn fault(commitment: &Commitment, fraud: &Fraud) -> Result<(), SpanError> {
	verify_fraud(commitment, &Source::default(), fraud)
}

/// Every place of a span, row by row, by comparing it with everything.
fn naive(rows: &[Vec<u16>], span: &[u16]) -> Vec<Place> {
	let (mut places, mut begin) = (Vec::new(), 0);
	for (row, tokens) in rows.iter().enumerate() {
		for at in 0..tokens.len() {
			if tokens[at..].starts_with(span) {
				places.push(Place { position: begin + at as u64, row: row as u64 });
			}
		}
		begin += tokens.len() as u64 + 1;
	}
	places
}

fn longest(rows: &[Vec<u16>], query: &[u16]) -> usize {
	(1..=query.len())
		.rev()
		.find(|n| !naive(rows, &query[..*n]).is_empty())
		.unwrap_or(0)
}

/// A query that is cut from the text often enough for long matches to be tried.
fn aim(
	rows: &[Vec<u16>],
	query: Vec<u16>,
	row: prop::sample::Index,
	at: prop::sample::Index,
) -> Vec<u16> {
	let Some(row) = (!rows.is_empty()).then(|| &rows[row.index(rows.len())]) else { return query };
	let cut = &row[at.index(row.len() + 1)..];
	cut.iter().chain(&query).copied().take(SPAN as usize).collect()
}

fn check(rows: &[Vec<u16>], query: &[u16]) -> Result<(), TestCaseError> {
	let index = Reference::new(rows);
	let commitment = index.commitment();
	let proof = index.prove_span(query).unwrap();
	let found = verify_span(&commitment, query, &proof).unwrap();
	let length = longest(rows, query);
	prop_assert_eq!(found.length as usize, length);
	prop_assert_eq!(found.is_at_least(), length == SPAN as usize);
	match found.place {
		Some(place) => prop_assert!(naive(rows, &query[..length]).contains(&place)),
		None => prop_assert_eq!(length, 0),
	}
	for length in 1..=query.len() {
		let span = &query[..length];
		let places = naive(rows, span);
		let count = index.prove_count(span).unwrap();
		let ranks = verify_count(&commitment, span, &count).unwrap();
		prop_assert_eq!(ranks.end - ranks.start, places.len() as u64);
		let mut found = Vec::new();
		for rank in ranks {
			let opening = index.opening(rank + 1).unwrap();
			let text = index.excerpt(opening.suffix.position, length as u64).unwrap();
			found.push(verify_occurrence(&commitment, span, &opening, &text).unwrap());
		}
		found.sort_by_key(|place| place.position);
		prop_assert_eq!(found, places);
		if length > 4 {
			break;
		}
	}
	Ok(())
}

proptest! {
	#[test]
	fn verify_span_should_find_what_a_naive_search_finds_when_the_index_is_honest(
		rows in rows(), query in query(), row: prop::sample::Index, at: prop::sample::Index,
	) {
		check(&rows, &query)?;
		check(&rows, &aim(&rows, query, row, at))?;
	}

	#[test]
	fn verify_span_should_refuse_when_any_byte_of_the_proof_is_changed(
		rows in rows(), query in query(), row: prop::sample::Index, at: prop::sample::Index,
		byte: prop::sample::Index, bit in 0u8..8,
	) {
		let query = aim(&rows, query, row, at);
		let index = Reference::new(&rows);
		let (commitment, proof) = (index.commitment(), index.prove_span(&query).unwrap());
		let found = verify_span(&commitment, &query, &proof).unwrap();
		let mut bytes = proof.encode();
		let at = byte.index(bytes.len());
		bytes[at] ^= 1 << bit;
		if let Ok(forged) = SpanProof::decode(&mut &bytes[..]) {
			prop_assert!(verify_span(&commitment, &query, &forged).is_err());
		}
		// Every cut but the right one is refused, too: no second proof says anything else.
		for rank in 0..=commitment.tokens {
			let cut = index.cut(rank).unwrap();
			let honest = rank == proof.cut.rank;
			prop_assert_eq!(verify_lower(&commitment, &query, &cut).is_ok(), honest);
			for text in [None, proof.text.clone()] {
				let forged = SpanProof { cut: cut.clone(), text };
				let said = verify_span(&commitment, &query, &forged);
				prop_assert!(said.is_err() || said == Ok(found));
			}
		}
	}

	#[test]
	fn verify_count_should_refuse_when_any_byte_or_cut_is_changed(
		rows in rows(), query in query(), byte: prop::sample::Index, bit in 0u8..8,
	) {
		let index = Reference::new(&rows);
		let (commitment, proof) = (index.commitment(), index.prove_count(&query).unwrap());
		let ranks = verify_count(&commitment, &query, &proof).unwrap();
		let mut bytes = proof.encode();
		let at = byte.index(bytes.len());
		bytes[at] ^= 1 << bit;
		if let Ok(forged) = CountProof::decode(&mut &bytes[..]) {
			prop_assert!(verify_count(&commitment, &query, &forged).is_err());
		}
		for rank in 0..=commitment.tokens {
			let cut = index.cut(rank).unwrap();
			prop_assert_eq!(verify_lower(&commitment, &query, &cut).is_ok(), rank == ranks.start);
			prop_assert_eq!(verify_upper(&commitment, &query, &cut).is_ok(), rank == ranks.end);
		}
	}

	#[test]
	fn verify_fraud_should_refuse_when_the_index_is_honest(
		rows in rows(), a: prop::sample::Index, b: prop::sample::Index, number in 0u64..40,
	) {
		let index = Reference::new(&rows);
		let commitment = index.commitment();
		let slot = a.index(index.leaves().suffixes.len()) as u64;
		let other = b.index(index.leaves().suffixes.len()) as u64;
		let (one, other) = (index.opening(slot).unwrap(), index.opening(other).unwrap());
		if let Some(cut) = index.cut(slot) {
			prop_assert!(fault(&commitment, &Fraud::Order(cut)).is_err());
		}
		let rest = SPAN.min(commitment.tokens.saturating_sub(one.suffix.position) as u32);
		if let Some(text) = index.excerpt(one.suffix.position, rest.into()) {
			let fraud = Fraud::Prefix { opening: one.clone(), text };
			prop_assert!(fault(&commitment, &fraud).is_err());
		}
		let Opening { slot, suffix, path } = one.clone();
		for number in [slot, number] {
			let (suffix, path) = (suffix.clone(), path.clone());
			let fraud = Fraud::Misplaced { slot, number, suffix, path };
			prop_assert!(fault(&commitment, &fraud).is_err());
		}
		let fraud = Fraud::Twice { one, other };
		prop_assert!(fault(&commitment, &fraud).is_err());
		for at in 0..index.leaves().chunks.len() as u64 {
			if let Some(text) = index.chunks(at, 2) {
				let fraud = Fraud::Rows { index: at, text };
				prop_assert!(fault(&commitment, &fraud).is_err());
			}
			let Excerpt { path, .. } = index.chunks(at, 1).unwrap();
			let chunk = index.leaves().chunks[at as usize].clone();
			for number in [at, number] {
				let (chunk, path) = (chunk.clone(), path.clone());
				let fraud = Fraud::Chunk { index: at, number, chunk, path };
				prop_assert!(fault(&commitment, &fraud).is_err());
			}
		}
	}

	#[test]
	fn verify_fraud_should_accept_one_when_a_leaf_is_another(
		rows in rows(), slot: prop::sample::Index, what in 0..7, other: prop::sample::Index,
		token in 0u16..3,
	) {
		let honest = Leaves::new(&rows);
		let mut index = honest.clone();
		let tokens = honest.suffixes.len() as u64 - 2;
		prop_assume!(tokens > 0);
		let slot = slot.index(index.suffixes.len());
		let other = other.index(index.suffixes.len());
		let chunk = other % index.chunks.len();
		match what {
			0 => index.suffixes.swap(slot, other),
			1 => index.suffixes[slot].position = other as u64,
			2 => index.suffixes[slot] = index.suffixes[other].clone(),
			3 => {
				index.suffixes[slot].prefix.pop();
			},
			4 => {
				let _ = index.suffixes[slot].prefix.try_push(token);
			},
			5 => index.chunks[chunk].row += 1,
			_ => {
				let chunk = &mut index.chunks[chunk].tokens;
				let at = slot % chunk.len();
				chunk[at] = if chunk[at] == SEPARATOR { token } else { SEPARATOR };
			},
		}
		// Equal prefixes may stand in either order: that is no fraud.
		let what = |index: &Leaves| {
			let mut suffixes = index.suffixes.clone();
			let order: Vec<_> = suffixes.iter().map(|s| s.prefix.clone()).collect();
			suffixes[1..=tokens as usize].sort_by_key(|s| (s.position, s.prefix.clone()));
			(suffixes, order, index.chunks.clone())
		};
		let fraud = search(&Reference::of(index.clone()));
		prop_assert_eq!(fraud.is_some(), what(&index) != what(&honest));
	}
}

/// A fraud proof against an index whose leaves are known, found as `fraud` says.
fn search(index: &Reference) -> Option<Fraud> {
	let commitment = index.commitment();
	let n = commitment.tokens;
	let mut seen = vec![None; n as usize];
	let mut found = Vec::new();
	for slot in 0..n + 2 {
		let opening = index.opening(slot).unwrap();
		let Opening { suffix, path, .. } = opening.clone();
		let position = suffix.position;
		found.push(Fraud::Misplaced { slot, number: slot, suffix, path });
		found.extend(index.cut(slot).map(Fraud::Order));
		if let Some(before) = seen.get_mut(position as usize).filter(|_| (1..=n).contains(&slot)) {
			let length = (n - position).min(SPAN.into());
			let text = index.excerpt(position, length).unwrap();
			found.push(Fraud::Prefix { opening: opening.clone(), text });
			if let Some(one) = before.replace(opening.clone()) {
				found.push(Fraud::Twice { one, other: opening });
			}
		}
	}
	for at in 0..index.leaves().chunks.len() as u64 {
		let Excerpt { path, .. } = index.chunks(at, 1).unwrap();
		let chunk = index.leaves().chunks[at as usize].clone();
		found.push(Fraud::Chunk { index: at, number: at, chunk, path });
		found.extend(index.chunks(at, 2).map(|text| Fraud::Rows { index: at, text }));
	}
	found.into_iter().find(|fraud| fault(&commitment, fraud).is_ok())
}

const ROWS: [&[u16]; 3] = [&[1, 2, 3], &[2, 3, 4], &[9, 9]];

fn find(rows: &[&[u16]], query: &[u16]) -> (Match, u64) {
	let index = Reference::new(rows);
	let commitment = index.commitment();
	let found = verify_span(&commitment, query, &index.prove_span(query).unwrap()).unwrap();
	let span = &query[..(found.length as usize).max(1)];
	let ranks = verify_count(&commitment, span, &index.prove_count(span).unwrap()).unwrap();
	(found, ranks.end - ranks.start)
}

fn at(length: u32, position: u64, row: u64) -> Match {
	Match { length, place: Some(Place { position, row }) }
}

#[test]
fn verify_span_should_end_at_a_row_when_the_next_one_goes_on() {
	assert_eq!(find(&ROWS, &[1, 2, 3, 2, 3, 4]), (at(3, 0, 0), 1));
	assert_eq!(find(&ROWS, &[3, 4, 9]), (at(2, 5, 1), 1));
	assert_eq!(find(&ROWS, &[2, 3]), (at(2, 1, 0), 2));
}

#[test]
fn verify_span_should_hold_at_both_ends_when_the_span_is_there() {
	assert_eq!(find(&ROWS, &[1]), (at(1, 0, 0), 1));
	assert_eq!(find(&ROWS, &[9, 9]), (at(2, 8, 2), 1));
	// Below the first and above the last suffix.
	let none = Match { length: 0, place: None };
	assert_eq!(find(&ROWS, &[0]), (none, 0));
	assert_eq!(find(&ROWS, &[10]), (none, 0));
}

#[test]
fn verify_span_should_hold_when_the_text_is_small() {
	let none = Match { length: 0, place: None };
	assert_eq!(find(&[], &[1]), (none, 0));
	assert_eq!(find(&[&[]], &[1]), (none, 0));
	assert_eq!(find(&[&[1]], &[1]), (at(1, 0, 0), 1));
	assert_eq!(find(&[&[1]], &[1; 64]), (at(1, 0, 0), 1));
	assert_eq!(find(&[&[1]], &[0]), (none, 0));
	assert_eq!(find(&[&[], &[1]], &[1, 1]), (at(1, 1, 1), 1));
}

#[test]
fn verify_span_should_say_at_least_when_the_match_is_as_long_as_a_span() {
	let row = [5; 200];
	let (found, count) = find(&[&row], &[5; 64]);
	assert!(found.is_at_least());
	assert_eq!((found.length, count), (64, 137));
	let (found, count) = find(&[&row], &[5; 63]);
	assert!(!found.is_at_least());
	assert_eq!((found.length, count), (63, 138));
}

#[test]
fn verify_span_should_refuse_when_the_query_is_none() {
	let index = Reference::new(&ROWS);
	let (commitment, proof) = (index.commitment(), index.prove_span(&[1]).unwrap());
	for query in [&[][..], &[SEPARATOR], &[1, SEPARATOR], &[1; 65]] {
		assert_eq!(verify_span(&commitment, query, &proof), Err(SpanError::Query));
	}
}

#[test]
fn verify_span_should_refuse_when_a_field_is_forged() {
	let index = Reference::new(&ROWS);
	let (commitment, query) = (index.commitment(), [2, 3, 4, 5]);
	let proof = index.prove_span(&query).unwrap();
	assert_eq!(verify_span(&commitment, &query, &proof), Ok(at(3, 4, 1)));
	let refused = |why, forge: &dyn Fn(&mut Commitment, &mut SpanProof)| {
		let (mut commitment, mut proof) = (commitment, proof.clone());
		forge(&mut commitment, &mut proof);
		assert_eq!(verify_span(&commitment, &query, &proof), Err(why));
	};
	use SpanError::*;
	refused(TooLong, &|c, _| c.tokens = MAX_TOKENS + 1);
	refused(TooLong, &|c, _| c.tokens = u64::MAX);
	refused(Suffixes, &|c, _| c.tokens += 20);
	refused(Suffixes, &|c, _| c.suffix_root = Hash::zero());
	refused(Text, &|c, _| c.text_root = Hash::zero());
	refused(Suffixes, &|_, p| p.cut.rank += 1);
	refused(Suffixes, &|_, p| p.cut.rank = u64::MAX);
	refused(Suffixes, &|_, p| p.cut.left.position += 1);
	refused(Suffixes, &|_, p| p.cut.right.position = u64::MAX);
	refused(Suffixes, &|_, p| p.cut.left.prefix[0] = 0);
	refused(Suffixes, &|_, p| p.cut.right.prefix = Tokens::new());
	refused(Suffixes, &|_, p| p.cut.right = p.cut.left.clone());
	refused(Suffixes, &|_, p| p.cut.path[0] = Hash::zero());
	refused(Suffixes, &|_, p| {
		p.cut.path.pop();
	});
	refused(Suffixes, &|_, p| p.cut.path.try_push(Hash::zero()).unwrap());
	refused(Bracket, &|_, p| p.cut = index.cut(p.cut.rank - 1).unwrap());
	refused(Bracket, &|_, p| p.cut = index.cut(p.cut.rank + 1).unwrap());
	let text = |p: &mut SpanProof| p.text.take().unwrap();
	refused(Text, &|_, p| drop(text(p)));
	refused(Text, &|_, p| p.text.as_mut().unwrap().chunks.clear());
	refused(Text, &|_, p| p.text.as_mut().unwrap().chunks[0].row += 1);
	refused(Text, &|_, p| p.text.as_mut().unwrap().chunks[0].tokens[0] += 1);
	refused(Text, &|_, p| {
		p.text.as_mut().unwrap().chunks[0].tokens.pop();
	});
	refused(Text, &|_, p| p.text.as_mut().unwrap().path.try_push(Hash::zero()).unwrap());
	refused(Text, &|_, p| {
		let excerpt = p.text.as_mut().unwrap();
		let chunk = excerpt.chunks[0].clone();
		excerpt.chunks.try_push(chunk).unwrap();
	});
}

#[test]
fn verify_span_should_refuse_when_a_leaf_says_what_the_text_does_not() {
	// The array has a prefix that would match longer; it opens, the text does not.
	let mut leaves = Leaves::new(&ROWS);
	let slot = leaves.suffixes.iter().position(|s| s.position == 4).unwrap();
	leaves.suffixes[slot].prefix.try_push(5).unwrap();
	let index = Reference::of(leaves);
	let (commitment, query) = (index.commitment(), [2, 3, 4, 5]);
	let proof = index.prove_span(&query).unwrap();
	assert_eq!(verify_span(&commitment, &query, &proof), Err(SpanError::Mismatch));
	assert!(matches!(search(&index), Some(Fraud::Prefix { .. })));
}

#[test]
fn verify_span_should_refuse_when_a_sentinel_stands_inside() {
	// A second pair of sentinels would hide what lies between.
	let mut leaves = Leaves::new(&ROWS);
	leaves.suffixes[5] = Suffix::last(11);
	leaves.suffixes[6] = Suffix::first(11);
	let index = Reference::of(leaves);
	let commitment = index.commitment();
	let cut = index.cut(4).unwrap();
	let query = [8];
	assert_eq!(verify_lower(&commitment, &query, &cut), Err(SpanError::Suffixes));
	assert!(matches!(search(&index), Some(Fraud::Misplaced { slot: 5, .. })));
}

#[test]
fn verify_fraud_should_accept_when_a_number_is_another() {
	let mut items: Vec<Hash> = Vec::new();
	let honest = Reference::new(&ROWS);
	for (slot, suffix) in honest.leaves().suffixes.iter().enumerate() {
		items.push(suffix.item(if slot == 3 { 4 } else { slot as u64 }));
	}
	let commitment = Commitment { suffix_root: merkle::root(&items), ..honest.commitment() };
	let path = Path::try_from(merkle::proof(&items, 3).unwrap()).unwrap();
	let suffix = honest.leaves().suffixes[3].clone();
	let opening = Opening { slot: 3, suffix: suffix.clone(), path: path.clone() };
	assert_eq!(verify_opening(&commitment, &opening), Err(SpanError::Suffixes));
	let fraud = Fraud::Misplaced { slot: 3, number: 4, suffix, path };
	assert_eq!(fault(&commitment, &fraud), Ok(()));
	assert_eq!(fault(&honest.commitment(), &fraud), Err(SpanError::Suffixes));
}

#[test]
fn verify_fraud_should_accept_when_a_chunk_is_too_short() {
	let row = [3; 100];
	let mut leaves = Leaves::new(&[row]);
	leaves.chunks[0].tokens.pop();
	let index = Reference::of(leaves);
	let commitment = index.commitment();
	let Excerpt { path, .. } = index.chunks(0, 1).unwrap();
	let fraud = Fraud::Chunk { index: 0, number: 0, chunk: index.leaves().chunks[0].clone(), path };
	assert_eq!(fault(&commitment, &fraud), Ok(()));
}

#[test]
fn verify_fraud_should_refuse_when_there_is_no_such_place() {
	let index = Reference::new(&[[3; 200]]);
	let commitment = index.commitment();
	let (cut, opening) = (index.cut(0).unwrap(), index.opening(1).unwrap());
	let (text, chunk) = (index.chunks(0, 2).unwrap(), index.leaves().chunks[0].clone());
	for far in [commitment.tokens + 1, u64::MAX - 1, u64::MAX] {
		let beyond = Opening { slot: far, ..opening.clone() };
		for fraud in [
			Fraud::Order(Cut { rank: far, ..cut.clone() }),
			Fraud::Prefix { opening: beyond.clone(), text: text.clone() },
			Fraud::Twice { one: opening.clone(), other: beyond },
			Fraud::Misplaced {
				slot: far,
				number: 1,
				suffix: opening.suffix.clone(),
				path: opening.path.clone(),
			},
			Fraud::Chunk { index: far, number: 0, chunk: chunk.clone(), path: text.path.clone() },
			Fraud::Rows { index: far, text: text.clone() },
			Fraud::Foreign { position: far, text: text.clone(), evidence: Evidence::default() },
		] {
			let error = fault(&commitment, &fraud).unwrap_err();
			assert!(matches!(error, SpanError::Suffixes | SpanError::Text), "{fraud:?}");
		}
	}
}

#[test]
fn commitment_should_have_the_roots_of_the_common_tree_when_committed() {
	let index = Reference::new(&ROWS);
	let items: Vec<Hash> = (0..).zip(&index.leaves().suffixes).map(|(i, s)| s.item(i)).collect();
	assert_eq!(index.commitment().suffix_root, merkle::root(&items));
	let items: Vec<Hash> = (0..).zip(&index.leaves().chunks).map(|(i, c)| c.item(i)).collect();
	assert_eq!(index.commitment().text_root, merkle::root(&items));
	assert_eq!(Reference::new::<&[u16]>(&[]).commitment().text_root, Hash::zero());
}

#[test]
fn verify_lower_should_hold_when_the_tree_is_as_deep_as_it_may_be() {
	// Neighbours in the middle share nothing but the root.
	let rank = 1 << (MAX_DEPTH - 1);
	let suffix =
		|position, token| Suffix { position, prefix: Tokens::truncate_from(vec![token; 64]) };
	let (left, right) = (suffix(7, 3), suffix(9, 5));
	let path: Path = vec![Hash::repeat_byte(7); 2 * (MAX_DEPTH as usize - 1)].try_into().unwrap();
	let rank = rank - 1;
	let items = [left.item(rank), right.item(rank + 1)];
	let suffix_root = tree::fold(MAX_TOKENS + 2, rank, &items, &path).unwrap();
	let commitment = Commitment { tokens: MAX_TOKENS, text_root: Hash::zero(), suffix_root };
	let cut = Cut { rank, left, right, path };
	assert_eq!(verify_lower(&commitment, &[4], &cut), Ok(rank));
	assert!(cut.encoded_size() <= Cut::max_encoded_len());
}

#[test]
fn sizes_should_be_bounded_when_proofs_are_encoded() {
	assert_eq!(Cut::max_encoded_len(), 8 + 2 * (8 + 2 + 128) + 2 + 80 * 32);
	assert_eq!(Excerpt::max_encoded_len(), 1 + 2 * (8 + 2 + 128) + 2 + 80 * 32);
	assert_eq!(
		SpanProof::max_encoded_len(),
		Cut::max_encoded_len() + 1 + Excerpt::max_encoded_len()
	);
	// The content of a row, 256 of them by hash, and paths.
	assert!(Fraud::max_encoded_len() < 65_536 + 256 * 36 + 6_000);
}

#[test]
fn foreign_should_be_refuted_when_it_is_as_large_as_any() {
	let (commitment, source, fraud) = Deepest::foreign();
	assert_eq!(verify_fraud(&commitment, &source, &fraud), Ok(()));
	let Fraud::Foreign { text, evidence, .. } = fraud else { panic!("it is foreign") };
	assert_eq!(text.path.len() as u32, MAX_DEPTH - CHUNK.ilog2());
	assert_eq!(evidence.rows.len() as u32, MAX_ROWS);
	assert_eq!(evidence.content.len() as u32, MAX_ROW_BYTES);
	assert_eq!(evidence.path.len(), 8);
}

#[test]
fn deepest_should_be_proved_and_be_refuted_when_it_has_any_depth() {
	for levels in 7..=MAX_DEPTH {
		let Deepest { commitment, span, proof, count, occurrence, fraud } = Deepest::new(levels);
		assert_eq!(commitment.levels(), levels);
		let middle = 1 << (levels - 1);
		let found = verify_span(&commitment, &span, &proof).unwrap();
		assert_eq!(found.length, SPAN);
		let ranks = verify_count(&commitment, &span, &count).unwrap();
		assert_eq!(ranks, middle - 1..middle + middle / 2 - 1);
		let (opening, text) = occurrence;
		let place = verify_occurrence(&commitment, &span, &opening, &text).unwrap();
		assert_eq!(found.place, Some(place));
		assert_eq!(fault(&commitment, &fraud), Ok(()));
		// Two hashes a level, but for the lowest, whose neighbours are shown, and the root.
		assert_eq!(proof.cut.path.len() as u32, 2 * (levels - 1));
		assert_eq!(text.path.len() as u32, 2 * (levels - 7));
	}
}

#[test]
fn levels_should_be_those_of_the_tree_when_the_text_grows() {
	for tokens in [0, 1, 2, 3, 5, 6, 7, 62, 63, 1000, MAX_TOKENS] {
		let commitment = Commitment { tokens, ..Default::default() };
		let mut width = commitment.slots();
		let mut levels = 0;
		while width > 1 {
			(width, levels) = (width.div_ceil(2), levels + 1);
		}
		assert_eq!(commitment.levels(), levels, "{tokens}");
	}
	let beyond = Commitment { tokens: u64::MAX, ..Default::default() };
	assert!(beyond.levels() <= u64::BITS);
}
