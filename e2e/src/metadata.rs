//! What the built contracts say of themselves: their messages, and the types of arguments and results.
//!
//! Read from the metadata beside the code, so that a message that is new is known without a word here.

use std::sync::LazyLock;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The packages of the suite's contracts.
pub const CONTRACTS: &[&str] = &[
    "open_token",
    "staking",
    "governor",
    "timelock",
    "gas_station",
    "datanet_registry",
    "arbitration",
    "model_registry",
    "escrow",
    "payout",
    "disputes",
    "judge",
    "availability",
];

/// The interfaces of the suite's contracts.
pub static INTERFACES: LazyLock<Vec<Interface>> = LazyLock::new(|| {
    let built = CONTRACTS.iter().filter_map(|name| suite::artifact(name));
    let parsed = built.map(|built| Interface::parse(built.name, built.metadata).with_context(|| built.name.to_owned()));
    match parsed.collect() {
        Ok(all) => all,
        Err(error) => unreachable!("the metadata was made by the same toolchain: {error:#}"),
    }
});

/// The interface of a package's contract.
///
/// # Errors
/// If the suite has no such contract.
pub fn interface(name: &str) -> Result<&'static Interface> {
    INTERFACES.iter().find(|interface| interface.name == name).with_context(|| format!("no contract `{name}`"))
}

/// One contract.
#[derive(Debug, Clone)]
pub struct Interface {
    /// Its package.
    pub name: &'static str,
    pub messages: Vec<Message>,
    types: Vec<Type>,
}

/// A message.
#[derive(Debug, Clone)]
pub struct Message {
    /// `Trait::message`.
    pub label: String,
    pub selector: [u8; 4],
    pub mutates: bool,
    pub payable: bool,
    pub arguments: Vec<Argument>,
    /// Type of the whole result, `Result<T, LangError>`.
    returns: u32,
}

impl Message {
    /// The label without its trait.
    pub fn name(&self) -> &str {
        self.label.rsplit("::").next().unwrap_or(&self.label)
    }
}

/// An argument: its name, the name of its type as the source writes it, the type.
#[derive(Debug, Clone)]
pub struct Argument {
    pub label: String,
    pub type_name: String,
    pub ty: u32,
}

/// A type of the registry.
#[derive(Debug, Clone)]
pub struct Type {
    /// The last part of its path; empty if it has none.
    pub name: String,
    pub shape: Shape,
}

/// How a type is encoded.
#[derive(Debug, Clone)]
pub enum Shape {
    Bool,
    Text,
    /// An unsigned number of so many bytes.
    Unsigned(usize),
    /// A signed one.
    Signed(usize),
    Struct(Vec<Argument>),
    Enum(Vec<Variant>),
    List(u32),
    Array(usize, u32),
    Tuple(Vec<u32>),
}

/// A variant of an enum.
#[derive(Debug, Clone)]
pub struct Variant {
    pub name: String,
    pub index: u8,
    pub fields: Vec<Argument>,
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

fn id(value: &Value) -> Result<u32> {
    u32::try_from(value.as_u64().context("a type id")?).context("a type id")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn fields(value: &Value) -> Result<Vec<Argument>> {
    list(&value["fields"])
        .iter()
        .map(|field| {
            Ok(Argument { label: text(field, "name"), type_name: text(field, "typeName"), ty: id(&field["type"])? })
        })
        .collect()
}

impl Type {
    fn parse(value: &Value) -> Result<Self> {
        let name = list(&value["path"]).last().and_then(Value::as_str).unwrap_or_default().to_owned();
        let def = value["def"].as_object().context("a definition")?;
        let (kind, def) = def.iter().next().context("a definition")?;
        let shape = match (kind.as_str(), def.as_str()) {
            ("primitive", Some("bool")) => Shape::Bool,
            ("primitive", Some("str")) => Shape::Text,
            ("primitive", Some(number)) => {
                let bits: usize = number.get(1..).unwrap_or_default().parse().context("a primitive type")?;
                if number.starts_with('u') { Shape::Unsigned(bits / 8) } else { Shape::Signed(bits / 8) }
            }
            ("composite", _) => Shape::Struct(fields(def)?),
            ("variant", _) => {
                let variants = list(&def["variants"]).iter().map(|variant| {
                    let index = variant["index"].as_u64().and_then(|index| u8::try_from(index).ok());
                    let index = index.context("a variant's index")?;
                    Ok(Variant { name: text(variant, "name"), index, fields: fields(variant)? })
                });
                Shape::Enum(variants.collect::<Result<_>>()?)
            }
            ("sequence", _) => Shape::List(id(&def["type"])?),
            ("array", _) => Shape::Array(id(&def["len"])? as usize, id(&def["type"])?),
            ("tuple", _) => Shape::Tuple(list(def).iter().map(id).collect::<Result<_>>()?),
            (other, _) => bail!("types of kind `{other}` are not known here"),
        };
        Ok(Type { name, shape })
    }
}

impl Interface {
    fn parse(name: &'static str, json: &str) -> Result<Self> {
        let json: Value = serde_json::from_str(json)?;
        let types = list(&json["types"]).iter().map(|ty| Type::parse(&ty["type"])).collect::<Result<_>>()?;
        let messages = list(&json["spec"]["messages"]).iter().map(|message| {
            let selector = text(message, "selector");
            let mut bytes = [0; 4];
            hex::decode_to_slice(selector.trim_start_matches("0x"), &mut bytes).context("a selector")?;
            let arguments = list(&message["args"]).iter().map(|argument| {
                let ty = &argument["type"];
                let type_name = list(&ty["displayName"]).last().and_then(Value::as_str).unwrap_or_default();
                let label = text(argument, "label").trim_start_matches('_').to_owned();
                Ok(Argument { label, type_name: type_name.to_owned(), ty: id(&ty["type"])? })
            });
            Ok(Message {
                label: text(message, "label"),
                selector: bytes,
                mutates: message["mutates"].as_bool().unwrap_or_default(),
                payable: message["payable"].as_bool().unwrap_or_default(),
                arguments: arguments.collect::<Result<_>>()?,
                returns: id(&message["returnType"]["type"])?,
            })
        });
        Ok(Interface { name, messages: messages.collect::<Result<_>>()?, types })
    }

    /// Messages that change state.
    pub fn mutating(&self) -> impl Iterator<Item = &Message> {
        self.messages.iter().filter(|message| message.mutates)
    }

    /// The message of a name, with or without its trait.
    ///
    /// # Errors
    /// If the contract has none.
    pub fn message(&self, name: &str) -> Result<&Message> {
        let found = self.messages.iter().find(|message| message.label == name || message.name() == name);
        found.with_context(|| format!("{} has no message `{name}`", self.name))
    }

    /// The message of a selector.
    pub fn of_selector(&self, selector: &[u8]) -> Option<&Message> {
        self.messages.iter().find(|message| message.selector == selector)
    }

    /// A type by its number.
    pub fn ty(&self, ty: u32) -> Option<&Type> {
        self.types.get(ty as usize)
    }

    /// What a message's return bytes say: `Ok(None)` for success, else the error's variants (`Admin(NotAdmin)`), numbers
    /// left out.
    ///
    /// # Errors
    /// If they are no result of this message.
    pub fn outcome(&self, message: &Message, returned: &[u8]) -> Result<Option<String>> {
        let bytes = &mut &returned[..];
        let kind = self.kind(message.returns, bytes).context("the returned bytes are none of the message's result")?;
        if !bytes.is_empty() {
            bail!("the returned bytes are longer than the message's result");
        }
        // Result<T, LangError>, and mostly T = Result<T, E>.
        let kind = kind.as_str();
        if let Some(error) = kind.strip_prefix("Ok(Err(").and_then(|rest| rest.strip_suffix("))")) {
            return Ok(Some(error.to_owned()));
        }
        if let Some(error) = kind.strip_prefix("Err(").and_then(|rest| rest.strip_suffix(')')) {
            return Ok(Some(error.to_owned()));
        }
        Ok(None)
    }

    /// Reads a value and gives the names of the variants in it; `None` if the bytes don't fit.
    fn kind(&self, ty: u32, bytes: &mut &[u8]) -> Option<String> {
        match &self.ty(ty)?.shape {
            Shape::Bool => take(bytes, 1).map(|_| String::new()),
            Shape::Unsigned(width) | Shape::Signed(width) => take(bytes, *width).map(|_| String::new()),
            Shape::Text => {
                let length = compact(bytes)?;
                take(bytes, length).map(|_| String::new())
            }
            Shape::Struct(fields) => self.kinds(fields.iter().map(|field| field.ty), bytes),
            Shape::Tuple(types) => self.kinds(types.iter().copied(), bytes),
            Shape::Array(length, inner) => {
                self.kinds(std::iter::repeat_n(*inner, *length), bytes).map(|_| String::new())
            }
            Shape::List(inner) => {
                let length = compact(bytes)?;
                self.kinds(std::iter::repeat_n(*inner, length), bytes).map(|_| String::new())
            }
            Shape::Enum(variants) => {
                let index = *take(bytes, 1)?.first()?;
                let variant = variants.iter().find(|variant| variant.index == index)?;
                let inner = self.kinds(variant.fields.iter().map(|field| field.ty), bytes)?;
                Some(if inner.is_empty() { variant.name.clone() } else { format!("{}({inner})", variant.name) })
            }
        }
    }

    fn kinds(&self, types: impl Iterator<Item = u32>, bytes: &mut &[u8]) -> Option<String> {
        let mut names = Vec::new();
        for ty in types {
            let name = self.kind(ty, bytes)?;
            if !name.is_empty() {
                names.push(name);
            }
        }
        Some(names.join(", "))
    }
}

/// The next so many bytes.
pub(crate) fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (head, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(head)
}

/// A length.
pub(crate) fn compact(bytes: &mut &[u8]) -> Option<usize> {
    let length = <ink::scale::Compact<u32> as ink::scale::Decode>::decode(bytes).ok()?;
    usize::try_from(length.0).ok()
}

#[cfg(test)]
mod tests {
    use ink::primitives::LangError;
    use ink::scale::Encode;
    use openledger_abi::admin::AdminError;
    use openledger_abi::staking::StakingError;

    use super::*;

    #[test]
    fn a_result_tells_its_error_by_name() {
        let staking = interface("staking").unwrap();
        let bond = staking.message("Staking::bond").unwrap();
        let outcome =
            |result: Result<Result<(), StakingError>, LangError>| staking.outcome(bond, &result.encode()).unwrap();
        assert_eq!(outcome(Ok(Ok(()))), None);
        assert_eq!(outcome(Ok(Err(StakingError::NoStake))).as_deref(), Some("NoStake"));
        let not_wired = StakingError::Admin(AdminError::NotWired);
        assert_eq!(outcome(Ok(Err(not_wired))).as_deref(), Some("Admin(NotWired)"));
        assert_eq!(outcome(Err(LangError::CouldNotReadInput)).as_deref(), Some("CouldNotReadInput"));
        assert!(staking.outcome(bond, &[0, 0, 0]).is_err());
    }

    #[test]
    fn every_contract_has_messages_that_change_state() {
        for interface in INTERFACES.iter() {
            assert!(interface.mutating().count() > 3, "{}", interface.name);
        }
    }
}
