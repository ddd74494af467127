//! From a path to the store: preview what would become public, then keep it.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use fs4::fs_std::FileExt;
use proof::words::count_words;
use serde::Serialize;

use crate::error::{Error, Holder, Result, io};
use crate::near::{Signature, near_duplicates};
use crate::personal::{Warning, personal};
use crate::{Document, Entry, Manifest, Options, Store, read};

/// What would become public, for its author to look at first.
#[derive(Clone, Debug, Serialize)]
pub struct Preview {
    /// Each document, in the order of reading.
    pub documents: Vec<DocumentPreview>,
    /// Pairs that say much the same: indices into `documents` and the estimated share of five-word
    /// sequences that both hold, in basis points.
    pub near_duplicates: Vec<(usize, usize, u16)>,
    /// Sum of the documents' lengths in bytes.
    pub bytes: u64,
}

/// One document of a preview.
#[derive(Clone, Debug, Serialize)]
pub struct DocumentPreview {
    /// What the manifest will say of it.
    #[serde(flatten)]
    pub entry: Entry,
    /// Where it was read.
    pub place: String,
    /// Words, between spaces.
    pub words: u64,
    /// 256-byte chunks.
    pub chunks: u64,
    /// The first 200 characters of the canonical text.
    pub opening: String,
    /// What looks personal in it.
    pub warnings: Vec<Warning>,
    /// Who holds the same text already: in this path, or in a collection where one was asked.
    pub copy_of: Option<String>,
}

/// Reads `path` and says what contributing it would make public. Writes nothing.
///
/// # Errors
/// As [`crate::read()`], and `Empty` and `TooLong`; a copy within the path is shown, not an error.
pub fn preview(path: &Path, options: &Options) -> Result<Preview> {
    let mut documents = Vec::new();
    let mut signatures = Vec::new();
    let mut holders: HashMap<[u8; 32], String> = HashMap::new();
    read(path, options, &mut |draft| {
        let document = Document::new(draft)?;
        let place = document.place.to_string();
        let copy_of = holders.get(&document.root).cloned();
        holders.entry(document.root).or_insert_with(|| format!("\"{}\" ({place})", document.title));
        signatures.push(Signature::of(&document.text));
        documents.push(DocumentPreview {
            entry: Entry::from(&document),
            place,
            words: count_words(document.text.as_bytes()).into(),
            chunks: document.chunks(),
            opening: document.text.chars().take(200).collect(),
            warnings: personal(&document.text),
            copy_of,
        });
        Ok(())
    })?;
    let near_duplicates = near_duplicates(&signatures)
        .into_iter()
        .filter(|&(a, b, _)| documents[a].entry.root != documents[b].entry.root)
        .collect();
    let bytes = documents.iter().map(|d| d.entry.bytes).sum();
    Ok(Preview { documents, near_duplicates, bytes })
}

/// Where texts are kept, and which collections hold them: a folder that a host can publish as it is.
#[derive(Debug)]
pub struct Corpus {
    folder: std::path::PathBuf,
    store: Store,
}

/// What an ingest did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ingested {
    /// The collection as it is now.
    pub manifest: Manifest,
    /// How many of its documents are new.
    pub added: usize,
}

impl Corpus {
    /// The corpus in a folder, which is made if it isn't there.
    ///
    /// # Errors
    /// `Io` or `Store` if the folder can't be used.
    pub fn open(folder: &Path) -> Result<Self> {
        Ok(Self { folder: folder.to_path_buf(), store: Store::folder(folder)? })
    }

    /// Its store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// A collection's manifest, if there is such a collection.
    ///
    /// # Errors
    /// As [`Manifest::load`].
    pub fn collection(&self, name: &str) -> Result<Option<Manifest>> {
        Manifest::load(&self.folder, name)
    }

    /// Who holds the text of this root, if any collection here does.
    ///
    /// # Errors
    /// As [`Manifest::load_all`].
    pub fn holder(&self, root: &[u8; 32]) -> Result<Option<Holder>> {
        Ok(holders(&Manifest::load_all(&self.folder)?).remove(root))
    }

    /// [`preview()`], which also says what of `path` some collection here holds already.
    ///
    /// # Errors
    /// As [`preview()`] and [`Manifest::load_all`].
    pub fn preview(&self, path: &Path, options: &Options) -> Result<Preview> {
        let mut shown = preview(path, options)?;
        let holders = holders(&Manifest::load_all(&self.folder)?);
        for document in &mut shown.documents {
            if let Some(holder) = holders.get(&document.entry.root) {
                document.copy_of = Some(holder.to_string());
            }
        }
        Ok(shown)
    }

    /// Reads `path` into the collection `name`: texts into the store, then the manifest, at once.
    ///
    /// Where a document is refused nothing of the path is in the collection. Ingesting the same path again adds
    /// what is new and leaves the rest, so an ingest that was interrupted is started again.
    ///
    /// # Errors
    /// As [`crate::read()`]; `Empty`, `TooLong`; `Duplicate` if the text stands in another collection, in this
    /// one by another author or title, or twice in the path; `Locked` if another process ingests; `Io`, `Store`.
    pub fn ingest(&self, name: &str, path: &Path, options: &Options) -> Result<Ingested> {
        let _lock = self.lock()?;
        let mut manifest = match Manifest::load(&self.folder, name)? {
            Some(manifest) => manifest,
            None => Manifest::new(name)?,
        };
        let mut holders = holders(&Manifest::load_all(&self.folder)?);
        let mut seen = std::collections::HashSet::new();
        let before = manifest.documents.len();
        read(path, options, &mut |draft| {
            let document = Document::new(draft)?;
            let here =
                Holder { collection: name.into(), author: document.author.clone(), title: document.title.clone() };
            let again = !seen.insert(document.root);
            let held = holders.entry(document.root).or_insert_with(|| here.clone());
            if again || *held != here {
                return Err(Error::Duplicate { place: document.place, holder: held.clone() });
            }
            self.store.put(document.text.as_bytes())?;
            if !manifest.documents[..before].iter().any(|entry| entry.root == document.root) {
                manifest.documents.push(Entry::from(&document));
            }
            Ok(())
        })?;
        let added = manifest.documents.len() - before;
        manifest.save(&self.folder)?;
        Ok(Ingested { manifest, added })
    }

    /// Held until dropped: two ingests at once could both take the same text for new.
    fn lock(&self) -> Result<File> {
        let path = self.folder.join(".lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(io(&path))?;
        match file.try_lock_exclusive() {
            Ok(true) => Ok(file),
            Ok(false) => Err(Error::Locked { store: self.folder.display().to_string() }),
            Err(cause) => Err(io(&path)(cause)),
        }
    }
}

/// Who holds each root first: the collections by name, each in its order.
fn holders(manifests: &[Manifest]) -> HashMap<[u8; 32], Holder> {
    let mut holders = HashMap::new();
    for manifest in manifests {
        for entry in &manifest.documents {
            holders.entry(entry.root).or_insert_with(|| Holder {
                collection: manifest.name.clone(),
                author: entry.author.clone(),
                title: entry.title.clone(),
            });
        }
    }
    holders
}
