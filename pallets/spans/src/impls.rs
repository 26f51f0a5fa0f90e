//! What the calls do.

use super::*;
use core::ops::Range;
use frame::deps::frame_support::traits::tokens::{Fortitude, Precision, Restriction};
use openledger_influence_math::split;
use openledger_spans_math as math;

pub(crate) type Entry<T> =
	Index<<T as frame_system::Config>::AccountId, <T as Config>::Consideration>;

impl<T: Config> From<SpanError> for Error<T> {
	fn from(error: SpanError) -> Self {
		match error {
			SpanError::TooLong => Self::TooLong,
			SpanError::Query => Self::BadQuery,
			SpanError::Suffixes => Self::WrongSuffixes,
			SpanError::Bracket => Self::WrongBracket,
			SpanError::Text => Self::WrongText,
			SpanError::Mismatch => Self::Mismatch,
			SpanError::NoFault => Self::NoFault,
			SpanError::Rows => Self::WrongRows,
		}
	}
}

impl<T: Config> Pallet<T> {
	pub(crate) fn now() -> u32 {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// Registers an index; returns from which block on it is final.
	pub fn do_register(
		registrant: T::AccountId,
		datanet: DatanetId,
		version: Version,
		commitment: Commitment,
	) -> Result<u32, DispatchError> {
		ensure!(!Indices::<T>::contains_key(datanet, version), Error::<T>::AlreadyIndexed);
		let source = T::Datanets::source(datanet, version).ok_or(Error::<T>::NoVersion)?;
		commitment.check().map_err(Error::<T>::from)?;
		ensure!(commitment.tokens == source.tokens(), Error::<T>::WrongLength);

		// What its text is compared with, and whose rows it finds.
		T::Datanets::retain(datanet, version)?;
		let bond = T::Bond::get();
		T::Currency::hold(&HoldReason::Bond.into(), &registrant, bond)?;
		let footprint = Footprint::from_mel::<(DatanetId, Version, Entry<T>)>();
		let ticket = T::Consideration::new(&registrant, footprint)?;
		let final_at = Self::now().saturating_add(Watch::<T>::get().challenge);
		let serial = NextIndex::<T>::get();
		NextIndex::<T>::put(serial.saturating_add(1));
		let index = Index {
			commitment,
			registrant: registrant.clone(),
			bond,
			final_at,
			free_at: None,
			serial,
			demands: 0,
			ticket,
		};
		Indices::<T>::insert(datanet, version, index);
		let event = Event::Registered { datanet, version, registrant, commitment, final_at };
		Self::deposit_event(event);
		Ok(final_at)
	}

	/// With the fault that takes the longest to verify.
	pub(crate) fn challenge_weight() -> Weight {
		T::WeightInfo::challenge().saturating_add(T::WeightInfo::verify_foreign())
	}

	/// Removes an index with a fault; returns who had registered it and the challenger's part.
	pub(crate) fn do_challenge(
		challenger: T::AccountId,
		datanet: DatanetId,
		version: Version,
		fraud: &Fraud,
	) -> Result<(T::AccountId, Balance), DispatchError> {
		let index = Self::live(datanet, version)?;
		let source = T::Datanets::source(datanet, version).ok_or(Error::<T>::NoVersion)?;
		math::verify_fraud(&index.commitment, &source, fraud).map_err(Error::<T>::from)?;
		Self::refute(datanet, version, index, challenger)
	}

	/// Removes an index for a fault, and slashes its bond; returns who had registered it and the
	/// challenger's part.
	pub(crate) fn refute(
		datanet: DatanetId,
		version: Version,
		index: Entry<T>,
		challenger: T::AccountId,
	) -> Result<(T::AccountId, Balance), DispatchError> {
		let Index { registrant, bond, ticket, .. } = index;
		let protocol = BASIS_POINTS.saturating_sub(CHALLENGER_CUT);
		let [rest, reward] = split(bond, [protocol, CHALLENGER_CUT]);
		for (to, amount) in [(&challenger, reward), (&T::ProtocolPot::get(), rest)] {
			// What else keeps the money in the account does not keep it from being slashed.
			T::Currency::transfer_on_hold(
				&HoldReason::Bond.into(),
				&registrant,
				to,
				amount,
				Precision::Exact,
				Restriction::Free,
				Fortitude::Force,
			)?;
		}
		ticket.drop(&registrant)?;
		Indices::<T>::remove(datanet, version);
		T::Datanets::release(datanet, version);
		Self::deposit_event(Event::Refuted {
			datanet,
			version,
			registrant: registrant.clone(),
			challenger,
			reward,
			rest,
		});
		Ok((registrant, reward))
	}

	/// Announces the end of an index; returns from which block on it may be removed.
	pub(crate) fn do_retire(
		who: T::AccountId,
		datanet: DatanetId,
		version: Version,
	) -> Result<u32, DispatchError> {
		let mut index = Self::live(datanet, version)?;
		ensure!(index.registrant == who, Error::<T>::NotRegistrant);
		ensure!(index.free_at.is_none(), Error::<T>::AlreadyRetired);
		let free_at = Self::now().saturating_add(Watch::<T>::get().unbonding);
		index.free_at = Some(free_at);
		Indices::<T>::insert(datanet, version, index);
		Self::deposit_event(Event::Retired { datanet, version, free_at });
		Ok(free_at)
	}

	pub(crate) fn do_remove(datanet: DatanetId, version: Version) -> DispatchResult {
		let Index { registrant, bond, free_at, demands, ticket, .. } =
			Self::live(datanet, version)?;
		let free_at = free_at.ok_or(Error::<T>::NotRetired)?;
		ensure!(Self::now() >= free_at, Error::<T>::StillBonded);
		ensure!(demands == 0, Error::<T>::StillDemanded);
		T::Currency::release(&HoldReason::Bond.into(), &registrant, bond, Precision::Exact)?;
		ticket.drop(&registrant)?;
		Indices::<T>::remove(datanet, version);
		T::Datanets::release(datanet, version);
		Self::deposit_event(Event::Removed { datanet, version });
		Ok(())
	}

	pub(crate) fn live(datanet: DatanetId, version: Version) -> Result<Entry<T>, Error<T>> {
		Indices::<T>::get(datanet, version).ok_or(Error::<T>::NoIndex)
	}

	fn commitment(datanet: DatanetId, version: Version) -> Result<Commitment, Error<T>> {
		Self::live(datanet, version).map(|index| index.commitment)
	}

	/// Invariants of this pallet.
	#[cfg(any(feature = "std", feature = "try-runtime"))]
	pub fn do_try_state() -> Result<(), frame::deps::sp_runtime::TryRuntimeError> {
		use alloc::collections::BTreeMap;
		use frame::token::fungible::InspectHold;
		ensure!(Watch::<T>::get().is_valid(), "the windows are valid");
		let mut demands = BTreeMap::<u64, u32>::new();
		let mut stakes = BTreeMap::<Vec<u8>, (T::AccountId, Balance)>::new();
		for demand in Demands::<T>::iter_values() {
			let count = demands.entry(demand.index).or_default();
			*count = count.saturating_add(1);
			let stake = stakes.entry(demand.who.encode()).or_insert_with(|| (demand.who, 0));
			stake.1 = stake.1.saturating_add(demand.stake);
		}
		for (who, stake) in stakes.into_values() {
			let held = T::Currency::balance_on_hold(&HoldReason::Demand.into(), &who);
			ensure!(held == stake, "what is held is what demands are staked with");
		}
		let mut bonds = BTreeMap::<Vec<u8>, (T::AccountId, Balance)>::new();
		for (datanet, version, index) in Indices::<T>::iter() {
			let source = T::Datanets::source(datanet, version).ok_or("a version stays")?;
			let tokens = source.tokens();
			ensure!(index.commitment.tokens == tokens, "a text is as long as the version's");
			let open = demands.get(&index.serial).copied().unwrap_or_default();
			ensure!(index.demands == open, "an index counts its demands");
			let bond = bonds
				.entry(index.registrant.encode())
				.or_insert_with(|| (index.registrant.clone(), 0));
			bond.1 = bond.1.saturating_add(index.bond);
		}
		for (who, bond) in bonds.into_values() {
			let held = T::Currency::balance_on_hold(&HoldReason::Bond.into(), &who);
			ensure!(held == bond, "what is held is what its indices are bonded with");
		}
		Ok(())
	}
}

impl<T: Config> Spans for Pallet<T> {
	fn span_index(datanet: DatanetId, version: Version) -> Option<(Commitment, bool)> {
		let index = Indices::<T>::get(datanet, version)?;
		Some((index.commitment, Self::now() >= index.final_at && index.demands == 0))
	}

	fn verify_span(
		datanet: DatanetId,
		version: Version,
		query: &[u16],
		proof: &SpanProof,
	) -> Result<Match, DispatchError> {
		let commitment = Self::commitment(datanet, version)?;
		Ok(math::verify_span(&commitment, query, proof).map_err(Error::<T>::from)?)
	}

	fn verify_count(
		datanet: DatanetId,
		version: Version,
		span: &[u16],
		proof: &CountProof,
	) -> Result<Range<u64>, DispatchError> {
		let commitment = Self::commitment(datanet, version)?;
		Ok(math::verify_count(&commitment, span, proof).map_err(Error::<T>::from)?)
	}

	fn verify_occurrence(
		datanet: DatanetId,
		version: Version,
		span: &[u16],
		opening: &Opening,
		text: &Excerpt,
	) -> Result<Place, DispatchError> {
		let commitment = Self::commitment(datanet, version)?;
		Ok(math::verify_occurrence(&commitment, span, opening, text).map_err(Error::<T>::from)?)
	}
}
