//! When two values say the same (RFC 3261 sections 7.3.1 and 20).

use rvoip_sip_core::header::{AcceptEncoding, ContentDisposition, SecurityServer};
use rvoip_sip_core::{ContentType, From, HeaderName, Reason, To, Via};

use crate::table::typed;

#[test]
fn words_and_parameters() {
    let same = |a: &str, b: &str| typed::<ContentType>(a).equivalent(&typed(b));
    assert!(same(
        "Text/HTML;charset=UTF-8",
        "text/html ; Charset = utf-8"
    ));
    assert!(same("a/b;c=1;d", "a/b;D;C=1"));
    assert!(same("a/b;c=\"X\"", "a/b;C=\"X\""));
    for (a, b) in [
        ("a/b", "a/c"),
        ("a/b;c", "a/b"),
        ("a/b;c=\"X\"", "a/b;c=\"x\""),
        ("a/b;c=1;c=1", "a/b;c=1"),
        ("a/b;c", "a/b;c=1"),
    ] {
        assert!(!same(a, b) && !same(b, a), "{a} {b}");
    }
    assert!(typed::<Reason>("sip;cause=1").equivalent(&typed("SIP;Cause=1")));
    assert!(typed::<AcceptEncoding>("GZIP").equivalent(&typed("gzip")));
    assert!(typed::<ContentDisposition>("Session").equivalent(&typed("session")));
    assert!(typed::<SecurityServer>("tls;q=0.1;a").equivalent(&typed("TLS;a;Q=0.1")));
}

#[test]
fn names() {
    let name = |text: &str| text.parse::<HeaderName>().unwrap();
    for (a, b) in [
        ("Via", "v"),
        ("SIP-ETag", "sip-etag"),
        ("X-a", "x-A"),
        ("Refer-To", "R"),
    ] {
        assert_eq!(name(a), name(b));
    }
    assert_ne!(name("X-a"), name("X-b"));
}

#[test]
fn parties_after_rfc_3261_section_20_20() {
    let same = |a: &str, b: &str| {
        let (a, b): (From, From) = (typed(a), typed(b));
        let (to_a, to_b) = (To(a.0.clone()), To(b.0.clone()));
        let results = [
            a.equivalent(&b),
            b.equivalent(&a),
            to_a.equivalent(&to_b),
            to_b.equivalent(&to_a),
        ];
        assert!(results.iter().all(|result| *result == results[0]));
        results[0]
    };
    assert!(same("\"A\" <sip:a@B>;tag=1", "sip:a@b;Tag=1"));
    assert!(same("<sip:a@b>;x=1", "<sip:a@b>;y=2"));
    assert!(same("<sip:a@b>;x=Y", "<sip:a@b>;X=y;z"));
    for (a, b) in [
        ("<sip:a@b>;tag=1", "<sip:a@b>"),
        ("<sip:a@b>;tag=1", "<sip:a@b>;tag=2"),
        ("<sip:a@b>", "<sip:A@b>"),
        ("<sip:a@b>;x=1", "<sip:a@b>;x=2"),
        ("<sip:a@b>;x", "<sip:a@b>;x=2"),
    ] {
        assert!(!same(a, b), "{a} {b}");
    }
}

#[test]
fn hops_after_rfc_3261_section_20_42() {
    let same = |a: &str, b: &str| typed::<Via>(a).equivalent(&typed(b));
    assert!(same(
        "SIP/2.0/UDP Host.example:5060;branch=z9hG4bKa;rport",
        "SIP / 2.0 / udp host.example:5060 ;RPORT; Branch=z9hG4bKa"
    ));
    for (a, b) in [
        ("SIP/2.0/UDP a;rport", "SIP/2.0/UDP a"),
        ("SIP/2.0/UDP a", "SIP/2.0/TCP a"),
        ("SIP/2.0/UDP a", "SIP/2.0/UDP b"),
        ("SIP/2.0/UDP a:5060", "SIP/2.0/UDP a"),
        ("SIP/2.0/UDP a;branch=1", "SIP/2.0/UDP a;branch=2"),
    ] {
        assert!(!same(a, b) && !same(b, a), "{a} {b}");
    }
}
