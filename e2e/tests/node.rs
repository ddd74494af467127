//! The same scenarios on a node. Deploying takes seconds there, so the scenarios of a module share a world.

macro_rules! tests {
    ($($list:tt)*) => { e2e::node_tests!([e2e::scenarios] $($list)*); };
}

e2e::scenarios!(tests);
