//! Answering: many sequences at once, each with its own adapter, over one base.
//!
//! A [`Batch`] runs one step for all its sequences: the base's products are shared by all rows, each adapter's by the
//! rows that use it. Because every row's numbers are canonical, an answer depends on its own request alone.

use crate::cache::KvCache;
use crate::config::Target;
use crate::error::{Error, Result};
use crate::kernels::{MatMut, MatRef, add_assign, matmul, rms_norm, rotate_pairs, silu_mul};
use crate::lora::Adapter;
use crate::model::Model;
use crate::sampling::{Sampler, Sampling};
use rayon::prelude::*;
use std::sync::Arc;

/// Prompt tokens that one step takes in at most, so that a long prompt does not stall the others for long.
const PREFILL_ROWS: usize = 256;

/// A sequence's number within its batch; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SequenceId(pub u64);

/// What to answer, and how.
#[derive(Clone)]
pub struct Request {
    /// The whole prompt, at least one token.
    pub prompt: Vec<u32>,
    /// The adapter, or the base alone.
    pub adapter: Option<Arc<Adapter>>,
    pub sampling: Sampling,
    /// At least one.
    pub max_new_tokens: usize,
    /// Tokens that end the answer; see [`Tokenizer::stop_tokens`](crate::Tokenizer::stop_tokens).
    pub stop: Vec<u32>,
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// One of the stop tokens came (it is the token emitted with this).
    Stop,
    /// `max_new_tokens` were given.
    Length,
}

/// A token that a step gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emitted {
    pub id: SequenceId,
    pub token: u32,
    /// Set with the last token; the sequence has left the batch.
    pub finish: Option<Finish>,
}

struct Sequence {
    id: SequenceId,
    adapter: Option<Arc<Adapter>>,
    cache: KvCache,
    sampler: Sampler,
    /// Tokens that are not in the cache yet.
    pending: Vec<u32>,
    /// Tokens in the cache.
    length: usize,
    left: usize,
    stop: Vec<u32>,
}

/// Sequences that are decoded together.
pub struct Batch {
    model: Arc<Model>,
    sequences: Vec<Sequence>,
    next_id: u64,
}

/// Rows of one step that share an adapter.
struct Group {
    adapter: Option<Arc<Adapter>>,
    from: usize,
    rows: usize,
}

impl Batch {
    /// An empty batch.
    pub fn new(model: Arc<Model>) -> Self {
        Self { model, sequences: Vec::new(), next_id: 0 }
    }

    /// Sequences in the batch.
    pub fn len(&self) -> usize {
        self.sequences.len()
    }

    /// True if there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.sequences.is_empty()
    }

    /// Takes in a request; its first token comes from a later [`Batch::step`].
    ///
    /// # Errors
    /// [`Error::Request`] and [`Error::TooLong`]; the batch is unchanged then.
    pub fn admit(&mut self, request: Request) -> Result<SequenceId> {
        let config = &self.model.config;
        if request.prompt.is_empty() {
            return Err(Error::Request("an empty prompt".into()));
        }
        if let Some(token) = request.prompt.iter().find(|t| **t as usize >= config.vocab) {
            return Err(Error::Request(format!("token {token} is not in the vocabulary of {}", config.vocab)));
        }
        if request.max_new_tokens == 0 {
            return Err(Error::Request("max_new_tokens is 0".into()));
        }
        if let Some(problem) = request.sampling.problem() {
            return Err(Error::Request(problem));
        }
        let tokens = request.prompt.len().saturating_add(request.max_new_tokens);
        if tokens > config.context {
            return Err(Error::TooLong { tokens, context: config.context });
        }
        let id = SequenceId(self.next_id);
        self.next_id += 1;
        self.sequences.push(Sequence {
            id,
            adapter: request.adapter,
            cache: KvCache::new(config),
            sampler: Sampler::new(request.sampling),
            pending: request.prompt,
            length: 0,
            left: request.max_new_tokens,
            stop: request.stop,
        });
        // Rows of one adapter lie side by side.
        self.sequences.sort_by_key(|s| (s.adapter.as_ref().map_or(0, |a| Arc::as_ptr(a) as usize), s.id));
        Ok(id)
    }

    /// Drops a sequence, for instance because its client went away; false if it is not in the batch.
    pub fn retire(&mut self, id: SequenceId) -> bool {
        let before = self.sequences.len();
        self.sequences.retain(|s| s.id != id);
        self.sequences.len() < before
    }

    /// One step for every sequence: takes in prompt tokens (256 a step over all sequences) and gives one token for
    /// each whose prompt is all in. Finished sequences leave the batch.
    pub fn step(&mut self) -> Vec<Emitted> {
        let mut budget = PREFILL_ROWS;
        // (sequence, tokens it takes in)
        let mut plan: Vec<(usize, usize)> = Vec::new();
        for (index, sequence) in self.sequences.iter().enumerate() {
            let take = match sequence.pending.len() {
                1 => 1,
                prompt => prompt.min(budget),
            };
            if sequence.pending.len() > 1 {
                budget -= take;
            }
            if take > 0 {
                plan.push((index, take));
            }
        }
        if plan.is_empty() {
            return Vec::new();
        }
        let x = self.forward(&plan);
        let logits = self.logits(&plan, x);
        self.advance(&plan, logits)
    }

    /// The residual stream after all layers, \[rows, dim].
    fn forward(&mut self, plan: &[(usize, usize)]) -> Vec<f32> {
        let model = Arc::clone(&self.model);
        let config = &model.config;
        let rows: usize = plan.iter().map(|(_, take)| take).sum();
        let (dim, q, kv, qkv_dim) = (config.dim, config.q_dim(), config.kv_dim(), config.qkv_dim());

        let mut x = vec![0.0f32; rows * dim];
        // Each row's (sequence, position).
        let mut places = Vec::with_capacity(rows);
        let mut groups: Vec<Group> = Vec::new();
        for &(index, take) in plan {
            let sequence = &self.sequences[index];
            let same = |g: &Group| match (&g.adapter, &sequence.adapter) {
                (Some(a), Some(b)) => Arc::ptr_eq(a, b),
                (None, None) => true,
                _ => false,
            };
            match groups.last_mut().filter(|g| same(g)) {
                Some(group) => group.rows += take,
                None => groups.push(Group { adapter: sequence.adapter.clone(), from: places.len(), rows: take }),
            }
            for (i, token) in sequence.pending[..take].iter().enumerate() {
                model.embed(*token, &mut x[places.len() * dim..][..dim]);
                places.push((index, sequence.length + i));
            }
        }

        let mut normed = vec![0.0f32; rows * dim];
        let mut qkv = vec![0.0f32; rows * qkv_dim];
        let mut attention = vec![0.0f32; rows * q];
        let mut projected = vec![0.0f32; rows * dim];
        let mut gate_up = vec![0.0f32; rows * 2 * config.ffn];
        let mut act = vec![0.0f32; rows * config.ffn];
        let mut u = Vec::new();
        for (l, layer) in model.layers.iter().enumerate() {
            rms_norm(&x, &layer.attn_norm, config.norm_eps, &mut normed);
            matmul(
                MatRef::dense(&normed, rows, dim),
                layer.qkv.forward(),
                MatMut::dense(&mut qkv, rows, qkv_dim),
                false,
            );
            for (target, column) in [(Target::Q, 0), (Target::K, q), (Target::V, q + kv)] {
                adapt(&groups, l, target, &normed, dim, &mut qkv, qkv_dim, column, &mut u);
            }
            for (row, &(index, position)) in qkv.chunks_exact_mut(qkv_dim).zip(&places) {
                let (queries_keys, values) = row.split_at_mut(q + kv);
                rotate_pairs(queries_keys, model.rope(position), false);
                self.sequences[index].cache.append(config, l, position, &queries_keys[q..], values);
            }
            let sequences = &self.sequences;
            let work = attention.par_chunks_exact_mut(q).zip(qkv.par_chunks_exact(qkv_dim).zip(&places));
            work.with_min_len(rows.div_ceil(8)).for_each(|(out, (row, place))| {
                let (index, position) = *place;
                sequences[index].cache.attend(config, l, &row[..q], position + 1, out);
            });
            matmul(
                MatRef::dense(&attention, rows, q),
                layer.o.forward(),
                MatMut::dense(&mut projected, rows, dim),
                false,
            );
            adapt(&groups, l, Target::O, &attention, q, &mut projected, dim, 0, &mut u);
            add_assign(&mut x, &projected);

            rms_norm(&x, &layer.ffn_norm, config.norm_eps, &mut normed);
            let wide = 2 * config.ffn;
            matmul(
                MatRef::dense(&normed, rows, dim),
                layer.gate_up.forward(),
                MatMut::dense(&mut gate_up, rows, wide),
                false,
            );
            adapt(&groups, l, Target::Gate, &normed, dim, &mut gate_up, wide, 0, &mut u);
            adapt(&groups, l, Target::Up, &normed, dim, &mut gate_up, wide, config.ffn, &mut u);
            silu_mul(&gate_up, config.ffn, &mut act);
            matmul(
                MatRef::dense(&act, rows, config.ffn),
                layer.down.forward(),
                MatMut::dense(&mut projected, rows, dim),
                false,
            );
            adapt(&groups, l, Target::Down, &act, config.ffn, &mut projected, dim, 0, &mut u);
            add_assign(&mut x, &projected);
        }
        x
    }

    /// Logits \[sequences that are through their prompt, vocab], in the plan's order.
    fn logits(&self, plan: &[(usize, usize)], x: Vec<f32>) -> Vec<f32> {
        let config = &self.model.config;
        let dim = config.dim;
        let mut ends = Vec::new();
        let mut row = 0;
        for &(index, take) in plan {
            row += take;
            if take == self.sequences[index].pending.len() {
                ends.extend_from_slice(&x[(row - 1) * dim..row * dim]);
            }
        }
        let rows = ends.len() / dim;
        let mut normed = vec![0.0f32; ends.len()];
        rms_norm(&ends, &self.model.final_norm, config.norm_eps, &mut normed);
        let mut logits = vec![0.0f32; rows * config.vocab];
        let out = MatMut::dense(&mut logits, rows, config.vocab);
        matmul(MatRef::dense(&normed, rows, dim), self.model.output.forward(), out, false);
        logits
    }

    /// Chooses tokens, moves the sequences on, drops the finished ones.
    fn advance(&mut self, plan: &[(usize, usize)], mut logits: Vec<f32>) -> Vec<Emitted> {
        let mut rows = logits.chunks_exact_mut(self.model.config.vocab);
        let mut emitted = Vec::new();
        for &(index, take) in plan {
            let sequence = &mut self.sequences[index];
            sequence.length += take;
            sequence.pending.drain(..take);
            if !sequence.pending.is_empty() {
                continue;
            }
            let Some(row) = rows.next() else { break };
            let token = sequence.sampler.choose(row);
            sequence.pending.push(token);
            sequence.left -= 1;
            let finish = if sequence.stop.contains(&token) {
                Some(Finish::Stop)
            } else if sequence.left == 0 {
                Some(Finish::Length)
            } else {
                None
            };
            emitted.push(Emitted { id: sequence.id, token, finish });
        }
        let done: Vec<SequenceId> = emitted.iter().filter(|e| e.finish.is_some()).map(|e| e.id).collect();
        self.sequences.retain(|s| !done.contains(&s.id));
        emitted.sort_unstable_by_key(|e| e.id);
        emitted
    }
}

/// y\[.., column..] += the pair of (layer, target), group by group. x \[rows, inputs], y rows `stride` apart.
#[allow(clippy::too_many_arguments)]
fn adapt(
    groups: &[Group],
    layer: usize,
    target: Target,
    x: &[f32],
    inputs: usize,
    y: &mut [f32],
    stride: usize,
    column: usize,
    u: &mut Vec<f32>,
) {
    for group in groups {
        let Some(adapter) = &group.adapter else { continue };
        let Some(pair) = adapter.pair(layer, target) else { continue };
        u.resize(group.rows * adapter.config.rank, 0.0);
        let x = MatRef::dense(&x[group.from * inputs..][..group.rows * inputs], group.rows, inputs);
        let y = MatMut::strided(&mut y[group.from * stride + column..], group.rows, pair.outputs(), stride);
        pair.apply(adapter.config.scale(), x, u, y);
    }
}

/// Answers one request; `on_token` sees each token as it comes and may end the answer by returning false. Returns all
/// tokens and why it ended (`None` if `on_token` ended it).
pub fn generate(
    model: &Arc<Model>,
    request: Request,
    mut on_token: impl FnMut(u32) -> bool,
) -> Result<(Vec<u32>, Option<Finish>)> {
    let mut batch = Batch::new(Arc::clone(model));
    batch.admit(request)?;
    let mut tokens = Vec::new();
    while !batch.is_empty() {
        for emitted in batch.step() {
            tokens.push(emitted.token);
            let go_on = on_token(emitted.token);
            if emitted.finish.is_some() || !go_on {
                return Ok((tokens, emitted.finish));
            }
        }
    }
    Ok((tokens, None))
}
