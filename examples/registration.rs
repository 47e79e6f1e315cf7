//! The command-line words of a registration.

use std::time::Duration;

use rvoip_session_core::api::{
    Account, Registration, RegistrationConfig, Result, SessionCoordinator, SessionManagerBuilder,
    Uri,
};

use crate::parse_duration;

/// Where to register, and as whom.
#[derive(Debug, Clone, clap::Args)]
pub struct RegistrationWords {
    /// Register there first, as sip:example.com
    #[arg(long, requires = "user")]
    register: Option<String>,
    /// Send everything through this proxy, as sip:127.0.0.1:5060;transport=tcp
    #[arg(long, requires = "register")]
    outbound: Option<String>,
    /// The name to register, and to answer challenges with
    #[arg(long)]
    user: Option<String>,
    /// What proves the name
    #[arg(long, requires = "user")]
    password: Option<String>,
    /// How long a registration is to last before it is refreshed, as 60s
    #[arg(long, value_parser = parse_duration, default_value = "1h")]
    expires: Duration,
}

/// The host of a URI.
fn host(uri: &str) -> Option<String> {
    Some(uri.parse::<Uri>().ok()?.host()?.to_string())
}

impl RegistrationWords {
    /// How long a registration may take.
    const WITHIN: Duration = Duration::from_secs(32);

    /// The address of record.
    pub fn address_of_record(&self) -> Option<String> {
        let (user, domain) = (self.user.as_ref()?, host(self.register.as_ref()?)?);
        Some(format!("sip:{user}@{domain}"))
    }

    /// Sets up a coordinator to answer challenges, those of `peer` as well.
    pub fn apply(&self, builder: SessionManagerBuilder, peer: &str) -> SessionManagerBuilder {
        let (Some(user), Some(password)) = (&self.user, &self.password) else {
            return builder;
        };
        let asks = [
            self.register.as_deref(),
            self.outbound.as_deref(),
            Some(peer),
        ];
        let mut hosts = asks.into_iter().flatten().filter_map(host);
        let Some(first) = hosts.next() else {
            return builder;
        };
        let account = Account::new(user, password, &first);
        builder.with_account(hosts.fold(account, |account, host| account.with_domain(&host)))
    }

    /// Registers, when that is asked for.
    ///
    /// # Errors
    /// When the registrar refuses, or does not answer.
    pub async fn register(&self, coordinator: &SessionCoordinator) -> Result<Option<Registration>> {
        let (Some(registrar), Some(address_of_record)) = (&self.register, self.address_of_record())
        else {
            return Ok(None);
        };
        let mut config = RegistrationConfig::new(address_of_record)
            .with_registrar(registrar)
            .with_expires(self.expires);
        if let Some(proxy) = &self.outbound {
            config = config.with_outbound_proxy(proxy);
        }
        coordinator
            .register_and_wait(config, Self::WITHIN)
            .await
            .map(Some)
    }
}
