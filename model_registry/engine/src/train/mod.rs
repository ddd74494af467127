//! Losses and gradients.
