//! User-to-User (RFC 7433).

use std::borrow::Cow;

use super::grammar::word_params_header;
use crate::{token, unquote};

word_params_header! {
    /// What an application tells its peer; the stack only carries it.
    UserToUser, Each,
    /// The data as it stands: a token or a quoted string.
    data, |data| data.starts_with('"') && data.len() > 1 && data.ends_with('"') || token::is_token(data)
}

impl UserToUser {
    /// The octets of this purpose, as hexadecimal digits.
    pub fn hex(octets: &[u8], purpose: &str) -> UserToUser {
        let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
        let digits: String = octets
            .iter()
            .flat_map(|octet| [digit(octet >> 4), digit(octet & 15)])
            .collect();
        UserToUser::new(digits)
            .with_param("encoding", Some("hex"))
            .with_param("purpose", Some(purpose))
    }

    /// The data as octets: decoded when `encoding` is `hex`, as it stands without one. `None` when it is coded in another
    /// way or not coded rightly.
    pub fn octets(&self) -> Option<Cow<'_, [u8]>> {
        let text = unquote(&self.data);
        match self.params.get("encoding") {
            None => Some(match text {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            }),
            Some(encoding) if encoding.eq_ignore_ascii_case("hex") => {
                decode_hex(&text).map(Cow::Owned)
            }
            Some(_) => None,
        }
    }

    /// What the data is for: `isdn-uui` or a package of an application.
    pub fn purpose(&self) -> Option<&str> {
        self.params.get("purpose")
    }

    /// What the data is made of.
    pub fn content(&self) -> Option<&str> {
        self.params.get("content")
    }
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |octet: u8| char::from(octet).to_digit(16);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let octets = pairs
        .iter()
        .map(|[high, low]| Some((digit(*high)? << 4 | digit(*low)?) as u8));
    rest.is_empty().then(|| octets.collect())?
}
