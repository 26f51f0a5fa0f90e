use crate::{find, find_with, group, Exhibit, STEPS};
use openledger_core::{Announced, MAX_EXHIBIT_BYTES, MAX_LATER};
use openledger_influence_math::{shingles::NEAR_DUPLICATE, Shingles};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Words that no other seed has.
fn words(seed: u64, count: usize) -> Vec<String> {
	let mut random = ChaCha8Rng::seed_from_u64(seed);
	let word = |_| (0..6).map(|_| char::from(random.random_range(b'a'..=b'z'))).collect();
	(0..count).map(word).collect()
}

fn text(seed: u64, count: usize) -> String {
	words(seed, count).join(" ")
}

#[test]
fn find_should_give_the_rows_that_stand_in_others_when_they_are_copies_parts_or_mixtures() {
	let (a, b) = (text(1, 60), text(2, 60));
	let mut changed = words(1, 60);
	changed[30] = "another".into();
	let rows = [
		a.clone(),
		text(3, 60),
		b.clone(),
		changed.join(", ").to_uppercase(),
		a[a.len() / 2..].to_string(),
		format!("{a} {b}"),
		format!("{} {} {}", &a[..200], &b[..200], &rows_of(4..7)),
		text(8, 60),
	];
	let found = find(&rows, NEAR_DUPLICATE);
	let pairs: Vec<_> = found.iter().map(|found| (found.later, found.earlier.clone())).collect();
	assert_eq!(pairs, [(3, vec![0]), (4, vec![0]), (5, vec![0, 2])]);
	assert_eq!(found[1].contained, 10_000);
}

#[test]
fn find_with_should_step_to_the_end_when_rows_are_found_or_not() {
	let rows = [text(1, 60), text(2, 60), text(1, 60)];
	let steps = std::sync::atomic::AtomicU64::new(0);
	let step = || {
		steps.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
	};
	assert_eq!(find_with(&rows, NEAR_DUPLICATE, &step), find(&rows, NEAR_DUPLICATE));
	assert_eq!(steps.into_inner(), STEPS * rows.len() as u64);
}

fn rows_of(seeds: std::ops::Range<u64>) -> String {
	seeds.map(|seed| text(seed, 60)).collect::<Vec<_>>().join(" ")
}

#[test]
fn find_should_not_show_rows_that_are_found_themselves_when_copies_follow_copies() {
	let mut rows = vec![words(1, 60)];
	for at in 0..20 {
		let mut next = rows[at].clone();
		next[(at * 7) % 60] = format!("other{at}");
		rows.push(next);
	}
	let rows: Vec<String> = rows.into_iter().map(|row| row.join(" ")).collect();
	let found = find(&rows, NEAR_DUPLICATE);
	let gone: Vec<usize> = found.iter().map(|found| found.later).collect();
	assert!(found.iter().all(|one| one.earlier.iter().all(|row| !gone.contains(row))));
	// What is not found is not like what stands: it drifted too far.
	let standing: Vec<usize> = (0..rows.len()).filter(|row| !gone.contains(row)).collect();
	for pair in standing.windows(2) {
		let [a, b] = [pair[0], pair[1]].map(|row| Shingles::of([rows[row].as_bytes()]));
		assert_eq!(b.stands_in(&a, NEAR_DUPLICATE), None);
	}
	assert!(gone.len() >= 10, "{gone:?}");
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(24))]

	#[test]
	fn found_should_be_what_the_chain_accepts_when_texts_are_any(
		seeds in prop::collection::vec((0u64..6, 0usize..40, 20usize..60), 1..40),
		threshold in 1u16..=10_000,
	) {
		let rows: Vec<String> =
			seeds.iter().map(|(seed, from, count)| words(*seed, 100)[*from..from + count].join(" ")).collect();
		let found = find(&rows, threshold);
		let mut last = None;
		for one in &found {
			prop_assert!(last < Some(one.later), "each once, ascending");
			last = Some(one.later);
			prop_assert!(one.earlier.iter().all(|earlier| *earlier < one.later));
			let shown = Shingles::of(one.earlier.iter().map(|row| rows[*row].as_bytes()));
			let own = Shingles::of([rows[one.later].as_bytes()]);
			prop_assert_eq!(own.stands_in(&shown, threshold), Some(one.contained));
		}
		let exhibits = group(&rows, &found);
		let shown: usize = exhibits.iter().map(|exhibit| exhibit.later.len()).sum();
		prop_assert_eq!(shown, found.len());
	}
}

#[test]
fn group_should_cut_exhibits_when_they_are_too_long_or_too_many() {
	let original = text(1, 9_000);
	let length = original.len();
	assert!((60_000..65_536).contains(&length));
	let mut rows = vec![original.clone()];
	rows.extend((0..6).map(|n| format!("{original} {n}")));
	rows.extend((0..20).map(|n| original[n * 200..n * 200 + 150].to_string()));
	let found = find(&rows, NEAR_DUPLICATE);
	assert_eq!(found.len(), 26);
	let exhibits = group(&rows, &found);
	for Exhibit { earlier, later } in &exhibits {
		let bytes: usize = earlier.iter().chain(later).map(|row| rows[*row].len()).sum();
		assert!(bytes <= MAX_EXHIBIT_BYTES as usize && later.len() <= MAX_LATER as usize);
	}
	let [earlier, later] = exhibits[0].contents(&rows);
	assert_eq!((earlier, later.len()), (vec![original.into_bytes()], 4));
	let hash = |row: &String| sp_crypto_hashing::blake2_256(row.as_bytes()).into();
	let announced = Announced::Exhibit {
		earlier: vec![hash(&rows[0])],
		later: exhibits[0].later.iter().map(|row| hash(&rows[*row])).collect(),
	};
	assert_eq!(exhibits[0].announced(&rows), announced);
	// Four long ones, then two with fourteen short ones, then six.
	let sizes: Vec<usize> = exhibits.iter().map(|exhibit| exhibit.later.len()).collect();
	assert_eq!(sizes, [4, 16, 6]);
}
