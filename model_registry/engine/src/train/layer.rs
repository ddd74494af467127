//! One layer, forward and backward, with the pairs of an adapter.

use super::batch::PackedBatch;
use super::{GradSink, ModuleGrad, attention};
use crate::config::{Config, Target};
use crate::kernels::{
    MatMut, MatRef, add_assign, rms_norm, rms_norm_backward, rotate_pairs, silu_mul, silu_mul_backward,
};
use crate::lora::Adapter;
use crate::model::{Model, Precision, Weight};

/// What the backward pass needs of a layer's forward pass. `rows` is the batch's.
pub(super) struct LayerState {
    /// The layer's input \[rows, dim].
    x: Vec<f32>,
    /// Queries and keys (turned), values \[rows, qkv_dim].
    qkv: Vec<f32>,
    /// Attention's output \[rows, q_dim].
    attention: Vec<f32>,
    /// The stream between attention and feed-forward \[rows, dim].
    middle: Vec<f32>,
    /// \[rows, 2·ffn]
    gate_up: Vec<f32>,
    /// scale · A·x of each module \[rows, rank]; empty where there is no pair.
    u: [Vec<f32>; 7],
}

impl LayerState {
    /// Drops all but the input.
    pub(super) fn forget(&mut self) {
        let x = std::mem::take(&mut self.x);
        *self = Self {
            x,
            qkv: Vec::new(),
            attention: Vec::new(),
            middle: Vec::new(),
            gate_up: Vec::new(),
            u: Default::default(),
        };
    }

    /// The input, to compute the layer again.
    pub(super) fn into_input(self) -> Vec<f32> {
        self.x
    }
}

/// Where a module's outputs stand in its fused matrix: (columns before, width of the matrix).
fn place(config: &Config, target: Target) -> (usize, usize) {
    let (q, kv) = (config.q_dim(), config.kv_dim());
    match target {
        Target::Q => (0, config.qkv_dim()),
        Target::K => (q, config.qkv_dim()),
        Target::V => (q + kv, config.qkv_dim()),
        Target::O | Target::Down => (0, config.dim),
        Target::Gate => (0, 2 * config.ffn),
        Target::Up => (config.ffn, 2 * config.ffn),
    }
}

/// y \[rows, n] = x·Wᵀ, then each target's pair; fills `u`.
#[allow(clippy::too_many_arguments)]
fn linear(
    config: &Config,
    adapter: Option<&Adapter>,
    precision: Precision,
    layer: usize,
    w: &Weight,
    x: &[f32],
    targets: &[Target],
    u: &mut [Vec<f32>; 7],
) -> Vec<f32> {
    let (inputs, outputs) = (w.forward().k(), w.forward().n());
    let rows = x.len() / inputs;
    let x = MatRef::dense(x, rows, inputs);
    let mut y = vec![0.0; rows * outputs];
    w.apply(precision, x, MatMut::dense(&mut y, rows, outputs));
    let Some(adapter) = adapter else { return y };
    for &target in targets {
        let Some(pair) = adapter.pair(layer, target) else { continue };
        let (column, stride) = place(config, target);
        let u = &mut u[target.index()];
        u.resize(rows * adapter.config.rank, 0.0);
        let y = MatMut::strided(&mut y[column..], rows, pair.outputs(), stride);
        pair.apply(adapter.config.scale(), x, u, y);
    }
    y
}

/// dx \[rows, k] += dy·W, then each target's pair, whose gradient goes to `sink`.
#[allow(clippy::too_many_arguments)]
fn linear_backward(
    config: &Config,
    adapter: &Adapter,
    precision: Precision,
    layer: usize,
    w: &Weight,
    x: &[f32],
    dy: &[f32],
    targets: &[Target],
    u: &[Vec<f32>; 7],
    sink: &mut dyn GradSink,
) -> Vec<f32> {
    let (inputs, outputs) = (w.forward().k(), w.forward().n());
    let rows = dy.len() / outputs;
    let mut dx = vec![0.0; rows * inputs];
    w.apply_backward(precision, MatRef::dense(dy, rows, outputs), MatMut::dense(&mut dx, rows, inputs));
    let rank = adapter.config.rank;
    for &target in targets {
        let Some(pair) = adapter.pair(layer, target) else { continue };
        let (column, stride) = place(config, target);
        let dy = MatRef::strided(&dy[column..], rows, pair.outputs(), stride);
        let mut du = vec![0.0; rows * rank];
        pair.apply_backward(adapter.config.scale(), dy, &mut du, MatMut::dense(&mut dx, rows, inputs));
        sink.module(ModuleGrad {
            layer,
            target,
            x: MatRef::dense(x, rows, inputs),
            u: MatRef::dense(&u[target.index()], rows, rank),
            dy,
            du: MatRef::dense(&du, rows, rank),
        });
    }
    dx
}

/// The layer's output \[rows, dim] and what the backward pass needs.
pub(super) fn forward(
    model: &Model,
    adapter: Option<&Adapter>,
    precision: Precision,
    l: usize,
    x: Vec<f32>,
    batch: &PackedBatch,
) -> (LayerState, Vec<f32>) {
    let (config, layer) = (&model.config, &model.layers[l]);
    let mut u: [Vec<f32>; 7] = Default::default();
    let mut normed = vec![0.0; x.len()];
    rms_norm(&x, &layer.attn_norm, config.norm_eps, &mut normed);
    let targets = [Target::Q, Target::K, Target::V];
    let mut qkv = linear(config, adapter, precision, l, &layer.qkv, &normed, &targets, &mut u);
    let turned = config.q_dim() + config.kv_dim();
    batch.for_each_position(&mut qkv, config.qkv_dim(), |row, position| {
        rotate_pairs(&mut row[..turned], model.rope(position), false);
    });
    let mut attention = vec![0.0; batch.rows() * config.q_dim()];
    attention::forward(config, batch, &qkv, &mut attention);
    let projected = linear(config, adapter, precision, l, &layer.o, &attention, &[Target::O], &mut u);
    let mut middle = x.clone();
    add_assign(&mut middle, &projected);

    rms_norm(&middle, &layer.ffn_norm, config.norm_eps, &mut normed);
    let gate_up = linear(config, adapter, precision, l, &layer.gate_up, &normed, &[Target::Gate, Target::Up], &mut u);
    let mut act = vec![0.0; batch.rows() * config.ffn];
    silu_mul(&gate_up, config.ffn, &mut act);
    let projected = linear(config, adapter, precision, l, &layer.down, &act, &[Target::Down], &mut u);
    let mut out = middle.clone();
    add_assign(&mut out, &projected);
    (LayerState { x, qkv, attention, middle, gate_up, u }, out)
}

/// The gradient of the layer's input \[rows, dim] from that of its output, `d_out`.
#[allow(clippy::too_many_arguments)]
pub(super) fn backward(
    model: &Model,
    adapter: &Adapter,
    precision: Precision,
    l: usize,
    state: LayerState,
    d_out: Vec<f32>,
    batch: &PackedBatch,
    sink: &mut dyn GradSink,
) -> Vec<f32> {
    let (config, layer) = (&model.config, &model.layers[l]);
    let LayerState { x, qkv, attention, middle, mut gate_up, u } = state;
    let (eps, rows) = (config.norm_eps, batch.rows());

    // Feed-forward. The norm's and SiLU's outputs are cheaper to compute again than to keep.
    let mut act = vec![0.0; rows * config.ffn];
    silu_mul(&gate_up, config.ffn, &mut act);
    let d_act = linear_backward(config, adapter, precision, l, &layer.down, &act, &d_out, &[Target::Down], &u, sink);
    silu_mul_backward(&d_act, config.ffn, &mut gate_up);
    let mut normed = act;
    normed.resize(middle.len(), 0.0);
    rms_norm(&middle, &layer.ffn_norm, eps, &mut normed);
    let targets = [Target::Up, Target::Gate];
    let d_normed =
        linear_backward(config, adapter, precision, l, &layer.gate_up, &normed, &gate_up, &targets, &u, sink);
    let mut d_middle = d_out;
    rms_norm_backward(&d_normed, &middle, &layer.ffn_norm, eps, &mut d_middle);

    // Attention.
    let d_attention =
        linear_backward(config, adapter, precision, l, &layer.o, &attention, &d_middle, &[Target::O], &u, sink);
    let mut d_qkv = vec![0.0; qkv.len()];
    attention::backward(config, batch, &qkv, &d_attention, &mut d_qkv);
    let turned = config.q_dim() + config.kv_dim();
    batch.for_each_position(&mut d_qkv, config.qkv_dim(), |row, position| {
        rotate_pairs(&mut row[..turned], model.rope(position), true);
    });
    rms_norm(&x, &layer.attn_norm, eps, &mut normed);
    let targets = [Target::V, Target::K, Target::Q];
    let d_normed = linear_backward(config, adapter, precision, l, &layer.qkv, &normed, &d_qkv, &targets, &u, sink);
    let mut dx = d_middle;
    rms_norm_backward(&d_normed, &x, &layer.attn_norm, eps, &mut dx);
    dx
}
