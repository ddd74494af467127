//! ModelFactory: fine-tunes LoRA adapters on Datanet versions.
