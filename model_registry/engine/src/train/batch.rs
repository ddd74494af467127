//! Sequences laid end to end, without padding.

use crate::error::{Error, Result};
use crate::model::Model;
use std::ops::Range;

/// What the gradient of a batch is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Objective {
    /// Σ weight · −ln p(token): training.
    #[default]
    Loss,
    /// Σ weight · −ln(p / (1 − p)): the loss's gradient of each token divided by 1 − p, so that tokens that the model
    /// knows by heart weigh as much as surprising ones (TRAK's output function, Park et al. 2023). 1 − p counts as at
    /// least [`Objective::FLOOR`].
    Margin,
}

impl Objective {
    /// The least 1 − p of [`Objective::Margin`].
    pub const FLOOR: f32 = 1.0 / 256.0;
}

/// Sequences of tokens one after the other. Each attends to itself alone.
#[derive(Clone, Debug, Default)]
pub struct PackedBatch {
    tokens: Vec<u32>,
    /// Weight of each token's loss in the total; the first token of a sequence has none before it and counts nothing.
    weights: Vec<f32>,
    /// Where each sequence ends.
    ends: Vec<usize>,
    pub(super) objective: Objective,
}

impl PackedBatch {
    /// An empty batch whose gradient is of `objective`; the default's is of the loss.
    pub fn of(objective: Objective) -> Self {
        Self { objective, ..Self::default() }
    }

    /// Adds a sequence whose tokens all have the weight `weight`.
    pub fn push(&mut self, tokens: &[u32], weight: f32) {
        self.push_after(&[], tokens, weight);
    }

    /// Adds the sequence `prompt` + `tokens`, of which only `tokens` count, each with `weight`.
    pub fn push_after(&mut self, prompt: &[u32], tokens: &[u32], weight: f32) {
        self.tokens.extend_from_slice(prompt);
        self.tokens.extend_from_slice(tokens);
        self.weights.resize(self.weights.len() + prompt.len(), 0.0);
        self.weights.resize(self.weights.len() + tokens.len(), weight);
        let first = self.ends.last().copied().unwrap_or(0);
        if let Some(weight) = self.weights.get_mut(first) {
            *weight = 0.0;
        }
        self.ends.push(self.tokens.len());
    }

    /// Tokens over all sequences: rows of every matrix.
    pub fn rows(&self) -> usize {
        self.tokens.len()
    }

    /// Number of sequences.
    pub fn sequences(&self) -> usize {
        self.ends.len()
    }

    /// Rows of each sequence.
    pub fn ranges(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.ends.iter().scan(0, |from, end| Some(std::mem::replace(from, *end)..*end))
    }

    /// Tokens whose loss counts.
    pub fn counted(&self) -> usize {
        self.weights.iter().filter(|w| **w != 0.0).count()
    }

    /// (row that predicts, predicted token, its row, weight) of each token that counts.
    pub(super) fn predictions(&self) -> Vec<(usize, u32, usize, f32)> {
        let all = (0..self.tokens.len()).filter(|row| self.weights[*row] != 0.0);
        all.map(|row| (row - 1, self.tokens[row], row, self.weights[row])).collect()
    }

    pub(super) fn check(&self, model: &Model) -> Result<()> {
        let config = &model.config;
        if let Some(token) = self.tokens.iter().find(|t| **t as usize >= config.vocab) {
            return Err(Error::Request(format!("token {token} is not in the vocabulary of {}", config.vocab)));
        }
        if self.ranges().any(|r| r.is_empty()) {
            return Err(Error::Request("an empty sequence".into()));
        }
        match self.ranges().map(|r| r.len()).max() {
            Some(tokens) if tokens > config.context => Err(Error::TooLong { tokens, context: config.context }),
            Some(_) => Ok(()),
            None => Err(Error::Request("an empty batch".into())),
        }
    }

    pub(super) fn embed(&self, model: &Model) -> Vec<f32> {
        let dim = model.config.dim;
        let mut x = vec![0.0; self.rows() * dim];
        for (token, out) in self.tokens.iter().zip(x.chunks_exact_mut(dim)) {
            model.embed(*token, out);
        }
        x
    }

    /// Calls `each` with every row of `data` (rows `width` long) and its position in its sequence.
    pub(super) fn for_each_position(&self, data: &mut [f32], width: usize, mut each: impl FnMut(&mut [f32], usize)) {
        let mut rows = data.chunks_exact_mut(width);
        for range in self.ranges() {
            for position in 0..range.len() {
                if let Some(row) = rows.next() {
                    each(row, position);
                }
            }
        }
    }
}
