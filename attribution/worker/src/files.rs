//! The three files that stand behind a report: `evidence.bin`, `credits.bin`, `payouts.bin`.
//!
//! Their formats are plain: leaves one after the other in tree order, without the tag byte. Evidence leaves vary in
//! length, so each is preceded by its length (u32, little-endian); a credit is 57 bytes (account 32, evidence index u64,
//! entry u8, amount u128), a payout 48 (account 32, cumulative u128). The report carries
//! H("OL-FILES-1" zero-padded to 16 bytes ‖ H(evidence.bin) ‖ H(credits.bin) ‖ H(payouts.bin)), H = blake2b-256.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use proof::credits::CreditLeaf;
use proof::payouts::PayoutLeaf;
use proof::{Blake2, Hasher};
use scale::{Decode, Encode};

/// Names of the files, in the order of the digest.
pub const NAMES: [&str; 3] = ["evidence.bin", "credits.bin", "payouts.bin"];

/// The contents of the three files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportFiles {
    pub evidence: Vec<u8>,
    pub credits: Vec<u8>,
    pub payouts: Vec<u8>,
}

/// Why files can't be read back.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{file}: cut short at byte {at}; fetch it again")]
    CutShort { file: &'static str, at: usize },
}

impl ReportFiles {
    /// The files of an epoch's leaves, in tree order.
    pub fn of(evidence: &[Vec<u8>], credits: &[CreditLeaf], payouts: &[PayoutLeaf]) -> Self {
        let mut files = Self::default();
        for leaf in evidence {
            // A leaf has at most proof::limits::MAX_EVIDENCE_BYTES.
            files.evidence.extend_from_slice(&(leaf.len() as u32).to_le_bytes());
            files.evidence.extend_from_slice(leaf);
        }
        credits.iter().for_each(|leaf| leaf.encode_to(&mut files.credits));
        payouts.iter().for_each(|leaf| leaf.encode_to(&mut files.payouts));
        files
    }

    /// The digest that the report carries.
    pub fn digest(&self) -> [u8; 32] {
        let mut body = Vec::with_capacity(112);
        body.extend_from_slice(b"OL-FILES-1\0\0\0\0\0\0");
        for part in [&self.evidence, &self.credits, &self.payouts] {
            body.extend_from_slice(&Blake2::blake2_256(part));
        }
        Blake2::blake2_256(&body)
    }

    /// The evidence leaves, in order.
    pub fn evidence_leaves(&self) -> Result<Vec<&[u8]>, FilesError> {
        let mut leaves = Vec::new();
        let mut at = 0;
        while at < self.evidence.len() {
            let short = FilesError::CutShort { file: NAMES[0], at };
            let Some((length, rest)) = self.evidence[at..].split_first_chunk::<4>() else { return Err(short) };
            let length = u32::from_le_bytes(*length) as usize;
            let Some(leaf) = rest.get(..length) else { return Err(short) };
            leaves.push(leaf);
            at += 4 + length;
        }
        Ok(leaves)
    }

    /// The credits, in order.
    pub fn credit_leaves(&self) -> Result<Vec<CreditLeaf>, FilesError> {
        fixed(&self.credits, CreditLeaf::BYTES, NAMES[1])
    }

    /// The payouts, in order.
    pub fn payout_leaves(&self) -> Result<Vec<PayoutLeaf>, FilesError> {
        fixed(&self.payouts, PayoutLeaf::BYTES, NAMES[2])
    }

    /// One file by its name.
    pub fn by_name(&self, name: &str) -> Option<&[u8]> {
        match name {
            "evidence.bin" => Some(&self.evidence),
            "credits.bin" => Some(&self.credits),
            "payouts.bin" => Some(&self.payouts),
            _ => None,
        }
    }

    /// Writes the files under `dir`, each whole or not at all.
    pub fn write(&self, dir: &Path) -> Result<(), FilesError> {
        std::fs::create_dir_all(dir).map_err(|source| FilesError::Io { path: dir.to_path_buf(), source })?;
        for (name, bytes) in NAMES.iter().zip([&self.evidence, &self.credits, &self.payouts]) {
            write_whole(&dir.join(name), bytes)?;
        }
        Ok(())
    }

    /// Reads them back.
    pub fn read(dir: &Path) -> Result<Self, FilesError> {
        let read = |name: &str| {
            let path = dir.join(name);
            std::fs::read(&path).map_err(|source| FilesError::Io { path, source })
        };
        Ok(Self { evidence: read(NAMES[0])?, credits: read(NAMES[1])?, payouts: read(NAMES[2])? })
    }
}

/// Makes a folder that only its owner may read, or makes it so: for private answers and for what was asked.
pub fn private_folder(path: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Writes a file under a temporary name, syncs it and renames it into place.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FilesError> {
    let io = |source| FilesError::Io { path: path.to_path_buf(), source };
    let temporary = path.with_extension("part");
    let mut file = File::create(&temporary).map_err(io)?;
    file.write_all(bytes).map_err(io)?;
    file.sync_all().map_err(io)?;
    std::fs::rename(&temporary, path).map_err(io)
}

fn fixed<T: Decode>(bytes: &[u8], width: usize, file: &'static str) -> Result<Vec<T>, FilesError> {
    let mut leaves = Vec::with_capacity(bytes.len() / width);
    for (i, mut leaf) in bytes.chunks(width).enumerate() {
        leaves.push(T::decode(&mut leaf).map_err(|_| FilesError::CutShort { file, at: i * width })?);
    }
    Ok(leaves)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> ReportFiles {
        let credit = CreditLeaf { account: [1; 32], evidence: 2, entry: 3, amount: 4 };
        let payout = PayoutLeaf { account: [1; 32], cumulative: 4 };
        ReportFiles::of(&[vec![1, 2, 3], vec![]], &[credit, credit], &[payout])
    }

    #[test]
    fn files_read_back_as_they_were_written() {
        let dir = tempfile::tempdir().unwrap();
        files().write(dir.path()).unwrap();
        let back = ReportFiles::read(dir.path()).unwrap();
        assert_eq!(back, files());
        assert_eq!(back.evidence_leaves().unwrap(), [&[1, 2, 3][..], &[]]);
        assert_eq!(back.credit_leaves().unwrap().len(), 2);
        assert_eq!(back.payout_leaves().unwrap()[0].cumulative, 4);
    }

    #[test]
    fn a_file_cut_short_is_named_with_the_byte() {
        let mut cut = files();
        cut.evidence.pop();
        cut.credits.pop();
        cut.payouts.pop();
        assert!(matches!(cut.evidence_leaves(), Err(FilesError::CutShort { file: "evidence.bin", at: 7 })));
        assert!(matches!(cut.credit_leaves(), Err(FilesError::CutShort { file: "credits.bin", at: 57 })));
        assert!(matches!(cut.payout_leaves(), Err(FilesError::CutShort { file: "payouts.bin", at: 0 })));
    }

    #[test]
    fn the_digest_names_each_file() {
        let mut other = files();
        std::mem::swap(&mut other.credits, &mut other.payouts);
        assert_ne!(other.digest(), files().digest());
    }
}
