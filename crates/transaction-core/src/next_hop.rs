//! Where a request goes: to one target, or to whichever server of a URI answers.

use rvoip_sip_transport::sip_core::{ByteString, Uri};
use rvoip_sip_transport::{Route, Target};

/// Where a request goes.
#[derive(Clone, Debug)]
pub enum NextHop {
    /// To this target and no other.
    Target(Target),
    /// To the servers of a URI (RFC 3263), one after the other until one answers.
    Uri {
        /// The topmost Route, or the Request-URI.
        uri: Uri,
        /// The way that the dialog has gone so far. It tells the transport where the URI leaves it open for the same host, and
        /// stands in for a URI that leads nowhere: a peer behind NAT, a WebSocket client (RFC 7118 section 5).
        path: Option<Target>,
    },
}

impl From<Target> for NextHop {
    fn from(target: Target) -> NextHop {
        NextHop::Target(target)
    }
}

impl From<&Target> for NextHop {
    fn from(target: &Target) -> NextHop {
        NextHop::Target(target.clone())
    }
}

impl From<Uri> for NextHop {
    fn from(uri: Uri) -> NextHop {
        NextHop::Uri { uri, path: None }
    }
}

/// The Contact that this side gives a request: the address depends on where the request goes (RFC 3261 section 8.1.1.8).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnContact {
    /// The user part, escaped as in the URI it was taken from.
    pub user: Option<ByteString>,
    /// Whether it is a `sips` URI.
    pub secure: bool,
    /// What stands behind the closing bracket, each parameter with its semicolon.
    pub params: ByteString,
}

impl OwnContact {
    /// The value of the Contact of a message that travels over this route.
    pub fn over(&self, route: &Route) -> ByteString {
        let (user, at) = self.user.as_deref().map_or(("", ""), |user| (user, "@"));
        let place = &*route.contact;
        let (scheme, place) = match self.secure {
            // What `sips` implies is not said twice (RFC 5630 section 3.1.4).
            true => (
                "sips",
                place.strip_suffix(";transport=tls").unwrap_or(place),
            ),
            false => ("sip", place),
        };
        ["<", scheme, ":", user, at, place, ">", &self.params]
            .concat()
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rvoip_sip_transport::TransportKind;

    fn contact(contact: &str, user: Option<&str>, secure: bool) -> String {
        let kind = TransportKind::Udp;
        let route = Route {
            kind,
            via_transport: kind.via_transport(),
            sent_by: "192.0.2.1".parse().unwrap(),
            contact: contact.into(),
            flow: None,
        };
        let user = user.map(ByteString::from);
        let params = ByteString::from_static(";q=0.5");
        let contact = OwnContact {
            user,
            secure,
            params,
        };
        contact.over(&route).to_string()
    }

    #[test]
    fn a_contact_has_the_address_of_the_route() {
        for (place, user, secure, expected) in [
            (
                "192.0.2.1:5066",
                Some("alice"),
                false,
                "<sip:alice@192.0.2.1:5066>;q=0.5",
            ),
            (
                "[2001:db8::1]:5060;transport=tcp",
                None,
                false,
                "<sip:[2001:db8::1]:5060;transport=tcp>;q=0.5",
            ),
            (
                "a.example:5061;transport=tls",
                None,
                false,
                "<sip:a.example:5061;transport=tls>;q=0.5",
            ),
            (
                "a.example:5061;transport=tls",
                Some("b"),
                true,
                "<sips:b@a.example:5061>;q=0.5",
            ),
            (
                "a.example:443;transport=ws",
                Some("b"),
                true,
                "<sips:b@a.example:443;transport=ws>;q=0.5",
            ),
        ] {
            assert_eq!(contact(place, user, secure), expected);
        }
    }
}
