//! The shape of a llama model and its adaptable modules.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// Shape of a llama-architecture model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    pub layers: usize,
    /// Width of the residual stream.
    pub dim: usize,
    /// Width of the feed-forward part.
    pub ffn: usize,
    pub heads: usize,
    pub kv_heads: usize,
    /// Even: rotary positions turn pairs.
    pub head_dim: usize,
    pub vocab: usize,
    /// Longest sequence in tokens.
    pub context: usize,
    pub rope_base: f64,
    pub norm_eps: f32,
}

impl Config {
    /// Fails with what is wrong, if anything.
    pub fn check(&self) -> Result<()> {
        let fail = |problem: &str| Err(Error::ModelConfig(format!("{problem}: {self:?}")));
        let sizes =
            [self.layers, self.dim, self.ffn, self.heads, self.kv_heads, self.head_dim, self.vocab, self.context];
        if sizes.contains(&0) {
            return fail("a size is zero");
        }
        // Far above any model that runs here; a damaged file must not make us ask for all memory.
        if sizes.iter().any(|size| *size > 1 << 20) || self.layers > 1_024 {
            return fail("a size is out of reason");
        }
        if !self.heads.is_multiple_of(self.kv_heads) {
            return fail("heads are no multiple of kv heads");
        }
        if !self.head_dim.is_multiple_of(2) {
            return fail("an odd head width");
        }
        if !(self.rope_base > 0.0 && self.norm_eps > 0.0) {
            return fail("rope base and norm epsilon must be positive");
        }
        Ok(())
    }

    /// Width of all query heads together.
    pub fn q_dim(&self) -> usize {
        self.heads * self.head_dim
    }

    /// Width of all key (or value) heads together.
    pub fn kv_dim(&self) -> usize {
        self.kv_heads * self.head_dim
    }

    /// Width of queries, keys and values side by side.
    pub fn qkv_dim(&self) -> usize {
        self.q_dim() + 2 * self.kv_dim()
    }

    /// (inputs, outputs) of a module.
    pub fn module(&self, target: Target) -> (usize, usize) {
        match target {
            Target::Q => (self.dim, self.q_dim()),
            Target::K | Target::V => (self.dim, self.kv_dim()),
            Target::O => (self.q_dim(), self.dim),
            Target::Gate | Target::Up => (self.dim, self.ffn),
            Target::Down => (self.ffn, self.dim),
        }
    }
}

/// A linear module of a layer that an adapter can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Target {
    #[serde(rename = "q_proj")]
    Q,
    #[serde(rename = "k_proj")]
    K,
    #[serde(rename = "v_proj")]
    V,
    #[serde(rename = "o_proj")]
    O,
    #[serde(rename = "gate_proj")]
    Gate,
    #[serde(rename = "up_proj")]
    Up,
    #[serde(rename = "down_proj")]
    Down,
}

impl Target {
    /// All, in the order of a layer.
    pub const ALL: [Target; 7] = [Target::Q, Target::K, Target::V, Target::O, Target::Gate, Target::Up, Target::Down];

    /// PEFT's name of the module.
    pub fn name(self) -> &'static str {
        match self {
            Target::Q => "q_proj",
            Target::K => "k_proj",
            Target::V => "v_proj",
            Target::O => "o_proj",
            Target::Gate => "gate_proj",
            Target::Up => "up_proj",
            Target::Down => "down_proj",
        }
    }

    /// The part of a layer that holds it, in Hugging Face's naming.
    pub fn block(self) -> &'static str {
        match self {
            Target::Q | Target::K | Target::V | Target::O => "self_attn",
            Target::Gate | Target::Up | Target::Down => "mlp",
        }
    }

    /// Position in [`Target::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }
}
