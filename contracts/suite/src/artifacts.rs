//! The committed code of the contracts (`contracts/artifacts/`), part of the program.

/// A contract's built code.
#[derive(Debug, Clone, Copy)]
pub struct Artifact {
    /// Its package.
    pub name: &'static str,
    /// The wasm that is uploaded.
    pub wasm: &'static [u8],
    /// ink!'s metadata (version 5, JSON): its messages, events and types.
    pub metadata: &'static str,
}

macro_rules! artifacts {
    ($($name:literal),* $(,)?) => {
        /// The packages of the suite's contracts.
        pub const CONTRACTS: &[&str] = &[$($name),*];

        /// The contract of a package name, `None` for a name that is none.
        pub fn artifact(name: &str) -> Option<Artifact> {
            match name {
                $($name => Some(Artifact {
                    name: $name,
                    wasm: include_bytes!(concat!("../../artifacts/", $name, ".wasm")),
                    metadata: include_str!(concat!("../../artifacts/", $name, ".json")),
                }),)*
                _ => None,
            }
        }
    };
}

artifacts!(
    "open_token",
    "staking",
    "governor",
    "timelock",
    "gas_station",
    "datanet_registry",
    "arbitration",
    "model_registry",
    "escrow",
    "payout",
    "disputes",
    "judge",
    "availability",
);
