//! Calls of other contracts, for contracts that make many.
//!
//! ink!'s own builder is compiled anew for each message that is called, some 700 bytes of code each. Here all calls go
//! through one function, and only arguments and answers are their own.

use ink::env::call::{build_call, Execution, ExecutionInput, Selector};
use ink::env::DefaultEnvironment;
use ink::prelude::vec;
use ink::prelude::vec::Vec;
use ink::primitives::AccountId;
use ink::scale::{Decode, DecodeAll, Encode, Error, Input, Output};

/// Bytes as they are, without a length before them.
struct Raw(Vec<u8>);

impl Encode for Raw {
    fn size_hint(&self) -> usize {
        self.0.len()
    }

    fn encode_to<T: Output + ?Sized>(&self, to: &mut T) {
        to.write(&self.0);
    }
}

impl Decode for Raw {
    fn decode<I: Input>(from: &mut I) -> Result<Self, Error> {
        let length = from.remaining_len()?.ok_or("bytes of no known length")?;
        let mut bytes = vec![0; length];
        from.read(&mut bytes)?;
        Ok(Self(bytes))
    }
}

/// What `contract` answers to a message, made by `ink::message_builder!`, also if that is the message's own error.
/// `None` if it doesn't answer: there is no contract, it trapped, or it returned something else than the message does.
pub fn ask<Arguments: Encode, Answer: Decode>(
    contract: AccountId,
    message: Execution<Arguments, Answer>,
) -> Option<Answer> {
    let answer = invoke(contract, &message.input.encode())?;
    Answer::decode_all(&mut answer.as_slice()).ok()
}

/// Calls with a selector and encoded arguments; the answer's bytes.
#[inline(never)]
fn invoke(contract: AccountId, input: &[u8]) -> Option<Vec<u8>> {
    let (selector, arguments) = input.split_first_chunk::<4>()?;
    let input = ExecutionInput::new(Selector::new(*selector)).push_arg(Raw(arguments.to_vec()));
    let call = build_call::<DefaultEnvironment>().call(contract).exec_input(input).returns::<Raw>();
    match call.try_invoke() {
        Ok(Ok(Raw(answer))) => Some(answer),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_bytes_are_encoded_and_decoded_as_they_are() {
        let raw = Raw(vec![3, 1, 4]);
        assert_eq!(raw.encode(), raw.0);
        assert_eq!(Raw::decode(&mut [3u8, 1, 4].as_slice()).unwrap().0, raw.0);
        assert!(Raw::decode(&mut [0u8; 0].as_slice()).unwrap().0.is_empty());
    }
}
