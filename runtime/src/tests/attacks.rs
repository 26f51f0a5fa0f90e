//! Attacks on Proof of Attribution, each played on the real runtime without and with the attack.
//!
//! What a model learns is the one thing that is modelled here, by a value function over the content
//! of rows ([`scene`]): it knows the distinct units that its rows teach, each unit adds less than the
//! one before, copies add next to nothing, junk nothing, errors take away. From it follow, for the
//! subsets that the chain drew, the adapters that honest training gives and the vector `y` that
//! honest scorers find. All else is the runtime: contributions, reviews, versions, runs, Ψ,
//! activation by a committee, channels, signed requests and replies, commits and reveals in signed
//! transactions, challenges, audits, panels, slashes, settlement and claims, in blocks with VRF
//! outputs and limits of weight. Unless an attack says otherwise the curator takes every row, which is the
//! worst case.
//!
//! A figure is the attacker's income with the attack over its income without, of all accounts that
//! it has, after fees and slashes; deposits are counted as its own. Each attack has a test that
//! keeps what was measured, and the table prints beside it what the design asks. Where the two
//! differ the design asks for more than this runtime gives, and the table says so.
//!
//! Data that is withheld is among them: answers, of which scorers find that they cannot be had, and rows,
//! which anybody demands.

use super::*;
use std::sync::OnceLock;

mod data;
mod models;
mod money;
mod riders;
pub(super) mod scene;
mod scorers;

/// What roundings, of Ψ and of amounts, move a ratio by at most.
const ROUNDING: f64 = 0.001;

/// What an attack came to.
struct Outcome {
	/// Its key in `bench-results/attacks.json`.
	name: &'static str,
	/// Income without the attack, in wei.
	honest: i128,
	/// Income with it, in wei.
	attack: i128,
	/// The ratio that the design asks for at most.
	target: f64,
	/// The ratio that the test keeps at most.
	most: f64,
	/// What it shows.
	shows: String,
}

impl Outcome {
	fn ratio(&self) -> f64 {
		self.attack as f64 / self.honest as f64
	}

	/// Fails if the attack pays more than it may.
	fn check(&self) {
		assert!(self.honest > 0, "{}: honest work earns", self.name);
		assert!(self.ratio() <= self.most, "{}: {} > {}", self.name, self.ratio(), self.most);
	}
}

/// An attack that is played once, for its own test and for the table.
struct Attack {
	play: fn() -> Outcome,
	once: OnceLock<Outcome>,
}

impl Attack {
	const fn new(play: fn() -> Outcome) -> Self {
		Self { play, once: OnceLock::new() }
	}

	fn outcome(&self) -> &Outcome {
		self.once.get_or_init(self.play)
	}
}

/// All attacks, in the order of the table, with a test for each.
macro_rules! attacks {
	($($test:ident: $play:path;)*) => {
		static ATTACKS: [Attack; TESTS.len()] = [$(Attack::new($play)),*];
		const TESTS: &[&str] = &[$(stringify!($test)),*];

		$(
			#[test]
			fn $test() {
				let at = TESTS.iter().position(|test| *test == stringify!($test)).unwrap();
				ATTACKS[at].outcome().check();
			}
		)*
	};
}

attacks! {
	contributor_should_earn_the_same_when_it_copies_rows_exactly: data::exact_duplicates;
	contributor_should_earn_little_more_when_it_copies_its_rows_nearly: data::near_duplicates;
	contributor_should_lose_when_copies_in_other_accounts_are_shown: data::near_duplicates_elsewhere;
	contributor_should_lose_when_copies_in_other_accounts_are_shown_late: data::near_duplicates_elsewhere_late;
	contributor_should_earn_as_measured_when_copies_are_in_other_accounts: data::near_duplicates_elsewhere_unseen;
	contributor_should_lose_when_its_copy_of_a_rival_is_shown: data::near_duplicates_of_a_rival;
	contributor_should_lose_when_its_copy_of_a_rival_is_shown_late: data::near_duplicates_of_a_rival_late;
	contributor_should_earn_as_measured_when_it_copies_a_rival_nearly: data::near_duplicates_of_a_rival_unseen;
	contributor_should_earn_the_same_when_additive_rows_are_split_over_accounts: data::accounts_split_additive;
	contributor_should_earn_no_more_when_diminishing_rows_are_split_over_accounts: data::accounts_split;
	contributor_should_earn_the_same_when_harm_is_split_off_within_earnings: data::harm_split_within;
	contributor_should_earn_as_measured_when_harm_is_split_off_beyond_earnings: data::harm_split_beyond;
	contributor_should_earn_as_measured_when_harm_is_split_off_with_something_at_risk: data::harm_split_at_risk;
	contributor_should_earn_little_more_when_rows_are_split: data::rows_split;
	contributor_should_earn_little_more_when_rows_are_padded: data::rows_padded;
	contributor_should_earn_little_more_when_rows_are_merged: data::rows_merged;
	contributor_should_earn_as_measured_when_accounts_give_junk: data::junk_rows;
	contributor_should_lose_when_accounts_give_junk_with_something_at_risk: data::junk_rows_at_risk;
	contributor_should_earn_less_when_its_rows_in_a_group_are_junk: riders::free_rider;
	contributor_should_earn_nothing_when_its_junk_in_a_group_is_rejected: riders::free_rider_rejected;
	contributor_should_earn_for_one_row_when_copies_of_it_in_a_group_are_shown: riders::free_rider_shown;
	neighbour_should_lose_nothing_to_junk_when_it_has_a_block_of_its_own: riders::free_rider_left;
	saboteur_should_lose_when_it_earns_itself: data::sabotage_within;
	saboteur_should_earn_as_measured_when_it_has_nothing_to_lose: data::sabotage_beyond;
	saboteur_should_earn_less_when_what_it_owes_is_at_risk: data::sabotage_at_risk;
	contributor_should_earn_less_when_it_withholds_rows: data::withheld_rows;
	outlier_should_take_one_pool_at_most_when_it_is_sensational: data::outlier_rows;
	scorer_should_earn_nothing_when_it_copies: scorers::copying;
	scorer_should_be_slashed_when_it_is_lazy: scorers::lazy;
	committee_should_be_slashed_when_it_is_lazy_and_audited: scorers::lazy_committee;
	committee_should_be_slashed_when_it_is_lazy_and_the_payer_knows_better: scorers::planted_query;
	committee_should_be_slashed_when_it_is_biased_and_audited: scorers::biased;
	poster_should_gain_nothing_when_it_tries_receipts: scorers::grinding;
	third_of_the_scorers_should_be_caught_as_stated_when_it_colludes: scorers::collusion;
	operator_should_earn_less_when_it_withholds_answers: scorers::withheld;
	operator_should_earn_nothing_when_it_miscounts_tokens: scorers::miscounted;
	committee_should_be_scored_when_blocks_are_full: scorers::full_blocks;
	flooder_should_lose_when_it_fills_the_agenda: scorers::full_agenda;
	developer_should_be_slashed_when_a_rivals_block_is_left_out: models::block_left_out;
	developer_should_be_slashed_when_adapters_do_not_reproduce: models::no_reproduction;
	developer_should_be_slashed_when_one_adapter_does_not_reproduce: models::one_adapter;
	developer_should_be_refused_when_it_chooses_a_design: models::chosen_design;
	developer_should_lose_when_it_draws_designs_again: models::redrawn_design;
	party_should_lose_when_it_has_all_roles: money::all_roles;
	party_should_lose_when_the_split_gives_all_back: money::all_roles_of_any_split;
	payer_should_get_back_its_pool_at_most_when_prompts_are_aligned: money::aligned_prompts;
	griefer_should_lose_when_it_challenges_without_reason: money::griefing;
	griefer_should_lose_when_it_challenges_a_version_and_sits_on_its_panel: money::griefing_a_version;
	operator_should_earn_the_same_when_it_replays: money::replays;
}

#[test]
fn attacks_should_be_listed_when_all_are_played() {
	let mut results = serde_json::Map::new();
	println!(
		"{:<34} {:>12} {:>12} {:>9} {:>9} {:>9}  shows",
		"attack", "honest", "attack", "ratio", "target", "kept"
	);
	for outcome in ATTACKS.iter().map(Attack::outcome) {
		let coins = |wei: i128| wei as f64 / UNIT as f64;
		println!(
			"{:<34} {:>12.4} {:>12.4} {:>9.4} {:>9.4} {:>9.4}  {}{}",
			outcome.name,
			coins(outcome.honest),
			coins(outcome.attack),
			outcome.ratio(),
			outcome.target,
			outcome.most,
			if outcome.ratio() > outcome.target + ROUNDING { "TARGET MISSED: " } else { "" },
			outcome.shows,
		);
		let before = results.insert(outcome.name.into(), outcome.ratio().into());
		assert_eq!(before, None, "{} is another attack's name", outcome.name);
	}
	if let Ok(path) = std::env::var("OPENLEDGER_ATTACKS") {
		let json = serde_json::to_string_pretty(&results).unwrap();
		std::fs::write(path, json + "\n").expect("the results can be written");
	}
}
