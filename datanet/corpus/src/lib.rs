//! Text of known contributors: canonical form, chunks, roots, content-addressed store.
