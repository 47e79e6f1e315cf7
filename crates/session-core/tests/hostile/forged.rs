//! Messages for a call of others: a stranger knows its Call-ID and guesses the rest.

use rvoip_session_core::api::*;

use super::peer::Peer;
use super::scene::{PATIENCE, Scene, builder, loopbacks, until_empty};
use super::wire::{Stranger, header, parameter, status};

/// What identifies the running call, as a request to one party would say it.
struct Identity {
    call_id: String,
    from: String,
    from_tag: String,
    to: String,
    to_tag: String,
}

impl Identity {
    fn of(message: &str) -> Identity {
        let part = |name| header(message, name).expect("the header").to_owned();
        let (from, to) = (part("From"), part("To"));
        let tag = |value: &str| parameter(value, "tag").expect("a tag").to_owned();
        Identity {
            call_id: part("Call-ID"),
            from_tag: tag(&from),
            to_tag: tag(&to),
            from: from.split(";tag").next().unwrap().to_owned(),
            to: to.split(";tag").next().unwrap().to_owned(),
        }
    }

    /// As the other party would say it.
    fn reversed(self) -> Identity {
        Identity {
            call_id: self.call_id,
            from: self.to,
            from_tag: self.to_tag,
            to: self.from,
            to_tag: self.from_tag,
        }
    }

    fn request(&self, stranger: &mut Stranger, method: &str, cseq: u32) -> Vec<u8> {
        let number = stranger.number();
        let (local, target) = (stranger.local(), stranger.target);
        let tag = |tag: &str| match tag {
            "" => String::new(),
            tag => format!(";tag={tag}"),
        };
        format!(
            "{method} sip:resident@{target} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {local};rport;branch=z9hG4bK-forged-{number}\r\n\
             Max-Forwards: 70\r\n\
             From: {}{}\r\nTo: {}{}\r\nCall-ID: {}\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:mallory@{local}>\r\nContent-Length: 0\r\n\r\n",
            self.from,
            tag(&self.from_tag),
            self.to,
            tag(&self.to_tag),
            self.call_id,
        )
        .into_bytes()
    }
}

async fn forge(stranger: &mut Stranger, right: impl Fn() -> Identity) {
    let wrong = || {
        [
            Identity {
                to_tag: "guessed".into(),
                ..right()
            },
            Identity {
                from_tag: "guessed".into(),
                ..right()
            },
            Identity {
                from_tag: String::new(),
                ..right()
            },
            Identity {
                call_id: "guessed@hostile".into(),
                ..right()
            },
            right().reversed(),
        ]
    };
    for method in ["BYE", "INVITE", "OPTIONS", "UPDATE", "INFO", "REFER"] {
        for identity in wrong() {
            let request = identity.request(stranger, method, 7000);
            let answer = stranger.ask(&request).await.expect("an answer");
            assert_eq!(status(&answer), Some(481), "{method}: {answer}");
        }
    }
    let tagless = Identity {
        to_tag: String::new(),
        ..right()
    };
    let bye = tagless.request(stranger, "BYE", 7000);
    let answer = stranger.ask(&bye).await.expect("an answer");
    assert_eq!(status(&answer), Some(481), "{answer}");
    for identity in wrong().into_iter().chain([tagless]) {
        // The INVITE has been answered: there is nothing to cancel, whatever the tags.
        let cancel = identity.request(stranger, "CANCEL", 1);
        let answer = stranger.ask(&cancel).await.expect("an answer");
        assert!(matches!(status(&answer), Some(481 | 200)), "{answer}");
        let ack = identity.request(stranger, "ACK", 1);
        assert_eq!(stranger.ask(&ack).await, None, "an ACK is never answered");
    }
    for code in [100, 180, 200, 404, 486, 603] {
        let response = response(stranger, &right(), code, stranger.target.to_string());
        assert_eq!(
            stranger.ask(&response).await,
            None,
            "a response is never answered"
        );
    }
}

/// A response to an INVITE of the call, its branch guessed.
fn response(stranger: &Stranger, identity: &Identity, code: u16, sent_by: String) -> Vec<u8> {
    format!(
        "SIP/2.0 {code} Forged\r\n\
         Via: SIP/2.0/UDP {sent_by};branch=z9hG4bK-guessed;received={}\r\n\
         From: {};tag={}\r\nTo: {};tag={}\r\nCall-ID: {}\r\n\
         CSeq: 1 INVITE\r\nContact: <sip:mallory@{}>\r\nContent-Length: 0\r\n\r\n",
        stranger.target.ip(),
        identity.from,
        identity.from_tag,
        identity.to,
        identity.to_tag,
        identity.call_id,
        stranger.local()
    )
    .into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_about_a_running_call_do_not_touch_it() {
    for ip in loopbacks() {
        let scene = Scene::new(ip).await;
        let answer = scene.tap.sent(|message| {
            status(message) == Some(200)
                && header(message, "CSeq").is_some_and(|cseq| cseq.ends_with("INVITE"))
        });
        let answer = answer.expect("the 200 of the call");
        let server = &scene.called.coordinator;
        let mut stranger = Stranger::new(server.get_bound_address()).await;
        forge(&mut stranger, || Identity::of(&answer)).await;
        // Even who knows both tags cannot repeat what was said before.
        let late = Identity::of(&answer).request(&mut stranger, "BYE", 0);
        let refused = stranger.ask(&late).await.expect("an answer");
        assert_eq!(status(&refused), Some(500), "{refused}");

        let client = &scene.caller.coordinator;
        let before = client.get_stats().await.unwrap().messages_dropped;
        let mut stranger = Stranger::new(client.get_bound_address()).await;
        forge(&mut stranger, || Identity::of(&answer).reversed()).await;
        let dropped = client.get_stats().await.unwrap().messages_dropped - before;
        assert!(dropped >= 6, "forged responses are counted: {dropped}");
        scene.survives().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_about_a_call_that_rings_do_not_touch_it() {
    let ip = loopbacks()[0];
    let client = builder(ip).build().await.unwrap();
    let mut peer = Peer::new(ip).await;
    let placed = client
        .create_outgoing_call(
            "sip:alice@localhost",
            &format!("sip:bob@{}", peer.local()),
            None,
        )
        .await
        .unwrap();
    let invite = peer.request("INVITE").await;
    peer.respond(&invite, 180, "").await;
    let mut stranger = Stranger::new(client.get_bound_address()).await;
    let ringing = peer.response_text(&invite, 180, "");
    for code in [180, 200, 302, 486, 603] {
        let identity = Identity::of(&ringing);
        let forged = response(&stranger, &identity, code, stranger.target.to_string());
        assert_eq!(stranger.ask(&forged).await, None);
    }
    let cancel = Identity::of(&ringing).request(&mut stranger, "CANCEL", 1);
    assert_eq!(
        stranger.ask(&cancel).await.as_deref().and_then(status),
        Some(481)
    );
    assert_eq!(placed.state(), CallState::Ringing);
    peer.respond(&invite, 200, &peer.description()).await;
    placed.wait_for_answer(PATIENCE).await.unwrap();
    peer.request("ACK").await;
    placed.terminate().await.unwrap();
    let bye = peer.request("BYE").await;
    peer.respond(&bye, 200, "").await;
    assert_eq!(placed.wait_for_end().await, TerminalCause::LocalHangup);
    until_empty(&client).await;
    client.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_cannot_cancel_a_call_that_rings_here() {
    let ip = loopbacks()[0];
    let queue = Arc::new(QueueHandler::new(1));
    let server = builder(ip)
        .with_handler(queue.clone())
        .build()
        .await
        .unwrap();
    server.start().await.unwrap();
    let mut peer = Peer::new(ip).await;
    let invite = peer.invite(server.get_bound_address(), "bob").await;
    let waiting = tokio::time::timeout(PATIENCE, queue.next()).await.unwrap();
    let ringing = peer.response("INVITE", 180).await;
    let mut stranger = Stranger::new(server.get_bound_address()).await;
    for wrong in ["call", "from"] {
        let mut identity = Identity::of(&ringing);
        match wrong {
            "call" => identity.call_id.push('x'),
            _ => identity.from_tag.push('x'),
        }
        identity.to_tag.clear();
        let cancel = identity.request(&mut stranger, "CANCEL", 1);
        let answer = stranger.ask(&cancel).await.expect("an answer");
        assert_eq!(status(&answer), Some(481), "{answer}");
    }
    assert_eq!(waiting.session().state(), CallState::Ringing);
    waiting.accept().await.unwrap();
    let answer = peer.response("INVITE", 200).await;
    peer.acknowledge(&invite, &answer).await;
    let hang_up = async {
        let bye = peer.request("BYE").await;
        peer.respond(&bye, 200, "").await;
    };
    let (stopped, ()) = tokio::join!(server.stop(), hang_up);
    stopped.unwrap();
    assert!(server.sessions().is_empty());
}
