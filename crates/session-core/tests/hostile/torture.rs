//! The messages of RFC 4475 and RFC 5118, as they lie beside the repository, against a server that is on the telephone.

use std::path::PathBuf;

use rvoip_session_core::api::SessionControl;

use super::scene::{Scene, loopbacks};
use super::wire::{Line, Stranger, request, status};

/// One message and the final answers it may get; none means silence.
struct Torture {
    name: String,
    octets: Vec<u8>,
    allowed: Vec<String>,
    is_response: bool,
}

impl Torture {
    fn may_be(&self, status: u16) -> bool {
        // Whoever is turned away by the application has passed everything else.
        let turned_away = status == 486 && self.may_be_taken();
        let listed = self.allowed.iter().any(|allowed| match allowed.as_str() {
            "2.." => (200..300).contains(&status),
            allowed => allowed.parse() == Ok(status),
        });
        listed || turned_away
    }

    fn may_be_taken(&self) -> bool {
        self.allowed.iter().any(|allowed| allowed == "2..")
    }

    fn may_be_silence(&self) -> bool {
        self.allowed.iter().any(|allowed| allowed == "-")
    }

    /// Whether the message says on a stream where it ends.
    fn is_framed(&self) -> bool {
        let text = String::from_utf8_lossy(&self.octets).into_owned();
        let Some((head, _)) = text.split_once("\r\n\r\n") else {
            return false;
        };
        let mut lengths = head.split("\r\n").filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            let name = name.trim().to_ascii_lowercase();
            (name == "content-length" || name == "l").then(|| value.trim().parse::<usize>())
        });
        let body = self
            .octets
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .map(|end| self.octets.len() - end - 4);
        lengths
            .next()
            .is_some_and(|length| length.ok() == body && lengths.next().is_none())
    }

    fn call_id(&self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.octets).into_owned();
        text.split("\r\n").find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let name = name.trim().to_ascii_lowercase();
            (name == "call-id" || name == "i").then(|| value.trim().to_owned())
        })
    }
}

/// Some of the messages share a branch, with which they would be one request repeated.
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

/// What the messages of RFC 5118 get from who is no registrar and takes no calls.
const RFC_5118: [(&str, &str); 12] = [
    ("ipv6-good", "405"),
    ("ipv6-bad", "400"),
    ("port-ambiguous", "405"),
    ("port-unambiguous", "405"),
    ("via-received-param-with-delim", "481"),
    ("via-received-param-no-delim", "2.."),
    ("ipv6-in-sdp", "486"),
    ("mult-ip-in-header", "481"),
    ("mult-ip-in-sdp", "486"),
    ("ipv4-mapped-ipv6", "486"),
    ("ipv6-bug-abnf-3-colons", "2..|400"),
    ("ipv6-correct-abnf-2-colons", "2.."),
];

fn messages() -> Option<Vec<Torture>> {
    let testdata = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata");
    let directory = testdata.join("rfc4475");
    let Ok(manifest) = std::fs::read_to_string(directory.join("manifest.tsv")) else {
        println!("skipped: {} is not there", testdata.display());
        return None;
    };
    let read = |line: &str| {
        let columns: Vec<&str> = line.split('\t').collect();
        let name = columns[0].to_owned();
        Torture {
            octets: distinct(
                std::fs::read(directory.join(&name).with_extension("dat")).unwrap(),
                &name,
            ),
            allowed: columns[5].split('|').map(str::to_owned).collect(),
            is_response: columns[3] == "response" || columns[5] == "-",
            name,
        }
    };
    let newer = RFC_5118.map(|(name, allowed)| Torture {
        octets: distinct(
            std::fs::read(testdata.join("rfc5118").join(name).with_extension("dat")).unwrap(),
            name,
        ),
        allowed: allowed.split('|').map(str::to_owned).collect(),
        is_response: false,
        name: name.to_owned(),
    });
    Some(manifest.lines().skip(1).map(read).chain(newer).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_torture_messages_meet_their_verdict_as_datagrams() {
    let Some(messages) = messages() else { return };
    let scene = Scene::new(loopbacks()[0]).await;
    let server = &scene.called.coordinator;
    let mut stranger = Stranger::new(server.get_bound_address()).await;
    let mut wrong = Vec::new();
    for message in &messages {
        scene.tap.forget();
        stranger.send(&message.octets).await;
        let call_id = message.call_id();
        // The answer goes where the Via says: what is sent is seen on the wire of the server.
        let concerns = |text: &str| {
            !text.contains("@probe")
                && call_id.as_ref().is_none_or(|id| text.contains(id))
                && status(text).is_some_and(|status| status >= 200)
        };
        stranger.settle().await;
        let answer = match scene.tap.sent(concerns) {
            None if message.may_be_silence() => None,
            None => Some(scene.tap.wait_sent(concerns).await),
            some => some,
        };
        let found = answer.as_deref().and_then(status);
        if !found.map_or(message.may_be_silence(), |status| message.may_be(status)) {
            wrong.push(format!("{}: {found:?}", message.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    scene.survives().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_torture_messages_meet_their_verdict_on_streams() {
    let Some(messages) = messages() else { return };
    let scene = Scene::new(loopbacks()[0]).await;
    let target = scene.called.coordinator.get_bound_address();
    let mut wrong = Vec::new();
    let mut checked = 0;
    for message in messages.iter().filter(|message| message.is_framed()) {
        let mut line = Line::new(target).await;
        line.write(&message.octets).await.unwrap();
        let found = if message.is_response {
            // What follows a stray response is answered, unless the response broke the stream.
            let probe = request("OPTIONS", "TCP", line.local(), target, 1);
            let _ = line.write(&probe).await;
            let answer = line.read_until(|text| text.contains("@hostile")).await;
            answer
                .split("SIP/2.0 ")
                .find(|answer| !answer.is_empty() && !answer.contains("@hostile"))
                .and_then(|answer| status(&format!("SIP/2.0 {answer}")))
        } else {
            let is_final = |answer: &&str| {
                status(&format!("SIP/2.0 {answer}")).is_some_and(|status| status >= 200)
            };
            let heard = line
                .read_until(|text| {
                    text.ends_with("\r\n\r\n") && text.split("SIP/2.0 ").any(|a| is_final(&a))
                })
                .await;
            heard
                .split("SIP/2.0 ")
                .find(is_final)
                .and_then(|answer| status(&format!("SIP/2.0 {answer}")))
        };
        checked += 1;
        if !found.map_or(message.may_be_silence(), |status| message.may_be(status)) {
            wrong.push(format!("{}: {found:?}", message.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(checked >= 20, "{checked}");
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
