//! The published rows of a model: where each lies, its sketch, the tree over them, scores.

use crate::error::{Error, Result};
use proof::sketch::{SketchHead, SketchHeader, SketchRow, as_int8};
use proof::tree::{MerkleTree, Tree};
use proof::{Blake2, Hash, Node};
use rayon::prelude::*;

/// count u32, d u16, digest 32.
const HEADER: usize = 38;
/// source u8, index u32, offset u32, length u32.
const PLACE: usize = 13;
/// Rows that a response's influence is split over at most (PROTOCOL.md section 3).
const TOP: usize = 16;
const FILE: &str = "the file of sketches";

/// Where a row lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Source in the model's revision.
    pub source: u8,
    /// Contribution in the source's version.
    pub index: u32,
    /// Byte in the contribution where the row begins.
    pub offset: u32,
    /// Bytes of the row.
    pub length: u32,
}

/// The bytes of `sketches.bin`: the header of tree 04, then each leaf's fields.
///
/// # Errors
/// [`Error::Layout`] if sketches differ in length or there are too many.
pub fn write_rows(rows: &[Row], sketches: &[Vec<i8>], digest: Hash) -> Result<Vec<u8>> {
    let d = sketches.first().map_or(0, Vec::len);
    if rows.len() != sketches.len() || sketches.iter().any(|s| s.len() != d) {
        return Err(Error::Layout(format!("{} rows, {} sketches of different lengths", rows.len(), sketches.len())));
    }
    let count = u32::try_from(rows.len()).map_err(|_| Error::Layout("more than 2^32 rows".into()))?;
    let width = u16::try_from(d).map_err(|_| Error::Layout(format!("sketches of {d} entries")))?;
    let mut bytes = Vec::with_capacity(HEADER + rows.len() * (PLACE + d));
    bytes.extend(count.to_le_bytes());
    bytes.extend(width.to_le_bytes());
    bytes.extend(digest);
    for (row, sketch) in rows.iter().zip(sketches) {
        bytes.push(row.source);
        bytes.extend([row.index, row.offset, row.length].iter().flat_map(|v| v.to_le_bytes()));
        bytes.extend(sketch.iter().flat_map(|v| v.to_le_bytes()));
    }
    Ok(bytes)
}

/// A model's rows, opened from the bytes of `sketches.bin`.
pub struct RowIndex {
    header: SketchHeader,
    rows: Vec<Row>,
    /// \[rows, d]
    sketches: Vec<i8>,
    tree: MerkleTree,
}

impl RowIndex {
    /// How long the file with this header is.
    pub fn file_bytes(header: &SketchHeader) -> u64 {
        HEADER as u64 + u64::from(header.count) * (PLACE as u64 + u64::from(header.d))
    }

    /// Reads the file and builds its tree. Compare [`RowIndex::root`] with what the model's revision names.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Tree`].
    pub fn open(bytes: &[u8]) -> Result<Self> {
        let damaged = |problem: String| Error::Damaged { file: FILE, problem };
        let (head, body) = bytes
            .split_at_checked(HEADER)
            .ok_or_else(|| damaged(format!("{} bytes, less than a header", bytes.len())))?;
        let count = word(&head[..4]);
        let d = u16::from_le_bytes([head[4], head[5]]);
        let mut digest = [0u8; 32];
        digest.copy_from_slice(&head[6..]);
        let width = PLACE + usize::from(d);
        if body.len() as u64 != u64::from(count) * width as u64 {
            return Err(damaged(format!("{} bytes of rows, expected {count} × {width}", body.len())));
        }
        let mut rows = Vec::with_capacity(count as usize);
        let mut sketches = Vec::with_capacity(count as usize * usize::from(d));
        let mut leaves: Vec<Node> = Vec::with_capacity(count as usize);
        for leaf in body.chunks_exact(width) {
            let (place, sketch) = leaf.split_at(PLACE);
            let row = Row {
                source: place[0],
                index: word(&place[1..5]),
                offset: word(&place[5..9]),
                length: word(&place[9..13]),
            };
            let sketch = as_int8(sketch);
            sketches.extend_from_slice(&sketch);
            leaves.push(leaf_of(row, sketch).node::<Blake2>());
            rows.push(row);
        }
        let tree = MerkleTree::build::<Blake2>(Tree::Sketches, leaves).map_err(|e| Error::Tree(format!("{e:?}")))?;
        Ok(Self { header: SketchHeader { count, d, digest }, rows, sketches, tree })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Entries of a sketch.
    pub fn dimension(&self) -> usize {
        usize::from(self.header.d)
    }

    /// Where a row lies.
    pub fn row(&self, row: u32) -> Option<&Row> {
        self.rows.get(row as usize)
    }

    /// All rows in order.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// A row's sketch, \[dimension].
    pub fn sketch(&self, row: u32) -> Option<&[i8]> {
        self.rows.get(row as usize)?;
        let d = self.dimension();
        self.sketches.get(row as usize * d..(row as usize + 1) * d)
    }

    /// Header and top of tree 04.
    pub fn head(&self) -> SketchHead {
        SketchHead { header: self.header, top: self.tree.top().hash }
    }

    /// The root that a model's revision names.
    pub fn root(&self) -> Hash {
        self.head().root::<Blake2>()
    }

    /// Tree 04 itself, for paths.
    pub fn tree(&self) -> &MerkleTree {
        &self.tree
    }

    /// A leaf of tree 04.
    pub fn leaf(&self, row: u32) -> Option<SketchRow> {
        Some(leaf_of(*self.row(row)?, self.sketch(row)?.to_vec()))
    }

    /// The score of every row, in order; empty if `sketch` (int8 as bytes) has not exactly [`RowIndex::dimension`]
    /// entries, as such a sketch counts as absent.
    pub fn scores(&self, sketch: &[u8]) -> Vec<(u32, i32)> {
        let d = self.dimension();
        if sketch.len() != d || d == 0 {
            return Vec::new();
        }
        let response: Vec<i16> = sketch.iter().map(|b| i16::from(b.cast_signed())).collect();
        let numbers = 0..self.header.count;
        self.sketches
            .par_chunks_exact(d)
            .with_min_len(256)
            .zip(numbers.into_par_iter())
            .map(|(row, number)| (number, dot(row, &response)))
            .collect()
    }

    /// The ≤ 16 highest positive scores, score descending, then row ascending.
    pub fn top(&self, sketch: &[u8]) -> Vec<(u32, i32)> {
        let mut scores = self.scores(sketch);
        scores.retain(|(_, score)| *score > 0);
        scores.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        scores.truncate(TOP);
        scores
    }
}

fn leaf_of(row: Row, sketch: Vec<i8>) -> SketchRow {
    SketchRow { source: row.source, index: row.index, offset: row.offset, length: row.length, sketch }
}

/// 4,096 products of two int8 stay below 2^26.
fn dot(row: &[i8], response: &[i16]) -> i32 {
    row.iter().zip(response).map(|(a, b)| i32::from(i16::from(*a)) * i32::from(*b)).sum()
}

fn word(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |n, b| n << 8 | u32::from(*b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> RowIndex {
        let rows: Vec<Row> = (0..20u32).map(|i| Row { source: 1, index: i, offset: 2 * i, length: 9 }).collect();
        let sketches: Vec<Vec<i8>> = (0..20i8).map(|i| vec![i - 3, 7, -i]).collect();
        RowIndex::open(&write_rows(&rows, &sketches, [5; 32]).unwrap()).unwrap()
    }

    #[test]
    fn the_top_rows_are_positive_and_in_order() {
        let index = index();
        let sketch = [2i8.cast_unsigned(), 0, 2i8.cast_unsigned()];
        // Every score is 2·(i − 3) − 2·i = −6.
        assert!(index.top(&sketch).is_empty());
        let top = index.top(&[0, 1, 0]);
        assert_eq!(top.len(), 16);
        assert!(top.iter().enumerate().all(|(i, (row, score))| *row == i as u32 && *score == 7));
        let top = index.top(&[1, 0, 0]);
        assert_eq!(top[0], (19, 16));
        assert_eq!(top.len(), 16);
    }

    #[test]
    fn scores_are_those_of_the_protocol() {
        let index = index();
        for (row, score) in index.scores(&[3, 250, 9]) {
            let theirs = proof::sketch::score(index.sketch(row).unwrap(), &as_int8(&[3, 250, 9])).unwrap();
            assert_eq!(score, theirs);
        }
        assert!(index.scores(&[1, 2]).is_empty(), "a sketch of another length counts as absent");
    }

    #[test]
    fn a_file_cut_short_is_refused() {
        let bytes = write_rows(&[Row { source: 0, index: 0, offset: 0, length: 1 }], &[vec![1, 2]], [0; 32]).unwrap();
        for end in 0..bytes.len() {
            assert!(matches!(RowIndex::open(&bytes[..end]), Err(Error::Damaged { .. })), "{end}");
        }
        assert_eq!(RowIndex::open(&bytes).unwrap().len(), 1);
    }

    #[test]
    fn the_root_changes_with_any_byte() {
        let rows = [Row { source: 0, index: 4, offset: 0, length: 1 }];
        let root = |bytes: &[u8]| RowIndex::open(bytes).unwrap().root();
        let bytes = write_rows(&rows, &[vec![1, 2]], [0; 32]).unwrap();
        for at in 6..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert_ne!(root(&other), root(&bytes), "{at}");
        }
    }
}
