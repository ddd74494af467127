//! Chain time, as people write and read it. All of it is UTC.

use anyhow::{Context as _, Result, ensure};

const DAY_MS: u64 = 86_400_000;

/// `2026-11-25 01:44:24` of milliseconds since 1970.
pub fn show(ms: u64) -> String {
    let (year, month, day) = civil(ms / DAY_MS);
    let seconds = ms % DAY_MS / 1_000;
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// `3 d`, `2 h`, `5 min`, `20 s` or `1 ms`, of a duration; rounded down.
pub fn span(ms: u64) -> String {
    match ms {
        DAY_MS.. => format!("{} d", ms / DAY_MS),
        3_600_000.. => format!("{} h", ms / 3_600_000),
        60_000.. => format!("{} min", ms / 60_000),
        1_000.. => format!("{} s", ms / 1_000),
        _ => format!("{ms} ms"),
    }
}

/// A duration in the largest unit that it is a whole number of: `90 s`, `10 min`, `2 d`.
pub fn exact_span(ms: u64) -> String {
    let units = [(DAY_MS, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s")];
    match units.iter().find(|(unit, _)| ms > 0 && ms % unit == 0) {
        Some((unit, name)) => format!("{} {name}", ms / unit),
        None => format!("{ms} ms"),
    }
}

/// The first millisecond of a day `YYYY-MM-DD`.
pub fn parse_day(text: &str) -> Result<u64> {
    let wrong = || format!("`{text}` is not a day: write YYYY-MM-DD");
    let mut parts = text.splitn(3, '-');
    let mut next = || parts.next().and_then(|part| part.parse::<u64>().ok()).with_context(wrong);
    let (year, month, day) = (next()?, next()?, next()?);
    ensure!((1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day), wrong());
    let days = days_of(year, month, day);
    ensure!(civil(days) == (year, month, day), wrong());
    Ok(days * DAY_MS)
}

/// A duration such as `90s`, `5min`, `2h` or `3d`, in milliseconds.
pub fn parse_span(text: &str) -> Result<u64> {
    let wrong = || format!("`{text}` is not a duration: write for instance 90s, 5min, 2h or 3d");
    let split = text.find(|c: char| !c.is_ascii_digit()).with_context(wrong)?;
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().ok().with_context(wrong)?;
    let unit = match unit.trim() {
        "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => DAY_MS,
        _ => anyhow::bail!(wrong()),
    };
    number.checked_mul(unit).with_context(wrong)
}

/// Year, month and day of a number of days since 1970 (the Gregorian calendar in eras of 400 years that begin in March).
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// The inverse of [`civil`] from 1970 on.
fn days_of(year: u64, month: u64, day: u64) -> u64 {
    let year = year - u64::from(month <= 2);
    let (era, year_of_era) = (year / 400, year % 400);
    let shifted_month = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * shifted_month + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_utc() {
        assert_eq!(show(0), "1970-01-01 00:00:00");
        assert_eq!(show(951_782_400_000), "2000-02-29 00:00:00");
        assert_eq!(show(1_795_570_464_999), "2026-11-25 01:34:24");
    }

    #[test]
    fn days_are_read_back_as_they_are_shown() {
        for days in (0..40_000).step_by(13) {
            let (year, month, day) = civil(days);
            assert_eq!(parse_day(&format!("{year:04}-{month:02}-{day:02}")).unwrap(), days * DAY_MS);
        }
    }

    #[test]
    fn what_is_no_day_or_duration_is_refused() {
        for text in ["", "2026", "2026-13-01", "2026-02-30", "1969-01-01", "26-1-1-1", "tomorrow"] {
            assert!(parse_day(text).is_err(), "{text}");
        }
        for text in ["", "5", "h", "5 weeks", "-1s", "99999999999999999d"] {
            assert!(parse_span(text).is_err(), "{text}");
        }
        assert_eq!(parse_span("2h").unwrap(), 7_200_000);
        assert_eq!(span(7_200_000), "2 h");
    }
}
