//! A peer written by hand: SIP, RTP and RTCP sockets, and no stack behind them.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};

use rvoip_session_core::media_core::{Codec, Decoder, Encoder, FRAME_SAMPLES};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::scene::PATIENCE;
use super::tone;
use super::wire::{header, parameter, status};

const SSRC: u32 = 0x5eed_0001;

static CALLS: AtomicU32 = AtomicU32::new(1);

pub(super) struct Peer {
    sip: UdpSocket,
    pub(super) rtp: UdpSocket,
    pub(super) rtcp: UdpSocket,
    remote: Option<SocketAddr>,
    frames: usize,
}

impl Peer {
    pub(super) async fn new(ip: IpAddr) -> Peer {
        let (rtp, rtcp) = loop {
            let rtp = UdpSocket::bind((ip, 0)).await.unwrap();
            let port = rtp.local_addr().unwrap().port();
            let Some(next) = port.checked_add(1).filter(|_| port % 2 == 0) else {
                continue;
            };
            if let Ok(rtcp) = UdpSocket::bind((ip, next)).await {
                break (rtp, rtcp);
            }
        };
        Peer {
            sip: UdpSocket::bind((ip, 0)).await.unwrap(),
            rtp,
            rtcp,
            remote: None,
            frames: 0,
        }
    }

    pub(super) fn local(&self) -> SocketAddr {
        self.sip.local_addr().unwrap()
    }

    pub(super) fn description(&self) -> String {
        let rtp = self.rtp.local_addr().unwrap();
        let family = if rtp.is_ipv6() { "IP6" } else { "IP4" };
        let (host, port) = (rtp.ip(), rtp.port());
        format!(
            "v=0\r\no=peer 1 1 IN {family} {host}\r\ns=-\r\nc=IN {family} {host}\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP 0\r\na=sendrecv\r\n"
        )
    }

    /// The next message, whatever it is.
    pub(super) async fn any(&mut self) -> String {
        self.receive().await
    }

    async fn receive(&mut self) -> String {
        let mut buffer = vec![0; 65_536];
        let received = timeout(PATIENCE, self.sip.recv_from(&mut buffer)).await;
        let (length, source) = received.expect("a message").unwrap();
        self.remote = Some(source);
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    async fn send(&self, message: &str) {
        let remote = self.remote.expect("somebody to talk to");
        self.sip.send_to(message.as_bytes(), remote).await.unwrap();
    }

    pub(super) async fn send_octets(&self, octets: &[u8]) {
        let remote = self.remote.expect("somebody to talk to");
        // What the kernel refuses to send is not our concern.
        let _ = self.sip.send_to(octets, remote).await;
    }

    /// Sends an INVITE and returns it.
    pub(super) async fn invite(&mut self, target: SocketAddr, user: &str) -> String {
        let body = self.description();
        self.invite_with(target, user, &body).await
    }

    pub(super) async fn invite_with(
        &mut self,
        target: SocketAddr,
        user: &str,
        body: &str,
    ) -> String {
        self.remote = Some(target);
        // Ports are used again: what lingers of an earlier peer must not be met.
        let number = CALLS.fetch_add(1, Ordering::Relaxed);
        let local = self.local();
        let invite = format!(
            "INVITE sip:{user}@{target} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {local};rport;branch=z9hG4bK-peer-{port}-{number}\r\n\
             Max-Forwards: 70\r\n\
             From: <sip:peer@{local}>;tag=p{number}\r\nTo: <sip:{user}@{target}>\r\n\
             Call-ID: {number}@{local}\r\nCSeq: 1 INVITE\r\nContact: <sip:peer@{local}>\r\n\
             Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{body}",
            port = local.port(),
            length = body.len(),
        );
        self.send(&invite).await;
        invite
    }

    /// Acknowledges the final answer to an INVITE of ours.
    pub(super) async fn acknowledge(&self, invite: &str, answer: &str) {
        let ack = self.follow_up("ACK", 1, invite, answer);
        self.send(&ack).await;
    }

    /// Hangs up a call of ours.
    pub(super) async fn hang_up(&mut self, invite: &str, answer: &str) {
        let bye = self.follow_up("BYE", 2, invite, answer);
        self.send(&bye).await;
        self.response("BYE", 200).await;
    }

    fn follow_up(&self, method: &str, cseq: u32, invite: &str, answer: &str) -> String {
        let uri = invite.split(' ').nth(1).unwrap();
        let part = |name| header(answer, name).unwrap();
        let via = header(invite, "Via").unwrap();
        // That of a non-2xx is a hop's: it has the branch of the INVITE.
        let via = match status(answer) {
            Some(200) => format!("{via}-{method}"),
            _ => via.to_owned(),
        };
        format!(
            "{method} {uri} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\n\
             Call-ID: {}\r\nCSeq: {cseq} {method}\r\nContent-Length: 0\r\n\r\n",
            part("From"),
            part("To"),
            part("Call-ID"),
        )
    }

    /// Waits for the final answer to a request of ours.
    pub(super) async fn final_response(&mut self, method: &str) -> String {
        loop {
            let message = self.receive().await;
            let cseq = header(&message, "CSeq").unwrap_or_default();
            if cseq.ends_with(method) && status(&message).is_some_and(|code| code >= 200) {
                return message;
            }
        }
    }

    /// Waits for this answer to a request of ours.
    pub(super) async fn response(&mut self, method: &str, code: u16) -> String {
        loop {
            let message = self.receive().await;
            let cseq = header(&message, "CSeq").unwrap_or_default().to_owned();
            match status(&message) {
                Some(found) if cseq.ends_with(method) && found >= 180 => {
                    if found == code {
                        return message;
                    }
                    assert!(found < 200, "{message}");
                }
                _ => {}
            }
        }
    }

    /// Waits for a request.
    pub(super) async fn request(&mut self, method: &str) -> String {
        loop {
            let message = self.receive().await;
            if message.starts_with(method) {
                return message;
            }
        }
    }

    pub(super) async fn respond(&self, request: &str, code: u16, body: &str) {
        self.send(&self.response_text(request, code, body)).await;
    }

    pub(super) fn response_text(&self, request: &str, code: u16, body: &str) -> String {
        let part = |name| header(request, name).unwrap();
        let to = match parameter(part("To"), "tag") {
            Some(_) => part("To").to_owned(),
            None => format!("{};tag=peer", part("To")),
        };
        let content = match body {
            "" => "",
            _ => "Content-Type: application/sdp\r\n",
        };
        format!(
            "SIP/2.0 {code} Answer\r\nVia: {}\r\nFrom: {}\r\nTo: {to}\r\nCall-ID: {}\r\nCSeq: {}\r\n\
             Contact: <sip:peer@{}>\r\n{content}Content-Length: {}\r\n\r\n{body}",
            part("Via"),
            part("From"),
            part("Call-ID"),
            part("CSeq"),
            self.local(),
            body.len()
        )
    }

    /// Sends the next frame of a tone.
    pub(super) async fn play(&mut self, frequency_hz: f64, remote: SocketAddr) {
        let start = self.frames * FRAME_SAMPLES;
        let mut payload = Vec::new();
        Encoder::new(Codec::Pcmu).encode(
            &tone::samples(frequency_hz, start, FRAME_SAMPLES),
            &mut payload,
        );
        let packet = rtp_packet(0, self.frames as u16, start as u32, SSRC, &payload);
        self.frames += 1;
        self.rtp.send_to(&packet, remote).await.unwrap();
    }

    pub(super) fn frames(&self) -> usize {
        self.frames
    }

    /// The next RTP packet of the other party, as samples.
    pub(super) async fn listen(&self) -> Vec<i16> {
        let mut buffer = vec![0; 2048];
        let received = timeout(PATIENCE, self.rtp.recv_from(&mut buffer)).await;
        let (length, _) = received.expect("a packet").unwrap();
        let mut samples = Vec::new();
        Decoder::new(Codec::Pcmu).decode(&buffer[12.min(length)..length], &mut samples);
        samples
    }

    pub(super) fn ssrc(&self) -> u32 {
        SSRC
    }
}

pub(super) fn rtp_packet(
    payload_type: u8,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    payload: &[u8],
) -> Vec<u8> {
    let mut packet = vec![0x80, payload_type];
    packet.extend(sequence.to_be_bytes());
    packet.extend(timestamp.to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend(payload);
    packet
}

/// The port of the audio in a message's description.
pub(super) fn audio_port(message: &str) -> u16 {
    let line = message.split("m=audio ").nth(1).expect("audio");
    line.split(' ').next().unwrap().parse().expect("a port")
}
