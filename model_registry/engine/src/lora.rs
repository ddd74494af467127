//! LoRA: low-rank changes of a base model's linear modules, y += (alpha / r) · B·A·x.

use crate::config::{Config, Target};
use crate::error::{Error, Result};
use crate::kernels::{MatMut, MatRef, Panels, matmul, scale_in_place};
use crate::random::Random;
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// What an adapter changes, and how strongly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoraConfig {
    pub rank: usize,
    pub alpha: f32,
    /// Modules that get a pair, in every layer.
    pub targets: Vec<Target>,
}

impl Default for LoraConfig {
    fn default() -> Self {
        Self { rank: 16, alpha: 32.0, targets: Target::ALL.to_vec() }
    }
}

impl LoraConfig {
    /// alpha / rank.
    pub fn scale(&self) -> f32 {
        self.alpha / self.rank as f32
    }

    /// Fails with what is wrong, if anything.
    pub fn check(&self) -> Result<()> {
        if self.rank == 0 || self.rank > 512 {
            return Err(Error::LoraConfig(format!("rank {} is not between 1 and 512", self.rank)));
        }
        if !(self.alpha.is_finite() && self.alpha > 0.0) {
            return Err(Error::LoraConfig(format!("alpha {} is not positive", self.alpha)));
        }
        if self.targets.is_empty() {
            return Err(Error::LoraConfig("no target modules".into()));
        }
        Ok(())
    }
}

/// The weights of one module's pair, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// \[rank, inputs]
    pub a: Vec<f32>,
    /// \[outputs, rank]
    pub b: Vec<f32>,
}

/// Weights of an adapter as they are trained and stored, in the base model's own order of rows.
#[derive(Clone, Debug, PartialEq)]
pub struct LoraWeights {
    pub config: LoraConfig,
    /// A layer's pairs by [`Target::index`].
    pub layers: Vec<[Option<Pair>; 7]>,
}

impl LoraWeights {
    /// Fresh weights: A normal with variance 1 / inputs, B zero, so that training starts from the base.
    pub fn init(model: &Config, config: LoraConfig, seed: u64) -> Result<Self> {
        config.check()?;
        let mut random = Random::new(seed);
        let layers = (0..model.layers)
            .map(|_| {
                Target::ALL.map(|target| {
                    config.targets.contains(&target).then(|| {
                        let (inputs, outputs) = model.module(target);
                        let scale = 1.0 / (inputs as f32).sqrt();
                        Pair {
                            a: (0..config.rank * inputs).map(|_| random.normal() * scale).collect(),
                            b: vec![0.0; outputs * config.rank],
                        }
                    })
                })
            })
            .collect();
        Ok(Self { config, layers })
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        self.pairs().map(|(_, _, pair)| pair.a.len() + pair.b.len()).sum()
    }

    /// (layer, target, pair) in order.
    pub fn pairs(&self) -> impl Iterator<Item = (usize, Target, &Pair)> {
        self.layers.iter().enumerate().flat_map(|(l, modules)| {
            Target::ALL.into_iter().filter_map(move |t| modules[t.index()].as_ref().map(|p| (l, t, p)))
        })
    }

    /// Packed for computing.
    pub fn pack(&self) -> Adapter {
        self.pack_with_hash([0; 32])
    }

    pub(crate) fn pack_with_hash(&self, hash: [u8; 32]) -> Adapter {
        let rank = self.config.rank;
        let packed = |pair: &Option<Pair>| {
            pair.as_ref().map(|pair| PackedPair {
                a: Panels::pack(&pair.a, rank, pair.a.len() / rank),
                b: Panels::pack(&pair.b, pair.b.len() / rank, rank),
                backward: OnceLock::new(),
            })
        };
        let layers = self.layers.iter().map(|modules| std::array::from_fn(|t| packed(&modules[t]))).collect();
        Adapter { config: self.config.clone(), layers, hash }
    }
}

/// A pair packed for the kernels.
pub(crate) struct PackedPair {
    a: Panels,
    b: Panels,
    /// (Bᵀ, Aᵀ) for the backward pass.
    backward: OnceLock<(Panels, Panels)>,
}

impl PackedPair {
    /// Width of its output.
    pub(crate) fn outputs(&self) -> usize {
        self.b.n()
    }

    /// u = scale · x·Aᵀ, y += u·Bᵀ. x \[rows, inputs], u \[rows, rank], y \[rows, outputs].
    pub(crate) fn apply(&self, scale: f32, x: MatRef, u: &mut [f32], y: MatMut) {
        let (rows, rank) = (x.rows, self.a.n());
        matmul(x, &self.a, MatMut::dense(u, rows, rank), false);
        scale_in_place(u, scale);
        matmul(MatRef::dense(u, rows, rank), &self.b, y, true);
    }

    /// du = scale · dy·B, dx += du·A. Shapes as in [`PackedPair::apply`].
    pub(crate) fn apply_backward(&self, scale: f32, dy: MatRef, du: &mut [f32], dx: MatMut) {
        let (rows, rank) = (dy.rows, self.a.n());
        let (bt, at) = self.backward.get_or_init(|| (self.b.transposed(), self.a.transposed()));
        matmul(dy, bt, MatMut::dense(du, rows, rank), false);
        scale_in_place(du, scale);
        matmul(MatRef::dense(du, rows, rank), at, dx, true);
    }
}

/// An adapter ready to compute with. Read-only: share it behind an `Arc`.
pub struct Adapter {
    pub config: LoraConfig,
    layers: Vec<[Option<PackedPair>; 7]>,
    hash: [u8; 32],
}

impl Adapter {
    /// blake2b-256 of the safetensors file that it was loaded from; zeros for one that was never stored.
    pub fn hash(&self) -> [u8; 32] {
        self.hash
    }

    /// Bytes of memory that it takes.
    pub fn bytes(&self) -> usize {
        self.layers.iter().flatten().flatten().map(|p| p.a.bytes() + p.b.bytes()).sum()
    }

    pub(crate) fn pair(&self, layer: usize, target: Target) -> Option<&PackedPair> {
        self.layers.get(layer).and_then(|modules| modules[target.index()].as_ref())
    }
}
