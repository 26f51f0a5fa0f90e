//! Attacks with fees, bonds and signatures.

use super::{
	data::{pool, prepare, NAMES},
	scene::*,
	*,
};
use openledger_core::Request;
use pallet_attribution::{Committees, Error, PanelFund, Stage, Standing, Work};

/// Everybody who may be Mallory's.
fn everybody() -> Vec<String> {
	["owner", "developer", "operator", "payer", "mallory"]
		.into_iter()
		.map(String::from)
		.chain((0..SCORERS).map(scorer_name))
		.collect()
}

/// Mallory asks herself for answers, scores them with scorers of her own, and all contributors are
/// she: what the answers cost her, and what of that comes back.
fn wash(patch: Value) -> (i128, i128) {
	const ANSWERS: usize = 20;
	on_chain_with(17, patch, |scene| {
		prepare(scene, &["mallory"]);
		let model = scene.train();
		let all = everybody();
		let all: Vec<&str> = all.iter().map(String::as_str).collect();
		let before = scene.income(&all);
		for n in 0..ANSWERS {
			scene.ask(model, QUERIES[n % QUERIES.len()]);
		}
		scene.finish();
		let fees = (PRICE * Balance::from(TOKENS) / 1_000) as i128 * ANSWERS as i128;
		(fees, fees + scene.income(&all) - before)
	})
}

/// Fees that a party pays to itself.
pub fn all_roles() -> Outcome {
	let (fees, back) = wash(serde_json::json!({}));
	let split = pallet_attribution::FeeSplit::default();
	let part = |basis_points: u16| fees * i128::from(basis_points) / 10_000;
	// Half of what no participant can recover is the most that may be paid on top of fees.
	let most = back + part(split.stakers) + part(split.protocol) / 2;
	Outcome {
		name: "all_roles",
		honest: fees,
		attack: most,
		target: 1.0,
		most: 1.0,
		shows: format!(
			"payer, operator, developer, contributor and all scorers get {:.2} % of their fees \
			 back; {:.2} % if all stake is hers too and with the largest emission that the design \
			 allows, which is not built",
			100.0 * back as f64 / fees as f64,
			100.0 * most as f64 / fees as f64,
		),
	}
}

/// Fees that a party pays to itself where all of them come back.
pub fn all_roles_of_any_split() -> Outcome {
	// Nothing for stakers, the protocol and panels.
	let split = serde_json::json!({
		"contributors": 4_500, "developer": 2_000, "operator": 3_000, "scorers": 500,
		"stakers": 0, "protocol": 0,
	});
	let (fees, back) = wash(serde_json::json!({ "split": split, "audit_share": 0 }));
	Outcome {
		name: "all_roles_of_any_split",
		honest: fees,
		attack: back,
		target: 1.0,
		most: 1.0,
		shows: format!(
			"the same if governance gave everything to participants, which leaves no emission: \
			 {:.6} coins of transaction fees are lost",
			(fees - back) as f64 / UNIT as f64
		),
	}
}

/// What Mallory's rows earn from answers to these prompts, beside five other contributors.
fn prompts(queries: &[Query]) -> i128 {
	on_chain(19, |scene| {
		prepare(scene, &NAMES);
		let model = scene.train();
		for query in queries {
			scene.ask(model, *query);
		}
		scene.finish();
		scene.income(&["mallory"])
	})
}

/// Prompts about what the payer contributed.
pub fn aligned_prompts() -> Outcome {
	// About what nobody else teaches, among answers of others that earn her as little as can be.
	let about_ann: Query = |u| (20..40).contains(&u);
	let others = prompts(&[about_ann, about_ann]);
	let both = prompts(&[about_ann, |u| u < 20, about_ann, |u| u < 20]);
	let pools = 2 * pool();
	let fees = 2 * (PRICE * Balance::from(TOKENS) / 1_000) as i128;
	Outcome {
		name: "aligned_prompts",
		honest: pools,
		attack: both - others,
		target: 1.0,
		most: 1.0,
		shows: format!(
			"prompts about her rows alone return {:.1} % of what she pays for them",
			100.0 * (both - others) as f64 / fees as f64
		),
	}
}

/// Challenges without reason.
pub fn griefing() -> Outcome {
	let play = |grief: bool| {
		on_chain(23, |scene| {
			prepare(scene, &NAMES);
			let model = scene.train();
			let scorers: Vec<String> = (0..SCORERS).map(scorer_name).collect();
			let others: Vec<&str> =
				scorers.iter().map(String::as_str).chain(NAMES[1..].iter().copied()).collect();
			let before = scene.income(&others);
			if grief {
				scene.meddle = Box::new(|_| challenge_all());
			}
			for query in QUERIES {
				scene.ask(model, query);
			}
			scene.finish();
			(scene.income(&["mallory"]), scene.income(&others) - before)
		})
	};
	let ((honest, others), (attack, griefed)) = (play(false), play(true));
	assert!(griefed >= others, "whoever is challenged and right loses nothing");
	Outcome {
		name: "griefing_challenges",
		honest,
		attack,
		target: 1.0,
		most: 0.0,
		shows: format!(
			"four challenges without reason lose their bonds; scorers and contributors earn {:.3} \
			 coins more",
			(griefed - others) as f64 / UNIT as f64
		),
	}
}

/// Mallory challenges everything that can be challenged.
fn challenge_all() {
	for work in Committees::<Runtime>::iter_keys().collect::<Vec<_>>() {
		let committee = committee(work);
		let fresh = committee.stage == Stage::Review && committee.panel_from.is_none();
		if fresh && matches!(work, Work::Answer(_)) {
			assert_ok!(transact(&party("mallory"), pallet_attribution::Call::challenge { work }));
		}
	}
}

/// Challenges of a version without reason, by who has a third of the scorers that are paid for training it
/// again.
pub fn griefing_a_version() -> Outcome {
	const TIMES: usize = 3;
	// In wei for each MiB: a panel of 21 is paid 630 coins.
	const TRAINING: Balance = 10 * UNIT;
	let scorers: Vec<String> = (0..SCORERS / 3).map(scorer_name).collect();
	let hers: Vec<&str> =
		["mallory"].into_iter().chain(scorers.iter().map(String::as_str)).collect();
	let play = |grief: bool| {
		let patch = serde_json::json!({ "training_price": TRAINING as u64 });
		on_chain_with(37, patch, |scene| {
			prepare(scene, &NAMES);
			let model = scene.train();
			// As after slashes, all members are paid.
			let (dest, value) = (Attribution::pot().into(), 2_000 * UNIT);
			let give = pallet_balances::Call::<Runtime>::transfer_allow_death { dest, value };
			assert_ok!(transact(&party("Alice"), give));
			PanelFund::<Runtime>::mutate(|fund| *fund += value);
			for query in QUERIES {
				scene.ask(model, query);
			}
			let (work, times) = (Work::Training(model), if grief { TIMES } else { 0 });
			for _ in 0..times {
				let call = pallet_attribution::Call::challenge { work };
				assert_ok!(transact(&party("mallory"), call));
				while Committees::<Runtime>::contains_key(work) {
					scene.step();
				}
				assert_eq!(standing(model), Standing::Active);
			}
			scene.finish();
			scene.income(&hers)
		})
	};
	let (honest, attack) = (play(false), play(true));
	assert!(attack < 0, "{attack}");
	Outcome {
		name: "griefing_a_version",
		honest,
		attack,
		target: 1.0,
		most: 0.0,
		shows: format!(
			"{TIMES} challenges of a version that reproduces: whoever has a third of the panel is paid for 			 training again, and loses a bond of what the whole panel is paid: {:.0} coins in all",
			(honest - attack) as f64 / UNIT as f64
		),
	}
}

/// Receipts, settlements and claims that come again.
pub fn replays() -> Outcome {
	let play = |replay: bool| {
		on_chain(29, |scene| {
			scene.operator = party("mallory");
			prepare(scene, &NAMES[..2]);
			let model = scene.train();
			let before = scene.request(model);
			let paid = scene.receipt(before.clone());
			scene.ask(model, QUERIES[0]);
			if replay {
				replay_receipt(scene, model, before, paid);
			}
			scene.finish();
			if replay {
				replay_settlement(model);
			}
			scene.income(&["mallory"])
		})
	};
	Outcome {
		name: "replays",
		honest: play(false),
		attack: play(true),
		target: 1.0,
		most: 1.0,
		shows: "a receipt counts once: not twice, nor for another chain, model or price; nor is a \
		        period settled or earnings claimed twice"
			.into(),
	}
}

/// Mallory submits again what was paid, and what was signed for something else.
fn replay_receipt(
	scene: &Scene,
	model: u32,
	before: Request<AccountId>,
	paid: pallet_attribution::Call<Runtime>,
) {
	type Call = pallet_attribution::Call<Runtime>;
	let mallory = party("mallory");
	let refused = |call: Call, error: Error<Runtime>| {
		assert_eq!(transact(&mallory, call), Err(error.into()));
	};
	refused(paid.clone(), Error::ReceiptKnown);
	// Signed as new, with the nonce that is used.
	let old = Request { prompt: Hash::repeat_byte(77), ..before };
	refused(scene.receipt(old), Error::NonceUsed);
	let request = || scene.request(model);
	let elsewhere = Request { genesis: Hash::repeat_byte(1), ..request() };
	refused(scene.receipt(elsewhere), Error::WrongChain);
	let other = Request { adapter: Hash::repeat_byte(1), ..request() };
	refused(scene.receipt(other), Error::WrongAdapter);
	refused(scene.receipt(Request { model: model + 1, ..request() }), Error::NoModel);
	refused(scene.receipt(Request { expiry: 1, ..request() }), Error::Expired);
	refused(scene.receipt(Request { maximum: 1, ..request() }), Error::AboveMaximum);
	// The payer signed less than what is submitted.
	let Call::submit_receipt { request: low, payer_signature, .. } =
		scene.receipt(Request { maximum: UNIT, ..request() })
	else {
		panic!("it submits")
	};
	let Call::submit_receipt { request: high, reply, operator_signature, .. } =
		scene.receipt(Request { maximum: 300 * UNIT, ..low })
	else {
		panic!("it submits")
	};
	let forged = Call::submit_receipt { request: high, payer_signature, reply, operator_signature };
	refused(forged, Error::BadPayerSignature);
}

/// Mallory settles and claims again.
fn replay_settlement(model: u32) {
	let mallory = party("mallory");
	for period in 0..now() / settings().period {
		let call = pallet_attribution::Call::settle { model, period };
		assert_eq!(transact(&mallory, call), Err(Error::<Runtime>::NoPeriod.into()));
	}
	let call = pallet_attribution::Call::claim_for { who: mallory.id.clone() };
	assert_eq!(transact(&mallory, call), Err(Error::<Runtime>::NothingToClaim.into()));
}
