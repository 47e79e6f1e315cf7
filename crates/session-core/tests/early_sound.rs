//! Sound of a called party that describes nothing before it answers, or several things: a peer that speaks raw SIP and RTP.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::f64::consts::TAU;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rvoip_session_core::media_core::{AudioSource, Codec, Encoder, MemoryRecording, RecordingSink};
use rvoip_session_core::sim::{Answering, CallSimulation, HostId, SimHost};
use rvoip_session_core::{BasicSessionEvent, CallRecord, CallState, SessionId, TerminalCause};

const PEER: &str = "10.0.0.9:5060";
const FRAME: Duration = Duration::from_millis(20);
const SECOND: Duration = Duration::from_secs(1);

/// A phone of the called party, as its RTP tells.
struct Phone {
    port: u16,
    hz: f64,
    frames: u32,
}

impl Phone {
    fn new(port: u16, hz: f64) -> Self {
        let frames = 0;
        Self { port, hz, frames }
    }

    fn description(&self) -> String {
        let port = self.port;
        format!(
            "v=0\r\no=- {port} 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP 0\r\n"
        )
    }

    fn packet(&mut self) -> Vec<u8> {
        let start = self.frames * 160;
        let at = |n: u32| (TAU * self.hz * f64::from(n) / 8_000.0).sin() * 8_000.0;
        let samples: Vec<i16> = (start..start + 160).map(|n| at(n) as i16).collect();
        let mut packet = vec![0x80, 0];
        packet.extend((self.frames as u16).to_be_bytes());
        packet.extend(start.to_be_bytes());
        packet.extend(u32::from(self.port).to_be_bytes());
        Encoder::new(Codec::Pcmu).encode(&samples, &mut packet);
        self.frames += 1;
        packet
    }
}

/// A host that has called the raw peer.
struct Scene {
    simulation: CallSimulation,
    host: HostId,
    call: Arc<CallRecord>,
    invite: String,
    /// Where the offer wants RTP.
    rtp: SocketAddr,
    heard: MemoryRecording,
}

impl Scene {
    fn new() -> Self {
        let mut simulation = CallSimulation::new(1);
        let host = SimHost::new("10.0.0.2".parse().unwrap()).answering(Answering::at_once());
        let host = simulation.add(host).unwrap();
        Self::calling(simulation, host)
    }

    fn calling(mut simulation: CallSimulation, host: HostId) -> Self {
        simulation.signalling().open_endpoint(PEER.parse().unwrap());
        let call = simulation.call(host, "sip:alice@10.0.0.2", "sip:bob@10.0.0.9");
        let call = call.unwrap();
        simulation.run_for(FRAME);
        let peer = PEER.parse().unwrap();
        let (_, _, invite) = simulation.signalling().take_datagrams(peer).remove(0);
        let invite = String::from_utf8(invite.to_vec()).unwrap();
        let port = invite.split("m=audio ").nth(1).unwrap();
        let port: u16 = port.split(' ').next().unwrap().parse().unwrap();
        let heard = MemoryRecording::new(8_000 * 60);
        let (id, sink) = (call.id(), RecordingSink::Memory(heard.clone()));
        simulation
            .with(host, |core, now| core.record(now, id, Some(sink.into())))
            .unwrap();
        Self {
            rtp: (std::net::Ipv4Addr::new(10, 0, 0, 2), port).into(),
            simulation,
            host,
            call,
            invite,
            heard,
        }
    }

    fn header(&self, name: &str) -> &str {
        let mut lines = self.invite.lines();
        let value = |line| str::strip_prefix(line, name)?.strip_prefix(": ");
        lines.find_map(value).unwrap()
    }

    /// The called party `tag` answers the INVITE.
    fn respond(&mut self, code: u16, tag: &str, body: &str) {
        let content = if body.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        let response = format!(
            "SIP/2.0 {code} X\r\nVia: {}\r\nFrom: {}\r\nTo: {};tag={tag}\r\nCall-ID: {}\r\nCSeq: {}\r\n\
             Contact: <sip:{tag}@{PEER}>\r\n{content}Content-Length: {}\r\n\r\n{body}",
            self.header("Via"),
            self.header("From"),
            self.header("To"),
            self.header("Call-ID"),
            self.header("CSeq"),
            body.len(),
        );
        let via = self.header("Via").split(' ').nth(1).unwrap();
        let destination = via.split(';').next().unwrap().parse().unwrap();
        let peer = PEER.parse().unwrap();
        self.simulation
            .signalling()
            .send_datagram(peer, destination, response.into());
        self.simulation.run_for(FRAME);
    }

    /// Lets phones speak for a number of frames.
    fn hear(&mut self, frames: u32, phones: &mut [&mut Phone]) {
        for _ in 0..frames {
            for phone in &mut *phones {
                let source = SocketAddr::from(([10, 0, 0, 9], phone.port));
                let packet = phone.packet();
                self.simulation.send_media(source, self.rtp, packet.into());
            }
            self.simulation.run_for(FRAME);
        }
    }

    /// The share of each frequency in the power of the last half second that was heard.
    fn shares<const N: usize>(&self, hz: [f64; N]) -> [f64; N] {
        let heard = self.heard.samples();
        let last = &heard[heard.len().saturating_sub(4_000)..];
        hz.map(|hz| share(last, hz))
    }
}

/// The share of a frequency in the power of a sound.
fn share(samples: &[i16], hz: f64) -> f64 {
    let (mut cosine, mut sine, mut power) = (0.0, 0.0, 1.0);
    for (n, sample) in samples.iter().enumerate() {
        let (phase, sample) = (n as f64 * hz * TAU / 8_000.0, f64::from(*sample));
        cosine += sample * phase.cos();
        sine += sample * phase.sin();
        power += sample * sample;
    }
    2.0 * (cosine * cosine + sine * sine) / (power * samples.len().max(1) as f64)
}

#[test]
fn sound_before_any_description_is_heard_told_and_not_interrupted_by_the_answer() {
    let mut scene = Scene::new();
    scene.respond(180, "one", "");
    assert!(!scene.call.has_early_media());
    let mut phone = Phone::new(4_000, 425.0);
    scene.hear(100, &mut [&mut phone]);
    assert!(scene.call.has_early_media());
    assert_eq!(scene.call.state(), CallState::Ringing);
    let count = |events: &[(std::time::Instant, BasicSessionEvent)]| {
        let early = |event: &BasicSessionEvent| {
            matches!(event, BasicSessionEvent::EarlyMediaStarted { .. })
        };
        events.iter().filter(|(_, event)| early(event)).count()
    };
    let events = scene.simulation.events(scene.host);
    assert_eq!(count(&events), 1);
    let [tone] = scene.shares([425.0]);
    assert!(tone > 0.99, "{tone}");

    let description = phone.description();
    scene.respond(200, "one", &description);
    assert_eq!(scene.call.state(), CallState::Active);
    assert!(!scene.call.has_early_media());
    // The time that the answer took was no part of the tone: the phone says on.
    scene.hear(100, &mut [&mut phone]);
    let [tone] = scene.shares([425.0]);
    assert!(tone > 0.99, "{tone}");
    let events = scene.simulation.events(scene.host);
    assert_eq!(count(&events), 0);
    let flows =
        |event: &BasicSessionEvent| matches!(event, BasicSessionEvent::MediaFlowChanged { .. });
    assert!(!events.iter().any(|(_, event)| flows(event)), "no restart");
}

/// Two phones of the called party ring, each with its own sound: the one is heard that described its sound last, whatever the
/// other repeats, and in the end the one that takes the call.
#[test]
fn of_several_called_parties_one_is_heard_at_a_time() {
    for winner in ["one", "two"] {
        let mut scene = Scene::new();
        let mut one = Phone::new(4_000, 425.0);
        let mut two = Phone::new(4_002, 700.0);
        let descriptions = [one.description(), two.description()];
        scene.respond(183, "one", &descriptions[0]);
        scene.hear(100, &mut [&mut one, &mut two]);
        let shares = scene.shares([425.0, 700.0]);
        assert!(shares[0] > 0.99, "{shares:?}");
        scene.respond(183, "two", &descriptions[1]);
        scene.hear(100, &mut [&mut one, &mut two]);
        let shares = scene.shares([425.0, 700.0]);
        assert!(shares[1] > 0.99, "{shares:?}");
        scene.respond(183, "one", &descriptions[0]);
        scene.hear(100, &mut [&mut one, &mut two]);
        let shares = scene.shares([425.0, 700.0]);
        assert!(
            shares[1] > 0.99,
            "what is repeated changes nothing: {shares:?}"
        );

        let number = usize::from(winner == "two");
        scene.respond(200, winner, &descriptions[number]);
        assert_eq!(scene.call.state(), CallState::Active);
        scene.hear(100, &mut [&mut one, &mut two]);
        let shares = scene.shares([425.0, 700.0]);
        assert!(shares[number] > 0.99, "{winner}: {shares:?}");
    }
}

/// What follows a description whose host is looked for waits behind it, and a call that is answered by such a one goes on.
#[test]
fn a_host_that_an_answer_names_is_found_and_nothing_overtakes_it() {
    for known in [true, false] {
        let mut scene = Scene::new();
        let zone = scene.simulation.signalling().zone();
        zone.set_delay(SECOND);
        if known {
            zone.address("media.example", "10.0.0.9".parse().unwrap());
        }
        let mut phone = Phone::new(4_000, 425.0);
        let description = phone.description();
        let named = description.replace("c=IN IP4 10.0.0.9", "c=IN IP4 media.example");
        scene.respond(183, "one", &named);
        scene.respond(200, "one", &named);
        assert_eq!(scene.call.state(), CallState::Initiating);
        scene.simulation.run_for(3 * SECOND / 2);
        if known {
            assert_eq!(scene.call.state(), CallState::Active);
            scene.hear(100, &mut [&mut phone]);
            let [tone] = scene.shares([425.0]);
            assert!(tone > 0.99, "{tone}");
        } else {
            scene.simulation.run_for(40 * SECOND);
            assert_eq!(scene.call.cause(), Some(&TerminalCause::MediaFailed));
            let stats = scene.simulation.core(scene.host).stats();
            assert_eq!([stats.active_sessions, stats.dialogs], [0; 2]);
        }
    }
}

/// A caller who waits hears what the called party of the other leg sends before it answers, through a bridge of two calls of
/// which neither is answered.
#[test]
fn early_sound_crosses_a_bridge() {
    let mut simulation = CallSimulation::new(2);
    let alice = simulation.add(SimHost::new("10.0.0.1".parse().unwrap()));
    let alice = alice.unwrap();
    let mut server = SimHost::new("10.0.0.2".parse().unwrap());
    server.media.source = AudioSource::None;
    let server = simulation.add(server).unwrap();
    let call = simulation.call(alice, "sip:alice@10.0.0.1", "sip:bob@10.0.0.2");
    let call = call.unwrap();
    simulation.run_for(SECOND);
    let first: SessionId = simulation.registry(server).calls().remove(0).id();
    let heard = MemoryRecording::new(8_000 * 60);
    let (id, sink) = (call.id(), RecordingSink::Memory(heard.clone()));
    simulation
        .with(alice, |core, now| core.record(now, id, Some(sink.into())))
        .unwrap();
    let mut scene = Scene::calling(simulation, server);
    let second = scene.call.id();
    scene.respond(180, "one", "");
    scene.simulation.with(server, |core, now| {
        core.start_early_media(now, first, None, false).unwrap();
        core.bridge_sessions(now, first, second).unwrap();
    });
    let mut phone = Phone::new(4_000, 425.0);
    scene.hear(100, &mut [&mut phone]);
    assert_eq!(call.state(), CallState::Ringing);
    scene.heard = heard;
    let [tone] = scene.shares([425.0]);
    assert!(tone > 0.99, "{tone}");
}
