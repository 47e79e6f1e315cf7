//! The dialogs of a user: `application/dialog-info+xml` (RFC 4235), written as far as a busy lamp needs it.

use std::fmt::{self, Write};

/// The media type.
pub const MEDIA_TYPE: &str = "application/dialog-info+xml";

/// Where a dialog stands (RFC 4235 section 3.7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialogState {
    /// The INVITE is sent.
    Trying,
    /// A provisional response without a tag came.
    Proceeding,
    /// A provisional response with a tag came or went.
    Early,
    /// Answered.
    Confirmed,
    /// Over.
    Terminated,
}

/// One dialog, as it is told to watchers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialogElement {
    /// Names the dialog within the document, from its first to its last notification.
    pub id: String,
    /// The user whose document it is placed the call.
    pub is_initiator: bool,
    /// Where it stands.
    pub state: DialogState,
    /// The URI of the other party, if it may be told.
    pub remote: Option<String>,
}

/// The whole state of a user's dialogs. `Display` writes the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialogInfo {
    /// Counts the documents of one subscription from zero.
    pub version: u32,
    /// Whose dialogs.
    pub entity: String,
    /// All of them.
    pub dialogs: Vec<DialogElement>,
}

impl DialogState {
    /// The word in the document.
    pub const fn name(self) -> &'static str {
        match self {
            DialogState::Trying => "trying",
            DialogState::Proceeding => "proceeding",
            DialogState::Early => "early",
            DialogState::Confirmed => "confirmed",
            DialogState::Terminated => "terminated",
        }
    }
}

/// Text as it may stand in an element or an attribute.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                // Not allowed in XML, escaped or not.
                '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' => {}
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for DialogInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "<?xml version=\"1.0\"?>\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"{}\" \
             state=\"full\" entity=\"{}\">\n",
            self.version,
            Escaped(&self.entity)
        )?;
        for dialog in &self.dialogs {
            let direction = if dialog.is_initiator {
                "initiator"
            } else {
                "recipient"
            };
            let (id, state) = (Escaped(&dialog.id), dialog.state.name());
            write!(
                f,
                "<dialog id=\"{id}\" direction=\"{direction}\"><state>{state}</state>"
            )?;
            if let Some(remote) = &dialog.remote {
                let remote = Escaped(remote);
                write!(f, "<remote><identity>{remote}</identity></remote>")?;
            }
            f.write_str("</dialog>\n")?;
        }
        f.write_str("</dialog-info>\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_written_and_nothing_breaks_out_of_it() {
        let document = DialogInfo {
            version: 3,
            entity: "sip:a&b@example.com".into(),
            dialogs: vec![DialogElement {
                id: "\"><x".into(),
                is_initiator: true,
                state: DialogState::Confirmed,
                remote: Some("sip:bob@example.com\u{1}".into()),
            }],
        };
        assert_eq!(
            document.to_string(),
            "<?xml version=\"1.0\"?>\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"3\" \
             state=\"full\" entity=\"sip:a&amp;b@example.com\">\n\
             <dialog id=\"&quot;&gt;&lt;x\" direction=\"initiator\"><state>confirmed</state>\
             <remote><identity>sip:bob@example.com</identity></remote></dialog>\n</dialog-info>\n"
        );
    }
}
