//! Which SRTP a stream has: what is offered, what is taken of an offer, and what an answer has made of ours (RFC 4568, and
//! RFC 8643 for keys beside plain RTP).

use super::NegotiationError;
use crate::capabilities::{Capabilities, SrtpPolicy};
use crate::rtp_core::srtp::{SrtpKey, SrtpKeys};
use crate::sdp::{Attribute, Crypto, Line, MediaDescription};

/// How many suites an offer names: more would not fit into one datagram with the rest of an INVITE.
const OFFERED_SUITES: usize = 2;

/// Why a stream cannot be secured as one side wants it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecurityMismatch {
    /// Only SRTP is offered, and this side has it switched off.
    #[error("SRTP is switched off here")]
    NotWanted,
    /// Plain RTP where this side demands SRTP.
    #[error("plain RTP where SRTP is required")]
    Required,
    /// None of the peer's keys is of a kind that we know or allow.
    #[error("no common crypto suite; the peer has {}", .offered.join(", "))]
    NoCommonSuite {
        /// The names of the peer's suites.
        offered: Vec<String>,
    },
    /// The answer's key does not belong to one of our offer.
    #[error("the key of the answer fits none of our offer")]
    NotOffered,
}

/// What an answer does about security.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chosen {
    /// The tag of the offerer's choice.
    pub(super) tag: u32,
    pub(super) keys: SrtpKeys,
}

/// What this side answers to the security of a section: SRTP, or plain RTP with `None`.
pub(super) fn choose(
    section: &MediaDescription<'_>,
    capabilities: &Capabilities,
    ours: &[SrtpKey],
) -> Result<Option<Chosen>, SecurityMismatch> {
    let policy = capabilities.srtp;
    let must = is_secure(section);
    if policy == SrtpPolicy::Off {
        return match must {
            true => Err(SecurityMismatch::NotWanted),
            false => Ok(None),
        };
    }
    let chosen = choices(section).find_map(|Crypto { tag, key: receive }| {
        let mut ours = ours.iter();
        let send = ours.find(|ours| ours.suite() == receive.suite() && !is_same(ours, &receive))?;
        let send = send.clone();
        let keys = SrtpKeys { send, receive };
        Some(Chosen { tag, keys })
    });
    if chosen.is_some() || !must && policy == SrtpPolicy::Offer {
        return Ok(chosen);
    }
    Err(match suite_names(section) {
        offered if offered.is_empty() && !must => SecurityMismatch::Required,
        offered => SecurityMismatch::NoCommonSuite { offered },
    })
}

/// What the answer `theirs` has made of `ours`: SRTP, or plain RTP with `None`, where that was left open.
pub(super) fn accepted(
    ours: &MediaDescription<'_>,
    theirs: &MediaDescription<'_>,
) -> Result<Option<SrtpKeys>, SecurityMismatch> {
    let offered: Vec<Crypto> = choices(ours).collect();
    let names = suite_names(theirs);
    if names.is_empty() || offered.is_empty() {
        return match (is_secure(ours), is_secure(theirs)) {
            (true, _) => Err(SecurityMismatch::Required),
            (false, true) => Err(SecurityMismatch::NotWanted),
            (false, false) => Ok(None),
        };
    }
    let keys = choices(theirs).find_map(|Crypto { tag, key: receive }| {
        let fits = |ours: &&Crypto| {
            ours.tag == tag && ours.key.suite() == receive.suite() && !is_same(&ours.key, &receive)
        };
        let send = offered.iter().find(fits)?.key.clone();
        Some(SrtpKeys { send, receive })
    });
    keys.map(Some).ok_or(SecurityMismatch::NotOffered)
}

/// The protocol of an offered section: as in the one before, unless the policy forbids that.
pub(super) fn protocol(policy: SrtpPolicy, previous: Option<&MediaDescription<'_>>) -> String {
    let feedback = previous.is_some_and(|section| section.protocol.ends_with(['F', 'f']));
    let secure = match policy {
        SrtpPolicy::Off => false,
        SrtpPolicy::Offer => previous.is_some_and(is_secure),
        SrtpPolicy::Require => true,
    };
    let base = if secure { "RTP/SAVP" } else { "RTP/AVP" };
    format!("{base}{}", if feedback { "F" } else { "" })
}

/// The lines that offer `keys`, the ones liked best.
pub(super) fn offered<'a>(policy: SrtpPolicy, keys: &[SrtpKey]) -> Vec<Line<'a>> {
    let count = match policy {
        SrtpPolicy::Off => 0,
        SrtpPolicy::Offer | SrtpPolicy::Require => OFFERED_SUITES,
    };
    let keys = (1..).zip(keys.iter().take(count));
    keys.map(|(tag, key)| line(tag, key)).collect()
}

/// The line that tells `key`.
pub(super) fn line<'a>(tag: u32, key: &SrtpKey) -> Line<'a> {
    let crypto = Crypto {
        tag,
        key: key.clone(),
    };
    Line::Attribute(Attribute::new("crypto", crypto.to_value()))
}

/// Names the section that a mismatch is about.
pub(super) fn mismatch(
    section: &MediaDescription<'_>,
    index: usize,
    reason: SecurityMismatch,
) -> NegotiationError {
    NegotiationError::Security {
        section: index + 1,
        protocol: section.protocol.to_string(),
        reason,
    }
}

/// Whether a section is SRTP and nothing else.
pub(super) fn is_secure(section: &MediaDescription<'_>) -> bool {
    let secure = ["RTP/SAVP", "RTP/SAVPF"];
    let mut secure = secure.iter();
    secure.any(|protocol| section.protocol.eq_ignore_ascii_case(protocol))
}

/// Whether the peer sends with the key that we would: under it packets of both would share their keystream.
fn is_same(ours: &SrtpKey, theirs: &SrtpKey) -> bool {
    (ours.key(), ours.salt()) == (theirs.key(), theirs.salt())
}

/// The keys of a section that we can use, in its order.
fn choices(section: &MediaDescription<'_>) -> impl Iterator<Item = Crypto> {
    values(section).filter_map(Crypto::parse)
}

fn suite_names(section: &MediaDescription<'_>) -> Vec<String> {
    let names = values(section).filter_map(Crypto::suite_name);
    names.map(str::to_owned).collect()
}

fn values<'s>(section: &'s MediaDescription<'_>) -> impl Iterator<Item = &'s str> {
    let crypto = section
        .attributes()
        .filter(|attribute| attribute.is("crypto"));
    crypto.filter_map(|attribute| attribute.value.as_deref())
}

#[cfg(test)]
mod tests;
