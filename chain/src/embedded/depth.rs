//! Counts how deep contracts call each other.

use std::cell::Cell;

use pallet_contracts::debug::{CallInterceptor, CallSpan, ExecResult, ExecReturnValue, ExportedFunction, Tracing};
use sp_runtime::AccountId32;

use super::runtime::Runtime;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    static DEEPEST: Cell<u32> = const { Cell::new(0) };
}

/// The pallet's observer: sees each frame begin and end.
pub enum DepthMeter {}

/// A frame that is running.
pub struct Frame;

impl Drop for Frame {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get().saturating_sub(1));
    }
}

impl CallSpan for Frame {
    fn after_call(self, _output: &ExecReturnValue) {}
}

impl Tracing<Runtime> for DepthMeter {
    type CallSpan = Frame;

    fn new_call_span(_contract: &AccountId32, _entry: ExportedFunction, _input: &[u8]) -> Frame {
        let depth = DEPTH.get().saturating_add(1);
        DEPTH.set(depth);
        DEEPEST.set(DEEPEST.get().max(depth));
        Frame
    }
}

impl CallInterceptor<Runtime> for DepthMeter {
    fn intercept_call(_contract: &AccountId32, _entry: &ExportedFunction, _input: &[u8]) -> Option<ExecResult> {
        None
    }
}

/// Begins to count, for a call in this thread.
pub(super) fn reset() {
    DEPTH.set(0);
    DEEPEST.set(0);
}

/// The deepest frame since [`reset`].
pub(super) fn deepest() -> u32 {
    DEEPEST.get()
}
