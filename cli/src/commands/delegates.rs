//! `delegates`: whom votes can be given to, and what they say.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::common::{Common, KeyArg};
use crate::actions::delegates::{self, Delegate, Statement};
use crate::actions::token;
use crate::context::Context;
use crate::output::Usage;
use crate::{amount, time};

/// Those who hold votes, with their statements.
///
/// Statements are signed and kept in files, not on chain: `state` makes yours, `add` takes somebody's.
/// Example: openledger delegates
/// Example: openledger delegates state --text "I vote for what pays contributors" --key //Alice
#[derive(Args)]
#[command(verbatim_doc_comment, args_conflicts_with_subcommands = true)]
pub struct DelegatesArgs {
    #[command(subcommand)]
    command: Option<DelegatesCommand>,
    #[command(flatten)]
    folder: FolderArg,
    #[command(flatten)]
    common: Common,
}

/// Where statements are.
#[derive(Args, Debug, Clone)]
pub struct FolderArg {
    /// The folder with delegates' statements.
    #[arg(long, default_value = ".openledger/delegates")]
    statements: PathBuf,
}

#[derive(Subcommand)]
enum DelegatesCommand {
    /// A delegate's votes and its whole statement.
    ///
    /// Example: openledger delegates show //Alice
    #[command(verbatim_doc_comment)]
    Show {
        account: String,
        #[command(flatten)]
        folder: FolderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Sign a statement of what you vote for, and keep it. Give the file to whoever shall read it.
    ///
    /// Example: openledger delegates state --file statement.md --key //Alice
    #[command(verbatim_doc_comment)]
    State {
        #[arg(long, required_unless_present = "file")]
        text: Option<String>,
        /// The statement from a file, at most 16 KiB.
        #[arg(long, conflicts_with = "text")]
        file: Option<PathBuf>,
        #[command(flatten)]
        folder: FolderArg,
        #[command(flatten)]
        key: KeyArg,
        #[command(flatten)]
        common: Common,
    },
    /// Keep somebody's statement, if the signature is theirs.
    ///
    /// Example: openledger delegates add statement.json
    #[command(verbatim_doc_comment)]
    Add {
        file: PathBuf,
        #[command(flatten)]
        folder: FolderArg,
        #[command(flatten)]
        common: Common,
    },
}

impl DelegatesArgs {
    pub fn run(self) -> Result<()> {
        match self.command {
            None => list(&self.common, &self.folder.statements),
            Some(DelegatesCommand::Show { account, folder, common }) => show(&common, &folder.statements, &account),
            Some(DelegatesCommand::State { text, file, folder, key, common }) => {
                let text = match (text, file) {
                    (Some(text), _) => text,
                    (None, Some(path)) => std::fs::read_to_string(&path)
                        .with_context(|| path.display().to_string())?
                        .trim_end()
                        .to_owned(),
                    (None, None) => bail!(Usage("say it with --text or --file".into())),
                };
                let (context, key) = common.signed(&key)?;
                keep(&common, &context, &folder.statements, &Statement::sign(&context, &key, &text)?)
            }
            Some(DelegatesCommand::Add { file, folder, common }) => {
                let context = common.context()?;
                keep(&common, &context, &folder.statements, &Statement::load(&context, &file)?)
            }
        }
    }
}

fn keep(common: &Common, context: &Context, folder: &Path, statement: &Statement) -> Result<()> {
    let path = statement.keep(context, folder)?;
    let mut value = serde_json::to_value(statement)?;
    value["file"] = json!(path);
    let text = format!("the statement of {} is in {}", chain::ss58(&statement.account), path.display());
    common.output().say(&value, text)
}

fn statement_json(found: &Result<Option<Statement>>) -> Value {
    match found {
        Ok(None) => Value::Null,
        Ok(Some(statement)) => json!({ "text": statement.text, "made_at": statement.made_at }),
        Err(error) => json!({ "error": format!("{error:#}") }),
    }
}

fn delegate_json(delegate: &Delegate, found: &Result<Option<Statement>>) -> Value {
    json!({
        "account": chain::ss58(&delegate.account),
        "votes": delegate.votes().to_string(),
        "by_token": delegate.by_token.to_string(),
        "by_stake": delegate.by_stake.to_string(),
        "statement": statement_json(found),
    })
}

fn list(common: &Common, folder: &Path) -> Result<()> {
    let context = common.context()?;
    let supply = token::supply(&context)?;
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for delegate in delegates::list(&context)? {
        let found = delegates::statement(&context, folder, &delegate.account);
        let said = match &found {
            Ok(None) => "–".to_owned(),
            Ok(Some(statement)) => {
                let line: String =
                    statement.text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(50).collect();
                format!("“{line}”")
            }
            Err(_) => "(a file that is not its statement)".to_owned(),
        };
        let bps = delegate.votes().saturating_mul(10_000).checked_div(supply).unwrap_or(0);
        rows.push(vec![
            chain::ss58(&delegate.account),
            amount::show(delegate.votes()),
            format!("{}.{:02} %", bps / 100, bps % 100),
            said,
        ]);
        values.push(delegate_json(&delegate, &found));
    }
    let none = "nobody has votes yet; `openledger token delegate` gives some";
    common.output().table(&json!(values), &["delegate", "votes", "of the supply", "statement"], &rows, none)
}

fn show(common: &Common, folder: &Path, name: &str) -> Result<()> {
    let context = common.context()?;
    let delegate = Delegate::of(&context, common.account(name)?)?;
    let found = delegates::statement(&context, folder, &delegate.account);
    let said = match &found {
        Ok(None) => format!("no statement in {}", folder.display()),
        Ok(Some(statement)) => {
            let text: String = statement.text.chars().filter(|c| !c.is_control() || *c == '\n').collect();
            format!("said on {} UTC, signed:\n{text}", time::show(statement.made_at))
        }
        Err(error) => format!("what is kept as its statement is none: {error:#}"),
    };
    let text = format!(
        "{}\nvotes: {} by OPEN, {} by stake\n\n{said}",
        chain::ss58(&delegate.account),
        amount::show(delegate.by_token),
        amount::show(delegate.by_stake)
    );
    common.output().say(&delegate_json(&delegate, &found), text)
}
