//! What strangers send: random octets, and good messages with something wrong. All from a seed.

use rand::rngs::StdRng;
use rand::{Rng, RngExt};

/// What tends to break parsers.
const POISON: [&[u8]; 24] = [
    b"\r\n",
    b"\r\n\r\n",
    b"\r\n ",
    b"\n",
    b"\0",
    b"\xff\xfe",
    b"\xe2\x82",
    b"\"",
    b"\\",
    b"<",
    b">",
    b";",
    b",",
    b":",
    b"%",
    b"%00",
    b"[::",
    b"]",
    b"=",
    b"@",
    b"-1",
    b"4294967296",
    b"99999999999999999999999999",
    b" SIP/2.0",
];

pub(super) fn octets(rng: &mut StdRng, most: usize) -> Vec<u8> {
    let mut octets = vec![0; rng.random_range(1..=most)];
    rng.fill_bytes(&mut octets);
    octets
}

/// A message with one to four things wrong.
pub(super) fn mutate(rng: &mut StdRng, message: &[u8]) -> Vec<u8> {
    let mut message = message.to_vec();
    for _ in 0..rng.random_range(1..=4) {
        if message.is_empty() {
            break;
        }
        mutate_once(rng, &mut message);
    }
    message
}

fn mutate_once(rng: &mut StdRng, message: &mut Vec<u8>) {
    let at = rng.random_range(0..message.len());
    let end = message.len().min(at + rng.random_range(1..=16));
    match rng.random_range(0..10) {
        0 => message[at] = rng.random(),
        1 => message[at] ^= 1 << rng.random_range(0..8),
        2 => message.truncate(at),
        3 => drop(message.drain(at..end)),
        4 => {
            let copy = message[at..end].to_vec();
            drop(message.splice(at..at, copy));
        }
        5 => drop(message.splice(at..at, octets(rng, 16))),
        6 => {
            let poison = POISON[rng.random_range(0..POISON.len())];
            drop(message.splice(at..at, poison.iter().copied()));
        }
        7 => {
            let poison = POISON[rng.random_range(0..POISON.len())];
            drop(message.splice(at..end, poison.iter().copied()));
        }
        8 => mutate_lines(rng, message),
        _ => {
            let many = message[at..end].repeat(rng.random_range(2..200));
            drop(message.splice(at..end, many));
        }
    }
}

/// A line gone, doubled, in another place, or with another's value.
fn mutate_lines(rng: &mut StdRng, message: &mut Vec<u8>) {
    let mut lines: Vec<Vec<u8>> = message
        .split_inclusive(|octet| *octet == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    let (one, other) = (
        rng.random_range(0..lines.len()),
        rng.random_range(0..lines.len()),
    );
    match rng.random_range(0..4) {
        0 => drop(lines.remove(one)),
        1 => {
            let copy = lines[one].clone();
            lines.insert(other, copy);
        }
        2 => lines.swap(one, other),
        _ => {
            let value = lines[other].iter().position(|octet| *octet == b':');
            let name = lines[one].iter().position(|octet| *octet == b':');
            if let (Some(name), Some(value)) = (name, value) {
                let value = lines[other][value..].to_vec();
                lines[one].truncate(name);
                lines[one].extend(value);
            }
        }
    }
    *message = lines.concat();
}
