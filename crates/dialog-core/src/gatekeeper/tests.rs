//! Tokens of peers.

use std::sync::Arc;
use std::time::Instant;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_transaction_core::sip_core::{HeaderName, Method, Request, Response, StatusCode, Uri};

use super::*;
use crate::bearer::TokenVerifier;
use crate::credential_store::MemoryCredentials;

struct Issued;

impl TokenVerifier for Issued {
    fn user(&self, token: &str, realm: &str) -> Option<String> {
        (token == "good" && realm == "example.com").then(|| "alice".to_owned())
    }
}

fn keeper() -> Gatekeeper {
    let mut realm = Realm::new("example.com", Arc::new(MemoryCredentials::new()));
    realm.bearer = Some(Bearer {
        verifier: Arc::new(Issued),
        authorization_server: "https://as.example.com".to_owned(),
        scope: Some("sip".to_owned()),
    });
    Gatekeeper::new(realm, &mut StdRng::seed_from_u64(1))
}

fn request(token: Option<&str>) -> Request {
    let uri: Uri = "sip:bob@example.com".parse().unwrap();
    let request = Request::builder(Method::Message, &uri);
    let value = token.map(|token| format!("Bearer {token}"));
    match value {
        Some(value) => request.raw(&HeaderName::Authorization, &value).build(),
        None => request.build(),
    }
}

fn challenges(keeper: &mut Gatekeeper, request: &Request, is_secure: bool) -> Vec<String> {
    let response = Response::builder_for(request, StatusCode::UNAUTHORIZED);
    let mut rng = StdRng::seed_from_u64(2);
    let asked = (request, is_secure);
    let response = keeper.challenge(Instant::now(), asked, false, response, &mut rng);
    let response = response.build();
    let values = response.headers().raw_all(&HeaderName::WwwAuthenticate);
    values.map(str::to_owned).collect()
}

#[test]
fn tokens_are_asked_for_and_taken_over_secure_transports_alone() {
    let now = Instant::now();
    let mut keeper = keeper();
    for (token, is_secure, admitted) in [
        (Some("good"), true, true),
        (Some("good"), false, false),
        (Some("bad"), true, false),
        (None, true, false),
    ] {
        let outcome = keeper.admit(now, &request(token), is_secure, None);
        assert_eq!(outcome.is_ok(), admitted, "{token:?} {is_secure}");
    }
    let asked = challenges(&mut keeper, &request(None), true);
    let bearer =
        r#"Bearer realm="example.com", authz_server="https://as.example.com", scope="sip""#;
    assert_eq!(asked[0], bearer);
    let asked = challenges(&mut keeper, &request(Some("bad")), true);
    assert_eq!(asked[0], format!("{bearer}, error=\"invalid_token\""));
    let asked = challenges(&mut keeper, &request(Some("good")), false);
    assert!(
        asked.iter().all(|it| it.starts_with("Digest ")),
        "{asked:?}"
    );
    assert_eq!(
        keeper.user(&request(Some("good"))).as_deref(),
        Some("alice")
    );
    assert_eq!(keeper.user(&request(Some("bad"))), None);
}
