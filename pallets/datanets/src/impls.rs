//! What the calls do.

use super::*;
use alloc::collections::{BTreeMap, BTreeSet};
use frame::deps::frame_support::traits::tokens::Preservation;
#[cfg(any(feature = "std", feature = "try-runtime"))]
use frame::token::fungible::InspectHold;
use openledger_core::{Announced, DatanetTerms, Given, RowInfo};
use openledger_influence_math::{merkle, split};

/// Fraction bits of [`Rewards::index`].
const FRACTION: u32 = 64;

impl<T: Config> Pallet<T> {
	/// The account that holds what contributors have not claimed.
	pub fn pot() -> T::AccountId {
		T::PalletId::get().into_account_truncating()
	}

	pub(crate) fn now() -> u32 {
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
			fresh_from: 0,
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
	fn as_owner<R>(
		who: &T::AccountId,
		id: DatanetId,
		change: impl FnOnce(&mut Datanet<T::AccountId, T::Consideration>) -> Result<R, DispatchError>,
	) -> Result<R, DispatchError> {
		Datanets::<T>::try_mutate(id, |datanet| {
			let datanet = datanet.as_mut().ok_or(Error::<T>::NoDatanet)?;
			ensure!(datanet.owner == *who, Error::<T>::NotOwner);
			change(datanet)
		})
	}

	/// Changes terms on behalf of the owner; returns them.
	pub(crate) fn change_terms(
		who: &T::AccountId,
		datanet: DatanetId,
		change: impl FnOnce(Terms) -> Terms,
	) -> Result<DatanetTerms<T::AccountId>, DispatchError> {
		Self::as_owner(who, datanet, |entry| {
			entry.terms = change(entry.terms);
			Self::check(&entry.terms)?;
			Self::deposit_event(Event::TermsSet { datanet, terms: entry.terms });
			Ok(entry.shown())
		})
	}

	pub(crate) fn do_set_curator(
		who: T::AccountId,
		datanet: DatanetId,
		curator: T::AccountId,
	) -> DispatchResult {
		Self::as_owner(&who, datanet, |entry| {
			entry.curator = curator.clone();
			Self::deposit_event(Event::CuratorSet { datanet, curator });
			Ok(())
		})
	}

	/// Merkle root over rows, in the order of their hashes.
	pub fn root(rows: &[Row]) -> Hash {
		merkle::rows_root(rows.iter().map(|row| (row.hash, row.bytes)))
	}

	/// What is staked for rows from now on.
	pub(crate) fn rates() -> Bond {
		Bond { row: T::RowBond::get(), byte: T::ByteBond::get() }
	}

	/// What a batch of so many rows takes.
	fn footprint(rows: u32) -> Footprint {
		let entry = Footprint::from_mel::<(Batch<T::AccountId, T::Consideration>, Share)>();
		let index = Footprint::from_mel::<(Hash, (BatchId, u32))>();
		let size = entry.size.saturating_add(index.size.saturating_mul(rows.into()));
		Footprint { count: 1, size }
	}

	/// Refuses rows that are not exactly those left of a batch.
	fn check_rows(
		id: DatanetId,
		batch: BatchId,
		entry: &Batch<T::AccountId, T::Consideration>,
		rows: &[Row],
	) -> DispatchResult {
		// As many different rows of the batch as it has are all of them.
		let different: BTreeSet<Hash> = rows.iter().map(|row| row.hash).collect();
		let all = different.len() == rows.len()
			&& rows.len() as u32 == entry.rows
			&& rows
				.iter()
				.all(|row| RowIndex::<T>::get(id, row.hash) == Some((batch, row.bytes)));
		ensure!(all, Error::<T>::WrongRows);
		Ok(())
	}

	/// Contributes rows; returns the batch.
	pub fn do_contribute(
		contributor: T::AccountId,
		id: DatanetId,
		rows: Rows,
	) -> Result<BatchId, DispatchError> {
		Self::register(contributor, id, rows, None)
	}

	/// Contributes rows that were announced; returns the batch.
	pub fn do_contribute_announced(
		contributor: T::AccountId,
		id: DatanetId,
		rows: Rows,
		salt: Hash,
	) -> Result<BatchId, DispatchError> {
		let batch = Announced::Batch(Self::root(&rows));
		let announced = Self::redeem(&contributor, id, &batch, &salt)?;
		Self::register(contributor, id, rows, Some(announced))
	}

	fn register(
		contributor: T::AccountId,
		id: DatanetId,
		rows: Rows,
		announced: Option<u32>,
	) -> Result<BatchId, DispatchError> {
		ensure!(!rows.is_empty(), Error::<T>::EmptyBatch);
		let different: BTreeSet<Hash> = rows.iter().map(|row| row.hash).collect();
		ensure!(different.len() == rows.len(), Error::<T>::RowKnown);
		for row in &rows {
			Self::make_way(id, row.hash, announced)?;
		}
		let mut datanet = Datanets::<T>::get(id).ok_or(Error::<T>::NoDatanet)?;
		Self::check_risk(id, &contributor, &datanet.terms)?;
		let batch = datanet.next_batch;
		datanet.next_batch = batch.checked_add(1).ok_or(Error::<T>::Overflow)?;
		let mut bytes = 0u64;
		for row in &rows {
			ensure!(row.bytes > 0, Error::<T>::EmptyRow);
			ensure!(row.bytes <= MAX_ROW_BYTES, Error::<T>::RowTooLong);
			RowIndex::<T>::insert(id, row.hash, (batch, row.bytes));
			bytes = bytes.saturating_add(row.bytes.into());
		}
		let (root, count) = (Self::root(&rows), rows.len() as u32);
		let ticket = T::Consideration::new(&contributor, Self::footprint(count))?;
		let bond = Self::rates();
		T::Currency::hold(&HoldReason::Bond.into(), &contributor, bond.of(count, bytes))?;
		let entry = Batch {
			contributor: contributor.clone(),
			root: Some(root),
			rows: count,
			bytes,
			scores: None,
			since: announced.unwrap_or_else(Self::now),
			bond,
			ticket,
		};
		Batches::<T>::insert(id, batch, entry);
		Datanets::<T>::insert(id, datanet);
		Self::bind(id, &contributor, Use::Batch(batch));
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
		ensure!(entry.scores.is_none(), Error::<T>::AlreadyReviewed);
		let outcome = match verdict {
			Verdict::Accept(scores) => {
				let Scores { authenticity, ownership, quality, uniqueness } = scores;
				let all = [authenticity, ownership, quality, uniqueness];
				ensure!(all.iter().all(|score| *score <= 100), Error::<T>::BadScores);
				Self::change_share(id, &entry.contributor, |bytes| bytes.checked_add(entry.bytes))?;
				entry.scores = Some(scores);
				Batches::<T>::insert(id, batch, entry);
				Outcome::Accepted(scores)
			},
			Verdict::Reject { reason, rows } => {
				Self::check_rows(id, batch, &entry, &rows)?;
				for row in &rows {
					RowIndex::<T>::remove(id, row.hash);
				}
				entry.ticket.drop(&entry.contributor)?;
				Self::release(&entry.contributor, entry.bond.of(entry.rows, entry.bytes))?;
				Batches::<T>::remove(id, batch);
				Self::unbind(id, &entry.contributor, Use::Batch(batch));
				Outcome::Rejected(reason)
			},
		};
		Self::deposit_event(Event::Reviewed { datanet: id, batch, outcome });
		Ok(())
	}

	pub(crate) fn do_withdraw_row(who: T::AccountId, id: DatanetId, hash: Hash) -> DispatchResult {
		let staked = Self::take_row(id, hash)?;
		ensure!(staked.contributor == who, Error::<T>::NoRow);
		Withdrawn::<T>::insert(id, hash, (staked, Self::now()));
		Self::deposit_event(Event::RowWithdrawn { datanet: id, hash });
		Ok(())
	}

	/// Takes a row out of its batch: it earns no more, its deposit returns, and versions that may
	/// have it are stale. Its bond is still held.
	pub(crate) fn take_row(
		id: DatanetId,
		hash: Hash,
	) -> Result<Staked<T::AccountId>, DispatchError> {
		let mut datanet = Datanets::<T>::get(id).ok_or(Error::<T>::NoDatanet)?;
		let (batch, length) = RowIndex::<T>::take(id, hash).ok_or(Error::<T>::NoRow)?;
		let mut entry = Batches::<T>::get(id, batch).ok_or(Error::<T>::NoBatch)?;
		let staked = Staked {
			contributor: entry.contributor.clone(),
			since: entry.since,
			batch,
			bond: entry.bond.of(1, length.into()),
		};
		let who = &staked.contributor;
		entry.rows = entry.rows.saturating_sub(1);
		entry.bytes = entry.bytes.saturating_sub(length.into());
		if entry.scores.is_some() {
			Self::change_share(id, who, |bytes| bytes.checked_sub(length.into()))?;
			// Rows that nobody took are in no version.
			datanet.fresh_from = datanet.next_version;
			Datanets::<T>::insert(id, datanet);
		}
		if entry.rows == 0 {
			entry.ticket.drop(who)?;
			Batches::<T>::remove(id, batch);
			Self::unbind(id, who, Use::Batch(batch));
		} else {
			entry.root = None;
			entry.ticket = entry.ticket.update(who, Self::footprint(entry.rows))?;
			Batches::<T>::insert(id, batch, entry);
		}
		Ok(staked)
	}

	pub(crate) fn do_recommit(id: DatanetId, batch: BatchId, rows: Rows) -> DispatchResult {
		let mut entry = Batches::<T>::get(id, batch).ok_or(Error::<T>::NoBatch)?;
		ensure!(entry.root.is_none(), Error::<T>::RootCurrent);
		Self::check_rows(id, batch, &entry, &rows)?;
		let root = Self::root(&rows);
		entry.root = Some(root);
		Batches::<T>::insert(id, batch, entry);
		Self::deposit_event(Event::Recommitted { datanet: id, batch, root });
		Ok(())
	}

	/// Publishes a version; returns its number.
	pub fn do_publish(
		who: T::AccountId,
		id: DatanetId,
		batches: BoundedVec<BatchId, ConstU32<MAX_BATCHES>>,
		most: u16,
	) -> Result<Version, DispatchError> {
		let mut datanet = Self::curated_by(&who, id)?;
		let different: BTreeSet<&BatchId> = batches.iter().collect();
		ensure!(different.len() == batches.len(), Error::<T>::NotAccepted);
		let (mut roots, mut contributors, mut given) = (Vec::new(), Vec::new(), Vec::new());
		let mut extents = BoundedVec::new();
		let mut known = BTreeMap::new();
		for batch in &batches {
			let entry = Batches::<T>::get(id, batch).ok_or(Error::<T>::NoBatch)?;
			ensure!(entry.scores.is_some(), Error::<T>::NotAccepted);
			roots.push(entry.root.ok_or(Error::<T>::RootOutdated)?);
			let Batch { contributor: owner, rows, bytes, .. } = entry;
			extents
				.try_push(Extent { rows, bytes })
				.map_err(|_| Error::<T>::TooManyContributors)?;
			let index = *known.entry(owner.clone()).or_insert(contributors.len());
			match contributors.get_mut(index) {
				None => contributors.push(Block { owner, rows, bytes }),
				Some(block) => {
					block.rows = block.rows.saturating_add(rows);
					block.bytes = block.bytes.saturating_add(bytes);
				},
			}
			given.push(index);
		}
		ensure!(!contributors.is_empty(), Error::<T>::EmptyVersion);
		let version = datanet.next_version;
		datanet.next_version = version.checked_add(1).ok_or(Error::<T>::Overflow)?;
		Datanets::<T>::insert(id, datanet);
		let (blocks, of) = Self::cut((id, version), contributors, most)?;
		let blocks = BoundedVec::try_from(blocks).map_err(|_| Error::<T>::TooManyBlocks)?;
		let block_of: Vec<u16> = given.iter().filter_map(|index| of.get(*index).copied()).collect();
		let block_of = BoundedVec::truncate_from(block_of);
		let root = merkle::root(&roots);
		let count = blocks.len() as u32;
		let lists = (&batches, &block_of, &extents, &blocks);
		let bytes = lists.encoded_size().saturating_add(132);
		let ticket = T::Consideration::new(&who, Footprint::from_parts(1, bytes))?;
		let deposit = (who, ticket);
		for block in &blocks {
			Self::bind(id, &block.owner, Use::Version(version));
		}
		let published = Published { root, batches, block_of, extents, blocks, models: 0, deposit };
		Versions::<T>::insert(id, version, published);
		Self::deposit_event(Event::Published { datanet: id, version, root, blocks: count });
		Ok(version)
	}

	pub(crate) fn do_remove_version(
		who: T::AccountId,
		id: DatanetId,
		version: Version,
	) -> DispatchResult {
		let datanet = Datanets::<T>::get(id).ok_or(Error::<T>::NoDatanet)?;
		let published = Versions::<T>::take(id, version).ok_or(Error::<T>::NoVersion)?;
		ensure!(published.models == 0, Error::<T>::VersionInUse);
		ensure!(!Self::has_undivided((id, version), &published), Error::<T>::NotDivided);
		let (payer, ticket) = published.deposit;
		let stale = version < datanet.fresh_from;
		let superseded = version.saturating_add(1) < datanet.next_version;
		ensure!(stale || (superseded && payer == who), Error::<T>::VersionFresh);
		ticket.drop(&payer)?;
		for block in &published.blocks {
			Self::unbind(id, &block.owner, Use::Version(version));
		}
		Self::deposit_event(Event::VersionRemoved { datanet: id, version });
		Ok(())
	}

	/// Buys a licence; returns what of its price is claimed later.
	pub(crate) fn do_buy_licence(
		who: T::AccountId,
		id: DatanetId,
		rights: Rights,
		maximum: Balance,
	) -> Result<Vec<Given<T::AccountId>>, DispatchError> {
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
		let mut given = Vec::new();
		for (to, amount) in [(T::ProtocolPot::get(), protocol), (curator, curators)] {
			given.extend(Self::pay(id, &who, &to, amount)?);
		}
		given.extend(Self::do_reward_rows(id, &who, rows)?);

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
		Ok(given)
	}

	pub(crate) fn do_remove_licence(
		by: T::AccountId,
		id: DatanetId,
		who: T::AccountId,
	) -> DispatchResult {
		let licence = Licences::<T>::take(id, &who).ok_or(Error::<T>::NoLicence)?;
		let expired = licence.expires.is_some_and(|last| last < Self::now());
		ensure!(expired || by == who, Error::<T>::LicenceRuns);
		licence.ticket.drop(&who)?;
		Self::deposit_event(Event::LicenceRemoved { datanet: id, who });
		Ok(())
	}

	pub(crate) fn do_close(who: T::AccountId, id: DatanetId) -> DispatchResult {
		let datanet = Datanets::<T>::take(id).ok_or(Error::<T>::NoDatanet)?;
		ensure!(datanet.owner == who, Error::<T>::NotOwner);
		let empty = Batches::<T>::iter_key_prefix(id).next().is_none()
			&& Versions::<T>::iter_key_prefix(id).next().is_none()
			&& Licences::<T>::iter_key_prefix(id).next().is_none()
			&& Withdrawn::<T>::iter_key_prefix(id).next().is_none()
			&& Demands::<T>::iter_key_prefix(id).next().is_none()
			&& !Apart::<T>::contains_key(id)
			&& AtRisk::<T>::iter_key_prefix(id).next().is_none()
			&& Contributors::<T>::iter_key_prefix(id).next().is_none();
		ensure!(empty, Error::<T>::NotEmpty);
		datanet.ticket.drop(&who)?;
		RowRewards::<T>::remove(id);
		Self::deposit_event(Event::Closed { datanet: id });
		Ok(())
	}

	/// Pays an account. One that cannot take it, as it does not exist and this is less than the
	/// existential deposit, may claim it later; returns that.
	fn pay(
		id: DatanetId,
		from: &T::AccountId,
		to: &T::AccountId,
		amount: Balance,
	) -> Result<Option<Given<T::AccountId>>, DispatchError> {
		let transfer = |to| T::Currency::transfer(from, to, amount, Preservation::Preserve);
		if amount == 0 || transfer(to).is_ok() {
			return Ok(None);
		}
		transfer(&Self::pot())?;
		Contributors::<T>::try_mutate(id, to, |share| {
			share.accrued = share.accrued.checked_add(amount).ok_or(Error::<T>::Overflow)?;
			Ok::<_, Error<T>>(())
		})?;
		Self::deposit_event(Event::Credited { datanet: id, who: to.clone(), amount });
		Ok(Some(Given::Credit(to.clone(), amount)))
	}

	/// See [`openledger_core::Datanets::reward_rows`]; returns what is claimed later.
	pub(crate) fn do_reward_rows(
		id: DatanetId,
		from: &T::AccountId,
		amount: Balance,
	) -> Result<Option<Given<T::AccountId>>, DispatchError> {
		if amount == 0 {
			return Ok(None);
		}
		let mut rewards = RowRewards::<T>::get(id);
		if rewards.bytes == 0 {
			let owner = Datanets::<T>::get(id).ok_or(Error::<T>::NoDatanet)?.owner;
			return Self::pay(id, from, &owner, amount);
		}
		T::Currency::transfer(from, &Self::pot(), amount, Preservation::Preserve)?;
		let (whole, bytes) = (U256::from(amount) << FRACTION, U256::from(rewards.bytes));
		let whole = whole.checked_add(rewards.remainder).ok_or(Error::<T>::Overflow)?;
		let index = rewards.index.checked_add(whole / bytes);
		rewards.index = index.ok_or(Error::<T>::Overflow)?;
		rewards.remainder = whole % bytes;
		RowRewards::<T>::insert(id, rewards);
		Self::deposit_event(Event::RowsRewarded { datanet: id, amount });
		Ok(Some(Given::Rows(amount)))
	}

	/// What an account is owed now.
	pub(crate) fn owed(id: DatanetId, who: &T::AccountId) -> Option<Balance> {
		let share = Contributors::<T>::get(id, who);
		let since = RowRewards::<T>::get(id).index.checked_sub(share.index)?;
		let new = since.checked_mul(share.bytes.into())? >> FRACTION;
		share.accrued.checked_add(new.try_into().ok()?)
	}

	/// Stores what an account is owed; nothing if that is nothing.
	fn put_share(id: DatanetId, who: &T::AccountId, share: Share) {
		if share.bytes == 0 && share.accrued == 0 {
			Contributors::<T>::remove(id, who);
		} else {
			Contributors::<T>::insert(id, who, share);
		}
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
		Self::put_share(id, who, Share { bytes, index: rewards.index, accrued });
		RowRewards::<T>::insert(id, rewards);
		Ok(())
	}

	pub(crate) fn do_claim(id: DatanetId, who: T::AccountId) -> DispatchResult {
		let amount = Self::owed(id, &who).ok_or(Error::<T>::Overflow)?;
		ensure!(amount > 0, Error::<T>::NothingToClaim);
		let bytes = Contributors::<T>::get(id, &who).bytes;
		let index = RowRewards::<T>::get(id).index;
		Self::put_share(id, &who, Share { bytes, index, accrued: 0 });
		T::Currency::transfer(&Self::pot(), &who, amount, Preservation::Preserve)?;
		Self::deposit_event(Event::Claimed { datanet: id, who, amount });
		Ok(())
	}

	/// Invariants of this pallet.
	#[cfg(any(feature = "std", feature = "try-runtime"))]
	pub fn do_try_state() -> Result<(), frame::deps::sp_runtime::TryRuntimeError> {
		let mut claimable: Balance = 0;
		for (id, who, share) in Contributors::<T>::iter() {
			ensure!(share.bytes > 0 || share.accrued > 0, "a share has rows or money");
			claimable += Self::owed(id, &who).ok_or("what is owed is a number")?;
		}
		ensure!(T::Currency::balance(&Self::pot()) >= claimable, "the pot covers what is owed");
		let parts = (RowRewards::<T>::iter_keys())
			.chain(Contributors::<T>::iter_keys().map(|(id, _)| id))
			.chain(Batches::<T>::iter_keys().map(|(id, _)| id))
			.chain(RowIndex::<T>::iter_keys().map(|(id, _)| id))
			.chain(Withdrawn::<T>::iter_keys().map(|(id, _)| id))
			.chain(Versions::<T>::iter_keys().map(|(id, _)| id))
			.chain(Licences::<T>::iter_keys().map(|(id, _)| id));
		for id in parts {
			ensure!(Datanets::<T>::contains_key(id), "what is stored has a Datanet");
		}
		let mut bonds = BTreeMap::<Vec<u8>, (T::AccountId, Balance)>::new();
		let mut stake = |who: T::AccountId, bond: Balance| {
			bonds.entry(who.encode()).or_insert((who, 0)).1 += bond;
		};
		for (id, hash, (staked, at)) in Withdrawn::<T>::iter() {
			ensure!(!RowIndex::<T>::contains_key(id, hash), "a withdrawn row is registered");
			ensure!(staked.since <= at && at <= Self::now(), "a row withdrawn before it was given");
			stake(staked.contributor, staked.bond);
		}
		for entry in Batches::<T>::iter_values() {
			ensure!(entry.since <= Self::now(), "a batch registered in the future");
			stake(entry.contributor, entry.bond.of(entry.rows, entry.bytes));
		}
		for (who, bond) in bonds.into_values() {
			let held = T::Currency::balance_on_hold(&HoldReason::Bond.into(), &who);
			ensure!(held == bond, "every bond is held, and nothing else as one");
		}
		for (id, datanet) in Datanets::<T>::iter() {
			ensure!(id < NextDatanet::<T>::get(), "a Datanet beyond the next id");
			ensure!(datanet.fresh_from <= datanet.next_version, "a version to come is fresh");
			for version in Versions::<T>::iter_key_prefix(id) {
				ensure!((1..datanet.next_version).contains(&version), "versions are counted");
			}
			let mut indexed = BTreeMap::<BatchId, Vec<Row>>::new();
			for (hash, (batch, bytes)) in RowIndex::<T>::iter_prefix(id) {
				indexed.entry(batch).or_default().push(Row { hash, bytes });
			}
			let mut accepted = BTreeMap::<Vec<u8>, u64>::new();
			for (batch, entry) in Batches::<T>::iter_prefix(id) {
				ensure!(batch < datanet.next_batch, "a batch beyond the next id");
				let rows = indexed.remove(&batch).ok_or("a batch has rows")?;
				let bytes: u64 = rows.iter().map(|row| u64::from(row.bytes)).sum();
				let counts = (rows.len() as u32, bytes);
				ensure!(counts == (entry.rows, entry.bytes), "a batch counts its rows");
				let root = Self::root(&rows);
				ensure!(entry.root.is_none_or(|of| of == root), "a root covers what is left");
				if entry.scores.is_some() {
					*accepted.entry(entry.contributor.encode()).or_default() += bytes;
				}
			}
			ensure!(indexed.is_empty(), "an indexed row has a batch");
			let total: u64 = accepted.values().sum();
			ensure!(total == RowRewards::<T>::get(id).bytes, "shares sum to the total");
			for (who, share) in Contributors::<T>::iter_prefix(id) {
				let bytes = accepted.remove(&who.encode()).unwrap_or(0);
				ensure!(bytes == share.bytes, "accepted rows earn");
			}
			ensure!(accepted.is_empty(), "who gave rows has a share");
		}
		Self::try_state_of_demands()?;
		Self::try_state_of_risks()
	}
}

impl<T: Config> openledger_core::Datanets<T::AccountId> for Pallet<T> {
	fn version(datanet: DatanetId, version: Version) -> Option<VersionInfo<T::AccountId>> {
		let published = Versions::<T>::get(datanet, version)?;
		let fresh_from = Datanets::<T>::get(datanet)?.fresh_from;
		Some(VersionInfo {
			root: published.root,
			blocks: published.blocks.into_inner(),
			stale: version < fresh_from,
		})
	}

	fn source(datanet: DatanetId, version: Version) -> Option<Source> {
		let Published { root, extents, .. } = Versions::<T>::get(datanet, version)?;
		Some(Source { root, batches: extents.into_inner() })
	}

	fn is_stale(datanet: DatanetId, version: Version) -> bool {
		Datanets::<T>::get(datanet).is_none_or(|datanet| version < datanet.fresh_from)
	}

	fn row(datanet: DatanetId, version: Version, row: u64) -> Option<RowInfo<T::AccountId>> {
		let Published { root, batches, block_of, extents, blocks, .. } =
			Versions::<T>::get(datanet, version)?;
		let (at, index) = Source { root, batches: extents.into_inner() }.batch_of(row)?;
		let (batch, block) = (*batches.get(at)?, *block_of.get(at)?);
		let owner = match Batches::<T>::get(datanet, batch) {
			Some(batch) => batch.contributor,
			// All of its rows are withdrawn.
			None => blocks.get(usize::from(block))?.owner.clone(),
		};
		Some(RowInfo { batch, index, block, owner })
	}

	fn blocks_of_batches(datanet: DatanetId, version: Version) -> Option<Vec<u16>> {
		Versions::<T>::get(datanet, version).map(|published| published.block_of.into_inner())
	}

	fn bytes_left(datanet: DatanetId, version: Version) -> Option<(Vec<u64>, u32)> {
		if version >= Datanets::<T>::get(datanet)?.fresh_from {
			return None;
		}
		let published = Versions::<T>::get(datanet, version)?;
		let mut left = alloc::vec![0u64; published.blocks.len()];
		for (batch, block) in published.batches.iter().zip(&published.block_of) {
			let bytes = Batches::<T>::get(datanet, batch).map_or(0, |batch| batch.bytes);
			if let Some(left) = left.get_mut(usize::from(*block)) {
				*left = left.saturating_add(bytes);
			}
		}
		Some((left, published.batches.len() as u32))
	}

	fn retain(datanet: DatanetId, version: Version) -> DispatchResult {
		Versions::<T>::try_mutate(datanet, version, |published| {
			let published = published.as_mut().ok_or(Error::<T>::NoVersion)?;
			published.models = published.models.checked_add(1).ok_or(Error::<T>::Overflow)?;
			Ok(())
		})
	}

	fn release(datanet: DatanetId, version: Version) {
		Versions::<T>::mutate(datanet, version, |published| {
			if let Some(published) = published {
				published.models = published.models.saturating_sub(1);
			}
		});
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
		Self::do_reward_rows(id, from, amount).map(|_| ())
	}

	fn seize(
		datanet: DatanetId,
		version: Version,
		who: &T::AccountId,
		amount: Balance,
	) -> Result<Balance, DispatchError> {
		Self::do_seize(datanet, version, who, amount)
	}
}
