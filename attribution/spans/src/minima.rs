//! The least of any range of places, without looking at each: a tree of minima over blocks of places.

use std::ops::Range;

/// Places of a block. Fewer would make the tree larger than the suffixes it stands over, more would make every
/// question look at more places one by one.
const BLOCK: usize = 16;

/// For each node of a binary tree over blocks the place with the least key below it; node 1 is the root, the
/// children of node n are 2n and 2n + 1, the blocks come last.
#[derive(Clone, Debug)]
pub(crate) struct Minima(Vec<u32>);

impl Minima {
    /// Over `count` places, which must number fewer than 2³².
    pub fn of<K: Ord>(count: usize, key: impl Fn(usize) -> K) -> Self {
        let blocks = count / BLOCK;
        let mut tree = vec![0u32; 2 * blocks];
        for block in 0..blocks {
            let least = (block * BLOCK..(block + 1) * BLOCK).min_by_key(|&i| key(i)).unwrap_or_default();
            tree[blocks + block] = least as u32;
        }
        for node in (1..blocks).rev() {
            let (left, right) = (tree[2 * node], tree[2 * node + 1]);
            tree[node] = if key(right as usize) < key(left as usize) { right } else { left };
        }
        Self(tree)
    }

    /// The place in `range` with the least key, by the keys that the tree was built with (no two are equal).
    pub fn least<K: Ord>(&self, range: Range<usize>, key: impl Fn(usize) -> K) -> Option<usize> {
        let blocks = self.0.len() / 2;
        let (first, last) = (range.start.div_ceil(BLOCK), (range.end / BLOCK).min(blocks));
        if first >= last {
            return range.min_by_key(|&i| key(i));
        }
        let edges = (range.start..first * BLOCK).chain(last * BLOCK..range.end);
        // Bottom up: a left bound that is a right child, and a right bound whose sibling is a left one, stand for
        // themselves; all between is in their parents.
        let mut nodes = Vec::new();
        let (mut low, mut high) = (first + blocks, last + blocks);
        while low < high {
            if low % 2 == 1 {
                nodes.push(self.0[low] as usize);
                low += 1;
            }
            if high % 2 == 1 {
                high -= 1;
                nodes.push(self.0[high] as usize);
            }
            low /= 2;
            high /= 2;
        }
        edges.chain(nodes).min_by_key(|&i| key(i))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_least_of_a_range_is_that_of_looking_at_each(
            keys in prop::collection::vec(0u8..50, 0..400), a in 0usize..400, b in 0usize..400
        ) {
            // With its place each key is there once.
            let key = |i: usize| (keys[i], i);
            let range = a.min(b).min(keys.len())..a.max(b).min(keys.len());
            let tree = Minima::of(keys.len(), key);
            prop_assert_eq!(tree.least(range.clone(), key), range.min_by_key(|&i| key(i)));
        }
    }
}
