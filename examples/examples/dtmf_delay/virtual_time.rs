//! Presses in virtual time, on a network without delay.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rvoip_session_core::media_core::{AudioSource, Codec};
use rvoip_session_core::sim::{Answering, CallSimulation, HostId, SimFaults, SimHost};
use rvoip_session_core::{BasicSessionEvent, DtmfMethod, SessionId};

use super::peer::{KEYS, PACKET, PRESS_AND_END, Peer, SAMPLES, tone};
use super::{Delays, Failure};

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);
const RTP_PORT: u16 = 10_000;
const SERVER: u8 = 9;

/// What may pass between the first packet of a press and its event: nothing, as both are in one turn.
const MOST_AFTER_FIRST_PACKET: Duration = Duration::ZERO;
/// And between the first packet of a tone and its event: a frame until it is played, and the two frames in which it is recognized.
const MOST_IN_BAND: Duration = Duration::from_millis(60);
/// Packets after which the jitter buffer holds what it holds in a network like this, and those between presses.
const SETTLING_PACKETS: usize = 150;
const PACKETS_BETWEEN: usize = 20;
/// How long a tone is, and how long it is silent after it.
const TONE_SAMPLES: usize = 800;
const ROOM_SAMPLES: usize = 2_400;

/// How a press reaches whom it is told to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// From one party to the other.
    Call,
    /// Through a server that relays between them.
    Relay,
    /// Through a server, to a leg whose telephone events have another clock.
    Transcoding,
    /// Through a server, to a leg that takes INFO.
    ToInfo,
    /// To the server, in whose room of three the presser is.
    Conference,
    /// As tones, to a party that takes no telephone events and listens to the sound.
    InBand,
}

const WAYS: [(Way, &str); 5] = [
    (Way::Call, "call"),
    (Way::Relay, "through a relay"),
    (Way::Transcoding, "through transcoding, PCMU to Opus"),
    (Way::ToInfo, "through a bridge, told as INFO"),
    (Way::Conference, "to the server of a conference of three"),
];

/// Hosts in calls, the first of which presses, and the one whose application is told.
struct Scene {
    simulation: CallSimulation,
    presser: HostId,
    session: SessionId,
    told: HostId,
    /// Where the presser's packets come from and go to.
    path: (SocketAddr, SocketAddr),
}

fn address(last: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, last], RTP_PORT))
}

fn host(last: u8, codec: Codec, events: bool) -> SimHost {
    let mut host = SimHost::new(address(last).ip()).answering(Answering::at_once());
    host.media.source = AudioSource::Silence;
    host.media.capabilities.codecs = vec![codec];
    host.media.capabilities.telephone_event = events;
    host
}

impl Scene {
    /// A presser that sends sound by itself, or one that sends nothing.
    fn new(way: Way, sends: bool) -> Result<Self, Failure> {
        let mut simulation = CallSimulation::new(1);
        simulation.set_faults(SimFaults {
            delay: Duration::ZERO..Duration::ZERO,
            ..SimFaults::default()
        });
        let mut presser = host(1, Codec::Pcmu, true);
        presser.settings.dtmf = DtmfMethod::Rfc4733;
        if !sends {
            presser.media.source = AudioSource::None;
        }
        let presser = simulation.add(presser)?;
        let (session, told) = match way {
            Way::Call | Way::InBand => {
                let mut called = host(2, Codec::Pcmu, way == Way::Call);
                called.media.listening.in_band_dtmf = way == Way::InBand;
                let called = simulation.add(called)?;
                let call = simulation.call(presser, "sip:1@10.0.0.1", "sip:2@10.0.0.2")?;
                (call.id(), called)
            }
            _ => bridged(&mut simulation, way, presser)?,
        };
        simulation.run_for(SECOND);
        simulation.events(told);
        let last = match way {
            Way::Call | Way::InBand => 2,
            _ => SERVER,
        };
        Ok(Self {
            simulation,
            presser,
            session,
            told,
            path: (address(1), address(last)),
        })
    }

    /// When the application is told of this key, and of no other.
    fn told(&mut self, key: char) -> Result<Instant, Failure> {
        let events = self.simulation.events(self.told).into_iter();
        let told: Vec<_> = events
            .filter_map(|(at, event)| match event {
                BasicSessionEvent::DtmfReceived { digit, .. } => Some((at, digit)),
                _ => None,
            })
            .collect();
        match told[..] {
            [(at, digit)] if digit == key => Ok(at),
            _ => Err(format!("{key} was told as {told:?}").into()),
        }
    }

    /// Sends the next packet, 20 ms after the one before.
    fn send(&mut self, packet: Vec<u8>) {
        self.simulation.run_for(PACKET);
        let (source, destination) = self.path;
        let payload = Bytes::from(packet);
        self.simulation.send_media(source, destination, payload);
    }

    fn send_silence(&mut self, peer: &mut Peer, packets: usize) {
        for _ in 0..packets {
            self.send(peer.silence());
        }
        self.simulation.run_for(Duration::ZERO);
    }
}

/// Calls from the presser and others to a server that bridges them; the presser's call, and who is told.
fn bridged(
    simulation: &mut CallSimulation,
    way: Way,
    presser: HostId,
) -> Result<(SessionId, HostId), Failure> {
    let mut server = host(SERVER, Codec::Pcmu, true);
    server.media.capabilities.codecs = Codec::DEFAULT.to_vec();
    let server = simulation.add(server)?;
    let codec = match way {
        Way::Transcoding => Codec::from_name("opus").ok_or("no Opus")?,
        _ => Codec::Pcmu,
    };
    let other = simulation.add(host(2, codec, way != Way::ToInfo))?;
    let mut phones = vec![presser, other];
    if way == Way::Conference {
        phones.push(simulation.add(host(3, Codec::Pcmu, true))?);
    }
    let mut calls = Vec::new();
    for phone in phones {
        calls.push(simulation.call(phone, "sip:phone@10.0.0.1", "sip:room@10.0.0.9")?);
        simulation.run_for(SECOND);
    }
    let legs: Vec<_> = simulation.registry(server).calls();
    let bridge = simulation.with(server, |core, now| core.create_bridge(now))?;
    for leg in legs {
        simulation.with(server, |core, now| {
            core.add_to_bridge(now, bridge, leg.id())
        })?;
    }
    let told = match way {
        Way::Conference => server,
        _ => other,
    };
    Ok((calls[0].id(), told))
}

/// Prints the tables.
pub fn measure() -> Result<(), Failure> {
    println!("| in virtual time, ms | least | median | most |\n|---|---|---|---|");
    for (way, name) in WAYS {
        first_packet(way)?.print(&format!("first packet to event, {name}"));
    }
    for (way, name) in WAYS {
        press(way)?.print(&format!("press to event, {name}"));
    }
    in_band()
}

/// From the arrival of the first packet to the event, at any place of the listener's frame.
fn first_packet(way: Way) -> Result<Delays, Failure> {
    let mut delays = Delays::default();
    let mut scene = Scene::new(way, false)?;
    let mut peer = Peer::new();
    scene.send_silence(&mut peer, SETTLING_PACKETS);
    for key in KEYS.chars().chain(KEYS.chars()) {
        scene.simulation.run_for(MILLISECOND);
        scene.send(peer.press(key, 0));
        let sent = scene.simulation.now();
        for number in 1..PRESS_AND_END {
            scene.send(peer.press(key, number));
        }
        scene.send_silence(&mut peer, PACKETS_BETWEEN);
        let delay = scene.told(key)? - sent;
        delays.note(delay);
        if matches!(way, Way::Call | Way::Relay | Way::Conference)
            && delay > MOST_AFTER_FIRST_PACKET
        {
            return Err(format!("{way:?}: {key} was told after {delay:?}").into());
        }
    }
    Ok(delays)
}

/// From the command to the event, at any place of the presser's frame.
fn press(way: Way) -> Result<Delays, Failure> {
    let mut delays = Delays::default();
    let mut scene = Scene::new(way, true)?;
    for key in KEYS.chars().chain(KEYS.chars()) {
        scene.simulation.run_for(SECOND + MILLISECOND);
        let (pressed, session) = (scene.simulation.now(), scene.session);
        scene.simulation.with(scene.presser, |core, now| {
            core.send_dtmf(now, session, &key.to_string())
        })?;
        scene.simulation.run_for(SECOND);
        delays.note(scene.told(key)? - pressed);
    }
    Ok(delays)
}

/// From a tone that begins at any place of a packet, all keys, to the event of a peer that listens to the sound.
fn in_band() -> Result<(), Failure> {
    let [mut microphone, mut arrival] = [(); 2].map(|()| Delays::default());
    for phase in (0..20).step_by(2) {
        let mut scene = Scene::new(Way::InBand, false)?;
        scene.simulation.run_for(MILLISECOND * phase);
        let mut peer = Peer::new();
        scene.send_silence(&mut peer, SETTLING_PACKETS);
        for (key, place) in KEYS
            .chars()
            .flat_map(|key| (0..SAMPLES).step_by(20).map(move |it| (key, it)))
        {
            let mut sound = vec![0; place];
            sound.extend(tone(key, TONE_SAMPLES));
            sound.resize(TONE_SAMPLES + ROOM_SAMPLES, 0);
            // The sound of a packet is 20 ms old when it has all been taken.
            let taken = scene.simulation.now() + PACKET;
            for samples in sound.chunks_exact(SAMPLES) {
                scene.send(peer.sound(samples));
            }
            scene.simulation.run_for(Duration::ZERO);
            let told = scene.told(key)?;
            arrival.note(told - taken);
            if told - taken > MOST_IN_BAND {
                return Err(format!("{key} was told after {:?}", told - taken).into());
            }
            let begun = taken - PACKET + Duration::from_micros(place as u64 * 125);
            microphone.note(told - begun);
        }
    }
    microphone.print("tone begins at the microphone to event");
    arrival.print("first packet of a tone to event");
    press(Way::InBand)?.print("press to event, as tones");
    Ok(())
}
