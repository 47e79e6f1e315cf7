//! Requests beside calls and inside them, and digest in both roles, on real sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rvoip_session_core::api::*;
use tokio::sync::mpsc;

const PATIENCE: Duration = Duration::from_secs(10);

/// Takes all calls, and answers requests by what they say.
#[derive(Debug)]
struct Desk {
    seen: mpsc::UnboundedSender<(String, Option<SessionId>, Option<String>)>,
}

#[async_trait]
impl CallHandler for Desk {
    async fn on_incoming_call(&self, _: IncomingCall) -> CallDecision {
        CallDecision::Accept(None)
    }

    async fn on_call_ended(&self, _: CallSession, _: &str) {}

    async fn on_request(&self, request: IncomingRequest) -> RequestAnswer {
        let text = String::from_utf8_lossy(request.body()).into_owned();
        let said = format!("{} {text}", request.method());
        let user = request.user().map(str::to_owned);
        self.seen.send((said, request.session_id(), user)).unwrap();
        match &*text {
            "no" => RequestAnswer::new(StatusCode::FORBIDDEN),
            _ => RequestAnswer {
                body: Some(("text/plain".to_owned(), text.into_bytes())),
                ..RequestAnswer::ok()
            },
        }
    }
}

type Seen = mpsc::UnboundedReceiver<(String, Option<SessionId>, Option<String>)>;

async fn server(realm: Option<Realm>) -> Result<(Arc<SessionCoordinator>, Seen)> {
    let (seen, heard) = mpsc::unbounded_channel();
    let mut builder = SessionManagerBuilder::new()
        .with_local_bind_addr("127.0.0.1:0".parse()?)
        .with_methods([
            Method::Message,
            Method::Info,
            Method::Extension("PING".into()),
        ])
        .with_handler(Arc::new(Desk { seen }));
    if let Some(realm) = realm {
        builder = builder.with_realm(realm);
    }
    let server = builder.build().await?;
    server.start().await?;
    Ok((server, heard))
}

async fn client(accounts: impl IntoIterator<Item = Account>) -> Result<Arc<SessionCoordinator>> {
    let builder = SessionManagerBuilder::new().with_local_bind_addr("127.0.0.1:0".parse()?);
    let with = |builder: SessionManagerBuilder, account| builder.with_account(account);
    accounts.into_iter().fold(builder, with).build().await
}

fn realm() -> Realm {
    let users = MemoryCredentials::new().with_user("alice", "zanzibar");
    Realm {
        guarded: Guarded::Everything,
        ..Realm::new("example.com", Arc::new(users))
    }
}

fn alice() -> Account {
    Account::new("alice", "zanzibar", "127.0.0.1")
}

const FROM: &str = "sip:alice@localhost";

#[tokio::test]
async fn requests_beside_calls_are_answered_by_the_application() -> Result<()> {
    let (server, mut seen) = server(None).await?;
    let client = client([]).await?;
    let to = format!("sip:desk@{}", server.get_bound_address());
    let answer = client.send_message(FROM, &to, "hello").await?;
    assert_eq!(
        (answer.status(), answer.body()),
        (StatusCode::OK, &b"hello"[..])
    );
    let refused = client.send_message(FROM, &to, "no").await?;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert!(!refused.is_success());
    let ping = SipRequest::new(Method::Extension("PING".into()), FROM, &*to);
    assert!(client.send_request(ping).await?.is_success());
    let options = client.send_options(FROM, &to).await?;
    let allow = options.header(&HeaderName::Allow).unwrap().to_owned();
    assert!(allow.ends_with("MESSAGE, INFO, PING"), "{allow}");
    let publish = SipRequest::new(Method::Publish, FROM, &*to);
    let refused = client.send_request(publish).await?;
    assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
    for said in ["MESSAGE hello", "MESSAGE no", "PING "] {
        assert_eq!(seen.recv().await.unwrap(), (said.to_owned(), None, None));
    }
    let error = client
        .send_request(SipRequest::new(Method::Info, FROM, &*to))
        .await
        .unwrap_err();
    assert_eq!(error.category(), ErrorCategory::Misuse);
    client.stop().await?;
    server.stop().await
}

#[tokio::test]
async fn a_request_that_nobody_answers_ends_in_an_error_that_says_so() -> Result<()> {
    let timers = TimerConfig {
        t1: Duration::from_millis(5),
        ..TimerConfig::default()
    };
    let client = SessionManagerBuilder::new()
        .with_local_bind_addr("127.0.0.1:0".parse()?)
        .with_transactions(TransactionConfig {
            timers,
            ..TransactionConfig::default()
        })
        .build()
        .await?;
    let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await?;
    let to = format!("sip:nobody@{}", silent.local_addr()?);
    let error = client.send_message(FROM, &to, "hello").await.unwrap_err();
    assert!(matches!(
        &error,
        SessionError::Unanswered {
            cause: TerminalCause::TimedOut
        }
    ));
    assert_eq!(error.category(), ErrorCategory::Timeout);
    client.stop().await
}

#[tokio::test]
async fn a_message_and_a_call_prove_who_sends_them() -> Result<()> {
    let (server, mut seen) = server(Some(realm())).await?;
    let client = client([alice()]).await?;
    let to = format!("sip:desk@{}", server.get_bound_address());
    assert!(client.send_message(FROM, &to, "hello").await?.is_success());
    let alice = Some("alice".to_owned());
    assert_eq!(
        seen.recv().await.unwrap(),
        ("MESSAGE hello".to_owned(), None, alice.clone())
    );
    let call = client.create_outgoing_call(FROM, &to, None).await?;
    client.wait_for_answer(call.id(), PATIENCE).await?;
    let info = call.send_info(Some("x"), "text/plain", "1").await?;
    assert!(info.is_success());
    let (said, session, user) = seen.recv().await.unwrap();
    assert_eq!((&*said, user), ("INFO 1", alice));
    assert_eq!(
        server.list_active_sessions().await?,
        Vec::from_iter(session)
    );
    call.terminate().await?;
    call.wait_for_end().await;
    while server.get_stats().await?.dialogs > 0 {
        tokio::task::yield_now().await;
    }
    client.stop().await?;
    server.stop().await
}

#[tokio::test]
async fn without_the_right_secret_there_is_neither_message_nor_call() -> Result<()> {
    let (server, mut seen) = server(Some(realm())).await?;
    let to = format!("sip:desk@{}", server.get_bound_address());
    for accounts in [
        vec![],
        vec![Account::new("alice", "guess", "127.0.0.1")],
        vec![Account::new("mallory", "zanzibar", "127.0.0.1")],
        vec![Account::new("alice", "zanzibar", "example.org")],
    ] {
        let client = client(accounts).await?;
        let refused = client.send_message(FROM, &to, "hello").await?;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        let call = client.create_outgoing_call(FROM, &to, None).await?;
        let error = client
            .wait_for_answer(call.id(), PATIENCE)
            .await
            .unwrap_err();
        assert!(matches!(
            error,
            SessionError::CallEnded { cause: TerminalCause::Rejected { status, .. }, .. }
                if status == StatusCode::UNAUTHORIZED
        ));
        client.stop().await?;
    }
    assert!(seen.try_recv().is_err());
    server.stop().await
}

#[tokio::test]
async fn a_subscriber_answers_where_there_is_no_handler() -> Result<()> {
    let server = SessionManagerBuilder::new()
        .with_local_bind_addr("127.0.0.1:0".parse()?)
        .with_methods([Method::Message])
        .build()
        .await?;
    server.start().await?;
    let mut events = server.subscribe();
    let to = format!("sip:desk@{}", server.get_bound_address());
    let answering = tokio::spawn(async move {
        while let Some(Delivery::Event(event)) = events.recv().await {
            if let BasicSessionEvent::RequestReceived {
                call: None,
                request,
            } = event
            {
                let answer = RequestAnswer::new(StatusCode::ACCEPTED);
                return server
                    .answer_request(&request, answer)
                    .await
                    .map(|()| server);
            }
        }
        panic!("no request");
    });
    let client = client([]).await?;
    let answer = client.send_message(FROM, &to, "hello").await?;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    answering.await.unwrap()?.stop().await?;
    client.stop().await
}

/// An account that comes later is used from then on.
#[tokio::test]
async fn accounts_can_be_changed_at_any_time() -> Result<()> {
    let (server, _seen) = server(Some(realm())).await?;
    let to = format!("sip:desk@{}", server.get_bound_address());
    let client = client([]).await?;
    let refused = client.send_message(FROM, &to, "hello").await?;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    client.set_accounts(vec![alice()]).await?;
    assert!(client.send_message(FROM, &to, "hello").await?.is_success());
    client.stop().await?;
    server.stop().await
}
