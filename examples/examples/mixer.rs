//! A conference of three on media-core alone: 300, 400 and 500 Hz are mixed for ten seconds, and what each party hears is
//! written to `party-N.wav` in the directory given as the argument.
//!
//! `cargo run --example mixer -- /tmp`

use std::error::Error;
use std::f64::consts::TAU;
use std::path::PathBuf;

use rvoip_media_core::SampleRate;
use rvoip_media_core::mixer::{MemberKey, Mixer};
use rvoip_media_core::wav::WavWriter;

const RATE_HZ: u32 = 8_000;

/// Someone in the conference: a tone, and all that is heard.
struct Party {
    key: MemberKey,
    hz: f64,
    heard: Vec<i16>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let directory = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ".".to_owned()));
    let mut mixer = Mixer::default();
    let mut parties = Vec::new();
    for hz in [300.0, 400.0, 500.0] {
        let (key, heard) = (mixer.join(RATE_HZ)?, Vec::new());
        parties.push(Party { key, hz, heard });
    }
    let mut frame = [0; RATE_HZ as usize / 50];
    for number in 0..500 {
        for party in &parties {
            for (n, sample) in mixer.input(party.key).iter_mut().enumerate() {
                let seconds = (number * frame.len() + n) as f64 / f64::from(RATE_HZ);
                *sample = ((TAU * party.hz * seconds).sin() * 6_000.0) as i16;
            }
        }
        mixer.mix();
        for party in &mut parties {
            mixer.read(party.key, &mut frame);
            party.heard.extend_from_slice(&frame);
        }
    }
    for (number, party) in (1..).zip(parties) {
        let path = directory.join(format!("party-{number}.wav"));
        WavWriter::create(&path, SampleRate::Hz8000, 1)?.write(&party.heard)?;
        println!(
            "{} says {} Hz and does not hear it",
            path.display(),
            party.hz
        );
    }
    Ok(())
}
