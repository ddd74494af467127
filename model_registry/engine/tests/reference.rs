//! The real base model against an independent forward pass in float64 (`fixtures/reference_logits.py`).

mod common;

use engine::Model;
use engine::train::{PackedBatch, logits};
use serde_json::Value;

#[test]
fn logits_of_the_base_model_agree_with_the_reference() {
    let Some(path) = common::base_model() else {
        eprintln!("did not run: no SmolLM2-135M-Instruct.Q4_1.gguf in OPENLEDGER_CACHE or .cache");
        return;
    };
    let reference: Value = serde_json::from_str(include_str!("fixtures/reference_logits.json")).unwrap();
    let numbers = |v: &Value| -> Vec<f64> { v.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect() };
    let tokens: Vec<u32> = numbers(&reference["tokens"]).iter().map(|t| *t as u32).collect();
    let model = Model::load(path).unwrap();
    let mut batch = PackedBatch::default();
    batch.push(&tokens, 1.0);
    let ours = logits(&model, None, &batch).unwrap();
    let vocab = model.config.vocab;
    for (position, argmax) in numbers(&reference["argmax"]).iter().enumerate() {
        assert_eq!(engine::likeliest(&ours[position * vocab..][..vocab]), *argmax as u32, "position {position}");
    }
    let ids = numbers(&reference["ids"]);
    let mut worst = 0.0f64;
    for (position, values) in reference["logits"].as_object().unwrap() {
        let row = position.parse::<usize>().unwrap() * vocab;
        for (id, want) in ids.iter().zip(numbers(values)) {
            worst = worst.max((f64::from(ours[row + *id as usize]) - want).abs());
        }
    }
    println!("largest difference of {} logits: {worst:.2e}", 3 * ids.len());
    assert!(worst < 5e-3, "{worst}");
}
