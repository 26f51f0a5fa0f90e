use crate::Found;
use openledger_core::{Announced, Hash, MAX_EXHIBIT_BYTES, MAX_LATER};
use sp_crypto_hashing::blake2_256;

/// Rows to show in one call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exhibit {
	/// Those that stand.
	pub earlier: Vec<usize>,
	/// Those whose text stands in them.
	pub later: Vec<usize>,
}

impl Exhibit {
	/// What is announced before the rows are shown; see [`openledger_core::commitment`].
	pub fn announced<R: AsRef<[u8]>>(&self, rows: &[R]) -> Announced {
		let hashes = |of: &[usize]| -> Vec<Hash> {
			of.iter().map(|row| blake2_256(rows[*row].as_ref()).into()).collect()
		};
		Announced::Exhibit { earlier: hashes(&self.earlier), later: hashes(&self.later) }
	}

	/// What is shown then: the contents of the earlier and of the later rows.
	pub fn contents<R: AsRef<[u8]>>(&self, rows: &[R]) -> [Vec<Vec<u8>>; 2] {
		[&self.earlier, &self.later]
			.map(|of| of.iter().map(|row| rows[*row].as_ref().to_vec()).collect())
	}
}

/// Puts what was found into as few calls as there are sets of earlier rows, within the limits of a
/// call.
pub fn group<R: AsRef<[u8]>>(rows: &[R], found: &[Found]) -> Vec<Exhibit> {
	let bytes = |of: &[usize]| of.iter().map(|row| rows[*row].as_ref().len()).sum::<usize>();
	let limit = MAX_EXHIBIT_BYTES as usize;
	let mut found: Vec<&Found> = found.iter().collect();
	found.sort_by(|a, b| (&a.earlier, a.later).cmp(&(&b.earlier, b.later)));
	let mut all: Vec<Exhibit> = Vec::new();
	for Found { later, earlier, .. } in found {
		let own = bytes(&[*later]);
		match all.last_mut() {
			Some(last)
				if last.earlier == *earlier
					&& last.later.len() < MAX_LATER as usize
					&& bytes(earlier) + bytes(&last.later) + own <= limit =>
			{
				last.later.push(*later)
			},
			_ => all.push(Exhibit { earlier: earlier.clone(), later: vec![*later] }),
		}
	}
	all
}
