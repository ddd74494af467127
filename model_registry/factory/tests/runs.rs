//! Whole runs on a tiny model.

#[path = "../../engine/tests/common/mod.rs"]
mod common;

use factory::{
    Base, CARD_FILE, Card, Error, Job, Outcome, Progress, Silent, SourceText, Stage, TrainConfig, cut, train,
};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

fn base(folder: &Path) -> Base {
    let path = folder.join("tiny.gguf");
    common::write_tiny_gguf(&path);
    Base::load(&path, "tiny").unwrap()
}

fn texts() -> Vec<SourceText> {
    let words = "liberty union harvest canal treaty river senate nation commerce frontier";
    (0..4u32)
        .map(|index| {
            let words: Vec<&str> = words.split(' ').cycle().skip(index as usize).take(12 + index as usize).collect();
            SourceText { source: (index % 2) as u8, index, offset: 10 * index, text: words.join(" ") }
        })
        .collect()
}

fn config() -> TrainConfig {
    TrainConfig::parse(
        "name = \"small\"\n[lora]\nrank = 4\nalpha = 8\n[training]\nrow_tokens = 32\nepochs = 3\nbatch = 2\nheld_out = 0.2\nseed = 5\n",
    )
    .unwrap()
}

fn run(config: &TrainConfig, base: &Base, out: &Path, progress: &dyn Progress) -> factory::Result<Outcome> {
    train(Job { config, base, texts: &texts(), provenance: Vec::new(), out }, progress)
}

/// Stops after so many steps.
struct StopAfter(AtomicUsize);

impl Progress for StopAfter {
    fn begin(&self, _: Stage, _: u64, _: u64) {}
    fn advance(&self, _: u64, _: &str) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
    fn end(&self) {}
    fn cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

#[test]
fn a_run_gives_everything_that_is_published_and_the_same_bytes_again() {
    let folder = tempfile::tempdir().unwrap();
    let base = base(folder.path());
    let (first, second) = (folder.path().join("a"), folder.path().join("b"));
    let made = run(&config(), &base, &first, &Silent).unwrap();
    let again = run(&config(), &base, &second, &Silent).unwrap();
    for file in [
        "adapter_model.safetensors",
        "adapter_config.json",
        "sketches.bin",
        "sketch_meta.bin",
        "loss.json",
        "loss.svg",
        CARD_FILE,
    ] {
        let (a, b) = (std::fs::read(first.join(file)).unwrap(), std::fs::read(second.join(file)).unwrap());
        assert!(!a.is_empty() && a == b, "{file}");
    }
    assert!(!first.join("checkpoint.bin").exists());
    assert_eq!(made.sketch_root, again.sketch_root);
    assert_eq!(made.adapter.hash(), made.adapter_hash);
    let card: Card = serde_json::from_slice(&std::fs::read(first.join(CARD_FILE)).unwrap()).unwrap();
    assert_eq!(card, made.card);
    assert_eq!(card.training.rows, made.rows.len());
    assert!(card.training.held_out_rows > 0 && card.evaluation.is_some());
    assert!(card.training.last_loss < card.training.first_loss, "{:?}", card.training);
    let mut other = config();
    other.training.seed = 6;
    assert_ne!(run(&other, &base, &first, &Silent).unwrap().adapter_hash, made.adapter_hash);
}

#[test]
fn what_is_finished_is_taken_as_it_is_unless_something_of_it_changed() {
    let folder = tempfile::tempdir().unwrap();
    let base = base(folder.path());
    let out = folder.path().join("out");
    let made = run(&config(), &base, &out, &Silent).unwrap();
    // A run that trained would stop at once.
    let never = || StopAfter(AtomicUsize::new(0));
    let again = run(&config(), &base, &out, &never()).unwrap();
    assert!(!made.reused && again.reused);
    assert_eq!((again.adapter_hash, again.sketch_root), (made.adapter_hash, made.sketch_root));
    assert_eq!(again.card, made.card);

    let mut other = config();
    other.training.seed = 6;
    assert!(matches!(run(&other, &base, &out, &never()), Err(Error::Interrupted)));
    run(&config(), &base, &out, &Silent).unwrap();
    let sketches = out.join("sketches.bin");
    let mut bytes = std::fs::read(&sketches).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&sketches, bytes).unwrap();
    let healed = run(&config(), &base, &out, &Silent).unwrap();
    assert!(!healed.reused && healed.sketch_root == made.sketch_root);
}

#[test]
fn an_interrupted_run_goes_on_to_the_same_result() {
    let folder = tempfile::tempdir().unwrap();
    let base = base(folder.path());
    let whole = run(&config(), &base, &folder.path().join("whole"), &Silent).unwrap();
    let steps = whole.card.training.steps;
    let out = folder.path().join("cut");
    let stopped = run(&config(), &base, &out, &StopAfter(AtomicUsize::new(steps - 1)));
    assert!(matches!(stopped, Err(Error::Interrupted)));
    assert!(out.join("checkpoint.bin").exists() && !out.join(CARD_FILE).exists());
    // What is left of a run of another configuration is not mixed in.
    let mut other = config();
    other.training.learning_rate = 1e-3;
    let elsewhere = run(&other, &base, &folder.path().join("other"), &Silent).unwrap();
    let stopped = run(&other, &base, &out, &StopAfter(AtomicUsize::new(1)));
    assert!(matches!(stopped, Err(Error::Interrupted)));
    assert_eq!(run(&config(), &base, &out, &Silent).unwrap().adapter_hash, whole.adapter_hash);
    assert_eq!(run(&other, &base, &out, &Silent).unwrap().adapter_hash, elsewhere.adapter_hash);
}

#[test]
fn rows_know_their_bytes_and_are_taken_in_turn_from_every_text() {
    let folder = tempfile::tempdir().unwrap();
    let base = base(folder.path());
    let all = cut(&texts(), &base.tokenizer, 32, 0).unwrap();
    for row in &all {
        let source = texts().into_iter().find(|t| t.index == row.place.index).unwrap();
        let start = (row.place.offset - source.offset) as usize;
        let text = &source.text[start..start + row.place.length as usize];
        assert_eq!(base.tokenizer.decode(&row.tokens), text);
        assert!(row.tokens.len() <= 32);
    }
    let some = cut(&texts(), &base.tokenizer, 32, 6).unwrap();
    let of = |index| some.iter().filter(|r| r.place.index == index).count();
    assert_eq!(some.len(), 6);
    assert!((0..4).all(|i| of(i) >= 1 && of(i) <= 2));
    assert!(some.is_sorted_by_key(|r| (r.place.index, r.place.offset)));
}

#[test]
fn nothing_to_train_on_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let base = base(folder.path());
    let empty = [SourceText { source: 0, index: 0, offset: 0, text: String::new() }];
    assert!(matches!(cut(&empty, &base.tokenizer, 32, 0), Err(Error::NoRows(_))));
    let defaults = TrainConfig::default();
    let job = Job { config: &defaults, base: &base, texts: &[], provenance: vec![], out: folder.path() };
    assert!(matches!(train(job, &Silent), Err(Error::NoRows(_))));
    let mut wild = config();
    wild.training.learning_rate = 1.0;
    wild.training.clip = f64::INFINITY;
    wild.training.epochs = 40;
    match run(&wild, &base, &folder.path().join("wild"), &Silent) {
        Ok(made) => assert!(made.card.training.last_loss.is_finite()),
        Err(e) => assert!(matches!(e, Error::Diverged { .. } | Error::Engine(_)), "{e}"),
    }
}
