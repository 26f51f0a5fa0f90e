//! How much fine-tuning on licence texts gains, and how long it takes.

use openledger_factory::{base::Pretraining, train, Base, Recipe, Row};
use openledger_graph::Gpt;
use openledger_influence::Scorer;
use std::{sync::Arc, time::Instant};

const NAMES: [&str; 8] =
	["Apache-2.0", "Artistic", "CC0-1.0", "GFDL-1.3", "GPL-3", "LGPL-2.1", "MPL-1.1", "MPL-2.0"];

fn arg<T: std::str::FromStr>(name: &str, default: T) -> T {
	std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
	let topics = std::fs::read_to_string(std::env::args().nth(1).expect("the base's text"))?;
	let model = Gpt {
		vocabulary: arg("V", 512),
		context: arg("T", 64),
		width: arg("D", 64),
		layers: arg("L", 2),
		heads: 4,
		rank: arg("R", 8),
	};
	let how =
		Pretraining { steps: arg("STEPS", 600), rows: arg("PROWS", 16), ..Default::default() };
	let start = Instant::now();
	let base = Base::train(model, &topics, how, 2, &mut |d: usize, n: usize, loss: f32| {
		if d % 100 == 0 {
			eprintln!("base {d}/{n} {loss:.3}")
		}
	})?;
	println!("base: {:.1} s", start.elapsed().as_secs_f64());
	let (mut rows, mut held) = (Vec::new(), Vec::new());
	for (block, name) in NAMES.iter().enumerate() {
		let text = std::fs::read_to_string(format!("/usr/share/common-licenses/{name}"))?;
		let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
		let bytes = text.as_bytes();
		let chunks: Vec<String> =
			bytes.chunks(256).map(|c| String::from_utf8_lossy(c).into_owned()).collect();
		let every = (chunks.len() / 5).max(1);
		for (i, chunk) in chunks.iter().enumerate() {
			if i % every == every / 2 && held.iter().filter(|(b, _)| *b == block).count() < 5 {
				held.push((block, chunk.clone()));
			} else {
				rows.push(Row { block, tokens: base.tokenizer.encode(chunk)? });
			}
		}
	}
	let tokens: usize = rows.iter().map(|r| r.tokens.len()).sum();
	println!("{} rows, {tokens} tokens, {} held out", rows.len(), held.len());
	let recipe = Recipe {
		epochs: arg("EPOCHS", 8),
		rows: arg("ROWS", 8),
		rate: arg("RATE", 1e-2),
		slots: arg("SLOTS", 6),
		..Default::default()
	};
	let mut subsets = vec![[0xff; 32]];
	for k in 0..arg("K", 4usize) {
		let mut s = [0u8; 32];
		s[0] = if k % 2 == 0 {
			0b0101_0101u8.rotate_left(k as u32 / 2)
		} else {
			!0b0101_0101u8.rotate_left(k as u32 / 2)
		};
		subsets.push(s);
	}
	let start = Instant::now();
	let adapters =
		train(&base, &rows, &subsets, &recipe, 2, &mut |d: usize, n: usize, loss: f32| {
			if d % 500 < 6 {
				eprintln!("adapters {d}/{n} {loss:.3}")
			}
		})?;
	println!("{} adapters: {:.1} s", adapters.len(), start.elapsed().as_secs_f64());
	let base = Arc::new(base);
	let mut scorer = Scorer::new(base.clone(), &adapters, 1)?;
	let (mut bytes, mut sums) = (0, vec![0f64; adapters.len() + 1]);
	let start = Instant::now();
	for (_, text) in &held {
		let y = scorer.log_probabilities(&[], &base.tokenizer.encode(text)?)?;
		bytes += text.len();
		sums.iter_mut().zip(y).for_each(|(s, v)| *s -= v);
	}
	println!("scoring {:.3} s each", start.elapsed().as_secs_f64() / held.len() as f64);
	println!(
		"nats per byte: {:?}",
		sums.iter().map(|s| format!("{:.3}", s / bytes as f64)).collect::<Vec<_>>()
	);
	Ok(())
}
