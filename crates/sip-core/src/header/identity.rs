//! Identity (RFC 8224 section 4).

use bytestring::ByteString;

use super::grammar::{cut_params, display_by_write};
use super::{Header, HeaderName, Values};
use crate::{Params, ParseError, Uri, param, token, unquote};

/// A signature over the identity of the caller: `digest;info=<uri>;alg=ES256;ppt=shaken`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    digest: ByteString,
    info: Uri,
    params: Params,
}

impl Identity {
    /// A signature, and where its certificate is.
    pub fn new(digest: impl Into<ByteString>, info: Uri) -> Identity {
        let (digest, params) = (digest.into(), Params::new());
        Identity {
            digest,
            info,
            params,
        }
    }

    /// The signature as it stands: `header.claims.signature`, or the signature alone behind two dots in compact form.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Where the certificate is.
    pub fn info(&self) -> &Uri {
        &self.info
    }

    /// The algorithm; `ES256` when it does not say.
    pub fn algorithm(&self) -> &str {
        self.params.get("alg").unwrap_or("ES256")
    }

    /// The extension of PASSporT, if any: `shaken`, `div`.
    pub fn passport_type(&self) -> Option<std::borrow::Cow<'_, str>> {
        self.params.get("ppt").map(unquote)
    }

    /// The parameters without `info`.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The same with a parameter set.
    #[must_use]
    pub fn with_param(self, name: &str, value: Option<&str>) -> Identity {
        Identity {
            params: self.params.with(name, value),
            ..self
        }
    }

    /// Digest, URI and the parameters behind it with their semicolon.
    fn read(value: &str) -> Option<(&str, &str, &str)> {
        let (digest, rest) = cut_params(value)?;
        let is_digest = |octet: u8| octet.is_ascii_alphanumeric() || b"+/=-_.".contains(&octet);
        let rest = token::trimmed(rest.strip_prefix(';')?);
        let name = rest
            .get(..4)
            .filter(|name| name.eq_ignore_ascii_case("info"))?;
        let rest = token::trimmed(&rest[name.len()..]).strip_prefix('=')?;
        let (info, params) = token::trimmed(rest).strip_prefix('<')?.split_once('>')?;
        let well_formed =
            !digest.is_empty() && digest.bytes().all(is_digest) && param::checked(params).is_ok();
        well_formed.then_some((digest, info, params))
    }
}

impl Header for Identity {
    const NAME: HeaderName = HeaderName::Identity;
    const VALUES: Values = Values::Each;

    fn parse(value: ByteString) -> Result<Identity, ParseError> {
        let parts = || {
            let (digest, info, params) = Self::read(&value)?;
            Some(Identity {
                digest: value.slice_ref(digest),
                info: Uri::parse(value.slice_ref(info)).ok()?,
                params: Params::parse_slice(&value, params).ok()?,
            })
        };
        parts().ok_or(ParseError::InvalidHeader(Self::NAME))
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.digest);
        out.push_str(";info=<");
        out.push_str(self.info.as_str());
        out.push('>');
        self.params.write(out);
    }
}

display_by_write!(Identity);
