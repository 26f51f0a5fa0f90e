//! Tips: what a transaction offers above the fee, and the place that this buys in the pool and in
//! the block.
//!
//! FRAME wants to know a tip before dispatch, Ethereum's depends on the gas that was used. So an
//! Ethereum transaction leaves the most that its tip can come to in advance, and what the gas did
//! not use returns with the rest of the fee: it pays `gasUsed * (base price + tip)`, to the wei.

use crate::*;
use codec::{Decode, DecodeWithMemTracking, Encode};
use frame_support::{
	dispatch::{DispatchClass, DispatchInfo, DispatchResult, PostDispatchInfo},
	pallet_prelude::{TransactionSource, TransactionValidityError, Weight},
	traits::{fungible::Credit, Get, Imbalance, OnUnbalanced},
};
use pallet_revive::evm::GenericTransaction;
use pallet_transaction_payment::{ChargeTransactionPayment, Pre, Val};
use scale_info::TypeInfo;
use sp_runtime::{
	traits::{Implication, TransactionExtension, ValidateResult},
	SaturatedConversion,
};

type Native = ChargeTransactionPayment<Runtime>;

/// What the pallet took to round a transaction up to whole gas; none where it took it back with
/// all that a revert takes back. Only there while the transaction is, so it never reaches the
/// database.
#[frame_support::storage_alias]
type RoundedUp = StorageValue<Tips, Balance>;

/// Puts what rounds up to whole gas to what the transaction pays with.
pub struct RoundUp;

impl OnUnbalanced<Credit<AccountId, Balances>> for RoundUp {
	fn on_nonzero_unbalanced(paid: Credit<AccountId, Balances>) {
		RoundedUp::put(paid.peek());
		TransactionPayment::deposit_txfee::<Balance>(paid);
	}
}

/// Wei for one gas without a tip.
pub fn price() -> Balance {
	Revive::evm_base_fee().saturated_into::<Balance>().max(1)
}

/// Charges as `ChargeTransactionPayment` does, whose name and encoding it has, and orders all
/// transactions by the wei that they offer for one gas above its price: that is the priority.
///
/// A native transaction's gas is its fee over the price.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Charge {
	/// Wei above the fee; of an Ethereum transaction the most that this can come to.
	#[codec(compact)]
	tip: Balance,
	/// Wei for one gas, of an Ethereum transaction. Nobody but the runtime can set it.
	#[codec(skip)]
	per_gas: Option<Balance>,
}

impl Charge {
	/// The charge of a native transaction with this tip, in wei.
	pub fn native(tip: Balance) -> Self {
		Self { tip, per_gas: None }
	}

	/// The charge of an Ethereum transaction. Its `gas_price` must be the cap on the price.
	pub fn ethereum(tx: &GenericTransaction) -> Self {
		let cap = tx.gas_price.unwrap_or_default();
		let above = cap.saturating_sub(price().into());
		let per_gas = tx.max_priority_fee_per_gas.unwrap_or(cap).min(above);
		let tip = tx.gas.unwrap_or_default().saturating_mul(per_gas);
		Self { tip: tip.saturated_into(), per_gas: Some(per_gas.saturated_into()) }
	}

	/// Wei that the transaction offers for one gas, if it pays `fee` for all of it. An operational
	/// one counts as if what it pays were in its tip `OperationalFeeMultiplier` times.
	fn offer(&self, fee: Balance, class: DispatchClass) -> Balance {
		let boost = match class {
			DispatchClass::Operational => {
				let times: u8 =
					<Runtime as pallet_transaction_payment::Config>::OperationalFeeMultiplier::get(
					);
				fee.saturating_add(self.tip).saturating_mul(times.into())
			},
			DispatchClass::Normal | DispatchClass::Mandatory => 0,
		};
		let gas = (fee / price()).max(1);
		self.per_gas.unwrap_or(self.tip / gas).saturating_add(boost / gas)
	}
}

/// What an Ethereum transaction left before it ran.
pub struct Deposit {
	/// Wei for one gas above the price.
	per_gas: Balance,
	/// Wei for the whole gas limit at the price.
	held: Balance,
}

impl Deposit {
	/// What is due above `fee`, in wei: the tip for all gas, and the rest of the last gas. Storage
	/// deposits were paid out of what was held and returned to it, which left `left`, so they are
	/// gas too.
	fn above(&self, fee: Balance, left: Balance) -> Balance {
		let cost = self.held.saturating_add(fee).saturating_sub(left);
		let gas = cost.div_ceil(price());
		gas.saturating_mul(price().saturating_add(self.per_gas)).saturating_sub(cost)
	}
}

impl TransactionExtension<RuntimeCall> for Charge {
	const IDENTIFIER: &'static str = <Native as TransactionExtension<RuntimeCall>>::IDENTIFIER;
	type Implicit = ();
	type Val = Val<Runtime>;
	type Pre = (Pre<Runtime>, Option<Deposit>);

	// What is done here beyond the benchmarked extension is arithmetic, and moving balances within
	// storage that lives as long as the transaction.
	fn weight(&self, call: &RuntimeCall) -> Weight {
		Native::from(self.tip).weight(call)
	}

	fn validate(
		&self,
		origin: RuntimeOrigin,
		call: &RuntimeCall,
		info: &DispatchInfo,
		len: usize,
		implicit: (),
		implication: &impl Implication,
		source: TransactionSource,
	) -> ValidateResult<Self::Val, RuntimeCall> {
		let native = Native::from(self.tip);
		let (mut valid, val, origin) =
			native.validate(origin, call, info, len, implicit, implication, source)?;
		if let Val::Charge { fee_with_tip, .. } = &val {
			let fee = fee_with_tip.saturating_sub(self.tip);
			valid.priority = self.offer(fee, info.class).saturated_into();
		}
		Ok((valid, val, origin))
	}

	fn prepare(
		self,
		val: Self::Val,
		origin: &RuntimeOrigin,
		call: &RuntimeCall,
		info: &DispatchInfo,
		len: usize,
	) -> Result<Self::Pre, TransactionValidityError> {
		let pre = Native::from(self.tip).prepare(val, origin, call, info, len)?;
		let deposit = self.per_gas.map(|per_gas| {
			RoundedUp::put(0);
			Deposit { per_gas, held: TransactionPayment::remaining_txfee() }
		});
		Ok((pre, deposit))
	}

	fn post_dispatch_details(
		(pre, deposit): Self::Pre,
		info: &DispatchInfo,
		post_info: &PostDispatchInfo,
		len: usize,
		result: &DispatchResult,
	) -> Result<Weight, TransactionValidityError> {
		let pre = match (pre, deposit) {
			(Pre::Charge { who, liquidity_info, .. }, Some(deposit)) => {
				let left = TransactionPayment::remaining_txfee::<Balance>()
					.saturating_sub(RoundedUp::take().unwrap_or_default());
				let fee = TransactionPayment::compute_actual_fee(len as u32, info, post_info, 0);
				// All in one place, from where what is not due returns. The event's tip has the
				// rest of the last gas in it.
				if let Some(most) = liquidity_info {
					TransactionPayment::deposit_txfee::<Balance>(most);
				}
				let due = TransactionPayment::withdraw_txfee(deposit.above(fee, left));
				let tip = due.as_ref().map_or(0, Imbalance::peek);
				Pre::Charge { tip, who, liquidity_info: due }
			},
			(pre, _) => pre,
		};
		Native::post_dispatch_details(pre, info, post_info, len, result)
	}
}
