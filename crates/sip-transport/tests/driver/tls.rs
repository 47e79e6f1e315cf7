//! TLS between two shards and against rustls as it comes: names, certificates of clients, renewal, bounds.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rcgen::ExtendedKeyUsagePurpose;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rvoip_sip_transport::driver::{
    BindError, ClientCertificates, Sockets, StreamConfig, TlsConfig, TlsContext, TlsError, spawn,
};
use rvoip_sip_transport::{DropReason, Flow, PeerIdentity, Target, TransportConfig, TransportKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::certificates::Authority;
use super::{Answerer, Endpoint, Seen, pressing_requests, request, response};

pub(crate) fn listening(kind: TransportKind, tls: TlsContext, streams: StreamConfig) -> Endpoint {
    let address = (kind, "127.0.0.1:0".parse().unwrap());
    let sockets = Sockets::bind(&[address]).unwrap();
    Endpoint::drive(sockets.with_tls(tls).with_streams(streams))
}

fn server(tls: TlsConfig) -> Endpoint {
    listening(
        TransportKind::Tls,
        tls.load().unwrap(),
        StreamConfig::default(),
    )
}

fn client(tls: TlsConfig) -> Endpoint {
    let address = (TransportKind::Udp, "127.0.0.1:0".parse().unwrap());
    Endpoint::drive(
        Sockets::bind(&[address])
            .unwrap()
            .with_tls(tls.load().unwrap()),
    )
}

pub(crate) fn named(kind: TransportKind, addr: SocketAddr, name: Option<&str>) -> Target {
    Target::Address {
        kind,
        addr,
        name: name.map(Into::into),
    }
}

impl Endpoint {
    async fn identity(&self, flow: Flow) -> Option<Arc<PeerIdentity>> {
        let ask = move |core: &mut Answerer, _| core.transport.peer_identity(&flow).cloned();
        self.shard.call(ask).await.unwrap()
    }

    /// Sends a request by TLS; the flow on which it was answered.
    async fn ask(&mut self, addr: SocketAddr, name: Option<&str>) -> Result<Flow, io::ErrorKind> {
        self.send(named(TransportKind::Tls, addr, name)).await;
        match self.next().await {
            Seen::Response(response, flow) => {
                let via = response.top_via().unwrap();
                assert_eq!(via.transport.as_str(), "TLS");
                Ok(flow)
            }
            Seen::Failed(_, error) => Err(error),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_request_is_answered_and_both_know_who_the_other_is() {
    let authority = Authority::new("a");
    let mut server = server(
        authority
            .tls(&[
                "URI:sip:example.test",
                "URI:sip:bob@example.test",
                "DNS:www.example.test",
            ])
            .with_client_certificates(ClientCertificates::Request),
    );
    let mut client = client(authority.tls(&["DNS:client.test"]));
    let flow = client
        .ask(server.addr(), Some("Example.TEST"))
        .await
        .unwrap();
    let peer = client.identity(flow).await.unwrap();
    assert_eq!(
        peer.domains,
        ["example.test"],
        "a DNS name counts only where no URI does"
    );
    assert_eq!(peer.users, ["sip:bob@example.test"]);

    // The same connection the other way.
    let back = Target::address(TransportKind::Tls, flow.local);
    let flow = server.send(back).await;
    assert!(matches!(server.next().await, Seen::Response(..)));
    assert!(
        server
            .identity(flow)
            .await
            .unwrap()
            .is_domain("client.test")
    );
    let count = |core: &mut Answerer, _| core.transport.connection_count();
    assert_eq!(server.shard.call(count).await.unwrap(), 1);
}

#[tokio::test]
async fn the_via_of_a_request_carries_the_listeners_port() {
    let authority = Authority::new("a");
    let server = server(authority.tls(&["IP:127.0.0.1"]));
    let mut caller = super::tls::server(authority.tls(&["IP:127.0.0.1"]));
    let port = caller.addr().port();
    caller
        .send(named(TransportKind::Tls, server.addr(), None))
        .await;
    match caller.next().await {
        Seen::Response(response, flow) => {
            let via = response.top_via().unwrap();
            assert_eq!(via.sent_by.port, Some(port));
            assert_ne!(flow.local.port(), port);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn only_a_certificate_with_the_name_asked_for_is_taken() {
    let authority = Authority::new("a");
    let name = Some("sip.example.test");
    for (names, asked, is_taken) in [
        (&["DNS:sip.example.test"][..], name, true),
        (&["URI:sip:sip.example.test"], name, true),
        (&["URI:SIP:SIP.example.test"], name, true),
        (&["DNS:*.example.test"], name, false),
        (&["DNS:example.test"], name, false),
        (&["CN:sip.example.test"], name, false),
        (&["CN:sip.example.test", "DNS:other.test"], name, false),
        (&["URI:sips:sip.example.test"], name, false),
        (&["URI:sip:bob@sip.example.test"], name, false),
        (&["URI:sip:other.test", "DNS:sip.example.test"], name, false),
        (
            &["URI:https://other.test", "DNS:sip.example.test"],
            name,
            true,
        ),
        (&["IP:127.0.0.1"], None, true),
        (&["IP:127.0.0.2"], None, false),
        (&["DNS:sip.example.test"], None, false),
        (&["IP:127.0.0.1"], name, false),
    ] {
        let server = server(authority.tls(names));
        let mut client = client(authority.trusting());
        let answer = client.ask(server.addr(), asked).await;
        let expected = match is_taken {
            true => Ok(()),
            false => Err(io::ErrorKind::InvalidData),
        };
        assert_eq!(answer.map(drop), expected, "{names:?} for {asked:?}");
    }
}

#[tokio::test]
async fn a_certificate_must_be_in_force_be_for_servers_and_come_from_a_trusted_root() {
    let (authority, stranger) = (Authority::new("a"), Authority::new("b"));
    let names = &["DNS:a.test"];
    let long_ago = |params: &mut rcgen::CertificateParams| {
        params.not_before = rcgen::date_time_ymd(2000, 1, 1);
        params.not_after = rcgen::date_time_ymd(2001, 1, 1);
    };
    let for_mail = |params: &mut rcgen::CertificateParams| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
    };
    let for_sip = |params: &mut rcgen::CertificateParams| {
        let sip_domain = vec![1, 3, 6, 1, 5, 5, 7, 3, 20];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Other(sip_domain)];
    };
    for (what, (certificate, key), is_taken) in [
        ("good", authority.issue(names), true),
        ("a stranger's", stranger.issue(names), false),
        ("expired", authority.issue_as(names, long_ago), false),
        ("for mail", authority.issue_as(names, for_mail), false),
        ("for SIP domains", authority.issue_as(names, for_sip), true),
    ] {
        let server = server(TlsConfig::new().with_certificate_pem(certificate, key));
        let mut client = client(authority.trusting());
        let answer = client.ask(server.addr(), Some("a.test")).await;
        assert_eq!(answer.is_ok(), is_taken, "{what}");
    }
}

#[tokio::test]
async fn who_trusts_anything_knows_nobody() {
    let server = server(Authority::new("unknown").tls(&["DNS:a.test"]));
    let mut client = client(TlsConfig::new().dangerous_trust_any_certificate());
    let flow = client.ask(server.addr(), Some("b.test")).await.unwrap();
    assert_eq!(client.identity(flow).await, None);
}

#[tokio::test]
async fn certificates_of_clients_are_asked_for_as_told() {
    use ClientCertificates::{None, Request, Require};
    let (authority, stranger) = (Authority::new("a"), Authority::new("b"));
    let with = || authority.tls(&["DNS:client.test"]);
    let without = || authority.trusting();
    let strange = || {
        let (certificate, key) = stranger.issue(&["DNS:client.test"]);
        authority.trusting().with_certificate_pem(certificate, key)
    };
    for (wanted, config, is_let_in) in [
        (None, with(), true),
        (None, without(), true),
        (Request, with(), true),
        (Request, without(), true),
        (Request, strange(), false),
        (Require, with(), true),
        (Require, without(), false),
        (Require, strange(), false),
    ] {
        let what = format!("{wanted:?} {config:?}");
        let server = server(
            authority
                .tls(&["IP:127.0.0.1"])
                .with_client_certificates(wanted),
        );
        let mut client = client(config);
        let answer = client.ask(server.addr(), Option::None).await;
        assert_eq!(answer.is_ok(), is_let_in, "{what}");
    }
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_to_new_connections_and_old_ones_go_on() {
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let context = old.tls(&["IP:127.0.0.1"]).load().unwrap();
    let server = listening(TransportKind::Tls, context.clone(), StreamConfig::default());
    let mut early = client(old.trusting());
    let first = early.ask(server.addr(), None).await.unwrap();

    let broken = TlsConfig::new().with_certificate_files("/nowhere", "/nowhere");
    assert!(matches!(
        context.replace(broken),
        Err(TlsError::Read { .. })
    ));
    assert!(
        client(old.trusting())
            .ask(server.addr(), None)
            .await
            .is_ok(),
        "still in use"
    );

    context.replace(new.tls(&["IP:127.0.0.1"])).unwrap();
    assert!(
        client(new.trusting())
            .ask(server.addr(), None)
            .await
            .is_ok()
    );
    let outdated = client(old.trusting()).ask(server.addr(), None).await;
    assert_eq!(outdated, Err(io::ErrorKind::InvalidData));
    assert_eq!(early.ask(server.addr(), None).await, Ok(first));
}

#[tokio::test]
async fn files_are_read_again() {
    let directory = std::env::temp_dir().join(format!("rvoip-tls-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| directory.join(name));
    let write = |authority: &Authority| {
        let (first, second) = authority.issue(&["IP:127.0.0.1"]);
        std::fs::write(&certificate, first).unwrap();
        std::fs::write(&key, second).unwrap();
    };
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    write(&old);
    let config = TlsConfig::new().with_certificate_files(&certificate, &key);
    let context = config.load().unwrap();
    let server = listening(TransportKind::Tls, context.clone(), StreamConfig::default());
    assert!(
        client(old.trusting())
            .ask(server.addr(), None)
            .await
            .is_ok()
    );
    write(&new);
    context.reload().unwrap();
    assert!(
        client(new.trusting())
            .ask(server.addr(), None)
            .await
            .is_ok()
    );
    std::fs::remove_dir_all(&directory).unwrap();
    assert!(matches!(context.reload(), Err(TlsError::Read { .. })));
    assert!(
        client(new.trusting())
            .ask(server.addr(), None)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn connections_to_two_names_at_one_address_are_two() {
    let authority = Authority::new("a");
    let server = server(authority.tls(&["DNS:a.test", "DNS:b.test"]));
    let mut client = client(authority.trusting());
    let a = client.ask(server.addr(), Some("a.test")).await.unwrap();
    let b = client.ask(server.addr(), Some("b.test")).await.unwrap();
    assert_ne!(a, b);
    assert_eq!(client.ask(server.addr(), Some("A.test")).await, Ok(a));
    assert!(client.ask(server.addr(), Some("c.test")).await.is_err());
}

#[tokio::test]
async fn slow_handshakes_are_bounded_and_keep_nobody_out() {
    const SLOW: usize = 40;
    let authority = Authority::new("a");
    let mut streams = StreamConfig::default();
    streams.max_handshakes = 8;
    let context = authority.tls(&["IP:127.0.0.1"]).load().unwrap();
    let server = listening(TransportKind::Tls, context, streams);
    let mut slow = Vec::new();
    for _ in 0..SLOW {
        slow.push(TcpStream::connect(server.addr()).await.unwrap());
    }
    assert!(
        client(authority.trusting())
            .ask(server.addr(), None)
            .await
            .is_ok()
    );
    // All but the newest were ended, in the order of their coming.
    for stream in &mut slow[..SLOW - 8] {
        assert_eq!(stream.read(&mut [0; 8]).await.unwrap_or(0), 0);
    }
    let crowded_out = server.dropped(DropReason::Handshake).await;
    assert!((32..=33).contains(&crowded_out), "{crowded_out}");
}

#[tokio::test]
async fn a_handshake_that_takes_too_long_is_ended() {
    let mut streams = StreamConfig::default();
    streams.handshake_timeout = Duration::from_millis(20);
    let context = Authority::new("a").tls(&["IP:127.0.0.1"]).load().unwrap();
    let server = listening(TransportKind::Tls, context, streams);
    let mut slow = TcpStream::connect(server.addr()).await.unwrap();
    assert_eq!(slow.read(&mut [0; 8]).await.unwrap_or(0), 0);
    assert_eq!(server.dropped(DropReason::Handshake).await, 1);
}

#[tokio::test]
async fn octets_that_are_not_tls_end_the_connection() {
    let server = server(Authority::new("a").tls(&["IP:127.0.0.1"]));
    let mut plain = TcpStream::connect(server.addr()).await.unwrap();
    plain
        .write_all(request("TCP a.test", 1).as_bytes())
        .await
        .unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"SIP"), "an alert at most");
    assert_eq!(server.dropped(DropReason::Handshake).await, 1);
}

/// A client made of rustls itself.
async fn raw(
    authority: &Authority,
    version: &'static rustls::SupportedProtocolVersion,
    addr: SocketAddr,
) -> tokio_rustls::client::TlsStream<TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap();
    roots.add(root).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(addr).await.unwrap();
    let name = ServerName::try_from("a.test").unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await.unwrap()
}

#[tokio::test]
async fn both_versions_in_use_are_spoken_and_pieces_put_together() {
    let authority = Authority::new("a");
    let server = server(authority.tls(&["DNS:a.test"]));
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut stream = raw(&authority, version, server.addr()).await;
        let octets = request("TLS a.test", 1).repeat(2);
        for piece in octets.as_bytes().chunks(100) {
            stream.write_all(piece).await.unwrap();
            stream.flush().await.unwrap();
        }
        for _ in 0..2 {
            let mut answer = Vec::new();
            while !answer.ends_with(b"\r\n\r\n") {
                answer.push(stream.read_u8().await.unwrap());
            }
            assert_eq!(response(&answer).status().code(), 200);
        }
    }
}

#[tokio::test]
async fn who_does_not_read_by_tls_is_ended_and_counted() {
    let authority = Authority::new("a");
    let mut streams = StreamConfig::default();
    streams.max_queued_octets = 16 * 1024;
    let context = authority.tls(&["DNS:a.test"]).load().unwrap();
    let server = listening(TransportKind::Tls, context, streams);
    let mut deaf = raw(&authority, &rustls::version::TLS13, server.addr()).await;
    let octets = pressing_requests("TLS a.test");
    // Until the answers that nobody reads are too many.
    while deaf.write_all(octets.as_bytes()).await.is_ok() {}
    assert_eq!(server.dropped(DropReason::SlowReader).await, 1);
}

#[tokio::test]
async fn a_secure_listener_needs_a_certificate() {
    let addr = "127.0.0.1:0".parse().unwrap();
    let sockets = Sockets::bind(&[(TransportKind::Tls, addr)]).unwrap();
    let core = Answerer::new(TransportConfig::new(sockets.listeners()));
    let sockets = sockets.with_tls(TlsConfig::new().load().unwrap());
    assert!(matches!(
        sockets.check(),
        Err(BindError::NoCertificate { .. })
    ));
    let error = spawn(sockets, core, drop).err().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn an_error_says_what_is_wrong_with_what() {
    let authority = Authority::new("a");
    let ((certificate, key), (_, other)) =
        (authority.issue(&["DNS:a"]), authority.issue(&["DNS:a"]));
    let load = |certificate: &str, key: &str| {
        let config = TlsConfig::new().with_certificate_pem(certificate, key);
        config.load().err().unwrap()
    };
    assert!(matches!(load(&certificate, &other), TlsError::KeyMismatch));
    assert!(matches!(load("", &key), TlsError::NoCertificate { .. }));
    assert!(matches!(load(&key, &key), TlsError::NoCertificate { .. }));
    assert!(matches!(
        load(&certificate, &certificate),
        TlsError::NoPrivateKey { .. }
    ));
    let cut = &certificate[..certificate.len() / 2];
    assert!(matches!(
        load(cut, &key),
        TlsError::Pem { .. } | TlsError::NoCertificate { .. }
    ));
    let nonsense = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(matches!(load(nonsense, &key), TlsError::Unusable(_)));
    let roots = TlsConfig::new().with_roots_pem(nonsense).load();
    assert!(matches!(roots, Err(TlsError::BadRoot { .. })));
    let missing = TlsConfig::new()
        .with_roots_file("/nowhere/roots.pem")
        .load();
    assert!(
        missing
            .err()
            .unwrap()
            .to_string()
            .contains("/nowhere/roots.pem")
    );
    let unverifiable = TlsConfig::new()
        .with_certificate_pem(certificate.as_str(), key.as_str())
        .dangerous_trust_any_certificate()
        .with_client_certificates(ClientCertificates::Require);
    assert!(matches!(unverifiable.load(), Err(TlsError::NoRoots)));
    let shown = format!(
        "{:?}",
        TlsConfig::new().with_certificate_pem(certificate, key.as_str())
    );
    assert!(!shown.contains("PRIVATE"), "{shown}");
}
