//! A conference member's 20 ms without sockets: decode, level, mix, encode; G.711 at 8 kHz, everybody speaking.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rvoip_media_core::mixer::{Heard, MemberKey, Mixer};
use rvoip_media_core::{Codec, Decoder, Encoder};

/// A member with what it says, as a payload.
struct Party {
    key: MemberKey,
    says: Vec<u8>,
    decoder: Decoder,
    encoder: Encoder,
}

/// A conference of which `speakers` say something.
struct Conference {
    mixer: Mixer,
    parties: Vec<Party>,
    samples: Vec<i16>,
    payload: Vec<u8>,
}

impl Conference {
    fn new(members: usize, speakers: usize, amplitude: f64) -> Self {
        let mut mixer = Mixer::default();
        let party = |number: usize| {
            let key = mixer.join(8_000).unwrap();
            let step = 0.2 + 0.005 * number as f64;
            let loud = if number < speakers { amplitude } else { 0.0 };
            let wave =
                (0..160).map(|n| ((n as f64 * step + 2.4 * number as f64).sin() * loud) as i16);
            let mut says = Vec::new();
            Encoder::new(Codec::Pcmu).encode(&wave.collect::<Vec<i16>>(), &mut says);
            Party {
                key,
                says,
                decoder: Decoder::new(Codec::Pcmu),
                encoder: Encoder::new(Codec::Pcmu),
            }
        };
        Self {
            parties: (0..members).map(party).collect(),
            mixer,
            samples: Vec::with_capacity(160),
            payload: Vec::with_capacity(160),
        }
    }

    #[inline(never)]
    fn frame(&mut self) {
        for party in &mut self.parties {
            self.samples.clear();
            party.decoder.decode(&party.says, &mut self.samples);
            self.mixer.input(party.key).copy_from_slice(&self.samples);
        }
        self.mixer.mix();
        self.samples.resize(160, 0);
        let mut shared = false;
        for party in &mut self.parties {
            let heard = self.mixer.read(party.key, &mut self.samples);
            if heard == Heard::Shared && std::mem::replace(&mut shared, true) {
                continue;
            }
            self.payload.clear();
            party.encoder.encode(&self.samples, &mut self.payload);
            black_box(&self.payload);
        }
    }
}

fn conference(c: &mut Criterion) {
    for (name, share, amplitude) in [
        ("all_speak", 1, 500.0),
        ("all_shout", 1, 30_000.0),
        ("a_tenth_speaks", 10, 500.0),
    ] {
        let mut group = c.benchmark_group(format!("mixer/{name}"));
        for members in [3, 10, 30, 100] {
            let mut conference = Conference::new(members, members.div_ceil(share), amplitude);
            group.throughput(Throughput::Elements(members as u64));
            group.bench_function(members.to_string(), |b| b.iter(|| conference.frame()));
        }
    }
}

criterion_group!(benches, conference);
criterion_main!(benches);
