//! What this side can do, as OPTIONS and every 2xx tell it (RFC 3261 sections 11.2 and 20.5).

use rvoip_transaction_core::sip_core::{
    ByteString, HeaderName, Request, RequestBuilder, ResponseBuilder,
};

use crate::Body;
use crate::config::DialogManagerConfig;
use crate::out_of_dialog::Refusal;

/// The methods that are acted upon.
pub const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS";

/// The option tags of the extensions that are spoken: none.
pub const SUPPORTED: &str = "";

/// What goes into the capability headers.
#[derive(Clone, Debug)]
pub struct Capabilities {
    accept: Vec<ByteString>,
    accept_line: ByteString,
    user_agent: Option<ByteString>,
    server: Option<ByteString>,
}

impl Capabilities {
    /// The capabilities of a configuration.
    pub fn new(config: &DialogManagerConfig) -> Capabilities {
        let sdp = vec![ByteString::from_static("application/sdp")];
        let (accept, user_agent, server) = match config {
            DialogManagerConfig::Client(client) => {
                (sdp, client.user_agent.clone(), client.user_agent.clone())
            }
            DialogManagerConfig::Server(server) => (
                server.accept.clone(),
                server.server.clone(),
                server.server.clone(),
            ),
            DialogManagerConfig::Hybrid(both) => (
                both.server.accept.clone(),
                both.client.user_agent.clone(),
                both.server.server.clone(),
            ),
        };
        let accept_line = accept
            .iter()
            .map(|media_type| &**media_type)
            .collect::<Vec<_>>()
            .join(", ")
            .into();
        Capabilities {
            accept,
            accept_line,
            user_agent,
            server,
        }
    }

    /// The body of a request, if it has one: of an accepted media type and without content coding. Another one is passed
    /// over when its sender calls it optional (section 8.2.3).
    ///
    /// # Errors
    /// 415.
    pub fn body(&self, request: &Request) -> Result<Option<Body>, Refusal> {
        let Some(body) = Body::of_request(request) else {
            return Ok(None);
        };
        let headers = request.headers();
        let coding = headers.raw(&HeaderName::ContentEncoding);
        let media_type = headers.raw(&HeaderName::ContentType).unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        let readable = coding.is_none_or(|coding| coding.eq_ignore_ascii_case("identity"))
            && self
                .accept
                .iter()
                .any(|accepted| accepted.eq_ignore_ascii_case(media_type));
        if readable {
            return Ok(Some(body));
        }
        let disposition = headers
            .raw(&HeaderName::ContentDisposition)
            .unwrap_or_default();
        let mut parameters = disposition.split(';').skip(1).map(str::trim);
        if parameters.any(|parameter| parameter.eq_ignore_ascii_case("handling=optional")) {
            Ok(None)
        } else {
            Err(Refusal::MediaType)
        }
    }

    /// Adds Allow, Supported and User-Agent to a request that may begin a dialog.
    pub fn describe_request(&self, request: RequestBuilder) -> RequestBuilder {
        let request = request
            .raw(&HeaderName::Allow, ALLOW)
            .raw(&HeaderName::Supported, SUPPORTED);
        self.sign_request(request)
    }

    /// Adds User-Agent.
    pub fn sign_request(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.user_agent {
            Some(name) => request.raw(&HeaderName::UserAgent, name),
            None => request,
        }
    }

    /// Adds Allow, Supported and Server to a 2xx that makes or changes a dialog.
    pub fn describe_response(&self, response: ResponseBuilder) -> ResponseBuilder {
        let response = response
            .raw(&HeaderName::Allow, ALLOW)
            .raw(&HeaderName::Supported, SUPPORTED);
        self.sign_response(response)
    }

    /// Adds Server.
    pub fn sign_response(&self, response: ResponseBuilder) -> ResponseBuilder {
        match &self.server {
            Some(name) => response.raw(&HeaderName::Server, name),
            None => response,
        }
    }

    /// Adds all that a 200 to OPTIONS tells: what an INVITE may bring.
    pub fn answer_options(&self, response: ResponseBuilder) -> ResponseBuilder {
        self.describe_response(self.accept(response))
            .raw(&HeaderName::AcceptEncoding, "identity")
            .raw(&HeaderName::AcceptLanguage, "en")
    }

    /// Adds Accept.
    pub fn accept(&self, response: ResponseBuilder) -> ResponseBuilder {
        response.raw(&HeaderName::Accept, &self.accept_line)
    }
}
