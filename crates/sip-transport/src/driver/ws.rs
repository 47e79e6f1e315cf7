//! WebSocket as a transport of SIP (RFC 7118): the handshake with its subprotocol, one message each.

mod counted;
mod link;

use std::io;
use std::net::SocketAddr;

use rvoip_sip_core::ByteString;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::server::{
    Callback, ErrorResponse, Request, Response,
};
use tokio_tungstenite::tungstenite::http::header::{ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{accept_hdr_async_with_config, client_async_with_config};

use self::counted::Counted;
use self::link::WebSocketLink;
use super::link::{Link, Octets};
use super::stream_config::StreamConfig;
use crate::TransportKind;

/// The subprotocol of SIP (RFC 7118 section 4.1).
const SUBPROTOCOL: HeaderValue = HeaderValue::from_static("sip");
/// Octets read at once; a connection keeps so many.
const READ_OCTETS: usize = 4 * 1024;

/// The server of a client's handshake.
pub(super) struct Host {
    pub(super) kind: TransportKind,
    pub(super) name: Option<ByteString>,
    pub(super) addr: SocketAddr,
}

impl Host {
    fn url(&self) -> String {
        let scheme = self.kind.as_str();
        match &self.name {
            None => format!("{scheme}://{}/", self.addr),
            Some(name) if self.addr.port() == self.kind.default_port() => {
                format!("{scheme}://{name}/")
            }
            Some(name) => format!("{scheme}://{name}:{}/", self.addr.port()),
        }
    }
}

pub(super) async fn accept<S: Octets>(
    stream: S,
    config: &StreamConfig,
) -> io::Result<Box<dyn Link>> {
    let origins = config.allowed_origins.as_deref();
    let doorkeeper = Doorkeeper { origins };
    let stream =
        accept_hdr_async_with_config(Counted::new(stream), doorkeeper, Some(protocol(config)))
            .await
            .map_err(io_error)?;
    Ok(Box::new(WebSocketLink::new(stream)))
}

pub(super) async fn connect<S: Octets>(
    stream: S,
    host: &Host,
    config: &StreamConfig,
) -> io::Result<Box<dyn Link>> {
    let mut request = host.url().into_client_request().map_err(io_error)?;
    request
        .headers_mut()
        .insert(SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL);
    let (stream, _) =
        client_async_with_config(request, Counted::new(stream), Some(protocol(config)))
            .await
            .map_err(io_error)?;
    Ok(Box::new(WebSocketLink::new(stream)))
}

/// Answers a client's handshake: with the subprotocol, or 400 when it does not offer it, or 403 when it
/// comes from a page of another origin (RFC 7118 sections 4.1 and 10.1, RFC 6455 section 10.2).
struct Doorkeeper<'a> {
    origins: Option<&'a [String]>,
}

impl Callback for Doorkeeper<'_> {
    fn on_request(
        self,
        request: &Request,
        mut response: Response,
    ) -> Result<Response, ErrorResponse> {
        if let (Some(allowed), Some(origin)) = (self.origins, request.headers().get(ORIGIN))
            && !allowed
                .iter()
                .any(|allowed| origin.as_bytes().eq_ignore_ascii_case(allowed.as_bytes()))
        {
            let reason = "this origin may not connect";
            return Err(refusal(StatusCode::FORBIDDEN, reason));
        }
        let offered = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL);
        let mut offered = offered
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim);
        let sip = offered.find(|name| SUBPROTOCOL.as_bytes().eq_ignore_ascii_case(name.as_bytes()));
        let Some(sip) = sip.and_then(|name| HeaderValue::from_str(name).ok()) else {
            let reason = "Sec-WebSocket-Protocol must offer sip";
            return Err(refusal(StatusCode::BAD_REQUEST, reason));
        };
        // As it was offered: a browser looks for the same letters.
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, sip);
        Ok(response)
    }
}

fn refusal(status: StatusCode, reason: &str) -> ErrorResponse {
    let mut response = ErrorResponse::new(Some(reason.to_owned()));
    *response.status_mut() = status;
    response
}

fn protocol(config: &StreamConfig) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_OCTETS)
        // Written through: what a slow peer does not take waits where it is counted.
        .write_buffer_size(0)
        .max_write_buffer_size(config.max_queued_octets.max(1))
        .max_message_size(Some(config.max_message_octets))
        .max_frame_size(Some(config.max_message_octets))
}

fn io_error(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        Error::ConnectionClosed | Error::AlreadyClosed => io::ErrorKind::UnexpectedEof.into(),
        Error::WriteBufferFull(_) => io::ErrorKind::QuotaExceeded.into(),
        other => io::Error::new(io::ErrorKind::InvalidData, other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_the_name_and_a_port_unless_it_is_the_usual_one() {
        for (kind, name, addr, url) in [
            (
                TransportKind::Ws,
                Some("a.test"),
                "192.0.2.1:80",
                "ws://a.test/",
            ),
            (
                TransportKind::Ws,
                Some("a.test"),
                "192.0.2.1:8080",
                "ws://a.test:8080/",
            ),
            (
                TransportKind::Wss,
                Some("a.test"),
                "192.0.2.1:443",
                "wss://a.test/",
            ),
            (
                TransportKind::Wss,
                None,
                "192.0.2.1:443",
                "wss://192.0.2.1:443/",
            ),
            (
                TransportKind::Ws,
                None,
                "[2001:db8::1]:80",
                "ws://[2001:db8::1]:80/",
            ),
        ] {
            let (name, addr) = (name.map(Into::into), addr.parse().unwrap());
            assert_eq!(Host { kind, name, addr }.url(), url);
        }
    }
}
