//! The stages of a search: services, their hosts, the addresses of these (RFC 3263 sections 4.1 and 4.2).

use std::net::IpAddr;

use rand::Rng;
use rvoip_sip_core::{ByteString, Host};

use super::hosts::Hosts;
use super::service::{Place, Service, applicable};
use super::srv_order::in_order;
use super::{LocateError, ServerLocation, absolute};
use crate::Target;
use crate::resource_record::{LookupError, Question, RecordData};

#[derive(Clone, Copy, Debug)]
pub(super) enum Stage {
    Naptr,
    Srv,
    Addresses,
}

impl ServerLocation {
    pub(super) fn take(&mut self, question: &Question, data: &RecordData) {
        match data {
            RecordData::Naptr(records) => {
                self.services = applicable(records, self.sought.secure, self.reach);
                self.usable |= !self.services.is_empty();
            }
            RecordData::Srv(records) => {
                for service in &mut self.services {
                    self.usable |= service.answer(question.name(), records);
                }
            }
            RecordData::A(found) => {
                let addresses = found.iter().copied().map(IpAddr::from);
                self.hosts.answer(question.name(), addresses);
                self.usable = true;
            }
            RecordData::Aaaa(found) => {
                let addresses = found.iter().copied().map(IpAddr::from);
                self.hosts.answer(question.name(), addresses);
                self.usable = true;
            }
        }
    }

    /// Remembers why there may be nothing: silence weighs more than a clear no, and a name without records more than
    /// no name.
    pub(super) fn note(&mut self, error: LookupError) {
        let weight = |error: LookupError| match error {
            LookupError::Unsupported => 0,
            LookupError::NoSuchName { .. } => 1,
            LookupError::NoRecords { .. } => 2,
            LookupError::Timeout | LookupError::ServerFailed | LookupError::TooMany => 3,
        };
        if self
            .failure
            .is_none_or(|known| weight(known) < weight(error))
        {
            self.failure = Some(error);
        }
    }

    /// All questions of a stage are answered: goes on to the next, or ends.
    pub(super) fn advance(
        &mut self,
        rng: &mut impl Rng,
    ) -> Option<Result<Vec<Target>, LocateError>> {
        while self.unasked.is_empty() {
            self.usable = false;
            match self.stage {
                Stage::Naptr => {
                    if let Err(error) = self.choose_services() {
                        return Some(Err(error));
                    }
                }
                Stage::Srv => match self.choose_hosts(rng) {
                    Ok(hosts) => self.ask_addresses(hosts),
                    Err(error) => return Some(Err(error)),
                },
                Stage::Addresses => return Some(self.outcome()),
            }
        }
        None
    }

    /// What NAPTR records offer, or else each transport by its usual name.
    fn choose_services(&mut self) -> Result<(), LocateError> {
        let mut services = std::mem::take(&mut self.services);
        if services.is_empty() {
            let domain = self.domain()?;
            let kinds = self.reach.kinds_with_srv(self.sought.secure);
            services = kinds.map(|kind| Service::of(kind, &domain)).collect();
        } else {
            // Whatever comes of it, the domain has said which transport it wants.
            self.sought.kind = services.first().map(|service| service.kind);
        }
        self.ask_services(services);
        Ok(())
    }

    /// The hosts of all services in the order in which they are to be tried.
    fn choose_hosts(&mut self, rng: &mut impl Rng) -> Result<Hosts, LocateError> {
        let mut hosts = Hosts::default();
        let mut refused = false;
        for service in std::mem::take(&mut self.services) {
            let kind = service.kind;
            if let Place::Host(host) = service.place {
                hosts.push(host, kind, kind.default_port());
            }
            for record in in_order(service.records, rng) {
                match absolute(&record.target) {
                    Some(host) => hosts.push(host, kind, record.port),
                    None => refused = true,
                }
            }
        }
        if hosts.is_empty() && refused {
            return Err(LocateError::NotOffered);
        }
        if hosts.is_empty() {
            // Without SRV records the domain itself is the host (RFC 3263 section 4.2).
            let kind = self.sought.usual_kind(self.reach)?;
            hosts.push(self.domain()?, kind, kind.default_port());
        }
        Ok(hosts)
    }

    pub(super) fn ask_services(&mut self, services: Vec<Service>) {
        self.stage = Stage::Srv;
        // The last is asked first.
        let questions = services.iter().rev();
        self.unasked = questions.filter_map(Service::question).collect();
        self.services = services;
    }

    pub(super) fn ask_addresses(&mut self, hosts: Hosts) {
        self.stage = Stage::Addresses;
        self.unasked = hosts.questions(self.reach);
        self.unasked.reverse();
        self.hosts = hosts;
    }

    fn outcome(&self) -> Result<Vec<Target>, LocateError> {
        let targets = self.hosts.targets(&self.sought, self.reach);
        match (targets.is_empty(), self.failure) {
            (false, _) => Ok(targets),
            (true, Some(LookupError::NoSuchName { .. })) => Err(LocateError::NoSuchName),
            (true, None | Some(LookupError::NoRecords { .. } | LookupError::Unsupported)) => {
                Err(LocateError::NoAddress)
            }
            (true, Some(LookupError::TooMany)) => Err(LocateError::TooMany),
            (true, Some(_)) => Err(LocateError::NoAnswer),
        }
    }

    /// The name sought, as questions carry it.
    pub(super) fn domain(&self) -> Result<ByteString, LocateError> {
        match &self.sought.host {
            Host::Name(name) => absolute(name).ok_or(LocateError::NoSuchName),
            Host::V4(_) | Host::V6(_) => Err(LocateError::NoHost),
        }
    }
}
