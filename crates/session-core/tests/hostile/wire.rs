//! Raw ends of the wire: a stranger's datagram socket, a stranger's connection, and a tap that keeps what it sees.

use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use rvoip_session_core::api::{WireRecord, WireTap};
use rvoip_session_core::dialog_core::sip_transport::Direction;
use tokio::net::{TcpSocket, TcpStream, UdpSocket};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::scene::PATIENCE;

/// After so long a probe is repeated: datagrams may be lost in a full buffer.
const REPEAT: Duration = Duration::from_millis(500);

/// The first value of a header; its full name is all that is looked for.
pub(super) fn header<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    message.split("\r\n").skip(1).find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found
            .trim()
            .eq_ignore_ascii_case(name)
            .then(|| value.trim())
    })
}

/// The status of a response.
pub(super) fn status(message: &str) -> Option<u16> {
    message.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
}

/// The value of a parameter, up to the next one.
pub(super) fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let start = value.find(&format!(";{name}="))? + name.len() + 2;
    value[start..].split([';', ' ', ',', '>']).next()
}

/// A well-formed request of nobody's call; every number makes another one.
pub(super) fn request(
    method: &str,
    transport: &str,
    local: SocketAddr,
    target: SocketAddr,
    number: u64,
) -> Vec<u8> {
    let host = local.ip();
    let family = if host.is_ipv6() { "IP6" } else { "IP4" };
    let body = match method {
        "INVITE" => format!(
            "v=0\r\no=mallory 1 1 IN {family} {host}\r\ns=-\r\nc=IN {family} {host}\r\nt=0 0\r\n\
             m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
             a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
        ),
        _ => String::new(),
    };
    let content = if body.is_empty() {
        ""
    } else {
        "Content-Type: application/sdp\r\n"
    };
    format!(
        "{method} sip:mallory@{target} SIP/2.0\r\n\
         Via: SIP/2.0/{transport} {local};rport;branch=z9hG4bK-hostile-{number}\r\n\
         Max-Forwards: 70\r\n\
         From: \"Mallory\" <sip:mallory@{local}>;tag=m{number}\r\n\
         To: <sip:mallory@{target}>\r\n\
         Call-ID: {number}@hostile\r\n\
         CSeq: 1 {method}\r\n\
         Contact: <sip:mallory@{local}>\r\n\
         {content}Content-Length: {length}\r\n\r\n{body}",
        length = body.len()
    )
    .into_bytes()
}

/// A datagram socket that belongs to no call.
pub(super) struct Stranger {
    pub(super) socket: UdpSocket,
    pub(super) target: SocketAddr,
    next: u64,
}

impl Stranger {
    pub(super) async fn new(target: SocketAddr) -> Stranger {
        let socket = UdpSocket::bind((target.ip(), 0)).await.unwrap();
        Stranger {
            socket,
            target,
            next: 1,
        }
    }

    pub(super) fn local(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    pub(super) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    pub(super) fn request(&mut self, method: &str) -> Vec<u8> {
        let number = self.number();
        request(method, "UDP", self.local(), self.target, number)
    }

    pub(super) async fn send(&self, octets: &[u8]) {
        // What the kernel refuses to send is not our concern.
        let _ = self.socket.send_to(octets, self.target).await;
    }

    /// Returns when all that was sent has been looked at: with the answers that came until then.
    pub(super) async fn settle(&mut self) -> Vec<String> {
        // No mutation makes a message into one with these.
        let number = self.number();
        let probe = request("OPTIONS", "UDP", self.local(), self.target, number);
        let probe = String::from_utf8(probe).unwrap();
        let probe = probe
            .replace("-hostile-", "-probe-")
            .replace("@hostile", "@probe");
        let call_id = format!("{number}@probe");
        let mut heard = Vec::new();
        let answered = async {
            loop {
                self.send(probe.as_bytes()).await;
                while let Ok(message) = timeout(REPEAT, self.receive()).await {
                    if header(&message, "Call-ID") == Some(&call_id) {
                        assert_eq!(status(&message), Some(200), "{message}");
                        return;
                    }
                    heard.push(message);
                }
            }
        };
        timeout(PATIENCE, answered)
            .await
            .expect("OPTIONS is answered");
        heard
    }

    pub(super) async fn receive(&self) -> String {
        let mut buffer = vec![0; 65_536];
        let (length, _) = self.socket.recv_from(&mut buffer).await.unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    /// Sends a request and returns its final answer, or `None` when there is none.
    pub(super) async fn ask(&mut self, request: &[u8]) -> Option<String> {
        self.send(request).await;
        let heard = self.settle().await;
        heard
            .into_iter()
            .find(|message| status(message).is_some_and(|status| status >= 200))
    }
}

/// A stream connection that belongs to no call.
pub(super) struct Line {
    stream: TcpStream,
    pub(super) heard: Vec<u8>,
}

impl Line {
    pub(super) async fn new(target: SocketAddr) -> Line {
        Self::with_receive_buffer(target, None).await
    }

    pub(super) async fn with_receive_buffer(target: SocketAddr, octets: Option<u32>) -> Line {
        let socket = match target {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        };
        let socket = socket.unwrap();
        if let Some(octets) = octets {
            socket.set_recv_buffer_size(octets).unwrap();
        }
        let stream = timeout(PATIENCE, socket.connect(target)).await;
        Line {
            stream: stream.expect("a connection").unwrap(),
            heard: Vec::new(),
        }
    }

    pub(super) fn local(&self) -> SocketAddr {
        self.stream.local_addr().unwrap()
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// When the other side has closed.
    pub(super) async fn write(&self, mut octets: &[u8]) -> io::Result<()> {
        let written = async {
            while !octets.is_empty() {
                self.stream.writable().await?;
                match self.stream.try_write(octets) {
                    Ok(count) => octets = &octets[count..],
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        };
        timeout(PATIENCE, written).await.expect("room to write")
    }

    /// Reads what there is; false when the other side has closed.
    async fn read(&mut self) -> bool {
        let mut buffer = [0; 4096];
        loop {
            if self.stream.readable().await.is_err() {
                return false;
            }
            match self.stream.try_read(&mut buffer) {
                Ok(0) => return false,
                Ok(count) => {
                    self.heard.extend_from_slice(&buffer[..count]);
                    return true;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return false,
            }
        }
    }

    /// Reads until the other side closes.
    pub(super) async fn read_to_end(&mut self) -> String {
        let all = async { while self.read().await {} };
        timeout(PATIENCE, all).await.expect("the end of the stream");
        String::from_utf8_lossy(&self.heard).into_owned()
    }

    /// Reads until `wanted` has been heard, or the other side closes.
    pub(super) async fn read_until(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        let enough = async {
            loop {
                let text = String::from_utf8_lossy(&self.heard).into_owned();
                if wanted(&text) || !self.read().await {
                    return text;
                }
            }
        };
        timeout(PATIENCE, enough).await.expect("an answer")
    }
}

/// Keeps what passed the wire of one coordinator.
#[derive(Default)]
pub(super) struct Tap {
    seen: Mutex<Vec<(Direction, SocketAddr, String)>>,
    more: Notify,
}

impl WireTap for Tap {
    fn message(&self, record: &WireRecord<'_>) {
        let text = String::from_utf8_lossy(record.octets).into_owned();
        let mut seen = self.seen.lock().unwrap();
        seen.push((record.direction, record.remote, text));
        drop(seen);
        self.more.notify_waiters();
    }
}

impl Tap {
    pub(super) fn forget(&self) {
        self.seen.lock().unwrap().clear();
    }

    fn find(&self, direction: Direction, wanted: &impl Fn(&str) -> bool) -> Option<String> {
        let seen = self.seen.lock().unwrap();
        let mut messages = seen.iter().filter(|(way, ..)| *way == direction);
        messages
            .find(|(.., text)| wanted(text))
            .map(|(.., text)| text.clone())
    }

    /// What was received.
    pub(super) fn received(&self, wanted: impl Fn(&str) -> bool) -> Option<String> {
        self.find(Direction::In, &wanted)
    }

    /// What was sent.
    pub(super) fn sent(&self, wanted: impl Fn(&str) -> bool) -> Option<String> {
        self.find(Direction::Out, &wanted)
    }

    /// Waits for something to be sent.
    pub(super) async fn wait_sent(&self, wanted: impl Fn(&str) -> bool) -> String {
        let found = async {
            loop {
                let more = self.more.notified();
                tokio::pin!(more);
                more.as_mut().enable();
                if let Some(text) = self.sent(&wanted) {
                    return text;
                }
                more.await;
            }
        };
        timeout(PATIENCE, found).await.expect("such a message")
    }

    /// The statuses of the final answers that were sent.
    pub(super) fn statuses(&self) -> HashSet<u16> {
        let seen = self.seen.lock().unwrap();
        let sent = seen.iter().filter(|(way, ..)| *way == Direction::Out);
        sent.filter_map(|(.., text)| status(text)).collect()
    }
}
