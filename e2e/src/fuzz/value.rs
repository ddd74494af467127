//! Arguments of calls in a form that can be written down, changed and read by people: accounts by their name in the
//! world, times from now, ids by their order.

use anyhow::{Context, Result, bail, ensure};
use ink::scale::{Compact, Encode};
use serde::{Deserialize, Serialize};

use crate::metadata::{Interface, Shape, compact, interface, take};

/// An argument, or a part of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    Bool(bool),
    /// Any unsigned number, cut to its type's width.
    Number(#[serde(with = "decimal")] u128),
    /// A time: so many ms from now.
    Now(i64),
    /// The nonce that somebody's next signature for the contract must name.
    Nonce(String),
    /// A text, or bytes that are one.
    Text(String),
    /// Bytes.
    Bytes(#[serde(with = "hexadecimal")] Vec<u8>),
    /// Somebody by the name in the world.
    Account(String),
    /// 32 bytes that the world knows by kind and number.
    Hash(Known, u32),
    /// The elements of a list or an array, the fields of a struct or a tuple.
    Each(Vec<Value>),
    /// A variant's index and fields.
    Variant(u8, Vec<Value>),
    /// A call of a message, for an operation of the timelock.
    Call(Box<Spec>),
    /// The calls of the proposal of this number.
    CallsOf(u32),
    /// The signature over the message that fits the other arguments, by somebody; in a wallet's wrapping or not.
    Signed(String, bool),
}

/// What 32 bytes stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// The governor's proposal of this number.
    Proposal,
    /// The timelock's operation of the proposal of this number.
    Operation,
    /// The code of the contract at this place of the suite.
    Code,
    /// The public key of the person at this place.
    Key,
    /// Nothing: zeros.
    Zero,
    /// Something that nobody else has: the number's hash.
    Fresh,
    /// What the validator commits to who upholds the challenge of this number, with the hash of 0 as its salt.
    Judgement,
}

/// A message and its arguments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    pub contract: String,
    pub message: String,
    pub arguments: Vec<Value>,
    /// Native coin sent along.
    #[serde(default, with = "decimal")]
    pub native: u128,
}

/// `u128` as a decimal text: JSON's numbers end before.
pub(super) mod decimal {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(number: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Bytes as hexadecimal digits.
pub(super) mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        hex::decode(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// What the names in values mean.
pub trait Names {
    /// # Errors
    /// If nobody has that name.
    fn account(&self, name: &str) -> Result<[u8; 32]>;
    /// # Errors
    /// If the chain can't be read.
    fn now(&self) -> Result<u64>;
    /// # Errors
    /// If the chain can't be read.
    fn known(&self, kind: Known, number: u32) -> Result<[u8; 32]>;
    /// # Errors
    /// If nobody has that name, or the chain can't be read.
    fn nonce(&self, contract: &str, name: &str) -> Result<u64>;
    /// The SCALE bytes of a proposal's calls.
    ///
    /// # Errors
    /// If the chain can't be read.
    fn calls_of(&self, proposal: u32) -> Result<Vec<u8>>;
}

impl Spec {
    /// Selector and arguments. Signatures are zeros.
    ///
    /// # Errors
    /// If contract or message don't exist, or a value doesn't fit its type.
    pub fn encode(&self, names: &dyn Names) -> Result<Vec<u8>> {
        let interface = interface(&self.contract)?;
        let message = interface.message(&self.message)?;
        ensure!(message.arguments.len() == self.arguments.len(), "{} takes other arguments", self.message);
        let mut bytes = message.selector.to_vec();
        for (argument, value) in message.arguments.iter().zip(&self.arguments) {
            value
                .encode(interface, argument.ty, names, &mut bytes)
                .with_context(|| format!("argument `{}` of {}", argument.label, self.message))?;
        }
        Ok(bytes)
    }

    /// Who should sign, if anybody: the first signature among the arguments.
    pub fn signer(&self) -> Option<(&str, bool)> {
        self.arguments.iter().find_map(|value| match value {
            Value::Signed(who, wrapped) => Some((who.as_str(), *wrapped)),
            _ => None,
        })
    }
}

impl Value {
    /// The value's SCALE bytes as this type.
    ///
    /// # Errors
    /// If it doesn't fit, or a name in it means nothing.
    pub fn encode(&self, interface: &Interface, ty: u32, names: &dyn Names, out: &mut Vec<u8>) -> Result<()> {
        let known = interface.ty(ty).context("no such type")?;
        match (&known.shape, self) {
            (Shape::Bool, Value::Bool(value)) => out.push(u8::from(*value)),
            (Shape::Unsigned(width) | Shape::Signed(width), Value::Number(number)) => {
                out.extend(number.to_le_bytes().iter().take(*width));
            }
            (Shape::Unsigned(8), Value::Now(offset)) => {
                out.extend(names.now()?.saturating_add_signed(*offset).to_le_bytes());
            }
            (Shape::Unsigned(8), Value::Nonce(name)) => out.extend(names.nonce(interface.name, name)?.to_le_bytes()),
            (Shape::Text, Value::Text(text)) => text.encode_to(out),
            (Shape::Text, Value::Bytes(bytes)) | (Shape::List(_), Value::Bytes(bytes)) => bytes.encode_to(out),
            (Shape::List(_), Value::Text(text)) => text.encode_to(out),
            (Shape::Array(length, _), Value::Bytes(bytes)) => {
                out.extend(bytes.iter().copied().chain(std::iter::repeat(0)).take(*length));
            }
            (Shape::Array(32, _), Value::Hash(kind, number)) => out.extend(names.known(*kind, *number)?),
            (Shape::Array(32, _), Value::Account(name)) => out.extend(names.account(name)?),
            (Shape::Array(length @ 64, _), Value::Signed(..)) => out.extend(std::iter::repeat_n(0, *length)),
            (Shape::Struct(_), Value::Account(name)) => out.extend(names.account(name)?),
            (Shape::Struct(_), Value::Call(call)) => {
                let input = call.encode(names)?;
                let (selector, arguments) = input.split_at(4);
                out.extend(names.account(&call.contract)?);
                out.extend(selector);
                arguments.encode_to(out);
                out.extend(call.native.to_le_bytes());
            }
            (Shape::List(_), Value::CallsOf(proposal)) => out.extend(names.calls_of(*proposal)?),
            (Shape::List(inner), Value::Each(values)) => {
                Compact(u32::try_from(values.len())?).encode_to(out);
                for value in values {
                    value.encode(interface, *inner, names, out)?;
                }
            }
            (Shape::Array(length, inner), Value::Each(values)) => {
                ensure!(values.len() == *length, "an array of {length}");
                for value in values {
                    value.encode(interface, *inner, names, out)?;
                }
            }
            (Shape::Struct(fields), Value::Each(values)) => {
                ensure!(values.len() == fields.len(), "{} has {} fields", known.name, fields.len());
                for (field, value) in fields.iter().zip(values) {
                    value.encode(interface, field.ty, names, out)?;
                }
            }
            // A struct of one field may be written as that field.
            (Shape::Struct(fields), value) if fields.len() == 1 => {
                value.encode(interface, fields[0].ty, names, out)?;
            }
            (Shape::Tuple(types), Value::Each(values)) => {
                ensure!(values.len() == types.len(), "a tuple of {}", types.len());
                for (ty, value) in types.iter().zip(values) {
                    value.encode(interface, *ty, names, out)?;
                }
            }
            (Shape::Enum(variants), Value::Variant(index, values)) => {
                let variant = variants.iter().find(|variant| variant.index == *index);
                let variant = variant.with_context(|| format!("{} has no variant {index}", known.name))?;
                ensure!(values.len() == variant.fields.len(), "{} has other fields", variant.name);
                out.push(*index);
                for (field, value) in variant.fields.iter().zip(values) {
                    value.encode(interface, field.ty, names, out)?;
                }
            }
            (shape, value) => bail!("{value:?} is no {shape:?}"),
        }
        Ok(())
    }

    /// The value that these bytes are, for templates; `name` gives an account's name.
    pub fn decode(
        interface: &Interface,
        ty: u32,
        name: &dyn Fn(&[u8]) -> Option<String>,
        bytes: &mut &[u8],
    ) -> Option<Self> {
        let known = interface.ty(ty)?;
        let each = |types: &mut dyn Iterator<Item = u32>, bytes: &mut &[u8]| {
            types.map(|ty| Self::decode(interface, ty, name, bytes)).collect::<Option<Vec<_>>>()
        };
        let is_byte = |ty: u32| matches!(interface.ty(ty).map(|ty| &ty.shape), Some(Shape::Unsigned(1)));
        Some(match &known.shape {
            Shape::Bool => Value::Bool(take(bytes, 1)? != [0]),
            Shape::Unsigned(width) | Shape::Signed(width) => {
                let mut number = [0; 16];
                number.get_mut(..*width)?.copy_from_slice(take(bytes, *width)?);
                Value::Number(u128::from_le_bytes(number))
            }
            Shape::Text => {
                let length = compact(bytes)?;
                Value::Text(String::from_utf8_lossy(take(bytes, length)?).into_owned())
            }
            Shape::List(inner) if is_byte(*inner) => {
                let length = compact(bytes)?;
                Value::Bytes(take(bytes, length)?.to_vec())
            }
            Shape::List(inner) => {
                let length = compact(bytes)?;
                Value::Each(each(&mut std::iter::repeat_n(*inner, length), bytes)?)
            }
            Shape::Array(length, inner) if is_byte(*inner) => Value::Bytes(take(bytes, *length)?.to_vec()),
            Shape::Array(length, inner) => Value::Each(each(&mut std::iter::repeat_n(*inner, *length), bytes)?),
            Shape::Struct(_) if known.name == "AccountId" => {
                let account = take(bytes, 32)?;
                name(account).map_or_else(|| Value::Each(vec![Value::Bytes(account.to_vec())]), Value::Account)
            }
            Shape::Struct(fields) => Value::Each(each(&mut fields.iter().map(|field| field.ty), bytes)?),
            Shape::Tuple(types) => Value::Each(each(&mut types.iter().copied(), bytes)?),
            Shape::Enum(variants) => {
                let index = *take(bytes, 1)?.first()?;
                let variant = variants.iter().find(|variant| variant.index == index)?;
                Value::Variant(index, each(&mut variant.fields.iter().map(|field| field.ty), bytes)?)
            }
        })
    }
}
