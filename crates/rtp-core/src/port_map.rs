//! Maps by port pair, which are asked for every packet.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::PortKey;

/// A map by the keys of port pairs.
pub type PortMap<V> = HashMap<PortKey, V, BuildHasherDefault<PortHasher>>;

/// Spreads the keys of port pairs, which no stranger chooses, by a multiplication.
#[derive(Debug, Default)]
pub struct PortHasher(u64);

impl Hasher for PortHasher {
    fn write(&mut self, octets: &[u8]) {
        octets
            .iter()
            .for_each(|octet| self.write_u64((*octet).into()));
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = (self.0 ^ key)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
