//! The load: parties of calls that each send a packet every 20 ms, evenly spread, and say in it when it was sent.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use rvoip_rtp_core::{PayloadType, RtpHeader, Ssrc};

use super::LOCALHOST;

pub const FRAME: Duration = Duration::from_millis(20);
/// Packets sent before those that came back have their turn.
const MOST_AT_ONCE: usize = 16;

/// One of the two in a call.
pub struct Party {
    pub socket: UdpSocket,
    header: RtpHeader,
    pub due: Instant,
}

/// What came back.
#[derive(Default)]
pub struct Tally {
    pub sent: u64,
    pub delays_ns: Vec<u32>,
}

/// All parties, sending and receiving in one thread that never sleeps.
pub struct Load {
    pub parties: Vec<Party>,
    poll: Poll,
    origin: Instant,
    next: usize,
    /// What every packet says, but for its time.
    sound: [u8; 160],
    pub tally: Tally,
}

impl Load {
    /// So many parties, with an address each.
    pub fn new(parties: usize, sound: [u8; 160]) -> io::Result<Load> {
        let poll = Poll::new()?;
        let origin = Instant::now();
        let party = |n: usize| {
            let mut socket = UdpSocket::bind((LOCALHOST, 0).into())?;
            poll.registry()
                .register(&mut socket, Token(n), Interest::READABLE)?;
            let header = RtpHeader {
                marker: false,
                payload_type: PayloadType::PCMU,
                sequence: n as u16,
                timestamp: n as u32,
                ssrc: Ssrc(n as u32 + 1),
            };
            Ok(Party {
                socket,
                header,
                due: origin,
            })
        };
        Ok(Load {
            parties: (0..parties).map(party).collect::<io::Result<_>>()?,
            poll,
            origin,
            next: 0,
            sound,
            tally: Tally::default(),
        })
    }

    /// Where the parties are.
    pub fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        let parties = self.parties.iter();
        parties.map(|party| party.socket.local_addr()).collect()
    }

    /// Lets each party send to its port, from now on.
    pub fn connect(&mut self, ports: &[SocketAddr]) -> io::Result<()> {
        let now = Instant::now();
        for (n, (party, port)) in self.parties.iter_mut().zip(ports).enumerate() {
            party.socket.connect(*port)?;
            party.due = now + FRAME * n as u32 / ports.len() as u32;
        }
        Ok(())
    }

    /// Sends for so long and takes what comes back.
    pub fn run(&mut self, time: Duration) -> io::Result<()> {
        let end = Instant::now() + time;
        let mut events = Events::with_capacity(1024);
        let mut datagram = Vec::with_capacity(172);
        loop {
            let mut now = Instant::now();
            if now >= end {
                return Ok(());
            }
            for _ in 0..MOST_AT_ONCE {
                let party = &mut self.parties[self.next];
                if party.due > now {
                    break;
                }
                let stamp = (now - self.origin).as_nanos() as u64;
                let mut payload = self.sound;
                payload[..8].copy_from_slice(&stamp.to_be_bytes());
                datagram.clear();
                party.header.write_packet(&payload, &mut datagram);
                party.header.sequence = party.header.sequence.wrapping_add(1);
                party.header.timestamp = party.header.timestamp.wrapping_add(160);
                // What a busy machine keeps the load from sending in time is not sent later.
                party.due = (party.due + FRAME).max(now);
                self.tally.sent += u64::from(party.socket.send(&datagram).is_ok());
                self.next = (self.next + 1) % self.parties.len();
                now = Instant::now();
            }
            self.receive(&mut events)?;
        }
    }

    fn receive(&mut self, events: &mut Events) -> io::Result<()> {
        self.poll.poll(events, Some(Duration::ZERO))?;
        let mut buffer = [0; 2048];
        for event in events.iter() {
            let party = &self.parties[event.token().0];
            while let Ok(octets) = party.socket.recv(&mut buffer) {
                let stamp = buffer[12..octets]
                    .first_chunk()
                    .map(|stamp| u64::from_be_bytes(*stamp));
                let delay = self.origin.elapsed().as_nanos() as u64 - stamp.unwrap_or(0);
                self.tally
                    .delays_ns
                    .push(u32::try_from(delay).unwrap_or(u32::MAX));
            }
        }
        Ok(())
    }
}
