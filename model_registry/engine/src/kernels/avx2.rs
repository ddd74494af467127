//! The tile in 256-bit registers: a panel is two of them.

use super::tile::{PANEL, Tile};
use std::arch::x86_64::*;

/// Safety: see [`super::tile::Kernel`].
#[target_feature(enable = "avx2,fma")]
pub unsafe fn tile<const MR: usize, const NP: usize>(t: &Tile) {
    let lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    let last = t.last as i32;
    let tails =
        [_mm256_cmpgt_epi32(_mm256_set1_epi32(last), lane), _mm256_cmpgt_epi32(_mm256_set1_epi32(last - 8), lane)];
    let full = _mm256_set1_epi32(-1);
    let mask = |p: usize, half: usize| if p + 1 == NP { tails[half] } else { full };
    let mut acc = [[[_mm256_setzero_ps(); 2]; NP]; MR];
    // SAFETY: the caller vouches for every address; masked lanes are neither read nor written.
    unsafe {
        if t.accumulate {
            for (r, row) in acc.iter_mut().enumerate() {
                for (p, pair) in row.iter_mut().enumerate() {
                    for (half, lanes) in pair.iter_mut().enumerate() {
                        let from = t.c.wrapping_add(r * t.c_row + p * PANEL + half * 8);
                        *lanes = _mm256_maskload_ps(from, mask(p, half));
                    }
                }
            }
        }
        let (mut a, mut b) = (t.a, t.b);
        for _ in 0..t.k {
            let mut columns = [[_mm256_setzero_ps(); 2]; NP];
            for (p, pair) in columns.iter_mut().enumerate() {
                for (half, lanes) in pair.iter_mut().enumerate() {
                    *lanes = _mm256_maskload_ps(b.wrapping_add(p * t.b_panel + half * 8), mask(p, half));
                }
            }
            for (r, row) in acc.iter_mut().enumerate() {
                let x = _mm256_set1_ps(*a.add(r * t.a_row));
                for (p, pair) in row.iter_mut().enumerate() {
                    for (half, lanes) in pair.iter_mut().enumerate() {
                        *lanes = _mm256_fmadd_ps(x, columns[p][half], *lanes);
                    }
                }
            }
            a = a.wrapping_add(t.a_k);
            b = b.wrapping_add(t.b_k);
        }
        for (r, row) in acc.iter().enumerate() {
            for (p, pair) in row.iter().enumerate() {
                for (half, lanes) in pair.iter().enumerate() {
                    let to = t.c.wrapping_add(r * t.c_row + p * PANEL + half * 8);
                    _mm256_maskstore_ps(to, mask(p, half), *lanes);
                }
            }
        }
    }
}
