//! Where a leg turns from what is relayed to what is mixed, or back: nothing is heard twice, and nothing is missing.
//!
//! Mixed sound is later than relayed sound by the jitter buffer of the leg that it comes from. When a relay ends, the buffer begins
//! with the first packet that was not relayed, and the other leg sends nothing until that is heard: its timestamps stand still
//! meanwhile, and for the peer it is a network that has become slower. When a relay begins, what still waits in the buffer is mixed
//! at once, and the network has become faster again.

use std::time::Instant;

use super::Bridge;
use crate::capabilities::MAX_FRAME_SAMPLES;
use crate::engine::Outbox;
use crate::engine::leg::{Leg, Said};
use crate::stream::{Sound, Stream};

impl Bridge {
    /// Takes note of what leaves through each leg from this frame on.
    pub(super) fn turn(
        &mut self,
        now: Instant,
        streams: &mut [Option<Stream>],
        outbox: &mut Outbox,
    ) {
        for place in 0..self.legs.len() {
            let says = self.says(place, streams);
            let leg = &mut self.legs[place];
            match (std::mem::replace(&mut leg.said, says), says) {
                (Said::Relayed(from), Said::Mix) => self.await_mix(place, from, streams),
                (Said::Mix, Said::Relayed(from)) => {
                    leg.awaits = None;
                    hurry(now, from, leg.stream, streams, outbox);
                }
                (_, Said::Mix) => {}
                _ => leg.awaits = None,
            }
        }
    }

    fn says(&self, place: usize, streams: &[Option<Stream>]) -> Said {
        let leg = &self.legs[place];
        let mut others = self.legs.iter();
        let relays = others.find(|other| other.route.to == Some(leg.stream));
        let stream = streams[leg.stream].as_ref();
        match relays {
            Some(other) => Said::Relayed(other.stream),
            None if stream.is_some_and(Stream::says_what_it_is_given) => Said::Mix,
            None => Said::Else,
        }
    }

    fn await_mix(&mut self, place: usize, from: usize, streams: &mut [Option<Stream>]) {
        let mut others = self.legs.iter();
        if !others.any(|other| other.stream == from && other.route.heard) {
            return;
        }
        self.legs[place].awaits = Some(from);
        let to = self.legs[place].stream;
        if let Some(stream) = &mut streams[from] {
            stream.begin_to_be_heard();
        }
        if let Some(stream) = &mut streams[to] {
            stream.go_on_saying();
        }
    }

    /// Whether anybody waits for what was relayed to be heard in the mix.
    pub(super) fn waits(&self) -> bool {
        self.legs.iter().any(|leg| leg.awaits.is_some())
    }

    /// Whether a stream is waited for.
    pub(super) fn is_awaited(&self, stream: usize) -> bool {
        self.legs.iter().any(|leg| leg.awaits == Some(stream))
    }
}

impl Leg {
    /// Whether it waits for the mix in this frame.
    pub(super) fn is_waiting(&mut self, now: Instant, streams: &[Option<Stream>]) -> bool {
        let from = self.awaits.and_then(|from| streams[from].as_ref());
        let waits = from.is_some_and(|from| !from.has_begun_to_be_heard(now));
        self.awaits = self.awaits.filter(|_| waits);
        waits
    }
}

/// Mixes what still waits in a jitter buffer, before packets are relayed.
fn hurry(
    now: Instant,
    from: usize,
    to: usize,
    streams: &mut [Option<Stream>],
    outbox: &mut Outbox,
) {
    let Ok([Some(from), Some(to)]) = streams.get_disjoint_mut([from, to]) else {
        return;
    };
    let mut frame = [0; MAX_FRAME_SAMPLES];
    let frame = &mut frame[..from.frame_samples()];
    let mut frames = 0;
    while from.hear_ahead(frames, frame) {
        to.send(now, Sound::Mix(frame, None), outbox);
        frames += 1;
    }
    to.go_on_saying();
}
