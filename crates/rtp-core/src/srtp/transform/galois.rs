//! AES in Galois/counter mode (RFC 7714).

use aes::cipher::consts::{U12, U16};
use aes::cipher::{BlockCipherEncrypt, BlockSizeUser, KeyInit};
use aes_gcm::AesGcm;
use aes_gcm::aead::AeadInOut;

use super::{
    Place, Protocol, Purpose, RTCP_HEAD_OCTETS, RTCP_WORD_OCTETS, SrtpError, SrtpKey, Transform,
    before, read_word, session_cipher,
};

const SALT_OCTETS: usize = 12;
const TAG_OCTETS: usize = 16;

pub(super) struct Galois<C> {
    cipher: AesGcm<C, U12>,
    salt: [u8; SALT_OCTETS],
}

impl<C> Galois<C>
where
    C: KeyInit + BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>,
{
    pub(super) fn new(key: &SrtpKey, protocol: Protocol) -> Self {
        let mut salt = [0; SALT_OCTETS];
        key.derive(protocol, Purpose::Salt, &mut salt);
        Self::with(session_cipher(key, protocol), salt)
    }

    /// By session keys.
    fn with(cipher: C, salt: [u8; SALT_OCTETS]) -> Self {
        let cipher = AesGcm::from(cipher);
        Self { cipher, salt }
    }

    /// Encrypts `text`; returns the tag over it and `associated`.
    fn seal(
        &self,
        at: Place,
        associated: &[u8],
        text: &mut [u8],
    ) -> Result<[u8; TAG_OCTETS], SrtpError> {
        let nonce = at.mixed_into(self.salt, 2).into();
        let tag = self
            .cipher
            .encrypt_inout_detached(&nonce, associated, text.into());
        // It fails on texts of gigabytes alone.
        tag.map(Into::into).map_err(|_| SrtpError::KeyExhausted)
    }

    /// Checks `text` and `associated`, then decrypts.
    fn open(
        &self,
        at: Place,
        associated: &[u8],
        text: &mut [u8],
        tag: [u8; TAG_OCTETS],
    ) -> Result<(), SrtpError> {
        let nonce = at.mixed_into(self.salt, 2).into();
        let opened =
            self.cipher
                .decrypt_inout_detached(&nonce, associated, text.into(), &tag.into());
        opened.map_err(|_| SrtpError::Unauthenticated)
    }
}

/// What is authenticated of an encrypted SRTCP packet beside the text: its head and the word behind the tag (section 9.2).
fn associated(
    head: &[u8],
    word: [u8; RTCP_WORD_OCTETS],
) -> [u8; RTCP_HEAD_OCTETS + RTCP_WORD_OCTETS] {
    let mut associated = [0; RTCP_HEAD_OCTETS + RTCP_WORD_OCTETS];
    associated[..RTCP_HEAD_OCTETS].copy_from_slice(head);
    associated[RTCP_HEAD_OCTETS..].copy_from_slice(&word);
    associated
}

impl<C> Transform for Galois<C>
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
        let (head, text) = out[start..].split_at_mut(header_octets);
        let tag = self.seal(at, head, text)?;
        out.extend_from_slice(&tag);
        Ok(())
    }

    fn open_rtp(
        &self,
        at: Place,
        header_octets: usize,
        packet: &mut [u8],
    ) -> Result<usize, SrtpError> {
        let octets = before(packet.len(), TAG_OCTETS, header_octets)?;
        let (packet, tag) = packet.split_last_chunk_mut().ok_or(SrtpError::TooShort)?;
        let (head, text) = packet.split_at_mut(header_octets);
        self.open(at, head, text, *tag)?;
        Ok(octets)
    }

    fn seal_rtcp(&self, at: Place, out: &mut Vec<u8>, start: usize) -> Result<(), SrtpError> {
        let (head, text) = out[start..].split_at_mut(RTCP_HEAD_OCTETS);
        let word = at.rtcp_word();
        let tag = self.seal(at, &associated(head, word), text)?;
        out.extend_from_slice(&tag);
        out.extend_from_slice(&word);
        Ok(())
    }

    fn rtcp_index(&self, packet: &[u8]) -> Result<u32, SrtpError> {
        let word = packet.last_chunk().ok_or(SrtpError::TooShort)?;
        Ok(read_word(*word).1)
    }

    fn open_rtcp(&self, at: Place, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let behind = TAG_OCTETS + RTCP_WORD_OCTETS;
        let octets = before(packet.len(), behind, RTCP_HEAD_OCTETS)?;
        let (plain, behind) = packet.split_at_mut(octets);
        let (tag, word) = behind
            .split_first_chunk::<TAG_OCTETS>()
            .ok_or(SrtpError::TooShort)?;
        let word = *word.first_chunk().ok_or(SrtpError::TooShort)?;
        if read_word(word).0 {
            let (head, text) = plain.split_at_mut(RTCP_HEAD_OCTETS);
            self.open(at, &associated(head, word), text, *tag)?;
            return Ok(octets);
        }
        // Unencrypted, all of it and the word is associated data, in one piece (section 9.3).
        let tag = *tag;
        packet[octets..].rotate_left(TAG_OCTETS);
        let opened = self.open(at, &packet[..octets + RTCP_WORD_OCTETS], &mut [], tag);
        packet[octets..].rotate_right(TAG_OCTETS);
        opened.map(|()| octets)
    }

    fn behind_mki(&self) -> usize {
        0
    }
}

#[cfg(test)]
mod tests {
    use aes::{Aes128Enc, Aes256Enc};

    use super::*;
    use crate::Ssrc;
    use crate::srtp::tests::hex;

    const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const SALT: &str = "517569642070726f2071756f";

    /// The transforms of RFC 7714 sections 16 and 17, which give session keys.
    fn transforms() -> [Box<dyn Transform>; 2] {
        let (key, salt) = (hex(KEY), hex(SALT).try_into().unwrap());
        let short = Aes128Enc::new_from_slice(&key[..16]).unwrap();
        let long = Aes256Enc::new_from_slice(&key).unwrap();
        [
            Box::new(Galois::with(short, salt)),
            Box::new(Galois::with(long, salt)),
        ]
    }

    #[test]
    fn srtp_packets_of_rfc_7714_16() {
        let plain = hex(
            "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976
             69736120 696e2070 61727465 73207472 6573",
        );
        let protected = [
            "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5
             0d294e6f 42a5f47a 51c7d19b 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce",
            "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238
             9a58e2f3 b50b2a02 76ffae0f 1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13",
        ];
        let at = Place {
            ssrc: Ssrc(0x5501_a0b2),
            index: 0xf17b,
        };
        for (transform, protected) in transforms().iter().zip(protected) {
            let mut packet = plain.clone();
            transform.seal_rtp(at, 12, &mut packet, 0).unwrap();
            assert_eq!(packet, hex(protected));
            let octets = transform.open_rtp(at, 12, &mut packet).unwrap();
            assert_eq!(packet[..octets], plain);
        }
    }

    #[test]
    fn srtcp_packets_of_rfc_7714_17() {
        let plain = hex(
            "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61
             deadbeef deadbeef deadbeef deadbeef deadbeef",
        );
        let protected = [
            "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d
             c676a5f1 730d6fda 4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872
             45d9eade 800005d4",
            "81c8000d 4d617273 d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50
             a2eaa5c1 110555be 8415f658 c61de047 6f1b6fad 1d1eb30c 4446839f 57ff6f6c
             b26ac3be 800005d4",
        ];
        let at = Place {
            ssrc: Ssrc(0x4d61_7273),
            index: 0x5d4,
        };
        for (transform, protected) in transforms().iter().zip(protected) {
            let mut packet = plain.clone();
            transform.seal_rtcp(at, &mut packet, 0).unwrap();
            assert_eq!(packet, hex(protected));
            assert_eq!(transform.rtcp_index(&packet), Ok(0x5d4));
            let octets = transform.open_rtcp(at, &mut packet).unwrap();
            assert_eq!(packet[..octets], plain);
        }
        // Section 17.3: authenticated, not encrypted.
        let tagged = hex("841dd968 3dd78ec9 2ae58790 125f62b3 000005d4");
        let mut packet = [plain.clone(), tagged].concat();
        let octets = transforms()[0].open_rtcp(at, &mut packet).unwrap();
        assert_eq!(packet[..octets], plain);
        let mut forged = packet.clone();
        forged[9] ^= 1;
        let came = forged.clone();
        let opened = transforms()[0].open_rtcp(at, &mut forged);
        assert_eq!(opened, Err(SrtpError::Unauthenticated));
        assert_eq!(forged, came);
    }
}
