use sha2::{Digest, Sha256};
use std::{
	env,
	path::{Path, PathBuf},
	sync::OnceLock,
};

/// The version of ONNX Runtime that this workspace is measured with.
pub const VERSION: &str = "1.31.1";
/// SHA-256 of its library for x86-64 Linux.
pub const LIBRARY_SHA256: &str = "fc44112fbe06d7d689c57e11d3862031f64711007e4ee020f8eed5185fd2c1d3";

/// What can go wrong between here and ONNX Runtime.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
	/// There is no library.
	#[error(
		"no ONNX Runtime {VERSION} at {0}: run ./scripts/setup, which puts it there, or set \
		 OPENLEDGER_ONNXRUNTIME to the path of libonnxruntime.so"
	)]
	Missing(PathBuf),
	/// It is another library.
	#[error(
		"{path} is not the ONNX Runtime {VERSION} that results are reproducible with (SHA-256 \
		 {found}): run ./scripts/setup, or set OPENLEDGER_ONNXRUNTIME to the right library"
	)]
	Wrong {
		/// The library.
		path: PathBuf,
		/// Its SHA-256.
		found: String,
	},
	/// It does not load.
	#[error("ONNX Runtime at {0} does not load: {1}")]
	Load(PathBuf, String),
	/// A graph does not load or run.
	#[error("ONNX Runtime: {0}")]
	Run(String),
}

impl From<ort::Error> for Error {
	fn from(error: ort::Error) -> Self {
		Self::Run(error.to_string())
	}
}

/// The library, loaded and checked.
#[derive(Clone)]
pub struct Runtime {
	pub(crate) environment: ort::environment::Environment,
}

/// Where the library is looked for: `OPENLEDGER_ONNXRUNTIME`, or else the cache that
/// `scripts/setup` fills.
pub fn library_path() -> PathBuf {
	if let Some(path) = env::var_os("OPENLEDGER_ONNXRUNTIME") {
		return path.into();
	}
	let home = || PathBuf::from(env::var_os("HOME").unwrap_or_default());
	let cache = env::var_os("OPENLEDGER_CACHE").map(PathBuf::from).unwrap_or_else(|| {
		let xdg = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
		xdg.unwrap_or_else(|| home().join(".cache")).join("openledger")
	});
	cache
		.join("onnxruntime")
		.join(VERSION)
		.join(format!("libonnxruntime.so.{VERSION}"))
}

/// Whether the file is the library.
pub(crate) fn check(path: &Path) -> Result<(), Error> {
	let bytes = std::fs::read(path).map_err(|_| Error::Missing(path.into()))?;
	let found: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
	if found == LIBRARY_SHA256 {
		Ok(())
	} else {
		Err(Error::Wrong { path: path.into(), found })
	}
}

impl Runtime {
	/// Finds, checks and loads the library; once per process.
	pub fn load() -> Result<Self, Error> {
		static LOADED: OnceLock<Result<Runtime, Error>> = OnceLock::new();
		LOADED.get_or_init(Self::load_now).clone()
	}

	/// Whether the library is there and the right one, without loading it.
	pub fn check() -> Result<(), Error> {
		check(&library_path())
	}

	fn load_now() -> Result<Self, Error> {
		let path = library_path();
		check(&path)?;
		let builder =
			ort::init_from(&path).map_err(|e| Error::Load(path.clone(), e.to_string()))?;
		let environment = builder.with_name("openledger").with_telemetry(false).build()?;
		Ok(Self { environment })
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn check_should_say_what_to_do_when_the_library_is_missing_or_wrong() {
		let missing = check(Path::new("/nowhere/libonnxruntime.so")).unwrap_err().to_string();
		assert!(missing.contains("./scripts/setup"), "{missing}");
		let other = env::temp_dir().join(format!("openledger-not-onnx-{}", std::process::id()));
		std::fs::write(&other, b"something else").unwrap();
		let wrong = check(&other).unwrap_err().to_string();
		std::fs::remove_file(&other).unwrap();
		assert!(wrong.contains("is not the ONNX Runtime"), "{wrong}");
	}
}
