//! The scenarios on the embedded chain: the world is built once, each scenario runs on a fork of it.

use e2e::embedded_tests as tests;
use e2e::scenarios as list;

e2e::scenarios!(tests);
