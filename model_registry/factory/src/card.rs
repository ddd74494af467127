//! The model card: what was made of what, and how.

use serde::{Deserialize, Serialize};

/// A Datanet version that the model was trained on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Source number in the model's revision.
    pub source: u8,
    pub datanet: u32,
    pub version: u32,
    /// Root of the version's tree, hex.
    pub root: String,
}

/// How it was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Training {
    pub rows: usize,
    pub held_out_rows: usize,
    /// Tokens of the trained rows, once.
    pub tokens: u64,
    pub contributions: usize,
    pub epochs: usize,
    pub steps: usize,
    pub batch: usize,
    pub learning_rate: f32,
    pub schedule: engine::train::Schedule,
    pub seed: u64,
    pub precision: String,
    pub first_loss: f64,
    /// Mean over the last epoch.
    pub last_loss: f64,
}

/// Adapter beside base on held-out rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    pub rows: usize,
    pub tokens: u64,
    pub base_loss: f64,
    pub adapter_loss: f64,
    pub base_perplexity: f64,
    pub adapter_perplexity: f64,
}

/// The card, `model_card.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Digest of configuration, base and rows: who trains the same again gets the same, on the same machine.
    #[serde(default)]
    pub run: String,
    pub name: String,
    /// The base model's name.
    pub base: String,
    /// blake2b-256 of the base model's file, hex.
    pub base_hash: String,
    pub rank: usize,
    pub alpha: f32,
    pub targets: Vec<engine::Target>,
    /// blake2b-256 of `adapter_model.safetensors`, hex.
    pub adapter_hash: String,
    /// CIDs of the published files.
    pub adapter_cid: String,
    pub adapter_config_cid: String,
    pub sketches_cid: String,
    pub sketch_meta_cid: String,
    /// Root of tree 04, hex.
    pub sketch_root: String,
    pub sketch_dimension: usize,
    pub training: Training,
    pub evaluation: Option<Evaluation>,
    pub provenance: Vec<Provenance>,
}
