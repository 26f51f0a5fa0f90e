use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// What a licence allows an AI system to do with a Datanet's rows: a bit field.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Default,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Rights(pub u16);

impl Rights {
	/// Train a model from scratch.
	pub const TRAIN: Self = Self(1);
	/// Fine-tune an existing model.
	pub const FINE_TUNE: Self = Self(1 << 1);
	/// Retrieve rows at inference time.
	pub const RETRIEVE: Self = Self(1 << 2);
	/// Evaluate models.
	pub const EVALUATE: Self = Self(1 << 3);
	/// Use what was made with the rows for profit.
	pub const COMMERCIAL: Self = Self(1 << 4);
	/// Make derived Datanets.
	pub const DERIVE: Self = Self(1 << 5);
	/// Every right that is defined.
	pub const ALL: Self = Self((1 << 6) - 1);

	/// Whether all of `other` is granted.
	pub const fn contains(self, other: Self) -> bool {
		self.0 & other.0 == other.0
	}

	/// The rights of both.
	pub const fn union(self, other: Self) -> Self {
		Self(self.0 | other.0)
	}

	/// Whether at least one right, and none that is undefined, is granted.
	pub const fn is_valid(self) -> bool {
		self.0 != 0 && Self::ALL.contains(self)
	}
}
