//! The same scenario under many seeds, and the ladder of one that fails.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::CallSimulation;

/// A scenario that failed under a seed. Shown, it draws the ladder of what happened.
pub struct FailedSeed {
    /// The seed: the same one fails in the same way.
    pub seed: u64,
    /// What the scenario said.
    pub message: String,
    /// Every SIP message, drawn.
    pub ladder: String,
}

impl fmt::Display for FailedSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FailedSeed {
            seed,
            message,
            ladder,
        } = self;
        write!(f, "seed {seed}: {message}\n{ladder}")
    }
}

impl fmt::Debug for FailedSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for FailedSeed {}

/// Runs a scenario once for each seed, on a network of its own, and stops at the first seed under which it panics.
///
/// # Errors
/// That seed, with what the scenario said and the ladder.
pub fn for_each_seed(
    seeds: impl IntoIterator<Item = u64>,
    scenario: impl Fn(&mut CallSimulation),
) -> Result<(), FailedSeed> {
    for seed in seeds {
        let mut simulation = CallSimulation::new(seed);
        let run = catch_unwind(AssertUnwindSafe(|| scenario(&mut simulation)));
        if let Err(panic) = run {
            return Err(FailedSeed {
                seed,
                message: words(&*panic),
                ladder: simulation.ladder(),
            });
        }
    }
    Ok(())
}

/// What a panic says.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "the scenario panicked".to_owned())
}
