//! The scenarios on the embedded chain: the world is built once, each scenario runs on a fork of it.
use std::sync::{Arc, LazyLock};

use anyhow::Result;
use chain::{Embedded, Keypair};
use e2e::World;

static FOUNDED: LazyLock<Result<(Arc<Embedded>, World), String>> = LazyLock::new(|| {
    let chain = Arc::new(Embedded::ephemeral());
    let rich = Keypair::from_uri("//Alice").map_err(|e| e.to_string())?;
    let world = World::found(chain.clone(), &rich).map_err(|e| format!("{e:#}"))?;
    Ok((chain, world))
});

fn on_a_fork(scenario: fn(&mut World) -> Result<()>) -> Result<()> {
    let (chain, world) = FOUNDED.as_ref().map_err(|e| anyhow::anyhow!("the world: {e}"))?;
    scenario(&mut world.on(Arc::new(chain.fork())))
}

macro_rules! tests {
    ($($module:ident { $($scenario:ident,)* })*) => {$(
        mod $module {
            $(#[test]
            fn $scenario() -> anyhow::Result<()> {
                super::on_a_fork(e2e::scenarios::$module::$scenario)
            })*
        }
    )*};
}

e2e::scenarios!(tests);
