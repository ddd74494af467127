//! The same scenarios on a node. Deploying takes seconds there, so the scenarios of a module share a world.
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

use anyhow::{Context, Result};
use chain::{Keypair, Node, Rpc};
use e2e::World;

/// One node for all; it stops with this process.
static NODE: LazyLock<Result<Node, String>> = LazyLock::new(|| {
    let program = chain::find_node().ok_or("no substrate-contracts-node: scripts/node says how to get one")?;
    Node::spawn(Path::new(&program)).map_err(|e| e.to_string())
});

/// One account pays for all worlds, one after the other.
static RICH: Mutex<()> = Mutex::new(());

type Scenario = (&'static str, fn(&mut World) -> Result<()>);

fn in_turn(scenarios: &[Scenario]) -> Result<()> {
    let node = NODE.as_ref().map_err(|e| anyhow::anyhow!("{e}"))?;
    let chain = Arc::new(Rpc::connect(&node.url())?);
    let people = {
        let _paying = RICH.lock();
        World::endowed(&*chain, &Keypair::from_uri("//Alice")?)?
    };
    let mut world = World::found_by(chain, people)?;
    for (name, scenario) in scenarios {
        scenario(&mut world).with_context(|| (*name).to_owned())?;
        println!("{name}: as it should be");
    }
    Ok(())
}

macro_rules! tests {
    ($($module:ident { $($scenario:ident,)* })*) => {$(
        #[test]
        #[ignore = "needs a node"]
        fn $module() -> anyhow::Result<()> {
            in_turn(&[$((stringify!($scenario), e2e::scenarios::$module::$scenario)),*])
        }
    )*};
}

e2e::scenarios!(tests);
