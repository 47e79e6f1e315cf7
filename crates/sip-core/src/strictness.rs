//! How much of what breaks the grammar is let through.

/// What [`Message::check`](crate::Message::check) does about a message that can be understood in one way only although
/// it breaks the grammar.
///
/// Nothing that two readers could read differently is let through in either mode: contradicting lengths, doubled
/// headers, a CSeq of another method, headers in a Request-URI, quotes without end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Strictness {
    /// Lets through what peers are known to send: blanks at the end of the Request-Line, display names that want quotes,
    /// text in ISO 8859-1, a semicolon with nothing behind it, dates in other zones than GMT.
    #[default]
    Lenient,
    /// Refuses whatever RFC 4475 calls invalid.
    Strict,
}
