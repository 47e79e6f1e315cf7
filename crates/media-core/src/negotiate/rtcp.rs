//! RTCP of a stream: where it goes (RFC 3605, RFC 5761), and what it tells beside the usual (RFC 3611 section 5).

use std::net::{IpAddr, SocketAddr};

use crate::capabilities::Capabilities;
use crate::sdp::{Attribute, Line, MediaDescription, SessionDescription, rtcp_address};

const MUX: &str = "rtcp-mux";
const MUX_ONLY: &str = "rtcp-mux-only";
const EXTENDED_REPORTS: &str = "rtcp-xr";
const VOIP_METRICS: &str = "voip-metrics";

/// What two sides have agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rtcp {
    /// RTP and RTCP share a port.
    pub(super) shared: bool,
    /// Each tells the other how it sounds.
    pub(super) extended: bool,
}

impl Rtcp {
    /// What this side offers; a port that was to be shared `before` remains so.
    pub(super) fn offered(
        capabilities: &Capabilities,
        before: Option<&MediaDescription<'_>>,
    ) -> Self {
        Self {
            shared: capabilities.rtcp_mux || before.is_some_and(is_shared),
            extended: capabilities.extended_reports,
        }
    }

    /// What this side answers to a section.
    pub(super) fn answered(
        capabilities: &Capabilities,
        description: &SessionDescription<'_>,
        section: &MediaDescription<'_>,
    ) -> Self {
        Self {
            shared: is_shared(section),
            extended: capabilities.extended_reports && wants_metrics(description, section),
        }
    }

    /// What the answer `theirs` has made of our section.
    pub(super) fn accepted(
        ours: &MediaDescription<'_>,
        (answer, theirs): (&SessionDescription<'_>, &MediaDescription<'_>),
    ) -> Self {
        let reports =
            |section: &MediaDescription<'_>| section.attribute(EXTENDED_REPORTS).is_some();
        Self {
            shared: is_shared(ours) && is_shared(theirs),
            extended: reports(ours) && wants_metrics(answer, theirs),
        }
    }

    /// The lines that say so.
    pub(super) fn lines<'a>(self) -> impl Iterator<Item = Line<'a>> {
        let shared = self.shared.then(|| Attribute::property(MUX));
        let metrics = || Attribute::new(EXTENDED_REPORTS, VOIP_METRICS);
        let extended = self.extended.then(metrics);
        shared.into_iter().chain(extended).map(Line::Attribute)
    }
}

/// Where RTCP goes to the writer of a section who is at `ip`: as `a=rtcp` says, or one port higher.
pub(super) fn address(section: &MediaDescription<'_>, ip: IpAddr, shared: bool) -> SocketAddr {
    let named = || {
        let address = rtcp_address(section.attribute("rtcp")?, ip)?;
        (address.port() != 0 && address.is_ipv4() == ip.is_ipv4()).then_some(address)
    };
    let port = match shared {
        true => section.port,
        false => section.port.saturating_add(1),
    };
    let usual = SocketAddr::new(ip, port);
    if shared {
        return usual;
    }
    named().unwrap_or(usual)
}

/// Whether the writer of a section can do with one port.
fn is_shared(section: &MediaDescription<'_>) -> bool {
    let mut attributes = section.attributes();
    // RFC 8858: one who can do nothing else.
    attributes.any(|attribute| attribute.is(MUX) || attribute.is(MUX_ONLY))
}

/// Whether the writer of a section knows reports of how it sounds; said there, or of the session.
fn wants_metrics(description: &SessionDescription<'_>, section: &MediaDescription<'_>) -> bool {
    let of_session = description.lines.iter().filter_map(|line| match line {
        Line::Attribute(attribute) => Some(attribute),
        _ => None,
    });
    let own = section.attribute(EXTENDED_REPORTS);
    let mut all = of_session.filter(|attribute| attribute.is(EXTENDED_REPORTS));
    let said = own.or_else(|| all.find_map(|attribute| attribute.value.as_deref()));
    let formats = said.unwrap_or_default();
    let mut formats = formats.split_ascii_whitespace();
    formats.any(|format| {
        format
            .split('=')
            .next()
            .unwrap_or_default()
            .eq_ignore_ascii_case(VOIP_METRICS)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::negotiate::{LocalMedia, accept_answer, negotiate, offer, reoffer};
    use crate::sdp::{Direction, Origin};

    const HEAD: &str = "v=0\r\no=- 7 7 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n";

    fn local() -> LocalMedia {
        LocalMedia {
            address: "198.51.100.1:10000".parse().unwrap(),
            direction: Direction::SendRecv,
            keys: Vec::new(),
        }
    }

    fn origin() -> Origin<'static> {
        Origin::new(5, [198, 51, 100, 1].into())
    }

    fn knowing(rtcp_mux: bool, extended_reports: bool) -> Capabilities {
        Capabilities {
            rtcp_mux,
            extended_reports,
            ..Capabilities::default()
        }
    }

    /// Where RTCP goes, and whether what is heard is told, after our offer and an answer with these lines.
    fn answered(capabilities: &Capabilities, lines: &str) -> (u16, bool) {
        let ours = offer(capabilities, local(), origin());
        let text = format!("{HEAD}m=audio 4000 RTP/AVP 0\r\n{lines}");
        let theirs = SessionDescription::parse(&text).unwrap();
        let media = accept_answer(&ours, &theirs, capabilities).unwrap();
        (media.remote_rtcp.port(), media.extended_reports)
    }

    #[test]
    fn one_port_serves_both_when_both_say_so() {
        for (offers, lines, port) in [
            (true, "a=rtcp-mux\r\n", 4_000),
            (true, "a=rtcp-mux\r\na=rtcp:4009\r\n", 4_000),
            (true, "", 4_001),
            (true, "a=rtcp:4009\r\n", 4_009),
            // Nobody may answer what was not offered (RFC 5761 section 5.1.1).
            (false, "a=rtcp-mux\r\n", 4_001),
            (false, "", 4_001),
        ] {
            let capabilities = knowing(offers, false);
            assert_eq!(answered(&capabilities, lines).0, port, "{offers} {lines}");
            let ours = offer(&capabilities, local(), origin());
            assert_eq!(is_shared(&ours.media[0]), offers);
        }
    }

    #[test]
    fn a_peer_that_offers_one_port_gets_it_and_keeps_it() {
        let capabilities = Capabilities::default();
        for line in ["a=rtcp-mux", "a=rtcp-mux-only"] {
            let text = format!("{HEAD}m=audio 4000 RTP/AVP 0\r\n{line}\r\n");
            let theirs = SessionDescription::parse(&text).unwrap();
            let negotiated = negotiate(&theirs, &capabilities, local(), origin()).unwrap();
            assert!(negotiated.answer.to_string().contains("a=rtcp-mux\r\n"));
            assert_eq!(negotiated.media.unwrap().remote_rtcp.port(), 4_000);
            let again = reoffer(&negotiated.answer, &capabilities, local());
            assert!(is_shared(&again.media[0]), "{again}");
        }
    }

    /// RFC 3605: an address of its own, and what is none.
    #[test]
    fn rtcp_goes_where_it_is_wanted() {
        for (value, expected) in [
            ("5000", "192.0.2.1:5000"),
            ("5000 IN IP4 192.0.2.9", "192.0.2.9:5000"),
            ("5000 IN IP6 2001:db8::1", "192.0.2.1:4001"),
            ("5000 IN IP4 phone.example", "192.0.2.1:4001"),
            ("0", "192.0.2.1:4001"),
            ("70000", "192.0.2.1:4001"),
            ("", "192.0.2.1:4001"),
        ] {
            let text = format!("{HEAD}m=audio 4000 RTP/AVP 0\r\na=rtcp:{value}\r\n");
            let theirs = SessionDescription::parse(&text).unwrap();
            let address = address(&theirs.media[0], [192, 0, 2, 1].into(), false);
            assert_eq!(address.to_string(), expected, "{value}");
        }
    }

    #[test]
    fn how_it_sounds_is_told_where_both_know_such_reports() {
        let session = |line: &str| format!("{HEAD}{line}m=audio 4000 RTP/AVP 0\r\n");
        let media = |line: &str| format!("{HEAD}m=audio 4000 RTP/AVP 0\r\n{line}");
        for (line, said) in [
            ("", false),
            ("a=rtcp-xr\r\n", false),
            (
                "a=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,dup\r\n",
                false,
            ),
            ("a=rtcp-xr:voip-metrics\r\n", true),
            (
                "a=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,dup VOIP-METRICS\r\n",
                true,
            ),
        ] {
            assert_eq!(
                answered(&knowing(false, true), line),
                (4_001, said),
                "{line}"
            );
            assert!(!answered(&knowing(false, false), line).1);
            for text in [session(line), media(line)] {
                let theirs = SessionDescription::parse(&text).unwrap();
                for knows in [true, false] {
                    let capabilities = knowing(false, knows);
                    let negotiated = negotiate(&theirs, &capabilities, local(), origin());
                    let negotiated = negotiated.unwrap();
                    let answer = negotiated.answer.to_string();
                    assert_eq!(answer.contains("a=rtcp-xr:voip-metrics\r\n"), said && knows);
                    assert_eq!(negotiated.media.unwrap().extended_reports, said && knows);
                }
            }
        }
        // A line of the section stands in place of one of the session.
        let both = format!(
            "{HEAD}a=rtcp-xr:voip-metrics\r\nm=audio 4000 RTP/AVP 0\r\na=rtcp-xr:pkt-loss-rle\r\n"
        );
        let theirs = SessionDescription::parse(&both).unwrap();
        assert!(!wants_metrics(&theirs, &theirs.media[0]));
    }
}
