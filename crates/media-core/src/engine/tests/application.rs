//! An application at a stream whose codec changes.

use super::*;
use crate::audio::AudioFormat;
use crate::codec::{Codec, SampleRate};

#[test]
fn an_application_keeps_its_rate_and_its_place_when_the_codec_changes() {
    let knowing = |codecs: [Codec; 2]| Capabilities {
        codecs: codecs.to_vec(),
        preference: crate::capabilities::CodecPreference::Offerer,
        ..Capabilities::default()
    };
    let narrow = knowing([Codec::Pcmu, Codec::G722]);
    let wide = knowing([Codec::G722, Codec::Pcmu]);
    let mut call = Call::knowing([AudioSource::Silence, AudioSource::Silence], [narrow, wide]);
    call.start();
    let rate = SampleRate::Hz24000;
    let format = AudioFormat {
        read_ahead: Duration::from_secs(30),
        write_ahead: Duration::from_secs(30),
        ..AudioFormat::at(rate)
    };
    let (now, key) = (call.now, call.parties[0].key);
    let controller = &mut call.parties[0].controller;
    let (mut reader, mut writer) = controller.attach_audio(now, key, format).unwrap();
    let mut tone = crate::tone::Tone::new(440.0, 0.5, rate.hz());
    let mut speech = vec![0; rate.hz() as usize * 9];
    tone.fill(&mut speech);
    assert_eq!(writer.try_write(&speech), Ok(speech.len()));
    let mut codecs = Vec::new();
    for _ in 0..3 {
        let Party {
            controller, key, ..
        } = &call.parties[0];
        codecs.push(controller.parameters(*key).unwrap().codec);
        call.run(Duration::from_secs(3));
        // The other offers next, and prefers the other codec.
        call.parties.swap(0, 1);
        call.negotiate();
    }
    assert_eq!(codecs, [Codec::Pcmu, Codec::G722, Codec::Pcmu]);
    assert_eq!(writer.progress().heard, speech.len() as u64);
    assert_eq!(writer.underruns().0, 0);
    let frames: Vec<_> = std::iter::from_fn(|| reader.try_recv()).collect();
    assert_eq!(frames.len(), 450);
    assert!(frames.iter().all(|frame| frame.samples.len() == 480));
    let places = frames.iter().map(|frame| frame.position);
    assert!(places.eq((0..450).map(|number| number * 480)));
    // After three changes of place the listener is the first.
    let recorded = call.parties[0].recording.samples();
    assert!(heard(&recorded).len() > 8_000 * 8);
    call.stop();
}
