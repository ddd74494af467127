//! The attacks on the embedded chain, each on a fork of one world.

mod played;

macro_rules! tests {
    ($($list:tt)*) => { e2e::embedded_tests!([crate::played] $($list)*); };
}

crate::attacks!(tests);
