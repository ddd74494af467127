//! Gradients of sequences, projected as the backward pass reaches each module. No gradient is ever stored whole.

use crate::error::{Error, Result};
use crate::layout::{Layout, Part};
use engine::kernels::{MatMut, MatRef, Panels, matmul, product_tn};
use engine::train::{GradSink, Memory, ModuleGrad, PackedBatch, backward};
use engine::{Adapter, Config, LoraConfig, Model, Precision, Random};
use std::collections::HashMap;
use std::ops::Range;

/// The random directions of a layout for a model.
pub struct Projector {
    layout: Layout,
    /// (layer, target's index) → (block, left directions \[left, _], right directions \[right, _]).
    modules: HashMap<(usize, usize), (usize, Panels, Panels)>,
}

impl Projector {
    /// Draws the directions: signs ±1 / √inputs from SplitMix64, a stream of its own for each module and side.
    ///
    /// # Errors
    /// [`Error::Layout`].
    pub fn new(layout: Layout, seed: u64, model: &Config, lora: &LoraConfig) -> Result<Self> {
        layout.check(model, lora)?;
        let modules = layout.modules.iter().enumerate().map(|(block, m)| {
            let (inputs, outputs) = model.module(m.target);
            let (left, right) = match m.part {
                Part::A => (lora.rank, inputs),
                Part::B => (outputs, lora.rank),
                Part::Weight => (outputs, inputs),
            };
            let stream = |side: u64| {
                let mut mix = Random::new(seed);
                let base = mix.next_u64();
                Random::new(base ^ ((m.layer as u64) << 16 | (m.target.index() as u64) << 8 | side))
            };
            let lefts = directions(stream(0), layout.left, left);
            let rights = directions(stream(1), layout.right, right);
            ((m.layer, m.target.index()), (block, lefts, rights))
        });
        let modules = modules.collect();
        Ok(Self { layout, modules })
    }

    /// The layout.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The projected gradient of each sequence's part of the batch's objective, \[dimension] each, in the batch's order.
    pub fn gradients(&self, model: &Model, adapter: &Adapter, batch: &PackedBatch) -> Result<Vec<Vec<f32>>> {
        if batch.counted() == 0 {
            return Err(Error::Empty("no token follows another".into()));
        }
        let mut sink = Sink {
            projector: self,
            ranges: batch.ranges().collect(),
            out: vec![vec![0.0; self.layout.dimension()]; batch.sequences()],
        };
        backward(model, adapter, batch, memory_for(batch), Precision::Canonical, &mut sink)?;
        Ok(sink.out)
    }
}

/// Keeping everything takes 23 KB a token and layer: recompute long batches. The bits are the same.
fn memory_for(batch: &PackedBatch) -> Memory {
    if batch.rows() <= 768 { Memory::Keep } else { Memory::Recompute }
}

fn directions(mut random: Random, count: usize, width: usize) -> Panels {
    let size = 1.0 / (width as f32).sqrt();
    let signs: Vec<f32> = (0..count * width).map(|_| if random.next_u64() >> 63 == 0 { size } else { -size }).collect();
    Panels::pack(&signs, count, width)
}

struct Sink<'a> {
    projector: &'a Projector,
    ranges: Vec<Range<usize>>,
    out: Vec<Vec<f32>>,
}

impl GradSink for Sink<'_> {
    fn module(&mut self, grad: ModuleGrad) {
        let layout = &self.projector.layout;
        let Some((block, lefts, rights)) = self.projector.modules.get(&(grad.layer, grad.target.index())) else {
            return;
        };
        let (left, right) = match layout.modules[*block].part {
            Part::A => (grad.du, grad.x),
            Part::B => (grad.dy, grad.u),
            Part::Weight => (grad.dy, grad.x),
        };
        let (l, r, rows) = (layout.left, layout.right, left.rows);
        let (mut a, mut b) = (vec![0.0; rows * l], vec![0.0; rows * r]);
        matmul(left, lefts, MatMut::dense(&mut a, rows, l), false);
        matmul(right, rights, MatMut::dense(&mut b, rows, r), false);
        for (range, out) in self.ranges.iter().zip(&mut self.out) {
            let a = MatRef::dense(&a, rows, l).rows(range.start, range.len());
            let b = MatRef::dense(&b, rows, r).rows(range.start, range.len());
            let to = &mut out[block * l * r..(block + 1) * l * r];
            product_tn(a, b, MatMut::dense(to, l, r), false, false);
        }
    }
}
