//! A document in canonical form with what identifies it: one document is one contribution.

use proof::Blake2;

use crate::error::{Error, Place, Result};
use crate::{Cid, Draft, MAX_CONTRIBUTION, canonical};

/// A document ready to be contributed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Where it was read.
    pub place: Place,
    /// Who wrote it.
    pub author: String,
    /// Its title.
    pub title: String,
    /// Its date as its author gave it.
    pub date: Option<String>,
    /// The canonical text, 1 byte to 16 MiB.
    pub text: String,
    /// Root of the text's tree (tree 01): what the registry keeps unique.
    pub root: [u8; 32],
    /// The name of the text's bytes in the store.
    pub cid: Cid,
}

impl Document {
    /// The document of a draft.
    ///
    /// # Errors
    /// `Empty` if nothing is left in canonical form, `TooLong` above 16 MiB.
    pub fn new(draft: Draft) -> Result<Self> {
        let text = canonical(&draft.text);
        if text.is_empty() {
            return Err(Error::Empty { place: draft.place });
        }
        let bytes = text.len() as u64;
        if bytes > MAX_CONTRIBUTION {
            return Err(Error::TooLong { place: draft.place, bytes });
        }
        let root = text_root(text.as_bytes()).ok_or(Error::TooLong { place: draft.place.clone(), bytes })?;
        Ok(Self {
            place: draft.place,
            author: draft.author,
            title: canonical(&draft.title),
            date: draft.date,
            cid: Cid::of(text.as_bytes()),
            root,
            text,
        })
    }

    /// Length of the canonical text in bytes.
    pub fn bytes(&self) -> u64 {
        self.text.len() as u64
    }

    /// Leaves of its tree.
    pub fn chunks(&self) -> u64 {
        proof::text::chunk_count(self.bytes())
    }
}

/// Root of a text's tree (tree 01 of the protocol); nothing for a text that no tree can hold.
pub fn text_root(text: &[u8]) -> Option<[u8; 32]> {
    proof::text::root_of::<Blake2>(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(text: &str) -> Draft {
        Draft {
            place: Place::file("a.txt".as_ref()),
            author: "A".into(),
            title: "t".into(),
            date: None,
            text: text.into(),
        }
    }

    #[test]
    fn texts_that_differ_in_white_space_alone_are_the_same_contribution() {
        let (a, b) = (Document::new(draft("a b\n\nc")).unwrap(), Document::new(draft(" a  b c\n")).unwrap());
        assert_eq!((a.root, a.cid), (b.root, b.cid));
        assert_eq!(a.text, "a b c");
    }

    #[test]
    fn an_empty_text_is_refused() {
        assert!(matches!(Document::new(draft(" \n\u{feff}")), Err(Error::Empty { .. })));
    }

    #[test]
    fn sixteen_mebibytes_are_a_contribution_and_a_byte_more_is_not() {
        let most = "a".repeat(MAX_CONTRIBUTION as usize);
        assert_eq!(Document::new(draft(&most)).unwrap().chunks(), 65_536);
        let failed = Document::new(draft(&format!("{most}a"))).unwrap_err();
        assert!(matches!(failed, Error::TooLong { bytes: 16_777_217, .. }), "{failed}");
    }

    #[test]
    fn the_golden_root_is_that_of_the_python_checker() {
        // 300 bytes: two leaves. See the vector's derivation in hashlib terms:
        // H(81 ‖ 300 u64 ‖ H(41 ‖ H(01 ‖ first 256) ‖ H(01 ‖ last 44))).
        let text: String = (0..300u32).map(|i| char::from(b'a' + (i % 26) as u8)).collect();
        assert_eq!(
            hex::encode(text_root(text.as_bytes()).unwrap()),
            "6b21c31ec98f7fdf10b5b30ea6372c7c155d4e30ad4a6b311d93a791aa3ea3b4"
        );
    }
}
