//! Cuts a byte stream into messages by Content-Length (RFC 3261 sections 7.5 and 18.3).
//!
//! The octets may arrive in pieces of any size: the same stream gives the same frames however it
//! is cut. Each message gets memory of its own, so that keeping one keeps nothing else.

use bytes::{Buf, Bytes, BytesMut};
use rvoip_sip_core::{Limits, StatusCode, scan};

/// One thing found on a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A whole message.
    Message(Bytes),
    /// A double CRLF between messages, to be answered with one CRLF (RFC 5626 section 4.4.1).
    Ping,
    /// The CRLF that answers a double one of ours.
    Pong,
}

/// The stream cannot be read any further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FramingError {
    /// What stands where a message should begin is not one, or its head exceeds the cap.
    Garbage,
    /// A head that does not tell, or tells a refused length; the status answers it.
    Unmeasurable {
        /// The head alone.
        head: Bytes,
        /// 400 or 513.
        status: StatusCode,
    },
}

/// The receiving side of one stream.
#[derive(Debug, Default)]
pub(crate) struct StreamFramer {
    buffer: BytesMut,
    /// So much of the buffer is known to hold no end of head.
    scanned: usize,
    /// The length of the message at the front, once its head is complete.
    message_octets: Option<usize>,
    /// Whether the next line end between messages answers a ping of ours.
    expects_pong: bool,
}

const PING: &[u8] = b"\r\n\r\n";
const PONG: &[u8] = b"\r\n";

impl StreamFramer {
    /// Appends what arrived.
    pub(crate) fn push(&mut self, octets: &[u8]) {
        self.buffer.extend_from_slice(octets);
    }

    /// Takes the next line end between messages for the answer to a ping of ours.
    pub(crate) fn expect_pong(&mut self) {
        self.expects_pong = true;
    }

    /// Whether a message has begun and is not complete. Asked when there are no more frames.
    pub(crate) fn is_inside_message(&self) -> bool {
        self.buffer.first().is_some_and(|&octet| is_token(octet))
    }

    /// The next frame, or `None` when more octets are needed. After an error the stream is lost.
    pub(crate) fn poll(&mut self, limits: &Limits) -> Result<Option<Frame>, FramingError> {
        let octets = match self.message_octets {
            Some(octets) => octets,
            None => match self.skip_line_ends()? {
                Gap::Ping => return Ok(Some(Frame::Ping)),
                Gap::Pong => return Ok(Some(Frame::Pong)),
                Gap::Open => return Ok(None),
                Gap::Start => match self.measure(limits)? {
                    Some(octets) => *self.message_octets.insert(octets),
                    None => return Ok(None),
                },
            },
        };
        if self.buffer.len() < octets {
            return Ok(None);
        }
        let message = Bytes::copy_from_slice(&self.buffer[..octets]);
        self.buffer.advance(octets);
        self.scanned = 0;
        self.message_octets = None;
        Ok(Some(Frame::Message(message)))
    }

    /// Skips what may stand between messages.
    fn skip_line_ends(&mut self) -> Result<Gap, FramingError> {
        loop {
            match *self.buffer {
                [b'\r', b'\n', ..] if self.expects_pong => {
                    self.expects_pong = false;
                    self.buffer.advance(PONG.len());
                    return Ok(Gap::Pong);
                }
                [b'\r', b'\n', b'\r', b'\n', ..] => {
                    self.buffer.advance(PING.len());
                    return Ok(Gap::Ping);
                }
                // A connection is idle most of its life: it holds no buffer then.
                [] => {
                    self.buffer = BytesMut::new();
                    return Ok(Gap::Open);
                }
                [b'\r'] | [b'\r', b'\n'] | [b'\r', b'\n', b'\r'] => return Ok(Gap::Open),
                [b'\r', b'\n', ..] => self.buffer.advance(2),
                // A bare line feed is no line end of SIP, yet some send it as a keep-alive.
                [b'\n', ..] => self.buffer.advance(1),
                [octet, ..] if is_token(octet) => return Ok(Gap::Start),
                _ => return Err(FramingError::Garbage),
            }
        }
    }

    /// The length of the message at the front, once its head is complete.
    fn measure(&mut self, limits: &Limits) -> Result<Option<usize>, FramingError> {
        // The empty line may straddle what was scanned before and what came now.
        let from = self.scanned.saturating_sub(PING.len() - 1);
        let Some(end) = scan::find_head_end(&self.buffer[from..]) else {
            self.scanned = self.buffer.len();
            return match self.scanned > limits.max_head_octets {
                true => Err(FramingError::Garbage),
                false => Ok(None),
            };
        };
        let head_octets = from + end;
        if head_octets > limits.max_head_octets {
            return Err(FramingError::Garbage);
        }
        let head = &self.buffer[..head_octets];
        let refuse = |status| {
            Err(FramingError::Unmeasurable {
                head: Bytes::copy_from_slice(head),
                status,
            })
        };
        let Ok(Some(body_octets)) = scan::content_length(head) else {
            return refuse(StatusCode::BAD_REQUEST);
        };
        match head_octets.checked_add(body_octets) {
            Some(octets) if octets <= limits.max_message_octets => Ok(Some(octets)),
            _ => refuse(StatusCode::MESSAGE_TOO_LARGE),
        }
    }
}

/// What stands before the next message.
enum Gap {
    /// A double CRLF.
    Ping,
    /// A CRLF that was waited for.
    Pong,
    /// Nothing, or what may become a double CRLF.
    Open,
    /// The first octet of a start line.
    Start,
}

/// Whether a start line may begin with this octet (RFC 3261 section 25.1, `token`).
fn is_token(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&octet)
}

#[cfg(test)]
mod tests;
