//! Products with weights and inputs rounded to bf16, for training on machines that have `vdpbf16ps`: twice the speed
//! of f32. Not canonical: bits depend on the machine. Sums are in f32.

use super::gemm::{MatMut, MatRef};
use super::tile::PANEL;
use super::{Isa, Panels, isa, rows};
use rayon::prelude::*;

/// Sixteen outputs of two neighbouring k.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([[u16; 2]; PANEL]);

/// A matrix W \[n, k] in panels of sixteen rows, k in pairs.
pub struct Bf16Panels {
    n: usize,
    k: usize,
    lines: Vec<Line>,
}

impl Bf16Panels {
    /// Rounds `w`.
    pub fn of(w: &Panels) -> Self {
        let (n, k) = (w.n(), w.k());
        let pairs = k.div_ceil(2);
        let mut lines = vec![Line([[0; 2]; PANEL]); n.div_ceil(PANEL) * pairs];
        lines.par_chunks_exact_mut(pairs.max(1)).enumerate().for_each(|(panel, chunk)| {
            for (pair, line) in chunk.iter_mut().enumerate() {
                for lane in 0..PANEL.min(n - panel * PANEL) {
                    for half in 0..2.min(k - 2 * pair) {
                        line.0[lane][half] = round(w.at(panel * PANEL + lane, 2 * pair + half));
                    }
                }
            }
        });
        Self { n, k, lines }
    }

    /// Rows of W.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Columns of W.
    pub fn k(&self) -> usize {
        self.k
    }

    /// Bytes of memory that the panels take.
    pub fn bytes(&self) -> usize {
        self.lines.len() * size_of::<Line>()
    }
}

/// The nearest bf16, ties to even.
#[inline(always)]
fn round(v: f32) -> u16 {
    let bits = v.to_bits();
    ((bits + 0x7fff + ((bits >> 16) & 1)) >> 16) as u16
}

/// True if this machine multiplies bf16.
pub fn has_bf16() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        isa() == Isa::Avx512 && is_x86_feature_detected!("avx512bf16")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}

/// C \[m, n] = A \[m, k] · Wᵀ over all threads; A is rounded to bf16.
///
/// # Panics
/// If [`has_bf16`] is false or shapes differ.
pub fn matmul_bf16(a: MatRef, w: &Bf16Panels, c: MatMut) {
    assert!(has_bf16(), "no bf16 here");
    assert!(a.rows == c.rows && a.cols == w.k && c.cols == w.n, "shapes of a product differ");
    let pairs = w.k.div_ceil(2);
    let mut rounded = vec![[0u16; 2]; a.rows * pairs];
    if a.stride == a.cols && a.cols == 2 * pairs {
        let chunk = 1 << 17;
        rounded.par_chunks_mut(chunk).zip(a.data[..a.rows * a.cols].par_chunks(2 * chunk)).for_each(|(to, from)| {
            rows::round_to_bf16(from, to.as_flattened_mut());
        });
    } else {
        for (r, to) in rounded.chunks_exact_mut(pairs).enumerate() {
            rows::round_to_bf16(a.row(r), to.as_flattened_mut());
        }
    }
    #[cfg(target_arch = "x86_64")]
    avx::parallel(&rounded, a.rows, w, c);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (rounded, c);
}

#[inline(always)]
pub(super) fn round_inner(from: &[f32], to: &mut [u16]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = round(*from);
    }
}

#[cfg(target_arch = "x86_64")]
mod avx {
    use super::*;
    use std::arch::x86_64::*;

    /// Rows that one task takes at most.
    const ROW_BLOCK: usize = 192;
    /// Pairs of k in a block: two panels of it stay in the second-level cache.
    const PAIR_BLOCK: usize = 768;
    const MAX_ROWS: usize = 12;

    struct Tile {
        pairs: usize,
        a: *const [u16; 2],
        a_row: usize,
        b: *const Line,
        b_panel: usize,
        c: *mut f32,
        c_row: usize,
        last: usize,
        accumulate: bool,
    }

    #[derive(Clone, Copy)]
    struct Addresses(*mut f32);
    // SAFETY: tasks write disjoint parts of C.
    unsafe impl Send for Addresses {}
    unsafe impl Sync for Addresses {}
    impl Addresses {
        fn at(&self, offset: usize) -> *mut f32 {
            self.0.wrapping_add(offset)
        }
    }

    pub(super) fn parallel(a: &[[u16; 2]], m: usize, w: &Bf16Panels, c: MatMut) {
        let pairs = w.k.div_ceil(2);
        let panels = w.n.div_ceil(PANEL);
        let row_blocks = m.div_ceil(ROW_BLOCK).max(1);
        let height = m.div_ceil(row_blocks);
        let groups = panels.div_ceil(2);
        let column_tasks = groups.min(8);
        let (to, c_row) = (Addresses(c.data.as_mut_ptr()), c.stride);
        (0..row_blocks * column_tasks).into_par_iter().for_each(|task| {
            let (columns, block) = (task % column_tasks, task / column_tasks);
            let (top, bottom) = (block * height, ((block + 1) * height).min(m));
            if top >= bottom {
                return;
            }
            let tiles = (bottom - top).div_ceil(MAX_ROWS);
            for from in (0..pairs).step_by(PAIR_BLOCK) {
                for group in groups * columns / column_tasks..groups * (columns + 1) / column_tasks {
                    let panel = 2 * group;
                    let count = 2.min(panels - panel);
                    let end = (panel + count) * PANEL;
                    for t in 0..tiles {
                        let first = top + (bottom - top) * t / tiles;
                        let next = top + (bottom - top) * (t + 1) / tiles;
                        let tile = Tile {
                            pairs: PAIR_BLOCK.min(pairs - from),
                            a: a[first * pairs + from..].as_ptr(),
                            a_row: pairs,
                            b: w.lines[panel * pairs + from..].as_ptr(),
                            b_panel: pairs,
                            c: to.at(first * c_row + panel * PANEL),
                            c_row,
                            last: if end <= w.n { PANEL } else { PANEL - (end - w.n) },
                            accumulate: from > 0,
                        };
                        // SAFETY: `has_bf16` was asserted; the tile lies within A, W and C, whose shapes were checked.
                        unsafe { run(next - first, count, &tile) };
                    }
                }
            }
        });
    }

    unsafe fn run(rows: usize, panels: usize, t: &Tile) {
        macro_rules! pick {
            ($($m:literal),*) => {
                match (rows, panels) {
                    // SAFETY: the caller's.
                    $(($m, 1) => unsafe { tile::<$m, 1>(t) }, ($m, 2) => unsafe { tile::<$m, 2>(t) },)*
                    _ => {}
                }
            };
        }
        pick!(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    }

    #[target_feature(enable = "avx512f,avx512bf16")]
    unsafe fn tile<const MR: usize, const NP: usize>(t: &Tile) {
        let tail: __mmask16 = if t.last >= PANEL { 0xffff } else { (1u16 << t.last) - 1 };
        let mask = |p: usize| if p + 1 == NP { tail } else { 0xffff };
        let mut acc = [[_mm512_setzero_ps(); NP]; MR];
        // SAFETY: the caller vouches for every address; pointers past the last pair are formed, never read.
        unsafe {
            if t.accumulate {
                for (r, row) in acc.iter_mut().enumerate() {
                    for (p, lanes) in row.iter_mut().enumerate() {
                        *lanes = _mm512_maskz_loadu_ps(mask(p), t.c.add(r * t.c_row + p * PANEL));
                    }
                }
            }
            let (mut a, mut b) = (t.a, t.b);
            for _ in 0..t.pairs {
                let mut columns = [_mm512_setzero_si512(); NP];
                for (p, lanes) in columns.iter_mut().enumerate() {
                    *lanes = _mm512_load_si512(b.add(p * t.b_panel).cast());
                }
                for (r, row) in acc.iter_mut().enumerate() {
                    let x = _mm512_set1_epi32(a.add(r * t.a_row).cast::<i32>().read_unaligned());
                    for (p, lanes) in row.iter_mut().enumerate() {
                        let (x, y) = (
                            std::mem::transmute::<__m512i, __m512bh>(x),
                            std::mem::transmute::<__m512i, __m512bh>(columns[p]),
                        );
                        *lanes = _mm512_dpbf16_ps(*lanes, x, y);
                    }
                }
                a = a.wrapping_add(1);
                b = b.wrapping_add(1);
            }
            for (r, row) in acc.iter().enumerate() {
                for (p, lanes) in row.iter().enumerate() {
                    _mm512_mask_storeu_ps(t.c.add(r * t.c_row + p * PANEL), mask(p), *lanes);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::matmul;
    use crate::random::Random;

    #[test]
    fn bf16_products_are_close_to_f32_where_the_machine_has_them() {
        if !has_bf16() {
            eprintln!("did not run: no avx512_bf16 here");
            return;
        }
        let mut random = Random::new(2);
        for (m, n, k) in [(1, 16, 8), (30, 100, 577), (13, 33, 2000)] {
            let a: Vec<f32> = (0..m * k).map(|_| random.normal()).collect();
            let w: Vec<f32> = (0..n * k).map(|_| random.normal()).collect();
            let panels = Panels::pack(&w, n, k);
            let (mut want, mut got) = (vec![0.0; m * n], vec![0.0; m * n]);
            matmul(MatRef::dense(&a, m, k), &panels, MatMut::dense(&mut want, m, n), false);
            matmul_bf16(MatRef::dense(&a, m, k), &Bf16Panels::of(&panels), MatMut::dense(&mut got, m, n));
            for (x, y) in want.iter().zip(&got) {
                assert!((x - y).abs() < 0.02 * (k as f32).sqrt() + 0.02, "{x} {y}");
            }
        }
    }
}
