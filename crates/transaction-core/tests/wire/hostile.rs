//! Octets that mean harm, or nothing: no panic, no loop, and nothing left of them.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::bed::{Bed, incoming};

const ROUNDS: u64 = 4_000;

/// Cuts, repeats, overwrites or swaps a piece of the text.
fn damaged(text: &str, rng: &mut StdRng) -> Vec<u8> {
    let mut octets = text.as_bytes().to_vec();
    for _ in 0..1 + rng.next_u32() % 3 {
        let length = octets.len().max(1);
        let at = rng.next_u32() as usize % length;
        let end = (at + rng.next_u32() as usize % 24).min(octets.len());
        match rng.next_u32() % 4 {
            0 => drop(octets.drain(at..end)),
            1 => {
                let piece = octets[at..end].to_vec();
                octets.splice(at..at, piece);
            }
            2 => octets[at..end].fill_with(|| rng.next_u32() as u8),
            _ => octets[at..end].reverse(),
        }
    }
    octets
}

#[test]
fn damaged_messages_leave_nothing() {
    let mut rng = StdRng::seed_from_u64(3);
    for mut bed in [Bed::udp(), Bed::tcp()] {
        let methods = ["INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "SUBSCRIBE"];
        for round in 0..ROUNDS {
            let branch = match rng.next_u32() % 4 {
                0 => String::new(),
                number => format!(";branch=z9hG4bK{}", u64::from(number) + round / 8),
            };
            let method = methods[rng.next_u32() as usize % methods.len()];
            if bed.kind.is_reliable() {
                bed.accept(10 + round);
            }
            bed.receive_on(10 + round, damaged(&incoming(method, &branch), &mut rng));
            let status = [180, 200, 486][rng.next_u32() as usize % 3];
            bed.answer_everything(status);
            bed.run_for(u64::from(rng.next_u32() % 50));
        }
        bed.answer_everything(500);
        bed.run_for(60_000);
        bed.said();
        assert_eq!(bed.layer.len(), 0);
    }
}
