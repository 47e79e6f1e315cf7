//! The route set of a dialog, and where it sends a request (RFC 3261 sections 12.1 and 12.2.1.1).

use rvoip_transaction_core::sip_core::{
    ByteString, NameAddr, ParseError, RecordRoute, Request, Response, Uri,
};
use smallvec::SmallVec;

/// Proxies that a route set may name: as many as a request passes before Max-Forwards ends it, each on both of its sides.
pub const MAX_HOPS: usize = 140;

/// Why a message makes no dialog.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DialogDefect {
    /// A header that the dialog is made of does not parse, or is missing.
    #[error(transparent)]
    Header(#[from] ParseError),
    /// More than [`MAX_HOPS`] Record-Route values.
    #[error("more than {MAX_HOPS} proxies want to stay in the path")]
    TooManyHops,
}

/// The proxies that want to see every request of a dialog, the nearest first. Kept as the text of their Route values,
/// copied out of the message that named them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteSet(Box<[ByteString]>);

/// How one request travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Itinerary {
    /// The Request-URI.
    pub request_uri: Uri,
    /// The Route values, in order.
    pub route: SmallVec<[ByteString; 2]>,
    /// The URI whose host receives the request.
    pub next_hop: Uri,
}

impl RouteSet {
    /// A route set in the order of the called party: as the Record-Route values stand in the request.
    pub fn in_order(hops: impl Iterator<Item = NameAddr>) -> RouteSet {
        RouteSet(hops.map(|hop| ByteString::from(hop.to_string())).collect())
    }

    /// The route set of the called party: the Record-Route values of the request as they stand in it.
    ///
    /// # Errors
    /// A value that does not parse, or too many of them.
    pub fn of_request(request: &Request) -> Result<RouteSet, DialogDefect> {
        RouteSet::recorded(request.record_routes())
    }

    /// The route set of the caller: the Record-Route values of the response, reversed.
    ///
    /// # Errors
    /// A value that does not parse, or too many of them.
    pub fn of_response(response: &Response) -> Result<RouteSet, DialogDefect> {
        let mut set = RouteSet::recorded(response.record_routes())?;
        set.0.reverse();
        Ok(set)
    }

    fn recorded(
        values: impl Iterator<Item = Result<RecordRoute, ParseError>>,
    ) -> Result<RouteSet, DialogDefect> {
        let mut hops = Vec::new();
        for value in values {
            if hops.len() == MAX_HOPS {
                return Err(DialogDefect::TooManyHops);
            }
            hops.push(ByteString::from(value?.0.to_string()));
        }
        Ok(RouteSet(hops.into()))
    }

    /// Whether requests go to the remote target directly.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How a request to `target` travels: through loose routers with the target as Request-URI; to a strict router
    /// first with its own address as Request-URI and the target as the last Route.
    ///
    /// # Errors
    /// When a hop is no name-addr, which a set made of parsed headers never is.
    pub fn itinerary(&self, target: &Uri) -> Result<Itinerary, ParseError> {
        let Some(first) = self.0.first() else {
            return Ok(Itinerary {
                request_uri: strip(target),
                route: SmallVec::new(),
                next_hop: target.clone(),
            });
        };
        let next_hop = NameAddr::parse(first.clone())?.uri().clone();
        if next_hop.param("lr").is_some() {
            let route = self.0.iter().cloned().collect();
            return Ok(Itinerary {
                request_uri: strip(target),
                route,
                next_hop,
            });
        }
        let mut route: SmallVec<[ByteString; 2]> = self.0[1..].iter().cloned().collect();
        route.push(ByteString::from(format!("<{target}>")));
        Ok(Itinerary {
            request_uri: strip(&next_hop),
            route,
            next_hop,
        })
    }
}

/// Without the parts that a Request-URI may not have: headers and the method parameter (section 19.1.1).
fn strip(uri: &Uri) -> Uri {
    let bare = uri.without_headers();
    match bare.param("method") {
        None => bare,
        Some(_) => bare.without_param("method"),
    }
}

#[cfg(test)]
mod tests {
    use rvoip_transaction_core::sip_core::{Method, StatusCode};

    use super::*;

    fn set(hops: &[&str]) -> RouteSet {
        RouteSet::in_order(hops.iter().map(|hop| hop.parse().unwrap()))
    }

    fn target() -> Uri {
        "sip:bob@192.0.2.4".parse().unwrap()
    }

    #[test]
    fn without_routes_the_target_is_all() {
        let itinerary = RouteSet::default().itinerary(&target()).unwrap();
        assert_eq!(
            (itinerary.request_uri, itinerary.next_hop),
            (target(), target())
        );
        assert!(itinerary.route.is_empty());
    }

    #[test]
    fn what_a_request_uri_may_not_have_is_left_out() {
        let target: Uri = "sip:who?x@192.0.2.4;method=BYE;a=b?Subject=x"
            .parse()
            .unwrap();
        for routes in [&[][..], &["<sip:p1.example.com;lr>"]] {
            let itinerary = set(routes).itinerary(&target).unwrap();
            assert_eq!(itinerary.request_uri.as_str(), "sip:who?x@192.0.2.4;a=b");
        }
    }

    #[test]
    fn loose_routers_leave_the_request_uri_alone() {
        let itinerary = set(&["<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>"])
            .itinerary(&target())
            .unwrap();
        assert_eq!(itinerary.request_uri, target());
        assert_eq!(
            itinerary.route[..],
            ["<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>"]
        );
        assert_eq!(itinerary.next_hop.as_str(), "sip:p1.example.com;lr");
    }

    #[test]
    fn a_strict_router_takes_the_request_uri_and_the_target_goes_last() {
        let hops = [
            "<sip:p1.example.com;method=INVITE?Subject=x>",
            "<sip:p2.example.com;lr>",
        ];
        let itinerary = set(&hops).itinerary(&target()).unwrap();
        assert_eq!(itinerary.request_uri.as_str(), "sip:p1.example.com");
        assert_eq!(
            itinerary.route[..],
            ["<sip:p2.example.com;lr>", "<sip:bob@192.0.2.4>"]
        );
        assert_eq!(
            itinerary.next_hop.host().unwrap().to_string(),
            "p1.example.com"
        );
    }

    fn invite(record_routes: usize) -> Request {
        let hop = |number| format!("<sip:p{number}.example.com;lr>").parse().unwrap();
        let hops: Vec<_> = (1..=record_routes)
            .map(|number| RecordRoute(hop(number)))
            .collect();
        let invite = Request::builder(Method::Invite, &target());
        invite.headers(&hops).build()
    }

    #[test]
    fn the_caller_reverses() {
        let request = invite(2);
        let hops = ["<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>"];
        assert_eq!(RouteSet::of_request(&request), Ok(set(&hops)));
        let answer = Response::builder_for(&request, StatusCode::OK);
        let answer = answer.copy_record_route(&request).build();
        let [first, second] = hops;
        assert_eq!(RouteSet::of_response(&answer), Ok(set(&[second, first])));
    }

    #[test]
    fn a_route_set_is_bounded() {
        assert!(RouteSet::of_request(&invite(MAX_HOPS)).is_ok());
        let beyond = invite(MAX_HOPS + 1);
        assert_eq!(
            RouteSet::of_request(&beyond),
            Err(DialogDefect::TooManyHops)
        );
    }
}
