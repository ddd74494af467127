//! The demo's own folder. Each run starts from an empty one, but for what the same program trained there before.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use proof::{Blake2, Hasher};

use super::Options;

/// In the demo's folder: says that it may be emptied.
const MARK: &str = ".openledger-demo";
/// Where adapters are trained; what is finished there and still fits is not trained again.
pub const MODELS: &str = "models";
/// Beside them: which program trained them.
const MADE_BY: &str = "made-by";

/// Empties the folder. Trained adapters stay if this very program made them: another one might make others.
///
/// # Errors
/// Data that is not fetched, a folder that is not the demo's.
pub fn prepare(options: &Options) -> Result<()> {
    for needed in [options.model_file(), options.texts()] {
        ensure!(needed.exists(), "{} is not there: run scripts/fetch-data first", needed.display());
    }
    let home = &options.home;
    let program = program()?;
    fs::create_dir_all(home).with_context(|| home.display().to_string())?;
    let held: Vec<_> = entries(home)?;
    if !held.is_empty() && !home.join(MARK).exists() {
        bail!("{} holds other files: name an empty folder with --home", home.display());
    }
    fs::write(home.join(MARK), "emptied at each start of `openledger demo`\n")?;
    let models = home.join(MODELS);
    let keep = !options.retrain && fs::read_to_string(models.join(MADE_BY)).is_ok_and(|made_by| made_by == program);
    for path in held {
        if path == home.join(MARK) || (keep && path == models) {
            continue;
        }
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.with_context(|| path.display().to_string())?;
    }
    fs::create_dir_all(&models)?;
    fs::write(models.join(MADE_BY), program)?;
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let read = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.with_context(|| folder.display().to_string())?,
    };
    Ok(read.map(|entry| entry.map(|e| e.path())).collect::<std::io::Result<_>>()?)
}

/// Digest of the running program.
fn program() -> Result<String> {
    let path = std::env::current_exe().context("where this program lies")?;
    let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
    Ok(hex::encode(Blake2::blake2_256(&bytes)))
}
