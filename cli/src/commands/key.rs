//! `key`: key files.

use anyhow::Result;
use chain::Keypair;
use clap::Subcommand;
use serde_json::json;

use super::common::Common;
use crate::context::folder;

#[derive(Subcommand)]
pub enum KeyCommand {
    /// Make a key and write it to the keys' folder.
    ///
    /// Example: openledger key new maria
    #[command(verbatim_doc_comment)]
    New {
        /// What the key is called in other commands.
        name: String,
        #[command(flatten)]
        common: Common,
    },
    /// Show the account of a key, or all keys of the folder. Secrets are never shown.
    ///
    /// Example: openledger key show maria
    #[command(verbatim_doc_comment)]
    Show {
        /// A key's name, file, or //Name.
        name: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Send native coin, which pays for transactions, to an account.
    ///
    /// Example: openledger key fund maria --from //Alice
    #[command(verbatim_doc_comment)]
    Fund {
        /// Who gets it.
        account: String,
        /// In the chain's units; the default is enough for thousands of calls.
        #[arg(long, default_value_t = 1 << 52)]
        units: u128,
        /// Who sends it.
        #[arg(long, default_value = "//Alice")]
        from: String,
        #[command(flatten)]
        common: Common,
    },
}

impl KeyCommand {
    pub fn run(self) -> Result<()> {
        match self {
            Self::New { name, common } => {
                anyhow::ensure!(
                    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)),
                    "`{name}` can't name a key: use letters, digits, - and _"
                );
                let path = folder(common.chain.keys.clone())?.join(format!("{name}.json"));
                anyhow::ensure!(
                    !path.exists(),
                    "{}: there is such a key already; it is never replaced",
                    path.display()
                );
                let key = Keypair::generate();
                key.save(&path)?;
                let text = format!("{}\nin {}, which only you can read: keep a copy", key.address(), path.display());
                common.output().say(&json!({ "name": name, "account": key.address(), "file": path }), text)
            }
            Self::Show { name: Some(name), common } => {
                let key = common.chain.key(&name)?;
                let public = hex::encode(key.public());
                let text = format!("{}\npublic key 0x{public}", key.address());
                common.output().say(&json!({ "name": name, "account": key.address(), "public": public }), text)
            }
            Self::Show { name: None, common } => {
                let mut names = Vec::new();
                if let Ok(entries) = std::fs::read_dir(&common.chain.keys) {
                    let files = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
                    names.extend(files.filter_map(|file| file.strip_suffix(".json").map(str::to_owned)));
                }
                names.sort();
                let mut rows = Vec::new();
                for name in names {
                    let address = common.chain.key(&name)?.address();
                    rows.push(vec![name, address]);
                }
                let value = json!(rows.iter().map(|r| json!({ "name": r[0], "account": r[1] })).collect::<Vec<_>>());
                let none =
                    format!("no keys in {}; make one with `openledger key new NAME`", common.chain.keys.display());
                common.output().table(&value, &["name", "account"], &rows, &none)
            }
            Self::Fund { account, units, from, common } => {
                let to = common.account(&account)?;
                let from = common.chain.key(&from)?;
                let chain = common.chain.open()?;
                chain.transfer(&from, to, units)?;
                let now = chain.balance(to)?;
                let text = format!("{account} has {now} units of native coin now");
                common.output().say(&json!({ "account": chain::ss58(&to), "native": now.to_string() }), text)
            }
        }
    }
}
