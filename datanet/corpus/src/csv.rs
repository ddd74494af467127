//! Comma-separated values (RFC 4180), as far as a table of documents needs them.

/// A record: the line that it begins on, from 1, and its fields.
pub(crate) struct Record {
    pub line: u64,
    pub fields: Vec<String>,
}

/// All records of `text`; empty lines are skipped.
///
/// # Errors
/// The line and what is wrong with it: a quote that never closes, or text after a closing quote.
pub(crate) fn records(text: &str) -> Result<Vec<Record>, (u64, &'static str)> {
    let mut records = Vec::new();
    let mut chars = text.chars().peekable();
    let mut line = 1;
    while chars.peek().is_some() {
        let mut record = Record { line, fields: Vec::new() };
        loop {
            let mut field = String::new();
            if chars.next_if_eq(&'"').is_some() {
                quoted(&mut chars, &mut field, &mut line).map_err(|problem| (record.line, problem))?;
            } else {
                while let Some(c) = chars.next_if(|c| !matches!(c, ',' | '\n' | '\r')) {
                    field.push(c);
                }
            }
            record.fields.push(field);
            match chars.next() {
                Some(',') => continue,
                Some('\r') => {
                    chars.next_if_eq(&'\n');
                    break;
                }
                Some('\n') | None => break,
                Some(_) => return Err((line, "text follows a closing quote; double the quotes inside a field")),
            }
        }
        line += 1;
        if record.fields.iter().any(|field| !field.is_empty()) {
            records.push(record);
        }
    }
    Ok(records)
}

fn quoted(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    field: &mut String,
    line: &mut u64,
) -> Result<(), &'static str> {
    loop {
        match chars.next() {
            None => return Err("a quote is never closed"),
            Some('"') if chars.next_if_eq(&'"').is_none() => return Ok(()),
            Some(c) => {
                *line += u64::from(c == '\n');
                field.push(c);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &[(u64, &[&str])]) {
        let found = records(text).unwrap();
        let found: Vec<_> = found.iter().map(|r| (r.line, r.fields.clone())).collect();
        let expect: Vec<_> =
            expect.iter().map(|(l, f)| (*l, f.iter().map(|s| s.to_string()).collect::<Vec<_>>())).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn fields_may_be_quoted_empty_and_span_lines() {
        check(
            "a,b\r\n\"x, \"\"y\"\"\n z\",\n\nlast,1",
            &[(1, &["a", "b"]), (2, &["x, \"y\"\n z", ""]), (5, &["last", "1"])],
        );
        check("", &[]);
    }

    #[test]
    fn a_quote_that_never_closes_is_named_by_its_line() {
        assert_eq!(records("a\nb,\"c\nd").err(), Some((2, "a quote is never closed")));
        assert!(records("\"a\"b").is_err());
    }
}
