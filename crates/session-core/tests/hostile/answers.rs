//! Peers of our own calls that speak nonsense: descriptions and responses with something wrong.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rvoip_session_core::api::*;
use tokio::time::timeout;

use super::noise;
use super::peer::Peer;
use super::scene::{Doorman, PATIENCE, Scene, builder, call, loopbacks, until_empty};
use super::wire::status;

/// A session description with something wrong, in a text as SIP may carry it.
fn nonsense(rng: &mut StdRng, description: &str) -> String {
    let octets = noise::mutate(rng, description.as_bytes());
    String::from_utf8_lossy(&octets).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_makes_no_sense_ends_the_call_in_order() {
    let ip = loopbacks()[0];
    // Nobody must be sent audio because of what a mutated description says.
    let client = builder(ip).with_media_source(AudioSource::None);
    let client = client.build().await.unwrap();
    let mut rng = StdRng::seed_from_u64(21);
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..150 {
        let mut peer = Peer::new(ip).await;
        let target = format!("sip:bob@{}", peer.local());
        let placed = client.create_outgoing_call("sip:alice@localhost", &target, None);
        let placed = placed.await.unwrap();
        let invite = peer.request("INVITE").await;
        let answer = nonsense(&mut rng, &peer.description());
        peer.respond(&invite, 200, &answer).await;
        peer.request("ACK").await;
        let decided = async {
            match placed.wait_for_answer(PATIENCE).await {
                Ok(()) => {
                    placed.terminate().await.unwrap();
                    TerminalCause::LocalHangup
                }
                Err(SessionError::CallEnded { cause, .. }) => cause,
                Err(error) => panic!("{answer}\n{error}"),
            }
        };
        let hung_up = async {
            let bye = peer.request("BYE").await;
            peer.respond(&bye, 200, "").await;
        };
        let (cause, ()) = tokio::join!(decided, hung_up);
        match cause {
            TerminalCause::LocalHangup => taken += 1,
            TerminalCause::MediaFailed => refused += 1,
            _ => panic!("{answer}\n{cause}"),
        }
        assert_eq!(placed.wait_for_end().await, cause, "{answer}");
    }
    assert!(
        taken > 10 && refused > 10,
        "{taken} taken, {refused} refused"
    );
    until_empty(&client).await;
    client.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_that_makes_no_sense_is_refused() {
    let ip = loopbacks()[0];
    let server = builder(ip)
        .with_media_source(AudioSource::None)
        .with_handler(Arc::new(Doorman));
    let server = server.build().await.unwrap();
    server.start().await.unwrap();
    let mut rng = StdRng::seed_from_u64(22);
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..150 {
        let mut peer = Peer::new(ip).await;
        let offer = nonsense(&mut rng, &peer.description());
        let target = server.get_bound_address();
        let invite = peer.invite_with(target, "resident", &offer).await;
        let answer = peer.final_response("INVITE").await;
        peer.acknowledge(&invite, &answer).await;
        match status(&answer) {
            Some(200) => {
                taken += 1;
                peer.hang_up(&invite, &answer).await;
            }
            Some(400 | 415 | 488) => refused += 1,
            _ => panic!("{offer}\n{answer}"),
        }
    }
    assert!(
        taken > 10 && refused > 10,
        "{taken} taken, {refused} refused"
    );
    until_empty(&server).await;
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn responses_that_make_no_sense_harm_their_own_call_alone() {
    let ip = loopbacks()[0];
    let scene = Scene::new(ip).await;
    let client = &scene.caller.coordinator;
    let mut rng = StdRng::seed_from_u64(23);
    let mut odd = Vec::new();
    for _ in 0..100 {
        let mut peer = Peer::new(ip).await;
        let target = format!("sip:bob@{}", peer.local());
        let placed = client.create_outgoing_call("sip:alice@localhost", &target, None);
        odd.push(placed.await.unwrap());
        let invite = peer.request("INVITE").await;
        for _ in 0..10 {
            let code = [100, 180, 183, 200, 302, 401, 486, 503, 603][rng.random_range(0..9)];
            // Without a Contact: the next request goes nowhere else than to this peer.
            let text = peer.response_text(&invite, code, "");
            let contact = format!("Contact: <sip:peer@{}>\r\n", peer.local());
            let response = noise::mutate(&mut rng, text.replace(&contact, "").as_bytes());
            peer.send_octets(&response).await;
        }
    }
    scene.alive().await;
    let another = call(client, &scene.called.coordinator, "resident").await;
    another.wait_for_answer(PATIENCE).await.unwrap();
    another.terminate().await.unwrap();
    assert_eq!(another.wait_for_end().await, TerminalCause::LocalHangup);
    for session in &odd {
        // Some have ended by themselves.
        let _ = session.terminate().await;
    }
    scene.alive().await;
    // Those whose peer is gone are left behind in bounded time.
    timeout(PATIENCE, client.stop()).await.unwrap().unwrap();
    for session in &odd {
        let ended = timeout(PATIENCE, session.wait_for_end()).await;
        ended.expect("every call has an end");
    }
    assert_eq!(
        scene.called.session.wait_for_end().await,
        TerminalCause::RemoteHangup
    );
    until_empty(&scene.called.coordinator).await;
    scene.called.coordinator.stop().await.unwrap();
}
