//! The hosts of a domain and their addresses (RFC 3263 section 4.2).

use std::net::{IpAddr, SocketAddr};

use rvoip_sip_core::ByteString;

use super::{MAX_HOSTS, MAX_TARGETS, Reach, Sought};
use crate::resource_record::Question;
use crate::{Target, TransportKind};

/// Addresses considered of one host; what comes after is left out.
const MAX_ADDRESSES: usize = 8;

#[derive(Debug)]
struct HostOfService {
    name: ByteString,
    kind: TransportKind,
    port: u16,
    addresses: Vec<IpAddr>,
}

/// Hosts in the order in which they are to be tried.
#[derive(Debug, Default)]
pub(super) struct Hosts(Vec<HostOfService>);

impl Hosts {
    pub(super) fn one(name: ByteString, kind: TransportKind, port: u16) -> Self {
        let mut hosts = Self::default();
        hosts.push(name, kind, port);
        hosts
    }

    pub(super) fn push(&mut self, name: ByteString, kind: TransportKind, port: u16) {
        if self.0.len() < MAX_HOSTS {
            self.0.push(HostOfService {
                name,
                kind,
                port,
                addresses: Vec::new(),
            });
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What has to be asked: each name once, for the families within reach.
    pub(super) fn questions(&self, reach: Reach) -> Vec<Question> {
        let mut questions = Vec::new();
        for host in &self.0 {
            for is_ipv4 in reach.families() {
                let question = match is_ipv4 {
                    true => Question::A(host.name.clone()),
                    false => Question::Aaaa(host.name.clone()),
                };
                if reach.reaches_family(host.kind, is_ipv4) && !questions.contains(&question) {
                    questions.push(question);
                }
            }
        }
        questions
    }

    /// Takes the addresses of a name.
    pub(super) fn answer(&mut self, name: &str, addresses: impl Iterator<Item = IpAddr> + Clone) {
        for host in self.0.iter_mut().filter(|host| *host.name == *name) {
            host.addresses.extend(addresses.clone().take(MAX_ADDRESSES));
        }
    }

    /// All targets, best first, each once: host after host, of each the preferred family first.
    pub(super) fn targets(&self, sought: &Sought, reach: Reach) -> Vec<Target> {
        let mut targets = Vec::new();
        for host in &self.0 {
            for is_ipv4 in reach.families() {
                let of_family = host.addresses.iter().filter(|ip| ip.is_ipv4() == is_ipv4);
                for ip in of_family.filter(|ip| reach.reaches(host.kind, **ip)) {
                    let target = Target::Address {
                        kind: host.kind,
                        addr: SocketAddr::new(*ip, host.port),
                        name: sought.tells_name(host.kind),
                    };
                    if !targets.contains(&target) && targets.len() < MAX_TARGETS {
                        targets.push(target);
                    }
                }
            }
        }
        targets
    }
}
