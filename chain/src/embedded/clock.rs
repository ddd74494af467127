//! What time it is on the embedded chain.

use std::time::{SystemTime, UNIX_EPOCH};

/// A round moment in 2023, where a manual clock begins.
const MANUAL_START_MS: u64 = 1_700_000_000_000;

/// Gives each block its time: ms since 1970, strictly increasing.
#[derive(Debug, Clone)]
pub(crate) enum Clock {
    /// The machine's clock, ahead by what was advanced.
    Real { offset_ms: u64 },
    /// A millisecond a block.
    Manual,
}

impl Clock {
    pub fn real(offset_ms: u64) -> Self {
        Clock::Real { offset_ms }
    }

    pub fn manual() -> Self {
        Clock::Manual
    }

    /// The genesis block's time.
    pub fn start(&self) -> u64 {
        match self {
            Clock::Real { .. } => self.next(0),
            Clock::Manual => MANUAL_START_MS,
        }
    }

    /// The time of a block that follows one at `last`.
    pub fn next(&self, last: u64) -> u64 {
        let after = last.saturating_add(1);
        match self {
            Clock::Real { offset_ms } => unix_ms().saturating_add(*offset_ms).max(after),
            Clock::Manual => after,
        }
    }

    /// Moves the clock forward. (A manual clock moves with its blocks.)
    pub fn advance(&mut self, by_ms: u64) {
        if let Clock::Real { offset_ms } = self {
            *offset_ms = offset_ms.saturating_add(by_ms);
        }
    }

    /// How far this clock is ahead of the machine's.
    pub fn offset_ms(&self) -> u64 {
        match self {
            Clock::Real { offset_ms } => *offset_ms,
            Clock::Manual => 0,
        }
    }
}

fn unix_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| u64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_later_than_the_last_one_even_if_the_machines_clock_went_back() {
        let clock = Clock::real(0);
        let future = unix_ms() + 1_000_000;
        assert_eq!(clock.next(future), future + 1);
    }

    #[test]
    fn a_real_clock_jumps_and_runs_on() {
        let mut clock = Clock::real(0);
        let before = clock.next(0);
        clock.advance(86_400_000);
        assert!(clock.next(0) >= before + 86_400_000);
    }
}
