//! A peer that says exactly what it is told to, and repeats nothing by itself.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use crate::Outcome;

/// How long a message of ours may take to arrive.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long to sleep before a connection is looked for again.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// An offer, and an answer to it.
const DESCRIPTION: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
     m=audio 40000 RTP/AVP 0\r\na=sendrecv\r\n";

enum Wire {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

/// A place on loopback that our client is to call.
pub(super) struct Place {
    udp: UdpSocket,
    tcp: TcpListener,
}

impl Place {
    pub(super) fn new() -> Outcome<Place> {
        let tcp = TcpListener::bind(("127.0.0.1", 0))?;
        tcp.set_nonblocking(true)?;
        Ok(Place {
            udp: UdpSocket::bind(tcp.local_addr()?)?,
            tcp,
        })
    }

    pub(super) fn port(&self) -> Outcome<u16> {
        Ok(self.tcp.local_addr()?.port())
    }

    /// Waits for the first request and takes part in what follows it.
    pub(super) fn called(self, transport: &'static str) -> Outcome<(Peer, String)> {
        let local = self.udp.local_addr()?;
        if transport == "udp" {
            self.udp.set_read_timeout(Some(PATIENCE))?;
            let mut octets = [0; 4096];
            let (length, from) = self.udp.recv_from(&mut octets)?;
            self.udp.connect(from)?;
            let request = String::from_utf8_lossy(&octets[..length]).into_owned();
            return Ok((
                Peer {
                    wire: Wire::Udp(self.udp),
                    local,
                    transport,
                },
                request,
            ));
        }
        let deadline = Instant::now() + PATIENCE;
        let stream = loop {
            match self.tcp.accept() {
                Ok((stream, _)) => break stream,
                Err(error)
                    if error.kind() == ErrorKind::WouldBlock && Instant::now() < deadline =>
                {
                    std::thread::sleep(LOOK_AGAIN);
                }
                Err(error) => return Err(error.into()),
            }
        };
        stream.set_nonblocking(false)?;
        let mut peer = Peer::over(Wire::Tcp(stream), local, transport)?;
        let request = peer.receive()?;
        Ok((peer, request))
    }
}

/// One socket, with one correspondent.
pub(super) struct Peer {
    wire: Wire,
    local: SocketAddr,
    transport: &'static str,
}

impl Peer {
    /// A peer that is about to ask this server.
    pub(super) fn asking(server: SocketAddr, transport: &'static str) -> Outcome<Peer> {
        let (wire, local) = if transport == "udp" {
            let socket = UdpSocket::bind(("127.0.0.1", 0))?;
            socket.connect(server)?;
            let local = socket.local_addr()?;
            (Wire::Udp(socket), local)
        } else {
            let stream = TcpStream::connect(server)?;
            let local = stream.local_addr()?;
            (Wire::Tcp(stream), local)
        };
        Peer::over(wire, local, transport)
    }

    fn over(wire: Wire, local: SocketAddr, transport: &'static str) -> Outcome<Peer> {
        match &wire {
            Wire::Udp(socket) => socket.set_read_timeout(Some(PATIENCE))?,
            Wire::Tcp(stream) => stream.set_read_timeout(Some(PATIENCE))?,
        }
        Ok(Peer {
            wire,
            local,
            transport,
        })
    }

    pub(super) fn port(&self) -> u16 {
        self.local.port()
    }

    pub(super) fn send(&mut self, message: &str) -> Outcome {
        match &mut self.wire {
            Wire::Udp(socket) => socket.send(message.as_bytes()).map(drop)?,
            Wire::Tcp(stream) => stream.write_all(message.as_bytes())?,
        }
        Ok(())
    }

    /// The next message; ours are short, and one write each.
    pub(super) fn receive(&mut self) -> Outcome<String> {
        let mut octets = [0; 4096];
        let length = match &mut self.wire {
            Wire::Udp(socket) => socket.recv(&mut octets)?,
            Wire::Tcp(stream) => stream.read(&mut octets)?,
        };
        Ok(String::from_utf8_lossy(&octets[..length]).into_owned())
    }

    /// The next message that begins with these words.
    pub(super) fn await_message(&mut self, beginning: &str) -> Outcome<String> {
        let deadline = Instant::now() + PATIENCE * 2;
        while Instant::now() < deadline {
            let message = self.receive()?;
            if message.starts_with(beginning) {
                return Ok(message);
            }
            if message.is_empty() {
                break;
            }
        }
        Err(format!("no {beginning}").into())
    }

    /// A request of this peer; `to` is the To line's value.
    pub(super) fn request(&self, method: &str, to: &str, branch: &str) -> String {
        let (local, transport) = (self.local, self.transport);
        let (kind, port) = (transport.to_uppercase(), self.port());
        let number = format!("Call-ID: {port}@peer\r\nCSeq: 1 {method}\r\nMax-Forwards: 70\r\n");
        let body = if method == "INVITE" { DESCRIPTION } else { "" };
        format!(
            "{method} sip:service@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/{kind} {local};branch=z9hG4bK{port}{branch};rport\r\n\
             From: <sip:peer@{local}>;tag=peer\r\nTo: {to}\r\n{number}\
             Contact: <sip:peer@{local};transport={transport}>\r\n{}",
            content(body)
        )
    }

    /// An answer of 200 to a request of ours.
    pub(super) fn answer(&self, request: &str) -> String {
        let kept = ["Via:", "From:", "Call-ID:", "CSeq:"];
        let lines = request.lines().take_while(|line| !line.is_empty());
        let copied: String = lines
            .filter(|line| kept.iter().any(|name| line.starts_with(name)))
            .map(|line| format!("{line}\r\n"))
            .collect();
        let tag = if value(request, "To").contains("tag=") {
            ""
        } else {
            ";tag=peer"
        };
        let body = if request.starts_with("INVITE") {
            DESCRIPTION
        } else {
            ""
        };
        format!(
            "SIP/2.0 200 OK\r\n{copied}To: {}{tag}\r\nContact: <sip:peer@{};transport={}>\r\n{}",
            value(request, "To"),
            self.local,
            self.transport,
            content(body)
        )
    }
}

/// The value of a header line.
pub(super) fn value<'a>(message: &'a str, name: &str) -> &'a str {
    let mut lines = message.lines().filter_map(|line| line.split_once(':'));
    let found = lines.find(|(found, _)| *found == name);
    found.map_or("", |(_, value)| value.trim())
}

fn content(body: &str) -> String {
    let kind = if body.is_empty() {
        ""
    } else {
        "Content-Type: application/sdp\r\n"
    };
    format!("{kind}Content-Length: {}\r\n\r\n{body}", body.len())
}
