//! Recordings on disk and in memory.

use std::path::Path;

use super::*;
use crate::wav::Audio;

/// A file of this test's own, removed in the end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let name = format!("rvoip-media-core-{}-{name}.wav", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn recorder(sink: RecordingSink, writer: &FileWriter) -> Recorder {
    Recorder::new(sink.into(), SampleRate::Hz8000, writer)
}

fn hear(recorder: &mut Recorder, frame: &[i16]) {
    recorder.hear(8_000, frame);
    recorder.end_frame();
}

fn samples(path: &Path) -> Vec<i16> {
    Audio::open(path).unwrap().samples().to_vec()
}

#[test]
fn a_file_is_complete_when_its_writer_is_gone() {
    let place = Place::new("complete");
    let writer = FileWriter::default();
    let sink = RecordingSink::File(place.0.clone());
    let mut recorder = recorder(sink, &writer);
    let mut expected = Vec::new();
    for frame in 0..100_i16 {
        hear(&mut recorder, &[frame; 160]);
        expected.extend([frame; 160]);
    }
    drop(recorder);
    drop(writer);
    assert_eq!(samples(&place.0), expected);
}

#[test]
fn a_finished_recording_becomes_complete_while_others_go_on() {
    let places = [Place::new("first"), Place::new("second")];
    let writer = FileWriter::default();
    let [mut first, second] = places
        .each_ref()
        .map(|place| recorder(RecordingSink::File(place.0.clone()), &writer));
    for _ in 0..5 {
        hear(&mut first, &[5; 160]);
    }
    first.finish();
    while !first.is_complete() {
        std::thread::yield_now();
    }
    assert_eq!(samples(&places[0].0), [5; 800]);
    assert!(!second.is_complete());
    assert_eq!(first.failure(), None);
}

#[test]
fn what_the_disk_does_not_take_is_silence_and_counted() {
    let place = Place::new("overrun");
    let writer = FileWriter::default();
    let mut recorder = recorder(RecordingSink::File(place.0.clone()), &writer);
    // Ten seconds at once: more than may wait, unless the thread happens to carry some of it away meanwhile.
    for _ in 0..500 {
        hear(&mut recorder, &[9; 160]);
    }
    let dropped = recorder.dropped() as usize;
    drop(recorder);
    drop(writer);
    let samples = samples(&place.0);
    assert_eq!(samples.len(), 80_000, "the time line is whole");
    let silent = samples.iter().filter(|sample| **sample == 0).count();
    assert_eq!(silent, dropped);
}

#[test]
fn a_file_that_cannot_be_written_is_told_once() {
    let writer = FileWriter::default();
    let path = PathBuf::from("/nonexistent-directory/recording.wav");
    let mut recorder = recorder(RecordingSink::File(path), &writer);
    while !recorder.is_complete() {
        std::thread::yield_now();
    }
    assert_eq!(recorder.failure(), Some(io::ErrorKind::NotFound));
    assert_eq!(recorder.failure(), None);
    hear(&mut recorder, &[0; 160]);
    assert_eq!(recorder.dropped(), 160);
}

#[test]
fn memory_takes_no_more_than_it_was_given() {
    let memory = MemoryRecording::new(200);
    let sink = RecordingSink::Memory(memory.clone());
    let mut recorder = recorder(sink, &FileWriter::default());
    hear(&mut recorder, &[1; 160]);
    hear(&mut recorder, &[2; 160]);
    assert_eq!(memory.samples().len(), 200);
    assert_eq!(recorder.dropped(), 120);
    recorder.finish();
    assert!(recorder.is_complete());
}

#[test]
fn parties_are_kept_apart_or_joined_in_step() {
    let table = [
        (RecordedParties::Peer, vec![1; 160], vec![]),
        (RecordedParties::Own, vec![20; 160], vec![20; 160]),
        (RecordedParties::Mixed, vec![21; 160], vec![20; 160]),
        (
            RecordedParties::Stereo,
            [1, 20].repeat(160),
            [0, 20].repeat(160),
        ),
    ];
    for (parties, both, own) in table {
        let memory = MemoryRecording::new(1_000_000);
        let recording = Recording {
            parties,
            ..RecordingSink::Memory(memory.clone()).into()
        };
        let writer = FileWriter::default();
        let mut recorder = Recorder::new(recording, SampleRate::Hz8000, &writer);
        recorder.say(8_000, &[20; 160]);
        recorder.end_frame();
        assert_eq!(memory.samples(), own, "{parties:?}: the peer was silent");
        recorder.hear(8_000, &[1; 160]);
        recorder.say(8_000, &[20; 160]);
        recorder.end_frame();
        assert_eq!(memory.samples()[own.len()..], both, "{parties:?}");
    }
}

#[test]
fn a_stereo_file_is_read_by_another_reader_and_lasts_as_long_whatever_the_rates_were() {
    let place = Place::new("stereo");
    let writer = FileWriter::default();
    let recording = Recording {
        parties: RecordedParties::Stereo,
        ..RecordingSink::File(place.0.clone()).into()
    };
    let mut recorder = Recorder::new(recording, SampleRate::Hz16000, &writer);
    for frame in 0..100 {
        match frame < 50 {
            true => recorder.hear(16_000, &[1_000; 320]),
            false => recorder.hear(8_000, &[1_000; 160]),
        }
        recorder.say(48_000, &[-3_000; 960]);
        recorder.end_frame();
    }
    drop(recorder);
    drop(writer);
    let mut reader = hound::WavReader::open(&place.0).unwrap();
    let spec = reader.spec();
    assert_eq!((spec.channels, spec.sample_rate), (2, 16_000));
    let samples: Vec<i16> = reader.samples().map(Result::unwrap).collect();
    assert_eq!(samples.len(), 2 * 2 * 16_000);
    let steady = &samples[4 * 320..2 * 50 * 320];
    let near = |pair: &[i16]| (pair[0] - 1_000).abs() < 10 && (pair[1] + 3_000).abs() < 10;
    assert!(steady.chunks_exact(2).all(near));
}
