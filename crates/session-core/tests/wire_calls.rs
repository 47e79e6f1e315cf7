//! A peer that speaks raw SIP against a simulated host: offers inside the call, late offers, and noise.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rvoip_session_core::sim::{Answering, CallSimulation, HostId, SimHost};
use rvoip_session_core::{
    BasicSessionEvent, CallDecision, CallRecord, CallState, TerminalCause, TransferDecision,
};

const HOST: &str = "10.0.0.2:5060";
const PEER: &str = "10.0.0.9:5060";

fn sdp(direction: &str, payload_type: u8) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\n\
         m=audio 4000 RTP/AVP {payload_type}\r\na={direction}\r\n"
    )
}

/// The raw peer and the host that it calls.
struct Scene {
    simulation: CallSimulation,
    host: HostId,
    peer: SocketAddr,
    cseq: u32,
    to: String,
}

impl Scene {
    fn new(seed: u64) -> Self {
        let mut simulation = CallSimulation::new(seed);
        let host = simulation
            .add(SimHost::new("10.0.0.2".parse().unwrap()))
            .unwrap();
        let peer = PEER.parse().unwrap();
        simulation.signalling().open_endpoint(peer);
        Scene {
            simulation,
            host,
            peer,
            cseq: 0,
            to: format!("<sip:bob@{HOST}>"),
        }
    }

    fn send(&mut self, method: &str, body: &str) {
        let cseq = self.cseq + u32::from(method != "ACK");
        self.send_as(method, body, &format!("z9hG4bK{method}{cseq}"));
    }

    fn send_as(&mut self, method: &str, body: &str, branch: &str) {
        self.cseq += u32::from(method != "ACK");
        let content = if body.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        let (to, cseq) = (&self.to, self.cseq);
        let request = format!(
            "{method} sip:bob@{HOST} SIP/2.0\r\nVia: SIP/2.0/UDP {PEER};branch={branch}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:alice@10.0.0.9>;tag=a\r\nTo: {to}\r\nCall-ID: wire\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:alice@{PEER}>\r\n{content}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let destination = HOST.parse().unwrap();
        self.simulation
            .signalling()
            .send_datagram(self.peer, destination, request.into());
        self.simulation.run_for(Duration::from_millis(20));
    }

    /// What the peer has received since the last look.
    fn received(&mut self) -> Vec<String> {
        let datagrams = self.simulation.signalling().take_datagrams(self.peer);
        datagrams
            .into_iter()
            .map(|(_, _, payload)| String::from_utf8_lossy(&payload).into_owned())
            .collect()
    }

    /// The final response among what the peer has received; its To header is the peer's from now on.
    fn answer(&mut self) -> (u16, String) {
        let received = self.received();
        let code = |message: &String| message.get(8..11).and_then(|code| code.parse::<u16>().ok());
        let response = received
            .iter()
            .find(|message| code(message).is_some_and(|code| code >= 200));
        let response = response
            .unwrap_or_else(|| panic!("no final response in {received:?}"))
            .clone();
        let to = response
            .lines()
            .find_map(|line| line.strip_prefix("To: "))
            .expect("a To header");
        self.to = to.to_owned();
        (code(&response).unwrap(), response)
    }

    fn accept(&mut self) -> Arc<CallRecord> {
        let events = self.simulation.events(self.host);
        let call = events.into_iter().find_map(|(_, event)| match event {
            BasicSessionEvent::CallReceived { call, .. } => Some(call),
            _ => None,
        });
        let call = call.expect("a call");
        let id = call.id();
        self.simulation
            .with(self.host, |core, now| {
                core.decide(now, id, CallDecision::Accept(None))
            })
            .unwrap();
        self.simulation.run_for(Duration::from_millis(20));
        call
    }

    fn established(seed: u64) -> (Self, Arc<CallRecord>) {
        let mut scene = Scene::new(seed);
        scene.send("INVITE", &sdp("sendrecv", 0));
        let call = scene.accept();
        assert_eq!(scene.answer().0, 200);
        scene.send("ACK", "");
        assert_eq!(call.state(), CallState::Active);
        (scene, call)
    }
}

#[test]
fn the_peer_holds_and_resumes() {
    let (mut scene, call) = Scene::established(1);
    for (direction, answered, state) in [
        ("sendonly", "a=recvonly", CallState::OnHold),
        ("inactive", "a=inactive", CallState::OnHold),
        ("sendrecv", "m=audio", CallState::Active),
    ] {
        scene.send("INVITE", &sdp(direction, 0));
        let (code, response) = scene.answer();
        scene.send("ACK", "");
        assert_eq!(code, 200);
        assert!(response.contains(answered), "{response}");
        assert_eq!(call.state(), state, "{direction}");
    }
}

#[test]
fn an_offer_that_cannot_be_met_is_refused_and_the_call_goes_on() {
    let (mut scene, call) = Scene::established(2);
    for body in [sdp("sendrecv", 3), "v=nonsense".to_owned()] {
        scene.send("INVITE", &body);
        let (code, _) = scene.answer();
        scene.send("ACK", "");
        assert!(matches!(code, 400 | 488), "{code}");
        assert_eq!(call.state(), CallState::Active);
    }
    scene.send("BYE", "");
    assert_eq!(scene.answer().0, 200);
    assert_eq!(call.cause(), Some(&TerminalCause::RemoteHangup));
}

#[test]
fn an_invite_without_an_offer_is_answered_with_ours_and_the_ack_answers_it() {
    let mut scene = Scene::new(3);
    scene.send("INVITE", "");
    let call = scene.accept();
    let (code, response) = scene.answer();
    assert_eq!(code, 200);
    assert!(response.contains("m=audio 10000 RTP/AVP 0 8"), "{response}");
    assert_eq!(
        call.state(),
        CallState::Ringing,
        "nothing is agreed before the answer"
    );
    scene.send("ACK", &sdp("sendrecv", 8));
    assert_eq!(call.state(), CallState::Active);
    let id = call.id();
    let info = scene
        .simulation
        .with(scene.host, |core, _| core.media_info(id))
        .unwrap();
    assert_eq!(
        (info.codec.as_deref(), info.remote_rtp_port),
        (Some("PCMA"), 4000)
    );
}

#[test]
fn a_late_offer_without_an_answer_ends_the_call() {
    let mut scene = Scene::new(4);
    scene.send("INVITE", "");
    let call = scene.accept();
    scene.answer();
    scene.send("ACK", "");
    assert!(
        scene
            .received()
            .iter()
            .any(|message| message.starts_with("BYE "))
    );
    scene.simulation.run_for(Duration::from_secs(40));
    assert_eq!(call.cause(), Some(&TerminalCause::MediaFailed));
    assert_eq!(scene.simulation.core(scene.host).stats().media_ports, 0);
}

#[test]
fn a_first_offer_that_cannot_be_met_is_answered_488() {
    let mut scene = Scene::new(5);
    scene.send("INVITE", &sdp("sendrecv", 3));
    let events = scene.simulation.events(scene.host);
    let call = events
        .iter()
        .filter_map(|(_, event)| event.call().map(Arc::clone))
        .next()
        .expect("a call");
    let id = call.id();
    let accepted = scene.simulation.with(scene.host, |core, now| {
        core.decide(now, id, CallDecision::Accept(None))
    });
    assert!(accepted.is_err());
    scene.simulation.run_for(Duration::from_millis(20));
    let (status, response) = scene.answer();
    assert_eq!(status, 488);
    // RFC 3261 section 20.43.
    let warning = "Warning: 305 endpoint \"Incompatible media format\"\r\n";
    assert!(response.contains(warning), "{response}");
    scene.send("ACK", "");
    assert_eq!(call.state(), CallState::Failed);
}

#[test]
fn noise_on_every_port_harms_no_call() {
    let (mut scene, call) = Scene::established(6);
    let mut word = 0x9e37_79b9_u32;
    for round in 0..2000_usize {
        let noise: Vec<u8> = (0..round % 300)
            .map(|_| {
                word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (word >> 24) as u8
            })
            .collect();
        let noise = match round % 4 {
            0 => noise,
            1 => [
                b"INVITE sip:bob@10.0.0.2 SIP/2.0\r\nVia: ".as_slice(),
                &noise,
            ]
            .concat(),
            2 => [
                b"BYE sip:bob@10.0.0.2 SIP/2.0\r\nCall-ID: wire\r\nTo: ;tag=".as_slice(),
                &noise,
            ]
            .concat(),
            _ => [
                b"SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n".as_slice(),
                &noise,
                b"\r\n\r\n",
            ]
            .concat(),
        };
        scene.simulation.signalling().send_datagram(
            scene.peer,
            HOST.parse().unwrap(),
            noise.into(),
        );
    }
    scene.simulation.run_for(Duration::from_secs(1));
    assert_eq!(call.state(), CallState::Active);
    assert!(scene.simulation.core(scene.host).stats().messages_dropped > 0);
    scene.received();
    scene.send("BYE", "");
    assert_eq!(scene.answer().0, 200);
}

#[test]
fn a_transferor_that_never_hangs_up_is_hung_up_on() {
    let (mut scene, call) = Scene::established(9);
    let carol = SimHost::new("10.0.0.3".parse().unwrap()).answering(Answering::at_once());
    scene.simulation.add(carol).unwrap();
    let to = scene.to.clone();
    let refer = format!(
        "REFER sip:bob@{HOST} SIP/2.0\r\nVia: SIP/2.0/UDP {PEER};branch=z9hG4bKrefer\r\nMax-Forwards: 70\r\n\
         From: <sip:alice@10.0.0.9>;tag=a\r\nTo: {to}\r\nCall-ID: wire\r\nCSeq: 9 REFER\r\n\
         Contact: <sip:alice@{PEER}>\r\nRefer-To: <sip:carol@10.0.0.3>\r\nContent-Length: 0\r\n\r\n"
    );
    let destination = HOST.parse().unwrap();
    let peer = scene.peer;
    let network = scene.simulation.signalling();
    network.send_datagram(peer, destination, refer.into());
    scene.simulation.run_for(Duration::from_millis(20));
    let events = scene.simulation.events(scene.host);
    let asked = events.iter().find_map(|(_, event)| match event {
        BasicSessionEvent::Transfer { transfer, .. } => Some(transfer.id()),
        _ => None,
    });
    scene
        .simulation
        .with(scene.host, |core, now| {
            core.decide_transfer(now, asked.unwrap(), TransferDecision::Accept)
        })
        .unwrap();
    let (mut told_at, mut hung_up_at) = (None, None);
    for second in 0..100 {
        scene.simulation.run_for(Duration::from_secs(1));
        for message in scene.received() {
            let line = |name: &str| message.lines().find(|line| line.starts_with(name)).unwrap();
            if message.starts_with("SIP/2.0") {
                continue;
            }
            if message.starts_with("BYE ") {
                hung_up_at.get_or_insert(second);
            } else if message.contains("\r\n\r\nSIP/2.0 200") {
                told_at.get_or_insert(second);
            }
            let lines = ["Via", "From", "To", "Call-ID", "CSeq"]
                .map(line)
                .join("\r\n");
            let ok = format!("SIP/2.0 200 OK\r\n{lines}\r\nContent-Length: 0\r\n\r\n");
            let network = scene.simulation.signalling();
            network.send_datagram(peer, destination, ok.into());
        }
    }
    let seconds = hung_up_at.unwrap() - told_at.unwrap();
    assert!((60..70).contains(&seconds), "{seconds}");
    assert_eq!(call.cause(), Some(&TerminalCause::HandedOver));
    assert_eq!(call.state(), CallState::Terminated);
}

/// A description that is at a host by its name (RFC 8866 section 5.7).
fn named(host: &str, payload_type: u8) -> String {
    let described = sdp("sendrecv", payload_type);
    described.replace("c=IN IP4 10.0.0.9", &format!("c=IN IP4 {host}"))
}

fn remote(scene: &mut Scene, call: &CallRecord) -> String {
    let id = call.id();
    let info = scene
        .simulation
        .with(scene.host, |core, _| core.media_info(id));
    let info = info.unwrap();
    format!("{}:{}", info.remote_rtp_address, info.remote_rtp_port)
}

#[test]
fn a_host_that_an_offer_names_is_found_before_anybody_is_asked() {
    let mut scene = Scene::new(21);
    let zone = scene.simulation.signalling().zone();
    zone.address("media.example", "2001:db8::7".parse().unwrap());
    zone.address("media.example", "10.0.0.7".parse().unwrap());
    zone.address("other.example", "10.0.0.8".parse().unwrap());
    zone.set_delay(Duration::from_millis(300));
    scene.send("INVITE", &named("media.example", 0));
    let asked = |event: &BasicSessionEvent| matches!(event, BasicSessionEvent::CallReceived { .. });
    let events = scene.simulation.events(scene.host);
    assert!(!events.iter().any(|(_, event)| asked(event)));
    scene.simulation.run_for(Duration::from_millis(400));
    let trying = |message: &String| message.starts_with("SIP/2.0 100");
    assert!(
        scene.received().iter().any(trying),
        "it is known to be late"
    );
    let call = scene.accept();
    assert_eq!(scene.answer().0, 200);
    scene.send("ACK", "");
    assert_eq!(call.state(), CallState::Active);
    assert_eq!(remote(&mut scene, &call), "10.0.0.7:4000");

    // Inside the call, too; what is known is not asked again.
    for (host, address) in [
        ("other.example", "10.0.0.8:4000"),
        ("media.example", "10.0.0.7:4000"),
    ] {
        scene.send("INVITE", &named(host, 8));
        scene.simulation.run_for(Duration::from_millis(400));
        assert_eq!(scene.answer().0, 200);
        scene.send("ACK", "");
        assert_eq!(remote(&mut scene, &call), address);
    }
    // One that nobody knows changes nothing.
    scene.send("INVITE", &named("nowhere.example", 8));
    scene.simulation.run_for(Duration::from_millis(400));
    let (status, response) = scene.answer();
    assert_eq!(status, 488);
    let warning = "Warning: 301 endpoint \"Incompatible network address formats\"\r\n";
    assert!(response.contains(warning), "{response}");
    scene.send("ACK", "");
    assert_eq!(remote(&mut scene, &call), "10.0.0.7:4000");
    assert_eq!(call.state(), CallState::Active);
}

#[test]
fn an_offer_whose_host_nobody_finds_is_refused_in_time() {
    let mut scene = Scene::new(22);
    scene.simulation.signalling().zone().set_loss(1.0);
    scene.send("INVITE", &named("media.example", 0));
    scene.simulation.run_for(Duration::from_secs(5));
    scene.received();
    let events = scene.simulation.events(scene.host);
    let call = events.into_iter().find_map(|(_, event)| match event {
        BasicSessionEvent::CallReceived { call, .. } => Some(call),
        _ => None,
    });
    let id = call.expect("a call").id();
    let decided = scene.simulation.with(scene.host, |core, now| {
        core.decide(now, id, CallDecision::Accept(None))
    });
    assert!(decided.is_err());
    scene.simulation.run_for(Duration::from_millis(20));
    assert_eq!(scene.answer().0, 488);
}

#[test]
fn a_call_that_is_given_up_while_its_host_is_looked_for_leaves_nothing() {
    let mut scene = Scene::new(23);
    scene.simulation.signalling().zone().set_loss(1.0);
    scene.send("INVITE", &named("media.example", 0));
    scene.cseq -= 1;
    let invite = "z9hG4bKINVITE1";
    scene.send_as("CANCEL", "", invite);
    scene.simulation.run_for(Duration::from_secs(40));
    let events = scene.simulation.events(scene.host);
    assert!(events.is_empty(), "{events:?}");
    let stats = scene.simulation.core(scene.host).stats();
    assert_eq!(
        [stats.active_sessions, stats.dialogs, stats.media_ports],
        [0; 3]
    );
}
