//! What always holds.

use super::*;
use frame::token::fungible::InspectHold;

impl<T: Config> Pallet<T> {
	/// Invariants of this pallet.
	#[cfg(any(feature = "std", feature = "try-runtime"))]
	pub fn do_try_state() -> Result<(), frame::deps::sp_runtime::TryRuntimeError> {
		let mut receipts = alloc::collections::BTreeMap::<ModelId, u32>::new();
		let mut owed: Balance = Earnings::<T>::iter_values().sum();
		owed += Periods::<T>::iter_values().map(|period| period.total).sum::<Balance>();
		for (id, receipt) in Receipts::<T>::iter() {
			*receipts.entry(receipt.model).or_default() += 1;
			let work = Work::Answer(id);
			let pending = receipt.phase == Phase::Pending;
			ensure!(
				Committees::<T>::contains_key(work) == pending,
				"who is pending has a committee"
			);
			if pending {
				owed += receipt.pool + receipt.reward + receipt.service;
			}
			let scored = matches!(receipt.phase, Phase::Scored { .. } | Phase::Void);
			ensure!(!scored || Vectors::<T>::contains_key(id), "no vector");
		}
		for (id, batch) in Batches::<T>::iter() {
			*receipts.entry(batch.model).or_default() += 1;
			let pending = batch.posting.is_none();
			ensure!(
				Committees::<T>::contains_key(Work::Batch(id)) == pending,
				"what is not scored has a committee"
			);
			ensure!(!pending || batch.left == batch.pool, "what is not scored is not spent");
			let payers = BatchPayers::<T>::get(id);
			ensure!(
				payers.iter().map(|paying| paying.redeemed.amount).sum::<Balance>() == batch.fee,
				"a batch is what was paid for it"
			);
			owed += batch.left + payers.iter().map(|paying| paying.refund).sum::<Balance>();
			owed += if pending { batch.reward + batch.service } else { 0 };
		}
		for id in BatchPayers::<T>::iter_keys() {
			ensure!(Batches::<T>::contains_key(id), "payers have a batch");
		}
		let mut liable = alloc::collections::BTreeMap::<T::AccountId, Load>::new();
		let mut challenged = alloc::collections::BTreeMap::<T::AccountId, Balance>::new();
		for (work, committee) in Committees::<T>::iter() {
			ensure!(committee.sequence < NextCommittee::<T>::get(), "a committee of the future");
			if let Some((who, bond)) = &committee.challenger {
				*challenged.entry(who.clone()).or_default() += bond;
			}
			for (index, seat) in committee.seats.iter().enumerate() {
				let turn = matches!(committee.stage, Stage::Commit | Stage::Reveal { .. })
					&& committee.turn().contains(&index);
				let load = liable.entry(seat.scorer.clone()).or_default();
				load.works += 1;
				load.seats += u32::from(turn);
				load.pools += Self::pool_of(work);
				let assigned = Assignments::<T>::get(&seat.scorer, work);
				ensure!(assigned == turn.then_some(index as u8), "assignments follow seats");
			}
		}
		ensure!(
			liable.values().all(|load| load.seats <= MAX_SEATS_AT_ONCE),
			"nobody has more to do than it does"
		);
		ensure!(liable == Liable::<T>::iter().collect(), "who sits answers for it");
		for (who, bond) in challenged {
			let held = T::Currency::balance_on_hold(&HoldReason::Challenge.into(), &who);
			ensure!(held == bond, "challenges are backed");
		}
		for (work, index, _) in Findings::<T>::iter() {
			let committee = Committees::<T>::get(work).ok_or("a finding has a committee")?;
			let seat = committee.seats.get(usize::from(index)).ok_or("a finding has a seat")?;
			ensure!(seat.revealed, "a finding was revealed");
		}
		let slashed = |who: &T::AccountId, offence: Offence| -> Balance {
			Slashes::<T>::iter_values()
				.filter(|slash| slash.who == *who && slash.offence == offence)
				.map(|slash| slash.amount)
				.sum()
		};
		owed += PanelFund::<T>::get();
		ensure!(T::Currency::balance(&Self::pot()) >= owed, "the pot covers what is owed");
		let drawable = Drawable::<T>::get();
		for (who, scorer) in Scorers::<T>::iter() {
			ensure!(KeyOwner::<T>::get(&scorer.key) == Some(who.clone()), "a key has its owner");
			ensure!(
				drawable.contains(&(who.clone(), scorer.class)) == scorer.left_at.is_none(),
				"who has not left may be drawn"
			);
			let held = T::Currency::balance_on_hold(&HoldReason::Bond.into(), &who);
			ensure!(held >= scorer.bond + slashed(&who, Offence::Finding), "bonds are held");
		}
		ensure!(receipts == Kept::<T>::iter().collect(), "receipts are counted");
		for model in receipts.keys() {
			ensure!(Designs::<T>::contains_key(model), "a receipt has a design");
		}
		for (model, _) in Periods::<T>::iter_keys() {
			// None is pruned before its period is settled.
			ensure!(receipts.contains_key(&model), "a period has receipts");
		}
		for (model, _) in Psis::<T>::iter() {
			let design = Designs::<T>::get(model).ok_or("a Ψ has a design")?;
			let hashes = Adapters::<T>::get(model).ok_or("a Ψ has adapters")?.len();
			let named = usize::from(design.method.hashes(design.adapters));
			ensure!(hashes == named, "what an answer is scored under is named");
		}
		Ok(())
	}
}
