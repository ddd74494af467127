//! A new suite on a chain, and development operators so that everything can be tried.

use anyhow::{Context as _, Result};
use chain::{AccountId, Chain, Keypair, endow};
use ink::message_builder;
use openledger_abi::OPEN;
use openledger_abi::payout::Payout;
use openledger_abi::staking::Role;
use suite::{Suite, SuiteConfig};

use super::{staking, token};
use crate::context::Context;

/// Who gets what in a new suite.
#[derive(Debug, Clone, Copy)]
pub struct Founders {
    /// The whole supply of OPEN.
    pub holder: AccountId,
    /// The platform's share of fees.
    pub treasury: AccountId,
    /// May hold a report once, cancel in the timelock, pause payout.
    pub guardian: AccountId,
}

/// Deploys all contracts and wires all but payout, which waits for its oracles ([`wire_payout`]).
pub fn deploy(
    chain: std::sync::Arc<dyn Chain>,
    deployer: &Keypair,
    founders: Founders,
    quick: bool,
) -> Result<Context> {
    let Founders { holder, treasury, guardian } = founders;
    let config = match quick {
        true => SuiteConfig::quick(holder, treasury, guardian),
        false => SuiteConfig::live(holder, treasury, guardian),
    };
    let suite = Suite::deploy(&*chain, deployer, &config)?;
    Ok(Context::new(chain, suite))
}

/// Wires payout with its first oracles, which must have bonded, and their reserves.
pub fn wire_payout(context: &Context, deployer: &Keypair, oracles: &[AccountId], reserves: &[AccountId]) -> Result<()> {
    context.suite.wire_payout(&*context.chain, deployer, oracles, reserves).map_err(|error| {
        match crate::hints::hint(&error.reason) {
            Some(hint) => anyhow::anyhow!("{error}: {hint}"),
            None => error.into(),
        }
    })
}

/// Native coin of a development account at least.
const NATIVE: u128 = 1 << 56;
const ORACLE_BOND: u128 = 50_000 * OPEN;
const OPERATOR_BOND: u128 = 2_000 * OPEN;
const POCKET: u128 = 10_000 * OPEN;

/// A development account and what it does.
pub struct Player {
    pub uri: &'static str,
    pub role: Option<Role>,
    pub what: &'static str,
}

/// The development accounts of `openledger up`.
pub const PLAYERS: [Player; 10] = [
    Player { uri: "//Alice", role: None, what: "deployed the suite, holds OPEN, votes" },
    Player { uri: "//Bob", role: Some(Role::Validator), what: "validator" },
    Player { uri: "//Charlie", role: Some(Role::Validator), what: "validator" },
    Player { uri: "//Dave", role: Some(Role::Host), what: "host" },
    Player { uri: "//Eve", role: None, what: "has OPEN to pay with" },
    Player { uri: "//Ferdie", role: None, what: "treasury and guardian" },
    Player { uri: "//oracle//0", role: Some(Role::Oracle), what: "oracle" },
    Player { uri: "//oracle//1", role: Some(Role::Oracle), what: "oracle" },
    Player { uri: "//oracle//2", role: Some(Role::Oracle), what: "oracle" },
    Player { uri: "//oracle//3", role: Some(Role::Oracle), what: "oracle" },
];

/// Gives development accounts coin and roles, and names the oracles to payout. Done again, it does what is missing: an
/// interrupted start goes on.
pub fn people(context: &Context) -> Result<()> {
    // Naming the oracles comes last: with that done nothing is missing, or somebody else deployed the suite.
    if context.read(context.suite.payout, message_builder!(Payout).current_set())? > 0 {
        return Ok(());
    }
    let alice = Keypair::from_uri("//Alice")?;
    let mut oracles = Vec::new();
    for player in &PLAYERS {
        let key = Keypair::from_uri(player.uri)?;
        let account = key.account();
        if account != alice.account() {
            endow(&*context.chain, &alice, &[account], NATIVE)?;
        }
        if player.role == Some(Role::Oracle) {
            oracles.push(account);
        }
        match player.role {
            None => {
                if token::balance(context, account)? == 0 {
                    token::transfer(context, &alice, account, POCKET)?;
                }
            }
            Some(role) if staking::operator(context, account)?.is_none() => {
                let bond = if role == Role::Oracle { ORACLE_BOND } else { OPERATOR_BOND };
                let missing = bond.saturating_sub(token::balance(context, account)?);
                if missing > 0 {
                    token::transfer(context, &alice, account, missing)?;
                }
                staking::register(context, &key, role, key.public(), 1_000, bond)
                    .with_context(|| format!("{} as {role:?}", player.uri))?;
            }
            Some(_) => {}
        }
    }
    if token::delegate_of(context, alice.account())?.is_none() {
        token::delegate(context, &alice, Some(alice.account()))?;
    }
    wire_payout(context, &alice, &oracles, &[])
}

/// Whether the development accounts have their roles in this suite.
pub fn played(context: &Context) -> Result<bool> {
    for player in PLAYERS.iter().filter(|player| player.role.is_some()) {
        if staking::operator(context, Keypair::from_uri(player.uri)?.account())?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}
