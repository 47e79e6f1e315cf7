//! Which transaction a message belongs to (RFC 3261 sections 17.1.3, 17.2.3 and 9.2).
//!
//! Everything that has to be equal is fed into a keyed hash of 64 bits, and the table knows a transaction by that number
//! alone: no octets of the request stay in memory for it, and nobody outside can make two messages meet. By chance two of
//! half a million do in one case of 2^45.

use rvoip_sip_transport::sip_core::{HeaderName, Method, Request};

use crate::branch;
use crate::fingerprint::{Fingerprint, Imprint, Secret};
use crate::unread::Unread;

/// Makes fingerprints under a secret of its own.
#[derive(Debug)]
pub(crate) struct Matcher {
    secret: Secret,
}

impl Matcher {
    pub(crate) fn new(secret: Secret) -> Matcher {
        Matcher { secret }
    }

    /// The client transaction of a response: branch of the top Via and method of CSeq (section 17.1.3).
    pub(crate) fn client(&self, branch: &str, method: &Method) -> Fingerprint {
        let mut imprint = self.secret.imprint(b'c');
        imprint.folded(branch);
        imprint.text(method.as_str());
        imprint.finish()
    }

    /// The server transaction of a request (section 17.2.3), `method` standing in for the request's own: an ACK belongs
    /// to its INVITE, and a CANCEL asks for one. `None` for a request that has passed no check.
    pub(crate) fn server(&self, request: &Request, method: &Method) -> Option<Fingerprint> {
        let (hop, branch) = request.top_hop()?;
        let mut imprint = match branch {
            Some(branch) if branch::is_unique(branch) => {
                let mut imprint = self.secret.imprint(b's');
                imprint.folded(branch);
                imprint
            }
            branch => self.rfc_2543(request, branch.unwrap_or_default(), method)?,
        };
        // A client repeats it letter by letter in the ACK and the CANCEL of an INVITE (sections 9.1 and 17.1.1.3).
        imprint.folded(hop);
        imprint.text(method.as_str());
        Some(imprint.finish())
    }

    /// The server transaction of an INVITE or its ACK that has only been looked at.
    pub(crate) fn unread(&self, request: &Unread<'_>) -> Fingerprint {
        let mut imprint = self.secret.imprint(b's');
        imprint.folded(request.branch);
        imprint.folded(request.hop);
        imprint.text(Method::Invite.as_str());
        imprint.finish()
    }

    /// What RFC 2543 clients are matched by, as their branch promises nothing. The To tag is left out for an INVITE, since
    /// its ACK carries the tag of the response there; the layer compares that one when the ACK comes.
    fn rfc_2543(&self, request: &Request, branch: &str, method: &Method) -> Option<Imprint> {
        let mut imprint = self.secret.imprint(b'o');
        imprint.text(request.raw_uri());
        if *method != Method::Invite {
            imprint.optional(request.to_tag());
        }
        origin(&mut imprint, request)?;
        imprint.text(branch);
        Some(imprint)
    }

    /// The INVITE of a dialog-to-be, by what its CANCEL copies from it whatever its branch (section 9.1), and by which
    /// its copies are known that come over other paths (section 8.2.2.2).
    pub(crate) fn invite(&self, request: &Request) -> Option<Fingerprint> {
        let mut imprint = self.secret.imprint(b'i');
        imprint.optional(request.to_tag());
        origin(&mut imprint, request)?;
        Some(imprint.finish())
    }

    /// What stands for octets that cannot be matched.
    pub(crate) fn octets(&self, octets: &[u8]) -> Fingerprint {
        self.secret.of(b'x', &octets)
    }

    /// A To tag for an answer without a transaction: the same whenever the request comes, and known again in the ACK of an
    /// INVITE (section 8.2.7). Nobody can tell the fingerprint from it.
    pub(crate) fn stateless_tag(&self, request: Fingerprint) -> StatelessTag {
        StatelessTag::new(self.secret.of(b't', &request.bits()).bits())
    }
}

/// A To tag of its own form: a letter and sixteen hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StatelessTag([u8; 17]);

impl StatelessTag {
    const LETTER: u8 = b's';

    fn new(bits: u64) -> StatelessTag {
        let mut text = [Self::LETTER; 17];
        for (place, digit) in text[1..].iter_mut().enumerate() {
            *digit = b"0123456789abcdef"[(bits >> (60 - 4 * place) & 0xf) as usize];
        }
        StatelessTag(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether a tag has the form of one.
    pub(crate) fn may_be(tag: &str) -> bool {
        tag.len() == 17 && tag.as_bytes()[0] == Self::LETTER
    }
}

/// What a client gives each of its requests: From tag, Call-ID and the number of CSeq.
fn origin(imprint: &mut Imprint, request: &Request) -> Option<()> {
    imprint.optional(request.from_tag());
    imprint.text(request.headers().raw(&HeaderName::CallId)?);
    imprint.number(request.cseq_number()?);
    Some(())
}
