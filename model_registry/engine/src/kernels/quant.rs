//! GGUF's quantised weights in panels, turned into f32 block by block as a product needs them.
//!
//! A weight is scale · q + minimum. Scales are f16 and q has at most eight bits, so scale · q is exact in f32 and the
//! sum is rounded once: the same bits however it is computed, and those of dequantising at load. It takes six or nine
//! bits a weight instead of thirty-two, of memory and of memory's bandwidth.

use super::rows::{fill_q4, fill_q4_across, fill_q8, fill_q8_across};
use super::tile::PANEL;
#[cfg(target_arch = "x86_64")]
use super::{Isa, isa};
use half::f16;
use rayon::prelude::*;

/// Weights that share a scale, along a row of W.
pub(super) const BLOCK: usize = 32;

/// Sixteen floats on a cache line: vectors then never straddle two.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Line(pub(super) [f32; PANEL]);

/// Sixteen rows × 32 columns of Q4_1.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Q4Block {
    pub(super) scale: [f32; PANEL],
    pub(super) minimum: [f32; PANEL],
    /// Low nibbles: column j; high ones: column j + 16.
    pub(super) q: [[u8; PANEL]; BLOCK / 2],
}

/// Sixteen rows × 32 columns of Q8_0.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Q8Block {
    pub(super) scale: [f32; PANEL],
    pub(super) q: [[i8; PANEL]; BLOCK],
}

/// One row × sixteen columns of Q4_1, for panels of the transpose.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Q4Strip {
    pub(super) scale: f32,
    pub(super) minimum: f32,
    /// Low nibbles: column j; high ones: column j + 8.
    pub(super) q: [u8; PANEL / 2],
}

/// One row × sixteen columns of Q8_0, for panels of the transpose.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Q8Strip {
    pub(super) scale: f32,
    pub(super) q: [i8; PANEL],
}

/// A format of GGUF that stays packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuantKind {
    Q4_1,
    Q8_0,
}

impl QuantKind {
    /// Bytes of 32 weights in the file.
    pub fn block_bytes(self) -> usize {
        match self {
            QuantKind::Q4_1 => 20,
            QuantKind::Q8_0 => 34,
        }
    }
}

/// What panels hold.
#[derive(Clone)]
pub(super) enum Storage {
    F32(Vec<Line>),
    Q4(Vec<Q4Block>),
    Q8(Vec<Q8Block>),
    /// The transpose of Q4 panels.
    Q4Across(Vec<Q4Strip>),
    /// The transpose of Q8 panels.
    Q8Across(Vec<Q8Strip>),
}

impl Storage {
    /// Packs rows of blocks as they stand in a GGUF file; `k` is a multiple of 32.
    pub(super) fn of_rows(kind: QuantKind, rows: &[&[u8]], k: usize) -> Self {
        let (blocks, panels) = (k / BLOCK, rows.len().div_ceil(PANEL));
        let of = |panel: usize, lane: usize, block: usize| -> Option<&[u8]> {
            rows.get(panel * PANEL + lane).map(|row| &row[block * kind.block_bytes()..][..kind.block_bytes()])
        };
        let number = |bytes: &[u8], at: usize| f16::from_le_bytes([bytes[at], bytes[at + 1]]).to_f32();
        match kind {
            QuantKind::Q4_1 => {
                let empty = Q4Block { scale: [0.0; PANEL], minimum: [0.0; PANEL], q: [[0; PANEL]; BLOCK / 2] };
                let mut out = vec![empty; panels * blocks];
                out.par_iter_mut().enumerate().for_each(|(i, to)| {
                    for lane in 0..PANEL {
                        let Some(from) = of(i / blocks, lane, i % blocks) else { break };
                        to.scale[lane] = number(from, 0);
                        to.minimum[lane] = number(from, 2);
                        // The file has the low nibbles first too: columns 0..16, then 16..32.
                        (0..BLOCK / 2).for_each(|j| to.q[j][lane] = from[4 + j]);
                    }
                });
                Storage::Q4(out)
            }
            QuantKind::Q8_0 => {
                let mut out = vec![Q8Block { scale: [0.0; PANEL], q: [[0; PANEL]; BLOCK] }; panels * blocks];
                out.par_iter_mut().enumerate().for_each(|(i, to)| {
                    for lane in 0..PANEL {
                        let Some(from) = of(i / blocks, lane, i % blocks) else { break };
                        to.scale[lane] = number(from, 0);
                        (0..BLOCK).for_each(|j| to.q[j][lane] = from[2 + j].cast_signed());
                    }
                });
                Storage::Q8(out)
            }
        }
    }

    /// The transpose of quantised panels of W \[n, k]; nothing if these are none.
    pub(super) fn across(&self, n: usize, k: usize) -> Option<Self> {
        let blocks = k / BLOCK;
        let panels = k.div_ceil(PANEL);
        // Strip i: columns 16·(i / n) .. of row i % n.
        let place = |i: usize| {
            let (panel, row) = (i / n, i % n);
            (row / PANEL * blocks + panel * PANEL / BLOCK, row % PANEL, panel * PANEL % BLOCK)
        };
        match self {
            Storage::Q4(from) => {
                let strip = |i: usize| {
                    let (block, lane, column) = place(i);
                    let block = &from[block];
                    let nibble = |j: usize| if column == 0 { block.q[j][lane] & 15 } else { block.q[j][lane] >> 4 };
                    let q = std::array::from_fn(|j| nibble(j) | nibble(j + PANEL / 2) << 4);
                    Q4Strip { scale: block.scale[lane], minimum: block.minimum[lane], q }
                };
                Some(Storage::Q4Across((0..panels * n).into_par_iter().with_min_len(4_096).map(strip).collect()))
            }
            Storage::Q8(from) => {
                let strip = |i: usize| {
                    let (block, lane, column) = place(i);
                    let block = &from[block];
                    Q8Strip { scale: block.scale[lane], q: std::array::from_fn(|j| block.q[column + j][lane]) }
                };
                Some(Storage::Q8Across((0..panels * n).into_par_iter().with_min_len(4_096).map(strip).collect()))
            }
            _ => None,
        }
    }

    /// Element (col) of lane `lane` of panel `panel`; chains are `k` long.
    pub(super) fn at(&self, panel: usize, lane: usize, col: usize, k: usize) -> f32 {
        match self {
            Storage::F32(lines) => lines[panel * k + col].0[lane],
            Storage::Q4(blocks) => {
                let block = &blocks[panel * (k / BLOCK) + col / BLOCK];
                let byte = block.q[col % (BLOCK / 2)][lane];
                let q = if col % BLOCK < BLOCK / 2 { byte & 15 } else { byte >> 4 };
                f32::from(q) * block.scale[lane] + block.minimum[lane]
            }
            Storage::Q8(blocks) => {
                let block = &blocks[panel * (k / BLOCK) + col / BLOCK];
                f32::from(block.q[col % BLOCK][lane]) * block.scale[lane]
            }
            Storage::Q4Across(strips) => {
                let strip = &strips[panel * k + col];
                let byte = strip.q[lane % (PANEL / 2)];
                let q = if lane < PANEL / 2 { byte & 15 } else { byte >> 4 };
                f32::from(q) * strip.scale + strip.minimum
            }
            Storage::Q8Across(strips) => {
                let strip = &strips[panel * k + col];
                f32::from(strip.q[lane]) * strip.scale
            }
        }
    }

    /// Writes columns `from..from + out.len()` of a panel as lines; `from` and the length are multiples of 32 where k is
    /// quantised in blocks.
    pub(super) fn fill(&self, panel: usize, from: usize, k: usize, out: &mut [Line]) {
        let (start, blocks) = (panel * k + from, panel * (k / BLOCK) + from / BLOCK);
        #[cfg(target_arch = "x86_64")]
        if isa() == Isa::Avx512 {
            // SAFETY: `isa` found AVX-512.
            match self {
                Storage::Q4(all) => return unsafe { avx::fill_q4(&all[blocks..blocks + out.len() / BLOCK], out) },
                Storage::Q8(all) => return unsafe { avx::fill_q8(&all[blocks..blocks + out.len() / BLOCK], out) },
                Storage::Q4Across(all) => return unsafe { avx::fill_q4_across(&all[start..start + out.len()], out) },
                _ => {}
            }
        }
        match self {
            Storage::F32(lines) => out.copy_from_slice(&lines[start..start + out.len()]),
            Storage::Q4(all) => fill_q4(&all[blocks..blocks + out.len() / BLOCK], out),
            Storage::Q8(all) => fill_q8(&all[blocks..blocks + out.len() / BLOCK], out),
            Storage::Q4Across(all) => fill_q4_across(&all[start..start + out.len()], out),
            Storage::Q8Across(all) => fill_q8_across(&all[start..start + out.len()], out),
        }
    }

    /// Bytes of memory.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Storage::F32(v) => size_of_val(v.as_slice()),
            Storage::Q4(v) => size_of_val(v.as_slice()),
            Storage::Q8(v) => size_of_val(v.as_slice()),
            Storage::Q4Across(v) => size_of_val(v.as_slice()),
            Storage::Q8Across(v) => size_of_val(v.as_slice()),
        }
    }
}

/// Sixteen weights of as many rows. A line at a time: the compiler then keeps it in one register.
#[inline(always)]
fn line(q: [u8; PANEL], scale: &[f32; PANEL], minimum: &[f32; PANEL]) -> Line {
    Line(std::array::from_fn(|lane| (i32::from(q[lane]) as f32) * scale[lane] + minimum[lane]))
}

#[inline(always)]
pub(super) fn fill_q4_inner(blocks: &[Q4Block], out: &mut [Line]) {
    for (block, lines) in blocks.iter().zip(out.chunks_exact_mut(BLOCK)) {
        let (low, high) = lines.split_at_mut(BLOCK / 2);
        for (q, to) in block.q.iter().zip(low) {
            *to = line(q.map(|v| v & 15), &block.scale, &block.minimum);
        }
        for (q, to) in block.q.iter().zip(high) {
            *to = line(q.map(|v| v >> 4), &block.scale, &block.minimum);
        }
    }
}

#[inline(always)]
pub(super) fn fill_q8_inner(blocks: &[Q8Block], out: &mut [Line]) {
    for (block, lines) in blocks.iter().zip(out.chunks_exact_mut(BLOCK)) {
        for (q, to) in block.q.iter().zip(lines) {
            *to = Line(std::array::from_fn(|lane| (i32::from(q[lane]) as f32) * block.scale[lane]));
        }
    }
}

#[inline(always)]
pub(super) fn fill_q4_across_inner(strips: &[Q4Strip], out: &mut [Line]) {
    for (strip, to) in strips.iter().zip(out) {
        let q = std::array::from_fn(|j| {
            let byte = strip.q[j % (PANEL / 2)];
            if j < PANEL / 2 { byte & 15 } else { byte >> 4 }
        });
        *to = line(q, &[strip.scale; PANEL], &[strip.minimum; PANEL]);
    }
}

#[inline(always)]
pub(super) fn fill_q8_across_inner(strips: &[Q8Strip], out: &mut [Line]) {
    for (strip, to) in strips.iter().zip(out) {
        *to = Line(std::array::from_fn(|lane| (i32::from(strip.q[lane]) as f32) * strip.scale));
    }
}

/// The same with intrinsics, because the compiler scatters where it should store.
#[cfg(target_arch = "x86_64")]
mod avx {
    use super::*;
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx512f")]
    pub(super) fn fill_q4(blocks: &[Q4Block], out: &mut [Line]) {
        for (block, lines) in blocks.iter().zip(out.chunks_exact_mut(BLOCK)) {
            let (low, high) = lines.split_at_mut(BLOCK / 2);
            // SAFETY: each pointer is to a whole array of sixteen; lines and scales are aligned to 64.
            unsafe {
                let scale = _mm512_load_ps(block.scale.as_ptr());
                let minimum = _mm512_load_ps(block.minimum.as_ptr());
                for ((q, low), high) in block.q.iter().zip(low).zip(high) {
                    let bytes = _mm512_cvtepu8_epi32(_mm_loadu_si128(q.as_ptr().cast()));
                    let (l, h) = (_mm512_and_si512(bytes, _mm512_set1_epi32(15)), _mm512_srli_epi32::<4>(bytes));
                    // scale · q is exact, so a fused product rounds the same.
                    let value = |q| _mm512_fmadd_ps(_mm512_cvtepi32_ps(q), scale, minimum);
                    _mm512_store_ps(low.0.as_mut_ptr(), value(l));
                    _mm512_store_ps(high.0.as_mut_ptr(), value(h));
                }
            }
        }
    }

    #[target_feature(enable = "avx512f")]
    pub(super) fn fill_q8(blocks: &[Q8Block], out: &mut [Line]) {
        for (block, lines) in blocks.iter().zip(out.chunks_exact_mut(BLOCK)) {
            // SAFETY: as above.
            unsafe {
                let scale = _mm512_load_ps(block.scale.as_ptr());
                for (q, to) in block.q.iter().zip(lines) {
                    let q = _mm512_cvtepi8_epi32(_mm_loadu_si128(q.as_ptr().cast()));
                    _mm512_store_ps(to.0.as_mut_ptr(), _mm512_mul_ps(_mm512_cvtepi32_ps(q), scale));
                }
            }
        }
    }

    #[target_feature(enable = "avx512f")]
    pub(super) fn fill_q4_across(strips: &[Q4Strip], out: &mut [Line]) {
        for (strip, to) in strips.iter().zip(out) {
            // SAFETY: the strip holds eight bytes, the line is aligned to 64.
            unsafe {
                let bytes = _mm_loadl_epi64(strip.q.as_ptr().cast());
                let high = _mm_and_si128(_mm_srli_epi16::<4>(bytes), _mm_set1_epi8(15));
                let low = _mm_and_si128(bytes, _mm_set1_epi8(15));
                let q = _mm512_cvtepu8_epi32(_mm_unpacklo_epi64(low, high));
                let (scale, minimum) = (_mm512_set1_ps(strip.scale), _mm512_set1_ps(strip.minimum));
                _mm512_store_ps(to.0.as_mut_ptr(), _mm512_fmadd_ps(_mm512_cvtepi32_ps(q), scale, minimum));
            }
        }
    }
}
