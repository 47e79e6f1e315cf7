//! A peer written by hand that gives up its TCP connection in the middle of a call, on real sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::ErrorKind;

use rvoip_session_core::api::*;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(10);
const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n";

/// The peer's end of a connection.
struct Connection(TcpStream, Vec<u8>);

impl Connection {
    async fn accept(listener: &TcpListener) -> Connection {
        let (stream, _) = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
        Connection(stream, Vec::new())
    }

    /// The next message without its body.
    async fn request(&mut self, method: &str) -> String {
        loop {
            let text = String::from_utf8_lossy(&self.1).into_owned();
            if let Some((head, _)) = text.split_once("\r\n\r\n") {
                let length = header(head, "Content-Length").parse::<usize>().unwrap();
                let whole = head.len() + 4 + length;
                if self.1.len() >= whole {
                    self.1.drain(..whole);
                    assert!(head.starts_with(method), "{head}");
                    return head.to_owned();
                }
            }
            timeout(PATIENCE, self.0.readable()).await.unwrap().unwrap();
            let mut piece = [0; 4096];
            match self.0.try_read(&mut piece) {
                Ok(0) => panic!("closed before {method}"),
                Ok(length) => self.1.extend(&piece[..length]),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
    }

    async fn answer(&mut self, request: &str, body: &str) {
        let copied: String = ["Via", "From", "Call-ID", "CSeq"]
            .iter()
            .map(|name| format!("{name}: {}\r\n", header(request, name)))
            .collect();
        let to = header(request, "To");
        let tag = if to.contains("tag=") { "" } else { ";tag=peer" };
        let contact = self.0.local_addr().unwrap();
        let kind = if body.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        let response = format!(
            "SIP/2.0 200 OK\r\n{copied}To: {to}{tag}\r\nContact: <sip:peer@{contact};transport=tcp>\r\n\
             Allow: INVITE, ACK, BYE, UPDATE, INFO\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.0.writable().await.unwrap();
        let written = self.0.try_write(response.as_bytes()).unwrap();
        assert_eq!(written, response.len());
    }
}

fn header<'a>(message: &'a str, name: &str) -> &'a str {
    let mut lines = message.lines();
    let prefix = format!("{name}: ");
    lines.find_map(|line| line.strip_prefix(&prefix)).unwrap()
}

/// Does `act` in a call, gives up the connection when the request of it has come, and answers the one that comes next.
async fn breaks_under<F>(method: &str, body: &str, act: impl FnOnce(CallSession) -> F)
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = SessionManagerBuilder::new()
        .with_local_bind_addr("127.0.0.1:0".parse().unwrap())
        .build()
        .await
        .unwrap();
    let uri = format!("sip:peer@{};transport=tcp", listener.local_addr().unwrap());
    let call = client
        .create_outgoing_call("sip:caller@localhost", &uri, None)
        .await
        .unwrap();
    let mut peer = Connection::accept(&listener).await;
    let invite = peer.request("INVITE").await;
    peer.answer(&invite, SDP).await;
    peer.request("ACK").await;
    call.wait_for_answer(PATIENCE).await.unwrap();

    let acting = tokio::spawn(act(call.clone()));
    let lost = peer.request(method).await;
    drop(peer);
    let mut peer = Connection::accept(&listener).await;
    let again = peer.request(method).await;
    assert_ne!(header(&again, "CSeq"), header(&lost, "CSeq"));
    assert_eq!(header(&again, "Call-ID"), header(&lost, "Call-ID"));
    peer.answer(&again, body).await;
    acting.await.unwrap().unwrap();
    assert!(call.is_active());

    let ending = tokio::spawn(async move {
        call.terminate().await.unwrap();
        call.wait_for_end().await
    });
    if method == "INVITE" {
        peer.request("ACK").await;
    }
    let bye = peer.request("BYE").await;
    peer.answer(&bye, "").await;
    assert_eq!(ending.await.unwrap(), TerminalCause::LocalHangup);
    client.stop().await.unwrap();
}

#[tokio::test]
async fn a_reinvite_goes_over_another_connection() {
    breaks_under("INVITE", SDP, |call| async move { call.hold().await }).await;
}

#[tokio::test]
async fn an_update_goes_over_another_connection() {
    breaks_under("UPDATE", SDP, |call| async move {
        let info = MediaControl::get_media_info(&call.coordinator(), call.id()).await?;
        let sdp = info.and_then(|info| info.local_sdp).unwrap_or_default();
        call.update_media_by(OfferMethod::Update, &sdp).await
    })
    .await;
}

#[tokio::test]
async fn an_info_goes_over_another_connection() {
    breaks_under("INFO", "", |call| async move {
        let response = call.send_info(None, "text/plain", "knock").await?;
        assert!(response.is_success());
        Ok(())
    })
    .await;
}
