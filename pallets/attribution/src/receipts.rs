//! Channels, and the receipts that they pay for.

use super::*;
use frame::deps::frame_support::traits::tokens::{Fortitude, Precision, Preservation, Restriction};
use openledger_core::{verify, ModelInfo};
use openledger_influence_math::{money, split, Spans};

/// The parts of a fee that wait for a committee, in wei.
pub(crate) struct Waiting {
	/// The contributors'.
	pub pool: Balance,
	/// The scorers'.
	pub reward: Balance,
	/// The operator's.
	pub service: Balance,
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_fund_channel(
		payer: T::AccountId,
		operator: T::AccountId,
		amount: Balance,
	) -> DispatchResult {
		T::Currency::hold(&HoldReason::Channel.into(), &payer, amount)?;
		let channel = match Channels::<T>::get(&payer, &operator) {
			Some(open) => {
				let balance = open.balance.checked_add(amount).ok_or(Error::<T>::Overflow)?;
				Channel { balance, closing: None, ..open }
			},
			None => {
				type Key<A> = (A, A);
				type Value<C> = Channel<C>;
				let footprint =
					Footprint::from_mel::<(Key<T::AccountId>, Value<T::Consideration>)>();
				let ticket = T::Consideration::new(&payer, footprint)?;
				// Above every nonce of an earlier channel between the two, so that none of its
				// requests can be paid again.
				let nonce = u64::from(Self::now()) << 32;
				Channel { balance: amount, nonce, redeemed: 0, closing: None, ticket }
			},
		};
		let balance = channel.balance;
		Channels::<T>::insert(&payer, &operator, channel);
		Self::deposit_event(Event::ChannelFunded { payer, operator, amount, balance });
		Ok(())
	}

	pub(crate) fn do_close_channel(payer: T::AccountId, operator: T::AccountId) -> DispatchResult {
		let until = Self::now().saturating_add(Settings::<T>::get().notice);
		Channels::<T>::try_mutate(&payer, &operator, |channel| {
			let channel = channel.as_mut().ok_or(Error::<T>::NoChannel)?;
			ensure!(channel.closing.is_none(), Error::<T>::ChannelOpen);
			channel.closing = Some(until);
			Ok::<_, Error<T>>(())
		})?;
		Self::deposit_event(Event::ChannelClosing { payer, operator, until });
		Ok(())
	}

	pub(crate) fn do_withdraw_channel(
		payer: T::AccountId,
		operator: T::AccountId,
	) -> DispatchResult {
		let channel = Channels::<T>::get(&payer, &operator).ok_or(Error::<T>::NoChannel)?;
		let ended = channel.closing.is_some_and(|until| Self::now() > until);
		ensure!(ended, Error::<T>::ChannelOpen);
		let (reason, amount) = (HoldReason::Channel.into(), channel.balance);
		T::Currency::release(&reason, &payer, amount, Precision::Exact)?;
		channel.ticket.drop(&payer)?;
		Channels::<T>::remove(&payer, &operator);
		Self::deposit_event(Event::ChannelClosed { payer, operator, amount });
		Ok(())
	}

	pub(crate) fn do_submit_receipt(
		request: Request<T::AccountId>,
		payer_signature: MultiSignature,
		reply: Reply,
		operator_signature: MultiSignature,
	) -> DispatchResult {
		ensure!(!Paused::<T>::get(), Error::<T>::Paused);
		let (now, id) = (Self::now(), request.id());
		ensure!(request.genesis == Self::genesis(), Error::<T>::WrongChain);
		ensure!(request.expiry >= now, Error::<T>::Expired);
		ensure!(reply.request == id, Error::<T>::WrongReply);
		ensure!(reply.completion_tokens > 0, Error::<T>::EmptyAnswer);
		ensure!(!Receipts::<T>::contains_key(id), Error::<T>::ReceiptKnown);
		let model = T::Models::model(request.model).ok_or(Error::<T>::NoModel)?;
		let design = Designs::<T>::get(request.model).ok_or(Error::<T>::NoDesign)?;
		ensure!(design.standing == Standing::Active, Error::<T>::NotActive);
		ensure!(model.adapter == request.adapter, Error::<T>::WrongAdapter);
		let serves = T::Models::is_operator(request.model, &request.operator);
		ensure!(serves, Error::<T>::NotOperator);
		let (settings, prompt, answer) =
			(Settings::<T>::get(), reply.prompt_tokens, reply.completion_tokens);
		let scoring = settings.scoring(design.scored_under());
		let least = money::least_fee(settings.minimum_fee, scoring, prompt, answer);
		let fee = money::fee((model.input_price, prompt), (model.output_price, answer), least)
			.ok_or(Error::<T>::FeeTooHigh)?;
		ensure!(fee <= money::MAX_POOL, Error::<T>::FeeTooHigh);
		ensure!(fee <= request.maximum, Error::<T>::AboveMaximum);
		let (payer, operator) = (request.payer.clone(), request.operator.clone());
		let mut channel = Channels::<T>::get(&payer, &operator).ok_or(Error::<T>::NoChannel)?;
		ensure!(request.nonce > channel.nonce, Error::<T>::NonceUsed);
		channel.balance = channel.balance.checked_sub(fee).ok_or(Error::<T>::ChannelTooLow)?;
		channel.nonce = request.nonce;
		channel.redeemed = channel.redeemed.checked_add(fee).ok_or(Error::<T>::Overflow)?;
		ensure!(
			request.is_signed(&payer_signature, &T::Eip712::get()),
			Error::<T>::BadPayerSignature
		);
		ensure!(
			verify(&reply.payload(), &operator_signature, &operator),
			Error::<T>::BadOperatorSignature
		);

		Channels::<T>::insert(&payer, &operator, channel);
		Self::take_fee(&payer, fee)?;
		let event = Event::ReceiptSubmitted {
			receipt: id,
			model: request.model,
			payer: payer.clone(),
			operator: operator.clone(),
			fee,
		};
		Self::deposit_event(event);

		let terms = Self::span_terms(&model);
		let Waiting { pool, reward, service } = Self::split_fee(id, model, fee)?;
		type Stored<T> = (
			Receipt<<T as frame_system::Config>::AccountId, <T as Config>::Consideration>,
			Committee<<T as frame_system::Config>::AccountId>,
			Vector,
		);
		let ticket = T::Consideration::new(&operator, Footprint::from_mel::<Stored<T>>())?;
		let receipt = Receipt {
			payer,
			operator,
			model: request.model,
			prompt: request.prompt,
			response: reply.response,
			prompt_tokens: reply.prompt_tokens,
			completion_tokens: reply.completion_tokens,
			fee,
			pool,
			reward,
			service,
			terms,
			submitted: now,
			phase: Phase::Pending,
			spans: Spans::default(),
			scorers: BoundedVec::new(),
			ticket,
		};
		Self::keep(receipt.model);
		Receipts::<T>::insert(id, receipt);
		Self::begin(Work::Answer(id))
	}

	/// Takes a fee that a channel holds into the pot.
	pub(crate) fn take_fee(payer: &T::AccountId, fee: Balance) -> DispatchResult {
		T::Currency::transfer_on_hold(
			&HoldReason::Channel.into(),
			payer,
			&Self::pot(),
			fee,
			Precision::Exact,
			Restriction::Free,
			Fortitude::Polite,
		)
		.map(|_| ())
	}

	/// Pays the parts of a fee that wait for nothing.
	pub(crate) fn split_fee(
		id: Hash,
		model: ModelInfo<T::AccountId>,
		fee: Balance,
	) -> Result<Waiting, DispatchError> {
		let settings = Settings::<T>::get();
		let [contributors, developer, service, reward, stakers, protocol] =
			split(fee, settings.split.parts());
		let [developer, donated] = Self::cut(developer, model.donation);
		let contributors = contributors.checked_add(donated).ok_or(Error::<T>::Overflow)?;
		let (curator, cut) =
			T::Datanets::curator(model.datanet).unwrap_or((model.developer.clone(), 0));
		let [pool, curator_part] = Self::cut(contributors, cut);
		ensure!(pool <= settings.largest_pool(), Error::<T>::FeeTooHigh);
		let shares = [
			(curator, Role::Curator, curator_part),
			(model.developer, Role::Developer, developer),
			(T::StakersPot::get(), Role::Stakers, stakers),
			(T::ProtocolPot::get(), Role::Protocol, protocol),
		];
		for (who, role, amount) in shares {
			Self::pay(id, who, role, amount)?;
		}
		Ok(Waiting { pool, reward, service })
	}

	/// What is left of an amount, and `basis_points` of it.
	pub(crate) fn cut(amount: Balance, basis_points: u16) -> [Balance; 2] {
		let cut = basis_points.min(BASIS_POINTS);
		split(amount, [BASIS_POINTS.saturating_sub(cut), cut])
	}

	/// Pays a part of a fee out of the pot.
	pub(crate) fn pay(
		receipt: Hash,
		who: T::AccountId,
		role: Role,
		amount: Balance,
	) -> DispatchResult {
		if amount.is_zero() {
			return Ok(());
		}
		Self::hand_out(&who, amount)?;
		Self::deposit_event(Event::SharePaid { receipt, who, role, amount });
		Ok(())
	}

	/// Pays out of the pot; an account that cannot take it may claim it later.
	pub(crate) fn hand_out(who: &T::AccountId, amount: Balance) -> DispatchResult {
		let preservation = Preservation::Preserve;
		match T::Currency::transfer(&Self::pot(), who, amount, preservation) {
			Ok(_) => Ok(()),
			Err(_) => Self::credit(who, amount),
		}
	}

	/// Lets an account claim more.
	pub(crate) fn credit(who: &T::AccountId, amount: Balance) -> DispatchResult {
		Earnings::<T>::try_mutate(who, |earned| {
			*earned = earned.checked_add(amount).ok_or(Error::<T>::Overflow)?;
			Ok(())
		})
	}

	/// A receipt or batch needs the design of its model version.
	pub(crate) fn keep(model: ModelId) {
		Kept::<T>::mutate(model, |kept| *kept = kept.saturating_add(1));
	}

	/// It needs it no longer.
	pub(crate) fn let_go(model: ModelId) {
		Kept::<T>::mutate_exists(model, |kept| {
			*kept = kept.and_then(|kept| kept.checked_sub(1)).filter(|kept| *kept > 0)
		});
	}

	/// Gives a deposit back, or burns it if it is `lost`, as what it was paid for is withheld or miscounted.
	pub(crate) fn end_deposit(
		ticket: T::Consideration,
		who: &T::AccountId,
		lost: bool,
	) -> DispatchResult {
		if lost {
			ticket.burn(who);
			return Ok(());
		}
		ticket.drop(who)
	}

	pub(crate) fn do_prune(id: Hash) -> DispatchResult {
		let receipt = Receipts::<T>::get(id).ok_or(Error::<T>::NoReceipt)?;
		let settled = match receipt.phase {
			Phase::Pending => false,
			Phase::Scored { period } | Phase::Prior { period } | Phase::Withheld { period } => {
				!Periods::<T>::contains_key(receipt.model, period)
			},
			Phase::Void | Phase::Miscounted => true,
		};
		let settings = Settings::<T>::get();
		let kept_until = receipt.submitted.saturating_add(settings.retention);
		ensure!(Self::now() > kept_until, Error::<T>::StillNeeded);
		ensure!(settled, Error::<T>::StillNeeded);
		let lost = matches!(receipt.phase, Phase::Withheld { .. } | Phase::Miscounted);
		Self::end_deposit(receipt.ticket, &receipt.operator, lost)?;
		Self::let_go(receipt.model);
		Receipts::<T>::remove(id);
		Vectors::<T>::remove(id);
		Self::deposit_event(Event::ReceiptPruned { receipt: id });
		Ok(())
	}
}
