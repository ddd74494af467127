//! Products of matrices out of tiles: blocking, threads, tails.

use super::quant::Line;
use super::tile::{PANEL, Tile, kernel, shape};
use super::{Isa, Panels, isa};
use rayon::prelude::*;
use std::cell::RefCell;

/// Length of a block of k: two panels of it stay in the second-level cache. Blocks continue the chains of C, which
/// is exact, so blocking changes no bit.
const K_BLOCK: usize = 768;
/// Rows that one task takes at most.
const ROW_BLOCK: usize = 144;
/// Below this many nanoseconds a second thread costs more than it brings.
const SERIAL_NS: usize = 40_000;

/// A read-only matrix: `rows` × `cols` floats, rows `stride` apart.
#[derive(Clone, Copy)]
pub struct MatRef<'a> {
    pub data: &'a [f32],
    pub rows: usize,
    pub cols: usize,
    pub stride: usize,
}

impl<'a> MatRef<'a> {
    /// A dense row-major matrix.
    pub fn dense(data: &'a [f32], rows: usize, cols: usize) -> Self {
        Self::strided(data, rows, cols, cols)
    }

    /// Columns `0..cols` of rows that start `stride` apart in `data`.
    pub fn strided(data: &'a [f32], rows: usize, cols: usize, stride: usize) -> Self {
        check(data.len(), rows, cols, stride);
        Self { data, rows, cols, stride }
    }

    /// Columns `from..from + cols`.
    pub fn columns(self, from: usize, cols: usize) -> Self {
        assert!(from + cols <= self.cols, "columns beyond the matrix");
        Self::strided(&self.data[from.min(self.data.len())..], self.rows, cols, self.stride)
    }

    /// Rows `from..from + rows`.
    pub fn rows(self, from: usize, rows: usize) -> Self {
        assert!(from + rows <= self.rows, "rows beyond the matrix");
        Self::strided(&self.data[(from * self.stride).min(self.data.len())..], rows, self.cols, self.stride)
    }

    /// Row `r`, \[cols].
    pub fn row(self, r: usize) -> &'a [f32] {
        &self.data[r * self.stride..][..self.cols]
    }
}

/// A matrix to write to: `rows` × `cols` floats, rows `stride` apart.
pub struct MatMut<'a> {
    pub data: &'a mut [f32],
    pub rows: usize,
    pub cols: usize,
    pub stride: usize,
}

impl<'a> MatMut<'a> {
    /// A dense row-major matrix.
    pub fn dense(data: &'a mut [f32], rows: usize, cols: usize) -> Self {
        Self::strided(data, rows, cols, cols)
    }

    /// Columns `0..cols` of rows that start `stride` apart in `data`.
    pub fn strided(data: &'a mut [f32], rows: usize, cols: usize, stride: usize) -> Self {
        check(data.len(), rows, cols, stride);
        Self { data, rows, cols, stride }
    }
}

/// Every element of the matrix lies within `len` floats: the kernels rest on this.
fn check(len: usize, rows: usize, cols: usize, stride: usize) {
    assert!(rows <= 1 || stride >= cols, "rows overlap");
    assert!(rows == 0 || cols == 0 || (rows - 1) * stride + cols <= len, "a matrix beyond its buffer");
}

/// Quantised panels that are turned into f32 as the product goes.
#[derive(Clone, Copy)]
struct Quantised<'a> {
    panels: &'a Panels,
    /// The product's first panel.
    first: usize,
}

/// What a product reads and writes. B is panels or plain rows, told apart by the strides, or quantised panels.
#[derive(Clone, Copy)]
struct Product<'a> {
    m: usize,
    n: usize,
    k: usize,
    a: *const f32,
    a_row: usize,
    a_k: usize,
    b: *const f32,
    b_k: usize,
    b_panel: usize,
    c: *mut f32,
    c_row: usize,
    accumulate: bool,
    quantised: Option<Quantised<'a>>,
}

// SAFETY: tasks write disjoint parts of C; A and B are only read.
unsafe impl Send for Product<'_> {}
unsafe impl Sync for Product<'_> {}

/// C \[m, n] (+)= A \[m, k] · Wᵀ, W \[n, k] packed, over all threads.
pub fn matmul(a: MatRef, w: &Panels, c: MatMut, accumulate: bool) {
    let product = panels_product(a, w, c, accumulate);
    // SAFETY: shapes were checked against the slices.
    unsafe { parallel(isa(), product) }
}

/// [`matmul`] on the calling thread alone, with a given instruction set (which must be available here).
pub fn matmul_serial(isa: Isa, a: MatRef, w: &Panels, c: MatMut, accumulate: bool) {
    assert!(super::available().contains(&isa), "{isa:?} is not available");
    let product = panels_product(a, w, c, accumulate);
    // SAFETY: shapes were checked against the slices, the instruction set just now.
    unsafe { serial(isa, product) }
}

/// C \[m, n] = A \[m, k] · Wᵀ on the calling thread: for work that is spread over threads already.
pub fn matmul_serial_here(a: MatRef, w: &Panels, c: MatMut) {
    let product = panels_product(a, w, c, false);
    // SAFETY: shapes were checked against the slices; `isa` is available.
    unsafe { serial(isa(), product) }
}

fn panels_product<'a>(a: MatRef, w: &'a Panels, c: MatMut, accumulate: bool) -> Product<'a> {
    assert!(a.rows == c.rows && a.cols == w.k() && c.cols == w.n(), "shapes of a product differ");
    Product {
        m: a.rows,
        n: w.n(),
        k: w.k(),
        a: a.data.as_ptr(),
        a_row: a.stride,
        a_k: 1,
        b: w.floats().unwrap_or(std::ptr::null()),
        b_k: PANEL,
        b_panel: PANEL * w.k(),
        c: c.data.as_mut_ptr(),
        c_row: c.stride,
        accumulate,
        quantised: w.floats().is_none().then_some(Quantised { panels: w, first: 0 }),
    }
}

/// C \[m, n] (+)= A \[m, k] · B \[k, n], B in plain rows; on the calling thread where `threads` is false.
pub fn product(a: MatRef, b: MatRef, c: MatMut, accumulate: bool, threads: bool) {
    assert!(a.rows == c.rows && a.cols == b.rows && c.cols == b.cols, "shapes of a product differ");
    let (a_row, a_k) = (a.stride, 1);
    plain((a.rows, a.cols), a.data, (a_row, a_k), b, c, accumulate, threads);
}

/// C \[m, n] (+)= Aᵀ · B with A \[k, m] and B \[k, n] in plain rows: gradients of weights, chains over the rows.
pub fn product_tn(a: MatRef, b: MatRef, c: MatMut, accumulate: bool, threads: bool) {
    assert!(a.cols == c.rows && a.rows == b.rows && c.cols == b.cols, "shapes of a product differ");
    let (a_row, a_k) = (1, a.stride);
    plain((a.cols, a.rows), a.data, (a_row, a_k), b, c, accumulate, threads);
}

/// C \[m, n] = A \[m, k] · P with n a multiple of 16 and P in panels of \[k, 16] that start `stride` floats apart in
/// `panels`; on the calling thread.
pub fn product_panels(a: MatRef, panels: &[f32], stride: usize, c: MatMut) {
    let (n, k) = (c.cols, a.cols);
    assert!(a.rows == c.rows && n.is_multiple_of(PANEL), "shapes of a product differ");
    assert!(n == 0 || (n / PANEL - 1) * stride + k * PANEL <= panels.len(), "panels beyond their buffer");
    let product = Product {
        m: a.rows,
        n,
        k,
        a: a.data.as_ptr(),
        a_row: a.stride,
        a_k: 1,
        b: panels.as_ptr(),
        b_k: PANEL,
        b_panel: stride,
        c: c.data.as_mut_ptr(),
        c_row: c.stride,
        accumulate: false,
        quantised: None,
    };
    // SAFETY: shapes were checked against the slices; `isa` is available.
    unsafe { serial(isa(), product) }
}

fn plain(
    (m, k): (usize, usize),
    a: &[f32],
    (a_row, a_k): (usize, usize),
    b: MatRef,
    c: MatMut,
    accumulate: bool,
    threads: bool,
) {
    let product = Product {
        m,
        n: b.cols,
        k,
        a: a.as_ptr(),
        a_row,
        a_k,
        b: b.data.as_ptr(),
        b_k: b.stride,
        b_panel: PANEL,
        c: c.data.as_mut_ptr(),
        c_row: c.stride,
        accumulate,
        quantised: None,
    };
    // SAFETY: shapes were checked against the slices; `isa` is available.
    unsafe { if threads { parallel(isa(), product) } else { serial(isa(), product) } }
}

/// Splits C into tasks of whole panels and blocks of rows.
unsafe fn parallel(isa: Isa, p: Product) {
    let threads = rayon::current_num_threads();
    // About a hundred multiply-adds, or twenty bytes of B from memory, a nanosecond.
    let nanoseconds = p.m * p.n * p.k / 100 + p.n * p.k * size_of::<f32>() / 20;
    if threads == 1 || nanoseconds < SERIAL_NS {
        // SAFETY: the caller's.
        return unsafe { serial(isa, p) };
    }
    let (_, group) = shape(isa, p.m);
    let groups = p.n.div_ceil(PANEL * group);
    let row_blocks = p.m.div_ceil(ROW_BLOCK);
    let column_tasks = groups.min(threads * 4usize.div_ceil(row_blocks).max(2));
    let rows = p.m.div_ceil(row_blocks);
    (0..row_blocks * column_tasks).into_par_iter().for_each(|task| {
        let whole = &p;
        let (columns, block) = (task % column_tasks, task / column_tasks);
        let width = PANEL * group;
        let (from, to) = (groups * columns / column_tasks * width, groups * (columns + 1) / column_tasks * width);
        let to = to.min(whole.n);
        let (top, bottom) = (block * rows, ((block + 1) * rows).min(whole.m));
        if from >= to || top >= bottom {
            return;
        }
        let part = Product {
            m: bottom - top,
            n: to - from,
            a: whole.a.wrapping_add(top * whole.a_row),
            b: whole.b.wrapping_add(from / PANEL * whole.b_panel),
            c: whole.c.wrapping_add(top * whole.c_row + from),
            quantised: whole.quantised.map(|q| Quantised { first: q.first + from / PANEL, ..q }),
            ..*whole
        };
        // SAFETY: a part of what the caller vouched for, disjoint from the other tasks'.
        unsafe { serial(isa, part) }
    });
}

unsafe fn serial(isa: Isa, p: Product) {
    if p.k == 0 && !p.accumulate {
        for r in 0..p.m {
            for c in 0..p.n {
                // SAFETY: within C.
                unsafe { *p.c.add(r * p.c_row + c) = 0.0 };
            }
        }
        return;
    }
    match p.quantised {
        // SAFETY: the caller's.
        None => unsafe { blocks(isa, p, K_BLOCK, &mut []) },
        Some(_) => SCRATCH.with_borrow_mut(|scratch| {
            let block = if p.m <= 4 { K_BLOCK_FEW_ROWS } else { K_BLOCK };
            scratch.resize(block * shape(isa, p.m).1, Line([0.0; PANEL]));
            // SAFETY: the caller's.
            unsafe { blocks(isa, p, block, scratch) }
        }),
    }
}

/// Where a few rows leave dequantising the larger part of the work, its result stays in the first-level cache.
const K_BLOCK_FEW_ROWS: usize = 128;

thread_local! {
    /// Dequantised panels of the block that is being multiplied.
    static SCRATCH: RefCell<Vec<Line>> = const { RefCell::new(Vec::new()) };
}

/// Block by block of k (a multiple of 32), group by group of panels, tile by tile of rows.
unsafe fn blocks(isa: Isa, p: Product, k_block: usize, scratch: &mut [Line]) {
    let (max_rows, max_panels) = shape(isa, p.m);
    let panels = p.n.div_ceil(PANEL);
    // Tiles of equal height rather than full ones and a thin rest.
    let tiles = p.m.div_ceil(max_rows);
    for k_from in (0..p.k).step_by(k_block) {
        let k = k_block.min(p.k - k_from);
        for panel in (0..panels).step_by(max_panels) {
            let count = max_panels.min(panels - panel);
            let end = (panel + count) * PANEL;
            let last = if end <= p.n { PANEL } else { PANEL - (end - p.n) };
            let (b, b_panel) = match p.quantised {
                None => (p.b.wrapping_add(panel * p.b_panel + k_from * p.b_k), p.b_panel),
                Some(q) => {
                    for (i, lines) in scratch.chunks_exact_mut(k).take(count).enumerate() {
                        q.panels.fill(q.first + panel + i, k_from, lines);
                    }
                    (scratch.as_ptr().cast(), k * PANEL)
                }
            };
            for tile in 0..tiles {
                let (top, bottom) = (p.m * tile / tiles, p.m * (tile + 1) / tiles);
                let tile = Tile {
                    k,
                    a: p.a.wrapping_add(top * p.a_row + k_from * p.a_k),
                    a_row: p.a_row,
                    a_k: p.a_k,
                    b,
                    b_k: p.b_k,
                    b_panel,
                    c: p.c.wrapping_add(top * p.c_row + panel * PANEL),
                    c_row: p.c_row,
                    last,
                    accumulate: p.accumulate || k_from > 0,
                };
                // SAFETY: the tile lies within the product, whose addresses the caller vouches for.
                unsafe { kernel(isa, bottom - top, count)(&tile) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Panels, available};
    use super::*;

    fn numbers(count: usize, seed: u64) -> Vec<f32> {
        let mut state = seed;
        (0..count)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                ((state >> 40) as f32 / (1u32 << 23) as f32) - 1.0
            })
            .collect()
    }

    fn chain(a: &[f32], b: &[f32], start: f32) -> f32 {
        a.iter().zip(b).fold(start, |sum, (x, y)| x.mul_add(*y, sum))
    }

    #[test]
    fn every_instruction_set_gives_the_bits_of_one_chain() {
        for (m, n, k) in [(1, 16, 7), (1, 70, 33), (2, 5, 800), (5, 40, 64), (13, 100, 1600), (25, 33, 9)] {
            let (a, w) = (numbers(m * k, 1), numbers(n * k, 2));
            let before = numbers(m * n, 3);
            let panels = Panels::pack(&w, n, k);
            for accumulate in [false, true] {
                let mut want = before.clone();
                for r in 0..m {
                    for c in 0..n {
                        let start = if accumulate { before[r * n + c] } else { 0.0 };
                        want[r * n + c] = chain(&a[r * k..][..k], &w[c * k..][..k], start);
                    }
                }
                for isa in available() {
                    let mut got = before.clone();
                    let (left, out) = (MatRef::dense(&a, m, k), MatMut::dense(&mut got, m, n));
                    matmul_serial(isa, left, &panels, out, accumulate);
                    assert_eq!(got, want, "{isa:?} {m}×{n}×{k}");
                }
                let mut got = before.clone();
                matmul(MatRef::dense(&a, m, k), &panels, MatMut::dense(&mut got, m, n), accumulate);
                assert_eq!(got, want, "threads {m}×{n}×{k}");
            }
        }
    }

    #[test]
    fn plain_products_agree_with_packed_ones() {
        let (m, n, k) = (37, 50, 21);
        let (a, b) = (numbers(m * k, 4), numbers(k * n, 5));
        let panels = Panels::pack_transposed(&b, n, k);
        let (mut want, mut got, mut tn) = (vec![0.0; m * n], vec![0.0; m * n], vec![0.0; m * n]);
        matmul(MatRef::dense(&a, m, k), &panels, MatMut::dense(&mut want, m, n), false);
        product(MatRef::dense(&a, m, k), MatRef::dense(&b, k, n), MatMut::dense(&mut got, m, n), false, true);
        let at: Vec<f32> = (0..k * m).map(|i| a[i % m * k + i / m]).collect();
        product_tn(MatRef::dense(&at, k, m), MatRef::dense(&b, k, n), MatMut::dense(&mut tn, m, n), false, false);
        assert_eq!(got, want);
        assert_eq!(tn, want);
    }
}
