//! An application that speaks and listens: how long it is from mouth to ear, how pure a tone comes through, and what was late.

use std::error::Error;
use std::f64::consts::TAU;
use std::time::{Duration, Instant};

use rvoip_media_core::audio::{AudioFormat, AudioFrameSubscriber, AudioWriter};
use rvoip_media_core::{Codec, Decoder, Encoder, FRAME, MediaStatistics, SampleRate};

use super::{Arguments, Party};

/// The application's clock is so far off the media's.
const OFF_GRID: Duration = Duration::from_millis(7);
/// The delay is that of a chirp, which is found wherever it comes within half a second.
const CHIRP_SECONDS: f64 = 0.1;
const LONGEST_SECONDS: f64 = 0.5;
/// When it is said, and how long before the end it is said again; between them there is a tone.
const CHIRP_AT: f64 = 0.5;
const CHIRP_BEFORE_END: f64 = 1.0;
const TONE_AT: usize = 2;
const TONE_HZ: usize = 1_000;
/// What application audio may add to the jitter buffer and a packet.
const MOST_ADDED_MS: f64 = 30.0;
/// The least that a tone is above all else where no codec adds noise.
const LEAST_DECIBELS: f64 = 60.0;

/// Both ends of a call, and what was said and heard.
pub struct Application {
    writer: AudioWriter,
    reader: AudioFrameSubscriber,
    rate: SampleRate,
    began: Instant,
    seconds: usize,
    chunk: usize,
    ahead: bool,
    said: usize,
    heard: Vec<i16>,
    heard_from: Option<Instant>,
}

impl Application {
    /// Takes the sound of the call in place of files.
    pub fn new(
        now: Instant,
        rate: SampleRate,
        arguments: &Arguments,
        speaker: &mut Party,
        listener: &mut Party,
    ) -> Result<Self, Box<dyn Error>> {
        let format = AudioFormat::at(rate);
        let (_, writer) = speaker.controller.attach_audio(now, speaker.key, format)?;
        let (reader, _) = listener
            .controller
            .attach_audio(now, listener.key, format)?;
        Ok(Self {
            writer,
            reader,
            rate,
            began: now + OFF_GRID,
            seconds: arguments.seconds.max(8),
            chunk: arguments.chunk.unwrap_or(rate.hz() as usize / 100).max(1),
            ahead: arguments.ahead,
            said: 0,
            heard: Vec::new(),
            heard_from: None,
        })
    }

    pub fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds as u64)
    }

    /// Says what the microphone has taken so far, in pieces; all that there is room for when it comes from elsewhere.
    pub fn speak(&mut self, now: Instant) -> Result<(), Box<dyn Error>> {
        let hz = self.rate.hz() as usize;
        let all = self.seconds * hz;
        let taken = now.saturating_duration_since(self.began).as_nanos() * hz as u128;
        let ready = match self.ahead {
            true => all,
            false => all.min((taken / 1_000_000_000) as usize),
        };
        while self.said + self.chunk <= ready {
            let piece: Vec<i16> = (self.said..self.said + self.chunk)
                .map(|n| sample(n, hz, self.seconds))
                .collect();
            let written = self.writer.try_write(&piece)?;
            self.said += written;
            if written < piece.len() {
                break;
            }
        }
        Ok(())
    }

    /// When the next piece is ready.
    pub fn next_at(&self) -> Option<Instant> {
        let hz = u64::from(self.rate.hz());
        let samples = (self.said + self.chunk) as u64;
        let waits = !self.ahead && samples <= self.seconds as u64 * hz;
        waits.then(|| self.began + Duration::from_nanos((samples * 1_000_000_000).div_ceil(hz)))
    }

    pub fn listen(&mut self, now: Instant) {
        while let Some(frame) = self.reader.try_recv() {
            self.heard_from.get_or_insert(now);
            self.heard.extend(frame.samples);
        }
    }

    /// Prints what was found.
    pub fn judge(&self, codec: Codec, statistics: &MediaStatistics) -> Result<(), Box<dyn Error>> {
        let hz = self.rate.hz();
        let decibels = self.decibels();
        let (underruns, lacked) = self.writer.control().underruns();
        let dropped = self.reader.dropped_frames();
        println!(
            "an application at {hz} Hz, {} samples at a time: a tone {decibels:.1} dB above all else, {underruns} underruns of {lacked:?}, \
             {dropped} frames dropped",
            self.chunk,
        );
        let allowed = u64::from(!self.ahead);
        if underruns > allowed || dropped > 0 {
            return Err("the application was late".into());
        }
        let lossless = matches!(codec, Codec::L16(_)) && statistics.jitter_buffer.losses.lost == 0;
        if lossless && decibels < LEAST_DECIBELS {
            return Err(format!("{decibels:.1} dB, not {LEAST_DECIBELS}").into());
        }
        match self.ahead {
            true => Ok(()),
            false => self.judge_delay(codec, statistics),
        }
    }

    fn judge_delay(
        &self,
        codec: Codec,
        statistics: &MediaStatistics,
    ) -> Result<(), Box<dyn Error>> {
        let milliseconds = |time: Duration| time.as_secs_f64() * 1_000.0;
        let first = self.mouth_to_ear(CHIRP_AT)?;
        let last = self.mouth_to_ear(self.seconds as f64 - CHIRP_BEFORE_END)?;
        let packet = milliseconds(FRAME);
        let of_codec = codec_delay(codec) * 1_000.0;
        let buffered = milliseconds(statistics.jitter_buffer.delay);
        let added = last - packet - of_codec - buffered;
        println!(
            "mouth to ear {first:.1} ms, at the end {last:.1} ms: packet {packet:.1}, codec {of_codec:.1}, jitter buffer {buffered:.1}, \
             application {added:.1}"
        );
        match added <= MOST_ADDED_MS {
            true => Ok(()),
            false => Err(format!("{added:.1} ms added, not {MOST_ADDED_MS}").into()),
        }
    }

    /// Milliseconds from the moment at which the microphone has the chirp to that at which it is heard.
    fn mouth_to_ear(&self, said_at: f64) -> Result<f64, Box<dyn Error>> {
        let hz = f64::from(self.rate.hz());
        let from = self.heard_from.ok_or("nothing was heard")?;
        let before =
            from.duration_since(self.began - OFF_GRID).as_secs_f64() - OFF_GRID.as_secs_f64();
        let place = ((said_at - before) * hz).max(0.0) as usize;
        let found = find(
            &chirp(hz),
            &self.heard[place..],
            (LONGEST_SECONDS * hz) as usize,
        );
        Ok((before + (place + found) as f64 / hz - said_at) * 1_000.0)
    }

    /// How far the tone is above all else, in its worst second.
    fn decibels(&self) -> f64 {
        let hz = self.rate.hz() as usize;
        let seconds = self.heard.chunks_exact(hz);
        let tone = seconds.take(self.seconds - TONE_AT).skip(TONE_AT + 1);
        let shares = tone.map(|second| {
            let (mut cos, mut sin, mut energy) = (0.0, 0.0, 0.0);
            for (n, sample) in second.iter().enumerate() {
                let sample = f64::from(*sample);
                let angle = TAU * (n * TONE_HZ % hz) as f64 / hz as f64;
                cos += sample * angle.cos();
                sin += sample * angle.sin();
                energy += sample * sample;
            }
            let pure = 2.0 * (cos * cos + sin * sin) / hz as f64;
            10.0 * (pure / (energy - pure).max(f64::MIN_POSITIVE)).log10()
        });
        shares.fold(f64::INFINITY, f64::min)
    }
}

/// What is said: a chirp, a tone, a chirp.
fn sample(n: usize, hz: usize, seconds: usize) -> i16 {
    let time = n as f64 / hz as f64;
    let chirp_at = match time < TONE_AT as f64 {
        true => CHIRP_AT,
        false => seconds as f64 - CHIRP_BEFORE_END,
    };
    if (0.0..CHIRP_SECONDS).contains(&(time - chirp_at)) {
        return chirp_sample(time - chirp_at);
    }
    match (TONE_AT * hz..(seconds - TONE_AT) * hz).contains(&n) {
        true => {
            let angle = TAU * (n * TONE_HZ % hz) as f64 / hz as f64;
            (16_000.0 * angle.sin()).round() as i16
        }
        false => 0,
    }
}

/// From 300 Hz to 3,400 Hz.
fn chirp_sample(time: f64) -> i16 {
    let turns = 300.0 * time + 3_100.0 / (2.0 * CHIRP_SECONDS) * time * time;
    (8_000.0 * (TAU * turns).sin()) as i16
}

fn chirp(hz: f64) -> Vec<i16> {
    let samples = (CHIRP_SECONDS * hz) as usize;
    (0..samples).map(|n| chirp_sample(n as f64 / hz)).collect()
}

/// Where in `sound` the chirp begins, no further than `longest`.
fn find(chirp: &[i16], sound: &[i16], longest: usize) -> usize {
    let likeness = |place: &usize| -> i64 {
        let pairs = chirp.iter().zip(&sound[*place..]);
        pairs
            .map(|(one, other)| i64::from(*one) * i64::from(*other))
            .sum()
    };
    let places = 0..longest.min(sound.len());
    places.max_by_key(likeness).unwrap_or(0)
}

/// By how much a codec alone delays sound, in seconds.
fn codec_delay(codec: Codec) -> f64 {
    let hz = codec.sample_rate_hz();
    let mut sound = chirp(hz.into());
    let chirp = sound.clone();
    sound.resize(hz as usize / 5, 0);
    let (mut encoder, mut decoder) = (Encoder::new(codec), Decoder::new(codec));
    let mut decoded = Vec::new();
    for frame in sound.chunks_exact(codec.frame_samples()) {
        let mut payload = Vec::new();
        encoder.encode(frame, &mut payload);
        decoder.decode(&payload, &mut decoded);
    }
    find(&chirp, &decoded, hz as usize / 20) as f64 / f64::from(hz)
}
