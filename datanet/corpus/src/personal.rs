//! A warning for what looks personal, before a text becomes public for good.
//!
//! It looks at form alone: mail addresses, phone numbers, payment card numbers. It finds neither names nor
//! street addresses, and a number that only looks like a phone's is reported too: a person decides.

use serde::Serialize;

/// What a stretch of text looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `name@host.tld`.
    Mail,
    /// `+` and 8 to 15 digits, or digits grouped 3-3-4 with or without a country's digit before.
    Phone,
    /// 13 to 19 digits that pass the Luhn check.
    Card,
}

/// One stretch that looks personal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// What it looks like.
    pub kind: Kind,
    /// Where it begins, in bytes.
    pub offset: usize,
    /// The stretch itself.
    pub text: String,
}

/// All stretches of `text` that look personal, in order.
pub fn personal(text: &str) -> Vec<Warning> {
    let mut found = mails(text);
    found.extend(numbers(text));
    found.sort_by_key(|warning| warning.offset);
    found
}

fn mails(text: &str) -> Vec<Warning> {
    let bytes = text.as_bytes();
    let is_local = |b: u8| b.is_ascii_alphanumeric() || b"._%+-".contains(&b);
    let is_host = |b: u8| b.is_ascii_alphanumeric() || b".-".contains(&b);
    let mut found = Vec::new();
    for (at, _) in text.match_indices('@') {
        let start = at - bytes[..at].iter().rev().take_while(|&&b| is_local(b)).count();
        let length = bytes[at + 1..].iter().take_while(|&&b| is_host(b)).count();
        let host = text[at + 1..at + 1 + length].trim_end_matches(['.', '-']);
        let Some((name, top)) = host.rsplit_once('.') else { continue };
        let top_is_letters = top.len() >= 2 && top.bytes().all(|b| b.is_ascii_alphabetic());
        if start < at && !name.is_empty() && top_is_letters {
            let end = at + 1 + host.len();
            found.push(Warning { kind: Kind::Mail, offset: start, text: text[start..end].into() });
        }
    }
    found
}

/// Digits with single spaces, hyphens, dots or brackets between them.
fn numbers(text: &str) -> Vec<Warning> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let end = run_end(bytes, at);
        // A digit glued to a letter is part of a name or a code, not of a number.
        let glued = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphabetic());
        let before = at.checked_sub(1).and_then(|i| bytes.get(i));
        if !glued(before) && !glued(bytes.get(end)) {
            let start = at - usize::from(matches!(before, Some(b'+' | b'(')));
            if let Some(kind) = kind_of(&text[start..end]) {
                found.push(Warning { kind, offset: start, text: text[start..end].into() });
            }
        }
        at = end;
    }
    found
}

fn run_end(bytes: &[u8], start: usize) -> usize {
    let mut end = start + 1;
    loop {
        let gap = bytes[end..].iter().take(2).take_while(|b| b" -.()".contains(b)).count();
        match bytes.get(end + gap) {
            Some(b) if b.is_ascii_digit() => end += gap + 1,
            _ => return end,
        }
    }
}

fn kind_of(run: &str) -> Option<Kind> {
    let digits: Vec<u8> = run.bytes().filter(u8::is_ascii_digit).map(|b| b - b'0').collect();
    let groups: Vec<usize> = run.split(|c: char| !c.is_ascii_digit()).filter(|g| !g.is_empty()).map(str::len).collect();
    let hyphens_or_spaces = run.bytes().all(|b| b.is_ascii_digit() || b == b' ' || b == b'-');
    let is_card = (13..=19).contains(&digits.len())
        && (3..=6).contains(&digits[0])
        && hyphens_or_spaces
        && groups.iter().all(|&g| g >= 4)
        && digits.iter().any(|&d| d != digits[0])
        && luhn(&digits);
    if is_card {
        return Some(Kind::Card);
    }
    let is_international = run.starts_with('+') && (8..=15).contains(&digits.len());
    let is_grouped = matches!(groups[..], [3, 3, 4] | [1, 3, 3, 4]);
    (is_international || is_grouped).then_some(Kind::Phone)
}

/// Luhn's check (ISO/IEC 7812-1): every second digit from the right doubled, the digits' sum a multiple of 10.
fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, &d)| match (i % 2, u32::from(d) * 2) {
            (0, _) => u32::from(d),
            (_, twice) => twice / 10 + twice % 10,
        })
        .sum();
    sum % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &[(Kind, &str)]) {
        let found = personal(text);
        let found: Vec<_> = found
            .iter()
            .map(|w| {
                assert_eq!(&text[w.offset..w.offset + w.text.len()], w.text);
                (w.kind, w.text.as_str())
            })
            .collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn a_mail_address_is_seen_and_what_only_has_an_at_sign_is_not() {
        check("Write to jo.doe+x@mail.example.org, or don't.", &[(Kind::Mail, "jo.doe+x@mail.example.org")]);
        check("é@ö.de @home a@b a@b.c1 @x.org 3 @ 5.00", &[]);
        check("end: a@b.cd.", &[(Kind::Mail, "a@b.cd")]);
    }

    #[test]
    fn a_phone_number_is_seen_in_its_usual_groups() {
        check("Call (415) 555-2671 now", &[(Kind::Phone, "(415) 555-2671")]);
        check("415-555-2671", &[(Kind::Phone, "415-555-2671")]);
        check("+49 30 901820", &[(Kind::Phone, "+49 30 901820")]);
        check("1.415.555.2671", &[(Kind::Phone, "1.415.555.2671")]);
    }

    #[test]
    fn years_sums_and_codes_are_no_phone_numbers() {
        check("In 1861 1862 1863 and 1864, $1,000,000,000.00 or 12.5 per cent; 1790-01-08; A4155552671", &[]);
    }

    #[test]
    fn a_card_number_is_seen_only_if_its_check_digit_holds() {
        check("pay 4111 1111 1111 1111 today", &[(Kind::Card, "4111 1111 1111 1111")]);
        check("5500005555555559", &[(Kind::Card, "5500005555555559")]);
        check("4111 1111 1111 1112", &[]);
        check("4444444444444448", &[(Kind::Card, "4444444444444448")]);
        check("0000000000000000", &[]);
    }

    #[test]
    fn no_text_makes_it_panic() {
        for text in ["", "@", "1", "+1", "(", "a@", "1 ", "1-é", "@.", "x@-.", "+12345678@a.bc", "1(("] {
            personal(text);
        }
    }
}
