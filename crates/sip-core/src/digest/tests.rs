//! Vectors of the RFCs, values computed by another implementation (Python's hashlib over OpenSSL), and what is refused.

use std::time::Duration;

use super::*;
use crate::header::{AuthenticationInfo, Authorization, Challenge, Credentials, WwwAuthenticate};

const PASSWORD: Secret<'_> = Secret::Password("zanzibar");
const REGISTER: DigestRequest<'_> = DigestRequest {
    method: "REGISTER",
    uri: "sip:biloxi.example",
    body: b"v=0\r\n",
};

fn challenge(value: &str) -> Challenge {
    value.parse::<WwwAuthenticate>().unwrap().0
}

fn credentials(value: &str) -> Credentials {
    value.parse::<Authorization>().unwrap().0
}

fn biloxi(rest: &str) -> Challenge {
    challenge(&format!(
        "Digest realm=\"biloxi.example\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"{rest}"
    ))
}

fn answered(challenge: &Challenge) -> Credentials {
    answer(challenge, "bob", &PASSWORD, &REGISTER, "0a4f113b", 10).unwrap()
}

fn expected(algorithms: &[Algorithm]) -> Expected<'_> {
    Expected {
        realm: "biloxi.example",
        algorithms,
        requires_qop: false,
    }
}

fn verified(credentials: &Credentials) -> Result<Proven<'_>, DigestError> {
    let expected = expected(&Algorithm::ALL);
    verify(credentials, "bob", &PASSWORD, &REGISTER, &expected)
}

#[test]
fn the_example_of_rfc_2617() {
    let challenge = challenge(
        "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
         nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
    );
    let request = DigestRequest {
        method: "GET",
        uri: "/dir/index.html",
        body: b"",
    };
    let secret = Secret::Password("Circle Of Life");
    let credentials = answer(&challenge, "Mufasa", &secret, &request, "0a4f113b", 1).unwrap();
    assert_eq!(
        credentials.response().as_deref(),
        Some("6629fae49393a05397450978507c4ef1")
    );
    assert_eq!(
        credentials.opaque().as_deref(),
        Some("5ccc069c403ebaf9f0171e9517f40e41")
    );
    assert_eq!(credentials.algorithm(), None);
}

/// RFC 7616 section 3.9.1: the server prefers SHA-256 and also takes MD5.
#[test]
fn the_example_of_rfc_7616_with_sha_256_and_md5() {
    let of = |algorithm: &str| {
        challenge(&format!(
            "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
             opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        ))
    };
    let offered = [of("SHA-256"), of("MD5")];
    let secret = Secret::Password("Circle of Life");
    let request = DigestRequest {
        method: "GET",
        uri: "/dir/index.html",
        body: b"",
    };
    let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    assert_eq!(choose(&offered, &secret), [&offered[0]]);
    for (challenge, response) in offered.iter().zip([
        "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        "8ca523f5e9506fed4657c9700eebdbec",
    ]) {
        let credentials = answer(challenge, "Mufasa", &secret, &request, cnonce, 1).unwrap();
        assert_eq!(credentials.response().as_deref(), Some(response));
        let expected = Expected {
            realm: "http-auth@example.org",
            algorithms: &[Algorithm::Sha256, Algorithm::Md5],
            requires_qop: true,
        };
        let proven = verify(&credentials, "Mufasa", &secret, &request, &expected).unwrap();
        assert_eq!((proven.count, proven.qop), (Some(1), Some(Qop::Auth)));
    }
}

/// RFC 7616 section 3.9.2, with the numbers of erratum 4897: those of the text are SHA-512 cut short.
#[test]
fn the_example_of_rfc_7616_with_sha_512_256_and_a_hashed_user() {
    const NAME: &str = "J\u{e4}s\u{f8}n Doe";
    let challenge = challenge(
        "Digest realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, \
         nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", \
         opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", charset=UTF-8, userhash=true",
    );
    let secret = Secret::Password("Secret, or not?");
    let request = DigestRequest {
        method: "GET",
        uri: "/doe.json",
        body: b"",
    };
    let cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v";
    let credentials = answer(&challenge, NAME, &secret, &request, cnonce, 1).unwrap();
    assert_eq!(
        credentials.username().as_deref(),
        Some("793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b")
    );
    let response = "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5";
    assert_eq!(credentials.response().as_deref(), Some(response));
    assert!(credentials.userhash());
    assert!(is_of_user(&credentials, NAME, "api@example.org"));
    assert!(!is_of_user(&credentials, "Jason Doe", "api@example.org"));
    // Without a hash the name goes in username*, and the response is the same.
    let plain = credentials.with("userhash", "false").with_username(NAME);
    let value = plain.params().raw("username*");
    assert_eq!(value, Some("UTF-8''J%C3%A4s%C3%B8n%20Doe"));
}

#[test]
fn every_algorithm_and_quality_gives_what_openssl_gives() {
    for (algorithm, qop, response) in [
        ("MD5", "", "239ad8c69103e6056bd55d8a7b895cdd"),
        ("MD5", "auth", "b4d6f22366548f9fe1730f08cce91325"),
        ("MD5", "auth-int", "4a54e3202bc604151794c34bfe05a2d1"),
        ("MD5-sess", "", "7ad3f82e60ecd7df8f6c326c3520faad"),
        ("MD5-sess", "auth", "b9f9d31778047d557d7a90fbd2e219a5"),
        ("MD5-sess", "auth-int", "678ab07db206b286293f8e9825e47320"),
        (
            "SHA-256",
            "",
            "975a69b4f907d988aae7e15418cb9fb1a1c3b4741a28caa517c89b0e15a2f3a2",
        ),
        (
            "SHA-256",
            "auth",
            "dcd83e8847a975cc52518c155077e54a4440f5bb4d8831ec2644cb61d426f8a4",
        ),
        (
            "sha-256",
            "auth-int",
            "432c07cb448951e186d4ef59e2433b38ea793c2e5b8b1c632503fcc6b5e82243",
        ),
        (
            "SHA-256-sess",
            "",
            "92b090975763da2be4e7efe91af6fd5c9d52ee222868278ea077b784874d591b",
        ),
        (
            "SHA-256-sess",
            "auth",
            "3720a097bfdddc0b99a941b9a572e71933e24e6fc54f7fd4e382547cfa465f8d",
        ),
        (
            "SHA-256-sess",
            "auth-int",
            "f5fcae2b7ade179f53723363fd165cd1dc5061ff05c3c61fa5838cd8108a3075",
        ),
        (
            "SHA-512-256",
            "",
            "b1da145bd19c0eb2ff4b816669f13bd2003837977c20e7b9298f7378693c3e6c",
        ),
        (
            "SHA-512-256",
            "auth",
            "d89abdfc6f91c6a1ef74b74eea328ce679c06ef55f0083a3d174e252202462b9",
        ),
        (
            "SHA-512-256",
            "auth-int",
            "0c2d6cea0ee5087628e1b8d4a7f0f15672a47993650dd75bb8236644cba02618",
        ),
        (
            "SHA-512-256-sess",
            "",
            "22339117ba97cd974065661d795c4bbf65fb40c06fc3543f5e07a4b8feaec09c",
        ),
        (
            "SHA-512-256-sess",
            "auth",
            "7438e1ba57e74e7ddecda320323581c7a6aa59dc86926dff8dcb4e14f293401f",
        ),
        (
            "SHA-512-256-sess",
            "auth-int",
            "f5e7fb156911354c036fef49243586384bc95927b5f278121c006fa7403ca15a",
        ),
    ] {
        let offered = match qop {
            "" => biloxi(&format!(", algorithm={algorithm}")),
            qop => biloxi(&format!(", algorithm={algorithm}, qop=\"{qop}\"")),
        };
        let credentials = answered(&offered);
        assert_eq!(
            credentials.response().as_deref(),
            Some(response),
            "{algorithm} {qop}"
        );
        let proven = verified(&credentials).unwrap();
        assert_eq!(proven.count, (!qop.is_empty()).then_some(10));
        // The stored hash is as good as the password.
        let hash = proven.algorithm.hash_function();
        let ha1 = Ha1::new(hash, "bob", "biloxi.example", "zanzibar");
        let stored = Ha1::from_hex(hash, &ha1.as_hex().to_uppercase()).unwrap();
        let secret = Secret::Ha1(&stored);
        assert!(
            verify(
                &credentials,
                "bob",
                &secret,
                &REGISTER,
                &expected(&Algorithm::ALL)
            )
            .is_ok()
        );
    }
}

/// What rsipstack refuses: a server that offers SHA-256 alone, or before MD5.
#[test]
fn a_sha_256_challenge_is_answered_with_sha_256() {
    let offered = [
        biloxi(", algorithm=SHA-256, qop=\"auth\""),
        biloxi(", algorithm=MD5, qop=\"auth\""),
    ];
    let chosen = choose(&offered, &PASSWORD);
    assert_eq!(chosen, [&offered[0]]);
    let credentials = answered(chosen[0]);
    assert_eq!(credentials.algorithm().as_deref(), Some("SHA-256"));
    assert_eq!(
        credentials.response().as_deref(),
        Some("dcd83e8847a975cc52518c155077e54a4440f5bb4d8831ec2644cb61d426f8a4")
    );
}

#[test]
fn the_topmost_challenge_that_can_be_answered_is_chosen_for_each_realm() {
    let offered = [
        challenge("Bearer realm=\"biloxi.example\""),
        biloxi(", algorithm=SHA3-512"),
        biloxi(", algorithm=SHA-512-256, qop=\"auth-conf\""),
        biloxi(", algorithm=MD5, qop=\"auth-conf,auth-int\""),
        biloxi(", algorithm=SHA-256"),
        challenge("Digest realm=\"proxy.example\", nonce=\"1\""),
        challenge("Digest realm=\"nonce is missing\""),
    ];
    assert_eq!(choose(&offered, &PASSWORD), [&offered[3], &offered[5]]);
    // Who has a hash alone answers what it is good for.
    let ha1 = Ha1::new(HashFunction::Sha256, "bob", "biloxi.example", "zanzibar");
    assert_eq!(choose(&offered, &Secret::Ha1(&ha1)), [&offered[4]]);
    assert!(choose(&offered[..2], &PASSWORD).is_empty());
    for (challenge, error) in offered.iter().zip([
        DigestError::OtherScheme,
        DigestError::Algorithm,
        DigestError::Qop,
    ]) {
        let refused = answer(challenge, "bob", &PASSWORD, &REGISTER, "c", 1);
        assert_eq!(refused, Err(error));
    }
}

#[test]
fn what_is_altered_is_refused() {
    let right = answered(&biloxi(
        ", algorithm=SHA-256, qop=\"auth-int\", opaque=\"o\"",
    ));
    assert!(verified(&right).is_ok());
    let with = |name: &str, value: &str| right.clone().with(name, value);
    for (altered, error) in [
        (with("nonce", "other"), DigestError::Response),
        (with("cnonce", "other"), DigestError::Response),
        (with("nc", "0000000b"), DigestError::Response),
        (with("qop", "auth"), DigestError::Response),
        (with("algorithm", "SHA-512-256"), DigestError::Response),
        (with("response", &"0".repeat(64)), DigestError::Response),
        (
            with("response", &"0".repeat(31)),
            DigestError::Malformed("response"),
        ),
        (with("nc", "1"), DigestError::Malformed("nc")),
        (with("qop", "auth-conf"), DigestError::Qop),
        (with("algorithm", "SHA3"), DigestError::Algorithm),
        (with("realm", "other"), DigestError::Realm),
        (with("username", "alice"), DigestError::User),
        (with("uri", "sip:other.example"), DigestError::Uri),
        (
            credentials("Digest username=\"bob\""),
            DigestError::Missing("realm"),
        ),
        (credentials("Basic Ym9iOng="), DigestError::OtherScheme),
    ] {
        assert_eq!(verified(&altered).unwrap_err(), error, "{altered:?}");
    }
    // Also another request, another secret, and an algorithm that was not offered.
    let expected_sha = expected(&[Algorithm::Sha256]);
    let verify_as = |secret: Secret<'_>, request: DigestRequest<'_>, expected: &Expected<'_>| {
        verify(&right, "bob", &secret, &request, expected).map(drop)
    };
    let method = DigestRequest {
        method: "INVITE",
        ..REGISTER
    };
    let body = DigestRequest {
        body: b"v=1\r\n",
        ..REGISTER
    };
    let wrong = Err(DigestError::Response);
    assert_eq!(verify_as(PASSWORD, REGISTER, &expected_sha), Ok(()));
    assert_eq!(verify_as(PASSWORD, method, &expected_sha), wrong);
    assert_eq!(verify_as(PASSWORD, body, &expected_sha), wrong);
    assert_eq!(
        verify_as(Secret::Password("Zanzibar"), REGISTER, &expected_sha),
        wrong
    );
    let md5 = expected(&[Algorithm::Md5]);
    assert_eq!(
        verify_as(PASSWORD, REGISTER, &md5),
        Err(DigestError::Algorithm)
    );
}

#[test]
fn credentials_without_quality_are_refused_where_one_was_offered() {
    let plain = answered(&biloxi(""));
    let expected = Expected {
        requires_qop: true,
        ..expected(&[Algorithm::Md5])
    };
    let refused = verify(&plain, "bob", &PASSWORD, &REGISTER, &expected);
    assert_eq!(refused, Err(DigestError::Missing("qop")));
}

/// Digits in capitals, quoted tokens, a URI that means the same: what phones write.
#[test]
fn other_spellings_of_right_credentials_are_taken() {
    let right = answered(&biloxi(", algorithm=SHA-256, qop=\"auth\""));
    let response = right.response().unwrap().to_uppercase();
    let value = format!(
        "digest USERNAME=\"bob\",realm=\"biloxi.example\",nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\",\
         uri=\"sip:biloxi.example\",response=\"{response}\",algorithm=\"sha-256\",cnonce=\"0a4f113b\",\
         qop=\"auth\",nc=\"0000000a\""
    );
    assert_eq!(verified(&credentials(&value)).unwrap().count, Some(10));
    let rewritten = DigestRequest {
        uri: "SIP:BILOXI.example",
        ..REGISTER
    };
    let expected = expected(&Algorithm::ALL);
    assert!(verify(&right, "bob", &PASSWORD, &rewritten, &expected).is_ok());
}

#[test]
fn the_server_proves_itself() {
    let credentials = answered(&biloxi(", algorithm=SHA-256, qop=\"auth-int\""));
    let info = confirm(&credentials, "bob", &PASSWORD, b"body", Some("next")).unwrap();
    // H(H(A1):nonce:nc:cnonce:auth-int:H(":sip:biloxi.example:" H("body"))), computed with hashlib.
    assert_eq!(
        info.response_auth().as_deref(),
        Some("ac405b359c34ab565d0fce3801d01c5e552ad4c37fec4474fe53ed249665718e")
    );
    assert_eq!(info.next_nonce().as_deref(), Some("next"));
    let read: AuthenticationInfo = info.to_string().parse().unwrap();
    let is_confirmed = |info: &AuthenticationInfo, secret: &Secret<'_>, body: &[u8]| {
        is_confirmed(info, &credentials, "bob", secret, body).unwrap()
    };
    assert_eq!(is_confirmed(&read, &PASSWORD, b"body"), Some(true));
    assert_eq!(is_confirmed(&read, &PASSWORD, b"Body"), Some(false));
    assert_eq!(
        is_confirmed(&read, &Secret::Password("x"), b"body"),
        Some(false)
    );
    let other = read.with("nc", "0000000b");
    assert_eq!(is_confirmed(&other, &PASSWORD, b"body"), Some(false));
    let nothing = AuthenticationInfo::default().with("nextnonce", "n");
    assert_eq!(is_confirmed(&nothing, &PASSWORD, b""), None);
}

#[test]
fn one_challenge_for_each_algorithm_best_first() {
    let offer = ChallengeOffer {
        realm: "biloxi.example",
        nonce: "n",
        opaque: "",
        algorithms: &[Algorithm::Sha512_256, Algorithm::Sha256, Algorithm::Md5],
        qop: &[Qop::Auth, Qop::AuthInt],
        is_stale: true,
        userhash: false,
    };
    let written: Vec<String> = challenges(&offer)
        .map(|challenge| WwwAuthenticate(challenge).to_string())
        .collect();
    assert_eq!(
        written[1],
        "Digest realm=\"biloxi.example\", nonce=\"n\", algorithm=SHA-256, qop=\"auth,auth-int\", stale=true"
    );
    assert_eq!(written.len(), 3);
    for (value, algorithm) in written.iter().zip(offer.algorithms) {
        let read = challenge(value);
        assert!(read.is_stale() && !read.userhash());
        let credentials = answered(&read);
        assert_eq!(credentials.algorithm().as_deref(), Some(algorithm.as_str()));
        assert!(verified(&credentials).is_ok());
    }
}

const KEY: [u8; 32] = [7; 32];

#[test]
fn a_nonce_is_known_again_until_it_is_too_old() {
    let minute = Duration::from_secs(60);
    let mint = NonceMint::new(&KEY, minute);
    let now = Duration::from_secs(1_000_000);
    let nonce = mint.make("biloxi.example", now, 42);
    // HMAC-SHA-256 under 32 octets of 7 over "000000003b9aca000000002abiloxi.example", by Python's hmac.
    assert_eq!(
        nonce,
        "000000003b9aca000000002ab587c3c846b80a91791b6c351ecf57dc"
    );
    let known = mint.verify("biloxi.example", &nonce, now + minute).unwrap();
    assert_eq!((known.made_at, known.salt), (now, 42));
    let late = now + minute + Duration::from_millis(1);
    let stale = Err(DigestError::StaleNonce);
    assert_eq!(mint.verify("biloxi.example", &nonce, late), stale);
    assert_eq!(
        mint.verify("biloxi.example", &nonce, now - minute * 2),
        stale
    );
    assert!(DigestError::StaleNonce.is_stale() && DigestError::Replay.is_stale());
    let foreign = Err(DigestError::ForeignNonce);
    assert_eq!(mint.verify("other.example", &nonce, now), foreign);
    let other = NonceMint::new(&[8; 32], minute);
    assert_eq!(other.verify("biloxi.example", &nonce, now), foreign);
    for place in 0..nonce.len() {
        let mut altered = nonce.clone().into_bytes();
        altered[place] = if altered[place] == b'1' { b'2' } else { b'1' };
        let altered = String::from_utf8(altered).unwrap();
        assert_eq!(
            mint.verify("biloxi.example", &altered, now),
            foreign,
            "{altered}"
        );
    }
    for nonce in [
        "",
        "\u{e4}",
        &nonce[..55],
        &format!("{nonce}00"),
        &"\u{e4}".repeat(40),
    ] {
        assert_eq!(
            mint.verify("biloxi.example", nonce, now),
            foreign,
            "{nonce}"
        );
    }
}

#[test]
fn each_count_is_taken_once() {
    let mut window = NonceWindow::default();
    assert_eq!(window.accept(0), Err(DigestError::Replay));
    for count in [1, 2, 5, 3, 4, 70] {
        assert_eq!(window.accept(count), Ok(()), "{count}");
        assert_eq!(window.accept(count), Err(DigestError::Replay), "{count}");
    }
    // 6 is as far behind as it may not be, 7 is not.
    assert_eq!(window.accept(6), Err(DigestError::Replay));
    assert_eq!(window.accept(7), Ok(()));
    assert_eq!(window.accept(u32::MAX), Ok(()));
    assert_eq!(window.accept(70), Err(DigestError::Replay));
    assert_eq!(window.highest(), u32::MAX);
    assert_eq!(window.accept(u32::MAX - 63), Ok(()));
}

/// Against a set that remembers everything.
#[test]
fn the_window_takes_no_count_twice_in_any_order() {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 16
    };
    let mut window = NonceWindow::default();
    let mut taken = std::collections::HashSet::new();
    for round in 1..20_000_u32 {
        let count = (round / 4 + next() % 100).saturating_sub(50);
        let highest = taken.iter().copied().max().unwrap_or(0);
        let is_new = count > 0 && !taken.contains(&count) && count + 64 > highest;
        assert_eq!(
            window.accept(count).is_ok(),
            is_new,
            "{count} after {highest}"
        );
        if is_new {
            taken.insert(count);
        }
        taken.retain(|other| other + 100 > round / 4);
    }
}

#[test]
fn secrets_are_not_printed() {
    let ha1 = Ha1::new(HashFunction::Md5, "bob", "biloxi.example", "zanzibar");
    let mint = NonceMint::new(&KEY, Duration::from_secs(1));
    let printed = format!("{ha1:?} {:?} {PASSWORD:?} {mint:?}", Secret::Ha1(&ha1));
    assert_eq!(
        printed,
        "Ha1(Md5) Secret::Ha1 Secret::Password NonceMint { lifetime: 1s, .. }"
    );
    assert!(Ha1::from_hex(HashFunction::Md5, "abc").is_none());
    assert!(Ha1::from_hex(HashFunction::Md5, &"g".repeat(32)).is_none());
}
