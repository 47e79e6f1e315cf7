//! Which transaction a message belongs to (RFC 3261 sections 17.1.3, 17.2.3 and 9.2).
//!
//! Everything that has to be equal is fed into a keyed 128-bit hash, and the table knows a transaction by that number
//! alone: no octets of the request stay in memory for it, and nobody outside can make two messages meet.

use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};

use rand::Rng;
use rand::rngs::StdRng;
use rvoip_sip_transport::sip_core::{
    Host, HostPort, Method, ParseError, Request, Via, ViaTransport,
};
use smallvec::SmallVec;

use crate::branch;

/// What stands for the parts of a message that matching compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint([u64; 2]);

impl Hash for Fingerprint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0[0]);
    }
}

/// A table by fingerprint; the key is a hash already and is used as one.
pub(crate) type ByFingerprint<V> =
    std::collections::HashMap<Fingerprint, V, BuildHasherDefault<AsItIs>>;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, octets: &[u8]) {
        for octet in octets {
            self.0 = self.0.rotate_left(8) ^ u64::from(*octet);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

/// Makes fingerprints under a secret of its own.
#[derive(Debug)]
pub(crate) struct Matcher {
    secrets: [u64; 2],
}

impl Matcher {
    pub(crate) fn new(rng: &mut StdRng) -> Matcher {
        Matcher {
            secrets: [rng.next_u64(), rng.next_u64()],
        }
    }

    /// The client transaction of a response: branch of the top Via and method of CSeq (section 17.1.3).
    pub(crate) fn client(&self, branch: &str, method: &Method) -> Fingerprint {
        let mut parts = Parts::new(b'c');
        parts.folded(branch);
        parts.exact(method.as_str());
        self.fingerprint(&parts)
    }

    /// The server transaction of a request (section 17.2.3), `method` standing in for the request's own: an ACK belongs
    /// to its INVITE, and a CANCEL asks for one.
    pub(crate) fn server(
        &self,
        request: &Request,
        method: &Method,
    ) -> Result<Fingerprint, ParseError> {
        let via = request.top_via()?;
        let mut parts = match via.branch() {
            Some(branch) if branch::is_unique(branch) => {
                let mut parts = Parts::new(b's');
                parts.folded(branch);
                parts
            }
            branch => rfc_2543(request, branch.unwrap_or_default(), method)?,
        };
        parts.sent_by(&via);
        parts.exact(method.as_str());
        Ok(self.fingerprint(&parts))
    }

    /// The INVITE of a dialog-to-be, by what a CANCEL copies from it whatever its branch.
    pub(crate) fn invite(&self, request: &Request) -> Result<Fingerprint, ParseError> {
        let mut parts = Parts::new(b'i');
        parts.exact(request.call_id()?.as_str());
        parts.exact(request.from_tag().unwrap_or_default());
        parts.exact(request.to_tag().unwrap_or_default());
        parts.number(request.cseq()?.number);
        Ok(self.fingerprint(&parts))
    }

    /// A To tag for an answer without a transaction: the same for the same octets (section 8.2.7).
    pub(crate) fn stateless_tag(&self, octets: &[u8]) -> String {
        format!(
            "{:016x}",
            self.hash(self.secrets[0].rotate_left(32), octets)
        )
    }

    fn fingerprint(&self, parts: &Parts) -> Fingerprint {
        Fingerprint(self.secrets.map(|secret| self.hash(secret, &parts.octets)))
    }

    fn hash(&self, secret: u64, octets: &[u8]) -> u64 {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(secret);
        hasher.write(octets);
        hasher.finish()
    }
}

/// What RFC 2543 clients are matched by, as their branch promises nothing. The To tag is left out for an INVITE, since
/// its ACK carries the tag of the response there; the layer compares that one when the ACK comes.
fn rfc_2543(request: &Request, branch: &str, method: &Method) -> Result<Parts, ParseError> {
    let mut parts = Parts::new(b'o');
    parts.exact(request.raw_uri());
    if *method != Method::Invite {
        parts.exact(request.to_tag().unwrap_or_default());
    }
    parts.exact(request.from_tag().unwrap_or_default());
    parts.exact(request.call_id()?.as_str());
    parts.number(request.cseq()?.number);
    parts.exact(branch);
    Ok(parts)
}

/// The input of a hash: fields that cannot run into each other.
struct Parts {
    octets: SmallVec<[u8; 256]>,
}

impl Parts {
    fn new(kind: u8) -> Parts {
        let mut octets = SmallVec::new();
        octets.push(kind);
        Parts { octets }
    }

    fn exact(&mut self, text: &str) {
        self.number(text.len() as u32);
        self.octets.extend_from_slice(text.as_bytes());
    }

    fn folded(&mut self, text: &str) {
        self.exact(text);
        let start = self.octets.len() - text.len();
        self.octets[start..].make_ascii_lowercase();
    }

    fn number(&mut self, number: u32) {
        self.octets.extend_from_slice(&number.to_be_bytes());
    }

    fn sent_by(&mut self, via: &Via) {
        let HostPort { host, port } = &via.sent_by;
        match host {
            Host::Name(name) => self.folded(name),
            Host::V4(ip) => self.octets.extend_from_slice(&ip.octets()),
            Host::V6(ip) => self.octets.extend_from_slice(&ip.octets()),
        }
        let default = if matches!(via.transport, ViaTransport::Tls | ViaTransport::Wss) {
            5061
        } else {
            5060
        };
        self.number(u32::from(port.unwrap_or(default)));
    }
}
