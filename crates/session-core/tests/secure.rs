//! Calls over TLS and WebSocket: what Via and Contact tell the peer, and what SIPS demands.
#![allow(clippy::unwrap_used, clippy::panic)]

use rvoip_session_core::api::*;

#[cfg(not(feature = "tls"))]
#[tokio::test]
async fn a_transport_that_is_not_built_in_is_named_with_its_feature() {
    let address = "127.0.0.1:0".parse().unwrap();
    let builder = SessionManagerBuilder::new().with_listener(TransportKind::Tls, address);
    match builder.build().await {
        Err(SessionError::Bind(BindError::FeatureOff { kind, feature })) => {
            assert_eq!((kind, feature), (TransportKind::Tls, "tls"));
        }
        other => panic!("{other:?}"),
    }
}

#[cfg(feature = "tls")]
mod tls {
    use rvoip_session_core::dialog_core::sip_transport::Direction;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    /// A certificate of its own for 127.0.0.1.
    struct Credential {
        certificate: String,
        key: String,
    }

    impl Credential {
        fn new() -> Self {
            let key = rcgen::KeyPair::generate().unwrap();
            let params = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
            Self {
                certificate: params.self_signed(&key).unwrap().pem(),
                key: key.serialize_pem(),
            }
        }

        fn listening(&self) -> TlsContext {
            let (certificate, key) = (self.certificate.as_str(), self.key.as_str());
            let tls = TlsConfig::new().with_roots_pem(certificate);
            tls.with_certificate_pem(certificate, key).load().unwrap()
        }

        fn trusting(&self) -> TlsContext {
            let roots = self.certificate.as_str();
            TlsConfig::new().with_roots_pem(roots).load().unwrap()
        }
    }

    /// Keeps what one side has sent.
    #[derive(Default)]
    struct Sent(Mutex<Vec<(TransportKind, String)>>);

    impl WireTap for Sent {
        fn message(&self, record: &WireRecord<'_>) {
            if record.direction == Direction::Out {
                let text = String::from_utf8_lossy(record.octets).into_owned();
                self.0.lock().unwrap().push((record.kind, text));
            }
        }
    }

    impl Sent {
        /// The values of a header field in all messages that begin so, each once.
        fn values(&self, begin: &str, name: &str) -> Vec<String> {
            let sent = self.0.lock().unwrap();
            let mut values: Vec<String> = sent
                .iter()
                .filter(|(_, text)| text.starts_with(begin))
                .flat_map(|(_, text)| text.lines())
                .filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
                .map(str::to_owned)
                .collect();
            values.dedup();
            values
        }

        fn assert_only(&self, kind: TransportKind) {
            let sent = self.0.lock().unwrap();
            assert!(!sent.is_empty() && sent.iter().all(|(other, _)| *other == kind));
        }
    }

    struct Party {
        coordinator: Arc<SessionCoordinator>,
        sent: Arc<Sent>,
    }

    impl Party {
        async fn new(tls: TlsContext, kind: TransportKind) -> Self {
            let sent = Arc::new(Sent::default());
            let coordinator = SessionManagerBuilder::new()
                .with_listener(kind, "127.0.0.1:0".parse().unwrap())
                .with_tls(tls)
                .with_handler(Arc::new(AutoAnswerHandler))
                .with_wire_tap(sent.clone())
                .build()
                .await
                .unwrap();
            coordinator.start().await.unwrap();
            Self { coordinator, sent }
        }

        fn address(&self) -> SocketAddr {
            self.coordinator.listeners()[0].local_addr
        }

        async fn call(&self, uri: &str) -> CallSession {
            let from = "sip:alice@localhost";
            let call = self.coordinator.create_outgoing_call(from, uri, None).await;
            let call = call.unwrap();
            call.wait_for_answer(PATIENCE).await.unwrap();
            call
        }

        /// Ends the only call from this side.
        async fn hang_up(&self) {
            let sessions = self.coordinator.list_active_sessions().await.unwrap();
            self.coordinator
                .terminate_session(&sessions[0])
                .await
                .unwrap();
        }
    }

    #[tokio::test]
    async fn via_and_contact_carry_the_listeners_port_and_never_an_ephemeral_one() {
        let credential = Credential::new();
        let server = Party::new(credential.listening(), TransportKind::Tls).await;
        let client = Party::new(credential.listening(), TransportKind::Tls).await;
        let call = client
            .call(&format!("sip:bob@{};transport=tls", server.address()))
            .await;
        server.hang_up().await;
        assert_eq!(call.wait_for_end().await, TerminalCause::RemoteHangup);

        let (ours, theirs) = (client.address(), server.address());
        let contact = format!("<sip:alice@{ours};transport=tls>");
        assert_eq!(client.sent.values("INVITE", "Contact"), [contact]);
        let contact = format!("<sip:bob@{theirs};transport=tls>");
        assert_eq!(server.sent.values("SIP/2.0 200", "Contact"), [contact]);
        for (party, method, at) in [(&client, "INVITE", ours), (&server, "BYE", theirs)] {
            let via = party.sent.values(method, "Via");
            assert!(via[0].starts_with(&format!("SIP/2.0/TLS {at};")), "{via:?}");
            party.sent.assert_only(TransportKind::Tls);
        }
    }

    #[tokio::test]
    async fn who_does_not_listen_is_reached_over_the_connection_it_opened() {
        let credential = Credential::new();
        for (kind, transport) in [
            (TransportKind::Tls, "tls"),
            #[cfg(feature = "ws")]
            (TransportKind::Wss, "wss"),
        ] {
            let server = Party::new(credential.listening(), kind).await;
            let client = Party::new(credential.trusting(), TransportKind::Udp).await;
            let uri = format!("sip:bob@{};transport={transport}", server.address());
            let call = client.call(&uri).await;
            server.hang_up().await;
            assert_eq!(call.wait_for_end().await, TerminalCause::RemoteHangup);
            // Not the port of another transport, which would be unprotected or nobody's.
            let contact = client.sent.values("INVITE", "Contact");
            assert!(contact[0].contains(".invalid"), "{contact:?}");
            let via = client.sent.values("INVITE", "Via");
            assert!(via[0].contains(".invalid"), "{via:?}");
            client.sent.assert_only(kind);
            server.sent.assert_only(kind);
        }
    }

    #[tokio::test]
    async fn a_caller_whose_listener_cannot_be_verified_is_reached_over_its_own_connection() {
        let (credential, strange) = (Credential::new(), Credential::new());
        let server = Party::new(credential.listening(), TransportKind::Tls).await;
        let tls = TlsConfig::new()
            .with_roots_pem(credential.certificate.as_str())
            .with_certificate_pem(strange.certificate.as_str(), strange.key.as_str());
        let client = Party::new(tls.load().unwrap(), TransportKind::Tls).await;
        let call = client
            .call(&format!("sip:bob@{};transport=tls", server.address()))
            .await;
        server.hang_up().await;
        assert_eq!(call.wait_for_end().await, TerminalCause::RemoteHangup);
        server.sent.assert_only(TransportKind::Tls);
    }

    #[cfg(feature = "ws")]
    #[tokio::test]
    async fn over_web_sockets_the_contact_says_ws_and_the_via_wss() {
        let credential = Credential::new();
        let server = Party::new(credential.listening(), TransportKind::Wss).await;
        let client = Party::new(credential.listening(), TransportKind::Wss).await;
        let call = client
            .call(&format!("sip:bob@{};transport=wss", server.address()))
            .await;
        call.terminate().await.unwrap();
        call.wait_for_end().await;
        let contact = format!("<sip:alice@{};transport=ws>", client.address());
        assert_eq!(client.sent.values("INVITE", "Contact"), [contact]);
        let via = client.sent.values("INVITE", "Via");
        assert!(via[0].starts_with(&format!("SIP/2.0/WSS {};", client.address())));
    }

    #[tokio::test]
    async fn sips_is_answered_with_sips_and_goes_over_tls_alone() {
        let credential = Credential::new();
        let server = Party::new(credential.listening(), TransportKind::Tls).await;
        let client = Party::new(credential.listening(), TransportKind::Tls).await;
        let call = client.call(&format!("sips:bob@{}", server.address())).await;
        server.hang_up().await;
        assert_eq!(call.wait_for_end().await, TerminalCause::RemoteHangup);
        let contact = format!("<sips:alice@{}>", client.address());
        assert_eq!(client.sent.values("INVITE", "Contact"), [contact]);
        let contact = format!("<sips:bob@{}>", server.address());
        assert_eq!(server.sent.values("SIP/2.0 200", "Contact"), [contact]);
        client.sent.assert_only(TransportKind::Tls);
        server.sent.assert_only(TransportKind::Tls);
    }

    #[tokio::test]
    async fn a_server_that_cannot_be_verified_is_not_called() {
        let (one, other) = (Credential::new(), Credential::new());
        let server = Party::new(one.listening(), TransportKind::Tls).await;
        let client = Party::new(other.listening(), TransportKind::Tls).await;
        let uri = format!("sip:bob@{};transport=tls", server.address());
        let from = "sip:alice@localhost";
        let call = client
            .coordinator
            .create_outgoing_call(from, &uri, None)
            .await;
        let ended = call.unwrap().wait_for_end().await;
        assert!(
            matches!(ended, TerminalCause::NetworkFailed { .. }),
            "{ended:?}"
        );
        assert!(server.sent.0.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_secure_listener_needs_a_certificate() {
        let address = "127.0.0.1:0".parse().unwrap();
        let builder = SessionManagerBuilder::new().with_listener(TransportKind::Tls, address);
        let error = builder.build().await.unwrap_err();
        let needs = matches!(error, SessionError::Bind(BindError::NoCertificate { .. }));
        assert!(needs, "{error:?}");
        assert!(error.advice().contains("with_tls"));
    }
}
