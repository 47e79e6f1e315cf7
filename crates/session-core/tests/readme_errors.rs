//! The README's handling of errors.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use rvoip_session_core::api::*;
use rvoip_session_core::errors::SessionError;

fn explain(session_result: Result<CallSession>) -> String {
    match session_result {
        Err(SessionError::InvalidUri(uri)) => format!("Invalid SIP URI: {uri}"),
        Err(SessionError::ResourceExhausted) => "System at capacity".to_owned(),
        Err(SessionError::SessionNotFound(session_id)) => {
            format!("Session {session_id} not found, may have terminated")
        }
        Err(other) => other.advice().to_owned(),
        Ok(session) => session.id().to_string(),
    }
}

#[tokio::test]
async fn errors_are_told_apart() -> Result<()> {
    let client = SessionManagerBuilder::new()
        .with_local_bind_addr("127.0.0.1:0".parse()?)
        .with_max_sessions(1)
        .build()
        .await?;
    let place = |to: &'static str| client.create_outgoing_call("sip:alice@localhost", to, None);
    assert_eq!(
        explain(place("not a uri").await),
        "Invalid SIP URI: not a uri"
    );
    assert_eq!(
        explain(place("mailto:bob@example.com").await),
        "Invalid SIP URI: mailto:bob@example.com"
    );
    let prepared = client
        .prepare_outgoing_call("sip:alice@localhost", "sip:bob@127.0.0.1:9")
        .await?;
    assert_ne!(prepared.local_rtp_port, 0);
    assert!(
        prepared
            .sdp_offer
            .contains(&format!("m=audio {} ", prepared.local_rtp_port))
    );
    assert_eq!(
        explain(place("sip:bob@127.0.0.1:9").await),
        "System at capacity"
    );
    let session = client
        .get_session(&prepared.session_id)
        .await?
        .expect("a prepared session");
    client.terminate_session(&prepared.session_id).await?;
    assert_eq!(session.wait_for_end().await, TerminalCause::Cancelled);
    let gone = client.terminate_session(&prepared.session_id).await.err();
    assert_eq!(
        gone.as_ref().and_then(SessionError::session_id),
        Some(prepared.session_id)
    );
    assert!(explain(Err(gone.unwrap())).contains("not found"));
    client.stop().await
}
