//! Where a request goes: the location of SIP servers (RFC 3263), without clock and network.
//!
//! ```text
//!  URI or sent-by --- numeric host ------------------------------------------------> one target
//!        | name
//!        +-- port written ---------------------------------------------+
//!        +-- transport written ----------------------+                 |
//!        |                                           |                 |
//!     NAPTR --- SIP+D2U, SIPS+D2T ... ------------+  |                 |
//!        | none                                   V  V                 V
//!        +-- one question per transport ------>  SRV  -- none -->  A, AAAA  -->  targets, best first
//!                                                 |                    ^
//!                                                 +--- hosts, ports ---+
//! ```

use std::net::SocketAddr;

use rand::Rng;
use rvoip_sip_core::ByteString;

use crate::resource_record::{LookupError, Question, Records};
use crate::{Target, TransportKind};

mod error;
mod hosts;
mod reach;
mod service;
mod sought;
mod srv_order;
mod stage;

pub use self::error::LocateError;
use self::hosts::Hosts;
pub use self::reach::Reach;
use self::service::Service;
pub use self::sought::Sought;
use self::stage::Stage;

/// Servers considered of one domain; what comes after is left out.
const MAX_HOSTS: usize = 16;
/// Addresses considered of one domain; what comes after is left out.
const MAX_TARGETS: usize = 32;

/// What is known of a place to begin with.
#[derive(Debug)]
pub enum Start {
    /// It names an address: nothing has to be asked.
    Known(Target),
    /// The domain name system has to be asked.
    Asking(Box<ServerLocation>),
}

/// The search for the servers of one place: asks questions, takes answers, ends in targets.
///
/// All questions of [`poll_question`](Self::poll_question) may be open at a time; their answers come in any order.
#[derive(Debug)]
pub struct ServerLocation {
    sought: Sought,
    reach: Reach,
    stage: Stage,
    unasked: Vec<Question>,
    open: Vec<Question>,
    /// The services to try, the preferred one first.
    services: Vec<Service>,
    hosts: Hosts,
    /// An answer of this stage leads on.
    usable: bool,
    /// Why there may be nothing at the end.
    failure: Option<LookupError>,
}

impl ServerLocation {
    /// Begins to look for a place from where `reach` leads.
    ///
    /// # Errors
    /// When the place can be reached over no transport there is, or its name is none.
    pub fn start(sought: Sought, reach: Reach) -> Result<Start, LocateError> {
        if sought.kind.is_some_and(|kind| !reach.carries(kind)) {
            return Err(LocateError::UnsupportedTransport);
        }
        if let Some(ip) = sought.host.to_ip() {
            let kind = sought.usual_kind(reach)?;
            let addr = SocketAddr::new(ip, sought.port.unwrap_or(kind.default_port()));
            let name = sought.tells_name(kind);
            return Ok(Start::Known(Target::Address { kind, addr, name }));
        }
        let mut location = Self {
            sought,
            reach,
            stage: Stage::Naptr,
            unasked: Vec::new(),
            open: Vec::new(),
            services: Vec::new(),
            hosts: Hosts::default(),
            usable: false,
            failure: None,
        };
        location.begin()?;
        Ok(Start::Asking(Box::new(location)))
    }

    fn begin(&mut self) -> Result<(), LocateError> {
        use TransportKind::{Tcp, Tls, Udp};
        let domain = self.domain()?;
        match (self.sought.port, self.sought.kind) {
            (Some(port), _) => {
                let kind = self.sought.usual_kind(self.reach)?;
                self.ask_addresses(Hosts::one(domain, kind, port));
            }
            // Others have no place in the names of SRV records.
            (None, Some(kind @ (Udp | Tcp | Tls))) => {
                self.ask_services(vec![Service::of(kind, &domain)]);
            }
            (None, Some(kind)) => {
                self.ask_addresses(Hosts::one(domain, kind, kind.default_port()));
            }
            (None, None) => self.unasked.push(Question::Naptr(domain)),
        }
        Ok(())
    }

    /// The next question to ask, until `None`.
    pub fn poll_question(&mut self) -> Option<Question> {
        let question = self.unasked.pop()?;
        self.open.push(question.clone());
        Some(question)
    }

    /// Takes an answer; once the last has come, the targets, best first, or why there are none. `rng` draws the order
    /// of servers that share the load (RFC 2782).
    pub fn handle_answer(
        &mut self,
        question: &Question,
        answer: Result<&Records, LookupError>,
        rng: &mut impl Rng,
    ) -> Option<Result<Vec<Target>, LocateError>> {
        let place = self.open.iter().position(|open| open == question)?;
        self.open.swap_remove(place);
        match answer {
            Ok(records) => self.take(question, &records.data),
            Err(error) => self.note(error),
        }
        match self.open.is_empty() && self.unasked.is_empty() {
            true => self.advance(rng),
            false => None,
        }
    }

    /// Whether an answer has come that leads on, so that the open questions are worth no long wait.
    pub fn is_usable(&self) -> bool {
        self.usable
    }

    /// Waits no longer for the open questions: as if there were no answer to any of them.
    pub fn hurry(&mut self, rng: &mut impl Rng) -> Option<Result<Vec<Target>, LocateError>> {
        self.note(LookupError::Timeout);
        self.open.clear();
        self.unasked.clear();
        self.advance(rng)
    }

    /// The questions that wait for their answers.
    pub fn open_questions(&self) -> &[Question] {
        &self.open
    }
}

/// A name as questions carry it, in lower case and without its final dot; `None` when it is none (RFC 1035 section
/// 2.3.4).
fn absolute(name: &str) -> Option<ByteString> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_name = name.len() <= 253 && name.split('.').all(|label| (1..=63).contains(&label.len()));
    is_name.then(|| name.to_ascii_lowercase().into())
}

#[cfg(test)]
mod tests;
