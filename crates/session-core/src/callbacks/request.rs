//! Requests of peers that the handler answers.

use std::sync::Arc;

use crate::switchboard::Switchboard;
use crate::{CallHandler, IncomingRequest};

/// Answers a request beside all calls in a task of its own. The layer below bounds how many there are.
pub(super) fn spawn(
    switchboard: &Arc<Switchboard>,
    handler: Arc<dyn CallHandler>,
    request: IncomingRequest,
) {
    let switchboard = Arc::clone(switchboard);
    tokio::spawn(async move { answer(&switchboard, &handler, request).await });
}

/// Asks the handler for the answer to a request and sends it.
pub(super) async fn answer(
    switchboard: &Switchboard,
    handler: &Arc<dyn CallHandler>,
    request: IncomingRequest,
) {
    let key = request.key;
    let answer = handler.on_request(request).await;
    // Nobody waits for it when the shard is closed.
    let _ = switchboard
        .post(move |core, now| core.answer_request(now, key, answer))
        .await;
}
