//! What a coordinator registers, whom it registers, and what it keeps for others.

use rvoip_dialog_core::compositor::CompositorConfig;
use rvoip_dialog_core::registrar::RegistrarConfig;

use super::SessionManagerBuilder;
use crate::RegistrationConfig;

impl SessionManagerBuilder {
    /// Registers this as soon as the coordinator is there; may be called several times. What becomes of it is told by
    /// [`RegistrationChanged`](crate::BasicSessionEvent::RegistrationChanged) events;
    /// [`SessionCoordinator::register`](crate::SessionCoordinator::register) gives a handle as well.
    pub fn with_registration(mut self, registration: RegistrationConfig) -> Self {
        self.config.registrations.push(registration);
        self
    }

    /// Is a registrar: answers REGISTER, and knows where its users are, see
    /// [`SessionCoordinator::registered_contacts`](crate::SessionCoordinator::registered_contacts). Whoever has to prove who
    /// he is registers his own contacts alone.
    pub fn with_registrar(mut self, registrar: RegistrarConfig) -> Self {
        self.config.registrar = Some(registrar);
        self
    }

    /// Keeps what others publish: answers PUBLISH, see
    /// [`SessionCoordinator::published_state`](crate::SessionCoordinator::published_state).
    pub fn with_compositor(mut self, compositor: CompositorConfig) -> Self {
        self.config.compositor = Some(compositor);
        self
    }
}
