//! Name servers, those of the system or given ones, asked for all records of RFC 3263.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use rvoip_sip_core::ByteString;

use crate::{LookupError, Naptr, Question, RecordData, Records, Srv};

/// Which name servers are asked, and how.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DnsConfig {
    /// The name servers; those of the system (`/etc/resolv.conf`) when empty.
    pub name_servers: Vec<SocketAddr>,
    /// How long a name server may take before the question is asked again. Default 1.5 s: two tries fit into
    /// [`LocationConfig::lookup_timeout`](crate::LocationConfig::lookup_timeout).
    pub timeout: Duration,
    /// How often a question is asked. Default 2.
    pub attempts: usize,
}

impl Default for DnsConfig {
    fn default() -> Self {
        Self {
            name_servers: Vec::new(),
            timeout: Duration::from_millis(1500),
            attempts: 2,
        }
    }
}

impl DnsConfig {
    /// Asks these name servers.
    pub fn with_name_servers(name_servers: Vec<SocketAddr>) -> Self {
        Self {
            name_servers,
            ..Self::default()
        }
    }
}

/// Name servers, contacted when the first question comes.
#[derive(Debug, Default)]
pub(super) struct NameServers {
    config: DnsConfig,
    /// `None` inside: there are none to ask.
    resolver: Option<Option<TokioResolver>>,
}

impl NameServers {
    pub(super) fn new(config: DnsConfig) -> Self {
        Self {
            config,
            resolver: None,
        }
    }

    pub(super) fn handle(&mut self) -> Option<TokioResolver> {
        let config = &self.config;
        let resolver = self.resolver.get_or_insert_with(|| {
            let resolver = connect(config);
            if let Err(error) = &resolver {
                tracing::warn!(%error, "no name servers: the system is asked for addresses");
            }
            resolver.ok()
        });
        resolver.clone()
    }
}

fn connect(config: &DnsConfig) -> Result<TokioResolver, NetError> {
    let mut builder = match config.name_servers.is_empty() {
        true => TokioResolver::builder_tokio()?,
        false => {
            let servers = config.name_servers.iter().map(|addr| {
                let at_port = |mut way: ConnectionConfig| {
                    way.port = addr.port();
                    way
                };
                let ways = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
                NameServerConfig::new(addr.ip(), true, ways.map(at_port).into())
            });
            let config = ResolverConfig::from_name_servers(servers.collect());
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
    };
    let options = builder.options_mut();
    options.timeout = config.timeout;
    options.attempts = config.attempts;
    // The transport layer remembers what is worth it.
    options.cache_size = 0;
    builder.build()
}

pub(super) async fn look_up(
    resolver: &TokioResolver,
    question: &Question,
) -> Result<Records, LookupError> {
    let kind = match question {
        Question::Naptr(_) => RecordType::NAPTR,
        Question::Srv(_) => RecordType::SRV,
        Question::A(_) => RecordType::A,
        Question::Aaaa(_) => RecordType::AAAA,
    };
    let no_such_name = LookupError::NoSuchName { ttl: None };
    let mut name = Name::from_ascii(&**question.name()).map_err(|_| no_such_name)?;
    // Only a name of one label is looked for in the search domains of the system.
    name.set_fqdn(name.num_labels() > 1);
    let found = resolver.lookup(name, kind).await.map_err(|error| {
        tracing::debug!(?question, %error, "lookup failed");
        reason(&error)
    })?;
    let ttl = found.answers().iter().map(|record| record.ttl).min();
    let ttl = Duration::from_secs(ttl.unwrap_or_default().into());
    let data = found.answers().iter().map(|record| &record.data);
    match records(question, data) {
        Some(data) => Ok(Records { ttl, data }),
        None => Err(LookupError::NoRecords { ttl: Some(ttl) }),
    }
}

/// The records of the type that was asked for; none at all is no answer.
fn records<'a>(
    question: &Question,
    answers: impl Iterator<Item = &'a RData>,
) -> Option<RecordData> {
    let mut data = match question {
        Question::Naptr(_) => RecordData::Naptr(Vec::new()),
        Question::Srv(_) => RecordData::Srv(Vec::new()),
        Question::A(_) => RecordData::A(Vec::new()),
        Question::Aaaa(_) => RecordData::Aaaa(Vec::new()),
    };
    let mut is_empty = true;
    for answer in answers {
        match (&mut data, answer) {
            (RecordData::Naptr(list), RData::NAPTR(naptr)) => list.push(Naptr {
                order: naptr.order,
                preference: naptr.preference,
                flags: text(&naptr.flags),
                service: text(&naptr.services),
                regexp: text(&naptr.regexp),
                replacement: naptr.replacement.to_ascii().into(),
            }),
            (RecordData::Srv(list), RData::SRV(srv)) => list.push(Srv {
                priority: srv.priority,
                weight: srv.weight,
                port: srv.port,
                target: srv.target.to_ascii().into(),
            }),
            (RecordData::A(list), RData::A(ip)) => list.push(ip.0),
            (RecordData::Aaaa(list), RData::AAAA(ip)) => list.push(ip.0),
            _ => continue,
        }
        is_empty = false;
    }
    (!is_empty).then_some(data)
}

fn text(octets: &[u8]) -> ByteString {
    String::from_utf8_lossy(octets).into_owned().into()
}

fn reason(error: &NetError) -> LookupError {
    match error {
        NetError::Timeout => LookupError::Timeout,
        NetError::Busy => LookupError::TooMany,
        NetError::Dns(DnsError::NoRecordsFound(missing)) => {
            let seconds = missing.negative_ttl.map(u64::from);
            let ttl = seconds.map(Duration::from_secs);
            match missing.response_code {
                ResponseCode::NXDomain => LookupError::NoSuchName { ttl },
                ResponseCode::NoError => LookupError::NoRecords { ttl },
                _ => LookupError::ServerFailed,
            }
        }
        _ => LookupError::ServerFailed,
    }
}
