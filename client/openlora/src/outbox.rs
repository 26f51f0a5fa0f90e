use codec::{Decode, Encode};
use openledger_core::{Reply, Request};
use sp_core::crypto::AccountId32;
use sp_runtime::MultiSignature;
use std::{
	fs, io,
	path::{Path, PathBuf},
};

/// A receipt that is to be submitted.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Entry {
	/// What the payer signed.
	pub request: Request<AccountId32>,
	/// The payer's signature.
	pub payer: MultiSignature,
	/// What the operator signed.
	pub reply: Reply,
	/// The operator's signature.
	pub operator: MultiSignature,
}

/// Receipts on disk until the chain has them, in the order in which they came.
#[derive(Clone)]
pub struct Outbox {
	folder: PathBuf,
}

impl Outbox {
	/// Opens a folder, or makes it.
	pub fn open(folder: &Path) -> io::Result<Self> {
		fs::create_dir_all(folder)?;
		Ok(Self { folder: folder.into() })
	}

	/// Names sort by payer's nonce, so that a channel's receipts go out in order.
	fn path(&self, entry: &Entry) -> PathBuf {
		let id = entry.request.id();
		self.folder.join(format!("{:020}-{}", entry.request.nonce, hex::encode(id)))
	}

	/// Keeps a receipt.
	pub fn put(&self, entry: &Entry) -> io::Result<()> {
		let path = self.path(entry);
		let part = path.with_extension("part");
		fs::write(&part, entry.encode())?;
		fs::File::open(&part)?.sync_all()?;
		fs::rename(part, path)?;
		// The name must survive a power cut as well.
		fs::File::open(&self.folder)?.sync_all()
	}

	/// Forgets a receipt that the chain has.
	pub fn done(&self, entry: &Entry) -> io::Result<()> {
		fs::remove_file(self.path(entry))
	}

	/// All receipts, in order. A damaged file is set aside under the extension `corrupt`, so that
	/// it does not hold back the others.
	pub fn waiting(&self) -> io::Result<Vec<Entry>> {
		let mut paths: Vec<PathBuf> = fs::read_dir(&self.folder)?
			.map(|e| e.map(|e| e.path()))
			.collect::<Result<_, _>>()?;
		paths.retain(|path| path.extension().is_none());
		paths.sort();
		let mut entries = Vec::new();
		for path in paths {
			let bytes = match fs::read(&path) {
				// Submitted meanwhile.
				Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
				read => read?,
			};
			match Entry::decode(&mut &bytes[..]) {
				Ok(entry) => entries.push(entry),
				Err(error) => {
					let name = path.display();
					log::error!(target: "openlora", "{name} is damaged ({error}): set aside");
					fs::rename(&path, path.with_extension("corrupt"))?;
				},
			}
		}
		Ok(entries)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use openledger_core::Hash;
	use sp_core::{sr25519, Pair};

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
		let (payer, operator) = (sign(request.payload()), sign(reply.payload()));
		Entry { request, payer, reply, operator }
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
