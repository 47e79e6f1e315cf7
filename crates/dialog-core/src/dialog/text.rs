//! What a dialog keeps of the messages that made it, in one piece of memory.

/// One of the texts of a dialog.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    CallId,
    /// Empty as long as the peer has shown no tag.
    RemoteTag,
    /// The From value of our requests.
    Local,
    /// The To value of our requests.
    Remote,
    RemoteTarget,
    /// The Contact value of our requests and responses.
    Contact,
}

/// All parts in one allocation. A held call keeps them as long as it lasts, and a handle on each would take as much room
/// as its text.
#[derive(Clone, Debug)]
pub(super) struct Text {
    octets: Box<str>,
    /// Where each part ends.
    ends: [u32; Text::PARTS],
}

impl Text {
    const PARTS: usize = 6;

    const ALL: [Part; Text::PARTS] = [
        Part::CallId,
        Part::RemoteTag,
        Part::Local,
        Part::Remote,
        Part::RemoteTarget,
        Part::Contact,
    ];

    /// The parts in their order, each in pieces.
    pub(super) fn new(parts: [&[&str]; Text::PARTS]) -> Text {
        let octets = parts.iter().copied().flatten().map(|piece| piece.len());
        let mut text = String::with_capacity(octets.sum());
        let ends = parts.map(|pieces| {
            pieces.iter().for_each(|piece| text.push_str(piece));
            text.len() as u32
        });
        Text {
            octets: text.into_boxed_str(),
            ends,
        }
    }

    pub(super) fn part(&self, part: Part) -> &str {
        let index = part as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.octets[start as usize..self.ends[index] as usize]
    }

    /// Puts another text in place of a part.
    pub(super) fn set(&mut self, part: Part, text: &str) {
        let mut parts = Text::ALL.map(|part| [self.part(part)]);
        parts[part as usize] = [text];
        *self = Text::new(parts.each_ref().map(|pieces| &pieces[..]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_and_replaced_one_by_one() {
        let mut text = Text::new([&["id"], &[], &["<a>", ";tag=", "1"], &["<b>"], &["t"], &[]]);
        let parts = |text: &Text| Text::ALL.map(|part| text.part(part).to_owned());
        assert_eq!(parts(&text), ["id", "", "<a>;tag=1", "<b>", "t", ""]);
        text.set(Part::Contact, "<c>");
        text.set(Part::CallId, "");
        text.set(Part::Remote, "<bob>;tag=2");
        assert_eq!(
            parts(&text),
            ["", "", "<a>;tag=1", "<bob>;tag=2", "t", "<c>"]
        );
    }
}
