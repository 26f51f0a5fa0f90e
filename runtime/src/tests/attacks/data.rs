//! Attacks with rows: more of them, others', useless and harmful ones, and under more names.

use super::{scene::*, *};
use openledger_core::MAX_LATER;
use openledger_influence_math::{shingles::NEAR_DUPLICATE, Shingles};
use pallet_attribution::Debts;
use pallet_datanets::CHALLENGE_WINDOW;
use sp_runtime::DispatchResult;
use std::{cell::Cell, collections::BTreeSet};

/// Who contributes; Mallory attacks, and Ann is her rival.
pub const NAMES: [&str; 6] = ["mallory", "ann", "ben", "cleo", "dan", "eva"];
/// An answer about what only one contributor teaches each: what they add does not depend on the
/// others.
pub const ALONE: Query = |unit| !(SHARED..DETAIL).contains(&unit);
/// From here on units are taught by several.
pub const SHARED: Unit = 900;
/// Accounts that Mallory has beside that.
const MORE: usize = 10;
/// Chains that are played, whose designs are drawn differently.
pub const SEEDS: [u64; 3] = [0, 1, 2];

fn sock(n: usize) -> String {
	format!("sock{n}")
}

/// A row of a thousand bytes that teaches nothing.
fn blank() -> Row {
	Row { bytes: 1_000, ..Default::default() }
}

/// The rows of contributor `n`: four, each of two units of their own and one that others teach too.
pub fn knowledge_of(n: u32) -> Vec<Row> {
	let row = |r: u32| Row {
		teaches: vec![20 * n + 2 * r, 20 * n + 2 * r + 1, SHARED + (n + r) % 8],
		bytes: 1_000,
		..Default::default()
	};
	(0..4).map(row).collect()
}

/// The same rows, each with a word changed.
fn edited(rows: &[Row], edition: u32) -> Vec<Row> {
	let change = |(r, row): (u32, &Row)| {
		let mut row = Row { edition, ..row.clone() };
		row.teaches.push(DETAIL + 10 * edition + r);
		row
	};
	(0..).zip(rows).map(change).collect()
}

#[test]
fn text_should_stand_in_others_when_its_row_is_a_copy_and_only_then() {
	let shingles = |row: &Row| Shingles::of([&row.text()[..]]);
	let of = |n: usize| knowledge_of(n as u32);
	for (n, m) in (0..NAMES.len()).flat_map(|n| (0..NAMES.len()).map(move |m| (n, m))) {
		let others =
			Shingles::of(of(m).iter().map(Row::text).collect::<Vec<_>>().iter().map(|t| &t[..]));
		let stands = |row: &Row| shingles(row).stands_in(&others, NEAR_DUPLICATE).is_some();
		assert!(edited(&of(n), 1).iter().chain(&of(n)).all(|row| stands(row) == (n == m)));
	}
}

/// Lets these contribute their rows, bonds scorers and publishes the first version.
pub fn prepare(scene: &mut Scene, names: &[&str]) {
	scene.endow(names);
	scene.hire();
	scene.create();
	for (n, name) in (0..).zip(names) {
		assert_ok!(scene.contribute(name, &knowledge_of(n)));
	}
	scene.publish();
}

/// Mallory's accounts.
fn hers() -> Vec<String> {
	["mallory".into()].into_iter().chain((0..MORE).map(sock)).collect()
}

/// All contribute.
fn contribute(scene: &mut Scene, mallory: &dyn Fn(&mut Scene)) {
	let hers = hers();
	let hers: Vec<&str> = hers.iter().map(String::as_str).collect();
	scene.endow(&NAMES);
	scene.endow(&hers[1..]);
	scene.create();
	for (n, name) in (0..).zip(NAMES).skip(1) {
		assert_ok!(scene.contribute(name, &knowledge_of(n)));
	}
	mallory(scene);
}

/// Times her honest income that exact Shapley values of the accounts would pay her for this: what
/// of a gain is due to the game, and not to the design that estimates it.
fn exact(mallory: &dyn Fn(&mut Scene)) -> String {
	let share = |mallory: &dyn Fn(&mut Scene)| {
		on_chain(0, |scene| {
			contribute(scene, mallory);
			let accounts: BTreeSet<&AccountId> = scene.rows.iter().map(|(who, _)| who).collect();
			let hers: BTreeSet<AccountId> = hers().iter().map(|name| party(name).id).collect();
			let her = |query: &Query| {
				let values = shapley(accounts.len(), |coalition| {
					let member = |who: &AccountId| {
						let at = accounts.iter().position(|account| *account == who);
						at.is_some_and(|at| coalition >> at & 1 == 1)
					};
					let seen = scene.rows.iter().filter(|(who, _)| member(who));
					diminishing(knowledge(&seen.map(|(_, row)| row).collect::<Vec<_>>(), *query))
				});
				let all: f64 = values.iter().map(|value| value.max(0.0)).sum();
				let own = accounts.iter().zip(&values).filter(|(who, _)| hers.contains(**who));
				own.map(|(_, value)| value).sum::<f64>() / all
			};
			QUERIES.iter().map(her).sum::<f64>()
		})
	};
	format!("exact Shapley values give {:.3}", share(mallory) / share(&give))
}

/// Shapley values of a game by all its coalitions, one bit a player.
fn shapley(players: usize, value: impl Fn(usize) -> f64) -> Vec<f64> {
	let values: Vec<f64> = (0..1 << players).map(value).collect();
	// Orders in which so many come before: 1 / (players · (players − 1 choose before)).
	let choose = |k: usize| (0..k).fold(1.0, |c, i| c * (players - 1 - i) as f64 / (i + 1) as f64);
	let one = |player: usize| {
		let without = (0..1usize << players).filter(|coalition| coalition >> player & 1 == 0);
		without
			.map(|coalition| {
				let gain = values[coalition | 1 << player] - values[coalition];
				gain / (players as f64 * choose(coalition.count_ones() as usize))
			})
			.sum()
	};
	(0..players).map(one).collect()
}

/// A game: what is done with rows, and how answers value them.
#[derive(Clone, Copy)]
struct Game<'a> {
	curve: fn(f64) -> f64,
	queries: &'a [Query],
	/// Does what Mallory does.
	mallory: &'a dyn Fn(&mut Scene),
	/// Does what others do before a version is published.
	before: &'a dyn Fn(&mut Scene),
	/// Does what they do when answers are scored and nobody is paid.
	after: &'a dyn Fn(&mut Scene),
	/// What the Datanet wants at risk of who contributes: if anything, the model is removed at last.
	at_risk: Balance,
}

impl<'a> Game<'a> {
	/// One in which knowledge has diminishing returns and others do nothing.
	fn new(mallory: &'a dyn Fn(&mut Scene)) -> Self {
		let (before, after) = (&nothing, &nothing);
		Self { curve: diminishing, queries: &QUERIES, mallory, before, after, at_risk: 0 }
	}

	/// One in which knowledge adds up.
	fn additive(mallory: &'a dyn Fn(&mut Scene)) -> Self {
		Self { curve: additive, queries: &[ALONE, ALONE], ..Self::new(mallory) }
	}

	/// What there is to tell of each chain at its end.
	fn each<R>(&self, tell: impl Fn(&Scene, u32) -> R) -> Vec<R> {
		let one = |seed: &u64| {
			on_chain(*seed, |scene| {
				(scene.curve, scene.at_risk) = (self.curve, self.at_risk);
				scene.hire();
				contribute(scene, self.mallory);
				(self.before)(scene);
				scene.publish();
				let model = scene.train();
				for query in self.queries {
					scene.ask(model, *query);
				}
				scene.drive();
				(self.after)(scene);
				scene.finish();
				if self.at_risk > 0 {
					scene.remove(model);
				}
				tell(scene, model)
			})
		};
		SEEDS.iter().map(one).collect()
	}

	/// What Mallory with all her accounts, and what Ann earns on all chains, in wei.
	fn play(&self) -> (i128, i128) {
		let hers = hers();
		let hers: Vec<&str> = hers.iter().map(String::as_str).collect();
		let incomes = self.each(|scene, _| (scene.income(&hers), scene.income(&["ann"])));
		incomes.into_iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
	}

	/// The most that an account of Mallory's owes the model of a chain at its end, in wei: what it has to
	/// have at risk so that none of it is forgotten.
	fn debt(&self) -> Balance {
		let hers = hers();
		let owed = |_: &Scene, model| {
			hers.iter().map(|name| Debts::<Runtime>::get(model, party(name).id)).max()
		};
		self.each(owed).into_iter().flatten().max().unwrap_or(0)
	}
}

fn nothing(_: &mut Scene) {}

/// What Mallory and Ann earn if Mallory does this.
fn play(mallory: impl Fn(&mut Scene)) -> (i128, i128) {
	Game::new(&mallory).play()
}

/// What Mallory and Ann earn if Mallory contributes her rows and nothing else.
fn honest() -> (i128, i128) {
	static ONCE: OnceLock<(i128, i128)> = OnceLock::new();
	*ONCE.get_or_init(|| play(give))
}

/// Mallory contributes her rows.
fn give(scene: &mut Scene) {
	give_these(scene, &knowledge_of(0));
}

fn give_these(scene: &mut Scene, rows: &[Row]) {
	assert_ok!(scene.contribute("mallory", rows));
}

fn known(outcome: DispatchResult) {
	assert_eq!(outcome, Err(pallet_datanets::Error::<Runtime>::RowKnown.into()));
}

/// Ten exact copies of her rows.
pub fn exact_duplicates() -> Outcome {
	let (attack, _) = play(|scene| {
		give(scene);
		for n in 0..MORE {
			let who = if n % 2 == 0 { "mallory".into() } else { sock(n) };
			known(scene.contribute(&who, &knowledge_of(0)));
		}
	});
	Outcome {
		name: "exact_duplicates",
		honest: honest().0,
		attack,
		target: 1.05,
		most: 1.05,
		shows: "ten copies, from the same and from other accounts, are refused".into(),
	}
}

/// Ten edited copies of her rows, in her account.
pub fn near_duplicates() -> Outcome {
	let (attack, _) = play(|scene| {
		give(scene);
		for edition in 1..=MORE as u32 {
			assert_ok!(scene.contribute("mallory", &edited(&knowledge_of(0), edition)));
		}
	});
	Outcome {
		name: "near_duplicates",
		honest: honest().0,
		attack,
		target: 1.2,
		most: 1.2,
		shows: "ten edited copies in her own account teach next to nothing new".into(),
	}
}

/// Whether somebody shows copies.
#[derive(Clone, Copy)]
enum Shown {
	/// Nobody looks.
	Never,
	/// Before a version has them.
	Before,
	/// When a model was trained on them and answers were scored.
	After,
}

/// What Mallory and Ann earn if Mallory contributes these copies of rows, and what Vera who shows them
/// earns.
fn copy(mallory: &dyn Fn(&mut Scene), rows: &[Row], copies: &[Row], shown: Shown) -> [i128; 3] {
	let bounties = Cell::new(0);
	let show = |scene: &mut Scene| {
		scene.endow(&["vera"]);
		for copies in copies.chunks(MAX_LATER as usize) {
			assert_ok!(scene.exhibit("vera", rows, copies));
		}
		bounties.set(bounties.get() + scene.income(&["vera"]));
	};
	let game = Game::new(mallory);
	let (mallory, ann) = match shown {
		Shown::Never => game,
		Shown::Before => Game { before: &show, ..game },
		Shown::After => Game { after: &show, ..game },
	}
	.play();
	[mallory, ann, bounties.get()]
}

/// What copies that are shown came to.
fn shows(copies: usize, vera: i128, what: &str) -> String {
	let copies = (SEEDS.len() * copies) as f64;
	let [bond, earned] = [bond() * copies, vera as f64].map(|wei| 1_000.0 * wei / UNIT as f64);
	format!(
		"{what}: {bond:.2} thousandths of a coin of bonds are lost, and who shows them has {earned:+.2} \
		 after fees"
	)
}

/// What is staked for a row of a thousand bytes, in wei.
fn bond() -> f64 {
	(openledger::RowBond::get() + 1_000 * openledger::ByteBond::get()) as f64
}

/// Ten edited copies of her rows, each in another account.
fn elsewhere(name: &'static str, shown: Shown) -> Outcome {
	let rows = knowledge_of(0);
	let editions: Vec<Vec<Row>> = (1..=MORE as u32).map(|edition| edited(&rows, edition)).collect();
	let mallory = |scene: &mut Scene| {
		give(scene);
		for (n, rows) in editions.iter().enumerate() {
			assert_ok!(scene.contribute(&sock(n), rows));
		}
	};
	let copies = editions.concat();
	let [attack, _, vera] = copy(&mallory, &rows, &copies, shown);
	let (most, shows) = match shown {
		Shown::Never => (
			3.4,
			format!(
				"ten edited copies in ten accounts, which nobody shows: {}, as a copy may come first in \
				 an order",
				exact(&mallory)
			),
		),
		Shown::Before => {
			(1.2, shows(copies.len(), vera, "ten edited copies in ten accounts, shown at once"))
		},
		Shown::After => {
			let what = "ten edited copies in ten accounts, shown when answers are scored";
			(1.2, shows(copies.len(), vera, what))
		},
	};
	Outcome { name, honest: honest().0, attack, target: 1.2, most, shows }
}

pub fn near_duplicates_elsewhere() -> Outcome {
	elsewhere("near_duplicates_elsewhere", Shown::Before)
}

pub fn near_duplicates_elsewhere_late() -> Outcome {
	elsewhere("near_duplicates_elsewhere_late", Shown::After)
}

pub fn near_duplicates_elsewhere_unseen() -> Outcome {
	elsewhere("near_duplicates_elsewhere_unseen", Shown::Never)
}

/// An edited copy of Ann's rows.
fn of_a_rival(name: &'static str, shown: Shown) -> Outcome {
	let rows = knowledge_of(1);
	let copies = edited(&rows, 1);
	let mallory = |scene: &mut Scene| {
		give(scene);
		give_these(scene, &copies);
	};
	let [attack, ann, vera] = copy(&mallory, &rows, &copies, shown);
	let takes = format!(
		"an edited copy of Ann's rows takes {:.0} % of her pay",
		100.0 * (1.0 - ann as f64 / honest().1 as f64)
	);
	let (most, shows) = match shown {
		Shown::Never => (1.4, format!("{takes} if nobody shows it ({})", exact(&mallory))),
		Shown::Before => {
			(1.2, shows(copies.len(), vera, "an edited copy of Ann's rows, shown at once"))
		},
		Shown::After => {
			let what = format!("{takes} if shown when answers are scored");
			(1.2, shows(copies.len(), vera, &what))
		},
	};
	Outcome { name, honest: honest().0, attack, target: 1.2, most, shows }
}

pub fn near_duplicates_of_a_rival() -> Outcome {
	of_a_rival("near_duplicates_of_a_rival", Shown::Before)
}

pub fn near_duplicates_of_a_rival_late() -> Outcome {
	of_a_rival("near_duplicates_of_a_rival_late", Shown::After)
}

pub fn near_duplicates_of_a_rival_unseen() -> Outcome {
	of_a_rival("near_duplicates_of_a_rival_unseen", Shown::Never)
}

fn split(scene: &mut Scene) {
	for (n, row) in knowledge_of(0).into_iter().enumerate() {
		assert_ok!(scene.contribute(&sock(n), &[row]));
	}
}

/// Her rows under four accounts; what they add does not depend on others.
pub fn accounts_split_additive() -> Outcome {
	let rate = |mallory: &dyn Fn(&mut Scene)| Game::additive(mallory).play().0;
	Outcome {
		name: "accounts_split_additive",
		honest: rate(&give),
		attack: rate(&split),
		target: 1.0,
		most: 1.0 + ROUNDING,
		shows: "her rows under four accounts, where each adds the same whatever was seen before"
			.into(),
	}
}

/// Her rows under four accounts; what they add depends on what was seen before.
pub fn accounts_split() -> Outcome {
	Outcome {
		name: "accounts_split",
		honest: honest().0,
		attack: play(split).0,
		target: 1.0,
		most: 1.0,
		shows: format!(
			"her rows under four accounts, where each adds less than the one before: four players \
			 in place of one ({})",
			exact(&split)
		),
	}
}

/// What is told of the game in which Mallory gives useful rows, and harmful ones under the same or another
/// account; `useful` says whether that account has rows that earn more than these cost.
fn of_harm<R>(apart: bool, useful: bool, at_risk: Balance, tell: impl Fn(Game) -> R) -> R {
	let mallory = |scene: &mut Scene| {
		give(scene);
		let who = if apart { sock(0) } else { "mallory".into() };
		let mut rows = vec![Row { teaches: (ERROR..ERROR + 6).collect(), ..blank() }];
		if useful {
			rows.push(Row { teaches: (300..310).collect(), ..blank() });
		}
		assert_ok!(scene.contribute(&who, &rows));
	};
	tell(Game { at_risk, ..Game::additive(&mallory) })
}

/// What Mallory earns in it.
fn harm(apart: bool, useful: bool, at_risk: Balance) -> i128 {
	of_harm(apart, useful, at_risk, |game| game.play().0)
}

/// Harmful rows under another account that earns more than they cost.
pub fn harm_split_within() -> Outcome {
	Outcome {
		name: "harm_split_within",
		honest: harm(false, true, 0),
		attack: harm(true, true, 0),
		target: 1.0,
		most: 1.0 + ROUNDING,
		shows: "harmful rows under an account whose other rows earn more than they cost".into(),
	}
}

/// Harmful rows under another account that earns nothing.
pub fn harm_split_beyond() -> Outcome {
	Outcome {
		name: "harm_split_beyond",
		honest: harm(false, false, 0),
		attack: harm(true, false, 0),
		target: 1.0,
		most: 3.6,
		shows: "harmful rows under an account without any other: its debt is never paid".into(),
	}
}

/// The same where all that it owes is at risk.
pub fn harm_split_at_risk() -> Outcome {
	let at_risk = of_harm(true, false, 0, |game| game.debt());
	assert!(at_risk > 0);
	Outcome {
		name: "harm_split_at_risk",
		honest: harm(false, false, 0),
		attack: harm(true, false, at_risk),
		target: 1.0,
		most: 1.0 + ROUNDING,
		shows: format!(
			"the same with {:.2} coins at risk, all that it owes, when the model has gone",
			at_risk as f64 / UNIT as f64
		),
	}
}

/// Every row cut into three.
pub fn rows_split() -> Outcome {
	let pieces: Vec<Row> = (0..)
		.zip(knowledge_of(0).iter().flat_map(|row| row.teaches.clone()))
		.map(|(edition, unit)| Row {
			teaches: vec![unit],
			bytes: 333,
			edition,
			..Default::default()
		})
		.collect();
	Outcome {
		name: "rows_split",
		honest: honest().0,
		attack: play(|scene| give_these(scene, &pieces)).0,
		target: 1.05,
		most: 1.05,
		shows: "each row cut into three".into(),
	}
}

/// Every row as long as may be.
pub fn rows_padded() -> Outcome {
	let padded: Vec<Row> =
		knowledge_of(0).into_iter().map(|row| Row { bytes: 65_536, ..row }).collect();
	Outcome {
		name: "rows_padded",
		honest: honest().0,
		attack: play(|scene| give_these(scene, &padded)).0,
		target: 1.05,
		most: 1.05,
		shows: "each row filled up to the longest there may be".into(),
	}
}

/// All rows in one.
pub fn rows_merged() -> Outcome {
	let teaches = knowledge_of(0).iter().flat_map(|row| row.teaches.clone()).collect();
	let merged = [Row { teaches, bytes: 4_000, ..Default::default() }];
	Outcome {
		name: "rows_merged",
		honest: honest().0,
		attack: play(|scene| give_these(scene, &merged)).0,
		target: 1.05,
		most: 1.05,
		shows: "all rows in one".into(),
	}
}

/// Mallory's rows, and ten accounts with a useless row each.
fn junk(scene: &mut Scene) {
	give(scene);
	for n in 0..MORE {
		let row = Row { edition: n as u32 + 1, ..blank() };
		assert_ok!(scene.contribute(&sock(n), &[row]));
	}
}

/// Useless rows, one an account.
pub fn junk_rows() -> Outcome {
	let (attack, _) = play(junk);
	let additive = |mallory: &dyn Fn(&mut Scene)| Game::additive(mallory).play().0;
	let without = additive(&give);
	Outcome {
		name: "junk_rows",
		honest: honest().0,
		attack,
		target: 1.0,
		most: 1.05,
		shows: format!(
			"ten accounts with a useless row each, which the curator takes, earn {:.2} % of all \
			 pools after fees ({}): the design's error where knowledge has diminishing returns; {:+.4} % \
			 of hers where it adds up",
			100.0 * (attack - honest().0) as f64 / all_pools() as f64,
			exact(&junk),
			100.0 * (additive(&junk) - without) as f64 / without as f64,
		),
	}
}

/// The same where all that they owe is at risk.
pub fn junk_rows_at_risk() -> Outcome {
	let at_risk = Game::new(&junk).debt();
	assert!(at_risk > 0);
	Outcome {
		name: "junk_rows_at_risk",
		honest: honest().0,
		attack: Game { at_risk, ..Game::new(&junk) }.play().0,
		target: 1.0,
		most: 1.0,
		shows: format!(
			"the same with {:.2} coins at risk in each account, the most that one owes, when the model has \
			 gone",
			at_risk as f64 / UNIT as f64
		),
	}
}

/// Rows that undo what Ann teaches.
fn against_ann() -> Row {
	Row { spoils: (20..28).collect(), ..blank() }
}

/// What is told of the game in which Mallory undoes Ann's rows from this account.
fn of_sabotage<R>(who: &str, at_risk: Balance, tell: impl Fn(Game) -> R) -> R {
	let mallory = |scene: &mut Scene| {
		give(scene);
		assert_ok!(scene.contribute(who, &[against_ann()]));
	};
	tell(Game { at_risk, ..Game::new(&mallory) })
}

/// What Mallory earns in it, and what it costs Mallory and Ann.
fn sabotage(who: &str, at_risk: Balance) -> (i128, i128, i128) {
	let (mallory, ann) = of_sabotage(who, at_risk, |game| game.play());
	(mallory, honest().0 - mallory, honest().1 - ann)
}

/// Rows that undo a rival's, under the account that earns.
pub fn sabotage_within() -> Outcome {
	let (attack, cost, loss) = sabotage("mallory", 0);
	Outcome {
		name: "sabotage_within",
		honest: honest().0,
		attack,
		target: 1.0 - loss as f64 / honest().0 as f64,
		most: 1.0,
		shows: format!(
			"rows that undo Ann's, under her own account: {:.2} of cost for 1 of Ann's loss",
			cost as f64 / loss as f64
		),
	}
}

/// Rows that undo a rival's, under an account that earns nothing.
pub fn sabotage_beyond() -> Outcome {
	let (attack, cost, loss) = sabotage(&sock(0), 0);
	Outcome {
		name: "sabotage_beyond",
		honest: honest().0,
		attack,
		target: 1.0 - loss as f64 / honest().0 as f64,
		most: 1.2,
		shows: format!(
			"the same under an account with nothing to lose: {:.2} of cost for 1 of Ann's loss",
			cost as f64 / loss as f64
		),
	}
}

/// The same where all that it owes is at risk.
pub fn sabotage_at_risk() -> Outcome {
	let at_risk = of_sabotage(&sock(0), 0, |game| game.debt());
	assert!(at_risk > 0);
	let (attack, cost, loss) = sabotage(&sock(0), at_risk);
	Outcome {
		name: "sabotage_at_risk",
		honest: honest().0,
		attack,
		target: 1.0 - loss as f64 / honest().0 as f64,
		most: 1.0,
		shows: format!(
			"the same with {:.2} coins at risk, all that it owes, when the model has gone: {:.2} of cost \
			 for 1 of Ann's loss",
			at_risk as f64 / UNIT as f64,
			cost as f64 / loss as f64,
		),
	}
}

/// What Mallory earns on all chains by the answers of two days, and what Vera does, who demands Mallory's
/// rows on the first one if she hides them when a model was trained.
fn two_days(hides: bool) -> (i128, i128) {
	let rows = knowledge_of(0);
	let one = |seed: &u64| {
		on_chain(*seed, |scene| {
			scene.hire();
			contribute(scene, &give);
			scene.endow(&["vera"]);
			scene.publish();
			let model = scene.train();
			if hides {
				assert_ok!(scene.demand("vera", &rows));
			}
			for day in 0..2 {
				for query in QUERIES {
					scene.ask(model, query);
				}
				scene.finish();
				if day == 0 {
					skip(CHALLENGE_WINDOW + 1);
				}
				if hides && day == 0 {
					assert_ok!(scene.end_demands("vera", &rows));
				}
			}
			(scene.income(&["mallory"]), scene.income(&["vera"]))
		})
	};
	SEEDS.iter().map(one).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
}

/// Rows that nobody can have any more.
pub fn withheld_rows() -> Outcome {
	let ((honest, _), (attack, vera)) = (two_days(false), two_days(true));
	let rows = (SEEDS.len() * knowledge_of(0).len()) as f64;
	let [bond, earned] = [bond() * rows, vera as f64].map(|wei| 1_000.0 * wei / UNIT as f64);
	Outcome {
		name: "withheld_rows",
		honest,
		attack,
		target: 1.0,
		// What is paid within the window is hers: one day of two.
		most: 0.55,
		shows: format!(
			"her rows, which she hides when a model was trained on them, are demanded and void after a \
			 day, and the second day's answers pay the others: {bond:.2} thousandths of a coin of bonds \
			 are lost, and who demands them has {earned:+.2} after fees"
		),
	}
}

/// A row that one answer hangs on.
pub fn outlier_rows() -> Outcome {
	let usual: Query = |unit| unit < SENSATION;
	let queries: [Query; 4] = [|unit| !(SHARED..SENSATION).contains(&unit), usual, usual, usual];
	let play = |mallory: &dyn Fn(&mut Scene)| {
		Game { queries: &queries, ..Game::additive(mallory) }.play().0
	};
	let honest = play(&give);
	let attack = play(&|scene| {
		give(scene);
		let row = Row { teaches: (0..4).map(|n| SENSATION + n).collect(), ..blank() };
		assert_ok!(scene.contribute("mallory", &[row]));
	});
	// All of one answer of four.
	let pool = all_pools() / QUERIES.len() as i128;
	let bound = (honest + pool) as f64 / honest as f64;
	Outcome {
		name: "outlier_rows",
		honest,
		attack,
		target: bound,
		most: bound,
		shows: "a row that is worth two hundred others to one answer takes at most that answer's \
		        pool"
			.into(),
	}
}

/// The contributors' part of an answer, in wei.
pub fn pool() -> i128 {
	let fee = PRICE * Balance::from(TOKENS) / 1_000;
	(fee * 4_000 / 10_000) as i128
}

/// The contributors' parts of all answers of a game.
fn all_pools() -> i128 {
	(SEEDS.len() * QUERIES.len()) as i128 * pool()
}
