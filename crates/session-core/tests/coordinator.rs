//! The coordinator on real sockets: what ends what, who waits for whom, and what is left.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rvoip_session_core::api::*;
use tokio::sync::{Notify, mpsc};

const PATIENCE: Duration = Duration::from_secs(10);

async fn coordinator(handler: Option<Arc<dyn CallHandler>>) -> Result<Arc<SessionCoordinator>> {
    let mut builder = SessionManagerBuilder::new().with_local_bind_addr("127.0.0.1:0".parse()?);
    if let Some(handler) = handler {
        builder = builder.with_handler(handler);
    }
    builder.build().await
}

/// A server with this handler, started, and a client.
async fn pair(
    handler: Arc<dyn CallHandler>,
) -> Result<(Arc<SessionCoordinator>, Arc<SessionCoordinator>)> {
    let server = coordinator(Some(handler)).await?;
    server.start().await?;
    Ok((server, coordinator(None).await?))
}

async fn call(
    client: &Arc<SessionCoordinator>,
    server: &Arc<SessionCoordinator>,
    user: &str,
) -> Result<CallSession> {
    let target = format!("sip:{user}@{}", server.get_bound_address());
    client
        .create_outgoing_call("sip:alice@localhost", &target, None)
        .await
}

/// The next event that `wanted` picks.
async fn event<T>(
    events: &mut EventSubscriber,
    wanted: impl Fn(BasicSessionEvent) -> Option<T>,
) -> T {
    loop {
        match tokio::time::timeout(PATIENCE, events.recv()).await {
            Ok(Some(Delivery::Event(event))) => {
                if let Some(found) = wanted(event) {
                    return found;
                }
            }
            other => panic!("no such event: {other:?}"),
        }
    }
}

async fn assert_empty(coordinator: &Arc<SessionCoordinator>) -> Result<()> {
    let stats = coordinator.get_stats().await?;
    assert_eq!(
        (
            stats.active_sessions,
            stats.dialogs,
            stats.media_sessions,
            stats.media_ports
        ),
        (0, 0, 0, 0)
    );
    assert!(coordinator.list_active_sessions().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn dropping_the_owner_of_a_call_ends_it_and_frees_everything() -> Result<()> {
    let (server, client) = pair(Arc::new(AutoAnswerHandler)).await?;
    let mut ends = server.subscribe();
    let session = call(&client, &server, "bob").await?;
    session.wait_for_answer(PATIENCE).await?;
    drop(session.clone());
    assert!(session.is_active(), "a handle owns nothing");
    let stats = client.get_stats().await?;
    assert_eq!((stats.active_sessions, stats.media_ports), (1, 1));

    let watch = session.clone();
    drop(session.end_on_drop());
    assert_eq!(watch.wait_for_end().await, TerminalCause::LocalHangup);
    let cause = event(&mut ends, |event| match event {
        BasicSessionEvent::Ended { cause, .. } => Some(cause),
        _ => None,
    });
    assert_eq!(cause.await, TerminalCause::RemoteHangup);
    assert_empty(&client).await?;
    assert_empty(&server).await?;
    client.stop().await?;
    server.stop().await
}

#[tokio::test]
async fn dropping_the_owner_of_a_call_that_rings_cancels_it() -> Result<()> {
    let queue = Arc::new(QueueHandler::new(10));
    let (server, client) = pair(queue.clone()).await?;
    let guard = call(&client, &server, "bob").await?.end_on_drop();
    let waiting = tokio::time::timeout(PATIENCE, queue.next())
        .await
        .expect("a call");
    let (ours, theirs) = (CallSession::clone(&guard), waiting.session());
    drop(guard);
    assert_eq!(ours.wait_for_end().await, TerminalCause::Cancelled);
    assert_eq!(theirs.wait_for_end().await, TerminalCause::Cancelled);
    assert!(waiting.accept().await.is_err());
    assert_empty(&client).await?;
    server.stop().await
}

#[derive(Debug)]
struct Forgetful;

#[async_trait]
impl CallHandler for Forgetful {
    async fn on_incoming_call(&self, _call: IncomingCall) -> CallDecision {
        CallDecision::Defer
    }

    async fn on_call_ended(&self, _call: CallSession, _reason: &str) {}
}

#[tokio::test]
async fn a_call_that_everybody_has_forgotten_is_answered_480() -> Result<()> {
    let (server, client) = pair(Arc::new(Forgetful)).await?;
    let session = call(&client, &server, "bob").await?;
    assert_eq!(
        session.wait_for_end().await.status(),
        Some(StatusCode::TEMPORARILY_UNAVAILABLE)
    );
    assert_empty(&server).await
}

#[tokio::test]
async fn calls_are_refused_without_a_start_and_without_a_handler() -> Result<()> {
    let (server, client) = (coordinator(None).await?, coordinator(None).await?);
    let early = call(&client, &server, "bob").await?;
    assert_eq!(
        early.wait_for_end().await.status(),
        Some(StatusCode::SERVICE_UNAVAILABLE)
    );
    server.start().await?;
    let unattended = call(&client, &server, "bob").await?;
    assert_eq!(
        unattended.wait_for_end().await.status(),
        Some(StatusCode::TEMPORARILY_UNAVAILABLE)
    );
    Ok(())
}

/// Answers `bob`, panics for `eve`, and leaves `dan` waiting for ever.
#[derive(Debug)]
struct Moody {
    told: mpsc::Sender<String>,
    stuck: Notify,
}

#[async_trait]
impl CallHandler for Moody {
    async fn on_incoming_call(&self, call: IncomingCall) -> CallDecision {
        if call.to.starts_with("sip:eve@") {
            panic!("the application's fault");
        }
        if call.to.starts_with("sip:dan@") {
            self.stuck.notified().await;
        }
        CallDecision::Accept(None)
    }

    async fn on_call_ended(&self, call: CallSession, reason: &str) {
        let user = call.to.split(['@', ':']).nth(1).unwrap_or_default();
        self.told
            .send(format!("{user} {reason}"))
            .await
            .expect("the test listens");
    }
}

#[tokio::test]
async fn a_handler_that_panics_or_hangs_harms_its_own_call_alone() -> Result<()> {
    let (told, mut ends) = mpsc::channel(8);
    let (server, client) = pair(Arc::new(Moody {
        told,
        stuck: Notify::new(),
    }))
    .await?;
    let dan = call(&client, &server, "dan").await?;
    let eve = call(&client, &server, "eve").await?;
    assert_eq!(
        eve.wait_for_end().await.status(),
        Some(StatusCode::TEMPORARILY_UNAVAILABLE)
    );
    assert!(
        ends.recv()
            .await
            .expect("an end")
            .starts_with("eve declined"),
        "told even after the panic"
    );
    let bob = call(&client, &server, "bob").await?;
    bob.wait_for_answer(PATIENCE).await?;
    bob.terminate().await?;
    assert_eq!(ends.recv().await.as_deref(), Some("bob remote hangup"));
    assert!(matches!(
        dan.state(),
        CallState::Initiating | CallState::Ringing
    ));
    dan.terminate().await?;
    assert_eq!(dan.wait_for_end().await, TerminalCause::Cancelled);
    Ok(())
}

#[tokio::test]
async fn an_application_may_handle_media_itself() -> Result<()> {
    let queue = Arc::new(QueueHandler::new(1));
    let (server, client) = pair(queue.clone()).await?;
    let sdp = |port: u16| {
        format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"
        )
    };
    let target = format!("sip:bob@{}", server.get_bound_address());
    let placed = client
        .create_outgoing_call("sip:alice@localhost", &target, Some(sdp(4000)))
        .await?;
    let waiting = tokio::time::timeout(PATIENCE, queue.next())
        .await
        .expect("a call");
    assert_eq!(waiting.sdp.as_deref(), Some(sdp(4000).as_str()));
    assert_eq!(waiting.headers.get("cseq"), Some("1 INVITE"));
    let taken = waiting.accept_with_sdp(sdp(5000)).await?;
    placed.wait_for_answer(PATIENCE).await?;
    assert_eq!(
        (
            client.get_stats().await?.media_ports,
            server.get_stats().await?.media_ports
        ),
        (0, 0)
    );
    assert!(
        MediaControl::get_media_info(&client, placed.id())
            .await?
            .is_none()
    );
    let muted = client.set_audio_muted(placed.id(), true).await;
    assert!(
        matches!(muted, Err(SessionError::NoMedia { .. })),
        "{muted:?}"
    );
    taken.terminate().await?;
    assert_eq!(placed.wait_for_end().await, TerminalCause::RemoteHangup);
    Ok(())
}

#[tokio::test]
async fn a_prepared_call_is_placed_with_the_offer_it_was_prepared_with() -> Result<()> {
    let queue = Arc::new(QueueHandler::new(1));
    let (server, client) = pair(queue.clone()).await?;
    let target = format!("sip:bob@{}", server.get_bound_address());
    let prepared = client
        .prepare_outgoing_call("sip:alice@localhost", &target)
        .await?;
    assert_eq!(
        client.generate_sdp_offer(&prepared.session_id).await?,
        prepared.sdp_offer
    );
    let placed = client.initiate_prepared_call(&prepared).await?;
    assert!(client.initiate_prepared_call(&prepared).await.is_err());
    let waiting = tokio::time::timeout(PATIENCE, queue.next())
        .await
        .expect("a call");
    assert_eq!(waiting.sdp.as_deref(), Some(prepared.sdp_offer.as_str()));
    let error = placed
        .wait_for_answer(Duration::ZERO)
        .await
        .expect_err("it rings");
    assert!(
        error.is_retryable() && error.session_id() == Some(placed.id),
        "{error}"
    );
    waiting.accept().await?;
    placed.wait_for_answer(PATIENCE).await?;
    let info = MediaControl::get_media_info(&client, placed.id())
        .await?
        .expect("media");
    assert_eq!(info.local_rtp_port, prepared.local_rtp_port);
    assert_eq!(
        (info.codec.as_deref(), info.remote_rtp_port != 0),
        (Some("PCMU"), true)
    );
    client.stop().await?;
    assert!(
        client.start().await.is_err(),
        "a stopped coordinator stays stopped"
    );
    server.stop().await
}

#[tokio::test]
async fn stop_tells_the_handler_of_every_end_and_frees_the_address() -> Result<()> {
    let (told, mut ends) = mpsc::channel(8);
    let (server, client) = pair(Arc::new(Moody {
        told,
        stuck: Notify::new(),
    }))
    .await?;
    let mut calls = Vec::new();
    for _ in 0..5 {
        let session = call(&client, &server, "bob").await?;
        session.wait_for_answer(PATIENCE).await?;
        calls.push(session);
    }
    let address = server.get_bound_address();
    server.stop().await?;
    for _ in &calls {
        assert_eq!(
            ends.try_recv().as_deref(),
            Ok("bob shutdown"),
            "told before stop returns"
        );
    }
    for session in calls {
        assert_eq!(session.wait_for_end().await, TerminalCause::RemoteHangup);
    }
    let again = SessionManagerBuilder::new()
        .with_local_bind_addr(address)
        .build()
        .await?;
    again.stop().await
}

#[tokio::test]
async fn a_chain_of_handlers_asks_one_after_the_other() -> Result<()> {
    let mut routing = RoutingHandler::new();
    routing.add_route("sip:sales@", "sip:queue@127.0.0.1:9");
    routing.set_default_action(CallDecision::Defer);
    let queue = Arc::new(QueueHandler::new(1));
    let chain = CompositeHandler::new()
        .add_handler(Arc::new(routing))
        .add_handler(queue.clone());
    let server = coordinator(Some(Arc::new(chain))).await?;
    server.start().await?;
    let mut stays = RedirectPolicy::default();
    stays.follow = false;
    let client = SessionManagerBuilder::new()
        .with_local_bind_addr("127.0.0.1:0".parse()?)
        .with_redirects(stays)
        .build()
        .await?;
    let sales = call(&client, &server, "sales").await?;
    assert_eq!(
        sales.wait_for_end().await.status(),
        Some(StatusCode::MOVED_TEMPORARILY)
    );
    let first = call(&client, &server, "bob").await?;
    let waiting = tokio::time::timeout(PATIENCE, queue.next())
        .await
        .expect("a call");
    let second = call(&client, &server, "bob").await?;
    let again = tokio::time::timeout(PATIENCE, queue.next())
        .await
        .expect("a call");
    waiting.reject("486 Busy Here").await?;
    again.accept().await?;
    assert_eq!(
        first.wait_for_end().await.status(),
        Some(StatusCode::BUSY_HERE)
    );
    second.wait_for_answer(PATIENCE).await?;
    drop(second.end_on_drop());
    Ok(())
}

#[tokio::test]
async fn the_media_of_a_call_is_announced_recorded_and_reported() -> Result<()> {
    let (server, client) = pair(Arc::new(AutoAnswerHandler)).await?;
    let mut events = client.subscribe();
    let session = call(&client, &server, "bob").await?;
    session.wait_for_answer(PATIENCE).await?;
    let flow = event(&mut events, |event| match event {
        BasicSessionEvent::MediaFlowChanged { active, codec, .. } => Some((active, codec)),
        _ => None,
    });
    assert_eq!(flow.await, (true, Some(Codec::Pcmu)));
    client
        .start_statistics_monitoring(session.id(), Duration::from_millis(100))
        .await?;
    let figures = event(&mut events, |event| match event {
        BasicSessionEvent::MediaReported { statistics, .. } => Some(statistics),
        _ => None,
    });
    assert!(figures.await.packets_received > 0);
    let figures = client
        .get_call_statistics(session.id())
        .await?
        .expect("a call");
    assert!(figures.state == CallState::Active && figures.media.is_some());
    assert_eq!(client.get_packet_loss_rate(session.id()).await?, Some(0.0));
    client.stop_statistics_monitoring(session.id()).await?;
    client.set_audio_muted(session.id(), true).await?;
    client.set_tone_generation(session.id(), 300.0, 0.2).await?;
    client.stop_audio_transmission(session.id()).await?;
    assert!(!client.is_audio_transmission_active(session.id()).await?);
    session.terminate().await?;
    session.wait_for_end().await;
    assert!(
        client.get_media_statistics(session.id()).await?.is_none(),
        "no data after the end"
    );
    client.stop().await?;
    server.stop().await
}

#[tokio::test]
async fn stop_does_not_wait_for_ever_for_a_silent_peer() -> Result<()> {
    let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await?;
    let client = coordinator(None).await?;
    let mut events = client.subscribe();
    let target = format!("sip:bob@{}", silent.local_addr()?);
    let session = client
        .create_outgoing_call("sip:alice@localhost", &target, None)
        .await?;
    client.stop().await?;
    assert_eq!(session.wait_for_end().await, TerminalCause::Shutdown);
    let ended = event(&mut events, |event| match event {
        BasicSessionEvent::Ended { cause, .. } => Some(cause),
        _ => None,
    });
    assert_eq!(ended.await, TerminalCause::Shutdown);
    Ok(())
}

#[tokio::test]
async fn a_hold_is_agreed_on_when_it_returns_and_a_drain_waits_for_the_last_call() -> Result<()> {
    let (server, client) = pair(Arc::new(AutoAnswerHandler)).await?;
    let session = call(&client, &server, "bob").await?;
    session.wait_for_answer(PATIENCE).await?;
    client.hold_session(session.id()).await?;
    assert_eq!(session.state(), CallState::OnHold);
    assert!(session.hold_state().local && !session.hold_state().remote);
    session.resume().await?;
    assert_eq!(session.state(), CallState::Active);
    session.send_dtmf("12#").await?;
    let call_id = client.call_id(session.id()).await?.expect("a Call-ID");
    assert_eq!(client.find_sessions(&call_id).await?, [session.id]);

    assert_eq!(server.drain(Duration::ZERO).await?, 1);
    let late = call(&client, &server, "bob").await?;
    assert_eq!(
        late.wait_for_end().await.status(),
        Some(StatusCode::SERVICE_UNAVAILABLE)
    );
    let (left, ended) = tokio::join!(server.drain(PATIENCE), session.terminate());
    ended?;
    assert_eq!(left?, 0);
    assert!(server.leftovers(Duration::ZERO).await?.is_empty());
    client.stop().await?;
    server.stop().await
}

#[tokio::test]
async fn a_peer_that_refuses_a_hold_is_named_in_the_error() -> Result<()> {
    let own = "v=0\r\no=- 7 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
               m=audio 4000 RTP/AVP 0\r\n";
    let mut routing = RoutingHandler::new();
    routing.set_default_action(CallDecision::Accept(Some(own.to_owned())));
    let (server, client) = pair(Arc::new(routing)).await?;
    let session = call(&client, &server, "bob").await?;
    session.wait_for_answer(PATIENCE).await?;
    let refused = session.hold().await;
    let Err(SessionError::OfferRefused { status, .. }) = &refused else {
        panic!("{refused:?}")
    };
    assert_eq!(*status, StatusCode::NOT_ACCEPTABLE_HERE);
    assert_eq!(session.state(), CallState::Active);
    session.terminate().await?;
    session.wait_for_end().await;
    assert!(matches!(
        session.hold().await,
        Err(SessionError::SessionNotFound(_))
    ));
    client.stop().await?;
    server.stop().await
}
