//! The attacks of docs/security.md, played as the attacker would: a scenario passes when the attack fails. Each module's
//! scenarios can share a world in any order.

pub mod spans;

/// Gives every attack to a macro, module by module.
#[macro_export]
macro_rules! attacks {
    ($take:ident) => {
        $take! {
            spans {
                two_later_copies_make_no_authors_words_common,
                an_author_whose_script_has_no_spaces_is_credited,
                a_report_without_an_authors_letters_is_void,
            }
        }
    };
}
