//! The only user of ONNX Runtime: finds and checks the library, runs graphs, names what results
//! depend on.
//!
//! The library is not linked and not downloaded at build time: `scripts/setup` takes it out of the
//! wheel `onnxruntime` and puts it into the cache, where [`Runtime::load`] finds it.

mod library;
mod session;

pub use library::{library_path, Error, Runtime, LIBRARY_SHA256, VERSION};
pub use session::{Session, Tensor};

/// What results depend on beside their inputs: within one class they are equal bit by bit.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct ExecutionClass {
	/// SHA-256 of the library.
	pub library: String,
	/// Where operators run.
	pub provider: String,
	/// Instruction sets of the processor that the kernels are chosen by.
	pub instructions: String,
	/// How graphs are rewritten before they run.
	pub optimisation: String,
}

impl ExecutionClass {
	/// The class of this process.
	pub fn current() -> Self {
		Self {
			library: LIBRARY_SHA256.into(),
			provider: "CPU".into(),
			instructions: instructions(),
			optimisation: "all".into(),
		}
	}

	/// BLAKE2b-256 of the class.
	pub fn hash(&self) -> [u8; 32] {
		use blake2::{digest::consts::U32, Blake2b, Digest};
		let parts = [&self.library, &self.provider, &self.instructions, &self.optimisation];
		let mut hasher = Blake2b::<U32>::new();
		parts.iter().for_each(|part| {
			hasher.update((part.len() as u64).to_le_bytes());
			hasher.update(part.as_bytes());
		});
		hasher.finalize().into()
	}

	/// What stands for the class on chain: the first eight bytes of its hash, little endian.
	pub fn id(&self) -> u64 {
		u64::from_le_bytes(std::array::from_fn(|i| self.hash()[i]))
	}
}

#[cfg(target_arch = "x86_64")]
fn instructions() -> String {
	let known = [
		("avx2", std::arch::is_x86_feature_detected!("avx2")),
		("fma", std::arch::is_x86_feature_detected!("fma")),
		("avx512f", std::arch::is_x86_feature_detected!("avx512f")),
		("avx512vnni", std::arch::is_x86_feature_detected!("avx512vnni")),
	];
	let found: Vec<&str> = known.iter().filter(|(_, has)| *has).map(|(name, _)| *name).collect();
	format!("x86_64 {}", found.join(" "))
}

#[cfg(not(target_arch = "x86_64"))]
fn instructions() -> String {
	std::env::consts::ARCH.into()
}
