use crate::{Error, Provider, Runtime};
use ort::{
	ep::CUDA,
	session::{
		builder::{GraphOptimizationLevel, SessionBuilder},
		SessionInputValue,
	},
	value::Tensor as Value,
};
use std::{borrow::Cow, collections::BTreeMap, path::Path};

/// A named tensor's content, shape first.
pub enum Tensor {
	/// Numbers.
	Floats(Vec<usize>, Vec<f32>),
	/// Indices.
	Integers(Vec<usize>, Vec<i64>),
}

/// A loaded graph. The same inputs give the same bytes within an
/// [`ExecutionClass`](crate::ExecutionClass).
pub struct Session {
	inner: ort::session::Session,
	outputs: Vec<String>,
}

fn builder(runtime: &Runtime, threads: usize) -> Result<SessionBuilder, Error> {
	Ok(ort::session::Session::builder(&runtime.environment)?
		.with_optimization_level(GraphOptimizationLevel::All)
		.map_err(ort::Error::from)?
		.with_intra_threads(threads)
		.map_err(ort::Error::from)?
		.with_intra_op_spinning(threads > 1)
		.map_err(ort::Error::from)?
		.with_deterministic_compute(true)
		.map_err(ort::Error::from)?)
}

impl Session {
	/// Loads ONNX bytes, to run on so many threads.
	pub fn new(runtime: &Runtime, graph: &[u8], threads: usize) -> Result<Self, Error> {
		Self::load(runtime, builder(runtime, threads)?, graph)
	}

	/// Loads ONNX bytes whose weights lie in files of a folder (external data), which are mapped,
	/// not read: sessions over the same files share their memory. Matrices are not packed for the
	/// kernels, which would be a copy of each: the last bits of results may be others than those of
	/// the same weights in [`Session::new`].
	pub fn with_files(
		runtime: &Runtime,
		graph: &[u8],
		threads: usize,
		folder: &Path,
	) -> Result<Self, Error> {
		let folder = folder.to_str().ok_or_else(|| {
			Error::Run(format!("the path {} is not UTF-8: rename the folder", folder.display()))
		})?;
		let builder = builder(runtime, threads)?
			.with_prepacking(false)
			.map_err(ort::Error::from)?
			.with_config_entry("session.model_external_initializers_file_folder_path", folder)
			.map_err(ort::Error::from)?;
		Self::load(runtime, builder, graph)
	}

	fn load(runtime: &Runtime, mut builder: SessionBuilder, graph: &[u8]) -> Result<Self, Error> {
		let inner = match runtime.provider {
			Provider::Cpu => builder.commit_from_memory(graph)?,
			Provider::Cuda => {
				// Products of 19 bits would miss what scorers must agree on.
				let cuda = CUDA::default().with_tf32(false).build().error_on_failure();
				let failed = |e: &dyn std::fmt::Display| Error::Cuda(e.to_string());
				let mut builder =
					builder.with_execution_providers([cuda]).map_err(|e| failed(&e))?;
				builder.commit_from_memory(graph).map_err(|e| failed(&e))?
			},
		};
		let outputs = inner.outputs().iter().map(|output| output.name().to_string()).collect();
		Ok(Self { inner, outputs })
	}

	/// Runs the graph; all its outputs by name.
	pub fn run(
		&mut self,
		inputs: Vec<(&'static str, Tensor)>,
	) -> Result<BTreeMap<String, Vec<f32>>, Error> {
		let mut values: Vec<(Cow<'static, str>, SessionInputValue)> = Vec::new();
		for (name, tensor) in inputs {
			let shape = |s: Vec<usize>| s.into_iter().map(|d| d as i64).collect::<Vec<i64>>();
			let value: SessionInputValue = match tensor {
				Tensor::Floats(dims, data) => Value::from_array((shape(dims), data))?.into(),
				Tensor::Integers(dims, data) => Value::from_array((shape(dims), data))?.into(),
			};
			values.push((name.into(), value));
		}
		let results = self.inner.run(values)?;
		self.outputs
			.iter()
			.map(|name| {
				let (_, data) = results[name.as_str()].try_extract_tensor::<f32>()?;
				Ok((name.clone(), data.to_vec()))
			})
			.collect()
	}
}
