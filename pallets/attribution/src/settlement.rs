//! From what was found to what is earned.

use super::*;
use frame::deps::frame_support::{dispatch::WithPostDispatchInfo, traits::tokens::Preservation};
use openledger_core::{Earnings as EarningsTrait, ModelInfo};
use openledger_influence_math::{
	money::{self, Settlement},
	score::lowest,
	Psi, Spans,
};
use receipts::Waiting;

impl<T: Config> Pallet<T> {
	/// The vector of an answer is known, and what of it stands in the rows: its pool is paid by influence and
	/// by spans with this period. If the published adapter cannot have drawn the tokens, the payer has its
	/// money back.
	pub(crate) fn pay_by_influence(
		id: Hash,
		(y, spans): (Vector, Spans),
		scorers: Vec<T::AccountId>,
		agreed: u32,
	) -> DispatchResult {
		let mut receipt = Receipts::<T>::get(id).ok_or(Error::<T>::NoReceipt)?;
		receipt.scorers = BoundedVec::truncate_from(scorers);
		let lowest = lowest(Settings::<T>::get().served_band, receipt.completion_tokens);
		let published = y.get(1).copied().map_or(0, i64::from);
		let pool = receipt.pool;
		if published < lowest {
			Self::refund_answer(id, &receipt)?;
			receipt.phase = Phase::Void;
		} else {
			Self::pay(id, receipt.operator.clone(), Role::Operator, receipt.service)?;
			let psi = Self::psi(receipt.model).ok_or(Error::<T>::NoDesign)?;
			let (period, share) = (Self::period_of(Self::now()), receipt.terms.share);
			let by_influence = Self::add_to_period(receipt.model, period, |sums| {
				sums.add_spans(&spans, psi.blocks(), pool, share)
					.and_then(|left| sums.add(&psi, &y, left))
					.ok_or(Error::<T>::Overflow)
			})?;
			receipt.spans = spans;
			receipt.phase =
				if by_influence { Phase::Scored { period } } else { Phase::Prior { period } };
			Self::deposit_event(Event::ReceiptScored {
				receipt: id,
				model: receipt.model,
				period,
				agreed,
				prior: !by_influence,
			});
		}
		Vectors::<T>::insert(id, y);
		Receipts::<T>::insert(id, receipt);
		Ok(())
	}

	/// The payer of an answer has the contributors' and the operator's part of its fee back.
	fn refund_answer(
		id: Hash,
		receipt: &Receipt<T::AccountId, T::Consideration>,
	) -> DispatchResult {
		let refunded = receipt.pool.checked_add(receipt.service).ok_or(Error::<T>::Overflow)?;
		Self::hand_out(&receipt.payer, refunded)?;
		Self::deposit_event(Event::ReceiptVoided { receipt: id, refunded });
		Ok(())
	}

	/// The operator signed other numbers of tokens than there are: that goes back to who was overcharged, and
	/// the operator loses its part and its deposit. The scorers, who counted, keep theirs.
	pub(crate) fn refund_miscounted(work: Work) -> DispatchResult {
		match work {
			Work::Answer(id) => Receipts::<T>::try_mutate(id, |receipt| {
				let receipt = receipt.as_mut().ok_or(Error::<T>::NoReceipt)?;
				receipt.phase = Phase::Miscounted;
				Self::refund_answer(id, receipt)
			}),
			Work::Batch(id) => Self::refund_batch(id),
			// Nothing is counted there.
			Work::Training(_) => Ok(()),
		}
	}

	/// What the rows have of an answer or batch that nobody scored: beside the pool the scorers' part, which
	/// nobody earned, while the operator has its own. If it is `withheld`, who looked earned the scorers',
	/// and the operator's goes to the rows.
	pub(crate) fn unscored(
		id: Hash,
		operator: &T::AccountId,
		Waiting { pool, reward, service }: Waiting,
		withheld: bool,
	) -> Result<Balance, DispatchError> {
		let not_earned = if withheld {
			service
		} else {
			Self::pay(id, operator.clone(), Role::Operator, service)?;
			reward
		};
		Ok(pool.checked_add(not_earned).ok_or(Error::<T>::Overflow)?)
	}

	/// No committee came to a vector: the prior pays.
	pub(crate) fn pay_by_prior(id: Hash, withheld: bool) -> DispatchResult {
		let mut receipt = Receipts::<T>::get(id).ok_or(Error::<T>::NoReceipt)?;
		let period = Self::period_of(Self::now());
		let Receipt { pool, reward, service, .. } = receipt;
		let parts = Waiting { pool, reward, service };
		let amount = Self::unscored(id, &receipt.operator, parts, withheld)?;
		Self::add_to_period(receipt.model, period, |sums| {
			sums.add_prior(amount).ok_or(Error::<T>::Overflow)
		})?;
		receipt.phase = if withheld { Phase::Withheld { period } } else { Phase::Prior { period } };
		Receipts::<T>::insert(id, receipt);
		Self::deposit_event(Event::ReceiptUnscored { receipt: id, period });
		Ok(())
	}

	/// What spans carry of what answers of a model pay from now on: nothing once rows of its version are
	/// withdrawn, as nobody need keep them then.
	pub(crate) fn span_terms(model: &ModelInfo<T::AccountId>) -> SpanTerms {
		let terms = Settings::<T>::get().spans;
		let stale = terms.share > 0 && T::Datanets::is_stale(model.datanet, model.version);
		SpanTerms { share: if stale { 0 } else { terms.share }, ..terms }
	}

	/// Ψ of a model version.
	pub(crate) fn psi(model: ModelId) -> Option<Psi> {
		let design = Designs::<T>::get(model)?;
		let entries = Psis::<T>::get(model)?.into_inner();
		Psi::new(design.blocks.len(), design.adapters, entries).ok()
	}

	/// Adds to the sums of a period.
	pub(crate) fn add_to_period<R>(
		model: ModelId,
		period: u32,
		add: impl FnOnce(&mut Pool) -> Result<R, Error<T>>,
	) -> Result<R, DispatchError> {
		let mut sums = Pool::from(Periods::<T>::get(model, period).unwrap_or_default());
		let result = add(&mut sums)?;
		let sums = Period::try_from(sums).map_err(|()| Error::<T>::Overflow)?;
		Periods::<T>::insert(model, period, sums);
		Ok(result)
	}

	/// What settling a period weighs, of so many contributors and with so many batches read.
	pub(crate) fn settle_weight(contributors: u32, batches: u32) -> Weight {
		T::WeightInfo::settle(contributors).saturating_add(T::DbWeight::get().reads(batches.into()))
	}

	/// Refuses a period that runs, or has nothing to settle.
	fn check_over(model: ModelId, period: u32) -> DispatchResult {
		ensure!(period < Self::period_of(Self::now()), Error::<T>::PeriodRunning);
		ensure!(Periods::<T>::contains_key(model, period), Error::<T>::NoPeriod);
		Ok(())
	}

	/// Settles a period.
	pub(crate) fn do_settle(model: ModelId, period: u32) -> DispatchResultWithPostInfo {
		// Nothing is read for what is refused.
		let refused = |error: DispatchError| error.with_weight(Self::settle_weight(1, 0));
		Self::check_over(model, period).map_err(refused)?;
		let sums: Pool = Periods::<T>::take(model, period).ok_or(Error::<T>::NoPeriod)?.into();
		let design = Designs::<T>::get(model).ok_or(Error::<T>::NoDesign)?;
		let psi = Self::psi(model).ok_or(Error::<T>::NoDesign)?;
		let Settlement { mut amounts, netted, .. } =
			sums.settle(&psi).ok_or(Error::<T>::Overflow)?;
		let ModelInfo { datanet, version, .. } =
			T::Models::model(model).ok_or(Error::<T>::NoModel)?;
		// Rows that are withdrawn or void earn no more in what was trained on them.
		let (left, batches) = T::Datanets::bytes_left(datanet, version).unwrap_or_default();
		for ((amount, block), left) in amounts.iter_mut().zip(&design.blocks).zip(left) {
			*amount = money::left_of(*amount, left, block.bytes);
		}

		let mut paid: Balance = 0;
		let contributors = Self::by_owner(&design.blocks, &amounts)?;
		let count = contributors.len() as u32;
		for (who, amount) in contributors {
			paid = paid
				.checked_add(Self::settle_owner(model, period, who, amount)?)
				.ok_or(Error::<T>::Overflow)?;
		}
		let rest = sums.total.checked_sub(paid).ok_or(Error::<T>::Overflow)?;
		if !rest.is_zero() {
			T::Datanets::reward_rows(datanet, &Self::pot(), rest)?;
		}
		let total = sums.total;
		Self::deposit_event(Event::Settled { model, period, total, paid, rest, netted });
		Ok(Some(Self::settle_weight(count, batches)).into())
	}

	/// Sums the blocks' amounts by owner, in the order of first appearance.
	fn by_owner(
		blocks: &[Block<T::AccountId>],
		amounts: &[i128],
	) -> Result<Vec<(T::AccountId, i128)>, Error<T>> {
		let mut sums: Vec<(T::AccountId, i128)> = Vec::new();
		for (block, amount) in blocks.iter().zip(amounts) {
			match sums.iter_mut().find(|(who, _)| *who == block.owner) {
				Some((_, sum)) => *sum = sum.checked_add(*amount).ok_or(Error::<T>::Overflow)?,
				None => sums.push((block.owner.clone(), *amount)),
			}
		}
		Ok(sums)
	}

	/// Credits what is left after debts, or adds to them. Returns what was credited.
	fn settle_owner(
		model: ModelId,
		period: u32,
		who: T::AccountId,
		amount: i128,
	) -> Result<Balance, DispatchError> {
		let debt = Debts::<T>::get(model, &who);
		if amount < 0 {
			let debt = debt.checked_add(amount.unsigned_abs()).ok_or(Error::<T>::Overflow)?;
			Debts::<T>::insert(model, &who, debt);
			Self::deposit_event(Event::Owed { model, who, debt });
			return Ok(0);
		}
		let earned = amount.unsigned_abs();
		let repaid = debt.min(earned);
		match debt.saturating_sub(repaid) {
			0 => Debts::<T>::remove(model, &who),
			left => Debts::<T>::insert(model, &who, left),
		}
		let credited = earned.saturating_sub(repaid);
		if !credited.is_zero() {
			Self::credit(&who, credited)?;
			Self::deposit_event(Event::Earned { model, period, who, amount: credited });
		}
		Ok(credited)
	}

	/// Pays out what an account earned; returns how much.
	pub fn do_claim(who: T::AccountId) -> Result<Balance, DispatchError> {
		let amount = <Self as EarningsTrait<_>>::collect(&who, &who)?;
		ensure!(!amount.is_zero(), Error::<T>::NothingToClaim);
		Self::deposit_event(Event::Claimed { who, amount });
		Ok(amount)
	}

	/// See [`Pallet::answer_items`].
	pub(crate) fn items(id: Hash) -> Option<Vec<(T::AccountId, i128, Balance)>> {
		let receipt = Receipts::<T>::get(id)?;
		let y = Vectors::<T>::get(id)?;
		let psi = Self::psi(receipt.model)?;
		let design = Designs::<T>::get(receipt.model)?;
		let spans = (&receipt.spans, receipt.terms.share);
		let items = money::items(&psi, &design.subsets()?, &y, spans, receipt.pool)?;
		let owners = design.blocks.iter().map(|block| block.owner.clone());
		Some(
			owners
				.zip(items)
				.map(|(owner, (amount, error))| (owner, amount, error))
				.collect(),
		)
	}

	/// See [`Pallet::scores`].
	pub(crate) fn do_scores(model: ModelId, y: &[Nats]) -> Option<Vec<(T::AccountId, i128)>> {
		let scores = Self::psi(model)?.scores(y)?;
		let design = Designs::<T>::get(model)?;
		Some(design.blocks.iter().map(|block| block.owner.clone()).zip(scores).collect())
	}
}

impl<T: Config> EarningsTrait<T::AccountId> for Pallet<T> {
	fn owed(who: &T::AccountId) -> Balance {
		Earnings::<T>::get(who)
	}

	fn collect(who: &T::AccountId, to: &T::AccountId) -> Result<Balance, DispatchError> {
		let amount = Earnings::<T>::take(who);
		if !amount.is_zero() {
			T::Currency::transfer(&Self::pot(), to, amount, Preservation::Preserve)?;
		}
		Ok(amount)
	}

	fn collect_weight() -> Weight {
		T::WeightInfo::claim_for()
	}
}
