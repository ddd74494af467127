//! The language model: llama forward, LoRA backward, kernels, tokenizer.
