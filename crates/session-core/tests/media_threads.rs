//! Calls whose media is on different threads, and a bridge of three of them, on real sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::f64::consts::TAU;

use rvoip_session_core::api::*;
use rvoip_session_core::media_core::{MemoryRecording, RecordingSink};

const PATIENCE: Duration = Duration::from_secs(20);
const TONES_HZ: [f64; 3] = [400.0, 550.0, 700.0];

struct Phone {
    client: Arc<SessionCoordinator>,
    call: CallSession,
    events: EventSubscriber,
    /// The server's end of the call.
    session: SessionId,
    heard: MemoryRecording,
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

async fn phone(server: &Arc<SessionCoordinator>, hz: f64) -> Result<Phone> {
    let client = SessionManagerBuilder::new()
        .with_local_bind_addr("127.0.0.1:0".parse()?)
        .with_media_source(AudioSource::Tone {
            frequency_hz: hz,
            amplitude: 0.2,
        })
        .build()
        .await?;
    let events = client.subscribe();
    let mut at_server = server.subscribe();
    let target = format!("sip:room@{}", server.get_bound_address());
    let call = client.create_outgoing_call("sip:phone@localhost", &target, None);
    let call = call.await?;
    call.wait_for_answer(PATIENCE).await?;
    let flows = event(&mut at_server, |event| match event {
        BasicSessionEvent::MediaFlowChanged {
            call, active: true, ..
        } => Some(call.id()),
        _ => None,
    });
    let session = flows.await;
    let heard = MemoryRecording::new(8_000 * 120);
    let recording = RecordingSink::Memory(heard.clone()).into();
    client.start_recording_of(call.id(), recording).await?;
    let interval = Duration::from_millis(100);
    client
        .start_statistics_monitoring(call.id(), interval)
        .await?;
    Ok(Phone {
        client,
        call,
        events,
        session,
        heard,
    })
}

/// The amplitude of a frequency.
fn level(samples: &[i16], hz: f64) -> f64 {
    let (mut cos, mut sin) = (0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let angle = TAU * hz * n as f64 / 8_000.0;
        cos += f64::from(*sample) * angle.cos();
        sin += f64::from(*sample) * angle.sin();
    }
    2.0 * f64::hypot(cos, sin) / samples.len() as f64
}

/// Checks that each of the first `bridged` hears the others, who are at 6,500, and not itself.
async fn check(phones: &mut [Phone], bridged: usize) {
    let now: Vec<usize> = phones.iter().map(|it| it.heard.samples().len()).collect();
    for (phone, now) in phones[..bridged].iter_mut().zip(now) {
        while phone.heard.samples().len() < now + 3 * 8_000 {
            event(&mut phone.events, |event| {
                matches!(event, BasicSessionEvent::MediaReported { .. }).then_some(())
            })
            .await;
        }
    }
    for (listener, phone) in phones[..bridged].iter().enumerate() {
        let heard = phone.heard.samples();
        let last = &heard[heard.len() - 8_000..];
        for (speaker, hz) in TONES_HZ.into_iter().enumerate() {
            let level = level(last, hz);
            match speaker != listener && speaker < bridged {
                true => assert!(level > 3_000.0, "{listener} hears {speaker}: {level}"),
                false => assert!(level < 1_500.0, "{listener} hears {speaker}: {level}"),
            }
        }
    }
}

#[tokio::test]
async fn three_calls_of_two_threads_meet_in_a_bridge() -> Result<()> {
    let server = SessionManagerBuilder::new()
        .with_local_bind_addr("127.0.0.1:0".parse()?)
        .with_media_threads(2)
        .with_handler(Arc::new(AutoAnswerHandler))
        .build()
        .await?;
    server.start().await?;
    let mut phones = Vec::new();
    for hz in TONES_HZ {
        phones.push(phone(&server, hz).await?);
    }
    // Two of one codec are relayed, and three are mixed.
    let of = |phone: &Phone| phone.session;
    let sessions: Vec<SessionId> = phones.iter().map(of).collect();
    let bridge = server.bridge_sessions(&sessions[0], &sessions[1]).await?;
    check(&mut phones, 2).await;
    server.add_session_to_bridge(&bridge, &sessions[2]).await?;
    check(&mut phones, 3).await;
    let mut ends = server.subscribe();
    for phone in &phones {
        let figures = phone.client.get_media_statistics(phone.call.id()).await?;
        let figures = figures.expect("a call with media");
        assert_eq!((figures.packets_lost, figures.packets_refused), (0, 0));
        phone.call.terminate().await?;
        event(&mut ends, |event| {
            matches!(event, BasicSessionEvent::Ended { .. }).then_some(())
        })
        .await;
        phone.client.stop().await?;
    }
    let stats = server.get_stats().await?;
    assert_eq!((stats.media_sessions, stats.media_ports), (0, 0));
    server.stop().await
}
