//! Answers without a transaction: to defective requests, when the table is full, and when the shard cannot keep up.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use rvoip_transaction_core::sip_core::Method;
use rvoip_transaction_core::sip_transport::{Input, TransportKind};
use rvoip_transaction_core::{TransactionConfig, TransactionError};

use crate::bed::{Bed, incoming, outgoing};

fn small() -> Bed {
    let config = TransactionConfig {
        max_transactions: 4,
        retry_after: Duration::from_secs(9),
        ..Default::default()
    };
    Bed::new(TransportKind::Udp, config)
}

fn branch(number: usize) -> String {
    format!(";branch=z9hG4bKpeer{number}")
}

/// An INVITE of a call of its own.
fn invite(number: usize) -> String {
    incoming("INVITE", &branch(number)).replace("call-7@", &format!("call-{number}@"))
}

#[test]
fn a_full_table_answers_503_and_says_when_to_come_back() {
    let mut bed = small();
    for number in 0..4 {
        bed.receive(invite(number));
    }
    bed.said();
    bed.receive(invite(4));
    bed.receive(invite(4));
    let refusals = bed.octets("SIP/2.0 503");
    assert_eq!(refusals.len(), 2);
    assert_eq!(
        refusals[0], refusals[1],
        "the same tag without a trace of the first"
    );
    let seconds = retry_after(&refusals[0]);
    assert!((9..=18).contains(&seconds), "{seconds}");
    assert!(bed.said().is_empty());
    assert_eq!(
        (bed.layer.len(), bed.layer.counters().refused_table_full),
        (4, 2)
    );
}

fn retry_after(refusal: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(refusal);
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Retry-After: "));
    line.unwrap().parse().unwrap()
}

/// What follows has waited for so long, as a driver tells it.
fn backlog(bed: &mut Bed, milliseconds: u64) {
    bed.input(Input::Backlog {
        waited: Duration::from_millis(milliseconds),
    });
}

/// The ACK of a refusal: the INVITE's branch, the refusal's tag.
fn ack(number: usize, refusal: &[u8]) -> String {
    let text = String::from_utf8_lossy(refusal);
    let to = text.lines().find(|line| line.starts_with("To: ")).unwrap();
    let ack = invite(number).replace("To: <sip:alice@192.0.2.1>", to);
    ack.replace("INVITE", "ACK")
}

#[test]
fn new_work_that_has_waited_is_refused_and_existing_calls_go_on() {
    let mut bed = Bed::udp();
    bed.receive(invite(0));
    bed.said();
    backlog(&mut bed, 100);
    bed.receive(invite(9));
    assert_eq!(
        bed.said(),
        ["0 request INVITE"],
        "the limit itself is not beyond it"
    );
    backlog(&mut bed, 101);
    for number in [1, 2] {
        bed.receive(invite(number));
        bed.receive(incoming("OPTIONS", &branch(10 + number)));
    }
    let refusals = bed.octets("SIP/2.0 503");
    assert_eq!((refusals.len(), bed.layer.len()), (4, 2));
    assert!(bed.said().is_empty());
    let in_dialog = |method, number| {
        incoming(method, &branch(number)).replace("192.0.2.1>\r\nCall", "192.0.2.1>;tag=a\r\nCall")
    };
    bed.receive(in_dialog("INVITE", 20));
    bed.receive(in_dialog("BYE", 21));
    bed.receive(incoming("BYE", &branch(22)));
    bed.receive(in_dialog("ACK", 23));
    bed.receive(invite(0).replace("INVITE", "CANCEL"));
    assert_eq!(
        bed.said(),
        [
            "0 request INVITE",
            "0 request BYE",
            "0 request BYE",
            "0 ack",
            "0 cancelled"
        ]
    );
    assert_eq!(bed.layer.counters().refused_overload, 4);
    backlog(&mut bed, 21);
    bed.receive(invite(3));
    assert!(bed.said().is_empty(), "the rush goes on");
    backlog(&mut bed, 20);
    bed.receive(invite(4));
    assert_eq!(bed.said(), ["0 request INVITE"]);
    bed.run_for(1_000);
    bed.said();
    backlog(&mut bed, 100);
    bed.receive(invite(5));
    assert_eq!(bed.said(), ["1000 request INVITE"], "the rush is over");
}

#[test]
fn a_refused_invite_is_refused_again_and_its_ack_absorbed_without_a_trace() {
    let mut bed = Bed::udp();
    backlog(&mut bed, 500);
    bed.receive(invite(1));
    backlog(&mut bed, 0);
    bed.run_for(500);
    bed.receive(invite(1));
    let refusals = bed.octets("SIP/2.0 503");
    assert_eq!(refusals.len(), 2);
    assert_eq!(
        refusals[0], refusals[1],
        "the copy that crossed the refusal begins no call"
    );
    bed.receive(ack(1, &refusals[0]));
    bed.receive(ack(1, &refusals[0]));
    assert_eq!(bed.layer.counters().stateless_acknowledged, 2);
    assert!(bed.said().is_empty() && bed.layer.is_empty());
    bed.receive(ack(2, &refusals[0]));
    assert_eq!(bed.said(), ["500 ack"], "of another call");
    bed.receive(invite(2));
    assert_eq!(bed.said(), ["500 request INVITE"]);
}

#[test]
fn clients_are_asked_back_at_different_times() {
    let mut bed = Bed::udp();
    backlog(&mut bed, 500);
    for number in 0..200 {
        bed.receive(invite(number));
    }
    let refusals = bed.octets("SIP/2.0 503");
    let times: BTreeSet<u64> = refusals
        .iter()
        .map(|refusal| retry_after(refusal))
        .collect();
    assert!(times.iter().eq(&[5, 6, 7, 8, 9, 10]), "{times:?}");
}

/// A server in virtual time: a queue before it, a cost of every message, and a driver that says how long each has waited.
/// New calls come at `offered` per second; a call costs 60 us in three messages, a refusal 4 us in two.
fn served(offered: u64, milliseconds: u64) -> (u64, u64, Duration) {
    let mut bed = Bed::udp();
    let mut queue: VecDeque<(u64, String)> = VecDeque::new();
    let (mut clock, mut calls, mut completed, mut told) = (0, 0, 0, 0);
    let mut longest = 0;
    while clock < milliseconds * 1000 || !queue.is_empty() {
        while clock < milliseconds * 1000 && calls * 1_000_000 <= clock * offered {
            queue.push_back((calls * 1_000_000 / offered, invite(calls as usize)));
            calls += 1;
        }
        let Some((arrived, text)) = queue.pop_front() else {
            clock += 10;
            continue;
        };
        let waited = clock.saturating_sub(arrived);
        longest = longest.max(waited);
        if waited / 1000 != told {
            told = waited / 1000;
            backlog(&mut bed, told);
        }
        let before = bed.sent_count();
        bed.receive(&text);
        let number = text
            .split("call-")
            .nth(1)
            .unwrap()
            .split('@')
            .next()
            .unwrap();
        let number: usize = number.parse().unwrap();
        clock += match text.split(' ').next().unwrap() {
            "INVITE" if bed.sent_count() > before => {
                let refusal = bed.octets("SIP/2.0 503").pop().unwrap();
                queue.push_back((clock, ack(number, &refusal)));
                3
            }
            "INVITE" => {
                let (key, request) = bed.incoming();
                bed.respond(key, &request, 200);
                let bye = invite(number).replace("192.0.2.1>\r\nCall", "192.0.2.1>;tag=b1\r\nCall");
                let bye = bye
                    .replace("z9hG4bKpeer", "z9hG4bKbye")
                    .replace("INVITE", "BYE");
                queue.push_back((clock, bye));
                40
            }
            "BYE" => {
                let (key, request) = bed.incoming();
                bed.respond(key, &request, 200);
                completed += 1;
                20
            }
            _ => 1,
        };
        bed.forget();
    }
    (
        completed,
        bed.layer.counters().refused_overload,
        Duration::from_micros(longest),
    )
}

#[test]
fn at_twice_the_capacity_nine_tenths_of_it_are_served_and_nobody_waits_long() {
    const CAPACITY: u64 = 1_000_000 / 60;
    let (completed, refused, longest) = served(CAPACITY * 9 / 10, 300);
    assert_eq!(refused, 0, "{longest:?}");
    assert!(completed.abs_diff(CAPACITY * 9 / 10 * 3 / 10) <= 1);
    let (completed, refused, longest) = served(CAPACITY * 2, 600);
    let (capacity, offered) = (CAPACITY * 6 / 10, CAPACITY * 12 / 10);
    assert!(completed >= capacity * 9 / 10, "{completed} of {capacity}");
    assert!(
        (completed + refused).abs_diff(offered) <= 1,
        "each call has one answer"
    );
    assert!(longest < Duration::from_millis(105), "{longest:?}");
}

#[test]
fn what_ends_calls_is_let_in_a_little_longer() {
    let mut bed = small();
    for number in 0..4 {
        bed.receive(invite(number));
    }
    bed.receive(incoming("BYE", &branch(5)));
    assert!(bed.times("SIP/2.0 503").is_empty());
    bed.receive(incoming("BYE", &branch(6)));
    assert_eq!(bed.times("SIP/2.0 503"), [0]);
    bed.said();
    bed.receive(incoming("CANCEL", &branch(1)));
    assert_eq!(bed.times("SIP/2.0 200"), [0], "a CANCEL always");
    assert_eq!(bed.said(), ["0 cancelled"]);
    assert_eq!(bed.layer.len(), 5);
}

#[test]
fn a_full_table_sends_no_new_request() {
    let mut bed = small();
    for _ in 0..4 {
        bed.invite();
    }
    let (now, target) = (bed.now(), bed.target());
    let refused = bed
        .layer
        .send_request(now, outgoing(Method::Invite), &target);
    assert!(matches!(refused, Err(TransactionError::TableFull)));
    assert_eq!(bed.sent_count(), 4);
}

#[test]
fn a_defective_request_is_answered_with_its_status_and_leaves_nothing() {
    let mut bed = Bed::udp();
    let cases = [
        (
            incoming("INVITE", &branch(0)).replace("SIP/2.0\r\nVia", "SIP/7.0\r\nVia"),
            "SIP/2.0 505",
        ),
        (
            incoming("OPTIONS", &branch(1)).replace("CSeq: 1 OPTIONS", "CSeq: 1 INVITE"),
            "SIP/2.0 400",
        ),
        (
            incoming("OPTIONS", &branch(2)).replace("Content-Length: 0", "Content-Length: 10"),
            "SIP/2.0 400",
        ),
        (
            incoming("OPTIONS", &branch(3)).replace("Call-ID: call-7@192.0.2.7\r\n", ""),
            "SIP/2.0 400",
        ),
    ];
    for (number, (text, status)) in cases.into_iter().enumerate() {
        bed.receive(&text);
        bed.receive(&text);
        let answers = bed.octets("SIP/2.0");
        assert_eq!(answers.len(), 2 * number + 2, "{text}");
        assert!(answers[2 * number].starts_with(status.as_bytes()), "{text}");
        assert_eq!(answers[2 * number], answers[2 * number + 1]);
    }
    assert_eq!(bed.layer.counters().defective_answered, 8);
    bed.assert_empty();
}

#[test]
fn a_defective_ack_is_never_answered() {
    let mut bed = Bed::udp();
    bed.receive(incoming("ACK", &branch(0)).replace("CSeq: 1 ACK", "CSeq: 1 INVITE"));
    bed.receive(incoming("ACK", &branch(1)).replace("To: ", "Too: "));
    assert_eq!(bed.sent_count(), 0);
    bed.assert_empty();
}

/// The same INVITE in a spelling that has to be read.
fn spelled_out(text: &str) -> String {
    text.replace("Call-ID: ", "Call-ID:  ")
}

fn trimmed(refusal: &[u8]) -> String {
    let text = String::from_utf8_lossy(refusal);
    let lines = text
        .lines()
        .map(|line| line.trim_end().replace(":  ", ": "));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_look_at_the_octets_gives_the_answer_that_reading_gives() {
    let cases = [
        invite(1),
        invite(2).replace(";branch", ";rport;branch"),
        invite(3).replace("7:5060;branch", "7;x=y;branch"),
        invite(4).replace("192.0.2.7:5060;branch", "10.1.2.3:5070;rport;ttl;branch"),
        invite(5).replace(
            "From: ",
            "Via: SIP/2.0/TCP far.example;branch=z9hG4bKx, SIP/2.0/UDP f\r\nFrom: ",
        ),
        invite(6).replace("To: <", "To: \"Alice, \u{e9};tag=no\" <"),
        invite(7).replace(
            "Max-Forwards: 70\r\n",
            "Max-Forwards: 70\r\nSubject: a\r\n b\r\n",
        ),
        invite(8).replace(
            "Content-Length: 0\r\n\r\n",
            "Content-Length: 5\r\n\r\nv=0\r\n",
        ),
        invite(9).replace("Via: ", "v: "),
        invite(10).replace("7:5060;branch", "7:5099;branch"),
        invite(11).replace("192.0.2.7:5060;branch", "host.example;rport;branch"),
        invite(12).replace(";branch", ";received=1.2.3.4;rport=9;branch"),
        invite(13).replace(
            "SIP/2.0/UDP 192.0.2.7:5060",
            "SIP / 2.0 / UDP 192.0.2.7:5060",
        ),
        invite(14).replace(";branch", ";maddr=192.0.2.9;branch"),
        invite(15).replace("z9hG4bK", "z9hg4BK"),
        invite(16).replace("z9hG4bK", "old"),
        invite(17).replace("To: <sip:alice@192.0.2.1>", "To: sip:alice@192.0.2.1;x=y"),
        invite(18).replace("CSeq: 1 INVITE", "CSeq: 0001 INVITE"),
    ];
    for text in cases {
        let mut bed = Bed::udp();
        backlog(&mut bed, 500);
        bed.receive(&text);
        bed.receive(spelled_out(&text));
        bed.receive(&text);
        let refusals = bed.octets("SIP/2.0 503");
        assert_eq!(refusals.len(), 3, "{text}");
        assert_eq!(refusals[0], refusals[2], "{text}");
        assert_eq!(trimmed(&refusals[0]), trimmed(&refusals[1]), "{text}");
        let places = bed.destinations();
        assert!(places.iter().all(|place| *place == places[0]), "{text}");
        assert_eq!(bed.layer.counters().refused_overload, 3);
        assert!(bed.said().is_empty() && bed.layer.is_empty(), "{text}");
    }
}

#[test]
fn plain_refusals_fill_whole_blocks_so_that_they_leave_together() {
    let mut bed = Bed::udp();
    backlog(&mut bed, 500);
    for number in 0..100 {
        bed.receive(invite(number));
    }
    let lengths = bed.octets("SIP/2.0 503");
    let lengths: BTreeSet<usize> = lengths.iter().map(|refusal| refusal.len()).collect();
    assert!(
        lengths.len() == 1 && lengths.iter().all(|length| length % 64 == 0),
        "{lengths:?}"
    );
}

proptest::proptest! {
    #[test]
    fn any_change_to_an_invite_is_answered_alike_by_a_look_and_by_reading(
        changes in proptest::collection::vec((0usize..400, "[ -~\r\n]{0,3}", 0usize..3), 0..3),
        rport: bool,
    ) {
        let mut text = invite(1);
        if rport {
            text = text.replace(";branch", ";rport;branch");
        }
        for (at, piece, gone) in changes {
            let at = at % text.len();
            let end = (at + gone).min(text.len());
            text.replace_range(at..end, &piece);
        }
        let mut bed = Bed::udp();
        backlog(&mut bed, 500);
        bed.receive(&text);
        bed.receive(&text);
        let looked = bed.octets("SIP/2.0");
        if let [first, second] = &*looked {
            proptest::prop_assert_eq!(first, second);
            let answer = rvoip_transaction_core::sip_core::Message::parse(
                first.clone(),
                &Default::default(),
            );
            proptest::prop_assert!(answer.is_ok());
        }
        // A folded line stops the look.
        let read = text.replacen("\r\n\r\n", "\r\nX: a\r\n b\r\n\r\n", 1);
        let mut other = Bed::udp();
        backlog(&mut other, 500);
        other.receive(&read);
        let refusal = |bed: &Bed| bed.octets("SIP/2.0 503").first().map(|refusal| trimmed(refusal));
        if let (Some(looked), Some(read)) = (refusal(&bed), refusal(&other)) {
            proptest::prop_assert_eq!(looked, read);
            proptest::prop_assert_eq!(bed.destinations()[0], other.destinations()[0]);
        }
    }
}
