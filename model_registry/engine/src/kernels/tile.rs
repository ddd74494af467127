//! The one inner kernel: a small tile of C = A·B in registers.

use super::Isa;

/// Outputs that lie side by side in a panel.
pub const PANEL: usize = 16;

/// C\[r]\[16p + c] (+)= Σ_k A\[r·a_row + k·a_k] · B\[k·b_k + p·b_panel + c], one FMA chain over ascending k an output.
#[derive(Clone, Copy)]
pub struct Tile {
    pub k: usize,
    pub a: *const f32,
    pub a_row: usize,
    pub a_k: usize,
    pub b: *const f32,
    pub b_k: usize,
    pub b_panel: usize,
    pub c: *mut f32,
    pub c_row: usize,
    /// Columns of the last panel that exist, 1..=16.
    pub last: usize,
    /// Continue the chains that stand in C, or start from zero.
    pub accumulate: bool,
}

/// A tile kernel. Safety: the CPU has its instruction set, and all addresses that the tile describes are valid.
pub type Kernel = unsafe fn(&Tile);

/// The largest tile (rows, panels) for products with `m` rows.
pub fn shape(isa: Isa, m: usize) -> (usize, usize) {
    match isa {
        Isa::Avx512 if m <= 4 => (4, 4),
        Isa::Avx512 => (12, 2),
        Isa::Avx2 if m <= 3 => (3, 2),
        Isa::Avx2 => (6, 1),
        Isa::Scalar => (4, 1),
    }
}

/// The kernel for `rows` × `panels`, each within what [`shape`] returned.
pub fn kernel(isa: Isa, rows: usize, panels: usize) -> Kernel {
    macro_rules! table {
        ($module:ident; $(($m:literal, $n:literal)),*) => {
            match (rows, panels) {
                $(($m, $n) => super::$module::tile::<$m, $n> as Kernel,)*
                _ => super::$module::tile::<1, 1> as Kernel,
            }
        };
    }
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => table!(avx512;
            (1, 1), (1, 2), (1, 3), (1, 4), (2, 1), (2, 2), (2, 3), (2, 4), (3, 1), (3, 2), (3, 3), (3, 4),
            (4, 1), (4, 2), (4, 3), (4, 4), (5, 1), (5, 2), (6, 1), (6, 2), (7, 1), (7, 2), (8, 1), (8, 2),
            (9, 1), (9, 2), (10, 1), (10, 2), (11, 1), (11, 2), (12, 1), (12, 2)),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => table!(avx2;
            (1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2), (4, 1), (5, 1), (6, 1)),
        _ => table!(scalar; (1, 1), (2, 1), (3, 1), (4, 1)),
    }
}
