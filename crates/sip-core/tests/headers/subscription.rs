//! Events, reliable provisional responses, session timers and published states.

use rvoip_sip_core::header::{
    Event, MinExpires, MinSe, RAck, RSeq, Refresher, SessionExpires, SipEtag, SipIfMatch,
    SubscriptionState, Substate,
};
use rvoip_sip_core::{Expires, Method, RetryAfter};

use crate::table::{compact, kept, refused, typed, valid};

#[test]
fn events_after_rfc_6665() {
    kept::<Event>(&[
        "presence",
        "presence.winfo",
        "refer;id=93809824",
        "dialog;call-id=\"x\";include-session-description",
    ]);
    compact::<Event>("o", "message-summary");
    refused::<Event>(&["", "a b", "a;id=", "a, b"]);
    let event = typed::<Event>;
    assert_eq!(
        (event("refer;id=1").package(), event("refer;id=1").id()),
        ("refer", Some("1"))
    );
    assert!(event("dialog;call-id=x").equivalent(&event("dialog;to-tag=y")));
    for (a, b) in [
        ("dialog", "Dialog"),
        ("refer;id=1", "refer"),
        ("refer;id=a", "refer;id=A"),
    ] {
        assert!(!event(a).equivalent(&event(b)), "{a} {b}");
    }
}

#[test]
fn subscription_states() {
    kept::<SubscriptionState>(&[
        "active;expires=3600",
        "pending",
        "terminated;reason=probation;retry-after=60",
        "waiting",
    ]);
    refused::<SubscriptionState>(&["", "active expires=1", "active;reason=\"a"]);
    let state: SubscriptionState = typed("Active;Expires=3600");
    assert_eq!(
        (state.substate(), state.expires()),
        (Substate::Active, Some(3600))
    );
    let state: SubscriptionState = typed("terminated;reason=probation;retry-after=60");
    assert_eq!(
        (state.substate(), state.reason(), state.retry_after()),
        (Substate::Terminated, Some("probation"), Some(60))
    );
    assert_eq!(
        typed::<SubscriptionState>("waiting;expires=soon").substate(),
        Substate::Extension
    );
    assert_eq!(
        typed::<SubscriptionState>("pending;expires=soon").expires(),
        None
    );
    let own = SubscriptionState::new("terminated").with_param("reason", Some("timeout"));
    assert_eq!(own.to_string(), "terminated;reason=timeout");
}

#[test]
fn reliable_provisional_responses_after_rfc_3262() {
    kept::<RSeq>(&["1", "988789", "4294967295"]);
    refused::<RSeq>(&["", "0", "-1", "4294967296", "1 2", "+1"]);
    kept::<RAck>(&["776656 1 INVITE"]);
    valid::<RAck>(&[("007\t1  INVITE", "7 1 INVITE")]);
    refused::<RAck>(&[
        "",
        "1",
        "1 INVITE",
        "1 2",
        "1 2 3 4",
        "a 1 INVITE",
        "1 4294967296 INVITE",
        "1 2 IN VITE",
    ]);
    let rack: RAck = typed("776656 1 INVITE");
    assert_eq!(
        (rack.response, rack.cseq.number, rack.cseq.method),
        (776_656, 1, Method::Invite)
    );
}

#[test]
fn lifetimes() {
    kept::<Expires>(&["5", "0", "4294967295"]);
    kept::<MinExpires>(&["60"]);
    refused::<Expires>(&["", "Thu, 01 Dec 1994 16:00:00 GMT", "4294967296", "1.5"]);
    refused::<MinExpires>(&["", "a"]);
    kept::<SessionExpires>(&["4000;refresher=uac", "1800"]);
    kept::<MinSe>(&["60;lr", "90"]);
    compact::<SessionExpires>("x", "1800;refresher=uas");
    refused::<SessionExpires>(&[
        "",
        "refresher=uac",
        "1800 ;refresher=",
        "x;refresher=uac",
        "\"90\"",
    ]);
    let interval: SessionExpires = typed("4000 ; Refresher=UAS");
    assert_eq!(
        (interval.seconds, interval.refresher()),
        (4000, Some(Refresher::Uas))
    );
    assert_eq!(
        interval.with_refresher(Refresher::Uac).refresher(),
        Some(Refresher::Uac)
    );
    assert_eq!(SessionExpires::new(90).refresher(), None);
    assert_eq!(MinSe::new(90).to_string(), "90");
    valid::<RetryAfter>(&[
        ("18000;duration=3600", "18000;duration=3600"),
        ("120 (I'm in a (long) meeting)", "120"),
    ]);
    refused::<RetryAfter>(&["", "soon", "5 (open", "5 (a) b"]);
    assert_eq!(
        typed::<RetryAfter>("18000;duration=3600").duration(),
        Some(3600)
    );
}

#[test]
fn entity_tags_after_rfc_3903() {
    kept::<SipEtag>(&["dx200xyz"]);
    kept::<SipIfMatch>(&["dx200xyz"]);
    refused::<SipEtag>(&["", "a b", "\"a\""]);
    refused::<SipIfMatch>(&["*;a", "a, b"]);
    assert_eq!(typed::<SipEtag>("a"), SipEtag::new("a"));
}
