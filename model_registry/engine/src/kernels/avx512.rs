//! The tile in 512-bit registers.

use super::tile::{PANEL, Tile};
use std::arch::x86_64::*;

/// Safety: see [`super::tile::Kernel`].
#[target_feature(enable = "avx512f")]
pub unsafe fn tile<const MR: usize, const NP: usize>(t: &Tile) {
    let tail: __mmask16 = if t.last >= PANEL { 0xffff } else { (1u16 << t.last) - 1 };
    let mask = |p: usize| if p + 1 == NP { tail } else { 0xffff };
    let mut acc = [[_mm512_setzero_ps(); NP]; MR];
    // SAFETY: the caller vouches for every address; pointers past the last k are formed by wrapping_add, never read.
    unsafe {
        if t.accumulate {
            for (r, row) in acc.iter_mut().enumerate() {
                for (p, lanes) in row.iter_mut().enumerate() {
                    *lanes = _mm512_maskz_loadu_ps(mask(p), t.c.add(r * t.c_row + p * PANEL));
                }
            }
        }
        let (mut a, mut b) = (t.a, t.b);
        for _ in 0..t.k {
            let mut columns = [_mm512_setzero_ps(); NP];
            for (p, lanes) in columns.iter_mut().enumerate() {
                *lanes = _mm512_maskz_loadu_ps(mask(p), b.add(p * t.b_panel));
            }
            for (r, row) in acc.iter_mut().enumerate() {
                let x = _mm512_set1_ps(*a.add(r * t.a_row));
                for (p, lanes) in row.iter_mut().enumerate() {
                    *lanes = _mm512_fmadd_ps(x, columns[p], *lanes);
                }
            }
            a = a.wrapping_add(t.a_k);
            b = b.wrapping_add(t.b_k);
        }
        for (r, row) in acc.iter().enumerate() {
            for (p, lanes) in row.iter().enumerate() {
                _mm512_mask_storeu_ps(t.c.add(r * t.c_row + p * PANEL), mask(p), *lanes);
            }
        }
    }
}
