//! Source descriptions (RFC 3550 6.5).

use super::{Other, be32, packet_type, short_text, write_packet};
use crate::{Malformed, Ssrc};

/// What an item describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ItemKind {
    /// Canonical name; the one item that every source must send.
    Cname,
    /// Name of a person.
    Name,
    /// Mail address.
    Email,
    /// Telephone number.
    Phone,
    /// Place.
    Location,
    /// Application or tool.
    Tool,
    /// A passing notice.
    Note,
    /// Private extension.
    Private,
    /// A kind that RFC 3550 does not name.
    Other(u8),
}

impl ItemKind {
    fn from_octet(octet: u8) -> ItemKind {
        match octet {
            1 => ItemKind::Cname,
            2 => ItemKind::Name,
            3 => ItemKind::Email,
            4 => ItemKind::Phone,
            5 => ItemKind::Location,
            6 => ItemKind::Tool,
            7 => ItemKind::Note,
            8 => ItemKind::Private,
            other => ItemKind::Other(other),
        }
    }
}

/// One item of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item<'a> {
    /// What it describes.
    pub kind: ItemKind,
    /// Its text, UTF-8 if the peer keeps the rules.
    pub value: &'a [u8],
}

/// The items of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// The source.
    pub ssrc: Ssrc,
    items: &'a [u8],
}

impl<'a> Chunk<'a> {
    /// All items in order.
    pub fn items(&self) -> impl Iterator<Item = Item<'a>> + use<'a> {
        let mut rest = self.items;
        std::iter::from_fn(move || {
            let (item, after) = split_item(rest)?;
            rest = after;
            Some(item)
        })
    }

    /// The canonical name.
    #[must_use]
    pub fn cname(&self) -> Option<&'a [u8]> {
        self.items()
            .find(|item| item.kind == ItemKind::Cname)
            .map(|item| item.value)
    }
}

/// A source description packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceDescription<'a> {
    chunks: &'a [u8],
    count: u8,
}

impl<'a> SourceDescription<'a> {
    pub(super) fn parse(packet: Other<'a>) -> Result<SourceDescription<'a>, Malformed> {
        let mut rest = packet.body;
        for _ in 0..packet.count {
            if rest.is_empty() {
                return Err(packet.count_error(packet.body.len()));
            }
            (_, rest) = split_chunk(rest).ok_or(Malformed::UnterminatedChunk)?;
        }
        Ok(SourceDescription {
            chunks: packet.body,
            count: packet.count,
        })
    }

    /// All chunks in order.
    pub fn chunks(&self) -> impl Iterator<Item = Chunk<'a>> + use<'a> {
        let mut rest = self.chunks;
        (0..self.count).map_while(move |_| {
            let (chunk, after) = split_chunk(rest)?;
            rest = after;
            Some(chunk)
        })
    }

    /// Appends a packet of one chunk with the canonical name, cut to 255 octets.
    pub fn write_cname(ssrc: Ssrc, cname: &str, out: &mut Vec<u8>) {
        let cname = short_text(cname);
        write_packet(out, packet_type::SDES, 1, |out| {
            out.extend_from_slice(&ssrc.0.to_be_bytes());
            out.extend_from_slice(&[1, cname.len() as u8]);
            out.extend_from_slice(cname);
            out.push(0);
        });
    }
}

/// Splits off an item; `None` at the terminating null or when the item is cut short.
fn split_item(octets: &[u8]) -> Option<(Item<'_>, &[u8])> {
    let (&[kind, length], rest) = octets.split_first_chunk()?;
    let (value, after) = rest.split_at_checked(usize::from(length))?;
    (kind != 0).then_some((
        Item {
            kind: ItemKind::from_octet(kind),
            value,
        },
        after,
    ))
}

/// Splits off a chunk: the source, its items, a null, and nulls up to the next word.
fn split_chunk(octets: &[u8]) -> Option<(Chunk<'_>, &[u8])> {
    let (ssrc, items) = octets.split_first_chunk::<4>()?;
    let mut rest = items;
    while *rest.first()? != 0 {
        (_, rest) = split_item(rest)?;
    }
    let used = items.len() - rest.len();
    let end = (used + 1).next_multiple_of(4).min(items.len());
    Some((
        Chunk {
            ssrc: Ssrc(be32(*ssrc)),
            items: &items[..used],
        },
        &items[end..],
    ))
}
