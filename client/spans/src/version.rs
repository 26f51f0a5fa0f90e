use crate::{leaves::Leaves, Builder, Error, Index};
use openledger_spans_math::{source, verify_fraud, Fraud, Hash, Listing};

impl Builder {
	/// Adds the rows of a version, a token for each byte, in the order of the text that is registered
	/// for it; `content` has what a hash is of. Errors: `TooLong`, and those of `content`.
	pub fn push_version<E: From<Error>>(
		&mut self,
		listing: &Listing,
		content: impl Fn(&Hash) -> Result<Vec<u8>, E>,
	) -> Result<(), E> {
		for (hash, bytes) in listing.rows() {
			let row: Vec<u16> = source::tokens(&content(hash)?, *bytes).collect();
			self.push(&row)?;
		}
		Ok(())
	}
}

impl Index {
	/// Compares the text with the rows of the version that it is registered for, for
	/// [`verify_fraud`], which is asked before the proof is given; none if they are the same. Reads
	/// `content` row by row up to the first difference. Errors: `OtherRows`, `TooLarge`, `Damaged` if
	/// the file is not what was committed, and those of `content`.
	pub fn audit_rows<E: From<Error>>(
		&self,
		listing: &Listing,
		content: impl Fn(&Hash) -> Result<Vec<u8>, E>,
	) -> Result<Option<Fraud>, E> {
		let (source, found) = (listing.source(), self.commitment().tokens);
		let expected = source.tokens();
		if found != expected {
			return Err(Error::OtherRows { found, expected }.into());
		}
		let mut begin = 0;
		for (row, (hash, bytes)) in (0..).zip(listing.rows()) {
			let content = content(hash)?;
			let stored = |token: u16| token.wrapping_add(1);
			let tokens = source::tokens(&content, *bytes).map(stored).chain([0]);
			let Some(position) =
				(begin..).zip(tokens).find(|(at, token)| self.stored(*at) != *token)
			else {
				begin += u64::from(*bytes) + 1;
				continue;
			};
			let position = position.0;
			let evidence = listing.evidence(position, |_| Some(content));
			let evidence = evidence.ok_or(Error::TooLarge { row })?;
			let fraud = Fraud::Foreign { position, text: self.excerpt(position, 1)?, evidence };
			return match verify_fraud(&self.commitment(), &source, &fraud) {
				Ok(()) => Ok(Some(fraud)),
				Err(_) => Err(self.damaged("its text does not fit its roots").into()),
			};
		}
		Ok(None)
	}
}
