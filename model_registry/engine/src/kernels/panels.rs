//! Weights packed for the tile kernel.

use super::quant::{Line, QuantKind, Storage};
use super::tile::PANEL;
use rayon::prelude::*;

/// A matrix W \[n, k] as panels of sixteen rows: element (row, col) stands at `(row / 16)·16k + col·16 + row % 16`.
/// Rows beyond n are zeros. Weights of a GGUF in Q4_1 or Q8_0 stay quantised: their products have the bits of
/// dequantised ones.
#[derive(Clone)]
pub struct Panels {
    n: usize,
    k: usize,
    storage: Storage,
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

    /// Packs rows of quantised blocks as they stand in a GGUF file, several matrices one below the other; `k` is a
    /// multiple of 32.
    pub fn pack_quantised(kind: QuantKind, parts: &[&[u8]], k: usize) -> Self {
        debug_assert!(k.is_multiple_of(32));
        let row = k / 32 * kind.block_bytes();
        let rows: Vec<&[u8]> = parts.iter().flat_map(|part| part.chunks_exact(row)).collect();
        Self { n: rows.len(), k, storage: Storage::of_rows(kind, &rows, k) }
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
        Self { n, k, storage: Storage::F32(lines) }
    }

    /// The panels of the transpose \[k, n]: what the backward pass multiplies by.
    pub fn transposed(&self) -> Self {
        match self.storage.across(self.n, self.k) {
            Some(storage) => Self { n: self.k, k: self.n, storage },
            None => Self::from_rows(self.k, self.n, |row, col| self.at(col, row)),
        }
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
        self.storage.at(row / PANEL, row % PANEL, col, self.k)
    }

    /// Copies row `row` of W into `out` \[k].
    pub fn copy_row(&self, row: usize, out: &mut [f32]) {
        for (col, value) in out.iter_mut().enumerate() {
            *value = self.at(row, col);
        }
    }

    /// The packed floats, `n.div_ceil(16)·16·k` of them; nothing where the panels are quantised.
    pub(super) fn floats(&self) -> Option<*const f32> {
        match &self.storage {
            Storage::F32(lines) => Some(lines.as_ptr().cast()),
            _ => None,
        }
    }

    /// Columns `from..` of a panel as f32, \[length, 16].
    pub(super) fn fill(&self, panel: usize, from: usize, out: &mut [Line]) {
        self.storage.fill(panel, from, self.k, out);
    }

    /// Bytes of memory that the panels take.
    pub fn bytes(&self) -> usize {
        self.storage.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::{Panels, QuantKind};
    use crate::kernels::{MatMut, MatRef, available, matmul, matmul_serial};
    use crate::random::Random;

    /// (file's bytes, values) of a random quantised matrix.
    fn quantised(kind: QuantKind, n: usize, k: usize) -> (Vec<u8>, Vec<f32>) {
        let mut random = Random::new(8);
        let (mut bytes, mut values) = (Vec::new(), Vec::new());
        for _ in 0..n * k / 32 {
            let scale = half::f16::from_f32(0.01 * random.normal());
            let minimum = half::f16::from_f32(0.1 * random.normal());
            let q: Vec<u8> = (0..32).map(|_| random.below(256) as u8).collect();
            bytes.extend(scale.to_le_bytes());
            match kind {
                QuantKind::Q4_1 => {
                    bytes.extend(minimum.to_le_bytes());
                    bytes.extend(&q[..16]);
                    let nibbles = q[..16].iter().map(|b| b & 15).chain(q[..16].iter().map(|b| b >> 4));
                    values.extend(nibbles.map(|v| f32::from(v) * scale.to_f32() + minimum.to_f32()));
                }
                QuantKind::Q8_0 => {
                    bytes.extend(&q);
                    values.extend(q.iter().map(|v| f32::from(v.cast_signed()) * scale.to_f32()));
                }
            }
        }
        (bytes, values)
    }

    #[test]
    fn quantised_panels_give_the_bits_of_dequantised_ones() {
        for kind in [QuantKind::Q4_1, QuantKind::Q8_0] {
            for (n, k) in [(40, 64), (16, 1600), (100, 32)] {
                let (bytes, values) = quantised(kind, n, k);
                let (packed, plain) = (Panels::pack_quantised(kind, &[&bytes], k), Panels::pack(&values, n, k));
                assert!(packed.bytes() * 2 < plain.bytes() || n % 16 > 0);
                let (packed_t, plain_t) = (packed.transposed(), plain.transposed());
                let mut random = Random::new(9);
                for m in [1, 3, 17] {
                    for (packed, plain) in [(&packed, &plain), (&packed_t, &plain_t)] {
                        let (n, k) = (plain.n(), plain.k());
                        let x: Vec<f32> = (0..m * k).map(|_| random.normal()).collect();
                        let mut want = vec![0.5; m * n];
                        matmul(MatRef::dense(&x, m, k), plain, MatMut::dense(&mut want, m, n), true);
                        let mut got = vec![0.5; m * n];
                        matmul(MatRef::dense(&x, m, k), packed, MatMut::dense(&mut got, m, n), true);
                        assert_eq!(got, want, "{kind:?} {m}×{n}×{k}");
                        for isa in available() {
                            let mut got = vec![0.5; m * n];
                            matmul_serial(isa, MatRef::dense(&x, m, k), packed, MatMut::dense(&mut got, m, n), true);
                            assert_eq!(got, want, "{isa:?} {kind:?} {m}×{n}×{k}");
                        }
                        assert!((0..n).all(|r| (0..k).all(|c| packed.at(r, c) == plain.at(r, c))));
                    }
                }
            }
        }
    }

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
