//! What can be stopped, and by whom.

use anyhow::{Context as _, Result, bail};
use chain::{AccountId, Keypair};
use ink::message_builder;
use openledger_abi::admin::{Administered, Pausable};
use openledger_abi::payout::Payout;
use openledger_abi::{datanet, gas_station, models, payout, staking};

use crate::context::Context;

/// A contract's functions that can be paused, by name and number.
pub type Functions = &'static [(&'static str, u8)];

/// The contracts with functions that can be paused.
pub const PAUSABLE: [(&str, Functions); 5] = [
    ("staking", &[("bond", staking::pause::BOND), ("claim", staking::pause::CLAIM), ("pull", staking::pause::PULL)]),
    (
        "datanet_registry",
        &[
            ("contribute", datanet::pause::CONTRIBUTE),
            ("verdict", datanet::pause::VERDICT),
            ("version", datanet::pause::VERSION),
        ],
    ),
    ("model_registry", &[("register", models::pause::REGISTER), ("announce", models::pause::ANNOUNCE)]),
    (
        "payout",
        &[
            ("close-epoch", payout::pause::CLOSE_EPOCH),
            ("submit-report", payout::pause::SUBMIT_REPORT),
            ("claim", payout::pause::CLAIM),
        ],
    ),
    ("gas_station", &[("swap", gas_station::pause::SWAP), ("collect", gas_station::pause::COLLECT)]),
];

/// A contract that can be paused, by its name.
pub fn contract(context: &Context, name: &str) -> Result<(AccountId, Functions)> {
    let wanted = |known: &str| known == name || known.trim_end_matches("_registry") == name;
    let Some((package, functions)) = PAUSABLE.iter().find(|(known, _)| wanted(known)) else {
        let names: Vec<_> = PAUSABLE.iter().map(|(name, _)| *name).collect();
        bail!("nothing of `{name}` can be paused; of these something can: {}", names.join(", "));
    };
    let named = context.suite.named();
    let address = named.iter().find(|(known, _)| known == package).map(|(_, address)| *address);
    Ok((address.with_context(|| format!("the suite has no `{package}`"))?, functions))
}

/// Stops a function. By the contract's guardian or its admin.
pub fn pause(context: &Context, key: &Keypair, contract: AccountId, function: u8) -> Result<()> {
    context.send("pausing", key, contract, message_builder!(Pausable).pause(function))?;
    Ok(())
}

/// The mask of stopped functions.
pub fn paused(context: &Context, contract: AccountId) -> Result<u8> {
    context.read(contract, message_builder!(Pausable).paused())
}

/// Who may stop functions beside the admin.
pub fn guardian(context: &Context, contract: AccountId) -> Result<Option<AccountId>> {
    context.read(contract, message_builder!(Pausable).guardian())
}

/// Who may change the contract.
pub fn admin(context: &Context, contract: AccountId) -> Result<AccountId> {
    Ok(context.read(contract, message_builder!(Administered).admin())?.account)
}

/// Keeps an epoch's pending report from going live for longer. Returns when it does.
pub fn hold(context: &Context, key: &Keypair, epoch: u32, ms: u64) -> Result<u64> {
    let call = message_builder!(Payout).hold(epoch, ms);
    Ok(context.send("holding the report", key, context.suite.payout, call)?.value)
}

/// Has an account's claims paid to another one, or to itself again.
pub fn set_recipient(context: &Context, key: &Keypair, recipient: Option<AccountId>) -> Result<()> {
    context.send("the recipient", key, context.suite.payout, message_builder!(Payout).set_recipient(recipient))?;
    Ok(())
}

/// Whom an account's claims are paid to, if not to itself.
pub fn recipient(context: &Context, account: AccountId) -> Result<Option<AccountId>> {
    context.read(context.suite.payout, message_builder!(Payout).recipient(account))
}
