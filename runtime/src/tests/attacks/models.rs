//! Attacks of developers: Mallory develops the model and contributes rows to it.

use super::{
	data::{prepare, NAMES},
	scene::*,
	*,
};
use openledger_influence_math::{
	design::{contains, draw},
	Psi, Subset,
};
use pallet_attribution::{Standing, Work};

/// Ann's block.
const RIVAL: usize = 1;
const SEED: u64 = 3;

/// Asks, if the version is paid for, and lets everybody be paid.
fn use_version(scene: &mut Scene, model: u32, queries: &[Query]) {
	if standing(model) == Standing::Active {
		scene.fund(1_000 * UNIT);
		for query in queries {
			scene.ask(model, *query);
		}
	}
	scene.finish();
}

/// What Mallory earns with what she registers, and what becomes of the version.
fn register(seed: u64, forge: Option<Forge>) -> (i128, Standing) {
	on_chain(seed, |scene| {
		scene.developer = party("mallory");
		prepare(scene, &NAMES);
		if let Some(forge) = forge {
			scene.forge = forge;
		}
		let model = scene.start_run();
		scene.register(model);
		use_version(scene, model, &QUERIES);
		(scene.income(&["mallory"]), standing(model))
	})
}

fn honest() -> i128 {
	static ONCE: OnceLock<i128> = OnceLock::new();
	*ONCE.get_or_init(|| register(SEED, None).0)
}

/// The chance that drawing so many of `all` adapters finds one of `wrong`.
fn found(wrong: usize, drawn: usize, all: usize) -> f64 {
	1.0 - (0..drawn).map(|i| (all - wrong - i) as f64 / (all - i) as f64).product::<f64>()
}

/// Counterfactual adapters that never saw a rival's rows.
pub fn block_left_out() -> Outcome {
	let without = |subset: &Subset| {
		let mut without = *subset;
		without[RIVAL / 8] &= !(1 << (RIVAL % 8));
		without
	};
	let forge = move || -> Option<Forge> {
		Some(Box::new(move |scene, index, subset| match index {
			0 => scene.adapter(subset),
			_ => scene.adapter(&without(subset)),
		}))
	};
	// What is drawn decides: the first chain on which it finds her.
	let mut played = (SEED..).map(|seed| register(seed, forge()));
	let (attack, _) = played.find(|(_, standing)| *standing == Standing::Void).unwrap();
	let (drawn, chance) = on_chain(SEED, |scene| {
		scene.developer = party("mallory");
		prepare(scene, &NAMES);
		let model = scene.start_run();
		let subsets = subsets(model);
		let wrong = subsets.iter().filter(|subset| contains(subset, RIVAL)).count();
		let drawn = usize::from(settings().retrained) - 1;
		(drawn, found(wrong, drawn, subsets.len()))
	});
	Outcome {
		name: "block_left_out",
		honest: honest(),
		attack,
		target: 0.0,
		most: 0.0,
		shows: format!(
			"counterfactual adapters trained without Ann's rows: {drawn} that are trained again find it \
			 with probability {chance:.2} each time, and the version's bond is lost"
		),
	}
}

/// Adapters that are none.
pub fn no_reproduction() -> Outcome {
	let forge: Forge = Box::new(|_, index, _| Hash::from_low_u64_be(index as u64));
	let (attack, standing) = register(SEED, Some(forge));
	assert_eq!(standing, Standing::Void);
	Outcome {
		name: "adapters_do_not_reproduce",
		honest: honest(),
		attack,
		target: 0.0,
		most: 0.0,
		shows: "adapters that nobody can train again: the version is void and its bond lost".into(),
	}
}

/// One counterfactual adapter that is another, and somebody who trained it again names it.
pub fn one_adapter() -> Outcome {
	let attack = on_chain(SEED, |scene| {
		scene.developer = party("mallory");
		prepare(scene, &NAMES);
		scene.forge = Box::new(|scene, index, subset| match index {
			1 => Hash::repeat_byte(0x77),
			_ => scene.adapter(subset),
		});
		let model = scene.start_run();
		scene.register(model);
		scene.endow(&["challenger"]);
		let adapters = vec![1].try_into().unwrap();
		let call = pallet_attribution::Call::challenge_adapters { model, adapters };
		assert_ok!(transact(&party("challenger"), call));
		while pallet_attribution::Committees::<Runtime>::contains_key(Work::Training(model)) {
			scene.step();
		}
		assert_eq!(standing(model), Standing::Void);
		use_version(scene, model, &QUERIES);
		scene.income(&["mallory"])
	});
	let drawn = usize::from(pallet_attribution::Parameters::default().retrained) - 1;
	Outcome {
		name: "one_adapter_of_many",
		honest: honest(),
		attack,
		target: 0.0,
		most: 0.0,
		shows: format!(
			"one of 64 counterfactual adapters is another: {drawn} that are drawn find it with \
			 probability {:.3}, a challenge that names it always; the published one is trained again \
			 at every activation",
			found(1, drawn, 64)
		),
	}
}

/// Another Ψ, or other subsets.
pub fn chosen_design() -> Outcome {
	let attack = on_chain(SEED, |scene| {
		scene.developer = party("mallory");
		prepare(scene, &NAMES);
		let model = scene.start_run();
		let pallet_models::Call::register_version { adapter, adapters, psi, price, .. } =
			scene.registration(model)
		else {
			panic!("it registers")
		};
		type Error = pallet_attribution::Error<Runtime>;
		let refused = |adapters: &[Hash], psi: Vec<i32>, error: Error| {
			let call = pallet_models::Call::register_version {
				model,
				adapter,
				adapters: adapters.to_vec().try_into().unwrap(),
				psi: psi.try_into().unwrap(),
				price,
			};
			assert_eq!(transact(&scene.developer, call), Err(error.into()));
		};
		let columns = adapters.len() + 1;
		// From Ann's block to her own, in every column.
		let mut moved = psi.to_vec();
		for column in 0..columns {
			let part = moved[RIVAL * columns + column] / 10;
			moved[column] += part;
			moved[RIVAL * columns + column] -= part;
		}
		refused(&adapters, moved, Error::PsiNormalEquations);
		// More for all.
		let more = psi.iter().map(|entry| entry + entry / 10).collect();
		refused(&adapters, more, Error::PsiNormalEquations);
		// Of subsets that another seed draws.
		let other = draw(Hash::repeat_byte(9), NAMES.len() as u16, scene.adapters);
		let sizes: Vec<u64> = design(model).blocks.iter().map(|block| block.bytes).collect();
		let chosen = Psi::solve(&other, &sizes).unwrap().entries().to_vec();
		refused(&adapters, chosen, Error::PsiNormalEquations);
		// Without the adapters that do not suit.
		refused(&adapters[2..], psi.to_vec(), Error::WrongAdapterCount);
		scene.register(model);
		use_version(scene, model, &QUERIES);
		scene.income(&["mallory"])
	});
	Outcome {
		name: "chosen_design",
		honest: honest(),
		attack,
		target: 1.0,
		most: 1.0,
		shows: "another Ψ, other subsets or fewer adapters are refused, for a fee each".into(),
	}
}

/// Runs that are cancelled until the subsets suit.
pub fn redrawn_design() -> Outcome {
	// More blocks than are measured alone, and answers about a third of them, so that much hangs on
	// which halves are drawn.
	const BLOCKS: usize = 18;
	const TRIES: usize = 16;
	let query: Query = |unit| unit < 120;
	let names: Vec<String> = (1..BLOCKS).map(|n| format!("contributor{n}")).collect();
	let names: Vec<&str> =
		["mallory"].into_iter().chain(names.iter().map(String::as_str)).collect();
	let play = |tries: usize| {
		on_chain(SEED, |scene| {
			scene.adapters = 36;
			scene.developer = party("mallory");
			prepare(scene, &names);
			// What an answer would pay her, which she knows if she trains all adapters.
			let share = |scene: &Scene, model: u32| {
				let scores = psi(model).scores(&scene.values(model, query)).unwrap();
				scores[0] as f64 / openledger_influence_math::score::positive(&scores) as f64
			};
			let (mut shares, mut best) = (Vec::new(), 0.0);
			let model = loop {
				let model = scene.start_run();
				let one = share(scene, model);
				best = f64::max(best, one);
				shares.push(one);
				// After so many draws the next one that is about as good as the best.
				if shares.len() >= tries && one >= 0.99 * best {
					break model;
				}
				assert_ok!(transact(&scene.developer, pallet_models::Call::cancel_run { model }));
			};
			scene.register(model);
			use_version(scene, model, &[query; 4]);
			let mean = shares.iter().sum::<f64>() / shares.len() as f64;
			(scene.income(&["mallory"]), best / mean, shares.len())
		})
	};
	let ((honest, ..), (attack, gain, draws)) = (play(1), play(TRIES));
	let bond = pallet_attribution::Parameters::default().version_bond;
	let lost = bond / 10_000 * Balance::from(pallet_attribution::GIVEN_UP);
	Outcome {
		name: "redrawn_design",
		honest,
		attack,
		target: 1.0,
		most: 0.0,
		shows: format!(
			"a run is cancelled until its subsets suit: the best of {draws} draws of {BLOCKS} \
			 blocks pays her rows {gain:.2} times what the mean one does, and every run that is \
			 cancelled costs {} coins",
			lost / UNIT
		),
	}
}
