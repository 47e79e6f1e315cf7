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
    RemoteAddress, RtpError, RtpSession, RtpSessionConfig, RtpStatistics, Transmit, WallClock,
};

const RATE_HZ: u32 = 8000;
const FRAME_TICKS: u32 = 160;
const SENDER: PortKey = PortKey(0);
const LISTENER: PortKey = PortKey(1);

#[derive(Parser)]
struct Arguments {
    /// Where to send RTP; RTCP goes to the port above.
    destination: Option<SocketAddr>,
    /// Frequency of the tone.
    #[arg(long, default_value_t = 440.0)]
    hz: f64,
    /// How long to send.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
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
    /// How many packets make it say [`Event::Heard`].
    frames_to_hear: u64,
    phase: f64,
    step: f64,
}

enum Command {
    Start(Box<Stream>),
    End(PortKey),
}

enum Event {
    Sent,
    Heard,
    Ended(Box<RtpStatistics>),
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
    type PortState = ();

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
                    .push_back(Event::Ended(Box::new(stream.session.statistics())));
            }
        }
    }

    fn handle_packet(
        &mut self,
        now: Instant,
        port: PortKey,
        channel: Channel,
        source: SocketAddr,
        payload: &mut [u8],
    ) {
        let Some(stream) = self.stream(port) else {
            return;
        };
        // What is dropped is in the statistics.
        let heard = match channel {
            Channel::Rtp => stream.session.handle_rtp(now, source, payload).is_ok(),
            Channel::Rtcp => {
                let _ = stream.session.handle_rtcp(now, source, payload);
                false
            }
        };
        if heard && stream.session.statistics().packets_received == stream.frames_to_hear {
            self.events.push_back(Event::Heard);
        }
    }

    fn handle_port_failed(&mut self, _: Instant, port: PortKey, error: io::ErrorKind) {
        eprintln!("port {port:?}: {error}");
    }

    fn give_up_port(&mut self, _: Instant, _: PortKey) -> Option<()> {
        None
    }

    fn take_over_port(&mut self, _: Instant, _: PortKey, (): ()) {}

    fn end_port(&mut self, _: Instant, _: PortKey) {}

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
                    if let Some(destination) = stream.session.destination() {
                        self.transmits
                            .push_back((stream.port, Channel::Rtp, destination, out));
                    }
                    stream.frames_left -= 1;
                }
                if stream.frames_left == 0 {
                    stream.clock = None;
                    self.events.push_back(Event::Sent);
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

impl Stream {
    /// A stream to `remote` that neither sends nor awaits anything yet.
    fn new(port: PortKey, remote: SocketAddr) -> Stream {
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
        Stream {
            port,
            session,
            clock: None,
            frames_left: 0,
            frames_to_hear: 0,
            phase: 0.0,
            step: 0.0,
        }
    }

    /// Sends so many frames of a tone from now on.
    fn send_tone(mut self, hz: f64, frames: u32) -> Stream {
        self.clock = Some(FrameClock::new(Instant::now(), FrameClock::INTERVAL));
        self.frames_left = frames;
        self.step = hz / f64::from(RATE_HZ);
        self
    }

    fn next_payload(&mut self) -> [u8; FRAME_TICKS as usize] {
        std::array::from_fn(|_| {
            self.phase = (self.phase + self.step) % 1.0;
            mu_law((f64::sin(self.phase * TAU) * 8000.0) as i16)
        })
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let Arguments {
        destination,
        hz,
        seconds,
    } = Arguments::parse();
    let frames = seconds * 50;
    let (sender, events) = channel();
    let sink = move |event| drop(sender.send(event));
    let worker = MediaWorker::spawn(ToneSender::default(), sink, WorkerConfig::default())?;
    let ip = match destination {
        Some(SocketAddr::V4(_)) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        Some(SocketAddr::V6(_)) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        None => IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    let mut pool = PortPool::new(DEFAULT_PORT_RANGE)?;
    let mut open = |port| -> Result<SocketAddr, RtpError> {
        let (pair, (rtp, rtcp)) = pool.allocate(Instant::now(), |pair| bind_pair(ip, pair))?;
        worker.add_port(port, rtp, rtcp)?;
        Ok(SocketAddr::new(ip, pair.rtp()))
    };

    let origin = open(SENDER)?;
    let target = match destination {
        Some(destination) => destination,
        None => {
            let target = open(LISTENER)?;
            let listener = Stream {
                frames_to_hear: u64::from(frames),
                ..Stream::new(LISTENER, origin)
            };
            worker.command(Command::Start(Box::new(listener)))?;
            target
        }
    };
    println!(
        "{hz} Hz for {seconds} s from port {} to {target}",
        origin.port()
    );
    worker.command(Command::Start(Box::new(
        Stream::new(SENDER, target).send_tone(hz, frames),
    )))?;

    let next_event = || events.recv_timeout(Duration::from_secs(u64::from(seconds) + 5));
    let Event::Sent = next_event()? else {
        return Err("the stream broke off".into());
    };
    if destination.is_none() {
        let Event::Heard = next_event()? else {
            return Err("not every packet arrived".into());
        };
        worker.command(Command::End(LISTENER))?;
        let Event::Ended(heard) = next_event()? else {
            return Err("the listener did not end".into());
        };
        let (packets, loss) = (heard.packets_received, heard.packet_loss_percent());
        println!(
            "heard {packets} packets, {loss:.1} % lost, jitter {:?}",
            heard.jitter
        );
    }
    worker.command(Command::End(SENDER))?;
    let Event::Ended(sent) = next_event()? else {
        return Err("the stream did not end".into());
    };
    println!(
        "sent {} packets, {} octets of payload",
        sent.packets_sent, sent.octets_sent
    );
    worker.stop();
    if sent.packets_sent == u64::from(frames) {
        Ok(())
    } else {
        Err("not every packet was sent".into())
    }
}
