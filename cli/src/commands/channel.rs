//! `channel`, `chat`: paying for answers.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use chain::Keypair;
use clap::{Args, Subcommand};
use openledger_abi::escrow::{Channel, ChannelStatus};
use serde_json::{Value, json};
use serve::answer::{Prompt, Shown};
use serve::http::Ask;
use serve::payer::{PayerError, Question};

use super::common::{Common, KeyArg, SenderArg, open, short};
use super::session::SessionCommand;
use crate::actions::{channel, models};
use crate::context::Context;
use crate::rehearsal::Said;
use crate::{amount, table, time};

/// Training rows of an answer's attribution that are shown.
const ROWS_SHOWN: usize = 5;

#[derive(Subcommand)]
pub enum ChannelCommand {
    /// Open a channel to a host with a deposit, from which its answers are paid.
    ///
    /// Example: openledger channel open //Dave 50 --key //Eve
    #[command(verbatim_doc_comment)]
    Open {
        host: String,
        /// In OPEN. What is not spent comes back.
        #[arg(value_parser = open)]
        deposit: u128,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// A channel, with what was redeemed of each model.
    ///
    /// Example: openledger channel show 0
    #[command(verbatim_doc_comment)]
    Show {
        channel: u64,
        #[command(flatten)]
        common: Common,
    },
    /// All channels, or those of one account.
    ///
    /// Example: openledger channel list //Eve
    #[command(verbatim_doc_comment)]
    List {
        account: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Add to a channel's deposit.
    ///
    /// Example: openledger channel top-up 0 25 --key //Eve
    #[command(verbatim_doc_comment)]
    TopUp {
        channel: u64,
        /// In OPEN.
        #[arg(value_parser = open)]
        amount: u128,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Ask to leave a channel; called again once the host had its time to redeem, it closes the channel.
    ///
    /// Example: openledger channel exit 0 --key //Eve
    #[command(verbatim_doc_comment)]
    Exit {
        channel: u64,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Keys that may ask and pay in your place, each with a cap and an end.
    #[command(subcommand)]
    Session(SessionCommand),
    /// Redeemed batches whose fees wait until oracles attest that they hold what was answered.
    ///
    /// Example: openledger channel waiting
    #[command(verbatim_doc_comment)]
    Waiting {
        #[command(flatten)]
        common: Common,
    },
    /// Have half of the host's and the owner's shares of a batch credited that has waited for seven days; by either of them.
    ///
    /// Example: openledger channel advance 0 --key //Dave
    #[command(verbatim_doc_comment)]
    Advance {
        /// The batch's number among those that wait.
        waiting: u64,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// End a batch that waits for longer than two votes take: what is left of its fee carries over to contributors.
    ///
    /// Example: openledger channel expire 0 --key //Eve
    #[command(verbatim_doc_comment)]
    Expire {
        /// The batch's number among those that wait.
        waiting: u64,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Take what escrow credits to you: a host's or owner's shares of fees, the rest of closed channels.
    ///
    /// Example: openledger channel withdraw --key //Dave
    #[command(verbatim_doc_comment)]
    Withdraw {
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
}

fn status_text(channel: &Channel) -> String {
    match channel.status {
        ChannelStatus::Open => "open".into(),
        ChannelStatus::Exiting { exit_at } => format!("its payer leaves, at {} UTC", time::show(exit_at)),
        ChannelStatus::Closed => "closed".into(),
    }
}

fn channel_json(number: u64, channel: &Channel) -> Value {
    let (status, exit_at) = match channel.status {
        ChannelStatus::Open => ("open", None),
        ChannelStatus::Exiting { exit_at } => ("exiting", Some(exit_at)),
        ChannelStatus::Closed => ("closed", None),
    };
    json!({
        "channel": number,
        "payer": chain::ss58(&channel.payer),
        "host": chain::ss58(&channel.host),
        "deposit": channel.deposit.to_string(),
        "spent": channel.spent.to_string(),
        "status": status,
        "exit_at": exit_at,
    })
}

impl ChannelCommand {
    pub fn run(self) -> Result<()> {
        match self {
            Self::Open { host, deposit, sender, common } => {
                let account = common.account(&host)?;
                common.transact(&sender, |context, key| {
                    let number = channel::open(context, key, account, deposit)?;
                    let text = format!("channel {number} to {host} with {} OPEN", amount::show(deposit));
                    Ok(Said::new(channel_json(number, &channel::show(context, number)?), text))
                })
            }
            Self::Show { channel: number, common } => show(&common, number),
            Self::List { account, common } => list(&common, account.as_deref()),
            Self::TopUp { channel: number, amount, sender, common } => common.transact(&sender, |context, key| {
                channel::top_up(context, key, number, amount)?;
                let now = channel::show(context, number)?;
                let text = format!("channel {number} has a deposit of {} OPEN now", amount::show(now.deposit));
                Ok(Said::new(channel_json(number, &now), text))
            }),
            Self::Exit { channel: number, sender, common } => {
                common.transact(&sender, |context, key| exit(context, key, number))
            }
            Self::Session(command) => command.run(),
            Self::Waiting { common } => waiting(&common),
            Self::Advance { waiting, sender, common } => common.transact(&sender, |context, key| {
                channel::advance(context, key, waiting)?;
                let value = json!({ "waiting": waiting, "advanced": true });
                Ok(Said::new(value, format!("half of their shares of batch {waiting} are credited to host and owner")))
            }),
            Self::Expire { waiting, sender, common } => common.transact(&sender, |context, key| {
                channel::expire(context, key, waiting)?;
                let value = json!({ "waiting": waiting, "expired": true });
                Ok(Said::new(value, format!("batch {waiting} waits no more; what was left of its fee carries over")))
            }),
            Self::Withdraw { sender, common } => common.transact(&sender, |context, key| {
                let got = channel::withdraw(context, key)?;
                let text = format!("{} OPEN are in {}", amount::show(got), key.address());
                Ok(Said::new(json!({ "amount": got.to_string() }), text))
            }),
        }
    }
}

fn list(common: &Common, account: Option<&str>) -> Result<()> {
    let context = common.context()?;
    let of = account.map(|text| common.account(text)).transpose()?;
    let channels = channel::list(&context, of)?;
    let rows: Vec<_> = channels
        .iter()
        .map(|(number, c)| {
            let (deposit, spent) = (amount::show(c.deposit), amount::show(c.spent));
            vec![number.to_string(), short(&c.payer), short(&c.host), deposit, spent, status_text(c)]
        })
        .collect();
    let value = json!(channels.iter().map(|(number, c)| channel_json(*number, c)).collect::<Vec<_>>());
    let header = ["channel", "payer", "host", "deposit", "redeemed", "status"];
    common.output().table(&value, &header, &rows, "no channels; `openledger channel open HOST DEPOSIT`")
}

fn waiting(common: &Common) -> Result<()> {
    let all = channel::waiting(&common.context()?)?;
    let rows: Vec<_> = all
        .iter()
        .map(|(number, waiting)| {
            let batch = &waiting.batch;
            vec![
                number.to_string(),
                batch.channel.to_string(),
                batch.model.to_string(),
                short(&batch.host),
                batch.filled.to_string(),
                amount::show(batch.fee_to.saturating_sub(batch.fee_from)),
                format!("{} UTC", time::show(batch.at)),
                if waiting.advanced { "half is paid".into() } else { String::new() },
            ]
        })
        .collect();
    let value = json!(
        all.iter()
            .map(|(number, waiting)| {
                let batch = &waiting.batch;
                json!({
                    "waiting": number,
                    "channel": batch.channel,
                    "model": batch.model,
                    "key": hex::encode(batch.key),
                    "host": chain::ss58(&batch.host),
                    "places": [batch.count_from, batch.count_to],
                    "answers": batch.filled,
                    "fee": batch.fee_to.saturating_sub(batch.fee_from).to_string(),
                    "at": batch.at,
                    "advanced": waiting.advanced,
                })
            })
            .collect::<Vec<_>>()
    );
    let header = ["batch", "channel", "model", "host", "answers", "fee", "redeemed", ""];
    common.output().table(&value, &header, &rows, "no batch waits: all that was redeemed is attested")
}

fn show(common: &Common, number: u64) -> Result<()> {
    let context = common.context()?;
    let shown = channel::show(&context, number)?;
    let mut text = format!(
        "channel {number}, {}\npayer {}\nhost  {}\n{} OPEN deposited, {} of it redeemed\n",
        status_text(&shown),
        chain::ss58(&shown.payer),
        chain::ss58(&shown.host),
        amount::show(shown.deposit),
        amount::show(shown.spent)
    );
    let mut paid = Vec::new();
    for model in 0..u32::try_from(models::list(&context)?.len())? {
        let sums = channel::paid(&context, number, model, chain::account_bytes(&shown.payer))?;
        if sums.count > 0 {
            let fees = amount::show(sums.fee);
            text.push_str(&format!("model {model}: {} places for {fees} OPEN, by the payer's own key\n", sums.count));
            paid.push(json!({ "model": model, "places": sums.count, "fee": sums.fee.to_string() }));
        }
    }
    let credited = channel::withdrawable(&context, shown.payer)?;
    if credited > 0 {
        text.push_str(&format!(
            "escrow credits {} OPEN to the payer: `openledger channel withdraw`\n",
            amount::show(credited)
        ));
    }
    let mut value = channel_json(number, &shown);
    value["paid"] = json!(paid);
    value["payer_withdrawable"] = json!(credited.to_string());
    common.output().say(&value, text)
}

fn exit(context: &Context, key: &Keypair, number: u64) -> Result<Said> {
    let text = match channel::show(context, number)?.status {
        ChannelStatus::Exiting { exit_at } if context.chain.now()? < exit_at => {
            format!("channel {number} can be closed from {} UTC on: say this again then", time::show(exit_at))
        }
        ChannelStatus::Exiting { .. } => {
            channel::exit(context, key, number)?;
            format!("channel {number} is closed; `openledger channel withdraw` returns the rest")
        }
        ChannelStatus::Open | ChannelStatus::Closed => {
            let exit_at = channel::request_exit(context, key, number)?;
            format!(
                "the host has until {} UTC to redeem; say this again then to close the channel",
                time::show(exit_at)
            )
        }
    };
    Ok(Said::new(channel_json(number, &channel::show(context, number)?), text))
}

/// Ask a model, pay for the answer, and see whose words are in it.
///
/// What is signed is a request: this question, at most so many tokens, at most this fee. A receipt beyond it is refused and
/// not paid. If the connection breaks, the next `chat` fetches the answer by the same signed bytes.
///
/// Example: openledger chat 1 "What did the Union owe its farmers?" --key //Eve
/// Example: openledger chat 1 "Read this contract." --private --max-fee 0.5 --key //Eve
/// Example: openledger chat 1 "And its miners?" --channel 0 --key agent
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct ChatArgs {
    /// The model's number.
    model: u32,
    /// What to ask, or with --completion the text to go on from.
    prompt: String,
    /// Go on from the text instead of answering a message.
    #[arg(long)]
    completion: bool,
    /// The channel to pay from; your newest open one to a host of the model if not given.
    #[arg(long)]
    channel: Option<u64>,
    #[arg(long, default_value_t = 80)]
    max_tokens: u32,
    #[arg(long, default_value_t = 0.0)]
    temperature: f32,
    /// Keep the answer between you, the host and the oracles. What of it is quoted from contributions becomes public in the
    /// epoch's evidence.
    #[arg(long)]
    private: bool,
    /// The most that the answer may cost, in OPEN; by the announced price if not given.
    #[arg(long, value_parser = open)]
    max_fee: Option<u128>,
    /// Agree to the prices that the host announces now, though they are above those that you agreed to first or that the model's
    /// owner registered.
    #[arg(long)]
    accept_prices: bool,
    /// Where the payer's side of channels is kept. Lost, the host could not be paid for what is unredeemed.
    #[arg(long, default_value = ".openledger/channels")]
    folder: PathBuf,
    #[command(flatten)]
    key: KeyArg,
    #[command(flatten)]
    common: Common,
}

impl ChatArgs {
    pub fn run(self) -> Result<()> {
        let (context, key) = self.common.signed(&self.key)?;
        let number = match self.channel {
            Some(number) => number,
            None => channel::for_model(&context, key.account(), self.model)?.with_context(|| {
                let model = self.model;
                format!("no open channel of {} to a host of model {model}; see `openledger model show {model}` for hosts, then `openledger channel open HOST DEPOSIT`", key.address())
            })?,
        };
        let mut open = channel::attach(&context, key, number, &self.folder)?;
        let prompt = match self.completion {
            true => Prompt::Text(self.prompt.clone()),
            false => serve::payer::user(&self.prompt),
        };
        let ask = Ask { max_tokens: Some(self.max_tokens), temperature: Some(self.temperature), ..Ask::default() };
        let question = Question {
            private: self.private,
            max_fee: self.max_fee,
            accept_prices: self.accept_prices,
            ..Question::new(prompt, ask)
        };
        let shown = std::io::stdout().is_terminal() && !self.common.json;
        for late in open.recover(self.model)? {
            let fee = amount::show(late.record.receipt.fee);
            eprintln!("an earlier answer whose connection broke, {fee} OPEN:\n{}\n", printable(late.text.trim()));
        }
        let answered = match shown {
            true => open.ask_streaming(self.model, &question, &mut print_now),
            false => open.ask(self.model, &question),
        };
        let answered = answered.map_err(|error| match error {
            PayerError::Dearer { .. } => {
                anyhow::anyhow!("{error}: agree to it with --accept-prices, or to this answer's with --max-fee")
            }
            error => error.into(),
        })?;
        open.acknowledge(self.model)?;
        let receipt = &answered.record.receipt;
        let mut text = if shown { "\n\n".to_owned() } else { format!("{}\n\n", printable(answered.text.trim())) };
        text.push_str(&attribution_table(&answered.attribution));
        text.push_str(&format!(
            "fee {} OPEN for {} + {} tokens, channel {number}; the epoch's report decides who earns of it",
            amount::show(receipt.fee),
            receipt.tokens_in,
            receipt.tokens_out
        ));
        let value = json!({
            "text": answered.text,
            "channel": number,
            "fee": receipt.fee.to_string(),
            "tokens_in": receipt.tokens_in,
            "tokens_out": receipt.tokens_out,
            "sequence": receipt.sequence,
            "private": self.private,
            "attribution": answered.attribution,
        });
        self.common.output().say(&value, text)
    }
}

/// A piece of an answer, on the terminal at once. A terminal that is gone needs none.
fn print_now(piece: &str) {
    let mut out = std::io::stdout();
    let _ = out.write_all(printable(piece).as_bytes()).and_then(|()| out.flush());
}

/// Text of others without what a terminal would act on.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// All words, and the rows that are most like the answer.
fn attribution_table(attribution: &[Shown]) -> String {
    let (influence, words): (Vec<_>, Vec<_>) =
        attribution.iter().partition(|shown| matches!(shown, Shown::Influence { .. }));
    let rows: Vec<_> =
        words.into_iter().chain(influence.iter().copied().take(ROWS_SHOWN)).map(attribution_row).collect();
    let mut text = match rows.is_empty() {
        true => String::new(),
        false => table::render(&["why", "contribution", "whose", "what"], &rows),
    };
    let more = influence.len().saturating_sub(ROWS_SHOWN);
    if more > 0 {
        text.push_str(&format!("  and {more} more training rows (--json shows all)\n"));
    }
    text
}

fn attribution_row(shown: &Shown) -> Vec<String> {
    let who = |address: &str| chain::parse_account(address).map_or_else(|_| printable(address), |a| short(&a));
    let words = |text: &str| {
        let text = printable(text);
        let cut: String = text.chars().take(60).collect();
        if cut.len() < text.len() { format!("“{cut}…”") } else { format!("“{cut}”") }
    };
    match shown {
        Shown::Span { text, contributor, contribution, .. } => {
            vec!["words".into(), contribution.to_string(), who(contributor), words(text)]
        }
        Shown::Common { text, .. } => vec!["common words".into(), String::new(), "nobody's".into(), words(text)],
        Shown::Influence { row, score, contributor, contribution } => {
            vec!["influence".into(), contribution.to_string(), who(contributor), format!("row {row}, score {score}")]
        }
    }
}
