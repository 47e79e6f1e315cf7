//! Headers that name a dialog, a target or a way.

use rvoip_sip_core::header::{
    Diversion, Geolocation, HistoryInfo, HistoryTarget, InReplyTo, Join, PAssertedIdentity,
    PPreferredIdentity, Path, ReferSub, ReferTo, ReferredBy, Replaces, ReplyTo, ServiceRoute,
    TargetDialog,
};
use rvoip_sip_core::{RecordRoute, Route};

use crate::table::{compact, kept, on_lines, refused, typed, valid};

#[test]
fn dialogs_after_rfc_3891_3911_and_4538() {
    kept::<Replaces>(&[
        "98732@sip.example.com;from-tag=r33th4x0r;to-tag=ff87ff",
        "12adf2f34456gs5;to-tag=12345;from-tag=54321;early-only",
        "87134@171.161.34.23;to-tag=24796;from-tag=0;x=y",
    ]);
    kept::<Join>(&["12adf2f34456gs5;to-tag=12345;from-tag=54321"]);
    kept::<TargetDialog>(&[
        "fa77as7dad8-sd98ajzz@host.example.com;local-tag=kkaz-;remote-tag=6544",
    ]);
    refused::<Replaces>(&[
        "",
        "a",
        "a;to-tag=1",
        "a;from-tag=1",
        "a;to-tag=1;from-tag=2;to-tag=3",
        "a;to-tag;from-tag=1",
        "a b;to-tag=1;from-tag=2",
        ";to-tag=1;from-tag=2",
    ]);
    refused::<Join>(&["a;to-tag=1;from-tag=2;From-Tag=2"]);
    refused::<TargetDialog>(&["a;to-tag=1;from-tag=2", "a;local-tag=1"]);
    let replaces: Replaces = typed("a@b;To-Tag=1;from-tag=2;early-only");
    assert_eq!(
        (replaces.call_id(), replaces.to_tag(), replaces.from_tag()),
        ("a@b", "1", "2")
    );
    assert!(replaces.is_early_only() && !Replaces::of_dialog("a", "b", "c").is_early_only());
    let join = Join::of_dialog("a", "b", "c");
    assert_eq!(join.to_string(), "a;to-tag=b;from-tag=c");
    let target = TargetDialog::of_dialog("a", "b", "c");
    assert_eq!((target.local_tag(), target.remote_tag()), ("b", "c"));
    assert_eq!(typed::<TargetDialog>(&target.to_string()), target);
}

#[test]
fn referring() {
    valid::<ReferTo>(&[
        (
            "sip:alice@atlanta.example.com",
            "<sip:alice@atlanta.example.com>",
        ),
        (
            "<sip:bob@biloxi.example.net?Accept-Contact=sip:bobsdesk.biloxi.example.net&Call-ID=55432%40alicepc.atlanta.com>",
            "<sip:bob@biloxi.example.net?Accept-Contact=sip:bobsdesk.biloxi.example.net&Call-ID=55432%40alicepc.atlanta.com>",
        ),
        ("<http://www.ietf.org>", "<http://www.ietf.org>"),
    ]);
    kept::<ReferredBy>(&[
        "<sip:referror@referror.example>;cid=\"20398823.2UWQFN309shb3@referror.example\"",
    ]);
    compact::<ReferTo>("r", "<sip:a@b>");
    compact::<ReferredBy>("b", "<sip:a@b>");
    // RFC 3515 section 2.1: a URI with a comma, a question mark or a semicolon of its own stands in brackets.
    refused::<ReferTo>(&["", "sip:a@b?c=d", "<sip:a@b", "<>"]);
    refused::<ReferredBy>(&["alice"]);
    let refer: ReferTo = typed("<sip:a@b?Replaces=c%40d%3Bto-tag%3De>;method=INVITE");
    assert_eq!(
        refer.uri().headers().map(|headers| headers.iter().count()),
        Some(1)
    );
    kept::<ReferSub>(&["false", "true", "TRUE;x"]);
    refused::<ReferSub>(&["", "no", "false;;a"]);
    assert!(typed::<ReferSub>("True").is_wanted() && !ReferSub::new("false").is_wanted());
}

#[test]
fn routes() {
    let bracketed = ["<sip:p1.example.com;lr>", "<sip:p2.example.com>;x=y"];
    kept::<Route>(&bracketed);
    kept::<RecordRoute>(&bracketed);
    kept::<Path>(&["<sip:pcscf.isp.example;lr>"]);
    kept::<ServiceRoute>(&["<sip:HSP.HOME.EXAMPLE.COM;lr>"]);
    refused::<Path>(&["", "<sip:a", "sip:a,b"]);
    let path: Vec<Path> = on_lines(&[
        "<sip:P3.EXAMPLEHOME.COM;lr>,<sip:P1.EXAMPLEVISITED.COM;lr>",
        "<sip:a>",
    ]);
    let loose: Vec<_> = path.iter().map(Path::is_loose).collect();
    assert_eq!(loose, [true, true, false]);
}

#[test]
fn parties() {
    let values = [
        "\"Cullen Jennings\" <sip:fluffy@cisco.com>",
        "<tel:+14085264000>",
    ];
    kept::<PAssertedIdentity>(&values);
    kept::<PPreferredIdentity>(&values);
    kept::<ReplyTo>(&["Bob <sip:bob@biloxi.com>"]);
    kept::<Geolocation>(&[
        "<cid:target123@atlanta.example.com>",
        "<sips:3sdefrhy2jj7@lis.atlanta.example.com>;x=1",
    ]);
    refused::<PAssertedIdentity>(&["", "Cullen", "\"a <sip:b>"]);
    refused::<PPreferredIdentity>(&["<>"]);
    refused::<ReplyTo>(&["Bob"]);
    let identities: Vec<PAssertedIdentity> = on_lines(&[&values.join(", ")]);
    assert_eq!(identities[1].uri().as_str(), "tel:+14085264000");
    kept::<InReplyTo>(&["70710@saturn.bell-tel.com, 17320@saturn.bell-tel.com"]);
    refused::<InReplyTo>(&["a b"]);
    assert!(typed::<InReplyTo>("a@b,c").contains("c") && !typed::<InReplyTo>("c").contains("C"));
}

#[test]
fn diversions_after_rfc_5806() {
    kept::<Diversion>(&[
        "\"Bob\" <sip:B>;reason=user-busy",
        "<tel:+19195551004>;reason=unconditional;counter=2;privacy=\"off\"",
    ]);
    refused::<Diversion>(&["", "B", "<sip:B>;reason="]);
    let diversions: Vec<Diversion> = on_lines(&[
        "<sip:WeSeeSix>;reason=\"no-answer\";counter=3, <sip:B>;reason=user-busy;privacy=full",
    ]);
    assert_eq!(
        (diversions[0].reason().as_deref(), diversions[0].counter()),
        (Some("no-answer"), 3)
    );
    assert_eq!(
        (diversions[1].privacy().as_deref(), diversions[1].counter()),
        (Some("full"), 1)
    );
}

#[test]
fn history_after_rfc_7044() {
    kept::<HistoryInfo>(&["<sip:UserA@ims.example.com>;index=1;foo=bar"]);
    refused::<HistoryInfo>(&["", "<sip:a>;index="]);
    let entries: Vec<HistoryInfo> = on_lines(&[
        "<sip:bob@biloxi.example.com>;index=1,<sip:bob@192.0.2.7?Reason=SIP%3Bcause%3D408>;index=1.1;rc=1",
        "<sip:carol@example.com;cause=408>;index=1.2;mp=1, <sip:carol@192.0.2.3>;index=1..2;np=1.2",
    ]);
    let indexes: Vec<_> = entries.iter().map(HistoryInfo::index).collect();
    assert_eq!(indexes, [Some("1"), Some("1.1"), Some("1.2"), None]);
    let targets: Vec<_> = entries.iter().map(HistoryInfo::target).collect();
    assert_eq!(
        targets,
        [
            None,
            Some((HistoryTarget::RegisteredContact, "1")),
            Some((HistoryTarget::MappedTarget, "1")),
            Some((HistoryTarget::NoChange, "1.2")),
        ]
    );
    let reasons: Vec<_> = entries.iter().map(HistoryInfo::reason).collect();
    assert_eq!(reasons, [None, Some("SIP%3Bcause%3D408"), None, None]);
}
