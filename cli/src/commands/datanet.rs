//! `datanet`: create, judge, version, look.

use anyhow::Result;
use clap::{Args, Subcommand};
use openledger_abi::datanet::{Contribution, ContributionStatus, Datanet, Judges, LicenceFloor};
use serde_json::{Value, json};

use super::common::{Common, SenderArg, VersionName, bps, short, version_name};
use super::contribute::{ContributeArgs, PreviewArgs};
use crate::actions::datanet;
use crate::rehearsal::Said;
use crate::{table, time};

#[derive(Subcommand)]
pub enum DatanetCommand {
    /// Create a Datanet, with what the terms of all its texts must allow and who judges them, for good.
    ///
    /// Example: openledger datanet create proverbs --share-bps 4000 --key maria
    #[command(verbatim_doc_comment)]
    Create {
        /// At most 64 bytes.
        name: String,
        #[command(flatten)]
        floor: FloorArgs,
        /// A curator, who judges what comes in; once for each. Without any, bonded validators judge.
        #[arg(long = "curator")]
        curators: Vec<String>,
        /// Agreeing verdicts that decide; of curators all if not given, of validators the fewest that governance allows.
        #[arg(long)]
        agreeing: Option<u8>,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    Preview(PreviewArgs),
    Contribute(ContributeArgs),
    /// Judge a contribution, as a bonded validator or a curator.
    ///
    /// Example: openledger datanet verdict 7 accept --quality-bps 9000 --key //Bob
    #[command(verbatim_doc_comment)]
    Verdict {
        contribution: u64,
        #[arg(value_parser = ["accept", "reject"])]
        verdict: String,
        /// Quality of the text.
        #[arg(long, default_value = "8000", value_parser = bps)]
        quality_bps: u16,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Fix all that is in the Datanet now as a version that models can be trained on. By the Datanet's owner.
    ///
    /// Example: openledger datanet version 3 --key maria
    #[command(verbatim_doc_comment)]
    Version {
        datanet: u32,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Take a contribution back: it earns nothing from now on, and no new model may be trained on it.
    ///
    /// What it earned stays. Models that were trained on it go on. Whoever has the text keeps it.
    /// Example: openledger datanet revoke 7 --key maria
    #[command(verbatim_doc_comment)]
    Revoke {
        contribution: u64,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// All Datanets.
    ///
    /// Example: openledger datanet list
    #[command(verbatim_doc_comment)]
    List {
        #[command(flatten)]
        common: Common,
    },
    /// A Datanet with what its terms allow and its contributions, or one of its versions.
    ///
    /// Example: openledger datanet show 3     or of its version 1:     openledger datanet show 3:1
    #[command(verbatim_doc_comment)]
    Show {
        #[arg(value_parser = version_name)]
        datanet: VersionName,
        #[command(flatten)]
        common: Common,
    },
}

/// What the terms of all texts of a new Datanet must allow.
#[derive(Args, Debug, Clone)]
pub struct FloorArgs {
    /// Texts need not allow training; then no model is trained on the Datanet.
    #[arg(long)]
    no_train: bool,
    /// Texts need not allow retrieval; then no model retrieves from it.
    #[arg(long)]
    no_retrieve: bool,
    /// Texts need not allow to be shown; then no model pays for its words.
    #[arg(long)]
    no_display: bool,
    /// Texts need not allow models with a price; then none may use it.
    #[arg(long)]
    no_commercial: bool,
    /// Texts may demand that what is built from them is shared alike.
    #[arg(long)]
    share_alike: bool,
    /// The most of a fee that a text may ask for contributors, and the least that a model gives them.
    #[arg(long, default_value = "4500", value_parser = bps)]
    share_bps: u16,
    /// Terms may end from this day on: YYYY-MM-DD (UTC); if not given, they must never end.
    #[arg(long, value_parser = |text: &str| time::parse_day(text).map_err(|error| error.to_string()))]
    earliest_end: Option<u64>,
}

impl FloorArgs {
    fn floor(&self) -> LicenceFloor {
        LicenceFloor {
            train: !self.no_train,
            retrieve: !self.no_retrieve,
            display: !self.no_display,
            commercial: !self.no_commercial,
            share_alike: self.share_alike,
            share_bps: self.share_bps,
            earliest_end: self.earliest_end.unwrap_or(0),
        }
    }
}

impl DatanetCommand {
    pub fn run(self) -> Result<()> {
        match self {
            Self::Create { name, floor, curators, agreeing, sender, common } => {
                common.transact(&sender, |context, key| {
                    let members = curators.iter().map(|curator| common.account(curator)).collect::<Result<Vec<_>>>()?;
                    let judges = match members.is_empty() {
                        true => Judges::Validators {
                            agreeing: agreeing.map_or_else(|| datanet::min_agreeing(context), Ok)?,
                        },
                        false => {
                            let all = u8::try_from(members.len()).unwrap_or(u8::MAX);
                            Judges::Curators { members, threshold: agreeing.unwrap_or(all) }
                        }
                    };
                    let number = datanet::create(context, key, &name, floor.floor(), judges)?;
                    Ok(Said::new(json!({ "datanet": number }), format!("Datanet {number} `{name}` is yours")))
                })
            }
            Self::Preview(args) => args.run(),
            Self::Contribute(args) => args.run(),
            Self::Verdict { contribution, verdict, quality_bps, sender, common } => {
                common.transact(&sender, |context, key| {
                    let status = datanet::verdict(context, key, contribution, verdict == "accept", quality_bps)?;
                    let now = datanet::contribution(context, contribution)?;
                    let text = format!(
                        "contribution {contribution} is {}: {} for it, {} against, {} agreeing decide",
                        status_name(status),
                        now.accepts,
                        now.rejects,
                        datanet::show(context, now.datanet)?.judges.agreeing()
                    );
                    Ok(Said::new(contribution_json(contribution, &now), text))
                })
            }
            Self::Version { datanet: number, sender, common } => common.transact(&sender, |context, key| {
                let version = datanet::cut_version(context, key, number)?;
                let cut = datanet::cut(context, number, version)?;
                let root = hex::encode(cut.root);
                let text = format!("version {number}:{version} holds {} contributions, root 0x{root}", cut.count);
                Ok(Said::new(json!({ "datanet": number, "version": version, "count": cut.count, "root": root }), text))
            }),
            Self::Revoke { contribution, sender, common } => common.transact(&sender, |context, key| {
                datanet::revoke(context, key, contribution)?;
                let now = datanet::contribution(context, contribution)?;
                let text = format!("contribution {contribution} is taken back; it earns nothing from now on");
                Ok(Said::new(contribution_json(contribution, &now), text))
            }),
            Self::List { common } => list(&common),
            Self::Show { datanet: VersionName { datanet, version: Some(version) }, common } => {
                show_version(&common, datanet, version)
            }
            Self::Show { datanet: VersionName { datanet, version: None }, common } => show(&common, datanet),
        }
    }
}

fn status_name(status: ContributionStatus) -> &'static str {
    match status {
        ContributionStatus::Pending => "pending",
        ContributionStatus::Accepted => "accepted",
        ContributionStatus::Rejected => "rejected",
    }
}

fn contribution_json(number: u64, contribution: &Contribution) -> Value {
    let cid = corpus::Cid::from_bytes(&contribution.cid).map(|cid| cid.to_string()).ok();
    let terms = &contribution.terms;
    json!({
        "contribution": number,
        "datanet": contribution.datanet,
        "status": status_name(contribution.status),
        "contributor": chain::ss58(&contribution.contributor),
        "payee": chain::ss58(&contribution.payee),
        "root": hex::encode(contribution.root),
        "bytes": contribution.length,
        "cid": cid,
        "seq": contribution.seq,
        "accepts": contribution.accepts,
        "rejects": contribution.rejects,
        "quality_bps": contribution.quality_bps,
        "withdrawn_at": contribution.withdrawn_at,
        "struck_at": contribution.struck_at,
        "restored_at": contribution.restored_at,
        "terms": {
            "train": terms.train,
            "retrieve": terms.retrieve,
            "display": terms.display,
            "commercial": terms.commercial,
            "share_alike": terms.share_alike,
            "min_bps": terms.min_bps,
            "expires_at": terms.expires_at,
        },
    })
}

/// Who judges, and how many of them decide.
fn judges_name(judges: &Judges) -> String {
    match judges {
        Judges::Validators { agreeing } => format!("{agreeing} validators"),
        Judges::Curators { members, threshold } => format!("{threshold} of {} curators", members.len()),
    }
}

fn judges_json(judges: &Judges) -> Value {
    match judges {
        Judges::Validators { agreeing } => json!({ "validators": agreeing }),
        Judges::Curators { members, threshold } => {
            json!({ "curators": members.iter().map(chain::ss58).collect::<Vec<_>>(), "threshold": threshold })
        }
    }
}

fn floor_json(floor: &LicenceFloor) -> Value {
    json!({
        "train": floor.train,
        "retrieve": floor.retrieve,
        "display": floor.display,
        "commercial": floor.commercial,
        "share_alike": floor.share_alike,
        "share_bps": floor.share_bps,
        "earliest_end": floor.earliest_end,
    })
}

fn datanet_json(number: u32, datanet: &Datanet) -> Value {
    json!({
        "datanet": number,
        "name": String::from_utf8_lossy(&datanet.name),
        "owner": chain::ss58(&datanet.owner),
        "judges": judges_json(&datanet.judges),
        "floor": floor_json(&datanet.floor),
        "paused": datanet.paused,
        "contributions": datanet.contributions,
        "versions": datanet.versions,
    })
}

fn list(common: &Common) -> Result<()> {
    let context = common.context()?;
    let datanets = datanet::list(&context)?;
    let rows: Vec<_> = (0u32..)
        .zip(&datanets)
        .map(|(number, datanet)| {
            vec![
                String::from_utf8_lossy(&datanet.name).into_owned(),
                number.to_string(),
                judges_name(&datanet.judges),
                short(&datanet.owner),
                datanet.contributions.to_string(),
                datanet.versions.to_string(),
                datanet.floor.share_bps.to_string(),
            ]
        })
        .collect();
    let value =
        json!((0u32..).zip(&datanets).map(|(number, datanet)| datanet_json(number, datanet)).collect::<Vec<_>>());
    let header = ["Datanet", "number", "judged by", "owner", "contributions", "versions", "share bps"];
    common.output().table(&value, &header, &rows, "no Datanets yet; create one with `openledger datanet create NAME`")
}

fn show(common: &Common, number: u32) -> Result<()> {
    let context = common.context()?;
    let shown = datanet::show(&context, number)?;
    let contributions = datanet::contributions(&context, number)?;
    let rows: Vec<_> = contributions
        .iter()
        .map(|(number, contribution)| {
            vec![
                number.to_string(),
                standing(contribution),
                short(&contribution.contributor),
                contribution.length.to_string(),
                format!("{}+ {}-", contribution.accepts, contribution.rejects),
                refused_uses(contribution),
            ]
        })
        .collect();
    let text = format!(
        "Datanet {number} `{}`, judged by {}, owner {}\nversions: {}\n{}\n{}",
        String::from_utf8_lossy(&shown.name),
        judges_name(&shown.judges),
        chain::ss58(&shown.owner),
        shown.versions,
        promised(&shown.floor),
        match rows.is_empty() {
            true => "no contributions yet".to_owned(),
            false => table::render(&["contribution", "status", "contributor", "bytes", "verdicts", "not for"], &rows),
        }
    );
    let mut value = datanet_json(number, &shown);
    value["contributions"] = json!(contributions.iter().map(|(n, c)| contribution_json(*n, c)).collect::<Vec<_>>());
    common.output().say(&value, text)
}

fn standing(contribution: &Contribution) -> String {
    let facts = [
        (contribution.struck_at.filter(|_| contribution.restored_at.is_none()), "struck"),
        (contribution.withdrawn_at, "taken back"),
    ];
    let fact = facts.iter().find_map(|(at, name)| at.map(|_| *name));
    fact.unwrap_or_else(|| status_name(contribution.status)).to_owned()
}

fn refused_uses(contribution: &Contribution) -> String {
    let terms = &contribution.terms;
    let refused = [
        (terms.train, "training"),
        (terms.retrieve, "retrieval"),
        (terms.display, "display"),
        (terms.commercial, "commerce"),
    ];
    refused.iter().filter(|(allowed, _)| !allowed).map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
}

fn show_version(common: &Common, number: u32, version: u32) -> Result<()> {
    let context = common.context()?;
    let cut = datanet::cut(&context, number, version)?;
    let root = hex::encode(cut.root);
    let text = format!(
        "version {number}:{version}, cut {} UTC\n{} contributions, root 0x{root}",
        time::show(cut.cut_at),
        cut.count,
    );
    let value = json!({
        "datanet": number,
        "version": version,
        "count": cut.count,
        "root": root,
        "cut_at": cut.cut_at,
    });
    common.output().say(&value, text)
}

/// What the floor of its terms makes of a Datanet.
fn promised(floor: &LicenceFloor) -> String {
    let line =
        |name: &str, promised: bool| format!("{name}: {}\n", if promised { "allowed" } else { "not for models" });
    let mut text = line("training", floor.train);
    text.push_str(&line("retrieval", floor.retrieve));
    text.push_str(&line("display", floor.display));
    text.push_str(&line("models with a price", floor.commercial));
    if floor.share_alike {
        text.push_str("share alike: texts may demand it\n");
    }
    text.push_str(&format!("texts ask for at most {0} bps of fees, models give at least {0}\n", floor.share_bps));
    text.push_str(&match floor.earliest_end {
        0 => "terms never end\n".to_owned(),
        end => format!("terms end {} UTC or later\n", time::show(end)),
    });
    text
}
