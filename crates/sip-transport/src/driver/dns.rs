//! Questions to the domain name system, each in a task of its own.
//!
//! With the feature `dns` they go to name servers; without it the system is asked, which knows addresses only.

use std::task::{Context, Poll};

use tokio::sync::mpsc;

use crate::{Input, LookupError, LookupId, Question};

#[cfg(feature = "dns")]
mod name_server;
mod system;

#[cfg(feature = "dns")]
pub use self::name_server::DnsConfig;
#[cfg(feature = "dns")]
use self::name_server::NameServers;

/// Answers that wait for the shard; a task that has one more waits.
const QUEUE_ANSWERS: usize = 64;
/// Questions asked at a time; one more is answered at once that there are too many.
const MAX_OPEN: usize = 512;

/// Who is asked.
#[derive(Debug, Default)]
pub(super) struct Resolver {
    #[cfg(feature = "dns")]
    name_servers: NameServers,
}

impl Resolver {
    #[cfg(feature = "dns")]
    pub(super) fn new(config: DnsConfig) -> Self {
        Self {
            name_servers: NameServers::new(config),
        }
    }

    fn ask(&mut self, query: LookupId, question: Question, sender: mpsc::Sender<Input>) {
        #[cfg(feature = "dns")]
        if let Some(servers) = self.name_servers.handle() {
            tokio::spawn(async move {
                let answer = name_server::look_up(&servers, &question).await;
                // An error means that the shard has stopped.
                let _ = sender.send(Input::Answer { query, answer }).await;
            });
            return;
        }
        tokio::spawn(async move {
            let answer = system::look_up(&question).await;
            // An error means that the shard has stopped.
            let _ = sender.send(Input::Answer { query, answer }).await;
        });
    }
}

/// The questions of a shard.
pub(super) struct Questions {
    resolver: Resolver,
    answers: mpsc::Receiver<Input>,
    sender: mpsc::Sender<Input>,
    open: usize,
    refused: Vec<Input>,
}

impl Questions {
    pub(super) fn new(resolver: Resolver) -> Self {
        let (sender, answers) = mpsc::channel(QUEUE_ANSWERS);
        Self {
            resolver,
            answers,
            sender,
            open: 0,
            refused: Vec::new(),
        }
    }

    pub(super) fn ask(&mut self, query: LookupId, question: Question) {
        if self.open >= MAX_OPEN {
            let answer = Err(LookupError::TooMany);
            return self.refused.push(Input::Answer { query, answer });
        }
        self.open += 1;
        self.resolver.ask(query, question, self.sender.clone());
    }

    /// The next answer that is there.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Option<Input> {
        if let Some(refused) = self.refused.pop() {
            return Some(refused);
        }
        if self.open == 0 {
            return None;
        }
        match self.answers.poll_recv(cx) {
            Poll::Ready(Some(answer)) => {
                self.open -= 1;
                Some(answer)
            }
            _ => None,
        }
    }
}
