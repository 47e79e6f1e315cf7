//! The least that relays RTP: sessions on a media worker, and nothing of media-core.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Instant, SystemTime};

use rvoip_rtp_core::driver::{MediaWorker, WorkerConfig, bind_pair};
use rvoip_rtp_core::{
    Channel, Connect, DEFAULT_PORT_RANGE, MediaCore, PortKey, PortPool, RemoteAddress, RtpSession,
    RtpSessionConfig, Transmit, WallClock,
};

use super::load::FRAME;
use super::{LOCALHOST, Measured, Outcome, thread_time};

/// Two sessions whose packets go to each other's peers.
struct Leg {
    session: RtpSession,
    port: PortKey,
    connected: Option<SocketAddr>,
}

/// The least that relays: leg `n` is bridged with leg `n ^ 1`.
#[derive(Default)]
struct Relay {
    legs: Vec<Leg>,
    out: Vec<u8>,
    ready: Option<(PortKey, Channel, SocketAddr)>,
    connects: Vec<Connect>,
    look_at: Option<Instant>,
}

impl MediaCore for Relay {
    type Command = (PortKey, SocketAddr);
    type Event = ();
    type PortState = ();

    fn handle_command(&mut self, now: Instant, (port, peer): (PortKey, SocketAddr)) {
        let config = RtpSessionConfig::new(8000, "relay", WallClock::new(now, SystemTime::now()));
        let mut session = RtpSession::new(now, config, port.0);
        let rtcp = SocketAddr::new(peer.ip(), peer.port() ^ 1);
        session.set_remote(
            now,
            Some(RemoteAddress {
                rtp: peer,
                rtcp: Some(rtcp),
            }),
        );
        self.legs.push(Leg {
            session,
            port,
            connected: None,
        });
        self.look_at = Some(now + FRAME);
    }

    fn handle_packet(
        &mut self,
        now: Instant,
        port: PortKey,
        channel: Channel,
        source: SocketAddr,
        payload: &mut [u8],
    ) {
        let index = port.0 as usize;
        let Some(leg) = self.legs.get_mut(index).filter(|_| channel == Channel::Rtp) else {
            return;
        };
        let Ok(received) = leg.session.handle_rtp(now, source, payload) else {
            return;
        };
        let Some(other) = self.legs.get_mut(index ^ 1) else {
            return;
        };
        let payload_type = received.packet.header().payload_type;
        self.out.clear();
        if other
            .session
            .forward(now, &received, payload_type, &mut self.out)
        {
            let destination = other.session.destination();
            self.ready = destination.map(|to| (other.port, Channel::Rtp, to));
        }
    }

    fn handle_port_failed(&mut self, _: Instant, port: PortKey, error: ErrorKind) {
        eprintln!("{port:?}: {error}");
    }

    fn give_up_port(&mut self, _: Instant, _: PortKey) -> Option<()> {
        None
    }

    fn take_over_port(&mut self, _: Instant, _: PortKey, (): ()) {}

    fn end_port(&mut self, _: Instant, _: PortKey) {}

    fn handle_timeout(&mut self, now: Instant) {
        for leg in &mut self.legs {
            let peer = leg.session.connectable(now);
            if peer != leg.connected {
                leg.connected = peer;
                self.connects.push(Connect {
                    port: leg.port,
                    peer,
                });
            }
        }
        self.look_at = Some(now + FRAME);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.look_at
    }

    fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        let (port, channel, destination) = self.ready.take()?;
        Some(Transmit {
            port,
            channel,
            destination,
            payload: &self.out,
        })
    }

    fn poll_connect(&mut self) -> Option<Connect> {
        self.connects.pop()
    }

    fn poll_closed_port(&mut self) -> Option<PortKey> {
        None
    }

    fn poll_event(&mut self) -> Option<()> {
        None
    }
}

/// [`Relay`] alone.
pub fn minimal(parties: usize) -> Outcome<Measured> {
    let mut pool = PortPool::new(DEFAULT_PORT_RANGE)?;
    let config = WorkerConfig {
        name: "relay".to_owned(),
        ..WorkerConfig::default()
    };
    let worker = MediaWorker::spawn(Relay::default(), |()| {}, config)?;
    let mut ports = Vec::new();
    for key in 0..parties as u64 {
        let (pair, (rtp, rtcp)) =
            pool.allocate(Instant::now(), |pair| bind_pair(LOCALHOST, pair))?;
        worker.add_port(PortKey(key), rtp, rtcp)?;
        ports.push(SocketAddr::new(LOCALHOST, pair.rtp()));
    }
    let handle = worker.clone();
    Ok(Measured {
        time: Box::new(|| thread_time("relay")),
        ports,
        introduce: Box::new(move |key, party| Ok(worker.command((PortKey(key as u64), party))?)),
        missed: Box::new(move || handle.statistics().deadlines_missed),
    })
}
