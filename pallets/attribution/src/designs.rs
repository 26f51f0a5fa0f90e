//! Designs of model versions, and whether their adapters reproduce.

use super::*;
use frame::deps::frame_support::traits::tokens::{Fortitude, Precision, Restriction};
use openledger_core::{Designs as DesignsTrait, ModelInfo};
use openledger_influence_math::{psi::page, Psi, PsiError};

impl<T: Config> Pallet<T> {
	pub(crate) fn draw_seed(model: ModelId) -> DispatchResult {
		// A run that was cancelled has no design any more.
		Designs::<T>::mutate_extant(model, |design| {
			let seed = Self::seed(b"openledger/design/v1", model);
			design.seed = Some(seed);
			Self::deposit_event(Event::SeedDrawn { model, seed });
		});
		Ok(())
	}

	/// What a committee is paid for training drawn adapters of these rows again.
	pub(crate) fn training_cost(
		settings: &Parameters,
		blocks: &[Block<T::AccountId>],
	) -> Option<Balance> {
		let bytes: u64 = blocks.iter().try_fold(0u64, |sum, block| sum.checked_add(block.bytes))?;
		settings
			.training_price
			.checked_mul(bytes.div_ceil(1 << 20).into())?
			.checked_mul(settings.retrained.into())?
			.checked_mul(settings.committee.into())
	}

	/// What a seat is paid for that.
	pub(crate) fn training_share(
		settings: &Parameters,
		blocks: &[Block<T::AccountId>],
	) -> Option<Balance> {
		let cost = Self::training_cost(settings, blocks)?;
		Some(cost.checked_div(settings.committee.into()).unwrap_or(0))
	}

	/// Whether rows that a run is based on were withdrawn.
	pub(crate) fn is_stale(model: ModelId) -> bool {
		let run = T::Models::run(model);
		run.is_some_and(|run| T::Datanets::is_stale(run.datanet, run.version))
	}

	/// Lets another committee train, as none has come to an end. The developer sets aside again what
	/// the last one was paid.
	pub(crate) fn do_activate(who: T::AccountId, model: ModelId) -> DispatchResult {
		let mut design = Designs::<T>::get(model).ok_or(Error::<T>::NoDesign)?;
		ensure!(Psis::<T>::contains_key(model), Error::<T>::NoDesign);
		let developer = T::Models::model(model).ok_or(Error::<T>::NoModel)?.developer;
		ensure!(developer == who, Error::<T>::NotDeveloper);
		let busy = Committees::<T>::contains_key(Work::Training(model));
		ensure!(design.standing == Standing::Untested && !busy, Error::<T>::NotUntested);
		let settings = Settings::<T>::get();
		let cost = Self::training_cost(&settings, &design.blocks).ok_or(Error::<T>::Overflow)?;
		let missing = cost.saturating_sub(design.escrow);
		T::Currency::hold(&HoldReason::Training.into(), &who, missing)?;
		design.escrow = design.escrow.saturating_add(missing);
		Designs::<T>::insert(model, design);
		Self::begin(Work::Training(model))
	}

	/// Takes a part of the bond of a run that is given up for what panels are paid from.
	fn abandon(who: &T::AccountId, model: ModelId, amount: Balance) -> DispatchResult {
		if amount.is_zero() {
			return Ok(());
		}
		Self::fine(HoldReason::Version, who, amount)?;
		Self::deposit_event(Event::DesignGivenUp { model, who: who.clone(), amount });
		Ok(())
	}

	/// Takes what owners of blocks still owe, of what only this version could have earned, from what they
	/// have at risk, and forgets the rest.
	fn collect(model: ModelId) -> DispatchResult {
		let Some(ModelInfo { datanet, version, .. }) = T::Models::model(model) else {
			return Ok(());
		};
		for (who, debt) in Debts::<T>::drain_prefix(model).take(MAX_BLOCKS as usize) {
			let taken = T::Datanets::seize(datanet, version, &who, debt)?;
			Self::deposit_event(Event::DebtForgotten { model, who, debt, taken });
		}
		Ok(())
	}

	/// Whether what was made again is what was registered: the published adapter, then what there are
	/// hashes of, then the rows of Ψ.
	pub(crate) fn reproduces(model: ModelId, drawn: &[u16], found: &Finding) -> bool {
		let Finding::Adapters(hashes) = found else { return false };
		let published = T::Models::model(model).map(|model| model.adapter);
		let adapters = Adapters::<T>::get(model).unwrap_or_default();
		let rows = drawn.iter().any(|index| usize::from(*index) > adapters.len());
		let psi = rows.then(|| Self::psi(model)).flatten();
		let row = |u: usize| Some(page(adapters.first()?, psi.as_ref()?.rows().nth(u)?));
		let registered = |index: &u16| match usize::from(*index).checked_sub(1) {
			None => published,
			Some(k) => match k.checked_sub(adapters.len()) {
				None => adapters.get(k).copied(),
				Some(u) => row(u),
			},
		};
		hashes.len() == drawn.len()
			&& drawn.iter().zip(hashes).all(|(index, hash)| registered(index) == Some(*hash))
	}

	/// Pays who trained, the same to each seat, out of the developer's escrow; a panel's members out
	/// of what panels are paid from. What is left of the escrow goes back.
	pub(crate) fn pay_trainers(
		model: ModelId,
		members: &[T::AccountId],
		panel: &[T::AccountId],
	) -> DispatchResult {
		let Some(mut design) = Designs::<T>::get(model) else { return Ok(()) };
		let settings = Settings::<T>::get();
		let each = Self::training_share(&settings, &design.blocks).ok_or(Error::<T>::Overflow)?;
		let developer = T::Models::model(model).ok_or(Error::<T>::NoModel)?.developer;
		let reason: T::RuntimeHoldReason = HoldReason::Training.into();
		for who in members {
			let amount = each.min(design.escrow);
			design.escrow = design.escrow.saturating_sub(amount);
			T::Currency::transfer_on_hold(
				&reason,
				&developer,
				who,
				amount,
				Precision::Exact,
				Restriction::Free,
				Fortitude::Force,
			)?;
			Self::deposit_event(Event::TrainerPaid { model, who: who.clone(), amount });
		}
		let left = core::mem::take(&mut design.escrow);
		T::Currency::release(&reason, &developer, left, Precision::Exact)?;
		Designs::<T>::insert(model, design);
		Self::pay_panel(Work::Training(model), panel, each)
	}

	/// What the committee or panel found about a version: it is paid for, or, if a panel `refuted` it,
	/// void and its bond lost. Else nobody knows whether it reproduces, and it is not paid for, or not any
	/// more: withdrawing a row and hiding others costs its income.
	pub(crate) fn judge_version(
		model: ModelId,
		right: bool,
		refuted: bool,
		committee: &Committee<T::AccountId>,
	) -> DispatchResult {
		let mut design = Designs::<T>::get(model).ok_or(Error::<T>::NoDesign)?;
		match (right, refuted) {
			(true, _) => {
				design.standing = Standing::Active;
				Self::deposit_event(Event::VersionActive { model });
			},
			(false, true) => {
				design.standing = Standing::Void;
				let developer = T::Models::model(model).ok_or(Error::<T>::NoModel)?.developer;
				let reporter = committee.challenger.as_ref().map(|(who, _)| who.clone());
				let bond = core::mem::take(&mut design.bond);
				let work = Work::Training(model);
				Self::defer_slash(developer, Offence::Version, bond, work, reporter);
				Self::deposit_event(Event::VersionVoid { model });
			},
			(false, false) => {
				design.standing = Standing::Untested;
				Self::deposit_event(Event::Untested { model });
			},
		}
		Designs::<T>::insert(model, design);
		Ok(())
	}
}

impl<T: Config> DesignsTrait<T::AccountId> for Pallet<T> {
	fn open(
		who: &T::AccountId,
		model: ModelId,
		blocks: Vec<Block<T::AccountId>>,
		method: Method,
		adapters: u16,
		class: Class,
	) -> DispatchResult {
		ensure!(!Designs::<T>::contains_key(model), Error::<T>::NoDesign);
		let settings = Settings::<T>::get();
		ensure!(method != Method::Gradient || settings.gradient, Error::<T>::MethodOff);
		let blocks = BoundedVec::try_from(blocks).map_err(|_| Error::<T>::DesignOutOfBounds)?;
		let (count, columns) = (blocks.len() as u64, u64::from(adapters).saturating_add(1));
		let fits = count > 0 && (1..=MAX_ADAPTERS).contains(&adapters.into());
		ensure!(fits, Error::<T>::DesignOutOfBounds);
		Self::schedule(Self::now().saturating_add(DELAY), Due::Seed(model))?;
		let bytes = blocks
			.encoded_size()
			.saturating_add(usize::from(method.hashes(adapters)).saturating_mul(32))
			.saturating_add((count.saturating_mul(columns) as usize).saturating_mul(4))
			.saturating_add(Committee::<T::AccountId>::max_encoded_len());
		let ticket = T::Consideration::new(who, Footprint::from_parts(1, bytes))?;
		let escrow = Self::training_cost(&settings, &blocks).ok_or(Error::<T>::Overflow)?;
		T::Currency::hold(&HoldReason::Training.into(), who, escrow)?;
		T::Currency::hold(&HoldReason::Version.into(), who, settings.version_bond)?;
		let event = Event::DesignOpened { model, blocks: blocks.len() as u32, method, adapters };
		let design = Design {
			blocks,
			method,
			adapters,
			class,
			seed: None,
			standing: Standing::Untested,
			bond: settings.version_bond,
			escrow,
			ticket,
		};
		Designs::<T>::insert(model, design);
		Self::deposit_event(event);
		Ok(())
	}

	fn close(model: ModelId, adapters: Vec<Hash>, psi: Vec<i32>) -> DispatchResult {
		let design = Designs::<T>::get(model).ok_or(Error::<T>::NoDesign)?;
		ensure!(!Psis::<T>::contains_key(model), Error::<T>::NoDesign);
		ensure!(design.seed.is_some(), Error::<T>::SeedNotDrawn);
		let hashes = design.method.hashes(design.adapters);
		ensure!(adapters.len() == usize::from(hashes), Error::<T>::WrongAdapterCount);
		let entries = Entries::try_from(psi.clone()).map_err(|_| Error::<T>::DesignOutOfBounds)?;
		let psi = Psi::new(design.blocks.len(), design.adapters, psi)
			.map_err(|_| Error::<T>::PsiShape)?;
		let checked = match design.method {
			Method::Counterfactual => {
				let subsets = design.subsets().ok_or(Error::<T>::SeedNotDrawn)?;
				let sizes: Vec<u64> = design.blocks.iter().map(|block| block.bytes).collect();
				psi.check(&subsets, &sizes)
			},
			Method::Gradient => psi.check_bounds(),
		};
		checked.map_err(|error| match error {
			PsiError::Shape => Error::<T>::PsiShape,
			PsiError::NormalEquations => Error::<T>::PsiNormalEquations,
			PsiError::Bounds => Error::<T>::PsiBounds,
		})?;
		let adapters = BoundedVec::try_from(adapters).map_err(|_| Error::<T>::WrongAdapterCount)?;
		Adapters::<T>::insert(model, adapters);
		Psis::<T>::insert(model, entries);
		Self::deposit_event(Event::DesignClosed { model });
		Self::begin(Work::Training(model))
	}

	fn draw_weight(adapters: u32) -> Weight {
		T::WeightInfo::draw(adapters)
	}

	fn forget_weight() -> Weight {
		T::WeightInfo::forget()
	}

	fn forget(who: &T::AccountId, model: ModelId) -> DispatchResult {
		ensure!(Designs::<T>::contains_key(model), Error::<T>::NoDesign);
		let busy = Committees::<T>::contains_key(Work::Training(model));
		ensure!(!busy && !Kept::<T>::contains_key(model), Error::<T>::StillNeeded);
		Self::collect(model)?;
		<Self as DesignsTrait<_>>::cancel(who, model);
		Ok(())
	}

	fn cancel(who: &T::AccountId, model: ModelId) {
		if let Some(design) = Designs::<T>::take(model) {
			// A draw that does not suit costs something: one that cost nothing would be tried again until it
			// does.
			let drawn = design.seed.is_some() && !Psis::<T>::contains_key(model);
			let [bond, lost] = Self::cut(design.bond, if drawn { GIVEN_UP } else { 0 });
			Adapters::<T>::remove(model);
			Psis::<T>::remove(model);
			let release = |reason: HoldReason, amount| {
				T::Currency::release(&reason.into(), who, amount, Precision::Exact).map(|_| ())
			};
			let dropped = release(HoldReason::Training, design.escrow)
				.and_then(|()| Self::abandon(who, model, lost))
				.and_then(|()| release(HoldReason::Version, bond))
				.and_then(|()| design.ticket.drop(who));
			debug_assert!(dropped.is_ok(), "all was held");
		}
	}
}
