//! Reading a URI (RFC 3261 section 25.1, RFC 3966 section 3).

use bytestring::ByteString;
use memchr::memchr2;

use super::Uri;
use crate::{HostPort, ParseError, token};

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
        let colon = text
            .bytes()
            .position(|octet| octet == b':')
            .ok_or(ParseError::InvalidUri)?;
        let scheme = &text[..colon];
        if text.len() > MAX_OCTETS {
            return Err(ParseError::InvalidUri);
        }
        if scheme.eq_ignore_ascii_case("sip") {
            parse_sip(text, Kind::Sip, colon + 1)
        } else if scheme.eq_ignore_ascii_case("sips") {
            parse_sip(text, Kind::Sips, colon + 1)
        } else if scheme.eq_ignore_ascii_case("tel") {
            parse_tel(text, colon + 1)
        } else if is_scheme(scheme) && token::is_uric(&text[colon + 1..]) {
            let params = Range::new(text.len(), text.len());
            let layout = Layout {
                kind: Kind::Other,
                user: None,
                password: None,
                params,
                headers: None,
            };
            Ok(Uri {
                text,
                host: None,
                port: None,
                layout,
            })
        } else {
            Err(ParseError::InvalidUri)
        }
    }
}

fn is_scheme(scheme: &str) -> bool {
    let follows = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'-' | b'.');
    scheme
        .bytes()
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && scheme.bytes().all(follows)
}

fn parse_sip(text: ByteString, kind: Kind, start: usize) -> Result<Uri, ParseError> {
    let octets = text.as_bytes();
    let at = token::find(&text[start..], b'@').map(|at| start + at);
    let (user, password) = match at {
        Some(at) => parse_userinfo(&text, start, at)?,
        None => (None, None),
    };
    let host_start = at.map_or(start, |at| at + 1);
    let host_end =
        memchr2(b';', b'?', &octets[host_start..]).map_or(text.len(), |end| host_start + end);
    let headers_start = token::find(&text[host_end..], b'?').map(|mark| host_end + mark);
    let params_end = headers_start.unwrap_or(text.len());

    let host_port = &text[host_start..host_end];
    if memchr2(b' ', b'\t', host_port.as_bytes()).is_some() {
        return Err(ParseError::InvalidHost);
    }
    let HostPort { host, port } = HostPort::parse_slice(&text, host_port)?;
    let params = Range::new(host_end, params_end);
    check_params(params.of(&text))?;
    let headers = headers_start.map(|mark| Range::new(mark + 1, text.len()));
    if headers.is_some_and(|headers| !is_headers(headers.of(&text))) {
        return Err(ParseError::InvalidUri);
    }
    Ok(Uri {
        host: Some(host),
        port,
        layout: Layout {
            kind,
            user,
            password,
            params,
            headers,
        },
        text,
    })
}

fn parse_userinfo(
    text: &str,
    start: usize,
    at: usize,
) -> Result<(Option<Range>, Option<Range>), ParseError> {
    let colon = token::find(&text[start..at], b':').map(|colon| start + colon);
    let user = Range::new(start, colon.unwrap_or(at));
    let password = colon.map(|colon| Range::new(colon + 1, at));
    let password_ok = password.is_none_or(|password| token::is_user(password.of(text)));
    if user.of(text).is_empty() || !token::is_user(user.of(text)) || !password_ok {
        return Err(ParseError::InvalidUri);
    }
    Ok((Some(user), password))
}

/// The list is empty or starts with a semicolon.
fn check_params(list: &str) -> Result<(), ParseError> {
    let octets = list.as_bytes();
    let mut at = 0;
    let mut count = 0;
    while octets.get(at) == Some(&b';') && count < MAX_PARTS {
        count += 1;
        let name_end = token::uri_param_end(octets, at + 1);
        if name_end == at + 1 {
            return Err(ParseError::InvalidUri);
        }
        at = name_end;
        // Equals signs in a value are not in the grammar, but Base64 is in many a Record-Route.
        while octets.get(at) == Some(&b'=') {
            at = token::uri_param_end(octets, at + 1);
        }
    }
    if at == octets.len() {
        Ok(())
    } else {
        Err(ParseError::InvalidUri)
    }
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

/// The number counts as user part.
fn parse_tel(text: ByteString, start: usize) -> Result<Uri, ParseError> {
    let end = text[start..]
        .find(';')
        .map_or(text.len(), |end| start + end);
    let number = &text[start..end];
    let (digits, is_digit): (&str, fn(u8) -> bool) = match number.strip_prefix('+') {
        Some(digits) => (digits, |octet| octet.is_ascii_digit()),
        None => (number, |octet| {
            octet.is_ascii_hexdigit() || matches!(octet, b'*' | b'#')
        }),
    };
    let separators = |octet: u8| matches!(octet, b'-' | b'.' | b'(' | b')');
    if !digits.bytes().any(is_digit)
        || !digits
            .bytes()
            .all(|octet| is_digit(octet) || separators(octet))
    {
        return Err(ParseError::InvalidUri);
    }
    let (user, params) = (Range::new(start, end), Range::new(end, text.len()));
    check_params(params.of(&text))?;
    let layout = Layout {
        kind: Kind::Tel,
        user: Some(user),
        password: None,
        params,
        headers: None,
    };
    Ok(Uri {
        text,
        host: None,
        port: None,
        layout,
    })
}
