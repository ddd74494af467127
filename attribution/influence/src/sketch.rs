//! Sketches of a model's rows, and of responses.

use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::meta::{Meta, Side, unit_length};
use crate::project::Projector;
use crate::whiten::whitening;
use engine::train::{Objective, PackedBatch};
use engine::{Adapter, Model};
use rayon::prelude::*;
use std::sync::Arc;

/// Tokens in a batch of rows: enough for the kernels, little enough for memory. Changes no bit.
const BATCH_TOKENS: usize = 640;
/// Share of entries that the scale lets be clipped, as one in so many.
const CLIPPED_ONE_IN: usize = 1_000;

/// Sketches every row (tokens of each) at the adapter's weights and derives the meta file from them. `progress` is
/// told the number of rows done.
///
/// # Errors
/// [`Error::Layout`], [`Error::Empty`] for a row of fewer than two tokens.
pub fn sketch_rows(
    model: &Model,
    adapter: &Adapter,
    layout: Layout,
    seed: u64,
    rows: &[Vec<u32>],
    mut progress: impl FnMut(usize),
) -> Result<(Meta, Vec<Vec<i8>>)> {
    let projector = Projector::new(layout.clone(), seed, &model.config, &adapter.config)?;
    let mut gradients: Vec<Vec<f32>> = Vec::with_capacity(rows.len());
    while gradients.len() < rows.len() {
        let mut batch = margin_batch();
        for row in &rows[gradients.len()..] {
            if row.len() < 2 {
                let number = gradients.len() + batch.sequences();
                return Err(Error::Empty(format!("row {number} has {} tokens, at least 2 are needed", row.len())));
            }
            if batch.sequences() > 0 && batch.rows() + row.len() > BATCH_TOKENS {
                break;
            }
            batch.push(row, 1.0);
        }
        gradients.extend(projector.gradients(model, adapter, &batch)?);
        progress(gradients.len());
    }
    let block = layout.block();
    let whitening: Vec<Vec<f32>> = (0..layout.modules.len())
        .into_par_iter()
        .map(|m| whitening(gradients.iter().map(|g| &g[m * block..(m + 1) * block]), block))
        .collect();
    let mut meta = Meta { layout, seed, row_scale: 1.0, response_scale: 1.0, whitening: whitening.concat() };
    let mut sizes: Vec<f32> = gradients
        .par_iter()
        .flat_map_iter(|g| {
            let mut whitened = meta.whiten(g);
            unit_length(&mut whitened);
            whitened.into_iter().map(f32::abs)
        })
        .collect();
    sizes.par_sort_unstable_by(f32::total_cmp);
    let at = sizes.len().saturating_sub(1 + sizes.len() / CLIPPED_ONE_IN);
    let bound = sizes.get(at).copied().unwrap_or(0.0);
    if bound > 0.0 {
        meta.row_scale = 127.0 / bound;
        meta.response_scale = meta.row_scale;
    }
    let sketches = gradients.par_iter().map(|g| meta.quantise(Side::Row, g)).collect();
    Ok((meta, sketches))
}

/// An empty batch whose gradient is of the margin ln(p / (1 − p)) of each token. Rows that a model remembers have
/// hardly any loss left, and what is left is noise: of 15 sampled continuations 13 found their row by the margin's
/// gradient, 3 by the loss's.
fn margin_batch() -> PackedBatch {
    PackedBatch::of(Objective::Margin)
}

/// Makes response sketches of one model. Share it behind an `Arc`.
pub struct Sketcher {
    model: Arc<Model>,
    adapter: Arc<Adapter>,
    projector: Projector,
    meta: Meta,
}

impl Sketcher {
    /// A sketcher for a base, an adapter and the meta file that was published with it.
    ///
    /// # Errors
    /// [`Error::Layout`] if the meta file is another model's.
    pub fn new(model: Arc<Model>, adapter: Arc<Adapter>, meta: Meta) -> Result<Self> {
        let projector = Projector::new(meta.layout.clone(), meta.seed, &model.config, &adapter.config)?;
        Ok(Self { model, adapter, projector, meta })
    }

    /// Entries of a sketch.
    pub fn dimension(&self) -> usize {
        self.meta.layout.dimension()
    }

    /// The sketch of `response` given `prompt`, \[dimension]: of the gradient of the response's margin, the prompt's
    /// tokens counting nothing. Leave out the stop token.
    ///
    /// # Errors
    /// [`Error::Empty`] for an empty response (or one token without a prompt), engine errors for foreign tokens.
    pub fn response_sketch(&self, prompt: &[u32], response: &[u32]) -> Result<Vec<i8>> {
        if response.is_empty() {
            return Err(Error::Empty("an empty response".into()));
        }
        let mut batch = margin_batch();
        batch.push_after(prompt, response, 1.0);
        let gradients = self.projector.gradients(&self.model, &self.adapter, &batch)?;
        let gradient = gradients.first().ok_or_else(|| Error::Empty("no gradient".into()))?;
        Ok(self.meta.quantise(Side::Response, gradient))
    }

    /// The sketch of a row's tokens, [dimension]: what an auditor compares with the published one.
    ///
    /// # Errors
    /// As [`Sketcher::response_sketch`].
    pub fn row_sketch(&self, row: &[u32]) -> Result<Vec<i8>> {
        let mut batch = margin_batch();
        batch.push(row, 1.0);
        let gradients = self.projector.gradients(&self.model, &self.adapter, &batch)?;
        let gradient = gradients.first().ok_or_else(|| Error::Empty("no gradient".into()))?;
        Ok(self.meta.quantise(Side::Row, gradient))
    }
}
