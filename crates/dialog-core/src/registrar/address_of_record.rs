//! Addresses of record in their canonical form (RFC 3261 section 10.3, step 5).

use std::fmt;

use rvoip_transaction_core::sip_core::{ByteString, Host, Uri};

/// The address of a user of a domain: without scheme, port, parameters and escapes, so that all ways to write it are one
/// (RFC 5630 section 3.3 makes `sip` and `sips` one as well).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressOfRecord(ByteString);

impl AddressOfRecord {
    /// The address of record that a URI names; `None` without user or host.
    pub fn of(uri: &Uri) -> Option<AddressOfRecord> {
        let (user, host) = (uri.user_unescaped()?, uri.host()?);
        if user.is_empty() {
            return None;
        }
        let host = host.to_string().to_ascii_lowercase();
        Some(AddressOfRecord(format!("{user}@{host}").into()))
    }

    /// `user@domain`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The user.
    pub fn user(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(user, _)| user)
    }

    /// Whether this is what credentials call by that name: the user, with or without domain.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        name == self.user() || name == self.as_str()
    }

    /// The address as a `sip` URI; `None` for a host that is none.
    pub fn uri(&self) -> Option<Uri> {
        let (user, host) = self.0.rsplit_once('@')?;
        Some(Uri::sip(Some(user), host.parse::<Host>().ok()?, None))
    }
}

impl fmt::Display for AddressOfRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ways_to_write_an_address_are_one() {
        let of = |text: &str| AddressOfRecord::of(&text.parse().unwrap());
        let alice = of("sip:alice@example.com");
        assert_eq!(alice.as_ref().map(AddressOfRecord::user), Some("alice"));
        for text in [
            "sips:alice@EXAMPLE.com:5071;user=phone?Subject=x",
            "sip:%61lice@example.com;transport=tcp",
        ] {
            assert_eq!(of(text), alice, "{text}");
        }
        assert_ne!(of("sip:Alice@example.com"), alice);
        for text in ["sip:example.com", "tel:+15551234567"] {
            assert_eq!(of(text), None, "{text}");
        }
        let odd = of("sip:a%40b@[2001:db8::1]").unwrap();
        assert_eq!((odd.user(), odd.as_str()), ("a@b", "a@b@[2001:db8::1]"));
        assert_eq!(AddressOfRecord::of(&odd.uri().unwrap()), Some(odd));
    }
}
