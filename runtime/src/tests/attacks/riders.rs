//! Attacks on groups: contributors who share a block divide its pay by size, so that one whose rows teach
//! nothing rides on its neighbours' rows.
//!
//! What each contributor teaches adds the same whatever was seen before, so all figures follow from
//! arithmetic. With `N` contributors of the same size a group of `n` is due `n/N` of the pools, and
//! `(n − 1)/(N − 1)` if one of it gives junk: what the others teach of what all others teach. The rider has an
//! n-th part of either.

use super::{
	data::{knowledge_of, ALONE, NAMES, SEEDS, SHARED},
	scene::*,
	*,
};

/// Blocks of the version.
const BLOCKS: u16 = 3;
/// Members of a group, if nobody bought a block.
const MEMBERS: usize = NAMES.len() / BLOCKS as usize;
/// The batches that Mallory gives, after one of each other: her first row, and the others.
const BATCHES: [u32; 2] = [NAMES.len() as u32 - 1, NAMES.len() as u32];
/// What estimates and roundings may add.
const SLACK: f64 = 1.005;

/// What is done about Mallory's rows.
#[derive(Clone, Copy)]
enum Remedy {
	/// Nothing: the curator takes them.
	Nothing,
	/// The curator rejects them.
	Rejected,
	/// Vera shows that they are copies of the first one.
	Shown,
	/// The curator takes them, and Ann buys a block.
	Left,
}

/// A row in several editions, none of which says what an answer is about.
fn junk() -> Vec<Row> {
	let edition =
		|edition| Row { teaches: vec![SHARED + 90], bytes: 1_000, edition, spoils: vec![] };
	(1..=4).map(edition).collect()
}

/// What Mallory, who contributes these rows, and one other contributor earn on all chains: who shares
/// a block with her, or Ann if nobody does or she has bought one.
fn play(rows: &[Row], remedy: Remedy) -> (i128, i128) {
	let (first, others) = rows.split_at(1);
	let one = |seed: &u64| {
		on_chain(*seed, |scene| {
			(scene.curve, scene.blocks) = (additive, BLOCKS);
			scene.endow(&NAMES);
			scene.endow(&["vera"]);
			scene.hire();
			scene.create();
			for (n, name) in (0..).zip(NAMES).skip(1) {
				assert_ok!(scene.contribute(name, &knowledge_of(n)));
			}
			for rows in [first, others] {
				assert_ok!(scene.contribute("mallory", rows));
			}
			match remedy {
				Remedy::Nothing => {},
				Remedy::Rejected => {
					for (batch, rows) in BATCHES.into_iter().zip([first, others]) {
						assert_ok!(scene.reject(batch, rows));
					}
				},
				Remedy::Shown => {
					assert_ok!(scene.exhibit("vera", first, others));
				},
				Remedy::Left => scene.buy_block("ann"),
			}
			scene.publish();
			let model = scene.train();
			for query in [ALONE, ALONE] {
				scene.ask(model, query);
			}
			scene.finish();
			scene.distribute();

			let blocks = block_of(1);
			let block = |name: &str| blocks.get(&party(name).id);
			let neighbours: Vec<&str> = (NAMES.into_iter().skip(1))
				.filter(|name| block("mallory").is_some() && block(name) == block("mallory"))
				.collect();
			let other = match remedy {
				Remedy::Nothing | Remedy::Shown => {
					assert_eq!(neighbours.len(), MEMBERS - 1);
					neighbours[0]
				},
				Remedy::Rejected | Remedy::Left => {
					assert!(!neighbours.contains(&"ann"));
					"ann"
				},
			};
			(scene.income(&["mallory"]), scene.income(&[other]))
		})
	};
	SEEDS.iter().map(one).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
}

/// What Mallory and her neighbour earn with honest rows.
fn honest() -> (i128, i128) {
	static ONCE: OnceLock<(i128, i128)> = OnceLock::new();
	*ONCE.get_or_init(|| play(&knowledge_of(0), Remedy::Nothing))
}

/// What a contributor lost, of what it would have.
fn loss(honest: i128, attack: i128) -> f64 {
	1.0 - attack as f64 / honest as f64
}

/// What a group of so many is due with a member that teaches nothing, over what it is due without.
fn due(members: usize) -> f64 {
	let (members, all) = (members as f64, NAMES.len() as f64);
	(members - 1.0) / (all - 1.0) / (members / all)
}

/// Junk beside an honest member.
pub fn free_rider() -> Outcome {
	let (honest, neighbours) = honest();
	let (attack, neighbour) = play(&junk(), Remedy::Nothing);
	let lost = loss(neighbours, neighbour);
	assert!(0.0 < lost && lost <= 1.0 / MEMBERS as f64, "{lost}");
	Outcome {
		name: "free_rider",
		honest,
		attack,
		target: 1.0,
		most: due(MEMBERS) * SLACK,
		shows: format!(
			"junk in a group of {MEMBERS}, which the curator takes, is paid by size: its neighbour loses \
			 {:.0} %",
			100.0 * lost
		),
	}
}

/// The same, and the curator looks.
pub fn free_rider_rejected() -> Outcome {
	let (honest, neighbours) = honest();
	let (attack, neighbour) = play(&junk(), Remedy::Rejected);
	assert!(neighbour >= neighbours, "{neighbour} < {neighbours}");
	Outcome {
		name: "free_rider_rejected",
		honest,
		attack,
		target: 0.0,
		most: 0.0,
		shows: format!(
			"the same junk, which the curator rejects: nobody has it for a neighbour, and who is honest \
			 gains {:.0} %",
			-100.0 * loss(neighbours, neighbour)
		),
	}
}

/// The same, and somebody shows that the rows are one row again and again.
pub fn free_rider_shown() -> Outcome {
	let (honest, neighbours) = honest();
	let rows = junk();
	let (attack, neighbour) = play(&rows, Remedy::Shown);
	// One row of hers is left beside all of theirs.
	let left = 1.0 / (rows.len() * (MEMBERS - 1) + 1) as f64;
	let (part, lost) = (left * MEMBERS as f64, loss(neighbours, neighbour));
	assert!(lost <= 1.0 / 20.0, "{lost}");
	Outcome {
		name: "free_rider_shown",
		honest,
		attack,
		target: 1.0,
		most: part * due(MEMBERS) * SLACK,
		shows: format!(
			"the same junk, whose copies are shown: it is paid for the one row that is left, and its \
			 neighbour loses {:.0} %",
			100.0 * lost
		),
	}
}

/// The same, and Ann does not want it for a neighbour.
pub fn free_rider_left() -> Outcome {
	let (honest, apart) = play(&knowledge_of(0), Remedy::Left);
	let (attack, still_apart) = play(&junk(), Remedy::Left);
	assert!(still_apart >= apart, "{still_apart} < {apart}");
	Outcome {
		name: "free_rider_left",
		honest,
		attack,
		target: 1.0,
		// The others are as many as before in one block less: her group is one larger at most.
		most: due(MEMBERS + 1) * SLACK,
		shows: format!(
			"the same junk, and Ann has bought a block: she loses nothing to it any more, {:+.0} %",
			-100.0 * loss(apart, still_apart)
		),
	}
}
