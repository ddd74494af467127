//! The attacks of docs/security.md, played as the attacker would: a scenario passes when the attack fails. Each module's
//! scenarios can share a world in any order.

/// Gives every attack to a macro, module by module.
#[macro_export]
macro_rules! attacks {
    ($take:ident) => {
        $take! {}
    };
}
