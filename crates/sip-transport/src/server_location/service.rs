//! The services of a domain: what NAPTR records offer, and the names of SRV records (RFC 3263 section 4.1, RFC 7118
//! section 8).

use rvoip_sip_core::ByteString;

use super::{Reach, absolute};
use crate::TransportKind;
use crate::resource_record::{Naptr, Question, Srv};

/// NAPTR records considered of one domain; what comes after is left out.
const MAX_SERVICES: usize = 8;

/// One service of a domain: a transport, and where its hosts are told.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) kind: TransportKind,
    pub(super) place: Place,
    /// The answer to its SRV question.
    pub(super) records: Vec<Srv>,
}

#[derive(Debug)]
pub(super) enum Place {
    /// SRV records of this name tell the hosts.
    Srv(ByteString),
    /// This is the host.
    Host(ByteString),
}

impl Service {
    /// The service of a transport under the name that RFC 3263 gives it.
    pub(super) fn of(kind: TransportKind, domain: &str) -> Self {
        let prefix = match kind {
            TransportKind::Udp => "_sip._udp.",
            TransportKind::Tls => "_sips._tcp.",
            _ => "_sip._tcp.",
        };
        let place = Place::Srv([prefix, domain].concat().into());
        Self {
            kind,
            place,
            records: Vec::new(),
        }
    }

    /// The question that its hosts are asked with.
    pub(super) fn question(&self) -> Option<Question> {
        match &self.place {
            Place::Srv(name) => Some(Question::Srv(name.clone())),
            Place::Host(_) => None,
        }
    }

    /// Takes the answer to its question; tells whether it was one.
    pub(super) fn answer(&mut self, asked: &str, records: &[Srv]) -> bool {
        let is_asked = matches!(&self.place, Place::Srv(name) if **name == *asked);
        if is_asked {
            self.records = records.to_vec();
        }
        is_asked
    }
}

/// The services offered that can be used from here, best first. Once an order has one, the records of higher orders
/// are not looked at (RFC 3403 section 4.1). Rules to rewrite a URI with are no business of a SIP client
/// (RFC 3263 section 4.1).
pub(super) fn applicable(records: &[Naptr], secure: bool, reach: Reach) -> Vec<Service> {
    let mut found: Vec<(u16, u16, Service)> = Vec::new();
    for record in records {
        let Some(kind) = kind_of(&record.service) else {
            continue;
        };
        let is_wanted = reach.accepts(kind, secure);
        let Some(name) = absolute(&record.replacement).filter(|_| is_wanted) else {
            continue;
        };
        let place = match &*record.flags {
            _ if !record.regexp.is_empty() => continue,
            "s" | "S" => Place::Srv(name),
            "a" | "A" => Place::Host(name),
            _ => continue,
        };
        let service = Service {
            kind,
            place,
            records: Vec::new(),
        };
        found.push((record.order, record.preference, service));
    }
    found.sort_by_key(|(order, preference, _)| (*order, *preference));
    let first = found.first().map(|(order, ..)| *order);
    found
        .into_iter()
        .take_while(|(order, ..)| Some(*order) == first)
        .take(MAX_SERVICES)
        .map(|(_, _, service)| service)
        .collect()
}

fn kind_of(service: &str) -> Option<TransportKind> {
    let known = [
        ("SIP+D2U", TransportKind::Udp),
        ("SIP+D2T", TransportKind::Tcp),
        ("SIPS+D2T", TransportKind::Tls),
        ("SIP+D2W", TransportKind::Ws),
        ("SIPS+D2W", TransportKind::Wss),
    ];
    let mut known = known.into_iter();
    let (_, kind) = known.find(|(name, _)| name.eq_ignore_ascii_case(service))?;
    Some(kind)
}
