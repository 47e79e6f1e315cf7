//! More calls than there is room for, and ends that come from dropping, stopping and starting again.

use std::net::IpAddr;

use rvoip_session_core::api::*;
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::peer::Peer;
use super::scene::{Doorman, PATIENCE, builder, call, loopbacks, until_empty};
use super::wire::{Line, header, request, status};

async fn doorman(builder: SessionManagerBuilder) -> Arc<SessionCoordinator> {
    let server = builder.with_handler(Arc::new(Doorman)).build().await;
    let server = server.unwrap();
    server.start().await.unwrap();
    server
}

async fn hang_up(call: &CallSession) {
    call.terminate().await.unwrap();
    assert_eq!(call.wait_for_end().await, TerminalCause::LocalHangup);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_too_many_is_told_when_to_come_back() {
    const ROOM: usize = 3;
    let ip = loopbacks()[0];
    let server = doorman(builder(ip).with_max_sessions(ROOM)).await;
    let client = builder(ip).build().await.unwrap();
    let mut calls = Vec::new();
    for _ in 0..ROOM {
        let placed = call(&client, &server, "resident").await;
        placed.wait_for_answer(PATIENCE).await.unwrap();
        calls.push(placed);
    }
    for turned_away in 1..=20 {
        let mut peer = Peer::new(ip).await;
        let invite = peer.invite(server.get_bound_address(), "resident").await;
        let refusal = peer.response("INVITE", 503).await;
        let seconds = header(&refusal, "Retry-After").expect("Retry-After");
        assert!(seconds.parse::<u32>().is_ok_and(|seconds| seconds > 0));
        peer.acknowledge(&invite, &refusal).await;
        let stats = server.get_stats().await.unwrap();
        assert_eq!(stats.refused_for_overload, turned_away);
        assert_eq!((stats.active_sessions, stats.dialogs), (ROOM, ROOM));
    }
    assert!(calls.iter().all(CallSession::is_active));
    hang_up(&calls.remove(0)).await;
    until(&server, |stats| stats.active_sessions < ROOM).await;
    let late = call(&client, &server, "resident").await;
    late.wait_for_answer(PATIENCE).await.unwrap();
    calls.push(late);
    for placed in &calls {
        hang_up(placed).await;
    }
    until_empty(&server).await;
    until_empty(&client).await;
}

async fn until(coordinator: &Arc<SessionCoordinator>, holds: impl Fn(&SessionStats) -> bool) {
    let held = async {
        while !holds(&coordinator.get_stats().await.unwrap()) {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, held).await.expect("such figures");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_with_its_hands_full_says_so() {
    let ip = loopbacks()[0];
    let server = doorman(builder(ip)).await;
    let client = builder(ip).with_max_sessions(1).build().await.unwrap();
    let placed = call(&client, &server, "resident").await;
    placed.wait_for_answer(PATIENCE).await.unwrap();
    let target = format!("sip:resident@{}", server.get_bound_address());
    for _ in 0..5 {
        let refused = client.create_outgoing_call("sip:alice@localhost", &target, None);
        let error = refused.await.expect_err("no room");
        assert!(
            matches!(error, SessionError::ResourceExhausted) && error.is_retryable(),
            "{error}"
        );
    }
    hang_up(&placed).await;
    until_empty(&client).await;
}

/// The first port of two pairs that nobody uses.
async fn two_free_pairs(ip: IpAddr) -> u16 {
    loop {
        let first = UdpSocket::bind((ip, 0)).await.unwrap();
        let port = first.local_addr().unwrap().port();
        if port % 2 == 1 || port > u16::MAX - 3 {
            continue;
        }
        let mut rest = Vec::new();
        for next in port + 1..=port + 3 {
            rest.push(UdpSocket::bind((ip, next)).await);
        }
        if rest.iter().all(std::io::Result::is_ok) {
            return port;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_media_port_a_call_is_refused_and_leaves_nothing() {
    let ip = loopbacks()[0];
    let port = two_free_pairs(ip).await;
    let server = doorman(builder(ip).with_rtp_port_range(port, port + 3)).await;
    let client = builder(ip).build().await.unwrap();
    let mut calls = Vec::new();
    for _ in 0..2 {
        let placed = call(&client, &server, "resident").await;
        placed.wait_for_answer(PATIENCE).await.unwrap();
        calls.push(placed);
    }
    for _ in 0..5 {
        let refused = call(&client, &server, "resident").await;
        let cause = refused.wait_for_end().await;
        let status = cause.status().expect("a refusal").code();
        assert!((500..600).contains(&status), "{cause}");
        let outgoing = server.create_outgoing_call("sip:a@localhost", "sip:b@127.0.0.1:9", None);
        assert!(outgoing.await.is_err());
    }
    until(&server, |stats| stats.active_sessions == 2).await;
    assert!(calls.iter().all(CallSession::is_active));
    for placed in &calls {
        hang_up(placed).await;
    }
    until_empty(&server).await;
    until_empty(&client).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_the_coordinator_ends_every_call() {
    let ip = loopbacks()[0];
    let client = builder(ip).build().await.unwrap();
    let (mut ringing, mut talking) = (Peer::new(ip).await, Peer::new(ip).await);
    let place = async |peer: &Peer| {
        let target = format!("sip:bob@{}", peer.local());
        let placed = client.create_outgoing_call("sip:alice@localhost", &target, None);
        placed.await.unwrap()
    };
    place(&ringing).await;
    let unanswered = ringing.request("INVITE").await;
    ringing.respond(&unanswered, 180, "").await;
    let placed = place(&talking).await;
    let invite = talking.request("INVITE").await;
    talking.respond(&invite, 200, &talking.description()).await;
    placed.wait_for_answer(PATIENCE).await.unwrap();
    talking.request("ACK").await;
    let rings = client.sessions();
    let rings = rings.iter().find(|call| call.id() != placed.id()).unwrap();
    until_ringing(rings).await;

    drop(client);
    let cancel = ringing.request("CANCEL").await;
    ringing.respond(&cancel, 200, "").await;
    ringing.respond(&unanswered, 487, "").await;
    ringing.request("ACK").await;
    let bye = talking.request("BYE").await;
    talking.respond(&bye, 200, "").await;
    assert_eq!(placed.wait_for_end().await, TerminalCause::Shutdown);
    assert_eq!(rings.wait_for_end().await, TerminalCause::Shutdown);
}

async fn until_ringing(call: &CallSession) {
    let rings = async {
        while call.state() != CallState::Ringing {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, rings).await.expect("ringing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_a_server_answers_those_who_wait_and_hangs_up_the_others() {
    let ip = loopbacks()[0];
    let queue = Arc::new(QueueHandler::new(2));
    let server = builder(ip).with_handler(queue.clone()).build().await;
    let server = server.unwrap();
    server.start().await.unwrap();
    let target = server.get_bound_address();
    let (mut waiting, mut talking) = (Peer::new(ip).await, Peer::new(ip).await);
    let invite = talking.invite(target, "bob").await;
    let taken = timeout(PATIENCE, queue.next()).await.unwrap();
    taken.accept().await.unwrap();
    let answer = talking.response("INVITE", 200).await;
    talking.acknowledge(&invite, &answer).await;
    let undecided = waiting.invite(target, "bob").await;
    let forgotten = timeout(PATIENCE, queue.next()).await.unwrap();
    waiting.response("INVITE", 180).await;

    drop(server);
    let bye = talking.request("BYE").await;
    talking.respond(&bye, 200, "").await;
    loop {
        let message = waiting.any().await;
        if let Some(code) = status(&message).filter(|code| *code >= 200) {
            assert!((400..600).contains(&code), "{message}");
            waiting.acknowledge(&undecided, &message).await;
            break;
        }
    }
    let session = forgotten.session();
    assert_eq!(session.wait_for_end().await, TerminalCause::Shutdown);
    assert!(forgotten.accept().await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_a_guard_hangs_up_or_cancels() {
    let ip = loopbacks()[0];
    let client = builder(ip).build().await.unwrap();
    for answered in [false, true] {
        let mut peer = Peer::new(ip).await;
        let target = format!("sip:bob@{}", peer.local());
        let placed = client.create_outgoing_call("sip:alice@localhost", &target, None);
        let guard = placed.await.unwrap().end_on_drop();
        let watch = CallSession::clone(&guard);
        let invite = peer.request("INVITE").await;
        if answered {
            peer.respond(&invite, 200, &peer.description()).await;
            guard.wait_for_answer(PATIENCE).await.unwrap();
            peer.request("ACK").await;
            drop(guard);
            let bye = peer.request("BYE").await;
            peer.respond(&bye, 200, "").await;
            assert_eq!(watch.wait_for_end().await, TerminalCause::LocalHangup);
        } else {
            peer.respond(&invite, 180, "").await;
            until_ringing(&watch).await;
            drop(guard);
            let cancel = peer.request("CANCEL").await;
            peer.respond(&cancel, 200, "").await;
            peer.respond(&invite, 487, "").await;
            peer.request("ACK").await;
            assert_eq!(watch.wait_for_end().await, TerminalCause::Cancelled);
        }
        until_empty(&client).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_coordinator_leaves_its_port_to_the_next_at_once() {
    for ip in loopbacks() {
        let client = builder(ip).build().await.unwrap();
        let mut address = (ip, 0).into();
        for round in 0..20 {
            let server = builder(ip).with_local_bind_addr(address);
            let server = doorman(server).await;
            address = server.get_bound_address();
            let target = format!("sip:resident@{address};transport=tcp");
            // Every other round over TCP, whose closed connections linger in the kernel.
            let placed = match round % 2 {
                0 => call(&client, &server, "resident").await,
                _ => {
                    let placed = client.create_outgoing_call("sip:alice@localhost", &target, None);
                    placed.await.unwrap()
                }
            };
            placed.wait_for_answer(PATIENCE).await.unwrap();
            let line = Line::new(address).await;
            let half = request("INVITE", "TCP", line.local(), address, round);
            line.write(&half[..100]).await.unwrap();
            server.stop().await.unwrap();
            assert_eq!(placed.wait_for_end().await, TerminalCause::RemoteHangup);
            let twice = server.get_stats().await;
            assert!(matches!(twice, Err(SessionError::Stopped)), "{twice:?}");
        }
        until_empty(&client).await;
        client.stop().await.unwrap();
    }
}
