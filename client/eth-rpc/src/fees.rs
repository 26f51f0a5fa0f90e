//! What transactions offer for gas, and what recent blocks say about it.

use crate::block::{LoadedBlock, Mined};
use pallet_revive::evm::{GenericTransaction, TransactionSigned};
use sp_core::U256;

/// The tip, in wei for one gas, that is advised at least. Wallets speed a transaction up by raising
/// it by a part of itself, so it must not be zero. A hundredth of the lowest base fee.
const LEAST_TIP: u64 = 10_000_000;
/// Blocks that the advice looks back on, as many as geth's.
pub(crate) const ADVISING_BLOCKS: u64 = 20;
/// How many of a block's tips count for the advice: its lowest, since they were enough.
const ADVISING_TIPS: usize = 3;
/// The part of these tips that is lower than the advice, in per cent.
const ADVICE: usize = 60;
/// How much higher both prices of a replacement must be, in per cent.
const BUMP: u64 = 10;

/// What a transaction offers for one gas, in wei.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
	/// At most, the base fee included: `maxFeePerGas` or `gasPrice`.
	pub(crate) cap: U256,
	/// At most, above the base fee: `maxPriorityFeePerGas` or `gasPrice`.
	pub(crate) tip: U256,
}

impl Offer {
	/// The offer of a transaction.
	pub(crate) fn of(signed: &TransactionSigned) -> Self {
		// At the highest base fee the price is the cap.
		let tx = GenericTransaction::from_signed(signed.clone(), U256::MAX, None);
		let cap = tx.gas_price.unwrap_or_default();
		Self { cap, tip: tx.max_priority_fee_per_gas.unwrap_or(cap) }
	}

	/// The tip that is paid at a base fee.
	pub(crate) fn tip_at(&self, base_fee: U256) -> U256 {
		self.tip.min(self.cap.saturating_sub(base_fee))
	}

	/// The price that is paid at a base fee.
	pub(crate) fn price_at(&self, base_fee: U256) -> U256 {
		base_fee.saturating_add(self.tip_at(base_fee))
	}

	/// Whether this is so much more that it takes the other's place in the pool, by geth's rule.
	pub(crate) fn replaces(&self, other: &Self) -> bool {
		let exceeds = |new: U256, old: U256| {
			new > old && new >= old.saturating_mul((100 + BUMP).into()) / 100
		};
		exceeds(self.cap, other.cap) && exceeds(self.tip, other.tip)
	}
}

/// The tips that a block's transactions paid for one gas, and their gas; lowest tips first.
fn tips(block: &LoadedBlock) -> Vec<(U256, U256)> {
	let base_fee = block.block.base_fee_per_gas;
	let paid = |Mined { transaction, receipt }: &Mined| {
		(Offer::of(&transaction.signed).tip_at(base_fee), receipt.gas_used)
	};
	let mut tips: Vec<_> = block.mined().map(paid).collect();
	tips.sort();
	tips
}

/// The tips at these percentiles of a block's gas, all zero if it has no transactions; the
/// percentiles must be ascending.
pub(crate) fn rewards(block: &LoadedBlock, percentiles: &[f64]) -> Vec<U256> {
	let tips = tips(block);
	let total = tips.iter().fold(U256::zero(), |sum, (_, gas)| sum.saturating_add(*gas));
	let total = total.min(u64::MAX.into()).as_u64() as f64;
	let (mut at, mut sum) = (0, tips.first().map(|(_, gas)| *gas).unwrap_or_default());
	percentiles
		.iter()
		.map(|percentile| {
			let threshold = U256::from((total * percentile / 100.0) as u64);
			while sum < threshold && at + 1 < tips.len() {
				at += 1;
				sum = sum.saturating_add(tips[at].1);
			}
			tips.get(at).map(|(tip, _)| *tip).unwrap_or_default()
		})
		.collect()
}

/// The tip to offer after these blocks: more than most of the tips that were just enough. An empty
/// block says that the least is.
pub(crate) fn advice<'a>(blocks: impl Iterator<Item = &'a LoadedBlock>) -> U256 {
	let mut enough = Vec::new();
	for block in blocks {
		let tips = tips(block);
		enough.extend(tips.iter().map(|(tip, _)| *tip).take(ADVISING_TIPS));
		if tips.is_empty() {
			enough.push(U256::zero());
		}
	}
	enough.sort();
	let at = enough.len().saturating_sub(1) * ADVICE / 100;
	enough.get(at).copied().unwrap_or_default().max(LEAST_TIP.into())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::block::tests::facts;
	use pallet_revive::{
		evm::{Account, Transaction1559Unsigned, TransactionLegacyUnsigned, TransactionUnsigned},
		pallet_revive_types::runtime_api::ReceiptGasInfoV1,
	};

	fn sign(tx: impl Into<TransactionUnsigned>) -> TransactionSigned {
		Account::default().sign_transaction(tx.into())
	}

	fn offer(cap: u64, tip: u64) -> Offer {
		Offer::of(&sign(Transaction1559Unsigned {
			max_fee_per_gas: cap.into(),
			max_priority_fee_per_gas: tip.into(),
			..Default::default()
		}))
	}

	/// A block with these tips and gas, in this order.
	fn block(number: u64, tips: &[(u64, u64)]) -> LoadedBlock {
		let nonces: Vec<_> = (0..tips.len() as u64).collect();
		let mut facts = facts(number, 0, &nonces);
		let base_fee = facts.block.base_fee_per_gas;
		for ((stored, gas), (tip, used)) in
			facts.transactions.iter_mut().zip(&mut facts.gas).zip(tips)
		{
			let tx = sign(Transaction1559Unsigned {
				max_fee_per_gas: base_fee + 1_000_000_000,
				max_priority_fee_per_gas: (*tip).into(),
				..Default::default()
			});
			stored.as_mut().unwrap().payload = tx.signed_payload();
			*gas = ReceiptGasInfoV1 { gas_used: (*used).into(), effective_gas_price: base_fee };
		}
		LoadedBlock::new(facts)
	}

	#[test]
	fn tip_should_be_what_the_cap_leaves_when_the_base_fee_rises() {
		let offer = offer(10, 3);
		let at =
			|base: u64| (offer.tip_at(base.into()).as_u64(), offer.price_at(base.into()).as_u64());
		assert_eq!([at(1), at(7), at(8), at(10)], [(3, 4), (3, 10), (2, 10), (0, 10)]);
		let legacy = Offer::of(&sign(TransactionLegacyUnsigned {
			gas_price: 10.into(),
			..Default::default()
		}));
		assert_eq!((legacy.cap, legacy.tip), (10.into(), 10.into()));
		assert_eq!(legacy.price_at(4.into()), 10.into());
	}

	#[test]
	fn offer_should_replace_when_both_prices_are_a_tenth_higher() {
		let old = offer(1_000, 100);
		for (cap, tip, expected) in [
			(1_100, 110, true),
			(1_099, 110, false),
			(1_100, 109, false),
			(5_000, 100, false),
			(1_000, 100, false),
		] {
			assert_eq!(offer(cap, tip).replaces(&old), expected, "{cap} {tip}");
		}
		// A tenth of nothing is nothing, and that is not more.
		assert!(!offer(1_100, 0).replaces(&offer(1_000, 0)));
		assert!(offer(1_100, 1).replaces(&offer(1_000, 0)));
	}

	#[test]
	fn rewards_should_be_weighed_by_gas_when_transactions_tip_differently() {
		let block = block(1, &[(30, 10), (10, 10), (20, 80)]);
		let rewards = rewards(&block, &[0.0, 5.0, 10.0, 11.0, 90.0, 91.0, 100.0]);
		let rewards: Vec<_> = rewards.into_iter().map(|tip| tip.as_u64()).collect();
		assert_eq!(rewards, [10, 10, 10, 20, 20, 30, 30]);
	}

	#[test]
	fn rewards_should_be_zero_when_the_block_is_empty() {
		assert_eq!(rewards(&block(1, &[]), &[0.0, 50.0]), [U256::zero(); 2]);
	}

	#[test]
	fn advice_should_follow_the_lowest_tips_and_never_be_zero_when_asked() {
		let least = U256::from(LEAST_TIP);
		let of = |blocks: &[LoadedBlock]| advice(blocks.iter());
		assert_eq!(of(&[]), least);
		assert_eq!(of(&[block(1, &[]), block(2, &[(1, 1)])]), least);
		let high = 9 * LEAST_TIP;
		// The fourth does not count.
		let busy = [(2 * LEAST_TIP, 1), (3 * LEAST_TIP, 1), (4 * LEAST_TIP, 1), (high, 1)];
		assert_eq!(of(&[block(1, &busy)]), U256::from(3 * LEAST_TIP));
		// One who pays much among the idle does not make it dear.
		let idle: Vec<_> = (1..19).map(|number| block(number, &[])).collect();
		let lonely = [idle, vec![block(19, &[(high, 1)])]].concat();
		assert_eq!(of(&lonely), least);
	}
}
