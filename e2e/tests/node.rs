//! The same scenarios on a node. Deploying takes seconds there, so the scenarios of a module share a world.

use e2e::node_tests as tests;
use e2e::scenarios as list;

e2e::scenarios!(tests);
