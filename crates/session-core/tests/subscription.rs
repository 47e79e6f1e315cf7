//! Subscriptions through the facade, over real sockets: a mailbox and its watcher.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rvoip_session_core::dialog_core::event_package::message_summary::MessageSummary;
use rvoip_session_core::dialog_core::{
    Body, EventPackage, SubscriptionConfig, SubscriptionEnd, TerminationReason,
};
use rvoip_session_core::{
    BackOff, CallDecision, CallHandler, CallSession, IncomingCall, SessionControl,
    SessionCoordinator, SessionManagerBuilder, Subscription, SubscriptionChange,
    SubscriptionDecision, Watcher,
};
use tokio::sync::mpsc;

#[derive(Debug)]
struct Mailbox {
    watchers: mpsc::UnboundedSender<Watcher>,
    decision: SubscriptionDecision,
}

#[async_trait]
impl CallHandler for Mailbox {
    async fn on_incoming_call(&self, _: IncomingCall) -> CallDecision {
        CallDecision::Reject("486 Busy Here".into())
    }

    async fn on_call_ended(&self, _: CallSession, _: &str) {}

    async fn on_subscription(&self, watcher: Watcher) -> SubscriptionDecision {
        let _ = self.watchers.send(watcher);
        self.decision.clone()
    }
}

fn summary(new: u32) -> Body {
    let text = format!("Messages-Waiting: yes\r\nVoice-Message: {new}/0\r\n");
    Body {
        content_type: "application/simple-message-summary".into(),
        content: text.into(),
    }
}

async fn coordinator(handler: Option<Arc<dyn CallHandler>>) -> Arc<SessionCoordinator> {
    let builder = SessionManagerBuilder::new()
        .with_local_bind_addr("127.0.0.1:0".parse().unwrap())
        .with_event_packages([EventPackage::message_summary()])
        .with_subscriptions(SubscriptionConfig {
            renewal: Some(BackOff {
                base: Duration::from_millis(10),
                max: Duration::from_millis(10),
            }),
            ..SubscriptionConfig::default()
        });
    let builder = match handler {
        Some(handler) => builder.with_handler(handler),
        None => builder,
    };
    let coordinator = builder.build().await.unwrap();
    coordinator.start().await.unwrap();
    coordinator
}

async fn subscribe(alice: &SessionCoordinator, bob: &Arc<SessionCoordinator>) -> Subscription {
    let to = format!("sip:bob@{}", SessionControl::get_bound_address(bob));
    let package = EventPackage::message_summary();
    let made = alice.subscribe_to_events("sip:alice@example.com", &to, package);
    made.await.unwrap()
}

async fn told(subscription: &mut Subscription) -> u32 {
    loop {
        match subscription.next().await.unwrap().change {
            SubscriptionChange::Notified {
                body: Some(body), ..
            } => {
                let text = std::str::from_utf8(&body.content).unwrap();
                let summary = MessageSummary::parse(text).unwrap();
                return summary.count("voice-message").unwrap().new;
            }
            SubscriptionChange::Ended(cause) => panic!("{cause:?}"),
            _ => {}
        }
    }
}

async fn end(subscription: &mut Subscription) -> SubscriptionEnd {
    let mut end = None;
    while let Some(notice) = subscription.next().await {
        if let SubscriptionChange::Ended(cause) = notice.change {
            assert!(end.replace(cause).is_none());
        }
    }
    end.unwrap()
}

#[tokio::test]
async fn a_watcher_is_told_what_is_new_until_one_side_leaves() {
    let (watchers, mut watching) = mpsc::unbounded_channel();
    let decision = SubscriptionDecision::Accept(Some(summary(0)));
    let bob = coordinator(Some(Arc::new(Mailbox { watchers, decision }))).await;
    let alice = coordinator(None).await;
    let mut subscription = subscribe(&alice, &bob).await;
    let watcher = watching.recv().await.unwrap();
    assert_eq!(watcher.subscription().package, "message-summary");
    assert_eq!(watcher.subscription().from, "sip:alice@example.com");
    assert_eq!(told(&mut subscription).await, 0);
    watcher.notify(summary(3)).await.unwrap();
    assert_eq!(told(&mut subscription).await, 3);
    subscription.unsubscribe().await.unwrap();
    assert!(matches!(
        end(&mut subscription).await,
        SubscriptionEnd::Terminated {
            reason: Some(TerminationReason::Timeout),
            ..
        }
    ));
    assert_eq!(watcher.ended().await, Some(SubscriptionEnd::Unsubscribed));
    assert!(watcher.notify(summary(4)).await.is_err());

    // And the other way round.
    let mut subscription = subscribe(&alice, &bob).await;
    let watcher = watching.recv().await.unwrap();
    assert_eq!(told(&mut subscription).await, 0);
    watcher
        .terminate(TerminationReason::NoResource, None)
        .await
        .unwrap();
    assert!(matches!(
        end(&mut subscription).await,
        SubscriptionEnd::Terminated {
            reason: Some(TerminationReason::NoResource),
            ..
        }
    ));

    // A handle that is dropped leaves.
    let subscription = subscribe(&alice, &bob).await;
    let watcher = watching.recv().await.unwrap();
    drop(subscription);
    assert_eq!(watcher.ended().await, Some(SubscriptionEnd::Unsubscribed));
    alice.stop().await.unwrap();
    bob.stop().await.unwrap();
}

#[tokio::test]
async fn who_may_not_watch_is_told_so() {
    let (watchers, mut watching) = mpsc::unbounded_channel();
    let decision = SubscriptionDecision::Postpone;
    let bob = coordinator(Some(Arc::new(Mailbox { watchers, decision }))).await;
    let alice = coordinator(None).await;
    let to = format!("sip:bob@{}", SessionControl::get_bound_address(&bob));
    let presence =
        alice.subscribe_to_events("sip:alice@example.com", &to, EventPackage::presence());
    let mut presence = presence.await.unwrap();
    match end(&mut presence).await {
        SubscriptionEnd::Refused {
            status,
            allow_events,
            ..
        } => {
            assert_eq!(status.code(), 489);
            assert_eq!(allow_events, ["message-summary", "refer"]);
        }
        other => panic!("{other:?}"),
    }
    // What was postponed is granted by the first state.
    let mut subscription = subscribe(&alice, &bob).await;
    let watcher = watching.recv().await.unwrap();
    loop {
        // The decision is carried out after the handler has returned.
        if watcher.notify(summary(1)).await.is_ok() {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(told(&mut subscription).await, 1);
    alice.stop().await.unwrap();
    bob.stop().await.unwrap();
}

#[tokio::test]
async fn what_a_notifier_ends_for_a_time_is_made_again() {
    let (watchers, mut watching) = mpsc::unbounded_channel();
    let decision = SubscriptionDecision::Accept(Some(summary(1)));
    let bob = coordinator(Some(Arc::new(Mailbox { watchers, decision }))).await;
    let alice = coordinator(None).await;
    let mut subscription = subscribe(&alice, &bob).await;
    for _ in 0..3 {
        let watcher = watching.recv().await.unwrap();
        assert_eq!(told(&mut subscription).await, 1);
        let reason = TerminationReason::Deactivated;
        watcher.terminate(reason, None).await.unwrap();
        assert!(watcher.ended().await.is_some());
    }
    let watcher = watching.recv().await.unwrap();
    assert_eq!(told(&mut subscription).await, 1);
    let reason = TerminationReason::NoResource;
    watcher.terminate(reason, None).await.unwrap();
    assert!(matches!(
        end(&mut subscription).await,
        SubscriptionEnd::Terminated {
            reason: Some(TerminationReason::NoResource),
            ..
        }
    ));
    alice.stop().await.unwrap();
    bob.stop().await.unwrap();
}
