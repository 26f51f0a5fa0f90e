//! The scorers' off-chain worker.
//!
//! It finds the seats of the hot keys in this node's keystore, lets the engine score or train, and
//! sends commits and reveals. Everything it needs later is stored before a commit leaves the node, and
//! everything is sent again until the chain has it, so a crash at any point loses nothing.

use super::*;
use frame::deps::{
	sp_io,
	sp_runtime::{offchain::storage::StorageValueRef, RuntimeAppPublic},
};
use openledger_influence_math::{
	design::group,
	host::{ask, Answer, BatchJob, Corpus, Job, Part, Query, Retraining},
	merkle,
};

/// The last part of the window in which a seat says that what it needs is withheld: a quarter.
const PATIENCE: u32 = 4;

/// What must not be lost between commit and reveal.
#[derive(Encode, Decode)]
struct Secret {
	finding: Finding,
	salt: Hash,
}

/// Batches of which this node has pages that may have to be posted.
const FOUND: &[u8] = b"openledger/attribution/batches";

/// The pages that this node found about a batch, by their hashes.
type Found = (BatchId, Vec<Hash>);

fn secret_at(seat: &SeatId) -> alloc::vec::Vec<u8> {
	(b"openledger/attribution/secret", seat).encode()
}

impl<T: Config> Pallet<T> {
	/// One run of the off-chain worker.
	pub(crate) fn work(now: u32) {
		for key in ScorerId::all() {
			let Some(who) = KeyOwner::<T>::get(&key) else { continue };
			let seats: Vec<(Work, u8)> =
				Assignments::<T>::iter_prefix(&who).take(MAX_SEATS_AT_ONCE as usize).collect();
			for (work, index) in seats {
				if let Err(reason) = Self::fill(&key, work, index) {
					log::debug!(target: LOG_TARGET, "block {now}, {work:?}: {reason}");
				}
			}
		}
		Self::post_pages();
	}

	/// Posts what is not posted yet of the pages that this node found.
	fn post_pages() {
		let found = StorageValueRef::persistent(FOUND);
		let Ok(Some(batches)) = found.get::<Vec<Found>>() else { return };
		let gone = |id: &BatchId| !Batches::<T>::contains_key(id);
		for (id, hashes) in batches.iter().filter(|(id, _)| !gone(id)) {
			if let Err(reason) = Self::post_pages_of(*id, hashes) {
				log::debug!(target: LOG_TARGET, "batch {id}: {reason}");
			}
		}
		if batches.iter().any(|(id, _)| gone(id)) {
			Self::remember(|batches| batches.retain(|(id, _)| !gone(id)));
		}
	}

	fn remember(change: impl Fn(&mut Vec<Found>)) {
		let _ =
			StorageValueRef::persistent(FOUND).mutate(|stored: Result<Option<Vec<Found>>, _>| {
				let mut batches = stored.ok().flatten().unwrap_or_default();
				change(&mut batches);
				Ok::<_, ()>(batches)
			});
	}

	fn post_pages_of(id: BatchId, hashes: &[Hash]) -> Result<(), &'static str> {
		let batch = Batches::<T>::get(id).ok_or("no batch")?;
		let posting = batch.posting.ok_or("its committee is at work")?;
		if Self::now() > posting.until {
			return Err("the time for its pages is over");
		}
		let mut leaves = hashes.to_vec();
		leaves.resize(page_count(batch.count, batch.adapters), Hash::zero());
		if merkle::root(&leaves) != posting.root {
			return Err("its committee agreed on other pages");
		}
		for (index, hash) in hashes.iter().enumerate() {
			if posting.has(index) {
				continue;
			}
			let Answer::Page(page) = ask(&Query::Page(*hash)) else {
				return Err("this node has lost a page");
			};
			let proof = merkle::proof(&leaves, index).ok_or("no such page")?;
			Self::send(Call::post_page {
				batch: id,
				index: index as u16,
				page: page.try_into().map_err(|_| "the page is too long")?,
				proof: proof.try_into().map_err(|_| "there are too many pages")?,
			})?;
		}
		Ok(())
	}

	/// Does what a seat asks for now. The error is why nothing was sent.
	fn fill(key: &ScorerId, work: Work, index: u8) -> Result<(), &'static str> {
		let committee = Committees::<T>::get(work).ok_or("no committee")?;
		let seat = committee.seats.get(usize::from(index)).ok_or("no seat")?;
		let id = SeatId { work, attempt: committee.attempt, index };
		match committee.stage {
			Stage::Commit if seat.commitment.is_none() => Self::send_commit(key, id, &committee),
			Stage::Reveal { since } if seat.commitment.is_some() && !seat.revealed => {
				Self::send_reveal(key, id, since)
			},
			_ => Ok(()),
		}
	}

	fn send_commit(
		key: &ScorerId,
		id: SeatId,
		committee: &Committee<T::AccountId>,
	) -> Result<(), &'static str> {
		let name = secret_at(&id);
		let stored = StorageValueRef::persistent(&name);
		let secret = match stored.get::<Secret>() {
			Ok(Some(secret)) => secret,
			_ => {
				let finding = Self::find(key, id.work, committee)?;
				let secret = Secret { finding, salt: sp_io::offchain::random_seed().into() };
				stored.set(&secret);
				secret
			},
		};
		let commitment = Self::commitment(&id, key, &secret.finding, &secret.salt);
		let signature =
			key.sign(&Self::commit_payload(&id, &commitment)).ok_or("the key cannot sign")?;
		Self::send(Call::commit { seat: id, commitment, signature })
	}

	/// Asks the engine.
	fn find(
		key: &ScorerId,
		work: Work,
		committee: &Committee<T::AccountId>,
	) -> Result<Finding, &'static str> {
		let query = match work {
			Work::Answer(id) => Query::Score(Self::job(key, id)?),
			Work::Training(model) => Query::Train(Self::retraining(model, &committee.drawn)?),
			Work::Batch(id) => Query::Batch(Self::batch_job(key, id)?),
		};
		match ask(&query) {
			Answer::Root { root, pages } => {
				if let Work::Batch(id) = work {
					Self::remember(|batches| {
						batches.retain(|(other, _)| *other != id);
						batches.push((id, pages.clone()));
					});
				}
				Ok(Finding::Root(root))
			},
			Answer::Scored(y, spans) => y
				.try_into()
				.map(|y| Finding::Scores(y, spans))
				.map_err(|_| "the vector is too long"),
			Answer::Trained(hashes) => hashes
				.try_into()
				.map(Finding::Adapters)
				.map_err(|_| "there are too many adapters"),
			Answer::Failed(reason) => {
				Self::warn(work, &reason);
				Err("the job failed")
			},
			Answer::Missing(reason) => {
				Self::warn(work, &reason);
				// Tried until little of the window is left.
				let left = committee.due.saturating_sub(Self::now());
				let late = left <= Self::commit_window(work) / PATIENCE;
				late.then_some(Finding::Withheld).ok_or("what the job needs cannot be had yet")
			},
			// What is there does not change.
			Answer::Miscounted(reason) => {
				Self::warn(work, &reason);
				Ok(Finding::Miscounted)
			},
			Answer::Busy => Err("the engine is busy"),
			Answer::Unavailable => Err("this node has no engine"),
			Answer::Pending | Answer::Finalized(_) | Answer::Page(_) => {
				Err("the engine is at work")
			},
		}
	}

	fn warn(work: Work, reason: &[u8]) {
		let reason = alloc::string::String::from_utf8_lossy(reason).into_owned();
		log::warn!(target: LOG_TARGET, "{work:?} cannot be done: {reason}");
	}

	/// What an answer is scored under beside the published adapter: the counterfactual ones, or a map.
	fn basis(model: ModelId) -> Option<(Vec<Hash>, Option<Hash>)> {
		let hashes = Adapters::<T>::get(model)?.into_inner();
		Some(match Designs::<T>::get(model)?.method {
			Method::Counterfactual => (hashes, None),
			Method::Gradient => (Vec::new(), hashes.first().copied()),
		})
	}

	fn job(key: &ScorerId, id: Hash) -> Result<Job, &'static str> {
		let receipt = Receipts::<T>::get(id).ok_or("no receipt")?;
		let model = T::Models::model(receipt.model).ok_or("no model")?;
		let (adapters, map) = Self::basis(receipt.model).ok_or("no adapters")?;
		let mut public = [0; 32];
		public.copy_from_slice(key.as_ref());
		Ok(Job {
			receipt: id,
			base: model.base,
			adapter: model.adapter,
			adapters,
			map,
			prompt: receipt.prompt,
			prompt_tokens: receipt.prompt_tokens,
			response: receipt.response,
			completion_tokens: receipt.completion_tokens,
			corpus: Self::corpus(receipt.model, receipt.terms)?,
			endpoints: T::Models::endpoints(receipt.model, Some(&receipt.operator)),
			key: public,
		})
	}

	fn batch_job(key: &ScorerId, id: BatchId) -> Result<BatchJob, &'static str> {
		let batch = Batches::<T>::get(id).ok_or("no batch")?;
		let model = T::Models::model(batch.model).ok_or("no model")?;
		let redeemed: Vec<_> =
			BatchPayers::<T>::get(id).into_iter().map(|paying| paying.redeemed).collect();
		let operator: AccountId32 = batch.operator.clone().into();
		let (adapters, map) = Self::basis(batch.model).ok_or("no adapters")?;
		let mut public = [0; 32];
		public.copy_from_slice(key.as_ref());
		let Eip712Domain { chain, contract } = T::Eip712::get();
		Ok(BatchJob {
			batch: id,
			genesis: Self::genesis(),
			operator: operator.into(),
			model: batch.model,
			base: model.base,
			adapter: model.adapter,
			adapters,
			map,
			columns: batch.adapters,
			items: batch.items,
			root: batch.root,
			count: batch.count,
			input_price: batch.prices.0,
			output_price: batch.prices.1,
			paid: batch.fee,
			redeemed: redeemed.encode(),
			seed: batch.seed.ok_or("no sample")?,
			full: batch.full,
			pool: batch.pool,
			corpus: Self::corpus(batch.model, batch.terms)?,
			endpoints: T::Models::endpoints(batch.model, Some(&batch.operator)),
			key: public,
			evm_chain: chain,
			contract: contract.0,
		})
	}

	/// Where spans are looked for, if any are paid.
	fn corpus(model: ModelId, terms: SpanTerms) -> Result<Option<Corpus>, &'static str> {
		if terms.share == 0 {
			return Ok(None);
		}
		let run = T::Models::run(model).ok_or("no run")?;
		let version = T::Datanets::version(run.datanet, run.version).ok_or("no version")?;
		let blocks =
			T::Datanets::blocks_of_batches(run.datanet, run.version).ok_or("no batches")?;
		let (manifest, root, least) = (run.manifest, version.root, terms.least);
		Ok(Some(Corpus { manifest, root, blocks, least }))
	}

	/// What the drawn numbers stand for, see [`Design::last`].
	pub(crate) fn parts(
		design: &Design<T::AccountId, T::Consideration>,
		drawn: &[u16],
	) -> Option<Vec<Part>> {
		let subsets = design.subsets()?;
		let part = |number: &u16| match ((*number).checked_sub(1), design.method) {
			(None, _) => Some(Part::Adapter([0xff; 32], 0)),
			(Some(k), Method::Counterfactual) => {
				let group = group(k.into(), design.blocks.len(), subsets.len());
				subsets.get(usize::from(k)).map(|subset| Part::Adapter(*subset, group))
			},
			(Some(k), Method::Gradient) => Some(k.checked_sub(1).map_or(Part::Map, Part::Page)),
		};
		drawn.iter().map(part).collect()
	}

	fn retraining(model: ModelId, drawn: &[u16]) -> Result<Retraining, &'static str> {
		let run = T::Models::run(model).ok_or("no run")?;
		let design = Designs::<T>::get(model).ok_or("no design")?;
		let version = T::Datanets::version(run.datanet, run.version).ok_or("no version")?;
		let blocks =
			T::Datanets::blocks_of_batches(run.datanet, run.version).ok_or("no batches")?;
		Ok(Retraining {
			base: run.base,
			manifest: run.manifest,
			root: version.root,
			blocks,
			parts: Self::parts(&design, drawn).ok_or("no subset")?,
			seed: design.seed.ok_or("no seed")?,
			columns: design.adapters,
			endpoints: T::Models::endpoints(model, None),
		})
	}

	fn send_reveal(key: &ScorerId, id: SeatId, since: u32) -> Result<(), &'static str> {
		// A reveal whose commits could still be reverted would tell the others what to commit.
		match ask(&Query::Finalized) {
			Answer::Finalized(finalized) if finalized >= since => {},
			Answer::Finalized(_) => return Err("the commits are not final"),
			_ => return Err("this node has no engine"),
		}
		let name = secret_at(&id);
		let stored = StorageValueRef::persistent(&name).get::<Secret>();
		let Ok(Some(Secret { finding, salt })) = stored else {
			return Err("what was committed to is lost");
		};
		let signature = key
			.sign(&Self::reveal_payload(&id, &finding, &salt))
			.ok_or("the key cannot sign")?;
		Self::send(Call::reveal { seat: id, finding, salt, signature })
	}

	fn send(call: Call<T>) -> Result<(), &'static str> {
		let extrinsic = T::create_authorized_transaction(call.into());
		SubmitTransaction::<T, Call<T>>::submit_transaction(extrinsic)
			.map_err(|()| "the pool has it already, or refused it")
	}
}
