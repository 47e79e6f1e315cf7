//! Application-defined packets (RFC 3550 6.7).

use super::{Other, be32, packet_type, write_packet};
use crate::{Malformed, RtpError, Ssrc};

/// Data whose meaning a name gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct App<'a> {
    /// Five bits for the application.
    pub subtype: u8,
    /// Who sends it.
    pub ssrc: Ssrc,
    /// Four ASCII characters.
    pub name: [u8; 4],
    /// Whole words.
    pub data: &'a [u8],
}

impl<'a> App<'a> {
    /// The largest data that the length field can say, less its fixed fields.
    const MAX_OCTETS: usize = (u16::MAX as usize - 2) * 4;

    pub(super) fn parse(packet: Other<'a>) -> Result<App<'a>, Malformed> {
        let (&[s0, s1, s2, s3, n0, n1, n2, n3], data) = packet.split_body()?;
        Ok(App {
            subtype: packet.count,
            ssrc: Ssrc(be32([s0, s1, s2, s3])),
            name: [n0, n1, n2, n3],
            data,
        })
    }

    /// Appends the packet; data that is not whole words is filled up with zeros.
    ///
    /// # Errors
    /// [`RtpError::TooLarge`] when the subtype has more than five bits or the data does not fit.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), RtpError> {
        if self.subtype > 31 {
            return Err(RtpError::TooLarge {
                what: "subtype",
                value: usize::from(self.subtype),
                limit: 31,
            });
        }
        if self.data.len() > App::MAX_OCTETS {
            return Err(RtpError::TooLarge {
                what: "data",
                value: self.data.len(),
                limit: App::MAX_OCTETS,
            });
        }
        write_packet(out, packet_type::APP, self.subtype, |out| {
            out.extend_from_slice(&self.ssrc.0.to_be_bytes());
            out.extend_from_slice(&self.name);
            out.extend_from_slice(self.data);
        });
        Ok(())
    }
}
