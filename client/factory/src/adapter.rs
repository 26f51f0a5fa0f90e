//! An adapter's file: safetensors, tensors named as in [`Base::adapter`].

use crate::{Base, Error};
use openledger_graph::Tensors;
use safetensors::{tensor::TensorView, Dtype, SafeTensors};

/// Writes a flat vector as safetensors.
pub(crate) fn write(tensors: &Tensors, flat: &[f32]) -> Result<Vec<u8>, Error> {
	let raw: Vec<u8> = flat.iter().flat_map(|v| v.to_le_bytes()).collect();
	let mut from = 0;
	let mut views = Vec::new();
	for (name, shape) in tensors {
		let to = from + 4 * shape.iter().product::<usize>();
		let view = TensorView::new(Dtype::F32, shape.clone(), &raw[from..to])
			.map_err(|e| Error::corrupt(name, e))?;
		views.push((name.clone(), view));
		from = to;
	}
	safetensors::serialize(views, None).map_err(|e| Error::corrupt("the tensors", e))
}

/// Reads safetensors into a flat vector.
pub(crate) fn read(what: &str, tensors: &Tensors, file: &[u8]) -> Result<Vec<f32>, Error> {
	let parsed = SafeTensors::deserialize(file).map_err(|e| Error::corrupt(what, e))?;
	let mut flat = Vec::new();
	for (name, shape) in tensors {
		let tensor = parsed.tensor(name).map_err(|e| Error::corrupt(what, e))?;
		if tensor.dtype() != Dtype::F32 || tensor.shape() != shape.as_slice() {
			let found = format!("{name} is {:?} {:?}", tensor.dtype(), tensor.shape());
			return Err(Error::corrupt(what, format!("{found}, not F32 {shape:?}")));
		}
		flat.extend(
			tensor
				.data()
				.chunks_exact(4)
				.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])),
		);
	}
	if flat.iter().all(|v| v.is_finite()) {
		Ok(flat)
	} else {
		Err(Error::corrupt(what, "a number is not finite"))
	}
}

/// The bytes of an adapter's file.
pub fn to_file(base: &Base, flat: &[f32]) -> Result<Vec<u8>, Error> {
	write(&base.adapter(), flat)
}

/// An adapter out of its file.
pub fn from_file(base: &Base, file: &[u8]) -> Result<Vec<f32>, Error> {
	read("adapter.safetensors", &base.adapter(), file)
}

#[cfg(test)]
mod tests {
	use super::*;
	use openledger_graph::{count, Gpt};

	const TINY: Gpt = Gpt { vocabulary: 11, context: 6, width: 8, layers: 1, heads: 2, rank: 2 };

	#[test]
	fn from_file_should_give_the_adapter_back_when_written() {
		let flat = crate::noise([1; 32], count(&TINY.adapter()), 1.0);
		let file = write(&TINY.adapter(), &flat).unwrap();
		assert_eq!(read("adapter.safetensors", &TINY.adapter(), &file).unwrap(), flat);
	}

	#[test]
	fn from_file_should_be_a_clear_error_when_corrupt_or_of_another_model() {
		let flat = crate::noise([1; 32], count(&TINY.adapter()), 1.0);
		let file = write(&TINY.adapter(), &flat).unwrap();
		let other = Gpt { rank: 3, ..TINY };
		for (model, file) in [(&TINY, &file[..9]), (&TINY, &b"nothing"[..]), (&other, &file[..])] {
			let error =
				read("adapter.safetensors", &model.adapter(), file).unwrap_err().to_string();
			assert!(error.contains("adapter.safetensors is not what it should be"), "{error}");
		}
	}
}
