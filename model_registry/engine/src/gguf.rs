//! Reading a GGUF file: metadata and dequantised tensors. Knows nothing of the forward pass.

use crate::config::Config;
use crate::error::{Error, Result};
use crate::kernels::QuantKind;
use candle_core::Device;
use candle_core::quantized::GgmlDType;
use candle_core::quantized::gguf_file::{Content, Value};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// An open GGUF file.
pub struct Gguf {
    path: PathBuf,
    bytes: u64,
    reader: BufReader<File>,
    content: Content,
}

impl Gguf {
    /// Opens the file and reads its metadata and table of tensors.
    pub fn open(path: &Path) -> Result<Self> {
        let read = |cause| Error::Read { path: path.to_owned(), cause };
        let file = File::open(path).map_err(read)?;
        let bytes = file.metadata().map_err(read)?.len();
        let mut reader = BufReader::new(file);
        let content = Content::read(&mut reader).map_err(|e| Error::Gguf {
            path: path.to_owned(),
            bytes,
            problem: format!("its header and metadata cannot be read ({}); it is probably cut short", first_line(&e)),
        })?;
        Ok(Self { path: path.to_owned(), bytes, reader, content })
    }

    /// An error about this file.
    pub fn problem(&self, problem: impl Into<String>) -> Error {
        Error::Gguf { path: self.path.clone(), bytes: self.bytes, problem: problem.into() }
    }

    /// The value of `key`.
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.content.metadata.get(key)
    }

    /// An integer.
    pub fn integer(&self, key: &str) -> Result<usize> {
        let value = self.value(key).ok_or_else(|| self.problem(format!("metadata {key} is missing")))?;
        value.to_u64().map(|v| v as usize).map_err(|_| self.problem(format!("metadata {key} is no integer")))
    }

    /// A number.
    pub fn number(&self, key: &str) -> Result<f32> {
        let value = self.value(key).ok_or_else(|| self.problem(format!("metadata {key} is missing")))?;
        value.to_f32().map_err(|_| self.problem(format!("metadata {key} is no f32")))
    }

    /// A string.
    pub fn string(&self, key: &str) -> Result<&str> {
        let value = self.value(key).ok_or_else(|| self.problem(format!("metadata {key} is missing")))?;
        value.to_string().map(String::as_str).map_err(|_| self.problem(format!("metadata {key} is no string")))
    }

    /// An array of strings.
    pub fn strings(&self, key: &str) -> Result<Vec<&str>> {
        let value = self.value(key).ok_or_else(|| self.problem(format!("metadata {key} is missing")))?;
        value
            .to_vec()
            .and_then(|items| items.iter().map(|v| v.to_string().map(String::as_str)).collect())
            .map_err(|_| self.problem(format!("metadata {key} is no list of strings")))
    }

    /// An array of integers.
    pub fn integers(&self, key: &str) -> Result<Vec<i64>> {
        let value = self.value(key).ok_or_else(|| self.problem(format!("metadata {key} is missing")))?;
        let integer = |v: &Value| v.to_i32().map(i64::from).or_else(|_| v.to_u64().map(|v| v as i64));
        value
            .to_vec()
            .and_then(|items| items.iter().map(integer).collect())
            .map_err(|_| self.problem(format!("metadata {key} is no list of integers")))
    }

    /// True if the file has the tensor.
    pub fn has(&self, name: &str) -> bool {
        self.content.tensor_infos.contains_key(name)
    }

    /// The tensor as row-major f32, `shape` being what the model needs (rows, columns).
    pub fn tensor(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        self.check_shape(name, shape)?;
        let read = self
            .content
            .tensor(&mut self.reader, name, &Device::Cpu)
            .and_then(|t| t.dequantize(&Device::Cpu))
            .and_then(|t| t.flatten_all())
            .and_then(|t| t.to_vec1::<f32>());
        read.map_err(|e| self.cut_short(name, &e))
    }

    /// The format of a tensor if it is one that stays packed.
    pub fn quantised(&self, name: &str) -> Option<QuantKind> {
        match self.content.tensor_infos.get(name)?.ggml_dtype {
            GgmlDType::Q4_1 => Some(QuantKind::Q4_1),
            GgmlDType::Q8_0 => Some(QuantKind::Q8_0),
            _ => None,
        }
    }

    /// The tensor's blocks as they stand in the file, `shape` being what the model needs (rows, columns).
    pub fn blocks(&mut self, name: &str, shape: [usize; 2]) -> Result<Vec<u8>> {
        self.check_shape(name, &shape)?;
        let read = self
            .content
            .tensor(&mut self.reader, name, &Device::Cpu)
            .and_then(|t| t.data().map(|data| data.into_owned()));
        read.map_err(|e| self.cut_short(name, &e))
    }

    fn check_shape(&self, name: &str, shape: &[usize]) -> Result<()> {
        let info = self.content.tensor_infos.get(name);
        let info = info.ok_or_else(|| self.problem(format!("tensor {name} is missing")))?;
        let found = info.shape.dims();
        if found == shape {
            return Ok(());
        }
        Err(self.problem(format!("tensor {name} is {found:?}, expected {shape:?}")))
    }

    fn cut_short(&self, name: &str, e: &candle_core::Error) -> Error {
        self.problem(format!("tensor {name} cannot be read ({}); it is probably cut short", first_line(e)))
    }

    /// The model's shape.
    pub fn config(&self) -> Result<Config> {
        let unsupported = |problem: String| Err(Error::Unsupported { path: self.path.clone(), problem });
        let architecture = self.string("general.architecture")?;
        if architecture != "llama" {
            return unsupported(format!("its architecture is {architecture}, only llama is supported"));
        }
        if self.has("rope_freqs.weight") || self.value("llama.rope.scaling.type").is_some() {
            return unsupported("it scales rotary frequencies".into());
        }
        if self.has("blk.0.attn_q.bias") || self.has("blk.0.ffn_gate_inp.weight") {
            return unsupported("it has biases or experts".into());
        }
        let heads = self.integer("llama.attention.head_count")?;
        let dim = self.integer("llama.embedding_length")?;
        let head_dim = match self.value("llama.attention.key_length") {
            Some(_) => self.integer("llama.attention.key_length")?,
            None => dim / heads.max(1),
        };
        if self.integer("llama.rope.dimension_count").unwrap_or(head_dim) != head_dim {
            return unsupported("it turns only a part of each head".into());
        }
        let config = Config {
            layers: self.integer("llama.block_count")?,
            dim,
            ffn: self.integer("llama.feed_forward_length")?,
            heads,
            kv_heads: self.integer("llama.attention.head_count_kv").unwrap_or(heads),
            head_dim,
            vocab: self.strings("tokenizer.ggml.tokens")?.len(),
            context: self.integer("llama.context_length")?,
            rope_base: f64::from(self.number("llama.rope.freq_base").unwrap_or(10_000.0)),
            norm_eps: self.number("llama.attention.layer_norm_rms_epsilon")?,
        };
        config.check().map_err(|e| self.problem(e.to_string()))?;
        Ok(config)
    }
}

/// candle's errors carry backtraces in their text.
fn first_line(e: &candle_core::Error) -> String {
    e.to_string().lines().next().unwrap_or_default().to_owned()
}
