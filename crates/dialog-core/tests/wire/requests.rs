//! Requests of the application, outside calls and in them: sent, served, refused, and each told exactly once.

use std::sync::Arc;

use rvoip_dialog_core::sip_core::{HeaderName, Method, Response};
use rvoip_dialog_core::sip_transport::sim::for_each_seed;
use rvoip_dialog_core::{
    Body, DialogError, DialogManagerConfig, EndCause, HybridConfig, IncomingRequestKey,
    OutgoingRequest, RequestKey, ServerConfig,
};

use crate::kit::*;
use crate::pair::Pair;
use crate::scene::usual_seeds;

fn text(content: &'static str) -> Option<Body> {
    Some(Body {
        content_type: "text/plain".into(),
        content: content.into(),
    })
}

/// Both roles, with an application that answers what may be answered.
fn serving() -> HybridConfig {
    HybridConfig {
        server: ServerConfig {
            methods: vec![
                Method::Message,
                Method::Info,
                Method::Extension("PING".into()),
            ],
            ..ServerConfig::default()
        },
        ..HybridConfig::default()
    }
}

fn serving_bench() -> Bench {
    Bench::with(DialogManagerConfig::Hybrid(serving()))
}

pub(crate) fn message(remote: &str) -> OutgoingRequest {
    let local = "Alice <sip:alice@example.com>".parse().unwrap();
    let mut request = OutgoingRequest::new(Method::Message, local, remote.parse().unwrap());
    request.body = text("hello");
    request
}

fn send(bench: &mut Bench, request: OutgoingRequest) -> (RequestKey, Received) {
    let method = request.method.to_string();
    let key = bench.command(|manager, now| manager.request(now, request));
    (key, bench.take_one(&method))
}

fn answered(event: Event) -> (RequestKey, Arc<Response>) {
    match event {
        Event::RequestAnswered { key, response } => (key, response),
        other => panic!("{other:?}"),
    }
}

fn asked(event: Event) -> IncomingRequestKey {
    match event {
        Event::IncomingRequest { key, .. } => key,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_message_outside_calls_is_sent_and_its_answer_told() {
    let mut bench = Bench::new();
    let (key, request) = send(&mut bench, message(&format!("sip:bob@{PEER}")));
    assert!(
        request
            .text
            .starts_with(&format!("MESSAGE sip:bob@{PEER} SIP/2.0\r\n"))
    );
    assert_eq!(request.header(HeaderName::To), format!("<sip:bob@{PEER}>"));
    assert_eq!(request.header(HeaderName::CSeq), "1 MESSAGE");
    assert_eq!(request.header(HeaderName::ContentType), "text/plain");
    assert!(!request.has(HeaderName::Contact), "RFC 3428 forbids it");
    assert_eq!(request.body(), "hello");
    bench.send(&reply(&request, "202 Accepted", Some("b1"), &[], ""));
    let (told, response) = answered(bench.event());
    assert_eq!((told, response.status()), (key, status(202)));
    bench.assert_clean();
    bench.quiet();
}

#[test]
fn a_request_may_take_another_way_than_its_to_says() {
    let mut bench = Bench::new();
    let mut request = message("sip:bob@example.com");
    request.method = Method::Publish;
    request.request_uri = Some("sip:presence@example.net".parse().unwrap());
    request.route = vec![format!("sip:{PEER};lr").parse().unwrap()];
    request.headers = vec![(HeaderName::Event, "presence".into())];
    let (_, sent) = send(&mut bench, request);
    assert!(
        sent.text
            .starts_with("PUBLISH sip:presence@example.net SIP/2.0\r\n")
    );
    assert_eq!(sent.header(HeaderName::To), "<sip:bob@example.com>");
    assert_eq!(sent.header(HeaderName::Route), format!("<sip:{PEER};lr>"));
    assert_eq!(sent.header(HeaderName::Event), "presence");
}

#[test]
fn an_options_request_tells_what_we_can_do() {
    let mut bench = serving_bench();
    let mut request = message(&format!("sip:{PEER}"));
    (request.method, request.body) = (Method::Options, None);
    let (_, sent) = send(&mut bench, request);
    assert!(
        sent.header(HeaderName::Accept)
            .starts_with("application/sdp")
    );
    assert!(
        sent.header(HeaderName::Allow)
            .ends_with("MESSAGE, INFO, PING")
    );
}

#[test]
fn silence_is_told_after_timer_f_and_a_refusal_is_an_answer() {
    let mut bench = Bench::new();
    let (key, _) = send(&mut bench, message(&format!("sip:bob@{PEER}")));
    bench.run(31_900);
    bench.quiet();
    bench.run(200);
    match bench.event() {
        Event::RequestFailed { key: told, cause } => {
            assert_eq!((told, cause), (key, EndCause::TimedOut));
        }
        other => panic!("{other:?}"),
    }
    bench.take();
    let (_, request) = send(&mut bench, message(&format!("sip:bob@{PEER}")));
    bench.send(&reply(&request, "100 Trying", None, &[], ""));
    bench.quiet();
    bench.send(&reply(&request, "404 Not Found", Some("b1"), &[], ""));
    assert_eq!(answered(bench.event()).1.status(), status(404));
    bench.assert_clean();
}

#[test]
fn methods_of_dialogs_are_not_sent_by_the_application() {
    let mut bench = Bench::new();
    for method in [
        Method::Invite,
        Method::Bye,
        Method::Ack,
        Method::Cancel,
        Method::Info,
    ] {
        let mut request = message(&format!("sip:bob@{PEER}"));
        request.method = method.clone();
        let error = bench.fails(|manager, now| manager.request(now, request));
        assert!(matches!(error, DialogError::Method(it) if it == method));
    }
}

#[test]
fn requests_that_wait_are_bounded_in_both_directions() {
    let mut config = serving();
    (config.client.max_requests, config.server.max_requests) = (1, 1);
    let mut bench = Bench::with(DialogManagerConfig::Hybrid(config));
    send(&mut bench, message(&format!("sip:bob@{PEER}")));
    let request = message(&format!("sip:bob@{PEER}"));
    let error = bench.fails(|manager, now| manager.request(now, request));
    assert!(matches!(error, DialogError::TooManyRequests(1)));

    for _ in 0..2 {
        let ask = bench.request("MESSAGE", 1, None, &[], "");
        bench.send(&ask);
    }
    let refused = bench.take_one("503");
    assert!(refused.has(HeaderName::RetryAfter));
    let key = asked(bench.event());
    bench.command(|manager, now| manager.answer_request(now, key, status(200), &[], None));
    bench.take_one("200");
    let ask = bench.request("MESSAGE", 1, None, &[], "");
    bench.send(&ask);
    asked(bench.event());
}

#[test]
fn a_message_is_handed_up_once_and_answered_by_the_application() {
    let mut bench = serving_bench();
    let ask = bench.request("MESSAGE", 7, None, &[], "v=0");
    bench.send(&ask);
    bench.send(&ask);
    let key = match bench.event() {
        Event::IncomingRequest {
            key,
            call: None,
            request,
            ..
        } => {
            assert_eq!(request.body(), "v=0");
            key
        }
        other => panic!("{other:?}"),
    };
    bench.command(|manager, now| {
        let headers = [(HeaderName::Subject, "seen".into())];
        manager.answer_request(now, key, status(200), &headers, text("ok"))
    });
    let response = bench.take_one("200");
    assert_eq!(response.to_tag().len(), 16);
    assert_eq!(response.header(HeaderName::Subject), "seen");
    assert_eq!(response.body(), "ok");
    bench.send(&ask);
    bench.take_one("200");
    let error =
        bench.fails(|manager, now| manager.answer_request(now, key, status(200), &[], None));
    assert!(matches!(error, DialogError::NoSuchRequest));
    bench.assert_clean();
}

#[test]
fn an_application_that_does_not_answer_is_answered_for() {
    let mut bench = serving_bench();
    let ask = bench.request("MESSAGE", 1, None, &[], "");
    bench.send(&ask);
    let key = asked(bench.event());
    bench.run(15_900);
    bench.quiet();
    bench.run(200);
    bench.take_one("500");
    assert!(matches!(bench.event(), Event::RequestExpired { key: told } if told == key));
    bench.assert_clean();
}

#[test]
fn what_nobody_serves_is_answered_with_what_is_served() {
    let mut bench = serving_bench();
    for (method, label) in [("PUBLISH", "405"), ("PONG", "501")] {
        let ask = bench.request(method, 1, None, &[], "");
        bench.send(&ask);
        let refused = bench.take_one(label);
        let allow = refused.header(HeaderName::Allow);
        assert!(
            allow.contains("BYE") && allow.ends_with("MESSAGE, INFO, PING"),
            "{allow}"
        );
    }
    // INFO is of a dialog, and BYE always was.
    for method in ["INFO", "BYE"] {
        let ask = bench.request(method, 1, None, &[], "");
        bench.send(&ask);
        bench.take_one("481");
    }
    for method in ["INFO", "MESSAGE", "PING"] {
        let ask = bench.request(method, 1, Some("0123456789abcdef"), &[], "");
        bench.send(&ask);
        bench.take_one("481");
    }
    bench.quiet();
}

#[test]
fn the_application_refuses_a_method_with_allow() {
    let mut bench = serving_bench();
    let ask = bench.request("PING", 1, None, &[], "");
    bench.send(&ask);
    let key = asked(bench.event());
    bench.command(|manager, now| manager.answer_request(now, key, status(405), &[], None));
    assert!(bench.take_one("405").has(HeaderName::Allow));
    let error = {
        let ask = bench.request("PING", 2, None, &[], "");
        bench.send(&ask);
        let key = asked(bench.event());
        bench.fails(|manager, now| manager.answer_request(now, key, status(180), &[], None))
    };
    assert!(matches!(error, DialogError::WrongStatus(it) if it == status(180)));
}

#[test]
fn info_goes_both_ways_inside_a_call_and_in_order() {
    let mut bench = serving_bench();
    let (call, tag) = bench.called();
    let ask = bench.request("INFO", 2, Some(&tag), &["Info-Package: x"], "v=0");
    bench.send(&ask);
    let key = match bench.event() {
        Event::IncomingRequest {
            key,
            call: Some(told),
            ..
        } if told == call => key,
        other => panic!("{other:?}"),
    };
    bench.command(|manager, now| manager.answer_request(now, key, status(200), &[], None));
    bench.take_one("200");
    // Below the last number: late, and not for the application any more (section 12.2.2).
    let late = bench.request("INFO", 1, Some(&tag), &[], "");
    bench.send(&late);
    bench.take_one("500");
    bench.quiet();

    let sent = bench
        .command(|manager, now| manager.request_in_call(now, call, Method::Info, &[], text("1")));
    let info = bench.take_one("INFO");
    assert_eq!(info.header(HeaderName::CSeq), "1 INFO");
    assert_eq!(info.to_tag(), "a1");
    bench.send(&reply(&info, "200 OK", None, &[], ""));
    assert_eq!(answered(bench.event()).0, sent);
    bench.command(|manager, now| {
        manager.terminate(now, call, rvoip_dialog_core::TerminateCause::Normal)
    });
    let bye = bench.take_one("BYE");
    assert_eq!(bye.header(HeaderName::CSeq), "2 BYE");
    bench.send(&reply(&bye, "200 OK", None, &[], ""));
    assert_eq!(bench.ended(), EndCause::LocalBye);
    let error =
        bench.fails(|manager, now| manager.request_in_call(now, call, Method::Info, &[], None));
    assert!(matches!(error, DialogError::NoSuchCall(_)));
    bench.assert_clean();
}

#[test]
fn a_request_that_finds_no_dialog_ends_the_call() {
    for (answer, lost) in [(Some("481 Gone"), 481), (None, 408)] {
        let mut bench = Bench::new();
        let (call, ..) = bench.answered();
        bench.command(|manager, now| manager.request_in_call(now, call, Method::Info, &[], None));
        let info = bench.take_one("INFO");
        match answer {
            Some(answer) => bench.send(&reply(&info, answer, None, &[], "")),
            None => bench.run(32_100),
        }
        match bench.event() {
            Event::RequestAnswered { .. } => assert!(answer.is_some()),
            Event::RequestFailed { .. } => assert!(answer.is_none()),
            other => panic!("{other:?}"),
        }
        let bye = bench.take().pop().unwrap();
        assert_eq!(bye.label(), "BYE");
        bench.send(&reply(&bye, "200 OK", None, &[], ""));
        assert_eq!(
            bench.ended(),
            EndCause::DialogLost {
                status: status(lost)
            }
        );
        bench.assert_clean();
    }
}

#[test]
fn a_call_refused_for_an_info_goes_on() {
    let mut bench = Bench::new();
    let (call, ..) = bench.answered();
    bench.command(|manager, now| manager.request_in_call(now, call, Method::Info, &[], None));
    let info = bench.take_one("INFO");
    bench.send(&reply(&info, "469 Bad Info Package", None, &[], ""));
    assert_eq!(answered(bench.event()).1.status(), status(469));
    assert_eq!(bench.manager().calls(), 1);
}

#[test]
fn draining_refuses_requests_outside_calls() {
    let mut bench = serving_bench();
    bench.command(|manager, _| {
        manager.drain();
        Ok(())
    });
    let request = message(&format!("sip:bob@{PEER}"));
    let error = bench.fails(|manager, now| manager.request(now, request));
    assert!(matches!(error, DialogError::Draining));
    let ask = bench.request("MESSAGE", 1, None, &[], "");
    bench.send(&ask);
    bench.take_one("503");
}

/// Whatever is lost, a request ends in one event, and the peer's application sees it once.
#[test]
fn every_request_is_told_once_whatever_is_lost() {
    let begin = |seed| {
        let mut pair = Pair::with(seed, serving(), serving());
        pair.lose(0.3);
        pair
    };
    for_each_seed(usual_seeds(), begin, |_, pair| {
        let (alice, bob) = (pair.alice, pair.bob);
        let sent = pair.sim.with(alice, |manager, now| {
            manager.request(now, message("sip:bob@10.0.0.2")).unwrap()
        });
        let (mut seen, mut ends) = (0, Vec::new());
        for _ in 0..100 {
            pair.run(1000);
            for (_, event) in pair.sim.events(bob) {
                match event {
                    Event::IncomingRequest { key, .. } => {
                        seen += 1;
                        let answer = pair.sim.with(bob, |manager, now| {
                            manager.answer_request(now, key, status(200), &[], None)
                        });
                        answer.unwrap();
                    }
                    other => panic!("{other:?}"),
                }
            }
            ends.extend(pair.sim.events(alice).into_iter().map(|(_, event)| event));
        }
        match ends.as_slice() {
            [Event::RequestAnswered { key, .. }] => assert_eq!((*key, seen), (sent, 1)),
            [Event::RequestFailed { key, .. }] => {
                assert_eq!(*key, sent);
                assert!(seen <= 1);
            }
            other => panic!("{other:?}"),
        }
        for node in [alice, bob] {
            assert!(pair.sim.core(node).is_idle());
        }
    })
    .unwrap();
}
