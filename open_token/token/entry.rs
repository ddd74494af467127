//! The three messages that nearly every call of a token is, recognised before all others.
//!
//! A node compiles a function when it is first called and charges by its bytes, and ink! has all messages decoded and
//! dispatched in one function, and reads and writes a contract's root cell around each, in which this token keeps nothing.
//! So these three are taken first, and whatever is not exactly one of them goes ink!'s way; the bytes in and out are the
//! same on both.

use ink::scale::{Decode, Error, Input};
use openledger_abi::{AccountId, Balance};

const TRANSFER: [u8; 4] = ink::selector_bytes!("PSP22::transfer");
const TRANSFER_FROM: [u8; 4] = ink::selector_bytes!("PSP22::transfer_from");
const APPROVE: [u8; 4] = ink::selector_bytes!("PSP22::approve");

/// The longest of them: selector, two accounts, a value, no data.
const LONGEST: usize = 4 + 32 + 32 + 16 + 1;

/// A call that is one of the three, as wallets send them: without data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Common {
    Transfer { to: AccountId, value: Balance },
    TransferFrom { from: AccountId, to: AccountId, value: Balance },
    Approve { spender: AccountId, value: Balance },
}

impl Common {
    /// Reads a call's input; `None` if it is anything else, be it by one byte.
    pub fn of(input: &[u8]) -> Option<Self> {
        let (selector, rest) = input.split_first_chunk::<4>()?;
        match *selector {
            TRANSFER => {
                let (to, rest) = account(rest)?;
                Some(Self::Transfer { to, value: value(rest, &[0])? })
            }
            TRANSFER_FROM => {
                let (from, rest) = account(rest)?;
                let (to, rest) = account(rest)?;
                Some(Self::TransferFrom { from, to, value: value(rest, &[0])? })
            }
            APPROVE => {
                let (spender, rest) = account(rest)?;
                Some(Self::Approve { spender, value: value(rest, &[])? })
            }
            _ => None,
        }
    }
}

fn account(input: &[u8]) -> Option<(AccountId, &[u8])> {
    let (account, rest) = input.split_first_chunk::<32>()?;
    Some((AccountId::from(*account), rest))
}

/// The value, if `end` and nothing else follows: no data is one zero, its length.
fn value(input: &[u8], end: &[u8]) -> Option<Balance> {
    let (value, rest) = input.split_first_chunk::<16>()?;
    (rest == end).then(|| Balance::from_le_bytes(*value))
}

/// A call's input, read as one of the three.
pub struct Read(pub Option<Common>);

impl Decode for Read {
    fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
        let length = input.remaining_len()?.unwrap_or(usize::MAX);
        let mut bytes = [0; LONGEST];
        match bytes.get_mut(..length) {
            Some(bytes) => {
                input.read(bytes)?;
                Ok(Self(Common::of(bytes)))
            }
            None => Ok(Self(None)),
        }
    }
}

/// What the chain calls first; the build gives it the name `call` and ink!'s own no name.
#[cfg(target_arch = "wasm32")]
mod exported {
    extern "C" {
        /// ink!'s dispatch of all messages.
        fn call();
    }

    #[no_mangle]
    extern "C" fn call_first() {
        crate::open_token::OpenToken::call_common();
        // SAFETY: ink! generates this function in this crate; it takes and returns nothing.
        unsafe { call() }
    }
}
