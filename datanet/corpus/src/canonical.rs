//! The one form of a text that is hashed, trained on and matched.

use unicode_normalization::UnicodeNormalization;

/// The canonical form: NFC, every run of white space a single space, none at either end, no control
/// characters and no byte order mark.
///
/// Two texts that look the same then have the same bytes, so that a copy is seen as a copy whatever its line
/// breaks are. Canonical form of canonical text is itself.
pub fn canonical(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // A character that is dropped must go before NFC, else its neighbours would compose only the next time.
    let kept = text.chars().filter(|&c| !is_dropped(c));
    let mut space = false;
    for c in kept.nfc() {
        if c.is_whitespace() {
            space = true;
            continue;
        }
        if space && !out.is_empty() {
            out.push(' ');
        }
        space = false;
        out.push(c);
    }
    out
}

/// Whether `text` is in canonical form already.
pub fn is_canonical(text: &str) -> bool {
    canonical(text) == text
}

fn is_dropped(c: char) -> bool {
    c == '\u{feff}' || (c.is_control() && !c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(input: &str, expect: &str) {
        assert_eq!(canonical(input), expect);
    }

    #[test]
    fn line_breaks_tabs_and_exotic_spaces_become_one_space() {
        check("  a\r\n\tb\u{00a0}\u{2003}c \n", "a b c");
        check("a\u{0085}b\u{2028}c\u{3000}d", "a b c d");
    }

    #[test]
    fn letters_and_their_accents_are_composed() {
        check("Cafe\u{301}", "Café");
        check("\u{1100}\u{1161}\u{11a8}", "각");
    }

    #[test]
    fn control_characters_and_the_byte_order_mark_are_dropped_before_composing() {
        check("\u{feff}a\u{0}b", "ab");
        check("e\u{1}\u{301}", "é");
    }

    #[test]
    fn white_space_alone_is_nothing() {
        check(" \n\t\u{2003}", "");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn the_canonical_form_is_its_own_canonical_form(
            text in "[ab \u{0}\u{1}\n\u{a0}\u{2000}\u{feff}e\u{301}\u{327}\u{1100}\u{1161}\u{11a8}\u{212b}\u{958}]{0,24}|\\PC{0,24}"
        ) {
            let once = canonical(&text);
            prop_assert!(is_canonical(&once), "{once:?}");
            prop_assert!(!once.contains("  ") && once.trim() == once);
        }
    }
}
