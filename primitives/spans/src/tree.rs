//! Proofs that neighbouring items stand in a tree of [`openledger_influence_math::merkle`], which
//! share the hashes that they have in common; indices are 64 bits wide in WebAssembly too.

use crate::Hash;
use alloc::vec::Vec;
pub use openledger_influence_math::merkle::{layer_above, leaf, node};

/// The root to which `items` lead that stand from index `first` on in a tree of so many leaves;
/// `None` if they do not fit there or the path has another length. Whoever compares it with a root
/// has verified the items.
pub fn fold(leaves: u64, first: u64, items: &[Hash], path: &[Hash]) -> Option<Hash> {
	if items.is_empty() || first.checked_add(items.len() as u64)? > leaves {
		return None;
	}
	let mut hashes: Vec<Hash> = items.iter().map(leaf).collect();
	let (mut first, mut width, mut path) = (first, leaves, path.iter());
	while width > 1 {
		if !first.is_multiple_of(2) {
			hashes.insert(0, *path.next()?);
			first -= 1;
		}
		let end = first + hashes.len() as u64;
		if !end.is_multiple_of(2) && end < width {
			hashes.push(*path.next()?);
		}
		hashes = layer_above(&hashes);
		first /= 2;
		width = width.div_ceil(2);
	}
	// A path with something left over would be a second proof of the same.
	hashes.first().copied().filter(|_| path.next().is_none())
}

/// The path that [`fold`] takes for `count` leaves from `first` on, lowest level first; `node` gives
/// the nodes by level (0: the leaves) and index. `None` if there are no such leaves.
pub fn path(
	leaves: u64,
	first: u64,
	count: u64,
	mut node: impl FnMut(u32, u64) -> Hash,
) -> Option<Vec<Hash>> {
	let mut end = first.checked_add(count).filter(|end| count > 0 && *end <= leaves)?;
	let (mut first, mut width, mut level, mut path) = (first, leaves, 0, Vec::new());
	while width > 1 {
		if !first.is_multiple_of(2) {
			first -= 1;
			path.push(node(level, first));
		}
		if !end.is_multiple_of(2) && end < width {
			path.push(node(level, end));
		}
		first /= 2;
		end = end.div_ceil(2);
		width = width.div_ceil(2);
		level += 1;
	}
	Some(path)
}

#[cfg(test)]
mod tests {
	use super::*;
	use openledger_influence_math::merkle;
	use proptest::prelude::*;

	fn layers(items: &[Hash]) -> Vec<Vec<Hash>> {
		let mut layers = vec![items.iter().map(leaf).collect::<Vec<_>>()];
		while layers.last().is_some_and(|layer| layer.len() > 1) {
			layers.push(layer_above(&layers[layers.len() - 1]));
		}
		layers
	}

	proptest! {
		#[test]
		fn fold_should_give_the_root_exactly_when_the_items_stand_there(
			leaves in 1u64..70, first: prop::sample::Index, count in 1u64..4, other in 0u64..70,
		) {
			let items: Vec<Hash> = (1..=leaves).map(Hash::from_low_u64_be).collect();
			let root = merkle::root(&items);
			let first = first.index(leaves as usize) as u64;
			let count = count.min(leaves - first);
			let layers = layers(&items);
			let path = path(leaves, first, count, |l, i| layers[l as usize][i as usize]).unwrap();
			let range = &items[first as usize..(first + count) as usize];
			prop_assert_eq!(fold(leaves, first, range, &path), Some(root));
			prop_assert_eq!(fold(leaves, other, range, &path) == Some(root), other == first);
			if count == 1 {
				let plain = merkle::proof(&items, first as usize).unwrap();
				prop_assert_eq!(&plain, &path);
			}
			let longer = [&path[..], &[root]].concat();
			prop_assert_eq!(fold(leaves, first, range, &longer), None);
			for i in 0..path.len() {
				prop_assert_eq!(fold(leaves, first, range, &path[..i]), None);
				let mut wrong = path.clone();
				wrong[i] = Hash::zero();
				prop_assert_ne!(fold(leaves, first, range, &wrong), Some(root));
			}
		}
	}

	#[test]
	fn fold_should_refuse_when_there_are_no_such_leaves() {
		assert_eq!(fold(2, 0, &[], &[]), None);
		assert_eq!(fold(0, 0, &[Hash::zero()], &[]), None);
		assert_eq!(fold(u64::MAX, u64::MAX, &[Hash::zero()], &[]), None);
		assert_eq!(path(2, 2, 1, |_, _| Hash::zero()), None);
		assert_eq!(path(2, 0, 0, |_, _| Hash::zero()), None);
	}
}
