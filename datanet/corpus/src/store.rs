//! The content-addressed store: an object's name is the hash of its bytes, and every read checks it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::executor::block_on;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, PutPayload};

use crate::Cid;
use crate::error::{Error, Result, io};

/// Objects by CID, under `objects/` of a folder or of any other [`ObjectStore`].
///
/// A folder may be published as it is: whoever fetches an object checks it by its name. Calls block, and are
/// short for a folder; a back end over the network needs a tokio runtime entered around them.
#[derive(Clone, Debug)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    place: String,
}

impl Store {
    /// The store in a folder, which is made if it isn't there.
    ///
    /// # Errors
    /// `Io` if the folder can't be made, `Store` if it can't be used.
    pub fn folder(path: &Path) -> Result<Self> {
        std::fs::create_dir_all(path).map_err(io(path))?;
        let place = path.display().to_string();
        // object_store writes to a file beside the object and renames it: an object is whole or not there.
        let objects =
            LocalFileSystem::new_with_prefix(path).map_err(|source| Error::Store { store: place.clone(), source })?;
        Ok(Self { objects: Arc::new(objects), place })
    }

    /// The store in any back end; `place` names it in errors.
    pub fn new(objects: Arc<dyn ObjectStore>, place: impl Into<String>) -> Self {
        Self { objects, place: place.into() }
    }

    /// Where it is, for people.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Keeps `bytes` and returns their CID. What is there already stays, unless it is corrupted: then it is
    /// replaced.
    ///
    /// # Errors
    /// `Store` if it can't be written.
    pub fn put(&self, bytes: &[u8]) -> Result<Cid> {
        let cid = Cid::of(bytes);
        match self.get(&cid) {
            Ok(_) => return Ok(cid),
            Err(Error::Missing { .. } | Error::Corrupted { .. }) => {}
            Err(other) => return Err(other),
        }
        let payload = PutPayload::from(bytes.to_vec());
        block_on(self.objects.put(&key(&cid), payload)).map_err(|source| self.failed(source))?;
        Ok(cid)
    }

    /// The bytes that `cid` names.
    ///
    /// # Errors
    /// `Missing`, `Corrupted` if they are not what `cid` says, `Store` if they can't be read.
    pub fn get(&self, cid: &Cid) -> Result<Vec<u8>> {
        let read = block_on(async { self.objects.get(&key(cid)).await?.bytes().await });
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(object_store::Error::NotFound { .. }) => {
                return Err(Error::Missing { cid: *cid, store: self.place.clone() });
            }
            Err(source) => return Err(self.failed(source)),
        };
        let found = Cid::of(&bytes);
        if found != *cid {
            return Err(Error::Corrupted { cid: *cid, found, store: self.place.clone() });
        }
        Ok(bytes.into())
    }

    /// Whether an object of this name is there; its bytes aren't checked.
    ///
    /// # Errors
    /// `Store` if the store can't be asked.
    pub fn has(&self, cid: &Cid) -> Result<bool> {
        match block_on(self.objects.head(&key(cid))) {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(source) => Err(self.failed(source)),
        }
    }

    fn failed(&self, source: object_store::Error) -> Error {
        Error::Store { store: self.place.clone(), source }
    }
}

/// Where an object lies, relative to the store: what a host serves it under.
pub fn object_path(cid: &Cid) -> String {
    format!("objects/{cid}")
}

/// Where an object lies in the folder of a store.
pub fn object_file(store: &Path, cid: &Cid) -> PathBuf {
    store.join(object_path(cid))
}

fn key(cid: &Cid) -> Key {
    Key::from(object_path(cid))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::folder(&folder.path().join("s")).unwrap();
        (folder, store)
    }

    #[test]
    fn what_was_put_is_got_and_put_again_is_the_same_object() {
        let (_folder, store) = store();
        let cid = store.put(b"text").unwrap();
        assert_eq!(store.put(b"text").unwrap(), cid);
        assert_eq!(store.get(&cid).unwrap(), b"text");
        assert!(store.has(&cid).unwrap());
    }

    #[test]
    fn a_missing_object_is_named() {
        let (_folder, store) = store();
        let cid = Cid::of(b"never put");
        assert!(!store.has(&cid).unwrap());
        let said = store.get(&cid).unwrap_err().to_string();
        assert!(said.contains(&cid.to_string()), "{said}");
    }

    #[test]
    fn a_corrupted_object_is_an_error_that_names_it_and_putting_it_again_heals_it() {
        let (folder, store) = store();
        let cid = store.put(b"text").unwrap();
        let file = object_file(&folder.path().join("s"), &cid);
        std::fs::write(&file, b"test").unwrap();
        let failed = store.get(&cid).unwrap_err();
        assert!(matches!(&failed, Error::Corrupted { cid: named, .. } if *named == cid), "{failed}");
        store.put(b"text").unwrap();
        assert_eq!(store.get(&cid).unwrap(), b"text");
    }

    #[test]
    fn nothing_but_objects_under_their_names_is_left_behind() {
        let (folder, store) = store();
        let cid = store.put(b"text").unwrap();
        let names: Vec<_> = std::fs::read_dir(folder.path().join("s/objects"))
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(names, [cid.to_string()]);
    }

    #[tokio::test]
    async fn it_can_be_called_from_within_a_runtime() {
        let (_folder, store) = store();
        let cid = store.put(b"text").unwrap();
        assert_eq!(store.get(&cid).unwrap(), b"text");
    }
}
