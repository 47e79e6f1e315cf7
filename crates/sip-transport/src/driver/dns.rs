//! Host names, resolved by the system in tasks of their own.

use std::net::IpAddr;

use rvoip_sip_core::ByteString;
use tokio::sync::mpsc;

use crate::{Input, ResolveId};

/// Answers that wait for the shard; a task that has one more waits.
const QUEUE_ANSWERS: usize = 64;

/// The questions of a shard.
pub(super) struct Resolver {
    answers: mpsc::Receiver<Input>,
    sender: mpsc::Sender<Input>,
    open: usize,
}

impl Resolver {
    pub(super) fn new() -> Self {
        let (sender, answers) = mpsc::channel(QUEUE_ANSWERS);
        Self {
            answers,
            sender,
            open: 0,
        }
    }

    pub(super) fn ask(&mut self, query: ResolveId, host: ByteString) {
        self.open += 1;
        let sender = self.sender.clone();
        tokio::spawn(async move {
            let mut addresses: Vec<IpAddr> = Vec::new();
            match tokio::net::lookup_host((&*host, 0)).await {
                Ok(found) => {
                    for ip in found.map(|addr| addr.ip()) {
                        if !addresses.contains(&ip) {
                            addresses.push(ip);
                        }
                    }
                }
                Err(error) => tracing::debug!(host = &*host, %error, "name not resolved"),
            }
            // An error means that the shard has stopped.
            let _ = sender.send(Input::Resolved { query, addresses }).await;
        });
    }

    /// The next answer that is there.
    pub(super) fn poll(&mut self, cx: &mut std::task::Context<'_>) -> Option<Input> {
        if self.open == 0 {
            return None;
        }
        match self.answers.poll_recv(cx) {
            std::task::Poll::Ready(Some(answer)) => {
                self.open -= 1;
                Some(answer)
            }
            _ => None,
        }
    }
}
