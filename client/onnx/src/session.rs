use crate::{Error, Provider, Runtime};
use ort::{
	ep::CUDA,
	session::{builder::GraphOptimizationLevel, SessionInputValue},
	value::Tensor as Value,
};
use std::{borrow::Cow, collections::BTreeMap};

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

impl Session {
	/// Loads ONNX bytes, to run on so many threads.
	pub fn new(runtime: &Runtime, graph: &[u8], threads: usize) -> Result<Self, Error> {
		let mut builder = ort::session::Session::builder(&runtime.environment)?
			.with_optimization_level(GraphOptimizationLevel::All)
			.map_err(ort::Error::from)?
			.with_intra_threads(threads)
			.map_err(ort::Error::from)?
			.with_intra_op_spinning(threads > 1)
			.map_err(ort::Error::from)?
			.with_deterministic_compute(true)
			.map_err(ort::Error::from)?;
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
