//! A server whose sessions are bridged, and telephones that say tones and record what they hear.

use std::f64::consts::TAU;

use super::*;
use crate::capabilities::SrtpPolicy;
use crate::codec::{Codec, SampleRate};
use crate::dtmf::{DtmfDigit, DtmfTiming};
use crate::record::Recording;
use crate::rtp_core::RtpPacket;
use rand::SeedableRng;
use rand::rngs::StdRng;

mod digits;
mod seam;

const BRIDGE: BridgeKey = BridgeKey(7);

/// A telephone: an engine of its own.
struct Phone {
    party: Party,
    /// The server's session with it.
    key: MediaSessionKey,
    hz: f64,
    /// RTP that it sent and was sent.
    said: Vec<Vec<u8>>,
    told: Vec<Vec<u8>>,
}

struct Scene {
    now: Instant,
    server: Party,
    phones: Vec<Phone>,
    /// Every so many packets from phones are lost.
    lose: usize,
    /// How phones press digits.
    timing: DtmfTiming,
    /// The telephone events that they say they take.
    takes: &'static str,
}

fn party(
    now: Instant,
    last: u8,
    source: AudioSource,
    codecs: Vec<Codec>,
    srtp: SrtpPolicy,
    dtmf_timing: DtmfTiming,
) -> Party {
    let clock = WallClock::new(now, SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000));
    let engine = MediaEngine::new(EngineConfig::default(), clock);
    let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
    let (media, ports) = SimulatedMedia::new(address, 10_000..=10_500, engine).unwrap();
    let mut config = MediaConfig {
        source,
        dtmf_timing,
        ..MediaConfig::default()
    };
    config.capabilities.codecs = codecs;
    config.capabilities.srtp = srtp;
    let mut controller =
        MediaSessionController::new(config, Box::new(ports), StdRng::seed_from_u64(last.into()));
    let key = controller.create_session(now).unwrap();
    Party {
        media,
        controller,
        key,
        recording: MemoryRecording::new(8_000 * 120),
        events: Vec::new(),
    }
}

/// A recording at the rate that is listened to here, whatever the codec's is.
fn at_8_khz(memory: &MemoryRecording) -> Recording {
    Recording {
        sample_rate: Some(SampleRate::Hz8000),
        ..RecordingSink::Memory(memory.clone()).into()
    }
}

impl Scene {
    fn new() -> Self {
        Self::knowing(vec![Codec::Pcmu, Codec::Pcma, Codec::G722])
    }

    /// A server that knows these codecs.
    fn knowing(codecs: Vec<Codec>) -> Self {
        let now = Instant::now();
        Self {
            now,
            server: party(
                now,
                1,
                AudioSource::Silence,
                codecs,
                SrtpPolicy::Offer,
                DtmfTiming::default(),
            ),
            phones: Vec::new(),
            lose: usize::MAX,
            timing: DtmfTiming::default(),
            takes: "0-16",
        }
    }

    /// Another telephone in a call with the server.
    fn call(&mut self, codec: Codec, hz: f64, amplitude: f64) -> usize {
        self.call_by(codec, hz, amplitude, SrtpPolicy::Off)
    }

    fn call_by(&mut self, codec: Codec, hz: f64, amplitude: f64, srtp: SrtpPolicy) -> usize {
        let (now, source) = (
            self.now,
            AudioSource::Tone {
                frequency_hz: hz,
                amplitude,
            },
        );
        let last = 2 + self.phones.len() as u8;
        let mut party = party(now, last, source, vec![codec], srtp, self.timing);
        let server = &mut self.server.controller;
        let key = server.create_session(now).unwrap();
        let offer = party.controller.generate_offer(now, party.key).unwrap();
        let offer = offer.replace(" 0-16\r\n", &format!(" {}\r\n", self.takes));
        let answer = server.generate_answer(now, key, &offer).unwrap();
        let phone = party.key;
        party.controller.apply_answer(now, phone, &answer).unwrap();
        party.controller.start(now, phone).unwrap();
        server.start(now, key).unwrap();
        let recording = at_8_khz(&party.recording);
        let controller = &mut party.controller;
        controller.record(now, phone, Some(recording)).unwrap();
        self.phones.push(Phone {
            party,
            key,
            hz,
            said: Vec::new(),
            told: Vec::new(),
        });
        self.phones.len() - 1
    }

    fn join(&mut self, phone: usize) {
        let (now, key) = (self.now, self.phones[phone].key);
        let server = &mut self.server.controller;
        server.join_bridge(now, key, BRIDGE).unwrap();
    }

    fn leave(&mut self, phone: usize) {
        let (now, key) = (self.now, self.phones[phone].key);
        self.server.controller.leave_bridge(now, key).unwrap();
    }

    fn run(&mut self, frames: u32) {
        for _ in 0..frames {
            self.now += FRAME;
            let now = self.now;
            let mut wire = Vec::new();
            for phone in &mut self.phones {
                let before = wire.len();
                phone.party.media.handle_timeout(now);
                phone.party.media.poll_transmits(|from, to, payload| {
                    wire.push((from, to, payload.to_vec()));
                });
                let rtp = wire[before..]
                    .iter()
                    .filter(|(_, to, _)| to.port() % 2 == 0);
                phone.said.extend(rtp.map(|(.., payload)| payload.clone()));
                if phone.said.len() % self.lose == self.lose - 1 {
                    wire.truncate(before);
                }
            }
            // The phones' packets come in the middle of the server's frame.
            for (from, to, payload) in wire.drain(..) {
                self.server
                    .media
                    .handle_datagram(now + FRAME / 2, from, to, &payload);
            }
            self.server.media.handle_timeout(now + FRAME / 2);
            self.server
                .media
                .poll_transmits(|from, to, payload| wire.push((from, to, payload.to_vec())));
            for (from, to, payload) in wire {
                for phone in &mut self.phones {
                    if phone
                        .party
                        .media
                        .handle_datagram(now + FRAME / 2, from, to, &payload)
                        && to.port() % 2 == 0
                    {
                        phone.told.push(payload.clone());
                    }
                }
            }
            while let Some(event) = self.server.media.poll_event() {
                self.server.events.push(event);
            }
        }
    }

    /// The amplitude of a frequency in the last second that a phone heard.
    fn level(&self, phone: usize, hz: f64) -> f64 {
        let heard = self.phones[phone].party.recording.samples();
        let last = &heard[heard.len() - 8_000..];
        let (mut cos, mut sin) = (0.0, 0.0);
        for (n, sample) in last.iter().enumerate() {
            let angle = TAU * hz * n as f64 / 8_000.0;
            cos += f64::from(*sample) * angle.cos();
            sin += f64::from(*sample) * angle.sin();
        }
        f64::hypot(cos, sin) / 4_000.0
    }

    /// Checks that every phone of these hears the others and not itself.
    fn check(&self, phones: &[usize], amplitude: f64) {
        for phone in phones {
            for other in phones {
                let level = self.level(*phone, self.phones[*other].hz) / 32_768.0;
                let heard = (0.8 * amplitude..1.2 * amplitude).contains(&level);
                let silent = level < 0.05 * amplitude;
                let right = if phone == other { silent } else { heard };
                assert!(right, "{phone} hears {other} at {level}");
            }
        }
    }

    /// What the last event about a phone's bridge said.
    fn is_relayed(&self, phone: usize) -> Option<bool> {
        let mut events = self.server.events.iter().rev();
        events.find_map(|event| match event {
            MediaEvent::Bridged { key, relayed } if *key == self.phones[phone].key => {
                Some(*relayed)
            }
            _ => None,
        })
    }
}

fn packets(octets: &[Vec<u8>]) -> Vec<RtpPacket<'_>> {
    octets
        .iter()
        .map(|octets| RtpPacket::parse(octets).unwrap())
        .collect()
}

/// The longest stretch near silence.
fn longest_gap(samples: &[i16]) -> usize {
    let gaps = samples.split(|sample| sample.unsigned_abs() > 500);
    gaps.map(<[i16]>::len).max().unwrap_or(0)
}

#[test]
fn members_of_a_conference_hear_the_others() {
    for (count, amplitude) in [(3, 0.2), (64, 0.01)] {
        let mut scene = Scene::new();
        let all: Vec<usize> = (0..count)
            .map(|n| scene.call(Codec::Pcmu, 300.0 + 50.0 * n as f64, amplitude))
            .collect();
        all.iter().for_each(|phone| scene.join(*phone));
        scene.run(75);
        scene.check(&all, amplitude);
        assert_eq!(scene.is_relayed(0), Some(false));
    }
}

#[test]
fn codecs_and_rates_meet_in_a_conference() {
    let mut scene = Scene::new();
    let codecs = [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::G722];
    let all: Vec<usize> = (0..4)
        .map(|n| scene.call(codecs[n], 400.0 + 150.0 * n as f64, 0.1))
        .collect();
    all.iter().for_each(|phone| scene.join(*phone));
    scene.run(100);
    scene.check(&all, 0.1);
}

#[test]
fn two_legs_of_other_codecs_are_transcoded() {
    let mut scene = Scene::new();
    let all = [
        scene.call(Codec::G722, 500.0, 0.2),
        scene.call(Codec::Pcma, 800.0, 0.2),
    ];
    all.iter().for_each(|phone| scene.join(*phone));
    scene.run(100);
    scene.check(&all, 0.2);
    assert_eq!(scene.is_relayed(1), Some(false));
    // RFC 3551: the clock of G.722 is 8 kHz.
    for (one, next) in packets(&scene.phones[0].told)
        .iter()
        .zip(&packets(&scene.phones[0].told)[1..])
    {
        let (one, next) = (one.header(), next.header());
        assert_eq!(next.timestamp.wrapping_sub(one.timestamp), 160);
    }
}

#[test]
fn two_legs_of_one_codec_are_relayed_as_they_are() {
    let mut scene = Scene::new();
    let one = scene.call(Codec::Pcmu, 500.0, 0.2);
    let other = scene.call(Codec::Pcmu, 800.0, 0.2);
    scene.join(one);
    scene.join(other);
    scene.lose = 10;
    scene.run(10);
    let before = (scene.phones[one].said.len(), scene.phones[other].told.len());
    scene.run(200);
    assert_eq!(scene.is_relayed(one), Some(true));
    let said = packets(&scene.phones[one].said[before.0..]);
    let told = packets(&scene.phones[other].told[before.1..]);
    // What is lost on one side is lost on the other, no more and no less, and everything else is the same.
    let lost = said.len() - told.len();
    assert!((19..=21).contains(&lost), "{lost}");
    let offset = |packet: &RtpPacket<'_>, first: &RtpPacket<'_>| {
        let (packet, first) = (packet.header(), first.header());
        let sequence = packet.sequence.wrapping_sub(first.sequence);
        (sequence, packet.timestamp.wrapping_sub(first.timestamp))
    };
    let begin = said
        .iter()
        .find(|packet| packet.payload() == told[0].payload())
        .unwrap();
    for packet in &told {
        let origin = said
            .iter()
            .find(|it| offset(it, begin) == offset(packet, &told[0]))
            .unwrap();
        assert_eq!(origin.payload(), packet.payload());
        assert_ne!(origin.header().ssrc, packet.header().ssrc);
        assert_eq!(told[0].header().ssrc, packet.header().ssrc);
    }
}

#[test]
fn a_secure_leg_and_an_open_one_are_relayed() {
    let mut scene = Scene::new();
    let secure = scene.call_by(Codec::Pcmu, 500.0, 0.2, SrtpPolicy::Require);
    let open = scene.call(Codec::Pcmu, 800.0, 0.2);
    scene.join(secure);
    scene.join(open);
    scene.run(100);
    scene.check(&[secure, open], 0.2);
    assert_eq!(scene.is_relayed(secure), Some(true));
    assert_eq!(scene.is_relayed(open), Some(true));
    // One leg carries tags behind its payloads, the other none.
    let (tagged, plain) = (&scene.phones[secure].told, &scene.phones[open].told);
    assert!(tagged.iter().all(|packet| packet.len() > 172));
    assert!(plain.iter().all(|packet| packet.len() == 172));
}

#[test]
fn a_third_party_makes_a_conference_of_a_relay_and_leaves_a_relay() {
    let mut scene = Scene::new();
    let all: Vec<usize> = (0..3)
        .map(|n| scene.call(Codec::Pcmu, 400.0 + 100.0 * n as f64, 0.2))
        .collect();
    scene.join(0);
    scene.join(1);
    scene.run(100);
    scene.check(&[0, 1], 0.2);
    assert_eq!(scene.is_relayed(0), Some(true));
    scene.join(2);
    scene.run(100);
    scene.check(&all, 0.2);
    assert_eq!(scene.is_relayed(0), Some(false));
    scene.leave(2);
    scene.run(100);
    scene.check(&[0, 1], 0.2);
    assert_eq!(scene.is_relayed(0), Some(true));
    for phone in &scene.phones[..2] {
        let heard = phone.party.recording.samples();
        let begin = heard
            .iter()
            .position(|sample| sample.unsigned_abs() > 500)
            .unwrap();
        assert!(
            longest_gap(&heard[begin..]) < 200,
            "{}",
            longest_gap(&heard[begin..])
        );
        let told = packets(&phone.told);
        let steps = told.windows(2).map(|two| {
            two[1]
                .header()
                .sequence
                .wrapping_sub(two[0].header().sequence)
        });
        assert!(steps.clone().all(|step| step == 1));
        assert!(
            told.iter()
                .all(|packet| packet.header().ssrc == told[0].header().ssrc)
        );
    }
}

#[test]
fn a_member_that_is_muted_or_held_is_not_heard() {
    let mut scene = Scene::new();
    let one = scene.call(Codec::Pcmu, 500.0, 0.2);
    let other = scene.call(Codec::Pcmu, 800.0, 0.2);
    scene.join(one);
    scene.join(other);
    scene.run(60);
    let (now, key) = (scene.now, scene.phones[one].key);
    let server = &mut scene.server.controller;
    server.set_bridge_muted(now, key, true).unwrap();
    scene.run(100);
    assert!(scene.level(other, 500.0) < 50.0);
    assert!(scene.level(one, 800.0) > 5_000.0);
    let (now, server) = (scene.now, &mut scene.server.controller);
    server.set_bridge_muted(now, key, false).unwrap();
    server.set_bridge_gain(now, key, 0.5).unwrap();
    scene.run(100);
    let half = scene.level(other, 500.0);
    assert!((2_900.0..3_700.0).contains(&half), "{half}");
    let (now, server) = (scene.now, &mut scene.server.controller);
    server.set_bridge_gain(now, key, 1.0).unwrap();
    let music = AudioSource::Tone {
        frequency_hz: 300.0,
        amplitude: 0.1,
    };
    // Music on hold for one; what the other says is not heard there.
    server.hold(now, key, Some(music)).unwrap();
    scene.run(100);
    assert!(scene.level(one, 800.0) < 50.0);
    assert!(scene.level(one, 300.0) > 2_500.0);
    let (now, server) = (scene.now, &mut scene.server.controller);
    server.hold(now, key, None).unwrap();
    scene.run(100);
    scene.check(&[one, other], 0.2);
    assert_eq!(scene.is_relayed(one), Some(true));
}

#[test]
fn digits_pass_through_relays_and_transcoding() {
    for codec in [Codec::Pcmu, Codec::Pcma] {
        let mut scene = Scene::new();
        let one = scene.call(Codec::Pcmu, 500.0, 0.2);
        let other = scene.call(codec, 800.0, 0.2);
        scene.join(one);
        scene.join(other);
        scene.run(50);
        let (now, phone) = (scene.now, &mut scene.phones[one].party);
        let digits: Vec<DtmfDigit> = "5".chars().filter_map(DtmfDigit::from_char).collect();
        phone.controller.send_dtmf(now, phone.key, &digits).unwrap();
        scene.run(50);
        let told = packets(&scene.phones[other].told);
        let events = told.iter().filter(|packet| packet.payload().len() == 4);
        let events: Vec<&RtpPacket<'_>> = events.collect();
        assert!(events.len() >= 5, "{codec}: {}", events.len());
        let start = events[0].header();
        assert!(start.marker);
        for event in &events {
            assert_eq!(event.header().timestamp, start.timestamp, "{codec}");
            assert_eq!(event.payload()[0], 5);
        }
        let ends = events.iter().filter(|event| event.payload()[1] & 0x80 != 0);
        assert_eq!(ends.count(), 3, "{codec}");
        scene.run(60);
        scene.check(&[one, other], 0.2);
    }
}

#[test]
fn the_mix_is_recorded_and_music_is_played_into_it() {
    let mut scene = Scene::new();
    let all = [
        scene.call(Codec::Pcmu, 500.0, 0.1),
        scene.call(Codec::Pcmu, 800.0, 0.1),
    ];
    all.iter().for_each(|phone| scene.join(*phone));
    scene.run(20);
    let (now, key) = (scene.now, scene.phones[0].key);
    let recording = MemoryRecording::new(8_000 * 60);
    let at_8_khz = at_8_khz(&recording);
    let server = &mut scene.server.controller;
    server.record_bridge(now, key, Some(at_8_khz)).unwrap();
    scene.run(100);
    // Recording does not end relaying.
    assert_eq!(scene.is_relayed(0), Some(true));
    let heard = recording.samples();
    assert!(purity(&heard[8_000..], 500.0) > 0.45 && purity(&heard[8_000..], 800.0) > 0.45);
    let (now, server) = (scene.now, &mut scene.server.controller);
    let music = AudioSource::Tone {
        frequency_hz: 1_100.0,
        amplitude: 0.1,
    };
    server.play_to_bridge(now, key, Some(music)).unwrap();
    scene.run(100);
    scene.check(&all, 0.1);
    assert!(scene.level(0, 1_100.0) > 2_500.0);
    let (now, server) = (scene.now, &mut scene.server.controller);
    server.play_to_bridge(now, key, None).unwrap();
    server.record_bridge(now, key, None).unwrap();
    scene.run(10);
    let end = recording.samples().len();
    scene.run(10);
    assert_eq!(recording.samples().len(), end);
    assert_eq!(scene.is_relayed(1), Some(true));
}

#[test]
fn a_bridge_goes_with_its_members() {
    let mut scene = Scene::new();
    let all: Vec<usize> = (0..3)
        .map(|n| scene.call(Codec::Pcmu, 400.0 + 100.0 * n as f64, 0.2))
        .collect();
    all.iter().for_each(|phone| scene.join(*phone));
    scene.run(60);
    let (now, key) = (scene.now, scene.phones[2].key);
    let stopped = scene.server.controller.stop(now, key).unwrap();
    assert_eq!(stopped, Stopped::EventFollows);
    scene.run(60);
    scene.check(&[0, 1], 0.2);
    assert_eq!(scene.is_relayed(0), Some(true));
    scene.leave(0);
    scene.leave(1);
    scene.run(60);
    // Its own source again.
    assert!(scene.level(0, 500.0) < 50.0);
    scene.join(0);
    scene.run(10);
    assert_eq!(scene.is_relayed(0), Some(false));
}

/// Changes nothing.
#[derive(Debug)]
struct Nothing;

impl crate::FrameProcessor for Nothing {
    fn process(&mut self, _: &mut [i16], _: crate::FrameContext<'_>) {}
}

#[test]
fn a_leg_with_processors_is_mixed_and_relayed_again_without_them() {
    let mut scene = Scene::new();
    let all: [usize; 2] =
        std::array::from_fn(|n| scene.call(Codec::Pcmu, 500.0 + 300.0 * n as f64, 0.2));
    all.iter().for_each(|phone| scene.join(*phone));
    scene.run(50);
    assert_eq!(scene.is_relayed(0), Some(true));
    let processors = crate::FrameProcessors::new();
    let cases = [
        (processors.clone().on_received(|| Nothing), [true, false]),
        (processors.clone().on_sent(|| Nothing), [false, true]),
        (processors, [true, true]),
    ];
    for (processors, relayed) in cases {
        let (now, key) = (scene.now, scene.phones[0].key);
        let server = &mut scene.server.controller;
        server.set_processors(now, key, &processors).unwrap();
        scene.run(75);
        assert_eq!(all.map(|phone| scene.is_relayed(phone)), relayed.map(Some));
        scene.check(&all, 0.2);
    }
}
