//! Whether two URIs mean the same (RFC 3261 section 19.1.4, RFC 3966 section 4).

use super::Uri;
use super::escape::same_text;
use super::parse::Kind;

/// Parameters that never match when only one of the URIs has them.
const NEVER_DEFAULT: [&str; 5] = ["transport", "user", "ttl", "method", "maddr"];

impl Uri {
    /// Whether both mean the same by RFC 3261 section 19.1.4, of `tel` by RFC 3966 section 4; other schemes compare as
    /// text.
    ///
    /// This is no equivalence relation: parameters that stand in one URI alone may be ignored.
    pub fn equivalent(&self, other: &Uri) -> bool {
        // A URI with a parameter that stands twice equals itself all the same.
        if self.text == other.text {
            return true;
        }
        if self.layout.kind != other.layout.kind {
            return false;
        }
        match self.layout.kind {
            Kind::Sip | Kind::Sips => same_sip(self, other),
            Kind::Tel => same_tel(self, other),
            Kind::Other => self.text == other.text,
        }
    }
}

fn same_sip(a: &Uri, b: &Uri) -> bool {
    same_option(a.user(), b.user())
        && same_option(a.password(), b.password())
        && a.host() == b.host()
        && a.port() == b.port()
        && params_match(a, b)
        && params_match(b, a)
        && headers_match(a, b)
        && headers_match(b, a)
}

fn same_option(a: Option<&str>, b: Option<&str>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same_text(a, b, false),
        (None, None) => true,
        _ => false,
    }
}

/// Whether every parameter of `a` either equals that of `b` or may be missing there.
fn params_match(a: &Uri, b: &Uri) -> bool {
    a.params().all(|(name, value)| match b.param(name) {
        Some(other) => same_text(value.unwrap_or(""), other, true),
        None => !NEVER_DEFAULT
            .iter()
            .any(|never| same_text(name, never, true)),
    })
}

/// Whether every header of `a` stands in `b`, as often as in `a`.
fn headers_match(a: &Uri, b: &Uri) -> bool {
    let count = |uri: &Uri, name: &str, value: &str| {
        let headers = uri.headers().into_iter().flat_map(|headers| headers.iter());
        headers
            .filter(|(other, text)| same_text(other, name, true) && same_text(text, value, false))
            .count()
    };
    let mut headers = a.headers().into_iter().flat_map(|headers| headers.iter());
    headers.all(|(name, value)| count(a, name, value) == count(b, name, value))
}

/// Numbers compare without visual separators, parameters in any order; a local number never equals a global one.
fn same_tel(a: &Uri, b: &Uri) -> bool {
    same_digits(a.user().unwrap_or(""), b.user().unwrap_or(""))
        && tel_params_match(a, b)
        && tel_params_match(b, a)
}

fn same_digits(a: &str, b: &str) -> bool {
    fn digits(text: &str) -> impl Iterator<Item = u8> {
        text.bytes()
            .filter(|octet| !b"-.()".contains(octet))
            .map(|octet| octet.to_ascii_lowercase())
    }
    digits(a).eq(digits(b))
}

fn tel_params_match(a: &Uri, b: &Uri) -> bool {
    a.params().all(|(name, value)| {
        let value = value.unwrap_or("");
        let is_number = name.eq_ignore_ascii_case("ext")
            || name.eq_ignore_ascii_case("phone-context") && value.starts_with('+');
        b.param(name).is_some_and(|other| {
            if is_number {
                same_digits(value, other)
            } else {
                same_text(value, other, true)
            }
        })
    })
}
