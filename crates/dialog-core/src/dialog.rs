//! A dialog: the state both parties share about who they are and where requests go (RFC 3261 section 12).

mod text;

use rvoip_transaction_core::sip_core::{
    CSeq, Contact, Header, HeaderMap, HeaderName, Method, NameAddr, ParseError, Request,
    RequestBuilder, Response, To, Uri,
};

use self::text::{Part, Text};
use crate::id::LocalTag;
use crate::route_set::{DialogDefect, Itinerary, RouteSet};
use crate::sequence::Sequence;

/// One dialog, from this side. All text is copied out of the messages, so that none of them is kept alive.
#[derive(Clone, Debug)]
pub struct Dialog {
    text: Text,
    local_tag: LocalTag,
    /// The peer has shown a tag.
    is_tagged: bool,
    route_set: RouteSet,
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

/// The URI of a Contact.
fn contact_uri(contact: &Option<Contact>) -> Option<&str> {
    contact.as_ref()?.uri().map(Uri::as_str)
}

impl Dialog {
    /// What a caller knows before its INVITE is answered: a dialog without remote tag, on a pre-loaded route set.
    pub fn outgoing(
        call_id: &str,
        local_tag: LocalTag,
        local: &NameAddr,
        remote: &Uri,
        route: &[Uri],
    ) -> Dialog {
        let tag = Some(local_tag.text());
        let local = local.clone().with_param("tag", tag.as_deref());
        let to = To::from(NameAddr::new(remote.without_headers()));
        Dialog {
            text: Text::new([
                &[call_id],
                &[],
                &[&local.to_string()],
                &[&to.to_string()],
                &[remote.as_str()],
                &[],
            ]),
            local_tag,
            is_tagged: false,
            route_set: preloaded(route),
            sequence: Sequence::new(1, None),
        }
    }

    /// With another remote target than the URI of the To header.
    pub(crate) fn directed_to(mut self, target: &Uri) -> Dialog {
        self.text.set(Part::RemoteTarget, target.as_str());
        self
    }

    /// The called party's dialog out of an INVITE without To tag (section 12.1.1). A caller of RFC 2543 sends no tag, and may send no
    /// Contact: requests then go to its From address.
    ///
    /// # Errors
    /// When a header that the dialog is made of does not parse, or too many proxies want to stay in the path.
    pub fn incoming(
        invite: &Request,
        local_tag: LocalTag,
        contact: &str,
    ) -> Result<Dialog, DialogDefect> {
        let headers = invite.headers();
        let (to, remote) = (
            value(headers, &HeaderName::To)?,
            value(headers, &HeaderName::From)?,
        );
        let target = invite
            .contact_uri()
            .or(invite.from_uri())
            .ok_or_else(|| ParseError::MissingHeader(HeaderName::From))?;
        let tag = invite.from_tag();
        Ok(Dialog {
            text: Text::new([
                &[value(headers, &HeaderName::CallId)?],
                &[tag.unwrap_or_default()],
                &[to, ";tag=", &local_tag.text()],
                &[remote],
                &[target],
                &[contact],
            ]),
            local_tag,
            is_tagged: tag.is_some(),
            route_set: RouteSet::of_request(invite)?,
            sequence: Sequence::new(0, Some(invite.cseq()?.number)),
        })
    }

    /// The dialog that a 2xx of our INVITE makes (section 12.1.2). A 2xx without Contact leaves the target as it was. The
    /// peer's CSeq begins anew: what came before may have been the request of another branch.
    ///
    /// # Errors
    /// When a header that the dialog is made of does not parse, or too many proxies want to stay in the path; the dialog is then
    /// unchanged.
    pub fn establish(&mut self, success: &Response) -> Result<(), DialogDefect> {
        let route_set = RouteSet::of_response(success)?;
        let (tag, contact) = (success.to_tag(), success.contact()?);
        self.text
            .set(Part::Remote, value(success.headers(), &HeaderName::To)?);
        self.text.set(Part::RemoteTag, tag.unwrap_or_default());
        self.is_tagged = tag.is_some();
        self.refresh_target(contact);
        self.route_set = route_set;
        self.sequence = Sequence::new(self.sequence.local(), None);
        Ok(())
    }

    /// The 2xx of an early dialog's INVITE confirms it (section 13.2.2.4): the route set is taken anew, for peers that put no
    /// Record-Route into provisional responses, and all numbers go on.
    ///
    /// # Errors
    /// As [`establish`](Self::establish).
    pub fn confirm(&mut self, success: &Response) -> Result<(), DialogDefect> {
        let sequence = self.sequence;
        self.establish(success)?;
        self.sequence = sequence;
        Ok(())
    }

    /// The dialog of a 2xx that wins no call: everything that its ACK and BYE need stands in the response.
    ///
    /// # Errors
    /// When a header does not parse, or the Contact is missing.
    pub fn unwanted(success: &Response) -> Result<Dialog, DialogDefect> {
        let missing = || ParseError::MissingHeader(Contact::NAME);
        let from = success.from()?;
        let contact = success.contact()?;
        let target = contact
            .as_ref()
            .and_then(Contact::uri)
            .ok_or_else(missing)?;
        let tag = from
            .tag()
            .and_then(LocalTag::parse)
            .ok_or(ParseError::InvalidHeader(HeaderName::From))?;
        let mut dialog = Dialog::outgoing(
            value(success.headers(), &HeaderName::CallId)?,
            tag,
            &from.0,
            target,
            &[],
        );
        dialog.sequence = Sequence::new(success.cseq()?.number, None);
        dialog.establish(success)?;
        Ok(dialog)
    }

    /// The subscriber's dialog that a NOTIFY makes, as the first of its branch (RFC 6665 section 4.4.1).
    ///
    /// # Errors
    /// When a header that the dialog is made of does not parse, or too many proxies want to stay in the path; the dialog is then
    /// unchanged.
    pub fn establish_by(&mut self, notify: &Request) -> Result<(), DialogDefect> {
        let route_set = RouteSet::of_request(notify)?;
        let (contact, number) = (notify.contact()?, notify.cseq()?.number);
        let tag = notify.from_tag();
        self.text
            .set(Part::Remote, value(notify.headers(), &HeaderName::From)?);
        self.text.set(Part::RemoteTag, tag.unwrap_or_default());
        self.is_tagged = tag.is_some();
        self.refresh_target(contact);
        self.route_set = route_set;
        self.sequence = Sequence::new(self.sequence.local(), Some(number));
        Ok(())
    }

    /// Takes the Contact of a re-INVITE or of its 2xx as the new remote target (section 12.2).
    pub fn refresh_target(&mut self, contact: Option<Contact>) {
        if let Some(target) = contact_uri(&contact) {
            self.text.set(Part::RemoteTarget, target);
        }
    }

    /// Whether an in-dialog request is the peer's: its Call-ID and From tag. A peer that has shown no tag yet may be
    /// any branch of our INVITE, or one that never learnt of tags.
    pub fn owns(&self, request: &Request) -> bool {
        let headers = request.headers();
        headers.raw(&HeaderName::CallId) == Some(self.call_id())
            && (!self.is_tagged
                || headers.raw(&HeaderName::From) == Some(self.text.part(Part::Remote))
                || request.from_tag() == self.remote_tag())
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
            .itinerary(&Uri::parse(self.remote_target().into())?)?;
        let mut request = Request::builder(method.clone(), &request_uri).max_forwards(70);
        for hop in &route {
            request = request.raw(&HeaderName::Route, hop);
        }
        let request = request
            .raw(&HeaderName::From, self.text.part(Part::Local))
            .raw(&HeaderName::To, self.text.part(Part::Remote))
            .raw(&HeaderName::CallId, self.call_id())
            .header(&CSeq { number, method });
        Ok((request, next_hop))
    }

    /// The Call-ID.
    pub fn call_id(&self) -> &str {
        self.text.part(Part::CallId)
    }

    /// Our tag.
    pub fn local_tag(&self) -> LocalTag {
        self.local_tag
    }

    /// The peer's tag; none before it answers, and none ever from a peer of RFC 2543.
    pub fn remote_tag(&self) -> Option<&str> {
        self.is_tagged.then(|| self.text.part(Part::RemoteTag))
    }

    /// Where the peer wants its requests.
    pub fn remote_target(&self) -> &str {
        self.text.part(Part::RemoteTarget)
    }

    /// Our Contact value.
    pub fn contact(&self) -> &str {
        self.text.part(Part::Contact)
    }

    /// Sets the Request-URI of an INVITE that does not go to whom its To names.
    pub fn set_target(&mut self, target: &Uri) {
        self.text.set(Part::RemoteTarget, target.as_str());
    }

    /// Sets our Contact, once the path of the INVITE is known.
    pub fn set_contact(&mut self, contact: &str) {
        self.text.set(Part::Contact, contact);
    }
}
