use crate::batch::Signed;
use codec::{Decode, Encode};
use openledger_core::Item;
use sp_core::crypto::AccountId32;
use std::{
	fs, io,
	marker::PhantomData,
	path::{Path, PathBuf},
};

/// An answer that is to be paid.
pub type Entry = Item<AccountId32>;

/// What is kept on disk until the chain has it.
pub trait Kept: Encode + Decode {
	/// The name of its file: files are read in the order of their names.
	fn name(&self) -> String;
}

impl Kept for Entry {
	/// Sorts by payer's nonce, so that a channel's receipts go out in order.
	fn name(&self) -> String {
		format!("{:020}-{}", self.request.nonce, hex::encode(self.request.id()))
	}
}

impl Kept for Signed {
	/// A later voucher for the same answers takes the place of an earlier one.
	fn name(&self) -> String {
		let (voucher, _) = self;
		let (payer, operator) = (hex::encode(&voucher.payer), hex::encode(&voucher.operator));
		format!("{:020}-{payer}-{operator}", voucher.nonce)
	}
}

/// A folder of things that survive a crash, in the order of their names.
pub struct Folder<T> {
	path: PathBuf,
	of: PhantomData<fn() -> T>,
}

/// Answers on disk until the chain has them, in the order in which they came.
pub type Outbox = Folder<Entry>;

impl<T: Kept> Folder<T> {
	/// Opens a folder, or makes it.
	pub fn open(path: &Path) -> io::Result<Self> {
		fs::create_dir_all(path)?;
		Ok(Self { path: path.into(), of: PhantomData })
	}

	/// Keeps a thing.
	pub fn put(&self, thing: &T) -> io::Result<()> {
		let path = self.path.join(thing.name());
		let part = path.with_extension("part");
		fs::write(&part, thing.encode())?;
		fs::File::open(&part)?.sync_all()?;
		fs::rename(part, path)?;
		// The name must survive a power cut as well.
		fs::File::open(&self.path)?.sync_all()
	}

	/// Forgets a thing that the chain has.
	pub fn done(&self, thing: &T) -> io::Result<()> {
		match fs::remove_file(self.path.join(thing.name())) {
			Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
			removed => removed,
		}
	}

	/// All that is kept, in order. A damaged file is set aside under the extension `corrupt`, so that
	/// it does not hold back the others.
	pub fn waiting(&self) -> io::Result<Vec<T>> {
		let mut paths: Vec<PathBuf> = fs::read_dir(&self.path)?
			.map(|e| e.map(|e| e.path()))
			.collect::<Result<_, _>>()?;
		paths.retain(|path| path.extension().is_none());
		paths.sort();
		let mut things = Vec::new();
		for path in paths {
			let bytes = match fs::read(&path) {
				// Done meanwhile.
				Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
				read => read?,
			};
			match T::decode(&mut &bytes[..]) {
				Ok(thing) => things.push(thing),
				Err(error) => {
					let name = path.display();
					log::error!(target: "openlora", "{name} is damaged ({error}): set aside");
					fs::rename(&path, path.with_extension("corrupt"))?;
				},
			}
		}
		Ok(things)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use openledger_core::{Hash, Reply, Request};
	use sp_core::{sr25519, Pair};
	use sp_runtime::MultiSignature;

	fn entry(nonce: u64) -> Entry {
		let pair = sr25519::Pair::from_seed(&[1; 32]);
		let request = Request {
			genesis: Hash::zero(),
			payer: pair.public().into(),
			operator: pair.public().into(),
			model: 0,
			adapter: Hash::zero(),
			prompt: Hash::zero(),
			maximum: 1,
			nonce,
			expiry: 1,
		};
		let reply = Reply {
			request: request.id(),
			response: Hash::zero(),
			prompt_tokens: 1,
			completion_tokens: 1,
		};
		let sign = |bytes: Vec<u8>| -> MultiSignature { pair.sign(&bytes).into() };
		let (payer_signature, operator_signature) =
			(sign(request.payload()), sign(reply.payload()));
		Entry { request, payer_signature, reply, operator_signature }
	}

	#[test]
	fn waiting_should_give_all_in_order_when_opened_again() {
		let folder = tempfile::tempdir().unwrap();
		let outbox = Outbox::open(folder.path()).unwrap();
		for nonce in [10, 9, 100] {
			outbox.put(&entry(nonce)).unwrap();
		}
		let again = Outbox::open(folder.path()).unwrap();
		let nonces = |outbox: &Outbox| -> Vec<u64> {
			outbox.waiting().unwrap().iter().map(|e| e.request.nonce).collect()
		};
		assert_eq!(nonces(&again), vec![9, 10, 100]);
		let damaged = folder.path().join(format!("{:020}-damaged", 1));
		fs::write(&damaged, b"cut sho").unwrap();
		assert_eq!(nonces(&again), vec![9, 10, 100]);
		assert!(!damaged.exists() && damaged.with_extension("corrupt").exists());
		again.done(&entry(10)).unwrap();
		assert_eq!(nonces(&outbox), vec![9, 100]);
	}
}
