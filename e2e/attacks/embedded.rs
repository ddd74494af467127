//! The attacks on the embedded chain, each on a fork of one world.

mod played;

use e2e::embedded_tests as tests;
use played as list;

crate::attacks!(tests);
