//! Both sides offer at once: who is turned away how, and when it may come again (RFC 3261 sections 14.1 and 14.2, RFC 3311
//! section 5.2).

use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

/// How an offer of the peer is turned away while another exchange is going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glare {
    /// Ours is outstanding: 491.
    RequestPending,
    /// An earlier one of the peer's is not answered yet: 500 with a Retry-After of 0 to 10 s.
    RetryLater,
}

/// How long an offer that met 491 waits before it goes out again: 2.1 to 4 s on the side that made the Call-ID, 0 to 2 s on
/// the other, in units of 10 ms.
pub fn back_off(owner: bool, rng: &mut StdRng) -> Duration {
    let units = match owner {
        true => rng.random_range(210..=400),
        false => rng.random_range(0..=200),
    };
    Duration::from_millis(units * 10)
}

/// The Retry-After of [`Glare::RetryLater`]: 0 to 10 s.
pub fn retry_after(rng: &mut StdRng) -> Duration {
    Duration::from_secs(rng.random_range(0..=10))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn the_owner_of_the_call_id_always_waits_longer() {
        let mut rng = StdRng::seed_from_u64(1);
        for _ in 0..1_000 {
            let (owner, other) = (back_off(true, &mut rng), back_off(false, &mut rng));
            assert!((2_100..=4_000).contains(&owner.as_millis()), "{owner:?}");
            assert!(other.as_millis() <= 2_000 && other.subsec_millis() % 10 == 0);
            assert!(retry_after(&mut rng).as_secs() <= 10);
        }
    }
}
