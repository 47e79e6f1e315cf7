//! The messages that wait in a mailbox: `application/simple-message-summary` (RFC 3842 section 5.2).

use std::fmt;

/// The media type.
pub const MEDIA_TYPE: &str = "application/simple-message-summary";

/// Classes of messages that are read; more are passed over.
const MAX_CLASSES: usize = 16;

/// What a mailbox tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageSummary {
    /// Whether anything new waits.
    pub waiting: bool,
    /// The URI of the mailbox.
    pub account: Option<String>,
    /// How many, for each class: `voice-message`, `fax-message`, `text-message` ...
    pub counts: Vec<MessageCount>,
}

/// The messages of one class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageCount {
    /// The class, as in `voice-message`; compared without regard to case.
    pub class: String,
    /// Not yet heard.
    pub new: u32,
    /// Heard.
    pub old: u32,
    /// Those of them that are urgent, new and old, if told.
    pub urgent: Option<(u32, u32)>,
}

impl MessageSummary {
    /// Reads a summary. Lines that are not understood are passed over; `None` without `Messages-Waiting`.
    pub fn parse(text: &str) -> Option<MessageSummary> {
        let mut summary = MessageSummary::default();
        let mut told = false;
        for (name, value) in text.lines().filter_map(|line| line.split_once(':')) {
            let (name, value) = (name.trim(), value.trim());
            if name.eq_ignore_ascii_case("messages-waiting") {
                summary.waiting = value.eq_ignore_ascii_case("yes");
                told = true;
            } else if name.eq_ignore_ascii_case("message-account") {
                summary.account = Some(value.to_owned());
            } else if let Some(count) = MessageCount::parse(name, value)
                && summary.counts.len() < MAX_CLASSES
            {
                summary.counts.push(count);
            }
        }
        told.then_some(summary)
    }

    /// The count of a class.
    pub fn count(&self, class: &str) -> Option<&MessageCount> {
        let mut counts = self.counts.iter();
        counts.find(|count| count.class.eq_ignore_ascii_case(class))
    }
}

impl MessageCount {
    fn parse(class: &str, value: &str) -> Option<MessageCount> {
        let (all, urgent) = match value.split_once('(') {
            Some((all, urgent)) => (all, Some(pair(urgent.trim_end().strip_suffix(')')?)?)),
            None => (value, None),
        };
        let (new, old) = pair(all)?;
        Some(MessageCount {
            class: class.to_owned(),
            new,
            old,
            urgent,
        })
    }
}

/// `new/old`.
fn pair(text: &str) -> Option<(u32, u32)> {
    let (new, old) = text.split_once('/')?;
    Some((new.trim().parse().ok()?, old.trim().parse().ok()?))
}

impl fmt::Display for MessageSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = if self.waiting { "yes" } else { "no" };
        write!(f, "Messages-Waiting: {waiting}\r\n")?;
        if let Some(account) = &self.account {
            write!(f, "Message-Account: {account}\r\n")?;
        }
        for count in &self.counts {
            write!(f, "{}: {}/{}", count.class, count.new, count.old)?;
            if let Some((new, old)) = count.urgent {
                write!(f, " ({new}/{old})")?;
            }
            f.write_str("\r\n")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3842 section 5.2.
    #[test]
    fn the_example_of_rfc_3842() {
        let text = "Messages-Waiting: yes\r\nMessage-Account: sip:alice@vmail.example.com\r\nVoice-Message: 2/8 (0/2)\r\n";
        let summary = MessageSummary::parse(text).unwrap();
        assert!(summary.waiting);
        let voice = summary.count("voice-message").unwrap();
        assert_eq!((voice.new, voice.old, voice.urgent), (2, 8, Some((0, 2))));
        assert_eq!(summary.to_string(), text);
    }

    #[test]
    fn odd_summaries() {
        assert_eq!(MessageSummary::parse("Voice-Message: 2/8"), None);
        let none = MessageSummary::parse(
            "messages-waiting : NO\nfax-message: x/1\nVoice-Message: 1/2 (\n",
        )
        .unwrap();
        assert_eq!(none, MessageSummary::default());
        let many = format!("Messages-Waiting: yes\n{}", "a: 1/2\n".repeat(100));
        assert_eq!(
            MessageSummary::parse(&many).unwrap().counts.len(),
            MAX_CLASSES
        );
    }
}
