//! A folder that an earlier call finished.

use crate::card::{Card, Provenance};
use crate::train::Outcome;
use crate::{CARD_FILE, SKETCH_META_FILE, SKETCHES_FILE};
use corpus::Cid;
use engine::{Adapter, CONFIG_FILE, Config, WEIGHTS_FILE};
use influence::RowIndex;
use std::path::Path;
use std::sync::Arc;

/// What lies in `folder`, if it was made by this `run` (a digest) on these versions and every file of it is still what
/// the card says.
pub(crate) fn outcome(folder: &Path, run: &str, provenance: &[Provenance], model: &Config) -> Option<Outcome> {
    let card: Card = serde_json::from_slice(&std::fs::read(folder.join(CARD_FILE)).ok()?).ok()?;
    if card.run != run || card.provenance != provenance {
        return None;
    }
    let held = |name: &str, cid: &str| {
        let bytes = std::fs::read(folder.join(name)).ok()?;
        (Cid::of(&bytes).to_string() == cid).then_some(bytes)
    };
    held(WEIGHTS_FILE, &card.adapter_cid)?;
    held(CONFIG_FILE, &card.adapter_config_cid)?;
    held(SKETCH_META_FILE, &card.sketch_meta_cid)?;
    let rows = RowIndex::open(&held(SKETCHES_FILE, &card.sketches_cid)?).ok()?;
    let adapter = Arc::new(Adapter::load(folder, model).ok()?);
    let (adapter_hash, sketch_root) = (adapter.hash(), rows.root());
    Some(Outcome { folder: folder.to_owned(), adapter, adapter_hash, sketch_root, rows, card, reused: true })
}
