//! Whether anything goes on on a connection that should: octets that wait, a message that has begun.

use std::time::{Duration, Instant};

#[derive(Debug, Default)]
pub(in crate::driver) struct Stall {
    /// When octets that wait began to wait, or when some of them went last.
    stuck_since: Option<Instant>,
    /// When a message began that is not complete, where the link knows.
    partial_since: Option<Instant>,
    /// When somebody looks whether anything has gone on.
    watched_until: Option<Instant>,
}

impl Stall {
    /// Takes note that octets that wait went, or could not go.
    pub(super) fn note_writing(&mut self, now: Instant, has_gone: bool) {
        match has_gone {
            true => self.stuck_since = None,
            false => _ = self.stuck_since.get_or_insert(now),
        }
    }

    /// Takes note that all was read, and whether that ends inside a message.
    pub(super) fn note_reading(&mut self, now: Instant, is_inside_message: bool) {
        match is_inside_message {
            true => _ = self.partial_since.get_or_insert(now),
            false => self.partial_since = None,
        }
    }

    fn since(&self) -> Option<Instant> {
        [self.stuck_since, self.partial_since]
            .into_iter()
            .flatten()
            .min()
    }

    /// When to look, if nothing goes on and nobody looks already.
    pub(in crate::driver) fn watch(&mut self, limit: Duration) -> Option<Instant> {
        if self.watched_until.is_some() {
            return None;
        }
        self.watched_until = self.since().map(|since| since + limit);
        self.watched_until
    }

    /// When somebody looks.
    pub(in crate::driver) fn watched_until(&self) -> Option<Instant> {
        self.watched_until
    }

    /// Ends the watch; returns since when nothing has gone on.
    pub(in crate::driver) fn unwatch(&mut self) -> Option<Instant> {
        self.watched_until = None;
        self.since()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_of_two_stalls_counts_and_progress_ends_it() {
        let (start, limit) = (Instant::now(), Duration::from_secs(10));
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut stall = Stall::default();
        assert_eq!(stall.watch(limit), None);
        stall.note_reading(at(1), true);
        stall.note_writing(at(2), false);
        stall.note_reading(at(3), true);
        assert_eq!(stall.watch(limit), Some(at(11)));
        assert_eq!(stall.watch(limit), None, "watched already");
        stall.note_reading(at(4), false);
        assert_eq!(stall.unwatch(), Some(at(2)));
        assert_eq!(stall.watch(limit), Some(at(12)));
        stall.note_writing(at(5), true);
        assert_eq!(stall.unwatch(), None);
    }
}
