//! The domain name system of a simulation: records, and what goes wrong when it is asked for them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::{LookupError, Naptr, Question, RecordData, Records, Srv};

/// Aliases followed from one name to another, as a resolver does.
const MAX_ALIASES: usize = 8;

/// What becomes of the questions about a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneFault {
    /// Nobody answers.
    Silent,
    /// The name server fails (SERVFAIL).
    Fails,
    /// The answer takes so long.
    Late(Duration),
}

#[derive(Clone, Debug)]
enum Record {
    Naptr(Naptr),
    Srv(Srv),
    Address(IpAddr),
    Alias(String),
}

/// All names of a simulation; one without records does not exist.
#[derive(Debug)]
pub struct Zone {
    names: HashMap<String, Vec<(Duration, Record)>>,
    faults: HashMap<String, ZoneFault>,
    ttl: Duration,
    negative_ttl: Duration,
    delay: Duration,
    loss: f64,
    rng: StdRng,
    asked: Vec<Question>,
}

impl Zone {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            names: HashMap::new(),
            faults: HashMap::new(),
            ttl: Duration::from_secs(60),
            negative_ttl: Duration::from_secs(30),
            delay: Duration::from_millis(1),
            loss: 0.0,
            rng: StdRng::seed_from_u64(seed),
            asked: Vec::new(),
        }
    }

    /// Adds a NAPTR record without a rewriting rule.
    pub fn naptr(
        &mut self,
        name: &str,
        (order, preference): (u16, u16),
        (flags, service): (&str, &str),
        replacement: &str,
    ) -> &mut Self {
        let record = Naptr {
            order,
            preference,
            flags: flags.into(),
            service: service.into(),
            regexp: "".into(),
            replacement: replacement.into(),
        };
        self.add(name, Record::Naptr(record))
    }

    /// Adds an SRV record.
    pub fn srv(
        &mut self,
        name: &str,
        (priority, weight): (u16, u16),
        target: &str,
        port: u16,
    ) -> &mut Self {
        let record = Srv {
            priority,
            weight,
            port,
            target: target.into(),
        };
        self.add(name, Record::Srv(record))
    }

    /// Adds an A or AAAA record.
    pub fn address(&mut self, name: &str, address: IpAddr) -> &mut Self {
        self.add(name, Record::Address(address))
    }

    /// Adds a CNAME record.
    pub fn alias(&mut self, name: &str, canonical: &str) -> &mut Self {
        self.add(name, Record::Alias(key(canonical)))
    }

    /// Takes all records of a name away.
    pub fn remove(&mut self, name: &str) -> &mut Self {
        self.names.remove(&key(name));
        self
    }

    /// How long the records live that are added from now on. Default one minute.
    pub fn set_ttl(&mut self, ttl: Duration) -> &mut Self {
        self.ttl = ttl;
        self
    }

    /// How long it may be remembered that there are no records. Default 30 seconds.
    pub fn set_negative_ttl(&mut self, ttl: Duration) -> &mut Self {
        self.negative_ttl = ttl;
        self
    }

    /// How long an answer takes. Default one millisecond.
    pub fn set_delay(&mut self, delay: Duration) -> &mut Self {
        self.delay = delay;
        self
    }

    /// Probability from 0 to 1 that a question stays without answer. Default 0.
    pub fn set_loss(&mut self, loss: f64) -> &mut Self {
        self.loss = loss;
        self
    }

    /// What becomes of questions about a name; `None` for nothing out of the usual.
    pub fn set_fault(&mut self, name: &str, fault: Option<ZoneFault>) -> &mut Self {
        match fault {
            Some(fault) => self.faults.insert(key(name), fault),
            None => self.faults.remove(&key(name)),
        };
        self
    }

    /// The questions asked since the last call, in order.
    pub fn take_asked(&mut self) -> Vec<Question> {
        std::mem::take(&mut self.asked)
    }

    fn add(&mut self, name: &str, record: Record) -> &mut Self {
        let records = self.names.entry(key(name)).or_default();
        records.push((self.ttl, record));
        self
    }

    /// The answer and how long it takes; `None` when nobody answers.
    pub(super) fn answer(
        &mut self,
        question: &Question,
    ) -> Option<(Duration, Result<Records, LookupError>)> {
        self.asked.push(question.clone());
        let name = key(question.name());
        let mut delay = self.delay;
        match self.faults.get(&name) {
            Some(ZoneFault::Silent) => return None,
            Some(ZoneFault::Fails) => return Some((delay, Err(LookupError::ServerFailed))),
            Some(ZoneFault::Late(late)) => delay = *late,
            None => {}
        }
        let is_lost = self.loss > 0.0 && self.rng.random_bool(self.loss.min(1.0));
        (!is_lost).then(|| (delay, self.look_up(name, question)))
    }

    fn look_up(&self, mut name: String, question: &Question) -> Result<Records, LookupError> {
        let mut ttl = Duration::MAX;
        let negative = Some(self.negative_ttl);
        for _ in 0..MAX_ALIASES {
            let Some(records) = self.names.get(&name) else {
                return Err(LookupError::NoSuchName { ttl: negative });
            };
            let alias = records.iter().find_map(|(lives, record)| match record {
                Record::Alias(canonical) => Some((*lives, canonical.clone())),
                _ => None,
            });
            if let Some((lives, canonical)) = alias {
                (ttl, name) = (ttl.min(lives), canonical);
                continue;
            }
            let data = records_for(question, records.iter().map(|(_, record)| record));
            let lives = records.iter().map(|(lives, _)| *lives).min();
            let ttl = ttl.min(lives.unwrap_or(ttl));
            return data
                .map(|data| Records { ttl, data })
                .ok_or(LookupError::NoRecords { ttl: negative });
        }
        Err(LookupError::ServerFailed)
    }
}

/// The records of the type that is asked for; none at all is no answer.
fn records_for<'a>(
    question: &Question,
    records: impl Iterator<Item = &'a Record>,
) -> Option<RecordData> {
    let (mut naptr, mut srv, mut a, mut aaaa) = (vec![], vec![], vec![], vec![]);
    for record in records {
        match record {
            Record::Naptr(record) => naptr.push(record.clone()),
            Record::Srv(record) => srv.push(record.clone()),
            Record::Address(IpAddr::V4(ip)) => a.push(*ip),
            Record::Address(IpAddr::V6(ip)) => aaaa.push(*ip),
            Record::Alias(_) => {}
        }
    }
    match question {
        Question::Naptr(_) if !naptr.is_empty() => Some(RecordData::Naptr(naptr)),
        Question::Srv(_) if !srv.is_empty() => Some(RecordData::Srv(srv)),
        Question::A(_) if !a.is_empty() => Some(RecordData::A(a)),
        Question::Aaaa(_) if !aaaa.is_empty() => Some(RecordData::Aaaa(aaaa)),
        _ => None,
    }
}

fn key(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}
