//! Strangers on the TCP port: half heads, garbage, endless heads, peers that never read, and hundreds that say nothing.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rvoip_session_core::api::*;

use super::noise;
use super::scene::{PATIENCE, Scene, builder, call, loopbacks, until_unconnected};
use super::wire::{Line, request, status};

const IDLE: usize = 300;

async fn options(target: SocketAddr, number: u64) -> String {
    let mut line = Line::new(target).await;
    let options = request("OPTIONS", "TCP", line.local(), target, number);
    line.write(&options).await.expect("an open stream");
    line.read_until(|text| text.contains("\r\n\r\n")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_on_streams_ends_them_and_nothing_else() {
    for (seed, ip) in (1..).zip(loopbacks()) {
        let scene = Scene::new(ip).await;
        let server = &scene.called.coordinator;
        let target = server.get_bound_address();
        let mut rng = StdRng::seed_from_u64(seed);
        let before = server.get_stats().await.unwrap().messages_dropped;
        for _ in 0..50 {
            let mut line = Line::new(target).await;
            let mut garbage = noise::octets(&mut rng, 2000);
            garbage[0] = 0x80;
            let _ = line.write(&garbage).await;
            assert_eq!(line.read_to_end().await, "");
        }
        // A head that does not end.
        let mut line = Line::new(target).await;
        while line.write(&[b'a'; 8192]).await.is_ok() {}
        assert_eq!(line.read_to_end().await, "");
        let dropped = server.get_stats().await.unwrap().messages_dropped - before;
        assert_eq!(dropped, 51, "every one is counted");

        // Lengths that nobody can believe are answered, and the stream is over.
        for length in ["99999999", "-1", "18446744073709551616", "zero", ""] {
            let mut line = Line::new(target).await;
            let good = request("OPTIONS", "TCP", line.local(), target, rng.random());
            let bad = String::from_utf8(good)
                .unwrap()
                .replace("Content-Length: 0", &format!("Content-Length: {length}"));
            line.write(bad.as_bytes()).await.expect("an open stream");
            let answer = line.read_to_end().await;
            let found = status(&answer);
            assert!(
                matches!(found, Some(400 | 413 | 513)),
                "{length}: {answer:?}"
            );
        }

        // Thousands of messages with something wrong, each on a stream of its own.
        for number in 0..200 {
            let mut line = Line::new(target).await;
            let method = ["INVITE", "ACK", "BYE", "CANCEL", "OPTIONS"][number % 5];
            let good = request(
                method,
                "TCP",
                line.local(),
                target,
                2_000_000 + number as u64,
            );
            for _ in 0..5 {
                let _ = line.write(&noise::mutate(&mut rng, &good)).await;
            }
            if number % 20 == 0 {
                let answer = options(target, 3_000_000 + number as u64).await;
                assert_eq!(status(&answer), Some(200), "{answer}");
            }
            line.heard.clear();
        }
        until_unconnected(server).await;
        scene.survives().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_half_and_slow_streams_keep_nobody_out() {
    let ip = loopbacks()[0];
    let scene = Scene::new(ip).await;
    let server = &scene.called.coordinator;
    let target = server.get_bound_address();
    let mut lines = Vec::new();
    for number in 0..IDLE {
        let line = Line::new(target).await;
        let head = request("INVITE", "TCP", line.local(), target, number as u64);
        match number % 3 {
            0 => {}
            1 => line.write(&head[..number]).await.expect("an open stream"),
            _ => line
                .write(&head[..head.len() - 1])
                .await
                .expect("an open stream"),
        }
        lines.push(line);
    }
    // Octet by octet is slow, and a message all the same.
    let mut slow = Line::new(target).await;
    let message = request("OPTIONS", "TCP", slow.local(), target, 10_000);
    for octet in message.chunks(1) {
        slow.write(octet).await.expect("an open stream");
    }
    let answer = slow.read_until(|text| text.contains("\r\n\r\n")).await;
    assert_eq!(status(&answer), Some(200));
    assert!(server.get_stats().await.unwrap().connections > IDLE);

    let another = builder(ip).build().await.unwrap();
    let uri = format!("sip:resident@{target};transport=tcp");
    let placed = another.create_outgoing_call("sip:alice@localhost", &uri, None);
    let placed = placed.await.unwrap();
    placed.wait_for_answer(PATIENCE).await.unwrap();
    placed.terminate().await.unwrap();
    assert_eq!(placed.wait_for_end().await, TerminalCause::LocalHangup);
    another.stop().await.unwrap();
    drop((lines, slow));
    until_unconnected(server).await;
    scene.survives().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_never_reads_is_cut_off() {
    /// What no peer may make us keep, kernel buffers included.
    const MOST: usize = 64 << 20;

    let ip = loopbacks()[0];
    let scene = Scene::new(ip).await;
    let server = &scene.called.coordinator;
    let target = server.get_bound_address();
    let line = Line::with_receive_buffer(target, Some(4096)).await;
    let (mut asked, mut number) = (0, 0);
    loop {
        let batch: Vec<u8> = (0..50)
            .flat_map(|_| {
                number += 1;
                request("OPTIONS", "TCP", line.local(), target, number)
            })
            .collect();
        asked += batch.len();
        if line.write(&batch).await.is_err() {
            break;
        }
        assert!(asked < MOST, "still not cut off");
    }
    until_unconnected(server).await;
    let bystander = builder(ip).build().await.unwrap();
    let placed = call(&bystander, server, "resident").await;
    placed.wait_for_answer(PATIENCE).await.unwrap();
    placed.terminate().await.unwrap();
    placed.wait_for_end().await;
    bystander.stop().await.unwrap();
    scene.survives().await;
}
