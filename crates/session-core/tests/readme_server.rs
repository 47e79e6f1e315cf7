//! The README's servers: the three-line one and the call center.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)]

use rvoip_session_core::api::*;

/// The three-line server, on a port of the system's choice in place of 5060.
#[tokio::test]
async fn the_three_line_server_answers() -> Result<()> {
    let session_manager = SessionManager::new(SessionConfig::server("127.0.0.1:0")?).await?;
    session_manager
        .set_call_handler(Arc::new(AutoAnswerHandler))
        .await?;
    session_manager.start_server("127.0.0.1:0".parse()?).await?;

    let server = session_manager
        .coordinator()
        .expect("the server has been started")
        .get_bound_address();
    let client = SessionManagerBuilder::new()
        .with_local_bind_addr("127.0.0.1:0".parse()?)
        .build()
        .await?;
    let call = client
        .create_outgoing_call("sip:alice@localhost", &format!("sip:bob@{server}"), None)
        .await?;
    SessionControl::wait_for_answer(&client, &call.id, Duration::from_secs(10)).await?;
    assert!(call.is_active());
    client.stop().await?;
    session_manager.stop().await?;
    assert!(call.state().is_final());
    Ok(())
}

/// Compiled only: it listens on port 5060 and waits for Ctrl-C.
#[allow(dead_code)]
mod three_lines {
    use rvoip_session_core::api::*;

    #[tokio::main]
    async fn main() -> Result<()> {
        let session_manager = SessionManager::new(SessionConfig::server("127.0.0.1:5060")?).await?;
        session_manager
            .set_call_handler(Arc::new(AutoAnswerHandler))
            .await?;
        session_manager
            .start_server("127.0.0.1:5060".parse()?)
            .await?;

        println!("SIP server running - auto-answering all calls");
        tokio::signal::ctrl_c().await?;
        Ok(())
    }
}

/// Compiled, and its handler is run below.
mod call_center {
    use rvoip_session_core::api::*;
    use std::sync::Arc;

    #[allow(dead_code)]
    #[tokio::main]
    async fn main() -> Result<()> {
        // Production-grade session coordinator
        let coordinator = SessionManagerBuilder::new()
            .with_sip_port(5060)
            .with_local_address("sip:callcenter@pbx.company.com:5060")
            .with_rtp_port_range(10000, 20000)
            .with_max_sessions(1000)
            .with_session_timeout(Duration::from_secs(3600))
            .with_handler(Arc::new(CallCenterHandler::new()))
            .build()
            .await?;

        // Start accepting calls
        SessionControl::start(&coordinator).await?;

        // Monitor system health
        tokio::spawn(monitor_system_health(coordinator.clone()));

        // Wait for shutdown signal
        tokio::signal::ctrl_c().await?;
        SessionControl::stop(&coordinator).await?;
        Ok(())
    }

    #[allow(dead_code)]
    async fn monitor_system_health(coordinator: Arc<SessionCoordinator>) {
        while let Ok(stats) = coordinator.get_stats().await {
            println!("{} sessions", stats.active_sessions);
            tokio::task::yield_now().await;
        }
    }

    #[derive(Debug)]
    pub(crate) struct CallCenterHandler {
        pub(crate) queue: Arc<Mutex<VecDeque<IncomingCall>>>,
    }

    impl CallCenterHandler {
        pub(crate) fn new() -> Self {
            CallCenterHandler {
                queue: Arc::default(),
            }
        }
    }

    #[async_trait]
    impl CallHandler for CallCenterHandler {
        async fn on_incoming_call(&self, call: IncomingCall) -> CallDecision {
            // Route based on called number
            match call.to.as_str() {
                "sip:support@pbx.company.com" => {
                    self.queue.lock().unwrap().push_back(call);
                    CallDecision::Defer // Queue for agent assignment
                }
                "sip:sales@pbx.company.com" => {
                    CallDecision::Forward("sip:sales-queue@internal".to_string())
                }
                _ => CallDecision::Accept(None), // Auto-answer for other calls
            }
        }

        async fn on_call_established(
            &self,
            call: CallSession,
            _local_sdp: Option<String>,
            _remote_sdp: Option<String>,
        ) {
            println!("Call {} established with real media", call.id());

            // Start quality monitoring for all calls
            let coordinator = call.coordinator();
            MediaControl::start_statistics_monitoring(
                &coordinator,
                call.id(),
                Duration::from_secs(5),
            )
            .await
            .ok();
        }

        async fn on_call_ended(&self, call: CallSession, reason: &str) {
            println!(
                "Call {} ended: {} (Duration: {:?})",
                call.id(),
                reason,
                call.duration()
            );
        }
    }
}

#[tokio::test]
async fn the_call_center_answers_and_ends_with_its_coordinator() -> Result<()> {
    let server = SessionManagerBuilder::new()
        .with_local_bind_addr("127.0.0.1:0".parse()?)
        .with_local_address("sip:callcenter@pbx.company.com:5060")
        .with_handler(Arc::new(call_center::CallCenterHandler::new()))
        .build()
        .await?;
    SessionControl::start(&server).await?;
    let address = server.get_bound_address();
    let client = SessionManagerBuilder::new()
        .with_local_bind_addr("127.0.0.1:0".parse()?)
        .build()
        .await?;
    let call = client
        .create_outgoing_call("sip:alice@localhost", &format!("sip:x@{address}"), None)
        .await?;
    call.wait_for_answer(Duration::from_secs(10)).await?;
    drop(server);
    assert_eq!(call.wait_for_end().await, TerminalCause::RemoteHangup);
    Ok(())
}
