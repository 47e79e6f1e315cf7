//! What the parties understand, and what a body is.

use rvoip_sip_core::header::{
    AcceptContact, AcceptEncoding, AcceptLanguage, AllowEvents, ContentDisposition,
    ContentEncoding, ContentLanguage, MimeVersion, RejectContact, RequestDisposition,
    SecurityClient, SecurityServer, SecurityVerify,
};
use rvoip_sip_core::{
    Accept, Allow, ContentType, Method, ProxyRequire, Require, Supported, Unsupported,
};

use crate::table::{compact, kept, on_lines, refused, typed, valid};

#[test]
fn accept_and_content_type() {
    kept::<Accept>(&["application/sdp;level=1", "*/*", "text/*;q=0.5"]);
    kept::<ContentType>(&[
        "application/sdp",
        "text/html;charset=ISO-8859-4",
        "multipart/mixed;boundary=\"a, b\"",
    ]);
    compact::<ContentType>("c", "text/html;charset=ISO-8859-4");
    refused::<Accept>(&[
        "",
        "text",
        "text/",
        "/plain",
        "text/plain/x",
        "text/plain;;q=1",
    ]);
    refused::<ContentType>(&["", "application", "application/sdp x", "a/b;c=\"d"]);
    let accept: Accept = typed("TEXT/*;q=0.7");
    assert!(accept.covers("text/plain") && !accept.covers("application/sdp"));
    assert!(typed::<ContentType>("Application/SDP;a=b").is("application/sdp"));
}

#[test]
fn weights_are_thousandths() {
    for (q, weight) in [
        ("", 1000),
        (";q=1", 1000),
        (";q=1.000", 1000),
        (";q=0", 0),
        (";q=0.8", 800),
        (";q=0.", 0),
        (";q=0.123", 123),
    ] {
        assert_eq!(
            typed::<AcceptEncoding>(&format!("gzip{q}")).weight(),
            weight,
            "{q}"
        );
        assert_eq!(typed::<Accept>(&format!("a/b{q}")).weight(), weight, "{q}");
        assert_eq!(
            typed::<AcceptLanguage>(&format!("da{q}")).weight(),
            weight,
            "{q}"
        );
        assert_eq!(
            typed::<SecurityClient>(&format!("tls{q}")).weight(),
            weight,
            "{q}"
        );
    }
    for q in ["1.1", "0.1234", "2", "-1", "x", "0.x", "1.001"] {
        assert_eq!(
            typed::<AcceptEncoding>(&format!("gzip;q={q}")).weight(),
            1000,
            "{q}"
        );
    }
}

#[test]
fn accept_encoding_and_language() {
    kept::<AcceptEncoding>(&["gzip", "*", "identity;q=0.5"]);
    refused::<AcceptEncoding>(&["", "a b", "gzip;;"]);
    kept::<AcceptLanguage>(&["da", "en-gb;q=0.8", "*", "zh-Hant-TW", "es-419"]);
    refused::<AcceptLanguage>(&["", "en_gb", "-en", "en-", "abcdefghi"]);
    let languages: Vec<AcceptLanguage> = on_lines(&["da, en-gb;q=0.8, en;q=0.7"]);
    let covered = |tag: &str| {
        languages
            .iter()
            .map(|range| range.covers(tag))
            .collect::<Vec<_>>()
    };
    assert_eq!(covered("EN-GB"), [false, true, true]);
    assert_eq!(covered("en"), [false, false, true]);
    assert_eq!(covered("eng"), [false; 3]);
    assert!(typed::<AcceptLanguage>("*").covers("x"));
    assert!(
        typed::<AcceptEncoding>("GZIP").covers("gzip") && typed::<AcceptEncoding>("*").covers("br")
    );
}

#[test]
fn lists_of_words() {
    kept::<Supported>(&["", "100rel, timer", "a,,b"]);
    kept::<Require>(&["100rel"]);
    kept::<ProxyRequire>(&["foo"]);
    kept::<Unsupported>(&["foo"]);
    kept::<Allow>(&["INVITE, ACK, OPTIONS, CANCEL, BYE", ""]);
    kept::<AllowEvents>(&["spirits-INDPs", "presence, presence.winfo"]);
    kept::<ContentEncoding>(&["gzip", "tar, gzip"]);
    kept::<ContentLanguage>(&["fr", "mi, en"]);
    kept::<RequestDisposition>(&["proxy", "recurse, parallel"]);
    compact::<Supported>("k", "100rel");
    compact::<AllowEvents>("u", "refer");
    compact::<ContentEncoding>("e", "gzip");
    compact::<RequestDisposition>("d", "no-fork");
    refused::<Supported>(&["a b", "a;b", "\"a\""]);
    refused::<Allow>(&["INVITE ACK"]);
    refused::<AllowEvents>(&["presence;id=1"]);
    let tags: Vec<Supported> = on_lines(&["100rel,", "timer , Path"]);
    assert_eq!(tags.len(), 2);
    assert!(tags[1].contains("PATH") && !tags[1].is_empty() && Supported::default().is_empty());
    assert_eq!(Supported::new(["a", "b"]).to_string(), "a, b");
    // Event packages and methods compare to the letter.
    assert!(typed::<AllowEvents>("a, b").contains("b") && !typed::<AllowEvents>("a").contains("A"));
    assert!(!typed::<Allow>("invite").contains(&Method::Invite));
}

#[test]
fn content_disposition_and_mime_version() {
    kept::<ContentDisposition>(&["session", "session;handling=optional", "early-session"]);
    refused::<ContentDisposition>(&["", "a/b", "session;;"]);
    let icon: ContentDisposition = typed("Icon;handling=Optional");
    assert!(icon.is("icon") && icon.is_optional());
    // RFC 3261 section 20.11: required is what holds without a parameter.
    assert!(!typed::<ContentDisposition>("session").is_optional());
    kept::<MimeVersion>(&["1.0"]);
    refused::<MimeVersion>(&["", "1", "1.", ".0", "1.0 x", "a.b", "1.0.0"]);
}

#[test]
fn security_agreement_after_rfc_3329() {
    kept::<SecurityClient>(&["tls", "digest", "ipsec-ike;q=0.1"]);
    kept::<SecurityServer>(&["tls;q=0.2"]);
    kept::<SecurityVerify>(&[
        "digest;d-alg=MD5;d-qop=auth;d-ver=\"0000000000000000000000000000a984\"",
    ]);
    refused::<SecurityClient>(&["", "a b", "tls;="]);
    let list: Vec<SecurityVerify> = on_lines(&["ipsec-ike;q=0.1, tls;q=0.2"]);
    assert_eq!(list[1].mechanism(), "tls");
    assert!(list[1].equivalent(&typed("TLS;Q=0.2")) && !list[1].equivalent(&list[0]));
}

#[test]
fn caller_preferences_after_rfc_3841() {
    kept::<AcceptContact>(&[
        "*;audio;require",
        "*;methods=\"BYE\";class=\"business\";q=1.0",
        "*;mobility=\"fixed\";explicit;require",
    ]);
    kept::<RejectContact>(&["*;actor=\"msg-taker\";video", "*"]);
    valid::<AcceptContact>(&[("* ;audio", "*;audio")]);
    compact::<AcceptContact>("a", "*;audio");
    compact::<RejectContact>("j", "*;video");
    refused::<AcceptContact>(&["", "audio", "**", "<sip:a@b>"]);
    let rule: AcceptContact = typed("*;audio;require");
    assert!(rule.is_required() && !rule.is_explicit() && rule.params().contains("audio"));
    assert_eq!(rule.rule(), "*");
}
