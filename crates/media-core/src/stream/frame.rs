//! What a stream does in every frame.

use std::time::Instant;

use super::{Sound, Stream};
use crate::capabilities::MAX_FRAME_SAMPLES;
use crate::engine::{EngineConfig, Outbox};

impl Stream {
    /// Does one frame: plays, records, sends its own source, and reports what is due.
    pub(crate) fn frame(&mut self, now: Instant, config: &EngineConfig, outbox: &mut Outbox) {
        let mut received = [0; MAX_FRAME_SAMPLES];
        let received = &mut received[..self.frame_samples()];
        self.play(now, received);
        self.send(now, Sound::Source(received), outbox);
        self.end_frame(now, config, outbox);
    }

    /// Does what is left of a frame when everything has been sent: reports to the peer, and events.
    pub(crate) fn end_frame(&mut self, now: Instant, config: &EngineConfig, outbox: &mut Outbox) {
        if self.phase.rest() {
            return;
        }
        if self.rtp.poll_timeout().is_some_and(|at| at <= now) {
            self.tell_quality();
            let (rtp, port) = (&mut self.rtp, self.port);
            outbox.datagram(port, rtp.rtcp_channel(), |out| rtp.poll_rtcp(now, out));
        }
        self.recorder.iter_mut().for_each(|it| it.end_frame());
        self.connect(now, outbox);
        self.watch(now, config, outbox);
    }

    /// Lets the time of one frame pass after a stall: it is played and recorded, but nothing is sent.
    pub(crate) fn skip_frame(&mut self, now: Instant) {
        if self.phase.rest() {
            return;
        }
        let mut received = [0; MAX_FRAME_SAMPLES];
        self.play(now, &mut received[..self.frame_samples()]);
        if self.relaying.from.is_none() {
            self.pause();
        }
        self.recorder.iter_mut().for_each(|it| it.end_frame());
    }
}
