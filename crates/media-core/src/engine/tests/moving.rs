//! Streams that go from engine to engine: nothing of them is heard to change, and nothing of them is left behind.

use super::*;
use crate::codec::{Codec, Decoder, Encoder};
use crate::rtp_core::RtpPacket;
use crate::tone::Tone;

const PORT: PortKey = PortKey(7);
const MS: Duration = Duration::from_millis(1);

/// Engines whose frames lie at other times, and a stream that is in one of them.
struct Journey {
    now: Instant,
    engines: Vec<MediaEngine>,
    at: usize,
    key: MediaSessionKey,
    /// The stream of each engine that stays there.
    others: Vec<MediaSessionKey>,
    peer: SocketAddr,
    peer_sends_at: Instant,
    /// Whether what the peer sends waits in the socket.
    under_way: bool,
    peer_sent: u32,
    tone: Tone,
    encoder: Encoder,
    heard: MemoryRecording,
    /// What the stream sent, and when.
    sent: Vec<(Instant, Vec<u8>)>,
    events: Vec<MediaEvent>,
}

impl Journey {
    /// Engines whose grids are so many milliseconds apart, each with a stream of its own that keeps it awake.
    fn new(grids_ms: &[u32]) -> Self {
        let start = Instant::now();
        let clock = WallClock::new(start, SystemTime::UNIX_EPOCH);
        let first = MediaEngine::new(EngineConfig::default(), clock);
        let mut engines: Vec<_> = grids_ms.iter().map(|_| first.sibling()).collect();
        let peer = SocketAddr::from(([192, 0, 2, 9], 4_000));
        let mut now = start;
        let keys = keys(1 + engines.len());
        for (index, engine) in engines.iter_mut().enumerate() {
            let begins = start + MS * grids_ms[index];
            now = now.max(begins);
            let other = (keys[1 + index], PortKey(100 + index as u64));
            open(engine, begins, other, AudioSource::None, peer);
        }
        let (key, heard) = (keys[0], MemoryRecording::new(8_000 * 60));
        open(&mut engines[0], now, (key, PORT), TONE, peer);
        let recording = Some(RecordingSink::Memory(heard.clone()).into());
        engines[0].handle_command(now, MediaCommand::Record { key, recording });
        Self {
            now,
            engines,
            at: 0,
            key,
            others: keys[1..].to_vec(),
            peer,
            peer_sends_at: now + 5 * MS,
            under_way: false,
            peer_sent: 0,
            tone: Tone::new(1_000.0, 0.5, 8_000),
            encoder: Encoder::new(Codec::Pcmu),
            heard,
            sent: Vec::new(),
            events: Vec::new(),
        }
    }

    fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        loop {
            let timeouts = self.engines.iter().filter_map(MediaCore::poll_timeout);
            let peer = (!self.under_way).then_some(self.peer_sends_at);
            let next = timeouts.chain(peer).min();
            let Some(next) = next.filter(|next| *next <= end) else {
                break;
            };
            self.now = self.now.max(next);
            self.read();
            for engine in 0..self.engines.len() {
                self.tick(engine);
            }
        }
        self.now = end;
    }

    /// As a worker does, before anything else is done.
    fn tick(&mut self, engine: usize) {
        let it = &mut self.engines[engine];
        if it.poll_timeout().is_some_and(|at| at <= self.now) {
            it.handle_timeout(self.now);
        }
        self.poll(engine);
    }

    fn poll(&mut self, engine: usize) {
        let it = &mut self.engines[engine];
        while let Some(transmit) = it.poll_transmit() {
            if transmit.port == PORT && transmit.channel == Channel::Rtp {
                assert_eq!(engine, self.at);
                self.sent.push((self.now, transmit.payload.to_vec()));
            }
        }
        while it.poll_connect().is_some() || it.poll_closed_port().is_some() {}
        while let Some(event) = it.poll_event() {
            if event.key() == self.key {
                self.events.push(event);
            }
        }
    }

    /// Reads what the peer has sent, every 20 ms.
    fn read(&mut self) {
        while !self.under_way && self.peer_sends_at <= self.now {
            self.peer_sends_at += FRAME;
            self.peer_sends();
        }
    }

    fn peer_sends(&mut self) {
        let mut packet = vec![0x80, 0];
        packet.extend_from_slice(&(self.peer_sent as u16).to_be_bytes());
        packet.extend_from_slice(&(self.peer_sent * 160).to_be_bytes());
        packet.extend_from_slice(&[1, 2, 3, 4]);
        let mut sound = [0; 160];
        self.tone.fill(&mut sound);
        self.encoder.encode(&sound, &mut packet);
        self.peer_sent += 1;
        let engine = &mut self.engines[self.at];
        engine.handle_packet(self.now, PORT, Channel::Rtp, self.peer, &mut packet);
    }

    /// Goes to another engine, and is on the way for so long.
    fn go(&mut self, to: usize, transit: Duration) {
        self.tick(self.at);
        let stream = self.engines[self.at].give_up_port(self.now, PORT).unwrap();
        self.poll(self.at);
        (self.at, self.under_way) = (to, true);
        self.run(transit);
        self.engines[to].take_over_port(self.now, PORT, stream);
        self.poll(to);
        self.under_way = false;
        self.read();
    }

    /// Checks what was sent: one source, numbers and times without a gap, each frame 0 to 20 ms after it was due, and a tone
    /// without a click; and what was heard.
    fn check(&self, frames: usize, name: &str) {
        let first = *RtpPacket::parse(&self.sent[0].1).unwrap().header();
        let mut sound = Vec::new();
        let mut decoder = Decoder::new(Codec::Pcmu);
        for (number, (at, packet)) in self.sent.iter().enumerate() {
            let packet = RtpPacket::parse(packet).unwrap();
            let header = packet.header();
            assert_eq!(header.ssrc, first.ssrc);
            assert_eq!(
                header.sequence,
                first.sequence.wrapping_add(number as u16),
                "{name}"
            );
            let ticks = header.timestamp.wrapping_sub(first.timestamp);
            assert_eq!(ticks, 160 * number as u32, "{name}");
            assert_eq!(header.marker, number == 0, "{name}: {number}");
            let due = self.sent[0].0 + FRAME * number as u32;
            let late = at.checked_duration_since(due);
            assert!(
                late.expect("not early") < FRAME,
                "{name}: {number} {late:?}"
            );
            decoder.decode(packet.payload(), &mut sound);
        }
        assert!(self.sent.len() >= frames, "{name}: {}", self.sent.len());
        for second in sound.chunks_exact(8_000) {
            assert!(purity(second, 440.0) > 0.999, "{name}: said");
        }
        let heard = self.heard.samples();
        assert!(
            heard.len() >= (frames - 10) * 160,
            "{name}: {}",
            heard.len()
        );
        // After the jitter buffer has found its place.
        for second in heard[8_000..].chunks_exact(8_000) {
            let purity = purity(second, 1_000.0);
            assert!(purity > 0.999, "{name}: heard {purity}");
        }
    }
}

/// Whatever the grids and the time of the move: the peer sees one source go on, and hears and is heard without a click.
#[test]
fn a_stream_that_moves_to_and_fro_is_not_heard_to_move() {
    for grid in [0, 1, 7, 10, 13, 19] {
        for offset in [0, 1, 6, 10, 19] {
            let mut journey = Journey::new(&[0, grid]);
            for round in 0..20 {
                journey.run(230 * MS + offset * MS);
                journey.go(1 - round % 2, Duration::ZERO);
            }
            let frames = 20 * (230 + offset as usize) / 20;
            let name = format!("grid {grid} offset {offset}");
            journey.check(frames - 2, &name);
            let close = MediaCommand::Close { key: journey.key };
            journey.engines[0].handle_command(journey.now, close);
            journey.poll(0);
            let Some(MediaEvent::Ended { statistics, .. }) = journey.events.last() else {
                panic!("{:?}", journey.events.last());
            };
            assert_eq!(statistics.packets_sent as usize, journey.sent.len());
            assert_eq!(statistics.packets_received, u64::from(journey.peer_sent));
            assert_eq!(
                (statistics.packets_lost, statistics.packets_refused),
                (0, 0)
            );
            assert_eq!(statistics.jitter_buffer.late, 0, "{name}");
            // Only the others are left.
            let left: Vec<usize> = journey.engines.iter().map(MediaEngine::len).collect();
            assert_eq!(left, [1, 1]);
        }
    }
}

/// A worker that is slow to take a stream over finds all of it: what the peer sent waits in the socket, and what was to be
/// sent is sent, as after any stall.
#[test]
fn a_stream_that_is_long_under_way_catches_up() {
    for transit in [1, 19, 20, 35, 90] {
        let mut journey = Journey::new(&[0, 7]);
        for round in 0..10 {
            journey.run(301 * MS);
            journey.go(1 - round % 2, MS * transit);
        }
        journey.run(300 * MS);
        let elapsed = journey.now - journey.sent[0].0;
        let headers = journey.sent.iter().map(|(_, packet)| {
            let packet = RtpPacket::parse(packet).unwrap();
            (packet.header().sequence, packet.header().timestamp)
        });
        let headers: Vec<_> = headers.collect();
        for pair in headers.windows(2) {
            assert_eq!(pair[1].0, pair[0].0.wrapping_add(1));
            assert_eq!(pair[1].1, pair[0].1.wrapping_add(160));
        }
        let frames = elapsed.as_millis() / FRAME.as_millis();
        let missing = frames.abs_diff(headers.len() as u128);
        assert!(missing <= 1, "{transit}: {missing}");
        let close = MediaCommand::Close { key: journey.key };
        journey.engines[0].handle_command(journey.now, close);
        journey.poll(0);
        let Some(MediaEvent::Ended { statistics, .. }) = journey.events.last() else {
            panic!("{:?}", journey.events.last());
        };
        assert_eq!(statistics.packets_received, u64::from(journey.peer_sent));
        assert_eq!(statistics.packets_lost, 0);
    }
}

#[test]
fn an_engine_with_nothing_to_do_takes_the_grid_of_who_comes() {
    let mut journey = Journey::new(&[0, 13]);
    let idle = journey.engines[0].sibling();
    journey.engines.push(idle);
    journey.run(207 * MS);
    journey.go(2, Duration::ZERO);
    journey.run(200 * MS);
    for (number, (at, _)) in (0..).zip(&journey.sent) {
        assert_eq!(*at, journey.sent[0].0 + FRAME * number);
    }
    assert!(journey.sent.len() > 18);
    // And it sleeps again when they leave.
    journey.go(1, Duration::ZERO);
    assert_eq!(journey.engines[2].poll_timeout(), None);
}

/// The file is written on, and completed, when the engine where the recording began is no more.
#[test]
fn a_recording_on_disk_goes_with_its_stream() {
    let path = std::env::temp_dir().join(format!("rvoip-moving-{}.wav", std::process::id()));
    let mut journey = Journey::new(&[0, 3]);
    let (key, sink) = (journey.key, RecordingSink::File(path.clone()));
    let recording = Some(sink.into());
    journey.engines[0].handle_command(journey.now, MediaCommand::Record { key, recording });
    journey.run(Duration::from_secs(1));
    journey.go(1, Duration::ZERO);
    drop(journey.engines.remove(0));
    journey.at = 0;
    journey.run(Duration::from_secs(1));
    drop(journey.engines);
    let audio = Audio::open(&path).unwrap();
    assert!(audio.samples().len() > 15_000, "{}", audio.samples().len());
    assert!(purity(&audio.samples()[7_000..15_000], 1_000.0) > 0.999);
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn a_port_that_cannot_go_on_ends_once_and_its_bridge_goes_on() {
    let mut journey = Journey::new(&[0, 3]);
    let bridge = BridgeKey(1);
    for key in [journey.key, journey.others[0]] {
        journey.engines[0].handle_command(journey.now, MediaCommand::JoinBridge { key, bridge });
    }
    journey.run(100 * MS);
    journey.engines[0].end_port(journey.now, PORT);
    journey.engines[0].end_port(journey.now, PORT);
    journey.poll(0);
    let ended = |event: &&MediaEvent| matches!(event, MediaEvent::Ended { .. });
    assert_eq!(journey.events.iter().filter(ended).count(), 1);
    assert_eq!(journey.engines[0].len(), 1);
    assert!(journey.engines[0].give_up_port(journey.now, PORT).is_none());
    journey.run(100 * MS);
}
