use openledger_spans_math::SPAN;
use std::{io, path::PathBuf};

/// Why an index cannot be built, opened or asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
	/// The system refuses to read.
	#[error("{path} cannot be read: {why}; check the path and the rights of the file")]
	Read {
		/// The file.
		path: PathBuf,
		/// What the system said.
		why: io::Error,
	},
	/// The system refuses to write, for example because the disk is full.
	#[error("{path} cannot be written: {why}; make room or choose another folder")]
	Write {
		/// The file.
		path: PathBuf,
		/// What the system said.
		why: io::Error,
	},
	/// It is some other file.
	#[error("{0} is no span index: it does not begin with OLSPANS")]
	Foreign(PathBuf),
	/// It was written by a later program.
	#[error("{path} has format {found}, this program reads {known}; build the index again")]
	Version {
		/// The file.
		path: PathBuf,
		/// Its format.
		found: u32,
		/// The one that is read.
		known: u32,
	},
	/// It is shorter or longer than its header says.
	#[error("{path} has {found} bytes where its header says {expected}; copy it again, whole")]
	Length {
		/// The file.
		path: PathBuf,
		/// Bytes that there are.
		found: u64,
		/// Bytes that there should be.
		expected: u64,
	},
	/// Its content is not what its checksum or its roots say.
	#[error("{path} is damaged: {what}; fetch it or build it again")]
	Damaged {
		/// The file.
		path: PathBuf,
		/// What does not fit.
		what: &'static str,
	},
	/// A token that is none.
	#[error("row {row} has the token 65535, which ends rows; vocabularies end below it")]
	Token {
		/// The row, from 0 on.
		row: u64,
	},
	/// The text is not that of the version.
	#[error("the index has {found} tokens where the version has {expected}: it is of other rows")]
	OtherRows {
		/// Tokens of the index.
		found: u64,
		/// Bytes and rows of the version.
		expected: u64,
	},
	/// A row's content is longer than any row may be.
	#[error(
		"row {row} of the version has more content than can be shown: it is not as long as it says"
	)]
	TooLarge {
		/// The row, from 0 on.
		row: u64,
	},
	/// More tokens than an index can have.
	#[error("{0} tokens are too many for one index; split the Datanet")]
	TooLong(u64),
	/// The suffix array could not be made.
	#[error("the suffix array could not be made: {0}")]
	Sort(String),
	/// A query that nothing is proved of.
	#[error("a proof is of 1 to {SPAN} tokens, none of them 65535")]
	Query,
	/// There is no such place.
	#[error("there is no such rank, slot or position in this index")]
	Missing,
}
