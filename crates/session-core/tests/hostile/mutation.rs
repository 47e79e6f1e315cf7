//! Datagrams that are no message, half a message, or a message with something wrong, on the SIP ports of both parties.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rvoip_session_core::api::SessionControl;

use super::noise;
use super::scene::{Scene, loopbacks};
use super::wire::{Stranger, header, status};

const METHODS: [&str; 5] = ["INVITE", "ACK", "BYE", "CANCEL", "OPTIONS"];

/// Datagrams between two probes: few enough for the socket's buffer.
const BATCH: usize = 24;

const RANDOM: usize = 500;
const MUTATED: usize = 2500;

/// Sends all of them, and collects the answers.
async fn flood(stranger: &mut Stranger, datagrams: impl Iterator<Item = Vec<u8>>) -> Vec<String> {
    let mut heard = Vec::new();
    for (number, datagram) in datagrams.enumerate() {
        stranger.send(&datagram).await;
        if number % BATCH == BATCH - 1 {
            heard.extend(stranger.settle().await);
        }
    }
    heard.extend(stranger.settle().await);
    heard
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_on_the_sip_ports_is_answered_or_dropped_and_counted() {
    for (seed, ip) in (1..).zip(loopbacks()) {
        let scene = Scene::new(ip).await;
        for party in scene.parties() {
            let coordinator = &party.coordinator;
            let mut stranger = Stranger::new(coordinator.get_bound_address()).await;
            let mut rng = StdRng::seed_from_u64(seed);

            let dropped = || async { coordinator.get_stats().await.unwrap().messages_dropped };
            let before = dropped().await;
            let random = (0..RANDOM).map(|_| noise::octets(&mut rng, 1400));
            let heard = flood(&mut stranger, random).await;
            assert!(heard.is_empty(), "nobody answers noise: {heard:?}");
            assert_eq!(
                dropped().await - before,
                RANDOM as u64,
                "every one is counted"
            );

            let whole: Vec<Vec<u8>> = METHODS.map(|method| stranger.request(method)).into();
            let halves = whole.iter().flat_map(|message| {
                let step = 1 + message.len() / 100;
                (0..message.len())
                    .step_by(step)
                    .map(|end| message[..end].to_vec())
            });
            flood(&mut stranger, halves).await;

            let mut first = stranger.number();
            let (local, target) = (stranger.local(), stranger.target);
            let mutated = (0..MUTATED / 2).map(|_| {
                first += 1;
                let method = METHODS[rng.random_range(0..METHODS.len())];
                let message = super::wire::request(method, "UDP", local, target, 1_000_000 + first);
                noise::mutate(&mut rng, &message)
            });
            let heard = flood(&mut stranger, mutated).await;
            assert!(heard.iter().any(|message| status(message) == Some(400)));
            assert!(heard.iter().any(|message| status(message) == Some(481)));
            assert!(heard.iter().all(|message| status(message).is_some()));
            assert!(heard.iter().all(|message| status(message) != Some(200)
                || header(message, "CSeq") != Some("1 INVITE")));
        }
        scene.survives().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn oversize_datagrams_and_heads_are_answered_or_dropped() {
    let scene = Scene::new(loopbacks()[0]).await;
    let coordinator = &scene.called.coordinator;
    let mut stranger = Stranger::new(coordinator.get_bound_address()).await;
    let before = coordinator.get_stats().await.unwrap().messages_dropped;

    // The largest datagram there is: noise, one endless line, one endless start line.
    for octet in [0xff, b'a', b' '] {
        stranger.send(&[octet; 65_507]).await;
        assert!(stranger.settle().await.is_empty());
    }
    let dropped = coordinator.get_stats().await.unwrap().messages_dropped - before;
    assert_eq!(dropped, 3);

    // A head with far too many lines, with one far too long, and a body as long as a datagram can be.
    let good = String::from_utf8(stranger.request("OPTIONS")).unwrap();
    let lines = good.replacen("\r\n", &format!("\r\n{}", "X-A: b\r\n".repeat(5000)), 1);
    let line = good.replacen("\r\n", &format!("\r\nX-A: {}\r\n", "b".repeat(60_000)), 1);
    for head in [lines, line] {
        let heard = stranger.ask(head.as_bytes()).await;
        let status = heard.as_deref().and_then(status);
        assert!(matches!(status, None | Some(400 | 413 | 513)), "{heard:?}");
    }
    let invite = String::from_utf8(stranger.request("INVITE")).unwrap();
    let head = invite.split("\r\n\r\n").next().unwrap();
    let head = head.replace(
        &format!(
            "Content-Length: {}",
            header(&invite, "Content-Length").unwrap()
        ),
        "Content-Length: 64000",
    );
    let mut long = format!("{head}\r\n\r\n").into_bytes();
    long.resize(long.len() + 64_000, b'v');
    stranger.send(&long).await;
    let refused = scene.tap.wait_sent(|message| {
        header(message, "Call-ID") == header(&invite, "Call-ID")
            && status(message).is_some_and(|status| status >= 300)
    });
    assert!(matches!(status(&refused.await), Some(400 | 486 | 488)));
    scene.survives().await;
}
