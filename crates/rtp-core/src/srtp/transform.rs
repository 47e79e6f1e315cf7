//! The transforms: how a packet with its index is encrypted and authenticated in place.

mod counter_mode;
mod galois;

use aes::cipher::consts::U16;
use aes::cipher::{
    BlockCipherEncrypt, BlockSizeUser, InnerIvInit, KeyInit, StreamCipher, StreamCipherCoreWrapper,
};
use aes::{Aes128Enc, Aes256Enc};
use ctr::CtrCore;
use ctr::flavors::Ctr128BE;

use self::counter_mode::CounterMode;
use self::galois::Galois;
use super::header::RTCP_HEAD_OCTETS;
use super::key::{Protocol, Purpose};
use super::{SrtpError, SrtpKey, SrtpSuite};
use crate::Ssrc;

/// In the word behind an SRTCP packet, which has the index in its other bits: the packet is encrypted.
const ENCRYPTED: u32 = 1 << 31;
/// The length of that word.
const RTCP_WORD_OCTETS: usize = 4;

/// The session keys of one protocol in one direction, expanded.
///
/// Packets begin at `start` of `out`, and end with it. One that is not authentic is left as it came.
pub(super) trait Transform: Send + Sync {
    /// Encrypts an RTP packet behind its header, and appends what authenticates it.
    fn seal_rtp(
        &self,
        at: Place,
        header_octets: usize,
        out: &mut Vec<u8>,
        start: usize,
    ) -> Result<(), SrtpError>;

    /// Checks and decrypts an RTP packet; returns the length of the plain one.
    fn open_rtp(
        &self,
        at: Place,
        header_octets: usize,
        packet: &mut [u8],
    ) -> Result<usize, SrtpError>;

    /// Encrypts an RTCP packet, and appends the index and what authenticates both.
    fn seal_rtcp(&self, at: Place, out: &mut Vec<u8>, start: usize) -> Result<(), SrtpError>;

    /// The index that an RTCP packet says it has; to be believed once the packet is authentic.
    fn rtcp_index(&self, packet: &[u8]) -> Result<u32, SrtpError>;

    /// Checks and decrypts an RTCP packet that has an index; returns the length of the plain one.
    fn open_rtcp(&self, at: Place, packet: &mut [u8]) -> Result<usize, SrtpError>;

    /// How many octets of a packet stand behind a master key identifier.
    fn behind_mki(&self) -> usize;
}

/// What makes a packet's keystream its own: never the same for two packets under one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) ssrc: Ssrc,
    pub(super) index: u64,
}

impl Place {
    /// The salt with SSRC and index mixed in, the SSRC from octet `at` on (RFC 3711 section 4.1.1, RFC 7714 section 8.1).
    fn mixed_into<const N: usize>(self, mut salt: [u8; N], at: usize) -> [u8; N] {
        let octets = (u128::from(self.ssrc.0) << 48 | u128::from(self.index)).to_be_bytes();
        let pairs = salt[at..].iter_mut().zip(&octets[6..]);
        pairs.for_each(|(salt, octet)| *salt ^= octet);
        salt
    }

    /// The word behind an SRTCP packet of ours.
    fn rtcp_word(self) -> [u8; RTCP_WORD_OCTETS] {
        (ENCRYPTED | self.index as u32).to_be_bytes()
    }
}

/// The transform of a suite with the session keys that come from `key`.
pub(super) fn transform(key: &SrtpKey, protocol: Protocol) -> Box<dyn Transform> {
    let suite = key.suite();
    match suite {
        SrtpSuite::AesCm128HmacSha1_80 | SrtpSuite::AesCm128HmacSha1_32 => {
            Box::new(CounterMode::<Aes128Enc>::new(key, protocol))
        }
        SrtpSuite::AesCm256HmacSha1_80 | SrtpSuite::AesCm256HmacSha1_32 => {
            Box::new(CounterMode::<Aes256Enc>::new(key, protocol))
        }
        SrtpSuite::AeadAes128Gcm => Box::new(Galois::<Aes128Enc>::new(key, protocol)),
        SrtpSuite::AeadAes256Gcm => Box::new(Galois::<Aes256Enc>::new(key, protocol)),
    }
}

/// The cipher of a session, expanded; its key is as long as the master key.
fn session_cipher<C: KeyInit>(key: &SrtpKey, protocol: Protocol) -> C {
    let mut octets = aes::cipher::Key::<C>::default();
    key.derive(protocol, Purpose::Encryption, &mut octets);
    C::new(&octets)
}

/// Encrypts or decrypts `data` with AES in counter mode.
pub(super) fn keystream<C>(cipher: &C, counter: &[u8; 16], data: &mut [u8])
where
    C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>,
{
    let core = CtrCore::<&C, Ctr128BE>::inner_iv_init(cipher, counter.into());
    StreamCipherCoreWrapper::from_core(core).apply_keystream(data);
}

/// Whether an SRTCP word says that the packet is encrypted, and its index.
fn read_word(word: [u8; RTCP_WORD_OCTETS]) -> (bool, u32) {
    let word = u32::from_be_bytes(word);
    (word & ENCRYPTED != 0, word & !ENCRYPTED)
}

/// The octets of a packet before `behind` others; at least `least` of them.
fn before(octets: usize, behind: usize, least: usize) -> Result<usize, SrtpError> {
    let plain = octets.checked_sub(behind);
    plain
        .filter(|plain| *plain >= least)
        .ok_or(SrtpError::TooShort)
}
