//! What the calls do.

use super::*;
use openledger_core::{ModelInfo, RunInfo};

impl<T: Config> Pallet<T> {
	pub(crate) fn now() -> u32 {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	fn check_url(url: &Url) -> DispatchResult {
		let fine = !url.is_empty() && core::str::from_utf8(url).is_ok();
		ensure!(fine, Error::<T>::BadUrl);
		Ok(())
	}

	/// Registers a base model; returns its id.
	pub fn do_register_base(
		registrant: T::AccountId,
		manifest: Hash,
		endpoint: Url,
	) -> Result<BaseId, DispatchError> {
		Self::check_url(&endpoint)?;
		let id = NextBase::<T>::get();
		NextBase::<T>::put(id.checked_add(1).ok_or(Error::<T>::Overflow)?);
		let footprint = Footprint::from_mel::<Base<T::AccountId, T::Consideration>>();
		let ticket = T::Consideration::new(&registrant, footprint)?;
		let base = Base { registrant: registrant.clone(), manifest, endpoint, models: 0, ticket };
		Bases::<T>::insert(id, base);
		Self::deposit_event(Event::BaseRegistered { base: id, registrant, manifest });
		Ok(id)
	}

	pub(crate) fn do_remove_base(who: T::AccountId, id: BaseId) -> DispatchResult {
		let base = Bases::<T>::take(id).ok_or(Error::<T>::NoBase)?;
		ensure!(base.registrant == who, Error::<T>::NotRegistrant);
		ensure!(base.models == 0, Error::<T>::BaseInUse);
		base.ticket.drop(&who)?;
		Self::deposit_event(Event::BaseRemoved { base: id });
		Ok(())
	}

	/// Starts a run; returns its id.
	pub fn do_start_run(developer: T::AccountId, run: Run) -> Result<ModelId, DispatchError> {
		Self::check_url(&run.endpoint)?;
		let Run { datanet, version, method, adapters, .. } = run;
		Bases::<T>::try_mutate(run.base, |entry| {
			let entry = entry.as_mut().ok_or(Error::<T>::NoBase)?;
			entry.models = entry.models.checked_add(1).ok_or(Error::<T>::Overflow)?;
			Ok::<_, Error<T>>(())
		})?;
		let fits = match method {
			Method::Counterfactual => adapters.is_multiple_of(2),
			Method::Gradient => true,
		};
		let some = (1..=MAX_ADAPTERS).contains(&adapters.into());
		ensure!(fits && some, Error::<T>::BadAdapterCount);
		if let Some(parent) = run.parent {
			let parent = Models::<T>::get(parent).ok_or(Error::<T>::NoModel)?;
			ensure!(matches!(parent.stage, Stage::Ready { .. }), Error::<T>::NotReady);
		}
		let data = T::Datanets::version(datanet, version).ok_or(Error::<T>::NoVersion)?;
		ensure!(!data.stale, Error::<T>::StaleVersion);
		let licensed = T::Datanets::is_licensed(&developer, datanet, Rights::FINE_TUNE);
		ensure!(licensed, Error::<T>::NotLicensed);
		T::Datanets::retain(datanet, version)?;
		let id = NextModel::<T>::get();
		NextModel::<T>::put(id.checked_add(1).ok_or(Error::<T>::Overflow)?);
		T::Designs::open(&developer, id, data.blocks, method, adapters, run.class)?;
		let footprint = Footprint::from_mel::<Model<T::AccountId, T::Consideration>>();
		let model = Model {
			developer: developer.clone(),
			run,
			stage: Stage::Training { since: Self::now() },
			price: Price::default(),
			retired: None,
			ticket: T::Consideration::new(&developer, footprint)?,
		};
		Models::<T>::insert(id, model);
		Self::deposit_event(Event::RunStarted { model: id, developer, datanet, version });
		Ok(id)
	}

	/// The model, if `who` develops it.
	fn developed_by(
		who: &T::AccountId,
		id: ModelId,
	) -> Result<Model<T::AccountId, T::Consideration>, Error<T>> {
		let model = Models::<T>::get(id).ok_or(Error::<T>::NoModel)?;
		ensure!(model.developer == *who, Error::<T>::NotDeveloper);
		Ok(model)
	}

	pub(crate) fn do_register_version(
		who: T::AccountId,
		id: ModelId,
		adapter: Hash,
		adapters: Vec<Hash>,
		psi: Vec<i32>,
		price: Price,
	) -> DispatchResult {
		let mut model = Self::developed_by(&who, id)?;
		ensure!(matches!(model.stage, Stage::Training { .. }), Error::<T>::NotTraining);
		ensure!(price.donation <= BASIS_POINTS, Error::<T>::BadPrice);
		T::Designs::close(id, adapters, psi)?;
		model.stage = Stage::Ready { adapter };
		model.price = price;
		Models::<T>::insert(id, model);
		Self::deposit_event(Event::VersionRegistered { model: id, adapter });
		Self::deposit_event(Event::PriceSet { model: id, price });
		Ok(())
	}

	pub(crate) fn do_set_price(who: T::AccountId, id: ModelId, price: Price) -> DispatchResult {
		let mut model = Self::developed_by(&who, id)?;
		ensure!(price.donation <= BASIS_POINTS, Error::<T>::BadPrice);
		model.price = price;
		Models::<T>::insert(id, model);
		Self::deposit_event(Event::PriceSet { model: id, price });
		Ok(())
	}

	pub(crate) fn do_serve(who: T::AccountId, id: ModelId, endpoint: Url) -> DispatchResult {
		Self::check_url(&endpoint)?;
		let model = Models::<T>::get(id).ok_or(Error::<T>::NoModel)?;
		ensure!(matches!(model.stage, Stage::Ready { .. }), Error::<T>::NotReady);
		let ticket = match Operators::<T>::take(id, &who) {
			Some(operator) => operator.ticket,
			None => {
				ensure!(model.retired.is_none(), Error::<T>::Retired);
				T::Consideration::new(
					&who,
					Footprint::from_mel::<(T::AccountId, Operator<T::Consideration>)>(),
				)?
			},
		};
		Operators::<T>::insert(id, &who, Operator { endpoint: endpoint.clone(), ticket });
		Self::deposit_event(Event::Serving { model: id, operator: who, endpoint });
		Ok(())
	}

	pub(crate) fn do_stop_serving(who: T::AccountId, id: ModelId) -> DispatchResult {
		let operator = Operators::<T>::take(id, &who).ok_or(Error::<T>::NotOperator)?;
		operator.ticket.drop(&who)?;
		Self::deposit_event(Event::StoppedServing { model: id, operator: who });
		Ok(())
	}

	pub(crate) fn do_cancel_run(who: T::AccountId, id: ModelId) -> DispatchResult {
		let model = Models::<T>::get(id).ok_or(Error::<T>::NoModel)?;
		let Stage::Training { since } = model.stage else {
			return Err(Error::<T>::NotTraining.into());
		};
		let overdue = Self::now() > since.saturating_add(T::RunDeadline::get());
		ensure!(who == model.developer || overdue, Error::<T>::RunNotOverdue);
		T::Designs::cancel(&model.developer, id);
		Self::remove(id, model)?;
		Self::deposit_event(Event::RunCancelled { model: id });
		Ok(())
	}

	/// Removes an entry and what it used.
	fn remove(id: ModelId, model: Model<T::AccountId, T::Consideration>) -> DispatchResult {
		Models::<T>::remove(id);
		Bases::<T>::mutate_extant(model.run.base, |base| {
			base.models = base.models.saturating_sub(1)
		});
		T::Datanets::release(model.run.datanet, model.run.version);
		model.ticket.drop(&model.developer)
	}

	pub(crate) fn do_retire(who: T::AccountId, id: ModelId) -> DispatchResult {
		let mut model = Self::developed_by(&who, id)?;
		ensure!(matches!(model.stage, Stage::Ready { .. }), Error::<T>::NotReady);
		ensure!(model.retired.is_none(), Error::<T>::Retired);
		model.retired = Some(Self::now());
		Models::<T>::insert(id, model);
		let until = Self::now().saturating_add(RETIRE_DELAY);
		Self::deposit_event(Event::Retired { model: id, until });
		Ok(())
	}

	/// A version of which no more receipts are taken.
	pub(crate) fn over(id: ModelId) -> Result<Model<T::AccountId, T::Consideration>, Error<T>> {
		let model = Models::<T>::get(id).ok_or(Error::<T>::NoModel)?;
		let end = |since: u32| since.saturating_add(RETIRE_DELAY);
		ensure!(model.retired.is_some_and(|at| Self::now() > end(at)), Error::<T>::NotOver);
		Ok(model)
	}

	pub(crate) fn do_remove_version(id: ModelId) -> DispatchResult {
		let model = Self::over(id)?;
		let served = Operators::<T>::iter_key_prefix(id).next().is_some();
		ensure!(!served, Error::<T>::StillServed);
		T::Designs::forget(&model.developer, id)?;
		Self::remove(id, model)?;
		Self::deposit_event(Event::VersionRemoved { model: id });
		Ok(())
	}

	/// Invariants of this pallet.
	#[cfg(any(feature = "std", feature = "try-runtime"))]
	pub fn do_try_state() -> Result<(), frame::deps::sp_runtime::TryRuntimeError> {
		let mut used = alloc::collections::BTreeMap::<BaseId, u32>::new();
		for (id, model) in Models::<T>::iter() {
			*used.entry(model.run.base).or_default() += 1;
			ensure!(id < NextModel::<T>::get(), "a model beyond the next id");
			let ready = matches!(model.stage, Stage::Ready { .. });
			ensure!(model.retired.is_none() || ready, "what is retired was ready");
			ensure!(model.run.parent.is_none_or(|parent| parent < id), "a parent is older");
		}
		for (id, base) in Bases::<T>::iter() {
			ensure!(id < NextBase::<T>::get(), "a base beyond the next id");
			let models = used.remove(&id).unwrap_or(0);
			ensure!(models == base.models, "a base counts its models");
		}
		ensure!(used.is_empty(), "a model has a base");
		for (id, _, _) in Operators::<T>::iter() {
			let stage = Models::<T>::get(id).map(|model| model.stage);
			ensure!(matches!(stage, Some(Stage::Ready { .. })), "what is served is ready");
		}
		Ok(())
	}
}

impl<T: Config> openledger_core::Models<T::AccountId> for Pallet<T> {
	fn run(id: ModelId) -> Option<RunInfo> {
		let Run { base, manifest, datanet, version, .. } = Models::<T>::get(id)?.run;
		Some(RunInfo { base: Bases::<T>::get(base)?.manifest, manifest, datanet, version })
	}

	fn model(id: ModelId) -> Option<ModelInfo<T::AccountId>> {
		let model = Models::<T>::get(id)?;
		let Stage::Ready { adapter } = model.stage else { return None };
		Some(ModelInfo {
			developer: model.developer,
			base: Bases::<T>::get(model.run.base)?.manifest,
			datanet: model.run.datanet,
			version: model.run.version,
			adapter,
			input_price: model.price.input,
			output_price: model.price.output,
			donation: model.price.donation,
		})
	}

	fn is_operator(id: ModelId, who: &T::AccountId) -> bool {
		Operators::<T>::contains_key(id, who) && Self::over(id).is_err()
	}

	fn endpoints(id: ModelId, operator: Option<&T::AccountId>) -> Vec<Vec<u8>> {
		let serving = operator
			.and_then(|operator| Operators::<T>::get(id, operator))
			.map(|operator| operator.endpoint);
		let run = Models::<T>::get(id).map(|model| model.run);
		let base = run.as_ref().and_then(|run| Bases::<T>::get(run.base)).map(|base| base.endpoint);
		let developer = run.map(|run| run.endpoint);
		serving
			.into_iter()
			.chain(developer)
			.chain(base)
			.map(BoundedVec::into_inner)
			.collect()
	}
}
