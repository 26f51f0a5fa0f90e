//! What contributors have at risk.

use super::*;
use frame::deps::frame_support::traits::tokens::{Fortitude, Precision, Restriction};

impl<T: Config> Pallet<T> {
	/// Puts at risk what is missing; returns all that is.
	pub fn do_put_at_risk(
		who: T::AccountId,
		id: DatanetId,
		maximum: Balance,
	) -> Result<Balance, DispatchError> {
		let datanet = Datanets::<T>::get(id).ok_or(Error::<T>::NoDatanet)?;
		let wanted = datanet.terms.at_risk;
		ensure!(wanted <= maximum, Error::<T>::AboveMaximum);
		let old = AtRisk::<T>::get(id, &who);
		let has = old.as_ref().map_or(0, |risk| risk.amount);
		let missing = wanted.saturating_sub(has);
		let amount = has.saturating_add(missing);
		if missing > 0 {
			let mut risk = match old {
				Some(risk) => risk,
				None => Risk {
					amount,
					from: (datanet.next_batch, datanet.next_version),
					uses: 0,
					ticket: T::Consideration::new(
						&who,
						Footprint::from_mel::<(T::AccountId, Risk<T::Consideration>)>(),
					)?,
				},
			};
			T::Currency::hold(&HoldReason::AtRisk.into(), &who, missing)?;
			risk.amount = amount;
			AtRisk::<T>::insert(id, &who, risk);
		}
		Self::deposit_event(Event::PutAtRisk { datanet: id, who, amount });
		Ok(amount)
	}

	/// Gives back what is at risk; returns how much that is.
	pub(crate) fn do_release_at_risk(
		by: T::AccountId,
		id: DatanetId,
		who: T::AccountId,
	) -> Result<Balance, DispatchError> {
		let risk = AtRisk::<T>::take(id, &who).ok_or(Error::<T>::NothingAtRisk)?;
		// Anybody else could release it between being put at risk and contributing.
		let owns = Datanets::<T>::get(id).is_some_and(|datanet| datanet.owner == by);
		ensure!(by == who || owns, Error::<T>::NotOwner);
		ensure!(risk.uses == 0, Error::<T>::RiskStays);
		let amount = risk.amount;
		T::Currency::release(&HoldReason::AtRisk.into(), &who, amount, Precision::Exact)?;
		risk.ticket.drop(&who)?;
		Self::deposit_event(Event::RiskReleased { datanet: id, who, amount });
		Ok(amount)
	}

	/// Refuses an account that has less at risk than the terms want.
	pub(crate) fn check_risk(id: DatanetId, who: &T::AccountId, terms: &Terms) -> DispatchResult {
		let enough = terms.at_risk == 0
			|| AtRisk::<T>::get(id, who).is_some_and(|risk| risk.amount >= terms.at_risk);
		ensure!(enough, Error::<T>::TooLittleAtRisk);
		Ok(())
	}

	/// What the account has at risk stays for this.
	pub(crate) fn bind(id: DatanetId, who: &T::AccountId, what: Use) {
		Self::change_uses(id, who, what, |uses| uses.saturating_add(1));
	}

	/// It no longer stays for this.
	pub(crate) fn unbind(id: DatanetId, who: &T::AccountId, what: Use) {
		Self::change_uses(id, who, what, |uses| uses.saturating_sub(1));
	}

	fn change_uses(id: DatanetId, who: &T::AccountId, what: Use, change: impl Fn(u32) -> u32) {
		let covers = |risk: &Risk<T::Consideration>| risk.covers(what);
		if let Some(mut risk) = AtRisk::<T>::get(id, who).filter(covers) {
			risk.uses = change(risk.uses);
			AtRisk::<T>::insert(id, who, risk);
		}
	}

	/// See [`openledger_core::Datanets::seize`].
	pub(crate) fn do_seize(
		id: DatanetId,
		version: Version,
		who: &T::AccountId,
		amount: Balance,
	) -> Result<Balance, DispatchError> {
		let covers = |risk: &Risk<T::Consideration>| risk.covers(Use::Version(version));
		let Some(mut risk) = AtRisk::<T>::get(id, who).filter(covers) else { return Ok(0) };
		let amount = amount.min(risk.amount);
		if amount == 0 {
			return Ok(0);
		}
		risk.amount = risk.amount.saturating_sub(amount);
		AtRisk::<T>::insert(id, who, risk);
		// Not to the accepted rows: whoever has its harm done by another account has rows of its own, and
		// would have a part of this back.
		T::Currency::transfer_on_hold(
			&HoldReason::AtRisk.into(),
			who,
			&T::ProtocolPot::get(),
			amount,
			Precision::Exact,
			Restriction::Free,
			// It pays whatever else the account has promised.
			Fortitude::Force,
		)?;
		Self::deposit_event(Event::Seized { datanet: id, who: who.clone(), amount });
		Ok(amount)
	}

	/// Everything at risk is held, and stays for what stands.
	#[cfg(any(feature = "std", feature = "try-runtime"))]
	pub(crate) fn try_state_of_risks() -> Result<(), frame::deps::sp_runtime::TryRuntimeError> {
		use frame::token::fungible::InspectHold;
		let mut held = alloc::collections::BTreeMap::<Vec<u8>, (T::AccountId, Balance)>::new();
		for (id, who, risk) in AtRisk::<T>::iter() {
			ensure!(Datanets::<T>::contains_key(id), "what is at risk has a Datanet");
			let batches = Batches::<T>::iter_prefix(id)
				.filter(|(batch, entry)| {
					entry.contributor == who && risk.covers(Use::Batch(*batch))
				})
				.count();
			let has = |published: &Published<T::AccountId, T::Consideration>| {
				published.blocks.iter().any(|block| block.owner == who)
			};
			let versions = Versions::<T>::iter_prefix(id)
				.filter(|(version, published)| {
					risk.covers(Use::Version(*version)) && has(published)
				})
				.count();
			ensure!(risk.uses as usize == batches + versions, "what is at risk counts its uses");
			held.entry(who.encode()).or_insert((who, 0)).1 += risk.amount;
		}
		for (who, amount) in held.into_values() {
			let on_hold = T::Currency::balance_on_hold(&HoldReason::AtRisk.into(), &who);
			ensure!(on_hold == amount, "what is at risk is held, and nothing else as such");
		}
		Ok(())
	}
}
