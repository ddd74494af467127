//! What sketching adds to a forward and backward pass: least times of alternating runs.
//! `cargo run --release -p influence --example pass -- MODEL.gguf [ROUNDS]`

use engine::train::{GradSink, Memory, ModuleGrad, PackedBatch, backward};
use engine::{LoraConfig, LoraWeights, Model, Precision, Random};
use influence::{Layout, Projector};
use std::time::{Duration, Instant};

struct Nothing;

impl GradSink for Nothing {
    fn module(&mut self, _: ModuleGrad) {}
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let path = arguments.get(1).ok_or("usage: pass MODEL.gguf [ROUNDS]")?;
    let rounds = arguments.get(2).and_then(|n| n.parse().ok()).unwrap_or(5);
    let model = Model::load(path)?;
    let lora = LoraConfig::default();
    let adapter = LoraWeights::init(&model.config, lora.clone(), 1)?.pack();
    let projector = Projector::new(Layout::default_for(&model.config, &lora), 1, &model.config, &lora)?;
    let mut random = Random::new(1);
    let mut batch = PackedBatch::default();
    for _ in 0..4 {
        let row: Vec<u32> = (0..160).map(|_| 20 + random.below(40_000) as u32).collect();
        batch.push(&row, 1.0);
    }
    let (mut alone, mut sketched) = (Duration::MAX, Duration::MAX);
    for _ in 0..=rounds {
        let started = Instant::now();
        backward(&model, &adapter, &batch, Memory::Keep, Precision::Canonical, &mut Nothing)?;
        alone = alone.min(started.elapsed());
        let started = Instant::now();
        projector.gradients(&model, &adapter, &batch)?;
        sketched = sketched.min(started.elapsed());
    }
    println!(
        "forward and backward of 640 tokens {alone:.2?}, with the sketch {sketched:.2?}: {:.3}×, {:.0} tokens/s",
        sketched.as_secs_f64() / alone.as_secs_f64(),
        640.0 / sketched.as_secs_f64()
    );
    Ok(())
}
