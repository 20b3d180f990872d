//! Roots as other implementations of the tree have them, and proofs that hold for what they
//! are about and for nothing else.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests stop at what they do not expect"
)]

use proptest::prelude::*;
use ssmax_merkle::{Hash, consistency, extends, includes, inclusion, leaf, root};

/// Eight entries and the roots over the first 0, 1, ... 8 of them, as the logs of
/// Certificate Transparency are tested with.
const ENTRIES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|number| leaf(&number.to_be_bytes())).collect()
}

#[test]
fn the_roots_are_those_of_other_implementations() {
    let leaves: Vec<Hash> = ENTRIES.iter().map(|hex| leaf(&hex::decode(hex).unwrap())).collect();
    for (size, expected) in ROOTS.iter().enumerate() {
        assert_eq!(hex::encode(root(&leaves[..size])), *expected, "{size} leaves");
    }
}

#[test]
fn every_leaf_of_every_small_tree_is_proved_and_nothing_else() {
    for size in 0..40 {
        let leaves = leaves(size);
        let root = root(&leaves);
        assert_eq!(inclusion(&leaves, size), None);
        for index in 0..size {
            let path = inclusion(&leaves, index).unwrap();
            let holds = |leaf: &Hash, index: usize, size: usize, path: &[Hash]| {
                includes(&root, size as u64, leaf, index as u64, path)
            };
            assert!(holds(&leaves[index], index, size, &path), "{index} of {size}");
            for other in 0..size {
                assert_eq!(holds(&leaves[other], index, size, &path), other == index);
                // In a tree that is not full, a path of the right edge may have one length
                // with others: it proves its own place alone.
                assert_eq!(holds(&leaves[index], other, size, &path), other == index);
            }
            assert!(!holds(&leaves[index], index, size, &[&path[..], &[[7; 32]]].concat()));
            if let Some((_, shorter)) = path.split_last() {
                assert!(!holds(&leaves[index], index, size, shorter));
            }
        }
    }
}

#[test]
fn every_small_tree_extends_all_that_it_began_as_and_nothing_else() {
    for size in 0..40 {
        let leaves = leaves(size);
        let whole = root(&leaves);
        assert_eq!(consistency(&leaves, size + 1), None);
        for old_size in 0..=size {
            let old = root(&leaves[..old_size]);
            let path = consistency(&leaves, old_size).unwrap();
            let holds = |old: &Hash, old_size: usize, whole: &Hash, path: &[Hash]| {
                extends(old, old_size as u64, whole, size as u64, path)
            };
            assert!(holds(&old, old_size, &whole, &path), "{old_size} of {size}");
            assert!(!holds(&[7; 32], old_size, &whole, &path));
            assert!(!holds(&old, old_size, &whole, &[&path[..], &[[7; 32]]].concat()));
            if old_size != 0 {
                assert!(!holds(&old, old_size, &[7; 32], &path));
            }
            if old_size != size && old_size != 0 {
                assert!(!holds(&old, size, &whole, &path));
                assert!(!extends(&whole, size as u64, &old, old_size as u64, &path));
            }
        }
    }
}

proptest! {
    #[test]
    fn one_bit_anywhere_ends_a_proof(
        size in 2_usize..300, at in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>(),
        bit in 0_usize..256, which in any::<prop::sample::Index>(),
    ) {
        let leaves = leaves(size);
        let whole = root(&leaves);
        let flipped = |path: &[Hash]| {
            let mut path = path.to_vec();
            let changed = which.index(path.len());
            path[changed][bit / 8] ^= 1 << (bit % 8);
            path
        };
        let index = at.index(size);
        let path = inclusion(&leaves, index).unwrap();
        prop_assert!(includes(&whole, size as u64, &leaves[index], index as u64, &path));
        let broken = flipped(&path);
        prop_assert!(!includes(&whole, size as u64, &leaves[index], index as u64, &broken));
        let old_size = 1 + cut.index(size - 1);
        let old = root(&leaves[..old_size]);
        let path = consistency(&leaves, old_size).unwrap();
        prop_assert!(extends(&old, old_size as u64, &whole, size as u64, &path));
        if !path.is_empty() {
            prop_assert!(!extends(&old, old_size as u64, &whole, size as u64, &flipped(&path)));
        }
    }

    #[test]
    fn any_numbers_and_hashes_are_answered(
        size in any::<u64>(), index in any::<u64>(), old in any::<u64>(),
        path in prop::collection::vec(any::<Hash>(), 0..80),
    ) {
        let _ = includes(&[1; 32], size, &[2; 32], index, &path);
        let _ = extends(&[1; 32], old, &[2; 32], size, &path);
    }
}
