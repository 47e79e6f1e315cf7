//! Playout: a frame out of the store, shifted in time when the delay is off its target.
//!
//! The delay moves where it is not heard: by any amount in gaps and silence, by whole pitch periods in sound. In a gap the
//! shift is chosen, within 10 ms of what is wanted, so that the sound after the gap fits what is made up until then.

use super::JitterBuffer;
use super::pitch::{self, MAX_SCALE, OVERLAP, similarity};

/// How far the delay may be above the target before sound is shortened; lengths are given at 8 kHz.
const SLACK_ABOVE: i64 = 200;
/// How far it may be above before a gap is shortened.
const SLACK_IN_GAPS: i64 = 40;
/// How far it may be below before either is lengthened.
pub(super) const SLACK_BELOW: i64 = 8;
/// How far a shift in a gap may be from what is wanted for the sake of a better fit.
const SEARCH: i64 = OVERLAP as i64;
/// How many frames are looked ahead for the end of a gap, and skipped of it at a time.
pub(super) const AHEAD: i64 = 3;

impl JitterBuffer {
    /// Writes a frame from `next` on and returns how many samples of the store it stands for: fewer or more than a frame
    /// when the delay is `excess` above the target.
    pub(super) fn render(&mut self, next: i64, excess: i64, frame: &mut [i16]) -> i64 {
        let (whole, scale) = (self.rate.frame(), self.rate.scale());
        let due = next + whole;
        self.decode_until(due, due);
        let quiet = self.store.quiet_run(next, whole) == whole;
        let lacking = if excess < -SLACK_BELOW * scale {
            -excess
        } else {
            0
        };
        let off = lacking > 0 || excess > SLACK_IN_GAPS * scale;
        if quiet && off && self.holding == 0 {
            return whole + self.shift(next, excess, frame);
        }
        // While a gap is being closed there is no sound yet that a period could be taken from.
        let sounding = !self.concealer.is_bridging() && self.store.is_complete(next, whole);
        if sounding && excess > SLACK_ABOVE * scale {
            self.decode_until(due, due + whole);
            if self.store.is_complete(next, 2 * whole) {
                let mut sound = [0; 2 * pitch::FRAME * MAX_SCALE];
                let sound = &mut sound[..2 * frame.len()];
                self.store.read(next, sound);
                return whole + pitch::shorten(sound, frame) as i64;
            }
        }
        if sounding && lacking > 0 {
            let mut sound = [0; pitch::FRAME * MAX_SCALE];
            let sound = &mut sound[..frame.len()];
            self.store.read(next, sound);
            return whole - pitch::lengthen(self.concealer.history(), sound, frame) as i64;
        }
        whole - self.fill(next, 0, lacking, frame)
    }

    /// Completes a frame of which `done` samples are written: with what is there from `next` on, or made up where nothing
    /// is. Where a gap ends while the delay lacks samples, sound is held back; returns by how many in this frame.
    fn fill(&mut self, next: i64, mut done: usize, lacking: i64, frame: &mut [i16]) -> i64 {
        let (mut place, mut held) = (next, 0);
        while done < frame.len() {
            let left = (frame.len() - done) as i64;
            let (present, mut run) = self.store.run(place, left);
            if present && held == 0 && self.holding == 0 && self.concealer.is_open() {
                self.holding = -self.best_shift(place, -lacking.min(self.rate.frame()));
            }
            let hold = self.holding.min(left);
            if hold > 0 {
                run = hold;
                held += hold;
                self.holding -= hold;
            } else {
                place += run;
            }
            let end = done + run as usize;
            if present && hold == 0 {
                self.store.read(place - run, &mut frame[done..end]);
                self.concealer.resume(&mut frame[done..end]);
            } else {
                self.conceal(done, end, frame);
            }
            done = end;
        }
        held
    }

    /// Makes up `frame[from..to]`, which follows on `frame[..from]`.
    pub(super) fn conceal(&mut self, from: usize, to: usize, frame: &mut [i16]) {
        self.concealer.learn(from, frame);
        let made_up = self.concealer.conceal(&mut frame[from..to]);
        self.count_made_up(self.next.unwrap_or(i64::MAX), made_up as i64);
    }

    /// Writes a frame of a gap or of silence and skips, or holds back, what the delay is off; returns the samples skipped.
    fn shift(&mut self, next: i64, excess: i64, frame: &mut [i16]) -> i64 {
        let whole = self.rate.frame();
        self.decode_until(next + whole, next + (AHEAD + 1) * whole);
        // What still waits to be decoded must not be skipped.
        let waiting = self
            .queue
            .first()
            .map(|(packet, _)| packet.first - next - whole);
        let most = match excess {
            0.. => {
                let most = excess.min(waiting.unwrap_or(excess).max(AHEAD * whole));
                most.min(self.store.quiet_run(next, most + whole) - whole)
            }
            _ => excess.max(-whole),
        };
        if !self.store.run(next, 1).0 {
            self.concealer.learn(0, frame);
        }
        let skipped = self.best_shift(next, most);
        let held = skipped.min(0).unsigned_abs() as usize;
        if held > 0 {
            self.conceal(0, held, frame);
        }
        self.fill(next + skipped.max(0), held, 0, frame);
        skipped
    }

    /// The shift between none and `most` after which the sound behind the gap fits best; `most` where nothing is known.
    fn best_shift(&self, next: i64, most: i64) -> i64 {
        let scale = self.rate.scale();
        let (present, gap) = self.store.run(next, (AHEAD + 1) * self.rate.frame());
        let gap = if present { 0 } else { gap };
        if !self.store.is_complete(next + gap, OVERLAP as i64 * scale) {
            return most;
        }
        let place = |n: usize| next + gap + n as i64 * scale;
        let sound: [i16; OVERLAP] = std::array::from_fn(|n| self.store.sample(place(n)));
        let mut best = (0.0, most);
        for step in 0..=SEARCH.min(most.abs() / scale) {
            let shift = most - step * scale * most.signum();
            let ahead = usize::try_from(gap - shift).ok();
            let fit = ahead
                .and_then(|ahead| self.concealer.continuation(ahead))
                .map_or(0.0, |continuation| similarity(&sound, &continuation, 1));
            if fit > best.0 {
                best = (fit, shift);
            }
        }
        best.1
    }
}
