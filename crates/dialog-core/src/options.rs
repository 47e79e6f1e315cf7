//! What this side can do, as OPTIONS and every 2xx tell it (RFC 3261 sections 11.2 and 20.5).

use rvoip_transaction_core::sip_core::{
    ByteString, HeaderName, Request, RequestBuilder, ResponseBuilder,
};

use crate::config::DialogManagerConfig;

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

    /// Whether the body of a request can be read: no body, or an accepted media type without content coding.
    pub fn reads(&self, request: &Request) -> bool {
        if request.body().is_empty() {
            return true;
        }
        let coding = request.headers().raw(&HeaderName::ContentEncoding);
        let media_type = request.headers().raw(&HeaderName::ContentType);
        let media_type = media_type
            .and_then(|value| value.split(';').next())
            .map(str::trim);
        coding.is_none_or(|coding| coding.eq_ignore_ascii_case("identity"))
            && media_type.is_some_and(|media_type| {
                self.accept
                    .iter()
                    .any(|accepted| accepted.eq_ignore_ascii_case(media_type))
            })
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
