//! Which transaction a message belongs to (RFC 3261 sections 17.1.3, 17.2.3 and 9.2).
//!
//! Everything that has to be equal is fed into a keyed hash of 64 bits, and the table knows a transaction by that number
//! alone: no octets of the request stay in memory for it, and nobody outside can make two messages meet. By chance two of
//! half a million do in one case of 2^45.

use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};

use rand::Rng;
use rand::rngs::StdRng;
use rvoip_sip_transport::sip_core::{HeaderName, Method, Request};

use crate::branch;

/// What stands for the parts of a message that matching compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint(u64);

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
        let mut hasher = self.hasher(b'c');
        folded(&mut hasher, branch);
        method.as_str().hash(&mut hasher);
        Fingerprint(hasher.finish())
    }

    /// The server transaction of a request (section 17.2.3), `method` standing in for the request's own: an ACK belongs
    /// to its INVITE, and a CANCEL asks for one. `None` for a request that has passed no check.
    pub(crate) fn server(&self, request: &Request, method: &Method) -> Option<Fingerprint> {
        let via = request.headers().raw(&HeaderName::Via)?;
        let mut hasher = match request.branch() {
            Some(branch) if branch::is_unique(branch) => {
                let mut hasher = self.hasher(b's');
                folded(&mut hasher, branch);
                hasher
            }
            branch => self.rfc_2543(request, branch.unwrap_or_default(), method)?,
        };
        folded(&mut hasher, hop(via));
        method.as_str().hash(&mut hasher);
        Some(Fingerprint(hasher.finish()))
    }

    /// What RFC 2543 clients are matched by, as their branch promises nothing. The To tag is left out for an INVITE, since
    /// its ACK carries the tag of the response there; the layer compares that one when the ACK comes.
    fn rfc_2543(&self, request: &Request, branch: &str, method: &Method) -> Option<DefaultHasher> {
        let mut hasher = self.hasher(b'o');
        request.raw_uri().hash(&mut hasher);
        if *method != Method::Invite {
            request.to_tag().hash(&mut hasher);
        }
        origin(&mut hasher, request)?;
        branch.hash(&mut hasher);
        Some(hasher)
    }

    /// The INVITE of a dialog-to-be, by what its CANCEL copies from it whatever its branch (section 9.1), and by which
    /// its copies are known that come over other paths (section 8.2.2.2).
    pub(crate) fn invite(&self, request: &Request) -> Option<Fingerprint> {
        let mut hasher = self.hasher(b'i');
        request.to_tag().hash(&mut hasher);
        origin(&mut hasher, request)?;
        Some(Fingerprint(hasher.finish()))
    }

    /// A To tag for an answer without a transaction: the same for the same octets (section 8.2.7).
    pub(crate) fn stateless_tag(&self, octets: &[u8]) -> String {
        let mut hasher = self.hasher(b't');
        hasher.write(octets);
        format!("{:016x}", hasher.finish())
    }

    /// A hash under the secret; `kind` keeps the uses of it apart.
    fn hasher(&self, kind: u8) -> DefaultHasher {
        let mut hasher = DefaultHasher::new();
        for secret in self.secrets {
            hasher.write_u64(secret);
        }
        hasher.write_u8(kind);
        hasher
    }
}

/// What a client gives each of its requests: From tag, Call-ID and the number of CSeq.
fn origin(hasher: &mut DefaultHasher, request: &Request) -> Option<()> {
    request.from_tag().hash(hasher);
    request.headers().raw(&HeaderName::CallId)?.hash(hasher);
    hasher.write_u32(request.cseq().ok()?.number);
    Some(())
}

/// Text whose case does not count.
fn folded(hasher: &mut DefaultHasher, text: &str) {
    for chunk in text.as_bytes().chunks(32) {
        let mut lower = [0; 32];
        let lower = &mut lower[..chunk.len()];
        lower.copy_from_slice(chunk);
        lower.make_ascii_lowercase();
        hasher.write(lower);
    }
    hasher.write_u8(0xff);
}

/// Protocol, transport and sent-by of a Via value as they stand in it: a client repeats them letter by letter in the ACK
/// and the CANCEL of an INVITE (sections 9.1 and 17.1.1.3).
fn hop(via: &str) -> &str {
    let end = via.bytes().position(|octet| matches!(octet, b';' | b','));
    &via[..end.unwrap_or(via.len())]
}
