//! The same scenario under many seeds, and the ladder of one that fails.

use std::any::Any;
use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What draws the messages that it has carried.
pub trait Ladder {
    /// A column for each party, a line for each message.
    fn ladder(&self) -> String;
}

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

/// The seeds to run: the first `usual` ones, unless the environment variable `RVOIP_SEEDS` names another number (`10000`) or
/// a range (`17..18`).
pub fn seeds(usual: u64) -> Range<u64> {
    let wanted = std::env::var("RVOIP_SEEDS").ok();
    wanted.and_then(|text| parse(&text)).unwrap_or(0..usual)
}

fn parse(text: &str) -> Option<Range<u64>> {
    let (start, end) = text.split_once("..").unwrap_or(("0", text));
    Some(start.trim().parse().ok()?..end.trim().parse().ok()?)
}

/// Begins and plays a scenario once for each seed, and stops at the first seed under which it panics.
///
/// # Errors
/// That seed, with what the scenario said and the ladder.
pub fn for_each_seed<S: Ladder>(
    seeds: impl IntoIterator<Item = u64>,
    begin: impl Fn(u64) -> S,
    mut play: impl FnMut(u64, &mut S),
) -> Result<(), FailedSeed> {
    for seed in seeds {
        let mut scenario = begin(seed);
        let played = catch_unwind(AssertUnwindSafe(|| play(seed, &mut scenario)));
        if let Err(panic) = played {
            return Err(FailedSeed {
                seed,
                message: words(&*panic),
                ladder: scenario.ladder(),
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

#[cfg(test)]
mod tests {
    use super::*;

    struct Drawn(u64);

    impl Ladder for Drawn {
        fn ladder(&self) -> String {
            format!("|-- {} ->|", self.0)
        }
    }

    #[test]
    fn the_first_seed_that_fails_is_told_with_its_ladder() {
        let mut played = Vec::new();
        let failed = for_each_seed(3..9, Drawn, |_, scenario| {
            played.push(scenario.0);
            assert!(scenario.0 < 5, "too many");
        })
        .unwrap_err();
        assert_eq!(played, [3, 4, 5]);
        assert_eq!(failed.to_string(), "seed 5: too many\n|-- 5 ->|");
        assert!(for_each_seed(0..9, Drawn, |_, _| ()).is_ok());
    }

    #[test]
    fn a_number_or_a_range_of_seeds() {
        assert_eq!(parse("10000"), Some(0..10_000));
        assert_eq!(parse("17..18"), Some(17..18));
        assert_eq!([parse("many"), parse("1..")], [None, None]);
    }
}
