//! Leaves that registrants are asked to show.

use super::*;
use frame::deps::frame_support::traits::tokens::{Fortitude, Precision, Restriction};
use openledger_spans_math as math;

impl<T: Config> Pallet<T> {
	/// Demands a leaf; returns the last block in which it may be shown.
	pub(crate) fn do_demand(
		who: T::AccountId,
		datanet: DatanetId,
		version: Version,
		leaf: Leaf,
	) -> Result<u32, DispatchError> {
		let mut index = Self::live(datanet, version)?;
		ensure!(leaf.is_of(&index.commitment), Error::<T>::NoLeaf);
		let key = (datanet, version, leaf);
		ensure!(!Demands::<T>::contains_key(key), Error::<T>::AlreadyDemanded);
		let until = Self::now().saturating_add(Watch::<T>::get().challenge);
		let holds = index.free_at.is_none_or(|free_at| until < free_at);
		ensure!(holds, Error::<T>::EndsBefore);

		let stake = T::DemandStake::get();
		T::Currency::hold(&HoldReason::Demand.into(), &who, stake)?;
		index.demands = index.demands.saturating_add(1);
		let demand = Demand { who: who.clone(), stake, until, index: index.serial };
		Indices::<T>::insert(datanet, version, index);
		Demands::<T>::insert(key, demand);
		Self::deposit_event(Event::Demanded { datanet, version, leaf, who, until });
		Ok(until)
	}

	/// Shows a leaf that is demanded, for the stake.
	pub(crate) fn do_show(
		who: T::AccountId,
		datanet: DatanetId,
		version: Version,
		shown: &Shown,
	) -> DispatchResult {
		let (mut index, leaf) = (Self::live(datanet, version)?, shown.leaf());
		let demand = Demands::<T>::get((datanet, version, leaf));
		let Demand { who: by, stake, until, .. } = demand
			.filter(|demand| demand.index == index.serial)
			.ok_or(Error::<T>::NotDemanded)?;
		ensure!(Self::now() <= until, Error::<T>::TooLate);
		math::verify_shown(&index.commitment, shown).map_err(Error::<T>::from)?;

		T::Currency::transfer_on_hold(
			&HoldReason::Demand.into(),
			&by,
			&who,
			stake,
			Precision::Exact,
			Restriction::Free,
			Fortitude::Force,
		)?;
		index.demands = index.demands.saturating_sub(1);
		Indices::<T>::insert(datanet, version, index);
		Demands::<T>::remove((datanet, version, leaf));
		Self::deposit_event(Event::Shown { datanet, version, leaf, who });
		Ok(())
	}

	/// Ends a demand that was not met in time, and the index with it; or one whose index is gone.
	/// Returns whose it was, and who had registered the index that fell and the other's part of its bond.
	pub(crate) fn do_end_demand(
		datanet: DatanetId,
		version: Version,
		leaf: Leaf,
	) -> Result<(T::AccountId, Option<(T::AccountId, Balance)>), DispatchError> {
		let demand = Demands::<T>::take((datanet, version, leaf));
		let Demand { who, stake, until, index } = demand.ok_or(Error::<T>::NotDemanded)?;
		T::Currency::release(&HoldReason::Demand.into(), &who, stake, Precision::Exact)?;
		Self::deposit_event(Event::DemandEnded { datanet, version, leaf, who: who.clone() });
		let index = Indices::<T>::get(datanet, version).filter(|of| of.serial == index);
		let Some(index) = index else { return Ok((who, None)) };
		ensure!(Self::now() > until, Error::<T>::StillOpen);
		let refuted = Self::refute(datanet, version, index, who.clone())?;
		Ok((who, Some(refuted)))
	}
}
