//! The messages of RFC 4475 and RFC 5118 against a server that is on the telephone: our own, and the RFCs' where they lie
//! beside the repository.

#[path = "../../../sip-core/tests/torture/messages.rs"]
mod messages;

use std::path::PathBuf;

use rvoip_session_core::api::{SessionControl, Strictness};

use self::messages::{Reply, Torture, messages};
use super::scene::{Scene, loopbacks};
use super::wire::{Line, Stranger, header, request, status};

/// Some of the RFCs' messages share a branch, with which they would be one request repeated.
fn distinct(octets: Vec<u8>, name: &str) -> Vec<u8> {
    const SHARED: [&[u8]; 2] = [b"branch=z9hG4bKkdjuw", b"branch=z9hG4bKas3"];
    let ends = SHARED.iter().filter_map(|shared| {
        let mut windows = octets.windows(shared.len());
        windows
            .position(|window| window == *shared)
            .map(|start| start + shared.len())
    });
    match ends.min() {
        Some(at) => [&octets[..at], name.as_bytes(), &octets[at..]].concat(),
        None => octets,
    }
}

/// Whether the manifest of RFC 4475 has the answer in its list.
fn is_listed(list: &str, reply: Reply) -> bool {
    let (Reply::Final(found) | Reply::FinalThenClosed(found)) = reply else {
        return list.contains('-');
    };
    list.split('|').any(|listed| match listed {
        // Whoever is turned away by the application has passed everything else.
        "2.." => (200..300).contains(&found) || found == 486,
        listed => listed.parse() == Ok(found),
    })
}

/// The RFCs' messages, each with what is expected of ours of the same name.
fn shared(own: &[Torture]) -> Vec<Torture> {
    let testdata = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata");
    let mut all = Vec::new();
    for set in ["rfc4475", "rfc5118"] {
        let directory = testdata.join(set);
        let Ok(manifest) = std::fs::read_to_string(directory.join("manifest.tsv")) else {
            println!("skipped: {} is not there", directory.display());
            continue;
        };
        for line in manifest.lines().skip(1) {
            let columns: Vec<&str> = line.split('\t').collect();
            let name = columns[0];
            let counterpart = own.iter().find(|own| own.name == name).expect(name);
            let mut octets = std::fs::read(directory.join(name).with_extension("dat")).unwrap();
            if name == "baddn" {
                // The archive has lost the blank line.
                octets.extend_from_slice(b"\r\n");
            }
            if set == "rfc4475" {
                for reply in counterpart.datagram {
                    assert!(is_listed(columns[5], reply), "{name}: {reply:?}");
                }
            }
            all.push(Torture {
                octets: distinct(octets, name),
                ..counterpart.clone()
            });
        }
    }
    all
}

/// Our messages, and the RFCs'.
fn all_messages() -> [Vec<Torture>; 2] {
    let own = messages();
    let shared = shared(&own);
    assert!(shared.is_empty() || shared.len() == own.len());
    [own, shared]
}

/// The first message in octets, as its Content-Length has it. Three messages of RFC 5118 have a body longer than they say,
/// and so has the request behind that of dblreq: on a stream the rest begins something else.
fn first_message(octets: &[u8]) -> &[u8] {
    let text = String::from_utf8_lossy(octets);
    let length = header(&text, "Content-Length").and_then(|value| value.parse::<usize>().ok());
    let mut windows = octets.windows(4);
    let end = windows.position(|window| window == b"\r\n\r\n");
    match length.zip(end) {
        Some((length, end)) => &octets[..octets.len().min(end + 4 + length)],
        None => octets,
    }
}

/// How many requests the octets hold.
fn requests(octets: &[u8]) -> usize {
    let end = b" SIP/2.0\r\n";
    let windows = octets.windows(end.len());
    windows.filter(|window| window == end).count().max(1)
}

/// What is answered with the Call-ID of a message; to a message without one anything is.
fn call_id(message: &Torture) -> Option<String> {
    let text = String::from_utf8_lossy(first_message(&message.octets)).into_owned();
    let id = header(&text, "Call-ID").or_else(|| header(&text, "i"));
    id.map(str::to_owned)
}

/// The final answers in what was heard on a stream.
fn final_answers(heard: &str) -> Vec<String> {
    let answers = heard.split("SIP/2.0 ").skip(1);
    answers
        .filter(|answer| !answer.starts_with('1') && answer.contains("\r\n\r\n"))
        .filter(|answer| answer.as_bytes().get(3) == Some(&b' '))
        .map(|answer| format!("SIP/2.0 {answer}"))
        .collect()
}

async fn as_datagrams(strictness: Strictness) {
    let scene = Scene::with_strictness(loopbacks()[0], strictness).await;
    let server = &scene.called.coordinator;
    let mut stranger = Stranger::new(server.get_bound_address()).await;
    let mut wrong = Vec::new();
    for message in all_messages().concat() {
        let expected = message.datagram[strictness as usize];
        scene.tap.forget();
        stranger.send(&message.octets).await;
        let call_id = call_id(&message);
        // The answer goes where the Via says: what is sent is seen on the wire of the server.
        let concerns = |text: &str| {
            !text.contains("@probe")
                && call_id.as_ref().is_none_or(|id| text.contains(id))
                && status(text).is_some_and(|status| status >= 200)
        };
        stranger.settle().await;
        let answer = match scene.tap.sent(concerns) {
            None if expected != Reply::Silence => Some(scene.tap.wait_sent(concerns).await),
            answer => answer,
        };
        let found = match answer.as_deref().and_then(status) {
            Some(status) => Reply::Final(status),
            None => Reply::Silence,
        };
        if found != expected {
            let Torture { name, section, .. } = message;
            wrong.push(format!(
                "{name} ({section}): {found:?}, expected {expected:?}"
            ));
        }
        // What stands behind the end of a datagram's message is nobody's.
        assert!(
            scene
                .tap
                .sent(|text| text.contains("dblreq-behind"))
                .is_none()
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    scene.survives().await;
}

async fn on_streams(strictness: Strictness) {
    let scene = Scene::with_strictness(loopbacks()[0], strictness).await;
    let target = scene.called.coordinator.get_bound_address();
    let mut wrong = Vec::new();
    let [own, shared] = all_messages();
    let own = own.iter().map(|own| (own, &own.octets[..]));
    let shared = shared
        .iter()
        .map(|shared| (shared, first_message(&shared.octets)));
    for (number, (message, octets)) in (1..).zip(own.chain(shared)) {
        let expected = message.stream[strictness as usize];
        let mut line = Line::new(target).await;
        line.write(octets).await.unwrap();
        let found = match expected {
            Reply::FinalThenClosed(_) | Reply::Closed => {
                let heard = line.read_to_end().await;
                match final_answers(&heard)
                    .first()
                    .and_then(|answer| status(answer))
                {
                    Some(status) => Reply::FinalThenClosed(status),
                    None => Reply::Closed,
                }
            }
            Reply::Waiting => {
                // What is missing makes it a message like others.
                line.write(&[b' '; 9999]).await.unwrap();
                let heard = line
                    .read_until(|text| !final_answers(text).is_empty())
                    .await;
                assert!(!heard.contains("@hostile"), "{heard}");
                Reply::Waiting
            }
            Reply::Final(_) | Reply::Silence => {
                // What follows is answered in its turn.
                let probe = request("OPTIONS", "TCP", line.local(), target, number);
                line.write(&probe).await.unwrap();
                let heard = line
                    .read_until(|text| {
                        let answers = final_answers(text);
                        answers.iter().any(|answer| answer.contains("@hostile"))
                            && (expected == Reply::Silence || answers.len() > requests(octets))
                    })
                    .await;
                let answers = final_answers(&heard);
                let mut others = answers.iter().filter(|answer| !answer.contains("@hostile"));
                match others.next().and_then(|answer| status(answer)) {
                    Some(status) => Reply::Final(status),
                    None => Reply::Silence,
                }
            }
        };
        if found != expected {
            let Torture { name, section, .. } = message;
            wrong.push(format!(
                "{name} ({section}): {found:?}, expected {expected:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    scene.survives().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_torture_messages_meet_their_verdict_as_datagrams() {
    as_datagrams(Strictness::Lenient).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_torture_messages_meet_their_verdict_on_streams() {
    on_streams(Strictness::Lenient).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_torture_messages_meet_their_strict_verdict_as_datagrams() {
    as_datagrams(Strictness::Strict).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_torture_messages_meet_their_strict_verdict_on_streams() {
    on_streams(Strictness::Strict).await;
}

/// RFC 5118 section 4.6: a server with IPv4 media alone reads the offer and cannot take it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_of_ipv6_alone_is_not_acceptable_to_an_ipv4_server() {
    let scene = Scene::new(loopbacks()[0]).await;
    let stranger = Stranger::new(scene.called.coordinator.get_bound_address()).await;
    let mut own = messages().into_iter();
    let message = own.find(|own| own.name == "ipv6-in-sdp").unwrap();
    let text = String::from_utf8(message.octets).unwrap();
    let text = text.replace("sip:callee@", "sip:resident@");
    stranger.send(text.as_bytes()).await;
    let is_final = |text: &str| {
        text.contains("ipv6-in-sdp@") && status(text).is_some_and(|status| status >= 200)
    };
    let answer = scene.tap.wait_sent(is_final).await;
    assert_eq!(status(&answer), Some(488), "{answer}");
    scene.survives().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_verdicts_that_leave_no_choice() {
    let scene = Scene::new(loopbacks()[0]).await;
    let server = &scene.called.coordinator;
    let mut stranger = Stranger::new(server.get_bound_address()).await;
    let changes: [(&str, &str, &str, u16); 10] = [
        ("OPTIONS", "SIP/2.0\r\nVia", "SIP/7.0\r\nVia", 505),
        ("OPTIONS", "CSeq: 1 OPTIONS", "CSeq: 1 INVITE", 400),
        (
            "OPTIONS",
            "CSeq: 1 OPTIONS",
            "CSeq: 4294967296 OPTIONS",
            400,
        ),
        ("OPTIONS", "To: <sip:", "To: \"<sip:", 400),
        ("INVITE", "Content-Length: ", "Content-Length: 9", 400),
        ("INVITE", "INVITE sip:", "INVITE nobody:", 416),
        ("INVITE", "application/sdp", "application/unknown", 415),
        (
            "INVITE",
            "Contact:",
            "Require: nothing-known\r\nContact:",
            420,
        ),
        ("BYE", "Contact:", "X-Unknown: y\r\nContact:", 481),
        ("PUBLISH", "Contact:", "X-Unknown: y\r\nContact:", 405),
    ];
    for (method, good, bad, expected) in changes {
        let message = String::from_utf8(stranger.request(method)).unwrap();
        assert!(message.contains(good), "{message}");
        let message = message.replacen(good, bad, 1);
        let answer = stranger.ask(message.as_bytes()).await;
        let answer = answer.unwrap_or_else(|| panic!("no answer to {message}"));
        assert_eq!(status(&answer), Some(expected), "{message}\n{answer}");
        let explained = match expected {
            405 => answer.contains("\r\nAllow: INVITE"),
            415 => answer.contains("\r\nAccept: application/sdp"),
            420 => answer.contains("\r\nUnsupported: nothing-known"),
            _ => true,
        };
        assert!(explained, "{answer}");
    }
    let unknown = stranger.request("FROBNICATE");
    let answer = stranger.ask(&unknown).await.expect("an answer");
    assert!(matches!(status(&answer), Some(405 | 501)), "{answer}");
    assert!(answer.contains("\r\nAllow: INVITE"), "{answer}");
    assert!(scene.tap.statuses().contains(&416));
    assert!(
        scene
            .tap
            .received(|text| text.contains("FROBNICATE"))
            .is_some()
    );
    scene.survives().await;
}
