//! What carries the octets of an established connection: TCP as it is, TLS, or WebSocket messages.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::PeerIdentity;

/// An established connection, whatever it runs over.
pub(super) trait Link: Send {
    /// The next octets that arrived, or the next whole message, empty for a mere sign of life; `None`
    /// when the peer has closed.
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &mut [u8],
    ) -> Poll<io::Result<Option<Bytes>>>;

    /// Whether a message has begun to arrive and is not complete, where that is known here.
    fn is_inside_message(&self) -> bool {
        false
    }

    /// Takes what it can of `payload` off its front. Pending when it took nothing.
    fn poll_send(&mut self, cx: &mut Context<'_>, payload: &mut Bytes) -> Poll<io::Result<()>>;

    /// Ready when everything taken has been given to the network.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Says to the peer that nothing more comes.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

/// A link that has just come up.
pub(super) struct Established {
    pub(super) link: Box<dyn Link>,
    pub(super) local: SocketAddr,
    pub(super) peer: Option<Arc<PeerIdentity>>,
}

/// Anything that octets can be read from and written to.
pub(super) trait Octets: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Octets for S {}

/// A byte stream: TCP or TLS.
pub(super) struct ByteLink<S>(pub(super) S);

impl<S: Octets> Link for ByteLink<S> {
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &mut [u8],
    ) -> Poll<io::Result<Option<Bytes>>> {
        let mut buffer = ReadBuf::new(scratch);
        Pin::new(&mut self.0)
            .poll_read(cx, &mut buffer)
            .map(|result| match result {
                Ok(()) if buffer.filled().is_empty() => Ok(None),
                Ok(()) => Ok(Some(Bytes::copy_from_slice(buffer.filled()))),
                // Many peers end TLS without saying so. Where a message ends is known from its length.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
                Err(error) => Err(error),
            })
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, payload: &mut Bytes) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0)
            .poll_write(cx, payload)
            .map(|result| match result? {
                0 => Err(io::ErrorKind::WriteZero.into()),
                octets => {
                    payload.advance(octets);
                    Ok(())
                }
            })
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
