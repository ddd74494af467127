//! Choosing the next token.

use crate::kernels::softmax_in_place;
use crate::random::Random;

/// How to choose the next token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// 0 takes the likeliest token; above, the distribution is divided by it.
    pub temperature: f32,
    /// Sample among the likeliest tokens that together have this probability; 1 for all.
    pub top_p: f32,
    /// Equal seeds, prompts and adapters give equal answers.
    pub seed: u64,
}

impl Default for Sampling {
    fn default() -> Self {
        Self::greedy()
    }
}

impl Sampling {
    /// Always the likeliest token.
    pub fn greedy() -> Self {
        Self { temperature: 0.0, top_p: 1.0, seed: 0 }
    }

    /// What is wrong with the values, if anything.
    pub fn problem(&self) -> Option<String> {
        if !(0.0..=10.0).contains(&self.temperature) {
            return Some(format!("temperature {} is not between 0 and 10", self.temperature));
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return Some(format!("top_p {} is not above 0 and at most 1", self.top_p));
        }
        None
    }
}

/// A sequence's own source of choices.
pub(crate) struct Sampler {
    sampling: Sampling,
    random: Random,
}

impl Sampler {
    pub(crate) fn new(sampling: Sampling) -> Self {
        Self { sampling, random: Random::new(sampling.seed) }
    }

    /// The next token given its logits \[vocab], which are overwritten.
    pub(crate) fn choose(&mut self, logits: &mut [f32]) -> u32 {
        if self.sampling.temperature == 0.0 {
            return likeliest(logits);
        }
        softmax_in_place(logits, 1.0 / self.sampling.temperature);
        let mut order: Vec<u32> = (0..logits.len() as u32).collect();
        let heavier = |a: &u32, b: &u32| logits[*b as usize].total_cmp(&logits[*a as usize]).then(a.cmp(b));
        if self.sampling.top_p < 1.0 {
            // Tokens below the mass that a nucleus can leave out are rarely more than a few dozen above it.
            order.retain(|t| logits[*t as usize] > 1e-7);
            order.sort_unstable_by(heavier);
            let mut mass = 0.0f64;
            let keep = order.iter().position(|t| {
                mass += f64::from(logits[*t as usize]);
                mass >= f64::from(self.sampling.top_p)
            });
            order.truncate(keep.map_or(order.len(), |k| k + 1));
        }
        let total: f64 = order.iter().map(|t| f64::from(logits[*t as usize])).sum();
        let mut left = self.random.uniform() * total;
        for token in &order {
            left -= f64::from(logits[*token as usize]);
            if left < 0.0 {
                return *token;
            }
        }
        order.last().copied().unwrap_or(0)
    }
}

/// The token with the largest logit, the lowest number among equals.
pub fn likeliest(logits: &[f32]) -> u32 {
    let mut best = 0;
    for (token, value) in logits.iter().enumerate() {
        if *value > logits[best] {
            best = token;
        }
    }
    best as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tiny_nucleus_takes_the_likeliest() {
        for seed in 0..20 {
            let mut sampler = Sampler::new(Sampling { temperature: 1.0, top_p: 1e-6, seed });
            assert_eq!(sampler.choose(&mut [0.1, 2.0, 1.9]), 1);
        }
    }

    #[test]
    fn samples_follow_the_distribution_and_the_seed() {
        let run = |seed| {
            let mut sampler = Sampler::new(Sampling { temperature: 1.0, top_p: 1.0, seed });
            (0..2000).map(|_| sampler.choose(&mut [0.0, 3f32.ln()])).sum::<u32>()
        };
        assert!((1400..1600).contains(&run(1)));
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }
}
