//! Laws that hold for any message: parse and write are inverse, an edit equals a second parse, nothing panics.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use rvoip_sip_core::{
    CSeq, CallId, Contact, From, Header, HeaderName, Host, Limits, Message, Method, NameAddr,
    Params, Request, Response, Route, StatusCode, Strictness, To, Uri, Via, ViaTransport, quote,
    scan, unquote,
};

fn parse(octets: Bytes) -> Message {
    Message::parse(octets, &Limits::DEFAULT).unwrap()
}

fn as_request(message: Message) -> Request {
    match message {
        Message::Request(request) => request,
        Message::Response(_) => panic!("a response"),
    }
}

/// All that can be seen of a message.
fn seen(message: &Message) -> (String, Vec<(HeaderName, String)>, Bytes) {
    let start = match message {
        Message::Request(request) => format!("{} {}", request.method(), request.raw_uri()),
        Message::Response(response) => {
            format!("{} {}", response.status(), response.reason_phrase())
        }
    };
    let lines = message
        .headers()
        .iter()
        .map(|line| (line.name, line.value.to_owned()))
        .collect();
    (start, lines, message.body().clone())
}

fn host() -> impl Strategy<Value = Host> {
    prop_oneof![
        "[a-z][a-z0-9-]{0,10}(\\.[a-z]{2,5}){0,2}".prop_map(|name| Host::Name(name.into())),
        any::<std::net::IpAddr>().prop_map(Host::from),
    ]
}

fn uri() -> impl Strategy<Value = Uri> {
    let params = vec(("[a-z]{1,6}", proptest::option::of(any::<String>())), 0..3);
    (
        any::<bool>(),
        proptest::option::of(any::<String>()),
        host(),
        any::<Option<u16>>(),
        params,
    )
        .prop_map(|(secure, user, host, port, params)| {
            let make = if secure { Uri::sips } else { Uri::sip };
            let uri = make(user.as_deref(), host, port);
            params.iter().fold(uri, |uri, (name, value)| {
                uri.with_param(name, value.as_deref())
            })
        })
}

fn name_addr() -> impl Strategy<Value = NameAddr> {
    let display_name = proptest::option::of("[^\r\n]*");
    let params = vec(("[a-z]{1,6}", proptest::option::of("[^\r\n]{1,8}")), 0..3);
    (display_name, uri(), params).prop_map(|(name, uri, params)| {
        let address = NameAddr::new(uri);
        let address = match name {
            Some(name) => address.with_display_name(&name),
            None => address,
        };
        params.iter().fold(address, |address, (name, value)| {
            address.with_param(name, value.as_deref())
        })
    })
}

fn via() -> impl Strategy<Value = Via> {
    let transport = prop_oneof![
        Just(ViaTransport::Udp),
        Just(ViaTransport::Tcp),
        Just(ViaTransport::Other("DCCP".into()))
    ];
    (transport, host(), any::<Option<u16>>(), "[a-zA-Z0-9]{1,20}").prop_map(
        |(transport, host, port, branch)| {
            Via::new(
                transport,
                rvoip_sip_core::HostPort { host, port },
                &format!("z9hG4bK{branch}"),
            )
        },
    )
}

/// URIs of few words, so that many of them are equivalent; those of one list have parameters of the same names.
fn kindred_uris() -> impl Strategy<Value = Vec<Uri>> {
    let name = prop::sample::select(vec!["transport", "lr", "x", "method", "user"]);
    let uri = |names: Vec<&'static str>| {
        let word = || prop::sample::select(vec!["a", "A", "%61", "b", "%3B"]);
        let header = prop_oneof![Just(""), Just("?c=d"), Just("?C=d"), Just("?c=%64")];
        let port = prop_oneof![Just(""), Just(":5060")];
        let values = vec(word(), names.len());
        (
            word(),
            prop_oneof![Just("h.example"), Just("H.example")],
            port,
            values,
            header,
        )
            .prop_map(move |(user, host, port, values, header)| {
                let params = names
                    .iter()
                    .zip(values)
                    .map(|(name, value)| format!(";{name}={value}"));
                let uri = format!(
                    "sip:{user}@{host}{port}{}{header}",
                    params.collect::<String>()
                );
                uri.parse().unwrap()
            })
    };
    prop::collection::btree_set(name, 0..3)
        .prop_flat_map(move |names| vec(uri(names.into_iter().collect()), 3))
}

/// The text with the case of some letters changed and some of them escaped, in a way that changes no meaning.
fn respelt(text: &str, how: &[bool]) -> String {
    let mut how = how.iter().copied().cycle();
    let spell = |letter: char| match (
        letter.is_ascii_alphanumeric() && how.next() == Some(true),
        letter,
    ) {
        (true, letter) => format!("%{:02X}", letter as u8),
        (false, letter) => letter.to_string(),
    };
    text.chars().map(spell).collect()
}

prop_compose! {
    fn request()(
        method in prop_oneof![Just(Method::Invite), Just(Method::Bye), Just(Method::Extension("PING".into()))],
        target in uri(),
        vias in vec(via(), 1..4),
        from in name_addr(),
        to in name_addr(),
        contacts in vec(name_addr(), 0..3),
        routes in vec(name_addr(), 0..3),
        extra in vec(("[A-Za-z-]{1,12}", any::<String>()), 0..4),
        number in 0_u32..1 << 31,
        body in vec(any::<u8>(), 0..64),
    ) -> Request {
        let mut builder = Request::builder(method.clone(), &target)
            .max_forwards(70)
            .header(&From(from))
            .header(&To(to))
            .header(&CallId::new("a@b"))
            .header(&CSeq { number, method });
        builder = builder.headers(&contacts.into_iter().map(Contact::Address).collect::<Vec<_>>());
        builder = builder.headers(&routes.into_iter().map(Route).collect::<Vec<_>>());
        for (name, value) in &extra {
            builder = builder.raw(&HeaderName::Other(format!("X-{name}").into()), value);
        }
        builder = builder.body("application/octet-stream", Bytes::from(body));
        vias.iter().fold(builder, |builder, via| builder.via(via)).build()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_uri_survives_writing(uri in uri()) {
        let again: Uri = uri.as_str().parse().unwrap();
        prop_assert_eq!(&again, &uri);
        prop_assert!(again.equivalent(&uri) && uri.equivalent(&again));
        prop_assert_eq!((again.user(), again.host(), again.port()), (uri.user(), uri.host(), uri.port()));
        prop_assert!(again.params().eq(uri.params()));
    }

    #[test]
    fn comparison_of_uris_is_reflexive_and_symmetric(a in uri(), b in uri(), kindred in kindred_uris()) {
        for (a, b) in [(&a, &b), (&kindred[0], &kindred[1])] {
            prop_assert!(a.equivalent(a));
            prop_assert_eq!(a.equivalent(b), b.equivalent(a), "{} {}", a, b);
        }
    }

    /// Only parameters that stand in one URI alone make comparison intransitive.
    #[test]
    fn comparison_of_uris_with_the_same_parameters_is_transitive(uris in kindred_uris()) {
        let [a, b, c] = &uris[..] else { unreachable!() };
        if a.equivalent(b) && b.equivalent(c) {
            prop_assert!(a.equivalent(c), "{} {} {}", a, b, c);
        }
    }

    #[test]
    fn spelling_does_not_tell_uris_apart(
        user in "[a-z0-9]{1,8}", host in "[a-z]{1,8}", value in "[a-z0-9]{1,6}", how in vec(any::<bool>(), 1..20), swap in any::<bool>(),
    ) {
        let plain: Uri = format!("sip:{user}@{host};maddr={value};x-p={value}?h={value}").parse().unwrap();
        let (first, last) = (format!("MADDR={}", respelt(&value, &how)), format!("{}={}", respelt("x-p", &how), value.to_uppercase()));
        let params = if swap { format!("{last};{first}") } else { format!("{first};{last}") };
        let text = format!("SIP:{}@{};{params}?{}={}", respelt(&user, &how), host.to_uppercase(), "H", respelt(&value, &how));
        let other: Uri = text.parse().unwrap();
        prop_assert!(plain.equivalent(&other), "{} {}", plain, other);
        let shouted: Uri = text.replacen(&respelt(&user, &how), &user.to_uppercase(), 1).parse().unwrap();
        prop_assert_eq!(plain.equivalent(&shouted), user == user.to_uppercase(), "{} {}", plain, shouted);
    }

    #[test]
    fn comparison_of_headers_is_reflexive_and_symmetric_and_knows_no_order(
        address in name_addr(), other in name_addr(), via in via(), pairs in vec(("[a-z]{1,3}", proptest::option::of("[a-z]{1,3}")), 0..4),
    ) {
        let with = |via: Via, pairs: &mut dyn Iterator<Item = &(String, Option<String>)>| {
            pairs.fold(via, |via, (name, value)| via.with_param(name, value.as_deref()))
        };
        let names: std::collections::BTreeSet<_> = pairs.iter().map(|(name, _)| name).collect();
        if names.len() == pairs.len() {
            let (one, two) = (with(via.clone(), &mut pairs.iter()), with(via.clone(), &mut pairs.iter().rev()));
            prop_assert!(one.equivalent(&two) && two.equivalent(&one));
            prop_assert_eq!(one.equivalent(&via), pairs.is_empty());
        }
        let (a, b) = (From(address.clone()), From(other));
        prop_assert!(a.equivalent(&a) && a.equivalent(&From(address.clone().with_display_name("x"))));
        prop_assert_eq!(a.equivalent(&b), b.equivalent(&a));
        prop_assert!(!a.equivalent(&From(address.with_param("tag", Some("no-other-has-this")))));
    }

    #[test]
    fn a_removed_parameter_is_gone(uri in uri()) {
        prop_assert!(uri.with_param("lr", None).param("LR").is_some());
        prop_assert!(uri.with_param("lr", None).without_param("Lr").param("lr").is_none());
    }

    #[test]
    fn a_name_and_address_survives_writing(address in name_addr()) {
        let again: NameAddr = address.to_string().parse().unwrap();
        prop_assert_eq!(again, address);
    }

    #[test]
    fn quoting_is_undone(text in any::<String>()) {
        let quoted = quote(&text);
        prop_assert_eq!(unquote(&quoted), text);
    }

    #[test]
    fn a_set_parameter_is_read_back(value in "[^\r\n]{1,20}") {
        let params = Params::new().with("a", None).with("b", Some(&value)).with("c", None);
        let again = Params::parse(params.to_string().into()).unwrap();
        prop_assert_eq!(&again, &params);
        let read = again.get("b").unwrap();
        prop_assert!(read == value || unquote(read) == value);
    }

    #[test]
    fn a_built_request_parses_to_itself(request in request()) {
        request.check(Strictness::Lenient).unwrap();
        let again = parse(request.to_bytes());
        again.check(Strictness::Lenient).unwrap();
        prop_assert_eq!(seen(&again), seen(&Message::Request(request)));
    }

    #[test]
    fn a_response_parses_to_itself(request in request(), code in 100_u16..700, reason in any::<String>(), tag in "[a-z]{1,8}") {
        let status = StatusCode::new(code).unwrap();
        let builder = Response::builder_for(&request, status).to_tag(&tag).reason_phrase(&reason);
        let response = builder.copy_record_route(&request).build();
        response.check(Strictness::Lenient).unwrap();
        prop_assert!(response.to().unwrap().tag().is_some());
        prop_assert_eq!(response.vias().count(), request.vias().count());
        let again = parse(response.to_bytes());
        prop_assert_eq!(seen(&again), seen(&Message::Response(response)));
    }

    #[test]
    fn an_edit_equals_a_second_parse(request in request(), via in via(), address in name_addr(), operations in vec(0..7, 0..6)) {
        let mut edit = request.edit();
        for operation in operations {
            edit = match operation {
                0 => edit.push_front(&via),
                1 => edit.push_back(&Route(address.clone())),
                2 => edit.replace_first(&Contact::Address(address.clone())),
                3 => edit.remove_first::<Route>(),
                4 => edit.remove_all(&HeaderName::Contact),
                5 => edit.replace_first(&via),
                _ => edit.remove_first::<Via>(),
            };
        }
        let edited = edit.finish();
        prop_assert_eq!(edited.method(), request.method());
        prop_assert_eq!(edited.uri().unwrap(), request.uri().unwrap());
        let again = parse(edited.to_bytes());
        prop_assert_eq!(seen(&again), seen(&Message::Request(edited)));
    }

    #[test]
    fn nothing_panics_on_a_changed_message(
        request in request(),
        changes in vec((any::<prop::sample::Index>(), prop_oneof![any::<u8>(), Just(b'\n'), Just(b'\r'), Just(b','), Just(b'"'), Just(b'<')]), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut octets = request.to_bytes().to_vec();
        for (place, octet) in changes {
            let place = place.index(octets.len());
            octets[place] = octet;
        }
        octets.truncate(cut.index(octets.len() * 2).max(1));
        touch(&octets);
    }

    #[test]
    fn check_and_parse_agree(
        address in name_addr(), via in via(), place in any::<prop::sample::Index>(), octet in "[\\x00-\\x7f]",
    ) {
        for text in [address.to_string(), via.to_string(), "1 INVITE".into(), "a/b;c=d".into(), "70".into(), octet.clone()] {
            let mut changed = text.clone();
            let place = (0..=place.index(text.len())).rev().find(|place| text.is_char_boundary(*place)).unwrap();
            changed.insert_str(place, &octet);
            for text in [text, changed] {
                check_agrees::<Via>(&text);
                check_agrees::<From>(&text);
                check_agrees::<Contact>(&text);
                check_agrees::<CSeq>(&text);
                check_agrees::<CallId>(&text);
                check_agrees::<rvoip_sip_core::ContentType>(&text);
                check_agrees::<rvoip_sip_core::MaxForwards>(&text);
            }
        }
        let from = From(address.with_param("tag", Some("t1")));
        let request = as_request(parse(octets_with_from(&from.to_string())));
        prop_assert_eq!(request.from_tag(), Some("t1"));
    }

    #[test]
    fn nothing_panics_on_noise(octets in vec(any::<u8>(), 0..200)) {
        touch(&octets);
        touch(&[b"OPTIONS sip:a SIP/2.0\r\n", &octets[..]].concat());
    }

    #[test]
    fn nothing_panics_on_text(text in any::<String>()) {
        let _ = (text.parse::<Uri>(), text.parse::<NameAddr>(), text.parse::<Via>(), text.parse::<Contact>());
        let _ = (text.parse::<CSeq>(), text.parse::<rvoip_sip_core::HostPort>(), text.parse::<Method>());
        let _ = (text.parse::<rvoip_sip_core::Warning>(), text.parse::<rvoip_sip_core::RetryAfter>());
        let _ = (Params::parse(text.as_str().into()), unquote(&text).len());
    }
}

fn octets_with_from(from: &str) -> Bytes {
    Bytes::from(format!("BYE sip:a@b SIP/2.0\r\nFrom: {from}\r\n\r\n"))
}

fn check_agrees<H: Header>(text: &str) {
    let parsed = H::parse(text.into()).map(drop);
    assert_eq!(H::check(text), parsed, "{text}");
}

/// Asks everything of whatever comes out, and answers and edits it.
fn touch(octets: &[u8]) {
    let _ = (scan::find_head_end(octets), scan::content_length(octets));
    let Ok(message) = Message::parse(Bytes::copy_from_slice(octets), &Limits::DEFAULT) else {
        return;
    };
    let _ = message.check(Strictness::Lenient);
    let Message::Request(request) = message else {
        return;
    };
    let _ = (
        request.uri(),
        request.top_via(),
        request.from(),
        request.to(),
        request.cseq(),
        request.call_id(),
    );
    let _ = (
        request.supported(),
        request.require(),
        request.allow(),
        request.content_type(),
        request.expires(),
    );
    let response = Response::builder_for(&request, StatusCode::BAD_REQUEST)
        .to_tag("t")
        .build();
    // What can be answered at all is answered with a message that can be read.
    assert_eq!(
        seen(&parse(response.to_bytes())),
        seen(&Message::Response(response))
    );
    let via: Via = "SIP/2.0/UDP a;branch=z9hG4bK1".parse().unwrap();
    let edited = request.edit().replace_first(&via).finish();
    let again = as_request(parse(edited.to_bytes()));
    assert_eq!(again.top_via().unwrap(), via);
    assert_eq!(again.headers().len(), edited.headers().len());
}
