//! Benchmarks of the calls, each in its worst case.
//!
//! Where costs are not linear they are convex, so that a line through both ends (`--steps 2`) is
//! nowhere below them.
#![allow(missing_docs)]

use super::*;
use frame::benchmarking::prelude::*;
use openledger_core::{commitment, Announced, Hash};

/// In wei.
const FORTUNE: Balance = 1_000_000_000_000_000_000_000_000;
const TERMS: Terms = Terms {
	rights: Rights::FINE_TUNE,
	price: FORTUNE / 1_000,
	period: 100,
	curator_cut: 1_000,
	at_risk: FORTUNE / 1_000,
};
const SCORES: Scores = Scores { authenticity: 100, ownership: 100, quality: 100, uniqueness: 100 };

fn rich<T: Config>(name: &'static str, n: u32) -> T::AccountId {
	let who = account(name, n, 0);
	T::Currency::mint_into(&who, FORTUNE).expect("nobody is that rich; qed");
	who
}

fn name() -> Name {
	BoundedVec::truncate_from(alloc::vec![b'a'; MAX_NAME as usize])
}

/// `n` rows that no other batch has.
fn rows(batch: u32, n: u32) -> Rows {
	let hash = |i: u32| Hash::from_low_u64_be((u64::from(batch) << 32) | u64::from(i));
	BoundedVec::truncate_from((0..n).map(|i| Row { hash: hash(i), bytes: 1_000 }).collect())
}

fn datanet<T: Config>(owner: &T::AccountId) -> DatanetId {
	Pallet::<T>::do_create(owner.clone(), name(), TERMS).expect("the owner is rich; qed")
}

/// A contributor who has at risk what the terms want.
fn contributor<T: Config>(datanet: DatanetId, n: u32) -> T::AccountId {
	let who = rich::<T>("contributor", n);
	Pallet::<T>::do_put_at_risk(who.clone(), datanet, FORTUNE).expect("rich; qed");
	who
}

/// The batch that contributor `n` gives.
fn batch<T: Config>(datanet: DatanetId, n: u32, count: u32) -> (T::AccountId, BatchId) {
	let contributor = contributor::<T>(datanet, n);
	let batch = Pallet::<T>::do_contribute(contributor.clone(), datanet, rows(n, count))
		.expect("the rows are new; qed");
	(contributor, batch)
}

fn accepted<T: Config>(curator: &T::AccountId, datanet: DatanetId, n: u32) -> BatchId {
	let (_, batch) = batch::<T>(datanet, n, 1);
	Pallet::<T>::do_review(curator.clone(), datanet, batch, Verdict::Accept(SCORES))
		.expect("the owner curates; qed");
	batch
}

/// Batches of as many contributors, copies of an accepted one, and what each has in `Contributors`.
fn many<T: Config>(curator: &T::AccountId, datanet: DatanetId, n: u32) -> Vec<BatchId> {
	let first = accepted::<T>(curator, datanet, 0);
	let share = Contributors::<T>::get(datanet, account::<T::AccountId>("contributor", 0, 0));
	for i in 1..n {
		let contributor: T::AccountId = account("contributor", i, 0);
		let batch = Batches::<T>::get(datanet, first).expect("it was given; qed");
		Contributors::<T>::insert(datanet, &contributor, share.clone());
		Batches::<T>::insert(datanet, first + i, Batch { contributor, ..batch });
	}
	(first..first + n).collect()
}

/// What announces something with salt zero.
fn announced<T: Config>(who: &T::AccountId, id: DatanetId, what: &Announced) -> DispatchResult {
	Pallet::<T>::do_announce(who.clone(), commitment(who, id, what, &Hash::zero()))
}

/// `n` bytes of letters that cost most to make canonical: capitals of two bytes, at random, so that
/// no two shingles are the same.
fn text(seed: u32, n: u32) -> Content {
	let blocks = (0..n.div_ceil(64)).flat_map(|i| frame::hashing::blake2_256(&(seed, i).encode()));
	// Ā to Į, each followed by its small letter.
	let letters = blocks.flat_map(|byte| [0xc4, 0x80 + byte % 24 * 2]);
	BoundedVec::truncate_from(letters.take(n as usize).collect())
}

/// The row with a content.
fn row_of(content: &[u8]) -> Row {
	Row { hash: frame::hashing::blake2_256(content).into(), bytes: content.len() as u32 }
}

/// Somebody demands a row.
fn demanded<T: Config>(id: DatanetId, hash: Hash) -> DispatchResult {
	Pallet::<T>::do_demand(rich::<T>("demander", 0), id, hash).map(|_| ())
}

/// Contributors, of which all but the last have bought a block; returns the last and the first.
fn all_but_one_apart<T: Config>(
	owner: &T::AccountId,
	id: DatanetId,
) -> Result<(T::AccountId, T::AccountId), BenchmarkError> {
	T::Currency::mint_into(&Pallet::<T>::pot(), FORTUNE)?;
	let contributor = |n| account::<T::AccountId>("contributor", n, 0);
	for n in 0..MAX_APART {
		accepted::<T>(owner, id, n);
	}
	for n in 0..MAX_APART - 1 {
		Pallet::<T>::do_buy_block(contributor(n), id, FORTUNE)?;
	}
	Ok((contributor(MAX_APART - 1), contributor(0)))
}

#[benchmarks]
mod benches {
	use super::*;

	#[cfg(test)]
	use crate::mock::{state, Test};
	impl_benchmark_test_suite!(Pallet, state(), Test);

	#[benchmark]
	fn create() {
		let (owner, id) = (rich::<T>("owner", 0), NextDatanet::<T>::get());

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), name(), TERMS);

		assert!(Datanets::<T>::contains_key(id));
	}

	#[benchmark]
	fn set_terms() {
		let owner = rich::<T>("owner", 0);
		let id = datanet::<T>(&owner);
		let terms = Terms { price: 1, ..TERMS };

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id, terms);

		assert!(Datanets::<T>::get(id).is_some_and(|datanet| datanet.terms == terms));
	}

	#[benchmark]
	fn set_curator() {
		let (owner, curator) = (rich::<T>("owner", 0), account::<T::AccountId>("curator", 0, 0));
		let id = datanet::<T>(&owner);

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id, curator.clone());

		assert!(Datanets::<T>::get(id).is_some_and(|datanet| datanet.curator == curator));
	}

	#[benchmark]
	fn contribute(n: Linear<1, MAX_ROWS>) {
		let id = datanet::<T>(&rich::<T>("owner", 0));
		let contributor = contributor::<T>(id, 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(contributor), id, rows(0, n));

		assert!(Batches::<T>::contains_key(id, 0));
	}

	#[benchmark]
	fn accept() {
		let owner = rich::<T>("owner", 0);
		let id = datanet::<T>(&owner);
		let (_, batch) = batch::<T>(id, 0, 1);

		#[extrinsic_call]
		review(RawOrigin::Signed(owner), id, batch, Verdict::Accept(SCORES));

		assert_eq!(RowRewards::<T>::get(id).bytes, 1_000);
	}

	#[benchmark]
	fn reject(n: Linear<1, MAX_ROWS>) {
		let owner = rich::<T>("owner", 0);
		let id = datanet::<T>(&owner);
		let (_, batch) = batch::<T>(id, 0, n);
		let verdict = Verdict::Reject { reason: Reason::Quality, rows: rows(0, n) };

		#[extrinsic_call]
		review(RawOrigin::Signed(owner), id, batch, verdict);

		assert_eq!(RowIndex::<T>::iter_prefix(id).count(), 0);
	}

	/// Batches of as many contributors.
	#[benchmark]
	fn publish(n: Linear<1, MAX_BATCHES>) {
		let owner = rich::<T>("owner", 0);
		let id = datanet::<T>(&owner);
		let batches = many::<T>(&owner, id, n);

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id, BoundedVec::truncate_from(batches));

		assert!(Versions::<T>::contains_key(id, 1));
	}

	#[benchmark]
	fn buy_licence() {
		let owner = rich::<T>("owner", 0);
		let id = datanet::<T>(&owner);
		accepted::<T>(&owner, id, 0);
		T::Currency::mint_into(&Pallet::<T>::pot(), FORTUNE).expect("nobody is; qed");
		let builder = rich::<T>("builder", 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(builder.clone()), id, Rights::FINE_TUNE, FORTUNE);

		assert!(Licences::<T>::contains_key(id, builder));
	}

	#[benchmark]
	fn claim_for() -> Result<(), BenchmarkError> {
		let owner = rich::<T>("owner", 0);
		let id = datanet::<T>(&owner);
		accepted::<T>(&owner, id, 0);
		T::Currency::mint_into(&Pallet::<T>::pot(), FORTUNE)?;
		<Pallet<T> as openledger_core::Datanets<_>>::reward_rows(id, &owner, FORTUNE / 10)?;
		let contributor: T::AccountId = account("contributor", 0, 0);
		let before = T::Currency::balance(&contributor);

		#[extrinsic_call]
		_(RawOrigin::Signed(account("anybody", 0, 0)), id, contributor.clone());

		assert!(T::Currency::balance(&contributor) > before);
		Ok(())
	}

	#[benchmark]
	fn withdraw_row() {
		let owner = rich::<T>("owner", 0);
		let id = datanet::<T>(&owner);
		let (contributor, batch) = batch::<T>(id, 0, MAX_ROWS);
		Pallet::<T>::do_review(owner, id, batch, Verdict::Accept(SCORES)).expect("curated; qed");
		let row = rows(0, 1)[0];

		#[extrinsic_call]
		_(RawOrigin::Signed(contributor), id, row.hash);

		assert!(!RowIndex::<T>::contains_key(id, row.hash));
	}

	/// A batch of which `n` rows are left.
	#[benchmark]
	fn recommit(n: Linear<1, { MAX_ROWS - 1 }>) -> Result<(), BenchmarkError> {
		let id = datanet::<T>(&rich::<T>("owner", 0));
		let (contributor, batch) = batch::<T>(id, 0, n + 1);
		let mut left = rows(0, n + 1).into_inner();
		let row = left.remove(0);
		Pallet::<T>::do_withdraw_row(contributor, id, row.hash)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(account("anybody", 0, 0)), id, batch, BoundedVec::truncate_from(left));

		assert!(Batches::<T>::get(id, batch).is_some_and(|batch| batch.root.is_some()));
		Ok(())
	}

	#[benchmark]
	fn remove_licence() -> Result<(), BenchmarkError> {
		let owner = rich::<T>("owner", 0);
		let id = datanet::<T>(&owner);
		accepted::<T>(&owner, id, 0);
		let builder = rich::<T>("builder", 0);
		Pallet::<T>::do_buy_licence(builder.clone(), id, Rights::FINE_TUNE, FORTUNE)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(builder.clone()), id, builder.clone());

		assert!(!Licences::<T>::contains_key(id, builder));
		Ok(())
	}

	/// The largest one, after the next.
	#[benchmark]
	fn remove_version() -> Result<(), BenchmarkError> {
		let owner = rich::<T>("owner", 0);
		let id = datanet::<T>(&owner);
		let batches = BoundedVec::truncate_from(many::<T>(&owner, id, MAX_BATCHES));
		for batches in [batches.clone(), batches] {
			Pallet::<T>::do_publish(owner.clone(), id, batches, MAX_BLOCKS as u16)?;
		}

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id, 1);

		assert!(!Versions::<T>::contains_key(id, 1));
		Ok(())
	}

	#[benchmark]
	fn close() {
		let owner = rich::<T>("owner", 0);
		let id = datanet::<T>(&owner);

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id);

		assert!(!Datanets::<T>::contains_key(id));
	}

	#[benchmark]
	fn announce() {
		let who = rich::<T>("contributor", 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), Hash::zero());

		assert!(Announcements::<T>::contains_key(who, Hash::zero()));
	}

	/// Every row is registered by somebody else and accepted.
	#[benchmark]
	fn contribute_announced(n: Linear<1, MAX_ROWS>) -> Result<(), BenchmarkError> {
		let owner = rich::<T>("owner", 0);
		let id = datanet::<T>(&owner);
		let contributor = contributor::<T>(id, MAX_ROWS);
		frame_system::Pallet::<T>::set_block_number(1u32.into());
		let mut all = Vec::new();
		for i in 0..n {
			all.extend(rows(i, 1));
		}
		let all: Rows = BoundedVec::truncate_from(all);
		announced::<T>(&contributor, id, &Announced::Batch(Pallet::<T>::root(&all)))?;
		frame_system::Pallet::<T>::set_block_number(2u32.into());
		for i in 0..n {
			accepted::<T>(&owner, id, i);
		}

		#[extrinsic_call]
		_(RawOrigin::Signed(contributor), id, all, Hash::zero());

		assert_eq!(Batches::<T>::iter_prefix(id).count(), 1);
		Ok(())
	}

	/// `l` rows of as many contributors, a fifth of `n` bytes, stand in four of one contributor.
	#[benchmark]
	fn exhibit(
		n: Linear<8_000, MAX_EXHIBIT_BYTES>,
		l: Linear<1, MAX_LATER>,
	) -> Result<(), BenchmarkError> {
		let owner = rich::<T>("owner", 0);
		let id = datanet::<T>(&owner);
		let (length, part) = (n / (MAX_EARLIER + 1), n / (MAX_EARLIER + 1) / l);
		let earlier: Vec<Content> = (0..MAX_EARLIER).map(|i| text(i, length)).collect();
		let later: Vec<Content> = (0..l)
			.map(|i| {
				let (of, from) = (&earlier[(i % MAX_EARLIER) as usize], i / MAX_EARLIER * part);
				let end = from.saturating_add(part) as usize;
				BoundedVec::truncate_from(of[from as usize..end].to_vec())
			})
			.collect();
		// Equal texts are one row.
		let later: Vec<Content> = later
			.into_iter()
			.map(|mut row| {
				if earlier.contains(&row) {
					row.pop();
				}
				row
			})
			.collect();
		let give = |n: u32, rows: &[Content]| -> Result<(), DispatchError> {
			let rows = BoundedVec::truncate_from(rows.iter().map(|row| row_of(row)).collect());
			let batch = Pallet::<T>::do_contribute(contributor::<T>(id, n), id, rows)?;
			Pallet::<T>::do_review(owner.clone(), id, batch, Verdict::Accept(SCORES))
		};
		give(0, &earlier)?;
		for (i, row) in later.iter().enumerate() {
			// Another row stays in the batch.
			give(1 + i as u32, &[row.clone(), text(u32::MAX - i as u32, 100)])?;
		}
		let exhibitor = rich::<T>("exhibitor", 0);
		let hashes = |rows: &[Content]| rows.iter().map(|row| row_of(row).hash).collect();
		let what = Announced::Exhibit { earlier: hashes(&earlier), later: hashes(&later) };
		announced::<T>(&exhibitor, id, &what)?;
		let shown = frame_system::Pallet::<T>::block_number() + NOTICE.into();
		frame_system::Pallet::<T>::set_block_number(shown);
		T::Currency::mint_into(&T::ProtocolPot::get(), FORTUNE)?;
		let (earlier, later) =
			(BoundedVec::truncate_from(earlier), BoundedVec::truncate_from(later));

		#[extrinsic_call]
		_(RawOrigin::Signed(exhibitor), id, earlier, later, Hash::zero());

		assert_eq!(RowIndex::<T>::iter_prefix(id).count() as u32, MAX_EARLIER + l);
		Ok(())
	}

	#[benchmark]
	fn retract() -> Result<(), BenchmarkError> {
		let who = rich::<T>("contributor", 0);
		Pallet::<T>::do_announce(who.clone(), Hash::zero())?;

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), who.clone(), Hash::zero());

		assert!(!Announcements::<T>::contains_key(who, Hash::zero()));
		Ok(())
	}

	#[benchmark]
	fn release_bond() -> Result<(), BenchmarkError> {
		let id = datanet::<T>(&rich::<T>("owner", 0));
		let (contributor, _) = batch::<T>(id, 0, 1);
		let hash = rows(0, 1)[0].hash;
		Pallet::<T>::do_withdraw_row(contributor, id, hash)?;
		let later = frame_system::Pallet::<T>::block_number() + (WINDOW + 1).into();
		frame_system::Pallet::<T>::set_block_number(later);

		#[extrinsic_call]
		_(RawOrigin::Signed(account("anybody", 0, 0)), id, hash);

		assert!(!Withdrawn::<T>::contains_key(id, hash));
		Ok(())
	}

	/// Of a version of two groups.
	#[benchmark]
	fn distribute(m: Linear<1, MAX_MEMBERS>) -> Result<(), BenchmarkError> {
		let owner = rich::<T>("owner", 0);
		let id = datanet::<T>(&owner);
		let batches = BoundedVec::truncate_from(many::<T>(&owner, id, (2 * m).max(3)));
		T::Currency::mint_into(&Pallet::<T>::pot(), FORTUNE)?;
		Pallet::<T>::do_publish(owner.clone(), id, batches, 2)?;
		let group = Pallet::<T>::group(id, 1, 1).expect("accounts are hashes; qed");
		T::Currency::mint_into(&group, FORTUNE)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id, 1, 1);

		assert_eq!(T::Currency::balance(&group), 0);
		Ok(())
	}

	/// The last block that may be bought.
	#[benchmark]
	fn buy_block() -> Result<(), BenchmarkError> {
		let owner = rich::<T>("owner", 0);
		let id = datanet::<T>(&owner);
		let (who, _) = all_but_one_apart::<T>(&owner, id)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(who), id, FORTUNE);

		assert_eq!(Apart::<T>::get(id).len() as u32, MAX_APART);
		Ok(())
	}

	/// The first of as many as there may be.
	#[benchmark]
	fn leave_block() -> Result<(), BenchmarkError> {
		let owner = rich::<T>("owner", 0);
		let id = datanet::<T>(&owner);
		let (last, first) = all_but_one_apart::<T>(&owner, id)?;
		Pallet::<T>::do_buy_block(last, id, FORTUNE)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(first), id);

		assert_eq!(Apart::<T>::get(id).len() as u32, MAX_APART - 1);
		Ok(())
	}

	#[benchmark]
	fn put_at_risk() {
		let id = datanet::<T>(&rich::<T>("owner", 0));
		let contributor = rich::<T>("contributor", 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(contributor.clone()), id, FORTUNE);

		assert!(AtRisk::<T>::contains_key(id, contributor));
	}

	#[benchmark]
	fn release_at_risk() {
		let owner = rich::<T>("owner", 0);
		let id = datanet::<T>(&owner);
		let contributor = contributor::<T>(id, 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id, contributor.clone());

		assert!(!AtRisk::<T>::contains_key(id, contributor));
	}

	#[benchmark]
	fn demand() -> Result<(), BenchmarkError> {
		let owner = rich::<T>("owner", 0);
		let id = datanet::<T>(&owner);
		let (_, batch) = batch::<T>(id, 0, MAX_ROWS);
		Pallet::<T>::do_review(owner, id, batch, Verdict::Accept(SCORES))?;
		let (who, hash) = (rich::<T>("demander", 0), rows(0, 1)[0].hash);

		#[extrinsic_call]
		_(RawOrigin::Signed(who), id, hash);

		assert!(Demands::<T>::contains_key(id, hash));
		Ok(())
	}

	/// A row of `n` bytes that was withdrawn when it was demanded.
	#[benchmark]
	fn show(n: Linear<1, MAX_ROW_BYTES>) -> Result<(), BenchmarkError> {
		let owner = rich::<T>("owner", 0);
		let id = datanet::<T>(&owner);
		let (contributor, content) = (contributor::<T>(id, 0), text(0, n));
		let row = row_of(&content);
		let given = BoundedVec::truncate_from(alloc::vec![row]);
		let batch = Pallet::<T>::do_contribute(contributor.clone(), id, given)?;
		Pallet::<T>::do_review(owner, id, batch, Verdict::Accept(SCORES))?;
		demanded::<T>(id, row.hash)?;
		Pallet::<T>::do_withdraw_row(contributor, id, row.hash)?;
		let who = rich::<T>("anybody", 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(who), id, content);

		assert!(!Demands::<T>::contains_key(id, row.hash));
		Ok(())
	}

	/// Others stay in the batch.
	#[benchmark]
	fn end_demand() -> Result<(), BenchmarkError> {
		let owner = rich::<T>("owner", 0);
		let id = datanet::<T>(&owner);
		let (_, batch) = batch::<T>(id, 0, MAX_ROWS);
		Pallet::<T>::do_review(owner, id, batch, Verdict::Accept(SCORES))?;
		let hash = rows(0, 1)[0].hash;
		demanded::<T>(id, hash)?;
		T::Currency::mint_into(&T::ProtocolPot::get(), FORTUNE)?;
		let later = frame_system::Pallet::<T>::block_number() + (CHALLENGE_WINDOW + 1).into();
		frame_system::Pallet::<T>::set_block_number(later);

		#[extrinsic_call]
		_(RawOrigin::Signed(account("anybody", 0, 0)), id, hash);

		assert!(!RowIndex::<T>::contains_key(id, hash));
		Ok(())
	}

	/// Looks up the largest version.
	#[benchmark]
	fn read() -> Result<(), BenchmarkError> {
		let owner = rich::<T>("owner", 0);
		let id = datanet::<T>(&owner);
		let batches = BoundedVec::truncate_from(many::<T>(&owner, id, MAX_BATCHES));
		Pallet::<T>::do_publish(owner, id, batches, MAX_BLOCKS as u16)?;
		let version;

		#[block]
		{
			version = <Pallet<T> as openledger_core::Datanets<_>>::version(id, 1);
		}

		assert!(version.is_some());
		Ok(())
	}
}
