//! SCALE bytes → what people and programs read, by the types of a contract's metadata.

use anyhow::{Context as _, Result, bail, ensure};
use chain::AccountId;
use scale::{Compact, Decode};
use serde_json::{Map, Value, json};

use super::types::{Def, Field, Type};
use super::{Interface, Names};
use crate::{amount, time};

/// Values nest no deeper in the suite's messages by far.
const DEEPEST: u32 = 32;
/// What a list shows to people at most.
const LONGEST_SHOWN: usize = 16;
/// Times since 1970 in ms are above this (2001), durations below.
const TIMES_FROM: u64 = 1_000_000_000_000;

/// A value, for programs and for people.
#[derive(Debug, Clone, PartialEq)]
pub struct Datum {
    /// Integers of 128 bits as decimal strings, accounts as SS58, bytes as hex.
    pub json: Value,
    /// The same as it can be written again (an amount in units ends with `u`).
    pub written: Value,
    /// With units.
    pub text: String,
    /// A struct's parts.
    pub fields: Vec<(String, Datum)>,
}

impl Datum {
    fn plain(json: impl Into<Value>) -> Self {
        let json = json.into();
        let text = match &json {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Self { written: json.clone(), json, text, fields: Vec::new() }
    }

    fn shown(json: impl Into<Value>, text: String) -> Self {
        let json = json.into();
        Self { written: json.clone(), json, text, fields: Vec::new() }
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Datum> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, datum)| datum)
    }
}

/// Where a value stands: what the source calls its type, and itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place<'a> {
    pub type_name: &'a str,
    pub label: &'a str,
    /// An amount here is native coin, whatever it is called.
    pub native: bool,
}

/// Reads one value and moves on behind it.
pub fn decode(interface: &Interface, names: &Names, ty: u32, place: Place, bytes: &mut &[u8]) -> Result<Datum> {
    Decoder { interface, names }.value(ty, place, bytes, 0)
}

struct Decoder<'a> {
    interface: &'a Interface,
    names: &'a Names,
}

impl Decoder<'_> {
    fn value(&self, ty: u32, place: Place, bytes: &mut &[u8], depth: u32) -> Result<Datum> {
        ensure!(depth < DEEPEST, "values nested deeper than {DEEPEST}");
        let shape = self.interface.ty(ty)?;
        if shape.name() == "AccountId" {
            let account = AccountId::from(<[u8; 32]>::decode(bytes)?);
            return Ok(Datum::shown(chain::ss58(&account), self.names.of(&account)));
        }
        match &shape.def {
            Def::Primitive(name) => primitive(name, place, bytes),
            Def::Compact(of) => self.compact(of.ty, place, bytes),
            Def::Array(array) => match self.is_byte(array.ty)? {
                true => take(bytes, usize::try_from(array.len)?).map(|taken| Datum::plain(hex_of(taken))),
                false => self.items(u64::from(array.len), array.ty, place, bytes, depth),
            },
            Def::Sequence(of) => {
                let length = Compact::<u32>::decode(bytes)?.0;
                match self.is_byte(of.ty)? {
                    true => take(bytes, usize::try_from(length)?).map(blob),
                    false => self.items(u64::from(length), of.ty, place, bytes, depth),
                }
            }
            Def::Tuple(parts) => {
                let datums = parts
                    .iter()
                    .map(|part| self.value(*part, Place::default(), bytes, depth + 1))
                    .collect::<Result<Vec<_>>>()?;
                Ok(list(datums, "(", ")"))
            }
            Def::Composite(parts) => self.fields(&parts.fields, place, bytes, depth),
            Def::Variant(variants) => {
                let index = u8::decode(bytes)?;
                let found = variants.variants.iter().find(|variant| variant.index == index);
                let variant = found.with_context(|| format!("`{}` has no variant {index}", shape.name()))?;
                let inner = self.fields(&variant.fields, place, bytes, depth)?;
                Ok(variant_datum(shape, &variant.name, variant.fields.is_empty(), inner))
            }
        }
    }

    fn is_byte(&self, ty: u32) -> Result<bool> {
        Ok(matches!(&self.interface.ty(ty)?.def, Def::Primitive(name) if name == "u8"))
    }

    fn compact(&self, ty: u32, place: Place, bytes: &mut &[u8]) -> Result<Datum> {
        let Def::Primitive(name) = &self.interface.ty(ty)?.def else {
            bail!("a compact of something else than a number")
        };
        match name.as_str() {
            "u128" => Ok(wide(Compact::<u128>::decode(bytes)?.0, place)),
            _ => Ok(number(Compact::<u64>::decode(bytes)?.0, place)),
        }
    }

    fn items(&self, count: u64, ty: u32, place: Place, bytes: &mut &[u8], depth: u32) -> Result<Datum> {
        // Each takes a byte at least: a false count can't make us reserve what isn't there.
        let mut datums = Vec::new();
        for _ in 0..count {
            ensure!(!bytes.is_empty(), "the value ends early");
            datums.push(self.value(ty, of_item(place), bytes, depth + 1)?);
        }
        Ok(list(datums, "[", "]"))
    }

    fn fields(&self, fields: &[Field], place: Place, bytes: &mut &[u8], depth: u32) -> Result<Datum> {
        let mut all = Vec::new();
        for field in fields {
            let inner = match &field.name {
                Some(label) => {
                    Place { type_name: field.type_name.as_deref().unwrap_or_default(), label, native: false }
                }
                // Of a wrapper, such as Option, the place says what is inside.
                None => Place { type_name: inner_name(field, place), ..place },
            };
            all.push((field.name.clone(), self.value(field.ty, inner, bytes, depth + 1)?));
        }
        if all.iter().any(|(name, _)| name.is_none()) {
            let mut datums: Vec<_> = all.into_iter().map(|(_, datum)| datum).collect();
            return Ok(match datums.len() {
                1 => datums.swap_remove(0),
                _ => list(datums, "(", ")"),
            });
        }
        let named: Vec<(String, Datum)> =
            all.into_iter().map(|(name, datum)| (name.unwrap_or_default(), datum)).collect();
        let json: Map<String, Value> = named.iter().map(|(name, datum)| (name.clone(), datum.json.clone())).collect();
        let written: Map<String, Value> =
            named.iter().map(|(name, datum)| (name.clone(), datum.written.clone())).collect();
        let text: Vec<_> = named.iter().map(|(name, datum)| format!("{name} {}", datum.text)).collect();
        let (json, written) = (Value::Object(json), Value::Object(written));
        Ok(Datum { json, written, text: format!("{{{}}}", text.join(", ")), fields: named })
    }
}

/// What stands in an unnamed field, by the outer name if its own says nothing (`T`).
fn inner_name<'a>(field: &'a Field, place: Place<'a>) -> &'a str {
    let own = field.type_name.as_deref().unwrap_or_default();
    if own.len() > 1 {
        return own;
    }
    place.type_name.trim_start_matches("Option<").trim_start_matches("Result<").trim_end_matches('>')
}

fn variant_datum(shape: &Type, name: &str, bare: bool, inner: Datum) -> Datum {
    match (shape.name(), name) {
        ("Option", "None") => Datum::shown(Value::Null, "none".into()),
        ("Option", "Some") => inner,
        _ if bare => Datum::plain(name),
        _ => Datum {
            json: json!({ name: inner.json }),
            written: json!({ name: inner.written }),
            text: format!("{name} {}", inner.text),
            fields: Vec::new(),
        },
    }
}

fn list(datums: Vec<Datum>, open: &str, close: &str) -> Datum {
    let shown: Vec<_> = datums.iter().take(LONGEST_SHOWN).map(|datum| datum.text.as_str()).collect();
    let more = datums.len().saturating_sub(LONGEST_SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let text = format!("{open}{}{more}{close}", shown.join(", "));
    let written = datums.iter().map(|datum| datum.written.clone()).collect();
    let json = datums.into_iter().map(|datum| datum.json).collect();
    Datum { json: Value::Array(json), written: Value::Array(written), text, fields: Vec::new() }
}

/// The place of an item of a list here: of `Vec<Balance>` or `[Balance; 4]`, a `Balance`.
pub fn of_item(place: Place) -> Place {
    let type_name = place.type_name.trim_start_matches("Vec<").trim_start_matches('[');
    Place { type_name: type_name.split(['>', ';']).next().unwrap_or_default(), ..place }
}

fn hex_of(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// Bytes of any length: a text if they read as one that a terminal can show.
fn blob(bytes: &[u8]) -> Datum {
    let hex = hex_of(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.is_empty() && !text.chars().any(char::is_control) => Datum::shown(hex, format!("“{text}”")),
        _ if bytes.len() > 64 => {
            let shown = format!("{}… ({} bytes)", hex.get(..34).unwrap_or_default(), bytes.len());
            Datum::shown(hex, shown)
        }
        _ => Datum::plain(hex),
    }
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Result<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(count).context("the value ends early")?;
    *bytes = rest;
    Ok(taken)
}

fn primitive(name: &str, place: Place, bytes: &mut &[u8]) -> Result<Datum> {
    Ok(match name {
        "bool" => Datum::plain(bool::decode(bytes)?),
        "str" => {
            // Text of others goes to a terminal: nothing in it may steer that.
            let text = String::decode(bytes)?;
            let shown: String = text.chars().filter(|c| !c.is_control()).collect();
            Datum::shown(text, format!("“{shown}”"))
        }
        "u8" => number(u64::from(u8::decode(bytes)?), place),
        "u16" => number(u64::from(u16::decode(bytes)?), place),
        "u32" => number(u64::from(u32::decode(bytes)?), place),
        "u64" => number(u64::decode(bytes)?, place),
        "u128" => wide(u128::decode(bytes)?, place),
        "i8" => Datum::plain(i8::decode(bytes)?),
        "i16" => Datum::plain(i16::decode(bytes)?),
        "i32" => Datum::plain(i32::decode(bytes)?),
        "i64" => Datum::plain(i64::decode(bytes)?),
        "i128" => Datum::plain(i128::decode(bytes)?.to_string()),
        other => bail!("values of type `{other}` can't be read here"),
    })
}

/// Whether a number here counts the native coin, not OPEN.
pub fn is_native(place: Place) -> bool {
    let label = place.label;
    place.native
        || label == "value"
        || label.contains("native")
        || matches!(label, "least" | "account_limit" | "total_limit" | "reserve" | "funds")
}

/// Whether a number here is a time or a duration in ms.
pub fn is_time(place: Place) -> bool {
    place.type_name == "Timestamp"
        || place.label.ends_with("_ms")
        || place.label.ends_with("_at")
        || place.label.contains("deadline")
}

fn wide(value: u128, place: Place) -> Datum {
    let text = match place.type_name {
        "Balance" if is_native(place) => format!("{} native", amount::show_native(value)),
        "Balance" => format!("{} OPEN", amount::show(value)),
        _ => value.to_string(),
    };
    let json = Value::String(value.to_string());
    let written = match place.type_name {
        "Balance" => Value::String(format!("{value}u")),
        _ => json.clone(),
    };
    Datum { json, written, text, fields: Vec::new() }
}

fn number(value: u64, place: Place) -> Datum {
    let text = match value {
        _ if place.label.ends_with("_bps") || place.label == "bps" => format!("{value} bps"),
        _ if is_time(place) && value >= TIMES_FROM => format!("{} UTC", time::show(value)),
        _ if is_time(place) => time::exact_span(value),
        _ => value.to_string(),
    };
    Datum::shown(value, text)
}
