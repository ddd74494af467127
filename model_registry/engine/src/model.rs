//! The base model: weights in memory, shared by every adapter and thread.

use crate::config::Config;
use crate::error::Result;
use crate::gguf::Gguf;
use crate::kernels::{Bf16Panels, MatMut, MatRef, Panels, has_bf16, matmul, matmul_bf16};
use crate::lazy::Lazy;
use crate::random::Random;
use std::path::Path;

/// The arithmetic of the base's products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Canonical f32: serving, evaluation, sketches.
    Canonical,
    /// Weights and inputs rounded to bf16, for training: twice as fast, where the machine has it (else canonical).
    Bf16,
}

impl Precision {
    /// The fastest that this machine has.
    pub fn fastest() -> Self {
        if has_bf16() { Self::Bf16 } else { Self::Canonical }
    }
}

/// A frozen linear map W \[n, k]. What only training needs is built at its first use and given back by
/// [`Model::trim`].
pub struct Weight {
    forward: Panels,
    backward: Lazy<Panels>,
    bf16_forward: Lazy<Bf16Panels>,
    bf16_backward: Lazy<Bf16Panels>,
}

impl Weight {
    /// Takes W as packed panels.
    pub fn new(forward: Panels) -> Self {
        Self { forward, backward: Lazy::default(), bf16_forward: Lazy::default(), bf16_backward: Lazy::default() }
    }

    /// Panels of W: y = x·Wᵀ in canonical f32.
    pub fn forward(&self) -> &Panels {
        &self.forward
    }

    /// y \[rows, n] = x·Wᵀ.
    pub fn apply(&self, precision: Precision, x: MatRef, y: MatMut) {
        match precision {
            Precision::Bf16 if has_bf16() => {
                matmul_bf16(x, &self.bf16_forward.get(|| Bf16Panels::of(&self.forward)), y);
            }
            _ => matmul(x, &self.forward, y, false),
        }
    }

    /// dx \[rows, k] = dy·W.
    pub fn apply_backward(&self, precision: Precision, dy: MatRef, dx: MatMut) {
        match precision {
            Precision::Bf16 if has_bf16() => {
                let rounded = || Bf16Panels::of(&self.forward.transposed());
                matmul_bf16(dy, &self.bf16_backward.get(rounded), dx);
            }
            _ => matmul(dy, &self.backward.get(|| self.forward.transposed()), dx, false),
        }
    }

    fn trim(&self) {
        self.backward.clear();
        self.bf16_forward.clear();
        self.bf16_backward.clear();
    }

    fn bytes(&self) -> usize {
        let bf16 = |p: &Lazy<Bf16Panels>| p.peek().map_or(0, |p| p.bytes());
        self.forward.bytes()
            + self.backward.peek().map_or(0, |p| p.bytes())
            + bf16(&self.bf16_forward)
            + bf16(&self.bf16_backward)
    }
}

/// One layer.
pub struct Layer {
    /// \[dim]
    pub attn_norm: Vec<f32>,
    /// Queries, keys, values stacked: \[q_dim + 2·kv_dim, dim].
    pub qkv: Weight,
    /// \[dim, q_dim]
    pub o: Weight,
    /// \[dim]
    pub ffn_norm: Vec<f32>,
    /// Gate and up stacked: \[2·ffn, dim].
    pub gate_up: Weight,
    /// \[dim, ffn]
    pub down: Weight,
}

/// A llama model. Read-only, so that threads share it behind an `Arc`.
pub struct Model {
    pub config: Config,
    pub layers: Vec<Layer>,
    /// \[dim]
    pub final_norm: Vec<f32>,
    /// Output map \[vocab, dim]; the embedding too where they are tied.
    pub output: Weight,
    /// The embedding \[vocab, dim] where it differs from the output map.
    embedding: Option<Panels>,
    /// cos then sin for each position: \[context, head_dim].
    rope: Vec<f32>,
}

impl Model {
    /// Loads a llama GGUF of any quantisation that candle reads, Q4_1 and Q8_0 stay packed (135M parameters take 120 MB), others
    /// are dequantised once.
    ///
    /// # Errors
    /// [`Error::Read`](crate::Error::Read), [`Error::Gguf`](crate::Error::Gguf) for a damaged file,
    /// [`Error::Unsupported`](crate::Error::Unsupported).
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let mut file = Gguf::open(path.as_ref())?;
        let config = file.config()?;
        let (dim, ffn, q, kv) = (config.dim, config.ffn, config.q_dim(), config.kv_dim());
        let mut layers = Vec::with_capacity(config.layers);
        for l in 0..config.layers {
            let name = |part: &str| format!("blk.{l}.{part}.weight");
            let qkv = [(name("attn_q"), q), (name("attn_k"), kv), (name("attn_v"), kv)];
            let gate_up = [(name("ffn_gate"), ffn), (name("ffn_up"), ffn)];
            layers.push(Layer {
                attn_norm: file.tensor(&name("attn_norm"), &[dim])?,
                qkv: Weight::new(panels(&mut file, &qkv, dim)?),
                o: Weight::new(panels(&mut file, &[(name("attn_output"), dim)], q)?),
                ffn_norm: file.tensor(&name("ffn_norm"), &[dim])?,
                gate_up: Weight::new(panels(&mut file, &gate_up, dim)?),
                down: Weight::new(panels(&mut file, &[(name("ffn_down"), dim)], ffn)?),
            });
        }
        let final_norm = file.tensor("output_norm.weight", &[dim])?;
        let table = panels(&mut file, &[("token_embd.weight".into(), config.vocab)], dim)?;
        let (output, embedding) = if file.has("output.weight") {
            (panels(&mut file, &[("output.weight".into(), config.vocab)], dim)?, Some(table))
        } else {
            (table, None)
        };
        Ok(Self::assemble(config, layers, final_norm, output, embedding))
    }

    /// A model with random weights: for tests, and for trying shapes.
    pub fn random(config: Config, seed: u64) -> Result<Self> {
        config.check()?;
        let mut random = Random::new(seed);
        let (dim, ffn, q) = (config.dim, config.ffn, config.q_dim());
        let mut weight = |n: usize, k: usize| {
            let scale = 1.0 / (k as f32).sqrt();
            let w: Vec<f32> = (0..n * k).map(|_| random.normal() * scale).collect();
            Panels::pack(&w, n, k)
        };
        let layers = (0..config.layers)
            .map(|_| Layer {
                attn_norm: vec![1.0; dim],
                qkv: Weight::new(weight(config.qkv_dim(), dim)),
                o: Weight::new(weight(dim, q)),
                ffn_norm: vec![1.0; dim],
                gate_up: Weight::new(weight(2 * ffn, dim)),
                down: Weight::new(weight(dim, ffn)),
            })
            .collect();
        let output = weight(config.vocab, dim);
        Ok(Self::assemble(config, layers, vec![1.0; dim], output, None))
    }

    fn assemble(
        config: Config,
        layers: Vec<Layer>,
        final_norm: Vec<f32>,
        output: Panels,
        embedding: Option<Panels>,
    ) -> Self {
        let rope = rope_table(&config);
        Self { config, layers, final_norm, output: Weight::new(output), embedding, rope }
    }

    /// Writes the embedding of `token` to `out` \[dim]. The token must be below `config.vocab`.
    pub fn embed(&self, token: u32, out: &mut [f32]) {
        self.embedding.as_ref().unwrap_or(self.output.forward()).copy_row(token as usize, out);
    }

    /// cos then sin of the angles of a position: \[head_dim].
    pub fn rope(&self, position: usize) -> &[f32] {
        &self.rope[position * self.config.head_dim..][..self.config.head_dim]
    }

    /// Gives back what training or sketching built; it is built again when needed.
    pub fn trim(&self) {
        for layer in &self.layers {
            for weight in [&layer.qkv, &layer.o, &layer.gate_up, &layer.down] {
                weight.trim();
            }
        }
        self.output.trim();
    }

    /// Bytes of memory that the weights take now.
    pub fn bytes(&self) -> usize {
        let layer = |l: &Layer| l.qkv.bytes() + l.o.bytes() + l.gate_up.bytes() + l.down.bytes();
        self.layers.iter().map(layer).sum::<usize>()
            + self.output.bytes()
            + self.embedding.as_ref().map_or(0, Panels::bytes)
            + self.rope.len() * 4
    }
}

/// Tensors \[rows, k] one below the other, packed: quantised as the file has them where all are of one format that stays
/// packed, else as f32.
fn panels(file: &mut Gguf, parts: &[(String, usize)], k: usize) -> Result<Panels> {
    let kinds: Vec<_> = parts.iter().map(|(name, _)| file.quantised(name)).collect();
    if let Some(kind) = kinds[0].filter(|_| kinds.iter().all(|kind| *kind == kinds[0]) && k.is_multiple_of(32)) {
        let blocks: Vec<Vec<u8>> =
            parts.iter().map(|(name, rows)| file.blocks(name, [*rows, k])).collect::<Result<_>>()?;
        let parts: Vec<&[u8]> = blocks.iter().map(Vec::as_slice).collect();
        return Ok(Panels::pack_quantised(kind, &parts, k));
    }
    let floats: Vec<Vec<f32>> =
        parts.iter().map(|(name, rows)| file.tensor(name, &[*rows, k])).collect::<Result<_>>()?;
    let parts: Vec<(&[f32], usize)> = floats.iter().zip(parts).map(|(w, (_, rows))| (w.as_slice(), *rows)).collect();
    Ok(Panels::pack_stacked(&parts, k))
}

/// Angles in f64, from libm alone, rounded once.
fn rope_table(config: &Config) -> Vec<f32> {
    let half = config.head_dim / 2;
    let frequencies: Vec<f64> =
        (0..half).map(|i| libm::pow(config.rope_base, -((2 * i) as f64) / config.head_dim as f64)).collect();
    let mut table = Vec::with_capacity(config.context * config.head_dim);
    for position in 0..config.context {
        table.extend(frequencies.iter().map(|f| libm::cos(position as f64 * f) as f32));
        table.extend(frequencies.iter().map(|f| libm::sin(position as f64 * f) as f32));
    }
    table
}
