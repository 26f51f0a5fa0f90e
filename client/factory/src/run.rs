//! A run's manifest: everything that its adapters are a function of, beside their subsets and groups and
//! the execution class. Whoever has it trains any of them again.

use crate::{adapter, train, Base, Error, Hash, Progress, Recipe, Row, Wanted};
use openledger_influence_math::merkle;
use serde::{Deserialize, Serialize};

/// A run as it is stored and hashed: JSON.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Run {
	/// Counterfactual adapters beside the published one, or columns of features.
	pub adapters: u16,
	/// Hash of the base model's manifest, hexadecimal.
	pub base: String,
	/// The rows of each batch of the version, in the order of the batches.
	pub batches: Vec<Vec<RowEntry>>,
	/// The Datanet.
	pub datanet: u32,
	/// How adapters are trained.
	pub recipe: Recipe,
	/// The version of the Datanet.
	pub version: u32,
}

/// A row of text by its hash.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RowEntry {
	/// BLAKE2b-256 of its content, hexadecimal.
	pub hash: String,
	/// Its length in bytes.
	pub bytes: u32,
}

impl RowEntry {
	fn content(&self) -> Result<Hash, Error> {
		let mut hash = [0; 32];
		hex::decode_to_slice(&self.hash, &mut hash).map_err(|e| Error::corrupt("a row", e))?;
		Ok(hash)
	}
}

impl Run {
	/// Reads it.
	pub fn from_file(file: &[u8]) -> Result<Self, Error> {
		serde_json::from_slice(file).map_err(|e| Error::corrupt("the run's manifest", e))
	}

	/// The hashes of its rows.
	pub fn contents(&self) -> Result<Vec<Hash>, Error> {
		self.batches.iter().flatten().map(RowEntry::content).collect()
	}

	/// The root of the version of these rows: over the roots of the batches, and those over the rows
	/// in the order of their hashes, as `pallet-datanets` commits to them.
	pub fn root(&self) -> Result<Hash, Error> {
		let rows = |batch: &Vec<RowEntry>| -> Result<Vec<_>, Error> {
			batch.iter().map(|row| Ok((row.content()?.into(), row.bytes))).collect()
		};
		let roots = self.batches.iter().map(|batch| rows(batch).map(merkle::rows_root));
		Ok(merkle::root(&roots.collect::<Result<Vec<_>, _>>()?).0)
	}

	/// The rows as they are trained on, `blocks` giving the block of each batch, `get` the content of
	/// a row by its hash.
	pub fn rows<E: ToString>(
		&self,
		base: &Base,
		blocks: &[u16],
		get: impl Fn(&Hash) -> Result<Vec<u8>, E>,
	) -> Result<Vec<Row>, Error> {
		if blocks.len() != self.batches.len() {
			return Err(Error::corrupt("the run's manifest", "it has other batches"));
		}
		let mut rows = Vec::new();
		for (batch, block) in self.batches.iter().zip(blocks) {
			for row in batch {
				let content = get(&row.content()?).map_err(|e| Error::corrupt("a row", e))?;
				let text = String::from_utf8(content).map_err(|e| Error::corrupt("a row", e))?;
				rows.push(Row { block: (*block).into(), tokens: base.tokenizer.encode(&text)? });
			}
		}
		Ok(rows)
	}

	/// Trains adapters; their files come back in the order in which they are wanted. Few adapters take no
	/// more slots than they are, which changes no bit of them.
	pub fn train(
		&self,
		base: &Base,
		rows: &[Row],
		wanted: &[impl Into<Wanted> + Copy],
		threads: usize,
		progress: &mut dyn Progress,
	) -> Result<Vec<Vec<u8>>, Error> {
		let recipe = Recipe { slots: self.recipe.slots.min(wanted.len()).max(1), ..self.recipe };
		train(base, rows, wanted, &recipe, threads, progress)?
			.iter()
			.map(|flat| adapter::to_file(base, flat))
			.collect()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn run(batches: &[&[(u8, u32)]]) -> Run {
		let row =
			|(byte, bytes): &(u8, u32)| RowEntry { hash: hex::encode([*byte; 32]), bytes: *bytes };
		Run {
			adapters: 2,
			base: String::new(),
			batches: batches.iter().map(|batch| batch.iter().map(row).collect()).collect(),
			datanet: 0,
			recipe: Recipe::default(),
			version: 1,
		}
	}

	#[test]
	fn root_should_be_the_same_when_rows_of_a_batch_change_places_and_no_other_time() {
		let root = |batches: &[&[(u8, u32)]]| run(batches).root().unwrap();
		let one = root(&[&[(1, 5), (2, 6)], &[(3, 7)]]);
		assert_eq!(one, root(&[&[(2, 6), (1, 5)], &[(3, 7)]]));
		let others: [&[&[(u8, u32)]]; 4] = [
			&[&[(3, 7)], &[(1, 5), (2, 6)]],
			&[&[(1, 5)], &[(2, 6), (3, 7)]],
			&[&[(1, 5), (2, 7)], &[(3, 7)]],
			&[&[(1, 5), (2, 6)]],
		];
		for other in others {
			assert_ne!(one, root(other));
		}
	}

	#[test]
	fn from_file_should_read_what_was_written_and_refuse_all_else() {
		let run = run(&[&[(1, 5)]]);
		assert_eq!(Run::from_file(&serde_json::to_vec(&run).unwrap()).unwrap(), run);
		let error = Run::from_file(b"{}").unwrap_err().to_string();
		assert!(error.contains("the run's manifest"), "{error}");
	}
}
