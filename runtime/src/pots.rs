//! The fixed supply: what is paid out of pots that genesis filled, and what returns to them.
//!
//! `pallet-staking` mints rewards and burns slashes. Here every reward is settled from the pot at
//! once, and everything that would be burnt goes to the treasury, so issuance never moves.

use crate::*;
use frame_support::{
	parameter_types,
	traits::{
		fungible::{Balanced, Credit, Debt, Inspect, Mutate},
		tokens::{imbalance::ResolveTo, Fortitude, Preservation},
		Imbalance, OnUnbalanced,
	},
	PalletId,
};
use sp_runtime::{traits::AccountIdConversion, Perbill};

/// All $OPEN that exists, in wei: a thousand million coins.
pub const SUPPLY: Balance = 1_000_000_000 * UNIT;
/// What genesis puts aside for stakers.
pub const STAKING_RESERVE: Balance = 200_000_000 * UNIT;
/// What is left of the reserve after a year of rewards is at least this part of it less than
/// before.
pub const YEARLY_RATE: Perbill = Perbill::from_percent(10);

const MILLIS_PER_YEAR: u64 = 1000 * 3600 * 24 * 36525 / 100;

parameter_types! {
	/// Rewards that no era has promised yet; the stakers' parts of fees come in here too.
	pub StakingReserve: AccountId = PalletId(*b"olg/stak").into_account_truncating();
	/// Rewards that were promised and not claimed.
	pub StakingRewards: AccountId = PalletId(*b"olg/rwrd").into_account_truncating();
	/// The protocol's parts, slashes, dust and a fifth of transaction fees.
	pub Treasury: AccountId = PalletId(*b"olg/trsy").into_account_truncating();
	/// What governance gives to the ecosystem.
	pub Ecosystem: AccountId = PalletId(*b"olg/ecos").into_account_truncating();
}

/// Accounts that exist from genesis on, so that the smallest payment reaches them.
pub fn accounts() -> [AccountId; 6] {
	[
		StakingRewards::get(),
		Treasury::get(),
		pallet_datanets::Pallet::<Runtime>::pot(),
		pallet_attribution::Pallet::<Runtime>::pot(),
		StakingReserve::get(),
		Ecosystem::get(),
	]
}

/// What a pot can pay and go on existing.
fn spendable(pot: &AccountId) -> Balance {
	Balances::reducible_balance(pot, Preservation::Preserve, Fortitude::Polite)
}

/// Gives the reserve back what was promised and can no longer be claimed.
///
/// Staking forgets an era after `HistoryDepth` others. It does not say how much of what it still
/// remembers is paid already, so all of that counts as owed: unclaimed rewards come back as soon
/// as they are more than what the remembered eras have paid, and until then they lie in the pot.
/// Reads at most `HistoryDepth + 1` values, once an era.
fn reclaim() {
	let owed = pallet_staking::ErasValidatorReward::<Runtime>::iter_values()
		.fold(0, Balance::saturating_add);
	let rewards = StakingRewards::get();
	let forgotten = spendable(&rewards).saturating_sub(owed);
	if forgotten > 0 {
		let moved =
			Balances::transfer(&rewards, &StakingReserve::get(), forgotten, Preservation::Preserve);
		debug_assert!(moved.is_ok(), "both pots exist from genesis on");
	}
}

/// Promises the stakers of an era their part of the reserve: [`YEARLY_RATE`] of what it holds, a
/// year. What earlier eras left unclaimed goes back into the reserve first.
pub struct Schedule;

impl pallet_staking::EraPayout<Balance> for Schedule {
	fn era_payout(_: Balance, _: Balance, era_millis: u64) -> (Balance, Balance) {
		reclaim();
		let reserve = spendable(&StakingReserve::get());
		let yearly = YEARLY_RATE * reserve;
		let part = Perbill::from_rational(era_millis.min(MILLIS_PER_YEAR), MILLIS_PER_YEAR);
		let promised = part * yearly;
		let moved = Balances::transfer(
			&StakingReserve::get(),
			&StakingRewards::get(),
			promised,
			Preservation::Preserve,
		);
		(moved.unwrap_or(0), 0)
	}
}

/// Takes what staking minted for a payout out of what was promised.
pub struct FromRewards;

impl OnUnbalanced<Debt<AccountId, Balances>> for FromRewards {
	fn on_nonzero_unbalanced(minted: Debt<AccountId, Balances>) {
		let settled = Balances::settle(&StakingRewards::get(), minted, Preservation::Preserve);
		// The pot holds every promise, so this cannot fail; if it did, the mint would stand and
		// the supply invariant say so.
		debug_assert!(settled.is_ok(), "rewards are promised before they are paid");
	}
}

/// To the treasury.
pub type ToTreasury = ResolveTo<Treasury, Balances>;

/// Four fifths of transaction fees to the author of the block, the rest to the treasury.
pub struct Fees;

impl OnUnbalanced<Credit<AccountId, Balances>> for Fees {
	fn on_nonzero_unbalanced(fees: Credit<AccountId, Balances>) {
		let (to_author, rest) = fees.ration(80, 20);
		let left = match pallet_authorship::Pallet::<Runtime>::author() {
			Some(author) => Balances::resolve(&author, to_author).err(),
			None => Some(to_author),
		};
		ToTreasury::on_unbalanced(match left {
			Some(left) => left.merge(rest),
			None => rest,
		});
	}
}
