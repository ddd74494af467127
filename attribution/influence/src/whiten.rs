//! (F + λI)^-½ of a block's second moments, by operations that round alike everywhere: + − × ÷ √ in f64.

/// Share of the mean diagonal that is added to it.
const DAMPING: f64 = 0.1;
const SWEEPS: usize = 30;

/// W = (F + λI)^-½ \[n, n] row-major, F the mean of g·gᵀ over `gradients` (each \[n]), λ = 0.1 · mean diag F. Zeros
/// where all gradients are zero: such a block says nothing.
pub fn whitening<'a>(gradients: impl Iterator<Item = &'a [f32]>, n: usize) -> Vec<f32> {
    let mut f = vec![0.0f64; n * n];
    let mut count = 0u32;
    for g in gradients {
        count += 1;
        for i in 0..n {
            let gi = f64::from(g[i]);
            for j in 0..=i {
                f[i * n + j] += gi * f64::from(g[j]);
            }
        }
    }
    let count = f64::from(count.max(1));
    for i in 0..n {
        for j in 0..=i {
            f[i * n + j] /= count;
            f[j * n + i] = f[i * n + j];
        }
    }
    let trace = (0..n).fold(0.0, |sum, i| sum + f[i * n + i]);
    let lambda = DAMPING * trace / n as f64;
    if lambda <= 0.0 || !lambda.is_finite() {
        return vec![0.0; n * n];
    }
    let (values, vectors) = eigen(f, n);
    let scales: Vec<f64> = values.iter().map(|v| 1.0 / (v.max(0.0) + lambda).sqrt()).collect();
    let mut w = vec![0.0f32; n * n];
    for i in 0..n {
        for j in 0..n {
            let mut sum = 0.0;
            for k in 0..n {
                sum += vectors[i * n + k] * scales[k] * vectors[j * n + k];
            }
            w[i * n + j] = sum as f32;
        }
    }
    w
}

/// Eigenvalues and eigenvectors (columns) of a symmetric matrix: cyclic Jacobi (Golub, Van Loan 8.5).
fn eigen(mut a: Vec<f64>, n: usize) -> (Vec<f64>, Vec<f64>) {
    let mut v = vec![0.0f64; n * n];
    for i in 0..n {
        v[i * n + i] = 1.0;
    }
    let scale = (0..n).fold(0.0, |sum, i| sum + a[i * n + i] * a[i * n + i]);
    for _ in 0..SWEEPS {
        let mut off = 0.0;
        for i in 0..n {
            for j in 0..i {
                off += a[i * n + j] * a[i * n + j];
            }
        }
        if off <= 1e-24 * scale {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                let apq = a[p * n + q];
                if apq == 0.0 {
                    continue;
                }
                let theta = (a[q * n + q] - a[p * n + p]) / (2.0 * apq);
                let sign = if theta < 0.0 { -1.0 } else { 1.0 };
                let t = sign / (theta * sign + (theta * theta + 1.0).sqrt());
                let c = 1.0 / (t * t + 1.0).sqrt();
                let s = t * c;
                for k in 0..n {
                    let (x, y) = (a[k * n + p], a[k * n + q]);
                    a[k * n + p] = c * x - s * y;
                    a[k * n + q] = s * x + c * y;
                }
                for k in 0..n {
                    let (x, y) = (a[p * n + k], a[q * n + k]);
                    a[p * n + k] = c * x - s * y;
                    a[q * n + k] = s * x + c * y;
                }
                for k in 0..n {
                    let (x, y) = (v[k * n + p], v[k * n + q]);
                    v[k * n + p] = c * x - s * y;
                    v[k * n + q] = s * x + c * y;
                }
            }
        }
    }
    ((0..n).map(|i| a[i * n + i]).collect(), v)
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::Random;

    #[test]
    fn whitening_twice_inverts_the_damped_moments() {
        let n = 12;
        let mut random = Random::new(5);
        let rows: Vec<Vec<f32>> = (0..40).map(|_| (0..n).map(|i| random.normal() * (i + 1) as f32).collect()).collect();
        let w = whitening(rows.iter().map(Vec::as_slice), n);
        let mut f = vec![0.0f64; n * n];
        for g in &rows {
            for i in 0..n {
                for j in 0..n {
                    f[i * n + j] += f64::from(g[i] * g[j]) / 40.0;
                }
            }
        }
        let lambda = 0.1 * (0..n).map(|i| f[i * n + i]).sum::<f64>() / n as f64;
        (0..n).for_each(|i| f[i * n + i] += lambda);
        // W·(F + λI)·W = I
        let product = |a: &[f64], b: &[f64]| -> Vec<f64> {
            (0..n * n).map(|e| (0..n).map(|k| a[e / n * n + k] * b[k * n + e % n]).sum()).collect()
        };
        let w: Vec<f64> = w.into_iter().map(f64::from).collect();
        for (e, value) in product(&product(&w, &f), &w).into_iter().enumerate() {
            let want = if e / n == e % n { 1.0 } else { 0.0 };
            assert!((value - want).abs() < 1e-4, "{e}: {value}");
        }
    }

    #[test]
    fn a_silent_block_stays_silent() {
        assert_eq!(whitening([[0.0f32; 4].as_slice()].into_iter(), 4), vec![0.0; 16]);
    }
}
