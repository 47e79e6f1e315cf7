//! Changed copies of known inputs, the same ones for the same seed.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Pieces of text that parsers look for.
const WORDS: [&str; 28] = [
    "\r\n",
    "\r\n\r\n",
    "\r\n ",
    "\n",
    "\r",
    ": ",
    ";",
    ",",
    "\"",
    "\\",
    "<",
    ">",
    "=",
    "%00",
    "%",
    "@",
    "[::1]",
    "SIP/2.0",
    "z9hG4bK",
    "Via: ",
    "l: 0",
    "Content-Length: 99999999999",
    "4294967296",
    "-1",
    "\0",
    "\u{fffd}",
    "sip:",
    "a=",
];

/// Makes changed copies.
pub struct Mutator {
    rng: StdRng,
}

impl Mutator {
    /// Copies that depend on the seed alone.
    pub fn new(seed: u64) -> Mutator {
        Mutator {
            rng: StdRng::seed_from_u64(seed),
        }
    }

    /// One of the inputs with one to five changes.
    pub fn change(&mut self, inputs: &[Vec<u8>]) -> Vec<u8> {
        let mut octets = self.pick(inputs);
        for _ in 0..self.rng.random_range(1..=5) {
            self.change_once(&mut octets, inputs);
        }
        octets
    }

    fn pick(&mut self, inputs: &[Vec<u8>]) -> Vec<u8> {
        match inputs.len() {
            0 => Vec::new(),
            count => inputs[self.rng.random_range(0..count)].clone(),
        }
    }

    /// A place in the octets or behind them.
    fn place(&mut self, octets: &[u8]) -> usize {
        self.rng.random_range(0..=octets.len())
    }

    /// A piece of the octets that is not too long.
    fn piece(&mut self, octets: &[u8]) -> std::ops::Range<usize> {
        let start = self.place(octets);
        let longest = (octets.len() - start).min(64);
        start..start + self.rng.random_range(0..=longest)
    }

    fn change_once(&mut self, octets: &mut Vec<u8>, inputs: &[Vec<u8>]) {
        let at = self.place(octets);
        match self.rng.random_range(0..8) {
            0 => {
                let word = WORDS[self.rng.random_range(0..WORDS.len())];
                octets.splice(at..at, word.bytes());
            }
            1 => {
                let octet = self.rng.random();
                octets.insert(at, octet);
            }
            2 if at < octets.len() => octets[at] ^= 1 << self.rng.random_range(0..8),
            3 if at < octets.len() => octets[at] = self.rng.random(),
            4 => {
                let piece = self.piece(octets);
                octets.drain(piece);
            }
            5 => {
                let piece = self.piece(octets);
                let copy = octets[piece].to_vec();
                octets.splice(at..at, copy);
            }
            6 => {
                let other = self.pick(inputs);
                let piece = self.piece(&other);
                octets.splice(at..at, other[piece].iter().copied());
            }
            _ => octets.truncate(at),
        }
    }
}
