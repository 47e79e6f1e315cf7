//! Goodbye (RFC 3550 6.6).

use super::{Other, be32, packet_type, short_text, write_packet};
use crate::{Malformed, Ssrc};

/// Sources that leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bye<'a> {
    sources: &'a [[u8; 4]],
    reason: Option<&'a [u8]>,
}

impl<'a> Bye<'a> {
    pub(super) fn parse(packet: Other<'a>) -> Result<Bye<'a>, Malformed> {
        let (sources, rest) = packet
            .body
            .split_at_checked(usize::from(packet.count) * 4)
            .ok_or(packet.count_error(packet.body.len()))?;
        let reason = match rest.split_first() {
            None => None,
            Some((&length, text)) => {
                let needed = usize::from(length);
                let available = text.len();
                Some(
                    text.get(..needed)
                        .ok_or(Malformed::Truncated { needed, available })?,
                )
            }
        };
        Ok(Bye {
            sources: sources.as_chunks().0,
            reason,
        })
    }

    /// Who leaves; may be nobody.
    pub fn sources(&self) -> impl ExactSizeIterator<Item = Ssrc> + use<'a> {
        self.sources.iter().map(|source| Ssrc(be32(*source)))
    }

    /// Why, in UTF-8 if the peer keeps the rules.
    #[must_use]
    pub fn reason(&self) -> Option<&'a [u8]> {
        self.reason
    }

    /// Appends the goodbye of `ssrc`; an empty reason is left out, a long one cut to 255 octets.
    pub fn write(ssrc: Ssrc, reason: &str, out: &mut Vec<u8>) {
        let reason = short_text(reason);
        write_packet(out, packet_type::BYE, 1, |out| {
            out.extend_from_slice(&ssrc.0.to_be_bytes());
            if !reason.is_empty() {
                out.push(reason.len() as u8);
                out.extend_from_slice(reason);
            }
        });
    }
}
