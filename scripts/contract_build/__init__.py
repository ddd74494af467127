"""scripts/build-contracts: which sources a contract has, its toolchain, its artifact."""
