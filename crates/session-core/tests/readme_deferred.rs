//! The README's deferred decisions with a database, with a stand-in for the pool.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

use rvoip_session_core::api::*;

#[derive(Debug)]
struct DatabasePool {
    callers: HashMap<String, CallerInfo>,
}

#[derive(Debug, Clone)]
struct CallerInfo {
    account_id: u64,
    is_authorized: bool,
}

#[derive(Debug)]
struct DatabaseDrivenHandler {
    pending_calls: Arc<Mutex<VecDeque<IncomingCall>>>,
    db_pool: Arc<DatabasePool>,
    records: Mutex<Vec<String>>,
}

#[async_trait]
impl CallHandler for DatabaseDrivenHandler {
    async fn on_incoming_call(&self, call: IncomingCall) -> CallDecision {
        println!(
            "Incoming call from {} - queuing for database lookup",
            call.from
        );

        // Queue for async processing
        self.pending_calls.lock().unwrap().push_back(call);

        CallDecision::Defer
    }

    async fn on_call_ended(&self, call: CallSession, reason: &str) {
        // Update call records in database
        if let Err(e) = self.update_call_record(&call, reason).await {
            eprintln!("Failed to update call record: {}", e);
        }
    }
}

impl DatabaseDrivenHandler {
    /// One round of the README's loop; returns how many calls there were.
    async fn process_pending_calls(&self, coordinator: Arc<SessionCoordinator>) -> Result<usize> {
        // Process queued calls
        let calls: Vec<IncomingCall> = {
            let mut pending = self.pending_calls.lock().unwrap();
            pending.drain(..).collect()
        };
        let count = calls.len();

        for call in calls {
            match self.lookup_caller_authorization(&call.from).await {
                Ok(caller_info) => {
                    if caller_info.is_authorized {
                        // Generate SDP answer using real media capabilities
                        let sdp_answer = if let Some(offer) = &call.sdp {
                            Some(
                                MediaControl::generate_sdp_answer(&coordinator, &call.id, offer)
                                    .await?,
                            )
                        } else {
                            None
                        };

                        // Accept the call
                        SessionControl::accept_incoming_call(&coordinator, &call, sdp_answer)
                            .await?;

                        println!(
                            "Accepted call from authorized user: {} (Account: {})",
                            call.from, caller_info.account_id
                        );
                    } else {
                        // Reject unauthorized callers
                        SessionControl::reject_incoming_call(
                            &coordinator,
                            &call,
                            "Account not authorized for calling",
                        )
                        .await?;

                        println!("Rejected unauthorized call from: {}", call.from);
                    }
                }
                Err(e) => {
                    eprintln!("Database lookup failed for {}: {}", call.from, e);

                    // Reject on database error (fail closed)
                    SessionControl::reject_incoming_call(
                        &coordinator,
                        &call,
                        "Service temporarily unavailable",
                    )
                    .await?;
                }
            }
        }
        Ok(count)
    }

    async fn lookup_caller_authorization(&self, caller: &str) -> Result<CallerInfo, String> {
        self.db_pool
            .callers
            .get(caller)
            .cloned()
            .ok_or_else(|| format!("{caller} is not in the database"))
    }

    async fn update_call_record(&self, call: &CallSession, reason: &str) -> Result<()> {
        self.records
            .lock()
            .unwrap()
            .push(format!("{} {reason}", call.from));
        Ok(())
    }
}

#[tokio::test]
async fn deferred_calls_are_accepted_and_refused_by_the_database() -> Result<()> {
    let callers = [
        ("sip:alice@localhost", true),
        ("sip:mallory@localhost", false),
    ];
    let callers = callers
        .map(|(caller, is_authorized)| {
            (
                caller.to_owned(),
                CallerInfo {
                    account_id: 7,
                    is_authorized,
                },
            )
        })
        .into();
    let handler = Arc::new(DatabaseDrivenHandler {
        pending_calls: Arc::default(),
        db_pool: Arc::new(DatabasePool { callers }),
        records: Mutex::default(),
    });
    let server = SessionManagerBuilder::new()
        .with_local_bind_addr("127.0.0.1:0".parse()?)
        .with_handler(handler.clone())
        .build()
        .await?;
    server.start().await?;
    let client = SessionManagerBuilder::new()
        .with_local_bind_addr("127.0.0.1:0".parse()?)
        .build()
        .await?;
    let target = format!("sip:bob@{}", server.get_bound_address());
    let mut calls = Vec::new();
    for caller in [
        "sip:alice@localhost",
        "sip:mallory@localhost",
        "sip:nobody@localhost",
    ] {
        calls.push(client.create_outgoing_call(caller, &target, None).await?);
    }
    let mut processed = 0;
    while processed < calls.len() {
        processed += handler.process_pending_calls(server.clone()).await?;
        tokio::task::yield_now().await;
    }
    calls[0].wait_for_answer(Duration::from_secs(10)).await?;
    for refused in &calls[1..] {
        let cause = refused.wait_for_end().await;
        assert_eq!(cause.status(), Some(StatusCode::DECLINE), "{cause}");
    }
    calls[0].terminate().await?;
    calls[0].wait_for_end().await;
    client.stop().await?;
    server.stop().await?;
    assert_eq!(handler.records.lock().unwrap().len(), 3);
    Ok(())
}
