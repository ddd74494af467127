//! OpenLoRA: serves many adapters on one base, paid by vouchers, with signed receipts.
