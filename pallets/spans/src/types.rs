//! What this pallet stores.

use super::*;
use frame::deps::frame_support::stored;

/// A registered index.
#[stored(no_skip_type_params)]
pub struct Index<AccountId, Ticket> {
	/// What it commits to.
	pub commitment: Commitment,
	/// Whose bond is held.
	pub registrant: AccountId,
	/// In wei.
	pub bond: Balance,
	/// The block from which on it is final, unless a leaf of it is demanded.
	pub final_at: u32,
	/// The block from which on it may be removed, once that is announced.
	pub free_at: Option<u32>,
	/// Tells it from others of the version.
	pub serial: u64,
	/// Leaves of it that are demanded.
	pub demands: u32,
	/// Pays for this entry.
	pub ticket: Ticket,
}

/// A leaf that is to be shown.
#[stored]
pub struct Demand<AccountId> {
	/// Who wants to see it.
	pub who: AccountId,
	/// What it stakes, in wei: pays whoever shows the leaf, and for this entry until then.
	pub stake: Balance,
	/// The last block in which it may be shown.
	pub until: u32,
	/// The index, by its serial number.
	pub index: u64,
}

/// How long indices are watched, in blocks.
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
	serde::Serialize,
	serde::Deserialize,
)]
pub struct Windows {
	/// Between registration and when an index is final; and for showing a leaf that is demanded.
	pub challenge: u32,
	/// Between the announcement that an index ends and its end; not shorter than `challenge`.
	pub unbonding: u32,
}

impl Windows {
	/// Whether a bond is held for at least as long as an index is provisional.
	pub fn is_valid(&self) -> bool {
		self.challenge > 0 && self.unbonding >= self.challenge
	}
}

impl Default for Windows {
	/// A day and three, at 3 s a block.
	fn default() -> Self {
		Self { challenge: 28_800, unbonding: 86_400 }
	}
}
