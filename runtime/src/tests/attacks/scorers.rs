//! Attacks of scorers, and on them.

use super::{
	data::{pool, prepare, NAMES},
	scene::*,
	*,
};
use openledger_influence_math::{design::permutation, Nats};
use pallet_attribution::{
	Committees, Drawable, Entropies, Finding, Findings, Phase, Receipts, Scorers, SeatId, Slashes,
	Stage, Work, DELAY, MAX_PANEL,
};
use sp_io::hashing::blake2_256;
use sp_runtime::transaction_validity::InvalidTransaction;

/// Answers that a chain scores.
const ANSWERS: usize = 24;

/// A chain with six contributors, of whom Mallory is the first, and a version that is paid for.
fn ready(scene: &mut Scene) -> u32 {
	prepare(scene, &NAMES);
	scene.train()
}

fn ask_all(scene: &mut Scene, model: u32) -> Vec<Hash> {
	(0..ANSWERS).map(|n| scene.ask(model, QUERIES[n % QUERIES.len()])).collect()
}

/// What one scorer earns while it does this, and how often it was slashed.
fn scorer_earns(prepare: impl Fn(&mut Scene, &AccountId)) -> (i128, usize) {
	on_chain(7, |scene| {
		let model = ready(scene);
		let name = scorer_name(0);
		let before = scene.income(&[&name]);
		prepare(scene, &party(&name).id);
		ask_all(scene, model);
		scene.drive();
		let slashed = Slashes::<Runtime>::iter_values()
			.filter(|slash| slash.who == party(&name).id)
			.count();
		scene.finish();
		(scene.income(&[&name]) - before, slashed)
	})
}

/// A scorer that copies what others commit to.
pub fn copying() -> Outcome {
	let (honest, _) = scorer_earns(|_, _| {});
	let (attack, slashed) = scorer_earns(|scene, copycat| {
		let copycat = copycat.clone();
		let own = copycat.clone();
		scene.behave = Box::new(move |who, _, truth| (*who != own).then_some(truth));
		scene.meddle = Box::new(move |scene| copy(scene, &copycat));
	});
	assert_eq!(slashed, 0);
	Outcome {
		name: "copying",
		honest,
		attack,
		target: 0.0,
		most: 0.0,
		shows: "a commitment binds its seat and key, so a copied one cannot be revealed".into(),
	}
}

/// Commits to what another seat committed to, and tries to reveal what that revealed.
fn copy(scene: &Scene, copycat: &AccountId) {
	for work in Committees::<Runtime>::iter_keys().collect::<Vec<_>>() {
		let committee = committee(work);
		let mut turn = committee.turn().map(|index| (index, &committee.seats[index]));
		let Some((index, own)) = turn.find(|(_, seat)| seat.scorer == *copycat) else { continue };
		let id = SeatId { work, attempt: committee.attempt, index: index as u8 };
		let other = committee
			.turn()
			.map(|index| (index, &committee.seats[index]))
			.find(|(_, seat)| seat.scorer != *copycat && seat.commitment.is_some());
		let Some((other, seat)) = other else { continue };
		match committee.stage {
			Stage::Commit if own.commitment.is_none() => {
				let commitment = seat.commitment.unwrap();
				assert_ok!(submit(commit_call(copycat, id, commitment)).unwrap());
			},
			Stage::Reveal { .. } if own.commitment.is_some() && !own.revealed => {
				let salt = salt(&SeatId { index: other as u8, ..id });
				let refused = submit(reveal_call(copycat, id, scene.truth(work), salt));
				let wrong = pallet_attribution::committee::invalid::WRONG_REVEAL;
				assert_eq!(refused, Err(InvalidTransaction::Custom(wrong).into()));
			},
			_ => {},
		}
	}
}

/// A vector that costs no work.
fn constant(truth: &Finding) -> Finding {
	match truth {
		Finding::Scores(y, spans) => {
			Finding::Scores(vec![-380 * 65_536; y.len()].try_into().unwrap(), *spans)
		},
		other => other.clone(),
	}
}

/// A scorer that reveals a constant.
pub fn lazy() -> Outcome {
	let (honest, _) = scorer_earns(|_, _| {});
	let (attack, slashed) = scorer_earns(|scene, lazy| {
		let lazy = lazy.clone();
		scene.behave = Box::new(move |who, _, truth| {
			Some(if *who == lazy { constant(&truth) } else { truth })
		});
	});
	assert_eq!(slashed, 1);
	Outcome {
		name: "lazy_scorer",
		honest,
		attack,
		target: 0.0,
		most: -1_000.0,
		shows: "one that reveals a constant disagrees, and a panel takes its bond".into(),
	}
}

/// What the members of all committees earn if they do this and every work is audited by honest
/// panels, with what that earns Mallory; and how many were slashed.
fn audited(
	patch: Value,
	lie: impl Fn(&AccountId, Work, &Finding) -> Finding + 'static,
) -> (i128, usize) {
	on_chain_with(7, patch, |scene| {
		let model = ready(scene);
		let names: Vec<String> = (0..SCORERS).map(scorer_name).collect();
		let all: Vec<&str> =
			["mallory"].into_iter().chain(names.iter().map(String::as_str)).collect();
		let before = scene.income(&all);
		scene.behave = Box::new(move |who, work, truth| {
			let first = committee(work).panel_from.is_none();
			Some(if first { lie(who, work, &truth) } else { truth })
		});
		// One after another: who is slashed is drawn no more.
		scene.ask(model, QUERIES[0]);
		scene.drive();
		let slashed = Slashes::<Runtime>::iter_keys().count();
		scene.finish();
		(scene.income(&all) - before, slashed)
	})
}

fn all_audited() -> Value {
	serde_json::json!({ "audit_rate": 10_000 })
}

/// A committee that reveals a constant.
pub fn lazy_committee() -> Outcome {
	let (honest, _) = audited(all_audited(), |_, _, truth| truth.clone());
	let (attack, slashed) = audited(all_audited(), |_, _, truth| constant(truth));
	assert_eq!(slashed, 3);
	Outcome {
		name: "lazy_committee",
		honest,
		attack,
		target: 0.0,
		most: -100.0,
		shows: "three that reveal the same constant agree, and all lose their bonds in an audit"
			.into(),
	}
}

/// The payer challenges what committees agree on if it is not what the payer knows.
fn challenge_what_differs(scene: &Scene) {
	for work in Committees::<Runtime>::iter_keys().collect::<Vec<_>>() {
		let committee = committee(work);
		let fresh = committee.stage == Stage::Review && committee.panel_from.is_none();
		if !fresh || !matches!(work, Work::Answer(_)) {
			continue;
		}
		let known = scene.truth(work);
		if Findings::<Runtime>::iter_prefix_values(work).any(|found| found != known) {
			assert_ok!(transact(&scene.payer, pallet_attribution::Call::challenge { work }));
		}
	}
}

/// A committee that reveals a constant about an answer whose vector the payer knows beforehand.
pub fn planted_query() -> Outcome {
	// What all scorers and the payer earn, and how many are slashed.
	let play = |lazy: bool| {
		on_chain_with(7, serde_json::json!({ "audit_rate": 0 }), |scene| {
			let model = ready(scene);
			let names: Vec<String> = (0..SCORERS).map(scorer_name).collect();
			let names: Vec<&str> = names.iter().map(String::as_str).collect();
			let (scorers, payer) = (scene.income(&names), scene.income(&["payer"]));
			scene.behave = Box::new(move |_, work, truth| {
				let first = committee(work).panel_from.is_none();
				Some(if lazy && first { constant(&truth) } else { truth })
			});
			scene.meddle = Box::new(challenge_what_differs);
			scene.ask(model, QUERIES[0]);
			scene.drive();
			let slashed = Slashes::<Runtime>::iter_keys().count();
			scene.finish();
			(scene.income(&names) - scorers, scene.income(&["payer"]) - payer, slashed)
		})
	};
	let ((honest, cost, none), (attack, gain, slashed)) = (play(false), play(true));
	assert_eq!((none, slashed), (0, 3));
	assert!(cost < 0 && gain > 0, "{cost} {gain}");
	Outcome {
		name: "planted_query",
		honest,
		attack,
		target: 0.0,
		most: -100.0,
		shows: format!(
			"three that reveal the same constant agree, and the payer, who knows the answer's vector, \
			 challenges them and has {:.0} coins of their bonds, its fee taken off",
			gain as f64 / UNIT as f64
		),
	}
}

/// A committee that shifts what it found by the tolerance.
pub fn biased() -> Outcome {
	let lie = |_: &AccountId, work: Work, truth: &Finding| bias(work, truth);
	let (unseen, slashed) = audited(serde_json::json!({ "audit_rate": 0 }), lie);
	assert_eq!(slashed, 0);
	let (truth, _) = audited(serde_json::json!({ "audit_rate": 0 }), |_, _, truth| truth.clone());
	let (honest, _) = audited(all_audited(), |_, _, truth| truth.clone());
	let (attack, slashed) = audited(all_audited(), lie);
	assert_eq!(slashed, 3);
	let gained = (unseen - truth) as f64 / pool() as f64;
	Outcome {
		name: "coherent_bias",
		honest,
		attack,
		target: 0.0,
		most: -100.0,
		shows: format!(
			"three of a class that shift every entry by the tolerance move {:.4} % of an answer's \
			 pool and lose their bonds in an audit",
			100.0 * gained
		),
	}
}

/// Shifts every entry by the tolerance, the way that pays Mallory's block, the first, most.
fn bias(work: Work, truth: &Finding) -> Finding {
	let Work::Answer(id) = work else { return truth.clone() };
	let Finding::Scores(y, spans) = truth else { return truth.clone() };
	let psi = psi(Receipts::<Runtime>::get(id).unwrap().model);
	let row = psi.rows().next().unwrap();
	let shift = settings().tolerance as Nats;
	let mut biased = y.to_vec();
	for (entry, weight) in biased.iter_mut().skip(1).zip(row) {
		*entry = (*entry + weight.signum() * shift).min(0);
	}
	Finding::Scores(biased.try_into().unwrap(), *spans)
}

/// A poster that looks for a receipt with a committee of its own.
pub fn grinding() -> Outcome {
	const TRIES: u64 = 10;
	// Scorers that would serve the poster: a third of all.
	let bad: Vec<AccountId> = (0..SCORERS / 3).map(|n| party(&scorer_name(n)).id).collect();
	let (mut first, mut best) = (0, 0);
	on_chain(9, |scene| {
		let model = ready(scene);
		// Seats of its scorers in the committee that a variant of a receipt draws, were it the one
		// that is posted now.
		let drawn = |variant: u64| {
			discarding(|| {
				let usual = scene.request(model);
				let request = openledger_core::Request {
					prompt: Hash::from_low_u64_be(variant),
					maximum: usual.maximum + Balance::from(variant),
					nonce: usual.nonce + variant,
					..usual
				};
				let work = Work::Answer(request.id());
				assert_ok!(transact(&scene.operator, scene.receipt(request)));
				run_to(now() + DELAY);
				let seats = committee(work).seats;
				seats.iter().filter(|seat| bad.contains(&seat.scorer)).count() as i128
			})
		};
		for _ in 0..8 {
			let seats: Vec<i128> = (0..TRIES).map(drawn).collect();
			first += seats[0];
			best += seats.iter().max().unwrap();
			run_to(now() + 3);
		}
	});
	Outcome {
		name: "grinding_a_committee",
		// Seats for coins.
		honest: first * UNIT as i128,
		attack: best * UNIT as i128,
		target: 1.0,
		most: 1.0,
		shows: format!(
			"seats of the poster's scorers in eight committees: {TRIES} variants of a receipt draw \
			 the same one, and it is drawn after the receipt is fixed"
		),
	}
}

/// The seed of a draw, as the runtime derives it.
fn seed(domain: &[u8], entropies: &impl Encode, of: (u64, u8)) -> Hash {
	(domain, entropies, of).using_encoded(blake2_256).into()
}

const COMMITTEE: &[u8] = b"openledger/committee/v1";
const AUDIT: &[u8] = b"openledger/audit/v1";

/// Fails unless the runtime draws the committees that `seed` and `permutation` give.
fn check_draws() {
	on_chain(11, |scene| {
		let model = ready(scene);
		let works: Vec<Work> = ask_all(scene, model).into_iter().map(Work::Answer).collect();
		let mut drawn = 0;
		while drawn < works.len() {
			let waiting = |work: &&Work| committee(**work).stage == Stage::Waiting;
			let before: Vec<&Work> = works.iter().filter(waiting).collect();
			next_block();
			for work in before.into_iter().filter(|work| !waiting(work)) {
				let committee = committee(*work);
				let of = (committee.sequence, committee.attempt);
				let seed = seed(COMMITTEE, &Entropies::<Runtime>::get(), of);
				let all = Drawable::<Runtime>::get();
				let expected = permutation(seed, all.len() as u16);
				for (seat, index) in committee.seats.iter().zip(expected) {
					assert_eq!(seat.scorer, all[usize::from(index)].0);
				}
				drawn += 1;
			}
		}
	});
}

/// The chance of at least `least` bad ones among `drawn` of `all`, `bad` of which are.
fn at_least(least: u32, drawn: u32, bad: u32, all: u32) -> f64 {
	let choose = |n: u32, k: u32| -> f64 {
		if k > n {
			return 0.0;
		}
		(0..k).map(|i| f64::from(n - i) / f64::from(k - i)).product()
	};
	(least..=drawn.min(bad))
		.map(|k| choose(bad, k) * choose(all - bad, drawn - k) / choose(all, drawn))
		.sum()
}

/// A third of all scorers that lie whenever all of a committee are theirs.
pub fn collusion() -> Outcome {
	check_draws();
	const DRAWS: u64 = 10_000;
	const ALL: u16 = 90;
	const BAD: u16 = ALL / 3;
	let settings = pallet_attribution::Parameters::default();
	let (mut unanimous, mut majorities, mut audits, mut panels, mut caught) = (0u32, 0, 0, 0, 0);
	for sequence in 0..DRAWS {
		let entropies = |part: u8| -> Vec<[u8; 32]> {
			(0..10u8).map(|n| (sequence, part, n).using_encoded(blake2_256)).collect()
		};
		let order = permutation(seed(COMMITTEE, &entropies(0), (sequence, 0)), ALL);
		let (seats, _) = order.split_at(settings.committee.into());
		let bad = seats.iter().filter(|index| **index < BAD).count();
		unanimous += u32::from(bad == seats.len());
		majorities += u32::from(bad * 2 > seats.len());
		let draw = seed(AUDIT, &entropies(1), (sequence, 0)).to_low_u64_be() % 10_000;
		let audited = draw < u64::from(settings.audit_rate);
		audits += u32::from(audited);
		let panel = permutation(seed(COMMITTEE, &entropies(2), (sequence, 1)), ALL)
			.into_iter()
			.filter(|index| !seats.contains(index))
			.take(settings.panel.into());
		let lost = panel.filter(|index| *index < BAD).count() as u32 > MAX_PANEL / 2;
		panels += u32::from(lost);
		caught += u32::from(audited && !lost);
	}
	let (all, bad) = (u32::from(ALL), u32::from(BAD));
	let rate = |count: u32| f64::from(count) / DRAWS as f64;
	let p = f64::from(settings.audit_rate) / 10_000.0;
	let panel = at_least(MAX_PANEL / 2 + 1, MAX_PANEL, bad, all);
	let lines = [
		("three of three", rate(unanimous), at_least(3, 3, bad, all), 1.0 / 27.0),
		("two of three", rate(majorities), at_least(2, 3, bad, all), 0.259),
		("eleven of a panel of 21", rate(panels), panel, 0.056),
		("an audit", rate(audits), p, p),
		("an audit that finds the lie", rate(caught), p * (1.0 - panel), p * (1.0 - 0.056)),
	];
	for (what, measured, exact, formula) in lines {
		println!(
			"{DRAWS} draws of {ALL} scorers, {BAD} collude: {what} {measured:.4}, \
			 without replacement {exact:.4}, formula {formula:.4}"
		);
		let error = (exact * (1.0 - exact) / DRAWS as f64).sqrt();
		assert!((measured - exact).abs() < 4.0 * error, "{what}: {measured} for {exact}");
	}
	// What the members earn honestly, and what a unanimous lie is worth if it takes the whole pool and
	// only audits look, which are likelier the more is at stake: at the pool that suits it best.
	let bond = settings.minimum_bond as f64;
	let most = settings.largest_pool() as f64;
	let survives = at_least(MAX_PANEL / 2 + 1, MAX_PANEL, bad - 3, all - 3);
	let worth = |pool: f64| {
		let reward = pool / 8.0 * 0.8;
		let found = (p + pool / most).min(1.0) * (1.0 - survives);
		(reward, (1.0 - found) * (reward + pool) - found * 3.0 * bond)
	};
	let pools = (1..=100).map(|n| most * f64::from(n) / 100.0);
	let (pool, (reward, lie)) = pools
		.map(|pool| (pool, worth(pool)))
		.max_by(|(_, (_, one)), (_, (_, other))| one.total_cmp(other))
		.unwrap();
	Outcome {
		name: "colluding_third",
		honest: reward as i128,
		attack: lie as i128,
		target: 1.0,
		most: 1.0,
		shows: format!(
			"a unanimous lie that nobody challenges, about the pool that suits it best of all up to \
			 {:.0} coins: {:.0} coin",
			most / UNIT as f64,
			pool / UNIT as f64,
		),
	}
}

/// Mallory serves answers and hides them from those who are to score them, so that her rows are paid by
/// their size.
pub fn withheld() -> Outcome {
	let earn = |hides: bool| {
		on_chain(17, |scene| {
			scene.operator = party("mallory");
			let model = ready(scene);
			if hides {
				scene.behave = Box::new(|_, work, truth| match work {
					Work::Answer(_) => Some(Finding::Withheld),
					Work::Training(_) | Work::Batch(_) => Some(truth),
				});
			}
			ask_all(scene, model);
			scene.drive();
			assert!(Slashes::<Runtime>::iter_keys().next().is_none());
			let withheld = |phase: &Phase| matches!(phase, Phase::Withheld { .. });
			assert!(Receipts::<Runtime>::iter_values().all(|one| withheld(&one.phase) == hides));
			scene.finish();
			scene.income(&["mallory"])
		})
	};
	let (honest, attack) = (earn(false), earn(true));
	Outcome {
		name: "withheld_answers",
		honest,
		attack,
		target: 1.0,
		most: 1.0,
		shows: "the operator, who contributes as well, hides prompts and answers from scorers: the prior \
		        pays by size and has the operator's part as well, each answer's deposit burns when it is pruned \
		        (not counted), and no scorer is slashed"
				.into(),
	}
}

/// What the operator earns if it says that its answers have so many tokens, what the payer has back of its
/// fees, as a part of them, and what becomes of the answers. Scorers count the tokens, or score what there
/// is.
fn claiming(tokens: u32, counted: bool) -> (i128, f64, Vec<Phase>) {
	on_chain(37, |scene| {
		let model = ready(scene);
		scene.claimed = tokens;
		if !counted {
			let y = scene.values(model, QUERIES[0]);
			scene.behave = Box::new(move |_, work, truth| match work {
				Work::Answer(_) => {
					Some(Finding::Scores(y.clone().try_into().unwrap(), Default::default()))
				},
				Work::Training(_) | Work::Batch(_) => Some(truth),
			});
		}
		let incomes = |scene: &Scene| ["operator", "payer"].map(|name| scene.income(&[name]));
		let before = incomes(scene);
		for _ in 0..4 {
			scene.ask(model, QUERIES[0]);
		}
		scene.drive();
		assert!(Slashes::<Runtime>::iter_keys().next().is_none());
		assert!(Scorers::<Runtime>::iter_values().all(|scorer| scorer.missed == 0));
		let receipts: Vec<_> = Receipts::<Runtime>::iter_values().collect();
		scene.finish();
		let after = incomes(scene);
		let fees: Balance = receipts.iter().map(|one| one.fee).sum();
		let back = after[1] - before[1] + fees as i128;
		let phases = receipts.into_iter().map(|one| one.phase).collect();
		(after[0] - before[0], back as f64 / fees as f64, phases)
	})
}

/// An operator that signs other numbers of tokens than its answers have.
pub fn miscounted() -> Outcome {
	let (honest, back, phases) = claiming(TOKENS, true);
	assert!(phases.iter().all(|phase| matches!(phase, Phase::Scored { .. })), "{phases:?}");
	assert!(back.abs() < 0.01, "{back}");
	let (more, back_of_more, phases) = claiming(4 * TOKENS, true);
	assert!(phases.iter().all(|phase| *phase == Phase::Miscounted), "{phases:?}");
	let (fewer, back_of_fewer, phases) = claiming(1, true);
	assert!(phases.iter().all(|phase| *phase == Phase::Miscounted), "{phases:?}");
	let (scored, back_of_scored, phases) = claiming(1, false);
	assert!(phases.iter().all(|phase| *phase == Phase::Void), "{phases:?}");
	// The contributors' and the operator's parts.
	let backs = [back_of_more, back_of_fewer, back_of_scored];
	assert!(backs.iter().all(|back| (0.64..0.66).contains(back)), "{backs:?}");
	Outcome {
		name: "miscounted_tokens",
		honest,
		attack: more.max(fewer).max(scored),
		target: 1.0,
		most: 0.0,
		shows: format!(
			"four times an answer's tokens, or one of fifty: scorers count them, the payer has {:.0} % of \
			 its fees back, and the operator has nothing and loses its deposits (not counted); if scorers \
			 score the fifty, one cannot be that unlikely, and the payer has as much back; nobody misses a \
			 seat",
			100.0 * back_of_more
		),
	}
}

/// Fails if a scorer missed a seat: all are honest, and have no more to do than they can.
fn check_none_missed() {
	assert!(Scorers::<Runtime>::iter_values().all(|scorer| scorer.missed == 0));
}

/// Blocks without room for scorers.
pub fn full_blocks() -> Outcome {
	let earn = |full: bool| {
		on_chain(13, |scene| {
			let model = ready(scene);
			scene.endow(&["flooder"]);
			let receipts: Vec<Hash> = QUERIES.iter().map(|q| scene.ask(model, *q)).collect();
			while Committees::<Runtime>::iter_keys().next().is_some() {
				if full {
					flood();
				}
				let block = now();
				scene.work();
				assert_eq!(now(), block, "operational transactions have room of their own");
				next_block();
			}
			scene.finish();
			for id in receipts {
				let phase = Receipts::<Runtime>::get(id).unwrap().phase;
				assert!(matches!(phase, Phase::Scored { .. }));
			}
			check_none_missed();
			(scene.income(&["mallory"]), -scene.income(&["flooder"]))
		})
	};
	let ((honest, _), (income, cost)) = (earn(false), earn(true));
	Outcome {
		name: "full_blocks",
		honest,
		attack: income - cost,
		target: 1.0,
		most: 1.0,
		shows: format!(
			"committees score as before while others' transactions fill every block, for {:.3} coins",
			cost as f64 / UNIT as f64
		),
	}
}

/// An agenda without room for committees.
pub fn full_agenda() -> Outcome {
	// Blocks for which it lasts, and receipts of one: what the agenda holds.
	const LASTS: u32 = 24;
	const EACH: u32 = pallet_attribution::MAX_TASKS;
	let earn = |full: bool| {
		on_chain(31, |scene| {
			scene.adapters = 16;
			let model = ready(scene);
			// The least that an answer costs.
			let price = pallet_models::Price { input: 0, output: 0, donation: 0 };
			assert_ok!(transact(&scene.developer, pallet_models::Call::set_price { model, price }));
			scene.endow(&["flooder"]);
			let mut receipts: Vec<Hash> = QUERIES.iter().map(|q| scene.ask(model, *q)).collect();
			let payer = scene.payer.clone();
			let (mut refused, mut sent) = (0, 0);
			for _ in 0..LASTS {
				if full {
					scene.payer = party("flooder");
					if sent == 0 {
						scene.fund(10 * UNIT);
					}
					for _ in 0..EACH {
						sent += u32::from(try_ask(scene, model).is_some());
					}
					scene.payer = payer.clone();
				}
				match try_ask(scene, model) {
					Some(receipt) => receipts.push(receipt),
					None => refused += 1,
				}
				scene.step();
			}
			scene.finish();
			check_none_missed();
			let by_prior = |id: &&Hash| {
				let phase = Receipts::<Runtime>::get(*id).unwrap().phase;
				matches!(phase, Phase::Prior { .. })
			};
			let lost = receipts.iter().filter(by_prior).count();
			let (income, cost) = (scene.income(&["mallory"]), -scene.income(&["flooder"]));
			(income, cost, sent, refused, lost)
		})
	};
	let (honest, ..) = earn(false);
	let (income, cost, sent, refused, lost) = earn(true);
	Outcome {
		name: "full_agenda",
		honest,
		attack: income - cost,
		target: 1.0,
		most: 1.0,
		shows: format!(
			"{sent} receipts at the least fee in {LASTS} blocks cost {:.3} coins, of which whoever \
			 has all roles has nine tenths back: {refused} of {LASTS} receipts of others are refused \
			 meanwhile, {lost} of those taken are never scored",
			cost as f64 / UNIT as f64
		),
	}
}

/// A receipt, unless the agenda has no room for it.
fn try_ask(scene: &mut Scene, model: u32) -> Option<Hash> {
	let request = scene.request(model);
	let id = request.id();
	match transact(&scene.operator, scene.receipt(request)) {
		Ok(()) => {
			scene.queries.insert(id, QUERIES[0]);
			Some(id)
		},
		Err(error) => {
			assert_eq!(error, pallet_attribution::Error::<Runtime>::Busy.into());
			None
		},
	}
}

/// Fills the block with transactions, long ones first.
fn flood() {
	let flooder = party("flooder");
	for length in [100_000, 1_000] {
		loop {
			let remark = vec![0; length];
			let extrinsic = signed(&flooder, frame_system::Call::remark { remark });
			let full = InvalidTransaction::ExhaustsResources.into();
			match apply_here(extrinsic) {
				Err(error) if error == full => break,
				outcome => assert_eq!(outcome, Ok(Ok(()))),
			}
		}
	}
}
