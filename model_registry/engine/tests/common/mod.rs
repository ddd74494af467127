//! Tiny models for tests, as GGUF files too.
#![allow(dead_code)]

use candle_core::quantized::gguf_file::{Value, write};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use engine::{Config, Random};
use std::path::{Path, PathBuf};

/// A model of two layers.
pub fn tiny() -> Config {
    Config {
        layers: 2,
        dim: 32,
        ffn: 64,
        heads: 4,
        kv_heads: 2,
        head_dim: 8,
        vocab: 260,
        context: 96,
        rope_base: 1e4,
        norm_eps: 1e-5,
    }
}

/// The base model's file where the cache has it.
pub fn base_model() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let cache = std::env::var_os("OPENLEDGER_CACHE").map_or_else(|| root.join(".cache"), PathBuf::from);
    let path = cache.join("SmolLM2-135M-Instruct.Q4_1.gguf");
    path.exists().then_some(path)
}

/// Writes a GGUF with random weights, a token for each byte, four special tokens and a chat template.
pub fn write_tiny_gguf(path: &Path) {
    let c = tiny();
    let mut random = Random::new(11);
    let mut tensors: Vec<(String, QTensor)> = Vec::new();
    let mut add = |name: String, shape: &[usize], kind: GgmlDType| {
        let count: usize = shape.iter().product();
        let norm = shape.len() == 1;
        let scale = if norm { 0.0 } else { 1.0 / (shape[1] as f32).sqrt() };
        let values: Vec<f32> = (0..count).map(|_| f32::from(u8::from(norm)) + scale * random.normal()).collect();
        let tensor = Tensor::from_vec(values, shape, &Device::Cpu).unwrap();
        tensors.push((name, QTensor::quantize(&tensor, kind).unwrap()));
    };
    let (q, kv) = (c.q_dim(), c.kv_dim());
    add("token_embd.weight".into(), &[c.vocab, c.dim], GgmlDType::Q8_0);
    add("output_norm.weight".into(), &[c.dim], GgmlDType::F32);
    for l in 0..c.layers {
        add(format!("blk.{l}.attn_norm.weight"), &[c.dim], GgmlDType::F32);
        add(format!("blk.{l}.ffn_norm.weight"), &[c.dim], GgmlDType::F32);
        for (name, shape) in [
            ("attn_q", [q, c.dim]),
            ("attn_k", [kv, c.dim]),
            ("attn_v", [kv, c.dim]),
            ("attn_output", [c.dim, q]),
            ("ffn_gate", [c.ffn, c.dim]),
            ("ffn_up", [c.ffn, c.dim]),
            ("ffn_down", [c.dim, c.ffn]),
        ] {
            add(format!("blk.{l}.{name}.weight"), &shape, GgmlDType::Q4_1);
        }
    }
    let mut names: Vec<String> = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<pad>"].map(str::to_owned).to_vec();
    let mut next = 0x100u32;
    for b in 0..=255u32 {
        let printable = matches!(b, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
        let code = if printable {
            b
        } else {
            next += 1;
            next - 1
        };
        names.push(char::from_u32(code).unwrap().to_string());
    }
    let kinds = (0..260).map(|id| Value::I32(if id < 4 { 3 } else { 1 })).collect();
    let template = "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}\
                    {% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
    let text = |s: &str| Value::String(s.into());
    let meta: Vec<(&str, Value)> = vec![
        ("general.architecture", text("llama")),
        ("llama.block_count", Value::U32(c.layers as u32)),
        ("llama.context_length", Value::U32(c.context as u32)),
        ("llama.embedding_length", Value::U32(c.dim as u32)),
        ("llama.feed_forward_length", Value::U32(c.ffn as u32)),
        ("llama.attention.head_count", Value::U32(c.heads as u32)),
        ("llama.attention.head_count_kv", Value::U32(c.kv_heads as u32)),
        ("llama.attention.layer_norm_rms_epsilon", Value::F32(c.norm_eps)),
        ("llama.rope.freq_base", Value::F32(c.rope_base as f32)),
        ("tokenizer.ggml.model", text("gpt2")),
        ("tokenizer.ggml.pre", text("smollm")),
        ("tokenizer.ggml.tokens", Value::Array(names.into_iter().map(Value::String).collect())),
        ("tokenizer.ggml.token_type", Value::Array(kinds)),
        ("tokenizer.ggml.merges", Value::Array(Vec::new())),
        ("tokenizer.ggml.eos_token_id", Value::U32(2)),
        ("tokenizer.chat_template", text(template)),
    ];
    let meta: Vec<(&str, &Value)> = meta.iter().map(|(k, v)| (*k, v)).collect();
    let tensors: Vec<(&str, &QTensor)> = tensors.iter().map(|(n, t)| (n.as_str(), t)).collect();
    let mut file = std::fs::File::create(path).unwrap();
    write(&mut file, &meta, &tensors).unwrap();
}
