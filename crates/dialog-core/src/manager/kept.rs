//! A request that may have to be sent again: what it was, where it went, and with which credentials.

use std::net::IpAddr;

use rvoip_transaction_core::sip_core::{
    ByteString, CSeq, Header, HeaderName, Request, RequestBuilder, Uri,
};
use rvoip_transaction_core::sip_transport::Target;
use rvoip_transaction_core::{NextHop, OwnContact};

use super::errand::Errand;
use crate::protection_space::{Asked, Credentials, Given};

/// How often one request is sent again: enough for two realms, both stale once, and no loop.
const MAX_ROUNDS: u8 = 5;

/// A request as it was before its credentials.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) request: Request,
    contact: Option<OwnContact>,
    next_hop: NextHop,
    /// Where it went, when that is told.
    pub(super) target: Option<Target>,
    /// What it brought.
    pub(super) credentials: Credentials,
    rounds: u8,
    /// It is sent again when its connection breaks: once.
    pub(super) may_move: bool,
}

/// Where a request goes, as far as it says who may ask for credentials.
#[derive(Debug)]
pub(super) struct Place {
    host: String,
    next_host: String,
    address: Option<String>,
    is_secure: bool,
}

impl Kept {
    pub(super) fn new(errand: Errand) -> Kept {
        Kept {
            may_move: errand.may_move,
            request: errand.request.build(),
            contact: errand.contact,
            next_hop: errand.next_hop,
            target: None,
            credentials: Credentials::new(),
            rounds: 0,
        }
    }

    pub(super) fn number(&self) -> u32 {
        self.request.cseq().map_or(1, |cseq| cseq.number)
    }

    /// The same request with another number, and with other lines in the place of those of the same names; how it is kept, and
    /// how it is sent: to the server that has answered, as another one may know nothing of a nonce.
    pub(super) fn again(
        &self,
        number: u32,
        lines: &[(HeaderName, ByteString)],
    ) -> Option<(Kept, Errand)> {
        let rounds = (self.rounds < MAX_ROUNDS).then_some(self.rounds + 1)?;
        let method = self.request.method().clone();
        let mut request = Request::builder(method.clone(), &self.request.uri().ok()?);
        for line in self.request.headers().iter() {
            let name = &line.name;
            let replaced = lines.iter().any(|(other, _)| other == name);
            if !replaced && ![CSeq::NAME, HeaderName::ContentType].contains(name) {
                request = request.raw(name, line.value);
            }
        }
        request = request.header(&CSeq { number, method });
        for (name, value) in lines {
            request = request.raw(name, value);
        }
        if let Some(content_type) = self.request.headers().raw(&HeaderName::ContentType) {
            request = request.body(content_type, self.request.body().clone());
        }
        let kept = Kept {
            request: request.clone().build(),
            rounds,
            ..self.clone()
        };
        let next_hop = match &self.target {
            Some(target) => NextHop::from(target),
            None => self.next_hop.clone(),
        };
        let errand = Errand {
            contact: self.contact.clone(),
            ..Errand::new(request, next_hop)
        };
        Some((kept, errand))
    }

    pub(super) fn place(&self) -> Place {
        let asked = self.request.uri().map(|uri| host(&uri)).unwrap_or_default();
        let (next_host, chosen, is_named_secure) = match &self.next_hop {
            NextHop::Uri { uri, .. } => (host(uri), None, is_named_secure(uri)),
            // What goes to an address of the application's choice is meant for its Request-URI.
            NextHop::Target(target) => (asked.clone(), Some(target), false),
        };
        let target = chosen.or(self.target.as_ref());
        Place {
            host: asked,
            next_host,
            address: target.map(address),
            is_secure: target.map_or(is_named_secure, |target| target.kind().is_secure()),
        }
    }

    pub(super) fn asked<'a>(&'a self, place: &'a Place) -> Asked<'a> {
        Asked {
            request: &self.request,
            host: &place.host,
            next_host: &place.next_host,
            address: place.address.as_deref(),
            is_secure: place.is_secure,
        }
    }
}

/// Puts credentials into a request on its way.
pub(super) fn with_credentials(errand: Errand, credentials: &Credentials) -> Errand {
    Errand {
        request: credited(errand.request, credentials),
        ..errand
    }
}

/// Puts credentials into a request.
pub(super) fn credited(request: RequestBuilder, credentials: &Credentials) -> RequestBuilder {
    let add =
        |request: RequestBuilder, given: &Given| request.raw(&given.asker.header(), &given.value);
    credentials.iter().fold(request, add)
}

/// The host of a URI, in the way that all hosts are compared.
fn host(uri: &Uri) -> String {
    let host = uri.host().map(ToString::to_string);
    host.unwrap_or_default().to_ascii_lowercase()
}

/// The address of a target, as a URI would name it.
fn address(target: &Target) -> String {
    match target.remote().ip() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// Whether a URI asks for a secure transport.
fn is_named_secure(uri: &Uri) -> bool {
    let transport = uri.param("transport").unwrap_or_default();
    let mut secure = ["tls", "wss"].into_iter();
    uri.is_sips() || secure.any(|name| transport.eq_ignore_ascii_case(name))
}
