//! Challenges, credentials and Authentication-Info.

use rvoip_sip_core::header::{
    AuthParams, AuthenticationInfo, Authorization, Challenge, Credentials, ProxyAuthenticate,
    ProxyAuthorization, WwwAuthenticate,
};
use rvoip_sip_core::{Header, HeaderName, Method, Request, Uri};

use crate::table::{kept, on_lines, refused, typed, valid};

/// RFC 7616 section 3.9.1.
const TWO_CHALLENGES: [&str; 2] = [
    r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#,
    r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#,
];

#[test]
fn challenges_after_rfc_3261_and_7616() {
    kept::<WwwAuthenticate>(&TWO_CHALLENGES);
    kept::<WwwAuthenticate>(&[
        // RFC 3261 section 20.44.
        r#"Digest realm="atlanta.com", domain="sip:boxesbybob.com sips:x.example", qop="auth", nonce="f84f1cec41e6cbe5aea9c8e88d359", opaque="", stale=FALSE, algorithm=MD5"#,
        "Negotiate",
        "NTLM TlRMTVNTUAABAAAAB4IIAA==",
        r#"Bearer authz_server="https://as.example.com", scope="sip", error="invalid_token""#,
    ]);
    kept::<ProxyAuthenticate>(&[
        // RFC 3261 section 20.27.
        r#"Digest realm="atlanta.com", domain="sip:ss1.carrier.com", qop="auth", nonce="f84f1cec41e6cbe5aea9c8e88d359", opaque="", stale=FALSE, algorithm=MD5"#,
    ]);
    refused::<WwwAuthenticate>(&[
        "",
        ",",
        "Digest realm=\"open",
        "Digest realm=a nonce=b",
        "Digest=x",
        "Digest realm=\"a\";nonce=\"b\"",
        "Digest realm=\"a\", realm=\"b\"",
        "Digest realm=\"a\", nonce=\"b\", Basic realm=\"c\"",
        "\"Digest\" realm=a",
    ]);
}

#[test]
fn what_a_challenge_says() {
    let challenge: WwwAuthenticate = typed(
        r#"DIGEST Realm = "a \"b\"" , nonce="n,1",qop="auth, auth-int" , Stale=TRUE, userhash="true", charset=UTF-8, domain="sip:a sip:b",algorithm=SHA-512-256-sess, new=1"#,
    );
    assert!(challenge.is("digest") && challenge.is_stale() && challenge.userhash());
    assert_eq!(challenge.realm().as_deref(), Some("a \"b\""));
    assert_eq!(challenge.nonce().as_deref(), Some("n,1"));
    assert_eq!(challenge.qop().collect::<Vec<_>>(), ["auth", "auth-int"]);
    assert_eq!(challenge.domain().collect::<Vec<_>>(), ["sip:a", "sip:b"]);
    assert_eq!(challenge.charset().as_deref(), Some("UTF-8"));
    assert_eq!(challenge.algorithm().as_deref(), Some("SHA-512-256-sess"));
    assert_eq!(
        (challenge.opaque(), challenge.params().raw("NEW")),
        (None, Some("1"))
    );
    let silent: WwwAuthenticate = typed("Digest realm=a");
    assert!(!silent.is_stale() && !silent.userhash() && silent.qop().next().is_none());
    let ntlm: WwwAuthenticate = typed("NTLM TlRM==");
    assert_eq!(
        (ntlm.scheme(), ntlm.params().token68()),
        ("NTLM", Some("TlRM=="))
    );
}

#[test]
fn several_challenges_on_lines_and_on_one() {
    let on_two: Vec<WwwAuthenticate> = on_lines(&TWO_CHALLENGES);
    let joined = format!("{}, {}", TWO_CHALLENGES[0], TWO_CHALLENGES[1]);
    assert_eq!(on_lines::<WwwAuthenticate>(&[&joined]), on_two);
    assert_eq!(on_two.len(), 2);
    // RFC 7235 section 4.1, with a scheme alone, a token68 and empty elements besides.
    let mixed: Vec<ProxyAuthenticate> = on_lines(&[
        r#"Newauth realm="apps, all", type=1, title="Login to \"apps\"", Basic realm="simple",, NTLM, Negotiate abc==,Digest nonce = "x""#,
    ]);
    let schemes: Vec<_> = mixed.iter().map(|challenge| challenge.scheme()).collect();
    assert_eq!(schemes, ["Newauth", "Basic", "NTLM", "Negotiate", "Digest"]);
    assert_eq!(mixed[0].params().iter().count(), 3);
    assert_eq!(mixed[3].params().token68(), Some("abc=="));
    assert_eq!(mixed[4].nonce().as_deref(), Some("x"));
}

#[test]
fn the_first_challenge_on_a_line_can_be_taken_away() {
    let target: Uri = "sip:bob@example.com".parse().unwrap();
    let line = r#"Digest realm="a", nonce="b", Basic realm="c""#;
    let request = Request::builder(Method::Options, &target)
        .raw(&HeaderName::WwwAuthenticate, line)
        .build();
    let rest = request.edit().remove_first::<WwwAuthenticate>().finish();
    assert_eq!(
        rest.headers().raw(&HeaderName::WwwAuthenticate),
        Some(r#"Basic realm="c""#)
    );
}

#[test]
fn a_challenge_of_our_own() {
    let challenge = Challenge::digest("ex\"am", "n1")
        .with("qop", "auth")
        .with("algorithm", "SHA-256")
        .with("stale", "true")
        .with("opaque", "");
    let header = WwwAuthenticate(challenge);
    assert_eq!(
        header.to_string(),
        r#"Digest realm="ex\"am", nonce="n1", qop="auth", algorithm=SHA-256, stale=true, opaque="""#
    );
    assert_eq!(typed::<WwwAuthenticate>(&header.to_string()), header);
}

#[test]
fn credentials_after_rfc_3261_and_7616() {
    kept::<Authorization>(&[
        // RFC 3261 section 22.4, and RFC 7616 sections 3.9.1 and 3.9.2.
        r#"Digest username="bob", realm="biloxi.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="sip:bob@biloxi.com", qop=auth, nc=00000001, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41""#,
        r#"Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="8ca523f5e9506fed4657c9700eebdbec", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#,
        r#"Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, realm="api@example.org", uri="/doe.json", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", nc=00000001, cnonce="NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm", qop=auth, response="ae66e67d6b427bd3f120414a82e4acff38e8ecd9101d6c861229025f607a79dd", opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", userhash=false"#,
        "Bearer mF_9.B5f-4.1JqM",
        "NoOneKnowsThisScheme opaque-data=here",
    ]);
    valid::<ProxyAuthorization>(&[(
        "Digest   username = \"Alice\",realm=\"atlanta.com\",,",
        "Digest username = \"Alice\",realm=\"atlanta.com\"",
    )]);
    refused::<Authorization>(&["", "Digest username=\"a\" realm=\"b\"", "Digest nc=1,nc=1"]);
}

#[test]
fn what_credentials_say() {
    let credentials: Authorization = typed(
        r#"Digest username*=utf-8''%e2%82%ac, realm="r", nonce=plain, uri="sip:a@b;c=\"d\"", response="00ff", cnonce="c", nc="0000000a", qop="auth-int", userhash=TRUE"#,
    );
    assert_eq!(credentials.username().as_deref(), Some("\u{20ac}"));
    assert_eq!(credentials.uri().as_deref(), Some("sip:a@b;c=\"d\""));
    assert_eq!(credentials.nonce().as_deref(), Some("plain"));
    assert_eq!(credentials.response().as_deref(), Some("00ff"));
    assert_eq!(credentials.cnonce().as_deref(), Some("c"));
    assert_eq!(credentials.nonce_count(), Some(10));
    assert_eq!(credentials.qop().as_deref(), Some("auth-int"));
    assert!(credentials.userhash());
    for nc in ["1", "000000001", "0000000g", "+0000001", "\"\""] {
        let credentials: Authorization = typed(&format!("Digest nc={nc}"));
        assert_eq!(credentials.nonce_count(), None, "{nc}");
    }
}

#[test]
fn credentials_of_our_own() {
    let digest = || Credentials::new("Digest", AuthParams::new());
    let plain = digest()
        .with_username("bo\"b")
        .with("qop", "auth")
        .with_nonce_count(26)
        .with("uri", "sip:b")
        .with("nc", "0000001b");
    let header = Authorization(plain);
    assert_eq!(
        header.to_string(),
        r#"Digest username="bo\"b", qop=auth, nc=0000001b, uri="sip:b""#
    );
    let coded = Authorization(digest().with_username("J\u{e4}s\u{f8}n Doe"));
    assert_eq!(
        coded.to_string(),
        "Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe"
    );
    for header in [header, coded] {
        assert_eq!(typed::<Authorization>(&header.to_string()), header);
    }
}

#[test]
fn authentication_info_after_rfc_3261() {
    valid::<AuthenticationInfo>(&[(", nc=00000001 ,", "nc=00000001"), (",", "")]);
    kept::<AuthenticationInfo>(&[
        r#"nextnonce="47364c23432d2e131a5fb210812c""#,
        r#"qop=auth, rspauth="6629fae49393a05397450978507c4ef1", cnonce="0a4f113b", nc=00000001"#,
    ]);
    refused::<AuthenticationInfo>(&["nextnonce", "nextnonce=\"a\" qop=auth", "nc=1, NC=2"]);
    let info: Vec<AuthenticationInfo> =
        on_lines(&["qop=auth-int, nc=0000000f, cnonce=c, rspauth=\"ab\", nextnonce=\"n\""]);
    assert_eq!(info[0].qop().as_deref(), Some("auth-int"));
    assert_eq!(info[0].nonce_count(), Some(15));
    assert_eq!(info[0].cnonce().as_deref(), Some("c"));
    assert_eq!(info[0].response_auth().as_deref(), Some("ab"));
    assert_eq!(info[0].next_nonce().as_deref(), Some("n"));
    let own = AuthenticationInfo::default()
        .with("nextnonce", "n")
        .with("qop", "auth");
    assert_eq!(own.to_string(), r#"nextnonce="n", qop=auth"#);
    assert_eq!(AuthenticationInfo::check(&own.to_string()), Ok(()));
}
