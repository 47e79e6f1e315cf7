//! Where sound passes from one way to another: it goes on here from what was heard without this buffer, or is given out ahead of
//! its time to go on without it. Nothing is heard twice, and nothing is missing.

use super::JitterBuffer;
use super::pitch::blend;

/// How far ahead sound is given out, in frames: what the store has room for.
const MAX_AHEAD: i64 = 8;

/// What a buffer knows of the sound that was heard elsewhere.
#[derive(Debug)]
pub(super) struct Seam {
    /// Whether the next packet begins what is heard here.
    begins: bool,
    /// The place from which on sound is heard here for the first time.
    place: Option<i64>,
    /// Up to here there is silence, of whole frames.
    silent_until: i64,
}

impl Default for Seam {
    fn default() -> Self {
        Self {
            begins: false,
            place: None,
            silent_until: i64::MIN,
        }
    }
}

impl JitterBuffer {
    /// What came so far was heard elsewhere; what comes from now on is heard here. A buffer that was empty begins with a whole
    /// packet at the beginning of a frame, and without a fade.
    pub(crate) fn go_on(&mut self) {
        let end = self.newest.map(|(_, end, _)| end);
        let place = end.filter(|_| self.next.is_some());
        self.seam = Seam {
            begins: place.is_none(),
            place,
            ..Seam::default()
        };
    }

    /// Whether the frame played last was heard for the first time.
    pub(crate) fn has_gone_on(&self) -> bool {
        let half = self.rate.frame() / 2;
        match (self.seam.place, self.next) {
            (Some(place), Some(next)) => next - half >= place,
            _ => !self.seam.begins,
        }
    }

    /// Writes the frame that is to be played after `frames` others and was not heard elsewhere; `false` when there is no more. The
    /// frames end with the last packet: what is there beyond whole frames is left out, over the first of them.
    ///
    /// # Panics
    ///
    /// When `frame` is not of 20 ms.
    pub(crate) fn ahead(&mut self, frames: i64, frame: &mut [i16]) -> bool {
        let whole = self.rate.frame();
        assert_eq!(frame.len() as i64, whole, "a frame is 20 ms");
        let (Some(next), Some((_, end, _))) = (self.next, self.newest) else {
            return false;
        };
        let first = match (self.fresh, self.queue.first()) {
            (true, Some((packet, _))) => packet.first,
            _ => self.seam.place.map_or(next, |place| place.max(next)),
        };
        let left_out = (end - first).rem_euclid(whole);
        let place = first + left_out + frames * whole;
        if end - place < whole || place + whole - next > MAX_AHEAD * whole {
            return false;
        }
        self.decode_until(next, place + whole);
        for (done, sample) in frame.iter_mut().enumerate() {
            let place = place + done as i64;
            *sample = match frames == 0 && left_out > 0 {
                true => blend(
                    self.sound(place - left_out),
                    self.sound(place),
                    done,
                    whole as usize,
                ),
                false => self.sound(place),
            };
        }
        true
    }

    /// The sample at a place; silence where there is none.
    fn sound(&self, place: i64) -> i16 {
        match self.store.run(place, 1) {
            (true, _) => self.store.sample(place),
            (false, _) => 0,
        }
    }

    /// Where a buffer begins to play that would play the place `next` now.
    pub(super) fn first_place(&mut self, next: i64) -> i64 {
        let first = self.queue.first().map(|(packet, _)| packet.first);
        let Some(first) = first.filter(|_| std::mem::take(&mut self.seam.begins)) else {
            return next;
        };
        let whole = self.rate.frame();
        let frames = (first - next).max(0).unsigned_abs().div_ceil(whole as u64);
        let next = first - frames as i64 * whole;
        (self.seam.place, self.seam.silent_until) = (Some(first), first);
        if next == first {
            self.concealer.begin();
        }
        next
    }

    /// Plays a frame of the silence before the sound begins; `false` when that is over.
    pub(super) fn wait_for_seam(&mut self, next: i64, frame: &mut [i16]) -> bool {
        let waits = next < self.seam.silent_until;
        if waits {
            frame.fill(0);
            let next = next + self.rate.frame();
            self.store.move_to(next);
            self.next = Some(next);
            if next >= self.seam.silent_until {
                self.concealer.begin();
            }
        }
        waits
    }
}
