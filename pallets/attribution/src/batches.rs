//! Batches: many answers that are paid by vouchers, scored by sample and posted in pages.

use super::*;
use frame::deps::sp_io::hashing::blake2_256;
use openledger_influence_math::{
	batch::{entry_size, Added},
	merkle, money,
};
use receipts::Waiting;

/// What a page weighs is counted in entries of a Ψ of so many columns and rows, the widest.
pub(crate) const WIDEST: (u32, u32) = (MAX_COLUMNS, MAX_BLOCKS);

/// What an entry costs, in multiplications of Ψ: each column's sums cost as much as sixteen of them, each
/// row's sign as much as 32.
fn cost((columns, rows): (u32, u32)) -> u32 {
	columns.saturating_add(32).saturating_mul(rows.saturating_add(16))
}

/// What so many entries cost, in entries of the widest Ψ.
fn units(entries: u32, shape: (u32, u32)) -> u32 {
	entries.saturating_mul(cost(shape)).div_ceil(cost(WIDEST))
}

/// The most that a page of so many bytes costs under any Ψ.
fn most_units(bytes: usize) -> u32 {
	// The most multiplications for a byte: the largest Ψ of three columns.
	const MOST: u32 = 192;
	(bytes as u32).saturating_mul(MOST).div_ceil(cost(WIDEST))
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_submit_batch(
		operator: T::AccountId,
		model_id: ModelId,
		vouchers: Vouchers<T::AccountId>,
		root: Hash,
		items: Hash,
		count: u16,
	) -> DispatchResult {
		ensure!(!Paused::<T>::get(), Error::<T>::Paused);
		let fits = !vouchers.is_empty() && (1..=MAX_ITEMS).contains(&count.into());
		ensure!(fits, Error::<T>::BatchOutOfBounds);
		let model = T::Models::model(model_id).ok_or(Error::<T>::NoModel)?;
		let design = Designs::<T>::get(model_id).ok_or(Error::<T>::NoDesign)?;
		ensure!(design.standing == Standing::Active, Error::<T>::NotActive);
		ensure!(T::Models::is_operator(model_id, &operator), Error::<T>::NotOperator);
		// Above it what items count may leave its type, which would pass for the operator's fault.
		let dearest = model.input_price.max(model.output_price);
		ensure!(dearest <= money::MAX_POOL, Error::<T>::FeeTooHigh);
		let id = NextBatch::<T>::mutate(|next| {
			let id = *next;
			*next = next.saturating_add(1);
			id
		});

		let (mut fee, mut payers) = (0, Payers::<T::AccountId>::new());
		for (voucher, signature) in vouchers {
			ensure!(voucher.model == model_id, Error::<T>::WrongModel);
			ensure!(voucher.adapter == model.adapter, Error::<T>::WrongAdapter);
			ensure!(voucher.operator == operator, Error::<T>::NotOperator);
			let redeemed = Self::redeem(voucher, signature)?;
			fee = redeemed.amount.checked_add(fee).ok_or(Error::<T>::Overflow)?;
			let Redeemed { payer, amount, nonce, .. } = redeemed.clone();
			Self::deposit_event(Event::VoucherRedeemed { batch: id, payer, amount, nonce });
			let paying = Paying { redeemed, refund: 0 };
			payers.try_push(paying).map_err(|_| Error::<T>::BatchOutOfBounds)?;
		}
		let settings = Settings::<T>::get();
		ensure!(fee <= money::MAX_POOL, Error::<T>::FeeTooHigh);
		let least = settings.minimum_item.saturating_mul(count.into());
		ensure!(fee >= least.max(settings.minimum_fee), Error::<T>::FeeTooLow);
		Self::deposit_event(Event::BatchSubmitted {
			batch: id,
			model: model_id,
			operator: operator.clone(),
			root,
			items,
			count,
			fee,
		});
		let (prices, terms) = ((model.input_price, model.output_price), Self::span_terms(&model));
		let Waiting { pool, reward, service } = Self::split_fee(root, model, fee)?;

		let bytes = payers
			.encoded_size()
			.saturating_add(Batch::<T::AccountId, T::Consideration>::max_encoded_len())
			.saturating_add(Committee::<T::AccountId>::max_encoded_len());
		let ticket = T::Consideration::new(&operator, Footprint::from_parts(1, bytes))?;
		let batch = Batch {
			operator,
			model: model_id,
			root,
			items,
			count,
			adapters: design.adapters,
			fee,
			pool,
			reward,
			service,
			prices,
			full: settings.full_fee,
			terms,
			seed: None,
			posting: None,
			withheld: false,
			left: pool,
			ticket,
		};
		Self::keep(model_id);
		Batches::<T>::insert(id, batch);
		BatchPayers::<T>::insert(id, payers);
		Self::begin(Work::Batch(id))
	}

	/// Takes what a voucher owes beyond what its channel paid.
	fn redeem(
		voucher: Voucher<T::AccountId>,
		signature: MultiSignature,
	) -> Result<Redeemed<T::AccountId>, DispatchError> {
		let Voucher { payer, operator, nonce, .. } = &voucher;
		ensure!(voucher.genesis == Self::genesis(), Error::<T>::WrongChain);
		ensure!(voucher.expiry >= Self::now(), Error::<T>::Expired);
		let mut channel = Channels::<T>::get(payer, operator).ok_or(Error::<T>::NoChannel)?;
		ensure!(*nonce > channel.nonce, Error::<T>::NonceUsed);
		let amount = voucher.cumulative.saturating_sub(channel.redeemed);
		ensure!(!amount.is_zero(), Error::<T>::NothingToRedeem);
		let after = core::mem::replace(&mut channel.nonce, *nonce);
		channel.balance = channel.balance.checked_sub(amount).ok_or(Error::<T>::ChannelTooLow)?;
		channel.redeemed = voucher.cumulative;
		let signed = voucher.is_signed(&signature, &T::Eip712::get());
		ensure!(signed, Error::<T>::BadPayerSignature);
		Channels::<T>::insert(payer, operator, channel);
		Self::take_fee(payer, amount)?;
		Ok(Redeemed { payer: voucher.payer, amount, after, nonce: voucher.nonce })
	}

	/// Draws which items are scored, once: another committee scores the same.
	pub(crate) fn draw_sample(id: BatchId, sequence: u64) {
		Batches::<T>::mutate_extant(id, |batch| {
			if batch.seed.is_none() {
				let seed = Self::seed(b"openledger/sample/v1", sequence);
				batch.seed = Some(seed);
				Self::deposit_event(Event::SampleDrawn { batch: id, seed });
			}
		});
	}

	/// A committee agrees on the pages: they can be posted.
	pub(crate) fn open_pages(id: BatchId, root: Hash) -> DispatchResult {
		Batches::<T>::try_mutate(id, |batch| {
			let batch = batch.as_mut().ok_or(Error::<T>::NoBatch)?;
			let until = Self::now().saturating_add(Settings::<T>::get().posting_window);
			let period = Self::period_of(until);
			batch.posting = Some(Posting { root, until, period, posted: U256::zero() });
			Self::deposit_event(Event::BatchScored { batch: id, pages: root, until });
			Self::pay(batch.root, batch.operator.clone(), Role::Operator, batch.service)
		})
	}

	/// No committee came to an end: the prior pays.
	pub(crate) fn leave_to_prior(id: BatchId, withheld: bool) -> DispatchResult {
		Batches::<T>::try_mutate(id, |batch| {
			let batch = batch.as_mut().ok_or(Error::<T>::NoBatch)?;
			let Batch { left: pool, reward, service, .. } = *batch;
			let parts = Waiting { pool, reward, service };
			batch.left = Self::unscored(batch.root, &batch.operator, parts, withheld)?;
			batch.withheld = withheld;
			batch.posting = Some(Posting::without_pages());
			Self::deposit_event(Event::BatchUnscored { batch: id });
			Ok(())
		})
	}

	/// Drawn answers of a batch are miscounted: what its payers have back when it is closed is the
	/// contributors' and the operator's part, divided by what each paid. All of it, as the others are not
	/// counted.
	pub(crate) fn refund_batch(id: BatchId) -> DispatchResult {
		Batches::<T>::try_mutate(id, |batch| {
			let batch = batch.as_mut().ok_or(Error::<T>::NoBatch)?;
			let amount = batch.left.checked_add(batch.service).ok_or(Error::<T>::Overflow)?;
			BatchPayers::<T>::mutate(id, |payers| {
				let paid: Vec<Balance> =
					payers.iter().map(|paying| paying.redeemed.amount).collect();
				for (paying, part) in payers.iter_mut().zip(money::parts(amount, &paid)) {
					paying.refund = part;
				}
			});
			batch.left = 0;
			batch.withheld = true;
			batch.posting = Some(Posting::without_pages());
			Self::deposit_event(Event::BatchUnscored { batch: id });
			Ok(())
		})
	}

	/// Refuses what [`Pallet::post_page`] would refuse; the hashing, which costs most, last.
	pub(crate) fn authorize_page(
		_: TransactionSource,
		id: &BatchId,
		index: &u16,
		page: &Page,
		proof: &PageProof,
	) -> TransactionValidityWithRefund {
		let (batch, posting) = Self::open(*id, *index).map_err(|_| InvalidTransaction::Stale)?;
		let whole = page.len().is_multiple_of(entry_size(batch.adapters)) && !page.is_empty();
		ensure!(whole, InvalidTransaction::Custom(committee::invalid::WRONG_LENGTH));
		let count = page_count(batch.count, batch.adapters);
		let hash = blake2_256(page).into();
		if !merkle::verify(&posting.root, count, (*index).into(), &hash, proof) {
			return Err(InvalidTransaction::BadProof.into());
		}
		// Above all that pays: full blocks must not keep pages out until their time is over.
		ValidTransaction::with_tag_prefix("OpenLedgerPage")
			.priority(TransactionPriority::MAX / 4)
			.and_provides((id, index))
			.longevity(posting.until.saturating_sub(Self::now()).saturating_add(1).into())
			.propagate(true)
			.build()
			.map(|valid| (valid, Weight::zero()))
	}

	/// A batch that takes this page.
	fn open(
		id: BatchId,
		index: u16,
	) -> Result<(Batch<T::AccountId, T::Consideration>, Posting), Error<T>> {
		let batch = Batches::<T>::get(id).ok_or(Error::<T>::NoBatch)?;
		let posting = batch.posting.clone().ok_or(Error::<T>::NoPage)?;
		let takes = Self::now() <= posting.until && !posting.has(index.into());
		takes.then_some((batch, posting)).ok_or(Error::<T>::NoPage)
	}

	/// What posting a page of so many entries weighs under a Ψ of so many columns and rows.
	pub fn page_weight(entries: u32, shape: (u32, u32)) -> Weight {
		Self::weigh_page(units(entries, shape), shape)
	}

	/// The most that posting a page of so many bytes weighs.
	pub(crate) fn most_page_weight(bytes: usize) -> Weight {
		Self::weigh_page(most_units(bytes), WIDEST)
	}

	/// Opening it costs what Ψ does, whatever its entries.
	fn weigh_page(units: u32, (columns, rows): (u32, u32)) -> Weight {
		let entries = T::WeightInfo::post_page(units).saturating_sub(T::WeightInfo::post_page(0));
		T::WeightInfo::open_page(columns.saturating_mul(rows)).saturating_add(entries)
	}

	/// Computes scores and money of a page; returns what that weighs. A page that is none, or that is
	/// worth more than is left, counts as posted and spends nothing: it would be free to try again.
	pub(crate) fn do_post_page(
		id: BatchId,
		index: u16,
		page: &Page,
	) -> Result<Weight, DispatchError> {
		let (mut batch, mut posting) = Self::open(id, index)?;
		let period = posting.period;
		posting.posted |= U256::one() << index;
		batch.posting = Some(posting);
		let psi = Self::psi(batch.model).ok_or(Error::<T>::NoDesign)?;
		let shape = (psi.adapters().saturating_add(1) as u32, psi.blocks() as u32);
		let entries = (page.len() / entry_size(batch.adapters)) as u32;
		let band = Settings::<T>::get().served_band;
		let added = Self::add_to_period(batch.model, period, |sums| {
			let mut after = sums.clone();
			let added = after
				.add_page(&psi, page, band, batch.terms.share, batch.left)
				.filter(|added| Self::refund(id, added).is_ok());
			Ok(match added {
				Some(added) => {
					*sums = after;
					added
				},
				None => Added::default(),
			})
		})?;
		let Added { answers, amount, .. } = added;
		batch.left = batch.left.saturating_sub(amount);
		Batches::<T>::insert(id, batch);
		Self::deposit_event(Event::PagePosted { batch: id, page: index, period, answers, amount });
		Ok(Self::page_weight(entries, shape))
	}

	/// Notes what goes back to payers.
	fn refund(id: BatchId, added: &Added) -> Result<(), Error<T>> {
		if added.refunds.is_empty() {
			return Ok(());
		}
		BatchPayers::<T>::try_mutate(id, |payers| {
			for (payer, amount) in &added.refunds {
				let paying = payers.get_mut(usize::from(*payer)).ok_or(Error::<T>::NoPage)?;
				paying.refund = paying.refund.checked_add(*amount).ok_or(Error::<T>::Overflow)?;
			}
			Ok(())
		})
	}

	/// Closes a batch; returns how many payers had something back.
	pub(crate) fn do_close_batch(id: BatchId) -> Result<u32, DispatchError> {
		let batch = Batches::<T>::take(id).ok_or(Error::<T>::NoBatch)?;
		let posting = batch.posting.ok_or(Error::<T>::StillNeeded)?;
		let done = batch.left.is_zero() || Self::now() > posting.until;
		let settled = !Periods::<T>::contains_key(batch.model, posting.period);
		ensure!(done && settled, Error::<T>::StillNeeded);
		let (mut refunded, mut count): (Balance, u32) = (0, 0);
		for Paying { redeemed, refund } in BatchPayers::<T>::take(id) {
			if !refund.is_zero() {
				refunded = refunded.checked_add(refund).ok_or(Error::<T>::Overflow)?;
				count = count.saturating_add(1);
				Self::hand_out(&redeemed.payer, refund)?;
			}
		}
		if !batch.left.is_zero() {
			let datanet = T::Models::model(batch.model).ok_or(Error::<T>::NoModel)?.datanet;
			T::Datanets::reward_rows(datanet, &Self::pot(), batch.left)?;
		}
		Self::end_deposit(batch.ticket, &batch.operator, batch.withheld)?;
		Self::let_go(batch.model);
		Self::deposit_event(Event::BatchClosed { batch: id, rest: batch.left, refunded });
		Ok(count)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn most_units_should_cover_the_page_when_the_design_is_any() {
		for adapters in 2..=MAX_ADAPTERS {
			let shape = (adapters + 1, MAX_BLOCKS);
			let size = entry_size(adapters as u16);
			for entries in [1, 2, MAX_PAGE as usize / size] {
				let most = most_units(entries * size);
				assert!(units(entries as u32, shape) <= most, "{adapters} {entries}");
			}
		}
	}
}
