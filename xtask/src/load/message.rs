//! The messages of the load, in as few octets as SIPp uses.

use std::fmt::Write;

use super::call::{Call, Stage};

const OFFER: &str = "v=0\r\no=load 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
                     m=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";

/// What an answer says.
pub struct Answer<'a> {
    pub status: u16,
    pub number: usize,
    pub is_to_bye: bool,
    pub to_tag: &'a str,
}

/// Writes a request of a call.
pub fn write(text: &mut String, port: u16, number: usize, method: &str, call: &Call) {
    text.clear();
    // The ACK of a refusal belongs to the transaction of its INVITE.
    let hop = match (method, call.stage) {
        ("BYE", _) => 'b',
        ("ACK", stage) if stage != Stage::Refused => 'a',
        _ => 'i',
    };
    let cseq = if method == "BYE" { 2 } else { 1 };
    let _ = write!(
        text,
        "{method} sip:service@127.0.0.1 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{hop}{number}-{port}\r\n\
         From: <sip:load@127.0.0.1:{port}>;tag=l{number}\r\n\
         To: <sip:service@127.0.0.1>"
    );
    if !call.to_tag.is_empty() {
        let _ = write!(text, ";tag={}", call.to_tag);
    }
    let _ = write!(
        text,
        "\r\nCall-ID: {number}-{port}@127.0.0.1\r\nCSeq: {cseq} {method}\r\nMax-Forwards: 70\r\n"
    );
    let _ = match method {
        "INVITE" => write!(
            text,
            "Contact: <sip:load@127.0.0.1:{port}>\r\nContent-Type: application/sdp\r\n\
             Content-Length: {}\r\n\r\n{OFFER}",
            OFFER.len()
        ),
        _ => write!(text, "Content-Length: 0\r\n\r\n"),
    };
}

/// Reads what matters of an answer.
pub fn read(octets: &[u8]) -> Option<Answer<'_>> {
    let text = std::str::from_utf8(octets).ok()?;
    let status = text.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()?;
    let value = |name: &str| {
        let start = text.find(name)? + name.len();
        text[start..].lines().next()
    };
    let to_tag = value("\r\nTo: ")?.split_once(";tag=");
    Some(Answer {
        status,
        number: value("\r\nCall-ID: ")?.split('-').next()?.parse().ok()?,
        is_to_bye: value("\r\nCSeq: ")?.ends_with("BYE"),
        to_tag: to_tag.map_or("", |(_, tag)| tag),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn the_answer_to_a_request_leads_back_to_its_call() {
        let mut text = String::new();
        write(&mut text, 5070, 17, "BYE", &Call::new(Instant::now()));
        let answer = text.replace("BYE sip:service@127.0.0.1 SIP/2.0", "SIP/2.0 200 OK");
        let answer = answer.replace("To: <sip:service@127.0.0.1>", "To: <sip:a@b>;tag=xyz");
        let read = read(answer.as_bytes()).unwrap();
        assert_eq!((read.status, read.number), (200, 17));
        assert_eq!((read.is_to_bye, read.to_tag), (true, "xyz"));
    }
}
