//! `exp` with the bits of `libm::expf`, written without branches so that it vectorises.

const LN2_HI: f32 = f32::from_bits(0x3f31_7200);
const LN2_LO: f32 = f32::from_bits(0x35bf_be8e);
const INV_LN2: f32 = f32::from_bits(0x3fb8_aa3b);
const P1: f32 = 1.666_662_5e-1;
const P2: f32 = -2.766_733_3e-3;

/// e^x, bit for bit what `libm::expf` 0.2.15 gives (a test compares them): reduce by k·ln 2, a rational
/// approximation, scale by 2^k. Each select below is one of its branches.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let magnitude = x.to_bits() & 0x7fff_ffff;
    // `max` then `min` also turns NaN into a number, so that the conversion below is defined.
    #[allow(clippy::manual_clamp)]
    let bounded = x.max(-104.0).min(88.8);
    let negative = bounded < 0.0;
    let half = if negative { -0.5f32 } else { 0.5f32 };
    // SAFETY: |INV_LN2 · bounded + half| < 151.
    let far: i32 = unsafe { (INV_LN2 * bounded + half).to_int_unchecked() };
    let near = if negative { -1 } else { 1 };
    let k = if magnitude > 0x3f85_1592 { far } else { near };
    let k = if magnitude > 0x3eb1_7218 { k } else { 0 };

    let kf = k as f32;
    let hi = bounded - kf * LN2_HI;
    let lo = kf * LN2_LO;
    let r = hi - lo;
    let rr = r * r;
    let c = r - rr * (P1 + rr * P2);
    let y = 1.0 + (r * c / (2.0 - c) - lo + hi);

    // Two exact powers of two, so that a subnormal result is rounded once.
    let k1 = k >> 1;
    let k2 = k - k1;
    let scaled = y * power_of_two(k1) * power_of_two(k2);
    let value = if magnitude <= 0x3900_0000 { 1.0 + x } else { scaled };
    let value = if x <= f32::from_bits(0xc2cf_f1b5) { 0.0 } else { value };
    let value = if x >= f32::from_bits(0x42b1_7218) { x * f32::from_bits(0x7f00_0000) } else { value };
    if x.is_nan() { x } else { value }
}

#[inline(always)]
fn power_of_two(k: i32) -> f32 {
    f32::from_bits(((k + 127) as u32) << 23)
}

#[cfg(test)]
mod tests {
    use super::exp;

    #[test]
    fn exp_has_the_bits_of_libm() {
        // A stride coprime to 2^32 walks signs, exponents and mantissas.
        let mut bits = 0u32;
        for _ in 0..4_000_000u32 {
            let x = f32::from_bits(bits);
            let (ours, libm) = (exp(x), libm::expf(x));
            assert!(ours.to_bits() == libm.to_bits() || (ours.is_nan() && libm.is_nan()), "{x:e}: {ours:e} {libm:e}");
            bits = bits.wrapping_add(2_654_435_761);
        }
        for x in [0.0, -0.0, 88.722_84, 88.72283, -87.33655, -103.972, -103.97209, f32::MAX, f32::MIN] {
            assert_eq!(exp(x).to_bits(), libm::expf(x).to_bits(), "{x}");
        }
        for step in -110_000..90_000 {
            let x = step as f32 * 1e-3;
            assert_eq!(exp(x).to_bits(), libm::expf(x).to_bits(), "{x}");
        }
    }
}
