//! Answers one question with a base model and prints how fast that went.
//! `cargo run --release -p engine --example chat -- MODEL.gguf "What is the capital of France?" [ADAPTER_FOLDER]`

use engine::{Adapter, Message, Model, Request, Sampling, TextStream, Tokenizer};
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, path, question, adapter @ ..] = arguments.as_slice() else {
        return Err("usage: chat MODEL.gguf QUESTION [ADAPTER_FOLDER]".into());
    };
    let started = Instant::now();
    let model = Arc::new(Model::load(path)?);
    let tokenizer = Tokenizer::load(path)?;
    let adapter = adapter.first().map(|folder| Adapter::load(folder, &model.config)).transpose()?.map(Arc::new);
    eprintln!("loaded in {:.2?}, {} MB, {:?}", started.elapsed(), model.bytes() >> 20, engine::kernels::isa());

    let prompt = tokenizer.encode_chat(&[Message::new("user", question.as_str())])?;
    let (prompt_tokens, stop) = (prompt.len(), tokenizer.stop_tokens());
    let request = Request { prompt, adapter, sampling: Sampling::greedy(), max_new_tokens: 120, stop };
    let mut stream = TextStream::default();
    let started = Instant::now();
    let mut first = None;
    let (tokens, finish) = engine::generate(&model, request, |token| {
        first.get_or_insert_with(|| started.elapsed());
        print!("{}", stream.push(&tokenizer, token));
        std::io::stdout().flush().is_ok()
    })?;
    println!("{}", stream.finish());
    let prefill = first.unwrap_or_default();
    let decode = started.elapsed() - prefill;
    eprintln!(
        "{prompt_tokens} prompt tokens at {:.0}/s, then {} tokens at {:.1}/s, {finish:?}",
        prompt_tokens as f64 / prefill.as_secs_f64(),
        tokens.len(),
        (tokens.len() - 1) as f64 / decode.as_secs_f64(),
    );
    Ok(())
}
