//! AES in counter mode with HMAC-SHA1 (RFC 3711 section 4, RFC 6188).

use aes::cipher::consts::U16;
use aes::cipher::{BlockCipherEncrypt, BlockSizeUser, KeyInit};
use hmac::{Hmac, Mac};
use sha1::Sha1;

use super::{
    Place, Protocol, Purpose, RTCP_HEAD_OCTETS, RTCP_WORD_OCTETS, SrtpError, SrtpKey, Transform,
    before, keystream, read_word, session_cipher,
};
use crate::srtp::index::rollover_counter;

const SALT_OCTETS: usize = 14;
const AUTHENTICATION_KEY_OCTETS: usize = 20;

pub(super) struct CounterMode<C> {
    cipher: C,
    salt: [u8; SALT_OCTETS],
    authenticator: Hmac<Sha1>,
    tag_octets: usize,
}

impl<C> CounterMode<C>
where
    C: KeyInit + BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>,
{
    pub(super) fn new(key: &SrtpKey, protocol: Protocol) -> Self {
        let mut salt = [0; SALT_OCTETS];
        key.derive(protocol, Purpose::Salt, &mut salt);
        // HMAC fills a key up with zeros to the block of its hash (RFC 2104 section 2).
        let mut authentication = hmac::digest::Key::<Hmac<Sha1>>::default();
        let derived = &mut authentication[..AUTHENTICATION_KEY_OCTETS];
        key.derive(protocol, Purpose::Authentication, derived);
        Self {
            cipher: session_cipher(key, protocol),
            salt,
            authenticator: Hmac::new(&authentication),
            tag_octets: match protocol {
                Protocol::Rtp => key.suite().rtp_tag_octets(),
                Protocol::Rtcp => key.suite().rtcp_tag_octets(),
            },
        }
    }

    fn crypt(&self, at: Place, data: &mut [u8]) {
        let mut counter = [0; 16];
        counter[..SALT_OCTETS].copy_from_slice(&at.mixed_into(self.salt, 4));
        keystream(&self.cipher, &counter, data);
    }

    /// The code over a packet and what follows it unsent.
    fn code(&self, packet: &[u8], unsent: &[u8]) -> Hmac<Sha1> {
        let mut code = self.authenticator.clone();
        code.update(packet);
        code.update(unsent);
        code
    }

    fn append_tag(&self, out: &mut Vec<u8>, start: usize, unsent: &[u8]) {
        let tag = self.code(&out[start..], unsent).finalize().into_bytes();
        out.extend_from_slice(&tag[..self.tag_octets]);
    }

    fn verify(&self, packet: &[u8], unsent: &[u8], tag: &[u8]) -> Result<(), SrtpError> {
        let code = self.code(packet, unsent);
        let verified = code.verify_truncated_left(tag);
        verified.map_err(|_| SrtpError::Unauthenticated)
    }
}

impl<C> Transform for CounterMode<C>
where
    C: KeyInit + BlockCipherEncrypt + BlockSizeUser<BlockSize = U16> + Send + Sync,
{
    fn seal_rtp(
        &self,
        at: Place,
        header_octets: usize,
        out: &mut Vec<u8>,
        start: usize,
    ) -> Result<(), SrtpError> {
        self.crypt(at, &mut out[start + header_octets..]);
        self.append_tag(out, start, &rollover_counter(at.index));
        Ok(())
    }

    fn open_rtp(
        &self,
        at: Place,
        header_octets: usize,
        packet: &mut [u8],
    ) -> Result<usize, SrtpError> {
        let octets = before(packet.len(), self.tag_octets, header_octets)?;
        let (packet, tag) = packet.split_at_mut(octets);
        self.verify(packet, &rollover_counter(at.index), tag)?;
        self.crypt(at, &mut packet[header_octets..]);
        Ok(octets)
    }

    fn seal_rtcp(&self, at: Place, out: &mut Vec<u8>, start: usize) -> Result<(), SrtpError> {
        self.crypt(at, &mut out[start + RTCP_HEAD_OCTETS..]);
        out.extend_from_slice(&at.rtcp_word());
        self.append_tag(out, start, &[]);
        Ok(())
    }

    fn rtcp_index(&self, packet: &[u8]) -> Result<u32, SrtpError> {
        let least = RTCP_HEAD_OCTETS + RTCP_WORD_OCTETS;
        let octets = before(packet.len(), self.tag_octets, least)?;
        let word = packet[..octets].last_chunk().ok_or(SrtpError::TooShort)?;
        Ok(read_word(*word).1)
    }

    fn open_rtcp(&self, at: Place, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let least = RTCP_HEAD_OCTETS + RTCP_WORD_OCTETS;
        let octets = before(packet.len(), self.tag_octets, least)?;
        let (packet, tag) = packet.split_at_mut(octets);
        self.verify(packet, &[], tag)?;
        let (packet, word) = packet.split_last_chunk_mut().ok_or(SrtpError::TooShort)?;
        if read_word(*word).0 {
            self.crypt(at, &mut packet[RTCP_HEAD_OCTETS..]);
        }
        Ok(packet.len())
    }

    fn behind_mki(&self) -> usize {
        self.tag_octets
    }
}

#[cfg(test)]
mod tests {
    use aes::{Aes128Enc, Aes256Enc};

    use super::*;
    use crate::srtp::tests::hex;

    #[test]
    fn keystream_of_rfc_3711_b_2() {
        let key = hex("2B7E151628AED2A6ABF7158809CF4F3C");
        let cipher = Aes128Enc::new_from_slice(&key).unwrap();
        let counter = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000").try_into().unwrap();
        let mut stream = vec![0; 0xff02 * 16];
        keystream(&cipher, &counter, &mut stream);
        let first = "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB
                     41E95B3BB0A2E8DD477901E4FCA894C0";
        assert_eq!(stream[..48], hex(first));
        let last = "EC8CDF7398607CB0F2D21675EA9EA1E4 362B7C3C6773516318A077D7FC5073AE
                    6A2CC3787889374FBEB4C81B17BA6C44";
        assert_eq!(stream[0xfeff * 16..], hex(last));
    }

    #[test]
    fn keystream_of_rfc_6188_7_1() {
        let key = hex("57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98");
        let cipher = Aes256Enc::new_from_slice(&key).unwrap();
        let counter = hex("f0f1f2f3f4f5f6f7f8f9fafbfcfd0000").try_into().unwrap();
        let mut stream = vec![0; 48];
        keystream(&cipher, &counter, &mut stream);
        let first = "92bdd28a93c3f52511c677d08b5515a4 9da71b2378a854f67050756ded165bac
                     63c4868b7096d88421b563b8c94c9a31";
        assert_eq!(stream, hex(first));
    }
}
