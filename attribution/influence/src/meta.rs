//! The published file that makes a response sketch a pure function: layout, seed, whitening, scales.

use crate::error::{Error, Result};
use crate::layout::Layout;
use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use engine::kernels::{MatMut, MatRef, Panels, dot_f64, matmul};
use serde::{Deserialize, Serialize};

const MAGIC: &[u8; 8] = b"OLSKETCH";
const FILE: &str = "the sketches' meta file";

/// Layout, seed, whitening and scales of a model's sketches.
///
/// The file: `OLSKETCH`, length u32 of a JSON header, the header ({version, layout, seed, row_scale, response_scale}),
/// then a whitening matrix \[block, block] of f32 a module, all little-endian.
#[derive(Clone, Debug, PartialEq)]
pub struct Meta {
    pub layout: Layout,
    pub seed: u64,
    /// int8 = unit-length whitened row × this.
    pub row_scale: f32,
    /// int8 = unit-length whitened response × this.
    pub response_scale: f32,
    /// \[modules, block, block]
    pub whitening: Vec<f32>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    version: u32,
    layout: Layout,
    seed: u64,
    row_scale: f32,
    response_scale: f32,
}

/// One of the two kinds of sketch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Row,
    Response,
}

impl Meta {
    /// The file's bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let header = Header {
            version: 1,
            layout: self.layout.clone(),
            seed: self.seed,
            row_scale: self.row_scale,
            response_scale: self.response_scale,
        };
        let json = serde_json::to_vec(&header).map_err(|e| Error::Layout(e.to_string()))?;
        let length = u32::try_from(json.len()).map_err(|_| Error::Layout("a header beyond 4 GiB".into()))?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend(length.to_le_bytes());
        bytes.extend(json);
        bytes.extend(self.whitening.iter().flat_map(|v| v.to_le_bytes()));
        Ok(bytes)
    }

    /// Reads the file's bytes.
    ///
    /// # Errors
    /// [`Error::Damaged`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let damaged = |problem: &str| Error::Damaged { file: FILE, problem: problem.into() };
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| damaged("it does not begin with OLSKETCH"))?;
        let (length, rest) = rest.split_at_checked(4).ok_or_else(|| damaged("it is cut short"))?;
        let length = length.iter().rev().fold(0usize, |n, b| n << 8 | usize::from(*b));
        let (json, rest) = rest.split_at_checked(length).ok_or_else(|| damaged("it is cut short"))?;
        let header: Header = serde_json::from_slice(json).map_err(|e| damaged(&e.to_string()))?;
        if header.version != 1 {
            return Err(damaged("its version is not 1"));
        }
        let block = header.layout.left.checked_mul(header.layout.right).filter(|b| *b <= 4_096);
        let block = block.ok_or_else(|| damaged("its blocks are too large"))?;
        let count =
            header.layout.modules.len().checked_mul(block * block).ok_or_else(|| damaged("too many modules"))?;
        if Some(rest.len()) != count.checked_mul(4) {
            return Err(damaged(&format!("{} bytes of whitening, expected {count} × 4", rest.len())));
        }
        let whitening: Vec<f32> = rest.chunks_exact(4).map(|c| f32::from_le_bytes([c[0], c[1], c[2], c[3]])).collect();
        let scales = [header.row_scale, header.response_scale];
        if scales.iter().chain(&whitening).any(|v| !v.is_finite()) {
            return Err(damaged("it holds numbers that are not finite"));
        }
        Ok(Self {
            layout: header.layout,
            seed: header.seed,
            row_scale: header.row_scale,
            response_scale: header.response_scale,
            whitening,
        })
    }

    /// blake2b-256 of the file: what the tree's header names.
    pub fn digest(&self) -> Result<[u8; 32]> {
        Ok(Blake2b::<U32>::digest(self.to_bytes()?).into())
    }

    /// The sketch of a projected gradient \[dimension].
    pub(crate) fn quantise(&self, side: Side, gradient: &[f32]) -> Vec<i8> {
        let mut whitened = self.whiten(gradient);
        unit_length(&mut whitened);
        let scale = match side {
            Side::Row => self.row_scale,
            Side::Response => self.response_scale,
        };
        // Ties to even; `as` would saturate at -128.
        whitened.iter().map(|v| (v * scale).round_ties_even().clamp(-127.0, 127.0) as i8).collect()
    }

    /// W·g, block by block.
    pub(crate) fn whiten(&self, gradient: &[f32]) -> Vec<f32> {
        let block = self.layout.block();
        let mut out = vec![0.0f32; gradient.len()];
        let matrices = self.whitening.chunks_exact(block * block);
        for ((g, w), out) in gradient.chunks_exact(block).zip(matrices).zip(out.chunks_exact_mut(block)) {
            let w = Panels::pack(w, block, block);
            matmul(MatRef::dense(g, 1, block), &w, MatMut::dense(out, 1, block), false);
        }
        out
    }
}

/// Only directions rank rows: a long or surprising text must not outweigh others by its length.
pub(crate) fn unit_length(v: &mut [f32]) {
    let norm = dot_f64(v, v).sqrt() as f32;
    if norm > 0.0 && norm.is_finite() {
        v.iter_mut().for_each(|x| *x /= norm);
    } else {
        v.fill(0.0);
    }
}
