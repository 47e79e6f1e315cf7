//! The master key identifier in a packet: in front of the tag, or at the end with AES-GCM (RFC 3711 section 3.1, RFC 7714
//! section 10).

use super::SrtpError;

/// Puts `mki` before the last `behind` octets of `out`.
pub(super) fn insert(mki: &[u8], behind: usize, out: &mut Vec<u8>) {
    if mki.is_empty() {
        return;
    }
    let place = out.len() - behind;
    out.extend_from_slice(mki);
    out[place..].rotate_right(mki.len());
}

/// Lets `open` see `packet` without `mki`, which must stand before its last `behind` octets. When it does not open, it is as
/// it came.
pub(super) fn without<T>(
    mki: &[u8],
    behind: usize,
    packet: &mut [u8],
    open: impl FnOnce(&mut [u8]) -> Result<T, SrtpError>,
) -> Result<T, SrtpError> {
    if mki.is_empty() {
        return open(packet);
    }
    let octets = packet.len().checked_sub(mki.len());
    let octets = octets.ok_or(SrtpError::TooShort)?;
    let place = octets.checked_sub(behind).ok_or(SrtpError::TooShort)?;
    if !packet[place..].starts_with(mki) {
        return Err(SrtpError::Unauthenticated);
    }
    packet[place..].rotate_left(mki.len());
    let opened = open(&mut packet[..octets]);
    if opened.is_err() {
        packet[place..].rotate_right(mki.len());
    }
    opened
}
