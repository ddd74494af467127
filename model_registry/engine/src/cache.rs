//! Keys and values of a sequence that is being decoded.

use crate::config::Config;
use crate::kernels::{MatMut, MatRef, product, product_panels, softmax_in_place};

/// Positions in a block of keys: a panel of the kernels.
const BLOCK: usize = 16;

/// Keys and values of one layer.
#[derive(Clone, Default)]
struct LayerCache {
    /// Blocks of sixteen positions: \[block, kv head, head_dim, 16].
    keys: Vec<f32>,
    /// \[position, kv head, head_dim]
    values: Vec<f32>,
}

/// Keys and values of one sequence, all layers.
#[derive(Clone)]
pub(crate) struct KvCache {
    layers: Vec<LayerCache>,
}

impl KvCache {
    pub(crate) fn new(config: &Config) -> Self {
        Self { layers: vec![LayerCache::default(); config.layers] }
    }

    /// Stores the key and value of `position` (each \[kv_dim]), the next one of this layer.
    pub(crate) fn append(&mut self, config: &Config, layer: usize, position: usize, key: &[f32], value: &[f32]) {
        let cache = &mut self.layers[layer];
        let block = config.kv_dim() * BLOCK;
        if position.is_multiple_of(BLOCK) {
            cache.keys.resize((position / BLOCK + 1) * block, 0.0);
        }
        let keys = &mut cache.keys[position / BLOCK * block..];
        for (i, v) in key.iter().enumerate() {
            keys[i * BLOCK + position % BLOCK] = *v;
        }
        cache.values.extend_from_slice(value);
    }

    /// Attention of one row's queries (\[q_dim], turned) over positions `0..length`; `out` \[q_dim].
    pub(crate) fn attend(&self, config: &Config, layer: usize, queries: &[f32], length: usize, out: &mut [f32]) {
        let cache = &self.layers[layer];
        let (d, kv) = (config.head_dim, config.kv_heads);
        let group = config.heads / kv;
        let padded = length.div_ceil(BLOCK) * BLOCK;
        let scale = 1.0 / (d as f32).sqrt();
        let mut scores = vec![0.0f32; group * padded];
        for head in 0..kv {
            let q = MatRef::dense(&queries[head * group * d..][..group * d], group, d);
            let keys = &cache.keys[head * d * BLOCK..];
            product_panels(q, keys, kv * d * BLOCK, MatMut::dense(&mut scores, group, padded));
            for row in scores.chunks_exact_mut(padded) {
                softmax_in_place(&mut row[..length], scale);
            }
            let weights = MatRef::strided(&scores, group, length, padded);
            let values = MatRef::strided(&cache.values[head * d..], length, d, kv * d);
            let to = MatMut::dense(&mut out[head * group * d..][..group * d], group, d);
            product(weights, values, to, false, false);
        }
    }
}
