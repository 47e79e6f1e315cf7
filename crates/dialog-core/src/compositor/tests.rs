//! PUBLISHes on the wire, one after the other, and what they leave behind.

use rand::SeedableRng;
use rvoip_transaction_core::sip_core::{Limits, Message};

use super::*;

struct Desk {
    compositor: Compositor,
    rng: StdRng,
    now: Instant,
}

impl Desk {
    fn new(config: CompositorConfig) -> Desk {
        Desk {
            compositor: Compositor::new(config),
            rng: StdRng::seed_from_u64(1),
            now: Instant::now(),
        }
    }

    fn send_as(
        &mut self,
        user: Option<&str>,
        uri: &str,
        lines: &[&str],
        body: &str,
    ) -> Result<Accepted, Refusal> {
        let mut text = format!(
            "PUBLISH {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\n\
             From: <sip:bob@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: a\r\n\
             CSeq: 1 PUBLISH\r\n"
        );
        for line in lines {
            text += &format!("{line}\r\n");
        }
        text += &format!(
            "Content-Type: application/pidf+xml\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let request = match Message::parse(text.into_bytes().into(), &Limits::default()) {
            Ok(Message::Request(request)) => request,
            other => panic!("{other:?}"),
        };
        self.compositor
            .publish(self.now, &request, user, &mut self.rng)
    }

    fn send(&mut self, lines: &[&str], body: &str) -> Result<Accepted, Refusal> {
        self.send_as(None, "sip:bob@example.com", lines, body)
    }

    fn refused(&mut self, lines: &[&str], body: &str) -> u16 {
        let before = self.state();
        let status = self.send(lines, body).unwrap_err().status().code();
        assert_eq!(self.state(), before);
        status
    }

    fn state(&self) -> Vec<String> {
        let bob = AddressOfRecord::of(&"sip:bob@example.com".parse().unwrap()).unwrap();
        let state = self.compositor.state(&bob, "presence");
        let text = |body: &&Body| String::from_utf8(body.content.to_vec()).unwrap();
        state.iter().map(text).collect()
    }
}

const EVENT: &str = "Event: presence";

#[test]
fn state_is_published_refreshed_modified_and_removed_each_time_under_a_new_name() {
    let mut desk = Desk::new(CompositorConfig::default());
    let mut names = Vec::new();
    let mut send = |desk: &mut Desk, expires: &str, body: &str| {
        let condition = names.last().map(|etag| format!("SIP-If-Match: {etag}"));
        let mut lines = vec![EVENT, expires];
        lines.extend(condition.as_deref());
        let accepted = desk.send(&lines, body).unwrap();
        assert!(!names.contains(&accepted.etag));
        names.push(accepted.etag);
        (accepted.event.change, accepted.expires.as_secs())
    };
    use PublicationChange::*;
    assert_eq!(send(&mut desk, "Expires: 600", "open"), (Published, 600));
    assert_eq!(send(&mut desk, "Expires: 99999", ""), (Refreshed, 7200));
    assert_eq!(desk.state(), ["open"]);
    assert_eq!(send(&mut desk, "Subject: x", "busy"), (Modified, 3600));
    assert_eq!(desk.state(), ["busy"]);
    assert_eq!(send(&mut desk, "Expires: 0", ""), (Removed, 0));
    assert!(desk.state().is_empty() && desk.compositor.next_expiry().is_none());
    for etag in names {
        let condition = format!("SIP-If-Match: {etag}");
        assert_eq!(desk.refused(&[EVENT, &condition], "open"), 412);
    }
}

#[test]
fn what_is_refused_and_why() {
    let mut desk = Desk::new(CompositorConfig {
        domains: vec!["example.com".parse().unwrap()],
        max_per_user: 2,
        max_publications: 3,
        max_octets: 10,
        ..CompositorConfig::default()
    });
    for (lines, body, expected) in [
        (&[][..], "open", 489),
        (&["Event: dialog"], "open", 489),
        (&[EVENT, "SIP-If-Match: a", "SIP-If-Match: b"], "open", 400),
        (&[EVENT, "SIP-If-Match: a"], "open", 412),
        (&[EVENT, "Expires: 59"], "open", 423),
        (&[EVENT], "", 400),
        (&[EVENT, "Expires: 0"], "open", 400),
        (&[EVENT], "01234567890", 413),
    ] {
        assert_eq!(desk.refused(lines, body), expected, "{lines:?}");
    }
    let uri = "sip:bob@example.net";
    assert_eq!(
        desk.send_as(None, uri, &[EVENT], "open"),
        Err(Refusal::NotFound)
    );
    let uri = "sip:bob@example.com";
    assert_eq!(
        desk.send_as(Some("eve"), uri, &[EVENT], "open"),
        Err(Refusal::Forbidden)
    );
    assert!(desk.send_as(Some("bob"), uri, &[EVENT], "open").is_ok());
    let second = desk.send(&[EVENT], "shut").unwrap();
    assert_eq!(desk.state(), ["open", "shut"]);
    assert_eq!(desk.refused(&[EVENT], "more"), 503);
    // Nobody else changes it, whoever knows its name.
    let condition = format!("SIP-If-Match: {}", second.etag);
    let other = desk.send_as(None, "sip:eve@example.com", &[EVENT, &condition], "x");
    assert_eq!(other, Err(Refusal::ConditionFailed));
    assert!(
        desk.send_as(None, "sip:eve@example.com", &[EVENT], "x")
            .is_ok()
    );
    let full = desk.send_as(None, "sip:dan@example.com", &[EVENT], "x");
    assert_eq!(full.unwrap_err().status().code(), 503);
}

#[test]
fn publications_run_out() {
    let mut desk = Desk::new(CompositorConfig::default());
    let first = desk.send(&[EVENT, "Expires: 60"], "open").unwrap();
    desk.send(&[EVENT, "Expires: 90"], "shut").unwrap();
    desk.now += Duration::from_secs(60);
    let condition = format!("SIP-If-Match: {}", first.etag);
    assert_eq!(desk.refused(&[EVENT, &condition], ""), 412);
    let gone = desk.compositor.expire(desk.now);
    assert_eq!(gone.len(), 1);
    assert_eq!(
        (gone[0].change, &gone[0].body),
        (PublicationChange::Expired, &first.event.body)
    );
    assert_eq!(desk.state(), ["shut"]);
    desk.now += Duration::from_secs(30);
    assert_eq!(desk.compositor.expire(desk.now).len(), 1);
    assert!(desk.state().is_empty() && desk.compositor.next_expiry().is_none());
}
