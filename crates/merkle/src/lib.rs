//! Hash trees as in RFC 9162 section 2: one hash (the *root*) stands for any number of
//! entries in their order, and a few hashes prove that one entry is among them
//! ([`inclusion`]) or that a longer tree begins with a shorter one ([`consistency`]).
//!
//! A tree is the list of its leaf hashes; nothing else is kept. A root costs one hash for
//! each leaf, which for a hundred thousand leaves is some tens of milliseconds.

use ssmax_primitives::{Sha256, sha256};

/// SHA-256, of a leaf, an inner node or a root.
pub type Hash = [u8; 32];

/// What is hashed in front of an entry, so that no inner node can be shown as an entry.
const LEAF: [u8; 1] = [0];
/// What is hashed in front of two nodes.
const NODE: [u8; 1] = [1];

/// The hash of one entry. RFC 9162 2.1.1.
#[must_use]
pub fn leaf(entry: &[u8]) -> Hash {
    let mut hash = Sha256::new();
    hash.update(&LEAF);
    hash.update(entry);
    hash.finish()
}

fn node(left: &Hash, right: &Hash) -> Hash {
    let mut hash = Sha256::new();
    hash.update(&NODE);
    hash.update(left);
    hash.update(right);
    hash.finish()
}

/// The root over `leaves`; of none, the hash of nothing. RFC 9162 2.1.1.
#[must_use]
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256(b""),
        [only] => *only,
        many => {
            let (left, right) = halves(many);
            node(&root(left), &root(right))
        }
    }
}

/// The proof that the leaf at `index` is in the tree of `leaves`: the hashes beside its way
/// up, the lowest first. `None` beyond the leaves. RFC 9162 2.1.3.1.
#[must_use]
pub fn inclusion(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    if index >= leaves.len() {
        return None;
    }
    let mut path = Vec::new();
    let (mut tree, mut index) = (leaves, index);
    while tree.len() > 1 {
        let (left, right) = halves(tree);
        if index < left.len() {
            path.push(root(right));
            tree = left;
        } else {
            path.push(root(left));
            index -= left.len();
            tree = right;
        }
    }
    path.reverse();
    Some(path)
}

/// Whether `path` proves that `leaf` is number `index` (from 0) of the `size` leaves under
/// `root`. RFC 9162 2.1.3.2.
#[must_use]
pub fn includes(root: &Hash, size: u64, leaf: &Hash, index: u64, path: &[Hash]) -> bool {
    if index >= size {
        return false;
    }
    let (mut index, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for beside in path {
        if last == 0 {
            return false;
        }
        if index % 2 == 1 || index == last {
            hash = node(beside, &hash);
            // The right edge of a tree that is not full: levels without a partner.
            while index.is_multiple_of(2) && index != 0 {
                index /= 2;
                last /= 2;
            }
        } else {
            hash = node(&hash, beside);
        }
        index /= 2;
        last /= 2;
    }
    last == 0 && hash == *root
}

/// The proof that the tree of `leaves` begins with the tree of its first `size` leaves.
/// `None` beyond the leaves; empty for none and for all of them. RFC 9162 2.1.4.1.
#[must_use]
pub fn consistency(leaves: &[Hash], size: usize) -> Option<Vec<Hash>> {
    if size > leaves.len() {
        return None;
    }
    let mut path = Vec::new();
    let (mut tree, mut size, mut whole) = (leaves, size, true);
    // `whole`: the shorter tree is a subtree here whose root the reader has already.
    while size != 0 && size != tree.len() {
        let (left, right) = halves(tree);
        if size <= left.len() {
            path.push(root(right));
            tree = left;
        } else {
            path.push(root(left));
            size -= left.len();
            tree = right;
            whole = false;
        }
    }
    if size != 0 && !whole {
        path.push(root(tree));
    }
    path.reverse();
    Some(path)
}

/// Whether `path` proves that the tree of `size` leaves under `root` begins with the tree of
/// `old_size` leaves under `old_root`. RFC 9162 2.1.4.2.
#[must_use]
pub fn extends(old_root: &Hash, old_size: u64, root: &Hash, size: u64, path: &[Hash]) -> bool {
    if old_size == 0 {
        return path.is_empty() && *old_root == sha256(b"");
    }
    if old_size == size {
        return path.is_empty() && old_root == root;
    }
    if old_size > size {
        return false;
    }
    let (mut index, mut last) = (old_size - 1, size - 1);
    while index % 2 == 1 {
        index /= 2;
        last /= 2;
    }
    // A shorter tree that is full is itself the first node of the path.
    let (mut hash, rest) = match (old_size.is_power_of_two(), path) {
        (true, rest) => (*old_root, rest),
        (false, [first, rest @ ..]) => (*first, rest),
        (false, []) => return false,
    };
    let mut old_hash = hash;
    for beside in rest {
        if last == 0 {
            return false;
        }
        if index % 2 == 1 || index == last {
            old_hash = node(beside, &old_hash);
            hash = node(beside, &hash);
            while index.is_multiple_of(2) && index != 0 {
                index /= 2;
                last /= 2;
            }
        } else {
            hash = node(&hash, beside);
        }
        index /= 2;
        last /= 2;
    }
    last == 0 && old_hash == *old_root && hash == *root
}

/// Splits two or more leaves at the largest power of two below their number.
fn halves(leaves: &[Hash]) -> (&[Hash], &[Hash]) {
    let half = leaves.len().div_ceil(2).next_power_of_two();
    leaves.split_at(half)
}
