//! URIs: the examples of RFC 3261 sections 19.1.3 and 19.1.4 and of RFC 3966, and the laws behind them.

use super::*;

fn uri(text: &str) -> Uri {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn parts() {
    let full = uri(
        "sips:alice:secret%21@[2001:db8::1]:5061;transport=tcp;lr?Subject=a%20b&Priority=urgent",
    );
    assert_eq!(full.scheme(), Scheme::Sips);
    assert_eq!(
        (full.user(), full.password()),
        (Some("alice"), Some("secret%21"))
    );
    assert_eq!(full.host(), Some(&"[2001:db8::1]".parse().unwrap()));
    assert_eq!(full.port(), Some(5061));
    assert_eq!(full.param("Transport"), Some("tcp"));
    assert_eq!(full.param("lr"), Some(""));
    assert_eq!(
        full.headers().unwrap().iter().collect::<Vec<_>>(),
        [("Subject", "a%20b"), ("Priority", "urgent")]
    );
    assert_eq!(
        full.without_headers().to_string(),
        "sips:alice:secret%21@[2001:db8::1]:5061;transport=tcp;lr"
    );

    let bare = uri("sip:atlanta.com");
    assert_eq!(
        (bare.user(), bare.port(), bare.params().count()),
        (None, None, 0)
    );
    let escaped = uri("sip:sips%3Auser%40example.com@example.net");
    assert_eq!(
        escaped.user_unescaped().as_deref(),
        Some("sips:user@example.com")
    );
    let semicolon = uri("sip:user;par=u%40example.net@example.com");
    assert_eq!(
        (semicolon.user(), semicolon.params().count()),
        (Some("user;par=u%40example.net"), 0)
    );
    assert_eq!(uri("sip:user@host;%6C%72").param("lr"), Some(""));
    assert_eq!(
        uri("soap.beep://192.0.2.103:3002").scheme(),
        Scheme::Other("soap.beep")
    );
    assert_eq!(
        uri("tel:7042;phone-context=example.com").param("phone-context"),
        Some("example.com")
    );
}

#[test]
fn broken_ones_are_refused() {
    for text in [
        "",
        "sip",
        "sip:",
        "sip:@host",
        "sip:a@",
        "sip:a b@host",
        "sip:a@ho st",
        " sip:a@host",
        "sip:a@host ",
        "sip:a@host:",
        "sip:a@host:x",
        "sip:a@host:65536",
        "sip:a@host:5060x",
        "sip:a@[::1",
        "sip:a@[::1]5060",
        "sip:[2001:db8::10",
        "sip:2001:db8::10",
        "sip:a@host;",
        "sip:a@host;;lr",
        "sip:a@host;=x",
        "sip:a@host?",
        "sip:a%4@host",
        "sip:a%zz@host",
        "sip:\u{e4}@host",
        "sip:a@b@c",
        "<sip:a@host>",
        "1sip:a",
        "tel:",
        "tel:+",
        "tel:+1a",
        "tel:12 34",
        "mailto:",
        "sip:a@ host",
        "sip:a@host :5060",
    ] {
        assert!(text.parse::<Uri>().is_err(), "{text}");
    }
}

#[test]
fn parts_are_counted() {
    let with = |count| {
        format!(
            "sip:a{}?{}b=1",
            ";c".repeat(count),
            "b=1&".repeat(count - 1)
        )
        .parse::<Uri>()
    };
    assert!(with(64).is_ok());
    assert!(with(65).is_err());
}

#[test]
fn equivalent_ones() {
    for (a, b) in [
        (
            "sip:%61lice@atlanta.com;transport=TCP",
            "sip:alice@AtLanTa.CoM;Transport=tcp",
        ),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        (
            "sip:carol@chicago.com;security=on",
            "sip:carol@chicago.com;newparam=5",
        ),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("sip:a@[2001:db8::1]", "sip:a@[2001:DB8:0::1]"),
        (
            "sip:null-%00-null@example.com",
            "SIP:null-%00-null@example.com",
        ),
        ("tel:+1-201-555-0123", "tel:+12015550123"),
        (
            "tel:7042;phone-context=example.com",
            "TEL:70-42;Phone-Context=EXAMPLE.com",
        ),
    ] {
        assert!(
            uri(a).equivalent(&uri(b)) && uri(b).equivalent(&uri(a)),
            "{a} {b}"
        );
    }
}

#[test]
fn different_ones() {
    for (a, b) in [
        (
            "sip:ALICE@AtLanTa.CoM;Transport=udp",
            "sip:alice@AtLanTa.CoM;Transport=UDP",
        ),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        (
            "sip:bob@biloxi.com",
            "sip:bob@biloxi.com:6000;transport=tcp",
        ),
        (
            "sip:carol@chicago.com",
            "sip:carol@chicago.com?Subject=next%20meeting",
        ),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:bob@biloxi.com", "sips:bob@biloxi.com"),
        ("sip:bob@biloxi.com", "sip:biloxi.com"),
        ("sip:bob@biloxi.com;maddr=192.0.2.1", "sip:bob@biloxi.com"),
        (
            "sip:carol@chicago.com;security=on",
            "sip:carol@chicago.com;security=off",
        ),
        ("sip:a%3Bb@host", "sip:a;b@host"),
        ("sip:a%00@host", "sip:a%00%00@host"),
        ("sip:a@host?x=1&x=1", "sip:a@host?x=1"),
        ("tel:+12015550123", "tel:12015550123;phone-context=+1"),
        (
            "tel:7042;phone-context=example.com",
            "tel:7042;phone-context=example.org",
        ),
        ("tel:+12015550123", "tel:+12015550123;ext=1"),
    ] {
        assert!(
            !uri(a).equivalent(&uri(b)) && !uri(b).equivalent(&uri(a)),
            "{a} {b}"
        );
    }
}

#[test]
fn built_ones_escape_what_needs_it() {
    let host = || Host::Name("example.com".into());
    assert_eq!(
        Uri::sip(Some("a b@c%41\u{e4}"), host(), Some(5070)).as_str(),
        "sip:a%20b%40c%41%C3%A4@example.com:5070"
    );
    assert_eq!(
        Uri::sips(
            None,
            "::1".parse::<std::net::IpAddr>().unwrap().into(),
            None
        )
        .as_str(),
        "sips:[::1]"
    );
    let uri = uri("sip:a@example.com;lr;transport=udp?x=1");
    assert_eq!(
        uri.with_param("Transport", Some("tcp")).as_str(),
        "sip:a@example.com;lr;Transport=tcp?x=1"
    );
    assert_eq!(
        uri.with_param("ob", None).as_str(),
        "sip:a@example.com;lr;transport=udp;ob?x=1"
    );
    assert_eq!(
        uri.with_param("t", Some("a;b"))
            .without_param("lr")
            .as_str(),
        "sip:a@example.com;transport=udp;t=a%3Bb?x=1"
    );
    assert_eq!(
        uri.without_param("lr").headers().unwrap().iter().next(),
        Some(("x", "1"))
    );
}
