//! Versions with more contributors than blocks: groups of them share a block and divide its pay by size.
//!
//! Influence is measured by blocks, and what a block costs in retrainings bounds how many there can be.
//! Contributors without a block of their own are dealt into groups in an order that is drawn when the
//! version is published, from an output that nobody could know before, so that nobody chooses whose
//! neighbour it is. A group earns under an account of its own, like any contributor, and what it earned
//! is divided among its members by the bytes that are left of their rows. Who wants to be measured by
//! itself buys a block.

use super::*;
use alloc::{collections::BTreeMap, vec};
use frame::{
	deps::{frame_support::traits::tokens::Preservation, sp_runtime::traits::TrailingZeroInput},
	hashing::blake2_256,
};
use openledger_core::{Earnings, Given};
use openledger_influence_math::{design::permutation, money};

impl<T: Config> Pallet<T> {
	/// The account of a group. Nobody has its key.
	pub fn group(datanet: DatanetId, version: Version, block: u16) -> Option<T::AccountId> {
		let entropy = (b"openledger/group/v1", datanet, version, block).using_encoded(blake2_256);
		T::AccountId::decode(&mut TrailingZeroInput::new(&entropy)).ok()
	}

	/// The group of a block; none if one contributor has it.
	pub(crate) fn group_of(
		(datanet, version): (DatanetId, Version),
		block: u16,
		owner: &T::AccountId,
	) -> Option<T::AccountId> {
		Self::group(datanet, version, block).filter(|group| group == owner)
	}

	/// At most `most` blocks for all rows of some contributors, and the block of each of them.
	pub(crate) fn cut(
		(datanet, version): (DatanetId, Version),
		contributors: Vec<Block<T::AccountId>>,
		most: u16,
	) -> Result<(Vec<Block<T::AccountId>>, Vec<u16>), Error<T>> {
		let count =
			u16::try_from(contributors.len()).map_err(|_| Error::<T>::TooManyContributors)?;
		if count <= most {
			return Ok((contributors, (0..count).collect()));
		}
		let apart = Apart::<T>::get(datanet);
		let (mut blocks, mut rest) = (Vec::new(), Vec::new());
		let mut block_of = vec![0; contributors.len()];
		for (contributor, block) in contributors.iter().zip(&mut block_of) {
			if apart.iter().any(|(who, _)| *who == contributor.owner) {
				*block = blocks.len() as u16;
				blocks.push(contributor.clone());
			} else {
				rest.push((contributor, block));
			}
		}
		let own = blocks.len();
		let groups = usize::from(most).saturating_sub(own);
		ensure!(groups > 0 && groups >= own, Error::<T>::TooFewBlocks);
		let fit = rest.len() <= groups.saturating_mul(MAX_MEMBERS as usize);
		ensure!(fit, Error::<T>::TooFewBlocks);
		for block in own..usize::from(most) {
			let owner = Self::group(datanet, version, block as u16).ok_or(Error::<T>::Overflow)?;
			blocks.push(Block { owner, rows: 0, bytes: 0 });
		}
		let seed = (b"openledger/groups/v1", T::Entropy::get(), datanet, version);
		let order = permutation(seed.using_encoded(blake2_256).into(), rest.len() as u16);
		let places = (own..usize::from(most)).cycle();
		for (dealt, place) in order.into_iter().zip(places) {
			let (Some((contributor, block_of)), Some(block)) =
				(rest.get_mut(usize::from(dealt)), blocks.get_mut(place))
			else {
				return Err(Error::<T>::Overflow);
			};
			block.rows = block.rows.saturating_add(contributor.rows);
			block.bytes = block.bytes.saturating_add(contributor.bytes);
			**block_of = place as u16;
		}
		Ok((blocks, block_of))
	}

	/// What dividing the pay of a group weighs: of so many members, with so many batches.
	pub(crate) fn distribute_weight(members: u32, batches: u32) -> Weight {
		T::WeightInfo::distribute(members)
			.saturating_add(T::Earnings::collect_weight())
			.saturating_add(T::DbWeight::get().reads(batches.into()))
	}

	/// Divides what a group earned among its members; returns how much, who got it if no member is
	/// left, and what that weighs.
	pub(crate) fn do_distribute(
		id: DatanetId,
		version: Version,
		index: u16,
	) -> Result<(Balance, Option<Given<T::AccountId>>, Weight), DispatchError> {
		let published = Versions::<T>::get(id, version).ok_or(Error::<T>::NoVersion)?;
		let group = (published.blocks.get(usize::from(index)))
			.and_then(|block| Self::group_of((id, version), index, &block.owner))
			.ok_or(Error::<T>::NoGroup)?;
		let pot = Self::pot();
		// Anybody could have had the group paid itself.
		let paid = T::Currency::balance(&group);
		T::Currency::transfer(&group, &pot, paid, Preservation::Expendable)?;
		let earned = T::Earnings::collect(&group, &pot)?;
		let amount = paid.checked_add(earned).ok_or(Error::<T>::Overflow)?;
		ensure!(amount > 0, Error::<T>::NothingToClaim);
		let (mut members, mut batches) = (BTreeMap::<T::AccountId, u64>::new(), 0u32);
		for (batch, block) in published.batches.iter().zip(&published.block_of) {
			if *block != index {
				continue;
			}
			batches = batches.saturating_add(1);
			if let Some(batch) = Batches::<T>::get(id, batch) {
				let bytes = members.entry(batch.contributor).or_default();
				*bytes = bytes.saturating_add(batch.bytes);
			}
		}
		let weight = Self::distribute_weight(members.len() as u32, batches);
		let given = if members.is_empty() {
			// All of them withdrew.
			Self::do_reward_rows(id, &pot, amount)?
		} else {
			let bytes: Vec<u64> = members.values().copied().collect();
			for (who, part) in members.into_keys().zip(money::parts(amount, &bytes)) {
				Contributors::<T>::try_mutate(id, &who, |share| {
					let accrued = share.accrued.checked_add(part).ok_or(Error::<T>::Overflow)?;
					share.accrued = accrued;
					Ok::<_, Error<T>>(())
				})?;
			}
			None
		};
		Self::deposit_event(Event::Distributed { datanet: id, version, block: index, amount });
		Ok((amount, given, weight))
	}

	/// Whether a group of a version has money that is not divided.
	pub(crate) fn has_undivided(
		of: (DatanetId, Version),
		published: &Published<T::AccountId, T::Consideration>,
	) -> bool {
		(0..).zip(&published.blocks).any(|(index, block)| {
			Self::group_of(of, index, &block.owner).is_some_and(|group| {
				T::Earnings::owed(&group) > 0 || T::Currency::balance(&group) > 0
			})
		})
	}

	/// Buys a block; returns its price and who got it.
	pub(crate) fn do_buy_block(
		who: T::AccountId,
		id: DatanetId,
		maximum: Balance,
	) -> Result<(Balance, Option<Given<T::AccountId>>), DispatchError> {
		ensure!(Datanets::<T>::contains_key(id), Error::<T>::NoDatanet);
		ensure!(Contributors::<T>::get(id, &who).bytes > 0, Error::<T>::NoRow);
		let price = T::BlockPrice::get();
		ensure!(price <= maximum, Error::<T>::AboveMaximum);
		Apart::<T>::try_mutate(id, |apart| {
			ensure!(apart.iter().all(|(other, _)| *other != who), Error::<T>::HasBlock);
			let footprint = Footprint::from_mel::<(T::AccountId, T::Consideration)>();
			let ticket = T::Consideration::new(&who, footprint)?;
			apart.try_push((who.clone(), ticket)).map_err(|_| Error::<T>::NoBlocksLeft)?;
			Ok::<_, DispatchError>(())
		})?;
		let given = Self::do_reward_rows(id, &who, price)?;
		Self::deposit_event(Event::BlockBought { datanet: id, who, price });
		Ok((price, given))
	}

	pub(crate) fn do_leave_block(who: T::AccountId, id: DatanetId) -> DispatchResult {
		Apart::<T>::try_mutate_exists(id, |entry| {
			let apart = entry.as_mut().ok_or(Error::<T>::HasNoBlock)?;
			let position = apart.iter().position(|(other, _)| *other == who);
			let (_, ticket) = apart.remove(position.ok_or(Error::<T>::HasNoBlock)?);
			if apart.is_empty() {
				*entry = None;
			}
			ticket.drop(&who)
		})?;
		Self::deposit_event(Event::BlockLeft { datanet: id, who });
		Ok(())
	}
}
