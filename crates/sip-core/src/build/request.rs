//! New requests (RFC 3261 section 8.1.1).

use bytes::Bytes;

use super::{Draft, drafting};
use crate::write::Lines;
use crate::{Header, HeaderName, MaxForwards, Method, Request, Uri, Via};

/// Room for the spaces, the version and the line end of the Request-Line.
const VERSION_OCTETS: usize = 11;

/// Writes a new request. Lines stand in the order of the calls, Via always above them, Content-Length always last.
///
/// Line breaks in a value are written as spaces: no value can smuggle in a header.
#[derive(Clone, Debug)]
pub struct RequestBuilder {
    method: Method,
    uri: Uri,
    vias: Lines,
    draft: Draft,
}

impl RequestBuilder {
    pub(crate) fn new(method: Method, uri: &Uri) -> RequestBuilder {
        let (vias, draft) = (Lines::default(), Draft::default());
        RequestBuilder {
            method,
            uri: uri.without_headers(),
            vias,
            draft,
        }
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The Request-URI: what was given, without its headers.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Adds a Via above all other lines, those of earlier calls included. May be called last.
    #[must_use]
    pub fn via(mut self, via: &Via) -> RequestBuilder {
        let below = std::mem::take(&mut self.vias);
        self.vias.header(via);
        self.vias.append(&below);
        self
    }

    /// Adds Max-Forwards.
    #[must_use]
    pub fn max_forwards(self, hops: u8) -> RequestBuilder {
        self.header(&MaxForwards(hops))
    }

    /// Writes the request.
    pub fn build(&self) -> Request {
        let (method, uri) = (self.method.as_str(), self.uri.as_str());
        let (octets, count) = self.draft.size();
        let octets = octets + method.len() + uri.len() + VERSION_OCTETS + self.vias.len();
        let mut lines = Lines::with_start_line(octets, count + self.vias.lines().len(), |out| {
            for piece in [method, " ", uri, " SIP/2.0"] {
                out.push_str(piece);
            }
        });
        lines.append(&self.vias);
        let parts = self.draft.finish(lines);
        let uri_start = method.len() as u32 + 1;
        Request {
            method: self.method.clone(),
            uri: uri_start..uri_start + uri.len() as u32,
            parts,
        }
    }
}

drafting!(RequestBuilder);
