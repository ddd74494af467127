//! Summed gradients and AdamW.

use super::{GradSink, ModuleGrad};
use crate::error::{Error, Result};
use crate::kernels::{MatMut, dot_f64, product_tn, scale_in_place};
use crate::lora::{LoraWeights, Pair};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// The gradient of an adapter's weights, summed over what was handed in.
pub struct Gradients {
    layers: Vec<[Option<Pair>; 7]>,
}

impl Gradients {
    /// Zeros in the shape of `weights`.
    pub fn zeros(weights: &LoraWeights) -> Self {
        Self { layers: zeros(weights) }
    }

    /// The pair of a module.
    pub fn pair(&self, layer: usize, target: crate::Target) -> Option<&Pair> {
        self.layers.get(layer).and_then(|modules| modules[target.index()].as_ref())
    }

    /// Length of the whole gradient as one vector.
    pub fn norm(&self) -> f64 {
        let squares = |modules: &[Option<Pair>; 7]| -> f64 {
            modules.iter().flatten().map(|p| dot_f64(&p.a, &p.a) + dot_f64(&p.b, &p.b)).sum()
        };
        // Collected first: the sum over layers keeps its order whatever the threads do.
        let layers: Vec<f64> = self.layers.par_iter().map(squares).collect();
        libm::sqrt(layers.iter().sum())
    }

    /// Shortens the gradient to `limit` where it is longer; returns its length before.
    pub fn clip(&mut self, limit: f64) -> f64 {
        let norm = self.norm();
        if norm > limit {
            let factor = (limit / norm) as f32;
            for pair in self.layers.iter_mut().flatten().flatten() {
                scale_in_place(&mut pair.a, factor);
                scale_in_place(&mut pair.b, factor);
            }
        }
        norm
    }
}

impl GradSink for Gradients {
    fn module(&mut self, grad: ModuleGrad) {
        let Some(pair) = self.layers[grad.layer][grad.target.index()].as_mut() else { return };
        let (rank, inputs, outputs) = (grad.u.cols, grad.x.cols, grad.dy.cols);
        product_tn(grad.du, grad.x, MatMut::dense(&mut pair.a, rank, inputs), true, true);
        product_tn(grad.dy, grad.u, MatMut::dense(&mut pair.b, outputs, rank), true, true);
    }
}

fn zeros(weights: &LoraWeights) -> Vec<[Option<Pair>; 7]> {
    let zero = |p: &Option<Pair>| p.as_ref().map(|p| Pair { a: vec![0.0; p.a.len()], b: vec![0.0; p.b.len()] });
    weights.layers.iter().map(|modules| std::array::from_fn(|t| zero(&modules[t]))).collect()
}

/// How the learning rate runs over the steps, after a linear warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    Constant,
    /// Down to zero in a straight line.
    Linear,
    /// Down to zero along half a cosine.
    Cosine,
}

impl Schedule {
    /// The factor of the learning rate at `step` of `steps`, the first `warmup` of which climb.
    pub fn factor(self, step: usize, warmup: usize, steps: usize) -> f32 {
        if step < warmup {
            return (step + 1) as f32 / (warmup + 1) as f32;
        }
        let done = (step - warmup) as f64 / steps.saturating_sub(warmup).max(1) as f64;
        match self {
            Schedule::Constant => 1.0,
            Schedule::Linear => (1.0 - done) as f32,
            Schedule::Cosine => (0.5 + 0.5 * libm::cos(std::f64::consts::PI * done)) as f32,
        }
    }
}

/// AdamW (Loshchilov, Hutter 2019) with its moments.
pub struct AdamW {
    pub beta1: f32,
    pub beta2: f32,
    pub epsilon: f32,
    pub weight_decay: f32,
    steps: u32,
    first: Vec<[Option<Pair>; 7]>,
    second: Vec<[Option<Pair>; 7]>,
}

impl AdamW {
    /// Moments of zero in the shape of `weights`.
    pub fn new(weights: &LoraWeights, weight_decay: f32) -> Self {
        Self {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay,
            steps: 0,
            first: zeros(weights),
            second: zeros(weights),
        }
    }

    /// Moves `weights` one step against `gradients`.
    pub fn step(&mut self, weights: &mut LoraWeights, gradients: &Gradients, learning_rate: f32) {
        self.steps += 1;
        let correct = |beta: f32| (1.0 - libm::pow(f64::from(beta), f64::from(self.steps))) as f32;
        let rates = Rates {
            beta1: self.beta1,
            beta2: self.beta2,
            epsilon: self.epsilon,
            decay: 1.0 - learning_rate * self.weight_decay,
            rate: learning_rate / correct(self.beta1),
            second: correct(self.beta2),
        };
        let moments = self.first.par_iter_mut().zip(&mut self.second);
        let layers = weights.layers.par_iter_mut().zip(&gradients.layers).zip(moments);
        layers.for_each(|((weights, gradients), (first, second))| {
            for t in 0..weights.len() {
                let (Some(w), Some(g)) = (&mut weights[t], &gradients[t]) else { continue };
                let (Some(m), Some(v)) = (&mut first[t], &mut second[t]) else { continue };
                rates.update(&mut w.a, &g.a, &mut m.a, &mut v.a);
                rates.update(&mut w.b, &g.b, &mut m.b, &mut v.b);
            }
        });
    }

    /// Steps taken.
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// The moments as bytes, for a checkpoint.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.steps.to_le_bytes().to_vec();
        for pair in self.first.iter().chain(&self.second).flatten().flatten() {
            bytes.extend(pair.a.iter().chain(&pair.b).flat_map(|v| v.to_le_bytes()));
        }
        bytes
    }

    /// Takes moments that [`AdamW::to_bytes`] gave for weights of the same shape.
    ///
    /// # Errors
    /// [`Error::LoraConfig`] if the length differs.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        let pairs = self.first.iter().flatten().flatten();
        let expected = 4 + 8 * pairs.map(|p| p.a.len() + p.b.len()).sum::<usize>();
        if bytes.len() != expected {
            return Err(Error::LoraConfig(format!("moments of {} bytes, expected {expected}", bytes.len())));
        }
        let mut words = bytes.chunks_exact(4).map(|c| [c[0], c[1], c[2], c[3]]);
        self.steps = words.next().map_or(0, u32::from_le_bytes);
        for pair in self.first.iter_mut().chain(&mut self.second).flatten().flatten() {
            for (v, word) in pair.a.iter_mut().chain(&mut pair.b).zip(&mut words) {
                *v = f32::from_le_bytes(word);
            }
        }
        Ok(())
    }
}

struct Rates {
    beta1: f32,
    beta2: f32,
    epsilon: f32,
    decay: f32,
    rate: f32,
    /// Bias correction of the second moment.
    second: f32,
}

impl Rates {
    fn update(&self, w: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32]) {
        for (((w, g), m), v) in w.iter_mut().zip(g).zip(m).zip(v) {
            *m = self.beta1 * *m + (1.0 - self.beta1) * g;
            *v = self.beta2 * *v + (1.0 - self.beta2) * g * g;
            *w = *w * self.decay - self.rate * *m / ((*v / self.second).sqrt() + self.epsilon);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;

    #[test]
    fn schedules_climb_and_fall() {
        assert_eq!(Schedule::Cosine.factor(0, 3, 10), 0.25);
        assert_eq!(Schedule::Cosine.factor(3, 3, 10), 1.0);
        assert!(Schedule::Cosine.factor(9, 3, 10) < 0.1);
        assert_eq!(Schedule::Constant.factor(9, 3, 10), 1.0);
        assert_eq!(Schedule::Linear.factor(5, 0, 10), 0.5);
    }
}
