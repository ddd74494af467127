//! The part of ink!'s metadata that reading and writing values takes: types, messages, events.

use serde::Deserialize;

/// A metadata file.
#[derive(Debug, Deserialize)]
pub struct File {
    pub types: Vec<Entry>,
    pub spec: Spec,
}

/// A type with its number.
#[derive(Debug, Deserialize)]
pub struct Entry {
    pub id: u32,
    #[serde(rename = "type")]
    pub ty: Type,
}

/// A type.
#[derive(Debug, Deserialize)]
pub struct Type {
    #[serde(default)]
    pub path: Vec<String>,
    pub def: Def,
}

impl Type {
    /// The last part of its path.
    pub fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }
}

/// What a type is made of.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Def {
    Composite(Fields),
    Variant(Variants),
    Sequence(Of),
    Array(Array),
    Tuple(Vec<u32>),
    Primitive(String),
    Compact(Of),
}

/// The fields of a struct or of one variant.
#[derive(Debug, Default, Deserialize)]
pub struct Fields {
    #[serde(default)]
    pub fields: Vec<Field>,
}

/// A field.
#[derive(Debug, Deserialize)]
pub struct Field {
    pub name: Option<String>,
    #[serde(rename = "type")]
    pub ty: u32,
    /// The type as the source wrote it: `Balance` for what is a u128.
    #[serde(rename = "typeName")]
    pub type_name: Option<String>,
}

/// The variants of an enum.
#[derive(Debug, Default, Deserialize)]
pub struct Variants {
    #[serde(default)]
    pub variants: Vec<Variant>,
}

/// A variant.
#[derive(Debug, Deserialize)]
pub struct Variant {
    pub index: u8,
    pub name: String,
    #[serde(default)]
    pub fields: Vec<Field>,
}

/// Something of one type.
#[derive(Debug, Deserialize)]
pub struct Of {
    #[serde(rename = "type")]
    pub ty: u32,
}

/// So many of one type.
#[derive(Debug, Deserialize)]
pub struct Array {
    pub len: u32,
    #[serde(rename = "type")]
    pub ty: u32,
}

/// What a contract can be asked, and what it emits.
#[derive(Debug, Deserialize)]
pub struct Spec {
    pub messages: Vec<Message>,
    pub events: Vec<Event>,
}

/// A type where it is used, with the name that the source gives it there.
#[derive(Debug, Deserialize)]
pub struct Used {
    #[serde(rename = "type")]
    pub ty: u32,
    #[serde(rename = "displayName", default)]
    pub names: Vec<String>,
}

impl Used {
    /// The name that the source gives it.
    pub fn name(&self) -> &str {
        self.names.last().map_or("", String::as_str)
    }
}

/// An argument, or an event's field.
#[derive(Debug, Deserialize)]
pub struct Parameter {
    pub label: String,
    #[serde(rename = "type")]
    pub used: Used,
}

/// A message.
#[derive(Debug, Deserialize)]
pub struct Message {
    /// `Trait::message`.
    pub label: String,
    /// `0x` and eight digits.
    pub selector: String,
    pub mutates: bool,
    pub args: Vec<Parameter>,
    #[serde(rename = "returnType")]
    pub returns: Option<Used>,
}

impl Message {
    /// Its name without the trait's.
    pub fn name(&self) -> &str {
        self.label.rsplit("::").next().unwrap_or_default()
    }

    /// Its selector's bytes.
    pub fn selector_bytes(&self) -> Option<[u8; 4]> {
        hex::decode(self.selector.trim_start_matches("0x")).ok()?.try_into().ok()
    }
}

/// An event.
#[derive(Debug, Deserialize)]
pub struct Event {
    pub label: String,
    pub signature_topic: Option<String>,
    pub args: Vec<Parameter>,
}
