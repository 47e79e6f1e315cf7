//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use rvoip_examples::{CallOptions, parse_duration, parse_listener};
use rvoip_session_core::api::{MemoryCredentials, Realm, StatusCode, TransportKind};

/// Takes SIP calls.
#[derive(Debug, Parser)]
pub struct Arguments {
    /// Where to listen, as udp:127.0.0.1:5060, or tcp:, tls:, ws:, wss:; may be given several times
    #[arg(long, value_parser = parse_listener, default_values = ["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060"])]
    pub listen: Vec<(TransportKind, SocketAddr)>,
    #[command(flatten)]
    pub answer: Answer,
    #[command(flatten)]
    pub calls: CallOptions,
    /// Ask for credentials, as user:password@realm; may be given several times with one realm
    #[arg(long, value_parser = parse_credentials)]
    pub require_auth: Vec<Credentials>,
    /// Ask by these algorithms only, as MD5,SHA-256
    #[arg(long, value_delimiter = ',', requires = "require_auth")]
    pub auth_algorithms: Vec<String>,
    /// Be a registrar, with this shortest lifetime of a registration; calls for users who are registered ring their phones
    #[arg(long, value_parser = parse_duration, num_args = 0..=1, default_missing_value = "60s")]
    pub registrar: Option<Duration>,
    /// Record every call into this directory
    #[arg(long)]
    pub record: Option<PathBuf>,
    /// End calls after so long, as 5s
    #[arg(long, value_parser = parse_duration)]
    pub hangup_after: Option<Duration>,
    /// Calls at once; more are answered 503
    #[arg(long, default_value_t = 10_000)]
    pub max_sessions: usize,
    /// Carry media on so many threads; without this one for each processor
    #[arg(long)]
    pub media_threads: Option<usize>,
    /// Refuse new calls with 503 once requests wait this long to be read, as 100ms
    #[arg(long, value_parser = parse_duration)]
    pub shed_after: Option<Duration>,
    /// Time the set-up of every call, from its INVITE to our 200, and print the figures at the end
    #[arg(long)]
    pub setup_times: bool,
    /// Write every SIP message to this pcapng file, decrypted
    #[arg(long)]
    pub capture: Option<PathBuf>,
    /// Tell those who subscribe to a mailbox that so many new messages wait
    #[arg(long)]
    pub mailbox: Option<u32>,
    /// Print figures every so often, as 1s
    #[arg(long, value_parser = parse_duration)]
    pub stats: Option<Duration>,
}

impl Arguments {
    /// Whom to let in, if not everybody.
    pub fn realm(&self) -> Option<Realm> {
        let first = self.require_auth.first()?;
        let users = self.require_auth.iter();
        let store = users.fold(MemoryCredentials::new(), |store, one| {
            store.with_user(&one.user, &one.password)
        });
        let mut realm = Realm::new(&first.realm, Arc::new(store));
        if !self.auth_algorithms.is_empty() {
            realm.algorithms.retain(|algorithm| {
                let mut names = self.auth_algorithms.iter();
                names.any(|name| name.eq_ignore_ascii_case(algorithm.as_str()))
            });
        }
        Some(realm)
    }
}

/// What becomes of a call that comes in.
#[derive(Debug, Clone, clap::Args)]
pub struct Answer {
    /// Ring for so long before answering, as 500ms
    #[arg(long, value_parser = parse_duration, default_value = "0s")]
    pub answer_after: Duration,
    /// Send early media while it rings: reliable or plain
    #[arg(long)]
    pub early: Option<Early>,
    /// Refuse every call with this status
    #[arg(long, value_parser = parse_refusal, conflicts_with = "forward")]
    pub reject: Option<StatusCode>,
    /// Send every caller to this URI
    #[arg(long)]
    pub forward: Option<String>,
    /// Let callers of this user meet: each hears all others
    #[arg(long, conflicts_with_all = ["reject", "forward"])]
    pub conference: Option<String>,
    /// Call this URI for every other caller, and let both hear each other
    #[arg(long, conflicts_with_all = ["reject", "forward"])]
    pub bridge: Option<String>,
    /// For how long the other party of such a call may ring, as 30s
    #[arg(long, value_parser = parse_duration, default_value = "60s", requires = "bridge")]
    pub ring_for: Duration,
}

/// How early media is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Early {
    /// By a 183 that is repeated until its PRACK, to callers that know that.
    Reliable,
    /// By a 183 that may get lost.
    Plain,
}

/// A user of a realm.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub user: String,
    pub password: String,
    pub realm: String,
}

fn parse_credentials(text: &str) -> Result<Credentials, String> {
    let parts = text.rsplit_once('@').and_then(|(user, realm)| {
        let (user, password) = user.split_once(':')?;
        Some(Credentials {
            user: user.to_owned(),
            password: password.to_owned(),
            realm: realm.to_owned(),
        })
    });
    parts.ok_or_else(|| "expected user:password@realm".to_owned())
}

fn parse_refusal(text: &str) -> Result<StatusCode, String> {
    text.parse()
        .ok()
        .and_then(StatusCode::new)
        .filter(|status| status.code() >= 300)
        .ok_or_else(|| format!("{text} is not a status from 300 to 699"))
}
