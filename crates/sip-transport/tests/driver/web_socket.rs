//! WebSocket (RFC 7118) against tungstenite as it comes, and between two shards.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rvoip_sip_transport::driver::{Sockets, StreamConfig};
use rvoip_sip_transport::{DropReason, Target, TransportKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async, client_async};

use super::{Answerer, Endpoint, Seen, request, response};

const VIA: &str = "WS df7jal23ls0d.invalid";

fn server(streams: StreamConfig) -> Endpoint {
    let address = (TransportKind::Ws, "127.0.0.1:0".parse().unwrap());
    Endpoint::drive(Sockets::bind(&[address]).unwrap().with_streams(streams))
}

/// Connects with these further headers; the status of a refusal.
async fn connect(
    server: &Endpoint,
    headers: &[(&'static str, &str)],
) -> Result<WebSocketStream<TcpStream>, u16> {
    let stream = TcpStream::connect(server.addr()).await.unwrap();
    let url = format!("ws://{}/", server.addr());
    let mut handshake = url.into_client_request().unwrap();
    for (name, value) in headers {
        handshake
            .headers_mut()
            .append(*name, value.parse().unwrap());
    }
    match client_async(handshake, stream).await {
        Ok((socket, answer)) => {
            assert_eq!(answer.headers()["sec-websocket-protocol"], "sip");
            Ok(socket)
        }
        Err(Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

async fn browser(server: &Endpoint) -> WebSocketStream<TcpStream> {
    let sip = ("sec-websocket-protocol", "sip");
    connect(server, &[sip]).await.unwrap()
}

async fn next(socket: &mut WebSocketStream<TcpStream>) -> Message {
    socket.next().await.unwrap().unwrap()
}

#[tokio::test]
async fn a_request_in_text_or_binary_is_answered_in_text() {
    let server = server(StreamConfig::default());
    let mut socket = browser(&server).await;
    for message in [
        Message::text(request(VIA, 1)),
        Message::binary(request(VIA, 2)),
    ] {
        socket.send(message).await.unwrap();
        let Message::Text(answer) = next(&mut socket).await else {
            panic!("no text");
        };
        let answer = response(answer.as_bytes());
        assert_eq!(answer.status().code(), 200);
        let via = answer.top_via().unwrap();
        assert_eq!(via.transport.as_str(), "WS");
        assert_eq!(via.received(), Some("127.0.0.1".parse().unwrap()));
    }
}

#[tokio::test]
async fn the_subprotocol_must_be_offered() {
    let server = server(StreamConfig::default());
    let offer = |value| ("sec-websocket-protocol", value);
    assert!(connect(&server, &[offer("sip")]).await.is_ok());
    assert!(connect(&server, &[offer("chat, sip")]).await.is_ok());
    assert_eq!(connect(&server, &[]).await.err(), Some(400));
    assert_eq!(connect(&server, &[offer("chat")]).await.err(), Some(400));
    assert_eq!(connect(&server, &[offer("sips")]).await.err(), Some(400));
    assert_eq!(server.dropped(DropReason::Handshake).await, 3);
}

#[tokio::test]
async fn pages_of_other_origins_are_kept_out_where_origins_are_listed() {
    let mut streams = StreamConfig::default();
    streams.allowed_origins = Some(vec!["https://phone.test".to_owned()]);
    let server = server(streams);
    let sip = ("sec-websocket-protocol", "sip");
    assert!(connect(&server, &[sip]).await.is_ok());
    let own = ("origin", "https://phone.test");
    assert!(connect(&server, &[sip, own]).await.is_ok());
    let other = ("origin", "https://evil.test");
    assert_eq!(connect(&server, &[sip, other]).await.err(), Some(403));
}

#[tokio::test]
async fn pings_and_line_ends_are_answered_and_a_close_is_taken() {
    let server = server(StreamConfig::default());
    let mut socket = browser(&server).await;
    socket.send(Message::Ping("a".into())).await.unwrap();
    assert_eq!(next(&mut socket).await, Message::Pong("a".into()));
    socket.send(Message::text("\r\n\r\n")).await.unwrap();
    assert_eq!(next(&mut socket).await, Message::text("\r\n"));
    socket.close(None).await.unwrap();
    while let Some(Ok(message)) = socket.next().await {
        assert!(message.is_close());
    }
    let count = |core: &mut Answerer, _| core.transport.connection_count();
    assert_eq!(server.shard.call(count).await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_no_sip_or_too_long_ends_the_connection() {
    let server = server(StreamConfig::default());
    for message in [
        Message::text("hello"),
        Message::binary(vec![0xff; 20]),
        Message::text("x".repeat(65_537)),
    ] {
        let mut socket = browser(&server).await;
        // The end may come before all is sent.
        let _ = socket.send(message).await;
        while let Some(Ok(message)) = socket.next().await {
            assert!(message.is_close(), "{message:?}");
        }
    }
    // Others go on.
    let mut socket = browser(&server).await;
    socket.send(Message::text(request(VIA, 1))).await.unwrap();
    assert!(next(&mut socket).await.is_text());
}

#[tokio::test]
async fn a_message_that_never_ends_does_not_hold_its_place() {
    let mut streams = StreamConfig::default();
    streams.stall_timeout = Duration::from_millis(30);
    let server = server(streams);
    let mut idle = browser(&server).await;
    let mut slow = browser(&server).await;
    // A text frame of 100 octets, masked, of which three come.
    let half = [0x81, 0x80 | 100, 0, 0, 0, 0, b'I', b'N', b'V'];
    slow.get_mut().write_all(&half).await.unwrap();
    let mut octets = Vec::new();
    let _ = slow.get_mut().read_to_end(&mut octets).await;
    let count = |core: &mut Answerer, _| core.transport.connection_count();
    assert_eq!(server.shard.call(count).await.unwrap(), 1, "the idle one");
    idle.send(Message::text(request(VIA, 1))).await.unwrap();
    assert!(next(&mut idle).await.is_text());
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_ended() {
    let mut streams = StreamConfig::default();
    streams.handshake_timeout = Duration::from_millis(20);
    let server = server(streams);
    let mut slow = TcpStream::connect(server.addr()).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n")
        .await
        .unwrap();
    assert_eq!(slow.read(&mut [0; 8]).await.unwrap_or(0), 0);
    assert_eq!(server.dropped(DropReason::Handshake).await, 1);
}

#[tokio::test]
async fn a_core_connects_as_a_client_and_is_asked_the_other_way() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let mut client = Endpoint::on("127.0.0.1");
    let target = Target::Address {
        kind: TransportKind::Ws,
        addr,
        name: Some("ws.example.test".into()),
    };
    let flow = client.send(target).await;

    let (stream, _) = listener.accept().await.unwrap();
    #[expect(
        clippy::result_large_err,
        reason = "the type of tungstenite's callback"
    )]
    let check = |request: &Request, mut response: Response| {
        let host = format!("ws.example.test:{}", addr.port());
        assert_eq!(request.headers()["host"], host);
        assert_eq!(request.headers()["sec-websocket-protocol"], "sip");
        assert_eq!(request.uri().path(), "/");
        let sip = "sip".parse().unwrap();
        response.headers_mut().insert("sec-websocket-protocol", sip);
        Ok(response)
    };
    let mut socket = accept_hdr_async(stream, check).await.unwrap();
    let Message::Text(asked) = next(&mut socket).await else {
        panic!("no text");
    };
    assert!(asked.contains("Via: SIP/2.0/WS "), "{asked}");
    let answer = asked.replacen("OPTIONS sip:bob@example.com SIP/2.0", "SIP/2.0 200 OK", 1);
    socket.send(Message::text(answer)).await.unwrap();
    match client.next().await {
        Seen::Response(_, on) => assert_eq!(on, flow),
        other => panic!("{other:?}"),
    }
    socket.send(Message::text(request(VIA, 3))).await.unwrap();
    assert!(next(&mut socket).await.is_text());
}

#[tokio::test]
async fn a_server_without_the_subprotocol_is_not_spoken_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = Endpoint::on("127.0.0.1");
    let addr = listener.local_addr().unwrap();
    client.send(Target::address(TransportKind::Ws, addr)).await;
    let (stream, _) = listener.accept().await.unwrap();
    // The client may be gone before the handshake is through here.
    let _ = tokio_tungstenite::accept_async(stream).await;
    assert!(matches!(client.next().await, Seen::Failed(..)));
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn two_shards_talk_over_web_sockets_in_tls() {
    use super::certificates::Authority;
    use super::tls::{listening, named};

    let authority = Authority::new("a");
    let context = authority.tls(&["DNS:ws.test"]).load().unwrap();
    let server = listening(TransportKind::Wss, context, StreamConfig::default());
    let address = (TransportKind::Udp, "127.0.0.1:0".parse().unwrap());
    let sockets = Sockets::bind(&[address]).unwrap();
    let mut client = Endpoint::drive(sockets.with_tls(authority.trusting().load().unwrap()));
    client
        .send(named(TransportKind::Wss, server.addr(), Some("ws.test")))
        .await;
    match client.next().await {
        Seen::Response(response, flow) => {
            assert_eq!(response.top_via().unwrap().transport.as_str(), "WSS");
            assert_eq!(flow.kind, TransportKind::Wss);
        }
        other => panic!("{other:?}"),
    }
    client
        .send(named(TransportKind::Wss, server.addr(), Some("other.test")))
        .await;
    assert!(matches!(client.next().await, Seen::Failed(..)));
}
