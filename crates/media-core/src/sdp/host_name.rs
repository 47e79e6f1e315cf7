//! Host names in place of addresses (RFC 8866 section 5.7): found in a description, and replaced once they are resolved.

use std::net::IpAddr;

use super::{Address, Attribute, Line, SessionDescription};

/// A host whose address has to be found before media can be sent there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedHost {
    /// Its name.
    pub host: String,
    /// Whether its IPv6 address is meant; its IPv4 address otherwise.
    pub is_ipv6: bool,
}

impl NamedHost {
    /// The first host that a stream of audio of this description is at by its name; `None` also for what is no description.
    #[must_use]
    pub fn of(description: &str) -> Option<NamedHost> {
        let description = SessionDescription::parse(description).ok()?;
        let audio = description
            .media
            .iter()
            .filter(|section| section.port != 0 && section.kind.eq_ignore_ascii_case("audio"));
        let mut addresses = audio.filter_map(|section| description.connection(section));
        addresses.find_map(|address| match address {
            Address::Name { host, kind } if !address.is_hold() => Some(NamedHost {
                host: host.to_string(),
                is_ipv6: kind.eq_ignore_ascii_case("IP6"),
            }),
            _ => None,
        })
    }

    /// The same description with this address in place of the name; `None` when none of them is of the kind that is meant.
    #[must_use]
    pub fn resolved(&self, description: &str, addresses: &[IpAddr]) -> Option<String> {
        let mut addresses = addresses.iter();
        let address = *addresses.find(|address| address.is_ipv6() == self.is_ipv6)?;
        let mut description = SessionDescription::parse(description).ok()?;
        let sections = description.media.iter_mut();
        let lines = sections.flat_map(|section| &mut section.lines);
        for line in lines.chain(&mut description.lines) {
            self.replace(line, address);
        }
        Some(description.to_text())
    }

    fn replace(&self, line: &mut Line<'_>, address: IpAddr) {
        let is_it = |host: &str| host.eq_ignore_ascii_case(&self.host);
        match line {
            Line::Connection(named) => {
                if matches!(named, Address::Name { host, .. } if is_it(host)) {
                    *named = Address::Ip(address);
                }
            }
            Line::Attribute(Attribute {
                name,
                value: Some(value),
            }) if &**name == "rtcp" => {
                if let Some((before, host)) = value.rsplit_once(' ')
                    && is_it(host)
                {
                    *value = format!("{before} {address}").into();
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(connection: &str, section: &str) -> String {
        format!(
            "v=0\r\no=- 1 1 IN IP4 a.example\r\ns=-\r\nc=IN {connection}\r\nt=0 0\r\nm=audio {section}\r\n"
        )
    }

    #[test]
    fn the_host_of_a_stream_is_found_by_the_line_that_counts_for_it() {
        let host = |text: &str| NamedHost::of(text).map(|it| (it.host, it.is_ipv6));
        let named = |host: &str, six| Some((host.to_owned(), six));
        assert_eq!(
            host(&text("IP4 a.example", "4000 RTP/AVP 0")),
            named("a.example", false)
        );
        assert_eq!(
            host(&text("IP6 a.example", "4000 RTP/AVP 0")),
            named("a.example", true)
        );
        let own = "4000 RTP/AVP 0\r\nc=IN IP4 b.example";
        assert_eq!(host(&text("IP4 a.example", own)), named("b.example", false));
        assert_eq!(host(&text("IP4 192.0.2.1", own)), named("b.example", false));
        for (connection, section) in [
            ("IP4 192.0.2.1", "4000 RTP/AVP 0"),
            // A stream that is off, one that has an address, and "send nothing" (RFC 3264 of old).
            ("IP4 a.example", "0 RTP/AVP 0"),
            ("IP4 a.example", "4000 RTP/AVP 0\r\nc=IN IP4 192.0.2.1"),
            ("IP4 x.invalid", "4000 RTP/AVP 0"),
        ] {
            assert_eq!(
                host(&text(connection, section)),
                None,
                "{connection} {section}"
            );
        }
        assert_eq!(host("nonsense"), None);
    }

    #[test]
    fn a_name_gives_way_to_the_address_of_its_kind_and_nothing_else_changes() {
        let section = "4000 RTP/AVP 0\r\na=rtcp:4009 IN IP4 a.example\r\na=x:a.example";
        let before = text("IP4 a.example", section);
        let named = NamedHost::of(&before).unwrap();
        let addresses: [IpAddr; 2] = ["2001:db8::1".parse().unwrap(), [192, 0, 2, 9].into()];
        let expected = before
            .replace("c=IN IP4 a.example", "c=IN IP4 192.0.2.9")
            .replace("4009 IN IP4 a.example", "4009 IN IP4 192.0.2.9");
        assert_eq!(named.resolved(&before, &addresses), Some(expected));
        assert_eq!(named.resolved(&before, &addresses[..1]), None);
        assert_eq!(named.resolved("nonsense", &addresses), None);
    }
}
