//! What this pallet stores.

use super::*;
use frame::deps::frame_support::stored;
use openledger_core::DatanetTerms;

/// A row as it is contributed: a chunk of text or another record, stored off chain by its hash.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Row {
	/// BLAKE2b-256 of its content.
	pub hash: Hash,
	/// Its length in bytes.
	pub bytes: u32,
}

/// The terms under which licences are sold.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Terms {
	/// What a licence may allow.
	pub rights: Rights,
	/// The price of a licence, in wei.
	pub price: Balance,
	/// Blocks after which a licence expires; zero for never.
	pub period: u32,
	/// The curator's part of what contributors earn, in basis points.
	pub curator_cut: u16,
	/// What who contributes has at risk, in wei: it pays for what its rows make worse.
	pub at_risk: Balance,
}

/// The name of a Datanet, UTF-8.
pub type Name = BoundedVec<u8, ConstU32<MAX_NAME>>;

/// A Datanet.
#[stored(no_skip_type_params)]
pub struct Datanet<AccountId, Ticket> {
	/// Who may change its terms and curator.
	pub owner: AccountId,
	/// Who reviews batches and publishes versions.
	pub curator: AccountId,
	/// What it is called.
	pub name: Name,
	/// What its licences allow and cost.
	pub terms: Terms,
	/// The next batch.
	pub next_batch: BatchId,
	/// The next version; the first is 1.
	pub next_version: Version,
	/// The first version that can be fresh: rows were withdrawn after those before it.
	pub fresh_from: Version,
	/// Pays for this entry.
	pub ticket: Ticket,
}

impl<AccountId: Clone, Ticket> Datanet<AccountId, Ticket> {
	/// Its terms, as Solidity sees them.
	pub(crate) fn shown(&self) -> DatanetTerms<AccountId> {
		let Terms { rights, price, period, curator_cut, .. } = self.terms;
		let (owner, curator) = (self.owner.clone(), self.curator.clone());
		DatanetTerms { owner, curator, rights, price, period, curator_cut }
	}
}

/// Sub-scores of a batch, each of 100.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Scores {
	/// The rows are what they claim to be.
	pub authenticity: u8,
	/// The contributor may give them.
	pub ownership: u8,
	/// They are well made.
	pub quality: u8,
	/// They are not in the Datanet already.
	pub uniqueness: u8,
}

/// Why a batch is rejected.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Reason {
	/// The rows are not what they claim to be.
	#[codec(index = 0)]
	Authenticity,
	/// The contributor may not give them.
	#[codec(index = 1)]
	Ownership,
	/// They are badly made.
	#[codec(index = 2)]
	Quality,
	/// Others gave them before.
	#[codec(index = 3)]
	Duplicate,
	/// Their content could not be had.
	#[codec(index = 4)]
	Unavailable,
	/// They do not belong into this Datanet.
	#[codec(index = 5)]
	OffTopic,
}

/// What a curator decides about a batch.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Verdict {
	/// Its rows are taken.
	#[codec(index = 0)]
	Accept(Scores),
	/// It goes; its rows are given again, in any order, to be taken out of the index.
	#[codec(index = 1)]
	Reject {
		/// Why.
		reason: Reason,
		/// The rows that are left of the batch.
		rows: Rows,
	},
}

/// What became of a batch.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Outcome {
	/// Its rows are paid.
	#[codec(index = 0)]
	Accepted(Scores),
	/// It is gone, and its rows with it.
	#[codec(index = 1)]
	Rejected(Reason),
}

/// The rows of a batch.
pub type Rows = BoundedVec<Row, ConstU32<MAX_ROWS>>;

/// The content of a row.
pub type Content = BoundedVec<u8, ConstU32<MAX_ROW_BYTES>>;

/// Bytes of rows' contents.
pub fn size(rows: &[Content]) -> u32 {
	rows.iter().fold(0, |sum, row| sum.saturating_add(row.len() as u32))
}

/// What is staked for rows.
#[stored]
pub struct Bond {
	/// For a row, in wei.
	pub row: Balance,
	/// For a byte of it, in wei.
	pub byte: Balance,
}

impl Bond {
	/// For so many rows of so many bytes.
	pub fn of(&self, rows: u32, bytes: u64) -> Balance {
		let rows = self.row.saturating_mul(rows.into());
		rows.saturating_add(self.byte.saturating_mul(bytes.into()))
	}
}

/// A contribution.
#[stored(no_skip_type_params)]
pub struct Batch<AccountId, Ticket> {
	/// Who gave it and is paid for it.
	pub contributor: AccountId,
	/// Merkle root over its rows in the order of their hashes; none since one was withdrawn.
	pub root: Option<Hash>,
	/// Rows that are not withdrawn, at least one.
	pub rows: u32,
	/// Their bytes.
	pub bytes: u64,
	/// What the curator gave it when its rows were taken; none while it waits.
	pub scores: Option<Scores>,
	/// The block at which its rows count as registered.
	pub since: u32,
	/// What is held for its rows beside the deposit.
	pub bond: Bond,
	/// Pays for this entry, the rows' index and the contributor's share.
	pub ticket: Ticket,
}

/// A row that left its batch, and what is held for it.
#[stored(no_skip_type_params)]
pub struct Staked<AccountId> {
	/// Who gave it.
	pub contributor: AccountId,
	/// The block at which it counts as registered.
	pub since: u32,
	/// The batch.
	pub batch: BatchId,
	/// In wei.
	pub bond: Balance,
}

/// A row that is to be shown.
#[stored(no_skip_type_params)]
pub struct Demand<AccountId> {
	/// Who wants to see it.
	pub who: AccountId,
	/// What it stakes, in wei: pays whoever shows the row, and for this entry until then.
	pub stake: Balance,
	/// The last block in which it may be shown.
	pub until: u32,
	/// The batch that it is in: it is no longer demanded in another one.
	pub batch: BatchId,
	/// Its length in bytes.
	pub bytes: u32,
}

/// What a contributor has at risk in a Datanet.
#[stored(no_skip_type_params)]
pub struct Risk<Ticket> {
	/// In wei.
	pub amount: Balance,
	/// The first batch and the first version that it answers for.
	pub from: (BatchId, Version),
	/// Batches of the contributor that stand, and versions that have rows of it: it stays as long as
	/// there are any.
	pub uses: u32,
	/// Pays for this entry.
	pub ticket: Ticket,
}

/// What something at risk answers for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use {
	/// A batch.
	Batch(BatchId),
	/// A version.
	Version(Version),
}

impl<Ticket> Risk<Ticket> {
	/// Whether it answers for this, which came after it.
	pub fn covers(&self, what: Use) -> bool {
		match what {
			Use::Batch(batch) => batch >= self.from.0,
			Use::Version(version) => version >= self.from.1,
		}
	}
}

/// A hash that was announced.
#[stored(no_skip_type_params)]
pub struct Announcement<Ticket> {
	/// At which block.
	pub at: u32,
	/// Pays for this entry.
	pub ticket: Ticket,
}

/// A frozen version.
#[stored(no_skip_type_params)]
pub struct Published<AccountId, Ticket> {
	/// Merkle root over the roots of its batches.
	pub root: Hash,
	/// Its batches.
	pub batches: BoundedVec<BatchId, ConstU32<MAX_BATCHES>>,
	/// The block of each batch.
	pub block_of: BoundedVec<u16, ConstU32<MAX_BATCHES>>,
	/// How large each batch was: with its rows this says where each stands in the text of all.
	pub extents: BoundedVec<Extent, ConstU32<MAX_BATCHES>>,
	/// Its rows: one block per contributor, in the order of the batches, or those that bought one and
	/// then groups.
	pub blocks: BoundedVec<Block<AccountId>, ConstU32<MAX_BLOCKS>>,
	/// Runs and model versions that are based on it, and span indices of it: it stays as long as there
	/// are any.
	pub models: u32,
	/// The curator who published it, and what it paid for this entry.
	pub deposit: (AccountId, Ticket),
}

/// The right to use a Datanet.
#[stored(no_skip_type_params)]
pub struct Licence<Ticket> {
	/// For what.
	pub rights: Rights,
	/// The last block; never without one.
	pub expires: Option<u32>,
	/// Pays for this entry.
	pub ticket: Ticket,
}

/// What the rows of a Datanet were given in all, per byte.
#[stored]
#[derive(Default)]
pub struct Rewards {
	/// Bytes of accepted rows.
	pub bytes: u64,
	/// Wei per byte since the beginning, 64 fraction bits.
	pub index: U256,
	/// What the last division left.
	pub remainder: U256,
}

/// What an account's accepted rows are owed.
#[stored]
#[derive(Default)]
pub struct Share {
	/// Bytes of accepted rows.
	pub bytes: u64,
	/// The index up to which they are paid.
	pub index: U256,
	/// Owed and not claimed, in wei.
	pub accrued: Balance,
}
