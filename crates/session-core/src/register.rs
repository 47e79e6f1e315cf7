//! Registrations of this side: made, kept, waited for, taken back (RFC 3261 section 10.2).

mod config;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rvoip_dialog_core::RegistrationKey;
use rvoip_dialog_core::registration::{Grant, RegistrationStatus};
use tokio::sync::watch;

use crate::switchboard::Switchboard;
use crate::{Result, SessionCoordinator, SessionError, TerminalCause};

pub use config::RegistrationConfig;

/// A handle on one registration. Cheap to clone, and dropping it does nothing to the registration, which is kept until
/// [`unregister`](Self::unregister) or the stop of the coordinator.
#[derive(Clone)]
pub struct Registration {
    pub(crate) key: RegistrationKey,
    address_of_record: Arc<str>,
    status: watch::Receiver<RegistrationStatus>,
    switchboard: Arc<Switchboard>,
}

impl Registration {
    /// The address of record.
    pub fn address_of_record(&self) -> &str {
        &self.address_of_record
    }

    /// Where it stands now.
    pub fn status(&self) -> RegistrationStatus {
        self.status.borrow().clone()
    }

    /// Whether the registrar has it, or had it when its refresh was sent.
    pub fn is_registered(&self) -> bool {
        matches!(
            *self.status.borrow(),
            RegistrationStatus::Registered(_) | RegistrationStatus::Refreshing
        )
    }

    /// Waits until it stands otherwise than at the last call, and tells how; `None` when it is over or the coordinator has
    /// stopped. What follows quickly is told as one; every step is told by
    /// [`RegistrationChanged`](crate::BasicSessionEvent::RegistrationChanged).
    pub async fn changed(&mut self) -> Option<RegistrationStatus> {
        self.status.changed().await.ok()?;
        Some(self.status.borrow_and_update().clone())
    }

    /// Waits until the registrar has it.
    ///
    /// # Errors
    /// [`SessionError::RegistrationFailed`] when it is refused for good, or has not succeeded within `timeout`: then with
    /// the last failure.
    pub async fn wait_until_registered(&self, timeout: Duration) -> Result<Grant> {
        let mut status = self.status.clone();
        let settled = status.wait_for(|status| {
            matches!(
                status,
                RegistrationStatus::Registered(_) | RegistrationStatus::Ended { .. }
            )
        });
        let last = match tokio::time::timeout(timeout, settled).await {
            Ok(Ok(settled)) => settled.clone(),
            Ok(Err(_)) => return Err(SessionError::Stopped),
            Err(_) => self.status(),
        };
        let cause = match last {
            RegistrationStatus::Registered(grant) => return Ok(grant),
            RegistrationStatus::Ended {
                refusal: Some(cause),
            }
            | RegistrationStatus::Failed { cause, .. } => cause.into(),
            RegistrationStatus::Ended { refusal: None } => TerminalCause::LocalHangup,
            _ => TerminalCause::TimedOut,
        };
        Err(SessionError::RegistrationFailed {
            address_of_record: self.address_of_record.as_ref().to_owned(),
            cause,
        })
    }

    /// Refreshes it now, or tries again what waits.
    ///
    /// # Errors
    /// When it is over.
    pub async fn refresh(&self) -> Result<()> {
        let key = self.key;
        self.switchboard
            .call(move |core, now| core.refresh_registration(now, key))
            .await?
    }

    /// Takes it back. Returns when the registrar knows, or cannot be told; one that is over already is left alone.
    ///
    /// # Errors
    /// [`SessionError::Stopped`] after the coordinator was stopped.
    pub async fn unregister(&self) -> Result<()> {
        self.leave(false).await
    }

    /// Takes back all contacts of the address of record, those of other devices included.
    ///
    /// # Errors
    /// [`SessionError::Stopped`] after the coordinator was stopped.
    pub async fn unregister_all(&self) -> Result<()> {
        self.leave(true).await
    }

    async fn leave(&self, all: bool) -> Result<()> {
        let key = self.key;
        let left = self
            .switchboard
            .call(move |core, now| core.unregister(now, key, all));
        if left.await?.is_ok() {
            let mut status = self.status.clone();
            let over =
                |status: &RegistrationStatus| matches!(status, RegistrationStatus::Ended { .. });
            // A coordinator that stops meanwhile has taken everything back by itself.
            let _ = status.wait_for(over).await;
        }
        Ok(())
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("key", &self.key)
            .field("address_of_record", &self.address_of_record)
            .field("status", &*self.status.borrow())
            .finish_non_exhaustive()
    }
}

impl SessionCoordinator {
    /// Registers, and keeps the registration: refreshed before it runs out, made anew when its connection is lost, tried
    /// again after failures. Accounts answer the registrar's challenges. Later calls of the address of record go the way
    /// that the registrar says (RFC 3608), and through the outbound proxy.
    ///
    /// # Errors
    /// A URI that cannot be used, too many registrations, or a registrar that cannot be sent to.
    pub async fn register(&self, config: RegistrationConfig) -> Result<Registration> {
        let address_of_record = Arc::from(config.address_of_record.as_str());
        let (key, status) = self
            .switchboard
            .call(move |core, now| core.register(now, &config))
            .await??;
        Ok(Registration {
            key,
            address_of_record,
            status,
            switchboard: Arc::clone(&self.switchboard),
        })
    }

    /// Registers and waits until the registrar has it.
    ///
    /// # Errors
    /// As [`register`](Self::register), and [`SessionError::RegistrationFailed`] when it is refused for good or has not
    /// succeeded within `timeout`; it is taken back then.
    pub async fn register_and_wait(
        &self,
        config: RegistrationConfig,
        timeout: Duration,
    ) -> Result<Registration> {
        let registration = self.register(config).await?;
        if let Err(error) = registration.wait_until_registered(timeout).await {
            let key = registration.key;
            self.switchboard.post_soon(move |core, now| {
                // It may have ended by itself.
                let _ = core.unregister(now, key, false);
            });
            return Err(error);
        }
        Ok(registration)
    }
}
