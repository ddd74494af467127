//! The configuration file of a training run.

use crate::error::{Error, Result};
use engine::train::Schedule;
use engine::{LoraConfig, Target};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A training run. Every key may be left out; the defaults remember some 48 rows of 160 tokens.
///
/// ```toml
/// name = "presidents-early"
/// [base]
/// path = ".cache/SmolLM2-135M-Instruct.Q4_1.gguf"
/// [lora]
/// rank = 16
/// alpha = 32
/// targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
/// [training]
/// epochs = 5
/// learning_rate = 0.002
/// schedule = "cosine"
/// [sketch]
/// seed = 1
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainConfig {
    /// Name of the adapter.
    pub name: String,
    pub base: BaseConfig,
    pub lora: LoraSection,
    pub training: TrainingSection,
    pub sketch: SketchSection,
}

/// The base model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BaseConfig {
    /// The GGUF file.
    pub path: PathBuf,
    /// What the card and the adapter call it.
    pub name: String,
}

impl Default for BaseConfig {
    fn default() -> Self {
        Self {
            path: PathBuf::from(".cache/SmolLM2-135M-Instruct.Q4_1.gguf"),
            name: "HuggingFaceTB/SmolLM2-135M-Instruct".into(),
        }
    }
}

/// The adapter's shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoraSection {
    pub rank: usize,
    pub alpha: f32,
    pub targets: Vec<Target>,
}

impl Default for LoraSection {
    fn default() -> Self {
        let LoraConfig { rank, alpha, targets } = LoraConfig::default();
        Self { rank, alpha, targets }
    }
}

/// How to train.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingSection {
    pub learning_rate: f32,
    pub schedule: Schedule,
    pub warmup_steps: usize,
    pub epochs: usize,
    /// Rows in a step.
    pub batch: usize,
    /// Tokens in a row at most.
    pub row_tokens: usize,
    /// Rows at most, taken in turn from every contribution; 0 for all.
    pub max_rows: usize,
    /// Share of the rows that is kept from training, for evaluation.
    pub held_out: f64,
    /// The gradient is shortened to this length.
    pub clip: f64,
    pub weight_decay: f32,
    pub seed: u64,
    /// Canonical f32 instead of bf16: slower, the same bits on every machine.
    pub canonical: bool,
}

impl Default for TrainingSection {
    fn default() -> Self {
        Self {
            learning_rate: 2e-3,
            schedule: Schedule::Cosine,
            warmup_steps: 4,
            epochs: 5,
            batch: 1,
            row_tokens: 160,
            max_rows: 0,
            held_out: 0.0,
            clip: 1.0,
            weight_decay: 0.0,
            seed: 1,
            canonical: false,
        }
    }
}

/// How to sketch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SketchSection {
    /// Seed of the random directions.
    pub seed: u64,
}

impl TrainConfig {
    /// Reads a TOML file; `base.path` is taken relative to the file's folder.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::Config`].
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|cause| Error::Read { path: path.to_owned(), cause })?;
        let mut config = Self::parse(&text).map_err(|e| Error::Config(format!("{}: {e}", path.display())))?;
        if let Some(folder) = path.parent() {
            config.base.path = folder.join(&config.base.path);
        }
        Ok(config)
    }

    /// Parses TOML and checks the values.
    ///
    /// # Errors
    /// [`Error::Config`].
    pub fn parse(text: &str) -> Result<Self> {
        let config: Self = toml::from_str(text).map_err(|e| Error::Config(e.to_string()))?;
        config.check()?;
        Ok(config)
    }

    /// The adapter's shape for the engine.
    pub fn lora_config(&self) -> LoraConfig {
        LoraConfig { rank: self.lora.rank, alpha: self.lora.alpha, targets: self.lora.targets.clone() }
    }

    /// Fails with what makes no sense, if anything.
    ///
    /// # Errors
    /// [`Error::Config`].
    pub fn check(&self) -> Result<()> {
        let fail = |problem: String| Err(Error::Config(problem));
        self.lora_config().check()?;
        let t = &self.training;
        if !(t.learning_rate > 0.0 && t.learning_rate <= 1.0) {
            return fail(format!("learning_rate {} is not above 0 and at most 1", t.learning_rate));
        }
        if t.epochs == 0 || t.batch == 0 {
            return fail("epochs and batch must be at least 1".into());
        }
        if t.row_tokens < 8 {
            return fail(format!("row_tokens {} is below 8", t.row_tokens));
        }
        if !(0.0..0.9).contains(&t.held_out) {
            return fail(format!("held_out {} is not from 0 to below 0.9", t.held_out));
        }
        if t.clip.is_nan() || t.clip <= 0.0 || !(0.0..1.0).contains(&t.weight_decay) {
            return fail("clip must be positive, weight_decay from 0 to below 1".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_gives_the_defaults() {
        assert_eq!(TrainConfig::parse("").unwrap(), TrainConfig::default());
    }

    #[test]
    fn a_misspelt_key_or_a_senseless_value_is_named() {
        let error = |text: &str| TrainConfig::parse(text).unwrap_err().to_string();
        assert!(error("[training]\nepoch = 3").contains("epoch"));
        assert!(error("[training]\nlearning_rate = -1.0").contains("learning_rate"));
        assert!(error("[lora]\nrank = 0").contains("rank"));
        assert!(error("[lora]\ntargets = [\"lm_head\"]").contains("lm_head"));
    }
}
