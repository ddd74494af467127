//! Where scenarios run: each on a fork of one embedded world, or one after the other in a world on a node.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use anyhow::{Context, Result, anyhow};
use chain::{Embedded, Keypair, Node, Rpc};

use crate::World;

/// One thing that is tried in a world.
pub type Scenario = fn(&mut World) -> Result<()>;

static FOUNDED: LazyLock<Result<(Arc<Embedded>, World), String>> = LazyLock::new(|| {
    let chain = Arc::new(Embedded::ephemeral());
    let rich = Keypair::from_uri("//Alice").map_err(|e| e.to_string())?;
    let world = World::found(chain.clone(), &rich).map_err(|e| format!("{e:#}"))?;
    Ok((chain, world))
});

/// One node for all; it stops with this process.
static NODE: LazyLock<Result<Node, String>> = LazyLock::new(|| {
    let program = chain::find_node().ok_or("no substrate-contracts-node: scripts/node says how to get one")?;
    Node::spawn(Path::new(&program)).map_err(|e| e.to_string())
});

/// Runs a scenario on a fork of the embedded world, which is built once.
///
/// # Errors
/// If the world could not be built, or what the scenario returns.
pub fn on_a_fork(scenario: Scenario) -> Result<()> {
    let (chain, world) = FOUNDED.as_ref().map_err(|e| anyhow!("the world: {e}"))?;
    scenario(&mut world.on(Arc::new(chain.fork())))
}

/// Runs scenarios in turn in one world on the node: deploying takes seconds there, so the scenarios of a module share a world.
///
/// # Errors
/// The first scenario that fails, by its name.
pub fn in_turn(scenarios: &[(&str, Scenario)]) -> Result<()> {
    let node = NODE.as_ref().map_err(|e| anyhow!("{e}"))?;
    let chain = Arc::new(Rpc::connect(&node.url())?);
    let mut world = World::found(chain, &Keypair::from_uri("//Alice")?)?;
    for (name, scenario) in scenarios {
        scenario(&mut world).with_context(|| (*name).to_owned())?;
        println!("{name}: as it should be");
    }
    Ok(())
}

/// A test for each scenario of a list as [`crate::scenarios!`] gives it, on the embedded chain. The modules stand in `list`, where
/// the macro is called.
#[macro_export]
macro_rules! embedded_tests {
    ($($module:ident { $($scenario:ident,)* })*) => {$(
        mod $module {
            $(#[test]
            fn $scenario() -> anyhow::Result<()> {
                $crate::harness::on_a_fork(super::list::$module::$scenario)
            })*
        }
    )*};
}

/// A test for each module of such a list, on a node.
#[macro_export]
macro_rules! node_tests {
    ($($module:ident { $($scenario:ident,)* })*) => {$(
        #[test]
        #[ignore = "needs a node"]
        fn $module() -> anyhow::Result<()> {
            $crate::harness::in_turn(&[$((stringify!($scenario), list::$module::$scenario)),*])
        }
    )*};
}
