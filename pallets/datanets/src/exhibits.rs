//! Announcements, bonds and exhibits.

use super::*;
use frame::{
	deps::frame_support::traits::tokens::{Fortitude, Precision, Restriction},
	hashing::blake2_256,
};
use openledger_core::{commitment, Announced};
use openledger_influence_math::{split, Shingles};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_announce(who: T::AccountId, commitment: Hash) -> DispatchResult {
		let known = Announcements::<T>::contains_key(&who, commitment);
		ensure!(!known, Error::<T>::AlreadyAnnounced);
		let footprint =
			Footprint::from_mel::<(T::AccountId, Hash, Announcement<T::Consideration>)>();
		let ticket = T::Consideration::new(&who, footprint)?;
		Announcements::<T>::insert(&who, commitment, Announcement { at: Self::now(), ticket });
		Self::deposit_event(Event::Announced { who, commitment });
		Ok(())
	}

	pub(crate) fn do_retract(
		by: T::AccountId,
		who: T::AccountId,
		commitment: Hash,
	) -> DispatchResult {
		let announcement = Self::take(&who, commitment)?;
		let counts = Self::counts(announcement.at);
		ensure!(by == who || !counts, Error::<T>::AnnouncementCounts);
		announcement.ticket.drop(&who)?;
		Self::deposit_event(Event::Retracted { who, commitment });
		Ok(())
	}

	fn take(
		who: &T::AccountId,
		commitment: Hash,
	) -> Result<Announcement<T::Consideration>, Error<T>> {
		Announcements::<T>::take(who, commitment).ok_or(Error::<T>::NotAnnounced)
	}

	/// Whether what happened at a block is less than a window ago.
	fn counts(at: u32) -> bool {
		Self::now() <= at.saturating_add(WINDOW)
	}

	/// Uses an announcement up; returns its block.
	pub(crate) fn redeem(
		who: &T::AccountId,
		id: DatanetId,
		what: &Announced,
		salt: &Hash,
	) -> Result<u32, DispatchError> {
		let announcement = Self::take(who, commitment(who, id, what, salt))?;
		ensure!(Self::counts(announcement.at), Error::<T>::AnnouncementExpired);
		announcement.ticket.drop(who)?;
		Ok(announcement.at)
	}

	/// Refuses a row that is registered or was until lately; since an announcement, it gives way, unless it
	/// is demanded: who announced it has it, and shows it first, for the stake.
	pub(crate) fn make_way(id: DatanetId, hash: Hash, announced: Option<u32>) -> DispatchResult {
		let later = |since: u32| announced.is_some_and(|announced| since > announced);
		let staked = if let Some((batch, _)) = RowIndex::<T>::get(id, hash) {
			let entry = Batches::<T>::get(id, batch).ok_or(Error::<T>::NoBatch)?;
			ensure!(later(entry.since), Error::<T>::RowKnown);
			Self::take_row(id, hash)?
		} else if let Some((staked, _)) = Withdrawn::<T>::get(id, hash) {
			ensure!(later(staked.since), Error::<T>::RowKnown);
			Withdrawn::<T>::remove(id, hash);
			staked
		} else {
			return Ok(());
		};
		Self::check_undemanded(id, hash, staked.batch)?;
		Self::release(&staked.contributor, staked.bond)?;
		Self::deposit_event(Event::RowMoved { datanet: id, hash, from: staked.batch });
		Ok(())
	}

	/// Refuses to give the bond of a row back that is to be shown: neither withdrawing it nor moving it to
	/// another batch is a way out of that.
	fn check_undemanded(id: DatanetId, hash: Hash, batch: BatchId) -> DispatchResult {
		let demanded = Demands::<T>::get(id, hash).is_some_and(|of| of.batch == batch);
		ensure!(!demanded, Error::<T>::StillDemanded);
		Ok(())
	}

	/// Gives a bond back.
	pub(crate) fn release(who: &T::AccountId, bond: Balance) -> DispatchResult {
		T::Currency::release(&HoldReason::Bond.into(), who, bond, Precision::Exact).map(|_| ())
	}

	pub(crate) fn do_release_bond(id: DatanetId, hash: Hash) -> DispatchResult {
		let (staked, at) = Withdrawn::<T>::take(id, hash).ok_or(Error::<T>::BondStays)?;
		ensure!(!Self::counts(at), Error::<T>::BondStays);
		Self::check_undemanded(id, hash, staked.batch)?;
		Self::release(&staked.contributor, staked.bond)?;
		Self::deposit_event(Event::BondReleased { datanet: id, hash });
		Ok(())
	}

	/// When a row counts as registered: by block, then by batch. One that was withdrawn after the
	/// block `announced` still counts.
	fn rank(id: DatanetId, hash: &Hash, announced: u32) -> Result<(u32, BatchId), Error<T>> {
		if let Some((batch, _)) = RowIndex::<T>::get(id, hash) {
			let entry = Batches::<T>::get(id, batch).ok_or(Error::<T>::NoBatch)?;
			return Ok((entry.since, batch));
		}
		match Withdrawn::<T>::get(id, hash) {
			Some((staked, at)) if at >= announced => Ok((staked.since, staked.batch)),
			_ => Err(Error::<T>::NoRow),
		}
	}

	pub(crate) fn do_exhibit(
		who: T::AccountId,
		id: DatanetId,
		earlier: &[Content],
		later: &[Content],
		salt: Hash,
	) -> DispatchResult {
		ensure!(!earlier.is_empty() && !later.is_empty(), Error::<T>::BadExhibit);
		let bytes = size(earlier).saturating_add(size(later));
		ensure!(bytes <= MAX_EXHIBIT_BYTES, Error::<T>::ExhibitTooLong);
		let hashes =
			|rows: &[Content]| rows.iter().map(|row| blake2_256(row).into()).collect::<Vec<Hash>>();
		let (standing, falling) = (hashes(earlier), hashes(later));
		let what = Announced::Exhibit { earlier: standing.clone(), later: falling.clone() };
		let announced = Self::redeem(&who, id, &what, &salt)?;
		let ready = announced.saturating_add(NOTICE) <= Self::now();
		ensure!(ready, Error::<T>::ShownEarly);

		let mut newest = (0, 0);
		for hash in &standing {
			newest = newest.max(Self::rank(id, hash, announced)?);
		}
		let shown = Shingles::of(earlier.iter().map(|row| row.as_slice()));
		for (hash, content) in falling.into_iter().zip(later) {
			ensure!(!standing.contains(&hash), Error::<T>::BadExhibit);
			ensure!(Self::rank(id, &hash, announced)? >= newest, Error::<T>::NotLater);
			let contained = Shingles::of([content.as_slice()])
				.stands_in(&shown, T::NearDuplicate::get())
				.ok_or(Error::<T>::NotContained)?;
			Self::void(id, hash, &who, contained)?;
		}
		Ok(())
	}

	/// Makes a row void that stands in earlier ones.
	fn void(id: DatanetId, hash: Hash, exhibitor: &T::AccountId, contained: u16) -> DispatchResult {
		let (contributor, bounty) = Self::forfeit(id, hash, exhibitor)?;
		Self::deposit_event(Event::RowVoided {
			datanet: id,
			hash,
			contributor,
			exhibitor: exhibitor.clone(),
			contained,
			bounty,
		});
		Ok(())
	}

	/// Takes a row out of its batch, unless its contributor did, and divides its bond between the
	/// protocol and who made it void; returns who gave it and that one's part.
	pub(crate) fn forfeit(
		id: DatanetId,
		hash: Hash,
		by: &T::AccountId,
	) -> Result<(T::AccountId, Balance), DispatchError> {
		let staked = match Withdrawn::<T>::take(id, hash) {
			Some((staked, _)) => staked,
			None => Self::take_row(id, hash)?,
		};
		let parts = [BASIS_POINTS.saturating_sub(BOUNTY), BOUNTY];
		let [rest, bounty] = split(staked.bond, parts);
		for (to, amount) in [(&T::ProtocolPot::get(), rest), (by, bounty)] {
			T::Currency::transfer_on_hold(
				&HoldReason::Bond.into(),
				&staked.contributor,
				to,
				amount,
				Precision::Exact,
				Restriction::Free,
				// A bond pays whatever else the account has promised.
				Fortitude::Force,
			)?;
		}
		Ok((staked.contributor, bounty))
	}
}
