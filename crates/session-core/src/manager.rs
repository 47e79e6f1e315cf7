//! The three-line server: a coordinator that is set up before it is bound.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::{
    CallHandler, Result, SessionConfig, SessionControl, SessionCoordinator, SessionError,
    SessionManagerBuilder,
};

/// Sets up a coordinator step by step.
#[derive(Debug)]
pub struct SessionManager {
    config: SessionConfig,
    started: Mutex<Started>,
}

#[derive(Debug, Default)]
struct Started {
    handler: Option<Arc<dyn CallHandler>>,
    coordinator: Option<Arc<SessionCoordinator>>,
}

impl SessionManager {
    /// Takes the settings; binds nothing yet.
    ///
    /// # Errors
    /// When the settings make no sense.
    pub async fn new(config: SessionConfig) -> Result<Self> {
        config.public_address()?;
        config.capabilities()?;
        Ok(SessionManager {
            config,
            started: Mutex::default(),
        })
    }

    /// Decides about incoming calls.
    ///
    /// # Errors
    /// None today; the result leaves room for them.
    pub async fn set_call_handler(&self, handler: Arc<dyn CallHandler>) -> Result<()> {
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(coordinator) = &started.coordinator {
            coordinator.set_handler(Arc::clone(&handler));
        }
        started.handler = Some(handler);
        Ok(())
    }

    /// Binds `address` over UDP and TCP and takes calls.
    ///
    /// # Errors
    /// When it has been started already, or the address cannot be had.
    pub async fn start_server(&self, address: SocketAddr) -> Result<()> {
        if self.coordinator().is_some() {
            return Err(SessionError::Configuration(
                "the server has been started already".to_owned(),
            ));
        }
        let builder =
            SessionManagerBuilder::from_config(self.config.clone()).with_local_bind_addr(address);
        let coordinator = builder.build().await?;
        let handler = {
            let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
            started.coordinator = Some(Arc::clone(&coordinator));
            started.handler.clone()
        };
        if let Some(handler) = handler {
            coordinator.set_handler(handler);
        }
        coordinator.start().await
    }

    /// The coordinator, once the server has been started.
    pub fn coordinator(&self) -> Option<Arc<SessionCoordinator>> {
        self.started
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .coordinator
            .clone()
    }

    /// Ends all calls and closes all sockets. The server can be started again then.
    ///
    /// # Errors
    /// None today; the result leaves room for them.
    pub async fn stop(&self) -> Result<()> {
        let coordinator = self
            .started
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .coordinator
            .take();
        match coordinator {
            Some(coordinator) => coordinator.stop().await,
            None => Ok(()),
        }
    }
}

/// A coordinator that takes calls, bound and started. Set its handler with
/// [`set_handler`](SessionCoordinator::set_handler).
///
/// # Errors
/// As [`SessionManagerBuilder::build`].
pub async fn create_sip_server(config: SessionConfig) -> Result<Arc<SessionCoordinator>> {
    let coordinator = SessionManagerBuilder::from_config(config).build().await?;
    coordinator.start().await?;
    Ok(coordinator)
}

/// A coordinator that places calls; incoming ones are answered 503.
///
/// # Errors
/// As [`SessionManagerBuilder::build`].
pub async fn create_sip_client(config: SessionConfig) -> Result<Arc<SessionCoordinator>> {
    SessionManagerBuilder::from_config(config).build().await
}
