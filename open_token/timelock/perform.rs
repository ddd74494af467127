//! The two ways in which a call of an operation is performed.

use ink::scale::DecodeAll;
use openledger_abi::timelock::{Administration, Call, CallFailure};
use openledger_abi::AccountId;

/// The selector of `Timelock::administer`.
const ADMINISTER: [u8; 4] = ink::selector_bytes!("Timelock::administer");

/// What a call of the timelock on itself asks for. Errors: `NotAnAdministration`.
pub fn administration(call: &Call) -> Result<Administration, CallFailure> {
    if call.selector != ADMINISTER || call.value != 0 {
        return Err(CallFailure::NotAnAdministration);
    }
    Administration::decode_all(&mut call.input.as_slice()).map_err(|_| CallFailure::NotAnAdministration)
}

/// Whether these calls of the timelock `itself` name a guardian, or none, and do nothing else.
pub fn only_names_guardian(calls: &[Call], itself: AccountId) -> bool {
    match calls {
        [call] if call.target == itself => matches!(administration(call), Ok(Administration::SetGuardian(_))),
        _ => false,
    }
}

/// Calls another contract with all gas that is left, and forgets what it returns. A message that returns an error
/// reverts, and the chain says so; ink!'s `invoke_contract` would only show the returned bytes, from which nobody can
/// tell `Err` from another value that begins with a 1. Reentrancy stays forbidden.
#[cfg(target_arch = "wasm32")]
pub fn call(call: &Call) -> Result<(), CallFailure> {
    use ink::prelude::vec::Vec;
    use ink::scale::Encode;
    use pallet_contracts_uapi::{CallFlags, HostFn, HostFnImpl, ReturnErrorCode};

    let mut input = Vec::with_capacity(call.input.len().saturating_add(4));
    input.extend_from_slice(&call.selector);
    input.extend_from_slice(&call.input);
    // Zero limits: all that is left.
    HostFnImpl::call_v2(CallFlags::empty(), call.target.as_ref(), 0, 0, None, &call.value.encode(), &input, None)
        .map_err(|error| match error {
            ReturnErrorCode::CalleeReverted => CallFailure::Reverted,
            ReturnErrorCode::CalleeTrapped => CallFailure::Trapped,
            ReturnErrorCode::NotCallable => CallFailure::NoContract,
            ReturnErrorCode::TransferFailed => CallFailure::Value,
            _ => CallFailure::Other,
        })
}

/// Outside a chain there is no contract to call.
#[cfg(not(target_arch = "wasm32"))]
pub fn call(_call: &Call) -> Result<(), CallFailure> {
    Err(CallFailure::NoContract)
}

#[cfg(test)]
mod tests {
    use super::*;
    use openledger_abi::timelock::Timelock;

    fn asked(action: Administration) -> Call {
        let input = ink::message_builder!(Timelock).administer(action).input;
        Call::of(AccountId::from([1; 32]), &input)
    }

    #[test]
    fn a_typed_administration_is_understood() {
        let action = Administration::SetMinDelay(7);
        assert_eq!(administration(&asked(action.clone())), Ok(action));
    }

    #[test]
    fn naming_a_guardian_is_known_when_it_is_all_that_happens() {
        let itself = AccountId::from([1; 32]);
        let naming = asked(Administration::SetGuardian(None));
        let other = asked(Administration::SetGrace(7));
        let mut elsewhere = naming.clone();
        elsewhere.target = AccountId::from([2; 32]);
        assert!(only_names_guardian(std::slice::from_ref(&naming), itself));
        for calls in
            [vec![], vec![other.clone()], vec![elsewhere], vec![naming.clone(), other], vec![naming.clone(), naming]]
        {
            assert!(!only_names_guardian(&calls, itself), "{calls:?}");
        }
    }

    #[test]
    fn another_message_bytes_too_many_or_too_few_and_coin_are_refused() {
        let good = asked(Administration::SetGrace(7));
        let mut other = good.clone();
        other.selector = [0; 4];
        let mut longer = good.clone();
        longer.input.push(0);
        let mut shorter = good.clone();
        shorter.input.pop();
        let mut unknown = good.clone();
        unknown.input[0] = 99;
        let mut paid = good;
        paid.value = 1;
        for call in [other, longer, shorter, unknown, paid] {
            assert_eq!(administration(&call), Err(CallFailure::NotAnAdministration));
        }
    }
}
