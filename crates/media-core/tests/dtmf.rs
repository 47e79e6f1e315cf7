//! DTMF digits from one party to another as telephone events (RFC 4733), over a line that loses packets, and as tshark reads
//! them. Without tshark that test says so and checks nothing.

#![cfg(test)]

use std::net::{IpAddr, SocketAddr};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rvoip_media_core::rtp_core::WallClock;
use rvoip_media_core::{
    AudioSource, Capabilities, DtmfDigit, DtmfTiming, EngineConfig, Listening, MediaConfig,
    MediaEngine, MediaError, MediaEvent, MediaSessionController, MediaSessionKey, MemoryRecording,
    RecordingSink, SimulatedMedia,
};

#[path = "wire/capture.rs"]
mod capture;

use capture::capture;

const SECOND: Duration = Duration::from_secs(1);

struct Party {
    media: SimulatedMedia,
    controller: MediaSessionController,
    key: MediaSessionKey,
}

/// The first party sends digits to the second.
struct Line {
    now: Instant,
    parties: [Party; 2],
    rng: StdRng,
    loss: f64,
    /// The RTP packets of the first party.
    sent: Vec<(SocketAddr, SocketAddr, Vec<u8>)>,
    /// What the second one heard, and when.
    heard: Vec<(Instant, MediaEvent)>,
    recording: MemoryRecording,
}

fn party(now: Instant, last: u8, timing: DtmfTiming, telephone_event: bool) -> Party {
    let clock = WallClock::new(now, SystemTime::UNIX_EPOCH);
    let engine = MediaEngine::new(EngineConfig::default(), clock);
    let address = IpAddr::from([192, 0, 2, last]);
    let (media, ports) = SimulatedMedia::new(address, 10_000..=10_001, engine).unwrap();
    let config = MediaConfig {
        source: AudioSource::Tone {
            frequency_hz: 440.0,
            amplitude: 0.3,
        },
        dtmf_timing: timing,
        listening: Listening {
            in_band_dtmf: true,
            voice_activity: true,
        },
        capabilities: Capabilities {
            telephone_event,
            ..Capabilities::default()
        },
        ..MediaConfig::default()
    };
    let mut controller =
        MediaSessionController::new(config, Box::new(ports), StdRng::seed_from_u64(last.into()));
    let key = controller.create_session(now).unwrap();
    Party {
        media,
        controller,
        key,
    }
}

impl Line {
    fn new(seed: u64, loss: f64, timing: DtmfTiming) -> Self {
        Self::between(
            [1, 2].map(|last| party(Instant::now(), last, timing, true)),
            "0-16",
            seed,
            loss,
        )
    }

    /// The second party takes these telephone events.
    fn between(mut parties: [Party; 2], events: &str, seed: u64, loss: f64) -> Self {
        let now = Instant::now();
        let [caller, called] = &mut parties;
        let offer = caller.controller.generate_offer(now, caller.key).unwrap();
        let answer = called
            .controller
            .generate_answer(now, called.key, &offer)
            .unwrap();
        let answer = answer.replace(" 0-16\r\n", &format!(" {events}\r\n"));
        let (controller, key) = (&mut caller.controller, caller.key);
        controller.apply_answer(now, key, &answer).unwrap();
        let recording = MemoryRecording::new(8_000 * 60);
        let sink = RecordingSink::Memory(recording.clone());
        called
            .controller
            .record(now, called.key, Some(sink.into()))
            .unwrap();
        for party in &mut parties {
            party.controller.start(now, party.key).unwrap();
        }
        Self {
            now,
            parties,
            rng: StdRng::seed_from_u64(seed),
            loss,
            sent: Vec::new(),
            heard: Vec::new(),
            recording,
        }
    }

    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let timeouts = self
                .parties
                .each_ref()
                .map(|party| party.media.poll_timeout());
            let Some(next) = timeouts.into_iter().flatten().min().filter(|at| *at <= end) else {
                break;
            };
            self.now = next;
            let [caller, called] = &mut self.parties;
            caller.media.handle_timeout(next);
            called.media.handle_timeout(next);
            caller.media.poll_transmits(|source, destination, payload| {
                if destination.port().is_multiple_of(2) {
                    self.sent.push((source, destination, payload.to_vec()));
                }
                if !self.rng.random_bool(self.loss) {
                    called
                        .media
                        .handle_datagram(next, source, destination, payload);
                }
            });
            called.media.poll_transmits(|source, destination, payload| {
                caller
                    .media
                    .handle_datagram(next, source, destination, payload);
            });
            while let Some(event) = called.media.poll_event() {
                self.heard.push((next, event));
            }
        }
        self.now = end;
    }

    fn press(&mut self, digits: &str) {
        let digits: Vec<_> = digits.chars().filter_map(DtmfDigit::from_char).collect();
        let sender = &mut self.parties[0];
        sender
            .controller
            .send_dtmf(self.now, sender.key, &digits)
            .unwrap();
    }

    /// The digits that were told, and how long each was in the end.
    fn digits(&self) -> (String, Vec<Duration>) {
        let mut begun = String::new();
        let mut lengths = Vec::new();
        for (_, event) in &self.heard {
            match event {
                MediaEvent::DtmfReceived { digit, .. } => begun.push(digit.as_char()),
                MediaEvent::DtmfEnded { duration, .. } => lengths.push(*duration),
                _ => {}
            }
        }
        (begun, lengths)
    }
}

fn milliseconds(value: u64) -> Duration {
    Duration::from_millis(value)
}

#[test]
fn every_press_is_heard_once_at_20_percent_loss() {
    let digits = "0123456789*#ABCD5551";
    for seed in 0..20 {
        let mut line = Line::new(seed, 0.2, DtmfTiming::default());
        line.run(SECOND);
        line.press(digits);
        line.run(SECOND * 5);
        let (begun, lengths) = line.digits();
        assert_eq!(begun, digits, "seed {seed}");
        assert_eq!(lengths.len(), digits.len(), "seed {seed}");
        let whole = lengths
            .iter()
            .filter(|length| **length == milliseconds(100));
        assert!(whole.count() >= 18, "seed {seed}: {lengths:?}");
    }
}

#[test]
fn a_press_is_told_when_its_first_packet_comes() {
    let mut line = Line::new(1, 0.0, DtmfTiming::default());
    line.run(SECOND);
    let pressed_at = line.now;
    line.press("7");
    line.run(SECOND);
    let told = line.heard.iter().find_map(|(at, event)| match event {
        MediaEvent::DtmfReceived { duration, .. } => Some((*at, *duration)),
        _ => None,
    });
    let (at, duration) = told.unwrap();
    assert!(
        at - pressed_at <= milliseconds(20),
        "the sender's next frame"
    );
    assert_eq!(duration, milliseconds(20));
}

#[test]
fn a_press_of_any_length_is_one() {
    // Twelve seconds are two segments.
    for tone in [milliseconds(40), milliseconds(340), SECOND * 12] {
        let timing = DtmfTiming {
            tone,
            pause: Duration::ZERO,
        };
        let mut line = Line::new(3, 0.05, timing);
        line.run(SECOND);
        line.press("48");
        line.run(tone * 2 + SECOND);
        let (begun, lengths) = line.digits();
        assert_eq!(begun, "48");
        assert_eq!(lengths, [tone, tone]);
    }
}

#[test]
fn digits_are_sent_while_the_sound_is_muted_and_while_music_plays() {
    let mut line = Line::new(1, 0.0, DtmfTiming::default());
    line.run(SECOND);
    let now = line.now;
    let sender = &mut line.parties[0];
    sender.controller.set_muted(now, sender.key, true).unwrap();
    line.press("12");
    line.run(SECOND);
    let sender = &mut line.parties[0];
    sender
        .controller
        .set_muted(line.now, sender.key, false)
        .unwrap();
    let music = Some(AudioSource::Silence);
    sender.controller.hold(line.now, sender.key, music).unwrap();
    line.press("34");
    line.run(SECOND);
    assert_eq!(line.digits().0, "1234");
}

/// A peer that takes no telephone events is sent tones, which this side finds in the sound.
#[test]
fn digits_go_as_tones_to_a_peer_that_takes_no_events() {
    let digits = "0123456789*#ABCD5551";
    let parties = [1, 2].map(|last| party(Instant::now(), last, DtmfTiming::default(), last == 1));
    let mut line = Line::between(parties, "0-16", 1, 0.0);
    line.run(SECOND);
    let pressed_at = line.now;
    line.press(digits);
    line.run(SECOND * 5);
    let (begun, lengths) = line.digits();
    assert_eq!(begun, digits);
    let near = |length: &Duration| length.abs_diff(milliseconds(100)) <= milliseconds(15);
    assert!(lengths.iter().all(near), "{lengths:?}");
    let told = |(at, event): &(Instant, MediaEvent)| {
        matches!(event, MediaEvent::DtmfReceived { .. }).then_some(*at)
    };
    // A frame until it is sent, the jitter buffer, and then 50 ms.
    let at = line.heard.iter().find_map(told).unwrap();
    assert!(
        at - pressed_at <= milliseconds(20 + 40 + 50),
        "{:?}",
        at - pressed_at
    );
    assert!(line.sent.iter().all(|(_, _, packet)| packet[1] & 0x7F == 0));
}

/// The amplitude of a frequency.
fn level(samples: &[i16], hz: f64) -> f64 {
    let (mut cos, mut sin) = (0.0, 0.0);
    for (number, sample) in samples.iter().enumerate() {
        let angle = std::f64::consts::TAU * hz * number as f64 / 8_000.0;
        cos += f64::from(*sample) * angle.cos();
        sin += f64::from(*sample) * angle.sin();
    }
    f64::hypot(cos, sin) * 2.0 / samples.len() as f64
}

/// RFC 4733 section 2.4.1: the events that a peer names, and the other digits as tones between them.
#[test]
fn digits_that_the_peer_does_not_name_go_as_tones() {
    for (events, digits, named) in [
        ("0-11", "1A2#BCD3", vec![1, 2, 11, 3]),
        ("0-15,32-36", "1A", vec![1, 12]),
        ("66,70", "A1B", vec![]),
    ] {
        let parties = [1, 2].map(|last| party(Instant::now(), last, DtmfTiming::default(), true));
        let mut line = Line::between(parties, events, 1, 0.0);
        line.run(SECOND);
        line.press(digits);
        line.run(SECOND * 3);
        let samples = line.recording.samples();
        let loud = |frame: &[i16]| level(frame, 1_633.0) > 3_000.0;
        let frames: Vec<bool> = samples.chunks_exact(160).map(loud).collect();
        let tones = frames.split(|loud| !loud).filter(|tone| tone.len() >= 3);
        // The letters alone have this tone.
        let letters = digits.chars().filter(char::is_ascii_alphabetic).count();
        let named_letters = named.iter().filter(|event| **event > 11).count();
        assert_eq!(tones.count(), letters - named_letters, "{events}");
        let sent = line.sent.iter().map(|(_, _, packet)| packet);
        let mut told: Vec<(u8, &[u8])> = sent
            .filter(|packet| packet[1] & 0x7F == 101)
            .map(|packet| (packet[12], &packet[4..8]))
            .collect();
        told.dedup();
        let told: Vec<u8> = told.into_iter().map(|(event, _)| event).collect();
        assert_eq!(told, named, "{events}");
        let (now, party) = (line.now, &mut line.parties[0]);
        let flash = party
            .controller
            .send_dtmf(now, party.key, &[DtmfDigit::FLASH]);
        assert_eq!(flash, Err(MediaError::NoHookFlash(party.key)), "{events}");
    }
}

#[test]
fn a_voice_is_told_and_a_tone_is_none() {
    let mut line = Line::new(1, 0.0, DtmfTiming::default());
    line.run(SECOND * 10);
    let told = |voice: fn(&MediaEvent) -> bool| {
        line.heard.iter().filter(|(_, event)| voice(event)).count()
    };
    // The tone begins like a voice, and goes on for too long to be one.
    assert_eq!(
        told(|event| matches!(event, MediaEvent::VoiceStarted { .. })),
        1
    );
    assert_eq!(
        told(|event| matches!(event, MediaEvent::VoiceStopped { .. })),
        1
    );
}

/// Where a digit stands in for the sound, nothing is made up.
#[test]
fn a_press_is_silent() {
    let timing = DtmfTiming {
        tone: milliseconds(400),
        pause: milliseconds(100),
    };
    let mut line = Line::new(1, 0.0, timing);
    line.run(SECOND);
    line.press("9");
    line.run(SECOND);
    let samples = line.recording.samples();
    let loud = |sample: &i16| sample.unsigned_abs() > 500;
    let sound = samples.iter().position(loud).unwrap();
    let gaps = samples[sound..].split(loud).map(<[i16]>::len);
    // Half a second, less 20 ms by which the delay falls; made-up sound would last for 60 ms.
    let silent = gaps.max().unwrap();
    assert!(silent > 8 * 465, "{silent}");
}

#[test]
fn tshark_reads_the_digits_that_were_sent() {
    let timing = DtmfTiming {
        tone: SECOND * 9,
        pause: milliseconds(60),
    };
    let mut line = Line::new(1, 0.0, timing);
    line.run(SECOND);
    line.press("*D");
    line.run(SECOND * 20);
    let path = std::env::temp_dir().join(format!("rvoip-dtmf-{}.pcap", std::process::id()));
    std::fs::write(&path, capture(&line.sent)).unwrap();
    let tshark = Command::new("tshark")
        .args(["-r", path.to_str().unwrap(), "-d", "udp.port==10000,rtp"])
        .args([
            "-d",
            "rtp.pt==101,rtpevent",
            "-Y",
            "rtpevent",
            "-T",
            "fields",
        ])
        .args(["-e", "rtpevent.event_id", "-e", "rtpevent.duration"])
        .args([
            "-e",
            "rtpevent.end_of_event",
            "-e",
            "rtp.timestamp",
            "-e",
            "rtp.marker",
        ])
        .output();
    std::fs::remove_file(&path).unwrap();
    let Ok(output) = tshark else {
        eprintln!("no tshark: nothing is checked");
        return;
    };
    let text = String::from_utf8(output.stdout).unwrap();
    let rows: Vec<Vec<u32>> = text
        .lines()
        .map(|row| {
            let number = |field: &str| match field {
                "True" => 1,
                "False" => 0,
                number => number.parse().unwrap(),
            };
            row.split('\t').map(number).collect()
        })
        .collect();
    for (digit, rows) in [10, 15].into_iter().zip(rows.chunks(rows.len() / 2)) {
        // 9 s are 450 frames, and the end two times more.
        assert_eq!(rows.len(), 452);
        assert!(rows.iter().all(|row| row[0] == digit));
        let marked = rows.iter().filter(|row| row[4] == 1);
        assert_eq!(marked.count(), 1);
        let ends: Vec<_> = rows.iter().filter(|row| row[2] == 1).collect();
        assert_eq!(ends.len(), 3);
        let start = rows[0][3];
        let second = start.wrapping_add(0xFFFF);
        assert!(
            ends.iter()
                .all(|row| row[1] == 72_000 - 0xFFFF && row[3] == second)
        );
        let longest = rows.iter().filter(|row| row[3] == start).map(|row| row[1]);
        assert_eq!(longest.max(), Some(0xFFFF));
    }
}
