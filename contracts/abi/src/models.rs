//! Contract: models.
