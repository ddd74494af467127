//! How fast a base model takes in prompts and answers, alone and in batches, with and without an adapter of its own for
//! each sequence. `cargo run --release -p engine --example speed -- MODEL.gguf [BATCHES, such as 1,8,32]`

use engine::{Adapter, Batch, LoraConfig, LoraWeights, Model, Random, Request, Sampling, Target};
use std::sync::Arc;
use std::time::Instant;

const PROMPT: usize = 32;
const ANSWER: usize = 33;

fn adapters(model: &Model, config: &LoraConfig, count: usize) -> Result<Vec<Arc<Adapter>>, engine::Error> {
    let adapter = |seed| {
        let mut weights = LoraWeights::init(&model.config, config.clone(), seed)?;
        let mut random = Random::new(seed);
        weights
            .layers
            .iter_mut()
            .flatten()
            .flatten()
            .for_each(|p| p.b.iter_mut().for_each(|v| *v = 0.01 * random.normal()));
        Ok(Arc::new(weights.pack()))
    };
    (0..count as u64).map(adapter).collect()
}

/// Decoded tokens a second over all sequences, prompts not counted.
fn decode(model: &Arc<Model>, count: usize, adapters: &[Arc<Adapter>]) -> Result<f64, engine::Error> {
    let mut batch = Batch::new(Arc::clone(model));
    let mut random = Random::new(1);
    for i in 0..count {
        batch.admit(Request {
            prompt: (0..PROMPT).map(|_| 20 + random.below(40_000) as u32).collect(),
            adapter: adapters.get(i).cloned(),
            sampling: Sampling::greedy(),
            max_new_tokens: ANSWER,
            stop: Vec::new(),
        })?;
    }
    // All prompts in, one token each.
    let mut first = 0;
    while first < count {
        first += batch.step().len();
    }
    let (started, mut tokens) = (Instant::now(), 0);
    while !batch.is_empty() {
        tokens += batch.step().len();
    }
    Ok(tokens as f64 / started.elapsed().as_secs_f64())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let path = arguments.get(1).ok_or("usage: speed MODEL.gguf [BATCHES]")?;
    let batches = arguments.get(2).map_or("1,4,8,32", String::as_str);
    let model = Arc::new(Model::load(path)?);
    println!("{:?}, {} threads, base {} MB", engine::kernels::isa(), rayon::current_num_threads(), model.bytes() >> 20);
    let mut batch = Batch::new(Arc::clone(&model));
    let prompt = (0..256).map(|i| 20 + i * 131 % 40_000).collect();
    let (adapter, sampling, stop) = (None, Sampling::greedy(), Vec::new());
    batch.admit(Request { prompt, adapter, sampling, max_new_tokens: 1, stop })?;
    let started = Instant::now();
    while batch.step().is_empty() {}
    println!("prompt of 256 tokens: {:.0} tokens/s", 256.0 / started.elapsed().as_secs_f64());
    let qv = LoraConfig { rank: 8, alpha: 16.0, targets: vec![Target::Q, Target::V] };
    for size in batches.split(',') {
        let size: usize = size.trim().parse()?;
        let plain = decode(&model, size, &[])?;
        let narrow = decode(&model, size, &adapters(&model, &qv, size)?)?;
        let wide = decode(&model, size, &adapters(&model, &LoraConfig::default(), size)?)?;
        println!(
            "{size:3} sequences: {plain:6.1} tokens/s, each with an adapter of rank 8 on q and v {narrow:6.1} ({:.2}×), of rank 16 on all {wide:6.1} ({:.2}×)",
            narrow / plain,
            wide / plain
        );
    }
    Ok(())
}
