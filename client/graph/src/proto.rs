//! A writer of the part of ONNX's protobuf that graphs need, in one canonical order, so that the
//! same graph is always the same bytes (onnx.proto, IR version 10).

/// A message under construction.
#[derive(Default)]
pub(crate) struct Message(pub Vec<u8>);

impl Message {
	fn varint(&mut self, mut value: u64) {
		while value >= 0x80 {
			self.0.push(value as u8 | 0x80);
			value >>= 7;
		}
		self.0.push(value as u8);
	}

	pub fn int(mut self, field: u32, value: i64) -> Self {
		self.varint(u64::from(field) << 3);
		self.varint(value as u64);
		self
	}

	pub fn bytes(mut self, field: u32, value: &[u8]) -> Self {
		self.varint(u64::from(field) << 3 | 2);
		self.varint(value.len() as u64);
		self.0.extend_from_slice(value);
		self
	}

	pub fn ints(self, field: u32, values: impl IntoIterator<Item = i64>) -> Self {
		values.into_iter().fold(self, |message, value| message.int(field, value))
	}

	pub fn message(self, field: u32, value: Message) -> Self {
		self.bytes(field, &value.0)
	}
}

/// `TensorProto.DataType`.
pub(crate) const FLOAT: i64 = 1;
/// `TensorProto.DataType`.
pub(crate) const INT64: i64 = 7;

/// A `TensorProto` with raw data.
pub(crate) fn tensor(name: &str, shape: &[usize], kind: i64, raw: &[u8]) -> Message {
	Message::default()
		.ints(1, shape.iter().map(|d| *d as i64))
		.int(2, kind)
		.bytes(8, name.as_bytes())
		.bytes(9, raw)
}

/// A `TensorProto` of numbers that lie in a file beside the model.
pub(crate) fn external(
	name: &str,
	shape: &[usize],
	file: &str,
	offset: usize,
	length: usize,
) -> Message {
	let entry = |key: &str, value: String| {
		Message::default().bytes(1, key.as_bytes()).bytes(2, value.as_bytes())
	};
	Message::default()
		.ints(1, shape.iter().map(|d| *d as i64))
		.int(2, FLOAT)
		.bytes(8, name.as_bytes())
		.message(13, entry("location", file.into()))
		.message(13, entry("offset", offset.to_string()))
		.message(13, entry("length", length.to_string()))
		.int(14, 1)
}

/// A `ValueInfoProto`.
pub(crate) fn value(name: &str, shape: &[usize], kind: i64) -> Message {
	let dimension = |d: &usize| Message::default().int(1, *d as i64);
	let shape = shape.iter().fold(Message::default(), |m, d| m.message(1, dimension(d)));
	let tensor = Message::default().int(1, kind).message(2, shape);
	Message::default()
		.bytes(1, name.as_bytes())
		.message(2, Message::default().message(1, tensor))
}

/// An `AttributeProto`.
pub(crate) enum Attribute {
	Int(i64),
	Ints(Vec<i64>),
}

impl Attribute {
	pub fn message(&self, name: &str) -> Message {
		let named = Message::default().bytes(1, name.as_bytes());
		match self {
			Self::Int(value) => named.int(3, *value).int(20, 2),
			Self::Ints(values) => named.ints(8, values.iter().copied()).int(20, 7),
		}
	}
}
