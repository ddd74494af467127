//! The adapter beside the base, on rows that neither was trained on.

use crate::card::Evaluation;
use crate::error::Result;
use crate::progress::{Progress, Stage};
use crate::rows::TrainingRow;
use engine::train::{PackedBatch, losses};
use engine::{Adapter, Model};

/// Mean loss of the rows' tokens, by base and adapter, in canonical f32.
pub(crate) fn evaluate(
    model: &Model,
    adapter: &Adapter,
    rows: &[TrainingRow],
    progress: &dyn Progress,
) -> Result<Option<Evaluation>> {
    if rows.is_empty() {
        return Ok(None);
    }
    let tokens: u64 = rows.iter().map(|r| r.tokens.len() as u64).sum();
    progress.begin(Stage::Evaluating, tokens, 0);
    let (mut base, mut adapted, mut counted, mut done) = (0.0f64, 0.0f64, 0usize, 0u64);
    for chunk in rows.chunks(4) {
        let mut batch = PackedBatch::default();
        chunk.iter().for_each(|row| batch.push(&row.tokens, 1.0));
        let sum = |adapter| -> Result<f64> { Ok(losses(model, adapter, &batch)?.iter().map(|l| f64::from(*l)).sum()) };
        base += sum(None)?;
        adapted += sum(Some(adapter))?;
        counted += batch.counted();
        done += batch.rows() as u64;
        progress.advance(done, "");
    }
    progress.end();
    let counted = counted.max(1) as f64;
    let (base_loss, adapter_loss) = (base / counted, adapted / counted);
    Ok(Some(Evaluation {
        rows: rows.len(),
        tokens,
        base_loss,
        adapter_loss,
        base_perplexity: base_loss.exp(),
        adapter_perplexity: adapter_loss.exp(),
    }))
}
