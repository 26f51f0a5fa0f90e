//! What the calls do.

use super::*;
use frame::deps::frame_support::traits::tokens::Preservation;
use openledger_influence_math::{merkle, split};

/// Fraction bits of [`Rewards::index`].
const FRACTION: u32 = 64;

impl<T: Config> Pallet<T> {
	/// The account that holds what contributors have not claimed.
	pub fn pot() -> T::AccountId {
		T::PalletId::get().into_account_truncating()
	}

	fn now() -> u32 {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// Creates a Datanet; returns its id.
	pub fn do_create(
		owner: T::AccountId,
		name: Name,
		terms: Terms,
	) -> Result<DatanetId, DispatchError> {
		let named = !name.is_empty() && core::str::from_utf8(&name).is_ok();
		ensure!(named, Error::<T>::BadName);
		Self::check(&terms)?;
		let id = NextDatanet::<T>::get();
		NextDatanet::<T>::put(id.checked_add(1).ok_or(Error::<T>::Overflow)?);
		let footprint = Footprint::from_mel::<(Datanet<T::AccountId, T::Consideration>, Rewards)>();
		let datanet = Datanet {
			owner: owner.clone(),
			curator: owner.clone(),
			name,
			terms,
			next_batch: 0,
			next_version: 1,
			withdrawn_at: None,
			ticket: T::Consideration::new(&owner, footprint)?,
		};
		Datanets::<T>::insert(id, datanet);
		Self::deposit_event(Event::Created { datanet: id, owner });
		Ok(id)
	}

	fn check(terms: &Terms) -> DispatchResult {
		let fine = terms.rights.is_valid() && terms.curator_cut <= MAX_CURATOR_CUT;
		ensure!(fine, Error::<T>::BadTerms);
		Ok(())
	}

	/// Changes a Datanet on behalf of its owner.
	fn as_owner(
		who: &T::AccountId,
		id: DatanetId,
		change: impl FnOnce(&mut Datanet<T::AccountId, T::Consideration>),
	) -> DispatchResult {
		Datanets::<T>::try_mutate(id, |datanet| {
			let datanet = datanet.as_mut().ok_or(Error::<T>::NoDatanet)?;
			ensure!(datanet.owner == *who, Error::<T>::NotOwner);
			change(datanet);
			Ok(())
		})
	}

	pub(crate) fn do_set_terms(
		who: T::AccountId,
		datanet: DatanetId,
		terms: Terms,
	) -> DispatchResult {
		Self::check(&terms)?;
		Self::as_owner(&who, datanet, |entry| entry.terms = terms)?;
		Self::deposit_event(Event::TermsSet { datanet, terms });
		Ok(())
	}

	pub(crate) fn do_set_curator(
		who: T::AccountId,
		datanet: DatanetId,
		curator: T::AccountId,
	) -> DispatchResult {
		Self::as_owner(&who, datanet, |entry| entry.curator = curator.clone())?;
		Self::deposit_event(Event::CuratorSet { datanet, curator });
		Ok(())
	}

	/// Merkle root over rows.
	pub fn root(rows: &[Row]) -> Hash {
		merkle::root(&rows.iter().map(Row::item).collect::<Vec<_>>())
	}

	/// Contributes rows; returns the batch.
	pub fn do_contribute(
		contributor: T::AccountId,
		id: DatanetId,
		rows: Rows,
	) -> Result<BatchId, DispatchError> {
		ensure!(!rows.is_empty(), Error::<T>::EmptyBatch);
		let mut datanet = Datanets::<T>::get(id).ok_or(Error::<T>::NoDatanet)?;
		let batch = datanet.next_batch;
		datanet.next_batch = batch.checked_add(1).ok_or(Error::<T>::Overflow)?;
		let mut bytes = 0u64;
		for row in &rows {
			ensure!(row.bytes > 0, Error::<T>::EmptyRow);
			ensure!(row.bytes <= MAX_ROW_BYTES, Error::<T>::RowTooLong);
			ensure!(!RowIndex::<T>::contains_key(id, row.hash), Error::<T>::RowKnown);
			RowIndex::<T>::insert(id, row.hash, (batch, row.bytes));
			bytes = bytes.saturating_add(row.bytes.into());
		}
		let (root, count) = (Self::root(&rows), rows.len() as u32);
		let entry = Footprint::from_mel::<(Batch<T::AccountId, T::Consideration>, Share)>();
		let index = Footprint::from_mel::<(Hash, (BatchId, u32))>();
		let size = entry.size.saturating_add(index.size.saturating_mul(count.into()));
		let footprint = Footprint { count: 1, size };
		let ticket = Some(T::Consideration::new(&contributor, footprint)?);
		let entry = Batch {
			contributor: contributor.clone(),
			root,
			rows: count,
			bytes,
			status: Status::Pending,
			ticket,
		};
		Batches::<T>::insert(id, batch, entry);
		Datanets::<T>::insert(id, datanet);
		let event = Event::Contributed { datanet: id, batch, contributor, root, rows: count };
		Self::deposit_event(event);
		Ok(batch)
	}

	/// The Datanet, if `who` curates it.
	fn curated_by(
		who: &T::AccountId,
		id: DatanetId,
	) -> Result<Datanet<T::AccountId, T::Consideration>, Error<T>> {
		let datanet = Datanets::<T>::get(id).ok_or(Error::<T>::NoDatanet)?;
		ensure!(datanet.curator == *who, Error::<T>::NotCurator);
		Ok(datanet)
	}

	pub(crate) fn do_review(
		who: T::AccountId,
		id: DatanetId,
		batch: BatchId,
		verdict: Verdict,
	) -> DispatchResult {
		Self::curated_by(&who, id)?;
		let mut entry = Batches::<T>::get(id, batch).ok_or(Error::<T>::NoBatch)?;
		ensure!(entry.status == Status::Pending, Error::<T>::AlreadyReviewed);
		entry.status = match verdict {
			Verdict::Accept(scores) => {
				let Scores { authenticity, ownership, quality, uniqueness } = scores;
				let all = [authenticity, ownership, quality, uniqueness];
				ensure!(all.iter().all(|score| *score <= 100), Error::<T>::BadScores);
				Self::change_share(id, &entry.contributor, |bytes| bytes.checked_add(entry.bytes))?;
				Status::Accepted(scores)
			},
			Verdict::Reject { reason, rows } => {
				ensure!(Self::root(&rows) == entry.root, Error::<T>::WrongRows);
				for row in &rows {
					// A row withdrawn since may be another batch's by now.
					if RowIndex::<T>::get(id, row.hash).is_some_and(|(of, _)| of == batch) {
						RowIndex::<T>::remove(id, row.hash);
					}
				}
				if let Some(ticket) = entry.ticket.take() {
					ticket.drop(&entry.contributor)?;
				}
				Status::Rejected(reason)
			},
		};
		let event = Event::Reviewed { datanet: id, batch, status: entry.status };
		Batches::<T>::insert(id, batch, entry);
		Self::deposit_event(event);
		Ok(())
	}

	pub(crate) fn do_withdraw_row(who: T::AccountId, id: DatanetId, hash: Hash) -> DispatchResult {
		let mut datanet = Datanets::<T>::get(id).ok_or(Error::<T>::NoDatanet)?;
		let (batch, length) = RowIndex::<T>::take(id, hash).ok_or(Error::<T>::NoRow)?;
		let mut entry = Batches::<T>::get(id, batch).ok_or(Error::<T>::NoBatch)?;
		ensure!(entry.contributor == who, Error::<T>::NoRow);
		entry.rows = entry.rows.saturating_sub(1);
		entry.bytes = entry.bytes.saturating_sub(length.into());
		if matches!(entry.status, Status::Accepted(_)) {
			Self::change_share(id, &who, |bytes| bytes.checked_sub(length.into()))?;
			// Rows that nobody took are in no version.
			datanet.withdrawn_at = Some(Self::now());
		}
		Batches::<T>::insert(id, batch, entry);
		Datanets::<T>::insert(id, datanet);
		Self::deposit_event(Event::RowWithdrawn { datanet: id, hash });
		Ok(())
	}

	/// Publishes a version; returns its number.
	pub fn do_publish(
		who: T::AccountId,
		id: DatanetId,
		batches: BoundedVec<BatchId, ConstU32<MAX_BATCHES>>,
	) -> Result<Version, DispatchError> {
		let mut datanet = Self::curated_by(&who, id)?;
		let (mut roots, mut blocks) = (Vec::new(), BoundedVec::<Block<T::AccountId>, _>::new());
		for (position, batch) in batches.iter().enumerate() {
			let again = batches.iter().take(position).any(|other| other == batch);
			let entry = Batches::<T>::get(id, batch).ok_or(Error::<T>::NoBatch)?;
			let accepted = matches!(entry.status, Status::Accepted(_)) && !again;
			ensure!(accepted, Error::<T>::NotAccepted);
			roots.push(entry.root);
			match blocks.iter_mut().find(|block| block.owner == entry.contributor) {
				Some(block) => {
					block.rows = block.rows.saturating_add(entry.rows);
					block.bytes = block.bytes.saturating_add(entry.bytes);
				},
				None if entry.rows > 0 => blocks
					.try_push(Block {
						owner: entry.contributor,
						rows: entry.rows,
						bytes: entry.bytes,
					})
					.map_err(|_| Error::<T>::TooManyContributors)?,
				None => {},
			}
		}
		ensure!(!blocks.is_empty(), Error::<T>::EmptyVersion);
		let version = datanet.next_version;
		datanet.next_version = version.checked_add(1).ok_or(Error::<T>::Overflow)?;
		Datanets::<T>::insert(id, datanet);
		let root = merkle::root(&roots);
		let count = blocks.len() as u32;
		let bytes = (&batches, &blocks).encoded_size().saturating_add(100);
		let ticket = T::Consideration::new(&who, Footprint::from_parts(1, bytes))?;
		let published_at = Self::now();
		let published = Published { root, batches, blocks, published_at, ticket };
		Versions::<T>::insert(id, version, published);
		Self::deposit_event(Event::Published { datanet: id, version, root, blocks: count });
		Ok(version)
	}

	pub(crate) fn do_buy_licence(
		who: T::AccountId,
		id: DatanetId,
		rights: Rights,
		maximum: Balance,
	) -> DispatchResult {
		let Datanet { terms, curator, .. } = Datanets::<T>::get(id).ok_or(Error::<T>::NoDatanet)?;
		let offered = rights.is_valid() && terms.rights.contains(rights);
		ensure!(offered, Error::<T>::RightsNotOffered);
		ensure!(terms.price <= maximum, Error::<T>::AboveMaximum);
		let old = Licences::<T>::get(id, &who);
		let unexpired = |licence: &&Licence<T::Consideration>| {
			licence.expires.is_none_or(|last| last >= Self::now())
		};
		let from = match old.as_ref().filter(unexpired) {
			// What was paid for is not to be lost.
			Some(held) if !rights.contains(held.rights) => {
				return Err(Error::<T>::NarrowsLicence.into())
			},
			Some(Licence { expires: None, rights: held, .. }) if *held == rights => {
				return Err(Error::<T>::AlreadyLicensed.into())
			},
			Some(Licence { expires: None, .. }) if terms.period > 0 => {
				return Err(Error::<T>::NarrowsLicence.into())
			},
			Some(Licence { expires: Some(expires), .. }) => *expires,
			_ => Self::now(),
		};
		let expires = (terms.period > 0).then(|| from.saturating_add(terms.period));

		let [rest, protocol] =
			split(terms.price, [BASIS_POINTS.saturating_sub(PROTOCOL_CUT), PROTOCOL_CUT]);
		let cut = terms.curator_cut;
		let [rows, curators] = split(rest, [BASIS_POINTS.saturating_sub(cut), cut]);
		for (to, amount) in [(T::ProtocolPot::get(), protocol), (curator, curators)] {
			T::Currency::transfer(&who, &to, amount, Preservation::Preserve)?;
		}
		<Self as openledger_core::Datanets<_>>::reward_rows(id, &who, rows)?;

		let ticket = match old {
			Some(licence) => licence.ticket,
			None => T::Consideration::new(
				&who,
				Footprint::from_mel::<(T::AccountId, Licence<T::Consideration>)>(),
			)?,
		};
		Licences::<T>::insert(id, &who, Licence { rights, expires, ticket });
		let price = terms.price;
		Self::deposit_event(Event::LicenceBought { datanet: id, who, rights, expires, price });
		Ok(())
	}

	/// What a contributor is owed now.
	pub(crate) fn owed(id: DatanetId, who: &T::AccountId) -> Option<Balance> {
		let share = Contributors::<T>::get(id, who);
		let since = RowRewards::<T>::get(id).index.checked_sub(share.index)?;
		let new = since.checked_mul(share.bytes.into())? >> FRACTION;
		share.accrued.checked_add(new.try_into().ok()?)
	}

	/// Settles what a contributor is owed and changes the bytes that earn.
	fn change_share(
		id: DatanetId,
		who: &T::AccountId,
		change: impl Fn(u64) -> Option<u64>,
	) -> DispatchResult {
		let accrued = Self::owed(id, who).ok_or(Error::<T>::Overflow)?;
		let mut rewards = RowRewards::<T>::get(id);
		let old = Contributors::<T>::get(id, who).bytes;
		let bytes = change(old).ok_or(Error::<T>::Overflow)?;
		let total = rewards.bytes.checked_sub(old).and_then(|others| others.checked_add(bytes));
		rewards.bytes = total.ok_or(Error::<T>::Overflow)?;
		Contributors::<T>::insert(id, who, Share { bytes, index: rewards.index, accrued });
		RowRewards::<T>::insert(id, rewards);
		Ok(())
	}

	pub(crate) fn do_claim(id: DatanetId, who: T::AccountId) -> DispatchResult {
		Self::change_share(id, &who, Some)?;
		let amount =
			Contributors::<T>::mutate(id, &who, |share| core::mem::take(&mut share.accrued));
		ensure!(amount > 0, Error::<T>::NothingToClaim);
		T::Currency::transfer(&Self::pot(), &who, amount, Preservation::Preserve)?;
		Self::deposit_event(Event::Claimed { datanet: id, who, amount });
		Ok(())
	}

	/// Invariants of this pallet.
	#[cfg(any(feature = "try-runtime", test))]
	pub(crate) fn do_try_state() -> Result<(), frame::deps::sp_runtime::TryRuntimeError> {
		let mut claimable: Balance = 0;
		for (id, who, _) in Contributors::<T>::iter() {
			claimable += Self::owed(id, &who).ok_or("what is owed is a number")?;
		}
		ensure!(T::Currency::balance(&Self::pot()) >= claimable, "the pot covers what is owed");
		for (id, datanet) in Datanets::<T>::iter() {
			ensure!(id < NextDatanet::<T>::get(), "a Datanet beyond the next id");
			let shares: u64 = Contributors::<T>::iter_prefix_values(id).map(|s| s.bytes).sum();
			ensure!(shares == RowRewards::<T>::get(id).bytes, "shares sum to the total");
			let (mut rows, mut accepted) = (0, 0);
			for (batch, entry) in Batches::<T>::iter_prefix(id) {
				ensure!(batch < datanet.next_batch, "a batch beyond the next id");
				match entry.status {
					Status::Pending => rows += entry.rows,
					Status::Accepted(_) => {
						rows += entry.rows;
						accepted += entry.bytes;
					},
					Status::Rejected(_) => ensure!(entry.ticket.is_none(), "a paid rejection"),
				}
			}
			ensure!(shares == accepted, "accepted rows earn");
			let indexed = RowIndex::<T>::iter_prefix(id).count() as u32;
			ensure!(indexed == rows, "the index holds every row that counts");
		}
		Ok(())
	}
}

impl<T: Config> openledger_core::Datanets<T::AccountId> for Pallet<T> {
	fn version(datanet: DatanetId, version: Version) -> Option<VersionInfo<T::AccountId>> {
		let published = Versions::<T>::get(datanet, version)?;
		let withdrawn_at = Datanets::<T>::get(datanet)?.withdrawn_at;
		Some(VersionInfo {
			root: published.root,
			blocks: published.blocks.into_inner(),
			stale: withdrawn_at.is_some_and(|at| at >= published.published_at),
		})
	}

	fn is_licensed(who: &T::AccountId, datanet: DatanetId, rights: Rights) -> bool {
		let owns = Datanets::<T>::get(datanet).is_some_and(|entry| entry.owner == *who);
		let licensed = |licence: Licence<T::Consideration>| {
			licence.rights.contains(rights)
				&& licence.expires.is_none_or(|last| last >= Self::now())
		};
		owns || Licences::<T>::get(datanet, who).is_some_and(licensed)
	}

	fn curator(datanet: DatanetId) -> Option<(T::AccountId, u16)> {
		Datanets::<T>::get(datanet).map(|entry| (entry.curator, entry.terms.curator_cut))
	}

	fn reward_rows(id: DatanetId, from: &T::AccountId, amount: Balance) -> DispatchResult {
		if amount == 0 {
			return Ok(());
		}
		let mut rewards = RowRewards::<T>::get(id);
		if rewards.bytes == 0 {
			let owner = Datanets::<T>::get(id).ok_or(Error::<T>::NoDatanet)?.owner;
			T::Currency::transfer(from, &owner, amount, Preservation::Preserve)?;
			return Ok(());
		}
		T::Currency::transfer(from, &Self::pot(), amount, Preservation::Preserve)?;
		let (whole, bytes) = (U256::from(amount) << FRACTION, U256::from(rewards.bytes));
		let whole = whole.checked_add(rewards.remainder).ok_or(Error::<T>::Overflow)?;
		let index = rewards.index.checked_add(whole / bytes);
		rewards.index = index.ok_or(Error::<T>::Overflow)?;
		rewards.remainder = whole % bytes;
		RowRewards::<T>::insert(id, rewards);
		Self::deposit_event(Event::RowsRewarded { datanet: id, amount });
		Ok(())
	}
}
