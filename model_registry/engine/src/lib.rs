//! The language model: a llama forward pass, LoRA with a hand-written backward pass, tokenizer, decoding in batches.
//!
//! All arithmetic is *canonical f32* (see [`kernels`]): the bits of a logit, a gradient or a sketch are a function of
//! weights and tokens, whatever CPU, thread count or batch computed them. The factory trains with it, the host serves
//! with it, and anyone who wants to check a sketch recomputes with it.
//!
//! The crate knows nothing of contracts, receipts, Datanets or HTTP.
//!
//! ```no_run
//! use engine::{Batch, Message, Model, Request, Sampling, Tokenizer};
//! # fn main() -> engine::Result<()> {
//! let model = std::sync::Arc::new(Model::load("SmolLM2-135M-Instruct.Q4_1.gguf")?);
//! let tokenizer = Tokenizer::load("SmolLM2-135M-Instruct.Q4_1.gguf")?;
//! let prompt = tokenizer.encode_chat(&[Message::new("user", "What is the capital of France?")])?;
//! let stop = tokenizer.stop_tokens();
//! let request = Request { prompt, adapter: None, sampling: Sampling::greedy(), max_new_tokens: 64, stop };
//! let (tokens, _) = engine::generate(&model, request, |_| true)?;
//! println!("{}", tokenizer.decode(&tokens));
//! # Ok(()) }
//! ```

mod cache;
mod config;
mod decode;
mod error;
pub mod gguf;
pub mod kernels;
mod lazy;
mod lora;
mod model;
mod peft;
mod random;
mod sampling;
mod template;
mod tokenizer;
pub mod train;

pub use config::{Config, Target};
pub use decode::{Batch, Emitted, Finish, Request, SequenceId, generate};
pub use error::{Error, Result};
pub use lora::{Adapter, LoraConfig, LoraWeights, Pair};
pub use model::{Model, Precision};
pub use peft::{CONFIG_FILE, WEIGHTS_FILE, write_atomically};
pub use random::Random;
pub use sampling::{Sampling, likeliest};
pub use tokenizer::{Message, TextStream, Tokenizer};
