//! The command-line words that the programs for SIPp share.

use std::time::Duration;

use rvoip_session_core::api::{DtmfMethod, SessionManagerBuilder, SessionTimerConfig, SrtpPolicy};

use crate::{
    MediaChoice, RegistrationWords, Script, TlsOptions, parse_duration, parse_ports, parse_srtp,
};

/// How calls are made, whoever places them.
#[derive(Debug, Clone, clap::Args)]
pub struct CallOptions {
    #[command(flatten)]
    pub script: Script,
    #[command(flatten)]
    pub registration: RegistrationWords,
    /// What calls send: tone:HZ, echo, silence, file:PATH, or none for no media at all
    #[arg(long, default_value = "tone:440")]
    media: MediaChoice,
    /// Codecs, best first; without it all that we have, in the order of whoever calls
    #[arg(long, value_delimiter = ',')]
    codecs: Vec<String>,
    /// Secure calls by SRTP: off, offer, or require
    #[arg(long, value_parser = parse_srtp, default_value = "off")]
    srtp: SrtpPolicy,
    /// Ports for RTP
    #[arg(long, value_parser = parse_ports, default_value = "10000-20000")]
    rtp_ports: (u16, u16),
    /// Ask for refreshes of a call within this time, as 90s; without it within half an hour
    #[arg(long, value_parser = parse_duration)]
    session_expires: Option<Duration>,
    /// How keys are pressed: auto, rfc4733 or info
    #[arg(long, value_parser = parse_dtmf, default_value = "auto")]
    dtmf_by: DtmfMethod,
    #[command(flatten)]
    pub tls: TlsOptions,
}

impl CallOptions {
    /// Sets up a coordinator, all but its certificates, to answer the challenges of its registrar and of `peer`.
    ///
    /// # Errors
    /// When the file of the media cannot be read.
    pub fn apply(
        &self,
        builder: SessionManagerBuilder,
        peer: &str,
    ) -> Result<SessionManagerBuilder, Box<dyn std::error::Error>> {
        let mut builder = builder
            .with_media_ports(self.rtp_ports.0, self.rtp_ports.1)
            .with_dtmf(self.dtmf_by)
            .with_srtp(self.srtp);
        if !self.codecs.is_empty() {
            builder = builder.with_preferred_codecs(&self.codecs);
        }
        if let Some(expires) = self.session_expires {
            builder = builder.with_session_timer(Some(SessionTimerConfig {
                expires,
                ..SessionTimerConfig::default()
            }));
        }
        self.media.apply(self.registration.apply(builder, peer))
    }
}

fn parse_dtmf(text: &str) -> Result<DtmfMethod, String> {
    match text {
        "auto" => Ok(DtmfMethod::Auto),
        "rfc4733" => Ok(DtmfMethod::Rfc4733),
        "info" => Ok(DtmfMethod::Info),
        _ => Err("expected auto, rfc4733 or info".to_owned()),
    }
}
