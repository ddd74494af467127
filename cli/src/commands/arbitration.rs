//! `arbitration`: challenge a contribution, judge a challenge, take what it owes.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Subcommand;
use openledger_abi::arbitration::{Challenge, ChallengeStatus, Choice, Ground, Remedy};
use serde_json::{Value, json};

use super::common::{Common, SenderArg, open, short};
use crate::actions::arbitration::{self, Secret};
use crate::rehearsal::Said;
use crate::{amount, table, time};

#[derive(Subcommand)]
pub enum ArbitrationCommand {
    /// Challenge a contribution, with a bond. It is lost if the validators find you wrong.
    ///
    /// Example: openledger arbitration challenge 7 copied --original 3 --key maria
    #[command(verbatim_doc_comment)]
    Challenge {
        contribution: u64,
        /// `wrongly-rejected` is of what validators rejected, the others are of anything else.
        #[arg(value_parser = ["copied", "worthless", "wrongly-rejected"])]
        ground: String,
        /// Of a copy: the contribution that it is copied from.
        #[arg(long)]
        original: Option<u64>,
        /// Of a copy: leave it there, and pay the original's author for it. Otherwise it is struck.
        #[arg(long, requires = "original")]
        pay_author: bool,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Put more bond behind a side, until commits end. The losing side's bonds go to the judges and to the winning side's.
    ///
    /// Example: openledger arbitration back 0 dismiss 250 --key //Eve
    #[command(verbatim_doc_comment)]
    Back {
        challenge: u64,
        #[arg(value_parser = ["uphold", "dismiss"])]
        choice: String,
        /// In OPEN.
        #[arg(value_parser = open)]
        amount: u128,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Commit to a choice, as a bonded validator. The choice stays in a file on your side until you reveal it.
    ///
    /// Example: openledger arbitration commit 0 uphold --out choice.json --key //Bob
    #[command(verbatim_doc_comment)]
    Commit {
        challenge: u64,
        #[arg(value_parser = ["uphold", "dismiss"])]
        choice: String,
        /// Where choice and salt go. Nobody can reveal without them.
        #[arg(long, value_name = "FILE", required_unless_present = "dry_run")]
        out: Option<PathBuf>,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Reveal what you committed to, between the end of commits and that of reveals.
    ///
    /// Example: openledger arbitration reveal choice.json --key //Bob
    #[command(verbatim_doc_comment)]
    Reveal {
        file: PathBuf,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Put in force what was decided, once it is due, or close what was not decided. Anybody may.
    ///
    /// Example: openledger arbitration execute 0 --key //Alice
    #[command(verbatim_doc_comment)]
    Execute {
        challenge: u64,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Take what a closed challenge owes you.
    ///
    /// Example: openledger arbitration claim 0 --key maria
    #[command(verbatim_doc_comment)]
    Claim {
        challenge: u64,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// All challenges.
    ///
    /// Example: openledger arbitration list
    #[command(verbatim_doc_comment)]
    List {
        #[command(flatten)]
        common: Common,
    },
    /// A challenge: its times, both sides, what was decided.
    ///
    /// Example: openledger arbitration show 0
    #[command(verbatim_doc_comment)]
    Show {
        challenge: u64,
        #[command(flatten)]
        common: Common,
    },
}

impl ArbitrationCommand {
    pub fn run(self) -> Result<()> {
        match self {
            Self::Challenge { contribution, ground, original, pay_author, sender, common } => {
                let ground = ground_of(&ground, original, pay_author)?;
                common.transact(&sender, |context, key| {
                    let number = arbitration::challenge(context, key, contribution, ground)?;
                    let known = arbitration::known(context, number)?;
                    let text = format!(
                        "challenge {number}: contribution {contribution} is {}; {} OPEN are bonded\nvalidators commit until {} UTC, reveal until {} UTC",
                        ground_name(known.ground),
                        amount::show(known.bond),
                        time::show(known.commit_until),
                        time::show(known.reveal_until)
                    );
                    Ok(Said::new(challenge_json(number, &known), text))
                })
            }
            Self::Back { challenge, choice, amount: bond, sender, common } => {
                common.transact(&sender, |context, key| {
                    arbitration::back(context, key, challenge, choice_of(&choice), bond)?;
                    let known = arbitration::known(context, challenge)?;
                    let text = format!(
                        "challenge {challenge}: {} OPEN are bonded to uphold it, {} to dismiss it",
                        amount::show(known.uphold.bonded),
                        amount::show(known.dismiss.bonded)
                    );
                    Ok(Said::new(challenge_json(challenge, &known), text))
                })
            }
            Self::Commit { challenge, choice, out, sender, common } => {
                let secret = Secret::new(challenge, choice_of(&choice));
                // Before it is sent: what is committed to must never be lost.
                if let (Some(path), false) = (&out, sender.dry_run) {
                    secret.save(path)?;
                }
                common.transact(&sender, |context, key| {
                    arbitration::commit(context, key, &secret)?;
                    let known = arbitration::known(context, challenge)?;
                    let text = format!(
                        "committed to {} challenge {challenge}; reveal it between {} and {} UTC: openledger arbitration reveal {} --key {}",
                        choice,
                        time::show(known.commit_until),
                        time::show(known.reveal_until),
                        out.as_deref().map_or("FILE".into(), |path| path.display().to_string()),
                        sender.key.key
                    );
                    Ok(Said::new(challenge_json(challenge, &known), text))
                })
            }
            Self::Reveal { file, sender, common } => {
                let secret = Secret::load(&file)?;
                common.transact(&sender, |context, key| {
                    let weight = arbitration::reveal(context, key, &secret)?;
                    let known = arbitration::known(context, secret.challenge)?;
                    let text = format!(
                        "challenge {}: {} OPEN of stake {} it\n{}",
                        secret.challenge,
                        amount::show(weight),
                        if secret.uphold { "uphold" } else { "dismiss" },
                        weights(&known)
                    );
                    let mut value = challenge_json(secret.challenge, &known);
                    value["weight"] = json!(weight.to_string());
                    Ok(Said::new(value, text))
                })
            }
            Self::Execute { challenge, sender, common } => common.transact(&sender, |context, key| {
                let status = arbitration::execute(context, key, challenge)?;
                let known = arbitration::known(context, challenge)?;
                let text = format!(
                    "challenge {challenge} is {}; {} OPEN wait to be claimed: openledger arbitration claim {challenge}",
                    status_name(status),
                    amount::show(known.owed)
                );
                Ok(Said::new(challenge_json(challenge, &known), text))
            }),
            Self::Claim { challenge, sender, common } => common.transact(&sender, |context, key| {
                let paid = arbitration::claim(context, key, challenge)?;
                Ok(Said::new(
                    json!({ "challenge": challenge, "amount": paid.to_string() }),
                    format!("challenge {challenge} paid {} OPEN", amount::show(paid)),
                ))
            }),
            Self::List { common } => list(&common),
            Self::Show { challenge, common } => show(&common, challenge),
        }
    }
}

fn ground_of(name: &str, original: Option<u64>, pay_author: bool) -> Result<Ground> {
    let ground = match (name, original) {
        ("copied", Some(original)) => {
            let remedy = if pay_author { Remedy::PayAuthor } else { Remedy::Strike };
            Ground::Copied { original, remedy }
        }
        ("copied", None) => bail!("copied from which contribution? Name it with --original"),
        (_, Some(_)) => bail!("--original is for a copy"),
        ("worthless", None) => Ground::Worthless,
        (_, None) => Ground::WronglyRejected,
    };
    Ok(ground)
}

fn choice_of(name: &str) -> Choice {
    if name == "uphold" { Choice::Uphold } else { Choice::Dismiss }
}

fn ground_name(ground: Ground) -> String {
    match ground {
        Ground::Copied { original, remedy: Remedy::Strike } => format!("copied from {original}"),
        Ground::Copied { original, remedy: Remedy::PayAuthor } => {
            format!("copied from {original}, whose author is to be paid")
        }
        Ground::Worthless => "worthless".to_owned(),
        Ground::WronglyRejected => "wrongly rejected".to_owned(),
    }
}

fn status_name(status: ChallengeStatus) -> &'static str {
    match status {
        ChallengeStatus::Open => "open",
        ChallengeStatus::Upheld => "upheld",
        ChallengeStatus::Dismissed => "dismissed",
        ChallengeStatus::Undecided => "undecided",
        ChallengeStatus::Undone => "undone",
    }
}

/// What can be done in an open challenge at a time.
fn phase(challenge: &Challenge, now: u64) -> &'static str {
    match challenge.status {
        ChallengeStatus::Open if now < challenge.commit_until => "commit",
        ChallengeStatus::Open if now < challenge.reveal_until => "reveal",
        ChallengeStatus::Open if now < challenge.due_at => "waits",
        ChallengeStatus::Open => "due",
        closed => status_name(closed),
    }
}

fn weights(challenge: &Challenge) -> String {
    format!(
        "{} uphold it, {} dismiss it, of {} OPEN of validators' stake (a third decides)",
        amount::show(challenge.uphold.weight),
        amount::show(challenge.dismiss.weight),
        amount::show(challenge.total_stake)
    )
}

fn challenge_json(number: u64, known: &Challenge) -> Value {
    let side = |side: &openledger_abi::arbitration::Side| {
        json!({
            "bonded": side.bonded.to_string(),
            "backers": side.backers,
            "weight": side.weight.to_string(),
            "judges": side.judges,
        })
    };
    json!({
        "challenge": number,
        "contribution": known.contribution,
        "ground": ground_name(known.ground),
        "challenger": chain::ss58(&known.challenger),
        "bond": known.bond.to_string(),
        "status": status_name(known.status),
        "opened_at": known.opened_at,
        "commit_until": known.commit_until,
        "reveal_until": known.reveal_until,
        "due_at": known.due_at,
        "total_stake": known.total_stake.to_string(),
        "uphold": side(&known.uphold),
        "dismiss": side(&known.dismiss),
        "owed": known.owed.to_string(),
    })
}

fn list(common: &Common) -> Result<()> {
    let context = common.context()?;
    let (all, now) = (arbitration::list(&context)?, context.chain.now()?);
    let rows: Vec<_> = (0u64..)
        .zip(&all)
        .map(|(number, known)| {
            vec![
                number.to_string(),
                known.contribution.to_string(),
                ground_name(known.ground),
                short(&known.challenger),
                amount::show(known.uphold.bonded),
                amount::show(known.dismiss.bonded),
                phase(known, now).to_owned(),
            ]
        })
        .collect();
    let value = json!((0u64..).zip(&all).map(|(number, known)| challenge_json(number, known)).collect::<Vec<_>>());
    let header = ["challenge", "contribution", "ground", "challenger", "bonded for it", "against it", "status"];
    common.output().table(&value, &header, &rows, "nothing was challenged yet")
}

fn show(common: &Common, number: u64) -> Result<()> {
    let context = common.context()?;
    let (known, now) = (arbitration::known(&context, number)?, context.chain.now()?);
    let row = |name: &str, side: &openledger_abi::arbitration::Side| {
        vec![
            name.to_owned(),
            amount::show(side.bonded),
            side.backers.to_string(),
            amount::show(side.weight),
            side.judges.to_string(),
        ]
    };
    let sides = [row("uphold", &known.uphold), row("dismiss", &known.dismiss)];
    let text = format!(
        "challenge {number}: contribution {} is {}, says {}\n{}; commits until {} UTC, reveals until {} UTC, in force from {} UTC\n{}\n\n{}",
        known.contribution,
        ground_name(known.ground),
        chain::ss58(&known.challenger),
        phase(&known, now),
        time::show(known.commit_until),
        time::show(known.reveal_until),
        time::show(known.due_at),
        weights(&known),
        table::render(&["choice", "bonded", "by", "stake", "judges"], &sides)
    );
    common.output().say(&challenge_json(number, &known), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_names_its_original_and_nothing_else_does() {
        let strike = Ground::Copied { original: 3, remedy: Remedy::Strike };
        let pay = Ground::Copied { original: 3, remedy: Remedy::PayAuthor };
        assert_eq!(ground_of("copied", Some(3), false).unwrap(), strike);
        assert_eq!(ground_of("copied", Some(3), true).unwrap(), pay);
        assert_eq!(ground_of("worthless", None, false).unwrap(), Ground::Worthless);
        assert_eq!(ground_of("wrongly-rejected", None, false).unwrap(), Ground::WronglyRejected);
        for (name, original) in [("copied", None), ("worthless", Some(3)), ("wrongly-rejected", Some(3))] {
            assert!(ground_of(name, original, false).is_err(), "{name}");
        }
    }
}
