//! Losses and gradients: a forward pass that keeps what the backward pass needs, and a backward pass written by hand.
//!
//! Gradients of the pairs of an adapter are handed out module by module ([`GradSink`]) and stored nowhere here: the
//! trainer sums them ([`Gradients`]), the influence sketch projects them as they come. The base gets no gradient.

mod attention;
mod batch;
mod layer;
mod loss;
mod optimizer;

pub use batch::{Objective, PackedBatch};
pub use optimizer::{AdamW, Gradients, Schedule};

use crate::config::Target;
use crate::error::Result;
use crate::kernels::{MatMut, MatRef, rms_norm, rms_norm_backward};
use crate::lora::Adapter;
use crate::model::{Model, Precision};
use layer::LayerState;

/// What one module of an adapter contributes to the gradient, for all rows of a batch. The gradients are
/// ∂A = duᵀ·x and ∂B = dyᵀ·u; rows of a sequence are where [`PackedBatch`] put them.
pub struct ModuleGrad<'a> {
    pub layer: usize,
    pub target: Target,
    /// Inputs \[rows, inputs].
    pub x: MatRef<'a>,
    /// scale · x·Aᵀ \[rows, rank].
    pub u: MatRef<'a>,
    /// Gradient of the outputs \[rows, outputs].
    pub dy: MatRef<'a>,
    /// scale · dy·B \[rows, rank].
    pub du: MatRef<'a>,
}

/// Takes gradients as they come: layers descending, within a layer down, up, gate, o, v, k, q.
pub trait GradSink {
    /// One module of one layer.
    fn module(&mut self, grad: ModuleGrad);
}

/// What to keep between forward and backward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// Everything: 23 KB a token and layer for a 135M model.
    Keep,
    /// The input of each layer, which is computed again: a tenth of the memory, a quarter more time.
    Recompute,
}

/// Loss −ln p(token) of each token of the batch given those before it; 0 where the weight is 0 or nothing is before.
pub fn losses(model: &Model, adapter: Option<&Adapter>, batch: &PackedBatch) -> Result<Vec<f32>> {
    batch.check(model)?;
    let mut x = batch.embed(model);
    for l in 0..model.layers.len() {
        x = layer::forward(model, adapter, Precision::Canonical, l, x, batch).1;
    }
    let normed = final_norm(model, &x);
    Ok(loss::losses(model, Precision::Canonical, batch, &normed))
}

/// Forward and backward: hands the gradient of the batch's objective to `sink`; returns the losses (in canonical precision the
/// bits of [`losses`]).
pub fn backward(
    model: &Model,
    adapter: &Adapter,
    batch: &PackedBatch,
    memory: Memory,
    precision: Precision,
    sink: &mut dyn GradSink,
) -> Result<Vec<f32>> {
    batch.check(model)?;
    let config = &model.config;
    let mut x = batch.embed(model);
    let mut states: Vec<LayerState> = Vec::with_capacity(config.layers);
    for l in 0..config.layers {
        let (mut state, out) = layer::forward(model, Some(adapter), precision, l, x, batch);
        if memory == Memory::Recompute {
            state.forget();
        }
        states.push(state);
        x = out;
    }
    let normed = final_norm(model, &x);
    let (losses, d_normed) = loss::backward(model, precision, batch, &normed);
    let mut dx = vec![0.0; x.len()];
    rms_norm_backward(&d_normed, &x, &model.final_norm, config.norm_eps, &mut dx);
    while let Some(state) = states.pop() {
        let l = states.len();
        let state = match memory {
            Memory::Keep => state,
            Memory::Recompute => layer::forward(model, Some(adapter), precision, l, state.into_input(), batch).0,
        };
        dx = layer::backward(model, adapter, precision, l, state, dx, batch, sink);
    }
    Ok(losses)
}

fn final_norm(model: &Model, x: &[f32]) -> Vec<f32> {
    let mut normed = vec![0.0; x.len()];
    rms_norm(x, &model.final_norm, model.config.norm_eps, &mut normed);
    normed
}

/// Logits \[rows, vocab] of every position of the batch, in canonical f32: for evaluation and tests. Long batches of a
/// large vocabulary take much memory.
pub fn logits(model: &Model, adapter: Option<&Adapter>, batch: &PackedBatch) -> Result<Vec<f32>> {
    batch.check(model)?;
    let mut x = batch.embed(model);
    for l in 0..model.layers.len() {
        x = layer::forward(model, adapter, Precision::Canonical, l, x, batch).1;
    }
    let (rows, vocab) = (batch.rows(), model.config.vocab);
    let mut logits = vec![0.0; rows * vocab];
    let normed = final_norm(model, &x);
    let to = MatMut::dense(&mut logits, rows, vocab);
    model.output.apply(Precision::Canonical, MatRef::dense(&normed, rows, model.config.dim), to);
    Ok(logits)
}
