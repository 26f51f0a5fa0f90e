//! Binary Merkle trees over BLAKE2b-256 hashes. Leaves and inner nodes are hashed in different
//! domains, so that neither passes for the other; a node without a sibling moves up as it is.

use crate::Hash;
use alloc::vec::Vec;
use sp_crypto_hashing::blake2_256;

/// The leaf over an item: `blake2_256(0 ‖ item)`.
pub fn leaf(item: &Hash) -> Hash {
	let mut input = [0; 33];
	input[1..].copy_from_slice(item.as_bytes());
	blake2_256(&input).into()
}

/// The node over two others: `blake2_256(1 ‖ left ‖ right)`.
pub fn node(left: &Hash, right: &Hash) -> Hash {
	let mut input = [1; 65];
	input[1..33].copy_from_slice(left.as_bytes());
	input[33..].copy_from_slice(right.as_bytes());
	blake2_256(&input).into()
}

/// The layer above one that begins at an even index; a node without a sibling moves up as it is.
pub fn layer_above(layer: &[Hash]) -> Vec<Hash> {
	layer
		.chunks(2)
		.filter_map(|pair| match pair {
			[left, right] => Some(node(left, right)),
			[single] => Some(*single),
			_ => None,
		})
		.collect()
}

/// The root over `items`; zero for none.
pub fn root(items: &[Hash]) -> Hash {
	let mut layer: Vec<Hash> = items.iter().map(leaf).collect();
	while layer.len() > 1 {
		layer = layer_above(&layer);
	}
	layer.first().copied().unwrap_or_default()
}

/// What stands for a row in the tree of its batch: `blake2_256(content ‖ bytes)`, its content's hash
/// and its length, little endian.
pub fn row(content: &Hash, bytes: u32) -> Hash {
	let mut input = [0; 36];
	input[..32].copy_from_slice(content.as_bytes());
	input[32..].copy_from_slice(&bytes.to_le_bytes());
	blake2_256(&input).into()
}

/// The root of a batch of rows, each its content's hash and length: they stand by rising hash.
pub fn rows_root(rows: impl IntoIterator<Item = (Hash, u32)>) -> Hash {
	let mut rows: Vec<(Hash, u32)> = rows.into_iter().collect();
	rows.sort_unstable();
	root(&rows.iter().map(|(content, bytes)| row(content, *bytes)).collect::<Vec<_>>())
}

/// The siblings from item `index` up to the root; `None` if there is no such item.
pub fn proof(items: &[Hash], index: usize) -> Option<Vec<Hash>> {
	items.get(index)?;
	let mut layer: Vec<Hash> = items.iter().map(leaf).collect();
	let (mut index, mut path) = (index, Vec::new());
	while layer.len() > 1 {
		path.extend(layer.get(index ^ 1));
		layer = layer_above(&layer);
		index /= 2;
	}
	Some(path)
}

/// Whether `item` stands at `index` of the `count` items under `root`.
pub fn verify(root: &Hash, count: usize, index: usize, item: &Hash, proof: &[Hash]) -> bool {
	if index >= count {
		return false;
	}
	let (mut at, mut width, mut hash) = (index, count, leaf(item));
	let mut path = proof.iter();
	while width > 1 {
		if at ^ 1 < width {
			let Some(sibling) = path.next() else { return false };
			hash = if at.is_multiple_of(2) { node(&hash, sibling) } else { node(sibling, &hash) };
		}
		at /= 2;
		width = width.div_ceil(2);
	}
	path.next().is_none() && hash == *root
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	proptest! {
		#[test]
		fn verify_should_accept_exactly_the_item_when_proved(
			count in 1usize..70, at: prop::sample::Index, other: prop::sample::Index,
		) {
			let items: Vec<Hash> = (0..count as u64).map(Hash::from_low_u64_be).collect();
			let (root, at, other) = (root(&items), at.index(count), other.index(count));
			let proof = proof(&items, at).unwrap();
			prop_assert!(verify(&root, count, at, &items[at], &proof));
			prop_assert_eq!(verify(&root, count, other, &items[at], &proof), other == at);
			prop_assert_eq!(verify(&root, count, at, &items[other], &proof), other == at);
		}
	}

	#[test]
	fn root_should_differ_when_a_node_poses_as_an_item() {
		let items = [1, 2].map(Hash::from_low_u64_be);
		assert_ne!(root(&[root(&items)]), root(&items));
		assert_eq!(root(&[]), Hash::zero());
	}
}
