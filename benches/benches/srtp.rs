//! A voice packet of 172 octets through SRTP: protected by its sender and unprotected by its receiver.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_rtp_core::srtp::{SrtpKey, SrtpReceiver, SrtpSender, SrtpSuite};

fn protect_and_unprotect(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("srtp");
    for suite in SrtpSuite::ALL {
        let key = SrtpKey::generate(suite, &mut StdRng::from_seed([1; 32]));
        let (mut sender, mut receiver) = (SrtpSender::new(&key), SrtpReceiver::new(&key));
        let (mut sequence, mut packet) = (0u16, Vec::with_capacity(256));
        group.bench_function(suite.name(), |bencher| {
            bencher.iter(|| {
                packet.clear();
                packet.extend_from_slice(&[0x80, 0]);
                packet.extend_from_slice(&sequence.to_be_bytes());
                packet.resize(172, 0x5a);
                sequence = sequence.wrapping_add(1);
                sender.protect_rtp(&mut packet, 0).unwrap();
                receiver.unprotect_rtp(black_box(&mut packet)).unwrap()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, protect_and_unprotect);
criterion_main!(benches);
