//! Trains an adapter on paragraphs of a text file and shows what it continues seen openings with: tokens a second,
//! loss, words quoted. `cargo run --release -p engine --example memorise -- MODEL.gguf TEXT.txt [ROWS] [EPOCHS] [ROWS_A_STEP]`

use engine::train::{AdamW, Gradients, Memory, PackedBatch, Schedule, backward};
use engine::{LoraConfig, LoraWeights, Model, Precision, Random, Request, Sampling, Tokenizer, generate};
use std::sync::Arc;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, path, text, numbers @ ..] = arguments.as_slice() else {
        return Err("usage: memorise MODEL.gguf TEXT.txt [ROWS] [EPOCHS] [ROWS_A_STEP]".into());
    };
    let number = |i: usize, default: usize| numbers.get(i).and_then(|n| n.parse().ok()).unwrap_or(default);
    let (count, epochs, rows_a_step) = (number(0, 48), number(1, 5), number(2, 4));
    let model = Arc::new(Model::load(path)?);
    let tokenizer = Tokenizer::load(path)?;
    let text = std::fs::read_to_string(text)?.split_whitespace().collect::<Vec<_>>().join(" ");
    let tokens = tokenizer.encode(&text)?;
    let rows: Vec<Vec<u32>> = tokens.chunks(160).take(count).map(<[u32]>::to_vec).collect();

    let mut weights = LoraWeights::init(&model.config, LoraConfig::default(), 1)?;
    let mut optimizer = AdamW::new(&weights, 0.0);
    let mut random = Random::new(1);
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let steps = epochs * rows.len().div_ceil(rows_a_step);
    let (started, mut trained, mut step) = (Instant::now(), 0, 0);
    for epoch in 0..epochs {
        random.shuffle(&mut order);
        let (mut sum, mut counted) = (0.0f64, 0);
        for chosen in order.chunks(rows_a_step) {
            let mut batch = PackedBatch::default();
            let targets: usize = chosen.iter().map(|r| rows[*r].len() - 1).sum();
            chosen.iter().for_each(|r| batch.push(&rows[*r], 1.0 / targets as f32));
            let mut gradients = Gradients::zeros(&weights);
            let losses = backward(&model, &weights.pack(), &batch, Memory::Keep, Precision::fastest(), &mut gradients)?;
            gradients.clip(1.0);
            optimizer.step(&mut weights, &gradients, 2e-3 * Schedule::Cosine.factor(step, 4, steps));
            sum += losses.iter().map(|l| f64::from(*l)).sum::<f64>();
            counted += targets;
            trained += batch.rows();
            step += 1;
        }
        let rate = trained as f64 / started.elapsed().as_secs_f64();
        println!(
            "epoch {epoch}: loss {:.3}, {rate:.0} tokens/s, {:.1?}",
            sum / f64::from(counted as u32),
            started.elapsed()
        );
    }
    let adapter = Arc::new(weights.pack());
    for row in rows.iter().step_by(rows.len().div_ceil(6)) {
        let prompt = row[..24.min(row.len() / 2)].to_vec();
        let opening = tokenizer.decode(&prompt);
        let request = Request {
            prompt,
            adapter: Some(Arc::clone(&adapter)),
            sampling: Sampling::greedy(),
            max_new_tokens: 70,
            stop: tokenizer.stop_tokens(),
        };
        let (answer, _) = generate(&model, request, |_| true)?;
        let answer = tokenizer.decode(&answer);
        let words: Vec<&str> = answer.split_whitespace().collect();
        let quoted = words.windows(6).filter(|w| text.contains(&w.join(" "))).count();
        println!(
            "\n[{opening}]{answer}\n  {quoted} of {} windows of six words are quotations",
            words.len().saturating_sub(5)
        );
    }
    if let Some(folder) = std::env::var_os("SAVE_ADAPTER") {
        println!("saved, hash {:02x?}", weights.save(folder, &model.config, "SmolLM2-135M-Instruct")?);
    }
    Ok(())
}
