//! Contributors who share blocks are paid on the real chain.

use super::{
	attacks::scene::{block_of, diminishing, on_chain, party, transact, Row},
	*,
};
use std::collections::BTreeMap;

/// Contributor `n` teaches one thing and has so many bytes.
fn row(n: u32) -> Row {
	Row { teaches: vec![n], bytes: 1_000 * (n + 1), ..Default::default() }
}

#[test]
fn fees_should_reach_all_members_when_contributors_share_blocks() {
	on_chain(1, |scene| {
		let names: Vec<String> = (0..10).map(|n| format!("member {n}")).collect();
		let all: Vec<&str> = names.iter().map(String::as_str).collect();
		scene.curve = diminishing;
		scene.blocks = 4;
		scene.endow(&all);
		scene.hire();
		scene.create();
		for (n, name) in (0..).zip(&all) {
			assert_ok!(scene.contribute(name, &[row(n)]));
		}
		scene.publish();
		let model = scene.train();
		// Of what half of them teach.
		for _ in 0..3 {
			scene.ask(model, |unit| unit < 5);
		}
		scene.finish();
		let keeper = party("keeper");
		let published = pallet_datanets::Versions::<Runtime>::get(0, 1).unwrap();
		let distribute =
			|block| pallet_datanets::Call::distribute { datanet: 0, version: 1, block };
		let earned: Vec<Balance> = (published.blocks.iter())
			.map(|block| Balances::total_balance(&block.owner))
			.collect();
		let before: BTreeMap<&str, Balance> =
			all.iter().map(|name| (*name, Datanets::claimable(0, party(name).id))).collect();
		assert!(earned.iter().any(|amount| *amount > UNIT), "{earned:?}");
		let block_of = block_of(1);
		for (index, amount) in (0u16..).zip(&earned) {
			if *amount == 0 {
				assert!(transact(&keeper, distribute(index)).is_err());
				continue;
			}
			assert_ok!(transact(&keeper, distribute(index)));
			let mut shared = 0;
			for (n, name) in (0u32..).zip(&all) {
				let who = party(name).id;
				if block_of[&who] != index {
					continue;
				}
				let part = Datanets::claimable(0, who) - before[name];
				let bytes = u128::from(1_000 * (n + 1));
				let due = amount * bytes / u128::from(published.blocks[usize::from(index)].bytes);
				assert!(part.abs_diff(due) <= 1, "{name}: {part} of {due}");
				shared += part;
			}
			assert_eq!(shared, *amount);
		}
	});
}
