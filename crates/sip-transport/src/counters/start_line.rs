//! What a message is, from its first octets: enough to count it, even when it cannot be parsed.

/// The methods that are counted one by one, in the order of their places.
pub(super) const METHODS: [&str; 14] = [
    "INVITE",
    "ACK",
    "BYE",
    "CANCEL",
    "OPTIONS",
    "REGISTER",
    "PRACK",
    "UPDATE",
    "INFO",
    "MESSAGE",
    "REFER",
    "SUBSCRIBE",
    "NOTIFY",
    "PUBLISH",
];
/// Status codes from 100 to 699.
pub(super) const CODES: usize = 600;
/// The lowest status code.
pub(super) const FIRST_CODE: u16 = 100;
/// The longest method that is looked for.
const MAX_METHOD_OCTETS: usize = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StartLine {
    /// The place of the method; the one behind the last is for all others.
    Request(usize),
    /// The place of the status code.
    Response(usize),
    Neither,
}

impl StartLine {
    pub(super) fn of(octets: &[u8]) -> Self {
        if let Some([a, b, c, ..]) = octets.strip_prefix(b"SIP/2.0 ") {
            let digit = |octet: &u8| octet.is_ascii_digit().then(|| u16::from(octet - b'0'));
            let code = [a, b, c]
                .into_iter()
                .try_fold(0, |code, octet| Some(code * 10 + digit(octet)?));
            return code
                .and_then(code_place)
                .map_or(Self::Neither, Self::Response);
        }
        let head = &octets[..octets.len().min(MAX_METHOD_OCTETS)];
        let Some(end) = head.iter().position(|octet| *octet == b' ') else {
            return Self::Neither;
        };
        Self::Request(match &head[..end] {
            b"INVITE" => 0,
            b"ACK" => 1,
            b"BYE" => 2,
            b"CANCEL" => 3,
            b"OPTIONS" => 4,
            b"REGISTER" => 5,
            b"PRACK" => 6,
            b"UPDATE" => 7,
            b"INFO" => 8,
            b"MESSAGE" => 9,
            b"REFER" => 10,
            b"SUBSCRIBE" => 11,
            b"NOTIFY" => 12,
            b"PUBLISH" => 13,
            _ => METHODS.len(),
        })
    }
}

/// The place of a status code.
pub(super) fn code_place(code: u16) -> Option<usize> {
    let place = usize::from(code.checked_sub(FIRST_CODE)?);
    (place < CODES).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_has_its_place() {
        for (place, method) in METHODS.iter().enumerate() {
            let line = format!("{method} sip:a SIP/2.0");
            assert_eq!(StartLine::of(line.as_bytes()), StartLine::Request(place));
        }
        let other = StartLine::Request(METHODS.len());
        assert_eq!(StartLine::of(b"invite sip:a SIP/2.0"), other);
    }

    #[test]
    fn a_status_line_has_three_digits_of_a_code() {
        let at = |line: &str| StartLine::of(line.as_bytes());
        assert_eq!(at("SIP/2.0 100 Trying"), StartLine::Response(0));
        assert_eq!(at("SIP/2.0 699"), StartLine::Response(599));
        for line in [
            "SIP/2.0 099 x",
            "SIP/2.0 700 x",
            "SIP/2.0 2x0",
            "SIP/2.0 2",
            "",
            "x",
        ] {
            assert!(!matches!(at(line), StartLine::Response(_)), "{line}");
        }
    }
}
