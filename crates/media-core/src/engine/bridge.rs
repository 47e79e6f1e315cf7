//! Streams that hear each other: two are relayed packet by packet where they can be, and mixed frame by frame otherwise.

mod seam;
mod switch;

use std::time::Instant;

use super::leg::Leg;
use super::{BridgeKey, Outbox};
use crate::capabilities::MAX_FRAME_SAMPLES;
use crate::codec::SAMPLE_RATE_HZ;
use crate::mixer::{Heard, MemberKey, Mixer};
use crate::play::{AudioSource, Player};
use crate::record::Recorder;
use crate::stream::{SharedPayloads, Sound, Stream};

/// Streams of a bridge at most: what one core mixes and encodes in a small part of a frame.
pub(crate) const MAX_LEGS: usize = 128;

/// Frames in which a level comes to what it is to be.
const SETTLING_FRAMES: u8 = 2;

/// Streams that hear each other.
#[derive(Debug)]
pub(super) struct Bridge {
    key: BridgeKey,
    legs: Vec<Leg>,
    /// There while anything is mixed.
    mixer: Option<Box<Mixer>>,
    /// What everybody hears besides.
    music: Option<(Player, Option<MemberKey>)>,
    /// What is recorded of the mix.
    recording: Option<(Recorder, Option<MemberKey>)>,
    /// What listeners are sent who hear the same.
    shared: SharedPayloads,
    silence: SharedPayloads,
}

impl Bridge {
    pub(super) fn new(key: BridgeKey) -> Self {
        Self {
            key,
            legs: Vec::new(),
            mixer: None,
            music: None,
            recording: None,
            shared: SharedPayloads::default(),
            silence: SharedPayloads::default(),
        }
    }

    pub(super) fn key(&self) -> BridgeKey {
        self.key
    }

    /// The streams of its legs.
    pub(super) fn streams(&self) -> impl Iterator<Item = usize> {
        self.legs.iter().map(|leg| leg.stream)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.legs.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.legs.len() >= MAX_LEGS
    }

    pub(super) fn join(&mut self, stream: usize) {
        self.legs.push(Leg::new(stream));
    }

    pub(super) fn leave(&mut self, stream: usize, streams: &mut [Option<Stream>]) {
        for leg in self.legs.extract_if(.., |leg| leg.stream == stream) {
            if let (Some(mixer), Some(member)) = (&mut self.mixer, leg.member()) {
                mixer.leave(member);
            }
        }
        if let Some(stream) = &mut streams[stream] {
            stream.end_relaying();
        }
        for leg in &self.legs {
            if let Some(other) = &mut streams[leg.stream] {
                other.relaying.forget(stream);
            }
        }
    }

    /// Changes how the others hear a stream.
    pub(super) fn set_level(&mut self, stream: usize, change: impl FnOnce(&mut Leg)) {
        if let Some(leg) = self.legs.iter_mut().find(|leg| leg.stream == stream) {
            change(leg);
            leg.settling = SETTLING_FRAMES;
            if let Some(mixer) = &mut self.mixer {
                leg.tell_level(mixer);
            }
        }
    }

    /// Lets everybody hear this besides the others; `None` ends it.
    pub(super) fn play(&mut self, source: Option<AudioSource>) {
        let earlier = self.music.take().and_then(|(_, member)| member);
        if let (Some(mixer), Some(member)) = (&mut self.mixer, earlier) {
            mixer.leave(member);
        }
        self.music = source.map(|source| (Player::new(source, SAMPLE_RATE_HZ), None));
    }

    /// Records what is said; `None` ends it.
    pub(super) fn record(&mut self, recorder: Option<Recorder>) {
        let earlier = self.recording.take().and_then(|(_, member)| member);
        if let (Some(mixer), Some(member)) = (&mut self.mixer, earlier) {
            mixer.leave(member);
        }
        self.recording = recorder.map(|recorder| (recorder, None));
    }

    /// Does one frame of all legs, but for what each of them does in every frame.
    pub(super) fn frame(
        &mut self,
        now: Instant,
        streams: &mut [Option<Stream>],
        outbox: &mut Outbox,
    ) {
        self.switch(now, streams, outbox);
        self.hear(now, streams);
        self.say(now, streams, outbox);
    }

    /// Plays what the legs received into the mixer.
    fn hear(&mut self, now: Instant, streams: &mut [Option<Stream>]) {
        let mut aside = [0; MAX_FRAME_SAMPLES];
        let waits = self.waits();
        for place in 0..self.legs.len() {
            let is_awaited = waits && self.is_awaited(self.legs[place].stream);
            let leg = &mut self.legs[place];
            let Some(stream) = streams[leg.stream].as_mut().filter(|it| it.is_heard()) else {
                continue;
            };
            let samples = stream.frame_samples();
            match (&mut self.mixer, leg.member()) {
                (Some(mixer), Some(member)) if leg.heard => {
                    stream.play(now, mixer.input(member));
                }
                (Some(mixer), Some(member)) if leg.route.heard => {
                    let frame = &mut aside[..samples];
                    stream.play(now, frame);
                    // Others come in when all are there who were heard before.
                    leg.heard = match is_awaited {
                        true => stream.has_begun_to_be_heard(now),
                        false => !waits,
                    };
                    if leg.heard {
                        mixer.input(member).copy_from_slice(frame);
                    }
                    if leg.heard && is_awaited {
                        mixer.go_on_saying(member);
                    }
                }
                _ => {
                    stream.play(now, &mut aside[..samples]);
                }
            }
        }
        let Some(mixer) = &mut self.mixer else {
            return;
        };
        if let Some((player, Some(member))) = &mut self.music {
            player.frame(&[], mixer.input(*member));
        }
        mixer.mix();
        if let Some((recorder, Some(member))) = &mut self.recording {
            let frame = &mut aside[..recorder.sample_rate_hz() as usize / 50];
            mixer.read(*member, frame);
            recorder.hear(recorder.sample_rate_hz(), frame);
            recorder.end_frame();
        }
    }

    /// Sends everybody what the others said, unless it leaves as it is.
    fn say(&mut self, now: Instant, streams: &mut [Option<Stream>], outbox: &mut Outbox) {
        self.shared.clear();
        self.silence.clear();
        let mut mix = [0; MAX_FRAME_SAMPLES];
        for leg in &mut self.legs {
            let awaited = leg.awaits.is_some();
            let waits = awaited && leg.is_waiting(now, streams);
            let Some(stream) = &mut streams[leg.stream] else {
                continue;
            };
            if waits {
                stream.wait_to_say();
                continue;
            }
            let mix = &mut mix[..stream.frame_samples()];
            let heard = match (&mut self.mixer, leg.member()) {
                (Some(mixer), Some(member)) => {
                    if awaited {
                        mixer.go_on_hearing(member);
                    }
                    mixer.read(member, mix)
                }
                _ => {
                    mix.fill(0);
                    Heard::Silence
                }
            };
            let shared = match heard {
                Heard::Own => None,
                Heard::Shared => Some(&mut self.shared),
                Heard::Silence => Some(&mut self.silence),
            };
            stream.send(now, Sound::Mix(mix, shared), outbox);
        }
    }
}
