//! The run from texts to a published folder.

use crate::card::{Card, Provenance, Training};
use crate::checkpoint::Checkpoint;
use crate::config::TrainConfig;
use crate::error::{Error, Result};
use crate::evaluate::evaluate;
use crate::finished;
use crate::loss::{Point, svg};
use crate::progress::{Progress, Stage};
use crate::rows::{SourceText, Split, TrainingRow, cut, split};
use crate::{CARD_FILE, SKETCH_META_FILE, SKETCHES_FILE};
use corpus::Cid;
use engine::train::{AdamW, Gradients, Memory, PackedBatch, backward};
use engine::{Adapter, CONFIG_FILE, LoraWeights, Model, Precision, Random, Tokenizer, WEIGHTS_FILE, write_atomically};
use influence::{Layout, RowIndex, sketch_rows, write_rows};
use proof::{Blake2, Hasher};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A base model in memory, shared by runs.
#[derive(Clone)]
pub struct Base {
    pub model: Arc<Model>,
    pub tokenizer: Arc<Tokenizer>,
    pub name: String,
    /// blake2b-256 of the file.
    pub hash: [u8; 32],
}

impl Base {
    /// Loads a GGUF with its tokenizer.
    ///
    /// # Errors
    /// The engine's; [`Error::Read`].
    pub fn load(path: &Path, name: impl Into<String>) -> Result<Self> {
        let model = Arc::new(Model::load(path)?);
        let tokenizer = Arc::new(Tokenizer::load(path)?);
        let bytes = std::fs::read(path).map_err(|cause| Error::Read { path: path.to_owned(), cause })?;
        Ok(Self { model, tokenizer, name: name.into(), hash: Blake2::blake2_256(&bytes) })
    }
}

/// What to train, on what, and where to put it.
pub struct Job<'a> {
    pub config: &'a TrainConfig,
    pub base: &'a Base,
    /// Texts in the order in which their rows are numbered.
    pub texts: &'a [SourceText],
    /// The Datanet versions that the texts are from, for the card.
    pub provenance: Vec<Provenance>,
    /// Folder of the result; made if it is not there.
    pub out: &'a Path,
}

/// What came out.
pub struct Outcome {
    pub folder: PathBuf,
    pub adapter: Arc<Adapter>,
    /// blake2b-256 of `adapter_model.safetensors`.
    pub adapter_hash: [u8; 32],
    pub rows: RowIndex,
    /// Root of tree 04: what the model's revision names.
    pub sketch_root: [u8; 32],
    pub card: Card,
    /// Whether an earlier call had finished it.
    pub reused: bool,
}

/// Trains, evaluates, sketches and writes the folder. After an interruption the same call goes on from the last
/// epoch's checkpoint; what is finished with the same configuration, base and rows is taken as it is.
///
/// # Errors
/// See [`Error`]; the folder then holds no card, so half a result is never taken for a whole one.
pub fn train(job: Job, progress: &dyn Progress) -> Result<Outcome> {
    let Job { config, base, texts, provenance, out } = job;
    config.check()?;
    std::fs::create_dir_all(out).map_err(|cause| Error::Write { path: out.to_owned(), cause })?;
    let rows = cut(texts, &base.tokenizer, config.training.row_tokens, config.training.max_rows)?;
    let rows = split(rows, &config.training)?;
    let run = run_digest(config, base, &rows)?;
    if let Some(outcome) = finished::outcome(out, &run, &provenance, &base.model.config) {
        return Ok(outcome);
    }
    let _ = std::fs::remove_file(out.join(CARD_FILE));

    let checkpoint = Checkpoint::new(out, run.clone());
    let (weights, points) = fit(config, base, &rows.train, &checkpoint, progress)?;
    let adapter_hash = weights.save(out, &base.model.config, &base.name)?;
    // Loaded back, so that what is sketched and evaluated is what the file says.
    let adapter = Arc::new(Adapter::load(out, &base.model.config)?);
    base.model.trim();
    let evaluation = evaluate(&base.model, &adapter, &rows.held_out, progress)?;

    let tokens: Vec<Vec<u32>> = rows.train.iter().map(|r| r.tokens.clone()).collect();
    let total: u64 = tokens.iter().map(|t| t.len() as u64).sum();
    let layout = Layout::default_for(&base.model.config, &adapter.config);
    progress.begin(Stage::Sketching, total, 0);
    let (meta, sketches) = sketch_rows(&base.model, &adapter, layout, config.sketch.seed, &tokens, |done| {
        progress.advance(tokens[..done].iter().map(|t| t.len() as u64).sum(), "");
    })?;
    progress.end();
    base.model.trim();
    let meta_bytes = meta.to_bytes()?;
    let places: Vec<influence::Row> = rows.train.iter().map(|r| r.place).collect();
    let sketch_bytes = write_rows(&places, &sketches, meta.digest()?)?;
    let index = RowIndex::open(&sketch_bytes)?;
    write_atomically(&out.join(SKETCH_META_FILE), &meta_bytes)?;
    write_atomically(&out.join(SKETCHES_FILE), &sketch_bytes)?;

    let cid_of_file = |name: &str| -> Result<String> {
        let path = out.join(name);
        let bytes = std::fs::read(&path).map_err(|cause| Error::Read { path, cause })?;
        Ok(Cid::of(&bytes).to_string())
    };
    let last_epoch = config.training.epochs - 1;
    let last: Vec<f64> = points.iter().filter(|p| p.epoch == last_epoch).map(|p| p.loss).collect();
    let precision = if precision(config) == Precision::Bf16 { "bf16" } else { "canonical f32" };
    let contributions: BTreeSet<(u8, u32)> = places.iter().map(|p| (p.source, p.index)).collect();
    let card = Card {
        run,
        name: config.name.clone(),
        base: base.name.clone(),
        base_hash: hex::encode(base.hash),
        rank: config.lora.rank,
        alpha: config.lora.alpha,
        targets: config.lora.targets.clone(),
        adapter_hash: hex::encode(adapter_hash),
        adapter_cid: cid_of_file(WEIGHTS_FILE)?,
        adapter_config_cid: cid_of_file(CONFIG_FILE)?,
        sketches_cid: Cid::of(&sketch_bytes).to_string(),
        sketch_meta_cid: Cid::of(&meta_bytes).to_string(),
        sketch_root: hex::encode(index.root()),
        sketch_dimension: index.dimension(),
        training: Training {
            rows: rows.train.len(),
            held_out_rows: rows.held_out.len(),
            tokens: total,
            contributions: contributions.len(),
            epochs: config.training.epochs,
            steps: points.len(),
            batch: config.training.batch,
            learning_rate: config.training.learning_rate,
            schedule: config.training.schedule,
            seed: config.training.seed,
            precision: precision.into(),
            first_loss: points.first().map_or(0.0, |p| p.loss),
            last_loss: last.iter().sum::<f64>() / last.len().max(1) as f64,
        },
        evaluation,
        provenance,
    };
    write_json(&out.join("loss.json"), &points)?;
    write_atomically(&out.join("loss.svg"), svg(&config.name, &points).as_bytes())?;
    write_json(&out.join(CARD_FILE), &card)?;
    checkpoint.remove();
    let folder = out.to_owned();
    Ok(Outcome { folder, adapter, adapter_hash, sketch_root: index.root(), rows: index, card, reused: false })
}

fn write_json(path: &Path, value: &impl serde::Serialize) -> Result<()> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|e| Error::Config(e.to_string()))?;
    bytes.push(b'\n');
    Ok(write_atomically(path, &bytes)?)
}

fn precision(config: &TrainConfig) -> Precision {
    if config.training.canonical { Precision::Canonical } else { Precision::fastest() }
}

/// Digest of everything that the folder is a function of, but for where the versions stand on chain.
fn run_digest(config: &TrainConfig, base: &Base, rows: &Split) -> Result<String> {
    let mut config = config.clone();
    // Where the base lies changes nothing.
    config.base.path = PathBuf::new();
    let mut bytes = serde_json::to_vec(&config).map_err(|e| Error::Config(e.to_string()))?;
    bytes.push(u8::from(precision(&config) == Precision::Bf16));
    bytes.extend(base.hash);
    for row in rows.train.iter().chain(&rows.held_out) {
        let influence::Row { source, index, offset, length } = row.place;
        bytes.push(source);
        bytes.extend([index, offset, length].iter().flat_map(|n| n.to_le_bytes()));
        bytes.extend((row.tokens.len() as u64).to_le_bytes());
        bytes.extend(row.tokens.iter().flat_map(|t| t.to_le_bytes()));
    }
    bytes.extend((rows.train.len() as u64).to_le_bytes());
    Ok(hex::encode(Blake2::blake2_256(&bytes)))
}

/// Trains the weights; returns them with the loss curve.
fn fit(
    config: &TrainConfig,
    base: &Base,
    rows: &[TrainingRow],
    checkpoint: &Checkpoint,
    progress: &dyn Progress,
) -> Result<(LoraWeights, Vec<Point>)> {
    let training = &config.training;
    let mut weights = LoraWeights::init(&base.model.config, config.lora_config(), training.seed)?;
    let mut optimizer = AdamW::new(&weights, training.weight_decay);
    let (first_epoch, mut points) = checkpoint.load(&mut weights, &mut optimizer).unwrap_or_default();
    let steps_an_epoch = rows.len().div_ceil(training.batch);
    let steps = steps_an_epoch * training.epochs;
    let tokens_an_epoch: u64 = rows.iter().map(|r| r.tokens.len() as u64).sum();
    let mut done = tokens_an_epoch * first_epoch as u64;
    progress.begin(Stage::Training, tokens_an_epoch * training.epochs as u64, done);
    let mut smooth = points.last().map(|p| p.loss);
    for epoch in first_epoch..training.epochs {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        // A stream of its own for each epoch: resuming needs no state of the generator.
        Random::new(training.seed.wrapping_mul(0x1_0001).wrapping_add(epoch as u64)).shuffle(&mut order);
        for chosen in order.chunks(training.batch) {
            if progress.cancelled() {
                progress.end();
                return Err(Error::Interrupted);
            }
            let step = points.len();
            let learning_rate = training.learning_rate * training.schedule.factor(step, training.warmup_steps, steps);
            let point = take_step(config, &base.model, rows, chosen, &mut weights, &mut optimizer, learning_rate)?;
            let point = Point { step, epoch, ..point };
            if !point.loss.is_finite() {
                return Err(Error::Diverged { step, loss: point.loss });
            }
            points.push(point);
            done += chosen.iter().map(|r| rows[*r].tokens.len() as u64).sum::<u64>();
            let mean = smooth.map_or(point.loss, |s| 0.9 * s + 0.1 * point.loss);
            smooth = Some(mean);
            progress.advance(done, &format!("loss {mean:.2}"));
        }
        checkpoint.save(epoch + 1, &points, &weights, &optimizer)?;
    }
    progress.end();
    Ok((weights, points))
}

/// Tokens whose intermediate results are kept at once (24 KB a token and layer); a larger batch is split, which
/// changes sums only by rounding.
const KEPT_TOKENS: usize = 640;

fn take_step(
    config: &TrainConfig,
    model: &Model,
    rows: &[TrainingRow],
    chosen: &[usize],
    weights: &mut LoraWeights,
    optimizer: &mut AdamW,
    learning_rate: f32,
) -> Result<Point> {
    let targets: usize = chosen.iter().map(|r| rows[*r].tokens.len() - 1).sum();
    let adapter = weights.pack();
    let mut gradients = Gradients::zeros(weights);
    let mut sum = 0.0f64;
    let mut left = chosen;
    while !left.is_empty() {
        let mut batch = PackedBatch::default();
        while let Some((row, rest)) = left.split_first() {
            let tokens = &rows[*row].tokens;
            if batch.sequences() > 0 && batch.rows() + tokens.len() > KEPT_TOKENS {
                break;
            }
            batch.push(tokens, 1.0 / targets as f32);
            left = rest;
        }
        let memory = if batch.rows() > KEPT_TOKENS { Memory::Recompute } else { Memory::Keep };
        let losses = backward(model, &adapter, &batch, memory, precision(config), &mut gradients)?;
        sum += losses.iter().map(|l| f64::from(*l)).sum::<f64>();
    }
    let gradient_norm = gradients.clip(config.training.clip);
    optimizer.step(weights, &gradients, learning_rate);
    Ok(Point { step: 0, epoch: 0, loss: sum / targets as f64, learning_rate, gradient_norm })
}
