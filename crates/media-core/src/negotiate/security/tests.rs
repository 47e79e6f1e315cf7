//! Every policy against every kind of offer and answer.

use std::net::SocketAddr;

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::super::{LocalMedia, MediaParameters, accept_answer, negotiate, offer, reoffer};
use super::*;
use crate::rtp_core::srtp::SrtpSuite;
use crate::sdp::{Direction, Origin, SessionDescription};

const HEAD: &str = "v=0\r\no=- 7 7 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n";
const CM_80: &str =
    "AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:4";
const GCM: &str = "AEAD_AES_128_GCM inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw==";
const POLICIES: [SrtpPolicy; 3] = [SrtpPolicy::Off, SrtpPolicy::Offer, SrtpPolicy::Require];

fn capabilities(srtp: SrtpPolicy) -> Capabilities {
    Capabilities {
        srtp,
        ..Capabilities::default()
    }
}

fn local(seed: u8) -> LocalMedia {
    let mut rng = StdRng::from_seed([seed; 32]);
    LocalMedia {
        address: SocketAddr::from(([198, 51, 100, 1], 10_000)),
        direction: Direction::SendRecv,
        keys: SrtpSuite::ALL
            .map(|suite| SrtpKey::generate(suite, &mut rng))
            .into(),
    }
}

fn parse(text: &str) -> SessionDescription<'_> {
    SessionDescription::parse(text).unwrap()
}

fn origin() -> Origin<'static> {
    Origin::new(5, [198, 51, 100, 1].into())
}

/// A section of the peer: its protocol, and its crypto values.
fn section(protocol: &str, crypto: &[&str]) -> String {
    let mut text = format!("m=audio 4000 {protocol} 0\r\n");
    for value in crypto {
        text.push_str("a=crypto:");
        text.push_str(value);
        text.push_str("\r\n");
    }
    text
}

/// What we answer, or why not.
fn answered(
    policy: SrtpPolicy,
    sections: &str,
) -> Result<(String, MediaParameters), NegotiationError> {
    let text = format!("{HEAD}{sections}");
    let negotiated = negotiate(&parse(&text), &capabilities(policy), local(1), origin())?;
    let answer = negotiated.answer.to_text();
    Ok((answer, negotiated.media.unwrap()))
}

/// How a stream ends up.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Plain,
    Secured(SrtpSuite),
    Refused(SecurityMismatch),
}

fn outcome(answered: Result<MediaParameters, NegotiationError>) -> Outcome {
    match answered {
        Ok(MediaParameters { security: None, .. }) => Outcome::Plain,
        Ok(MediaParameters {
            security: Some(keys),
            ..
        }) => Outcome::Secured(keys.receive.suite()),
        Err(NegotiationError::Security {
            section: 1, reason, ..
        }) => Outcome::Refused(reason),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn every_policy_against_every_offer() {
    use Outcome::{Plain, Refused, Secured};
    use SecurityMismatch::{NoCommonSuite, NotWanted, Required};
    let cm = || Secured(SrtpSuite::AesCm128HmacSha1_80);
    let none = |names: &[&str]| {
        Refused(NoCommonSuite {
            offered: names.iter().map(|name| (*name).to_owned()).collect(),
        })
    };
    let one = format!("1 {CM_80}");
    let unknown = "1 F8_128_HMAC_SHA1_80 inline:AAAA";
    // The protocol, the keys, and the outcome for Off, Offer and Require.
    let table: [(&str, &[&str], [Outcome; 3]); 7] = [
        ("RTP/AVP", &[], [Plain, Plain, Refused(Required)]),
        ("RTP/AVPF", &[&one], [Plain, cm(), cm()]),
        (
            "RTP/AVP",
            &[unknown],
            [Plain, Plain, none(&["F8_128_HMAC_SHA1_80"])],
        ),
        ("RTP/AVP", &[unknown, &one], [Plain, cm(), cm()]),
        ("RTP/SAVP", &[&one], [Refused(NotWanted), cm(), cm()]),
        ("RTP/SAVPF", &[], [Refused(NotWanted), none(&[]), none(&[])]),
        (
            "RTP/SAVP",
            &[unknown],
            [
                Refused(NotWanted),
                none(&["F8_128_HMAC_SHA1_80"]),
                none(&["F8_128_HMAC_SHA1_80"]),
            ],
        ),
    ];
    for (protocol, crypto, expected) in table {
        for (policy, expected) in POLICIES.into_iter().zip(expected) {
            let answered = answered(policy, &section(protocol, crypto));
            if let Ok((answer, media)) = &answered {
                let m = format!("m=audio 10000 {protocol} 0\r\n");
                assert!(answer.contains(&m), "{answer}");
                let lines = answer.matches("a=crypto:").count();
                assert_eq!(lines, usize::from(media.security.is_some()), "{answer}");
            }
            let found = outcome(answered.map(|(_, media)| media));
            assert_eq!(found, expected, "{policy:?}: {protocol} {crypto:?}");
        }
    }
}

#[test]
fn an_answer_has_the_tag_of_the_offerers_first_key_and_a_key_of_ours() {
    let crypto = [&*format!("7 {GCM}"), &format!("3 {CM_80}")];
    let (answer, media) = answered(SrtpPolicy::Offer, &section("RTP/SAVP", &crypto)).unwrap();
    let keys = media.security.unwrap();
    assert!(
        answer.contains("a=crypto:7 AEAD_AES_128_GCM inline:"),
        "{answer}"
    );
    assert_eq!(keys.receive, Crypto::parse(crypto[0]).unwrap().key);
    assert!(local(1).keys.contains(&keys.send));
    let parsed = parse(&answer);
    let told = parsed.media[0].attribute("crypto").unwrap();
    assert_eq!(Crypto::parse(told).unwrap().key, keys.send);

    let mut few = capabilities(SrtpPolicy::Offer);
    few.srtp_suites = vec![SrtpSuite::AesCm128HmacSha1_80];
    let ours = LocalMedia {
        keys: local(1).keys[..1].to_vec(),
        ..local(1)
    };
    let text = format!("{HEAD}{}", section("RTP/SAVP", &crypto));
    let negotiated = negotiate(&parse(&text), &few, ours, origin()).unwrap();
    assert!(
        negotiated
            .answer
            .to_text()
            .contains("a=crypto:3 AES_CM_128")
    );
}

#[test]
fn a_stream_that_can_be_secured_is_taken_before_one_that_cannot() {
    let keys = format!("1 {CM_80}");
    let both = section("RTP/AVP", &[]) + &section("RTP/SAVP", &[&keys]);
    for (policy, ports) in
        POLICIES
            .into_iter()
            .zip([["10000", "0"], ["0", "10000"], ["0", "10000"]])
    {
        let (answer, _) = answered(policy, &both).unwrap();
        let expected = [
            format!("m=audio {} RTP/AVP 0\r\n", ports[0]),
            format!("m=audio {} RTP/SAVP 0\r\n", ports[1]),
        ];
        for expected in expected {
            assert!(answer.contains(&expected), "{policy:?}: {answer}");
        }
    }
    // The error names the section that would have done but for its security.
    let odd = format!("m=video 5000 RTP/AVP 96\r\n{}", section("RTP/SAVP", &[]));
    let error = answered(SrtpPolicy::Off, &odd).unwrap_err();
    assert_eq!(
        error.to_string(),
        "media section 2, audio over RTP/SAVP: SRTP is switched off here"
    );
}

#[test]
fn every_offer_of_ours_against_every_answer() {
    use Outcome::{Plain, Refused, Secured};
    use SecurityMismatch::{NotOffered, NotWanted, Required};
    let cm = || Secured(SrtpSuite::AesCm128HmacSha1_80);
    let (first, second) = (format!("1 {CM_80}"), format!("2 {GCM}"));
    let (wrong_tag, wrong_suite) = (format!("2 {CM_80}"), format!("1 {GCM}"));
    let ours = Crypto {
        tag: 1,
        key: local(1).keys[0].clone(),
    };
    let echoed = ours.to_value();
    let gcm = || Secured(SrtpSuite::AeadAes128Gcm);
    let table: [(&str, &[&str], [Outcome; 3]); 9] = [
        ("RTP/AVP", &[], [Plain, Plain, Refused(Required)]),
        ("RTP/AVP", &[&first], [Plain, cm(), cm()]),
        ("RTP/SAVP", &[&first], [Refused(NotWanted), cm(), cm()]),
        ("RTP/SAVP", &[&second], [Refused(NotWanted), gcm(), gcm()]),
        (
            "RTP/SAVP",
            &[],
            [Refused(NotWanted), Refused(NotWanted), Refused(Required)],
        ),
        (
            "RTP/SAVP",
            &[&wrong_tag],
            [Refused(NotWanted), Refused(NotOffered), Refused(NotOffered)],
        ),
        (
            "RTP/SAVP",
            &[&wrong_suite],
            [Refused(NotWanted), Refused(NotOffered), Refused(NotOffered)],
        ),
        // Two parties under one key would share its keystream.
        (
            "RTP/SAVP",
            &[&echoed],
            [Refused(NotWanted), Refused(NotOffered), Refused(NotOffered)],
        ),
        (
            "RTP/AVP",
            &["1 F8_128_HMAC_SHA1_80 inline:AAAA"],
            [Plain, Refused(NotOffered), Refused(NotOffered)],
        ),
    ];
    let protocols = ["RTP/AVP", "RTP/AVP", "RTP/SAVP"];
    for (policy, protocol) in POLICIES.into_iter().zip(protocols) {
        let ours = offer(&capabilities(policy), local(1), origin());
        assert_eq!(ours.media[0].protocol, protocol);
        let lines = ours.to_text().matches("a=crypto:").count();
        assert_eq!(lines, if policy == SrtpPolicy::Off { 0 } else { 2 });
    }
    for (protocol, crypto, expected) in table {
        for (policy, expected) in POLICIES.into_iter().zip(expected) {
            let ours = offer(&capabilities(policy), local(1), origin());
            let text = format!("{HEAD}{}", section(protocol, crypto));
            let found = outcome(accept_answer(&ours, &parse(&text), &capabilities(policy)));
            assert_eq!(found, expected, "{policy:?}: {protocol} {crypto:?}");
        }
    }
}

#[test]
fn a_new_offer_keeps_protocol_and_keys() {
    let keys = format!("1 {CM_80}");
    for (policy, protocol, expected) in [
        (SrtpPolicy::Offer, "RTP/SAVP", "RTP/SAVP"),
        (SrtpPolicy::Offer, "RTP/AVPF", "RTP/AVPF"),
        (SrtpPolicy::Require, "RTP/AVPF", "RTP/SAVPF"),
        (SrtpPolicy::Require, "RTP/SAVP", "RTP/SAVP"),
        (SrtpPolicy::Off, "RTP/AVPF", "RTP/AVPF"),
    ] {
        let text = format!("{HEAD}{}", section(protocol, &[&keys]));
        let capabilities = capabilities(policy);
        let answer = negotiate(&parse(&text), &capabilities, local(1), origin()).unwrap();
        let again = reoffer(&answer.answer, &capabilities, local(1));
        assert_eq!(again.media[0].protocol, expected, "{policy:?}");
        if policy != SrtpPolicy::Off {
            let told = again.media[0].attribute("crypto").unwrap();
            let crypto = Crypto::parse(told).unwrap();
            assert_eq!((crypto.tag, &crypto.key), (1, &local(1).keys[0]));
        }
    }
}
