//! The attribution worker: epochs from receipts to report, oracles, watcher.
