//! Two engines in virtual time, joined by a network that can lose, delay and reorder.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::SystemTime;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

mod application;
mod bridge;
mod codecs;
mod discontinuous;
mod frames;
mod moving;
mod processors;
mod quality;

use super::*;
use crate::capabilities::{Capabilities, FRAME};
use crate::codec::Codec;
use crate::controller::{MediaConfig, MediaSessionController, SimulatedMedia, Stopped};
use crate::event::MediaStatistics;
use crate::negotiate::MediaParameters;
use crate::play::AudioSource;
use crate::record::{MemoryRecording, RecordingSink};
use crate::sdp::Direction;
use crate::tone::purity;
use crate::wav::Audio;

const TONE: AudioSource = AudioSource::Tone {
    frequency_hz: 440.0,
    amplitude: 0.5,
};
const OTHER_TONE: AudioSource = AudioSource::Tone {
    frequency_hz: 1_000.0,
    amplitude: 0.5,
};

/// Keys of sessions, for engines without a controller.
fn keys(count: usize) -> Vec<MediaSessionKey> {
    let now = Instant::now();
    let clock = WallClock::new(now, SystemTime::UNIX_EPOCH);
    let engine = MediaEngine::new(EngineConfig::default(), clock);
    let address = IpAddr::from([192, 0, 2, 1]);
    let (_media, ports) = SimulatedMedia::new(address, 10_000..=10_199, engine).unwrap();
    let rng = StdRng::seed_from_u64(1);
    let mut controller = MediaSessionController::new(MediaConfig::default(), Box::new(ports), rng);
    let keys = (0..count).map(|_| controller.create_session(now).unwrap());
    keys.collect()
}

/// Begins a stream of PCMU with a peer.
fn open(
    engine: &mut MediaEngine,
    now: Instant,
    (key, port): (MediaSessionKey, PortKey),
    source: AudioSource,
    peer: SocketAddr,
) {
    let parameters = Some(Box::new(MediaParameters::new(peer, 0, Codec::Pcmu)));
    let begin = MediaCommand::Open {
        key,
        port,
        seed: port.0,
        source,
    };
    engine.handle_command(now, begin);
    engine.handle_command(now, MediaCommand::Configure { key, parameters });
    engine.handle_command(now, MediaCommand::Start { key });
}

/// One side of a call.
struct Party {
    media: SimulatedMedia,
    controller: MediaSessionController,
    key: MediaSessionKey,
    recording: MemoryRecording,
    events: Vec<MediaEvent>,
}

/// Two parties and what is on its way between them.
struct Call {
    now: Instant,
    parties: [Party; 2],
    rng: StdRng,
    loss: f64,
    delay: Duration,
    jitter: Duration,
    under_way: BTreeMap<(Instant, u64), (SocketAddr, SocketAddr, Vec<u8>)>,
    carried: u64,
    /// All that was sent by the first party to the RTP port.
    sent: Vec<Vec<u8>>,
}

impl Call {
    fn new(sources: [AudioSource; 2]) -> Self {
        Self::knowing(sources, Default::default())
    }

    fn knowing(sources: [AudioSource; 2], capabilities: [Capabilities; 2]) -> Self {
        let now = Instant::now();
        let clock = WallClock::new(now, SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000));
        let mut seed = 1;
        let mut capabilities = capabilities.into_iter();
        let parties = sources.map(|source| {
            let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, seed as u8));
            let engine = MediaEngine::new(EngineConfig::default(), clock);
            let (media, ports) = SimulatedMedia::new(address, 10_000..=10_100, engine).unwrap();
            let config = MediaConfig {
                source,
                capabilities: capabilities.next().unwrap(),
                ..MediaConfig::default()
            };
            let mut controller =
                MediaSessionController::new(config, Box::new(ports), StdRng::seed_from_u64(seed));
            let key = controller.create_session(now).unwrap();
            seed += 1;
            Party {
                media,
                controller,
                key,
                recording: MemoryRecording::new(8_000 * 120),
                events: Vec::new(),
            }
        });
        let mut call = Self {
            now,
            parties,
            rng: StdRng::seed_from_u64(7),
            loss: 0.0,
            delay: Duration::from_millis(10),
            jitter: Duration::ZERO,
            under_way: BTreeMap::new(),
            carried: 0,
            sent: Vec::new(),
        };
        for party in &mut call.parties {
            let sink = RecordingSink::Memory(party.recording.clone());
            party
                .controller
                .record(now, party.key, Some(sink.into()))
                .unwrap();
        }
        call
    }

    /// Offers from the first party, answers from the second.
    fn negotiate(&mut self) {
        let [caller, called] = &mut self.parties;
        let offer = caller
            .controller
            .generate_offer(self.now, caller.key)
            .unwrap();
        let answer = called
            .controller
            .generate_answer(self.now, called.key, &offer)
            .unwrap();
        let (controller, key) = (&mut caller.controller, caller.key);
        controller.apply_answer(self.now, key, &answer).unwrap();
    }

    fn start(&mut self) {
        self.negotiate();
        for party in &mut self.parties {
            party.controller.start(self.now, party.key).unwrap();
        }
    }

    fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        loop {
            self.carry();
            let timeouts = self
                .parties
                .iter()
                .filter_map(|party| party.media.poll_timeout());
            let arrival = self.under_way.keys().next().map(|(at, _)| *at);
            let Some(next) = timeouts.chain(arrival).min().filter(|next| *next <= end) else {
                break;
            };
            self.now = self.now.max(next);
            while let Some(first) = self.under_way.first_entry()
                && first.key().0 <= self.now
            {
                let (source, destination, payload) = first.remove();
                for party in &self.parties {
                    party
                        .media
                        .handle_datagram(self.now, source, destination, &payload);
                }
            }
            for party in &self.parties {
                if party.media.poll_timeout().is_some_and(|at| at <= self.now) {
                    party.media.handle_timeout(self.now);
                }
            }
        }
        self.now = end;
        self.carry();
    }

    fn carry(&mut self) {
        for (index, party) in self.parties.iter_mut().enumerate() {
            party.media.poll_transmits(|source, destination, payload| {
                if index == 0 && destination.port() % 2 == 0 {
                    self.sent.push(payload.to_vec());
                }
                if self.rng.random_bool(self.loss) {
                    return;
                }
                let jitter = self.jitter.mul_f64(self.rng.random::<f64>());
                self.carried += 1;
                let at = (self.now + self.delay + jitter, self.carried);
                let datagram = (source, destination, payload.to_vec());
                self.under_way.insert(at, datagram);
            });
            while let Some(event) = party.media.poll_event() {
                party.controller.handle_event(self.now, &event);
                party.events.push(event);
            }
        }
    }

    fn stop(&mut self) -> [MediaStatistics; 2] {
        for party in &mut self.parties {
            let stopped = party.controller.stop(self.now, party.key).unwrap();
            assert_eq!(stopped, Stopped::EventFollows);
        }
        self.carry();
        self.parties.each_ref().map(|party| {
            assert_eq!(party.controller.open_ports(), 0);
            assert_eq!(party.media.poll_timeout(), None);
            match party.events.last() {
                Some(MediaEvent::Ended { key, statistics }) if *key == party.key => {
                    statistics.clone()
                }
                other => panic!("{other:?}"),
            }
        })
    }
}

/// What is heard from the first sound on.
fn heard(samples: &[i16]) -> &[i16] {
    let first = samples
        .iter()
        .position(|sample| sample.unsigned_abs() > 1_000);
    &samples[first.unwrap_or(samples.len())..]
}

/// The longest stretch without sound, in samples.
fn longest_gap(samples: &[i16]) -> usize {
    let loud = |sample: &i16| sample.unsigned_abs() > 1_000;
    samples.split(loud).map(<[i16]>::len).max().unwrap_or(0)
}

fn ssrc(packet: &[u8]) -> &[u8] {
    &packet[8..12]
}

fn sequence(packet: &[u8]) -> u16 {
    u16::from_be_bytes([packet[2], packet[3]])
}

fn timestamp(packet: &[u8]) -> u32 {
    u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]])
}

#[test]
fn tones_both_ways_for_a_minute() {
    let mut call = Call::new([TONE, OTHER_TONE]);
    call.start();
    call.run(Duration::from_secs(60));
    let statistics = call.stop();
    for (party, hz) in call.parties.iter().zip([1_000.0, 440.0]) {
        let recorded = party.recording.samples();
        // Sound after silence is faded in over 4 ms.
        let heard = &heard(&recorded)[32..];
        assert!(heard.len() > 8_000 * 60 - 1_000, "{}", heard.len());
        assert!(longest_gap(heard) < 20);
        for (number, second) in heard.chunks_exact(8_000).enumerate() {
            let purity = purity(second, hz);
            assert!(purity > 0.999, "{purity} in second {number}");
        }
        let flows = |event: &&MediaEvent| matches!(event, MediaEvent::FlowStarted { .. });
        assert_eq!(party.events.iter().filter(flows).count(), 1);
    }
    for statistics in statistics {
        assert_eq!(statistics.packets_sent, 3_000);
        assert!((2_998..=3_000).contains(&statistics.packets_received));
        assert_eq!(statistics.packets_lost, 0);
        assert_eq!(statistics.jitter_buffer.late, 0);
        assert_eq!(statistics.jitter_buffer.concealed, Duration::ZERO);
        let round_trip = statistics.round_trip_time.unwrap();
        assert!(round_trip.abs_diff(Duration::from_millis(20)) < Duration::from_millis(1));
        let quality = statistics.quality_metrics.unwrap();
        assert!(quality.mos_score.unwrap() > 4.3, "{quality:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_octets() {
    let octets = || {
        let mut call = Call::new([TONE, AudioSource::Echo]);
        call.loss = 0.05;
        call.jitter = Duration::from_millis(30);
        call.start();
        call.run(Duration::from_secs(10));
        call.sent
    };
    assert_eq!(octets(), octets());
}

#[test]
fn loss_jitter_and_reordering_are_bridged() {
    let mut call = Call::new([TONE, OTHER_TONE]);
    call.loss = 0.05;
    call.jitter = Duration::from_millis(60);
    call.start();
    call.run(Duration::from_secs(60));
    let statistics = call.stop();
    for (party, hz) in call.parties.iter().zip([1_000.0, 440.0]) {
        let recorded = party.recording.samples();
        let heard = heard(&recorded);
        assert!(longest_gap(heard) < 320, "{}", longest_gap(heard));
        for second in heard.chunks_exact(8_000).skip(2) {
            let tenths = second.chunks_exact(800);
            let best = tenths.map(|tenth| purity(tenth, hz)).fold(0.0, f64::max);
            assert!(best > 0.95, "{best}");
        }
    }
    for statistics in statistics {
        assert!((3.0..7.0).contains(&statistics.packet_loss_percent));
        assert!(statistics.jitter_buffer.late < 60, "{statistics:?}");
        let quality = statistics.quality_metrics.unwrap();
        assert!(
            (3.0..4.3).contains(&quality.mos_score.unwrap()),
            "{quality:?}"
        );
    }
}

#[test]
fn sources_change_under_one_running_sequence() {
    let mut call = Call::new([TONE, AudioSource::None]);
    call.start();
    let step = Duration::from_millis(500);
    call.run(step);
    let key = call.parties[0].key;
    let audio = Arc::new(Audio::new(vec![5_000; 4_000], crate::SampleRate::Hz8000));
    let file = AudioSource::File {
        audio,
        repeat: true,
    };
    for source in [file, AudioSource::Silence, AudioSource::Echo, OTHER_TONE] {
        let controller = &mut call.parties[0].controller;
        controller.set_source(call.now, key, source).unwrap();
        call.run(step);
    }
    call.parties[0]
        .controller
        .set_muted(call.now, key, true)
        .unwrap();
    call.run(step);
    assert_eq!(call.sent.len(), 150);
    assert!(
        call.sent.last().unwrap()[12..]
            .iter()
            .all(|octet| *octet == 0xFF)
    );
    for pair in call.sent.windows(2) {
        assert_eq!(ssrc(&pair[0]), ssrc(&pair[1]));
        assert_eq!(sequence(&pair[0]).wrapping_add(1), sequence(&pair[1]));
        assert_eq!(timestamp(&pair[0]).wrapping_add(160), timestamp(&pair[1]));
    }
    let marked = call.sent.iter().filter(|packet| packet[1] & 0x80 != 0);
    assert_eq!(marked.count(), 1);
    assert_eq!(call.parties[1].controller.len(), 1);
    let [_, silent] = call.stop();
    assert_eq!(silent.packets_sent, 0);
}

#[test]
fn digits_are_telephone_events_that_keep_the_timestamp_of_their_start() {
    let mut call = Call::new([TONE, AudioSource::Silence]);
    call.start();
    let second = Duration::from_secs(1);
    call.run(second);
    let before = call.sent.len();
    let last = timestamp(call.sent.last().unwrap());
    let key = call.parties[0].key;
    let digits = ['5', '#'].map(|digit| crate::DtmfDigit::from_char(digit).unwrap());
    let controller = &mut call.parties[0].controller;
    controller.send_dtmf(call.now, key, &digits).unwrap();
    call.run(second);
    let packets = &call.sent[before..];
    let number = call.parties[0].controller.parameters(key).unwrap();
    let number = number.telephone_event.unwrap().send;
    let (events, sound): (Vec<_>, Vec<_>) = packets
        .iter()
        .partition(|packet| packet[1] & 0x7f == number);
    assert_eq!(events.len(), 2 * 7, "five frames and two repetitions each");
    for (events, (code, start)) in events
        .chunks(7)
        .zip([(5, last + 160), (11, last + 11 * 160)])
    {
        for (place, packet) in events.iter().enumerate() {
            assert_eq!(timestamp(packet), start);
            assert_eq!(packet[1] & 0x80 != 0, place == 0, "the marker");
            let duration = 160 * (place as u16 + 1).min(5);
            let ends = if place >= 4 { 0x80 } else { 0 };
            let [high, low] = duration.to_be_bytes();
            assert_eq!(packet[12..], [code, 10 | ends, high, low]);
        }
    }
    assert_eq!(timestamp(sound[0]), last + 21 * 160, "time has passed");
    for pair in call.sent.windows(2) {
        assert_eq!(sequence(&pair[0]).wrapping_add(1), sequence(&pair[1]));
    }
}

#[test]
fn a_held_stream_sends_the_music_and_then_its_own_source_from_where_it_was() {
    let mut call = Call::new([TONE, AudioSource::Silence]);
    call.start();
    let second = Duration::from_secs(1);
    call.run(second);
    let key = call.parties[0].key;
    for (music, packets) in [
        (Some(AudioSource::None), 0),
        (Some(OTHER_TONE), 50),
        (None, 50),
    ] {
        let before = call.sent.len();
        call.parties[0]
            .controller
            .hold(call.now, key, music)
            .unwrap();
        call.run(second);
        assert_eq!(call.sent.len() - before, packets);
    }
    let heard = call.parties[1].recording.samples();
    let tail = &heard[heard.len() - 4_000..];
    assert!(purity(tail, 440.0) > 0.99, "its own tone again");
}

#[test]
fn time_runs_on_while_the_source_is_silent() {
    let mut call = Call::new([TONE, AudioSource::Silence]);
    call.start();
    call.run(Duration::from_secs(1));
    let key = call.parties[0].key;
    for source in [AudioSource::None, TONE] {
        let controller = &mut call.parties[0].controller;
        controller.set_source(call.now, key, source).unwrap();
        call.run(Duration::from_secs(1));
    }
    assert_eq!(call.sent.len(), 100);
    let (before, after) = (&call.sent[49], &call.sent[50]);
    assert_eq!(sequence(before).wrapping_add(1), sequence(after));
    assert_eq!(timestamp(before).wrapping_add(51 * 160), timestamp(after));
    assert_ne!(after[1] & 0x80, 0, "a talkspurt begins");
}

#[test]
fn an_echo_comes_back() {
    let mut call = Call::new([TONE, AudioSource::Echo]);
    call.start();
    call.run(Duration::from_secs(5));
    let recorded = call.parties[0].recording.samples();
    let heard = heard(&recorded);
    assert!(heard.len() > 8_000 * 4);
    assert!(purity(heard, 440.0) > 0.99);
}

#[test]
fn a_hold_stops_and_a_resume_restarts_the_flow() {
    let mut call = Call::new([TONE, OTHER_TONE]);
    call.start();
    call.run(Duration::from_secs(2));
    let key = call.parties[0].key;
    let hold = &mut call.parties[0].controller;
    hold.set_direction(key, Direction::Inactive).unwrap();
    call.negotiate();
    assert!(
        call.parties[1]
            .controller
            .parameters(call.parties[1].key)
            .unwrap()
            .held
    );
    let before = call.sent.len();
    call.run(Duration::from_secs(5));
    assert_eq!(call.sent.len(), before);
    let resume = &mut call.parties[0].controller;
    resume.set_direction(key, Direction::SendRecv).unwrap();
    call.negotiate();
    call.run(Duration::from_secs(2));
    let gap = timestamp(&call.sent[before]).wrapping_sub(timestamp(&call.sent[before - 1]));
    assert_eq!(gap, 251 * 160);
    for party in &call.parties {
        let stopped = |event: &MediaEvent| matches!(event, MediaEvent::FlowStopped { .. });
        assert!(!party.events.iter().any(stopped), "a hold is no failure");
        let recorded = party.recording.samples();
        assert!(longest_gap(&recorded) > 8_000 * 4);
        assert!(longest_gap(&recorded[recorded.len() - 8_000..]) < 20);
    }
}

#[test]
fn a_flow_that_stops_is_told() {
    let mut call = Call::new([TONE, OTHER_TONE]);
    call.start();
    call.run(Duration::from_secs(2));
    call.loss = 1.0;
    call.run(Duration::from_secs(3));
    for party in &call.parties {
        let stopped = |event: &&MediaEvent| matches!(event, MediaEvent::FlowStopped { .. });
        assert_eq!(party.events.iter().filter(stopped).count(), 1);
    }
}

#[test]
fn nothing_is_sent_before_the_start_and_nothing_known_without_data() {
    let mut call = Call::new([TONE, OTHER_TONE]);
    call.negotiate();
    call.run(Duration::from_secs(3));
    assert!(call.sent.is_empty());
    for statistics in call.stop() {
        assert_eq!(statistics.packets_received, 0);
        assert_eq!(statistics.quality_metrics, None);
    }
}

#[test]
fn a_stall_of_the_driver_leaves_time_in_step() {
    let mut call = Call::new([TONE, AudioSource::Silence]);
    call.start();
    call.run(Duration::from_secs(1));
    let sent = call.sent.len();
    call.now += Duration::from_secs(1);
    call.parties[0].media.handle_timeout(call.now);
    call.carry();
    assert_eq!(call.sent.len(), sent + 5, "a bounded burst");
    let passed = timestamp(&call.sent[sent + 4]).wrapping_sub(timestamp(&call.sent[sent - 1]));
    assert_eq!(passed, 50 * 160);
}

#[test]
fn stray_datagrams_and_commands_do_no_harm() {
    let mut call = Call::new([TONE, OTHER_TONE]);
    call.start();
    call.run(Duration::from_secs(1));
    let party = &call.parties[0];
    let destination = party.controller.local_rtp(party.key).unwrap();
    let source = SocketAddr::from(([203, 0, 113, 9], 4_000));
    for length in 0..200 {
        let octets: Vec<u8> = (0..length).map(|_| call.rng.random()).collect();
        for port in [destination.port(), destination.port() + 1, 9] {
            let destination = SocketAddr::new(destination.ip(), port);
            party
                .media
                .handle_datagram(call.now, source, destination, &octets);
        }
    }
    call.run(Duration::from_secs(1));
    let key = call.parties[0].key;
    let [first, _] = call.stop();
    assert_eq!(first.packets_lost, 0);
    let controller = &mut call.parties[0].controller;
    let unknown = Err(MediaError::UnknownSession(key));
    assert_eq!(controller.start(call.now, key), unknown);
    assert!(controller.stop(call.now, key).is_err());
    assert!(controller.is_empty());
}
