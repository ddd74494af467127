//! Weights packed for the tile kernel.

use super::tile::PANEL;
use rayon::prelude::*;

/// Sixteen floats on a cache line: vectors then never straddle two.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; PANEL]);

/// A matrix W \[n, k] as panels of sixteen rows: element (row, col) stands at `(row / 16)·16k + col·16 + row % 16`.
/// Rows beyond n are zeros.
#[derive(Clone)]
pub struct Panels {
    n: usize,
    k: usize,
    lines: Vec<Line>,
}

impl Panels {
    /// Packs a row-major W \[n, k].
    pub fn pack(w: &[f32], n: usize, k: usize) -> Self {
        debug_assert_eq!(w.len(), n * k);
        Self::from_rows(n, k, |row, col| w[row * k + col])
    }

    /// Packs the transpose of a row-major W \[k, n].
    pub fn pack_transposed(w: &[f32], n: usize, k: usize) -> Self {
        debug_assert_eq!(w.len(), n * k);
        Self::from_rows(n, k, |row, col| w[col * n + row])
    }

    /// Packs several row-major matrices \[n_i, k] one below the other.
    pub fn pack_stacked(parts: &[(&[f32], usize)], k: usize) -> Self {
        let n = parts.iter().map(|(_, n)| n).sum();
        let mut starts = Vec::with_capacity(n);
        for (w, rows) in parts {
            starts.extend((0..*rows).map(|row| &w[row * k..(row + 1) * k]));
        }
        Self::from_rows(n, k, |row, col| starts[row][col])
    }

    fn from_rows(n: usize, k: usize, at: impl Fn(usize, usize) -> f32 + Sync) -> Self {
        let mut lines = vec![Line([0.0; PANEL]); n.div_ceil(PANEL) * k];
        lines.par_chunks_exact_mut(k.max(1)).enumerate().for_each(|(panel, chunk)| {
            let lanes = PANEL.min(n - panel * PANEL);
            for (col, line) in chunk.iter_mut().enumerate() {
                for (lane, value) in line.0[..lanes].iter_mut().enumerate() {
                    *value = at(panel * PANEL + lane, col);
                }
            }
        });
        Self { n, k, lines }
    }

    /// The panels of the transpose \[k, n]: what the backward pass multiplies by.
    pub fn transposed(&self) -> Self {
        Self::from_rows(self.k, self.n, |row, col| self.at(col, row))
    }

    /// Rows of W: outputs of the product.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Columns of W: length of each output's chain.
    pub fn k(&self) -> usize {
        self.k
    }

    /// W\[row, col]; both must be in range.
    pub fn at(&self, row: usize, col: usize) -> f32 {
        self.lines[row / PANEL * self.k + col].0[row % PANEL]
    }

    /// Copies row `row` of W into `out` \[k].
    pub fn copy_row(&self, row: usize, out: &mut [f32]) {
        let lines = &self.lines[row / PANEL * self.k..][..self.k];
        for (value, line) in out.iter_mut().zip(lines) {
            *value = line.0[row % PANEL];
        }
    }

    /// The packed floats, `n.div_ceil(16)·16·k` of them.
    pub(super) fn as_ptr(&self) -> *const f32 {
        self.lines.as_ptr().cast()
    }

    /// Bytes of memory that the panels take.
    pub fn bytes(&self) -> usize {
        self.lines.len() * size_of::<Line>()
    }
}

#[cfg(test)]
mod tests {
    use super::Panels;

    #[test]
    fn packing_keeps_every_element_in_place() {
        let (n, k) = (19, 5);
        let w: Vec<f32> = (0..n * k).map(|i| i as f32).collect();
        let panels = Panels::pack(&w, n, k);
        let back = panels.transposed().transposed();
        let mut row = vec![0.0; k];
        for r in 0..n {
            panels.copy_row(r, &mut row);
            assert_eq!(row, w[r * k..(r + 1) * k]);
            for c in 0..k {
                assert_eq!(back.at(r, c), w[r * k + c]);
            }
        }
    }
}
