//! Rows that contributors are asked to show.

use super::*;
use frame::{
	deps::frame_support::traits::tokens::{Fortitude, Precision, Restriction},
	hashing::blake2_256,
};

impl<T: Config> Pallet<T> {
	/// Demands a row; returns the last block in which it may be shown.
	pub(crate) fn do_demand(
		who: T::AccountId,
		id: DatanetId,
		hash: Hash,
	) -> Result<u32, DispatchError> {
		let (batch, bytes) = RowIndex::<T>::get(id, hash).ok_or(Error::<T>::NoRow)?;
		let entry = Batches::<T>::get(id, batch).ok_or(Error::<T>::NoBatch)?;
		// Rows that nobody took earn nothing, and the curator rejects them if it cannot have them.
		ensure!(entry.scores.is_some(), Error::<T>::NotAccepted);
		ensure!(!Demands::<T>::contains_key(id, hash), Error::<T>::AlreadyDemanded);
		let until = Self::now().saturating_add(CHALLENGE_WINDOW);

		// More than showing it costs, and what its contributor would stake for it.
		let stake = Self::rates().of(1, bytes.into());
		T::Currency::hold(&HoldReason::Demand.into(), &who, stake)?;
		let demand = Demand { who: who.clone(), stake, until, batch, bytes };
		Demands::<T>::insert(id, hash, demand);
		Self::deposit_event(Event::RowDemanded { datanet: id, hash, who, until });
		Ok(until)
	}

	/// Whether a row that was demanded is in the batch that it was in, or was withdrawn from it: one that is
	/// void need not be shown, nor if somebody gives it again.
	fn is_due(id: DatanetId, hash: Hash, demand: &Demand<T::AccountId>) -> bool {
		let of = match RowIndex::<T>::get(id, hash) {
			Some((batch, _)) => Some(batch),
			None => Withdrawn::<T>::get(id, hash).map(|(staked, _)| staked.batch),
		};
		of == Some(demand.batch)
	}

	/// Shows a row that is demanded, for the stake.
	pub(crate) fn do_show(who: T::AccountId, id: DatanetId, content: &Content) -> DispatchResult {
		let hash: Hash = blake2_256(content).into();
		let Demand { who: by, stake, until, bytes, .. } = Demands::<T>::get(id, hash)
			.filter(|demand| Self::is_due(id, hash, demand))
			.ok_or(Error::<T>::NotDemanded)?;
		ensure!(Self::now() <= until, Error::<T>::TooLate);
		// Rows are paid by the byte: who said that there are more has nothing to show.
		ensure!(content.len() as u32 == bytes, Error::<T>::WrongLength);

		T::Currency::transfer_on_hold(
			&HoldReason::Demand.into(),
			&by,
			&who,
			stake,
			Precision::Exact,
			Restriction::Free,
			Fortitude::Force,
		)?;
		Demands::<T>::remove(id, hash);
		Self::deposit_event(Event::RowShown { datanet: id, hash, who });
		Ok(())
	}

	/// Ends a demand that was not met in time, and makes the row void; or one of a row that need not be
	/// shown any more.
	pub(crate) fn do_end_demand(id: DatanetId, hash: Hash) -> DispatchResult {
		let demand = Demands::<T>::take(id, hash).ok_or(Error::<T>::NotDemanded)?;
		let due = Self::is_due(id, hash, &demand);
		let Demand { who, stake, until, .. } = demand;
		ensure!(!due || Self::now() > until, Error::<T>::StillOpen);
		T::Currency::release(&HoldReason::Demand.into(), &who, stake, Precision::Exact)?;
		Self::deposit_event(Event::DemandEnded { datanet: id, hash, who: who.clone() });
		if due {
			let (contributor, reward) = Self::forfeit(id, hash, &who)?;
			Self::deposit_event(Event::RowWithheld { datanet: id, hash, contributor, who, reward });
		}
		Ok(())
	}

	/// Every demand is staked, and no longer open than it may be.
	#[cfg(any(feature = "std", feature = "try-runtime"))]
	pub(crate) fn try_state_of_demands() -> Result<(), frame::deps::sp_runtime::TryRuntimeError> {
		use frame::token::fungible::InspectHold;
		let mut stakes = alloc::collections::BTreeMap::<Vec<u8>, (T::AccountId, Balance)>::new();
		for (id, hash, demand) in Demands::<T>::iter() {
			let last = Self::now().saturating_add(CHALLENGE_WINDOW);
			ensure!(demand.until <= last, "a demand is open for the window at most");
			let datanet = Datanets::<T>::get(id).ok_or("what is demanded has a Datanet")?;
			ensure!(demand.batch < datanet.next_batch, "a demand in a batch beyond the next id");
			if Self::is_due(id, hash, &demand) {
				let of = RowIndex::<T>::get(id, hash);
				ensure!(
					of.is_none_or(|(_, bytes)| bytes == demand.bytes),
					"a row keeps its length"
				);
			}
			stakes.entry(demand.who.encode()).or_insert((demand.who, 0)).1 += demand.stake;
		}
		for (who, stake) in stakes.into_values() {
			let held = T::Currency::balance_on_hold(&HoldReason::Demand.into(), &who);
			ensure!(held == stake, "what is held is what demands are staked with");
		}
		Ok(())
	}
}
