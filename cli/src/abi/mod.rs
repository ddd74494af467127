//! Contracts by their metadata: messages, arguments, results and events of any contract of the suite, without a type of
//! this program for each.

mod decode;
mod encode;
#[cfg(test)]
mod tests;
mod types;

use std::collections::HashMap;

use anyhow::{Context as _, Result, bail};
use chain::{AccountId, ContractEvent};
use serde_json::{Map, Value};
use suite::Suite;

pub use decode::{Datum, Place};
pub use encode::{Accounts, written};
use types::{Def, Type};
pub use types::{Message, Parameter};

/// What accounts are called where values are shown.
#[derive(Debug, Clone, Default)]
pub struct Names(HashMap<[u8; 32], String>);

impl Names {
    /// The contracts of a suite by their packages.
    pub fn of_suite(suite: &Suite) -> Self {
        let named = suite.named();
        Self(named.iter().map(|(name, account)| (chain::account_bytes(account), (*name).to_owned())).collect())
    }

    /// The account's name, else its address.
    pub fn of(&self, account: &AccountId) -> String {
        self.0.get(&chain::account_bytes(account)).cloned().unwrap_or_else(|| chain::ss58(account))
    }
}

/// What one contract can be asked.
#[derive(Debug)]
pub struct Interface {
    pub name: &'static str,
    types: HashMap<u32, Type>,
    pub messages: Vec<Message>,
    events: Vec<types::Event>,
}

/// An event, read.
#[derive(Debug, Clone)]
pub struct Told {
    pub contract: String,
    pub event: String,
    pub fields: Vec<(String, Datum)>,
}

impl Told {
    /// `escrow.ParametersAdded number 1, …`
    pub fn text(&self) -> String {
        let fields: Vec<_> = self.fields.iter().map(|(name, datum)| format!("{name} {}", datum.text)).collect();
        format!("{}.{} {}", self.contract, self.event, fields.join(", "))
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let fields: Map<String, Value> =
            self.fields.iter().map(|(name, datum)| (name.clone(), datum.json.clone())).collect();
        serde_json::json!({ "contract": self.contract, "event": self.event, "fields": fields })
    }
}

impl Interface {
    /// The interface of a package's contract.
    ///
    /// # Errors
    /// If the suite has no such contract.
    pub fn of(package: &str) -> Result<Self> {
        let artifact = suite::artifact(package).with_context(|| format!("the suite has no contract `{package}`"))?;
        let file: types::File =
            serde_json::from_str(artifact.metadata).with_context(|| format!("the metadata of {package}"))?;
        Ok(Self {
            name: artifact.name,
            types: file.types.into_iter().map(|entry| (entry.id, entry.ty)).collect(),
            messages: file.spec.messages,
            events: file.spec.events,
        })
    }

    fn ty(&self, id: u32) -> Result<&Type> {
        self.types.get(&id).with_context(|| format!("{} has no type {id}", self.name))
    }

    fn place<'a>(&self, of: &str, parameter: &'a Parameter) -> Place<'a> {
        // The gas station's `amount`s are of the coin that it gives, but for what it collects.
        let native = self.name == "gas_station" && matches!(of, "withdraw" | "GasFunded" | "GasWithdrawn");
        match (self.name, parameter.used.name()) {
            // psp22 writes u128 where the suite writes Balance.
            ("open_token", "u128") => Place { type_name: "Balance", label: "amount", native },
            (_, type_name) => Place { type_name, label: &parameter.label, native },
        }
    }

    /// The message of a selector.
    pub fn by_selector(&self, selector: [u8; 4]) -> Option<&Message> {
        self.messages.iter().find(|message| message.selector_bytes() == Some(selector))
    }

    /// The message of a name, with its trait's (`PSP22::transfer`) or without.
    ///
    /// # Errors
    /// If there is none; names those there are.
    pub fn message(&self, name: &str) -> Result<&Message> {
        let found = self.messages.iter().find(|message| message.label == name || message.name() == name);
        found.with_context(|| {
            let names: Vec<_> = self.messages.iter().filter(|message| message.mutates).map(Message::name).collect();
            format!("{} has no message `{name}`; those that change something: {}", self.name, names.join(", "))
        })
    }

    /// The view of a name that takes no argument.
    pub fn view(&self, name: &str) -> Option<&Message> {
        self.messages.iter().find(|message| message.name() == name && !message.mutates && message.args.is_empty())
    }

    /// Reads a call's arguments.
    ///
    /// # Errors
    /// If the bytes are not those of this message.
    pub fn arguments(&self, names: &Names, message: &Message, bytes: &[u8]) -> Result<Vec<(String, Datum)>> {
        let rest = &mut &bytes[..];
        let mut all = Vec::new();
        for parameter in &message.args {
            let place = self.place(message.name(), parameter);
            let datum = decode::decode(self, names, parameter.used.ty, place, rest)
                .with_context(|| format!("argument `{}`", parameter.label))?;
            all.push((parameter.label.clone(), datum));
        }
        if !rest.is_empty() {
            bail!("{} bytes are left over behind the arguments", rest.len());
        }
        Ok(all)
    }

    /// Writes a call's arguments.
    ///
    /// # Errors
    /// Says which argument is missing, too many, or doesn't fit.
    pub fn encode(&self, accounts: Accounts, message: &Message, values: &[Value]) -> Result<Vec<u8>> {
        let wanted: Vec<_> = message.args.iter().map(|parameter| parameter.label.as_str()).collect();
        if values.len() != wanted.len() {
            bail!("`{}` takes {} ({}), not {}", message.name(), wanted.len(), wanted.join(", "), values.len());
        }
        let mut out = Vec::new();
        for (parameter, value) in message.args.iter().zip(values) {
            let place = self.place(message.name(), parameter);
            encode::encode(self, accounts, parameter.used.ty, place, value, &mut out)
                .with_context(|| format!("argument `{}` of `{}`", parameter.label, message.name()))?;
        }
        Ok(out)
    }

    /// Reads what a message returned: the inside of ink!'s `Result<T, LangError>`.
    ///
    /// # Errors
    /// If the bytes are not those of this message's result.
    pub fn returned(&self, names: &Names, message: &Message, bytes: &[u8]) -> Result<Datum> {
        let used = message.returns.as_ref().with_context(|| format!("`{}` returns nothing", message.label))?;
        let Def::Variant(variants) = &self.ty(used.ty)?.def else { bail!("`{}` returns no result", message.label) };
        let Some((0, rest)) = bytes.split_first().map(|(first, rest)| (*first, rest)) else {
            bail!("the contract doesn't know `{}`", message.label)
        };
        let ok = variants.variants.iter().find(|variant| variant.index == 0);
        let inner = ok.and_then(|variant| variant.fields.first()).map(|field| field.ty);
        let rest = &mut &rest[..];
        let place = Place { type_name: view_type(message.name()), label: message.name(), native: false };
        decode::decode(self, names, inner.context("a result of nothing")?, place, rest)
    }

    /// Reads an event of this contract's.
    pub fn event(&self, names: &Names, contract: &str, event: &ContractEvent) -> Option<Told> {
        let topic = event.topics.first()?;
        let wanted = format!("0x{}", hex::encode(topic));
        let known = self.events.iter().find(|known| known.signature_topic.as_ref() == Some(&wanted))?;
        let rest = &mut event.data.as_slice();
        let mut fields = Vec::new();
        for parameter in &known.args {
            let place = self.place(&known.label, parameter);
            fields.push((parameter.label.clone(), decode::decode(self, names, parameter.used.ty, place, rest).ok()?));
        }
        Some(Told { contract: contract.to_owned(), event: known.label.clone(), fields })
    }
}

/// Results carry no name of the source's: what the suite's bare views are in.
fn view_type(name: &str) -> &'static str {
    match name {
        "min_delay_ms" | "grace_ms" => "Timestamp",
        "owed" | "total_supply" => "Balance",
        _ => "",
    }
}

/// All contracts of a suite with their interfaces.
pub struct Contracts {
    pub names: Names,
    known: Vec<(AccountId, Interface)>,
}

impl Contracts {
    /// Reads the metadata of the suite's contracts.
    pub fn of(suite: &Suite) -> Result<Self> {
        let named = suite.named();
        let known = named.iter().map(|(name, account)| Ok((*account, Interface::of(name)?))).collect::<Result<_>>()?;
        Ok(Self { names: Names::of_suite(suite), known })
    }

    /// The interface of the contract at an address.
    pub fn at(&self, account: &AccountId) -> Option<&Interface> {
        self.known.iter().find(|(known, _)| known == account).map(|(_, interface)| interface)
    }

    /// The contract of a name: its package's, or that without `open_` or `_registry`.
    ///
    /// # Errors
    /// If there is none; names those there are.
    pub fn named(&self, name: &str) -> Result<(AccountId, &Interface)> {
        let matches = |package: &str| {
            package == name
                || package.trim_start_matches("open_") == name
                || package.trim_end_matches("_registry") == name
        };
        let found = self.known.iter().find(|(_, interface)| matches(interface.name));
        found.map(|(account, interface)| (*account, interface)).with_context(|| {
            let names: Vec<_> = self.known.iter().map(|(_, interface)| interface.name).collect();
            format!("the suite has no contract `{name}`; it has {}", names.join(", "))
        })
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = (AccountId, &Interface)> {
        self.known.iter().map(|(account, interface)| (*account, interface))
    }

    /// What an event says; `None` for one of a contract or form that the suite doesn't know.
    pub fn told(&self, event: &ContractEvent) -> Option<Told> {
        let interface = self.at(&event.contract)?;
        interface.event(&self.names, &self.names.of(&event.contract), event)
    }
}
