//! A call over real sockets on loopback, with a recording on disk: what is heard, and that everything is given back.

#![cfg(test)]

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant, SystemTime};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_media_core::rtp_core::driver::MediaWorkers;
use rvoip_media_core::rtp_core::{DEFAULT_PORT_RANGE, WallClock};
use rvoip_media_core::{
    Audio, AudioSource, EngineConfig, MediaConfig, MediaEngine, MediaEvent, MediaSessionController,
    MediaSessionKey, MediaStatistics, RecordingSink, SocketPorts,
};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PATIENCE: Duration = Duration::from_secs(60);

struct Party {
    controller: MediaSessionController,
    key: MediaSessionKey,
    workers: MediaWorkers<MediaEngine>,
    events: Receiver<MediaEvent>,
}

impl Party {
    fn new(seed: u64, source: AudioSource) -> Self {
        let (sender, events) = channel();
        let clock = WallClock::new(Instant::now(), SystemTime::now());
        let engine_config = EngineConfig {
            statistics_interval: Duration::from_millis(100),
            ..EngineConfig::default()
        };
        let engine = MediaEngine::new(engine_config, clock);
        let tell = move |event| drop(sender.send(event));
        let ports = SocketPorts::new(LOOPBACK, DEFAULT_PORT_RANGE, engine, 1, tell).unwrap();
        let workers = ports.workers();
        let config = MediaConfig {
            source,
            ..MediaConfig::default()
        };
        let mut controller =
            MediaSessionController::new(config, Box::new(ports), StdRng::seed_from_u64(seed));
        let key = controller.create_session(Instant::now()).unwrap();
        Self {
            controller,
            key,
            workers,
            events,
        }
    }

    /// Waits for the first event that `wanted` makes something of.
    fn wait<T>(&mut self, mut wanted: impl FnMut(&MediaEvent) -> Option<T>) -> T {
        loop {
            let event = self.events.recv_timeout(PATIENCE).expect("an event");
            self.controller.handle_event(Instant::now(), &event);
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    }

    fn stop(&mut self) -> MediaStatistics {
        let now = Instant::now();
        let _ = self.controller.stop(now, self.key).unwrap();
        self.wait(|event| match event {
            MediaEvent::Ended { statistics, .. } => Some(statistics.clone()),
            _ => None,
        })
    }
}

#[test]
fn a_tone_crosses_real_sockets_into_a_file() {
    let path = std::env::temp_dir().join(format!("rvoip-tone-{}.wav", std::process::id()));
    let tone = AudioSource::Tone {
        frequency_hz: 440.0,
        amplitude: 0.5,
    };
    let [mut caller, mut called] = [Party::new(1, tone), Party::new(2, AudioSource::Silence)];
    let now = Instant::now();
    let offer = caller.controller.generate_offer(now, caller.key).unwrap();
    let answer = called
        .controller
        .generate_answer(now, called.key, &offer)
        .unwrap();
    caller
        .controller
        .apply_answer(now, caller.key, &answer)
        .unwrap();
    let sink = RecordingSink::File(path.clone());
    called
        .controller
        .record(now, called.key, Some(sink.into()))
        .unwrap();
    for party in [&mut caller, &mut called] {
        party.controller.start(now, party.key).unwrap();
    }
    called.wait(|event| match event {
        MediaEvent::Statistics { statistics, .. } => {
            (statistics.packets_received > 75).then_some(())
        }
        _ => None,
    });
    let sent = caller.stop();
    let received = called.stop();
    assert!(sent.packets_sent >= received.packets_received);
    assert_eq!(received.packets_lost, 0);
    assert!(received.quality_metrics.unwrap().mos_score.unwrap() > 4.0);
    for party in [&caller, &called] {
        assert_eq!(party.controller.open_ports(), 0);
        assert_eq!(party.workers.statistics().open_ports, 0);
        party.workers.stop();
    }
    let audio = Audio::open(&path).unwrap();
    assert!(audio.samples().len() > 8_000, "{}", audio.samples().len());
    let heard: Vec<i16> = audio
        .samples()
        .iter()
        .copied()
        .skip_while(|sample| sample.unsigned_abs() < 1_000)
        .take(8_000)
        .collect();
    // Every period of 440 Hz crosses zero upwards once.
    let crossings = heard
        .windows(2)
        .filter(|pair| pair[0] < 0 && pair[1] >= 0)
        .count();
    let per_second = crossings * 8_000 / heard.len();
    assert!((430..=450).contains(&per_second), "{per_second}");
    check_with_sox(&path);
    std::fs::remove_file(&path).unwrap();
}

/// Another program's opinion of the file.
fn check_with_sox(path: &PathBuf) {
    let command = Command::new("sox")
        .arg(path)
        .args(["-n", "trim", "0.3", "0.8", "stat"])
        .output();
    let Ok(output) = command else {
        println!("skipped: sox is not installed");
        return;
    };
    let report = String::from_utf8_lossy(&output.stderr);
    let rough = report
        .lines()
        .find_map(|line| line.strip_prefix("Rough   frequency:"));
    let hz: f64 = rough.expect(&report).trim().parse().unwrap();
    assert!((435.0..=445.0).contains(&hz), "{report}");
}
