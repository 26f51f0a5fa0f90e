use crate::{
	mock::{Datanets, *},
	*,
};
use frame::testing_prelude::*;
use openledger_core::Hash;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Accounts of contributors; they are rich.
fn crowd(n: u64) -> Vec<u64> {
	let crowd: Vec<u64> = (1_000..1_000 + n).collect();
	crowd.iter().for_each(|who| {
		Balances::set_balance(who, RICH);
	});
	crowd
}

/// A row of each, of so many bytes.
fn given(crowd: &[u64], bytes: impl Fn(u64) -> u32) -> Vec<BatchId> {
	let give = |who: &u64| {
		let batch = crate::Datanets::<Test>::get(0).unwrap().next_batch;
		let row = Row { hash: Hash::from_low_u64_be(*who), bytes: bytes(*who) };
		assert_ok!(Datanets::contribute(origin(*who), 0, rows(&[row])));
		assert_ok!(Datanets::review(origin(OWNER), 0, batch, Verdict::Accept(GOOD)));
		batch
	};
	crowd.iter().map(give).collect()
}

fn publish_in(batches: &[BatchId], blocks: u16) -> DispatchResult {
	Datanets::publish_in(origin(OWNER), 0, batches.to_vec().try_into().unwrap(), blocks)
}

/// The members of each block of version 1.
fn members() -> Vec<BTreeSet<u64>> {
	let published = Versions::<Test>::get(0, 1).unwrap();
	let mut members = vec![BTreeSet::new(); published.blocks.len()];
	for (batch, block) in published.batches.iter().zip(&published.block_of) {
		let who = Batches::<Test>::get(0, batch).unwrap().contributor;
		members[usize::from(*block)].insert(who);
	}
	members
}

fn group(block: u16) -> u64 {
	Datanets::group(0, 1, block).unwrap()
}

#[test]
fn publish_in_should_deal_groups_when_contributors_are_more_than_blocks() {
	build_and_execute(|| {
		create();
		let crowd = crowd(20);
		let batches = given(&crowd, |who| who as u32);
		assert_ok!(publish_in(&batches, 6));
		let dealt = members();
		let sizes: Vec<usize> = dealt.iter().map(BTreeSet::len).collect();
		assert_eq!(sizes, [4, 4, 3, 3, 3, 3]);
		let all: BTreeSet<u64> = dealt.iter().flatten().copied().collect();
		assert_eq!(all, crowd.iter().copied().collect());
		let (root, blocks, _) = Datanets::version(0, 1).unwrap();
		for (index, block) in blocks.iter().enumerate() {
			let bytes: u64 = dealt[index].iter().sum();
			assert_eq!((block.owner, block.bytes), (group(index as u16), bytes));
			assert_eq!(block.rows as usize, dealt[index].len());
		}
		// What the groups are depends on what nobody knew; what is trained on does not.
		Drawn::set(Hash::repeat_byte(8));
		assert_ok!(publish_in(&batches, 6));
		assert_eq!(Datanets::version(0, 2).unwrap().0, root);
		let of = |version| Versions::<Test>::get(0, version).unwrap().block_of;
		assert_ne!(of(1), of(2));
		assert_ne!(Datanets::group(0, 1, 0), Datanets::group(0, 2, 0));
	});
}

#[test]
fn publish_in_should_give_blocks_of_their_own_when_they_were_bought() {
	build_and_execute(|| {
		create();
		let crowd = crowd(20);
		let batches = given(&crowd, |_| 10);
		let before = Balances::total_balance(&crowd[3]);
		assert_ok!(Datanets::buy_block(origin(crowd[3]), 0, BLOCK_PRICE));
		assert_eq!(Balances::total_balance(&crowd[3]), before - BLOCK_PRICE);
		// To the accepted rows, its own among them.
		assert_eq!(Datanets::claimable(0, crowd[0]), BLOCK_PRICE / 20);
		assert_ok!(Datanets::buy_block(origin(crowd[7]), 0, BLOCK_PRICE));
		assert_noop!(publish_in(&batches, 3), Error::<Test>::TooFewBlocks);
		assert_ok!(publish_in(&batches, 4));
		let (_, blocks, _) = Datanets::version(0, 1).unwrap();
		let owners: Vec<u64> = blocks.iter().map(|block| block.owner).collect();
		assert_eq!(owners, [crowd[3], crowd[7], group(2), group(3)]);
		assert_eq!(members()[0], BTreeSet::from([crowd[3]]));
		assert_noop!(Datanets::distribute(origin(BOB), 0, 1, 0), Error::<Test>::NoGroup);

		assert_ok!(Datanets::leave_block(origin(crowd[3]), 0));
		assert_noop!(Datanets::leave_block(origin(crowd[3]), 0), Error::<Test>::HasNoBlock);
		assert_ok!(publish_in(&batches, 4));
		assert_eq!(Datanets::version(0, 2).unwrap().1[0].owner, crowd[7]);
	});
}

#[test]
fn buy_block_should_fail_when_it_is_of_no_use() {
	build_and_execute(|| {
		create();
		let crowd = crowd(u64::from(MAX_APART) + 1);
		let buy = |who, maximum| Datanets::buy_block(origin(who), 0, maximum);
		assert_noop!(buy(crowd[0], BLOCK_PRICE), Error::<Test>::NoRow);
		given(&crowd, |_| 10);
		assert_noop!(buy(crowd[0], BLOCK_PRICE - 1), Error::<Test>::AboveMaximum);
		let unknown = Datanets::buy_block(origin(crowd[0]), 1, BLOCK_PRICE);
		assert_noop!(unknown, Error::<Test>::NoDatanet);
		let (last, first) = crowd.split_last().unwrap();
		for who in first {
			assert_ok!(buy(*who, BLOCK_PRICE));
		}
		assert_noop!(buy(crowd[0], BLOCK_PRICE), Error::<Test>::HasBlock);
		assert_noop!(buy(*last, BLOCK_PRICE), Error::<Test>::NoBlocksLeft);
	});
}

#[test]
fn publish_in_should_fail_when_groups_would_be_too_large_or_blocks_too_many() {
	build_and_execute(|| {
		create();
		let crowd = crowd(u64::from(MAX_MEMBERS) + 1);
		let batches = given(&crowd, |_| 1);
		for blocks in [0, 1] {
			assert_noop!(publish_in(&batches, blocks), Error::<Test>::TooFewBlocks);
		}
		assert_noop!(publish_in(&batches, 257), Error::<Test>::TooManyBlocks);
		assert_ok!(publish_in(&batches[..batches.len() - 1], 1));
		assert_ok!(publish_in(&batches, 2));
	});
}

#[test]
fn distribute_should_pay_members_by_what_is_left_of_their_rows_when_some_withdrew() {
	build_and_execute(|| {
		create();
		let crowd = crowd(4);
		let batches = given(&crowd, |who| who as u32 - 999);
		assert_ok!(publish_in(&batches, 1));
		let distribute = || Datanets::distribute(origin(BOB), 0, 1, 0);
		assert_noop!(distribute(), Error::<Test>::NothingToClaim);
		earn(group(0), 1_000_000);
		assert_ok!(distribute());
		let claimable =
			|| -> Vec<u128> { crowd.iter().map(|who| Datanets::claimable(0, *who)).collect() };
		assert_eq!(claimable(), [100_000, 200_000, 300_000, 400_000]);
		let hash = Hash::from_low_u64_be(crowd[3]);
		assert_ok!(Datanets::withdraw_row(origin(crowd[3]), 0, hash));
		earn(group(0), 600_000);
		assert_ok!(distribute());
		assert_eq!(claimable(), [200_000, 400_000, 600_000, 400_000]);
		for who in &crowd[..3] {
			let hash = Hash::from_low_u64_be(*who);
			assert_ok!(Datanets::withdraw_row(origin(*who), 0, hash));
		}
		// Nobody is left: as with everything that accepted rows are given, the owner has it then.
		earn(group(0), 10_000);
		let before = Balances::free_balance(OWNER);
		assert_ok!(distribute());
		assert_eq!(Balances::free_balance(OWNER), before + 10_000);
		assert_eq!(claimable(), [200_000, 400_000, 600_000, 400_000]);
	});
}

#[test]
fn remove_version_should_fail_when_a_group_has_money() {
	build_and_execute(|| {
		create();
		let batches = given(&crowd(3), |_| 10);
		assert_ok!(publish_in(&batches, 2));
		assert_ok!(publish_in(&batches, 2));
		earn(group(1), 5_000);
		let remove = || Datanets::remove_version(origin(OWNER), 0, 1);
		assert_noop!(remove(), Error::<Test>::NotDivided);
		assert_ok!(Datanets::distribute(origin(BOB), 0, 1, 1));
		assert_ok!(remove());
		assert_noop!(Datanets::distribute(origin(BOB), 0, 1, 1), Error::<Test>::NoVersion);
	});
}

#[test]
fn close_should_fail_when_somebody_has_a_block() {
	build_and_execute(|| {
		create();
		let crowd = crowd(1);
		given(&crowd, |_| 10);
		assert_ok!(Datanets::buy_block(origin(crowd[0]), 0, BLOCK_PRICE));
		let hash = Hash::from_low_u64_be(crowd[0]);
		assert_ok!(Datanets::withdraw_row(origin(crowd[0]), 0, hash));
		assert_ok!(Datanets::claim_for(origin(BOB), 0, crowd[0]));
		System::set_block_number(System::block_number() + u64::from(WINDOW) + 1);
		assert_ok!(Datanets::release_bond(origin(BOB), 0, hash));
		assert_noop!(Datanets::close(origin(OWNER), 0), Error::<Test>::NotEmpty);
		assert_ok!(Datanets::leave_block(origin(crowd[0]), 0));
		assert_ok!(Datanets::close(origin(OWNER), 0));
	});
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(32))]

	/// Whatever groups earn is owed to members to the last unit, in proportion to their bytes.
	#[test]
	fn distribute_should_conserve_money_when_groups_earn(
		sizes in prop::collection::vec(1u32..60_000, 2..40),
		blocks in 1u16..10,
		pay in prop::collection::vec(1_000u128..1 << 80, 10),
	) {
		build_and_execute(|| {
			create();
			let crowd = crowd(sizes.len() as u64);
			let batches = given(&crowd, |who| sizes[(who - 1_000) as usize]);
			assert_ok!(publish_in(&batches, blocks));
			let (_, cut, _) = Datanets::version(0, 1).unwrap();
			let dealt = members();
			let mut due = BTreeMap::<u64, (u128, u128)>::new();
			for (index, (block, pay)) in (0u16..).zip(cut.iter().zip(&pay)) {
				if block.owner != group(index) {
					continue;
				}
				earn(block.owner, *pay);
				assert_ok!(Datanets::distribute(origin(BOB), 0, 1, index));
				let mut shared = 0;
				for who in &dealt[usize::from(index)] {
					let owed = Datanets::claimable(0, *who);
					shared += owed;
					let bytes = u128::from(sizes[(who - 1_000) as usize]);
					due.insert(*who, (owed, pay * bytes / u128::from(block.bytes)));
				}
				assert_eq!(shared, *pay);
			}
			for (who, (owed, due)) in due {
				assert!(owed.abs_diff(due) <= 1, "{who}: {owed} of {due}");
			}
		});
	}
}
