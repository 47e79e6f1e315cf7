//! The challenges of a server (RFC 7616 section 3.3, RFC 8760 section 2.4).

use super::{Algorithm, Qop};
use crate::header::Challenge;

/// What a server offers.
#[derive(Clone, Copy, Debug)]
pub struct ChallengeOffer<'a> {
    /// The realm.
    pub realm: &'a str,
    /// The nonce.
    pub nonce: &'a str,
    /// What the client returns as it is; none if empty.
    pub opaque: &'a str,
    /// The algorithms, the best first. Without any there is no challenge.
    pub algorithms: &'a [Algorithm],
    /// The qualities of protection; none for clients of RFC 2069 alone.
    pub qop: &'a [Qop],
    /// Whether the credentials of the request were right but for their nonce.
    pub is_stale: bool,
    /// Whether clients may hash user names.
    pub userhash: bool,
}

/// One challenge for each algorithm, in the order of preference.
pub fn challenges<'a>(offer: &ChallengeOffer<'a>) -> impl Iterator<Item = Challenge> + use<'a> {
    let offer = *offer;
    offer.algorithms.iter().map(move |algorithm| {
        let mut challenge = Challenge::digest(offer.realm, offer.nonce);
        if !offer.opaque.is_empty() {
            challenge = challenge.with("opaque", offer.opaque);
        }
        challenge = challenge.with("algorithm", algorithm.as_str());
        if !offer.qop.is_empty() {
            let names: Vec<&str> = offer.qop.iter().map(|qop| qop.as_str()).collect();
            challenge = challenge.with("qop", &names.join(","));
        }
        for (name, is_so) in [("stale", offer.is_stale), ("userhash", offer.userhash)] {
            if is_so {
                challenge = challenge.with(name, "true");
            }
        }
        challenge
    })
}
