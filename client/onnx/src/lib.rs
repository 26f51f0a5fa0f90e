//! The only user of ONNX Runtime: finds and checks the library, runs graphs, names what results
//! depend on.
//!
//! The library is not linked and not downloaded at build time: `scripts/setup` takes it out of the
//! wheel `onnxruntime` and puts it into the cache, where [`Runtime::load`] finds it. Graphs run on the
//! processor, or with `OPENLEDGER_PROVIDER=cuda` on an NVIDIA GPU, by the library of another wheel;
//! results then belong to another [`ExecutionClass`].

mod library;
mod session;

pub use library::{
	library_path, Error, Provider, Runtime, CUDA_LIBRARY_SHA256, LIBRARY_SHA256, VERSION,
};
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
	/// The class of this process. Where `OPENLEDGER_PROVIDER` is wrong, which [`Runtime::load`]
	/// refuses, that of the processor.
	pub fn current() -> Self {
		Self::of(Provider::chosen().unwrap_or_default(), &card())
	}

	fn of(provider: Provider, card: &str) -> Self {
		Self {
			library: provider.library_sha256().into(),
			provider: match provider {
				Provider::Cpu => "CPU".into(),
				Provider::Cuda => format!("CUDA {card}"),
			},
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

/// The name of the first NVIDIA GPU, as its driver says; empty if there is none.
fn card() -> String {
	let mut folders: Vec<_> = std::fs::read_dir("/proc/driver/nvidia/gpus")
		.map(|all| all.flatten().map(|entry| entry.path()).collect())
		.unwrap_or_default();
	folders.sort();
	let text = folders
		.first()
		.and_then(|f| std::fs::read_to_string(f.join("information")).ok());
	let model =
		|text: String| text.lines().find_map(|l| Some(l.strip_prefix("Model:")?.trim().into()));
	text.and_then(model).unwrap_or_default()
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

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn id_should_differ_when_provider_or_card_do() {
		let cpu = ExecutionClass::of(Provider::Cpu, "");
		let [one, other] = ["H200", "A100"].map(|card| ExecutionClass::of(Provider::Cuda, card));
		assert_eq!(cpu, ExecutionClass::of(Provider::Cpu, "H200"));
		assert_ne!(cpu.id(), one.id());
		assert_ne!(one.id(), other.id());
		assert_eq!(one.provider, "CUDA H200");
	}
}
