//! Messages that are hard to read and messages that must not be read, written after the descriptions of RFC 4475 and
//! RFC 5118: what the parser and `check` say of each, and what is found in the valid ones.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::net::IpAddr;

use bytes::Bytes;
use rvoip_sip_core::{
    Contact, Defect, HeaderName, Limits, Message, Method, ParseError, Reason, Request, Response,
    Scheme, StatusCode, Strictness, Uri, ViaTransport,
};

const FROM: &str = "From: <sip:caller@client.example>;tag=c1";
const TO: &str = "To: <sip:callee@server.example>";
const VIA: &str = "Via: SIP/2.0/UDP client.example;branch=z9hG4bKtorture";
const CALL_ID: &str = "Call-ID: torture.1@client.example";
const CSEQ: &str = "CSeq: 7 OPTIONS";
const START: &str = "OPTIONS sip:callee@server.example SIP/2.0";

/// The lines, each ended with CRLF, a blank line, and the body.
fn octets(lines: &[&str], body: &str) -> Bytes {
    Bytes::from(format!("{}\r\n\r\n{body}", lines.join("\r\n")))
}

fn parse(octets: Bytes) -> Result<Message, ParseError> {
    Message::parse(octets, &Limits::DEFAULT)
}

fn request_of(octets: Bytes) -> Request {
    match parse(octets) {
        Ok(Message::Request(request)) => request,
        other => panic!("no request: {other:?}"),
    }
}

fn response_of(octets: Bytes) -> Response {
    match parse(octets) {
        Ok(Message::Response(response)) => response,
        other => panic!("no response: {other:?}"),
    }
}

/// A plain OPTIONS in which lines replace the line of the same header, or are added.
fn options(lines: &[&str]) -> Bytes {
    let mut all = vec![START, VIA, FROM, TO, CALL_ID, CSEQ, "Max-Forwards: 70"];
    for line in lines {
        let name = |line: &str| line.split(':').next().map(str::to_owned);
        match all[1..].iter().position(|other| name(other) == name(line)) {
            Some(place) => all[place + 1] = line,
            None => all.push(line),
        }
    }
    octets(&all, "")
}

/// The same with another start line.
fn started(start: &str) -> Bytes {
    octets(&[start, VIA, FROM, TO, CALL_ID, CSEQ], "")
}

fn valid(octets: Bytes) -> Request {
    let request = request_of(octets);
    assert_eq!(request.check(Strictness::Lenient), Ok(()), "{request:?}");
    request
}

fn refused(octets: Bytes) -> Defect {
    let request = request_of(octets.clone());
    request
        .check(Strictness::Lenient)
        .expect_err(&String::from_utf8_lossy(&octets))
}

fn bad_request(octets: Bytes, error: ParseError) {
    assert_eq!(
        refused(octets),
        Defect {
            error,
            status: StatusCode::BAD_REQUEST
        }
    );
}

#[test]
fn odd_case_compact_forms_folding_and_unknown_headers() {
    let request = valid(octets(
        &[
            "INVITE sip:vivekg@chair-dnrc.example;unknownparam SIP/2.0",
            "TO :",
            " sip:vivekg@chair-dnrc.example ;   tag    = 1918181833n",
            "from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>",
            "  ;",
            "  tag = 98asjd8",
            "MaX-fOrWaRdS: 0068",
            "i: wsinv.ndaksdj@192.0.2.1",
            "Content-Length   : 3",
            "cseq: 0009",
            "  INVITE",
            "v  : SIP  /   2.0",
            " /UDP",
            "    192.0.2.2;branch=390skdjuw",
            "s :",
            "NewFangledHeader:   newfangled value",
            " continued newfangled value",
            "UnknownHeaderWithUnusualValue: ;;,,;;,;",
            "t-unknown:",
            "Route:",
            " <sip:services.example.com;lr;unknownwith=value;unknown-no-value>",
            "v:  SIP  / 2.0  / TCP     spindle.example.com   ;",
            "  branch  =   z9hG4bK9ikj8  ,",
            " SIP  /    2.0   / UDP  192.168.255.111   ; branch=",
            " z9hG4bK30239",
            "m:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =",
            "      newvalue ;",
            "  secondparam ; q = 0.33",
        ],
        "v=0",
    ));
    assert_eq!(request.to().unwrap().tag(), Some("1918181833n"));
    assert_eq!(
        request.from().unwrap().0.display_name().as_deref(),
        Some("J Rosenberg \\\"")
    );
    assert_eq!(request.from().unwrap().tag(), Some("98asjd8"));
    assert_eq!(request.max_forwards().unwrap().unwrap().0, 68);
    assert_eq!(request.cseq().unwrap().number, 9);
    let vias: Vec<_> = request.vias().map(Result::unwrap).collect();
    assert_eq!(
        vias.iter()
            .map(|via| via.branch().unwrap())
            .collect::<Vec<_>>(),
        ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"]
    );
    assert_eq!(vias[1].transport, ViaTransport::Tcp);
    assert_eq!(request.headers().raw(&HeaderName::Subject), Some(""));
    let unknown = request
        .headers()
        .raw(&"newfangledheader".parse().unwrap())
        .unwrap();
    assert_eq!(
        unknown.split_whitespace().collect::<Vec<_>>().join(" "),
        "newfangled value continued newfangled value"
    );
    assert!(request.routes().next().unwrap().unwrap().is_loose());
    let contact = request.contact().unwrap().unwrap();
    assert_eq!(contact.name_addr().unwrap().params().get("q"), Some("0.33"));
    assert_eq!(&request.body()[..], b"v=0");
    assert!(
        !request
            .headers()
            .iter()
            .any(|line| line.value.contains(['\r', '\n']))
    );
}

#[test]
fn every_character_a_token_may_have() {
    let request = valid(octets(
        &[
            "!exotic-Method_*+`.%'~ sip:1_u~(to-be!sure)&isn't+it$/crazy?,/;;*:&it=1,pas$w~d(o)@example.com SIP/2.0",
            "Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+`'~",
            "To: \"BEL:\\\u{7} NUL:\\\u{0} DEL:\\\u{7f}\" <sip:user@example.com>",
            "From: token1~` token2'+_ token3*%!.- <sip:m@example.com>;fromParam''~+*_!.-%=\"\u{440}\u{430}\u{431}\";tag=_t~1'+`*%!-.",
            "Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{",
            "CSeq: 139122385 !exotic-Method_*+`.%'~",
            "Max-Forwards: 255",
            "extensionHeader-!.%*+_`'~: \u{5927}\u{505c}\u{96fb}",
        ],
        "",
    ));
    assert_eq!(request.method().as_str(), "!exotic-Method_*+`.%'~");
    assert_eq!(
        request.uri().unwrap().user(),
        Some("1_u~(to-be!sure)&isn't+it$/crazy?,/;;*")
    );
    assert_eq!(
        request.to().unwrap().0.display_name().as_deref(),
        Some("BEL:\u{7} NUL:\0 DEL:\u{7f}")
    );
    assert_eq!(request.from().unwrap().tag(), Some("_t~1'+`*%!-."));
}

#[test]
fn escapes_are_data() {
    let request = valid(octets(
        &[
            "REGISTER sip:sips%3Auser%40example.com@example.net SIP/2.0",
            VIA,
            "To: sip:null-%00-null@example.com",
            "From: <sip:I%20have%20spaces@example.net>;tag=938",
            CALL_ID,
            "CSeq: 1 REGISTER",
            "Contact: <sip:%00@host5.example.com>, <sip:%00%00@host5.example.com;%6C%72>",
        ],
        "",
    ));
    let uri = request.uri().unwrap();
    assert_eq!(
        (uri.scheme(), uri.user_unescaped().as_deref()),
        (Scheme::Sip, Some("sips:user@example.com"))
    );
    assert_eq!(
        request.to().unwrap().uri().user_unescaped().as_deref(),
        Some("null-\0-null")
    );
    let contacts: Vec<Uri> = request
        .headers()
        .all::<Contact>()
        .map(|contact| contact.unwrap().uri().unwrap().clone())
        .collect();
    assert!(!contacts[0].equivalent(&contacts[1]));
    assert_eq!(contacts[1].param("lr"), Some(""));
    let method = valid(octets(
        &[
            "RE%47IST%45R sip:a@b.example SIP/2.0",
            VIA,
            FROM,
            TO,
            CALL_ID,
            "CSeq: 1 RE%47IST%45R",
        ],
        "",
    ));
    assert_ne!(*method.method(), Method::Register);
}

#[test]
fn octets_behind_the_end_are_not_the_message() {
    let first = octets(
        &[START, VIA, FROM, TO, CALL_ID, CSEQ, "Content-Length: 2"],
        "ab",
    );
    let both = [&first[..], b"INVITE sip:joe@example.com SIP/2.0\r\n\r\n"].concat();
    let request = valid(Bytes::from(both));
    assert_eq!(
        (&request.body()[..], request.to_bytes()),
        (&b"ab"[..], first)
    );
}

#[test]
fn long_values() {
    let long = "x".repeat(3000);
    let via = format!(
        "Via: {}SIP/2.0/UDP 192.0.2.1",
        "SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKlong, ".repeat(60)
    );
    let call_id = format!("Call-ID: {long}@{long}");
    let request = valid(options(&[
        &via,
        &call_id,
        &format!("To: \"{long}\" <sip:{long}@example.com>"),
    ]));
    assert_eq!(request.vias().count(), 61);
    assert_eq!(request.to().unwrap().uri().user(), Some(&*long));
}

#[test]
fn what_else_is_valid() {
    // No space before the bracket; a semicolon in the user part; every transport there is.
    valid(options(&["From: caller<sip:caller@example.com>;tag=323"]));
    let uri = valid(started(
        "OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0",
    ))
    .uri()
    .unwrap();
    assert_eq!(
        (uri.user(), uri.params().count()),
        (Some("user;par=u%40example.net"), 0)
    );
    let vias = "Via: SIP/2.0/UDP t1.example;branch=z9hG4bK1, SIP/2.0/SCTP t2.example, SIP/2.0/TLS t3.example, SIP/2.0/UNKNOWN t4";
    assert_eq!(valid(options(&[vias])).vias().count(), 4);
    // Unknown schemes, unknown authorization, unknown parameters, escaped headers in a Contact.
    assert_eq!(
        valid(started(
            "OPTIONS nobodyKnowsThisScheme:totallyopaque SIP/2.0"
        ))
        .uri()
        .unwrap()
        .scheme(),
        Scheme::Other("nobodyKnowsThisScheme")
    );
    assert_eq!(
        valid(started("OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0"))
            .uri()
            .unwrap()
            .scheme(),
        Scheme::Other("soap.beep")
    );
    valid(options(&[
        "To: isbn:2983792873",
        "From: <http://www.example.com>;tag=32",
        "Contact: <name:John_Smith>",
    ]));
    valid(options(&[
        "Authorization: NoOneKnowsThisScheme opaque-data=here",
    ]));
    let contact = "Contact: <sip:a@b.example;unknown?Route=%3Csip:sip.example.com%3E>;other=x";
    assert!(
        valid(options(&[contact]))
            .contact()
            .unwrap()
            .unwrap()
            .uri()
            .unwrap()
            .headers()
            .is_some()
    );
    // What a client of RFC 2543 sends: no tag, no cookie, no Max-Forwards.
    valid(octets(
        &[
            "INVITE sip:a@b.example SIP/2.0",
            "Via: SIP/2.0/UDP iftgw.example",
            "From: <sip:c@d.example>",
            TO,
            CALL_ID,
            "CSeq: 1 INVITE",
        ],
        "",
    ));
    // Nobody needs the date.
    valid(options(&[
        "Date: Fri, 01 Jan 2010 16:00:00 EST",
        "Expires: 100000000000000000000",
    ]));
    // Empty lines first.
    valid(Bytes::from([b"\r\n\r\n", &options(&[])[..]].concat()));
}

#[test]
fn lines_that_end_with_a_line_feed_alone() {
    let text = String::from_utf8(options(&["Contact: <sip:a@b.example>"]).to_vec())
        .unwrap()
        .replace('\r', "");
    let request = valid(Bytes::from(text.into_bytes()));
    assert_eq!(
        request.contact().unwrap().unwrap().uri().unwrap().as_str(),
        "sip:a@b.example"
    );
    let edited = request.edit().remove_all(&HeaderName::Contact).finish();
    valid(edited.to_bytes());
}

#[test]
fn responses() {
    let rest = [VIA, FROM, TO, CALL_ID, CSEQ];
    let with = |start: &str| octets(&[&[start][..], &rest].concat(), "");
    let odd = response_of(with(
        "SIP/2.0 200 = 2**3 * 5**2 \u{43d}\u{43e} \u{441}\u{442}\u{43e}",
    ));
    assert_eq!(
        (odd.status(), odd.check(Strictness::Lenient)),
        (StatusCode::OK, Ok(()))
    );
    assert!(odd.reason_phrase().starts_with("= 2**3"));
    for start in ["SIP/2.0 100 ", "SIP/2.0 100", "sip/2.0 100 "] {
        let empty = response_of(with(start));
        assert_eq!(
            (
                empty.status(),
                empty.reason_phrase(),
                empty.check(Strictness::Lenient)
            ),
            (StatusCode::TRYING, "", Ok(()))
        );
    }
    for start in [
        "SIP/2.0 4294967301 better not break the receiver",
        "SIP/2.0 099 x",
        "SIP/2.0 20 x",
        "SIP/2.0  200 OK",
        "SIP/2.0",
    ] {
        assert!(parse(with(start)).is_err(), "{start}");
    }
    let numbers = octets(
        &[
            "SIP/2.0 503 Service Unavailable",
            VIA,
            FROM,
            TO,
            CALL_ID,
            "CSeq: 9292394834772304023312 OPTIONS",
        ],
        "",
    );
    assert_eq!(
        response_of(numbers)
            .check(Strictness::Lenient)
            .unwrap_err()
            .error,
        ParseError::InvalidHeader(HeaderName::CSeq)
    );
    assert_eq!(
        response_of(with("SIP/7.0 200 OK"))
            .check(Strictness::Lenient)
            .unwrap_err()
            .error,
        ParseError::UnsupportedVersion
    );
}

#[test]
fn malformed_headers() {
    let invalid = |line: &str, name| bad_request(options(&[line]), ParseError::InvalidHeader(name));
    for line in [
        "Via: SIP/2.0/UDP 192.0.2.15;;,;,,",
        "Via: SIP/2.0/UDP",
        "Via: SIP/3.0/UDP a",
        "Via: UDP a",
        "Via:",
        "Via: SIP/2.0/UDP a b",
    ] {
        invalid(line, HeaderName::Via);
    }
    for line in [
        "Contact: \"Joe\" <sip:joe@example.org>;;;;",
        "Contact: sip:user@example.com?Route=%3Csip:a%3E",
        "Contact: <sip:a @b>",
        "Contact:",
    ] {
        invalid(line, HeaderName::Contact);
    }
    invalid("To: \"Mr. J. User <sip:j.user@example.com>", HeaderName::To);
    invalid(
        "From: Bell; A. <sip:a.g.bell@bell.example>",
        HeaderName::From,
    );
    invalid("Call-ID: a b", HeaderName::CallId);
    invalid("Max-Forwards: 300", HeaderName::MaxForwards);
    invalid("Record-Route: sip:a@b,", HeaderName::RecordRoute);
    for line in [
        "CSeq: 36893488147419103232 OPTIONS",
        "CSeq: 2147483648 OPTIONS",
        "CSeq: -1 OPTIONS",
        "CSeq: OPTIONS",
        "CSeq: 1",
        "CSeq: 1 A B",
    ] {
        invalid(line, HeaderName::CSeq);
    }
}

#[test]
fn malformed_start_lines() {
    for start in [
        "OPTIONS <sip:a@example.com> SIP/2.0",
        "OPTIONS sip:a@example.com; lr SIP/2.0",
        "OPTIONS  sip:a@example.com ;lr SIP/2.0",
        "OPTIONS sip:a@example.com?Route=%3Csip:example.com%3E SIP/2.0",
        "OPTIONS sip:[2001:db8::10 SIP/2.0",
        "OPTIONS sip:2001:db8::10 SIP/2.0",
    ] {
        assert_eq!(
            refused(started(start)).status,
            StatusCode::BAD_REQUEST,
            "{start}"
        );
    }
    let version = refused(started("OPTIONS sip:t.watson@example.org SIP/7.0"));
    assert_eq!(
        version,
        Defect {
            error: ParseError::UnsupportedVersion,
            status: StatusCode::VERSION_NOT_SUPPORTED
        }
    );
    for start in [
        "GET / HTTP/1.1",
        "OPTIONS sip:a@b",
        "OPTIONS",
        "",
        "OP<IONS sip:a@b SIP/2.0",
        " OPTIONS sip:a@b SIP/2.0",
    ] {
        assert!(parse(started(start)).is_err(), "{start}");
    }
}

#[test]
fn missing_doubled_and_contradicting_headers() {
    let all = [VIA, FROM, TO, CALL_ID, CSEQ];
    let names = [
        HeaderName::Via,
        HeaderName::From,
        HeaderName::To,
        HeaderName::CallId,
        HeaderName::CSeq,
    ];
    for (place, name) in names.into_iter().enumerate() {
        let mut lines = vec![START];
        lines.extend(
            all.iter()
                .enumerate()
                .filter(|(other, _)| *other != place)
                .map(|(_, line)| *line),
        );
        bad_request(octets(&lines, ""), ParseError::MissingHeader(name.clone()));
        if name != HeaderName::Via {
            let lines = [&[START][..], &all, &[all[place]]].concat();
            bad_request(octets(&lines, ""), ParseError::DuplicateHeader(name));
        }
    }
    bad_request(options(&["CSeq: 8 INVITE"]), ParseError::MethodMismatch);
    let lines = [
        START,
        VIA,
        FROM,
        TO,
        CALL_ID,
        CSEQ,
        "Content-Length: 5",
        "l: 2",
    ];
    bad_request(
        octets(&lines, "ab"),
        ParseError::DuplicateHeader(HeaderName::ContentLength),
    );
    valid(octets(
        &[
            START,
            VIA,
            FROM,
            TO,
            CALL_ID,
            CSEQ,
            "Content-Length: 2",
            "l: 2",
        ],
        "ab",
    ));
}

#[test]
fn lengths() {
    let with = |length: &str| {
        octets(
            &[
                START,
                VIA,
                FROM,
                TO,
                CALL_ID,
                CSEQ,
                &format!("Content-Length: {length}"),
            ],
            "ab",
        )
    };
    bad_request(
        with("9999"),
        ParseError::TruncatedBody {
            declared: 9999,
            actual: 2,
        },
    );
    for length in ["-999", "+2", "2a", "", "99999999999"] {
        bad_request(
            with(length),
            ParseError::InvalidHeader(HeaderName::ContentLength),
        );
    }
    assert_eq!(&valid(options(&[])).body()[..], b"");
    assert_eq!(
        &valid(octets(&[START, VIA, FROM, TO, CALL_ID, CSEQ], "to the end")).body()[..],
        b"to the end"
    );
}

#[test]
fn heads_that_are_not_in_order() {
    bad_request(
        octets(&[START, VIA, FROM, TO, CALL_ID, CSEQ, "no colon here"], ""),
        ParseError::HeaderLine,
    );
    bad_request(
        octets(
            &[START, " folded from nowhere", VIA, FROM, TO, CALL_ID, CSEQ],
            "",
        ),
        ParseError::HeaderLine,
    );
    bad_request(
        options(&["Subject: a\rEvil: b"]),
        ParseError::StrayLineBreak,
    );
    let stray = request_of(options(&["Subject: a\r", "Priority:\r b"]));
    assert_eq!(stray.headers().raw(&HeaderName::Subject), Some("a?"));
    assert_eq!(stray.headers().raw(&HeaderName::Priority), Some("? b"));
    let cut = options(&[]);
    bad_request(cut.slice(..cut.len() - 4), ParseError::HeadWithoutEnd);
    let mut latin = options(&["Call-ID: caf?"]).to_vec();
    let place = latin.iter().position(|octet| *octet == b'?').unwrap();
    latin[place] = 0xE9;
    bad_request(Bytes::from(latin), ParseError::NotUtf8);
    for nothing in ["", "\r\n", "\r\n\r\n\r\n"] {
        assert_eq!(parse(Bytes::from(nothing)).unwrap_err(), ParseError::NotSip);
    }
}

/// A response to a broken request repeats what can be repeated, and smuggles nothing in.
#[test]
fn broken_requests_are_answered() {
    let request = request_of(options(&["To: \"open <sip:a@b>", "Call-ID: x\rEvil: y"]));
    let response = Response::builder_for(&request, StatusCode::BAD_REQUEST)
        .to_tag("new")
        .build();
    let text = String::from_utf8(response.to_bytes().to_vec()).unwrap();
    assert!(
        text.starts_with(
            "SIP/2.0 400 Bad Request\r\nVia: SIP/2.0/UDP client.example;branch=z9hG4bKtorture\r\n"
        ),
        "{text}"
    );
    assert!(
        text.contains("\r\nTo: \"open <sip:a@b>\r\nCall-ID: x?Evil: y\r\n"),
        "{text}"
    );
}

#[test]
fn caps() {
    let limits = Limits {
        max_message_octets: 2000,
        max_head_octets: 1000,
        max_header_lines: 20,
    };
    let parse = |octets: Bytes| Message::parse(octets, &limits).map(drop);
    assert_eq!(parse(options(&[])), Ok(()));
    let body = "x".repeat(1990);
    assert_eq!(
        parse(octets(&[START], &body)),
        Err(ParseError::MessageTooLarge { limit: 2000 })
    );
    let subject = format!("Subject: {}", "x".repeat(1000));
    assert_eq!(
        parse(options(&[&subject])),
        Err(ParseError::HeadTooLarge { limit: 1000 })
    );
    assert_eq!(
        parse(octets(&["x: y"; 22], "")),
        Err(ParseError::TooManyHeaderLines { limit: 20 })
    );
}

#[test]
fn ipv6_after_rfc_5118() {
    let uri = |text: &str| {
        valid(started(&format!("OPTIONS {text} SIP/2.0")))
            .uri()
            .unwrap()
    };
    let address = |text: &str| text.parse::<IpAddr>().ok();
    let good = uri("sip:[2001:db8::10]");
    assert_eq!(
        (good.host().unwrap().to_ip(), good.port()),
        (address("2001:db8::10"), None)
    );
    let ambiguous = uri("sip:[2001:db8::10:5070]");
    assert_eq!(
        (ambiguous.host().unwrap().to_ip(), ambiguous.port()),
        (address("2001:db8::10:5070"), None)
    );
    assert_eq!(uri("sip:[2001:db8::10]:5070").port(), Some(5070));
    assert_eq!(
        uri("sip:user@[2001:db8:::192.0.2.1]")
            .host()
            .unwrap()
            .to_ip(),
        address("2001:db8::192.0.2.1")
    );
    assert_eq!(
        uri("sip:user@[::ffff:192.0.2.10]:19823")
            .host()
            .unwrap()
            .to_ip(),
        address("::ffff:192.0.2.10")
    );
    for received in ["[2001:db8::9:255]", "2001:db8::9:255"] {
        let via = format!(
            "Via: SIP/2.0/UDP [2001:db8::9:1];received={received};branch=z9hG4bKas3, SIP/2.0/UDP 192.0.2.1:5061"
        );
        let request = valid(options(&[&via]));
        assert_eq!(
            request.top_via().unwrap().received(),
            address("2001:db8::9:255")
        );
    }
}

#[test]
fn values_on_several_lines_and_on_one() {
    let request = valid(options(&[
        "Supported: timer, 100rel",
        "Allow: INVITE,ACK",
        "Reason: SIP;cause=200;text=\"a, b\", Q.850;cause=16",
    ]));
    assert!(request.supported().unwrap().contains("100REL"));
    assert!(request.allow().unwrap().unwrap().contains(&Method::Ack));
    let reasons: Vec<Reason> = request.headers().all().map(Result::unwrap).collect();
    assert_eq!(
        (
            reasons.len(),
            reasons[0].text().as_deref(),
            reasons[1].cause()
        ),
        (2, Some("a, b"), Some(16))
    );
    let lines = [
        START,
        VIA,
        FROM,
        TO,
        CALL_ID,
        CSEQ,
        "Require: a",
        "k: x",
        "Require: b, c",
        "Supported: y",
    ];
    let request = valid(octets(&lines, ""));
    assert_eq!(
        request.require().unwrap().iter().collect::<Vec<_>>(),
        ["a", "b", "c"]
    );
    assert_eq!(
        request.supported().unwrap().iter().collect::<Vec<_>>(),
        ["x", "y"]
    );
    assert!(valid(options(&[])).allow().unwrap().is_none());
}
