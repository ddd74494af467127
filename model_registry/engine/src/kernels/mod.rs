//! Arithmetic: matrix products and row operations, in **canonical f32**.
//!
//! Canonical means that the bits of a result are a function of the inputs alone: every output of a matrix product is
//! one chain of fused multiply-adds over ascending `k`, every sum of a row runs in sixteen fixed lanes, `exp` has
//! libm's bits. Vectors and threads go over outputs only, so the instruction set, the number of threads and the other
//! rows of a batch change nothing. This module knows nothing of models.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod bf16;
mod exp;
mod gemm;
mod panels;
mod quant;
mod rows;
mod scalar;
mod tile;

pub use bf16::{Bf16Panels, has_bf16, matmul_bf16};
pub use exp::exp;
pub use gemm::{MatMut, MatRef, matmul, matmul_serial, matmul_serial_here, product, product_panels, product_tn};
pub use panels::Panels;
pub use quant::QuantKind;
pub use rows::{
    add_assign, axpy_rows, dot_f64, rms_norm, rms_norm_backward, rotate_pairs, scale_in_place, silu_mul,
    silu_mul_backward, softmax_backward_in_place, softmax_in_place, softmax_with_lse,
};

use std::sync::OnceLock;

/// The widest instruction set that this machine has and that we have kernels for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// 16 lanes, 32 registers.
    Avx512,
    /// 8 lanes with FMA.
    Avx2,
    /// Plain Rust with `f32::mul_add`: slow, same bits.
    Scalar,
}

/// The instruction set in use: the best one, or the one that `OPENLEDGER_ISA` (`avx512`, `avx2`, `scalar`) asks for
/// where the machine has it.
pub fn isa() -> Isa {
    static ISA: OnceLock<Isa> = OnceLock::new();
    *ISA.get_or_init(|| {
        let wanted = std::env::var("OPENLEDGER_ISA").unwrap_or_default();
        let available = available();
        available
            .iter()
            .copied()
            .find(|isa| wanted.eq_ignore_ascii_case(&format!("{isa:?}")))
            .or(available.first().copied())
            .unwrap_or(Isa::Scalar)
    })
}

/// What this machine can run, best first; never empty.
pub fn available() -> Vec<Isa> {
    #[allow(unused_mut)]
    let mut found = vec![Isa::Scalar];
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            found.insert(0, Isa::Avx2);
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
            {
                found.insert(0, Isa::Avx512);
            }
        }
    }
    found
}
