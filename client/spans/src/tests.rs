use crate::{build::Built, text, Builder, Error, Index, Longest, Span, Stage};
use openledger_spans_math::{
	reference::{Corpus, Reference},
	verify_count, verify_fraud, verify_occurrence, verify_shown, verify_span, Fraud, Hash, Leaf,
	Listing, Place, Source, SEPARATOR, SPAN,
};
use proptest::prelude::*;
use std::{fs, sync::Mutex};
use tempfile::TempDir;

fn rows() -> impl Strategy<Value = Vec<Vec<u16>>> {
	let token = prop_oneof![Just(0u16), Just(1), Just(SEPARATOR - 1)];
	let row = prop_oneof![
		4 => prop::collection::vec(token.clone(), 0..12),
		1 => prop::collection::vec(token, 60..150),
		1 => (60usize..140).prop_map(|length| vec![1; length]),
	];
	prop::collection::vec(row, 0..30)
}

fn answer() -> impl Strategy<Value = Vec<u16>> {
	let token = prop_oneof![8 => Just(0u16), 8 => Just(1), 4 => Just(SEPARATOR - 1), 1 => Just(7)];
	prop::collection::vec(token, 0..150)
}

fn builder(rows: &[Vec<u16>]) -> Builder {
	let mut builder = Builder::new();
	rows.iter().for_each(|row| builder.push(row).unwrap());
	builder
}

fn build(rows: &[Vec<u16>]) -> (TempDir, Index) {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("index");
	let commitment = builder(rows).write(&path, &|_| {}).unwrap();
	let index = Index::open(&path).unwrap();
	assert_eq!(index.commitment(), commitment);
	(folder, index)
}

/// Many rows of few words each, so that trees have levels in the file and below it.
fn large() -> Vec<Vec<u16>> {
	let mut state = 1u32;
	let mut next = |below: u32| {
		state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
		(state >> 16) % below
	};
	(0..400).map(|_| (0..next(60)).map(|_| next(20) as u16).collect()).collect()
}

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
	let common = |at: &[u16]| at.iter().zip(query).take_while(|(a, b)| a == b).count();
	let row = |row: &Vec<u16>| (0..row.len()).map(|at| common(&row[at..])).max().unwrap_or(0);
	rows.iter().map(row).max().unwrap_or(0)
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(96))]

	#[test]
	fn parse_should_take_the_longest_span_from_each_place_when_texts_are_any(
		rows in rows(), answer in answer(), least in 1usize..5,
	) {
		let (_folder, index) = build(&rows);
		let (mut start, mut expected) = (0, Vec::new());
		while start < answer.len() {
			let stands = |length: &usize| !naive(&rows, &answer[start..start + length]).is_empty();
			let length = (1..=answer.len() - start).take_while(stands).last().unwrap_or(0);
			if length >= least {
				expected.push((start, length));
			}
			start += if length >= least { length } else { 1 };
		}
		let spans = index.parse(&answer, least);
		let found: Vec<_> = spans.iter().map(|span| (span.start, span.length)).collect();
		prop_assert_eq!(found, expected);
	}

	#[test]
	fn search_should_equal_a_naive_search_when_texts_repeat(
		rows in rows(), answer in answer(), row: prop::sample::Index, at: prop::sample::Index,
	) {
		let mut answer = answer;
		if !rows.is_empty() {
			// Something that stands there, in the middle.
			let row = &rows[row.index(rows.len())];
			let half = answer.len() / 2;
			answer.splice(half..half, row[at.index(row.len() + 1)..].iter().copied());
		}
		let (_folder, index) = build(&rows);
		index.check().unwrap();
		prop_assert_eq!(index.audit().unwrap(), None);
		// The library sorts as the reference does, and the trees are the same.
		prop_assert_eq!(index.commitment(), Reference::new(&rows).commitment());
		prop_assert_eq!(index.rows(), rows.len() as u64);
		let (mut expected, mut reached) = (Vec::new(), 0);
		for start in 0..answer.len() {
			let query = &answer[start..];
			let length = longest(&rows, query);
			let found = index.longest_match(query);
			prop_assert_eq!(found.length, length);
			if length == 0 {
				prop_assert!(found.ranks.is_empty());
				continue;
			}
			let mut places: Vec<Place> = index.places(found.ranks.clone()).collect();
			places.sort_by_key(|place| place.position);
			prop_assert_eq!(places, naive(&rows, &query[..length]));
			prop_assert_eq!(&index.ranks(&query[..length]), &found.ranks);
			if start + length > reached {
				expected.push(Span { start, length, ranks: found.ranks });
				reached = start + length;
			}
		}
		prop_assert_eq!(index.spans(&answer, 1), expected.clone());
		expected.retain(|span| span.length >= 5);
		prop_assert_eq!(index.spans(&answer, 5), expected);
	}

	#[test]
	fn prove_should_convince_the_verifier_when_anything_is_asked(
		rows in rows(), answer in answer(),
	) {
		let (_folder, index) = build(&rows);
		let commitment = index.commitment();
		for start in (0..answer.len()).step_by(7) {
			let query = &answer[start..(start + SPAN as usize).min(answer.len())];
			let proof = index.prove(query).unwrap();
			let found = verify_span(&commitment, query, &proof).unwrap();
			prop_assert_eq!(found.length as usize, longest(&rows, query));
			let span = &query[..(found.length as usize).max(1)];
			let count = index.prove_count(span).unwrap();
			let ranks = verify_count(&commitment, span, &count).unwrap();
			prop_assert_eq!(ranks.end - ranks.start, naive(&rows, span).len() as u64);
			for rank in ranks.take(3) {
				let (opening, text) = index.prove_occurrence(span, rank).unwrap();
				let place = verify_occurrence(&commitment, span, &opening, &text).unwrap();
				prop_assert_eq!(Some(place), index.place(rank));
			}
		}
	}
}

#[test]
fn prove_should_hold_when_trees_have_levels_below_the_file() {
	let rows = large();
	let (_folder, index) = build(&rows);
	index.check().unwrap();
	let commitment = index.commitment();
	assert!(commitment.tokens > 10_000, "{}", commitment.tokens);
	assert_eq!(commitment, Reference::new(&rows).commitment());
	for row in rows.iter().filter(|row| !row.is_empty()).step_by(9) {
		let proof = index.prove(row).unwrap();
		let found = verify_span(&commitment, row, &proof).unwrap();
		assert_eq!(found.length as usize, row.len());
		let place = found.place.unwrap();
		assert_eq!(&rows[place.row as usize][..].windows(row.len()).any(|w| w == &row[..]), &true);
		assert_eq!(index.tokens_at(place.position, row.len()), *row);
	}
	// Neighbours on both sides of a stored hash, and of the middle.
	for rank in [0, 1022, 1023, 1024, 4095, 8191, commitment.tokens] {
		index.neighbours(rank).unwrap();
	}
	assert!(matches!(index.neighbours(commitment.tokens + 1), Err(Error::Missing)));
	assert!(matches!(index.neighbours(u64::MAX), Err(Error::Missing)));
	assert!(matches!(index.chunks(0, 3), Err(Error::Missing)));
	assert!(matches!(index.chunks(u64::MAX, 1), Err(Error::Missing)));
	assert!(matches!(index.excerpt(u64::MAX, 1), Err(Error::Missing)));
	assert_eq!(index.place(u64::MAX), None);
}

#[test]
fn show_should_convince_the_verifier_when_the_leaf_is_there() {
	let (_folder, index) = build(&large());
	let commitment = index.commitment();
	let (slots, chunks) = (commitment.slots(), commitment.chunks());
	let leaves = [0, 1, 1023, 1024, slots - 1].map(Leaf::Slot);
	for leaf in leaves.into_iter().chain([0, 1, chunks - 1].map(Leaf::Chunk)) {
		let shown = index.show(leaf).unwrap();
		assert_eq!((shown.leaf(), verify_shown(&commitment, &shown)), (leaf, Ok(())));
	}
	for leaf in
		[Leaf::Slot(slots), Leaf::Chunk(chunks), Leaf::Slot(u64::MAX), Leaf::Chunk(u64::MAX)]
	{
		assert!(matches!(index.show(leaf), Err(Error::Missing)), "{leaf:?}");
	}
}

#[test]
fn index_should_answer_when_the_text_is_empty() {
	let (_folder, index) = build(&[]);
	index.check().unwrap();
	assert_eq!(index.audit().unwrap(), None);
	assert_eq!(index.longest_match(&[1]), Longest { length: 0, ranks: 0..0 });
	assert_eq!(index.spans(&[1, 2], 1), vec![]);
	let found = verify_span(&index.commitment(), &[1], &index.prove(&[1]).unwrap()).unwrap();
	assert_eq!(found.length, 0);
}

#[test]
fn longest_match_should_not_cross_rows_when_they_go_on() {
	let (_folder, index) = build(&[vec![1, 2], vec![3, 4], vec![], vec![5]]);
	assert_eq!(index.longest_match(&[1, 2, 3, 4]).length, 2);
	assert_eq!(index.longest_match(&[4, 5]).length, 1);
	// A separator in a query finds none in the text.
	assert_eq!(index.longest_match(&[1, 2, SEPARATOR, 3, 4]).length, 2);
	assert_eq!(index.longest_match(&[SEPARATOR]), Longest { length: 0, ranks: 0..0 });
	assert!(matches!(index.prove(&[2, SEPARATOR]), Err(Error::Query)));
	assert!(matches!(index.prove(&[]), Err(Error::Query)));
	assert!(matches!(index.prove(&[1; 65]), Err(Error::Query)));
}

#[test]
fn spans_should_be_longer_than_what_is_proved_when_they_are() {
	let row: Vec<u16> = (0..200).collect();
	let (_folder, index) = build(std::slice::from_ref(&row));
	let spans = index.spans(&row, 1);
	assert_eq!(spans.len(), 1);
	assert_eq!((spans[0].start, spans[0].length, spans[0].count()), (0, 200, 1));
	let proof = index.prove(&row[..64]).unwrap();
	assert!(verify_span(&index.commitment(), &row[..64], &proof).unwrap().is_at_least());
}

#[test]
fn push_should_refuse_when_a_token_ends_rows() {
	let mut builder = Builder::new();
	builder.push(&[1]).unwrap();
	let error = builder.push(&[1, SEPARATOR]).unwrap_err().to_string();
	assert!(error.contains("row 1 has the token 65535"), "{error}");
	assert_eq!(builder.tokens(), 2);
}

#[test]
fn write_should_leave_nothing_when_it_fails() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("missing").join("index");
	let error = builder(&[vec![1]]).write(&path, &|_| {}).unwrap_err();
	assert!(error.to_string().contains("cannot be written"), "{error}");
	// A folder is in the way of the name.
	let path = folder.path().join("index");
	fs::create_dir_all(path.join("inside")).unwrap();
	builder(&[vec![1]]).write(&path, &|_| {}).unwrap_err();
	assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn write_should_replace_the_file_and_say_how_far_it_is_when_all_is_well() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("index");
	builder(&[vec![1]]).write(&path, &|_| {}).unwrap();
	// Whoever has the old one open goes on reading it.
	let old = Index::open(&path).unwrap();
	let seen = Mutex::new(Vec::new());
	let commitment = builder(&large()).write(&path, &|p| seen.lock().unwrap().push(p)).unwrap();
	assert_eq!(Index::open(&path).unwrap().commitment(), commitment);
	old.check().unwrap();
	assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
	let seen = seen.into_inner().unwrap();
	for stage in [Stage::Checking, Stage::Hashing, Stage::Writing] {
		let last = seen.iter().filter(|p| p.stage == stage).map(|p| p.done).max();
		assert_eq!(last, Some(commitment.tokens));
	}
	assert_eq!(seen[0].stage, Stage::Sorting);
}

#[test]
fn open_should_say_what_is_wrong_when_the_file_is() {
	let (folder, index) = build(&large());
	let path = folder.path().join("index");
	let whole = fs::read(&path).unwrap();
	assert_eq!(whole.len() as u64, index.bytes());
	let error = |bytes: &[u8]| {
		let path = folder.path().join("other");
		fs::write(&path, bytes).unwrap();
		Index::open(&path).unwrap_err()
	};
	for length in 0..8 {
		assert!(matches!(error(&whole[..length]), Error::Foreign(_)));
	}
	for length in [8, 100, 127, 128, 129, whole.len() / 2, whole.len() - 1] {
		assert!(matches!(error(&whole[..length]), Error::Length { .. }), "{length}");
	}
	assert!(matches!(error(&[&whole[..], &[0]].concat()), Error::Length { .. }));
	assert!(matches!(error(b"%PDF-1.7 and so on"), Error::Foreign(_)));
	for at in 0..128 {
		let mut bytes = whole.clone();
		bytes[at] ^= 1;
		match error(&bytes) {
			Error::Foreign(_) => assert!(at < 8),
			Error::Version { found: 0, known: 1, .. } => assert_eq!(at, 8),
			Error::Version { .. } => assert!((9..12).contains(&at)),
			Error::Damaged { .. } => assert!(at >= 12),
			other => panic!("{other}"),
		}
	}
	let missing = Index::open(&folder.path().join("missing")).unwrap_err();
	assert!(missing.to_string().contains("cannot be read"), "{missing}");
	assert!(matches!(Index::open(folder.path()), Err(Error::Read { .. })));
}

#[test]
fn check_should_find_the_damage_when_any_byte_is_another() {
	let rows = large();
	let (folder, index) = build(&rows);
	let whole = fs::read(folder.path().join("index")).unwrap();
	let path = folder.path().join("other");
	let step = (whole.len() - 128) / 97;
	for at in (128..whole.len()).step_by(step).chain([128, whole.len() - 1]) {
		let mut bytes = whole.clone();
		bytes[at] ^= 0x81;
		fs::write(&path, &bytes).unwrap();
		let damaged = Index::open(&path).unwrap();
		assert!(matches!(damaged.check(), Err(Error::Damaged { .. })), "{at}");
		assert!(matches!(damaged.audit(), Err(Error::Damaged { .. })), "{at}");
		// No search panics, and a proof that is given is right.
		for row in rows.iter().filter(|row| !row.is_empty()).step_by(40) {
			damaged.spans(row, 1);
			let (one, other) = (index.prove(row).unwrap(), damaged.prove(row));
			let said = |proof| verify_span(&index.commitment(), row, proof);
			match other {
				Ok(other) => assert_eq!(said(&other), said(&one)),
				Err(error) => assert!(matches!(error, Error::Damaged { .. })),
			}
		}
	}
}

#[test]
fn audit_should_prove_the_fraud_when_the_array_is_none() {
	let rows = large();
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("index");
	let audit = |forge: &dyn Fn(&mut Vec<i32>)| {
		let builder = builder(&rows);
		let (_folder, honest) = build(&rows);
		let mut array: Vec<i32> = honest
			.places(0..honest.commitment().tokens)
			.map(|place| place.position as i32)
			.collect();
		forge(&mut array);
		Built::forged(builder, array).write(&path, &|_| {}).unwrap();
		let index = Index::open(&path).unwrap();
		let fraud = index.audit().unwrap();
		if let Some(fraud) = &fraud {
			verify_fraud(&index.commitment(), &Source::default(), fraud).unwrap();
		}
		fraud
	};
	assert_eq!(audit(&|_| {}), None);
	assert!(matches!(audit(&|a| a.swap(3_000, 9_000)), Some(Fraud::Order(_))));
	// Equal prefixes are in order whichever comes first, but none may come twice.
	assert_eq!(audit(&|a| a.swap(3, 4)), None);
	assert!(matches!(audit(&|a| a[3] = a[4]), Some(Fraud::Twice { .. })));
	assert!(matches!(audit(&|a| a[3] = a.len() as i32), Some(Fraud::Misplaced { slot: 4, .. })));
}

/// What a store has.
fn contents(batches: &[Vec<Vec<u8>>]) -> impl Fn(&Hash) -> Result<Vec<u8>, Error> + '_ {
	|hash| {
		let mut all = batches.iter().flatten();
		let is = |content: &&Vec<u8>| Hash::from(sp_crypto_hashing::blake2_256(content)) == *hash;
		all.find(is).cloned().ok_or(Error::Missing)
	}
}

fn build_version(listing: &Listing, batches: &[Vec<Vec<u8>>]) -> (TempDir, Index) {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("index");
	let mut builder = Builder::new();
	builder.push_version(listing, contents(batches)).unwrap();
	builder.write(&path, &|_| {}).unwrap();
	let index = Index::open(&path).unwrap();
	(folder, index)
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	#[test]
	fn audit_rows_should_prove_the_difference_when_there_is_one(
		rows in prop::collection::btree_set(prop::collection::vec(0u8..3, 1..100), 1..9),
		each in 1usize..4, at: prop::sample::Index, byte: prop::sample::Index, what in 0..4,
	) {
		let rows: Vec<Vec<u8>> = rows.into_iter().collect();
		let batches: Vec<_> = rows.chunks(each).map(<[_]>::to_vec).collect();
		let corpus = Corpus::new(&batches);
		let (_folder, index) = build_version(corpus.listing(), &batches);
		prop_assert_eq!(index.commitment(), corpus.index().commitment());
		prop_assert_eq!(index.audit_rows(corpus.listing(), contents(&batches)).unwrap(), None);

		let mut other = batches.clone();
		let batch = at.index(other.len());
		let row = byte.index(other[batch].len());
		match what {
			0 => other[batch][row][0] ^= 3,
			1 => other.rotate_left(batch),
			2 => {
				// A row gives its neighbour a byte, if it has one to give.
				let rows = &mut other[batch];
				let next = (row + 1) % rows.len();
				if let Some(byte) = rows[row].pop() {
					rows[next].push(byte);
				}
			},
			_ => other[batch][row].reverse(),
		}
		let forged = Corpus::new(&other);
		prop_assume!(forged.listing().rows().all(|(_, bytes)| *bytes > 0));
		let (_folder, forged_index) = build_version(forged.listing(), &other);
		let fraud = forged_index.audit_rows(corpus.listing(), contents(&batches)).unwrap();
		prop_assert_eq!(fraud.is_some(), forged.text() != corpus.text());
		if let Some(fraud) = fraud {
			let source = corpus.listing().source();
			prop_assert_eq!(verify_fraud(&forged_index.commitment(), &source, &fraud), Ok(()));
		}
	}
}

#[test]
fn audit_rows_should_say_what_is_wrong_when_it_cannot_be_shown() {
	let batches = [vec![vec![1, 2, 3]]];
	let corpus = Corpus::new(&batches);
	let (_folder, index) = build_version(corpus.listing(), &batches);
	let other = Corpus::new(&[vec![vec![1, 2]]]);
	let error = index.audit_rows(other.listing(), contents(&batches)).unwrap_err();
	assert!(matches!(error, Error::OtherRows { found: 4, expected: 3 }), "{error}");
	let missing = index.audit_rows(corpus.listing(), contents(&[])).unwrap_err();
	assert!(matches!(missing, Error::Missing), "{missing}");
	// More content than a row may have, which its length hides.
	let long = vec![9; 65_537];
	let hidden = Corpus::of(vec![vec![(long.clone(), 3)]]);
	let error = index.audit_rows(hidden.listing(), contents(&[vec![long]])).unwrap_err();
	assert!(matches!(error, Error::TooLarge { row: 0 }), "{error}");
}

#[test]
fn builder_should_refuse_when_the_library_sorts_wrongly() {
	let array = |positions: &[i32]| {
		let built = Built::forged(builder(&[vec![2, 1]]), positions.to_vec());
		built.check(&|_| {})
	};
	array(&[2, 1, 0]).unwrap();
	for wrong in [[2, 0, 1], [2, 1, 1], [2, 1, 3], [2, 1, -1]] {
		assert!(matches!(array(&wrong), Err(Error::Sort(_))), "{wrong:?}");
	}
}

#[test]
fn rows_should_be_files_or_lines_when_a_text_is_read() {
	let folder = tempfile::tempdir().unwrap();
	let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
	write("b", "second\nof two lines");
	write("a", "first");
	fs::create_dir(folder.path().join("c")).unwrap();
	let files = text::rows(folder.path()).unwrap();
	assert_eq!(files, [text::tokens(b"first"), text::tokens(b"second\nof two lines")]);
	write("lines", "one\r\n\ntwo\n");
	let lines = text::rows(&folder.path().join("lines")).unwrap();
	assert_eq!(lines, [text::tokens(b"one"), text::tokens(b"two")]);
	let missing = text::rows(&folder.path().join("missing")).unwrap_err();
	assert!(matches!(missing, Error::Read { .. }));
}

#[test]
fn find_should_name_rows_and_counts_when_an_answer_repeats_them() {
	let rows = [&b"to be or not to be"[..], b"what is to be done"].map(text::tokens);
	let (_folder, index) = build(&rows);
	let found = text::find(&index, &text::tokens(b"I know what is to be\nor not"), 4);
	let shown: Vec<_> = found
		.iter()
		.map(|one| (&one.text[..], one.place.row, one.span.count(), one.span.start))
		.collect();
	assert_eq!(shown, [("what is to be", 1, 1, 7), ("or not", 0, 1, 21)]);
	// The first of its places.
	let found = text::find(&index, &text::tokens(b"to be"), 4);
	assert_eq!((found[0].place, found[0].span.count()), (Place { position: 0, row: 0 }, 3));
	assert_eq!(text::find(&index, &[], 1), vec![]);
}

#[test]
fn show_should_be_of_one_line_when_tokens_are_anything() {
	assert_eq!(text::show(&text::tokens("a\né".as_bytes())), "a é");
	assert_eq!(text::show(&[0xC3, 300]), "\u{FFFD}?");
}
