//! What this side can do, as OPTIONS and every 2xx tell it (RFC 3261 sections 11.2 and 20.5).

use rvoip_transaction_core::sip_core::{
    ByteString, HeaderName, Method, Request, RequestBuilder, ResponseBuilder, Unsupported,
};

use crate::Body;
use crate::body::ACCEPTED_MULTIPARTS;
use crate::config::DialogManagerConfig;
use crate::extensions::{RELIABLE, ReliableProvisionals};
use crate::out_of_dialog::Refusal;
use crate::refer::NOREFERSUB;
use crate::request::is_open;
use crate::session_timer::TIMER;

/// The methods that this layer acts upon by itself.
pub const METHODS: &[Method] = &[
    Method::Invite,
    Method::Ack,
    Method::Cancel,
    Method::Bye,
    Method::Options,
    Method::Prack,
    Method::Update,
    Method::Refer,
    Method::Subscribe,
    Method::Notify,
];

/// The option tags of the extensions that are always spoken; those that the configuration switches come behind them.
pub const EXTENSIONS: &[&str] = &["replaces", NOREFERSUB];

/// What goes into the capability headers.
#[derive(Clone, Debug)]
pub struct Capabilities {
    accept: Vec<ByteString>,
    accept_line: ByteString,
    /// Those of [`METHODS`] and of the application.
    allow_line: ByteString,
    /// The methods that the application serves.
    served: Vec<Method>,
    /// The option tags of all extensions that are spoken.
    supported: Vec<&'static str>,
    supported_line: ByteString,
    events_line: ByteString,
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
        let switched = [true, false].map(|outgoing| config.extensions(outgoing));
        let reliable = switched
            .iter()
            .any(|extensions| extensions.reliable_provisionals != ReliableProvisionals::Off);
        let timer = switched
            .iter()
            .any(|extensions| extensions.session_timer.is_some());
        let supported: Vec<&str> = EXTENSIONS
            .iter()
            .copied()
            .chain(reliable.then_some(RELIABLE))
            .chain(timer.then_some(TIMER))
            .collect();
        let accept_line = accept
            .iter()
            .map(|media_type| &**media_type)
            .chain([ACCEPTED_MULTIPARTS])
            .collect::<Vec<_>>()
            .join(", ")
            .into();
        let served = match config {
            DialogManagerConfig::Client(_) => &[],
            DialogManagerConfig::Server(server) => &*server.methods,
            DialogManagerConfig::Hybrid(both) => &*both.server.methods,
        };
        let packages = config.subscriptions().packages.iter();
        let packages = packages.map(|package| &*package.name);
        let events: Vec<&str> = packages.chain(["refer"]).collect();
        let open = |method: &&Method| is_open(method);
        let served: Vec<Method> = served.iter().filter(open).cloned().collect();
        let further = served.iter().filter(|method| !METHODS.contains(method));
        let allow_line = METHODS
            .iter()
            .chain(further)
            .map(Method::as_str)
            .collect::<Vec<_>>()
            .join(", ")
            .into();
        Capabilities {
            accept,
            accept_line,
            allow_line,
            served,
            supported_line: supported.join(", ").into(),
            supported,
            events_line: events.join(", ").into(),
            user_agent,
            server,
        }
    }

    /// Whether the method is acted upon, here or by the application.
    ///
    /// # Errors
    /// 405 or 501.
    pub fn method(&self, request: &Request) -> Result<(), Refusal> {
        let method = request.method();
        if METHODS.contains(method) || self.is_served(method) {
            return Ok(());
        }
        Err(match method {
            Method::Extension(_) => Refusal::NotImplemented,
            _ => Refusal::Method,
        })
    }

    /// Whether all required extensions are spoken.
    ///
    /// # Errors
    /// 420 with the tags.
    pub fn extensions(&self, request: &Request) -> Result<(), Refusal> {
        if !request.headers().contains(&HeaderName::Require) {
            return Ok(());
        }
        let require = request.require().map_err(|_| Refusal::BadRequest)?;
        let unknown = |tag: &&str| {
            let mut spoken = self.supported.iter();
            !spoken.any(|spoken| spoken.eq_ignore_ascii_case(tag))
        };
        let mut missing = require.iter().filter(unknown).peekable();
        match missing.peek() {
            None => Ok(()),
            Some(_) => Err(Refusal::Extension(Unsupported::new(missing))),
        }
    }

    /// Whether the application answers requests of this method.
    pub fn is_served(&self, method: &Method) -> bool {
        self.served.contains(method)
    }

    /// The body of a request, or the part of it, that is of an accepted media type (section 8.2.3, RFC 5621).
    ///
    /// # Errors
    /// 415 when there is another that has to be understood, 400 for a multipart that cannot be taken apart.
    pub fn body(&self, request: &Request) -> Result<Option<Body>, Refusal> {
        Body::accepted(request, &self.accept)
    }

    /// Adds Allow, Supported and User-Agent to a request that may begin a dialog.
    pub fn describe_request(&self, request: RequestBuilder) -> RequestBuilder {
        let request = request
            .raw(&HeaderName::Allow, &self.allow_line)
            .raw(&HeaderName::Supported, &self.supported_line);
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
        let response = self
            .allow(response)
            .raw(&HeaderName::Supported, &self.supported_line);
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

    /// Hands requests of this method to the application from now on.
    pub(crate) fn serve_also(&mut self, method: &Method) {
        if is_open(method) && !self.is_served(method) {
            self.served.push(method.clone());
            self.allow_also(method);
        }
    }

    /// Says from now on that requests of this method are taken, too.
    pub(crate) fn allow_also(&mut self, method: &Method) {
        let line = &self.allow_line;
        if !line.split(", ").any(|known| known == method.as_str()) {
            self.allow_line = format!("{line}, {method}").into();
        }
    }

    /// The value of Allow.
    pub fn allow_line(&self) -> ByteString {
        self.allow_line.clone()
    }

    /// Adds Allow.
    pub fn allow(&self, response: ResponseBuilder) -> ResponseBuilder {
        response.raw(&HeaderName::Allow, &self.allow_line)
    }

    /// Adds Accept to a request.
    pub fn accept_request(&self, request: RequestBuilder) -> RequestBuilder {
        request.raw(&HeaderName::Accept, &self.accept_line)
    }

    /// Adds Allow-Events: the packages that peers may subscribe to, by SUBSCRIBE or REFER.
    pub fn allow_events(&self, response: ResponseBuilder) -> ResponseBuilder {
        response.raw(&HeaderName::AllowEvents, &self.events_line)
    }

    /// Adds Accept.
    pub fn accept(&self, response: ResponseBuilder) -> ResponseBuilder {
        response.raw(&HeaderName::Accept, &self.accept_line)
    }
}
