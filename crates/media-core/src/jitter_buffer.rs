//! The jitter buffer: packets by timestamp, decoded and played out late enough that most of them are there in time.
//!
//! Packets wait as they came, in the order of their timestamps, and are decoded one after the other as late as possible, so
//! that reordering, packets of any length and changes of the codec need no further thought. The delay follows the network: a
//! histogram of how much later than the fastest packets the others come has its 0.99 quantile as the target. The delay
//! moves towards the target where it is not heard: in gaps and silence freely, in sound by whole pitch periods, overlapped
//! and added, which is also how clocks that run apart are kept together. What is missing is taken from the next packet
//! where that repeats it, or made up by the codec, or from the last pitch period, fading out over 60 ms; every join of one sound
//! and another is a cross-fade. A pause of the sender is silence, or the noise it described (RFC 3389), and no loss.
//!
//! # Bounds
//!
//! All beyond the fastest way through the network, in the traces of the tests, whose limits these are:
//!
//! | network | mean delay | late | made up |
//! |---|---|---|---|
//! | steady, or with loss alone | 20 to 40 ms | none | what is lost |
//! | loss alone, of packets that repeat each other | 40 to 60 ms | none | all but the last of each run of losses |
//! | gamma Wi-Fi (shape 2, scale 7 ms) | 70 ms | 0.05 % | 0.15 % |
//! | jitter of 120 ms without end | 155 ms | 0.1 % | 0.25 % |
//! | a spike of 300 ms | 40 ms | the packets of the spike | 0.25 % |
//! | clocks 200 ppm apart, for an hour | 60 ms at most | none | none |
//!
//! The target is 20 to 200 ms, 40 ms at least for the first fifty packets, and within these bounds one packet longer while packets
//! that repeat each other are lost again and again, until ten seconds have passed without a loss. A packet that comes half a second
//! before its time or more is out of line; two in a row begin a new run of sound, and a first packet that carries on the sender's
//! numbers does so alone. A join steps no further than its sound and a cross-fade of 4 ms.
//!
//! Memory is bounded, and stays as it is once the network has shown how bad it gets: at 8 kHz 7 to 13 KB.

use std::time::{Duration, Instant};

mod admission;
mod conceal;
mod decoding;
mod delay;
mod loss_pattern;
mod packet_queue;
mod pitch;
mod playout;
mod rate;
mod redundancy;
mod sample_store;
mod seam;
mod statistics;
mod timeline;
mod voice;

use conceal::Concealer;
use decoding::Decoding;
use delay::DelayEstimator;
pub(crate) use loss_pattern::GAP_THRESHOLD;
pub use loss_pattern::LossPattern;
pub(crate) use loss_pattern::LossRuns;
use packet_queue::{Content, PacketQueue, Waiting};
use rate::Rate;
use sample_store::SampleStore;
use seam::Seam;
pub use statistics::JitterBufferStatistics;
use timeline::Timeline;

use crate::codec::Codec;

/// How far behind what is played a timestamp may be and still belong to the same run of sound: 1 s.
const MAX_STEP_FRAMES: i64 = 50;
/// How far ahead: 0.5 s.
const HORIZON_FRAMES: i64 = 25;
/// The longest packet that is taken: 200 ms (RFC 3551 section 4.2).
const LONGEST_PACKET_FRAMES: i64 = 10;
/// Longer ones are cut where their codec lets them be; the longest of other codecs are 120 ms.
const LONGEST_PIECE_FRAMES: i64 = 6;
/// What is kept of a description of noise: its level and the coefficients that are heeded.
const NOISE_OCTETS: usize = 17;
/// So many late packets in a row mean that the timestamps have moved.
const MAX_LATE_RUN: u32 = 5;
/// A sender that was silent for so long pauses, and its clock may have stood still.
const PAUSE: Duration = Duration::from_millis(100);

/// A packet of sound.
#[derive(Debug, Clone, Copy)]
pub struct AudioPacket<'a> {
    /// What its payload is.
    pub codec: Codec,
    /// Its RTP timestamp.
    pub timestamp: u32,
    /// Its place among the sender's packets of sound, counted on through wraps: one that is left out is lost.
    pub sequence: u64,
    /// Whether it is marked as the first of a talkspurt.
    pub marker: bool,
    /// Encoded sound.
    pub payload: &'a [u8],
}

/// The jitter buffer of one stream.
#[derive(Debug)]
pub struct JitterBuffer {
    rate: Rate,
    queue: PacketQueue,
    decoding: Decoding,
    store: SampleStore,
    timeline: Timeline,
    estimator: DelayEstimator,
    concealer: Concealer,
    /// The place to be played next; `None` until something came, and again after a restart.
    next: Option<i64>,
    /// Whether anything has ever come.
    begun: bool,
    /// Whether nothing has been played since the (re)start.
    fresh: bool,
    /// For how many samples more sound that is there is held back, to join the made-up sound where it fits.
    holding: i64,
    late_run: u32,
    /// The place of a packet that was out of line; another one near it means a jump.
    stray: Option<i64>,
    /// The packet of the highest sequence: this, the end of its sound, and when it came.
    newest: Option<(u64, i64, Instant)>,
    /// What was made up in the present gap, which is loss or a pause.
    unexplained: Duration,
    /// Up to here what is made up is a pause.
    paused_until: i64,
    seam: Seam,
    statistics: JitterBufferStatistics,
}

impl JitterBuffer {
    /// An empty buffer that plays at this rate: 8, 16, 24, 32 or 48 kHz. Other rates are taken for the next one of these below.
    #[must_use]
    pub fn new(sample_rate_hz: u32) -> Self {
        let rate = Rate::new(sample_rate_hz);
        let hz = rate.hz();
        let piece = LONGEST_PIECE_FRAMES * rate.frame();
        let window = piece + (playout::AHEAD + 1) * rate.frame();
        Self {
            queue: PacketQueue::new(0),
            decoding: Decoding::new(hz),
            store: SampleStore::new(window as usize),
            timeline: Timeline::new(hz, hz),
            estimator: DelayEstimator::new(hz),
            concealer: Concealer::new(rate.scale() as usize),
            rate,
            next: None,
            begun: false,
            fresh: true,
            holding: 0,
            late_run: 0,
            stray: None,
            newest: None,
            unexplained: Duration::ZERO,
            paused_until: i64::MIN,
            seam: Seam::default(),
            statistics: JitterBufferStatistics::default(),
        }
    }

    /// Samples per second of what is played.
    #[must_use]
    pub fn sample_rate_hz(&self) -> u32 {
        self.rate.hz()
    }

    /// Takes a packet that arrived at `now`. Returns whether it is sound that could be played: well-formed, and of 200 ms at most.
    /// Sound of another sampling rate is brought to this one.
    pub fn insert(&mut self, now: Instant, packet: &AudioPacket<'_>) -> bool {
        let samples = self.rate.samples(packet.codec, packet.payload);
        if samples == 0 || samples > LONGEST_PACKET_FRAMES * self.rate.frame() {
            return false;
        }
        if !self.timeline.is_of(packet.codec.clock_rate_hz()) {
            self.restart();
            self.timeline = Timeline::new(packet.codec.clock_rate_hz(), self.rate.hz());
        }
        let first = self.timeline.place(packet.timestamp);
        let waiting = Waiting {
            first,
            samples,
            sequence: packet.sequence,
            content: Content::Audio(packet.codec),
        };
        let repeats = packet.codec.repeats(packet.payload);
        self.estimator.redundancy.note_packet(samples, repeats);
        let resumes = self.resumes(now, packet, first);
        self.explain(now, &waiting, resumes);
        self.admit(now, packet, &waiting, resumes);
        true
    }

    /// The sender says that it pauses from `timestamp` on, and describes its noise (RFC 3389 section 3); without a description
    /// there is silence, as while a telephone event is told (RFC 4733). `sequence` is as with [`AudioPacket`].
    pub fn pause(&mut self, timestamp: u32, sequence: u64, noise: &[u8]) {
        let Some(next) = self.next else {
            return;
        };
        let first = self.timeline.place(timestamp).max(next);
        if first <= next + HORIZON_FRAMES * self.rate.frame() {
            let waiting = Waiting {
                first,
                samples: 0,
                sequence,
                content: Content::Noise,
            };
            self.queue
                .push(waiting, &noise[..noise.len().min(NOISE_OCTETS)]);
        }
    }

    /// Plays the next frame, the one of the instant `now`: 20 ms at [`JitterBuffer::sample_rate_hz`]. Returns whether playing
    /// has begun; `frame` is silence before. Between a restart and the next packet what was heard last fades out.
    ///
    /// # Panics
    ///
    /// When `frame` has another length.
    pub fn play(&mut self, now: Instant, frame: &mut [i16]) -> bool {
        let whole = self.rate.frame();
        assert_eq!(frame.len() as i64, whole, "a frame is 20 ms");
        let Some(mut next) = self.next else {
            self.conceal(0, frame.len(), frame);
            self.concealer.remember(frame);
            return self.begun;
        };
        if self.fresh {
            self.fresh = false;
            next = self.estimator.playing_at(now, self.estimator.target());
            next = self.first_place(next);
            self.store.move_to(next);
        }
        if self.wait_for_seam(next, frame) {
            return true;
        }
        let target = self.estimator.target();
        let excess = self.estimator.playing_at(now, 0) - next - target;
        let consumed = self.render(next, excess, frame);
        let adjusted = self.rate.duration((consumed - whole).abs());
        match consumed > whole {
            true => self.statistics.accelerated += adjusted,
            false => self.statistics.expanded += adjusted,
        }
        next += consumed;
        self.store.move_to(next);
        self.next = Some(next);
        self.concealer.remember(frame);
        self.statistics.delay = self.rate.duration(target + excess);
        self.statistics.target_delay = self.rate.duration(target);
        let wait = self.estimator.redundancy.wait();
        self.statistics.redundancy_delay = self.rate.duration(wait);
        true
    }

    /// Begins anew with the next packet: the peer's source has changed.
    pub fn restart(&mut self) {
        self.statistics.restarts += u64::from(self.next.is_some());
        self.next = None;
        self.seam = Seam::default();
        self.timeline.restart();
        self.estimator = DelayEstimator::new(self.rate.hz());
        self.newest = None;
    }

    /// What the buffer did so far.
    #[must_use]
    pub fn statistics(&self) -> JitterBufferStatistics {
        self.statistics
    }
}

#[cfg(test)]
mod tests;
