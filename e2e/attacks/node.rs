//! The same attacks on a node.

mod played;

macro_rules! tests {
    ($($list:tt)*) => { e2e::node_tests!([crate::played] $($list)*); };
}

crate::attacks!(tests);
