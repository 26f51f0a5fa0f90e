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

/// SHA-256 of the same library in the wheel `onnxruntime-gpu`, which runs on NVIDIA GPUs too.
pub const CUDA_LIBRARY_SHA256: &str =
	"5104254339ecadae808da771bd0b63b240f0dbd466514234905e54372435c303";

/// Where graphs run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Provider {
	/// On the processor.
	#[default]
	Cpu,
	/// On the first NVIDIA GPU.
	Cuda,
}

impl Provider {
	/// The one that `OPENLEDGER_PROVIDER` names, `cpu` or `cuda`; the processor, if it is not set.
	/// Errors: it names another.
	pub fn chosen() -> Result<Self, Error> {
		match env::var("OPENLEDGER_PROVIDER") {
			Err(env::VarError::NotPresent) => Ok(Self::Cpu),
			Ok(name) => Self::named(&name),
			Err(env::VarError::NotUnicode(name)) => {
				Err(Error::Provider(name.to_string_lossy().into()))
			},
		}
	}

	fn named(name: &str) -> Result<Self, Error> {
		match name {
			"cpu" => Ok(Self::Cpu),
			"cuda" => Ok(Self::Cuda),
			_ => Err(Error::Provider(name.into())),
		}
	}

	/// SHA-256 of its library.
	pub fn library_sha256(self) -> &'static str {
		match self {
			Self::Cpu => LIBRARY_SHA256,
			Self::Cuda => CUDA_LIBRARY_SHA256,
		}
	}
}

/// What can go wrong between here and ONNX Runtime.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
	/// There is no library.
	#[error(
		"no ONNX Runtime {VERSION} at {0}: run ./scripts/setup, which puts it there, or set \
		 OPENLEDGER_ONNXRUNTIME to the path of libonnxruntime.so"
	)]
	Missing(PathBuf),
	/// There is no library that has CUDA.
	#[error(
		"no ONNX Runtime {VERSION} with CUDA at {0}: run scripts/bench gpu, which puts it there, on a \
		 machine with an NVIDIA GPU, or unset OPENLEDGER_PROVIDER"
	)]
	MissingCuda(PathBuf),
	/// There is no such provider.
	#[error("OPENLEDGER_PROVIDER is {0}: it can be cpu or cuda")]
	Provider(String),
	/// CUDA does not start.
	#[error(
		"CUDA does not start, which OPENLEDGER_PROVIDER asks for: {0}; is there an NVIDIA GPU with its \
		 driver, and are CUDA's and cuDNN's libraries on LD_LIBRARY_PATH?"
	)]
	Cuda(String),
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
	pub(crate) provider: Provider,
}

/// Where the library is looked for: `OPENLEDGER_ONNXRUNTIME`, or else the cache that
/// `scripts/setup` fills, and for CUDA `scripts/bench gpu`.
pub fn library_path(provider: Provider) -> PathBuf {
	if let Some(path) = env::var_os("OPENLEDGER_ONNXRUNTIME") {
		return path.into();
	}
	let home = || PathBuf::from(env::var_os("HOME").unwrap_or_default());
	let cache = env::var_os("OPENLEDGER_CACHE").map(PathBuf::from).unwrap_or_else(|| {
		let xdg = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
		xdg.unwrap_or_else(|| home().join(".cache")).join("openledger")
	});
	let folder = match provider {
		Provider::Cpu => VERSION.to_string(),
		Provider::Cuda => format!("{VERSION}-cuda"),
	};
	cache
		.join("onnxruntime")
		.join(folder)
		.join(format!("libonnxruntime.so.{VERSION}"))
}

/// Whether the file is the provider's library.
pub(crate) fn check(path: &Path, provider: Provider) -> Result<(), Error> {
	let missing = match provider {
		Provider::Cpu => Error::Missing,
		Provider::Cuda => Error::MissingCuda,
	};
	let bytes = std::fs::read(path).map_err(|_| missing(path.into()))?;
	let found: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
	if found == provider.library_sha256() {
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
		let provider = Provider::chosen()?;
		check(&library_path(provider), provider)
	}

	fn load_now() -> Result<Self, Error> {
		let provider = Provider::chosen()?;
		let path = library_path(provider);
		check(&path, provider)?;
		let builder =
			ort::init_from(&path).map_err(|e| Error::Load(path.clone(), e.to_string()))?;
		let environment = builder.with_name("openledger").with_telemetry(false).build()?;
		Ok(Self { environment, provider })
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn check_should_say_what_to_do_when_the_library_is_missing_or_wrong() {
		let nowhere = Path::new("/nowhere/libonnxruntime.so");
		let missing = check(nowhere, Provider::Cpu).unwrap_err().to_string();
		assert!(missing.contains("./scripts/setup"), "{missing}");
		let missing = check(nowhere, Provider::Cuda).unwrap_err().to_string();
		assert!(missing.contains("scripts/bench gpu"), "{missing}");
		let other = env::temp_dir().join(format!("openledger-not-onnx-{}", std::process::id()));
		std::fs::write(&other, b"something else").unwrap();
		let wrong = check(&other, Provider::Cpu).unwrap_err().to_string();
		std::fs::remove_file(&other).unwrap();
		assert!(wrong.contains("is not the ONNX Runtime"), "{wrong}");
	}

	#[test]
	fn named_should_be_an_error_when_there_is_no_such_provider() {
		assert_eq!(Provider::named("cpu").unwrap(), Provider::Cpu);
		assert_eq!(Provider::named("cuda").unwrap(), Provider::Cuda);
		let error = Provider::named("tpu").unwrap_err().to_string();
		assert!(error.contains("is tpu: it can be cpu or cuda"), "{error}");
	}
}
