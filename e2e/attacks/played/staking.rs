//! What is bonded, and what it earned.

use anyhow::{Result, ensure};
use chain::{AccountId, account_bytes, read, send};
use e2e::epoch::FEE;
use e2e::{World, outcome::sent};
use ink::message_builder;
use openledger_abi::escrow::Escrow;
use openledger_abi::staking::{Staking, StakingError};
use openledger_abi::{Balance, OPEN};
use psp22::PSP22;
use scale::Encode;

/// Deeper than any chain lets contracts call each other.
const DEEPEST: u8 = 26;

/// A contract that calls itself so many times and then another one, with what it was given: depth u8 ‖ callee 32 ‖ input. It returns
/// what that returns.
const DIVER: &str = r#"(module
  (import "env" "memory" (memory 1 1))
  (import "seal0" "input" (func $input (param i32 i32)))
  (import "seal0" "seal_return" (func $return (param i32 i32 i32)))
  (import "seal0" "address" (func $address (param i32 i32)))
  (import "seal1" "seal_call" (func $call (param i32 i32 i64 i32 i32 i32 i32 i32) (result i32)))
  ;; 0: the input's length, 4 and 8: length and own account, 40: no coin, 56: the output's length, 64: input, 32768: output
  (func (export "deploy"))
  (func (export "call")
    (local $code i32)
    (i32.store (i32.const 0) (i32.const 16384))
    (call $input (i32.const 64) (i32.const 0))
    (i32.store (i32.const 56) (i32.const 16384))
    (if (i32.eqz (i32.load8_u (i32.const 64)))
      (then
        (local.set $code (call $call
          (i32.const 0) (i32.const 65) (i64.const 0) (i32.const 40)
          (i32.const 97) (i32.sub (i32.load (i32.const 0)) (i32.const 33))
          (i32.const 32768) (i32.const 56))))
      (else
        (i32.store8 (i32.const 64) (i32.sub (i32.load8_u (i32.const 64)) (i32.const 1)))
        (i32.store (i32.const 4) (i32.const 32))
        (call $address (i32.const 8) (i32.const 4))
        ;; flag 8: it may be entered again
        (local.set $code (call $call
          (i32.const 8) (i32.const 8) (i64.const 0) (i32.const 40)
          (i32.const 64) (i32.load (i32.const 0))
          (i32.const 32768) (i32.const 56)))))
    (if (i32.eqz (local.get $code)) (then
      (call $return (i32.const 0) (i32.const 32768) (i32.load (i32.const 56)))))
    ;; 2: the callee reverted
    (if (i32.eq (local.get $code) (i32.const 2)) (then
      (call $return (i32.const 1) (i32.const 32768) (i32.load (i32.const 56)))))
    (unreachable)))"#;

/// Has the diver call a contract from so many frames below itself. Fails with staking's own error, if it is one.
fn dive(
    world: &World,
    diver: AccountId,
    depth: u8,
    target: AccountId,
    message: &impl Encode,
) -> Result<(), Option<StakingError>> {
    let mut input = vec![depth];
    input.extend(account_bytes(&target));
    input.extend(message.encode());
    let done = world.chain.submit(&world.people.watcher, diver, &input, 0);
    done.map(|_| ()).map_err(|error| error.message_error())
}

/// What waits in escrow for the stakers.
fn waiting(world: &World) -> Result<Balance> {
    let call = message_builder!(Escrow).withdrawable(world.suite.staking);
    Ok(read(&*world.chain, world.suite.escrow, call)?)
}

/// Tries a message of staking's at every depth while something waits for the stakers.
fn at_every_depth(world: &mut World, position: usize, diver: AccountId, message: &impl Encode) -> Result<()> {
    let (mut taken, mut unsettled) = (0, 0);
    for depth in (0..=DEEPEST).rev() {
        if waiting(world)? == 0 {
            world.answer(position, "An answer that quotes nobody.", FEE)?;
            world.settle(position)?;
        }
        ensure!(waiting(world)? > 0, "nothing waits for the stakers");
        match dive(world, diver, depth, world.suite.staking, message) {
            Ok(()) => {
                taken += 1;
                let left = waiting(world)?;
                ensure!(left == 0, "taken from {depth} frames below, and {left} of rewards were not given out before");
            }
            // Escrow was there and could not pay: all that the message itself does would have worked.
            Err(Some(StakingError::EscrowFailed)) => unsettled += 1,
            Err(_) => ensure!(taken == 0, "taken from further below than {depth} frames, but not from there"),
        }
    }
    ensure!(taken > 0 && unsettled > 0, "taken from {taken} depths, refused for escrow's sake at {unsettled}");
    Ok(())
}

/// At the bottom of the call stack a call inside a message fails, so its caller chooses that. Who could bond while what came in is not
/// given out would share in what others earned.
pub fn a_call_at_the_bottom_of_the_stack_skips_no_settling(world: &mut World) -> Result<()> {
    let (chain, staking, watcher) = (world.chain.clone(), world.suite.staking, world.people.watcher.clone());
    let salt = world.number().to_le_bytes();
    let code = wat::parse_str(DIVER)?;
    let (diver, _) = chain.upload_and_instantiate(&watcher, &code, &[], &salt, 0)?;
    let funds = message_builder!(PSP22).transfer(diver, 100 * OPEN, Vec::new());
    sent("funding", send(&*chain, &watcher, world.suite.token, funds))?;
    let approve = message_builder!(PSP22).approve(staking, 100 * OPEN).input;
    ensure!(dive(world, diver, 0, world.suite.token, &approve).is_ok(), "the contract could not approve");

    let host = world.people.host.account();
    let position = world.open_channel(200 * FEE)?;
    let bond = message_builder!(Staking).bond(host, OPEN).input;
    at_every_depth(world, position, diver, &bond)?;
    let refresh = message_builder!(Staking).refresh(host).input;
    at_every_depth(world, position, diver, &refresh)?;

    let stakes = read(&*chain, staking, message_builder!(Staking).stakes(diver))?;
    ensure!(stakes.len() == 1 && stakes[0].operator == host, "{stakes:?}");
    Ok(())
}
