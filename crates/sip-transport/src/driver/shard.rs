//! The handle on a running core.

use std::fmt;
use std::time::Instant;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

/// Commands that wait for a shard at most; `call` and `post` wait for room, `try_post` does not.
const QUEUE_COMMANDS: usize = 1024;

/// The shard has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the shard has stopped")]
pub struct ShardClosed;

/// Why a command was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TryPostError {
    /// As many commands wait as there is room for.
    #[error("the shard's command queue is full")]
    Full,
    /// The shard has stopped.
    #[error("the shard has stopped")]
    Closed,
}

type Run<C> = Box<dyn FnOnce(&mut C, Instant) + Send>;

/// What a handle asks of its shard.
pub(super) enum Command<C> {
    Run(Run<C>),
    Stop,
}

/// A handle on a running core. Clones are handles on the same core; the shard stops when the last
/// of them is dropped.
pub struct Shard<C> {
    commands: mpsc::Sender<Command<C>>,
}

impl<C> Clone for Shard<C> {
    fn clone(&self) -> Self {
        Self {
            commands: self.commands.clone(),
        }
    }
}

impl<C> fmt::Debug for Shard<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shard")
            .field("is_closed", &self.commands.is_closed())
            .finish()
    }
}

impl<C: 'static> Shard<C> {
    pub(super) fn new() -> (Self, mpsc::Receiver<Command<C>>) {
        let (commands, receiver) = mpsc::channel(QUEUE_COMMANDS);
        (Self { commands }, receiver)
    }

    /// Runs `command` on the core, between two turns of the shard, and returns what it returns.
    ///
    /// # Errors
    /// When the shard has stopped.
    pub async fn call<R, F>(&self, command: F) -> Result<R, ShardClosed>
    where
        F: FnOnce(&mut C, Instant) -> R + Send + 'static,
        R: Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.post(move |core, now| {
            // Nobody waits any more when the caller's future was dropped.
            let _ = answer.send(command(core, now));
        })
        .await?;
        answered.await.map_err(|_| ShardClosed)
    }

    /// Runs `command` on the core; waits only for room in the queue.
    ///
    /// # Errors
    /// When the shard has stopped.
    pub async fn post<F>(&self, command: F) -> Result<(), ShardClosed>
    where
        F: FnOnce(&mut C, Instant) + Send + 'static,
    {
        let command = Command::Run(Box::new(command));
        self.commands.send(command).await.map_err(|_| ShardClosed)
    }

    /// Runs `command` on the core without waiting for anything.
    ///
    /// # Errors
    /// When the queue is full or the shard has stopped.
    pub fn try_post<F>(&self, command: F) -> Result<(), TryPostError>
    where
        F: FnOnce(&mut C, Instant) + Send + 'static,
    {
        self.commands
            .try_send(Command::Run(Box::new(command)))
            .map_err(|error| match error {
                TrySendError::Full(_) => TryPostError::Full,
                TrySendError::Closed(_) => TryPostError::Closed,
            })
    }

    /// Ends the shard. What the core has to send is sent (within a second, to peers that read),
    /// then all sockets are closed; when this returns the addresses can be bound again.
    pub async fn stop(&self) {
        // An error means that it has stopped already.
        let _ = self.commands.send(Command::Stop).await;
        self.commands.closed().await;
    }

    /// Waits until the shard has stopped and its sockets are closed.
    pub async fn stopped(&self) {
        self.commands.closed().await;
    }
}
