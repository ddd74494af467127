//! Sketches of gradients and the scores between them.
