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
/// What a sweep goes through, up to the end of telephone sound and of wideband, and how long each is. They are primes: a tone that
/// divides the rate meets few of a codec's steps, and sounds purer or worse than it is.
const SWEEP_HZ: [usize; 11] = [
    101, 199, 307, 503, 1_009, 2_003, 3_001, 3_391, 4_001, 5_501, 6_997,
];
const NARROWBAND_HZ: usize = 3_400;
const STEP_SECONDS: usize = 2;
const AMPLITUDE: f64 = 16_000.0;
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
    /// The tones between the chirps, one after the other.
    tones_hz: Vec<usize>,
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
        codec: Codec,
        arguments: &Arguments,
        speaker: &mut Party,
        listener: &mut Party,
    ) -> Result<Self, Box<dyn Error>> {
        let format = AudioFormat::at(rate);
        let (_, writer) = speaker.controller.attach_audio(now, speaker.key, format)?;
        let (reader, _) = listener
            .controller
            .attach_audio(now, listener.key, format)?;
        let tones_hz = match arguments.sweep {
            true => swept(codec, rate),
            false => vec![TONE_HZ],
        };
        let seconds = match arguments.sweep {
            true => 2 * TONE_AT + STEP_SECONDS * tones_hz.len(),
            false => arguments.seconds.max(8),
        };
        Ok(Self {
            writer,
            reader,
            rate,
            began: now + OFF_GRID,
            seconds,
            tones_hz,
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
                .map(|n| self.sample(n))
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
        let found = self.found();
        let decibels = found
            .iter()
            .map(|(above, _)| *above)
            .fold(f64::INFINITY, f64::min);
        if self.tones_hz.len() > 1 {
            println!("| Hz | above all else, dB | level, dB |\n|---|---|---|");
            for (hz, (above, level)) in self.tones_hz.iter().zip(&found) {
                println!("| {hz} | {above:.1} | {level:+.1} |");
            }
        }
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

    /// How far each tone is above all else in its worst second, and how loud it is there beside what was said.
    fn found(&self) -> Vec<(f64, f64)> {
        let hz = self.rate.hz() as usize;
        let seconds = self.heard.chunks_exact(hz);
        let tones: Vec<_> = seconds
            .take(self.seconds - TONE_AT)
            .skip(TONE_AT + 1)
            .collect();
        let of = |tone_hz: &usize, seconds: &[&[i16]]| {
            let found = seconds.iter().map(|second| pure(second, hz, *tone_hz));
            found.min_by(|one, other| one.0.total_cmp(&other.0))
        };
        match &self.tones_hz[..] {
            [tone_hz] => of(tone_hz, &tones).into_iter().collect(),
            // The first second of each begins with the end of the one before.
            several => several
                .iter()
                .zip(tones.chunks(STEP_SECONDS))
                .filter_map(|(tone_hz, seconds)| of(tone_hz, &seconds[..1]))
                .collect(),
        }
    }

    /// What is said: a chirp, tones, a chirp.
    fn sample(&self, n: usize) -> i16 {
        let (hz, seconds) = (self.rate.hz() as usize, self.seconds);
        let time = n as f64 / hz as f64;
        let chirp_at = match time < TONE_AT as f64 {
            true => CHIRP_AT,
            false => seconds as f64 - CHIRP_BEFORE_END,
        };
        if (0.0..CHIRP_SECONDS).contains(&(time - chirp_at)) {
            return chirp_sample(time - chirp_at);
        }
        if !(TONE_AT * hz..(seconds - TONE_AT) * hz).contains(&n) {
            return 0;
        }
        let step = (n / hz - TONE_AT) / STEP_SECONDS;
        let tone_hz = self.tones_hz[step.min(self.tones_hz.len() - 1)];
        let angle = TAU * (n * tone_hz % hz) as f64 / hz as f64;
        (AMPLITUDE * angle.sin()).round() as i16
    }
}

/// The tones that pass the narrower of the codec and the application.
fn swept(codec: Codec, rate: SampleRate) -> Vec<usize> {
    let narrow = codec.sample_rate_hz().min(rate.hz()) == SampleRate::Hz8000.hz();
    let passes = |hz: &usize| !narrow || *hz <= NARROWBAND_HZ;
    SWEEP_HZ.into_iter().filter(passes).collect()
}

/// How far a tone is above all else in a second of sound, and how loud it is beside what was said, in decibels.
fn pure(second: &[i16], hz: usize, tone_hz: usize) -> (f64, f64) {
    let (mut cos, mut sin, mut energy) = (0.0, 0.0, 0.0);
    for (n, sample) in second.iter().enumerate() {
        let sample = f64::from(*sample);
        let angle = TAU * (n * tone_hz % hz) as f64 / hz as f64;
        cos += sample * angle.cos();
        sin += sample * angle.sin();
        energy += sample * sample;
    }
    let pure = 2.0 * (cos * cos + sin * sin) / hz as f64;
    let said = AMPLITUDE * AMPLITUDE * hz as f64 / 2.0;
    let decibels = |share: f64| 10.0 * share.log10();
    (
        decibels(pure / (energy - pure).max(f64::MIN_POSITIVE)),
        decibels(pure / said),
    )
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
