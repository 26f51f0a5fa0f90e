use crate::{DatanetId, Hash};
use alloc::vec::Vec;
use codec::Encode;

/// What somebody announces by its hash before showing it, so that nobody who sees it on its way
/// into a block can be first with it.
#[derive(Clone, PartialEq, Eq, Debug, Encode)]
pub enum Announced {
	/// A batch of rows, by its root.
	#[codec(index = 0)]
	Batch(Hash),
	/// An exhibit, by the hashes of its rows in their order.
	#[codec(index = 1)]
	Exhibit {
		/// Those that stand.
		earlier: Vec<Hash>,
		/// Those whose text stands in them.
		later: Vec<Hash>,
	},
}

/// What `who` puts on chain to announce: BLAKE2b-256 of the SCALE encoding of these four. The salt
/// is drawn at random and kept until then; whoever copies the hash cannot use it, since the account
/// is in it.
pub fn commitment<AccountId: Encode>(
	who: &AccountId,
	datanet: DatanetId,
	what: &Announced,
	salt: &Hash,
) -> Hash {
	sp_crypto_hashing::blake2_256(&(who, datanet, what, salt).encode()).into()
}
