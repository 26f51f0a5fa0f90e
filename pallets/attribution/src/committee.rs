//! Committees and panels: who is drawn, what they commit to and reveal, and what follows.

use super::*;
use frame::{
	deps::{frame_support::traits::tokens::Precision, sp_runtime::RuntimeAppPublic},
	hashing::blake2_256,
};
use openledger_influence_math::{
	design::permutation,
	score::{agrees, median},
	Spans,
};

/// Goes before a commitment.
pub const COMMIT_DOMAIN: &[u8] = b"openledger/commit/v2";
/// Goes before a reveal.
pub const REVEAL_DOMAIN: &[u8] = b"openledger/reveal/v2";

/// Reasons for which a commit or a reveal does not enter the pool.
pub mod invalid {
	/// The finding is not of the kind or length that the work asks for.
	pub const WRONG_LENGTH: u8 = 1;
	/// A log-probability is positive.
	pub const POSITIVE: u8 = 2;
	/// The finding is not what was committed to.
	pub const WRONG_REVEAL: u8 = 3;
	/// The spans are not in order, of no block, or more than the answer.
	pub const NO_SPANS: u8 = 4;
	/// The root of a batch is over no pages.
	pub const NO_PAGES: u8 = 5;
}

type CommitteeOf<T> = Committee<<T as frame_system::Config>::AccountId>;
/// Findings by seat.
type Found = Vec<(u8, Finding)>;

/// Whether two findings are the same, up to `tolerance` where they are log-probabilities.
fn alike(a: &Finding, b: &Finding, tolerance: u32) -> bool {
	match (a, b) {
		(Finding::Scores(a, spans), Finding::Scores(b, others)) => {
			spans == others && agrees(a, b, tolerance)
		},
		_ => a == b,
	}
}

/// What most of the findings say: the median of log-probabilities, of all else the most frequent one. Who
/// could not have what it needs says nothing about it, unless these are most; and who scored says nothing of
/// what most find miscounted, nor the other way round.
fn consensus(found: &Found) -> Option<Finding> {
	let mut found = found.clone();
	for fault in [Finding::Withheld, Finding::Miscounted] {
		let (faults, rest): (Found, Found) = found.into_iter().partition(|(_, one)| *one == fault);
		if faults.len() > rest.len() {
			return Some(fault);
		}
		found = rest;
	}
	let scores: Option<(Vec<Vec<Nats>>, Vec<Spans>)> = found
		.iter()
		.map(|(_, finding)| match finding {
			Finding::Scores(y, spans) => Some((y.to_vec(), *spans)),
			_ => None,
		})
		.collect();
	match scores {
		Some((vectors, spans)) => {
			let (y, spans) = (median(&vectors)?, most(spans.iter())?);
			Some(Finding::Scores(Vector::truncate_from(y), *spans))
		},
		None => most(found.iter().map(|(_, finding)| finding)).cloned(),
	}
}

/// The most frequent one.
fn most<'a, V: PartialEq>(votes: impl Iterator<Item = &'a V> + Clone) -> Option<&'a V> {
	votes
		.clone()
		.max_by_key(|one| votes.clone().filter(|other| one == other).count())
}

impl<T: Config> Pallet<T> {
	// From the draw to the last reveal.

	/// Lets a committee be drawn.
	pub(crate) fn begin(work: Work) -> DispatchResult {
		Self::begin_with(work, None, Drawn::new())
	}

	/// Lets a committee be drawn, or for a challenger a panel right away; `drawn` are the adapters that
	/// are to be trained again, if they are not to be drawn.
	fn begin_with(
		work: Work,
		challenger: Option<(T::AccountId, Balance)>,
		drawn: Drawn,
	) -> DispatchResult {
		let sequence = NextCommittee::<T>::mutate(|next| {
			let sequence = *next;
			*next = next.saturating_add(1);
			sequence
		});
		let committee = Committee {
			sequence,
			attempt: 0,
			failed: 0,
			stage: Stage::Waiting,
			due: Self::schedule(Self::now().saturating_add(DELAY), Due::Step(work))?,
			seats: BoundedVec::new(),
			panel_from: challenger.as_ref().map(|_| 0),
			challenger,
			drawn,
			stale: matches!(work, Work::Training(model) if Self::is_stale(model)),
		};
		Committees::<T>::insert(work, committee);
		Ok(())
	}

	/// Does the next step of a committee if its time has come.
	pub(crate) fn step(work: Work) -> DispatchResult {
		let Some(committee) = Committees::<T>::get(work) else { return Ok(()) };
		// A task that was put off, or that an early end has made superfluous.
		if Self::now() < committee.due {
			return Ok(());
		}
		match committee.stage {
			Stage::Waiting => Self::draw_seats(work, committee),
			Stage::Commit => Self::close_commits(work, committee),
			Stage::Reveal { .. } => Self::conclude(work, committee),
			Stage::Review => Self::review(work, committee),
		}
	}

	fn draw_seats(work: Work, mut committee: CommitteeOf<T>) -> DispatchResult {
		let (all, settings) = (Drawable::<T>::get(), Settings::<T>::get());
		let class = Self::class_of(work);
		let panel = committee.panel_from.is_some();
		let fits = |(who, of): &(T::AccountId, Class)| {
			class.is_none_or(|class| class == *of)
				&& committee.seats.iter().all(|seat| seat.scorer != *who)
		};
		let seed = Self::seed(b"openledger/committee/v1", (committee.sequence, committee.attempt));
		// Fewer than `least` are no majority of a committee, or no panel.
		let (size, least) = if panel {
			(settings.panel, settings.minimum_panel)
		} else {
			(settings.committee, settings.committee / 2 + 1)
		};
		let looked_at = u32::from(size).saturating_mul(CANDIDATES_A_SEAT);
		let candidates: Vec<&T::AccountId> = permutation(seed, all.len() as u16)
			.into_iter()
			.filter_map(|index| all.get(usize::from(index)).filter(|one| fits(one)))
			.map(|(who, _)| who)
			.take(looked_at as usize)
			.collect();
		let (found, largest) = (candidates.len(), settings.largest_pool());
		let chosen: Vec<T::AccountId> = candidates
			.into_iter()
			.filter(|who| Liable::<T>::get(*who).has_room(largest))
			.take(size.into())
			.cloned()
			.collect();
		if chosen.len() < least.into() {
			// Where some have no room: once the seats that they have now are filled or missed.
			let full = found >= least.into();
			let pause = if full { settings.commit_window.max(DELAY) } else { DELAY };
			return Self::again_after(pause, work, committee);
		}
		if let (Work::Training(model), true) = (work, committee.drawn.is_empty()) {
			let last = Designs::<T>::get(model).map_or(0, |design| design.last());
			let seed = Self::seed(b"openledger/retraining/v1", committee.sequence);
			// The published adapter, which all answers are of, and others by chance.
			let others = permutation(seed, last).into_iter().map(|k| k.saturating_add(1));
			let all = core::iter::once(0).chain(others).take(settings.retrained.into());
			committee.drawn = BoundedVec::truncate_from(all.collect());
		}
		if let Work::Batch(id) = work {
			Self::draw_sample(id, committee.sequence);
		}
		let pool = Self::pool_of(work);
		for scorer in &chosen {
			Assignments::<T>::insert(scorer, work, committee.seats.len() as u8);
			Liable::<T>::mutate(scorer, |load| load.sit(pool));
			let seat = Seat { scorer: scorer.clone(), commitment: None, revealed: false };
			committee.seats.try_push(seat).map_err(|_| Error::<T>::Overflow)?;
		}
		let until = Self::now().saturating_add(Self::commit_window(work));
		committee.due = Self::schedule(until, Due::Step(work))?;
		committee.stage = Stage::Commit;
		Self::deposit_event(Event::CommitteeDrawn {
			work,
			attempt: committee.attempt,
			panel,
			scorers: BoundedVec::truncate_from(chosen),
		});
		Committees::<T>::insert(work, committee);
		Ok(())
	}

	/// Blocks in which seats commit.
	pub(crate) fn commit_window(work: Work) -> u32 {
		let settings = Settings::<T>::get();
		match work {
			Work::Answer(_) => settings.commit_window,
			Work::Training(_) | Work::Batch(_) => settings.training_window,
		}
	}

	/// Adapters, and the scores of a batch, are the same bit by bit only in one class: that in which
	/// the version was trained.
	fn class_of(work: Work) -> Option<Class> {
		let model = match work {
			Work::Answer(_) => return None,
			Work::Training(model) => model,
			Work::Batch(id) => Batches::<T>::get(id)?.model,
		};
		Designs::<T>::get(model).map(|design| design.class)
	}

	/// How many of those whose turn it is must agree.
	fn quorum(committee: &CommitteeOf<T>) -> usize {
		let settings = Settings::<T>::get();
		let least = match committee.panel_from {
			Some(_) => settings.minimum_panel.into(),
			None => settings.committee.into(),
		};
		committee.turn().len().max(least) / 2 + 1
	}

	/// The hash by which a seat binds itself to what it found.
	pub fn commitment(seat: &SeatId, key: &ScorerId, finding: &Finding, salt: &Hash) -> Hash {
		(COMMIT_DOMAIN, Self::genesis(), seat, key, finding, salt)
			.using_encoded(blake2_256)
			.into()
	}

	/// What a hot key signs with a commitment.
	pub fn commit_payload(seat: &SeatId, commitment: &Hash) -> Vec<u8> {
		(COMMIT_DOMAIN, Self::genesis(), seat, commitment).encode()
	}

	/// What a hot key signs with a reveal.
	pub fn reveal_payload(seat: &SeatId, finding: &Finding, salt: &Hash) -> Vec<u8> {
		let digest = (finding, salt).using_encoded(blake2_256);
		(REVEAL_DOMAIN, Self::genesis(), seat, digest).encode()
	}

	/// A seat, its committee and its hot key, if it is its turn.
	#[allow(clippy::type_complexity)]
	fn seat(id: &SeatId) -> Option<(CommitteeOf<T>, Seat<T::AccountId>, ScorerId)> {
		let committee = Committees::<T>::get(id.work)?;
		let index = usize::from(id.index);
		let seat = committee.seats.get(index).cloned()?;
		let key = Scorers::<T>::get(&seat.scorer)?.key;
		let turn = committee.attempt == id.attempt && committee.turn().contains(&index);
		turn.then_some((committee, seat, key))
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
		let (committee, seat, key) = Self::seat(id).ok_or(InvalidTransaction::Stale)?;
		if committee.stage != Stage::Commit || seat.commitment.is_some() {
			return Err(InvalidTransaction::Stale.into());
		}
		if !key.verify(&Self::commit_payload(id, commitment), signature) {
			return Err(InvalidTransaction::BadProof.into());
		}
		Self::valid("OpenLedgerCommit", id)
	}

	pub(crate) fn do_commit(id: SeatId, commitment: Hash) -> DispatchResult {
		let mut committee = Committees::<T>::get(id.work).ok_or(Error::<T>::NoCommittee)?;
		ensure!(committee.stage == Stage::Commit, Error::<T>::NoSeat);
		let seat = committee.seats.get_mut(usize::from(id.index)).ok_or(Error::<T>::NoSeat)?;
		seat.commitment = Some(commitment);
		Self::deposit_event(Event::Committed { seat: id });
		let mut turn = committee.turn().filter_map(|index| committee.seats.get(index));
		if turn.all(|seat| seat.commitment.is_some()) {
			return Self::begin_reveals(id.work, committee);
		}
		Committees::<T>::insert(id.work, committee);
		Ok(())
	}

	fn begin_reveals(work: Work, mut committee: CommitteeOf<T>) -> DispatchResult {
		let since = Self::now();
		let until = since.saturating_add(Settings::<T>::get().reveal_window);
		committee.due = Self::schedule(until, Due::Step(work))?;
		committee.stage = Stage::Reveal { since };
		Committees::<T>::insert(work, committee);
		Ok(())
	}

	fn close_commits(work: Work, committee: CommitteeOf<T>) -> DispatchResult {
		let turn = committee.turn().filter_map(|index| committee.seats.get(index));
		let committed = turn.filter(|seat| seat.commitment.is_some()).count();
		if committed < Self::quorum(&committee) {
			return Self::again(work, committee);
		}
		Self::begin_reveals(work, committee)
	}

	/// Refuses what [`Pallet::reveal`] would refuse; the signature, which costs most, last.
	pub(crate) fn authorize_reveal(
		_: TransactionSource,
		id: &SeatId,
		finding: &Finding,
		salt: &Hash,
		signature: &ScorerSignature,
	) -> TransactionValidityWithRefund {
		let (committee, seat, key) = Self::seat(id).ok_or(InvalidTransaction::Stale)?;
		if !matches!(committee.stage, Stage::Reveal { .. }) || seat.revealed {
			return Err(InvalidTransaction::Stale.into());
		}
		Self::check(id.work, &committee, finding).map_err(InvalidTransaction::Custom)?;
		if seat.commitment != Some(Self::commitment(id, &key, finding, salt)) {
			return Err(InvalidTransaction::Custom(invalid::WRONG_REVEAL).into());
		}
		if !key.verify(&Self::reveal_payload(id, finding, salt), signature) {
			return Err(InvalidTransaction::BadProof.into());
		}
		Self::valid("OpenLedgerReveal", id)
	}

	/// Whether a finding can be one of this work.
	fn check(work: Work, committee: &CommitteeOf<T>, finding: &Finding) -> Result<(), u8> {
		match (work, finding) {
			(Work::Answer(id), Finding::Scores(y, spans)) => {
				let receipt = Receipts::<T>::get(id).ok_or(invalid::WRONG_LENGTH)?;
				let design = Designs::<T>::get(receipt.model).ok_or(invalid::WRONG_LENGTH)?;
				ensure!(y.len() == design.scored_under() as usize, invalid::WRONG_LENGTH);
				ensure!(spans.is_valid(design.blocks.len()), invalid::NO_SPANS);
				let logs = match design.method {
					Method::Counterfactual => y.len(),
					// Features have either sign.
					Method::Gradient => 2,
				};
				let logs = y.get(..logs).unwrap_or_default();
				// However low: that is the operator's fault, and settlement voids the answer.
				let fits = logs.iter().all(|entry| *entry <= 0);
				fits.then_some(()).ok_or(invalid::POSITIVE)
			},
			(Work::Training(_), Finding::Adapters(hashes)) => {
				let fits = hashes.len() == committee.drawn.len();
				fits.then_some(()).ok_or(invalid::WRONG_LENGTH)
			},
			// Who cannot make pages finds that they are withheld, which costs the operator.
			(Work::Batch(_), Finding::Root(root)) => {
				(!root.is_zero()).then_some(()).ok_or(invalid::NO_PAGES)
			},
			(_, Finding::Withheld) | (Work::Answer(_) | Work::Batch(_), Finding::Miscounted) => {
				Ok(())
			},
			_ => Err(invalid::WRONG_LENGTH),
		}
	}

	/// Takes a finding; returns how many seats committee and panel have if it was the last one of its
	/// turn.
	pub(crate) fn do_reveal(
		id: SeatId,
		finding: Finding,
	) -> Result<Option<(u32, u32)>, DispatchError> {
		let mut committee = Committees::<T>::get(id.work).ok_or(Error::<T>::NoCommittee)?;
		ensure!(matches!(committee.stage, Stage::Reveal { .. }), Error::<T>::NoSeat);
		let seat = committee.seats.get_mut(usize::from(id.index)).ok_or(Error::<T>::NoSeat)?;
		seat.revealed = true;
		Findings::<T>::insert(id.work, id.index, finding);
		Self::deposit_event(Event::Revealed { seat: id });
		let mut turn = committee.turn().filter_map(|index| committee.seats.get(index));
		let done = turn.all(|seat| seat.revealed || seat.commitment.is_none());
		let sizes = committee.sizes();
		if done {
			Self::conclude(id.work, committee)?;
		} else {
			Committees::<T>::insert(id.work, committee);
		}
		Ok(done.then_some(sizes))
	}

	// What they found.

	/// What those whose turn it is found.
	fn found(work: Work, committee: &CommitteeOf<T>) -> Found {
		let finding = |index: usize| {
			let index = index as u8;
			Some((index, Findings::<T>::get(work, index)?))
		};
		committee.turn().filter_map(finding).collect()
	}

	/// All have revealed, or their time is over.
	fn conclude(work: Work, mut committee: CommitteeOf<T>) -> DispatchResult {
		let found = Self::found(work, &committee);
		let tolerance = Settings::<T>::get().tolerance;
		let Some(common) = consensus(&found) else { return Self::again(work, committee) };
		let agreed = found.iter().filter(|(_, one)| alike(one, &common, tolerance)).count();
		let (quorum, panel) = (Self::quorum(&committee), committee.panel_from.is_some());
		if panel && agreed >= quorum {
			return Self::close(work, committee, common);
		}
		let refuted = match work {
			Work::Answer(_) | Work::Batch(_) => {
				matches!(common, Finding::Withheld | Finding::Miscounted)
			},
			Work::Training(model) => !Self::reproduces(model, &committee.drawn, &common),
		};
		let doubtful = (agreed < found.len() || refuted) && found.len() >= quorum;
		if !panel && doubtful && Self::has_panel(work, &committee.seats) {
			return Self::ask_panel(work, committee, Doubt::Disagreement);
		}
		if panel || agreed < quorum {
			return Self::again(work, committee);
		}
		let window = Settings::<T>::get().challenge_window.max(DELAY);
		committee.due = Self::schedule(Self::now().saturating_add(window), Due::Step(work))?;
		committee.stage = Stage::Review;
		Self::unseat(work, &committee);
		Self::deposit_event(Event::Agreed { work, until: committee.due });
		Committees::<T>::insert(work, committee);
		Ok(())
	}

	/// Those whose turn it was have nothing more to do.
	fn unseat(work: Work, committee: &CommitteeOf<T>) {
		for seat in committee.turn().filter_map(|index| committee.seats.get(index)) {
			if Assignments::<T>::take(&seat.scorer, work).is_some() {
				Liable::<T>::mutate_extant(&seat.scorer, Load::stand);
			}
		}
	}

	/// They answer for nothing any more: the seats from `first` on.
	fn discharge(work: Work, committee: &CommitteeOf<T>, first: usize) {
		let pool = Self::pool_of(work);
		for (index, seat) in committee.seats.iter().enumerate().skip(first) {
			Findings::<T>::remove(work, index as u8);
			Liable::<T>::mutate_exists(&seat.scorer, |load| {
				*load = load.take().and_then(|load| load.without(pool));
			});
		}
	}

	/// Nothing came of this draw: another one, or none after the last.
	fn again(work: Work, committee: CommitteeOf<T>) -> DispatchResult {
		Self::again_after(DELAY, work, committee)
	}

	/// [`again`](Self::again), so many blocks from now.
	fn again_after(pause: u32, work: Work, mut committee: CommitteeOf<T>) -> DispatchResult {
		Self::unseat(work, &committee);
		let first = committee.turn().start;
		for seat in committee.seats.iter().skip(first).filter(|seat| !seat.revealed) {
			Self::note(&seat.scorer, work, false);
		}
		Self::discharge(work, &committee, first);
		committee.seats.truncate(first);
		committee.attempt = committee.attempt.saturating_add(1);
		committee.failed = committee.failed.saturating_add(1);
		if committee.failed > MAX_REDRAWS {
			return Self::give_up(work, committee);
		}
		Self::wait(pause, work, committee)
	}

	fn wait(pause: u32, work: Work, mut committee: CommitteeOf<T>) -> DispatchResult {
		committee.stage = Stage::Waiting;
		committee.due = Self::schedule(Self::now().saturating_add(pause), Due::Step(work))?;
		Committees::<T>::insert(work, committee);
		Ok(())
	}

	fn give_up(work: Work, committee: CommitteeOf<T>) -> DispatchResult {
		Self::discharge(work, &committee, 0);
		Committees::<T>::remove(work);
		if let Some((who, bond)) = committee.challenger {
			let reason = HoldReason::Challenge.into();
			T::Currency::release(&reason, &who, bond, Precision::Exact)?;
		}
		Self::leave_unscored(work, false)
	}

	/// Nothing is found that anybody is paid by: the prior pays, and a version stays as it is.
	/// `withheld`: a panel found that it cannot have what it needs.
	fn leave_unscored(work: Work, withheld: bool) -> DispatchResult {
		match work {
			Work::Answer(id) => Self::pay_by_prior(id, withheld),
			Work::Training(model) => {
				Self::deposit_event(Event::Untested { model });
				Ok(())
			},
			Work::Batch(id) => Self::leave_to_prior(id, withheld),
		}
	}

	// Panels.

	/// Whether enough scorers are left beside `seats` for a panel. Those that have no room now count: else
	/// whoever keeps everybody busy would be judged by nobody.
	fn has_panel(work: Work, seats: &[Seat<T::AccountId>]) -> bool {
		let class = Self::class_of(work);
		let others = Drawable::<T>::get()
			.iter()
			.filter(|(_, of)| class.is_none_or(|class| class == *of))
			.filter(|(who, _)| seats.iter().all(|seat| seat.scorer != *who))
			.count();
		others >= Settings::<T>::get().minimum_panel.into()
	}

	fn ask_panel(work: Work, mut committee: CommitteeOf<T>, doubt: Doubt) -> DispatchResult {
		Self::unseat(work, &committee);
		committee.panel_from = Some(committee.seats.len() as u8);
		committee.attempt = committee.attempt.saturating_add(1);
		committee.failed = 0;
		Self::deposit_event(Event::PanelAsked { work, doubt });
		Self::wait(DELAY, work, committee)
	}

	/// Nobody challenged what the committee found: chance decides whether a panel looks again. It
	/// is drawn from blocks after the last reveal, so no committee knows before what will be looked
	/// at.
	fn review(work: Work, committee: CommitteeOf<T>) -> DispatchResult {
		let seed = Self::seed(b"openledger/audit/v1", (committee.sequence, committee.attempt));
		let draw = Balance::from(seed.to_low_u64_be() % u64::from(BASIS_POINTS));
		if draw < Self::audit_rate(work) && Self::has_panel(work, &committee.seats) {
			return Self::ask_panel(work, committee, Doubt::Audit);
		}
		match consensus(&Self::found(work, &committee)) {
			Some(common) => Self::close(work, committee, common),
			None => Self::again(work, committee),
		}
	}

	/// The contributors' part of what a committee works on, in wei.
	pub(crate) fn pool_of(work: Work) -> Balance {
		match work {
			Work::Answer(id) => Receipts::<T>::get(id).map_or(0, |receipt| receipt.pool),
			Work::Batch(id) => Batches::<T>::get(id).map_or(0, |batch| batch.pool),
			Work::Training(_) => 0,
		}
	}

	/// In basis points: the parameter, and more the more is at stake, so that on average a committee
	/// that lies together loses three times ten times what there is to gain. An answer with the largest
	/// pool is always looked at again.
	pub(crate) fn audit_rate(work: Work) -> Balance {
		let settings = Settings::<T>::get();
		let at_stake = Self::pool_of(work)
			.saturating_mul(BOND_OVER_POOL)
			.saturating_mul(BASIS_POINTS.into())
			.checked_div(settings.minimum_bond)
			.unwrap_or(0);
		at_stake.saturating_add(settings.audit_rate.into())
	}

	/// What a challenger puts up: what the panel is paid, so that no members of it gain by asking for it
	/// without reason, and at least the parameter.
	fn challenge_bond(work: Work) -> Result<Balance, DispatchError> {
		let settings = Settings::<T>::get();
		let each = match work {
			Work::Answer(id) => Receipts::<T>::get(id)
				.map_or(0, |receipt| Self::scoring_share(&settings, receipt.reward)),
			Work::Batch(id) => Batches::<T>::get(id)
				.map_or(0, |batch| Self::scoring_share(&settings, batch.reward)),
			Work::Training(model) => match Designs::<T>::get(model) {
				Some(design) => {
					Self::training_share(&settings, &design.blocks).ok_or(Error::<T>::Overflow)?
				},
				None => 0,
			},
		};
		Ok(each.saturating_mul(settings.panel.into()).max(settings.challenge_bond))
	}

	/// Demands a panel, for an active version one that trains the `named` adapters again; returns the
	/// bond that is put up.
	pub(crate) fn do_challenge(
		who: T::AccountId,
		work: Work,
		named: Drawn,
	) -> Result<Balance, DispatchError> {
		let bond = Self::challenge_bond(work)?;
		T::Currency::hold(&HoldReason::Challenge.into(), &who, bond)?;
		Self::deposit_event(Event::Challenged { work, who: who.clone(), bond });
		match (Committees::<T>::get(work), work) {
			(Some(mut committee), _) => {
				// What it found is of the adapters that it was asked for.
				let asked = committee.stage == Stage::Review && named.is_empty();
				ensure!(asked, Error::<T>::NotInReview);
				ensure!(Self::has_panel(work, &committee.seats), Error::<T>::NoPanel);
				committee.challenger = Some((who, bond));
				Self::ask_panel(work, committee, Doubt::Challenge)?;
			},
			(None, Work::Training(model)) => {
				let design = Designs::<T>::get(model).ok_or(Error::<T>::NoDesign)?;
				ensure!(design.standing == Standing::Active, Error::<T>::NotInReview);
				ensure!(Self::has_panel(work, &[]), Error::<T>::NoPanel);
				let known = named.iter().all(|number| *number <= design.last());
				ensure!(known, Error::<T>::NoAdapter);
				Self::begin_with(work, Some((who, bond)), named)?;
			},
			(None, Work::Answer(_) | Work::Batch(_)) => return Err(Error::<T>::NotInReview.into()),
		}
		Ok(bond)
	}

	// The end.

	/// What is found stands: seats are judged and paid, and what hangs on it follows.
	fn close(work: Work, committee: CommitteeOf<T>, common: Finding) -> DispatchResult {
		Self::unseat(work, &committee);
		let first = committee.sizes().0 as usize;
		let (good, wrong) = Self::judge(work, &committee, &common, first);
		Self::discharge(work, &committee, 0);
		Committees::<T>::remove(work);
		let (mut members, mut panel): (Vec<T::AccountId>, Vec<T::AccountId>) = Default::default();
		for (index, seat) in committee.seats.iter().enumerate() {
			if good.contains(&(index as u8)) {
				let side = if index < first { &mut members } else { &mut panel };
				side.push(seat.scorer.clone());
			}
		}
		let confirmed = committee.panel_from.is_some();
		let (right, moot) = match work {
			Work::Answer(_) | Work::Batch(_) => (common != Finding::Withheld, false),
			// Nobody need have kept rows that were withdrawn before: that they cannot be had proves nothing.
			Work::Training(model) => (
				Self::reproduces(model, &committee.drawn, &common),
				common == Finding::Withheld && committee.stale,
			),
		};
		let refuted = confirmed && !right && !moot;
		// Before the panel is paid, which the loser's bond is for.
		if let Some((who, bond)) = &committee.challenger {
			Self::end_challenge(work, who, *bond, refuted || wrong)?;
		}
		match (work, common) {
			(Work::Answer(id), Finding::Scores(y, spans)) => {
				Self::pay_scorers(work, &members, &panel)?;
				let agreed = good
					.iter()
					.fold(0, |bits, index| bits | 1u32.checked_shl((*index).into()).unwrap_or(0));
				let scorers = members.into_iter().chain(panel).take(MAX_COMMITTEE as usize);
				Self::pay_by_influence(id, (y, spans), scorers.collect(), agreed)
			},
			(Work::Training(model), _) => {
				Self::pay_trainers(model, &members, &panel)?;
				Self::judge_version(model, right, refuted, &committee)
			},
			(Work::Batch(id), Finding::Root(pages)) => {
				Self::open_pages(id, pages)?;
				Self::pay_scorers(work, &members, &panel)
			},
			// Who scores counts first, so that this is as good a finding as a vector.
			(work, Finding::Miscounted) => {
				Self::pay_scorers(work, &members, &panel)?;
				Self::refund_miscounted(work)
			},
			// What is to be scored is withheld: if a panel says so it has the scorers' part, no more, and
			// the prior takes what is left, so that nobody gains by hiding an answer from those who score
			// it. Nor does it cost who challenged.
			(work, _) => {
				if confirmed {
					Self::pay_scorers(work, &panel, &[])?;
				}
				Self::leave_unscored(work, confirmed)
			},
		}
	}

	/// Notes who found what stands, and accuses whose error is no matter of rounding: in a panel's
	/// light, a finding that is off by more than any class explains, or that differs from what
	/// others of its own class found bit by bit. Returns the good seats, and whether one of the first
	/// committee was wrong.
	fn judge(
		work: Work,
		committee: &CommitteeOf<T>,
		common: &Finding,
		first: usize,
	) -> (Vec<u8>, bool) {
		let settings = Settings::<T>::get();
		let reporter = committee.challenger.as_ref().map(|(who, _)| who.clone());
		let class = |index: usize| {
			let seat = committee.seats.get(index)?;
			Scorers::<T>::get(&seat.scorer).map(|scorer| scorer.class)
		};
		let panel: Vec<(usize, Option<Class>, Finding)> = (first..committee.seats.len())
			.filter_map(|index| Some((index, class(index), Findings::<T>::get(work, index as u8)?)))
			.collect();
		let (mut good, mut wrong) = (Vec::new(), false);
		for (index, seat) in committee.seats.iter().enumerate() {
			let Some(finding) = Findings::<T>::get(work, index as u8) else {
				Self::note(&seat.scorer, work, false);
				continue;
			};
			// Nobody can tell who was refused what it needs from who says so: that proves no lie.
			let had = |one: &Finding| *one != Finding::Withheld;
			if had(&finding) && !had(common) {
				continue;
			}
			// What others of its class found, if at least two did and they are of one mind.
			let own = class(index);
			let mut others = panel
				.iter()
				.filter(|(at, of, one)| *at != index && *of == own && had(one))
				.map(|(.., one)| one);
			let differs = match (others.next(), others.next()) {
				(Some(one), Some(two)) => one == two && others.all(|f| f == one) && *one != finding,
				_ => false,
			};
			let proved = had(&finding) && differs;
			let gross =
				had(&finding) && !panel.is_empty() && !alike(&finding, common, settings.gross);
			let right = !proved && alike(&finding, common, settings.tolerance);
			// A lie is no miss as well: it is slashed once.
			if proved || gross {
				Self::accuse(&seat.scorer, work, reporter.clone());
			} else {
				Self::note(&seat.scorer, work, right);
			}
			if right {
				good.push(index as u8);
			} else if index < first {
				wrong = true;
			}
		}
		(good, wrong)
	}

	/// What a member of a panel is paid where this is the scorers' part: as one of a whole committee.
	fn scoring_share(settings: &Parameters, reward: Balance) -> Balance {
		let [rest, _] = Self::cut(reward, settings.audit_share);
		rest.checked_div(settings.committee.into()).unwrap_or(0)
	}

	/// The committee's part, the same to each that was right; what does not divide to the first. A part
	/// is kept for panels, all of it if nobody was right. A panel's members get as much each, as far as
	/// what is kept lasts.
	fn pay_scorers(work: Work, members: &[T::AccountId], panel: &[T::AccountId]) -> DispatchResult {
		let settings = Settings::<T>::get();
		let (id, reward) = match work {
			Work::Answer(id) => {
				let receipt = Receipts::<T>::get(id).ok_or(Error::<T>::NoReceipt)?;
				(id, receipt.reward)
			},
			Work::Batch(id) => {
				let batch = Batches::<T>::get(id).ok_or(Error::<T>::NoBatch)?;
				(batch.root, batch.reward)
			},
			// Paid out of what the developer set aside.
			Work::Training(_) => return Ok(()),
		};
		let [rest, for_panels] = Self::cut(reward, settings.audit_share);
		let each = Self::scoring_share(&settings, reward);
		let count = members.len() as Balance;
		let part = rest.checked_div(count);
		let kept = if part.is_some() { for_panels } else { reward };
		Self::fund_panels(kept)?;
		if !kept.is_zero() {
			let (who, role) = (Self::pot(), Role::Panels);
			Self::deposit_event(Event::SharePaid { receipt: id, who, role, amount: kept });
		}
		for (n, who) in members.iter().enumerate() {
			let odd = if n == 0 { rest.checked_rem(count).unwrap_or(0) } else { 0 };
			let amount = part.unwrap_or(0).saturating_add(odd);
			Self::pay(id, who.clone(), Role::Scorer, amount)?;
		}
		Self::pay_panel(work, panel, each)
	}

	/// Pays `each` to scorers out of what is kept for panels, as far as it lasts.
	pub(crate) fn pay_panel(work: Work, panel: &[T::AccountId], each: Balance) -> DispatchResult {
		for who in panel {
			let amount = PanelFund::<T>::mutate(|fund| {
				let amount = each.min(*fund);
				*fund = fund.saturating_sub(amount);
				amount
			});
			if !amount.is_zero() {
				Self::hand_out(who, amount)?;
				Self::deposit_event(Event::PanelPaid { work, who: who.clone(), amount });
			}
		}
		Ok(())
	}

	/// The winner of a challenge has its bond back, and its part of what is slashed; the loser's bond
	/// pays for panels.
	fn end_challenge(work: Work, who: &T::AccountId, bond: Balance, won: bool) -> DispatchResult {
		if won {
			T::Currency::release(&HoldReason::Challenge.into(), who, bond, Precision::Exact)?;
		} else {
			Self::fine(HoldReason::Challenge, who, bond)?;
		}
		Self::deposit_event(Event::ChallengeEnded { work, who: who.clone(), won });
		Ok(())
	}
}
