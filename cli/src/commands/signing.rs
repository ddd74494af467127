//! `--by-signature`: sign to a file, for anybody to send in.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use chain::Keypair;
use clap::Args;
use serde_json::json;
use suite::Suite;

use super::common::{Common, SenderArg};
use crate::actions::signed::{self, Message, Relayed, Signed};
use crate::context::{Context, SuiteFile};
use crate::output::Usage;
use crate::rehearsal::Said;
use crate::{amount, time};

/// How long signatures count if nothing else is said.
const LIFE_MS: &str = "1d";

/// Sign instead of sending.
#[derive(Args, Debug, Clone)]
pub struct SignatureArgs {
    /// Sign to this file instead of sending; anybody can send it in, and pays for that.
    #[arg(long, value_name = "FILE")]
    pub by_signature: Option<PathBuf>,
    /// How long the signature counts, for instance 12h or 3d.
    #[arg(long, requires = "by_signature", default_value = LIFE_MS, value_parser = |text: &str| time::parse_span(text).map_err(|error| error.to_string()))]
    pub valid: u64,
    /// Ask no chain: the machine's clock counts, and the suite file says which chain it is.
    #[arg(long, requires = "by_signature")]
    pub offline: bool,
}

/// What signing needs to know of the chain.
pub struct Desk {
    pub genesis: [u8; 32],
    pub suite: Suite,
    pub now: u64,
    /// Unless offline.
    pub context: Option<Context>,
}

impl SignatureArgs {
    /// The file to sign to, if that is asked for.
    ///
    /// # Errors
    /// With `--dry-run`: a signature could be sent in by anybody, so there is none to try.
    pub fn file(&self, sender: &SenderArg) -> Result<Option<&Path>> {
        if self.by_signature.is_some() && sender.dry_run {
            bail!(Usage("--by-signature sends nothing, so there is nothing to --dry-run".into()));
        }
        Ok(self.by_signature.as_deref())
    }

    /// Opens the chain, or reads the suite file alone.
    pub fn desk(&self, common: &Common) -> Result<Desk> {
        if !self.offline {
            let context = common.context()?;
            let (genesis, suite, now) = (context.chain.genesis(), context.suite.clone(), context.chain.now()?);
            return Ok(Desk { genesis, suite, now, context: Some(context) });
        }
        let path = &common.chain.suite;
        let bytes = std::fs::read(path)
            .with_context(|| format!("{}: copy the suite file here, or name it with --suite", path.display()))?;
        let file: SuiteFile =
            serde_json::from_slice(&bytes).with_context(|| format!("{}: not a suite file", path.display()))?;
        let genesis = super::common::bytes32(&file.genesis).map_err(anyhow::Error::msg)?;
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
        Ok(Desk { genesis, suite: file.suite, now: u64::try_from(since.as_millis())?, context: None })
    }

    /// Signs and writes the file; says how it is sent in.
    pub fn write(
        &self,
        common: &Common,
        path: &Path,
        desk: &Desk,
        key: &Keypair,
        message: Message,
        relay: &str,
    ) -> Result<()> {
        let signed = signed::sign(desk.genesis, &desk.suite, key, message, desk.now.saturating_add(self.valid))?;
        signed.save(path)?;
        let text = format!(
            "{}'s {} is signed in {}, counts until {} UTC\nanybody sends it in: openledger {relay} {} --key NAME",
            key.address(),
            signed.message.name(),
            path.display(),
            time::show(signed.deadline),
            path.display()
        );
        let mut value = serde_json::to_value(&signed)?;
        value["file"] = json!(path);
        common.output().say(&value, text)
    }
}

/// Sends a signed file in.
pub fn relay(common: &Common, sender: &SenderArg, file: &Path) -> Result<()> {
    let signed = Signed::load(&common.context()?, file)?;
    common.transact(sender, |context, key| {
        let signer = signed.message.signer();
        let (value, text) = match signed::relay(context, key, &signed)? {
            Relayed::Voted(weight) => {
                let text = format!("{}'s vote is cast, with {} votes", chain::ss58(&signer), amount::show(weight));
                (json!({ "weight": weight.to_string() }), text)
            }
            Relayed::Delegated => (json!({}), format!("{}'s votes go where it said", chain::ss58(&signer))),
            Relayed::Permitted => (json!({}), format!("{}'s permit is in force", chain::ss58(&signer))),
            Relayed::Swapped(native) => {
                let text = format!("{} got {} of native coin", chain::ss58(&signer), amount::show_native(native));
                (json!({ "native": native.to_string() }), text)
            }
        };
        let mut value = value;
        value["kind"] = json!(signed.message.name());
        value["signer"] = json!(chain::ss58(&signer));
        value["relayer"] = json!(key.address());
        Ok(Said::new(value, text))
    })
}
