//! Operations on rows: norms, softmax, SiLU, rotary positions, and their derivatives. Plain Rust compiled once for
//! each instruction set; the compiler fuses nothing that is not written as `mul_add`, so the bits agree.

use super::bf16::round_inner;
use super::quant::{
    Line, Q4Block, Q4Strip, Q8Block, Q8Strip, fill_q4_across_inner, fill_q4_inner, fill_q8_across_inner, fill_q8_inner,
};
use super::{Isa, exp, isa};

/// Lanes of a sum. Part of the canonical definition, not of a machine.
const LANES: usize = 16;

/// Compiles `inner` for each instruction set and picks at run time.
macro_rules! dispatch {
    ($(#[$doc:meta])* $vis:vis $name:ident => $inner:ident ($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)?) => {
        $(#[$doc])*
        $vis fn $name($($arg: $ty),*) $(-> $ret)? {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
                fn wide($($arg: $ty),*) $(-> $ret)? { $inner($($arg),*) }
                #[target_feature(enable = "avx2,fma")]
                fn middle($($arg: $ty),*) $(-> $ret)? { $inner($($arg),*) }
                match isa() {
                    // SAFETY: `isa` found the features.
                    Isa::Avx512 => return unsafe { wide($($arg),*) },
                    // SAFETY: as above.
                    Isa::Avx2 => return unsafe { middle($($arg),*) },
                    Isa::Scalar => {}
                }
            }
            $inner($($arg),*)
        }
    };
}

/// Σ term(i) for i in 0..n: lane l takes i ≡ l (mod 16) in ascending order, then lanes fold in halves.
#[inline(always)]
fn lane_sum(n: usize, term: impl Fn(usize) -> f32) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let whole = n / LANES * LANES;
    for base in (0..whole).step_by(LANES) {
        for (l, lane) in lanes.iter_mut().enumerate() {
            *lane += term(base + l);
        }
    }
    for i in whole..n {
        lanes[i - whole] += term(i);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for l in 0..width {
            lanes[l] += lanes[l + width];
        }
        width /= 2;
    }
    lanes[0]
}

#[inline(always)]
fn maximum(x: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let mut chunks = x.chunks_exact(LANES);
    for chunk in &mut chunks {
        for (lane, &v) in lanes.iter_mut().zip(chunk) {
            *lane = if v > *lane { v } else { *lane };
        }
    }
    let tail = chunks.remainder().iter().copied();
    lanes.iter().copied().chain(tail).fold(f32::NEG_INFINITY, |a, b| if b > a { b } else { a })
}

dispatch! {
    /// y\[r] = x\[r] / sqrt(mean(x\[r]²) + eps) · gain, for each row of `gain.len()` floats. `x` and `y` \[rows, d].
    pub rms_norm => rms_norm_inner(x: &[f32], gain: &[f32], eps: f32, y: &mut [f32])
}

#[inline(always)]
fn inverse_rms(x: &[f32], eps: f32) -> f32 {
    let mean = lane_sum(x.len(), |i| x[i] * x[i]) / x.len() as f32;
    1.0 / (mean + eps).sqrt()
}

#[inline(always)]
fn rms_norm_inner(x: &[f32], gain: &[f32], eps: f32, y: &mut [f32]) {
    for (x, y) in x.chunks_exact(gain.len()).zip(y.chunks_exact_mut(gain.len())) {
        let inverse = inverse_rms(x, eps);
        for i in 0..gain.len() {
            y[i] = x[i] * inverse * gain[i];
        }
    }
}

dispatch! {
    /// dx += ∂/∂x of [`rms_norm`] applied to `dy`. All \[rows, d].
    pub rms_norm_backward => rms_norm_backward_inner(dy: &[f32], x: &[f32], gain: &[f32], eps: f32, dx: &mut [f32])
}

#[inline(always)]
fn rms_norm_backward_inner(dy: &[f32], x: &[f32], gain: &[f32], eps: f32, dx: &mut [f32]) {
    let d = gain.len();
    for ((dy, x), dx) in dy.chunks_exact(d).zip(x.chunks_exact(d)).zip(dx.chunks_exact_mut(d)) {
        let inverse = inverse_rms(x, eps);
        let along = lane_sum(d, |i| dy[i] * gain[i] * x[i]);
        let pull = along * inverse * inverse * inverse / d as f32;
        for i in 0..d {
            dx[i] += dy[i] * gain[i] * inverse - x[i] * pull;
        }
    }
}

dispatch! {
    /// act = silu(gate) · up, with gate and up side by side in `gate_up` \[rows, 2·ffn]; `act` \[rows, ffn].
    pub silu_mul => silu_mul_inner(gate_up: &[f32], ffn: usize, act: &mut [f32])
}

#[inline(always)]
fn silu_mul_inner(gate_up: &[f32], ffn: usize, act: &mut [f32]) {
    for (gu, act) in gate_up.chunks_exact(2 * ffn).zip(act.chunks_exact_mut(ffn)) {
        let (gate, up) = gu.split_at(ffn);
        for i in 0..ffn {
            act[i] = gate[i] / (1.0 + exp(-gate[i])) * up[i];
        }
    }
}

dispatch! {
    /// Gradient of [`silu_mul`]: `gate_up` \[rows, 2·ffn] becomes its own gradient, given `d_act` \[rows, ffn].
    pub silu_mul_backward => silu_mul_backward_inner(d_act: &[f32], ffn: usize, gate_up: &mut [f32])
}

#[inline(always)]
fn silu_mul_backward_inner(d_act: &[f32], ffn: usize, gate_up: &mut [f32]) {
    for (gu, d) in gate_up.chunks_exact_mut(2 * ffn).zip(d_act.chunks_exact(ffn)) {
        let (gate, up) = gu.split_at_mut(ffn);
        for i in 0..ffn {
            let g = gate[i];
            let sigmoid = 1.0 / (1.0 + exp(-g));
            let silu = g * sigmoid;
            let d_gate = d[i] * up[i] * sigmoid * (1.0 + g * (1.0 - sigmoid));
            up[i] = d[i] * silu;
            gate[i] = d_gate;
        }
    }
}

dispatch! {
    /// x becomes softmax(scale · x).
    pub softmax_in_place => softmax_inner(x: &mut [f32], scale: f32)
}

#[inline(always)]
fn softmax_inner(x: &mut [f32], scale: f32) {
    for v in x.iter_mut() {
        *v *= scale;
    }
    softmax_with_lse_inner(x);
}

dispatch! {
    /// x becomes softmax(x); returns (maximum, Σ exp(x − maximum)), from which a log-probability follows.
    pub softmax_with_lse => softmax_with_lse_inner(x: &mut [f32]) -> (f32, f32)
}

#[inline(always)]
fn softmax_with_lse_inner(x: &mut [f32]) -> (f32, f32) {
    let top = maximum(x);
    for v in x.iter_mut() {
        *v = exp(*v - top);
    }
    let sum = lane_sum(x.len(), |i| x[i]);
    for v in x.iter_mut() {
        *v /= sum;
    }
    (top, sum)
}

dispatch! {
    /// Given probabilities `p` of a softmax over scale · s and the gradient `dp`, `dp` becomes the gradient of s.
    pub softmax_backward_in_place => softmax_backward_inner(p: &[f32], dp: &mut [f32], scale: f32)
}

#[inline(always)]
fn softmax_backward_inner(p: &[f32], dp: &mut [f32], scale: f32) {
    let n = p.len().min(dp.len());
    let (p, dp) = (&p[..n], &mut dp[..n]);
    let along = lane_sum(n, |i| p[i] * dp[i]);
    for i in 0..n {
        dp[i] = p[i] * (dp[i] - along) * scale;
    }
}

dispatch! {
    /// Rotates the pairs (2i, 2i+1) of each head in `row` by the angles of one position: `cos_sin` holds cos then sin,
    /// half a head each; `backward` turns the other way.
    pub rotate_pairs => rotate_pairs_inner(row: &mut [f32], cos_sin: &[f32], backward: bool)
}

#[inline(always)]
fn rotate_pairs_inner(row: &mut [f32], cos_sin: &[f32], backward: bool) {
    let half = cos_sin.len() / 2;
    let (cos, sin) = cos_sin.split_at(half);
    for head in row.chunks_exact_mut(2 * half) {
        for i in 0..half {
            let s = if backward { -sin[i] } else { sin[i] };
            let (x, y) = (head[2 * i], head[2 * i + 1]);
            head[2 * i] = x * cos[i] - y * s;
            head[2 * i + 1] = x * s + y * cos[i];
        }
    }
}

dispatch! {
    /// x += y.
    pub add_assign => add_assign_inner(x: &mut [f32], y: &[f32])
}

#[inline(always)]
fn add_assign_inner(x: &mut [f32], y: &[f32]) {
    for (x, y) in x.iter_mut().zip(y) {
        *x += y;
    }
}

dispatch! {
    /// x *= factor.
    pub scale_in_place => scale_inner(x: &mut [f32], factor: f32)
}

#[inline(always)]
fn scale_inner(x: &mut [f32], factor: f32) {
    for v in x.iter_mut() {
        *v *= factor;
    }
}

dispatch! {
    /// x = fma(factor, y, x).
    pub axpy_rows => axpy_inner(x: &mut [f32], factor: f32, y: &[f32])
}

#[inline(always)]
fn axpy_inner(x: &mut [f32], factor: f32, y: &[f32]) {
    for (x, y) in x.iter_mut().zip(y) {
        *x = factor.mul_add(*y, *x);
    }
}

dispatch! {
    /// The nearest bf16 of each number, ties to even.
    pub round_to_bf16 => round_inner(from: &[f32], to: &mut [u16])
}

dispatch! { pub(super) fill_q4 => fill_q4_inner(blocks: &[Q4Block], out: &mut [Line]) }
dispatch! { pub(super) fill_q8 => fill_q8_inner(blocks: &[Q8Block], out: &mut [Line]) }
dispatch! { pub(super) fill_q4_across => fill_q4_across_inner(strips: &[Q4Strip], out: &mut [Line]) }
dispatch! { pub(super) fill_q8_across => fill_q8_across_inner(strips: &[Q8Strip], out: &mut [Line]) }

/// Σ x·y in f64, ascending.
pub fn dot_f64(x: &[f32], y: &[f32]) -> f64 {
    x.iter().zip(y).fold(0.0, |sum, (x, y)| sum + f64::from(*x) * f64::from(*y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_softmax_sums_to_one_and_keeps_order() {
        let mut x: Vec<f32> = (0..37).map(|i| (i as f32 * 0.7).sin() * 5.0).collect();
        let before = x.clone();
        softmax_in_place(&mut x, 0.5);
        assert!((x.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        let order = |v: &[f32]| {
            let mut ids: Vec<usize> = (0..v.len()).collect();
            ids.sort_by(|a, b| v[*a].total_cmp(&v[*b]));
            ids
        };
        assert_eq!(order(&x), order(&before));
    }

    #[test]
    fn turning_back_undoes_turning() {
        let cos_sin: Vec<f32> =
            [0.3f32, 1.1, 2.0].iter().map(|a| a.cos()).chain([0.3f32, 1.1, 2.0].iter().map(|a| a.sin())).collect();
        let before: Vec<f32> = (0..12).map(|i| i as f32).collect();
        let mut row = before.clone();
        rotate_pairs(&mut row, &cos_sin, false);
        rotate_pairs(&mut row, &cos_sin, true);
        for (x, y) in row.iter().zip(&before) {
            assert!((x - y).abs() < 1e-4);
        }
    }

    #[test]
    fn the_norm_has_the_derivative_of_its_differences() {
        let gain = [0.5f32, 1.5, -1.0, 2.0];
        let x = [0.3f32, -0.7, 1.1, 0.2];
        let dy = [1.0f32, -2.0, 0.5, 0.25];
        let mut dx = [0.0f32; 4];
        rms_norm_backward(&dy, &x, &gain, 1e-5, &mut dx);
        let value = |x: &[f32; 4]| {
            let mut y = [0.0f32; 4];
            rms_norm(x, &gain, 1e-5, &mut y);
            dot_f64(&y, &dy)
        };
        for i in 0..4 {
            let (mut up, mut down) = (x, x);
            up[i] += 1e-3;
            down[i] -= 1e-3;
            let slope = (value(&up) - value(&down)) / f64::from(up[i] - down[i]);
            assert!((slope - f64::from(dx[i])).abs() < 2e-3, "{i}: {slope} {}", dx[i]);
        }
    }
}
