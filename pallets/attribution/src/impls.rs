//! What the calls and hooks do.

use super::*;
use frame::{
	deps::{
		frame_support::{
			storage::with_storage_layer,
			traits::tokens::{Fortitude, Precision, Preservation, Restriction},
		},
		sp_runtime::RuntimeAppPublic,
	},
	hashing::blake2_256,
};
use openledger_core::{verify, Designs as DesignsTrait};
use openledger_influence_math::{
	design::{draw, permutation},
	money,
	score::{agrees, median, NAT},
	split, Psi, PsiError,
};

/// Goes before what a hot key signs to prove that it belongs to an account.
pub const SCORER_DOMAIN: &[u8] = b"openledger/scorer/v1";
/// Goes before a commitment.
pub const COMMIT_DOMAIN: &[u8] = b"openledger/commit/v1";
/// Goes before a reveal.
pub const REVEAL_DOMAIN: &[u8] = b"openledger/reveal/v1";

/// How many blocks a full agenda is searched for room.
pub(crate) const SEARCH: u32 = 8;

/// Reasons for which a commit or a reveal does not enter the pool.
pub mod invalid {
	/// The vector has not one entry for the base model and each adapter.
	pub const WRONG_LENGTH: u8 = 1;
	/// A log-probability is positive, or too low for a model that answered.
	pub const OUT_OF_BAND: u8 = 2;
	/// The vector is not what was committed to.
	pub const WRONG_REVEAL: u8 = 3;
}

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

	// Parameters.

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

	// Randomness and the agenda.

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
	fn seed(domain: &[u8], of: impl Encode) -> Hash {
		(domain, Entropies::<T>::get(), of).using_encoded(blake2_256).into()
	}

	/// Puts a task at `block` or the next one with room; returns which.
	pub(crate) fn schedule(block: u32, task: Due) -> Result<u32, Error<T>> {
		(block..block.saturating_add(SEARCH))
			.find(|at| Agenda::<T>::try_mutate(at, |tasks| tasks.try_push(task)).is_ok())
			.ok_or(Error::<T>::Busy)
	}

	/// Does what is due; returns what that weighed.
	pub(crate) fn run_agenda(now: u32) -> Weight {
		let mut weight = Weight::zero();
		for task in Agenda::<T>::take(now) {
			weight.saturating_accrue(Self::weight_of(&task));
			if let Err(error) = with_storage_layer(|| Self::run(task)) {
				// Tried again rather than lost, as money hangs on it. Where even that finds no
				// room, `advance` does it.
				let later = Self::schedule(now.saturating_add(1), task);
				log::warn!(target: LOG_TARGET, "{task:?} is put off to {later:?}: {error:?}");
			}
		}
		weight
	}

	fn run(task: Due) -> DispatchResult {
		match task {
			Due::Seed(model) => Self::draw_seed(model),
			Due::Draw(receipt) => Self::draw_committee(receipt),
			Due::CloseCommits(receipt, attempt) => Self::close_commits(receipt, attempt),
			Due::CloseReveals(receipt, attempt) => Self::close_reveals(receipt, attempt),
		}
	}

	fn weight_of(task: &Due) -> Weight {
		match task {
			Due::Seed(_) => T::WeightInfo::draw_seed(),
			Due::Draw(_) => T::WeightInfo::draw_committee(),
			Due::CloseCommits(..) => T::WeightInfo::close_commits(),
			Due::CloseReveals(..) => T::WeightInfo::conclude(),
		}
	}

	/// The heaviest task of a receipt.
	pub(crate) fn weight_of_any_task() -> Weight {
		T::WeightInfo::draw_committee()
			.max(T::WeightInfo::close_commits())
			.max(T::WeightInfo::conclude())
	}

	/// Does the task of a receipt that the agenda had no room for.
	pub(crate) fn do_advance(id: Hash) -> DispatchResult {
		let Receipt { phase, due, attempt, .. } =
			Receipts::<T>::get(id).ok_or(Error::<T>::NoReceipt)?;
		// Beyond the blocks to which the agenda may have put it off.
		ensure!(Self::now() > due.saturating_add(SEARCH), Error::<T>::NotOverdue);
		Self::run(match phase {
			Phase::Waiting => Due::Draw(id),
			Phase::Commit => Due::CloseCommits(id, attempt),
			Phase::Reveal { .. } => Due::CloseReveals(id, attempt),
			Phase::Scored { .. } | Phase::Prior { .. } => return Err(Error::<T>::NotOverdue.into()),
		})
	}

	pub(crate) fn draw_seed(model: ModelId) -> DispatchResult {
		// A run that was cancelled has no design any more.
		Designs::<T>::mutate_extant(model, |design| {
			let seed = Self::seed(b"openledger/design/v1", model);
			design.seed = Some(seed);
			Self::deposit_event(Event::SeedDrawn { model, seed });
		});
		Ok(())
	}

	// Scorers.

	pub(crate) fn do_bond(
		who: T::AccountId,
		key: ScorerId,
		proof: ScorerSignature,
		bond: Balance,
	) -> DispatchResult {
		ensure!(!Scorers::<T>::contains_key(&who), Error::<T>::AlreadyBonded);
		ensure!(!KeyOwner::<T>::contains_key(&key), Error::<T>::KeyTaken);
		ensure!(bond >= Settings::<T>::get().minimum_bond, Error::<T>::BondTooLow);
		let payload = (SCORER_DOMAIN, Self::genesis(), &who).encode();
		ensure!(key.verify(&payload, &proof), Error::<T>::BadKeyProof);

		Drawable::<T>::try_append(&who).map_err(|()| Error::<T>::TooManyScorers)?;
		T::Currency::hold(&HoldReason::Bond.into(), &who, bond)?;
		let footprint = Footprint::from_mel::<(T::AccountId, Scorer<T::Consideration>)>();
		let ticket = T::Consideration::new(&who, footprint)?;
		KeyOwner::<T>::insert(&key, &who);
		let scorer = Scorer { key: key.clone(), bond, missed: 0, left_at: None, ticket };
		Scorers::<T>::insert(&who, scorer);
		Self::deposit_event(Event::ScorerBonded { scorer: who, key, bond });
		Ok(())
	}

	pub(crate) fn do_unbond(who: T::AccountId) -> DispatchResult {
		let mut scorer = Scorers::<T>::get(&who).ok_or(Error::<T>::NotScorer)?;
		ensure!(scorer.left_at.is_none(), Error::<T>::StillUnbonding);
		Self::leave(&who, &mut scorer, false);
		Scorers::<T>::insert(&who, scorer);
		Ok(())
	}

	/// Takes a scorer out of the draws.
	fn leave(who: &T::AccountId, scorer: &mut Scorer<T::Consideration>, forced: bool) {
		scorer.left_at = Some(Self::now());
		Drawable::<T>::mutate(|all| {
			if let Some(index) = all.iter().position(|one| one == who) {
				all.swap_remove(index);
			}
		});
		Self::deposit_event(Event::ScorerLeft { scorer: who.clone(), forced });
	}

	pub(crate) fn do_withdraw_bond(who: T::AccountId) -> DispatchResult {
		let scorer = Scorers::<T>::get(&who).ok_or(Error::<T>::NotScorer)?;
		let left_at = scorer.left_at.ok_or(Error::<T>::StillBonded)?;
		let free_at = left_at.saturating_add(Settings::<T>::get().unbonding);
		ensure!(Self::now() >= free_at, Error::<T>::StillUnbonding);
		let seated = Assignments::<T>::iter_key_prefix(&who).next().is_some();
		ensure!(!seated, Error::<T>::StillUnbonding);

		let reason = HoldReason::Bond.into();
		T::Currency::release(&reason, &who, scorer.bond, Precision::Exact)?;
		scorer.ticket.drop(&who)?;
		KeyOwner::<T>::remove(&scorer.key);
		Scorers::<T>::remove(&who);
		Self::deposit_event(Event::BondWithdrawn { scorer: who, bond: scorer.bond });
		Ok(())
	}

	// Channels.

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
				Channel { balance: amount, nonce, closing: None, ticket }
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

	// Receipts.

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
		ensure!(Psis::<T>::contains_key(request.model), Error::<T>::NoDesign);
		ensure!(model.adapter == request.adapter, Error::<T>::WrongAdapter);
		let serves = T::Models::is_operator(request.model, &request.operator);
		ensure!(serves, Error::<T>::NotOperator);
		let fee = money::fee(
			(model.input_price, reply.prompt_tokens),
			(model.output_price, reply.completion_tokens),
			Settings::<T>::get().minimum_fee,
		)
		.ok_or(Error::<T>::FeeTooHigh)?;
		ensure!(fee <= money::MAX_POOL, Error::<T>::FeeTooHigh);
		ensure!(fee <= request.maximum, Error::<T>::AboveMaximum);
		let (payer, operator) = (request.payer.clone(), request.operator.clone());
		let mut channel = Channels::<T>::get(&payer, &operator).ok_or(Error::<T>::NoChannel)?;
		ensure!(request.nonce > channel.nonce, Error::<T>::NonceUsed);
		channel.balance = channel.balance.checked_sub(fee).ok_or(Error::<T>::ChannelTooLow)?;
		channel.nonce = request.nonce;
		ensure!(
			verify(&request.payload(), &payer_signature, &payer),
			Error::<T>::BadPayerSignature
		);
		ensure!(
			verify(&reply.payload(), &operator_signature, &operator),
			Error::<T>::BadOperatorSignature
		);

		Channels::<T>::insert(&payer, &operator, channel);
		T::Currency::transfer_on_hold(
			&HoldReason::Channel.into(),
			&payer,
			&Self::pot(),
			fee,
			Precision::Exact,
			Restriction::Free,
			Fortitude::Polite,
		)?;
		let event = Event::ReceiptSubmitted {
			receipt: id,
			model: request.model,
			payer: payer.clone(),
			operator: operator.clone(),
			fee,
		};
		Self::deposit_event(event);

		let [contributors, developer, operator_part, reward, stakers, protocol] =
			split(fee, Settings::<T>::get().split.parts());
		let [developer, donated] = Self::cut(developer, model.donation);
		let contributors = contributors.checked_add(donated).ok_or(Error::<T>::Overflow)?;
		let (curator, cut) =
			T::Datanets::curator(model.datanet).unwrap_or((model.developer.clone(), 0));
		let [pool, curator_part] = Self::cut(contributors, cut);
		let shares = [
			(curator, Role::Curator, curator_part),
			(model.developer, Role::Developer, developer),
			(operator.clone(), Role::Operator, operator_part),
			(T::StakersPot::get(), Role::Stakers, stakers),
			(T::ProtocolPot::get(), Role::Protocol, protocol),
		];
		for (who, role, amount) in shares {
			Self::pay(id, who, role, amount)?;
		}

		let footprint = Footprint::from_mel::<(Receipt<T::AccountId, T::Consideration>, Vector)>();
		let ticket = T::Consideration::new(&operator, footprint)?;
		let sequence = NextReceipt::<T>::mutate(|next| {
			let sequence = *next;
			*next = next.saturating_add(1);
			sequence
		});
		let receipt = Receipt {
			sequence,
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
			submitted: now,
			attempt: 0,
			phase: Phase::Waiting,
			due: Self::schedule(now.saturating_add(DELAY), Due::Draw(id))?,
			seats: BoundedVec::new(),
			ticket,
		};
		Kept::<T>::mutate(receipt.model, |kept| *kept = kept.saturating_add(1));
		Receipts::<T>::insert(id, receipt);
		Ok(())
	}

	/// What is left of an amount, and `basis_points` of it.
	fn cut(amount: Balance, basis_points: u16) -> [Balance; 2] {
		let cut = basis_points.min(BASIS_POINTS);
		split(amount, [BASIS_POINTS.saturating_sub(cut), cut])
	}

	/// Pays a part of a fee out of the pot; an account that cannot take it may claim it later.
	fn pay(receipt: Hash, who: T::AccountId, role: Role, amount: Balance) -> DispatchResult {
		if amount.is_zero() {
			return Ok(());
		}
		let preservation = Preservation::Preserve;
		if T::Currency::transfer(&Self::pot(), &who, amount, preservation).is_err() {
			Self::credit(&who, amount)?;
		}
		Self::deposit_event(Event::SharePaid { receipt, who, role, amount });
		Ok(())
	}

	/// Lets an account claim more.
	fn credit(who: &T::AccountId, amount: Balance) -> DispatchResult {
		Earnings::<T>::try_mutate(who, |earned| {
			*earned = earned.checked_add(amount).ok_or(Error::<T>::Overflow)?;
			Ok(())
		})
	}

	// The committee.

	pub(crate) fn draw_committee(id: Hash) -> DispatchResult {
		let Some(mut receipt) = Receipts::<T>::get(id) else { return Ok(()) };
		// A task that was put off may come when `advance` has done it and another draw is due.
		if receipt.phase != Phase::Waiting || Self::now() < receipt.due {
			return Ok(());
		}
		let (all, settings) = (Drawable::<T>::get(), Settings::<T>::get());
		if all.is_empty() {
			return Self::draw_again(id, receipt);
		}
		let seed = Self::seed(b"openledger/committee/v1", (receipt.sequence, receipt.attempt));
		let chosen: Vec<T::AccountId> = permutation(seed, all.len() as u16)
			.into_iter()
			.take(settings.committee.into())
			.filter_map(|index| all.get(usize::from(index)).cloned())
			.collect();
		let until = Self::now().saturating_add(settings.commit_window);
		receipt.due = Self::schedule(until, Due::CloseCommits(id, receipt.attempt))?;
		for (index, scorer) in chosen.iter().enumerate() {
			Assignments::<T>::insert(scorer, id, index as u8);
		}
		let seat = |scorer: &T::AccountId| Seat {
			scorer: scorer.clone(),
			commitment: None,
			revealed: false,
		};
		receipt.seats = BoundedVec::truncate_from(chosen.iter().map(seat).collect());
		receipt.phase = Phase::Commit;
		Self::deposit_event(Event::CommitteeDrawn {
			receipt: id,
			attempt: receipt.attempt,
			scorers: BoundedVec::truncate_from(chosen),
		});
		Receipts::<T>::insert(id, receipt);
		Ok(())
	}

	/// How many seats must agree: more than half of a full committee.
	fn quorum() -> usize {
		usize::from(Settings::<T>::get().committee) / 2 + 1
	}

	/// The hash by which a seat binds itself to `y`.
	pub fn commitment(seat: &SeatId, key: &ScorerId, y: &[Nats], salt: &Hash) -> Hash {
		(COMMIT_DOMAIN, Self::genesis(), seat, key, y, salt)
			.using_encoded(blake2_256)
			.into()
	}

	/// What a hot key signs with a commitment.
	pub fn commit_payload(seat: &SeatId, commitment: &Hash) -> Vec<u8> {
		(COMMIT_DOMAIN, Self::genesis(), seat, commitment).encode()
	}

	/// What a hot key signs with a reveal.
	pub fn reveal_payload(seat: &SeatId, y: &[Nats], salt: &Hash) -> Vec<u8> {
		let digest = (y, salt).using_encoded(blake2_256);
		(REVEAL_DOMAIN, Self::genesis(), seat, digest).encode()
	}

	/// A seat's receipt, the seat and its hot key, if it is the turn of that committee.
	#[allow(clippy::type_complexity)]
	fn seat(
		id: &SeatId,
	) -> Option<(Receipt<T::AccountId, T::Consideration>, Seat<T::AccountId>, ScorerId)> {
		let receipt = Receipts::<T>::get(id.receipt)?;
		let seat = receipt.seats.get(usize::from(id.index)).cloned()?;
		let key = Scorers::<T>::get(&seat.scorer)?.key;
		(receipt.attempt == id.attempt).then_some((receipt, seat, key))
	}

	fn valid(
		prefix: &'static str,
		seat: &SeatId,
	) -> Result<(ValidTransaction, Weight), TransactionValidityError> {
		let settings = Settings::<T>::get();
		ValidTransaction::with_tag_prefix(prefix)
			.priority(TransactionPriority::MAX / 2)
			.and_provides(seat)
			.longevity(settings.commit_window.min(settings.reveal_window).into())
			.propagate(true)
			.build()
			.map(|valid| (valid, Weight::zero()))
	}

	/// Refuses what [`Pallet::commit`] would refuse; the signature, which costs most, last.
	pub(crate) fn authorize_commit(
		_: TransactionSource,
		id: &SeatId,
		commitment: &Hash,
		signature: &ScorerSignature,
	) -> TransactionValidityWithRefund {
		let (receipt, seat, key) = Self::seat(id).ok_or(InvalidTransaction::Stale)?;
		if receipt.phase != Phase::Commit || seat.commitment.is_some() {
			return Err(InvalidTransaction::Stale.into());
		}
		if !key.verify(&Self::commit_payload(id, commitment), signature) {
			return Err(InvalidTransaction::BadProof.into());
		}
		Self::valid("OpenLedgerCommit", id)
	}

	pub(crate) fn do_commit(id: SeatId, commitment: Hash) -> DispatchResult {
		let mut receipt = Receipts::<T>::get(id.receipt).ok_or(Error::<T>::NoReceipt)?;
		ensure!(receipt.phase == Phase::Commit, Error::<T>::NoSeat);
		let seat = receipt.seats.get_mut(usize::from(id.index)).ok_or(Error::<T>::NoSeat)?;
		seat.commitment = Some(commitment);
		Self::deposit_event(Event::Committed { seat: id });
		if receipt.seats.iter().all(|seat| seat.commitment.is_some()) {
			return Self::begin_reveals(id.receipt, receipt);
		}
		Receipts::<T>::insert(id.receipt, receipt);
		Ok(())
	}

	fn begin_reveals(
		id: Hash,
		mut receipt: Receipt<T::AccountId, T::Consideration>,
	) -> DispatchResult {
		let since = Self::now();
		let until = since.saturating_add(Settings::<T>::get().reveal_window);
		receipt.due = Self::schedule(until, Due::CloseReveals(id, receipt.attempt))?;
		receipt.phase = Phase::Reveal { since };
		Receipts::<T>::insert(id, receipt);
		Ok(())
	}

	pub(crate) fn close_commits(id: Hash, attempt: u8) -> DispatchResult {
		let Some(receipt) = Receipts::<T>::get(id) else { return Ok(()) };
		if receipt.attempt != attempt || receipt.phase != Phase::Commit {
			return Ok(());
		}
		let committed = receipt.seats.iter().filter(|seat| seat.commitment.is_some()).count();
		if committed < Self::quorum() {
			Self::finish_committee(id, &receipt, |_, seat| seat.commitment.is_some());
			return Self::draw_again(id, receipt);
		}
		Self::begin_reveals(id, receipt)
	}

	/// Refuses what [`Pallet::reveal`] would refuse; the signature, which costs most, last.
	pub(crate) fn authorize_reveal(
		_: TransactionSource,
		id: &SeatId,
		y: &Vector,
		salt: &Hash,
		signature: &ScorerSignature,
	) -> TransactionValidityWithRefund {
		let (receipt, seat, key) = Self::seat(id).ok_or(InvalidTransaction::Stale)?;
		if !matches!(receipt.phase, Phase::Reveal { .. }) || seat.revealed {
			return Err(InvalidTransaction::Stale.into());
		}
		let adapters = Designs::<T>::get(receipt.model).map_or(0, |design| design.adapters);
		if y.len() != usize::from(adapters) + 2 {
			return Err(InvalidTransaction::Custom(invalid::WRONG_LENGTH).into());
		}
		if !Self::in_band(y, receipt.completion_tokens) {
			return Err(InvalidTransaction::Custom(invalid::OUT_OF_BAND).into());
		}
		if seat.commitment != Some(Self::commitment(id, &key, y, salt)) {
			return Err(InvalidTransaction::Custom(invalid::WRONG_REVEAL).into());
		}
		if !key.verify(&Self::reveal_payload(id, y, salt), signature) {
			return Err(InvalidTransaction::BadProof.into());
		}
		Self::valid("OpenLedgerReveal", id)
	}

	/// Whether the entries can be log-probabilities of so many tokens.
	fn in_band(y: &[Nats], tokens: u32) -> bool {
		let per_token = i64::from(Settings::<T>::get().band).saturating_mul(NAT.into());
		let lowest = per_token.saturating_mul(tokens.into()).saturating_neg();
		y.iter().all(|entry| *entry <= 0 && i64::from(*entry) >= lowest)
	}

	/// Takes a vector; returns whether it was the last one of its committee.
	pub(crate) fn do_reveal(id: SeatId, y: Vector) -> Result<bool, DispatchError> {
		let mut receipt = Receipts::<T>::get(id.receipt).ok_or(Error::<T>::NoReceipt)?;
		ensure!(matches!(receipt.phase, Phase::Reveal { .. }), Error::<T>::NoSeat);
		let seat = receipt.seats.get_mut(usize::from(id.index)).ok_or(Error::<T>::NoSeat)?;
		seat.revealed = true;
		Reveals::<T>::insert(id.receipt, id.index, y);
		Self::deposit_event(Event::Revealed { seat: id });
		let done = receipt.seats.iter().all(|seat| seat.revealed || seat.commitment.is_none());
		if done {
			Self::conclude(id.receipt, receipt)?;
		} else {
			Receipts::<T>::insert(id.receipt, receipt);
		}
		Ok(done)
	}

	pub(crate) fn close_reveals(id: Hash, attempt: u8) -> DispatchResult {
		let Some(receipt) = Receipts::<T>::get(id) else { return Ok(()) };
		if receipt.attempt != attempt || !matches!(receipt.phase, Phase::Reveal { .. }) {
			return Ok(());
		}
		Self::conclude(id, receipt)
	}

	/// Counts who agrees with the median: a quorum scores the receipt.
	fn conclude(id: Hash, mut receipt: Receipt<T::AccountId, T::Consideration>) -> DispatchResult {
		let revealed: Vec<(u8, Vector)> = (0..receipt.seats.len() as u8)
			.filter_map(|index| Some((index, Reveals::<T>::get(id, index)?)))
			.collect();
		let vectors: Vec<Vec<Nats>> = revealed.iter().map(|(_, y)| y.to_vec()).collect();
		let tolerance = Settings::<T>::get().tolerance;
		let middle = median(&vectors);
		let agreed: Vec<u8> = revealed
			.iter()
			.filter(|(_, y)| middle.as_ref().is_some_and(|m| agrees(y, m, tolerance)))
			.map(|(index, _)| *index)
			.collect();
		Self::finish_committee(id, &receipt, |index, _| agreed.contains(&index));
		let middle = match middle {
			Some(middle) if agreed.len() >= Self::quorum() => middle,
			_ => return Self::draw_again(id, receipt),
		};
		let psi = Self::psi(receipt.model).ok_or(Error::<T>::NoDesign)?;

		let period = Self::period_of(Self::now());
		let pool = receipt.pool;
		let by_influence = Self::add_to_period(receipt.model, period, |sums| {
			sums.add(&psi, &middle, pool).ok_or(Error::<T>::Overflow)
		})?;
		for (who, amount) in Self::scorer_shares(&receipt, &agreed) {
			Self::pay(id, who, Role::Scorer, amount)?;
		}
		Vectors::<T>::insert(id, Vector::truncate_from(middle));
		receipt.phase =
			if by_influence { Phase::Scored { period } } else { Phase::Prior { period } };
		Self::deposit_event(Event::ReceiptScored {
			receipt: id,
			model: receipt.model,
			period,
			agreed: agreed
				.iter()
				.fold(0, |bits, index| bits | 1u8.checked_shl((*index).into()).unwrap_or(0)),
			prior: !by_influence,
		});
		Receipts::<T>::insert(id, receipt);
		Ok(())
	}

	/// The committee's part, the same to each that agreed; what does not divide to the first.
	fn scorer_shares(
		receipt: &Receipt<T::AccountId, T::Consideration>,
		agreed: &[u8],
	) -> Vec<(T::AccountId, Balance)> {
		let count = agreed.len().max(1) as Balance;
		let (each, rest) = (receipt.reward / count, receipt.reward % count);
		let part = |first: bool| each.saturating_add(if first { rest } else { 0 });
		agreed
			.iter()
			.enumerate()
			.filter_map(|(i, index)| {
				Some((receipt.seats.get(usize::from(*index))?.scorer.clone(), part(i == 0)))
			})
			.collect()
	}

	/// Ends the work of a committee: assignments and reveals go, standings change.
	fn finish_committee(
		id: Hash,
		receipt: &Receipt<T::AccountId, T::Consideration>,
		good: impl Fn(u8, &Seat<T::AccountId>) -> bool,
	) {
		for (index, seat) in receipt.seats.iter().enumerate() {
			Assignments::<T>::remove(&seat.scorer, id);
			Reveals::<T>::remove(id, index as u8);
			Scorers::<T>::mutate_extant(&seat.scorer, |scorer| {
				scorer.missed = if good(index as u8, seat) {
					scorer.missed.saturating_sub(1)
				} else {
					scorer.missed.saturating_add(1)
				};
				if scorer.missed >= MAX_MISSED && scorer.left_at.is_none() {
					Self::leave(&seat.scorer, scorer, true);
				}
			});
		}
	}

	/// Draws another committee, or lets the prior pay after the last one.
	fn draw_again(
		id: Hash,
		mut receipt: Receipt<T::AccountId, T::Consideration>,
	) -> DispatchResult {
		receipt.seats = BoundedVec::new();
		if receipt.attempt < MAX_REDRAWS {
			receipt.attempt = receipt.attempt.saturating_add(1);
			receipt.phase = Phase::Waiting;
			receipt.due = Self::schedule(Self::now().saturating_add(DELAY), Due::Draw(id))?;
		} else {
			let period = Self::period_of(Self::now());
			// Nobody earned the committee's part: it goes to the rows as well.
			let amount = receipt.pool.saturating_add(receipt.reward);
			Self::add_to_period(receipt.model, period, |sums| {
				sums.total = sums.total.checked_add(amount).ok_or(Error::<T>::Overflow)?;
				Ok(())
			})?;
			receipt.phase = Phase::Prior { period };
			Self::deposit_event(Event::ReceiptUnscored { receipt: id, period });
		}
		Receipts::<T>::insert(id, receipt);
		Ok(())
	}

	// Scores and settlement.

	/// Ψ of a model version.
	pub(crate) fn psi(model: ModelId) -> Option<Psi> {
		let design = Designs::<T>::get(model)?;
		let entries = Psis::<T>::get(model)?.into_inner();
		Psi::new(design.blocks.len(), design.adapters, entries).ok()
	}

	fn add_to_period<R>(
		model: ModelId,
		period: u32,
		add: impl FnOnce(&mut Pool) -> Result<R, Error<T>>,
	) -> Result<R, DispatchError> {
		let mut sums = Pool::from(Periods::<T>::get(model, period).unwrap_or_default());
		let result = add(&mut sums)?;
		let Pool { total, answers, weighted } = sums;
		let weighted = BoundedVec::try_from(weighted).map_err(|_| Error::<T>::Overflow)?;
		Periods::<T>::insert(model, period, Period { total, answers, weighted });
		Ok(result)
	}

	/// Settles a period; returns how many contributors it had.
	pub(crate) fn do_settle(model: ModelId, period: u32) -> Result<u32, DispatchError> {
		ensure!(period < Self::period_of(Self::now()), Error::<T>::PeriodRunning);
		let sums: Pool = Periods::<T>::take(model, period).ok_or(Error::<T>::NoPeriod)?.into();
		let design = Designs::<T>::get(model).ok_or(Error::<T>::NoDesign)?;
		let psi = Self::psi(model).ok_or(Error::<T>::NoDesign)?;
		let amounts = sums.settle(&psi).ok_or(Error::<T>::Overflow)?.amounts;

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
			let datanet = T::Models::model(model).ok_or(Error::<T>::NoModel)?.datanet;
			T::Datanets::reward_rows(datanet, &Self::pot(), rest)?;
		}
		Self::deposit_event(Event::Settled { model, period, total: sums.total, paid, rest });
		Ok(count)
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
		let amount = Earnings::<T>::take(&who);
		ensure!(!amount.is_zero(), Error::<T>::NothingToClaim);
		T::Currency::transfer(&Self::pot(), &who, amount, Preservation::Preserve)?;
		Self::deposit_event(Event::Claimed { who, amount });
		Ok(amount)
	}

	pub(crate) fn do_prune(id: Hash) -> DispatchResult {
		let receipt = Receipts::<T>::get(id).ok_or(Error::<T>::NoReceipt)?;
		let (Phase::Scored { period } | Phase::Prior { period }) = receipt.phase else {
			return Err(Error::<T>::StillNeeded.into());
		};
		let settings = Settings::<T>::get();
		let kept_until = receipt.submitted.saturating_add(settings.retention);
		ensure!(Self::now() > kept_until, Error::<T>::StillNeeded);
		ensure!(!Periods::<T>::contains_key(receipt.model, period), Error::<T>::StillNeeded);
		receipt.ticket.drop(&receipt.operator)?;
		Kept::<T>::mutate_exists(receipt.model, |kept| {
			*kept = kept.and_then(|kept| kept.checked_sub(1)).filter(|kept| *kept > 0)
		});
		Receipts::<T>::remove(id);
		Vectors::<T>::remove(id);
		Self::deposit_event(Event::ReceiptPruned { receipt: id });
		Ok(())
	}

	/// See [`Pallet::answer_items`].
	pub(crate) fn items(id: Hash) -> Option<Vec<(T::AccountId, i128, Balance)>> {
		let receipt = Receipts::<T>::get(id)?;
		let y = Vectors::<T>::get(id)?;
		let psi = Self::psi(receipt.model)?;
		let design = Designs::<T>::get(receipt.model)?;
		let subsets = draw(design.seed?, design.blocks.len() as u16, design.adapters);
		let items = money::items(&psi, &subsets, &y, receipt.pool)?;
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

	/// Invariants of this pallet.
	#[cfg(any(feature = "try-runtime", test))]
	pub(crate) fn do_try_state() -> Result<(), frame::deps::sp_runtime::TryRuntimeError> {
		let mut receipts = alloc::collections::BTreeMap::<ModelId, u32>::new();
		let mut owed: Balance = Earnings::<T>::iter_values().sum();
		owed += Periods::<T>::iter_values().map(|period| period.total).sum::<Balance>();
		for (id, receipt) in Receipts::<T>::iter() {
			ensure!(receipt.sequence < NextReceipt::<T>::get(), "a receipt from the future");
			*receipts.entry(receipt.model).or_default() += 1;
			match receipt.phase {
				Phase::Waiting | Phase::Commit | Phase::Reveal { .. } => {
					owed += receipt.pool + receipt.reward
				},
				Phase::Scored { .. } => ensure!(Vectors::<T>::contains_key(id), "no vector"),
				Phase::Prior { .. } => {},
			}
			for (index, seat) in receipt.seats.iter().enumerate() {
				let open = matches!(receipt.phase, Phase::Commit | Phase::Reveal { .. });
				let assigned = Assignments::<T>::get(&seat.scorer, id);
				ensure!(assigned == open.then_some(index as u8), "assignments follow seats");
			}
		}
		ensure!(T::Currency::balance(&Self::pot()) >= owed, "the pot covers what is owed");
		let drawable = Drawable::<T>::get();
		for (who, scorer) in Scorers::<T>::iter() {
			ensure!(KeyOwner::<T>::get(&scorer.key) == Some(who.clone()), "a key has its owner");
			ensure!(
				drawable.contains(&who) == scorer.left_at.is_none(),
				"who has not left may be drawn"
			);
		}
		ensure!(receipts == Kept::<T>::iter().collect(), "receipts are counted");
		for model in receipts.keys() {
			ensure!(Designs::<T>::contains_key(model), "a receipt has a design");
		}
		for (model, _) in Periods::<T>::iter_keys() {
			// None is pruned before its period is settled.
			ensure!(receipts.contains_key(&model), "a period has receipts");
		}
		for (model, _) in Psis::<T>::iter() {
			ensure!(Designs::<T>::contains_key(model), "a Ψ has a design");
			ensure!(Adapters::<T>::contains_key(model), "a Ψ has adapters");
		}
		Ok(())
	}
}

impl<T: Config> DesignsTrait<T::AccountId> for Pallet<T> {
	fn open(
		who: &T::AccountId,
		model: ModelId,
		blocks: Vec<Block<T::AccountId>>,
		adapters: u16,
	) -> DispatchResult {
		ensure!(!Designs::<T>::contains_key(model), Error::<T>::NoDesign);
		let blocks = BoundedVec::try_from(blocks).map_err(|_| Error::<T>::DesignOutOfBounds)?;
		let (count, columns) = (blocks.len() as u64, u64::from(adapters).saturating_add(1));
		let fits = count > 0
			&& (1..=MAX_ADAPTERS).contains(&adapters.into())
			&& count.saturating_mul(columns) <= MAX_PSI.into();
		ensure!(fits, Error::<T>::DesignOutOfBounds);
		Self::schedule(Self::now().saturating_add(DELAY), Due::Seed(model))?;
		let bytes = blocks
			.encoded_size()
			.saturating_add(usize::from(adapters).saturating_mul(32))
			.saturating_add((count.saturating_mul(columns) as usize).saturating_mul(4));
		let ticket = T::Consideration::new(who, Footprint::from_parts(1, bytes))?;
		let event = Event::DesignOpened { model, blocks: blocks.len() as u32, adapters };
		Designs::<T>::insert(model, Design { blocks, adapters, seed: None, ticket });
		Self::deposit_event(event);
		Ok(())
	}

	fn close(model: ModelId, adapters: Vec<Hash>, psi: Vec<i32>) -> DispatchResult {
		let design = Designs::<T>::get(model).ok_or(Error::<T>::NoDesign)?;
		ensure!(!Psis::<T>::contains_key(model), Error::<T>::NoDesign);
		let seed = design.seed.ok_or(Error::<T>::SeedNotDrawn)?;
		ensure!(adapters.len() == usize::from(design.adapters), Error::<T>::WrongAdapterCount);
		let entries = Entries::try_from(psi.clone()).map_err(|_| Error::<T>::DesignOutOfBounds)?;
		let psi = Psi::new(design.blocks.len(), design.adapters, psi)
			.map_err(|_| Error::<T>::PsiShape)?;
		let subsets = draw(seed, design.blocks.len() as u16, design.adapters);
		let sizes: Vec<u64> = design.blocks.iter().map(|block| block.bytes).collect();
		psi.check(&subsets, &sizes).map_err(|error| match error {
			PsiError::Shape => Error::<T>::PsiShape,
			PsiError::Efficiency => Error::<T>::PsiEfficiency,
			PsiError::NormalEquations => Error::<T>::PsiNormalEquations,
		})?;
		let adapters = BoundedVec::try_from(adapters).map_err(|_| Error::<T>::WrongAdapterCount)?;
		Adapters::<T>::insert(model, adapters);
		Psis::<T>::insert(model, entries);
		Self::deposit_event(Event::DesignClosed { model });
		Ok(())
	}

	fn draw_weight(adapters: u32) -> Weight {
		// Shuffling blocks takes as long as Ψ has entries, comparing subsets as long as there are
		// pairs of them: the one is most with the most blocks, the other with the most adapters.
		let wide = MAX_PSI / MAX_BLOCKS;
		T::WeightInfo::draw_wide(adapters.min(wide))
			.saturating_add(T::WeightInfo::draw_tall(adapters))
	}

	fn forget_weight() -> Weight {
		T::WeightInfo::forget()
	}

	fn forget(who: &T::AccountId, model: ModelId) -> DispatchResult {
		ensure!(Designs::<T>::contains_key(model), Error::<T>::NoDesign);
		ensure!(!Kept::<T>::contains_key(model), Error::<T>::StillNeeded);
		// Owed by owners of its blocks, of what only this version could have earned.
		let _ = Debts::<T>::clear_prefix(model, MAX_BLOCKS, None);
		<Self as DesignsTrait<_>>::cancel(who, model);
		Ok(())
	}

	fn cancel(who: &T::AccountId, model: ModelId) {
		if let Some(design) = Designs::<T>::take(model) {
			Adapters::<T>::remove(model);
			Psis::<T>::remove(model);
			let dropped = design.ticket.drop(who);
			debug_assert!(dropped.is_ok(), "the deposit was held");
		}
	}
}
