use crate::{Error, Index};
use openledger_spans_math::{verify_shown, Leaf, Shown};

impl Index {
	/// Shows a leaf that somebody demands, for [`verify_shown`], which is asked before. Errors:
	/// `Missing`, `Damaged`.
	pub fn show(&self, leaf: Leaf) -> Result<Shown, Error> {
		let shown = match leaf {
			Leaf::Slot(slot) => Shown::Slot(self.opening(slot)?),
			Leaf::Chunk(index) => Shown::Chunk { index, text: self.chunks(index, 1)? },
		};
		match verify_shown(&self.commitment(), &shown) {
			Ok(()) => Ok(shown),
			Err(_) => Err(self.damaged("what it has of this leaf does not fit its roots")),
		}
	}
}
