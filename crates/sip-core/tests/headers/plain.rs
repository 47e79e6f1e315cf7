//! Dates, texts and what else is one value.

use std::time::{Duration, SystemTime};

use rvoip_sip_core::header::{
    AlertInfo, CallInfo, Date, ErrorInfo, Organization, Priority, Subject, Timestamp,
};
use rvoip_sip_core::{Reason, Server, StatusCode, UserAgent, Warning};

use crate::table::{compact, kept, on_lines, refused, typed, valid};

#[test]
fn dates_after_rfc_3261() {
    kept::<Date>(&[
        "Sat, 13 Nov 2010 23:29:00 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Tue, 29 Feb 2000 12:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
    ]);
    valid::<Date>(&[
        (
            "sat,13  nov 2010 23:29:00 GMT",
            "Sat, 13 Nov 2010 23:29:00 GMT",
        ),
        (
            "Sat, 31 Dec 2016 23:59:60 GMT",
            "Sun, 01 Jan 2017 00:00:00 GMT",
        ),
    ]);
    refused::<Date>(&[
        "",
        "Fri, 01 Jan 2010 16:00:00 EST",
        "Fri, 01 Jan 2010 16:00:00",
        "Fri, 01 Jan 2010 16:00:00 GMT x",
        "01 Jan 2010 16:00:00 GMT",
        "Fri, 1 Jan 2010 16:00:00 GMT",
        "Fri, 01 Jan 10 16:00:00 GMT",
        "Fri, 01 Jan 1969 16:00:00 GMT",
        "Fri, 00 Jan 2010 16:00:00 GMT",
        "Fri, 29 Feb 2100 16:00:00 GMT",
        "Fri, 31 Apr 2010 16:00:00 GMT",
        "Fri, 01 Foo 2010 16:00:00 GMT",
        "Xxx, 01 Jan 2010 16:00:00 GMT",
        "Fri, 01 Jan 2010 24:00:00 GMT",
        "Fri, 01 Jan 2010 16:60:00 GMT",
        "Fri, 01 Jan 2010 16:00:61 GMT",
        "Fri, 01 Jan 2010 16:00 GMT",
        "Fri, 01 Jan 2010 16:00:00:00 GMT",
        "Fri, 01 Jan 2010 +1:00:00 GMT",
    ]);
    // `date -u -d "..." +%s` says the same.
    for (text, seconds) in [
        ("Sat, 13 Nov 2010 23:29:00 GMT", 1_289_690_940),
        ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
        ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
    ] {
        assert_eq!(typed::<Date>(text).unix_seconds(), seconds, "{text}");
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(Date::from(time), typed(text));
        assert_eq!(SystemTime::from(typed::<Date>(text)), time);
    }
    let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    assert_eq!(Date::from(before).unix_seconds(), 0);
    assert_eq!(
        Date::from_unix_seconds(u64::MAX).to_string(),
        "Fri, 31 Dec 9999 23:59:59 GMT"
    );
}

#[test]
fn every_day_of_four_centuries_is_written_and_read() {
    for day in 0..146_097 {
        let date = Date::from_unix_seconds(day * 86_400 + day % 86_400);
        assert_eq!(typed::<Date>(&date.to_string()), date);
    }
}

#[test]
fn timestamps() {
    kept::<Timestamp>(&["54", "54.21 1.5", "54. .5", "1 0"]);
    refused::<Timestamp>(&["", ".5", "a", "1 a", "1 2 3", "-1", "1.2.3"]);
    let stamp: Timestamp = typed("54.21 1.5");
    assert_eq!(
        (stamp.time(), stamp.delay()),
        ("54.21", Some(Duration::from_millis(1500)))
    );
    assert_eq!(
        typed::<Timestamp>("1 .25").delay(),
        Some(Duration::from_millis(250))
    );
    for text in ["54", "1 .", "1 4294967296"] {
        assert_eq!(typed::<Timestamp>(text).delay(), None, "{text}");
    }
    let own = Timestamp::new(Duration::from_millis(61_005));
    assert_eq!(
        own.with_delay(Duration::from_millis(20)).to_string(),
        "61.005 0.020"
    );
    assert_eq!(
        own.with_delay(Duration::ZERO)
            .with_delay(Duration::from_secs(2))
            .delay(),
        Some(Duration::from_secs(2))
    );
}

#[test]
fn texts() {
    kept::<Subject>(&[
        "",
        "Need more boxes",
        "A tornado is heading our way!",
        "\u{3a3}, \"open",
    ]);
    kept::<Organization>(&["Boxes by Bob"]);
    kept::<UserAgent>(&["Softphone Beta1.5"]);
    kept::<Server>(&["HomeServer v2"]);
    compact::<Subject>("s", "Need more boxes");
    assert_eq!(Subject::new("a").as_str(), "a");
    kept::<Priority>(&["emergency", "non-urgent"]);
    refused::<Priority>(&["", "very urgent"]);
    assert!(typed::<Priority>("Urgent").is("urgent"));
}

#[test]
fn information_elsewhere() {
    kept::<AlertInfo>(&[
        "<http://www.example.com/sounds/moo.wav>",
        "<urn:alert:service:call-waiting>;x",
    ]);
    kept::<ErrorInfo>(&["<sip:not-in-service-recording@atlanta.com>"]);
    refused::<AlertInfo>(&["", "moo.wav", "<moo"]);
    refused::<ErrorInfo>(&["<>"]);
    let info: Vec<CallInfo> = on_lines(&[
        "<http://wwww.example.com/alice/photo.jpg> ;purpose=icon, <http://www.example.com/alice/> ;purpose=info",
    ]);
    let purposes: Vec<_> = info.iter().map(CallInfo::purpose).collect();
    assert_eq!(purposes, [Some("icon"), Some("info")]);
    refused::<CallInfo>(&["<a"]);
}

#[test]
fn reasons_and_warnings() {
    kept::<Reason>(&[
        "SIP;cause=200;text=\"Call completed elsewhere\"",
        "Q.850;cause=16;text=\"Terminated\"",
        "preemption",
    ]);
    refused::<Reason>(&["", "SIP cause=1", "SIP;cause="]);
    let reason: Reason = typed("SIP;cause=600;text=\"Busy \\\"Everywhere\\\"\"");
    assert_eq!((reason.protocol(), reason.cause()), ("SIP", Some(600)));
    assert_eq!(reason.text().as_deref(), Some("Busy \"Everywhere\""));
    assert_eq!(
        Reason::sip(StatusCode::BUSY_HERE).to_string(),
        "SIP;cause=486;text=\"Busy Here\""
    );
    kept::<Warning>(&[
        "307 isi.edu \"Session parameter 'foo' not understood\"",
        "301 isi.edu \"Incompatible network address type 'E.164'\"",
    ]);
    valid::<Warning>(&[("399  a:5060   \"\"", "399 a:5060 \"\"")]);
    refused::<Warning>(&[
        "",
        "307",
        "307 isi.edu",
        "307 isi.edu text",
        "1812 overture \"In Progress\"",
        "30 a \"b\"",
        "307 a \"b\"c\"",
        "307 a \"b\\\"",
    ]);
    let warnings: Vec<Warning> = on_lines(&["301 a \"b, c\", 399 d \"\\\"e\\\"\""]);
    assert_eq!(
        (
            warnings[0].code(),
            warnings[1].agent(),
            &*warnings[1].text()
        ),
        (301, "d", "\"e\"")
    );
}
