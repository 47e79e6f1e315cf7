//! The bridges of an engine, and which stream is in which.

use std::collections::HashMap;
use std::time::Instant;

use slab::Slab;

use super::bridge::{Bridge, MAX_LEGS};
use super::{MediaCommand, Outbox};
use crate::codec::SampleRate;
use crate::error::MediaError;
use crate::event::MediaEvent;
use crate::record::{FileWriter, Recorder};
use crate::stream::Stream;

/// Names a bridge; chosen by whoever makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BridgeKey(pub u64);

/// Bridges exist from the first stream that joins them until the last one leaves.
#[derive(Debug, Default)]
pub(super) struct Bridges {
    bridges: Slab<Bridge>,
    places: HashMap<BridgeKey, usize>,
}

impl Bridges {
    /// Carries out a command about a stream's bridge.
    pub(super) fn handle_command(
        &mut self,
        index: usize,
        command: MediaCommand,
        streams: &mut [Option<Stream>],
        writer: &FileWriter,
        outbox: &mut Outbox,
    ) {
        match command {
            MediaCommand::JoinBridge { key, bridge } => {
                self.leave(index, streams);
                if !self.join(index, bridge, streams) {
                    let error = MediaError::BridgeFull {
                        bridge,
                        max_members: MAX_LEGS,
                    };
                    outbox.events.push_back(MediaEvent::Failed { key, error });
                }
            }
            MediaCommand::LeaveBridge { .. } => self.leave(index, streams),
            MediaCommand::SetBridgeGain { gain, .. } => {
                if let Some(bridge) = self.of(index, streams) {
                    bridge.set_level(index, |leg| leg.gain = gain);
                }
            }
            MediaCommand::SetBridgeMuted { muted, .. } => {
                if let Some(bridge) = self.of(index, streams) {
                    bridge.set_level(index, |leg| leg.muted = muted);
                }
            }
            MediaCommand::PlayToBridge { source, .. } => {
                if let Some(bridge) = self.of(index, streams) {
                    bridge.play(source);
                }
            }
            MediaCommand::RecordBridge { recording, .. } => {
                if let Some(bridge) = self.of(index, streams) {
                    let usual = SampleRate::Hz16000;
                    bridge.record(recording.map(|it| Recorder::new(it, usual, writer)));
                }
            }
            // The others are about streams.
            _ => {}
        }
    }

    fn of(&mut self, stream: usize, streams: &[Option<Stream>]) -> Option<&mut Bridge> {
        let bridge = streams[stream].as_ref()?.bridge?;
        self.bridges.get_mut(bridge)
    }

    fn join(&mut self, stream: usize, key: BridgeKey, streams: &mut [Option<Stream>]) -> bool {
        let place = *self
            .places
            .entry(key)
            .or_insert_with(|| self.bridges.insert(Bridge::new(key)));
        let bridge = &mut self.bridges[place];
        let Some(it) = streams[stream].as_mut().filter(|_| !bridge.is_full()) else {
            return false;
        };
        it.bridge = Some(place);
        bridge.join(stream);
        true
    }

    /// Takes a stream out of its bridge, if it is in one.
    pub(super) fn leave(&mut self, stream: usize, streams: &mut [Option<Stream>]) {
        let bridge = streams[stream].as_mut().and_then(|it| it.bridge.take());
        let Some(place) = bridge else {
            return;
        };
        let bridge = &mut self.bridges[place];
        bridge.leave(stream, streams);
        if bridge.is_empty() {
            self.places.remove(&bridge.key());
            self.bridges.remove(place);
        }
    }

    /// How many places there are for bridges.
    pub(super) fn places(&self) -> usize {
        self.bridges.capacity()
    }

    /// Does one frame of the bridge at a place, and returns the bridge if there is one.
    pub(super) fn frame(
        &mut self,
        place: usize,
        now: Instant,
        streams: &mut [Option<Stream>],
        outbox: &mut Outbox,
    ) -> Option<&Bridge> {
        let bridge = self.bridges.get_mut(place)?;
        bridge.frame(now, streams, outbox);
        Some(bridge)
    }
}
