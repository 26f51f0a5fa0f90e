//! Scorers, their standing, and what they and others lose.

use super::*;
use frame::deps::{
	frame_support::traits::tokens::{Fortitude, Precision, Restriction},
	sp_runtime::RuntimeAppPublic,
};

/// Goes before what a hot key signs to prove that it belongs to an account.
pub const SCORER_DOMAIN: &[u8] = b"openledger/scorer/v1";

impl<T: Config> Pallet<T> {
	pub(crate) fn do_bond(
		who: T::AccountId,
		key: ScorerId,
		proof: ScorerSignature,
		class: Class,
		bond: Balance,
	) -> DispatchResult {
		ensure!(!Scorers::<T>::contains_key(&who), Error::<T>::AlreadyBonded);
		ensure!(!KeyOwner::<T>::contains_key(&key), Error::<T>::KeyTaken);
		ensure!(bond >= Settings::<T>::get().minimum_bond, Error::<T>::BondTooLow);
		let payload = (SCORER_DOMAIN, Self::genesis(), &who).encode();
		ensure!(key.verify(&payload, &proof), Error::<T>::BadKeyProof);

		Drawable::<T>::try_append((&who, class)).map_err(|()| Error::<T>::TooManyScorers)?;
		T::Currency::hold(&HoldReason::Bond.into(), &who, bond)?;
		// A slash that waits is stored at its expense as well.
		type Stored<T> = (
			<T as frame_system::Config>::AccountId,
			Scorer<<T as Config>::Consideration>,
			Slash<<T as frame_system::Config>::AccountId>,
		);
		let ticket = T::Consideration::new(&who, Footprint::from_mel::<Stored<T>>())?;
		KeyOwner::<T>::insert(&key, &who);
		let scorer = Scorer { key: key.clone(), class, bond, missed: 0, left_at: None, ticket };
		Scorers::<T>::insert(&who, scorer);
		Self::deposit_event(Event::ScorerBonded { scorer: who, key, class, bond });
		Ok(())
	}

	pub(crate) fn do_unbond(who: T::AccountId) -> DispatchResult {
		let mut scorer = Scorers::<T>::get(&who).ok_or(Error::<T>::NotScorer)?;
		ensure!(scorer.left_at.is_none(), Error::<T>::StillUnbonding);
		Self::leave(&who, &mut scorer, false);
		Scorers::<T>::insert(&who, scorer);
		Ok(())
	}

	/// Takes a scorer out of the draws.
	fn leave(who: &T::AccountId, scorer: &mut Scorer<T::Consideration>, forced: bool) {
		if scorer.left_at.is_some() {
			return;
		}
		scorer.left_at = Some(Self::now());
		Drawable::<T>::mutate(|all| {
			if let Some(index) = all.iter().position(|(one, _)| one == who) {
				all.swap_remove(index);
			}
		});
		Self::deposit_event(Event::ScorerLeft { scorer: who.clone(), forced });
	}

	pub(crate) fn do_withdraw_bond(who: T::AccountId) -> DispatchResult {
		let scorer = Scorers::<T>::get(&who).ok_or(Error::<T>::NotScorer)?;
		let left_at = scorer.left_at.ok_or(Error::<T>::StillBonded)?;
		let free_at = left_at.saturating_add(Settings::<T>::get().unbonding);
		ensure!(Self::now() >= free_at, Error::<T>::StillUnbonding);
		ensure!(!Liable::<T>::contains_key(&who), Error::<T>::StillLiable);

		let reason = HoldReason::Bond.into();
		T::Currency::release(&reason, &who, scorer.bond, Precision::Exact)?;
		scorer.ticket.drop(&who)?;
		KeyOwner::<T>::remove(&scorer.key);
		Scorers::<T>::remove(&who);
		Self::deposit_event(Event::BondWithdrawn { scorer: who, bond: scorer.bond });
		Ok(())
	}

	/// A seat that was filled well makes one good that was not; who misses too many leaves and loses a
	/// part of its bond.
	pub(crate) fn note(who: &T::AccountId, work: Work, good: bool) {
		Scorers::<T>::mutate_extant(who, |scorer| {
			scorer.missed = if good {
				scorer.missed.saturating_sub(1)
			} else {
				scorer.missed.saturating_add(1)
			};
			if scorer.missed >= MAX_MISSED && scorer.left_at.is_none() {
				let absence = Settings::<T>::get().absence;
				Self::expel(who, scorer, work, absence, None);
			}
		});
	}

	/// Somebody found what is not so.
	pub(crate) fn accuse(who: &T::AccountId, work: Work, reporter: Option<T::AccountId>) {
		let slash = Settings::<T>::get().slash;
		Scorers::<T>::mutate_extant(who, |scorer| {
			Self::expel(who, scorer, work, slash, reporter);
		});
	}

	/// Takes basis points of a scorer's bond, which it loses unless that is cancelled in time, and takes
	/// it out of the draws. The part is no longer its bond, so unbonding does not free it.
	fn expel(
		who: &T::AccountId,
		scorer: &mut Scorer<T::Consideration>,
		work: Work,
		part: u16,
		reporter: Option<T::AccountId>,
	) {
		let [left, amount] = Self::cut(scorer.bond, part);
		scorer.bond = left;
		Self::leave(who, scorer, true);
		Self::defer_slash(who.clone(), Offence::Finding, amount, work, reporter);
	}

	pub(crate) fn defer_slash(
		who: T::AccountId,
		offence: Offence,
		amount: Balance,
		work: Work,
		reporter: Option<T::AccountId>,
	) {
		if amount.is_zero() {
			return;
		}
		let due = Self::now().saturating_add(Settings::<T>::get().slash_delay);
		let id = NextSlash::<T>::mutate(|next| {
			let id = *next;
			*next = next.wrapping_add(1);
			id
		});
		// Without room anybody applies it.
		let _ = Self::schedule(due, Due::Slash(id));
		Self::deposit_event(Event::SlashDeferred {
			id,
			who: who.clone(),
			offence,
			amount,
			work,
			due,
		});
		Slashes::<T>::insert(id, Slash { who, offence, amount, reporter, work, due });
	}

	pub(crate) fn do_apply_slash(id: u32) -> DispatchResult {
		let Slash { who, offence, amount, reporter, due, .. } =
			Slashes::<T>::take(id).ok_or(Error::<T>::NoSlash)?;
		ensure!(Self::now() >= due, Error::<T>::SlashPending);
		Self::take_held(Self::hold_of(offence), &who, amount)?;
		let [rest, reward] = Self::cut(amount, Settings::<T>::get().reporter_share);
		match &reporter {
			Some(reporter) => Self::credit(reporter, reward)?,
			None => Self::fund_panels(reward)?,
		}
		Self::hand_out(&T::ProtocolPot::get(), rest)?;
		Self::deposit_event(Event::Slashed { id, who, amount, reporter });
		Ok(())
	}

	pub(crate) fn do_cancel_slash(id: u32) -> DispatchResult {
		let Slash { who, offence, amount, .. } =
			Slashes::<T>::take(id).ok_or(Error::<T>::NoSlash)?;
		let back_in_bond = offence == Offence::Finding
			&& Scorers::<T>::mutate_extant(&who, |scorer| {
				scorer.bond = scorer.bond.saturating_add(amount);
				true
			});
		if !back_in_bond {
			T::Currency::release(&Self::hold_of(offence).into(), &who, amount, Precision::Exact)?;
		}
		Self::deposit_event(Event::SlashCancelled { id, who, amount });
		Ok(())
	}

	fn hold_of(offence: Offence) -> HoldReason {
		match offence {
			Offence::Finding => HoldReason::Bond,
			Offence::Version => HoldReason::Version,
		}
	}

	/// Takes what an account has put up into the pot, whatever else the account has promised.
	fn take_held(reason: HoldReason, who: &T::AccountId, amount: Balance) -> DispatchResult {
		T::Currency::transfer_on_hold(
			&reason.into(),
			who,
			&Self::pot(),
			amount,
			Precision::Exact,
			Restriction::Free,
			Fortitude::Force,
		)
		.map(|_| ())
	}

	/// Takes what an account has put up for what panels are paid from.
	pub(crate) fn fine(reason: HoldReason, who: &T::AccountId, amount: Balance) -> DispatchResult {
		Self::take_held(reason, who, amount)?;
		Self::fund_panels(amount)
	}

	/// Adds to what panels are paid from.
	pub(crate) fn fund_panels(amount: Balance) -> DispatchResult {
		PanelFund::<T>::try_mutate(|fund| {
			*fund = fund.checked_add(amount).ok_or(Error::<T>::Overflow)?;
			Ok(())
		})
	}
}
