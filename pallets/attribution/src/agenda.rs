//! Randomness, and what is done at the start of blocks.

use super::*;
use frame::{deps::frame_support::storage::with_storage_layer, hashing::blake2_256};

impl<T: Config> Pallet<T> {
	/// The account that holds what is not paid out yet.
	pub fn pot() -> T::AccountId {
		T::PalletId::get().into_account_truncating()
	}

	/// The present block.
	pub(crate) fn now() -> u32 {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	pub(crate) fn genesis() -> Hash {
		frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero())
	}

	pub(crate) fn do_set_parameters(parameters: Parameters) -> DispatchResult {
		ensure!(parameters.is_valid(), Error::<T>::InvalidParameters);
		Settings::<T>::put(&parameters);
		Self::deposit_event(Event::ParametersSet { parameters });
		Ok(())
	}

	pub(crate) fn do_set_paused(paused: bool) -> DispatchResult {
		Paused::<T>::put(paused);
		Self::deposit_event(Event::PausedSet { paused });
		Ok(())
	}

	/// Remembers the VRF output of the block before.
	pub(crate) fn take_entropy() {
		Entropies::<T>::mutate(|ring| {
			if ring.is_full() {
				ring.remove(0);
			}
			let pushed = ring.try_push(T::Entropy::get());
			debug_assert!(pushed.is_ok(), "one was removed");
		});
	}

	/// Randomness of the last ten blocks. What is bound to it must have been fixed before them.
	pub(crate) fn seed(domain: &[u8], of: impl Encode) -> Hash {
		(domain, Entropies::<T>::get(), of).using_encoded(blake2_256).into()
	}

	/// Puts a task at `block` or the next one with room; returns which.
	pub(crate) fn schedule(block: u32, task: Due) -> Result<u32, Error<T>> {
		(block..block.saturating_add(PUT_OFF))
			.find(|at| Agenda::<T>::try_mutate(at, |tasks| tasks.try_push(task)).is_ok())
			.ok_or(Error::<T>::Busy)
	}

	/// Does what is due, as far as a block has room for it; returns what that weighed.
	pub(crate) fn run_agenda(now: u32) -> Weight {
		let mut weight = Weight::zero();
		for task in Agenda::<T>::take(now) {
			let after = weight.saturating_add(Self::weight_of(&task));
			// One is done in any case, or a task as heavy as this never were.
			let done = if weight.is_zero() || after.all_lte(T::MaximumWeight::get()) {
				weight = after;
				with_storage_layer(|| Self::run(task))
			} else {
				weight.saturating_accrue(T::WeightInfo::read());
				Err(Error::<T>::Busy.into())
			};
			if let Err(error) = done {
				// Tried again rather than lost, as money hangs on it. Where even that finds no
				// room, `advance` and `apply_slash` do it.
				let later = Self::schedule(now.saturating_add(1), task);
				log::warn!(target: LOG_TARGET, "{task:?} is put off to {later:?}: {error:?}");
			}
		}
		weight
	}

	fn run(task: Due) -> DispatchResult {
		match task {
			Due::Seed(model) => Self::draw_seed(model),
			Due::Step(work) => Self::step(work),
			Due::Slash(id) => Self::do_apply_slash(id),
		}
	}

	fn weight_of(task: &Due) -> Weight {
		match task {
			Due::Seed(_) => T::WeightInfo::draw_seed(),
			Due::Step(work) => match Committees::<T>::get(work) {
				Some(committee) => Self::weight_of_step(*work, &committee),
				None => T::WeightInfo::read(),
			},
			Due::Slash(_) => T::WeightInfo::apply_slash(),
		}
	}

	fn weight_of_step(work: Work, committee: &Committee<T::AccountId>) -> Weight {
		let (members, panel) = committee.sizes();
		match committee.stage {
			Stage::Waiting => {
				let settings = Settings::<T>::get();
				let asked = committee.panel_from.is_some();
				let size = if asked { settings.panel } else { settings.committee };
				T::WeightInfo::draw_committee(size.into())
			},
			Stage::Commit => T::WeightInfo::close_commits(committee.turn().len() as u32),
			Stage::Reveal { .. } | Stage::Review => Self::conclude_weight(work, members, panel),
		}
	}

	/// What ending a committee weighs.
	pub(crate) fn conclude_weight(work: Work, members: u32, panel: u32) -> Weight {
		let model = match work {
			Work::Answer(id) => Receipts::<T>::get(id).map(|receipt| receipt.model),
			Work::Training(model) => Some(model),
			Work::Batch(id) => Batches::<T>::get(id).map(|batch| batch.model),
		};
		let design = model.and_then(Designs::<T>::get);
		let shape = design.map_or(batches::WIDEST, |design| {
			(u32::from(design.adapters).saturating_add(1), design.blocks.len() as u32)
		});
		let scores =
			|(columns, rows): (u32, u32)| T::WeightInfo::scores(columns.saturating_mul(rows));
		// It is measured with the largest Ψ.
		let spared = scores(batches::WIDEST).saturating_sub(scores(shape));
		T::WeightInfo::conclude(members, panel).saturating_sub(spared)
	}

	/// The heaviest step of a committee.
	pub(crate) fn weight_of_any_step() -> Weight {
		T::WeightInfo::draw_committee(MAX_PANEL)
			.max(T::WeightInfo::close_commits(MAX_PANEL))
			.max(T::WeightInfo::conclude(MAX_COMMITTEE, MAX_PANEL))
	}

	/// Does the step of a committee that the agenda had no room for.
	pub(crate) fn do_advance(work: Work) -> DispatchResult {
		let Committee { due, .. } = Committees::<T>::get(work).ok_or(Error::<T>::NoCommittee)?;
		// Beyond the blocks to which the agenda may have put it off.
		ensure!(Self::now() > due.saturating_add(PUT_OFF), Error::<T>::NotOverdue);
		Self::step(work)
	}
}
