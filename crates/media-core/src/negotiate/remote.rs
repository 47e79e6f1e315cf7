//! What a section of the peer says about the peer: where it is, and what it does.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::security::is_secure;
use super::{Direction, NegotiationError, rtcp};
use crate::sdp::{Address, MediaDescription, SessionDescription};

/// The peer's end of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Remote {
    pub(super) rtp: SocketAddr,
    pub(super) rtcp: SocketAddr,
    /// What the peer does, seen by the peer, with an address of all zeros taken into account.
    pub(super) direction: Direction,
}

impl Remote {
    /// What a section says to one who is at `local`; `shared` when RTP and RTCP use one port.
    pub(super) fn of(
        description: &SessionDescription<'_>,
        section: &MediaDescription<'_>,
        local: IpAddr,
        shared: bool,
    ) -> Result<Self, NegotiationError> {
        let address = description
            .connection(section)
            .ok_or(NegotiationError::NoConnection)?;
        let written = description.direction(section);
        let (ip, direction) = match address {
            address if address.is_hold() => {
                let ip = address.ip().unwrap_or(Ipv4Addr::UNSPECIFIED.into());
                (ip, written.and(Direction::SendOnly))
            }
            // An IPv4 address in the clothes of IPv6 is one (RFC 5118 section 4.9).
            Address::Ip(ip) => match ip.to_canonical() {
                ip if ip.is_ipv4() == local.to_canonical().is_ipv4() => (ip, written),
                ip => return Err(NegotiationError::AddressFamily(ip)),
            },
            Address::Name { host, .. } => return Err(NegotiationError::HostName(host.to_string())),
        };
        Ok(Self {
            rtp: SocketAddr::new(ip, section.port),
            rtcp: rtcp::address(section, ip, shared),
            direction,
        })
    }
}

/// Whether a section is audio that we could carry, and is switched on.
pub(super) fn is_audio(section: &MediaDescription<'_>) -> bool {
    let plain = ["RTP/AVP", "RTP/AVPF"];
    let is_plain = || {
        let mut plain = plain.iter();
        plain.any(|protocol| section.protocol.eq_ignore_ascii_case(protocol))
    };
    section.port != 0
        && section.kind.eq_ignore_ascii_case("audio")
        && (is_secure(section) || is_plain())
}

/// The section that refuses `section` (RFC 3264 section 6).
pub(super) fn refusal<'a>(section: &MediaDescription<'a>) -> MediaDescription<'a> {
    MediaDescription {
        port: 0,
        port_count: 1,
        lines: Vec::new(),
        ..section.clone()
    }
}
