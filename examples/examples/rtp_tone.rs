//! Sends a tone as RTP, on rtp-core alone: no SIP, no SDP, no codec but the few lines here.
//!
//! ```text
//! cargo run --example rtp_tone -- 127.0.0.1:4000 --hz 440 --seconds 5
//! ```
//!
//! Listen with `ffplay -protocol_whitelist file,udp,rtp` and an SDP file, or look at it with tshark. Without an address it
//! sends to a second session of its own and prints what that one heard.
//!
//! Ends by itself with exit code 0 when everything it shows is right.

use std::collections::VecDeque;
use std::error::Error;
use std::f64::consts::TAU;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant, SystemTime};

use clap::Parser;
use rand::rngs::StdRng;
use rand::{Rng, make_rng};
use rvoip_rtp_core::driver::{MediaWorker, WorkerConfig, bind_pair};
use rvoip_rtp_core::{
    Channel, DEFAULT_PORT_RANGE, Frame, FrameClock, MediaCore, PayloadType, PortKey, PortPool,
    RemoteAddress, RtpSession, RtpSessionConfig, RtpStatistics, Transmit, WallClock,
};

const RATE_HZ: u32 = 8000;
const FRAME_TICKS: u32 = 160;

#[derive(Parser)]
struct Arguments {
    /// Where to send RTP; RTCP goes to the port above.
    destination: Option<SocketAddr>,
    /// Frequency of the tone.
    #[arg(long, default_value_t = 440.0)]
    hz: f64,
    /// How long to send.
    #[arg(long, default_value_t = 2)]
    seconds: u32,
}

/// The largest magnitude of each mu-law segment, with the bias of 33 added (G.711, 14-bit samples).
const SEGMENT_ENDS: [i32; 8] = [0x3f, 0x7f, 0xff, 0x1ff, 0x3ff, 0x7ff, 0xfff, 0x1fff];

fn mu_law(sample: i16) -> u8 {
    let (sign, magnitude) = if sample < 0 {
        (0x7f, !i32::from(sample) >> 2)
    } else {
        (0xff, i32::from(sample) >> 2)
    };
    let biased = (magnitude + 33).min(0x1fff);
    let segment = SEGMENT_ENDS.iter().take_while(|end| biased > **end).count() as i32;
    let step = biased >> (segment + 1) & 0x0f;
    sign ^ (segment << 4 | step) as u8
}

/// One stream: a session, a clock, a phase.
struct Stream {
    port: PortKey,
    session: RtpSession,
    clock: Option<FrameClock>,
    frames_left: u32,
    phase: f64,
    step: f64,
}

impl Stream {
    fn next_payload(&mut self) -> [u8; FRAME_TICKS as usize] {
        std::array::from_fn(|_| {
            self.phase = (self.phase + self.step) % 1.0;
            mu_law((f64::sin(self.phase * TAU) * 8000.0) as i16)
        })
    }
}

enum Command {
    Start(Box<Stream>),
    End(PortKey),
}

enum Event {
    Sent(PortKey),
    Ended(RtpStatistics),
}

#[derive(Default)]
struct ToneSender {
    streams: Vec<Stream>,
    transmits: VecDeque<(PortKey, Channel, SocketAddr, Vec<u8>)>,
    current: Vec<u8>,
    closed: VecDeque<PortKey>,
    events: VecDeque<Event>,
}

impl ToneSender {
    fn stream(&mut self, port: PortKey) -> Option<&mut Stream> {
        self.streams.iter_mut().find(|stream| stream.port == port)
    }
}

impl MediaCore for ToneSender {
    type Command = Command;
    type Event = Event;

    fn handle_command(&mut self, now: Instant, command: Command) {
        match command {
            Command::Start(stream) => self.streams.push(*stream),
            Command::End(port) => {
                let Some(index) = self.streams.iter().position(|stream| stream.port == port) else {
                    return;
                };
                let mut stream = self.streams.swap_remove(index);
                let mut out = Vec::new();
                if let Some(destination) = stream.session.bye(now, "tone over", &mut out) {
                    self.transmits
                        .push_back((port, Channel::Rtcp, destination, out));
                }
                self.closed.push_back(port);
                self.events
                    .push_back(Event::Ended(stream.session.statistics()));
            }
        }
    }

    fn handle_packet(
        &mut self,
        now: Instant,
        port: PortKey,
        channel: Channel,
        source: SocketAddr,
        payload: &[u8],
    ) {
        let Some(stream) = self.stream(port) else {
            return;
        };
        // What is dropped is in the statistics.
        let _ = match channel {
            Channel::Rtp => stream.session.handle_rtp(now, source, payload).map(drop),
            Channel::Rtcp => stream.session.handle_rtcp(now, source, payload).map(drop),
        };
    }

    fn handle_port_failed(&mut self, _: Instant, port: PortKey, error: io::ErrorKind) {
        eprintln!("port {port:?}: {error}");
    }

    fn handle_timeout(&mut self, now: Instant) {
        for stream in &mut self.streams {
            if let Some(tick) = stream.clock.as_mut().map(|clock| clock.advance(now)) {
                stream.session.advance(tick.skipped as u32 * FRAME_TICKS);
                for _ in 0..tick.due.min(stream.frames_left) {
                    let payload = stream.next_payload();
                    let frame = Frame {
                        payload_type: PayloadType::PCMU,
                        payload: &payload,
                        ticks: FRAME_TICKS,
                        marker: false,
                    };
                    let mut out = Vec::new();
                    stream.session.next_packet(now, &frame, &mut out);
                    if let Some(remote) = stream.session.remote() {
                        self.transmits
                            .push_back((stream.port, Channel::Rtp, remote.rtp, out));
                    }
                    stream.frames_left -= 1;
                }
                if stream.frames_left == 0 {
                    stream.clock = None;
                    self.events.push_back(Event::Sent(stream.port));
                }
            }
            let mut out = Vec::new();
            while let Some(destination) = stream.session.poll_rtcp(now, &mut out) {
                self.transmits.push_back((
                    stream.port,
                    Channel::Rtcp,
                    destination,
                    std::mem::take(&mut out),
                ));
            }
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let frames = self
            .streams
            .iter()
            .filter_map(|stream| stream.clock.as_ref())
            .map(FrameClock::deadline);
        let reports = self
            .streams
            .iter()
            .filter_map(|stream| stream.session.poll_timeout());
        frames.chain(reports).min()
    }

    fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        let (port, channel, destination, payload) = self.transmits.pop_front()?;
        self.current = payload;
        Some(Transmit {
            port,
            channel,
            destination,
            payload: &self.current,
        })
    }

    fn poll_closed_port(&mut self) -> Option<PortKey> {
        self.closed.pop_front()
    }

    fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}

fn stream(port: PortKey, remote: SocketAddr, hz: f64, frames: u32) -> Box<Stream> {
    let now = Instant::now();
    let cname = format!("rtp_tone-{}@localhost", port.0);
    let config = RtpSessionConfig::new(RATE_HZ, cname, WallClock::new(now, SystemTime::now()));
    let mut session = RtpSession::new(now, config, make_rng::<StdRng>().next_u64());
    let rtcp = SocketAddr::new(remote.ip(), remote.port().saturating_add(1));
    session.set_remote(
        now,
        Some(RemoteAddress {
            rtp: remote,
            rtcp: Some(rtcp),
        }),
    );
    let clock = (frames > 0).then(|| FrameClock::new(now, FrameClock::INTERVAL));
    Box::new(Stream {
        port,
        session,
        clock,
        frames_left: frames,
        phase: 0.0,
        step: hz / f64::from(RATE_HZ),
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let frames = arguments.seconds * 50;
    let (sender, events) = channel();
    let sink = move |event| drop(sender.send(event));
    let worker = MediaWorker::spawn(ToneSender::default(), sink, WorkerConfig::default())?;

    let mut pool = PortPool::new(DEFAULT_PORT_RANGE)?;
    let ip = match arguments.destination {
        Some(SocketAddr::V4(_)) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        Some(SocketAddr::V6(_)) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        None => IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    let (pair, (rtp, rtcp)) = pool.allocate(Instant::now(), |pair| bind_pair(ip, pair))?;
    worker.add_port(PortKey(0), rtp, rtcp)?;
    let destination = match arguments.destination {
        Some(destination) => destination,
        None => {
            let (listener, (rtp, rtcp)) =
                pool.allocate(Instant::now(), |pair| bind_pair(ip, pair))?;
            worker.add_port(PortKey(1), rtp, rtcp)?;
            worker.command(Command::Start(stream(
                PortKey(1),
                SocketAddr::new(ip, pair.rtp()),
                0.0,
                0,
            )))?;
            SocketAddr::new(ip, listener.rtp())
        }
    };
    println!(
        "{} Hz for {} s from port {} to {destination}",
        arguments.hz,
        arguments.seconds,
        pair.rtp()
    );
    worker.command(Command::Start(stream(
        PortKey(0),
        destination,
        arguments.hz,
        frames,
    )))?;

    let patience = Duration::from_secs(u64::from(arguments.seconds) + 10);
    let Event::Sent(PortKey(0)) = events.recv_timeout(patience)? else {
        return Err("the stream broke off".into());
    };
    worker.command(Command::End(PortKey(0)))?;
    let Event::Ended(sent) = events.recv_timeout(patience)? else {
        return Err("the stream did not end".into());
    };
    println!(
        "sent {} packets, {} octets of payload",
        sent.packets_sent, sent.octets_sent
    );
    let mut complete = sent.packets_sent == u64::from(frames);
    if arguments.destination.is_none() {
        worker.command(Command::End(PortKey(1)))?;
        let Event::Ended(heard) = events.recv_timeout(patience)? else {
            return Err("nobody listened".into());
        };
        let loss = heard.packet_loss_percent();
        println!(
            "heard {} packets, {loss:.1} % lost, jitter {:?}",
            heard.packets_received, heard.jitter
        );
        complete &= heard.packets_received == sent.packets_sent;
    }
    worker.stop();
    if complete {
        Ok(())
    } else {
        Err("not every packet was sent and heard".into())
    }
}
