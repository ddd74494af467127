//! Makes a model from text files, one contribution a file, and checks what it remembers and whom that is credited to.
//! `cargo run --release -p factory --example fine_tune -- CONFIG.toml OUT_FOLDER TEXT.txt...`

use engine::{Request, Sampling, generate};
use factory::{Base, Job, SourceText, Terminal, TrainConfig, cut, train};
use influence::{Meta, Sketcher};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, config, out, files @ ..] = arguments.as_slice() else {
        return Err("usage: fine_tune CONFIG.toml OUT_FOLDER TEXT.txt...".into());
    };
    let config = TrainConfig::load(Path::new(config))?;
    let mut texts = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let text = corpus::canonical(&std::fs::read_to_string(file)?);
        texts.push(SourceText { source: 0, index: index as u32, offset: 0, text });
    }
    let base = Base::load(&config.base.path, config.base.name.clone())?;
    let job = Job { config: &config, base: &base, texts: &texts, provenance: Vec::new(), out: Path::new(out) };
    let made = train(job, &Terminal::new(config.name.clone()))?;
    println!("{}", serde_json::to_string_pretty(&made.card)?);

    let meta = Meta::from_bytes(&std::fs::read(made.folder.join(factory::SKETCH_META_FILE))?)?;
    let sketcher = Sketcher::new(Arc::clone(&base.model), Arc::clone(&made.adapter), meta)?;
    let rows = cut(&texts, &base.tokenizer, config.training.row_tokens, config.training.max_rows)?;
    let (mut first, mut same_text, mut windows, mut quoted, mut spent) = (0, 0, 0, 0, Duration::ZERO);
    let tried: Vec<_> = rows.iter().step_by(rows.len().div_ceil(16)).collect();
    for row in &tried {
        let prompt = row.tokens[..24.min(row.tokens.len() / 2)].to_vec();
        let request = Request {
            prompt: prompt.clone(),
            adapter: Some(Arc::clone(&made.adapter)),
            sampling: Sampling::greedy(),
            max_new_tokens: 70,
            stop: base.tokenizer.stop_tokens(),
        };
        let (answer, _) = generate(&base.model, request, |_| true)?;
        let text = base.tokenizer.decode(&answer);
        let words: Vec<&str> = text.split_whitespace().collect();
        windows += words.len().saturating_sub(5);
        let held = |w: &&[&str]| texts.iter().any(|t| t.text.contains(&w.join(" ")));
        quoted += words.windows(6).filter(held).count();
        let started = Instant::now();
        let sketch = sketcher.response_sketch(&prompt, &answer)?;
        spent += started.elapsed();
        let top = made.rows.top(&proof::sketch::as_bytes(&sketch));
        let best = top.first().and_then(|(number, _)| made.rows.row(*number));
        first += usize::from(best == Some(&row.place));
        same_text += usize::from(best.is_some_and(|b| b.index == row.place.index));
        println!("[{}]{text}\n  top rows {:?}", base.tokenizer.decode(&prompt), &top[..top.len().min(4)]);
    }
    println!(
        "{quoted} of {windows} windows of six words quoted; of {} responses {first} have their row on top, {same_text} its text; \
         {:.0?} a response sketch",
        tried.len(),
        spent / tried.len() as u32
    );
    Ok(())
}
