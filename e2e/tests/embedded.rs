//! The scenarios on the embedded chain: the world is built once, each scenario runs on a fork of it.

macro_rules! tests {
    ($($list:tt)*) => { e2e::embedded_tests!([e2e::scenarios] $($list)*); };
}

e2e::scenarios!(tests);
