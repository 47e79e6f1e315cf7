//! Header extensions (RFC 3550 5.3.1) and the elements in them (RFC 8285).

use crate::RtpError;

/// The profile of one-byte elements.
const ONE_BYTE: u16 = 0xbede;
/// The profile of two-byte elements, but for its four application bits.
const TWO_BYTE: u16 = 0x1000;

/// A header extension, uninterpreted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extension<'a> {
    /// The 16 bits that the profile defines; RFC 8285 has 0xBEDE, and 0x1000 to 0x100F.
    pub profile: u16,
    /// The words after it; a multiple of four octets.
    pub words: &'a [u8],
}

/// One element of a header extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExtensionElement<'a> {
    /// Its number, which SDP gives a meaning (`a=extmap`): 1 to 14, or 1 to 255.
    pub id: u8,
    /// Its data: 1 to 16 octets, or up to 255.
    pub data: &'a [u8],
}

impl<'a> Extension<'a> {
    /// The elements up to the first that breaks the rules; none when the profile is not of RFC 8285.
    pub fn elements(&self) -> impl Iterator<Item = ExtensionElement<'a>> + use<'a> {
        let split = match self.profile {
            ONE_BYTE => split_one_byte,
            profile if profile & 0xfff0 == TWO_BYTE => split_two_byte,
            _ => split_nothing,
        };
        let mut rest = self.words;
        std::iter::from_fn(move || {
            while let [0, after @ ..] = rest {
                rest = after;
            }
            let (element, after) = split(rest)?;
            rest = after;
            Some(element)
        })
    }

    /// An extension of these elements, in the one-byte form if they fit it; its words go to `buffer`, in place of what was
    /// there.
    ///
    /// # Errors
    /// [`RtpError::TooLarge`] when an id is 0, data is longer than 255 octets, or all of it is more than 65535 words.
    pub fn of_elements(
        elements: &[ExtensionElement<'_>],
        buffer: &'a mut Vec<u8>,
    ) -> Result<Extension<'a>, RtpError> {
        buffer.clear();
        let fits_one_byte = |element: &ExtensionElement<'_>| {
            (1..=14).contains(&element.id) && (1..=16).contains(&element.data.len())
        };
        let profile = if elements.iter().all(fits_one_byte) {
            ONE_BYTE
        } else {
            TWO_BYTE
        };
        for ExtensionElement { id, data } in elements {
            let too_large = |what, value, limit| RtpError::TooLarge { what, value, limit };
            if *id == 0 {
                return Err(too_large("count of padding as elements", 1, 0));
            }
            let length = u8::try_from(data.len())
                .map_err(|_| too_large("extension element", data.len(), 255))?;
            if profile == ONE_BYTE {
                buffer.push(id << 4 | (length - 1));
            } else {
                buffer.extend([*id, length]);
            }
            buffer.extend_from_slice(data);
        }
        buffer.resize(buffer.len().next_multiple_of(4), 0);
        let words = buffer.as_slice();
        Ok(Extension { profile, words })
    }
}

fn split_nothing(_: &[u8]) -> Option<(ExtensionElement<'_>, &[u8])> {
    None
}

/// Splits off an element of the one-byte form; id 15, and id 0 with a length, end the extension (4.2).
fn split_one_byte(octets: &[u8]) -> Option<(ExtensionElement<'_>, &[u8])> {
    let (&first, rest) = octets.split_first()?;
    let id = first >> 4;
    let (data, after) = rest.split_at_checked(usize::from(first & 0x0f) + 1)?;
    (1..=14)
        .contains(&id)
        .then_some((ExtensionElement { id, data }, after))
}

/// Splits off an element of the two-byte form (4.3).
fn split_two_byte(octets: &[u8]) -> Option<(ExtensionElement<'_>, &[u8])> {
    let (&[id, length], rest) = octets.split_first_chunk()?;
    let (data, after) = rest.split_at_checked(usize::from(length))?;
    Some((ExtensionElement { id, data }, after))
}
