//! The route set of a dialog, and where it sends a request (RFC 3261 sections 12.1 and 12.2.1.1).

use rvoip_transaction_core::sip_core::{ByteString, NameAddr, ParseError, Uri};
use smallvec::SmallVec;

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

    /// A route set in the order of the caller: the Record-Route values of the response, reversed.
    pub fn reversed(hops: impl Iterator<Item = NameAddr>) -> RouteSet {
        let mut set = RouteSet::in_order(hops);
        set.0.reverse();
        set
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

    #[test]
    fn the_caller_reverses() {
        let hops = ["<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>"];
        let reversed = RouteSet::reversed(hops.iter().rev().map(|hop| hop.parse().unwrap()));
        assert_eq!(reversed, set(&hops));
    }
}
