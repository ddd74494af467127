//! OpenLoRA: many adapters on one base in memory, answers paid by vouchers, each with a signed receipt and its attribution.
//!
//! * [`http`] – the OpenAI routes and what is published; [`payment`] – x402 v2, field by field.
//! * [`cashier`], [`ledger`], [`redeem`] – whose requests are answered, what is on disk before an answer's last byte leaves, what is paid.
//! * [`scheduler`], [`answer`] – one decoding thread for requests of all adapters; sketch, receipt, attribution.
//! * [`catalog`] – the models that are served; [`payer`] – the other side of a channel.

pub mod answer;
pub mod cashier;
pub mod catalog;
pub mod http;
pub mod ledger;
pub mod payer;
pub mod payment;
pub mod redeem;
pub mod scheduler;
