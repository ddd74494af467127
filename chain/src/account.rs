//! Account ids and their SS58 text form.

use sp_core::crypto::{AccountId32, Ss58AddressFormat, Ss58Codec};

pub use ink::primitives::AccountId;

use crate::ChainError;

/// The generic Substrate prefix: addresses begin with `5`.
const SS58_PREFIX: u16 = 42;

/// The 32 bytes of an account id.
pub fn account_bytes(account: &AccountId) -> [u8; 32] {
    *AsRef::<[u8; 32]>::as_ref(account)
}

/// The account's address as people read it: SS58 with prefix 42, `5…`.
pub fn ss58(account: &AccountId) -> String {
    AccountId32::new(account_bytes(account)).to_ss58check_with_version(Ss58AddressFormat::custom(SS58_PREFIX))
}

/// The first and last characters of an address, for narrow tables: `5Grwva…GKutQY`.
pub fn ss58_short(account: &AccountId) -> String {
    let full = ss58(account);
    let (head, tail) = (full.get(..6), full.get(full.len().saturating_sub(6)..));
    match (head, tail) {
        (Some(head), Some(tail)) => format!("{head}…{tail}"),
        _ => full,
    }
}

/// Reads an account from its SS58 address (any prefix) or from `0x` and 64 hex digits.
///
/// # Errors
/// [`ChainError::Input`] if the text is neither, or its checksum is wrong.
pub fn parse_account(text: &str) -> Result<AccountId, ChainError> {
    if let Some(digits) = text.strip_prefix("0x") {
        let mut bytes = [0u8; 32];
        hex::decode_to_slice(digits, &mut bytes)
            .map_err(|cause| ChainError::Input(format!("`{text}` is not a 32-byte account id: {cause}")))?;
        return Ok(AccountId::from(bytes));
    }
    let (account, _) = AccountId32::from_ss58check_with_version(text)
        .map_err(|cause| ChainError::Input(format!("`{text}` is not an SS58 address: {cause}")))?;
    Ok(AccountId::from(<[u8; 32]>::from(account)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

    #[test]
    fn an_address_survives_printing_and_parsing() {
        let account = parse_account(ALICE).unwrap();
        assert_eq!(ss58(&account), ALICE);
        assert_eq!(ss58_short(&account), "5Grwva…GKutQY");
        let hex = format!("0x{}", hex::encode(account_bytes(&account)));
        assert_eq!(parse_account(&hex).unwrap(), account);
    }

    #[test]
    fn a_mistyped_address_is_refused() {
        let mistyped = ALICE.replace("GKutQY", "GKutQZ");
        assert!(matches!(parse_account(&mistyped), Err(ChainError::Input(_))));
        assert!(matches!(parse_account("0x12"), Err(ChainError::Input(_))));
        assert!(matches!(parse_account(""), Err(ChainError::Input(_))));
    }
}
