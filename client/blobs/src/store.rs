use blake2::{digest::consts::U32, Blake2b, Digest};
use std::{
	fs, io,
	io::Write,
	path::{Path, PathBuf},
	sync::atomic::{AtomicU64, Ordering},
};

/// A BLAKE2b-256 hash.
pub type Hash = [u8; 32];

/// BLAKE2b-256.
pub fn hash(bytes: &[u8]) -> Hash {
	Blake2b::<U32>::digest(bytes).into()
}

/// Who may read a blob.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Space {
	/// Anybody.
	Public,
	/// A drawn committee.
	Private,
}

impl Space {
	pub(crate) fn folder(self) -> &'static str {
		match self {
			Self::Public => "blobs",
			Self::Private => "private",
		}
	}
}

/// Why a blob cannot be had or stored.
#[derive(Debug, thiserror::Error)]
pub enum Error {
	/// It is not here.
	#[error("blob {} is not in {folder}", hex::encode(hash))]
	Missing {
		/// The blob.
		hash: Hash,
		/// Where it was looked for.
		folder: PathBuf,
	},
	/// Its content has another hash.
	#[error("{0} is corrupt: its content has another hash; it was set aside, fetch it again")]
	Corrupt(PathBuf),
	/// The disk refuses, for example because it is full.
	#[error("{bytes} bytes cannot be stored in {folder}: {why}; make room and try again")]
	Full {
		/// How much was to be stored.
		bytes: usize,
		/// Where.
		folder: PathBuf,
		/// What the system said.
		why: io::Error,
	},
	/// It is here and cannot be read.
	#[error("{path} cannot be read: {why}; check the disk and the rights of the file")]
	Unreadable {
		/// The file.
		path: PathBuf,
		/// What the system said.
		why: io::Error,
	},
	/// No endpoint gave it.
	#[error("blob {} could not be fetched: {why}", hex::encode(hash))]
	Fetch {
		/// The blob.
		hash: Hash,
		/// What the endpoints said.
		why: String,
	},
}

/// A folder of blobs.
#[derive(Clone, Debug)]
pub struct Store {
	root: PathBuf,
}

impl Store {
	/// Opens a folder, or makes it.
	pub fn open(root: &Path) -> Result<Self, Error> {
		for space in [Space::Public, Space::Private] {
			let folder = root.join(space.folder());
			fs::create_dir_all(&folder).map_err(|why| Error::Full { bytes: 0, folder, why })?;
		}
		Ok(Self { root: root.into() })
	}

	/// Where it is.
	pub fn root(&self) -> &Path {
		&self.root
	}

	fn path(&self, space: Space, hash: &Hash) -> PathBuf {
		self.root.join(space.folder()).join(hex::encode(hash))
	}

	/// Stores bytes, all of them or none; returns their hash.
	pub fn put(&self, space: Space, bytes: &[u8]) -> Result<Hash, Error> {
		static COUNTER: AtomicU64 = AtomicU64::new(0);
		let hash = hash(bytes);
		let path = self.path(space, &hash);
		if path.exists() {
			return Ok(hash);
		}
		let unique = COUNTER.fetch_add(1, Ordering::Relaxed);
		let part = path.with_extension(format!("{}.{unique}.part", std::process::id()));
		let write = || -> io::Result<()> {
			let mut file = fs::File::create(&part)?;
			file.write_all(bytes)?;
			file.sync_all()?;
			fs::rename(&part, &path)?;
			// The name must survive a power cut as well.
			fs::File::open(self.root.join(space.folder()))?.sync_all()
		};
		write().map_err(|why| {
			let _ = fs::remove_file(&part);
			Error::Full { bytes: bytes.len(), folder: self.root.join(space.folder()), why }
		})?;
		Ok(hash)
	}

	/// Whether a blob is here.
	pub fn has(&self, space: Space, hash: &Hash) -> bool {
		self.path(space, hash).exists()
	}

	/// Where a blob lies, checked against its hash without being held in memory. A corrupt one is set
	/// aside.
	pub fn file(&self, space: Space, wanted: &Hash) -> Result<PathBuf, Error> {
		let mut hasher = Blake2b::<U32>::new();
		fs::File::open(self.path(space, wanted))
			.and_then(|mut file| io::copy(&mut file, &mut hasher))
			.map_err(|why| self.unread(space, wanted, why))?;
		self.checked(space, wanted, &hasher.finalize().into())
	}

	/// A blob, checked against its hash. A corrupt one is set aside.
	pub fn get(&self, space: Space, wanted: &Hash) -> Result<Vec<u8>, Error> {
		let bytes =
			fs::read(self.path(space, wanted)).map_err(|why| self.unread(space, wanted, why))?;
		self.checked(space, wanted, &hash(&bytes))?;
		Ok(bytes)
	}

	fn unread(&self, space: Space, wanted: &Hash, why: io::Error) -> Error {
		match why.kind() {
			io::ErrorKind::NotFound => {
				Error::Missing { hash: *wanted, folder: self.root.join(space.folder()) }
			},
			_ => Error::Unreadable { path: self.path(space, wanted), why },
		}
	}

	/// The path of a blob if this is its content's hash.
	fn checked(&self, space: Space, wanted: &Hash, found: &Hash) -> Result<PathBuf, Error> {
		let path = self.path(space, wanted);
		if found == wanted {
			return Ok(path);
		}
		let _ = fs::rename(&path, path.with_extension("corrupt"));
		Err(Error::Corrupt(path))
	}

	/// Removes private blobs that are older than so many days; returns how many.
	pub fn forget(&self, days: u64) -> io::Result<usize> {
		let limit = std::time::Duration::from_secs(days * 24 * 3600);
		let mut removed = 0;
		for entry in fs::read_dir(self.root.join(Space::Private.folder()))? {
			let entry = entry?;
			// A file that another one removed meanwhile is forgotten already.
			let Ok(metadata) = entry.metadata() else { continue };
			let age = metadata.modified()?.elapsed().unwrap_or_default();
			if age > limit {
				match fs::remove_file(entry.path()) {
					Ok(()) => removed += 1,
					Err(error) if error.kind() == io::ErrorKind::NotFound => {},
					Err(error) => return Err(error),
				}
			}
		}
		Ok(removed)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn store() -> (tempfile::TempDir, Store) {
		let folder = tempfile::tempdir().unwrap();
		let store = Store::open(folder.path()).unwrap();
		(folder, store)
	}

	#[test]
	fn get_should_give_the_bytes_back_when_stored() {
		let (_folder, store) = store();
		let hash = store.put(Space::Public, b"content").unwrap();
		assert_eq!(store.get(Space::Public, &hash).unwrap(), b"content");
		assert!(matches!(store.get(Space::Private, &hash), Err(Error::Missing { .. })));
	}

	#[test]
	fn get_should_set_the_blob_aside_when_it_is_corrupt() {
		let (_folder, store) = store();
		let hash = store.put(Space::Public, b"content").unwrap();
		let path = store.path(Space::Public, &hash);
		fs::write(&path, b"contend").unwrap();
		assert!(matches!(store.get(Space::Public, &hash), Err(Error::Corrupt(_))));
		assert!(path.with_extension("corrupt").exists());
		store.put(Space::Public, b"content").unwrap();
		assert_eq!(store.get(Space::Public, &hash).unwrap(), b"content");
	}

	#[test]
	fn put_should_say_what_to_do_when_the_disk_refuses() {
		let (folder, store) = store();
		// Nothing can be made in what is no folder: the system refuses as a full disk does.
		fs::remove_dir(folder.path().join("blobs")).unwrap();
		fs::write(folder.path().join("blobs"), b"").unwrap();
		let error = store.put(Space::Public, b"content").unwrap_err().to_string();
		assert!(
			error.contains("7 bytes cannot be stored") && error.contains("make room"),
			"{error}"
		);
		fs::remove_file(folder.path().join("blobs")).unwrap();
		let store = Store::open(folder.path()).unwrap();
		assert!(store.put(Space::Public, b"content").is_ok());
		assert_eq!(fs::read_dir(folder.path().join("blobs")).unwrap().count(), 1);
	}

	#[test]
	fn get_should_not_say_missing_when_the_blob_cannot_be_read() {
		let (_folder, store) = store();
		let path = store.path(Space::Public, &[1; 32]);
		fs::create_dir(&path).unwrap();
		let error = store.get(Space::Public, &[1; 32]).unwrap_err();
		assert!(matches!(error, Error::Unreadable { .. }), "{error}");
	}

	#[test]
	fn forget_should_remove_private_blobs_alone_when_they_are_old() {
		let (_folder, store) = store();
		let old = store.put(Space::Private, b"old").unwrap();
		let young = store.put(Space::Private, b"young").unwrap();
		let public = store.put(Space::Public, b"public").unwrap();
		let before = std::time::SystemTime::now() - std::time::Duration::from_secs(3 * 24 * 3600);
		for path in [store.path(Space::Private, &old), store.path(Space::Public, &public)] {
			fs::File::options()
				.write(true)
				.open(path)
				.unwrap()
				.set_modified(before)
				.unwrap();
		}
		assert_eq!(store.forget(4).unwrap(), 0);
		assert_eq!(store.forget(2).unwrap(), 1);
		assert!(!store.has(Space::Private, &old) && store.has(Space::Private, &young));
		assert!(store.has(Space::Public, &public));
	}
}
