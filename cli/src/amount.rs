//! Amounts of OPEN as people write and read them.

use anyhow::{Context, Result, bail};

const DECIMALS: u32 = 18;

/// Reads an amount: `12`, `0.5`, `1_000 OPEN`, or `17u` for units of 10^-18.
pub fn parse(text: &str) -> Result<u128> {
    let trimmed = text.trim().trim_end_matches("OPEN").trim().replace('_', "");
    if let Some(units) = trimmed.strip_suffix('u') {
        return units.parse().with_context(|| format!("`{text}` is not a whole number of units (10^-18 OPEN)"));
    }
    let (whole, fraction) = trimmed.split_once('.').unwrap_or((&trimmed, ""));
    if fraction.len() > DECIMALS as usize || (whole.is_empty() && fraction.is_empty()) {
        bail!("`{text}` is not an amount of OPEN: write for instance 12, 0.5 or 17u (units of 10^-18)");
    }
    let digits = format!("{whole}{fraction:0<width$}", width = DECIMALS as usize);
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        bail!("`{text}` is not an amount of OPEN: write for instance 12, 0.5 or 17u (units of 10^-18)");
    }
    digits.parse().with_context(|| format!("`{text}` is more than can exist"))
}

/// Shows an amount with up to six decimals, rounded down, trailing zeros dropped: `1,234.5`.
pub fn show(units: u128) -> String {
    let one = 10u128.pow(DECIMALS);
    let whole = grouped(units / one);
    let micro = units % one / 10u128.pow(DECIMALS - 6);
    if micro == 0 && units % one != 0 && units / one == 0 {
        return "<0.000001".into();
    }
    let fraction = format!("{micro:06}");
    match fraction.trim_end_matches('0') {
        "" => whole,
        shown => format!("{whole}.{shown}"),
    }
}

/// Decimals of the native coin.
const NATIVE_DECIMALS: u32 = 12;

/// Reads an amount of native coin: `1.5`, or `17u` for its smallest units (10^-12).
pub fn parse_native(text: &str) -> Result<u128> {
    let trimmed = text.trim().replace('_', "");
    if let Some(units) = trimmed.strip_suffix('u') {
        return units.parse().with_context(|| format!("`{text}` is not a whole number of units (10^-12)"));
    }
    let (whole, fraction) = trimmed.split_once('.').unwrap_or((&trimmed, ""));
    let digits = format!("{whole}{fraction:0<width$}", width = NATIVE_DECIMALS as usize);
    let plain = fraction.len() <= NATIVE_DECIMALS as usize && digits.bytes().all(|b| b.is_ascii_digit());
    if !plain || (whole.is_empty() && fraction.is_empty()) {
        bail!("`{text}` is not an amount of native coin: write for instance 1.5 or 17u (units of 10^-12)");
    }
    digits.parse().with_context(|| format!("`{text}` is more than can exist"))
}

/// Shows native coin with up to nine decimals, rounded down: `0.001444`.
pub fn show_native(units: u128) -> String {
    let one = 10u128.pow(NATIVE_DECIMALS);
    let nano = units % one / 1_000;
    if nano == 0 && units % one != 0 && units / one == 0 {
        return "<0.000000001".into();
    }
    match format!("{nano:09}").trim_end_matches('0') {
        "" => grouped(units / one),
        shown => format!("{}.{shown}", grouped(units / one)),
    }
}

/// A share in basis points: `800` or `8%`.
pub fn parse_share(text: &str) -> Result<u16> {
    let wrong = || format!("`{text}` is not a share: write basis points (800) or per cent (8%), at most the whole");
    let bps = match text.trim().strip_suffix('%') {
        None => text.trim().parse().ok().with_context(wrong)?,
        Some(percent) => {
            let (whole, fraction) = percent.trim().split_once('.').unwrap_or((percent.trim(), ""));
            let digits = format!("{whole}{fraction:0<2}");
            anyhow::ensure!(
                !percent.trim().is_empty() && fraction.len() <= 2 && digits.bytes().all(|b| b.is_ascii_digit()),
                wrong()
            );
            digits.parse::<u16>().ok().with_context(wrong)?
        }
    };
    anyhow::ensure!(bps <= 10_000, wrong());
    Ok(bps)
}

fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_in_open_and_in_units() {
        assert_eq!(parse("1").unwrap(), 10u128.pow(18));
        assert_eq!(parse("0.5 OPEN").unwrap(), 5 * 10u128.pow(17));
        assert_eq!(parse("1_000").unwrap(), 10u128.pow(21));
        assert_eq!(parse("17u").unwrap(), 17);
        assert_eq!(parse(".25").unwrap(), 25 * 10u128.pow(16));
    }

    #[test]
    fn native_coin_and_shares_are_read_and_shown() {
        assert_eq!(parse_native("1.5").unwrap(), 1_500_000_000_000);
        assert_eq!(parse_native("17u").unwrap(), 17);
        assert!(parse_native("-1").is_err() && parse_native("1 OPEN").is_err() && parse_native("").is_err());
        assert_eq!(show_native(1_444_000_000), "0.001444");
        assert_eq!(show_native(1_152_921_504_606_846_976), "1,152,921.504606846");
        assert_eq!((show_native(0), show_native(1)), ("0".into(), "<0.000000001".into()));
        for (text, bps) in [("800", 800), ("8%", 800), ("0.5 %", 50), ("100%", 10_000)] {
            assert_eq!(parse_share(text).unwrap(), bps, "{text}");
        }
        for text in ["", "%", "10001", "101%", "1.234%", "-1%"] {
            assert!(parse_share(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", ".", "-1", "1.2.3", "1e5", "0.0000000000000000001", "ten", "999999999999999999999999999"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn amounts_are_shown_with_six_decimals_at_most() {
        assert_eq!(show(0), "0");
        assert_eq!(show(1), "<0.000001");
        assert_eq!(show(1_234_567_890_123_456_789_012), "1,234.56789");
        assert_eq!(show(25 * 10u128.pow(16)), "0.25");
    }
}
