//! What simulated networks do not show: tokens over secure transports, and the bounds of memory.

use std::sync::Arc;

use rand::SeedableRng;
use rvoip_transaction_core::sip_core::{HeaderName, Method, Request, StatusCode, Uri};

use super::*;
use crate::account::{AccountSecret, BearerTokens};

struct Fixed;

impl BearerTokens for Fixed {
    fn token(&self, challenge: &Challenge) -> Option<String> {
        let realm = challenge.realm()?;
        (realm == "r").then(|| "abc.def".to_owned())
    }
}

fn request() -> Request {
    let uri: Uri = "sips:example.com".parse().unwrap();
    Request::builder(Method::Register, &uri)
        .raw(&HeaderName::From, "<sip:alice@example.com>;tag=1")
        .build()
}

fn asked(request: &Request, is_secure: bool) -> Asked<'_> {
    Asked {
        request,
        host: "example.com",
        next_host: "example.com",
        address: None,
        is_secure,
    }
}

fn response(request: &Request, challenge: &str) -> Response {
    Response::builder_for(request, StatusCode::UNAUTHORIZED)
        .raw(&HeaderName::WwwAuthenticate, challenge)
        .build()
}

fn spaces(secret: AccountSecret) -> ProtectionSpaces {
    let mut spaces = ProtectionSpaces::default();
    let account = Account::new("alice", "", "example.com").with_secret(secret);
    spaces.set_accounts(vec![account]);
    spaces
}

/// RFC 8898: a token is never sent where others can read it.
#[test]
fn tokens_go_over_secure_transports_alone() {
    let (request, mut rng) = (request(), StdRng::seed_from_u64(1));
    let bearer = "Bearer realm=\"r\", scope=\"sip\", authz_server=\"https://auth.example.com\"";
    let challenged = response(&request, bearer);
    let mut spaces = spaces(AccountSecret::Tokens(Arc::new(Fixed)));
    let clear = asked(&request, false);
    assert!(spaces.answer(&challenged, &clear, &[], &mut rng).is_none());
    let secure = asked(&request, true);
    let given = spaces.answer(&challenged, &secure, &[], &mut rng).unwrap();
    assert_eq!(&*given[0].value, "Bearer abc.def");
    assert_eq!(spaces.volunteer(&secure).len(), 1);
    assert!(spaces.volunteer(&clear).is_empty());
    // The same token once more would be refused once more.
    assert!(
        spaces
            .answer(&challenged, &secure, &given, &mut rng)
            .is_none()
    );
    // A realm without a token, and a scheme without a secret.
    for other in ["Bearer realm=\"x\"", "Digest realm=\"r\", nonce=\"1\""] {
        let challenged = response(&request, other);
        assert!(spaces.answer(&challenged, &secure, &[], &mut rng).is_none());
    }
}

#[test]
fn realms_without_end_are_not_all_remembered() {
    let (request, mut rng) = (request(), StdRng::seed_from_u64(1));
    let mut spaces = spaces(AccountSecret::Password("zanzibar".into()));
    for realm in 0..2 * MAX_SPACES {
        let challenge = format!("Digest realm=\"{realm}\", nonce=\"n\"");
        let challenged = response(&request, &challenge);
        let asked = asked(&request, false);
        assert!(spaces.answer(&challenged, &asked, &[], &mut rng).is_some());
    }
    assert_eq!(spaces.spaces.len(), MAX_SPACES);
}

#[test]
fn addresses_without_end_are_not_all_remembered() {
    let (request, mut rng) = (request(), StdRng::seed_from_u64(1));
    let mut spaces = spaces(AccountSecret::Password("zanzibar".into()));
    let challenged = response(&request, "Digest realm=\"r\", nonce=\"n\"");
    for host in 0..2 * MAX_HOSTS {
        let address = format!("192.0.2.{host}");
        let asked = Asked {
            address: Some(&address),
            ..asked(&request, false)
        };
        spaces.answer(&challenged, &asked, &[], &mut rng).unwrap();
    }
    assert_eq!(spaces.spaces[0].hosts.len(), MAX_HOSTS);
}
