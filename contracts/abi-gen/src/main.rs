//! Prints the metadata of the one contract that the build's feature links in.
//!
//! ink! gives that function the same symbol in every contract, so two features at once don't link; the allowance
//! is for the crates, which are linked for that symbol alone.
#![allow(unused_extern_crates)]
#[cfg(feature = "arbitration")]
extern crate arbitration as _;
#[cfg(feature = "availability")]
extern crate availability as _;
#[cfg(feature = "datanet_registry")]
extern crate datanet_registry as _;
#[cfg(feature = "disputes")]
extern crate disputes as _;
#[cfg(feature = "escrow")]
extern crate escrow as _;
#[cfg(feature = "gas_station")]
extern crate gas_station as _;
#[cfg(feature = "governor")]
extern crate governor as _;
#[cfg(feature = "judge")]
extern crate judge as _;
#[cfg(feature = "model_registry")]
extern crate model_registry as _;
#[cfg(feature = "open_token")]
extern crate open_token as _;
#[cfg(feature = "payout")]
extern crate payout as _;
#[cfg(feature = "staking")]
extern crate staking as _;
#[cfg(feature = "timelock")]
extern crate timelock as _;

#[cfg(any(
    feature = "open_token",
    feature = "staking",
    feature = "governor",
    feature = "timelock",
    feature = "gas_station",
    feature = "datanet_registry",
    feature = "arbitration",
    feature = "model_registry",
    feature = "escrow",
    feature = "payout",
    feature = "disputes",
    feature = "judge",
    feature = "availability"
))]
fn main() -> Result<(), serde_json::Error> {
    extern "Rust" {
        fn __ink_generate_metadata() -> ink::metadata::InkProject;
    }
    // SAFETY: the function is safe Rust in the linked contract crate, reached by its symbol name.
    let project = unsafe { __ink_generate_metadata() };
    println!("{}", serde_json::to_string_pretty(&project)?);
    Ok(())
}

#[cfg(not(any(
    feature = "open_token",
    feature = "staking",
    feature = "governor",
    feature = "timelock",
    feature = "gas_station",
    feature = "datanet_registry",
    feature = "arbitration",
    feature = "model_registry",
    feature = "escrow",
    feature = "payout",
    feature = "disputes",
    feature = "judge",
    feature = "availability"
)))]
fn main() {
    eprintln!("built without a contract: choose one with --features NAME, as scripts/build-contracts does");
    std::process::exit(2);
}
