//! Transfers as applications see them, on real sockets: the calls that are awaited, and a chain of handlers that decides.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rvoip_session_core::api::*;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(10);

/// One of a chain: writes down what it is asked and told, and goes to no target that has its own name as user.
#[derive(Debug)]
struct Member {
    name: &'static str,
    log: UnboundedSender<String>,
}

impl Member {
    fn note(&self, what: impl std::fmt::Display) {
        let _ = self.log.send(format!("{} {what}", self.name));
    }
}

#[async_trait]
impl CallHandler for Member {
    async fn on_incoming_call(&self, _call: IncomingCall) -> CallDecision {
        CallDecision::Accept(None)
    }

    async fn on_call_ended(&self, _call: CallSession, _reason: &str) {}

    async fn on_call_replaced(&self, _call: IncomingCall, _replaced: CallSession) -> CallDecision {
        self.note("replaced");
        CallDecision::Accept(None)
    }

    async fn on_transfer_requested(
        &self,
        _call: CallSession,
        transfer: &Transfer,
    ) -> TransferDecision {
        self.note("asked");
        match transfer
            .target()
            .starts_with(&format!("sip:{}@", self.name))
        {
            true => TransferDecision::Reject(StatusCode::FORBIDDEN),
            false => TransferDecision::Accept,
        }
    }

    async fn on_transfer_progress(
        &self,
        _id: &SessionId,
        _: &Transfer,
        progress: TransferProgress,
    ) {
        // How often the target rings is a matter of time.
        if !matches!(progress, TransferProgress::Proceeding { .. }) {
            self.note(format!("{progress:?}"));
        }
    }
}

async fn coordinator(handler: Option<Arc<dyn CallHandler>>) -> Result<Arc<SessionCoordinator>> {
    let mut builder = SessionManagerBuilder::new().with_local_bind_addr("127.0.0.1:0".parse()?);
    if let Some(handler) = handler {
        builder = builder.with_handler(handler);
    }
    let coordinator = builder.build().await?;
    coordinator.start().await?;
    Ok(coordinator)
}

/// Alice who transfers, Bob who is transferred, Carol who is the target, and what Bob's and Carol's chains of two wrote down.
struct Scene {
    alice: Arc<SessionCoordinator>,
    bob: Arc<SessionCoordinator>,
    carol: Arc<SessionCoordinator>,
    bobs: UnboundedReceiver<String>,
    carols: UnboundedReceiver<String>,
}

fn chain() -> (Arc<CompositeHandler>, UnboundedReceiver<String>) {
    let (log, written) = unbounded_channel();
    let first = Member {
        name: "first",
        log: log.clone(),
    };
    let second = Member {
        name: "second",
        log,
    };
    let chain = CompositeHandler::new()
        .add_handler(Arc::new(first))
        .add_handler(Arc::new(second));
    (Arc::new(chain), written)
}

impl Scene {
    async fn new() -> Result<Scene> {
        let (at_bob, bobs) = chain();
        let (at_carol, carols) = chain();
        Ok(Scene {
            alice: coordinator(None).await?,
            bob: coordinator(Some(at_bob)).await?,
            carol: coordinator(Some(at_carol)).await?,
            bobs,
            carols,
        })
    }

    fn at_carol(&self, user: &str) -> String {
        format!("sip:{user}@{}", self.carol.get_bound_address())
    }

    /// An answered call of Alice with Bob.
    async fn call(&self) -> Result<CallSession> {
        let bob = format!("sip:bob@{}", self.bob.get_bound_address());
        let alice = "sip:alice@localhost";
        let call = self.alice.create_outgoing_call(alice, &bob, None).await?;
        call.wait_for_answer(PATIENCE).await?;
        Ok(call)
    }

    async fn end(self) -> Result<()> {
        self.alice.stop().await?;
        self.bob.stop().await?;
        self.carol.stop().await
    }
}

/// The next lines.
async fn lines<const N: usize>(log: &mut UnboundedReceiver<String>) -> [String; N] {
    let mut lines = [const { String::new() }; N];
    for line in &mut lines {
        let next = timeout(PATIENCE, log.recv()).await;
        *line = next.expect("a line in time").expect("an open log");
    }
    lines
}

async fn outcome(transfer: &Transfer) -> TransferProgress {
    let outcome = timeout(PATIENCE, transfer.wait_for_outcome()).await;
    outcome.expect("an outcome")
}

#[tokio::test]
async fn the_first_of_a_chain_that_does_not_go_decides_and_all_are_told() -> Result<()> {
    let mut scene = Scene::new().await?;
    let call = scene.call().await?;

    let refused = TransferFailure::Refused {
        status: StatusCode::FORBIDDEN,
    };
    let failed = TransferProgress::Failed(refused);
    let transfer = call.transfer(&scene.at_carol("first")).await?;
    assert_eq!(outcome(&transfer).await, failed);
    let told = [
        "first asked".to_owned(),
        format!("first {failed:?}"),
        format!("second {failed:?}"),
    ];
    assert_eq!(
        lines(&mut scene.bobs).await,
        told,
        "the second was not asked"
    );

    let transfer = call.transfer(&scene.at_carol("second")).await?;
    assert_eq!(outcome(&transfer).await, failed);
    let [first, second, ..] = lines::<4>(&mut scene.bobs).await;
    assert_eq!([first, second], ["first asked", "second asked"]);
    assert_eq!(call.state(), CallState::Active, "given back");

    let by_id = scene
        .alice
        .transfer_session(call.id(), &scene.at_carol("carol"))
        .await?;
    assert_eq!(outcome(&by_id).await, TransferProgress::Completed);
    assert_eq!(by_id.transfer_type(), TransferType::Blind);
    let told = [
        "first asked",
        "second asked",
        "first Accepted",
        "second Accepted",
        "first Completed",
        "second Completed",
    ];
    assert_eq!(lines(&mut scene.bobs).await, told);
    timeout(PATIENCE, call.wait_for_end())
        .await
        .expect("its end");
    assert_eq!(scene.alice.transfer_history().await?.len(), 3);
    scene.end().await
}

#[tokio::test]
async fn a_consultation_is_placed_given_up_and_placed_again_to_transfer() -> Result<()> {
    let mut scene = Scene::new().await?;
    let call = scene.call().await?;
    let carol = scene.at_carol("carol");

    let asked = call.consult(&carol).await?;
    asked.wait_for_answer(PATIENCE).await?;
    assert_eq!(call.state(), CallState::OnHold);
    let mut events = scene.alice.subscribe();
    asked.terminate().await?;
    let resumed = async {
        while call.state() != CallState::Active {
            events.recv().await.expect("an event");
        }
    };
    timeout(PATIENCE, resumed)
        .await
        .expect("the call is resumed");

    let consulted = scene.alice.create_consultation_call(call.id(), &carol);
    let consulted = consulted.await?;
    consulted.wait_for_answer(PATIENCE).await?;
    let transfer = scene
        .alice
        .transfer_attended(call.id(), consulted.id())
        .await?;
    assert_eq!(transfer.transfer_type(), TransferType::Attended);
    assert_eq!(outcome(&transfer).await, TransferProgress::Completed);
    for over in [&call, &consulted] {
        timeout(PATIENCE, over.wait_for_end())
            .await
            .expect("its end");
    }
    assert_eq!(
        lines(&mut scene.carols).await,
        ["first replaced", "second replaced"]
    );
    let again = call.transfer(&carol).await;
    assert!(matches!(
        again,
        Err(SessionError::SessionNotFound(_) | SessionError::InvalidState { .. })
    ));
    scene.end().await
}

#[tokio::test]
async fn a_transfer_to_somebody_who_only_rings_is_taken_back() -> Result<()> {
    let scene = Scene::new().await?;
    let queue = Arc::new(QueueHandler::new(1));
    let ringing = coordinator(Some(queue.clone())).await?;
    let call = scene.call().await?;
    assert!(matches!(
        call.cancel_transfer().await,
        Err(SessionError::InvalidState { .. })
    ));
    let target = format!("sip:dave@{}", ringing.get_bound_address());
    let transfer = call.transfer(&target).await?;
    let waiting = timeout(PATIENCE, queue.next()).await.expect("a call");
    scene.alice.cancel_transfer(call.id()).await?;
    let cancelled = TransferProgress::Failed(TransferFailure::Cancelled);
    assert_eq!(outcome(&transfer).await, cancelled);
    assert_eq!(call.state(), CallState::Active, "given back");
    waiting.reject("486 Busy Here").await?;
    ringing.stop().await?;
    scene.end().await
}
