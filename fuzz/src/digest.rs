//! Challenges and credentials of strangers.

use rvoip_sip_core::digest::{self, Algorithm, DigestRequest, Expected, Secret};
use rvoip_sip_core::header::{Authorization, Challenge, Credentials, HeaderName, WwwAuthenticate};
use rvoip_sip_core::{Method, Request, Uri};

const SECRET: Secret<'_> = Secret::Password("zanzibar");
const REQUEST: DigestRequest<'_> = DigestRequest {
    method: "INVITE",
    uri: "sip:bob@biloxi.example",
    body: b"v=0\r\n",
};

/// Lines of challenges, or of credentials behind an empty line. Challenges on one line are the same as on several; what
/// this side answers, this side takes; credentials of strangers are never taken.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (challenges, credentials) = text.split_once("\n\n").unwrap_or((text, ""));
    let lines: Vec<&str> = challenges
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let apart = read_challenges(&lines);
    if !lines.is_empty() && apart.iter().all(Option::is_some) {
        assert_eq!(read_challenges(&[&lines.join(", ")]), apart, "{lines:?}");
    }
    let apart: Vec<Challenge> = apart.into_iter().flatten().collect();
    for challenge in digest::choose(&apart, &SECRET) {
        answer(challenge);
    }
    for line in credentials.lines() {
        if let Ok(credentials) = line.parse::<Authorization>() {
            assert!(verify(&credentials, "biloxi.example").is_err(), "{line}");
            let _ = (
                credentials.username(),
                credentials.nonce_count(),
                digest::is_of_user(&credentials, "bob", "biloxi.example"),
            );
        }
    }
}

fn read_challenges(lines: &[&str]) -> Vec<Option<Challenge>> {
    let target: Uri = match "sip:bob@biloxi.example".parse() {
        Ok(target) => target,
        Err(error) => unreachable!("{error}"),
    };
    let builder = Request::builder(Method::Invite, &target);
    let add = |builder, line: &&str| {
        rvoip_sip_core::RequestBuilder::raw(builder, &HeaderName::WwwAuthenticate, line)
    };
    let request = lines.iter().fold(builder, add).build();
    let all = request.headers().all();
    all.map(|challenge: Result<WwwAuthenticate, _>| challenge.ok().map(|challenge| challenge.0))
        .collect()
}

fn verify(credentials: &Credentials, realm: &str) -> Result<(), digest::DigestError> {
    let algorithms = [
        Algorithm::Md5,
        Algorithm::Md5Sess,
        Algorithm::Sha256,
        Algorithm::Sha256Sess,
        Algorithm::Sha512_256,
        Algorithm::Sha512_256Sess,
    ];
    let expected = Expected {
        realm,
        algorithms: &algorithms,
        requires_qop: false,
    };
    digest::verify(credentials, "bob", &SECRET, &REQUEST, &expected).map(drop)
}

/// What this side answers can be written, read and verified.
fn answer(challenge: &Challenge) {
    let Ok(credentials) = digest::answer(challenge, "bob", &SECRET, &REQUEST, "0a4f113b", 1) else {
        return;
    };
    let header = Authorization(credentials);
    let written = header.to_string();
    assert_eq!(written.parse().as_ref(), Ok(&header), "{challenge:?}");
    let realm = challenge.realm().unwrap_or_default();
    assert_eq!(verify(&header, &realm), Ok(()), "{challenge:?} {written}");
}
