//! Memory of sessions over weights in a file. Alone in its process, whose memory it measures.
#![cfg(target_os = "linux")]

mod folder;

use openledger_graph::{count, Graph, Pretrained};
use openledger_onnx::{Runtime, Session, Tensor};
use std::{fs, path::Path};

const CONTEXT: usize = 8;

/// Resident memory, and the part of it that is no file's, in bytes.
fn resident() -> [usize; 2] {
	let status = fs::read_to_string("/proc/self/status").unwrap();
	["VmRSS:", "RssAnon:"].map(|name| {
		let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
		1024 * line.trim().trim_end_matches(" kB").parse::<usize>().unwrap()
	})
}

fn batch(adapter: usize) -> Vec<(&'static str, Tensor)> {
	let shape = vec![1, 1, CONTEXT];
	vec![
		("parameters.in", Tensor::Floats(vec![1, adapter], vec![0.01; adapter])),
		("tokens", Tensor::Integers(shape.clone(), vec![5; CONTEXT])),
		("targets", Tensor::Integers(shape.clone(), vec![6; CONTEXT])),
		("mask", Tensor::Floats(shape, vec![1.0; CONTEXT])),
	]
}

/// A session over a model, after a run, and what it takes, as parts of the file.
fn grown(folder: &Path, graph: fn(&Pretrained) -> Graph) -> (Session, [f64; 2]) {
	let size = fs::metadata(folder.join("model.safetensors")).unwrap().len();
	assert!(size > 40 << 20, "{size} bytes are too few to tell");
	let runtime = Runtime::load().unwrap();
	let before = resident();
	let model = Pretrained::open(folder, CONTEXT, 1).unwrap();
	let graph = graph(&model).to_onnx();
	let mut session = Session::with_files(&runtime, &graph, 1, folder).unwrap();
	let out = session.run(batch(count(&model.adapter()))).unwrap();
	assert!(out["objective"][0].is_finite());
	let after = resident();
	let grown = |i: usize| after[i].saturating_sub(before[i]) as f64 / size as f64;
	(session, [grown(0), grown(1)])
}

/// A copy of all weights, packed, transposed or read, is above both bounds.
#[test]
fn sessions_should_map_their_weights_when_they_lie_in_a_file() {
	// Sessions stay, so that none takes the memory that another one left.
	let mut sessions = Vec::new();
	for config in folder::decoders(512, 4) {
		let folder = tempfile::TempDir::new().unwrap();
		folder::model(folder.path(), &config);
		for graph in [|m: &Pretrained| m.score(1, 1), |m: &Pretrained| m.gradient(1)] {
			let (session, [all, anonymous]) = grown(folder.path(), graph);
			sessions.push(session);
			println!("{all:.2} of the weights resident, {anonymous:.2} not the file's");
			assert!(all < 1.5, "{all} of the weights are resident: {config}");
			assert!(anonymous < 0.5, "{anonymous} of the weights are no file's: {config}");
		}
	}
}
