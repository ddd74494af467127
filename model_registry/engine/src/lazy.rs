//! A value that is built when first needed and can be given back.

use std::sync::{Arc, Mutex, PoisonError};

/// Built at the first [`Lazy::get`], shared until [`Lazy::clear`], then built again when needed.
pub(crate) struct Lazy<T>(Mutex<Option<Arc<T>>>);

impl<T> Default for Lazy<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Lazy<T> {
    /// The value, built by `make` if it is not there. Others who ask meanwhile wait for it.
    pub(crate) fn get(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slot.get_or_insert_with(|| Arc::new(make())))
    }

    /// The value if it is there.
    pub(crate) fn peek(&self) -> Option<Arc<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Drops the value once nobody uses it any more.
    pub(crate) fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
