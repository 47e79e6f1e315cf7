//! Registrations through the facade, on real sockets: made, seen, used by calls, refused, taken back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use async_trait::async_trait;
use rvoip_session_core::api::*;
use rvoip_session_core::dialog_core::sip_core::digest::{Ha1, HashFunction};

const PATIENCE: Duration = Duration::from_secs(10);

fn builder() -> SessionManagerBuilder {
    SessionManagerBuilder::new()
        .with_local_bind_addr("127.0.0.1:0".parse().unwrap())
        .without_media()
}

/// A registrar that asks for credentials, and that accepts calls.
async fn registrar() -> Result<Arc<SessionCoordinator>> {
    registrar_with(Arc::new(AutoAnswerHandler), ForwardMode::default()).await
}

async fn registrar_with(
    handler: Arc<dyn CallHandler>,
    mode: ForwardMode,
) -> Result<Arc<SessionCoordinator>> {
    let users = MemoryCredentials::new()
        .with_user("alice", "zanzibar")
        .with_user("bob", "builder");
    let registrar = builder()
        .with_realm(Realm::new("127.0.0.1", Arc::new(users)))
        .with_handler(handler)
        .with_forwarding(mode)
        .with_registrar(RegistrarConfig::default())
        .build()
        .await?;
    registrar.start().await?;
    Ok(registrar)
}

async fn client(password: &str) -> Result<Arc<SessionCoordinator>> {
    builder()
        .with_account(Account::new("alice", password, "127.0.0.1").with_domain("192.0.2.1"))
        .build()
        .await
}

fn alice(registrar: &Arc<SessionCoordinator>) -> RegistrationConfig {
    let place = registrar.get_bound_address();
    RegistrationConfig::new("Alice <sip:alice@127.0.0.1>").with_registrar(format!("sip:{place}"))
}

const AOR: &str = "sip:alice@127.0.0.1";

#[tokio::test]
async fn a_registration_is_made_seen_and_taken_back() -> Result<()> {
    let (registrar, client) = (registrar().await?, client("zanzibar").await?);
    let mut bindings = registrar.subscribe();
    let registration = client
        .register_and_wait(alice(&registrar), PATIENCE)
        .await?;
    assert!(registration.is_registered());
    let contacts = registrar.registered_contacts(AOR).await?;
    let expected = format!("sip:alice@{}", client.get_bound_address());
    assert_eq!(contacts.len(), 1);
    assert_eq!(contacts[0].contact.uri().as_str(), expected);
    let told = loop {
        match bindings.recv().await {
            Some(Delivery::Event(BasicSessionEvent::BindingChanged(binding))) => break binding,
            Some(_) => {}
            None => panic!("nothing was told"),
        }
    };
    assert_eq!(
        (told.aor.as_str(), told.change),
        ("alice@127.0.0.1", BindingChange::Registered)
    );

    let mut status = registration.clone();
    registration.refresh().await?;
    while !matches!(
        status.changed().await,
        Some(RegistrationStatus::Registered(_))
    ) {}
    registration.unregister().await?;
    assert_eq!(
        registration.status(),
        RegistrationStatus::Ended { refusal: None }
    );
    assert!(registrar.registered_contacts(AOR).await?.is_empty());
    assert!(registration.refresh().await.is_err());
    registration.unregister().await?;
    client.stop().await?;
    registrar.stop().await
}

#[tokio::test]
async fn wrong_credentials_are_told_and_a_silent_registrar_is_given_up() -> Result<()> {
    let (registrar, client) = (registrar().await?, client("wrong").await?);
    let refused = client.register_and_wait(alice(&registrar), PATIENCE).await;
    let Err(SessionError::RegistrationFailed { cause, .. }) = refused else {
        panic!("{refused:?}")
    };
    assert!(cause.to_string().contains("401"), "{cause}");
    assert!(registrar.registered_contacts(AOR).await?.is_empty());

    // Nobody listens where a socket has just been closed.
    let place = registrar.get_bound_address();
    registrar.stop().await?;
    let config = RegistrationConfig::new(AOR).with_registrar(format!("sip:{place}"));
    let late = client
        .register_and_wait(config, Duration::from_millis(50))
        .await;
    assert!(
        matches!(late, Err(SessionError::RegistrationFailed { .. })),
        "{late:?}"
    );
    for text in ["alice", "sip:", "tel:+1555"] {
        let invalid = client.register(RegistrationConfig::new(text)).await;
        assert!(
            matches!(invalid, Err(SessionError::InvalidUri(_))),
            "{text}: {invalid:?}"
        );
    }
    client.stop().await
}

#[tokio::test]
async fn a_stop_takes_everything_back() -> Result<()> {
    let registrar = registrar().await?;
    let client = builder()
        .with_account(Account::new("alice", "zanzibar", "127.0.0.1"))
        .with_registration(alice(&registrar))
        .build()
        .await?;
    let mut bindings = registrar.subscribe();
    let change = async |bindings: &mut EventSubscriber| loop {
        if let Some(Delivery::Event(BasicSessionEvent::BindingChanged(binding))) =
            bindings.recv().await
        {
            return binding.change;
        }
    };
    if registrar.registered_contacts(AOR).await?.is_empty() {
        assert_eq!(change(&mut bindings).await, BindingChange::Registered);
    }
    client.stop().await?;
    assert!(registrar.registered_contacts(AOR).await?.is_empty());
    registrar.stop().await
}

#[tokio::test]
async fn calls_and_requests_of_a_registered_account_go_through_its_proxy() -> Result<()> {
    let (registrar, client) = (registrar().await?, client("zanzibar").await?);
    let proxy = registrar.get_bound_address();
    let config = alice(&registrar).with_outbound_proxy(format!("sip:{proxy}"));
    let registration = client.register_and_wait(config, PATIENCE).await?;
    // Nobody is at this address: the call gets through because it goes to the proxy first.
    let call = client
        .create_outgoing_call(AOR, "sip:bob@192.0.2.1", None)
        .await?;
    call.wait_for_answer(PATIENCE).await?;
    call.terminate().await?;
    call.wait_for_end().await;
    let answer = client.send_options(AOR, "sip:bob@192.0.2.1").await?;
    assert!(answer.is_success());
    registration.unregister().await?;
    client.stop().await?;
    registrar.stop().await
}

#[tokio::test]
async fn who_is_no_registrar_knows_nobody() -> Result<()> {
    let server = builder().build().await?;
    server.start().await?;
    assert!(server.registered_contacts(AOR).await?.is_empty());
    let client = builder().build().await?;
    let refused = client.register_and_wait(alice(&server), PATIENCE).await;
    let Err(SessionError::RegistrationFailed { cause, .. }) = refused else {
        panic!("{refused:?}")
    };
    assert!(cause.to_string().contains("405"), "{cause}");
    client.stop().await?;
    server.stop().await
}

#[tokio::test]
async fn state_is_published_changed_and_removed() -> Result<()> {
    let compositor = builder()
        .with_compositor(CompositorConfig::default())
        .build()
        .await?;
    compositor.start().await?;
    let entity = format!("sip:alice@{}", compositor.get_bound_address());
    let client = builder().build().await?;
    let config = PublicationConfig::new(&entity, "presence", "text/plain", "open");
    let mut publication = client.publish(config).await?;
    while !matches!(publication.status(), PublicationStatus::Published { .. }) {
        publication.changed().await;
    }
    let state = |text: &str| vec![("text/plain".to_owned(), text.as_bytes().to_vec())];
    let published = compositor.published_state(&entity, "presence").await?;
    assert_eq!(published, state("open"));
    let mut events = compositor.subscribe();
    publication.modify("text/plain", "busy").await?;
    let change = loop {
        if let Some(Delivery::Event(BasicSessionEvent::StatePublished(event))) = events.recv().await
        {
            break event.change;
        }
    };
    assert_eq!(change, PublicationChange::Modified);
    let published = compositor.published_state(&entity, "presence").await?;
    assert_eq!(published, state("busy"));
    publication.remove().await?;
    assert_eq!(
        publication.status(),
        PublicationStatus::Ended { refusal: None }
    );
    assert!(
        compositor
            .published_state(&entity, "presence")
            .await?
            .is_empty()
    );
    client.stop().await?;
    compositor.stop().await
}

#[tokio::test]
async fn registered_phones_call_each_other_through_their_registrar() -> Result<()> {
    for mode in [ForwardMode::Redirect, ForwardMode::NewLeg] {
        let mut routing = RoutingHandler::new();
        routing.set_default_action(CallDecision::Forward("sip:bob@127.0.0.1".to_owned()));
        let registrar = registrar_with(Arc::new(routing), mode).await?;
        let place = registrar.get_bound_address();
        let bob = builder()
            .with_account(Account::new("bob", "builder", "127.0.0.1"))
            .with_handler(Arc::new(AutoAnswerHandler))
            .build()
            .await?;
        bob.start().await?;
        let config = RegistrationConfig::new("sip:bob@127.0.0.1");
        let config = config.with_registrar(format!("sip:{place}"));
        bob.register_and_wait(config, PATIENCE).await?;
        let alice = client("zanzibar").await?;
        let target = format!("sip:bob@{place}");
        let call = alice.create_outgoing_call(AOR, &target, None).await?;
        call.wait_for_answer(PATIENCE).await?;
        assert_eq!(bob.list_active_sessions().await?.len(), 1, "{mode:?}");
        call.terminate().await?;
        call.wait_for_end().await;
        for side in [alice, bob, registrar] {
            side.stop().await?;
        }
    }
    Ok(())
}

/// Looks up alice, and takes its time over everybody else.
#[derive(Debug)]
struct Directory(tokio::sync::Notify);

#[async_trait]
impl AsyncCredentialStore for Directory {
    async fn ha1(&self, user: &str, realm: &str, hash: HashFunction) -> Option<Ha1> {
        if user != "alice" {
            self.0.notified().await;
        }
        Some(Ha1::new(hash, user, realm, "zanzibar"))
    }
}

#[tokio::test]
async fn a_secret_is_looked_up_while_others_go_on() -> Result<()> {
    let directory = Arc::new(Directory(tokio::sync::Notify::new()));
    let registrar = builder()
        .with_async_credential_store("127.0.0.1", directory.clone())
        .with_registrar(RegistrarConfig::default())
        .build()
        .await?;
    registrar.start().await?;
    let slow = builder()
        .with_account(Account::new("bob", "zanzibar", "127.0.0.1"))
        .build()
        .await?;
    let place = registrar.get_bound_address();
    let bob = RegistrationConfig::new("sip:bob@127.0.0.1").with_registrar(format!("sip:{place}"));
    let waiting = slow.register(bob).await?;
    let client = client("zanzibar").await?;
    client
        .register_and_wait(alice(&registrar), PATIENCE)
        .await?;
    assert!(!waiting.is_registered());
    directory.0.notify_one();
    let mut status = waiting.clone();
    while !waiting.is_registered() {
        status.changed().await;
    }
    for side in [client, slow, registrar] {
        side.stop().await?;
    }
    Ok(())
}
