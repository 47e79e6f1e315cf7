//! Calls that are sent elsewhere (RFC 3261 section 8.1.3.4): which target is tried next, and what the new INVITE tells of the
//! way it came (RFC 7044).

use std::collections::VecDeque;
use std::fmt::Write as _;

use rvoip_dialog_core::sip_core::{ByteString, HeaderName, NameAddr, Scheme, StatusCode, Uri};

/// What to do when a called party sends us elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedirectPolicy {
    /// Whether to go there. Default yes.
    pub follow: bool,
    /// Targets tried for one call beside the first, so that redirections end. None is tried twice. Default 10: as many as
    /// phones let a call be diverted.
    pub max_targets: usize,
}

impl Default for RedirectPolicy {
    fn default() -> Self {
        RedirectPolicy {
            follow: true,
            max_targets: 10,
        }
    }
}

/// What a [`CallDecision::Forward`](crate::CallDecision::Forward) does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ForwardMode {
    /// Answers 302: the caller, or a proxy before us, places the call anew. Costs nothing here.
    #[default]
    Redirect,
    /// Places the call from here and joins both: each side sees what the other does, and media flows between them directly.
    ///
    /// A user who is registered with this side is called at all contacts of the highest `q` at once; the first to answer takes
    /// the call and the others are cancelled. Those of a lower `q` are called when all before have refused, and the best
    /// refusal is the caller's (RFC 3261 section 16.7). Where there are several contacts the caller hears
    /// no early media, unless [`CoreSettings::forked_early_media`](crate::CoreSettings::forked_early_media) says so.
    NewLeg,
}

/// A target that has been tried, and its place in the tree of all.
#[derive(Debug, Clone)]
struct Tried {
    uri: Uri,
    /// Its place in the tree of all targets: `1.2.1`.
    index: String,
    /// Why the call did not stay there.
    status: Option<StatusCode>,
    targets: usize,
}

/// A target that has not been tried yet.
#[derive(Debug, Clone)]
struct Waiting {
    uri: Uri,
    /// Who named it: a place among the tried ones.
    named_by: usize,
}

/// The targets of one call.
#[derive(Debug, Clone)]
pub(crate) struct Redirects {
    tried: Vec<Tried>,
    /// Best first.
    waiting: VecDeque<Waiting>,
}

impl Redirects {
    /// The call went to `first`.
    pub(crate) fn new(first: Uri) -> Self {
        Redirects {
            tried: vec![Tried {
                uri: first,
                index: "1".to_owned(),
                status: None,
                targets: 0,
            }],
            waiting: VecDeque::new(),
        }
    }

    /// The present target failed with `status`, and named these others, each with its `q`. They go before those that wait
    /// already, best first and otherwise in their order.
    pub(crate) fn failed(
        &mut self,
        status: StatusCode,
        contacts: &[NameAddr],
        policy: &RedirectPolicy,
    ) {
        let named_by = self.tried.len() - 1;
        self.tried[named_by].status = Some(status);
        let secure = self.tried[0].uri.is_sips();
        let mut named: Vec<(u16, Uri)> = contacts
            .iter()
            .map(|contact| (preference(contact), contact.uri().without_headers()))
            .filter(|(_, uri)| matches!(uri.scheme(), Scheme::Sip | Scheme::Sips))
            // A call that began secure stays so (section 26.4.4).
            .filter(|(_, uri)| uri.host().is_some() && (uri.is_sips() || !secure))
            .collect();
        named.sort_by_key(|(preference, _)| std::cmp::Reverse(*preference));
        for (_, uri) in named.into_iter().rev() {
            self.waiting.retain(|waiting| waiting.uri != uri);
            self.waiting.push_front(Waiting { uri, named_by });
        }
        self.waiting.truncate(policy.max_targets);
    }

    /// The next target to try; none when all have been, or too many.
    pub(crate) fn next(&mut self, policy: &RedirectPolicy) -> Option<Uri> {
        while let Some(Waiting { uri, named_by }) = self.waiting.pop_front() {
            if self.tried.len() > policy.max_targets {
                return None;
            }
            if self.tried.iter().any(|tried| tried.uri == uri) {
                continue;
            }
            let parent = &mut self.tried[named_by];
            parent.targets += 1;
            let index = format!("{}.{}", parent.index, parent.targets);
            self.tried.push(Tried {
                uri: uri.clone(),
                index,
                status: None,
                targets: 0,
            });
            return Some(uri);
        }
        None
    }

    /// The History-Info of the INVITE to the present target: every target so far.
    pub(crate) fn history(&self) -> Vec<(HeaderName, ByteString)> {
        let last = self.tried.len() - 1;
        let entry = |(place, tried): (usize, &Tried)| {
            let mut value = format!("<{}", tried.uri);
            if let Some(status) = tried.status {
                let separator = if tried.uri.headers().is_some() {
                    '&'
                } else {
                    '?'
                };
                let _ = write!(value, "{separator}Reason=SIP%3Bcause%3D{}", status.code());
            }
            let _ = write!(value, ">;index={}", tried.index);
            if let Some((parent, _)) = tried.index.rsplit_once('.').filter(|_| place == last) {
                let _ = write!(value, ";mp={parent}");
            }
            (HeaderName::HistoryInfo, ByteString::from(value))
        };
        self.tried.iter().enumerate().map(entry).collect()
    }
}

/// The `q` of a contact in thousandths; 1 when it has none or one that cannot be read.
fn preference(contact: &NameAddr) -> u16 {
    let q = contact
        .params()
        .get("q")
        .and_then(|q| q.trim().parse().ok());
    let q: f32 = q.unwrap_or(1.0);
    (q.clamp(0.0, 1.0) * 1000.0) as u16
}

/// What a 302 of ours, or the new leg in its place, says about who sent the call on (RFC 5806).
pub(crate) fn diversion(by: &str, reason: &str) -> (HeaderName, ByteString) {
    let value = format!("<{by}>;reason={reason};counter=1");
    (HeaderName::Diversion, ByteString::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        Uri::parse(ByteString::from(text)).unwrap()
    }

    fn contacts(texts: &[&str]) -> Vec<NameAddr> {
        let parse = |text: &&str| NameAddr::parse(ByteString::from(*text)).unwrap();
        texts.iter().map(parse).collect()
    }

    fn order(redirects: &mut Redirects, policy: &RedirectPolicy) -> Vec<String> {
        let next = || redirects.next(policy).map(|uri| uri.to_string());
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn targets_are_tried_best_first_and_none_twice() {
        let policy = RedirectPolicy::default();
        let mut redirects = Redirects::new(uri("sip:a@example.com"));
        redirects.failed(
            StatusCode::MOVED_TEMPORARILY,
            &contacts(&[
                "<sip:low@example.com>;q=0.1",
                "<sip:a@example.com>",
                "<sip:best@example.com?Subject=x>",
                "<tel:+1555>",
                "<sip:good@example.com>;q=0.7",
                "<sip:also-best@example.com>;q=nonsense",
            ]),
            &policy,
        );
        let expected = [
            "sip:best@example.com",
            "sip:also-best@example.com",
            "sip:good@example.com",
            "sip:low@example.com",
        ];
        assert_eq!(order(&mut redirects, &policy), expected);
    }

    #[test]
    fn redirections_in_a_circle_end_and_so_do_those_that_never_repeat() {
        let policy = RedirectPolicy {
            max_targets: 4,
            ..RedirectPolicy::default()
        };
        let mut circle = Redirects::new(uri("sip:a@example.com"));
        let status = StatusCode::MOVED_TEMPORARILY;
        circle.failed(status, &contacts(&["<sip:b@example.com>"]), &policy);
        assert!(circle.next(&policy).is_some());
        circle.failed(status, &contacts(&["<sip:a@example.com>"]), &policy);
        assert_eq!(circle.next(&policy), None);

        let mut endless = Redirects::new(uri("sip:0@example.com"));
        let mut targets = 0;
        loop {
            let next = format!("<sip:{}@example.com>", targets + 1);
            endless.failed(status, &contacts(&[&next]), &policy);
            match endless.next(&policy) {
                Some(_) => targets += 1,
                None => break,
            }
        }
        assert_eq!(targets, 4);
    }

    #[test]
    fn a_secure_call_is_not_led_into_the_open() {
        let policy = RedirectPolicy::default();
        let mut redirects = Redirects::new(uri("sips:a@example.com"));
        let named = contacts(&["<sip:b@example.com>", "<sips:c@example.com>"]);
        redirects.failed(StatusCode::MOVED_TEMPORARILY, &named, &policy);
        assert_eq!(order(&mut redirects, &policy), ["sips:c@example.com"]);
    }

    #[test]
    fn the_history_tells_the_way_of_the_call() {
        let policy = RedirectPolicy::default();
        let mut redirects = Redirects::new(uri("sip:a@example.com"));
        let named = contacts(&["<sip:b@example.com>", "<sip:c@example.com>;q=0.5"]);
        redirects.failed(StatusCode::MOVED_TEMPORARILY, &named, &policy);
        redirects.next(&policy);
        redirects.failed(StatusCode::BUSY_HERE, &[], &policy);
        redirects.next(&policy);
        let history: Vec<String> = redirects
            .history()
            .into_iter()
            .map(|(_, value)| value.to_string())
            .collect();
        assert_eq!(
            history,
            [
                "<sip:a@example.com?Reason=SIP%3Bcause%3D302>;index=1",
                "<sip:b@example.com?Reason=SIP%3Bcause%3D486>;index=1.1",
                "<sip:c@example.com>;index=1.2;mp=1",
            ]
        );
    }
}
