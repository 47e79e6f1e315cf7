//! A called party whose sound is faster than its answer, on sockets.

use rvoip_session_core::api::*;
use tokio::time::timeout;

use super::peer::{Peer, audio_port};
use super::scene::{PATIENCE, builder, loopbacks, until_empty};
use super::tone::Heard;

const TONE_HZ: f64 = 425.0;

/// Lets the peer say a frame for each that is heard, until so many hold its tone.
async fn listen(
    peer: &mut Peer,
    frames: &mut AudioFrameSubscriber,
    rtp: std::net::SocketAddr,
    enough: usize,
) {
    let mut heard = Vec::new();
    let listening = async {
        while !Heard::of(&heard, TONE_HZ).is_tone(enough) {
            let frame = frames.recv().await.expect("a frame");
            heard.extend(frame.samples);
            peer.play(TONE_HZ, rtp).await;
        }
    };
    let listened = timeout(PATIENCE, listening).await;
    listened.unwrap_or_else(|_| panic!("{:?}", Heard::of(&heard, TONE_HZ)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tone_before_the_answer_is_heard_and_goes_on_after_it() {
    for ip in loopbacks() {
        let client = builder(ip).with_media_source(AudioSource::None);
        let client = client.build().await.unwrap();
        let mut peer = Peer::new(ip).await;
        let target = format!("sip:bob@{}", peer.local());
        let call = client.create_outgoing_call("sip:alice@localhost", &target, None);
        let call = call.await.unwrap();
        let invite = peer.request("INVITE").await;
        let rtp = (ip, audio_port(&invite)).into();
        peer.respond(&invite, 180, "").await;
        let (mut frames, _writer) = call
            .audio(AudioFormat::at(SampleRate::Hz8000))
            .await
            .unwrap();
        listen(&mut peer, &mut frames, rtp, 25).await;
        assert!(!call.state().is_answered());

        peer.respond(&invite, 200, &peer.description()).await;
        peer.request("ACK").await;
        call.wait_for_answer(PATIENCE).await.unwrap();
        listen(&mut peer, &mut frames, rtp, 25).await;
        let statistics = client.get_media_statistics(call.id()).await.unwrap();
        let statistics = statistics.expect("media");
        // One proves its source; nothing else was refused, and nothing began anew.
        assert_eq!(statistics.packets_refused, 1, "{statistics:?}");
        assert_eq!(statistics.packets_lost, 0, "{statistics:?}");

        call.terminate().await.unwrap();
        let bye = peer.request("BYE").await;
        peer.respond(&bye, 200, "").await;
        until_empty(&client).await;
        client.stop().await.unwrap();
    }
}
