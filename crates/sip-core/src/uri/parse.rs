//! Reading a URI (RFC 3261 section 25.1).

use bytestring::ByteString;

use super::Uri;
use super::tel::read_tel;
use crate::host::{HostRef, read_host_port};
use crate::{ParseError, token};

/// The most parameters and the most headers a URI may have: comparing takes their square.
const MAX_PARTS: usize = 64;
/// The longest URI, in octets: what a place fits.
const MAX_OCTETS: usize = u32::MAX as usize;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Sip,
    Sips,
    Tel,
    Other,
}

/// A part of the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    start: u32,
    end: u32,
}

impl Range {
    /// Places are below [`MAX_OCTETS`], which [`Uri::parse`] sees to.
    pub(super) fn new(start: usize, end: usize) -> Range {
        Range {
            start: start as u32,
            end: end as u32,
        }
    }

    pub(super) fn start(self) -> usize {
        self.start as usize
    }

    pub(super) fn end(self) -> usize {
        self.end as usize
    }

    fn is_empty(self) -> bool {
        self.start == self.end
    }

    pub(super) fn of(self, text: &str) -> &str {
        &text[self.start()..self.end()]
    }
}

/// Where the parts of a URI stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) kind: Kind,
    pub(super) user: Option<Range>,
    pub(super) password: Option<Range>,
    /// With the first semicolon; may be empty.
    pub(super) params: Range,
    /// Without the question mark.
    pub(super) headers: Option<Range>,
}

impl Uri {
    /// Reads a URI out of shared text.
    ///
    /// # Errors
    /// [`ParseError::InvalidUri`], [`ParseError::InvalidHost`] or [`ParseError::InvalidPort`].
    pub fn parse(text: ByteString) -> Result<Uri, ParseError> {
        let UriRef { layout, host, port } = UriRef::read(&text)?;
        let host = host.map(|host| host.share(&text));
        Ok(Uri {
            text,
            host,
            port,
            layout,
        })
    }
}

/// What reading a URI finds in its text.
pub(crate) struct UriRef<'a> {
    pub(super) layout: Layout,
    pub(super) host: Option<HostRef<'a>>,
    pub(super) port: Option<u16>,
}

impl<'a> UriRef<'a> {
    pub(crate) fn read(text: &'a str) -> Result<UriRef<'a>, ParseError> {
        if text.len() > MAX_OCTETS {
            return Err(ParseError::InvalidUri);
        }
        match text.as_bytes() {
            [b's' | b'S', b'i' | b'I', b'p' | b'P', b':', ..] => read_sip(text, Kind::Sip, 4),
            [b's' | b'S', b'i' | b'I', b'p' | b'P', b's' | b'S', b':', ..] => {
                read_sip(text, Kind::Sips, 5)
            }
            [b't' | b'T', b'e' | b'E', b'l' | b'L', b':', ..] => read_tel(text, 4),
            _ => read_other(text),
        }
    }

    /// A URI that has no host.
    pub(super) fn without_host(kind: Kind, user: Option<Range>, params: Range) -> UriRef<'a> {
        UriRef {
            layout: Layout {
                kind,
                user,
                password: None,
                params,
                headers: None,
            },
            host: None,
            port: None,
        }
    }

    pub(crate) fn has_headers(&self) -> bool {
        self.layout.headers.is_some()
    }
}

/// A URI of which the scheme alone is known.
fn read_other(text: &str) -> Result<UriRef<'_>, ParseError> {
    let (scheme, rest) = text.split_once(':').ok_or(ParseError::InvalidUri)?;
    if !is_scheme(scheme) || !token::is_uric(rest) {
        return Err(ParseError::InvalidUri);
    }
    let params = Range::new(text.len(), text.len());
    Ok(UriRef::without_host(Kind::Other, None, params))
}

fn is_scheme(scheme: &str) -> bool {
    let follows = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'-' | b'.');
    scheme
        .bytes()
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && scheme.bytes().all(follows)
}

fn read_sip(text: &str, kind: Kind, start: usize) -> Result<UriRef<'_>, ParseError> {
    let octets = text.as_bytes();
    let (user, password, host_start) = read_userinfo(text, start);
    if user.is_some_and(Range::is_empty) {
        return Err(ParseError::InvalidUri);
    }
    let (host, port, host_end) = read_host_port(text, host_start)?;
    let params_end = params_end(octets, host_end)?;
    let headers = match octets.get(params_end) {
        None => None,
        Some(b'?') if is_headers(&text[params_end + 1..]) => {
            Some(Range::new(params_end + 1, text.len()))
        }
        Some(_) => return Err(ParseError::InvalidUri),
    };
    let params = Range::new(host_end, params_end);
    let layout = Layout {
        kind,
        user,
        password,
        params,
        headers,
    };
    Ok(UriRef {
        layout,
        host: Some(host),
        port,
    })
}

/// User, password, and where the host starts: there is a user part only if an at sign follows what may stand in one.
#[inline]
fn read_userinfo(text: &str, start: usize) -> (Option<Range>, Option<Range>, usize) {
    let octets = text.as_bytes();
    let user_end = token::user_end(octets, start);
    let user = Range::new(start, user_end);
    match octets.get(user_end) {
        Some(b'@') => (Some(user), None, user_end + 1),
        Some(b':') => read_password(text, user, user_end + 1),
        _ => (None, None, start),
    }
}

/// What follows a colon: the password of this user, or the port of what was taken for one.
fn read_password(text: &str, user: Range, from: usize) -> (Option<Range>, Option<Range>, usize) {
    match token::find(&text.as_bytes()[from..], b'@').map(|length| from + length) {
        Some(end) if token::user_end(text.as_bytes(), from) == end => {
            (Some(user), Some(Range::new(from, end)), end + 1)
        }
        _ => (None, None, user.start()),
    }
}

/// Where the parameters end that start at `from`, each with a semicolon in front; there may be none.
pub(super) fn params_end(octets: &[u8], from: usize) -> Result<usize, ParseError> {
    let mut at = from;
    let mut count = 0;
    while octets.get(at) == Some(&b';') {
        count += 1;
        let name_end = token::uri_param_end(octets, at + 1);
        if name_end == at + 1 || count > MAX_PARTS {
            return Err(ParseError::InvalidUri);
        }
        at = name_end;
        // Equals signs in a value are not in the grammar, but Base64 is in many a Record-Route.
        while octets.get(at) == Some(&b'=') {
            at = token::uri_param_end(octets, at + 1);
        }
    }
    Ok(at)
}

fn is_headers(list: &str) -> bool {
    list.split('&').count() <= MAX_PARTS
        && list.split('&').all(|header| {
            let (name, value) = header.split_once('=').unwrap_or((header, ""));
            !name.is_empty()
                && token::is_uri_header(name)
                && value.split('=').all(token::is_uri_header)
        })
}
