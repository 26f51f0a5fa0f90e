//! What Solidity can do with the Datanets.

use super::*;
use openledger_core::{DatanetTerms, DatanetsCall, DatanetsFace, Given};

impl<T: Config> DatanetsFace<T::AccountId> for Pallet<T> {
	fn weight(call: DatanetsCall) -> Weight {
		match call {
			DatanetsCall::Create => T::WeightInfo::create(),
			DatanetsCall::SetCurator => T::WeightInfo::set_curator(),
			DatanetsCall::SetAtRisk => T::WeightInfo::set_terms(),
			DatanetsCall::Contribute { rows } => T::WeightInfo::contribute(rows),
			DatanetsCall::BuyLicence => T::WeightInfo::buy_licence(),
			DatanetsCall::Claim => T::WeightInfo::claim_for(),
			DatanetsCall::PutAtRisk => T::WeightInfo::put_at_risk(),
			DatanetsCall::ReleaseAtRisk => T::WeightInfo::release_at_risk(),
			// A member has a batch at least.
			DatanetsCall::Distribute { batches } => {
				Self::distribute_weight(batches.min(MAX_MEMBERS), batches)
			},
			DatanetsCall::BuyBlock => T::WeightInfo::buy_block(),
			DatanetsCall::LeaveBlock => T::WeightInfo::leave_block(),
			DatanetsCall::Read => T::WeightInfo::read(),
		}
	}

	fn create(
		who: T::AccountId,
		name: Vec<u8>,
		rights: Rights,
		price: Balance,
		period: u32,
		curator_cut: u16,
	) -> Result<DatanetId, DispatchError> {
		let name = Name::try_from(name).map_err(|_| Error::<T>::BadName)?;
		Self::do_create(who, name, Terms { rights, price, period, curator_cut, at_risk: 0 })
	}

	fn set_curator(who: T::AccountId, datanet: DatanetId, curator: T::AccountId) -> DispatchResult {
		Self::do_set_curator(who, datanet, curator)
	}

	fn set_at_risk(
		who: T::AccountId,
		datanet: DatanetId,
		amount: Balance,
	) -> Result<DatanetTerms<T::AccountId>, DispatchError> {
		Self::change_terms(&who, datanet, |terms| Terms { at_risk: amount, ..terms })
	}

	fn contribute(
		who: T::AccountId,
		datanet: DatanetId,
		rows: Vec<(Hash, u32)>,
	) -> Result<BatchId, DispatchError> {
		let rows: Vec<Row> = rows.into_iter().map(|(hash, bytes)| Row { hash, bytes }).collect();
		let rows = Rows::try_from(rows)
			.map_err(|_| DispatchError::Other("TooManyRows: a batch has at most 256"))?;
		Self::do_contribute(who, datanet, rows)
	}

	fn buy_licence(
		who: T::AccountId,
		datanet: DatanetId,
		rights: Rights,
		maximum: Balance,
	) -> Result<Vec<Given<T::AccountId>>, DispatchError> {
		Self::do_buy_licence(who, datanet, rights, maximum)
	}

	fn claim(datanet: DatanetId, who: T::AccountId) -> Result<Balance, DispatchError> {
		let amount = Self::owed(datanet, &who).ok_or(Error::<T>::Overflow)?;
		Self::do_claim(datanet, who).map(|()| amount)
	}

	fn put_at_risk(
		who: T::AccountId,
		datanet: DatanetId,
		maximum: Balance,
	) -> Result<Balance, DispatchError> {
		Self::do_put_at_risk(who, datanet, maximum)
	}

	fn release_at_risk(
		by: T::AccountId,
		datanet: DatanetId,
		who: T::AccountId,
	) -> Result<Balance, DispatchError> {
		Self::do_release_at_risk(by, datanet, who)
	}

	fn distribute(
		datanet: DatanetId,
		version: Version,
		block: u16,
	) -> Result<(Balance, Option<Given<T::AccountId>>), DispatchError> {
		Self::do_distribute(datanet, version, block).map(|(amount, given, _)| (amount, given))
	}

	fn buy_block(
		who: T::AccountId,
		datanet: DatanetId,
		maximum: Balance,
	) -> Result<(Balance, Option<Given<T::AccountId>>), DispatchError> {
		Self::do_buy_block(who, datanet, maximum)
	}

	fn leave_block(who: T::AccountId, datanet: DatanetId) -> DispatchResult {
		Self::do_leave_block(who, datanet)
	}

	fn at_risk(datanet: DatanetId, who: &T::AccountId) -> Option<(Balance, Balance)> {
		let wanted = Datanets::<T>::get(datanet)?.terms.at_risk;
		Some((wanted, AtRisk::<T>::get(datanet, who).map_or(0, |risk| risk.amount)))
	}

	fn claimable(datanet: DatanetId, who: &T::AccountId) -> Balance {
		Self::owed(datanet, who).unwrap_or(0)
	}

	fn terms(datanet: DatanetId) -> Option<DatanetTerms<T::AccountId>> {
		Datanets::<T>::get(datanet).map(|entry| entry.shown())
	}
}
