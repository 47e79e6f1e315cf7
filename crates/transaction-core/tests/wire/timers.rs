//! Every timer on the wire: when it fires, what it sends, how the transaction ends.

use rvoip_transaction_core::sip_core::Method;

use crate::bed::{Bed, incoming};

const BRANCH: &str = ";branch=z9hG4bKpeer1";
const E_AND_G: [u64; 10] = [
    500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500,
];

#[test]
fn timers_a_and_b_over_udp_seven_invites_then_the_end() {
    let mut bed = Bed::udp();
    bed.invite();
    bed.run_for(40_000);
    assert_eq!(
        bed.times("INVITE"),
        [0, 500, 1500, 3500, 7500, 15_500, 31_500]
    );
    let octets = bed.octets("INVITE");
    assert!(octets.iter().all(|again| *again == octets[0]));
    assert_eq!(bed.said(), ["32000 client timed out"]);
    assert_eq!(bed.layer.counters().retransmissions_sent, 6);
    bed.assert_empty();
}

#[test]
fn timer_b_alone_over_tcp() {
    let mut bed = Bed::tcp();
    bed.invite();
    bed.run_for(40_000);
    assert_eq!(bed.times("INVITE"), [0]);
    assert_eq!(bed.said(), ["32000 client timed out"]);
    assert_eq!(bed.layer.len(), 0);
}

#[test]
fn a_provisional_stops_timers_a_and_b() {
    let mut bed = Bed::udp();
    bed.invite();
    bed.run_for(600);
    bed.answer("INVITE", 180);
    bed.run_for(300_000);
    assert_eq!(bed.times("INVITE"), [0, 500]);
    assert_eq!(bed.said(), ["600 response 180"]);
    assert_eq!(bed.layer.len(), 1);
}

#[test]
fn timer_d_absorbs_refusals_for_32_seconds_over_udp() {
    let mut bed = Bed::udp();
    bed.invite();
    bed.answer("INVITE", 486);
    bed.run_for(31_999);
    bed.answer("INVITE", 486);
    assert_eq!(bed.times("ACK"), [0, 31_999]);
    bed.run_for(10);
    assert_eq!(bed.said(), ["0 response 486", "32000 client terminated"]);
    bed.assert_empty();
}

#[test]
fn timer_d_is_nothing_over_tcp() {
    let mut bed = Bed::tcp();
    bed.invite();
    bed.answer("INVITE", 486);
    assert_eq!(bed.times("ACK"), [0]);
    assert_eq!(bed.said(), ["0 response 486", "0 client terminated"]);
    assert_eq!(bed.layer.len(), 0);
}

#[test]
fn timers_e_and_f_over_udp() {
    let mut bed = Bed::udp();
    bed.request(Method::Options);
    bed.run_for(40_000);
    let expected: Vec<u64> = [0].into_iter().chain(E_AND_G).collect();
    assert_eq!(bed.times("OPTIONS"), expected);
    let octets = bed.octets("OPTIONS");
    assert!(octets.iter().all(|again| *again == octets[0]));
    assert_eq!(bed.said(), ["32000 client timed out"]);
    bed.assert_empty();
}

#[test]
fn timer_e_is_t2_after_a_provisional_and_timer_f_goes_on() {
    let mut bed = Bed::udp();
    bed.request(Method::Options);
    bed.run_for(600);
    bed.answer("OPTIONS", 100);
    bed.run_for(40_000);
    assert_eq!(
        bed.times("OPTIONS"),
        [
            0, 500, 1500, 5500, 9500, 13_500, 17_500, 21_500, 25_500, 29_500
        ]
    );
    assert_eq!(bed.said(), ["600 response 100", "32000 client timed out"]);
}

#[test]
fn timer_f_alone_over_tcp() {
    let mut bed = Bed::tcp();
    bed.request(Method::Options);
    bed.run_for(40_000);
    assert_eq!(bed.times("OPTIONS"), [0]);
    assert_eq!(bed.said(), ["32000 client timed out"]);
}

#[test]
fn timer_k_absorbs_repeated_answers_for_t4() {
    let mut bed = Bed::udp();
    bed.request(Method::Options);
    bed.answer("OPTIONS", 200);
    bed.run_for(4_999);
    bed.answer("OPTIONS", 200);
    bed.run_for(1);
    assert_eq!(bed.said(), ["0 response 200", "5000 client terminated"]);
    bed.assert_empty();
    let mut bed = Bed::tcp();
    bed.request(Method::Options);
    bed.answer("OPTIONS", 200);
    assert_eq!(bed.said(), ["0 response 200", "0 client terminated"]);
}

#[test]
fn timer_m_collects_further_answers_for_32_seconds() {
    for mut bed in [Bed::udp(), Bed::tcp()] {
        bed.invite();
        bed.answer("INVITE", 200);
        bed.run_for(31_999);
        bed.answer("INVITE", 200);
        bed.run_for(1);
        bed.answer("INVITE", 200);
        let expected = [
            "0 response 200",
            "31999 response 200",
            "32000 client terminated",
            "32000 stray 200",
        ];
        assert_eq!(bed.said(), expected);
        assert!(
            bed.times("ACK").is_empty(),
            "the ACK of a 2xx is the transaction user's"
        );
        assert_eq!(bed.layer.len(), 0);
    }
}

#[test]
fn timers_g_and_h_over_udp() {
    let mut bed = Bed::udp();
    bed.receive(incoming("INVITE", BRANCH));
    let (key, request) = bed.incoming();
    let octets = bed.respond(key, &request, 486);
    bed.run_for(40_000);
    let expected: Vec<u64> = [0].into_iter().chain(E_AND_G).collect();
    assert_eq!(bed.times("SIP/2.0 486"), expected);
    assert!(
        bed.octets("SIP/2.0 486")
            .iter()
            .all(|again| *again == octets)
    );
    assert_eq!(
        bed.said(),
        ["0 request INVITE", "32000 server failed AckMissing"]
    );
    bed.assert_empty();
}

#[test]
fn timer_h_alone_over_tcp() {
    let mut bed = Bed::tcp();
    bed.receive(incoming("INVITE", BRANCH));
    let (key, request) = bed.incoming();
    bed.respond(key, &request, 486);
    bed.run_for(40_000);
    assert_eq!(bed.times("SIP/2.0 486"), [0]);
    assert_eq!(
        bed.said(),
        ["0 request INVITE", "32000 server failed AckMissing"]
    );
    assert_eq!(bed.layer.len(), 0);
}

#[test]
fn timer_i_absorbs_repeated_acks_for_t4() {
    let mut bed = Bed::udp();
    bed.receive(incoming("INVITE", BRANCH));
    let (key, request) = bed.incoming();
    bed.respond(key, &request, 486);
    bed.run_for(750);
    for _ in 0..3 {
        bed.receive(incoming("ACK", BRANCH));
    }
    bed.run_for(4_999);
    assert_eq!(bed.times("SIP/2.0 486"), [0, 500]);
    assert_eq!(bed.said(), ["0 request INVITE"]);
    bed.run_for(1);
    assert_eq!(bed.said(), ["5750 server terminated"]);
    bed.assert_empty();
    let mut bed = Bed::tcp();
    bed.receive(incoming("INVITE", BRANCH));
    let (key, request) = bed.incoming();
    bed.respond(key, &request, 486);
    bed.receive(incoming("ACK", BRANCH));
    assert_eq!(bed.said(), ["0 request INVITE", "0 server terminated"]);
}

#[test]
fn what_lingers_ends_together() {
    let mut bed = Bed::udp();
    for (number, wait) in [0, 1, 99, 100, 50, 1].into_iter().enumerate() {
        bed.run_for(wait);
        bed.receive(incoming("OPTIONS", &format!(";branch=z9hG4bKpeer{number}")));
        let (key, request) = bed.incoming();
        bed.respond(key, &request, 200);
    }
    bed.said();
    bed.run_for(40_000);
    let said = bed.said();
    assert_eq!(said[0], "32000 server terminated");
    assert_eq!(said[1..5], ["32250 server terminated"; 4]);
    assert_eq!(said[5..], ["32500 server terminated"]);
}

#[test]
fn timer_j_absorbs_repeated_requests_for_32_seconds() {
    let mut bed = Bed::udp();
    bed.receive(incoming("OPTIONS", BRANCH));
    let (key, request) = bed.incoming();
    let octets = bed.respond(key, &request, 200);
    bed.run_for(31_999);
    bed.receive(incoming("OPTIONS", BRANCH));
    assert_eq!(bed.octets("SIP/2.0"), [octets.clone(), octets]);
    bed.run_for(1);
    assert_eq!(bed.said(), ["0 request OPTIONS", "32000 server terminated"]);
    bed.assert_empty();
    let mut bed = Bed::tcp();
    bed.receive(incoming("OPTIONS", BRANCH));
    let (key, request) = bed.incoming();
    bed.respond(key, &request, 200);
    assert_eq!(bed.said(), ["0 request OPTIONS", "0 server terminated"]);
}

#[test]
fn timer_l_absorbs_repeated_invites_for_32_seconds_over_any_transport() {
    for mut bed in [Bed::udp(), Bed::tcp()] {
        bed.receive(incoming("INVITE", BRANCH));
        let (key, request) = bed.incoming();
        bed.respond(key, &request, 200);
        bed.run_for(31_999);
        bed.receive(incoming("INVITE", BRANCH));
        bed.run_for(1);
        assert_eq!(bed.times("SIP/2.0"), [0]);
        assert_eq!(bed.said(), ["0 request INVITE", "32000 server terminated"]);
        assert_eq!(bed.layer.len(), 0);
    }
}

#[test]
fn a_slow_user_gets_100_after_200_milliseconds_once_and_for_invite_alone() {
    let mut bed = Bed::udp();
    bed.receive(incoming("INVITE", BRANCH));
    bed.receive(incoming("OPTIONS", BRANCH));
    bed.run_for(10_000);
    assert_eq!(bed.times("SIP/2.0 100"), [200]);
    let trying = &bed.octets("SIP/2.0 100")[0];
    assert!(
        trying.windows(7).any(|part| part == b"INVITE\r"),
        "{trying:?}"
    );
    bed.receive(incoming("INVITE", BRANCH));
    assert_eq!(bed.times("SIP/2.0 100"), [200, 10_000]);
    assert_eq!(bed.sent_count(), 2);
}

#[test]
fn a_quick_user_gets_no_100() {
    for status in [180, 200, 486] {
        let mut bed = Bed::udp();
        bed.receive(incoming("INVITE", BRANCH));
        bed.run_for(199);
        let (key, request) = bed.incoming();
        bed.respond(key, &request, status);
        bed.run_for(300);
        assert!(bed.times("SIP/2.0 100").is_empty(), "{status}");
    }
}

#[test]
fn a_request_without_an_answer_is_not_kept_for_ever() {
    for mut bed in [Bed::udp(), Bed::tcp()] {
        bed.receive(incoming("OPTIONS", BRANCH));
        bed.run_for(32_000);
        assert_eq!(
            bed.said(),
            ["0 request OPTIONS", "32000 server failed Unanswered"]
        );
        assert_eq!((bed.sent_count(), bed.layer.len()), (0, 0));
    }
}
