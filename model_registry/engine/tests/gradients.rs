//! The backward pass against finite differences, on a tiny random model.

mod common;

use common::tiny;
use engine::train::{Gradients, Memory, Objective, PackedBatch, backward, losses};
use engine::{Config, LoraConfig, LoraWeights, Model, Precision, Random, Target};

/// Weights whose B is not zero, so that every gradient is alive.
fn weights(config: &Config, rank: usize) -> LoraWeights {
    let lora = LoraConfig { rank, alpha: 2.0 * rank as f32, ..LoraConfig::default() };
    let mut weights = LoraWeights::init(config, lora, 3).unwrap();
    let mut random = Random::new(4);
    for pair in weights.layers.iter_mut().flatten().flatten() {
        pair.b.iter_mut().for_each(|v| *v = 0.1 * random.normal());
    }
    weights
}

fn batch() -> PackedBatch {
    batch_of(Objective::Loss)
}

fn batch_of(objective: Objective) -> PackedBatch {
    let mut batch = PackedBatch::of(objective);
    batch.push(&[1, 7, 3, 44, 5, 9, 9, 2], 0.5);
    batch.push_after(&[8, 2, 30], &[4, 11, 6, 49], 1.5);
    batch
}

fn total(model: &Model, weights: &LoraWeights, objective: Objective) -> f64 {
    let losses = losses(model, Some(&weights.pack()), &batch()).unwrap();
    let of = |loss: f64| match objective {
        Objective::Loss => loss,
        // −ln(p / (1 − p)) with p = e^−loss.
        Objective::Margin if loss > 0.0 => loss + (1.0 - (-loss).exp()).ln(),
        Objective::Margin => 0.0,
    };
    losses.iter().enumerate().map(|(i, l)| of(f64::from(*l)) * if i < 8 { 0.5 } else { 1.5 }).sum()
}

#[test]
fn every_module_has_the_gradient_of_its_finite_differences() {
    compare_with_differences(Objective::Loss);
}

#[test]
fn the_margins_gradient_is_that_of_its_finite_differences() {
    compare_with_differences(Objective::Margin);
}

fn compare_with_differences(objective: Objective) {
    let config = tiny();
    let model = Model::random(config.clone(), 1).unwrap();
    let mut weights = weights(&config, 3);
    let mut gradients = Gradients::zeros(&weights);
    let batch = batch_of(objective);
    backward(&model, &weights.pack(), &batch, Memory::Keep, Precision::Canonical, &mut gradients).unwrap();
    let step = 1e-2f32;
    let mut random = Random::new(9);
    for l in 0..config.layers {
        for target in Target::ALL {
            for of_b in [false, true] {
                // Along a random direction: all entries of a matrix at once, well above f32's noise.
                let gradient = gradients.pair(l, target).unwrap();
                let gradient = if of_b { gradient.b.clone() } else { gradient.a.clone() };
                let direction: Vec<f32> = gradient.iter().map(|_| random.normal()).collect();
                let mut at = |sign: f32| {
                    let pair = weights.layers[l][target.index()].as_mut().unwrap();
                    let values = if of_b { &mut pair.b } else { &mut pair.a };
                    let before = values.clone();
                    values.iter_mut().zip(&direction).for_each(|(v, d)| *v += sign * step * d);
                    let loss = total(&model, &weights, objective);
                    let pair = weights.layers[l][target.index()].as_mut().unwrap();
                    *(if of_b { &mut pair.b } else { &mut pair.a }) = before;
                    loss
                };
                // Fourth order in the step, so that the step can be large against f32's rounding.
                let slope = (8.0 * (at(1.0) - at(-1.0)) - (at(2.0) - at(-2.0))) / (12.0 * f64::from(step));
                let ours: f64 = gradient.iter().zip(&direction).map(|(g, d)| f64::from(g * d)).sum();
                let size: f64 = gradient.iter().map(|g| f64::from(g * g)).sum::<f64>().sqrt();
                let error = (slope - ours).abs() / size.max(1e-3);
                assert!(error < 5e-3, "layer {l} {target:?} B {of_b}: {slope} against {ours}, error {error}");
            }
        }
    }
}

#[test]
fn recomputing_layers_changes_no_bit() {
    let config = tiny();
    let model = Model::random(config.clone(), 1).unwrap();
    let weights = weights(&config, 4);
    let adapter = weights.pack();
    let run = |memory| {
        let mut gradients = Gradients::zeros(&weights);
        let losses = backward(&model, &adapter, &batch(), memory, Precision::Canonical, &mut gradients).unwrap();
        let pairs: Vec<_> = (0..2).flat_map(|l| Target::ALL.map(|t| gradients.pair(l, t).unwrap().clone())).collect();
        (losses, pairs)
    };
    let (kept, again) = (run(Memory::Keep), run(Memory::Recompute));
    assert!(kept == again);
    assert_eq!(kept.0, losses(&model, Some(&adapter), &batch()).unwrap());
}

#[test]
fn a_batch_that_has_no_gradient_is_refused() {
    let model = Model::random(tiny(), 1).unwrap();
    let refused = |fill: &dyn Fn(&mut PackedBatch)| {
        let mut batch = PackedBatch::default();
        fill(&mut batch);
        losses(&model, None, &batch).is_err()
    };
    assert!(refused(&|_| {}));
    assert!(refused(&|b| b.push(&[], 1.0)));
    assert!(refused(&|b| b.push(&[1, 9_999], 1.0)));
    assert!(refused(&|b| b.push(&[1; 97], 1.0)), "longer than the context");
    let mut unreasonable = tiny();
    unreasonable.context = 1 << 40;
    assert!(Model::random(unreasonable, 1).is_err());
}
