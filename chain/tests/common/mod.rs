//! A contract of a few lines, written by hand, that stores, emits, refuses and traps.

#![allow(dead_code)]

use std::time::Duration;

use chain::{AccountId, Chain, Keypair, deploy, read, selector, send};
use ink::env::call::{
    Execution, ExecutionInput, Selector,
    utils::{ArgumentList, ArgumentListEnd},
};
use ink::message_builder;
use scale::Encode;

/// What the contract refuses with.
#[derive(Debug, Clone, PartialEq, Eq, scale::Encode, scale::Decode)]
pub enum CellError {
    /// The code it was asked to refuse with.
    Refused(u8),
}

/// What it emits when a value is stored.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct CellStored {
    pub value: u32,
}

#[ink::trait_definition]
pub trait Cell {
    /// Stores a value and emits it; returns the one before.
    #[ink(message)]
    fn set(&mut self, value: u32) -> Result<u32, CellError>;
    /// The stored value.
    #[ink(message)]
    fn get(&self) -> u32;
    /// Stores a value, then refuses with the code.
    #[ink(message)]
    fn refuse(&mut self, code: u8) -> Result<(), CellError>;
    /// Stores a value, then traps.
    #[ink(message)]
    fn trap(&mut self) -> Result<(), CellError>;
    /// The chain's time.
    #[ink(message)]
    fn time(&self) -> u64;
}

fn little_endian(selector: [u8; 4]) -> u32 {
    u32::from_le_bytes(selector)
}

/// The contract's code.
pub fn cell_wasm() -> Vec<u8> {
    let message = |name: &str| little_endian(selector(&format!("Cell::{name}")));
    let topic: String =
        <CellStored as ink::env::Event>::SIGNATURE_TOPIC.unwrap().iter().map(|byte| format!("\\{byte:02x}")).collect();
    let text = format!(
        r#"(module
  (import "env" "memory" (memory 1 1))
  (import "seal0" "input" (func $input (param i32 i32)))
  (import "seal0" "seal_return" (func $return (param i32 i32 i32)))
  (import "seal0" "deposit_event" (func $event (param i32 i32 i32 i32)))
  (import "seal0" "now" (func $now (param i32 i32)))
  (import "seal2" "set_storage" (func $store (param i32 i32 i32 i32) (result i32)))
  (import "seal1" "get_storage" (func $load (param i32 i32 i32 i32) (result i32)))
  ;; 0: input, 256: its length, 512: a key of 4 bytes, 520: length, 600: output, 700: topics
  (data (i32.const 512) "cell")
  (data (i32.const 700) "\04{topic}")
  (func $read
    (i32.store (i32.const 256) (i32.const 256))
    (call $input (i32.const 0) (i32.const 256)))
  (func $put (drop (call $store (i32.const 512) (i32.const 4) (i32.const 4) (i32.const 4))))
  (func (export "deploy")
    (call $read)
    (if (i32.eqz (i32.load (i32.const 4))) (then
      ;; Ok(Err(Refused(9)))
      (i32.store (i32.const 600) (i32.const 0x09000100))
      (call $return (i32.const 1) (i32.const 600) (i32.const 4))))
    (call $put)
    (i32.store (i32.const 600) (i32.const 0))
    (call $return (i32.const 0) (i32.const 600) (i32.const 2)))
  (func (export "call")
    (local $message i32)
    (call $read)
    (local.set $message (i32.load (i32.const 0)))
    (if (i32.eq (local.get $message) (i32.const {set})) (then
      (i32.store (i32.const 520) (i32.const 4))
      (drop (call $load (i32.const 512) (i32.const 4) (i32.const 602) (i32.const 520)))
      (call $put)
      (call $event (i32.const 700) (i32.const 33) (i32.const 4) (i32.const 4))
      (call $return (i32.const 0) (i32.const 600) (i32.const 6))))
    (if (i32.eq (local.get $message) (i32.const {get})) (then
      (i32.store (i32.const 520) (i32.const 4))
      (drop (call $load (i32.const 512) (i32.const 4) (i32.const 601) (i32.const 520)))
      (call $return (i32.const 0) (i32.const 600) (i32.const 5))))
    (if (i32.eq (local.get $message) (i32.const {refuse})) (then
      (call $put)
      (i32.store8 (i32.const 601) (i32.const 1))
      (i32.store8 (i32.const 603) (i32.load8_u (i32.const 4)))
      (call $return (i32.const 1) (i32.const 600) (i32.const 4))))
    (if (i32.eq (local.get $message) (i32.const {trap})) (then (call $put) (unreachable)))
    (if (i32.eq (local.get $message) (i32.const {time})) (then
      (i32.store (i32.const 520) (i32.const 8))
      (call $now (i32.const 601) (i32.const 520))
      (call $return (i32.const 0) (i32.const 600) (i32.const 9))))
    ;; Err(LangError::CouldNotReadInput)
    (i32.store (i32.const 600) (i32.const 0x0101))
    (call $return (i32.const 1) (i32.const 600) (i32.const 2))))"#,
        set = message("set"),
        get = message("get"),
        refuse = message("refuse"),
        trap = message("trap"),
        time = message("time"),
    );
    wat::parse_str(text).unwrap()
}

/// A message that the contract doesn't have.
pub fn unknown_message() -> Execution<ArgumentList<ArgumentListEnd, ArgumentListEnd>, Result<(), CellError>> {
    Execution::new(ExecutionInput::new(Selector::new([1, 2, 3, 4])))
}

/// A fresh cell that holds `value`.
pub fn new_cell<C: Chain + ?Sized>(chain: &C, key: &Keypair, value: u32, salt: &[u8]) -> AccountId {
    let input = chain::input("new", &(value,));
    deploy::<_, CellError>(chain, key, &cell_wasm(), &input, salt).unwrap().0
}

/// Whatever is done to a copy happens there alone, and it begins with all that happened here.
pub fn a_copy_goes_its_own_way(chain: &dyn Chain, salt: u8) {
    let alice = Keypair::from_uri("//Alice").unwrap();
    let cell = new_cell(chain, &alice, 1, &[b'c', salt]);
    send(chain, &alice, cell, message_builder!(Cell).set(7)).unwrap();
    let (block, now) = (chain.block_number().unwrap(), chain.now().unwrap());

    let copy = chain.copy().unwrap();
    assert_eq!(copy.genesis(), chain.genesis());
    assert!(copy.now().unwrap() >= now);
    assert_eq!(read(&*copy, cell, message_builder!(Cell).get()), Ok(7));
    // Somebody without a key or coin.
    let nobody = AccountId::from([9; 32]);
    let call = message_builder!(Cell).set(8).input.encode();
    let receipt = copy.call_as(nobody, cell, &call, 0).unwrap();
    assert_eq!((receipt.events.len(), receipt.fee), (1, 0));
    assert_eq!(read(&*copy, cell, message_builder!(Cell).get()), Ok(8));
    send(&*copy.clone().as_chain(), &alice, cell, message_builder!(Cell).set(9)).unwrap();
    copy.advance(Duration::from_secs(3_600)).unwrap();
    assert!(copy.now().unwrap() >= now + 3_600_000);

    let values = |chain: &dyn Chain| {
        let all = chain.events(0).unwrap();
        let ours = all.iter().filter(|event| event.contract == cell);
        ours.map(|event| event.decode::<CellStored>().unwrap().value).collect::<Vec<_>>()
    };
    assert_eq!(values(&*copy.as_chain()), [7, 8, 9]);
    assert_eq!(values(chain), [7]);

    assert_eq!(read(chain, cell, message_builder!(Cell).get()), Ok(7));
    assert_eq!(chain.block_number(), Ok(block));
    assert_eq!(chain.balance(nobody), Ok(0));
}
