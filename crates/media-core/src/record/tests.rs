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

fn samples(path: &Path) -> Vec<i16> {
    Audio::open(path).unwrap().samples().to_vec()
}

#[test]
fn a_file_is_complete_when_its_writer_is_gone() {
    let place = Place::new("complete");
    let mut writer = FileWriter::default();
    let sink = RecordingSink::File(place.0.clone());
    let mut recorder = Recorder::new(sink, &mut writer);
    let mut expected = Vec::new();
    for frame in 0..100_i16 {
        recorder.write(&[frame; 160]);
        expected.extend([frame; 160]);
    }
    drop(recorder);
    drop(writer);
    assert_eq!(samples(&place.0), expected);
}

#[test]
fn a_finished_recording_becomes_complete_while_others_go_on() {
    let places = [Place::new("first"), Place::new("second")];
    let mut writer = FileWriter::default();
    let [mut first, second] = places
        .each_ref()
        .map(|place| Recorder::new(RecordingSink::File(place.0.clone()), &mut writer));
    first.write(&[5; 1_000]);
    first.finish();
    while !first.is_complete() {
        std::thread::yield_now();
    }
    assert_eq!(samples(&places[0].0), [5; 1_000]);
    assert!(!second.is_complete());
    assert_eq!(first.failure(), None);
}

#[test]
fn what_the_disk_does_not_take_is_silence_and_counted() {
    let place = Place::new("overrun");
    let mut writer = FileWriter::default();
    let mut recorder = Recorder::new(RecordingSink::File(place.0.clone()), &mut writer);
    // Ten seconds at once: more than may wait, unless the thread happens to carry some of it away meanwhile.
    for _ in 0..10 {
        recorder.write(&[9; 8_000]);
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
    let mut writer = FileWriter::default();
    let path = PathBuf::from("/nonexistent-directory/recording.wav");
    let mut recorder = Recorder::new(RecordingSink::File(path), &mut writer);
    while !recorder.is_complete() {
        std::thread::yield_now();
    }
    assert_eq!(recorder.failure(), Some(io::ErrorKind::NotFound));
    assert_eq!(recorder.failure(), None);
    recorder.write(&[0; 160]);
    assert_eq!(recorder.dropped(), 160);
}

#[test]
fn memory_takes_no_more_than_it_was_given() {
    let memory = MemoryRecording::new(200);
    let sink = RecordingSink::Memory(memory.clone());
    let mut recorder = Recorder::new(sink, &mut FileWriter::default());
    recorder.write(&[1; 160]);
    recorder.write(&[2; 160]);
    assert_eq!(memory.samples().len(), 200);
    assert_eq!(recorder.dropped(), 120);
    recorder.finish();
    assert!(recorder.is_complete());
}
