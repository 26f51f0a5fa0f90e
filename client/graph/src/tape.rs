//! Graphs of standard ONNX operators with static shapes, and their gradients.
//!
//! Every operator is a primitive with one output and one rule. A gradient is again a graph of the
//! same operators (reverse accumulation, Linnainmaa 1970), so forward, gradient and training step
//! come from one definition.

use crate::proto::{self, Attribute, Message, FLOAT, INT64};
use std::collections::{BTreeMap, BTreeSet};

/// A tensor of a [`Graph`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Var(usize);

#[derive(Clone, Debug, PartialEq)]
enum Op {
	Input(String),
	Floats(Vec<f32>),
	/// File, offset and length, in bytes.
	File(String, usize, usize),
	MatMul,
	/// Product of two matrices, the right one transposed or not.
	Gemm(bool),
	Add,
	Sub,
	Mul,
	Div,
	Neg,
	Exp,
	Log,
	Sqrt,
	Relu,
	Tanh,
	Sigmoid,
	Erf,
	Sign,
	Softmax,
	LogSoftmax,
	/// Sum over the axes, which stay with length one.
	Sum(Vec<usize>),
	Reshape,
	Transpose(Vec<usize>),
	Expand,
	/// Rows of a table by an index.
	Gather,
	OneHot,
	/// From, to along an axis.
	Slice(usize, usize, usize),
	/// Zeros along an axis, before and after.
	Pad(usize, usize, usize),
	Concat(usize),
}

struct Node {
	op: Op,
	inputs: Vec<Var>,
	shape: Vec<usize>,
	integer: bool,
}

/// A graph under construction. Shapes are checked as it grows: a graph that cannot be is a mistake
/// of the program and panics.
#[derive(Default)]
pub struct Graph {
	nodes: Vec<Node>,
	outputs: Vec<(String, Var)>,
}

impl Graph {
	fn push(&mut self, op: Op, inputs: &[Var], shape: Vec<usize>) -> Var {
		self.nodes.push(Node { op, inputs: inputs.to_vec(), shape, integer: false });
		Var(self.nodes.len() - 1)
	}

	/// The shape of a tensor.
	pub fn shape(&self, x: Var) -> &[usize] {
		&self.nodes[x.0].shape
	}

	/// A tensor of numbers that is given at every run.
	pub fn input(&mut self, name: &str, shape: &[usize]) -> Var {
		self.push(Op::Input(name.into()), &[], shape.to_vec())
	}

	/// A tensor of indices (i64) that is given at every run.
	pub fn indices(&mut self, name: &str, shape: &[usize]) -> Var {
		let x = self.input(name, shape);
		self.nodes[x.0].integer = true;
		x
	}

	/// A constant.
	pub fn constant(&mut self, shape: &[usize], values: Vec<f32>) -> Var {
		assert_eq!(shape.iter().product::<usize>(), values.len(), "a constant fills its shape");
		self.push(Op::Floats(values), &[], shape.to_vec())
	}

	/// A constant number.
	pub fn number(&mut self, value: f32) -> Var {
		self.constant(&[], vec![value])
	}

	/// A constant whose f32 numbers lie in a file beside the model, little endian, from byte `offset`
	/// on (ONNX's external data): a session maps it, nothing of it is in the model's bytes.
	pub fn file(&mut self, file: &str, offset: usize, shape: &[usize]) -> Var {
		let length = 4 * shape.iter().product::<usize>();
		self.push(Op::File(file.into(), offset, length), &[], shape.to_vec())
	}

	/// Names a result.
	pub fn output(&mut self, name: &str, x: Var) {
		self.outputs.push((name.into(), x));
	}

	/// Matrix product over the last two axes. The right side is a matrix, or has the same leading
	/// axes as the left.
	pub fn matmul(&mut self, a: Var, b: Var) -> Var {
		let (left, right) = (self.shape(a).to_vec(), self.shape(b).to_vec());
		let (n, m) = (left.len(), right.len());
		assert!(n >= 2 && m >= 2 && left[n - 1] == right[m - 2], "{left:?} x {right:?}");
		assert!(m == 2 || left[..n - 2] == right[..m - 2], "{left:?} x {right:?}");
		let mut shape = left[..n - 1].to_vec();
		shape.push(right[m - 1]);
		self.push(Op::MatMul, &[a, b], shape)
	}

	/// `x` `[.., from]` times a matrix, which is `[from, to]` or, `transposed`, `[to, from]`. Neither
	/// the product nor its gradient for `x` needs the matrix in another layout, which would be a copy
	/// of it.
	pub fn linear(&mut self, x: Var, matrix: Var, transposed: bool) -> Var {
		let (mut shape, w) = (self.shape(x).to_vec(), self.shape(matrix).to_vec());
		let (from, to) = if transposed { (w[1], w[0]) } else { (w[0], w[1]) };
		assert!(w.len() == 2 && shape.last() == Some(&from), "{shape:?} x {w:?}");
		let rows = shape[..shape.len() - 1].iter().product();
		let flat = self.reshape(x, &[rows, from]);
		let y = self.push(Op::Gemm(transposed), &[flat, matrix], vec![rows, to]);
		shape.pop();
		shape.push(to);
		self.reshape(y, &shape)
	}

	fn broadcast(&mut self, op: Op, a: Var, b: Var) -> Var {
		let (x, y) = (self.shape(a), self.shape(b));
		let rank = x.len().max(y.len());
		let at = |s: &[usize], i: usize| (i + s.len()).checked_sub(rank).map_or(1, |i| s[i]);
		let shape: Vec<usize> = (0..rank)
			.map(|i| match (at(x, i), at(y, i)) {
				(p, 1) => p,
				(1, q) => q,
				(p, q) => {
					assert_eq!(p, q, "{x:?} and {y:?} do not broadcast");
					p
				},
			})
			.collect();
		self.push(op, &[a, b], shape)
	}

	/// `a + b`, broadcast.
	pub fn add(&mut self, a: Var, b: Var) -> Var {
		self.broadcast(Op::Add, a, b)
	}

	/// `a − b`, broadcast.
	pub fn sub(&mut self, a: Var, b: Var) -> Var {
		self.broadcast(Op::Sub, a, b)
	}

	/// `a · b` element by element, broadcast.
	pub fn mul(&mut self, a: Var, b: Var) -> Var {
		self.broadcast(Op::Mul, a, b)
	}

	/// `a / b` element by element, broadcast.
	pub fn div(&mut self, a: Var, b: Var) -> Var {
		self.broadcast(Op::Div, a, b)
	}

	/// `x` times a number.
	pub fn scale(&mut self, x: Var, by: f32) -> Var {
		let by = self.number(by);
		self.mul(x, by)
	}

	fn unary(&mut self, op: Op, x: Var) -> Var {
		let shape = self.shape(x).to_vec();
		self.push(op, &[x], shape)
	}

	/// `−x`.
	pub fn neg(&mut self, x: Var) -> Var {
		self.unary(Op::Neg, x)
	}

	/// `eˣ`.
	pub fn exp(&mut self, x: Var) -> Var {
		self.unary(Op::Exp, x)
	}

	/// The natural logarithm.
	pub fn log(&mut self, x: Var) -> Var {
		self.unary(Op::Log, x)
	}

	/// The square root.
	pub fn sqrt(&mut self, x: Var) -> Var {
		self.unary(Op::Sqrt, x)
	}

	/// `max(x, 0)`.
	pub fn relu(&mut self, x: Var) -> Var {
		self.unary(Op::Relu, x)
	}

	/// The hyperbolic tangent.
	pub fn tanh(&mut self, x: Var) -> Var {
		self.unary(Op::Tanh, x)
	}

	/// `1 / (1 + e⁻ˣ)`.
	pub fn sigmoid(&mut self, x: Var) -> Var {
		self.unary(Op::Sigmoid, x)
	}

	/// The error function.
	pub fn erf(&mut self, x: Var) -> Var {
		self.unary(Op::Erf, x)
	}

	/// Softmax over the last axis.
	pub fn softmax(&mut self, x: Var) -> Var {
		self.unary(Op::Softmax, x)
	}

	/// Logarithm of the softmax over the last axis.
	pub fn log_softmax(&mut self, x: Var) -> Var {
		self.unary(Op::LogSoftmax, x)
	}

	/// Sum over axes, which stay with length one.
	pub fn sum(&mut self, x: Var, axes: &[usize]) -> Var {
		let mut shape = self.shape(x).to_vec();
		axes.iter().for_each(|axis| shape[*axis] = 1);
		self.push(Op::Sum(axes.to_vec()), &[x], shape)
	}

	/// The same numbers in another shape.
	pub fn reshape(&mut self, x: Var, shape: &[usize]) -> Var {
		let count = |s: &[usize]| s.iter().product::<usize>();
		assert_eq!(count(self.shape(x)), count(shape), "{:?} into {shape:?}", self.shape(x));
		self.push(Op::Reshape, &[x], shape.to_vec())
	}

	/// Axes in another order.
	pub fn transpose(&mut self, x: Var, order: &[usize]) -> Var {
		let shape = order.iter().map(|axis| self.shape(x)[*axis]).collect();
		self.push(Op::Transpose(order.to_vec()), &[x], shape)
	}

	fn swap_last(&mut self, x: Var) -> Var {
		let rank = self.shape(x).len();
		let mut order: Vec<usize> = (0..rank).collect();
		order.swap(rank - 1, rank - 2);
		self.transpose(x, &order)
	}

	/// Repeats along axes of length one, and new leading ones.
	pub fn expand(&mut self, x: Var, shape: &[usize]) -> Var {
		self.push(Op::Expand, &[x], shape.to_vec())
	}

	/// Rows `index` of a matrix.
	pub fn gather(&mut self, table: Var, index: Var) -> Var {
		let mut shape = self.shape(index).to_vec();
		shape.extend(&self.shape(table)[1..]);
		self.push(Op::Gather, &[table, index], shape)
	}

	/// One where the last axis is `index`, zero elsewhere.
	pub fn one_hot(&mut self, index: Var, depth: usize) -> Var {
		let mut shape = self.shape(index).to_vec();
		shape.push(depth);
		self.push(Op::OneHot, &[index], shape)
	}

	/// `from..to` along an axis.
	pub fn slice(&mut self, x: Var, axis: usize, from: usize, to: usize) -> Var {
		let mut shape = self.shape(x).to_vec();
		assert!(from <= to && to <= shape[axis], "{from}..{to} of {shape:?}");
		shape[axis] = to - from;
		self.push(Op::Slice(axis, from, to), &[x], shape)
	}

	/// So many zeros before and after along an axis.
	pub fn pad(&mut self, x: Var, axis: usize, before: usize, after: usize) -> Var {
		let mut shape = self.shape(x).to_vec();
		shape[axis] += before + after;
		self.push(Op::Pad(axis, before, after), &[x], shape)
	}

	/// Joined along an axis.
	pub fn concat(&mut self, parts: &[Var], axis: usize) -> Var {
		let mut shape = self.shape(parts[0]).to_vec();
		shape[axis] = parts.iter().map(|x| self.shape(*x)[axis]).sum();
		self.push(Op::Concat(axis), parts, shape)
	}

	/// Sums what was broadcast, so that a gradient has the shape of its tensor.
	fn reduce_to(&mut self, gradient: Var, shape: &[usize]) -> Var {
		let from = self.shape(gradient).to_vec();
		if from == shape {
			return gradient;
		}
		let new = from.len() - shape.len();
		let axes: Vec<usize> = (0..from.len())
			.filter(|i| *i < new || (shape[i - new] == 1 && from[*i] > 1))
			.collect();
		let summed = self.sum(gradient, &axes);
		self.reshape(summed, shape)
	}

	/// Gradients of the sum of `y` with respect to each of `of`.
	pub fn gradients(&mut self, y: Var, of: &[Var]) -> Vec<Var> {
		let wanted: BTreeSet<Var> = of.iter().copied().collect();
		// What depends on a wanted tensor, and so needs a gradient itself.
		let mut needs = vec![false; self.nodes.len()];
		for (i, node) in self.nodes.iter().enumerate() {
			needs[i] = wanted.contains(&Var(i)) || node.inputs.iter().any(|x| needs[x.0]);
		}
		let mut gradients: BTreeMap<usize, Var> = BTreeMap::new();
		let ones = vec![1.0; self.shape(y).iter().product()];
		let shape = self.shape(y).to_vec();
		let seed = self.constant(&shape, ones);
		gradients.insert(y.0, seed);
		for i in (0..=y.0).rev() {
			let Some(dy) = gradients.get(&i).copied() else { continue };
			if wanted.contains(&Var(i)) {
				continue;
			}
			let inputs = self.nodes[i].inputs.clone();
			for (place, x) in inputs.iter().enumerate().filter(|(_, x)| needs[x.0]) {
				let Some(dx) = self.pull_back(Var(i), dy, place) else { continue };
				let sum = match gradients.get(&x.0) {
					Some(other) => self.add(*other, dx),
					None => dx,
				};
				gradients.insert(x.0, sum);
			}
		}
		of.iter()
			.map(|x| match gradients.get(&x.0) {
				Some(gradient) => *gradient,
				None => {
					let shape = self.shape(*x).to_vec();
					self.constant(&shape, vec![0.0; shape.iter().product()])
				},
			})
			.collect()
	}

	/// What a gradient `dy` of `y` is for the input of `y` at `place`.
	fn pull_back(&mut self, y: Var, dy: Var, place: usize) -> Option<Var> {
		let (op, inputs) = (self.nodes[y.0].op.clone(), self.nodes[y.0].inputs.clone());
		let shape = self.shape(inputs[place]).to_vec();
		let gradient = match op {
			Op::MatMul => match place {
				0 => {
					let right = self.swap_last(inputs[1]);
					self.matmul(dy, right)
				},
				_ if shape.len() == 2 => {
					let rows = |s: &[usize]| s[..s.len() - 1].iter().product::<usize>();
					let m = rows(self.shape(inputs[0]));
					let left = self.reshape(inputs[0], &[m, shape[0]]);
					let dy = self.reshape(dy, &[m, shape[1]]);
					let left = self.swap_last(left);
					self.matmul(left, dy)
				},
				_ => {
					let left = self.swap_last(inputs[0]);
					self.matmul(left, dy)
				},
			},
			Op::Gemm(transposed) => match place {
				0 => self.linear(dy, inputs[1], !transposed),
				_ => {
					let (left, right) = if transposed { (dy, inputs[0]) } else { (inputs[0], dy) };
					let left = self.swap_last(left);
					self.matmul(left, right)
				},
			},
			Op::Add => self.reduce_to(dy, &shape),
			Op::Sub => {
				let signed = if place == 0 { dy } else { self.neg(dy) };
				self.reduce_to(signed, &shape)
			},
			Op::Mul => {
				let product = self.mul(dy, inputs[1 - place]);
				self.reduce_to(product, &shape)
			},
			Op::Div => {
				let quotient = self.div(dy, inputs[1]);
				let full = match place {
					0 => quotient,
					_ => {
						let product = self.mul(quotient, y);
						self.neg(product)
					},
				};
				self.reduce_to(full, &shape)
			},
			Op::Neg => self.neg(dy),
			Op::Exp => self.mul(dy, y),
			Op::Log => self.div(dy, inputs[0]),
			Op::Sqrt => {
				let half = self.scale(dy, 0.5);
				self.div(half, y)
			},
			Op::Relu => {
				let sign = self.unary(Op::Sign, y);
				self.mul(dy, sign)
			},
			Op::Tanh => {
				let square = self.mul(y, y);
				let part = self.mul(dy, square);
				self.sub(dy, part)
			},
			Op::Sigmoid => {
				let square = self.mul(y, y);
				let slope = self.sub(y, square);
				self.mul(dy, slope)
			},
			Op::Erf => {
				let square = self.mul(inputs[0], inputs[0]);
				let negative = self.neg(square);
				let bell = self.exp(negative);
				let slope = self.scale(bell, std::f32::consts::FRAC_2_SQRT_PI);
				self.mul(dy, slope)
			},
			Op::Softmax => {
				let last = shape.len() - 1;
				let weighted = self.mul(dy, y);
				let sum = self.sum(weighted, &[last]);
				let centred = self.sub(dy, sum);
				self.mul(centred, y)
			},
			Op::LogSoftmax => {
				let last = shape.len() - 1;
				let sum = self.sum(dy, &[last]);
				let probability = self.exp(y);
				let part = self.mul(probability, sum);
				self.sub(dy, part)
			},
			Op::Sum(_) => self.expand(dy, &shape),
			Op::Expand => self.reduce_to(dy, &shape),
			Op::Reshape => self.reshape(dy, &shape),
			Op::Transpose(order) => {
				let mut inverse = vec![0; order.len()];
				order.iter().enumerate().for_each(|(i, axis)| inverse[*axis] = i);
				self.transpose(dy, &inverse)
			},
			Op::Gather if place == 0 => {
				let rows = self.shape(inputs[1]).iter().product();
				let one_hot = self.one_hot(inputs[1], shape[0]);
				let one_hot = self.reshape(one_hot, &[rows, shape[0]]);
				let one_hot = self.swap_last(one_hot);
				let dy = self.reshape(dy, &[rows, shape[1]]);
				self.matmul(one_hot, dy)
			},
			Op::Slice(axis, from, to) => self.pad(dy, axis, from, shape[axis] - to),
			Op::Pad(axis, before, _) => self.slice(dy, axis, before, before + shape[axis]),
			Op::Concat(axis) => {
				let from = inputs[..place].iter().map(|x| self.shape(*x)[axis]).sum();
				self.slice(dy, axis, from, from + shape[axis])
			},
			_ => return None,
		};
		Some(gradient)
	}

	/// The model as ONNX bytes (opset 21). The same graph gives the same bytes; what no output
	/// needs is left out.
	pub fn to_onnx(&self) -> Vec<u8> {
		let mut live = vec![false; self.nodes.len()];
		self.outputs.iter().for_each(|(_, x)| live[x.0] = true);
		for i in (0..self.nodes.len()).rev() {
			if live[i] {
				self.nodes[i].inputs.iter().for_each(|x| live[x.0] = true);
			}
		}
		let name = |x: Var| match &self.nodes[x.0].op {
			Op::Input(name) => name.clone(),
			_ => format!("v{}", x.0),
		};
		let mut nodes: Vec<Message> = Vec::new();
		let mut constants: BTreeMap<String, Message> = BTreeMap::new();
		let mut inputs: Vec<Message> = Vec::new();
		let raw = |v: &[i64]| v.iter().flat_map(|i| i.to_le_bytes()).collect::<Vec<u8>>();
		for (i, node) in self.nodes.iter().enumerate().filter(|(i, _)| live[*i]) {
			let mut integers = |values: Vec<i64>, scalar: bool| {
				let name = format!("{}{values:?}", if scalar { "s" } else { "i" });
				let shape: &[usize] = if scalar { &[] } else { &[values.len()] };
				let tensor = proto::tensor(&name, shape, INT64, &raw(&values));
				constants.insert(name.clone(), tensor);
				name
			};
			let dims = || node.shape.iter().map(|d| *d as i64).collect::<Vec<i64>>();
			let mut sources: Vec<String> = node.inputs.iter().map(|x| name(*x)).collect();
			let mut attributes: Vec<(&str, Attribute)> = Vec::new();
			let kind = match &node.op {
				Op::Input(name) => {
					let kind = if node.integer { INT64 } else { FLOAT };
					inputs.push(proto::value(name, &node.shape, kind));
					continue;
				},
				Op::Floats(values) => {
					let raw: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
					let name = name(Var(i));
					let tensor = proto::tensor(&name, &node.shape, FLOAT, &raw);
					constants.insert(name, tensor);
					continue;
				},
				Op::File(file, offset, length) => {
					let name = name(Var(i));
					let tensor = proto::external(&name, &node.shape, file, *offset, *length);
					constants.insert(name, tensor);
					continue;
				},
				Op::MatMul => "MatMul",
				Op::Gemm(transposed) => {
					attributes.push(("transB", Attribute::Int(i64::from(*transposed))));
					"Gemm"
				},
				Op::Add => "Add",
				Op::Sub => "Sub",
				Op::Mul => "Mul",
				Op::Div => "Div",
				Op::Neg => "Neg",
				Op::Exp => "Exp",
				Op::Log => "Log",
				Op::Sqrt => "Sqrt",
				Op::Relu => "Relu",
				Op::Tanh => "Tanh",
				Op::Sigmoid => "Sigmoid",
				Op::Erf => "Erf",
				Op::Sign => "Sign",
				Op::Softmax => {
					attributes.push(("axis", Attribute::Int(-1)));
					"Softmax"
				},
				Op::LogSoftmax => {
					attributes.push(("axis", Attribute::Int(-1)));
					"LogSoftmax"
				},
				Op::Sum(axes) => {
					sources.push(integers(axes.iter().map(|a| *a as i64).collect(), false));
					attributes.push(("keepdims", Attribute::Int(1)));
					"ReduceSum"
				},
				Op::Reshape => {
					sources.push(integers(dims(), false));
					"Reshape"
				},
				Op::Expand => {
					sources.push(integers(dims(), false));
					"Expand"
				},
				Op::Transpose(order) => {
					let order = order.iter().map(|a| *a as i64).collect();
					attributes.push(("perm", Attribute::Ints(order)));
					"Transpose"
				},
				Op::Gather => {
					attributes.push(("axis", Attribute::Int(0)));
					"Gather"
				},
				Op::OneHot => {
					let depth = node.shape.last().copied().unwrap_or(0);
					sources.push(integers(vec![depth as i64], true));
					let values: Vec<u8> =
						[0f32, 1.0].iter().flat_map(|v| v.to_le_bytes()).collect();
					let off_on = proto::tensor("off_on", &[2], FLOAT, &values);
					constants.insert("off_on".into(), off_on);
					sources.push("off_on".into());
					attributes.push(("axis", Attribute::Int(-1)));
					"OneHot"
				},
				Op::Slice(axis, from, to) => {
					for bound in [*from, *to, *axis] {
						sources.push(integers(vec![bound as i64], false));
					}
					"Slice"
				},
				Op::Pad(axis, before, after) => {
					// No value for the padding is zero.
					let pads = [*before as i64, *after as i64];
					sources.push(integers(pads.to_vec(), false));
					sources.push(String::new());
					sources.push(integers(vec![*axis as i64], false));
					"Pad"
				},
				Op::Concat(axis) => {
					attributes.push(("axis", Attribute::Int(*axis as i64)));
					"Concat"
				},
			};
			nodes.push(message(kind, &sources, &name(Var(i)), &attributes));
		}
		let mut graph = Message::default();
		let mut outputs = Vec::new();
		for (output, x) in &self.outputs {
			nodes.push(message("Identity", &[name(*x)], output, &[]));
			outputs.push(proto::value(output, self.shape(*x), FLOAT));
		}
		for node in nodes {
			graph = graph.message(1, node);
		}
		graph = graph.bytes(2, b"openledger");
		for tensor in constants.into_values() {
			graph = graph.message(5, tensor);
		}
		for input in inputs {
			graph = graph.message(11, input);
		}
		for output in outputs {
			graph = graph.message(12, output);
		}
		let opset = Message::default().bytes(1, b"").int(2, 21);
		Message::default()
			.int(1, 10)
			.bytes(2, b"openledger-graph")
			.message(7, graph)
			.message(8, opset)
			.0
	}
}

/// A `NodeProto`.
fn message(
	kind: &str,
	inputs: &[String],
	output: &str,
	attributes: &[(&str, Attribute)],
) -> Message {
	let sources = inputs.iter().fold(Message::default(), |m, x| m.bytes(1, x.as_bytes()));
	let named = sources.bytes(2, output.as_bytes()).bytes(3, output.as_bytes());
	attributes
		.iter()
		.fold(named.bytes(4, kind.as_bytes()), |m, (name, a)| m.message(5, a.message(name)))
}
