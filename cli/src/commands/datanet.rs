//! `datanet`: create, judge, version, look.

use anyhow::Result;
use clap::Subcommand;
use openledger_abi::datanet::{Contribution, ContributionStatus, Datanet, DatanetPolicy, VersionTerms};
use serde_json::{Value, json};

use super::common::{Common, SenderArg, VersionName, bps, short, version_name};
use super::contribute::{ContributeArgs, PreviewArgs};
use crate::actions::datanet;
use crate::rehearsal::Said;
use crate::{table, time};

#[derive(Subcommand)]
pub enum DatanetCommand {
    /// Create a Datanet.
    ///
    /// Example: openledger datanet create proverbs --min-bps 4000 --key maria
    #[command(verbatim_doc_comment)]
    Create {
        /// At most 64 bytes.
        name: String,
        /// You may veto what is pending; otherwise validators alone decide.
        #[arg(long)]
        curated: bool,
        /// The least share of a fee that models must give to contributors, whatever single terms say.
        #[arg(long, default_value = "0", value_parser = bps)]
        min_bps: u16,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    Preview(PreviewArgs),
    Contribute(ContributeArgs),
    /// Judge a contribution, as a bonded validator.
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
    /// Fix all that is accepted now as a version that models can be trained on. By the Datanet's owner.
    ///
    /// Example: openledger datanet version 3 --key maria
    #[command(verbatim_doc_comment)]
    Version {
        datanet: u32,
        /// First leave out what was revoked, struck, passed over or has expired.
        #[arg(long)]
        rebuild: bool,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Take a contribution back: no new version or model may hold it, and it earns nothing from now on.
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
    /// Refuse a contribution that is pending, as the owner of a curated Datanet.
    ///
    /// Example: openledger datanet veto 7 --key maria
    #[command(verbatim_doc_comment)]
    Veto {
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
    /// A Datanet with its contributions, or one of its versions with what its terms allow.
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

impl DatanetCommand {
    pub fn run(self) -> Result<()> {
        match self {
            Self::Create { name, curated, min_bps, sender, common } => common.transact(&sender, |context, key| {
                let policy = if curated { DatanetPolicy::Curated } else { DatanetPolicy::Open };
                let number = datanet::create(context, key, &name, policy, min_bps)?;
                Ok(Said::new(json!({ "datanet": number }), format!("Datanet {number} `{name}` is yours")))
            }),
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
                        datanet::agreeing(context)?
                    );
                    Ok(Said::new(contribution_json(contribution, &now), text))
                })
            }
            Self::Version { datanet: number, rebuild, sender, common } => common.transact(&sender, |context, key| {
                if rebuild {
                    datanet::rebuild(context, key, number)?;
                }
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
            Self::Veto { contribution, sender, common } => common.transact(&sender, |context, key| {
                datanet::veto(context, key, contribution)?;
                let now = datanet::contribution(context, contribution)?;
                let text = format!("contribution {contribution} is {}", status_name(now.status));
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
        ContributionStatus::Vetoed => "vetoed",
        ContributionStatus::Retracted => "retracted",
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
        "passed_over_at": contribution.passed_over_at,
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

fn policy_name(policy: DatanetPolicy) -> &'static str {
    match policy {
        DatanetPolicy::Open => "open",
        DatanetPolicy::Curated => "curated",
    }
}

fn datanet_json(number: u32, datanet: &Datanet) -> Value {
    json!({
        "datanet": number,
        "name": String::from_utf8_lossy(&datanet.name),
        "owner": chain::ss58(&datanet.owner),
        "policy": policy_name(datanet.policy),
        "min_bps": datanet.floor_bps,
        "paused": datanet.paused,
        "contributions": datanet.contributions,
        "versions": datanet.versions,
        "generation": datanet.generation,
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
                policy_name(datanet.policy).to_owned(),
                short(&datanet.owner),
                datanet.contributions.to_string(),
                datanet.versions.to_string(),
                datanet.floor_bps.to_string(),
            ]
        })
        .collect();
    let value =
        json!((0u32..).zip(&datanets).map(|(number, datanet)| datanet_json(number, datanet)).collect::<Vec<_>>());
    let header = ["Datanet", "number", "policy", "owner", "contributions", "versions", "min bps"];
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
        "Datanet {number} `{}`, {}, owner {}\nversions: {}, at least {} bps to contributors\n\n{}",
        String::from_utf8_lossy(&shown.name),
        policy_name(shown.policy),
        chain::ss58(&shown.owner),
        shown.versions,
        shown.floor_bps,
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
        (contribution.struck_at, "struck"),
        (contribution.withdrawn_at, "taken back"),
        (contribution.passed_over_at, "passed over"),
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
        "version {number}:{version}, cut {} UTC\n{} contributions, root 0x{root}\n{}",
        time::show(cut.cut_at),
        cut.count,
        allowed(&cut.terms)
    );
    let terms = &cut.terms;
    let value = json!({
        "datanet": number,
        "version": version,
        "count": cut.count,
        "root": root,
        "cut_at": cut.cut_at,
        "generation": cut.generation,
        "terms": {
            "no_training": terms.no_training,
            "no_retrieval": terms.no_retrieval,
            "no_display": terms.no_display,
            "no_commerce": terms.no_commerce,
            "share_alike": terms.share_alike,
            "min_bps": terms.min_bps,
            "expires_at": terms.expires_at,
        },
    });
    common.output().say(&value, text)
}

fn allowed(terms: &VersionTerms) -> String {
    let line = |name: &str, forbidden: Option<u64>| match forbidden {
        None => format!("{name}: allowed\n"),
        Some(by) => format!("{name}: forbidden by contribution {by}\n"),
    };
    let mut text = line("training", terms.no_training);
    text.push_str(&line("retrieval", terms.no_retrieval));
    text.push_str(&line("display", terms.no_display));
    text.push_str(&line("models with a price", terms.no_commerce));
    if let Some(by) = terms.share_alike {
        text.push_str(&format!("share alike: demanded by contribution {by}\n"));
    }
    text.push_str(&format!("at least {} bps of fees to contributors\n", terms.min_bps));
    if terms.expires_at > 0 {
        text.push_str(&format!("expires {} UTC\n", time::show(terms.expires_at)));
    }
    text
}
