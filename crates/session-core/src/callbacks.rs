//! Calls the handler back: one call's notices in order, each call in a task of its own that lives only while it has work.

use std::sync::Arc;

use crate::handler::{MediaFlowDirection, WarningCategory};
use crate::switchboard::Switchboard;
use crate::{BasicSessionEvent, CallHandler, CallRecord, CallSession, TransferProgress};

mod decision;
mod queue;
mod request;
mod subscription;

use queue::Callback;
pub(crate) use queue::CallbackQueue;

/// Queues what the handler is to be told of `event` and sees to it that a task does so.
pub(crate) fn dispatch(
    switchboard: &Arc<Switchboard>,
    handler: Arc<dyn CallHandler>,
    event: BasicSessionEvent,
) {
    use BasicSessionEvent as Event;
    let (call, callback) = match event {
        Event::CallReceived { call, request } => (call, Callback::Received(request)),
        Event::ReplacementReceived {
            call,
            replaced,
            request,
        } => (call, Callback::ReplacementReceived(request, replaced)),
        Event::Transfer {
            call,
            transfer,
            progress,
        } => (call, Callback::TransferAdvanced(transfer, progress)),
        Event::StateChanged {
            call,
            old_state,
            new_state,
            reason,
        } => (
            call,
            Callback::StateChanged {
                old_state,
                new_state,
                reason,
            },
        ),
        Event::Established {
            call,
            local_sdp,
            remote_sdp,
        } => (
            call,
            Callback::Established {
                local_sdp,
                remote_sdp,
            },
        ),
        Event::MediaFlowChanged {
            call,
            active,
            codec,
        } => (call, Callback::MediaFlowChanged(active, codec)),
        Event::DtmfReceived {
            call,
            digit,
            duration,
        } => (call, Callback::Pressed(digit, duration)),
        Event::MediaReported { call, statistics } => (call, Callback::MediaReported(statistics)),
        Event::QualityChanged { call, change } => {
            let message = Arc::from(change.to_string());
            (call, Callback::Warning(WarningCategory::Quality, message))
        }
        Event::MediaFailed { call, message } => {
            (call, Callback::Warning(WarningCategory::Media, message))
        }
        Event::RequestReceived {
            call: Some(call),
            request,
        } => (call, Callback::Requested(request)),
        Event::RequestReceived {
            call: None,
            request,
        } => return request::spawn(switchboard, handler, request),
        Event::SubscriptionReceived(received) => {
            return subscription::spawn(switchboard, handler, received);
        }
        Event::Ended { call, cause } => (call, Callback::Ended(cause)),
        Event::CallPlaced { .. }
        | Event::RegistrationChanged { .. }
        | Event::SecretWanted { .. }
        | Event::Unsolicited { .. }
        | Event::Bridge(_)
        | Event::BindingChanged(_)
        | Event::StatePublished(_)
        | Event::EarlyMediaStarted { .. }
        | Event::Redirected { .. }
        | Event::HoldChanged { .. }
        | Event::OfferRefused { .. }
        | Event::DtmfEnded { .. }
        | Event::VoiceChanged { .. }
        | Event::AudioUnderrun { .. }
        | Event::AudioDropped { .. } => return,
    };
    if call.callbacks.push(callback) {
        spawn(Caller {
            switchboard: Arc::clone(switchboard),
            handler,
            call,
        });
    }
}

/// The task that tells one call's notices. When a callback panics, a new one goes on with the next notice.
struct Caller {
    switchboard: Arc<Switchboard>,
    handler: Arc<dyn CallHandler>,
    call: Arc<CallRecord>,
}

fn spawn(caller: Caller) {
    caller.switchboard.caller_started();
    // Boxed, because a task is moved several times on its way into the runtime.
    tokio::spawn(Box::pin(run(caller)));
}

async fn run(caller: Caller) {
    let _finish = Finish(&caller);
    while let Some(callback) = caller.call.callbacks.next() {
        caller.tell(callback).await;
    }
}

struct Finish<'a>(&'a Caller);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.switchboard.caller_finished();
        if std::thread::panicking() {
            tracing::warn!(session = %self.0.call.id(), "a callback of the application panicked");
            spawn(Caller {
                switchboard: Arc::clone(&self.0.switchboard),
                handler: Arc::clone(&self.0.handler),
                call: Arc::clone(&self.0.call),
            });
        }
    }
}

impl Caller {
    fn session(&self) -> CallSession {
        CallSession::new(&self.switchboard, &self.call)
    }

    async fn tell(&self, callback: Callback) {
        let id = self.call.id();
        match callback {
            Callback::Received(request) => self.ask(request, None).await,
            Callback::ReplacementReceived(request, replaced) => {
                self.ask(request, Some(replaced)).await
            }
            Callback::TransferAdvanced(transfer, TransferProgress::Requested) => {
                self.ask_transfer(transfer).await
            }
            Callback::TransferAdvanced(transfer, progress) => {
                self.handler
                    .on_transfer_progress(&id, &transfer, progress)
                    .await
            }
            Callback::StateChanged {
                old_state,
                new_state,
                reason,
            } => {
                self.handler
                    .on_call_state_changed(&id, &old_state, &new_state, reason.as_deref())
                    .await;
            }
            Callback::Established {
                local_sdp,
                remote_sdp,
            } => {
                let text = |sdp: Option<Arc<str>>| sdp.as_deref().map(str::to_owned);
                self.handler
                    .on_call_established(self.session(), text(local_sdp), text(remote_sdp))
                    .await;
            }
            Callback::MediaFlowChanged(active, codec) => {
                let codec = codec.map_or("", |codec| codec.name());
                self.handler
                    .on_media_flow(&id, MediaFlowDirection::Receive, active, codec)
                    .await;
            }
            Callback::Pressed(digit, duration) => {
                let ms = u32::try_from(duration.as_millis()).unwrap_or(u32::MAX);
                self.handler.on_dtmf(&id, digit, ms).await
            }
            Callback::MediaReported(statistics) => {
                self.handler.on_media_quality(&id, &statistics).await
            }
            Callback::Warning(category, message) => {
                self.handler.on_warning(Some(&id), category, &message).await
            }
            Callback::Requested(request) => {
                request::answer(&self.switchboard, &self.handler, request).await;
            }
            Callback::Ended(cause) => {
                self.handler
                    .on_call_ended(self.session(), &cause.words())
                    .await
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_task_of_a_callback_fits_into_a_kilobyte() {
        fn size_of_task<F>(_: impl FnOnce(Caller) -> F) -> usize {
            size_of::<F>()
        }
        assert!(size_of_task(run) <= 1024, "{}", size_of_task(run));
    }
}
