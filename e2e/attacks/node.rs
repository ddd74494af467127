//! The same attacks on a node.

mod played;

use e2e::node_tests as tests;
use played as list;

crate::attacks!(tests);
