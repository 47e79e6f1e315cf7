//! A dialog: the state both parties share about who they are and where requests go (RFC 3261 section 12).

use rvoip_transaction_core::sip_core::{
    ByteString, CSeq, Contact, Header, HeaderMap, HeaderName, Method, NameAddr, ParseError,
    Request, RequestBuilder, Response, To, Uri,
};

use crate::id::LocalTag;
use crate::route_set::{Itinerary, RouteSet};
use crate::sequence::Sequence;

/// One dialog, from this side. All text is copied out of the messages, so that none of them is kept alive.
#[derive(Clone, Debug)]
pub struct Dialog {
    call_id: ByteString,
    local_tag: LocalTag,
    remote_tag: Option<ByteString>,
    /// The From value of our requests.
    local: ByteString,
    /// The To value of our requests.
    remote: ByteString,
    remote_target: ByteString,
    route_set: RouteSet,
    /// The Contact value of our requests and responses.
    contact: ByteString,
    pub(crate) sequence: Sequence,
}

/// The hops that go before the first request is sent by a caller.
fn preloaded(route: &[Uri]) -> RouteSet {
    RouteSet::in_order(route.iter().cloned().map(NameAddr::new))
}

/// What stands on the line of a header.
fn value<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<&'a str, ParseError> {
    headers
        .raw(name)
        .ok_or_else(|| ParseError::MissingHeader(name.clone()))
}

/// The text of a URI, copied out of the message it stands in.
fn owned(uri: &Uri) -> ByteString {
    ByteString::from(uri.as_str())
}

fn contact_of(contact: Option<Contact>) -> Option<ByteString> {
    contact?.uri().map(owned)
}

impl Dialog {
    /// What a caller knows before its INVITE is answered: a dialog without remote tag, on a pre-loaded route set.
    pub fn outgoing(
        call_id: ByteString,
        local_tag: LocalTag,
        local: &NameAddr,
        remote: &Uri,
        route: &[Uri],
    ) -> Dialog {
        Dialog {
            call_id,
            local_tag,
            remote_tag: None,
            local: local
                .clone()
                .with_param("tag", Some(&local_tag.to_string()))
                .to_string()
                .into(),
            remote: To::from(NameAddr::new(remote.without_headers()))
                .to_string()
                .into(),
            remote_target: owned(remote),
            route_set: preloaded(route),
            contact: ByteString::new(),
            sequence: Sequence::new(1, None),
        }
    }

    /// The called party's dialog out of an INVITE without To tag (section 12.1.1). A caller of RFC 2543 sends no tag, and may send no
    /// Contact: requests then go to its From address.
    ///
    /// # Errors
    /// When a header that the dialog is made of does not parse.
    pub fn incoming(
        invite: &Request,
        local_tag: LocalTag,
        contact: ByteString,
    ) -> Result<Dialog, ParseError> {
        let target = match contact_of(invite.contact()?) {
            Some(target) => target,
            None => owned(invite.from()?.uri()),
        };
        let hops: Vec<_> = invite.record_routes().collect::<Result<_, _>>()?;
        Ok(Dialog {
            call_id: value(invite.headers(), &HeaderName::CallId)?.into(),
            local_tag,
            remote_tag: invite.from_tag().map(ByteString::from),
            local: [
                value(invite.headers(), &HeaderName::To)?,
                ";tag=",
                &local_tag.to_string(),
            ]
            .concat()
            .into(),
            remote: value(invite.headers(), &HeaderName::From)?.into(),
            remote_target: target,
            route_set: RouteSet::in_order(hops.into_iter().map(|hop| hop.0)),
            contact,
            sequence: Sequence::new(0, Some(invite.cseq()?.number)),
        })
    }

    /// The dialog that a 2xx of our INVITE makes (section 12.1.2). A 2xx without Contact leaves the target as it was. The
    /// peer's CSeq begins anew: what came before may have been the request of another branch.
    ///
    /// # Errors
    /// When a header that the dialog is made of does not parse; the dialog is then unchanged.
    pub fn establish(&mut self, success: &Response) -> Result<(), ParseError> {
        let hops: Vec<_> = success.record_routes().collect::<Result<_, _>>()?;
        self.refresh_target(success.contact()?);
        self.remote_tag = success.to_tag().map(ByteString::from);
        self.remote = value(success.headers(), &HeaderName::To)?.into();
        self.route_set = RouteSet::reversed(hops.into_iter().map(|hop| hop.0));
        self.sequence = Sequence::new(self.sequence.local(), None);
        Ok(())
    }

    /// The dialog of a 2xx that wins no call: everything that its ACK and BYE need stands in the response.
    ///
    /// # Errors
    /// When a header does not parse, or the Contact is missing.
    pub fn unwanted(success: &Response) -> Result<Dialog, ParseError> {
        let missing = || ParseError::MissingHeader(Contact::NAME);
        let from = success.from()?;
        let target = Uri::parse(contact_of(success.contact()?).ok_or_else(missing)?)?;
        let tag = from
            .tag()
            .and_then(LocalTag::parse)
            .ok_or(ParseError::InvalidHeader(HeaderName::From))?;
        let mut dialog = Dialog::outgoing(
            value(success.headers(), &HeaderName::CallId)?.into(),
            tag,
            &from.0,
            &target,
            &[],
        );
        dialog.sequence = Sequence::new(success.cseq()?.number, None);
        dialog.establish(success)?;
        Ok(dialog)
    }

    /// Takes the Contact of a re-INVITE or of its 2xx as the new remote target (section 12.2).
    pub fn refresh_target(&mut self, contact: Option<Contact>) {
        if let Some(target) = contact_of(contact) {
            self.remote_target = target;
        }
    }

    /// Whether an in-dialog request is the peer's: its Call-ID and From tag. A peer that has shown no tag yet may be
    /// any branch of our INVITE, or one that never learnt of tags.
    pub fn owns(&self, request: &Request) -> bool {
        let headers = request.headers();
        headers.raw(&HeaderName::CallId) == Some(&*self.call_id)
            && (self.remote_tag.is_none()
                || headers.raw(&HeaderName::From) == Some(&*self.remote)
                || request.from_tag() == self.remote_tag.as_deref())
    }

    /// A request inside the dialog, and the URI whose host it goes to.
    ///
    /// # Errors
    /// When the target or a hop is no URI, which those out of parsed headers always are.
    pub fn request(
        &self,
        method: Method,
        number: u32,
    ) -> Result<(RequestBuilder, Uri), ParseError> {
        let Itinerary {
            request_uri,
            route,
            next_hop,
        } = self
            .route_set
            .itinerary(&Uri::parse(self.remote_target.clone())?)?;
        let mut request = Request::builder(method.clone(), &request_uri).max_forwards(70);
        for hop in &route {
            request = request.raw(&HeaderName::Route, hop);
        }
        let request = request
            .raw(&HeaderName::From, &self.local)
            .raw(&HeaderName::To, &self.remote)
            .raw(&HeaderName::CallId, &self.call_id)
            .header(&CSeq { number, method });
        Ok((request, next_hop))
    }

    /// The Call-ID.
    pub fn call_id(&self) -> &ByteString {
        &self.call_id
    }

    /// Our tag.
    pub fn local_tag(&self) -> LocalTag {
        self.local_tag
    }

    /// The peer's tag; none before it answers, and none ever from a peer of RFC 2543.
    pub fn remote_tag(&self) -> Option<&str> {
        self.remote_tag.as_deref()
    }

    /// Where the peer wants its requests.
    pub fn remote_target(&self) -> &str {
        &self.remote_target
    }

    /// Our Contact value.
    pub fn contact(&self) -> &str {
        &self.contact
    }

    /// Sets our Contact, once the path of the INVITE is known.
    pub fn set_contact(&mut self, contact: ByteString) {
        self.contact = contact;
    }
}
