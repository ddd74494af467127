//! What people write → SCALE bytes, by the types of a contract's metadata.

use anyhow::{Context as _, Result, bail, ensure};
use chain::AccountId;
use scale::{Compact, Encode};
use serde_json::Value;

use super::Interface;
use super::decode::{Place, is_native, is_time, of_item};
use super::types::{Def, Field, Type};
use crate::{amount, time};

/// How a written account becomes one: an address, a key's name, a contract's.
pub type Accounts<'a> = &'a dyn Fn(&str) -> Result<AccountId>;

/// What a word of the command line means: JSON if it reads as JSON, else the word itself.
pub fn written(word: &str) -> Value {
    serde_json::from_str(word).unwrap_or_else(|_| Value::String(word.to_owned()))
}

/// Appends a value's bytes.
///
/// # Errors
/// Says which part of the value does not fit its type, and what would.
pub fn encode(
    interface: &Interface,
    accounts: Accounts,
    ty: u32,
    place: Place,
    value: &Value,
    out: &mut Vec<u8>,
) -> Result<()> {
    Encoder { interface, accounts }.value(ty, place, value, out)
}

struct Encoder<'a> {
    interface: &'a Interface,
    accounts: Accounts<'a>,
}

impl Encoder<'_> {
    fn value(&self, ty: u32, place: Place, value: &Value, out: &mut Vec<u8>) -> Result<()> {
        let shape = self.interface.ty(ty)?;
        if shape.name() == "AccountId" {
            let text = value.as_str().with_context(|| format!("{value} is not an account"))?;
            let account = (self.accounts)(text)?;
            chain::account_bytes(&account).encode_to(out);
            return Ok(());
        }
        match &shape.def {
            Def::Primitive(name) => primitive(name, place, value, out),
            Def::Compact(of) => {
                let mut wide = Vec::new();
                self.value(of.ty, place, value, &mut wide)?;
                wide.resize(16, 0);
                let number = u128::from_le_bytes(wide.try_into().ok().context("a compact of a longer value")?);
                Compact(number).encode_to(out);
                Ok(())
            }
            Def::Array(array) => match self.is_byte(array.ty)? {
                true => {
                    let bytes = hex_bytes(value)?;
                    ensure!(
                        bytes.len() == usize::try_from(array.len)?,
                        "{value} has {} bytes, not {}",
                        bytes.len(),
                        array.len
                    );
                    out.extend(bytes);
                    Ok(())
                }
                false => {
                    let items = items(value);
                    ensure!(
                        items.len() == usize::try_from(array.len)?,
                        "{value} has {} items, not {}",
                        items.len(),
                        array.len
                    );
                    items.iter().try_for_each(|item| self.value(array.ty, of_item(place), item, out))
                }
            },
            Def::Sequence(of) => match self.is_byte(of.ty)? {
                true => {
                    let bytes = match value.as_str() {
                        Some(text) if !text.starts_with("0x") => text.as_bytes().to_vec(),
                        _ => hex_bytes(value)?,
                    };
                    bytes.encode_to(out);
                    Ok(())
                }
                false => {
                    let items = items(value);
                    Compact(u32::try_from(items.len())?).encode_to(out);
                    items.iter().try_for_each(|item| self.value(of.ty, of_item(place), item, out))
                }
            },
            Def::Tuple(parts) => {
                let items = items(value);
                ensure!(items.len() == parts.len(), "{value} has {} parts, not {}", items.len(), parts.len());
                parts.iter().zip(&items).try_for_each(|(part, item)| self.value(*part, Place::default(), item, out))
            }
            Def::Composite(parts) => self.fields(shape.name(), &parts.fields, place, value, out),
            Def::Variant(_) => self.variant(shape, place, value, out),
        }
    }

    fn is_byte(&self, ty: u32) -> Result<bool> {
        Ok(matches!(&self.interface.ty(ty)?.def, Def::Primitive(name) if name == "u8"))
    }

    fn fields(&self, of: &str, fields: &[Field], place: Place, value: &Value, out: &mut Vec<u8>) -> Result<()> {
        if let [field] = fields {
            if field.name.is_none() {
                let type_name = field.type_name.as_deref().filter(|name| name.len() > 1);
                let type_name =
                    type_name.unwrap_or_else(|| place.type_name.trim_start_matches("Option<").trim_end_matches('>'));
                return self.value(field.ty, Place { type_name, ..place }, value, out);
            }
        }
        if fields.iter().any(|field| field.name.is_none()) {
            let items = items(value);
            ensure!(items.len() == fields.len(), "`{of}` has {} parts, {value} has {}", fields.len(), items.len());
            return fields.iter().zip(&items).try_for_each(|(field, item)| self.value(field.ty, place, item, out));
        }
        let known: Vec<_> = fields.iter().filter_map(|field| field.name.as_deref()).collect();
        let object = value
            .as_object()
            .with_context(|| format!("{value} is no `{of}`: write a JSON object with {}", known.join(", ")))?;
        if let Some(stranger) = object.keys().find(|key| !known.contains(&key.as_str())) {
            bail!("`{of}` has no field `{stranger}`; it has {}", known.join(", "));
        }
        for field in fields {
            let label = field.name.as_deref().unwrap_or_default();
            let part = object.get(label).with_context(|| format!("`{of}` needs `{label}`"))?;
            let type_name = field.type_name.as_deref().unwrap_or_default();
            let place = Place { type_name, label, native: false };
            self.value(field.ty, place, part, out).with_context(|| label.to_owned())?;
        }
        Ok(())
    }

    fn variant(&self, shape: &Type, place: Place, value: &Value, out: &mut Vec<u8>) -> Result<()> {
        let Def::Variant(variants) = &shape.def else { bail!("no enum") };
        let find = |name: &str| variants.variants.iter().find(|variant| variant.name.eq_ignore_ascii_case(name));
        if shape.name() == "Option" {
            let none = value.is_null() || value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("none"));
            let variant = find(if none { "None" } else { "Some" }).context("an option of another form")?;
            out.push(variant.index);
            return match none {
                true => Ok(()),
                false => self.fields("Some", &variant.fields, place, value, out),
            };
        }
        let (name, inside) = match value {
            Value::String(name) => (name.as_str(), &Value::Null),
            Value::Object(object) if object.len() == 1 => match object.iter().next() {
                Some((name, inside)) => (name.as_str(), inside),
                None => ("", &Value::Null),
            },
            _ => ("", value),
        };
        let variant = find(name).with_context(|| {
            let names: Vec<_> = variants.variants.iter().map(|variant| variant.name.as_str()).collect();
            format!("{value} is none of {}", names.join(", "))
        })?;
        out.push(variant.index);
        match variant.fields.is_empty() {
            true => Ok(()),
            false => self.fields(&variant.name, &variant.fields, place, inside, out),
        }
    }
}

/// A JSON array's items; those of a word with commas; the value alone.
fn items(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        Value::String(text) if text.is_empty() => Vec::new(),
        Value::String(text) => text.split(',').map(|part| Value::String(part.trim().to_owned())).collect(),
        other => vec![other.clone()],
    }
}

fn hex_bytes(value: &Value) -> Result<Vec<u8>> {
    let text = value.as_str().with_context(|| format!("{value} is not hex"))?;
    hex::decode(text.trim_start_matches("0x")).with_context(|| format!("`{text}` is not hex"))
}

fn primitive(name: &str, place: Place, value: &Value, out: &mut Vec<u8>) -> Result<()> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    };
    macro_rules! integer {
        ($ty:ty) => {{
            let number: $ty = plain_or(&text, place)?
                .parse()
                .ok()
                .with_context(|| format!("`{text}` is not a number of type {name}"))?;
            number.encode_to(out);
        }};
    }
    match name {
        "bool" => match text.as_str() {
            "true" | "yes" => true.encode_to(out),
            "false" | "no" => false.encode_to(out),
            _ => bail!("`{text}` is neither true nor false"),
        },
        "str" => text.encode_to(out),
        "u8" => integer!(u8),
        "u16" => integer!(u16),
        "u32" => integer!(u32),
        "u64" => integer!(u64),
        "u128" => match place.type_name {
            "Balance" if is_native(place) => amount::parse_native(&text)?.encode_to(out),
            "Balance" => amount::parse(&text)?.encode_to(out),
            _ => integer!(u128),
        },
        "i32" => integer!(i32),
        "i64" => integer!(i64),
        other => bail!("values of type `{other}` can't be written here"),
    }
    Ok(())
}

/// A number as digits: durations (`2d`), days (`2027-01-01`) and percentages (`8%`) where they have a meaning.
fn plain_or(text: &str, place: Place) -> Result<String> {
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
        && !text.get(1..).is_some_and(|rest| rest.contains('-'))
    {
        return Ok(text.to_owned());
    }
    if is_time(place) {
        return match time::parse_day(text) {
            Ok(day) => Ok(day.to_string()),
            Err(_) => Ok(time::parse_span(text)?.to_string()),
        };
    }
    if place.label.ends_with("bps") {
        return Ok(amount::parse_share(text)?.to_string());
    }
    Ok(text.replace('_', ""))
}
