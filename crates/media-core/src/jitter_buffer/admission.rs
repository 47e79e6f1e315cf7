//! Which packets are taken, and what their coming says: a jump, a new talkspurt, a packet too late.

use std::time::Instant;

use super::packet_queue::{Queued, Waiting};
use super::{AudioPacket, HORIZON_FRAMES, JitterBuffer, LONGEST_PIECE_FRAMES, MAX_LATE_RUN};
use super::{MAX_STEP_FRAMES, PAUSE};
use crate::codec::Codec;

/// Room for packets of varying length: half a second at 256 kbit/s.
const VARYING_OCTETS: usize = 16_000;

impl JitterBuffer {
    /// Whether a packet may begin a talkspurt: nothing was lost before it, and it is marked, or comes after a pause to which its
    /// timestamp does not own up.
    pub(super) fn resumes(&self, now: Instant, packet: &AudioPacket<'_>, first: i64) -> bool {
        self.newest.is_some_and(|(sequence, end, at)| {
            let paused = now.saturating_duration_since(at) >= PAUSE;
            packet.sequence == sequence + 1 && (packet.marker || (paused && first == end))
        })
    }

    /// Finds out whether the gap before a packet was a pause or a loss, and takes note of the packet.
    pub(super) fn explain(&mut self, now: Instant, packet: &Waiting, resumes: bool) {
        let end = packet.first + packet.samples;
        let Some((sequence, newest, _)) = self.newest else {
            self.newest = Some((packet.sequence, end, now));
            return;
        };
        let paused = resumes || (packet.sequence == sequence + 1 && packet.first > newest);
        if paused {
            self.paused_until = packet.first;
        }
        let made_up = std::mem::take(&mut self.unexplained);
        match paused {
            true => self.statistics.paused += made_up,
            false => self.statistics.concealed += made_up,
        }
        if packet.sequence > sequence {
            self.newest = Some((packet.sequence, end, now));
        }
    }

    /// Takes note of samples from `place` on that were made up.
    pub(super) fn count_made_up(&mut self, place: i64, samples: i64) {
        let made_up = self.rate.duration(samples);
        match place < self.paused_until {
            true => self.statistics.paused += made_up,
            false => self.unexplained += made_up,
        }
    }

    /// Lets a packet wait to be played, or finds that it is too late, or begins anew with it.
    pub(super) fn admit(
        &mut self,
        now: Instant,
        packet: &AudioPacket<'_>,
        waiting: &Waiting,
        resumes: bool,
    ) {
        let frame = self.rate.frame();
        let (first, end) = (waiting.first, waiting.first + waiting.samples);
        let Some(next) = self.next else {
            return self.begin(now, packet, waiting);
        };
        if first < next - MAX_STEP_FRAMES * frame || end > next + HORIZON_FRAMES * frame {
            let near = |stray: i64| (first - stray).abs() < MAX_STEP_FRAMES * frame;
            if resumes {
                self.resume(now, packet, waiting);
            } else if self.stray.replace(first).is_some_and(near) {
                self.begin_anew(now, packet, waiting);
            }
            return;
        }
        self.stray = None;
        let passed = self.decoding.conceals() && first < self.decoding.position();
        if end <= next || passed {
            if resumes {
                return self.resume(now, packet, waiting);
            }
            self.estimate(now, packet.timestamp, first, next);
            self.statistics.late += 1;
            self.late_run += 1;
            if self.late_run >= MAX_LATE_RUN {
                self.begin_anew(now, packet, waiting);
            }
            return;
        }
        self.estimate(now, packet.timestamp, first, next);
        self.late_run = 0;
        self.queue(packet, waiting);
    }

    fn estimate(&mut self, now: Instant, timestamp: u32, first: i64, next: i64) {
        let into_frame = match self.fresh {
            true => 0,
            false => (first - next).rem_euclid(self.rate.frame()),
        };
        self.timeline.observe(timestamp);
        self.estimator.observe(now, first, into_frame);
    }

    /// The sender's clock stood still while it was silent: what the network does is known.
    fn resume(&mut self, now: Instant, packet: &AudioPacket<'_>, waiting: &Waiting) {
        self.statistics.resumed += 1;
        self.estimator.rebase();
        self.begin(now, packet, waiting);
    }

    fn begin_anew(&mut self, now: Instant, packet: &AudioPacket<'_>, waiting: &Waiting) {
        self.restart();
        self.paused_until = i64::MIN;
        self.begin(now, packet, waiting);
    }

    fn begin(&mut self, now: Instant, packet: &AudioPacket<'_>, waiting: &Waiting) {
        let first = self.timeline.place(packet.timestamp);
        let waiting = Waiting { first, ..*waiting };
        self.timeline.begin(packet.timestamp);
        self.newest = Some((waiting.sequence, first + waiting.samples, now));
        self.estimator.observe(now, first, 0);
        let next = first - self.estimator.target();
        (self.holding, self.late_run, self.stray) = (0, 0, None);
        self.store.clear(next);
        self.queue.clear();
        self.decoding.restart();
        self.queue(packet, &waiting);
        self.next = Some(next);
        self.begun = true;
        self.fresh = true;
    }

    /// Queues a packet; a long one of a codec that lets itself be cut in pieces.
    fn queue(&mut self, packet: &AudioPacket<'_>, waiting: &Waiting) {
        let Waiting { first, samples, .. } = *waiting;
        let frame = self.rate.frame();
        self.queue.allow(octets(packet.codec, HORIZON_FRAMES));
        let from = first.max(self.next.unwrap_or(first));
        if self.store.is_complete(from, first + samples - from) {
            self.statistics.duplicates += 1;
            return;
        }
        let piece = match packet.codec.is_sample_based() {
            true => LONGEST_PIECE_FRAMES * frame,
            false => samples,
        };
        let chunk = match packet.codec.is_sample_based() {
            true => octets(packet.codec, LONGEST_PIECE_FRAMES),
            false => packet.payload.len(),
        };
        let places = (first..first + samples).step_by(piece as usize);
        for (first, payload) in places.zip(packet.payload.chunks(chunk)) {
            let samples = self.rate.samples(packet.codec, payload);
            let piece = Waiting {
                first,
                samples,
                ..*waiting
            };
            match self.queue.push(piece, payload) {
                Queued::Waits => {}
                Queued::Duplicate => self.statistics.duplicates += 1,
                Queued::Full => self.statistics.overflowed += 1,
            }
        }
    }
}

/// The octets of so many frames; of a codec with packets of varying length a good lot.
fn octets(codec: Codec, frames: i64) -> usize {
    match codec.is_sample_based() {
        true => frames as usize * codec.frame_samples() * 4 / codec.packet_samples(&[0; 4]),
        false => VARYING_OCTETS,
    }
}
