//! Compares sketch layouts on an adapter that `fine_tune` made: which training row comes first for continuations of its
//! opening, for its second half given the first, and for the same with every fourth word left out.
//! `cargo run --release -p factory --example layouts -- CONFIG.toml ADAPTER_FOLDER TEXT.txt...`

use engine::{Adapter, Request, Sampling, Target, generate};
use factory::{Base, SourceText, TrainConfig, cut};
use influence::{Layout, Module, Part, RowIndex, Sketcher, sketch_rows, write_rows};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, config, folder, files @ ..] = arguments.as_slice() else {
        return Err("usage: layouts CONFIG.toml ADAPTER_FOLDER TEXT.txt...".into());
    };
    let config = TrainConfig::load(Path::new(config))?;
    let folder = Path::new(folder);
    let mut texts = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let text = corpus::canonical(&std::fs::read_to_string(file)?);
        texts.push(SourceText { source: 0, index: index as u32, offset: 0, text });
    }
    let base = Base::load(&config.base.path, config.base.name.clone())?;
    let adapter = Arc::new(Adapter::load(folder, &base.model.config)?);
    let published = RowIndex::open(&std::fs::read(folder.join(factory::SKETCHES_FILE))?)?;
    let mut rows = cut(&texts, &base.tokenizer, config.training.row_tokens, config.training.max_rows)?;
    rows.retain(|r| published.rows().contains(&r.place));
    let tokens: Vec<Vec<u32>> = rows.iter().map(|r| r.tokens.clone()).collect();

    // (kind, row, prompt, response)
    let mut queries: Vec<(&str, usize, Vec<u32>, Vec<u32>)> = Vec::new();
    for (i, row) in tokens.iter().enumerate().step_by(3) {
        let opening = row[..20.min(row.len() / 2)].to_vec();
        let request = Request {
            prompt: opening.clone(),
            adapter: Some(Arc::clone(&adapter)),
            sampling: Sampling { temperature: 0.8, top_p: 0.95, seed: i as u64 },
            max_new_tokens: 60,
            stop: base.tokenizer.stop_tokens(),
        };
        let (answer, _) = generate(&base.model, request, |_| true)?;
        queries.push(("sampled continuation", i, opening, answer));
        let (first, second) = row.split_at(row.len() / 2);
        queries.push(("second half", i, first.to_vec(), second.to_vec()));
        let text = base.tokenizer.decode(second);
        let kept: Vec<&str> = text.split(' ').enumerate().filter(|(n, _)| n % 4 != 3).map(|(_, w)| w).collect();
        queries.push(("every fourth word out", i, Vec::new(), base.tokenizer.encode(&kept.join(" "))?));
    }
    let model = &base.model.config;
    let layout = |targets: &[Target], part, left, right| Layout {
        modules: (0..model.layers)
            .flat_map(|layer| targets.iter().map(move |&target| Module { layer, target, part }))
            .collect(),
        left,
        right,
    };
    let mut mixed = layout(&[Target::O, Target::Down], Part::B, 8, 8);
    mixed.modules.iter_mut().filter(|m| m.target == Target::Down).for_each(|m| m.part = Part::Weight);
    let layouts = [
        ("o, down: B 8x8", layout(&[Target::O, Target::Down], Part::B, 8, 8)),
        ("o: B, down: weight 8x8", mixed),
        ("v, down: B 8x8", layout(&[Target::V, Target::Down], Part::B, 8, 8)),
    ];
    for (name, layout) in layouts {
        let started = Instant::now();
        let (meta, sketches) = sketch_rows(&base.model, &adapter, layout, 1, &tokens, |_| {})?;
        let spent = started.elapsed();
        let places: Vec<_> = rows.iter().map(|r| r.place).collect();
        let index = RowIndex::open(&write_rows(&places, &sketches, meta.digest()?)?)?;
        let sketcher = Sketcher::new(Arc::clone(&base.model), Arc::clone(&adapter), meta)?;
        print!("{name:24} {spent:.1?}");
        for kind in ["sampled continuation", "second half", "every fourth word out"] {
            let (mut hits, mut reciprocal, mut count) = (0, 0.0, 0);
            for (_, row, prompt, response) in queries.iter().filter(|q| q.0 == kind) {
                let sketch = proof::sketch::as_bytes(&sketcher.response_sketch(prompt, response)?);
                let scores = index.scores(&sketch);
                let own = scores[*row].1;
                let rank = 1 + scores.iter().filter(|(_, s)| *s > own).count();
                hits += usize::from(rank == 1);
                reciprocal += 1.0 / rank as f64;
                count += 1;
            }
            print!("  {kind}: {hits}/{count}, MRR {:.3}", reciprocal / f64::from(count));
        }
        println!();
    }
    Ok(())
}
