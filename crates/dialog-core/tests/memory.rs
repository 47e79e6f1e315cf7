//! What a call costs while it is held: heap octets in this crate and what the layers below keep for it.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_dialog_core::sip_transport::{
    Core, Input, ListenerId, ListenerInfo, Output, TransportConfig, TransportKind,
};
use rvoip_dialog_core::transaction_core::TransactionConfig;
use rvoip_dialog_core::{
    Body, CallKey, DialogManager, DialogManagerConfig, HybridConfig, SessionCoordinationEvent,
};

const CALLS: u32 = 1_000;
/// Octets per confirmed call when its transactions have ended.
const LIMIT: u64 = 1_200;

/// Everything the manager has to say, thrown away but for the call that came in.
fn drain(manager: &mut DialogManager) -> Option<CallKey> {
    let mut incoming = None;
    while let Some(output) = manager.poll_output() {
        if let Output::Event(SessionCoordinationEvent::IncomingCall { key, .. }) = output {
            incoming = Some(key);
        }
    }
    incoming
}

fn receive(manager: &mut DialogManager, now: Instant, text: &str) -> Option<CallKey> {
    let input = Input::Datagram {
        listener: ListenerId(0),
        source: "10.0.0.2:5060".parse().unwrap(),
        payload: text.replace('\n', "\r\n").into(),
    };
    manager.handle_input(now, input);
    drain(manager)
}

fn request(method: &str, call: u32, to_tag: &str, body: &str) -> String {
    format!(
        "{method} sip:bob@10.0.0.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK{method}{call}\n\
         Max-Forwards: 70\nFrom: \"Alice\" <sip:alice@atlanta.example.com>;tag=from{call}\n\
         To: \"Bob\" <sip:bob@biloxi.example.com>{to_tag}\nCall-ID: 3848276298220188511-{call}@10.0.0.2\nCSeq: 1 {method}\n\
         Contact: <sip:alice@10.0.0.2:5060>\nContent-Type: application/sdp\nContent-Length: {}\n\n{body}",
        body.len()
    )
}

/// Takes a call up to its ACK.
fn hold(manager: &mut DialogManager, now: Instant, call: u32) {
    let offer = "v=0\r\n".repeat(60);
    let key = receive(manager, now, &request("INVITE", call, "", &offer)).unwrap();
    manager
        .accept(now, key, Some(Body::sdp("v=0\r\n".repeat(60))))
        .unwrap();
    let mut tag = String::new();
    while let Some(output) = manager.poll_output() {
        if let Output::Datagram { payload, .. } = output {
            let text = String::from_utf8(payload.to_vec()).unwrap();
            let to = text.lines().find(|line| line.starts_with("To:")).unwrap();
            tag = to.split_once(";tag=").unwrap().1.to_owned();
        }
    }
    receive(
        manager,
        now,
        &request("ACK", call, &format!(";tag={tag}"), ""),
    );
}

fn run_out_timers(manager: &mut DialogManager, until: Instant) {
    while let Some(at) = manager.poll_timeout().filter(|at| *at <= until) {
        manager.handle_timeout(at);
        drain(manager);
    }
}

#[test]
fn a_held_call_costs_little() {
    let now = Instant::now();
    let listeners = ListenerInfo::plan(&[(TransportKind::Udp, "10.0.0.1:5060".parse().unwrap())]);
    let mut manager = DialogManager::new(
        DialogManagerConfig::Hybrid(HybridConfig::default()),
        TransactionConfig::default(),
        TransportConfig::new(listeners),
        StdRng::seed_from_u64(1),
    );
    let measured = allocation_counter::measure(|| {
        for call in 0..CALLS {
            let now = now + Duration::from_secs(u64::from(call));
            run_out_timers(&mut manager, now);
            hold(&mut manager, now, call);
        }
        run_out_timers(
            &mut manager,
            now + Duration::from_secs(u64::from(CALLS) + 60),
        );
    });
    assert_eq!(manager.calls(), CALLS as usize);
    assert!(manager.transactions().is_empty());
    let per_call = u64::try_from(measured.bytes_current).unwrap() / u64::from(CALLS);
    assert!(per_call < LIMIT, "{per_call} octets per held call");
    println!("{per_call} octets per held call");
}
