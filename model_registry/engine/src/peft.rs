//! Adapters on disk in PEFT's format: `adapter_model.safetensors` and `adapter_config.json`.
//!
//! GGUF stores the rows of the query and key maps so that rotary positions turn neighbours (2i, 2i+1); Hugging Face
//! turns (i, i + half). So `lora_B` of q and k is permuted on the way in and out.

use crate::config::{Config, Target};
use crate::error::{Error, Result};
use crate::lora::{Adapter, LoraConfig, LoraWeights, Pair};
use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// Name of the weights' file in an adapter's folder.
pub const WEIGHTS_FILE: &str = "adapter_model.safetensors";
/// Name of the configuration's file in an adapter's folder.
pub const CONFIG_FILE: &str = "adapter_config.json";

impl Adapter {
    /// Loads a PEFT folder for a base of this shape; its hash is that of the safetensors file.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::Adapter`] (damaged), [`Error::AdapterShape`] (another base).
    pub fn load(folder: impl AsRef<Path>, model: &Config) -> Result<Self> {
        let (weights, hash) = LoraWeights::load(folder, model)?;
        Ok(weights.pack_with_hash(hash))
    }
}

impl LoraWeights {
    /// Loads a PEFT folder; also returns blake2b-256 of the safetensors file.
    ///
    /// # Errors
    /// As [`Adapter::load`].
    pub fn load(folder: impl AsRef<Path>, model: &Config) -> Result<(Self, [u8; 32])> {
        let folder = folder.as_ref();
        let config_path = folder.join(CONFIG_FILE);
        let config =
            parse_config(&read(&config_path)?).map_err(|problem| Error::Adapter { path: config_path, problem })?;
        let path = folder.join(WEIGHTS_FILE);
        let bytes = read(&path)?;
        let damaged = |problem: String| Error::Adapter { path: path.clone(), problem };
        let tensors = SafeTensors::deserialize(&bytes)
            .map_err(|e| damaged(format!("its header cannot be read ({e}); it is probably cut short")))?;
        let mut expected_names = 0;
        let mut layers = Vec::with_capacity(model.layers);
        for l in 0..model.layers {
            let mut modules: [Option<Pair>; 7] = Default::default();
            for &target in &config.targets {
                let (inputs, outputs) = model.module(target);
                let get = |part: &str, shape: [usize; 2]| -> Result<Vec<f32>> {
                    let name = tensor_name(l, target, part);
                    let view = tensors.tensor(&name).map_err(|_| damaged(format!("tensor {name} is missing")))?;
                    if view.shape() != shape {
                        return Err(Error::AdapterShape {
                            path: path.clone(),
                            tensor: name,
                            expected: shape.to_vec(),
                            found: view.shape().to_vec(),
                        });
                    }
                    floats(&view).map_err(|problem| damaged(format!("tensor {name}: {problem}")))
                };
                let a = get("A", [config.rank, inputs])?;
                let mut b = get("B", [outputs, config.rank])?;
                if let Some(heads) = rotary_heads(model, target) {
                    b = permute(&b, config.rank, heads, model.head_dim, Direction::ToGguf);
                }
                modules[target.index()] = Some(Pair { a, b });
                expected_names += 2;
            }
            layers.push(modules);
        }
        if tensors.len() != expected_names {
            let known: std::collections::HashSet<String> = (0..model.layers)
                .flat_map(|l| config.targets.iter().flat_map(move |t| ["A", "B"].map(|p| tensor_name(l, *t, p))))
                .collect();
            let mut extra: Vec<&str> = tensors.names().into_iter().filter(|n| !known.contains(*n)).collect();
            extra.sort_unstable();
            let first = extra.first().copied().unwrap_or("?");
            return Err(damaged(format!(
                "it holds {} tensors that this base with targets {} has no module for, first {first}",
                extra.len(),
                names(&config.targets)
            )));
        }
        Ok((Self { config, layers }, hash(&bytes)))
    }

    /// Writes a PEFT folder, each file by temporary file, sync and rename; returns blake2b-256 of the safetensors
    /// file. `base` names the base model.
    pub fn save(&self, folder: impl AsRef<Path>, model: &Config, base: &str) -> Result<[u8; 32]> {
        let folder = folder.as_ref();
        std::fs::create_dir_all(folder).map_err(|cause| Error::Write { path: folder.to_owned(), cause })?;
        let bytes = self.to_safetensors(model)?;
        write_atomically(&folder.join(WEIGHTS_FILE), &bytes)?;
        let mut config =
            serde_json::to_vec_pretty(&self.peft_config(base)).map_err(|e| Error::LoraConfig(e.to_string()))?;
        config.push(b'\n');
        write_atomically(&folder.join(CONFIG_FILE), &config)?;
        Ok(hash(&bytes))
    }

    /// The safetensors file's bytes: a function of the weights alone.
    pub fn to_safetensors(&self, model: &Config) -> Result<Vec<u8>> {
        let rank = self.config.rank;
        let mut data: Vec<(String, [usize; 2], Vec<u8>)> = Vec::new();
        for (l, target, pair) in self.pairs() {
            let (inputs, outputs) = model.module(target);
            let b = match rotary_heads(model, target) {
                Some(heads) => permute(&pair.b, rank, heads, model.head_dim, Direction::FromGguf),
                None => pair.b.clone(),
            };
            data.push((tensor_name(l, target, "A"), [rank, inputs], bytes_of(&pair.a)));
            data.push((tensor_name(l, target, "B"), [outputs, rank], bytes_of(&b)));
        }
        let fail = |e: safetensors::SafeTensorError| Error::LoraConfig(e.to_string());
        let mut views = Vec::with_capacity(data.len());
        for (name, shape, bytes) in &data {
            views.push((name.as_str(), TensorView::new(Dtype::F32, shape.to_vec(), bytes).map_err(fail)?));
        }
        let info = HashMap::from([("format".to_owned(), "pt".to_owned())]);
        safetensors::serialize(views, Some(info)).map_err(fail)
    }

    fn peft_config(&self, base: &str) -> Value {
        json!({
            "peft_type": "LORA",
            "task_type": "CAUSAL_LM",
            "base_model_name_or_path": base,
            "r": self.config.rank,
            "lora_alpha": self.config.alpha,
            "lora_dropout": 0.0,
            "bias": "none",
            "fan_in_fan_out": false,
            "inference_mode": true,
            "init_lora_weights": true,
            "use_rslora": false,
            "use_dora": false,
            "target_modules": self.config.targets.iter().map(|t| t.name()).collect::<Vec<_>>(),
        })
    }
}

fn parse_config(bytes: &[u8]) -> std::result::Result<LoraConfig, String> {
    let value: Value = serde_json::from_slice(bytes).map_err(|e| format!("no valid JSON: {e}"))?;
    let on = |key: &str| value.get(key).and_then(Value::as_bool).unwrap_or(false);
    let filled = |key: &str| value.get(key).and_then(Value::as_object).is_some_and(|m| !m.is_empty());
    if value.get("peft_type").and_then(Value::as_str) != Some("LORA") {
        return Err("peft_type is not LORA".into());
    }
    if on("use_dora") || on("fan_in_fan_out") || filled("rank_pattern") || filled("alpha_pattern") {
        return Err("use_dora, fan_in_fan_out, rank_pattern and alpha_pattern are not supported".into());
    }
    if value.get("bias").and_then(Value::as_str).unwrap_or("none") != "none" {
        return Err("trained biases are not supported".into());
    }
    let rank = value.get("r").and_then(Value::as_u64).ok_or("r is missing")? as usize;
    let alpha = value.get("lora_alpha").and_then(Value::as_f64).ok_or("lora_alpha is missing")? as f32;
    let listed = value.get("target_modules").and_then(Value::as_array).ok_or("target_modules is no list")?;
    let mut targets = Vec::new();
    for name in listed {
        let target = Target::ALL.into_iter().find(|t| Some(t.name()) == name.as_str());
        targets.push(target.ok_or_else(|| format!("target module {name} is not supported"))?);
    }
    targets.sort_unstable();
    targets.dedup();
    // rsLoRA scales by alpha / sqrt(r): the same as a larger alpha here.
    let alpha = if on("use_rslora") { alpha * (rank as f32).sqrt() } else { alpha };
    let config = LoraConfig { rank, alpha, targets };
    config.check().map_err(|e| e.to_string())?;
    Ok(config)
}

fn names(targets: &[Target]) -> String {
    targets.iter().map(|t| t.name()).collect::<Vec<_>>().join(", ")
}

fn tensor_name(layer: usize, target: Target, part: &str) -> String {
    format!("base_model.model.model.layers.{layer}.{}.{}.lora_{part}.weight", target.block(), target.name())
}

/// Heads of a module whose outputs are turned by position.
fn rotary_heads(model: &Config, target: Target) -> Option<usize> {
    match target {
        Target::Q => Some(model.heads),
        Target::K => Some(model.kv_heads),
        _ => None,
    }
}

enum Direction {
    ToGguf,
    FromGguf,
}

/// Reorders the rows of B \[heads·head_dim, rank]: Hugging Face's row `half·side + i` of a head is GGUF's `2i + side`.
fn permute(b: &[f32], rank: usize, heads: usize, head_dim: usize, direction: Direction) -> Vec<f32> {
    let mut out = vec![0.0; b.len()];
    let half = head_dim / 2;
    for head in 0..heads {
        for side in 0..2 {
            for i in 0..half {
                let (hf, gguf) = (head * head_dim + side * half + i, head * head_dim + 2 * i + side);
                let (from, to) = match direction {
                    Direction::ToGguf => (hf, gguf),
                    Direction::FromGguf => (gguf, hf),
                };
                out[to * rank..(to + 1) * rank].copy_from_slice(&b[from * rank..(from + 1) * rank]);
            }
        }
    }
    out
}

fn floats(view: &TensorView) -> std::result::Result<Vec<f32>, String> {
    let data = view.data();
    let two = |f: fn([u8; 2]) -> f32| data.chunks_exact(2).map(|c| f([c[0], c[1]])).collect::<Vec<f32>>();
    let values = match view.dtype() {
        Dtype::F32 => data.chunks_exact(4).map(|c| f32::from_le_bytes([c[0], c[1], c[2], c[3]])).collect(),
        Dtype::F16 => two(|b| half::f16::from_le_bytes(b).to_f32()),
        Dtype::BF16 => two(|b| half::bf16::from_le_bytes(b).to_f32()),
        other => return Err(format!("numbers of type {other:?} are not supported")),
    };
    if values.iter().any(|v| !v.is_finite()) {
        return Err("it holds numbers that are not finite".into());
    }
    Ok(values)
}

fn bytes_of(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    Blake2b::<U32>::digest(bytes).into()
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|cause| Error::Read { path: path.to_owned(), cause })
}

/// Writes to a temporary file beside `path`, syncs it and renames it, so that no reader ever sees half a file.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let fail = |cause| Error::Write { path: path.to_owned(), cause };
    let temporary = path.with_extension(format!("tmp{}", std::process::id()));
    let mut file = File::create(&temporary).map_err(fail)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(fail)?;
    std::fs::rename(&temporary, path).map_err(fail)?;
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        File::open(folder).and_then(|f| f.sync_all()).map_err(fail)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permuting_there_and_back_changes_nothing() {
        let b: Vec<f32> = (0..2 * 8 * 3).map(|v| v as f32).collect();
        let there = permute(&b, 3, 2, 8, Direction::ToGguf);
        assert_ne!(there, b);
        // Hugging Face's row 4 (second half, first) is GGUF's row 1.
        assert_eq!(there[3..6], b[12..15]);
        assert_eq!(permute(&there, 3, 2, 8, Direction::FromGguf), b);
    }
}
