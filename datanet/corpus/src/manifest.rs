//! The list of what one collection holds: a JSON file a collection in the store's folder.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Place, Result, io};
use crate::{Cid, Document};

/// The manifest's format; a file with a higher one is refused.
const FORMAT: u32 = 1;

/// A collection: documents that were ingested under one name, in the order of reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this file's form.
    pub format: u32,
    /// The collection's name.
    pub name: String,
    /// Its documents.
    pub documents: Vec<Entry>,
}

/// A document in a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Who wrote it.
    pub author: String,
    /// Its title.
    pub title: String,
    /// Its date as its author gave it.
    pub date: Option<String>,
    /// The name of its canonical text in the store.
    pub cid: Cid,
    /// Root of the text's tree, hexadecimal in the file.
    #[serde(with = "hexadecimal")]
    pub root: [u8; 32],
    /// Length of the canonical text in bytes.
    pub bytes: u64,
}

impl From<&Document> for Entry {
    fn from(document: &Document) -> Self {
        Self {
            author: document.author.clone(),
            title: document.title.clone(),
            date: document.date.clone(),
            cid: document.cid,
            root: document.root,
            bytes: document.bytes(),
        }
    }
}

impl Manifest {
    /// An empty collection.
    ///
    /// # Errors
    /// `BadName` unless the name is 1 to 64 of `a-z 0-9 - _ .` and doesn't begin with a dot.
    pub fn new(name: &str) -> Result<Self> {
        check_name(name)?;
        Ok(Self { format: FORMAT, name: name.into(), documents: Vec::new() })
    }

    /// The documents' authors, each once, in the order of their first document.
    pub fn authors(&self) -> Vec<&str> {
        let mut seen = std::collections::HashSet::new();
        self.documents.iter().map(|d| d.author.as_str()).filter(|author| seen.insert(*author)).collect()
    }

    /// Sum of the documents' lengths in bytes.
    pub fn bytes(&self) -> u64 {
        self.documents.iter().map(|d| d.bytes).sum()
    }

    /// Reads the manifest of collection `name` in the folder of a store, if there is one.
    ///
    /// # Errors
    /// `Io`, or `Malformed` if the file isn't a manifest of this format.
    pub fn load(store: &Path, name: &str) -> Result<Option<Self>> {
        check_name(name)?;
        let path = path_of(store, name);
        match std::fs::read(&path) {
            Ok(bytes) => Self::parse(&path, &bytes).map(Some),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(io(&path)(cause)),
        }
    }

    /// Reads all manifests in the folder of a store, by name.
    ///
    /// # Errors
    /// As [`Manifest::load`].
    pub fn load_all(store: &Path) -> Result<Vec<Self>> {
        let folder = store.join("collections");
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(io(&folder))? {
            let file = entry.map_err(io(&folder))?.file_name();
            let name = file.to_str().and_then(|file| file.strip_suffix(".json")).map(str::to_string);
            names.extend(name.filter(|name| check_name(name).is_ok()));
        }
        names.sort();
        names.iter().filter_map(|name| Self::load(store, name).transpose()).collect()
    }

    /// Writes the manifest to a file beside its own, on disk, then renames it: it is the old one or the new one.
    ///
    /// # Errors
    /// `Io`.
    pub fn save(&self, store: &Path) -> Result<()> {
        check_name(&self.name)?;
        let path = path_of(store, &self.name);
        let folder = store.join("collections");
        std::fs::create_dir_all(&folder).map_err(io(&folder))?;
        let mut json = serde_json::to_vec_pretty(self).map_err(|cause| io(&path)(cause.into()))?;
        json.push(b'\n');
        let beside = folder.join(format!(".{}.{}", self.name, std::process::id()));
        let written = File::create(&beside).and_then(|mut file| {
            file.write_all(&json)?;
            file.sync_all()?;
            std::fs::rename(&beside, &path)?;
            File::open(&folder)?.sync_all()
        });
        written.map_err(|cause| {
            let _ = std::fs::remove_file(&beside);
            io(&path)(cause)
        })
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Self> {
        let malformed = |problem: String| Error::Malformed { place: Place::file(path), problem };
        let manifest: Self = serde_json::from_slice(bytes)
            .map_err(|cause| malformed(format!("not a manifest ({cause}); ingest the collection again")))?;
        if manifest.format != FORMAT {
            let found = manifest.format;
            return Err(malformed(format!("manifest format {found}, this program knows {FORMAT}; use a newer one")));
        }
        Ok(manifest)
    }
}

fn path_of(store: &Path, name: &str) -> PathBuf {
    store.join("collections").join(format!("{name}.json"))
}

fn check_name(name: &str) -> Result<()> {
    let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
    if (1..=64).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(known) {
        return Ok(());
    }
    Err(Error::BadName(name.chars().take(80).collect()))
}

/// A root as hexadecimal digits.
mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(root: &[u8; 32], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode(root))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 32], D::Error> {
        let mut root = [0; 32];
        hex::decode_to_slice(String::deserialize(from)?, &mut root).map_err(D::Error::custom)?;
        Ok(root)
    }
}
