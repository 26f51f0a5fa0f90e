//! The scorers' off-chain worker.
//!
//! It finds the seats of the hot keys in this node's keystore, lets the engine score, and sends
//! commits and reveals. Everything it needs later is stored before a commit leaves the node, and
//! everything is sent again until the chain has it, so a crash at any point loses nothing.

use super::*;
use frame::deps::{
	sp_io,
	sp_runtime::{offchain::storage::StorageValueRef, RuntimeAppPublic},
};
use openledger_influence_math::host::{ask, Answer, Job, Query};

/// Seats that a key works on at the same time.
const MAX_SEATS_AT_ONCE: usize = 32;

/// What must not be lost between commit and reveal.
#[derive(Encode, Decode)]
struct Secret {
	y: Vector,
	salt: Hash,
}

fn secret_at(seat: &SeatId) -> alloc::vec::Vec<u8> {
	(b"openledger/attribution/secret", seat).encode()
}

impl<T: Config> Pallet<T> {
	/// One run of the off-chain worker.
	pub(crate) fn work(now: u32) {
		for key in ScorerId::all() {
			let Some(who) = KeyOwner::<T>::get(&key) else { continue };
			let seats: alloc::vec::Vec<(Hash, u8)> =
				Assignments::<T>::iter_prefix(&who).take(MAX_SEATS_AT_ONCE).collect();
			for (receipt, index) in seats {
				if let Err(reason) = Self::fill(&key, receipt, index) {
					log::debug!(target: LOG_TARGET, "block {now}, receipt {receipt:?}: {reason}");
				}
			}
		}
	}

	/// Does what a seat asks for now. The error is why nothing was sent.
	fn fill(key: &ScorerId, id: Hash, index: u8) -> Result<(), &'static str> {
		let receipt = Receipts::<T>::get(id).ok_or("no receipt")?;
		let seat = receipt.seats.get(usize::from(index)).cloned().ok_or("no seat")?;
		let id = SeatId { receipt: id, attempt: receipt.attempt, index };
		match receipt.phase {
			Phase::Commit if seat.commitment.is_none() => Self::send_commit(key, id, &receipt),
			Phase::Reveal { since } if seat.commitment.is_some() && !seat.revealed => {
				Self::send_reveal(key, id, since)
			},
			_ => Ok(()),
		}
	}

	fn send_commit(
		key: &ScorerId,
		id: SeatId,
		receipt: &Receipt<T::AccountId, T::Consideration>,
	) -> Result<(), &'static str> {
		let name = secret_at(&id);
		let stored = StorageValueRef::persistent(&name);
		let secret = match stored.get::<Secret>() {
			Ok(Some(secret)) => secret,
			_ => {
				let y = Self::score(key, id.receipt, receipt)?;
				let secret = Secret { y, salt: sp_io::offchain::random_seed().into() };
				stored.set(&secret);
				secret
			},
		};
		let commitment = Self::commitment(&id, key, &secret.y, &secret.salt);
		let signature =
			key.sign(&Self::commit_payload(&id, &commitment)).ok_or("the key cannot sign")?;
		Self::send(Call::commit { seat: id, commitment, signature })
	}

	fn score(
		key: &ScorerId,
		id: Hash,
		receipt: &Receipt<T::AccountId, T::Consideration>,
	) -> Result<Vector, &'static str> {
		let model = T::Models::model(receipt.model).ok_or("no model")?;
		let mut public = [0; 32];
		public.copy_from_slice(key.as_ref());
		let job = Job {
			receipt: id,
			base: model.base,
			adapter: model.adapter,
			adapters: Adapters::<T>::get(receipt.model).ok_or("no adapters")?.into_inner(),
			prompt: receipt.prompt,
			response: receipt.response,
			endpoints: T::Models::endpoints(receipt.model, &receipt.operator),
			key: public,
		};
		match ask(&Query::Score(job)) {
			Answer::Scored(y) => y.try_into().map_err(|_| "the vector is too long"),
			Answer::Failed(reason) => {
				let reason = alloc::string::String::from_utf8_lossy(&reason).into_owned();
				log::warn!(target: LOG_TARGET, "receipt {id:?} cannot be scored: {reason}");
				Err("the job failed")
			},
			Answer::Busy => Err("the engine is busy"),
			Answer::Unavailable => Err("this node has no engine"),
			Answer::Pending | Answer::Finalized(_) => Err("the engine is at work"),
		}
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
		let Ok(Some(Secret { y, salt })) = stored else {
			return Err("what was committed to is lost");
		};
		let signature =
			key.sign(&Self::reveal_payload(&id, &y, &salt)).ok_or("the key cannot sign")?;
		Self::send(Call::reveal { seat: id, y, salt, signature })
	}

	fn send(call: Call<T>) -> Result<(), &'static str> {
		let extrinsic = T::create_authorized_transaction(call.into());
		SubmitTransaction::<T, Call<T>>::submit_transaction(extrinsic)
			.map_err(|()| "the pool has it already, or refused it")
	}
}
