//! What Solidity can do with attribution.

use super::*;
use openledger_core::{AttributionCall, AttributionFace, ReceiptInfo, ReceiptPhase};

impl<T: Config> AttributionFace<T::AccountId> for Pallet<T> {
	fn weight(call: AttributionCall) -> Weight {
		match call {
			AttributionCall::Claim => T::WeightInfo::claim_for(),
			AttributionCall::FundChannel => T::WeightInfo::fund_channel(),
			AttributionCall::CloseChannel => T::WeightInfo::close_channel(),
			AttributionCall::WithdrawChannel => T::WeightInfo::withdraw_channel(),
			AttributionCall::Challenge => T::WeightInfo::challenge(),
			AttributionCall::Scores { blocks, adapters } => {
				T::WeightInfo::scores(blocks.saturating_mul(adapters.saturating_add(1)))
			},
			// The subsets are drawn again for the residuals.
			AttributionCall::AnswerItems { blocks, adapters } => {
				T::WeightInfo::scores(blocks.saturating_mul(adapters.saturating_add(1)))
					.saturating_add(<Self as openledger_core::Designs<_>>::draw_weight(adapters))
			},
			AttributionCall::Read => T::WeightInfo::read(),
		}
	}

	fn design(model: ModelId) -> Option<(u32, u32)> {
		let design = Designs::<T>::get(model)?;
		Some((design.blocks.len() as u32, design.adapters.into()))
	}

	fn scores(model: ModelId, y: &[i32]) -> Option<Vec<(T::AccountId, i128)>> {
		Self::do_scores(model, y)
	}

	fn receipt(id: Hash) -> Option<ReceiptInfo<T::AccountId>> {
		let Receipt { payer, operator, model, fee, phase, .. } = Receipts::<T>::get(id)?;
		let stage = || Committees::<T>::get(Work::Answer(id)).map(|committee| committee.stage);
		let phase = match phase {
			Phase::Pending => match stage() {
				None | Some(Stage::Waiting) => ReceiptPhase::Waiting,
				Some(Stage::Commit) => ReceiptPhase::Commit,
				Some(Stage::Reveal { .. }) => ReceiptPhase::Reveal,
				Some(Stage::Review) => ReceiptPhase::Review,
			},
			Phase::Scored { .. } => ReceiptPhase::Scored,
			Phase::Prior { .. } => ReceiptPhase::Prior,
			Phase::Void | Phase::Miscounted => ReceiptPhase::Void,
			Phase::Withheld { .. } => ReceiptPhase::Withheld,
		};
		Some(ReceiptInfo { payer, operator, model, fee, phase })
	}

	fn answer_items(receipt: Hash) -> Option<Vec<(T::AccountId, i128, Balance)>> {
		Self::items(receipt)
	}

	fn pending_rewards(who: &T::AccountId) -> Balance {
		Earnings::<T>::get(who)
	}

	fn claim(who: T::AccountId) -> Result<Balance, DispatchError> {
		Self::do_claim(who)
	}

	fn channel(payer: &T::AccountId, operator: &T::AccountId) -> Option<(Balance, u64)> {
		Channels::<T>::get(payer, operator).map(|channel| (channel.balance, channel.nonce))
	}

	fn fund_channel(
		payer: T::AccountId,
		operator: T::AccountId,
		amount: Balance,
	) -> DispatchResult {
		Self::do_fund_channel(payer, operator, amount)
	}

	fn close_channel(payer: T::AccountId, operator: T::AccountId) -> DispatchResult {
		Self::do_close_channel(payer, operator)
	}

	fn withdraw_channel(payer: T::AccountId, operator: T::AccountId) -> DispatchResult {
		Self::do_withdraw_channel(payer, operator)
	}

	fn challenge(who: T::AccountId, receipt: Hash) -> Result<Balance, DispatchError> {
		Self::do_challenge(who, Work::Answer(receipt), Drawn::new())
	}

	fn challenge_version(
		who: T::AccountId,
		model: ModelId,
		adapters: Vec<u16>,
	) -> Result<(Balance, bool), DispatchError> {
		let named = Drawn::try_from(adapters).map_err(|_| Error::<T>::NoAdapter)?;
		let work = Work::Training(model);
		// A version that has no committee gets one of its own.
		let agreed = Committees::<T>::contains_key(work);
		Self::do_challenge(who, work, named).map(|bond| (bond, agreed))
	}

	fn period() -> u32 {
		Self::period_of(Self::now())
	}

	fn unsettled(model: ModelId, period: u32) -> (Balance, u32) {
		Periods::<T>::get(model, period).map_or((0, 0), |sums| (sums.total, sums.answers))
	}

	fn is_active(model: ModelId) -> bool {
		Designs::<T>::get(model).is_some_and(|design| design.standing == Standing::Active)
	}
}
