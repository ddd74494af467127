//! Typed calls, on any chain: what `ink::message_builder!(Trait).message(args)` makes is read or sent.

use ink::{env::call::Execution, primitives::LangError};
use scale::{Decode, Encode};

use crate::{AccountId, CallError, Chain, ChainError, DryRun, Keypair, Native, Receipt};

/// A transaction's outcome: what the message returned, and the receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent<T> {
    /// The message's value.
    pub value: T,
    /// The transaction's receipt.
    pub receipt: Receipt,
}

/// The first four bytes of the name's blake2b-256: a constructor's `"new"`, a trait message's `"Trait::message"`.
pub fn selector(name: &str) -> [u8; 4] {
    let [a, b, c, d, ..] = sp_core::hashing::blake2_256(name.as_bytes());
    [a, b, c, d]
}

/// Input bytes of a constructor or message: `input("new", &(owner, 5u32))`. One argument: `&(owner,)`; none: `&()`.
pub fn input(name: &str, arguments: &impl Encode) -> Vec<u8> {
    let mut bytes = selector(name).to_vec();
    arguments.encode_to(&mut bytes);
    bytes
}

/// The address for reads by nobody in particular.
const NOBODY: [u8; 32] = [0; 32];

/// What a message would return now, to nobody in particular. Nothing changes. A message that returns
/// `Result` gives that `Result`.
///
/// # Errors
/// Those of [`Chain::dry_run`]; [`ChainError::UnknownMessage`], [`ChainError::Decode`] if the contract speaks
/// another interface.
pub fn read<C, A, O>(chain: &C, contract: AccountId, call: Execution<A, O>) -> Result<O, ChainError>
where
    C: Chain + ?Sized,
    A: Encode,
    O: Decode,
{
    read_as(chain, AccountId::from(NOBODY), contract, call)
}

/// [`read`], called by `origin`.
///
/// # Errors
/// Those of [`read`].
pub fn read_as<C, A, O>(
    chain: &C,
    origin: AccountId,
    contract: AccountId,
    call: Execution<A, O>,
) -> Result<O, ChainError>
where
    C: Chain + ?Sized,
    A: Encode,
    O: Decode,
{
    let outcome = chain.dry_run(origin, contract, &call.input.encode(), 0)?;
    decode_output(&outcome.returned)
}

/// What a call by `origin` would cost and whether it would succeed.
///
/// # Errors
/// Those of [`Chain::dry_run`].
pub fn estimate<C, A, O>(
    chain: &C,
    origin: AccountId,
    contract: AccountId,
    call: Execution<A, O>,
    value: Native,
) -> Result<DryRun, ChainError>
where
    C: Chain + ?Sized,
    A: Encode,
    O: Decode,
{
    chain.dry_run(origin, contract, &call.input.encode(), value)
}

/// Calls a message that returns `Result<T, E>` in a transaction.
///
/// # Errors
/// [`CallError::Message`] with the message's own error, else those of [`Chain::submit`].
pub fn send<C, A, T, E>(
    chain: &C,
    key: &Keypair,
    contract: AccountId,
    call: Execution<A, Result<T, E>>,
) -> Result<Sent<T>, CallError<E>>
where
    C: Chain + ?Sized,
    A: Encode,
    T: Decode,
    E: Decode,
{
    send_value(chain, key, contract, call, 0)
}

/// [`send`] with native coin.
///
/// # Errors
/// Those of [`send`].
pub fn send_value<C, A, T, E>(
    chain: &C,
    key: &Keypair,
    contract: AccountId,
    call: Execution<A, Result<T, E>>,
    value: Native,
) -> Result<Sent<T>, CallError<E>>
where
    C: Chain + ?Sized,
    A: Encode,
    T: Decode,
    E: Decode,
{
    match chain.submit(key, contract, &call.input.encode(), value) {
        Ok(receipt) => match decode_output::<Result<T, E>>(&receipt.returned)? {
            Ok(value) => Ok(Sent { value, receipt }),
            Err(error) => Err(CallError::Message(error)),
        },
        Err(ChainError::Reverted { returned }) => match decode_output::<Result<T, E>>(&returned)? {
            Err(error) => Err(CallError::Message(error)),
            Ok(_) => Err(ChainError::Reverted { returned }.into()),
        },
        Err(error) => Err(error.into()),
    }
}

/// Calls a message that returns something other than a `Result`, in a transaction.
///
/// # Errors
/// Those of [`Chain::submit`].
pub fn send_plain<C, A, O>(
    chain: &C,
    key: &Keypair,
    contract: AccountId,
    call: Execution<A, O>,
) -> Result<Sent<O>, ChainError>
where
    C: Chain + ?Sized,
    A: Encode,
    O: Decode,
{
    let receipt = chain.submit(key, contract, &call.input.encode(), 0)?;
    Ok(Sent { value: decode_output(&receipt.returned)?, receipt })
}

/// Uploads and instantiates; a constructor that returns `Err(E)` gives that.
///
/// # Errors
/// [`CallError::Message`] with the constructor's own error, else those of [`Chain::upload_and_instantiate`].
pub fn deploy<C, E>(
    chain: &C,
    key: &Keypair,
    wasm: &[u8],
    constructor: &[u8],
    salt: &[u8],
) -> Result<(AccountId, Receipt), CallError<E>>
where
    C: Chain + ?Sized,
    E: Decode,
{
    chain.upload_and_instantiate(key, wasm, constructor, salt, 0).map_err(|error| match error.message_error::<E>() {
        Some(own) => CallError::Message(own),
        None => CallError::Chain(error),
    })
}

/// Reads a message's return bytes, a SCALE `Result<O, LangError>`.
///
/// # Errors
/// [`ChainError::UnknownMessage`] for the contract's `LangError`, [`ChainError::Decode`] if the bytes don't read as an `O`.
pub fn decode_output<O: Decode>(returned: &[u8]) -> Result<O, ChainError> {
    let bytes = &mut &returned[..];
    match Result::<O, LangError>::decode(bytes) {
        Ok(Ok(output)) if bytes.is_empty() => Ok(output),
        Ok(Ok(_)) => Err(ChainError::Decode(format!(
            "0x{} is longer than the message's type: was the contract built from other sources?",
            hex::encode(returned)
        ))),
        Ok(Err(_)) => Err(ChainError::UnknownMessage),
        Err(cause) => Err(ChainError::Decode(format!("0x{}: {cause}", hex::encode(returned)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_is_that_of_ink() {
        assert_eq!(selector("new"), [0x9b, 0xae, 0x9d, 0x5e]);
        assert_eq!(input("new", &(7u8, true)), [0x9b, 0xae, 0x9d, 0x5e, 7, 1]);
        assert_eq!(input("new", &()), [0x9b, 0xae, 0x9d, 0x5e]);
    }

    #[test]
    fn output_of_another_type_is_an_error() {
        let returned = Ok::<u32, LangError>(5).encode();
        assert_eq!(decode_output::<u32>(&returned), Ok(5));
        assert!(matches!(decode_output::<u64>(&returned), Err(ChainError::Decode(_))));
        assert!(matches!(decode_output::<u8>(&returned), Err(ChainError::Decode(_))));
        assert_eq!(decode_output::<u8>(&[1, 1]), Err(ChainError::UnknownMessage));
    }

    #[test]
    fn a_reverted_constructor_tells_its_own_error() {
        let returned = Ok::<Result<(), u8>, LangError>(Err(3)).encode();
        assert_eq!(ChainError::Reverted { returned }.message_error::<u8>(), Some(3));
    }
}
