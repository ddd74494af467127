//! The tile in plain Rust, for machines without AVX2. `mul_add` rounds once, as the vector instructions do.

use super::tile::{PANEL, Tile};

/// Safety: see [`super::tile::Kernel`].
pub unsafe fn tile<const MR: usize, const NP: usize>(t: &Tile) {
    for r in 0..MR {
        for p in 0..NP {
            let columns = if p + 1 == NP { t.last } else { PANEL };
            for c in 0..columns {
                // SAFETY: the caller vouches for every address.
                unsafe {
                    let out = t.c.add(r * t.c_row + p * PANEL + c);
                    let mut sum = if t.accumulate { *out } else { 0.0 };
                    for k in 0..t.k {
                        let x = *t.a.add(r * t.a_row + k * t.a_k);
                        sum = x.mul_add(*t.b.add(k * t.b_k + p * t.b_panel + c), sum);
                    }
                    *out = sum;
                }
            }
        }
    }
}
