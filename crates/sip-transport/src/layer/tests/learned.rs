//! Addresses learned from peers, and responses that are not for us.

use super::*;
use crate::LearnedAddresses;

fn layer(learned_addresses: LearnedAddresses) -> TransportLayer {
    TransportLayer::new(TransportConfig {
        learned_addresses,
        ..config()
    })
}

fn told(layer: &TransportLayer) -> String {
    let target = Target::address(TransportKind::Udp, addr("198.51.100.7:5060"));
    let route = layer.route(&target).unwrap();
    assert_eq!(route.sent_by.to_string(), *route.contact);
    route.sent_by.to_string()
}

#[test]
fn what_a_response_says_of_our_address_is_used_where_that_is_wanted() {
    let now = Instant::now();
    let own = "192.0.2.1:5060";
    let behind_nat = ok("UDP 192.0.2.1:5060;branch=z;received=203.0.113.5;rport=4000");
    for (policy, expected) in [
        (LearnedAddresses::Ignore, own),
        (LearnedAddresses::Use, "203.0.113.5:4000"),
    ] {
        let mut layer = layer(policy);
        // Neither a peer that does not know rport nor one that sees our own address changes anything.
        for via in [
            "UDP 192.0.2.1:5060;branch=z",
            "UDP 192.0.2.1:5060;branch=z;rport",
            "UDP 192.0.2.1:5060;branch=z;rport=5060;received=192.0.2.1",
        ] {
            layer.handle_input(now, datagram(UDP, "198.51.100.7:5060", &ok(via)));
            assert!(matches!(
                layer.poll_event(),
                Some(TransportEvent::Response { .. })
            ));
            assert_eq!(told(&layer), own);
        }
        layer.handle_input(now, datagram(UDP, "198.51.100.7:5060", &behind_nat));
        assert_eq!(told(&layer), expected);
        if policy == LearnedAddresses::Use {
            assert!(matches!(
                layer.poll_event(),
                Some(TransportEvent::MappedAddress { mapped, .. })
                    if mapped == addr("203.0.113.5:4000")
            ));
        }
        assert!(matches!(
            layer.poll_event(),
            Some(TransportEvent::Response { .. })
        ));
        // Answers to what was sent under the old address still come through, and to the new one.
        for via in [
            "UDP 192.0.2.1:5060;branch=z".to_owned(),
            format!("UDP {expected};branch=z"),
        ] {
            layer.handle_input(now, datagram(UDP, "198.51.100.7:5060", &ok(&via)));
            assert!(matches!(
                layer.poll_event(),
                Some(TransportEvent::Response { .. })
            ));
        }
    }
}

/// RFC 3261 section 8.1.3.3.
#[test]
fn a_response_with_several_vias_is_for_proxies() {
    let now = Instant::now();
    let one = ok("UDP 192.0.2.1:5060;branch=z");
    let lines = one.replace("Max-Forwards: 70", "Via: SIP/2.0/UDP 10.0.0.9;branch=y");
    let commas = one.replace("branch=z", "branch=z, SIP/2.0/UDP 10.0.0.9;branch=y");
    let quoted = one.replace("branch=z", "branch=z;x=\"a,b\"");
    for (forwards_responses, text, passes) in [
        (false, &one, true),
        (false, &quoted, true),
        (false, &lines, false),
        (false, &commas, false),
        (true, &lines, true),
        (true, &commas, true),
    ] {
        let mut layer = TransportLayer::new(TransportConfig {
            forwards_responses,
            ..config()
        });
        layer.handle_input(now, datagram(UDP, "198.51.100.7:5060", text));
        let event = layer.poll_event();
        assert_eq!(
            matches!(event, Some(TransportEvent::Response { .. })),
            passes,
            "{text}"
        );
        let dropped = layer.counters().dropped(DropReason::ForeignResponse);
        assert_eq!(dropped, u64::from(!passes));
    }
}
