//! Handlers that panic, hang, block their task, or forget: their own call suffers and no other.

use std::sync::atomic::{AtomicUsize, Ordering};

use rvoip_session_core::api::*;
use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;

use super::scene::{PATIENCE, builder, call, loopbacks, until_empty};

/// What the handler does depends on whom the caller asks for.
#[derive(Debug, Default)]
struct Moody {
    never: Notify,
    kept: Mutex<Vec<IncomingCall>>,
    /// Opened when those who wait may go on.
    gate: Option<Semaphore>,
    stuck: AtomicUsize,
    ended: Mutex<Vec<String>>,
    told: Notify,
}

impl Moody {
    /// Waits for what may never come.
    async fn wait(&self) {
        self.stuck.fetch_add(1, Ordering::Relaxed);
        self.told.notify_waiters();
        match &self.gate {
            Some(gate) => drop(gate.acquire().await.expect("a gate")),
            None => self.never.notified().await,
        }
    }

    async fn mood(&self, place: &str, to: &str) {
        let user = to.split([':', '@']).nth(1).unwrap_or_default();
        match user.strip_suffix(place) {
            Some("panics-") => panic!("the application's fault, in {place}"),
            Some("hangs-") => self.wait().await,
            _ => {}
        }
    }

    async fn until(&self, holds: impl Fn(&Moody) -> bool) {
        let held = async {
            loop {
                let told = self.told.notified();
                tokio::pin!(told);
                told.as_mut().enable();
                if holds(self) {
                    return;
                }
                told.await;
            }
        };
        timeout(PATIENCE, held)
            .await
            .expect("the handler gets there");
    }
}

#[async_trait]
impl CallHandler for Moody {
    async fn on_incoming_call(&self, call: IncomingCall) -> CallDecision {
        self.mood("asked", &call.to).await;
        if call.to.starts_with("sip:kept@") {
            self.kept.lock().unwrap().push(call);
            return CallDecision::Defer;
        }
        CallDecision::Accept(None)
    }

    async fn on_call_established(
        &self,
        call: CallSession,
        _local_sdp: Option<String>,
        _remote_sdp: Option<String>,
    ) {
        self.mood("established", &call.to).await;
    }

    async fn on_call_ended(&self, call: CallSession, reason: &str) {
        self.mood("ended", &call.to).await;
        let user = call.to.split([':', '@']).nth(1).unwrap_or_default();
        self.ended.lock().unwrap().push(format!("{user} {reason}"));
        self.told.notify_waiters();
    }
}

async fn serve(
    handler: &Arc<Moody>,
    builder: SessionManagerBuilder,
) -> (Arc<SessionCoordinator>, Arc<SessionCoordinator>) {
    let server = builder.with_handler(handler.clone()).build().await.unwrap();
    server.start().await.unwrap();
    let client = super::scene::builder(server.get_bound_address().ip());
    (server, client.build().await.unwrap())
}

/// An ordinary call, from the first message to the last word of the handler.
async fn ordinary(
    handler: &Moody,
    client: &Arc<SessionCoordinator>,
    server: &Arc<SessionCoordinator>,
) {
    handler.ended.lock().unwrap().clear();
    let placed = call(client, server, "bob").await;
    placed.wait_for_answer(PATIENCE).await.unwrap();
    placed.terminate().await.unwrap();
    assert_eq!(placed.wait_for_end().await, TerminalCause::LocalHangup);
    handler
        .until(|handler| {
            handler
                .ended
                .lock()
                .unwrap()
                .contains(&"bob remote hangup".to_owned())
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_in_any_callback_is_that_calls_affair() {
    let handler = Arc::new(Moody::default());
    let (server, client) = serve(&handler, builder(loopbacks()[0])).await;
    for _ in 0..5 {
        let asked = call(&client, &server, "panics-asked").await;
        let cause = asked.wait_for_end().await;
        assert_eq!(cause.status(), Some(StatusCode::TEMPORARILY_UNAVAILABLE));
        let established = call(&client, &server, "panics-established").await;
        established.wait_for_answer(PATIENCE).await.unwrap();
        let ended = call(&client, &server, "panics-ended").await;
        ended.wait_for_answer(PATIENCE).await.unwrap();
        ordinary(&handler, &client, &server).await;
        assert!(established.is_active() && ended.is_active());
        for placed in [established, ended] {
            placed.terminate().await.unwrap();
            assert_eq!(placed.wait_for_end().await, TerminalCause::LocalHangup);
        }
        handler
            .until(|handler| {
                let ended = handler.ended.lock().unwrap();
                ended.contains(&"panics-established remote hangup".to_owned())
            })
            .await;
    }
    until_empty(&server).await;
    server.stop().await.unwrap();
    client.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handlers_that_never_return_keep_no_other_call_waiting() {
    const STUCK: usize = 100;
    let handler = Arc::new(Moody::default());
    let (server, client) = serve(&handler, builder(loopbacks()[0])).await;
    let mut stuck = Vec::new();
    for number in 0..STUCK {
        let user = ["hangs-asked", "hangs-established"][number % 2];
        stuck.push(call(&client, &server, user).await);
    }
    handler
        .until(|handler| handler.stuck.load(Ordering::Relaxed) == STUCK)
        .await;
    for _ in 0..5 {
        ordinary(&handler, &client, &server).await;
    }
    for (number, placed) in stuck.iter().enumerate() {
        let expected = if number % 2 == 0 {
            TerminalCause::Cancelled
        } else {
            placed.wait_for_answer(PATIENCE).await.unwrap();
            TerminalCause::LocalHangup
        };
        placed.terminate().await.unwrap();
        assert_eq!(placed.wait_for_end().await, expected);
    }
    until_empty(&server).await;
    until_empty(&client).await;
    // Those who still hang cannot hold up the end.
    timeout(PATIENCE, server.stop()).await.unwrap().unwrap();
    client.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_takes_its_time_loses_nothing_but_that() {
    let handler = Arc::new(Moody {
        gate: Some(Semaphore::new(0)),
        ..Moody::default()
    });
    let (server, client) = serve(&handler, builder(loopbacks()[0])).await;
    let slow = call(&client, &server, "hangs-asked").await;
    let gone = call(&client, &server, "hangs-asked").await;
    handler
        .until(|handler| handler.stuck.load(Ordering::Relaxed) == 2)
        .await;
    ordinary(&handler, &client, &server).await;
    // One caller gives up in the meantime: the decision about it comes to nothing.
    gone.terminate().await.unwrap();
    assert_eq!(gone.wait_for_end().await, TerminalCause::Cancelled);
    assert!(!slow.is_active());
    handler.gate.as_ref().unwrap().add_permits(2);
    slow.wait_for_answer(PATIENCE).await.unwrap();
    handler
        .until(|handler| {
            let ended = handler.ended.lock().unwrap();
            ended.contains(&"hangs-asked cancelled".to_owned())
        })
        .await;
    slow.terminate().await.unwrap();
    assert_eq!(slow.wait_for_end().await, TerminalCause::LocalHangup);
    until_empty(&server).await;
    server.stop().await.unwrap();
    client.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_nobody_decides_about_is_answered_when_its_time_is_up() {
    let handler = Arc::new(Moody::default());
    let limit = Duration::from_secs(1);
    let limited = builder(loopbacks()[0]).with_ringing_timeout(limit);
    let (server, client) = serve(&handler, limited).await;
    let kept = call(&client, &server, "kept").await;
    let hung = call(&client, &server, "hangs-asked").await;
    for placed in [kept, hung] {
        let cause = placed.wait_for_end().await;
        assert_eq!(cause.status(), Some(StatusCode::TEMPORARILY_UNAVAILABLE));
    }
    handler
        .until(|handler| {
            let ended = handler.ended.lock().unwrap();
            ended.contains(&"kept no answer".to_owned())
        })
        .await;
    let late = handler.kept.lock().unwrap().pop().expect("the call");
    assert_eq!(late.session().cause(), Some(&TerminalCause::NoAnswer));
    assert!(late.accept().await.is_err() && late.reject("486").await.is_err());
    drop(late);
    ordinary(&handler, &client, &server).await;
    until_empty(&server).await;
    server.stop().await.unwrap();
    client.stop().await.unwrap();
}
