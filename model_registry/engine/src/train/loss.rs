//! Cross-entropy over the vocabulary, in slices of rows, so that the logits of a batch never stand in memory at once.

use super::batch::{Objective, PackedBatch};
use crate::kernels::{MatMut, MatRef, scale_in_place, softmax_with_lse};
use crate::model::{Model, Precision};
use rayon::prelude::*;

/// Rows of a slice: 128 × 49,152 logits are 25 MB.
const SLICE: usize = 128;

/// The losses; `normed` \[rows, dim] is the stream after the last norm.
pub(super) fn losses(model: &Model, precision: Precision, batch: &PackedBatch, normed: &[f32]) -> Vec<f32> {
    let mut losses = vec![0.0; batch.rows()];
    for slice in batch.predictions().chunks(SLICE) {
        slice_losses(model, precision, slice, normed, &mut losses);
    }
    losses
}

/// The losses, and the gradient of the batch's objective with respect to `normed`.
pub(super) fn backward(
    model: &Model,
    precision: Precision,
    batch: &PackedBatch,
    normed: &[f32],
) -> (Vec<f32>, Vec<f32>) {
    let dim = model.config.dim;
    let mut losses = vec![0.0; batch.rows()];
    let mut d_normed = vec![0.0; normed.len()];
    for slice in batch.predictions().chunks(SLICE) {
        let mut p = slice_losses(model, precision, slice, normed, &mut losses);
        let vocab = model.config.vocab;
        p.par_chunks_exact_mut(vocab).zip(slice).for_each(|(row, &(_, token, _, weight))| {
            let known = row[token as usize];
            row[token as usize] -= 1.0;
            let factor = match batch.objective {
                Objective::Loss => weight,
                Objective::Margin => weight / (1.0 - known).max(Objective::FLOOR),
            };
            scale_in_place(row, factor);
        });
        let mut gradient = vec![0.0; slice.len() * dim];
        let rows = slice.len();
        let to = MatMut::dense(&mut gradient, rows, dim);
        model.output.apply_backward(precision, MatRef::dense(&p, rows, vocab), to);
        for (from, &(row, ..)) in gradient.chunks_exact(dim).zip(slice) {
            d_normed[row * dim..][..dim].copy_from_slice(from);
        }
    }
    (losses, d_normed)
}

/// Probabilities \[slice, vocab]; writes the slice's losses.
fn slice_losses(
    model: &Model,
    precision: Precision,
    slice: &[(usize, u32, usize, f32)],
    normed: &[f32],
    losses: &mut [f32],
) -> Vec<f32> {
    let (dim, vocab, rows) = (model.config.dim, model.config.vocab, slice.len());
    let mut x = Vec::with_capacity(rows * dim);
    for &(row, ..) in slice {
        x.extend_from_slice(&normed[row * dim..][..dim]);
    }
    let mut logits = vec![0.0; rows * vocab];
    let to = MatMut::dense(&mut logits, rows, vocab);
    model.output.apply(precision, MatRef::dense(&x, rows, dim), to);
    let found: Vec<f32> = logits
        .par_chunks_exact_mut(vocab)
        .zip(slice)
        .map(|(row, &(_, token, ..))| {
            let logit = row[token as usize];
            let (top, sum) = softmax_with_lse(row);
            libm::logf(sum) - (logit - top)
        })
        .collect();
    for (loss, &(_, _, row, _)) in found.iter().zip(slice) {
        losses[row] = *loss;
    }
    logits
}
