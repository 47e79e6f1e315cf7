//! Questions to the domain name system: each is open once, however many wait for it, and its answer is remembered for
//! as long as the records live (RFC 1034 section 3.6, RFC 2308).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use crate::{LocateId, LocationConfig, LookupError, LookupId, Question, RecordData, Records};

pub(super) type Answer = Result<Records, LookupError>;

/// Records taken of one answer; what comes after is left out.
const MAX_RECORDS: usize = 64;

#[derive(Debug)]
struct Open {
    id: LookupId,
    due: Instant,
    waiting: Vec<LocateId>,
}

/// What becomes of a question.
pub(super) enum Asked {
    /// Its answer is remembered.
    Known(Answer),
    /// It is open already.
    Joined,
    /// It has to be asked under this number.
    New(LookupId),
}

#[derive(Debug, Default)]
pub(super) struct Lookups {
    open: HashMap<Question, Open>,
    /// All have the same time, so the oldest is due first.
    by_id: BTreeMap<LookupId, Question>,
    known: HashMap<Question, (Instant, Answer)>,
    /// What is remembered, by the time at which it is forgotten.
    expiring: BTreeSet<(Instant, Question)>,
    asked: u64,
}

impl Lookups {
    /// The answer, if it is known; else `search` waits for it.
    pub(super) fn ask(
        &mut self,
        now: Instant,
        question: &Question,
        search: LocateId,
        config: &LocationConfig,
    ) -> Asked {
        self.forget_old(now);
        if let Some((_, answer)) = self.known.get(question) {
            return Asked::Known(answer.clone());
        }
        if let Some(open) = self.open.get_mut(question) {
            open.waiting.push(search);
            return Asked::Joined;
        }
        if self.open.len() >= config.max_lookups {
            return Asked::Known(Err(LookupError::TooMany));
        }
        self.asked += 1;
        let id = LookupId(self.asked);
        let open = Open {
            id,
            due: now + config.lookup_timeout,
            waiting: vec![search],
        };
        self.open.insert(question.clone(), open);
        self.by_id.insert(id, question.clone());
        Asked::New(id)
    }

    /// Closes a question and remembers its answer; who waited for it. `None` when it was not open.
    pub(super) fn finish(
        &mut self,
        now: Instant,
        id: LookupId,
        answer: &mut Answer,
        config: &LocationConfig,
    ) -> Option<(Question, Vec<LocateId>)> {
        let question = self.by_id.remove(&id)?;
        let open = self.open.remove(&question)?;
        if let Ok(records) = answer {
            match records.data.fits(&question) {
                true => records.data.truncate(MAX_RECORDS),
                false => *answer = Err(LookupError::ServerFailed),
            }
        }
        self.remember(now, &question, answer, config);
        Some((question, open.waiting))
    }

    /// The search waits no longer for these questions; whoever asks them still finds them open.
    pub(super) fn leave(&mut self, search: LocateId, questions: &[Question]) {
        for question in questions {
            if let Some(open) = self.open.get_mut(question) {
                open.waiting.retain(|waiting| *waiting != search);
            }
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let (_, question) = self.by_id.first_key_value()?;
        self.open.get(question).map(|open| open.due)
    }

    /// The next question whose time is over.
    pub(super) fn poll_expired(&mut self, now: Instant) -> Option<LookupId> {
        let (_, question) = self.by_id.first_key_value()?;
        let open = self.open.get(question).filter(|open| open.due <= now)?;
        Some(open.id)
    }

    fn remember(
        &mut self,
        now: Instant,
        question: &Question,
        answer: &Answer,
        config: &LocationConfig,
    ) {
        let Some(lifetime) = lifetime(answer, config) else {
            return;
        };
        if lifetime.is_zero() || config.max_answers == 0 {
            return;
        }
        while self.known.len() >= config.max_answers
            && let Some((_, oldest)) = self.expiring.pop_first()
        {
            self.known.remove(&oldest);
        }
        let until = now + lifetime;
        self.expiring.insert((until, question.clone()));
        self.known.insert(question.clone(), (until, answer.clone()));
    }

    fn forget_old(&mut self, now: Instant) {
        while let Some((until, _)) = self.expiring.first()
            && *until <= now
            && let Some((_, question)) = self.expiring.pop_first()
        {
            self.known.remove(&question);
        }
    }
}

/// How long an answer is remembered; that nobody answered is not.
fn lifetime(answer: &Answer, config: &LocationConfig) -> Option<Duration> {
    match answer {
        Ok(records) => Some(records.ttl.min(config.max_ttl)),
        Err(LookupError::NoSuchName { ttl } | LookupError::NoRecords { ttl }) => {
            let most = config.max_negative_ttl;
            Some(ttl.map_or(most / 10, |ttl| ttl.min(most)))
        }
        Err(_) => None,
    }
}

impl RecordData {
    /// Whether records of this type answer the question.
    fn fits(&self, question: &Question) -> bool {
        matches!(
            (self, question),
            (Self::Naptr(_), Question::Naptr(_))
                | (Self::Srv(_), Question::Srv(_))
                | (Self::A(_), Question::A(_))
                | (Self::Aaaa(_), Question::Aaaa(_))
        )
    }

    fn truncate(&mut self, records: usize) {
        match self {
            Self::Naptr(list) => list.truncate(records),
            Self::Srv(list) => list.truncate(records),
            Self::A(list) => list.truncate(records),
            Self::Aaaa(list) => list.truncate(records),
        }
    }
}
