//! WAV files against another implementation, and files that are not read.

use std::io::Cursor;

use super::*;

/// A WAV file with this `fmt ` content and data.
fn file(tag: u16, channels: u16, rate_hz: u32, bits: u16, data: &[u8]) -> Vec<u8> {
    let mut octets = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0".to_vec();
    octets.extend(tag.to_le_bytes());
    octets.extend(channels.to_le_bytes());
    octets.extend(rate_hz.to_le_bytes());
    octets.extend([0; 6]);
    octets.extend(bits.to_le_bytes());
    octets.extend(b"data");
    octets.extend((data.len() as u32).to_le_bytes());
    octets.extend(data);
    octets
}

#[test]
fn another_reader_reads_what_we_write_at_any_moment() {
    let mut writer = WavWriter::new(Cursor::new(Vec::new()), SampleRate::Hz8000, 1).unwrap();
    let mut expected = Vec::new();
    for part in [&[][..], &[1, -2, 3], &[i16::MIN, i16::MAX]] {
        writer.write(part).unwrap();
        expected.extend_from_slice(part);
        let mut copy = WavWriter::new(Cursor::new(Vec::new()), SampleRate::Hz8000, 1).unwrap();
        copy.write(&expected).unwrap();
        let octets = copy.into_inner().into_inner();
        let mut reader = hound::WavReader::new(&octets[..]).unwrap();
        let spec = reader.spec();
        assert_eq!(
            (spec.channels, spec.sample_rate, spec.bits_per_sample),
            (1, 8_000, 16)
        );
        let samples: Vec<i16> = reader.samples().map(Result::unwrap).collect();
        assert_eq!(samples, expected);
        assert_eq!(Audio::read(&octets).unwrap().samples(), expected);
    }
    let octets = writer.into_inner().into_inner();
    assert_eq!(Audio::read(&octets).unwrap().samples(), expected);
    assert_eq!(octets.len(), 44 + 2 * expected.len());
}

#[test]
fn we_read_what_another_writer_writes() {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut octets = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut octets, spec).unwrap();
    for _ in 0..16_000 {
        writer.write_sample(1_000_i16).unwrap();
        writer.write_sample(3_000_i16).unwrap();
    }
    writer.finalize().unwrap();
    let audio = Audio::read(octets.get_ref()).unwrap();
    // At the rate of the file, the two channels as one.
    assert_eq!(audio.sample_rate().hz(), 16_000);
    assert_eq!(audio.samples(), [2_000; 16_000]);
}

#[test]
fn g711_is_read() {
    let mu_law = Audio::read(&file(7, 1, 8_000, 8, &[0xFF, 0x80])).unwrap();
    assert_eq!(mu_law.samples(), [0, 32_124]);
    let a_law = Audio::read(&file(6, 1, 8_000, 8, &[0xD5, 0xAA])).unwrap();
    assert_eq!(a_law.samples(), [8, 32_256]);
}

#[test]
fn an_extensible_header_is_read() {
    let mut octets = b"RIFF\0\0\0\0WAVEfmt \x28\0\0\0".to_vec();
    let mut format = vec![0xFE, 0xFF, 1, 0, 0x40, 0x1F, 0, 0];
    format.extend([0; 6]);
    format.extend([16, 0, 22, 0, 16, 0, 4, 0, 0, 0, 1, 0]);
    format.resize(40, 0);
    octets.extend(format);
    octets.extend(b"data\x04\0\0\0\x01\0\x02\0");
    assert_eq!(Audio::read(&octets).unwrap().samples(), [1, 2]);
}

#[test]
fn a_length_beyond_the_end_means_the_rest() {
    let mut octets = file(1, 1, 8_000, 16, &[1, 0, 2, 0, 3]);
    let size = octets.len() - 5 - 4;
    octets[size..size + 4].fill(0xFF);
    assert_eq!(Audio::read(&octets).unwrap().samples(), [1, 2]);
}

#[test]
fn what_is_not_read_is_refused() {
    for (tag, channels, rate_hz, bits) in [
        (1, 1, 8_000, 24),
        (3, 1, 8_000, 32),
        (1, 3, 8_000, 16),
        (1, 0, 8_000, 16),
        (1, 1, 10, 16),
        (1, 1, 1_000_000, 16),
    ] {
        let refused = Audio::read(&file(tag, channels, rate_hz, bits, &[0; 8]));
        assert!(
            matches!(refused, Err(WavError::Unsupported { .. })),
            "{refused:?}"
        );
    }
    let whole = file(1, 1, 8_000, 16, &[]);
    for length in 0..whole.len() - 8 {
        let refused = Audio::read(&whole[..length]);
        assert!(
            matches!(refused, Err(WavError::NotWav)),
            "{length}: {refused:?}"
        );
    }
}
