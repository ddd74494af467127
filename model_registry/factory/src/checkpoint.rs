//! Where a run stands, on disk, so that an interruption costs at most an epoch.

use crate::error::{Error, Result};
use crate::loss::Point;
use engine::LoraWeights;
use engine::train::AdamW;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"OLCHECK1";

#[derive(Serialize, Deserialize)]
struct Header {
    /// Digest of everything that the run is a function of.
    run: String,
    epochs: usize,
    points: Vec<Point>,
    weights: usize,
}

/// The checkpoint of a folder.
pub(crate) struct Checkpoint {
    path: PathBuf,
    run: String,
}

impl Checkpoint {
    /// `run` is a digest of configuration, base and rows: a checkpoint of another run is ignored.
    pub(crate) fn new(folder: &Path, run: String) -> Self {
        Self { path: folder.join("checkpoint.bin"), run }
    }

    /// Stores the state after `epochs` epochs: temporary file, sync, rename.
    pub(crate) fn save(&self, epochs: usize, points: &[Point], weights: &LoraWeights, optimizer: &AdamW) -> Result<()> {
        let numbers: Vec<u8> =
            weights.pairs().flat_map(|(_, _, p)| p.a.iter().chain(&p.b)).flat_map(|v| v.to_le_bytes()).collect();
        let header = Header { run: self.run.clone(), epochs, points: points.to_vec(), weights: numbers.len() };
        let json = serde_json::to_vec(&header).map_err(|e| Error::Config(e.to_string()))?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend((json.len() as u64).to_le_bytes());
        bytes.extend(json);
        bytes.extend(numbers);
        bytes.extend(optimizer.to_bytes());
        Ok(engine::write_atomically(&self.path, &bytes)?)
    }

    /// Puts a stored state of this run into `weights` and `optimizer`; returns (epochs done, loss curve), nothing if
    /// there is none, it is another run's or it is damaged (then the run starts clean).
    pub(crate) fn load(&self, weights: &mut LoraWeights, optimizer: &mut AdamW) -> Option<(usize, Vec<Point>)> {
        let bytes = std::fs::read(&self.path).ok()?;
        let rest = bytes.strip_prefix(MAGIC)?;
        let (length, rest) = rest.split_at_checked(8)?;
        let length = usize::try_from(u64::from_le_bytes(length.try_into().ok()?)).ok()?;
        let (json, rest) = rest.split_at_checked(length)?;
        let header: Header = serde_json::from_slice(json).ok()?;
        let expected: usize = weights.parameters() * 4;
        if header.run != self.run || header.weights != expected {
            return None;
        }
        let (numbers, moments) = rest.split_at_checked(expected)?;
        optimizer.restore(moments).ok()?;
        let mut numbers = numbers.chunks_exact(4).map(|c| f32::from_le_bytes([c[0], c[1], c[2], c[3]]));
        for pair in weights.layers.iter_mut().flatten().flatten() {
            for (v, number) in pair.a.iter_mut().chain(&mut pair.b).zip(&mut numbers) {
                *v = number;
            }
        }
        Some((header.epochs, header.points))
    }

    /// Removes it: the run is complete.
    pub(crate) fn remove(&self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
