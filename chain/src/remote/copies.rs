//! Copies of the served chain, each for one client that tries something out. Bounded: a copy holds the whole state.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{ChainError, Embedded};

/// The most copies held at once.
const MOST: usize = 4;
/// A copy that nobody asked for so long may be dropped for another.
const IDLE: Duration = Duration::from_secs(30);

/// The copies by number.
#[derive(Default)]
pub(super) struct Copies(Mutex<Held>);

#[derive(Default)]
struct Held {
    next: u64,
    copies: BTreeMap<u64, Copy>,
}

struct Copy {
    chain: Arc<Embedded>,
    used: Instant,
}

impl Copies {
    /// Makes a copy and returns its number.
    ///
    /// # Errors
    /// [`ChainError::Input`] if all places are in use; those of `make`.
    pub fn make(&self, make: impl FnOnce() -> Result<Embedded, ChainError>) -> Result<u64, ChainError> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.copies.len() >= MOST {
            held.copies.retain(|_, copy| copy.used.elapsed() < IDLE);
        }
        if held.copies.len() >= MOST {
            return Err(ChainError::Input(format!(
                "{MOST} copies of the chain are in use: try again in half a minute"
            )));
        }
        let copy = Copy { chain: Arc::new(make()?), used: Instant::now() };
        let number = held.next;
        held.next = held.next.saturating_add(1);
        held.copies.insert(number, copy);
        Ok(number)
    }

    /// A copy.
    ///
    /// # Errors
    /// [`ChainError::Input`] if it was given up or dropped for another.
    pub fn get(&self, number: u64) -> Result<Arc<Embedded>, ChainError> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = || ChainError::Input("the copy of the chain is gone: make another one".into());
        let copy = held.copies.get_mut(&number).ok_or_else(gone)?;
        copy.used = Instant::now();
        Ok(Arc::clone(&copy.chain))
    }

    /// Gives a copy up.
    pub fn remove(&self, number: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).copies.remove(&number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_bounded_and_given_up() {
        let copies = Copies::default();
        let chain = Embedded::ephemeral();
        for expected in 0..MOST {
            assert_eq!(copies.make(|| Ok(chain.fork())), Ok(expected as u64));
        }
        assert!(matches!(copies.make(|| Ok(chain.fork())), Err(ChainError::Input(_))));
        copies.remove(1);
        assert!(matches!(copies.get(1), Err(ChainError::Input(_))));
        assert_eq!(copies.make(|| Ok(chain.fork())), Ok(4));
        assert!(copies.get(4).is_ok());
    }
}
