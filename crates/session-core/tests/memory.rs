//! What a call costs while it is held: heap octets in the facade and in all layers below it.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_session_core::dialog_core::sip_transport::{
    Core, Input, ListenerId, ListenerInfo, Output, TransportConfig, TransportKind,
};
use rvoip_session_core::dialog_core::transaction_core::TransactionConfig;
use rvoip_session_core::dialog_core::{DialogManager, DialogManagerConfig, HybridConfig};
use rvoip_session_core::media_core::rtp_core::{PortKey, RtpError};
use rvoip_session_core::media_core::{
    MediaCommand, MediaConfig, MediaMode, MediaPorts, MediaSessionController, OpenPort,
};
use rvoip_session_core::{
    BasicSessionEvent, CallDecision, CoreSettings, Registry, SessionCore, SessionCoreParts,
    SessionId,
};

const CALLS: u32 = 1_000;
/// Octets per answered call when its transactions have ended.
const LIMIT: u64 = 2_000;

/// Signalling alone: no port is ever asked for.
struct NoPorts;

impl MediaPorts for NoPorts {
    fn open(&mut self, _now: Instant) -> Result<OpenPort, RtpError> {
        Err(RtpError::WorkerStopped)
    }

    fn release(&mut self, _now: Instant, _port: PortKey) {}

    fn command(&mut self, _: Instant, _: PortKey, _: MediaCommand) -> Result<(), RtpError> {
        Err(RtpError::WorkerStopped)
    }

    fn open_ports(&self) -> usize {
        0
    }
}

fn core() -> SessionCore {
    let address = "10.0.0.1:5060".parse().unwrap();
    let transport = TransportConfig::new(ListenerInfo::plan(&[(TransportKind::Udp, address)]));
    let media = MediaConfig {
        mode: MediaMode::Inactive,
        advertised: Some(address.ip()),
        ..MediaConfig::default()
    };
    let mut settings = CoreSettings::default();
    settings.max_sessions = CALLS as usize;
    settings.sends_audio = false;
    let mut core = SessionCore::new(SessionCoreParts {
        dialogs: DialogManager::new(
            DialogManagerConfig::Hybrid(HybridConfig::default()),
            TransactionConfig::default(),
            transport,
            StdRng::seed_from_u64(1),
        ),
        media: MediaSessionController::new(media, Box::new(NoPorts), StdRng::seed_from_u64(2)),
        registry: Arc::new(Registry::default()),
        settings,
    });
    core.start();
    core
}

/// What the core has to say: the call that came in, and the tag of our last response.
fn drain(core: &mut SessionCore) -> (Option<SessionId>, Option<String>) {
    let (mut incoming, mut tag) = (None, None);
    while let Some(output) = core.poll_output() {
        match output {
            Output::Event(BasicSessionEvent::CallReceived { call, .. }) => {
                incoming = Some(call.id());
            }
            Output::Datagram { payload, .. } => {
                let text = String::from_utf8(payload.to_vec()).unwrap();
                let to = text.lines().find(|line| line.starts_with("To:")).unwrap();
                tag = to.split_once(";tag=").map(|(_, tag)| tag.to_owned());
            }
            _ => {}
        }
    }
    (incoming, tag)
}

fn receive(core: &mut SessionCore, now: Instant, text: &str) -> Option<SessionId> {
    let input = Input::Datagram {
        listener: ListenerId(0),
        source: "10.0.0.2:5060".parse().unwrap(),
        payload: text.replace('\n', "\r\n").into(),
    };
    core.handle_input(now, input);
    drain(core).0
}

/// A request as `sipp -sn uac` writes it.
fn request(method: &str, call: u32, to_tag: &str, body: &str) -> String {
    format!(
        "{method} sip:service@10.0.0.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK-{method}-{call}-0\n\
         From: sipp <sip:sipp@10.0.0.2:5060>;tag=17461SIPpTag00{call}\nTo: service <sip:service@10.0.0.1:5060>{to_tag}\n\
         Call-ID: {call}-17461@10.0.0.2\nCSeq: 1 {method}\nContact: sip:sipp@10.0.0.2:5060\nMax-Forwards: 70\n\
         Subject: Performance Test\nContent-Type: application/sdp\nContent-Length: {}\n\n{body}",
        body.len()
    )
}

/// Takes a call up to its ACK.
fn hold(core: &mut SessionCore, now: Instant, call: u32) {
    let offer = "v=0\r\no=user1 53655765 2353687637 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\n\
                 m=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";
    let id = receive(core, now, &request("INVITE", call, "", offer)).unwrap();
    core.decide(now, id, CallDecision::Accept(None)).unwrap();
    let tag = drain(core).1.unwrap();
    receive(core, now, &request("ACK", call, &format!(";tag={tag}"), ""));
}

fn run_out_timers(core: &mut SessionCore, until: Instant) {
    while let Some(at) = core.poll_timeout().filter(|at| *at <= until) {
        core.handle_timeout(at);
        drain(core);
    }
}

#[test]
fn a_held_call_costs_little() {
    let now = Instant::now();
    let mut core = core();
    let measured = allocation_counter::measure(|| {
        for call in 0..CALLS {
            let now = now + Duration::from_secs(u64::from(call));
            run_out_timers(&mut core, now);
            hold(&mut core, now, call);
        }
        run_out_timers(&mut core, now + Duration::from_secs(u64::from(CALLS) + 60));
    });
    let stats = core.stats();
    assert_eq!(stats.active_sessions, CALLS as usize);
    assert_eq!((stats.dialogs, stats.transactions), (CALLS as usize, 0));
    let per_call = u64::try_from(measured.bytes_current).unwrap() / u64::from(CALLS);
    println!(
        "{per_call} octets per held call, {} allocations to take it",
        measured.count_total / u64::from(CALLS)
    );
    assert!(per_call < LIMIT, "{per_call} octets per held call");
}
