//! Where a suite's contracts are on a chain: a JSON file.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{AccountId, Chain, ChainError, parse_account, ss58};

/// A deployed contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its account.
    pub address: AccountId,
    /// Hash of its code when it was deployed.
    pub code_hash: [u8; 32],
}

/// Names and addresses of contracts on one chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressBook {
    path: PathBuf,
    genesis: [u8; 32],
    entries: BTreeMap<String, Entry>,
}

#[derive(Serialize, Deserialize)]
struct BookFile {
    genesis: String,
    contracts: BTreeMap<String, EntryFile>,
}

#[derive(Serialize, Deserialize)]
struct EntryFile {
    address: String,
    code_hash: String,
}

impl AddressBook {
    /// The book at `path` for this chain; an empty one if there is no file.
    ///
    /// # Errors
    /// [`ChainError::OtherChain`] if the book belongs to another chain, [`ChainError::Corrupt`] if it doesn't read,
    /// [`ChainError::Io`].
    pub fn open<C: Chain + ?Sized>(path: &Path, chain: &C) -> Result<Self, ChainError> {
        let genesis = chain.genesis();
        if !path.exists() {
            return Ok(AddressBook { path: path.to_owned(), genesis, entries: BTreeMap::new() });
        }
        let corrupt = |what: String| ChainError::Corrupt { file: path.display().to_string(), offset: 0, what };
        let text = fs::read_to_string(path).map_err(|cause| ChainError::file(path, cause))?;
        let file: BookFile = serde_json::from_str(&text).map_err(|cause| corrupt(cause.to_string()))?;
        let theirs = parse_hash(&file.genesis).map_err(corrupt)?;
        if theirs != genesis {
            return Err(ChainError::OtherChain { what: path.display().to_string(), theirs, ours: genesis });
        }
        let mut entries = BTreeMap::new();
        for (name, entry) in file.contracts {
            let address = parse_account(&entry.address).map_err(|cause| corrupt(cause.to_string()))?;
            let code_hash = parse_hash(&entry.code_hash).map_err(corrupt)?;
            entries.insert(name, Entry { address, code_hash });
        }
        Ok(AddressBook { path: path.to_owned(), genesis, entries })
    }

    /// The contract of this name.
    ///
    /// # Errors
    /// [`ChainError::Input`] naming the book if it has none.
    pub fn address(&self, name: &str) -> Result<AccountId, ChainError> {
        self.get(name).map(|entry| entry.address).ok_or_else(|| {
            ChainError::Input(format!("`{}` has no contract `{name}`: deploy the contracts first", self.path.display()))
        })
    }

    /// The contract of this name, if it is there.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// All contracts by name.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(name, entry)| (name.as_str(), entry))
    }

    /// Notes a contract. [`AddressBook::save`] makes it last.
    pub fn insert(&mut self, name: &str, address: AccountId, code_hash: [u8; 32]) {
        self.entries.insert(name.to_owned(), Entry { address, code_hash });
    }

    /// The chain it belongs to.
    pub fn genesis(&self) -> [u8; 32] {
        self.genesis
    }

    /// Writes the book, whole or not at all.
    ///
    /// # Errors
    /// [`ChainError::Io`].
    pub fn save(&self) -> Result<(), ChainError> {
        let contracts = self
            .entries
            .iter()
            .map(|(name, entry)| {
                let entry = EntryFile {
                    address: ss58(&entry.address),
                    code_hash: format!("0x{}", hex::encode(entry.code_hash)),
                };
                (name.clone(), entry)
            })
            .collect();
        let file = BookFile { genesis: format!("0x{}", hex::encode(self.genesis)), contracts };
        let text = serde_json::to_string_pretty(&file)
            .map_err(|cause| ChainError::Io(format!("{}: {cause}", self.path.display())))?;
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(|cause| ChainError::file(folder, cause))?;
        }
        let temporary = self.path.with_extension("tmp");
        let failed = |cause| ChainError::file(&temporary, cause);
        let mut out = fs::File::create(&temporary).map_err(failed)?;
        out.write_all(text.as_bytes()).and_then(|()| out.sync_all()).map_err(failed)?;
        fs::rename(&temporary, &self.path).map_err(|cause| ChainError::file(&self.path, cause))
    }
}

fn parse_hash(text: &str) -> Result<[u8; 32], String> {
    let mut bytes = [0u8; 32];
    hex::decode_to_slice(text.trim_start_matches("0x"), &mut bytes)
        .map_err(|cause| format!("`{text}` is not 32 bytes of hex: {cause}"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Embedded;

    #[test]
    fn a_book_is_read_back_on_its_chain_and_refused_on_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("books/contracts.json");
        let (chain, other) = (Embedded::ephemeral(), Embedded::ephemeral());
        let mut book = AddressBook::open(&path, &chain).unwrap();
        book.insert("token", AccountId::from([7; 32]), [8; 32]);
        book.save().unwrap();

        let again = AddressBook::open(&path, &chain).unwrap();
        assert_eq!(again, book);
        assert_eq!(again.address("token"), Ok(AccountId::from([7; 32])));
        assert!(matches!(again.address("escrow"), Err(ChainError::Input(_))));
        assert!(matches!(
            AddressBook::open(&path, &other),
            Err(ChainError::OtherChain { theirs, .. }) if theirs == chain.genesis()
        ));
    }

    #[test]
    fn a_damaged_book_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book.json");
        for text in ["", "{}", r#"{"genesis":"0x12","contracts":{}}"#] {
            fs::write(&path, text).unwrap();
            let opened = AddressBook::open(&path, &Embedded::ephemeral());
            assert!(matches!(opened, Err(ChainError::Corrupt { .. })), "{text}");
        }
    }
}
