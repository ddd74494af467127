//! Scenarios of the whole suite on the embedded chain and on a node.
