//! What others need of a model card: where the model's files are. The card is a JSON object in the store, named by the
//! model's revision; the factory writes it, with much more in it for people.

use corpus::Cid;
use serde::{Deserialize, Serialize};

/// The part of a model card that programs follow. Unknown fields are for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelCard {
    pub name: String,
    /// blake2b-256 of the base model's file, hex.
    pub base_hash: String,
    /// The adapter's `adapter_model.safetensors` and `adapter_config.json`; a base model has none.
    #[serde(default)]
    pub adapter_cid: Option<Cid>,
    #[serde(default)]
    pub adapter_config_cid: Option<Cid>,
    /// Places and int8 sketches of the training rows.
    #[serde(default)]
    pub sketches_cid: Option<Cid>,
    /// Projection seed, whitening and scales.
    #[serde(default)]
    pub sketch_meta_cid: Option<Cid>,
}

impl ModelCard {
    /// Reads a card.
    ///
    /// # Errors
    /// Bytes that are no card.
    pub fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}
