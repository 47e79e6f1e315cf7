//! An established WebSocket: one SIP message each way in one WebSocket message.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::{Sink, Stream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::{Counted, io_error};
use crate::driver::link::{Link, Octets};

pub(super) struct WebSocketLink<S> {
    stream: WebSocketStream<Counted<S>>,
    /// Octets that had been read when the last message was complete.
    complete_octets: u64,
}

impl<S: Octets> WebSocketLink<S> {
    pub(super) fn new(stream: WebSocketStream<Counted<S>>) -> Self {
        let complete_octets = stream.get_ref().octets();
        Self {
            stream,
            complete_octets,
        }
    }
}

impl<S: Octets> Link for WebSocketLink<S> {
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        _scratch: &mut [u8],
    ) -> Poll<io::Result<Option<Bytes>>> {
        loop {
            let next = ready!(Pin::new(&mut self.stream).poll_next(cx));
            self.complete_octets = self.stream.get_ref().octets();
            return Poll::Ready(match next {
                None => Ok(None),
                // Either will do (RFC 7118 section 5.1).
                Some(Ok(Message::Text(text))) => Ok(Some(text.into())),
                Some(Ok(Message::Binary(octets))) => Ok(Some(octets)),
                // Answered where they are read; a sign of life like a line end.
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(Some(Bytes::new())),
                Some(Ok(Message::Close(_) | Message::Frame(_))) => continue,
                Some(Err(error)) => match io_error(error) {
                    error if is_end(&error) => Ok(None),
                    error => Err(error),
                },
            });
        }
    }

    fn is_inside_message(&self) -> bool {
        self.stream.get_ref().octets() != self.complete_octets
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, payload: &mut Bytes) -> Poll<io::Result<()>> {
        let mut sink = Pin::new(&mut self.stream);
        ready!(sink.as_mut().poll_ready(cx)).map_err(io_error)?;
        // Text unless a body is none (RFC 7118 section 5.1): a script finds text easier to read.
        let payload = std::mem::take(payload);
        let message = match Utf8Bytes::try_from(payload.clone()) {
            Ok(text) => Message::Text(text),
            Err(_) => Message::Binary(payload),
        };
        Poll::Ready(sink.start_send(message).map_err(io_error))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx).map_err(io_error)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx).map_err(io_error)
    }
}

/// Whether the peer has closed; many do without the closing handshake.
fn is_end(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
}
